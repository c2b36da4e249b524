//! Which column holds which field: by preset, by header, by content.
//!
//! A header that is known decides. Content confirms it, or contradicts it where it is clearly
//! something else. Content alone decides only where no header does, and only by cells that do not
//! just look right but read right.

use std::fmt;

use crate::columns::content::{CallingCodes, ColumnContent, ContentSample};
use crate::columns::field::MappedField;
use crate::columns::header::{self, Bookkeeping, HeaderMeaning, PhoneRank};
use crate::columns::header_row::is_refused;
use crate::columns::hint::{
    CountryHeader, HeaderHint, hint, hint_of_party, is_of_something_else, may_be_calling_code,
    speaks_of_country, speaks_of_other_country,
};
use crate::columns::party::{self, Party, Standing};
use crate::columns::people::{Owners, People};
use crate::columns::phone_label::is_label_of_phone;
use crate::columns::preset::{Preset, PresetField};

/// Minimum number of filled cells for content to decide against, or without, a header.
pub(crate) const ENOUGH_CELLS: u64 = 5;

/// Why a column was taken for what it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decision {
    /// What decided.
    pub by: DecidedBy,
    /// How sure that is, in percent: 100 where the user said so, 90 and more for a known export, 70
    /// and more for a header, less where content had to decide. It orders decisions; it is no
    /// probability.
    pub confidence: u8,
    /// How many cells of the sample are of the kind that the field asks for, where cells tell.
    pub share: Option<Share>,
}

/// Some of all cells that were looked at and are filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Share {
    /// What the cells read as.
    pub kind: CellKind,
    /// Cells of that kind.
    pub count: u64,
    /// Filled cells.
    pub of: u64,
}

/// What a cell reads as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CellKind {
    /// A phone number.
    Phone,
    /// An e-mail address.
    Email,
    /// What could be a name.
    Name,
    /// A country calling code.
    CallingCode,
    /// A country.
    Country,
    /// A number that goes with more names than one person has.
    Shared,
}

/// What decided what a column holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DecidedBy {
    /// The user.
    Option,
    /// The file is a known export.
    Preset,
    /// The column's header.
    Header,
    /// The column's cells, with its header or against it.
    Content,
    /// Nothing: it is left over.
    #[default]
    Rest,
}

impl DecidedBy {
    /// One word in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            DecidedBy::Option => "option",
            DecidedBy::Preset => "preset",
            DecidedBy::Header => "header",
            DecidedBy::Content => "content",
            DecidedBy::Rest => "rest",
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            CellKind::Shared => {
                let verb = if self.count == 1 { "holds" } else { "hold" };
                return write!(f, "{} of {} cells {verb} a shared number", self.count, self.of);
            }
            CellKind::Phone => "a phone number",
            CellKind::Email => "an e-mail address",
            CellKind::Name => "a name",
            CellKind::CallingCode => "a country calling code",
            CellKind::Country => "a country",
        };
        let verb = if self.count == 1 { "reads" } else { "read" };
        write!(f, "{} of {} cells {verb} as {kind}", self.count, self.of)
    }
}

/// A column and the field that it holds.
#[derive(Debug)]
pub(crate) struct FieldCandidate {
    pub(crate) field: MappedField,
    pub(crate) index: usize,
    pub(crate) decision: Decision,
    precedence: Precedence,
    /// Whose it is; nobody's of those whom a known export names.
    party: Party,
}

/// Which of several columns of a field is tried first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Precedence {
    WhatsApp,
    /// A calling code says more than a country.
    CallingCode,
    Preset(usize),
    Mobile,
    Usual,
    HomeOrWork,
    ByContentAlone,
}

impl From<PhoneRank> for Precedence {
    fn from(rank: PhoneRank) -> Self {
        match rank {
            PhoneRank::WhatsApp => Precedence::WhatsApp,
            PhoneRank::Mobile => Precedence::Mobile,
            PhoneRank::Phone => Precedence::Usual,
            PhoneRank::HomeOrWork => Precedence::HomeOrWork,
        }
    }
}

/// What was decided of the columns of a file.
#[derive(Debug, Default)]
pub(crate) struct Decided {
    pub(crate) candidates: Vec<FieldCandidate>,
    /// Columns whose content speaks against their header.
    pub(crate) refuted: Vec<(usize, Decision)>,
    /// The columns that could hold the phone, where nothing says which does.
    pub(crate) ambiguous: Vec<(usize, Option<Share>)>,
    /// The column that may hold the countries of the numbers, or their calling codes.
    pub(crate) perhaps_countries: Option<usize>,
    /// Phones, and the columns of country calling codes that are theirs, where there are several phones.
    pub(crate) codes_of_several: Vec<(usize, Option<usize>)>,
    /// The column that speaks of a phone, but of somebody else's, where there is no other.
    pub(crate) likely: Option<usize>,
}

