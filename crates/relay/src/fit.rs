//! The body of a `repository_dispatch`, cut to what GitHub takes.
