//! Fingerprints: 64 bits that stand for longer text in an index.
//!
//! They are part of the file format, so they come from BLAKE3 and never change. Where a collision would matter, the
//! query compares the text itself as well; of two lanes with one fingerprint each only waits for the other.

use crate::{Class, Digest};

fn print(parts: &[&str]) -> i64 {
    let mut text = String::with_capacity(parts.iter().map(|part| part.len() + 1).sum());
    for part in parts {
        text.push_str(part);
        // Keeps ("a", "bc") apart from ("ab", "c").
        text.push('\0');
    }
    let Digest([a, b, c, d, e, f, g, h, ..]) = Digest::of(text.as_bytes());
    i64::from_le_bytes([a, b, c, d, e, f, g, h])
}

pub(super) fn of_key(platform: &str, delivery_id: &str) -> i64 {
    print(&[platform, delivery_id])
}

pub(super) fn of_lane(class: Class, automation: &str, lane: &str) -> i64 {
    let class = match class {
        Class::Job => "job",
        Class::Intent => "intent",
    };
    print(&[class, automation, lane])
}
