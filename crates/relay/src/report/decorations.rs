//! What a report may say beside: links, times, tests, a verdict. None of it refuses a report, and none of it decides.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use switchboard_clock::Timestamp;

use super::field::{is_null, items, object, scalar, text};

/// Bytes of a link.
const URL_BYTES_MAX: usize = 2048;
/// Failed tests that are kept, and bytes of each of their texts.
const FAILED_TESTS_MAX: usize = 100;
const TEST_NAME_BYTES_MAX: usize = 512;
const TEST_MESSAGE_BYTES_MAX: usize = 1024;
const TEST_STACK_BYTES_MAX: usize = 4096;
/// The largest count of tests: whole numbers up to here survive every JSON reader (RFC 8259, section 6).
const COUNT_MAX: u64 = 1 << 53;
/// Bytes of the environment's JSON.
const ENVIRONMENT_BYTES_MAX: usize = 2048;
/// Bytes of a verdict's JSON.
const VERDICT_BYTES_MAX: usize = 16 * 1024;

/// What a report says beside.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Decorations {
    /// Where the job can be seen; always `http` or `https`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Where its artifact is; always `http` or `https`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_url: Option<String>,
    /// When the job started, by its own clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended, by its own clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// Its tests, counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tests: Option<Tests>,
    /// The first failed tests.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed_tests: Vec<FailedTest>,
    /// Where it ran, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Whose fault it seems to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Members that broke their rule and were dropped.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<String>,
}

/// Tests, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the body's members of the same names")]
pub struct Tests {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
    pub total: u64,
}

/// A failed test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the body's members of the same names")]
pub struct FailedTest {
    pub name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stacktrace: String,
}

/// Whose fault a failure seems to be, by the downstream's own triage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Where the fault lies.
    pub category: Category,
    /// How sure that is.
    pub confidence: Confidence,
    /// In a sentence.
    #[serde(default)]
    pub summary: String,
    /// The upstream commit that seems to be at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspected_upstream: Option<String>,
    /// What speaks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// Where a fault lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the body's words")]
pub enum Category {
    Upstream,
    Backend,
    Infra,
    Flake,
    Unknown,
}

/// How sure a verdict is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the body's words")]
pub enum Confidence {
    High,
    Medium,
    Low,
}

/// The members as they stand in the body.
#[derive(Deserialize)]
pub(super) struct Raw<'b> {
    #[serde(borrow)]
    url: Option<&'b RawValue>,
    #[serde(borrow)]
    artifact_url: Option<&'b RawValue>,
    #[serde(borrow)]
    started_at: Option<&'b RawValue>,
    #[serde(borrow)]
    completed_at: Option<&'b RawValue>,
    #[serde(borrow)]
    test_results: Option<&'b RawValue>,
    #[serde(borrow)]
    failed_tests_detail: Option<&'b RawValue>,
    #[serde(borrow)]
    failed_tests: Option<&'b RawValue>,
    #[serde(borrow)]
    environment: Option<&'b RawValue>,
    #[serde(borrow)]
    triage_verdict: Option<&'b RawValue>,
}

impl Decorations {
    pub(super) fn of(raw: &Raw<'_>) -> Self {
        let mut dropped = Vec::new();
        let mut read = Reading { dropped: &mut dropped };
        let detail = raw.failed_tests_detail.filter(|raw| !is_null(raw));
        let mut decorations = Self {
            url: read.member("url", raw.url, link),
            artifact_url: read.member("artifact_url", raw.artifact_url, link),
            started_at: read.member("started_at", raw.started_at, time),
            completed_at: read.member("completed_at", raw.completed_at, time),
            tests: read.member("test_results", raw.test_results, tests),
            failed_tests: read.member("failed_tests", detail.or(raw.failed_tests), failed_tests).unwrap_or_default(),
            environment: read.member("environment", raw.environment, environment),
            verdict: read.member("triage_verdict", raw.triage_verdict, verdict),
            dropped: Vec::new(),
        };
        decorations.dropped = dropped;
        decorations
    }
}

struct Reading<'r> {
    dropped: &'r mut Vec<String>,
}

impl Reading<'_> {
    fn member<'b, T>(
        &mut self,
        name: &str,
        raw: Option<&'b RawValue>,
        read: fn(&'b RawValue) -> Option<T>,
    ) -> Option<T> {
        let raw = raw.filter(|raw| !is_null(raw))?;
        let value = read(raw);
        if value.is_none() {
            self.dropped.push(name.to_owned());
        }
        value
    }
}

