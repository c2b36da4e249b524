//! `refused.csv`: the contacts that the service refused, for people to correct.
//!
//! It has the form of `rejects.csv`, so that `contactmill convert` can read it. A contact is in the
//! table on the disk before the journal says that it was refused. A contact that the journal does not
//! know was written by a run that was killed in between, and is removed when the next run opens the
//! table. A table that lists the same contacts as the journal is left alone: somebody may have
//! corrected it.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use contactmill_wire::csv_cell::{BYTE_ORDER_MARK, unescape, write_row};
use contactmill_wire::files::{REFUSED, REFUSED_NEW, REFUSED_OLD};
use contactmill_wire::import::{Attribute, Contact, Phone, Reach};
use contactmill_wire::object::Object;

use crate::words::shown;

/// The columns that `convert` knows as bookkeeping.
const BOOKKEEPING: [&str; 6] = ["_source", "_record", "_line", "_field", "_reason", "_hint"];

/// The first columns of every table.
const FIELDS: [&str; 4] = ["name", "phone", "email", "tags"];

/// Where a contact is: file, line in it, number in the array from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ContactPosition {
    pub(crate) file: String,
    pub(crate) line: u64,
    pub(crate) contact: u32,
}

/// The contacts that were refused.
pub(crate) struct RefusedTable {
    folder: PathBuf,
    columns: Vec<String>,
    rows: BTreeMap<ContactPosition, Vec<(String, String)>>,
}

impl RefusedTable {
    /// Opens the table of a folder with the contacts that the journal knows as refused: position,
    /// JSON and status of each.
    pub(crate) fn open(
        folder: &Path,
        known: Vec<(ContactPosition, String, u16)>,
    ) -> io::Result<Self> {
        let mut table =
            RefusedTable { folder: folder.to_owned(), columns: Vec::new(), rows: BTreeMap::new() };
        let path = folder.join(REFUSED);
        let present = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read?,
        };
        let (hints, is_torn) = hints_in(&present);
        for (position, json, status) in known {
            let hint = hints.get(&position).cloned().unwrap_or_default();
            table.insert(position, &json, status, &hint);
        }
        if table.rows.is_empty() && !present.is_empty() {
            fs::rename(&path, folder.join(REFUSED_OLD))?;
        } else if !table.rows.keys().eq(hints.keys()) || is_torn {
            table.rewrite()?;
        }
        Ok(table)
    }

    /// Adds a contact. It is on the disk when this returns.
    pub(crate) fn add(
        &mut self,
        position: ContactPosition,
        json: &str,
        status: u16,
        message: &str,
    ) -> io::Result<()> {
        let is_last = self.rows.last_key_value().is_some_and(|(last, _)| *last < position);
        let has_new_columns = self.insert(position.clone(), json, status, message);
        if !is_last || has_new_columns {
            return self.rewrite();
        }
        let mut file = OpenOptions::new().append(true).open(self.folder.join(REFUSED))?;
        file.write_all(&self.text(false, [&position]))?;
        file.sync_all()
    }

    /// Adds a contact in memory. Returns whether it has columns that the table did not have.
    fn insert(
        &mut self,
        position: ContactPosition,
        json: &str,
        status: u16,
        message: &str,
    ) -> bool {
        let mut row = fields(json);
        let at = |name: &str, value: String| (name.to_owned(), value);
        let own = [
            at("_source", position.file.clone()),
            at("_record", position.contact.to_string()),
            at("_line", position.line.to_string()),
            at("_field", String::new()),
            at("_reason", format!("status_{status}")),
            // A table of an earlier version may hold the service's words as they came.
            at("_hint", shown(message)),
        ];
        let before = self.columns.len();
        for (name, _) in &row {
            if !FIELDS.contains(&name.as_str()) && !self.columns.contains(name) {
                self.columns.push(name.clone());
            }
        }
        row.extend(own);
        self.rows.insert(position, row);
        self.columns.len() > before
    }

    fn rewrite(&self) -> io::Result<()> {
        let new = self.folder.join(REFUSED_NEW);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&new)?;
        file.write_all(&self.text(true, self.rows.keys()))?;
        file.sync_all()?;
        fs::rename(&new, self.folder.join(REFUSED))?;
        #[cfg(unix)]
        File::open(&self.folder)?.sync_all()?;
        Ok(())
    }

    fn text<'p>(
        &self,
        header: bool,
        positions: impl IntoIterator<Item = &'p ContactPosition>,
    ) -> Vec<u8> {
        let mut rows = Vec::new();
        let columns = FIELDS.iter().copied();
        let columns = columns.chain(self.columns.iter().map(String::as_str)).chain(BOOKKEEPING);
        let columns: Vec<&str> = columns.collect();
        if header {
            rows.extend_from_slice(BYTE_ORDER_MARK.as_bytes());
            write_row(columns.iter().copied(), &mut rows);
        }
        for position in positions {
            let row = self.rows.get(position).map_or(&[][..], Vec::as_slice);
            let value = |column: &&str| {
                let found = row.iter().find(|(name, _)| name == column);
                found.map_or("", |(_, value)| value)
            };
            write_row(columns.iter().map(value), &mut rows);
        }
        rows
    }
}

