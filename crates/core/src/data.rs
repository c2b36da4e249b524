//! The word lists under `data/`, compiled in: tables that anyone can extend without Rust.
//!
//! Each is text with a tab between columns; lines that begin with `#` and empty lines are comments.
//! The head of each file says what its columns are, and which table has its cases.

pub(crate) const CONSENT_COLUMNS: &str = include_str!("../data/consent-columns.tsv");
pub(crate) const COUNTRIES: &str = include_str!("../data/countries.tsv");
pub(crate) const COUNTRY_NAMES: &str = include_str!("../data/country-names.tsv");
pub(crate) const EXPORTS: &str = include_str!("../data/exports.tsv");
pub(crate) const HEADERS: &str = include_str!("../data/headers.tsv");
pub(crate) const HEADER_WORDS: &str = include_str!("../data/header-words.tsv");
pub(crate) const MAIL_DOMAINS: &str = include_str!("../data/mail-domains.tsv");
pub(crate) const NAME_WORDS: &str = include_str!("../data/name-words.tsv");
pub(crate) const PARTIES: &str = include_str!("../data/parties.tsv");
pub(crate) const PHONE_WORDS: &str = include_str!("../data/phone-words.tsv");
pub(crate) const PLACEHOLDERS: &str = include_str!("../data/placeholders.tsv");
pub(crate) const RENUMBERINGS: &str = include_str!("../data/renumberings.tsv");
pub(crate) const SENSITIVE_COLUMNS: &str = include_str!("../data/sensitive-columns.tsv");

/// The rows of a table with this many columns. A row with fewer has empty ones at its end.
pub(crate) fn rows<const COLUMNS: usize>(
    table: &'static str,
) -> impl Iterator<Item = [&'static str; COLUMNS]> + Clone {
    table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(|line| {
        let mut columns = line.split('\t');
        std::array::from_fn(|_| columns.next().unwrap_or_default())
    })
}

/// The words of one kind in a table of kinds, languages and words.
pub(crate) fn words(
    table: &'static str,
    kind: &'static str,
) -> impl Iterator<Item = &'static str> + Clone {
    rows(table).filter(move |[of, _, _]| *of == kind).map(|[_, _, word]| word)
}

/// The first bytes and the maximum length of the words of one kind, worked out when the program is
/// compiled: they sort out nearly every cell before any word is compared.
pub(crate) struct Prefilter {
    is_first: [bool; 256],
    max_bytes: usize,
}

impl Prefilter {
    /// The filter for the words of a kind; see [`words`].
    pub(crate) const fn of(table: &str, kind: &str) -> Self {
        let (table, kind) = (table.as_bytes(), kind.as_bytes());
        let mut filter = Prefilter { is_first: [false; 256], max_bytes: 0 };
        let mut at = 0;
        while at < table.len() {
            let start = at;
            while at < table.len() && table[at] != b'\n' {
                at += 1;
            }
            if begins_with(table, start, kind) && table[start + kind.len()] == b'\t' {
                let mut word = at;
                while table[word - 1] != b'\t' {
                    word -= 1;
                }
                filter.is_first[table[word].to_ascii_lowercase() as usize] = true;
                filter.is_first[table[word].to_ascii_uppercase() as usize] = true;
                if filter.max_bytes < at - word {
                    filter.max_bytes = at - word;
                }
            }
            at += 1;
        }
        filter
    }

    /// Whether a text may be one of the words.
    pub(crate) fn may_be(&self, text: &str) -> bool {
        let first = text.as_bytes().first();
        first.is_some_and(|&first| self.is_first[usize::from(first)])
            && text.len() <= self.max_bytes
    }

    /// Length of the longest word, in bytes.
    pub(crate) const fn max_bytes(&self) -> usize {
        self.max_bytes
    }
}

