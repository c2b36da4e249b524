//! Whose number, name or address a column holds, by the words of its header.
//!
//! `Staff Phone` and `Client Phone` are two people. Which of them the contact is, the file does not
//! say, and nobody may guess. `docs/formats.md` has the rule; `tests/columns` has the cases.

use std::iter;
use std::sync::LazyLock;

use foldhash::{HashMap, HashSet};

use crate::columns::header::{self, HeaderMeaning, WORDS, words_of};
use crate::data;
use crate::text::{folded, is_blank};

/// The parties that a header names, as a set; the empty set is the contact of the record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Party(u64);

/// What a party is to the contact of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// The contact: the header names nobody.
    Contact,
    /// Somebody who can be the contact: a client, a passenger, a sender.
    Role,
    /// An address of the contact, or of somebody else: billing, shipping, registered.
    Address,
    /// Somebody beside the contact, or a number that many share: staff, an owner, a company.
    Other,
    /// Nobody to write to: emergency, fax, referrer.
    Never,
}

impl Standing {
    /// The standing with this name in `data/parties.tsv`.
    fn of_kind(kind: &str) -> Option<Self> {
        Some(match kind {
            "role" => Standing::Role,
            "address" => Standing::Address,
            "other" => Standing::Other,
            "never" => Standing::Never,
            _ => return None,
        })
    }
}

/// What a row of `data/parties.tsv` is.
#[derive(Clone, Copy)]
pub(crate) enum RowKind {
    /// A word that names a party, wherever it stands in a header.
    Word(Standing),
    /// A word that names a party only at the beginning or the end of a header: `From Phone`,
    /// `Phone To`, but not `Number to call`.
    AtEdge,
    /// A word between a party and what it has.
    Filler,
    /// A party whose name is not that of a person.
    NoPerson,
}

impl RowKind {
    pub(crate) fn of_kind(kind: &str) -> Option<Self> {
        match kind {
            "at-edge" => Some(RowKind::AtEdge),
            "filler" => Some(RowKind::Filler),
            "no-person" => Some(RowKind::NoPerson),
            _ => Standing::of_kind(kind).map(RowKind::Word),
        }
    }
}

/// The rows of `data/parties.tsv`, folded.
#[derive(Default)]
struct Parties {
    /// The parties in the order of the table, each with its name there.
    all: Vec<(Standing, &'static str)>,
    /// The number of the party that a word names.
    by_word: HashMap<String, usize>,
    at_edge: HashMap<String, usize>,
    fillers: HashSet<String>,
    /// As a set.
    no_persons: Party,
}

static PARTIES: LazyLock<Parties> = LazyLock::new(|| {
    let mut parties = Parties::default();
    let (mut at_edge, mut no_persons) = (Vec::new(), Vec::new());
    for [kind, name, _, word] in data::rows(data::PARTIES) {
        match RowKind::of_kind(kind) {
            Some(RowKind::Word(standing)) => {
                let number = parties.number(name).unwrap_or_else(|| {
                    parties.all.push((standing, name));
                    parties.all.len() - 1
                });
                parties.by_word.insert(folded(word), number);
            }
            Some(RowKind::AtEdge) => at_edge.push((name, word)),
            Some(RowKind::Filler) => {
                parties.fillers.insert(folded(word));
            }
            Some(RowKind::NoPerson) => no_persons.push(name),
            None => {}
        }
    }
    let numbers = no_persons.into_iter().filter_map(|name| parties.number(name));
    parties.no_persons = Party(numbers.fold(0, |set, number| set | 1 << number));
    for (name, word) in at_edge {
        if let Some(number) = parties.number(name) {
            parties.at_edge.insert(folded(word), number);
        }
    }
    parties
});

impl Parties {
    /// The number of the party with this name.
    fn number(&self, name: &str) -> Option<usize> {
        // Rows of a party stand together.
        self.all.iter().rposition(|(_, known)| *known == name)
    }
}

/// Whose a header is, and what is left of it without the words that say so.
struct Parted<'h> {
    party: Party,
    rest: Vec<&'h str>,
}

