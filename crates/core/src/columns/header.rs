//! What a column is called, and what it therefore holds.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::columns::party::{Party, Standing};
use crate::text::folded;

/// The columns that `convert` adds behind the original ones in its own CSV files.
pub const BOOKKEEPING_COLUMNS: [&str; 9] = [
    "_source",
    "_record",
    "_line",
    "_field",
    "_reason",
    "_hint",
    "_kept_source",
    "_kept_record",
    "_conflicts",
];

/// Whether a header row is that of a file that `convert` wrote for people to correct.
///
/// ```
/// use contactmill_core::columns::is_bookkeeping_header;
///
/// let rejects = ["Name", "Phone", "_source", "_record", "_line", "_field", "_reason", "_hint"];
/// assert!(is_bookkeeping_header(&rejects.map(String::from)));
/// assert!(!is_bookkeeping_header(&["Name", "_id"].map(String::from)));
/// ```
#[must_use]
pub fn is_bookkeeping_header(header: &[String]) -> bool {
    ["_source", "_record", "_line"].iter().all(|own| header.iter().any(|column| column == own))
}

/// What a header says its column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderMeaning {
    Name,
    FirstName,
    LastName,
    Phone(PhoneRank),
    Email,
    /// The country calling code, which with the phone cell makes one number.
    CallingCode,
    Country,
    Tags,
}

/// Which of several phones is tried first: the lowest rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PhoneRank {
    /// A number that is called one of WhatsApp.
    WhatsApp,
    /// A mobile.
    Mobile,
    /// A phone, whatever else.
    Phone,
    /// A phone at home or at work, where others may answer; a fax.
    HomeOrWork,
}

impl PhoneRank {
    /// The rank of a phone by its label, such as `Mobile`, `workMobile` or `cell, home`. The words are
    /// those of headers.
    ///
    /// ```
    /// use contactmill_core::columns::PhoneRank;
    ///
    /// assert_eq!(PhoneRank::of_label("WhatsApp"), PhoneRank::WhatsApp);
    /// assert_eq!(PhoneRank::of_label("workMobile"), PhoneRank::Mobile);
    /// assert_eq!(PhoneRank::of_label("other"), PhoneRank::Phone);
    /// ```
    #[must_use]
    pub fn of_label(label: &str) -> PhoneRank {
        if let Some(rank) = PhoneRank::of_word(label) {
            return rank;
        }
        let mut last = None;
        let mut best = PhoneRank::Phone;
        for token in label.split(|c: char| !c.is_alphanumeric()) {
            let words = match PhoneRank::of_word(token) {
                Some(_) => vec![token],
                None => camel_case_words(token),
            };
            for rank in words.into_iter().filter_map(PhoneRank::of_word) {
                best = best.min(rank);
                last = last.max(Some(rank));
            }
        }
        // A mobile at work is a mobile, but a phone at work is not just a phone.
        if best < PhoneRank::Phone { best } else { last.unwrap_or(best) }
    }

    fn of_word(word: &str) -> Option<PhoneRank> {
        let folded = folded(word);
        match (exact(&folded), of_one_hint(word)) {
            (Some(HeaderMeaning::Phone(rank)), _) | (None, Some(HeaderHint::Phone(rank))) => {
                Some(rank)
            }
            // Address books of Apple have this label for a mobile.
            _ if folded == "iphone" => Some(PhoneRank::Mobile),
            _ if is_of_others(word) => Some(PhoneRank::HomeOrWork),
            _ => None,
        }
    }
}

/// The words of a name such as `workMobile`.
fn camel_case_words(name: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut was_lower) = (0, false);
    for (at, c) in name.char_indices() {
        if was_lower && c.is_uppercase() {
            words.push(&name[start..at]);
            start = at;
        }
        was_lower = c.is_lowercase();
    }
    words.push(&name[start..]);
    words
}

