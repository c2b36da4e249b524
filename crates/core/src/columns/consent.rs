//! Columns that say who does not want to be written to.

use crate::text::folded;

/// Headers of columns in which `yes` means that somebody does not want to be written to.
const OUT: &str = "email blacklisted, sms blacklisted, whatsapp blacklisted, blacklisted,
    email opt out, sms opt out, whatsapp opt out, fax opt out, opt out, opted out,
    has opted out of email, do not call, do not contact, do not email, do not sms, dnc,
    unsubscribed, unsubscribed from all email, unsubscribed from all emails";

/// Headers of columns in which `no` means that.
const IN: &str = "allow broadcast, allow sms, allow email, allow whatsapp, accepts sms marketing,
    accepts email marketing, accepts whatsapp marketing, accepts marketing, opt in, opted in,
    sms opt in, email opt in, whatsapp opt in, subscribed, marketing consent, sms consent,
    email consent, whatsapp consent, newsletter, aceita receber mensagens, aceita receber ofertas,
    aceita marketing, aceita whatsapp, aceita sms, acepta recibir mensajes, acepta marketing,
    acepta whatsapp, consentimiento, consentimento, consentement, accepte marketing, einwilligung,
    werbeeinwilligung, consenso, consenso marketing, persetujuan, onay, izin";

/// What a column of consents says where it holds `yes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    In,
    Out,
}

/// Whether a column is one of consents, by its header.
pub(crate) fn of_header(header: &str) -> Option<Consent> {
    let is_question = header.trim_end().ends_with('?');
    let header = folded(header);
    let has = |list: &str| list.split(',').any(|name| folded(name) == header);
    if has(OUT) {
        Some(Consent::Out)
    } else if has(IN) || is_question && ["consent", "receive"].iter().any(|w| header.contains(w)) {
        Some(Consent::In)
    } else {
        None
    }
}

impl Consent {
    /// Whether the cell of such a column says that the person does not want to be written to.
    pub(crate) fn is_opt_out(self, cell: &str) -> bool {
        let word = folded(cell);
        match self {
            Consent::Out => {
                matches!(
                    &*word,
                    "true" | "yes" | "y" | "1" | "x" | "si" | "sim" | "oui" | "ja" | "ya" | "evet"
                )
            }
            Consent::In => {
                matches!(
                    &*word,
                    "false" | "no" | "n" | "0" | "non" | "nao" | "nein" | "nie" | "tidak" | "hayir"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_yes_to_an_opt_out_and_a_no_to_an_opt_in_are_the_same() {
        assert!(of_header("SMS_BLACKLISTED").unwrap().is_opt_out("True"));
        assert!(!of_header("SMS_BLACKLISTED").unwrap().is_opt_out("false"));
        assert!(of_header("AllowBroadcast").unwrap().is_opt_out("FALSE"));
        assert!(!of_header("Accepts SMS Marketing").unwrap().is_opt_out(""));
        assert!(of_header("Aceita receber mensagens?").unwrap().is_opt_out("Não"));
        assert!(of_header("Do you consent to receive messages?").unwrap().is_opt_out("No"));
        assert_eq!(of_header("Consent date"), None);
        assert_eq!(of_header("Phone"), None);
    }
}
