//! Folders to upload, and servers on this machine with given answers.

#![allow(dead_code, reason = "each test target uses its own part")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use contactmill_upload::{
    Event, HttpTransport, ImportFolder, Report, Target, Token, UploadOptions, Uploader,
};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

pub(crate) const TOKEN: &str = "canary-token-7f3a";

pub(crate) const SUCCESS: &str = r#"{"success": true, "message": "success", "code": 200}"#;

/// A contact in the form of the import API, distinguished by its number.
pub(crate) fn contact(number: usize) -> Value {
    json!({"profile": {"userDetails": {
        "userProvidedName": format!("Asha Canary {number}"),
        "contact": {
            "email": format!("canary{number}@example.com"),
            "phone": {"number": format!("98{number:08}"), "prefix": "91"},
        },
        "tags": ["lead"],
        "attributes": [{"key": "plan", "value": "pro"}],
    }}})
}

/// Writes arrays and their manifest.
pub(crate) fn write_folder(folder: &Path, arrays: &[Vec<Value>]) {
    let mut files = Vec::new();
    for (index, array) in arrays.iter().enumerate() {
        let path = format!("import-{:06}.json", index + 1);
        let text = serde_json::to_string(array).unwrap();
        let sha256: String = digest(&SHA256, text.as_bytes())
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        files.push(json!({
            "path": path, "contacts": array.len(), "bytes": text.len(), "sha256": sha256,
        }));
        std::fs::write(folder.join(path), text).unwrap();
    }
    let manifest = json!({"schema": 1, "files": files}).to_string();
    std::fs::write(folder.join("manifest.json"), manifest).unwrap();
}

/// A folder with this number of arrays, each with this number of contacts.
pub(crate) fn folder(arrays: usize, contacts: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let array = |index| (index * contacts..(index + 1) * contacts).map(contact).collect();
    write_folder(folder.path(), &(0..arrays).map(array).collect::<Vec<_>>());
    folder
}

/// A target on this machine with a limit that is not in the way.
pub(crate) fn target(url: &str) -> Target {
    Target::at(url).unwrap().with_rate(NonZeroU32::new(60_000).unwrap())
}

pub(crate) struct Run {
    pub(crate) target: Target,
    pub(crate) options: UploadOptions,
    pub(crate) timeout: Duration,
    pub(crate) ca_file: Option<std::path::PathBuf>,
}

impl Run {
    pub(crate) fn to(url: &str) -> Self {
        let options = UploadOptions { retries: 0, ..UploadOptions::default() };
        Run { target: target(url), options, timeout: Duration::from_secs(10), ca_file: None }
    }

    pub(crate) fn upload(&self, folder: &Path) -> (Report, Vec<Event>) {
        let token = Token::read(TOKEN.as_bytes(), "test").unwrap();
        let transport =
            HttpTransport::new(&self.target, token, self.timeout, self.ca_file.as_deref()).unwrap();
        assert!(!format!("{transport:?}").contains("canary"));
        let uploader = Uploader::new(self.target.clone(), transport, self.options.clone());
        let events = Mutex::new(Vec::new());
        let stop = AtomicBool::new(false);
        let report = uploader
            .run(&ImportFolder::open(folder).unwrap(), &stop, &|event| {
                events.lock().unwrap().push(event.clone());
            })
            .unwrap();
        (report, events.into_inner().unwrap())
    }
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) at: Instant,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

pub(crate) trait Stream: Read + Write {}

impl<S: Read + Write> Stream for S {}

/// What a server does with its first, second, … request.
type Script = dyn Fn(usize, &Arrived, &mut dyn Stream) + Send + Sync;

/// What a connection becomes before HTTP: plain, or TLS.
type Wrap = dyn Fn(TcpStream) -> Option<Box<dyn Stream>> + Send + Sync;

/// A server that answers by a script, one request a connection.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) arrived: Arc<Mutex<Vec<Arrived>>>,
    /// Bytes of requests that came, whole or not.
    pub(crate) connections: Arc<Mutex<usize>>,
    stop: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(
        script: impl Fn(usize, &Arrived, &mut dyn Stream) + Send + Sync + 'static,
    ) -> Self {
        Server::wrapped(|stream| Some(Box::new(stream)), script)
    }

    pub(crate) fn wrapped(
        wrap: impl Fn(TcpStream) -> Option<Box<dyn Stream>> + Send + Sync + 'static,
        script: impl Fn(usize, &Arrived, &mut dyn Stream) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(Mutex::new(0));
        let stop = Arc::new(AtomicBool::new(false));
        let (script, wrap): (Arc<Script>, Arc<Wrap>) = (Arc::new(script), Arc::new(wrap));
        let accepting = {
            let (arrived, connections) = (Arc::clone(&arrived), Arc::clone(&connections));
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    *connections.lock().unwrap() += 1;
                    let (arrived, script) = (Arc::clone(&arrived), Arc::clone(&script));
                    let wrap = Arc::clone(&wrap);
                    std::thread::spawn(move || {
                        let Ok(stream) = stream else { return };
                        let limit = Some(Duration::from_secs(20));
                        stream.set_read_timeout(limit).unwrap();
                        stream.set_write_timeout(limit).unwrap();
                        let Some(mut stream) = wrap(stream) else { return };
                        let Some(request) = request(&mut *stream) else { return };
                        let number = {
                            let mut all = arrived.lock().unwrap();
                            all.push(request.clone());
                            all.len()
                        };
                        script(number, &request, &mut *stream);
                    });
                }
            })
        };
        Server { address, arrived, connections, stop, accepting: Some(accepting) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
        self.accepting.take().unwrap().join().unwrap();
    }
}

/// The next request of a connection; nothing when it breaks before.
fn request(stream: &mut dyn Stream) -> Option<Arrived> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 * 1024];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
    });
    while bytes.len() < end + length.unwrap_or(0) {
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
    }
    Some(Arrived { at: Instant::now(), head, body: bytes[end..].to_vec() })
}

/// An answer with this status, more headers, and body.
pub(crate) fn answer(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut bytes = format!(
        "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Everything in a folder but the arrays, as text.
pub(crate) fn journal(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("upload.journal")).unwrap()
}
