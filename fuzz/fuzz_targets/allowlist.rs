//! Any bytes are a list or are refused with an error; a list is stored and read back as it was.
#![no_main]
use switchboard_engine::yaml::Severity;
use switchboard_relay::allowlist::{Allowlist, MAX_ENTRIES, diff, parse};
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (list, remarks) = parse(bytes);
    assert_eq!(list.is_none(), remarks.iter().any(|remark| remark.severity == Severity::Error));
    if let Some(list) = list {
        assert!(list.entries().len() <= MAX_ENTRIES && diff(&list, &list).is_empty());
        let stored = serde_json::to_string(&list).ok();
        let back: Option<Allowlist> = stored.and_then(|text| serde_json::from_str(&text).ok());
        assert_eq!(back, Some(list));
    }
});
