//! A folder with a manifest and import arrays, checked before anything is sent.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use ring::digest::{Context, SHA256, digest};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::object::Object;
use crate::words::{is_hidden, shown_path};

/// A manifest larger than this is none of ours: it has some hundred bytes an array.
const MAX_MANIFEST_BYTES: u64 = 256 * 1024 * 1024;

/// An import array larger than this is none of ours.
const MAX_ARRAY_BYTES: u64 = 64 * 1024 * 1024;

const MANIFEST: &str = "manifest.json";

/// What is read of a manifest.
#[derive(Deserialize)]
struct Manifest {
    schema: u32,
    files: Vec<Object<ManifestFile>>,
}

#[derive(Deserialize)]
struct ManifestFile {
    path: String,
    contacts: u64,
    bytes: u64,
    sha256: String,
}

/// A checked folder of import arrays.
#[derive(Clone, Debug)]
pub struct ImportFolder {
    path: PathBuf,
    files: Vec<PathBuf>,
    arrays: Vec<ImportArray>,
    manifest_sha256: String,
}

/// One import array: the body of one request, as long as nothing in it is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportArray {
    /// The name of its file.
    pub file: String,
    /// Its line in the file, from 1.
    pub line: u64,
    /// Contacts in it.
    pub contacts: u32,
    /// Its length in bytes.
    pub bytes: u64,
    file_index: usize,
    offset: u64,
    sha256: [u8; 32],
}

impl ImportFolder {
    /// Reads the manifest, and checks every array against it: name, length, SHA-256, number of
    /// contacts.
    ///
    /// # Errors
    ///
    /// When there is no manifest, it is of another form, or an array is not what it says.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let (manifest, manifest_sha256) = manifest_of(path)?;
        let mut folder = ImportFolder {
            path: path.to_owned(),
            files: Vec::with_capacity(manifest.files.len()),
            arrays: Vec::with_capacity(manifest.files.len()),
            manifest_sha256,
        };
        for Object(file) in manifest.files {
            folder.check(file)?;
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

    /// Contacts in all arrays.
    #[must_use]
    pub fn contacts(&self) -> u64 {
        self.arrays.iter().map(|array| u64::from(array.contacts)).sum()
    }

    /// A short word that tells this result from others: it depends on the manifest alone.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        self.manifest_sha256.get(..8).unwrap_or_default()
    }

    /// What tells this result from any other.
    pub(crate) fn manifest_sha256(&self) -> &str {
        &self.manifest_sha256
    }

    /// The bytes of an array, which must still be what they were when the folder was opened.
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

    fn check(&mut self, file: ManifestFile) -> Result<(), FolderError> {
        let ManifestFile { path: name, contacts, bytes, sha256 } = file;
        // A manifest that was tampered with must not reach other folders, nor the terminal.
        let is_outside = name.contains(['/', '\\', ':']) || name.starts_with('.');
        if name.is_empty() || is_outside || name.contains(is_hidden) {
            return Err(FolderError::NotAFile { name });
        }
        let path = self.path.join(&name);
        let opened = open_file(&path).map_err(FolderError::io(&path))?;
        let mut input = BufReader::with_capacity(256 * 1024, opened);
        let is_lines = name.ends_with(".jsonl");
        let mut whole = Context::new(&SHA256);
        let (mut offset, mut found, mut line) = (0, 0, 0);
        let mut text = Vec::new();
        let not_an_array =
            |line, why: String| FolderError::NotAnArray { path: path.clone(), line, why };
        loop {
            text.clear();
            let mut limited = (&mut input).take(MAX_ARRAY_BYTES + 1);
            let read = match is_lines {
                true => limited.read_until(b'\n', &mut text),
                false => limited.read_to_end(&mut text),
            };
            let read = read.map_err(FolderError::io(&path))? as u64;
            if read == 0 {
                break;
            }
            line += 1;
            if read > MAX_ARRAY_BYTES {
                return Err(not_an_array(line, "it is larger than 64 MiB".to_owned()));
            }
            whole.update(&text);
            let json = text.strip_suffix(b"\n").filter(|_| is_lines).unwrap_or(&text);
            let parsed: Vec<&RawValue> = serde_json::from_slice(json)
                .map_err(|error| not_an_array(line, position(&error)))?;
            let count = u32::try_from(parsed.len()).unwrap_or(u32::MAX);
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
            offset += read;
        }
        if offset != bytes || !hex(whole.finish().as_ref()).eq_ignore_ascii_case(&sha256) {
            return Err(FolderError::Changed { path });
        }
        if found != contacts {
            return Err(FolderError::Count { path, found, expected: contacts });
        }
        self.files.push(path);
        Ok(())
    }
}

