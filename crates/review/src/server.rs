//! Requests and answers.

use std::io::{self, Read};
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tiny_http::{Header, Method, Request, Response, Server as Http};

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

/// Number of threads that answer: a browser asks for a few things at a time.
const THREADS: usize = 4;

/// After this time without a request, nobody is there any more.
const IDLE: Duration = Duration::from_secs(3600);

/// The server of one page.
pub(crate) struct Server {
    http: Http,
    guard: Guard,
    port: u16,
    session: Arc<Session>,
    last: Mutex<Instant>,
    stopped: AtomicBool,
}

impl Server {
    pub(crate) fn listen(port: u16, session: Arc<Session>) -> io::Result<Self> {
        let http = Http::http((Ipv4Addr::LOCALHOST, port)).map_err(io::Error::other)?;
        let port = http.server_addr().to_ip().map_or(port, |address| address.port());
        let (last, stopped) = (Mutex::new(Instant::now()), AtomicBool::new(false));
        Ok(Server { http, guard: Guard::new(port)?, port, session, last, stopped })
    }

    /// Answers on threads of its own until it is stopped.
    pub(crate) fn serve(server: &Arc<Server>) -> io::Result<()> {
        for _ in 0..THREADS {
            let server = Arc::clone(server);
            let thread = std::thread::Builder::new().name("review-page".into());
            thread.spawn(move || {
                while !server.stopped.load(Ordering::Relaxed) {
                    let Ok(request) = server.http.recv() else { return };
                    server.answer(request);
                }
            })?;
        }
        Ok(())
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        (0..THREADS).for_each(|_| self.http.unblock());
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/#{}", self.port, self.guard.token())
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).elapsed() > IDLE
    }

    fn answer(&self, mut request: Request) {
        let response = match self.guard.check(&request) {
            Err((status, word)) => text(status, "text/plain; charset=utf-8", word.to_owned()),
            Ok(()) => {
                *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
                let path = request.url().split('?').next().unwrap_or_default().to_owned();
                match FILES.iter().find(|(name, ..)| *name == path) {
                    Some((_, kind, file)) => text(200, kind, (*file).to_owned()),
                    None => answered(self.api(&path, &mut request)),
                }
            }
        };
        // Whoever asked may be gone.
        let _ = request.respond(response);
    }

    fn api(&self, path: &str, request: &mut Request) -> Result<Value, Refused> {
        let session = &self.session;
        match (request.method(), path) {
            (Method::Get, "/api/state") => Ok(session.state()),
            (Method::Get, "/api/rows") => {
                let query = |name| query(request.url(), name);
                session.rows(
                    query("reason").unwrap_or_default(),
                    query("from").and_then(|from| from.parse().ok()).unwrap_or(0),
                )
            }
            (Method::Post, "/api/map") => session.map(&body(request)?),
            (Method::Post, "/api/read") => session.read(&body(request)?),
            (Method::Post, "/api/fix") => session.fix(&body(request)?),
            (Method::Post, "/api/duplicate") => session.resolve(&body(request)?),
            (Method::Post, "/api/export") => session.export(&body(request)?),
            _ => Err(Refused(404, "there is nothing here".to_owned())),
        }
    }
}

/// A value of a query; reasons and numbers need no decoding.
fn query<'q>(url: &'q str, name: &str) -> Option<&'q str> {
    let pairs = url.split_once('?')?.1.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next()
}

fn body(request: &mut Request) -> Result<Value, Refused> {
    let mut bytes = Vec::new();
    let read = request.as_reader().take(MAX_BODY_BYTES as u64).read_to_end(&mut bytes);
    let value = read.ok().and_then(|_| serde_json::from_slice(&bytes).ok());
    value.ok_or_else(|| Refused(400, "this is not JSON".to_owned()))
}

fn answered(answer: Result<Value, Refused>) -> Response<io::Cursor<Vec<u8>>> {
    let (status, value) = match answer {
        Ok(value) => (200, value),
        Err(Refused(status, message)) => (status, json!({ "error": message })),
    };
    text(status, "application/json", value.to_string())
}

fn text(status: u16, kind: &str, text: String) -> Response<io::Cursor<Vec<u8>>> {
    let mut response = Response::from_string(text).with_status_code(status);
    for (name, value) in HEADERS.into_iter().chain([("Content-Type", kind)]) {
        if let Ok(header) = Header::from_bytes(name, value) {
            response.add_header(header);
        }
    }
    response
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
        let server = Server::listen(0, session).unwrap();
        assert!(!server.is_idle());
        // A machine that was started just now has no such moment.
        if let Some(moment) = Instant::now().checked_sub(IDLE + Duration::from_secs(1)) {
            *server.last.lock().unwrap() = moment;
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
