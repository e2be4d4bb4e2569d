//! What the local page shows. Each struct fills one template.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode, Uri};
use switchboard_clock::{Clock as _, SystemClock};
use switchboard_github::manifest::ManifestError;
use switchboard_github::permission::Access;
use switchboard_panel::components::{Mark, Notice, Prose, State};
use switchboard_panel::standalone::Standalone;

use super::files::{FileProblem, Written};
use super::manifest::manifest;
use super::plan::{Fields, Plan, PlanProblem, Reach};
use super::site::{CREATED, Site};
use super::stage::{Created, Stage};
use crate::doctor::{Check, Verdict};

/// A page of the set-up.
pub(super) trait Page: Template {
    /// Its title.
    fn title(&self) -> String;
    /// Whether it waits for something.
    fn waits(&self) -> bool {
        false
    }
}

/// Draws pages for one request.
pub(super) struct Drawn<'a>(Standalone<'a>);

impl<'a> Drawn<'a> {
    pub(super) fn new(target: &'a Uri, headers: &'a HeaderMap) -> Self {
        let now = SystemClock.now();
        Self(Standalone { target, headers, now, waits: false, version: env!("CARGO_PKG_VERSION") })
    }

    pub(super) fn page(&self, status: StatusCode, page: &impl Page) -> Response {
        match (Standalone { waits: page.waits(), ..self.0 }).page(&page.title(), page) {
            Ok(mut response) => {
                *response.status_mut() = status;
                response
            }
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        }
    }
}

/// The four steps, and which is the present one, beginning with 1.
#[derive(Template)]
#[template(path = "setup/steps.html")]
struct Steps {
    at: usize,
}

const STEPS: [&str; 4] = ["Plan", "Create on GitHub", "Install", "Check"];

impl askama::filters::HtmlSafe for Steps {}

#[derive(Template)]
#[template(path = "setup/plan.html")]
pub(super) struct PlanPage<'a> {
    steps: Steps,
    place: String,
    fields: &'a Fields,
    problems: &'a [PlanProblem],
    local: bool,
}

impl<'a> PlanPage<'a> {
    pub(super) fn new(site: &Site, fields: &'a Fields, problems: &'a [PlanProblem]) -> Self {
        Self { steps: Steps { at: 1 }, place: site.place.to_string(), fields, problems, local: site.place.is_local() }
    }

    fn problem(&self, field: &str) -> Option<&str> {
        self.problems.iter().find(|problem| problem.field == field).map(|problem| problem.message.as_str())
    }
}

impl Page for PlanPage<'_> {
    fn title(&self) -> String {
        "Set up: plan".to_owned()
    }
}

/// A permission or event with what it is for.
struct Needed {
    name: String,
    access: &'static str,
    reasons: Vec<(&'static str, &'static str)>,
}

#[derive(Template)]
#[template(path = "setup/review.html")]
pub(super) struct ReviewPage {
    steps: Steps,
    place: String,
    plan: Plan,
    webhook: Option<String>,
    permissions: Vec<Needed>,
    events: Vec<Needed>,
    env: String,
    env_kept: bool,
    key: String,
    token: bool,
    notices: Vec<Notice>,
    /// Where the form goes, and the manifest that it carries; none while something stands in the way.
    form: Option<(String, String)>,
    raw: String,
}

impl ReviewPage {
    pub(super) fn new(
        site: &Site,
        plan: &Plan,
        taken: &Result<bool, ManifestError>,
        files: &Result<(), FileProblem>,
    ) -> Self {
        let needs = &site.needs;
        let permission = |(permission, access): (&_, Access)| Needed {
            name: title_case(switchboard_github::permission::Permission::as_str(permission)),
            access: if access == Access::Read { "read" } else { "read and write" },
            reasons: needs.why(permission).map(|reason| (reason.by, reason.why)).collect(),
        };
        let event = |event: &&'static str| Needed {
            name: title_case(event),
            access: "",
            reasons: needs.why_event(event).map(|reason| (reason.by, reason.why)).collect(),
        };
        let manifest = manifest(plan, &site.place, needs, &format!("{}{CREATED}", site.address));
        let mut notices = Vec::new();
        if let Err(problem) = files {
            notices.push(Notice::new(State::Failed, problem.to_string()).hint(problem.hint()));
        }
        match taken {
            Err(error) => notices.push(Notice::new(State::Failed, error.to_string()).hint(error.hint())),
            Ok(true) => notices.push(
                Notice::new(State::Denied, format!("An App called `{}` exists already.", plan.slug()))
                    .hint("Names are unique on the whole of GitHub: go back and choose another."),
            ),
            Ok(false) => {}
        }
        let form = notices.is_empty().then(|| (plan.form_action(&site.place, &site.state), manifest.to_string()));
        Self {
            steps: Steps { at: 2 },
            place: site.place.to_string(),
            webhook: matches!(plan.reach, Reach::Public(_)).then(|| plan.webhook_url()),
            plan: plan.clone(),
            permissions: needs.permissions.iter().map(permission).collect(),
            events: needs.events.iter().map(event).collect(),
            env: site.destination.env.display().to_string(),
            env_kept: site.destination.env.exists(),
            key: site.destination.key.display().to_string(),
            token: site.operator.is_some(),
            notices,
            form,
            raw: format!("{manifest:#}"),
        }
    }
}

