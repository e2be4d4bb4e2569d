//! What a delivery is about, read in one pass without building the document.
//!
//! The accept path must answer thousands of deliveries a second, so it looks at the envelope only: the members that
//! route, deduplicate and find a delivery. The whole body is validated on the way, so that what was taken in is known to
//! be readable later. A member that is missing, null or of another type is absent, never an error; of a repeated key
//! the last counts.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::scanner::{ScanError, Scanner};
use crate::ids::{HeadSha, InstallationId, RepoId, RunId};
use crate::limits::MAX_PAYLOAD_DEPTH;
use crate::repo_name::RepoName;

/// Why a body is no payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Not UTF-8.
    #[error("the body is not UTF-8")]
    NotUtf8,
    /// Breaks JSON's grammar.
    #[error("the body is not JSON (byte {at})")]
    NotJson {
        /// Where, counted in bytes from 0.
        at: usize,
    },
    /// JSON, but not an object.
    #[error("the body is not a JSON object")]
    NotObject,
    /// Nested too deep.
    #[error("the body is nested deeper than {MAX_PAYLOAD_DEPTH}")]
    TooDeep,
}

/// The members of a payload that say what it is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Envelope {
    /// `action`.
    pub action: Option<String>,
    /// `number`, else that of `pull_request` or `issue`.
    pub number: Option<u64>,
    /// `repository`.
    pub repository: Option<Repository>,
    /// `installation.id`.
    pub installation: Option<InstallationId>,
    /// `organization.login`.
    pub organization: Option<String>,
    /// `sender`.
    pub sender: Option<Sender>,
    /// `ref`: of a push in full, of others often a bare name.
    pub git_ref: Option<String>,
    /// The head commit: of `pull_request`, `workflow_run`, `check_run` or `check_suite`, else `after` of a push.
    /// The zeros that stand for a deleted branch are no commit.
    pub head_sha: Option<HeadSha>,
    /// `workflow_run`.
    pub workflow_run: Option<WorkflowRun>,
    /// `check_run`.
    pub check_run: Option<Check>,
    /// `check_suite`.
    pub check_suite: Option<Check>,
}

/// The repository that a delivery is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Repository {
    /// `id`.
    pub id: Option<RepoId>,
    /// `full_name`, unchecked; see [`Repository::repo_name`].
    pub full_name: Option<String>,
    /// `name`, unchecked.
    pub name: Option<String>,
    /// `owner.login`, unchecked.
    pub owner: Option<String>,
    /// `default_branch`.
    pub default_branch: Option<String>,
}

impl Repository {
    /// The full name, if it follows GitHub's grammar.
    #[must_use]
    pub fn repo_name(&self) -> Option<RepoName> {
        match (&self.full_name, &self.owner, &self.name) {
            (Some(full), _, _) => full.parse().ok(),
            (None, Some(owner), Some(name)) => RepoName::new(owner, name).ok(),
            _ => None,
        }
    }
}

/// Who caused a delivery.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sender {
    /// `id`.
    pub id: Option<u64>,
    /// `login`.
    pub login: Option<String>,
    /// `type`: `User`, `Bot`, `Organization`.
    pub kind: Option<String>,
}

/// A workflow run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WorkflowRun {
    /// `id`.
    pub id: Option<RunId>,
    /// `run_attempt`.
    pub attempt: Option<u64>,
}

/// A check run or check suite.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Check {
    /// `id`.
    pub id: Option<u64>,
    /// `app.id`: which App it belongs to.
    pub app: Option<u64>,
}

impl Envelope {
    /// Validates `body` and reads its envelope.
    ///
    /// # Errors
    /// [`EnvelopeError`] unless the body is one JSON object in UTF-8, nested at most 128 deep, which `serde_json` could
    /// read.
    pub fn parse(body: &[u8]) -> Result<Self, EnvelopeError> {
        let text = std::str::from_utf8(body).map_err(|_| EnvelopeError::NotUtf8)?;
        let mut scanner = Scanner::new(text, MAX_PAYLOAD_DEPTH);
        let envelope = Members::read(&mut scanner)?;
        scanner.end()?;
        envelope.map(Members::into_envelope).ok_or(EnvelopeError::NotObject)
    }
}

impl From<ScanError> for EnvelopeError {
    fn from(error: ScanError) -> Self {
        match error {
            ScanError::Syntax(at) => Self::NotJson { at },
            ScanError::TooDeep => Self::TooDeep,
        }
    }
}

type Scan<T> = Result<T, ScanError>;
type Text<'a> = Option<Cow<'a, str>>;

/// The wanted members as found, before it is decided which of several places counts.
#[derive(Default)]
struct Members<'a> {
    envelope: Envelope,
    after: Text<'a>,
    pull_request: Numbered<'a>,
    issue: Numbered<'a>,
    workflow_run_sha: Text<'a>,
    check_run_sha: Text<'a>,
    check_suite_sha: Text<'a>,
}

/// A pull request or issue.
#[derive(Default)]
struct Numbered<'a> {
    number: Option<u64>,
    head_sha: Text<'a>,
}

