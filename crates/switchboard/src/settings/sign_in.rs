//! What signing in with GitHub needs beside each other.

use super::load::Loading;
use super::problem::Problem;
use super::sections::{AuthSettings, ServerSettings};

/// Nobody shall believe that people can sign in with GitHub while they cannot, or that a list lets somebody in while nothing
/// reads it.
pub(super) fn with_github(loading: &mut Loading<'_>) {
    let auth = &loading.draft.auth;
    let (id, secret) = (auth.client_id.is_some(), auth.client_secret.is_some());
    let lists = auth.lists_somebody();
    let public_url = loading.draft.server.public_url.is_some();
    let complained = |name: &str| loading.problems.iter().any(|problem| problem.setting.as_deref() == Some(name));
    let trouble = match (id, secret) {
        (false, false) if lists => {
            let list = if auth.operators.is_empty() { "auth.viewers" } else { "auth.operators" };
            Some((
                list,
                "is for signing in with GitHub, which is not configured",
                "set GITHUB_APP_CLIENT_ID and GITHUB_APP_CLIENT_SECRET, from the App's settings page",
            ))
        }
        (false, false) => None,
        (true, false) => Some((
            "auth.client_id",
            "set without a client secret",
            "set GITHUB_APP_CLIENT_SECRET: generate one under \"Client secrets\" on the App's settings page",
        )),
        (false, true) => Some((
            "auth.client_secret",
            "set without a client id",
            "set GITHUB_APP_CLIENT_ID: it stands on the App's settings page, and is not the App ID",
        )),
        (true, true) if lists && !public_url && !complained("server.public_url") => Some((
            "auth.client_id",
            "signing in with GitHub needs the address that GitHub leads people back to",
            "set PUBLIC_URL, such as https://switchboard.example.com, or http://localhost:3000 to try it out",
        )),
        (true, true) => None,
    };
    if let Some((name, message, hint)) = trouble
        && !complained("auth.client_id")
        && !complained("auth.client_secret")
    {
        let problem = Problem::new(message).of(name).at(loading.origin(name)).hint(hint);
        loading.problems.push(problem);
    }
}

/// Cookies and tokens that everybody on the way can read.
pub(super) fn over_plain_http(server: &ServerSettings, auth: &AuthSettings) -> Option<String> {
    let url = server.public_url.as_ref().filter(|_| auth.is_configured())?.url();
    let local = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => true,
    };
    (url.scheme() == "http" && !local).then(|| {
        format!(
            "PUBLIC_URL is {url}, without https: sign-ins can be read on their way; put a proxy with https in front"
        )
    })
}
