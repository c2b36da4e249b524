//! What columns hold, judged by a sample of their cells.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use contactmill_phone::Region;

use crate::cells::country::{self, CountryReading};
use crate::cells::email;
use crate::cells::name;
use crate::cells::phone::read_phone;
use crate::columns::consent;
use crate::columns::hint::is_header_word;
use crate::columns::party::Party;
use crate::columns::sensitive::{IdentifierShare, Identifiers};
use crate::explain::Notes;
use crate::options::Options;
use crate::reason::Reason;
use crate::records::{Block, Record, Source};
use crate::text::{ascii_digit, is_blank, says_nothing, visible};

/// Number of records of a source in its sample.
const SAMPLED_RECORDS: usize = 1_000;

/// Maximum number of blocks kept. A thousand records are in far fewer, unless they are very large.
const KEPT_BLOCKS: usize = 16;

/// Maximum number of cells remembered, to find those that are the same. A thousand records have fewer,
/// unless a file has more than a thousand columns.
const MAX_REMEMBERED: usize = 1 << 20;

/// Number of records whose short cells are kept, to be read together.
const FIRST_RECORDS: usize = 100;

/// Maximum number of records kept that read like header rows.
const MAX_HEADER_LIKE: usize = 8;

/// Fewer digits are no phone number.
const FEWEST_DIGITS: usize = 7;

/// Maximum length of a short cell, in bytes: more than that of a number in any layout.
const SHORT: usize = 32;

/// Maximum number of names beside one number of a person, which leaves room for a family and for one
/// name in several spellings; and of numbers beside one name.
const OF_A_PERSON: usize = 3;

/// What the cells of one column are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ColumnContent {
    /// Cells that say something.
    pub filled: u64,
    /// Cells that read as a phone number.
    pub phones: u64,
    /// Cells that have the look of one: a phone number, or 7 to 15 digits (ITU-T E.164 allows no
    /// more) and no letters.
    pub numbers: u64,
    /// Cells that read as an e-mail address.
    pub emails: u64,
    /// Cells that could be the name of a person: a few words without digits.
    pub names: u64,
    /// Cells that are a country calling code with its `+`, and nothing more.
    pub calling_codes: u64,
}

/// What the columns of a file hold, by some of its records.
///
/// ```
/// use contactmill_core::Options;
/// use contactmill_core::columns::ContentSample;
/// use contactmill_core::records::{Integrity, Position, Record};
///
/// let mut sample = ContentSample::new(Options::default());
/// let text = "Asha+91 98765 43210";
/// sample.add(Record::new(text, &[4, text.len()], Position::default(), Integrity::Whole));
/// assert_eq!((sample.column(0).names, sample.column(1).phones), (1, 1));
/// ```
#[derive(Clone, Debug, Default)]
pub struct ContentSample {
    options: Options,
    columns: Vec<ColumnContent>,
    /// By column.
    identifiers: Vec<Identifiers>,
    /// Number of records that were added.
    added: usize,
    /// By column and record, what stands for each cell; see [`cell_mark`].
    marks: Vec<Vec<u64>>,
    remembered: usize,
    records: usize,
    /// The short cells of the first records.
    first: Vec<Vec<Box<str>>>,
    header_like: Vec<HeaderLike>,
}

/// A record that reads like a header row.
#[derive(Clone, Debug)]
pub(crate) struct HeaderLike {
    /// The line on which it begins.
    pub(crate) line: u64,
    pub(crate) cells: Vec<Box<str>>,
}

