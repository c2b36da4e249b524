//! The default region of a cell.

use contactmill_phone::Region;

/// The region whose code the bytes are, so that seeds can be read: `01` is the world, `--` none. Any
/// other two bytes stand for some region, so that no change to them is lost on the fuzzer.
pub(crate) fn default_region(bytes: [u8; 2]) -> Option<Region> {
    match &bytes {
        b"--" => return None,
        b"01" => return Some(Region::World),
        _ => {}
    }
    let code = std::str::from_utf8(&bytes).ok().and_then(|code| code.parse().ok());
    let [high, low] = bytes.map(usize::from);
    code.or_else(|| Region::ALL.get((high * 256 + low) % Region::ALL.len()).copied())
}
