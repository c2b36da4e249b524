//! Commands that serve a page or an API until they are ended, and as much of HTTP as asking them needs.

use std::io::{self, BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

/// A command that goes on until it is ended, and the first address that it prints.
pub(crate) struct Served {
    pub(crate) child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    pub(crate) url: String,
}

impl Served {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut addresses = lines.by_ref().map(|line| line.unwrap());
        let line = addresses.find(|line| line.contains("http://")).unwrap();
        let url = line[line.find("http://").unwrap()..].trim().to_owned();
        Served { child, lines, url }
    }

    pub(crate) fn host(&self) -> &str {
        let rest = self.url.strip_prefix("http://").unwrap();
        rest.split('/').next().unwrap()
    }

    /// The answer to a request with these lines in its head.
    pub(crate) fn asked(&self, first: &str, head: &str, body: &str) -> String {
        self.try_asked(first, head, body).unwrap()
    }

    /// The same, of a command that may have ended.
    pub(crate) fn try_asked(&self, first: &str, head: &str, body: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(self.host())?;
        let length = body.len();
        let ends = format!("Connection: close\r\nContent-Length: {length}\r\n");
        write!(stream, "{first} HTTP/1.1\r\n{head}{ends}\r\n{body}")?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    /// Ends it, and returns what it has printed since its address.
    pub(crate) fn ended(mut self) -> String {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let mut said: String = self.lines.by_ref().map(Result::unwrap).collect();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        self.child.wait().unwrap();
        said
    }
}

/// A test that fails must not leave it behind.
impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The head and the body of a request.
pub(crate) fn request(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let mut lines = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    let _ = lines.read_exact(&mut body);
    (head, body)
}
