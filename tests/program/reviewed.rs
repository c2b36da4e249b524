//! A page of `contactmill review`, asked as its own script asks.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use super::served::Served;

/// The review of a dump.
pub(crate) struct Reviewed(pub(crate) Served);

impl Reviewed {
    pub(crate) fn start(mut command: Command) -> Self {
        Reviewed(Served::start({
            command.stdin(Stdio::null());
            command
        }))
    }

    /// Status and body of the answer to a request, if there is a whole one.
    pub(crate) fn asked(&self, first: &str, body: &Value) -> Option<(u16, Value)> {
        let host = self.0.host();
        let (_, token) = self.0.url.split_once('#').unwrap();
        let head = format!(
            "Host: {host}\r\nX-Contactmill-Token: {token}\r\nContent-Type: application/json\r\n"
        );
        let answer = self.0.try_asked(first, &head, &body.to_string()).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
        Some((status, serde_json::from_str(body).ok()?))
    }

    /// The records whose number is too short, once all are read.
    pub(crate) fn rejected(&self) -> Vec<Value> {
        for _ in 0..3_000 {
            let (_, state) = self.asked("GET /api/state", &Value::Null).unwrap();
            let (_, rows) =
                self.asked("GET /api/rows?reason=phone_too_short&from=0", &Value::Null).unwrap();
            let rows = rows["rows"].as_array().unwrap().clone();
            if state["progress"].is_null() && !rows.is_empty() {
                return rows;
            }
            sleep(Duration::from_millis(10));
        }
        panic!("nothing is listed");
    }

    /// Corrects the number of a listed record. Returns the status of the answer.
    pub(crate) fn fix(&self, row: &Value, after: &str) -> Option<u16> {
        let fix = json!({"source": row["source"], "record": row["record"], "column": 1,
            "before": row["cells"][1], "after": after, "reason": "phone_too_short"});
        self.asked("POST /api/fix", &fix).map(|(status, _)| status)
    }
}
