//! A contact list as people leave it, made up row by row from a seed.
//!
//! The file is comma-separated UTF-8 without a byte-order mark, its lines end in LF, and fields
//! are quoted by RFC 4180 where they must be. The rows are meant for a reader whose default
//! region is India (`--region IN`). Of 1,000 rows about
//!
//! - 842 are ordinary: valid numbers of 30 countries in every layout that libphonenumber reads
//!   correctly, once invisible characters are off;
//! - 60 bring an earlier number again, in another layout, the rest of the row written anew;
//! - 80 have a messy phone cell: some can be repaired, some cannot;
//! - 10 are blank, 5 end early, and 3 have a field too many.
//!
//! With [`Duplicates::Half`], 490 bring an earlier number again, and 412 are ordinary. The first 1,000
//! rows show more of all but the ordinary, so that a sample shows everything.
//! Names, emails, tags and notes have their own mess, on all sorts of rows.
//!
//! Nobody can be written to: all email addresses are at reserved names. Where a country has set
//! phone numbers aside for fiction, the first 1,000 rows take most of theirs from there; beyond
//! that, numbers are random and may belong to somebody.

mod countries;
pub(crate) mod draw;
mod emails;
mod layouts;
mod mess;
mod names;
mod numbers;
mod people;
mod record;
mod remarks;

use std::io::{self, Write};

use fastrand::Rng;

use self::draw::{Weighted, chance, index, one_of};
use self::emails::{EMAILS, Email};
use self::layouts::{LAYOUTS, Layout, Need};
use self::mess::{MESSES, Mess, ODD_COUNTRIES};
use self::names::{FIRST_FORMS, LATER_FORMS, NameForm, Person};
use self::numbers::{Country, Number, Pool};
use self::record::{Record, Shape};
use self::remarks::{NOTES, Note};

/// The first line of every file, without its line end.
pub const HEADER: &str = "Full Name,Phone,Email,Country,Tags,City,Plan,Notes";

/// As many rows as a person may read. They take numbers reserved for fiction where there are any,
/// and they show more mess than the rest.
const FIRST_ROWS: u64 = 1_000;

/// Contacts that may turn up again. Once there are this many, a new one takes the place of any
/// other, so that a repetition comes this many rows later on average, and now and then much later.
const REMEMBERED: usize = 1 << 14;

/// Bytes gathered before they are handed to the writer.
const CHUNK: usize = 64 * 1024;

/// Writes the header and `rows` records to `out`.
///
/// The same `rows` and `seed` always give the same bytes, and a shorter file is the beginning of
/// a longer one with the same seed. A record averages about 76 bytes, and may span several lines.
///
/// `out` is given large pieces, so it needs no buffer of its own; it is flushed at the end. Memory
/// does not grow with `rows`.
///
/// # Errors
///
/// Whatever `out` reports.
///
/// # Examples
///
/// ```
/// use contactmill_benches::contacts;
///
/// let (mut sample, mut same) = (Vec::new(), Vec::new());
/// contacts::write(&mut sample, 20, 7)?;
/// contacts::write(&mut same, 20, 7)?;
/// assert_eq!(sample, same);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn write(out: impl Write, rows: u64, seed: u64) -> io::Result<()> {
    write_with(out, rows, seed, Duplicates::Few)
}

/// As [`write()`], with more or fewer rows that bring an earlier number again.
///
/// # Errors
///
/// Whatever `out` reports.
pub fn write_with(
    mut out: impl Write,
    rows: u64,
    seed: u64,
    duplicates: Duplicates,
) -> io::Result<()> {
    let mut chunk = Vec::with_capacity(CHUNK + 4096);
    chunk.extend_from_slice(HEADER.as_bytes());
    chunk.push(b'\n');
    let mut list = ContactList::new(seed, duplicates);
    for _ in 0..rows {
        list.push_row(&mut chunk);
        if chunk.len() >= CHUNK {
            out.write_all(&chunk)?;
            chunk.clear();
        }
    }
    out.write_all(&chunk)?;
    out.flush()
}

