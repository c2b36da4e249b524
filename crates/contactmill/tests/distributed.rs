//! A distributed run writes what one process writes, byte for byte.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use contactmill::columns::FieldMapping;
use contactmill::distributed::{
    Coordinator, InputSplit, MergeKey, OpenedInputs, Plan, ReadSplit, Worker, records_before,
};
use contactmill::{
    ArrayLayout, BatchLimits, Convert, DedupPolicy, Error, ErrorKind, Existing, Input, OptOuts,
    Options, Output, RecordId, Region, RejectsFormat, SplitBy,
};
use proptest::prelude::*;
use serde_json::Value;

/// How a run is distributed.
#[derive(Clone, Debug)]
struct Distribution {
    split_bytes: u64,
    partitions: u64,
    /// In how many parts results are written; `None` for as a whole.
    parts: Option<usize>,
    /// How many inputs each process opens; `None` where the coordinator opens all.
    opened: Option<usize>,
    seed: u64,
}

/// A contact between reading and merging, as it is sorted.
type Contact = (MergeKey, u32, u64, Vec<u8>);

/// What is decided on a record, as it is sorted: source, number.
type Decided = (u32, u64, Vec<u8>);

type ReadInputs = Vec<(String, Vec<ReadSplit>)>;

/// A split, or all of an input: the input, the number of the split in it, and the split.
type Task = (usize, usize, Option<InputSplit>);

/// The options of a run, which are the same in every process.
type Set<'s> = dyn Fn(Convert<'static>) -> Convert<'static> + 's;

/// An order for this many items.
fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|&item| (item as u64 ^ seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20);
    order
}

/// Splits all inputs, and counts the records of each split.
fn split(worker: &Worker<'_>, plan: &Plan, split_bytes: u64) -> (Vec<Task>, ReadInputs) {
    let (mut tasks, mut read) = (Vec::new(), ReadInputs::new());
    for input in 0..plan.inputs().len() {
        let splits = worker.splits(input, split_bytes).unwrap();
        let sha256 = splits.as_ref().map(|splits| splits.sha256.clone());
        let parts =
            splits.map_or(vec![None], |splits| splits.splits.into_iter().map(Some).collect());
        let count = |&part| worker.read(input, part, 0, |_| Ok::<_, Error>(())).unwrap();
        let counts: Vec<ReadSplit> = parts.iter().map(count).collect();
        let sha256 = sha256.unwrap_or_else(|| counts[0].sha256.clone().unwrap());
        read.push((sha256, counts));
        tasks.extend(parts.into_iter().enumerate().map(|(part, split)| (input, part, split)));
    }
    (tasks, read)
}

/// Reads splits in any order, and each of them twice: what a task that was killed has handed over is
/// thrown away.
fn read(
    worker: &Worker<'_>,
    (tasks, counted): (&[Task], &ReadInputs),
    seed: u64,
) -> (Vec<Contact>, Vec<Decided>) {
    let before: Vec<Vec<u64>> = counted.iter().map(|(_, parts)| records_before(parts)).collect();
    let (mut contacts, mut decided) = (Vec::new(), Vec::new());
    for task in shuffled(tasks.len(), seed) {
        let (input, part, split) = tasks[task];
        let source = u32::try_from(input).unwrap();
        let before = before[input][part];
        let killed = worker.read(input, split, before, |_| Err("killed"));
        let mut rows = Vec::new();
        let read = worker.read(input, split, before, |row| {
            rows.push((row.key, row.record, row.bytes.to_vec()));
            Ok::<_, Error>(())
        });
        assert_eq!(read.unwrap(), counted[input].1[part]);
        assert_eq!(killed.is_err(), !rows.is_empty());
        for (key, record, bytes) in rows {
            match key {
                Some(key) => contacts.push((key, source, record, bytes)),
                None => decided.push((source, record, bytes)),
            }
        }
    }
    (contacts, decided)
}

