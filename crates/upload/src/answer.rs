//! What an answer of the service means.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::object::Fields;
use crate::words::shown;

/// An answer as it came: nothing in it is trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The header `Retry-After`.
    pub retry_after: Option<String>,
    /// The header `Date`, by the service's clock.
    pub date: Option<String>,
    /// The header `Location` of a redirect.
    pub location: Option<String>,
    /// The whole body, decompressed.
    pub body: Vec<u8>,
}

/// What an answer means for the contacts that were sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The service has taken every contact.
    Acknowledged,
    /// At least one contact is at fault (400, 422).
    Refused { status: u16, message: String },
    /// The request is larger than the service takes (413).
    TooLarge { message: String },
    /// The limit is exceeded (429). Nothing may be sent during this wait.
    Limited { wait: Option<Duration> },
    /// The service may have taken the contacts or not (5xx, a success that is none). They are sent again,
    /// after this wait at the earliest.
    Unclear { trouble: Trouble, wait: Option<Duration> },
    /// The token is refused (401, 403).
    Unauthorized { status: u16 },
    /// This is no import API, or it has moved.
    Unexpected { status: u16, location: Option<String> },
}

impl Verdict {
    /// Whether nothing may be sent after this answer, for a while or at all.
    pub(crate) fn halts(&self) -> bool {
        match self {
            Verdict::Limited { .. } | Verdict::Unauthorized { .. } | Verdict::Unexpected { .. } => {
                true
            }
            Verdict::Unclear { wait, .. } => wait.is_some(),
            Verdict::Acknowledged | Verdict::Refused { .. } | Verdict::TooLarge { .. } => false,
        }
    }
}

/// Why it is not known whether the service has taken a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trouble {
    /// The service answered with this status.
    Status(u16),
    /// The status was a success and the body said otherwise, was cut short, or was no JSON.
    NotASuccess,
    /// No whole answer came in time.
    TimedOut,
    /// The connection broke before the whole answer was there.
    ConnectionLost,
    /// The answer was larger than any answer of this API.
    TooLong,
    /// No connection came about: nothing was sent.
    NotConnected,
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Trouble::Status(status) => write!(f, "the service answered {status}"),
            Trouble::NotASuccess => f.write_str("the answer did not say that it succeeded"),
            Trouble::TimedOut => f.write_str("no answer came in time"),
            Trouble::ConnectionLost => f.write_str("the connection broke"),
            Trouble::TooLong => f.write_str("the answer was too long"),
            Trouble::NotConnected => f.write_str("the service could not be reached"),
        }
    }
}

/// Maximum length of a message of a service. A longer one is cut.
const MAX_MESSAGE_CHARACTERS: usize = 500;

/// Maximum wait that is believed. A longer one is a mistake, not a limit.
const MAX_PLAUSIBLE_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Maximum length of the location of a redirect. A longer one is cut.
const MAX_LOCATION_CHARACTERS: usize = 200;

/// Masks the secrets in a text.
pub(crate) type Masked<'m> = &'m dyn Fn(&str) -> String;

impl Answer {
    /// What the answer means. `now` is the local clock, for an answer without a `Date`.
    ///
    /// The words of a service come in here alone. What is returned has no secrets, is short, and is safe
    /// to show.
    pub(crate) fn verdict(&self, now: SystemTime, masked: Masked<'_>) -> Verdict {
        let said = Said { answer: self, body: self.body(), masked };
        match self.status {
            200..=299 => said.success(),
            status => said.by_status(status, self.wait(now)),
        }
    }

    /// The fields of the body, if it is one whole object and nothing else.
    fn body(&self) -> Option<Fields> {
        serde_json::from_slice(self.text()).ok()
    }

