//! The arithmetic of check digits, and of dates in identity numbers.

/// Whether the last two of eleven digits are those of a CPF.
pub(crate) fn are_cpf_digits(id: &[u32]) -> bool {
    is_checked_mod_11(&id[..10], 2..=11) && is_checked_mod_11(id, 2..=12)
}

/// Year, month and day, two digits each.
pub(crate) fn begins_with_birth_date(id: &[u32]) -> bool {
    is_day(10 * id[2] + id[3], 10 * id[4] + id[5])
}

pub(crate) fn is_day(month: u32, day: u32) -> bool {
    matches!(month, 1..=12) && matches!(day, 1..=31)
}

/// The check digit of South Korea: weights from the left.
pub(crate) fn is_korean(id: &[u32]) -> bool {
    let weights = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5];
    let sum: u32 = id.iter().zip(weights).map(|(digit, weight)| digit * weight).sum();
    id[12] == (11 - sum % 11) % 10
}

/// Whether the last digit is the remainder that weights give, from the right, again and again.
pub(crate) fn is_checked_mod_11(digits: &[u32], weights: std::ops::RangeInclusive<u32>) -> bool {
    let Some((&check, digits)) = digits.split_last() else { return false };
    let sum: u32 =
        digits.iter().rev().zip(weights.cycle()).map(|(digit, weight)| digit * weight).sum();
    // 10 and 11 are written as 0 (or as a letter, which is no digit).
    check == (11 - sum % 11) % 11 % 10
}

/// The check digit of ISO/IEC 7812-1.
pub(crate) fn luhn(digits: &[u32]) -> bool {
    let doubled = |(place, &digit): (usize, &u32)| match place % 2 {
        1 => digit * 2 / 10 + digit * 2 % 10,
        _ => digit,
    };
    digits.iter().rev().enumerate().map(doubled).sum::<u32>().is_multiple_of(10)
}

/// The check digit of J. Verhoeff (1969): products in the dihedral group of order 10.
pub(crate) fn verhoeff(digits: &[u32]) -> bool {
    const PERMUTATION: [u32; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let product = |a: u32, b: u32| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b) % 5,
        (false, true) => 5 + (a - b) % 5,
        (false, false) => (5 + a - b) % 5,
    };
    let permuted = |place: usize, digit: u32| {
        (0..place % 8).fold(digit, |digit, _| PERMUTATION[digit as usize])
    };
    digits
        .iter()
        .rev()
        .enumerate()
        .fold(0, |check, (place, &digit)| product(check, permuted(place, digit)))
        == 0
}
