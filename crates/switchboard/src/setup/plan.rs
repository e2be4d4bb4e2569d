//! What is to be created, as somebody asked for it. Pure: texts in, a plan or what is wrong with them out.

use std::fmt;

use switchboard_engine::webhook::PATH;
use switchboard_github::limits::{MAX_APP_NAME_CHARS, MAX_OWNER_LENGTH};

use crate::addresses::{NOWHERE, is_local};
use crate::settings::kinds::BaseUrl;

/// GitHub's pages and its API, which belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Where the pages are: `https://github.com`, without a slash at the end.
    pub web: String,
    /// Where the API is: `https://api.github.com`.
    pub api: BaseUrl,
}

const PUBLIC_WEB: &str = "https://github.com";
const PUBLIC_API: &str = "https://api.github.com";
/// Where a GitHub Enterprise Server keeps its API.
const ENTERPRISE_API_PATH: &str = "/api/v3";

impl Place {
    /// The GitHub whose pages are at `web`; anything but github.com is taken for a GitHub Enterprise Server, whose API is
    /// on the same host.
    ///
    /// # Errors
    /// [`PlanProblem`], when that is no address.
    pub fn at(web: &str) -> Result<Self, PlanProblem> {
        let refused = |message: String| PlanProblem { field: "github-url", message };
        let base = BaseUrl::parse(web).map_err(refused)?;
        let web = base.as_str().strip_suffix(ENTERPRISE_API_PATH).unwrap_or(base.as_str());
        if matches!(web, PUBLIC_WEB | PUBLIC_API) {
            let api = BaseUrl::parse(PUBLIC_API).map_err(refused)?;
            return Ok(Self { web: PUBLIC_WEB.to_owned(), api });
        }
        let api = BaseUrl::parse(&format!("{web}{ENTERPRISE_API_PATH}")).map_err(refused)?;
        Ok(Self { web: web.to_owned(), api })
    }

    /// Whether this is on the machine itself, as a simulator is: then it also reaches what only the machine reaches.
    #[must_use]
    pub fn is_local(&self) -> bool {
        is_local(self.api.url())
    }
}

/// How webhooks find the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// GitHub reaches it at this address.
    Public(BaseUrl),
    /// GitHub reaches nobody, and keeps what it could not deliver in the App's delivery list, from which
    /// `switchboard forward` and the server's own gap repair take it.
    ListOnly,
    /// The webhook is switched off: nothing is sent, and nothing is listed.
    Inactive,
}

/// What is to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The App's name, which GitHub makes its slug from.
    pub name: String,
    /// The organization that will own it; `None`: the account that is signed in to GitHub.
    pub organization: Option<String>,
    /// How webhooks find the server.
    pub reach: Reach,
    /// Whether accounts other than the owner's may install it.
    pub public: bool,
}

/// What a form or a command line says, before anybody has judged it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields {
    /// The App's name.
    pub name: String,
    /// The organization; empty for a personal account.
    pub organization: String,
    /// Where GitHub reaches the server; empty if it cannot.
    pub url: String,
    /// Whether others may install it.
    pub public: bool,
    /// Whether the webhook is to be switched off.
    pub inactive: bool,
}

/// What cannot be as somebody asked for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PlanProblem {
    /// The field, as the form and the command line call it.
    pub field: &'static str,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Plan {
    /// Judges what somebody asked for; everything that is wrong at once.
    ///
    /// # Errors
    /// Every [`PlanProblem`].
    pub fn of(fields: &Fields, place: &Place) -> Result<Self, Vec<PlanProblem>> {
        let mut problems = Vec::new();
        let mut problem = |field, message: String| problems.push(PlanProblem { field, message });
        let name = fields.name.trim();
        if slug(name).is_empty() || name.chars().count() > MAX_APP_NAME_CHARS || name.chars().any(char::is_control) {
            problem("name", format!("A name has 1 to {MAX_APP_NAME_CHARS} characters, letters or digits among them."));
        }
        let organization = fields.organization.trim().trim_start_matches('@');
        let shaped = organization.len() <= MAX_OWNER_LENGTH
            && organization.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if !shaped {
            problem("organization", "This is no organization's name in GitHub's addresses, such as acme.".to_owned());
        }
        let reach = match reach(fields, place) {
            Ok(reach) => reach,
            Err(message) => {
                problem("url", message);
                Reach::ListOnly
            }
        };
        if !problems.is_empty() {
            return Err(problems);
        }
        let organization = (!organization.is_empty()).then(|| organization.to_owned());
        Ok(Self { name: name.to_owned(), organization, reach, public: fields.public })
    }

    /// The slug that GitHub will make of the name.
    #[must_use]
    pub fn slug(&self) -> String {
        slug(&self.name)
    }

    /// Where GitHub is told to send webhooks, whether or not anybody is there.
    #[must_use]
    pub fn webhook_url(&self) -> String {
        match &self.reach {
            Reach::Public(base) => format!("{base}{PATH}"),
            Reach::ListOnly | Reach::Inactive => format!("{NOWHERE}{PATH}"),
        }
    }

    /// Where the manifest is posted to.
    #[must_use]
    pub fn form_action(&self, place: &Place, state: &str) -> String {
        let web = &place.web;
        match &self.organization {
            Some(login) => format!("{web}/organizations/{login}/settings/apps/new?state={state}"),
            None => format!("{web}/settings/apps/new?state={state}"),
        }
    }
}

