//! The documents that the table writes are what it says now. `UPDATE_GOLDEN=1` writes them anew.

use std::path::{Path, PathBuf};
use std::{env, fs};

use super::accepted;
use crate::settings::{Sources, render};

/// What an installation's example fills in. It stands in a file of its own because no code may know it.
fn example_values() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/settings/env.example.values")).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn check(name: &str, expected: &str) {
    let path = root().join(name);
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{name} is out of date: run UPDATE_GOLDEN=1 cargo test -p switchboard");
}

#[test]
fn env_example_is_up_to_date() {
    check(".env.example", &render::env_example(&example_values()));
}

#[test]
fn example_toml_is_up_to_date() {
    check("switchboard.example.toml", &render::example_toml());
}

#[test]
fn documentation_is_up_to_date() {
    check("docs/configuration.md", &render::markdown());
}

#[test]
fn schema_is_up_to_date() {
    check("schemas/switchboard.schema.json", &render::schema());
}

#[test]
fn example_toml_changes_nothing_and_means_what_it_shows() {
    let example = render::example_toml();
    let untouched = accepted(&Sources::default().with_file("switchboard.example.toml", example.as_str()));
    let defaults = accepted(&Sources::default());
    assert_eq!(untouched.dispatcher, defaults.dispatcher);
    assert_eq!(untouched.server, defaults.server);

    // With every comment sign before a key removed (secrets aside) the values are the defaults still.
    let uncommented: String = example
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(key)
                if key.starts_with(|c: char| c.is_ascii_lowercase())
                    && !key.contains('…')
                    && !key.contains("_hash =")
                    && !key.contains("_path =") =>
            {
                key
            }
            _ => line,
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    let spelled_out = accepted(&Sources::default().with_file("switchboard.example.toml", uncommented));
    assert_eq!(spelled_out.dispatcher, defaults.dispatcher);
    assert_eq!(spelled_out.engine, defaults.engine);
    assert_eq!(spelled_out.store, defaults.store);
}

#[test]
fn env_example_holds_no_secret_and_every_usual_name() {
    let example = render::env_example(&example_values());
    for setting in crate::settings::settings() {
        let name = setting.usual_variable();
        let line = example.lines().find(|line| line.trim_start_matches('#').starts_with(&format!("{name}=")));
        let line = line.unwrap_or_else(|| panic!("{name} is not in .env.example"));
        assert!(!setting.is_secret() || line.ends_with('='), "{name} has a value in .env.example");
    }
}
