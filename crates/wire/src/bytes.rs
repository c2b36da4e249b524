//! Looking at many bytes at once.

/// Whether any byte of a text is special; a space never is. Where nearly no text has one: 16 bytes are
/// looked at at once, without an early exit.
pub(crate) fn any_byte(text: &[u8], is_special: impl Fn(u8) -> bool) -> bool {
    let any = |chunk: &[u8; 16]| chunk.iter().fold(false, |any, &byte| any | is_special(byte));
    match text.last_chunk() {
        // The last chunk again, so that it covers the rest.
        Some(last) => any(last) || text.as_chunks().0.iter().any(any),
        None => {
            let mut padded = [b' '; 16];
            padded[..text.len()].copy_from_slice(text);
            any(&padded)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_special_byte_is_found_wherever_it_is() {
        for length in 0..70 {
            let mut text = vec![b'a'; length];
            assert!(!any_byte(&text, |byte| byte == b'"'));
            for place in 0..length {
                text[place] = b'"';
                assert!(any_byte(&text, |byte| byte == b'"'), "{place} of {length}");
                text[place] = b'a';
            }
        }
    }
}
