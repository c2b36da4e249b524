//! Where import arrays are sent: a published service, or a base URL that the user gives.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::str::FromStr;

use contactmill_wire::limits::REQUESTS_PER_MINUTE;
use ureq::http::Uri;
use ureq::http::uri::Scheme;

/// The path of the import API below every base URL.
const PATH: &str = "/inbox/users/import";

/// Requests a minute, unless another rate is given.
const DEFAULT_RATE: NonZeroU32 =
    NonZeroU32::new(REQUESTS_PER_MINUTE).expect("the rate is not zero");

/// A service whose import API is published: the table of `docs/upload.md`. To add one, add its variant here,
/// what it has published, and its row to that table and to the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Service {
    /// BotPenguin, v7.
    BotPenguin,
    /// BotPenguin's white label. Its host has a hyphen after `api`.
    BotPenguinPartner,
    /// m1bot. Its host has a dot after `api`.
    M1bot,
    /// Reekolect, at the same host as m1bot. The origin distinguishes them.
    Reekolect,
}

impl Service {
    /// All services.
    pub const ALL: &[Service] =
        &[Service::BotPenguin, Service::BotPenguinPartner, Service::M1bot, Service::Reekolect];

    /// The names of all services, with commas between.
    ///
    /// ```
    /// assert!(contactmill_upload::Service::names().starts_with("botpenguin, "));
    /// ```
    #[must_use]
    pub fn names() -> String {
        Service::ALL.iter().map(|service| service.name()).collect::<Vec<_>>().join(", ")
    }

    /// Its name, by which it is chosen.
    ///
    /// ```
    /// use contactmill_upload::Service;
    ///
    /// assert_eq!(Service::BotPenguinPartner.name(), "botpenguin-partner");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.published().name
    }

    const fn published(self) -> Published {
        match self {
            Service::BotPenguin => Published {
                name: "botpenguin",
                base_url: "https://api.v7.botpenguin.com",
                origin: None,
            },
            Service::BotPenguinPartner => Published {
                name: "botpenguin-partner",
                base_url: "https://api-v7.express-chat.com",
                origin: Some("https://app.eleapis.com"),
            },
            Service::M1bot => Published {
                name: "m1bot",
                base_url: "https://api.v7.express-chat.com",
                origin: Some("https://m1bot.mark1.ai"),
            },
            Service::Reekolect => Published {
                name: "reekolect",
                base_url: "https://api.v7.express-chat.com",
                origin: Some("https://app.reekolect.ai"),
            },
        }
    }
}

/// What a service has published.
struct Published {
    name: &'static str,
    base_url: &'static str,
    /// The origin of its examples.
    origin: Option<&'static str>,
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Service {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let found = Service::ALL.iter().find(|service| service.name() == text);
        found.copied().ok_or_else(|| TargetError::UnknownService { name: text.to_owned() })
    }
}

/// Where import arrays are sent, and the headers of each request, without the token.
///
/// ```
/// use contactmill_upload::{Service, Target};
///
/// let target = Target::service(Service::M1bot);
/// assert_eq!(target.url(), "https://api.v7.express-chat.com/inbox/users/import");
/// assert_eq!(target.rate().get(), 100);
///
/// let sandbox = Target::at("http://127.0.0.1:8642")?;
/// assert_eq!(sandbox.url(), "http://127.0.0.1:8642/inbox/users/import");
/// assert!(Target::at("http://api.example.com").is_err(), "no token without TLS over a network");
/// # Ok::<(), contactmill_upload::TargetError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    name: String,
    url: Uri,
    origin: Option<Origin>,
    bot_id: Option<BotId>,
    rate: NonZeroU32,
}

/// The page that a browser would name: as `Origin`, and with a slash added as `Referer`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Origin(String);

/// The id of a bot, which some clients send as a header and in the query.
#[derive(Clone, Debug, PartialEq, Eq)]
struct BotId(String);

