//! Beat 3: the only code of the relay that writes to the outside.

mod check;
mod comment;
mod dispatch;
pub(crate) mod installed;
mod rerun;

pub(crate) use comment::CommentOrder;
pub(crate) use rerun::RerunOrder;
