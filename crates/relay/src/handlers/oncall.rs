//! Who is on call for an entry hears of the check runs that ended badly, once per pull request.

use serde_json::Value;
use switchboard_store::{Coalesce, NewIntent};

use crate::advance::State;
use crate::allowlist::Entry;
use crate::checks::state::Desired;
use crate::conclusion::Conclusion;
use crate::deliver::CommentOrder;
use crate::handlers::draft::Draft;
use crate::handlers::project::Seen;
use crate::handlers::{COMMENT, NAME, Relay};
use crate::records::{ResultRecord, keys};

impl Relay {
    /// Asks for the comment, if this result's check run is one to be told of. Nobody is told where nobody is on call.
    pub(super) fn tell_oncalls(
        &self,
        draft: &mut Draft<'_>,
        entry: &Entry,
        seen: &Seen<'_>,
        result: &ResultRecord,
        check: &Desired,
    ) {
        let Some(number) = seen.dispatch.number.filter(|_| self.config.oncall_comments) else { return };
        let oncalls = &entry.options.oncalls;
        let Some(conclusion) = bad_end(result.state, seen.target.superseded.is_some()) else { return };
        if oncalls.is_empty() || entry.options.silent {
            return;
        }
        let order = CommentOrder {
            number,
            repo: entry.repo.clone(),
            oncalls: oncalls.clone(),
            check: check.name.clone(),
            head: seen.dispatch.head.clone(),
            conclusion,
            url: check.details_url.clone(),
        };
        draft.intent(NewIntent {
            automation: NAME,
            kind: COMMENT.to_owned(),
            key: keys::oncall_intent(&self.up, number, &entry.repo),
            lane: None,
            installation: None,
            payload: serde_json::to_value(order).unwrap_or(Value::Null),
            coalesce: Coalesce::Latest,
            order: None,
            due: None,
        });
    }
}

/// The end that somebody is told of. What was stopped because something newer came is nobody's trouble.
fn bad_end(state: State, superseded: bool) -> Option<Conclusion> {
    let State::Completed { conclusion, .. } = state else { return None };
    let bad = match conclusion {
        Conclusion::Failure | Conclusion::TimedOut => true,
        Conclusion::Cancelled => !superseded,
        Conclusion::Success | Conclusion::Neutral | Conclusion::Skipped | Conclusion::ActionRequired => false,
    };
    bad.then_some(conclusion)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advance::By;

    #[test]
    fn only_a_bad_end_that_nothing_newer_caused_is_told() {
        use Conclusion::*;
        let completed = |conclusion| State::Completed { conclusion, by: By::Report };
        for (conclusion, alone, superseded) in [
            (Success, false, false),
            (Neutral, false, false),
            (Skipped, false, false),
            (ActionRequired, false, false),
            (Cancelled, true, false),
            (TimedOut, true, true),
            (Failure, true, true),
        ] {
            assert_eq!(bad_end(completed(conclusion), false).is_some(), alone, "{conclusion:?}");
            assert_eq!(bad_end(completed(conclusion), true).is_some(), superseded, "{conclusion:?}, superseded");
        }
        assert_eq!(bad_end(State::Running, false), None);
    }
}
