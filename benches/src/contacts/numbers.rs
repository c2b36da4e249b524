//! Valid phone numbers, drawn from the ranges of `countries`.

use std::sync::LazyLock;

use fastrand::Rng;

use super::countries::{PLANS, Plan, Series};
use super::draw::{chance, entries, index};
use super::names::People;

/// A [`Plan`], its texts taken apart once so that a draw is only a look-up.
pub(crate) struct Country {
    pub(crate) plan: &'static Plan,
    pub(crate) spellings: Vec<&'static str>,
    pub(crate) cities: Vec<&'static str>,
    pub(crate) people: Vec<(People, u32)>,
    mobile: Vec<String>,
    fixed: Vec<String>,
    reserved: Vec<String>,
}

static COUNTRIES: LazyLock<Vec<Country>> =
    LazyLock::new(|| PLANS.iter().map(Country::of).collect());

static SHARES: LazyLock<u32> = LazyLock::new(|| PLANS.iter().map(|plan| plan.share).sum());

impl Country {
    fn of(plan: &'static Plan) -> Self {
        let templates = |ranges: &'static [Series]| {
            let every = ranges.iter().flat_map(|&Series(beginnings, rest)| {
                entries(beginnings).map(move |beginning| format!("{beginning}{rest}"))
            });
            every.collect()
        };
        Self {
            plan,
            spellings: entries(plan.spellings).collect(),
            cities: entries(plan.cities).collect(),
            people: plan
                .cultures
                .iter()
                .map(|&(culture, share)| (People::of(culture), share))
                .collect(),
            mobile: templates(plan.mobile),
            fixed: templates(plan.fixed),
            reserved: templates(plan.reserved),
        }
    }

    /// All countries, in the order of [`PLANS`].
    #[cfg(test)]
    pub(crate) fn all() -> &'static [Country] {
        &COUNTRIES
    }

    /// Any country, each as often as its share says.
    pub(crate) fn draw(rng: &mut Rng) -> &'static Country {
        let mut left = rng.u32(..*SHARES);
        for country in COUNTRIES.iter() {
            if left < country.plan.share {
                return country;
            }
            left -= country.plan.share;
        }
        // Not reached, since `left` was under the sum of the shares.
        &COUNTRIES[0]
    }

    /// Any country for which `suits` holds; it must hold for at least one.
    pub(crate) fn draw_where(rng: &mut Rng, suits: impl Fn(&Plan) -> bool) -> &'static Country {
        loop {
            let country = Self::draw(rng);
            if suits(country.plan) {
                return country;
            }
        }
    }
}

/// Which numbers of a country may be drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Pool {
    /// Everything that subscribers have.
    Any,
    /// Mostly those reserved for fiction, where the country has set some aside. There are too few
    /// of them for a long file: its contacts would nearly all be duplicates.
    Fiction,
}

/// Length of the longest national number of any country here, and one more.
const MAX_DIGITS: usize = 12;

/// A valid number, and how its country groups the digits.
#[derive(Clone, Copy)]
pub(crate) struct Number {
    pub(crate) country: &'static Country,
    digits: [u8; MAX_DIGITS],
    len: u8,
    /// Bit `i` is set where a group ends before digit `i`.
    breaks: u16,
}

impl Number {
    /// A number of this country, in most cases a mobile.
    pub(crate) fn draw(rng: &mut Rng, country: &'static Country, pool: Pool) -> Self {
        let templates = if pool == Pool::Fiction && !country.reserved.is_empty() && chance(rng, 80)
        {
            &country.reserved
        } else if !country.fixed.is_empty() && chance(rng, 12) {
            &country.fixed
        } else {
            &country.mobile
        };
        let template = &templates[index(rng, templates.len())];
        loop {
            let number = Self::fill(rng, country, template);
            if !number.looks_made_up() {
                return number;
            }
        }
    }

    fn fill(rng: &mut Rng, country: &'static Country, template: &str) -> Self {
        let mut number = Self { country, digits: [0; MAX_DIGITS], len: 0, breaks: 0 };
        for symbol in template.bytes() {
            let digit = match symbol {
                b' ' => {
                    number.breaks |= 1 << number.len;
                    continue;
                }
                b'#' => rng.u8(b'0'..=b'9'),
                b'N' => rng.u8(b'2'..=b'9'),
                digit => digit,
            };
            number.digits[usize::from(number.len)] = digit;
            number.len += 1;
        }
        number
    }

