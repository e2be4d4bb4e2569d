//! Moments: relative where one scans, absolute where one looks closely, and always both.

use askama::Template;
use askama::filters::HtmlSafe;
use switchboard_clock::Timestamp;

use crate::zone::Zone;

/// A moment as seen from `now`, in one unit: `just now`, `4 s ago`, `in 3 min`, `2 d ago`.
#[must_use]
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    if at > now {
        return format!("in {}", one_unit(at.since(now).as_secs().max(1)));
    }
    match now.since(at).as_secs() {
        0 => "just now".to_owned(),
        seconds => format!("{} ago", one_unit(seconds)),
    }
}

fn one_unit(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A moment with its date and the reader's zone: `2026-11-20 12:04:11.204 UTC`, `2026-11-20 13:04:11.204 +01:00
/// Europe/Berlin`.
#[must_use]
pub fn zoned(at: Timestamp) -> String {
    let zone = Zone::current();
    match zone.name() {
        "UTC" => Zone::tells(at, "%Y-%m-%d %H:%M:%S.%3f UTC"),
        name => format!("{} {name}", Zone::tells(at, "%Y-%m-%d %H:%M:%S.%3f %:z")),
    }
}

/// A moment to the minute, with its date and the reader's zone: `2026-11-20 12:04 UTC`.
#[must_use]
pub fn zoned_minute(at: Timestamp) -> String {
    format!("{} {}", Zone::tells(at, "%Y-%m-%d %H:%M"), Zone::current().name())
}

/// The time of day to the millisecond in the reader's zone: `12:04:11.204`.
#[must_use]
pub fn clock_time(at: Timestamp) -> String {
    Zone::tells(at, "%H:%M:%S.%3f")
}

/// The time of day to the minute in the reader's zone: `12:04`.
#[must_use]
pub fn minute_time(at: Timestamp) -> String {
    Zone::tells(at, "%H:%M")
}

/// The day of the week and the time of day in the reader's zone: `Fri 12:00`.
#[must_use]
pub fn week_time(at: Timestamp) -> String {
    Zone::tells(at, "%a %H:%M")
}

/// The day in the reader's zone: `Friday, 20 November 2026`.
#[must_use]
pub fn day(at: Timestamp) -> String {
    Zone::tells(at, "%A, %-d %B %Y")
}

/// The reader's zone: `UTC`, `Europe/Berlin`.
#[must_use]
pub fn zone() -> String {
    Zone::current().name().to_owned()
}

/// A moment, relative to now, with the absolute one on hover. The script keeps it up to date.
#[derive(Debug, Clone, Copy, Template)]
#[template(
    ext = "html",
    source = r#"<time datetime="{{ at.rfc3339() }}" title="{{ self::zoned(*at) }}" data-at="{{ at.millis() }}">{{ self::ago(*at, *now) }}</time>"#
)]
pub struct Time {
    /// The moment.
    pub at: Timestamp,
    /// When the page is drawn.
    pub now: Timestamp,
}

/// How long something has lasted, as `3 d`, with the moment that it began on hover.
#[derive(Debug, Clone, Copy, Template)]
#[template(
    ext = "html",
    source = r#"<time datetime="{{ at.rfc3339() }}" title="{{ self::zoned(*at) }}" data-since="{{ at.millis() }}">{{ self::one_unit(now.since(*at).as_secs()) }}</time>"#
)]
pub struct Since {
    /// When it began.
    pub at: Timestamp,
    /// When the page is drawn.
    pub now: Timestamp,
}

impl HtmlSafe for Time {}
impl HtmlSafe for Since {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_relative_in_one_unit() {
        let now = Timestamp::from_seconds(10_000_000);
        for (seconds, text) in [
            (0, "just now"),
            (4, "4 s ago"),
            (59, "59 s ago"),
            (200, "3 min ago"),
            (7_300, "2 h ago"),
            (300_000, "3 d ago"),
            (-4, "in 4 s"),
            (-3_700, "in 1 h"),
        ] {
            assert_eq!(ago(Timestamp::from_seconds(10_000_000 - seconds), now), text);
        }
    }

    #[test]
    fn the_absolute_moment_is_always_there() {
        let at = Timestamp::from_millis(1_700_000_000_123);
        let html = Time { at, now: at }.to_string();
        assert!(html.contains(r#"datetime="2023-11-14T22:13:20.123Z""#), "{html}");
        assert!(html.contains(r#"title="2023-11-14 22:13:20.123 UTC""#), "{html}");
        assert_eq!(clock_time(at), "22:13:20.123");
    }
}
