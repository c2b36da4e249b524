//! Joins the partitions of a result, which several processes have written side by side, to one result.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use contactmill_core::pipeline::ScratchMaker;
use contactmill_wire::files::{
    CONTACTS_CSV, CONTACTS_NDJSON, DUPLICATES, EXCLUDED, IMPORT_LINES, INDEX, REJECTS, WARNINGS,
    import_array,
};
use contactmill_wire::index::{ENTRY_BYTES, HEADER_BYTES, IndexEntry, read_header};
use contactmill_wire::manifest::OutputFile;

use crate::error::EmitError;
use crate::file::{ContactFile, ResultFiles};
use crate::index::IndexWriter;

/// A partition of a result: what a [`ResultWriter`](crate::ResultWriter) has written to a folder of its own.
#[derive(Clone, Debug)]
pub struct ResultPartition {
    /// The folder.
    pub folder: PathBuf,
    /// Its files of contacts, in order.
    pub files: Vec<OutputFile>,
}

/// Joins partitions, whose records come one after the other, and returns the files of contacts. Arrays are
/// moved, and get their numbers in the result; all other files are copied behind each other. Only text
/// can be joined: [`CONTACTS_PARQUET`](contactmill_wire::files::CONTACTS_PARQUET) and workbooks cannot.
///
/// # Errors
///
/// When a file cannot be read, moved or written, or is one that cannot be joined.
pub fn join_partitions(
    partitions: &[ResultPartition],
    files: &ResultFiles,
    scratch: &ScratchMaker<'_>,
) -> Result<Vec<OutputFile>, EmitError> {
    let contacts = join_contacts(partitions, files)?;
    for name in [REJECTS, DUPLICATES, EXCLUDED, WARNINGS] {
        let tables: Vec<PathBuf> =
            partitions.iter().map(|partition| partition.folder.join(name)).collect();
        let tables: Vec<&Path> =
            tables.iter().map(PathBuf::as_path).filter(|table| table.exists()).collect();
        if !tables.is_empty() {
            let mut joined = files.create(name)?;
            for (nth, table) in tables.iter().enumerate() {
                copy(table, nth > 0, &mut joined)
                    .map_err(EmitError::io(table, "cannot be joined"))?;
            }
            joined.finish()?;
        }
    }
    let mut index = IndexWriter::new(files, scratch);
    for partition in partitions {
        let path = partition.folder.join(INDEX);
        add_index(&path, &mut index).map_err(EmitError::io(&path, "cannot be joined"))?;
    }
    index.finish(|_| {})?;
    Ok(contacts)
}

fn join_contacts(
    partitions: &[ResultPartition],
    files: &ResultFiles,
) -> Result<Vec<OutputFile>, EmitError> {
    let mut joined: Vec<OutputFile> = Vec::new();
    let mut table: Option<ContactFile> = None;
    for partition in partitions {
        for (nth, file) in partition.files.iter().enumerate() {
            let path = partition.folder.join(&file.path);
            let failed = |error| EmitError::io(&path, "cannot be joined")(error);
            match file.path.as_str() {
                name if name == import_array(nth + 1) => {
                    let name = import_array(joined.len() + 1);
                    fs::rename(&path, files.path_of(&name)).map_err(failed)?;
                    joined.push(OutputFile { path: name, ..file.clone() });
                }
                name @ (IMPORT_LINES | CONTACTS_CSV | CONTACTS_NDJSON) => {
                    let is_first = table.is_none();
                    let whole = match &mut table {
                        Some(table) => table,
                        none => none.insert(ContactFile::create(files, name)?),
                    };
                    let has_head = name == CONTACTS_CSV && !is_first;
                    copy(&path, has_head, whole).map_err(failed)?;
                    whole.write_contacts(&[], file.contacts)?;
                }
                _ => return Err(failed(io::ErrorKind::Unsupported.into())),
            }
        }
    }
    joined.extend(table.map(ContactFile::finish).transpose()?);
    Ok(joined)
}

/// Appends a file, if need be without its first row: that stands above the rows of the first partition.
fn copy(path: &Path, without_head: bool, out: &mut impl Write) -> io::Result<u64> {
    let mut file = BufReader::new(File::open(path)?);
    if without_head {
        let mut head = Vec::new();
        // Line breaks between quotes are text, and quotes come in pairs.
        while file.read_until(b'\n', &mut head)? > 0
            && head.iter().filter(|&&byte| byte == b'"').count() % 2 == 1
        {}
    }
    io::copy(&mut file, out)
}

/// Adds the entries of an index.
fn add_index(path: &Path, index: &mut IndexWriter<'_>) -> io::Result<()> {
    let mut file = BufReader::new(File::open(path)?);
    let mut head = [0; HEADER_BYTES];
    file.read_exact(&mut head)?;
    let entries = read_header(head).map_err(|_| io::ErrorKind::InvalidData)?;
    for _ in 0..entries {
        let mut entry = [0; ENTRY_BYTES];
        file.read_exact(&mut entry)?;
        index.push(IndexEntry::from_bytes(entry))?;
    }
    Ok(())
}