/// Whether most of the cells of a record are words of a header, and none holds a number or an address.
fn reads_like_header(record: Record<'_>, is_first: bool) -> bool {
    let may_be_word = |cell: &str| {
        cell.len() <= 2 * SHORT
            && !cell.contains('@')
            && cell.bytes().filter(u8::is_ascii_digit).count() < FEWEST_DIGITS
    };
    if !record.iter().all(may_be_word) {
        return false;
    }
    let filled =
        record.iter().map(str::trim).filter(|cell| !cell.is_empty() && !says_nothing(cell));
    let (mut words, mut others) = (0, 0);
    for cell in filled {
        let is_word = is_header_word(cell) || Party::of(cell) != Party::default();
        *if is_word { &mut words } else { &mut others } += 1;
    }
    // Right below the header, words that say whose columns are stand beside others: `Wife`, `Own`.
    let is_below_header = is_first && record.get(0).is_some_and(is_blank);
    words >= 2 && words > others || is_below_header && words > 0 && words >= others
}

/// How many cells of a column name a country, of those that say something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CountryCells {
    pub(crate) named: u64,
    pub(crate) filled: u64,
}

/// Whether a column holds the country calling codes of the numbers in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CallingCodes {
    No,
    /// Some cells say so, and others speak against it.
    Perhaps,
    Yes,
    /// The cells have their `+`, the numbers none, and some are abroad with it: they are codes whatever the header
    /// says.
    Marked,
}

/// What the cells of a column of codes, and the numbers beside them, say.
#[derive(Default)]
struct CodeCells {
    filled: u32,
    codes: u32,
    /// Codes with their `+` or `00`.
    marked: u32,
    has_own: bool,
    has_foreign: bool,
    /// Codes beside a number that has none itself.
    beside: u32,
    /// Those with which the number is valid, and those of them that are not of the region.
    fitting: u32,
    foreign: u32,
}

impl CodeCells {
    fn add(&mut self, cell: &str, number: &str, own: Option<u16>) {
        if cell.is_empty() || says_nothing(cell) {
            return;
        }
        self.filled += 1;
        let is_short = cell.len() <= "00999".len();
        let code = match country::read(cell) {
            CountryReading::CallingCode(code) if is_short => Some(code),
            _ => None,
        };
        self.codes += u32::from(code.is_some());
        self.marked +=
            u32::from(code.is_some() && (cell.starts_with('+') || cell.starts_with("00")));
        self.has_own |= code.is_some() && code == own;
        self.has_foreign |= code.is_some() && code != own;
        if own.is_none() || number.is_empty() || number.starts_with(['+', '0']) {
            return;
        }
        self.beside += 1;
        let fits = |&code: &u16| {
            let number = contactmill_phone::parse(number, Region::of_calling_code(code)).ok();
            number.is_some_and(|number| number.is_valid() && number.calling_code() == code)
        };
        if let Some(code) = code.filter(fits) {
            self.fitting += 1;
            self.foreign += u32::from(Some(code) != own);
        }
    }

    fn verdict(&self) -> CallingCodes {
        let mostly = |count: u32, of: u32| 5 * count >= 4 * of;
        let is_proved = self.foreign > 0 && self.fitting > 1 && mostly(self.fitting, self.beside);
        let are_all_mixed = self.codes == self.filled && self.has_own && self.has_foreign;
        if is_proved && mostly(self.marked, self.filled) {
            CallingCodes::Marked
        } else if is_proved || are_all_mixed || self.marked > 0 && mostly(self.codes, self.filled) {
            CallingCodes::Yes
        } else if self.marked > 0 || self.foreign > 0 && 2 * self.fitting >= self.beside {
            CallingCodes::Perhaps
        } else {
            CallingCodes::No
        }
    }
}

/// In how many cells of a column of numbers stands one that many people share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shared {
    pub(crate) cells: u64,
    pub(crate) of: u64,
}

impl Shared {
    /// Whether a fifth of the cells or more is shared: the column is that of a company, or of staff. A
    /// family with one line does not make it one.
    pub(crate) const fn is_of_many(self) -> bool {
        self.of > 0 && 5 * self.cells >= self.of
    }
}

impl ContentSample {
    /// A sample without records, whose cells will be read with these options.
    #[must_use]
    pub const fn new(options: Options) -> Self {
        ContentSample {
            options,
            columns: Vec::new(),
            identifiers: Vec::new(),
            added: 0,
            marks: Vec::new(),
            remembered: 0,
            records: 0,
            first: Vec::new(),
            header_like: Vec::new(),
        }
    }

