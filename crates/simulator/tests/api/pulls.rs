use serde_json::{Value, json};
use switchboard_simulator::{
    Access, AppSpec, InstallationSpec, OutgoingDelivery, Pull, PullSpec, Repository, Simulator,
};

use crate::support::{World, json_of, refused};

struct Upstream {
    github: Simulator,
    repository: Repository,
}

fn upstream() -> Upstream {
    let world = World::new();
    let github = world.github.clone();
    let spec = AppSpec::new("relay")
        .permissions(&[("checks", Access::Write), ("pull_requests", Access::Read), ("contents", Access::Read)])
        .events(&["pull_request", "push", "check_run"]);
    github.app(spec).unwrap().install(&github.organization("org"), InstallationSpec::all());
    Upstream { repository: github.repo("org/up"), github }
}

impl Upstream {
    fn seen(&self) -> Vec<(OutgoingDelivery, Value)> {
        let due = self.github.take_due();
        due.into_iter().map(|d| (d.clone(), serde_json::from_slice(&d.body).unwrap())).collect()
    }

    /// Event and action of what left since.
    fn names(&self) -> Vec<String> {
        let name = |(d, body): (OutgoingDelivery, Value)| match body["action"].as_str() {
            Some(action) => format!("{} {action}", d.event),
            None => format!("{} {}", d.event, body["ref"].as_str().unwrap()),
        };
        self.seen().into_iter().map(name).collect()
    }

    fn last(&self) -> Value {
        self.seen().pop().unwrap().1
    }
}

#[test]
fn a_pull_request_goes_its_way() {
    let up = upstream();
    let pull = up.repository.open_pull("Add kernels");
    assert_eq!(up.names(), ["pull_request opened"]);
    pull.label("ciflow/crcr/cuda").label("ciflow/crcr/CUDA");
    assert_eq!(up.names(), ["pull_request labeled"], "labels compare without case");
    pull.unlabel("CIFLOW/crcr/cuda").unlabel("absent").comment("lisa", "Nice").retitle("Add more kernels");
    assert_eq!(up.names(), ["pull_request unlabeled", "pull_request edited"]);
    let before = pull.head_sha();
    let after = pull.push("More");
    assert_ne!(before, after);
    assert_eq!(up.names(), ["push refs/heads/patch-1", "pull_request synchronize"]);
    pull.close().close();
    assert_eq!(up.names(), ["pull_request closed"]);
    pull.reopen().reopen();
    assert_eq!(up.names(), ["pull_request reopened"]);
    let merged = pull.merge().unwrap();
    assert_eq!(up.repository.head("main"), Some(merged));
    assert_eq!(up.names(), ["push refs/heads/main", "pull_request closed"]);
    pull.reopen();
    assert_eq!(up.names(), [""; 0], "what is merged stays closed");
    assert_eq!((pull.labels().len(), pull.comments().len(), pull.view().unwrap().open), (0, 1, false));
    assert_eq!(up.repository.pull(pull.number()).map(|p| p.number()), Some(1));
    assert!(up.repository.pull(2).is_none());
}

#[test]
fn webhooks_of_pull_requests_say_what_github_says() {
    let up = upstream();
    let spec = PullSpec::new("Add kernels")
        .by("alice")
        .forked()
        .association("FIRST_TIME_CONTRIBUTOR")
        .labels(&["module: cuda"])
        .body("Why")
        .into_branch("release/2.9")
        .draft();
    let pull = up.repository.open_pull(spec);
    let opened = up.last();
    assert!(opened.to_string().len() > 15_000, "as large as real ones: {}", opened.to_string().len());
    let object = &opened["pull_request"];
    assert_eq!((&opened["action"], &opened["number"]), (&json!("opened"), &json!(1)));
    assert_eq!(
        (&object["head"]["repo"]["full_name"], &object["head"]["repo"]["fork"]),
        (&json!("alice/up"), &json!(true))
    );
    assert_eq!((&object["head"]["sha"], &object["head"]["label"]), (&json!(pull.head_sha()), &json!("alice:patch-1")));
    assert_eq!(
        (&object["base"]["ref"], &object["base"]["repo"]["full_name"]),
        (&json!("release/2.9"), &json!("org/up"))
    );
    assert_eq!(object["author_association"], "FIRST_TIME_CONTRIBUTOR");
    assert_eq!(
        (&object["user"]["login"], &object["draft"], &object["body"]),
        (&json!("alice"), &json!(true), &json!("Why"))
    );
    assert_eq!(object["labels"][0]["name"], "module: cuda");
    assert!(object["_links"]["self"]["href"].as_str().unwrap().ends_with("/repos/org/up/pulls/1"));
    let before = pull.head_sha();
    let after = pull.force_push("Anew");
    let moved = up.last();
    assert_eq!((&moved["before"], &moved["after"]), (&json!(before), &json!(after)));
    assert_eq!(moved["pull_request"]["head"]["sha"], json!(after));
    pull.label("crcr/approved");
    let labeled = up.last();
    assert_eq!(labeled["label"]["name"], "crcr/approved");
    assert_eq!(labeled["pull_request"]["labels"].as_array().unwrap().len(), 2);
    let second = up.repository.open_pull(PullSpec::new("Another").by("alice").forked());
    assert_eq!(second.head().unwrap().0.id(), pull.head().unwrap().0.id(), "one has one fork");
    up.github.organization("org").add_member(&up.github.user("mona"));
    let _ = up.seen();
    up.repository.open_pull("Of a member");
    assert_eq!(up.last()["pull_request"]["author_association"], "MEMBER");
}

