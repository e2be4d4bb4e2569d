//! Facts in words. Each automation words its own; the engine's are worded here, and what nobody words is shown by its kind.

use serde_json::Value;
use switchboard_store::Fact;

use crate::components::{Flow, Html, Line, Sentence, ShortId, State, Told};
use crate::core::Core;

/// A fact as a line of a timeline.
pub(super) fn line(core: &Core, fact: &Fact) -> Line {
    let told = core
        .automation(&fact.automation)
        .and_then(|automation| automation.tell(fact))
        .or_else(|| engine(fact))
        .unwrap_or_else(|| general(fact));
    Line {
        key: format!("f-{}", fact.id),
        at: fact.at,
        flow: told.flow,
        sentence: told.sentence,
        kind: fact.kind.clone(),
        more: crate::components::data(&fact.data).map(|data| {
            let about = Html::code(fact.subject.as_str());
            Html::trusted(format!(
                "<p class=\"muted\">about {about}, fact {}</p>{data}",
                ShortId::new(fact.id.to_string())
            ))
        }),
    }
}

/// The engine's own facts.
fn engine(fact: &Fact) -> Option<Told> {
    if fact.automation != "engine" {
        return None;
    }
    let text = |name: &str| fact.data.get(name).and_then(Value::as_str).unwrap_or("somebody").replace('`', "'");
    let actor = text("actor");
    let (flow, sentence) = match fact.kind.as_str() {
        "engine.replayed" => {
            let jobs = fact.data.get("jobs").and_then(Value::as_u64).unwrap_or(0);
            let jobs = crate::components::plural(jobs, "job", "jobs");
            (Flow::In, Sentence::new(format!("Replayed by {actor}: {jobs} planned again.")))
        }
        "engine.replay.refused" => (
            Flow::Decided,
            Sentence::new(format!("Not replayed for {actor}: its body is no longer kept.")).state(State::Denied),
        ),
        "engine.letter.revived" => {
            (Flow::In, Sentence::new(format!("Dead letter `{}` queued again by {actor}.", text("workKind"))))
        }
        "engine.letter.discarded" => {
            (Flow::In, Sentence::new(format!("Dead letter `{}` discarded by {actor}.", text("workKind"))))
        }
        "engine.gap.found" => (
            Flow::Decided,
            Sentence::new(format!("GitHub's list has a `{}` that never arrived.", text("event"))).state(State::Denied),
        ),
        "engine.gap.redelivery_asked" => (Flow::Out, Sentence::new("Asked GitHub to send it again.")),
        "engine.gap.taken_in" => (Flow::In, Sentence::new("Taken in from GitHub's list.")),
        "engine.gap.closed" => (Flow::In, Sentence::new("It has arrived after all.").state(State::Succeeded)),
        "engine.gap.lost" => {
            (Flow::Decided, Sentence::new("GitHub no longer keeps it; it is lost.").state(State::Failed))
        }
        _ => return None,
    };
    Some(Told { flow, sentence })
}

/// A fact that nobody words: `dispatch.target.denied` reads "Dispatch target denied".
fn general(fact: &Fact) -> Told {
    let words = fact.kind.replace(['.', '_'], " ");
    let mut chars = words.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    let reason = match fact.data.get("reason").and_then(Value::as_str) {
        Some(reason) => format!(": {}.", reason.replace('_', " ")),
        None => ".".to_owned(),
    };
    Told { flow: Flow::Decided, sentence: Sentence::new(format!("{first}{}{reason}", chars.as_str())) }
}