    /// The first records that read like header rows.
    pub(crate) fn header_like(&self) -> &[HeaderLike] {
        &self.header_like
    }

    /// Adds a record.
    pub fn add(&mut self, record: Record<'_>) {
        if self.columns.len() < record.len() {
            self.columns.resize(record.len(), ColumnContent::default());
            self.identifiers.resize_with(record.len(), Identifiers::default);
        }
        let is_first = self.added == 0;
        self.added += 1;
        if self.header_like.len() < MAX_HEADER_LIKE && reads_like_header(record, is_first) {
            let cells = record.iter().map(Box::from).collect();
            self.header_like.push(HeaderLike { line: record.position().line, cells });
        }
        let columns = self.columns.iter_mut().zip(&mut self.identifiers);
        for ((column, identifiers), cell) in columns.zip(record.iter()) {
            column.add(cell, &self.options);
            identifiers.add(cell);
        }
        if self.remembered + record.len() <= MAX_REMEMBERED {
            self.remembered += record.len();
            if self.marks.len() < record.len() {
                self.marks.resize(record.len(), Vec::new());
            }
            for (marks, cell) in self.marks.iter_mut().zip(record.iter()) {
                // Records before this one may have ended earlier.
                marks.resize(self.records, NO_MARK);
                marks.push(cell_mark(cell));
            }
            self.records += 1;
        }
        if self.first.len() < FIRST_RECORDS && record.len() <= MAX_REMEMBERED / FIRST_RECORDS {
            let short = |cell: &str| Box::from(if cell.len() <= SHORT { cell } else { "" });
            self.first.push(record.iter().map(short).collect());
        }
    }

    /// Whether the cells of a column are the country calling codes of the numbers in another, by the
    /// records in which both are filled.
    pub(crate) fn calling_codes_of(&self, index: usize, numbers: usize) -> CallingCodes {
        let own = self.options.region.and_then(Region::calling_code);
        let mut seen = CodeCells::default();
        for record in &self.first {
            let cell = |column: usize| record.get(column).map_or("", |cell| cell.trim());
            seen.add(cell(index), cell(numbers), own);
        }
        seen.verdict()
    }

    /// Whether at least four of five cells of a column are countries, by the first records, and one of them is
    /// not that of the region.
    pub(crate) fn are_countries(&self, index: usize) -> bool {
        self.countries(index, |_| true).is_some()
    }

    /// Whether at least four of five numbers of a column are valid in the countries of another, two and more, and some
    /// of these are abroad, and would be numbers of the region without it.
    pub(crate) fn are_countries_of(&self, index: usize, numbers: usize) -> bool {
        let own = self.options.region.and_then(Region::calling_code);
        let (mut filled, mut named) = (0, 0);
        let (mut beside, mut fitting, mut foreign) = (0, 0, 0);
        for record in &self.first {
            let cell = |column: usize| record.get(column).map_or("", |cell| cell.trim());
            let (country, number) = (cell(index), cell(numbers));
            filled += u32::from(!country.is_empty() && !says_nothing(country));
            let Some(region) = country_in(country) else { continue };
            named += 1;
            let code = region.calling_code();
            let is_of = |number: &str, region| {
                contactmill_phone::parse(number, region)
                    .is_ok_and(|read| read.is_valid() && Some(read.calling_code()) == code)
            };
            // A number that brings its own code says nothing.
            let has_code = number.starts_with('+')
                || number.starts_with("00")
                || is_of(&format!("+{number}"), None);
            if own.is_none() || number.is_empty() || has_code {
                continue;
            }
            let fits = is_of(number, Some(region));
            beside += 1;
            fitting += u32::from(fits);
            let is_of_region = || {
                contactmill_phone::parse(number, self.options.region)
                    .is_ok_and(contactmill_phone::PhoneNumber::is_valid)
            };
            foreign += u32::from(fits && code != own && is_of_region());
        }
        let mostly = |count: u32, of: u32| 5 * count >= 4 * of;
        mostly(named, filled) && foreign > 0 && fitting > 1 && mostly(fitting, beside)
    }

