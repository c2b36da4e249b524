//! The earlier result that contacts are compared with.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use contactmill_emit::{Comparison, KnownContacts, ResultFiles};
use contactmill_wire::files::{IMPORT_LINES, INDEX, JOURNAL, MANIFEST, import_array};
use contactmill_wire::import::Contact;
use contactmill_wire::index::{self, IndexEntry, IndexProblem};
use contactmill_wire::journal;
use contactmill_wire::manifest::{Manifest, SCHEMA};
use contactmill_wire::object::Object;

use memchr::memmem::Finder;

use crate::error::{Error, Problem};

/// An earlier result.
pub(crate) struct Earlier<'e> {
    folder: &'e Path,
    manifest: Manifest,
}

/// Why an earlier result cannot be compared with.
#[derive(Debug)]
pub(crate) enum SinceProblem {
    NoManifest,
    NotAManifest,
    Split,
    Sample,
    NoIndex,
    Index(IndexProblem),
    OtherIndex,
    Journal { line: u64 },
    Array { file: String },
    Io { file: String, error: io::Error },
    WithParts,
    WithSample,
}

impl fmt::Display for SinceProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let again = "convert the dump of that result again";
        match self {
            SinceProblem::NoManifest => write!(f, "there is no {MANIFEST}; name a folder of results"),
            SinceProblem::NotAManifest => write!(f, "{MANIFEST} is not of the known form; {again}"),
            SinceProblem::Split => f.write_str(
                "its results are split, and each part is uploaded by itself; name the folder of a part",
            ),
            SinceProblem::Sample => f.write_str(
                "it is the result of a sample, which nobody uploads; name one of a whole dump",
            ),
            SinceProblem::NoIndex => {
                write!(f, "there is no {INDEX}: an earlier version of contactmill wrote it; {again}")
            }
            SinceProblem::Index(problem) => write!(f, "{INDEX}: {problem}; {again}"),
            SinceProblem::OtherIndex => {
                write!(f, "{INDEX} is that of another result than {MANIFEST}; {again}")
            }
            SinceProblem::Journal { line } => write!(
                f,
                "{JOURNAL}:{line}: it is damaged here, so nobody can say what was acknowledged\n  move \
                 it away, and all contacts of the folder count as uploaded; or upload the whole dump"
            ),
            SinceProblem::Array { file } => {
                write!(f, "{file}: it is not what was written; {again}")
            }
            SinceProblem::Io { file, error } => write!(f, "{file}: cannot be read: {error}"),
            SinceProblem::WithParts => f.write_str(
                "only what is new or changed would be split, and parts are compared one by one; compare, \
                 or split",
            ),
            SinceProblem::WithSample => f.write_str(
                "a sample says nothing of the records that are not in it: they would all be gone; compare \
                 the whole dump",
            ),
        }
    }
}

