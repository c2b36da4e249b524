//! Conversions through the library, without the command.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::cell::RefCell;
use std::fs;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use contactmill::columns::{AttributeSelection, FieldMapping, MappingError};
use contactmill::options::{BadEmail, BareDigits, LineTypePolicy, MissingName, PhoneMode};
use contactmill::{
    ArrayLayout, BatchLimits, Convert, DedupPolicy, Error, ErrorKind, Event, Existing, Hint, Input,
    METADATA_VERSION, Manifest, Options, Reading, Region,
};

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/cases");

fn indian() -> Options {
    Options { region: Some(Region::IN), ..Options::default() }
}

fn assigned(assignments: &[(&str, &str)]) -> FieldMapping {
    let assignment =
        |(field, column): &(&str, &str)| (field.parse().unwrap(), (*column).to_owned());
    FieldMapping { assignments: assignments.iter().map(assignment).collect(), ..Default::default() }
}

/// The names of what stands in a folder, hidden files too.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

/// A dump of this number of records, each with a number of its own.
fn dump(records: u32) -> String {
    let row = |number| format!("Asha {number},+91 98765 {number:05}\n");
    ["Name,Phone\n".to_owned()].into_iter().chain((0..records).map(row)).collect()
}

// The same as the command.

#[test]
fn the_manifest_is_the_one_that_the_command_writes() {
    type Setting = fn(Convert<'_>) -> Convert<'_>;
    let cases: [(&str, &str, Setting); 14] = [
        ("accept-possible", "in.csv", |run| {
            let accept = contactmill::options::Acceptance::Possible;
            run.options(Options { accept, ..indian() })
        }),
        ("attributes-chosen", "in.csv", |run| {
            let attributes = AttributeSelection::Columns(vec!["City".into(), "plan".into()]);
            let add_tags = vec!["import-1".into(), "Spring; VIP".into()];
            run.mapping(FieldMapping { attributes, ..FieldMapping::default() })
                .options(Options { add_tags, ..indian() })
        }),
        ("bad-email-reject", "in.csv", |run| {
            run.options(Options { bad_email: BadEmail::Reject, ..indian() })
        }),
        ("bare-digits-international", "in.csv", |run| {
            let bare_digits = BareDigits::International;
            run.options(Options { bare_digits, ..Options::default() })
        }),
        ("dedup-none", "in.csv", |run| run.options(indian()).dedup(DedupPolicy::None)),
        ("delimiter-unusual", "in.txt", |run| {
            let delimiter = Some("^".parse().unwrap());
            run.options(indian()).reading(Reading { delimiter, ..Reading::default() })
        }),
        ("encoding-forced", "in.csv", |run| {
            let encoding = Some("koi8-r".parse().unwrap());
            run.options(Options { region: Some(Region::RU), ..Options::default() })
                .mapping(assigned(&[("phone", "Телефон"), ("name", "Имя")]))
                .reading(Reading { encoding, ..Reading::default() })
        }),
        ("layout-lines", "in.csv", |run| {
            run.options(indian())
                .array_layout(ArrayLayout::Lines)
                .array_limits(BatchLimits { max_contacts: 5, ..BatchLimits::default() })
        }),
        ("line-type-mobile", "in.csv", |run| {
            let line_type = LineTypePolicy::Mobile;
            run.options(Options { line_type, ..Options::default() })
        }),
        ("max-rejects-share", "in.csv", |run| {
            run.options(indian()).max_rejects(Some("50%".parse().unwrap()))
        }),
        ("missing-name-reject", "in.csv", |run| {
            run.options(Options { missing_name: MissingName::Reject, ..indian() })
        }),
        ("on-duplicate-last", "in.csv", |run| run.options(indian()).dedup(DedupPolicy::Last)),
        ("parquet-values-of-every-kind", "leads.parquet", |run| run),
        ("phones-strict", "in.csv", |run| {
            let region = Some(Region::US);
            run.options(Options { region, phones: PhoneMode::Strict, ..Options::default() })
        }),
    ];
    for (case, input, setting) in cases {
        let case = Path::new(CASES).join(case);
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let bytes = fs::read(case.join(input)).unwrap();
        let run = Convert::new([Input::reader(input, bytes.as_slice())]).out(&out);
        let manifest = setting(run).run().unwrap();

        let mut returned = Vec::new();
        manifest.write(&mut returned).unwrap();
        let written = fs::read_to_string(out.join("manifest.json")).unwrap();
        assert_eq!(String::from_utf8(returned).unwrap(), written, "{}", case.display());
        assert_eq!(serde_json::from_str::<Manifest>(&written).unwrap(), manifest);
        let expected = fs::read_to_string(case.join("expected/manifest.json")).unwrap();
        let expected = expected
            .replace("{version}", env!("CARGO_PKG_VERSION"))
            .replace("{metadata}", METADATA_VERSION);
        assert_eq!(written, expected, "{}", case.display());
    }
}

// Events.

#[test]
fn events_come_in_their_order_and_agree_with_the_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let path = folder.path().join("leads.csv");
    fs::write(&path, "Name,Phone\nAsha,098765-43210\nAsha V,9876543210\nRavi,12\n").unwrap();
    let reader = "Name,Phone\nMira,9.19877E+11\n";
    let mut kinds = Vec::new();
    let mut rejected = Vec::new();
    let manifest = Convert::new([Input::file(&path), Input::reader("more", reader.as_bytes())])
        .out(&out)
        .options(indian())
        .threads(1)
        .on_event(|event| {
            let kind = match event {
                Event::Staged(_) => "staged",
                Event::Copying { input: "more" } => "copying",
                Event::Opened(input) => {
                    assert_eq!(input.columns.unwrap().columns().count(), 2);
                    "opened"
                }
                Event::Regions(_) => "regions",
                Event::Started { bytes } => {
                    assert_eq!(bytes, fs::metadata(&path).unwrap().len() + reader.len() as u64);
                    "started"
                }
                Event::Rejected { record, rejection } => {
                    let position = record.position();
                    rejected.push((position.source.0, position.line, rejection.reason.code()));
                    "record"
                }
                Event::Duplicate { kept, .. } => {
                    assert_eq!(kept.record, 1);
                    "record"
                }
                Event::Progress(progress) => {
                    assert!(progress.records <= 4);
                    "progress"
                }
                Event::Writing => "writing",
                Event::Committed { path } => {
                    assert!(path.join("manifest.json").exists());
                    "committed"
                }
                other => panic!("{other:?}"),
            };
            if kinds.last() != Some(&kind) {
                kinds.push(kind);
            }
        })
        .run()
        .unwrap();
    let (begin, rest) = kinds.split_at(5);
    assert_eq!(begin, ["staged", "copying", "opened", "regions", "started"]);
    assert_eq!(rest.last(), Some(&"committed"));
    assert!(rest.contains(&"progress") && rest.contains(&"writing"), "{rest:?}");
    assert_eq!(rejected, [(0, 4, "phone_too_short"), (1, 2, "phone_excel_rounded")]);
    assert_eq!(manifest.counts.rejected, 2);
    assert_eq!(manifest.counts.duplicates, 1);
}

