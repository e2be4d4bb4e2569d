//! YAML 1.2's core schema: which type a scalar has. Source: YAML 1.2.2, chapter 10.3.

use super::ScalarKind;

/// Prefix of the tags that belong to YAML itself (`!!str` is short for it and `str`).
const CORE_TAG_PREFIX: &str = "tag:yaml.org,2002:";

/// A tag of the core schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CoreTag {
    Scalar(ScalarKind),
    Seq,
    Map,
}

impl CoreTag {
    /// The core schema's tag with this full name, if it is one.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Some(match name.strip_prefix(CORE_TAG_PREFIX)? {
            "str" => Self::Scalar(ScalarKind::Str),
            "int" => Self::Scalar(ScalarKind::Int),
            "bool" => Self::Scalar(ScalarKind::Bool),
            "float" => Self::Scalar(ScalarKind::Float),
            "null" => Self::Scalar(ScalarKind::Null),
            "seq" => Self::Seq,
            "map" => Self::Map,
            _ => return None,
        })
    }
}

/// Whether a scalar with this text may carry the tag of `kind`. An integer is a float, too.
pub(super) fn agrees(kind: ScalarKind, text: &str) -> bool {
    let own = plain_kind(text);
    kind == ScalarKind::Str || own == kind || (kind == ScalarKind::Float && own == ScalarKind::Int)
}

/// The type of an unquoted, untagged scalar.
pub(super) fn plain_kind(text: &str) -> ScalarKind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => ScalarKind::Null,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => ScalarKind::Bool,
        ".nan" | ".NaN" | ".NAN" => ScalarKind::Float,
        _ if is_int(text) => ScalarKind::Int,
        _ if is_float(text) => ScalarKind::Float,
        _ => ScalarKind::Str,
    }
}

fn is_int(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix("0o") {
        return all(digits, |c| matches!(c, '0'..='7'));
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return all(digits, |c| c.is_ascii_hexdigit());
    }
    all(unsigned(text), |c| c.is_ascii_digit())
}

fn is_float(text: &str) -> bool {
    let text = unsigned(text);
    if matches!(text, ".inf" | ".Inf" | ".INF") {
        return true;
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()),
        None => all(mantissa, |c| c.is_ascii_digit()),
    };
    mantissa_fits && exponent.is_none_or(|exponent| all(unsigned(exponent), |c| c.is_ascii_digit()))
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

fn all(text: &str, accepts: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(accepts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_have_the_types_of_the_core_schema() {
        let table = [
            (ScalarKind::Null, &["", "~", "null", "NULL"][..]),
            (ScalarKind::Bool, &["true", "False", "TRUE"]),
            (ScalarKind::Int, &["0", "-12", "+3", "007", "0o17", "0xFf"]),
            (ScalarKind::Float, &["1.10", "-.5", "5.", "1e3", "2.5E-7", ".inf", "-.INF", ".NaN", "+1.0"]),
            (
                ScalarKind::Str,
                &[
                    "no", "yes", "on", "nUll", "tRue", "1.2.3", "0o8", "0x", "-", "+", ".", "1e", "e3", "- 1", "-.nan",
                    "1_000", "٣",
                ],
            ),
        ];
        for (kind, texts) in table {
            for text in texts {
                assert_eq!(plain_kind(text), kind, "{text:?}");
            }
        }
    }
}