#[test]
fn pushes_say_what_moved_and_what_they_brought() {
    let up = upstream();
    let before = up.repository.head("main").unwrap();
    let commits: [(&str, &[(&str, &str)]); 2] =
        [("One", &[(".github/allowlist.yml", "L1: []")]), ("Two", &[("README.md", "x")])];
    let after = up.repository.push_commits("main", &commits);
    let push = up.last();
    assert_eq!(
        (&push["ref"], &push["before"], &push["after"]),
        (&json!("refs/heads/main"), &json!(before), &json!(after))
    );
    assert_eq!((&push["created"], &push["deleted"], &push["forced"]), (&json!(false), &json!(false), &json!(false)));
    assert_eq!(
        (&push["commits"][0]["message"], &push["commits"][0]["added"]),
        (&json!("One"), &json!([".github/allowlist.yml"]))
    );
    assert_eq!((&push["commits"][1]["id"], &push["commits"][1]["modified"]), (&json!(after), &json!(["README.md"])));
    assert_eq!((&push["head_commit"]["id"], &push["pusher"]["name"]), (&json!(after), &json!("mona")));
    assert!(push["repository"]["created_at"].is_i64() && push["repository"]["owner"]["name"] == "org");

    let branched = up.repository.push("next", "Three", &[("a", "1")]);
    let push = up.last();
    assert_eq!((&push["created"], push["commits"].as_array().unwrap().len()), (&json!(true), 1));
    assert!(push["before"].as_str().unwrap().bytes().all(|digit| digit == b'0'));
    let forced = up.repository.force_push("next", "Three again", &[("a", "2")]);
    let push = up.last();
    assert_eq!((&push["forced"], &push["before"], &push["after"]), (&json!(true), &json!(branched), &json!(forced)));

    up.repository.push_tag("ciflow/riscv64/7");
    let push = up.last();
    assert_eq!((&push["ref"], &push["base_ref"]), (&json!("refs/tags/ciflow/riscv64/7"), &json!("refs/heads/main")));
    assert_eq!((&push["commits"], &push["head_commit"]["id"]), (&json!([]), &json!(after)));
    for reference in ["refs/tags/ciflow/riscv64/7", "refs/heads/next"] {
        up.repository.push_deletion(reference);
        let push = up.last();
        assert_eq!(
            (&push["ref"], &push["deleted"], &push["head_commit"]),
            (&json!(reference), &json!(true), &Value::Null)
        );
        assert!(push["after"].as_str().unwrap().bytes().all(|digit| digit == b'0'));
    }
    up.repository.push_deletion("refs/heads/next");
    assert_eq!(up.names(), [""; 0]);
}

/// A check run of the App of `world` on `sha` of the source.
async fn checked(world: &World, token: &str, name: &str, sha: &str) -> Value {
    let body = json!({ "name": name, "head_sha": sha, "status": "in_progress", "external_id": "5:1" });
    json_of(&world.post("/repos/acme/source/check-runs", token, body).await)
}

async fn checks_token(world: &World) -> String {
    world.installation.set_permissions(&[("checks", Access::Write), ("contents", Access::Read)]);
    let _ = world.github.take_due();
    world.token().await
}