    /// The body without the byte order mark that some servers put in front.
    fn text(&self) -> &[u8] {
        self.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.body)
    }

    /// The wait that the service asks for; nothing when it asks for none, or for one that makes no
    /// sense.
    fn wait(&self, now: SystemTime) -> Option<Duration> {
        let text = self.retry_after.as_deref()?.trim();
        let wait = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Duration::from_secs(text.parse().ok()?)
        } else {
            let until = httpdate::parse_http_date(text).ok()?;
            // By the service's own clock, where the answer has it: ours may be wrong.
            let date = self.date.as_deref().and_then(|date| httpdate::parse_http_date(date).ok());
            match date {
                Some(date) => until.duration_since(date).unwrap_or_default(),
                // If the date has passed, one of the two clocks is wrong.
                None => until.duration_since(now).ok()?,
            }
        };
        (wait <= MAX_PLAUSIBLE_WAIT).then_some(wait)
    }
}

/// An answer and its parsed body.
struct Said<'a> {
    answer: &'a Answer,
    body: Option<Fields>,
    masked: Masked<'a>,
}

/// What one field says about success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claim {
    /// That it succeeded, in the published words.
    Success,
    /// Nothing to the contrary.
    Neutral,
    /// That it did not, or nothing that is understood.
    Other,
}

impl Said<'_> {
    fn success(&self) -> Verdict {
        let claims = [
            self.claim("success", |value| match value {
                Value::Bool(true) => Claim::Success,
                _ => Claim::Other,
            }),
            self.claim("status", |value| match value {
                Value::String(text) if text == "success" => Claim::Success,
                _ => neutral_code(value),
            }),
            self.claim("code", neutral_code),
            self.claim("statusCode", neutral_code),
        ];
        let claims_success = claims.contains(&Claim::Success);
        let is_contradicted = claims.contains(&Claim::Other)
            || self.body.as_ref().is_none_or(|body| names_a_failure(&body.0));
        // A partial result, or one with several statuses, does not cover every contact.
        let is_whole = !matches!(self.answer.status, 204..=299);
        if claims_success && !is_contradicted && is_whole {
            return Verdict::Acknowledged;
        }
        // An error with the status of a success: the status in the body counts. Where the body says
        // both, nobody is refused; but to stop or to wait loses nothing.
        match self.error_status() {
            Some(status @ (401 | 403 | 429)) => self.by_status(status, None),
            Some(status) if !claims_success => self.by_status(status, None),
            Some(status) => Verdict::Unclear { trouble: Trouble::Status(status), wait: None },
            None => Verdict::Unclear { trouble: Trouble::NotASuccess, wait: None },
        }
    }

    /// What a field says. An absent one says nothing.
    fn claim(&self, name: &str, reading: impl Fn(&Value) -> Claim) -> Claim {
        let value = self.body.as_ref().and_then(|body| body.get(name));
        value.map_or(Claim::Neutral, reading)
    }

    fn by_status(&self, status: u16, wait: Option<Duration>) -> Verdict {
        match status {
            400 | 422 => Verdict::Refused { status, message: self.message() },
            413 => Verdict::TooLarge { message: self.message() },
            401 | 403 => Verdict::Unauthorized { status },
            429 => Verdict::Limited { wait },
            408 | 425 | 500..=599 => Verdict::Unclear { trouble: Trouble::Status(status), wait },
            _ => {
                let location = self.answer.location.as_deref();
                let location = location.map(|text| self.safe(text, MAX_LOCATION_CHARACTERS));
                Verdict::Unexpected { status, location }
            }
        }
    }

    /// The status in the body, if it is that of an error.
    fn error_status(&self) -> Option<u16> {
        let body = self.body.as_ref()?;
        let nested = body.get("error").and_then(|error| error.get("statusCode"));
        let top = ["statusCode", "code", "status"].into_iter().map(|name| body.get(name));
        let mut named = std::iter::once(nested).chain(top).filter_map(number);
        let status = named.find(|status| (400..600).contains(status))?;
        u16::try_from(status).ok()
    }

    /// The message of an error. An HTML page, or an object without a message, has none.
    fn message(&self) -> String {
        let Some(body) = &self.body else {
            let text = std::str::from_utf8(self.answer.text()).unwrap_or_default().trim();
            let is_prose = !text.starts_with(['<', '{', '[']);
            return if is_prose { self.safe(text, MAX_MESSAGE_CHARACTERS) } else { String::new() };
        };
        let nested = body.get("error").filter(|error| !error.is_null());
        let nested = nested.map(|error| error.get("message").unwrap_or(error));
        let said = nested.or_else(|| body.get("message")).or_else(|| body.get("errors"));
        match said {
            Some(Value::String(text)) => self.safe(text, MAX_MESSAGE_CHARACTERS),
            Some(other) if !other.is_null() => {
                self.safe(&other.to_string(), MAX_MESSAGE_CHARACTERS)
            }
            _ => String::new(),
        }
    }

    /// Words of the service without secrets, safe to show, and cut. Secrets are masked first: one that
    /// was cut would not be found.
    fn safe(&self, text: &str, characters: usize) -> String {
        shown(&(self.masked)(text)).chars().take(characters).collect()
    }
}