impl Target {
    /// A published service.
    #[must_use]
    pub fn service(service: Service) -> Self {
        let Published { name, base_url, origin } = service.published();
        Target {
            name: name.to_owned(),
            url: endpoint(base_url, None).expect("every service has a test"),
            origin: origin.map(|origin| Origin(origin.to_owned())),
            bot_id: None,
            rate: DEFAULT_RATE,
        }
    }

    /// Any other service, by its base URL. A URL that already ends with the path of the API is taken as
    /// it is.
    ///
    /// # Errors
    ///
    /// When it is no URL, is neither `https` nor `http` to this machine, or holds a user name, a query or
    /// a fragment.
    pub fn at(base_url: &str) -> Result<Self, TargetError> {
        Ok(Target {
            name: "custom".to_owned(),
            url: endpoint(base_url, None)?,
            origin: None,
            bot_id: None,
            rate: DEFAULT_RATE,
        })
    }

    /// Names another origin, such as `https://app.example.com`, also as `Referer`.
    ///
    /// # Errors
    ///
    /// When it is no `https` or `http` origin.
    pub fn with_origin(mut self, origin: &str) -> Result<Self, TargetError> {
        let wrong = || TargetError::Origin { text: origin.to_owned() };
        let plain = origin.trim_end_matches('/');
        let uri: Uri = plain.parse().map_err(|_| wrong())?;
        let is_web = matches!(uri.scheme_str(), Some("https" | "http"));
        if !is_web
            || !plain.is_ascii()
            || uri.path() != "/"
            || uri.query().is_some()
            || plain.contains('@')
        {
            return Err(wrong());
        }
        self.origin = Some(Origin(plain.to_owned()));
        Ok(self)
    }

    /// Sends a bot id with every request: as the header `botId`, and in the query.
    ///
    /// # Errors
    ///
    /// When it has characters other than letters, digits, `-`, `_` and `.`.
    pub fn with_bot_id(mut self, bot_id: &str) -> Result<Self, TargetError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if bot_id.is_empty() || bot_id.len() > 128 || !bot_id.bytes().all(is_plain) {
            return Err(TargetError::BotId);
        }
        self.url = endpoint(&self.url_without_query(), Some(bot_id))?;
        self.bot_id = Some(BotId(bot_id.to_owned()));
        Ok(self)
    }

    /// Sets the maximum number of requests a minute, which is 100 by default.
    #[must_use]
    pub fn with_rate(mut self, rate: NonZeroU32) -> Self {
        self.rate = rate;
        self
    }

    /// The name of the service, or `custom`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The URL that arrays are posted to.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.to_string()
    }

    /// Maximum number of requests a minute.
    #[must_use]
    pub fn rate(&self) -> NonZeroU32 {
        self.rate
    }

    /// The headers of every request without `Authorization`, in the order in which they are sent.
    #[must_use]
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            ("authtype", "Key".to_owned()),
            ("Content-Type", "application/json".to_owned()),
            ("Accept", "*/*".to_owned()),
            ("Accept-Encoding", "gzip".to_owned()),
            ("User-Agent", concat!("contactmill/", env!("CARGO_PKG_VERSION")).to_owned()),
        ];
        if let Some(Origin(origin)) = &self.origin {
            headers.push(("Origin", origin.clone()));
            headers.push(("Referer", format!("{origin}/")));
        }
        if let Some(BotId(bot_id)) = &self.bot_id {
            headers.push(("botId", bot_id.clone()));
        }
        headers
    }

    pub(crate) fn uri(&self) -> &Uri {
        &self.url
    }

    /// Whether requests never leave this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        self.url.host().is_some_and(is_loopback)
    }

    fn url_without_query(&self) -> String {
        let url = self.url.to_string();
        url.split('?').next().unwrap_or_default().to_owned()
    }
}

