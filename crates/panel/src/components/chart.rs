//! Counts over time as bars, drawn on the server from buckets that were counted beforehand. Pure.
//!
//! A bar stands on the axis; what came in may stand above it and what became of that below, so that a day on which all is
//! well looks the same on both sides. The numbers stand in a table that opens below the drawing.

use std::borrow::Cow;

use askama::Template;
use askama::filters::HtmlSafe;

use super::count;

/// The size of the drawing in its own units; it is stretched to its place.
const SLOT: u64 = 12;
const BAR: u64 = 9;
const HEIGHT: u64 = 96;
/// Kept free, because what is small is drawn larger than it is.
const MARGIN: u64 = 6;
/// Something that happened is always visible.
const SMALLEST: u64 = 2;
/// Names below the bars, each where its quarter begins.
const NAMES: usize = 4;

/// A colour with a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// What came in.
    Accent,
    /// What went well.
    Good,
    /// What was refused.
    Warn,
    /// What failed.
    Bad,
    /// What asks for no attention.
    Quiet,
}

impl Tone {
    /// Its name in the stylesheet.
    const fn class(self) -> &'static str {
        match self {
            Self::Accent => "accent",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Quiet => "quiet",
        }
    }
}

/// Where a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// On the axis.
    Above,
    /// Hanging from it.
    Below,
    /// In the table only.
    Table,
}

/// One kind of what is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Series {
    /// What it is called: `failed`.
    pub word: &'static str,
    /// Its colour.
    pub tone: Tone,
    /// Where it is drawn.
    pub side: Side,
}

/// One stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// `12:00`.
    pub name: String,
    /// A number for each series, in their order.
    pub counts: Vec<u64>,
}

/// A piece of a bar.
#[derive(Debug, PartialEq, Eq)]
struct Piece {
    tone: &'static str,
    x: u64,
    y: u64,
    height: u64,
}

/// Bars over time, with a legend and a table.
#[derive(Debug, Template)]
#[template(path = "parts/chart.html")]
pub struct Chart {
    id: &'static str,
    title: Cow<'static, str>,
    /// What the names of the buckets are: `Hour (UTC)`.
    column: String,
    series: Vec<Series>,
    buckets: Vec<Bucket>,
    width: u64,
    axis: u64,
    top: u64,
    pieces: Vec<Piece>,
    names: Vec<String>,
    hovers: Vec<(u64, String)>,
}

impl Chart {
    /// A drawing of these buckets, oldest first. `id` is its own on the page.
    #[must_use]
    pub fn new(
        id: &'static str,
        title: impl Into<Cow<'static, str>>,
        column: String,
        series: &[Series],
        buckets: Vec<Bucket>,
    ) -> Self {
        Self::reaching(id, title, column, series, buckets, 0)
    }

    /// The same, with room for a bar of this height at least: a share of 100 is drawn against the whole.
    #[must_use]
    pub fn reaching(
        id: &'static str,
        title: impl Into<Cow<'static, str>>,
        column: String,
        series: &[Series],
        buckets: Vec<Bucket>,
        least: u64,
    ) -> Self {
        let on = |side| move |bucket: &Bucket| height(series, bucket, side);
        // The axis ends at the highest bar; it is a matter of drawing, and nothing is derived from it.
        let above = buckets.iter().map(on(Side::Above)).max().unwrap_or(0).max(least);
        let below = buckets.iter().map(on(Side::Below)).max().unwrap_or(0);
        let all = (above + below).max(1);
        let room = HEIGHT - 2 * MARGIN;
        let hangs = series.iter().any(|series| series.side == Side::Below);
        let axis = match (hangs, above + below) {
            (false, _) => HEIGHT - 1,
            (true, 0) => HEIGHT / 2,
            (true, _) => MARGIN + above * room / all,
        };
        let mut pieces = Vec::new();
        for (at, bucket) in (0_u64..).zip(&buckets) {
            let x = at * SLOT + (SLOT - BAR) / 2;
            let (mut up, mut down) = (axis, axis);
            for (series, n) in series.iter().zip(&bucket.counts).filter(|(_, n)| **n > 0) {
                let height = (n * room / all).max(SMALLEST);
                let y = match series.side {
                    Side::Above => {
                        up = up.saturating_sub(height);
                        up
                    }
                    Side::Below => {
                        down += height;
                        down - height
                    }
                    Side::Table => continue,
                };
                pieces.push(Piece { tone: series.tone.class(), x, y, height });
            }
        }
        let every = buckets.len().div_ceil(NAMES).max(1);
        let told = |bucket: &Bucket| {
            let counts = series.iter().zip(&bucket.counts).map(|(series, n)| format!("{} {}", count(*n), series.word));
            format!("{}: {}", bucket.name, counts.collect::<Vec<_>>().join(", "))
        };
        Self {
            id,
            title: title.into(),
            column,
            width: buckets.len().max(1) as u64 * SLOT,
            axis,
            top: above.max(below),
            pieces,
            names: buckets.iter().step_by(every).map(|bucket| bucket.name.clone()).collect(),
            hovers: (0_u64..).zip(&buckets).map(|(at, bucket)| (at * SLOT, told(bucket))).collect(),
            series: series.to_vec(),
            buckets,
        }
    }
}

