//! What the relay writes down: the rows that decide, and those behind its pages.
//!
//! Members are only ever added, and have defaults, so that an older and a newer release can run side by side. Every record has one
//! writer: the lane of its dispatch, or the outbox for `relay.check`.

mod board;
mod dispatch;
pub mod keys;
mod list;
mod pull;
mod result;
mod row;
mod target;
pub mod views;

pub use board::{BoardEntry, BoardRecord, DailyRecord, HealthRecord, ProbeRecord, Pulse, SummaryRecord};
pub use dispatch::{
    BodyRecord, DispatchRecord, HeadRecord, InboxRecord, Kind, SkippedEntry, Superseded, SupersededWhy,
};
pub use list::{AllowlistError, AllowlistRecord, LevelRecord};
pub(crate) use pull::REMEMBERED;
pub use pull::{PullRecord, RelayedHead};
pub use result::{Counted, ResultRecord};
pub use row::{Cell, CellState, RowRecord};
pub use target::{RunRecord, TargetError, TargetRecord, TargetState};
