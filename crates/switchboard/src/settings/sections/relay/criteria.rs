use switchboard_relay::config::P50_EDGES;

use super::Section;
use crate::settings::setting::{Form, Setting};
use crate::settings::value::Refusal;

const NAME: &str = "relay.criteria";
const DAYS: Form = Form::Integer { min: 0, max: 365, unit: "days" };
const PERCENT: Form = Form::Integer { min: 0, max: 100, unit: "percent" };

/// The section's limits are those of [`Criteria`](switchboard_relay::config::Criteria), which a test holds them to.
pub(in crate::settings::sections) const SECTION: Section = Section {
    name: NAME,
    about: "What an entry must show for L3 over 14 days, and to stay there over 7.",
    settings: &[
        Setting::new(NAME, "min_days", DAYS, |draft, value| value.put(&mut draft.relay.config.criteria.min_days))
            .default("30")
            .about("Days on L2, at least."),
        Setting::new(NAME, "data_days", DAYS, |draft, value| value.put(&mut draft.relay.config.criteria.data_days))
            .default("14")
            .about("Days since the first result, at least."),
        Setting::new(
            NAME,
            "queue_minutes",
            Form::Integer { min: 1, max: 10_080, unit: "minutes" },
            |draft, value| value.put(&mut draft.relay.config.criteria.queue_minutes),
        )
        .default("30")
        .about("Average time from sending to the first report: below."),
        Setting::new(NAME, "long_percent", PERCENT, |draft, value| {
            value.put(&mut draft.relay.config.criteria.long_percent)
        })
        .default("1")
        .about("Share of runs that take `p50_minutes` or more: below."),
        Setting::new(NAME, "p50_minutes", Form::Integer { min: 1, max: 360, unit: "minutes" }, |draft, value| {
            let minutes = &mut draft.relay.config.criteria.p50_minutes;
            value.put(minutes)?;
            if P50_EDGES.contains(minutes) {
                return Ok(());
            }
            let edges = P50_EDGES.map(|edge| edge.to_string()).join(", ");
            Err(Refusal::new(format!("{minutes} is not where a bucket ends")).hint(format!("write one of {edges}")))
        })
        .default("180")
        .about("Median from sending to a run's last report: below. One of 1, 5, 10, 15, 20, 30, 45, 60, 90, 120, 150, 180, 240, 360."),
        Setting::new(NAME, "timeout_percent", PERCENT, |draft, value| {
            value.put(&mut draft.relay.config.criteria.timeout_percent)
        })
        .default("1")
        .about("Share of results that time out: below."),
        Setting::new(NAME, "pass_percent", PERCENT, |draft, value| {
            value.put(&mut draft.relay.config.criteria.pass_percent)
        })
        .default("90")
        .about("Share of results that pass: above."),
        Setting::new(
            NAME,
            "min_results",
            Form::Integer { min: 1, max: 1_000_000, unit: "results" },
            |draft, value| value.put(&mut draft.relay.config.criteria.min_results),
        )
        .default("20")
        .about("Counted results without which nothing is judged."),
    ],
};
