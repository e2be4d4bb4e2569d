//! `/installations`: where the App is installed, what it was granted, and what is left of GitHub's budget there.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use serde::Deserialize;
use switchboard_clock::Timestamp;
use switchboard_engine::installations::{REPOSITORIES, Repositories, Seen, VIEW};
use switchboard_store::traffic::Arrived;
use switchboard_store::{Delivery, DeliveryFilter, Hold, Installation, Key, KeyRange};

use super::tables::{DeliveryTable, event_name};
use crate::components::{Empty, Fields, GitHubLink, Html, Mark, Pager, State, Time, count, plural};
use crate::core::Core;
use crate::insight::Budget;
use crate::installed::{self, Left};
use crate::query::place;
use crate::{Fault, Shell, links};

/// Rows of a page.
const ROWS: usize = 50;
/// Deliveries that the page of one installation shows.
const DELIVERIES: usize = 10;
/// Names of repositories that it shows.
const REPOSITORIES_SHOWN: usize = 30;

#[derive(Template)]
#[template(path = "pages/installations.html")]
struct InstallationsPage {
    rows: Vec<Row>,
    pager: Pager,
    empty: Empty,
}

struct Row {
    id: u64,
    href: String,
    account: String,
    kind: String,
    mark: Mark,
    repositories: String,
    budget: Option<(Left, Time)>,
    arrived: Option<Arrival>,
    seen: Option<Time>,
}

/// What an installation sent last.
struct Arrival {
    event: String,
    href: String,
    at: Time,
}

