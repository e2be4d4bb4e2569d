//! The [`Transport`] of production: HTTP over TLS.

use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};

use crate::transport::{Request, Response, Transport, TransportError};

/// How long connecting may take; then the request was certainly not sent.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// GitHub closes idle connections after about a minute; ours go first, so that none is found dead by a write.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// A pool of connections. Goes the direct way: proxies named by the environment are not used.
#[derive(Debug, Clone)]
pub struct HttpTransport(reqwest::Client);

/// The TLS library could not be set up, for example without any root certificates.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up TLS: {0}")]
pub struct SetupError(#[source] reqwest::Error);

impl HttpTransport {
    /// Sets up the pool; connects nowhere yet.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn new() -> Result<Self, SetupError> {
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .build()
            .map(Self)
            .map_err(SetupError)
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let mut response = self
            .0
            .request(request.method, request.url)
            .headers(request.headers)
            .body(request.body)
            .timeout(request.timeout)
            .send()
            .await
            .map_err(|error| classify(&error))?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let (body, truncated) = read(&mut response, request.max_body).await?;
        Ok(Response { status, headers, body, truncated })
    }
}

/// Reads until the end or `max` bytes; one byte more is what tells the two apart.
async fn read(response: &mut reqwest::Response, max: usize) -> Result<(Bytes, bool), TransportError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error))? {
        let room = max - body.len();
        if chunk.len() > room {
            body.extend_from_slice(&chunk[..room]);
            return Ok((body.freeze(), true));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((body.freeze(), false))
}

fn classify(error: &reqwest::Error) -> TransportError {
    if error.is_connect() {
        TransportError::Connect
    } else if error.is_timeout() {
        TransportError::Timeout
    } else {
        TransportError::Reset
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers one connection with `answer`; an empty one closes it instead.
    async fn exchange(answer: &'static [u8], timeout: Duration) -> Result<Response, TransportError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/x", listener.local_addr().unwrap()).parse().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(answer).await;
            if answer == HANG {
                std::future::pending::<()>().await;
            }
        });
        let request =
            Request { method: Method::GET, url, headers: HeaderMap::new(), body: Bytes::new(), timeout, max_body: 5 };
        let result = HttpTransport::new().unwrap().send(request).await;
        server.abort();
        result
    }

    const HANG: &[u8] = b"HTTP/1.1 200 OK\r\n";
    const LONG: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn bodies_are_read_up_to_the_cap() {
        let exact = exchange(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", LONG).await.unwrap();
        assert_eq!((&exact.body[..], exact.truncated), (&b"hello"[..], false));
        let longer = exchange(b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nhello world", LONG).await.unwrap();
        assert_eq!((&longer.body[..], longer.truncated), (&b"hello"[..], true));
    }

    #[tokio::test]
    async fn redirects_are_handed_back() {
        let answer = exchange(b"HTTP/1.1 302 Found\r\nlocation: /y\r\ncontent-length: 0\r\n\r\n", LONG).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.headers["location"].as_bytes()), (302, &b"/y"[..]));
    }

    #[tokio::test]
    async fn failures_tell_what_may_have_been_sent() {
        assert_eq!(exchange(b"", LONG).await.unwrap_err(), TransportError::Reset);
        assert_eq!(exchange(HANG, Duration::from_millis(50)).await.unwrap_err(), TransportError::Timeout);
        let cut = exchange(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel", LONG).await;
        assert_eq!(cut.unwrap_err(), TransportError::Reset);
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let url = format!("http://{closed}/").parse().unwrap();
        let request = Request {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            timeout: LONG,
            max_body: 0,
        };
        assert_eq!(HttpTransport::new().unwrap().send(request).await.unwrap_err(), TransportError::Connect);
    }
}