fn link(raw: &RawValue) -> Option<String> {
    let link = text(raw)?;
    let scheme = link.split_once("://")?.0;
    let web = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    (web && link.len() <= URL_BYTES_MAX && !link.chars().any(|c| c.is_control() || c.is_whitespace())).then_some(link)
}

fn time(raw: &RawValue) -> Option<Timestamp> {
    Timestamp::parse(&text(raw)?).ok()
}

fn tests(raw: &RawValue) -> Option<Tests> {
    #[derive(Deserialize)]
    struct Counts<'b> {
        #[serde(borrow)]
        passed: Option<&'b RawValue>,
        #[serde(borrow)]
        failed: Option<&'b RawValue>,
        #[serde(borrow)]
        skipped: Option<&'b RawValue>,
        #[serde(borrow)]
        total: Option<&'b RawValue>,
    }
    let count = |raw: Option<&RawValue>| match raw.filter(|raw| !is_null(raw)) {
        None => Some(None),
        Some(raw) => raw.get().parse::<u64>().ok().filter(|count| *count <= COUNT_MAX).map(Some),
    };
    let counts: Counts<'_> = object(raw)?;
    let [passed, failed, skipped] = [count(counts.passed)?, count(counts.failed)?, count(counts.skipped)?];
    let total = count(counts.total)?;
    let [passed, failed, skipped] = [passed, failed, skipped].map(Option::unwrap_or_default);
    Some(Tests { passed, failed, skipped, total: total.unwrap_or(passed + failed + skipped) })
}

fn failed_tests(raw: &RawValue) -> Option<Vec<FailedTest>> {
    #[derive(Deserialize)]
    struct Test<'b> {
        #[serde(borrow)]
        name: Option<&'b RawValue>,
        #[serde(borrow)]
        message: Option<&'b RawValue>,
        #[serde(borrow)]
        stacktrace: Option<&'b RawValue>,
    }
    let short = |raw: Option<&RawValue>, most| raw.and_then(text).map(|text| cut(text, most)).unwrap_or_default();
    let tests = items(raw, FAILED_TESTS_MAX)?.into_iter().map(|item| {
        let test: Test<'_> = object(item)?;
        Some(FailedTest {
            name: cut(test.name.and_then(text)?, TEST_NAME_BYTES_MAX),
            message: short(test.message, TEST_MESSAGE_BYTES_MAX),
            stacktrace: short(test.stacktrace, TEST_STACK_BYTES_MAX),
        })
    });
    tests.collect()
}

/// The first bytes of a text, whole characters only.
fn cut(mut text: String, bytes: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes));
    text
}

fn environment(raw: &RawValue) -> Option<String> {
    let written = raw.get();
    (written.len() <= ENVIRONMENT_BYTES_MAX).then(|| text(raw).unwrap_or_else(|| written.to_owned()))
}

fn verdict(raw: &RawValue) -> Option<Verdict> {
    #[derive(Deserialize)]
    struct Versioned<'b> {
        #[serde(borrow)]
        schema_version: Option<&'b RawValue>,
        #[serde(borrow)]
        category: Option<&'b RawValue>,
        #[serde(borrow)]
        confidence: Option<&'b RawValue>,
        #[serde(borrow)]
        summary: Option<&'b RawValue>,
        #[serde(borrow)]
        suspected_upstream: Option<&'b RawValue>,
        #[serde(borrow)]
        evidence: Option<&'b RawValue>,
    }
    if raw.get().len() > VERDICT_BYTES_MAX {
        return None;
    }
    let verdict: Versioned<'_> = object(raw)?;
    if verdict.schema_version.and_then(scalar)?.into_text() != "1" {
        return None;
    }
    // Texts stay texts; whatever else stands there is kept as the JSON it is.
    let shown = |raw: Option<&RawValue>| {
        let raw = raw.filter(|raw| !is_null(raw))?;
        Some(text(raw).unwrap_or_else(|| raw.get().to_owned()))
    };
    Some(Verdict {
        category: serde_json::from_str(verdict.category?.get()).ok()?,
        confidence: serde_json::from_str(verdict.confidence?.get()).ok()?,
        summary: shown(verdict.summary).unwrap_or_default(),
        suspected_upstream: shown(verdict.suspected_upstream),
        evidence: shown(verdict.evidence),
    })
}
