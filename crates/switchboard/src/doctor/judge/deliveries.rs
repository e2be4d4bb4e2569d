//! What GitHub's own list says about the latest deliveries: whether it reaches us.

use std::collections::{BTreeMap, HashSet};

use switchboard_engine::webhook::PATH;
use switchboard_github::Hint;
use switchboard_github::api::app::HookDelivery;
use switchboard_panel::components::plural;

use super::webhook::Leads;
use crate::doctor::{Check, Figures, Subject, subject};

const SUBJECT: &Subject = subject::WEBHOOK_DELIVERIES;

/// What is known of the server to which the deliveries go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// It never ran: that GitHub does not reach it is as it should be.
    NotStarted,
    /// None runs on this database now.
    Stopped,
    /// One has the database open.
    Runs,
}

/// Judges a page of the list, newest first.
#[must_use]
pub fn deliveries(listed: &[HookDelivery], leads: Leads, server: Server, page: Option<&str>) -> Check {
    let last = last_attempts(listed);
    let failed: Vec<&&HookDelivery> = last.iter().filter(|delivery| !delivery.succeeded()).collect();
    let mut statuses = BTreeMap::new();
    for delivery in &last {
        *statuses.entry(delivery.status_code.unwrap_or(0)).or_default() += 1;
    }
    let figures = Figures::Deliveries { deliveries: last.len(), failed: failed.len(), statuses };
    let check = match (leads, last.first()) {
        (Leads::Off, _) => Check::skipped(SUBJECT, "the webhook is switched off", "See the check webhook."),
        (Leads::Nowhere, _) => {
            let hint = "`switchboard forward` fetches deliveries, and tells each answer.";
            Check::skipped(SUBJECT, "the webhook leads to nobody on purpose", hint)
        }
        (_, None) => {
            let hint = "Let something happen in a repository; GitHub lists what it sent in the last three days.";
            Check::skipped(SUBJECT, "GitHub lists none", hint)
        }
        (Leads::Somewhere, Some(newest)) => of(newest, &last, failed.len(), server),
    };
    check.at(page.map(str::to_owned)).with(figures)
}

/// Each delivery by its last attempt. One that is still under way is left out.
fn last_attempts(listed: &[HookDelivery]) -> Vec<&HookDelivery> {
    let mut seen = HashSet::new();
    let under_way = |delivery: &&HookDelivery| delivery.status.as_deref() == Some("pending");
    listed.iter().filter(|delivery| !under_way(delivery) && seen.insert(delivery.guid.as_str())).collect()
}

fn of(newest: &HookDelivery, last: &[&HookDelivery], failed: usize, server: Server) -> Check {
    if newest.succeeded() {
        let found = format!("the newest was answered with {}", newest.status_code.unwrap_or(0));
        if failed == 0 {
            return Check::ok(SUBJECT, format!("{found}, as were the {} before it", last.len() - 1));
        }
        let found = format!("{found}, but {failed} of the last {} failed", last.len());
        return Check::warning(
            SUBJECT,
            found,
            "The server asks for what is missing again, at its start and every ten minutes.",
        );
    }
    let in_a_row = last.iter().take_while(|delivery| !delivery.succeeded()).count();
    let said = newest.status.as_deref().unwrap_or("no answer");
    let found = format!("{} failed in a row; the newest: {said}", plural(in_a_row as u64, "delivery", "deliveries"));
    let unreached = newest.status_code.unwrap_or(0) == 0;
    match server {
        Server::NotStarted => {
            // What came before the first start is not asked for again, see `switchboard_engine::gaps`.
            Check::skipped(SUBJECT, found, "Start the server; what GitHub delivers from then on counts.")
        }
        Server::Stopped if unreached => {
            Check::warning(SUBJECT, found, "Start the server: it asks GitHub again for what it could not deliver.")
        }
        Server::Stopped | Server::Runs => Check::error(SUBJECT, found, remedy(newest.status_code.unwrap_or(0))),
    }
}

/// What to do about an answer that is no success.
fn remedy(status: i64) -> String {
    match status {
        0 => "Let GitHub reach the address: its name, the firewall, the proxy, the certificate.".to_owned(),
        300..=399 => "GitHub follows no redirect: let the webhook's address be the final one.".to_owned(),
        401 => Hint::MatchWebhookSecret.to_string(),
        403 => "Let the proxy or firewall in front of the server pass what GitHub sends.".to_owned(),
        404 | 405 => format!("Let the webhook's address end with {PATH}, and the proxy pass it on unchanged."),
        413 => "Let the proxy in front of the server pass bodies of up to 25 MB.".to_owned(),
        415 => Hint::SendWebhooksAsJson.to_string(),
        _ => "Look at the server's log, and at the proxy in front of it.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::doctor::Verdict;

    /// GUIDs with their status, newest first.
    fn list(entries: &[(&str, i64)]) -> Vec<HookDelivery> {
        let one = |(guid, code): &(&str, i64)| {
            let status = if *code == 0 { "failed to connect to host" } else { "Invalid HTTP Response" };
            serde_json::from_value(json!({ "id": 1, "guid": guid, "status": status, "status_code": code })).unwrap()
        };
        entries.iter().map(one).collect()
    }

    fn judged(entries: &[(&str, i64)], server: Server) -> Check {
        deliveries(&list(entries), Leads::Somewhere, server, None)
    }

    #[test]
    fn the_newest_delivery_decides_and_a_redelivery_that_succeeded_counts() {
        let well = judged(&[("a", 202), ("b", 202), ("b", 500)], Server::Runs);
        assert_eq!(well.verdict, Verdict::Ok, "{well:?}");
        let some = judged(&[("a", 202), ("b", 500)], Server::Runs);
        assert_eq!(
            (some.verdict, some.found.as_str()),
            (Verdict::Warning, "the newest was answered with 202, but 1 of the last 2 failed")
        );
        let none = judged(&[("a", 401), ("b", 401), ("c", 202)], Server::Runs);
        assert_eq!(none.verdict, Verdict::Error);
        assert_eq!(none.hint, Some(Hint::MatchWebhookSecret.to_string()));
        let statuses = BTreeMap::from([(202, 1), (401, 2)]);
        assert_eq!(none.figures, Some(Figures::Deliveries { deliveries: 3, failed: 2, statuses }));
    }

    #[test]
    fn a_server_that_does_not_run_cannot_be_reached() {
        let unreached = [("a", 0), ("b", 0)];
        let of = |server| judged(&unreached, server).verdict;
        assert_eq!(
            [Server::NotStarted, Server::Stopped, Server::Runs].map(of),
            [Verdict::Skipped, Verdict::Warning, Verdict::Error]
        );
        assert_eq!(judged(&[("a", 401)], Server::Stopped).verdict, Verdict::Error, "somebody answered");
        assert_eq!(judged(&[], Server::Runs).verdict, Verdict::Skipped);
        assert_eq!(deliveries(&list(&unreached), Leads::Nowhere, Server::Runs, None).verdict, Verdict::Skipped);
    }

    #[test]
    fn every_kind_of_answer_has_its_remedy() {
        let remedies: HashSet<String> = [0, 301, 401, 403, 404, 413, 415, 502].map(remedy).into();
        assert_eq!(remedies.len(), 8);
    }

    #[test]
    fn what_is_under_way_is_left_out() {
        let mut listed = list(&[("a", 0), ("b", 202)]);
        listed[0].status = Some("pending".to_owned());
        assert_eq!(deliveries(&listed, Leads::Somewhere, Server::Runs, None).verdict, Verdict::Ok);
    }
}
