//! What keys do, told by `?` on every page, and on a page of its own for who has no script.

use std::sync::Arc;

use crate::AutomationPages;
use crate::access::Session;
use crate::core::Core;

/// Keys, and what they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortcut {
    /// Any of these, as they are written on the key: `?`, `Ctrl K`.
    pub keys: &'static [&'static str],
    /// What they do, as a part of a sentence: `closes what is open`.
    pub does: &'static str,
}

/// Keys that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    /// Where they hold.
    pub(crate) at: &'static str,
    pub(crate) shortcuts: Vec<Shortcut>,
}

const SEARCH: Shortcut = Shortcut { keys: &["/", "Ctrl K", "⌘ K"], does: "goes to the search box" };
const EVERYWHERE: [Shortcut; 4] = [
    Shortcut { keys: &["?"], does: "shows this list" },
    Shortcut { keys: &["Esc"], does: "closes what is open, and leaves the search box" },
    Shortcut { keys: &["Tab", "Shift Tab"], does: "goes to the next or the previous link, button or field" },
    Shortcut { keys: &["Enter"], does: "opens the row or link, or presses the button, that has the focus" },
];

/// Every group of keys that somebody can use: what needs a script, and the search box, only where those are.
pub(crate) fn groups(core: &Core, session: Option<&Session>) -> Vec<Group> {
    let searches = session.is_some_and(|session| !session.is_visitor());
    let everywhere = searches.then_some(SEARCH).into_iter().chain(EVERYWHERE).collect();
    let own = core.automations.iter().filter(|automation| !automation.shortcuts().is_empty());
    let own = own.map(|it: &Arc<dyn AutomationPages>| Group { at: it.nav().label, shortcuts: it.shortcuts().to_vec() });
    std::iter::once(Group { at: "On every page", shortcuts: everywhere }).chain(own).collect()
}
