//! Sends requests and receives answers: a trait, and HTTPS.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::http::HeaderValue;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Timeout};

use crate::answer::{Answer, Trouble};
use crate::folder::read_capped;
use crate::target::Target;
use crate::token::Token;
use crate::words::{shown, shown_path};

/// Sends one request and reads the whole answer.
///
/// [`HttpTransport`] does so over HTTPS. Programs and tests may have their own.
pub trait Transport: Sync {
    /// Posts a body once. The [`Uploader`](crate::Uploader) decides what is sent again, and when.
    ///
    /// # Errors
    ///
    /// When there is no whole answer.
    fn post(&self, body: &[u8]) -> Result<Answer, SendError>;

    /// A text from an answer, with the secrets that it may repeat masked.
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

/// Why there is no whole answer. It holds nothing of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// The request may have arrived or not.
    Unclear(Trouble),
    /// The service did not prove its identity. Nothing was sent to it.
    Certificate(CertificateFault),
}

/// What is wrong with the certificate of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFault {
    /// What is wrong, and what to do about it.
    pub why: String,
    /// Whether other [roots](HttpTransport::new) may help.
    pub is_issuer_unknown: bool,
}

impl From<String> for CertificateFault {
    /// A fault that other roots do not help with.
    fn from(why: String) -> Self {
        CertificateFault { why, is_issuer_unknown: false }
    }
}

impl SendError {
    /// Whether nothing may be sent after this error.
    pub(crate) fn halts(&self) -> bool {
        matches!(self, SendError::Certificate(_))
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SendError::Unclear(trouble) => trouble.fmt(f),
            SendError::Certificate(CertificateFault { why, .. }) => {
                write!(f, "the certificate is not valid: {why}")
            }
        }
    }
}

impl std::error::Error for SendError {}

/// Maximum size of an answer: the published ones have some hundred bytes.
const MAX_ANSWER_BYTES: u64 = 1024 * 1024;

/// Maximum size of a file of certificates.
const MAX_CA_BYTES: u64 = 4 * 1024 * 1024;

/// Maximum idle time of a connection: common servers close theirs after 5 s.
const MAX_IDLE: Duration = Duration::from_secs(4);

/// HTTPS by `ureq` and `rustls`: certificates are always verified, redirects never followed, and
/// the whole exchange has a deadline.
pub struct HttpTransport {
    agent: Agent,
    url: ureq::http::Uri,
    headers: Vec<(&'static str, String)>,
    authorization: HeaderValue,
    token: Token,
    trust: Trust,
}

/// Whose certificates are trusted.
#[derive(Clone, Debug)]
enum Trust {
    PublicRoots,
    /// The certificates in this file.
    File(PathBuf),
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").field("url", &self.url).finish_non_exhaustive()
    }
}

impl HttpTransport {
    /// A transport to a target. `timeout` is for a whole exchange, from connecting to the last byte of
    /// the answer. With `ca_file`, a PEM file, only the roots in it are trusted, and not those that
    /// Mozilla trusts.
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
            // Requests to this machine must not go through a proxy elsewhere.
            config = config.proxy(None);
        }
        // A token is visible ASCII, so it is a header value. The service refuses an empty one.
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", token.expose()))
            .unwrap_or(HeaderValue::from_static(""));
        authorization.set_sensitive(true);
        Ok(HttpTransport {
            agent: config.build().into(),
            url: target.uri().clone(),
            headers: target.headers(),
            authorization,
            token,
            trust: ca_file.map_or(Trust::PublicRoots, |path| Trust::File(path.to_owned())),
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
        let mut response = request.send(body).map_err(|error| send_error(&error, &self.trust))?;
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
        // The limit of the library is on what is sent, which may be compressed a thousandfold.
        let reader = response.body_mut().with_config().limit(MAX_ANSWER_BYTES).reader();
        let read = reader.take(MAX_ANSWER_BYTES + 1).read_to_end(&mut answer.body);
        let read = match read.map_err(ureq::Error::from) {
            Ok(_) if answer.body.len() as u64 > MAX_ANSWER_BYTES => {
                Err(SendError::Unclear(Trouble::TooLong))
            }
            Ok(_) => Ok(()),
            Err(error) => Err(send_error(&error, &self.trust)),
        };
        if let Err(error) = read {
            // An answer that is no success needs no body.
            answer.body.clear();
            if response.status().is_success() {
                return Err(error);
            }
        }
        Ok(answer)
    }

    fn masked(&self, text: &str) -> String {
        self.token.masked_in(text)
    }
}

