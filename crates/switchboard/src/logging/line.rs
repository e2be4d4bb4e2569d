//! A log line as one flat JSON object: what the line itself says, then what the spans around it say.
//!
//! So `delivery` stands in the same place in every line that concerns a delivery, whoever wrote it, and a search for one id
//! finds all of them.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{FormatEvent, JsonFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// Writes the lines. Of two fields with one name, that of the line itself stands, then that of the innermost span.
pub(super) struct FlatJson;

impl<S> FormatEvent<S, JsonFields> for FlatJson
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let metadata = event.metadata();
        let mut line = Line::default();
        line.add("timestamp", time);
        line.add("level", metadata.level().as_str());
        line.add("target", metadata.target());
        event.record(&mut line);
        for span in context.event_scope().into_iter().flatten() {
            let extensions = span.extensions();
            let Some(fields) = extensions.get::<FormattedFields<JsonFields>>() else { continue };
            // What the formatter of fields has written is read back; it writes nothing for a span without fields.
            let fields: Map<String, Value> = serde_json::from_str(&fields.fields).unwrap_or_default();
            for (name, value) in fields {
                line.add(&name, value);
            }
        }
        writeln!(writer, "{}}}", line.text)
    }
}

/// An object in the making, without its closing brace.
#[derive(Default)]
struct Line {
    text: String,
    names: BTreeSet<String>,
}

impl Line {
    fn add(&mut self, name: &str, value: impl Into<Value>) {
        if self.names.insert(name.to_owned()) {
            self.text.push(if self.text.is_empty() { '{' } else { ',' });
            self.text.push_str(&Value::from(name).to_string());
            self.text.push(':');
            self.text.push_str(&value.into().to_string());
        }
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(plain(field), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(plain(field), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(plain(field), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(plain(field), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(plain(field), value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(plain(field), value);
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        let whole = i64::try_from(value).map_or_else(|_| value.to_string().into(), Value::from);
        self.add(plain(field), whole);
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        let whole = u64::try_from(value).map_or_else(|_| value.to_string().into(), Value::from);
        self.add(plain(field), whole);
    }
}

/// A field's name without the mark of a raw identifier.
fn plain(field: &Field) -> &'static str {
    let name = field.name();
    name.strip_prefix("r#").unwrap_or(name)
}
