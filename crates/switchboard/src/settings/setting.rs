//! A row of the settings table, and the shapes that a value may have.

use toml_edit::Item;

use super::draft::Draft;
use super::kinds::{read_providers, read_providers_text};
use super::nearest::nearest;
use super::value::{Refusal, Value};

/// One setting: everything that the loader, the documentation, the example files and the JSON Schema
/// know about it.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The table in `switchboard.toml`, such as `dispatcher`.
    pub section: &'static str,
    /// The key within the section.
    pub key: &'static str,
    /// Variables that set it besides [`Setting::variable`]: the first is its name, the rest are older names.
    pub env: &'static [&'static str],
    /// Whether [`Setting::env`] are variables of a standard, which are often set for all programs of a machine: what was
    /// said to this one, in its file or by [`Setting::variable`], wins over them.
    pub shared: bool,
    /// The shape of its value.
    pub form: Form,
    /// What holds when nobody sets it, written as in an environment variable.
    pub default: Option<&'static str>,
    /// A value to show where there is no default; never a secret.
    pub example: &'static str,
    /// Whether it is set when an image is built, so that nobody else should.
    pub baked: bool,
    /// What it means: one or two sentences of Markdown, with units.
    pub about: &'static str,
    pub(super) set: Setter,
}

pub(super) type Setter = fn(&mut Draft, &Value) -> Result<(), Refusal>;

impl Setting {
    pub(super) const fn new(section: &'static str, key: &'static str, form: Form, set: Setter) -> Self {
        Self { section, key, env: &[], shared: false, form, default: None, example: "", baked: false, about: "", set }
    }

    pub(super) const fn env(mut self, names: &'static [&'static str]) -> Self {
        self.env = names;
        self
    }

    pub(super) const fn shared_env(mut self, names: &'static [&'static str]) -> Self {
        self.shared = true;
        self.env(names)
    }

    pub(super) const fn default(mut self, text: &'static str) -> Self {
        self.default = Some(text);
        self
    }

    pub(super) const fn example(mut self, text: &'static str) -> Self {
        self.example = text;
        self
    }

    pub(super) const fn baked(mut self) -> Self {
        self.baked = true;
        self
    }

    pub(super) const fn about(mut self, text: &'static str) -> Self {
        self.about = text;
        self
    }

    /// Its full name: `dispatcher.max_targets`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}.{}", self.section, self.key)
    }

    /// The environment variable that always works, and wins over the names in [`Setting::env`]:
    /// `SWITCHBOARD__DISPATCHER__MAX_TARGETS`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("SWITCHBOARD__{}", self.name().replace('.', "__").to_ascii_uppercase())
    }

    /// The variable that people usually set.
    #[must_use]
    pub fn usual_variable(&self) -> String {
        self.env.first().map_or_else(|| self.variable(), |name| (*name).to_owned())
    }

    /// Whether its value must never be shown.
    #[must_use]
    pub const fn is_secret(&self) -> bool {
        matches!(self.form, Form::Secret { .. } | Form::Secrets { .. })
    }
}

/// The words for yes and no, in any case.
pub(super) const YES: [&str; 4] = ["true", "yes", "on", "1"];
pub(super) const NO: [&str; 4] = ["false", "no", "off", "0"];

/// The bound of numbers that have none of their own: the largest that TOML can hold.
pub(super) const UNBOUNDED: u64 = i64::MAX as u64;

/// The shape of a setting's value.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// Yes or no.
    Boolean,
    /// A whole number within bounds, both included.
    Integer {
        /// Smallest.
        min: u64,
        /// Largest.
        max: u64,
        /// What is counted: `seconds`, `jobs`; empty for a bare number.
        unit: &'static str,
    },
    /// A text; `what` completes "expected …".
    Text {
        /// Such as `an IP address`.
        what: &'static str,
    },
    /// One of a few words, in any case.
    Choice {
        /// The words.
        words: &'static [&'static str],
        /// The words that a bare yes and no stand for, where they do.
        yes_and_no: Option<(&'static str, &'static str)>,
    },
    /// A list of texts; `what` completes "a list of …".
    List {
        /// Such as `owners`.
        what: &'static str,
    },
    /// A text that is never shown.
    Secret {
        /// Such as `a PEM key`.
        what: &'static str,
    },
    /// One or several secrets, such as the old and the new one while rotating.
    Secrets {
        /// Such as `webhook secrets`.
        what: &'static str,
    },
    /// The relay's providers: tables in tables.
    Providers,
}

impl Form {
    /// Reads the text of a variable (or of a default). `None` means that it counts as unset.
    pub(super) fn read_text(&self, raw: &str) -> Result<Option<Value>, Refusal> {
        let text = raw.trim();
        if let Self::List { .. } | Self::Secrets { .. } = self {
            return Ok(Some(Value::List(split_at_commas(text))));
        }
        if let Self::Providers = self {
            let providers = if text.is_empty() { Vec::new() } else { read_providers_text(text)? };
            return Ok(Some(Value::Providers(providers)));
        }
        if text.is_empty() {
            return Ok(None);
        }
        match self {
            Self::Integer { .. } => {
                let number = text.parse::<i128>().map_err(|_| self.refuse_word(text))?;
                self.in_range(number)
            }
            _ => self.read_word(text),
        }
        .map(Some)
    }

