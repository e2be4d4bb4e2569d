//! The states of a result, and what each report, timer and word of GitHub's makes of them.
//!
//! The rule is a function of the present state and the input; whoever calls it holds the dispatch's lane, so nothing comes
//! between reading and writing.

use serde::{Deserialize, Serialize};

use crate::conclusion::Conclusion;

/// How far a result is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It runs.
    Running,
    /// It has ended.
    Completed {
        /// How.
        conclusion: Conclusion,
        /// By whose word.
        by: By,
    },
}

/// By whose word a result has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The downstream's own report.
    Report,
    /// Its time was over.
    Timer,
    /// GitHub says so of the run or job.
    GitHub,
}

/// What is learned of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// It reports that it has started.
    Started,
    /// It reports its end.
    Completed(Conclusion),
    /// Its time is over, and nothing says that it has ended.
    Expired,
    /// GitHub says that its run has ended.
    RunEnded(Conclusion),
    /// GitHub says how the job behind it has ended.
    JobEnded(Conclusion),
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Unchanged,
    /// Nothing, but it is worth a note: a start was reported after the end.
    Late,
    /// Nothing but decorations that were missing.
    Decorated,
    /// Nothing: its second end contradicts the first.
    Contradicted {
        /// How it had ended.
        stood: Conclusion,
    },
    /// It has this state now.
    Became(State, Turn),
}

/// In what way a state came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It is new or has gone on as expected.
    Forward,
    /// Its own word came after all, and stands in place of the timer's or GitHub's.
    Revived,
    /// GitHub corrected it.
    Corrected,
}

