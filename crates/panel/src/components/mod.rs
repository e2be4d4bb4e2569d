//! The pieces that pages are made of. Each is a value that shows itself as HTML, with whatever strangers wrote in it
//! escaped: put it into a template as `{{ piece }}`.

mod action;
mod amount;
mod chart;
mod empty;
mod fields;
mod html;
mod id;
mod json;
mod mark;
mod pager;
mod prose;
mod time;
mod timeline;

pub use action::{ActionForm, Guarded};
pub use amount::{bytes, count, duration, plural};
pub use chart::{Bucket, Chart, Series, Side, Tone};
pub use empty::Empty;
pub use fields::Fields;
pub use html::Html;
pub use id::{GitHubLink, Sha, ShortId, middle};
pub use json::PrettyJson;
pub use mark::{Mark, State};
pub use pager::Pager;
pub(crate) use prose::sentence;
pub use prose::{Notice, Prose, Sentence};
pub use time::{Since, Time, ago, clock_time, day, minute_time, week_time, zone, zoned, zoned_minute};
pub(crate) use timeline::data;
pub use timeline::{Call, Flow, Line, Timeline, Told};
