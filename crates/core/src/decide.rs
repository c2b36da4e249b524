//! Which column holds which field: by preset, by header, by content.
//!
//! A header that is known decides. Content confirms it, or contradicts it where it is clearly
//! something else. Content alone decides only where no header does, and only by cells that do not
//! just look right but read right.

use std::fmt;

use crate::content::{ColumnContent, ContentSample};
use crate::header::{self, HeaderHint, HeaderMeaning, PhoneRank};
use crate::mapping::MappedField;
use crate::preset::{Preset, PresetField};

/// So many cells must be filled before content decides against, or without, a header.
const ENOUGH_CELLS: u64 = 5;

/// Why a column was taken for what it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
pub enum CellKind {
    /// A phone number.
    Phone,
    /// An e-mail address.
    Email,
    /// What could be a name.
    Name,
}

/// What decided what a column holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
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
    /// One word in small letters.
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
            CellKind::Phone => "a phone number",
            CellKind::Email => "an e-mail address",
            CellKind::Name => "a name",
        };
        let verb = if self.count == 1 { "reads" } else { "read" };
        write!(f, "{} of {} cells {verb} as {kind}", self.count, self.of)
    }
}

/// A column and the field that it holds.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) field: MappedField,
    pub(crate) index: usize,
    pub(crate) decision: Decision,
    order: Order,
}

/// Which of several columns of a field is tried first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    WhatsApp,
    /// A calling code says more than a country.
    CallingCode,
    Preset(usize),
    Mobile,
    Usual,
    HomeOrWork,
    ByContentAlone,
}

impl From<PhoneRank> for Order {
    fn from(rank: PhoneRank) -> Self {
        match rank {
            PhoneRank::WhatsApp => Order::WhatsApp,
            PhoneRank::Mobile => Order::Mobile,
            PhoneRank::Phone => Order::Usual,
            PhoneRank::HomeOrWork => Order::HomeOrWork,
        }
    }
}

/// What was decided of the columns of a file.
#[derive(Debug, Default)]
pub(crate) struct Decided {
    pub(crate) candidates: Vec<Candidate>,
    /// Columns whose content speaks against their header.
    pub(crate) refuted: Vec<(usize, Decision)>,
}

/// The columns and what is known of them.
pub(crate) struct Columns<'c> {
    pub(crate) header: &'c [String],
    pub(crate) preset: Option<&'static Preset>,
    pub(crate) sample: &'c ContentSample,
}

