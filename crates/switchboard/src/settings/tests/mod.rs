mod defaults;
mod environment;
mod file;
mod golden;
mod relay;
mod requirements;

use super::{Purpose, Settings, Sources};

/// The problems of a file called `switchboard.toml`, as they are printed.
fn complaints_about_file(text: &str) -> String {
    complaints(&Sources::default().with_file("switchboard.toml", text))
}

fn complaints(sources: &Sources) -> String {
    Settings::load(sources, Purpose::Inspect).expect_err("this configuration should be refused").to_string()
}

fn accepted(sources: &Sources) -> Settings {
    Settings::load(sources, Purpose::Inspect).unwrap_or_else(|problems| panic!("{problems}"))
}
