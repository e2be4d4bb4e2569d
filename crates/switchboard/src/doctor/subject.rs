//! The table of everything that is looked at. `docs/doctor.md` says the same, which a test holds.

use std::fmt;

/// Where the answer to a check comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// This machine.
    Machine,
    /// What is stored.
    Store,
    /// GitHub; skipped with `--offline`.
    GitHub,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Machine => "this machine",
            Self::Store => "the database",
            Self::GitHub => "GitHub",
        })
    }
}

/// Something that is looked at. Its name is stable: scripts may rely on it.
#[derive(Debug, PartialEq, Eq)]
pub struct Subject {
    /// The name, which is also its anchor in `docs/doctor.md`.
    pub name: &'static str,
    /// Where the answer comes from.
    pub source: Source,
    /// The question.
    pub asks: &'static str,
}

impl Subject {
    /// Where it is explained.
    #[must_use]
    pub fn docs(&self) -> String {
        format!("docs/doctor.md#{}", self.name)
    }
}

macro_rules! subjects {
    ($($constant:ident = $name:literal, $source:ident, $asks:literal;)*) => {
        $(
            #[doc = $asks]
            pub const $constant: &Subject = &Subject { name: $name, source: Source::$source, asks: $asks };
        )*

        /// Every subject, in the order of a report.
        pub const ALL: &[&Subject] = &[$($constant),*];
    };
}

subjects! {
    CONFIGURATION = "configuration", Machine, "Can every setting be used, and is none of them odd?";
    SIGN_IN = "sign-in", Machine, "Who may open the pages?";
    DISK = "disk", Machine, "Is there room where the database lies?";
    DATABASE = "database", Machine, "Can the database be read and written, and is its schema this release's?";
    SERVER = "server", Machine, "Does a server have the database open, and does it take deliveries?";
    RELAY_CACHE = "relay-cache", Machine, "Does what the relay keeps at hand beside the database answer?";
    BACKLOG = "backlog", Store, "How long has the oldest job waited that follows from a delivery?";
    DEAD_LETTERS = "dead-letters", Store, "Has work been given up that nobody has dealt with?";
    MISSING_DELIVERIES = "missing-deliveries", Store, "Did everything arrive that GitHub says it sent?";
    REPOSITORY_FILES = "repository-files", Store, "Do the repositories' own files parse, such as dispatching.yml?";
    RELAY_ALLOWLIST = "relay-allowlist", Store, "Is there an allowlist in force, and is it the newest?";
    GITHUB = "github", GitHub, "Does GitHub's API answer?";
    CLOCK = "clock", GitHub, "How far is this machine's clock from GitHub's?";
    KEY = "key", GitHub, "Does GitHub take what the private key signs?";
    APP = "app", GitHub, "Is this the App that is configured?";
    PERMISSIONS = "permissions", GitHub, "Does the App ask for every permission that it needs?";
    EVENTS = "events", GitHub, "Does the App subscribe to every event that is acted on?";
    WEBHOOK = "webhook", GitHub, "Does the App's webhook lead here, as JSON, signed, over a verified connection?";
    WEBHOOK_DELIVERIES = "webhook-deliveries", GitHub, "What became of the latest deliveries in GitHub's own list?";
    INSTALLATIONS = "installations", GitHub, "Is the App installed anywhere?";
    SUSPENSIONS = "suspensions", GitHub, "Is an installation suspended?";
    APPROVALS = "approvals", GitHub, "Has every installation approved what the App asks for?";
    REPOSITORIES = "repositories", GitHub, "Is the App installed on the repositories that the settings and the allowlist name?";
    RELAY_ISSUERS = "relay-issuers", GitHub, "Can the keys be had of those whose tokens downstream runs report with?";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_document_explains_every_check_and_no_other() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/doctor.md");
        let document = std::fs::read_to_string(path).unwrap();
        for subject in ALL {
            let Subject { name, source, asks } = subject;
            let row = format!("| [`{name}`](#{name}) | {source} | {asks} |");
            assert!(document.lines().any(|line| line == row), "the table should say: {row}");
        }
        let headings: Vec<&str> = document.lines().filter_map(|line| line.strip_prefix("### ")).collect();
        assert_eq!(headings, ALL.iter().map(|subject| subject.name).collect::<Vec<_>>());
        let rows = document.lines().filter(|line| line.starts_with("| [`")).count();
        assert_eq!(rows, ALL.len());
    }

    #[test]
    fn names_are_unique_and_can_be_anchors() {
        let names: BTreeSet<&str> = ALL.iter().map(|subject| subject.name).collect();
        assert_eq!(names.len(), ALL.len());
        assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')));
    }
}
