//! As much of HTTP/1.1 as an upload needs: requests with a length, answers, open connections.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Maximum size of the head of a request.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Maximum number of headers of a request.
const MAX_HEADERS: usize = 64;

/// Maximum size of a body that is read. A body over the sandbox's own limit is read too, so that the
/// client gets to read the answer.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// Maximum time for a request to arrive.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How often an idle connection checks whether it should end.
const POLL: Duration = Duration::from_millis(50);

/// The head of a request. Its body is still to be read.
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) path: String,
    headers: Vec<(String, String)>,
    length: Option<usize>,
}

impl Head {
    /// The value of a header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// An answer.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// One connection.
pub(crate) struct Connection<'s> {
    stream: TcpStream,
    /// Bytes that follow the last request.
    ahead: Vec<u8>,
    stop: &'s AtomicBool,
}

impl<'s> Connection<'s> {
    pub(crate) fn new(stream: TcpStream, stop: &'s AtomicBool) -> io::Result<Self> {
        stream.set_read_timeout(Some(POLL))?;
        stream.set_write_timeout(Some(REQUEST_TIMEOUT))?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, ahead: Vec::new(), stop })
    }

    /// Reads the head of the next request; nothing when the connection has ended, or should.
    pub(crate) fn head(&mut self) -> io::Result<Option<Head>> {
        let began = Instant::now();
        loop {
            if let Some((head, length)) = parse(&self.ahead)? {
                self.ahead.drain(..length);
                return Ok(Some(head));
            }
            if self.ahead.len() > MAX_HEAD_BYTES {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let is_idle = self.ahead.is_empty();
            if !self.read(began, is_idle)? {
                return Ok(None);
            }
        }
    }

    /// Reads the body of a request; nothing when it is incomplete or far too large.
    pub(crate) fn body(&mut self, head: &Head) -> io::Result<Option<Vec<u8>>> {
        let began = Instant::now();
        let length = head.length.unwrap_or(0);
        if length > MAX_BODY_BYTES {
            return Ok(None);
        }
        if head.header("expect").is_some_and(|expect| expect.eq_ignore_ascii_case("100-continue")) {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        while self.ahead.len() < length {
            if !self.read(began, false)? {
                return Ok(None);
            }
        }
        let rest = self.ahead.split_off(length);
        Ok(Some(std::mem::replace(&mut self.ahead, rest)))
    }

    /// Reads more bytes. Returns `false` at the end.
    fn read(&mut self, began: Instant, is_idle: bool) -> io::Result<bool> {
        let mut bytes = [0; 16 * 1024];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(0) => return Ok(false),
                Ok(read) => {
                    self.ahead.extend_from_slice(bytes.get(..read).unwrap_or_default());
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                    ) =>
                {
                    if (is_idle && self.stop.load(Ordering::Relaxed))
                        || began.elapsed() > REQUEST_TIMEOUT
                    {
                        return Ok(false);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Answers with the first `sent` bytes of the body.
    pub(crate) fn answer(&mut self, response: &Response, sent: usize) -> io::Result<()> {
        let Response { status, content_type, headers, body } = response;
        let mut text = format!(
            "HTTP/1.1 {status} {}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\
             Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n",
            reason(*status),
            body.len()
        );
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(body.get(..sent).unwrap_or(body));
        self.stream.write_all(&bytes)
    }
}

/// The head at the beginning, and its size, once it is complete.
fn parse(bytes: &[u8]) -> io::Result<Option<(Head, usize)>> {
    let invalid = |_| io::Error::from(io::ErrorKind::InvalidData);
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(length) = request.parse(bytes).map_err(invalid)? else {
        return Ok(None);
    };
    let headers: Vec<(String, String)> = request
        .headers
        .iter()
        .map(|header| {
            let value = String::from_utf8_lossy(header.value).trim().to_owned();
            (header.name.to_ascii_lowercase(), value)
        })
        .collect();
    let mut head = Head {
        method: request.method.unwrap_or_default().to_owned(),
        path: request.path.unwrap_or_default().to_owned(),
        headers,
        length: None,
    };
    if let Some(length) = head.header("content-length") {
        let length = length.parse().map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        head.length = Some(length);
    }
    if head.header("transfer-encoding").is_some() {
        // No client that rehearses an upload sends one.
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(Some((head, length)))
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Content Too Large",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Unknown",
    }
}
