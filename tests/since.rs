//! Deltas: what is new or changed since an earlier result, whatever was edited between.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use contactmill_wire::index::IndexEntry;
use contactmill_wire::journal::{ArraySlice, Job, JournalEvent, JournalLine, encode};
use program::{
    check_laws, column, contactmill, contacts, converted, entry, fails, files, index, manifest,
    text,
};
use proptest::prelude::*;
use serde_json::Value;

/// One person of a dump: a number, and what is said of it.
type Person = (u8, u8);

fn dump(people: &[Person]) -> String {
    let row = |(number, name): &Person| format!("Name {name},+9198765432{number:02}\n");
    "Name,Phone\n".to_owned() + &people.iter().map(row).collect::<String>()
}

/// Converts a dump in this folder with these arguments, and checks the laws of the result.
fn convert(folder: &Path, people: &[Person], out: &str, arguments: &[&str]) {
    fs::write(folder.join("in.csv"), dump(people)).unwrap();
    let all = [&["in.csv", "-o", out, "--max-contacts", "3", "--quiet"], arguments].concat();
    converted(folder, &all);
    check_laws(&folder.join(out));
}

/// The entries of the contacts that a result writes.
fn written(out: &Path) -> BTreeMap<u64, IndexEntry> {
    contacts(out).iter().map(|contact| (entry(contact).phone, entry(contact))).collect()
}

fn gone(out: &Path) -> Vec<u64> {
    let phones = column(&out.join("gone.csv"), "phone").into_iter();
    phones.map(|phone| phone.trim_start_matches("'+").parse().unwrap()).collect()
}

/// What whoever uploaded `state` has after the delta in `out` and its `gone.csv`.
fn applied(mut state: BTreeMap<u64, IndexEntry>, out: &Path) -> Vec<IndexEntry> {
    for phone in gone(out) {
        assert!(state.remove(&phone).is_some(), "{phone} was not there");
    }
    state.extend(written(out));
    state.into_values().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_result_is_the_one_before_and_the_delta(
        versions in proptest::collection::vec(
            proptest::collection::vec((0..24_u8, 0..3_u8), 1..30), 3
        ),
        policy in prop::sample::select(vec!["merge", "first", "last"]),
    ) {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path();
        let policy = ["--on-duplicate", policy];
        convert(folder, &versions[0], "delta0", &policy);
        let mut state = written(&folder.join("delta0"));
        for (number, people) in versions.iter().enumerate().skip(1) {
            let [full, delta, before] = [
                format!("full{number}"), format!("delta{number}"), format!("delta{}", number - 1)
            ];
            convert(folder, people, &full, &policy);
            let since = [&policy[..], &["--since", &before]].concat();
            convert(folder, people, &delta, &since);
            // Deltas chain: each knows the full state, which is that of a full run.
            let [full, delta] = [full, delta].map(|out| folder.join(out));
            prop_assert_eq!(index(&full), index(&delta));
            let now = applied(state, &delta);
            prop_assert_eq!(&now, &index(&full));
            state = now.into_iter().map(|entry| (entry.phone, entry)).collect();
            // Nothing is written that was known.
            let known = manifest(&delta)["counts"]["unchanged"].as_u64().unwrap_or(0);
            prop_assert_eq!(known + written(&delta).len() as u64, state.len() as u64);
        }
    }

    #[test]
    fn the_order_of_rows_and_the_number_of_threads_change_nothing(
        (people, mixed) in proptest::collection::btree_map(0..40_u8, 0..3_u8, 1..40)
            .prop_map(|people| people.into_iter().collect::<Vec<_>>())
            .prop_flat_map(|people| (Just(people.clone()), Just(people).prop_shuffle())),
        kept in 0..20_usize,
    ) {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path();
        convert(folder, &people, "full", &[]);
        convert(folder, &mixed, "same", &["--since", "full"]);
        let same = folder.join("same");
        prop_assert!(contacts(&same).is_empty() && gone(&same).is_empty());
        let fewer = &people[kept.min(people.len() - 1)..];
        let outs = ["1", "2", "7"].map(|threads| {
            let out = format!("of-{threads}");
            convert(folder, fewer, &out, &["--since", "full", "--threads", threads]);
            files(&folder.join(out))
        });
        prop_assert!(outs.windows(2).all(|pair| pair[0] == pair[1]));
    }
}

