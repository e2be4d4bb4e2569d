//! docs/api.md, followed to the letter: each of its commands is run, and what it shows as an answer is compared with the real one.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::client;
use crate::support::github::{GitHub, post};
use crate::support::server::Server;

const TOKEN: &str = "an-operators-token-of-some-length";

/// More than a page of 100 has, so that whoever goes through them has to turn it.
const WEBHOOKS: usize = 101;

/// A block of the guide: its language, and what stands in it.
struct Block {
    language: String,
    text: String,
}

fn blocks() -> Vec<Block> {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let fenced = guide.split("\n```").skip(1).step_by(2);
    let block = |fenced: &str| {
        let (language, text) = fenced.split_once('\n').unwrap();
        Block { language: language.to_owned(), text: text.to_owned() }
    };
    fenced.map(block).collect()
}

/// What the guide shows is there, in the same shape: it may leave members out, and its values are examples.
fn assert_like(shown: &Value, real: &Value, at: &str) {
    match (shown, real) {
        (Value::Object(shown), Value::Object(real)) => {
            for (name, shown) in shown {
                let real = real.get(name).unwrap_or_else(|| panic!("{at} has no {name}: {real:?}"));
                assert_like(shown, real, &format!("{at}.{name}"));
            }
        }
        (Value::Array(shown), Value::Array(real)) => {
            for shown in shown {
                assert_like(shown, real.first().unwrap_or_else(|| panic!("{at} is empty")), at);
            }
        }
        _ => {
            let same = std::mem::discriminant(shown) == std::mem::discriminant(real);
            assert!(same || *real == Value::Null, "{at} is {real}, and not like {shown}");
        }
    }
}

#[tokio::test]
async fn every_example_of_the_guide_does_what_it_says() {
    if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
        assert!(std::env::var_os("CI").is_none(), "curl is missing");
        eprintln!("NOT TESTED: curl is missing");
        return;
    }
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let mut variables = github.variables_with_relay();
    variables.push(("SWITCHBOARD_OPERATOR_TOKEN".to_owned(), TOKEN.to_owned()));
    let server = Server::start(folder.path(), &variables).await;
    let mut delivery = String::new();
    for n in 0..WEBHOOKS {
        let (_, mut webhook) = github.complete_run();
        // Two of them start something.
        if n + 2 < WEBHOOKS {
            webhook
                .headers
                .iter_mut()
                .filter(|(name, _)| name.eq_ignore_ascii_case("x-github-event"))
                .for_each(|(_, value)| "ping".clone_into(value));
        }
        let answer = post(&client(), &server.url, &webhook).send().await.unwrap();
        let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        answer["id"].as_str().unwrap().clone_into(&mut delivery);
    }

    let blocks = blocks();
    let examples = blocks.iter().filter(|block| block.language == "sh").count();
    assert_eq!(examples, 8, "the guide's examples");
    for (n, block) in blocks.iter().enumerate().filter(|(_, block)| block.language == "sh") {
        let mut command = Command::new("sh");
        command.args(["-euc", &block.text]).current_dir(folder.path()).stdin(Stdio::null());
        command.env("SWITCHBOARD_URL", &server.url).env("SWITCHBOARD_TOKEN", TOKEN).env("DELIVERY", &delivery);
        command.env("NO_PROXY", "*");
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let answer = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{}\n{}", block.text, String::from_utf8_lossy(&output.stderr));
        if block.text.contains("while") {
            let pages: Vec<Value> = answer.lines().map(|page| serde_json::from_str(page).unwrap()).collect();
            let items = pages.iter().flat_map(|page| page["items"].as_array().unwrap());
            let ids: Vec<&str> = items.map(|item| item["id"].as_str().unwrap()).collect();
            assert!(pages.len() == 2 && ids.len() > WEBHOOKS, "{} pages, {} rows", pages.len(), ids.len());
            assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "each once");
            continue;
        }
        let real: Value = serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
        match blocks.get(n + 1).filter(|next| next.language == "json") {
            Some(shown) => assert_like(&serde_json::from_str(&shown.text).unwrap(), &real, "the answer"),
            None => assert_eq!(real["openapi"], "3.1.0"),
        }
    }
    server.stop().await;
}
