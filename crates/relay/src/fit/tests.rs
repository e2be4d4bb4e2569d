use proptest::prelude::*;

use super::*;
use crate::testing::{pull_request_body, push_body};

const LIMIT: usize = 60_000;

fn delivery() -> DeliveryGuid {
    "72d3162e-cc78-11e3-81ab-4c9367dc0958".parse().unwrap()
}

fn fitted(payload: &Value, limit: usize) -> FittedBody {
    fit(EventType::PullRequest, &delivery(), payload.to_string().as_bytes(), limit).unwrap()
}

fn payload(body: &FittedBody) -> Value {
    serde_json::from_str::<Value>(&body.text).unwrap()["client_payload"]["payload"].take()
}

fn dropped(payload: &Value) -> Vec<&str> {
    payload[MARKER]["dropped"].as_array().unwrap().iter().filter_map(Value::as_str).collect()
}

#[test]
fn relay_1_the_client_payload_has_exactly_three_keys() {
    let body = fitted(&pull_request_body("opened"), LIMIT);
    let request: Value = serde_json::from_str(&body.text).unwrap();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&request), ["client_payload", "event_type"]);
    assert_eq!(keys(&request["client_payload"]), ["delivery_id", "event_type", "payload"]);
    assert_eq!(
        (&request["event_type"], &request["client_payload"]["event_type"]),
        (&json!("pull_request"), &json!("pull_request"))
    );
    assert_eq!(request["client_payload"]["delivery_id"], "72d3162e-cc78-11e3-81ab-4c9367dc0958");
    assert_eq!(request["client_payload"]["payload"], pull_request_body("opened"));
}

#[test]
fn a_payload_that_fits_is_sent_byte_by_byte_as_it_came() {
    let odd = "{ \"z\": 1.10, \"a\" : \"\\u00e9\\/\",\n\t\"big\": 123456789012345678901234567890, \"a\": [ ] }";
    let body = fit(EventType::Push, &delivery(), format!(" {odd}\n").as_bytes(), LIMIT).unwrap();
    assert_eq!(body.level, 1);
    assert!(body.text.ends_with(&format!("\"payload\":{odd}}}}}")), "{}", body.text);
}

#[test]
fn the_limit_counts_every_byte_of_the_request() {
    let body = pull_request_body("opened");
    let whole = fitted(&body, LIMIT).text.len();
    assert_eq!(fitted(&body, whole).level, 1);
    assert_ne!(fitted(&body, whole - 1).level, 1);
}

#[test]
fn relay_10_a_long_description_is_cut_and_everything_else_stays() {
    let mut body = pull_request_body("opened");
    body["pull_request"]["body"] = json!("é".repeat(35_000));
    let sent = fitted(&body, LIMIT);
    let mut found = payload(&sent);
    assert_eq!((sent.level, sent.text.len() <= LIMIT), (2, true));
    let mark = found.as_object_mut().unwrap().remove(MARKER).unwrap();
    assert_eq!(mark, json!({"level": 2, "original_bytes": body.to_string().len(), "dropped": ["pull_request.body"]}));
    assert_eq!(found["pull_request"]["body"], format!("{}…", "é".repeat(510)), "1,020 bytes and the ellipsis");
    body["pull_request"]["body"] = found["pull_request"]["body"].take();
    found["pull_request"]["body"] = body["pull_request"]["body"].clone();
    assert_eq!(found, body);
}

#[test]
fn a_long_push_keeps_its_last_commits_and_the_first_of_its_files() {
    let mut body = push_body("refs/heads/main");
    let files: Vec<_> = (0..150).map(|n| format!("file{n}")).collect();
    body["commits"] =
        (0..2_000).map(|n| json!({"id": n, "message": "m".repeat(30), "added": [], "removed": ["x"]})).collect();
    body["head_commit"]["modified"] = json!(files);
    let sent = fit(EventType::Push, &delivery(), body.to_string().as_bytes(), LIMIT).unwrap();
    let found = payload(&sent);
    assert_eq!(sent.level, 2);
    let commits = found["commits"].as_array().unwrap();
    assert_eq!((commits.len(), &commits[0]["id"], &commits[19]["id"]), (20, &json!(1_980), &json!(1_999)));
    let modified = found["head_commit"]["modified"].as_array().unwrap();
    assert_eq!((modified.len(), &modified[99]), (100, &json!("file99")));
    assert_eq!(dropped(&found), ["commits", "head_commit.modified"]);
}

