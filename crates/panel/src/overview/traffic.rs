//! What came in and what became of it over the last hours, from the buckets that the store counts.

use std::time::Duration;

use switchboard_clock::Timestamp;
use switchboard_store::traffic::{Count, Width};
use switchboard_store::{Counters, Store};

use crate::Fault;
use crate::components::{Bucket, Chart, Series, Side, Tone, minute_time, week_time, zone};

/// How far back it is looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Span {
    /// Six hours, in buckets of ten minutes.
    SixHours,
    /// A day, in hours.
    #[default]
    Day,
    /// A week, in hours.
    Week,
}

impl Span {
    pub(crate) const ALL: [Self; 3] = [Self::SixHours, Self::Day, Self::Week];

    /// As it stands in an address.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::SixHours => "6h",
            Self::Day => "24h",
            Self::Week => "7d",
        }
    }

    /// In words, behind "the last".
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::SixHours => "6 hours",
            Self::Day => "24 hours",
            Self::Week => "7 days",
        }
    }

    /// What an address asks for; a day if it does not say.
    pub(crate) fn asked(text: Option<&str>) -> Result<Self, Fault> {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(Self::default()) };
        let known = Self::ALL.into_iter().find(|span| span.as_str() == text);
        known.ok_or_else(|| Fault::parameter("`over` is one of `6h`, `24h` and `7d`."))
    }

    pub(crate) const fn width(self) -> Width {
        match self {
            Self::SixHours => Width::TenMinutes,
            Self::Day | Self::Week => Width::Hour,
        }
    }

    const fn buckets(self) -> u32 {
        match self {
            Self::SixHours => 36,
            Self::Day => 24,
            Self::Week => 168,
        }
    }
}

/// The buckets of a span, oldest first, those in which nothing happened among them.
pub(crate) struct Traffic {
    pub(crate) span: Span,
    pub(crate) buckets: Vec<(Timestamp, Counters)>,
}

/// The counts with the words and colours for them.
const SERIES: [(Count, Series); 5] = [
    (Count::Accepted, Series { word: "accepted", tone: Tone::Accent, side: Side::Above }),
    (Count::Settled, Series { word: "settled", tone: Tone::Good, side: Side::Below }),
    (Count::Ignored, Series { word: "ignored", tone: Tone::Quiet, side: Side::Below }),
    (Count::Failed, Series { word: "given up", tone: Tone::Bad, side: Side::Below }),
    (Count::Retried, Series { word: "attempts to be repeated", tone: Tone::Warn, side: Side::Table }),
];

impl Traffic {
    /// Reads them; one read of the store.
    pub(super) async fn read(store: &dyn Store, span: Span, now: Timestamp) -> Result<Self, Fault> {
        let (width, number) = (span.width(), span.buckets());
        let rows = store.counters(&width.view(), width.last(number, now), number as usize).await?;
        let bucket = |back: u32| {
            let at = width.start(now - width.span() * back);
            let row = rows.iter().find(|row| Width::of_key(&row.key) == Some(at));
            (at, row.map(|row| row.counters.clone()).unwrap_or_default())
        };
        Ok(Self { span, buckets: (0..number).rev().map(bucket).collect() })
    }

    /// As a picture.
    pub(crate) fn chart(&self) -> Chart {
        let name = |at| if self.span == Span::Week { week_time(at) } else { minute_time(at) };
        let column = match self.span.width().span() {
            span if span < Duration::from_secs(3_600) => format!("From ({})", zone()),
            _ => format!("Hour ({})", zone()),
        };
        let buckets = self.buckets.iter().map(|(at, counters)| Bucket {
            name: name(*at),
            counts: SERIES.iter().map(|(count, _)| count.of(counters)).collect(),
        });
        let title = format!("What came in and what became of it, over the last {}", self.span.words());
        Chart::new("traffic", title, column, &SERIES.map(|(_, series)| series), buckets.collect())
    }
}