/// Begins a run, of which each process opens this many inputs.
fn coordinator(
    set: &Set<'_>,
    inputs: &[PathBuf],
    out: &Path,
    opened: Option<usize>,
) -> Result<Coordinator<'static>, Error> {
    let run = set(Convert::new(inputs)).out(out);
    let Some(each) = opened else { return run.distribute() };
    run.distribute_opened(|| {
        let open = |some: &[PathBuf]| {
            let opened = set(Convert::new(some)).open_inputs()?;
            let same = OpenedInputs::from_json(&opened.to_json())?;
            assert_eq!(same, opened);
            Ok(same)
        };
        inputs.chunks(each).map(open).collect::<Result<_, Error>>()
    })
}

/// Converts in steps.
fn distribute(set: &Set<'_>, inputs: &[PathBuf], out: &Path, by: &Distribution) {
    let coordinator = coordinator(set, inputs, out, by.opened).unwrap();
    let plan = Plan::from_json(&coordinator.plan().to_json()).unwrap();
    assert_eq!(&plan, coordinator.plan());
    let worker = || set(Convert::new::<Input<'_>>([])).worker(plan.clone()).unwrap();
    let (tasks, counted) = split(&worker(), &plan, by.split_bytes);
    let (mut contacts, mut decided) = read(&worker(), (&tasks, &counted), by.seed);

    // Those of one key go to one partition.
    contacts.sort();
    let partition = |key: &MergeKey| {
        let hash = |hash: u64, &byte: &u8| hash.wrapping_mul(31).wrapping_add(byte.into());
        key.iter().fold(by.seed, hash) % by.partitions
    };
    for number in 0..by.partitions {
        let mut take = |id: RecordId, bytes: &[u8]| {
            decided.push((id.source.0, id.record, bytes.to_vec()));
            Ok(())
        };
        let worker = worker();
        let mut merger = worker.merger();
        for (_, _, _, bytes) in contacts.iter().filter(|contact| partition(&contact.0) == number) {
            merger.push(bytes, &mut take).unwrap();
        }
        merger.finish(take).unwrap();
    }
    decided.sort();
    if let Some(parts) = by.parts {
        let parts = write_partitions(&worker(), &coordinator.partitions_folder(), &decided, parts);
        coordinator.join(&counted, &parts).unwrap();
        return;
    }
    let rows = decided.into_iter().map(|(_, _, bytes)| Ok::<_, Error>(bytes));
    coordinator.finish(&counted, rows).unwrap();
}

/// Writes what is decided in this many parts, some of which fail once.
fn write_partitions(
    worker: &Worker<'_>,
    folder: &Path,
    decided: &[Decided],
    parts: usize,
) -> Vec<PathBuf> {
    let rows = decided.chunks(decided.len().div_ceil(parts).max(1));
    let folders = rows.enumerate().map(|(part, rows)| {
        let rows = rows.iter().map(|(_, _, bytes)| Ok(bytes));
        let attempt = |number: usize| folder.join(format!("{part}-{number}"));
        if part % 2 == 0 {
            let killed = rows.clone().take(1).chain([Err("killed")]);
            worker.write_partition(&attempt(1), killed).unwrap_err();
        }
        worker.write_partition(&attempt(2), rows).unwrap();
        attempt(2)
    });
    folders.collect()
}

/// The files of a folder by name, the manifest too.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let name = |entry: &fs::DirEntry| entry.file_name().into_string().unwrap();
    entries.map(|entry| (name(&entry), fs::read(entry.path()).unwrap())).collect()
}

