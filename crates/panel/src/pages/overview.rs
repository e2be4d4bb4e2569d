//! `/`: how everything is, on one screen.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;
use switchboard_clock::Timestamp;
use switchboard_store::{Backlog, DeliveryFilter};

use super::tables::{DeliveryTable, letter_actions};
use crate::components::{ActionForm, Chart, Empty, Prose, Sentence, Time, count, duration};
use crate::installed::Left;
use crate::overview::{Budgeted, Look, Problem, Span};
use crate::status::Status;
use crate::{Fault, Shell, links};

/// What one screen has room for.
const DELIVERIES: usize = 6;
const PROBLEMS: usize = 4;
const BUDGETS: usize = 4;

#[derive(Template)]
#[template(path = "pages/overview.html")]
struct OverviewPage {
    health: Sentence,
    status: Option<Status>,
    accepted: String,
    pending: String,
    oldest: Option<String>,
    dead: u64,
    spans: Vec<(&'static str, &'static str, bool)>,
    span: &'static str,
    chart: Chart,
    waiting: Vec<Waiting>,
    automations: Vec<(&'static str, &'static str, Sentence)>,
    budgets: Vec<BudgetRow>,
    budgets_more: usize,
    problems: Vec<ProblemRow>,
    problems_more: u64,
    visitor: bool,
    latest: DeliveryTable,
    teach: Empty,
}

/// How much of one kind of work waits.
struct Waiting {
    kind: String,
    count: String,
}

struct BudgetRow {
    href: String,
    account: String,
    left: Option<Left>,
    reset: Option<Time>,
    held: Option<Time>,
}

struct ProblemRow {
    key: String,
    at: Option<Time>,
    sentence: Sentence,
    hint: Option<Prose>,
    actions: Vec<ActionForm>,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    over: Option<String>,
}

/// `GET /`
pub(crate) async fn page(shell: Shell, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let span = Span::asked(asked.over.as_deref())?;
    let visitor = shell.is_visitor();
    let look = Look::read(shell.core(), span, visitor).await?;
    let mut latest = shell.store().deliveries(DeliveryFilter::All, None, DELIVERIES).await?;
    latest.retain(|delivery| !visitor || super::delivery::is_public_delivery(delivery));
    let (now, dead) = (look.now, look.dead());
    let shown = look.problems.iter().take(PROBLEMS);
    let letters = shown.clone().filter(|problem| problem.letter.is_some()).count() as u64;
    let page = OverviewPage {
        health: look.health.sentence(),
        status: (!visitor).then(|| look.status.clone()),
        accepted: count(look.backlog.accepted_deliveries),
        pending: count(look.backlog.pending_deliveries),
        oldest: look.backlog.oldest_waiting.map(|since| duration(now.since(since))),
        dead,
        spans: Span::ALL.map(|one| (one.as_str(), one.words(), one == span)).to_vec(),
        span: span.words(),
        chart: look.traffic.chart(),
        waiting: waiting(&look.backlog, visitor),
        automations: look.automations.iter().map(|one| (one.label, one.path, one.said.sentence())).collect(),
        budgets_more: look.budgets.len().saturating_sub(BUDGETS),
        budgets: look.budgets.iter().take(BUDGETS).map(|budget| BudgetRow::new(budget, now)).collect(),
        problems: shown.map(|problem| ProblemRow::new(problem, &shell)).collect(),
        problems_more: dead.saturating_sub(letters),
        visitor,
        latest: DeliveryTable::new(&latest, now, true),
        teach: super::deliveries::teach(),
    };
    let topics = ["delivery", "work", "record/engine.gaps", "record/engine.health", "record/engine.installation"];
    shell.with_status(look.status).live(topics).page("Overview", &page).await
}

impl BudgetRow {
    fn new(budget: &Budgeted, now: Timestamp) -> Self {
        let time = |at| Time { at, now };
        Self {
            href: links::installation(budget.id),
            account: budget.account.clone(),
            reset: budget.left.as_ref().map(|left| time(left.reset)),
            left: budget.left.clone(),
            held: budget.held_until.map(time),
        }
    }
}

impl ProblemRow {
    fn new(problem: &Problem, shell: &Shell) -> Self {
        Self {
            key: problem.key.clone(),
            at: problem.at.map(|at| Time { at, now: shell.now() }),
            sentence: problem.said.sentence(),
            hint: problem.hint.clone().map(|hint| Prose(hint.into())),
            actions: problem.letter.iter().flat_map(|letter| letter_actions(letter, shell)).collect(),
        }
    }
}

/// What the engine itself does, sign-ins and replays among it, is not for visitors.
fn waiting(backlog: &Backlog, visitor: bool) -> Vec<Waiting> {
    let shown = |automation: &str| !visitor || automation != switchboard_engine::operations::NAME;
    let kinds = backlog.waiting.iter().filter(|((automation, _), count)| **count > 0 && shown(automation));
    kinds.map(|((_, kind), number)| Waiting { kind: kind.clone(), count: count(*number) }).collect()
}
