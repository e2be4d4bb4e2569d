use std::fmt;

use aws_lc_rs::digest;
use zeroize::Zeroizing;

use crate::settings::value::{FromText, Refusal};

/// How much of a digest a fingerprint shows: enough to tell two secrets apart, too little to find one.
const FINGERPRINT_BYTES: usize = 4;

/// A text that is never printed; formatting it shows its [fingerprint](Secret::fingerprint).
/// Its memory is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself. Every call is a place to look at when secrets leak.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The first bytes of its SHA-256, as `sha256:5e884898`, to compare two machines' secrets by eye.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let digest = digest::digest(&digest::SHA256, self.0.as_bytes());
        let head: String = digest.as_ref().iter().take(FINGERPRINT_BYTES).map(|byte| format!("{byte:02x}")).collect();
        format!("sha256:{head}…")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.fingerprint())
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fingerprint())
    }
}

impl FromText for Secret {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        Ok(Self::new(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formatting_a_secret_shows_only_its_fingerprint() {
        // SHA-256 of "password" begins 5e884898.
        let secret = Secret::new("password");
        assert_eq!(format!("{secret} {secret:?}"), "sha256:5e884898… Secret(sha256:5e884898…)");
    }
}
