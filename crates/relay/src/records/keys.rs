//! The keys of the relay's records. Each part is encoded, so that no name can break out of its place.

use switchboard_clock::Timestamp;
use switchboard_github::RepoName;
use switchboard_store::{DeliveryId, Key, Lane};

use super::Kind;
use crate::keys::{inverted, part, repo};

/// `relay.pulse`: when something of this kind last happened.
#[must_use]
pub fn pulse(up: &RepoName, what: &str) -> Key {
    format!("{}/{what}", repo(up)).into()
}

/// `relay.allowlist`, `.daily`.
#[must_use]
pub fn upstream(up: &RepoName) -> Key {
    repo(up).into()
}

/// `relay.level`, `.health`, `.gauge`.
#[must_use]
pub fn entry(up: &RepoName, name: &RepoName) -> Key {
    format!("{}/{}", repo(up), repo(name)).into()
}

/// What the keys of all entries begin with.
#[must_use]
pub fn entries(up: &RepoName) -> String {
    format!("{}/", repo(up))
}

/// `relay.pr`.
#[must_use]
pub fn pull(up: &RepoName, number: u64) -> Key {
    format!("{}/{number}", repo(up)).into()
}

/// `relay.head`: a commit, and the pull request or ref that it was relayed for.
#[must_use]
pub fn head(up: &RepoName, sha: &str, of: &str) -> Key {
    format!("{}{}", heads(up, sha), part(of)).into()
}

/// What the keys of all dispatches of a commit begin with.
#[must_use]
pub fn heads(up: &RepoName, sha: &str) -> String {
    format!("{}/{}/", repo(up), part(sha))
}

/// `relay.dispatch`, `.body`.
#[must_use]
pub fn dispatch(delivery_id: &str) -> Key {
    part(delivery_id).into_owned().into()
}

/// `relay.inbox`: in the order of acceptance.
#[must_use]
pub fn inbox(name: &RepoName, seq: DeliveryId) -> Key {
    format!("{}/{}", repo(name), seq).into()
}

/// `relay.target`.
#[must_use]
pub fn target(delivery_id: &str, name: &RepoName) -> Key {
    format!("{}{}", targets(delivery_id), repo(name)).into()
}

/// What the keys of a dispatch's targets begin with.
#[must_use]
pub fn targets(delivery_id: &str) -> String {
    format!("{}/", part(delivery_id))
}

/// What the keys of a target's results begin with.
#[must_use]
pub fn results(delivery_id: &str, name: &RepoName) -> String {
    format!("{}/{}/", part(delivery_id), repo(name))
}

/// What the keys of all runs and attempts of one result begin with.
#[must_use]
pub fn result_runs(delivery_id: &str, name: &RepoName, workflow: &str, result: &str) -> String {
    format!("{}{}/{}/", results(delivery_id, name), part(workflow), part(result))
}

/// `relay.result`.
#[must_use]
pub fn result(delivery_id: &str, name: &RepoName, workflow: &str, result: &str, run: &str, attempt: u32) -> Key {
    format!("{}{}/{attempt:04}", result_runs(delivery_id, name, workflow, result), part(run)).into()
}

/// `relay.run`.
#[must_use]
pub fn run(name: &RepoName, run: &str) -> Key {
    format!("{}/{}", repo(name), part(run)).into()
}

/// `relay.bound` of a run: for which dispatch or nightly commit it speaks.
#[must_use]
pub fn bound_run(name: &RepoName, run: &str) -> Key {
    format!("run/{}/{}", repo(name), part(run)).into()
}

/// `relay.bound` of a token: for which result it speaks. The hour in which it ends stands first, so that all that have ended can be
/// found.
#[must_use]
pub fn bound_token(expires_at: Timestamp, token: &str) -> Key {
    format!("jti/{}/{}", hour(expires_at), part(token)).into()
}

/// The first key past all tokens that ended before the hour of `at`.
#[must_use]
pub fn bound_tokens_before(at: Timestamp) -> String {
    format!("jti/{}/", hour(at))
}

