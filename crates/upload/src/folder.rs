//! A folder with a manifest and import arrays, checked before anything is sent.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use contactmill_wire::files::{MANIFEST, holds_rejects};
use contactmill_wire::manifest::{OutputFile, Part, SCHEMA, Sample};
use contactmill_wire::object::Object;
use ring::digest::{Context, SHA256, digest};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::words::{is_hidden, shown_path};

/// Maximum size of a manifest: ours have some hundred bytes an array.
const MAX_MANIFEST_BYTES: u64 = 256 * 1024 * 1024;

/// Maximum size of an import array: ours are far smaller.
const MAX_ARRAY_BYTES: u64 = 64 * 1024 * 1024;

/// The fields of a manifest that an upload needs. A whole
/// [`Manifest`](contactmill_wire::manifest::Manifest) would refuse a folder that another tool has
/// written, and nothing in its other fields matters here.
#[derive(Deserialize)]
struct ManifestHead {
    schema: u32,
    sample: Option<Sample>,
    #[serde(default)]
    options: OptionsHead,
    counts: Option<Object<UnchangedCount>>,
    files: Vec<Object<OutputFile>>,
    #[serde(default)]
    parts: Vec<Object<Part>>,
}

/// The options that matter here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct OptionsHead {
    /// What contacts were written as; absent for import arrays.
    to: Option<String>,
}

/// How many contacts the arrays lack, as an earlier result has them.
#[derive(Default, Deserialize)]
#[serde(default)]
struct UnchangedCount {
    unchanged: u64,
}

/// A checked folder of import arrays.
#[derive(Clone, Debug)]
pub struct ImportFolder {
    path: PathBuf,
    files: Vec<PathBuf>,
    arrays: Vec<ImportArray>,
    manifest_sha256: String,
    unchanged: u64,
}

/// One import array: the body of one request, as long as nothing in it is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportArray {
    /// The name of its file.
    pub file: String,
    /// Its line in the file, from 1.
    pub line: u64,
    /// Number of contacts.
    pub contacts: u32,
    /// Size in bytes.
    pub bytes: u64,
    file_index: usize,
    offset: u64,
    sha256: [u8; 32],
}

impl ImportFolder {
    /// Reads the manifest, and checks every array against it: name, size, SHA-256, number of contacts.
    ///
    /// # Errors
    ///
    /// When there is no manifest, it has another form, is that of a sample or of a table, or an array is not what it says.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let (manifest, manifest_sha256) = manifest_of(path)?;
        if let Some(Sample { records, of }) = manifest.sample {
            return Err(FolderError::Sample { folder: path.to_owned(), records, of });
        }
        if let Some(to) = &manifest.options.to {
            return Err(FolderError::Table { folder: path.to_owned(), to: to.clone() });
        }
        if !manifest.parts.is_empty() {
            return Err(FolderError::Split { folder: path.to_owned(), parts: parts(manifest) });
        }
        let mut folder = ImportFolder {
            path: path.to_owned(),
            files: Vec::with_capacity(manifest.files.len()),
            arrays: Vec::with_capacity(manifest.files.len()),
            manifest_sha256,
            unchanged: manifest.counts.map_or(0, |Object(counts)| counts.unchanged),
        };
        for Object(file) in manifest.files {
            folder.add_file(file)?;
        }
        Ok(folder)
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder as it can be shown on a terminal, whatever its name holds.
    #[must_use]
    pub fn shown(&self) -> String {
        shown_path(&self.path)
    }

    /// The arrays, in the order of the manifest.
    #[must_use]
    pub fn arrays(&self) -> &[ImportArray] {
        &self.arrays
    }

    /// Number of contacts in all arrays.
    #[must_use]
    pub fn contacts(&self) -> u64 {
        self.arrays.iter().map(|array| u64::from(array.contacts)).sum()
    }

    /// Number of contacts that are in no array, as they are unchanged since an earlier result.
    #[must_use]
    pub fn unchanged(&self) -> u64 {
        self.unchanged
    }