    /// How many cells of a column are countries in more letters than a code has, where the column [is one of
    /// countries](Self::are_countries) by these alone. Codes may be those of languages, or of states.
    pub(crate) fn countries_by_name(&self, index: usize) -> Option<CountryCells> {
        self.countries(index, |cell| cell.chars().filter(|c| c.is_alphabetic()).count() > 3)
    }

    /// How many cells of a column are countries, of those that `counts` may be one.
    fn countries(&self, index: usize, counts: impl Fn(&str) -> bool) -> Option<CountryCells> {
        let cells = self.first.iter().filter_map(|record| record.get(index));
        let mut seen = CountryCells { named: 0, filled: 0 };
        let mut has_foreign = false;
        for cell in cells.filter(|cell| !is_blank(cell) && !says_nothing(cell.trim())) {
            seen.filled += 1;
            if let CountryReading::Named(region) = country::read(cell)
                && counts(cell)
            {
                seen.named += 1;
                has_foreign |= Some(region) != self.options.region;
            }
        }
        (has_foreign && 5 * seen.named >= 4 * seen.filled).then_some(seen)
    }

    /// Whether all cells of a column, by the first records, are a yes or a no: `SMS?`.
    pub(crate) fn are_answers(&self, index: usize) -> bool {
        let cells = self.first.iter().filter_map(|record| record.get(index));
        let mut filled = cells.filter(|cell| !is_blank(cell)).peekable();
        filled.peek().is_some() && filled.all(|cell| consent::is_answer(cell))
    }

    /// Whether two columns differ in most of the records in which both are filled.
    pub(crate) fn mostly_differ(&self, one: usize, other: usize) -> bool {
        let (same, different): (Vec<_>, Vec<_>) =
            self.marks_of_both(one, other).partition(|(one, other)| one == other);
        different.len() > same.len()
    }

    /// Whether both of two columns are filled in some records, and never in one: `name` and `Name` of JSON.
    pub(crate) fn never_stand_together(&self, one: usize, other: usize) -> bool {
        let is_filled = |column: usize| self.column(column).filled > 0;
        is_filled(one) && is_filled(other) && self.marks_of_both(one, other).next().is_none()
    }

    /// What stands for the cells of two columns in the records in which both are filled.
    fn marks_of_both(&self, one: usize, other: usize) -> impl Iterator<Item = (u64, u64)> {
        let marks = |column: usize| self.marks.get(column).into_iter().flatten().copied();
        marks(one).zip(marks(other)).filter(|&(one, other)| one != NO_MARK && other != NO_MARK)
    }

    /// Whether all records of a source are in its sample, so that a text that stands in none of its cells is not in
    /// the source.
    ///
    /// ```
    /// use contactmill_core::columns::Sampled;
    /// use contactmill_core::records::Rows;
    /// use contactmill_core::Options;
    ///
    /// let of = |rows: usize| Sampled::of(Rows::new((0..rows).map(|_| ["Asha"])), Options::default());
    /// let (few, many) = (of(10)?, of(10_000)?);
    /// assert!(few.sample().is_of_all_records() && !many.sample().is_of_all_records());
    /// assert!(few.sample().has_cell(0, "Asha") && !few.sample().has_cell(0, "Ravi"));
    /// # Ok::<(), std::convert::Infallible>(())
    /// ```
    #[must_use]
    pub const fn is_of_all_records(&self) -> bool {
        self.added < SAMPLED_RECORDS && self.records == self.added
    }

    /// Whether a text stands among the cells of the column at this index.
    #[must_use]
    pub fn has_cell(&self, index: usize, text: &str) -> bool {
        let mark = cell_mark(text);
        mark != NO_MARK && self.marks.get(index).is_some_and(|marks| marks.contains(&mark))
    }

