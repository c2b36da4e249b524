//! A phone number and what the numbering plan says of it.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::plans::Territory;
use crate::{ParseError, Region};

/// A phone number: country calling code, national number, and what its numbering plan says.
///
/// Only reading text makes one: [`parse`](crate::parse()), or [`FromStr`] for text that says its
/// country calling code. [`Display`](fmt::Display) writes E.164. Two numbers are equal when the calling code and the
/// national number (with its leading zeros) are; they are ordered by their E.164 digits as text.
///
/// ```
/// use contactmill_phone::parse;
///
/// let rome = parse("+39 06 1234 5678", None)?;
/// assert_eq!(rome.national_number().to_string(), "0612345678");
/// assert_eq!(size_of_val(&rome), 16);
/// # Ok::<(), contactmill_phone::ParseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct PhoneNumber {
    /// The digits of the national number, without its leading zeros.
    pub(crate) digits: u64,
    pub(crate) calling_code: u16,
    pub(crate) leading_zeros: u8,
    pub(crate) length: LengthCheck,
    pub(crate) region: Option<Region>,
    pub(crate) line_type: LineType,
}

impl PhoneNumber {
    /// The country calling code without `+`: 91 for India, 1 for North America (ITU-T E.164).
    #[must_use]
    pub const fn calling_code(self) -> u16 {
        self.calling_code
    }

    /// The national (significant) number: all digits after the country calling code.
    #[must_use]
    pub const fn national_number(self) -> NationalNumber {
        NationalNumber { digits: self.digits, leading_zeros: self.leading_zeros }
    }

    /// The number as `+` and digits, without any layout (ITU-T E.164).
    #[must_use]
    pub const fn e164(self) -> E164 {
        E164(self)
    }

    /// The number laid out for readers abroad, after ITU-T E.123: `+91 98765 43210`.
    ///
    /// ```
    /// let number = contactmill_phone::parse("+919876543210", None)?;
    /// assert_eq!(number.international().to_string(), "+91 98765 43210");
    /// # Ok::<(), contactmill_phone::ParseError>(())
    /// ```
    #[must_use]
    pub const fn international(self) -> International {
        International(self)
    }

    /// Whether the numbering plan of the number's region assigns such numbers.
    #[must_use]
    pub const fn is_valid(self) -> bool {
        // libphonenumber calls a number valid when it is of a known type in its region.
        self.region.is_some() && !matches!(self.line_type, LineType::Unknown)
    }

    /// Whether the number has a length that its calling code allows, if only for local calls.
    #[must_use]
    pub const fn is_possible(self) -> bool {
        matches!(self.length, LengthCheck::Possible | LengthCheck::PossibleLocalOnly)
    }

    /// What the numbering plan says of the number's length.
    ///
    /// ```
    /// use contactmill_phone::{LengthCheck, parse};
    ///
    /// assert_eq!(parse("+91 98765", None)?.length_check(), LengthCheck::TooShort);
    /// # Ok::<(), contactmill_phone::ParseError>(())
    /// ```
    #[must_use]
    pub const fn length_check(self) -> LengthCheck {
        self.length
    }

    /// The region that the number belongs to, if its digits say.
    #[must_use]
    pub const fn region(self) -> Option<Region> {
        self.region
    }

    /// The kind of line; [`LineType::Unknown`] when the number is not valid.
    #[must_use]
    pub const fn line_type(self) -> LineType {
        self.line_type
    }

    /// Everything that is known of the number, as two integers.
    pub(crate) const fn to_bits(self) -> [u64; 2] {
        let region = match self.region {
            Some(region) => region as u64 + 1,
            None => 0,
        };
        let (length, line_type) = (self.length as u64, self.line_type as u64);
        let (code, zeros) = (self.calling_code as u64, self.leading_zeros as u64);
        [self.digits, code | zeros << 16 | length << 24 | line_type << 32 | region << 40]
    }

