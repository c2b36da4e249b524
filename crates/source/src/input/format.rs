//! Detecting formats by the bytes, never by a name.

use std::fmt;

use crate::input::encoding::BYTE_ORDER_MARK;

/// A format whose records can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Delimited text.
    Csv,
    /// JSON, or JSON values, one a line.
    Json,
    /// vCard.
    VCard,
    /// An Office Open XML workbook.
    Xlsx,
    /// An Excel 97–2003 workbook.
    Xls,
    /// An OpenDocument spreadsheet.
    Ods,
    /// A table in a web page, as many programs export it under the name of a workbook.
    Html,
    /// Apache Parquet.
    Parquet,
    /// Apache Arrow's IPC format, file or stream.
    ArrowIpc,
}

impl Format {
    /// Its name in the manifest, such as `csv`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Json => "json",
            Format::VCard => "vcard",
            Format::Xlsx => "xlsx",
            Format::Xls => "xls",
            Format::Ods => "ods",
            Format::Html => "html",
            Format::Parquet => "parquet",
            Format::ArrowIpc => "arrow",
        }
    }

    /// The format of this [name](Format::name).
    ///
    /// ```
    /// use contactmill_source::Format;
    ///
    /// assert_eq!(Format::of_name(Format::VCard.name()), Some(Format::VCard));
    /// assert_eq!(Format::of_name("docx"), None);
    /// ```
    #[must_use]
    pub fn of_name(name: &str) -> Option<Format> {
        const ALL: [Format; 9] = [
            Format::Csv,
            Format::Json,
            Format::VCard,
            Format::Xlsx,
            Format::Xls,
            Format::Ods,
            Format::Html,
            Format::Parquet,
            Format::ArrowIpc,
        ];
        ALL.into_iter().find(|format| format.name() == name)
    }

    /// Whether a header row names its columns, which can be missing. Other formats name the columns
    /// themselves.
    #[must_use]
    pub const fn has_header_row(self) -> bool {
        matches!(self, Format::Csv | Format::Xlsx | Format::Xls | Format::Ods)
    }

    /// Whether it is that of a workbook, which has sheets.
    pub(crate) const fn is_workbook(self) -> bool {
        matches!(self, Format::Xlsx | Format::Xls | Format::Ods)
    }

    /// Whether each record names its columns, as in JSON and vCards. An input of such a format lacks a
    /// column if no record has it.
    ///
    /// ```
    /// use contactmill_source::Format;
    ///
    /// assert!(Format::Json.is_self_describing());
    /// assert!(!Format::Csv.is_self_describing());
    /// ```
    #[must_use]
    pub const fn is_self_describing(self) -> bool {
        matches!(self, Format::Json | Format::VCard)
    }

    /// The format of text, by its beginning: text that is neither JSON nor vCard is delimited.
    ///
    /// ```
    /// use contactmill_source::Format;
    ///
    /// assert_eq!(Format::of_text(b"BEGIN:VCARD\r\n"), Format::VCard);
    /// assert_eq!(Format::of_text(b"Name;Phone\n"), Format::Csv);
    /// ```
    #[must_use]
    pub fn of_text(head: &[u8]) -> Format {
        let head = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head).trim_ascii_start();
        if head.get(..11).is_some_and(|word| word.eq_ignore_ascii_case(b"BEGIN:VCARD")) {
            return Format::VCard;
        }
        // A header row can begin with a bracket, but not with a bracket and then a JSON value, or a
        // string as Python prints it.
        let inside = head.get(1..).unwrap_or_default().trim_ascii_start().first();
        let is_json = match head.first() {
            Some(b'{') => matches!(inside, Some(b'"' | b'}' | b'\'')),
            Some(b'[') => matches!(inside, None | Some(b'{' | b'[' | b']' | b'"' | b'\'')),
            _ => false,
        };
        if is_json { Format::Json } else { Format::Csv }
    }
}

/// Whether text that does not begin like JSON goes on as JSON: behind what browsers are kept from running it
/// by (`)]}',`), a call (`callback([{…`), a comment or a line of a log. Read as delimited text, its first
/// line would be the header, which for most is all there is.
pub(crate) fn is_json_behind_something(head: &[u8]) -> bool {
    let lines = head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let mut lines = lines.filter(|line| !line.is_empty()).take(JSON_LINES);
    lines.any(|line| {
        let Some(at) = line.windows(2).position(|pair| pair == b"{\"") else { return false };
        let is_first_cell = !line[..at].iter().any(|byte| b",;\t|\"".contains(byte))
            && line.last().is_some_and(|last| b"}]),;".contains(last));
        let key = &line[at + 2..];
        let end = key.iter().position(|&byte| byte == b'"');
        let value = end.map(|end| key[end + 1..].trim_ascii_start());
        is_first_cell && value.is_some_and(|value| value.starts_with(b":"))
    })
}