/// What becomes of a result in state `now` (`None` if it is not known yet) by this input.
#[must_use]
pub fn advance(now: Option<State>, input: Input) -> Step {
    let completed = |conclusion, by, turn| Step::Became(State::Completed { conclusion, by }, turn);
    match (now, input) {
        (None, Input::Started) => Step::Became(State::Running, Turn::Forward),
        (None | Some(State::Running), Input::Completed(conclusion)) => completed(conclusion, By::Report, Turn::Forward),
        (None, _) | (Some(State::Running), Input::Started) => Step::Unchanged,
        (Some(State::Running), Input::Expired) => completed(Conclusion::TimedOut, By::Timer, Turn::Forward),
        (Some(State::Running), Input::RunEnded(conclusion)) => completed(conclusion, By::GitHub, Turn::Corrected),
        // Only a result that claims something is corrected by its job; what still runs waits for its run.
        (Some(State::Running), Input::JobEnded(_)) => Step::Unchanged,
        (Some(State::Completed { by: By::Report, .. }), Input::Started) => Step::Late,
        (Some(State::Completed { by: By::Report, conclusion: stood }), Input::Completed(said)) => {
            if stood == said {
                Step::Decorated
            } else {
                Step::Contradicted { stood }
            }
        }
        (Some(State::Completed { by: By::Timer | By::GitHub, .. }), Input::Completed(conclusion)) => {
            completed(conclusion, By::Report, Turn::Revived)
        }
        (Some(State::Completed { .. }), Input::Started | Input::Expired) => Step::Unchanged,
        (Some(State::Completed { by: By::Timer | By::GitHub, conclusion: stood }), Input::RunEnded(said)) => {
            if stood == said { Step::Unchanged } else { completed(said, By::GitHub, Turn::Corrected) }
        }
        // A separate job that reports ends in success whatever it reports of, so authority only worsens.
        (Some(State::Completed { by: By::Report, .. }), Input::RunEnded(_)) => Step::Unchanged,
        (Some(State::Completed { conclusion: stood, .. }), Input::JobEnded(said)) => {
            let worse = matches!(said, Conclusion::Failure | Conclusion::Cancelled | Conclusion::TimedOut);
            if stood == Conclusion::Success && worse {
                completed(said, By::GitHub, Turn::Corrected)
            } else {
                Step::Unchanged
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Conclusion::{Cancelled, Failure, Success, TimedOut};

    const fn ended(conclusion: Conclusion, by: By) -> Option<State> {
        Some(State::Completed { conclusion, by })
    }

    fn became(conclusion: Conclusion, by: By, turn: Turn) -> Step {
        Step::Became(State::Completed { conclusion, by }, turn)
    }

    #[test]
    fn relay_16_a_result_runs_and_then_ends() {
        assert_eq!(advance(None, Input::Started), Step::Became(State::Running, Turn::Forward));
        let end = advance(Some(State::Running), Input::Completed(Success));
        assert_eq!(end, became(Success, By::Report, Turn::Forward));
        assert_eq!(advance(Some(State::Running), Input::Started), Step::Unchanged);
    }

    #[test]
    fn relay_17_an_end_without_a_start_is_taken_and_a_late_start_only_noted() {
        assert_eq!(advance(None, Input::Completed(Failure)), became(Failure, By::Report, Turn::Forward));
        assert_eq!(advance(ended(Failure, By::Report), Input::Started), Step::Late);
        assert_eq!(advance(ended(TimedOut, By::Timer), Input::Started), Step::Unchanged);
    }

    #[test]
    fn relay_18_the_same_end_again_only_decorates_and_another_contradicts() {
        assert_eq!(advance(ended(Success, By::Report), Input::Completed(Success)), Step::Decorated);
        let contradicted = Step::Contradicted { stood: Success };
        assert_eq!(advance(ended(Success, By::Report), Input::Completed(Failure)), contradicted);
    }

    #[test]
    fn relay_31_what_never_ends_times_out_and_its_own_word_revives_it() {
        let timed_out = advance(Some(State::Running), Input::Expired);
        assert_eq!(timed_out, became(TimedOut, By::Timer, Turn::Forward));
        let revived = advance(ended(TimedOut, By::Timer), Input::Completed(Success));
        assert_eq!(revived, became(Success, By::Report, Turn::Revived));
        assert_eq!(advance(ended(Success, By::Report), Input::Expired), Step::Unchanged);
        assert_eq!(advance(None, Input::Expired), Step::Unchanged);
    }

    #[test]
    fn relay_32_open_results_take_the_runs_end() {
        let ended_by_run = advance(Some(State::Running), Input::RunEnded(Failure));
        assert_eq!(ended_by_run, became(Failure, By::GitHub, Turn::Corrected));
        let corrected = advance(ended(TimedOut, By::Timer), Input::RunEnded(Success));
        assert_eq!(corrected, became(Success, By::GitHub, Turn::Corrected));
        assert_eq!(advance(ended(Failure, By::GitHub), Input::RunEnded(Failure)), Step::Unchanged);
        assert_eq!(advance(ended(Success, By::Report), Input::RunEnded(Failure)), Step::Unchanged);
    }

    #[test]
    fn authority_only_worsens_and_only_what_claims_success() {
        for worse in [Failure, Cancelled, TimedOut] {
            let corrected = advance(ended(Success, By::Report), Input::JobEnded(worse));
            assert_eq!(corrected, became(worse, By::GitHub, Turn::Corrected));
            assert_eq!(advance(ended(worse, By::Report), Input::JobEnded(Success)), Step::Unchanged);
        }
        for harmless in [Success, Conclusion::Skipped, Conclusion::Neutral, Conclusion::ActionRequired] {
            assert_eq!(advance(ended(Success, By::Report), Input::JobEnded(harmless)), Step::Unchanged);
        }
        assert_eq!(advance(Some(State::Running), Input::JobEnded(Failure)), Step::Unchanged);
    }

    #[test]
    fn the_table_is_the_contracts() {
        use Step::{Contradicted, Decorated, Late, Unchanged};
        let same = ended(Success, By::Report);
        // now; in_progress, completed(failure), completed(success), expiry, run ended in failure
        let table = [
            (
                None,
                [
                    Step::Became(State::Running, Turn::Forward),
                    became(Failure, By::Report, Turn::Forward),
                    became(Success, By::Report, Turn::Forward),
                    Unchanged,
                    Unchanged,
                ],
            ),
            (
                Some(State::Running),
                [
                    Unchanged,
                    became(Failure, By::Report, Turn::Forward),
                    became(Success, By::Report, Turn::Forward),
                    became(TimedOut, By::Timer, Turn::Forward),
                    became(Failure, By::GitHub, Turn::Corrected),
                ],
            ),
            (same, [Late, Contradicted { stood: Success }, Decorated, Unchanged, Unchanged]),
            (
                ended(TimedOut, By::Timer),
                [
                    Unchanged,
                    became(Failure, By::Report, Turn::Revived),
                    became(Success, By::Report, Turn::Revived),
                    Unchanged,
                    became(Failure, By::GitHub, Turn::Corrected),
                ],
            ),
            (
                ended(Cancelled, By::GitHub),
                [
                    Unchanged,
                    became(Failure, By::Report, Turn::Revived),
                    became(Success, By::Report, Turn::Revived),
                    Unchanged,
                    became(Failure, By::GitHub, Turn::Corrected),
                ],
            ),
        ];
        let inputs = [
            Input::Started,
            Input::Completed(Failure),
            Input::Completed(Success),
            Input::Expired,
            Input::RunEnded(Failure),
        ];
        for (now, expected) in table {
            for (input, expected) in inputs.into_iter().zip(expected) {
                assert_eq!(advance(now, input), expected, "{now:?} {input:?}");
            }
        }
    }

    #[test]
    fn no_input_brings_a_result_back_to_running() {
        let inputs = Conclusion::ALL.into_iter().flat_map(|conclusion| {
            [Input::Completed(conclusion), Input::RunEnded(conclusion), Input::JobEnded(conclusion)]
        });
        let inputs: Vec<Input> = inputs.chain([Input::Started, Input::Expired]).collect();
        for by in [By::Report, By::Timer, By::GitHub] {
            for conclusion in Conclusion::ALL {
                for input in &inputs {
                    let step = advance(ended(conclusion, by), *input);
                    assert!(!matches!(step, Step::Became(State::Running, _)), "{conclusion} {by:?} {input:?}");
                }
            }
        }
    }
}
