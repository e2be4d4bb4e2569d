//! States: a shape, a colour and a word, so that none of them is needed to read it.

use std::borrow::Cow;

use askama::Template;
use askama::filters::HtmlSafe;
use switchboard_store::{DeliveryState, WorkState};

/// The states that things here can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Waiting, queued. A hollow circle.
    Waiting,
    /// Running, in progress. A half-filled circle.
    Running,
    /// Succeeded, allowed, settled. A filled circle with a tick.
    Succeeded,
    /// Failed. A filled square with a cross.
    Failed,
    /// Denied, refused, held. A filled diamond with a bar.
    Denied,
    /// Cancelled, superseded, skipped, ignored. A hollow square.
    Cancelled,
    /// Timed out. An hourglass.
    TimedOut,
    /// A dead letter. A filled square with a dagger.
    Dead,
}

impl State {
    /// The name of its shape and its colour in the stylesheet.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Denied => "denied",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed-out",
            Self::Dead => "dead",
        }
    }

    /// The word that stands beside it unless a better one is known.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Denied => "denied",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed out",
            Self::Dead => "dead letter",
        }
    }
}

/// A state with its word.
#[derive(Debug, Clone, Template)]
#[template(
    ext = "html",
    source = r##"<span class="mark {{ state.class() }}"><svg class="shape" aria-hidden="true"><use href="#state-{{ state.class() }}"/></svg><span class="word">{{ word }}</span></span>"##
)]
pub struct Mark {
    /// Which state.
    pub state: State,
    /// The word beside it.
    pub word: Cow<'static, str>,
}

impl Mark {
    /// A state with a word of its own.
    #[must_use]
    pub fn new(state: State, word: impl Into<Cow<'static, str>>) -> Self {
        Self { state, word: word.into() }
    }
}

impl HtmlSafe for Mark {}

impl From<State> for Mark {
    fn from(state: State) -> Self {
        Self::new(state, state.word())
    }
}

impl From<DeliveryState> for Mark {
    fn from(state: DeliveryState) -> Self {
        match state {
            DeliveryState::Ignored => Self::new(State::Cancelled, "ignored"),
            DeliveryState::Pending => Self::new(State::Running, "pending"),
            DeliveryState::Settled => Self::new(State::Succeeded, "settled"),
            DeliveryState::Dead => State::Dead.into(),
        }
    }
}

impl From<WorkState> for Mark {
    fn from(state: WorkState) -> Self {
        match state {
            WorkState::Waiting => State::Waiting.into(),
            WorkState::Leased => State::Running.into(),
            WorkState::Done => Self::new(State::Succeeded, "done"),
            WorkState::Dead => State::Dead.into(),
            WorkState::Withdrawn => Self::new(State::Cancelled, "withdrawn"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_shape_in_the_layout_and_a_word() {
        let layout = include_str!("../../templates/parts/shapes.html");
        let style = include_str!("../../assets/panel.css");
        for state in [
            State::Waiting,
            State::Running,
            State::Succeeded,
            State::Failed,
            State::Denied,
            State::Cancelled,
            State::TimedOut,
            State::Dead,
        ] {
            assert!(layout.contains(&format!("id=\"state-{}\"", state.class())), "{state:?}");
            assert!(style.contains(&format!(".mark.{}", state.class())), "{state:?}");
            assert!(Mark::from(state).to_string().contains(state.word()));
        }
    }
}