/// Requires that both ways write the same files.
fn check(set: &Set<'_>, inputs: &[PathBuf], by: &Distribution) {
    let folder = tempfile::tempdir().unwrap();
    let (one, many) = (folder.path().join("one"), folder.path().join("many"));
    set(Convert::new(inputs)).out(&one).threads(1).run().unwrap();
    distribute(set, inputs, &many, by);
    let (mut one, mut many) = (files(&one), files(&many));
    if by.parts.is_some() {
        assert_eq!(contacts(&mut one), contacts(&mut many));
    }
    assert!(one.keys().eq(many.keys()), "{:?} and {:?}", one.keys(), many.keys());
    for (name, bytes) in &one {
        let (one, many) = (String::from_utf8_lossy(bytes), String::from_utf8_lossy(&many[name]));
        assert_eq!(one, many, "{name}");
    }
}

/// The contacts of all arrays, which are taken out; the manifest does not list them either then.
fn contacts(files: &mut BTreeMap<String, Vec<u8>>) -> Vec<Value> {
    let mut contacts = Vec::new();
    files.retain(|name, json| {
        let is_array = name.starts_with("import-");
        if is_array {
            contacts.extend(serde_json::from_slice::<Vec<Value>>(json).unwrap());
        }
        !is_array
    });
    let json = files.get_mut("manifest.json").unwrap();
    let mut manifest: Value = serde_json::from_slice(json).unwrap();
    let listed = manifest["files"].as_array().unwrap().iter();
    let listed: u64 = listed.map(|file| file["contacts"].as_u64().unwrap()).sum();
    assert_eq!(listed, contacts.len() as u64);
    manifest["files"].take();
    *json = manifest.to_string().into_bytes();
    contacts
}

fn any_distribution() -> impl Strategy<Value = Distribution> {
    let split_bytes = prop_oneof![3 => 20_u64..2_000, 1 => Just(1 << 20)];
    let (parts, opened) = (prop::option::of(1_usize..4), prop::option::of(1_usize..3));
    (split_bytes, 1_u64..6, parts, opened, any::<u64>()).prop_map(
        |(split_bytes, partitions, parts, opened, seed)| Distribution {
            split_bytes,
            partitions,
            parts,
            opened,
            seed,
        },
    )
}

/// Numbers that are the same in several ways, that have another form, that are listed, and none.
const PHONES: [&str; 16] = [
    "+91 98765 43210",
    "09876543210",
    "9.19877E+11",
    "+919876543211",
    "+54 11 2345 6789",
    "+54 9 11 2345 6789",
    "+5491123456789",
    "+55 11 9876 5432",
    "+55 11 99876 5432",
    "+52 55 4163 7145",
    "+52 1 55 4163 7145",
    "+39 06 1234 5678",
    "+919811122233",
    "none",
    "",
    "+91 98765 43210 / 98111 22233",
];

const NAMES: [&str; 8] =
    ["Asha", "Asha Patel", "Ravi", "", "Meera", "\"Asha, \"\"A\"\"\"", "'Ravi", "\"Ravi\nKumar\""];

/// A line, in which a quote may be opened and never closed.
fn row() -> impl Strategy<Value = String> {
    let email =
        prop::sample::select(&["", "a@example.com", "b@example.com", "x@", "A@EXAMPLE.com"][..]);
    let tags = prop::sample::select(&["", "vip", "VIP; lead", "a; b; c"][..]);
    let plan = prop::sample::select(&["", "pro", "free", "x\u{e9}", "yes", "no"][..]);
    let end = prop::sample::select(&["\n", "\n", "\n", "\r\n", "\r", "\n\n"][..]);
    let whole = (
        prop::sample::select(&NAMES[..]),
        prop::sample::select(&PHONES[..]),
        email,
        tags,
        plan,
        prop::sample::select(&["", "yes", "no"][..]),
        end,
    );
    let whole = whole.prop_map(|(name, phone, email, tags, plan, consent, end)| {
        format!("{name},{phone},{email},{tags},{plan},{consent}{end}")
    });
    let damaged = prop::sample::select(
        &[
            "Asha,\"+91 98765 43210,,,,\n",
            "\"Asha,+919876543210,,,,\n",
            "Asha,+919876543210\n",
            "\n",
            "Asha,+919876543210,,,,,more\n",
            "Name,Phone,Email,Tags,Plan,Opted out\n",
            ",,,,,\n",
            "\"\n",
        ][..],
    );
    prop_oneof![12 => whole, 2 => damaged.prop_map(str::to_owned)]
}

