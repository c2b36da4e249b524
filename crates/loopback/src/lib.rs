//! HTTP/1.1 for this machine alone: as much as a page and a stand-in for an API need.
//!
//! A [`Server`] listens on the loopback address and gives each connection a thread. Whoever else is on this
//! machine can connect, too, so everything has a limit: connections, sizes of heads and bodies, and the time
//! in which a request must arrive.
//!
//! ```
//! use std::io::{Read, Write};
//! use std::net::TcpStream;
//!
//! use contactmill_loopback::{Connection, Response, Server, listen};
//!
//! let server = Server::start(listen(0)?, "greeting", |connection: &mut Connection| {
//!     while let Some(head) = connection.head()? {
//!         let Some(body) = connection.body(&head, 1024)? else { return Ok(()) };
//!         let text = format!("{} {}: {} bytes", head.method, head.path, body.len());
//!         connection.answer(&Response::new(200, "text/plain", text))?;
//!         if head.wants_close() {
//!             break;
//!         }
//!     }
//!     Ok(())
//! })?;
//!
//! let mut stream = TcpStream::connect(server.address())?;
//! stream.write_all(b"POST /hello HTTP/1.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")?;
//! let mut answer = String::new();
//! stream.read_to_string(&mut answer)?;
//! assert!(answer.ends_with("POST /hello: 2 bytes"), "{answer}");
//! # Ok::<(), std::io::Error>(())
//! ```

mod http;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use http::{Connection, Head, REQUEST_TIMEOUT, Response};

/// Maximum number of open connections. More are refused.
pub const MAX_CONNECTIONS: usize = 256;

/// How long the end of a server waits for its connections. Those that wait for a request end at once.
const END: Duration = Duration::from_millis(500);

/// Listens on this port of this machine, or on a free one for 0.
///
/// # Errors
///
/// When the port is in use.
pub fn listen(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

/// A server. It ends when it is dropped: connections that wait for a request are closed, and answers that
/// were begun are sent.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    open: Arc<AtomicUsize>,
    accepting: Option<JoinHandle<()>>,
}

impl Server {
    /// Calls `serve` with each connection, on a thread of its own. An error ends the connection, and is the
    /// client's business.
    ///
    /// # Errors
    ///
    /// When no thread can be started.
    pub fn start(
        listener: TcpListener,
        name: &str,
        serve: impl Fn(&mut Connection) -> io::Result<()> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let open = Arc::new(AtomicUsize::new(0));
        let accepting = Accepting {
            stop: Arc::clone(&stop),
            open: Arc::clone(&open),
            name: format!("{name}-connection"),
            serve: Arc::new(serve),
        };
        let thread = std::thread::Builder::new().name(name.to_owned());
        let accepting = thread.spawn(move || accepting.accept(&listener))?;
        Ok(Server { address, stop, open, accepting: Some(accepting) })
    }

    /// The address that it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for connections.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
        let began = Instant::now();
        while self.open.load(Ordering::Relaxed) > 0 && began.elapsed() < END {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// What the thread that waits for connections needs.
struct Accepting<S> {
    stop: Arc<AtomicBool>,
    open: Arc<AtomicUsize>,
    name: String,
    serve: Arc<S>,
}

impl<S: Fn(&mut Connection) -> io::Result<()> + Send + Sync + 'static> Accepting<S> {
    fn accept(&self, listener: &TcpListener) {
        for stream in listener.incoming() {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            match stream {
                Ok(stream) if self.open.load(Ordering::Relaxed) < MAX_CONNECTIONS => {
                    self.serve(stream);
                }
                Ok(_) => {}
                // Most likely there are too many open files. A moment later some may be closed.
                Err(_) => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    fn serve(&self, stream: TcpStream) {
        self.open.fetch_add(1, Ordering::Relaxed);
        let (serve, stop) = (Arc::clone(&self.serve), Arc::clone(&self.stop));
        let counted = Arc::clone(&self.open);
        let serving = std::thread::Builder::new().name(self.name.clone()).spawn(move || {
            let _ = Connection::new(stream, stop).and_then(|mut connection| serve(&mut connection));
            counted.fetch_sub(1, Ordering::Relaxed);
        });
        if serving.is_err() {
            // The connection is closed, as if there were too many.
            self.open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
