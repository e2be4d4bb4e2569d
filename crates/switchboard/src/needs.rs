//! What the App needs on GitHub, by what is switched on: the one table that `setup` asks for and `doctor` compares with.
//!
//! Permissions are not written down here: they follow from the endpoints that an automation calls.

mod relay;
mod repositories;

use switchboard_dispatcher::config::{Config, IssuePolicy};
use switchboard_github::endpoint::{self, Endpoint};
use switchboard_github::permission::{Access, Permission, Permissions};

use crate::settings::Settings;

pub use repositories::{Named, NeededRepository, repositories};

/// What one part of the server needs on GitHub.
struct Row {
    /// Whose need it is.
    by: &'static str,
    /// Whether it is switched on.
    wanted: fn(&Switches<'_>) -> bool,
    /// What it calls, each with what for.
    calls: &'static [(&'static Endpoint, &'static str)],
    /// The webhook events that it acts on, each with what for.
    events: &'static [(&'static str, &'static str)],
}

/// What is switched on.
struct Switches<'a> {
    dispatcher: &'a Config,
    relay: &'a switchboard_relay::config::Config,
    /// Whether people sign in with GitHub because of where they belong.
    memberships: bool,
}

const TABLE: &[Row] = &[
    Row {
        by: "server",
        wanted: |_| true,
        calls: &[(&endpoint::REPOSITORY, "tell repositories apart by their ids, which survive renames")],
        events: &[],
    },
    Row {
        by: "server",
        wanted: |on| on.memberships,
        calls: &[
            (&endpoint::OWN_MEMBERSHIP, "tell whether who signs in belongs to an organization that may"),
            (&endpoint::TEAM_MEMBERSHIP, "tell whether who signs in belongs to a team that may"),
        ],
        events: &[],
    },
    Row {
        by: "dispatcher",
        wanted: |on| on.dispatcher.enabled,
        calls: &[
            (&endpoint::CONTENTS, "read dispatching.yml, in which both sides consent"),
            (&endpoint::WORKFLOW_RUNS, "find the run that was started"),
            (&endpoint::WORKFLOW_DISPATCH, "start workflows"),
        ],
        events: &[("workflow_run", "hear when a run completes")],
    },
    Row {
        by: "dispatcher",
        wanted: |on| on.dispatcher.enabled && on.dispatcher.issues != IssuePolicy::Off,
        calls: &[
            (&endpoint::ISSUES, "find the issue that it opened before"),
            (&endpoint::CREATE_ISSUE, "tell a repository what failed or was denied; CREATE_ISSUES=false does without"),
            (&endpoint::UPDATE_ISSUE, "bring that issue up to date"),
        ],
        events: &[],
    },
    relay::ROW,
    relay::COMMENTS,
];

/// What an App must at least be allowed to read before GitHub sends it an event. docs.github.com, "Webhook events and payloads".
const HEARD_WITH: &[(&str, Permission)] = &[
    ("check_run", Permission::CHECKS),
    ("check_suite", Permission::CHECKS),
    ("pull_request", Permission::PULL_REQUESTS),
    ("push", Permission::CONTENTS),
    ("workflow_run", Permission::ACTIONS),
];

/// What the App needs on GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    /// What it must be granted.
    pub permissions: Permissions,
    /// What it must subscribe to, beside what GitHub always sends to an App.
    pub events: Vec<&'static str>,
    /// Who needs each of these, and what for.
    pub reasons: Vec<Reason>,
}

/// Why something is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What is needed.
    pub need: Need,
    /// The automation that needs it, or `server`.
    pub by: &'static str,
    /// What for, as "to …".
    pub why: &'static str,
}

/// One thing that an App is granted or subscribes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// A permission.
    Permission(Permission, Access),
    /// An event.
    Event(&'static str),
}

impl Needs {
    /// What is needed for the dispatcher alone.
    #[must_use]
    pub fn of(dispatcher: &Config) -> Self {
        Self::with(&Switches { dispatcher, relay: &switchboard_relay::config::Config::default(), memberships: false })
    }

    /// What is needed for the automations that the settings switch on, whoever may sign in.
    #[must_use]
    pub fn of_automations(settings: &Settings) -> Self {
        let (dispatcher, relay) = (&settings.dispatcher.config, &settings.relay.config);
        Self::with(&Switches { dispatcher, relay, memberships: false })
    }

