//! The last 24 hours as bars, drawn from the hours' own counters. Pure.

use askama::Template;
use switchboard_clock::Timestamp;
use switchboard_store::Counters;

use super::reading::count_of;

/// The size of the drawing, in its own units.
const WIDTH: u64 = 720;
const HEIGHT: u64 = 96;
/// Where the bars stand.
const FLOOR: u64 = 95;
const BAR: u64 = 20;
const HOURS: u64 = 24;
/// Hours between two that are named below the bars.
const NAMED_EVERY: usize = 6;

/// One hour of the chart and of the table below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hour {
    /// `12:00`.
    pub(super) name: String,
    /// Runs that were taken in.
    pub(super) accepted: u64,
    /// Targets that were denied.
    pub(super) denied: u64,
    /// Dispatches that succeeded.
    pub(super) succeeded: u64,
    /// Dispatches that failed.
    pub(super) failed: u64,
}

impl Hour {
    pub(super) fn new(at: Timestamp, counters: Option<&Counters>) -> Self {
        let count = |field| counters.map_or(0, |counters| count_of(counters, field));
        Self {
            name: at.format("%H:00"),
            accepted: count("accepted"),
            denied: count("denied"),
            succeeded: count("succeeded"),
            failed: count("failed"),
        }
    }

    fn height(&self) -> u64 {
        self.denied + self.succeeded + self.failed
    }
}

/// A piece of a bar.
struct Piece {
    class: &'static str,
    x: u64,
    y: u64,
    height: u64,
}

/// The bars: outcomes of each hour, succeeded below, denied and failed on top.
#[derive(Template)]
#[template(path = "parts/chart.html")]
pub(super) struct Chart {
    width: u64,
    height: u64,
    floor: u64,
    bar: u64,
    top: u64,
    pieces: Vec<Piece>,
    names: Vec<String>,
    hovers: Vec<(u64, String)>,
}

impl Chart {
    /// Oldest hour first.
    pub(super) fn new(hours: &[Hour]) -> Self {
        // The axis ends at the highest bar; it is a matter of drawing, and nothing is derived from it.
        let top = hours.iter().map(Hour::height).max().unwrap_or(0).max(1);
        let room = FLOOR - 8;
        let mut chart = Self {
            width: WIDTH,
            height: HEIGHT,
            floor: FLOOR,
            bar: BAR,
            top,
            pieces: Vec::new(),
            names: Vec::new(),
            hovers: Vec::new(),
        };
        for (index, hour) in hours.iter().enumerate() {
            let x = index as u64 * (WIDTH / HOURS) + (WIDTH / HOURS - BAR) / 2;
            let mut y = FLOOR;
            for (class, n) in [("succeeded", hour.succeeded), ("denied", hour.denied), ("failed", hour.failed)] {
                // Something that happened is always visible.
                let height = if n == 0 { 0 } else { (n * room / top).max(2) };
                if height > 0 {
                    y = y.saturating_sub(height);
                    chart.pieces.push(Piece { class, x, y, height });
                }
            }
            if index % NAMED_EVERY == 0 || index + 1 == hours.len() {
                chart.names.push(hour.name.clone());
            }
            let text =
                format!("{}: {} succeeded, {} denied, {} failed", hour.name, hour.succeeded, hour.denied, hour.failed);
            chart.hovers.push((index as u64 * (WIDTH / HOURS), text));
        }
        chart
    }
}

impl askama::filters::HtmlSafe for Chart {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_on_the_floor_and_stay_below_the_top() {
        let counters = |pairs: &[(&str, i64)]| pairs.iter().map(|(k, n)| ((*k).to_owned(), *n)).collect::<Counters>();
        let hours: Vec<Hour> = (0..24)
            .map(|n| {
                Hour::new(Timestamp::from_seconds(n * 3600), Some(&counters(&[("succeeded", n * 100), ("failed", 1)])))
            })
            .collect();
        let chart = Chart::new(&hours);
        assert!(chart.pieces.iter().all(|piece| piece.height >= 2 && piece.y + piece.height <= FLOOR));
        assert_eq!(chart.names, ["00:00", "06:00", "12:00", "18:00", "23:00"]);
        assert!(Chart::new(&[]).pieces.is_empty());
    }
}
