use std::fmt::Write as _;

use super::default_toml;
use crate::settings::sections::SECTIONS;
use crate::settings::setting::Setting;

const INTRODUCTION: &str = "\
# Configuration

<!-- Written from the settings table by a test; change the table, then run `UPDATE_GOLDEN=1 cargo test -p switchboard`. -->

Switchboard reads `switchboard.toml` from the working directory (or the file named by `--config`), then the variables in
the file named by `--env-file`, then its environment; what is read later wins.

- Every setting has a variable `SWITCHBOARD__<SECTION>__<KEY>`. Many have a shorter name too; if both are set, the long
  form wins. Two short names of one setting that differ stop the start.
- Variables that begin with `OTEL_` are often set for all programs of a machine, so here the order is another: the file and the
  long form win over them.
- Booleans are words: `true`, `yes`, `on`, `1` and `false`, `no`, `off`, `0`, in any case. Anything else stops the start.
- In a variable, a list is separated by commas; set but empty is the empty list. Any other empty value counts as unset.
- Unknown settings, wrong types, values out of range and missing secrets stop the start with exit code 2. Everything that is
  wrong is reported at once, with file, line and a hint.
- `switchboard settings` shows every value and where it came from; a secret is shown as a fingerprint.
- `NODE_ENV` is accepted and ignored.
- Editors that know JSON Schema can check the file against [`schemas/switchboard.schema.json`](../schemas/switchboard.schema.json).
";

/// `docs/configuration.md`: the settings, section by section.
#[must_use]
pub fn markdown() -> String {
    let mut text = INTRODUCTION.to_owned();
    for section in SECTIONS {
        let _ = write!(text, "\n## `[{}]`\n\n{}\n\n", section.name, section.about);
        text.push_str("| key | variable | value | default | meaning |\n|---|---|---|---|---|\n");
        for setting in section.settings {
            text.push_str(&row(setting));
        }
    }
    text
}

fn row(setting: &Setting) -> String {
    let variables = if setting.env.is_empty() {
        format!("`{}`", setting.variable())
    } else {
        setting.env.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    let default = default_toml(setting).map_or_else(|| "–".to_owned(), |default| format!("`{default}`"));
    let form = setting.form.described();
    format!("| `{}` | {variables} | {form} | {default} | {} |\n", setting.key, setting.about)
}
