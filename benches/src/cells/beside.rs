//! What stands beside a number and says whose it is, or what: labels, names, notes, flags, emoji,
//! extensions in the words of a language.
//!
//! Languages that header words are known in are asked for; of others the design says nothing, so
//! that a rejection is right too.

use super::template::Gives::{Nothing, NumberAlone, Open};
use super::template::{Gives, Template};

const ANNOTATED: &[&str] = &["phone_annotated"];

/// Only `phone_extension` beside the number.
const EXTENDED: &[&str] = &["phone_extension"];

/// A fax number alone is no number to write to.
const FAX: Gives = Nothing(&["phone_fax"]);

/// Words that leave the number as it is written.
const fn words(name: &'static str, texts: &'static [&'static str]) -> Template {
    Template { name, warnings: &[], gives: NumberAlone, texts }
}

/// Words that are kept as a note.
const fn note(name: &'static str, texts: &'static [&'static str]) -> Template {
    Template { name, warnings: ANNOTATED, gives: NumberAlone, texts }
}

const fn open(name: &'static str, texts: &'static [&'static str]) -> Template {
    Template { name, warnings: &[], gives: Open, texts }
}

const fn fax(name: &'static str, texts: &'static [&'static str]) -> Template {
    Template { name, warnings: &[], gives: FAX, texts }
}

const fn extension(name: &'static str, gives: Gives, texts: &'static [&'static str]) -> Template {
    Template { name, warnings: EXTENDED, gives, texts }
}

pub(super) const BESIDE: &[Template] = &[
    words(
        "label, English",
        &[
            "Office: {}",
            "Home: {}",
            "Work: {}",
            "Cell phone: {}",
            "Mobile no.: {}",
            "Mobile Number - {}",
            "Contact No: {}",
            "Phone number: {}",
            "Telephone: {}",
            "Office tel: {}",
            "Business: {}",
            "Landline: {}",
            "Direct: {}",
        ],
    ),
    words(
        "label without a colon",
        &[
            "Office {}",
            "Home {}",
            "Work {}",
            "Cell {}",
            "WhatsApp {}",
            "Phone {}",
            "Tel {}",
            "MOBILE {}",
            "mob. {}",
            "Telephone {}",
        ],
    ),
    words("label of one letter", &["M: {}", "T: {}", "P: {}", "C: {}", "H: {}", "W: {}", "O: {}"]),
    words("label of one letter, without a colon", &["M {}", "T. {}", "(M) {}", "(H) {}", "(W) {}"]),
    words(
        "label with a dash",
        &["Mobile - {}", "Home – {}", "WhatsApp — {}", "Tel-{}", "Cell= {}"],
    ),
    words("label in brackets", &["(Mobile) {}", "[Work] {}", "(whatsapp) {}", "<home> {}"]),
    words("label behind", &["{} (work)", "{} (home)", "{} (mobile)", "{} [cell]", "{} (WhatsApp)"]),
    words("label behind a dash", &["{} - home", "{} - work", "{} – mobile", "{} -- WhatsApp"]),
    words("label behind, no sign", &["{} home", "{} work", "{} mobile", "{} WhatsApp", "{} cell"]),
    words("letter behind", &["{} (M)", "{} (H)", "{} (W)", "{} (O)", "{} M", "{} [C]"]),
    words("label glued", &["Mobile:{}", "Home:{}", "Tel.:{}", "whatsapp:{}", "OFFICE:{}"]),
    words(
        "two labels",
        &["Tel: Mobile: {}", "Phone (mobile): {}", "Home tel. {}", "Mob/WhatsApp: {}"],
    ),
    words(
        "label, German",
        &[
            "Handy: {}",
            "Handynummer: {}",
            "Mobil {}",
            "Telefon: {}",
            "Tel. privat: {}",
            "Tel. geschäftl.: {}",
            "Büro: {}",
            "Privat: {}",
            "{} (privat)",
            "{} (dienstlich)",
        ],
    ),
    words(
        "label, Spanish",
        &[
            "Móvil: {}",
            "Teléfono: {}",
            "Tlf. {}",
            "Tfno: {}",
            "Cel. {}",
            "Celular: {}",
            "Casa: {}",
            "Oficina: {}",
            "{} (casa)",
            "{} (trabajo)",
        ],
    ),
    words(
        "label, Portuguese",
        &[
            "Telemóvel: {}",
            "Celular {}",
            "Telefone: {}",
            "Tel. res.: {}",
            "Residencial: {}",
            "Comercial: {}",
            "{} (trabalho)",
            "{} (casa)",
            "Zap: {}",
        ],
    ),
    words(
        "label, French",
        &[
            "Tél. : {}",
            "Tél: {}",
            "Téléphone {}",
            "Portable : {}",
            "Mobile : {}",
            "Domicile : {}",
            "Bureau : {}",
            "{} (bureau)",
            "{} (domicile)",
        ],
    ),
    words(
        "label, Italian",
        &[
            "Cellulare: {}",
            "Cell. {}",
            "Telefono: {}",
            "Casa: {}",
            "Ufficio: {}",
            "{} (ufficio)",
            "{} (casa)",
        ],
    ),
    words(
        "label, Turkish",
        &[
            "Cep: {}",
            "Cep tel: {}",
            "Cep Telefonu {}",
            "Telefon: {}",
            "Ev: {}",
            "İş: {}",
            "{} (ev)",
            "{} (iş)",
        ],
    ),
    words(
        "label, Indonesian",
        &[
            "HP: {}",
            "No. HP: {}",
            "Telepon: {}",
            "Telp. {}",
            "No WA: {}",
            "Rumah: {}",
            "Kantor: {}",
            "{} (kantor)",
            "{} (rumah)",
        ],
    ),
    words(
        "label, Arabic",
        &[
            "هاتف: {}",
            "جوال: {}",
            "الجوال {}",
            "موبايل: {}",
            "رقم الهاتف: {}",
            "واتساب: {}",
            "{} (المكتب)",
            "{} (المنزل)",
        ],
    ),
    words(
        "label, Hindi",
        &[
            "मोबाइल: {}",
            "फ़ोन: {}",
            "फोन {}",
            "मोबाइल नंबर: {}",
            "व्हाट्सएप: {}",
            "{} (घर)",
            "{} (कार्यालय)",
        ],
    ),
    open(
        "label, Russian or Ukrainian",
        &[
            "Тел.: {}",
            "тел {}",
            "Моб.: {}",
            "Мобильный: {}",
            "Телефон {}",
            "Дом.: {}",
            "{} (раб.)",
            "{} моб",
            "Мобільний: {}",
        ],
    ),
    open(
        "label, Chinese, Japanese or Korean",
        &[
            "电话:{}",
            "電話：{}",
            "手机 {}",
            "手機：{}",
            "携帯: {}",
            "携帯電話：{}",
            "휴대폰: {}",
            "전화 {}",
            "{}（自宅）",
        ],
    ),
    open(
        "label, other languages",
        &[
            "Mobiel: {}",
            "Komórka: {}",
            "Tel. kom.: {}",
            "Κινητό: {}",
            "טלפון: {}",
            "נייד {}",
            "โทร. {}",
            "มือถือ: {}",
            "Điện thoại: {}",
            "ĐT: {}",
            "Simu: {}",
            "Puhelin: {}",
            "Mobiltelefon: {}",
            "Mobilní: {}",
            "Telefonszám: {}",
            "মোবাইল: {}",
            "موبائل: {}",
        ],
    ),
    note("name before it", &["{name} {}", "{name}: {}", "{name} - {}", "{name}, {}"]),
    note(
        "name behind it",
        &["{} {name}", "{} - {name}", "{}, {name}", "{} / {name}", "{} : {name}"],
    ),
    note("name in brackets", &["{} ({name})", "({name}) {}", "{} [{name}]", "{} <{name}>"]),
    open("name glued to it", &["{name}{}", "{}{name}"]),
    note("name and label", &["{name} mobile: {}", "{name} (home) {}", "{name} - WhatsApp - {}"]),
    note(
        "whose it is",
        &[
            "{} (mother)",
            "{} (papa)",
            "Husband: {}",
            "wife {}",
            "{} - her brother",
            "{} (mamá)",
            "{} (Vater)",
            "{} (son fils)",
            "{} c/o {name}",
        ],
    ),
    note(
        "remark, English",
        &[
            "{} (new number)",
            "{} old",
            "{} - no calls",
            "{} only WhatsApp",
            "call {} please",
            "{} (preferred)",
            "{} ask for {name}",
            "{} - do not call after dark",
            "new: {}",
            "{} (not in use?)",
        ],
    ),
    note(
        "remark, other languages",
        &[
            "{} (nuevo)",
            "{} solo WhatsApp",
            "{} (nur abends)",
            "{} neu",
            "{} (le soir)",
            "{} (solo mattina)",
            "{} somente recado",
            "{} (yeni)",
            "{} (baru)",
            "{} (नया)",
            "{} (جديد)",
        ],
    ),
    open(
        "country beside it",
        &[
            "India {}",
            "{} (UK)",
            "Deutschland: {}",
            "{} Brasil",
            "{} - Kenya",
            "(France) {}",
            "UAE {}",
        ],
    ),
    note(
        "network beside it",
        &["{} (Airtel)", "Vodafone: {}", "{} - Orange", "MTN {}", "{} Claro"],
    ),
    note("flag before it", &["{flag} {}", "{flag}{}", "{flag}: {}", "({flag}) {}"]),
    note("flag behind it", &["{} {flag}", "{}{flag}", "{} ({flag})", "{} - {flag}"]),
    note(
        "telephone sign before it",
        &["☎ {}", "☎️ {}", "📞{}", "📞 {}", "📱 {}", "✆ {}", "℡ {}", "🕿 {}", "☏{}"],
    ),
    note(
        "emoji beside it",
        &[
            "{} 🏠",
            "{} 🙏🏽",
            "💬 {}",
            "{} ✅",
            "👩‍👩‍👧 {}",
            "{} ❤️",
            "{}👍",
            "➡️ {}",
            "{} 💼 work",
            "👉🏾{}👈🏾",
        ],
    ),
    open("keycap beside it", &["📱1️⃣ {}", "{} 2️⃣", "1️⃣ {}"]),
    note("number of a note", &["{} [2]", "{} [1]", "{} [10]", "[3] {}"]),
    open(
        "figure in the label",
        &[
            "Phone 1: {}",
            "Tel2: {}",
            "Mobile 2 - {}",
            "1) {}",
            "2. {}",
            "#1 {}",
            "{} (2)",
            "Line 2: {}",
            "No. 1: {}",
        ],
    ),
    open(
        "figure in the remark",
        &[
            "{} after 6pm",
            "{} (Mon-Fri 9-17)",
            "{} room 12",
            "{} since 2019",
            "Flat 4: {}",
            "24/7 {}",
            "{} - 2nd floor",
        ],
    ),
    open(
        "label of an id",
        &[
            "Order {}",
            "Invoice no. {}",
            "A/C {}",
            "ID: {}",
            "PIN {}",
            "Ticket #{}",
            "IBAN {}",
            "CPF: {}",
            "Ref. {}",
        ],
    ),
    open("word within", &["+{name} {}", "00 {name} {}"]),
    note(
        "star or dagger",
        &["{} *", "{}*", "* {}", "{} †", "• {}", "- {}", "→ {}", "✓ {}", "{} !", "{}?"],
    ),
    open(
        "punctuation at the end",
        &["{}.", "{},", "{} :", "{};", "{} /", "{} -", "{}|", "({}", "{})"],
    ),
    open(
        "fax and telephone",
        &["F: {}", "Tel/Fax: {}", "Tel. + Fax {}", "{} (tel/fax)", "Phone & fax: {}"],
    ),
    fax("fax", &["Fax: {}", "fax {}", "FAX {}", "Fax No. {}", "Fax-{}", "fax:{}"]),
    fax("fax behind", &["{} (fax)", "{} fax", "{} - Fax", "{} [FAX]"]),
    fax(
        "fax, other languages",
        &[
            "Telefax: {}",
            "Télécopie : {}",
            "Faks: {}",
            "Faks {}",
            "فاكس: {}",
            "फ़ैक्स: {}",
            "{} (Telefax)",
            "Telefaks: {}",
        ],
    ),
    extension(
        "extension, English, other marks",
        NumberAlone,
        &[
            "{} (ext {x})",
            "{} (ext. {x})",
            "{}, ext {x}",
            "{} extension {x}",
            "{} extn. {x}",
            "{} extn {x}",
            "{} - ext {x}",
            "{} [ext {x}]",
            "{} EXT:{x}",
            "{} Extn: {x}",
        ],
    ),
    extension(
        "extension, Portuguese",
        NumberAlone,
        &["{} ramal {x}", "{} (ramal {x})", "{} Ramal: {x}"],
    ),
    extension(
        "extension, Spanish",
        NumberAlone,
        &["{} anexo {x}", "{} int. {x}", "{} interno {x}", "{} extensión {x}", "{} (int. {x})"],
    ),
    extension(
        "extension, Italian",
        NumberAlone,
        &["{} int. {x}", "{} interno {x}", "{} int {x}", "{} (interno {x})"],
    ),
    extension(
        "extension, German",
        NumberAlone,
        &["{} Durchwahl {x}", "{} (Durchwahl {x})", "{}, Durchwahl {x}", "{} durchwahl: {x}"],
    ),
    extension(
        "extension, French",
        NumberAlone,
        &["{} poste {x}", "{} (poste {x})", "{} Poste: {x}"],
    ),
    extension(
        "extension, Turkish",
        NumberAlone,
        &["{} dahili {x}", "{} (dahili {x})", "{} Dahili: {x}"],
    ),
    extension(
        "extension, Indonesian",
        NumberAlone,
        &["{} ekstensi {x}", "{} pesawat {x}", "{} (ekstensi {x})"],
    ),
    extension(
        "extension, Russian",
        NumberAlone,
        &["{} доб. {x}", "{} доб {x}", "{} (доб. {x})", "{}, доб. {x}"],
    ),
    extension("extension, Arabic or Hindi", NumberAlone, &["{} تحويلة {x}", "{} एक्सटेंशन {x}"]),
    extension(
        "extension, other languages",
        Open,
        &[
            "{} wew. {x}",
            "{} toestel {x}",
            "{} tst. {x}",
            "{} вн. {x}",
            "{} 内線{x}",
            "{} 转 {x}",
            "{} 分机{x}",
            "{} 내선 {x}",
            "{} ต่อ {x}",
            "{} máy lẻ {x}",
            "{} linka {x}",
            "{} mellék {x}",
            "{} DW {x}",
            "{} r. {x}",
            "{} εσωτ. {x}",
            "{} שלוחה {x}",
            "{},{x}",
            "{}p{x}",
            "{}w{x}",
            "{},,{x}#",
        ],
    ),
];