    /// A short name that distinguishes this result from others. It depends on the manifest alone.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        self.manifest_sha256.get(..8).unwrap_or_default()
    }

    /// Identifies this result.
    pub(crate) fn manifest_sha256(&self) -> &str {
        &self.manifest_sha256
    }

    /// Reads an array. Fails if it changed since the folder was opened.
    pub(crate) fn read(&self, array: &ImportArray) -> Result<Vec<u8>, FolderError> {
        let path = self.files.get(array.file_index).map_or(self.path.as_path(), PathBuf::as_path);
        let mut file = open_file(path).map_err(FolderError::io(path))?;
        file.seek(SeekFrom::Start(array.offset)).map_err(FolderError::io(path))?;
        let mut json = Vec::with_capacity(usize::try_from(array.bytes).unwrap_or_default());
        file.take(array.bytes).read_to_end(&mut json).map_err(FolderError::io(path))?;
        if digest(&SHA256, &json).as_ref() != array.sha256 {
            return Err(FolderError::Changed { path: path.to_owned() });
        }
        Ok(json)
    }

    /// Checks a file against its entry in the manifest, and adds its arrays.
    fn add_file(&mut self, file: OutputFile) -> Result<(), FolderError> {
        let OutputFile { path: name, contacts, bytes, sha256 } = file;
        if contacts == 0 && holds_rejects(&name) {
            return Ok(());
        }
        // A manifest that was tampered with must not reach other folders, nor the terminal.
        if !is_name(&name) {
            return Err(FolderError::NotAFile { name });
        }
        let path = self.path.join(&name);
        let mut reader = ArrayReader::open(&path, name.ends_with(".jsonl"))?;
        let mut found = 0;
        while let Some((offset, line)) = reader.read_text()? {
            let json = reader.json();
            let count = reader.count_contacts(json, line)?;
            found += u64::from(count);
            if count > 0 {
                let mut hash = [0; 32];
                hash.copy_from_slice(digest(&SHA256, json).as_ref());
                self.arrays.push(ImportArray {
                    file: name.clone(),
                    line,
                    contacts: count,
                    bytes: json.len() as u64,
                    file_index: self.files.len(),
                    offset,
                    sha256: hash,
                });
            }
        }
        let is_same_size = reader.offset == bytes;
        if !is_same_size || !hex(reader.whole.finish().as_ref()).eq_ignore_ascii_case(&sha256) {
            return Err(FolderError::Changed { path });
        }
        if found != contacts {
            return Err(FolderError::Count { path, found, expected: contacts });
        }
        self.files.push(path);
        Ok(())
    }
}

/// Reads the arrays of a file: all of it, or one a line.
struct ArrayReader<'p> {
    path: &'p Path,
    is_lines: bool,
    input: BufReader<File>,
    /// The hash of everything read.
    whole: Context,
    offset: u64,
    line: u64,
    text: Vec<u8>,
}

impl<'p> ArrayReader<'p> {
    fn open(path: &'p Path, is_lines: bool) -> Result<Self, FolderError> {
        let opened = open_file(path).map_err(FolderError::io(path))?;
        Ok(ArrayReader {
            path,
            is_lines,
            input: BufReader::with_capacity(256 * 1024, opened),
            whole: Context::new(&SHA256),
            offset: 0,
            line: 0,
            text: Vec::new(),
        })
    }

    /// Reads the text of the next array. Returns its offset and line, or nothing at the end.
    fn read_text(&mut self) -> Result<Option<(u64, u64)>, FolderError> {
        self.text.clear();
        let mut limited = (&mut self.input).take(MAX_ARRAY_BYTES + 1);
        let read = match self.is_lines {
            true => limited.read_until(b'\n', &mut self.text),
            false => limited.read_to_end(&mut self.text),
        };
        let read = read.map_err(FolderError::io(self.path))? as u64;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        if read > MAX_ARRAY_BYTES {
            return Err(self.not_an_array(self.line, "it is larger than 64 MiB".to_owned()));
        }
        self.whole.update(&self.text);
        let offset = self.offset;
        self.offset += read;
        Ok(Some((offset, self.line)))
    }

    /// The array that was read last, without its line end.
    fn json(&self) -> &[u8] {
        self.text.strip_suffix(b"\n").filter(|_| self.is_lines).unwrap_or(&self.text)
    }

    fn count_contacts(&self, json: &[u8], line: u64) -> Result<u32, FolderError> {
        let contacts =
            contacts_of(json).map_err(|error| self.not_an_array(line, position(&error)))?;
        Ok(u32::try_from(contacts.len()).unwrap_or(u32::MAX))
    }

