//! Dispatches workflows that both repositories' dispatching.yml agree on.
