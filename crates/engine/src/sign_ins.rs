//! What the panel's sign-in leaves behind: who signed in, was refused and signed out, for the audit, and which sessions were ended
//! before their time.
//!
//! A session is a cookie that the server signed and keeps nothing of. Only one that was ended early has a record here, until
//! it would have ended by itself; the next sign-out after that removes it.

use serde::Deserialize;
use serde_json::{Value, json};
use switchboard_clock::Timestamp;
use switchboard_store::{Key, KeyRange, NewFact, RecordChange, Result, Settlement, Store, Subject, View, Work};

use crate::{Context, Trouble, audit, operations};

/// Somebody signed in: `{"role": "…", "by": "…", "client": "…"}`.
pub const SIGNED_IN: &str = "engine.signed_in";
/// Somebody was refused: `{"by": "…", "client": "…", "code": "…", "count": 1}`; the count tells of those before it that were
/// not noted.
pub const REFUSED: &str = "engine.sign_in_refused";
/// Somebody signed out: `{"session": "…", "until": …, "client": "…"}`.
pub const SIGNED_OUT: &str = "engine.signed_out";

/// The sessions that were ended, by when they would have ended by themselves: `000001795043200000/<session>`.
const ENDED: View = View::of("engine.ended_session");
/// Records that one sign-out removes.
const REMOVED_MAX: usize = 20;

#[derive(Deserialize)]
struct Order {
    actor: String,
    #[serde(default)]
    session: Option<String>,
    #[serde(default)]
    until: Option<Timestamp>,
    #[serde(flatten)]
    told: serde_json::Map<String, Value>,
}

/// Notes it.
pub(crate) async fn note(job: &Work, context: &Context) -> std::result::Result<Settlement, Trouble> {
    let Order { actor, session, until, told } = operations::order(job, context).await?;
    let mut records = vec![audit::entry(job, context.now, &actor, Value::Object(told.clone()))];
    if let (Some(session), Some(until)) = (session, until) {
        let past = KeyRange::between("", key_of(context.now));
        for (key, _) in context.store.list::<Timestamp>(&ENDED, past, REMOVED_MAX).await? {
            records.push(RecordChange::Delete(ENDED, key));
        }
        if until > context.now {
            records.push(RecordChange::Put(ENDED, Key::from(format!("{}/{session}", key_of(until))), json!(until)));
        }
    }
    let subject = Subject::from(format!("operator/{actor}"));
    let fact = NewFact { automation: operations::NAME, subject, kind: job.kind.clone(), data: Value::Object(told) };
    Ok(Settlement { facts: vec![fact], records, ..Settlement::done() })
}

/// The sessions that were ended early and would still last, each with until when. One range of records.
///
/// # Errors
/// What the store says.
pub async fn ended(store: &dyn Store, limit: usize) -> Result<Vec<(String, Timestamp)>> {
    let lasting = KeyRange { from: key_of(store.now()), ..KeyRange::all() };
    let records = store.records(&ENDED, lasting, limit).await?;
    let read = |record: switchboard_store::Record| {
        let (_, session) = record.key.as_str().split_once('/')?;
        Some((session.to_owned(), Timestamp::deserialize(record.value).ok()?))
    };
    Ok(records.into_iter().filter_map(read).collect())
}

/// Milliseconds, so wide that their order as texts is theirs.
fn key_of(at: Timestamp) -> String {
    format!("{:015}", at.millis().max(0))
}
