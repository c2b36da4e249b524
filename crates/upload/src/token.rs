//! The bearer token, which is never shown.

use std::fmt;
use std::io::{self, Read};
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use crate::words::shown_path;

/// Maximum size of a token: more than any bearer token has.
const MAX_BYTES: u64 = 16 * 1024;

/// What is shown in place of a token.
pub const MASKED: &str = "********";

/// A bearer token. It is never shown, not even by `Debug`, and its memory is wiped when it is dropped.
///
/// ```
/// use contactmill_upload::Token;
///
/// let token = Token::read(&b"Bearer s3cret\n"[..], "standard input")?;
/// assert!(!format!("{token:?}").contains("s3cret"));
/// # Ok::<(), contactmill_upload::TokenError>(())
/// ```
#[derive(Clone)]
pub struct Token(SecretString);

impl Token {
    /// Reads a token: the whole input, without white space around it, and without the word `Bearer`,
    /// which is often copied along. `from` names the input in errors.
    ///
    /// # Errors
    ///
    /// When the input is empty, has more than 16 KiB, or characters that a header cannot have.
    pub fn read(input: impl Read, from: &str) -> Result<Self, TokenError> {
        let error = |problem| TokenError { from: from.to_owned(), problem };
        let mut text = String::new();
        let read = input.take(MAX_BYTES + 1).read_to_string(&mut text);
        // From here on the text is wiped in any case.
        let text = SecretString::from(text);
        read.map_err(|cause| error(TokenProblem::Unreadable(cause.kind())))?;
        let bare = text.expose_secret().trim();
        let bare = match bare.split_at_checked("Bearer ".len()) {
            Some((word, rest)) if word.eq_ignore_ascii_case("Bearer ") => rest.trim_start(),
            _ => bare,
        };
        if bare.is_empty() || bare.eq_ignore_ascii_case("Bearer") {
            return Err(error(TokenProblem::Empty));
        }
        if bare.len() as u64 > MAX_BYTES {
            return Err(error(TokenProblem::TooLong));
        }
        if !bare.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(error(TokenProblem::NotAToken));
        }
        Ok(Token(SecretString::from(bare)))
    }

    /// Reads the token in a file.
    ///
    /// # Errors
    ///
    /// As [`Token::read`], and when the file cannot be opened.
    pub fn from_file(path: &Path) -> Result<Self, TokenError> {
        let from = shown_path(path);
        let file = std::fs::File::open(path).map_err(|cause| TokenError {
            from: from.clone(),
            problem: TokenProblem::Unreadable(cause.kind()),
        })?;
        Token::read(file, &from)
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// A text of others, with the token masked wherever it occurs.
    pub(crate) fn masked_in(&self, text: &str) -> String {
        text.replace(self.expose(), MASKED)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({MASKED})")
    }
}

/// Why a token could not be read, and from where. It holds nothing of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenError {
    from: String,
    problem: TokenProblem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum TokenProblem {
    Unreadable(io::ErrorKind),
    Empty,
    TooLong,
    NotAToken,
}

impl TokenError {
    /// Whether the input was empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.problem == TokenProblem::Empty
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.from)?;
        match &self.problem {
            TokenProblem::Unreadable(kind) => write!(f, "the token cannot be read: {kind}"),
            TokenProblem::Empty => f.write_str("there is no token in it"),
            TokenProblem::TooLong => f.write_str("this is too long to be a token"),
            TokenProblem::NotAToken => {
                f.write_str("this is no token: it holds spaces, line ends or other characters")
            }
        }
    }
}

impl std::error::Error for TokenError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, TokenError> {
        Token::read(text.as_bytes(), "test").map(|token| token.expose().to_owned())
    }

    #[test]
    fn text_copied_along_is_removed() {
        for text in ["abc.DEF-1", " abc.DEF-1\r\n", "Bearer abc.DEF-1\n", "bearer  abc.DEF-1"] {
            assert_eq!(read(text).unwrap(), "abc.DEF-1");
        }
        assert_eq!(read("Bearerabc").unwrap(), "Bearerabc");
    }

    #[test]
    fn a_text_that_is_no_token_is_refused_and_not_shown() {
        for text in ["", " \n", "Bearer ", "canary canary", "canary\r\nX: y", "canarý"] {
            let error = read(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("canar"), "{text:?}: {error:?}");
        }
        assert!(read(&"x".repeat(16 * 1024)).is_ok());
        assert!(read(&"x".repeat(16 * 1024 + 1)).is_err());
        assert!(Token::read(&b"\xff\xfe"[..], "test").is_err());
    }

    #[test]
    fn a_token_is_masked_in_the_text_of_others() {
        let token = Token::read(&b"canary"[..], "test").unwrap();
        assert_eq!(token.masked_in("bad token canary!"), "bad token ********!");
        assert_eq!(format!("{token:?}"), "Token(********)");
    }
}
