//! One box for any id.

use crate::chrome::{Browser, Scripts};
use crate::town::Town;

#[tokio::test]
async fn any_id_in_the_search_box_leads_to_its_page() {
    let town = Town::build().await;
    let Some(browser) = town.visitor(Scripts::On).await else { return };
    let morning = town.morning().await;
    let (sha, pull, run) = (&morning.sha, morning.pull, morning.run);
    let delivery = town.posted("acme/api", "workflow_run", "completed").await;
    let seen = town.posted("acme/api", "pull_request", "opened").await;
    let hub = &town.github_url;

    let journey = format!("/dispatcher/runs/{}/{run}/1", town.api.id());
    let commit = format!("/subjects/acme/api/@{sha}");
    for (words, expected) in [
        (format!("acme/api#{pull}"), format!("/subjects/acme/api/{pull}")),
        (format!("{hub}/acme/api/pull/{pull}"), format!("/subjects/acme/api/{pull}")),
        (format!("{hub}/acme/api/issues/1"), "/subjects/acme/api/1".to_owned()),
        (format!("#{pull}"), format!("/subjects/acme/api/{pull}")),
        (format!("acme/api@{sha}"), commit.clone()),
        (format!("{hub}/acme/api/commit/{sha}"), commit.clone()),
        (sha.clone(), commit.clone()),
        (sha[..8].to_owned(), commit),
        (run.to_string(), journey.clone()),
        (format!("{hub}/acme/api/actions/runs/{run}"), journey.clone()),
        // The run that was started leads to the journey that it was started in, as long as it runs.
        (morning.started.to_string(), journey),
        ("acme/deploy".to_owned(), "/subjects/acme/deploy".to_owned()),
        (format!("installation/{}", town.installation), format!("/installations/{}", town.installation)),
    ] {
        search(&browser, &words).await;
        let arrived = browser.arrives(&expected).await;
        assert_eq!(arrived, expected, "{words}");
    }

    for (guid, event) in [(&delivery.guid, "workflow_run"), (&seen.guid, "pull_request")] {
        search(&browser, guid).await;
        browser.arrives("/deliveries/").await;
        browser.reads("h1", event).await;
        browser.reads("main", guid).await;
    }

    browser.go("/jobs?state=dead").await;
    browser.click(".works a.kind").await;
    let job = browser.arrives("/jobs/").await;
    search(&browser, job.trim_start_matches("/jobs/")).await;
    assert_eq!(browser.arrives("/jobs/").await, job);

    assert_eq!(browser.complaints().await, Vec::<String>::new());
    search(&browser, "nothing-goes-by-that-name").await;
    browser.reads("h1", "Nothing found").await;
}

async fn search(browser: &Browser, words: &str) {
    browser.go("/settings").await;
    browser.fill(".search input", &format!("{words}\n")).await;
}
