//! When a pull request gets check runs of an entry.

use crate::allowlist::{Entry, Level};

/// What is known of a pull request when a check run might be written.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'s> {
    /// Its labels now.
    pub labels: &'s [String],
    /// Whether it is open.
    pub open: bool,
    /// Whether the check run would stand on its newest head.
    pub newest_head: bool,
}

/// What is to be done about check runs of an entry on a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// New ones are created, and those that are there follow their results.
    Yes,
    /// No new ones; those that are there follow their results to the end.
    Finish,
    /// No new ones; those that are there say that they no longer matter.
    Neutral(Withdrawn),
    /// Nothing at all.
    No,
}

/// Why check runs no longer matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawn {
    /// The device's label was taken off the pull request.
    LabelRemoved,
    /// The entry is on L1 now, or not listed at all.
    NotListed,
}

impl Withdrawn {
    /// What the check run says.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::LabelRemoved => "label removed",
            Self::NotListed => "no longer listed",
        }
    }
}

/// What is to be done about the check runs of an entry, as it stands in the list now (`None`: not listed).
#[must_use]
pub fn wanted(entry: Option<&Entry>, suppressed: bool, prefix: &str, pull: Standing<'_>) -> Wanted {
    let Some(entry) = entry.filter(|entry| entry.level > Level::L1) else {
        return Wanted::Neutral(Withdrawn::NotListed);
    };
    if entry.level == Level::L2 || entry.options.silent || (suppressed && entry.level == Level::L3) {
        return Wanted::Finish;
    }
    if !entry.is_asked_for(pull.labels, prefix) {
        return if pull.newest_head { Wanted::Neutral(Withdrawn::LabelRemoved) } else { Wanted::Finish };
    }
    if pull.open && pull.newest_head { Wanted::Yes } else { Wanted::Finish }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::allowlist::parse;

    const PREFIX: &str = "ciflow/crcr/";

    /// What is wanted of an entry on this level, silent or not, suppressed or not; of a pull request that carries the device's label or
    /// not, is open or not, and whose newest head it is or not.
    fn of(level: &str, labelled: bool, open: bool, newest_head: bool, suppressed: bool) -> Wanted {
        let text = match level {
            "none" => "L1: []".to_owned(),
            "L3" => "L3: { CUDA: { a/b: } }".to_owned(),
            "L3 silent" => "L3: { cuda: { a/b: { silent: true } } }".to_owned(),
            "L4 silent" => "L4: [{ a/b: { silent: true } }]".to_owned(),
            level => format!("{level}: [a/b]"),
        };
        let list = parse(text.as_bytes()).0.unwrap();
        let labels =
            if labelled { vec!["bug".to_owned(), "CIFLOW/crcr/cuda".to_owned()] } else { vec!["bug".to_owned()] };
        wanted(list.entries().first(), suppressed, PREFIX, Standing { labels: &labels, open, newest_head })
    }

    #[test]
    fn relay_27_every_level_has_its_checks() {
        use Wanted::{Finish, Neutral, No, Yes};
        let gone = Neutral(Withdrawn::NotListed);
        let removed = Neutral(Withdrawn::LabelRemoved);
        let table = [
            // level, labelled and open on the newest head, unlabelled, closed, on an older head, suppressed
            ("none", [gone, gone, gone, gone, gone]),
            ("L1", [gone, gone, gone, gone, gone]),
            ("L2", [Finish; 5]),
            ("L3", [Yes, removed, Finish, Finish, Finish]),
            ("L3 silent", [Finish; 5]),
            ("L4", [Yes, Yes, Finish, Finish, Yes]),
            ("L4 silent", [Finish; 5]),
        ];
        for (level, expected) in table {
            let found = [
                of(level, true, true, true, false),
                of(level, false, true, true, false),
                of(level, true, false, true, false),
                of(level, true, true, false, false),
                of(level, true, true, true, true),
            ];
            assert_eq!(found, expected, "{level}");
            assert!(!found.contains(&No), "nothing is ever left as it is by mistake");
        }
        assert_eq!(of("L3", false, true, false, false), Finish, "an older head keeps what it has");
    }
}
