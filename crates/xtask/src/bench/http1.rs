//! Just enough HTTP/1.1 to send a prepared request and read its answer, without a client's cost.

use std::io::{self, IoSlice};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// No answer that we ask for is longer.
const ANSWER_MAX: usize = 1024 * 1024;

/// An answer's status and body; the body stays valid until the next answer is read.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
}

/// A connection that is kept open, with one request at a time.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: std::net::SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(4096) })
    }

    /// Sends one request and reads its answer.
    pub(crate) async fn exchange(&mut self, head: &[u8], body: &[u8]) -> io::Result<Answer<'_>> {
        self.send(head, body).await?;
        self.receive().await
    }

    async fn send(&mut self, mut head: &[u8], mut body: &[u8]) -> io::Result<()> {
        while !head.is_empty() {
            let written = self.stream.write_vectored(&[IoSlice::new(head), IoSlice::new(body)]).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            let of_head = written.min(head.len());
            (head, body) = (&head[of_head..], &body[written - of_head..]);
        }
        self.stream.write_all(body).await
    }

    async fn receive(&mut self) -> io::Result<Answer<'_>> {
        self.received.clear();
        loop {
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(answer) = parse(&self.received)? {
                let body = &self.received[answer.body_from..answer.body_from + answer.body_length];
                return Ok(Answer { status: answer.status, body });
            }
            if self.received.len() > ANSWER_MAX {
                return Err(unintelligible("longer than we read"));
            }
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Parsed {
    status: u16,
    body_from: usize,
    body_length: usize,
}

/// `None` while the answer is not whole yet.
fn parse(received: &[u8]) -> io::Result<Option<Parsed>> {
    const END: &[u8] = b"\r\n\r\n";
    let Some(end) = received.windows(END.len()).position(|window| window == END) else { return Ok(None) };
    let head = std::str::from_utf8(&received[..end]).map_err(|_| unintelligible("its head is not text"))?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok());
    let status = status.ok_or_else(|| unintelligible("no status"))?;
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let length = length.ok_or_else(|| unintelligible("no content-length"))?;
    let body_from = end + END.len();
    Ok((received.len() >= body_from + length).then_some(Parsed { status, body_from, body_length: length }))
}

fn unintelligible(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the answer is unintelligible: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_with_the_last_byte_of_its_body() {
        let answer = b"HTTP/1.1 202 Accepted\r\nContent-Length: 3\r\ndate: x\r\n\r\nabc";
        for cut in 0..answer.len() {
            assert_eq!(parse(&answer[..cut]).unwrap(), None, "{cut}");
        }
        assert_eq!(parse(answer).unwrap(), Some(Parsed { status: 202, body_from: answer.len() - 3, body_length: 3 }));
    }

    #[test]
    fn an_answer_without_length_is_refused() {
        assert!(parse(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
        assert!(parse(b"SSH-2.0-OpenSSH\r\n\r\n").is_err());
    }
}
