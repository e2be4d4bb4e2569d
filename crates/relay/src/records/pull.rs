use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use switchboard_github::RepoName;
use switchboard_store::DeliveryId;

use crate::pull::PrInfo;

/// `relay.pr`: a pull request, and what was relayed of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRecord {
    /// The pull request as last heard of.
    pub info: PrInfo,
    /// Its dispatches, oldest first, at most the last 50.
    #[serde(default)]
    pub dispatches: Vec<RelayedHead>,
    /// Entries that something of it was planned to be sent to.
    #[serde(default)]
    pub sent_to: BTreeSet<RepoName>,
    /// Heads that were approved, at most the last 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approved: Vec<String>,
}

/// A dispatch of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelayedHead {
    /// Which.
    pub delivery_id: String,
    /// Its place.
    pub seq: DeliveryId,
    /// The head that was dispatched.
    pub head: String,
    /// Whether it tells that the pull request was closed: it tests nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closes: bool,
    /// Whether a newer head or the end of the pull request took its place.
    #[serde(default)]
    pub superseded: bool,
}

/// Dispatches and heads of a pull request that are remembered.
pub(crate) const REMEMBERED: usize = 50;

impl PullRecord {
    /// The dispatches that nothing took the place of.
    pub fn live(&self) -> impl Iterator<Item = &RelayedHead> {
        self.dispatches.iter().filter(|dispatch| !dispatch.superseded)
    }
}