fn reach(fields: &Fields, place: &Place) -> Result<Reach, String> {
    if fields.inactive {
        return Ok(Reach::Inactive);
    }
    let url = fields.url.trim();
    if url.is_empty() {
        return Ok(Reach::ListOnly);
    }
    let url = url.strip_suffix(PATH).unwrap_or(url);
    let base = BaseUrl::parse(url).map_err(|why| {
        format!("This is no address of a server: {why}. Write it like https://switchboard.example.com.")
    })?;
    if is_local(base.url()) && !place.is_local() {
        return Err(
            "GitHub cannot reach an address of this machine. Leave it empty and use `switchboard forward`, or name \
                    the address of a proxy or tunnel in front."
                .to_owned(),
        );
    }
    Ok(Reach::Public(base))
}

/// As GitHub makes it: lower case, and a hyphen for whatever is no letter or digit.
fn slug(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.web.split_once("://").map_or(self.web.as_str(), |(_, host)| host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Fields {
        Fields { name: "Our Switchboard!".to_owned(), ..Fields::default() }
    }

    fn github() -> Place {
        Place::at("https://github.com").unwrap()
    }

    #[test]
    fn pages_and_api_belong_together() {
        for (given, web, api) in [
            ("https://github.com/", "https://github.com", "https://api.github.com"),
            ("https://api.github.com", "https://github.com", "https://api.github.com"),
            ("https://ghe.example.com", "https://ghe.example.com", "https://ghe.example.com/api/v3"),
            ("https://ghe.example.com/api/v3", "https://ghe.example.com", "https://ghe.example.com/api/v3"),
            ("http://127.0.0.1:4000", "http://127.0.0.1:4000", "http://127.0.0.1:4000/api/v3"),
        ] {
            let place = Place::at(given).unwrap();
            assert_eq!((place.web.as_str(), place.api.as_str(), place.api.web()), (web, api, web), "{given}");
        }
        assert_eq!(Place::at("github.com").unwrap_err().field, "github-url");
    }

    #[test]
    fn an_app_of_an_organization_with_an_address() {
        let asked = Fields {
            organization: " @acme ".to_owned(),
            url: "https://switchboard.example.com/webhooks/github".to_owned(),
            ..fields()
        };
        let plan = Plan::of(&asked, &github()).unwrap();
        assert_eq!((plan.slug().as_str(), plan.organization.as_deref()), ("our-switchboard", Some("acme")));
        assert_eq!(plan.webhook_url(), "https://switchboard.example.com/webhooks/github");
        assert_eq!(plan.form_action(&github(), "s"), "https://github.com/organizations/acme/settings/apps/new?state=s");
    }

    #[test]
    fn without_an_address_webhooks_go_where_nobody_is() {
        let plan = Plan::of(&fields(), &github()).unwrap();
        assert_eq!(
            (&plan.reach, plan.webhook_url().as_str()),
            (&Reach::ListOnly, "https://switchboard.invalid/webhooks/github")
        );
        assert_eq!(plan.form_action(&github(), "s"), "https://github.com/settings/apps/new?state=s");
        let inactive = Plan::of(&Fields { inactive: true, ..fields() }, &github()).unwrap();
        assert_eq!(inactive.reach, Reach::Inactive);
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let asked = Fields {
            name: "!".to_owned(),
            organization: "../x".to_owned(),
            url: "http://localhost:3000".to_owned(),
            ..Fields::default()
        };
        let problems = Plan::of(&asked, &github()).unwrap_err();
        let fields: Vec<_> = problems.iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["name", "organization", "url"]);
        assert!(problems[2].message.contains("switchboard forward"));
        let local = Place::at("http://127.0.0.1:4000").unwrap();
        let asked = Fields { url: "http://localhost:3000".to_owned(), ..self::fields() };
        assert!(Plan::of(&asked, &local).is_ok(), "a simulator reaches its own machine");
        assert!(Plan::of(&Fields { name: "x".repeat(35), ..Fields::default() }, &github()).is_err());
    }
}
