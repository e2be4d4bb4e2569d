//! Faults: what goes wrong between a client and the simulated GitHub, scheduled per kind of call.

use std::time::Duration;

use serde_json::{Value, json};

use crate::limits::SECONDARY_LIMIT_TEXT;
use crate::pattern::CallPattern;
use crate::simulator::Simulator;

/// How a call ends that gets no answer. Whether GitHub acted on it the caller cannot know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Nothing ever comes back; the caller's timeout ends it.
    #[error("no answer, and the connection stays open")]
    Hang,
    /// The connection closes without an answer.
    #[error("connection reset")]
    Reset,
    /// There is no connection. Over TCP, where one exists already, it closes like [`Fault::Reset`].
    #[error("connection refused")]
    Refused,
}

/// An answer that is given in place of the true one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CannedAnswer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Value,
}

/// What a scheduled fault does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// The request is not acted upon and gets this answer.
    Answer(CannedAnswer),
    /// The request is acted upon and gets this answer all the same.
    AnswerAfter(CannedAnswer),
    /// The request is not acted upon and gets none.
    Fail(Fault),
    /// The request is acted upon and the answer is lost.
    FailAfter(Fault),
    /// The true answer, late.
    Slow(Duration),
}

#[derive(Debug)]
struct Rule {
    pattern: CallPattern,
    skip: u64,
    left: u64,
    kind: FaultKind,
}

/// The schedule. Rules apply in order of their arrival; a call spends at most one.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Rule>);

impl Faults {
    /// The fault for a call, if one is due.
    pub(crate) fn take(&mut self, method: &str, path: &str) -> Option<FaultKind> {
        for rule in self.0.iter_mut().filter(|rule| rule.left > 0 && rule.pattern.matches(method, path)) {
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            rule.left -= 1;
            return Some(rule.kind.clone());
        }
        None
    }
}

/// Schedules a fault; made by [`Simulator::fault`]. Nothing is scheduled before one of the ending methods says what happens.
#[derive(Debug)]
#[must_use = "a fault is scheduled by saying what happens"]
pub struct FaultPlan<'a> {
    simulator: &'a Simulator,
    pattern: CallPattern,
    skip: u64,
    times: u64,
}

impl<'a> FaultPlan<'a> {
    pub(crate) fn new(simulator: &'a Simulator, pattern: CallPattern) -> Self {
        Self { simulator, pattern, skip: 0, times: 1 }
    }

    /// How many calls it befalls; one, if this is not called.
    pub fn times(self, times: u64) -> Self {
        Self { times, ..self }
    }

    /// It befalls every such call from now on.
    pub fn always(self) -> Self {
        self.times(u64::MAX)
    }

    /// Lets this many calls pass first.
    pub fn after(self, calls: u64) -> Self {
        Self { skip: calls, ..self }
    }

    /// An answer with this status; the request is not acted upon.
    pub fn status(self, status: u16) {
        self.answer(status, &[], json!({ "message": "Server Error", "status": status.to_string() }));
    }

    /// This answer; the request is not acted upon.
    pub fn answer(self, status: u16, headers: &[(&str, &str)], body: Value) {
        self.schedule(FaultKind::Answer(canned(status, headers, body)));
    }

    /// An answer with this status, although the request was acted upon: an ambiguous 5xx.
    pub fn processed_but_status(self, status: u16) {
        let body = json!({ "message": "Server Error", "status": status.to_string() });
        self.schedule(FaultKind::AnswerAfter(canned(status, &[], body)));
    }

    /// 403 with the text of the secondary rate limit and, if given, `retry-after` seconds.
    pub fn secondary_limit(self, retry_after: Option<u64>) {
        let header = retry_after.map(|seconds| ("retry-after", seconds.to_string()));
        let headers: Vec<(&str, &str)> = header.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.answer(403, &headers, json!({ "message": SECONDARY_LIMIT_TEXT, "status": "403" }));
    }

    /// No answer, ever; the request is not acted upon.
    pub fn hang(self) {
        self.schedule(FaultKind::Fail(Fault::Hang));
    }

    /// The connection closes before the request is acted upon.
    pub fn reset(self) {
        self.schedule(FaultKind::Fail(Fault::Reset));
    }

    /// No connection.
    pub fn refuse(self) {
        self.schedule(FaultKind::Fail(Fault::Refused));
    }

    /// The request is acted upon, then the connection closes without an answer.
    pub fn lose_answer(self) {
        self.schedule(FaultKind::FailAfter(Fault::Reset));
    }

    /// The request is acted upon, then nothing comes back.
    pub fn hang_after_processing(self) {
        self.schedule(FaultKind::FailAfter(Fault::Hang));
    }

    /// The true answer, this much later by the simulator's clock.
    pub fn slow(self, by: Duration) {
        self.schedule(FaultKind::Slow(by));
    }

    fn schedule(self, kind: FaultKind) {
        let rule = Rule { pattern: self.pattern, skip: self.skip, left: self.times, kind };
        self.simulator.with(|state| state.faults.0.push(rule));
    }
}

fn canned(status: u16, headers: &[(&str, &str)], body: Value) -> CannedAnswer {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    CannedAnswer { status, headers, body }
}