impl<'h> Parted<'h> {
    fn of(header: &'h str) -> Self {
        let words = words_of(header);
        let last = words.len().saturating_sub(1);
        let mut parted = Parted { party: Party::default(), rest: Vec::new() };
        for (at, &word) in words.iter().enumerate() {
            let known = folded(word);
            let is_edge = words.len() > 1 && (at == 0 || at == last);
            let at_edge = || PARTIES.at_edge.get(&known).filter(|_| is_edge);
            match PARTIES.by_word.get(&known).or_else(at_edge) {
                Some(number) => parted.party.0 |= 1 << number,
                None => parted.rest.push(word),
            }
        }
        parted
    }

    /// What is left, without the words in between.
    fn rest(&self) -> String {
        let said = self.rest.iter().filter(|word| !is_filler(&folded(word)));
        said.copied().collect::<Vec<_>>().join(" ")
    }
}

impl Party {
    /// Whose column this is.
    pub(crate) fn of(header: &str) -> Party {
        let party = Parted::of(header).party;
        if party != Party::default() {
            return party;
        }
        joined(header).map_or(party, |(party, _)| party)
    }

    /// What the party is to the contact; of several, the most remote.
    pub(crate) fn standing(self) -> Standing {
        self.all().map(|(standing, _)| standing).max().unwrap_or(Standing::Contact)
    }

    /// Every party of the set, with its name in `data/parties.tsv`.
    fn all(self) -> impl Iterator<Item = (Standing, &'static str)> {
        let all = PARTIES.all.iter().enumerate();
        all.filter(move |(number, _)| self.0 >> number & 1 == 1).map(|(_, &party)| party)
    }

    /// The names of the parties.
    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        self.all().map(|(_, name)| name)
    }

    /// Whether two columns are surely of different people. An address says little of people: the
    /// customer may well be the one who pays.
    pub(crate) fn differs_from(self, other: Party) -> bool {
        let is_person = |party: Party| matches!(party.standing(), Standing::Role | Standing::Other);
        self != other && is_person(self) && is_person(other)
    }
}

/// What the column of a party holds: the meaning of its header without the words for the party.
pub(crate) fn meaning(header: &str) -> Option<HeaderMeaning> {
    let rest = without_party(header).filter(|_| !header::is_below_family(header))?;
    // `Customer First`: a party has a name.
    header::meaning(&rest).or_else(|| WORDS.part_of_name(&folded(&rest)))
}

/// The names of columns that stand below a row of groups: `Emergency contact` above `Name` and `Mobile` makes them
/// `Emergency contact Name` and `Emergency contact Mobile`. Groups that name no party say nothing of whose a
/// column is, and are left out.
///
/// A group goes on to the next one, as cells that were joined in a spreadsheet do. A row with one cell above the
/// first column is a title, and no row of groups.
///
/// ```
/// use contactmill_core::columns::below_groups;
///
/// let groups = ["Customer", "", "Emergency contact", ""].map(String::from);
/// let header = ["Name", "City", "Name", "Mobile"].map(String::from);
/// assert_eq!(
///     below_groups(&groups, header.into()),
///     ["Customer Name", "Customer City", "Emergency contact Name", "Emergency contact Mobile"]
/// );
/// ```
#[must_use]
pub fn below_groups(groups: &[String], mut header: Vec<String>) -> Vec<String> {
    let before_first = header.iter().take_while(|name| is_blank(name)).count();
    let is_title = groups.iter().skip(before_first + 1).all(|cell| is_blank(cell));
    if is_title || groups.len() > header.len() {
        return header;
    }
    let mut group = None;
    for (name, cell) in header.iter_mut().zip(groups.iter().map(Some).chain(iter::repeat(None))) {
        if let Some(cell) = cell.filter(|cell| !is_blank(cell)) {
            group = Some(cell.trim()).filter(|cell| is_group(cell));
        }
        if let Some(group) = group.filter(|_| !is_blank(name)) {
            *name = format!("{group} {name}");
        }
    }
    header
}

