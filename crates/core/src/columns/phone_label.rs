//! Labels beside phones and e-mail addresses: `Phone 1 - Label` and `Phone 1 - Value`, `phones.2.type` and `phones.2.number`,
//! `phone kind` and `phone` of a vCard.
//!
//! Which column labels which is told by their headers alone. Whose a number is can differ from record to
//! record; so it is a label in the record, and not the header, that takes a fax or a father out.

use crate::cells::phone;
use crate::columns::field::MappedField;
use crate::columns::header::{self, HeaderMeaning, WORDS, is_of_others, words_of};
use crate::columns::party::{self, Party, Standing};
use crate::reason::Reason;
use crate::text::folded;

/// The column of a phone or an e-mail address, and one that says what kind it is. There may be several of
/// these: `type` and `label`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LabelColumn {
    of: usize,
    label: usize,
}

impl LabelColumn {
    /// Those of all columns that have one.
    pub(crate) fn all(header: &[String], fields: &[(MappedField, usize)]) -> Vec<Self> {
        let stems = header.iter().enumerate().filter_map(|(at, text)| Some((at, labelled(text)?)));
        let mut stems: Vec<(usize, String)> = stems.collect();
        if stems.is_empty() {
            return Vec::new();
        }
        let is_point =
            |field: &MappedField| matches!(field, MappedField::Phone | MappedField::Email);
        let points = fields.iter().filter(|(field, _)| is_point(field));
        let labels = points.flat_map(|&(_, of)| {
            let known = stems_of(&header[of]);
            let is_label =
                move |&&(at, ref stem): &&(usize, String)| at != of && known.contains(stem);
            stems.iter().filter(is_label).map(move |&(label, _)| LabelColumn { of, label })
        });
        let mut labels: Vec<Self> = labels.collect();
        // `Mobile` and `Number Type`: there is no other phone that it can be of.
        let mut phones = fields.iter().filter(|(field, _)| *field == MappedField::Phone);
        if let (Some(&(_, of)), None) = (phones.next(), phones.next()) {
            stems.retain(|(at, stem)| {
                let is_used = *at == of || labels.iter().any(|column| column.label == *at);
                !is_used && !header[*at].contains('.') && is_phone(stem)
            });
            labels.extend(stems.into_iter().map(|(label, _)| LabelColumn { of, label }));
        }
        labels
    }

    /// The columns of the labels of this column.
    pub(crate) fn of(all: &[Self], point: usize) -> impl Iterator<Item = usize> {
        all.iter().filter(move |column| column.of == point).map(|column| column.label)
    }
}

/// Why what has this label is not the contact's, if it is not.
pub(crate) fn refusal(label: &str) -> Option<Reason> {
    let words = words_of(label);
    // `homeFax`, `fax1`, as programs write it.
    let is_one_word = label.chars().all(char::is_alphanumeric);
    let has_fax = |word: &&str| !phone::says_fax(word) && folded(word).contains("fax");
    if phone::says_fax(label)
        || is_one_word && phone::says_fax(&words.join(" "))
        || words.iter().any(has_fax)
    {
        return Some(Reason::PhoneFax);
    }
    // A phone that is a fax, too, is a phone; one at the company is one at work.
    let is_known =
        |word: &str| phone::says_fax(word) || Party::of(word).names().any(|name| name == "company");
    let words: Vec<&str> = words.into_iter().filter(|word| !is_known(word)).collect();
    let is_of_another = Party::of(&words.join(" ")).standing() >= Standing::Other
        || words.into_iter().any(is_of_others)
        || phone::says_no_phone(label);
    is_of_another.then_some(Reason::PhoneNotOfContact)
}

/// Whether a stem without a number is that of a phone, or says no more than that it is a number.
fn is_phone(stem: &str) -> bool {
    matches!(header::exact(stem), Some(HeaderMeaning::Phone(_))) || WORDS.numbers.contains(stem)
}

/// Whether a header is that of the labels of a phone or an e-mail address.
pub(crate) fn is_label_of_phone(header: &str) -> bool {
    labelled(header).is_some()
}

/// What a header labels, folded, if that is a phone or an e-mail address: `phone1` for `Phone 1 - Label`.
fn labelled(text: &str) -> Option<String> {
    let is_point =
        |meaning| matches!(meaning, Some(HeaderMeaning::Phone(_) | HeaderMeaning::Email));
    if text.contains('.') {
        let mut path = text;
        // `phones.type.label`.
        while let Some((before, last)) = path.rsplit_once('.')
            && words_of(last).pop().is_some_and(|word| WORDS.phone_labels.contains(&folded(word)))
        {
            path = before;
        }
        // `contacts.relation` says whom all of the object is.
        let is_of_person = || {
            let last = text.rsplit('.').next().unwrap_or_default();
            let step = path.rsplit('.').next().unwrap_or_default();
            Party::of(last) != Party::default() && WORDS.is_person_step(&folded(step))
        };
        let is_label =
            path.len() < text.len() && (is_point(header::meaning(path)) || is_of_person());
        return is_label.then(|| folded(path));
    }
    let is_stem = |stem: &str| {
        let stem = stem.trim_end_matches(|c: char| c.is_ascii_digit());
        is_point(header::exact(stem)) || WORDS.numbers.contains(stem)
    };
    // `Type of phone`, `Tipo telefone`, `Whose number`.
    let words: Vec<String> = words_of(text).into_iter().map(folded).collect();
    if let [label, of @ ..] = words.as_slice()
        && WORDS.phone_labels.contains(label)
    {
        let fillers = of.iter().take_while(|word| party::is_filler(word)).count();
        let stem = of[fillers..].concat();
        if is_stem(&stem) {
            return Some(stem);
        }
    }
    let text = folded(text);
    let without_number = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = &text[without_number.len()..];
    let stems = WORDS.phone_labels.iter().filter_map(|label| without_number.strip_suffix(&**label));
    stems.filter(|stem| is_stem(stem)).map(|stem| format!("{stem}{number}")).next()
}

/// What the header of a label can leave of that of its phone.
fn stems_of(text: &str) -> Vec<String> {
    let mut stems = vec![folded(text)];
    if let Some((path, _)) = text.rsplit_once('.') {
        stems.push(folded(path));
    }
    for ending in ["value", "number", "no", "address"] {
        let stem = stems[0].strip_suffix(ending).map(str::to_owned);
        stems.extend(stem);
    }
    stems
}
