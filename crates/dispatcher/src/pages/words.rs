//! States as marks, facts as sentences. What strangers wrote is cut to a readable length and set apart from our own words.

use serde_json::Value;
use switchboard_panel::components::{Flow, Mark, Sentence, State, Told, plural};
use switchboard_store::Fact;

use super::links;
use crate::facts::kinds;
use crate::handlers::NAME;
use crate::handlers::records::{TargetRecord, TargetState};
use crate::reasons::Reason;
use crate::run_key::RunKey;

/// The longest piece of a stranger's text in a sentence, in characters.
const QUOTED_MAX: usize = 160;

/// A target's state.
pub(super) const fn state(target: TargetState) -> State {
    match target {
        TargetState::Denied | TargetState::Held => State::Denied,
        TargetState::Waiting | TargetState::Queued => State::Waiting,
        TargetState::Succeeded => State::Succeeded,
        TargetState::Failed => State::Failed,
        TargetState::Simulated => State::Cancelled,
    }
}

/// A target's state with its word.
pub(super) fn mark(target: TargetState) -> Mark {
    let word = match target {
        TargetState::Succeeded => "dispatched",
        TargetState::Simulated => "simulated",
        other => other.as_str(),
    };
    Mark::new(state(target), word)
}

/// How a run on GitHub has ended. `None` is a run without a conclusion.
pub(super) fn conclusion(conclusion: Option<&str>) -> Mark {
    let state = match conclusion {
        Some("success") => State::Succeeded,
        Some("failure" | "startup_failure") => State::Failed,
        Some("timed_out") => State::TimedOut,
        Some("action_required") => State::Denied,
        Some("cancelled" | "skipped" | "neutral" | "stale") => State::Cancelled,
        _ => State::Waiting,
    };
    Mark::new(state, clip(conclusion.unwrap_or("no conclusion"), 40).replace('_', " "))
}

/// What a target looked for and did not find, or what GitHub said, if that says more than the reason does.
pub(super) fn detail(target: &TargetRecord) -> Option<String> {
    target.detail.as_deref().map(str::trim).filter(|detail| !detail.is_empty()).map(|detail| clip(detail, 400))
}

/// `text`, cut after `max` characters.
pub(super) fn clip(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The particulars of a fact, as words.
struct Data<'d>(&'d Value);

impl Data<'_> {
    /// A member as text for a sentence: cut, and without the backticks that set names apart.
    fn text(&self, member: &str) -> String {
        let text = match self.0.get(member) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => "?".to_owned(),
        };
        clip(&text, QUOTED_MAX).replace('`', "'")
    }

    fn number(&self, member: &str) -> u64 {
        self.0.get(member).and_then(Value::as_u64).unwrap_or(0)
    }

    fn target(&self) -> String {
        format!("`{}` `{}`", self.text("targetRepo"), self.text("targetWorkflow"))
    }

    fn reason(&self) -> String {
        let code = self.text("reason");
        code.parse::<Reason>().map_or(code, |reason| reason.sentence().to_owned())
    }

    /// The journey that the fact belongs to, if its delivery planned one.
    fn journey(&self) -> Option<String> {
        let (attempt, root) = (self.0.get("runAttempt")?.as_u64()?, self.text("rootRunKey"));
        let run_id = self.0.get("sourceRunId")?.as_u64()?;
        let root: RunKey = root.parse().ok()?;
        // Only a root's fact names its own repository by id; the journey of a dispatched run is reached from there.
        (root.run_id == run_id && u64::from(root.attempt) == attempt).then(|| links::run(root))
    }
}

