//! What the commands share that ask about what is stored.

use std::io::{self, Write as _};

use clap::Args;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{Failure, SourceArgs, runtime};
use crate::desk::{Desk, Errand};
use crate::settings::{Purpose, Settings, Sources};

/// The variable that holds the operator's token.
const TOKEN: &str = "SWITCHBOARD_OPERATOR_TOKEN";

/// How to reach a running server.
#[derive(Debug, Args)]
pub struct TokenArgs {
    /// The operator's token, in case a server runs that asks for one; else SWITCHBOARD_OPERATOR_TOKEN
    #[arg(long, value_name = "TOKEN")]
    pub token: Option<String>,
}

/// Opens the desk and does `work` there.
pub(super) fn at_desk<T>(
    sources: &SourceArgs,
    token: &TokenArgs,
    errand: Errand,
    work: impl AsyncFnOnce(&Desk) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let gathered = Sources::gather(sources.config.as_deref(), sources.env_file.as_deref())?;
    let purpose = if errand == Errand::Act { Purpose::Serve } else { Purpose::Inspect };
    let settings = Settings::load(&gathered, purpose)?;
    let token = token.token.clone().or_else(|| gathered.variable(TOKEN).map(str::to_owned));
    runtime()?.block_on(async {
        let desk = Desk::open(&settings, token, errand)?;
        work(&desk).await
    })
}

/// An id as a segment of a path.
pub(super) fn segment(id: &str) -> String {
    utf8_percent_encode(id, NON_ALPHANUMERIC).to_string()
}

/// The rows of a list's answer.
pub(super) fn items(answer: Value) -> Vec<Value> {
    match answer {
        Value::Object(mut members) => match members.remove("items") {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Prints; a reader that has seen enough (`| head`) is no failure.
pub(super) fn print(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}

/// One JSON object a line.
pub(super) fn lines(rows: &[Value]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}
