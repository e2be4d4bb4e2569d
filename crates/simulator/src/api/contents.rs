//! Contents of files and directories.
//! <https://docs.github.com/rest/repos/contents#get-repository-content>

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::answer::Body;
use super::{Answer, Exchange, Refusal};
use crate::state::Repository;
use crate::state::git::{Commit, Entry};

/// Larger files come without their content in JSON form.
const MAX_JSON_BYTES: usize = 1024 * 1024;
/// Larger files do not come at all.
const MAX_BYTES: usize = 100 * 1024 * 1024;
const RAW: &str = "application/vnd.github.raw+json; charset=utf-8";

/// A file as raw bytes or JSON, as the `Accept` header wishes; whatever else stands at the path always as JSON.
pub(super) fn get(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (_, repository) = x.require_repository()?;
    if repository.branches.is_empty() {
        return Err(Refusal::new(404, "This repository is empty."));
    }
    let reference = x.query.get("ref").filter(|r| !r.is_empty()).unwrap_or(&repository.default_branch).to_owned();
    let missing = || Refusal::new(404, &format!("No commit found for the ref {reference}"));
    let commit = repository.resolve(&reference).ok_or_else(missing)?;
    let path = x.param(0).trim_matches('/');
    let accept = x.request_header("accept").unwrap_or_default();
    let raw = accept.contains(".raw");
    match commit.tree.get(path) {
        Some(Entry::File(bytes)) => file(x, repository, &reference, path, bytes, raw),
        Some(Entry::Symlink(target)) => match resolve_link(commit, path, target) {
            Some(bytes) => file(x, repository, &reference, path, bytes, raw),
            None => Ok(Answer::ok(with_kind(
                described(x, repository, &reference, path),
                "symlink",
                json!({ "target": target }),
            ))),
        },
        Some(Entry::Submodule { url, .. }) => {
            let more = json!({ "submodule_git_url": url, "download_url": null });
            Ok(Answer::ok(with_kind(described(x, repository, &reference, path), "submodule", more)))
        }
        None => directory(x, repository, commit, &reference, path),
    }
}

fn file(
    x: &Exchange<'_>,
    repository: &Repository,
    reference: &str,
    path: &str,
    bytes: &Bytes,
    raw: bool,
) -> Result<Answer, Refusal> {
    if bytes.len() > MAX_BYTES {
        let text = "This API returns blobs up to 100 MB in size. The requested blob is too large to fetch via the API.";
        return Err(Refusal::new(403, text));
    }
    if raw {
        let body = Body::Raw { content_type: RAW, bytes: bytes.clone() };
        return Ok(Answer { body, ..Answer::empty(200) });
    }
    let (encoding, content) =
        if bytes.len() > MAX_JSON_BYTES { ("none", String::new()) } else { ("base64", wrapped(bytes)) };
    let more = json!({ "encoding": encoding, "content": content, "size": bytes.len() });
    Ok(Answer::ok(with_kind(described(x, repository, reference, path), "file", more)))
}

fn directory(
    x: &Exchange<'_>,
    repository: &Repository,
    commit: &Commit,
    reference: &str,
    path: &str,
) -> Result<Answer, Refusal> {
    let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
    let mut children: BTreeMap<String, &'static str> = BTreeMap::new();
    for (inside, entry) in commit.tree.range(prefix.clone()..).take_while(|(inside, _)| inside.starts_with(&prefix)) {
        match inside[prefix.len()..].split_once('/') {
            Some((child, _)) => children.insert(child.to_owned(), "dir"),
            None => children.insert(inside[prefix.len()..].to_owned(), kind(entry)),
        };
    }
    if children.is_empty() {
        return Err(Refusal::not_found());
    }
    let entry = |(child, kind): (&String, &&'static str)| {
        with_kind(described(x, repository, reference, &format!("{prefix}{child}")), kind, json!({}))
    };
    Ok(Answer::ok(children.iter().map(entry).collect()))
}

/// How the listing of a directory calls an entry: submodules pass for files there, which GitHub keeps for compatibility.
fn kind(entry: &Entry) -> &'static str {
    match entry {
        Entry::File(_) | Entry::Submodule { .. } => "file",
        Entry::Symlink(_) => "symlink",
    }
}

/// What a link in the repository leads to, if that is a file.
fn resolve_link<'c>(commit: &'c Commit, path: &str, target: &str) -> Option<&'c Bytes> {
    let mut segments: Vec<&str> = path.split('/').collect();
    segments.pop();
    for segment in target.split('/') {
        match segment {
            ".." => {
                segments.pop()?;
            }
            "." | "" => {}
            name => segments.push(name),
        }
    }
    match commit.tree.get(&segments.join("/")) {
        Some(Entry::File(bytes)) => Some(bytes),
        _ => None,
    }
}

fn described(x: &Exchange<'_>, repository: &Repository, reference: &str, path: &str) -> Value {
    let name = x.state.full_name(repository.id);
    let entry = repository.resolve(reference).and_then(|commit| commit.tree.get(path));
    let sha = entry.map_or_else(|| crate::keys::git_object_name("tree", path.as_bytes()), Entry::sha);
    let size = match entry {
        Some(Entry::File(bytes)) => bytes.len(),
        _ => 0,
    };
    let url = x.state.api_url(&format!("/repos/{name}/contents/{path}?ref={reference}"));
    let page = x.state.html_url(&format!("/{name}/blob/{reference}/{path}"));
    let blob = x.state.api_url(&format!("/repos/{name}/git/blobs/{sha}"));
    json!({
        "name": path.rsplit('/').next().unwrap_or(path),
        "path": path,
        "sha": sha,
        "size": size,
        "url": url,
        "html_url": page,
        "git_url": blob,
        "download_url": format!("https://raw.githubusercontent.com/{name}/{reference}/{path}"),
        "_links": { "self": url, "git": blob, "html": page },
    })
}

fn with_kind(base: Value, kind: &str, more: Value) -> Value {
    crate::render::extended(crate::render::extended(base, json!({ "type": kind })), more)
}

/// Base64 in lines of 60 characters, each with its newline.
fn wrapped(bytes: &[u8]) -> String {
    const LINE: usize = 60;
    let encoded = STANDARD.encode(bytes);
    let mut text = String::with_capacity(encoded.len() + encoded.len() / LINE + 1);
    for line in encoded.as_bytes().chunks(LINE) {
        text.extend(line.iter().map(|b| char::from(*b)));
        text.push('\n');
    }
    text
}