/// `workflow_run` as GitHub's pages write it: `Workflow run`.
fn title_case(name: &str) -> String {
    let mut text = name.replace('_', " ");
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

impl Page for ReviewPage {
    fn title(&self) -> String {
        format!("Set up: create {}", self.plan.name)
    }
}

#[derive(Template)]
#[template(path = "setup/failed.html")]
pub(super) struct FailedPage {
    steps: Steps,
    notice: Notice,
    again: Option<String>,
}

impl FailedPage {
    pub(super) fn new(error: &ManifestError, again: Option<String>) -> Self {
        let notice = Notice::new(State::Failed, error.to_string()).hint(error.hint());
        Self { steps: Steps { at: 2 }, notice, again }
    }
}

impl Page for FailedPage {
    fn title(&self) -> String {
        "Set up: the App could not be fetched".to_owned()
    }
}

#[derive(Template)]
#[template(path = "setup/unsaved.html")]
pub(super) struct UnsavedPage {
    steps: Steps,
    name: String,
    notice: Notice,
}

impl UnsavedPage {
    pub(super) fn new(name: &str, (message, hint): &(String, &'static str)) -> Self {
        let notice = Notice::new(State::Failed, message.clone()).hint(*hint);
        Self { steps: Steps { at: 2 }, name: name.to_owned(), notice }
    }
}

impl Page for UnsavedPage {
    fn title(&self) -> String {
        format!("Set up: {} is not written down", self.name)
    }
}

#[derive(Template)]
#[template(path = "setup/progress.html")]
pub(super) struct ProgressPage {
    steps: Steps,
    created: Created,
    env: String,
    key: String,
    token: bool,
    installed: Vec<String>,
    checks: Vec<CheckRow>,
    healthy: bool,
    forward: bool,
    examined: bool,
    waits: bool,
}

impl ProgressPage {
    pub(super) fn new(site: &Site, stage: &Stage) -> Self {
        let created = stage.created().map(|created| Created::clone(created)).unwrap_or_else(|| Created::nothing(site));
        let (installed, report) = match stage {
            Stage::Installed(_, accounts) => (accounts.clone(), None),
            Stage::Examined(_, report) => (Vec::new(), Some(report)),
            _ => (Vec::new(), None),
        };
        let at = if report.is_some() {
            5
        } else if installed.is_empty() {
            3
        } else {
            4
        };
        Self {
            steps: Steps { at },
            env: created.written.env.display().to_string(),
            key: created.written.key.display().to_string(),
            token: site.operator.is_some(),
            forward: created.plan.reach == Reach::ListOnly,
            created,
            installed,
            checks: report.iter().flat_map(|report| report.checks()).map(CheckRow::of).collect(),
            healthy: report.as_ref().is_some_and(|report| report.is_healthy()),
            examined: report.is_some(),
            waits: report.is_none() && site.waits,
        }
    }
}

impl Created {
    /// What is shown of an App that is not there.
    fn nothing(site: &Site) -> Self {
        let written =
            Written { env: site.destination.env.clone(), key: site.destination.key.clone(), changes: Vec::new() };
        let none = String::new;
        let plan = Plan { name: none(), organization: None, reach: Reach::Inactive, public: false };
        Self { name: none(), id: none(), slug: none(), owner: none(), install_url: none(), plan, written }
    }
}

/// What doctor says of one thing.
struct CheckRow {
    mark: Mark,
    name: &'static str,
    about: Option<String>,
    found: Prose,
    hint: Option<Prose>,
    /// A page on GitHub; the documents are not at hand here.
    page: Option<String>,
}

impl CheckRow {
    fn of(check: &Check) -> Self {
        Self {
            mark: mark(check),
            name: check.subject.name,
            about: check.about.clone(),
            found: Prose(check.found.clone().into()),
            hint: check.hint.clone().map(|hint| Prose(hint.into())),
            page: Some(check.link.clone()).filter(|link| link.starts_with("http")),
        }
    }
}

fn mark(check: &Check) -> Mark {
    let state = match check.verdict {
        Verdict::Ok => State::Succeeded,
        Verdict::Warning => State::Denied,
        Verdict::Error => State::Failed,
        Verdict::Skipped => State::Waiting,
    };
    Mark::new(state, check.verdict.word())
}

impl Page for ProgressPage {
    fn title(&self) -> String {
        let what = if self.examined { "done" } else { "install" };
        format!("Set up: {what} {}", self.created.name)
    }

    fn waits(&self) -> bool {
        self.waits
    }
}