impl Columns<'_> {
    /// Decides for the columns that are `free`; a field that is `assigned` takes none.
    pub(crate) fn decide(
        &self,
        free: impl Fn(usize) -> bool,
        assigned: impl Fn(&MappedField) -> bool,
    ) -> Decided {
        let mut decided = Decided::default();
        let mut refuted: Vec<(usize, PhoneRank)> = Vec::new();
        let (mut perhaps_names, mut unknown) = (Vec::new(), Vec::new());
        for index in (0..self.header.len()).filter(|&index| free(index)) {
            if let Some((field, place)) =
                self.preset.and_then(|preset| preset.field(&self.header[index]))
            {
                decided.candidates.extend(self.by_preset(index, field, place));
            } else if self.preset.is_none_or(Preset::is_open) {
                let content = self.sample.column(index);
                match header::meaning(&self.header[index]) {
                    Some(HeaderMeaning::Phone(rank)) if content.refutes_phone() => {
                        refuted.push((index, rank));
                    }
                    Some(HeaderMeaning::Name) if content.is_mostly(content.phones) => {
                        decided.candidates.push(self.by_content(
                            index,
                            MappedField::Phone,
                            Order::Usual,
                        ));
                    }
                    Some(meaning) => decided.candidates.push(self.by_header(index, meaning)),
                    None => match header::hint(&self.header[index]) {
                        Some(HeaderHint::Phone(rank)) if self.could_be_phones(content) => {
                            let order = rank.into();
                            let phone = self.by_content(index, MappedField::Phone, order);
                            decided.candidates.push(phone);
                        }
                        Some(HeaderHint::Name) if content.is_mostly(content.names) => {
                            perhaps_names.push(index);
                        }
                        Some(_) | None => unknown.push(index),
                    },
                }
            }
        }
        decided.candidates.retain(|candidate| !assigned(&candidate.field));
        self.add_by_content(&mut decided, &mut unknown, &refuted, &perhaps_names, &assigned);
        self.settle_refuted(&mut decided, &refuted, &assigned);
        decided.candidates.sort_by_key(|candidate| (candidate.order, candidate.index));
        // A second column of a part of the name stays an attribute.
        for part in [MappedField::FirstName, MappedField::LastName] {
            let mut seen = false;
            decided
                .candidates
                .retain(|candidate| candidate.field != part || !std::mem::replace(&mut seen, true));
        }
        decided
    }

    /// Fields that no header tells.
    fn add_by_content(
        &self,
        decided: &mut Decided,
        unknown: &mut Vec<usize>,
        refuted: &[(usize, PhoneRank)],
        perhaps_names: &[usize],
        assigned: &impl Fn(&MappedField) -> bool,
    ) {
        let lacks = |decided: &Decided, field: &MappedField| {
            !assigned(field) && !decided.candidates.iter().any(|known| known.field == *field)
        };
        unknown.retain(|&index| !header::is_of_something_else(&self.header[index]));
        let enough = |index: usize| self.sample.column(index).filled >= ENOUGH_CELLS;
        if lacks(decided, &MappedField::Email) {
            let refuted = refuted.iter().map(|&(index, _)| index);
            let mut columns = unknown.iter().copied().chain(refuted);
            let found = columns.find(|&index| {
                let content = self.sample.column(index);
                enough(index) && content.is_mostly(content.emails)
            });
            decided
                .candidates
                .extend(found.map(|index| {
                    self.by_content(index, MappedField::Email, Order::ByContentAlone)
                }));
        }
        if lacks(decided, &MappedField::Phone) {
            let columns = unknown.iter().copied().filter(|&index| {
                let content = self.sample.column(index);
                enough(index) && content.is_mostly(content.phones)
            });
            // Of equals the first.
            let best = columns
                .max_by_key(|&index| (self.sample.column(index).phones, std::cmp::Reverse(index)));
            decided.candidates.extend(
                best.map(|index| self.by_content(index, MappedField::Phone, Order::ByContentAlone)),
            );
        }
        let names = [MappedField::Name, MappedField::FirstName, MappedField::LastName];
        if names.iter().all(|field| lacks(decided, field)) {
            decided.candidates.extend(
                perhaps_names
                    .first()
                    .map(|&index| self.by_content(index, MappedField::Name, Order::Usual)),
            );
        }
    }

    /// A phone column by its header whose cells are something else stays one only where there is no
    /// other: its records are then rejected one by one, and none is lost.
    fn settle_refuted(
        &self,
        decided: &mut Decided,
        refuted: &[(usize, PhoneRank)],
        assigned: &impl Fn(&MappedField) -> bool,
    ) {
        let has_phone = assigned(&MappedField::Phone)
            || decided.candidates.iter().any(|known| known.field == MappedField::Phone);
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
                let (field, order) = (MappedField::Phone, rank.into());
                decided.candidates.push(Candidate { field, index, decision, order });
            }
        }
    }

    fn by_preset(&self, index: usize, field: PresetField, place: usize) -> Option<Candidate> {
        let field = match field {
            PresetField::Name => MappedField::Name,
            PresetField::FirstName => MappedField::FirstName,
            PresetField::LastName => MappedField::LastName,
            PresetField::Phone => MappedField::Phone,
            PresetField::Email => MappedField::Email,
            PresetField::Country => MappedField::Country,
            PresetField::Tags => MappedField::Tags,
            PresetField::Attribute => return None,
        };
        let share = self.share(index, &field);
        let confidence = 90 + share.map_or(5, Share::percent) / 10;
        let decision = Decision { by: DecidedBy::Preset, confidence, share };
        Some(Candidate { field, index, decision, order: Order::Preset(place) })
    }

    fn by_header(&self, index: usize, meaning: HeaderMeaning) -> Candidate {
        let (field, order) = match meaning {
            HeaderMeaning::Name => (MappedField::Name, Order::Usual),
            HeaderMeaning::FirstName => (MappedField::FirstName, Order::Usual),
            HeaderMeaning::LastName => (MappedField::LastName, Order::Usual),
            HeaderMeaning::Phone(rank) => (MappedField::Phone, rank.into()),
            HeaderMeaning::Email => (MappedField::Email, Order::Usual),
            HeaderMeaning::CallingCode => (MappedField::Country, Order::CallingCode),
            HeaderMeaning::Country => (MappedField::Country, Order::Usual),
            HeaderMeaning::Tags => (MappedField::Tags, Order::Usual),
        };
        let share = self.share(index, &field);
        let confidence = 70 + share.map_or(40, Share::percent) / 4;
        let decision = Decision { by: DecidedBy::Header, confidence, share };
        Candidate { field, index, decision, order }
    }

    fn by_content(&self, index: usize, field: MappedField, order: Order) -> Candidate {
        let share = self.share(index, &field);
        let base = if order == Order::ByContentAlone { 30 } else { 45 };
        let confidence = base + share.map_or(0, Share::percent) / 5 * 2;
        let decision = Decision { by: DecidedBy::Content, confidence, share };
        Candidate { field, index, decision, order }
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
            MappedField::Country | MappedField::Tags | MappedField::Attribute(_) => return None,
        };
        (content.filled > 0).then_some(Share { kind, count, of: content.filled })
    }
}

impl Share {
    /// The share in percent.
    #[must_use]
    pub fn percent(self) -> u8 {
        let percent = self.count * 100 / self.of.max(1);
        u8::try_from(percent).unwrap_or(100)
    }
}
