//! Tag cells.

use std::borrow::Cow;

use crate::contact::Tag;
use crate::text::{
    head, is_bad_control, is_invisible, is_joiner, is_plain, says_nothing, without_text_mark,
};

/// A tag longer than this is a note in the wrong cell.
pub(crate) const MAX_CHARACTERS: usize = 128;

/// What was done to a cell of tags beyond layout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TagChanges {
    pub(crate) controls_removed: bool,
    pub(crate) truncated: bool,
}

/// Adds the tags of a cell to `tags`: split at `;` `|` `,` and `:::`, trimmed, repeated ones left
/// out. A cell that is a list as JSON or Python writes it is that list.
pub(crate) fn read_into<'r>(cell: &'r str, tags: &mut Vec<Tag<'r>>) -> TagChanges {
    match in_brackets(cell) {
        Some(list) => read_brackets(list, tags),
        None => read_list(cell, tags),
    }
}

/// What stands between the brackets of a cell.
fn in_brackets(cell: &str) -> Option<&str> {
    cell.trim_start().strip_prefix('[')?.trim_end().strip_suffix(']')
}

#[cold]
fn read_brackets(list: &str, tags: &mut Vec<Tag<'_>>) -> TagChanges {
    let list = unescaped(list).map_or(Cow::Borrowed(list), Cow::Owned);
    let mut read = Vec::new();
    let changes = read_list(&list, &mut read);
    for tag in &read {
        let tag = unquoted(tag.as_str());
        if !says_nothing(tag) {
            push(tags, tag.to_owned().into());
        }
    }
    changes
}

/// A list with escapes (RFC 8259, section 7) without them; `None` if it has none, or others.
fn unescaped(list: &str) -> Option<String> {
    let (text, mut rest) = list.split_once('\\')?;
    let mut text = text.to_owned();
    loop {
        let kind = rest.chars().next()?;
        rest = &rest[kind.len_utf8()..];
        match kind {
            '"' | '\'' | '\\' | '/' => text.push(kind),
            'b' | 'f' | 'n' | 'r' | 't' => text.push(' '),
            'u' => {
                let mut units = vec![code_unit(&mut rest)?];
                // A second one follows where one is not enough.
                if matches!(units[0], 0xD800..=0xDBFF) {
                    rest = rest.strip_prefix("\\u")?;
                    units.push(code_unit(&mut rest)?);
                }
                text.push_str(&String::from_utf16(&units).ok()?);
            }
            _ => return None,
        }
        let Some((plain, behind)) = rest.split_once('\\') else { break };
        text.push_str(plain);
        rest = behind;
    }
    text.push_str(rest);
    Some(text)
}

/// Takes four hexadecimal digits off.
fn code_unit(rest: &mut &str) -> Option<u16> {
    let (digits, behind) = rest.split_at_checked(4)?;
    *rest = behind;
    u16::from_str_radix(digits, 16).ok()
}

/// Without the quotes that Python writes around a text.
fn unquoted(tag: &str) -> &str {
    let inside = tag.trim().strip_prefix('\'').and_then(|tag| tag.strip_suffix('\''));
    inside.unwrap_or(tag)
}

fn read_list<'r>(list: &'r str, tags: &mut Vec<Tag<'r>>) -> TagChanges {
    let mut changes = TagChanges::default();
    let mut rest = list;
    loop {
        // Bytes of ASCII stand for nothing else in UTF-8.
        let end = rest.bytes().position(|byte| matches!(byte, b';' | b'|' | b',' | b'\n' | b'\r'));
        let (piece, behind) = rest.split_at(end.unwrap_or(rest.len()));
        if piece.contains(':') {
            piece.split(":::").for_each(|piece| read_one(piece, tags, &mut changes));
        } else {
            read_one(piece, tags, &mut changes);
        }
        let Some(behind) = behind.get(1..) else { return changes };
        rest = behind;
    }
}