impl<'e> Earlier<'e> {
    /// The result in this folder.
    pub(crate) fn open(folder: &'e Path) -> Result<Self, Error> {
        let fail = |problem| Problem::Since { folder: folder.to_owned(), problem };
        let json = match std::fs::read(folder.join(MANIFEST)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(fail(SinceProblem::NoManifest).into());
            }
            read => read.map_err(|error| fail(SinceProblem::io(MANIFEST)(error)))?,
        };
        let Object(manifest): Object<Manifest> =
            serde_json::from_slice(&json).map_err(|_| fail(SinceProblem::NotAManifest))?;
        let problem = match &manifest {
            Manifest { schema, .. } if *schema != SCHEMA => SinceProblem::NotAManifest,
            Manifest { parts, .. } if !parts.is_empty() => SinceProblem::Split,
            Manifest { sample: Some(_), .. } => SinceProblem::Sample,
            _ => return Ok(Earlier { folder, manifest }),
        };
        Err(fail(problem).into())
    }

    /// What it stands for. If it was uploaded, what it holds itself counts only as far as it was
    /// acknowledged; what it stands for beyond that was known before.
    pub(crate) fn known(&self) -> Result<KnownContacts, Error> {
        let known = || {
            let mut entries = self.index()?;
            let unacknowledged = self.unacknowledged()?;
            entries.retain(|entry| unacknowledged.binary_search(entry).is_err());
            Ok(KnownContacts::new(entries))
        };
        known().map_err(|problem| self.error(problem))
    }

    /// Lists those of its contacts that the run has not.
    pub(crate) fn write_gone(
        &self,
        compared: &Comparison,
        files: &ResultFiles,
    ) -> Result<(), Error> {
        let result = self.folder.display().to_string();
        let gone = compared.gone_phones();
        let named =
            Arrays::of(self).flat_map(|array| match array.and_then(|array| named(&array, &gone)) {
                Ok(contacts) => contacts.into_iter().map(Ok).collect(),
                Err(problem) => vec![Err(self.error(problem))],
            });
        compared.write_gone(files, &result, named)
    }

    fn error(&self, problem: SinceProblem) -> Error {
        Problem::Since { folder: self.folder.to_owned(), problem }.into()
    }

    /// The entries of the index, which is checked.
    fn index(&self) -> Result<Vec<IndexEntry>, SinceProblem> {
        let file = match File::open(self.folder.join(INDEX)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(SinceProblem::NoIndex);
            }
            opened => opened.map_err(SinceProblem::io(INDEX))?,
        };
        let size = file.metadata().map_err(SinceProblem::io(INDEX))?.len();
        let read = index::read(BufReader::new(file), size).map_err(SinceProblem::io(INDEX))?;
        let entries = read.map_err(SinceProblem::Index)?;
        let counts = self.manifest.counts;
        match entries.len() as u64 == counts.contacts + counts.unchanged {
            true => Ok(entries),
            false => Err(SinceProblem::OtherIndex),
        }
    }

    /// The contacts that an upload has not been acknowledged, sorted; none where nothing was uploaded.
    fn unacknowledged(&self) -> Result<Vec<IndexEntry>, SinceProblem> {
        let lines = match std::fs::read(self.folder.join(JOURNAL)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            read => {
                journal::read(&read.map_err(SinceProblem::io(JOURNAL))?)
                    .map_err(|line| SinceProblem::Journal { line })?
                    .lines
            }
        };
        let acknowledged = journal::acknowledged(&lines);
        let mut unacknowledged = Vec::new();
        for (number, array) in (0..).zip(Arrays::of(self)) {
            let (array, slices) = (array?, acknowledged.get(&number));
            let is_acknowledged =
                |at: u32| slices.into_iter().flatten().any(|&(first, end)| first <= at && at < end);
            // Nearly always, all of an array was acknowledged.
            let all = u32::try_from(array.contacts().count()).unwrap_or(u32::MAX);
            if slices.is_some_and(|slices| slices.contains(&(0, all))) {
                continue;
            }
            for (_, json) in (0..).zip(array.contacts()).filter(|(at, _)| !is_acknowledged(*at)) {
                unacknowledged.push(array.entry(json)?.0);
            }
        }
        unacknowledged.sort_unstable();
        Ok(unacknowledged)
    }
}

impl SinceProblem {
    fn io(file: &str) -> impl FnOnce(io::Error) -> Self + use<> {
        let file = file.to_owned();
        |error| SinceProblem::Io { file, error }
    }
}

/// The import arrays of a result, in order; none where its contacts were written as something else.
struct Arrays<'e> {
    folder: &'e Path,
    names: Vec<String>,
    next: usize,
    /// The file with an array a line, while it is read.
    lines: Option<BufReader<File>>,
}

/// One import array.
struct Array {
    file: String,
    json: Vec<u8>,
}