fn send_error(error: &ureq::Error, trust: &Trust) -> SendError {
    use io::ErrorKind as Kind;
    SendError::Unclear(match error {
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => Trouble::NotConnected,
        ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => Trouble::NotConnected,
        ureq::Error::Timeout(_) => Trouble::TimedOut,
        ureq::Error::BodyExceedsLimit(_) | ureq::Error::LargeResponseHeader(..) => Trouble::TooLong,
        // The answer is no HTTP, or no gzip.
        ureq::Error::Decompress(..) | ureq::Error::Protocol(_) => Trouble::NotASuccess,
        ureq::Error::Rustls(error) => return tls_error(error, trust),
        ureq::Error::Tls(why) => return SendError::Certificate((*why).to_owned().into()),
        ureq::Error::Io(error) => {
            if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
                return tls_error(tls, trust);
            }
            // The standard library has no kind for a name that is not found.
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

fn tls_error(error: &rustls::Error, trust: &Trust) -> SendError {
    match error {
        rustls::Error::InvalidCertificate(why) => SendError::Certificate(CertificateFault {
            why: certificate_error(why, trust),
            is_issuer_unknown: *why == rustls::CertificateError::UnknownIssuer,
        }),
        rustls::Error::NoCertificatesPresented => {
            SendError::Certificate("there is none".to_owned().into())
        }
        _ => SendError::Unclear(Trouble::ConnectionLost),
    }
}

/// Maximum number of names of a certificate that are listed.
const MAX_NAMES: usize = 5;

/// What is wrong with a certificate, and what to do about it.
fn certificate_error(error: &rustls::CertificateError, trust: &Trust) -> String {
    use rustls::CertificateError as Error;
    let is_authority = |error: &rustls::OtherError| error.to_string() == "CaUsedAsEndEntity";
    match (error, trust) {
        (Error::Expired | Error::ExpiredContext { .. }, _) => {
            "it has expired; the service must renew it (or the clock of this machine is wrong)"
                .to_owned()
        }
        (Error::NotValidYet | Error::NotValidYetContext { .. }, _) => {
            "it is not valid yet; is the clock of this machine right?".to_owned()
        }
        (Error::NotValidForNameContext { expected, presented }, _) if !presented.is_empty() => {
            let names: Vec<String> =
                presented.iter().take(MAX_NAMES).map(|name| named(name)).collect();
            let more = if presented.len() > MAX_NAMES { " and more" } else { "" };
            let expected = expected.to_str();
            format!(
                "it is for another host: for {}{more}, and not for {expected}; is the URL right?",
                names.join(", ")
            )
        }
        (Error::NotValidForName | Error::NotValidForNameContext { .. }, _) => {
            "it is for another host; is the URL right?".to_owned()
        }
        (Error::UnknownIssuer, Trust::PublicRoots) => {
            "nobody who is trusted has issued it; if the \
            service has a private root, name its PEM file"
                .to_owned()
        }
        (Error::UnknownIssuer, Trust::File(path)) => format!(
            "no certificate in {} has issued it, and no other is trusted; name the file of the root \
             that did, or none for the public ones",
            shown_path(path)
        ),
        (Error::Other(other), _) if is_authority(other) => {
            "it is that of a certificate authority, \
            which no server may use as its own, even where it is trusted (openssl req -x509 makes such \
            ones); give the server one with basicConstraints CA:FALSE"
                .to_owned()
        }
        (Error::Revoked, _) => "it was revoked; the service must replace it".to_owned(),
        (other, _) => shown(&other.to_string()),
    }
}

/// The host in a name of a certificate such as `DnsName("api.example.com")`.
fn named(presented: &str) -> String {
    let inner = presented.split_once("(\"").and_then(|(_, rest)| rest.strip_suffix("\")"));
    shown(inner.unwrap_or(presented)).chars().take(MAX_NAME_CHARACTERS).collect()
}

/// Maximum length of a name, as in DNS. A longer one is cut.
const MAX_NAME_CHARACTERS: usize = 253;

fn roots_in(path: &Path) -> Result<RootCerts, CaFileError> {
    let error = |why: String| CaFileError { path: path.to_owned(), why };
    let pem = read_capped(path, MAX_CA_BYTES).map_err(|cause| error(cause.to_string()))?;
    let mut roots = Vec::new();
    let mut has_key = false;
    for item in parse_pem(&pem) {
        match item {
            Ok(PemItem::Certificate(root)) => roots.push(root),
            Ok(_) => has_key = true,
            Err(_) => {
                let why = "what begins like PEM in it is damaged: a line BEGIN without its END, or \
                           other text than base64 between them";
                return Err(error(why.to_owned()));
            }
        }
    }
    // A certificate that cannot be a root would be ignored, and then none would be trusted.
    let mut store = rustls::RootCertStore::empty();
    for (root, number) in roots.iter().zip(1..) {
        if store.add(root.der().to_vec().into()).is_err() {
            return Err(error(format!("certificate {number} in it is damaged")));
        }
    }
    if roots.is_empty() {
        return Err(error(no_certificate(&pem, has_key).to_owned()));
    }
    Ok(RootCerts::new_with_certs(&roots))
}

/// Why there is no certificate in a file, and what to do.
fn no_certificate(pem: &[u8], has_key: bool) -> &'static str {
    if pem.iter().all(u8::is_ascii_whitespace) {
        return "the file is empty; name a PEM file with the root certificate of the service";
    }
    if has_key {
        return "there is a key in it and no certificate; name the file of the root certificate, \
                and keep the key where it is";
    }
    // The beginning of a DER structure with a length of two bytes, as certificates have.
    if pem.starts_with(&[0x30, 0x82]) {
        return "this is DER, and PEM is expected; openssl x509 -inform der -in FILE converts it";
    }
    "there is no certificate in it; PEM is expected, which has a line -----BEGIN CERTIFICATE-----"
}

/// A file of root certificates that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaFileError {
    path: PathBuf,
    why: String,
}

impl fmt::Display for CaFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", shown_path(&self.path), self.why)
    }
}

impl std::error::Error for CaFileError {}