/// A dump of such lines, perhaps with bytes that are no text, a record that is too large, and no line end.
fn dump() -> impl Strategy<Value = Vec<u8>> {
    let rows = prop::collection::vec(row(), 0..60);
    (rows, any::<u8>()).prop_map(|(rows, extra)| {
        let mut dump = b"Name,Phone,Email,Tags,Plan,Opted out\n".to_vec();
        let middle = rows.len() / 2;
        dump.extend(rows[..middle].concat().bytes());
        if extra % 8 == 0 {
            dump.extend(b"Jos\xE9,+919876543210,,,,\n");
        }
        if extra % 16 == 1 {
            dump.extend(format!("Asha,+919876543210,,{},,\n", "x".repeat(1 << 20)).bytes());
        }
        dump.extend(rows[middle..].concat().bytes());
        if extra % 4 == 2 {
            dump.extend(b"Asha,+919876543210,,,,");
        }
        dump
    })
}

const POLICIES: [DedupPolicy; 4] =
    [DedupPolicy::Merge, DedupPolicy::First, DedupPolicy::Last, DedupPolicy::None];

/// Inputs that can be split, and one that cannot.
fn written(folder: &Path, dumps: &[Vec<u8>]) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for (number, dump) in dumps.iter().enumerate() {
        paths.push(folder.join(format!("dump {number}.csv")));
        fs::write(&paths[number], dump).unwrap();
    }
    let lines = concat!(
        r#"{"name": "Asha", "phone": "+91 98765 43210", "city": "Pune"}"#,
        "\n{\"phone\": 1}\n",
        r#"{"name": "Ravi", "phone": "+5491123456789", "email": "b@example.com"}"#,
        "\n{",
    );
    paths.push(folder.join("lines.ndjson"));
    fs::write(&paths[dumps.len()], lines).unwrap();
    paths
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_distributed_run_writes_what_one_process_writes(
        dumps in prop::collection::vec(dump(), 1..3),
        by in any_distribution(),
        policy in prop::sample::select(&POLICIES[..]),
        max_bytes in prop_oneof![Just(400_usize), Just(1 << 20)],
        excludes in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let inputs = written(folder.path(), &dumps);
        let list = folder.path().join("do-not-call.txt");
        fs::write(&list, "+919811122233\nb@example.com\n").unwrap();
        let set = move |run: Convert<'static>| {
            let limits = BatchLimits { max_contacts: 7, max_bytes };
            let options = Options { region: Some(Region::IN), ..Options::default() };
            let run = run.options(options).dedup(policy).array_limits(limits);
            match excludes {
                true => run.exclude(&list).opt_outs(OptOuts::Exclude),
                false => run,
            }
        };
        check(&set, &inputs, &by);
    }
}

/// Two dumps with everything in them.
fn two_dumps(folder: &Path) -> Vec<PathBuf> {
    let row = |number: usize| {
        let (name, phone) = (NAMES[number % NAMES.len()], PHONES[number * 7 % PHONES.len()]);
        format!("{name},{phone},,tag {number},{},\n", number % 3)
    };
    let dump = |from: usize| {
        let rows: String = (from..from + 90).map(row).collect();
        format!("Name,Phone,Email,Tags,Plan,Opted out\n{rows}").into_bytes()
    };
    written(folder, &[dump(0), dump(1_000)])
}

const BY: Distribution =
    Distribution { split_bytes: 300, partitions: 3, parts: None, opened: None, seed: 7 };

