//! People, and the spellings that their names have from one list to the next.

use fastrand::Rng;

use super::draw::{Weighted, entries, index, one_of};
use super::numbers::Country;
use super::people::{Culture, NameOrder};

/// A given or a family name.
pub(crate) struct Word {
    /// As it is written: `Núñez`, `आशा`.
    pub(crate) shown: &'static str,
    /// In the lower-case ASCII letters that an email address takes: `nunez`, `asha`.
    pub(crate) ascii: String,
}

impl Word {
    fn of(entry: &'static str) -> Self {
        match entry.split_once('/') {
            Some((shown, ascii)) => Self { shown, ascii: ascii.to_owned() },
            None => Self { shown: entry, ascii: entry.chars().filter_map(base_letter).collect() },
        }
    }
}

/// The letter under an accent, in lower case; nothing for blanks, marks and other scripts.
fn base_letter(c: char) -> Option<char> {
    let lower = c.to_lowercase().next().unwrap_or(c);
    Some(match lower {
        'a'..='z' => lower,
        'á' | 'à' | 'â' | 'ã' | 'ä' => 'a',
        'ç' => 'c',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'ğ' => 'g',
        'í' | 'î' | 'ï' | 'ı' => 'i',
        'ñ' => 'n',
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' | 'ō' | 'ọ' => 'o',
        'ş' => 's',
        'ú' | 'ü' => 'u',
        _ => return None,
    })
}

/// A [`Culture`], its names taken apart once.
pub(crate) struct People {
    given: Vec<Word>,
    family: Vec<Word>,
    order: NameOrder,
}

impl People {
    pub(crate) fn of(culture: &Culture) -> Self {
        Self {
            given: entries(culture.given).map(Word::of).collect(),
            family: entries(culture.family).map(Word::of).collect(),
            order: culture.order,
        }
    }
}

/// Somebody with a name.
#[derive(Clone, Copy)]
pub(crate) struct Person {
    pub(crate) given: &'static Word,
    pub(crate) family: &'static Word,
    order: NameOrder,
}

/// How a name cell is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NameForm {
    /// `Asha Verma`
    Full,
    /// `Verma, Asha`
    Register,
    /// `ASHA VERMA`
    Upper,
    /// `asha verma`
    Lower,
    /// `A. Verma`
    Initial,
    /// `Asha V`
    GivenAndInitial,
    /// `Asha`
    Given,
    /// `Dr. Asha Verma`
    Title,
    /// `Asha Verma 🌸`
    Emoji,
    /// `Asha Verma (office)`
    Remark,
    /// `Asha "Ashu" Verma`: needs doubled quotes in the file.
    Nickname,
    /// `Asha  Verma`
    DoubleSpace,
    /// A no-break space between the two.
    NoBreakSpace,
    /// Blanks before or behind.
    Padded,
    /// A bidirectional mark before or behind, as chat apps leave it.
    Mark,
    /// `Unknown`, `test`, `-`
    Placeholder,
    /// Nothing at all.
    Empty,
}

/// How a person is called where a list first has them.
pub(crate) static FIRST_FORMS: Weighted<NameForm> = Weighted::new(&[
    (NameForm::Full, 790),
    (NameForm::Register, 22),
    (NameForm::Upper, 25),
    (NameForm::Lower, 30),
    (NameForm::Initial, 12),
    (NameForm::GivenAndInitial, 8),
    (NameForm::Given, 35),
    (NameForm::Title, 8),
    (NameForm::Emoji, 8),
    (NameForm::Remark, 8),
    (NameForm::Nickname, 3),
    (NameForm::DoubleSpace, 9),
    (NameForm::NoBreakSpace, 6),
    (NameForm::Padded, 10),
    (NameForm::Mark, 3),
    (NameForm::Placeholder, 8),
    (NameForm::Empty, 15),
]);

/// How the same person is called when they turn up again.
pub(crate) static LATER_FORMS: Weighted<NameForm> = Weighted::new(&[
    (NameForm::Full, 25),
    (NameForm::Register, 10),
    (NameForm::Upper, 15),
    (NameForm::Lower, 15),
    (NameForm::Initial, 10),
    (NameForm::GivenAndInitial, 5),
    (NameForm::Given, 10),
    (NameForm::Remark, 3),
    (NameForm::DoubleSpace, 3),
    (NameForm::Empty, 4),
]);

impl Person {
    /// Somebody of this country.
    pub(crate) fn draw(rng: &mut Rng, country: &'static Country) -> Self {
        let mut left = rng.u32(..100);
        let mut people = &country.people[0].0;
        for (candidate, share) in &country.people {
            people = candidate;
            if left < *share {
                break;
            }
            left -= share;
        }
        Self {
            given: &people.given[index(rng, people.given.len())],
            family: &people.family[index(rng, people.family.len())],
            order: people.order,
        }
    }

