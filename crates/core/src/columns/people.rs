//! Several people in one record: which of its phones, or e-mail addresses, are whose.
//!
//! Numbers in headers say so (`Name, Phone, Name 2, Phone 2`), and so does the order of the columns: in
//! `Name, Phone, Guardian, Mobile` the mobile may well be the guardian's.

use std::collections::{HashMap, HashSet};

use crate::columns::content::ContentSample;
use crate::columns::header::{self, HeaderMeaning, WORDS, words_of};
use crate::columns::hint::{HeaderHint, hint, is_of_something_else};
use crate::columns::party::{self, Party, Standing};
use crate::text::folded;

/// The columns of a file.
#[derive(Clone, Copy)]
pub(crate) struct People<'c> {
    pub(crate) header: &'c [String],
    pub(crate) sample: &'c ContentSample,
}

/// Whose several columns of one field are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owners {
    /// Nothing says that they are of several people.
    One,
    /// Those that are not the contact's, with the columns of their names.
    Others(Vec<usize>),
    /// Nobody knows which of the people is the contact.
    Unknown,
}

/// Whom the nearest name before a column names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Contact,
    /// A further name without a party.
    Another,
    /// A party, and the word for it: a husband and a wife are two.
    Of(Party, Option<&'static str>),
}

impl People<'_> {
    /// The columns, by number, of several people in one record, each with a name: `Name, Phone, Name 2, Phone 2`, or
    /// `contacts.name, contacts.phone, contacts.2.name, …` as a list in JSON has them. Where the names stand
    /// together, before the phones, they may be the parts of one.
    pub(crate) fn by_number(self, columns: &[usize]) -> Vec<usize> {
        let numbered = self.numbered();
        // The first name of each number, and by its header without the number.
        let (mut names, mut by_stem) = (HashMap::new(), HashMap::new());
        for (index, (number, stem)) in numbered.iter().enumerate().filter(|(_, of)| is_name(&of.1))
        {
            names.entry(*number).or_insert((index, stem));
            by_stem.entry((*number, stem)).or_insert(index);
        }
        let first_of: HashMap<&String, usize> = columns
            .iter()
            .filter(|&&index| numbered[index].0 == 1)
            .map(|&index| (&numbered[index].1, index))
            .collect();
        let is_of_another = |&&column: &&usize| {
            let (number, stem) = &numbered[column];
            let Some(&(name, name_stem)) = names.get(number).filter(|_| *number > 1) else {
                return false;
            };
            let same_name = by_stem.get(&(1, name_stem)).copied();
            let first_name = same_name.or_else(|| names.get(&1).map(|&(index, _)| index));
            let end = first_name.max(first_of.get(stem).copied());
            first_name.is_some() && Some(name.min(column)) > end
        };
        let stems: HashSet<&String> =
            columns.iter().filter(is_of_another).map(|&index| &numbered[index].1).collect();
        columns.iter().copied().filter(|&index| stems.contains(&numbered[index].1)).collect()
    }

    /// The columns, each with the column of the name behind it that is called as it is: `Alternate Phone,
    /// Alternate Contact Name`, `Mobile 2, Name of person on Mobile 2`.
    pub(crate) fn with_name_behind(self, columns: &[usize]) -> Vec<usize> {
        let is_named = |&column: &usize| {
            let header = &self.header[column];
            let is_further = beside_another(header).next().is_some()
                || numbered(header).is_some_and(|(number, _)| number > 1);
            let is_name_of_it = |behind: usize| {
                let content = self.sample.column(behind);
                names_whose(&self.header[behind], header)
                    && (content.filled == 0 || content.is_mostly(content.names))
            };
            is_further && (column + 1..self.header.len()).any(is_name_of_it)
        };
        columns.iter().copied().filter(is_named).collect()
    }

    /// All columns in an object that has one of these and a name of its own, where another one of these is in an
    /// object above it, whose name is another: `contact.name` and `contact.phone` for
    /// `name, phone, contact.name, contact.phone`.
    pub(crate) fn below_another_name(self, columns: &[usize]) -> Vec<usize> {
        let mut paths: Vec<&str> =
            columns.iter().map(|&column| person_path(&self.header[column])).collect();
        paths.sort_unstable();
        paths.dedup();
        let is_of_another = |&&path: &&&str| {
            paths.iter().any(|above| is_below(path, above) && self.have_other_names(path, above))
        };
        let of_others: Vec<&str> = paths.iter().filter(is_of_another).copied().collect();
        let is_in = |&index: &usize| of_others.contains(&person_path(&self.header[index]));
        (0..self.header.len()).filter(is_in).collect()
    }

    /// The names that are not in the object of these columns, where that has another of its own: `name` for
    /// `name, contact.name, contact.phone`.
    pub(crate) fn names_above(self, columns: &[usize]) -> Vec<usize> {
        let mut paths = columns.iter().map(|&column| person_path(&self.header[column]));
        let Some(path) = paths.next().filter(|path| paths.all(|other| other == *path)) else {
            return Vec::new();
        };
        let is_above = |&(index, _): &(usize, HeaderMeaning)| {
            let above = person_path(&self.header[index]);
            is_below(path, above) && self.have_other_names(path, above)
        };
        self.names().filter(is_above).map(|(index, _)| index).collect()
    }

    /// Whether the objects of two paths have names that differ in most records.
    fn have_other_names(self, path: &str, other: &str) -> bool {
        let is_in = |index: usize, path: &str| person_path(&self.header[index]) == path;
        self.names().filter(|&(name, _)| is_in(name, path)).any(|(name, meaning)| {
            let mut others = self.names().filter(|&(at, of)| of == meaning && is_in(at, other));
            others.any(|(other, _)| self.sample.mostly_differ(name, other))
        })
    }

    /// The columns of names, and of their parts.
    fn names(self) -> impl Iterator<Item = (usize, HeaderMeaning)> {
        let meanings = self.header.iter().map(|header| header::meaning(header));
        meanings
            .enumerate()
            .filter_map(|(index, meaning)| Some((index, meaning.filter(|of| of.is_name())?)))
    }

    /// Whose columns these are by the nearest name before each.
    pub(crate) fn by_order(self, columns: &[usize]) -> Owners {
        let mut owners = Vec::new();
        let (mut nearest, mut of_contact) = (None, None);
        // The columns of the nearest name.
        let mut named = Vec::new();
        let mut names_of_others = Vec::new();
        for index in 0..self.header.len() {
            if columns.contains(&index) {
                owners.push((index, nearest));
                if nearest == Some(Owner::Another) {
                    names_of_others.append(&mut named);
                }
            } else if let Some(owner) = self.named(index, columns) {
                let is_beside = |first| !self.sample.never_stand_together(first, index);
                let is_further =
                    of_contact.is_some_and(is_beside) && !owners.is_empty() && !self.is_part(index);
                if owner == Owner::Contact {
                    of_contact.get_or_insert(index);
                }
                let owner = match owner {
                    Owner::Contact if is_further => Owner::Another,
                    // The parts of a name stand together.
                    Owner::Contact if self.is_part(index) => {
                        nearest.filter(|nearest| *nearest == Owner::Another).unwrap_or(owner)
                    }
                    owner => owner,
                };
                if nearest.replace(owner) != Some(owner) {
                    named.clear();
                }
                named.push(index);
            }
        }
        // What stands before all names is of the first.
        let first = owners.iter().find_map(|&(_, owner)| owner).unwrap_or(Owner::Contact);
        let is_role = matches!(first, Owner::Of(party, _) if party.standing() == Standing::Role);
        let before_all = if is_role && of_contact.is_none() { first } else { Owner::Contact };
        let owner_of = |owner: Option<Owner>| owner.unwrap_or(before_all);
        let is_of_first =
            |&(_, owner): &(usize, Option<Owner>)| owner_of(owner) == owner_of(owners[0].1);
        if owners.iter().all(is_of_first) {
            return Owners::One;
        }
        let is_of_contact = |owner| owner_of(owner) == Owner::Contact;
        let of_others = owners.iter().filter(|&&(_, owner)| !is_of_contact(owner));
        let mut of_others: Vec<usize> = of_others.map(|&(index, _)| index).collect();
        if of_others.len() == owners.len() {
            return Owners::Unknown;
        }
        of_others.append(&mut names_of_others);
        Owners::Others(of_others)
    }

    /// Whether two columns with one header and different names stand before all of these:
    /// `Name, Name, Mobile`, as a row of groups above them leaves it.
    pub(crate) fn are_behind_two_names(self, columns: &[usize]) -> bool {
        let Some(end) = columns.iter().copied().min() else { return false };
        let is_plain = |index: &usize| {
            header::meaning(&self.header[*index]) == Some(HeaderMeaning::Name)
                && Party::of(&self.header[*index]) == Party::default()
        };
        let mut names = (0..end).filter(is_plain);
        let (Some(first), Some(second)) = (names.next(), names.next()) else { return false };
        folded(&self.header[first]) == folded(&self.header[second])
            && self.sample.mostly_differ(first, second)
    }

    /// The party whose name is the nearest before one of these columns, where they are of several people.
    pub(crate) fn party_before(self, column: usize, columns: &[usize]) -> Party {
        if self.by_order(columns) == Owners::One {
            return Party::default();
        }
        match (0..column).rev().find_map(|index| self.named(index, columns)) {
            Some(Owner::Of(party, _)) => party,
            _ => Party::default(),
        }
    }

    /// Whom a column of names names; nobody where the columns behind it cannot be theirs.
    fn named(self, index: usize, columns: &[usize]) -> Option<Owner> {
        let content = self.sample.column(index);
        if content.filled > 0 && !content.is_mostly(content.names) || self.sample.are_answers(index)
        {
            return None;
        }
        let header = &self.header[index];
        // A value in a nested object is beside those of that object, whatever stands behind it.
        if is_path(header) {
            return None;
        }
        let owner = if is_person(header) {
            Owner::Of(Party::of(header), party::word_of_party(header))
        } else if is_another_name(header) || content.filled > 0 && is_doer(header) {
            Owner::Another
        } else if is_name(header) || hint(header) == Some(HeaderHint::Name) {
            (Party::of(header) == Party::default()).then_some(Owner::Contact)?
        } else {
            return None;
        };
        let behind = columns.iter().copied().filter(|&column| column > index).min()?;
        // An agent has many contacts, and one number.
        let has_many = owner != Owner::Contact && self.sample.has_many(index, &[behind]);
        (!has_many || self.has_relations(index)).then_some(owner)
    }

    /// Whether cells say what somebody is to the contact: `Father`. Many contacts have one.
    fn has_relations(self, index: usize) -> bool {
        party::words_of_others().any(|word| self.sample.has_cell(index, word))
    }

    /// Whether the header is that of a part of a name.
    fn is_part(self, index: usize) -> bool {
        use HeaderMeaning::{FirstName, LastName};
        matches!(header::meaning(&self.header[index]), Some(FirstName | LastName))
    }

    /// For each column the number in its header, or how often it stands up to there, and the header without it.
    fn numbered(self) -> Vec<(u32, String)> {
        let mut seen: HashMap<&str, u32> = HashMap::new();
        let mut numbers = Vec::with_capacity(self.header.len());
        for header in self.header {
            let count = seen.entry(header).or_default();
            *count += u32::from(!header.is_empty() || *count == 0);
            numbers.push(match (*count, numbered(header)) {
                (1, Some(numbered)) => numbered,
                (count, _) => (count, header.clone()),
            });
        }
        numbers
    }
}