    /// Whether a short cell of a column begins so, in the first records.
    pub(crate) fn has_cell_beginning(&self, index: usize, text: &str) -> bool {
        self.first.iter().filter_map(|record| record.get(index)).any(|cell| cell.starts_with(text))
    }

    /// In how many cells of a column stands a number that goes with more names than a person has.
    /// `names` are the columns that together hold the name.
    pub(crate) fn shared(&self, index: usize, names: &[usize]) -> Shared {
        // `ext 204` or `not given` in many cells says nothing of the numbers in the others.
        self.shared_where(index, names, |mark| mark & OF_NUMBER != 0)
    }

    /// Whether most of the cells of a column go with more in the others than a person has: those of an
    /// agent with names and numbers of many.
    pub(crate) fn has_many(&self, index: usize, others: &[usize]) -> bool {
        let shared = self.shared_where(index, others, |mark| mark != NO_MARK);
        2 * shared.cells > shared.of
    }

    /// In how many cells of a column stands one that goes with too many in the others.
    fn shared_where(&self, index: usize, others: &[usize], counts: fn(u64) -> bool) -> Shared {
        let mut by_cell: HashMap<u64, (u64, HashSet<Vec<u64>>)> = HashMap::new();
        let mark = |column: usize, record: usize| {
            let marks = self.marks.get(column);
            marks.and_then(|marks| marks.get(record)).copied().unwrap_or(NO_MARK)
        };
        let mut of = 0;
        for record in 0..self.records {
            let cell = mark(index, record);
            if !counts(cell) {
                continue;
            }
            of += 1;
            let (count, of_cell) = by_cell.entry(cell).or_default();
            *count += 1;
            let beside: Vec<u64> = others.iter().map(|&column| mark(column, record)).collect();
            // Enough is known of a cell that has too many.
            if beside.iter().any(|&part| part != NO_MARK) && of_cell.len() <= OF_A_PERSON {
                of_cell.insert(beside);
            }
        }
        let is_shared = |(_, beside): &&(u64, HashSet<Vec<u64>>)| beside.len() > OF_A_PERSON;
        let cells = by_cell.values().filter(is_shared).map(|(count, _)| count).sum();
        Shared { cells, of }
    }

    /// What a cell reads as by itself.
    pub(crate) fn reads_as(&self, cell: &str) -> ColumnContent {
        let mut content = ColumnContent::default();
        content.add(cell, &self.options);
        content
    }

    /// What the column at this index holds.
    #[must_use]
    pub fn column(&self, index: usize) -> ColumnContent {
        self.columns.get(index).copied().unwrap_or_default()
    }

    /// The identifiers in the column at this index, where they prove themselves by their check digits.
    pub(crate) fn identifiers(&self, index: usize) -> Option<IdentifierShare> {
        self.identifiers.get(index)?.share(self.column(index).filled)
    }

    /// Whether the column at this index has no value in the whole source, which is no longer than the
    /// sample.
    pub(crate) fn is_surely_empty(&self, index: usize) -> bool {
        (1..SAMPLED_RECORDS).contains(&self.added) && self.column(index).filled == 0
    }

    /// Whether national numbers can be read, as a region is known.
    pub(crate) const fn knows_region(&self) -> bool {
        self.options.region.is_some()
    }

    /// The column that most likely holds phone numbers, if one does: most of the cells that are
    /// filled have the look of one. It is for advice to the user.
    #[must_use]
    pub fn likely_phone_column(&self) -> Option<usize> {
        self.likely_phone_column_among(|_| true)
    }

    /// As [`likely_phone_column`](Self::likely_phone_column), of the columns that may be one.
    pub(crate) fn likely_phone_column_among(
        &self,
        may_be: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let columns = self.columns.iter().enumerate().filter(|&(index, _)| may_be(index));
        let likely = columns.filter(|(_, column)| 2 * column.numbers > column.filled);
        // Of equals the first.
        likely
            .max_by_key(|&(index, column)| {
                (column.phones, column.numbers, std::cmp::Reverse(index))
            })
            .map(|(index, _)| index)
    }
}