    fn not_an_array(&self, line: u64, why: String) -> FolderError {
        FolderError::NotAnArray { path: self.path.to_owned(), line, why }
    }
}

/// The manifest of a folder, and its SHA-256.
fn manifest_of(folder: &Path) -> Result<(ManifestHead, String), FolderError> {
    let path = folder.join(MANIFEST);
    let text = match read_capped(&path, MAX_MANIFEST_BYTES) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(FolderError::NoManifest { folder: folder.to_owned() });
        }
        read => read.map_err(FolderError::io(&path))?,
    };
    let Object(manifest): Object<ManifestHead> = serde_json::from_slice(&text)
        .map_err(|error| FolderError::NotAManifest { path: path.clone(), why: position(&error) })?;
    if manifest.schema != SCHEMA {
        let why = format!("its schema is {}, and {SCHEMA} is the one known", manifest.schema);
        return Err(FolderError::NotAManifest { path, why });
    }
    Ok((manifest, hex(digest(&SHA256, &text).as_ref())))
}

/// The folders of the parts of a split result that have contacts, largest first.
fn parts(manifest: ManifestHead) -> Vec<String> {
    let mut parts: Vec<Part> = manifest.parts.into_iter().map(|Object(part)| part).collect();
    // A manifest that was tampered with must not reach other folders, nor the terminal.
    parts.retain(|part| part.counts.contacts > 0 && is_name(&part.folder));
    parts.sort_by_key(|part| std::cmp::Reverse(part.counts.contacts));
    parts.into_iter().map(|part| part.folder).collect()
}

/// The parts of a folder that is a split result; none for any other.
pub(crate) fn parts_in(folder: &Path) -> Vec<String> {
    manifest_of(folder).map(|(manifest, _)| parts(manifest)).unwrap_or_default()
}

/// Whether this names something in a folder, and nothing else.
fn is_name(name: &str) -> bool {
    let is_outside = name.contains(['/', '\\', ':']) || name.starts_with('.');
    !name.is_empty() && !is_outside && !name.contains(is_hidden)
}

/// The number of contacts by the manifest of a folder, and the SHA-256 of the manifest. The arrays are
/// not read.
pub(crate) fn contacts_in(folder: &Path) -> Result<(u64, String), FolderError> {
    let (manifest, sha256) = manifest_of(folder)?;
    Ok((manifest.files.iter().map(|Object(file)| file.contacts).sum(), sha256))
}

/// Opens a regular file. Anything else of its name, such as a pipe, could block for ever.
fn open_file(path: &Path) -> io::Result<File> {
    if std::fs::metadata(path)?.is_file() {
        return File::open(path);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "this is no regular file"))
}

/// The contacts of an array, each as its JSON.
///
/// # Errors
///
/// When it is no array. One that was checked is.
pub(crate) fn contacts_of(json: &[u8]) -> Result<Vec<&RawValue>, serde_json::Error> {
    serde_json::from_slice(json)
}

/// Reads a file of at most `max` bytes.
pub(crate) fn read_capped(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    read_all_of(&open_file(path)?, max)
}

/// Reads the rest of an open file, of at most `max` bytes.
pub(crate) fn read_all_of(mut file: &File, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    Read::by_ref(&mut file).take(max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "this is far larger than such a file can be",
        ));
    }
    Ok(bytes)
}

/// Where JSON is wrong, without what it says there: that is personal data.
fn position(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Syntax => "no JSON",
        serde_json::error::Category::Eof => "cut short",
        _ => "not of the known form",
    };
    format!("{what}, at line {} column {}", error.line(), error.column())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A folder that cannot be uploaded. It holds no contact.
