use crate::settings::table;

/// Every variable that is read, one a line, sorted.
#[must_use]
pub fn names() -> String {
    let mut names: Vec<String> = table::settings()
        .flat_map(|setting| setting.env.iter().map(|name| (*name).to_owned()).chain([setting.variable()]))
        .collect();
    names.sort();
    names.into_iter().map(|name| name + "\n").collect()
}
