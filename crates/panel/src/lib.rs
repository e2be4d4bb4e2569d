//! The web shell: layout, components, sign-in, live updates, the pages every automation shares.
