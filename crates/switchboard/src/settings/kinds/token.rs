use switchboard_panel::TokenHash;

use crate::settings::value::{FromText, Refusal};

/// The shortest token taken in clear. Only its fast hash is kept, which is safe for a long random text, and for nothing
/// that a person makes up.
const MIN_TOKEN_LENGTH: usize = 20;

/// The hash of a token that was configured in clear.
pub(in crate::settings) fn hash_of_token(token: &str) -> Result<TokenHash, Refusal> {
    if token.trim().chars().count() < MIN_TOKEN_LENGTH {
        return Err(Refusal::new(format!("the token is shorter than {MIN_TOKEN_LENGTH} characters"))
            .hint("make one with `openssl rand -hex 32`"));
    }
    Ok(TokenHash::of(token))
}

impl FromText for TokenHash {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        text.parse().map_err(|_| {
            Refusal::new("expected `sha256:` and 64 hexadecimal digits")
                .hint("they come from `printf %s \"$TOKEN\" | sha256sum`; the token itself belongs in the setting without _hash")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_and_its_written_hash_are_the_same() {
        let hash = hash_of_token("correct horse battery").unwrap();
        assert_eq!(TokenHash::from_text(&hash.to_string()), Ok(hash));
    }

    #[test]
    fn short_tokens_and_malformed_hashes_are_refused() {
        assert!(hash_of_token("hunter2").is_err());
        assert!(TokenHash::from_text("sha256:12").is_err());
    }
}
