//! A setting's value between its source and its typed field.
//!
//! A [`Form`](super::setting::Form) turns the text of a variable or an item of a TOML file into a [`Value`];
//! a type's [`Accepts`] turns the value into itself. What either refuses becomes a
//! [`Problem`](super::problem::Problem) once the loader knows where the value stood.

use std::num::NonZeroU64;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use switchboard_relay::config::Provider;

/// A value whose shape has been checked but not yet its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Boolean(bool),
    Integer(u64),
    Text(String),
    List(Vec<String>),
    Providers(Vec<Provider>),
}

impl Value {
    /// Stores the value in a typed field.
    pub(super) fn put<T: Accepts>(&self, field: &mut T) -> Result<(), Refusal> {
        *field = T::accept(self)?;
        Ok(())
    }

    /// Stores a number of milliseconds.
    pub(super) fn put_millis(&self, field: &mut Duration) -> Result<(), Refusal> {
        *field = Duration::from_millis(u64::accept(self)?);
        Ok(())
    }

    /// Stores a number of seconds.
    pub(super) fn put_seconds(&self, field: &mut Duration) -> Result<(), Refusal> {
        *field = Duration::from_secs(u64::accept(self)?);
        Ok(())
    }

    /// Stores a number of minutes.
    pub(super) fn put_minutes(&self, field: &mut Duration) -> Result<(), Refusal> {
        *field = Duration::from_mins(u64::accept(self)?);
        Ok(())
    }

    /// Stores a number of days.
    pub(super) fn put_days(&self, field: &mut Duration) -> Result<(), Refusal> {
        *field = Duration::from_hours(u64::accept(self)?.saturating_mul(24));
        Ok(())
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) | Self::Providers(_) => "a list",
        }
    }
}

/// Why a value cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) hint: Option<String>,
    /// The position within a list, from 0, when one entry is to blame.
    pub(super) entry: Option<usize>,
    /// Where in the file it stands, in bytes, when something within the value is to blame.
    pub(super) offset: Option<usize>,
}

impl Refusal {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, entry: None, offset: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// At this place of the file.
    pub(super) fn at(mut self, span: Option<Range<usize>>) -> Self {
        self.offset = span.map(|span| span.start);
        self
    }

    pub(super) fn mismatch(expected: &str, found: &Value) -> Self {
        Self::new(format!("expected {expected}, found {}", found.kind()))
    }
}

/// A type that a setting's field may have.
pub(super) trait Accepts: Sized {
    fn accept(value: &Value) -> Result<Self, Refusal>;
}

/// A type read from one piece of text; lists of it come for free.
pub(super) trait FromText: Sized {
    fn from_text(text: &str) -> Result<Self, Refusal>;
}

impl<T: FromText> Accepts for T {
    fn accept(value: &Value) -> Result<Self, Refusal> {
        match value {
            Value::Text(text) => T::from_text(text),
            other => Err(Refusal::mismatch("a text", other)),
        }
    }
}

impl<T: FromText> Accepts for Vec<T> {
    fn accept(value: &Value) -> Result<Self, Refusal> {
        let Value::List(entries) = value else { return Err(Refusal::mismatch("a list", value)) };
        let parse =
            |(index, entry): (usize, &String)| T::from_text(entry).map_err(|r| Refusal { entry: Some(index), ..r });
        entries.iter().enumerate().map(parse).collect()
    }
}

impl<T: Accepts> Accepts for Option<T> {
    fn accept(value: &Value) -> Result<Self, Refusal> {
        T::accept(value).map(Some)
    }
}

impl Accepts for bool {
    fn accept(value: &Value) -> Result<Self, Refusal> {
        match value {
            Value::Boolean(flag) => Ok(*flag),
            other => Err(Refusal::mismatch("a boolean", other)),
        }
    }
}

impl Accepts for u64 {
    fn accept(value: &Value) -> Result<Self, Refusal> {
        match value {
            Value::Integer(number) => Ok(*number),
            other => Err(Refusal::mismatch("a number", other)),
        }
    }
}

macro_rules! accept_narrower_number {
    ($($number:ty),+) => {$(
        impl Accepts for $number {
            fn accept(value: &Value) -> Result<Self, Refusal> {
                let number = u64::accept(value)?;
                Self::try_from(number).map_err(|_| Refusal::new(format!("{number} is out of range")))
            }
        }
    )+};
}

accept_narrower_number!(u16, u32, usize, NonZeroU64);

impl FromText for String {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        Ok(text.to_owned())
    }
}

impl FromText for PathBuf {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        Ok(Self::from(text))
    }
}

/// Chooses by word; the form has already refused words that are not in its list.
pub(super) fn chosen<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, Refusal> {
    let found = words.iter().find(|(word, _)| *word == text);
    found.map(|(_, choice)| *choice).ok_or_else(|| Refusal::new(format!("`{text}` is not known")))
}
