//! The world in which tests tell their stories.
//!
//! A story arranges a simulated GitHub, lets something happen there, lets time pass, and looks at the same GitHub
//! afterwards. Between the two stands the real server: the engine with its webhook route, a GitHub client, and a SQLite
//! store on disk. Only the wires are short: webhooks and API calls are handed over in process, and everybody lives by one
//! [`SimulatedClock`](switchboard_clock::SimulatedClock), so that hours pass in milliseconds and every run is the same.
//!
//! ```
//! # use async_trait::async_trait;
//! # use switchboard_engine::{Arrival, Automation, Context, Trouble};
//! # use switchboard_store::{NewJob, Settlement, Work};
//! # struct Idle;
//! # #[async_trait]
//! # impl Automation for Idle {
//! #     fn name(&self) -> &'static str { "idle" }
//! #     fn route(&self, _: &Arrival<'_>) -> Vec<NewJob> { Vec::new() }
//! #     async fn decide(&self, _: &Work, _: &Context) -> Result<Settlement, Trouble> { Ok(Settlement::done()) }
//! #     async fn carry(&self, _: &Work, _: &Context) -> Result<Settlement, Trouble> { Ok(Settlement::done()) }
//! # }
//! use switchboard_testkit::World;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let mut world = World::with(|| Idle).events(&["issues"]).begin().await;
//! let app = world.repository("acme/app");
//!
//! app.open_issue("Hello", "Is anybody there?");
//! world.settle().await;
//!
//! assert_eq!(world.deliveries().await.len(), 1);
//! world.finish(&[]).await;
//! # }
//! ```
//!
//! * **Arranging**: [`World::with`] and the [`Builder`]; then [`World::repository`], and everything that
//!   [`World::github`] offers.
//! * **Letting happen**: [`World::settle`] (now), [`World::run_for`] and [`World::run_until_idle`] (from now on),
//!   [`World::post`] (a webhook made by hand), [`World::operate`] (an operator's action).
//! * **Going wrong**: the simulator's faults, [`World::crash_at`], [`World::stop`], [`World::restart`],
//!   [`World::fill_disk`].
//! * **Looking**: [`World::facts`], [`World::records`], [`World::dead_letters`], [`World::logs`], …
//! * **Ending**: [`World::finish`] holds the story to what it expected. A story without an end fails.
//!
//! # What makes it deterministic
//! Handlers may wait for the store, which answers in real time from another thread, and for the clock, which only the
//! world moves. So the world must know which of the two an unfinished attempt waits for. It hands the engine a store that
//! counts the calls under way: an attempt that is not finished, has not been woken and waits for no store call waits for
//! the clock, and then the clock jumps to the next moment that somebody sleeps until, be that the end of a pause or the
//! engine's own renewal of a lease (see `drive`). It follows that handlers in a story may wait for nothing else, no
//! socket, no thread, no lock held by the test, unless they tell so by [`Outside`].
//!
//! # Known limits
//! One attempt runs at a time, so a story shows what follows from what, not what races with what. While a handler sleeps,
//! the world's webhooks wait for it.
#![expect(clippy::expect_used, clippy::panic, reason = "a test kit says no by panicking in the test that uses it")]

mod act;
mod builder;
mod callback;
mod death;
mod drive;
mod ending;
pub mod json_schema;
mod logs;
mod look;
mod outside;
mod server;
mod time;
mod watched;
mod webhook;
mod wire;
mod world;

pub use builder::Builder;
pub use callback::Reported;
pub use ending::secrets_in;
pub use outside::Outside;
pub use server::Wiring;
pub use webhook::{Answered, Arrived, Webhook, signature};
pub use world::World;

pub use switchboard_clock::Clock;
pub use switchboard_simulator::Expected;
