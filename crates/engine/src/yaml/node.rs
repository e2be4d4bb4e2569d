use std::sync::Arc;

/// A value and where it stands. Cloning is cheap: copies share what they hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub value: Arc<Value>,
    /// Line, from 1; for an alias the line of the alias.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// The three shapes of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A single value.
    Scalar(Scalar),
    /// A list.
    Seq(Vec<Node>),
    /// A mapping with unique keys, in the order of the file.
    Map(Vec<Entry>),
}

/// A single value with the type that YAML's core schema gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The text, quotes and escapes resolved. A number keeps the digits as they are written.
    pub text: Arc<str>,
    /// Its type.
    pub kind: ScalarKind,
    /// Whether it stands there without quotes.
    pub plain: bool,
}

/// Types of YAML 1.2's core schema. Only a plain (unquoted) scalar can be anything but a string, unless a tag says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalarKind {
    /// Text.
    Str,
    /// `12`, `-3`, `0o17`, `0xff`.
    Int,
    /// `true`, `True`, `TRUE`, `false`, …
    Bool,
    /// `1.10`, `1e3`, `.inf`, `.nan`.
    Float,
    /// `null`, `~` or nothing at all.
    Null,
}

/// One key of a mapping and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// What stands under it.
    pub value: Node,
}

/// A mapping's key: always a scalar. Two keys are the same when their texts are, quoted or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The text.
    pub text: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Node {
    /// The scalar, if it is one.
    #[must_use]
    pub fn scalar(&self) -> Option<&Scalar> {
        match &*self.value {
            Value::Scalar(scalar) => Some(scalar),
            Value::Seq(_) | Value::Map(_) => None,
        }
    }

    /// What it is, in words: `a text`, `a number`, `a list`, …
    #[must_use]
    pub fn describe(&self) -> &'static str {
        match &*self.value {
            Value::Scalar(scalar) => match scalar.kind {
                ScalarKind::Str => "a text",
                ScalarKind::Int | ScalarKind::Float => "a number",
                ScalarKind::Bool => "a boolean",
                ScalarKind::Null => "nothing",
            },
            Value::Seq(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}
