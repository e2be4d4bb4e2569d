use std::fmt::Write as _;

use super::{comment, default_toml};
use crate::settings::effective::toml;
use crate::settings::sections::SECTIONS;
use crate::settings::setting::{Form, Setting};

/// `switchboard.example.toml`: every setting, commented out with its default, so that the file as it is changes nothing.
#[must_use]
pub fn example_toml() -> String {
    let mut text = comment(
        "Settings of Switchboard. Copy this file to switchboard.toml, remove the `#` before what you want to change. Every \
         setting can be given as an environment variable instead, which wins; secrets are better kept there.",
    );
    for section in SECTIONS {
        let _ = write!(text, "\n{}[{}]\n", comment(section.about), section.name);
        for setting in section.settings {
            text.push('\n');
            text.push_str(&comment(setting.about));
            text.push_str(&comment(&format!("Variable: {}.", setting.usual_variable())));
            let _ = writeln!(text, "#{} = {}", setting.key, shown(setting));
        }
    }
    text
}

fn shown(setting: &Setting) -> String {
    if setting.is_secret() {
        return r#""…""#.to_owned();
    }
    default_toml(setting).unwrap_or_else(|| match setting.form {
        Form::Integer { .. } => setting.example.to_owned(),
        _ => toml(&crate::settings::value::Value::Text(setting.example.to_owned())),
    })
}
