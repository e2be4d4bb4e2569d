//! Secrets as types that cannot be printed: `Debug` and `Display` show `[redacted]`, and memory is wiped on drop.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::KeyPair as _;
use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Deserializer, Serialize};
use zeroize::Zeroizing;

use crate::redact::MASK;

macro_rules! unprintable {
    ($name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({MASK})", stringify!($name))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(MASK)
            }
        }
    };
}

/// A bearer token: an installation's, or the App's own JWT.
#[derive(Clone)]
pub struct Token(Zeroizing<String>);
unprintable!(Token);

impl Token {
    /// Takes the secret over.
    #[must_use]
    pub fn new(secret: String) -> Self {
        Self(Zeroizing::new(secret))
    }

    /// The secret itself, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// A secret that GitHub tells once, on its way to where it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Zeroizing<String>);
unprintable!(SecretText);

impl SecretText {
    /// Takes the secret over.
    #[must_use]
    pub fn new(secret: String) -> Self {
        Self(Zeroizing::new(secret))
    }

    /// The secret itself, for the one place that writes it down.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// A secret that GitHub signs webhook bodies with. Only the key derived from it is kept.
#[derive(Clone)]
pub struct WebhookSecret(hmac::Key);
unprintable!(WebhookSecret);

impl WebhookSecret {
    /// Derives the HMAC-SHA256 key from the configured text.
    #[must_use]
    pub fn new(secret: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()))
    }

    pub(crate) fn key(&self) -> &hmac::Key {
        &self.0
    }
}

/// Why a text is not an App's private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No PEM block.
    #[error("not a PEM file: expected a block that begins with -----BEGIN RSA PRIVATE KEY-----")]
    NotPem,
    /// A public key, certificate, encrypted key or key of another kind.
    #[error("not an unencrypted RSA private key: download one from the App's settings under \"Private keys\"")]
    NotRsaPrivate,
    /// Cut short or altered: the block does not decode, or to no usable key.
    #[error("the private key is damaged: download a new one from the App's settings")]
    Damaged,
}

/// The App's private key, which signs the JWTs that the App speaks for itself with.
#[derive(Clone)]
pub struct AppKey {
    signer: EncodingKey,
    fingerprint: Box<str>,
}
unprintable!(AppKey);

impl AppKey {
    /// Reads a PEM block, PKCS#1 as GitHub hands it out or PKCS#8. Line ends may be written as a literal `\n`, as
    /// environment files often do. The key is tried out, so that a wrong one fails here and not at the first call.
    ///
    /// # Errors
    /// [`KeyError`], which never quotes the text.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let text = Zeroizing::new(text.trim().replace("\\n", "\n").replace("\\r", ""));
        if !text.contains("-----BEGIN ") {
            return Err(KeyError::NotPem);
        }
        if !text.contains("PRIVATE KEY-----") || text.contains("ENCRYPTED") || text.contains("BEGIN EC ") {
            return Err(KeyError::NotRsaPrivate);
        }
        let signer = EncodingKey::from_rsa_pem(text.as_bytes()).map_err(|_| KeyError::Damaged)?;
        let pair = KeyPair::from_der(signer.as_bytes()).map_err(|_| KeyError::Damaged)?;
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| KeyError::Damaged)?;
        let fingerprint = STANDARD.encode(digest::digest(&digest::SHA256, public.as_ref())).into();
        Ok(Self { signer, fingerprint })
    }

    /// `SHA256:…` as the App's settings page shows it beside each key, so that the two can be compared.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", self.fingerprint)
    }

    /// Signs `claims` as an RS256 JSON Web Token.
    pub(crate) fn sign(&self, claims: &impl Serialize) -> Result<Token, KeyError> {
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), claims, &self.signer)
            .map(Token::new)
            .map_err(|_| KeyError::Damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{app_key_pem, pem};

    #[test]
    fn secrets_are_not_printed() {
        let key = AppKey::from_pem(app_key_pem()).unwrap();
        let token = Token::new("ghs_secret".to_owned());
        let webhook = WebhookSecret::new("hush");
        let printed = format!("{key:?} {key} {token:?} {token} {webhook:?} {webhook} {:?}", Some(&token));
        assert!(!printed.contains("ghs_secret") && !printed.contains("hush") && !printed.contains("MII"), "{printed}");
        assert_eq!(printed.matches(MASK).count(), 7);
    }

    #[test]
    fn a_key_is_read_in_both_encodings_with_any_line_ends() {
        let pkcs8 = app_key_pem();
        let key = AppKey::from_pem(pkcs8).unwrap();
        let pkcs1 = pem("RSA PRIVATE KEY", key.signer.as_bytes());
        for text in [&pkcs1, &pkcs1.trim().replace('\n', "\\n"), &pkcs8.replace('\n', "\r\n"), &format!("\n {pkcs8}\n")]
        {
            assert_eq!(AppKey::from_pem(text).unwrap().fingerprint(), key.fingerprint());
        }
        assert!(key.fingerprint().starts_with("SHA256:") && key.fingerprint().len() == "SHA256:".len() + 44);
    }

    #[test]
    fn a_wrong_key_says_what_is_wrong_without_quoting_it() {
        let whole = AppKey::from_pem(app_key_pem()).unwrap();
        let cut = pem("RSA PRIVATE KEY", &whole.signer.as_bytes()[..200]);
        for (text, error) in [
            ("", KeyError::NotPem),
            ("MIIEowIBAAKCAQEA", KeyError::NotPem),
            ("-----BEGIN RSA PRIVATE KEY-----\n*\n-----END RSA PRIVATE KEY-----", KeyError::Damaged),
            ("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----", KeyError::NotRsaPrivate),
            ("-----BEGIN EC PRIVATE KEY-----\nMIIB\n-----END EC PRIVATE KEY-----", KeyError::NotRsaPrivate),
            (
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----",
                KeyError::NotRsaPrivate,
            ),
            (&cut, KeyError::Damaged),
        ] {
            assert_eq!(AppKey::from_pem(text).unwrap_err(), error, "{text}");
        }
    }
}