    /// The number whose [`to_bits`](PhoneNumber::to_bits) these are, without asking the numbering
    /// plans again.
    pub(crate) fn from_bits([digits, rest]: [u64; 2]) -> Option<Self> {
        let [code_low, code_high, leading_zeros, length, line_type, region @ ..] =
            rest.to_le_bytes();
        Some(PhoneNumber {
            digits,
            calling_code: u16::from_le_bytes([code_low, code_high]),
            leading_zeros,
            length: *LengthCheck::ALL.get(usize::from(length))?,
            region: match u16::from_le_bytes([region[0], region[1]]) {
                0 => None,
                index => Some(*Region::ALL.get(usize::from(index) - 1)?),
            },
            line_type: *LineType::ALL.get(usize::from(line_type))?,
        })
    }

    fn key(self) -> (u16, u8, u64) {
        (self.calling_code, self.leading_zeros, self.digits)
    }
}

/// The number in E.164 form, as [`e164`](PhoneNumber::e164) gives it.
impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.e164().fmt(f)
    }
}

/// Reads a number that says its country calling code.
///
/// ```
/// use contactmill_phone::PhoneNumber;
///
/// let number: PhoneNumber = "+91 98765 43210".parse()?;
/// assert_eq!(number.to_string(), "+919876543210");
/// assert!("98765 43210".parse::<PhoneNumber>().is_err());
/// # Ok::<(), contactmill_phone::ParseError>(())
/// ```
impl FromStr for PhoneNumber {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        crate::parse(text, None)
    }
}

/// As text in E.164 form.
#[cfg(feature = "serde")]
impl serde::Serialize for PhoneNumber {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.e164())
    }
}

/// From text, as [`FromStr`] reads it.
#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for PhoneNumber {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl PartialEq for PhoneNumber {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for PhoneNumber {}

impl Hash for PhoneNumber {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl Ord for PhoneNumber {
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut left, mut right) = (DigitText::default(), DigitText::default());
        left.push_number(*self);
        right.push_number(*other);
        left.as_str().cmp(right.as_str())
    }
}

impl PartialOrd for PhoneNumber {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({}", self.e164())?;
        if let Some(region) = self.region {
            write!(f, " {region}")?;
        }
        write!(f, " {:?})", self.line_type)
    }
}

/// The national number of a [`PhoneNumber`], as digits: its [`Display`](fmt::Display) keeps
/// leading zeros, which Italy and a few other plans have.
///
/// ```
/// let number = contactmill_phone::parse("+39 06 1234 5678", None)?;
/// assert_eq!(format!("{:>12}", number.national_number()), "  0612345678");
/// # Ok::<(), contactmill_phone::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NationalNumber {
    digits: u64,
    leading_zeros: u8,
}

impl NationalNumber {
    /// The digits as one number, without what the leading zeros say.
    ///
    /// ```
    /// let number = contactmill_phone::parse("+39 06 1234 5678", None)?;
    /// assert_eq!(number.national_number().value(), 612_345_678);
    /// # Ok::<(), contactmill_phone::ParseError>(())
    /// ```
    #[must_use]
    pub const fn value(self) -> u64 {
        self.digits
    }

    /// How many zeros stand before the digits of [`value`](NationalNumber::value).
    ///
    /// ```
    /// let number = contactmill_phone::parse("+39 06 1234 5678", None)?;
    /// assert_eq!(number.national_number().leading_zeros(), 1);
    /// # Ok::<(), contactmill_phone::ParseError>(())
    /// ```
    #[must_use]
    pub const fn leading_zeros(self) -> u8 {
        self.leading_zeros
    }
}

impl fmt::Display for NationalNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = DigitText::default();
        text.push_national(*self);
        f.pad(text.as_str())
    }
}

/// A [`PhoneNumber`] in E.164 form; its [`Display`](fmt::Display) is `+` and digits.
///
/// ```
/// let number = contactmill_phone::parse("+44 1534 123456", None)?;
/// assert_eq!(number.e164().to_string(), "+441534123456");
/// # Ok::<(), contactmill_phone::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct E164(PhoneNumber);

impl fmt::Display for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = DigitText::default();
        text.push(b'+');
        text.push_number(self.0);
        f.pad(text.as_str())
    }
}

/// A [`PhoneNumber`] laid out for readers abroad; see [`PhoneNumber::international`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct International(PhoneNumber);

