use std::net::SocketAddr;

use switchboard_panel::Network;

use super::Section;
use crate::settings::kinds::{BaseUrl, Host};
use crate::settings::setting::{Form, Setting};

/// Where the server listens, and who may come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerSettings {
    /// The address to listen on.
    pub host: Host,
    /// The port; 0 lets the system choose one.
    pub port: u16,
    /// Where people and GitHub reach the server, when that differs from host and port.
    pub public_url: Option<BaseUrl>,
    /// Proxies whose forwarded addresses are believed.
    pub trusted_proxies: Vec<Network>,
    /// Addresses that may open pages and use the API; empty means all.
    pub admin_ip_allowlist: Vec<Network>,
    /// The version to show, when it is not the build's.
    pub version: Option<String>,
    /// The running image's digest; `unknown` outside images.
    pub image_sha: String,
}

impl ServerSettings {
    /// The socket address to listen on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        SocketAddr::new(self.host.0, self.port)
    }

    /// The version to show.
    #[must_use]
    pub fn version(&self) -> &str {
        self.version.as_deref().unwrap_or(env!("CARGO_PKG_VERSION"))
    }
}

const NAME: &str = "server";

pub(super) const SECTION: Section = Section {
    name: NAME,
    about: "Where the server listens, and who may come.",
    settings: &[
        Setting::new(NAME, "host", Form::Text { what: "an IP address" }, |draft, value| {
            value.put(&mut draft.server.host)
        })
        .default("127.0.0.1")
        .about(
            "The address to listen on: `127.0.0.1` for this machine only, `0.0.0.0` for every network. Listening beyond \
             this machine needs a token in `[auth]`.",
        ),
        Setting::new(NAME, "port", Form::Integer { min: 0, max: u16::MAX as u64, unit: "" }, |draft, value| {
            value.put(&mut draft.server.port)
        })
        .env(&["PORT"])
        .default("3000")
        .about("The port to listen on; `0` lets the system choose one."),
        Setting::new(NAME, "public_url", Form::Text { what: "an http or https address" }, |draft, value| {
            value.put(&mut draft.server.public_url)
        })
        .env(&["PUBLIC_URL"])
        .example("https://switchboard.example.com")
        .about("Where GitHub and people reach the server; links from GitHub back to its pages begin with it."),
        Setting::new(NAME, "trusted_proxies", Form::List { what: "addresses or ranges" }, |draft, value| {
            value.put(&mut draft.server.trusted_proxies)
        })
        .default("")
        .about("Proxies whose `X-Forwarded-For` is believed, as addresses or ranges such as `10.0.0.0/8`."),
        Setting::new(NAME, "admin_ip_allowlist", Form::List { what: "addresses or ranges" }, |draft, value| {
            value.put(&mut draft.server.admin_ip_allowlist)
        })
        .env(&["ADMIN_IP_ALLOWLIST"])
        .default("")
        .about(
            "Who may open pages and use the API, on top of signing in, as addresses or ranges; empty means everyone. \
             Webhooks are not concerned.",
        ),
        Setting::new(NAME, "version", Form::Text { what: "a version" }, |draft, value| {
            value.put(&mut draft.server.version)
        })
        .env(&["APP_VERSION"])
        .baked()
        .example("1.2.3")
        .about("The version to show on the pages, when it is not the build's."),
        Setting::new(NAME, "image_sha", Form::Text { what: "a digest" }, |draft, value| {
            value.put(&mut draft.server.image_sha)
        })
        .env(&["APP_IMAGE_SHA"])
        .baked()
        .default("unknown")
        .about("The digest of the running container image, to show on the pages."),
    ],
};
