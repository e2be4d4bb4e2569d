use switchboard_panel::{Grantee, PUBLIC_PAGES};

use crate::settings::nearest::nearest;
use crate::settings::value::{FromText, Refusal};

/// The automations whose pages may be public.
const AUTOMATIONS: [&str; 2] = [switchboard_dispatcher::handlers::NAME, switchboard_relay::handlers::NAME];

impl FromText for Grantee {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        text.parse().map_err(|_| {
            Refusal::new(format!("`{text}` is neither a person, nor an organization, nor a team"))
                .hint("write @user, organization, or organization/team with the team's slug as in its address")
        })
    }
}

/// The name of pages that may be made public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::settings) struct PublicPage(pub(in crate::settings) String);

impl FromText for PublicPage {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        let names = || PUBLIC_PAGES.into_iter().chain(AUTOMATIONS);
        if names().any(|name| name == text) {
            return Ok(Self(text.to_owned()));
        }
        let refusal = Refusal::new(format!("`{text}` is no page that can be made public"));
        Err(match nearest(text, names()) {
            Some(name) => refusal.hint(format!("did you mean `{name}`?")),
            None => refusal.hint(format!("they are {}", names().collect::<Vec<_>>().join(", "))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_not_be_public_is_refused_with_what_may() {
        assert_eq!(PublicPage::from_text("dispatcher"), Ok(PublicPage("dispatcher".to_owned())));
        let hint = |text: &str| PublicPage::from_text(text).unwrap_err().hint.unwrap();
        assert_eq!(hint("overveiw"), "did you mean `overview`?");
        assert_eq!(hint("settings"), "they are overview, deliveries, dispatcher, relay");
    }

    #[test]
    fn a_list_names_people_organizations_and_teams() {
        assert!(Grantee::from_text("@mona").is_ok() && Grantee::from_text("acme/ops").is_ok());
        assert!(Grantee::from_text("https://github.com/acme").unwrap_err().hint.unwrap().contains("@user"));
    }
}
