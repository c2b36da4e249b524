//! Columns that a privacy officer would not send along unasked, by their headers and by identifiers in
//! their cells. It is advice: nothing is left out by it.

use std::collections::{HashMap as ByScheme, HashSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use foldhash::HashMap;

use crate::cells::identifier::{self, IdentifierKind, SCHEMES};
use crate::columns::header::words_of;
use crate::data;
use crate::text::folded;

/// Minimum number of different identifiers in a column. One cell in ten has a right check digit by chance.
const ENOUGH_IDENTIFIERS: u64 = 8;

/// Number of words in the longest row of the table.
const MOST_WORDS: usize = 5;

/// What stands in `data/sensitive-columns.tsv` before the kind of words that are a header alone.
const ALONE: &str = "alone.";

/// Why values are sensitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Sensitive {
    /// They are identity documents, or numbers of a person that an authority gave out.
    Identity,
    /// They are numbers of payment cards.
    Card,
    /// They are bank accounts.
    Bank,
    /// They are dates of birth.
    BirthDate,
    /// They are about health.
    Health,
    /// They are about insurance.
    Insurance,
    /// They are about religion or belief.
    Belief,
    /// They are about ethnic origin.
    Ethnicity,
    /// They are about political opinions.
    Politics,
    /// They are about membership of a trade union.
    TradeUnion,
    /// They are about sexual orientation.
    Sexuality,
    /// They are about crimes.
    Crime,
    /// They are about what somebody earns.
    Income,
    /// They are passwords, tokens, answers to secret questions.
    Secret,
}

impl Sensitive {
    /// Every kind, with its code and what it means.
    const ALL: [(Sensitive, &'static str, &'static str); 14] = [
        (Sensitive::Identity, "identity", "identity document or number"),
        (Sensitive::Card, "card", "payment card"),
        (Sensitive::Bank, "bank", "bank account"),
        (Sensitive::BirthDate, "birth-date", "date of birth"),
        (Sensitive::Health, "health", "health"),
        (Sensitive::Insurance, "insurance", "insurance"),
        (Sensitive::Belief, "belief", "religion or belief"),
        (Sensitive::Ethnicity, "ethnicity", "ethnic origin"),
        (Sensitive::Politics, "politics", "political opinion"),
        (Sensitive::TradeUnion, "trade-union", "trade union"),
        (Sensitive::Sexuality, "sexuality", "sexual orientation"),
        (Sensitive::Crime, "crime", "criminal record"),
        (Sensitive::Income, "income", "income"),
        (Sensitive::Secret, "secret", "password or secret"),
    ];

    /// The kind with this code.
    fn of_code(code: &str) -> Option<Self> {
        Sensitive::ALL.iter().find(|(_, known, _)| *known == code).map(|&(kind, ..)| kind)
    }

    /// Its stable code.
    ///
    /// ```
    /// use contactmill_core::columns::Sensitive;
    ///
    /// assert_eq!(Sensitive::BirthDate.code(), "birth-date");
    /// assert_eq!(Sensitive::BirthDate.meaning(), "date of birth");
    /// ```
    #[must_use]
    pub fn code(self) -> &'static str {
        Sensitive::ALL[self as usize].1
    }

    /// What it means, in a few words.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        Sensitive::ALL[self as usize].2
    }
}

/// A column that would go out as an attribute and looks sensitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SensitiveColumn {
    /// The column, from 0.
    pub column: usize,
    /// Why it is sensitive.
    pub kind: Sensitive,
    /// Whether its header says so.
    pub by_header: bool,
    /// The identifiers in its cells, where they say so.
    pub identifiers: Option<IdentifierShare>,
}

/// How many cells of the sample hold identifiers of one scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IdentifierShare {
    /// What people call them, such as `CPF`.
    pub scheme: &'static str,
    /// Cells whose check digits are those of the scheme.
    pub count: u64,
    /// Filled cells.
    pub of: u64,
    kind: IdentifierKind,
}

impl fmt::Display for IdentifierShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.count == 1 { "reads" } else { "read" };
        write!(f, "{} of {} cells {verb} as {}", self.count, self.of, self.scheme)
    }
}

/// The words of `data/sensitive-columns.tsv`, folded, without the spaces between them.
#[derive(Default)]
struct Words {
    anywhere: HashMap<String, Sensitive>,
    alone: HashMap<String, Sensitive>,
    /// Words of scripts that have no spaces.
    unspaced: Vec<(String, Sensitive)>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words::default();
    for [kind, _, text] in data::rows(data::SENSITIVE_COLUMNS) {
        let Some((kind, is_alone)) = of_kind(kind) else { continue };
        let text = folded(text);
        match is_alone {
            true => _ = words.alone.insert(text, kind),
            false if text.contains(is_unspaced) => words.unspaced.push((text, kind)),
            false => _ = words.anywhere.insert(text, kind),
        }
    }
    words
});