/// The number in a header, and the header without it: `Phone 2`, `contacts.2.phone`. It has one number only.
fn numbered(header: &str) -> Option<(u32, String)> {
    let start = header.find(|c: char| c.is_ascii_digit())?;
    let (before, rest) = header.split_at(start);
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (number, behind) = rest.split_at(end);
    let is_only = !behind.contains(|c: char| c.is_ascii_digit());
    let number = number.parse().ok().filter(|&number| is_only && number < 100)?;
    let is_sign = |c: char| !c.is_alphanumeric();
    let stem = [before.trim_end_matches(is_sign), behind].concat();
    Some((number, stem.trim_matches(is_sign).to_owned()))
}

/// Whether a header is that of a name, or of a part of one, whoever's it is.
fn is_name(header: &str) -> bool {
    let meaning = header::meaning(header).or_else(|| party::meaning(header));
    meaning.is_some_and(HeaderMeaning::is_name) || is_person(header)
}

/// Whether a header is that of the names of a party that is a person: `Guardian`, `Referred By`, `Agent Name`.
fn is_person(header: &str) -> bool {
    let Some(rest) = party::without_person(header) else { return false };
    rest.is_empty()
        || party::meaning(header).is_some_and(HeaderMeaning::is_name)
        || matches!(hint(&rest), Some(HeaderHint::Name | HeaderHint::Phone(_)))
        // `Account Manager`, `Local Guardian`, `Sales Person`.
        || words_of(header).last().is_some_and(|last| is_word_of_person(last))
        // `Acil durumda aranacak kişi`: whatever else is said of whom to call in an emergency.
        || Party::of(header).standing() == Standing::Never && header::meaning(&rest).is_none()
}

