//! A delivery in a file: the HTTP request as it came, without its signature.
//!
//! ```text
//! POST /webhooks/github HTTP/1.1
//! x-github-delivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958
//! x-github-event: workflow_run
//! content-type: application/json
//! content-length: 17
//!
//! {"action":"…"}
//! ```
//!
//! The head is lines of text, ended by an empty one; all that follows is the body, byte for byte. `content-length` guards
//! against an editor that added a line's end unasked; who changes the body on purpose removes that line.

use bytes::Bytes;

use switchboard_github::limits::MAX_WEBHOOK_BYTES;
use switchboard_github::webhook::headers::{DELIVERY_HEADER, EVENT_HEADER};

/// The longest head that is read.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// The most headers that are read.
const HEADERS_MAX: usize = 100;
/// What a recording may weigh.
pub const FILE_BYTES_MAX: usize = HEAD_BYTES_MAX + MAX_WEBHOOK_BYTES;

const REQUEST_LINE: &str = "POST /webhooks/github HTTP/1.1";
const CONTENT_LENGTH: &str = "content-length";

/// A delivery as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// Its headers, names in lower case, without length and signature.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Bytes,
}

/// Why a file is no recording.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordingProblem {
    /// It does not begin like one.
    #[error("this is no recorded delivery: it does not begin with `{REQUEST_LINE}`")]
    NotARecording,
    /// No empty line ends the head.
    #[error("the headers do not end: an empty line must stand before the body, within {HEAD_BYTES_MAX} bytes")]
    EndlessHead,
    /// A line of the head is no header.
    #[error("line {0} is no header: expected `name: value`")]
    Header(usize),
    /// Too many headers.
    #[error("there are more than {HEADERS_MAX} headers")]
    TooManyHeaders,
    /// A header that every delivery has is missing.
    #[error("the {0} header is missing")]
    Missing(&'static str),
    /// The body is not as long as it says.
    #[error("the body has {found} bytes, and content-length says {said}")]
    Length {
        /// What stands there.
        said: String,
        /// What is there.
        found: usize,
    },
    /// Over GitHub's cap.
    #[error("the body is over {MAX_WEBHOOK_BYTES} bytes")]
    TooLarge,
}

impl RecordingProblem {
    /// What to do about it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Length { .. } => "if you changed the body on purpose, remove the content-length line",
            _ => "`switchboard deliveries export <id>` writes one; docs/operating.md says how it is made",
        }
    }
}

