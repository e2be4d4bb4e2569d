//! Masks whatever looks like a credential in a text that is about to leave the process.
//!
//! The types in [`crate::secret`] keep our own secrets out of texts; this is the second line, for texts that come from
//! elsewhere (an answer's message, a stranger's comment) and may quote one. Recognised by shape, whatever the length:
//! GitHub tokens by their prefix, JSON Web Tokens, PEM blocks.

use std::borrow::Cow;

/// What stands in place of a secret.
pub const MASK: &str = "[redacted]";

/// docs.github.com, "About authentication to GitHub", "GitHub's token formats".
const TOKEN_PREFIXES: [&str; 6] = ["ghs_", "ghp_", "gho_", "ghu_", "ghr_", "github_pat_"];
const JWT_PREFIX: &str = "eyJ";
const PEM_BEGIN: &str = "-----BEGIN ";
const PEM_END: &str = "-----END ";
const PEM_DASHES: &str = "-----";

/// Returns `text` with every credential replaced by [`MASK`]; borrowed when there is none.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut output = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(offset) = text[at..].find(['g', 'e', '-']) {
        at += offset;
        match secret_length(&text[at..]) {
            Some(length) => {
                output.push_str(&text[copied..at]);
                output.push_str(MASK);
                at += length;
                copied = at;
            }
            None => at += 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    output.push_str(&text[copied..]);
    Cow::Owned(output)
}

/// The length in bytes of the secret that `text` starts with.
fn secret_length(text: &str) -> Option<usize> {
    token_length(text).or_else(|| jwt_length(text)).or_else(|| pem_length(text))
}

fn token_length(text: &str) -> Option<usize> {
    let prefix = TOKEN_PREFIXES.iter().find(|prefix| text.starts_with(**prefix))?;
    // Installation tokens may embed a JWT, hence the dot and the hyphen.
    let rest = run(&text[prefix.len()..], |b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    (rest > 0).then_some(prefix.len() + rest)
}

fn jwt_length(text: &str) -> Option<usize> {
    text.starts_with(JWT_PREFIX).then_some(())?;
    let base64url = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let header = run(text, base64url);
    let claims = run(text[header..].strip_prefix('.')?, base64url);
    let signature_at = header + 1 + claims;
    let signature = run(text[signature_at..].strip_prefix('.')?, base64url);
    (signature > 0).then_some(signature_at + 1 + signature)
}

/// A block without an end counts up to the end of the text: a key cut in half is still most of a key.
fn pem_length(text: &str) -> Option<usize> {
    text.starts_with(PEM_BEGIN).then_some(())?;
    let Some(end) = text.find(PEM_END) else { return Some(text.len()) };
    let after = end + PEM_END.len();
    Some(text[after..].find(PEM_DASHES).map_or(text.len(), |dashes| after + dashes + PEM_DASHES.len()))
}

fn run(text: &str, belongs: impl Fn(u8) -> bool) -> usize {
    text.bytes().take_while(|b| belongs(*b)).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn credentials_are_masked_and_the_rest_is_kept() {
        for (text, expected) in [
            ("plain – text, eyJust, ghs_ and ---", "plain – text, eyJust, ghs_ and ---"),
            ("token ghs_16C7e42F292c6912E7710c838347Ae178B4a, ok", "token [redacted], ok"),
            ("https://x-access-token:ghs_abc@github.com/o/r", "https://x-access-token:[redacted]@github.com/o/r"),
            ("github_pat_11AAA_bbb ghp_1 gho_2 ghu_3 ghr_4", "[redacted] [redacted] [redacted] [redacted] [redacted]"),
            ("Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2ln\"", "Bearer [redacted]\""),
            ("a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- z", "a [redacted] z"),
            ("-----BEGIN PRIVATE KEY-----\\nMIIEvQ", "[redacted]"),
            ("eyJ.a", "eyJ.a"),
        ] {
            assert_eq!(redact(text), expected);
        }
    }

    proptest! {
        #[test]
        fn tokens_of_any_length_are_masked(
            before in "[ a-z:\"é]{0,8}", prefix in 0..TOKEN_PREFIXES.len(), tail in "[A-Za-z0-9_]{1,600}", after in "[ \"@\n]{0,3}",
        ) {
            let text = format!("{before}{}{tail}{after}", TOKEN_PREFIXES[prefix]);
            prop_assert_eq!(redact(&text), format!("{before}{MASK}{after}"));
        }

        #[test]
        fn keys_of_any_length_are_masked(body in "[A-Za-z0-9+/=\n]{0,5000}") {
            let text = format!("k=-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----;");
            prop_assert_eq!(redact(&text), format!("k={MASK};"));
        }

        #[test]
        fn any_text_survives_and_masking_twice_changes_nothing(text in "(\\PC|-----BEGIN |-----END |ghs_|eyJ|\\.){0,40}") {
            let once = redact(&text).into_owned();
            prop_assert_eq!(redact(&once), once.as_str());
        }
    }
}