#[test]
fn every_output_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = two_dumps(folder.path());
    for output in [Output::Csv, Output::Ndjson, Output::Parquet] {
        check(&|run| run.to(output).rejects(RejectsFormat::Xlsx), &inputs, &BY);
    }
    check(&|run| run.array_layout(ArrayLayout::Lines), &inputs, &BY);
}

#[test]
fn tables_that_are_joined_of_partitions_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = two_dumps(folder.path());
    let by = Distribution { parts: Some(4), ..BY };
    let (one, many) = (folder.path().join("one"), folder.path().join("many"));
    for output in [Output::Csv, Output::Ndjson] {
        let set = move |run: Convert<'static>| run.to(output).existing(Existing::Overwrite);
        set(Convert::new(&inputs)).out(&one).run().unwrap();
        distribute(&set, &inputs, &many, &by);
        assert_eq!(files(&one), files(&many));
    }
    let set = |run: Convert<'static>| run.to(Output::Parquet);
    let coordinator =
        set(Convert::new(&inputs)).out(folder.path().join("no")).distribute().unwrap();
    let error = coordinator.join(&[], &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Distributed);
}

#[test]
fn a_delta_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = two_dumps(folder.path());
    let earlier = folder.path().join("earlier");
    Convert::new(&inputs[..1]).out(&earlier).run().unwrap();
    check(&|run| run.since(Some(earlier.clone())), &inputs[1..], &BY);
}

/// Inputs of which each alone says too little, each opened by itself.
#[test]
fn inputs_that_other_processes_open_are_decided_on_together() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let cells: String = (0..300).map(|of| format!("{},x\n", 9_876_543_210_u64 - of)).collect();
    let inputs = [
        at("none.ndjson", "{\"name\": \"Asha\", \"city\": \"Pune\"}\n"),
        at("some.ndjson", "{\"name\": \"Ravi\", \"phone\": \"+919876543210\"}\n"),
        at("empty.csv", ""),
        at("national.csv", &format!("Phone,Notes\n{cells}")),
        at("international.csv", "Phone,Plan\n+4915123456789,pro\n"),
    ];
    let alone = Distribution { opened: Some(1), ..BY };
    check(&|run| run, &inputs, &alone);
    // Only one of them has this column.
    let exception = |run: Convert<'static>| {
        let attributes = "all but Plan".parse().unwrap();
        run.mapping(FieldMapping { attributes, ..FieldMapping::default() })
    };
    check(&exception, &inputs, &alone);
    check(&exception, &inputs, &Distribution { opened: Some(2), ..BY });

    let refused = |inputs: &[PathBuf], set: &Set<'_>| {
        let [here, elsewhere] = [None, Some(1)].map(|opened| {
            let out = folder.path().join("refused");
            let error = coordinator(set, inputs, &out, opened).unwrap_err();
            assert!(!out.exists());
            (error.kind(), error.to_string())
        });
        assert_eq!(here, elsewhere);
    };
    refused(&inputs[..1], &|run| run);
    refused(&inputs[2..4], &exception);
}

#[test]
fn inputs_that_were_opened_for_another_run_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = two_dumps(folder.path());
    let refused = |opened: Result<OpenedInputs, Error>| {
        let run = Convert::new(&inputs).out(folder.path().join("out"));
        let error = run.distribute_opened(|| Ok::<_, Error>(vec![opened?])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Distributed);
        error.to_string()
    };
    let opened = Convert::new(&inputs).open_inputs().unwrap();
    let version = format!("{:?}", env!("CARGO_PKG_VERSION"));
    let other = opened.to_json().replace(&version, "\"0.0.0\"");
    assert!(refused(OpenedInputs::from_json(&other)).contains("0.0.0"));
    refused(OpenedInputs::from_json("{}"));
    let error = refused(Convert::new(&inputs).dedup(DedupPolicy::First).open_inputs());
    assert_eq!(error, "the options of this process are not those of the run");
    let error = refused(Convert::new(&inputs[1..]).open_inputs());
    assert_eq!(error, "the inputs that were opened are not those of the run, in their order");
}

