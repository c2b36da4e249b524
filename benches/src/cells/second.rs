//! The kinds of the design's second part: what stands beside a number, what programs made of it,
//! codes and lists gone wrong, and what only looks like a number. Each alone, and two at a time.

use fastrand::Rng;

use super::around::{COATS, Coat};
use super::beside::BESIDE;
use super::codes::CODES;
use super::doubts::DOUBTS;
use super::encoded::{ENCODINGS, Encoding, WRAPS};
use super::forms::{Around, DAMAGED, Form, PLAIN, Writing};
use super::lists::{LISTS, List, PIECES};
use super::lookalikes::{LOOKALIKES, Lookalike};
use super::number::{Number, Numbers, read};
use super::sound::SOUND;
use super::standing::{Skip, Standing, looks_like_date};
use super::template::Template;
use super::{Cell, Demand, Kind, Known, Part, Truth, any, bare_digits, ours};
use crate::contacts::draw::{chance, one_of};

/// A cell in the making.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) text: String,
    pub(super) region: Option<rlibphonenumber::Region>,
    /// What the record's country column says.
    pub(super) country: Option<rlibphonenumber::Region>,
    pub(super) international: bool,
    /// A number as it is plainly written, with nothing but words around it.
    pub(super) is_plain: bool,
    pub(super) truth: Truth,
}

impl Draft {
    /// One number, written.
    pub(super) fn of(writing: Writing, number: Number) -> Self {
        let known = Known { numbers: vec![number], ..Known::default() };
        Draft::knowing(writing, known)
    }

    pub(super) fn knowing(writing: Writing, known: Known) -> Self {
        let is_date = looks_like_date(&writing.text);
        let standing = if is_date { Standing::Undecidable } else { writing.standing };
        Draft {
            text: writing.text,
            region: writing.region,
            country: None,
            international: writing.international,
            is_plain: standing == Standing::Clean,
            truth: standing.of(known),
        }
    }

    /// What is known once something was done that only a repair can undo.
    pub(super) fn repaired(mut self) -> Self {
        if let Truth::Clean(known) = self.truth {
            self.truth = Truth::Recoverable(known);
        }
        self
    }

    /// Rejected is right too, since the design leaves it open.
    pub(super) fn doubtful(mut self) -> Self {
        if let Truth::Clean(known) | Truth::Recoverable(known) = self.truth {
            self.truth = Truth::Undecidable(known);
        }
        self
    }

    /// The design does not say how much of the rest comes out.
    pub(super) fn demanding(mut self, demand: Demand) -> Self {
        if let Truth::Clean(known) | Truth::Recoverable(known) | Truth::Undecidable(known) =
            &mut self.truth
        {
            known.demand = demand;
        }
        self
    }

    pub(super) fn known(&self) -> Option<&Known> {
        match &self.truth {
            Truth::Clean(known) | Truth::Recoverable(known) | Truth::Undecidable(known) => {
                Some(known)
            }
            Truth::TwoReadings(_) | Truth::Unrecoverable(_) => None,
        }
    }
}

/// A kind that makes the whole cell.
pub(super) struct Base {
    pub(super) name: Kind,
    /// The warnings that the design names for it; empty where it names none.
    pub(super) warnings: &'static [&'static str],
    pub(super) make: fn(&mut Rng, &mut Numbers) -> Result<Draft, Skip>,
}

