//! Patterns of calls: a method and a path with wildcards, as fault schedules and expectations name them.

/// A method (or `*`) and a path in which `*` stands for one segment and a last `**` for the rest, be it empty.
///
/// Paths are compared decoded, without query and without the `/api/v3` prefix, and with the name that the repository has today: a
/// call to `/repositories/{id}/…` is matched as `/repos/{owner}/{name}/…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallPattern {
    method: String,
    segments: Vec<String>,
}

impl CallPattern {
    /// For example `CallPattern::new("POST", "/repos/*/*/actions/workflows/*/dispatches")`.
    #[must_use]
    pub fn new(method: &str, path: &str) -> Self {
        Self { method: method.to_owned(), segments: segments(path) }
    }

    /// Whether a call with this method and path is meant.
    #[must_use]
    pub fn matches(&self, method: &str, path: &str) -> bool {
        if self.method != "*" && self.method != method {
            return false;
        }
        let path = segments(path);
        let (wanted, open) = match self.segments.split_last() {
            Some((last, before)) if last == "**" => (before, true),
            _ => (self.segments.as_slice(), false),
        };
        (path.len() == wanted.len() || open && path.len() > wanted.len())
            && wanted.iter().zip(&path).all(|(wanted, got)| wanted == "*" || wanted.eq_ignore_ascii_case(got))
    }
}

impl std::fmt::Display for CallPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} /{}", self.method, self.segments.join("/"))
    }
}

fn segments(path: &str) -> Vec<String> {
    path.trim_matches('/').split('/').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_segment_and_two_are_the_rest() {
        let one = CallPattern::new("POST", "/repos/*/*/dispatches");
        assert!(one.matches("POST", "/repos/Acme/app/dispatches"));
        assert!(!one.matches("GET", "/repos/acme/app/dispatches"));
        assert!(!one.matches("POST", "/repos/acme/app/x/dispatches"));
        let rest = CallPattern::new("*", "/repos/acme/app/contents/**");
        assert!(rest.matches("GET", "/repos/acme/app/contents/a/b.yml"));
        assert!(rest.matches("GET", "/repos/acme/app/contents"));
        assert!(!rest.matches("GET", "/repos/acme/other/contents/a"));
    }
}
