//! Requests with a length, answers, open connections.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Maximum size of the head of a request.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Maximum number of headers of a request.
const MAX_HEADERS: usize = 64;

/// Maximum time for the head of a request to arrive, and for its body.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How often an idle connection checks whether it should end.
const POLL: Duration = Duration::from_millis(50);

/// The head of a request. Its body is still to be read.
#[derive(Clone, Debug)]
pub struct Head {
    /// The method.
    pub method: String,
    /// The path, and the query.
    pub path: String,
    /// Size of the body, if that is said.
    pub length: Option<usize>,
    headers: Vec<(String, String)>,
}

impl Head {
    /// The first value of a header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    /// All values of a header, by its name in lower case.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        let found = self.headers.iter().filter(move |(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether the client wants no other answer on this connection.
    #[must_use]
    pub fn wants_close(&self) -> bool {
        self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

/// An answer. Browsers are told not to store it, and not to guess what it is.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// What the body is.
    pub content_type: &'static str,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// An answer without further headers.
    pub fn new(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Response { status, content_type, headers: Vec::new(), body: body.into() }
    }
}

/// One connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    /// Bytes that follow the last request.
    ahead: Vec<u8>,
    /// Whether the answer to the request before has no body.
    is_head: bool,
    stop: Arc<AtomicBool>,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, stop: Arc<AtomicBool>) -> io::Result<Self> {
        stream.set_read_timeout(Some(POLL))?;
        stream.set_write_timeout(Some(REQUEST_TIMEOUT))?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, ahead: Vec::new(), is_head: false, stop })
    }

    /// Reads the head of the next request; nothing when the connection has ended, or should.
    ///
    /// # Errors
    ///
    /// When it is none, or the connection broke.
    pub fn head(&mut self) -> io::Result<Option<Head>> {
        let began = Instant::now();
        loop {
            if let Some((head, length)) = parse(&self.ahead)? {
                self.ahead.drain(..length);
                self.is_head = head.method == "HEAD";
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

    /// Reads the body of a request; nothing when it is incomplete, or larger than `max` bytes. The connection
    /// is to be ended then, as what follows is no request.
    ///
    /// # Errors
    ///
    /// When the connection broke.
    pub fn body(&mut self, head: &Head, max: usize) -> io::Result<Option<Vec<u8>>> {
        let began = Instant::now();
        let length = head.length.unwrap_or(0);
        if length > max {
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

    /// Answers.
    ///
    /// # Errors
    ///
    /// When the connection broke.
    pub fn answer(&mut self, response: &Response) -> io::Result<()> {
        let sent = if self.is_head { 0 } else { response.body.len() };
        self.answer_cut(response, sent)
    }

    /// Answers with the first `sent` bytes of the body, whatever its length is said to be.
    ///
    /// # Errors
    ///
    /// When the connection broke.
    pub fn answer_cut(&mut self, response: &Response, sent: usize) -> io::Result<()> {
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
        // No client that we know of sends one.
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
        409 => "Conflict",
        411 => "Length Required",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Unknown",
    }
}
