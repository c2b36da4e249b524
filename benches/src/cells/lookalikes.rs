//! What only looks like a number: dates, addresses of machines and pages, decimals, ids, times,
//! fillers.
//!
//! Where libphonenumber reads the very text as a valid number, and nothing but the rule stands
//! against it, both are right: that number or a rejection.

use fastrand::Rng;
use rlibphonenumber::Region;

use super::forms::Writing;
use super::hopeless::Junk;
use super::number::{Numbers, code_of, is_filler};
use super::second::Draft;
use super::standing::{Skip, Standing, digits_of, readings};
use super::{Demand, Kind, Known, Truth};
use crate::contacts::draw::{chance, one_of, push_digits};

/// Makes the text, and the region that it is read with.
type Write = fn(&mut Rng, &mut Numbers) -> Result<Junk, Skip>;

/// A text that is made like a number, and is none.
pub(super) struct Lookalike {
    pub(super) name: Kind,
    reasons: &'static [&'static str],
    /// Whether it is none even where its digits are valid.
    is_firm: bool,
    write: Write,
}

const fn firm(name: Kind, reasons: &'static [&'static str], write: Write) -> Lookalike {
    Lookalike { name, reasons, is_firm: true, write }
}

const fn unless_valid(name: Kind, reasons: &'static [&'static str], write: Write) -> Lookalike {
    Lookalike { name, reasons, is_firm: false, write }
}

impl Lookalike {
    pub(super) fn make(&self, rng: &mut Rng, numbers: &mut Numbers) -> Result<Draft, Skip> {
        let (text, region) = (self.write)(rng, numbers)?;
        let mut found = readings(&text, region);
        for also in readings(&digits_of(&text), region) {
            if !found.contains(&also) {
                found.push(also);
            }
        }
        let truth = match found.len() {
            _ if self.is_firm => Truth::Unrecoverable(self.reasons),
            0 => Truth::Unrecoverable(self.reasons),
            1 => Truth::Undecidable(Known {
                numbers: vec![found.remove(0)],
                demand: Demand::Phone,
                ..Known::default()
            }),
            _ => return Err(Skip::LooksLikeAnother),
        };
        let writing =
            Writing { text, region, international: false, standing: Standing::Undecidable };
        let known = Known::default();
        Ok(Draft { truth, is_plain: false, ..Draft::knowing(writing, known) })
    }
}

/// By a pattern: `#` is a digit, `{d}` a day, `{m}` a month, `{b}` its name, `{y}` and `{Y}` a year
/// of two and of four digits, `{h}` an hour, `{n}` a minute, `{o}` a byte, `{N}` and `{D}` the
/// digits of a number without and with its code.
fn filled(rng: &mut Rng, numbers: &mut Numbers, patterns: &[&str]) -> Result<Junk, Skip> {
    let number = numbers.draw(rng);
    let mut text = String::new();
    let pattern = one_of(rng, patterns);
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        let field = match (c, rest.split_once('}')) {
            ('#', _) => {
                push_digits(rng, 1, &mut text);
                continue;
            }
            ('{', Some((field, behind))) if field.len() == 1 => {
                rest = behind;
                field
            }
            _ => {
                text.push(c);
                continue;
            }
        };
        text += &match field {
            "d" => format!("{:02}", rng.u8(1..29)),
            "m" => format!("{:02}", rng.u8(1..13)),
            "b" => one_of(rng, &["Jan", "March", "Aug", "Okt.", "ene", "Déc"]).to_owned(),
            "y" => format!("{:02}", rng.u8(0..40)),
            "Y" => rng.u16(1950..2040).to_string(),
            "h" => format!("{:02}", rng.u8(0..24)),
            "n" => format!("{:02}", rng.u8(0..60)),
            "o" => rng.u8(1..=254).to_string(),
            "N" => number.national().to_owned(),
            _ => number.digits(),
        };
    }
    Ok((text, number.region()))
}

fn region(code: &str) -> Option<Region> {
    Region::from_code(code).ok()
}

fn digits(rng: &mut Rng, count: usize) -> Vec<u32> {
    (0..count).map(|_| rng.u32(0..10)).collect()
}

fn text_of(digits: &[u32]) -> String {
    digits.iter().filter_map(|&digit| char::from_digit(digit, 10)).collect()
}

/// The digits, each times its weight.
fn weighed(digits: &[u32], weights: impl IntoIterator<Item = u32>) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

/// A Brazilian check digit: eleven less the rest, and zero for ten and more.
fn modulo_eleven(digits: &[u32], weights: impl IntoIterator<Item = u32>) -> u32 {
    match weighed(digits, weights) % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    }
}

