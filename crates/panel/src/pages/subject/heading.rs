//! The heading of a subject page: what it is, and for a pull request or issue what the newest delivery says of it.

use serde::Deserialize;
use switchboard_store::Delivery;

use crate::components::{Mark, Sha, State};
use crate::topic::Topic;
use crate::{Fault, Shell, links};

/// Bodies larger than this are not read for a heading.
const BODY_BYTES_MAX: u64 = 256 * 1024;
/// Longest title that a heading shows, in characters.
const TITLE_MAX_CHARS: usize = 200;

/// The heading.
pub(super) struct Heading {
    /// The repository or account that it belongs to: the words before it, and where they lead.
    pub(super) crumb: Option<(String, String)>,
    /// Its short name: `#412`, a SHA, a repository.
    pub(super) name: Name,
    /// What people called it.
    pub(super) called: Option<String>,
    /// Whether it is open, closed, merged or a draft.
    pub(super) state: Option<Mark>,
    /// The newest commit of a pull request, and its page.
    pub(super) head: Option<(Sha, String)>,
    /// Whose installation sent it: the number, and its page.
    pub(super) installation: Option<(String, String)>,
    /// What it cost to read.
    pub(super) reads: usize,
}

pub(super) enum Name {
    Text(String),
    Commit(Sha),
}

/// What a delivery about a pull request or issue says of it.
#[derive(Debug, Default, Deserialize)]
struct Body {
    pull_request: Option<About>,
    issue: Option<About>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct About {
    title: Option<String>,
    state: Option<String>,
    merged: Option<bool>,
    draft: Option<bool>,
    head: Option<Head>,
}

#[derive(Debug, Deserialize)]
struct Head {
    sha: String,
}

impl Heading {
    /// Reads the newest body that can tell; one read of the store at most.
    pub(super) async fn read(shell: &Shell, topic: &Topic, deliveries: &[Delivery]) -> Result<Self, Fault> {
        // Deliveries of others may be about it, too: what they report on.
        let own = match topic {
            Topic::Number { repository, .. } | Topic::Commit { repository, .. } | Topic::Repository(repository) => {
                repository
            }
            Topic::Installation(_) => "",
        };
        let mut spelled = deliveries.iter().filter_map(|delivery| delivery.repository.as_ref());
        let spelled = spelled.find(|name| name.eq_ignore_ascii_case(own)).cloned();
        let crumb = |name: &str| {
            let name = spelled.clone().unwrap_or_else(|| name.to_owned());
            let path = links::subject(&name);
            Some((name, path))
        };
        let (crumb, name) = match topic {
            Topic::Number { repository, number } => (crumb(repository), Name::Text(format!("#{number}"))),
            Topic::Commit { repository, sha } => (crumb(repository), Name::Commit(Sha::new(sha))),
            Topic::Repository(name) => (None, Name::Text(spelled.clone().unwrap_or_else(|| name.clone()))),
            Topic::Installation(id) => (
                Some((format!("Installation {id}"), format!("/installations/{id}"))),
                Name::Text("everything it sent".to_owned()),
            ),
        };
        let installation = deliveries
            .iter()
            .find_map(|delivery| delivery.installation)
            .filter(|_| !matches!(topic, Topic::Installation(_)))
            .map(|id| (id.to_string(), format!("/installations/{id}")));
        let mut heading = Self { crumb, name, called: None, state: None, head: None, installation, reads: 0 };
        if let Topic::Number { repository, .. } = topic {
            let newest = deliveries.iter().find(|delivery| {
                delivery.key.platform == "github" && delivery.body_kept && delivery.body_bytes <= BODY_BYTES_MAX
            });
            if let Some(newest) = newest {
                heading.reads = 1;
                let body = shell.store().body(newest.id).await?.unwrap_or_default();
                heading.tell(serde_json::from_slice(&body).unwrap_or_default(), repository);
            }
        }
        Ok(heading)
    }

    fn tell(&mut self, body: Body, repository: &str) {
        let Some(about) = body.pull_request.or(body.issue) else { return };
        self.called = about.title.map(|title| title.chars().take(TITLE_MAX_CHARS).collect());
        self.state = match about.state.as_deref() {
            Some("open") if about.draft == Some(true) => Some(Mark::new(State::Cancelled, "draft")),
            Some("open") => Some(Mark::new(State::Waiting, "open")),
            Some("closed") if about.merged == Some(true) => Some(Mark::new(State::Succeeded, "merged")),
            Some("closed") => Some(Mark::new(State::Cancelled, "closed")),
            _ => None,
        };
        self.head = about.head.map(|head| {
            let path = links::subject(&format!("{repository}@{}", head.sha));
            (Sha::new(head.sha), path)
        });
    }

    /// What stands in the window's title.
    pub(super) fn title(&self, subject: &str) -> String {
        match &self.called {
            Some(called) => format!("{subject} {called}"),
            None => subject.to_owned(),
        }
    }
}
