//! `/installations`: where the App is installed, what it was granted, and what is left of GitHub's budget there.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use serde::Deserialize;
use switchboard_clock::Timestamp;
use switchboard_engine::installations::{Seen, VIEW};
use switchboard_store::{DeliveryFilter, Hold, Installation, Key, KeyRange};

use super::tables::DeliveryTable;
use crate::components::{Empty, Fields, GitHubLink, Html, Mark, Pager, State, Time, count};
use crate::insight::Budget;
use crate::installed::{self, Left};
use crate::{Fault, Shell, links};

/// Rows of a page.
const ROWS: usize = 50;
/// Deliveries that the page of one installation shows.
const DELIVERIES: usize = 10;

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
    seen: Option<Time>,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    cursor: Option<String>,
}

/// `GET /installations`
pub(crate) async fn list(shell: Shell, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let cursor = asked.cursor.filter(|cursor| !cursor.is_empty());
    let range = cursor.iter().fold(KeyRange::all(), |range, cursor| range.past(cursor));
    let mut records = shell.store().records(&VIEW, range, ROWS + 1).await?;
    let holds = shell.store().holds().await?;
    let more = records.len() > ROWS;
    records.truncate(ROWS);
    let next = records.last().filter(|_| more).map(|last| last.key.to_string());
    let seen = records.into_iter().filter_map(|record| Seen::deserialize(record.value).ok());
    let page = InstallationsPage {
        rows: seen.map(|seen| Row::new(&seen, &holds, &shell)).collect(),
        pager: Pager::new("/installations", None, cursor.as_deref(), next.as_deref()),
        empty: Empty::new(
            "No installation is known yet.",
            "Every account that installs the App is listed here, with what it granted. Each webhook about an installation asks GitHub anew, and so does every start of the server; `doctor` asks at once:",
        )
        .command("switchboard doctor"),
    };
    shell.live(["record/engine.installation"]).page("Installations", &page).await
}

impl Row {
    fn new(seen: &Seen, holds: &[Hold], shell: &Shell) -> Self {
        let now = shell.now();
        let budget = installed::budget(shell.core(), seen.id);
        Self {
            id: seen.id,
            href: links::installation(seen.id),
            account: installed::name(seen),
            kind: seen.kind.clone().unwrap_or_default(),
            mark: installed::mark(seen, installed::held_until(seen.id, holds, budget.as_ref(), now)),
            repositories: seen.repositories.clone().unwrap_or_default(),
            budget: budget
                .as_ref()
                .and_then(|budget| Left::of(budget, now))
                .map(|left| (Time { at: left.reset, now }, left))
                .map(|(reset, left)| (left, reset)),
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
    latest: DeliveryTable,
    all: String,
    empty: Empty,
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
                .with_some("Repositories", known.repositories.as_deref().map(Html::text))
                .with_some("Suspended since", known.suspended_at.as_deref().map(Html::text))
                .with_some("Events", (!known.events.is_empty()).then(|| Html::text(&known.events.join(", "))))
                .with_some("Seen", known.seen_at.map(|at| Html::of(&Time { at, now }))),
            budget: budget.map(|budget| spent(&budget, now)),
            permissions: permissions(&known),
            latest: DeliveryTable::new(&latest, now, true),
            all: links::deliveries("installation", &number.to_string()),
            empty: Empty::new("It has sent nothing yet.", "Its deliveries appear here as they arrive."),
        };
    let title = page.name.clone();
    shell.live(["record/engine.installation", "delivery"]).page(&title, &page).await
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
