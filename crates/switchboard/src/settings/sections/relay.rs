use std::ops::RangeInclusive;

use switchboard_relay::config::{
    ALLOWLIST_TTL_SECONDS, CacheBackend, Config, Demotion, GatePolicy, MAX_RESULTS_PER_TARGET, MAX_TARGETS,
    PAYLOAD_LIMIT_BYTES, RATE_LIMIT_PER_MINUTE, RETENTION_DAYS, STALE_AFTER_MINUTES, TIMEOUT_MINUTES, UnknownRepo,
};

use super::Section;
use crate::settings::kinds::{Issuer, Secret};
use crate::settings::setting::{Form, Setting};

mod cache;
mod criteria;

pub(super) use cache::SECTION as CACHE;
pub(super) use criteria::SECTION as CRITERIA;

/// The relay's settings (its contract, section 16).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RelaySettings {
    /// What the relay works by.
    pub config: Config,
    /// Where the shared cache's Redis is, with what signs in there.
    pub redis_url: Option<Secret>,
}

const fn within(range: &RangeInclusive<u32>, unit: &'static str) -> Form {
    Form::Integer { min: *range.start() as u64, max: *range.end() as u64, unit }
}

const fn one_of(words: &'static [&'static str]) -> Form {
    Form::Choice { words, yes_and_no: None }
}

const NAME: &str = "relay";
const REPOSITORY: Form = Form::Text { what: "a repository" };

