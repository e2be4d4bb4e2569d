//! "Did you mean …?"

/// The candidate that `written` was probably meant to be.
pub(super) fn nearest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = written.to_ascii_lowercase();
    // A third of the letters may be wrong: beyond that a suggestion confuses more than it helps.
    let tolerated = (written.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&written, &candidate.to_ascii_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= tolerated)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn suggests_what_was_meant_and_nothing_far_fetched() {
        let known = ["max_targets", "max_inputs", "dry_run"];
        assert_eq!(nearest("max_target", known), Some("max_targets"));
        assert_eq!(nearest("DRYRUN", known), Some("dry_run"));
        assert_eq!(nearest("colour", known), None);
    }
}