/// Headers as people write them, set apart by commas; case, accents, spaces and punctuation do not
/// matter. English, Spanish, Portuguese, French, German, Italian, Indonesian, Turkish, Hindi,
/// Arabic.
const MEANINGS: &[(HeaderMeaning, &str)] = &[
    (
        HeaderMeaning::Name,
        "name, full name, contact name, contact, customer name, customer, client name, client,
        lead name, person name, display name, user provided name, your name, file as,
        nombre, nombre completo, nombre y apellido, nombre y apellidos,
        nome, nome completo, nome e cognome, nome cognome,
        nom complet, nom et prénom, nom prénom, voller name, nama, nama lengkap,
        isim, ad soyad, adı soyadı, adi soyadi, isim soyisim, नाम, पूरा नाम, الاسم, اسم, الاسم الكامل",
    ),
    (
        HeaderMeaning::FirstName,
        "first name, given name, forename, fname, prénom, vorname, primer nombre, nombres,
        primeiro nome, nama depan, ad, adı, adi, पहला नाम, الاسم الأول",
    ),
    (
        HeaderMeaning::LastName,
        "last name, family name, surname, lname, nom, nom de famille, nachname, apellido,
        apellidos, sobrenome, cognome, nama belakang, soyad, soyadı, soyadi, soyisim, उपनाम,
        اسم العائلة, الكنية",
    ),
    (
        HeaderMeaning::Phone(PhoneRank::WhatsApp),
        "whatsapp, whatsapp number, whatsapp no, whatsapp phone, whatsapp phone number,
        wa, wa number, no wa, nomor wa, no whatsapp, nomor whatsapp, número whatsapp,
        número de whatsapp, whatsapp numarası, व्हाट्सएप, واتساب, رقم الواتساب",
    ),
    (
        HeaderMeaning::Phone(PhoneRank::Mobile),
        "mobile, mobile phone, mobile number, mobile no, mobile phone number, cell, cell phone,
        cell phone number, cell number, cellular, mobile phones, sms, móvil, teléfono móvil, celular,
        teléfono celular, telefone celular, telemóvel, portable, tél portable, téléphone portable,
        mobil, handy, handynummer, mobiltelefon, mobilnummer, cellulare, telefono cellulare,
        nomor hp, no hp, hp, handphone, cep tel, cep telefonu, gsm,
        मोबाइल, मोबाइल नंबर, मोबाइल नम्बर, جوال, الجوال, رقم الجوال, موبايل, الموبايل",
    ),
    (
        HeaderMeaning::Phone(PhoneRank::Phone),
        "phone, phones, phone number, phone numbers, phone no, tel, tel no, telephone,
        telephone number, telephone no, contact number, contact no, contact phone,
        contact phone number, customer phone, primary phone, person phone, msisdn,
        teléfono, número de teléfono, número teléfono, fone, telefone, número de telefone,
        numéro de téléphone, telefon, telefonnummer, rufnummer, numero di telefono,
        telepon, no telp, no telepon, nomor telepon, telefon no, telefon numarası, telefonu,
        फोन, फोन नंबर, फोन नम्बर, هاتف, الهاتف, رقم الهاتف, رقم هاتف",
    ),
    (
        HeaderMeaning::Phone(PhoneRank::HomeOrWork),
        "home phones, business phones, home phone, home phone number, work phone, work phone number, business phone,
        office phone, other phone, alternate phone,
        alternate number, alternative phone, secondary phone, default address phone, landline,
        landline number, landline phone, telefone fixo, tel fixo, fixo, telefone residencial,
        telefone comercial, teléfono fijo, tel fijo, teléfono casa, teléfono trabajo,
        teléfono oficina, téléphone fixe, tél fixe, téléphone domicile, téléphone bureau,
        telefono fisso, tel fisso, telefono ufficio, festnetz, festnetznummer,
        telefon privat, telefon geschäftlich, telefon dienstlich, telefon rumah, telepon rumah,
        telepon kantor, ev telefonu, iş telefonu, sabit telefon, هاتف المنزل, هاتف العمل",
    ),
    (
        HeaderMeaning::Email,
        "email, emails, email address, email addresses, email id, email addr, mail, mail id, mail address,
        primary email, work email, personal email, customer email, contact email, person email,
        correo, correo electrónico, dirección de correo, courriel, adresse mail, adresse email,
        mailadresse, e-mail-adresse, indirizzo email, endereço de email, alamat email, surel,
        eposta, e-posta adresi, ईमेल, البريد الإلكتروني, ايميل",
    ),
    (
        HeaderMeaning::CallingCode,
        "country code, phone country, phone country code, dial code, dialing code, calling code,
        country calling code, phone code, phone prefix, isd code, código país",
    ),
    (
        HeaderMeaning::Country,
        "country, country name, country region, country iso, iso country, home country,
        home country region, mailing country, billing country, default address country code,
        país, pays, land, paese, nazione, negara, ülke, देश, الدولة, البلد",
    ),
    (
        HeaderMeaning::Tags,
        "tags, tag, labels, groups, group membership, categories, segments, segment, segmento, etiquetas,
        étiquettes, groupes, etichette, schlagworte, etiketler, टैग, الوسوم",
    ),
];

