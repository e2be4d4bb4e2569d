//! Deliveries that are brought to a server by hand: [recorded](recording) in a file and sent again, or
//! [forwarded](forward) from the App's own delivery list to a server that GitHub cannot reach.
//!
//! Both end in the same [`Sender`]: the body's bytes as they are, GitHub's headers, and a signature made anew.

pub mod forward;
pub mod recording;
mod sender;

pub use recording::{Recording, RecordingProblem};
pub use sender::{Answer, SendProblem, Sender};