#[test]
fn links_and_surroundings_go_next() {
    let mut body = pull_request_body("opened");
    for n in 0..2_000 {
        body["repository"][format!("u{n}_url")] = json!(format!("https://api.github.com/repos/Org/Up/{n}"));
    }
    body["repository"]["html_url"] = json!("https://github.com/Org/Up");
    body["repository"]["clone_url"] = json!("https://github.com/Org/Up.git");
    body["repository"]["organization"] = json!("Org");
    body["organization"] = json!({"login": "Org"});
    body["pull_request"]["requested"] = json!([{"avatar_url": "x", "login": "bob"}]);
    let sent = fitted(&body, LIMIT);
    let found = payload(&sent);
    assert_eq!(sent.level, 3);
    assert_eq!(found["repository"]["html_url"], "https://github.com/Org/Up");
    assert_eq!(found["repository"]["clone_url"], "https://github.com/Org/Up.git");
    assert_eq!(found["repository"]["organization"], "Org", "only the webhook's own member is one");
    assert_eq!(found["pull_request"]["requested"], json!([{"login": "bob"}]));
    for gone in ["/organization", "/installation", "/pull_request/_links", "/repository/u7_url", "/repository/keys_url"]
    {
        assert_eq!(found.pointer(gone), None, "{gone}");
    }
    assert_eq!(found["pull_request"]["body"], "A long story.", "short texts stay");
    assert_eq!((dropped(&found).len(), found[MARKER]["level"].as_u64()), (MAX_DROPPED, Some(3)));
}

/// A payload so full of what nobody needs that only the last step helps.
fn stuffed(mut body: Value) -> Value {
    body["stuff"] = (0..5_000).map(|n| (format!("k{n}"), json!("x".repeat(20)))).collect::<Map<_, _>>().into();
    body
}

#[test]
fn the_last_step_keeps_what_is_needed_to_build_the_commit() {
    let mut body = stuffed(pull_request_body("synchronize"));
    body["label"] = json!({"name": "x", "color": "red"});
    body["pull_request"]["head"]["repo"] = Value::Null;
    let sent = fitted(&body, LIMIT);
    let found = payload(&sent);
    assert_eq!(sent.level, 4);
    let expected = json!({
        "action": "synchronize",
        "number": 12,
        "label": {"name": "x"},
        "repository": {"id": 1, "full_name": "Org/Up", "default_branch": "main"},
        "sender": {"login": "ann", "id": 7, "type": "User"},
        "pull_request": {
            "number": 12,
            "state": "open",
            "title": "Add a kernel",
            "user": {"login": "ann", "id": 7},
            "labels": [{"name": "ciflow/crcr/cuda"}],
            "draft": false,
            "merged": false,
            "merged_at": null,
            "author_association": "MEMBER",
            "html_url": "https://github.com/Org/Up/pull/12",
            "head": {"ref": "kernel", "sha": "a".repeat(40), "repo": null},
            "base": {"ref": "main", "sha": "b".repeat(40), "repo": {"id": 1, "full_name": "Org/Up", "fork": false}},
        },
        MARKER: {
            "level": 4,
            "original_bytes": body.to_string().len(),
            "dropped": [
                "label.color", "pull_request.body", "pull_request.updated_at", "stuff", "installation",
                "pull_request._links", "repository.keys_url",
            ],
        },
    });
    assert_eq!(found, expected);
}

#[test]
fn the_last_step_of_a_push() {
    let sent =
        fit(EventType::Push, &delivery(), stuffed(push_body("refs/heads/main")).to_string().as_bytes(), LIMIT).unwrap();
    let found = payload(&sent);
    let mut expected = push_body("refs/heads/main");
    let members = expected.as_object_mut().unwrap();
    members.remove("commits");
    members.insert(MARKER.to_owned(), found[MARKER].clone());
    assert_eq!((sent.level, dropped(&found)), (4, vec!["commits", "stuff"]));
    assert_eq!(found, expected);
}

#[test]
fn as_many_labels_as_fit_are_kept_and_the_rest_is_told_of() {
    let mut body = stuffed(pull_request_body("opened"));
    body["pull_request"]["labels"] = (0..5_000).map(|n| json!({"name": format!("label {n:05}"), "id": n})).collect();
    let sent = fitted(&body, LIMIT);
    let found = payload(&sent);
    let labels = found["pull_request"]["labels"].as_array().unwrap();
    assert_eq!((&labels[0], labels.len() > 1_000), (&json!({"name": "label 00000"}), true));
    assert!(sent.text.len() <= LIMIT && sent.text.len() + "{\"name\":\"label 00000\"},".len() > LIMIT);
    assert!(dropped(&found).contains(&"pull_request.labels"));
}

#[test]
fn texts_of_any_length_everywhere_still_leave_room_for_every_sha() {
    fn fill(value: &mut Value, with: &str) {
        match value {
            Value::Object(object) => object.values_mut().for_each(|value| fill(value, with)),
            Value::Array(items) => items.iter_mut().for_each(|value| fill(value, with)),
            leaf => {
                if leaf.as_str().is_none_or(|text| text.len() != 40) {
                    *leaf = json!(with);
                }
            }
        }
    }
    let mut body = pull_request_body("opened");
    for (key, value) in push_body("refs/heads/main").as_object_mut().unwrap() {
        body[key] = value.take();
    }
    for repository in ["/repository", "/pull_request/head/repo", "/pull_request/base/repo"] {
        *body.pointer_mut(repository).unwrap() = json!({
            "id": 1, "full_name": "", "default_branch": "", "private": true, "fork": true, "html_url": "", "clone_url": "",
        });
    }
    for with in ["\u{1}", "é", "\"", "x"] {
        fill(&mut body, &with.repeat(60_000));
        let sent = fitted(&body, 32_768);
        let found = payload(&sent);
        assert_eq!((sent.level, sent.text.len() <= 32_768), (4, true), "{with:?}");
        for sha in ["/after", "/head_commit/id", "/pull_request/head/sha", "/pull_request/base/sha"] {
            assert_eq!(found.pointer(sha), body.pointer(sha), "{sha}");
        }
    }
}