fn pull_numbers(check: &Value) -> Vec<u64> {
    check["pull_requests"].as_array().unwrap().iter().map(|pull| pull["number"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_check_run_names_its_pull_requests_but_not_those_from_forks() {
    let world = World::new();
    let token = checks_token(&world).await;
    let own: Pull = world.source.open_pull("Own");
    let forked = world.source.open_pull(PullSpec::new("Forked").by("alice").forked());
    assert_eq!(pull_numbers(&checked(&world, &token, "a", &own.head_sha()).await), [own.number()]);
    assert_eq!(pull_numbers(&checked(&world, &token, "a", &forked.head_sha()).await), [0; 0]);
}

#[tokio::test]
async fn whoever_clicks_rerun_reaches_the_app_that_made_the_check() {
    let world = World::new();
    let token = checks_token(&world).await;
    let other = world.github.app(AppSpec::new("other").permissions(&[("checks", Access::Write)])).unwrap();
    other.install(&world.github.organization("acme"), InstallationSpec::all());
    let pull = world.source.open_pull("Own");
    checked(&world, &token, "a", &pull.head_sha()).await;
    checked(&world, &token, "b", &pull.head_sha()).await;
    let _ = world.github.take_due();
    let check = world.source.check_runs().remove(0);
    assert_eq!((check.name.as_str(), check.external_id.as_deref(), check.app), ("a", Some("5:1"), world.app.id()));
    world.source.rerequest_check(check.id);
    world.source.rerequest_checks(&pull.head_sha());
    let seen = world.github.take_due();
    let told: Vec<(&str, Value)> =
        seen.iter().map(|d| (d.event.as_str(), serde_json::from_slice(&d.body).unwrap())).collect();
    assert!(seen.iter().all(|delivery| delivery.app == world.app.id()));
    let [(first, run), (second, suite)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((*first, &run["action"]), ("check_run", &json!("rerequested")));
    assert_eq!((&run["check_run"]["id"], &run["check_run"]["app"]["id"]), (&json!(check.id), &json!(world.app.id())));
    assert_eq!(run["check_run"]["check_suite"]["head_sha"], json!(pull.head_sha()));
    assert_eq!((*second, &suite["action"]), ("check_suite", &json!("rerequested")));
    assert_eq!(suite["check_suite"]["head_sha"], json!(pull.head_sha()));
    assert_eq!(
        (&suite["check_suite"]["status"], &suite["check_suite"]["latest_check_runs_count"]),
        (&json!("queued"), &json!(2))
    );
    assert_eq!(pull_numbers(&suite["check_suite"]), [1]);
    assert_eq!(world.source.visible_checks(&pull.head_sha()).len(), 2);
    world.installation.set_permissions(&[("checks", Access::Read)]);
    let _ = world.github.take_due();
    world.source.rerequest_check(check.id);
    assert!(world.github.take_due().is_empty(), "reading alone entitles to nothing");
}

#[tokio::test]
async fn checks_are_listed_by_name_app_and_commit() {
    let world = World::new();
    let token = checks_token(&world).await;
    let head = world.source.head("main").unwrap();
    for name in ["a", "a", "b"] {
        checked(&world, &token, name, &head).await;
    }
    let count = |query: String| {
        let (world, token, path) = (&world, &token, format!("/repos/acme/source/commits/{head}/check-runs?{query}"));
        async move { json_of(&world.get(&path, token).await)["total_count"].clone() }
    };
    let app = world.app.id();
    assert_eq!(count(format!("check_name=a&app_id={app}")).await, 1);
    assert_eq!(count(format!("check_name=a&app_id={app}&filter=all")).await, 2);
    assert_eq!(count("check_name=c".to_owned()).await, 0);
    assert_eq!(count("app_id=1".to_owned()).await, 0);
}

#[tokio::test]
async fn commits_stand_to_each_other_in_four_ways() {
    let world = World::new();
    let token = world.token().await;
    let old = world.source.head("main").unwrap();
    let new = world.source.push("main", "On", &[("a", "1")]);
    world.source.branch("release/1");
    let side = world.source.push("release/1", "Aside", &[("b", "1")]);
    world.source.push("main", "Further", &[("c", "1")]);
    let fork = world.source.open_pull(PullSpec::new("Forked").by("alice").forked());
    let compare = |range: String| {
        let (world, token) = (&world, &token);
        async move { json_of(&world.get(&format!("/repos/acme/source/compare/{range}"), token).await) }
    };
    let stand = |answer: &Value| {
        (
            answer["status"].as_str().unwrap().to_owned(),
            answer["ahead_by"].as_u64().unwrap(),
            answer["behind_by"].as_u64().unwrap(),
        )
    };
    assert_eq!(stand(&compare("main...main".to_owned()).await), ("identical".to_owned(), 0, 0));
    assert_eq!(stand(&compare(format!("main...{old}")).await), ("behind".to_owned(), 0, 2));
    assert_eq!(stand(&compare(format!("{old}...main")).await), ("ahead".to_owned(), 2, 0));
    let diverged = compare("main...release/1".to_owned()).await;
    assert_eq!(stand(&diverged), ("diverged".to_owned(), 1, 1));
    assert_eq!((&diverged["merge_base_commit"]["sha"], &diverged["commits"][0]["sha"]), (&json!(new), &json!(side)));
    assert_eq!(diverged["files"][0]["filename"], "b");
    let of_fork = compare(format!("main...{}", fork.head_sha())).await;
    assert_eq!(stand(&of_fork), ("ahead".to_owned(), 1, 0), "a fork's commit can be read, and is on no branch");
    assert_eq!(stand(&compare("main...alice:patch-1".to_owned()).await), ("ahead".to_owned(), 1, 0));
    refused(&world.get("/repos/acme/source/compare/main...absent", &token).await, 404, "Not Found");
    refused(&world.get("/repos/acme/source/compare/main", &token).await, 404, "Not Found");
    world.github.fault("GET", "/repos/*/*/compare/**").status(502);
    assert_eq!(world.get("/repos/acme/source/compare/main...main", &token).await.status(), 502);
}
