//! A stateful GitHub, for stories in tests, for the demo, and to run alone.
//!
//! A test arranges organizations, repositories, workflows and an App's installation, lets something happen there, and looks
//! at the same GitHub afterwards:
//!
//! ```
//! use std::sync::Arc;
//! use switchboard_clock::SimulatedClock;
//! use switchboard_simulator::{AppSpec, InstallationSpec, RunSpec, Simulator};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let github = Simulator::new(Arc::new(SimulatedClock::default()), 7);
//! let acme = github.organization("acme");
//! let source = acme.repository("source");
//! let ci = source.workflow("ci.yml");
//! github.app(AppSpec::new("switchboard"))?.install(&acme, InstallationSpec::all());
//!
//! ci.complete_run(&RunSpec::default());
//!
//! let deliveries = github.take_due();
//! assert_eq!(deliveries.len(), 3, "requested, in progress, completed");
//! github.finish(&[])?;
//! # Ok(())
//! # }
//! ```
//!
//! [`Simulator::handle`] answers API requests in process; [`Simulator::serve`] does so over TCP. Webhooks leave through
//! [`Simulator::take_due`] and [`Simulator::report`], or over HTTP through [`Simulator::run`]. Faults are scheduled with
//! [`Simulator::fault`], [`Simulator::webhook_fault`] and [`Simulator::callback_fault`]; in process they are values ([`Fault`]), over TCP they are real.
//!
//! What it promises:
//! - API answers and webhooks are rendered from one state, so that a story cannot invent impossible events.
//! - Everything that a caller may do wrong on GitHub goes wrong here: tokens expire and are narrow, permissions are missing,
//!   budgets run out, texts are too long.
//! - The same seed, clock and story give the same ids, tokens and bytes.
//! - It shares no code with the client that it tests.
//!
//! People sign in by an App as they do on GitHub: a page asks them, a code is exchanged, and their token tells who they are
//! and where they belong.
//!
//! Where one repository's events are to start work in another, a [`Downstream`] workflow waits for dispatches and reports back
//! with a token of the simulated [issuer](Simulator::issuer) (an [`IdToken`] may also be made that nobody should believe):
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//! use switchboard_clock::SimulatedClock;
//! use switchboard_simulator::{Downstream, PullSpec, Simulator};
//!
//! let github = Simulator::new(Arc::new(SimulatedClock::default()), 7);
//! let script = Downstream::run("CI").result("build").succeeds_after(Duration::from_mins(5));
//! github.repo("vendor/backend").on_dispatch(script.matrix("test", 3).fails_after(Duration::from_mins(9)));
//!
//! let pull = github.repo("org/upstream").open_pull(PullSpec::new("Add kernels").by("alice").forked());
//! pull.label("ciflow/crcr/cuda");
//! pull.push("Address review");
//! ```
//!
//! Reports leave as webhooks do, through [`Simulator::take_due_callbacks`] and [`Simulator::report_callback`], or over HTTP
//! through [`Simulator::run`].
//!
//! Apps are registered by a story, or as people do it on GitHub: on the pages that [`Simulator::serve`] serves beside the API.
//!
//! What it leaves out: nested teams, what users may see of repositories, reviews, branch protection, GraphQL, and whatever `git` itself speaks.

mod api;
mod fault;
mod ids;
mod keys;
mod ledger;
pub mod limits;
mod oidc;
mod pattern;
mod render;
mod serve;
mod settings;
mod simulator;
mod state;
mod story;
mod web;
mod webhook;

pub use fault::{Fault, FaultPlan};
pub use ids::{
    AccountId, AppId, CallbackId, CheckRunId, CheckSuiteId, CommentId, DeliveryId, HookId, InstallationId, IssueId,
    JobId, LabelId, RepoId, RunId, StatusId, TeamId, WorkflowId,
};
pub use keys::{KeyError, SIMULATOR_ONLY_PRIVATE_KEY};
pub use ledger::{Call, Credentials, Effect, Expected, Unexpected};
pub use oidc::Provider;
pub use oidc::claims::BuildkiteJob;
pub use pattern::CallPattern;
pub use settings::{RunDetails, Settings};
pub use simulator::{Simulator, Summary};
pub use state::AccountKind;
pub use state::access::{Access, Permissions, Selection};
pub use state::actions::{Input, Script, Trigger};
pub use state::callbacks::OutgoingCallback;
pub use state::git::Entry;
pub use state::runs::{HeadRepository, RunStatus};
pub use story::{
    App, AppSpec, CallbackView, CheckRunView, CommentView, Downstream, DownstreamResult, IdToken, IdTokenRequest,
    Installation, InstallationSpec, IssueView, Issuer, JobView, Owner, Pull, PullSpec, Repository, RepositorySpec,
    RunSpec, RunView, SIMULATOR_ONLY_CLIENT_SECRET, Team, Workflow, WorkflowSpec,
};
pub use webhook::post::PostError;
pub use webhook::{DELIVERIES_KEPT, DELIVERY_TIMEOUT, DeliveryOutcome, OutgoingDelivery, WebhookFault};
