//! Cells that identify a person or an account, proved by their check digits.
//!
//! The formulas are those of the agencies that give the numbers out; `docs/sources.md` names them.
//! `tests/cells/identifiers.tsv` has the cases.

use iban::Iban;

use crate::cells::check_digits::{
    are_cpf_digits, begins_with_birth_date, is_checked_mod_11, is_day, is_korean, luhn, verhoeff,
};
use crate::text::{ascii_digit, is_invisible};

/// What an identifier is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdentifierKind {
    Identity,
    BankAccount,
    PaymentCard,
}

/// Identifiers of one form.
pub(crate) struct Scheme {
    /// What people call them.
    pub(crate) name: &'static str,
    pub(crate) kind: IdentifierKind,
    fits: fn(&str) -> bool,
}

impl Scheme {
    const fn identity(name: &'static str, fits: fn(&str) -> bool) -> Self {
        Scheme { name, kind: IdentifierKind::Identity, fits }
    }
}

/// Every scheme. Of those that fit a column equally well, the first counts: the ones with most check
/// digits come first.
pub(crate) const SCHEMES: [Scheme; 22] = [
    Scheme { name: "IBAN", kind: IdentifierKind::BankAccount, fits: is_iban },
    Scheme { name: "card number", kind: IdentifierKind::PaymentCard, fits: is_card },
    // Brazil, Turkey, Russia, France, Belgium: two check digits.
    Scheme::identity("CPF", |text| {
        digits(text)
            .is_some_and(|id: [u32; 11]| id.iter().any(|&d| d != id[0]) && are_cpf_digits(&id))
    }),
    Scheme::identity("T.C. kimlik no", |text| digits(text).is_some_and(is_turkish)),
    Scheme::identity("SNILS", |text| digits(text).is_some_and(is_russian)),
    Scheme::identity("NIR", is_french),
    Scheme::identity("Belgian national number", |text| digits(text).is_some_and(is_belgian)),
    // A date of birth, a form of letters, and a check digit.
    Scheme::identity("Chinese resident id", is_chinese),
    Scheme::identity("CURP", is_mexican),
    Scheme::identity("codice fiscale", is_italian),
    Scheme::identity("PAN", is_indian_tax_id),
    Scheme::identity("DNI or NIE", is_spanish),
    Scheme::identity("Emirates ID", |text| {
        digits(text).is_some_and(|id: [u32; 15]| text.starts_with("784") && luhn(&id))
    }),
    Scheme::identity("South African ID", |text| {
        digits(text).is_some_and(|id: [u32; 13]| begins_with_birth_date(&id) && luhn(&id))
    }),
    Scheme::identity("resident registration number", |text| {
        digits(text).is_some_and(|id: [u32; 13]| begins_with_birth_date(&id) && is_korean(&id))
    }),
    Scheme::identity("PESEL", |text| digits(text).is_some_and(is_polish)),
    Scheme::identity("personnummer", |text| {
        let id = if text.len() == 12 { &text[2..] } else { text };
        digits(id).is_some_and(|id: [u32; 10]| begins_with_birth_date(&id) && luhn(&id))
    }),
    // One check digit.
    Scheme::identity("CUIT", |text| {
        let has_prefix = ["20", "23", "24", "27"].iter().any(|prefix| text.starts_with(prefix));
        digits(text).is_some_and(|id: [u32; 11]| has_prefix && is_checked_mod_11(&id, 2..=7))
    }),
    Scheme::identity("Aadhaar", |text| {
        digits(text).is_some_and(|id: [u32; 12]| id[0] > 1 && verhoeff(&id))
    }),
    Scheme::identity("Thai ID", |text| {
        let is_checked =
            |id: [u32; 13]| id[0] > 0 && id[12] == (11 - weighted(&id[..12], 13) % 11) % 10;
        digits(text).is_some_and(is_checked)
    }),
    Scheme::identity("RUT", is_chilean),
    Scheme::identity("BSN", |text| {
        let is_checked = |id: [u32; 9]| weighted(&id[..8], 9) % 11 == id[8] && weighted(&id, 9) > 0;
        digits(text).is_some_and(is_checked)
    }),
];

/// Which of the schemes a cell fits, by their index.
pub(crate) fn schemes_of(cell: &str) -> impl Iterator<Item = usize> {
    let text = compact(cell);
    let fits = move |&at: &usize| text.as_deref().is_some_and(|text| (SCHEMES[at].fits)(text));
    (0..SCHEMES.len()).filter(fits)
}