/// Number of lines within which JSON begins, if it does.
const JSON_LINES: usize = 3;

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What bytes are, by their beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentKind {
    /// A binary format whose records can be read.
    Binary(Format),
    /// Compressed: the kind of content shows once it is decompressed.
    Compressed(Compression),
    /// A compound file: an old workbook, or an encrypted new one.
    Compound,
    /// A web page, perhaps with a table of contacts.
    Html,
    /// A known kind of file whose records cannot be read.
    Unsupported(&'static str),
    /// Text, as far as the beginning tells.
    Text,
}

/// How bytes are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    Gzip,
    Zstd,
    Zip,
}

/// The kind of content with this beginning.
pub(crate) fn content_kind(head: &[u8]) -> ContentKind {
    /// The first bytes of files, by their specifications.
    const MAGIC: [(&[u8], ContentKind); 31] = [
        (b"\x1F\x8B", ContentKind::Compressed(Compression::Gzip)),
        (b"\x28\xB5\x2F\xFD", ContentKind::Compressed(Compression::Zstd)),
        (b"PK\x03\x04", ContentKind::Compressed(Compression::Zip)),
        (b"PK\x05\x06", ContentKind::Compressed(Compression::Zip)),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", ContentKind::Compound),
        (b"PAR1", ContentKind::Binary(Format::Parquet)),
        (b"ARROW1", ContentKind::Binary(Format::ArrowIpc)),
        (b"PARE", ContentKind::Unsupported("Parquet with an encrypted footer")),
        (b"%PDF", ContentKind::Unsupported("a PDF")),
        (b"\x89PNG", ContentKind::Unsupported("an image (PNG)")),
        (b"\xFF\xD8\xFF", ContentKind::Unsupported("an image (JPEG)")),
        (b"GIF8", ContentKind::Unsupported("an image (GIF)")),
        (b"7z\xBC\xAF\x27\x1C", ContentKind::Unsupported("a 7z archive")),
        (b"Rar!\x1A\x07", ContentKind::Unsupported("a RAR archive")),
        (b"BZh", ContentKind::Unsupported("bzip2-compressed")),
        (b"\xFD7zXZ\0", ContentKind::Unsupported("xz-compressed")),
        (b"SQLite format 3\0", ContentKind::Unsupported("an SQLite database")),
        (b"\x7FELF", ContentKind::Unsupported("a program")),
        (b"{\\rtf", ContentKind::Unsupported("a rich text document")),
        (b"Obj\x01", ContentKind::Unsupported("Avro")),
        (b"\xFF\xFE\0\0", ContentKind::Unsupported("text in UTF-32")),
        (b"\0\0\xFE\xFF", ContentKind::Unsupported("text in UTF-32")),
        (b"!BDN", ContentKind::Unsupported("an Outlook mailbox (PST)")),
        (b"\0\x01\0\0Standard Jet DB", ContentKind::Unsupported("an Access database")),
        (b"\0\x01\0\0Standard ACE DB", ContentKind::Unsupported("an Access database")),
        // BOF, the first record of an Excel file without a container. Its kind shows the version.
        (b"\x09\0\x04\0", ContentKind::Unsupported("an Excel 2 worksheet")),
        (b"\x09\0\x06\0", ContentKind::Unsupported("an Excel 2 worksheet")),
        (b"\x09\x02\x06\0", ContentKind::Unsupported("an Excel 3 worksheet")),
        (b"\x09\x04\x06\0", ContentKind::Unsupported("an Excel 4 worksheet or workbook")),
        (
            b"\x09\x08\x08\0",
            ContentKind::Unsupported("an Excel worksheet without a workbook (BIFF)"),
        ),
        (
            b"\x09\x08\x10\0",
            ContentKind::Unsupported("an Excel worksheet without a workbook (BIFF)"),
        ),
    ];
    let found = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)).map(|&(_, kind)| kind);
    if let Some(kind) = found {
        return kind;
    }
    // A stream of Arrow's IPC has no magic. It begins with a continuation mark, the length of the schema
    // message, and the message, which is a flatbuffer (Arrow columnar format, "Encapsulated message").
    if let [0xFF, 0xFF, 0xFF, 0xFF, length @ ..] = head
        && let Some(length) = length.first_chunk()
        && (8..1 << 24).contains(&u32::from_le_bytes(*length))
    {
        return ContentKind::Binary(Format::ArrowIpc);
    }
    if head.get(257..262) == Some(b"ustar") {
        return ContentKind::Unsupported("a tar archive");
    }
    markup(head)
}