/// How many rows bring an earlier number again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Duplicates {
    /// 6 of 100, as in a list that was looked after.
    #[default]
    Few,
    /// 49 of 100, as in exports of several programs joined.
    Half,
}

impl Duplicates {
    fn kinds(self) -> &'static Weighted<Kind> {
        match self {
            Duplicates::Few => &KINDS,
            Duplicates::Half => &KINDS_HALF,
        }
    }
}

/// What sort of record a row is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Kind {
    /// A contact not seen before, with a phone cell that is read without a warning.
    Ordinary,
    /// An earlier contact: the number in another layout, the rest written anew.
    Repeated,
    /// A contact whose phone cell is damaged.
    Messy,
    /// Seven commas.
    Blank,
    /// A row that ends early: its last fields were empty and have been left out.
    Short,
    /// A comma in the notes that nobody quoted makes a ninth field.
    Long,
}

static KINDS: Weighted<Kind> = Weighted::new(&[
    (Kind::Ordinary, 842),
    (Kind::Repeated, 60),
    (Kind::Messy, 80),
    (Kind::Blank, 10),
    (Kind::Short, 5),
    (Kind::Long, 3),
]);

static KINDS_HALF: Weighted<Kind> = Weighted::new(&[
    (Kind::Ordinary, 412),
    (Kind::Repeated, 490),
    (Kind::Messy, 80),
    (Kind::Blank, 10),
    (Kind::Short, 5),
    (Kind::Long, 3),
]);

/// The same for the first rows, which people read: more of everything that is not ordinary.
static FIRST_KINDS: Weighted<Kind> = Weighted::new(&[
    (Kind::Ordinary, 630),
    (Kind::Repeated, 90),
    (Kind::Messy, 230),
    (Kind::Blank, 20),
    (Kind::Short, 15),
    (Kind::Long, 15),
]);

/// What a row is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Recipe {
    kind: Kind,
    /// What has happened to the phone cell, if anything has.
    mess: Option<Mess>,
    email: Email,
    note: Note,
}

impl Recipe {
    fn draw(rng: &mut Rng, kinds: &Weighted<Kind>) -> Self {
        let kind = kinds.draw(rng);
        let mess = (kind == Kind::Messy).then(|| MESSES.draw(rng));
        Self::with(rng, kind, mess)
    }

    /// One of the first rows. The kinds of mess take turns, so that few rows show them all.
    fn draw_first(rng: &mut Rng, messy: &mut usize) -> Self {
        let kind = FIRST_KINDS.draw(rng);
        let mess = (kind == Kind::Messy).then(|| {
            *messy += 1;
            MESSES.nth(*messy)
        });
        Self::with(rng, kind, mess)
    }

    fn with(rng: &mut Rng, kind: Kind, mess: Option<Mess>) -> Self {
        let email = EMAILS.draw(rng);
        let note = match kind {
            Kind::Long => Note::Comma,
            _ => NOTES.draw(rng),
        };
        Self { kind, mess, email, note }
    }
}

/// A contact that may turn up again.
#[derive(Clone, Copy)]
struct Contact {
    number: Number,
    person: Person,
    /// How the number was written the first time.
    layout: Layout,
}

/// Makes one row after another.
struct ContactList {
    rng: Rng,
    duplicates: Duplicates,
    /// Rows made so far.
    made: u64,
    /// Messy rows among the first.
    messy: usize,
    remembered: Vec<Contact>,
    /// The last record, kept for its memory.
    record: Record,
}