/// The URL of the import API below a base URL.
fn endpoint(base_url: &str, bot_id: Option<&str>) -> Result<Uri, TargetError> {
    let invalid = || TargetError::Url { text: without_user(base_url) };
    // A URL is ASCII. Other characters could reverse the text around them on a terminal.
    if !base_url.is_ascii() {
        return Err(invalid());
    }
    let uri: Uri = base_url.parse().map_err(|_| invalid())?;
    let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
        return Err(invalid());
    };
    if authority.as_str().contains('@') || uri.query().is_some() || base_url.contains('#') {
        return Err(TargetError::MoreThanABase { text: without_user(base_url) });
    }
    let is_https = *scheme == Scheme::HTTPS;
    let is_local = *scheme == Scheme::HTTP && is_loopback(authority.host());
    if !is_https && !is_local {
        return Err(TargetError::NotHttps { text: base_url.to_owned() });
    }
    let base = uri.path().trim_end_matches('/');
    let path = if base.ends_with(PATH) { base.to_owned() } else { format!("{base}{PATH}") };
    let query = bot_id.map_or(String::new(), |bot_id| format!("?botId={bot_id}"));
    format!("{scheme}://{authority}{path}{query}").parse().map_err(|_| invalid())
}

/// A URL that is safe to show: what comes before an `@` may be a password, and a query may hold a token.
fn without_user(url: &str) -> String {
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    let (url, query) = match url.split_once(['?', '#']) {
        Some((url, _)) => (url, "?…"),
        None => (url, ""),
    };
    match url.rsplit_once('@') {
        Some((_, rest)) => format!("{scheme}://…@{rest}{query}"),
        None => format!("{url}{query}"),
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A target that cannot be sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TargetError {
    /// No service has this name.
    UnknownService {
        /// The name.
        name: String,
    },
    /// The text is no absolute URL.
    Url {
        /// What was given.
        text: String,
    },
    /// The URL holds a user name, a query or a fragment.
    MoreThanABase {
        /// What was given.
        text: String,
    },
    /// Contacts and token would be sent without encryption.
    NotHttps {
        /// What was given.
        text: String,
    },
    /// The text is no origin.
    Origin {
        /// What was given.
        text: String,
    },
    /// The text has characters that a bot id cannot have.
    BotId,
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TargetError::UnknownService { name } => {
                write!(f, "there is no target {name:?}; the targets are {}", Service::names())
            }
            TargetError::Url { text } => {
                write!(f, "{text:?} is no base URL such as https://api.example.com")
            }
            TargetError::MoreThanABase { text } => write!(
                f,
                "{text:?} is more than a base URL: no user name, query or fragment belongs there"
            ),
            TargetError::NotHttps { text } => write!(
                f,
                "{text:?} is not https: the token and the contacts would be sent without encryption \
                 (http is for this machine alone)"
            ),
            TargetError::Origin { text } => {
                write!(f, "{text:?} is no origin such as https://app.example.com")
            }
            TargetError::BotId => {
                f.write_str("a bot id has only letters, digits, -, _ and ., at most 128 characters")
            }
        }
    }
}

