use super::Section;
use crate::settings::kinds::{LogFilter, LogFormat};
use crate::settings::setting::{Form, Setting};

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogSettings {
    /// Which lines.
    pub level: LogFilter,
    /// In which form.
    pub format: LogFormat,
}

const NAME: &str = "log";

pub(super) const SECTION: Section = Section {
    name: NAME,
    about: "What is logged, and how. Lines go to standard error.",
    settings: &[
        Setting::new(NAME, "level", Form::Text { what: "a log level" }, |draft, value| value.put(&mut draft.log.level))
            .env(&["LOG_LEVEL"])
            .default("info")
            .about(
                "`off`, `error`, `warn`, `info`, `debug` or `trace`, in any case; or directives such as \
                 `info,switchboard_engine=debug`.",
            ),
        Setting::new(NAME, "format", Form::Choice { words: &LogFormat::WORDS, yes_and_no: None }, |draft, value| {
            value.put(&mut draft.log.format)
        })
        .default("json")
        .about("`json`: one object a line; `text`: for people at a terminal."),
    ],
};