/// The manifest of a folder, and its SHA-256.
fn manifest_of(folder: &Path) -> Result<(Manifest, String), FolderError> {
    let path = folder.join(MANIFEST);
    let text = match read_capped(&path, MAX_MANIFEST_BYTES) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(FolderError::NoManifest { folder: folder.to_owned() });
        }
        read => read.map_err(FolderError::io(&path))?,
    };
    let Object(manifest): Object<Manifest> = serde_json::from_slice(&text)
        .map_err(|error| FolderError::NotAManifest { path: path.clone(), why: position(&error) })?;
    if manifest.schema != 1 {
        let why = format!("its schema is {}, and 1 is the one known", manifest.schema);
        return Err(FolderError::NotAManifest { path, why });
    }
    Ok((manifest, hex(digest(&SHA256, &text).as_ref())))
}

/// How many contacts the manifest of a folder names, and the SHA-256 of the manifest. The arrays are
/// not looked at.
pub(crate) fn contacts_in(folder: &Path) -> Result<(u64, String), FolderError> {
    let (manifest, sha256) = manifest_of(folder)?;
    Ok((manifest.files.iter().map(|Object(file)| file.contacts).sum(), sha256))
}

/// Opens a file of the folder. Something else of its name, such as a pipe, would make the run wait
/// for ever.
fn open_file(path: &Path) -> io::Result<File> {
    if std::fs::metadata(path)?.is_file() {
        return File::open(path);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"))
}

/// The contacts of an array, each as the JSON that it is.
///
/// # Errors
///
/// When it is no array; a checked one is.
pub(crate) fn contacts_of(json: &[u8]) -> Result<Vec<&RawValue>, serde_json::Error> {
    serde_json::from_slice(json)
}

/// Reads a file that must not be larger than `max`.
pub(crate) fn read_capped(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_file(path)?.take(max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is far larger than it can be"));
    }
    Ok(bytes)
}

/// Where JSON is wrong, without what stands there: that is personal data.
fn position(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Syntax => "no JSON",
        serde_json::error::Category::Eof => "cut short",
        _ => "not of the form that is known",
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
    /// The manifest is of another form.
    NotAManifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The manifest names what is no file of the folder.
    NotAFile {
        /// What it names.
        name: String,
    },
    /// A file is not what the manifest says.
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A file holds something else than an import array.
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
        /// Contacts by the manifest.
        expected: u64,
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
    fn a_folder_without_a_manifest_is_refused() {
        let empty = tempfile::tempdir().unwrap();
        let error = ImportFolder::open(empty.path()).unwrap_err();
        assert!(matches!(error, FolderError::NoManifest { .. }), "{error}");
        let error = ImportFolder::open(&empty.path().join("nowhere")).unwrap_err();
        assert!(matches!(error, FolderError::NoManifest { .. }), "{error}");
    }

    #[test]
    fn an_array_that_is_not_the_manifests_is_refused() {
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
    fn a_manifest_reaches_no_other_folder() {
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
    fn an_array_is_no_manifest() {
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
    fn what_is_no_file_is_an_error_and_no_endless_wait() {
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
    fn errors_say_nothing_of_contacts() {
        let made = folder(&[("import-000001.json", "[\"canary\" x]", 1)]);
        let error = ImportFolder::open(made.path()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
}
