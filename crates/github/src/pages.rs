//! Where on GitHub's pages people manage what the API only tells. Sources: docs.github.com, "Modifying a GitHub App registration",
//! "Viewing webhook deliveries", "Reviewing and modifying installed GitHub Apps", "Approving updated permissions for a GitHub App".

use crate::api::app::{Account, App, Installation};

/// The pages of one GitHub.
#[derive(Debug, Clone, Copy)]
pub struct Pages<'w> {
    web: &'w str,
}

impl<'w> Pages<'w> {
    /// Those below `web`: `https://github.com`, without a slash at its end.
    #[must_use]
    pub const fn of(web: &'w str) -> Self {
        Self { web }
    }

    /// The settings of an App: its key, its webhook with the secret.
    #[must_use]
    pub fn app_settings(&self, app: &App) -> Option<String> {
        let slug = app.slug.as_ref()?;
        Some(format!("{}/settings/apps/{slug}", self.of_account(app.owner.as_ref()?)?))
    }

    /// Where an App's permissions and events are chosen.
    #[must_use]
    pub fn app_permissions(&self, app: &App) -> Option<String> {
        Some(format!("{}/permissions", self.app_settings(app)?))
    }

    /// Where the recent deliveries of an App's webhook are listed, each with its answer.
    #[must_use]
    pub fn app_deliveries(&self, app: &App) -> Option<String> {
        Some(format!("{}/advanced", self.app_settings(app)?))
    }

    /// Where an App is installed on a further account.
    #[must_use]
    pub fn install(&self, app: &App) -> Option<String> {
        Some(format!("{}/installations/new", app.html_url.as_deref()?))
    }

    /// Where an owner manages an installation: its repositories, its suspension.
    #[must_use]
    pub fn installation(&self, installation: &Installation) -> Option<String> {
        installation.html_url.clone().or_else(|| {
            Some(format!(
                "{}/settings/installations/{}",
                self.of_account(installation.account.as_ref()?)?,
                installation.id
            ))
        })
    }

    /// Where an owner approves what the App has come to ask for.
    #[must_use]
    pub fn approval(&self, installation: &Installation) -> Option<String> {
        Some(format!("{}/permissions/update", self.installation(installation)?))
    }

    /// A line of a file, on the default branch.
    #[must_use]
    pub fn line(&self, repository: &str, path: &str, line: u32) -> String {
        format!("{}/{repository}/blob/HEAD/{path}#L{line}", self.web)
    }

    /// A repository.
    #[must_use]
    pub fn repository(&self, repository: &str) -> String {
        format!("{}/{repository}", self.web)
    }

    /// What the paths of an account's settings begin with.
    fn of_account(&self, account: &Account) -> Option<String> {
        match account.kind.as_deref() {
            Some("Organization") => Some(format!("{}/organizations/{}", self.web, account.login.as_deref()?)),
            _ => Some(self.web.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const PAGES: Pages<'_> = Pages::of("https://github.com");

    fn app(owner: &Value) -> App {
        let html_url = "https://github.com/apps/ours";
        serde_json::from_value(json!({ "id": 7, "slug": "ours", "owner": owner, "html_url": html_url })).unwrap()
    }

    #[test]
    fn an_app_is_managed_where_its_owner_is() {
        let organization = app(&json!({ "login": "acme", "type": "Organization" }));
        assert_eq!(
            PAGES.app_permissions(&organization).as_deref(),
            Some("https://github.com/organizations/acme/settings/apps/ours/permissions")
        );
        let user = app(&json!({ "login": "mona", "type": "User" }));
        assert_eq!(PAGES.app_deliveries(&user).as_deref(), Some("https://github.com/settings/apps/ours/advanced"));
        assert_eq!(PAGES.install(&user).as_deref(), Some("https://github.com/apps/ours/installations/new"));
        assert_eq!(PAGES.app_settings(&app(&Value::Null)), None);
    }

    #[test]
    fn an_installation_says_where_it_is_managed_or_its_account_does() {
        let of = |page: Value| -> Installation {
            let account = json!({ "login": "acme", "type": "Organization" });
            serde_json::from_value(json!({ "id": 5, "account": account, "html_url": page })).unwrap()
        };
        let expected = "https://github.com/organizations/acme/settings/installations/5/permissions/update";
        assert_eq!(PAGES.approval(&of(Value::Null)).as_deref(), Some(expected));
        let told = of(json!("https://ghe.example.com/x/5"));
        assert_eq!(PAGES.installation(&told).as_deref(), Some("https://ghe.example.com/x/5"));
    }
}
