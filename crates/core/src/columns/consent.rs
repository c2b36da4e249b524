//! Columns that say who does not want to be written to.

use std::sync::LazyLock;

use foldhash::HashSet;

use crate::cells::phone::is_date;
use crate::columns::field::MappedField;
use crate::columns::header::{self, HeaderMeaning, words_of};
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
    no_refusal: HashSet<String>,
    opt_out_header: HashSet<String>,
    refused: HashSet<String>,
    open_question: HashSet<String>,
    channel: HashSet<String>,
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
            "refused" => &mut self.refused,
            "opt-out-header" => &mut self.opt_out_header,
            "no-refusal" => &mut self.no_refusal,
            "open-question" => &mut self.open_question,
            "channel" => &mut self.channel,
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

/// The marks of the refusals in ASCII. They sort out nearly every tag, which is as short as a refusal.
static MARKS: LazyLock<HashSet<u32>> = LazyLock::new(|| {
    let refusals = WORDS.opt_out.iter().chain(&WORDS.refusal);
    refusals.map(|word| word.bytes().fold(NO_TEXT, with_byte)).collect()
});

/// The mark of no text.
const NO_TEXT: u32 = 0x811c_9dc5;

/// The mark of the letters and digits of a text in ASCII, in any case, and of one more byte: FNV-1a of 32 bits.
const fn with_byte(mark: u32, byte: u8) -> u32 {
    match byte.is_ascii_alphanumeric() {
        true => (mark ^ byte.to_ascii_lowercase() as u32).wrapping_mul(0x0100_0193),
        false => mark,
    }
}

/// Whether one of the tags in a cell may be a refusal: in one pass, as nearly none is.
fn may_have_refusal(tags: &str) -> bool {
    let marks = &*MARKS;
    let mut mark = NO_TEXT;
    for byte in tags.bytes() {
        match byte {
            b',' | b';' | b'|' if marks.contains(&mark) => return true,
            b',' | b';' | b'|' => mark = NO_TEXT,
            0x80.. => return true,
            _ => mark = with_byte(mark, byte),
        }
    }
    marks.contains(&mark)
}

/// What a column says of consents: what `yes` means in it, or that its text may be a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    /// The person may be written to.
    In,
    /// The person does not want to be written to.
    Out,
    /// Nothing, unless the whole cell is a refusal.
    Remark,
    /// Nothing, unless one of the tags is a refusal.
    Tags,
}

/// Whether a column is one of consents, by its header. Of a path in JSON such as `user.consent.sms`, the
/// end may say so; a column of remarks may have any words beside that one, as only a refusal counts in it.
pub(crate) fn of_header(header: &str) -> Option<Consent> {
    // `unsubscribedAt.$date`, `optedOut.BOOL`, `hs_email_optout.value`.
    let mut header = header.strip_suffix(".$date").unwrap_or(header);
    while let Some((before, step)) = header.rsplit_once('.')
        && header::is_container_step(step)
    {
        header = before;
    }
    let is_question = header.trim_end().ends_with('?');
    let path_ends = header.match_indices('.').map(|(dot, _)| &header[dot + 1..]);
    let names: Vec<&str> = std::iter::once(header).chain(path_ends).collect();
    let is_any = |words: &HashSet<String>| names.iter().any(|name| words.contains(&folded(name)));
    let says =
        |words: &HashSet<String>| is_any(words) || names.iter().any(|name| says(name, words));
    let asks = || is_question && asks_for_consent(header);
    let mut words = header.split(|c: char| c.is_whitespace() || c.is_ascii_punctuation());
    if says(&WORDS.opt_out) || says(&WORDS.opt_out_header) {
        Some(Consent::Out)
    } else if says(&WORDS.opt_in) || asks() {
        Some(Consent::In)
    } else if header::meaning(header) == Some(HeaderMeaning::Tags) {
        Some(Consent::Tags)
    } else if is_any(&WORDS.remark) || words.any(|word| WORDS.remark.contains(&folded(word))) {
        Some(Consent::Remark)
    } else {
        None
    }
}

