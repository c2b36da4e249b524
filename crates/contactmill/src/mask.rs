//! Dots in the place of personal data.

use serde_json::Value;

/// Masks what is personal in a contact. Keys and calling codes are not.
pub(crate) fn mask(value: &mut Value) {
    match value {
        Value::String(text) => *text = masked(text),
        Value::Array(values) => values.iter_mut().for_each(mask),
        Value::Object(fields) => {
            for (key, value) in fields {
                if key != "key" && key != "prefix" {
                    mask(value);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The text with dots for all but the first letter of every word, and the last two digits of a
/// number.
fn masked(text: &str) -> String {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let mut seen = 0;
    let mut is_first = true;
    text.chars()
        .map(|c| {
            let was_first = std::mem::replace(&mut is_first, !c.is_alphanumeric());
            seen += usize::from(c.is_ascii_digit());
            match c {
                _ if c.is_ascii_digit() && seen + 2 > digits && digits >= 7 => c,
                _ if c.is_alphabetic() && was_first => c,
                _ if c.is_alphanumeric() => '·',
                _ => c,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_known_by_a_masked_value() {
        assert_eq!(masked("Asha Verma-Rao"), "A··· V····-R··");
        assert_eq!(masked("asha@example.com"), "a···@e······.c··");
        assert_eq!(masked("9876543210"), "········10");
        assert_eq!(masked("+91 98765 43210"), "+·· ····· ···10");
        assert_eq!(masked("Flat 12"), "F··· ··");
    }
}
