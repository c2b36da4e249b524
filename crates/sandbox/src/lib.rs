//! A local stand-in for the import API, to rehearse an upload: strict, limited, and with faults on
//! demand.
//!
//! ```
//! use std::io::{Read, Write};
//! use std::net::TcpStream;
//!
//! use contactmill_sandbox::{Options, Sandbox};
//!
//! let sandbox = Sandbox::start(Options { port: 0, ..Options::default() })?;
//!
//! let body = br#"[{"profile":{"userDetails":{"userProvidedName":"John Doe",
//!     "contact":{"email":"","phone":{"number":"9876543210","prefix":"91"}},
//!     "tags":[],"attributes":[]}}}]"#;
//! let mut connection = TcpStream::connect(sandbox.address())?;
//! write!(
//!     connection,
//!     "POST /inbox/users/import HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer any\r\n\
//!      authtype: Key\r\nContent-Type: application/json\r\nConnection: close\r\n\
//!      Content-Length: {}\r\n\r\n",
//!     sandbox.address(),
//!     body.len()
//! )?;
//! connection.write_all(body)?;
//! let mut answer = String::new();
//! connection.read_to_string(&mut answer)?;
//!
//! assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
//! assert_eq!(sandbox.stats().contacts, 1);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! It listens on this machine alone, keeps everything in memory, and takes any token. `POST
//! /inbox/users/import` is the API; `/` is a page that shows what arrived, with names and numbers
//! masked; `/stats` has the same as JSON; `/contacts` lists what is stored.
//!
//! It shares no code with the uploader, nor its types, on purpose: a mistake about the API in one is then
//! not in the other.

mod contact;
mod faults;
mod service;
mod store;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use contactmill_loopback::{Connection, Server, listen};

pub use contact::Key;
pub use faults::{Fault, Faults, FaultsError};
pub use store::{Masked, Stats, Stored};

use crate::service::Service;

/// The default port.
pub const DEFAULT_PORT: u16 = 8642;

/// The form of a successful answer: one of the two that are published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnswerStyle {
    /// `{"success": true, "message": "success", "code": 200}`
    #[default]
    A,
    /// `{"status": "success", "message": "User profiles imported successfully."}`
    B,
}

/// How a sandbox behaves.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Maximum number of requests a minute for each token.
    pub rate: NonZeroU32,
    /// Maximum size of a body, in bytes.
    pub max_bytes: usize,
    /// The form of a successful answer.
    pub answers: AnswerStyle,
    /// The faults.
    pub faults: Faults,
    /// The seed of the random faults: the same seed gives the same faults.
    pub seed: u64,
}

impl Default for Options {
    /// Port 8642, the published limit, bodies of 100 KiB, form A, no faults.
    fn default() -> Self {
        Options {
            port: DEFAULT_PORT,
            rate: NonZeroU32::MIN.saturating_add(99),
            max_bytes: 100 * 1024,
            answers: AnswerStyle::A,
            faults: Faults::default(),
            seed: 1,
        }
    }
}

/// A running sandbox. It ends when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    service: Arc<Service>,
    server: Server,
}

impl Sandbox {
    /// Starts listening.
    ///
    /// # Errors
    ///
    /// When the port is in use, or no thread can be started.
    pub fn start(options: Options) -> io::Result<Self> {
        let port = options.port;
        let service = Arc::new(Service::new(options));
        let serving = Arc::clone(&service);
        let serve = move |connection: &mut Connection| serving.serve(connection);
        Ok(Sandbox { service, server: Server::start(listen(port)?, "sandbox", serve)? })
    }

    /// The address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// What has arrived so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.service.stats()
    }

    /// All contacts that are stored.
    #[must_use]
    pub fn contacts(&self) -> BTreeMap<Key, Stored> {
        self.service.store().contacts.clone()
    }

    /// Sets the faults from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.service.set_faults(faults);
    }
}
