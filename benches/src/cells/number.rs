//! True numbers: valid ones of all regions, and what the library alone reads in a text.

use std::fmt;

use fastrand::Rng;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType, Region};

use crate::contacts::draw::{chance, index, one_of};

/// A number that is valid by the metadata.
#[derive(Clone, Debug)]
pub struct Number {
    code: u16,
    national: String,
    region: Option<Region>,
    is_mobile: bool,
    parsed: PhoneNumber,
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code && self.national == other.national
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}{}", self.code, self.national)
    }
}

impl Number {
    /// The country calling code.
    #[must_use]
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The national number, with the leading zeros that belong to it.
    #[must_use]
    pub fn national(&self) -> &str {
        &self.national
    }

    /// The region; none for codes that belong to no country.
    pub(super) fn region(&self) -> Option<Region> {
        self.region
    }

    /// A mobile, or of a plan that does not distinguish mobiles.
    pub(super) fn is_mobile(&self) -> bool {
        self.is_mobile
    }

    /// As the library lays it out.
    pub(super) fn format(&self, format: PhoneNumberFormat) -> String {
        self.parsed.format_as(format).into_owned()
    }

    /// As it is dialled from another region, by the library.
    pub(super) fn format_from(&self, region: Region) -> String {
        self.parsed.format_out_of_country_calling_number(region).into_owned()
    }

    /// All digits, without `+`.
    pub(super) fn digits(&self) -> String {
        format!("{}{}", self.code, self.national)
    }

    /// Whether a design that refuses fillers must refuse this number.
    fn is_filler(&self) -> bool {
        is_filler(&self.national)
            || is_filler(&self.digits())
            || is_filler(&format!("0{}", self.national))
    }
}

/// One digit throughout, or a run that goes up by one.
pub(super) fn is_filler(digits: &str) -> bool {
    let steps = |step: u8| {
        digits.as_bytes().windows(2).all(|pair| (pair[0] - b'0' + step) % 10 == pair[1] - b'0')
    };
    digits.len() >= 6 && (steps(0) || steps(1))
}

/// The valid number that the library alone reads in the text, if any.
pub(super) fn read(text: &str, region: Option<Region>) -> Option<Number> {
    let parsed = PHONE_NUMBER_UTIL.parse(text, region).ok()?;
    let region = parsed.get_region_code()?;
    let kind = parsed.get_type();
    if kind == PhoneNumberType::Unknown {
        return None;
    }
    Some(Number {
        code: u16::try_from(parsed.country_code).ok()?,
        national: parsed.get_national_significant_number(),
        region: (region.as_region_str().as_str() != "001").then_some(region),
        is_mobile: matches!(kind, PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile),
        parsed,
    })
}

/// The calling code of a region.
pub(super) fn code_of(region: Region) -> Option<u16> {
    PHONE_NUMBER_UTIL.get_country_code_for_region(region)?.try_into().ok()
}

/// The main region of a calling code: `GB` for 44, though Jersey has it too.
pub(super) fn main_region(code: u16) -> Option<Region> {
    let region = PHONE_NUMBER_UTIL.get_region_for_country_code(code.into())?;
    (region.as_region_str().as_str() != "001").then_some(region)
}

/// Where most people are; half of all numbers are drawn from here, the others from every region.
const POPULOUS: &str = "IN US BR ID GB DE MX IT FR ES AE NG KE ZA JP AR TR EG SA BD PK RU AU NL SG \
    PH VN TH MY CO CL PE CA PL UA RO GR PT BE SE CH AT CZ HU IL KR CN MA GH LK";

const MOBILE: &[PhoneNumberType] = &[PhoneNumberType::Mobile];

const OTHERS: &[PhoneNumberType] = &[
    PhoneNumberType::FixedLine,
    PhoneNumberType::TollFree,
    PhoneNumberType::PremiumRate,
    PhoneNumberType::SharedCost,
    PhoneNumberType::VoIP,
    PhoneNumberType::PersonalNumber,
    PhoneNumberType::UAN,
];

/// Numbers of one region that others are made from.
struct Strain {
    region: Option<Region>,
    mobile_only: bool,
    pool: Vec<Number>,
}