/// A fact of the dispatcher's in words.
pub(super) fn tell(fact: &Fact) -> Option<Told> {
    if fact.automation != NAME {
        return None;
    }
    let data = Data(&fact.data);
    let (flow, state, text) = match fact.kind.as_str() {
        kinds::REQUEST_ACCEPTED => {
            let text = format!(
                "Run {} of `{}` `{}` has completed.",
                data.text("sourceRunId"),
                data.text("sourceRepo"),
                data.text("sourceWorkflow")
            );
            (Flow::In, None, text)
        }
        kinds::SOURCE_SKIPPED => (Flow::Decided, Some(State::Cancelled), format!("Skipped: {}", data.reason())),
        kinds::CONFIG_INVALID => {
            let remarks = fact.data.get("diagnostics").and_then(Value::as_array).map_or(0, Vec::len) as u64;
            let text = format!(
                "Nothing planned: `{}` is invalid, {}.",
                data.text("path"),
                plural(remarks, "remark", "remarks")
            );
            (Flow::Decided, Some(State::Failed), text)
        }
        kinds::CONFIG_RECOVERED => {
            (Flow::Decided, Some(State::Succeeded), "`dispatching.yml` is in order again.".to_owned())
        }
        kinds::PLAN_FAILED => (
            Flow::Decided,
            Some(State::Dead),
            format!("Not planned after {}: {}", plural(data.number("attempts"), "attempt", "attempts"), data.reason()),
        ),
        kinds::PLAN_CREATED => (Flow::Decided, None, planned(&data)),
        kinds::TARGET_QUEUED => (
            Flow::Decided,
            Some(State::Waiting),
            format!("Both sides consent: {} is to be started on `{}`.", data.target(), data.text("dispatchRef")),
        ),
        kinds::TARGET_SIMULATED => (
            Flow::Decided,
            Some(State::Cancelled),
            format!("Dry run: {} would be started on `{}`.", data.target(), data.text("dispatchRef")),
        ),
        kinds::TARGET_DENIED => match fact.data.get("count").and_then(Value::as_u64) {
            Some(count) => (
                Flow::Decided,
                Some(State::Denied),
                format!(
                    "{} not dispatched: {}",
                    plural(count, "further target was", "further targets were"),
                    data.reason()
                ),
            ),
            None => {
                (Flow::Decided, Some(State::Denied), format!("Not dispatched: {}. {}", data.target(), data.reason()))
            }
        },
        kinds::TRIGGER_SUCCEEDED => (
            Flow::Out,
            Some(State::Succeeded),
            format!("Started {} on `{}`{}.", data.target(), data.text("dispatchRef"), tries(&data)),
        ),
        kinds::TRIGGER_FAILED => (
            Flow::Out,
            Some(State::Failed),
            format!("Could not start {}{}: {}", data.target(), tries(&data), data.reason()),
        ),
        kinds::RUN_COMPLETED => {
            (Flow::In, None, format!("The run that was started, {}, ended as {}.", data.text("runId"), ended(&data)))
        }
        kinds::ISSUE_CREATED => (Flow::Out, None, format!("Issue #{} opened.", data.text("issue"))),
        kinds::ISSUE_UPDATED => (Flow::Out, None, format!("Issue #{} brought up to date.", data.text("issue"))),
        kinds::ISSUE_CLOSED => (Flow::Out, None, format!("Issue #{} closed.", data.text("issue"))),
        kinds::ISSUE_FAILED => {
            (Flow::Out, Some(State::Failed), format!("The issue could not be written: {}.", data.text("reason")))
        }
        kinds::ISSUE_SUPPRESSED => {
            (Flow::Decided, Some(State::Cancelled), "No issue: the hour's budget of new issues is used up.".to_owned())
        }
        _ => return None,
    };
    let mut sentence = Sentence::new(text);
    if let Some(state) = state {
        sentence = sentence.state(state);
    }
    if fact.kind == kinds::PLAN_CREATED
        && let Some(path) = data.journey()
    {
        sentence = sentence.to(path);
    }
    Some(Told { flow, sentence })
}

fn planned(data: &Data<'_>) -> String {
    let (candidates, allowed, denied, waiting) = (
        data.number("candidateTargets"),
        data.number("allowedTargets"),
        data.number("deniedTargets"),
        data.number("waitingTargets"),
    );
    if candidates == 0 {
        return format!("Nothing to dispatch: {}", data.reason());
    }
    let waiting = if waiting > 0 { format!(", {waiting} to be read again") } else { String::new() };
    format!("Planned {}: {allowed} allowed, {denied} denied{waiting}.", plural(candidates, "target", "targets"))
}

fn tries(data: &Data<'_>) -> String {
    match data.number("attempts") {
        0 | 1 => String::new(),
        n => format!(" after {n} attempts"),
    }
}

fn ended(data: &Data<'_>) -> String {
    data.0
        .get("conclusion")
        .and_then(Value::as_str)
        .map_or("unknown".to_owned(), |text| clip(text, 40).replace('`', "'"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use switchboard_clock::Timestamp;

    use super::*;

    const ID: &str = "01930d5e-7b3c-7000-8000-000000000001";

    fn told(kind: &str, data: Value) -> Option<String> {
        let fact = Fact {
            id: ID.parse().unwrap(),
            at: Timestamp::EPOCH,
            delivery: None,
            work: ID.parse().unwrap(),
            automation: NAME.to_owned(),
            subject: "acme/api@9f3c".into(),
            kind: kind.to_owned(),
            data,
        };
        tell(&fact).map(|told| told.sentence.to_string())
    }

    #[test]
    fn a_denial_says_the_cause_in_words() {
        let data = json!({"targetRepo": "acme/deploy", "targetWorkflow": "cd.yml", "reason": "inbound_not_authorized"});
        let html = told(kinds::TARGET_DENIED, data).unwrap();
        assert!(html.contains("Not dispatched: <code>acme/deploy</code> <code>cd.yml</code>"), "{html}");
        assert!(html.contains("<code>inbound</code> rule of the target permits"), "{html}");
    }

    #[test]
    fn hostile_members_stay_text() {
        let data = json!({"targetRepo": "<script>`", "targetWorkflow": 5, "reason": "<b>", "attempts": -1});
        for kind in [
            kinds::TARGET_DENIED,
            kinds::TRIGGER_FAILED,
            kinds::PLAN_CREATED,
            kinds::RUN_COMPLETED,
            kinds::ISSUE_FAILED,
        ] {
            let html = told(kind, data.clone()).unwrap();
            assert!(!html.contains("<script>") && !html.contains("<b>"), "{html}");
        }
        assert_eq!(told("dispatch.of.tomorrow", json!({})), None);
    }
}
