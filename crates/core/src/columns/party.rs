//! Whose number, name or address a column holds, by the words of its header.
//!
//! `Staff Phone` and `Client Phone` are two people. Which of them the contact is, the file does not
//! say, and nobody may guess. `docs/formats.md` has the rule; `tests/columns` has the cases.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::columns::header::{self, HeaderHint, HeaderMeaning};
use crate::text::folded;

/// The parties that a header names, as a set; the empty set is the contact of the record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Party(u64);

/// What a party is to the contact of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// The contact: the header names nobody.
    Contact,
    /// Somebody who can be the contact: a client, a passenger, a sender.
    Role,
    /// An address of the contact, or of somebody else: billing, shipping, registered.
    Address,
    /// Somebody beside the contact, or a number that many share: staff, an owner, a company.
    Other,
    /// Nobody to write to: emergency, fax, referrer.
    Never,
}

/// The parties and their words: English, Spanish, Portuguese, French, German, Italian, Indonesian,
/// Turkish, Hindi, Arabic. Words of one line name one party.
const PARTIES: &[(Standing, &str)] = &[
    (
        Standing::Role,
        "client, clients, customer, customers, cust, buyer, buyers, purchaser, cliente, clientes,
        comprador, acheteur, kunde, kunden, käufer, acquirente, pelanggan, pembeli, müşteri,
        ग्राहक, عميل, العميل, الزبون",
    ),
    (
        Standing::Role,
        "passenger, passengers, rider, pasajero, passageiro, passager, fahrgast, passeggero,
        penumpang, yolcu, यात्री, راكب, الراكب",
    ),
    (
        Standing::Role,
        "driver, drivers, chauffeur, conductor, motorista, chófer, conducteur, fahrer, autista,
        conducente, sopir, pengemudi, sürücü, şoför, ड्राइवर, चालक, سائق, السائق",
    ),
    (
        Standing::Role,
        "doctor, doctors, dr, physician, therapist, nurse, médico, médecin, docteur, arzt, dokter,
        doktor, डॉक्टर, चिकित्सक, طبيب, الطبيب",
    ),
    (
        Standing::Role,
        "patient, patients, paciente, paziente, pasien, hasta, मरीज, रोगी, مريض, المريض",
    ),
    (
        Standing::Role,
        "student, students, pupil, learner, child, alumno, estudiante, aluno, estudante, élève,
        étudiant, schüler, studente, alunno, siswa, murid, mahasiswa, öğrenci, छात्र, विद्यार्थी,
        طالب, الطالب",
    ),
    (
        Standing::Role,
        "teacher, tutor, instructor, coach, trainer, profesor, maestro, professor, professeur,
        lehrer, insegnante, guru, öğretmen, शिक्षक, معلم, المعلم",
    ),
    (
        Standing::Role,
        "sender, consignor, shipper, remitente, remetente, expéditeur, absender, mittente, pengirim,
        gönderen, gönderici, प्रेषक, مرسل, المرسل",
    ),
    (
        Standing::Role,
        "receiver, recipient, consignee, addressee, destinatario, destinataire, empfänger, penerima,
        alıcı, प्राप्तकर्ता, مستلم, المستلم",
    ),
    (Standing::Role, "caller, llamante, appelant, anrufer, chiamante, penelepon, arayan, المتصل"),
    (Standing::Role, "callee, called, dialed, dialled"),
    (
        Standing::Role,
        "guest, guests, visitor, huésped, invitado, hóspede, convidado, invité, gast, ospite, tamu,
        misafir, konuk, अतिथि, ضيف, الضيف",
    ),
    (
        Standing::Role,
        "member, members, subscriber, miembro, socio, suscriptor, membro, assinante, membre, abonné,
        mitglied, abonnent, abbonato, anggota, üye, abone, सदस्य, عضو, العضو, مشترك",
    ),
    (
        Standing::Role,
        "employee, employees, worker, empleado, trabajador, funcionário, empregado, employé,
        salarié, mitarbeiter, angestellter, dipendente, impiegato, karyawan, pegawai, çalışan,
        कर्मचारी, موظف, الموظف",
    ),
    (
        Standing::Role,
        "tenant, lessee, renter, inquilino, locataire, mieter, penyewa, kiracı, किरायेदार, مستأجر,
        المستأجر",
    ),
    (Standing::Role, "landlord, lessor, arrendador, locador, bailleur, vermieter, مؤجر, المؤجر"),
    (
        Standing::Role,
        "attendee, participant, delegate, participante, teilnehmer, partecipante, peserta,
        katılımcı, प्रतिभागी, مشارك, المشارك",
    ),
    (
        Standing::Role,
        "applicant, candidate, candidato, solicitante, candidat, bewerber, pelamar, aday, उम्मीदवार,
        المتقدم, المرشح",
    ),
    (Standing::Role, "donor, donante, doador, donateur, spender, donatore, donatur, bağışçı, المتبرع"),
    (Standing::Role, "borrower, debtor"),
    (Standing::Role, "nominee, beneficiary, beneficiario, bénéficiaire"),
    (Standing::Role, "bride, novia, noiva, mariée, braut, sposa, gelin"),
    (Standing::Role, "groom, novio, noivo, marié, bräutigam, sposo, damat"),
    (
        Standing::Address,
        "billing, bill, facturación, cobrança, faturamento, facturation, rechnungs, fatturazione,
        penagihan, बिलिंग, الفوترة",
    ),
    (
        Standing::Address,
        "shipping, ship, delivery, envío, entrega, livraison, versand, lieferung, liefer, spedizione,
        consegna, pengiriman, teslimat, शिपिंग, डिलीवरी, الشحن, التوصيل",
    ),
    (
        Standing::Address,
        "registered, registrado, cadastrado, enregistré, registriert, registrato, terdaftar, kayıtlı,
        पंजीकृत, مسجل, المسجل",
    ),
    (
        Standing::Other,
        "staff, crew, team, équipe, equipe, équipo, equipo, mitarbeiterin, staf, petugas, tim,
        görevli, personel, स्टाफ, طاقم, الطاقم",
    ),
    (
        Standing::Other,
        "agent, agents, rep, representative, broker, salesperson, salesman, executive, telecaller,
        counsellor, counselor, consultant, advisor, adviser, agente, corretor, asesor, représentant,
        courtier, conseiller, vertreter, makler, berater, rappresentante, agen, temsilci, एजेंट,
        وكيل, الوكيل, مندوب, المندوب",
    ),
    (
        Standing::Other,
        "owner, owners, propietario, dueño, proprietário, dono, propriétaire, eigentümer, inhaber,
        besitzer, titolare, pemilik, sahibi, मालिक, مالك, المالك",
    ),
    (
        Standing::Other,
        "manager, supervisor, boss, admin, gerente, encargado, gestionnaire, chef, leiter,
        vorgesetzter, responsabile, manajer, yönetici, müdür, प्रबंधक, مدير, المدير",
    ),
    (
        Standing::Other,
        "assistant, asst, secretary, secretaria, secretária, asistente, assistente, assistent,
        asisten, asistan, सहायक, مساعد, المساعد",
    ),
    (
        Standing::Other,
        "seller, vendor, supplier, merchant, dealer, distributor, vendedor, proveedor, fornecedor,
        vendeur, fournisseur, lieferant, verkäufer, venditore, fornitore, penjual, pemasok, satıcı,
        tedarikçi, विक्रेता, بائع, البائع, مورد, المورد",
    ),
    (
        Standing::Other,
        "company, companies, organization, organisation, org, employer, firm, corporate, corp, hq,
        headquarters, switchboard, reception, branch, store, shop, school, hospital, clinic, hotel,
        bank, empresa, compañía, organización, organização, escola, escuela, entreprise, société,
        unternehmen, firma, azienda, società, ditta, perusahaan, şirket, kurum, कंपनी, شركة, الشركة",
    ),
    (
        Standing::Other,
        "support, helpline, hotline, helpdesk, care, service, soporte, servicio, suporte, serviço,
        assistance, kundendienst, kundenservice, assistenza, servizio, dukungan, layanan, destek,
        सहायता, دعم, الدعم, خدمة",
    ),
    (
        Standing::Other,
        "parent, parents, guardian, responsável, tuteur, eltern, genitore, genitori, wali, veli,
        अभिभावक, ولي, الوالدين",
    ),
    (Standing::Other, "father, dad, padre, pai, père, vater, ayah, baba, पिता, والد, الأب"),
    (Standing::Other, "mother, mom, mum, madre, mãe, mère, mutter, ibu, anne, माता, والدة, الأم"),
    (
        Standing::Other,
        "spouse, wife, husband, partner, esposo, esposa, cônjuge, marido, conjoint, époux, épouse,
        ehefrau, ehemann, coniuge, moglie, marito, suami, istri, पति, पत्नी, زوج, الزوج, الزوجة",
    ),
    (Standing::Other, "kin, relative, relation, brother, sister, sibling, neighbour, neighbor"),
    (
        Standing::Never,
        "emergency, sos, emergencia, emergência, urgence, notfall, emergenza, darurat, acil,
        आपातकालीन, आपात, طوارئ, الطوارئ",
    ),
    (Standing::Never, "fax, pager, beeper, telefax, faks, फैक्स, فاكس"),
    (
        Standing::Never,
        "referrer, referral, referred, reference, ref, introducer, referido, indicação, parrain,
        referensi",
    ),
];

