//! How everything is, as the overview and the API tell it: read once, in seven reads of the store however much is stored
//! and however many automations and installations there are.

mod health;
mod problems;
mod traffic;

use serde::Deserialize as _;
use switchboard_clock::Timestamp;
use switchboard_engine::health::{Told, Wellness};
use switchboard_engine::installations::{self, Seen};
use switchboard_engine::readiness::Refusing;
use switchboard_store::{Backlog, Hold, KeyRange, Record, WorkFilter, WorkState};

use crate::Fault;
use crate::components::{Sentence, State};
use crate::core::Core;
use crate::installed::{self, Left};
use crate::status::Status;

pub(crate) use problems::Problem;
pub(crate) use traffic::{Span, Traffic};

/// Installations that are looked at; beyond it, their own page tells.
const INSTALLATIONS: usize = 50;
/// Dead letters that are looked at.
const LETTERS: usize = 5;
/// More automations than there can be.
const AUTOMATIONS: usize = 50;

/// Something said, with its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) state: State,
    pub(crate) words: String,
    pub(crate) href: Option<String>,
}

impl Said {
    fn new(state: State, words: impl Into<String>) -> Self {
        Self { state, words: words.into(), href: None }
    }

    fn to(mut self, href: impl Into<String>) -> Self {
        self.href = Some(href.into());
        self
    }

    pub(crate) fn sentence(&self) -> Sentence {
        let sentence = Sentence::new(self.words.clone()).state(self.state);
        match &self.href {
            Some(href) => sentence.to(href.clone()),
            None => sentence,
        }
    }
}

/// An automation, by its own words.
pub(crate) struct Automated {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) path: &'static str,
    pub(crate) said: Said,
}

/// What is left to an installation.
pub(crate) struct Budgeted {
    pub(crate) id: u64,
    pub(crate) account: String,
    pub(crate) left: Option<Left>,
    pub(crate) held_until: Option<Timestamp>,
}

/// How everything is at one moment.
pub(crate) struct Look {
    pub(crate) now: Timestamp,
    pub(crate) backlog: Backlog,
    pub(crate) health: Said,
    pub(crate) refusing: Option<Refusing>,
    pub(crate) status: Status,
    pub(crate) traffic: Traffic,
    /// Those with the least left first.
    pub(crate) budgets: Vec<Budgeted>,
    pub(crate) automations: Vec<Automated>,
    pub(crate) holds: Vec<Hold>,
    /// What stands in the way first, then what was given up, newest first.
    pub(crate) problems: Vec<Problem>,
}

impl Look {
    /// Reads it. Visitors are not told of installations and of what operators do.
    pub(crate) async fn read(core: &Core, span: Span, visitor: bool) -> Result<Self, Fault> {
        let store = core.store.as_ref();
        let refusing = match &core.insight.readiness {
            Some(readiness) => readiness.refusing().await,
            None => None,
        };
        let now = store.now();
        let backlog = store.backlog().await?;
        let status = Status::read(store).await?;
        let traffic = Traffic::read(store, span, now).await?;
        let mut letters = store.works(WorkFilter::State(WorkState::Dead), None, LETTERS).await?;
        let mut holds = store.holds().await?;
        holds.retain(|hold| hold.until > now);
        let told = store.records(&switchboard_engine::health::VIEW, KeyRange::all(), AUTOMATIONS).await?;
        let mut seen: Vec<Seen> = Vec::new();
        if visitor {
            letters.retain(|work| work.automation != switchboard_engine::operations::NAME);
            holds.clear();
        } else {
            let records = store.records(&installations::VIEW, KeyRange::all(), INSTALLATIONS).await?;
            seen.extend(records.into_iter().filter_map(|record| Seen::deserialize(record.value).ok()));
        }
        let mut budgets: Vec<_> = seen.iter().map(|seen| budgeted(core, seen, &holds, now)).collect();
        budgets.sort_by_key(|budget| budget.left.as_ref().map_or(u64::MAX, |left| left.left * 1_000 / left.of.max(1)));
        Ok(Self {
            health: health::sentence(&backlog, refusing.as_ref(), now),
            problems: problems::list(&status, &holds, &seen, letters),
            automations: core.automations.iter().map(|automation| automated(automation.as_ref(), &told)).collect(),
            now,
            backlog,
            refusing,
            status,
            traffic,
            budgets,
            holds,
        })
    }

    /// Dead letters in all.
    pub(crate) fn dead(&self) -> u64 {
        self.backlog.dead.values().sum()
    }
}

fn budgeted(core: &Core, seen: &Seen, holds: &[Hold], now: Timestamp) -> Budgeted {
    let budget = installed::budget(core, seen.id);
    Budgeted {
        id: seen.id,
        account: installed::name(seen),
        held_until: installed::held_until(seen.id, holds, budget.as_ref(), now),
        left: budget.as_ref().and_then(|budget| Left::of(budget, now)),
    }
}

fn automated(automation: &dyn crate::AutomationPages, told: &[Record]) -> Automated {
    let (nav, name) = (automation.nav(), automation.name());
    let row = told.iter().find(|record| record.key.as_str() == name);
    let said = match row.and_then(|row| Told::deserialize(&row.value).ok()) {
        Some(told) => Said::new(state(told.wellness), told.words),
        None => Said::new(State::Waiting, "Has not said how it is yet."),
    };
    Automated { name, label: nav.label, path: nav.path, said: said.to(nav.path) }
}

const fn state(wellness: Wellness) -> State {
    match wellness {
        Wellness::Quiet => State::Waiting,
        Wellness::Well => State::Succeeded,
        Wellness::Look => State::Denied,
        Wellness::Bad => State::Failed,
    }
}
