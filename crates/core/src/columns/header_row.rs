//! Whether a row is a header or somebody's data, and what to call columns where that is not known.
//!
//! A first record that is taken for a header vanishes from all counts, and its cells would stand in
//! messages. So a header row must not read like the rows below it, and what is not known to be a
//! header is never shown.

use crate::columns::content::{ContentSample, HeaderLike};
use crate::columns::field::MappedField;
use crate::columns::header::{self, Bookkeeping, HeaderMeaning, words_of};
use crate::columns::hint::{hint, is_header_word, is_label, is_of_something_else};
use crate::columns::party::{self, Party};
use crate::columns::preset::Preset;
use crate::text::{folded, is_blank, says_nothing};

/// The names of columns that no header row names: `column1`, `column2`, ….
///
/// ```
/// assert_eq!(contactmill_core::columns::numbered_header(2), ["column1", "column2"]);
/// ```
#[must_use]
pub fn numbered_header(columns: usize) -> Vec<String> {
    (1..=columns).map(|number| format!("column{number}")).collect()
}

/// The letters by which a spreadsheet calls the column at this index.
///
/// ```
/// use contactmill_core::columns::column_letters;
///
/// assert_eq!((column_letters(1), column_letters(26)), ("B".into(), "AA".into()));
/// ```
#[must_use]
pub fn column_letters(index: usize) -> String {
    let mut letters = Vec::new();
    let mut left = index + 1;
    while left > 0 {
        left -= 1;
        letters.push(b'A' + u8::try_from(left % 26).unwrap_or(0));
        left /= 26;
    }
    letters.iter().rev().map(|&letter| char::from(letter)).collect()
}

/// The column that these letters stand for. They are capital letters, so that `ad` is a name.
pub(crate) fn index_of_letters(letters: &str) -> Option<usize> {
    if !(1..=3).contains(&letters.len()) || !letters.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let number = letters.bytes().fold(0, |number, byte| 26 * number + usize::from(byte - b'A') + 1);
    Some(number - 1)
}

/// Whether the names of columns are those of [`numbered_header`], with or without what `convert` adds
/// to its own files.
pub(crate) fn is_numbered(header: &[String]) -> bool {
    let bookkeeping = Bookkeeping::of(header);
    let given = header.iter().take_while(|name| !bookkeeping.has(name));
    let mut count = 0;
    given.enumerate().all(|(at, name)| {
        count += 1;
        *name == format!("column{}", at + 1)
    }) && count > 0
}

/// The header row without the one word that all columns begin with, which says nothing of them:
/// `lead_name`, `lead_phone`. A word that says whose they are, or of what, stays.
pub(crate) fn without_shared_word(header: &[String]) -> Option<Vec<String>> {
    let first = *words_of(header.first()?).first()?;
    let says_something = header::meaning(first).is_some_and(|meaning| !meaning.is_name())
        || header::is_of_others(first)
        || hint(first).is_some()
        || is_of_something_else(first)
        || Party::of(first) != Party::default();
    if header.len() < 2 || says_something {
        return None;
    }
    let without = |column: &String| {
        let words = words_of(column);
        let (&word, behind) = words.split_first()?;
        let rest = column.trim_start().strip_prefix(word)?;
        let rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
        (folded(word) == folded(first) && !behind.is_empty()).then(|| rest.to_owned())
    };
    let rest: Vec<String> = header.iter().map(without).collect::<Option<_>>()?;
    let is_phone =
        |column: &String| matches!(header::meaning(column), Some(HeaderMeaning::Phone(_)));
    rest.iter().any(is_phone).then_some(rest)
}

/// Whether a cell of the first row is somebody's e-mail address or number.
pub(crate) fn is_data(cell: &str, sample: &ContentSample) -> bool {
    let read = sample.reads_as(cell);
    read.emails > 0 || read.numbers > 0
}

/// Labels of a row below which something else stands: a column of types holds `mobile` again and
/// again, and is no header for it.
pub(crate) fn labels(row: &[String], sample: &ContentSample) -> usize {
    let is_label =
        |&(index, cell): &(usize, &String)| is_label(cell) && !sample.has_cell(index, cell);
    row.iter().enumerate().filter(is_label).count()
}