/// What a cell begins as.
#[derive(Clone, Copy)]
enum Core {
    Form(&'static Form),
    Base(&'static Base),
    List(&'static Form, &'static List),
    Lookalike(&'static Lookalike),
}

/// What is done to it.
#[derive(Clone, Copy)]
enum Layer {
    Template(&'static Template),
    Encoding(&'static Encoding),
    Coat(&'static Coat),
}

/// What is put together in one cell of the second part.
pub(super) struct SecondPlan {
    core: Core,
    layers: Vec<Layer>,
}

fn form_around(rng: &mut Rng, forms: &'static [Form], around: Around) -> &'static Form {
    loop {
        let form = any(rng, forms);
        if form.around.contains(&around) {
            return form;
        }
    }
}

fn base(rng: &mut Rng) -> Core {
    let bases = one_of(rng, &[CODES, CODES, CODES, PIECES, PIECES, DOUBTS, SOUND]);
    Core::Base(any(rng, bases))
}

fn plain(rng: &mut Rng) -> Core {
    Core::Form(form_around(rng, PLAIN, Around::Label))
}

fn list(rng: &mut Rng) -> Core {
    Core::List(form_around(rng, PLAIN, Around::Others), any(rng, LISTS))
}

fn beside(rng: &mut Rng) -> Layer {
    Layer::Template(any(rng, BESIDE))
}

fn encoded(rng: &mut Rng) -> Layer {
    match chance(rng, 50) {
        true => Layer::Template(any(rng, WRAPS)),
        false => Layer::Encoding(any(rng, ENCODINGS)),
    }
}

/// Something over the cell that leaves tags, escapes and quotes as they are.
fn coat(rng: &mut Rng, over_encoded: bool) -> Layer {
    loop {
        let coat = any(rng, COATS);
        if !over_encoded || coat.name == "invisible characters" {
            return Layer::Coat(coat);
        }
    }
}

impl SecondPlan {
    pub(super) fn draw(rng: &mut Rng) -> Self {
        let (core, layers) = match rng.u8(0..100) {
            0..16 => (plain(rng), vec![beside(rng)]),
            16..30 => (plain(rng), vec![encoded(rng)]),
            30..44 => (base(rng), vec![]),
            44..50 => (list(rng), vec![]),
            50..62 => (Core::Lookalike(any(rng, LOOKALIKES)), vec![]),
            62..65 => (plain(rng), vec![beside(rng), beside(rng)]),
            65..69 => (plain(rng), vec![beside(rng), encoded(rng)]),
            69..73 => (plain(rng), vec![beside(rng), coat(rng, false)]),
            73..76 => (plain(rng), vec![encoded(rng), coat(rng, true)]),
            76..80 => {
                let damaged = form_around(rng, DAMAGED, Around::Others);
                (Core::Form(damaged), vec![encoded(rng)])
            }
            80..82 => {
                let damaged = form_around(rng, DAMAGED, Around::Label);
                (Core::Form(damaged), vec![beside(rng)])
            }
            82..85 => (base(rng), vec![beside(rng)]),
            85..88 => (base(rng), vec![encoded(rng)]),
            88..91 => (base(rng), vec![coat(rng, false)]),
            91..93 => (list(rng), vec![encoded(rng)]),
            93..94 => (list(rng), vec![coat(rng, false)]),
            94..96 => (Core::Lookalike(any(rng, LOOKALIKES)), vec![beside(rng)]),
            96..98 => (Core::Lookalike(any(rng, LOOKALIKES)), vec![encoded(rng)]),
            _ => (Core::Lookalike(any(rng, LOOKALIKES)), vec![coat(rng, false)]),
        };
        let core = match (core, layers.first()) {
            (Core::Form(_), Some(Layer::Template(template))) => {
                let share = template.share_of_digits();
                if chance(rng, share) { Core::Form(&PLAIN[0]) } else { core }
            }
            _ => core,
        };
        SecondPlan { core, layers }
    }

    /// The kinds of the cell, plain forms left out.
    pub(super) fn kinds(&self) -> Vec<Kind> {
        let core = match self.core {
            Core::Form(form) => {
                DAMAGED.iter().any(|damaged| damaged.name == form.name).then_some(form.name)
            }
            Core::Base(base) => Some(base.name),
            Core::List(_, list) => Some(list.name),
            Core::Lookalike(lookalike) => Some(lookalike.name),
        };
        let layers = self.layers.iter().map(|layer| match layer {
            Layer::Template(template) => template.name,
            Layer::Encoding(encoding) => encoding.name,
            Layer::Coat(coat) => coat.name,
        });
        core.into_iter().chain(layers).collect()
    }

    /// The warnings that the design names for what was done.
    fn warnings(&self) -> Vec<&'static str> {
        let core: &[&str] = match self.core {
            Core::Base(base) => base.warnings,
            Core::List(..) => &["phone_extra_numbers"],
            Core::Form(_) | Core::Lookalike(_) => &[],
        };
        let layers = self.layers.iter().flat_map(|layer| match layer {
            Layer::Template(template) => template.warnings,
            Layer::Encoding(_) => &["phone_decoded"][..],
            Layer::Coat(_) => &[],
        });
        core.iter().chain(layers).copied().collect()
    }

    pub(super) fn carry_out(&self, rng: &mut Rng, numbers: &mut Numbers) -> Result<Cell, Skip> {
        let mut draft = self.core(rng, numbers)?;
        for layer in &self.layers {
            draft = match layer {
                Layer::Template(template) => template.put(rng, draft)?,
                Layer::Encoding(encoding) => encoding.lay(rng, draft)?,
                Layer::Coat(coat) => coated(rng, coat, draft)?,
            };
        }
        Ok(Cell {
            part: Part::Second,
            kinds: self.kinds(),
            warnings: self.warnings(),
            text: draft.text,
            region: draft.region.and_then(ours),
            country: draft.country.and_then(ours),
            bare_digits: bare_digits(draft.international),
            truth: draft.truth,
        })
    }

    fn core(&self, rng: &mut Rng, numbers: &mut Numbers) -> Result<Draft, Skip> {
        match self.core {
            Core::Form(form) => {
                let number = match form.name {
                    "Mexico's old 1" => numbers.draw_in(rng, Some(rlibphonenumber::Region::MX)),
                    _ => numbers.draw(rng),
                };
                Ok(Draft::of((form.write)(rng, numbers, &number)?, number))
            }
            Core::Base(base) => (base.make)(rng, numbers),
            Core::List(form, list) => list.make(rng, numbers, form),
            Core::Lookalike(lookalike) => lookalike.make(rng, numbers),
        }
    }
}

fn coated(rng: &mut Rng, coat: &Coat, mut draft: Draft) -> Result<Draft, Skip> {
    draft.text = (coat.lay)(rng, &draft.text)?;
    if let Truth::Unrecoverable(_) = draft.truth {
        draft.truth = Truth::Unrecoverable(&[]);
    }
    // A formula that holds text is one of the second part's repairs.
    Ok(if draft.text.starts_with('=') { draft.repaired() } else { draft })
}

/// The number stands in a text that only a repair reads, unless another reading is valid too.
///
/// Rivals are the readings that leave out less than the repair does.
pub(super) fn repaired(
    number: &Number,
    text: &str,
    region: Option<rlibphonenumber::Region>,
    rivals: &[String],
) -> Result<Standing, Skip> {
    let has_plus = text.trim_start().starts_with('+');
    let digits = super::standing::digits_of(text);
    let as_written = read(text, if has_plus { None } else { region });
    // The design's table reads `00` and `+00` as `+`.
    let has_zeros = text.starts_with("00") || text.starts_with("+00");
    let dialled = has_zeros.then(|| read(&format!("+{}", &digits[2..]), None)).flatten();
    if [as_written, dialled].into_iter().flatten().any(|other| other != *number) {
        return Err(Skip::LooksLikeAnother);
    }
    let significant = digits.trim_start_matches('0');
    let mut others = Vec::new();
    let own = region.and_then(super::number::code_of).map(|code| code.to_string());
    let begins_with_own = own.is_some_and(|own| significant.starts_with(&own));
    if text.contains('+') || digits.starts_with("00") || begins_with_own {
        others.push(read(&format!("+{significant}"), None));
    }
    if !has_plus {
        others.extend([read(&digits, region), read(significant, region)]);
    }
    others.extend(rivals.iter().map(|rival| read(rival, region)));
    let has_rival = others.into_iter().flatten().any(|other| other != *number);
    Ok(if has_rival { Standing::Undecidable } else { Standing::Recoverable })
}

/// The kinds of the second part.
#[cfg(test)]
pub(super) fn kinds() -> Vec<Kind> {
    let templates = BESIDE.iter().chain(WRAPS).map(|template| template.name);
    let bases = [CODES, PIECES, DOUBTS, SOUND].into_iter().flatten().map(|base| base.name);
    let encodings = ENCODINGS.iter().map(|encoding| encoding.name);
    let lists = LISTS.iter().map(|list| list.name);
    let lookalikes = LOOKALIKES.iter().map(|lookalike| lookalike.name);
    templates.chain(bases).chain(encodings).chain(lists).chain(lookalikes).collect()
}
