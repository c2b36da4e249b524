//! What an input holds. This module and `any` are the ones that know all formats.

mod member;
mod payload;

use std::collections::HashMap;

pub use self::member::DumpMember;
use self::payload::Payload;
use crate::input::Input;
use crate::input::decompress::Archive;
use crate::input::error::{SourceError, SourceProblem};
use crate::input::format::{Compression, ContentKind};
use crate::input::options::ReadOptions;
use crate::input::skipped::SkippedMember;

/// What one input holds: one thing with records, or the files in an archive.
///
/// ```
/// use contactmill_core::records::{Block, Source};
/// use contactmill_source::{Dump, Format, Input, ReadOptions};
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("contacts");
/// # std::fs::write(&path, "Name;Phone\nAsha;+919876543210\n").unwrap();
/// let options = ReadOptions::new(&tempfile::tempfile);
/// let dump = Dump::of(Input::open(&path, tempfile::tempfile)?, options)?;
/// for part in &dump.parts {
///     let mut source = part.open(options)?;
///     assert_eq!((source.format(), source.header().len()), (Format::Csv, 2));
///     while let Some(block) = source.next_block()? {
///         block.visit(&mut |record| assert_eq!(record.get(0), Some("Asha")))?;
///     }
/// }
/// # Ok::<(), contactmill_source::SourceError>(())
/// ```
#[derive(Debug)]
pub struct Dump {
    /// What can be opened, in order.
    pub parts: Vec<DumpMember>,
    /// The files in an archive that no records can be read from, such as pictures and prose.
    pub skipped_members: Vec<SkippedMember>,
}

impl Dump {
    /// Looks into an input.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is an archive that is damaged, protected by a password, too large when
    /// it is decompressed, or without a file that records can be read from.
    pub fn of(input: Input, options: ReadOptions<'_>) -> Result<Dump, SourceError> {
        let dump = Dump::look_into(&input, options);
        dump.map_err(|error| input.or_changed(error))
    }

    fn look_into(input: &Input, options: ReadOptions<'_>) -> Result<Dump, SourceError> {
        let whole = DumpMember::whole(input);
        let fail = |problem| whole.error(problem);
        if let ContentKind::Compressed(Compression::Zip) =
            Payload::of_input(input.clone()).map_err(fail)?.kind()
        {
            let archive = Archive::of(input.clone(), options.decompress).map_err(fail)?;
            // A workbook is an archive too.
            if archive.document().is_none() {
                return Dump::of_archive(&archive, &whole, input, options);
            }
        }
        Ok(Dump { parts: vec![whole], skipped_members: Vec::new() })
    }

    /// The files in an archive.
    fn of_archive(
        archive: &Archive,
        whole: &DumpMember,
        input: &Input,
        options: ReadOptions<'_>,
    ) -> Result<Dump, SourceError> {
        let mut dump = Dump { parts: Vec::new(), skipped_members: Vec::new() };
        let mut names = HashMap::new();
        for file in archive.members.iter().filter(|member| member.is_file()) {
            let name = distinct(&mut names, format!("{}/{}", whole.name(), file.name));
            let part = whole.member(name.as_str(), file);
            match part.lacks_records(input, options)? {
                Some(what) => dump.skipped_members.push(SkippedMember { name, what }),
                None => dump.parts.push(part),
            }
        }
        if dump.parts.is_empty() {
            let skipped_members = dump.skipped_members;
            return Err(whole.error(SourceProblem::NothingInside { skipped_members }));
        }
        Ok(dump)
    }
}

/// The name, with a number behind it if another file in the archive has it already. `taken` holds the
/// names so far, and the number that the next file of the same name gets.
fn distinct(taken: &mut HashMap<String, u64>, name: String) -> String {
    let mut distinct = name.clone();
    while taken.contains_key(&distinct) {
        let number = taken.entry(name.clone()).or_insert(2);
        distinct = format!("{name} ({number})");
        *number += 1;
    }
    taken.insert(distinct.clone(), 2);
    distinct
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use contactmill_core::records::{Block, Source};

    use super::*;
    use crate::input::READS;

    /// The number of reads of an archive with this number of files, from the first look into it to the
    /// last record.
    fn reads_of_archive(members: u64) -> u64 {
        let mut archive = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
        for number in 0..members {
            let options = ::zip::write::SimpleFileOptions::default();
            archive.start_file(format!("{number}.csv"), options).unwrap();
            write!(archive, "Phone\n+9198{number:08}\n").unwrap();
        }
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&archive.finish().unwrap().into_inner()).unwrap();

        let before = READS.get();
        let options = ReadOptions::new(&tempfile::tempfile);
        let input = Input::open(file.path(), tempfile::tempfile).unwrap();
        let mut records = 0;
        for part in Dump::of(input, options).unwrap().parts {
            let mut source = part.open(options).unwrap();
            while let Some(block) = source.next_block().unwrap() {
                block.visit(&mut |_| records += 1).unwrap();
            }
        }
        assert_eq!(records, members);
        READS.get() - before
    }

    #[test]
    fn reads_of_an_archive_grow_with_the_number_of_its_files_and_no_faster() {
        let (few, many) = (reads_of_archive(50), reads_of_archive(400));
        assert!(many <= 9 * few, "{few} reads for 50 files, {many} for 400");
    }

    #[test]
    fn files_of_one_name_get_distinct_names() {
        let mut taken = HashMap::new();
        let names = ["a", "a", "b", "a (2)", "a"].map(|name| distinct(&mut taken, name.into()));
        assert_eq!(names, ["a", "a (2)", "b", "a (2) (2)", "a (3)"]);
        let many = (0..20_000).map(|_| distinct(&mut taken, "c".into()));
        assert_eq!(many.last().unwrap(), "c (20000)");
    }
}