impl fmt::Display for International {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let International(number) = *self;
        let (mut text, mut national) = (DigitText::default(), DigitText::default());
        text.push(b'+');
        text.push_integer(number.calling_code.into());
        text.push(b' ');
        national.push_national(number.national_number());
        let national = national.as_bytes();
        let layout = Territory::of_calling_code(number.calling_code).map_or("", |territory| {
            let mut values = [0; DigitText::MOST];
            let values = &mut values[..national.len()];
            values.iter_mut().zip(national).for_each(|(value, digit)| *value = digit - b'0');
            territory.layout(values)
        });
        let mut digits = national.iter();
        for mark in layout.bytes() {
            match mark {
                b'#' => digits.next().into_iter().for_each(|&digit| text.push(digit)),
                b'_' => drop(digits.next()),
                other => text.push(other),
            }
        }
        digits.for_each(|&digit| text.push(digit));
        f.pad(text.as_str())
    }
}

/// The kinds of line that numbering plans distinguish, as libphonenumber names them.
///
/// ```
/// use contactmill_phone::{LineType, parse};
///
/// assert_eq!(parse("+44 20 7946 0018", None)?.line_type(), LineType::FixedLine);
/// assert_eq!(LineType::TollFree.as_str(), "toll_free");
/// # Ok::<(), contactmill_phone::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum LineType {
    /// A line at a place.
    FixedLine,
    /// A mobile line.
    Mobile,
    /// One of the two; plans such as North America's do not distinguish them.
    FixedLineOrMobile,
    /// The called party pays.
    TollFree,
    /// The caller pays more than for a call.
    PremiumRate,
    /// Both parties pay.
    SharedCost,
    /// Voice over IP.
    Voip,
    /// A number that follows a person over several lines.
    PersonalNumber,
    /// A pager.
    Pager,
    /// A universal access number: one for all offices of a company.
    Uan,
    /// Access to voice mail.
    Voicemail,
    /// None of the plan's kinds: the number is not valid.
    Unknown,
}

impl LineType {
    /// Every kind.
    pub const ALL: &'static [LineType] = &[
        LineType::FixedLine,
        LineType::Mobile,
        LineType::FixedLineOrMobile,
        LineType::TollFree,
        LineType::PremiumRate,
        LineType::SharedCost,
        LineType::Voip,
        LineType::PersonalNumber,
        LineType::Pager,
        LineType::Uan,
        LineType::Voicemail,
        LineType::Unknown,
    ];

    /// The name in lower case with `_` between words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            LineType::FixedLine => "fixed_line",
            LineType::Mobile => "mobile",
            LineType::FixedLineOrMobile => "fixed_line_or_mobile",
            LineType::TollFree => "toll_free",
            LineType::PremiumRate => "premium_rate",
            LineType::SharedCost => "shared_cost",
            LineType::Voip => "voip",
            LineType::PersonalNumber => "personal_number",
            LineType::Pager => "pager",
            LineType::Uan => "uan",
            LineType::Voicemail => "voicemail",
            LineType::Unknown => "unknown",
        }
    }

    /// Whether such a line may be a mobile: [`Mobile`](LineType::Mobile) or
    /// [`FixedLineOrMobile`](LineType::FixedLineOrMobile).
    #[must_use]
    pub const fn may_be_mobile(self) -> bool {
        matches!(self, LineType::Mobile | LineType::FixedLineOrMobile)
    }
}

/// As its name; see [`as_str`](LineType::as_str).
#[cfg(feature = "serde")]
impl serde::Serialize for LineType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl fmt::Display for LineType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a numbering plan says of the number of digits, as libphonenumber reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum LengthCheck {
    /// Numbers of this length exist.
    Possible,
    /// Numbers of this length can only be dialled from nearby (without an area code).
    PossibleLocalOnly,
    /// Shorter than every number of the plan.
    TooShort,
    /// Longer than every number of the plan.
    TooLong,
    /// Between the shortest and the longest, but no number has this length.
    InvalidLength,
    /// No plan has such a calling code.
    InvalidCountryCode,
}