/// `relay.check`.
#[must_use]
pub fn check(sha: &str, name: &str) -> Key {
    format!("{}/{}", part(sha), part(name)).into()
}

/// What the keys of a commit's check runs begin with.
#[must_use]
pub fn checks(sha: &str) -> String {
    format!("{}/", part(sha))
}

/// `relay.row`, `.row.bad`.
#[must_use]
pub fn row(up: &RepoName, kind: Kind, seq: DeliveryId) -> Key {
    format!("{}{}", rows(up, kind), inverted(seq)).into()
}

/// What the keys of the rows of one tab begin with.
#[must_use]
pub fn rows(up: &RepoName, kind: Kind) -> String {
    format!("{}/{}/", repo(up), kind.as_str())
}

/// `relay.probe`: one row a head, the newest first.
#[must_use]
pub fn probe(up: &RepoName, seq: DeliveryId) -> Key {
    format!("{}{}", probes(up), inverted(seq)).into()
}

/// What the keys of all of the probe's heads begin with.
#[must_use]
pub fn probes(up: &RepoName) -> String {
    format!("{}/", repo(up))
}

/// `relay.row.repo`.
#[must_use]
pub fn row_of(name: &RepoName, up: &RepoName, kind: Kind, seq: DeliveryId) -> Key {
    format!("{}{}", rows_of(name, up, kind), inverted(seq)).into()
}

/// What the keys of an entry's rows of one tab begin with.
#[must_use]
pub fn rows_of(name: &RepoName, up: &RepoName, kind: Kind) -> String {
    format!("{}/{}", repo(name), rows(up, kind))
}

/// `relay.col`.
#[must_use]
pub fn column(up: &RepoName, name: &RepoName, workflow: &str, result: &str) -> Key {
    format!("{}{}/{}", columns(up, name), part(workflow), part(result)).into()
}

/// What the keys of an entry's columns begin with.
#[must_use]
pub fn columns(up: &RepoName, name: &RepoName) -> String {
    format!("{}/{}/", repo(up), repo(name))
}

/// A repository as a part of a lane; empty for none.
pub(crate) fn repo_of(name: Option<&RepoName>) -> String {
    name.map(repo).unwrap_or_default()
}

/// `relay.identity`.
#[must_use]
pub fn identity(name: &RepoName) -> Key {
    repo(name).into()
}

/// `relay.nightly`.
#[must_use]
pub fn nightly(up: &RepoName, sha: &str) -> Key {
    format!("{}/{}", repo(up), part(sha)).into()
}

/// `relay.open`: an entry's open results by deadline.
#[must_use]
pub fn open(name: &RepoName, deadline: Timestamp, result: &Key) -> Key {
    format!("{}/{:013}/{result}", repo(name), deadline.millis().max(0)).into()
}

/// `relay.failed`.
#[must_use]
pub fn failed(name: &RepoName, seq: DeliveryId) -> Key {
    format!("{}/{}", repo(name), inverted(seq)).into()
}

/// `relay.count.day`, `.day`; `None` stands for all entries.
#[must_use]
pub fn day(up: &RepoName, name: Option<&RepoName>, kind: Kind, at: Timestamp) -> Key {
    format!("{}{}", days(up, name, kind), at.format("%Y-%m-%d")).into()
}

/// `relay.count.hour`.
#[must_use]
pub fn hour_of(up: &RepoName, name: Option<&RepoName>, kind: Kind, at: Timestamp) -> Key {
    format!("{}{}", days(up, name, kind), hour(at)).into()
}

/// What the keys of an entry's days begin with.
#[must_use]
pub fn days(up: &RepoName, name: Option<&RepoName>, kind: Kind) -> String {
    format!("{}/{}/{}/", repo(up), any(name), kind.as_str())
}

/// `relay.summary`.
#[must_use]
pub fn summary(up: &RepoName, name: Option<&RepoName>, kind: Kind, window: u32) -> Key {
    format!("{}{window}", days(up, name, kind)).into()
}

/// `relay.board`.
#[must_use]
pub fn board(up: &RepoName, kind: Kind, window: u32) -> Key {
    format!("{}/{}/{window}", repo(up), kind.as_str()).into()
}