/// The letters in upper case and the digits of a cell, if it may be an identifier.
fn compact(cell: &str) -> Option<String> {
    if !(8..=64).contains(&cell.len()) {
        return None;
    }
    let mut text = String::with_capacity(cell.len());
    for c in cell.trim().chars().filter(|&c| !is_invisible(c)) {
        match ascii_digit(c) {
            Some(digit) => text.push(digit),
            None if c.is_ascii_alphabetic() => text.push(c.to_ascii_uppercase()),
            None if matches!(c, ' ' | '-' | '.' | '/' | '\u{A0}') => {}
            None => return None,
        }
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (digits >= 4 && (8..=34).contains(&text.len())).then_some(text)
}

/// The digits of a text that is this long and has nothing else.
fn digits<const COUNT: usize>(text: &str) -> Option<[u32; COUNT]> {
    let mut digits = [0; COUNT];
    if text.len() != COUNT {
        return None;
    }
    for (digit, c) in digits.iter_mut().zip(text.chars()) {
        *digit = c.to_digit(10)?;
    }
    Some(digits)
}

/// The sum of digits by weights that fall by one from the first.
fn weighted(digits: &[u32], first: u32) -> u32 {
    digits.iter().zip((0..=first).rev()).map(|(digit, weight)| digit * weight).sum()
}

/// A number of two digits.
const fn pair(digits: &[u32], at: usize) -> u32 {
    10 * digits[at] + digits[at + 1]
}

/// Whether a text has a form: `A` for a letter, `0` for a digit, `?` for either.
fn has_form(text: &str, form: &str) -> bool {
    let fits = |(c, form): (u8, u8)| match form {
        b'A' => c.is_ascii_uppercase(),
        b'0' => c.is_ascii_digit(),
        _ => true,
    };
    text.len() == form.len() && text.bytes().zip(form.bytes()).all(fits)
}

fn is_iban(text: &str) -> bool {
    has_form(text.get(..4).unwrap_or_default(), "AA00") && text.parse::<Iban>().is_ok()
}

/// A number of a large card scheme (ISO/IEC 7812-1). 15 digits are of American Express alone: those of a
/// mobile's IMEI have the same check digit.
fn is_card(text: &str) -> bool {
    let all_digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(10)).collect();
    let prefix = text.get(..4).and_then(|prefix| prefix.parse::<u32>().ok());
    let (Some(digits), Some(prefix)) = (all_digits, prefix) else { return false };
    let is_of_scheme = match digits.len() {
        // Diners Club.
        14 => matches!(prefix, 3000..=3059 | 3600..=3699 | 3800..=3999),
        15 => matches!(prefix, 3400..=3499 | 3700..=3799),
        // Visa, Mastercard, Mir, JCB, Discover, RuPay, UnionPay.
        16 => matches!(prefix,
            2200..=2204 | 2221..=2720 | 3528..=3589 | 4000..=5599 | 6011 | 6200..=6299 | 6440..=6599
            | 8100..=8299),
        // Visa, UnionPay.
        13 | 19 => matches!(prefix, 4000..=4999 | 6200..=6299),
        _ => false,
    };
    is_of_scheme && luhn(&digits)
}

/// T.C. kimlik numarası.
fn is_turkish(id: [u32; 11]) -> bool {
    let odd: u32 = id[..9].iter().step_by(2).sum();
    let even: u32 = id[1..9].iter().step_by(2).sum();
    // Tenfold, so that nothing is below zero.
    let first = (7 * odd + 9 * even) % 10;
    id[0] > 0 && id[9] == first && id[10] == id[..10].iter().sum::<u32>() % 10
}

/// СНИЛС.
fn is_russian(id: [u32; 11]) -> bool {
    let sum = weighted(&id[..9], 9);
    sum > 0 && pair(&id, 9) == sum % 101 % 100
}

/// Numéro d'inscription au répertoire; Corsica has letters for its departments.
fn is_french(text: &str) -> bool {
    if text.len() != 15 || !text.starts_with(['1', '2']) {
        return false;
    }
    let (id, check) = text.split_at(13);
    let id = match (&id[5..7], id[..5].parse::<u32>()) {
        ("2A", Ok(_)) => format!("{}19{}", &id[..5], &id[7..]),
        ("2B", Ok(_)) => format!("{}18{}", &id[..5], &id[7..]),
        _ => id.to_owned(),
    };
    let is_checked = |id: u64, check: u64| check == 97 - id % 97;
    id.parse().ok().zip(check.parse().ok()).is_some_and(|(id, check)| is_checked(id, check))
}

