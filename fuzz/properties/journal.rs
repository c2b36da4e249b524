//! What holds of every journal.

use contactmill_upload::__private::accounted;
use contactmill_wire::journal::{ArraySlice, Job, JournalEvent, JournalLine, encode, read};

/// Number of contacts in each array of the journals.
const CONTACTS: u32 = 40;

/// Any bytes are read to lines or to the number of a damaged one. Lines that are written are read as they
/// are; cut off anywhere, they are those before, and none is made up; with a byte changed they are damaged.
/// Every contact of an array is acknowledged, refused or left, and none is left that was acknowledged,
/// whatever the lines say. The first two bytes are a place and a change, the others the lines, five bytes
/// each.
pub(crate) fn check(data: &[u8]) {
    let Some((&[place, change], bytes)) = data.split_first_chunk() else { return };
    if let Ok(whole) = read(bytes) {
        let sound = read(&bytes[..whole.bytes]).expect("they were read before");
        assert_eq!(sound.lines, whole.lines);
    }
    let (events, _) = bytes.as_chunks::<5>();
    let mut lines = vec![line(0, [0; 5])];
    lines.extend((1..).zip(events).map(|(at, event)| line(at, *event)));
    let written: Vec<Vec<u8>> = (1..)
        .zip(&lines)
        .map(|(number, line)| encode(number, line).expect("memory takes all"))
        .collect();
    let mut journal = written.concat();
    assert_eq!(read(&journal).map(|whole| whole.lines).as_ref(), Ok(&lines));

    let at = usize::from(place) * (journal.len() - 1) / 255;
    let cut = read(&journal[..at]).expect("a journal that was cut off is none that is damaged");
    assert!(lines.starts_with(&cut.lines), "cut at {at}");
    let (mut end, mut whole) = (0, 0);
    for line in &written {
        end += line.len();
        // Without its line end, it is whole.
        whole += usize::from(end - 1 <= at);
    }
    assert_eq!(cut.lines.len(), whole, "cut at {at}");
    if change != 0 {
        journal[at] ^= change;
        assert!(read(&journal).is_err(), "byte {at} changed by {change:#04x}");
    }
    check_accounts(&lines);
}

fn check_accounts(lines: &[JournalLine]) {
    for array in 0..3 {
        let [acknowledged, refused, left] = accounted(lines, &job(0), array, CONTACTS);
        for contact in 0..CONTACTS {
            let is_done = acknowledged.contains(&contact) || refused.contains(&contact);
            assert_eq!(left.contains(&contact), !is_done, "contact {contact} of array {array}");
        }
    }
}

fn job(number: u8) -> Job {
    Job { url: format!("https://{number}.example"), manifest: "ab".into(), tag: None }
}

/// Any event: its kind, its slice, and a number.
fn line(at: u64, [kind, array, first, end, number]: [u8; 5]) -> JournalLine {
    let slice = ArraySlice { array: u32::from(array % 3), first: first.into(), end: end.into() };
    let status = 400 + u16::from(number);
    let event = match kind % 9 {
        0 => JournalEvent::Opened { job: job(number % 2), again: number % 5 == 4 },
        1 => JournalEvent::Sending(slice),
        2 | 3 => JournalEvent::Acknowledged(slice),
        4 => JournalEvent::Refused { slice, status },
        5 => JournalEvent::Doubted { slice, status },
        6 => JournalEvent::Checked(slice),
        7 => JournalEvent::Unknown(slice),
        _ => JournalEvent::Limited { slice, until: at + u64::from(number) },
    };
    JournalLine { at: at * 1000, event }
}
