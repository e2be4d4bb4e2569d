//! What is asked for: every page and every list of the API, with the ids of the newest group, which both histories end
//! with, and one list from its middle.

use switchboard_store::{DeliveryFilter, Store, WorkFilter, WorkState};

use super::fill::void;
use super::group::{GROUP, Group};
use crate::trouble::Trouble;

/// A page, under a name that is the same for every history.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    pub(super) name: &'static str,
    pub(super) path: String,
}

/// The pages of a store with so many deliveries.
pub(super) async fn visits(store: &dyn Store, deliveries: u32) -> Result<Vec<Visit>, Trouble> {
    let group = Group::new(deliveries / GROUP - 2 - (deliveries / GROUP) % 2, store.now())?;
    let find = async |n: u32| {
        let found = store.delivery_by_key("github", &group.guid(n)).await.map_err(void)?;
        found.map(|delivery| delivery.id).ok_or_else(|| Trouble::Void("the history has a gap".to_owned()))
    };
    let (run, pull) = (find(0).await?, find(6).await?);
    let middle = Group::new(deliveries / GROUP / 2, store.now())?;
    let middle = store.delivery_by_key("github", &middle.guid(0)).await.map_err(void)?;
    let middle = middle.map(|delivery| delivery.id.to_string()).unwrap_or_default();
    let works = store.works(WorkFilter::Delivery(run), None, 2).await.map_err(void)?;
    let letter = store.works(WorkFilter::State(WorkState::Dead), None, 1).await.map_err(void)?;
    let busy = store.deliveries(DeliveryFilter::Repository("acme/api".to_owned()), None, 1).await.map_err(void)?;
    let (Some(work), Some(letter), true) = (works.first(), letter.first(), !busy.is_empty()) else {
        return Err(Trouble::Void("the history lacks jobs, dead letters, or its busy repository".to_owned()));
    };
    let (guid, sha, key, run_id) = (group.guid(0), group.sha(), group.key(), group.run_id());
    let (pull_number, installation) = (group.pull(), group.installation());
    let visit = |name: &'static str, path: String| Visit { name, path };
    let same = |path: &'static str| visit(path, path.to_owned());
    Ok(vec![
        same("/"),
        same("/deliveries"),
        visit("/deliveries?cursor=<in the middle>", format!("/deliveries?cursor={middle}")),
        same("/deliveries?event=workflow_run"),
        same("/deliveries?repository=acme%2Fapi"),
        same("/deliveries?state=settled"),
        same("/deliveries?state=dead"),
        visit("/deliveries?installation=<id>", format!("/deliveries?installation={installation}")),
        visit("/deliveries?subject=<pull request>", format!("/deliveries?subject=acme%2Fapi%23{pull_number}")),
        visit("/deliveries/<run>", format!("/deliveries/{run}")),
        visit("/deliveries/<pull request>", format!("/deliveries/{pull}")),
        visit("/deliveries/<run>/body", format!("/deliveries/{run}/body")),
        same("/jobs"),
        same("/jobs?class=intent"),
        same("/jobs?state=done"),
        same("/jobs?state=dead"),
        visit("/jobs?delivery=<run>", format!("/jobs?delivery={run}")),
        visit("/jobs/<done>", format!("/jobs/{}", work.id)),
        visit("/jobs/<dead>", format!("/jobs/{}", letter.id)),
        same("/subjects/acme/api"),
        visit("/subjects/acme/api/<pull request>", format!("/subjects/acme/api/{pull_number}")),
        visit("/subjects/acme/api/@<sha>", format!("/subjects/acme/api/@{sha}")),
        visit("/subjects/installation/<id>", format!("/subjects/installation/{installation}")),
        same("/installations"),
        visit("/installations/<id>", format!("/installations/{installation}")),
        same("/audit"),
        same("/settings"),
        visit("/search?q=<delivery>", format!("/search?q={guid}")),
        visit("/search?q=<run>", format!("/search?q={run_id}")),
        visit("/search?q=<short sha>", format!("/search?q={}", &sha[..9])),
        visit("/search?q=<job>", format!("/search?q={}", work.id)),
        same("/dispatcher"),
        same("/dispatcher/runs"),
        same("/dispatcher/runs?source=acme%2Fapi"),
        same("/dispatcher/runs?target=acme%2Fdeploy-api"),
        same("/dispatcher/runs?reason=inbound_not_authorized"),
        visit("/dispatcher/runs/<run>", format!("/dispatcher/runs/{key}")),
        same("/dispatcher/repos"),
        same("/dispatcher/repos/acme/api"),
        same("/api/v1/deliveries"),
        visit("/api/v1/deliveries/<run>", format!("/api/v1/deliveries/{run}")),
        same("/api/v1/deliveries?repository=acme%2Fapi"),
        same("/api/v1/jobs"),
        same("/api/v1/jobs?state=dead"),
        visit("/api/v1/jobs/<done>", format!("/api/v1/jobs/{}", work.id)),
        same("/api/v1/subjects?name=acme%2Fapi"),
        same("/api/v1/dispatcher/summary"),
        same("/api/v1/dispatcher/health"),
        same("/api/v1/dispatcher/trend?hours=168"),
        same("/api/v1/dispatcher/trend?hours=168&repo=acme%2Fapi"),
        same("/api/v1/dispatcher/runs?limit=100"),
        visit("/api/v1/dispatcher/runs/<run>", format!("/api/v1/dispatcher/runs/{key}")),
        same("/api/v1/dispatcher/problems"),
        same("/api/v1/dispatcher/repos"),
        same("/api/v1/dispatcher/repos/acme/api"),
        visit("/api/v1/dispatcher/journey?deliveryId=<run>", format!("/api/v1/dispatcher/journey?deliveryId={guid}")),
    ])
}
