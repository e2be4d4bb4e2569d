//! What an operator can do about a refusal: data first, so that a fact, a log line, a page and `doctor` say the same.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::InstallationId;
use crate::permission::Permissions;

/// One piece of advice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "hint", rename_all = "snake_case")]
pub enum Hint {
    /// The token lacks a permission: the App does not ask for it, or the account has not approved it yet.
    GrantPermission {
        /// Sets of permissions of which any one suffices.
        any_of: Vec<Permissions>,
        /// Which installation was refused.
        installation: Option<InstallationId>,
    },
    /// The App asks for more than this installation has approved.
    ApprovePermissions {
        /// What was asked for.
        permissions: Permissions,
        /// Whose approval is missing.
        installation: InstallationId,
    },
    /// The App is not installed there, or not on that repository.
    Install {
        /// The installation that was looked for, if one was.
        installation: Option<InstallationId>,
    },
    /// The account has suspended the installation.
    Unsuspend {
        /// Which one.
        installation: Option<InstallationId>,
    },
    /// GitHub does not take the App's own signature.
    CheckAppKey,
    /// What arrives is not signed with our secret.
    MatchWebhookSecret,
    /// What arrives is no JSON by its content type.
    SendWebhooksAsJson,
    /// An archived repository takes no changes.
    Unarchive,
    /// Redirected elsewhere, which is not followed lest the token goes there.
    CheckApiUrl,
    /// It does not exist, or the token cannot see it: GitHub answers 404 to both.
    CheckNameOrAccess {
        /// What the call needs.
        needs: Permissions,
        /// Which installation looked.
        installation: Option<InstallationId>,
    },
}

impl From<Hint> for String {
    fn from(hint: Hint) -> Self {
        hint.to_string()
    }
}

/// Where an account's owner manages an installation.
fn settings(installation: InstallationId) -> String {
    format!("the settings of installation {installation}")
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GrantPermission { any_of, installation } => {
                f.write_str("Grant the App ")?;
                for (n, set) in any_of.iter().enumerate() {
                    let separator = if n == 0 { "" } else { " or " };
                    write!(f, "{separator}\"{set}\"")?;
                }
                if any_of.is_empty() {
                    f.write_str("the permission that this call needs")?;
                }
                f.write_str(" in its settings, then let an owner approve it")?;
                installation.map_or(Ok(()), |id| write!(f, " in {}", settings(id)))?;
                f.write_str(".")
            }
            Self::ApprovePermissions { permissions, installation } => {
                write!(f, "Let an owner approve \"{permissions}\" in {}.", settings(*installation))
            }
            Self::Install { installation: None } => {
                f.write_str("Install the App on that account, with access to the repository.")
            }
            Self::Install { installation: Some(id) } => write!(
                f,
                "Installation {id} does not exist any more, or does not cover the repository: install the App again or add the repository to it."
            ),
            Self::Unsuspend { installation: None } => f.write_str("Let an owner of the account unsuspend the App."),
            Self::Unsuspend { installation: Some(id) } => {
                write!(f, "Let an owner of the account unsuspend the App in {}.", settings(*id))
            }
            Self::CheckAppKey => f.write_str(
                "Check that the App id and the private key belong together, that the key was not deleted, and that the clock is right.",
            ),
            Self::MatchWebhookSecret => f.write_str(
                "Make the webhook secret in the App's settings and GITHUB_WEBHOOK_SECRET the same; while rotating, name both, separated by a comma.",
            ),
            Self::SendWebhooksAsJson => {
                f.write_str("Let the App's webhook have the content type \"application/json\".")
            }
            Self::Unarchive => f.write_str("Unarchive the repository, or stop targeting it."),
            Self::CheckApiUrl => f.write_str("Check GITHUB_API_URL: GitHub redirects to another server."),
            Self::CheckNameOrAccess { needs, installation } => {
                f.write_str("Check the name, and that the App is installed on the repository")?;
                if !needs.is_empty() {
                    write!(f, " with \"{needs}\"")?;
                }
                installation.map_or(Ok(()), |id| write!(f, " ({})", settings(id)))?;
                f.write_str(".")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permission::{Access, Permission};

    #[test]
    fn hints_name_permission_installation_and_approval() {
        let actions = Permissions::one(Permission::ACTIONS, Access::Write);
        let issues = Permissions::one(Permission::ISSUES, Access::Write);
        let installation = InstallationId(7);
        for (hint, text) in [
            (
                Hint::GrantPermission { any_of: vec![actions.clone(), issues], installation: Some(installation) },
                "Grant the App \"actions: write\" or \"issues: write\" in its settings, then let an owner approve it in the settings of installation 7.",
            ),
            (
                Hint::GrantPermission { any_of: vec![], installation: None },
                "Grant the App the permission that this call needs in its settings, then let an owner approve it.",
            ),
            (
                Hint::ApprovePermissions { permissions: actions.clone(), installation },
                "Let an owner approve \"actions: write\" in the settings of installation 7.",
            ),
            (Hint::Install { installation: None }, "Install the App on that account, with access to the repository."),
            (
                Hint::Unsuspend { installation: Some(installation) },
                "Let an owner of the account unsuspend the App in the settings of installation 7.",
            ),
            (
                Hint::CheckNameOrAccess { needs: actions, installation: None },
                "Check the name, and that the App is installed on the repository with \"actions: write\".",
            ),
        ] {
            assert_eq!(hint.to_string(), text);
        }
    }

    #[test]
    fn hints_are_data() {
        let hint = Hint::Install { installation: Some(InstallationId(7)) };
        let json = serde_json::to_string(&hint).unwrap();
        assert_eq!(json, r#"{"hint":"install","installation":7}"#);
        assert_eq!(serde_json::from_str::<Hint>(&json).unwrap(), hint);
    }
}