/// Whether a word stands for a person: `manager`, `person`.
fn is_word_of_person(word: &str) -> bool {
    WORDS.is_person_step(&folded(word))
        || party::without_person(word).is_some_and(|rest| rest.is_empty())
}

/// Whether a header says what somebody beside the contact does or did: `Handled by`, `Assigned to`.
fn is_doer(header: &str) -> bool {
    let words = words_of(header);
    let ends_so = |word: &&str| WORDS.before_doer.contains(&folded(word));
    words.len() > 1 && words.last().is_some_and(ends_so) && header::meaning(header).is_none()
}

/// Whether a header is a path in JSON: `owner.name`, and not `Ref. Name`.
fn is_path(header: &str) -> bool {
    header.contains('.')
        && header.split('.').all(|step| !step.is_empty() && !step.starts_with(char::is_whitespace))
}

/// The path to the person in whose object a value is: `contact` for `contact.phones.2.number`, nothing for a value
/// that stands in none.
fn person_path(header: &str) -> &str {
    let mut end = 0;
    for (dot, _) in header.match_indices('.') {
        let step = header[..dot].rsplit('.').next().unwrap_or_default();
        if WORDS.is_person_step(&folded(step)) {
            end = dot;
        }
    }
    &header[..end]
}

/// Whether a path leads further than another one.
fn is_below(path: &str, other: &str) -> bool {
    path.strip_prefix(other)
        .is_some_and(|rest| !rest.is_empty() && (other.is_empty() || rest.starts_with('.')))
}