/// What a header says its column holds, if it says anything.
pub(crate) fn meaning(header: &str) -> Option<HeaderMeaning> {
    of_one(header).or_else(|| Said::of(header)?.meaning())
}

/// The same of a header that says one thing.
fn of_one(header: &str) -> Option<HeaderMeaning> {
    // `company.phone` is the phone of a company.
    if header.rsplit('.').skip(1).any(is_of_others) {
        return None;
    }
    let header = without_question(header);
    let mut folded = folded(header);
    // `Phone 1 - Value`, `E-mail 2 - Value`, `Phone 2`, `E-mail 2 Address`: one of several.
    if folded.contains(|c: char| c.is_ascii_digit()) {
        if let Some(stem) = folded.strip_suffix("value") {
            folded.truncate(stem.len());
        }
        folded.retain(|c| !c.is_ascii_digit());
        let meaning = exact(&folded).or_else(|| {
            let without_numbers: String = header.chars().filter(|c| !c.is_ascii_digit()).collect();
            of_path(&without_numbers)
        })?;
        let is_one_of_several = match meaning {
            HeaderMeaning::Phone(_) | HeaderMeaning::Email => true,
            HeaderMeaning::Tags => header.contains('.'),
            _ => false,
        };
        return is_one_of_several.then_some(meaning);
    }
    exact(&folded).or_else(|| of_path(header))
}

/// A header without the words by which forms ask: `Your full name`, `Please enter your phone`.
fn without_question(header: &str) -> &str {
    const ASKING: &str =
        "please, enter, provide, type, what, is, your, seu, sua, tu, su, votre, ihre";
    static WORDS: LazyLock<HashSet<String>> = LazyLock::new(|| words(ASKING));
    let mut rest = header.trim_start();
    // `Is mobile` asks something else.
    if folded(rest).starts_with("is") {
        return rest;
    }
    while let Some((word, behind)) = rest.split_once(char::is_whitespace)
        && WORDS.contains(&folded(word))
        && !behind.trim().is_empty()
    {
        rest = behind.trim_start();
    }
    rest
}

/// Words in remarks and beside other words that make a column one of somebody else, or of something
/// that is no way to reach the contact.
const OF_OTHERS: &str = "fax, pager, emergency, owner, agent, manager, assistant, supervisor,
    referrer, referral, reference, seller, vendor, supplier, company, parent, spouse, father, mother,
    guardian, order, invoice, username, password";

fn is_of_others(word: &str) -> bool {
    static OTHERS: LazyLock<HashSet<String>> = LazyLock::new(|| words(OF_OTHERS));
    OTHERS.contains(&folded(word))
}

/// A header that says several things: `Celular/WhatsApp`, `Phone (with country code)`.
struct Said<'h> {
    alternatives: Vec<&'h str>,
    remarks: Vec<&'h str>,
}

