//! Any body is a run or a reason why not.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = switchboard_dispatcher::payload::read(bytes);
});
