//! Keys that sign tokens, and how a key set shows their public half.

use std::sync::{Arc, LazyLock};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::keys::sha256_hex;

/// Embedded, since a story should not wait for keys to be made.
const PEMS: [&str; 4] = [
    include_str!("../../keys/simulator-only.issuer-1.rsa-private-key.pem"),
    include_str!("../../keys/simulator-only.issuer-2.rsa-private-key.pem"),
    include_str!("../../keys/simulator-only.issuer-3.rsa-private-key.pem"),
    include_str!("../../keys/simulator-only.issuer-4.rsa-private-key.pem"),
];

static EMBEDDED: LazyLock<Vec<Key>> = LazyLock::new(|| PEMS.iter().filter_map(|pem| Key::of_pem(pem)).collect());

/// Where the modulus and the exponent stand in the PKCS#1 form of a public RSA key of 2048 bits, whose exponent is 65537: after
/// the sequence's head (4 bytes), the modulus' (4) and its sign (1); then after the exponent's head (2). RFC 8017, A.1.1.
const MODULUS: std::ops::Range<usize> = 9..265;
const EXPONENT: std::ops::Range<usize> = 267..270;

/// An RSA key pair of 2048 bits.
#[derive(Debug, Clone)]
pub(crate) struct Key(Arc<KeyPair>);

impl Key {
    /// One of the embedded keys, by its place.
    pub(crate) fn embedded(n: usize) -> Option<Self> {
        EMBEDDED.get(n).cloned()
    }

    /// A new key; takes some 100 ms.
    pub(crate) fn generate() -> Option<Self> {
        KeyPair::generate(KeySize::Rsa2048).ok().map(|pair| Self(Arc::new(pair)))
    }

    fn of_pem(pem: &str) -> Option<Self> {
        let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = STANDARD.decode(body.trim()).ok()?;
        KeyPair::from_der(&der).ok().map(|pair| Self(Arc::new(pair)))
    }

    fn public_der(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// The name under which a key set shows it, in the form of GitHub's.
    pub(crate) fn thumbprint(&self) -> String {
        sha256_hex(&[self.public_der()])[..40].to_uppercase()
    }

    /// RS256 over `message`.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        // It fails for a buffer of another length only; a signature of zeros is none, and nobody believes it.
        let _ = self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature);
        signature
    }

    /// As a member of a key set. RFC 7517.
    pub(crate) fn published(&self, id: &str) -> Value {
        let part = |range| URL_SAFE_NO_PAD.encode(self.public_der().get(range).unwrap_or_default());
        json!({
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "kid": id,
            "n": part(MODULUS),
            "e": part(EXPONENT),
            "x5t": id,
        })
    }

    /// The public half in PEM form, as whoever mistakes it for a secret would have it.
    pub(crate) fn public_pem(&self) -> String {
        let der = self.0.public_key().as_der().map(|der| STANDARD.encode(der.as_ref())).unwrap_or_default();
        let lines: Vec<&str> = (0..der.len()).step_by(64).map(|at| &der[at..der.len().min(at + 64)]).collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

    use super::*;

    #[test]
    fn a_published_key_verifies_what_its_other_half_signed() {
        for n in 0..PEMS.len() {
            let key = Key::embedded(n).unwrap();
            let shown = key.published("x");
            let part = |name: &str| URL_SAFE_NO_PAD.decode(shown[name].as_str().unwrap()).unwrap();
            let public = RsaPublicKeyComponents { n: part("n"), e: part("e") };
            public.verify(&RSA_PKCS1_2048_8192_SHA256, b"message", &key.sign(b"message")).unwrap();
        }
    }

    #[test]
    fn a_public_pem_has_lines_of_64_characters() {
        let pem = Key::embedded(0).unwrap().public_pem();
        assert!(
            pem.starts_with("-----BEGIN PUBLIC KEY-----\nMII") && pem.lines().all(|line| line.len() <= 64),
            "{pem}"
        );
    }
}