/// Whether a text can stand on a header's line and be read back as it is.
fn is_value(text: &str) -> bool {
    text.trim() == text && !text.chars().any(char::is_control)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

impl Recording {
    /// The file's content. A header that no line can hold is left out; HTTP allows none of them.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = format!("{REQUEST_LINE}\r\n");
        for (name, value) in self.headers.iter().filter(|(name, value)| is_name(name) && is_value(value)) {
            out.push_str(&format!("{}: {value}\r\n", name.to_ascii_lowercase()));
        }
        out.push_str(&format!("{CONTENT_LENGTH}: {}\r\n\r\n", self.body.len()));
        let mut out = out.into_bytes();
        out.extend_from_slice(&self.body);
        out
    }

    /// Reads a file's content. Lines of the head may end as they do on any system.
    ///
    /// # Errors
    /// [`RecordingProblem`].
    pub fn parse(content: &[u8]) -> Result<Self, RecordingProblem> {
        let mut headers = Vec::new();
        let mut length = None;
        let mut rest = content;
        for number in 1.. {
            let read = content.len() - rest.len();
            let end = rest.iter().take(HEAD_BYTES_MAX.saturating_sub(read)).position(|byte| *byte == b'\n');
            let Some(end) = end else {
                return Err(if number == 1 { RecordingProblem::NotARecording } else { RecordingProblem::EndlessHead });
            };
            let (line, after) = (&rest[..end], &rest[end + 1..]);
            rest = after;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if number == 1 {
                if line != REQUEST_LINE.as_bytes() {
                    return Err(RecordingProblem::NotARecording);
                }
                continue;
            }
            if line.is_empty() {
                break;
            }
            let line = std::str::from_utf8(line).map_err(|_| RecordingProblem::Header(number))?;
            let (name, value) = line.split_once(':').ok_or(RecordingProblem::Header(number))?;
            let value = value.trim();
            if !is_name(name) || !is_value(value) {
                return Err(RecordingProblem::Header(number));
            }
            if headers.len() == HEADERS_MAX {
                return Err(RecordingProblem::TooManyHeaders);
            }
            match name.to_ascii_lowercase() {
                name if name == CONTENT_LENGTH => length = Some(value.to_owned()),
                name => headers.push((name, value.to_owned())),
            }
        }
        let read = Self { headers, body: Bytes::copy_from_slice(rest) };
        if read.body.len() > MAX_WEBHOOK_BYTES {
            return Err(RecordingProblem::TooLarge);
        }
        if let Some(said) = length.filter(|said| said.parse() != Ok(read.body.len())) {
            return Err(RecordingProblem::Length { said, found: read.body.len() });
        }
        match [DELIVERY_HEADER, EVENT_HEADER].into_iter().find(|name| read.header(name).is_none()) {
            Some(missing) => Err(RecordingProblem::Missing(missing)),
            None => Ok(read),
        }
    }

    /// The first value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|(key, value)| (key == name).then_some(value.as_str()))
    }

    /// Makes it another delivery with the same content.
    pub fn rename(&mut self, delivery: &str) {
        self.headers.retain(|(name, _)| name != DELIVERY_HEADER);
        self.headers.push((DELIVERY_HEADER.to_owned(), delivery.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn recording(body: &'static [u8]) -> Recording {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Recording {
            headers: vec![header(DELIVERY_HEADER, "d-1"), header(EVENT_HEADER, "push")],
            body: Bytes::from_static(body),
        }
    }

    #[test]
    fn a_recording_reads_like_a_request() {
        let text = String::from_utf8(recording(b"{\"a\":1}\n").to_bytes()).unwrap();
        assert_eq!(
            text,
            "POST /webhooks/github HTTP/1.1\r\nx-github-delivery: d-1\r\nx-github-event: push\r\n\
             content-length: 8\r\n\r\n{\"a\":1}\n"
        );
        let unix = text.replace("\r\n", "\n");
        assert_eq!(Recording::parse(unix.as_bytes()), Ok(recording(b"{\"a\":1}\n")));
    }

    #[test]
    fn a_changed_body_is_noticed_unless_the_length_is_gone() {
        let mut content = recording(b"{}").to_bytes();
        content.push(b'\n');
        let problem = Recording::parse(&content).unwrap_err();
        assert_eq!(problem, RecordingProblem::Length { said: "2".to_owned(), found: 3 });
        assert!(problem.hint().contains("remove the content-length line"));
        let without = String::from_utf8(content).unwrap().replace("content-length: 2\r\n", "");
        assert_eq!(Recording::parse(without.as_bytes()), Ok(recording(b"{}\n")));
    }

    #[test]
    fn what_is_no_recording_says_why() {
        let head = format!("{REQUEST_LINE}\n");
        let long = format!("{head}a: {}", "x".repeat(HEAD_BYTES_MAX));
        let many = format!("{head}{}\n", "a: b\n".repeat(HEADERS_MAX + 1));
        for (content, problem) in [
            ("", RecordingProblem::NotARecording),
            ("{\"action\":1}\n", RecordingProblem::NotARecording),
            (&head, RecordingProblem::EndlessHead),
            (&long, RecordingProblem::EndlessHead),
            (&format!("{head}no header\n\n"), RecordingProblem::Header(2)),
            (&format!("{head}a b: c\n\n"), RecordingProblem::Header(2)),
            (&many, RecordingProblem::TooManyHeaders),
            (&format!("{head}x-github-event: push\n\n"), RecordingProblem::Missing(DELIVERY_HEADER)),
        ] {
            assert_eq!(Recording::parse(content.as_bytes()), Err(problem), "{content:.80}");
        }
        let body = [recording(b"").to_bytes(), vec![0; MAX_WEBHOOK_BYTES + 1]].concat();
        assert_eq!(Recording::parse(&body), Err(RecordingProblem::TooLarge));
    }

    #[test]
    fn another_id_makes_it_another_delivery() {
        let mut renamed = recording(b"");
        renamed.rename("d-2");
        assert_eq!((renamed.header(DELIVERY_HEADER), renamed.headers.len()), (Some("d-2"), 2));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            more in prop::collection::vec(("x-[a-z][a-z0-9-]{0,20}", "([!-~]([ -~é]{0,40}[!-~])?)?"), 0..20),
            body in prop::collection::vec(any::<u8>(), 0..400),
        ) {
            let mut written = recording(b"");
            written.headers.extend(more);
            written.body = Bytes::from(body);
            prop_assert_eq!(Recording::parse(&written.to_bytes()), Ok(written));
        }

        #[test]
        fn no_content_makes_it_panic(content in prop::collection::vec(any::<u8>(), 0..300), headed in any::<bool>()) {
            let head = if headed { format!("{REQUEST_LINE}\r\n") } else { String::new() };
            let _ = Recording::parse(&[head.as_bytes(), &content].concat());
        }
    }
}