impl Arrival {
    fn new(arrived: &Arrived, now: Timestamp) -> Self {
        Self {
            event: installed::event(arrived),
            href: links::delivery(arrived.delivery),
            at: Time { at: arrived.at, now },
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    cursor: Option<String>,
}

/// `GET /installations`
pub(crate) async fn list(shell: Shell, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let cursor = place::<u64>(asked.cursor.as_deref())?;
    let range = cursor.map_or_else(KeyRange::all, |cursor| KeyRange::all().past(cursor));
    let mut records = shell.store().records(&VIEW, range.clone(), ROWS + 1).await?;
    let arrived = installed::arrived(shell.store(), range).await?;
    let holds = shell.store().holds().await?;
    let more = records.len() > ROWS;
    records.truncate(ROWS);
    let next = records.last().filter(|_| more).map(|last| last.key.to_string());
    let seen = records.into_iter().filter_map(|record| Seen::deserialize(record.value).ok());
    let page = InstallationsPage {
        rows: seen.map(|seen| Row::new(&seen, &holds, arrived.get(&seen.id), &shell)).collect(),
        pager: Pager::new("/installations", None, cursor, next.as_deref()),
        empty: Empty::new(
            "No installation is known yet.",
            "Every account that installs the App is listed here, with what it granted. Each webhook about an installation asks GitHub anew, and so does every start of the server; `doctor` asks at once:",
        )
        .command("switchboard doctor"),
    };
    shell.live(["record/engine.installation"]).page("Installations", &page).await
}

impl Row {
    fn new(seen: &Seen, holds: &[Hold], arrived: Option<&Arrived>, shell: &Shell) -> Self {
        let now = shell.now();
        let budget = installed::budget(shell.core(), seen.id);
        Self {
            id: seen.id,
            href: links::installation(seen.id),
            account: installed::name(seen),
            kind: seen.kind.clone().unwrap_or_default(),
            mark: installed::mark(seen, installed::held_until(seen.id, holds, budget.as_ref(), now)),
            repositories: match (seen.repository_count, seen.repositories.as_deref()) {
                (Some(number), _) => plural(number, "repository", "repositories"),
                (None, Some(which)) => format!("{which} repositories"),
                (None, None) => String::new(),
            },
            budget: budget
                .as_ref()
                .and_then(|budget| Left::of(budget, now))
                .map(|left| (Time { at: left.reset, now }, left))
                .map(|(reset, left)| (left, reset)),
            arrived: arrived.map(|arrived| Arrival::new(arrived, now)),
            seen: seen.seen_at.map(|at| Time { at, now }),
        }
    }
}

#[derive(Template)]
#[template(path = "pages/installation.html")]
struct InstallationPage {
    name: String,
    mark: Option<Mark>,
    held: Option<Time>,
    story: String,
    github: Option<GitHubLink>,
    fields: Fields,
    budget: Option<Fields>,
    permissions: Vec<Permission>,
    /// Whether anybody knows of budgets and tokens.
    budget_known: bool,
    tokens: Vec<Token>,
    latest: DeliveryTable,
    all: String,
    empty: Empty,
}

/// A token that is kept for further calls.
struct Token {
    scope: String,
    ends: Time,
}

struct Permission {
    name: String,
    needed: String,
    granted: String,
    mark: Mark,
}

/// `GET /installations/{id}`
pub(crate) async fn one(shell: Shell, Path(id): Path<String>) -> Result<Response, Fault> {
    let number: u64 = id.parse().map_err(|_| unknown(&id))?;
    let (store, now) = (shell.store(), shell.now());
    let seen = store.record(&VIEW, &Key::from(number.to_string())).await?;
    let seen = seen.and_then(|seen| Seen::deserialize(seen).ok());
    let covered = store.record(&REPOSITORIES, &Key::from(number.to_string())).await?;
    let covered = covered.and_then(|covered| Repositories::deserialize(covered).ok());
    let holds = store.holds().await?;
    let latest = store.deliveries(DeliveryFilter::Installation(Installation(number)), None, DELIVERIES).await?;
    if seen.is_none() && latest.is_empty() {
        return Err(unknown(&id));
    }
    let budget = installed::budget(shell.core(), number);
    let held = installed::held_until(number, &holds, budget.as_ref(), now);
    let known = seen.clone().unwrap_or_default();
    let page =
        InstallationPage {
            name: known.account.clone().unwrap_or_else(|| format!("Installation {number}")),
            mark: seen.as_ref().map(|seen| installed::mark(seen, held)),
            held: held.map(|at| Time { at, now }),
            story: links::subject(&format!("installation/{number}")),
            github: known.account.as_deref().filter(|_| !shell.github_url().is_empty()).map(|account| {
                GitHubLink::new("on GitHub", format!("{}/{}", shell.github_url(), links::encoded(account)))
            }),
            fields: Fields::default()
                .with("Installation", Html::code(&number.to_string()))
                .with_some("Account", known.kind.as_deref().map(Html::text))
                .with_some("Repositories", repositories(&known, covered.as_ref()))
                .with_some("Last delivery", latest.first().map(last_delivery(now)))
                .with_some("Suspended since", known.suspended_at.as_deref().map(Html::text))
                .with_some("Events", (!known.events.is_empty()).then(|| Html::text(&known.events.join(", "))))
                .with_some("Seen", known.seen_at.map(|at| Html::of(&Time { at, now }))),
            budget: budget.map(|budget| spent(&budget, now)),
            permissions: permissions(&known),
            budget_known: shell.core().insight.budgets.is_some(),
            tokens: tokens(shell.core(), number, now),
            latest: DeliveryTable::new(&latest, now, true),
            all: links::deliveries("installation", &number.to_string()),
            empty: Empty::new("It has sent nothing yet.", "Its deliveries appear here as they arrive."),
        };
    let title = page.name.clone();
    shell.live(["record/engine.installation", "delivery"]).page(&title, &page).await
}

fn last_delivery(now: Timestamp) -> impl Fn(&Delivery) -> Html {
    move |delivery| {
        let event = Html::link(&links::delivery(delivery.id), &event_name(delivery));
        let at = Html::of(&Time { at: delivery.accepted_at, now });
        Html::joined([Some(event), Some(Html::text(", ")), Some(at)])
    }
}

fn spent(budget: &Budget, now: Timestamp) -> Fields {
    let hour = Left::of(budget, now);
    Fields::default()
        .with(
            "Left of GitHub's hour",
            hour.as_ref().map_or_else(|| Html::text("no call yet this hour"), |left| Html::text(&left.text())),
        )
        .with_some("Starts anew", hour.map(|left| Html::of(&Time { at: left.reset, now })))
        .with("Points in the last minute", Html::text(&count(budget.points_minute.into())))
        .with("Content writes in the last hour", Html::text(&count(budget.writes_hour.into())))
        .with("Calls under way", Html::text(&count(budget.in_flight.into())))
}

fn tokens(core: &Core, id: u64, now: Timestamp) -> Vec<Token> {
    let lives = core.insight.budgets.as_ref().map(|budgets| budgets.tokens(Installation(id))).unwrap_or_default();
    lives.into_iter().map(|life| Token { scope: life.scope, ends: Time { at: life.expires_at, now } }).collect()
}

/// How many repositories, and the first of them.
fn repositories(seen: &Seen, covered: Option<&Repositories>) -> Option<Html> {
    let Some(covered) = covered else { return seen.repositories.as_deref().map(Html::text) };
    let shown = covered.names.iter().take(REPOSITORIES_SHOWN);
    let names =
        shown.map(|name| Some(Html::joined([Some(Html::link(&links::subject(name), name)), Some(Html::text(" "))])));
    let rest = covered.count.saturating_sub(covered.names.len().min(REPOSITORIES_SHOWN) as u64);
    let more = (rest > 0).then(|| Html::text(&format!("and {} more", count(rest))));
    let head = Html::text(&format!("{} selected: ", count(covered.count)));
    Some(Html::joined(std::iter::once(Some(head)).chain(names).chain([more])))
}

fn permissions(seen: &Seen) -> Vec<Permission> {
    let names: std::collections::BTreeSet<&String> = seen.needed.keys().chain(seen.granted.keys()).collect();
    names
        .into_iter()
        .map(|name| {
            let (needed, granted) = (seen.needed.get(name), seen.granted.get(name));
            let word = |access: Option<&String>| access.cloned().unwrap_or_else(|| "–".to_owned());
            Permission {
                name: name.clone(),
                mark: match installed::level(granted) >= installed::level(needed) {
                    true => Mark::new(State::Succeeded, "granted"),
                    false => Mark::new(State::Denied, "to be approved"),
                },
                needed: word(needed),
                granted: word(granted),
            }
        })
        .collect()
}

pub(crate) fn unknown(id: &str) -> Fault {
    Fault::not_found(format!("No installation `{}` is known here.", id.replace('`', "'")))
        .hint("GitHub is asked at every webhook about an installation, at every start, and every ten minutes.")
}
