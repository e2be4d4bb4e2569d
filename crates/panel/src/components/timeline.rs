//! What happened, in order: one line each, with an arrow for the direction, opening to the particulars.

use askama::Template;
use askama::filters::HtmlSafe;
use serde::Deserialize;
use switchboard_clock::Timestamp;

use super::{Html, PrettyJson, Sentence, bytes, clock_time, duration, zoned};

/// Which way something went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// It came in.
    In,
    /// It was decided here.
    Decided,
    /// It went out.
    Out,
}

impl Flow {
    /// Its name in the stylesheet and in a filter.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Decided => "decided",
            Self::Out => "out",
        }
    }

    /// How it is said.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::In => "came in",
            Self::Decided => "decided",
            Self::Out => "went out",
        }
    }
}

/// A fact in words.
#[derive(Debug, Clone)]
pub struct Told {
    /// Which way it went.
    pub flow: Flow,
    /// What happened.
    pub sentence: Sentence,
}

/// One line of a timeline.
#[derive(Debug, Clone)]
pub struct Line {
    /// What it is known by on its page: its permalink's fragment.
    pub key: String,
    /// When it happened.
    pub at: Timestamp,
    /// Which way it went.
    pub flow: Flow,
    /// What happened.
    pub sentence: Sentence,
    /// The kind of the fact, small.
    pub kind: String,
    /// What it opens to.
    pub more: Option<Html>,
}

/// Lines in order of time.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/timeline.html")]
pub struct Timeline {
    /// The lines.
    pub lines: Vec<Line>,
}

/// A call to the outside, as it was noted with the attempt that made it.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Call {
    /// When it was sent.
    pub at: Timestamp,
    /// `mint`, `read`, `revalidated`, `shared` or `write`.
    pub kind: String,
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The answer's status.
    pub status: Option<u16>,
    /// Why there was no answer.
    pub failure: Option<String>,
    /// How long it took.
    pub duration_ms: u64,
    /// GitHub's id of the request.
    pub request_id: Option<String>,
    /// What was left of the hour's budget.
    pub remaining: Option<u64>,
}

impl Default for Call {
    fn default() -> Self {
        Self {
            at: Timestamp::EPOCH,
            kind: String::new(),
            method: String::new(),
            path: String::new(),
            status: None,
            failure: None,
            duration_ms: 0,
            request_id: None,
            remaining: None,
        }
    }
}

impl Call {
    /// The calls noted with an attempt; what does not read as a call is left out.
    #[must_use]
    pub fn list(calls: &serde_json::Value) -> Vec<Self> {
        let list = calls.as_array().or_else(|| calls.get("calls").and_then(serde_json::Value::as_array));
        list.into_iter().flatten().filter_map(|call| Self::deserialize(call).ok()).collect()
    }

    /// Whether the answer was what was asked for.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.status.is_some_and(|status| status < 400)
    }

    /// How long it took, in words.
    #[must_use]
    pub fn took(&self) -> String {
        duration(std::time::Duration::from_millis(self.duration_ms))
    }
}

/// A value to look at, indented, under its size.
#[must_use]
pub(crate) fn data(value: &serde_json::Value) -> Option<Html> {
    let empty = match value {
        serde_json::Value::Null => true,
        serde_json::Value::Object(members) => members.is_empty(),
        _ => false,
    };
    let text = value.to_string();
    (!empty).then(|| {
        let size = bytes(text.len() as u64);
        Html::trusted(format!("<pre class=\"json\" data-size=\"{size}\">{}</pre>", PrettyJson::of(&text)))
    })
}

impl HtmlSafe for Timeline {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn calls_are_read_as_they_were_noted_and_the_rest_is_left_out() {
        let calls = json!([
            {"at": 5, "kind": "write", "method": "POST", "path": "/repos/a/b/dispatches", "status": 204, "duration_ms": 181,
             "request_id": "8A1F:1", "remaining": 4987, "route": "…", "scope": "…"},
            {"status": "what?"},
            7
        ]);
        let calls = Call::list(&calls);
        assert_eq!(calls.len(), 1);
        assert!(calls[0].succeeded());
        assert_eq!(calls[0].took(), "0.1 s");
        assert!(Call::list(&serde_json::Value::Null).is_empty());
    }
}
