//! Labels beside phones and e-mail addresses: `Phone 1 - Label` and `Phone 1 - Value`, `phones.2.type` and `phones.2.number`,
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
        let stems: Vec<(usize, String)> = stems.collect();
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
        labels.collect()
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
        return (path.len() < text.len() && is_point(header::meaning(path))).then(|| folded(path));
    }
    let text = folded(text);
    let without_number = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = &text[without_number.len()..];
    let stems = WORDS.phone_labels.iter().filter_map(|label| without_number.strip_suffix(&**label));
    let is_stem =
        |stem: &&str| is_point(header::exact(stem.trim_end_matches(|c: char| c.is_ascii_digit())));
    stems.filter(is_stem).map(|stem| format!("{stem}{number}")).next()
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
