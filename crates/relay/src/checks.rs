//! Check runs on the upstream's pull request: what they are called, when they are wanted, which of several results one shows, and
//! what the merge gate says.

pub mod gate;
pub mod name;
pub mod order;
pub mod state;
pub mod wanted;
