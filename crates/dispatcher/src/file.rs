//! `dispatching.yml`: its schema, and the typed rules that come out of it.
//!
//! A file is either wholly valid or invalid; nothing of an invalid file counts. Every rule and target keeps the line it stands in.

use std::sync::Arc;

use switchboard_engine::yaml::{self, Budget, Diagnostics, FieldPath, Node, Walker};

use crate::names::{GitRef, InputKey, NameError, RepositoryRef, WorkflowFile};

mod fields;
mod schema;

pub use schema::JSON_SCHEMA;

/// Where the file may stand, in the order in which the places are tried.
pub const PATHS: [&str; 2] = ["dispatching.yml", ".github/dispatching.yml"];

/// What one file may cost.
pub const BUDGET: Budget = Budget { bytes: 65_536, depth: 20, nodes: 20_000, aliases: true };

/// A valid `dispatching.yml`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DispatchingFile {
    /// What the repository's own workflows start elsewhere.
    pub outbound: Vec<OutboundRule>,
    /// What may be started here, by whom.
    pub inbound: Vec<InboundRule>,
}

/// When a workflow of this repository has run, start these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundRule {
    /// The rule's line, from 1.
    pub line: u32,
    /// The own workflow whose completion fires the rule.
    pub workflow: WorkflowFile,
    /// Conclusions that fire it; `None` for all that the operator allows.
    pub conclusions: Option<Vec<String>>,
    /// What to start.
    pub targets: Vec<OutboundTarget>,
}

/// A line of a file, quoted where a decision is explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub number: u32,
    /// What stands there, without the space around it; cut to [`QUOTE_MAX`] characters.
    pub text: Arc<str>,
}

/// Characters of a line that are quoted.
pub const QUOTE_MAX: usize = 160;

/// A workflow to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundTarget {
    /// Where it stands.
    pub line: Line,
    /// Its repository.
    pub repository: RepositoryRef,
    /// Its file there.
    pub workflow: WorkflowFile,
    /// The branch or tag to start it on.
    pub git_ref: Option<GitRef>,
    /// Its inputs in the order of the file; values are literals with templates.
    pub inputs: Vec<(InputKey, Arc<str>)>,
}

/// A workflow elsewhere, and what it may start here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundRule {
    /// The rule's line, from 1.
    pub line: u32,
    /// The repository that may ask.
    pub repository: RepositoryRef,
    /// Its workflow that may ask.
    pub workflow: WorkflowFile,
    /// What may be started.
    pub targets: Vec<InboundTarget>,
}

/// An own workflow that may be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundTarget {
    /// Where it stands.
    pub line: Line,
    /// Its file.
    pub workflow: WorkflowFile,
    /// Input keys that are taken from this source.
    pub accept_inputs: Vec<InputKey>,
}

/// Reads a file. Valid files may come with warnings.
///
/// # Errors
/// What is wrong with the file, at least one of it an error.
pub fn read(bytes: &[u8]) -> Result<(DispatchingFile, Diagnostics), Diagnostics> {
    let root = match yaml::parse(bytes, &BUDGET) {
        Ok(Some(root)) => root,
        Ok(None) => return Ok((DispatchingFile::default(), Diagnostics::default())),
        Err(diagnostic) => return Err(diagnostic.into()),
    };
    let mut walker = Walker::new();
    let mut file = document(&mut walker, &root);
    if let Some(file) = &mut file {
        quote(file, bytes);
    }
    let diagnostics = walker.finish();
    match file {
        Some(file) if !diagnostics.has_errors() => Ok((file, diagnostics)),
        _ => Err(diagnostics),
    }
}

/// Fills in what the targets' lines say; the walk knows only their numbers.
fn quote(file: &mut DispatchingFile, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().collect();
    let outbound = file.outbound.iter_mut().flat_map(|rule| &mut rule.targets).map(|target| &mut target.line);
    let inbound = file.inbound.iter_mut().flat_map(|rule| &mut rule.targets).map(|target| &mut target.line);
    for line in outbound.chain(inbound) {
        let index = usize::try_from(line.number).unwrap_or_default().saturating_sub(1);
        let written = lines.get(index).copied().unwrap_or_default().trim();
        line.text = written.chars().take(QUOTE_MAX).collect::<String>().into();
    }
}

/// The line of a node, its text to be filled in by [`quote`].
fn line(node: &Node) -> Line {
    Line { number: node.line, text: Arc::default() }
}

fn document(walker: &mut Walker, root: &Node) -> Option<DispatchingFile> {
    let path = FieldPath::default();
    let fields = walker.fields(root, &path, &fields::FILE)?;
    let mut file = DispatchingFile::default();
    if let Some((node, path)) = fields.optional("outbound") {
        file.outbound = list(walker, node, &path, outbound_rule);
    }
    if let Some((node, path)) = fields.optional("inbound") {
        file.inbound = list(walker, node, &path, inbound_rule);
    }
    Some(file)
}

fn outbound_rule(walker: &mut Walker, node: &Node, path: &FieldPath) -> Option<OutboundRule> {
    let fields = walker.fields(node, path, &fields::RULE)?;
    let source = fields.required(walker, "source");
    let targets = fields.required(walker, "targets");
    let source = source.and_then(|(node, path)| {
        let fields = walker.fields(node, &path, &fields::OUTBOUND_SOURCE)?;
        let workflow = fields.required(walker, "workflow").and_then(|(node, path)| name(walker, node, &path));
        let conclusions = fields.optional("conclusions").map(|(node, path)| conclusions(walker, node, &path));
        Some((workflow?, conclusions))
    });
    let targets = targets.map(|(node, path)| filled_list(walker, node, &path, outbound_target));
    let (workflow, conclusions) = source?;
    Some(OutboundRule { line: node.line, workflow, conclusions, targets: targets? })
}

