//! The frame of a page, plain and without script.

use bytes::Bytes;

use crate::api::Answer;
use crate::api::answer::Body;

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:15px/1.5 system-ui,sans-serif;max-width:680px;margin:0 auto;padding:16px;overflow-wrap:anywhere}\
header{padding-bottom:8px;border-bottom:1px solid GrayText}\
dl{display:grid;grid-template-columns:fit-content(40%) 1fr;gap:4px 24px}dd{margin:0}\
label{font-weight:600}form{display:grid;gap:8px;justify-items:start}\
input,select,button{font:inherit;padding:6px 12px;min-height:40px;max-width:100%}\
[role=alert]{padding:8px 12px;border:2px solid}";

/// A page with this title and body; the body is HTML.
pub(super) fn page(status: u16, title: &str, body: &str) -> Answer {
    let title = escape(title);
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} · simulated GitHub</title><style>{STYLE}</style></head>\
         <body><header>Simulated GitHub · signed in as mona</header><main><h1>{title}</h1>{body}</main></body></html>"
    );
    let body = Body::Raw { content_type: "text/html; charset=utf-8", bytes: Bytes::from(html) };
    Answer { body, ..Answer::empty(status) }
}

/// A text as HTML, in elements and in quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strangers_write_is_inert() {
        assert_eq!(escape("<b a=\"'&'\">"), "&lt;b a=&quot;&#39;&amp;&#39;&quot;&gt;");
    }
}
