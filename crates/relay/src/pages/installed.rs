//! Whether the App can do at an entry what the relay needs: its installation there, and what was granted.

use askama::Template;
use askama::filters::HtmlSafe;
use switchboard_engine::installations::{self, Seen};
use switchboard_github::RepoName;
use switchboard_panel::components::{Mark, Prose, State as Shape};
use switchboard_store::{Key, Result};

use super::Desk;

/// What the relay does at an entry, by permission: it dispatches, and reads and re-runs runs.
const NEEDED: [(&str, &str); 2] = [("contents", "events cannot be dispatched"), ("actions", "runs cannot be re-run")];

/// An installation as it is shown.
#[derive(Template)]
#[template(
    ext = "html",
    source = r##"{{ mark }}{% if let Some(id) = id %} <a href="/installations/{{ id }}">installation {{ id }}</a>{% endif %}{% if let Some(hint) = hint %}<br><span class="muted">{{ hint }}</span>{% endif %}"##
)]
pub(super) struct InstalledView {
    mark: Mark,
    id: Option<u64>,
    hint: Option<Prose>,
}

impl HtmlSafe for InstalledView {}

impl InstalledView {
    /// What is known of the installation on a repository: one read, and a question to GitHub at most once a day, for a missing one once
    /// in ten minutes.
    ///
    /// # Errors
    /// What the store says.
    pub(super) async fn of(desk: &Desk, repo: &RepoName) -> Result<Self> {
        let plain = |shape, word, hint: Option<String>| Self {
            mark: Mark::new(shape, word),
            id: None,
            hint: hint.map(|hint| Prose(hint.into())),
        };
        let id = match desk.relay.installed.of(&desk.context(), repo).await {
            Ok(Some(id)) => id.0,
            Ok(None) => {
                let hint = "Install the App on this repository; until then nothing can be sent to it.";
                return Ok(plain(Shape::Failed, "not installed", Some(hint.to_owned())));
            }
            Err(error) => {
                return Ok(plain(Shape::Waiting, "unknown: GitHub could not be asked", Some(error.to_string())));
            }
        };
        let seen: Option<Seen> = desk.reader.get(&installations::VIEW, &Key::from(id.to_string())).await?;
        let Some(seen) = seen else { return Ok(Self { id: Some(id), ..plain(Shape::Succeeded, "installed", None) }) };
        let (mark, hint) = judge(&seen);
        Ok(Self { mark, id: Some(id), hint: hint.map(|hint| Prose(hint.into())) })
    }
}

/// Whether everything that is needed was granted.
fn judge(seen: &Seen) -> (Mark, Option<String>) {
    if seen.suspended_at.is_some() {
        let hint = "The account has suspended the App; nothing can be sent there until it is let in again.";
        return (Mark::new(Shape::Failed, "suspended"), Some(hint.to_owned()));
    }
    let missing = NEEDED.iter().find(|(name, _)| seen.granted.get(*name).is_none_or(|access| access != "write"));
    match missing {
        None => (Mark::new(Shape::Succeeded, "installed"), None),
        Some((name, without)) => {
            let hint =
                format!("Without `{name}: write` {without}. The account's owners accept it in the App's settings.");
            (Mark::new(Shape::Denied, "a permission is missing"), Some(hint))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_permission_is_named_with_what_it_costs() {
        let granted = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), "write".to_owned())).collect();
        let whole = Seen { granted: granted(&["contents", "actions"]), ..Seen::default() };
        assert_eq!(judge(&whole).0.state, Shape::Succeeded);
        let (mark, hint) = judge(&Seen { granted: granted(&["actions"]), ..Seen::default() });
        assert_eq!(mark.state, Shape::Denied);
        assert!(hint.unwrap().contains("`contents: write` events cannot be dispatched"));
        let suspended = Seen { suspended_at: Some("2026-01-05T12:00:00Z".to_owned()), ..whole };
        assert_eq!(judge(&suspended).0.state, Shape::Failed);
    }
}
