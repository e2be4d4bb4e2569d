//! Amounts as people read them. Pure.

use std::time::Duration;

/// A duration with at most two units: `3 ms`, `0.2 s`, `4.1 s`, `42 s`, `4 min 12 s`, `3 h 5 min`, `3 d 4 h`.
#[must_use]
pub fn duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    let seconds = duration.as_secs();
    match millis {
        0..100 => format!("{millis} ms"),
        100..10_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        10_000..60_000 => format!("{seconds} s"),
        60_000..3_600_000 => two(seconds / 60, "min", seconds % 60, "s"),
        3_600_000..86_400_000 => two(seconds / 3600, "h", seconds % 3600 / 60, "min"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
    }
}

fn two(large: u64, large_unit: &str, small: u64, small_unit: &str) -> String {
    if small == 0 { format!("{large} {large_unit}") } else { format!("{large} {large_unit} {small} {small_unit}") }
}

/// A size in decimal units, as GitHub gives its limits: `812 B`, `21 KB`, `1.4 MB`.
#[must_use]
pub fn bytes(bytes: u64) -> String {
    let scaled = |unit: u64| {
        let tenths = bytes / (unit / 10);
        if tenths < 100 { format!("{}.{}", tenths / 10, tenths % 10) } else { (bytes / unit).to_string() }
    };
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} KB", scaled(1_000)),
        1_000_000..1_000_000_000 => format!("{} MB", scaled(1_000_000)),
        _ => format!("{} GB", scaled(1_000_000_000)),
    }
}

/// A whole number with its thousands apart: `1,234,567`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with the word that goes with it: `1 delivery`, `2 deliveries`.
#[must_use]
pub fn plural(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_at_most_two_units() {
        for (millis, text) in [
            (0, "0 ms"),
            (3, "3 ms"),
            (249, "0.2 s"),
            (4_190, "4.1 s"),
            (42_999, "42 s"),
            (60_000, "1 min"),
            (252_000, "4 min 12 s"),
            (11_100_000, "3 h 5 min"),
            (86_400_000, "1 d"),
            (273_600_000, "3 d 4 h"),
        ] {
            assert_eq!(duration(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn sizes_and_counts_are_short() {
        for (number, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 KB"),
            (21_400, "21 KB"),
            (1_440_000, "1.4 MB"),
            (25_000_000, "25 MB"),
        ] {
            assert_eq!(bytes(number), text);
        }
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), text);
        }
        assert_eq!((plural(1, "job", "jobs"), plural(2, "job", "jobs")), ("1 job".to_owned(), "2 jobs".to_owned()));
    }
}
