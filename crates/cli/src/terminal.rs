//! The door to the terminal: all that people read goes through here.
//!
//! Headers, cells, names of files and what a service answers are written by strangers, and a
//! terminal obeys what it is sent: it moves the cursor, hides text, or shows it in another order.
//! So text leaves with such characters spelt out, whoever wrote it. A style is known by
//! where it comes from and not by what it looks like: only a [`Style`] of ours gets through.

use std::cell::Cell;
use std::ffi::OsString;
use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal, Write};

use anstream::AutoStream;
use anstyle::AnsiColor;
use contactmill::Event;

/// A style of our own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Style(anstyle::Style);

impl Style {
    /// Text as it is.
    pub(crate) const fn new() -> Self {
        Style(anstyle::Style::new())
    }

    /// Text in a colour.
    pub(crate) const fn of(color: AnsiColor) -> Self {
        Style(color.on_default())
    }

    pub(crate) const fn bold(self) -> Self {
        Style(self.0.bold())
    }

    pub(crate) const fn dimmed(self) -> Self {
        Style(self.0.dimmed())
    }
}

thread_local! {
    /// Whether what is being written right now is a [`Style`]. Formatting asks no one else in
    /// between, so this belongs to the very piece that arrives.
    static IS_STYLE: Cell<bool> = const { Cell::new(false) };
}

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = IS_STYLE.replace(true);
        let written = self.0.fmt(f);
        IS_STYLE.set(before);
        written
    }
}

/// Whether a terminal does something else with this character than to show it, or shows the text
/// around it in another order.
pub(crate) fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2066}'..='\u{2069}')
}

/// How characters that a terminal obeys are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escapes {
    /// As Rust writes them, `\u{1b}`. Line ends are left: they are our own.
    OfText,
    /// As JSON does, `\u001b`, so that the value stays what it is. JSON escapes only those below
    /// U+0020 by itself; all others stand within its strings.
    OfJson,
}

impl Escapes {
    fn push(self, text: &str, to: &mut String) {
        for c in text.chars() {
            match self {
                _ if c == '\n' || !is_obeyed(c) => to.push(c),
                Escapes::OfText => to.extend(c.escape_default()),
                Escapes::OfJson => {
                    // All of them are in the basic plane. A string cannot refuse what is written.
                    let _ = write!(to, "\\u{:04x}", u32::from(c));
                }
            }
        }
    }
}

/// The text on one line, for a name or a value within a line of ours.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for (index, part) in text.split('\n').enumerate() {
        if index > 0 {
            line.push_str("\\n");
        }
        Escapes::OfText.push(part, &mut line);
    }
    line
}

/// A stream that people look at, or may look at.
pub(crate) struct Terminal<W> {
    stream: W,
    escapes: Escapes,
    /// The beginning of a character whose other bytes have not come yet.
    begun: Vec<u8>,
}

/// Standard output, for text.
pub(crate) fn stdout() -> Terminal<impl Write> {
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    let stream = AutoStream::auto(io::stdout().lock());
    Terminal::new(stream, Escapes::OfText)
}

/// Standard output, for JSON.
pub(crate) fn json() -> Terminal<impl Write> {
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    let stream = io::stdout().lock();
    Terminal::new(stream, Escapes::OfJson)
}

/// Standard output, for a file that is made of our own words alone: a shell must get each character.
pub(crate) fn own_file() -> impl Write {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the door, and nobody else's text is here"
    )]
    let stream = io::stdout().lock();
    stream
}

/// Standard error.
pub(crate) fn stderr() -> Terminal<impl Write> {
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    let stream = AutoStream::auto(io::stderr().lock());
    Terminal::new(stream, Escapes::OfText)
}

/// Whether somebody looks at standard error while the run goes on.
pub(crate) fn stderr_is_watched() -> bool {
    #[expect(clippy::disallowed_methods, reason = "nothing is written")]
    io::stderr().is_terminal()
}

/// Says that the run waits for somebody to type, where standard input is a terminal.
pub(crate) fn say_waiting() {
    if io::stdin().is_terminal() {
        let end = if cfg!(windows) { "Ctrl-Z and Enter" } else { "Ctrl-D" };
        // Who types needs no hint where this cannot be written.
        let _ = writeln!(stderr(), "reading standard input; {end} ends it");
    }
}

/// Says what is skipped of an input, or that the run waits for it.
pub(crate) fn say_event(event: &Event<'_>) {
    let text = match event {
        Event::Copying { .. } => return say_waiting(),
        Event::SkippedMember { member, what } => format!("{member} is {what}; skipped"),
        Event::SkippedColumn { input, column, holds } => {
            format!("{input}: the column {column} holds {holds}; skipped")
        }
        Event::NoHeaderRow { input, format } => {
            format!("{input}: {format} has no header row; --no-header changes nothing")
        }
        _ => return,
    };
    // Where this cannot be written, the run is still worth its while.
    let _ = writeln!(stderr(), "{}", one_line(&text));
}

/// Says why a run ended. A message of ours goes on only in lines that are indented, so a line end
/// before anything else came with a name and is spelt out: no name begins a line of its own.
pub(crate) fn say_error(message: &impl fmt::Display) {
    let message = message.to_string();
    let mut lines = message.split('\n');
    let mut text = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        text.push_str(if line.starts_with("  ") { "\n" } else { "\\n" });
        text.push_str(line);
    }
    // Where even this cannot be written, the exit code has to do.
    let _ = writeln!(stderr(), "{ERROR}error:{ERROR:#} {text}");
}

