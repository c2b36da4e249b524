//! `refused.csv`: the contacts that the service refused, for people to correct.
//!
//! It has the form of `rejects.csv`, so that it goes straight back into `contactmill convert`. It
//! is on the disk before the journal says that a contact was refused; what it holds beyond the
//! journal was written by a run that was killed in between, and goes when the next run opens it.
//! A table that lists the same contacts as the journal is left alone: somebody may have corrected it.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::object::Object;
use crate::words::shown;

/// The name of the table in its folder.
pub const REFUSED: &str = "refused.csv";

/// Where the table is written before it takes its name.
const NEW: &str = "refused.csv.new";

/// Where the table of another upload, such as a rehearsal, goes.
const OLD: &str = "refused.csv.old";

/// The columns that `convert` knows as bookkeeping.
const BOOKKEEPING: [&str; 6] = ["_source", "_record", "_line", "_field", "_reason", "_hint"];

/// Columns that every table has in front.
const FIELDS: [&str; 4] = ["name", "phone", "email", "tags"];

/// Which contact of which array: file, line in it, number in the array from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) line: u64,
    pub(crate) contact: u32,
}

/// The contacts that were refused.
pub(crate) struct RefusedTable {
    folder: PathBuf,
    columns: Vec<String>,
    rows: BTreeMap<Place, Vec<(String, String)>>,
}

/// A contact in the form of the import API, as far as a table shows it.
#[derive(Deserialize)]
struct Contact {
    profile: Object<Profile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    user_details: Object<UserDetails>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserDetails {
    user_provided_name: String,
    contact: Object<Reach>,
    tags: Vec<String>,
    attributes: Vec<Object<Attribute>>,
}

#[derive(Deserialize)]
struct Reach {
    email: String,
    phone: Object<Phone>,
}

#[derive(Deserialize)]
struct Phone {
    number: String,
    prefix: String,
}

#[derive(Deserialize)]
struct Attribute {
    key: String,
    value: String,
}

impl RefusedTable {
    /// Opens the table of a folder with the contacts that the journal knows as refused: where they
    /// stand, their JSON, and the status.
    pub(crate) fn open(folder: &Path, known: Vec<(Place, String, u16)>) -> io::Result<Self> {
        let mut table =
            RefusedTable { folder: folder.to_owned(), columns: Vec::new(), rows: BTreeMap::new() };
        let path = folder.join(REFUSED);
        let present = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read?,
        };
        let (hints, is_torn) = hints_in(&present);
        for (place, json, status) in known {
            let hint = hints.get(&place).cloned().unwrap_or_default();
            table.insert(place, &json, status, &hint);
        }
        if table.rows.is_empty() && !present.is_empty() {
            fs::rename(&path, folder.join(OLD))?;
        } else if !table.rows.keys().eq(hints.keys()) || is_torn {
            table.rewrite()?;
        }
        Ok(table)
    }

    /// Adds a contact; it is on the disk when this returns.
    pub(crate) fn add(
        &mut self,
        place: Place,
        json: &str,
        status: u16,
        message: &str,
    ) -> io::Result<()> {
        let is_last = self.rows.last_key_value().is_some_and(|(last, _)| *last < place);
        let has_new_columns = self.insert(place.clone(), json, status, message);
        if !is_last || has_new_columns {
            return self.rewrite();
        }
        let mut file = OpenOptions::new().append(true).open(self.folder.join(REFUSED))?;
        file.write_all(&self.text(false, [&place])?)?;
        file.sync_all()
    }

    /// Whether this brought columns that were not there.
    fn insert(&mut self, place: Place, json: &str, status: u16, message: &str) -> bool {
        let mut row = fields(json);
        let at = |name: &str, value: String| (name.to_owned(), value);
        let own = [
            at("_source", place.file.clone()),
            at("_record", place.contact.to_string()),
            at("_line", place.line.to_string()),
            at("_field", String::new()),
            at("_reason", format!("status_{status}")),
            // A table of an earlier version may hold what the service said as it came.
            at("_hint", shown(message)),
        ];
        let before = self.columns.len();
        for (name, _) in &row {
            if !FIELDS.contains(&name.as_str()) && !self.columns.contains(name) {
                self.columns.push(name.clone());
            }
        }
        row.extend(own);
        self.rows.insert(place, row);
        self.columns.len() > before
    }