/// Neutral where a code does not contradict a success: `null`, or that of a success.
fn neutral_code(value: &Value) -> Claim {
    let is_word = value.as_str().is_some_and(|text| {
        text.eq_ignore_ascii_case("success") || text.eq_ignore_ascii_case("ok")
    });
    let is_number = number(Some(value)).is_some_and(|code| (200..204).contains(&code));
    if value.is_null() || is_word || is_number { Claim::Neutral } else { Claim::Other }
}

fn number(value: Option<&Value>) -> Option<u64> {
    match value? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// How names of fields for failures begin, in lower case without `_` and `-`: `failedUsers`, `errorCount`.
const FAILURES: [&str; 16] = [
    "dropped",
    "err",
    "exception",
    "fail",
    "haserror",
    "ignored",
    "invalid",
    "iserror",
    "notimported",
    "notsaved",
    "rejected",
    "skipped",
    "unimported",
    "unprocessed",
    "unsaved",
    "unsuccess",
];

/// What a status, or a result, says that is none of a success.
const FAILED: [&str; 8] =
    ["error", "fail", "failed", "failure", "invalid", "partial", "rejected", "skipped"];

/// Whether a field at any depth says that something failed: `"failed": 3`, `"errors": [...]`,
/// `"success": false`, a `statusCode` of an error, a `status` of `failed`.
fn names_a_failure<'v>(fields: impl IntoIterator<Item = &'v (String, Value)>) -> bool {
    fields.into_iter().any(|(name, value)| is_failure(name, value))
}

fn is_failure(name: &str, value: &Value) -> bool {
    let bare: String = name.chars().filter(|c| !matches!(c, '_' | '-')).collect();
    match bare.to_ascii_lowercase().as_str() {
        // Some services count successes in this field.
        "success" => is_nothing(value) || value == "false",
        "ok" => *value == Value::Bool(false),
        "statuscode" => neutral_code(value) == Claim::Other,
        "status" | "result" | "state" | "outcome" if !value.is_object() && !value.is_array() => {
            let said = |text: &str| FAILED.contains(&text.to_ascii_lowercase().as_str());
            value.as_str().is_some_and(said)
                || number(Some(value)).is_some_and(|code| (400..600).contains(&code))
        }
        bare if FAILURES.iter().any(|failure| bare.starts_with(failure)) => !is_nothing(value),
        _ => holds_a_failure(value),
    }
}

fn holds_a_failure(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.iter().any(|(name, value)| is_failure(name, value)),
        Value::Array(values) => values.iter().any(holds_a_failure),
        _ => false,
    }
}

/// Whether a value means nothing: `null`, `false`, 0, or empty.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(is) => !is,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty() || text == "0",
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

/// Names of the fields of a contact.
pub(crate) const FIELD_NAMES: [&str; 9] = [
    "userProvidedName",
    "userDetails",
    "email",
    "phone",
    "number",
    "prefix",
    "tags",
    "attributes",
    "attribute",
];