impl Decided {
    /// Puts the columns of each field into the order in which they are tried.
    fn order(&mut self) {
        self.candidates.sort_by_key(|candidate| (candidate.precedence, candidate.index));
        // A second column of a part of the name stays an attribute.
        for part in [MappedField::FirstName, MappedField::LastName] {
            let mut seen = false;
            self.candidates
                .retain(|candidate| candidate.field != part || !std::mem::replace(&mut seen, true));
        }
    }
}

/// Columns that are looked at once the phone is known.
#[derive(Debug, Default)]
struct Undecided {
    /// Nothing is known of them.
    unknown: Vec<usize>,
    /// Their headers leave it open whether they hold names.
    perhaps_names: Vec<usize>,
    /// They hold what their headers say, of a party.
    of_parties: Vec<FieldCandidate>,
}

/// The columns of a file, and what is known of them.
pub(crate) struct Columns<'c> {
    pub(crate) header: &'c [String],
    /// The names of the columns.
    pub(crate) names: &'c [String],
    pub(crate) bookkeeping: Bookkeeping,
    /// Fields and columns that the user has chosen.
    pub(crate) assigned: &'c [(MappedField, usize)],
    pub(crate) preset: Option<&'static Preset>,
    pub(crate) sample: &'c ContentSample,
}