impl<'h> Said<'h> {
    /// What it says, unless it is of others, or says one thing only.
    fn of(header: &'h str) -> Option<Self> {
        if header.split(|c: char| !c.is_alphanumeric()).any(is_of_others) {
            return None;
        }
        let mut said = Said { alternatives: Vec::new(), remarks: Vec::new() };
        for (index, piece) in header.split(['(', ')', '[', ']']).enumerate() {
            let into = if index % 2 == 0 { &mut said.alternatives } else { &mut said.remarks };
            let some = piece.split(['/', '|', '&']).map(str::trim);
            into.extend(some.filter(|text| text.contains(char::is_alphanumeric)));
        }
        (said.alternatives.len() + said.remarks.len() > 1).then_some(said)
    }

    /// What all alternatives mean; remarks only must not say something else.
    fn meaning(&self) -> Option<HeaderMeaning> {
        let alternatives: Vec<HeaderMeaning> =
            self.alternatives.iter().map(|text| of_one(text)).collect::<Option<_>>()?;
        if let ([HeaderMeaning::Name], [part]) = (&alternatives[..], &self.remarks[..]) {
            // `Name (Last)`, as forms have it.
            match name_step(&folded(part)) {
                Some(meaning) => return Some(meaning),
                None if ["middle", "prefix", "suffix", "title"].contains(&&*folded(part)) => {
                    return None;
                }
                None => {}
            }
        }
        let remarks = self.remarks.iter().filter_map(|text| of_one(text));
        alternatives.into_iter().chain(remarks).map(Some).reduce(|one, other| {
            match (one?, other?) {
                (HeaderMeaning::Phone(one), HeaderMeaning::Phone(other)) => {
                    Some(HeaderMeaning::Phone(one.min(other)))
                }
                (one, other) => (one == other).then_some(one),
            }
        })?
    }

    /// What some alternatives mean or hint at, where no other says something else.
    fn hint(&self) -> Option<HeaderHint> {
        let mut found: Option<HeaderHint> = None;
        for text in self.alternatives.iter().chain(&self.remarks) {
            let hint = match of_one(text) {
                Some(HeaderMeaning::Phone(rank)) => HeaderHint::Phone(rank),
                Some(HeaderMeaning::Name) => HeaderHint::Name,
                Some(_) => return None,
                None if is_of_something_else(text) => return None,
                None => match of_one_hint(text) {
                    Some(hint) => hint,
                    None => continue,
                },
            };
            found = match (found, hint) {
                (None, hint) => Some(hint),
                (Some(HeaderHint::Phone(one)), HeaderHint::Phone(other)) => {
                    Some(HeaderHint::Phone(one.min(other)))
                }
                (Some(HeaderHint::Name), HeaderHint::Name) => found,
                _ => return None,
            };
        }
        found
    }
}

/// What a header may say its column holds, if its cells agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderHint {
    Name,
    Phone(PhoneRank),
}

/// Headers that leave open what their columns hold.
const HINTS: &[(HeaderHint, &str)] = &[
    (
        HeaderHint::Phone(PhoneRank::HomeOrWork),
        "home, work, office, business, landline no, residence, casa, oficina, trabajo, trabalho,
        domicile, bureau, travail, privat, büro, arbeit, rumah, kantor, ev, iş, घर",
    ),
    (
        HeaderHint::Phone(PhoneRank::Phone),
        "number, numbers, contact details, contact info, contact information, main, primary,
        secondary, alternate, alternative, other, personal, call, calls, dial, contacto, contato,
        contatto, kontakt, kontak, número, numéro, nummer, numero, nomor, numara, iletişim, नंबर,
        संपर्क, رقم, telegram, viber, signal, imo",
    ),
    (
        HeaderHint::Name,
        "person, people, who, guest, student, patient, member, attendee, participant, recipient,
        subscriber, buyer, friend, prospect, employee, candidate, applicant, passenger, tenant,
        invitado, alumno, paciente, cliente, aluno, invité, élève, client nom, gast, schüler,
        razão social, razón social, raison sociale, kunde, teilnehmer, ospite, tamu, siswa, pasien, pelanggan, misafir, hasta, müşteri, ग्राहक,
        العميل",
    ),
];

