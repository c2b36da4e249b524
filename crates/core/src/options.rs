//! Options for reading contacts: [`Options`], and the choices in it.

use contactmill_phone::Region;

/// How contacts are read; the default is the careful choice everywhere.
///
/// ```
/// use contactmill_core::options::PhoneMode;
/// use contactmill_core::{Options, Region};
///
/// let options = Options {
///     region: Some(Region::IN),
///     phones: PhoneMode::Strict,
///     ..Options::default()
/// };
/// assert!(options.add_tags.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The region of numbers without a country calling code, where the record names none.
    pub region: Option<Region>,
    /// How phone cells are read.
    pub phones: PhoneMode,
    /// What digits without `+` mean.
    pub bare_digits: BareDigits,
    /// Which kinds of line are taken.
    pub line_type: LineTypePolicy,
    /// How good a number must be.
    pub accept: Acceptance,
    /// What to do with a record that has no name.
    pub missing_name: MissingName,
    /// What to do with a bad e-mail address.
    pub bad_email: BadEmail,
    /// Tags that every contact gets, after its own.
    pub add_tags: Vec<String>,
}

/// How phone cells are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PhoneMode {
    /// Recognise damage; repair it where the repair can be proved, else reject the cell.
    #[default]
    Recover,
    /// Read cells exactly as libphonenumber does, without repairs.
    Strict,
}

/// What digits without `+` mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BareDigits {
    /// A number of the record's region.
    #[default]
    National,
    /// A country calling code and a number: the user says so.
    International,
}

/// Which kinds of line are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LineTypePolicy {
    /// Every kind.
    #[default]
    Any,
    /// Mobile, and fixed-line-or-mobile where the plan does not distinguish them.
    Mobile,
}

/// How good a number must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Acceptance {
    /// Its numbering plan assigns such numbers.
    #[default]
    Valid,
    /// The right length is enough.
    Possible,
}

/// What to do with a record that has no name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MissingName {
    /// The number in international format stands in, with a warning.
    #[default]
    Phone,
    /// The record is rejected.
    Reject,
}

/// What to do with a bad e-mail address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadEmail {
    /// It becomes empty, with a warning.
    #[default]
    Drop,
    /// The record is rejected.
    Reject,
}
