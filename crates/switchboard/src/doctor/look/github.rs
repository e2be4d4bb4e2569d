//! What GitHub says about the App: who it is, what it may do, where its webhooks go, where it is installed.

use switchboard_github::api::app::{App, HookConfig, Installation};
use switchboard_github::pages::Pages;
use switchboard_github::{Error, GitHub, Hint, Reason, RepoName};
use switchboard_panel::components::plural;

use super::refused;
use crate::doctor::judge::deliveries::Server;
use crate::doctor::judge::webhook::Places;
use crate::doctor::judge::{app as judge, deliveries, installations, webhook};
use crate::doctor::{Check, Progress, Source, subject};
use crate::needs::{self, Named, NeededRepository, Needs};
use crate::settings::kinds::BaseUrl;
use crate::settings::{GitHubSettings, Settings};

/// Pages of installations that are looked at; a hundred on each.
const PAGES_MAX: usize = 10;
/// Repositories that are asked about one by one.
const REPOSITORIES_MAX: usize = 300;
/// Of which so many at once.
const REPOSITORIES_AT_ONCE: usize = 4;

/// What is needed to ask.
pub(super) struct Asking<'a> {
    pub(super) settings: &'a Settings,
    pub(super) github: &'a GitHubSettings,
    pub(super) client: &'a GitHub,
    pub(super) server: Server,
    /// Those of the relay's allowlist.
    pub(super) entries: &'a [RepoName],
    pub(super) progress: &'a Progress,
}

