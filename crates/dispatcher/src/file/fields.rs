//! The keys of each mapping in `dispatching.yml`. The JSON Schema names the same ones; a test compares them.

use switchboard_engine::yaml::Keys;

/// People who know other tools write the owner beside the name.
const OWNER: (&str, &str) = ("owner", "write `owner/name` in `repository`");
const BRANCH: (&str, &str) = ("branch", "write `ref`");

pub(super) const FILE: Keys = Keys { known: &["outbound", "inbound"], mistaken: &[] };
pub(super) const RULE: Keys =
    Keys { known: &["source", "targets"], mistaken: &[("target", "write `targets` with a list")] };
pub(super) const OUTBOUND_SOURCE: Keys = Keys {
    known: &["workflow", "conclusions"],
    mistaken: &[("repository", "the source of an outbound rule is always this repository; leave it out"), OWNER],
};
pub(super) const INBOUND_SOURCE: Keys =
    Keys { known: &["repository", "workflow"], mistaken: &[OWNER, ("repo", "write `repository`")] };
pub(super) const OUTBOUND_TARGET: Keys = Keys {
    known: &["repository", "workflow", "ref", "inputs"],
    mistaken: &[
        OWNER,
        BRANCH,
        ("repo", "write `repository`"),
        ("accept_inputs", "inputs are accepted by the target's inbound rule"),
    ],
};
pub(super) const INBOUND_TARGET: Keys = Keys {
    known: &["workflow", "accept_inputs"],
    mistaken: &[
        ("repository", "the target of an inbound rule is always this repository; leave it out"),
        ("inputs", "write `accept_inputs`"),
    ],
};
