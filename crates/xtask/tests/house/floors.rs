//! A crate imports only from floors below its own; see DESIGN's table, which [`FLOORS`] repeats.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Where a crate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It may import from every lower floor.
    Floor(u8),
    /// It stands beside the house and imports only the crates named.
    Beside(&'static [&'static str]),
}

use Place::{Beside, Floor};

/// Every crate's place, by folder. A new crate gets a line here, on purpose.
const FLOORS: &[(&str, Place)] = &[
    ("clock", Floor(0)),
    ("store", Floor(1)),
    ("github", Floor(1)),
    ("engine", Floor(2)),
    ("panel", Floor(3)),
    ("relay", Floor(4)),
    ("dispatcher", Floor(4)),
    ("builds", Floor(4)),
    ("orgs", Floor(4)),
    ("triage", Floor(4)),
    ("switchboard", Floor(5)),
    // Nothing of ours but time: what it shared with `github` could hide that one's mistakes.
    ("simulator", Beside(&["clock"])),
    ("runner", Beside(&["clock"])),
    // Only tests import it, so it may know everything that automations stand on, and no automation.
    ("testkit", Beside(&["clock", "store", "github", "engine", "panel", "simulator"])),
    // Its benchmarks fill a store and count what the server's pages read of it.
    ("xtask", Beside(&["clock", "simulator", "store", "engine", "dispatcher", "switchboard"])),
];

/// Crates beside the house that the product itself may import, and from where.
const DOORS: &[(&str, &str)] = &[("switchboard", "simulator")];

/// Who alone may import a crate of others, so that what it is for stays in one place.
const KEEPERS: &[(&str, &[&str], &str)] = &[
    ("rusqlite", &["store"], "nothing above the store may assume SQL"),
    ("jsonwebtoken", &["github"], "tokens are GitHub's affair"),
];

/// An arrow of the workspace's manifests.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Arrow {
    from: String,
    to: String,
    /// Only tests of `from` follow it.
    for_tests: bool,
}

fn arrow(from: &str, to: &str, for_tests: bool) -> Arrow {
    Arrow { from: from.to_owned(), to: to.to_owned(), for_tests }
}

/// What is wrong with an arrow between two crates of ours, if anything.
fn complaint(arrow: &Arrow, floors: &BTreeMap<&str, Place>) -> Option<String> {
    let Arrow { from, to, for_tests } = arrow;
    let place = |name: &str| floors.get(name).copied();
    let (Some(source), Some(target)) = (place(from), place(to)) else {
        return Some(format!("{from} -> {to}: give both crates a place in FLOORS"));
    };
    let shares_with_simulator = |one: &str, other: &str| one == "simulator" && other == "github";
    if shares_with_simulator(from, to) {
        return Some(format!("{from} -> {to}: the simulator shares no code with `github`, not even in tests"));
    }
    if *for_tests || DOORS.contains(&(from, to)) {
        return None;
    }
    match (source, target) {
        (Beside(allowed), _) if allowed.contains(&to.as_str()) => None,
        (Beside(_), _) => Some(format!("{from} -> {to}: {from} stands beside the house")),
        (Floor(_), Beside(_)) => Some(format!("{from} -> {to}: {to} stands beside the house")),
        (Floor(own), Floor(other)) if other < own => None,
        (Floor(own), Floor(other)) if other == own => Some(format!("{from} -> {to}: sideways on floor {own}")),
        (Floor(own), Floor(other)) => Some(format!("{from} -> {to}: up from floor {own} to floor {other}")),
    }
}

/// Every package of the workspace with its dependencies, as cargo reads the manifests.
fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path"])
        .arg(super::root().join("Cargo.toml"))
        .stdin(Stdio::null())
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo answers in JSON");
    metadata["packages"].as_array().expect("a list of packages").clone()
}

/// A package's folder under `crates/`, by the path of its manifest or of a dependency on it.
fn folder(path: &str) -> String {
    let path = Path::new(path);
    let folder = if path.ends_with("Cargo.toml") { path.parent().unwrap_or(path) } else { path };
    folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn dependencies(package: &Value) -> impl Iterator<Item = &Value> {
    package["dependencies"].as_array().into_iter().flatten()
}

fn arrows(packages: &[Value]) -> Vec<Arrow> {
    let of_package = |package: &Value| {
        let from = folder(package["manifest_path"].as_str().unwrap_or_default());
        let ours = dependencies(package).filter_map(|dependency| {
            let to = folder(dependency["path"].as_str()?);
            Some(Arrow { from: from.clone(), to, for_tests: dependency["kind"] == "dev" })
        });
        ours.collect::<Vec<_>>()
    };
    packages.iter().flat_map(of_package).collect()
}

#[test]
fn every_arrow_points_downwards() {
    let floors = FLOORS.iter().copied().collect();
    let arrows = arrows(&packages());
    assert!(arrows.contains(&arrow("engine", "store", false)), "the manifests were not understood: {arrows:?}");
    let complaints = arrows.iter().filter_map(|arrow| complaint(arrow, &floors)).collect::<Vec<_>>();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn an_arrow_up_sideways_or_beside_is_refused() {
    let floors = FLOORS.iter().copied().collect();
    for (from, to, word) in [
        ("store", "engine", "up"),
        ("engine", "panel", "up"),
        ("github", "store", "sideways"),
        ("dispatcher", "relay", "sideways"),
        ("simulator", "github", "no code"),
        ("simulator", "store", "beside"),
        ("dispatcher", "simulator", "beside"),
        ("dispatcher", "testkit", "beside"),
        ("testkit", "dispatcher", "beside"),
        ("dispatcher", "newcomer", "FLOORS"),
    ] {
        let found = complaint(&arrow(from, to, false), &floors).unwrap_or_default();
        assert!(found.contains(word), "{from} -> {to}: {found}");
    }
    for (from, to, for_tests) in
        [("dispatcher", "testkit", true), ("switchboard", "simulator", false), ("panel", "clock", false)]
    {
        assert_eq!(complaint(&arrow(from, to, for_tests), &floors), None);
    }
    assert!(complaint(&arrow("simulator", "github", true), &floors).is_some());
}

#[test]
fn every_crate_stands_in_its_folder_under_its_name() {
    for package in packages() {
        let (name, manifest) = (package["name"].as_str().unwrap_or_default(), package["manifest_path"].as_str());
        let folder = folder(manifest.unwrap_or_default());
        let expected = if folder == "switchboard" { folder.clone() } else { format!("switchboard-{folder}") };
        assert_eq!(name, expected, "{folder}");
        assert!(FLOORS.iter().any(|(known, _)| *known == folder), "{folder} has no place in FLOORS");
    }
}

#[test]
fn what_has_a_keeper_stays_with_it() {
    for package in packages() {
        let from = folder(package["manifest_path"].as_str().unwrap_or_default());
        for dependency in dependencies(&package).filter(|dependency| dependency["kind"].is_null()) {
            let kept = KEEPERS.iter().find(|(name, ..)| dependency["name"] == *name);
            if let Some((name, keepers, why)) = kept {
                assert!(keepers.contains(&from.as_str()), "{from} depends on {name}: {why}");
            }
        }
    }
}
