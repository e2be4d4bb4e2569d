//! A stateful GitHub on 127.0.0.1, from whose state API answers and webhooks are both derived.
