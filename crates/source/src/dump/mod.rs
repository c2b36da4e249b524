//! What an input holds. This module and `any` are the ones that know all formats.

mod member;
mod payload;

use std::collections::HashMap;

pub use self::member::{DumpMember, InputSplits};
use self::payload::Payload;
use crate::input::Input;
use crate::input::decompress::Archive;
use crate::input::error::{SourceError, SourceProblem};
use crate::input::format::{Compression, ContentKind};
use crate::input::options::{ReadOptions, Sheets};
use crate::input::sheet::{Sheet, Workbook, named};
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
/// for member in &dump.members {
///     let mut source = member.open(options)?;
///     assert_eq!((source.format(), source.header().len()), (Format::Csv, 2));
///     while let Some(block) = source.next_block()? {
///         block.visit(&mut |record| assert_eq!(record.get(0), Some("Asha")))?;
///     }
/// }
/// # Ok::<(), contactmill_source::SourceError>(())
/// ```
#[derive(Debug, Default)]
pub struct Dump {
    /// What can be opened, in order.
    pub members: Vec<DumpMember>,
    /// The files in an archive that no records can be read from, such as pictures and prose; and of
    /// [`Sheets::All`], the sheets that are empty or hidden.
    pub skipped_members: Vec<SkippedMember>,
    /// With [`Sheets::EachWithContacts`], the workbooks that have several sheets.
    pub workbooks: Vec<Workbook>,
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
                return Dump::of_archive(&archive, &whole, input, options)?.by_sheets(options);
            }
        }
        Dump { members: vec![whole], ..Dump::default() }.by_sheets(options)
    }

    /// The same, with the sheets of workbooks in their place, if some were chosen.
    fn by_sheets(self, options: ReadOptions<'_>) -> Result<Dump, SourceError> {
        let Dump { members, skipped_members, workbooks } = self;
        let mut dump = Dump { members: Vec::new(), skipped_members, workbooks };
        for member in members {
            match options.sheets {
                Sheets::OneWithContacts => dump.members.push(member),
                Sheets::EachWithContacts => dump.add_with_contacts(member, options)?,
                Sheets::Named(names) => {
                    let sheets = member.sheets(options)?;
                    if sheets.is_empty() {
                        dump.members.push(member);
                        continue;
                    }
                    let sheets = named(&sheets, names).map_err(|problem| member.error(problem))?;
                    dump.members.extend(sheets.iter().map(|sheet| member.sheet(&sheet.name)));
                }
                Sheets::All => dump.add_all(member, options)?,
            }
        }
        Ok(dump)
    }

    fn add_with_contacts(
        &mut self,
        member: DumpMember,
        options: ReadOptions<'_>,
    ) -> Result<(), SourceError> {
        let sheets = member.counted_sheets(options)?;
        let with_contacts = || sheets.iter().filter(|one| one.has_contacts && !one.is_hidden);
        match with_contacts().count() {
            0 | 1 => self.members.push(member.clone()),
            _ => self.members.extend(with_contacts().map(|sheet| member.sheet(&sheet.name))),
        }
        if sheets.len() > 1 {
            self.workbooks.push(Workbook { name: member.name().to_owned(), sheets });
        }
        Ok(())
    }

    fn add_all(&mut self, member: DumpMember, options: ReadOptions<'_>) -> Result<(), SourceError> {
        let sheets = member.sheets(options)?;
        let lack = |sheet: &Sheet| match sheet {
            Sheet { is_empty: true, .. } => Some("empty"),
            Sheet { is_hidden: true, .. } => Some("hidden"),
            _ => None,
        };
        if sheets.iter().all(|sheet| lack(sheet).is_some()) {
            // It is no workbook, or what is read of it without a choice is all there is.
            self.members.push(member);
            return Ok(());
        }
        for sheet in &sheets {
            let one = member.sheet(&sheet.name);
            match lack(sheet) {
                Some(what) => {
                    let name = one.name().to_owned();
                    self.skipped_members.push(SkippedMember { name, what });
                }
                None => self.members.push(one.taken_with_others()),
            }
        }
        Ok(())
    }

    /// The files in an archive.
    fn of_archive(
        archive: &Archive,
        whole: &DumpMember,
        input: &Input,
        options: ReadOptions<'_>,
    ) -> Result<Dump, SourceError> {
        let mut dump = Dump::default();
        let mut names = HashMap::new();
        for file in archive.members.iter().filter(|member| member.is_file()) {
            let name = distinct(&mut names, format!("{}/{}", whole.name(), file.name));
            let member = whole.member(name.as_str(), file);
            match member.lacks_records(input, options)? {
                Some(what) => dump.skipped_members.push(SkippedMember { name, what }),
                None => dump.members.push(member),
            }
        }
        if dump.members.is_empty() {
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
        for member in Dump::of(input, options).unwrap().members {
            let mut source = member.open(options).unwrap();
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
