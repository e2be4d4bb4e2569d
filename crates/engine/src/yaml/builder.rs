//! From parser events to a [`Node`] tree, within the budget.

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};

use super::diagnostic::quote;
use super::schema::{CoreTag, agrees, plain_kind};
use super::text::small;
use super::{Budget, Diagnostic, Entry, Key, Node, Scalar, ScalarKind, Value};

/// The key by which YAML 1.1 merges another mapping into this one.
const MERGE_KEY: &str = "<<";

pub(super) fn build(text: &str, budget: &Budget) -> Result<Option<Node>, Diagnostic> {
    let mut builder = Builder { budget, open: Vec::new(), anchors: HashMap::new(), nodes: 0, documents: 0, root: None };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| unreadable(&error, text))?;
        builder.take(event, Place::of(&span))?;
    }
    Ok(builder.root)
}

fn unreadable(error: &ScanError, text: &str) -> Diagnostic {
    let (line, column) = (error.marker().line(), error.marker().col());
    let place = Place { line: small(line), column: small(column + 1) };
    let diagnostic = place.error("syntax", format!("not valid YAML: {}", error.info()));
    let found = text.lines().nth(line.saturating_sub(1)).and_then(|line| line.chars().nth(column));
    match found {
        Some('@') => diagnostic.with_hint("quote it or drop the @"),
        _ => diagnostic,
    }
}

#[derive(Clone, Copy)]
struct Place {
    line: u32,
    column: u32,
}

impl Place {
    fn of(span: &Span) -> Self {
        Self { line: small(span.start.line()), column: small(span.start.col() + 1) }
    }

    fn error(self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(self.line, self.column, message).with_code(code)
    }

    fn node(self, value: Arc<Value>) -> Node {
        Node { value, line: self.line, column: self.column }
    }
}

/// A finished node with what it costs when an alias repeats it.
#[derive(Clone)]
struct Sized {
    node: Node,
    nodes: usize,
    height: usize,
}

/// A list or mapping whose end has not come yet.
struct Open {
    content: Content,
    anchor: usize,
    place: Place,
    nodes: usize,
    height: usize,
}

enum Content {
    Seq(Vec<Node>),
    Map { entries: Vec<Entry>, seen: HashMap<Arc<str>, Place>, key: Option<Key> },
}

struct Builder<'b> {
    budget: &'b Budget,
    open: Vec<Open>,
    anchors: HashMap<usize, Sized>,
    nodes: usize,
    documents: usize,
    root: Option<Node>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, place: Place) -> Result<(), Diagnostic> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents == 1 {
                    return Ok(());
                }
                Err(place
                    .error("documents", "a second document begins here")
                    .with_hint("keep one document in the file"))
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.spend(1, place)?;
                let scalar = scalar(&text, style, tag.as_deref(), place)?;
                let bare = text.is_empty() && scalar.kind == ScalarKind::Null && tag.is_none();
                if self.open.is_empty() && bare {
                    return Ok(()); // A document marker and nothing else: a file without content.
                }
                let node = place.node(Arc::new(Value::Scalar(scalar)));
                self.finish(anchor, Sized { node, nodes: 1, height: 0 })
            }
            Event::SequenceStart(anchor, tag) => {
                check_tag(tag.as_deref(), CoreTag::Seq, "a list", place)?;
                self.begin(Content::Seq(Vec::new()), anchor, place)
            }
            Event::MappingStart(anchor, tag) => {
                check_tag(tag.as_deref(), CoreTag::Map, "a mapping", place)?;
                self.begin(Content::Map { entries: Vec::new(), seen: HashMap::new(), key: None }, anchor, place)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(place),
            Event::Alias(anchor) => self.alias(anchor, place),
        }
    }

    fn spend(&mut self, nodes: usize, place: Place) -> Result<(), Diagnostic> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes <= self.budget.nodes {
            return Ok(());
        }
        let message = format!("the file holds more than {} values, aliases expanded", self.budget.nodes);
        Err(place.error("too_many_values", message).with_hint("split it, or remove aliases"))
    }

    fn check_depth(&self, height: usize, place: Place) -> Result<(), Diagnostic> {
        if self.open.len() + height <= self.budget.depth {
            return Ok(());
        }
        Err(place.error("too_deep", format!("lists and mappings are nested deeper than {}", self.budget.depth)))
    }

    fn begin(&mut self, content: Content, anchor: usize, place: Place) -> Result<(), Diagnostic> {
        if let Some(Open { content: Content::Map { key: None, .. }, .. }) = self.open.last() {
            return Err(place.error("key", "a key must be a plain text, not a list or mapping"));
        }
        self.check_depth(1, place)?;
        self.spend(1, place)?;
        self.open.push(Open { content, anchor, place, nodes: 1, height: 1 });
        Ok(())
    }

    fn end(&mut self, place: Place) -> Result<(), Diagnostic> {
        let Some(open) = self.open.pop() else {
            return Err(place.error("syntax", "not valid YAML: an end without a beginning"));
        };
        let value = match open.content {
            Content::Seq(items) => Value::Seq(items),
            Content::Map { entries, .. } => Value::Map(entries),
        };
        let node = open.place.node(Arc::new(value));
        self.finish(open.anchor, Sized { node, nodes: open.nodes, height: open.height })
    }

    fn alias(&mut self, anchor: usize, place: Place) -> Result<(), Diagnostic> {
        if !self.budget.aliases {
            return Err(aliases_forbidden(place));
        }
        let Some(target) = self.anchors.get(&anchor).cloned() else {
            return Err(place.error("alias", "the alias stands inside of what it refers to"));
        };
        self.check_depth(target.height, place)?;
        self.spend(target.nodes, place)?;
        let node = place.node(target.node.value);
        self.finish(NO_ANCHOR, Sized { node, ..target })
    }

    fn finish(&mut self, anchor: usize, done: Sized) -> Result<(), Diagnostic> {
        if anchor != NO_ANCHOR {
            if !self.budget.aliases {
                return Err(aliases_forbidden(Place { line: done.node.line, column: done.node.column }));
            }
            self.anchors.insert(anchor, done.clone());
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(done.node);
            return Ok(());
        };
        parent.nodes += done.nodes;
        parent.height = parent.height.max(done.height + 1);
        match &mut parent.content {
            Content::Seq(items) => items.push(done.node),
            Content::Map { entries, seen, key } => match key.take() {
                Some(key) => entries.push(Entry { key, value: done.node }),
                None => *key = Some(new_key(&done.node, seen)?),
            },
        }
        Ok(())
    }
}