/// The kind of a row of the table, and whether its words must be the whole header.
pub(crate) fn of_kind(kind: &str) -> Option<(Sensitive, bool)> {
    match kind.strip_prefix(ALONE) {
        Some(kind) => Sensitive::of_code(kind).map(|kind| (kind, true)),
        None => Sensitive::of_code(kind).map(|kind| (kind, false)),
    }
}

/// Han, kana and Thai, which are written without spaces.
const fn is_unspaced(c: char) -> bool {
    matches!(c as u32, 0x0E00..=0x0E7F | 0x3040..=0x30FF | 0x3400..=0x9FFF)
}

/// Why a column is sensitive by its header.
pub(crate) fn of_header(header: &str) -> Option<Sensitive> {
    let whole = folded(header);
    let known = WORDS.alone.get(&whole).or_else(|| WORDS.anywhere.get(&whole));
    let unspaced = || WORDS.unspaced.iter().find(|(word, _)| whole.contains(word.as_str()));
    known.or_else(|| unspaced().map(|(_, kind)| kind)).copied().or_else(|| of_words(header))
}

/// Why a header is sensitive by some of its words.
fn of_words(header: &str) -> Option<Sensitive> {
    let words: Vec<String> = words_of(header).into_iter().map(folded).collect();
    (0..words.len()).find_map(|first| {
        let mut joined = String::new();
        words[first..].iter().take(MOST_WORDS).find_map(|word| {
            joined.push_str(word);
            WORDS.anywhere.get(&joined).copied()
        })
    })
}

/// The identifiers in the cells of a column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identifiers {
    /// By scheme: how many cells fit, and a hash of each that is different.
    by_scheme: ByScheme<usize, (u64, HashSet<u64>)>,
}

impl Identifiers {
    /// Looks at a cell.
    pub(crate) fn add(&mut self, cell: &str) {
        for scheme in identifier::schemes_of(cell) {
            let mut hasher = DefaultHasher::new();
            cell.hash(&mut hasher);
            let (count, different) = self.by_scheme.entry(scheme).or_default();
            *count += 1;
            different.insert(hasher.finish());
        }
    }

    /// The scheme that most cells fit, if at least four in five of those that are filled do, and enough
    /// of them are different.
    pub(crate) fn share(&self, filled: u64) -> Option<IdentifierShare> {
        let proved = self.by_scheme.iter().filter(|(_, (count, different))| {
            5 * count >= 4 * filled && different.len() as u64 >= ENOUGH_IDENTIFIERS
        });
        let best = proved.max_by_key(|&(scheme, (count, _))| (*count, std::cmp::Reverse(*scheme)));
        best.map(|(&scheme, &(count, _))| IdentifierShare {
            scheme: SCHEMES[scheme].name,
            count,
            of: filled,
            kind: SCHEMES[scheme].kind,
        })
    }
}

/// Why a column is sensitive, by its header and by the identifiers in its cells.
pub(crate) fn of_column(
    column: usize,
    header: &str,
    identifiers: Option<IdentifierShare>,
) -> Option<SensitiveColumn> {
    let by_header = of_header(header);
    let by_cells = identifiers.map(|share| match share.kind {
        IdentifierKind::Identity => Sensitive::Identity,
        IdentifierKind::BankAccount => Sensitive::Bank,
        IdentifierKind::PaymentCard => Sensitive::Card,
    });
    // What is proved outweighs what is said.
    let kind = by_cells.or(by_header)?;
    Some(SensitiveColumn { column, kind, by_header: by_header == Some(kind), identifiers })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_stand_in_the_order_of_their_table() {
        for (index, (kind, code, meaning)) in Sensitive::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, index);
            assert_eq!((kind.code(), kind.meaning()), (code, meaning));
        }
    }

    #[test]
    fn no_row_has_more_words_than_are_looked_at() {
        for [_, _, text] in data::rows::<3>(data::SENSITIVE_COLUMNS) {
            assert!(words_of(text).len() <= MOST_WORDS, "{text}");
        }
    }

    fn share_of(cells: impl Iterator<Item = String>) -> Option<IdentifierShare> {
        let (mut identifiers, mut filled) = (Identifiers::default(), 0);
        for cell in cells {
            identifiers.add(&cell);
            filled += 1;
        }
        identifiers.share(filled)
    }

    #[test]
    fn random_digits_are_no_identifiers_in_any_number_of_cells() {
        let mut state = 7_u64;
        for length in [8, 9, 10, 11, 12, 13, 14, 15, 16, 19] {
            for cells in [1, 5, 8, 20, 200] {
                let random = std::iter::repeat_with(|| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    format!("{:019}", state >> 1)[..length].to_owned()
                });
                assert_eq!(share_of(random.take(cells)), None, "{length} digits");
            }
        }
    }

    #[test]
    fn one_identifier_in_every_cell_proves_nothing() {
        assert_eq!(share_of((0..50).map(|_| "4111 1111 1111 1111".to_owned())), None);
    }
}
