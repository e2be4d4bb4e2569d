//! Why a callback is not taken, in the words that its sender reads.

use std::time::Duration;

use serde::Serialize;

/// Why a callback is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The kind of refusal, which decides status and hint.
    pub code: Code,
    /// One sentence.
    pub detail: String,
    /// When the same request may succeed, if it is only a matter of time.
    pub retry_after: Option<Duration>,
}

/// The body of a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusalBody<'r> {
    /// One sentence.
    pub detail: &'r str,
    /// The stable word.
    pub code: &'static str,
    /// What to do.
    pub hint: &'static str,
}

macro_rules! codes {
    ($($name:ident $status:literal $word:literal $hint:literal)*) => {
        /// The kinds of refusals, in the order in which the endpoint checks.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each has a word and a hint beside it")]
        pub enum Code { $($name),* }

        impl Code {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status),* }
            }

            /// The stable word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }

            /// What the sender can do.
            #[must_use]
            pub const fn hint(self) -> &'static str {
                match self { $(Self::$name => $hint),* }
            }
        }
    };
}

codes! {
    Method 405 "method" "Send the report with POST."
    TooLarge 413 "too_large" "Send at most 2 MiB; shorten the echo and the list of failed tests."
    ContentType 415 "content_type" "Send JSON, with Content-Type: application/json."
    TokenMissing 401 "token_missing" "Send the run's OIDC token as `Authorization: Bearer <token>`; the job needs `permissions: id-token: write`."
    TokenInvalid 401 "token_invalid" "Ask for a new token right before reporting, with the audience that the relay expects."
    IssuerUnknown 401 "issuer_unknown" "Report from GitHub Actions, or ask the relay's operators to add your provider."
    ClaimsMissing 401 "claims_missing" "Send the token as the provider issued it; it must name the repository and the run."
    KeysUnavailable 503 "keys_unavailable" "Try again later: the issuer's keys cannot be fetched at the moment."
    PipelineUnmapped 403 "pipeline_unmapped" "Ask the relay's operators to map this pipeline to your repository."
    ClaimRefused 403 "claim_refused" "Report from a build that the operators' mapping allows, for example of the main branch."
    UntrustedTrigger 403 "untrusted_trigger" "Report from the run that `repository_dispatch` started, not from one that a pull request or comment started."
    NotAllowed 403 "not_allowed" "Ask the upstream's maintainers to list your repository at L2 or above."
    AllowlistUnavailable 503 "allowlist_unavailable" "Try again later: the relay has not read its allowlist yet."
    RateLimited 429 "rate_limited" "Wait as long as Retry-After says; report once when a job starts and once when it ends."
    Json 400 "json" "Send one JSON object, nested at most 64 deep, without NaN or infinite numbers."
    Field 400 "field" "Compare the field with the reporting action's; the relay's documentation lists them all."
    Nightly 400 "nightly" "Report a nightly once, completed, with the upstream's full commit SHA as delivery_id; the list must allow `nightly` for you."
    RunMismatch 403 "run_mismatch" "Report from within the run that you report on: run_id and run_attempt must be the token's own."
    IdentityChanged 403 "identity_changed" "The repository of this name is another one than before; ask the relay's operators to reset its identity."
    RunBound 403 "run_bound" "A run reports on the one dispatch that started it; start another run for another dispatch."
    TokenReused 403 "token_reused" "Ask for a token of its own in each job that reports."
    UnknownDispatch 400 "unknown_dispatch" "Pass client_payload.delivery_id on unchanged, from the repository that it was dispatched to."
    Store 503 "store" "Try again later: the report cannot be stored at the moment."
}

impl Refusal {
    /// A refusal with this sentence.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), retry_after: None }
    }

    /// The same, with the time after which it may succeed.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// A field that is not as it must be.
    #[must_use]
    pub fn field(name: &str, rule: &str) -> Self {
        Self::new(Code::Field, format!("`{name}` {rule}."))
    }

    /// What the sender reads.
    #[must_use]
    pub fn body(&self) -> RefusalBody<'_> {
        RefusalBody { detail: &self.detail, code: self.code.as_str(), hint: self.code.hint() }
    }
}