fn cpf(rng: &mut Rng) -> String {
    let mut id = digits(rng, 9);
    id.push(modulo_eleven(&id, (2..=10).rev()));
    id.push(modulo_eleven(&id, (2..=11).rev()));
    text_of(&id)
}

fn cnpj(rng: &mut Rng) -> String {
    let mut id = digits(rng, 8);
    id.extend([0, 0, 0, 1]);
    let weights = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
    id.push(modulo_eleven(&id, weights[1..].iter().copied()));
    id.push(modulo_eleven(&id, weights));
    text_of(&id)
}

/// By Luhn's rule, as payment cards and serial numbers of devices are.
fn luhn(rng: &mut Rng, beginning: &str, len: usize) -> String {
    let mut id: Vec<u32> = beginning.chars().filter_map(|c| c.to_digit(10)).collect();
    id.extend(digits(rng, len - 1 - beginning.len()));
    let double = |digit: u32| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let sum: u32 = id
        .iter()
        .rev()
        .enumerate()
        .map(|(at, &digit)| if at % 2 == 0 { double(digit) } else { digit })
        .sum();
    id.push((10 - sum % 10) % 10);
    text_of(&id)
}

/// A Chilean RUT without its dots, and its check digit.
fn rut(rng: &mut Rng) -> (String, u32) {
    let id = digits(rng, 8);
    let sum = weighed(&id, [3, 2, 7, 6, 5, 4, 3, 2]);
    (text_of(&id), (11 - sum % 11) % 11)
}

