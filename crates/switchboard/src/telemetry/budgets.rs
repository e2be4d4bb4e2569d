//! What is left of GitHub's budgets, by installation, as far as lines reach.

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use switchboard_clock::Timestamp;
use switchboard_github::InstallationId;
use switchboard_github::budget::{BudgetSnapshot, Told};

use super::bounded::{Bounded, OTHER};
use super::labels::InstallationLabels;

/// Installations that have lines of their own.
pub(super) const INSTALLATIONS_MAX: usize = 100;

/// Registers a line for each installation, and one for all beyond the limit: their requests together, and the budget of
/// the one that has the least left.
pub(super) fn register(
    registry: &mut Registry,
    budgets: Vec<(InstallationId, BudgetSnapshot)>,
    named: &Bounded<u64>,
    now: Timestamp,
) {
    let [remaining, limit, reset, in_flight]: [Family<InstallationLabels, Gauge>; 4] = Default::default();
    let mut scarcest: Option<Told> = None;
    let tell = |installation: &InstallationLabels, told: &Told| {
        remaining.get_or_create(installation).set(whole(told.remaining));
        limit.get_or_create(installation).set(whole(told.limit));
        reset.get_or_create(installation).set(whole(told.reset.since(now).as_secs()));
    };
    for (InstallationId(id), budget) in budgets {
        let own = named.admits(&id);
        let labels = InstallationLabels { installation: if own { id.to_string() } else { OTHER.to_owned() } };
        in_flight.get_or_create(&labels).inc_by(budget.in_flight.into());
        match budget.told {
            Some(told) if own => tell(&labels, &told),
            Some(told) if scarcest.is_none_or(|least| is_scarcer(&told, &least)) => scarcest = Some(told),
            _ => {}
        }
    }
    if let Some(told) = &scarcest {
        tell(&InstallationLabels { installation: OTHER.to_owned() }, told);
    }
    registry.register("github_budget_remaining", "Requests that GitHub says are left of the hour", remaining);
    registry.register("github_budget_limit", "Requests that GitHub allows an hour", limit);
    registry.register_with_unit("github_budget_reset", "Until the hour starts anew", Unit::Seconds, reset);
    registry.register("github_requests_in_flight", "Requests to GitHub under way", in_flight);
}

/// Whether a smaller share of it is left.
fn is_scarcer(told: &Told, other: &Told) -> bool {
    u128::from(told.remaining) * u128::from(other.limit) < u128::from(other.remaining) * u128::from(told.limit)
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;

    use super::*;

    #[test]
    fn however_many_installations_there_are_the_lines_are_bounded_and_the_scarcest_is_told() {
        let budget = |n: u64| {
            let told = Told { limit: 5000, remaining: 5000 - n, reset: Timestamp::from_millis(60_000) };
            (InstallationId(n), BudgetSnapshot { in_flight: 1, told: Some(told), ..BudgetSnapshot::default() })
        };
        let named = Bounded::new(INSTALLATIONS_MAX);
        for _ in 0..2 {
            let mut registry = Registry::default();
            register(&mut registry, (1..=1000).map(budget).collect(), &named, Timestamp::from_millis(0));
            let mut text = String::new();
            encode(&mut text, &registry).unwrap();
            let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("github_budget_remaining{")).collect();
            assert_eq!(lines.len(), INSTALLATIONS_MAX + 1);
            assert!(lines.contains(&"github_budget_remaining{installation=\"7\"} 4993"), "{text}");
            assert!(lines.contains(&"github_budget_remaining{installation=\"other\"} 4000"), "{text}");
            assert!(text.contains("\ngithub_requests_in_flight{installation=\"other\"} 900\n"), "{text}");
            assert!(text.contains("\ngithub_budget_reset_seconds{installation=\"7\"} 60\n"), "{text}");
        }
    }
}