/// The columns of a contact that have a value.
fn fields(json: &str) -> Vec<(String, String)> {
    let Ok(Object(contact)) = serde_json::from_str::<Object<Contact>>(json) else {
        // A contact of another form than the published one is listed as it is.
        return vec![("contact".to_owned(), json.to_owned())];
    };
    let details = contact.profile.user_details;
    let Reach { email, phone: Phone { number, prefix } } = details.contact;
    let mut fields = vec![
        ("name".to_owned(), details.user_provided_name),
        ("phone".to_owned(), format!("+{prefix}{number}")),
        ("email".to_owned(), email),
        ("tags".to_owned(), details.tags.join("; ")),
    ];
    let attributes = details.attributes.into_iter();
    fields.extend(attributes.map(|Attribute { key, value }| (key, value)));
    fields
}

/// The messages in the text of a table, and whether it holds anything that is not a whole row.
fn hints_in(text: &[u8]) -> (BTreeMap<ContactPosition, String>, bool) {
    if text.is_empty() {
        return (BTreeMap::new(), false);
    }
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
    let Ok(header) = reader.headers().cloned() else { return (BTreeMap::new(), true) };
    let column = |name| header.iter().position(|column| column == name);
    let columns = [column("_source"), column("_line"), column("_record"), column("_hint")];
    let [Some(source), Some(line), Some(record), Some(hint)] = columns else {
        return (BTreeMap::new(), true);
    };
    let position = |row: csv::StringRecord| {
        let file = row.get(source)?.to_owned();
        let line = row.get(line)?.parse().ok()?;
        let contact = row.get(record)?.parse().ok()?;
        // It is escaped again when it is written.
        let hint = unescape(row.get(hint)?);
        Some((ContactPosition { file, line, contact }, hint.to_owned()))
    };
    let (mut hints, mut rows) = (BTreeMap::new(), 0);
    for row in reader.records() {
        rows += 1;
        hints.extend(row.ok().and_then(position));
    }
    let is_torn = hints.len() != rows;
    (hints, is_torn)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(contact: u32) -> ContactPosition {
        ContactPosition { file: "import-000001.json".into(), line: 1, contact }
    }

    fn contact(name: &str, attributes: &str) -> String {
        format!(
            r#"{{"profile":{{"userDetails":{{"userProvidedName":"{name}","contact":{{"email":"","phone":{{"number":"0612345678","prefix":"39"}}}},"tags":["a","b"],"attributes":[{attributes}]}}}}}}"#
        )
    }

    fn text(folder: &Path) -> String {
        fs::read_to_string(folder.join(REFUSED)).unwrap()
    }

    const HEADER: &str =
        "\u{feff}name,phone,email,tags,_source,_record,_line,_field,_reason,_hint\n";

    #[test]
    fn a_refused_contact_has_its_columns_and_the_message() {
        let folder = tempfile::tempdir().unwrap();
        let mut table = RefusedTable::open(folder.path(), Vec::new()).unwrap();
        assert!(!folder.path().join(REFUSED).exists());
        table.add(position(7), &contact("Asha", ""), 422, "=bad number").unwrap();
        let row =
            "Asha,\"'+390612345678\",,a; b,import-000001.json,7,1,,status_422,\"'=bad number\"\n";
        assert_eq!(text(folder.path()), format!("{HEADER}{row}"));
        let attribute = r#"{"key":"City","value":"Pune"}"#;
        table.add(position(9), &contact("Ravi", attribute), 400, "").unwrap();
        let header = HEADER.replace("tags,", "tags,City,");
        let first = row.replace("a; b,", "a; b,,");
        let second =
            "Ravi,\"'+390612345678\",,a; b,Pune,import-000001.json,9,1,,status_400,\n".to_owned();
        assert_eq!(text(folder.path()), format!("{header}{first}{second}"));
        table.add(position(8), "[1]", 400, "no form").unwrap();
        assert!(text(folder.path()).contains(",[1],import-000001.json,8,1,,status_400,no form\n"));
        assert!(!folder.path().join(REFUSED_NEW).exists());
        // Arrays have no names to say which value is the phone.
        table.add(position(10), r#"[[["Asha",["",["1","2"]],[],[]]]]"#, 400, "").unwrap();
        let array = ",\"[[[\"\"Asha\"\",[\"\"\"\",[\"\"1\"\",\"\"2\"\"]],[],[]]]]\",";
        assert!(text(folder.path()).contains(array), "{}", text(folder.path()));
    }

    #[test]
    fn a_message_of_an_earlier_version_is_made_safe_to_show() {
        let folder = tempfile::tempdir().unwrap();
        let row = "Asha,\"'+390612345678\",,a; b,import-000001.json,1,1,,status_422,\u{1b}[2Jno\n";
        fs::write(folder.path().join(REFUSED), format!("{HEADER}{row}")).unwrap();
        let known =
            vec![(position(1), contact("Asha", ""), 422), (position(2), contact("Ravi", ""), 422)];
        RefusedTable::open(folder.path(), known).unwrap();
        let text = text(folder.path());
        assert!(text.contains("status_422,\\u{1b}[2Jno\n") && !text.contains('\u{1b}'), "{text:?}");
    }

    #[test]
    fn the_table_is_brought_in_line_with_the_journal() {
        let folder = tempfile::tempdir().unwrap();
        let mut table = RefusedTable::open(folder.path(), Vec::new()).unwrap();
        table.add(position(1), &contact("Asha", ""), 422, "-first").unwrap();
        table.add(position(2), &contact("Ravi", ""), 422, "second").unwrap();
        let both = text(folder.path());
        // Killed while a third row was written, before the journal knew of it.
        fs::write(folder.path().join(REFUSED), format!("{both}Mei,'+39061")).unwrap();
        let known = || {
            vec![(position(1), contact("Asha", ""), 422), (position(2), contact("Ravi", ""), 422)]
        };
        RefusedTable::open(folder.path(), known()).unwrap();
        assert_eq!(text(folder.path()), both);
        // Moved away by somebody: the contacts come back, without what the service said.
        fs::remove_file(folder.path().join(REFUSED)).unwrap();
        RefusedTable::open(folder.path(), known()).unwrap();
        assert_eq!(text(folder.path()), both.replace("\"'-first\"", "").replace("second", ""));
        // Corrected by somebody.
        let corrected = text(folder.path()).replace("Asha", "Asha Verma");
        fs::write(folder.path().join(REFUSED), &corrected).unwrap();
        RefusedTable::open(folder.path(), known()).unwrap();
        assert_eq!(text(folder.path()), corrected);
        // Another job, in which nothing was refused.
        RefusedTable::open(folder.path(), Vec::new()).unwrap();
        assert!(!folder.path().join(REFUSED).exists());
        assert_eq!(fs::read_to_string(folder.path().join(REFUSED_OLD)).unwrap(), corrected);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mut table = RefusedTable::open(folder.path(), Vec::new()).unwrap();
        table.add(position(1), &contact("Asha", ""), 422, "").unwrap();
        let mode = fs::metadata(folder.path().join(REFUSED)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