/// Words that name a party only at the beginning or the end of a header: `From Phone`, `Phone To`,
/// but not `Number to call`. They stand for the sender and the receiver.
const FROM: &str = "from, de, von, dari, من";
const TO: &str = "to, para, an, ke, إلى";

/// Words between a party and what it has.
const FILLERS: &str = "s, of, the, de, du, des, del, della, dello, dell, di, do, da, dos, das, der,
    von, la, le, el, l, d, का, की, के";

struct Words {
    /// Which party a word names.
    parties: HashMap<String, usize>,
    from: Vec<String>,
    to: Vec<String>,
    fillers: Vec<String>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let list = |words: &str| words.split(',').map(folded).collect::<Vec<_>>();
    let mut parties = HashMap::new();
    for (number, (_, words)) in PARTIES.iter().enumerate() {
        for word in list(words) {
            parties.entry(word).or_insert(number);
        }
    }
    Words { parties, from: list(FROM), to: list(TO), fillers: list(FILLERS) }
});

/// A header taken apart: whose it is, and what is left of it.
struct Parted<'h> {
    party: Party,
    rest: Vec<&'h str>,
}

impl<'h> Parted<'h> {
    fn of(header: &'h str) -> Self {
        let words = words_of(header);
        let last = words.len().saturating_sub(1);
        let mut parted = Parted { party: Party::default(), rest: Vec::new() };
        for (at, &word) in words.iter().enumerate() {
            let known = folded(word);
            let is_edge = words.len() > 1 && (at == 0 || at == last);
            let named = WORDS.parties.get(&known).copied().or_else(|| match is_edge {
                true if WORDS.from.contains(&known) => party_number("sender"),
                true if WORDS.to.contains(&known) => party_number("receiver"),
                _ => None,
            });
            match named {
                Some(number) => parted.party.0 |= 1 << number,
                None => parted.rest.push(word),
            }
        }
        parted
    }

