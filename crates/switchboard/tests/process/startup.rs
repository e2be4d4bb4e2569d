//! What stops the start, and what it says.

use std::fs;
use std::net::TcpListener;

use crate::support::github::GitHub;
use crate::support::server::{Server, run};

fn with(variables: &[(String, String)], name: &str, value: &str) -> Vec<(String, String)> {
    let mut variables: Vec<_> = variables.iter().filter(|(known, _)| known != name).cloned().collect();
    variables.push((name.to_owned(), value.to_owned()));
    variables
}

#[tokio::test]
async fn a_wrong_key_is_named_and_not_repeated() {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let public = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----";
    for key in ["MIIEpAIBAAKCAQEA-not-pem", public] {
        let variables = with(&github.variables(), "GITHUB_APP_PRIVATE_KEY", key);
        let serve = run(folder.path(), &variables, &["serve"]).await;
        assert_eq!(serve.code, Some(2), "{}", serve.err);
        assert!(serve.err.contains("error: github.private_key: "), "{}", serve.err);
        assert!(serve.err.contains("hint: ") && !serve.err.contains("MII"), "{}", serve.err);
    }
    fs::write(folder.path().join("key.pem"), public).unwrap();
    let variables = with(&github.variables(), "GITHUB_APP_PRIVATE_KEY", "");
    let variables = with(&variables, "GITHUB_APP_PRIVATE_KEY_PATH", "key.pem");
    let serve = run(folder.path(), &variables, &["serve"]).await;
    assert_eq!(serve.code, Some(2));
    assert!(serve.err.contains("error: github.private_key_path: ") && serve.err.contains("hint: "), "{}", serve.err);
}

#[tokio::test]
async fn a_second_server_on_the_same_store_is_refused_and_harms_nothing() {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &github.variables()).await;
    let second = run(folder.path(), &with(&github.variables(), "PORT", "0"), &["serve"]).await;
    assert_eq!(second.code, Some(1), "{}", second.err);
    let expected = "error: the store switchboard.db cannot be opened: switchboard.db is in use by another server\n  hint: \
                    stop the other server, or give this one its own database (DATABASE_URL)\n";
    assert_eq!(second.err, expected);
    assert!(reqwest::get(format!("{}/readyz", server.url)).await.unwrap().status().is_success());
    server.stop().await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let variables = with(&github.variables(), "PORT", &address.port().to_string());
    let serve = run(folder.path(), &variables, &["serve"]).await;
    assert_eq!(serve.code, Some(1));
    assert!(serve.err.contains(&format!("error: cannot listen on {address}: ")), "{}", serve.err);
    assert!(serve.err.contains("hint: another server may be running"), "{}", serve.err);
}

#[tokio::test]
async fn a_file_that_is_no_store_is_left_alone() {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let text = "this is a shopping list, and long enough to have a header\n".repeat(100);
    fs::write(folder.path().join("switchboard.db"), &text).unwrap();
    let serve = run(folder.path(), &with(&github.variables(), "PORT", "0"), &["serve"]).await;
    assert_eq!(serve.code, Some(1), "{}", serve.err);
    assert!(serve.err.contains("error: the store switchboard.db cannot be opened: "), "{}", serve.err);
    assert!(serve.err.contains("hint: "), "{}", serve.err);
    assert_eq!(fs::read_to_string(folder.path().join("switchboard.db")).unwrap(), text);
}
