//! Paging: GitHub names the next page of a list in the `Link` header (RFC 8288).

use url::Url;

use crate::path::same_server;

/// The next page of a list. Always on the server that named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextPage(Url);

impl NextPage {
    /// Finds `rel="next"` in a `Link` header that was received from `server`.
    pub(crate) fn parse(link: &str, server: &Url) -> Option<Self> {
        let mut rest = link;
        while let Some((_, after)) = rest.split_once('<') {
            let (target, after) = after.split_once('>')?;
            let parameters = after.split(',').next().unwrap_or_default();
            let is_next = parameters.split(';').any(|parameter| {
                parameter.trim().split_once('=').is_some_and(|(name, value)| {
                    name.trim().eq_ignore_ascii_case("rel")
                        && value.trim().trim_matches('"').split(' ').any(|relation| relation == "next")
                })
            });
            if is_next {
                return server.join(target).ok().filter(|url| same_server(url, server)).map(Self);
            }
            rest = after;
        }
        None
    }

    pub(crate) fn url(&self) -> &Url {
        &self.0
    }

    /// The `cursor` parameter, for lists that are paged by one and resumed later.
    #[must_use]
    pub fn cursor(&self) -> Option<String> {
        self.0.query_pairs().find(|(name, _)| name == "cursor").map(|(_, value)| value.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn next(link: &str) -> Option<NextPage> {
        NextPage::parse(link, &Url::parse("https://api.github.com/").unwrap())
    }

    #[test]
    fn the_next_page_is_found_among_others() {
        let link = r#"<https://api.github.com/app/hook/deliveries?per_page=100&cursor=v1_12%3D>; rel="next", <https://api.github.com/x?page=9>; rel="last""#;
        let page = next(link).unwrap();
        assert_eq!(page.cursor().as_deref(), Some("v1_12="));
        assert_eq!(
            next(r#"<https://api.github.com/x?page=1>; rel="prev",</y?page=3>; title="a"; rel=next"#)
                .unwrap()
                .url()
                .path(),
            "/y"
        );
        assert_eq!(next(r#"<https://api.github.com/x>; rel="last""#), None);
    }

    #[test]
    fn another_servers_page_is_not_followed() {
        for link in [
            r#"<https://evil.example/x>; rel="next""#,
            r#"<http://api.github.com/x>; rel="next""#,
            r#"<//evil.example>; rel="next""#,
        ] {
            assert_eq!(next(link), None, "{link}");
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(link in "[<>;,= \"a-z:/?]{0,60}|\\PC{0,40}") {
            let _ = next(&link);
        }
    }
}
