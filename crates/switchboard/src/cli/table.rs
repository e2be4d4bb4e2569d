//! Rows of text under each other, for people.

use serde_json::Value;

/// The rows with their columns aligned; the last column keeps its own width.
pub(super) fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// A JSON value as a cell: texts bare, nothing as a dash.
pub(super) fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A time without its fraction of a second, which no list needs.
pub(super) fn time(value: &Value) -> String {
    let text = cell(value);
    match text.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        assert_eq!(aligned(&[row(&["a", "bcd", "e"]), row(&["äöü", "f"])]), "a    bcd  e\näöü  f\n");
        assert_eq!(aligned(&[]), "");
    }

    #[test]
    fn cells_read_well() {
        assert_eq!([cell(&json!(null)), cell(&json!("x")), cell(&json!(3))], ["-", "x", "3"]);
        assert_eq!(time(&json!("2026-01-05T12:00:00.123Z")), "2026-01-05T12:00:00Z");
    }
}
