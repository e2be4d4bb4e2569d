//! Log lines: one JSON object each, or text for people, on standard error.
//!
//! Whatever is written passes [`redact`], which masks what looks like a token or key. Secrets are kept out of log lines by
//! their types already; this is for the texts of others that quote one.

use std::io::{self, Write};
use std::sync::Arc;

use switchboard_github::redact::redact;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

use crate::settings::{LogFormat, LogSettings};

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
        // Fields stand beside the message, and a span's fields (delivery, job) are listed once.
        LogFormat::Json => Box::new(builder.json().flatten_event(true).with_current_span(false).finish()),
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
        assert_eq!(line["spans"][0]["delivery"], "72d3162e");
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