const fn begins_with(text: &[u8], start: usize, with: &[u8]) -> bool {
    let mut at = 0;
    while at < with.len() {
        if start + at >= text.len() || text[start + at] != with[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};
    use std::fs;

    use contactmill_phone::Region;

    use super::*;
    use crate::cells::email;
    use crate::columns::{consent, header, hint, party, preset, sensitive};
    use crate::text::folded;

    /// Every data file by its name.
    const TABLES: [(&str, &str); 13] = [
        ("consent-columns.tsv", CONSENT_COLUMNS),
        ("countries.tsv", COUNTRIES),
        ("country-names.tsv", COUNTRY_NAMES),
        ("exports.tsv", EXPORTS),
        ("header-words.tsv", HEADER_WORDS),
        ("headers.tsv", HEADERS),
        ("mail-domains.tsv", MAIL_DOMAINS),
        ("name-words.tsv", NAME_WORDS),
        ("parties.tsv", PARTIES),
        ("phone-words.tsv", PHONE_WORDS),
        ("placeholders.tsv", PLACEHOLDERS),
        ("renumberings.tsv", RENUMBERINGS),
        ("sensitive-columns.tsv", SENSITIVE_COLUMNS),
    ];

    #[test]
    fn comments_are_no_rows_and_short_rows_are_filled_up() {
        let table = "# a comment\n\none\ttwo\nthree\n";
        assert!(rows::<2>(table).eq([["one", "two"], ["three", ""]]));
    }

    #[test]
    fn every_file_of_the_folder_is_checked_here() {
        let folder = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/data")).unwrap();
        let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert_eq!(
            names.collect::<HashSet<_>>(),
            TABLES.map(|(name, _)| name.to_owned()).into_iter().collect()
        );
    }

    #[test]
    fn no_row_has_an_empty_cell_or_stands_twice() {
        for (name, table) in TABLES {
            let is_row = |line: &&str| !line.is_empty() && !line.starts_with('#');
            let columns = table.lines().find(is_row).unwrap().split('\t').count();
            let mut seen = HashSet::new();
            for line in table.lines().filter(is_row) {
                let cells: Vec<&str> = line.split('\t').collect();
                assert_eq!(cells.len(), columns, "{name}: {line}");
                let is_tidy = |cell: &&str| !cell.is_empty() && cell.trim() == *cell;
                assert!(cells.iter().all(is_tidy), "{name}: {line}");
                assert!(seen.insert(line), "{name}: {line} stands twice");
            }
            assert!(seen.len() > 10, "{name} has lost its rows");
        }
    }

    #[test]
    fn every_kind_is_one_that_the_program_reads() {
        type IsKnown = fn(&'static str) -> bool;
        let kinds: [(&str, IsKnown); 10] = [
            (CONSENT_COLUMNS, |kind| consent::Words::default().of_kind(kind).is_some()),
            (HEADER_WORDS, |kind| header::Words::default().of_kind(kind).is_some()),
            (HEADERS, |kind| {
                let maybe = kind.strip_prefix(hint::MAYBE);
                let meaning = header::HeaderMeaning::of_kind(maybe.unwrap_or(kind));
                meaning.is_some_and(|one| maybe.is_none() || hint::HeaderHint::of(one).is_some())
            }),
            (MAIL_DOMAINS, |kind| email::RowKind::of_kind(kind).is_some()),
            (NAME_WORDS, |kind| matches!(kind, "title" | "particle" | "company" | "role")),
            (PARTIES, |kind| party::RowKind::of_kind(kind).is_some()),
            (PHONE_WORDS, |kind| {
                matches!(kind, "label" | "fax" | "no-phone" | "extension" | "between" | "scheme")
            }),
            (PLACEHOLDERS, |kind| matches!(kind, "any" | "name" | "country")),
            (SENSITIVE_COLUMNS, |kind| sensitive::of_kind(kind).is_some()),
            (COUNTRIES, |kind| kind.parse::<Region>().is_ok()),
        ];
        for (table, is_known) in kinds {
            for [kind] in rows(table) {
                assert!(is_known(kind), "{kind}");
            }
        }
        for [_, kind] in rows(EXPORTS) {
            assert!(preset::RowKind::of_kind(kind).is_some(), "{kind}");
        }
    }

    #[test]
    fn every_language_is_a_code_of_two_letters() {
        let of = |table| rows(table).map(|[_, language]| language);
        let of_parties = rows(PARTIES).map(|[_, _, language]| language);
        let tables = [
            CONSENT_COLUMNS,
            HEADER_WORDS,
            HEADERS,
            NAME_WORDS,
            PHONE_WORDS,
            PLACEHOLDERS,
            SENSITIVE_COLUMNS,
        ];
        for language in tables.into_iter().flat_map(of).chain(of_parties) {
            let is_code =
                |code: &str| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_lowercase());
            assert!(language == "-" || language.split(',').all(is_code), "{language}");
        }
    }

    /// Asserts that no two words fold to the same, where one of them has to win.
    #[track_caller]
    fn assert_distinct<'w>(words: impl Iterator<Item = (&'w str, &'w str)>) {
        let mut seen = HashMap::new();
        for (kind, word) in words {
            if let Some(other) = seen.insert(folded(word), (kind, word)) {
                panic!("{word} ({kind}) and {} ({}) compare as one word", other.1, other.0);
            }
        }
    }

    #[test]
    fn no_header_has_two_meanings() {
        assert_distinct(rows(HEADERS).map(|[kind, _, word]| (kind, word)));
    }

    #[test]
    fn no_words_are_sensitive_in_two_ways() {
        assert_distinct(rows(SENSITIVE_COLUMNS).map(|[kind, _, word]| (kind, word)));
    }

    #[test]
    fn no_header_is_a_word_of_other_things() {
        let of_others = ["of-others", "something-else", "no-name-remark"];
        let others = of_others.into_iter().flat_map(|kind| words(HEADER_WORDS, kind));
        let others: HashSet<String> = others.map(folded).collect();
        // A code is one of other things, unless all its cells are calling codes.
        let codes = format!("{}calling-code", hint::MAYBE);
        for [_, _, word] in rows(HEADERS).filter(|[kind, _, _]| *kind != codes) {
            assert!(!others.contains(&folded(word)), "{word}");
        }
    }

    #[test]
    fn no_word_names_two_parties() {
        let of_party = rows::<4>(PARTIES)
            .filter(|[kind, ..]| !matches!(*kind, "filler" | "at-edge" | "no-person"));
        assert_distinct(of_party.map(|[_, party, _, word]| (party, word)));
        let at_edge = rows::<4>(PARTIES).filter(|[kind, ..]| *kind == "at-edge");
        assert_distinct(at_edge.map(|[_, party, _, word]| (party, word)));
    }

    #[test]
    fn no_word_of_a_kind_stands_twice() {
        for table in [CONSENT_COLUMNS, HEADER_WORDS, PHONE_WORDS] {
            let kinds: HashSet<&str> = rows(table).map(|[kind]| kind).collect();
            for kind in kinds {
                // Signs of extensions are no words.
                let words = words(table, kind).filter(|word| !folded(word).is_empty());
                let is_sign = |word: &&str| table == PHONE_WORDS && *word == ";ext";
                assert_distinct(words.filter(|word| !is_sign(word)).map(|word| (kind, word)));
            }
        }
    }

    #[test]
    fn no_consent_is_given_and_refused_by_one_word() {
        for kinds in [
            ["opt-out", "opt-in"],
            ["yes", "no"],
            ["agreement", "no"],
            ["agreement", "refusal"],
            ["agreement", "opt-out"],
            ["no-refusal", "refusal"],
            ["no-refusal", "no"],
        ] {
            let words = kinds
                .into_iter()
                .flat_map(|kind| words(CONSENT_COLUMNS, kind).map(move |word| (kind, word)));
            assert_distinct(words);
        }
    }

    #[test]
    fn words_that_compare_as_written_are_in_lower_case() {
        for [_, _, word] in [PHONE_WORDS, PLACEHOLDERS].into_iter().flat_map(rows::<3>) {
            assert_eq!(word.to_lowercase(), word);
        }
    }

    #[test]
    fn the_filter_lets_every_word_through_in_any_case() {
        for kind in ["any", "name"] {
            let filter = Prefilter::of(PLACEHOLDERS, kind);
            for word in words(PLACEHOLDERS, kind) {
                assert!(filter.may_be(word) && filter.may_be(&word.to_ascii_uppercase()));
            }
        }
        let filter = Prefilter::of("# any\tx\nany\t-\tab\nanyone\t-\tcd\n", "any");
        assert!(filter.may_be("ab") && filter.may_be("A"));
        assert!(!filter.may_be("abc") && !filter.may_be("cd") && !filter.may_be("x"));
    }
}
