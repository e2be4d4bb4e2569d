//! Tokens, known to the server only by their hash.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::{constant_time, digest};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// What a configured hash may start with.
const SCHEME: &str = "sha256:";

/// The SHA-256 of a token.
///
/// A slow password hash would protect a guessable secret. These tokens hold 256 random bits, which nobody guesses at any
/// speed, so a fast hash is enough, and a flood of wrong tokens costs the server next to nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenHash([u8; 32]);

/// A text that is not a token's hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token's hash is `sha256:` and 64 hexadecimal digits")]
pub struct TokenHashError;

impl TokenHash {
    /// The hash of `token`; surrounding white space, as pasting leaves it, does not count.
    #[must_use]
    pub fn of(token: &str) -> Self {
        let mut hash = [0; 32];
        let digest = digest::digest(&digest::SHA256, token.trim().as_bytes());
        for (to, from) in hash.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        Self(hash)
    }

    /// Whether `token` has this hash, in constant time.
    #[must_use]
    pub fn matches(&self, token: &str) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &Self::of(token).0).is_ok()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for TokenHash {
    type Err = TokenHashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.trim();
        let digits = digits.strip_prefix(SCHEME).unwrap_or(digits).as_bytes();
        let mut hash = [0; 32];
        if digits.len() != 64 {
            return Err(TokenHashError);
        }
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| TokenHashError)?;
            if !pair.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(TokenHashError);
            }
            *byte = u8::from_str_radix(pair, 16).map_err(|_| TokenHashError)?;
        }
        Ok(Self(hash))
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SCHEME)?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// A new token of 256 random bits, to show once, and its hash, to configure.
#[must_use]
pub fn generate_token() -> (String, TokenHash) {
    let token = format!("sbt_{}", BASE64_URL_SAFE_NO_PAD.encode(super::random::<32>()));
    let hash = TokenHash::of(&token);
    (token, hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_read_back_and_knows_its_token() {
        let (token, hash) = generate_token();
        let read: TokenHash = hash.to_string().parse().unwrap();
        assert!(read.matches(&token) && read.matches(&format!(" {token}\n")));
        assert!(!read.matches("") && !read.matches(&token[1..]));
        assert_eq!(hash.to_string().replace("sha256:", "").parse(), Ok(hash));
        for wrong in ["", "sha256:", "sha256:abc", &"zz".repeat(32), &"+1".repeat(32), &token] {
            assert_eq!(wrong.parse::<TokenHash>(), Err(TokenHashError), "{wrong}");
        }
    }
}