impl<'a> Members<'a> {
    fn read(scanner: &mut Scanner<'a>) -> Scan<Option<Self>> {
        let mut found = Self::default();
        let is_object = scanner.object(0, |scanner, key, depth| {
            let envelope = &mut found.envelope;
            match key {
                "action" => envelope.action = owned(scanner, depth)?,
                "number" => envelope.number = scanner.unsigned(depth)?,
                "ref" => envelope.git_ref = owned(scanner, depth)?,
                "repository" => envelope.repository = repository(scanner, depth)?,
                "installation" => {
                    // GitHub's ids have 63 bits, and so have the columns that keep them.
                    let id = number_in(scanner, depth, "id")?.filter(|id| i64::try_from(*id).is_ok());
                    envelope.installation = id.map(InstallationId);
                }
                "organization" => envelope.organization = text_in(scanner, depth, "login")?.map(Cow::into_owned),
                "sender" => envelope.sender = sender(scanner, depth)?,
                "after" => found.after = scanner.string(depth)?,
                "pull_request" => found.pull_request = numbered(scanner, depth)?,
                "issue" => found.issue = numbered(scanner, depth)?,
                "workflow_run" => (envelope.workflow_run, found.workflow_run_sha) = workflow_run(scanner, depth)?,
                "check_run" => (envelope.check_run, found.check_run_sha) = check(scanner, depth)?,
                "check_suite" => (envelope.check_suite, found.check_suite_sha) = check(scanner, depth)?,
                _ => scanner.skip(depth)?,
            }
            Ok(())
        })?;
        Ok(is_object.then_some(found))
    }

    fn into_envelope(self) -> Envelope {
        let commits = [
            self.pull_request.head_sha,
            self.workflow_run_sha,
            self.check_run_sha,
            self.check_suite_sha,
            self.after.filter(|sha| sha.bytes().any(|digit| digit != b'0')),
        ];
        let mut envelope = self.envelope;
        envelope.number = envelope.number.or(self.pull_request.number).or(self.issue.number);
        envelope.head_sha = commits.into_iter().flatten().find_map(|sha| sha.parse().ok());
        envelope
    }
}

fn owned(scanner: &mut Scanner<'_>, depth: u32) -> Scan<Option<String>> {
    Ok(scanner.string(depth)?.map(Cow::into_owned))
}

fn text_in<'a>(scanner: &mut Scanner<'a>, depth: u32, wanted: &str) -> Scan<Text<'a>> {
    let mut found = None;
    scanner.object(depth, |scanner, key, depth| {
        if key == wanted {
            found = scanner.string(depth)?;
            Ok(())
        } else {
            scanner.skip(depth)
        }
    })?;
    Ok(found)
}

fn number_in(scanner: &mut Scanner<'_>, depth: u32, wanted: &str) -> Scan<Option<u64>> {
    let mut found = None;
    scanner.object(depth, |scanner, key, depth| {
        if key == wanted {
            found = scanner.unsigned(depth)?;
            Ok(())
        } else {
            scanner.skip(depth)
        }
    })?;
    Ok(found)
}

fn repository(scanner: &mut Scanner<'_>, depth: u32) -> Scan<Option<Repository>> {
    let mut found = Repository::default();
    let is_object = scanner.object(depth, |scanner, key, depth| {
        match key {
            "id" => found.id = scanner.unsigned(depth)?.map(RepoId),
            "full_name" => found.full_name = owned(scanner, depth)?,
            "name" => found.name = owned(scanner, depth)?,
            "owner" => found.owner = text_in(scanner, depth, "login")?.map(Cow::into_owned),
            "default_branch" => found.default_branch = owned(scanner, depth)?,
            _ => scanner.skip(depth)?,
        }
        Ok(())
    })?;
    Ok(is_object.then_some(found))
}

fn sender(scanner: &mut Scanner<'_>, depth: u32) -> Scan<Option<Sender>> {
    let mut found = Sender::default();
    let is_object = scanner.object(depth, |scanner, key, depth| {
        match key {
            "id" => found.id = scanner.unsigned(depth)?,
            "login" => found.login = owned(scanner, depth)?,
            "type" => found.kind = owned(scanner, depth)?,
            _ => scanner.skip(depth)?,
        }
        Ok(())
    })?;
    Ok(is_object.then_some(found))
}

fn numbered<'a>(scanner: &mut Scanner<'a>, depth: u32) -> Scan<Numbered<'a>> {
    let mut found = Numbered::default();
    scanner.object(depth, |scanner, key, depth| {
        match key {
            "number" => found.number = scanner.unsigned(depth)?,
            "head" => found.head_sha = text_in(scanner, depth, "sha")?,
            _ => scanner.skip(depth)?,
        }
        Ok(())
    })?;
    Ok(found)
}

fn workflow_run<'a>(scanner: &mut Scanner<'a>, depth: u32) -> Scan<(Option<WorkflowRun>, Text<'a>)> {
    let mut found = WorkflowRun::default();
    let mut head_sha = None;
    let is_object = scanner.object(depth, |scanner, key, depth| {
        match key {
            "id" => found.id = scanner.unsigned(depth)?.map(RunId),
            "run_attempt" => found.attempt = scanner.unsigned(depth)?,
            "head_sha" => head_sha = scanner.string(depth)?,
            _ => scanner.skip(depth)?,
        }
        Ok(())
    })?;
    Ok((is_object.then_some(found), head_sha))
}

fn check<'a>(scanner: &mut Scanner<'a>, depth: u32) -> Scan<(Option<Check>, Text<'a>)> {
    let mut found = Check::default();
    let mut head_sha = None;
    let is_object = scanner.object(depth, |scanner, key, depth| {
        match key {
            "id" => found.id = scanner.unsigned(depth)?,
            "app" => found.app = number_in(scanner, depth, "id")?,
            "head_sha" => head_sha = scanner.string(depth)?,
            _ => scanner.skip(depth)?,
        }
        Ok(())
    })?;
    Ok((is_object.then_some(found), head_sha))
}

#[cfg(test)]
#[path = "envelope_tests.rs"]
mod tests;
