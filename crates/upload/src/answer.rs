//! What an answer of the service means.

use std::time::{Duration, SystemTime};

use serde::Deserialize;

/// An answer as it came: nothing in it is trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The header `Retry-After`.
    pub retry_after: Option<String>,
    /// The header `Date`: the service's clock.
    pub date: Option<String>,
    /// The header `Location`, of a redirect.
    pub location: Option<String>,
    /// The whole body, decompressed.
    pub body: Vec<u8>,
}

/// What an answer means for what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Every contact is in.
    Acknowledged,
    /// A contact at least is at fault (400, 422).
    Refused { status: u16, message: String },
    /// More than the service takes at once (413).
    TooLarge { message: String },
    /// Over the limit (429): nothing may be sent for so long.
    Limited { wait: Option<Duration> },
    /// It may be in, or not (5xx, a success that is none): to be sent again, after so long at least.
    Unclear { trouble: Trouble, wait: Option<Duration> },
    /// The token is refused (401, 403).
    Unauthorized { status: u16 },
    /// This is no import API, or it stands somewhere else.
    Unexpected { status: u16, location: Option<String> },
}

impl Verdict {
    /// Whether nothing may be sent after this, for a while or at all.
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

/// Why it is not known whether a part is in.
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

/// A body of either form, and of an error.
#[derive(Default, Deserialize)]
struct Body {
    success: Option<bool>,
    status: Option<serde_json::Value>,
    code: Option<serde_json::Value>,
    message: Option<serde_json::Value>,
    error: Option<serde_json::Value>,
}

/// A longer message of a service is cut.
const MAX_MESSAGE_CHARACTERS: usize = 500;

/// A wait longer than a day is a mistake, not a limit.
const LONGEST_PLAUSIBLE_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

impl Answer {
    /// What the answer means. `now` is the local clock, for dates without a `Date` beside them.
    pub(crate) fn verdict(&self, now: SystemTime) -> Verdict {
        let body = self.body();
        match self.status {
            200..=299 => self.success(body.unwrap_or_default()),
            status => self.by_status(status, body.as_ref(), self.wait(now)),
        }
    }

    fn success(&self, body: Body) -> Verdict {
        let says_success = match (body.success, &body.status) {
            // Form A, whose code must not say otherwise.
            (Some(success), _) => {
                success && number(body.code.as_ref()).is_none_or(|code| (200..300).contains(&code))
            }
            // Form B.
            (None, Some(status)) => status == "success",
            (None, None) => false,
        };
        if says_success && body.error.as_ref().is_none_or(serde_json::Value::is_null) {
            return Verdict::Acknowledged;
        }
        // An error in the clothes of a success: what it says itself counts.
        match error_status(&body) {
            Some(status) => self.by_status(status, Some(&body), None),
            None => Verdict::Unclear { trouble: Trouble::NotASuccess, wait: None },
        }
    }

    fn by_status(&self, status: u16, body: Option<&Body>, wait: Option<Duration>) -> Verdict {
        let message = || body.map(message).unwrap_or_default();
        match status {
            400 | 422 => Verdict::Refused { status, message: message() },
            413 => Verdict::TooLarge { message: message() },
            401 | 403 => Verdict::Unauthorized { status },
            429 => Verdict::Limited { wait },
            408 | 425 | 500..=599 => Verdict::Unclear { trouble: Trouble::Status(status), wait },
            _ => Verdict::Unexpected { status, location: self.location.clone() },
        }
    }

    fn body(&self) -> Option<Body> {
        serde_json::from_slice(&self.body).ok()
    }

    /// How long the service asks to wait; nothing when it does not say so in a way that can be
    /// meant.
    fn wait(&self, now: SystemTime) -> Option<Duration> {
        let text = self.retry_after.as_deref()?.trim();
        let wait = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Duration::from_secs(text.parse().ok()?)
        } else {
            let until = httpdate::parse_http_date(text).ok()?;
            // The service's own clock, where it shows it: ours may be wrong.
            let date = self.date.as_deref().and_then(|date| httpdate::parse_http_date(date).ok());
            match date {
                Some(date) => until.duration_since(date).unwrap_or_default(),
                // A date that has passed says that one of the two clocks is wrong.
                None => until.duration_since(now).ok()?,
            }
        };
        (wait <= LONGEST_PLAUSIBLE_WAIT).then_some(wait)
    }
}