    /// One digit throughout or a plain run up or down: a reader takes it for a filler.
    fn looks_made_up(&self) -> bool {
        let steps = |step: i8| {
            self.national().windows(2).all(|pair| {
                // Modulo ten, so that 1234567890 is a run as well.
                (i16::from(pair[1]) - i16::from(pair[0]) - i16::from(step)).rem_euclid(10) == 0
            })
        };
        steps(0) || steps(1) || steps(-1)
    }

    /// The national (significant) number in ASCII digits, without code or trunk prefix.
    pub(crate) fn national(&self) -> &[u8] {
        &self.digits[..usize::from(self.len)]
    }

    /// The calling code without a plus.
    pub(crate) fn calling_code(&self) -> &'static str {
        self.country.plan.calling_code
    }

    /// Appends the national number without any layout: `9876543210`.
    pub(crate) fn push_national(&self, out: &mut String) {
        out.extend(self.national().iter().map(|&digit| char::from(digit)));
    }

    /// Appends calling code and national number: `919876543210`.
    pub(crate) fn push_international(&self, out: &mut String) {
        out.push_str(self.calling_code());
        self.push_national(out);
    }

    /// Appends `+919876543210`.
    pub(crate) fn push_e164(&self, out: &mut String) {
        out.push('+');
        self.push_international(out);
    }

    /// Appends the national number in its groups: `98765-43210` for `-`.
    pub(crate) fn push_grouped(&self, between: char, out: &mut String) {
        for (at, &digit) in self.national().iter().enumerate() {
            if self.breaks & (1 << at) != 0 {
                out.push(between);
            }
            out.push(char::from(digit));
        }
    }

    /// Appends the national number, its first group in brackets: `(212) 555-0123` for `-`.
    pub(crate) fn push_bracketed(&self, between: char, out: &mut String) {
        let first = self.breaks.trailing_zeros();
        out.push('(');
        for (at, &digit) in (0..).zip(self.national()) {
            if at == first {
                out.push_str(") ");
            } else if self.breaks & (1 << at) != 0 {
                out.push(between);
            }
            out.push(char::from(digit));
        }
        if first >= u32::from(self.len) {
            out.push(')');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Country, MAX_DIGITS, Number};
    use fastrand::Rng;

    #[test]
    fn every_range_can_be_drawn() {
        let mut rng = Rng::with_seed(1);
        for country in Country::all() {
            assert!(!country.mobile.is_empty(), "{}", country.plan.region);
            assert!(!country.cities.is_empty(), "{}", country.plan.region);
            assert!(!country.spellings.is_empty(), "{}", country.plan.region);
            let shares: u32 = country.plan.cultures.iter().map(|&(_, share)| share).sum();
            assert_eq!(shares, 100, "{}", country.plan.region);
            for template in
                [&country.mobile, &country.fixed, &country.reserved].into_iter().flatten()
            {
                let number = Number::fill(&mut rng, country, template);
                assert!(number.national().len() < MAX_DIGITS);
                assert!(number.national().iter().all(u8::is_ascii_digit));
                // A template that gives fillers alone would be drawn for ever.
                assert!(
                    (0..100)
                        .any(|_| { !Number::fill(&mut rng, country, template).looks_made_up() })
                );
            }
        }
        let shares: u32 = Country::all().iter().map(|country| country.plan.share).sum();
        assert_eq!(shares, 1000);
    }

    #[test]
    fn layout_follows_the_groups() {
        let mut rng = Rng::with_seed(1);
        let country = Country::draw_where(&mut rng, |plan| plan.region == "US");
        let number = Number::fill(&mut rng, country, "212 555 0123");
        let text = |push: &dyn Fn(&mut String)| {
            let mut out = String::new();
            push(&mut out);
            out
        };
        assert_eq!(text(&|out| number.push_e164(out)), "+12125550123");
        assert_eq!(text(&|out| number.push_grouped('.', out)), "212.555.0123");
        assert_eq!(text(&|out| number.push_bracketed('-', out)), "(212) 555-0123");
    }

    #[test]
    fn stand_ins_are_recognised() {
        let country = &Country::all()[0];
        let mut rng = Rng::with_seed(1);
        for stand_in in ["9999999999", "1234567890", "9876543210"] {
            assert!(Number::fill(&mut rng, country, stand_in).looks_made_up());
        }
        assert!(!Number::fill(&mut rng, country, "9876543211").looks_made_up());
    }
}
