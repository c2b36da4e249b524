//! Telling formats apart by what the bytes say, never by a name.

use std::fmt;

/// A format whose records can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Delimited text.
    Csv,
    /// JSON, or JSON values one a line.
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

    /// Whether the names of its columns stand in a row of its own, which can be missing; other formats
    /// name the columns themselves.
    #[must_use]
    pub const fn has_header_row(self) -> bool {
        matches!(self, Format::Csv | Format::Xlsx | Format::Xls | Format::Ods)
    }

    /// Whether each record says which columns it has, so that an input lacks a column that no record
    /// of it has: JSON and vCards.
    ///
    /// ```
    /// use contactmill_source::Format;
    ///
    /// assert!(Format::Json.is_keyed());
    /// assert!(!Format::Csv.is_keyed());
    /// ```
    #[must_use]
    pub const fn is_keyed(self) -> bool {
        matches!(self, Format::Json | Format::VCard)
    }

    /// Of text, by its beginning: what is neither JSON nor vCard is delimited.
    ///
    /// ```
    /// use contactmill_source::Format;
    ///
    /// assert_eq!(Format::of_text(b"BEGIN:VCARD\r\n"), Format::VCard);
    /// assert_eq!(Format::of_text(b"Name;Phone\n"), Format::Csv);
    /// ```
    #[must_use]
    pub fn of_text(head: &[u8]) -> Format {
        let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
        if head.get(..11).is_some_and(|word| word.eq_ignore_ascii_case(b"BEGIN:VCARD")) {
            return Format::VCard;
        }
        // A header row can begin with a bracket, but not with one and then a value of JSON, or with
        // what Python prints in its place.
        let inside = head.get(1..).unwrap_or_default().trim_ascii_start().first();
        let is_json = match head.first() {
            Some(b'{') => matches!(inside, Some(b'"' | b'}' | b'\'')),
            Some(b'[') => matches!(inside, None | Some(b'{' | b'[' | b']' | b'"' | b'\'')),
            _ => false,
        };
        if is_json { Format::Json } else { Format::Csv }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What bytes are, by their beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A binary format whose records can be read.
    Binary(Format),
    /// Something packed: what it is shows once it is unpacked.
    Packed(Packing),
    /// A compound file: an old workbook, or an encrypted new one.
    Compound,
    /// A web page: perhaps a table of contacts.
    Html,
    /// Something else that is known not to hold contacts in a form that can be read.
    Foreign(&'static str),
    /// Text, as far as the beginning tells.
    Text,
}

/// How bytes are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Gzip,
    Zstd,
    Zip,
}

/// What these bytes are the beginning of.
pub(crate) fn kind_of(head: &[u8]) -> Kind {
    /// The first bytes of files, as their specifications give them.
    const MAGIC: [(&[u8], Kind); 31] = [
        (b"\x1F\x8B", Kind::Packed(Packing::Gzip)),
        (b"\x28\xB5\x2F\xFD", Kind::Packed(Packing::Zstd)),
        (b"PK\x03\x04", Kind::Packed(Packing::Zip)),
        (b"PK\x05\x06", Kind::Packed(Packing::Zip)),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", Kind::Compound),
        (b"PAR1", Kind::Binary(Format::Parquet)),
        (b"ARROW1", Kind::Binary(Format::ArrowIpc)),
        (b"PARE", Kind::Foreign("Parquet with an encrypted footer")),
        (b"%PDF", Kind::Foreign("a PDF")),
        (b"\x89PNG", Kind::Foreign("an image (PNG)")),
        (b"\xFF\xD8\xFF", Kind::Foreign("an image (JPEG)")),
        (b"GIF8", Kind::Foreign("an image (GIF)")),
        (b"7z\xBC\xAF\x27\x1C", Kind::Foreign("a 7z archive")),
        (b"Rar!\x1A\x07", Kind::Foreign("a RAR archive")),
        (b"BZh", Kind::Foreign("bzip2-compressed")),
        (b"\xFD7zXZ\0", Kind::Foreign("xz-compressed")),
        (b"SQLite format 3\0", Kind::Foreign("an SQLite database")),
        (b"\x7FELF", Kind::Foreign("a program")),
        (b"{\\rtf", Kind::Foreign("a rich text document")),
        (b"Obj\x01", Kind::Foreign("Avro")),
        (b"\xFF\xFE\0\0", Kind::Foreign("text in UTF-32")),
        (b"\0\0\xFE\xFF", Kind::Foreign("text in UTF-32")),
        (b"!BDN", Kind::Foreign("an Outlook mailbox (PST)")),
        (b"\0\x01\0\0Standard Jet DB", Kind::Foreign("an Access database")),
        (b"\0\x01\0\0Standard ACE DB", Kind::Foreign("an Access database")),
        // BOF: the first record of an Excel file that no container holds. Its kind tells the version.
        (b"\x09\0\x04\0", Kind::Foreign("an Excel 2 worksheet")),
        (b"\x09\0\x06\0", Kind::Foreign("an Excel 2 worksheet")),
        (b"\x09\x02\x06\0", Kind::Foreign("an Excel 3 worksheet")),
        (b"\x09\x04\x06\0", Kind::Foreign("an Excel 4 worksheet or workbook")),
        (b"\x09\x08\x08\0", Kind::Foreign("an Excel worksheet without a workbook (BIFF)")),
        (b"\x09\x08\x10\0", Kind::Foreign("an Excel worksheet without a workbook (BIFF)")),
    ];
    let found = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)).map(|&(_, kind)| kind);
    if let Some(kind) = found {
        return kind;
    }
    // A stream of Arrow's IPC has no magic: a continuation mark, the length of the schema message,
    // and then the message, which is a flatbuffer (Arrow columnar format, "Encapsulated message").
    if let [0xFF, 0xFF, 0xFF, 0xFF, length @ ..] = head
        && let Some(length) = length.first_chunk()
        && (8..1 << 24).contains(&u32::from_le_bytes(*length))
    {
        return Kind::Binary(Format::ArrowIpc);
    }
    if head.get(257..262) == Some(b"ustar") {
        return Kind::Foreign("a tar archive");
    }
    markup(head)
}

