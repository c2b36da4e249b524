//! gzip: members one after the other, as `gzip -d` reads them (RFC 1952).

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// Reads all members. Zeros may follow the last one: tapes and block devices pad with them.
pub(super) struct Members<R> {
    /// The current member; `None` at the end.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Members<R> {
    pub(super) fn new(reader: R) -> Self {
        Members { member: Some(GzDecoder::new(reader)) }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while let Some(member) = &mut self.member {
            match member.read(buffer)? {
                0 => {}
                count => return Ok(count),
            }
            // The member has ended, and its checksum was right.
            let Some(mut rest) = self.member.take().map(GzDecoder::into_inner) else { break };
            match rest.fill_buf()? {
                [] => {}
                [0, ..] => only_zeros(&mut rest)?,
                _ => self.member = Some(GzDecoder::new(rest)),
            }
        }
        Ok(0)
    }
}

/// Requires that only zeros are left.
fn only_zeros(rest: &mut impl BufRead) -> io::Result<()> {
    loop {
        let bytes = rest.fill_buf()?;
        if bytes.iter().any(|&byte| byte != 0) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "what follows it is not gzip"));
        }
        match bytes.len() {
            0 => return Ok(()),
            count => rest.consume(count),
        }
    }
}
