//! How a body gets to the service and an answer back: a trait, and HTTPS.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::http::HeaderValue;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Timeout};

use crate::answer::{Answer, Trouble};
use crate::folder::read_capped;
use crate::target::Target;
use crate::token::Token;

/// Sends one request and reads the whole answer.
///
/// [`HttpTransport`] does so over HTTPS. Programs and tests may bring their own.
pub trait Transport: Sync {
    /// Posts a body, once: what is sent again, and when, is for the [`Uploader`](crate::Uploader).
    ///
    /// # Errors
    ///
    /// When there is no whole answer.
    fn post(&self, body: &[u8]) -> Result<Answer, SendError>;

    /// Text from an answer without the secrets that it may repeat.
    fn masked(&self, text: &str) -> String {
        text.to_owned()
    }
}

impl<T: Transport + ?Sized> Transport for &T {
    fn post(&self, body: &[u8]) -> Result<Answer, SendError> {
        (**self).post(body)
    }

    fn masked(&self, text: &str) -> String {
        (**self).masked(text)
    }
}

/// Why there is no whole answer. It holds nothing of what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// What was sent may have arrived or not.
    Unclear(Trouble),
    /// The service did not prove that it is who it should be; nothing was sent to it.
    Certificate(String),
}

impl SendError {
    /// Whether nothing may be sent after this.
    pub(crate) fn halts(&self) -> bool {
        matches!(self, SendError::Certificate(_))
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SendError::Unclear(trouble) => trouble.fmt(f),
            SendError::Certificate(why) => write!(f, "the certificate is not valid: {why}"),
        }
    }
}

impl std::error::Error for SendError {}

/// The largest answer that is read; the published ones have some hundred bytes.
const MAX_ANSWER_BYTES: u64 = 1024 * 1024;

/// The largest file of certificates.
const MAX_CA_BYTES: u64 = 4 * 1024 * 1024;

/// Common servers close idle connections after 5 s.
const MAX_IDLE: Duration = Duration::from_secs(4);

/// HTTPS by `ureq` and `rustls`: certificates are always verified, redirects never followed, and
/// the whole exchange has a deadline.
pub struct HttpTransport {
    agent: Agent,
    url: ureq::http::Uri,
    headers: Vec<(&'static str, String)>,
    authorization: HeaderValue,
    token: Token,
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").field("url", &self.url).finish_non_exhaustive()
    }
}

impl HttpTransport {
    /// A transport to a target. `timeout` is for a whole exchange: connecting, sending, and the
    /// last byte of the answer. With `ca_file`, a PEM file, only the roots in it are trusted instead
    /// of those that Mozilla trusts.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or holds no certificate.
    pub fn new(
        target: &Target,
        token: Token,
        timeout: Duration,
        ca_file: Option<&Path>,
    ) -> Result<Self, CaFileError> {
        let roots = ca_file.map_or(Ok(RootCerts::WebPki), roots_in)?;
        let mut config = Agent::config_builder()
            .https_only(!target.is_loopback())
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_age(MAX_IDLE)
            .timeout_global(Some(timeout))
            .tls_config(TlsConfig::builder().root_certs(roots).build());
        if target.is_loopback() {
            // What stays on this machine must not go through somebody else's.
            config = config.proxy(None);
        }
        // A token is visible ASCII, which every header value may be; an empty one is refused.
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", token.expose()))
            .unwrap_or(HeaderValue::from_static(""));
        authorization.set_sensitive(true);
        Ok(HttpTransport {
            agent: config.build().into(),
            url: target.uri().clone(),
            headers: target.headers(),
            authorization,
            token,
        })
    }
}

impl Transport for HttpTransport {
    fn post(&self, body: &[u8]) -> Result<Answer, SendError> {
        let mut request = self.agent.post(&self.url);
        request = request.header("Authorization", &self.authorization);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let mut response = request.send(body).map_err(|error| send_error(&error))?;
        let header = |name: &str| {
            let value = response.headers().get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        let mut answer = Answer {
            status: response.status().as_u16(),
            retry_after: header("retry-after"),
            date: header("date"),
            location: header("location"),
            body: Vec::new(),
        };
        match response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec() {
            Ok(body) => answer.body = body,
            // What is no success says enough by its status.
            Err(_) if !response.status().is_success() => {}
            Err(error) => return Err(send_error(&error)),
        }
        Ok(answer)
    }

    fn masked(&self, text: &str) -> String {
        self.token.masked_in(text)
    }
}

fn send_error(error: &ureq::Error) -> SendError {
    use io::ErrorKind as Kind;
    SendError::Unclear(match error {
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => Trouble::NotConnected,
        ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => Trouble::NotConnected,
        ureq::Error::Timeout(_) => Trouble::TimedOut,
        ureq::Error::BodyExceedsLimit(_) | ureq::Error::LargeResponseHeader(..) => Trouble::TooLong,
        // What is no HTTP, or no gzip.
        ureq::Error::Decompress(..) | ureq::Error::Protocol(_) => Trouble::NotASuccess,
        ureq::Error::Rustls(error) => return tls_error(error),
        ureq::Error::Tls(why) => return SendError::Certificate((*why).to_owned()),
        ureq::Error::Io(error) => {
            if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
                return tls_error(tls);
            }
            // The standard library gives a name that is not found no kind of its own.
            if error.to_string().starts_with("failed to lookup address") {
                return SendError::Unclear(Trouble::NotConnected);
            }
            match error.kind() {
                Kind::ConnectionRefused
                | Kind::NetworkUnreachable
                | Kind::HostUnreachable
                | Kind::NetworkDown
                | Kind::AddrNotAvailable => Trouble::NotConnected,
                Kind::TimedOut | Kind::WouldBlock => Trouble::TimedOut,
                _ => Trouble::ConnectionLost,
            }
        }
        _ => Trouble::ConnectionLost,
    })
}

fn tls_error(error: &rustls::Error) -> SendError {
    match error {
        rustls::Error::InvalidCertificate(why) => SendError::Certificate(certificate_error(why)),
        rustls::Error::NoCertificatesPresented => SendError::Certificate("there is none".into()),
        _ => SendError::Unclear(Trouble::ConnectionLost),
    }
}

fn certificate_error(error: &rustls::CertificateError) -> String {
    use rustls::CertificateError as Error;
    match error {
        Error::Expired | Error::ExpiredContext { .. } => "it has expired".to_owned(),
        Error::NotValidYet | Error::NotValidYetContext { .. } => "it is not valid yet".to_owned(),
        Error::NotValidForName | Error::NotValidForNameContext { .. } => {
            "it is for another host".to_owned()
        }
        Error::UnknownIssuer => {
            "nobody who is trusted has issued it (a private root is named with --ca-file)"
                .to_owned()
        }
        Error::Revoked => "it was revoked".to_owned(),
        other => other.to_string(),
    }
}

fn roots_in(path: &Path) -> Result<RootCerts, CaFileError> {
    let error = |why: String| CaFileError { path: path.to_owned(), why };
    let pem = read_capped(path, MAX_CA_BYTES).map_err(|cause| error(cause.to_string()))?;
    let mut roots = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(root) = item.map_err(|cause| error(cause.to_string()))? {
            roots.push(root);
        }
    }
    if roots.is_empty() {
        return Err(error("there is no certificate in it (PEM is expected)".to_owned()));
    }
    Ok(RootCerts::new_with_certs(&roots))
}

/// A file of root certificates that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaFileError {
    path: PathBuf,
    why: String,
}

impl fmt::Display for CaFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.why)
    }
}

impl std::error::Error for CaFileError {}