#[test]
fn a_worker_with_other_options_or_another_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = two_dumps(folder.path());
    let coordinator = Convert::new(&inputs).out(folder.path().join("out")).distribute().unwrap();
    let none = || Convert::new::<Input<'_>>([]);
    let plan = coordinator.plan().clone();
    assert!(none().threads(3).worker(plan.clone()).is_ok());
    let refused = |run: Convert<'_>, plan: Plan| run.worker(plan).unwrap_err();
    let error = refused(none().dedup(DedupPolicy::First), plan.clone());
    assert_eq!(error.kind(), ErrorKind::Distributed);
    assert_eq!(error.to_string(), "the options of this process are not those of the run");
    let version = format!("{:?}", env!("CARGO_PKG_VERSION"));
    let other = Plan::from_json(&plan.to_json().replace(&version, "\"0.0.0\"")).unwrap();
    let error = refused(none(), other);
    assert!(error.to_string().contains("0.0.0"), "{error}");
    assert!(Plan::from_json("{}").is_err());
}

#[test]
fn a_run_that_lost_a_split_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (inputs, out) = (two_dumps(folder.path()), folder.path().join("out"));
    let coordinator = Convert::new(&inputs).out(&out).distribute().unwrap();
    let read = ReadSplit::default();
    let mut lost = vec![(String::new(), vec![read.clone()]); 3];
    lost[1].1.push(
        serde_json::from_str(r#"{"records":2,"blank":1,"opt_outs":[],"damage":[],"sha256":null}"#)
            .unwrap(),
    );
    let none: [Result<Vec<u8>, Error>; 0] = [];
    let error = coordinator.finish(&lost, none).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Distributed);
    assert!(!out.exists());
    let left: Vec<_> = files_and_folders(folder.path());
    assert_eq!(left.len(), inputs.len(), "{left:?}");
}

#[test]
fn what_comes_twice_or_not_in_order_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (dump, out) = (folder.path().join("leads.csv"), folder.path().join("out"));
    fs::write(&dump, "Name,Phone\nAsha,none\nRavi,none\nAsha,+919876543210\n").unwrap();
    let coordinator = Convert::new([dump]).out(&out).distribute().unwrap();
    let none = Convert::new::<Input<'_>>([]);
    let worker = none.worker(coordinator.plan().clone()).unwrap();
    let mut rows = Vec::new();
    let read = worker.read(0, None, 0, |row| {
        rows.push(row.bytes.to_vec());
        Ok::<_, Error>(())
    });
    let mut merger = worker.merger();
    merger.push(&rows[2], |_, _| Ok(())).unwrap();
    let error = merger.push(&rows[2], |_, _| Ok(())).unwrap_err();
    assert!(error.to_string().ends_with("contacts are not sorted, or came twice"), "{error}");

    let turned = [&rows[1], &rows[0]].map(Ok::<_, Error>);
    let error = coordinator.finish(&[(String::new(), vec![read.unwrap()])], turned).unwrap_err();
    assert_eq!(
        error.to_string(),
        "record 1 of input 0 came twice, or not in order; nothing was written"
    );
    assert!(!out.exists());
}

fn files_and_folders(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn what_only_one_process_can_write_is_not_distributed() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let pipe = Convert::new([Input::reader("leads", &b"Phone\n1\n"[..])]).out(&out);
    assert_eq!(pipe.distribute().unwrap_err().kind(), ErrorKind::Distributed);
    let inputs = two_dumps(folder.path());
    let split = Convert::new(&inputs).out(&out).split_by(Some(SplitBy::Country));
    assert_eq!(split.distribute().unwrap_err().kind(), ErrorKind::Distributed);
    let fixed = Convert::new(&inputs).out(&out).fixes(Some(folder.path().join("fixes.csv")));
    assert_eq!(fixed.distribute().unwrap_err().kind(), ErrorKind::Distributed);
}
