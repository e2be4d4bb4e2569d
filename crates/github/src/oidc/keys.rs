//! An issuer's public keys as it publishes them: RFC 7517, of which RSA keys for signatures matter here.

use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::Value;

/// Bytes of a key set that are read; GitHub's has about 6 KB.
pub(super) const BYTES_MAX: usize = 256 * 1024;
/// Keys of a set that are kept.
const KEYS_MAX: usize = 64;

/// Keys by their name.
#[derive(Clone)]
pub(super) struct KeySet(Vec<(String, DecodingKey)>);

#[derive(Deserialize)]
struct Published {
    keys: Vec<Value>,
}

/// A key as it matters here; whatever does not fit is a key for something else.
#[derive(Deserialize)]
struct RsaKey {
    kty: String,
    kid: String,
    n: String,
    e: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
}

impl KeySet {
    /// The keys of a published set; `None` if it holds none that could verify anything.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let published: Published = serde_json::from_slice(bytes).ok()?;
        let keys = published.keys.into_iter().take(KEYS_MAX).filter_map(|key| {
            let key: RsaKey = serde_json::from_value(key).ok()?;
            let signs = key.kty == "RSA" && key.purpose.is_none_or(|purpose| purpose == "sig");
            let decoding = DecodingKey::from_rsa_components(&key.n, &key.e).ok()?;
            signs.then_some((key.kid, decoding))
        });
        let keys: Vec<_> = keys.collect();
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// The key of this name.
    pub(super) fn find(&self, id: &str) -> Option<&DecodingKey> {
        self.0.iter().find(|(name, _)| name == id).map(|(_, key)| key)
    }
}