/// `relay.gauge`; `None` stands for all entries.
#[must_use]
pub fn gauge(up: &RepoName, name: Option<&RepoName>) -> Key {
    format!("{}/{}", repo(up), any(name)).into()
}

fn any(name: Option<&RepoName>) -> String {
    name.map_or_else(|| "*".to_owned(), repo)
}

fn hour(at: Timestamp) -> String {
    at.format("%Y-%m-%dT%H")
}

/// The lane of a pull request: its events and the reports on them run one at a time.
#[must_use]
pub fn pull_lane(up: &RepoName, number: u64) -> Lane {
    format!("{}#{number}", up.key()).into()
}

/// The lane of a ref's pushes.
#[must_use]
pub fn push_lane(up: &RepoName, full_ref: &str) -> Lane {
    format!("{}@{full_ref}", up.key()).into()
}

/// The lane of all nightly reports.
#[must_use]
pub fn nightly_lane(up: &RepoName) -> Lane {
    format!("{}@nightly", up.key()).into()
}

/// The lane of re-requests.
#[must_use]
pub fn checks_lane(up: &RepoName) -> Lane {
    format!("{}@checks", up.key()).into()
}

/// The lane in which runs of an entry are found to have ended.
#[must_use]
pub fn runs_lane(name: &RepoName) -> Lane {
    format!("{}@runs", name.key()).into()
}

/// The lane that alone writes the allowlist.
pub const ALLOWLIST_LANE: Lane = Lane::of("relay:allowlist");

/// The key of the intent that sends a dispatch to a target. A resend is another generation.
#[must_use]
pub fn dispatch_intent(delivery_id: &str, name: &RepoName, generation: u32) -> String {
    format!("relay.dispatch:{delivery_id}:{}:{generation}", name.key())
}

/// The key of the intent that writes a check run.
#[must_use]
pub fn check_intent(sha: &str, name: &str) -> String {
    format!("relay.check:{sha}:{name}")
}

/// The key of the intent that runs something again.
#[must_use]
pub fn rerun_intent(name: &RepoName, run: &str, attempt: u32, kind: &str) -> String {
    format!("relay.rerun:{}:{run}:{attempt}:{kind}", name.key())
}

/// The key of the intent that comments for an entry's oncalls.
#[must_use]
pub fn oncall_intent(up: &RepoName, number: u64, name: &RepoName) -> String {
    format!("relay.oncall:{}#{number}:{}", up.key(), name.key())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_the_contracts() {
        let (up, name): (RepoName, RepoName) = ("Org/Up".parse().unwrap(), "Acme/Backend".parse().unwrap());
        let at = Timestamp::parse("2026-01-05T12:34:56Z").unwrap();
        let seq = DeliveryId("0195f4a0-4c1e-7d00-8000-0242ac120002".parse().unwrap());
        let table = [
            (pull(&up, 7), "org%2Fup/7"),
            (target("d-1", &name), "d-1/acme%2Fbackend"),
            (result("d-1", &name, "CI", "build (gpu)", "5", 2), "d-1/acme%2Fbackend/CI/build%20%28gpu%29/5/0002"),
            (row(&up, Kind::PullRequest, seq), "org%2Fup/pr/fe6a0b5fb3e182ff7ffffdbd53edfffd"),
            (day(&up, None, Kind::Push, at), "org%2Fup/*/push/2026-01-05"),
            (hour_of(&up, Some(&name), Kind::Nightly, at), "org%2Fup/acme%2Fbackend/nightly/2026-01-05T12"),
            (bound_token(at, "a/b"), "jti/2026-01-05T12/a%2Fb"),
            (check("abc", "crcr/gate"), "abc/crcr%2Fgate"),
        ];
        for (key, expected) in table {
            assert_eq!(key.as_str(), expected);
        }
        assert_eq!(pull_lane(&up, 7).as_str(), "org/up#7");
        assert_eq!(dispatch_intent("d-1", &name, 0), "relay.dispatch:d-1:acme/backend:0");
    }
}
