//! JSON, indented and coloured. The text is walked token by token and never parsed into values, so that keys keep their
//! order and numbers their digits, and hostile depth costs nothing.

use std::fmt;

use askama::filters::HtmlSafe;

use super::html::push_escaped;

/// How deep lines are indented; what is nested deeper stays at this depth.
const INDENT_MAX: usize = 24;

/// A JSON text for reading. Text that is not JSON is shown as well as it can be.
#[derive(Debug, Clone)]
pub struct PrettyJson(String);

impl PrettyJson {
    /// Formats a JSON text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut out = Writer::default();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let length = match c {
                '"' => string_length(rest),
                c if c.is_ascii_whitespace() => 1,
                '{' | '}' | '[' | ']' | ',' | ':' => 1,
                _ => rest.find(['{', '}', '[', ']', ',', ':', '"', ' ', '\n', '\r', '\t']).unwrap_or(rest.len()),
            };
            let (token, after) = rest.split_at(length);
            let after = after.trim_start();
            match c {
                '{' | '[' => out.open(c, after),
                '}' | ']' => out.close(c),
                ',' => out.comma(),
                ':' => out.html.push_str(": "),
                '"' if after.starts_with(':') => out.span("k", token),
                '"' => out.span("s", token),
                c if c.is_ascii_whitespace() => {}
                'n' | 't' | 'f' => out.span("l", token),
                _ => out.span("n", token),
            }
            rest = after;
        }
        Self(out.html)
    }

    /// Formats a value.
    #[must_use]
    pub fn value(value: &serde_json::Value) -> Self {
        Self::of(&value.to_string())
    }
}

/// The length of the string literal that `text` begins with, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[derive(Default)]
struct Writer {
    html: String,
    depth: usize,
    /// The bracket just written holds nothing.
    empty: bool,
}

impl Writer {
    fn line(&mut self) {
        self.html.push('\n');
        for _ in 0..self.depth.min(INDENT_MAX) {
            self.html.push_str("  ");
        }
    }

    fn span(&mut self, class: &str, token: &str) {
        self.html.push_str("<span class=\"j-");
        self.html.push_str(class);
        self.html.push_str("\">");
        push_escaped(&mut self.html, token);
        self.html.push_str("</span>");
    }

    fn open(&mut self, bracket: char, after: &str) {
        self.html.push(bracket);
        self.depth += 1;
        self.empty = after.starts_with(['}', ']']);
        if !self.empty {
            self.line();
        }
    }

    fn close(&mut self, bracket: char) {
        self.depth = self.depth.saturating_sub(1);
        if !std::mem::take(&mut self.empty) {
            self.line();
        }
        self.html.push(bracket);
    }

    fn comma(&mut self) {
        self.html.push(',');
        self.line();
    }
}

impl fmt::Display for PrettyJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for PrettyJson {}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        let mut out = String::new();
        let mut tag = false;
        for c in PrettyJson::of(text).to_string().chars() {
            match c {
                '<' => tag = true,
                '>' => tag = false,
                c if !tag => out.push(c),
                _ => {}
            }
        }
        out.replace("&quot;", "\"")
    }

    #[test]
    fn keys_keep_their_order_and_numbers_their_digits() {
        assert_eq!(
            plain(r#"{"b":1.10,"a":[ ],"c":{"x":[true,null,"y, {z}"]}, "e":"\"q\""}"#),
            "{\n  \"b\": 1.10,\n  \"a\": [],\n  \"c\": {\n    \"x\": [\n      true,\n      null,\n      \"y, {z}\"\n    ]\n  },\n  \"e\": \"\\\"q\\\"\"\n}"
        );
    }

    #[test]
    fn hostile_text_is_shown_and_harmless() {
        for text in
            ["{\"<script>\":\"</pre><img src=x onerror=alert(1)>\"}", "\"open", "]]]}}}", "\u{feff}{}", "é\"", "{:,}"]
        {
            let html = PrettyJson::of(text).to_string();
            assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
        }
        let deep = "[".repeat(100_000);
        assert!(PrettyJson::of(&deep).to_string().len() < 100_000 * (2 * INDENT_MAX + 3));
    }
}
