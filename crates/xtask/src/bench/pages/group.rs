//! The names and ids of a group of deliveries: everything about it follows from its number and its moment.

use std::time::Duration;

use switchboard_clock::Timestamp;
use switchboard_dispatcher::chains::Lineage;
use switchboard_dispatcher::names::{RepositoryName, WorkflowFile};
use switchboard_dispatcher::run_key::RunKey;
use switchboard_store::Installation;

use crate::trouble::Trouble;

/// Deliveries of a group.
pub(super) const GROUP: u32 = 10;
/// How long a history is, so that nothing in it is old enough to be swept.
pub(super) const SPAN: Duration = Duration::from_secs(20 * 24 * 3600);
/// Groups a repository of its own is there for; every second group belongs to the busy one.
const GROUPS_A_REPOSITORY: u32 = 50;
/// Installations, whatever is stored.
pub(super) const INSTALLATIONS: u32 = 40;

/// A group's names and ids.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) number: u32,
    pub(super) at: Timestamp,
    pub(super) repository: RepositoryName,
    /// Consents.
    pub(super) target: RepositoryName,
    /// Does not.
    pub(super) refused: RepositoryName,
    pub(super) ci: WorkflowFile,
    pub(super) deploy: WorkflowFile,
}

impl Group {
    pub(super) fn new(number: u32, at: Timestamp) -> Result<Self, Trouble> {
        let name = |text: String| text.parse().map_err(|_| Trouble::Void(format!("{text} is no name")));
        let file = |text: &str| text.parse().map_err(|_| Trouble::Void(format!("{text} is no workflow")));
        // Every second group is of the busy repository.
        let own = if number.is_multiple_of(2) {
            "api".to_owned()
        } else {
            format!("service-{}", number / GROUPS_A_REPOSITORY)
        };
        Ok(Self {
            number,
            at,
            repository: name(format!("acme/{own}"))?,
            target: name(format!("acme/deploy-{own}"))?,
            refused: name(format!("acme/docs-{own}"))?,
            ci: file("ci.yml")?,
            deploy: file("deploy.yml")?,
        })
    }

    pub(super) fn installation(&self) -> Installation {
        Installation(u64::from(self.number % INSTALLATIONS) + 1)
    }

    /// It begins with a letter, so that its beginning is never taken for a number.
    pub(super) fn sha(&self) -> String {
        let mixed = u128::from(self.number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        format!("c{:039x}", mixed >> 4)
    }

    /// The `n`th delivery's id at GitHub.
    pub(super) fn guid(&self, n: u32) -> String {
        format!("{:08x}-0000-4000-8000-{n:012x}", self.number)
    }

    /// A pull request of its repository; there are seven.
    pub(super) fn pull(&self) -> u64 {
        u64::from(self.number / 2 % 7) + 1
    }

    pub(super) fn repository_id(&self) -> u64 {
        if self.number.is_multiple_of(2) {
            700_000_000
        } else {
            700_000_001 + u64::from(self.number / GROUPS_A_REPOSITORY)
        }
    }

    pub(super) fn run_id(&self) -> u64 {
        16_000_000_000 + u64::from(self.number)
    }

    pub(super) fn started_id(&self) -> u64 {
        26_000_000_000 + u64::from(self.number)
    }

    pub(super) fn key(&self) -> RunKey {
        RunKey::new(self.repository_id(), self.run_id(), 1)
    }

    pub(super) fn url(&self) -> String {
        format!("https://github.com/{}/actions/runs/{}", self.repository, self.run_id())
    }

    pub(super) fn lineage(&self) -> Lineage {
        Lineage::root(self.key(), &self.repository, &self.ci)
    }
}
