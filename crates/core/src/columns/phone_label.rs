//! Labels beside phones: `Phone 1 - Label` and `Phone 1 - Value`, `phones.2.type` and `phones.2.number`,
//! `phone kind` and `phone` of a vCard.
//!
//! Which column labels which is told by their headers alone. Whose a number is can differ from record to
//! record; so it is a label in the record, and not the header, that takes a fax or a father out.

use crate::cells::phone;
use crate::columns::field::MappedField;
use crate::columns::header::{self, HeaderMeaning, WORDS, is_of_others, words_of};
use crate::columns::party::{Party, Standing};
use crate::reason::Reason;
use crate::text::folded;

/// The column of a phone, and the one that says what kind of phone it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LabelColumn {
    phone: usize,
    label: usize,
}

impl LabelColumn {
    /// Those of all phone columns that have one.
    pub(crate) fn all(header: &[String], fields: &[(MappedField, usize)]) -> Vec<Self> {
        let stems: Vec<(usize, String)> = header
            .iter()
            .enumerate()
            .filter_map(|(at, text)| Some((at, labelled(text)?)))
            .collect();
        let phones = fields.iter().filter(|(field, _)| *field == MappedField::Phone);
        let column = |&(_, phone): &(MappedField, usize)| {
            let known = stems_of_phone(&header[phone]);
            let label = stems.iter().find(|(at, stem)| *at != phone && known.contains(stem));
            label.map(|&(label, _)| LabelColumn { phone, label })
        };
        phones.filter_map(column).collect()
    }

    /// The column of the label of this phone column.
    pub(crate) fn of(all: &[Self], phone: usize) -> Option<usize> {
        all.iter().find(|column| column.phone == phone).map(|column| column.label)
    }
}

/// Why a number with this label is not the contact's, if it is not.
pub(crate) fn refusal(label: &str) -> Option<Reason> {
    let words = words_of(label);
    // `homeFax`, as programs write it.
    let is_one_word = label.chars().all(char::is_alphanumeric);
    if phone::says_fax(label) || is_one_word && phone::says_fax(&words.join(" ")) {
        return Some(Reason::PhoneFax);
    }
    // A phone that is a fax, too, is a phone.
    let words: Vec<&str> = words.into_iter().filter(|word| !phone::says_fax(word)).collect();
    let is_of_another = Party::of(&words.join(" ")).standing() >= Standing::Other
        || words.into_iter().any(is_of_others)
        || phone::says_no_phone(label);
    is_of_another.then_some(Reason::PhoneNotOfContact)
}

/// What a header labels, folded, if that is a phone: `phone1` for `Phone 1 - Label`.
fn labelled(text: &str) -> Option<String> {
    if let Some((path, last)) = text.rsplit_once('.') {
        let last = words_of(last).pop().map(folded);
        let is_label = last.is_some_and(|word| WORDS.phone_labels.contains(&word));
        let is_phone = || matches!(header::meaning(path), Some(HeaderMeaning::Phone(_)));
        return (is_label && is_phone()).then(|| folded(path));
    }
    let text = folded(text);
    let without_number = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = &text[without_number.len()..];
    let stems = WORDS.phone_labels.iter().filter_map(|label| without_number.strip_suffix(&**label));
    let is_phone = |stem: &&str| {
        let stem = stem.trim_end_matches(|c: char| c.is_ascii_digit());
        matches!(header::exact(stem), Some(HeaderMeaning::Phone(_)))
    };
    stems.filter(is_phone).map(|stem| format!("{stem}{number}")).next()
}

/// What the header of a label can leave of that of its phone.
fn stems_of_phone(text: &str) -> Vec<String> {
    let mut stems = vec![folded(text)];
    if let Some((path, _)) = text.rsplit_once('.') {
        stems.push(folded(path));
    }
    for ending in ["value", "number", "no"] {
        let stem = stems[0].strip_suffix(ending).map(str::to_owned);
        stems.extend(stem);
    }
    stems
}