/// What a header hints at.
pub(crate) fn hint(header: &str) -> Option<HeaderHint> {
    of_one_hint(header).or_else(|| Said::of(header)?.hint())
}

/// The same of a header that says one thing.
fn of_one_hint(header: &str) -> Option<HeaderHint> {
    static BY_HEADER: LazyLock<HashMap<String, HeaderHint>> = LazyLock::new(|| {
        let all = HINTS.iter().flat_map(|&(hint, list)| list.split(',').map(move |h| (h, hint)));
        all.map(|(header, hint)| (folded(header), hint)).collect()
    });
    BY_HEADER.get(folded(header).trim_end_matches(|c: char| c.is_ascii_digit())).copied()
}

/// Words in the headers of columns that are never taken for a field by their content alone: numbers
/// of other things, and people other than the contact.
const SOMETHING_ELSE: &str = "id, ids, uid, uuid, no, nr, num, code, key, order, orders, invoice,
    account, acct, zip, pin, pincode, postal, postcode, plz, cep, date, time, created, updated,
    modified, amount, total, price, balance, points, fax, pager, emergency, owner, agent, manager,
    assistant, supervisor, referrer, referred, referral, reference, ref, seller, vendor, supplier,
    company, parent, spouse, aadhaar, aadhar, pan, gst, gstin, ssn, nik, npwp, cpf, cnpj, dni, rut,
    tax, vat, iban, card, passport, licence, license, serial, imei, sku, barcode, ean, isbn,
    tracking, pedido, factura, fatura, facture, rechnung, bestellung, ordine, pesanan, sipariş,
    timestamp, latitude, longitude, ip";

/// Whether a header speaks of other things than how to reach the contact.
pub(crate) fn is_of_something_else(header: &str) -> bool {
    static WORDS: LazyLock<HashSet<String>> = LazyLock::new(|| words(SOMETHING_ELSE));
    Party::of(header).standing() >= Standing::Other
        || header.split(|c: char| !c.is_alphanumeric()).any(|word| WORDS.contains(&folded(word)))
}

/// Steps of a path, such as `contact.phones.2.number`, that say no more than that it leads to
/// something of the contact.
const PERSONS: &str = "profile, profiles, user details, user, users, contact, contacts, customer,
    customers, client, lead, leads, person, people, member, subscriber, recipient, guest, buyer,
    patient, student, attendee, participant, applicant, candidate, respondent, passenger, prospect,
    billing, billing address, default address, pessoa, cliente, persona";

/// Steps that say no more than that they lead to the value itself.
const CONTAINERS: &str = "data, item, items, attributes, fields, properties, custom fields, info,
    details, record, result, results, value, number, address, addresses, values, text";

/// Containers of things that have names of their own.
const OF_THINGS: &str = "item, items, custom fields";

/// Last steps that are parts of a name where what stands before them is a person or a name.
const NAME_STEPS: &[(HeaderMeaning, &str)] = &[
    (HeaderMeaning::FirstName, "first, given"),
    (HeaderMeaning::LastName, "last, family"),
    (HeaderMeaning::Name, "full, display, formatted, name"),
];

fn name_step(step: &str) -> Option<HeaderMeaning> {
    let is_step = |list: &str| list.split(',').any(|known| folded(known) == step);
    NAME_STEPS.iter().find(|(_, list)| is_step(list)).map(|&(meaning, _)| meaning)
}

fn words(list: &str) -> HashSet<String> {
    list.split(',').map(folded).collect()
}

