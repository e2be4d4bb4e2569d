//! The tables `[[relay.provider]]` and `[[relay.provider.pipeline]]`.

use std::collections::{BTreeMap, BTreeSet};

use switchboard_github::RepoName;
use switchboard_relay::config::{BUILDKITE_ISSUER, Pipeline, Provider};
use toml_edit::{Array, Document, InlineTable, Item, TableLike};

use super::Issuer;
use crate::settings::nearest::nearest;
use crate::settings::value::{FromText, Refusal};

/// The one kind of provider.
pub(in crate::settings) const BUILDKITE: &str = "buildkite";
pub(in crate::settings) const PROVIDER_KEYS: [&str; 3] = ["kind", "issuer", "pipeline"];
pub(in crate::settings) const PIPELINE_KEYS: [&str; 4] = ["organization_id", "pipeline_id", "repo", "required_claims"];

/// A table with its place: what it is called in messages, and where it begins.
struct Place<'i> {
    table: &'i dyn TableLike,
    path: String,
    at: Option<usize>,
}

/// Reads the providers from the file's item.
pub(in crate::settings) fn read(item: &Item) -> Result<Vec<Provider>, Refusal> {
    places(item, "provider")?.iter().map(provider).collect()
}

/// Reads the providers from a variable, where they are written as in a file, on one line.
pub(in crate::settings) fn read_text(text: &str) -> Result<Vec<Provider>, Refusal> {
    const HINT: &str =
        "write [{ kind = \"buildkite\", pipeline = [{ organization_id = \"…\", pipeline_id = \"…\", repo = \"…\" }] }]";
    let document = Document::parse(format!("provider = {text}")).map_err(|error| {
        Refusal::new(format!("not a list in TOML: {}", error.message().replace('\n', ", "))).hint(HINT)
    })?;
    let item = document.get("provider").ok_or_else(|| Refusal::new("not a list in TOML").hint(HINT))?;
    // Offsets into this text mean nothing to whoever set a variable.
    read(item).map_err(|refusal| Refusal { offset: None, ..refusal })
}

/// The providers as they would be written on one line.
pub(in crate::settings) fn shown(providers: &[Provider]) -> String {
    let mut all = Array::new();
    for provider in providers {
        let mut pipelines = Array::new();
        for pipeline in &provider.pipelines {
            let mut table = InlineTable::new();
            table.insert("organization_id", pipeline.organization_id.as_str().into());
            table.insert("pipeline_id", pipeline.pipeline_id.as_str().into());
            table.insert("repo", pipeline.repo.as_str().into());
            if !pipeline.required_claims.is_empty() {
                let mut claims = InlineTable::new();
                for (name, allowed) in &pipeline.required_claims {
                    claims.insert(name, Array::from_iter(allowed.iter().map(String::as_str)).into());
                }
                table.insert("required_claims", claims.into());
            }
            pipelines.push(table);
        }
        let mut table = InlineTable::new();
        table.insert("kind", BUILDKITE.into());
        table.insert("issuer", provider.issuer.as_str().into());
        table.insert("pipeline", pipelines.into());
        all.push(table);
    }
    all.to_string()
}

/// The tables of a list, in either of TOML's forms.
fn places<'i>(item: &'i Item, path: &str) -> Result<Vec<Place<'i>>, Refusal> {
    if let Some(tables) = item.as_array_of_tables() {
        let place = |(index, table): (usize, &'i toml_edit::Table)| Place {
            table,
            path: format!("{path}[{index}]"),
            at: table.span().map(|span| span.start),
        };
        return Ok(tables.iter().enumerate().map(place).collect());
    }
    let no_tables =
        || Refusal::new(format!("{path}: expected tables")).hint(format!("begin each with [[relay.{path}]]"));
    let entries = item.as_array().ok_or_else(|| no_tables().at(item.span()))?;
    let place = |(index, entry): (usize, &'i toml_edit::Value)| {
        let table = entry.as_inline_table().ok_or_else(|| no_tables().at(entry.span()))?;
        Ok(Place { table, path: format!("{path}[{index}]"), at: entry.span().map(|span| span.start) })
    };
    entries.iter().enumerate().map(place).collect()
}