    fn rewrite(&self) -> io::Result<()> {
        let new = self.folder.join(NEW);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&new)?;
        file.write_all(&self.text(true, self.rows.keys())?)?;
        file.sync_all()?;
        fs::rename(&new, self.folder.join(REFUSED))?;
        #[cfg(unix)]
        File::open(&self.folder)?.sync_all()?;
        Ok(())
    }

    fn text<'p>(
        &self,
        header: bool,
        places: impl IntoIterator<Item = &'p Place>,
    ) -> io::Result<Vec<u8>> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let columns = FIELDS.iter().copied();
        let columns = columns.chain(self.columns.iter().map(String::as_str)).chain(BOOKKEEPING);
        let columns: Vec<&str> = columns.collect();
        if header {
            writer.write_record(columns.iter().map(|column| guarded(column)))?;
        }
        for place in places {
            let row = self.rows.get(place).map_or(&[][..], Vec::as_slice);
            let value = |column: &&str| {
                let found = row.iter().find(|(name, _)| name == column);
                guarded(found.map_or("", |(_, value)| value))
            };
            writer.write_record(columns.iter().map(value))?;
        }
        writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
    }
}

/// A value behind an apostrophe where a spreadsheet would take it for a formula or round it, as in
/// the tables of `convert`, which takes the apostrophe off again.
fn guarded(value: &str) -> String {
    let inner = value.trim_start_matches('\'');
    let is_formula = inner.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if is_formula { format!("'{value}") } else { value.to_owned() }
}

/// The columns of a contact that have a value.
fn fields(json: &str) -> Vec<(String, String)> {
    let Ok(Object(Contact { profile: Object(Profile { user_details: Object(details) }) })) =
        serde_json::from_str(json)
    else {
        // Another form than the published one is shown as it stands.
        return vec![("contact".to_owned(), json.to_owned())];
    };
    let Object(Reach { email, phone: Object(Phone { number, prefix }) }) = details.contact;
    let mut fields = vec![
        ("name".to_owned(), details.user_provided_name),
        ("phone".to_owned(), format!("+{prefix}{number}")),
        ("email".to_owned(), email),
        ("tags".to_owned(), details.tags.join("; ")),
    ];
    let attributes = details.attributes.into_iter();
    fields.extend(attributes.map(|Object(Attribute { key, value })| (key, value)));
    fields
}

