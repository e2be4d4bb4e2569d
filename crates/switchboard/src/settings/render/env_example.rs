use std::fmt::Write as _;

use super::comment;
use crate::settings::sections::SECTIONS;
use crate::settings::setting::Setting;
use crate::settings::sources::IGNORED_VARIABLE;

/// `.env.example`: every variable, with its default and without secrets.
///
/// `values` holds lines of `NAME=value` for what an installation fills in and the product must not know, such as its App's slug.
#[must_use]
pub fn env_example(values: &str) -> String {
    let mut text = comment(
        "Environment of Switchboard. Copy this file to .env, fill in what is empty under [github] and [auth], and start \
         with `switchboard --env-file .env serve`, or `docker run --env-file .env`.",
    );
    text.push_str(&comment(
        "Values stand without quotes. A list is separated by commas, and an empty one is the empty list; any other empty \
         value counts as unset. A line that begins with # changes nothing.",
    ));
    for section in SECTIONS {
        let _ = write!(text, "\n{}", comment(&format!("[{}] {}", section.name, section.about)));
        for setting in section.settings {
            let _ = write!(text, "\n{}{}", comment(setting.about), lines(setting, values));
        }
    }
    let _ = write!(text, "\n{}", comment(&format!("{IGNORED_VARIABLE} is accepted and ignored.")));
    text
}

/// The setting's usual variable, and as comments its other names.
fn lines(setting: &Setting, values: &str) -> String {
    let Some((name, others)) = setting.env.split_first() else {
        return format!("#{}={}\n", setting.variable(), setting.default.unwrap_or_default());
    };
    let given = values.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    // A value here, even an empty one, would hide the image's own.
    let sign = if setting.baked { "#" } else { "" };
    let mut text = format!("{sign}{name}={}\n", given.or(setting.default).unwrap_or_default());
    for other in others {
        let _ = writeln!(text, "# The same under an older name: {other}");
    }
    text
}
