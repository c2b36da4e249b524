//! What holds of every file of corrections.

use contactmill_wire::fixes::{Fix, head, read, whole_bytes};

/// Any bytes are fixes and errors, and fixes that are written again are read as the same. A fix of any texts
/// is read as it was written, and a file that was cut off anywhere holds the fixes before, and says that it
/// was cut off. The first byte says how the others are used: `f` as a file, otherwise as texts.
pub(crate) fn check(data: &[u8]) {
    let Some((&what, bytes)) = data.split_first() else { return };
    let whole = whole_bytes(bytes);
    assert!(whole <= bytes.len());
    assert_eq!(whole_bytes(&bytes[..whole]), whole, "what is whole stays whole");
    if what == b'f' {
        let fixes: Vec<Fix> = read(bytes).filter_map(Result::ok).map(|(_, fix)| fix).collect();
        return check_written(&fixes);
    }
    let text = String::from_utf8_lossy(bytes);
    let texts: Vec<&str> = text.split('\0').collect();
    let fixes: Vec<Fix> = texts.chunks_exact(3).zip(1..).map(fix).collect();
    check_written(&fixes);
    check_cut(&fixes);
}

fn fix((texts, record): (&[&str], u64)) -> Fix {
    Fix {
        sha256: "ab".repeat(32),
        member: texts[0].to_owned(),
        record,
        column: texts[0].to_owned(),
        before: texts[1].to_owned(),
        after: texts[2].to_owned(),
    }
}

fn written(fixes: &[Fix]) -> Vec<u8> {
    let mut file = head();
    fixes.iter().for_each(|fix| fix.write(&mut file));
    file
}

fn check_written(fixes: &[Fix]) {
    let file = written(fixes);
    assert_eq!(whole_bytes(&file), file.len());
    let again: Result<Vec<_>, _> = read(&file).map(|read| read.map(|(_, fix)| fix)).collect();
    assert_eq!(again.as_deref(), Ok(fixes));
    assert!(read(&file).map_while(Result::ok).is_sorted_by_key(|(line, _)| line));
}

fn check_cut(fixes: &[Fix]) {
    let Some((last, before)) = fixes.split_last() else { return };
    let (short, long) = (written(before), written(fixes));
    let places = (short.len() + 1..long.len()).step_by(1 + (long.len() - short.len()) / 15);
    for end in places {
        let read: Vec<_> = read(&long[..end]).collect();
        let (found, errors) = read.split_at(before.len().min(read.len()));
        assert!(
            found
                .iter()
                .zip(before)
                .all(|(found, fix)| { found.as_ref().is_ok_and(|(_, found)| found == fix) })
        );
        assert!(found.len() == before.len() && errors.len() == 1, "{last:?} cut at {end}");
        assert!(errors[0].is_err(), "{last:?} cut at {end}");
    }
}
