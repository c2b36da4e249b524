//! Finding the encrypted column of a Parquet file. The plain footer names it, but the reader only says that
//! something is missing (Parquet format, "Modular Encryption").

use std::io::{self, Read, Seek, SeekFrom};

use super::thrift::{Compact, LIST, STRING, STRUCT};
use crate::input::Input;
use crate::input::error::SourceProblem;

/// The name of the first encrypted column.
pub(super) fn column(input: &Input) -> Result<Option<String>, SourceProblem> {
    let mut input = input.clone();
    let Some(end) = input.len().checked_sub(8) else { return Ok(None) };
    let mut length = [0; 4];
    input.seek(SeekFrom::Start(end)).map_err(SourceProblem::Io)?;
    input.read_exact(&mut length).map_err(SourceProblem::Io)?;
    let length = u64::from(u32::from_le_bytes(length));
    let Some(start) = end.checked_sub(length) else { return Ok(None) };
    input.seek(SeekFrom::Start(start)).map_err(SourceProblem::Io)?;
    // The reader of the file reports damage of the footer.
    Ok(in_footer(io::BufReader::new(input), length).unwrap_or(None))
}

/// Looks through `FileMetaData`: field 4 is the list of row groups.
fn in_footer(footer: impl Read, length: u64) -> io::Result<Option<String>> {
    let mut footer = Compact::new(footer, length);
    let mut before = 0;
    while let Some((id, kind)) = footer.field(before)? {
        before = id;
        if (id, kind) != (4, LIST) {
            footer.skip_field(kind)?;
            continue;
        }
        let (groups, kind) = footer.list()?;
        for _ in 0..if kind == STRUCT { groups } else { 0 } {
            if let Some(column) = in_group(&mut footer)? {
                return Ok(Some(column));
            }
        }
    }
    Ok(None)
}

/// Looks through `RowGroup`: field 1 is the list of columns.
fn in_group(footer: &mut Compact<impl Read>) -> io::Result<Option<String>> {
    let (mut before, mut found) = (0, None);
    while let Some((id, kind)) = footer.field(before)? {
        before = id;
        if (id, kind) != (1, LIST) {
            footer.skip_field(kind)?;
            continue;
        }
        let (columns, kind) = footer.list()?;
        for _ in 0..if kind == STRUCT { columns } else { 0 } {
            let column = in_column(footer)?;
            found = found.or(column);
        }
    }
    Ok(found)
}

/// Looks through `ColumnChunk`: field 3 is `ColumnMetaData`, whose field 3 is the path. Field 8 says with
/// which key it is encrypted; in it, field 2 is a key of its own, which has the path once more.
fn in_column(footer: &mut Compact<impl Read>) -> io::Result<Option<String>> {
    let (mut before, mut is_encrypted, mut path) = (0, false, None);
    while let Some((id, kind)) = footer.field(before)? {
        before = id;
        match (id, kind) {
            (3, STRUCT) => path = path_in(footer, 3)?.or(path),
            (8, STRUCT) => {
                is_encrypted = true;
                let mut before = 0;
                while let Some((id, kind)) = footer.field(before)? {
                    before = id;
                    match (id, kind) {
                        (2, STRUCT) => path = path_in(footer, 1)?.or(path),
                        (_, kind) => footer.skip_field(kind)?,
                    }
                }
            }
            (_, kind) => footer.skip_field(kind)?,
        }
    }
    Ok(is_encrypted.then(|| path.unwrap_or_else(|| "(without a name)".to_owned())))
}

/// The path in this field of a struct.
fn path_in(footer: &mut Compact<impl Read>, at: i64) -> io::Result<Option<String>> {
    let (mut before, mut path) = (0, None);
    while let Some((id, kind)) = footer.field(before)? {
        before = id;
        if (id, kind) != (at, LIST) {
            footer.skip_field(kind)?;
            continue;
        }
        let (count, kind) = footer.list()?;
        if kind != STRING {
            return Err(io::Error::other("a path is not text"));
        }
        let mut steps = Vec::new();
        for _ in 0..count {
            steps.push(footer.string()?);
        }
        path = Some(steps.join("."));
    }
    Ok(path)
}
