//! What holds of every answer of a service.

use contactmill_upload::__private::acknowledges;
use contactmill_upload::Answer;
use serde_json::Value;

const SECRET: &str = "s3cret";

/// An answer acknowledges what was sent only if its status is that of a success and its whole body is one
/// object that says so and contradicts it nowhere; no part of such a body does. What is shown of another is
/// one short line that a terminal shows as it is, without the token. The first two bytes are the status; the
/// others, up to a NUL, are the body, and those behind it `Retry-After` and `Location`.
pub(crate) fn check(data: &[u8]) {
    let Some((&[high, low], rest)) = data.split_first_chunk() else { return };
    let parts: Vec<&[u8]> = rest.splitn(2, |&byte| byte == 0).collect();
    let header = parts.get(1).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let body = parts[0].to_vec();
    let answer = Answer {
        status: status([high, low]),
        retry_after: header.clone(),
        location: header,
        body,
        ..Answer::default()
    };
    match acknowledges(&answer, SECRET) {
        Ok(()) => check_success(&answer),
        Err(shown) => {
            assert!(!shown.contains(SECRET), "{shown:?}");
            assert!(shown.chars().count() <= 500 && !shown.contains(char::is_control), "{shown:?}");
        }
    }
}

/// So that seeds can be read: `ok` is 200, and other bytes are some status.
fn status(bytes: [u8; 2]) -> u16 {
    match &bytes {
        b"ok" => 200,
        b"no" => 400,
        _ => 200 + u16::from_be_bytes(bytes) % 400,
    }
}

fn check_success(answer: &Answer) {
    assert!((200..=203).contains(&answer.status), "{}", answer.status);
    let text = answer.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&answer.body);
    let body: Value = serde_json::from_slice(text).expect("a success is JSON");
    let said = format!("{body}");
    let claims = body["success"] == true || body["status"] == "success";
    assert!(body.is_object() && claims && !contradicts(&body), "{said}");
    // Nothing behind the end is needed, and all before it is.
    let text = text.trim_ascii_end();
    for end in (0..text.len()).step_by(1 + text.len() / 40) {
        let cut = Answer { body: text[..end].to_vec(), ..answer.clone() };
        assert!(acknowledges(&cut, SECRET).is_err(), "{said} cut at {end}");
    }
    let twice = Answer { body: [text, text].concat(), ..answer.clone() };
    assert!(acknowledges(&twice, SECRET).is_err(), "{said} twice");
}

/// Whether `false` stands behind `success`, or anything behind `error`, at any depth.
fn contradicts(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.iter().any(|(name, value)| match name.as_str() {
            "success" => value == false,
            "error" | "errors" | "failed" => {
                !matches!(value, Value::Null | Value::Bool(false)) && !is_empty(value)
            }
            _ => contradicts(value),
        }),
        Value::Array(values) => values.iter().any(contradicts),
        _ => false,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty() || text == "0",
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}
