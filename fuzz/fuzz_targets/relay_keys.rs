//! No name leaves its part of a key, and no two share one.
#![no_main]
use switchboard_relay::keys::{name_of, part};
libfuzzer_sys::fuzz_target!(|names: (&str, &str)| {
    let (one, other) = names;
    let encoded = part(one);
    assert!(encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-%".contains(&byte)));
    assert_eq!(name_of(&encoded).as_deref(), Some(one));
    assert_eq!(one == other, encoded == part(other));
    let _ = name_of(other);
});