/// Writes a journal, with a time and a number for each event.
fn journal(out: &Path, events: &[JournalEvent]) {
    let line = |(number, event): (u64, &JournalEvent)| {
        encode(number, &JournalLine { at: number, event: event.clone() }).unwrap()
    };
    let lines: Vec<u8> = (1..).zip(events).flat_map(line).collect();
    fs::write(out.join("upload.journal"), lines).unwrap();
}

fn opened(url: &str, again: bool) -> JournalEvent {
    let job = Job { url: url.to_owned(), manifest: "ab".to_owned(), tag: None };
    JournalEvent::Opened { job, again }
}

fn acknowledged(array: u32, first: u32, end: u32) -> JournalEvent {
    JournalEvent::Acknowledged(ArraySlice { array, first, end })
}

#[test]
fn only_what_was_acknowledged_counts_as_known_after_an_upload() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path();
    let people: Vec<Person> = (0..7).map(|number| (number, 0)).collect();
    let [real, rehearsal] = ["https://api.example.com", "http://127.0.0.1:8080"];
    // Arrays of three, three and one.
    let slice = |array, first, end| ArraySlice { array, first, end };
    let cases: [(&str, Vec<JournalEvent>, &[u64]); 5] = [
        ("nothing-sent", vec![opened(real, false)], &[0, 1, 2, 3, 4, 5, 6]),
        (
            "in-part",
            vec![
                opened(real, false),
                acknowledged(0, 0, 3),
                acknowledged(1, 1, 2),
                JournalEvent::Refused { slice: slice(1, 0, 1), status: 422 },
                JournalEvent::Doubted { slice: slice(1, 2, 3), status: 422 },
                JournalEvent::Checked(slice(2, 0, 1)),
            ],
            &[3, 5, 6],
        ),
        (
            "in-halves",
            vec![opened(real, false), acknowledged(0, 0, 1), acknowledged(0, 1, 3)],
            &[3, 4, 5, 6],
        ),
        (
            "again",
            vec![
                opened(real, false),
                acknowledged(0, 0, 3),
                acknowledged(1, 0, 3),
                opened(real, true),
                acknowledged(2, 0, 1),
            ],
            &[0, 1, 2, 3, 4, 5],
        ),
        (
            "rehearsed",
            vec![
                opened(rehearsal, false),
                acknowledged(0, 0, 3),
                opened(real, false),
                acknowledged(1, 0, 3),
            ],
            &[0, 1, 2, 6],
        ),
    ];
    for layout in ["files", "lines"] {
        convert(folder, &people, layout, &["--layout", layout]);
        for (name, events, expected) in &cases {
            journal(&folder.join(layout), events);
            let out = format!("{layout}-{name}");
            // One of those without an answer has left the dump: it never was in the service.
            convert(folder, &people[..6], &out, &["--since", layout]);
            let out = folder.join(out);
            let found: Vec<u64> = written(&out).keys().map(|phone| phone % 100).collect();
            let expected: Vec<u64> =
                expected.iter().copied().filter(|number| *number < 6).collect();
            assert_eq!(found, expected, "{name}");
            let is_known = !cases.iter().any(|case| case.0 == *name && case.2.contains(&6));
            assert_eq!(gone(&out).len(), usize::from(is_known), "{name}");
        }
    }
}

#[test]
fn several_contacts_of_one_number_are_compared_one_by_one() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path();
    let none = ["--dedup", "none"];
    convert(folder, &[(1, 0), (1, 1), (2, 0)], "before", &none);
    let since = ["--dedup", "none", "--since", "before"];
    convert(folder, &[(1, 1), (1, 2), (1, 1)], "after", &since);
    let manifest = manifest(&folder.join("after"));
    let count = |name: &str| manifest["since"][name].as_u64().unwrap();
    assert_eq!(["new", "changed", "unchanged", "gone"].map(count), [0, 1, 2, 1]);
}

#[test]
fn a_delta_lists_who_is_gone_by_name_where_the_earlier_result_has_it() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path();
    convert(folder, &[(1, 0), (2, 0), (3, 0)], "first", &[]);
    convert(folder, &[(1, 0), (2, 1), (3, 0)], "second", &["--since", "first"]);
    convert(folder, &[(4, 0)], "third", &["--since", "second"]);
    let third = folder.join("third/gone.csv");
    assert_eq!(column(&third, "name"), ["Name 1", "", ""]);
    assert_eq!(column(&third, "source_result"), ["second"; 3]);
}

