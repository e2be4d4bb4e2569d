//! What no file of the repository, or no source of the product, may say.

use std::path::Path;

/// Folders that hold no files of the repository, besides build folders.
const PASSED_OVER: [&str; 2] = [".git", "node_modules"];
/// Local files that the repository ignores, because an operator keeps settings or data there, and git's own in a further
/// work tree.
const LOCAL: [&str; 3] = [".env", "switchboard.toml", ".git"];

/// A text file of the repository.
struct Source {
    /// Relative to the root, with `/`.
    path: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![super::root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a readable folder") {
            let entry = entry.expect("a readable entry");
            let name = entry.file_name().to_string_lossy().into_owned();
            // A link's own type: what it points to may lie outside.
            let kind = entry.file_type().expect("a file type");
            if kind.is_dir() && !PASSED_OVER.contains(&name.as_str()) && !is_build_folder(&entry.path(), &name) {
                folders.push(entry.path());
            } else if kind.is_file() && !LOCAL.contains(&name.as_str()) {
                found.extend(source(&entry.path()));
            }
        }
    }
    assert!(found.iter().any(|source| source.path == "Cargo.toml"), "the repository was not found");
    found
}

fn is_build_folder(path: &Path, name: &str) -> bool {
    name == "target" || name.starts_with("target-") || path.join("CACHEDIR.TAG").is_file()
}

/// `None` for what is no text (images, databases) or vanished meanwhile.
fn source(path: &Path) -> Option<Source> {
    let text = std::fs::read_to_string(path).ok()?;
    let path = path.strip_prefix(super::root()).ok()?.to_string_lossy().replace('\\', "/");
    Some(Source { path, text })
}

impl Source {
    /// Whether the file is shipped or compiled into what is shipped.
    fn is_product(&self) -> bool {
        let crates = self.path.strip_prefix("crates/").is_some_and(|rest| {
            let mut segments = rest.split('/').skip(1);
            !rest.starts_with("xtask/") && !segments.any(|segment| segment == "tests" || segment.ends_with("tests.rs"))
        });
        crates || self.path.starts_with("schemas/") || self.path.starts_with("docs/") || !self.path.contains('/')
    }

    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines())
    }
}

/// `path:line` of every line that `wrong` holds of.
fn places(wanted: impl Fn(&Source) -> bool, wrong: impl Fn(&str) -> bool) -> Vec<String> {
    let found = sources();
    let places = found.iter().filter(|source| wanted(source)).flat_map(|source| {
        source
            .lines()
            .filter(|(_, line)| wrong(line))
            .map(|(number, _)| format!("{}:{number}", source.path))
            .collect::<Vec<_>>()
    });
    places.collect()
}

/// Whether `line` names a place on somebody's machine, as opposed to a path below another one.
fn names_a_machine(line: &str) -> bool {
    // Put together here, so that this file does not say them either.
    let machines = [["/wo", "rk/"], ["/ro", "ot/"], ["/tmp/tar", "get"]].map(|parts| parts.concat());
    machines.iter().any(|machine| {
        line.match_indices(machine.as_str()).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || "._-/*}>)".contains(c))
        })
    })
}

#[test]
fn no_file_names_a_place_on_somebodys_machine() {
    let found = places(|_| true, names_a_machine);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_machines_path_is_told_from_a_path_below_another() {
    let machine = ["/wo", "rk/main"].concat();
    for line in [format!("see {machine}"), format!("\"{machine}\""), machine.clone(), format!("cd={machine}")] {
        assert!(names_a_machine(&line), "{line}");
    }
    for line in [format!("src{machine}"), format!("<root>{machine}"), format!("https://example.com{machine}")] {
        assert!(!names_a_machine(&line), "{line}");
    }
}

/// The dispatcher contract's R3: what that word stands for is no business of this product.
#[test]
fn no_source_of_the_product_says_the_forbidden_word() {
    let forbidden = ["ven", "ding"].concat();
    let found = places(Source::is_product, |line| line.to_lowercase().contains(&forbidden));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The dispatcher contract's R4: a delivery reaches no process.
#[test]
fn the_dispatcher_starts_no_process() {
    let starts = |line: &str| {
        ["std::process", "tokio::process", "Command::new", "async_process"].iter().any(|word| line.contains(word))
    };
    let found = places(|source| source.path.starts_with("crates/dispatcher/src/"), starts);
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(starts("use std::process::Command;"));
}
