//! The API of a running server.

use std::net::SocketAddr;
use std::time::Duration;

use http::{Method, StatusCode};

use crate::cli::Failure;

/// How long an answer may take. The server reads by key, so it takes milliseconds.
const TIMEOUT: Duration = Duration::from_secs(10);

/// See the [module's documentation](self).
pub struct OverHttp {
    client: reqwest::Client,
    address: SocketAddr,
    token: Option<String>,
}

impl OverHttp {
    pub(super) fn new(address: SocketAddr, token: Option<String>) -> Result<Self, Failure> {
        let client = reqwest::Client::builder().timeout(TIMEOUT).no_proxy().build();
        let client = client.map_err(|error| unreachable(address, &error))?;
        Ok(Self { client, address, token })
    }

    pub(super) async fn ask(&self, method: Method, path: &str, body: String) -> Result<(StatusCode, Vec<u8>), Failure> {
        let mut request = self.client.request(method, format!("http://{}{path}", self.address)).body(body);
        request = request.header(http::header::ACCEPT, "application/json");
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.map_err(|error| unreachable(self.address, &error))?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(|error| unreachable(self.address, &error))?;
        Ok((status, body.to_vec()))
    }
}

fn unreachable(address: SocketAddr, error: &reqwest::Error) -> Failure {
    Failure::Failed {
        message: format!("the store is in use, but no server answers at {address}: {error}"),
        hint: "give this command the server's settings: its PORT and SWITCHBOARD__SERVER__HOST".to_owned(),
    }
}
