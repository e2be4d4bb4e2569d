//! The verbs of a story: arrange a GitHub, let things happen in it, look at it afterwards.
//!
//! Arranging (`organization`, `repository`, `file`, `install`, `workflow`) is silent. What happens later (`push`,
//! `complete_run`, `open_issue`, …) goes through the same state as API calls do and sends its webhooks.

mod app;
mod callback;
mod check;
mod downstream;
mod id_token;
mod installation;
mod issue;
mod owner;
mod people;
mod pull;
mod push;
mod repository;
mod workflow;

pub use app::{App, AppSpec, SIMULATOR_ONLY_CLIENT_SECRET};
pub use callback::CallbackView;
pub use check::CheckRunView;
pub use downstream::{Downstream, DownstreamResult};
pub use id_token::{IdToken, IdTokenRequest, Issuer};
pub use installation::{Installation, InstallationSpec};
pub use issue::{CommentView, IssueView};
pub use owner::Owner;
pub use people::Team;
pub use pull::{Pull, PullSpec};
pub use repository::{Repository, RepositorySpec};
pub use workflow::{JobView, RunSpec, RunView, Workflow, WorkflowSpec};

/// Who does things in a story when nobody else is named.
pub(crate) const DEFAULT_ACTOR: &str = "mona";
