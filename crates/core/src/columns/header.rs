//! What a column is called, and what it therefore holds.

use std::sync::LazyLock;

use contactmill_phone::{PhoneNumber, Region, parse};
use foldhash::{HashMap, HashSet};

use crate::columns::field::MappedField;
use crate::data;
use crate::text::folded;

/// The columns that `convert` adds behind the original ones in its own CSV files.
pub const BOOKKEEPING_COLUMNS: [&str; 10] = [
    "_source",
    "_record",
    "_line",
    "_field",
    "_reason",
    "_hint",
    "_kept_source",
    "_kept_record",
    "_conflicts",
    "_list",
];

/// Whether a header row is that of a file that `convert` wrote for people to correct.
///
/// ```
/// use contactmill_core::columns::is_bookkeeping_header;
///
/// let rejects = ["Name", "Phone", "_source", "_record", "_line", "_field", "_reason", "_hint"];
/// assert!(is_bookkeeping_header(&rejects.map(String::from)));
/// assert!(!is_bookkeeping_header(&["Name", "_id"].map(String::from)));
/// ```
#[must_use]
pub fn is_bookkeeping_header(header: &[String]) -> bool {
    ["_source", "_record", "_line"].iter().all(|own| header.iter().any(|column| column == own))
}

/// Which columns `convert` has added: none, unless the header row is that of a file of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bookkeeping {
    is_own: bool,
}

impl Bookkeeping {
    pub(crate) fn of(header: &[String]) -> Self {
        Bookkeeping { is_own: is_bookkeeping_header(header) }
    }

    pub(crate) fn has(self, name: &str) -> bool {
        self.is_own && BOOKKEEPING_COLUMNS.contains(&name)
    }
}

/// The columns of a table of contacts that `convert` writes. In JSON, each attribute is a column.
pub const CONTACT_COLUMNS: [&str; 12] = [
    "name",
    "phone",
    "calling_code",
    "national_number",
    "region",
    "line_type",
    "email",
    "tags",
    "attributes",
    "source",
    "record",
    "line",
];

/// Whether a header row is that of a table of contacts that `convert` wrote.
///
/// ```
/// use contactmill_core::columns::{CONTACT_COLUMNS, is_contact_table};
///
/// assert!(is_contact_table(&CONTACT_COLUMNS.map(String::from)));
/// assert!(!is_contact_table(&["name", "phone", "source", "line"].map(String::from)));
/// ```
#[must_use]
pub fn is_contact_table(header: &[String]) -> bool {
    CONTACT_COLUMNS.iter().all(|own| header.iter().any(|column| column == own))
}

/// Whether `convert` wrote the file with this header row, and escaped its cells.
#[must_use]
pub fn is_own_header(header: &[String]) -> bool {
    is_bookkeeping_header(header) || is_contact_table(header)
}

/// What the header of a column says that it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderMeaning {
    Name,
    FirstName,
    LastName,
    Phone(PhoneRank),
    Email,
    /// The country calling code, which with the phone cell makes one number.
    CallingCode,
    Country,
    Tags,
}

/// Which of several phones is tried first: the lowest rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PhoneRank {
    /// A number that is called one of WhatsApp.
    WhatsApp,
    /// A mobile.
    Mobile,
    /// A phone, whatever else.
    Phone,
    /// A phone at home or at work, where others may answer; a fax.
    HomeOrWork,
}

impl HeaderMeaning {
    /// The meaning with this name in `data/headers.tsv`.
    pub(crate) fn of_kind(kind: &str) -> Option<Self> {
        Some(match kind {
            "name" => HeaderMeaning::Name,
            "first-name" => HeaderMeaning::FirstName,
            "last-name" => HeaderMeaning::LastName,
            "phone.whatsapp" => HeaderMeaning::Phone(PhoneRank::WhatsApp),
            "phone.mobile" => HeaderMeaning::Phone(PhoneRank::Mobile),
            "phone" => HeaderMeaning::Phone(PhoneRank::Phone),
            "phone.home-or-work" => HeaderMeaning::Phone(PhoneRank::HomeOrWork),
            "email" => HeaderMeaning::Email,
            "calling-code" => HeaderMeaning::CallingCode,
            "country" => HeaderMeaning::Country,
            "tags" => HeaderMeaning::Tags,
            _ => return None,
        })
    }