/// Whether a refusal is about the contact that was sent, and not about the bot, the account or the
/// service: by its status, or because its message names a field of a contact.
pub(crate) fn is_about_the_contact(status: u16, message: &str) -> bool {
    let mut words = message.split(|c: char| !c.is_ascii_alphanumeric());
    status != 400
        || words.any(|word| FIELD_NAMES.iter().any(|name| name.eq_ignore_ascii_case(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(status: u16, body: &str) -> Verdict {
        let body = body.as_bytes().to_vec();
        let answer = Answer { status, body, ..Answer::default() };
        answer.verdict(SystemTime::UNIX_EPOCH, &str::to_owned)
    }

    const NOT_A_SUCCESS: Verdict = Verdict::Unclear { trouble: Trouble::NotASuccess, wait: None };

    #[test]
    fn both_published_bodies_are_successes() {
        for body in [
            r#"{"success": true, "message": "success", "code": 200}"#,
            r#"{"status": "success", "message": "User profiles imported successfully."}"#,
            r#"{"success":true,"error":null}"#,
        ] {
            for status in [200, 201, 202, 203] {
                assert_eq!(verdict(status, body), Verdict::Acknowledged, "{body}");
            }
        }
    }

    #[test]
    fn fields_that_agree_with_a_success_are_no_contradiction() {
        for body in [
            "\u{feff}{\"success\":true}",
            r#"{"success":true,"status":"success"}"#,
            r#"{"success":true,"status":200,"statusCode":"200","code":"OK"}"#,
            r#"{"status":"success","code":null,"errors":[],"failed":0,"error":""}"#,
            r#"{"success":true,"data":{"imported":20,"failed":0,"errors":[],"success":true}}"#,
            r#"{"success":true,"data":[{"status":"active","code":"91","email":"a@b.example"}]}"#,
            r#"{"success":true,"message":"0 contacts failed"}"#,
            r#"{"success":true,"data":{"success":20,"failed":"0"}}"#,
        ] {
            assert_eq!(verdict(200, body), Verdict::Acknowledged, "{body}");
        }
    }

    #[test]
    fn only_a_clear_success_is_an_acknowledgement() {
        for body in [
            "",
            "OK",
            "<html>welcome</html>",
            "null",
            "[]",
            "true",
            "{}",
            r#"{"success": false}"#,
            r#"{"success": "true"}"#,
            r#"{"success": true, "message": "succ"#,
            r#"{"success": true} trailing"#,
            r#"{"status": "error"}"#,
            r#"{"status": 200}"#,
            r#"{"success": true, "code": 207, "error": {"message": "some failed"}}"#,
            r#"{"status": "success", "success": false}"#,
            // Arrays, which serde reads as a struct.
            "[true]",
            r#"[true,"success",200]"#,
            r#"[{"success": true}]"#,
            r#""success""#,
            // The same, further inside.
            r#"{"success":true,"data":{"success":false,"success":true}}"#,
            r#"{"success":true,"data":{"error":"x","error":""}}"#,
            r#"{"success":true,"data":{"status":"failed"}}"#,
            r#"{"success":true,"results":[{"phone":"1","result":"error"}]}"#,
            r#"{"success":true,"data":{"status":"500"}}"#,
            r#"{"success":true,"data":{"failedUsers":[1]}}"#,
            r#"{"success":true,"data":{"isError":true}}"#,
            r#"{"success":true,"ok":false}"#,
            // Fields that do not agree.
            r#"{"success": true, "status": "error"}"#,
            r#"{"success": true, "status": "partial"}"#,
            r#"{"success": true, "status": false}"#,
            r#"{"success": true, "status": {"success": true}}"#,
            r#"{"success": null, "status": "success"}"#,
            r#"{"success": "true", "status": "success"}"#,
            r#"{"success": 1, "status": "success"}"#,
            r#"{"success": [true]}"#,
            r#"{"success": true, "code": "ERR_QUEUE"}"#,
            r#"{"success": true, "code": 207}"#,
            r#"{"success": true, "code": -1}"#,
            r#"{"success": true, "code": 200.5}"#,
            r#"{"success": true, "statusCode": 302}"#,
            r#"{"success": true, "error": {}, "errors": ["no name"]}"#,
            r#"{"success": true, "error": "no name"}"#,
            r#"{"success": true, "error": true}"#,
            r#"{"success": true, "failed": 3}"#,
            r#"{"success": true, "failed_count": 1}"#,
            r#"{"success": true, "Failed": "3"}"#,
            r#"{"success": true, "rejected": [7]}"#,
            r#"{"success": true, "data": {"imported": 17, "failed": 3}}"#,
            r#"{"success": true, "data": {"success": false}}"#,
            r#"{"success": true, "results": [{"statusCode": 500}]}"#,
            r#"{"success": true, "results": [{"success": true}, {"error": "no name"}]}"#,
            // Names that occur twice.
            r#"{"success": false, "success": true}"#,
            r#"{"success": true, "success": true}"#,
            r#"{"status": "error", "\u0073tatus": "success"}"#,
            // More than one document, or less.
            r#"{"success": true}{"success": false}"#,
            r#"{"success": true},"#,
            "{\"success\": true}\0",
            r#"{"success": true"#,
            "{\"success\": tru\u{feff}e}",
            "\u{feff}\u{feff}{\"success\": true}",
            r#"{'success': true}"#,
            r#"{"Success": true}"#,
        ] {
            assert_eq!(verdict(200, body), NOT_A_SUCCESS, "{body}");
        }
        let nested = "[".repeat(100_000);
        let deep = format!(r#"{{"success":true,"data":{nested}"#);
        assert_eq!(verdict(200, &deep), NOT_A_SUCCESS);
        let closed = format!(r#"{{"success":true,"data":{nested}{}}}"#, "]".repeat(100_000));
        assert_eq!(verdict(200, &closed), NOT_A_SUCCESS);
        // UTF-16, and bytes that are no text.
        for body in [b"\xff\xfe{\0}\0".to_vec(), b"{\"success\":true,\"m\":\"\xff\"}".to_vec()] {
            let answer = Answer { status: 200, body, ..Answer::default() };
            let verdict = answer.verdict(SystemTime::UNIX_EPOCH, &str::to_owned);
            assert_eq!(verdict, NOT_A_SUCCESS);
        }
        // No content, a part of it, and many statuses at once.
        for status in [204, 205, 206, 207, 208, 226, 299] {
            assert_eq!(verdict(status, r#"{"success":true}"#), NOT_A_SUCCESS, "{status}");
            assert_eq!(verdict(status, ""), NOT_A_SUCCESS, "{status}");
        }
        assert_eq!(
            verdict(200, r#"{"success":true,"code":500}"#),
            Verdict::Unclear { trouble: Trouble::Status(500), wait: None }
        );
        for body in [
            r#"{"status":"success","code":500}"#,
            r#"{"status":"success","code":"500"}"#,
            r#"{"success":true,"status":500}"#,
            r#"{"success":true,"error":{"statusCode":500}}"#,
            r#"{"status":"success","success":false,"statusCode":500}"#,
        ] {
            let unclear = Verdict::Unclear { trouble: Trouble::Status(500), wait: None };
            assert_eq!(verdict(200, body), unclear, "{body}");
        }
    }

    #[test]
    fn an_answer_that_contradicts_itself_refuses_nobody() {
        for body in [
            r#"{"success":true,"code":400}"#,
            r#"{"status":"success","error":{"statusCode":400,"message":"no name"}}"#,
        ] {
            let unclear = Verdict::Unclear { trouble: Trouble::Status(400), wait: None };
            assert_eq!(verdict(200, body), unclear, "{body}");
        }
        let stops = verdict(200, r#"{"success":true,"code":401}"#);
        assert_eq!(stops, Verdict::Unauthorized { status: 401 });
        let waits = verdict(200, r#"{"success":true,"statusCode":429}"#);
        assert_eq!(waits, Verdict::Limited { wait: None });
    }

    #[test]
    fn an_error_inside_a_success_counts_by_its_own_status() {
        let body = r#"{"success":false,"error":{"statusCode":401,"message":"expired"}}"#;
        assert_eq!(verdict(200, body), Verdict::Unauthorized { status: 401 });
        let body = r#"{"success":false,"error":{"statusCode":400,"message":"no name"}}"#;
        assert_eq!(
            verdict(200, body),
            Verdict::Refused { status: 400, message: "no name".to_owned() }
        );
    }

    #[test]
    fn every_status_has_its_meaning() {
        let refused = |status| Verdict::Refused { status, message: String::new() };
        let unclear = |status| Verdict::Unclear { trouble: Trouble::Status(status), wait: None };
        let unexpected = |status| Verdict::Unexpected { status, location: None };
        for (status, expected) in [
            (400, refused(400)),
            (422, refused(422)),
            (413, Verdict::TooLarge { message: String::new() }),
            (401, Verdict::Unauthorized { status: 401 }),
            (403, Verdict::Unauthorized { status: 403 }),
            (429, Verdict::Limited { wait: None }),
            (408, unclear(408)),
            (500, unclear(500)),
            (502, unclear(502)),
            (503, unclear(503)),
            (504, unclear(504)),
            (301, unexpected(301)),
            (307, unexpected(307)),
            (404, unexpected(404)),
            (405, unexpected(405)),
            (100, unexpected(100)),
        ] {
            assert_eq!(verdict(status, ""), expected);
        }
    }

    #[test]
    fn only_what_a_wait_or_another_token_may_mend_halts_the_others() {
        for (status, halts) in [(200, false), (400, false), (413, false), (500, false)]
            .into_iter()
            .chain([401, 403, 404, 429].map(|status| (status, true)))
        {
            assert_eq!(verdict(status, "").halts(), halts, "{status}");
        }
        let retry_after = Some("30".to_owned());
        let answer = Answer { status: 503, retry_after, ..Answer::default() };
        assert!(answer.verdict(SystemTime::UNIX_EPOCH, &str::to_owned).halts());
    }

    #[test]
    fn the_message_of_the_service_is_found_and_cut() {
        for (body, expected) in [
            (r#"{"error":{"message":"number is missing"}}"#, "number is missing"),
            (r#"{"error":"number is missing"}"#, "number is missing"),
            (r#"{"message":null,"code":400}"#, ""),
            (r#"{"message":["a","b"]}"#, r#"["a","b"]"#),
            (r#"{"error":{"code":"X"}}"#, r#"{"code":"X"}"#),
            (r#"{"errors":["number is missing"]}"#, r#"["number is missing"]"#),
            (r#"{"error":null,"message":"number is missing"}"#, "number is missing"),
            ("\u{feff}{\"message\":\"number is missing\"}", "number is missing"),
            ("Bot not found\n", "Bot not found"),
            ("<html>", ""),
            ("[true]", ""),
            (r#"{"message":"cut sh"#, ""),
        ] {
            let expected = Verdict::Refused { status: 400, message: expected.to_owned() };
            assert_eq!(verdict(400, body), expected, "{body}");
        }
        let long = format!(r#"{{"message":"{}"}}"#, "é".repeat(10_000));
        let Verdict::Refused { message, .. } = verdict(400, &long) else { panic!("not refused") };
        assert_eq!(message.chars().count(), MAX_MESSAGE_CHARACTERS);
    }

    /// Messages of a service are shown on terminals and in tables.
    #[test]
    fn words_of_the_service_cannot_move_a_cursor() {
        for body in [
            r#"{"message":"\u001b[2J\u009b1m\u202eno\u2028\u0007"}"#,
            r#"{"error":{"message":["\u001b[2J\u009b1m\u202eno\u2028\u0007"]}}"#,
            r#"{"error":{"\u009b":"\u202e"}}"#,
            "\u{1b}]0;title\u{7} \u{9b}2J\u{202e}",
        ] {
            for status in [400, 422, 413] {
                let message = match verdict(status, body) {
                    Verdict::Refused { message, .. } | Verdict::TooLarge { message } => message,
                    other => panic!("{other:?}"),
                };
                assert!(!message.is_empty());
                assert!(!message.contains(crate::words::is_hidden), "{message:?}");
            }
        }
        let location = Some("https://a.test/\u{1b}[2J\u{202e}".repeat(100));
        let answer = Answer { status: 302, location, ..Answer::default() };
        let verdict = answer.verdict(SystemTime::UNIX_EPOCH, &str::to_owned);
        let Verdict::Unexpected { location: Some(location), .. } = verdict else { panic!() };
        assert!(!location.contains(crate::words::is_hidden), "{location:?}");
        assert_eq!(location.chars().count(), MAX_LOCATION_CHARACTERS);
    }

    /// A secret that the cut would have split is masked all the same.
    #[test]
    fn a_secret_is_masked_before_the_message_is_cut() {
        let masked = |text: &str| text.replace("canary", "********");
        for before in MAX_MESSAGE_CHARACTERS - 7..=MAX_MESSAGE_CHARACTERS {
            let body = format!(r#"{{"message":"{}canary"}}"#, "x".repeat(before)).into_bytes();
            let answer = Answer { status: 400, body, ..Answer::default() };
            let verdict = answer.verdict(SystemTime::UNIX_EPOCH, &masked);
            let Verdict::Refused { message, .. } = verdict else { panic!("{verdict:?}") };
            assert!(!message.contains('c'), "{message}");
        }
    }

    #[test]
    fn a_refusal_is_about_the_contact_or_something_else() {
        for (status, message, expected) in [
            (400, "Bot not found", false),
            (400, "Your plan has ended.", false),
            (400, "", false),
            (400, "Emails are not enabled", false),
            (400, "number is missing", true),
            (400, "[0].profile.userDetails.contact.email must be an address or empty.", true),
            (400, "userProvidedName is required", true),
            (422, "", true),
            (413, "request entity too large", true),
        ] {
            assert_eq!(is_about_the_contact(status, message), expected, "{message}");
        }
    }

    fn wait(retry_after: &str, date: Option<&str>) -> Option<u64> {
        let now = httpdate::parse_http_date("Fri, 20 Nov 2026 12:00:00 GMT").unwrap();
        let answer = Answer {
            status: 429,
            retry_after: Some(retry_after.to_owned()),
            date: date.map(str::to_owned),
            ..Answer::default()
        };
        match answer.verdict(now, &str::to_owned) {
            Verdict::Limited { wait } => wait.map(|wait| wait.as_secs()),
            other => panic!("{other:?}"),
        }
    }

    /// RFC 9110, 10.2.3 and 5.6.7: seconds, or a date in one of three forms.
    #[test]
    fn retry_after_is_read_in_every_form() {
        assert_eq!(wait("30", None), Some(30));
        assert_eq!(wait(" 0 ", None), Some(0));
        assert_eq!(wait("Fri, 20 Nov 2026 12:00:45 GMT", None), Some(45));
        assert_eq!(wait("Friday, 20-Nov-26 12:00:45 GMT", None), Some(45));
        assert_eq!(wait("Fri Nov 20 12:00:45 2026", None), Some(45));
        assert_eq!(wait("Fri, 20 Nov 2026 11:59:00 GMT", None), None);
        // Our clock is half an hour slow, and the service's own counts.
        let date = Some("Fri, 20 Nov 2026 12:30:00 GMT");
        assert_eq!(wait("Fri, 20 Nov 2026 12:30:20 GMT", date), Some(20));
        assert_eq!(wait("Fri, 20 Nov 2026 12:29:00 GMT", date), Some(0));
    }

    #[test]
    fn a_retry_after_that_makes_no_sense_is_ignored() {
        for text in [
            "",
            "-5",
            "+5",
            "1.5",
            "soon",
            "5s",
            "86401",
            "18446744073709551616",
            "99999999999999999999999999",
            "Fri, 20 Nov 2099 12:00:45 GMT",
            "Fri, 32 Nov 2026 12:00:45 GMT",
            "2026-11-20T12:00:45Z",
        ] {
            assert_eq!(wait(text, None), None, "{text:?}");
        }
    }
}
