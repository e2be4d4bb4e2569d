//! Who may see what, with sign-in configured.

use crate::support::client;
use crate::support::github::GitHub;
use crate::support::server::Server;

const TOKEN: &str = "an-operators-token-of-enough-length";

#[tokio::test]
async fn dispatcher_39_without_sign_in_no_page_and_no_data() {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let mut variables = github.variables();
    variables.push(("SWITCHBOARD_OPERATOR_TOKEN".to_owned(), TOKEN.to_owned()));
    let server = Server::start(folder.path(), &variables).await;
    let get = |path: &str| client().get(format!("{}{path}", server.url));

    for path in ["/", "/deliveries", "/dispatcher", "/dispatcher/runs", "/dispatcher/repos", "/dispatcher/runs/1/2/3"] {
        let answer = get(path).send().await.unwrap();
        assert_eq!(answer.status(), 303, "{path}");
        let location = answer.headers()["location"].to_str().unwrap();
        assert!(location.starts_with("/sign-in"), "{path} leads to {location}");
    }
    for path in ["/api/v1/deliveries", "/api/v1/jobs", "/api/v1/dispatcher/runs", "/api/v1/dispatcher/summary?window=5"]
    {
        assert_eq!(get(path).send().await.unwrap().status(), 401, "{path}");
        assert_eq!(get(path).bearer_auth("something-else").send().await.unwrap().status(), 401, "{path}");
        assert_eq!(get(path).bearer_auth(TOKEN).send().await.unwrap().status(), 200, "{path}");
    }
    let replay = client().post(format!("{}/api/v1/dispatcher/runs/1/2/3/replay", server.url));
    assert_eq!(replay.send().await.unwrap().status(), 401);
    // What stays open says nothing about anybody.
    assert_eq!(get("/health").send().await.unwrap().text().await.unwrap(), "{\"status\":\"ok\"}");
    assert_eq!(get("/readyz").send().await.unwrap().status(), 200);
    server.stop().await;
}

#[tokio::test]
async fn dispatcher_39_outside_the_list_of_addresses_nothing_but_webhooks() {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let mut variables = github.variables();
    variables.push(("SWITCHBOARD_OPERATOR_TOKEN".to_owned(), TOKEN.to_owned()));
    variables.push(("ADMIN_IP_ALLOWLIST".to_owned(), "10.1.2.0/24".to_owned()));
    let server = Server::start(folder.path(), &variables).await;
    for path in ["/", "/dispatcher", "/sign-in", "/api/v1/deliveries"] {
        let answer = client().get(format!("{}{path}", server.url)).bearer_auth(TOKEN).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{path}");
        // A forwarded address counts only from a proxy that is configured.
        let forwarded = client().get(format!("{}{path}", server.url)).header("x-forwarded-for", "10.1.2.3");
        assert_eq!(forwarded.bearer_auth(TOKEN).send().await.unwrap().status(), 403, "{path}");
    }
    let (_, delivery) = github.complete_run();
    let answer = crate::support::github::post(&client(), &server.url, &delivery).send().await.unwrap();
    assert_eq!(answer.status(), 202, "GitHub's webhooks are not concerned");
    server.stop().await;
}
