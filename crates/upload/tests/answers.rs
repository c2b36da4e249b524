//! Answers of services, over real connections: only a clear success is an acknowledgement, no redirect is
//! followed, and no answer may take for ever.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod loopback;

use std::time::{Duration, Instant};

use contactmill_upload::{Ended, Event, Target, Trouble, UploadOptions};
use loopback::{Run, SUCCESS, Server, TOKEN, answer, folder, journal};

/// The bytes as gzip, in a stored block: RFC 1952 and 1951.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut crc = !0u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    let length = u16::try_from(bytes.len()).unwrap();
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    out.extend(length.to_le_bytes());
    out.extend((!length).to_le_bytes());
    out.extend(bytes);
    out.extend((!crc).to_le_bytes());
    out.extend(u32::from(length).to_le_bytes());
    out
}

#[test]
fn every_header_arrives_and_the_body_is_the_file() {
    let server = Server::start(|_, _, stream| {
        stream.write_all(&answer(200, "", SUCCESS.as_bytes())).unwrap();
    });
    let made = folder(1, 3);
    let mut run = Run::to(&server.url());
    run.target = run.target.with_origin("https://app.example.com").unwrap();
    run.target = run.target.with_bot_id("bot-1").unwrap();
    let (report, _) = run.upload(made.path());
    assert_eq!((report.ended, report.acknowledged), (Ended::Finished, 3));
    let arrived = server.arrived().remove(0);
    let expected = std::fs::read(made.path().join("import-000001.json")).unwrap();
    assert_eq!(arrived.body, expected);
    let mut lines: Vec<String> = arrived.head.lines().map(str::to_lowercase).collect();
    lines.retain(|line| !line.is_empty());
    lines.sort_unstable();
    let mut expected = [
        "post /inbox/users/import?botid=bot-1 http/1.1".to_owned(),
        format!("host: {}", server.address),
        format!("authorization: bearer {TOKEN}"),
        "authtype: key".to_owned(),
        "content-type: application/json".to_owned(),
        format!("content-length: {}", expected.len()),
        "accept: */*".to_owned(),
        "accept-encoding: gzip".to_owned(),
        format!("user-agent: contactmill/{}", env!("CARGO_PKG_VERSION")),
        "origin: https://app.example.com".to_owned(),
        "referer: https://app.example.com/".to_owned(),
        "botid: bot-1".to_owned(),
    ];
    expected.sort_unstable();
    assert_eq!(lines, expected);
}

#[test]
fn both_bodies_plain_and_compressed_are_acknowledgements() {
    let b = r#"{"status": "success", "message": "User profiles imported successfully."}"#;
    let compressed = "Content-Encoding: gzip\r\n";
    let chunked = format!(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{b}\r\n0\r\n\r\n",
        b.len()
    );
    for bytes in [
        answer(200, "", SUCCESS.as_bytes()),
        answer(200, "", b.as_bytes()),
        answer(200, compressed, &gzip(SUCCESS.as_bytes())),
        answer(200, compressed, &gzip(b.as_bytes())),
        chunked.into_bytes(),
    ] {
        let server = Server::start(move |_, _, stream| stream.write_all(&bytes).unwrap());
        let made = folder(1, 3);
        let (report, _) = Run::to(&server.url()).upload(made.path());
        assert_eq!((report.acknowledged, report.requests), (3, 1));
    }
}

