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

struct Section {
    name: String,
    rows: Vec<SettingRow>,
}

/// `GET /settings`
pub(crate) async fn page(shell: Shell) -> Result<Response, Fault> {
    let mut sections: Vec<Section> = Vec::new();
    for row in &shell.core().insight.settings {
        match sections.iter_mut().find(|section| section.name == row.section) {
            Some(section) => section.rows.push(row.clone()),
            None => sections.push(Section { name: row.section.clone(), rows: vec![row.clone()] }),
        }
    }
    let empty = Empty::new(
        "This server does not tell its settings.",
        "A server started by `serve` shows here what is in force and where it came from. The same from a shell:",
    )
    .command("switchboard settings");
    shell.page("Settings", &SettingsPage { sections, empty }).await
}
