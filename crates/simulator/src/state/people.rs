//! Who belongs to which organization and team, who lets an App act for them, and the tokens that come of it.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use switchboard_clock::Timestamp;

use super::State;
use super::access::Access;
use crate::ids::{AccountId, AppId, TeamId};

/// How long the code of an approval may be exchanged.
/// <https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps>
pub(crate) const CODE_LIFETIME: Duration = Duration::from_secs(600);
/// How long a user's token lives.
/// <https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens>
pub(crate) const USER_TOKEN_LIFETIME: Duration = Duration::from_secs(8 * 3600);
/// How long its refresh token would: six months, as the answer says in seconds.
pub(crate) const REFRESH_TOKEN_LIFETIME: Duration = Duration::from_secs(15_897_600);

/// Whether somebody belongs, or was only asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Active,
    Pending,
}

impl Standing {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Pending => "pending",
        }
    }
}

/// A team of an organization.
#[derive(Debug, Clone)]
pub(crate) struct Team {
    pub id: TeamId,
    pub members: BTreeMap<AccountId, Standing>,
}

/// What an App shows of itself when it asks for a user's token.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub secret: String,
    /// Where users may be sent back to, exactly.
    pub callbacks: Vec<String>,
}

/// A user's approval that waits to be exchanged.
#[derive(Debug, Clone)]
pub(crate) struct Approval {
    pub app: AppId,
    pub user: AccountId,
    pub redirect_uri: Option<String>,
    /// The S256 challenge, if the request had one.
    pub challenge: Option<String>,
    pub expires_at: Timestamp,
}

/// A token with which an App acts for a user.
#[derive(Debug, Clone)]
pub(crate) struct UserToken {
    pub app: AppId,
    pub user: AccountId,
    pub expires_at: Timestamp,
}

/// People: memberships, and what they let Apps do.
#[derive(Debug, Default)]
pub(crate) struct People {
    pub members: BTreeMap<(AccountId, AccountId), Standing>,
    /// By organization and slug.
    pub teams: BTreeMap<(AccountId, String), Team>,
    /// Accounts that a site's administrator has suspended.
    pub suspended: Vec<AccountId>,
    pub clients: BTreeMap<AppId, Client>,
    pub approvals: HashMap<String, Approval>,
    pub tokens: HashMap<String, UserToken>,
}

/// The public name of an App in the exchange of codes.
pub(crate) fn client_id(app: AppId) -> String {
    format!("Iv23li{:014}", app.0)
}

impl State {
    /// The App with this client id.
    pub(crate) fn app_of_client(&self, id: &str) -> Option<AppId> {
        self.apps.keys().copied().find(|app| client_id(*app) == id)
    }

    /// Whether the App may read an organization's members there, and why not.
    pub(crate) fn members_readable(&self, app: AppId, organization: AccountId) -> Result<(), Unreadable> {
        let mut installed = self.installations.values().filter(|i| i.app == app && i.account == organization);
        match installed.next() {
            None => Err(Unreadable::NotGranted),
            Some(installation) if installation.suspended_at.is_some() => Err(Unreadable::Suspended),
            Some(installation) if installation.permissions.allow("members", Access::Read) => Ok(()),
            Some(_) => Err(Unreadable::NotGranted),
        }
    }
}

/// Why an App cannot read an organization's members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    NotGranted,
    Suspended,
}
