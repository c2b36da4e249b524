//! What the contacts of a result have in common, counted.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use contactmill_core::pipeline::Emitted;
use contactmill_core::{LineType, Region};
use foldhash::fast::RandomState;

/// Contacts by region, by kind of line and by the domain of their e-mail address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContactCounts {
    /// By the region of their number.
    pub regions: BTreeMap<Region, u64>,
    /// By the kind of line.
    pub line_types: BTreeMap<&'static str, u64>,
    /// Those with an e-mail address.
    pub with_email: u64,
    /// By the domain of their e-mail address.
    pub email_domains: EmailDomains,
}

/// Contacts by the domain of their e-mail address, in bounded memory: by the first 1,000 domains that come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EmailDomains {
    places: HashMap<Box<[u8]>, usize, RandomState>,
    /// In the order in which they came.
    contacts: Vec<(Box<[u8]>, u64)>,
}

impl EmailDomains {
    /// Maximum number of domains that are counted.
    const MAX_DOMAINS: usize = 1_000;

    /// Maximum number of domains that are listed.
    const LISTED: usize = 20;

    /// Minimum number of contacts of a domain that is listed.
    const MIN_CONTACTS: u64 = 5;

    /// Counts contacts with a domain.
    ///
    /// ```
    /// let mut domains = contactmill_emit::EmailDomains::default();
    /// domains.add(b"example.com", 7);
    /// domains.add(b"one.example", 1);
    /// assert_eq!(domains.frequent(), [("example.com".to_owned(), 7)].into());
    /// ```
    pub fn add(&mut self, domain: &[u8], contacts: u64) {
        if let Some(&place) = self.places.get(domain) {
            self.contacts[place].1 += contacts;
        } else if self.contacts.len() < Self::MAX_DOMAINS {
            self.places.insert(domain.into(), self.contacts.len());
            self.contacts.push((domain.into(), contacts));
        }
    }

    /// The domains in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (Cow<'_, str>, u64)> {
        self.contacts.iter().map(|(domain, contacts)| (String::from_utf8_lossy(domain), *contacts))
    }

    /// The most frequent ones. A domain that only a few share says who they are, and is left out.
    #[must_use]
    pub fn frequent(&self) -> BTreeMap<String, u64> {
        let frequent = |&(_, contacts): &(_, u64)| contacts >= Self::MIN_CONTACTS;
        let mut domains: Vec<_> = self.iter().filter(frequent).collect();
        domains.sort_unstable_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
        domains.truncate(Self::LISTED);
        domains.into_iter().map(|(name, contacts)| (name.into_owned(), contacts)).collect()
    }
}

/// Counts contacts as they come.
pub(crate) struct ContactCounter {
    /// In the order of [`Region::ALL`].
    regions: Vec<u64>,
    /// In the order of [`LineType::ALL`].
    line_types: Vec<u64>,
    with_email: u64,
    domains: EmailDomains,
}

impl ContactCounter {
    pub(crate) fn new() -> Self {
        ContactCounter {
            regions: vec![0; Region::ALL.len()],
            line_types: vec![0; LineType::ALL.len()],
            with_email: 0,
            domains: EmailDomains::default(),
        }
    }

    pub(crate) fn count(&mut self, contact: &Emitted<'_>) {
        let phone = contact.phone();
        if let Some(region) = phone.region() {
            self.regions[region.index()] += 1;
        }
        self.line_types[phone.line_type() as usize] += 1;
        let domain = contact.email_domain();
        if domain.is_empty() {
            return;
        }
        self.with_email += 1;
        self.domains.add(domain, 1);
    }

    pub(crate) fn finish(self) -> ContactCounts {
        let regions = Region::ALL.iter().copied().zip(self.regions);
        let line_types = LineType::ALL.iter().map(|kind| kind.as_str()).zip(self.line_types);
        ContactCounts {
            regions: regions.filter(|&(_, contacts)| contacts > 0).collect(),
            line_types: line_types.filter(|&(_, contacts)| contacts > 0).collect(),
            with_email: self.with_email,
            email_domains: self.domains,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contactmill_core::{Normalizer, Options, RawContact};

    fn count(emails: &[String]) -> ContactCounts {
        let normalizer = Normalizer::new(Options::default());
        let mut counter = ContactCounter::new();
        for email in emails {
            let mut raw = RawContact::default();
            raw.phones.push("+91 98765 43210");
            raw.emails.push(email);
            counter.count(&Emitted::AsIs(normalizer.normalize(&raw).unwrap().contact));
        }
        counter.finish()
    }

    #[test]
    fn a_domain_that_few_share_is_not_listed() {
        let emails =
            (0..9).map(|n| format!("a{n}@{}.example", if n < 5 { "five" } else { "four" }));
        let counts = count(&emails.chain([String::new()]).collect::<Vec<_>>());
        assert_eq!(counts.email_domains.frequent(), [("five.example".to_owned(), 5)].into());
        assert_eq!((counts.with_email, counts.line_types["mobile"]), (9, 10));
    }

    #[test]
    fn only_the_most_frequent_domains_are_listed_and_memory_is_bounded() {
        let domain = |n: usize| format!("a@d{n:05}.example");
        let many = (0..3 * EmailDomains::MAX_DOMAINS).map(domain);
        let frequent = (0..30).flat_map(|n| std::iter::repeat_n(domain(n), 5 + n));
        let counts = count(&many.chain(frequent).collect::<Vec<_>>());
        let frequent = counts.email_domains.frequent();
        assert_eq!(counts.email_domains.iter().count(), EmailDomains::MAX_DOMAINS);
        assert_eq!(frequent.len(), EmailDomains::LISTED);
        assert_eq!(frequent.first_key_value().unwrap().0, "d00010.example");
        assert_eq!(frequent["d00029.example"], 35);
    }
}