/// Markup at the beginning of text, if there is any.
fn markup(head: &[u8]) -> ContentKind {
    // In UTF-16 every other byte of markup is zero.
    let plain: Vec<u8> = match head {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => {
            head.iter().skip(2).copied().filter(|&byte| byte != 0).take(4 << 10).collect()
        }
        head => head
            .strip_prefix(BYTE_ORDER_MARK)
            .unwrap_or(head)
            .iter()
            .copied()
            .take(4 << 10)
            .collect(),
    };
    let mut text = plain.trim_ascii_start();
    let begins = |text: &[u8], with: &[u8]| {
        text.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with))
    };
    if begins(text, b"MIME-Version:") || begins(text, b"From: <Saved by") {
        return ContentKind::Unsupported("a web archive (MHTML)");
    }
    let is_xml = begins(text, b"<?xml");
    let has = |word: &[u8]| memchr::memmem::find(text, word).is_some();
    if is_xml && has(b"urn:schemas-microsoft-com:office:spreadsheet") {
        return ContentKind::Unsupported("an Excel 2003 workbook in XML");
    }
    // A declaration and comments may stand before a page.
    while let Some(end) = match text {
        text if begins(text, b"<?xml") => memchr::memmem::find(text, b"?>").map(|at| at + 2),
        text if begins(text, b"<!--") => memchr::memmem::find(text, b"-->").map(|at| at + 3),
        _ => None,
    } {
        text = text[end..].trim_ascii_start();
    }
    const PAGE: [&[u8]; 9] = [
        b"<!doctype html",
        b"<html",
        b"<head",
        b"<body",
        b"<meta",
        b"<style",
        b"<table",
        b"<center",
        b"<div",
    ];
    let is_tag = |tag: &[u8]| {
        begins(text, tag)
            && text.get(tag.len()).is_none_or(|&byte| byte == b'>' || byte.is_ascii_whitespace())
    };
    if PAGE.iter().any(|tag| is_tag(tag)) {
        ContentKind::Html
    } else if is_xml {
        ContentKind::Unsupported("XML")
    } else {
        ContentKind::Text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_seen_behind_what_is_no_column() {
        for text in [
            ")]}',\n[{\"name\":\"Asha\",\"phone\":\"1\"}]",
            "callback([{\"name\": \"Asha\"}]);",
            "// exported\n[{\"name\":\"Asha\"}]",
            "INFO done\n{\"name\":\"Asha\"}\n{\"name\":\"Ravi\"}\n",
            "\u{1e}{\"name\":\"Asha\"}\n",
        ] {
            assert!(is_json_behind_something(text.as_bytes()), "{text}");
        }
        for text in [
            "name,phone,more\nAsha,1,{\"city\":\"Pune\"}\n",
            "more,name\n{\"city\":\"Pune\"},Asha\n",
            "name,more\nAsha,\"{\"\"city\"\":\"\"Pune\"\"}\"\n",
            "a{\"b,c\n1,2\n",
            "name\nAsha {\"\n",
        ] {
            assert!(!is_json_behind_something(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn formats_of_text_are_detected_by_the_beginning() {
        for (text, format) in [
            ("[{\"name\": 1}]", Format::Json),
            ("[\n", Format::Json),
            ("\u{feff} [ ]", Format::Json),
            ("{\"name\": 1}\n{}", Format::Json),
            ("[ID],Phone\n", Format::Csv),
            ("{Name},Phone\n", Format::Csv),
            ("[{'name': 'Asha'}]", Format::Json),
            ("{'name': 'Asha'}\n", Format::Json),
            ("['name', 'phone']\n", Format::Json),
            ("begin:vcard\n", Format::VCard),
            ("", Format::Csv),
        ] {
            assert_eq!(Format::of_text(text.as_bytes()), format, "{text:?}");
        }
    }

    #[test]
    fn binary_formats_are_detected_by_their_first_bytes() {
        for (bytes, kind) in [
            (&b"PK\x03\x04...."[..], ContentKind::Compressed(Compression::Zip)),
            (b"\x1F\x8B\x08", ContentKind::Compressed(Compression::Gzip)),
            (b"PAR1", ContentKind::Binary(Format::Parquet)),
            (b"\xFF\xFF\xFF\xFF\x78\0\0\0\x10", ContentKind::Binary(Format::ArrowIpc)),
            (b"\xFF\xFFName", ContentKind::Text),
            (b"\xEF\xBB\xBF<HTML><body>", ContentKind::Html),
            (b"\n<!-- made by a shop -->\n<table border=1>", ContentKind::Html),
            (b"\xFF\xFE<\0h\0t\0m\0l\0>\0", ContentKind::Html),
            (b"<?xml version=\"1.0\"?><!DOCTYPE html>", ContentKind::Html),
            (b"<?xml version=\"1.0\"?><contacts>", ContentKind::Unsupported("XML")),
            (
                b"<?xml version=\"1.0\"?>\n<Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">",
                ContentKind::Unsupported("an Excel 2003 workbook in XML"),
            ),
            (b"MIME-Version: 1.0\r\n", ContentKind::Unsupported("a web archive (MHTML)")),
            (b"\x09\x04\x06\0\0\0\x10\0", ContentKind::Unsupported("an Excel 4 worksheet or workbook")),
            (b"!BDN....", ContentKind::Unsupported("an Outlook mailbox (PST)")),
            (b"<table>,phone", ContentKind::Html),
            (b"<tables>,phone", ContentKind::Text),
            (b"<name>,phone", ContentKind::Text),
            (b"Name,Phone\n", ContentKind::Text),
        ] {
            assert_eq!(content_kind(bytes), kind, "{bytes:?}");
        }
    }
}
