//! What the server tells the panel about itself that stands in no store: its settings, and what is left of GitHub's
//! budget.

use std::sync::Arc;

use switchboard_clock::Timestamp;
use switchboard_engine::readiness::Readiness;
use switchboard_store::Installation;

/// What the server tells about itself. Nothing, unless it is put in.
#[derive(Clone, Default)]
pub struct Insight {
    /// The settings in force, in the order of their sections.
    pub settings: Vec<SettingRow>,
    /// The budgets of the installations.
    pub budgets: Option<Arc<dyn Budgets>>,
    /// Whether deliveries can be accepted.
    pub readiness: Option<Arc<Readiness>>,
}

/// A setting as the page shows it. Secrets come as fingerprints: the panel never holds one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingRow {
    /// The section it stands in: `server`.
    pub section: String,
    /// Its key there.
    pub name: String,
    /// The value in force, as it would be written; `None` if it is unset.
    pub shown: Option<String>,
    /// Where it came from: `default`, a line of a file, an environment variable.
    pub origin: String,
    /// What it is for.
    pub about: String,
}

/// How GitHub's budget of an installation looks at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Budget {
    /// Requests under way.
    pub in_flight: u32,
    /// Points spent in the last minute.
    pub points_minute: u32,
    /// Content writes in the last hour.
    pub writes_hour: u32,
    /// What GitHub last said of the hour: left, of how many, until when.
    pub hour: Option<(u64, u64, Timestamp)>,
    /// No call before this moment, because GitHub said so.
    pub held_until: Option<Timestamp>,
}

/// How long a token still lives. Its value is nobody's business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenLife {
    /// What it is for: the repositories and permissions that it was narrowed to.
    pub scope: String,
    /// When GitHub ends it.
    pub expires_at: Timestamp,
}

/// Who knows the budgets: the client of GitHub, from memory and without a call.
pub trait Budgets: Send + Sync + 'static {
    /// The budget of an installation now.
    fn budget(&self, installation: Installation) -> Budget;

    /// The tokens of an installation that are kept for further calls, the longest-lived first.
    fn tokens(&self, installation: Installation) -> Vec<TokenLife> {
        let _ = installation;
        Vec::new()
    }
}
