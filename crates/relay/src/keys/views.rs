//! The relay's views.

use switchboard_store::View;

/// An upstream's last good allowlist, and what was wrong with the last one.
pub const ALLOWLIST: View = View::of("relay.allowlist");
/// Where an entry stands, and since when.
pub const LEVEL: View = View::of("relay.level");
/// A pull request with its last dispatches.
pub const PR: View = View::of("relay.pr");
/// The dispatches of a commit.
pub const HEAD: View = View::of("relay.head");
/// What one upstream delivery set in motion.
pub const DISPATCH: View = View::of("relay.dispatch");
/// An entry's dispatches in order of acceptance.
pub const INBOX: View = View::of("relay.inbox");
/// A dispatch at one entry.
pub const TARGET: View = View::of("relay.target");