/// The markup that the text begins with, if it does.
fn markup(head: &[u8]) -> Kind {
    // In UTF-16 every other byte of it is zero.
    let plain: Vec<u8> = match head {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => {
            head.iter().skip(2).copied().filter(|&byte| byte != 0).take(4 << 10).collect()
        }
        head => head
            .strip_prefix(b"\xEF\xBB\xBF")
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
        return Kind::Foreign("a web archive (MHTML)");
    }
    let is_xml = begins(text, b"<?xml");
    let has = |word: &[u8]| memchr::memmem::find(text, word).is_some();
    if is_xml && has(b"urn:schemas-microsoft-com:office:spreadsheet") {
        return Kind::Foreign("an Excel 2003 workbook in XML");
    }
    // What may stand in front of a page: a declaration and comments.
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
        Kind::Html
    } else if is_xml {
        Kind::Foreign("XML")
    } else {
        Kind::Text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_told_by_its_beginning() {
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
    fn bytes_are_told_by_their_magic() {
        for (bytes, kind) in [
            (&b"PK\x03\x04...."[..], Kind::Packed(Packing::Zip)),
            (b"\x1F\x8B\x08", Kind::Packed(Packing::Gzip)),
            (b"PAR1", Kind::Binary(Format::Parquet)),
            (b"\xFF\xFF\xFF\xFF\x78\0\0\0\x10", Kind::Binary(Format::ArrowIpc)),
            (b"\xFF\xFFName", Kind::Text),
            (b"\xEF\xBB\xBF<HTML><body>", Kind::Html),
            (b"\n<!-- made by a shop -->\n<table border=1>", Kind::Html),
            (b"\xFF\xFE<\0h\0t\0m\0l\0>\0", Kind::Html),
            (b"<?xml version=\"1.0\"?><!DOCTYPE html>", Kind::Html),
            (b"<?xml version=\"1.0\"?><contacts>", Kind::Foreign("XML")),
            (
                b"<?xml version=\"1.0\"?>\n<Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">",
                Kind::Foreign("an Excel 2003 workbook in XML"),
            ),
            (b"MIME-Version: 1.0\r\n", Kind::Foreign("a web archive (MHTML)")),
            (b"\x09\x04\x06\0\0\0\x10\0", Kind::Foreign("an Excel 4 worksheet or workbook")),
            (b"!BDN....", Kind::Foreign("an Outlook mailbox (PST)")),
            (b"<table>,phone", Kind::Html),
            (b"<tables>,phone", Kind::Text),
            (b"<name>,phone", Kind::Text),
            (b"Name,Phone\n", Kind::Text),
        ] {
            assert_eq!(kind_of(bytes), kind, "{bytes:?}");
        }
    }
}
