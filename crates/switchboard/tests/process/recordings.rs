//! A delivery is written to a file and sent again, with and without a running server.

use std::fs;

use tempfile::TempDir;

use crate::support::github::{GitHub, SECRET, post};
use crate::support::server::{Server, run};
use crate::support::{client, until};

#[tokio::test]
async fn a_delivery_is_exported_byte_for_byte_and_sent_again() {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &github.variables()).await;
    let (_, delivery) = github.complete_run();
    let guid = delivery.guid.as_str();
    assert_eq!(post(&client(), &server.url, &delivery).send().await.unwrap().status(), 202);
    until("the dispatch arrives", async || (github.deploy.runs().len() == 1).then_some(())).await;

    let variables: Vec<_> = github.variables().into_iter().chain([server.port()]).collect();
    let exported = run(folder.path(), &variables, &["deliveries", "export", guid, "--output", "run.http"]).await;
    assert_eq!(exported.code, Some(0), "{}", exported.err);
    let content = fs::read(folder.path().join("run.http")).unwrap();
    assert!(content.ends_with(&delivery.body), "the body stands there as it came");
    let head = String::from_utf8(content[..content.len() - delivery.body.len()].to_vec()).unwrap();
    assert!(head.contains(&format!("x-github-delivery: {guid}\r\n")) && !head.contains("signature"), "{head}");
    let twice = run(folder.path(), &variables, &["deliveries", "export", guid, "--output", "run.http"]).await;
    assert!(twice.code == Some(1) && twice.err.contains("does not exist yet"), "{}", twice.err);
    let unknown = run(folder.path(), &variables, &["deliveries", "export", "no-such"]).await;
    assert!(unknown.code == Some(1) && unknown.err.contains("There is no delivery"), "{}", unknown.err);
    let own =
        run(folder.path(), &variables, &["deliveries", "export", &replayed(&folder, &variables, guid).await]).await;
    assert!(own.code == Some(1) && own.err.contains("is no webhook") && own.out.is_empty(), "{}{}", own.out, own.err);

    let replay =
        async |more: &[&str]| run(folder.path(), &variables, &[&["replay", "--from", "run.http"], more].concat()).await;
    let same = replay(&[]).await;
    assert_eq!(
        (same.code, same.out.as_str()),
        (Some(0), format!("{guid}  202 duplicate: it was here before\n").as_str())
    );
    let renamed = replay(&["--new-id"]).await;
    assert!(renamed.out.ends_with("202 accepted\n") && !renamed.out.contains(guid), "{}{}", renamed.out, renamed.err);
    let to = format!("{}/webhooks/github", server.url);
    let other: Vec<_> = [("OTHER".to_owned(), "another-secret-altogether".to_owned())].into();
    let from = ["replay", "--from", "run.http", "--to", &to, "--secret-env", "OTHER"];
    let refused = run(folder.path(), &other, &from).await;
    assert!(refused.code == Some(1) && refused.out.contains("  401 the signature"), "{}{}", refused.out, refused.err);
    let right: Vec<_> = [("OTHER".to_owned(), SECRET.to_owned())].into();
    assert!(run(folder.path(), &right, &from).await.out.contains("202 duplicate"));
    let unsigned = run(folder.path(), &[], &["replay", "--from", "run.http", "--to", &to]).await;
    assert!(unsigned.code == Some(2) && unsigned.err.contains("GITHUB_WEBHOOK_SECRET is not set"), "{}", unsigned.err);
    server.stop().await;

    // Without a server the store itself is asked, and there is nobody to send to.
    let printed = run(folder.path(), &github.variables(), &["deliveries", "export", guid]).await;
    assert_eq!(printed.out.as_bytes(), content);
    let nobody = run(folder.path(), &variables, &["replay", "--from", "run.http"]).await;
    assert!(nobody.code == Some(1) && nobody.err.contains("no server answers at"), "{}", nobody.err);
}

/// Works through a delivery again, and gives the id of the operator's action that this is.
async fn replayed(folder: &TempDir, variables: &[(String, String)], guid: &str) -> String {
    assert_eq!(run(folder.path(), variables, &["replay", guid]).await.code, Some(0));
    let listed = run(folder.path(), variables, &["deliveries"]).await;
    let line = listed.out.lines().find(|line| line.contains(".replay "));
    let line = line.unwrap_or_else(|| panic!("no action of an operator: {}", listed.out));
    line.split_whitespace().last().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_no_recording_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("run.json"), "{}\n").unwrap();
    let told = run(folder.path(), &[], &["replay", "--from", "run.json"]).await;
    assert!(told.code == Some(2) && told.err.contains("run.json: this is no recorded delivery"), "{}", told.err);
    let both = run(folder.path(), &[], &["replay", "some-id", "--from", "run.json"]).await;
    assert!(both.code == Some(2) && both.err.contains("cannot be used with"), "{}", both.err);
    let neither = run(folder.path(), &[], &["replay"]).await;
    assert!(neither.code == Some(2) && neither.err.contains("required"), "{}", neither.err);
}