/// A source whose first thousand records are in a sample. They are not read twice: the source hands
/// them out again, before the others.
///
/// ```
/// use contactmill_core::Options;
/// use contactmill_core::columns::Sampled;
/// use contactmill_core::records::{Block, Rows, Source};
///
/// let rows = Rows::new([["Asha", "+91 98765 43210"], ["Ravi", "+91 99887 76655"]].into_iter());
/// let sampled = Sampled::of(rows, Options::default())?;
/// assert_eq!(sampled.sample().column(1).phones, 2);
///
/// let (mut records, mut source) = (0, sampled.resume().unwrap());
/// while let Some(block) = source.next_block()? {
///     block.visit(&mut |_| records += 1)?;
/// }
/// assert_eq!(records, 2);
/// # Ok::<(), std::convert::Infallible>(())
/// ```
#[derive(Debug)]
pub struct Sampled<S: Source> {
    sample: ContentSample,
    source: S,
    /// The blocks of the sample; `None` once they were too many to keep.
    blocks: Option<VecDeque<S::Block>>,
}

impl<S: Source> Sampled<S> {
    /// Reads a source as far as a sample of its first thousand records needs. The sample depends on
    /// the records alone, whatever blocks they come in.
    ///
    /// # Errors
    ///
    /// When the source cannot be read.
    pub fn of(mut source: S, options: Options) -> Result<Self, S::Error> {
        let mut sample = ContentSample::new(options);
        let mut blocks = Some(VecDeque::new());
        let mut left = SAMPLED_RECORDS;
        while left > 0
            && let Some(block) = source.next_block()?
        {
            block.visit(&mut |record| {
                if left > 0 {
                    left -= 1;
                    sample.add(record);
                }
            })?;
            blocks = blocks.filter(|kept| kept.len() < KEPT_BLOCKS);
            if let Some(blocks) = &mut blocks {
                blocks.push_back(block);
            }
        }
        Ok(Sampled { sample, source, blocks })
    }

    /// The sample.
    #[must_use]
    pub const fn sample(&self) -> &ContentSample {
        &self.sample
    }

    /// The source, behind the sample.
    #[must_use]
    pub const fn source(&self) -> &S {
        &self.source
    }

    /// Visits the records of the sample once more; none where they were too large to keep.
    ///
    /// # Errors
    ///
    /// When a block cannot be read.
    pub fn visit(&self, visit: &mut dyn FnMut(Record<'_>)) -> Result<(), S::Error> {
        let mut left = SAMPLED_RECORDS;
        for block in self.blocks.iter().flatten() {
            block.visit(&mut |record| {
                if left > 0 {
                    left -= 1;
                    visit(record);
                }
            })?;
        }
        Ok(())
    }

    /// All records from the first; `None` where the records of the sample were too large to keep, and
    /// the source has to be opened again.
    #[must_use]
    pub fn resume(self) -> Option<Resumed<S>> {
        Some(Resumed { blocks: self.blocks?, source: self.source })
    }
}

/// A source that starts again with the records of its sample; see [`Sampled`].
#[derive(Debug)]
pub struct Resumed<S: Source> {
    blocks: VecDeque<S::Block>,
    source: S,
}

impl<S: Source> Resumed<S> {
    /// The source itself.
    #[must_use]
    pub const fn source(&self) -> &S {
        &self.source
    }
}

impl<S: Source> From<S> for Resumed<S> {
    /// A source that nothing was taken from.
    fn from(source: S) -> Self {
        Resumed { blocks: VecDeque::new(), source }
    }
}

impl<S: Source> Source for Resumed<S> {
    type Block = S::Block;
    type Error = S::Error;