    /// The name in `data/headers.tsv`.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            HeaderMeaning::Name => "name",
            HeaderMeaning::FirstName => "first-name",
            HeaderMeaning::LastName => "last-name",
            HeaderMeaning::Phone(PhoneRank::WhatsApp) => "phone.whatsapp",
            HeaderMeaning::Phone(PhoneRank::Mobile) => "phone.mobile",
            HeaderMeaning::Phone(PhoneRank::Phone) => "phone",
            HeaderMeaning::Phone(PhoneRank::HomeOrWork) => "phone.home-or-work",
            HeaderMeaning::Email => "email",
            HeaderMeaning::CallingCode => "calling-code",
            HeaderMeaning::Country => "country",
            HeaderMeaning::Tags => "tags",
        }
    }

    /// The field of a person that it is.
    pub(crate) const fn person_field(self) -> Option<MappedField> {
        match self {
            HeaderMeaning::Name => Some(MappedField::Name),
            HeaderMeaning::FirstName => Some(MappedField::FirstName),
            HeaderMeaning::LastName => Some(MappedField::LastName),
            HeaderMeaning::Phone(_) => Some(MappedField::Phone),
            HeaderMeaning::Email => Some(MappedField::Email),
            HeaderMeaning::CallingCode | HeaderMeaning::Country | HeaderMeaning::Tags => None,
        }
    }

    pub(crate) const fn is_name(self) -> bool {
        matches!(self, HeaderMeaning::Name | HeaderMeaning::FirstName | HeaderMeaning::LastName)
    }
}

/// The headers of `data/headers.tsv` that mean something, folded.
static MEANINGS: LazyLock<HashMap<String, HeaderMeaning>> = LazyLock::new(|| {
    let meaning =
        |[kind, _, header]: [&str; 3]| Some((folded(header), HeaderMeaning::of_kind(kind)?));
    data::rows(data::HEADERS).filter_map(meaning).collect()
});

/// The rows of `data/header-words.tsv` by kind, folded.
#[derive(Default)]
pub(crate) struct Words {
    pub(crate) asking: HashSet<String>,
    of_others: HashSet<String>,
    pub(crate) something_else: HashSet<String>,
    pub(crate) person_steps: HashSet<String>,
    container_steps: HashSet<String>,
    thing_steps: HashSet<String>,
    names_steps: HashSet<String>,
    first_name_steps: HashSet<String>,
    last_name_steps: HashSet<String>,
    name_steps: HashSet<String>,
    tag_steps: HashSet<String>,
    pub(crate) beside_phone: HashSet<String>,
    pub(crate) home_or_work: HashSet<String>,
    beside_another: HashSet<String>,
    date_parts: HashSet<String>,
    no_name_remarks: HashSet<String>,
    pub(crate) country_remarks: HashSet<String>,
    pub(crate) other_countries: HashSet<String>,
    pub(crate) phone_countries: HashSet<String>,
    pub(crate) phone_regions: HashSet<String>,
    pub(crate) phone_labels: HashSet<String>,
    pub(crate) numbers: HashSet<String>,
    pub(crate) before_doer: HashSet<String>,
    area_codes: HashSet<String>,
    without: HashSet<String>,
    with_code: HashSet<String>,
}

