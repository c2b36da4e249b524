//! Detecting an encoding by a sample.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

use super::TextEncoding;

/// The encoding of text, by its byte order mark, or else by samples: its beginning, and whole lines from
/// other places.
///
/// Text is UTF-8 if it has no malformed sequences, or fewer of them than characters beyond ASCII. In
/// that case some records are damaged, and the text is not in another encoding.
pub(crate) fn detect(head: &[u8], others: &[Vec<u8>]) -> TextEncoding {
    if let Some((encoding, _)) = encoding_rs::Encoding::for_bom(head) {
        return TextEncoding(encoding);
    }
    if let Some(encoding) = utf_16_by_zeros(head)
        && !begins_like_utf_8(head)
    {
        return TextEncoding(encoding);
    }
    let samples = || std::iter::once(head).chain(others.iter().map(Vec::as_slice));
    let (mut beyond_ascii, mut malformed) = (0, 0);
    for chunk in samples().flat_map(<[u8]>::utf8_chunks) {
        let text = chunk.valid().as_bytes();
        beyond_ascii += text.iter().filter(|&&byte| byte >= 0xC0).count();
        malformed += usize::from(!chunk.invalid().is_empty());
    }
    if malformed <= beyond_ascii {
        return TextEncoding::UTF_8;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    for sample in samples() {
        detector.feed(sample, false);
    }
    detector.feed(b"", true);
    TextEncoding(detector.guess(None, Utf8Detection::Deny))
}

/// The bytes from the first whole line to the last. No character in them is cut.
pub(crate) fn whole_lines(bytes: &[u8]) -> &[u8] {
    let start = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
    let end = memchr::memrchr(b'\n', bytes).map_or(start, |at| at + 1);
    &bytes[start..end]
}

/// UTF-16 without a byte order mark. In any script, the upper half of delimiters, digits, spaces and
/// line ends is zero. No other encoding has zeros on one side only.
fn utf_16_by_zeros(head: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let (mut even, mut odd) = (0, 0);
    for at in memchr::memchr_iter(0, head) {
        if at % 2 == 0 { even += 1 } else { odd += 1 }
    }
    let pairs = head.len() / 2;
    let is_side = |here: usize, there: usize| here > 2 && here > pairs / 8 && here > 8 * there;
    if is_side(odd, even) {
        Some(encoding_rs::UTF_16LE)
    } else if is_side(even, odd) {
        Some(encoding_rs::UTF_16BE)
    } else {
        None
    }
}

/// Whether the first line is text as it stands: cells of zeros, as some databases export missing values, make no
/// UTF-16 of what stands below. The first line of UTF-16 has the zeros of its delimiters, or else nothing but letters,
/// whose upper halves are hardly ever text: in Devanagari they are tabs, and two Chinese ones may be text by chance.
fn begins_like_utf_8(head: &[u8]) -> bool {
    let line = head.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    let is_text = |text: &str| text.chars().all(|c| !c.is_control() || c == '\t');
    let has_words = line.windows(2).any(|pair| !pair.contains(&b'\t'));
    line.len() > 4 && has_words && std::str::from_utf8(line).is_ok_and(is_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: &str) {
        assert_eq!(detect(bytes, &[]).to_string(), expected);
    }

    fn utf_16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn byte_order_marks_decide() {
        check(b"\xEF\xBB\xBFName", "utf-8");
        check(b"\xFF\xFEN\0", "utf-16le");
        check(b"\xFE\xFF\0N", "utf-16be");
    }

    #[test]
    fn utf_16_shows_without_a_mark_in_any_script() {
        check(&utf_16("Name,Phone\nAsha,+919876543210\n"), "utf-16le");
        let hindi = utf_16("नाम;फ़ोन\nआशा शर्मा;+91 98765 43210\nरवि कुमार;+91 99887 76655\n");
        check(&hindi, "utf-16le");
        let swapped: Vec<u8> = hindi.chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect();
        check(&swapped, "utf-16be");
        check(b"Name,Phone\nAsha\0\0\0\0\0\0,+919876543210\n", "utf-8");
    }

    #[test]
    fn cells_of_zeros_are_no_utf_16() {
        check(b"Name,Phone\n\0,1\n\0,2\n\0,3\n\0,4\n", "utf-8");
        check(b"Name\tPhone\n\0\t1\n\0\t2\n\0\t3\n\0\t4\n", "utf-8");
        check("नाम,फ़ोन\n\0,1\n\0,2\n\0,3\n\0,4\n\0,\0\n".as_bytes(), "utf-8");
        check(&utf_16("ऊषा;上海上海上海\n1;2\n3;4\n5;6\n7;8\n9;0\n"), "utf-16le");
        check(&utf_16("फ़ोन\n1\n2\n3\n"), "utf-16le");
    }

    #[test]
    fn legacy_encodings_are_detected_by_their_letters() {
        check(b"Name,Phone\nJos\xE9 Garc\xEDa,+34910123456\n", "windows-1252");
        let russian = encoding_rs::WINDOWS_1251
            .encode("Имя;Телефон\nАнна Смирнова;+74951234567\nИван Петров;+74951234568\n")
            .0;
        check(&russian, "windows-1251");
        let japanese = encoding_rs::SHIFT_JIS
            .encode("氏名,電話番号\n山田 太郎,03-1234-5678\n鈴木 花子,03-1234-5679\n")
            .0;
        check(&japanese, "shift_jis");
    }

    #[test]
    fn damage_in_utf_8_is_not_another_encoding() {
        check("Name,Phone\nJosé,1\nZoë,2\nJos".as_bytes(), "utf-8");
        let mut text = "Name,Phone\nJosé,1\nZoë,2\n".as_bytes().to_vec();
        text.extend(b"Ren\xE9,3\n");
        check(&text, "utf-8");
    }

    #[test]
    fn accents_in_later_samples_count() {
        let head = b"Name,Phone\nAsha,1\n";
        assert_eq!(detect(head, &[b"Jos\xE9,2\n".to_vec()]).to_string(), "windows-1252");
        assert_eq!(whole_lines(b"cut\nJos\xE9,2\ncut"), b"Jos\xE9,2\n");
        assert_eq!(whole_lines(b"no line"), b"");
    }
}