    /// What is needed for everything that the settings switch on.
    #[must_use]
    pub fn of_settings(settings: &Settings) -> Self {
        // Whoever is listed will sign in once there is an App, which is what `setup` asks this for.
        let memberships = settings.auth.asks_memberships;
        let (dispatcher, relay) = (&settings.dispatcher.config, &settings.relay.config);
        Self::with(&Switches { dispatcher, relay, memberships })
    }

    fn with(on: &Switches<'_>) -> Self {
        let rows: Vec<&Row> = TABLE.iter().filter(|row| (row.wanted)(on)).collect();
        let reasons: Vec<Reason> = rows.iter().flat_map(|row| row.reasons()).collect();
        let (mut permissions, mut events) = (Vec::new(), Vec::new());
        for reason in &reasons {
            match &reason.need {
                Need::Permission(permission, access) => permissions.push((permission.clone(), *access)),
                Need::Event(event) if events.contains(event) => {}
                Need::Event(event) => events.push(event),
            }
        }
        Self { permissions: permissions.into_iter().collect(), events, reasons }
    }

    /// Why a permission is needed, each reason with whose it is.
    pub fn why(&self, permission: &Permission) -> impl Iterator<Item = &Reason> {
        self.reasons
            .iter()
            .filter(move |reason| matches!(&reason.need, Need::Permission(name, _) if name == permission))
    }

    /// Why an event is needed.
    pub fn why_event(&self, event: &str) -> impl Iterator<Item = &Reason> {
        self.reasons.iter().filter(move |reason| matches!(reason.need, Need::Event(name) if name == event))
    }
}

impl Row {
    fn reasons(&self) -> Vec<Reason> {
        let reason = |need, why| Reason { need, by: self.by, why };
        let calls = self.calls.iter().filter_map(|(endpoint, why)| {
            let (permission, access) = endpoint.needs.clone()?;
            Some(reason(Need::Permission(permission, access), *why))
        });
        let granted = |permission: &Permission| {
            self.calls
                .iter()
                .any(|(endpoint, _)| endpoint.needs.as_ref().is_some_and(|(needed, _)| needed == permission))
        };
        let heard = self.events.iter().filter_map(|(event, why)| {
            let (_, permission) = HEARD_WITH.iter().find(|(name, _)| name == event)?;
            (!granted(permission)).then(|| reason(Need::Permission(permission.clone(), Access::Read), *why))
        });
        let events = self.events.iter().map(|(event, why)| reason(Need::Event(event), *why));
        calls.chain(heard).chain(events).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Purpose, Sources};

    #[test]
    fn without_issues_the_permission_for_them_is_not_needed() {
        let config = Config { issues: IssuePolicy::Off, ..Config::default() };
        assert_eq!(Needs::of(&config).permissions.access(&Permission::ISSUES), None);
    }

    #[test]
    fn everything_that_is_needed_says_why() {
        let needs = Needs::of(&Config::default());
        assert!(needs.permissions.iter().all(|(permission, _)| needs.why(permission).next().is_some()));
        assert!(needs.events.iter().all(|event| needs.why_event(event).next().is_some()));
    }

    #[test]
    fn who_belongs_where_is_asked_only_for_organizations_and_teams() {
        let of = |operators: &str| {
            let sources = Sources::default()
                .with_variable("GITHUB_APP_CLIENT_ID", "Iv23li")
                .with_variable("GITHUB_APP_CLIENT_SECRET", "secret")
                .with_variable("SWITCHBOARD_OPERATORS", operators);
            let needs = Needs::of_settings(&Settings::load(&sources, Purpose::Inspect).unwrap());
            needs.permissions.access(&Permission::MEMBERS)
        };
        assert_eq!((of("@mona"), of("@mona, acme/ops")), (None, Some(Access::Read)));
    }

    #[test]
    fn an_app_that_is_yet_to_be_made_asks_for_what_its_people_will_need() {
        let sources = Sources::default().with_variable("SWITCHBOARD_VIEWERS", "acme");
        let needs = Needs::of_settings(&Settings::load(&sources, Purpose::Inspect).unwrap());
        assert_eq!(needs.permissions.access(&Permission::MEMBERS), Some(Access::Read));
    }

    #[test]
    fn what_is_switched_off_needs_nothing() {
        let needs = Needs::of(&Config { enabled: false, ..Config::default() });
        assert_eq!((needs.permissions.to_string().as_str(), needs.events.len()), ("metadata: read", 0));
    }
}
