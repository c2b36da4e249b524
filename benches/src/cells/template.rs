//! Texts with a place for a number, as data.

use fastrand::Rng;

use super::second::Draft;
use super::standing::Skip;
use super::{Demand, Kind, Truth};
use crate::contacts::draw::{one_of, push_digits};

/// What a cell gives once the number stands in the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Gives {
    /// The number, by a repair that the design names.
    Number,
    /// The number; the design asks for its own reading only where nothing else was to be repaired.
    NumberAlone,
    /// The number or a rejection: the design leaves it open.
    Open,
    /// A rejection for this reason.
    Nothing(&'static [&'static str]),
}

/// Texts with a place for a number: `{}` for the number as it is written, `{digits}` and `{e164}`
/// for its own digits, `{x}` for an extension, `{flag}` for the flag of its country and `{name}` for
/// an invented name.
pub(super) struct Template {
    pub(super) name: Kind,
    pub(super) warnings: &'static [&'static str],
    pub(super) gives: Gives,
    pub(super) texts: &'static [&'static str],
}

/// Invented, and some of them end like the word before an extension.
const NAMES: &[&str] = &[
    "Asha Verma",
    "Ravi",
    "Max",
    "Alex",
    "Beatrix",
    "Félix Moreau",
    "Jan de Vries",
    "Siobhán O'Neill",
    "Dr. Meera Pillai",
    "Mrs Okafor",
    "Ana-Lucía",
    "Мария",
    "Олена Коваль",
    "田中 花子",
    "王小明",
    "김하늘",
    "سارة",
    "דנה",
    "अनिता",
    "Ελένη",
    "Tote",
    "Poste",
];

impl Template {
    /// In how many of 100 cells the number must be written as `+` and digits.
    pub(super) fn share_of_digits(&self) -> u32 {
        let with_digits = self.texts.iter().filter(|text| has_digits(text)).count();
        (with_digits * 100 / self.texts.len()) as u32
    }

    /// The cell with the text around it.
    pub(super) fn put(&self, rng: &mut Rng, mut draft: Draft) -> Result<Draft, Skip> {
        let text = one_of(rng, self.texts);
        // Quotes within quotes would have been escaped.
        if text.contains('"') && draft.text.contains('"') {
            return Err(Skip::Inapplicable);
        }
        let mut written = text.replace("{name}", one_of(rng, NAMES));
        if has_digits(text) {
            let number = draft.known().ok_or(Skip::Inapplicable)?.numbers[0].clone();
            if draft.text != number.to_string() {
                return Err(Skip::Inapplicable);
            }
            written = written.replace("{digits}", &number.digits());
            written = written.replace("{e164}", &number.to_string());
        }
        if text.contains("{flag}") {
            let region = draft.known().and_then(|known| known.numbers[0].region());
            written = written.replace("{flag}", &flag(region.ok_or(Skip::Inapplicable)?));
        }
        if text.contains("{x}") {
            let mut digits = rng.u8(1..10).to_string();
            let more = usize::from(rng.u8(1..4));
            push_digits(rng, more, &mut digits);
            written = written.replace("{x}", &digits);
            extend(&mut draft.truth, digits)?;
        }
        draft.text = written.replace("{}", &draft.text);
        self.given(draft)
    }

    fn given(&self, draft: Draft) -> Result<Draft, Skip> {
        if let Truth::Unrecoverable(_) = draft.truth {
            return Ok(Draft { truth: Truth::Unrecoverable(&[]), ..draft });
        }
        let has_several = draft.known().is_some_and(|known| known.numbers.len() > 1);
        Ok(match self.gives {
            Gives::Number => draft.repaired(),
            Gives::NumberAlone if draft.is_plain => draft.repaired(),
            Gives::NumberAlone => draft.doubtful().demanding(Demand::Phone),
            // Of several numbers, one or all may be meant.
            Gives::Open | Gives::Nothing(_) if has_several => return Err(Skip::Inapplicable),
            Gives::Open => Draft { is_plain: false, ..draft.doubtful().demanding(Demand::Phone) },
            Gives::Nothing(_) if !draft.is_plain => return Err(Skip::Inapplicable),
            Gives::Nothing(reasons) => Draft { truth: Truth::Unrecoverable(reasons), ..draft },
        })
    }
}

fn has_digits(text: &str) -> bool {
    text.contains("{digits}") || text.contains("{e164}")
}

/// `🇮🇳` for India.
fn flag(region: rlibphonenumber::Region) -> String {
    let code = region.as_region_str();
    let letters = code.as_str().chars();
    letters.filter_map(|c| char::from_u32(c as u32 - 'A' as u32 + 0x1f1e6)).collect()
}

/// One number, which has no extension yet, gets one.
fn extend(truth: &mut Truth, digits: String) -> Result<(), Skip> {
    match truth {
        Truth::Clean(known) | Truth::Recoverable(known) | Truth::Undecidable(known)
            if known.numbers.len() == 1 && known.extension.is_none() =>
        {
            known.extension = Some(digits);
            Ok(())
        }
        _ => Err(Skip::Inapplicable),
    }
}
