//! GitHub as we use it: signatures, events, tokens, the REST client.
