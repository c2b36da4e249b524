//! Columns that say who does not want to be written to.

use std::sync::LazyLock;

use foldhash::HashSet;

use crate::data;
use crate::text::folded;

/// The rows of `data/consent-columns.tsv`, folded.
struct Words {
    opt_out: HashSet<String>,
    opt_in: HashSet<String>,
    question: Vec<String>,
    yes: HashSet<String>,
    no: HashSet<String>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let rows = data::rows(include_str!("../../data/consent-columns.tsv"));
    let of = |wanted: &'static str| {
        rows.clone().filter(move |[kind, _]| *kind == wanted).map(|[_, word]| folded(word))
    };
    Words {
        opt_out: of("opt-out").collect(),
        opt_in: of("opt-in").collect(),
        question: of("question").collect(),
        yes: of("yes").collect(),
        no: of("no").collect(),
    }
});

/// What `yes` means in a column of consents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    /// The person may be written to.
    In,
    /// The person does not want to be written to.
    Out,
}

/// Whether a column is one of consents, by its header.
pub(crate) fn of_header(header: &str) -> Option<Consent> {
    let is_question = header.trim_end().ends_with('?');
    let header = folded(header);
    let asks = || is_question && WORDS.question.iter().any(|word| header.contains(word));
    if WORDS.opt_out.contains(&header) {
        Some(Consent::Out)
    } else if WORDS.opt_in.contains(&header) || asks() {
        Some(Consent::In)
    } else {
        None
    }
}

impl Consent {
    /// Whether the cell of such a column says that the person does not want to be written to.
    pub(crate) fn is_opt_out(self, cell: &str) -> bool {
        let word = folded(cell);
        match self {
            Consent::Out => WORDS.yes.contains(&word),
            Consent::In => WORDS.no.contains(&word),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_yes_to_an_opt_out_and_a_no_to_an_opt_in_are_the_same() {
        assert!(of_header("SMS_BLACKLISTED").unwrap().is_opt_out("True"));
        assert!(!of_header("SMS_BLACKLISTED").unwrap().is_opt_out("false"));
        assert!(of_header("AllowBroadcast").unwrap().is_opt_out("FALSE"));
        assert!(!of_header("Accepts SMS Marketing").unwrap().is_opt_out(""));
        assert!(of_header("Aceita receber mensagens?").unwrap().is_opt_out("Não"));
        assert!(of_header("Do you consent to receive messages?").unwrap().is_opt_out("No"));
        assert_eq!(of_header("Consent date"), None);
        assert_eq!(of_header("Phone"), None);
    }
}
