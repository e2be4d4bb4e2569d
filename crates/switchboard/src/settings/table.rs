//! Looking things up in the settings table.

use super::nearest::nearest;
use super::sections::SECTIONS;
use super::setting::Setting;

/// Every setting, in the order in which they are documented.
pub fn settings() -> impl Iterator<Item = &'static Setting> {
    SECTIONS.iter().flat_map(|section| section.settings)
}

/// The setting of a full name, such as `dispatcher.max_targets`.
#[must_use]
pub fn setting(name: &str) -> Option<&'static Setting> {
    let (section, key) = name.rsplit_once('.')?;
    settings().find(|setting| setting.section == section && setting.key == key)
}

/// Whether a section of this name exists, or one below it.
pub(super) fn is_section(name: &str) -> bool {
    SECTIONS.iter().any(|section| {
        section.name == name || section.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
    })
}

/// What somebody may have meant who wrote `key` in `section` (empty at the top of the file).
pub(super) fn hint_for_unknown(section: &str, key: &str) -> String {
    let keys: Vec<&str> = settings().filter(|setting| setting.section == section).map(|setting| setting.key).collect();
    if let Some(meant) = nearest(key, keys.iter().copied()) {
        return format!("did you mean `{meant}`?");
    }
    if let Some(elsewhere) = settings().find(|setting| setting.key == key) {
        return format!("`{key}` belongs under [{}]", elsewhere.section);
    }
    let sections = || SECTIONS.iter().map(|section| section.name);
    if section.is_empty() {
        return match nearest(key, sections()) {
            Some(meant) => format!("did you mean [{meant}]?"),
            None => format!("the sections are {}", sections().collect::<Vec<_>>().join(", ")),
        };
    }
    format!("[{section}] knows {}", keys.join(", "))
}