impl<'e> Arrays<'e> {
    fn of(earlier: &'e Earlier<'_>) -> Self {
        let names = earlier.manifest.contact_files().map(|file| file.path.clone()).enumerate();
        // Any other name is not ours, and may lead out of the folder.
        let is_array =
            |(at, name): &(usize, String)| name == IMPORT_LINES || *name == import_array(at + 1);
        let names = names.filter(is_array).map(|(_, name)| name).collect();
        Arrays { folder: earlier.folder, names, next: 0, lines: None }
    }

    fn read_next(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(lines) = &mut self.lines {
                let mut line = Vec::new();
                if lines.read_until(b'\n', &mut line)? > 0 {
                    return Ok(Some(line));
                }
                self.lines = None;
            }
            let Some(name) = self.names.get(self.next) else { return Ok(None) };
            self.next += 1;
            let path = self.folder.join(name);
            match name == IMPORT_LINES {
                true => self.lines = Some(BufReader::new(File::open(path)?)),
                false => return std::fs::read(path).map(Some),
            }
        }
    }
}

impl Iterator for Arrays<'_> {
    type Item = Result<Array, SinceProblem>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.read_next();
        let file = self.names.get(self.next.wrapping_sub(1)).cloned().unwrap_or_default();
        match read {
            Ok(json) => json.map(|json| Ok(Array { file, json })),
            Err(error) => {
                // What comes behind it is not read.
                (self.lines, self.next) = (None, self.names.len());
                Some(Err(SinceProblem::Io { file, error }))
            }
        }
    }
}

impl Array {
    /// The JSON of each contact. Arrays are as they were written, so that the first key of a contact is
    /// found without parsing: within a text its quotes would stand behind backslashes.
    fn contacts(&self) -> impl Iterator<Item = &[u8]> {
        let mut starts = memchr::memmem::find_iter(&self.json, br#"{"profile":"#).peekable();
        std::iter::from_fn(move || {
            let start = starts.next()?;
            // Behind it is a comma, or the end of the array and of its line.
            let end = starts.peek().map_or(self.json.trim_ascii_end().len(), |&next| next) - 1;
            self.json.get(start..end)
        })
    }

    /// The entry of one of its contacts, and its name.
    fn entry(&self, json: &[u8]) -> Result<(IndexEntry, String), SinceProblem> {
        let Object(contact): Object<Contact> =
            serde_json::from_slice(json).map_err(|_| self.damaged())?;
        let entry = IndexEntry::of(&contact).ok_or_else(|| self.damaged())?;
        Ok((entry, contact.profile.user_details.user_provided_name))
    }

    fn damaged(&self) -> SinceProblem {
        SinceProblem::Array { file: self.file.clone() }
    }
}

/// The contacts of an array whose numbers are among those that are gone, each with its name. Of all others
/// only the number is read: there are many.
fn named(array: &Array, gone: &[u64]) -> Result<Vec<(IndexEntry, String)>, SinceProblem> {
    let phone = Finder::new(PHONE);
    let is_gone = |json: &&[u8]| {
        // What is not as it was written is found damaged.
        let phone = phone.find(json).and_then(|at| e164(&json[at + PHONE.len()..]));
        phone.is_none_or(|phone| gone.binary_search(&phone).is_ok())
    };
    array.contacts().filter(is_gone).map(|json| array.entry(json)).collect()
}

/// What stands before the number of a contact, and nowhere else: within a text its quotes would stand behind
/// backslashes.
const PHONE: &[u8] = br#","phone":{"number":""#;

/// All digits of the number that begins here.
fn e164(json: &[u8]) -> Option<u64> {
    let mut parts = json.split(|&byte| byte == b'"');
    let (number, _, _, _, prefix) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    prefix.iter().chain(number).try_fold(0_u64, |digits, byte| {
        let digit = byte.is_ascii_digit().then_some(u64::from(byte & 0xF))?;
        Some(digits.wrapping_mul(10).wrapping_add(digit))
    })
}
