//! A page on this machine for one person: what each column of a dump is taken for, what is rejected and
//! why, and a way to correct cells where they stand.
//!
//! [`Review::start`] listens on the loopback address and answers its own page alone. The engine stays the only judge: counts are those of
//! [`Convert::count`](contactmill::Convert::count), a correction is a line of a file that
//! [`Convert::fixes`](contactmill::Convert::fixes) takes, and an export is a conversion.
//!
//! | module | holds |
//! |---|---|
//! | `server`, `guard` | requests and answers; which requests are answered at all |
//! | `session` | what one review knows, and what a request changes |
//! | `sample` | the first records, read again with every change of the settings |
//! | `counting` | the thread that reads everything, and exports |
//! | `places` | where the records that a page may show stand |
//! | `of_result` | what a result was made of, to review it |
//! | `fix_log` | the file of corrections, which grows line by line |

mod counting;
mod fix_log;
mod guard;
mod of_result;
mod places;
mod sample;
mod server;
mod session;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use contactmill::columns::FieldMapping;
use contactmill::{DedupPolicy, Error, OptOuts, Options, Reading, Sheets};

use crate::server::PageServer;
use crate::session::Session;

/// What is reviewed, and how it is read to begin with.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The inputs.
    pub inputs: Vec<PathBuf>,
    /// How inputs are read. Every sheet with contacts is read unless some are named.
    pub reading: Reading,
    /// How contacts are read.
    pub options: Options,
    /// What columns hold.
    pub mapping: FieldMapping,
    /// The exclusion lists.
    pub exclude: Vec<PathBuf>,
    /// Whether people who opted out are kept or left out.
    pub opt_outs: OptOuts,
    /// Which of several contacts with one number is kept.
    pub dedup: DedupPolicy,
    /// The folder for results. If there is one, a number is put behind its name.
    pub out: PathBuf,
    /// The file of corrections. Without one it stands beside the first input.
    pub fixes: Option<PathBuf>,
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
}

impl Setup {
    /// A review of these inputs, with nothing said about them.
    pub fn new<P: Into<PathBuf>>(inputs: impl IntoIterator<Item = P>) -> Self {
        Setup {
            inputs: inputs.into_iter().map(Into::into).collect(),
            reading: Reading { sheets: Sheets::EachWithContacts, ..Reading::default() },
            options: Options::default(),
            mapping: FieldMapping::default(),
            exclude: Vec::new(),
            opt_outs: OptOuts::default(),
            dedup: DedupPolicy::default(),
            out: "contactmill-out".into(),
            fixes: None,
            port: 0,
        }
    }

    /// The file of corrections.
    fn fixes(&self) -> PathBuf {
        let beside = |input: &PathBuf| {
            let name = input.file_name().unwrap_or_default().to_string_lossy();
            input.with_file_name(format!("{name}.fixes.csv"))
        };
        let first = || self.inputs.first().map_or_else(|| "fixes.csv".into(), beside);
        self.fixes.clone().unwrap_or_else(first)
    }
}

/// A running review. It ends when it is dropped.
pub struct Review {
    server: PageServer,
    session: Arc<Session>,
    counting: Option<JoinHandle<()>>,
}

impl Review {
    /// Reads the first records and starts listening. Everything else is read in the background.
    ///
    /// # Errors
    ///
    /// When an input or the file of corrections cannot be read, or the port is in use.
    pub fn start(setup: Setup) -> Result<Self, StartError> {
        let port = setup.port;
        let session = Arc::new(Session::open(setup)?);
        let server = PageServer::start(port, Arc::clone(&session)).map_err(StartError::Listen)?;
        let counting = {
            let session = Arc::clone(&session);
            let thread = std::thread::Builder::new().name("review-counting".into());
            thread.spawn(move || counting::run(&session)).map_err(StartError::Listen)?
        };
        Ok(Review { server, session, counting: Some(counting) })
    }

    /// The address of the page. Its fragment is the key to it: whoever has it can read the dump.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The file of corrections.
    #[must_use]
    pub fn fixes(&self) -> PathBuf {
        self.session.fixes_path()
    }

    /// The line of the file of corrections that was taken off, as no line end stood behind it: a correction that
    /// was being written when the machine or the program stopped, or a last line that somebody wrote.
    #[must_use]
    pub fn cut_off(&self) -> Option<u64> {
        self.session.lock().log.cut_off()
    }

    /// Whether nobody has asked for anything for an hour.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.server.is_idle()
    }
}

impl fmt::Debug for Review {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address has the token in it.
        f.debug_struct("Review").finish_non_exhaustive()
    }
}

impl Drop for Review {
    fn drop(&mut self) {
        self.session.end();
        if let Some(counting) = self.counting.take() {
            let _ = counting.join();
        }
    }
}

/// Why a review cannot start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// An input cannot be read.
    Input(Error),
    /// The file of corrections cannot be read or written.
    Fixes {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// The folder is no result that can be reviewed.
    Result {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// Nothing can be listened to.
    Listen(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Input(error) => error.fmt(f),
            StartError::Fixes { path, message } => write!(f, "{}: {message}", path.display()),
            StartError::Result { folder, message } => write!(f, "{}: {message}", folder.display()),
            StartError::Listen(error) => write!(f, "the page cannot be served: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

impl From<Error> for StartError {
    fn from(error: Error) -> Self {
        StartError::Input(error)
    }
}

/// The example of the crate's page, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Page;
