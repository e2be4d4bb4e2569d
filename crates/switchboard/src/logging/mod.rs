//! Log lines: one JSON object each, or text for people, on standard error.
//!
//! Whatever is written passes [`redact`], which masks what looks like a token or key. Secrets are kept out of log lines by
//! their types already; this is for the texts of others that quote one.

mod line;

use std::io::{self, Write};
use std::sync::Arc;

use switchboard_github::redact::redact;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

use crate::settings::{LogFormat, LogSettings};
use line::FlatJson;

/// Why logging could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// The filter's directives do not parse, although the settings have accepted them.
    #[error("the log filter cannot be used")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Something else has set up logging in this process.
    #[error("logging is set up already")]
    AlreadyStarted(#[from] TryInitError),
}

/// Starts logging to standard error for the rest of the process.
///
/// # Errors
/// When it was started before.
pub fn start(settings: &LogSettings) -> Result<(), LoggingError> {
    subscriber(settings, io::stderr)?.try_init()?;
    Ok(())
}

/// What writes log lines of these settings to `writer`.
fn subscriber<W>(settings: &LogSettings, writer: W) -> Result<Box<dyn tracing::Subscriber + Send + Sync>, LoggingError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(settings.level.directives())?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(Redacting(Arc::new(writer)));
    Ok(match settings.format {
        LogFormat::Json => Box::new(builder.fmt_fields(JsonFields::new()).event_format(FlatJson).finish()),
        LogFormat::Text => Box::new(builder.with_ansi(false).finish()),
    })
}

/// Hands out writers that mask secrets.
struct Redacting<W>(Arc<W>);

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for Redacting<W> {
    type Writer = RedactingWriter<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        RedactingWriter { inner: self.0.make_writer(), line: Vec::new() }
    }
}

/// Gathers one line, so that a secret which was written in pieces is still seen as one, and writes it masked.
struct RedactingWriter<W: Write> {
    inner: W,
    line: Vec<u8>,
}

impl<W: Write> Write for RedactingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        self.inner.write_all(redact(&String::from_utf8_lossy(&line)).as_bytes())?;
        self.inner.flush()
    }
}

impl<W: Write> Drop for RedactingWriter<W> {
    fn drop(&mut self) {
        // Nobody is left to tell when standard error is closed.
        let _ = self.flush();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use super::*;
    use crate::settings::{Purpose, Settings, Sources};

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: &str, format: &str, write: impl FnOnce()) -> String {
        let sources =
            Sources::default().with_variable("LOG_LEVEL", level).with_variable("SWITCHBOARD__LOG__FORMAT", format);
        let settings = Settings::load(&sources, Purpose::Inspect).unwrap();
        let captured = Captured::default();
        let writer = captured.clone();
        tracing::subscriber::with_default(subscriber(&settings.log, move || writer.clone()).unwrap(), write);
        let bytes = captured.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_line_is_one_json_object_with_its_fields_beside_the_message() {
        let text = logged("INFO", "json", || {
            let span = tracing::info_span!("job", delivery = "72d3162e");
            span.in_scope(|| tracing::info!(repo = "octo/site", "planned"));
            tracing::debug!("too much detail");
        });
        let line: serde_json::Value = serde_json::from_str(text.trim_end()).unwrap();
        assert_eq!((line["message"].as_str(), line["repo"].as_str()), (Some("planned"), Some("octo/site")));
        assert_eq!((line["level"].as_str(), line["delivery"].as_str()), (Some("INFO"), Some("72d3162e")));
    }

    #[test]
    fn what_a_line_says_itself_stands_before_what_the_spans_around_it_say() {
        let text = logged("info", "json", || {
            let outer = tracing::info_span!("outer", delivery = "outer", work = tracing::field::Empty);
            outer.record("work", 7);
            let _outer = outer.entered();
            let _inner = tracing::info_span!("inner", delivery = "inner", level = "no level").entered();
            let hostile = "a\"}\n{\"delivery\": \"forged\"";
            tracing::info!(r#type = "t", attempt = 2_u32, took_ms = 3_u128, share = 0.5, late = true, hostile, "said");
            tracing::info!(delivery = "own", none = tracing::field::Empty, "said");
        });
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert_eq!(
            (&lines[0]["delivery"], &lines[0]["work"], &lines[0]["level"]),
            (&"inner".into(), &7.into(), &"INFO".into())
        );
        assert_eq!(
            (&lines[0]["type"], &lines[0]["attempt"], &lines[0]["took_ms"]),
            (&"t".into(), &2.into(), &3.into())
        );
        assert_eq!((&lines[0]["share"], &lines[0]["late"]), (&0.5.into(), &true.into()));
        assert_eq!((&lines[1]["delivery"], lines[1].get("none")), (&"own".into(), None));
    }

    #[test]
    fn tokens_and_keys_are_masked_in_both_formats() {
        for format in ["json", "text"] {
            let text = logged("info", format, || {
                tracing::warn!(
                    error = "Bad credentials: ghs_16C7e42F292c6912E7710c838347Ae178B4a",
                    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIB\n-----END RSA PRIVATE KEY-----",
                    "refused"
                );
            });
            assert!(text.contains("refused") && text.matches("[redacted]").count() == 2, "{text}");
            assert!(!text.contains("ghs_") && !text.contains("MIIEpAIB"), "{text}");
        }
    }

    #[test]
    fn one_crate_can_be_turned_up_alone() {
        let text = logged("warn,switchboard=debug", "text", || {
            tracing::debug!(target: "switchboard", "ours");
            tracing::info!(target: "elsewhere", "theirs");
        });
        assert!(text.contains("ours") && !text.contains("theirs"), "{text}");
    }
}
