//! The pages that every automation shares.

pub(crate) mod actions;
pub(crate) mod audit;
pub(crate) mod deliveries;
pub(crate) mod delivery;
pub(crate) mod facts;
pub(crate) mod installations;
pub(crate) mod job;
pub(crate) mod jobs;
pub(crate) mod keys;
pub(crate) mod letters;
pub(crate) mod overview;
pub(crate) mod search;
pub(crate) mod settings;
pub(crate) mod subject;
mod tables;
