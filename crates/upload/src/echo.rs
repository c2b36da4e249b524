//! Values of contacts in the words of a service: many repeat what they refuse, and those words are shown.

use std::cmp::Reverse;

use serde_json::Value;

use crate::answer::FIELD_NAMES;
use crate::token::MASKED;

/// A shorter value stands in any text by chance, and says nothing of anybody.
const MIN_CHARACTERS: usize = 3;

/// Of longer words the end is left out. Far fewer characters are shown.
const MAX_CHARACTERS: usize = 8_000;

/// The words without the values of these contacts (JSON), however their letters are written.
pub(crate) fn masked_values(words: &str, contacts: &[u8]) -> String {
    let contacts = serde_json::from_slice(contacts).unwrap_or_default();
    let mut values = Vec::new();
    collect(&contacts, &mut values);
    // One may hold another, such as an address the name of its owner.
    values.sort_unstable_by_key(|value| Reverse(value.len()));
    let words = words.chars().take(MAX_CHARACTERS).collect();
    values.iter().fold(words, |words: String, value| without(&words, value))
}

/// All texts in a value that somebody may be known by. The keys of attributes are names of columns.
fn collect<'v>(value: &'v Value, values: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => {
            // What a field is called tells whose fault it is.
            let is_field = || FIELD_NAMES.iter().any(|name| name.eq_ignore_ascii_case(text));
            if text.chars().count() >= MIN_CHARACTERS && !is_field() {
                values.push(text);
            }
        }
        Value::Array(of) => of.iter().for_each(|value| collect(value, values)),
        Value::Object(of) => {
            let read = of.iter().filter(|(name, _)| *name != "key");
            read.for_each(|(_, value)| collect(value, values));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn without(words: &str, value: &str) -> String {
    // Of the same length in bytes, so that places in one are places in the other.
    let (lower, value) = (words.to_ascii_lowercase(), value.to_ascii_lowercase());
    let (mut masked, mut from) = (String::with_capacity(words.len()), 0);
    for (at, found) in lower.match_indices(&value) {
        masked.push_str(&words[from..at]);
        masked.push_str(MASKED);
        from = at + found.len();
    }
    masked.push_str(&words[from..]);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTACTS: &[u8] = br#"[{"profile":{"userDetails":{"userProvidedName":"Asha Rao",
        "contact":{"email":"asha@example.com","phone":{"number":"9876543210","prefix":"91"}},
        "tags":["phone"],"attributes":[{"key":"City","value":"Pune"}]}}}]"#;

    #[test]
    fn a_service_that_repeats_a_contact_shows_nothing_of_it() {
        for (words, shown) in [
            ("Bot not found", "Bot not found"),
            ("phone +919876543210 of ASHA RAO is taken", "phone +91******** of ******** is taken"),
            ("Asha@Example.com: bad email", "********: bad email"),
            ("City: Pune; City: Pune", "City: ********; City: ********"),
            ("é Asha Rao é", "é ******** é"),
        ] {
            assert_eq!(masked_values(words, CONTACTS), shown);
        }
        assert_eq!(masked_values("Asha Rao", b"no JSON"), "Asha Rao");
    }
}