impl ContactList {
    fn new(seed: u64, duplicates: Duplicates) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            duplicates,
            made: 0,
            messy: 0,
            remembered: Vec::with_capacity(REMEMBERED),
            record: Record::default(),
        }
    }

    /// Appends one record with its line end, and says what it was made of.
    fn push_row(&mut self, out: &mut Vec<u8>) -> Recipe {
        let mut recipe = if self.made < FIRST_ROWS {
            Recipe::draw_first(&mut self.rng, &mut self.messy)
        } else {
            Recipe::draw(&mut self.rng, self.duplicates.kinds())
        };
        if recipe.kind == Kind::Repeated && self.remembered.is_empty() {
            recipe.kind = Kind::Ordinary;
        }
        if recipe.kind == Kind::Blank {
            out.extend_from_slice(b",,,,,,,");
        } else {
            self.fill_record(recipe);
            let shape = match recipe.kind {
                Kind::Short => Shape::Cut(2 + index(&mut self.rng, 4)),
                Kind::Long => Shape::BareNotes,
                _ if chance(&mut self.rng, 2) => Shape::QuotedName,
                _ => Shape::Whole,
            };
            self.record.push(shape, out);
        }
        out.push(b'\n');
        self.made += 1;
        recipe
    }

    /// Writes the fields of a contact.
    fn fill_record(&mut self, recipe: Recipe) {
        let Self { rng, made, remembered, record, .. } = self;
        let Recipe { kind, mess, .. } = recipe;
        record.clear();

        let pool = if *made < FIRST_ROWS { Pool::Fiction } else { Pool::Any };
        let earlier = (kind == Kind::Repeated).then(|| one_of(rng, remembered));
        let (number, person) = match earlier {
            Some(contact) => (contact.number, contact.person),
            None => {
                let country = Country::draw_where(rng, |plan| mess.is_none_or(|m| m.suits(plan)));
                (Number::draw(rng, country, pool), Person::draw(rng, country))
            }
        };

        let need = match mess {
            Some(mess) => {
                mess.write(rng, &number, &person, pool, &mut record.phone);
                mess.need()
            }
            None => {
                let layout = draw_layout(rng, |layout| {
                    // The country column may be among those that a short row leaves out.
                    layout.suits(number.country.plan)
                        && earlier.is_none_or(|contact| contact.layout != layout)
                        && (kind != Kind::Short || layout.need() == Need::Nothing)
                });
                layout.write(rng, &number, &mut record.phone);
                if kind == Kind::Ordinary {
                    let contact = Contact { number, person, layout };
                    remember(rng, remembered, contact);
                }
                layout.need()
            }
        };

        let form = match kind {
            Kind::Short => NameForm::Full,
            Kind::Repeated => LATER_FORMS.draw(rng),
            _ => FIRST_FORMS.draw(rng),
        };
        person.write(rng, form, &mut record.name);
        recipe.email.write(rng, &person, &mut record.email);
        if mess == Some(Mess::OddCountry) {
            record.country.push_str(one_of(rng, ODD_COUNTRIES));
        } else {
            push_country(rng, number.country, need, &mut record.country);
        }
        remarks::push_tags(rng, &mut record.tags);
        if chance(rng, 80) {
            record.city.push_str(one_of(rng, &number.country.cities));
        }
        record.plan.push_str(remarks::plan(rng));
        record.notes.push_str(recipe.note.text(rng));
    }
}

/// Keeps a contact, in the place of any other if there are enough.
fn remember(rng: &mut Rng, remembered: &mut Vec<Contact>, contact: Contact) {
    if remembered.len() < REMEMBERED {
        remembered.push(contact);
    } else {
        remembered[index(rng, REMEMBERED)] = contact;
    }
}

/// A layout for which `suits` holds; it must hold for at least one.
fn draw_layout(rng: &mut Rng, suits: impl Fn(Layout) -> bool) -> Layout {
    loop {
        let layout = LAYOUTS.draw(rng);
        if suits(layout) {
            return layout;
        }
    }
}

