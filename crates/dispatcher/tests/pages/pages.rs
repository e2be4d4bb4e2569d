//! What people see.

use http::{StatusCode, header};
use switchboard_dispatcher::config::Config;
use switchboard_simulator::RunSpec;

use crate::site::{Site, VIEWER, end, play, run_of};
use crate::story::{arrange, world};

#[tokio::test]
async fn the_journey_shows_both_consents_each_target_and_what_they_started() {
    let mut world = world(Config::default()).begin().await;
    let ci = arrange(&mut world);
    play(&mut world, &ci).await;
    let run = run_of(&world, "acme/api").await;
    let onward = run_of(&world, "acme/deploy").await;
    let site = Site::open(&world);

    let page = site.get(&format!("/dispatcher/runs/{}", run.key)).await;
    assert_eq!(page.status, StatusCode::OK);
    page.shows(&[
        // Both files, by line, and what stands there.
        "acme/api dispatching.yml",
        "https://github.com/acme/api/blob/HEAD/dispatching.yml?plain=1#L5",
        "- repository: deploy",
        "https://github.com/acme/deploy/blob/HEAD/dispatching.yml?plain=1#L11",
        "inbound, line 11: - { workflow: cd.yml, accept_inputs: [sha, image] } (acme/api ci.yml may start cd.yml)",
        // Each end in words, with its code and what to do.
        "<code>acme/web</code> has no <code>inbound</code> rule that lets <code>acme/api</code> <code>ci.yml</code> start <code>cd.yml</code>.",
        "- source: { repository: acme/api, workflow: ci.yml }",
        "missing_target_config",
        "ref_not_found",
        // What came of the started runs, and what those went on to start.
        "failure",
        &format!("href=\"/dispatcher/runs/{}\"", onward.key),
        "smoke-tests smoke.yml",
        // The facts, the delivery, the replay.
        "Planned 5 targets: 3 allowed, 2 denied.",
        &format!("/deliveries/{}", run.delivery),
        "name=\"only\" value=\"all\"",
    ]);

    let deeper = site.get(&format!("/dispatcher/runs/{}", run_of(&world, "acme/smoke-tests").await.key)).await;
    deeper.shows(&["2 dispatches", &format!("/dispatcher/runs/{}", run.key), "acme/smoke-tests:smoke.yml"]);
    end(world).await;
}