    /// What is left, without the words in between.
    fn rest(&self) -> String {
        let said = self.rest.iter().filter(|word| !WORDS.fillers.contains(&folded(word)));
        said.copied().collect::<Vec<_>>().join(" ")
    }
}

fn party_number(word: &str) -> Option<usize> {
    WORDS.parties.get(word).copied()
}

/// The words of a header, also of `clientPhone` and `client_phone`.
fn words_of(header: &str) -> Vec<&str> {
    let mut words = Vec::new();
    // Vowel signs of Devanagari are no letters, but parts of words.
    let is_word = |c: char| c.is_alphanumeric() || !c.is_ascii() && !c.is_whitespace();
    for piece in header.split(|c: char| !is_word(c)).filter(|piece| !piece.is_empty()) {
        let mut start = 0;
        let mut was_small = false;
        for (at, c) in piece.char_indices() {
            if was_small && c.is_uppercase() {
                words.push(&piece[start..at]);
                start = at;
            }
            was_small = c.is_lowercase();
        }
        words.push(&piece[start..]);
    }
    words
}

impl Party {
    /// Whose column this is.
    pub(crate) fn of(header: &str) -> Party {
        let party = Parted::of(header).party;
        if party != Party::default() {
            return party;
        }
        joined(header).map_or(party, |(party, _)| party)
    }

    /// What the party is to the contact; of several, the most remote.
    pub(crate) fn standing(self) -> Standing {
        let named = PARTIES.iter().enumerate().filter(|(number, _)| self.0 >> number & 1 == 1);
        named.map(|(_, (standing, _))| *standing).max().unwrap_or(Standing::Contact)
    }