fn conclusions(walker: &mut Walker, node: &Node, path: &FieldPath) -> Vec<String> {
    filled_list(walker, node, path, |walker, node, path| walker.string(node, path).map(|text| (*text).to_owned()))
}

fn outbound_target(walker: &mut Walker, node: &Node, path: &FieldPath) -> Option<OutboundTarget> {
    let fields = walker.fields(node, path, &fields::OUTBOUND_TARGET)?;
    let repository = fields.required(walker, "repository").and_then(|(node, path)| name(walker, node, &path));
    let workflow = fields.required(walker, "workflow").and_then(|(node, path)| name(walker, node, &path));
    let git_ref = fields.optional("ref").and_then(|(node, path)| name(walker, node, &path));
    let inputs = fields.optional("inputs").map_or_else(Vec::new, |(node, path)| inputs(walker, node, &path));
    Some(OutboundTarget { line: line(node), repository: repository?, workflow: workflow?, git_ref, inputs })
}

fn inputs(walker: &mut Walker, node: &Node, path: &FieldPath) -> Vec<(InputKey, Arc<str>)> {
    let mut inputs = Vec::new();
    for entry in walker.entries(node, path).unwrap_or_default() {
        let path = path.key(&entry.key.text);
        let key = entry.key.text.parse::<InputKey>();
        if let Err(NameError { message, hint }) = &key {
            walker.key_error(&entry.key, &path, *message, Some(hint));
        }
        if let (Some(value), Ok(key)) = (input_value(walker, &entry.value, &path), key) {
            inputs.push((key, value));
        }
    }
    inputs
}

/// Words that YAML 1.1, which many tools still read, takes for booleans; written plain they are ambiguous.
const OLD_BOOLEANS: [&str; 6] = ["yes", "no", "on", "off", "y", "n"];

fn input_value(walker: &mut Walker, node: &Node, path: &FieldPath) -> Option<Arc<str>> {
    let text = walker.string(node, path)?;
    let plain = node.scalar().is_some_and(|scalar| scalar.plain);
    if plain && OLD_BOOLEANS.iter().any(|word| word.eq_ignore_ascii_case(&text)) {
        walker.error(
            node,
            path,
            "expected a text, found a word that some YAML readers take for a boolean",
            Some("put it in quotes"),
        );
        return None;
    }
    Some(text)
}

fn inbound_rule(walker: &mut Walker, node: &Node, path: &FieldPath) -> Option<InboundRule> {
    let fields = walker.fields(node, path, &fields::RULE)?;
    let source = fields.required(walker, "source");
    let targets = fields.required(walker, "targets");
    let source = source.and_then(|(node, path)| {
        let fields = walker.fields(node, &path, &fields::INBOUND_SOURCE)?;
        let repository = fields.required(walker, "repository").and_then(|(node, path)| name(walker, node, &path));
        let workflow = fields.required(walker, "workflow").and_then(|(node, path)| name(walker, node, &path));
        Some((repository?, workflow?))
    });
    let targets = targets.map(|(node, path)| filled_list(walker, node, &path, inbound_target));
    let (repository, workflow) = source?;
    Some(InboundRule { line: node.line, repository, workflow, targets: targets? })
}

fn inbound_target(walker: &mut Walker, node: &Node, path: &FieldPath) -> Option<InboundTarget> {
    let fields = walker.fields(node, path, &fields::INBOUND_TARGET)?;
    let workflow = fields.required(walker, "workflow").and_then(|(node, path)| name(walker, node, &path));
    let accept_inputs =
        fields.optional("accept_inputs").map_or_else(Vec::new, |(node, path)| list(walker, node, &path, name));
    Some(InboundTarget { line: line(node), workflow: workflow?, accept_inputs })
}

/// A text with a grammar of its own.
fn name<T: std::str::FromStr<Err = NameError>>(walker: &mut Walker, node: &Node, path: &FieldPath) -> Option<T> {
    match walker.string(node, path)?.parse() {
        Ok(name) => Some(name),
        Err(NameError { message, hint }) => {
            walker.error(node, path, message, Some(hint));
            None
        }
    }
}

fn list<T>(
    walker: &mut Walker,
    node: &Node,
    path: &FieldPath,
    item: impl FnMut(&mut Walker, &Node, &FieldPath) -> Option<T>,
) -> Vec<T> {
    let items = walker.items(node, path).unwrap_or_default();
    each(walker, items, path, item)
}

fn filled_list<T>(
    walker: &mut Walker,
    node: &Node,
    path: &FieldPath,
    item: impl FnMut(&mut Walker, &Node, &FieldPath) -> Option<T>,
) -> Vec<T> {
    let items = walker.filled_items(node, path).unwrap_or_default();
    each(walker, items, path, item)
}

fn each<T>(
    walker: &mut Walker,
    items: &[Node],
    path: &FieldPath,
    mut item: impl FnMut(&mut Walker, &Node, &FieldPath) -> Option<T>,
) -> Vec<T> {
    items.iter().enumerate().filter_map(|(index, node)| item(walker, node, &path.index(index))).collect()
}

#[cfg(test)]
mod tests;
