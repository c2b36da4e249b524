//! Regions: the ISO 3166-1 alpha-2 codes that have a numbering plan.

use std::fmt;
use std::str::FromStr;

use crate::plans::Territory;

macro_rules! regions {
    ($($code:ident)*) => {
        /// A region with a numbering plan of its own.
        ///
        /// The variants are the ISO 3166-1 alpha-2 codes (with `AC`, `TA` and `XK`, which CLDR
        /// reserves in the same form) for which libphonenumber has metadata, and
        /// [`World`](Region::World) for calling codes that belong to no country, such as `+800`.
        ///
        /// ```
        /// use contactmill_phone::Region;
        ///
        /// let region: Region = "in".parse()?;
        /// assert_eq!(region, Region::IN);
        /// assert_eq!(region.to_string(), "IN");
        /// assert_eq!(region.calling_code(), Some(91));
        /// # Ok::<(), contactmill_phone::UnknownRegion>(())
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum Region {
            $(#[doc = concat!("ISO 3166-1 `", stringify!($code), "`.")] $code,)*
            /// `001`: calling codes shared by the whole world (`+800`, `+808`, `+870`, `+878`,
            /// `+881`, `+882`, `+883`, `+888`, `+979`).
            World,
        }

        impl Region {
            /// Every region, in order of its code; `World` comes last.
            pub const ALL: &'static [Region] = &[$(Region::$code,)* Region::World];

            /// The code as text: two capital letters, or `001`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Region::$code => stringify!($code),)*
                    Region::World => "001",
                }
            }
        }
    };
}

regions! {
    AC AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS
    BT BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG
    EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK HN HR HT
    HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR
    LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF
    NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD
    SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TG TH TJ TK TL TM TN TO TR TT TV TW
    TZ UA UG US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
}

impl Region {
    /// The position in [`ALL`](Region::ALL), from 0: for tables with an entry for each region.
    ///
    /// ```
    /// use contactmill_phone::Region;
    ///
    /// assert_eq!(Region::ALL[Region::IN.index()], Region::IN);
    /// ```
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The country calling code, without `+`; none for [`World`](Region::World), which has several.
    #[must_use]
    pub fn calling_code(self) -> Option<u16> {
        Some(Territory::of_region(self)?.code)
    }

    /// The main region of a country calling code: `US` for 1, [`World`](Region::World) for 800.
    ///
    /// ```
    /// use contactmill_phone::Region;
    ///
    /// assert_eq!(Region::of_calling_code(44), Some(Region::GB));
    /// assert_eq!(Region::of_calling_code(999), None);
    /// ```
    #[must_use]
    pub fn of_calling_code(code: u16) -> Option<Region> {
        Some(Territory::of_calling_code(code)?.region)
    }

    /// The same region in `rlibphonenumber`.
    pub(crate) fn to_libphonenumber(self) -> Option<rlibphonenumber::Region> {
        rlibphonenumber::Region::from_code(self.as_str()).ok()
    }

    pub(crate) fn from_libphonenumber(region: rlibphonenumber::Region) -> Option<Region> {
        region.as_region_str().as_str().parse().ok()
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text is no code of a [`Region`] with a numbering plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownRegion;

impl fmt::Display for UnknownRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an ISO 3166 region with a numbering plan; expected two letters such as IN")
    }
}

impl std::error::Error for UnknownRegion {}

/// As its code.
#[cfg(feature = "serde")]
impl serde::Serialize for Region {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Region {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl FromStr for Region {
    type Err = UnknownRegion;

    /// Reads a code in upper or lower case.
    fn from_str(text: &str) -> Result<Self, UnknownRegion> {
        let found = match text.as_bytes() {
            &[first, second] => letter(first)
                .zip(letter(second))
                .and_then(|(first, second)| BY_LETTERS[26 * first + second]),
            b"001" => Some(Region::World),
            _ => None,
        };
        found.ok_or(UnknownRegion)
    }
}

/// The place of a letter in the alphabet, from 0.
const fn letter(byte: u8) -> Option<usize> {
    match byte.to_ascii_uppercase() {
        letter @ b'A'..=b'Z' => Some((letter - b'A') as usize),
        _ => None,
    }
}

/// The regions by the two letters of their codes.
static BY_LETTERS: [Option<Region>; 26 * 26] = {
    let mut by_letters = [None; 26 * 26];
    let mut at = 0;
    while at < Region::ALL.len() {
        // The world has digits instead.
        if let [first, second] = *Region::ALL[at].as_str().as_bytes()
            && let (Some(first), Some(second)) = (letter(first), letter(second))
        {
            by_letters[26 * first + second] = Some(Region::ALL[at]);
        }
        at += 1;
    }
    by_letters
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_regions_are_those_of_the_metadata() {
        let mut theirs: Vec<Region> = rlibphonenumber::PHONE_NUMBER_UTIL
            .get_supported_regions()
            .map(|region| Region::from_libphonenumber(region).unwrap())
            .collect();
        theirs.sort_unstable();
        let ours: Vec<Region> =
            Region::ALL.iter().copied().filter(|&region| region != Region::World).collect();
        assert_eq!(theirs, ours);
    }

    #[test]
    fn calling_codes_are_those_of_the_metadata() {
        let library = &rlibphonenumber::PHONE_NUMBER_UTIL;
        for &region in Region::ALL {
            let code = region.calling_code();
            let theirs = library.get_country_code_for_region(region.to_libphonenumber().unwrap());
            assert_eq!(code.map(i32::from), theirs, "{region}");
        }
        for code in 0..1_000 {
            let theirs = library.get_region_for_country_code(code.into());
            assert_eq!(
                Region::of_calling_code(code),
                theirs.and_then(Region::from_libphonenumber),
                "{code}"
            );
        }
    }

    #[test]
    fn every_code_reads_back_as_itself() {
        for &region in Region::ALL {
            assert_eq!(region.as_str().parse(), Ok(region));
            assert_eq!(region.as_str().to_lowercase().parse(), Ok(region));
            assert_eq!(
                region.to_libphonenumber().and_then(Region::from_libphonenumber),
                Some(region)
            );
        }
    }

    #[test]
    fn what_is_no_region_is_refused() {
        for text in ["", "I", "ZZ", "IND", "1", "91", "AQ", "é"] {
            assert_eq!(text.parse::<Region>(), Err(UnknownRegion), "{text}");
        }
    }
}
