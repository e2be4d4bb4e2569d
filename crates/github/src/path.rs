//! Fills an endpoint's route with values, so that nothing unencoded reaches a URL.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::endpoint::Endpoint;

/// RFC 3986's unreserved characters; everything else is encoded.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Marks a placeholder that takes several segments.
const MANY: char = '…';

/// A value that cannot stand in a path: empty, or a dot segment, which URLs resolve however it is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Empty, `.` or `..`.
    #[error("an empty or dot segment cannot stand in a path")]
    Segment,
    /// More or fewer values than placeholders.
    #[error("the route needs another number of values")]
    Count,
}

/// The route of `endpoint` with `values` in place of its placeholders, each percent-encoded as one segment (or as
/// several, divided at slashes, where the route says so).
///
/// # Errors
/// [`PathError`].
pub fn fill(endpoint: &Endpoint, values: &[&str]) -> Result<String, PathError> {
    let mut values = values.iter();
    let mut path = String::new();
    for part in endpoint.route.split('/').skip(1) {
        let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) else {
            path.push('/');
            path.push_str(part);
            continue;
        };
        let value = values.next().ok_or(PathError::Count)?;
        if name.ends_with(MANY) {
            value.split('/').try_for_each(|segment| push_segment(&mut path, segment))?;
        } else {
            push_segment(&mut path, value)?;
        }
    }
    if values.next().is_some() { Err(PathError::Count) } else { Ok(path) }
}

fn push_segment(path: &mut String, segment: &str) -> Result<(), PathError> {
    if matches!(segment, "" | "." | "..") {
        return Err(PathError::Segment);
    }
    path.push('/');
    path.extend(utf8_percent_encode(segment, SEGMENT));
    Ok(())
}

/// `path` below `base`, whose own path (as of a GitHub Enterprise Server's `/api/v3`) stays in front.
pub(crate) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url
}

/// Whether both URLs lead to one server in one way: scheme, host and port agree.
pub(crate) fn same_server(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme() && a.host() == b.host() && a.port_or_known_default() == b.port_or_known_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::endpoint::{CONTENTS, REPOSITORY, WORKFLOW_DISPATCH};

    #[test]
    fn values_are_encoded_as_segments() {
        let path = fill(&WORKFLOW_DISPATCH, &["o", "r", "bau & test (ü)?.yml"]).unwrap();
        assert_eq!(path, "/repos/o/r/actions/workflows/bau%20%26%20test%20%28%C3%BC%29%3F.yml/dispatches");
        assert_eq!(
            fill(&WORKFLOW_DISPATCH, &["o", "r", "../x"]).unwrap(),
            "/repos/o/r/actions/workflows/..%2Fx/dispatches"
        );
        assert_eq!(fill(&CONTENTS, &["o", "r", ".github/x?ref=y"]).unwrap(), "/repos/o/r/contents/.github/x%3Fref%3Dy");
        // An already encoded value is a value like any other.
        assert_eq!(fill(&REPOSITORY, &["o", "%2e%2e"]).unwrap(), "/repos/o/%252e%252e");
    }

    #[test]
    fn dot_segments_and_wrong_counts_are_refused() {
        for name in ["", ".", ".."] {
            assert_eq!(fill(&REPOSITORY, &["o", name]), Err(PathError::Segment));
        }
        for path in ["/a", "a/", "a//b", "a/../b", ".."] {
            assert_eq!(fill(&CONTENTS, &["o", "r", path]), Err(PathError::Segment), "{path}");
        }
        assert_eq!(fill(&REPOSITORY, &["o"]), Err(PathError::Count));
        assert_eq!(fill(&REPOSITORY, &["o", "r", "s"]), Err(PathError::Count));
    }

    proptest! {
        #[test]
        fn dispatcher_23_no_value_changes_the_shape_of_the_url(owner in ".{0,12}", file in "([./?#%\\\\]|2e|.){0,12}") {
            let base = Url::parse("https://ghes.example/api/v3").unwrap();
            if let Ok(path) = fill(&WORKFLOW_DISPATCH, &[&owner, "r", &file]) {
                let url = below(&base, &path);
                let segments: Vec<String> = url.path_segments().unwrap()
                    .map(|s| percent_encoding::percent_decode_str(s).decode_utf8().unwrap().into_owned()).collect();
                prop_assert_eq!(segments, ["api", "v3", "repos", &owner, "r", "actions", "workflows", &file, "dispatches"]);
                prop_assert!(url.query().is_none() && url.fragment().is_none());
                prop_assert!(same_server(&base, &url));
            }
        }
    }
}