impl Words {
    pub(crate) fn of_kind(&mut self, kind: &str) -> Option<&mut HashSet<String>> {
        Some(match kind {
            "asking" => &mut self.asking,
            "of-others" => &mut self.of_others,
            "something-else" => &mut self.something_else,
            "person-step" => &mut self.person_steps,
            "container-step" => &mut self.container_steps,
            "thing-step" => &mut self.thing_steps,
            "names-step" => &mut self.names_steps,
            "first-name-step" => &mut self.first_name_steps,
            "last-name-step" => &mut self.last_name_steps,
            "name-step" => &mut self.name_steps,
            "tag-step" => &mut self.tag_steps,
            "beside-phone" => &mut self.beside_phone,
            "home-or-work" => &mut self.home_or_work,
            "beside-another" => &mut self.beside_another,
            "date-part" => &mut self.date_parts,
            "no-name-remark" => &mut self.no_name_remarks,
            "country-remark" => &mut self.country_remarks,
            "other-country" => &mut self.other_countries,
            "phone-country" => &mut self.phone_countries,
            "phone-region" => &mut self.phone_regions,
            "phone-label" => &mut self.phone_labels,
            "number" => &mut self.numbers,
            "before-doer" => &mut self.before_doer,
            "area-code" => &mut self.area_codes,
            "without" => &mut self.without,
            "with-code" => &mut self.with_code,
            _ => return None,
        })
    }

    /// Whether a step of a path leads to a value: `fields`.
    fn is_container_step(&self, step: &str) -> bool {
        self.container_steps.contains(step)
    }

    /// Whether a step of a path leads to the contact: `customer`.
    pub(crate) fn is_person_step(&self, step: &str) -> bool {
        self.person_steps.contains(step)
    }

    /// Whether a word says that there is another before: `secondary`.
    pub(crate) fn is_beside_another(&self, word: &str) -> bool {
        self.beside_another.contains(word)
    }

    /// Whether a remark leaves a country that of the phone.
    fn is_country_remark(&self, remark: &str) -> bool {
        let mut words = remark.split(|c: char| !c.is_alphanumeric()).map(folded);
        words.all(|word| {
            word.bytes().all(|byte| byte.is_ascii_digit())
                || self.country_remarks.contains(&word)
                || exact(&word).is_some()
        })
    }

    /// The part of a name that a last step, or a remark, stands for.
    pub(crate) fn part_of_name(&self, step: &str) -> Option<HeaderMeaning> {
        if self.first_name_steps.contains(step) {
            Some(HeaderMeaning::FirstName)
        } else if self.last_name_steps.contains(step) {
            Some(HeaderMeaning::LastName)
        } else {
            self.name_steps.contains(step).then_some(HeaderMeaning::Name)
        }
    }
}

pub(crate) static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words::default();
    for [kind, _, word] in data::rows(data::HEADER_WORDS) {
        if let Some(of_kind) = words.of_kind(kind) {
            of_kind.insert(folded(word));
        }
    }
    words
});

/// What a header says its column holds, if it says anything.
pub(crate) fn meaning(header: &str) -> Option<HeaderMeaning> {
    single_meaning(header).or_else(|| HeaderParts::of(header)?.meaning())
}

/// What a header that says one thing means.
pub(crate) fn single_meaning(header: &str) -> Option<HeaderMeaning> {
    // `company.phone` is the phone of a company.
    if header.rsplit('.').skip(1).any(is_of_others) || is_below_family(header) {
        return None;
    }
    // Documents as Elasticsearch wraps them.
    let header = without_question(header.strip_prefix("_source.").unwrap_or(header));
    let folded = folded(header);
    if folded.contains(|c: char| c.is_ascii_digit()) {
        return numbered_meaning(header, &folded);
    }
    exact(&folded)
        .or_else(|| of_path(header))
        .or_else(|| of_phone_words(header))
        .or_else(|| of_code_behind_phone(header))
}

/// What the header of one of several columns means: `Phone 1 - Value`, `Phone 2`, `E-mail 2 Address`.
fn numbered_meaning(header: &str, folded: &str) -> Option<HeaderMeaning> {
    let stem = folded.strip_suffix("value").unwrap_or(folded);
    let stem: String = stem.chars().filter(|c| !c.is_ascii_digit()).collect();
    let meaning = exact(&stem).or_else(|| {
        let without_numbers: String = header.chars().filter(|c| !c.is_ascii_digit()).collect();
        of_path(&without_numbers).or_else(|| of_phone_words(&without_numbers))
    })?;
    let is_one_of_several = match meaning {
        HeaderMeaning::Phone(_) | HeaderMeaning::Email => true,
        HeaderMeaning::Tags => header.contains('.'),
        _ => false,
    };
    is_one_of_several.then_some(meaning)
}