#[test]
fn progress_ends_at_the_size_of_all_inputs() {
    let folder = tempfile::tempdir().unwrap();
    let dump = dump(20_000);
    for (sample, records) in [(None, 40_000), (NonZeroU64::new(300), 300)] {
        let inputs = ["a", "b"].map(|name| Input::reader(name, dump.as_bytes()));
        let (mut progress, mut total) = (Vec::new(), 0);
        let manifest = Convert::new(inputs)
            .out(folder.path().join(format!("out-of-{records}")))
            .sample(sample)
            .on_event(|event| match event {
                Event::Started { bytes } => total = bytes,
                Event::Progress(so_far) => progress.push((so_far.bytes, so_far.records)),
                _ => {}
            })
            .run()
            .unwrap();
        assert!(progress.is_sorted(), "{progress:?}");
        assert_eq!(progress.last(), Some(&(total, records)));
        // A sample takes two passes.
        assert_eq!(total, if sample.is_some() { 4 } else { 2 } * dump.len() as u64);
        assert_eq!(manifest.counts.records, records);
    }
}

#[test]
fn what_is_skipped_is_reported() {
    let case = Path::new(CASES).join("zip-of-several-files/contacts.zip");
    let folder = tempfile::tempdir().unwrap();
    let mut skipped = Vec::new();
    Convert::new([case])
        .out(folder.path().join("out"))
        .options(indian())
        .on_event(|event| {
            if let Event::SkippedMember { member, what } = event {
                let name = member.rsplit('/').next().unwrap();
                skipped.push(format!("{name}: {what}"));
            }
        })
        .run()
        .unwrap();
    assert_eq!(skipped, ["README.txt: text without columns", "logo.png: an image (PNG)"]);
}

// Stopping.

#[test]
fn a_run_that_is_stopped_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let dump = dump(50_000);
    for when in ["opened", "progress"] {
        let stop = AtomicBool::new(false);
        let error = Convert::new([Input::reader("leads", dump.as_bytes())])
            .out(folder.path().join("out"))
            .on_event(|event| {
                let is_now = match event {
                    Event::Opened(_) => when == "opened",
                    Event::Progress(_) => when == "progress",
                    Event::Committed { .. } => panic!("it was stopped {when}"),
                    _ => false,
                };
                stop.fetch_or(is_now, Ordering::Relaxed);
            })
            .stop(&stop)
            .run()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Stopped);
        assert!(names(folder.path()).is_empty(), "{when}: {:?}", names(folder.path()));
    }
}

