//! The columns that no reader checks: tags, plan and notes.

use fastrand::Rng;

use super::draw::{Weighted, chance, index, one_of};

static TAGS: Weighted<&str> = Weighted::new(&[
    ("lead", 20),
    ("Lead", 4),
    ("customer", 14),
    ("demo", 10),
    ("newsletter", 8),
    ("webinar", 8),
    ("vip", 6),
    ("VIP", 3),
    ("trial", 6),
    ("expo-2025", 6),
    ("follow up", 6),
    ("wholesale", 3),
    ("partner", 3),
    ("référence", 1),
    ("नया", 2),
]);

const SEPARATORS: &[&str] = &[";", ";", "; ", "|", ",", ", ", " ::: "];

static TAG_COUNTS: Weighted<u8> = Weighted::new(&[(0, 40), (1, 34), (2, 18), (3, 8)]);

/// Appends a cell of no tags, one or several.
pub(crate) fn push_tags(rng: &mut Rng, out: &mut String) {
    let count = TAG_COUNTS.draw(rng);
    let separator = one_of(rng, SEPARATORS);
    // The label that one address book puts on everybody.
    if chance(rng, 4) {
        out.push_str("* myContacts");
        if count > 0 {
            out.push_str(" ::: ");
        }
    }
    for at in 0..count {
        if at > 0 {
            out.push_str(separator);
        }
        out.push_str(TAGS.draw(rng));
    }
    if count > 1 && chance(rng, 10) {
        out.push_str(separator);
        out.push_str(one_of(rng, &["LEAD", "Demo", "Vip", "", "lead"]));
    }
}

static PLANS: Weighted<&str> = Weighted::new(&[("", 30), ("free", 40), ("pro", 22), ("team", 8)]);

/// What the contact has bought, or nothing.
pub(crate) fn plan(rng: &mut Rng) -> &'static str {
    PLANS.draw(rng)
}

/// What sort of note a contact has.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Note {
    /// Nothing.
    Empty,
    /// A few words.
    Short,
    /// Words with one comma, so that the field must be quoted.
    Comma,
    /// Words with quotation marks, which must be doubled.
    Quotes,
    /// Several lines, with LF, CRLF or CR between them.
    Lines,
    /// What a spreadsheet would take for a formula.
    Formula,
    /// Words with an emoji.
    Emoji,
}

/// How often each sort is met.
pub(crate) static NOTES: Weighted<Note> = Weighted::new(&[
    (Note::Empty, 850),
    (Note::Short, 90),
    (Note::Comma, 20),
    (Note::Quotes, 10),
    (Note::Lines, 10),
    (Note::Formula, 10),
    (Note::Emoji, 10),
]);

impl Note {
    fn texts(self) -> &'static [&'static str] {
        match self {
            Self::Empty => &[""],
            Self::Short => &[
                "call after 6 pm",
                "met at the expo",
                "prefers email",
                "asked for a quote",
                "old number, may change",
                "wants the demo in Hindi",
                "do not call on Sundays",
                "llamar por la tarde",
                "bitte per Mail",
                "paid",
                "referred by a friend",
                "left a voicemail",
                "no answer twice",
                "changed jobs",
                "renews in March",
                "ligar depois das 18h",
                "कल कॉल करें",
            ],
            Self::Comma => &[
                "call back, asked for the price",
                "Flat 4, Rose Villa",
                "spouse, same address",
                "1,200 units a month",
            ],
            Self::Quotes => &[
                "goes by \"Ricky\"",
                "said \"not before May\"",
                "\"VIP\", says the sales team",
                "24\" monitor, two of them",
            ],
            Self::Lines => &[
                "Call after 6 pm\nAsk for the manager",
                "Flat 4, Rose Villa\nMG Road",
                "first line\r\nsecond line",
                "old sheet had:\nName,Phone,Email\n\"none\"",
                "one\n\nthree",
                "from a very old export\rwith lone returns",
            ],
            Self::Formula => &[
                "=SUM(B2:B9)",
                "+1 for dinner",
                "-10% agreed",
                "@reception knows",
                "=HYPERLINK(\"https://example.com\",\"card\")",
                "- see file",
            ],
            Self::Emoji => &["likes chat 💬", "🎉 renewed", "👍", "on holiday 🏝️ until May"],
        }
    }

    /// One text of this sort.
    pub(crate) fn text(self, rng: &mut Rng) -> &'static str {
        let texts = self.texts();
        texts[index(rng, texts.len())]
    }
}