/// A header without the words by which forms ask: `Your full name`, `Please enter your phone`.
fn without_question(header: &str) -> &str {
    let mut rest = header.trim_start();
    // `Is mobile` asks something else, and `Type of phone` asks nothing.
    if ["is", "typeof"].iter().any(|words| folded(rest).starts_with(words)) {
        return rest;
    }
    while let Some((word, behind)) = rest.split_once(char::is_whitespace)
        && WORDS.asking.contains(&folded(word))
        && !behind.trim().is_empty()
    {
        rest = behind.trim_start();
    }
    rest
}

/// Whether a step of a path leads to a value, and says nothing of it: `value`.
pub(crate) fn is_container_step(step: &str) -> bool {
    WORDS.is_container_step(&folded(step))
}

/// Whether a word makes the column one of somebody else, or of something that is no way to reach the
/// contact.
pub(crate) fn is_of_others(word: &str) -> bool {
    WORDS.of_others.contains(&folded(word))
}

/// Whether a path leads to what a relative has: the last step of `customer.family.name` is no family name.
pub(crate) fn is_below_family(header: &str) -> bool {
    header.rsplit('.').skip(1).any(|step| folded(step) == "family")
}

/// A header that says several things: `Celular/WhatsApp`, `Phone (with country code)`.
pub(crate) struct HeaderParts<'h> {
    pub(crate) alternatives: Vec<&'h str>,
    /// What stands in brackets.
    pub(crate) remarks: Vec<&'h str>,
}

impl<'h> HeaderParts<'h> {
    /// The parts, unless the header is of others, or says one thing only.
    pub(crate) fn of(header: &'h str) -> Option<Self> {
        if header.split(|c: char| !c.is_alphanumeric()).any(is_of_others) {
            return None;
        }
        let mut parts = HeaderParts { alternatives: Vec::new(), remarks: Vec::new() };
        for (index, piece) in header.split(['(', ')', '[', ']']).enumerate() {
            let into = if index % 2 == 0 { &mut parts.alternatives } else { &mut parts.remarks };
            let some = piece.split(['/', '|', '&']).map(str::trim);
            into.extend(some.filter(|text| text.contains(char::is_alphanumeric)));
        }
        (parts.alternatives.len() + parts.remarks.len() > 1).then_some(parts)
    }

    /// What all alternatives mean; remarks only must not say something else.
    fn meaning(&self) -> Option<HeaderMeaning> {
        let alternatives: Vec<HeaderMeaning> =
            self.alternatives.iter().map(|text| single_meaning(text)).collect::<Option<_>>()?;
        if let ([HeaderMeaning::Name], [remark]) = (&alternatives[..], &self.remarks[..]) {
            // `Name (Last)`, as forms have it.
            let remark = folded(remark);
            if let Some(part) = WORDS.part_of_name(&remark) {
                return Some(part);
            }
            if WORDS.no_name_remarks.contains(&remark) {
                return None;
            }
        }
        let is_country =
            |meaning| matches!(meaning, HeaderMeaning::Country | HeaderMeaning::CallingCode);
        // Another country makes another number: `Country (of interest)`, `Land (Reiseziel)`.
        if alternatives.iter().copied().any(is_country)
            && !self.remarks.iter().all(|remark| WORDS.is_country_remark(remark))
        {
            return None;
        }
        let remarks = self.remarks.iter().filter_map(|text| single_meaning(text));
        alternatives.into_iter().chain(remarks).map(Some).reduce(|one, other| {
            match (one?, other?) {
                (HeaderMeaning::Phone(one), HeaderMeaning::Phone(other)) => {
                    Some(HeaderMeaning::Phone(one.min(other)))
                }
                (one, other) => (one == other).then_some(one),
            }
        })?
    }
}