#[derive(Debug)]
#[non_exhaustive]
pub enum FolderError {
    /// There is no manifest.
    NoManifest {
        /// The folder.
        folder: PathBuf,
    },
    /// The manifest has another form.
    NotAManifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The folder holds results side by side, each of which is uploaded by itself.
    Split {
        /// The folder.
        folder: PathBuf,
        /// The folders in it that hold contacts, those with most of them first.
        parts: Vec<String>,
    },
    /// The manifest names something that is no file of the folder.
    NotAFile {
        /// The name.
        name: String,
    },
    /// A file is not what the manifest says.
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A file holds something other than an import array.
    NotAnArray {
        /// The file.
        path: PathBuf,
        /// The line in it, from 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
    /// A file holds another number of contacts than the manifest says.
    Count {
        /// The file.
        path: PathBuf,
        /// Contacts in it.
        found: u64,
        /// Contacts as the manifest says.
        expected: u64,
    },
    /// It is the result of a sample.
    Sample {
        /// The folder.
        folder: PathBuf,
        /// Records in the sample.
        records: u64,
        /// Records of its inputs.
        of: u64,
    },
    /// Its contacts are a table, and no import arrays.
    Table {
        /// The folder.
        folder: PathBuf,
        /// What they were written as.
        to: String,
    },
    /// A file cannot be read.
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl FolderError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> FolderError + use<> {
        let path = path.to_owned();
        move |error| FolderError::Io { path, error }
    }
}

impl fmt::Display for FolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FolderError::NoManifest { folder } => write!(
                f,
                "{}: there is no manifest.json, so this is no finished result; name a folder that \
                 contactmill convert has written",
                shown_path(folder)
            ),
            FolderError::NotAManifest { path, why } => {
                write!(f, "{}: this is no manifest: {why}", shown_path(path))
            }
            FolderError::Split { folder, parts } => write!(
                f,
                "{}: these results are split into parts, {} of them with contacts; upload each part \
                 by itself",
                shown_path(folder),
                parts.len()
            ),
            FolderError::NotAFile { name } => {
                write!(f, "the manifest names {name:?}, which is no file of its folder")
            }
            FolderError::Changed { path } => write!(
                f,
                "{}: this is not the file that the manifest describes (its SHA-256 differs); \
                 convert again, so that nothing is sent that nobody checked",
                shown_path(path)
            ),
            FolderError::NotAnArray { path, line, why } => {
                write!(f, "{}:{line}: this is no import array: {why}", shown_path(path))
            }
            FolderError::Count { path, found, expected } => write!(
                f,
                "{}: there are {found} contacts in it, and the manifest says {expected}",
                shown_path(path)
            ),
            FolderError::Sample { folder, records, of } => write!(
                f,
                "{}: this is the result of a sample, {records} of {of} records; convert all of them \
                 to another folder, and upload that",
                shown_path(folder)
            ),
            FolderError::Table { folder, to } => write!(
                f,
                "{}: contacts were written as {to:?} here; convert to import arrays, to another \
                 folder, and upload that",
                shown_path(folder)
            ),
            FolderError::Io { path, error } => {
                write!(f, "{}: cannot be read: {error}", shown_path(path))
            }
        }
    }
}