#[test]
fn a_run_that_is_stopped_before_its_inputs_are_open_opens_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let stop = AtomicBool::new(true);
    let error = Convert::new([Input::reader("leads", dump(1).as_bytes())])
        .out(folder.path().join("out"))
        .on_event(|event| assert!(!matches!(event, Event::Opened(_))))
        .stop(&stop)
        .run()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stopped);
    assert!(names(folder.path()).is_empty());
}

#[test]
fn the_staging_folder_can_be_removed_by_a_process_that_has_to_end() {
    let folder = tempfile::tempdir().unwrap();
    let removals = RefCell::new(Vec::new());
    let error = Convert::new([Input::reader("leads", dump(1).as_bytes())])
        .out(folder.path().join("out"))
        .on_event(|event| match event {
            Event::Staged(staging) => removals.borrow_mut().push(staging.removal()),
            Event::Started { .. } => {
                assert_eq!(names(folder.path()).len(), 1);
                removals.borrow_mut().drain(..).for_each(|remove| remove());
                assert!(names(folder.path()).is_empty());
            }
            _ => {}
        })
        .run()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Output);
}

// Errors.

/// The error of a conversion of this text.
fn error_of(text: &str) -> Error {
    let folder = tempfile::tempdir().unwrap();
    let run = Convert::new([Input::reader("leads", text.as_bytes())]);
    let error = run.out(folder.path().join("out")).run().unwrap_err();
    assert!(names(folder.path()).is_empty(), "{error}");
    error
}

#[test]
fn an_error_says_its_kind_its_input_and_its_line() {
    let error = error_of("Name,\"Phone\nAsha,9876543210\n");
    assert_eq!((error.kind(), error.source_name()), (ErrorKind::Input, Some("leads")));
    assert_eq!((error.line(), error.hint()), (Some(1), None));

    let error = Convert::new(["no-such-file.csv"]).run().unwrap_err();
    assert_eq!((error.kind(), error.line()), (ErrorKind::Input, None));
    assert_eq!(error.source_name(), Some("no-such-file.csv"));
    let cause = std::error::Error::source(&error).unwrap();
    let cause: &std::io::Error = cause.downcast_ref().unwrap();
    assert_eq!(cause.kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn an_error_about_columns_hands_out_what_is_known_of_them() {
    let error = error_of("Name,Email\nAsha,asha@example.com\n");
    assert_eq!((error.kind(), error.source_name()), (ErrorKind::Mapping, Some("leads")));
    let Some(Hint::Columns { error, can_omit_header: true, .. }) = error.hint() else {
        panic!("{error:?}")
    };
    let MappingError::NoPhoneColumn { columns, likely: None } = error else { panic!("{error:?}") };
    assert_eq!(columns, &["Name", "Email"]);
}

#[test]
fn results_are_replaced_only_when_the_caller_says_so_and_nobody_objects() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let dump = dump(3);
    let run = || Convert::new([Input::reader("leads", dump.as_bytes())]).out(&out);
    run().run().unwrap();
    let before = fs::read(out.join("manifest.json")).unwrap();

    let error = run().run().unwrap_err();
    assert_eq!((error.kind(), error.hint()), (ErrorKind::OutputExists, Some(Hint::OutOrReplace)));

    let objects = |_: &Path| Err("they are needed");
    let error = run().existing(Existing::Overwrite).may_replace(objects).run().unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::NotReplaced, "they are needed")
    );
    assert_eq!(fs::read(out.join("manifest.json")).unwrap(), before);

    let asked = RefCell::new(Vec::new());
    let agrees = |path: &Path| {
        asked.borrow_mut().push(path.to_owned());
        Ok::<(), Error>(())
    };
    run().existing(Existing::Overwrite).may_replace(agrees).max_rejects(None).run().unwrap();
    let out: PathBuf = fs::canonicalize(&out).unwrap();
    assert_eq!(*asked.borrow(), [out.clone(), out]);
    assert_eq!(names(folder.path()), ["out"]);
}

#[test]
fn an_input_in_the_folder_that_would_be_replaced_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let dump = "Name,Phone\nRavi,9.19877E+11\n";
    Convert::new([Input::reader("leads", dump.as_bytes())]).out(&out).run().unwrap();
    let rejects = out.join("rejects.csv");
    let run = Convert::new([rejects.as_path()]).out(&out).existing(Existing::Overwrite);
    let error = run.run().unwrap_err();
    assert_eq!((error.kind(), error.hint()), (ErrorKind::OutputFolder, Some(Hint::Out)));
    assert_eq!(error.source_name(), rejects.to_str());
    assert!(rejects.exists());
}

#[test]
fn no_text_of_an_error_holds_a_cell() {
    let error = error_of("asha@example.com,98765 43210\nravi@example.com,98765 43211\n");
    assert_eq!(error.kind(), ErrorKind::Mapping);
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(!text.contains("asha") && !text.contains("98765"), "{text}");
    }
}
