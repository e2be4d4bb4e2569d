//! What was found against what is needed. Pure: values in, checks out.

pub mod app;
pub mod deliveries;
pub mod disk;
pub mod installations;
pub mod relay;
pub mod stored;
pub mod webhook;

use switchboard_github::permission::{Access, Permission};

use super::Figures;
use crate::needs::Needs;

/// `actions: write`
fn word(permission: &Permission, access: Access) -> String {
    format!("{}: {}", permission.as_str(), access.as_str())
}

/// Who needs a permission and what for, as the end of a sentence; empty if nobody does.
fn because(needs: &Needs, permission: &Permission) -> String {
    let mut reasons: Vec<String> =
        needs.why(permission).map(|reason| format!("{} to {}", reason.by, reason.why)).collect();
    reasons.dedup();
    if reasons.is_empty() { String::new() } else { format!(", needed by the {}", reasons.join("; by the ")) }
}

fn figures(permission: &Permission, access: Access, installation: Option<u64>) -> Figures {
    Figures::Permission { permission: permission.as_str().to_owned(), access: access.as_str(), installation }
}