#[tokio::test]
async fn lists_filter_by_source_target_and_reason() {
    let mut world = world(Config::default()).begin().await;
    let ci = arrange(&mut world);
    play(&mut world, &ci).await;
    let site = Site::open(&world);

    let sources = site.get("/dispatcher/runs?source=ACME%2FApi").await;
    sources.shows(&["acme/api <span class=\"detail\">ci.yml", "3 allowed, 2 denied"]);
    assert!(!sources.body.contains("acme/deploy <span"));
    site.get("/dispatcher/runs?target=acme%2Fdeploy").await.shows(&["acme/api <span class=\"detail\">ci.yml"]);
    site.get("/dispatcher/runs?reason=ref_not_found").await.shows(&["acme/mobile <span class=\"detail\">release.yml"]);
    site.get("/dispatcher/runs?source=no%2Fbody").await.shows(&["No run matches this filter."]);
    assert_eq!(site.get("/dispatcher/runs?source=a%2Fb&target=a%2Fb").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let form = site.get("/dispatcher/runs?by=target&value=a%2Fb").await;
    assert_eq!((form.status, form.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/dispatcher/runs?target=a%2Fb"));
    end(world).await;
}

#[tokio::test]
async fn the_overview_shows_health_windows_hours_and_reasons() {
    let mut world = world(Config::default()).schedules().begin().await;
    let ci = arrange(&mut world);
    play(&mut world, &ci).await;
    let page = Site::open(&world).get("/dispatcher").await;
    page.shows(&["12", "success rate", "inbound_not_authorized", "The last 24 hours", "acme/api", "Latency"]);
    end(world).await;
}

#[tokio::test]
async fn a_repository_shows_its_file_its_edges_and_both_forms() {
    let mut world = world(Config::default()).begin().await;
    let ci = arrange(&mut world);
    play(&mut world, &ci).await;
    let site = Site::open(&world);

    let page = site.get("/dispatcher/repos/acme/deploy").await;
    page.shows(&[
        "<code>.github/dispatching.yml</code> is ignored, since <code>dispatching.yml</code> exists.",
        "/dispatcher/repos/acme/smoke-tests",
        "/dispatcher/repos/acme/api",
    ]);

    let path = "/dispatcher/repos/acme/billing";
    site.get(path).await.shows(&["outbound[0].targets[0].inputs.retries", "inputs: { retries: 5 }", "line 4"]);

    let linted = site.fill_in(path, &format!("{path}/lint"), "text=outbound%3A%0D%0A++-+sauce%3A+1%0D%0A").await;
    linted.shows(&["<code>outbound[0].sauce</code>", "sauce: 1"]);

    let api = "/dispatcher/repos/acme/api";
    let simulated = site.fill_in(api, &format!("{api}/simulate"), "workflow=ci.yml").await;
    simulated.shows(&["would be started", "would be denied", "acme/terraform"]);
    let nothing = site.fill_in(api, &format!("{api}/simulate"), "workflow=..%2Fx&branch=&conclusion=&event=").await;
    nothing.shows(&["This is not a workflow"]);
    assert_eq!(site.get("/dispatcher/repos/acme/%2e%2e").await.status, StatusCode::NOT_FOUND);
    end(world).await;
}

#[tokio::test]
async fn a_run_without_targets_says_why() {
    let mut world = world(Config::default()).begin().await;
    arrange(&mut world);
    world.repository("acme/billing").workflow("nightly.yml").complete_run(&RunSpec::default());
    world.repository("acme/docs").workflow("publish.yml").complete_run(&RunSpec::default());
    world.settle().await;
    let site = Site::open(&world);
    let invalid = site.get(&format!("/dispatcher/runs/{}", run_of(&world, "acme/billing").await.key)).await;
    invalid.shows(&["invalid_source_config", "the file is invalid"]);
    end(world).await;
}

#[tokio::test]
async fn old_addresses_lead_here_and_unknown_runs_nowhere() {
    let world = world(Config::default()).begin().await;
    let site = Site::open(&world);
    for path in ["/admin", "/admin/", "/admin/repos/x"] {
        let answer = site.get(path).await;
        assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::PERMANENT_REDIRECT, "/dispatcher"));
    }
    for path in ["/dispatcher/runs/1/2/3", "/dispatcher/runs/1/2/x", "/dispatcher/runs/1/2/3~0"] {
        assert_eq!(site.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    site.get("/dispatcher").await.shows(&["switchboard demo"]);
    let schema = site.get("/schemas/dispatching.schema.json").await;
    assert!(schema.json()["$schema"].is_string());
    world.finish(&[]).await;
}

#[tokio::test]
async fn the_search_finds_a_run_by_any_of_its_ids() {
    let mut world = world(Config::default()).begin().await;
    let ci = arrange(&mut world);
    play(&mut world, &ci).await;
    let run = run_of(&world, "acme/api").await;
    let site = Site::open(&world);
    let page = format!("/dispatcher/runs/{}", run.key);
    let id = run.source.run_id;
    for query in [id.to_string(), format!("https%3A%2F%2Fgithub.com%2Facme%2Fapi%2Factions%2Fruns%2F{id}")] {
        assert_eq!(site.get(&format!("/search?q={query}")).await.header(header::LOCATION), page, "{query}");
    }
    end(world).await;
}

#[tokio::test]
async fn dispatcher_39_without_sign_in_no_page_and_no_data() {
    let world = world(Config::default()).begin().await;
    let site = Site::closed(&world);
    for path in ["/dispatcher", "/dispatcher/runs", "/dispatcher/repos/a/b", "/dispatcher/runs/1/2/3", "/admin"] {
        let answer = site.get(path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(answer.header(header::LOCATION).starts_with("/sign-in?next="), "{path}");
    }
    for path in ["summary", "health", "trend", "runs", "problems", "repos", "runs/1/2/3", "journey?deliveryId=x"] {
        assert_eq!(site.get(&format!("/api/v1/dispatcher/{path}")).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(site.post_json("/api/v1/dispatcher/lint", "a: 1").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(site.with_token("GET", "/api/v1/dispatcher/runs", VIEWER, "").await.status, StatusCode::OK);
    assert_eq!(site.get("/schemas/dispatching.schema.json").await.status, StatusCode::OK);
    world.finish(&[]).await;
}
