//! Which region numbers without a country calling code may be of, by a sample of the records.
//!
//! It is advice. Nothing is read by it: a number in the wrong region reaches a stranger.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use contactmill_phone::{LineType, Region};

use crate::cells::country::{self, CountryReading};
use crate::cells::phone::{PhoneReading, read_phone};
use crate::columns::column_map::{ColumnMap, RecordKind};
use crate::options::{Options, PhoneMode};
use crate::raw::RawContact;
use crate::reason::Reason;
use crate::records::Record;
use crate::text::is_blank;

/// Maximum number of numbers without a country code that are tried in every region.
const MAX_TRIED: usize = 250;

/// Maximum number of regions that are advised.
const SHOWN: usize = 5;

/// Fewer numbers than this say too little of where they are from.
const ENOUGH: u64 = 10;

/// The region that somebody means by a name, `UK`, or a calling code.
///
/// ```
/// use contactmill_core::Region;
/// use contactmill_core::regions::meant_region;
///
/// assert_eq!(meant_region("India"), Some(Region::IN));
/// assert_eq!(meant_region("+44"), Some(Region::GB));
/// assert_eq!(meant_region("Atlantis"), None);
/// ```
#[must_use]
pub fn meant_region(text: &str) -> Option<Region> {
    match country::read(text) {
        CountryReading::Named(region) => Some(region),
        CountryReading::CallingCode(code) => Region::of_calling_code(code),
        _ => None,
    }
}

/// What a region is called in English.
///
/// ```
/// use contactmill_core::Region;
/// use contactmill_core::regions::english_name;
///
/// assert_eq!(english_name(Region::CI), Some("Côte d'Ivoire"));
/// assert_eq!(english_name(Region::World), None);
/// ```
#[must_use]
pub fn english_name(region: Region) -> Option<&'static str> {
    country::english_name(region)
}

/// How well numbers without a country code fit a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegionAdvice {
    /// The region.
    pub region: Region,
    /// Valid numbers of those tried.
    pub valid: u64,
    /// Those of them that are, or may be, of a mobile.
    pub mobile: u64,
    /// Other numbers of the sample that are written with its calling code.
    pub written: u64,
    /// What counts: the shares of all three together, the last for half, of 5,000.
    fit: u64,
}

/// How numbers without a country code fit the regions of the world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegionFits {
    /// Phone numbers without a country code that were tried in every region.
    pub tried: u64,
    /// The regions that they fit best; of those that share a calling code, the main one.
    pub regions: Vec<RegionAdvice>,
    /// How they fit the region of the options.
    pub given: Option<RegionAdvice>,
}

impl RegionFits {
    /// The region that the numbers are likely of: at least four in five are valid there, and they fit
    /// no other nearly as well.
    #[must_use]
    pub fn likely(&self) -> Option<RegionAdvice> {
        let best = *self.regions.first()?;
        let is_near = self.regions.get(1).is_some_and(|next| 5 * next.fit > 4 * best.fit);
        let is_most = 5 * best.valid >= 4 * self.tried;
        (self.tried >= ENOUGH && is_most && !is_near).then_some(best)
    }

    /// The region that the numbers fit much better than the one of the options.
    #[must_use]
    pub fn better(&self) -> Option<RegionAdvice> {
        let given = self.given?;
        let is_other = |best: &RegionAdvice| {
            best.region.calling_code() != given.region.calling_code()
                && 4 * given.fit < 3 * best.fit
        };
        self.likely().filter(is_other)
    }
}

/// Phone cells of some records, for advice on their region.
///
/// ```
/// use contactmill_core::columns::FieldMapping;
/// use contactmill_core::records::{Integrity, Position, Record};
/// use contactmill_core::regions::RegionSample;
/// use contactmill_core::{Options, Region};
///
/// let map = FieldMapping::default().resolve(&["Phone".into()])?;
/// let mut sample = RegionSample::new(&Options::default());
/// for number in 0..20 {
///     let cell = (9_000_000_000_u64 - number * 137_654_321).to_string();
///     sample.add(Record::new(&cell, &[cell.len()], Position::default(), Integrity::Whole), &map);
/// }
/// assert_eq!(sample.fits().likely().map(|advice| advice.region), Some(Region::IN));
/// # Ok::<(), contactmill_core::columns::MappingError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct RegionSample {
    /// How cells are read; its region is the one of the options.
    options: Options,
    /// Phone cells whose country cannot be told from the record.
    without_code: Vec<Box<str>>,
    /// Numbers that say their country, by calling code.
    with_code: BTreeMap<u16, u64>,
}