    /// Whether two columns are surely of different people. An address says little of people: the
    /// customer may well be the one who pays.
    pub(crate) fn differs_from(self, other: Party) -> bool {
        let is_person = |party: Party| matches!(party.standing(), Standing::Role | Standing::Other);
        self != other && is_person(self) && is_person(other)
    }
}

/// What the column of a party holds: the meaning of its header without the words for the party.
pub(crate) fn meaning(header: &str) -> Option<HeaderMeaning> {
    header::meaning(&rest_of(header)?)
}

/// What the same header hints at.
pub(crate) fn hint(header: &str) -> Option<HeaderHint> {
    header::hint(&rest_of(header)?)
}

fn rest_of(header: &str) -> Option<String> {
    let parted = Parted::of(header);
    if parted.party != Party::default() {
        return Some(parted.rest()).filter(|rest| !rest.is_empty());
    }
    joined(header).map(|(_, rest)| rest)
}

/// A party and what it has in one word: `CLIENTPHONE`, `Kundentelefon`.
fn joined(header: &str) -> Option<(Party, String)> {
    // Shorter words begin or end others by chance.
    const SHORTEST: usize = 5;
    let header = folded(header);
    let long = WORDS.parties.iter().filter(|(word, _)| word.chars().count() >= SHORTEST);
    let split = long.filter_map(|(word, &number)| {
        let rest = header.strip_prefix(word.as_str()).or(header.strip_suffix(word.as_str()))?;
        let is_known = !rest.is_empty() && header::meaning(rest).is_some();
        is_known.then(|| (word.len(), number, rest.to_owned()))
    });
    // The longest word, so that the order of the table does not show.
    let (_, number, rest) = split.max()?;
    Some((Party(1 << number), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::header::PhoneRank;

    #[test]
    fn a_party_is_told_by_the_words_of_its_header() {
        for (header, like) in [
            ("clientPhone", "Client"),
            ("client_phone", "Customer"),
            ("CLIENTPHONE", "Client"),
            ("Kundentelefon", "Kunde"),
            ("Teléfono del cliente", "Client"),
            ("Phone (Driver)", "Driver"),
            ("Sürücü Telefonu", "Driver"),
            ("هاتف العميل", "Client"),
            ("ग्राहक का फोन", "Client"),
            ("From Phone", "Sender"),
            ("Phone To", "Receiver"),
        ] {
            assert_eq!(Party::of(header), Party::of(like), "{header}");
            assert_ne!(Party::of(header), Party::default(), "{header}");
        }
        for header in ["Number to call", "Phone", "Home Phone", "Contact Phone", "Other", "Team3x"]
        {
            assert_eq!(Party::of(header), Party::default(), "{header}");
        }
    }

    #[test]
    fn what_is_left_of_a_header_says_what_a_party_has() {
        use HeaderMeaning::{Email, Name, Phone};
        for (header, expected) in [
            ("Client Phone", Some(Phone(PhoneRank::Phone))),
            ("Patient's mobile no.", Some(Phone(PhoneRank::Mobile))),
            ("Telefono del cliente", Some(Phone(PhoneRank::Phone))),
            ("No HP Pengemudi", Some(Phone(PhoneRank::Mobile))),
            ("रोगी का मोबाइल", Some(Phone(PhoneRank::Mobile))),
            ("driver.phone", Some(Phone(PhoneRank::Phone))),
            ("Passenger Name", Some(Name)),
            ("Staff Email", Some(Email)),
            ("Staff", None),
            ("Staff Notes", None),
        ] {
            assert_eq!(meaning(header), expected, "{header}");
        }
        assert_eq!(hint("From Number"), Some(HeaderHint::Phone(PhoneRank::Phone)));
    }

    #[test]
    fn the_farthest_party_counts() {
        assert_eq!(Party::of("Customer Care Phone").standing(), Standing::Other);
        assert_eq!(Party::of("Driver Emergency Phone").standing(), Standing::Never);
        assert!(Party::of("Driver").differs_from(Party::of("Passenger")));
        assert!(!Party::of("Customer").differs_from(Party::of("Billing")));
        assert!(!Party::of("Name").differs_from(Party::of("Passenger")));
    }

    #[test]
    fn there_is_room_for_every_party() {
        assert!(PARTIES.len() <= 64);
    }
}
