use std::time::Duration;

use super::Section;
use crate::settings::kinds::StoreLocation;
use crate::settings::setting::{Form, Setting};

/// Where durable state lives, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoreSettings {
    /// The database.
    pub location: StoreLocation,
    /// How long the raw bodies of deliveries are kept.
    pub keep_bodies: Duration,
    /// How long deliveries, finished jobs and facts are kept.
    pub keep_history: Duration,
}

const NAME: &str = "store";

/// Ten years: beyond that a number of days is a mistake.
const DAYS: Form = Form::Integer { min: 1, max: 3650, unit: "days" };

pub(super) const SECTION: Section = Section {
    name: NAME,
    about: "Where durable state lives, and for how long.",
    settings: &[
        Setting::new(NAME, "url", Form::Text { what: "an address or a path" }, |draft, value| {
            value.put(&mut draft.store.location)
        })
        .env(&["DATABASE_URL"])
        .default("sqlite:switchboard.db")
        .about("The SQLite file, as `sqlite:<path>` or only its path; a relative one starts at the working directory."),
        Setting::new(NAME, "keep_bodies_days", DAYS, |draft, value| value.put_days(&mut draft.store.keep_bodies))
            .default("30")
            .about("How long the raw bodies of deliveries are kept. A delivery can be replayed until then."),
        Setting::new(NAME, "keep_history_days", DAYS, |draft, value| value.put_days(&mut draft.store.keep_history))
            .default("400")
            .about("How long deliveries without their bodies, finished jobs and facts are kept. Dead letters stay until somebody deals with them."),
    ],
};
