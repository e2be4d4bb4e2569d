use serde_json::json;
use switchboard_store::{RecordChange, Settlement};

use super::keys::Kind as Of;
use super::*;
use crate::config::Config;
use crate::records::{Kind, keys as records, views};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_000_000 + seconds)
}

fn name(text: &str) -> RepoName {
    text.parse().unwrap()
}

fn cache() -> Cache {
    Cache::new(Arc::new(Embedded::default()), "p:", name("Org/Up"))
}

fn sent(number: Option<u64>, lane: &str) -> SentDispatch {
    let (kind, head_sha) = (Kind::PullRequest, "ab".repeat(20));
    SentDispatch { kind, lane: lane.to_owned(), number, head_sha, planned_at: at(0) }
}

fn of<'r>(repo: &'r RepoName, run: &'r str, token: &'r str) -> Reported<'r> {
    Reported { delivery_id: "d-1", repo, run, token: Some((token, "result")) }
}

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn what_was_sent_is_believed_while_the_store_still_knows_it() {
    let (cache, repo) = (cache(), name("three/c"));
    let (known, of) = (sent(Some(7), "org/up#7"), of(&repo, "9", "t"));
    cache.put(cache.sent(&of, &known, 2 * DAY, at(0)).into_iter().collect(), at(0)).await;
    assert_eq!(cache.dispatch(&of, at(1)).await.as_ref(), Some(&known));
    let other = Reported { repo: &name("three/d"), ..of };
    assert_eq!(cache.dispatch(&other, at(1)).await, None);
    assert_eq!(cache.dispatch(&of, at(0) + 2 * DAY).await, None, "the store has pruned it by now");
    assert_eq!(cache.sent(&of, &known, DAY, at(0) + DAY), None);
    assert_eq!(cache.sent(&of, &known, 100 * DAY, at(0)).unwrap().ttl, KEPT_FOR);
}

#[tokio::test]
async fn what_no_settlement_could_have_said_is_not_believed() {
    let (cache, repo) = (cache(), name("three/c"));
    let push = "org/up@refs/heads/main";
    for (number, lane, head, believed) in [
        (Some(7), "org/up#7", "ab".repeat(20), true),
        (None, push, "ab".repeat(32), true),
        (Some(7), "org/up#8", "ab".repeat(20), false),
        (Some(7), "", "ab".repeat(20), false),
        (None, "other/up@refs/heads/main", "ab".repeat(20), false),
        (None, push, "main".to_owned(), false),
        (None, push, "AB".repeat(20), false),
    ] {
        let known = SentDispatch { head_sha: head, ..sent(number, lane) };
        let of = of(&repo, "9", "t");
        cache.put(cache.sent(&of, &known, DAY, at(0)).into_iter().collect(), at(0)).await;
        assert_eq!(cache.dispatch(&of, at(1)).await.is_some(), believed, "{known:?}");
    }
}

#[tokio::test]
async fn a_run_or_token_that_spoke_for_something_else_is_left_to_the_store() {
    let (cache, repo) = (cache(), name("three/c"));
    let known = sent(Some(7), "org/up#7");
    let first = of(&repo, "9", "t");
    let mut entries = cache.spoken(&first, at(300), at(0));
    entries.extend(cache.sent(&first, &known, DAY, at(0)));
    cache.put(entries, at(0)).await;
    assert!(cache.dispatch(&first, at(1)).await.is_some());
    assert_eq!(cache.dispatch(&Reported { token: Some(("t", "another")), ..first }, at(1)).await, None);
    let elsewhere = Reported { delivery_id: "d-2", ..first };
    cache.put(cache.sent(&elsewhere, &known, DAY, at(0)).into_iter().collect(), at(0)).await;
    assert_eq!(cache.dispatch(&elsewhere, at(1)).await, None, "the run spoke for d-1");
    let past = Reported { token: Some(("t", "another")), ..first };
    assert!(cache.dispatch(&past, at(300)).await.is_some(), "a token that has ended says nothing");
    assert!(cache.spoken(&first, at(0), at(1)).len() == 1, "nor is one kept that has");
}

#[tokio::test]
async fn a_settlement_that_is_committed_is_told_and_nothing_else_of_it() {
    let (cache, up, repo) = (cache(), name("Org/Up"), name("three/c"));
    let info = json!({
        "number": 7, "head_sha": "ab".repeat(20), "base": "main", "labels": ["x"], "state": "open", "title": "t",
        "author": "a", "updated_at": 1,
    });
    let result = json!({
        "workflow": "CI", "result": "build", "run_id": "9", "attempt": 1, "head": "ab".repeat(20),
        "state": { "completed": { "conclusion": "failure", "by": "report" } },
        "seq": uuid::Uuid::nil(), "run_first_at": 1, "first_at": 1,
    });
    let list = json!({ "list": [], "text": "", "etag": "e", "checked_at": 5 });
    let key = records::result("d-1", &repo, "CI", "build", "9", 1);
    let put = |view, key, value| RecordChange::Put(view, key, value);
    let settlement = Settlement {
        records: vec![
            put(views::PULL, records::pull(&up, 7), json!({ "info": info })),
            put(views::RESULT, key.clone(), result),
            put(views::RESULT, key.clone(), json!("something unreadable")),
            put(views::ALLOWLIST, records::upstream(&up), list),
            put(views::ROW, key.clone(), json!({})),
            RecordChange::Delete(views::PULL, records::pull(&up, 8)),
        ],
        ..Settlement::done()
    };
    let entries = cache.following(&settlement, &Config::default());
    let kinds: Vec<Of> = entries.iter().map(|entry| entry.key.kind).collect();
    assert_eq!(kinds, [Of::Allowlist, Of::Pull, Of::Action]);
    cache.put(entries, at(0)).await;
    assert_eq!(cache.pull(7, at(1)).await.unwrap().title, "t");
    let actions = cache.actions(&"ab".repeat(20), &repo, at(1)).await;
    assert_eq!((actions.len(), actions[0].conclusion.as_deref()), (1, Some("failure")));
    let text = cache.allowlist(at(899)).await.unwrap();
    assert_eq!((text.source.as_str(), text.etag.as_deref()), (".github/allowlist.yml", Some("e")));
    assert_eq!(cache.allowlist(at(900)).await, None);
}

#[tokio::test]
async fn an_allowlist_that_does_not_parse_is_not_there() {
    let cache = cache();
    for (yaml, there) in [("L1: [a/b]", true), ("L1: [a/b/c]", false), ("L1: [", false)] {
        let text = AllowlistText { source: "x".to_owned(), etag: None, fetched_at: at(0), yaml: yaml.to_owned() };
        let key = CacheKey::allowlist("p:", &name("org/up"));
        cache.put(vec![cache.entry(key, &text, DAY)], at(0)).await;
        assert_eq!(cache.allowlist(at(1)).await.is_some(), there, "{yaml}");
    }
}