    /// Reads an item of a TOML file. `None` means that it counts as unset.
    pub(super) fn read_toml(&self, item: &Item) -> Result<Option<Value>, Refusal> {
        if let Self::Providers = self {
            return read_providers(item).map(|providers| Some(Value::Providers(providers)));
        }
        if let Some(flag) = item.as_bool() {
            return match self {
                Self::Boolean => Ok(Some(Value::Boolean(flag))),
                Self::Choice { yes_and_no: Some((yes, no)), .. } => {
                    Ok(Some(Value::Text(if flag { yes } else { no }.to_string())))
                }
                _ => Err(self.wrong_type("a boolean")),
            };
        }
        if let Some(number) = item.as_integer() {
            return match self {
                Self::Boolean if number == 0 || number == 1 => Ok(Some(Value::Boolean(number == 1))),
                Self::Integer { .. } => self.in_range(number.into()).map(Some),
                _ => Err(self.wrong_type("a number")),
            };
        }
        if let Some(text) = item.as_str() {
            return match self {
                Self::Integer { .. } if text.trim().parse::<i64>().is_ok() => {
                    Err(self.wrong_type("a text").hint(format!("write {} without quotes", text.trim())))
                }
                Self::Integer { .. } => Err(self.wrong_type("a text")),
                Self::List { .. } if !text.trim().is_empty() => {
                    let entries: Vec<_> = split_at_commas(text).iter().map(|entry| format!("{entry:?}")).collect();
                    Err(self.wrong_type("a text").hint(format!("write [{}]", entries.join(", "))))
                }
                _ => self.read_text(text),
            };
        }
        match (self, item.as_array()) {
            (Self::List { .. } | Self::Secrets { .. }, Some(array)) => {
                let mut entries = Vec::with_capacity(array.len());
                for (index, entry) in array.iter().enumerate() {
                    match entry.as_str().map(str::trim) {
                        Some(text) if !text.is_empty() => entries.push(text.to_owned()),
                        Some(_) => return Err(Refusal { entry: Some(index), ..Refusal::new("an entry is empty") }),
                        None => {
                            let refusal = Refusal::new(format!(
                                "expected {}, found {} among them",
                                self.described(),
                                with_article(entry.type_name())
                            ));
                            return Err(Refusal { entry: Some(index), ..refusal }.hint("put every entry in quotes"));
                        }
                    }
                }
                Ok(Some(Value::List(entries)))
            }
            _ => Err(self.wrong_type(&with_article(item.type_name()))),
        }
    }

    fn read_word(&self, text: &str) -> Result<Value, Refusal> {
        let is_one_of = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
        match self {
            Self::Boolean if is_one_of(&YES) => Ok(Value::Boolean(true)),
            Self::Boolean if is_one_of(&NO) => Ok(Value::Boolean(false)),
            Self::Boolean => Err(self.refuse_word(text)),
            Self::Choice { words, yes_and_no } => {
                let word = words.iter().find(|word| word.eq_ignore_ascii_case(text)).copied();
                let by_yes_and_no = yes_and_no
                    .and_then(|(yes, no)| if is_one_of(&YES) { Some(yes) } else { is_one_of(&NO).then_some(no) });
                let word = word.or(by_yes_and_no).ok_or_else(|| self.refuse_word(text))?;
                Ok(Value::Text(word.to_owned()))
            }
            _ => Ok(Value::Text(text.to_owned())),
        }
    }

    fn in_range(&self, number: i128) -> Result<Value, Refusal> {
        let Self::Integer { min, max, .. } = self else { return Err(self.wrong_type("a number")) };
        match u64::try_from(number) {
            Ok(number) if (*min..=*max).contains(&number) => Ok(Value::Integer(number)),
            _ => Err(Refusal::new(format!("{number} is out of range")).hint(format!("write {}", self.described()))),
        }
    }

    fn refuse_word(&self, text: &str) -> Refusal {
        let refusal = Refusal::new(format!("expected {}, found `{text}`", self.described()));
        match self {
            Self::Boolean => refusal.hint("write true or false; yes, no, on, off, 1 and 0 work too"),
            Self::Choice { words, .. } => match nearest(text, words.iter().copied()) {
                Some(word) => refusal.hint(format!("did you mean `{word}`?")),
                None => refusal.hint(format!("write one of {}", words.join(", "))),
            },
            _ => refusal,
        }
    }

    fn wrong_type(&self, found: &str) -> Refusal {
        let refusal = Refusal::new(format!("expected {}, found {found}", self.described()));
        match self {
            Self::Boolean => refusal.hint("write true or false"),
            Self::Integer { .. } => refusal.hint("write a whole number without quotes"),
            Self::Text { .. } | Self::Secret { .. } | Self::Choice { .. } => refusal.hint("put it in quotes"),
            Self::List { .. } | Self::Secrets { .. } => refusal.hint(r#"write ["one", "two"]"#),
            Self::Providers => refusal.hint("begin each with [[relay.provider]]"),
        }
    }

    /// The shape in words: `a number from 1 to 100`.
    #[must_use]
    pub fn described(&self) -> String {
        match self {
            Self::Boolean => "a boolean".to_owned(),
            Self::Integer { min, max, .. } if *max == UNBOUNDED => format!("a number from {} up", grouped(*min)),
            Self::Integer { min, max, unit } => {
                let (min, max) = (grouped(*min), grouped(*max));
                if unit.is_empty() {
                    format!("a number from {min} to {max}")
                } else {
                    format!("a number of {unit} from {min} to {max}")
                }
            }
            Self::Text { what } | Self::Secret { what } => (*what).to_owned(),
            Self::Choice { words, .. } => format!("one of {}", words.join(", ")),
            Self::List { what } | Self::Secrets { what } => format!("a list of {what}"),
            Self::Providers => "a list of tables".to_owned(),
        }
    }
}

fn split_at_commas(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
}

fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {noun}")
}

/// Thousands apart, as a human writes them: `65,535`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
