//! The documents that the table writes.

mod env_example;
mod example_toml;
mod markdown;
mod names;
mod schema;

pub use env_example::env_example;
pub use example_toml::example_toml;
pub use markdown::markdown;
pub use names::names;
pub use schema::schema;

use super::effective::toml;
use super::setting::Setting;

/// Text width of generated files.
const WIDTH: usize = 100;

/// The default as it is written in TOML.
fn default_toml(setting: &Setting) -> Option<String> {
    let value = setting.form.read_text(setting.default?).ok().flatten()?;
    Some(toml(&value))
}

/// Breaks a text into lines that begin with `# `.
fn comment(text: &str) -> String {
    let mut lines = String::new();
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push_str(&line);
            lines.push('\n');
            line.clear();
            line.push('#');
        }
        line.push(' ');
        line.push_str(word);
    }
    lines + &line + "\n"
}