/// What the path to a value says that it is: its steps without those that say nothing, or the last of
/// them behind `name`. Steps of other people and things (`owner.email`, `company.phone`) stay, and so
/// nothing is found.
fn of_path(header: &str) -> Option<HeaderMeaning> {
    static KNOWN: LazyLock<[HashSet<String>; 3]> =
        LazyLock::new(|| [PERSONS, CONTAINERS, OF_THINGS].map(words));
    if !header.contains('.') {
        return None;
    }
    let [persons, containers, of_things] = &*KNOWN;
    let steps: Vec<String> =
        header.split('.').map(folded).filter(|step| !step.is_empty()).collect();
    let has = |of: &HashSet<String>| steps.iter().any(|step| of.contains(step));
    let says_nothing = |step: &String| persons.contains(step) || containers.contains(step);
    let mut said: Vec<&str> =
        steps.iter().filter(|step| !says_nothing(step)).map(String::as_str).collect();
    if let [.., of, "name" | "title" | "label"] = said[..]
        && exact(of) == Some(HeaderMeaning::Tags)
    {
        return Some(HeaderMeaning::Tags);
    }
    let joined = said.concat();
    let meaning = exact(joined.trim_end_matches(|c: char| c.is_ascii_digit())).or_else(|| {
        let last = said.pop().filter(|last| steps.last().is_some_and(|step| step == last))?;
        let is_named = said.last().is_some_and(|step| matches!(*step, "name" | "names"));
        if said.len() > 1 || !said.is_empty() && !is_named || !is_named && !has(persons) {
            return None;
        }
        let part = name_step(last);
        let is_name = |meaning: &HeaderMeaning| {
            use HeaderMeaning::{FirstName, LastName, Name};
            matches!(meaning, FirstName | LastName | Name)
        };
        part.or_else(|| exact(last).filter(is_name))
    })?;
    (meaning != HeaderMeaning::Name || !has(of_things)).then_some(meaning)
}

static BY_HEADER: LazyLock<HashMap<String, HeaderMeaning>> =
    LazyLock::new(|| all().map(|(header, meaning)| (folded(header), meaning)).collect());

fn all() -> impl Iterator<Item = (&'static str, HeaderMeaning)> {
    MEANINGS.iter().flat_map(|&(meaning, headers)| headers.split(',').map(move |h| (h, meaning)))
}

