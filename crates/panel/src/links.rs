//! Where things are: paths of this panel, and addresses on GitHub. Names from deliveries are encoded here, so that none of
//! them can become another path, a query or another host.

use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use switchboard_engine::installations::Registered;
use switchboard_store::{Class, Work};

/// What stays as it is inside one segment of a path or one value of a query (RFC 3986, "unreserved").
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One segment of a path, or one value of a query.
#[must_use]
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

/// The page of a delivery, by our id or the platform's.
#[must_use]
pub fn delivery(id: impl std::fmt::Display) -> String {
    format!("/deliveries/{}", encoded(&id.to_string()))
}

/// The page of a job or an intent.
#[must_use]
pub fn job(id: impl std::fmt::Display) -> String {
    format!("/jobs/{}", encoded(&id.to_string()))
}

/// What waits in the lane of a job or an intent.
#[must_use]
pub fn lane(work: &Work) -> String {
    let class = match work.class {
        Class::Job => "job",
        Class::Intent => "intent",
    };
    let (automation, lane) = (encoded(&work.automation), encoded(work.lane.as_str()));
    format!("/jobs?lane={lane}&of={class}&automation={automation}")
}

/// The list of deliveries with one filter.
#[must_use]
pub fn deliveries(filter: &str, value: &str) -> String {
    format!("/deliveries?{filter}={}", encoded(value))
}

/// The page of a subject: `/subjects/owner/name`, `…/12`, `…/@<sha>`, `/subjects/installation/7`.
#[must_use]
pub fn subject(subject: &str) -> String {
    let (place, detail) = match subject.find(['#', '@']) {
        Some(at) => subject.split_at(at),
        None => (subject, ""),
    };
    let Some((owner, name)) = place.split_once('/') else {
        return deliveries("subject", subject);
    };
    let path = format!("/subjects/{}/{}", encoded(owner), encoded(name));
    match detail.split_at_checked(1) {
        Some(("#", number)) => format!("{path}/{}", encoded(number)),
        // A commit is told from a number by the sign that it has in the subject.
        Some((_, sha)) => format!("{path}/@{}", encoded(sha)),
        None => path,
    }
}

/// The page of an installation.
#[must_use]
pub fn installation(id: impl std::fmt::Display) -> String {
    format!("/installations/{}", encoded(&id.to_string()))
}

/// The sign-in page that leads on to `next`.
#[must_use]
pub fn sign_in(next: &str) -> String {
    if own_path(Some(next)) == "/" { "/sign-in".to_owned() } else { format!("/sign-in?next={}", encoded(next)) }
}

/// Where signing in by GitHub begins, to lead on to `next`.
#[must_use]
pub fn sign_in_by_github(next: &str) -> String {
    match own_path(Some(next)) {
        "/" => "/sign-in/github".to_owned(),
        next => format!("/sign-in/github?next={}", encoded(next)),
    }
}

/// The page of GitHub's that lists what it delivered to an App, in the settings of who owns it.
/// Source: docs.github.com, "Viewing webhook deliveries".
pub(crate) fn deliveries_on_github(base: &str, app: &Registered) -> Option<String> {
    let slug = encoded(app.slug.as_deref()?);
    Some(match app.owner.as_deref().filter(|_| app.by_organization) {
        Some(owner) => format!("{base}/organizations/{}/settings/apps/{slug}/advanced", encoded(owner)),
        None => format!("{base}/settings/apps/{slug}/advanced"),
    })
}

/// The choice of a zone, to lead back to `next`.
pub(crate) fn zone(next: &str) -> String {
    let next = own_path(Some(next));
    if next.starts_with("/zone") { "/zone".to_owned() } else { format!("/zone?next={}", encoded(next)) }
}

/// `next` if it is a path of this panel, else the overview. Browsers read `//host` and `/\host` as another host, and drop
/// tabs and line ends before they look.
#[must_use]
pub fn own_path(next: Option<&str>) -> &str {
    match next {
        Some(next)
            if next.starts_with('/')
                && !next[1..].starts_with('/')
                && !next.contains(|c: char| c == '\\' || !c.is_ascii_graphic())
                && !next.starts_with("/sign-") =>
        {
            next
        }
        _ => "/",
    }
}

