//! Texts with a place for a number, as data.

use fastrand::Rng;

use super::Kind;
use super::Truth;
use super::second::Draft;
use super::standing::Skip;
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
    /// Whether the number's own digits stand in one of the texts.
    pub(super) fn needs_digits(&self) -> bool {
        self.texts.iter().any(|text| text.contains("{digits}") || text.contains("{e164}"))
    }

    /// The cell with the text around it.
    pub(super) fn put(&self, rng: &mut Rng, mut draft: Draft) -> Result<Draft, Skip> {
        let text = one_of(rng, self.texts);
        let mut written = text.replace("{name}", one_of(rng, NAMES));
        if text.contains("{digits}") || text.contains("{e164}") {
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
        Ok(self.given(draft))
    }

    fn given(&self, draft: Draft) -> Draft {
        if let Truth::Unrecoverable(_) = draft.truth {
            return Draft { truth: Truth::Unrecoverable(&[]), ..draft };
        }
        match self.gives {
            Gives::Number => draft.repaired(),
            Gives::NumberAlone if draft.is_plain => draft.repaired(),
            Gives::NumberAlone => draft.doubtful(),
            Gives::Open => draft.doubtful().phone_only(),
            Gives::Nothing(reasons) => {
                let reasons = if draft.is_plain { reasons } else { &[] };
                Draft { truth: Truth::Unrecoverable(reasons), ..draft }
            }
        }
    }
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