/// `Secondary Contact`, `Other Contact Name`.
fn is_another_name(header: &str) -> bool {
    let is_another = |word: &&str| WORDS.is_beside_another(&folded(word));
    let words = words_of(header);
    let rest: Vec<&str> = words.iter().copied().filter(|word| !is_another(word)).collect();
    let rest_is_name = || {
        let rest = rest.join(" ");
        header::meaning(&rest) == Some(HeaderMeaning::Name) || WORDS.is_person_step(&folded(&rest))
    };
    rest.len() < words.len() && rest_is_name()
}

/// The words of a header by which it comes behind others, folded.
fn beside_another(header: &str) -> impl Iterator<Item = String> {
    words_of(header).into_iter().map(folded).filter(|word| WORDS.is_beside_another(word))
}

/// Whether a header is that of the name of whose phone another one is: `Alternate Contact Name` for `Alternate
/// Phone`, `Name of person on Mobile 2` for `Mobile 2`.
fn names_whose(name: &str, phone: &str) -> bool {
    let is_alike = |word: String| beside_another(phone).any(|other| other == word);
    if is_another_name(name) && beside_another(name).any(is_alike) {
        return true;
    }
    let all = |header: &str| words_of(header).into_iter().map(folded).collect::<Vec<_>>();
    let (words, of_phone) = (all(name), all(phone));
    let is_name = |word: &String| header::exact(word) == Some(HeaderMeaning::Name);
    let has_phone = || words.windows(of_phone.len()).any(|some| some == of_phone);
    words.iter().any(is_name) && has_phone() && !is_of_something_else(name)
}