    /// Whether the name's script has capitals; the others know neither initials nor titles here.
    fn has_capitals(&self) -> bool {
        let is_cased = |word: &Word| word.shown.starts_with(char::is_uppercase);
        is_cased(self.given) && is_cased(self.family)
    }

    fn push_full(&self, between: &str, out: &mut String) {
        let (first, second, between) = match self.order {
            NameOrder::GivenFirst => (self.given, self.family, between),
            NameOrder::FamilyFirst => (self.family, self.given, between),
            NameOrder::FamilyFirstJoined => (self.family, self.given, ""),
        };
        out.push_str(first.shown);
        out.push_str(between);
        out.push_str(second.shown);
    }

    /// Appends the name in this form.
    pub(crate) fn write(&self, rng: &mut Rng, form: NameForm, out: &mut String) {
        let initial = |word: &Word, out: &mut String| out.extend(word.shown.chars().next());
        match form {
            NameForm::Register => {
                out.push_str(self.family.shown);
                out.push_str(", ");
                out.push_str(self.given.shown);
            }
            NameForm::Upper => {
                let start = out.len();
                self.push_full(" ", out);
                let name = out.split_off(start);
                out.extend(name.chars().flat_map(char::to_uppercase));
            }
            NameForm::Lower => {
                let start = out.len();
                self.push_full(" ", out);
                let name = out.split_off(start);
                out.extend(name.chars().flat_map(char::to_lowercase));
            }
            NameForm::Initial if self.has_capitals() => {
                initial(self.given, out);
                out.push_str(". ");
                out.push_str(self.family.shown);
            }
            NameForm::GivenAndInitial if self.has_capitals() => {
                out.push_str(self.given.shown);
                out.push(' ');
                initial(self.family, out);
            }
            NameForm::Given => out.push_str(self.given.shown),
            NameForm::Title if self.has_capitals() => {
                out.push_str(one_of(rng, &["Dr. ", "Dr ", "Prof. ", "Adv. ", "Er. "]));
                self.push_full(" ", out);
            }
            NameForm::Emoji => {
                self.push_full(" ", out);
                out.push_str(one_of(rng, &[" 🌸", " 😀", " ⭐", " ❤️", " 👨‍👩‍👧", " 🇮🇳"]));
            }
            NameForm::Remark => {
                self.push_full(" ", out);
                out.push_str(one_of(rng, &[" (office)", " - new", " (work)", " wa", " 2"]));
            }
            NameForm::Nickname if self.has_capitals() => {
                out.push_str(self.given.shown);
                out.push_str(one_of(rng, &[" \"Ash\" ", " \"Max\" ", " \"Lolo\" "]));
                out.push_str(self.family.shown);
            }
            NameForm::DoubleSpace => self.push_full("  ", out),
            NameForm::NoBreakSpace => self.push_full("\u{a0}", out),
            NameForm::Padded => {
                out.push_str(one_of(rng, &["", " "]));
                self.push_full(" ", out);
                out.push_str(one_of(rng, &[" ", "  "]));
            }
            NameForm::Mark => {
                out.push_str(one_of(rng, &["\u{200e}", "\u{200f}", "\u{feff}"]));
                self.push_full(" ", out);
            }
            NameForm::Placeholder => {
                out.push_str(one_of(
                    rng,
                    &["Unknown", "test", "N/A", "-", ".", "No Name", "Customer"],
                ));
            }
            NameForm::Empty => {}
            // And the forms that this script does not have.
            _ => self.push_full(" ", out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Country, Person};
    use fastrand::Rng;

    #[test]
    fn every_name_has_letters_for_an_email_address() {
        for country in Country::all() {
            for (people, _) in &country.people {
                for word in people.given.iter().chain(&people.family) {
                    assert!(!word.ascii.is_empty(), "{}", word.shown);
                    assert!(word.ascii.bytes().all(|b| b.is_ascii_lowercase()), "{}", word.shown);
                    // A letter without a base letter would be missing.
                    if !word.shown.contains([' ', '-', '\'', '’', '.', '\u{301}'])
                        && word.shown.chars().all(|c| c < '\u{250}')
                    {
                        assert!(word.ascii.len() >= word.shown.chars().count(), "{}", word.shown);
                    }
                }
            }
        }
    }

    #[test]
    fn people_come_from_every_culture() {
        let mut rng = Rng::with_seed(1);
        let india = &Country::all()[0];
        let drawn: Vec<_> = (0..1000).map(|_| Person::draw(&mut rng, india)).collect();
        for (people, _) in &india.people {
            let is_theirs =
                |person: &Person| people.given.iter().any(|word| std::ptr::eq(word, person.given));
            assert!(drawn.iter().any(is_theirs));
        }
    }
}
