//! What holds of every e-mail cell.

use contactmill_core::options::BadEmail;
use contactmill_core::{Normalizer, Options, RawContact, WarningCode};
use email_address::EmailAddress;

/// An address that is taken is one for the crate `email_address`, too, is short enough, has a domain in
/// lower case, and is read as itself. A cell that gives none is empty, or that is said: by a warning, or by a
/// rejection where that was asked for.
pub(crate) fn check(data: &[u8]) {
    let cell = String::from_utf8_lossy(data);
    let (address, warnings) = read(&cell, BadEmail::Drop).expect("a bad address rejects nobody");
    if address.is_empty() {
        let is_said = warnings.contains(&WarningCode::EmailDropped);
        let is_rejected = read(&cell, BadEmail::Reject).is_none();
        assert_eq!(is_rejected, is_said, "{cell:?}: {warnings:?}");
        return;
    }
    let (local, domain) = address.rsplit_once('@').expect("an address has one");
    // RFC 6531, 3.3: what is not ASCII may stand where letters may.
    let letters: String = local.chars().map(|c| if c.is_ascii() { c } else { 'x' }).collect();
    // UTS #46 allows signs in domains of other scripts that the crate does not know.
    let is_sound = EmailAddress::is_valid_local_part(&letters)
        && (EmailAddress::is_valid_domain(domain) || !domain.is_ascii());
    // Of other domains, the ASCII form counts, which may be shorter than what is shown.
    let is_short = address.len() <= 254 || !domain.is_ascii();
    assert!(is_sound && is_short, "{cell:?}: {address:?}");
    let is_lost = |c: char| c.is_control() || c.is_whitespace() || c == '\u{fffd}';
    assert!(!address.contains(is_lost), "{cell:?}: {address:?}");
    // UTS #46 writes Cherokee in its upper case, which is the older one.
    let is_cherokee = |c: char| matches!(c, '\u{13a0}'..='\u{13f5}');
    let is_lower = |c: char| c.to_lowercase().eq([c]) || is_cherokee(c);
    assert!(domain.chars().all(is_lower), "{cell:?}: {address:?}");

    let (again, warnings) = read(&address, BadEmail::Reject).expect("it was taken before");
    assert_eq!(again, address, "{cell:?}");
    let is_suspect = |code: &WarningCode| *code == WarningCode::EmailTypoSuspected;
    assert!(warnings.iter().all(is_suspect), "{cell:?}: {address:?} with {warnings:?}");
}

/// The address that a record with this cell gets, empty if it gets none, and the codes of its warnings;
/// nothing if the record is rejected.
fn read(cell: &str, bad_email: BadEmail) -> Option<(String, Vec<WarningCode>)> {
    let normalizer = Normalizer::new(Options { bad_email, ..Options::default() });
    let mut raw = RawContact::default();
    raw.names.push("Asha Rao");
    raw.phones.push("+919876543210");
    raw.emails.push(cell);
    let normalized = normalizer.normalize(&raw).ok()?;
    let email = normalized.contact.email.map_or(String::new(), |email| email.as_str().to_owned());
    Some((email, normalized.warnings.iter().map(|warning| warning.code).collect()))
}
