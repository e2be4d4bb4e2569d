//! Facts of the relay's in words, for the stories that the panel tells.

use serde::Deserialize as _;
use serde_json::Value;
use switchboard_panel::components::{Flow, Sentence, State as Shape, Told};
use switchboard_store::Fact;

use super::words::{gate, shape, skipped};
use crate::checks::gate::Gate;
use crate::conclusion::Conclusion;
use crate::plan::SkipReason;
use crate::records::CellState;

/// A fact in words.
pub(crate) fn tell(fact: &Fact) -> Option<Told> {
    let data = &fact.data;
    let text = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
    let repo = text("repo");
    let name = || match (text("workflow"), text("result")) {
        ("", "") => format!("`{repo}`"),
        (workflow, result) => format!("`{repo}` `{workflow}` / `{result}`"),
    };
    let check = || match text("conclusion") {
        "" => text("status").replace('_', " "),
        conclusion => conclusion.replace('_', " "),
    };
    let by = || if text("by").is_empty() { String::new() } else { format!(" by {}", text("by")) };
    let (flow, state, sentence) = match fact.kind.strip_prefix("relay.")? {
        "dispatch.planned" => (Flow::Decided, None, planned(data)),
        "dispatch.superseded" => {
            (Flow::Decided, Some(Shape::Cancelled), "Earlier dispatches were superseded.".to_owned())
        }
        "target.skipped" => (Flow::Decided, Some(Shape::Cancelled), not_sent(data)),
        "target.held" => {
            (Flow::Decided, Some(Shape::Denied), format!("Held for `{repo}` until a maintainer approves."))
        }
        "target.released" => (Flow::Decided, None, format!("Released to `{repo}`.")),
        "target.sent" => (Flow::Out, Some(Shape::Succeeded), format!("Sent to `{repo}`.")),
        "target.resent" => (Flow::Out, None, format!("Sent to `{repo}` once more: the first answer was lost.")),
        "target.redispatched" => (Flow::Decided, None, format!("Sent to `{repo}` again{}.", by())),
        "target.failed" => (
            Flow::Out,
            Some(Shape::Failed),
            format!("Could not be sent to `{repo}`: {}.", text("message").trim_end_matches('.')),
        ),
        "target.never_reported" => (Flow::Decided, Some(Shape::TimedOut), format!("`{repo}` never reported.")),
        "report.rejected" => (Flow::In, Some(Shape::Denied), format!("A report of {} was not taken.", name())),
        "report.contradicted" => {
            (Flow::In, Some(Shape::Denied), format!("A report of {} contradicts an earlier one.", name()))
        }
        "report.echo_differs" => {
            (Flow::In, Some(Shape::Denied), format!("{} echoed something else than was sent.", name()))
        }
        "result.started" => (Flow::In, Some(Shape::Running), format!("{} started.", name())),
        "result.completed" => {
            (Flow::In, ended(text("conclusion")), format!("{} ended: {}.", name(), text("conclusion")))
        }
        "result.timed_out" => (Flow::Decided, Some(Shape::TimedOut), format!("{} timed out.", name())),
        "result.revived" => {
            (Flow::In, ended(text("conclusion")), format!("{} reported after its time was over.", name()))
        }
        "result.corrected" => (Flow::In, ended(text("conclusion")), format!("GitHub corrected {}.", name())),
        "check.wanted" => (Flow::Decided, None, format!("Check run `{}` is to be {}.", text("name"), check())),
        "check.written" => {
            (Flow::Out, ended(text("conclusion")), format!("Check run `{}` is {}.", text("name"), check()))
        }
        "check.failed" => {
            (Flow::Out, Some(Shape::Failed), format!("Check run `{}` could not be written.", text("name")))
        }
        "label.added" => (Flow::In, None, format!("The label `{}` was added{}.", text("label"), by())),
        "label.removed" => (Flow::In, None, format!("The label `{}` was removed{}.", text("label"), by())),
        "rerun.sent" => (Flow::Out, Some(Shape::Succeeded), format!("Run {} of `{repo}` is run again.", text("run"))),
        "rerun.refused" => (
            Flow::Decided,
            Some(Shape::Cancelled),
            format!("Nothing of `{repo}` is run again: {}.", text("reason").replace('_', " ")),
        ),
        "gate.changed" => (Flow::Decided, None, changed_gate(data)),
        "level.changed" => (Flow::In, None, format!("`{repo}` was {} in the allowlist.", text("change"))),
        "demotion.due" => (Flow::Decided, Some(Shape::Denied), format!("A demotion of `{repo}` is due.")),
        "demotion.cleared" => {
            (Flow::Decided, Some(Shape::Succeeded), format!("A demotion of `{repo}` is due no more."))
        }
        "nightly.recorded" => (Flow::In, None, format!("`{repo}` reported a run of its own at this commit.")),
        "nightly.refused" => (
            Flow::In,
            Some(Shape::Denied),
            format!("`{repo}` reported on a commit that lies on none of the nightly refs; it is not shown."),
        ),
        "oncall.notified" => (Flow::Out, None, format!("The oncalls of `{repo}` were told in a comment.")),
        "allowlist.changed" => (Flow::In, Some(Shape::Succeeded), "A new allowlist came into force.".to_owned()),
        "allowlist.refused" => {
            (Flow::In, Some(Shape::Denied), "The allowlist was refused; the last good one stays in force.".to_owned())
        }
        "identity.reset" => (Flow::Decided, None, format!("The pinned id of `{repo}` was reset{}.", by())),
        "demotion.suppressed" => (Flow::Decided, None, format!("New check runs of `{repo}` are suppressed{}.", by())),
        "demotion.lifted" => (Flow::Decided, None, format!("The demotion of `{repo}` was lifted for 7 days{}.", by())),
        _ => return None,
    };
    let sentence = Sentence::new(sentence);
    Some(Told {
        flow,
        sentence: match state {
            Some(state) => sentence.state(state),
            None => sentence,
        },
    })
}

