//! Who may enter by GitHub, and as what: lists of people, organizations and teams.

use std::fmt;
use std::str::FromStr;

use super::Role;
use super::directory::{Belonging, DirectoryError, Person};

/// Longest login and longest slug of a team that GitHub gives out; of the latter GitHub names no limit.
const LOGIN_CHARS_MAX: usize = 39;
const SLUG_CHARS_MAX: usize = 100;

/// An entry of such a list: `@mona`, `acme` or `acme/ops`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grantee {
    /// A person, by login.
    User(String),
    /// Everybody in an organization or a team.
    Group(Group),
}

/// Where people belong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Group {
    /// An organization, by login.
    Organization(String),
    /// A team of an organization, by login and slug. The members of its child teams are its members too.
    Team(String, String),
}

/// A text that is not an entry of such a list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither `@user`, nor `organization`, nor `organization/team`")]
pub struct GranteeError(String);

/// Who may enter. Empty lists let nobody in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants {
    /// Who may look and act.
    pub operators: Vec<Grantee>,
    /// Who may look.
    pub viewers: Vec<Grantee>,
}

/// What came of the question whether somebody may enter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Admission {
    /// They may.
    As(Role),
    /// They may not; what GitHub said of each group.
    Refused {
        /// Groups that they were invited to and have not joined.
        pending: Vec<Group>,
        /// Groups that GitHub tells nothing about, each with its words.
        hidden: Vec<(Group, String)>,
    },
}

impl FromStr for Grantee {
    type Err = GranteeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || GranteeError(text.to_owned());
        let text = text.trim();
        if let Some(login) = text.strip_prefix('@') {
            return is_login(login).then(|| Self::User(login.to_owned())).ok_or_else(wrong);
        }
        let group = match text.split_once('/') {
            Some((login, slug)) if is_login(login) && is_slug(slug) => Group::Team(login.to_owned(), slug.to_owned()),
            None if is_login(text) => Group::Organization(text.to_owned()),
            _ => return Err(wrong()),
        };
        Ok(Self::Group(group))
    }
}

/// Whether GitHub could have given out this login; accounts of a company's identity provider have an underscore.
fn is_login(text: &str) -> bool {
    (1..=LOGIN_CHARS_MAX).contains(&text.len())
        && !text.starts_with('-')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn is_slug(text: &str) -> bool {
    (1..=SLUG_CHARS_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        && !text.bytes().all(|byte| byte == b'.')
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organization(login) => f.write_str(login),
            Self::Team(login, slug) => write!(f, "{login}/{slug}"),
        }
    }
}

impl fmt::Display for Grantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(login) => write!(f, "@{login}"),
            Self::Group(group) => group.fmt(f),
        }
    }
}

impl Grants {
    /// Whether nobody may enter.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operators.is_empty() && self.viewers.is_empty()
    }

    /// Whether GitHub has to be asked about memberships.
    #[must_use]
    pub fn ask_memberships(&self) -> bool {
        self.operators.iter().chain(&self.viewers).any(|grantee| matches!(grantee, Grantee::Group(_)))
    }

    /// The groups of the lists, each once.
    pub(super) fn groups(&self) -> Vec<&Group> {
        let mut groups: Vec<&Group> = Vec::new();
        for grantee in self.operators.iter().chain(&self.viewers) {
            if let Grantee::Group(group) = grantee
                && !groups.contains(&group)
            {
                groups.push(group);
            }
        }
        groups
    }

    /// The highest role that somebody has. Asks about one group after the other, and no further than it must. A question
    /// that finds no answer ends it: not knowing whether somebody is an operator is no reason to let them in as a viewer.
    pub(super) async fn admit(&self, person: &dyn Person) -> Result<Admission, DirectoryError> {
        let (mut pending, mut hidden) = (Vec::new(), Vec::new());
        for (role, list) in [(Role::Operator, &self.operators), (Role::ReadOnly, &self.viewers)] {
            let named = |grantee: &Grantee| matches!(grantee, Grantee::User(login) if login.eq_ignore_ascii_case(person.login()));
            if list.iter().any(named) {
                return Ok(Admission::As(role));
            }
            for grantee in list {
                let Grantee::Group(group) = grantee else { continue };
                match person.belongs(group).await? {
                    Belonging::Member => return Ok(Admission::As(role)),
                    Belonging::Invited => pending.push(group.clone()),
                    Belonging::Untold(words) => hidden.push((group.clone(), words)),
                    Belonging::Stranger => {}
                }
            }
        }
        Ok(Admission::Refused { pending, hidden })
    }
}

/// All of it as one text, for deriving keys: another list is another key.
impl fmt::Display for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (role, list) in [("operators", &self.operators), ("viewers", &self.viewers)] {
            write!(f, "{role}")?;
            list.iter().try_for_each(|grantee| write!(f, " {grantee}"))?;
            f.write_str("\n")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;

    #[test]
    fn entries_are_people_organizations_and_teams() {
        for text in ["@mona", "@mona_corp", "acme", "acme/ops", "Acme-Inc/sre.eu"] {
            assert_eq!(text.parse::<Grantee>().unwrap().to_string(), text);
        }
        for text in ["", "@", "@a/b", "acme/", "/ops", "acme/ops/x", "acme/..", "a b", "*", "-a", "@mona,", "acme/o?s"]
        {
            assert!(text.parse::<Grantee>().is_err(), "{text}");
        }
    }

    struct Mona(fn(&Group) -> Result<Belonging, DirectoryError>);

    #[async_trait]
    impl Person for Mona {
        fn login(&self) -> &str {
            "Mona"
        }

        async fn belongs(&self, group: &Group) -> Result<Belonging, DirectoryError> {
            (self.0)(group)
        }
    }

    async fn admitted(operators: &str, viewers: &str, ask: fn(&Group) -> Result<Belonging, DirectoryError>) -> String {
        let list = |text: &str| text.split_whitespace().map(|entry| entry.parse().unwrap()).collect();
        let grants = Grants { operators: list(operators), viewers: list(viewers) };
        match grants.admit(&Mona(ask)).await {
            Ok(Admission::As(role)) => role.as_str().to_owned(),
            Ok(Admission::Refused { pending, hidden }) => format!("refused {} {}", pending.len(), hidden.len()),
            Err(_) => "unknown".to_owned(),
        }
    }

    #[tokio::test]
    async fn the_highest_role_counts_and_what_is_not_known_counts_as_nothing() {
        let never = |_: &Group| panic!("nobody need be asked");
        let ask = |group: &Group| match group.to_string().as_str() {
            "acme" | "acme/ops" => Ok(Belonging::Member),
            "invited" => Ok(Belonging::Invited),
            "hidden" => Ok(Belonging::Untold("no".to_owned())),
            "down" => Err(DirectoryError::Unavailable { retry_after: None }),
            _ => Ok(Belonging::Stranger),
        };
        for (operators, viewers, ask, expected) in [
            ("", "", ask as fn(&Group) -> _, "refused 0 0"),
            ("other @mona", "", never, "operator"),
            ("acme", "acme", ask, "operator"),
            ("other acme/ops", "", ask, "operator"),
            ("other", "acme", ask, "read-only"),
            ("@hubot", "@MONA", ask, "read-only"),
            ("invited hidden", "invited other", ask, "refused 2 1"),
            ("down", "@mona", ask, "unknown"),
            ("acme down", "", ask, "operator"),
        ] {
            assert_eq!(admitted(operators, viewers, ask).await, expected, "{operators} | {viewers}");
        }
    }
}