    fn next_block(&mut self) -> Result<Option<S::Block>, S::Error> {
        match self.blocks.pop_front() {
            Some(block) => Ok(Some(block)),
            None => self.source.next_block(),
        }
    }
}

/// The mark of a cell that says nothing.
const NO_MARK: u64 = 0;

/// The bit of a mark that says whether the cell has as many digits as a number.
const OF_NUMBER: u64 = 1;

/// A hash of a cell that ignores case and, in numbers, layout and the country calling code.
fn cell_mark(cell: &str) -> u64 {
    let text = visible(cell);
    if text.is_empty() || says_nothing(&text) {
        return NO_MARK;
    }
    let mut hasher = DefaultHasher::new();
    let mut digits: Vec<char> = text.chars().filter_map(ascii_digit).collect();
    let is_number = digits.len() >= 7;
    if is_number && !text.contains(char::is_alphabetic) {
        // Behind the country code, or the prefix, a number has hardly ever more.
        digits.drain(..digits.len().saturating_sub(9));
        digits.hash(&mut hasher);
    } else {
        text.chars().flat_map(char::to_lowercase).for_each(|c| c.hash(&mut hasher));
    }
    let mark = hasher.finish().max(NO_MARK + 2);
    if is_number { mark | OF_NUMBER } else { mark & !OF_NUMBER }
}

impl ColumnContent {
    fn add(&mut self, cell: &str, options: &Options) {
        if is_blank(cell) || says_nothing(cell.trim()) {
            return;
        }
        self.filled += 1;
        if cell.contains('@') && email::read(cell, Notes::default()).into_addresses().is_some() {
            self.emails += 1;
            return;
        }
        let digits = cell.chars().filter(|&c| ascii_digit(c).is_some()).count();
        if digits == 0 {
            self.names += u64::from(is_name_like(cell));
        } else if digits >= 5 {
            let (is_phone, is_date) = match read_phone(cell, options) {
                Ok(_) => (true, false),
                Err(reason) => (false, reason == Reason::PhoneLooksLikeDate),
            };
            let has_the_look =
                matches!(digits, 7..=15) && !is_date && !cell.contains(char::is_alphabetic);
            self.phones += u64::from(is_phone);
            self.numbers += u64::from(is_phone || has_the_look);
        } else if cell.contains('+') {
            let is_code = matches!(country::read(cell), CountryReading::CallingCode(_));
            self.calling_codes += u64::from(is_code);
        }
    }

    /// Whether all cells are country calling codes. `+1` may be a guest.
    pub(crate) const fn are_calling_codes(&self) -> bool {
        self.filled > 0 && self.calling_codes == self.filled
    }

    /// Whether at least four of five cells are of the kind that `count` counts.
    pub(crate) const fn is_mostly(&self, count: u64) -> bool {
        self.filled > 0 && 5 * count >= 4 * self.filled
    }

    /// Whether cells are there and none has the look of a number.
    pub(crate) const fn is_text(&self) -> bool {
        self.filled > 0 && self.numbers == 0
    }

    /// Whether the sample says clearly that this is no column of phone numbers: not one cell in ten
    /// has the look of one.
    pub(crate) const fn refutes_phone(&self) -> bool {
        self.filled >= 10 && 10 * self.numbers < self.filled || self.are_calling_codes()
    }
}

/// The country of a cell, or of a part of it: `UK/Kent`.
fn country_in(cell: &str) -> Option<Region> {
    let named = |text: &str| match country::read(text) {
        CountryReading::Named(region) => Some(region),
        _ => None,
    };
    named(cell).or_else(|| cell.split(['/', '|', ';']).map(str::trim).find_map(named))
}

/// Whether a cell without digits could be the name of a person.
fn is_name_like(cell: &str) -> bool {
    cell.len() <= 80
        && (1..=5).contains(&cell.split_whitespace().count())
        && !cell.contains(['@', '/', ':', '_', ';', '|', '='])
        && name::read(cell).is_some_and(|reading| reading.name.contains(char::is_alphabetic))
}
