//! The simulated GitHub over TCP. Here a fault is what it is on the wire: a connection that closes or stays silent.

use std::convert::Infallible;
use std::io;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::fault::Fault;
use crate::oidc::Provider;
use crate::simulator::Simulator;

impl Simulator {
    /// Serves the API on `listener` until the future is dropped. Addresses in answers, and those of the issuers of tokens,
    /// point to the listener from then on.
    ///
    /// # Errors
    /// When the listener has no local address, or cannot accept any more.
    pub async fn serve(&self, listener: TcpListener) -> io::Result<Infallible> {
        let address = listener.local_addr()?;
        self.configure(|settings| {
            settings.api_url = format!("http://{address}");
            settings.actions_issuer = format!("{}{}", settings.api_url, Provider::GitHubActions.path());
            settings.buildkite_issuer = format!("{}{}", settings.api_url, Provider::Buildkite.path());
        });
        loop {
            let (stream, _) = listener.accept().await?;
            // Without this every small answer waits for the peer's delayed acknowledgement.
            stream.set_nodelay(true)?;
            let simulator = self.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| answer(simulator.clone(), request));
                // Without a timer hyper closes no idle connection, so that the only connections that close are those that a
                // fault closes.
                let http = hyper::server::conn::http1::Builder::new();
                // An error here is a fault that was asked for, or a client that left.
                let _ = http.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    }
}

/// Answers over a connection; an error closes it.
async fn answer(simulator: Simulator, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Fault> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Fault::Reset)?.to_bytes();
    match simulator.handle(Request::from_parts(parts, body)).await {
        Ok(response) => Ok(response.map(Full::new)),
        Err(Fault::Hang) => std::future::pending().await,
        Err(closes) => Err(closes),
    }
}
