//! What those see who have not signed in, where the operator made the relay's pages public.

use http::{Request, StatusCode};
use switchboard_relay::config::Config;
use switchboard_simulator::Downstream;

use crate::site::town_with;
use crate::support::{MINUTE, config, dispatched};

#[tokio::test]
async fn visitors_read_every_page_and_may_do_nothing() {
    let mut town = town_with(Config { public_pages: true, ..config() }, "L2: [two/b]").await;
    town.downstream("two/b", Downstream::run("CI").result("build").succeeds_after(MINUTE));
    town.up.open_pull("Add a kernel");
    town.soon().await;
    let id = town.newest_of("two/b").await;
    let target = format!("/relay/dispatches/{id}/two/b");
    let asked = town.world.github.calls().len();
    for path in [
        "/relay",
        "/relay/strip",
        "/relay?open=two/b",
        "/relay/prs/1",
        &target,
        "/relay/repos/two/b",
        "/relay/levels",
        "/relay/trends",
        "/relay/allowlist",
        "/relay/setup",
        "/api/v1/relay/matrix",
        "/api/v1/relay/status",
    ] {
        let page = town.page(path).await;
        page.hides(&["name=\"csrf\"", "data-topics=", "Dispatch again", "Reset the pinned id", "Read it now"]);
    }
    assert_eq!(town.world.github.calls().len(), asked, "strangers cause no question to GitHub");
    for path in ["/", "/deliveries", "/subjects/org/up/1", "/live"] {
        let answer = town.get(path).await;
        assert!(
            answer.header("location").starts_with("/sign-in") || answer.status == StatusCode::UNAUTHORIZED,
            "{path}"
        );
    }
    for path in [
        &format!("{target}/redispatch"),
        "/relay/allowlist/refresh",
        "/relay/allowlist/lint",
        "/relay/repos/two/b/identity/reset",
        "/relay/repos/two/b/demotion",
    ] {
        let form = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        let answer = town.ask(form.body("csrf=x&text=x&id=0195f4a0-4c1e-7d00-8000-0242ac120002".into()).unwrap()).await;
        assert!(
            answer.status.is_redirection() || answer.status == StatusCode::UNAUTHORIZED,
            "{path}: {}",
            answer.status
        );
    }
    town.minutes(1).await;
    assert_eq!(town.runs("two/b").len(), 1);
    town.end(&[dispatched(1, "two/b")]).await;
}