impl Asking<'_> {
    pub(super) async fn look(&self) -> Vec<Check> {
        let (api, fingerprint) = (self.github.api_url.as_str(), self.github.private_key.fingerprint().to_string());
        self.progress.step("asking GitHub about the App");
        let fetched = self.client.app().fetch().await.map(|fetched| fetched.value);
        let mut checks = Vec::from(judge::answer(api, &fingerprint, fetched.as_ref()));
        checks.push(judge::clock(self.client.clock_reading()));
        match fetched {
            Ok(app) => checks.extend(self.of(&app).await),
            Err(_) => {
                let told = [subject::GITHUB, subject::KEY, subject::CLOCK, subject::RELAY_ISSUERS];
                let rest =
                    subject::ALL.iter().filter(|subject| subject.source == Source::GitHub && !told.contains(subject));
                let skipped = |subject| Check::skipped(subject, "GitHub did not say", "See the checks github and key.");
                checks.extend(rest.map(|subject| skipped(subject)));
            }
        }
        checks
    }

    /// Everything about an App that answers.
    async fn of(&self, app: &App) -> Vec<Check> {
        let pages = Pages::of(self.github.api_url.web());
        let needs = Needs::of_settings(self.settings);
        let mut checks = vec![judge::identity(self.github.slug.as_ref(), app, pages)];
        checks.extend(judge::permissions(&needs, app, pages));
        checks.extend(judge::events(&needs, app, pages));
        checks.extend(self.webhook(app, pages).await);
        checks.extend(self.installations(app, &needs, pages).await);
        checks.extend(self.repositories(app, pages).await);
        checks
    }

    async fn webhook(&self, app: &App, pages: Pages<'_>) -> Vec<Check> {
        self.progress.step("asking GitHub where it sends webhooks");
        let config = match self.client.hook_config().fetch().await {
            Ok(fetched) => fetched.value,
            // So it answers where there never was a webhook.
            Err(error) if error.reason() == Some(Reason::NotFound) => HookConfig::default(),
            Err(error) => {
                let hint = "See the check webhook.";
                let skipped = Check::skipped(subject::WEBHOOK_DELIVERIES, "GitHub did not say where they go", hint);
                return vec![refused(subject::WEBHOOK, &error), skipped];
            }
        };
        let public_url = self.settings.server.public_url.as_ref().map(BaseUrl::as_str);
        let places = Places { public_url, api: self.github.api_url.url() };
        let mut checks = webhook::webhook(&config, places, pages.app_settings(app).as_deref());
        self.progress.step("reading GitHub's list of deliveries");
        checks.push(match self.client.hook_deliveries(None).fetch().await {
            Ok(listed) => {
                let (leads, page) = (webhook::leads(&config), pages.app_deliveries(app));
                deliveries::deliveries(&listed.value, leads, self.server, page.as_deref())
            }
            Err(error) => refused(subject::WEBHOOK_DELIVERIES, &error),
        });
        checks
    }

    async fn installations(&self, app: &App, needs: &Needs, pages: Pages<'_>) -> Vec<Check> {
        match self.list().await {
            Ok((found, all)) => {
                let mut checks = vec![installations::presence(app, &found, all, pages)];
                checks.extend(installations::suspensions(&found, pages));
                checks.extend(installations::approvals(needs, app, &found, pages));
                checks
            }
            Err(error) => {
                let skipped = |subject| Check::skipped(subject, "GitHub did not say", "See the check installations.");
                vec![
                    refused(subject::INSTALLATIONS, &error),
                    skipped(subject::SUSPENSIONS),
                    skipped(subject::APPROVALS),
                ]
            }
        }
    }

    /// The installations, and whether these are all.
    async fn list(&self) -> Result<(Vec<Installation>, bool), Error> {
        let mut found: Vec<Installation> = Vec::new();
        let mut next = None;
        for _ in 0..PAGES_MAX {
            self.progress.step(&format!("asking GitHub for installations ({} so far)", found.len()));
            let call = self.client.installations();
            let page = match &next {
                Some(next) => call.page(next),
                None => call,
            };
            let fetched = page.fetch().await?;
            found.extend(fetched.value);
            next = fetched.answer.next().cloned();
            if next.is_none() {
                return Ok((found, true));
            }
        }
        Ok((found, false))
    }

    /// Whether the App is installed on the repositories that the settings and the allowlist name.
    async fn repositories(&self, app: &App, pages: Pages<'_>) -> Vec<Check> {
        let needed = needs::repositories(self.settings, self.entries);
        if needed.is_empty() {
            let hint = "Where the settings name some, each is looked for.";
            return vec![Check::skipped(subject::REPOSITORIES, "the settings name none", hint)];
        }
        let mut checks = Vec::new();
        for several in needed[..needed.len().min(REPOSITORIES_MAX)].chunks(REPOSITORIES_AT_ONCE) {
            let asked = several.iter().map(|repository| self.installed(repository, app, pages));
            checks.extend(futures::future::join_all(asked).await.into_iter().flatten());
        }
        if needed.len() > REPOSITORIES_MAX {
            let found = format!("of {} only the first {REPOSITORIES_MAX} were looked for", needed.len());
            checks.push(Check::skipped(
                subject::REPOSITORIES,
                found,
                "The installations page names those of each: /installations.",
            ));
        } else if checks.is_empty() {
            let found = format!("{} named, and the App is installed on all", plural(needed.len() as u64, "is", "are"));
            checks.push(Check::ok(subject::REPOSITORIES, found));
        }
        checks
    }

    /// What is wrong with the App's installation on a repository.
    async fn installed(&self, repository: &NeededRepository, app: &App, pages: Pages<'_>) -> Option<Check> {
        self.progress.step(&format!("asking GitHub for the installation on {}", repository.name));
        let error = self.client.repository_installation(&repository.name).fetch().await.err()?;
        let check = if error.reason() == Some(Reason::NotFound) {
            let found =
                format!("the App is not installed on it, and it is {} of the {}", repository.role, repository.by);
            let hint = Hint::Install { installation: None };
            let check = match repository.named {
                Named::InSettings => Check::error(subject::REPOSITORIES, found, hint),
                Named::InAllowlist => Check::warning(subject::REPOSITORIES, found, hint),
            };
            check.at(pages.install(app))
        } else {
            refused(subject::REPOSITORIES, &error)
        };
        Some(check.about(repository.name.as_str()))
    }
}
