//! Several people in one record: which of its phones, or e-mail addresses, are whose.
//!
//! Numbers in headers say so (`Name, Phone, Name 2, Phone 2`), and so does the order of the columns: in
//! `Name, Phone, Guardian, Mobile` the mobile may well be the guardian's.

use std::collections::{HashMap, HashSet};

use crate::columns::content::ContentSample;
use crate::columns::header::{self, HeaderMeaning, WORDS, words_of};
use crate::columns::hint::{HeaderHint, hint};
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

    /// Whose columns these are by the nearest name before each.
    pub(crate) fn by_order(self, columns: &[usize]) -> Owners {
        let mut owners = Vec::new();
        let (mut nearest, mut has_contact) = (None, false);
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
                let is_further = has_contact && !owners.is_empty() && !self.is_part(index);
                has_contact |= owner == Owner::Contact;
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
        let before_all = if is_role && !has_contact { first } else { Owner::Contact };
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
        if content.filled > 0 && !content.is_mostly(content.names) {
            return None;
        }
        let header = &self.header[index];
        // A value in a nested object is beside those of that object, whatever stands behind it.
        if is_path(header) {
            return None;
        }
        let owner = if is_person(header) {
            Owner::Of(Party::of(header), party::word_of_party(header))
        } else if is_another_name(header) {
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
        // `Acil durumda aranacak kişi`: whatever else is said of whom to call in an emergency.
        || Party::of(header).standing() == Standing::Never && header::meaning(&rest).is_none()
}

/// Whether a header is a path in JSON: `owner.name`, and not `Ref. Name`.
fn is_path(header: &str) -> bool {
    header.contains('.')
        && header.split('.').all(|step| !step.is_empty() && !step.starts_with(char::is_whitespace))
}

/// `Secondary Contact`, `Other Contact Name`.
fn is_another_name(header: &str) -> bool {
    let is_another = |word: &&str| WORDS.is_beside_another(&folded(word));
    let words = words_of(header);
    let rest: Vec<&str> = words.iter().copied().filter(|word| !is_another(word)).collect();
    rest.len() < words.len() && header::meaning(&rest.join(" ")) == Some(HeaderMeaning::Name)
}
