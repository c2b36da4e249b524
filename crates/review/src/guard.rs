//! Which requests are answered. A page of a stranger, open in the same browser, must get nothing and
//! change nothing, and nobody else on this machine either.
//!
//! * The `Host` must be this server's own address: a name that a stranger points at 127.0.0.1 (DNS
//!   rebinding) is refused.
//! * `Origin` and `Sec-Fetch-Site`, where a browser sends them, must say that it is our own page.
//! * Whatever is read or changed needs a token, which is in the fragment of the address that the person
//!   was given. A browser sends no fragment, so it is in no log and in no `Referer`; the page sends it in
//!   a header that no form and no link can have.
//! * What changes something is JSON, which no form can send, and small.

use std::fmt::Write;

use contactmill_loopback::Head;
use ring::rand::{SecureRandom, SystemRandom};

/// The header of the token.
pub(crate) const TOKEN_HEADER: &str = "x-contactmill-token";

/// Maximum size of what a request sends, in bytes.
pub(crate) const MAX_BODY_BYTES: usize = 64 * 1024;

/// What a page may do: nothing but what is ours.
pub(crate) const HEADERS: [(&str, &str); 5] = [
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
];

/// Why a request is not answered: the status, and a word for whoever looks.
pub(crate) type Refusal = (u16, &'static str);

/// Who is let in.
pub(crate) struct Guard {
    hosts: [String; 2],
    token: String,
}

impl Guard {
    /// A guard of this port with a new token.
    ///
    /// # Errors
    ///
    /// When the system gives no random numbers.
    pub(crate) fn new(port: u16) -> std::io::Result<Self> {
        let mut bytes = [0; 32];
        let drawn = SystemRandom::new().fill(&mut bytes);
        drawn.map_err(|_| std::io::Error::other("the system gives no random numbers"))?;
        let mut token = String::with_capacity(64);
        for byte in bytes {
            let _ = write!(token, "{byte:02x}");
        }
        Ok(Guard { hosts: [format!("127.0.0.1:{port}"), format!("localhost:{port}")], token })
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Whether the request may be looked at.
    pub(crate) fn check(&self, request: &Head) -> Result<(), Refusal> {
        let is_ours = |host: &str| self.hosts.iter().any(|known| known == host);
        if !header(request, "host").is_some_and(is_ours) {
            return Err((403, "this is not the address of the page"));
        }
        let origin = header(request, "origin").map(|origin| origin.strip_prefix("http://"));
        if origin.is_some_and(|origin| !origin.is_some_and(is_ours)) {
            return Err((403, "another page asks"));
        }
        let is_api = request.path.starts_with("/api/");
        let from = header(request, "sec-fetch-site").unwrap_or("same-origin");
        if from != "same-origin" && (is_api || from != "none") {
            return Err((403, "another page asks"));
        }
        if !is_api {
            return match request.method.as_str() {
                "GET" | "HEAD" => Ok(()),
                _ => Err((405, "there is nothing to be sent here")),
            };
        }
        let token = header(request, TOKEN_HEADER).unwrap_or_default();
        if !is_same(token.as_bytes(), self.token.as_bytes()) {
            return Err((401, "the token is missing or wrong; open the whole address once more"));
        }
        if request.method == "POST" {
            check_body(request)?;
        }
        Ok(())
    }
}

/// Whether it is JSON of a size that is read.
fn check_body(request: &Head) -> Result<(), Refusal> {
    if header(request, "content-type") != Some("application/json") {
        return Err((415, "only application/json is taken"));
    }
    match request.length {
        Some(length) if length <= MAX_BODY_BYTES => Ok(()),
        Some(_) => Err((413, "over 64 KiB")),
        None => Err((411, "its length is missing")),
    }
}

/// Compares all bytes, however early they differ.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).fold(0, |differ, (one, other)| differ | (one ^ other)) == 0
}

/// The value of a header that stands there once.
fn header<'r>(request: &'r Head, name: &'static str) -> Option<&'r str> {
    let mut found = request.headers(name);
    let first = found.next()?;
    // Which of two would count is nobody's business.
    Some(if found.next().is_some() { "" } else { first })
}
