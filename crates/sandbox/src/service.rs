//! Answers requests.

use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use contactmill_loopback::{Connection, Head, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::contact::contacts_in;
use crate::faults::{Fault, Faults};
use crate::store::{Stats, Store};
use crate::{AnswerStyle, Options};

const IMPORT: &str = "/inbox/users/import";

const PAGE: &str = include_str!("page.html");

/// Maximum number of contacts that `/contacts` lists at once.
const LISTED: usize = 1_000;

/// Maximum size of a body that is read. A body over the sandbox's own limit is read too, so that the
/// client gets to read the answer.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// The service behind all connections.
#[derive(Debug)]
pub(crate) struct Service {
    options: Options,
    began: Instant,
    store: Mutex<Store>,
    faults: Mutex<Faults>,
    random: Mutex<fastrand::Rng>,
    /// Tokens are distinguished by a hash, and never stored.
    hashing: RandomState,
}

/// How a request to the import API ends.
enum Reply {
    Answer(Response),
    /// Only half of the answer is sent.
    HalfOf(Response),
    Reset,
}

impl Service {
    pub(crate) fn new(options: Options) -> Self {
        Service {
            began: Instant::now(),
            store: Mutex::default(),
            faults: Mutex::new(options.faults.clone()),
            random: Mutex::new(fastrand::Rng::with_seed(options.seed)),
            hashing: RandomState::new(),
            options,
        }
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_faults(&self, faults: Faults) {
        *self.faults() = faults;
    }

    pub(crate) fn stats(&self) -> Stats {
        self.store().stats(self.options.rate.get(), self.now())
    }

    /// Answers the requests of a connection until it ends.
    pub(crate) fn serve(&self, connection: &mut Connection) -> io::Result<()> {
        while let Some(head) = connection.head()? {
            let is_import = head.path.split('?').next() == Some(IMPORT) && head.method == "POST";
            let reply = if !is_local(&head) {
                // A web page whose host name leads here must not read what is stored.
                Reply::Answer(error(403, "FORBIDDEN", "This sandbox is for this machine alone."))
            } else if is_import {
                self.import(connection, &head)?
            } else {
                connection.body(&head, MAX_BODY_BYTES)?;
                Reply::Answer(self.page(&head))
            };
            match reply {
                Reply::Answer(response) => {
                    connection.answer(&response)?;
                    if head.wants_close() {
                        return Ok(());
                    }
                }
                Reply::HalfOf(response) => {
                    return connection.answer_cut(&response, response.body.len() / 2);
                }
                Reply::Reset => return Ok(()),
            }
        }
        Ok(())
    }

    fn import(&self, connection: &mut Connection, head: &Head) -> io::Result<Reply> {
        let authorization = head.header("authorization").unwrap_or_default();
        let token = self.hashing.hash_one(authorization);
        let (request, over) = self.store().arrive(token, self.options.rate.get(), self.now());
        let (fault, slow, retry_after) = {
            let faults = self.faults();
            let draw = self.random.lock().unwrap_or_else(PoisonError::into_inner).f64();
            (faults.drawn(request, draw), faults.slow, faults.retry_after)
        };
        if fault == Some(Fault::Reset) {
            self.store().answered(0, None);
            // The body is not read, so closing resets the connection.
            return Ok(Reply::Reset);
        }
        let Some(body) = connection.body(head, MAX_BODY_BYTES)? else {
            self.store().answered(0, None);
            return Ok(Reply::Reset);
        };
        std::thread::sleep(slow);
        let response = match (self.refusal(head, &body), over, fault) {
            (_, Some(wait), _) => self.limited(token, wait),
            (_, _, Some(Fault::Status(429))) => self.limited(token, retry_after),
            (_, _, Some(Fault::Status(status))) => injected(status),
            (_, _, Some(Fault::Lie)) => {
                json_response(200, &json!({"success": false, "message": "queue is full"}))
            }
            (_, _, Some(Fault::BotNotFound)) => error(400, "BAD_REQUEST", "Bot not found"),
            (_, _, Some(Fault::Html)) => Response {
                status: 200,
                content_type: "text/html; charset=utf-8",
                headers: Vec::new(),
                body: b"<!doctype html><title>Maintenance</title><p>Back soon.".to_vec(),
            },
            (Some(refusal), ..) => refusal,
            (None, None, _) => self.apply(&body),
        };
        let is_success = response.status == 200;
        let reply = match fault {
            Some(Fault::DropAfterApply) if is_success => Reply::Reset,
            Some(Fault::Truncate) if is_success => Reply::HalfOf(response),
            _ => Reply::Answer(compressed(response, head)),
        };
        let status = match &reply {
            Reply::Answer(response) | Reply::HalfOf(response) => response.status,
            Reply::Reset => 0,
        };
        let behind_200 = fault.filter(|_| status == 200).and_then(Fault::behind_200);
        self.store().answered(status, behind_200);
        Ok(reply)
    }

    /// The error of a request, apart from its contacts.
    fn refusal(&self, head: &Head, body: &[u8]) -> Option<Response> {
        let token = head.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        if token.is_none_or(|token| token.trim().is_empty()) {
            let message = "Bearer token is invalid or has expired.";
            return Some(error(401, "UNAUTHORIZED", message));
        }
        if head.header("authtype") != Some("Key") {
            return Some(error(401, "UNAUTHORIZED", "The header authtype must be Key."));
        }
        let content_type = head.header("content-type").and_then(|value| value.split(';').next());
        if content_type.map(str::trim) != Some("application/json") {
            return Some(error(400, "BAD_REQUEST", "Content-Type must be application/json."));
        }
        if body.len() > self.options.max_bytes {
            return Some(error(413, "PAYLOAD_TOO_LARGE", "request entity too large"));
        }
        None
    }

    fn limited(&self, token: u64, wait: Duration) -> Response {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let seconds = seconds.max(1);
        self.store().close(token, self.now() + Duration::from_secs(seconds));
        let mut response = error(429, "TOO_MANY_REQUESTS", "Too many requests.");
        response.headers.push(("Retry-After", seconds.to_string()));
        response
    }

    fn apply(&self, body: &[u8]) -> Response {
        let contacts = match contacts_in(body) {
            Ok(contacts) => contacts,
            Err(problem) => return error(400, "BAD_REQUEST", &problem),
        };
        if !self.store().upsert(contacts, self.now()) {
            return error(500, "INTERNAL", "This sandbox is full; start it again.");
        }
        match self.options.answers {
            AnswerStyle::A => {
                json_response(200, &json!({"success": true, "message": "success", "code": 200}))
            }
            AnswerStyle::B => json_response(
                200,
                &json!({"status": "success", "message": "User profiles imported successfully."}),
            ),
        }
    }

    fn page(&self, head: &Head) -> Response {
        let (path, query) = head.path.split_once('?').unwrap_or((&head.path, ""));
        match (head.method.as_str(), path) {
            ("GET", "/") => Response {
                status: 200,
                content_type: "text/html; charset=utf-8",
                headers: vec![(
                    "Content-Security-Policy",
                    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                     connect-src 'self'; img-src data:"
                        .to_owned(),
                )],
                body: PAGE.as_bytes().to_vec(),
            },
            ("GET", "/stats") => match serde_json::to_value(self.stats()) {
                Ok(stats) => json_response(200, &stats),
                Err(cause) => error(500, "INTERNAL", &cause.to_string()),
            },
            ("GET", "/contacts") => {
                let from = query.split('&').find_map(|item| item.strip_prefix("from="));
                let from = from.and_then(|from| from.parse().ok()).unwrap_or(0);
                let store = self.store();
                let listed = store.contacts.values().skip(from).take(LISTED);
                let contacts: Vec<&Value> = listed.map(|stored| &stored.contact).collect();
                let total = store.contacts.len();
                json_response(200, &json!({"total": total, "from": from, "contacts": contacts}))
            }
            (_, "/" | "/stats" | "/contacts" | IMPORT) => {
                error(405, "METHOD_NOT_ALLOWED", "This path knows another method.")
            }
            _ => error(404, "NOT_FOUND", "There is /, /stats, /contacts and the import API."),
        }
    }
}

/// Whether a request names this machine as its host.
fn is_local(head: &Head) -> bool {
    let host = head.header("host").unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(name, "127.0.0.1" | "localhost" | "[::1]")
}

fn json_response(status: u16, value: &Value) -> Response {
    Response {
        status,
        content_type: "application/json; charset=utf-8",
        headers: Vec::new(),
        body: value.to_string().into_bytes(),
    }
}

/// An error in the published form.
fn error(status: u16, code: &str, message: &str) -> Response {
    let error = json!({"code": code, "message": message, "statusCode": status});
    json_response(status, &json!({"success": false, "error": error}))
}

fn injected(status: u16) -> Response {
    let (code, message) = match status {
        401 | 403 => ("UNAUTHORIZED", "Bearer token is invalid or has expired."),
        413 => ("PAYLOAD_TOO_LARGE", "request entity too large"),
        400 | 422 => ("BAD_REQUEST", "A required field is missing."),
        _ => ("INTERNAL", "Something went wrong."),
    };
    error(status, code, message)
}

/// The answer, compressed with gzip where the client accepts that.
fn compressed(mut response: Response, head: &Head) -> Response {
    let takes_gzip = head
        .header("accept-encoding")
        .is_some_and(|encodings| encodings.split(',').any(|encoding| encoding.trim() == "gzip"));
    if !takes_gzip {
        return response;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing into memory cannot fail. If it did, the plain body would do.
    if encoder.write_all(&response.body).is_ok()
        && let Ok(body) = encoder.finish()
    {
        response.body = body;
        response.headers.push(("Content-Encoding", "gzip".to_owned()));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_each_answer_of_200_is() {
        for fault in [Fault::Lie, Fault::Html, Fault::Truncate] {
            let word = fault.behind_200().unwrap();
            assert!(PAGE.contains(&format!("  {word}: \"200, but ")), "{word}");
        }
        assert_eq!(Fault::Status(500).behind_200(), None);
        assert_eq!(Fault::DropAfterApply.behind_200(), None);
    }
}
