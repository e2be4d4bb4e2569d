//! Patterns with stars, as operators and repositories write them for names of branches, tags, repositories and files.
//!
//! Everything but the star stands for itself. Matching takes time in proportion to pattern times text, whatever they are.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a single star stands for. Two stars in a row always stand for any text, `/` included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Star {
    /// Any text, `/` included.
    Crosses,
    /// Any text without `/`.
    Stays,
}

/// Longest pattern, in bytes: a ref of Git's usual length, 255, with room for stars.
pub const MAX_GLOB: usize = 300;

/// A pattern for paths: `*` stays within a segment, `**` crosses segments. Compared letter by letter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Glob(String);

/// A text that cannot be a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a pattern has 1 to {MAX_GLOB} bytes")]
pub struct InvalidGlob;

impl Glob {
    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the pattern means this text.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        matches(&self.0, text, Star::Stays)
    }
}

impl TryFrom<String> for Glob {
    type Error = InvalidGlob;
    fn try_from(text: String) -> Result<Self, InvalidGlob> {
        if (1..=MAX_GLOB).contains(&text.len()) { Ok(Self(text)) } else { Err(InvalidGlob) }
    }
}

impl FromStr for Glob {
    type Err = InvalidGlob;
    fn from_str(text: &str) -> Result<Self, InvalidGlob> {
        text.to_owned().try_into()
    }
}

impl From<Glob> for String {
    fn from(glob: Glob) -> Self {
        glob.0
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Letter(char),
    Segment,
    Anything,
}

fn pieces(pattern: &str, star: Star) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(pattern.len());
    for letter in pattern.chars() {
        match (letter, pieces.last_mut()) {
            ('*', Some(last @ (Piece::Segment | Piece::Anything))) => *last = Piece::Anything,
            ('*', _) if star == Star::Stays => pieces.push(Piece::Segment),
            ('*', _) => pieces.push(Piece::Anything),
            (letter, _) => pieces.push(Piece::Letter(letter)),
        }
    }
    pieces
}

/// Whether `pattern` means `text`.
#[must_use]
pub fn matches(pattern: &str, text: &str, star: Star) -> bool {
    let pieces = pieces(pattern, star);
    // All places in the pattern at which one can be after what was read of the text: no going back, so no blow-up.
    let mut here = vec![false; pieces.len() + 1];
    here[0] = true;
    pass_stars(&pieces, &mut here);
    for letter in text.chars() {
        let mut next = vec![false; here.len()];
        for (at, piece) in pieces.iter().enumerate().filter(|(at, _)| here[*at]) {
            match piece {
                Piece::Letter(wanted) => next[at + 1] |= *wanted == letter,
                Piece::Segment => next[at] |= letter != '/',
                Piece::Anything => next[at] = true,
            }
        }
        pass_stars(&pieces, &mut next);
        here = next;
    }
    here[pieces.len()]
}

/// A star may stand for nothing: who stands before it also stands behind it.
fn pass_stars(pieces: &[Piece], here: &mut [bool]) {
    for (at, piece) in pieces.iter().enumerate() {
        if here[at] && !matches!(piece, Piece::Letter(_)) {
            here[at + 1] = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_star_stays_in_its_segment_and_two_cross() {
        let table = [
            ("refs/heads/main", "refs/heads/main", true),
            ("refs/heads/main", "refs/heads/Main", false),
            ("refs/heads/*", "refs/heads/main", true),
            ("refs/heads/*", "refs/heads/a/b", false),
            ("refs/heads/**", "refs/heads/a/b", true),
            ("refs/heads/**", "refs/heads/", true),
            ("refs/tags/ciflow/riscv64/*", "refs/tags/ciflow/riscv64/12", true),
            ("refs/tags/ciflow/riscv64/*", "refs/tags/ciflow/cuda/12", false),
            ("*/x", "a/x", true),
            ("*/x", "a/b/x", false),
            ("**/x", "a/b/x", true),
            ("**x", "a/b/x", true),
            ("release/*.*", "release/1.2", true),
            ("release/*.*", "release/1", false),
            ("*a/*b", "xa/yb", true),
            ("*a/*b", "xa/ya/zb", false),
            ("**a*b", "a/axb", true),
            ("***", "a/b", true),
            ("*", "", true),
            ("a?c[d]", "a?c[d]", true),
            ("a?c", "abc", false),
            ("ü*", "üß", true),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(pattern.parse::<Glob>().unwrap().matches(text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn where_stars_cross_there_is_no_difference_between_one_and_two() {
        for (pattern, text, expected) in [("a*c", "a/b/c", true), ("a**c", "a/b/c", true), ("a*c", "a/b", false)] {
            assert_eq!(matches(pattern, text, Star::Crosses), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn patterns_have_a_bounded_length() {
        assert!("".parse::<Glob>().is_err() && "a".repeat(301).parse::<Glob>().is_err());
        assert!(serde_json::from_str::<Glob>("\"\"").is_err());
    }

    #[test]
    fn a_hostile_pattern_takes_no_longer_than_others() {
        let pattern = "*a".repeat(150);
        assert!(matches(&pattern, &"a".repeat(2_000), Star::Stays));
        assert!(!matches(&format!("{pattern}b"), &"a".repeat(2_000), Star::Crosses));
    }

    /// The definition, which takes exponential time.
    fn defined(pattern: &[char], text: &[char]) -> bool {
        match pattern {
            [] => text.is_empty(),
            ['*', '*', rest @ ..] => (0..=text.len()).any(|at| defined(rest, &text[at..])),
            ['*', rest @ ..] => {
                let end = text.iter().position(|c| *c == '/').unwrap_or(text.len());
                (0..=end).any(|at| defined(rest, &text[at..]))
            }
            [letter, rest @ ..] => text.first() == Some(letter) && defined(rest, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn matching_is_what_it_is_defined_to_be(pattern in "[ab/*]{0,7}", text in "[ab/]{0,8}") {
            let (wanted, read): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(matches(&pattern, &text, Star::Stays), defined(&wanted, &read));
        }

        #[test]
        fn a_text_matches_itself_and_any_star(text in "[^*]{1,40}") {
            prop_assert!(matches(&text, &text, Star::Stays) && matches("**", &text, Star::Stays));
        }
    }
}
