//! Requests and answers.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use contactmill_loopback::{Connection, Head, Response, Server, listen};
use serde_json::{Value, json};

use crate::guard::{Guard, HEADERS, MAX_BODY_BYTES};
use crate::session::{Refused, Session};

/// The files of the page.
const FILES: [(&str, &str, &str); 4] = [
    ("/", "text/html; charset=utf-8", include_str!("../page/index.html")),
    ("/app.js", "text/javascript; charset=utf-8", include_str!("../page/app.js")),
    ("/style.css", "text/css; charset=utf-8", include_str!("../page/style.css")),
    (
        "/vendor/htm-preact.js",
        "text/javascript; charset=utf-8",
        include_str!("../page/vendor/htm-preact.js"),
    ),
];

/// After this time without a request, nobody is there any more.
const IDLE: Duration = Duration::from_secs(3600);

/// Maximum size of what is read of a request that is refused, so that its client gets to read why.
const MAX_REFUSED_BYTES: usize = 1 << 20;

/// The server of one page. It ends when it is dropped.
pub(crate) struct PageServer {
    server: Server,
    page: Arc<Page>,
}

impl PageServer {
    pub(crate) fn start(port: u16, session: Arc<Session>) -> io::Result<Self> {
        let listener = listen(port)?;
        let guard = Guard::new(listener.local_addr()?.port())?;
        let page = Arc::new(Page { guard, session, last: Mutex::new(Instant::now()) });
        let served = Arc::clone(&page);
        let serve = move |connection: &mut Connection| served.serve(connection);
        Ok(PageServer { server: Server::start(listener, "review", serve)?, page })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/#{}", self.server.address(), self.page.guard.token())
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.page.last().elapsed() > IDLE
    }
}

/// What requests are answered with.
struct Page {
    guard: Guard,
    session: Arc<Session>,
    last: Mutex<Instant>,
}

impl Page {
    fn last(&self) -> MutexGuard<'_, Instant> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers the requests of a connection until it ends.
    fn serve(&self, connection: &mut Connection) -> io::Result<()> {
        while let Some(head) = connection.head()? {
            let checked = self.guard.check(&head);
            let max = if checked.is_ok() { MAX_BODY_BYTES } else { MAX_REFUSED_BYTES };
            let body = connection.body(&head, max)?;
            let response = match checked {
                Err((status, word)) => text(status, "text/plain; charset=utf-8", word.to_owned()),
                Ok(()) => self.answer(&head, body.as_deref().unwrap_or_default()),
            };
            connection.answer(&response)?;
            if body.is_none() || head.wants_close() {
                break;
            }
        }
        Ok(())
    }

    fn answer(&self, head: &Head, body: &[u8]) -> Response {
        *self.last() = Instant::now();
        let path = head.path.split('?').next().unwrap_or_default();
        match FILES.iter().find(|(name, ..)| *name == path) {
            Some((_, kind, file)) => text(200, kind, (*file).to_owned()),
            None => answered(self.api(path, head, body)),
        }
    }

    fn api(&self, path: &str, head: &Head, body: &[u8]) -> Result<Value, Refused> {
        let session = &self.session;
        let asked = || -> Result<Value, Refused> {
            serde_json::from_slice(body).map_err(|_| Refused(400, "this is not JSON".to_owned()))
        };
        match (head.method.as_str(), path) {
            ("GET", "/api/state") => Ok(session.state()),
            ("GET", "/api/rows") => {
                let query = |name| query(&head.path, name);
                session.rows(
                    query("reason").unwrap_or_default(),
                    query("from").and_then(|from| from.parse().ok()).unwrap_or(0),
                )
            }
            ("POST", "/api/map") => session.map(&asked()?),
            ("POST", "/api/read") => session.read(&asked()?),
            ("POST", "/api/fix") => session.fix(&asked()?),
            ("POST", "/api/duplicate") => session.resolve(&asked()?),
            ("POST", "/api/export") => session.export(&asked()?),
            _ => Err(Refused(404, "there is nothing here".to_owned())),
        }
    }
}

/// A value of a query; reasons and numbers need no decoding.
fn query<'q>(url: &'q str, name: &str) -> Option<&'q str> {
    let pairs = url.split_once('?')?.1.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next()
}

fn answered(answer: Result<Value, Refused>) -> Response {
    let (status, value) = match answer {
        Ok(value) => (200, value),
        Err(Refused(status, message)) => (status, json!({ "error": message })),
    };
    text(status, "application/json", value.to_string())
}

fn text(status: u16, kind: &'static str, text: String) -> Response {
    let headers = HEADERS.map(|(name, value)| (name, value.to_owned())).to_vec();
    Response { headers, ..Response::new(status, kind, text) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::Setup;

    #[test]
    fn a_page_that_nobody_asks_for_is_idle_after_an_hour() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("leads.csv");
        std::fs::write(&input, "Name,Phone\nAsha,+919876543210\n").unwrap();
        let session = Arc::new(Session::open(Setup::new([input])).unwrap());
        let server = PageServer::start(0, session).unwrap();
        assert!(!server.is_idle());
        // A machine that was started just now has no such moment.
        if let Some(moment) = Instant::now().checked_sub(IDLE + Duration::from_secs(1)) {
            *server.page.last() = moment;
            assert!(server.is_idle());
        }
    }

    #[test]
    fn a_query_has_the_value_of_its_name() {
        let url = "/api/rows?reason=phone_too_short&from=50";
        assert_eq!(query(url, "reason"), Some("phone_too_short"));
        assert_eq!(query(url, "from"), Some("50"));
        assert_eq!(query("/api/rows", "from"), None);
    }
}