/// The messages of a table that was written before, and whether there is more in it.
fn hints_in(text: &[u8]) -> (BTreeMap<Place, String>, bool) {
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
    let place = |row: csv::StringRecord| {
        let file = row.get(source)?.to_owned();
        let line = row.get(line)?.parse().ok()?;
        let contact = row.get(record)?.parse().ok()?;
        let hint = row.get(hint)?;
        // A guard that is in front would get another one.
        let is_guarded = hint.strip_prefix('\'').is_some_and(|rest| guarded(rest) == hint);
        let hint = if is_guarded { hint.strip_prefix('\'')? } else { hint };
        Some((Place { file, line, contact }, hint.to_owned()))
    };
    let (mut hints, mut rows) = (BTreeMap::new(), 0);
    for row in reader.records() {
        rows += 1;
        hints.extend(row.ok().and_then(place));
    }
    let is_torn = hints.len() != rows;
    (hints, is_torn)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(contact: u32) -> Place {
        Place { file: "import-000001.json".into(), line: 1, contact }
    }

    fn contact(name: &str, attributes: &str) -> String {
        format!(
            r#"{{"profile":{{"userDetails":{{"userProvidedName":"{name}","contact":{{"email":"","phone":{{"number":"0612345678","prefix":"39"}}}},"tags":["a","b"],"attributes":[{attributes}]}}}}}}"#
        )
    }

    fn text(folder: &Path) -> String {
        fs::read_to_string(folder.join(REFUSED)).unwrap()
    }

    const HEADER: &str = "name,phone,email,tags,_source,_record,_line,_field,_reason,_hint\n";

    #[test]
    fn a_refused_contact_has_its_columns_and_the_message() {
        let folder = tempfile::tempdir().unwrap();
        let mut table = RefusedTable::open(folder.path(), Vec::new()).unwrap();
        assert!(!folder.path().join(REFUSED).exists());
        table.add(place(7), &contact("Asha", ""), 422, "=bad number").unwrap();
        let row = "Asha,'+390612345678,,a; b,import-000001.json,7,1,,status_422,'=bad number\n";
        assert_eq!(text(folder.path()), format!("{HEADER}{row}"));
        let attribute = r#"{"key":"City","value":"Pune"}"#;
        table.add(place(9), &contact("Ravi", attribute), 400, "").unwrap();
        let header = HEADER.replace("tags,", "tags,City,");
        let first = row.replace("a; b,", "a; b,,");
        let second =
            "Ravi,'+390612345678,,a; b,Pune,import-000001.json,9,1,,status_400,\n".to_owned();
        assert_eq!(text(folder.path()), format!("{header}{first}{second}"));
        table.add(place(8), "[1]", 400, "no form").unwrap();
        assert!(text(folder.path()).contains(",[1],import-000001.json,8,1,,status_400,no form\n"));
        assert!(!folder.path().join(NEW).exists());
        // Arrays have no names that say which value is the phone.
        table.add(place(10), r#"[[["Asha",["",["1","2"]],[],[]]]]"#, 400, "").unwrap();
        let array = ",\"[[[\"\"Asha\"\",[\"\"\"\",[\"\"1\"\",\"\"2\"\"]],[],[]]]]\",";
        assert!(text(folder.path()).contains(array), "{}", text(folder.path()));
    }

    #[test]
    fn a_message_of_an_earlier_version_is_written_as_it_can_be_shown() {
        let folder = tempfile::tempdir().unwrap();
        let row = "Asha,'+390612345678,,a; b,import-000001.json,1,1,,status_422,\u{1b}[2Jno\n";
        fs::write(folder.path().join(REFUSED), format!("{HEADER}{row}")).unwrap();
        let known =
            vec![(place(1), contact("Asha", ""), 422), (place(2), contact("Ravi", ""), 422)];
        RefusedTable::open(folder.path(), known).unwrap();
        let text = text(folder.path());
        assert!(text.contains("status_422,\\u{1b}[2Jno\n") && !text.contains('\u{1b}'), "{text:?}");
    }

    #[test]
    fn what_the_journal_does_not_know_goes_and_what_it_knows_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut table = RefusedTable::open(folder.path(), Vec::new()).unwrap();
        table.add(place(1), &contact("Asha", ""), 422, "-first").unwrap();
        table.add(place(2), &contact("Ravi", ""), 422, "second").unwrap();
        let both = text(folder.path());
        // Killed while a third row was written, before the journal knew of it.
        fs::write(folder.path().join(REFUSED), format!("{both}Mei,'+39061")).unwrap();
        let known =
            || vec![(place(1), contact("Asha", ""), 422), (place(2), contact("Ravi", ""), 422)];
        RefusedTable::open(folder.path(), known()).unwrap();
        assert_eq!(text(folder.path()), both);
        // Moved away by somebody: the contacts come back, without what the service said.
        fs::remove_file(folder.path().join(REFUSED)).unwrap();
        RefusedTable::open(folder.path(), known()).unwrap();
        assert_eq!(text(folder.path()), both.replace("'-first", "").replace("second", ""));
        // Corrected by somebody.
        let corrected = text(folder.path()).replace("Asha", "Asha Verma");
        fs::write(folder.path().join(REFUSED), &corrected).unwrap();
        RefusedTable::open(folder.path(), known()).unwrap();
        assert_eq!(text(folder.path()), corrected);
        // Another job, in which nothing was refused.
        RefusedTable::open(folder.path(), Vec::new()).unwrap();
        assert!(!folder.path().join(REFUSED).exists());
        assert_eq!(fs::read_to_string(folder.path().join(OLD)).unwrap(), corrected);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mut table = RefusedTable::open(folder.path(), Vec::new()).unwrap();
        table.add(place(1), &contact("Asha", ""), 422, "").unwrap();
        let mode = fs::metadata(folder.path().join(REFUSED)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
