//! The operator's desk: how `deliveries`, `jobs` and `replay` look at what is stored, and act on it.
//!
//! There is one way to ask, the JSON API. If a server runs on the store, it is asked over HTTP; otherwise the store is
//! opened and the API answers in this process, from the same code.

mod answer;
mod in_process;
mod over_http;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use http::Method;
use serde_json::Value;
use switchboard_store::StoreError;

use crate::cli::Failure;
use crate::serve;
use crate::settings::Settings;
use crate::settings::kinds::StoreLocation;

use in_process::InProcess;
use over_http::OverHttp;

/// What somebody comes to the desk for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errand {
    /// To look.
    Read,
    /// To act, for which the settings must name the App.
    Act,
}

/// Where questions are asked.
pub enum Desk {
    /// No server runs: of the store itself.
    InProcess(InProcess),
    /// Of the server that has the store open.
    OverHttp(OverHttp),
}

impl Desk {
    /// Opens the settings' store, or finds the server that has it open. `token` is for the latter.
    ///
    /// # Errors
    /// [`Failure`], if there is no store, or neither can be reached.
    pub fn open(settings: &Settings, token: Option<String>, errand: Errand) -> Result<Self, Failure> {
        let StoreLocation::Sqlite(path) = &settings.store.location;
        if !path.exists() {
            return Err(Failure::Failed {
                message: format!("there is no store {}", path.display()),
                hint: "a server makes it at its first start; DATABASE_URL says where it is".to_owned(),
            });
        }
        match serve::open_store(settings) {
            Ok(store) => InProcess::new(settings, store, errand).map(Self::InProcess),
            Err(StoreError::InUse { .. }) => {
                OverHttp::new(reachable(settings.server.address()), token).map(Self::OverHttp)
            }
            Err(error) => Err(serve::store_failure(settings, &error)),
        }
    }

    /// Whether a running server is asked.
    #[must_use]
    pub const fn is_server(&self) -> bool {
        matches!(self, Self::OverHttp(_))
    }

    /// What stands at a path of the API, such as `/api/v1/deliveries`.
    ///
    /// # Errors
    /// [`Failure`] with what the API says.
    pub async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.ask(Method::GET, path, None).await
    }

    /// The bytes that stand at a path, such as a delivery's body.
    ///
    /// # Errors
    /// [`Failure`] with what the server says.
    pub async fn bytes(&self, path: &str) -> Result<Vec<u8>, Failure> {
        let (status, answer) = self.send(Method::GET, path, None).await?;
        if status.is_success() { Ok(answer) } else { answer::read(status, &answer).map(|_| answer) }
    }

    /// Asks the API to do something.
    ///
    /// # Errors
    /// [`Failure`] with what the API says.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.ask(Method::POST, path, Some(body)).await
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let (status, answer) = self.send(method, path, body).await?;
        answer::read(status, &answer)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(http::StatusCode, Vec<u8>), Failure> {
        let body = body.map(ToString::to_string).unwrap_or_default();
        match self {
            Self::InProcess(desk) => desk.ask(method, path, body).await,
            Self::OverHttp(desk) => desk.ask(method, path, body).await,
        }
    }
}

/// Where a server that listens on `address` is reached from this machine.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port()),
        IpAddr::V6(ip) if ip.is_unspecified() => SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), address.port()),
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_listens_everywhere_is_reached_here() {
        let at = |address: &str| reachable(address.parse().unwrap()).to_string();
        assert_eq!(at("0.0.0.0:3000"), "127.0.0.1:3000");
        assert_eq!(at("[::]:3000"), "[::1]:3000");
        assert_eq!(at("10.0.0.7:80"), "10.0.0.7:80");
    }
}
