//! `/deliveries`: what arrived, newest first, by one filter at a time.

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use switchboard_store::DeliveryState;

use super::delivery;
use super::tables::DeliveryTable;
use crate::components::{Empty, Mark, Pager};
use crate::query::{Chosen, DeliveryQuery};
use crate::{Fault, Shell, links};

/// Rows of a page.
const ROWS: usize = 50;

#[derive(Template)]
#[template(path = "pages/deliveries.html")]
struct DeliveriesPage {
    chosen: Option<Chosen>,
    states: Vec<StateTab>,
    table: DeliveryTable,
    pager: Pager,
    first: bool,
    empty: Empty,
}

struct StateTab {
    href: String,
    mark: Mark,
    current: bool,
}

/// `GET /deliveries`
pub(crate) async fn page(shell: Shell, Query(query): Query<DeliveryQuery>) -> Result<Response, Fault> {
    // The form without a script sends which filter and its value apart; the address that people share has them together.
    if let Some((by, value)) = query.by_form() {
        return Ok(
            Redirect::to(&by.map_or("/deliveries".to_owned(), |by| links::deliveries(by, value))).into_response()
        );
    }
    let (filter, chosen) = query.filter()?;
    let before = query.cursor()?;
    let mut rows = shell.store().deliveries(filter, before, ROWS + 1).await?;
    let next = if rows.len() > ROWS {
        rows.truncate(ROWS);
        rows.last().map(|last| last.id.to_string())
    } else {
        None
    };
    rows.retain(|delivery| !shell.is_visitor() || delivery::is_public_delivery(delivery));
    let parameter = chosen.as_ref().map(|chosen| (chosen.name, chosen.value.as_str()));
    let states = [DeliveryState::Pending, DeliveryState::Settled, DeliveryState::Dead, DeliveryState::Ignored];
    let page = DeliveriesPage {
        pager: Pager::new("/deliveries", parameter, query.cursor.as_deref(), next.as_deref()),
        states: states
            .into_iter()
            .map(|state| StateTab {
                href: links::deliveries("state", state.as_str()),
                mark: state.into(),
                current: parameter == Some(("state", state.as_str())),
            })
            .collect(),
        table: DeliveryTable::new(&rows, shell.now(), false),
        first: before.is_none(),
        empty: match &chosen {
            Some(chosen) if chosen.value == "dead" => Empty::new(
                "No delivery is stuck.",
                "A delivery is dead when a job that decides about it ran out of attempts. Dead intents, which carry decisions out, are listed under Jobs.",
            ),
            Some(_) => Empty::new(
                "No delivery matches this filter.",
                "Deliveries appear here as they arrive, and leave when their retention has passed.",
            ),
            None => teach(),
        },
        chosen,
    };
    // What is new is on the first page alone.
    let shell = if page.first { shell.live(["delivery"]) } else { shell };
    shell.page("Deliveries", &page).await
}

/// What stands where no delivery is yet.
pub(super) fn teach() -> Empty {
    Empty::new(
        "Every webhook that GitHub sends will be listed here, with what was decided about it and what was done.",
        "Point your App's webhook at `/webhooks/github` and install it on a repository. To see it all at work without one, run the demo:",
    )
    .command("switchboard demo")
}