fn ended(conclusion: &str) -> Option<Shape> {
    let conclusion = Conclusion::ALL.into_iter().find(|known| known.as_str() == conclusion)?;
    Some(shape(CellState::of(conclusion)))
}

fn names(list: Option<&Value>) -> Vec<&str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// `Planned: 3 to be sent, 1 held, 2 skipped.`
fn planned(data: &Value) -> String {
    let of = |name: &str| names(data.get(name)).len();
    let skipped = data.get("skipped").and_then(Value::as_object);
    let skipped: usize =
        skipped.into_iter().flat_map(|reasons| reasons.values()).map(|list| names(Some(list)).len()).sum();
    let mut told = format!("Planned: {} to be sent", of("repos"));
    for (n, word) in [(of("held"), "held"), (skipped, "skipped")] {
        if n > 0 {
            told.push_str(&format!(", {n} {word}"));
        }
    }
    told + "."
}

/// `Not sent to `a/b` and 2 more: none of the entry's `refs` fits the ref.`
fn not_sent(data: &Value) -> String {
    let repos = names(data.get("repos"));
    let reason = data.get("reason").and_then(Value::as_str).unwrap_or_default();
    let known = SkipReason::ALL.into_iter().find(|known| known.word() == reason);
    let reason: &str = match known {
        Some(known) => skipped(known),
        None => reason,
    };
    let more = repos.len().saturating_sub(1);
    let others = if more > 0 { format!(" and {more} more") } else { String::new() };
    let why = reason.trim_start_matches("Not sent: ").trim_end_matches('.');
    format!("Not sent to `{}`{others}: {why}.", repos.first().copied().unwrap_or_default())
}

/// `The merge gate is open.`
fn changed_gate(data: &Value) -> String {
    let known = data.get("gate").and_then(|told| Gate::deserialize(told).ok());
    known.map_or_else(
        || "The merge gate changed.".to_owned(),
        |known| format!("The merge gate is {}.", gate(&known).word),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_plan_and_what_it_leaves_out_are_told_with_numbers_and_reasons() {
        let data =
            json!({ "repos": ["a/b", "a/c"], "held": [], "skipped": { "labels": ["a/d"], "refs": ["a/e", "a/f"] } });
        assert_eq!(planned(&data), "Planned: 2 to be sent, 3 skipped.");
        let data = json!({ "repos": ["a/b", "a/c"], "reason": "refs" });
        assert_eq!(not_sent(&data), "Not sent to `a/b` and 1 more: none of the entry's `refs` fits the ref.");
    }
}
