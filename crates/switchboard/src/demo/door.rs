//! Signing in with the simulated GitHub, for who wants to see that.

use std::net::SocketAddr;
use std::sync::Arc;

use switchboard_github::HttpTransport;
use switchboard_github::oauth::Client;
use switchboard_github::secret::Token;
use switchboard_panel::{Auth, CALLBACK_PATH, GitHubSignIn, Grants};
use switchboard_simulator::{App, SIMULATOR_ONLY_CLIENT_SECRET, Simulator};
use url::Url;

use super::stage::failed;
use crate::cli::Failure;
use crate::directory::GitHubDirectory;

/// Who is there to sign in as: somebody of each kind.
fn people(github: &Simulator) {
    let acme = github.organization("acme");
    acme.team("ops").add_member(&github.user("mona"));
    acme.add_member(&github.user("lisa"));
    acme.invite(&github.user("ivan"));
    let _ = github.user("sam");
}

/// The door: members of `acme/ops` operate, those of `acme` look.
pub(super) fn auth(github: &Simulator, app: &App, api: SocketAddr, pages: SocketAddr) -> Result<Auth, Failure> {
    people(github);
    let public_url = format!("http://{pages}");
    app.add_callback_url(&format!("{public_url}{CALLBACK_PATH}"));
    let github = Url::parse(&format!("http://{api}")).map_err(failed)?;
    let client = Client { id: app.client_id(), secret: Token::new(SIMULATOR_ONLY_CLIENT_SECRET.to_owned()) };
    let transport = Arc::new(HttpTransport::new().map_err(failed)?);
    let grants =
        Grants { operators: vec!["acme/ops".parse().map_err(failed)?], viewers: vec!["acme".parse().map_err(failed)?] };
    let directory = Arc::new(GitHubDirectory::new(github.clone(), github, client, transport));
    let github = Some(GitHubSignIn { directory, grants });
    Ok(Auth { github, public_url: Some(public_url), ..Auth::open() })
}