/// The line of a record, in the sample, that is another header row, by which the columns of these fields hold something
/// else below it: `Name, Emergency Mobile, Mobile` below `Name, Mobile, Emergency Mobile`, or words that say whose
/// the columns are.
pub(crate) fn other_header(
    header: &[String],
    fields: &[(MappedField, usize)],
    sample: &ContentSample,
) -> Option<u64> {
    let meaning = |text: &str| header::meaning(text).or_else(|| party::meaning(text));
    let is_phone = |meaning| matches!(meaning, Some(HeaderMeaning::Phone(_)));
    let says_other = |cell: &str, above: &str| {
        let (now, before) = (meaning(cell), meaning(above));
        let is_alike = now == before || is_phone(now) && is_phone(before);
        Party::of(cell) != Party::of(above) || now.is_some() && !is_alike
    };
    let is_other = |row: &&HeaderLike| {
        let differs = |&(_, index): &(MappedField, usize)| {
            let (Some(cell), Some(above)) = (row.cells.get(index), header.get(index)) else {
                return false;
            };
            // Below a group, the header has its words, too.
            !folded(above).ends_with(&folded(cell)) && says_other(cell, above)
        };
        let of_numbers = |(field, _): &&(MappedField, usize)| {
            matches!(field, MappedField::Phone | MappedField::Country)
        };
        fields.iter().filter(of_numbers).any(differs)
    };
    sample.header_like().iter().find(is_other).map(|row| row.line)
}

/// Whether the first row reads like those below it: an e-mail address above addresses, a number above
/// numbers. A header that is a number, such as those of a pivot table, does not count where
/// the cells of its column are something else, or where two other columns are called like those of
/// contacts.
pub(crate) fn is_record(header: &[String], sample: &ContentSample) -> bool {
    if is_numbered(header) || header::is_own_header(header) {
        return false;
    }
    let mut perhaps = false;
    for (index, cell) in header.iter().enumerate() {
        let (read, content) = (sample.reads_as(cell), sample.column(index));
        let is_alike = |count: u64| content.filled > 0 && 2 * count >= content.filled;
        if read.emails > 0 && is_alike(content.emails)
            || read.phones > 0 && is_alike(content.phones)
        {
            return true;
        }
        let is_empty = content.filled == 0;
        perhaps |= read.emails > 0 && is_empty
            || read.numbers > 0 && (is_empty || is_alike(content.numbers));
    }
    perhaps && labels(header, sample) < 2
}

/// Whether a first row without any column for phone numbers holds data: then it lacks a header.
pub(crate) fn has_data(header: &[String], sample: &ContentSample) -> bool {
    let has_many_digits = |cell: &String| cell.chars().filter(char::is_ascii_digit).count() >= 7;
    let is_data = |cell: &String| has_many_digits(cell) || is_data(cell, sample);
    !is_made(header) && header.iter().any(is_data) && labels(header, sample) < 2
}

/// Whether nothing in the first row is known to be a header, and it reads like a record without a
/// number: the column of numbers is called nothing, or cells stand again in the rows below.
pub(crate) fn may_be_record(header: &[String], phones: &[usize], sample: &ContentSample) -> bool {
    if is_made(header) || labels(header, sample) > 0 {
        return false;
    }
    let says = |cell: &str| !is_blank(cell) && !says_nothing(cell.trim());
    let is_unnamed = |&index: &usize| header.get(index).is_none_or(|name| !says(name));
    let filled = header.iter().enumerate().filter(|(_, cell)| says(cell));
    let again = filled.clone().filter(|(index, cell)| sample.has_cell(*index, cell)).count();
    // All of them: the header row stands there twice.
    again > 0 && again < filled.count()
        || phones.iter().any(is_unnamed) && !is_known(header, sample)
}

/// Whether some of a row is known to be of a header, or it was made by `convert`.
fn is_known(header: &[String], sample: &ContentSample) -> bool {
    let is_word =
        |(index, cell): (usize, &String)| is_header_word(cell) && !sample.has_cell(index, cell);
    is_made(header) || header.iter().enumerate().any(is_word)
}

/// Whether a header row is that of a program that is known.
fn is_made(header: &[String]) -> bool {
    is_numbered(header) || header::is_own_header(header) || Preset::of(header).is_some()
}

/// Whether a table is that of the contacts that a service refused: `name,phone,email,tags`, their attributes, and
/// the answer of the service as the reason.
pub(crate) fn is_refused(header: &[String], sample: &ContentSample) -> bool {
    let reason = header.iter().position(|name| name == "_reason");
    header::is_bookkeeping_header(header)
        && header.iter().take(4).eq(["name", "phone", "email", "tags"])
        && reason.is_some_and(|index| sample.has_cell_beginning(index, "status_"))
}

