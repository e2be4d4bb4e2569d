//! Whatever stands in a shared Redis is one of our values or is not there; what is read can be written and read again.
#![no_main]
use serde::Serialize;
use serde::de::DeserializeOwned;
use switchboard_relay::cache::values::{ActionInfo, AllowlistText, Bound, RateOfNode, SentDispatch, read, write};
use switchboard_relay::pull::PrInfo;

fn same_again<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    if let Some(value) = read::<T>(bytes) {
        assert_eq!(read::<T>(&write(&value)).as_ref(), Some(&value));
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    same_again::<SentDispatch>(bytes);
    same_again::<Bound>(bytes);
    same_again::<RateOfNode>(bytes);
    same_again::<ActionInfo>(bytes);
    same_again::<PrInfo>(bytes);
    if let Some(text) = read::<AllowlistText>(bytes) {
        let _ = switchboard_relay::allowlist::parse(text.yaml.as_bytes());
    }
});
