//! No header but the right one is ever believed.
#![no_main]
use switchboard_github::secret::WebhookSecret;
use switchboard_github::webhook::signature::verify;
libfuzzer_sys::fuzz_target!(|header: &[u8]| {
    assert!(verify(&[WebhookSecret::new("a secret that nobody guesses")], Some(header), b"{}").is_err());
});