/// Whether so much of a row is known that all of it can be shown.
fn is_surely_header(header: &[String], sample: &ContentSample) -> bool {
    let is_known_word =
        |cell: &String| is_blank(cell) || is_header_word(cell) || is_of_something_else(cell);
    is_made(header)
        || labels(header, sample) >= 2
        || is_known(header, sample) && header.iter().all(is_known_word)
}

/// What columns can be called in a message: by their names where those are surely a header's, else by
/// their letters.
pub(crate) struct Labels<'h> {
    pub(crate) names: &'h [String],
    pub(crate) header: &'h [String],
    is_sure: bool,
    pub(crate) sample: &'h ContentSample,
}

impl<'h> Labels<'h> {
    pub(crate) fn new(
        header: &'h [String],
        names: &'h [String],
        sample: &'h ContentSample,
    ) -> Self {
        let is_sure = is_surely_header(header, sample) && !is_record(header, sample);
        Labels { names, header, is_sure, sample }
    }

    pub(crate) fn of(&self, index: usize) -> String {
        let is_shown =
            |cell: &String| !is_data(cell, self.sample) && (self.is_sure || is_header_word(cell));
        match (self.header.get(index).is_some_and(is_shown), self.names.get(index)) {
            (true, Some(name)) => name.clone(),
            _ => column_letters(index),
        }
    }

    /// Those of all columns that hold data.
    pub(crate) fn all(&self) -> Vec<String> {
        let bookkeeping = Bookkeeping::of(self.header);
        let names = self.names.iter().enumerate().filter(|(_, name)| !bookkeeping.has(name));
        names.map(|(index, _)| self.of(index)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use crate::records::{Integrity, Position, Record};

    fn row(cells: &str) -> Vec<String> {
        cells.split(',').map(str::to_owned).collect()
    }

    fn sample(rows: &[&str]) -> ContentSample {
        let mut sample = ContentSample::new(Options::default());
        for cells in rows.iter().map(|cells| row(cells)) {
            let mut ends = Vec::new();
            let text: String = cells.concat();
            for cell in &cells {
                ends.push(ends.last().copied().unwrap_or(0) + cell.len());
            }
            sample.add(Record::new(&text, &ends, Position::default(), Integrity::Whole));
        }
        sample
    }

    #[test]
    fn columns_are_called_as_in_a_spreadsheet() {
        for (index, letters) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(column_letters(index), letters);
            assert_eq!(index_of_letters(letters), Some(index));
        }
        for letters in ["", "b", "A1", "AAAA", "É"] {
            assert_eq!(index_of_letters(letters), None, "{letters}");
        }
    }

    #[test]
    fn a_row_like_those_below_it_is_a_record() {
        let people = sample(&["Ravi,9988776655,ravi@example.com", "Om,+919811122233,"]);
        assert!(is_record(&row("Asha,9876543210,asha@example.com"), &people));
        assert!(is_record(&row("Asha,9876543210,"), &people));
        assert!(!is_record(&row("Name,Phone,Email"), &people));
        assert!(!is_record(&row("Name,2024,Email"), &people));
    }

    #[test]
    fn a_column_called_by_a_number_is_no_record_where_its_cells_are_others() {
        let counts = sample(&["Asha,+919876543210,3,12", "Ravi,+919988776655,,4"]);
        assert!(!is_record(&row("Name,Phone,+919811122233,20240115"), &counts));
        let amounts = sample(&["Asha,+919876543210,1250000", "Ravi,+919988776655,1300000"]);
        assert!(!is_record(&row("Name,Phone,20240115"), &amounts));
        assert!(is_record(&row("Asha,mobile,9876543210"), &sample(&["Om,mobile,9811122233"])));
    }

    #[test]
    fn a_row_without_digits_is_known_by_the_cells_that_stand_again() {
        let people = sample(&["Ravi,Pune,9988776655", "Om,Goa,9811122233"]);
        assert!(may_be_record(&row("Asha,Pune,call"), &[2], &people));
        assert!(may_be_record(&row("Asha,Delhi,"), &[2], &people));
        assert!(!may_be_record(&row("Имя,Город,Телефон"), &[2], &people));
        assert!(!may_be_record(&row("Name,Pune,"), &[2], &people));
    }
}
