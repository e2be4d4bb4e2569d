//! `X-Hub-Signature-256`: HMAC-SHA256 over the raw body, in constant time, with any of the configured secrets.
//!
//! Several secrets are valid at once, so that one can be rotated without losing a delivery. SHA-1 signatures are
//! never accepted, and of several signatures none is.

use aws_lc_rs::hmac;
use http::HeaderMap;

use super::headers::{self, HeaderError};
use crate::limits::SIGNATURE_PREFIX;
use crate::secret::WebhookSecret;

/// Where GitHub puts the signature.
pub const SIGNATURE_HEADER: &str = "x-hub-signature-256";
const SHA1_HEADER: &str = "x-hub-signature";
const HMAC_BYTES: usize = 32;

/// Why a body is not believed to come from GitHub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// No signature.
    #[error("the X-Hub-Signature-256 header is missing")]
    Missing,
    /// Only the outdated header is there.
    #[error("only a SHA-1 signature was sent; X-Hub-Signature-256 is needed")]
    Sha1Only,
    /// More than one header of that name.
    #[error("the X-Hub-Signature-256 header is repeated")]
    Repeated,
    /// Not `sha256=` and 64 hexadecimal digits.
    #[error("the X-Hub-Signature-256 header is not sha256= and 64 hexadecimal digits")]
    Malformed,
    /// Made with another secret or over another body.
    #[error("the signature fits none of the configured secrets")]
    Mismatch,
}

/// Checks the signature among the `headers` of a request with this raw `body`.
///
/// # Errors
/// [`SignatureError`]; the request is then to be answered 401 and forgotten.
pub fn verify_request(secrets: &[WebhookSecret], headers: &HeaderMap, body: &[u8]) -> Result<(), SignatureError> {
    let header = match headers::sole(headers, SIGNATURE_HEADER) {
        Ok(value) => value.as_bytes(),
        Err(HeaderError::Repeated { .. }) => return Err(SignatureError::Repeated),
        Err(_) if headers.contains_key(SHA1_HEADER) => return Err(SignatureError::Sha1Only),
        Err(_) => return Err(SignatureError::Missing),
    };
    verify(secrets, Some(header), body)
}

/// Checks one signature `header` against the raw `body`.
///
/// # Errors
/// [`SignatureError`]. Without any secret everything is a [`SignatureError::Mismatch`].
pub fn verify(secrets: &[WebhookSecret], header: Option<&[u8]>, body: &[u8]) -> Result<(), SignatureError> {
    let claimed = decode(header.ok_or(SignatureError::Missing)?).ok_or(SignatureError::Malformed)?;
    let fits = |secret: &WebhookSecret| hmac::verify(secret.key(), body, &claimed).is_ok();
    if secrets.iter().any(fits) { Ok(()) } else { Err(SignatureError::Mismatch) }
}

/// The signature header's value for this raw `body`, as GitHub makes it: for sending a delivery on or again.
#[must_use]
pub fn sign(secret: &WebhookSecret, body: &[u8]) -> String {
    let tag = hmac::sign(secret.key(), body);
    let mut header = String::from_utf8_lossy(SIGNATURE_PREFIX).into_owned();
    for byte in tag.as_ref() {
        header.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or_default());
        header.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or_default());
    }
    header
}

fn decode(header: &[u8]) -> Option<[u8; HMAC_BYTES]> {
    let digits: &[u8; HMAC_BYTES * 2] = header.strip_prefix(SIGNATURE_PREFIX)?.try_into().ok()?;
    let mut bytes = [0; HMAC_BYTES];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
    }
    Some(bytes)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    // The example of docs.github.com, "Validating webhook deliveries".
    const SECRET: &str = "It's a Secret to Everybody";
    const BODY: &[u8] = b"Hello, World!";
    const SIGNATURE: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn secrets(texts: &[&str]) -> Vec<WebhookSecret> {
        texts.iter().map(|text| WebhookSecret::new(text)).collect()
    }

    #[test]
    fn githubs_own_example_is_accepted_in_either_case() {
        let upper = format!("sha256={}", SIGNATURE["sha256=".len()..].to_ascii_uppercase());
        for header in [SIGNATURE, &upper] {
            assert_eq!(verify(&secrets(&[SECRET]), Some(header.as_bytes()), BODY), Ok(()));
        }
    }

    #[test]
    fn while_rotating_every_configured_secret_counts() {
        for order in [[SECRET, "next"], ["next", SECRET]] {
            assert_eq!(verify(&secrets(&order), Some(SIGNATURE.as_bytes()), BODY), Ok(()));
        }
        for others in [&["next"][..], &[]] {
            assert_eq!(verify(&secrets(others), Some(SIGNATURE.as_bytes()), BODY), Err(SignatureError::Mismatch));
        }
    }

    #[test]
    fn anything_but_one_well_formed_signature_is_refused() {
        let joined = format!("{SIGNATURE},{SIGNATURE}");
        let spaced = format!(" {SIGNATURE}");
        let unprefixed = &SIGNATURE["sha256=".len()..];
        let short = &SIGNATURE[..SIGNATURE.len() - 1];
        let non_hex = format!("{short}g");
        let sha1 = "sha1=0123456789012345678901234567890123456789";
        for header in [&joined, &spaced, unprefixed, short, &non_hex, sha1, "", "sha256="] {
            let result = verify(&secrets(&[SECRET]), Some(header.as_bytes()), BODY);
            assert_eq!(result, Err(SignatureError::Malformed), "{header}");
        }
        assert_eq!(verify(&secrets(&[SECRET]), None, BODY), Err(SignatureError::Missing));
    }

    #[test]
    fn dispatcher_1_sha1_and_repeated_headers_are_refused() {
        let mut headers = HeaderMap::new();
        assert_eq!(verify_request(&secrets(&[SECRET]), &headers, BODY), Err(SignatureError::Missing));
        headers.insert(SHA1_HEADER, HeaderValue::from_static("sha1=01234567890123456789"));
        assert_eq!(verify_request(&secrets(&[SECRET]), &headers, BODY), Err(SignatureError::Sha1Only));
        headers.insert(SIGNATURE_HEADER, HeaderValue::from_static(SIGNATURE));
        assert_eq!(verify_request(&secrets(&[SECRET]), &headers, BODY), Ok(()));
        headers.append(SIGNATURE_HEADER, HeaderValue::from_static(SIGNATURE));
        assert_eq!(verify_request(&secrets(&[SECRET]), &headers, BODY), Err(SignatureError::Repeated));
    }

    #[test]
    fn a_body_is_signed_as_github_signs_it() {
        assert_eq!(sign(&WebhookSecret::new(SECRET), BODY), SIGNATURE);
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(header in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(verify(&secrets(&[SECRET]), Some(&header), BODY).is_err());
        }

        #[test]
        fn one_changed_byte_breaks_the_signature(at in 0..BODY.len(), bit in 0..8u8) {
            let mut body = BODY.to_vec();
            body[at] ^= 1 << bit;
            let result = verify(&secrets(&[SECRET]), Some(SIGNATURE.as_bytes()), &body);
            prop_assert_eq!(result, Err(SignatureError::Mismatch));
        }
    }
}