fn cuit(rng: &mut Rng) -> String {
    let mut id = vec![2, 0];
    id.extend(digits(rng, 8));
    let check = (11 - weighed(&id, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    id.push(if check == 10 { 9 } else { check });
    text_of(&id)
}

fn pesel(rng: &mut Rng) -> String {
    let mut id: Vec<u32> = [rng.u32(0..100), rng.u32(1..13), rng.u32(1..29)]
        .into_iter()
        .flat_map(|pair| [pair / 10, pair % 10])
        .collect();
    id.extend(digits(rng, 4));
    id.push((10 - weighed(&id, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10) % 10);
    text_of(&id)
}

/// Turkey's eleven digits.
fn turkish_id(rng: &mut Rng) -> String {
    let mut id = vec![rng.u32(1..10)];
    id.extend(digits(rng, 8));
    let odd: u32 = id.iter().step_by(2).sum();
    let even: u32 = id.iter().skip(1).step_by(2).sum();
    id.push((odd * 7 + 10 * 9 - even) % 10);
    id.push(id.iter().sum::<u32>() % 10);
    text_of(&id)
}

/// An Aadhaar number, by Verhoeff's rule.
fn aadhaar(rng: &mut Rng) -> String {
    let mut id = vec![rng.u32(2..10)];
    id.extend(digits(rng, 10));
    // The group of the symmetries of a pentagon.
    let times = |a: u32, b: u32| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b) % 5,
        (false, true) => 5 + (a + 5 - b) % 5,
        (false, false) => (a + 5 - b) % 5,
    };
    const PERMUTED: [u32; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let permuted =
        |digit: u32, count: usize| (0..count % 8).fold(digit, |digit, _| PERMUTED[digit as usize]);
    let sum = id
        .iter()
        .rev()
        .enumerate()
        .fold(0, |sum, (at, &digit)| times(sum, permuted(digit, at + 1)));
    id.push((0..10).find(|&check| times(sum, check) == 0).unwrap_or(0));
    text_of(&id)
}

pub(super) const LOOKALIKES: &[Lookalike] = &[
    firm("date, year of two digits", &["phone_looks_like_date"], |rng, numbers| {
        filled(rng, numbers, &["{d}/{m}/{y}", "{m}/{d}/{y}", "{y}/{m}/{d}"])
    }),
    unless_valid(
        "date, year of two digits, other signs",
        &["phone_looks_like_date"],
        |rng, numbers| {
            filled(rng, numbers, &["{d}-{m}-{y}", "{d}.{m}.{y}", "{y}-{m}-{d}", "{d}. {m}. {y}"])
        },
    ),
    firm("date and time, year of two digits", &["phone_looks_like_date"], |rng, numbers| {
        filled(
            rng,
            numbers,
            &["{d}/{m}/{y} {h}:{n}", "{m}/{d}/{y} {h}:{n}", "{d}.{m}.{y}, {h}:{n}"],
        )
    }),
    unless_valid("date, compact", &["phone_looks_like_date"], |rng, numbers| {
        filled(rng, numbers, &["{Y}{m}{d}", "{d}{m}{Y}", "{m}{d}{Y}"])
    }),
    unless_valid("date, compact, year of two digits", &[], |rng, numbers| {
        filled(rng, numbers, &["{y}{m}{d}", "{d}{m}{y}"])
    }),
    unless_valid("date and time, compact", &["phone_looks_like_date"], |rng, numbers| {
        filled(
            rng,
            numbers,
            &["{Y}{m}{d}{h}{n}00", "{Y}{m}{d}T{h}{n}00Z", "{Y}{m}{d} {h}{n}", "{Y}{m}{d}{h}{n}"],
        )
    }),
    firm("date with a month's name", &[], |rng, numbers| {
        filled(rng, numbers, &["{d} {b} {Y}", "{b} {d}, {Y}", "{d}-{b}-{y}", "{d} de {b} de {Y}"])
    }),
    firm("date, other scripts", &[], |rng, numbers| {
        filled(rng, numbers, &["{Y}年{m}月{d}日", "{Y}년 {m}월 {d}일"])
    }),
    firm("time of day", &[], |rng, numbers| {
        filled(rng, numbers, &["{h}:{n}", "{h}:{n}:{n}", "{h}:{n} - {h}:{n}", "{h}:{n}:00.000"])
    }),
    unless_valid("IP address", &[], |rng, numbers| {
        filled(
            rng,
            numbers,
            &["192.168.{o}.{o}", "10.{o}.{o}.{o}", "{o}.{o}.{o}.{o}", "172.16.{o}.{o}"],
        )
    }),
    firm("IP address and port", &[], |rng, numbers| {
        filled(
            rng,
            numbers,
            &[
                "192.168.{o}.{o}:8080",
                "{o}.{o}.{o}.{o}/24",
                "2001:db8::{o}:{o}",
                "[2001:db8::1]:443",
            ],
        )
    }),
    unless_valid("decimal", &[], |rng, numbers| {
        filled(
            rng,
            numbers,
            &["##.######", "#.########", "###.######", "1###.##", "#####.####", "######.##"],
        )
    }),
    firm("decimal below zero", &[], |rng, numbers| {
        filled(rng, numbers, &["-##.######", "-#.########", "0.########", "-1###.##"])
    }),
    firm("place on the globe", &[], |rng, numbers| {
        filled(
            rng,
            numbers,
            &[
                "-##.######, ##.######",
                "##.#### N, ##.#### E",
                "##°##'##\"N",
                "geo:-##.####,##.####",
            ],
        )
    }),
    firm("CPF", &[], |rng, _| {
        let id = cpf(rng);
        let text = format!("{}.{}.{}-{}", &id[..3], &id[3..6], &id[6..9], &id[9..]);
        Ok((text, region(one_of(rng, &["BR", "BR", "PT", "AR"]))))
    }),
    unless_valid("CPF, digits alone", &[], |rng, _| Ok((cpf(rng), region("BR")))),
    firm("CNPJ", &[], |rng, _| {
        let id = cnpj(rng);
        let (a, b, c, d, e) = (&id[..2], &id[2..5], &id[5..8], &id[8..12], &id[12..]);
        Ok((format!("{a}.{b}.{c}/{d}-{e}"), region("BR")))
    }),
    unless_valid("CNPJ, digits alone", &[], |rng, _| Ok((cnpj(rng), region("BR")))),
    firm("RUT", &[], |rng, _| {
        let (id, check) = rut(rng);
        let check = if check == 10 { "K".to_owned() } else { check.to_string() };
        Ok((format!("{}.{}.{}-{check}", &id[..2], &id[2..5], &id[5..]), region("CL")))
    }),
    unless_valid("RUT, no dots", &[], |rng, _| {
        let (id, check) = rut(rng);
        if check == 10 {
            return Err(Skip::Inapplicable);
        }
        Ok((format!("{id}-{check}"), region("CL")))
    }),
    unless_valid("CUIT", &[], |rng, _| {
        let id = cuit(rng);
        let text = format!("{}-{}-{}", &id[..2], &id[2..10], &id[10..]);
        Ok((if chance(rng, 60) { text } else { id }, region("AR")))
    }),
    unless_valid("PESEL", &[], |rng, _| Ok((pesel(rng), region("PL")))),
    unless_valid("Turkish id", &[], |rng, _| Ok((turkish_id(rng), region("TR")))),
    unless_valid("Aadhaar", &[], |rng, _| {
        let id = aadhaar(rng);
        let text = format!("{} {} {}", &id[..4], &id[4..8], &id[8..]);
        Ok((if chance(rng, 60) { text } else { id }, region("IN")))
    }),
    unless_valid("payment card", &[], |rng, numbers| {
        let beginning = one_of(rng, &["4", "51", "35"]);
        let id = luhn(rng, beginning, 16);
        let text = format!("{} {} {} {}", &id[..4], &id[4..8], &id[8..12], &id[12..]);
        let region = numbers.draw(rng).region();
        Ok((if chance(rng, 60) { text } else { id }, region))
    }),
    unless_valid("number of a device", &[], |rng, numbers| {
        let region = numbers.draw(rng).region();
        let beginning = one_of(rng, &["35", "86", "01"]);
        Ok((luhn(rng, beginning, 15), region))
    }),
    unless_valid("US social security number", &[], |rng, _| {
        let text =
            format!("{:03}-{:02}-{:04}", rng.u16(900..1000), rng.u8(1..50), rng.u16(1..9999));
        Ok((text, region("US")))
    }),
    unless_valid("id with letters", &[], |rng, numbers| {
        filled(
            rng,
            numbers,
            &[
                "########Z",
                "AB######C",
                "ABCDE####F",
                "DE#########",
                "X#######L",
                "GB## ABCD #### ####",
                "RSSMRA##A##H###X",
            ],
        )
    }),
    unless_valid("book or article", &[], |rng, numbers| {
        filled(
            rng,
            numbers,
            &["978-3-##-######-#", "978##########", "40###########", "ISBN 978-0-###-#####-#"],
        )
    }),
    unless_valid("unix time", &[], |rng, numbers| {
        filled(rng, numbers, &["17########", "16########", "15########"])
    }),
    unless_valid("unix time in milliseconds", &[], |rng, numbers| {
        filled(rng, numbers, &["17###########", "16###########", "15###########"])
    }),
    unless_valid("unix time, a float", &[], |rng, numbers| {
        filled(rng, numbers, &["17########.######", "16########.###"])
    }),
    firm("address of a page", &[], |rng, numbers| {
        filled(
            rng,
            numbers,
            &[
                "https://www.example.com/{D}",
                "https://example.com/users/{N}",
                "http://example.org/?id={D}",
                "www.example.com/{N}",
                "https://example.com/?phone={D}",
                "example.com/p/########",
                "ftp://example.com/{N}.csv",
                "https://example.com:8080/{D}/",
            ],
        )
    }),
    firm("address like a chat link", &[], |rng, numbers| {
        filled(
            rng,
            numbers,
            &[
                "https://wa.me.example.com/{D}",
                "https://example.com/wa.me/{D}",
                "https://notwa.example/{D}",
                "https://example.com/api.whatsapp.com/send?phone={D}",
                "https://www.example.com/whatsapp?phone={D}",
            ],
        )
    }),
    firm("page in a network", &[], |rng, numbers| {
        filled(
            rng,
            numbers,
            &[
                "https://social.example/profile.php?id=1000########",
                "https://maps.example/@##.######,##.######,17z",
                "https://chat.example/g/{N}",
            ],
        )
    }),
    firm("id of a record", &[], |rng, numbers| {
        filled(
            rng,
            numbers,
            &[
                "550e8400-e29b-41d4-a716-44665544####",
                "0x1f########",
                "5f4dcc3b5aa765d61d83####",
                "00Q5g0000##AbCd",
            ],
        )
    }),
    unless_valid("id behind a word", &[], |rng, numbers| {
        filled(rng, numbers, &["lead_##########", "l:##########", "ORD-2024-######", "c-####-####"])
    }),
    firm("address of a device", &[], |rng, numbers| {
        filled(rng, numbers, &["00:1B:44:11:3A:##", "00-1B-44-11-3A-B#", "a4:5e:60:##:##:##"])
    }),
    unless_valid("version", &[], |rng, numbers| {
        filled(rng, numbers, &["v#.#.#", "#.#.####", "##.#.####.##", "#.#.#-beta.#"])
    }),
    unless_valid("years", &[], |rng, numbers| {
        filled(rng, numbers, &["{Y}-{Y}", "{Y}/{Y}", "{Y} - {Y}", "{Y}"])
    }),
    unless_valid("size", &[], |rng, numbers| {
        filled(rng, numbers, &["1920x1080", "###x###", "##x##x##", "### x ####"])
    }),
    firm("amount with a word", &[], |rng, numbers| {
        filled(
            rng,
            numbers,
            &["Rs. #,###.##", "USD #,###.##", "####.## EUR", "R$ #.###,##", "#,###.## AED", "##%"],
        )
    }),
    firm("postal address", &[], |rng, numbers| {
        let (text, _) = filled(
            rng,
            numbers,
            &[
                "1# Example Street, Springfield",
                "Flat 4#, 2nd floor, Example Road 560001",
                "Calle Ejemplo 1#, 2º B, 28001 Madrid",
                "Musterstraße 1#, 10115 Berlin",
            ],
        )?;
        // Plans without numbers as short as these.
        Ok((text, region(one_of(rng, &["US", "IN", "ES", "BR"]))))
    }),
    unless_valid("postcode", &[], |rng, numbers| {
        filled(rng, numbers, &["######", "#####-####", "#####-###", "#####"])
    }),
    firm("filler in groups", &[], |rng, _| {
        let texts = [
            "(000) 000-0000",
            "000-000-0000",
            "00000 00000",
            "0-000-000-0000",
            "111 111 1111",
            "(999) 999-9999",
            "11-11-11-11-11",
        ];
        Ok((one_of(rng, &texts).to_owned(), region(one_of(rng, &["US", "IN", "FR", "GB"]))))
    }),
    firm("filler behind a code", &[], |rng, numbers| {
        let of = numbers.draw(rng).region().ok_or(Skip::Inapplicable)?;
        let code = code_of(of).ok_or(Skip::Inapplicable)?;
        let digit = rng.u8(0..10).to_string();
        let filler = digit.repeat(one_of(rng, &[7, 8, 9, 10]));
        let text = match rng.u8(0..4) {
            0 => format!("+{code} {filler}"),
            1 => format!("00{code}{filler}"),
            2 => format!("+{code} (0) {filler}"),
            _ => format!("+{code}-{}-{}", &filler[..3], &filler[3..]),
        };
        Ok((text, Some(of)))
    }),
    firm("filler of a spreadsheet", &[], |rng, numbers| {
        let digit = rng.u8(1..10).to_string();
        let filler = digit.repeat(10);
        let text = match rng.u8(0..4) {
            0 => format!("{filler}.0"),
            1 => format!("{digit}.{}E+09", &filler[1..]),
            2 => format!("{filler}.000"),
            _ => format!("{digit},{0},{0},{0}", &filler[..3]),
        };
        Ok((text, numbers.draw(rng).region()))
    }),
    firm("filler twice", &[], |rng, numbers| {
        let sign = one_of(rng, &["; ", " / ", ", ", " or "]);
        let digit = rng.u8(0..10).to_string();
        let filler = digit.repeat(10);
        Ok((format!("{filler}{sign}{filler}"), numbers.draw(rng).region()))
    }),
    firm("filler with an extension", &[], |rng, numbers| {
        let text = one_of(rng, &["0000000000 x123", "9999999999 ext. 12", "1111111111 ext 4"]);
        Ok((text.to_owned(), numbers.draw(rng).region()))
    }),
    firm("filler in letters", &[], |rng, numbers| {
        let text = one_of(
            rng,
            &[
                "XXXXXXXXXX",
                "xxx-xxx-xxxx",
                "+91 XXXXX XXXXX",
                "(XXX) XXX-XXXX",
                "98XXXXXX21",
                "+1xxxxxxxxxx",
                "**********",
                "98******21",
                "__________",
            ],
        );
        Ok((text.to_owned(), numbers.draw(rng).region()))
    }),
    unless_valid("filler by a short pattern", &[], |rng, numbers| {
        let number = numbers.draw(rng);
        let len = number.national().len();
        let pattern = one_of(rng, &["12", "10", "123", "1020"]);
        let digits: String = pattern.chars().cycle().take(len).collect();
        if is_filler(&digits) {
            return Err(Skip::Inapplicable);
        }
        Ok((digits, number.region()))
    }),
    firm("letter within, a valid piece behind", &[], |rng, numbers| {
        filled(rng, numbers, &["1#q{N}", "+##b#{N}", "#a{N}", "{N}k#", "{N}b##"])
    }),
    firm("error of a program", &[], |rng, numbers| {
        let text = one_of(
            rng,
            &[
                "#VALUE!",
                "#NAME?",
                "#DIV/0!",
                "#ERROR!",
                "NaN",
                "undefined",
                "[object Object]",
                "nil",
                "(null)",
                "N.A.",
                "not provided",
                "no tiene",
                "keine",
                "aucun",
                "нет",
                "لا يوجد",
            ],
        );
        Ok((text.to_owned(), numbers.draw(rng).region()))
    }),
    firm("formula that adds up", &[], |rng, numbers| {
        filled(
            rng,
            numbers,
            &["=A1+B2", "=SUM(A1:A9)", "=VLOOKUP(A2,B:C,2,0)", "=##*###", "=####+####", "=1/0"],
        )
    }),
];