/// Whether a question is one for yes or no, about whether somebody may be written to.
fn asks_for_consent(question: &str) -> bool {
    let words: Vec<String> = words_of(question).into_iter().map(folded).collect();
    let whole = words.concat();
    WORDS.channel.contains(&whole)
        || WORDS.question.iter().any(|word| whole.contains(word.as_str()))
            && !words.iter().any(|word| WORDS.open_question.contains(word))
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

/// The columns of consents of a header row, each with its index; those that hold a person's name, phone or
/// address are none.
pub(crate) fn columns(header: &[String], fields: &[(MappedField, usize)]) -> Vec<(usize, Consent)> {
    use MappedField::{Email, Name, Phone};
    let is_of_person = |index: usize| {
        let mut of_person =
            fields.iter().filter(|(field, _)| matches!(field, Email | Name | Phone));
        of_person.any(|&(_, column)| column == index)
    };
    let of = |(index, name): (usize, &String)| {
        of_header(name).filter(|_| !is_of_person(index)).map(|of| (index, of))
    };
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
            Consent::Out => is_yes(cell) || begins_with_refusal(cell),
            Consent::In => is_no(cell) || begins_with_refusal(cell),
            Consent::Remark => is_refusal(cell),
            Consent::Tags => may_have_refusal(cell) && cell.split([',', ';', '|']).any(is_refusal),
        }
    }

    /// What the cell of such a column says.
    pub(crate) fn read(self, cell: &str) -> ConsentReading {
        if self.is_opt_out(cell) {
            return ConsentReading::Refused;
        }
        let is_no_refusal = || says_word(cell, &WORDS.no_refusal);
        let is_given = match self {
            Consent::Out => is_no(cell) || says_word(cell, &WORDS.opt_in) || is_no_refusal(),
            Consent::In => is_yes(cell) || is_agreement(cell) || is_no_refusal(),
            Consent::Remark | Consent::Tags => return ConsentReading::Nothing,
        };
        if is_given {
            ConsentReading::Given
        } else if is_blank(cell) || says_nothing(cell) {
            ConsentReading::Nothing
        } else {
            ConsentReading::NotUnderstood
        }
    }
}

/// Whether a cell is a yes or a no, and nothing else.
pub(crate) fn is_answer(cell: &str) -> bool {
    let word = folded(cell);
    let is_number = cell.bytes().any(|byte| byte.is_ascii_digit());
    !is_number && (WORDS.yes.contains(&word) || WORDS.no.contains(&word))
        || is_made_of(cell, TICKS)
        || is_made_of(cell, CROSSES)
}

/// Whether a cell says yes, or has the day on which somebody did.
fn is_yes(cell: &str) -> bool {
    says_word(cell, &WORDS.yes) || is_made_of(cell, TICKS) || is_day(cell.trim())
}

/// Whether a cell is a date, also with the name of its month: `12 Mar 2024`.
fn is_day(cell: &str) -> bool {
    const MONTHS: &str = "jan feb mar apr may jun jul aug sep oct nov dec";
    let is_month = |part: &str| {
        let month = part.get(..3).map(str::to_ascii_lowercase);
        part.len() <= 9 && month.is_some_and(|month| MONTHS.split(' ').any(|known| known == month))
    };
    let is_number = |part: &str| part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = cell.split([' ', '-', '.', ',', '/']).filter(|part| !part.is_empty());
    let three = [parts.next(), parts.next(), parts.next()].map(Option::unwrap_or_default);
    let is_named = three.iter().filter(|part| is_month(part)).count() == 1
        && three.iter().filter(|part| !part.is_empty() && is_number(part)).count() == 2;
    is_date(cell) || is_named && parts.next().is_none()
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

/// Whether a cell is such a word, or begins with one that is set off: `No - e-mail only`, `Y (by phone)`.
fn says_word(cell: &str, words: &HashSet<String>) -> bool {
    let first = set_off(cell);
    // `1-2` says neither.
    let is_word = first.chars().count() > 1 || cell.contains(" (") && !cell.starts_with('0');
    words.contains(&folded(cell)) || is_word && words.contains(&folded(first))
}

/// What stands before the first mark, or the first digit behind a space.
fn set_off(cell: &str) -> &str {
    let is_mark = |c: char| matches!(c, '-' | '–' | '—' | '(' | ',' | ';' | ':' | '.');
    let mark = cell.find(is_mark);
    let mut spaces = cell.match_indices(' ').map(|(at, _)| at);
    let digit = spaces.find(|&at| cell[at + 1..].starts_with(|c: char| c.is_ascii_digit()));
    let end = mark.into_iter().chain(digit).min();
    end.map_or("", |end| cell[..end].trim())
}

/// Whether the text is a refusal, or begins with one that is set off: `Opted out 2024-01-02`.
fn begins_with_refusal(cell: &str) -> bool {
    says_word(cell, &WORDS.refused) || is_refusal(cell) || is_refusal(set_off(cell))
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