impl Strain {
    fn new(region: Region, kinds: &[PhoneNumberType]) -> Option<Self> {
        let examples = kinds.iter().filter_map(|&kind| {
            PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, kind).ok()
        });
        Self::of(Some(region), kinds == MOBILE, examples)
    }

    fn of(
        region: Option<Region>,
        mobile_only: bool,
        examples: impl Iterator<Item = PhoneNumber>,
    ) -> Option<Self> {
        let mut strain = Strain { region, mobile_only, pool: Vec::new() };
        for example in examples {
            let text = example.format_as(PhoneNumberFormat::E164);
            strain.pool.extend(strain.admitted(&text));
        }
        (!strain.pool.is_empty()).then_some(strain)
    }

    /// The number of this text in E.164 form, if it belongs here and the library reads the form as
    /// itself.
    fn admitted(&self, text: &str) -> Option<Number> {
        let number = read(text, None)?;
        let belongs = number.region == self.region && (number.is_mobile || !self.mobile_only);
        (belongs && number.to_string() == text && !number.is_filler()).then_some(number)
    }

    /// Another number: one of the pool with a beginning of any length kept, and its length changed
    /// now and then. The pool wanders, so that all branches of a plan are reached.
    fn draw(&mut self, rng: &mut Rng) -> Number {
        let base = &self.pool[index(rng, self.pool.len())];
        for _ in 0..40 {
            let len = base.national.len();
            let kept = index(rng, len).max(index(rng, len));
            let mut text = format!("+{}{}", base.code, &base.national[..kept]);
            let len = match rng.u8(0..16) {
                0 => len - 1,
                1 => len + 1,
                _ => len,
            };
            for _ in kept..len {
                text.push(char::from(rng.u8(b'0'..=b'9')));
            }
            if let Some(number) = self.admitted(&text) {
                if self.pool.len() < 64 {
                    self.pool.push(number.clone());
                } else {
                    let at = index(rng, self.pool.len());
                    self.pool[at] = number.clone();
                }
                return number;
            }
        }
        base.clone()
    }
}

/// Draws numbers of all regions, 85 % of them mobile.
pub(super) struct Numbers {
    mobile: Vec<Strain>,
    others: Vec<Strain>,
    world: Vec<Strain>,
    populous: Vec<Region>,
    regions: Vec<Region>,
}

impl Numbers {
    pub(super) fn new() -> Self {
        let mut regions: Vec<Region> = PHONE_NUMBER_UTIL.get_supported_regions().collect();
        // The library keeps them in a hash table.
        regions.sort_unstable_by_key(|region| region.as_region_str().as_str().to_owned());
        let strains = |kinds: &[PhoneNumberType]| {
            regions.iter().filter_map(|&region| Strain::new(region, kinds)).collect()
        };
        let mut codes: Vec<i32> =
            PHONE_NUMBER_UTIL.get_supported_global_network_calling_codes().collect();
        codes.sort_unstable();
        let world = codes.into_iter().filter_map(|code| {
            let example = PHONE_NUMBER_UTIL.get_example_number_for_non_geo_entity(code).ok();
            Strain::of(None, false, example.into_iter())
        });
        let populous = POPULOUS.split_whitespace();
        Numbers {
            mobile: strains(MOBILE),
            others: strains(OTHERS),
            world: world.collect(),
            populous: populous.filter_map(|code| Region::from_code(code).ok()).collect(),
            regions,
        }
    }

    /// A number of any region.
    pub(super) fn draw(&mut self, rng: &mut Rng) -> Number {
        if rng.u8(0..100) == 0 {
            let at = index(rng, self.world.len());
            return self.world[at].draw(rng);
        }
        let is_mobile = chance(rng, 85);
        let chosen = chance(rng, 50).then(|| one_of(rng, &self.populous));
        let strains = if is_mobile { &mut self.mobile } else { &mut self.others };
        let at = chosen
            .and_then(|region| strains.iter().position(|strain| strain.region == Some(region)))
            .unwrap_or_else(|| index(rng, strains.len()));
        strains[at].draw(rng)
    }

    /// A number of this region; any other where it has none.
    pub(super) fn draw_in(&mut self, rng: &mut Rng, region: Option<Region>) -> Number {
        let strains = match region {
            None => &mut self.world,
            Some(_) if chance(rng, 85) => &mut self.mobile,
            Some(_) => &mut self.others,
        };
        match strains.iter().position(|strain| strain.region == region) {
            Some(at) => strains[at].draw(rng),
            None => self.draw(rng),
        }
    }

    /// Any region at all.
    pub(super) fn region(&self, rng: &mut Rng) -> Region {
        one_of(rng, &self.regions)
    }
}