impl std::error::Error for FolderError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            FolderError::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;

    fn folder(files: &[(&str, &str, u64)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let mut entries = Vec::new();
        for (name, text, contacts) in files {
            fs::write(folder.path().join(name), text).unwrap();
            entries.push(json!({
                "path": name,
                "contacts": contacts,
                "bytes": text.len(),
                "sha256": hex(digest(&SHA256, text.as_bytes()).as_ref()),
            }));
        }
        let manifest = json!({ "schema": 1, "files": entries }).to_string();
        fs::write(folder.path().join(MANIFEST), manifest).unwrap();
        folder
    }

    #[test]
    fn arrays_are_read_from_files_and_from_lines() {
        let made = folder(&[
            ("import-000001.json", "[{\"a\":1},{\"a\":2}]", 2),
            ("import.jsonl", "[3]\n[4,5]\n", 3),
        ]);
        let opened = ImportFolder::open(made.path()).unwrap();
        let texts: Vec<Vec<u8>> =
            opened.arrays().iter().map(|array| opened.read(array).unwrap()).collect();
        assert_eq!(texts, [&b"[{\"a\":1},{\"a\":2}]"[..], b"[3]", b"[4,5]"]);
        assert_eq!(opened.contacts(), 5);
        assert_eq!(opened.arrays()[2].line, 2);
    }

    #[test]
    fn rejected_records_are_not_sent() {
        let made = folder(&[("import-000001.json", "[1]", 1), ("rejects.xlsx", "PK", 0)]);
        assert_eq!(ImportFolder::open(made.path()).unwrap().arrays().len(), 1);
        let made = folder(&[("import-000001.json", "[1]", 1), ("rejects.csv", "[2]", 2)]);
        assert!(ImportFolder::open(made.path()).is_err());
    }

    #[test]
    fn a_folder_without_a_manifest_is_refused() {
        let empty = tempfile::tempdir().unwrap();
        let error = ImportFolder::open(empty.path()).unwrap_err();
        assert!(matches!(error, FolderError::NoManifest { .. }), "{error}");
        let error = ImportFolder::open(&empty.path().join("nowhere")).unwrap_err();
        assert!(matches!(error, FolderError::NoManifest { .. }), "{error}");
    }

    #[test]
    fn an_array_that_the_manifest_does_not_describe_is_refused() {
        for text in ["[8]", "[7,8]", "[7", "{}", "[]", ""] {
            let made = folder(&[("import-000001.json", "[7]", 1)]);
            fs::write(made.path().join("import-000001.json"), text).unwrap();
            assert!(ImportFolder::open(made.path()).is_err(), "{text}");
        }
        let made = folder(&[("import-000001.json", "[7]", 2)]);
        let error = ImportFolder::open(made.path()).unwrap_err();
        assert!(matches!(error, FolderError::Count { found: 1, expected: 2, .. }), "{error}");
    }

    #[test]
    fn an_array_changed_since_it_was_checked_is_not_sent() {
        let made = folder(&[("import-000001.json", "[7]", 1)]);
        let opened = ImportFolder::open(made.path()).unwrap();
        fs::write(made.path().join("import-000001.json"), "[8]").unwrap();
        let error = opened.read(&opened.arrays()[0]).unwrap_err();
        assert!(matches!(error, FolderError::Changed { .. }), "{error}");
    }

    #[test]
    fn a_manifest_cannot_name_files_of_other_folders() {
        let hidden = ["\u{1b}[2Jimport.json", "import\u{202e}nosj.json", "\u{9b}1m"];
        for name in
            ["../import-000001.json", "/etc/hosts", "a/b.json", "..", ""].into_iter().chain(hidden)
        {
            let made = folder(&[]);
            let entry = json!({ "path": name, "contacts": 0, "bytes": 0, "sha256": "" });
            let manifest = json!({ "schema": 1, "files": [entry] }).to_string();
            fs::write(made.path().join(MANIFEST), manifest).unwrap();
            let error = ImportFolder::open(made.path()).unwrap_err();
            assert!(matches!(error, FolderError::NotAFile { .. }), "{name}: {error}");
            assert!(!error.to_string().contains(is_hidden), "{error:?}");
        }
    }

    #[test]
    fn json_arrays_do_not_pass_for_a_manifest() {
        let made = folder(&[("import-000001.json", "[7]", 1)]);
        let path = made.path().join(MANIFEST);
        let manifest: serde_json::Value =
            serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let file = &manifest["files"][0];
        let as_array = json!([file["path"], file["contacts"], file["bytes"], file["sha256"]]);
        for text in [
            json!([1, [as_array]]).to_string(),
            json!([1, [file]]).to_string(),
            json!({"schema": 1, "files": [as_array]}).to_string(),
            format!("{manifest}{manifest}"),
            manifest.to_string().replacen("{", r#"{"schema":1,"#, 1),
        ] {
            fs::write(&path, &text).unwrap();
            let error = ImportFolder::open(made.path()).unwrap_err();
            assert!(matches!(error, FolderError::NotAManifest { .. }), "{text}: {error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_an_error_and_does_not_block() {
        for name in [MANIFEST, "import-000001.json"] {
            let made = folder(&[("import-000001.json", "[7]", 1)]);
            let path = made.path().join(name);
            fs::remove_file(&path).unwrap();
            let pipe = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
            assert!(pipe.success());
            let error = ImportFolder::open(made.path()).unwrap_err();
            assert!(matches!(&error, FolderError::Io { path: at, .. } if *at == path), "{error}");
        }
    }

    #[test]
    fn errors_reveal_nothing_about_contacts() {
        let made = folder(&[("import-000001.json", "[\"canary\" x]", 1)]);
        let error = ImportFolder::open(made.path()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
}