/// Numéro de registre national, rijksregisternummer; a 2 stands before those of births since 2000.
fn is_belgian(id: [u32; 11]) -> bool {
    let number = id[..9].iter().fold(0, |number, digit| 10 * number + digit);
    let is_checked = |number: u32| pair(&id, 9) == 97 - number % 97;
    begins_with_birth_date(&id) && (is_checked(number) || is_checked(2_000_000_000 + number))
}

/// GB 11643, whose check character is that of ISO 7064 MOD 11-2.
fn is_chinese(text: &str) -> bool {
    let Some(id) = text.get(..17).and_then(digits::<17>).filter(|_| text.len() == 18) else {
        return false;
    };
    let sum = id.iter().fold(0, |sum, digit| 2 * (sum + digit) % 11);
    let check = (12 - sum) % 11;
    let is_check = match text.as_bytes()[17] {
        b'X' => check == 10,
        last => u32::from(last.wrapping_sub(b'0')) == check,
    };
    is_check && matches!(pair(&id, 6), 19..=20) && is_day(pair(&id, 10), pair(&id, 12))
}

/// Clave Única de Registro de Población.
fn is_mexican(text: &str) -> bool {
    // The Ñ stands between N and O.
    let value = |c: u8| match c {
        b'0'..=b'9' => u32::from(c - b'0'),
        b'A'..=b'N' => u32::from(c - b'A') + 10,
        _ => u32::from(c - b'A') + 11,
    };
    if !has_form(text, "AAAA000000AAAAAA?0") {
        return false;
    }
    let weights = (2..=18_u32).rev();
    let sum: u32 = text.bytes().zip(weights).map(|(c, weight)| value(c) * weight).sum();
    value(text.as_bytes()[17]) == (10 - sum % 10) % 10
}

/// Codice fiscale: each character counts by its place (decree of 23 December 1976).
fn is_italian(text: &str) -> bool {
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    if !has_form(text, "AAAAAA??A??A???A") {
        return false;
    }
    let value = |c: u8| if c.is_ascii_digit() { c - b'0' } else { c - b'A' };
    let of_place = |(place, c): (usize, u8)| match place % 2 {
        0 => ODD[usize::from(value(c))],
        _ => u32::from(value(c)),
    };
    let sum: u32 = text.bytes().take(15).enumerate().map(of_place).sum();
    u32::from(value(text.as_bytes()[15])) == sum % 26
}

/// Permanent Account Number: no check digit that is published, but a form of its own, whose fourth letter
/// is the kind of its holder.
fn is_indian_tax_id(text: &str) -> bool {
    has_form(text, "AAAAA0000A") && b"ABCFGHJLPT".contains(&text.as_bytes()[3])
}

/// Documento Nacional de Identidad, Número de Identidad de Extranjero.
fn is_spanish(text: &str) -> bool {
    const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    if !has_form(text, "?0000000A") {
        return false;
    }
    let first = match text.as_bytes()[0] {
        letter @ b'X'..=b'Z' => letter - b'X',
        c if c.is_ascii_digit() => c - b'0',
        _ => return false,
    };
    let rest: Option<usize> = text[1..8].parse().ok();
    let number = rest.map(|rest| usize::from(first) * 10_000_000 + rest);
    number.is_some_and(|number| LETTERS[number % 23] == text.as_bytes()[8])
}

/// Powszechny Elektroniczny System Ewidencji Ludności; the century is part of the month.
fn is_polish(id: [u32; 11]) -> bool {
    let weights = [1, 3, 7, 9].into_iter().cycle();
    let sum: u32 = id[..10].iter().zip(weights).map(|(digit, weight)| digit * weight).sum();
    is_day(pair(&id, 2) % 20, pair(&id, 4)) && id[10] == (10 - sum % 10) % 10
}

/// Rol Único Tributario, with a digit or a K behind.
fn is_chilean(text: &str) -> bool {
    let Some((id, check)) = text.split_at_checked(text.len() - 1) else { return false };
    let digits: Option<Vec<u32>> = id.chars().map(|c| c.to_digit(10)).collect();
    let Some(digits) = digits.filter(|id| matches!(id.len(), 7 | 8) && id[0] > 0) else {
        return false;
    };
    let sum: u32 =
        digits.iter().rev().zip((2..=7).cycle()).map(|(digit, weight)| digit * weight).sum();
    match 11 - sum % 11 {
        11 => check == "0",
        10 => check == "K",
        rest => check.parse() == Ok(rest),
    }
}
