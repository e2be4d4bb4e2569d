//! Numbers and words that GitHub decides, each with its source, and the margins we keep from them.

use std::time::Duration;

// --- Webhooks: docs.github.com, "Webhook events and payloads", "Validating webhook deliveries" ---

/// GitHub caps payloads at 25 MB and does not send what would be larger.
pub const MAX_WEBHOOK_BYTES: usize = 25 * 1024 * 1024;
/// Our own cap for `X-GitHub-Delivery` (a GUID of 36) and `X-GitHub-Event` (at most about 40 letters).
pub const MAX_WEBHOOK_HEADER_BYTES: usize = 200;
/// How deep a payload may nest. Our own cap; GitHub's own payloads nest less than ten deep.
pub const MAX_PAYLOAD_DEPTH: u32 = 128;

// --- Names: github.com's sign-up and "new repository" forms ---

/// Longest login of an account.
pub const MAX_OWNER_LENGTH: usize = 39;
/// Longest name of an App: docs.github.com, "Registering a GitHub App".
pub const MAX_APP_NAME_CHARS: usize = 34;
/// Longest name of a repository.
pub const MAX_REPO_NAME_LENGTH: usize = 100;

// --- REST: docs.github.com, "REST API", "API Versions", "Rate limits", "Best practices" ---

/// Where github.com answers.
pub const DEFAULT_API_URL: &str = "https://api.github.com";
/// The version of the REST API that this crate is written against.
pub const API_VERSION: &str = "2022-11-28";
/// JSON in GitHub's own media type.
pub const ACCEPT_JSON: &str = "application/vnd.github+json";
/// A file's bytes instead of a JSON description of it.
pub const ACCEPT_RAW: &str = "application/vnd.github.raw+json";
/// Most items a page of a list may hold.
pub const MAX_PER_PAGE: u32 = 100;
/// "No more than 100 concurrent requests": we stay well below, since several clients may share an installation.
pub const MAX_CONCURRENT_REQUESTS: u32 = 60;
/// "No more than 900 points per minute are allowed for REST API endpoints."
pub const POINTS_PER_MINUTE: u32 = 900;
/// Points of a GET, HEAD or OPTIONS request.
pub const READ_POINTS: u32 = 1;
/// Points of a POST, PATCH, PUT or DELETE request.
pub const WRITE_POINTS: u32 = 5;
/// "In general, no more than 80 content-generating requests per minute …"
pub const CONTENT_WRITES_PER_MINUTE: u32 = 80;
/// "… and no more than 500 content-generating requests per hour are allowed."
pub const CONTENT_WRITES_PER_HOUR: u32 = 500;
/// How long to wait when told to slow down without being told for how long: "wait for at least one minute".
pub const UNTOLD_WAIT: Duration = Duration::from_secs(60);
/// How many same-host redirects are followed; a renamed and transferred repository needs two.
pub const MAX_REDIRECTS: usize = 5;

// --- Tokens: docs.github.com, "Generating a JSON Web Token (JWT)", "Generating an installation access token" ---

/// "We recommend that you set `iat` 60 seconds in the past" to allow for clock drift.
pub const JWT_BACKDATE: Duration = Duration::from_secs(60);
/// How far ahead `exp` lies. GitHub refuses more than ten minutes by its own clock; one minute is kept for drift.
pub const JWT_LIFETIME: Duration = Duration::from_secs(9 * 60);
/// How long one app JWT is used before the next is signed; well inside its lifetime.
pub const JWT_REUSE: Duration = Duration::from_secs(5 * 60);
/// An installation token is not used in the last minutes before its own expiry, so that no call outlives it.
pub const TOKEN_MARGIN: Duration = Duration::from_secs(5 * 60);
/// What precedes the hexadecimal HMAC in `X-Hub-Signature-256`.
pub const SIGNATURE_PREFIX: &[u8] = b"sha256=";

// --- Deliveries: docs.github.com, "Redelivering webhooks" ---

/// GitHub redelivers what is at most three days old.
pub const REDELIVERY_WINDOW: Duration = Duration::from_secs(3 * 24 * 60 * 60);

// --- Our own bounds ---

/// How long a call may wait for its own budget before it fails with the time at which to come back.
pub const MAX_LOCAL_WAIT: Duration = Duration::from_secs(2);
/// Longest excerpt of GitHub's own message that an error keeps, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 1_000;
/// Longest answer that is read unless a call says otherwise, in bytes.
pub const DEFAULT_MAX_BODY: usize = 8 * 1024 * 1024;
/// Largest body that is kept for revalidation, in bytes.
pub const MAX_CACHED_BODY: usize = 64 * 1024;