impl RegionSample {
    /// A sample without records, whose cells will be read with these options.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        RegionSample { options: options.clone(), ..RegionSample::default() }
    }

    /// Adds the phone cells of a record.
    pub fn add(&mut self, record: Record<'_>, map: &ColumnMap) {
        if matches!(map.kind(record), RecordKind::Contact) {
            let raw = map.raw_contact(record);
            raw.phones.iter().for_each(|cell| self.add_cell(cell, &raw));
        }
    }

    /// Adds a phone cell, unless its record says something of its country.
    pub(crate) fn add_cell(&mut self, cell: &str, raw: &RawContact<'_>) {
        if !raw.countries.iter().all(|cell| is_blank(cell)) {
            return;
        }
        match self.read(cell, None) {
            Err(Reason::PhoneCountryUnknown) if self.without_code.len() < MAX_TRIED => {
                self.without_code.push(cell.into());
            }
            Ok(reading) => {
                let code = reading.number().calling_code();
                *self.with_code.entry(code).or_default() += 1;
            }
            Err(_) => {}
        }
    }

    /// Adds what stands in another sample.
    pub fn append(&mut self, mut other: RegionSample) {
        self.without_code.append(&mut other.without_code);
        self.without_code.truncate(MAX_TRIED);
        for (code, count) in other.with_code {
            *self.with_code.entry(code).or_default() += count;
        }
    }

    /// The phone cells whose country cannot be told from the record, 250 at most, and how many tell it, by
    /// calling code.
    #[must_use]
    pub fn into_parts(self) -> (Vec<Box<str>>, BTreeMap<u16, u64>) {
        (self.without_code, self.with_code)
    }

    /// Of what [`into_parts`](RegionSample::into_parts) has said. Its cells will be read with these options.
    #[must_use]
    pub fn of_parts(
        options: &Options,
        (without_code, with_code): (Vec<Box<str>>, BTreeMap<u16, u64>),
    ) -> Self {
        RegionSample { options: options.clone(), without_code, with_code }
    }

    fn read(&self, cell: &str, region: Option<Region>) -> Result<PhoneReading, Reason> {
        read_phone(cell, &Options { region, ..self.options.clone() })
    }

    /// How the numbers fit the regions of the world.
    #[must_use]
    pub fn fits(&self) -> RegionFits {
        let tried = self.without_code.len() as u64;
        if tried == 0 {
            return RegionFits::default();
        }
        let main = Region::ALL.iter().copied().filter(|&region| {
            region.calling_code().is_some_and(|code| Region::of_calling_code(code) == Some(region))
        });
        let mut regions: Vec<RegionAdvice> =
            main.map(|region| self.fit(region)).filter(|advice| advice.valid > 0).collect();
        // Equals stand in the order of their codes.
        regions.sort_by_key(|advice| Reverse((advice.fit, Reverse(advice.region))));
        regions.truncate(SHOWN);
        RegionFits { tried, regions, given: self.options.region.map(|region| self.fit(region)) }
    }

    /// How well the numbers fit a region. Validity alone says little: where plans leave much open, such
    /// as Germany's, most numbers of the world are valid, as fixed lines.
    fn fit(&self, region: Region) -> RegionAdvice {
        // What only a repair makes valid says nothing, and takes a hundred times as long to find out.
        let phones = PhoneMode::Strict;
        let options = Options { region: Some(region), phones, ..self.options.clone() };
        let (mut valid, mut mobile) = (0, 0);
        for reading in self.without_code.iter().filter_map(|cell| read_phone(cell, &options).ok()) {
            valid += 1;
            let line = reading.number().line_type();
            mobile += u64::from(matches!(line, LineType::Mobile | LineType::FixedLineOrMobile));
        }
        let code = region.calling_code().unwrap_or_default();
        let written = self.with_code.get(&code).copied().unwrap_or_default();
        let share = |count: u64, of: u64| 1_000 * count / of.max(1);
        let tried = self.without_code.len() as u64;
        let fit = 2 * share(valid + mobile, tried) + share(written, self.with_code.values().sum());
        RegionAdvice { region, valid, mobile, written, fit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::FieldMapping;
    use crate::records::{Integrity, Position};

    fn fits(cells: impl Iterator<Item = String>, region: Option<Region>) -> RegionFits {
        let map = FieldMapping::default().resolve(&["Phone".into()]).unwrap();
        let mut sample = RegionSample::new(&Options { region, ..Options::default() });
        for cell in cells {
            let ends = [cell.len()];
            let record = Record::new(&cell, &ends, Position::default(), Integrity::Whole);
            sample.add(record, &map);
        }
        sample.fits()
    }

    fn indian_mobiles(count: u64) -> impl Iterator<Item = String> {
        (0..count).map(|at| (9_000_000_000 - at * 37_654_321).to_string())
    }

    #[test]
    fn mobiles_outweigh_numbers_that_are_only_valid() {
        let fits = fits(indian_mobiles(60), Some(Region::DE));
        let given = fits.given.unwrap();
        assert!(10 * given.valid > 8 * fits.tried && given.mobile == 0, "{given:?}");
        assert_eq!(fits.likely().unwrap().region, Region::IN);
        assert_eq!(fits.better().unwrap().region, Region::IN);
    }

    #[test]
    fn the_region_that_fits_is_not_doubted() {
        assert_eq!(fits(indian_mobiles(60), Some(Region::IN)).better(), None);
        let fixed = || (0..60).map(|at| format!("089 {}", 2_345_678 + at * 76_543));
        assert_eq!(fits(fixed(), Some(Region::DE)).better(), None);
    }

    #[test]
    fn few_numbers_and_those_of_several_regions_name_none() {
        assert_eq!(fits(indian_mobiles(9), None).likely(), None);
        // Mobiles in Spain, Algeria, South Africa and more.
        let of_many = (0..60).map(|at| format!("06{}", 12_345_678 + at * 765_432));
        assert_eq!(fits(of_many, None).likely(), None);
    }

    #[test]
    fn codes_that_are_written_speak_for_their_region() {
        let written = (0..5).map(|at| format!("+33 6 12 34 56 7{at}"));
        let bare = (0..60).map(|at| format!("06{}", 12_345_678 + at * 765_432));
        let first = fits(written.chain(bare), None).regions[0];
        assert_eq!((first.region, first.written), (Region::FR, 5));
    }
}
