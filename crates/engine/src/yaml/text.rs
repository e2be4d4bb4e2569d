//! From bytes to text: UTF-8 only, and only characters that YAML lets stand in a file.

use super::Diagnostic;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Decodes a file and drops a leading byte order mark.
pub(super) fn decode(bytes: &[u8]) -> Result<&str, Diagnostic> {
    if let Some(encoding) = foreign_encoding(bytes) {
        let message = format!("the file is {encoding}");
        return Err(Diagnostic::error(1, 1, message).with_code("encoding").with_hint("save it as UTF-8"));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let (line, column) = place_after(&String::from_utf8_lossy(&bytes[..error.valid_up_to()]));
        let message = "the file is not valid UTF-8 here";
        Diagnostic::error(line, column, message).with_code("encoding").with_hint("save it as UTF-8")
    })?;
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    match text.char_indices().find(|(_, c)| !is_allowed(*c)) {
        None => Ok(text),
        Some((at, character)) => {
            let (line, column) = place_after(&text[..at]);
            let message = format!("the character U+{:04X} must not stand in a YAML file", u32::from(character));
            Err(Diagnostic::error(line, column, message).with_code("character").with_hint("remove it"))
        }
    }
}

/// UTF-16 and UTF-32 give themselves away by a byte order mark, or by the NUL beside the first ASCII character.
fn foreign_encoding(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] | [1..=0x7f, 0, 0, 0, ..] | [0, 0, 0, 1..=0x7f, ..] => {
            Some("UTF-32")
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [1..=0x7f, 0, 1..=0x7f, 0, ..] | [0, 1..=0x7f, 0, 1..=0x7f, ..] => {
            Some("UTF-16")
        }
        _ => None,
    }
}

/// YAML's printable characters (YAML 1.2.2, chapter 5.1).
fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Line and column (from 1, in characters) of what follows `before`.
fn place_after(before: &str) -> (u32, u32) {
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
    (small(line), small(column))
}

/// Lines and columns as they are kept; no file is long enough to reach the cut.
pub(super) fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
