//! Charts drawn on the server: bars stacked by outcome, and a line. Pure; positions are whole numbers.

use askama::Template;
use askama::filters::HtmlSafe;

/// The drawing's height and a bar's width with its gap, in its own units.
const HEIGHT: u64 = 96;
const FLOOR: u64 = HEIGHT - 1;
const STEP: u64 = 12;
const BAR: u64 = 9;

/// Bars, one for each stretch of time, each of parts in this order from the floor up.
#[derive(Template)]
#[template(path = "relay/chart.html")]
pub(super) struct Chart {
    label: String,
    width: u64,
    height: u64,
    floor: u64,
    step: u64,
    bar: u64,
    top: u64,
    pieces: Vec<(&'static str, u64, u64, u64)>,
    hovers: Vec<(u64, String)>,
    ends: (String, String),
}

impl HtmlSafe for Chart {}

/// One bar: when, and what it is made of.
pub(super) struct Bar {
    /// When.
    pub(super) name: String,
    /// Parts with their class and word.
    pub(super) parts: Vec<(&'static str, &'static str, u64)>,
}

impl Chart {
    /// Draws bars, the oldest first.
    pub(super) fn new(label: &str, bars: &[Bar]) -> Self {
        let sum = |bar: &Bar| bar.parts.iter().map(|(_, _, amount)| amount).sum::<u64>();
        let top = bars.iter().map(sum).max().unwrap_or_default();
        let mut pieces = Vec::new();
        let mut hovers = Vec::new();
        for (at, bar) in bars.iter().enumerate() {
            let x = at as u64 * STEP;
            let mut below = 0;
            for (class, _, amount) in &bar.parts {
                let to = |amount: u64| amount * FLOOR / top.max(1);
                let (from, until) = (to(below), to(below + amount));
                below += amount;
                if until > from {
                    pieces.push((*class, x, FLOOR - until, until - from));
                }
            }
            let parts = bar.parts.iter().map(|(_, word, amount)| format!("{amount} {word}")).collect::<Vec<_>>();
            hovers.push((x, format!("{}: {}", bar.name, parts.join(", "))));
        }
        let name = |bar: Option<&Bar>| bar.map_or_else(String::new, |bar| bar.name.clone());
        Self {
            label: label.to_owned(),
            width: (bars.len() as u64 * STEP).max(STEP),
            height: HEIGHT,
            floor: FLOOR,
            step: STEP,
            bar: BAR,
            top,
            pieces,
            hovers,
            ends: (name(bars.first()), name(bars.last())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stand_on_each_other_and_the_highest_bar_fills_the_drawing() {
        let bar =
            |pass, fail| Bar { name: "day".to_owned(), parts: vec![("good", "passed", pass), ("bad", "failed", fail)] };
        let chart = Chart::new("x", &[bar(3, 1), bar(0, 0)]);
        assert_eq!(chart.top, 4);
        let [(_, _, lower_y, lower), (_, _, upper_y, upper)] = chart.pieces[..] else { panic!("two pieces") };
        assert_eq!((upper_y, upper_y + upper, lower_y + lower), (0, lower_y, FLOOR));
    }
}