impl Columns<'_> {
    /// Decides for the columns that the user has not assigned; a field that is assigned takes none.
    pub(crate) fn decide(&self) -> Decided {
        let mut decided = Decided::default();
        if is_refused(self.header, self.sample) {
            decided.candidates = self.fields_of_refused();
            return decided;
        }
        let mut refuted: Vec<(usize, PhoneRank)> = Vec::new();
        let mut undecided = Undecided::default();
        self.read_headers(&mut decided, &mut refuted, &mut undecided);
        if !self.is_assigned(&MappedField::Phone) {
            self.add_phones_of_parties(&mut decided, &mut undecided);
        }
        self.choose_party(&mut decided);
        if !decided.ambiguous.is_empty() {
            return decided;
        }
        self.add_phone_by_content(&mut decided, &mut undecided);
        if !decided.ambiguous.is_empty() {
            return decided;
        }
        self.add_calling_codes(&mut decided);
        self.add_countries(&mut decided);
        self.find_codes_of_several(&mut decided);
        if !decided.codes_of_several.is_empty() || decided.perhaps_countries.is_some() {
            return decided;
        }
        self.place_refuted(&mut decided, &refuted);
        self.choose_names(&mut decided, &mut undecided);
        self.remove_emails_of_others(&mut decided);
        self.add_email_by_content(&mut decided, &undecided, &refuted);
        self.add_name_by_content(&mut decided, &undecided);
        self.remove_shared_phones(&mut decided);
        decided.order();
        decided
    }

    /// Whether the user has said nothing of a column, and `convert` has not added it.
    fn is_free(&self, index: usize) -> bool {
        let is_assigned = self.assigned.iter().any(|&(_, assigned)| assigned == index);
        !is_assigned && !self.bookkeeping.has(&self.names[index])
    }

    /// Whether the user has chosen the columns of a field.
    fn is_assigned(&self, field: &MappedField) -> bool {
        self.assigned.iter().any(|(assigned, _)| assigned == field)
    }

    /// Whose phone the user has chosen, if it was the user.
    fn assigned_party(&self) -> Option<Party> {
        let mut assigned = self.assigned.iter();
        let &(_, phone) = assigned.find(|(field, _)| *field == MappedField::Phone)?;
        let party = Party::of(&self.header[phone]);
        if party != Party::default() {
            return Some(party);
        }
        let is_phone = |&index: &usize| index == phone || self.is_called_phone(index);
        let phones: Vec<usize> = (0..self.header.len()).filter(is_phone).collect();
        Some(self.people().party_before(phone, &phones))
    }

    /// Whether the header of a column says, or hints at, a phone.
    fn is_called_phone(&self, index: usize) -> bool {
        let header = &self.header[index];
        matches!(header::meaning(header), Some(HeaderMeaning::Phone(_)))
            || matches!(hint(header), Some(HeaderHint::Phone(_)))
    }

    /// Whether no column holds a field yet.
    fn lacks(&self, decided: &Decided, field: &MappedField) -> bool {
        !self.is_assigned(field) && !decided.candidates.iter().any(|known| known.field == *field)
    }

    /// The fields of contacts that a service refused, which stand in their order.
    fn fields_of_refused(&self) -> Vec<FieldCandidate> {
        use PresetField::{Email, Name, Phone, Tags};
        let fields = [Name, Phone, Email, Tags].into_iter().enumerate();
        let fields = fields.filter(|&(index, _)| self.is_free(index));
        let fields = fields.filter_map(|(index, field)| self.by_preset(index, field, 0));
        fields.filter(|candidate| !self.is_assigned(&candidate.field)).collect()
    }

    /// What the known export and the headers say of the columns.
    fn read_headers(
        &self,
        decided: &mut Decided,
        refuted: &mut Vec<(usize, PhoneRank)>,
        undecided: &mut Undecided,
    ) {
        for index in (0..self.header.len()).filter(|&index| self.is_free(index)) {
            let of_preset = self.preset.and_then(|preset| preset.field(&self.header[index]));
            if let Some((field, place)) = of_preset {
                decided.candidates.extend(self.by_preset(index, field, place));
            } else if self.preset.is_none_or(Preset::is_open) {
                self.read_header(index, decided, refuted, undecided);
            }
        }
        decided.candidates.retain(|candidate| !self.is_assigned(&candidate.field));
        undecided.of_parties.retain(|candidate| !self.is_assigned(&candidate.field));
    }

    /// What the header of a column says of it.
    fn read_header(
        &self,
        index: usize,
        decided: &mut Decided,
        refuted: &mut Vec<(usize, PhoneRank)>,
        undecided: &mut Undecided,
    ) {
        let (header, content) = (&self.header[index], self.sample.column(index));
        let by_own_words =
            header::meaning(header).filter(|_| !header::is_part_of_date(header, self.header));
        match by_own_words.or_else(|| party::meaning(header)) {
            Some(HeaderMeaning::Phone(rank))
                if content.refutes_phone() || self.sample.are_answers(index) =>
            {
                if Party::of(header).standing() < Standing::Other {
                    refuted.push((index, rank));
                }
            }
            Some(HeaderMeaning::Name) if content.is_mostly(content.phones) => {
                decided.candidates.push(self.by_content(
                    index,
                    MappedField::Phone,
                    Precedence::Usual,
                ));
            }
            Some(meaning @ HeaderMeaning::Phone(_)) => {
                decided.candidates.push(self.by_header(index, meaning));
            }
            Some(meaning) if by_own_words.is_some() => {
                decided.candidates.push(self.by_header(index, meaning));
            }
            Some(meaning) => {
                undecided.of_parties.push(self.by_header(index, meaning));
                // Where the party turns out to be another, it can still be an e-mail address.
                undecided.unknown.push(index);
            }
            None => match hint(header).or_else(|| hint_of_party(header)) {
                Some(HeaderHint::Phone(rank))
                    if self.could_be_phones(content) && !is_label_of_phone(header) =>
                {
                    let precedence = rank.into();
                    let phone = self.by_content(index, MappedField::Phone, precedence);
                    decided.candidates.push(phone);
                }
                Some(HeaderHint::CallingCode)
                    if content.are_calling_codes() && Party::of(header) == Party::default() =>
                {
                    let precedence = Precedence::CallingCode;
                    let code = self.by_content(index, MappedField::Country, precedence);
                    decided.candidates.push(code);
                }
                Some(HeaderHint::Name) if content.is_mostly(content.names) => {
                    undecided.perhaps_names.push(index);
                }
                Some(_) | None => undecided.unknown.push(index),
            },
        }
    }

    /// Columns that are called by a party alone, such as `Driver`, and hold its numbers.
    fn add_phones_of_parties(&self, decided: &mut Decided, undecided: &mut Undecided) {
        let names = self.name_columns(&decided.candidates);
        let is_phone = |&mut index: &mut usize| {
            let header = &self.header[index];
            Party::of(header) != Party::default()
                && !is_of_something_else(header)
                && self.reads_as_phones(index)
                && self.sample.shared(index, &names).cells == 0
        };
        for index in undecided.unknown.extract_if(.., is_phone) {
            let phone = self.by_content(index, MappedField::Phone, Precedence::ByContentAlone);
            decided.candidates.push(phone);
        }
    }

    /// Phone columns of several parties are the user's to choose from. One of somebody beside the
    /// contact is never taken.
    fn choose_party(&self, decided: &mut Decided) {
        let is_phone = |candidate: &FieldCandidate| candidate.field == MappedField::Phone;
        let mut phones: Vec<FieldCandidate> =
            decided.candidates.extract_if(.., |c| is_phone(c)).collect();
        let all: Vec<usize> = phones.iter().map(|phone| phone.index).collect();
        phones.retain(|phone| phone.party.standing() != Standing::Never);
        // Where one column holds numbers, one of text (`Phone company`) is no choice beside it.
        let is_text = |phone: &FieldCandidate| self.sample.column(phone.index).is_text();
        if phones.len() > 1 && !phones.iter().all(is_text) {
            let of_contact = |phone: &FieldCandidate| phone.party.standing() == Standing::Contact;
            phones.retain(|phone| of_contact(phone) || !is_text(phone));
        }
        if phones.iter().any(|phone| phone.decision.by == DecidedBy::Preset) {
            // A known export says whose they are.
            phones.retain(|phone| phone.party.standing() == Standing::Contact);
        }
        let is_of_contact = phones.iter().any(|one| one.party.standing() == Standing::Contact);
        if is_of_contact {
            phones.retain(|phone| phone.party.standing() < Standing::Other);
        }
        // Beside a phone of the contact, those of others fill in for nobody.
        let by_header = phones.iter().filter(|phone| phone.decision.by != DecidedBy::Preset);
        let by_header: Vec<usize> = by_header.map(|phone| phone.index).collect();
        let mut of_others = self.people().by_number(&by_header);
        of_others.extend(self.people().with_name_behind(&by_header));
        let below_another = self.people().below_another_name(&all);
        decided.candidates.retain(|known| !below_another.contains(&known.index));
        of_others.extend(below_another);
        let is_of_others = |phone: &FieldCandidate| of_others.contains(&phone.index);
        let are_all = phones.iter().all(is_of_others);
        phones.retain(|phone| are_all || !is_of_others(phone));
        let of_several = phones.iter().any(|phone| phone.party != phones[0].party)
            || are_all && !of_others.is_empty();
        let are_behind_two = || self.people().are_behind_two_names(&by_header);
        let owners = match of_several || are_behind_two() {
            true => Owners::Unknown,
            false => self.owners_by_order(&phones),
        };
        if let Owners::Others(others) = &owners {
            phones.retain(|phone| !others.contains(&phone.index));
            decided.candidates.retain(|known| !others.contains(&known.index));
        }
        if owners == Owners::Unknown {
            decided.ambiguous =
                phones.iter().map(|phone| (phone.index, phone.decision.share)).collect();
            decided.ambiguous.sort_by_key(|&(index, _)| index);
            return;
        }
        if phones.first().is_some_and(|phone| phone.party.standing() == Standing::Other) {
            decided.likely = phones.first().map(|phone| phone.index);
            phones.clear();
        }
        // Their headers say whose they are.
        let decision = Decision { by: DecidedBy::Header, confidence: 80, share: None };
        let is_left = |index: &usize| !phones.iter().any(|phone| phone.index == *index);
        decided.refuted.extend(all.into_iter().filter(is_left).map(|index| (index, decision)));
        decided.candidates.append(&mut phones);
    }

    /// Whose columns of one field are by their order, where nothing else says so.
    fn owners_by_order(&self, candidates: &[FieldCandidate]) -> Owners {
        let says_whose = |one: &FieldCandidate| {
            one.party != Party::default() || one.decision.by == DecidedBy::Preset
        };
        if candidates.iter().any(says_whose) {
            return Owners::One;
        }
        let columns: Vec<usize> = candidates.iter().map(|one| one.index).collect();
        self.people().by_order(&columns)
    }

    fn people(&self) -> People<'_> {
        People { header: self.header, sample: self.sample }
    }

    /// Takes the names and addresses of the one whose phone it is, and no other's.
    fn choose_names(&self, decided: &mut Decided, undecided: &mut Undecided) {
        let is_phone = |candidate: &&FieldCandidate| candidate.field == MappedField::Phone;
        let of_phone = decided.candidates.iter().find(is_phone).map(|phone| phone.party);
        if of_phone == Some(Party::default()) {
            self.take_only_name(decided, undecided);
            let phones = of_field(&decided.candidates, &[MappedField::Phone]);
            let others = self.people().names_above(&phones);
            decided.candidates.retain(|known| !others.contains(&known.index));
        }
        let Some(party) =
            self.assigned_party().or(of_phone).filter(|party| *party != Party::default())
        else {
            return;
        };
        for candidate in undecided.of_parties.extract_if(.., |candidate| candidate.party == party) {
            undecided.unknown.retain(|&index| index != candidate.index);
            decided.candidates.push(candidate);
        }
        let of_party = |&index: &usize| Party::of(&self.header[index]) == party;
        let is_name = |field: &MappedField| {
            use MappedField::{FirstName, LastName, Name};
            matches!(field, Name | FirstName | LastName)
        };
        let has = |decided: &Decided, is: &dyn Fn(&MappedField) -> bool| {
            decided.candidates.iter().any(|known| is(&known.field) && known.party == party)
        };
        if !has(decided, &is_name)
            && let Some(index) = undecided.perhaps_names.iter().copied().find(of_party)
        {
            let name = self.by_content(index, MappedField::Name, Precedence::Usual);
            decided.candidates.push(name);
        }
        undecided
            .perhaps_names
            .retain(|&index| !Party::of(&self.header[index]).differs_from(party));
        undecided.unknown.retain(|&index| !Party::of(&self.header[index]).differs_from(party));
        for is_field in [&is_name as &dyn Fn(&MappedField) -> bool, &|f| *f == MappedField::Email] {
            let has_own = has(decided, is_field);
            decided.candidates.retain(|known| {
                let is_others = known.party.differs_from(party);
                !is_field(&known.field) || known.party == party || !has_own && !is_others
            });
        }
    }

    fn remove_emails_of_others(&self, decided: &mut Decided) {
        let is_email = |known: &mut FieldCandidate| known.field == MappedField::Email;
        let mut emails: Vec<FieldCandidate> = decided.candidates.extract_if(.., is_email).collect();
        let by_header = emails.iter().filter(|email| email.decision.by != DecidedBy::Preset);
        let by_header: Vec<usize> = by_header.map(|email| email.index).collect();
        let of_others = self.people().by_number(&by_header);
        // The first of them is the contact's.
        let first = emails.first().map(|email| email.index);
        emails.retain(|email| !of_others.contains(&email.index) || Some(email.index) == first);
        if let Owners::Others(others) = self.owners_by_order(&emails) {
            emails.retain(|email| !others.contains(&email.index));
        }
        decided.candidates.append(&mut emails);
    }

    /// `Participant Name` beside `Phone`: where the contact has no name, that of the only party.
    fn take_only_name(&self, decided: &mut Decided, undecided: &mut Undecided) {
        use MappedField::{FirstName, LastName, Name};
        let is_name = |field: &MappedField| matches!(field, Name | FirstName | LastName);
        if ![Name, FirstName, LastName].iter().all(|field| self.lacks(decided, field)) {
            return;
        }
        let mut names = undecided.of_parties.iter().filter(|known| is_name(&known.field));
        let Some(party) = names.next().map(|first| first.party) else { return };
        if party.standing() < Standing::Other && names.all(|other| other.party == party) {
            let taken = undecided.of_parties.extract_if(.., |known| is_name(&known.field));
            decided.candidates.extend(taken);
        }
    }

    /// A column whose numbers stand for many people does not fill in for one that is empty.
    fn remove_shared_phones(&self, decided: &mut Decided) {
        let phones: Vec<usize> = of_field(&decided.candidates, &[MappedField::Phone]);
        if phones.len() < 2 {
            return;
        }
        let names = self.name_columns(&decided.candidates);
        let shared = |index: usize| self.sample.shared(index, &names);
        let of_many: Vec<usize> =
            phones.iter().copied().filter(|&index| shared(index).is_of_many()).collect();
        if of_many.len() == phones.len() {
            return;
        }
        for index in of_many {
            let shared = shared(index);
            let share = Share { kind: CellKind::Shared, count: shared.cells, of: shared.of };
            let decision = Decision { by: DecidedBy::Content, confidence: 80, share: Some(share) };
            decided.refuted.push((index, decision));
            decided.candidates.retain(|known| known.index != index);
        }
    }

    /// The columns that distinguish people: those of names, else of addresses, else the first that
    /// looks like either.
    fn name_columns(&self, candidates: &[FieldCandidate]) -> Vec<usize> {
        use MappedField::{Email, FirstName, LastName, Name};
        let names = of_field(candidates, &[Name]);
        let parts = of_field(candidates, &[FirstName, LastName]);
        let emails = of_field(candidates, &[Email]);
        let known = [parts, names.into_iter().take(1).collect(), emails];
        if let Some(columns) = known.into_iter().find(|columns| !columns.is_empty()) {
            return columns;
        }
        let looks_like_name = |&index: &usize| {
            let content = self.sample.column(index);
            content.is_mostly(content.names) || content.is_mostly(content.emails)
        };
        (0..self.header.len()).find(looks_like_name).into_iter().collect()
    }

    /// The phone, where no header tells it: the only column whose cells read as phone numbers, each of
    /// one person.
    fn add_phone_by_content(&self, decided: &mut Decided, undecided: &mut Undecided) {
        undecided.unknown.retain(|&index| !is_of_something_else(&self.header[index]));
        if !self.lacks(decided, &MappedField::Phone) {
            return;
        }
        let names = self.name_columns(&decided.candidates);
        let fitting = undecided.unknown.iter().copied().filter(|&index| {
            self.reads_as_phones(index) && self.sample.shared(index, &names).cells == 0
        });
        let mut found: Vec<FieldCandidate> = fitting
            .map(|index| self.by_content(index, MappedField::Phone, Precedence::ByContentAlone))
            .collect();
        // Beside one that is fuller, numbers in a few cells may be those that are meant.
        if !found.is_empty() {
            let is_sparse = |index: &usize| {
                let content = self.sample.column(*index);
                (1..ENOUGH_CELLS).contains(&content.filled) && content.phones == content.filled
            };
            let sparse = undecided.unknown.iter().copied().filter(is_sparse);
            found.extend(sparse.map(|index| {
                self.by_content(index, MappedField::Phone, Precedence::ByContentAlone)
            }));
        }
        match found.len() {
            0 | 1 => decided.candidates.extend(found),
            _ => {
                found.sort_by_key(|found| found.index);
                let candidate = |found: &FieldCandidate| (found.index, found.decision.share);
                decided.ambiguous = found.iter().map(candidate).collect();
            }
        }
    }

    /// Calling codes, where the numbers beside them prove what they are: a code that is left out makes a
    /// number of the region, and another's, of one abroad. So where that is left open, somebody has to say it.
    fn add_calling_codes(&self, decided: &mut Decided) {
        if self.is_assigned(&MappedField::Country) || !self.preset.is_none_or(Preset::is_open) {
            return;
        }
        let phones = self.phones(decided);
        let may_hold_codes = |&index: &usize| {
            self.is_free(index)
                && Party::of(&self.header[index]).standing() < Standing::Other
                && !decided.candidates.iter().any(|known| known.index == index)
        };
        let free: Vec<usize> = (0..self.header.len()).filter(may_hold_codes).collect();
        for index in free {
            let codes_of = |&phone: &usize| self.sample.calling_codes_of(index, phone);
            let codes = phones.iter().map(codes_of).max();
            let may_be_code = may_be_calling_code(&self.header[index]);
            match codes {
                Some(CallingCodes::Yes | CallingCodes::Marked) if may_be_code => {
                    decided.candidates.push(self.by_content(
                        index,
                        MappedField::Country,
                        Precedence::CallingCode,
                    ));
                }
                // By the cells alone.
                Some(CallingCodes::Marked) if self.lacks(decided, &MappedField::Country) => {
                    decided.perhaps_countries.get_or_insert(index);
                }
                // What may be an area code is tried before each number.
                Some(CallingCodes::Perhaps)
                    if may_be_code
                        && self.lacks(decided, &MappedField::Country)
                        && !header::is_area_code(&self.header[index]) =>
                {
                    decided.perhaps_countries.get_or_insert(index);
                }
                _ => {}
            }
        }
    }

    /// Countries by a header that is not known as a whole: a country that is left out makes a number of the region,
    /// and another's, of one abroad.
    fn add_countries(&self, decided: &mut Decided) {
        if !self.lacks(decided, &MappedField::Country) || !self.preset.is_none_or(Preset::is_open) {
            return;
        }
        let free: Vec<usize> = (0..self.header.len())
            .filter(|&index| self.is_free(index))
            .filter(|index| !decided.candidates.iter().any(|known| known.index == *index))
            .collect();
        let phones = self.phones(decided);
        for index in free {
            let says = speaks_of_country(&self.header[index]);
            match says.filter(|_| self.sample.are_countries(index)) {
                Some(CountryHeader::Own) => decided.candidates.push(self.by_content(
                    index,
                    MappedField::Country,
                    Precedence::Usual,
                )),
                Some(CountryHeader::Perhaps) => {
                    decided.perhaps_countries.get_or_insert(index);
                }
                None if self.are_countries_of(index, &phones) => {
                    decided.perhaps_countries.get_or_insert(index);
                }
                None => {}
            }
        }
        if !self.lacks(decided, &MappedField::Country) {
            decided.perhaps_countries = None;
        }
    }

    /// Whether the numbers are those of the countries in a column, whatever it is called.
    fn are_countries_of(&self, index: usize, phones: &[usize]) -> bool {
        let header = &self.header[index];
        Party::of(header).standing() < Standing::Other
            && !speaks_of_other_country(header)
            && phones.iter().any(|&phone| self.sample.are_countries_of(index, phone))
    }

    /// Calling codes in several columns are each of the phone behind them, and a contact has one country.
    fn find_codes_of_several(&self, decided: &mut Decided) {
        let codes: Vec<usize> = decided
            .candidates
            .iter()
            .filter(|known| known.precedence == Precedence::CallingCode)
            .map(|known| known.index)
            .collect();
        if let [code] = codes[..]
            && let Some(own) = self.phone_of_code(code)
        {
            self.keep_code_of(decided, own, code);
        }
        if codes.len() < 2 {
            return;
        }
        match self.phones(decided)[..] {
            [phone] => {
                // The code of the only phone is the nearest before it.
                let own = codes.iter().copied().filter(|&code| code < phone).max();
                decided.candidates.retain(|known| {
                    known.precedence != Precedence::CallingCode
                        || own.is_none_or(|own| known.index == own)
                });
            }
            ref phones => {
                let behind = |&code: &usize| phones.iter().copied().filter(|&at| at > code).min();
                let pair = |code: usize| Some((behind(&code)?, Some(code)));
                decided.codes_of_several = codes.into_iter().filter_map(pair).collect();
            }
        }
    }

    fn rank(&self, index: usize) -> PhoneRank {
        PhoneRank::of_label(&self.header[index])
    }

    /// The phone that a column of codes belongs to by its own header: `WhatsApp Country Code`, `Office Code`.
    fn phone_of_code(&self, code: usize) -> Option<usize> {
        let mut behind = code + 1..self.header.len();
        let own = behind
            .find(|&index| self.is_called_phone(index))
            .or_else(|| (0..code).rfind(|&index| self.is_called_phone(index)))?;
        let is_of_one = matches!(self.rank(code), PhoneRank::WhatsApp | PhoneRank::HomeOrWork);
        (is_of_one && self.rank(own) == self.rank(code)).then_some(own)
    }

    /// Keeps codes that belong to one phone from the others: whether these have them, nobody knows.
    fn keep_code_of(&self, decided: &mut Decided, own: usize, code: usize) {
        let phones = self.phones(decided);
        if !phones.contains(&own) {
            decided.candidates.retain(|known| known.index != code);
            return;
        }
        let are_of_whatsapp = |one: usize| self.rank(one) == PhoneRank::WhatsApp;
        let is_other = |&one: &usize| one != own && !(are_of_whatsapp(own) && are_of_whatsapp(one));
        let others: Vec<usize> = phones.into_iter().filter(is_other).collect();
        if !others.is_empty() {
            let without = others.into_iter().map(|other| (other, None));
            decided.codes_of_several = [(own, Some(code))].into_iter().chain(without).collect();
        }
    }

    /// The columns of phones, by what was decided and by the user.
    fn phones(&self, decided: &Decided) -> Vec<usize> {
        let mut phones = of_field(&decided.candidates, &[MappedField::Phone]);
        let assigned = self.assigned.iter().filter(|(field, _)| *field == MappedField::Phone);
        phones.extend(assigned.map(|&(_, index)| index));
        phones
    }

    /// The e-mail, where no header says it: the only column whose cells are addresses, each of one person.
    fn add_email_by_content(
        &self,
        decided: &mut Decided,
        undecided: &Undecided,
        refuted: &[(usize, PhoneRank)],
    ) {
        if !self.lacks(decided, &MappedField::Email) {
            return;
        }
        let refuted = refuted.iter().map(|&(index, _)| index);
        let names = self.name_columns(&decided.candidates);
        let mut fitting = undecided.unknown.iter().copied().chain(refuted).filter(|&index| {
            let content = self.sample.column(index);
            content.filled >= ENOUGH_CELLS
                && content.is_mostly(content.emails)
                && !self.sample.has_many(index, &names)
        });
        if let (Some(index), None) = (fitting.next(), fitting.next()) {
            let email = self.by_content(index, MappedField::Email, Precedence::ByContentAlone);
            decided.candidates.push(email);
        }
    }

    /// The name, where no header says it: the first column whose header hints at one.
    fn add_name_by_content(&self, decided: &mut Decided, undecided: &Undecided) {
        let names = [MappedField::Name, MappedField::FirstName, MappedField::LastName];
        if names.iter().all(|field| self.lacks(decided, field)) {
            let name = |&index| self.by_content(index, MappedField::Name, Precedence::Usual);
            decided.candidates.extend(undecided.perhaps_names.first().map(name));
        }
    }

    /// A phone column by its header whose cells are something else stays one only where there is no
    /// other: its records are then rejected one by one, and none is lost.
    fn place_refuted(&self, decided: &mut Decided, refuted: &[(usize, PhoneRank)]) {
        let has_phone = !self.lacks(decided, &MappedField::Phone);
        for &(index, rank) in refuted {
            if decided.candidates.iter().any(|known| known.index == index) {
                continue;
            }
            let share = self.share(index, &MappedField::Phone);
            if has_phone {
                let decision = Decision { by: DecidedBy::Content, confidence: 80, share };
                decided.refuted.push((index, decision));
            } else {
                let decision = Decision { by: DecidedBy::Header, confidence: 10, share };
                let (field, precedence) = (MappedField::Phone, rank.into());
                let party = Party::of(&self.header[index]);
                decided.candidates.push(FieldCandidate {
                    field,
                    index,
                    decision,
                    precedence,
                    party,
                });
            }
        }
    }

    fn by_preset(&self, index: usize, field: PresetField, place: usize) -> Option<FieldCandidate> {
        let field = match field {
            PresetField::Name => MappedField::Name,
            PresetField::FirstName => MappedField::FirstName,
            PresetField::LastName => MappedField::LastName,
            PresetField::Phone => MappedField::Phone,
            PresetField::Email => MappedField::Email,
            PresetField::Country => MappedField::Country,
            PresetField::Tags => MappedField::Tags,
            PresetField::Attributes => MappedField::Attributes,
            PresetField::Attribute | PresetField::Ignored => return None,
        };
        let share = self.share(index, &field);
        let confidence = 90 + share.map_or(5, Share::percent) / 10;
        let decision = Decision { by: DecidedBy::Preset, confidence, share };
        let (precedence, party) = (Precedence::Preset(place), Party::default());
        Some(FieldCandidate { field, index, decision, precedence, party })
    }

    fn by_header(&self, index: usize, meaning: HeaderMeaning) -> FieldCandidate {
        let (field, precedence) = match meaning {
            HeaderMeaning::Name => (MappedField::Name, Precedence::Usual),
            HeaderMeaning::FirstName => (MappedField::FirstName, Precedence::Usual),
            HeaderMeaning::LastName => (MappedField::LastName, Precedence::Usual),
            HeaderMeaning::Phone(rank) => (MappedField::Phone, rank.into()),
            HeaderMeaning::Email => (MappedField::Email, Precedence::Usual),
            HeaderMeaning::CallingCode => (MappedField::Country, Precedence::CallingCode),
            HeaderMeaning::Country => (MappedField::Country, Precedence::Usual),
            HeaderMeaning::Tags => (MappedField::Tags, Precedence::Usual),
        };
        let share = self.share(index, &field);
        let confidence = 70 + share.map_or(40, Share::percent) / 4;
        let decision = Decision { by: DecidedBy::Header, confidence, share };
        let party = Party::of(&self.header[index]);
        FieldCandidate { field, index, decision, precedence, party }
    }

    fn by_content(
        &self,
        index: usize,
        field: MappedField,
        precedence: Precedence,
    ) -> FieldCandidate {
        let share = self.share(index, &field);
        let base = if precedence == Precedence::ByContentAlone { 30 } else { 45 };
        let confidence = base + share.map_or(0, Share::percent) / 5 * 2;
        let decision = Decision { by: DecidedBy::Content, confidence, share };
        let party = Party::of(&self.header[index]);
        FieldCandidate { field, index, decision, precedence, party }
    }

    /// Whether a column holds phone numbers, whatever it is called.
    fn reads_as_phones(&self, index: usize) -> bool {
        let content = self.sample.column(index);
        content.filled >= ENOUGH_CELLS && content.is_mostly(content.phones)
    }

    /// Whether a column with a header like `Home` holds phone numbers. Where no region is known,
    /// national numbers can have no more than the look.
    fn could_be_phones(&self, content: ColumnContent) -> bool {
        content.is_mostly(content.phones)
            || !self.sample.knows_region() && content.is_mostly(content.numbers)
    }

    fn share(&self, index: usize, field: &MappedField) -> Option<Share> {
        let content = self.sample.column(index);
        let (kind, count) = match field {
            MappedField::Phone if self.sample.knows_region() => (CellKind::Phone, content.phones),
            MappedField::Phone => (CellKind::Phone, content.numbers),
            MappedField::Email => (CellKind::Email, content.emails),
            MappedField::Name | MappedField::FirstName | MappedField::LastName => {
                (CellKind::Name, content.names)
            }
            MappedField::Country if content.are_calling_codes() => {
                (CellKind::CallingCode, content.calling_codes)
            }
            MappedField::Country
            | MappedField::Tags
            | MappedField::Attributes
            | MappedField::Attribute(_) => return None,
        };
        (content.filled > 0).then_some(Share { kind, count, of: content.filled })
    }
}

/// The columns of these fields.
fn of_field(candidates: &[FieldCandidate], fields: &[MappedField]) -> Vec<usize> {
    let of = candidates.iter().filter(|candidate| fields.contains(&candidate.field));
    of.map(|candidate| candidate.index).collect()
}

impl Share {
    /// The share in percent.
    #[must_use]
    pub fn percent(self) -> u8 {
        let percent = self.count * 100 / self.of.max(1);
        u8::try_from(percent).unwrap_or(100)
    }
}