/// What the path to a value says that it is: its steps without those that say nothing, or the last of
/// them behind `name`. Steps of other people and things (`owner.email`, `company.phone`) stay, and so
/// nothing is found.
fn of_path(header: &str) -> Option<HeaderMeaning> {
    if !header.contains('.') {
        return None;
    }
    let steps: Vec<String> =
        header.split('.').map(folded).filter(|step| !step.is_empty()).collect();
    let says_nothing =
        |step: &String| WORDS.person_steps.contains(step) || WORDS.container_steps.contains(step);
    let said: Vec<&str> =
        steps.iter().filter(|step| !says_nothing(step)).map(String::as_str).collect();
    if let [.., of, last] = said[..]
        && WORDS.tag_steps.contains(last)
        && exact(of) == Some(HeaderMeaning::Tags)
    {
        return Some(HeaderMeaning::Tags);
    }
    let joined = said.concat();
    let phone = || {
        let words = header.split('.').filter(|step| !says_nothing(&folded(step)));
        of_phone_words(&words.collect::<Vec<_>>().join("."))
    };
    let meaning = exact(joined.trim_end_matches(|c: char| c.is_ascii_digit()))
        .or_else(|| name_of_path(&steps, &said))
        .or_else(phone)?;
    let is_of_thing = steps.iter().any(|step| WORDS.thing_steps.contains(step));
    (meaning != HeaderMeaning::Name || !is_of_thing).then_some(meaning)
}

/// The phone that a header says in several words, none of which says something else: `Work Direct Phone`,
/// `Alt Mob`.
fn of_phone_words(header: &str) -> Option<HeaderMeaning> {
    let (mut named, mut is_home_or_work, mut last) = (None, false, PhoneRank::WhatsApp);
    for word in words_of(header).into_iter().map(folded) {
        if let Some(meaning) = exact(&word) {
            let HeaderMeaning::Phone(rank) = meaning else { return None };
            named = Some(named.map_or(rank, |known: PhoneRank| known.min(rank)));
        } else if WORDS.beside_another.contains(&word) {
            last = PhoneRank::HomeOrWork;
        } else if WORDS.home_or_work.contains(&word) {
            is_home_or_work = true;
        } else if !WORDS.beside_phone.contains(&word) {
            return None;
        }
    }
    let rank = match named? {
        // A mobile at work is a mobile.
        PhoneRank::Phone if is_home_or_work => PhoneRank::HomeOrWork,
        rank => rank.max(last),
    };
    Some(HeaderMeaning::Phone(rank))
}

/// The code of a phone, behind the words for the phone: `phone.dial_code`, `Work Mobile Country`.
fn of_code_behind_phone(header: &str) -> Option<HeaderMeaning> {
    let words: Vec<String> = words_of(header).into_iter().map(folded).collect();
    let is_phone = |word: &String| matches!(exact(word), Some(HeaderMeaning::Phone(_)));
    let is_beside = |word: &String| {
        [&WORDS.beside_phone, &WORDS.home_or_work, &WORDS.person_steps, &WORDS.container_steps]
            .iter()
            .any(|words| words.contains(word))
    };
    let of_phone = words.iter().take_while(|word| is_phone(word) || is_beside(word)).count();
    let (of_phone, code) = words.split_at(of_phone);
    let is_code =
        matches!(exact(&code.concat()), Some(HeaderMeaning::CallingCode | HeaderMeaning::Country));
    (is_code && of_phone.iter().any(is_phone)).then_some(HeaderMeaning::CallingCode)
}

/// The part of a name that the last of all steps says, where those that say something before it are
/// `name`, or there are none and a person is among the others.
fn name_of_path(steps: &[String], said: &[&str]) -> Option<HeaderMeaning> {
    let (&last, before) = said.split_last()?;
    if steps.last().is_none_or(|step| step != last) {
        return None;
    }
    let is_of_contact = match before {
        [] => steps.iter().any(|step| WORDS.person_steps.contains(step)),
        [only] => WORDS.names_steps.contains(*only),
        _ => false,
    };
    let part = || WORDS.part_of_name(last).or_else(|| exact(last).filter(|one| one.is_name()));
    is_of_contact.then(part)?
}

