//! Tokens: how a set of claims becomes one, honestly or not.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::{Issuers, Named, Provider};
use crate::state::State;

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signing {
    /// With the issuer's key.
    Honest,
    /// Not at all, and the header says so.
    Not,
    /// With HMAC, keyed with the issuer's public key.
    PublicKeyAsSecret,
    /// With a key that the issuer never published.
    UnknownKey,
    /// With somebody else's key under the name of the issuer's.
    WrongKey,
}

impl State {
    /// A token of `provider` with these claims. Empty if there is no key to sign with.
    pub(crate) fn sign_token(&self, provider: Provider, claims: &Map<String, Value>, signing: Signing) -> String {
        let (Some(own), Some(strangers)) = (self.issuers.signing(provider), Issuers::strangers()) else {
            return String::new();
        };
        let (algorithm, id) = match signing {
            Signing::Honest | Signing::WrongKey => ("RS256", &own.id),
            Signing::UnknownKey => ("RS256", &strangers.id),
            Signing::PublicKeyAsSecret => ("HS256", &own.id),
            Signing::Not => ("none", &own.id),
        };
        let header = json!({ "typ": "JWT", "alg": algorithm, "x5t": id, "kid": id });
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let signed = format!(
            "{}.{}",
            part(header.to_string().as_bytes()),
            part(Value::Object(claims.clone()).to_string().as_bytes())
        );
        let signature = signature(signing, own, &strangers, signed.as_bytes());
        format!("{signed}.{}", part(&signature))
    }
}

fn signature(signing: Signing, own: &Named, strangers: &Named, message: &[u8]) -> Vec<u8> {
    match signing {
        Signing::Honest => own.key.sign(message),
        Signing::UnknownKey | Signing::WrongKey => strangers.key.sign(message),
        Signing::PublicKeyAsSecret => {
            let secret = hmac::Key::new(hmac::HMAC_SHA256, own.key.public_pem().as_bytes());
            hmac::sign(&secret, message).as_ref().to_vec()
        }
        Signing::Not => Vec::new(),
    }
}
