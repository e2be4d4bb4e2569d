//! The accept path's parser takes no more and no less than the handlers' parser will be able to read.
#![no_main]
use switchboard_github::webhook::envelope::Envelope;
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = Envelope::parse(bytes);
});