/// A `Location` header of an own path.
pub(crate) fn location(path: &str) -> HeaderValue {
    HeaderValue::try_from(path).unwrap_or(HeaderValue::from_static("/"))
}

/// Whether answers under this path are read by programs: problem documents rather than pages, 401 rather than a redirect.
pub(crate) fn is_for_programs(path: &str) -> bool {
    matches!(path, "/live" | "/metrics") || path.starts_with("/api/")
}

/// Where a subject is shown on GitHub: `owner/repo`, `owner/repo#12`, `owner/repo@<sha>`. `None` if it is something else.
#[must_use]
pub fn on_github(base: &str, subject: &str) -> Option<String> {
    let (repository, rest) = match subject.find(['#', '@']) {
        Some(at) => (&subject[..at], &subject[at..]),
        None => (subject, ""),
    };
    let (owner, name) = repository.split_once('/')?;
    if owner.is_empty() || name.is_empty() || name.contains('/') || owner == "installation" {
        return None;
    }
    let repository = format!("{base}/{}/{}", encoded(owner), encoded(name));
    Some(match rest.split_at_checked(1) {
        // GitHub leads from an issue's address to the pull request of that number.
        Some(("#", number)) => format!("{repository}/issues/{}", encoded(number)),
        Some(("@", sha)) => format!("{repository}/commit/{}", encoded(sha)),
        _ => repository,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_ours_are_followed_after_sign_in() {
        for next in ["/", "/deliveries?event=push&cursor=1", "/dispatcher/runs/1/2/3"] {
            assert_eq!(own_path(Some(next)), next);
        }
        for next in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/\t/evil.example",
            "/a\nb",
            "/sign-in",
            "javascript:alert(1)",
        ] {
            assert_eq!(own_path(Some(next)), "/", "{next:?}");
        }
        assert_eq!(own_path(None), "/");
    }

    #[test]
    fn the_apps_settings_are_those_of_its_owner() {
        let app = |owner: &str, by_organization| Registered {
            slug: Some("switch?board".to_owned()),
            owner: Some(owner.to_owned()),
            by_organization,
        };
        let page = |app| deliveries_on_github("https://github.com", &app).unwrap();
        assert_eq!(page(app("mona", false)), "https://github.com/settings/apps/switch%3Fboard/advanced");
        assert_eq!(
            page(app("acme/x", true)),
            "https://github.com/organizations/acme%2Fx/settings/apps/switch%3Fboard/advanced"
        );
        assert_eq!(deliveries_on_github("https://github.com", &Registered::default()), None);
    }

    #[test]
    fn every_subject_has_a_page() {
        for (text, path) in [
            ("acme/api", "/subjects/acme/api"),
            ("acme/api#12", "/subjects/acme/api/12"),
            ("acme/api@9f3c", "/subjects/acme/api/@9f3c"),
            ("installation/7", "/subjects/installation/7"),
            ("acme/a?b#<", "/subjects/acme/a%3Fb/%3C"),
            ("strange", "/deliveries?subject=strange"),
        ] {
            assert_eq!(subject(text), path);
        }
    }

    #[test]
    fn subjects_lead_to_github_and_nowhere_else() {
        let github = |subject| on_github("https://github.com", subject);
        assert_eq!(github("acme/api").as_deref(), Some("https://github.com/acme/api"));
        assert_eq!(github("acme/api#12").as_deref(), Some("https://github.com/acme/api/issues/12"));
        assert_eq!(github("acme/api@9f3c").as_deref(), Some("https://github.com/acme/api/commit/9f3c"));
        assert_eq!(github("acme/a?b").as_deref(), Some("https://github.com/acme/a%3Fb"));
        for other in ["installation/7", "acme", "a/b/c", "/x", "x/", ""] {
            assert_eq!(github(other), None, "{other}");
        }
    }
}
