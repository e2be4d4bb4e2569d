//! The last 24 hours as bars, drawn from the hours' own counters. Pure.

use switchboard_clock::Timestamp;
use switchboard_panel::components::{Bucket, Chart, Series, Side, Tone, minute_time, zone};
use switchboard_store::Counters;

use super::reading::count_of;

/// The counters of an hour with the words and colours for them: outcomes of targets, and in the table the runs as well.
const SERIES: [(&str, Series); 4] = [
    ("accepted", Series { word: "runs", tone: Tone::Quiet, side: Side::Table }),
    ("succeeded", Series { word: "dispatched", tone: Tone::Good, side: Side::Above }),
    ("denied", Series { word: "denied", tone: Tone::Warn, side: Side::Above }),
    ("failed", Series { word: "failed", tone: Tone::Bad, side: Side::Above }),
];

/// One hour of the chart.
pub(super) fn hour(at: Timestamp, counters: Option<&Counters>) -> Bucket {
    let count = |field| counters.map_or(0, |counters| count_of(counters, field));
    Bucket { name: minute_time(at), counts: SERIES.iter().map(|(field, _)| count(field)).collect() }
}

/// The hours, oldest first.
pub(super) fn chart(hours: Vec<Bucket>) -> Chart {
    let column = format!("Hour ({})", zone());
    Chart::new("hours-chart", "Outcomes by hour", column, &SERIES.map(|(_, series)| series), hours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_says_what_its_counters_say() {
        let counters = [("succeeded".to_owned(), 7), ("failed".to_owned(), 1)].into_iter().collect();
        let hour = hour(Timestamp::from_seconds(3_600), Some(&counters));
        assert_eq!((hour.name.as_str(), hour.counts.as_slice()), ("01:00", [0, 7, 0, 1].as_slice()));
        let html = chart(vec![hour]).to_string();
        assert!(html.contains("01:00: 0 runs, 7 dispatched, 0 denied, 1 failed"), "{html}");
    }
}
