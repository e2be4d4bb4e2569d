//! The key pairs of simulated Apps, and the hashes GitHub uses.

use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The private key that the simulator hands out for its Apps. It is published with this source and protects nothing.
pub const SIMULATOR_ONLY_PRIVATE_KEY: &str = include_str!("../keys/simulator-only.rsa-private-key.pem");

/// Verifies what an App signed with its private key.
#[derive(Debug, Clone)]
pub(crate) struct PublicKey(Vec<u8>);

/// A private key that an App cannot have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RSA private key in PEM form (PKCS#1 or PKCS#8)")]
pub struct KeyError;

impl PublicKey {
    /// The public half of a private key in PEM form.
    pub(crate) fn of_private_pem(pem: &str) -> Result<Self, KeyError> {
        let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = STANDARD.decode(body.trim()).map_err(|_| KeyError)?;
        let pair = KeyPair::from_der(&der).or_else(|_| KeyPair::from_pkcs8(&der)).map_err(|_| KeyError)?;
        Ok(Self(AsRef::<[u8]>::as_ref(pair.public_key()).to_vec()))
    }

    /// Whether `signature` is RS256 over `message`.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.0).verify(message, signature).is_ok()
    }
}

/// Where the PKCS#1 structure begins within the PKCS#8 form of an RSA key of 2048 bits: after the outer sequence (4 bytes),
/// the version (3), the algorithm (15) and the octet string's own head (4). RFC 5208, section 5.
const PKCS1_WITHIN_PKCS8: usize = 26;

/// A new key pair of 2048 bits: the private half in PKCS#1 PEM form, as GitHub hands it out, and the public one.
pub(crate) fn generate() -> Result<(String, PublicKey), KeyError> {
    let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError)?;
    let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError)?;
    let inner = der.as_ref().get(PKCS1_WITHIN_PKCS8..).ok_or(KeyError)?;
    let encoded = STANDARD.encode(inner);
    let mut pem = String::from("-----BEGIN RSA PRIVATE KEY-----\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = more;
    }
    pem.push_str("-----END RSA PRIVATE KEY-----\n");
    let public = PublicKey::of_private_pem(&pem)?;
    Ok((pem, public))
}

/// Lower-case hexadecimal digits of `bytes`.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)] as char, DIGITS[usize::from(b & 15)] as char]).collect()
}

/// Git's object name: SHA-1 of a header and the bytes.
pub(crate) fn git_object_name(kind: &str, bytes: &[u8]) -> String {
    let mut context = digest::Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    context.update(format!("{kind} {}\0", bytes.len()).as_bytes());
    context.update(bytes);
    hex(context.finish().as_ref())
}

/// SHA-256, as bytes.
pub(crate) fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, bytes).as_ref().to_vec()
}

/// SHA-256 of the parts, in hexadecimal.
pub(crate) fn sha256_hex(parts: &[&[u8]]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    hex(context.finish().as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blobs_have_the_names_that_git_gives_them() {
        assert_eq!(git_object_name("blob", b"hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
    }

    #[test]
    fn a_generated_key_is_a_pkcs1_key_of_its_own() {
        let (pem, public) = generate().unwrap();
        assert!(pem.starts_with("-----BEGIN RSA PRIVATE KEY-----\nMII") && pem.lines().all(|line| line.len() <= 64));
        assert_ne!(public.0, PublicKey::of_private_pem(SIMULATOR_ONLY_PRIVATE_KEY).unwrap().0);
    }

    #[test]
    fn the_embedded_key_is_a_key() {
        assert!(PublicKey::of_private_pem(SIMULATOR_ONLY_PRIVATE_KEY).is_ok());
        assert_eq!(PublicKey::of_private_pem("no key").err(), Some(KeyError));
    }
}