impl std::error::Error for TargetError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of `docs/upload.md`: name, URL, origin, referer.
    const SERVICES: &[(&str, &str, &str, &str)] = &[
        ("botpenguin", "https://api.v7.botpenguin.com/inbox/users/import", "", ""),
        (
            "botpenguin-partner",
            "https://api-v7.express-chat.com/inbox/users/import",
            "https://app.eleapis.com",
            "https://app.eleapis.com/",
        ),
        (
            "m1bot",
            "https://api.v7.express-chat.com/inbox/users/import",
            "https://m1bot.mark1.ai",
            "https://m1bot.mark1.ai/",
        ),
        (
            "reekolect",
            "https://api.v7.express-chat.com/inbox/users/import",
            "https://app.reekolect.ai",
            "https://app.reekolect.ai/",
        ),
    ];

    fn header(target: &Target, name: &str) -> String {
        let headers = target.headers();
        let found = headers.into_iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| value).unwrap_or_default()
    }

    #[test]
    fn every_published_service_has_its_url_and_headers() {
        assert_eq!(SERVICES.len(), Service::ALL.len());
        for (name, url, origin, referer) in SERVICES {
            let target = Target::service(name.parse().unwrap());
            assert_eq!((target.name(), target.url().as_str()), (*name, *url));
            assert_eq!(header(&target, "Origin"), *origin, "{name}");
            assert_eq!(header(&target, "Referer"), *referer, "{name}");
            assert_eq!(header(&target, "authtype"), "Key", "{name}");
            assert_eq!(header(&target, "Content-Type"), "application/json", "{name}");
            assert_eq!(header(&target, "Accept"), "*/*", "{name}");
            assert!(header(&target, "User-Agent").starts_with("contactmill/"), "{name}");
            assert_eq!(target.rate().get(), 100, "{name}");
            assert!(!target.is_loopback(), "{name}");
        }
    }

    #[test]
    fn a_custom_service_has_the_users_url_origin_and_bot() {
        let target = Target::at("https://api.example.com/v7/").unwrap();
        let target = target.with_origin("https://app.example.com/").unwrap();
        let target = target.with_bot_id("bot-1").unwrap();
        assert_eq!(target.url(), "https://api.example.com/v7/inbox/users/import?botId=bot-1");
        assert_eq!(header(&target, "Origin"), "https://app.example.com");
        assert_eq!(header(&target, "Referer"), "https://app.example.com/");
        assert_eq!(header(&target, "botId"), "bot-1");
        let whole = Target::at("https://api.example.com/inbox/users/import").unwrap();
        assert_eq!(whole.url(), "https://api.example.com/inbox/users/import");
    }

    #[test]
    fn only_this_machine_is_reached_without_tls() {
        for url in ["http://127.0.0.1:80", "http://127.8.9.1", "http://[::1]:8", "http://localhost"]
        {
            assert!(Target::at(url).unwrap().is_loopback(), "{url}");
        }
        for url in [
            "http://api.example.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "http://128.0.0.1",
            "ftp://127.0.0.1",
        ] {
            assert!(matches!(Target::at(url), Err(TargetError::NotHttps { .. })), "{url}");
        }
    }

    #[test]
    fn a_url_with_more_than_a_base_is_refused_and_its_password_not_shown() {
        for url in ["https://me:hidden@api.example.com", "http://127.0.0.1:hidden@api.example.com"]
        {
            let error = Target::at(url).unwrap_err();
            assert!(!error.to_string().contains("hidden"), "{error}");
        }
        assert!(Target::at("https://api.example.com/?token=1").is_err());
        assert!(Target::at("api.example.com").is_err());
        assert!(Target::at("").is_err());
    }

    #[test]
    fn a_url_with_control_characters_is_refused_and_shown_escaped() {
        for text in ["\u{202e}", "\u{1b}[2J", "\u{9b}2J", "é", "\u{7f}"] {
            let url = format!("https://api.example.com/{text}");
            let shown = Target::at(&url).unwrap_err().to_string();
            assert!(shown.contains("https://api.example.com/"), "{shown}");
            assert!(!shown.contains(crate::words::is_hidden), "{shown:?}");
            let target = Target::at("https://api.example.com").unwrap();
            let shown = target.with_origin(&format!("https://a{text}.test")).unwrap_err();
            assert!(!shown.to_string().contains(crate::words::is_hidden), "{shown:?}");
        }
    }

    #[test]
    fn a_value_that_could_leave_its_header_is_refused() {
        let target = || Target::at("https://api.example.com").unwrap();
        for bot_id in ["", "a b", "a\r\nX: y", "a&b=c", "é"] {
            assert!(target().with_bot_id(bot_id).is_err(), "{bot_id:?}");
        }
        for origin in ["", "example.com", "https://a.example/path", "https://a\r\nX: y", "file://x"]
        {
            assert!(target().with_origin(origin).is_err(), "{origin:?}");
        }
    }
}
