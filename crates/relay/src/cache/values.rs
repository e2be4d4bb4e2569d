//! What the cache holds: JSON objects that say which form they have. Others may write there, or an older release did; whatever does not
//! read as expected is not there.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use switchboard_clock::Timestamp;

use crate::records::Kind;

/// The form of values. Another one is another release's, and not read.
pub const VERSION: u32 = 1;
/// Longer values are not read: an allowlist of 256 KiB, every byte of it escaped, and some room.
pub const VALUE_BYTES_MAX: usize = 2 * 1024 * 1024;

/// `allowlist:…`: the text as it was last read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowlistText {
    /// Where it stands, as in the settings.
    pub source: String,
    /// By what GitHub tells whether it is still the same.
    #[serde(default)]
    pub etag: Option<String>,
    /// When it was read.
    pub fetched_at: Timestamp,
    /// The text.
    pub yaml: String,
}

/// `dispatch:…`: an event that was sent to a repository. None of it ever changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentDispatch {
    /// Of what kind.
    pub kind: Kind,
    /// Where everything about it is decided.
    pub lane: String,
    /// The pull request, if it is one's.
    #[serde(default)]
    pub number: Option<u64>,
    /// The commit.
    pub head_sha: String,
    /// When it was planned.
    pub planned_at: Timestamp,
}

/// A field of `action:…`: one result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionInfo {
    /// The workflow's name.
    pub workflow: String,
    /// The job's name.
    pub result: String,
    /// `in_progress` or `completed`.
    pub status: String,
    /// How it ended.
    #[serde(default)]
    pub conclusion: Option<String>,
    /// The run.
    pub run_id: String,
    /// Its attempt.
    pub attempt: u32,
    /// Its page, as it was reported.
    #[serde(default)]
    pub url: Option<String>,
}

/// A field of `rate:…`: how many reports a node took, by second since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateOfNode {
    /// Seconds with how many reports were taken in them.
    pub seconds: Vec<(i64, u32)>,
}

/// `jti:…`, `run:…`: for what a token or a run spoke.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// A result's key, or a delivery id.
    #[serde(rename = "for")]
    pub to: String,
}

#[derive(Serialize)]
struct Written<'v, T> {
    v: u32,
    #[serde(flatten)]
    value: &'v T,
}

#[derive(Deserialize)]
struct Form {
    v: u32,
}

/// A value as it is kept.
pub fn write(value: &impl Serialize) -> Vec<u8> {
    // The values are structs of plain members, so they always serialise.
    serde_json::to_vec(&Written { v: VERSION, value }).unwrap_or_default()
}

/// A kept value, if it is one of this form.
#[must_use]
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    if bytes.len() > VALUE_BYTES_MAX {
        return None;
    }
    serde_json::from_slice::<Form>(bytes).ok().filter(|form| form.v == VERSION)?;
    serde_json::from_slice(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent() -> SentDispatch {
        let (lane, head_sha) = ("org/up#7".to_owned(), "a".repeat(40));
        SentDispatch {
            kind: Kind::PullRequest,
            lane,
            number: Some(7),
            head_sha,
            planned_at: Timestamp::from_seconds(1_000),
        }
    }

    #[test]
    fn what_is_written_says_its_form_and_is_read_again() {
        let written = write(&sent());
        let json: serde_json::Value = serde_json::from_slice(&written).unwrap();
        assert_eq!((&json["v"], &json["number"], &json["kind"]), (&1.into(), &7.into(), &"pr".into()));
        assert_eq!(read(&written), Some(sent()));
    }

    #[test]
    fn another_form_and_garbage_are_not_there() {
        let good = String::from_utf8(write(&sent())).unwrap();
        for bad in [
            good.replace("\"v\":1", "\"v\":2"),
            good.replace("\"v\":1,", ""),
            good.replace("\"v\":1", "\"v\":\"1\""),
            good.replace('7', "-7"),
            good[..good.len() - 1].to_owned(),
            format!("{good}x"),
            "[".repeat(100_000),
            String::new(),
            "null".to_owned(),
            "\u{0}".to_owned(),
            format!("{}{}", good, " ".repeat(VALUE_BYTES_MAX)),
        ] {
            assert_eq!(read::<SentDispatch>(bad.as_bytes()), None, "{}", &bad[..bad.len().min(80)]);
        }
        assert_eq!(read::<SentDispatch>(&[0xff, 0xfe]), None);
    }
}
