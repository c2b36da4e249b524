//! Columns that say who does not want to be written to.

use std::sync::LazyLock;

use foldhash::HashSet;

use crate::cells::phone::is_date;
use crate::columns::header::words_of;
use crate::data::{self, Prefilter};
use crate::text::{folded, is_blank, says_nothing};

/// The rows of `data/consent-columns.tsv` by kind, folded.
#[derive(Default)]
pub(crate) struct Words {
    opt_out: HashSet<String>,
    opt_in: HashSet<String>,
    beside: HashSet<String>,
    question: HashSet<String>,
    remark: HashSet<String>,
    refusal: HashSet<String>,
    agreement: HashSet<String>,
    yes: HashSet<String>,
    no: HashSet<String>,
}

impl Words {
    pub(crate) fn of_kind(&mut self, kind: &str) -> Option<&mut HashSet<String>> {
        Some(match kind {
            "opt-out" => &mut self.opt_out,
            "opt-in" => &mut self.opt_in,
            "beside" => &mut self.beside,
            "question" => &mut self.question,
            "remark" => &mut self.remark,
            "refusal" => &mut self.refusal,
            "agreement" => &mut self.agreement,
            "yes" => &mut self.yes,
            "no" => &mut self.no,
            _ => return None,
        })
    }
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words::default();
    for [kind, _, word] in data::rows(data::CONSENT_COLUMNS) {
        if let Some(of_kind) = words.of_kind(kind) {
            of_kind.insert(folded(word));
        }
    }
    words
});

/// Sort out nearly every remark before it is compared: few begin like a refusal and are as short.
const FILTERS: [Prefilter; 2] = [
    Prefilter::of(data::CONSENT_COLUMNS, "opt-out"),
    Prefilter::of(data::CONSENT_COLUMNS, "refusal"),
];

/// What a column says of consents: what `yes` means in it, or that its text may be a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    /// The person may be written to.
    In,
    /// The person does not want to be written to.
    Out,
    /// Nothing, unless the whole cell is a refusal.
    Remark,
}

/// Whether a column is one of consents, by its header. Of a path in JSON such as `user.consent.sms`, the
/// end may say so; a column of remarks may have any words beside that one, as only a refusal counts in it.
pub(crate) fn of_header(header: &str) -> Option<Consent> {
    let is_question = header.trim_end().ends_with('?');
    let whole = folded(header);
    let path_ends = header.match_indices('.').map(|(dot, _)| &header[dot + 1..]);
    let names: Vec<&str> = std::iter::once(header).chain(path_ends).collect();
    let is_any = |words: &HashSet<String>| names.iter().any(|name| words.contains(&folded(name)));
    let says =
        |words: &HashSet<String>| is_any(words) || names.iter().any(|name| says(name, words));
    let asks = || is_question && WORDS.question.iter().any(|word| whole.contains(word.as_str()));
    let mut words = header.split(|c: char| c.is_whitespace() || c.is_ascii_punctuation());
    if says(&WORDS.opt_out) {
        Some(Consent::Out)
    } else if says(&WORDS.opt_in) || asks() {
        Some(Consent::In)
    } else if is_any(&WORDS.remark) || words.any(|word| WORDS.remark.contains(&folded(word))) {
        Some(Consent::Remark)
    } else {
        None
    }
}

/// Whether a header says one of these, with nothing around it but words that change nothing:
/// `Has unsubscribed from marketing emails`.
fn says(header: &str, meant: &HashSet<String>) -> bool {
    let words: Vec<String> = words_of(header).into_iter().map(folded).collect();
    (0..words.len()).take_while(|&start| are_beside(&words[..start])).any(|start| {
        let mut ends = (start + 1..=words.len()).filter(|&end| are_beside(&words[end..]));
        ends.any(|end| meant.contains(&words[start..end].concat()))
    })
}