pub(super) const SECTION: Section = Section {
    name: NAME,
    about: "Relays the pull requests and pushes of one upstream repository to the repositories in its allowlist, and takes \
            their results back.",
    settings: &[
        Setting::new(NAME, "enabled", Form::Boolean, |draft, value| value.put(&mut draft.relay.config.enabled))
            .default("false")
            .about("Whether the relay runs. While it does not, `/github/callback` is not there."),
        Setting::new(NAME, "upstream", REPOSITORY, |draft, value| value.put(&mut draft.relay.config.upstream))
            .example("octo-org/engine")
            .about("The repository whose events are relayed, as `owner/name`. Required when the relay is enabled."),
        Setting::new(NAME, "label_prefix", Form::Text { what: "the beginning of a label" }, |draft, value| {
            value.put(&mut draft.relay.config.label_prefix)
        })
        .default("ciflow/crcr/")
        .about("What comes before the device in the labels that ask for the check runs of L3 entries."),
        Setting::new(NAME, "allowlist", Form::Text { what: "a path or an address" }, |draft, value| {
            value.put(&mut draft.relay.config.allowlist)
        })
        .default(".github/allowlist.yml")
        .about(
            "The allowlist: a path on the upstream's default branch, or the address of a file in any repository, \
             `https://<host>/<owner>/<repo>/blob/<ref>/<path>`.",
        ),
        Setting::new(NAME, "allowlist_ttl_seconds", within(&ALLOWLIST_TTL_SECONDS, "seconds"), |draft, value| {
            value.put_seconds(&mut draft.relay.config.allowlist_ttl)
        })
        .default("900")
        .about("How long a read allowlist is believed. A push that touches it is noticed at once."),
        Setting::new(NAME, "oidc_issuer", Form::Text { what: "an https address" }, |draft, value| {
            let mut issuer = Issuer::default();
            value.put(&mut issuer)?;
            draft.relay.config.oidc_issuer = issuer.0;
            Ok(())
        })
        .default("https://token.actions.githubusercontent.com")
        .about("Whose tokens downstream workflow runs report with, exactly as the tokens name it."),
        Setting::new(NAME, "oidc_audience", Form::List { what: "audiences" }, |draft, value| {
            value.put(&mut draft.relay.config.oidc_audience)
        })
        .default("pytorch-cross-repo-ci-relay")
        .about("Whom those tokens must be meant for: one of these."),
        Setting::new(NAME, "provider", Form::Providers, |draft, value| {
            value.put(&mut draft.relay.config.providers)
        })
        .default("")
        .about(
            "Identities besides GitHub's, as tables `[[relay.provider]]` and `[[relay.provider.pipeline]]`; `docs/relay.md` \
             has an example. In a variable: the same list as TOML on one line.",
        ),
        Setting::new(NAME, "unknown_repo", one_of(UnknownRepo::WORDS), |draft, value| {
            value.put(&mut draft.relay.config.unknown_repo)
        })
        .default("ignore")
        .about("How reports of repositories below L2, or in no list, are answered: `ignore` with 200, `forbid` with 403."),
        Setting::new(NAME, "rate_limit_per_minute", within(&RATE_LIMIT_PER_MINUTE, "reports"), |draft, value| {
            value.put(&mut draft.relay.config.rate_limit_per_minute)
        })
        .default("100")
        .about("How many reports of one repository are taken in a minute."),
        Setting::new(NAME, "relay_deletions", Form::Boolean, |draft, value| {
            value.put(&mut draft.relay.config.relay_deletions)
        })
        .default("false")
        .about("Whether deletions of branches and tags are relayed."),
        Setting::new(NAME, "payload_limit_bytes", within(&PAYLOAD_LIMIT_BYTES, "bytes"), |draft, value| {
            value.put(&mut draft.relay.config.payload_limit_bytes)
        })
        .default("60000")
        .about("Longest body of a dispatch; longer payloads are shortened and say so. GitHub refuses 64 KB and more."),
        Setting::new(NAME, "hold_new_authors", Form::Boolean, |draft, value| {
            value.put(&mut draft.relay.config.hold_new_authors)
        })
        .default("false")
        .about("Whether pull requests of people who have not contributed before wait for `approve_label`."),
        Setting::new(NAME, "approve_label", Form::Text { what: "a label" }, |draft, value| {
            value.put(&mut draft.relay.config.approve_label)
        })
        .default("crcr/approved")
        .about("The label that releases a held pull request's present head."),
        Setting::new(NAME, "max_targets", within(&MAX_TARGETS, "targets"), |draft, value| {
            value.put(&mut draft.relay.config.max_targets)
        })
        .default("200")
        .about("How many entries one event is sent to, in the allowlist's order."),
        Setting::new(
            NAME,
            "max_results_per_target",
            within(&MAX_RESULTS_PER_TARGET, "results"),
            |draft, value| value.put(&mut draft.relay.config.max_results_per_target),
        )
        .default("500")
        .about("How many results one entry may report for one event."),
        Setting::new(NAME, "timeout_minutes", within(&TIMEOUT_MINUTES, "minutes"), |draft, value| {
            value.put(&mut draft.relay.config.timeout_minutes)
        })
        .default("360")
        .about("How long a result may run before it counts as timed out; entries may set their own."),
        Setting::new(NAME, "start_timeout_minutes", within(&TIMEOUT_MINUTES, "minutes"), |draft, value| {
            value.put(&mut draft.relay.config.start_timeout_minutes)
        })
        .default("1440")
        .about("How long the first report may take after sending; entries may set their own."),
        Setting::new(NAME, "target_checks", Form::Boolean, |draft, value| {
            value.put(&mut draft.relay.config.target_checks)
        })
        .default("true")
        .about("Whether an entry with check runs gets one for itself, beside those of its results."),
        Setting::new(NAME, "gate", one_of(GatePolicy::WORDS), |draft, value| value.put(&mut draft.relay.config.gate))
            .default("auto")
            .about(
                "When the check run `crcr/gate` is written, which L4 entries hold: `auto` while the allowlist has any, \
                 `always` on every relayed head, or `never`.",
            ),
        Setting::new(NAME, "oncall_comments", Form::Boolean, |draft, value| {
            value.put(&mut draft.relay.config.oncall_comments)
        })
        .default("false")
        .about("Whether a failed check of an L3 or L4 entry is told to its oncalls in a comment."),
        Setting::new(NAME, "demotion", one_of(Demotion::WORDS), |draft, value| {
            value.put(&mut draft.relay.config.demotion)
        })
        .default("suppress")
        .about("What follows when an L3 entry misses its criteria: `suppress` its new check runs, or only `report` it."),
        Setting::new(NAME, "nightly_refs", Form::List { what: "branches and tags" }, |draft, value| {
            value.put(&mut draft.relay.config.nightly_refs)
        })
        .default("main, nightly")
        .about("Where on the upstream a nightly report's commit must lie: on one of these."),
        Setting::new(NAME, "probe_repo", REPOSITORY, |draft, value| value.put(&mut draft.relay.config.probe_repo))
            .example("octo-org/relay-probe")
            .about("A repository of your own whose known results check the relay from end to end; unset: none."),
        Setting::new(NAME, "retention_days", within(&RETENTION_DAYS, "days"), |draft, value| {
            value.put(&mut draft.relay.config.retention_days)
        })
        .default("100")
        .about("How long dispatches and results are kept."),
        Setting::new(NAME, "stale_after_minutes", within(&STALE_AFTER_MINUTES, "minutes"), |draft, value| {
            value.put(&mut draft.relay.config.stale_after_minutes)
        })
        .default("360")
        .about("After how long without an event, a send or a report the relay's pages turn red."),
        Setting::new(NAME, "public_pages", Form::Boolean, |draft, value| {
            value.put(&mut draft.relay.config.public_pages)
        })
        .default("false")
        .about("Whether the relay's pages are public to read; as `relay` in `public_pages` of `[auth]`."),
    ],
};

pub(super) const BACKENDS: Form = one_of(CacheBackend::WORDS);
