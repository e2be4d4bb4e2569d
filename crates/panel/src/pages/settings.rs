//! `/settings`: the settings in force, with where each came from.

use askama::Template;
use axum::response::Response;

use crate::components::Empty;
use crate::{Fault, SettingRow, Shell};

#[derive(Template)]
#[template(path = "pages/settings.html")]
struct SettingsPage {
    sections: Vec<Section>,
    empty: Empty,
}

/// The origin of what nobody has set.
pub(crate) const DEFAULT: &str = "default";

struct Section {
    name: String,
    rows: Vec<SettingRow>,
    /// How many of them somebody has set.
    set: usize,
}

/// `GET /settings`
pub(crate) async fn page(shell: Shell) -> Result<Response, Fault> {
    let mut sections: Vec<Section> = Vec::new();
    for row in &shell.core().insight.settings {
        let set = usize::from(row.origin != DEFAULT);
        match sections.iter_mut().find(|section| section.name == row.section) {
            Some(section) => {
                section.rows.push(row.clone());
                section.set += set;
            }
            None => sections.push(Section { name: row.section.clone(), rows: vec![row.clone()], set }),
        }
    }
    let empty = Empty::new(
        "This server does not tell its settings.",
        "A server started by `serve` shows here what is in force and where it came from. The same from a shell:",
    )
    .command("switchboard settings");
    shell.page("Settings", &SettingsPage { sections, empty }).await
}
