//! The three beats: accept, decide, deliver.
