use std::io::{self, Write as _};

use clap::Args;
use serde_json::json;

use super::{Exit, Failure, SourceArgs};
use crate::settings::{Effective, Purpose, SECTIONS, render};

const EXAMPLES: &str = "\
Examples:
  switchboard settings
      every setting with its value and where it came from; secrets are shown as fingerprints
  switchboard settings --example > switchboard.toml
      a file to start from, with everything commented out
  switchboard settings --names
      every environment variable that is read

Exit codes: 0 the settings can be used, 2 they cannot.";

/// Shows every setting with its value and where it came from.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SettingsArgs {
    /// How to print them
    #[command(flatten)]
    pub form: SettingsForm,
}

/// What to print instead of the readable list.
#[derive(Debug, Clone, Copy, Default, Args)]
#[group(multiple = false)]
#[expect(clippy::struct_excessive_bools, reason = "clap's flags, of which at most one is set")]
pub struct SettingsForm {
    /// Print the values as JSON
    #[arg(long)]
    pub json: bool,
    /// Print the names of all environment variables
    #[arg(long)]
    pub names: bool,
    /// Print a commented switchboard.toml
    #[arg(long)]
    pub example: bool,
    /// Print the JSON Schema of switchboard.toml
    #[arg(long)]
    pub schema: bool,
    /// Print the reference as Markdown
    #[arg(long)]
    pub markdown: bool,
}

pub(super) fn run(args: &SettingsArgs, sources: &SourceArgs) -> Result<Exit, Failure> {
    let form = args.form;
    let text = if form.names {
        render::names()
    } else if form.example {
        render::example_toml()
    } else if form.schema {
        render::schema()
    } else if form.markdown {
        render::markdown()
    } else {
        let settings = sources.load(Purpose::Inspect)?;
        for warning in &settings.warnings {
            eprintln!("warning: {warning}");
        }
        if form.json { as_json(&settings.effective) } else { as_text(&settings.effective) }
    };
    // A reader that has seen enough (`| head`) is no failure.
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(Exit::Success)
}

fn as_text(effective: &[Effective]) -> String {
    let key_width = effective.iter().map(|row| row.setting.key.len()).max().unwrap_or_default();
    let mut text = String::new();
    for section in SECTIONS {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("[{}]\n", section.name));
        for row in effective.iter().filter(|row| row.setting.section == section.name) {
            let value = row.shown.as_deref().unwrap_or("(unset)");
            text.push_str(&format!("{:key_width$} = {value:<26}  # {}\n", row.setting.key, row.origin));
        }
    }
    text
}

fn as_json(effective: &[Effective]) -> String {
    let rows: Vec<_> = effective
        .iter()
        .map(|row| {
            json!({
                "name": row.setting.name(),
                "value": row.shown,
                "origin": row.origin.to_string(),
                "secret": row.setting.is_secret(),
            })
        })
        .collect();
    format!("{:#}\n", serde_json::Value::from(rows))
}