/// Whether a cell names a party, with a word more at most: `Father`, `Emergency contact`, `Client details`.
fn is_group(cell: &str) -> bool {
    // `Printed by: staff` is no group.
    let is_words = !cell.contains(|c: char| c == ':' || c.is_ascii_digit());
    let parted = Parted::of(cell);
    is_words && parted.party != Party::default() && words_of(&parted.rest()).len() <= 1
}

/// What is left of a header that names a party of persons, without the words for it.
pub(crate) fn without_person(header: &str) -> Option<String> {
    let parted = Parted::of(header);
    let is_person = parted.party != Party::default()
        && parted.party.0 & PARTIES.no_persons.0 == 0
        && parted.party.standing() != Standing::Address;
    is_person.then(|| parted.rest())
}

/// The first word of a header that names a party, folded.
pub(crate) fn word_of_party(header: &str) -> Option<&'static str> {
    let mut words = words_of(header).into_iter().map(folded);
    words.find_map(|word| PARTIES.by_word.get_key_value(&word)).map(|(word, _)| word.as_str())
}

/// Words for somebody beside the contact, folded.
pub(crate) fn words_of_others() -> impl Iterator<Item = &'static str> {
    let is_of_others = |number: usize| PARTIES.all[number].0 == Standing::Other;
    let words = PARTIES.by_word.iter().filter(move |&(_, &number)| is_of_others(number));
    words.map(|(word, _)| word.as_str())
}

/// Whether a folded word stands between a party and what it has: `of`.
pub(crate) fn is_filler(word: &str) -> bool {
    PARTIES.fillers.contains(word)
}

/// What is left of a header without the words for its party, where it names one.
pub(crate) fn without_party(header: &str) -> Option<String> {
    let parted = Parted::of(header);
    if parted.party != Party::default() {
        return Some(parted.rest()).filter(|rest| !rest.is_empty());
    }
    joined(header).map(|(_, rest)| rest)
}

/// A party and what it has in one word: `CLIENTPHONE`, `Kundentelefon`.
fn joined(header: &str) -> Option<(Party, String)> {
    // Shorter words begin or end others by chance.
    const SHORTEST: usize = 5;
    let header = folded(header);
    let long = PARTIES.by_word.iter().filter(|(word, _)| word.chars().count() >= SHORTEST);
    let split = long.filter_map(|(word, &number)| {
        let rest = header.strip_prefix(word.as_str()).or(header.strip_suffix(word.as_str()))?;
        let is_known = !rest.is_empty() && header::meaning(rest).is_some();
        is_known.then(|| (word.len(), number, rest.to_owned()))
    });
    // The longest word, so that the order of the table does not show.
    let (_, number, rest) = split.max()?;
    Some((Party(1 << number), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_remote_party_decides_the_standing() {
        assert_eq!(Party::of("Customer Care Phone").standing(), Standing::Other);
        assert_eq!(Party::of("Driver Emergency Phone").standing(), Standing::Never);
    }

    #[test]
    fn an_address_or_nobody_differs_from_no_party() {
        assert!(Party::of("Driver").differs_from(Party::of("Passenger")));
        assert!(!Party::of("Customer").differs_from(Party::of("Billing")));
        assert!(!Party::of("Name").differs_from(Party::of("Passenger")));
    }

    #[test]
    fn there_is_room_for_every_party_and_each_has_one_standing() {
        assert!(PARTIES.all.len() <= 64);
        for [kind, name, ..] in data::rows::<4>(data::PARTIES) {
            if let Some(RowKind::Word(standing)) = RowKind::of_kind(kind) {
                assert!(PARTIES.all.contains(&(standing, name)), "{kind} {name}");
            }
        }
    }

    #[test]
    fn a_word_at_an_edge_and_what_is_no_person_stand_for_a_party_that_has_words() {
        for [kind, name, ..] in data::rows::<4>(data::PARTIES) {
            let is_of_party = matches!(kind, "at-edge" | "no-person");
            assert!(!is_of_party || PARTIES.number(name).is_some(), "{name}");
        }
    }
}