/// Whether words change nothing, each by itself or with the next: `e-mail`, `WhatsApp`.
fn are_beside(mut words: &[String]) -> bool {
    while let Some(rest) = [2, 1].into_iter().find_map(|count| {
        let (first, rest) = words.split_at_checked(count)?;
        WORDS.beside.contains(&first.concat()).then_some(rest)
    }) {
        words = rest;
    }
    words.is_empty()
}

/// The columns of consents of a header row, each with its index.
pub(crate) fn columns(header: &[String]) -> Vec<(usize, Consent)> {
    let of = |(index, name): (usize, &String)| Some((index, of_header(name)?));
    header.iter().enumerate().filter_map(of).collect()
}

/// What the cell of a column of consents says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConsentReading {
    /// Nothing: it is empty, or a remark that is no refusal.
    Nothing,
    /// The person may be written to.
    Given,
    /// The person does not want to be written to.
    Refused,
    /// One of the two, in words that are not known.
    NotUnderstood,
}

impl Consent {
    /// Whether the cell of such a column says that the person does not want to be written to.
    pub(crate) fn is_opt_out(self, cell: &str) -> bool {
        if cell.is_empty() {
            return false;
        }
        match self {
            // `opted out`, in whatever column. The day on which somebody did says so, too.
            Consent::Out => is_yes(cell) || is_refusal(cell),
            Consent::In => is_no(cell) || is_refusal(cell),
            Consent::Remark => is_refusal(cell),
        }
    }

    /// What the cell of such a column says.
    pub(crate) fn read(self, cell: &str) -> ConsentReading {
        let is_given = || match self {
            Consent::Out => is_no(cell) || is_agreement(cell),
            Consent::In => is_yes(cell) || is_agreement(cell),
            Consent::Remark => false,
        };
        if self.is_opt_out(cell) {
            ConsentReading::Refused
        } else if is_given() {
            ConsentReading::Given
        } else if self == Consent::Remark || is_blank(cell) || says_nothing(cell) {
            ConsentReading::Nothing
        } else {
            ConsentReading::NotUnderstood
        }
    }
}

/// Whether a cell says yes, or has the day on which somebody did.
fn is_yes(cell: &str) -> bool {
    says_word(cell, &WORDS.yes) || is_made_of(cell, TICKS) || is_date(cell.trim())
}

fn is_no(cell: &str) -> bool {
    says_word(cell, &WORDS.no) || is_made_of(cell, CROSSES)
}

/// Whether a cell says that the person may be written to: `Subscribed`, `Opted in`.
fn is_agreement(cell: &str) -> bool {
    says_word(cell, &WORDS.opt_in) || says_word(cell, &WORDS.agreement)
}

/// Marks for yes and for no, as forms and spreadsheets have them.
const TICKS: &[char] = &['✓', '✔', '☑', '✅', '•', '●'];
const CROSSES: &[char] = &['✗', '✘', '✕', '✖', '❌', '❎', '☐'];

fn is_made_of(cell: &str, marks: &[char]) -> bool {
    // A variation selector, which makes a picture of the mark, may stand behind it.
    let mut characters = cell.chars().filter(|&c| !c.is_whitespace() && c != '\u{fe0f}').peekable();
    characters.peek().is_some() && characters.all(|c| marks.contains(&c))
}

/// Whether a cell is such a word, or begins with one that is more than a letter and set off: `No - e-mail only`.
fn says_word(cell: &str, words: &HashSet<String>) -> bool {
    let is_mark = |c: char| matches!(c, '-' | '–' | '—' | '(' | ',' | ';' | ':' | '.');
    let first = cell.split_once(is_mark).map_or("", |(first, _)| first.trim());
    words.contains(&folded(cell)) || first.chars().count() > 1 && words.contains(&folded(first))
}

/// Whether the whole text is a refusal: `Do not call!`, and not `Do not call before noon`.
fn is_refusal(text: &str) -> bool {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c.is_ascii_punctuation());
    if !FILTERS.iter().any(|filter| filter.may_be(text)) {
        return false;
    }
    let word = folded(text);
    WORDS.opt_out.contains(&word) || WORDS.refusal.contains(&word)
}