/// Whether a header is that of a column of area codes, which are a part of the number in another: `Vorwahl`.
/// A header may say of which phone, too: `Vorwahl Mobil`.
pub(crate) fn is_area_code(header: &str) -> bool {
    let is_of_phone = |word: &String| {
        matches!(exact(word), Some(HeaderMeaning::Phone(_))) || WORDS.home_or_work.contains(word)
    };
    let words = words_of(header).into_iter().map(folded);
    let without_phone: String = words.filter(|word| !is_of_phone(word)).collect();
    WORDS.area_codes.contains(&folded(header)) || WORDS.area_codes.contains(&without_phone)
}

/// Whether a header is a part of a date where columns beside it are others: the `Tag` of `Jahr;Monat;Tag`.
pub(crate) fn is_part_of_date(header: &str, all: &[String]) -> bool {
    let is_part = |text: &String| WORDS.date_parts.contains(&folded(text));
    WORDS.date_parts.contains(&folded(header))
        && all.iter().filter(|text| is_part(text)).count() > 1
}

/// Whether a header, but for its number, is one of `data/headers.tsv`.
pub(crate) fn is_known(header: &str) -> bool {
    exact(folded(header).trim_end_matches(|c: char| c.is_ascii_digit())).is_some()
}

pub(crate) fn exact(folded: &str) -> Option<HeaderMeaning> {
    MEANINGS.get(folded).copied()
}

/// What the header of a phone says of the country calling code of its cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CodeInCells {
    /// It is in them: `Mobile (with country code)`, `Telefon mit Ländervorwahl`, `wa_id`.
    Has,
    /// It is not: `Mobile (without country code)`.
    Lacks,
}

/// What the header of a phone says of the country calling code of its cells, if it does.
pub(crate) fn code_in_cells(header: &str) -> Option<CodeInCells> {
    let words: Vec<String> = words_of(header).into_iter().map(folded).collect();
    let is_code = |words: &[String]| {
        let word = words.concat();
        exact(&word) == Some(HeaderMeaning::CallingCode) || WORDS.with_code.contains(&word)
    };
    let has_code = (1..=3).any(|count| words.windows(count).any(is_code));
    let has_example = || words.iter().any(|word| is_example_with_code(word));
    match words.iter().any(|word| WORDS.without.contains(word)) {
        true => has_code.then_some(CodeInCells::Lacks),
        false => (has_code || has_example()).then_some(CodeInCells::Has),
    }
}

/// Whether a word of a header shows a number with its country calling code: `971501234567`, `62xxx`.
fn is_example_with_code(word: &str) -> bool {
    let digits = word.trim_end_matches('x');
    let has_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_code = || digits.parse().is_ok_and(|code| Region::of_calling_code(code).is_some());
    let has_code = || parse(&format!("+{digits}"), None).is_ok_and(PhoneNumber::is_valid);
    has_digits && if digits.len() < word.len() { is_code() } else { has_code() }
}

/// The words of a header, also of `clientPhone` and `client_phone`.
pub(crate) fn words_of(header: &str) -> Vec<&str> {
    // Vowel signs of Devanagari are no letters, but parts of words.
    let is_word = |c: char| c.is_alphanumeric() || !c.is_ascii() && !c.is_whitespace();
    let pieces = header.split(|c: char| !is_word(c)).filter(|piece| !piece.is_empty());
    pieces.flat_map(camel_case_words).collect()
}

/// The words of a name such as `workMobile`.
pub(crate) fn camel_case_words(name: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut was_lower) = (0, false);
    for (at, c) in name.char_indices() {
        if was_lower && c.is_uppercase() {
            words.push(&name[start..at]);
            start = at;
        }
        was_lower = c.is_lowercase();
    }
    words.push(&name[start..]);
    words
}