#[test]
fn only_a_clear_success_is_an_acknowledgement() {
    let cut = |bytes: Vec<u8>, by: usize| bytes[..bytes.len() - by].to_vec();
    let compressed = "Content-Encoding: gzip\r\n";
    let success = SUCCESS.as_bytes();
    for (what, bytes, expected) in [
        ("nothing", Vec::new(), Trouble::ConnectionLost),
        ("half a head", b"HTTP/1.1 200 OK\r\nConte".to_vec(), Trouble::ConnectionLost),
        ("no HTTP", b"SSH-2.0-OpenSSH\r\n\r\n".to_vec(), Trouble::NotASuccess),
        ("a body cut short", cut(answer(200, "", success), 1), Trouble::ConnectionLost),
        (
            "chunks cut short",
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{SUCCESS}").into(),
            Trouble::ConnectionLost,
        ),
        (
            "a body without length, cut short",
            format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", &SUCCESS[..20]).into(),
            Trouble::NotASuccess,
        ),
        ("gzip that is none", answer(200, compressed, success), Trouble::NotASuccess),
        (
            "gzip with another checksum",
            {
                let mut bytes = gzip(success);
                let at = bytes.len() - 6;
                bytes[at] ^= 1;
                answer(200, compressed, &bytes)
            },
            Trouble::NotASuccess,
        ),
        ("a page", answer(200, "", b"<html>OK</html>"), Trouble::NotASuccess),
        ("success: false", answer(200, "", br#"{"success":false}"#), Trouble::NotASuccess),
        ("an empty body", answer(200, "", b""), Trouble::NotASuccess),
        ("no content", answer(204, "", b""), Trouble::NotASuccess),
        ("500", answer(500, "", b""), Trouble::Status(500)),
        ("502", answer(502, "", b"<html>"), Trouble::Status(502)),
        ("503", answer(503, "", b""), Trouble::Status(503)),
        ("504", answer(504, "", b""), Trouble::Status(504)),
    ] {
        let server = Server::start(move |_, _, stream| {
            let _ = stream.write_all(&bytes);
        });
        let made = folder(1, 3);
        let (report, events) = Run::to(&server.url()).upload(made.path());
        assert_eq!((report.acknowledged, report.unknown_contacts()), (0, 3), "{what}");
        assert_eq!(report.unknown[0].1, expected, "{what}");
        assert!(!events.iter().any(|event| matches!(event, Event::Acknowledged { .. })), "{what}");
        assert!(journal(made.path()).contains("\"unknown\""), "{what}");
        // The next run sends it again.
        let taking = Server::start(|_, _, stream| {
            stream.write_all(&answer(200, "", SUCCESS.as_bytes())).unwrap();
        });
        let (report, _) = Run::to(&taking.url()).upload(made.path());
        assert_eq!(report.acknowledged, 3, "{what}");
    }
}

#[test]
fn an_answer_without_end_is_given_up() {
    type Sending = fn(&mut dyn loopback::Stream) -> std::io::Result<()>;
    let cases: [(&str, Sending, Trouble); 5] = [
        (
            "silence",
            |_| {
                std::thread::sleep(Duration::from_secs(4));
                Ok(())
            },
            Trouble::TimedOut,
        ),
        (
            "a body that drips",
            |stream| {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")?;
                for _ in 0..100 {
                    stream.write_all(b" ")?;
                    stream.flush()?;
                    std::thread::sleep(Duration::from_millis(50));
                }
                Ok(())
            },
            Trouble::TimedOut,
        ),
        (
            "a head that drips",
            |stream| {
                stream.write_all(b"HTTP/1.1 200 OK\r\nX-More: ")?;
                for _ in 0..100 {
                    stream.write_all(b"a")?;
                    std::thread::sleep(Duration::from_millis(50));
                }
                Ok(())
            },
            Trouble::TimedOut,
        ),
        (
            "an endless body",
            |stream| {
                stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
                loop {
                    stream.write_all(&[b' '; 4096])?;
                }
            },
            Trouble::TooLong,
        ),
        (
            "an endless head",
            |stream| {
                stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
                loop {
                    stream.write_all(b"X-More: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n")?;
                }
            },
            Trouble::NotASuccess,
        ),
    ];
    for (what, send, expected) in cases {
        let server = Server::start(move |_, _, stream| drop(send(stream)));
        let made = folder(1, 3);
        let run = Run { timeout: Duration::from_secs(1), ..Run::to(&server.url()) };
        let began = Instant::now();
        let (report, _) = run.upload(made.path());
        assert!(began.elapsed() < Duration::from_secs(8), "{what}");
        assert_eq!(report.unknown_contacts(), 3, "{what}");
        assert_eq!(report.unknown[0].1, expected, "{what}");
    }
}

#[test]
fn redirects_are_never_followed() {
    for status in [300, 301, 302, 303, 307, 308] {
        let elsewhere = Server::start(|_, _, stream| {
            stream.write_all(&answer(200, "", SUCCESS.as_bytes())).unwrap();
        });
        let location = format!("{}/inbox/users/import?token={TOKEN}", elsewhere.url());
        let header = format!("Location: {location}\r\n");
        let server = Server::start(move |_, _, stream| {
            stream.write_all(&answer(status, &header, b"")).unwrap();
        });
        let made = folder(5, 3);
        let options =
            UploadOptions { concurrency: std::num::NonZeroUsize::MIN, ..UploadOptions::default() };
        let run = Run { options, ..Run::to(&server.url()) };
        let (report, _) = run.upload(made.path());
        let Ended::Unexpected { status: found, location: Some(location) } = &report.ended else {
            panic!("{status}: {:?}", report.ended)
        };
        assert_eq!(*found, status);
        assert!(!location.contains("canary"), "{location}");
        assert_eq!((report.requests, report.left), (1, 15));
        assert_eq!(*elsewhere.connections.lock().unwrap(), 0, "{status} was followed");
    }
}

#[test]
fn a_refused_token_ends_the_run_and_is_shown_nowhere() {
    for status in [401, 403] {
        let body = format!(
            r#"{{"success":false,"error":{{"code":"UNAUTHORIZED","message":"{TOKEN} has expired","statusCode":{status}}}}}"#
        );
        let server = Server::start(move |_, _, stream| {
            stream.write_all(&answer(status, "", body.as_bytes())).unwrap();
        });
        let made = folder(20, 3);
        let (report, events) = Run::to(&server.url()).upload(made.path());
        assert_eq!(report.ended, Ended::Unauthorized { status });
        // Those that were under way already, at most.
        assert!(report.requests <= 4, "{}", report.requests);
        assert_eq!(server.arrived().len() as u64, report.requests);
        let shown = format!("{report:?} {events:?} {}", journal(made.path()));
        assert!(!shown.contains("canary"), "{shown}");
    }
}

#[test]
fn a_message_that_repeats_the_token_is_masked_in_the_table() {
    let body = format!(r#"{{"error":{{"message":"not with {TOKEN}!"}}}}"#);
    let server = Server::start(move |_, _, stream| {
        stream.write_all(&answer(422, "", body.as_bytes())).unwrap();
    });
    let made = folder(1, 1);
    let (report, _) = Run::to(&server.url()).upload(made.path());
    assert_eq!(report.refused, 1);
    let table = std::fs::read_to_string(made.path().join("refused.csv")).unwrap();
    assert!(table.contains("not with ********!") && !table.contains(TOKEN), "{table}");
    assert!(!journal(made.path()).contains("not with"));
}

/// No worker sends a request before the wait is over.
#[test]
fn retry_after_is_honoured_by_every_worker() {
    let date = |ahead: u64| {
        let now = std::time::SystemTime::now();
        format!(
            "Date: {}\r\nRetry-After: {}\r\n",
            httpdate::fmt_http_date(now),
            httpdate::fmt_http_date(now + Duration::from_secs(ahead))
        )
    };
    for header in ["Retry-After: 2\r\n".to_owned(), date(2)] {
        let server = Server::start(move |number, _, stream| {
            // The first workers are answered; the fifth request is over the limit.
            let bytes = match number {
                5 => answer(429, &header, b"{}"),
                _ => answer(200, "", SUCCESS.as_bytes()),
            };
            stream.write_all(&bytes).unwrap();
        });
        let made = folder(12, 3);
        let mut run = Run::to(&server.url());
        // Far enough apart that none is under way while another is answered.
        run.target = run.target.with_rate(std::num::NonZeroU32::new(600).unwrap());
        let (report, _) = run.upload(made.path());
        assert_eq!((report.acknowledged, report.requests), (36, 13));
        let arrived = server.arrived();
        let over = arrived[4].at;
        let early = arrived[5..].iter().filter(|one| one.at < over + Duration::from_secs(2));
        assert_eq!(early.count(), 0);
    }
}

#[test]
fn a_wait_that_is_too_long_ends_the_run_and_binds_the_next() {
    let server = Server::start(|_, _, stream| {
        stream.write_all(&answer(429, "Retry-After: 3000\r\n", b"{}")).unwrap();
    });
    let made = folder(3, 3);
    let mut run = Run::to(&server.url());
    run.options.concurrency = std::num::NonZeroUsize::MIN;
    for _ in 0..2 {
        let (report, _) = run.upload(made.path());
        let Ended::TooLongAWait { wait } = report.ended else { panic!("{:?}", report.ended) };
        assert!((2_900..=3_001).contains(&wait.as_secs()), "{wait:?}");
        assert_eq!(report.left, 9);
    }
    assert_eq!(server.arrived().len(), 1);
}

#[test]
fn a_rehearsal_does_not_pass_for_the_real_upload() {
    let taking = || {
        Server::start(|_, _, stream| {
            stream.write_all(&answer(200, "", SUCCESS.as_bytes())).unwrap();
        })
    };
    let (rehearsal, real) = (taking(), taking());
    let made = folder(4, 3);
    for server in [&rehearsal, &real, &rehearsal, &real] {
        let (report, _) = Run::to(&server.url()).upload(made.path());
        assert_eq!(report.acknowledged, 12);
    }
    assert_eq!((rehearsal.arrived().len(), real.arrived().len()), (4, 4));
}

#[test]
fn a_run_without_a_connection_ends_as_unreachable() {
    let gone = Server::start(|_, _, _| {});
    let url = gone.url();
    drop(gone);
    let made = folder(4, 3);
    let (report, _) = Run::to(&url).upload(made.path());
    assert_eq!((report.ended, report.acknowledged, report.left), (Ended::Unreachable, 0, 12));
    // A name that no resolver knows (RFC 6761).
    let mut run = Run::to(&url);
    run.target = Target::at("https://nowhere.invalid").unwrap();
    let (report, _) = run.upload(made.path());
    assert_eq!(report.ended, Ended::Unreachable);
}