fn height(series: &[Series], bucket: &Bucket, side: Side) -> u64 {
    series.iter().zip(&bucket.counts).filter(|(series, _)| series.side == side).map(|(_, n)| n).sum()
}

impl HtmlSafe for Chart {}

#[cfg(test)]
mod tests {
    use super::*;

    const SERIES: [Series; 4] = [
        Series { word: "accepted", tone: Tone::Accent, side: Side::Above },
        Series { word: "settled", tone: Tone::Good, side: Side::Below },
        Series { word: "failed", tone: Tone::Bad, side: Side::Below },
        Series { word: "again", tone: Tone::Quiet, side: Side::Table },
    ];

    fn chart(counts: &[[u64; 4]]) -> Chart {
        let bucket = |(at, counts): (usize, &[u64; 4])| Bucket { name: format!("{at}:00"), counts: counts.to_vec() };
        Chart::new("c", "Traffic", "Hour".to_owned(), &SERIES, counts.iter().enumerate().map(bucket).collect())
    }

    #[test]
    fn what_came_in_stands_on_the_axis_and_what_became_of_it_hangs_from_it() {
        let chart = chart(&[[100, 90, 1, 7], [0, 0, 0, 0], [50, 60, 0, 9]]);
        assert_eq!(chart.pieces.len(), 5, "nothing is drawn for nothing, nor for the table's");
        for piece in &chart.pieces {
            let up = piece.tone == "accent";
            assert!(if up { piece.y + piece.height <= chart.axis } else { piece.y >= chart.axis }, "{piece:?}");
            assert!(piece.y + piece.height <= HEIGHT && piece.height >= SMALLEST, "{piece:?}");
        }
        assert_eq!(chart.hovers[0].1, "0:00: 100 accepted, 90 settled, 1 failed, 7 again");
    }

    #[test]
    fn a_half_is_drawn_half_as_high_as_the_whole() {
        let share = [Series { word: "% passed", tone: Tone::Good, side: Side::Above }];
        let half = vec![Bucket { name: "Monday".to_owned(), counts: vec![50] }];
        let chart = Chart::reaching("c", "Pass rate", "Day".to_owned(), &share, half, 100);
        assert_eq!(chart.pieces[0].height, (HEIGHT - 2 * MARGIN) / 2);
        assert_eq!(chart.top, 100);
    }

    #[test]
    fn a_drawing_of_nothing_is_an_axis() {
        assert!(chart(&[]).pieces.is_empty());
        let quiet = chart(&[[0; 4]; 24]);
        assert!(quiet.pieces.is_empty() && quiet.names.len() == NAMES);
    }

    #[test]
    fn it_says_in_words_and_in_a_table_what_it_draws() {
        let html = chart(&[[3, 2, 1, 0]]).to_string();
        for told in
            ["role=\"img\"", "<title id=\"c-title\">Traffic</title>", "<desc", "<table", "<th scope=\"row\">0:00"]
        {
            assert!(html.contains(told), "{told}: {html}");
        }
        assert!(!html.contains("style="));
    }
}
