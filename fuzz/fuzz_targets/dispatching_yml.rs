//! Any bytes are a valid file, an invalid one, or none; never a panic or a hang.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = switchboard_dispatcher::file::read(bytes);
});