fn exact(folded: &str) -> Option<HeaderMeaning> {
    BY_HEADER.get(folded).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_understood_in_any_spelling() {
        use HeaderMeaning::{Country, Email, FirstName, LastName, Name, Phone, Tags};
        for (header, expected) in [
            ("Full Name", Name),
            ("full_name", Name),
            ("FirstName", FirstName),
            ("Téléphone portable", Phone(PhoneRank::Mobile)),
            ("Tel. portable", Phone(PhoneRank::Mobile)),
            ("Nomor HP", Phone(PhoneRank::Mobile)),
            ("No. WA", Phone(PhoneRank::WhatsApp)),
            ("PHONE", Phone(PhoneRank::Phone)),
            ("Phone 1 - Value", Phone(PhoneRank::Phone)),
            ("Home Phone 2", Phone(PhoneRank::HomeOrWork)),
            ("Telefone Fixo", Phone(PhoneRank::HomeOrWork)),
            ("Tél. fixe", Phone(PhoneRank::HomeOrWork)),
            ("Festnetznummer", Phone(PhoneRank::HomeOrWork)),
            ("मोबाइल नंबर", Phone(PhoneRank::Mobile)),
            ("رقم الهاتف", Phone(PhoneRank::Phone)),
            ("E-mail", Email),
            ("E-mail 1 - Value", Email),
            ("E-posta", Email),
            ("Country/Region", Country),
            ("Group Membership", Tags),
            ("Segments", Tags),
            ("contact.phone", Phone(PhoneRank::Phone)),
            ("user.profile.firstName", FirstName),
            ("phones.2.number", Phone(PhoneRank::Phone)),
            ("emails.value", Email),
            ("person.first", FirstName),
            ("contact.firstName", FirstName),
            ("person.name.last", LastName),
            ("name.given", FirstName),
            ("names.familyName", LastName),
            ("name.formatted", Name),
            ("guest.name", Name),
            ("fields.Name", Name),
            ("customer.default_address.phone", Phone(PhoneRank::Phone)),
            ("billing.first_name", FirstName),
            ("phoneNumbers.value", Phone(PhoneRank::Phone)),
            ("contact.tags.name", Tags),
            ("tags.2.name", Tags),
            ("Celular/WhatsApp", Phone(PhoneRank::WhatsApp)),
            ("Phone Number (with country code)", Phone(PhoneRank::Phone)),
            ("Mobile No. (WhatsApp)", Phone(PhoneRank::WhatsApp)),
            ("E-mail (optional)", Email),
            ("Full name (as per ID)", Name),
            ("Your full name *", Name),
            ("Name (First)", FirstName),
            ("Your Name (Last)", LastName),
            ("Please enter your WhatsApp number", Phone(PhoneRank::WhatsApp)),
            ("What is your email?", Email),
            ("Seu nome completo", Name),
        ] {
            assert_eq!(meaning(header), Some(expected), "{header}");
        }
    }

    #[test]
    fn labels_of_phones_are_ranked_by_the_words_of_headers() {
        for (label, rank) in [
            ("WhatsApp", PhoneRank::WhatsApp),
            ("واتساب", PhoneRank::WhatsApp),
            ("whatsapp business", PhoneRank::WhatsApp),
            ("CELL, HOME", PhoneRank::Mobile),
            ("iPhone", PhoneRank::Mobile),
            ("Celular", PhoneRank::Mobile),
            ("handy", PhoneRank::Mobile),
            ("workMobile", PhoneRank::Mobile),
            ("WORK_MOBILE", PhoneRank::Mobile),
            ("mobile number", PhoneRank::Mobile),
            ("main", PhoneRank::Phone),
            ("other", PhoneRank::Phone),
            ("", PhoneRank::Phone),
            ("home", PhoneRank::HomeOrWork),
            ("Phone (work)", PhoneRank::HomeOrWork),
            ("homeFax", PhoneRank::HomeOrWork),
        ] {
            assert_eq!(PhoneRank::of_label(label), rank, "{label}");
        }
    }

    #[test]
    fn headers_of_other_things_claim_nothing() {
        for header in [
            "Username",
            "Nama Produk",
            "Nomor Order",
            "Phone 1 - Label",
            "Company",
            "City",
            "Name Prefix",
            "Email Opt Out",
            "",
            "owner.email",
            "company.name",
            "Account Name.id",
            "names.2.value",
            "product.name",
            "account.name",
            "file.name",
            "user.company.name",
            "customer.company.name.first",
            "data.first",
            "first",
            "person.last.login",
            "person.account.first",
            "items.name",
            "custom_fields.name",
            "name.title",
            "company.phone",
            "Phone (fax)",
            "Client (email)",
            "Name (company)",
            "Phone/Order",
            "Is mobile",
            "Name (Prefix)",
            "Your company",
            "Type",
            "Owner / Phone",
            "Razão Social / Nome",
        ] {
            assert_eq!(meaning(header), None, "{header}");
        }
    }

    #[test]
    fn a_hint_is_no_meaning_and_other_things_are_told_by_a_word() {
        assert_eq!(hint("Home"), Some(HeaderHint::Phone(PhoneRank::HomeOrWork)));
        assert_eq!(hint("Número 2"), Some(HeaderHint::Phone(PhoneRank::Phone)));
        assert_eq!(hint("Rufname und Nr"), None);
        assert_eq!(hint("Razão Social / Nome"), Some(HeaderHint::Name));
        assert_eq!(hint("Telefone / Contato"), Some(HeaderHint::Phone(PhoneRank::Phone)));
        assert_eq!(hint("Phone / Order ID"), None);
        assert_eq!(hint("Email/Phone"), None);
        for (_, list) in HINTS {
            assert!(list.split(',').all(|header| exact(&folded(header)).is_none()), "{list}");
        }
        assert!(is_of_something_else("Order-ID") && is_of_something_else("emergency number"));
        assert!(!is_of_something_else("Grid"));
    }

    #[test]
    fn no_header_means_two_things() {
        let mut seen = HashMap::new();
        for (header, meaning) in all() {
            assert_eq!(seen.insert(folded(header), meaning), None, "{header}");
        }
    }
}
