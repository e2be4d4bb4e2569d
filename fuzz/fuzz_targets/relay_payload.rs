//! Any body is an event or a reason why not, and what is sent of it is JSON within the limit.
#![no_main]
use switchboard_relay::fit::{EventType, fit};
use switchboard_relay::{pull, push};

/// The least that an operator can set.
const LIMIT: usize = 32_768;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = (pull::read(bytes), push::read(bytes), push::may_touch(bytes, ".github/allowlist.yml"));
    let Ok(delivery) = "72d3162e-cc78-11e3-81ab-4c9367dc0958".parse() else { panic!("the sample id must be one") };
    // Short inputs reach the later steps by a short limit.
    for limit in [LIMIT, 1_024] {
        if let Ok(body) = fit(EventType::Push, &delivery, bytes, limit) {
            assert!(body.text.len() <= limit && serde_json::from_str::<serde_json::Value>(&body.text).is_ok());
        }
    }
});
