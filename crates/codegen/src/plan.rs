//! What the metadata says of a territory's numbers: a pattern and lengths for each kind of line.

use contactmill_phone::LineType;
use rlibphonenumber::{PhoneMetadata, PhoneNumberDesc};

/// Patterns, each once.
#[derive(Default)]
pub(crate) struct Patterns(pub(crate) Vec<String>);

impl Patterns {
    pub(crate) fn add(&mut self, pattern: String) -> usize {
        self.0.iter().position(|known| *known == pattern).unwrap_or_else(|| {
            self.0.push(pattern);
            self.0.len() - 1
        })
    }
}

/// A pattern with the lengths that its numbers have.
pub(crate) struct Desc {
    pub(crate) pattern: Option<usize>,
    lengths: Vec<i32>,
}

impl Desc {
    fn of(desc: Option<&PhoneNumberDesc>, patterns: &mut Patterns) -> Self {
        #[expect(deprecated, reason = "read as it is decoded, without the library's wrapper")]
        let pattern = desc.and_then(|desc| desc.national_number_pattern.clone());
        Desc {
            pattern: pattern.map(|pattern| patterns.add(pattern)),
            lengths: desc.map(|desc| desc.possible_length.clone()).unwrap_or_default(),
        }
    }

    fn matches(&self, matched: &[usize], digits: usize) -> bool {
        (self.lengths.is_empty() || self.lengths.contains(&(digits as i32)))
            && self.pattern.is_some_and(|pattern| matched.contains(&pattern))
    }
}

/// The patterns of one territory.
pub(crate) struct Plan {
    pub(crate) general: Desc,
    /// Special kinds, in the order in which libphonenumber asks for them.
    kinds: Vec<(LineType, Desc)>,
    fixed_line: Desc,
    mobile: Desc,
    same_fixed_line_and_mobile: bool,
    pub(crate) leading: Option<usize>,
}

impl Plan {
    #[expect(deprecated, reason = "read as it is decoded, without the library's wrapper")]
    pub(crate) fn of(metadata: &PhoneMetadata, patterns: &mut Patterns) -> Self {
        let mut desc = |desc: &Option<PhoneNumberDesc>| Desc::of(desc.as_ref(), patterns);
        let general = desc(&metadata.general_desc);
        let kinds = vec![
            (LineType::PremiumRate, desc(&metadata.premium_rate)),
            (LineType::TollFree, desc(&metadata.toll_free)),
            (LineType::SharedCost, desc(&metadata.shared_cost)),
            (LineType::Voip, desc(&metadata.voip)),
            (LineType::PersonalNumber, desc(&metadata.personal_number)),
            (LineType::Pager, desc(&metadata.pager)),
            (LineType::Uan, desc(&metadata.uan)),
            (LineType::Voicemail, desc(&metadata.voicemail)),
        ];
        let (fixed_line, mobile) = (desc(&metadata.fixed_line), desc(&metadata.mobile));
        // Only the beginning of a number has to match these.
        let leading = metadata.leading_digits.as_deref().map(|pattern| {
            patterns.add(format!("{}[0-9]*$", pattern.strip_suffix('$').unwrap_or(pattern)))
        });
        Plan {
            general,
            kinds,
            fixed_line,
            mobile,
            same_fixed_line_and_mobile: metadata.same_mobile_and_fixed_line_pattern(),
            leading,
        }
    }

    /// The kind of line of a number with this many digits that matches these patterns.
    pub(crate) fn line_type(&self, matched: &[usize], digits: usize) -> Option<LineType> {
        let has = |desc: &Desc| desc.matches(matched, digits);
        if !has(&self.general) {
            return None;
        }
        if let Some((kind, _)) = self.kinds.iter().find(|(_, desc)| has(desc)) {
            return Some(*kind);
        }
        match (has(&self.fixed_line), has(&self.mobile)) {
            (true, _) if self.same_fixed_line_and_mobile => Some(LineType::FixedLineOrMobile),
            (true, true) => Some(LineType::FixedLineOrMobile),
            (true, false) => Some(LineType::FixedLine),
            (false, true) if !self.same_fixed_line_and_mobile => Some(LineType::Mobile),
            (false, _) => None,
        }
    }
}
