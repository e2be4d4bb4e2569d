//! What passes a grammar is written back as it was read.
#![no_main]
use switchboard_dispatcher::names::{GitRef, InputKey, RepositoryName, RepositoryRef, WorkflowFile};
libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(name) = text.parse::<RepositoryName>() {
        assert_eq!(name.to_string(), text);
    }
    let _ = text.parse::<RepositoryRef>();
    if let Ok(file) = text.parse::<WorkflowFile>() {
        assert!(!file.as_str().contains('/'));
    }
    let _ = text.parse::<GitRef>();
    let _ = text.parse::<InputKey>();
});
