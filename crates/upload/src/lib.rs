//! Uploads finished import arrays to an import API within its limit. Every contact is acknowledged or
//! accounted for.
//!
//! An [`Uploader`] sends the arrays of an [`ImportFolder`] (a folder with a manifest, as
//! `contactmill convert` writes it) through a [`Transport`] to a [`Target`]. A journal in the folder
//! lists each request and its answer, so that a run that was killed can be continued.
//!
//! ```
//! use std::sync::Mutex;
//! use std::sync::atomic::AtomicBool;
//!
//! use contactmill_upload::{
//!     Answer, Ended, Event, ImportFolder, SendError, UploadOptions, Target, Transport, Uploader,
//! };
//!
//! /// A service that takes everything.
//! #[derive(Default)]
//! struct Taking(Mutex<Vec<Vec<u8>>>);
//!
//! impl Transport for Taking {
//!     fn post(&self, body: &[u8]) -> Result<Answer, SendError> {
//!         self.0.lock().unwrap().push(body.to_vec());
//!         Ok(Answer { status: 200, body: br#"{"success":true}"#.to_vec(), ..Answer::default() })
//!     }
//! }
//!
//! # let temporary = tempfile::tempdir()?;
//! # let folder = temporary.path();
//! # std::fs::write(folder.join("import-000001.json"), "[1,2]")?;
//! # let sha256 = "49a64717d5d4cb19952e6eac2946415cf6879adacf9908e7d872332d32c6e684";
//! # let file = format!(r#"{{"path":"import-000001.json","contacts":2,"bytes":5,"sha256":"{sha256}"}}"#);
//! # std::fs::write(folder.join("manifest.json"), format!(r#"{{"schema":1,"files":[{file}]}}"#))?;
//! let folder = ImportFolder::open(folder)?;
//! let (target, service) = (Target::at("https://api.example.com")?, Taking::default());
//! let uploader = Uploader::new(target, &service, UploadOptions::default());
//!
//! let report = uploader.run(&folder, &AtomicBool::new(false), &|event| {
//!     if let Event::Acknowledged { slice } = event {
//!         println!("{} contacts are in", slice.contacts());
//!     }
//! })?;
//! assert_eq!((report.ended, report.acknowledged, report.refused), (Ended::Finished, 2, 0));
//!
//! // The service has everything, and the journal says so.
//! let again = uploader.run(&folder, &AtomicBool::new(false), &|_| {})?;
//! assert_eq!((again.acknowledged_before, again.requests), (2, 0));
//! assert_eq!(*service.0.lock().unwrap(), [b"[1,2]"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With [`HttpTransport`] instead of `Taking`, and a [`Token`], that is what `contactmill upload`
//! does.
//!
//! # What holds
//!
//! * In any 60 s as the service sees it, there are never more requests than the limit, over restarts
//!   too. They are spread evenly.
//! * Only a whole answer that says that it succeeded, and nothing else, is an acknowledgement. Contacts
//!   without a clear answer are sent again: the API creates or updates, so that does no harm.
//! * A slice that is refused is halved until the contacts at fault are alone. They go to `refused.csv`. A
//!   service that refuses everything ends the run, and refuses nobody for good.
//! * The words of a service are made safe to show on a terminal, and hold no secret.
//! * The token is in one header of the requests, and nowhere else.
//!
//! # Modules
//!
//! | module | holds |
//! |---|---|
//! | `target`, `token` | where to send, and the secret that is never shown |
//! | `folder` | the manifest, and the arrays checked against it |
//! | `slice` | some contacts of one array: what one request sends |
//! | `pacer` | the limit, as the service sees it |
//! | `answer` | what an answer means; nothing in it is trusted |
//! | `words`, `echo`, `object` | text of others, safe to show and without the contacts that it repeats; JSON objects of others |
//! | `schedule` | what is sent when: halves, retries, waits; whether a contact is at fault |
//! | `journal`, `refused` | what the folder keeps |
//! | `unfinished_upload` | uploads that are not finished, for a program that wants to replace the folder |
//! | `transport` | the trait, and HTTPS |
//! | `uploader` | the workers |
//! | `report`, `error` | events, the result of a run, errors |
//!
//! This crate knows HTTP, tokens, limits and the journal. It knows nothing of where arrays come
//! from: `curl` could replace it.

mod answer;
mod echo;
mod error;
mod folder;
mod journal;
mod object;
mod pacer;
mod refused;
mod report;
mod schedule;
mod slice;
mod target;
mod token;
mod transport;
mod unfinished;
mod uploader;
mod words;

/// For the properties in `fuzz` alone; no promise is made about anything in here.
#[doc(hidden)]
pub mod __private {
    use std::collections::BTreeSet;
    use std::time::SystemTime;

    use contactmill_wire::journal::{ArraySlice, Job, JournalLine};

    use crate::answer::{Answer, Verdict};
    use crate::journal::Past;

    /// Whether an answer acknowledges what was sent.
    ///
    /// # Errors
    ///
    /// The words of it that are shown, where it does not.
    pub fn acknowledges(answer: &Answer, secret: &str) -> Result<(), String> {
        let masked = |text: &str| text.replace(secret, crate::MASKED);
        match answer.verdict(SystemTime::UNIX_EPOCH, &masked) {
            Verdict::Acknowledged => Ok(()),
            Verdict::Refused { message, .. } | Verdict::TooLarge { message } => Err(message),
            Verdict::Unexpected { location, .. } => Err(location.unwrap_or_default()),
            _ => Err(String::new()),
        }
    }

    /// What the journal says of an array of a job: the contacts that are acknowledged, refused, and left.
    #[must_use]
    pub fn accounted(
        lines: &[JournalLine],
        job: &Job,
        array: u32,
        contacts: u32,
    ) -> [BTreeSet<u32>; 3] {
        let past = Past::of(lines, job, 0);
        let within = |slice: (u32, u32)| (slice.0..slice.1).filter(move |&at| at < contacts);
        let of_array = |slice: &&ArraySlice| slice.array == array;
        let acknowledged = past.acknowledged.get(&array).into_iter().flatten().copied();
        let refused = past.refused.keys().filter(of_array).map(|slice| (slice.first, slice.end));
        let left = past.left(array, contacts).into_iter().map(|slice| (slice.first, slice.end));
        [
            acknowledged.flat_map(within).collect(),
            refused.flat_map(within).collect(),
            left.flat_map(within).collect(),
        ]
    }
}

pub use answer::{Answer, Trouble};
pub use contactmill_wire::files::{JOURNAL, REFUSED};
pub use error::UploadError;
pub use folder::{FolderError, ImportArray, ImportFolder};
pub use journal::JournalError;
pub use pacer::least_time;
pub use report::{Ended, Event, Report};
pub use schedule::WaitFor;
pub use slice::ArraySlice;
pub use target::{Service, Target, TargetError};
pub use token::{MASKED, Token, TokenError};
pub use transport::{CaFileError, CertificateFault, HttpTransport, SendError, Transport};
pub use unfinished::{UnfinishedUpload, unfinished_upload};
pub use uploader::{Remaining, UploadOptions, Uploader, body_bytes, remaining};
