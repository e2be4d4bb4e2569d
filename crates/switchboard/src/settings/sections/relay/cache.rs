use super::{BACKENDS, Section};
use crate::settings::setting::{Form, Setting};

const NAME: &str = "relay.cache";

pub(in crate::settings::sections) const SECTION: Section = Section {
    name: NAME,
    about: "What the relay keeps at hand beside the store. It speeds things up and never decides.",
    settings: &[
        Setting::new(NAME, "backend", BACKENDS, |draft, value| value.put(&mut draft.relay.config.cache))
            .default("embedded")
            .about(
                "`embedded` in the server's memory, or `redis` to be shared. Unset, it is `redis` where an address is set.",
            ),
        Setting::new(NAME, "url", Form::Secret { what: "a redis:// or rediss:// address" }, |draft, value| {
            value.put(&mut draft.relay.redis_url)
        })
        .shared_env(&["REDIS_URL"])
        .about(
            "The Redis: `redis://[user:password@]host[:port][/database]`, or `rediss://` with TLS, verified by the system's \
             certificates. Losing it slows things down and loses nothing.",
        ),
        Setting::new(NAME, "prefix", Form::Text { what: "the beginning of a key" }, |draft, value| {
            value.put(&mut draft.relay.config.cache_prefix)
        })
        .default("switchboard:relay:")
        .about("What the cache's keys begin with."),
    ],
};
