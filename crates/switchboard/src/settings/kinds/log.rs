use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::settings::nearest::nearest;
use crate::settings::value::{FromText, Refusal, chosen};

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// For people at a terminal.
    Text,
}

impl LogFormat {
    pub(in crate::settings) const WORDS: [&'static str; 2] = ["json", "text"];
}

impl FromText for LogFormat {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        chosen(text, &[("json", Self::Json), ("text", Self::Text)])
    }
}

/// Which log lines are written: a level, or directives such as `info,switchboard_engine=debug`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogFilter(String);

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Libraries that log every packet below this level; named in a directive they can still be turned up.
const CHATTY_LIBRARIES: &str = "h2=info,hyper=info,hyper_util=info,reqwest=info,rustls=info";

impl LogFilter {
    /// The filter in the syntax of `tracing_subscriber`'s `EnvFilter`.
    #[must_use]
    pub fn directives(&self) -> String {
        format!("{CHATTY_LIBRARIES},{}", self.0)
    }
}

impl FromText for LogFilter {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        let text = text.to_ascii_lowercase();
        for directive in text.split(',').map(str::trim) {
            // `EnvFilter` takes a lone word for the name of a crate; here it is a mistyped level.
            if !directive.contains(['=', ':', '[']) && !LEVELS.contains(&directive) {
                let refusal = Refusal::new(format!("`{directive}` is not a log level"));
                return Err(match nearest(directive, LEVELS) {
                    Some(level) => refusal.hint(format!("did you mean `{level}`?")),
                    None => refusal.hint(format!("write one of {}", LEVELS.join(", "))),
                });
            }
        }
        EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).parse(&text).map_err(|_| {
            Refusal::new("this is not a log filter").hint("write it like info,switchboard_engine=debug")
        })?;
        Ok(Self(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_in_any_case_and_whole_filters_are_understood() {
        for text in ["info", "INFO", "Warn", "off", "info,switchboard_engine=debug", "switchboard=trace"] {
            assert!(LogFilter::from_text(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_mistyped_level_is_not_taken_for_a_crate() {
        let refusal = LogFilter::from_text("inof").unwrap_err();
        assert_eq!(refusal.hint.as_deref(), Some("did you mean `info`?"));
        assert!(LogFilter::from_text("switchboard=loud").is_err());
    }
}