#[test]
fn what_is_no_object_is_refused() {
    for (body, error) in [
        (&b"[]"[..], Unfit::NotAnObject),
        (b"5", Unfit::NotAnObject),
        (b"", Unfit::NotJson),
        (b"{\"a\":}", Unfit::NotJson),
    ] {
        assert_eq!(fit(EventType::Push, &delivery(), body, LIMIT), Err(error));
    }
    let mut body = b"{\"a\":".repeat(40_000);
    body.extend(b"1");
    body.extend(b"}".repeat(40_000));
    assert_eq!(fit(EventType::Push, &delivery(), &body, LIMIT), Err(Unfit::NotJson), "too deep to cut");
    assert_eq!(fit(EventType::Push, &delivery(), b"{}", 20), Err(Unfit::NoRoom));
}

#[test]
fn hostile_keys_neither_grow_nor_break_the_mark() {
    let mut body = pull_request_body("opened");
    for n in 0..60 {
        body["pull_request"][format!("\"\u{1}{n}{}", "k".repeat(1_000))] = json!("x".repeat(2_000));
    }
    let sent = fitted(&body, 32_768);
    assert_eq!((sent.level, dropped(&payload(&sent))[0]), (4, "pull_request.?"));
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "\\PC{0,30}".prop_map(String::from),
        1 => (1..6_000_usize, prop_oneof![Just("\u{1}"), Just("é"), Just("😀"), Just("\""), Just("x")])
            .prop_map(|(times, text)| text.repeat(times)),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        texts().prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 40, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            proptest::collection::vec((keys(), inner), 0..8)
                .prop_map(|members| members.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

const KNOWN_KEYS: &[&str] = &[
    "label",
    "name",
    "ref",
    "compare",
    "head_commit",
    "message",
    "commits",
    "added",
    "labels",
    "title",
    "body",
    "user",
    "login",
    "html_url",
    "keys_url",
    "_links",
    "organization",
    "sender",
    "pusher",
    "repo",
    "full_name",
    MARKER,
];

fn keys() -> impl Strategy<Value = String> {
    prop_oneof![proptest::sample::select(KNOWN_KEYS).prop_map(str::to_owned), "\\PC{0,6}"]
}

/// What makes a body too long for the step before: nothing, links, small members, labels.
fn bulk() -> impl Strategy<Value = (&'static str, usize)> {
    (proptest::sample::select(&["", "links", "members", "labels"][..]), 1_500..2_500_usize)
}

/// A webhook of a pull request with whatever strangers may put into it.
fn webhooks() -> impl Strategy<Value = Value> {
    let members = || proptest::collection::vec((keys(), values()), 0..6);
    (members(), members(), bulk()).prop_map(|(outer, inner, (kind, count))| {
        let mut body = pull_request_body("synchronize");
        for (key, value) in outer {
            body[key] = value;
        }
        for (key, value) in inner {
            body["pull_request"][key] = value;
        }
        let name = |n: usize| "n".repeat(n % 60);
        let link = |n: usize| (format!("{n}_url"), json!(name(n)));
        let member = |n: usize| (n.to_string(), json!(name(n)));
        let bulk: Value = match kind {
            "links" => (0..count).map(link).collect::<Map<_, _>>().into(),
            "members" => (0..count).map(member).collect::<Map<_, _>>().into(),
            _ => Value::Null,
        };
        body["bulk"] = bulk;
        if kind == "labels" {
            body["pull_request"]["labels"] = (0..count).map(|n| json!({ "name": name(n) })).collect();
        }
        body
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_fitted_body_is_json_within_the_limit_and_names_the_commit(body in webhooks(), limit in 32_768..65_000_usize) {
        let sent = fitted(&body, limit);
        prop_assert!(sent.text.len() <= limit);
        prop_assert_eq!(&sent, &fitted(&body, limit), "equal arguments give equal bodies");
        let found = payload(&sent);
        for kept in ["/action", "/number", "/pull_request/number", "/pull_request/head/sha", "/pull_request/base/sha", "/pull_request/base/ref", "/pull_request/head/ref"] {
            prop_assert_eq!(found.pointer(kept), body.pointer(kept), "{}", kept);
        }
        if sent.level == 1 {
            prop_assert_eq!(&found, &body);
            prop_assert!(sent.text.contains(&body.to_string()));
        } else {
            prop_assert_eq!(found[MARKER]["level"].as_u64(), Some(u64::from(sent.level)));
            prop_assert!(found[MARKER]["dropped"].as_array().is_some_and(|paths| paths.len() <= MAX_DROPPED));
        }
    }

    #[test]
    fn arbitrary_bytes_give_a_verdict(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let _ = fit(EventType::Push, &delivery(), &bytes, LIMIT);
    }
}