/// The parser's number for "no anchor".
const NO_ANCHOR: usize = 0;

fn aliases_forbidden(place: Place) -> Diagnostic {
    place.error("alias", "anchors and aliases must not be used here").with_hint("write the value out")
}

fn new_key(node: &Node, seen: &mut HashMap<Arc<str>, Place>) -> Result<Key, Diagnostic> {
    let place = Place { line: node.line, column: node.column };
    let Some(scalar) = node.scalar() else {
        return Err(place.error("key", "a key must be a plain text, not a list or mapping"));
    };
    if scalar.kind == ScalarKind::Null {
        return Err(place.error("key", "a key is missing here"));
    }
    let text = Arc::clone(&scalar.text);
    if &*text == MERGE_KEY {
        return Err(place.error("merge_key", "merge keys (`<<`) must not be used").with_hint("write the keys out"));
    }
    if let Some(first) = seen.insert(Arc::clone(&text), place) {
        let message = format!("the key {} stands here twice; first in line {}", quote(&text), first.line);
        return Err(place.error("duplicate_key", message).with_hint("keep one of them"));
    }
    Ok(Key { text, line: place.line, column: place.column })
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>, place: Place) -> Result<Scalar, Diagnostic> {
    if text.contains('\0') {
        return Err(place.error("character", "the value contains U+0000"));
    }
    let plain = style == ScalarStyle::Plain;
    let kind = match tag {
        None if plain => plain_kind(text),
        None => ScalarKind::Str,
        Some(tag) => match core_tag(tag, place)? {
            CoreTag::Scalar(kind) if agrees(kind, text) => kind,
            _ => {
                return Err(
                    place.error("tag", format!("the value is not what its tag {} says", quote(&tag.to_string())))
                );
            }
        },
    };
    Ok(Scalar { text: Arc::from(text), kind, plain })
}

fn check_tag(tag: Option<&Tag>, wanted: CoreTag, what: &str, place: Place) -> Result<(), Diagnostic> {
    match tag {
        Some(tag) if core_tag(tag, place)? != wanted => {
            Err(place.error("tag", format!("{what} cannot have the tag {}", quote(&tag.to_string()))))
        }
        _ => Ok(()),
    }
}

fn core_tag(tag: &Tag, place: Place) -> Result<CoreTag, Diagnostic> {
    CoreTag::from_name(&format!("{}{}", tag.handle, tag.suffix)).ok_or_else(|| {
        let message = format!("the tag {} is not one of YAML's core schema", quote(&tag.to_string()));
        place.error("tag", message).with_hint("remove it")
    })
}