fn read_one<'r>(piece: &'r str, tags: &mut Vec<Tag<'r>>, changes: &mut TagChanges) {
    let mut tag = Cow::Borrowed(bare(piece));
    if !is_plain(&tag) {
        let tidy = tidy(piece, changes);
        tag = Cow::Owned(bare(&tidy).to_owned());
    }
    if tag.len() > MAX_CHARACTERS {
        let cut = bare(head(&tag, MAX_CHARACTERS));
        if cut.len() < tag.len() {
            changes.truncated = true;
            tag = Cow::Owned(cut.to_owned());
        }
    }
    // Google puts every contact into this group.
    if !says_nothing(&tag) && !tag.eq_ignore_ascii_case("* myContacts") {
        push(tags, tag);
    }
}

fn tidy(piece: &str, changes: &mut TagChanges) -> String {
    let mut tag = String::with_capacity(piece.len());
    for c in piece.chars() {
        if c.is_whitespace() {
            if !tag.ends_with(' ') {
                tag.push(' ');
            }
        } else if is_bad_control(c) {
            changes.controls_removed = true;
        } else if !is_invisible(c) || is_joiner(c) {
            tag.push(c);
        }
    }
    tag
}

/// Without space and quotes around it (some exports put a quoted list into the cell, `"VIP","Blog"`), and
/// without a mark of text.
fn bare(tag: &str) -> &str {
    let surrounds = |byte: Option<&u8>| matches!(byte, Some(b'"' | b' '));
    let bytes = tag.as_bytes();
    without_text_mark(match surrounds(bytes.first()) || surrounds(bytes.last()) {
        true => tag.trim_matches(['"', ' ']),
        false => tag,
    })
}

/// Adds a tag unless it is empty or there already, in whatever case.
pub(crate) fn push<'r>(tags: &mut Vec<Tag<'r>>, tag: Cow<'r, str>) {
    if !tag.is_empty() && !has(tags, &tag) {
        tags.push(Tag::new(tag));
    }
}

/// Whether the tag is among these, in whatever case.
pub(crate) fn has(tags: &[Tag<'_>], tag: &str) -> bool {
    tags.iter().any(|kept| same(kept.as_str(), tag))
}

fn same(left: &str, right: &str) -> bool {
    if left.eq_ignore_ascii_case(right) {
        return true;
    }
    // Nearly all that differ do so here.
    let first = |tag: &str| tag.chars().next().map(char::to_lowercase).into_iter().flatten();
    if left.is_ascii() && right.is_ascii() || !first(left).eq(first(right)) {
        return false;
    }
    left.to_lowercase() == right.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cell: &str, expected: &[&str]) {
        let mut tags = Vec::new();
        read_into(cell, &mut tags);
        let tags: Vec<&str> = tags.iter().map(Tag::as_str).collect();
        assert_eq!(tags, expected, "{cell}");
    }

    #[test]
    fn a_cell_is_split_and_tidied() {
        check("", &[]);
        check("lead", &["lead"]);
        check("lead; Demo |x,,y", &["lead", "Demo", "x", "y"]);
        check("* myContacts ::: Friends ::: friends", &["Friends"]);
        check("VIP, vip, Vip, ÉTÉ, été", &["VIP", "ÉTÉ"]);
        check("\"VIP\",\"Blog\"", &["VIP", "Blog"]);
        check(r#"["VIP","Blog"]"#, &["VIP", "Blog"]);
        check(r#" [ "VIP" , "vip", "a; b" ] "#, &["VIP", "a", "b"]);
        check(r#"["\u00e9t\u00e9", "a\"b", "\ud83c\udf38"]"#, &["été", "a\"b", "🌸"]);
        check("['VIP', 'Blog']", &["VIP", "Blog"]);
        check("[VIP, Blog]", &["VIP", "Blog"]);
        check(r#"["a\\b", "\u00e9\ud83c"]"#, &[r"a\\b", r"\u00e9\ud83c"]);
        check(r"['caf\u00e9', 'it\'s']", &["café", "it's"]);
        check(r"[a\x, b\]", &[r"a\x", r"b\"]);
        check("[]", &[]);
        check(r#"[""]"#, &[]);
        check("[VIP] Blog", &["[VIP] Blog"]);
        check("'90s, '90, '919876543210", &["'90s", "'90", "919876543210"]);
        check("n/a", &[]);
        check("none; n/a,-", &[]);
        check(" two   words ", &["two words"]);
        check("\0\" \"VIP \"\0\", \"\0\"", &["VIP"]);
    }
}