fn provider(place: &Place<'_>) -> Result<Provider, Refusal> {
    place.knows(&PROVIDER_KEYS)?;
    let kind = place.text("kind")?.ok_or_else(|| place.missing("kind").hint("write kind = \"buildkite\""))?;
    if kind != BUILDKITE {
        return Err(place.blame("kind", format!("`{kind}` is no provider that is known")).hint("write \"buildkite\""));
    }
    let issuer = match place.text("issuer")? {
        Some(issuer) => Issuer::from_text(&issuer).map_err(|refusal| place.because("issuer", refusal))?.0,
        None => BUILDKITE_ISSUER.to_owned(),
    };
    let pipelines = match place.table.get("pipeline") {
        Some(item) => {
            places(item, &format!("{}.pipeline", place.path))?.iter().map(pipeline).collect::<Result<_, _>>()?
        }
        None => Vec::new(),
    };
    let provider = Provider { issuer, pipelines };
    let mut seen = BTreeSet::new();
    let repeated = provider.pipelines.iter().find(|p| !seen.insert((&p.organization_id, &p.pipeline_id)));
    match repeated {
        Some(twice) => Err(place.blame("pipeline", format!("the pipeline {} is mapped twice", twice.pipeline_id))),
        None if provider.pipelines.is_empty() => {
            Err(place.missing("pipeline").hint("map at least one with [[relay.provider.pipeline]]"))
        }
        None => Ok(provider),
    }
}

fn pipeline(place: &Place<'_>) -> Result<Pipeline, Refusal> {
    place.knows(&PIPELINE_KEYS)?;
    let required = |key: &str| place.text(key)?.ok_or_else(|| place.missing(key));
    let repo = RepoName::from_text(&required("repo")?).map_err(|refusal| place.because("repo", refusal))?;
    let mut required_claims = BTreeMap::new();
    if let Some(item) = place.table.get("required_claims") {
        let claims = item.as_table_like().ok_or_else(|| {
            place.blame("required_claims", "expected a table".to_owned()).hint("write { build_branch = [\"main\"] }")
        })?;
        for (claim, allowed) in claims.iter() {
            let texts: Option<Vec<String>> = allowed
                .as_array()
                .filter(|list| !list.is_empty())
                .and_then(|list| list.iter().map(|value| value.as_str().map(str::to_owned)).collect());
            let texts = texts.ok_or_else(|| {
                let refusal = Refusal::new(format!("{}.required_claims.{claim}: expected a list of texts", place.path));
                refusal.at(allowed.span()).hint(format!("write {claim} = [\"one\", \"two\"]"))
            })?;
            required_claims.insert(claim.to_owned(), texts);
        }
    }
    Ok(Pipeline {
        organization_id: required("organization_id")?,
        pipeline_id: required("pipeline_id")?,
        repo,
        required_claims,
    })
}

impl Place<'_> {
    /// Refuses keys that mean nothing.
    fn knows(&self, keys: &[&str]) -> Result<(), Refusal> {
        let Some((unknown, item)) = self.table.iter().find(|(key, _)| !keys.contains(key)) else { return Ok(()) };
        let span = self.table.get_key_value(unknown).and_then(|(key, _)| key.span()).or_else(|| item.span());
        let refusal = Refusal::new(format!("{}.{unknown}: unknown setting", self.path)).at(span);
        Err(match nearest(unknown, keys.iter().copied()) {
            Some(meant) => refusal.hint(format!("did you mean `{meant}`?")),
            None => refusal.hint(format!("this table knows {}", keys.join(", "))),
        })
    }

    /// A text; one that is there must not be empty.
    fn text(&self, key: &str) -> Result<Option<String>, Refusal> {
        let Some(item) = self.table.get(key) else { return Ok(None) };
        match item.as_str().map(str::trim) {
            Some(text) if !text.is_empty() => Ok(Some(text.to_owned())),
            _ => Err(self.blame(key, format!("expected a text, found {}", item.type_name())).hint("put it in quotes")),
        }
    }

    fn missing(&self, key: &str) -> Refusal {
        let refusal = Refusal::new(format!("{}.{key}: not set", self.path));
        Refusal { offset: self.at, ..refusal }
    }

    fn blame(&self, key: &str, message: String) -> Refusal {
        self.because(key, Refusal::new(message))
    }

    /// The refusal of a member, with the member's name and place.
    fn because(&self, key: &str, refusal: Refusal) -> Refusal {
        let message = format!("{}.{key}: {}", self.path, refusal.message);
        Refusal { message, ..refusal }.at(self.table.get(key).and_then(Item::span))
    }
}