fn number(value: Option<&serde_json::Value>) -> Option<u64> {
    match value? {
        serde_json::Value::Number(number) => number.as_u64(),
        serde_json::Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// The status that an error body names: of an error, and not of a success.
fn error_status(body: &Body) -> Option<u16> {
    let nested = body.error.as_ref().and_then(|error| error.get("statusCode"));
    let named = number(nested).or_else(|| number(body.code.as_ref()));
    named.and_then(|status| u16::try_from(status).ok()).filter(|status| (400..600).contains(status))
}

/// What an error body says, cut where it is long.
fn message(body: &Body) -> String {
    let nested = body.error.as_ref().and_then(|error| error.get("message").or(Some(error)));
    let text = match nested.or(body.message.as_ref()) {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) if !other.is_null() => other.to_string(),
        _ => String::new(),
    };
    text.chars().take(MAX_MESSAGE_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(status: u16, body: &str) -> Verdict {
        let body = body.as_bytes().to_vec();
        Answer { status, body, ..Answer::default() }.verdict(SystemTime::UNIX_EPOCH)
    }

    const NOT_A_SUCCESS: Verdict = Verdict::Unclear { trouble: Trouble::NotASuccess, wait: None };

    #[test]
    fn both_published_bodies_are_successes() {
        for body in [
            r#"{"success": true, "message": "success", "code": 200}"#,
            r#"{"status": "success", "message": "User profiles imported successfully."}"#,
            r#"{"success":true,"error":null}"#,
        ] {
            assert_eq!(verdict(200, body), Verdict::Acknowledged, "{body}");
        }
    }

    #[test]
    fn a_success_that_is_none_is_no_acknowledgement() {
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
        ] {
            assert_eq!(verdict(200, body), NOT_A_SUCCESS, "{body}");
        }
        assert_eq!(
            verdict(200, r#"{"success":true,"code":500}"#),
            Verdict::Unclear { trouble: Trouble::Status(500), wait: None }
        );
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
    fn the_service_s_message_is_found_and_cut() {
        for (body, expected) in [
            (r#"{"error":{"message":"number is missing"}}"#, "number is missing"),
            (r#"{"error":"number is missing"}"#, "number is missing"),
            (r#"{"message":["a","b"]}"#, r#"["a","b"]"#),
            (r#"{"error":{"code":"X"}}"#, r#"{"code":"X"}"#),
            ("<html>", ""),
        ] {
            let expected = Verdict::Refused { status: 400, message: expected.to_owned() };
            assert_eq!(verdict(400, body), expected, "{body}");
        }
        let long = format!(r#"{{"message":"{}"}}"#, "é".repeat(10_000));
        let Verdict::Refused { message, .. } = verdict(400, &long) else { panic!("not refused") };
        assert_eq!(message.chars().count(), MAX_MESSAGE_CHARACTERS);
    }

    fn wait(retry_after: &str, date: Option<&str>) -> Option<u64> {
        let now = httpdate::parse_http_date("Fri, 20 Nov 2026 12:00:00 GMT").unwrap();
        let answer = Answer {
            status: 429,
            retry_after: Some(retry_after.to_owned()),
            date: date.map(str::to_owned),
            ..Answer::default()
        };
        match answer.verdict(now) {
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
        // Our clock is half an hour slow; the service's own tells.
        let date = Some("Fri, 20 Nov 2026 12:30:00 GMT");
        assert_eq!(wait("Fri, 20 Nov 2026 12:30:20 GMT", date), Some(20));
        assert_eq!(wait("Fri, 20 Nov 2026 12:29:00 GMT", date), Some(0));
    }

    #[test]
    fn a_retry_after_that_cannot_be_meant_is_none() {
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