/// Appends a country column that leaves the phone cell readable where India is the default.
fn push_country(rng: &mut Rng, country: &Country, need: Need, out: &mut String) {
    let plan = country.plan;
    if (need == Need::Nothing || plan.region == "IN") && chance(rng, 33) {
        return;
    }
    match rng.u8(..20) {
        0..=9 => out.push_str(plan.region),
        10..=16 => out.push_str(one_of(rng, &country.spellings)),
        _ if need == Need::CountryName => out.push_str(plan.region),
        17 | 18 => {
            out.push('+');
            out.push_str(plan.calling_code);
        }
        _ => out.push_str(plan.calling_code),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::emails::EMAILS;
    use super::mess::MESSES;
    use super::remarks::NOTES;
    use super::{ContactList, Duplicates, HEADER, KINDS, Kind, write};

    fn file(rows: u64, seed: u64) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out, rows, seed).expect("memory takes all bytes");
        out
    }

    #[test]
    fn a_seed_always_gives_the_same_bytes() {
        assert_eq!(file(5_000, 7), file(5_000, 7));
        assert_ne!(file(5_000, 7), file(5_000, 8));
    }

    #[test]
    fn a_shorter_file_is_the_beginning_of_a_longer_one() {
        assert!(file(5_000, 7).starts_with(&file(1_234, 7)));
        assert_eq!(file(0, 7), format!("{HEADER}\n").into_bytes());
    }

    #[test]
    fn every_row_is_one_record() {
        let bytes = file(20_000, 1);
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(bytes.as_slice());
        let records: Vec<_> = reader.records().collect::<Result<_, _>>().expect("all of it is CSV");
        assert_eq!(records.len(), 20_001);
        assert_eq!(records[0].iter().collect::<Vec<_>>().join(","), HEADER);

        let with_fields = |count| records.iter().filter(|r| r.len() == count).count();
        assert_eq!(with_fields(0) + with_fields(1), 0);
        assert!((20..150).contains(&with_fields(9)));
        let short = records.iter().filter(|r| r.len() < 8);
        assert!((40..200).contains(&short.clone().count()));
        assert!(short.clone().all(|r| !r[0].is_empty() && !r[1].is_empty()));
        assert!(records.iter().all(|r| r.len() <= 9));
    }

    #[test]
    fn rows_have_the_size_of_real_ones() {
        let average = file(20_000, 1).len() / 20_000;
        assert!((60..=100).contains(&average), "{average} bytes");
    }

    #[test]
    fn everything_appears_in_20_000_rows() {
        let mut list = ContactList::new(1, Duplicates::Few);
        let mut out = Vec::new();
        let recipes: Vec<_> = (0..20_000).map(|_| list.push_row(&mut out)).collect();

        let kinds: HashSet<_> = recipes.iter().map(|recipe| recipe.kind).collect();
        for kind in KINDS.items() {
            assert!(kinds.contains(&kind), "no {kind:?} row");
        }
        let messes: HashSet<_> = recipes.iter().filter_map(|recipe| recipe.mess).collect();
        for mess in MESSES.items() {
            assert!(messes.contains(&mess), "no {mess:?} cell");
        }
        let filled = || recipes.iter().filter(|recipe| recipe.kind != Kind::Blank);
        let emails: HashSet<_> = filled().map(|recipe| recipe.email).collect();
        for email in EMAILS.items() {
            assert!(emails.contains(&email), "no {email:?} email");
        }
        let notes: HashSet<_> = filled().map(|recipe| recipe.note).collect();
        for note in NOTES.items() {
            assert!(notes.contains(&note), "no {note:?} note");
        }
    }

    #[test]
    fn emails_are_at_reserved_names() {
        let text = String::from_utf8(file(20_000, 1)).expect("all of it is UTF-8");
        let is_reserved = |host: &str| {
            ["example.com", "example.org", "example.net", "example", "test"]
                .iter()
                .filter_map(|name| host.strip_suffix(name))
                .any(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        // What follows an @ that is not in an email address: a chat address, and a note. Two in a
        // row leave nothing between them.
        let others = ["s.whatsapp.net", "c.us", "reception", ""];
        for after in text.split('@').skip(1) {
            let end = after.find(|c: char| c.is_whitespace() || ",;<>/\"".contains(c));
            let host = after[..end.unwrap_or(after.len())].to_lowercase();
            let host = host.trim_end_matches('.');
            assert!(is_reserved(host) || others.contains(&host), "{host}");
        }
    }
}