impl LengthCheck {
    /// Every answer.
    pub const ALL: &'static [LengthCheck] = &[
        LengthCheck::Possible,
        LengthCheck::PossibleLocalOnly,
        LengthCheck::TooShort,
        LengthCheck::TooLong,
        LengthCheck::InvalidLength,
        LengthCheck::InvalidCountryCode,
    ];
}

/// The digits of one number on the stack: `+`, at most 5 digits of a `u16`, at most 255 zeros that
/// libphonenumber in fact limits to the 17 digits of a national number, and what layout there is
/// between them.
struct DigitText {
    bytes: [u8; DigitText::MOST],
    len: usize,
}

impl Default for DigitText {
    fn default() -> Self {
        DigitText { bytes: [0; DigitText::MOST], len: 0 }
    }
}

impl DigitText {
    const MOST: usize = 1 + 5 + 20 + 20 + 18;

    fn push(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    fn push_integer(&mut self, mut value: u64) {
        let mut reversed = [0; 20];
        let mut count = 0;
        loop {
            reversed[count] = b'0' + (value % 10) as u8;
            value /= 10;
            count += 1;
            if value == 0 {
                break;
            }
        }
        for &digit in reversed[..count].iter().rev() {
            self.push(digit);
        }
    }

    fn push_national(&mut self, number: NationalNumber) {
        for _ in 0..number.leading_zeros {
            self.push(b'0');
        }
        self.push_integer(number.digits);
    }

    fn push_number(&mut self, number: PhoneNumber) {
        self.push_integer(number.calling_code.into());
        self.push_national(number.national_number());
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn as_str(&self) -> &str {
        // Only ASCII is ever pushed.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    #[test]
    fn a_number_survives_the_way_through_bits() {
        for (place, &line_type) in LineType::ALL.iter().enumerate() {
            assert_eq!(line_type as usize, place);
        }
        for (place, &length) in LengthCheck::ALL.iter().enumerate() {
            assert_eq!(length as usize, place);
        }
        for text in ["+39 06 1234 5678", "+91 98765 43210", "+800 1234 5678", "+49 12"] {
            let number = parse(text, None).unwrap();
            let carried = PhoneNumber::from_bits(number.to_bits()).unwrap();
            assert_eq!(crate::__private::facts(carried), crate::__private::facts(number));
        }
        assert!(PhoneNumber::from_bits([0, u64::MAX]).is_none());
    }

    #[cfg(feature = "serde")]
    #[test]
    fn serde_writes_e164_and_reads_it_back() {
        let number = parse("+39 06 1234 5678", None).unwrap();
        let json = serde_json::to_string(&(number, number.region(), number.line_type())).unwrap();
        assert_eq!(json, r#"["+390612345678","IT","fixed_line"]"#);
        let (read, region, _): (PhoneNumber, Region, String) = serde_json::from_str(&json).unwrap();
        assert_eq!((read, Some(region)), (number, number.region()));
        assert!(serde_json::from_str::<PhoneNumber>("\"98765\"").is_err());
    }

    #[test]
    fn a_number_is_small() {
        assert!(size_of::<PhoneNumber>() <= 16);
        assert!(size_of::<Option<PhoneNumber>>() <= 16);
    }

    #[test]
    fn numbers_are_ordered_by_their_e164_text() {
        let mut numbers: Vec<PhoneNumber> =
            ["+4930123456", "+390612345678", "+39312345678", "+12015550123", "+919876543210"]
                .iter()
                .map(|text| parse(text, None).unwrap())
                .collect();
        numbers.sort_unstable();
        let sorted: Vec<String> = numbers.iter().map(|number| number.e164().to_string()).collect();
        let mut texts = sorted.clone();
        texts.sort_unstable();
        assert_eq!(sorted, texts);
    }

    #[test]
    fn leading_zeros_make_another_number() {
        let with = parse("+39 06 1234 5678", None).unwrap();
        let without = parse("+39 6 1234 5678", None).unwrap();
        assert_ne!(with, without);
        assert_eq!(with.e164().to_string(), "+390612345678");
        assert_eq!(without.e164().to_string(), "+39612345678");
    }
}
