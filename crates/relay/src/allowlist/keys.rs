//! The words that may stand in the file. The JSON Schema names the same ones; a test compares them.

use switchboard_engine::yaml::Keys;

pub(super) const LEVELS: Keys = Keys { known: &["L1", "L2", "L3", "L4"], mistaken: &[] };

pub(super) const EVENTS: Keys = Keys {
    known: &["pull_request", "nightly"],
    mistaken: &[("push", "pushes come with `pull_request`"), ("periodic", "periodic reports come with `nightly`")],
};

pub(super) const OPTIONS: Keys = Keys {
    known: &["oncalls", "events", "refs", "branches", "labels", "timeout_minutes", "start_timeout_minutes", "silent"],
    mistaken: &[
        ("timeout", "write `timeout_minutes`"),
        ("device", "the device stands above the repository, on L3"),
        ("level", "the level stands above the repository"),
    ],
};