const ERROR: Style = Style::of(AnsiColor::Red).bold();

/// Says what is wrong with what was typed, or gives the help that it asked for.
pub(crate) fn say_usage(error: &clap::Error) {
    let is_harmless = |word: OsString| !word.to_string_lossy().chars().any(is_obeyed);
    // Where even this cannot be written, the exit code has to do.
    let _ = match std::env::args_os().all(is_harmless) {
        // With styles, which look like those that the name of a file could hold.
        true => error.print(),
        false => {
            let message = error.to_string();
            let message = message.trim_start_matches("error: ");
            write!(stderr(), "{ERROR}error:{ERROR:#} {message}")
        }
    };
}

impl<W: Write> Terminal<W> {
    const fn new(stream: W, escapes: Escapes) -> Self {
        Terminal { stream, escapes, begun: Vec::new() }
    }
}

impl<W: Write> Write for Terminal<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begun.extend_from_slice(bytes);
        let mut text = String::with_capacity(self.begun.len());
        let mut begun = Vec::new();
        let mut chunks = self.begun.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            self.escapes.push(chunk.valid(), &mut text);
            let rest = chunk.invalid();
            let may_go_on = std::str::from_utf8(rest).is_err_and(|e| e.error_len().is_none());
            match chunks.peek() {
                None if may_go_on => begun.extend_from_slice(rest),
                _ if rest.is_empty() => {}
                _ => text.push(char::REPLACEMENT_CHARACTER),
            }
        }
        drop(chunks);
        self.begun = begun;
        self.stream.write_all(text.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }

    // All pieces of a line are written at once, each after a look at who it is from.
    fn write_fmt(&mut self, arguments: fmt::Arguments<'_>) -> io::Result<()> {
        let mut line = Line { text: String::new(), escapes: self.escapes };
        let formatted = line.write_fmt(arguments);
        formatted.map_err(|_| io::Error::other("what is shown cannot be formatted"))?;
        self.stream.write_all(line.text.as_bytes())
    }
}

/// A line while it is formatted.
struct Line {
    text: String,
    escapes: Escapes,
}

impl fmt::Write for Line {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        match IS_STYLE.get() {
            true => self.text.push_str(piece),
            false => self.escapes.push(piece, &mut self.text),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BOLD: Style = Style::new().bold();

    fn through(escapes: Escapes, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
        let mut shown = Vec::new();
        write(&mut Terminal::new(&mut shown, escapes)).unwrap();
        String::from_utf8(shown).unwrap()
    }

    #[test]
    fn our_styles_get_through_and_the_same_characters_from_others_do_not() {
        let theirs = BOLD.to_string();
        assert_eq!(theirs, "\u{1b}[1m");
        let shown =
            through(Escapes::OfText, |out| writeln!(out, "{BOLD}{theirs}a{BOLD:#}{theirs}"));
        assert_eq!(shown, "\u{1b}[1m\\u{1b}[1ma\u{1b}[0m\\u{1b}[1m\n");
    }

    #[test]
    fn text_is_shown_as_it_is_where_nothing_in_it_is_obeyed() {
        let text = "Größe, naïve, हिन्दी, 👩‍💻, שלום, \u{feff}x\n";
        assert_eq!(through(Escapes::OfText, |out| write!(out, "{text}")), text);
        assert_eq!(through(Escapes::OfText, |out| out.write_all(text.as_bytes())), text);
    }

    #[test]
    fn a_character_may_come_in_pieces_and_bytes_that_are_none_are_replaced() {
        for (bytes, shown) in [
            ("é\u{9b}m".as_bytes(), "é\\u{9b}m"),
            (b"a\xff\x1bb".as_slice(), "a\u{fffd}\\u{1b}b"),
            (b"\xe2\x82x\xc2\x9b".as_slice(), "\u{fffd}x\\u{9b}"),
        ] {
            let one_by_one = through(Escapes::OfText, |out| {
                bytes.iter().try_for_each(|&byte| out.write_all(&[byte]))
            });
            assert_eq!(one_by_one, shown);
            assert_eq!(through(Escapes::OfText, |out| out.write_all(bytes)), shown);
        }
    }

    proptest! {
        #[test]
        fn nothing_that_a_terminal_obeys_gets_through_but_line_ends(text in any::<String>()) {
            let text = text + "\u{1b}[2J\u{9b}31m\r\u{7}\u{202e}\u{2066}\t\u{85}";
            let shown = through(Escapes::OfText, |out| write!(out, "{text}"));
            prop_assert!(!shown.chars().any(|c| c != '\n' && is_obeyed(c)), "{shown:?}");
            prop_assert!(!one_line(&text).chars().any(is_obeyed));
        }

        #[test]
        fn json_says_the_same_and_holds_nothing_that_a_terminal_obeys(text in any::<String>()) {
            let text = text + "\u{1b}[2J\u{9b}31m\r\u{7}\u{7f}\u{202e}\u{2066}\t\u{85}\n\\u009b";
            let shown =
                through(Escapes::OfJson, |out| Ok(serde_json::to_writer_pretty(out, &[&text])?));
            prop_assert!(!shown.chars().any(|c| c != '\n' && is_obeyed(c)), "{shown:?}");
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&shown).unwrap(), vec![text]);
        }
    }
}
