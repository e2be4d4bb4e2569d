//! A token before anything of it is believed: three parts, bounded, and a key that is asked for by name.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Claims, Rejection, TOKEN_BYTES_MAX};

const NONE: Rejection =
    Rejection::Invalid("this is not a token: expected three parts of base64url with dots between them");
/// The one algorithm that is accepted. What a header says is compared with it and chooses nothing.
const ALGORITHM: &str = "RS256";

/// A token that nobody has verified yet.
pub(super) struct Token<'t> {
    /// Header and claims as they are signed.
    message: &'t str,
    signature: &'t str,
    key_id: String,
    claims: Map<String, Value>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
}

impl<'t> Token<'t> {
    /// Takes a token apart.
    pub(super) fn read(token: &'t str) -> Result<Self, Rejection> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Rejection::Invalid("the token is larger than 16 KiB"));
        }
        let (message, signature) = token.rsplit_once('.').ok_or(NONE)?;
        let (header, claims) = message.split_once('.').ok_or(NONE)?;
        let header: Header = json(header)?;
        if header.alg != ALGORITHM {
            return Err(Rejection::Invalid("the token is not signed with RS256"));
        }
        let key_id = header.kid.ok_or(Rejection::Invalid("the token does not name its key"))?;
        Ok(Self { message, signature, key_id, claims: json(claims)? })
    }

    /// Who it says it comes from. Good for choosing among issuers, and for nothing else.
    pub(super) fn issuer(&self) -> &str {
        self.claims.get("iss").and_then(Value::as_str).unwrap_or_default()
    }

    /// The key that it says it is signed with.
    pub(super) fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Its claims, if `key` signed it.
    pub(super) fn verified(self, key: &DecodingKey) -> Result<Claims, Rejection> {
        match crypto::verify(self.signature, self.message.as_bytes(), key, Algorithm::RS256) {
            Ok(true) => Ok(Claims(self.claims)),
            _ => Err(Rejection::Invalid("the token's signature is wrong")),
        }
    }
}

fn json<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, Rejection> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| NONE)?;
    serde_json::from_slice(&bytes).map_err(|_| NONE)
}
