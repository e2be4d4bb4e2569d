//! The views that the relay's records and counters are kept in.

use switchboard_store::View;

macro_rules! views {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        $($(#[$doc])* pub const $name: View = View::of($text);)*
    };
}

views! {
    /// By upstream: the list in force, and what is wrong with a newer one.
    ALLOWLIST = "relay.allowlist";
    /// By upstream and entry: the entry as it is listed.
    LEVEL = "relay.level";
    /// By upstream and number: a pull request.
    PULL = "relay.pr";
    /// By upstream, commit and what was relayed of it: its dispatches.
    HEAD = "relay.head";
    /// By delivery id: a dispatch.
    DISPATCH = "relay.dispatch";
    /// By delivery id: the body that all its targets get.
    BODY = "relay.body";
    /// By entry and order: what was dispatched to it, for those that catch up.
    INBOX = "relay.inbox";
    /// By delivery id and entry.
    TARGET = "relay.target";
    /// By delivery id, entry, workflow, result name, run and attempt.
    RESULT = "relay.result";
    /// By entry and run: what it reports on.
    RUN = "relay.run";
    /// What a run and a token were bound to when they were first heard of.
    BOUND = "relay.bound";
    /// By commit and name: a check run as it was last written.
    CHECK = "relay.check";
    /// By upstream, kind and order, newest first: a row of the HUD.
    ROW = "relay.row";
    /// The same by entry.
    ROW_REPO = "relay.row.repo";
    /// The same, while something in it fails.
    ROW_BAD = "relay.row.bad";
    /// By upstream, entry, workflow and result name: when it was last seen.
    COLUMN = "relay.col";
    /// By entry: the repository that its name stands for.
    IDENTITY = "relay.identity";
    /// By upstream and commit: which nightly ref holds it.
    NIGHTLY = "relay.nightly";
    /// By entry and deadline: open results.
    OPEN = "relay.open";
    /// By entry and order, newest first: failed sends.
    FAILED = "relay.failed";
    /// Counters by entry, kind and day.
    COUNT_DAY = "relay.count.day";
    /// Counters by entry, kind and hour.
    COUNT_HOUR = "relay.count.hour";
    /// By entry, kind and window.
    SUMMARY = "relay.summary";
    /// By kind and window: all entries.
    BOARD = "relay.board";
    /// By entry: criteria and demotion.
    HEALTH = "relay.health";
    /// By upstream: the last day whose evaluation is done.
    DAILY = "relay.daily";
    /// By upstream and head: whether the probe's results on it were as expected.
    PROBE = "relay.probe";
    /// By upstream: when something last happened.
    PULSE = "relay.pulse";
    /// Counter by entry: targets held and waiting, results open.
    GAUGE = "relay.gauge";
}