#[test]
fn a_contact_that_is_excluded_now_is_gone() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path();
    convert(folder, &[(1, 0), (2, 0)], "before", &[]);
    fs::write(folder.join("list"), "+919876543202\n").unwrap();
    convert(folder, &[(1, 0), (2, 0)], "after", &["--since", "before", "--exclude", "list"]);
    assert_eq!(gone(&folder.join("after")), [919_876_543_202]);
}

#[test]
fn an_earlier_result_that_cannot_be_compared_with_is_an_error() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path();
    convert(folder, &[(1, 0)], "good", &[]);
    convert(folder, &[(1, 0), (2, 0)], "other", &[]);
    converted(folder, &["in.csv", "-o", "split", "--split-by", "country", "-q"]);
    converted(folder, &["in.csv", "-o", "sample", "--sample", "1", "-q"]);
    let path = folder.join("good/contacts.index");
    let whole = fs::read(&path).unwrap();
    let since = |earlier: &str, message: &str| {
        fails(folder, &["in.csv", "-o", "out", "--since", earlier], 1, message);
        assert!(!folder.join("out").exists());
    };
    since("nowhere", "nowhere: there is no manifest.json");
    since("split", "name the folder of a part");
    since("sample", "it is the result of a sample");
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        fs::write(&path, damaged).unwrap();
        let version = (8..16).contains(&at);
        since("good", if version { "another version of contactmill" } else { "it is damaged" });
        fs::write(&path, &whole[..at]).unwrap();
        since("good", "it is damaged; convert the dump of that result again");
    }
    fs::copy(folder.join("other/contacts.index"), &path).unwrap();
    since("good", "contacts.index is that of another result");
    fs::remove_file(&path).unwrap();
    since("good", "there is no contacts.index");
    fs::write(folder.join("other/upload.journal"), "00000000 1 {}\n").unwrap();
    since("other", "upload.journal:1: it is damaged here");
    let replaced = ["in.csv", "-o", "other", "--overwrite", "--overwrite", "--since", "other"];
    fails(folder, &replaced, 1, "stands in the folder that would be replaced");
}

#[test]
fn what_cannot_be_read_of_an_earlier_result_is_not_taken_for_missing() {
    // The first can be opened, the second cannot.
    let in_its_place: &[fn(&Path) -> io::Result<()>] = &[
        |path| fs::create_dir(path),
        #[cfg(unix)]
        |path| std::os::unix::fs::symlink(path, path),
    ];
    let names = ["manifest.json", "contacts.index", "upload.journal"];
    for (name, put) in names.iter().flat_map(|name| in_its_place.iter().map(move |put| (name, put)))
    {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path();
        convert(folder, &[(1, 0)], "earlier", &[]);
        let path = folder.join("earlier").join(name);
        let _ = fs::remove_file(&path);
        put(&path).unwrap();
        let said = format!("earlier: {name}: cannot be read");
        fails(folder, &["in.csv", "-o", "out", "--since", "earlier"], 1, &said);
    }
}

#[test]
fn a_manifest_of_another_version_is_not_compared_with() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path();
    convert(folder, &[(1, 0)], "earlier", &[]);
    let path = folder.join("earlier/manifest.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    manifest["schema"] = (manifest["schema"].as_u64().unwrap() + 1).into();
    fs::write(&path, manifest.to_string()).unwrap();
    let said = "manifest.json is not of the known form";
    fails(folder, &["in.csv", "-o", "out", "--since", "earlier"], 1, said);
}

#[test]
fn a_result_in_which_nothing_changed_is_uploaded_without_a_request() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path();
    convert(folder, &[(1, 0), (2, 0)], "before", &[]);
    convert(folder, &[(2, 0), (1, 0)], "after", &["--since", "before"]);
    // Nothing listens there, and there is no token.
    for more in [&[][..], &["--dry-run"]] {
        let arguments = ["upload", "after", "--target", "m1bot"];
        let output = contactmill().args(arguments).args(more).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        let expected = "Nothing to send: all 2 contacts of after are unchanged\n";
        assert_eq!(text(&output.stdout), expected);
    }
    assert!(!folder.join("after/upload.journal").exists());
}
