//! Runs the real command and checks what holds for every result.

#![allow(dead_code, reason = "each test target uses its own part")]

pub(crate) mod compressed;
pub(crate) mod draws;
pub(crate) mod reviewed;
pub(crate) mod served;
pub(crate) mod table;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use contactmill_wire::import::Contact;
use contactmill_wire::index::{IndexEntry, read_header};
use serde_json::Value;

/// The command, with nothing of the surroundings that could change what it prints.
pub(crate) fn contactmill() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_contactmill"));
    command.env_remove("CLICOLOR_FORCE").env("NO_COLOR", "1").env("COLUMNS", "80");
    command
}

/// Runs `convert` in a folder; a file called `stdin` in it is standard input.
pub(crate) fn convert(folder: &Path, arguments: &[impl AsRef<OsStr>]) -> Output {
    let mut command = contactmill();
    command.arg("convert").args(arguments).current_dir(folder);
    if let Ok(input) = fs::File::open(folder.join("stdin")) {
        command.stdin(input);
    }
    command.output().unwrap()
}

/// Runs `convert` and requires that it succeeds.
#[track_caller]
pub(crate) fn converted(folder: &Path, arguments: &[impl AsRef<OsStr>]) -> Output {
    let output = convert(folder, arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    output
}

/// Runs `convert` and requires that it fails with this code and message, and leaves nothing.
#[track_caller]
pub(crate) fn fails(folder: &Path, arguments: &[&str], code: i32, message: &str) {
    let output = convert(folder, arguments);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(stderr.contains(message), "{stderr}");
    assert!(text(&output.stdout).is_empty());
    let left: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("staging"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Runs the command in a folder within a limit, in the words of the shell's `ulimit`.
pub(crate) fn limited(limit: &str, folder: &Path, arguments: &[impl AsRef<OsStr>]) -> Output {
    let script = format!("ulimit {limit}; exec \"$0\" \"$@\"");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script, env!("CARGO_BIN_EXE_contactmill")]);
    shell.args(arguments).current_dir(folder).output().unwrap()
}

/// A folder with a file `in.csv`, whatever that holds.
pub(crate) fn folder_with(text: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.csv"), text).unwrap();
    folder
}

/// The most memory that a process has had, in MiB; nothing once it has ended.
#[cfg(target_os = "linux")]
pub(crate) fn peak_mib(process: &std::process::Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The files of a folder by name; of those in folders in it, by path.
pub(crate) fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<(String, Vec<u8>)> = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        match path.is_dir() {
            false => found.push((name, fs::read(path).unwrap())),
            true => found.extend(
                files(&path).into_iter().map(|(file, text)| (format!("{name}/{file}"), text)),
            ),
        }
    }
    found.sort_unstable();
    found
}

pub(crate) fn manifest(out: &Path) -> Value {
    serde_json::from_slice(&fs::read(out.join("manifest.json")).unwrap()).unwrap()
}

/// The records of one of our CSV files, without its header row.
pub(crate) fn rows(path: &Path) -> Vec<csv::StringRecord> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(path).unwrap();
    reader.records().map(Result::unwrap).collect()
}

/// The values of a column of one of our CSV files.
pub(crate) fn column(path: &Path, name: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(path).unwrap();
    let at = reader.headers().unwrap().iter().position(|header| header == name).unwrap();
    reader.records().map(|record| record.unwrap()[at].to_owned()).collect()
}

/// The sheet of a workbook of rejected records, as XML.
pub(crate) fn sheet(workbook: &[u8]) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(workbook)).unwrap();
    std::io::read_to_string(archive.by_name("xl/worksheets/sheet1.xml").unwrap()).unwrap()
}

/// The number of rejected records in the tables of a result.
fn count_rejects(out: &Path) -> u64 {
    let in_workbook = fs::read(out.join("rejects.xlsx"))
        .map_or(0, |workbook| sheet(&workbook).matches("<row ").count() - 1);
    let table = out.join("rejects.csv");
    let in_table = if table.exists() { rows(&table).len() } else { 0 };
    (in_workbook + in_table) as u64
}

/// All import arrays of a result, in order.
pub(crate) fn arrays(out: &Path) -> Vec<Vec<u8>> {
    let files = manifest(out)["files"].as_array().unwrap().clone();
    let mut arrays = Vec::new();
    for file in files {
        let name = file["path"].as_str().unwrap();
        let bytes = fs::read(out.join(name)).unwrap();
        assert_eq!(file["bytes"], bytes.len(), "{name}");
        let digest = ring::digest::digest(&ring::digest::SHA256, &bytes);
        let digest: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(file["sha256"], digest, "{name}");
        if name.starts_with("rejects.") {
            assert_eq!(file["contacts"], 0, "{name}");
        } else if name.starts_with("contacts.") {
            assert_eq!(file["contacts"], table::rows_of(&out.join(name)).len(), "{name}");
        } else if name.ends_with(".jsonl") {
            arrays.extend(
                bytes.strip_suffix(b"\n").unwrap().split(|&b| b == b'\n').map(<[u8]>::to_vec),
            );
        } else {
            arrays.push(bytes);
        }
    }
    arrays
}

/// All contacts of a result, in order.
pub(crate) fn contacts(out: &Path) -> Vec<Value> {
    let parse = |array: Vec<u8>| match serde_json::from_slice(&array).unwrap() {
        Value::Array(contacts) => contacts,
        other => panic!("an import array, not {other}"),
    };
    arrays(out).into_iter().flat_map(parse).collect()
}

/// What every result must satisfy, whatever went in.
pub(crate) fn check_laws(out: &Path) {
    let manifest = manifest(out);
    if manifest["parts"].is_array() {
        return check_laws_of_split(out, &manifest);
    }
    let counts = &manifest["counts"];
    let count = |name: &str| counts[name].as_u64().unwrap();

    // Nothing is lost: every record ended in one place.
    let [excluded, unchanged] =
        ["excluded", "unchanged"].map(|at| counts[at].as_u64().unwrap_or(0));
    let ends = ["contacts", "duplicates", "rejected", "blank"].map(count).into_iter().sum::<u64>();
    assert_eq!(count("records"), ends + excluded + unchanged, "{counts}");
    let of_inputs = manifest["inputs"].as_array().unwrap().iter();
    assert_eq!(
        count("records"),
        of_inputs.map(|input| input["records"].as_u64().unwrap()).sum::<u64>()
    );
    let rejects = out.join("rejects.csv");
    let duplicates = out.join("duplicates.csv");
    let warnings = out.join("warnings.csv");
    let left_out = out.join("excluded.csv");
    assert!(excluded == 0 || left_out.exists());
    assert_eq!(count("rejected"), count_rejects(out));
    assert_eq!(count("duplicates"), rows(&duplicates).len() as u64);
    assert_eq!(count("warnings"), rows(&warnings).len() as u64);
    let mut seen = BTreeSet::new();
    for path in [&rejects, &duplicates, &left_out].into_iter().filter(|path| path.exists()) {
        for place in column(path, "_source").into_iter().zip(column(path, "_record")) {
            assert!(seen.insert(place.clone()), "{place:?} stands in two places");
        }
    }
    let table = table::of(out);
    for row in table.iter().flatten() {
        let place = (row["source"].as_str().unwrap().to_owned(), row["record"].to_string());
        assert!(seen.insert(place.clone()), "{place:?} stands in two places");
    }
    if left_out.exists() {
        assert_eq!(excluded, rows(&left_out).len() as u64);
    }
    let sum = |name: &str| {
        manifest[name]
            .as_object()
            .into_iter()
            .flat_map(|of| of.values())
            .map(|n| n.as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!(excluded, sum("excluded_by_reason"));
    assert_eq!(count("rejected"), sum("rejected_by_reason"));
    assert_eq!(count("warnings"), sum("warnings_by_code"));

    // Every array is within both limits, and every contact has every field.
    let option = |name: &str| manifest["options"][name].as_u64().unwrap() as usize;
    for array in arrays(out) {
        assert!(array.len() <= option("max_bytes"));
        let contacts: Vec<Value> = serde_json::from_slice(&array).unwrap();
        assert!((1..=option("max_contacts")).contains(&contacts.len()));
    }
    match table {
        Some(rows) => {
            assert_eq!(count("contacts"), rows.len() as u64);
            rows.iter().for_each(table::check_row);
            check_index_of_table(out, &rows, unchanged);
        }
        None => {
            let contacts = contacts(out);
            assert_eq!(count("contacts"), contacts.len() as u64);
            contacts.iter().for_each(check_contact);
            check_index(out, &contacts, unchanged);
        }
    }
    check_since(out, &manifest, unchanged);

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(out), 0o700);
        for (name, _) in files(out) {
            assert_eq!(mode(&out.join(&name)), 0o600, "{name}");
        }
    }
}

/// The entries of the index of a result: number and hash.
pub(crate) fn index(out: &Path) -> Vec<IndexEntry> {
    let bytes = fs::read(out.join("contacts.index")).unwrap();
    let (body, checksum) = bytes.split_last_chunk().unwrap();
    assert_eq!(crc32fast::hash(body), u32::from_le_bytes(*checksum));
    let (header, entries) = body.split_first_chunk().unwrap();
    let (entries, rest) = entries.as_chunks();
    assert!(rest.is_empty());
    assert_eq!(read_header(*header), Ok(entries.len() as u64));
    entries.iter().copied().map(IndexEntry::from_bytes).collect()
}

/// The entry that a contact of a result has in its index.
pub(crate) fn entry(contact: &Value) -> IndexEntry {
    let contact: Contact = serde_json::from_value(contact.clone()).unwrap();
    IndexEntry::of(&contact).unwrap()
}

/// The index has every contact of the result and those that are unchanged, sorted by number.
fn check_index(out: &Path, contacts: &[Value], unchanged: u64) {
    let mut entries = index(out);
    assert!(entries.is_sorted_by_key(|entry| entry.phone));
    assert_eq!(entries.len() as u64, contacts.len() as u64 + unchanged);
    entries.sort_unstable();
    for contact in contacts {
        assert!(entries.binary_search(&entry(contact)).is_ok(), "{contact} is not in the index");
    }
}

/// The index of a result whose contacts are one table: their numbers are in it.
fn check_index_of_table(out: &Path, rows: &[Value], unchanged: u64) {
    let entries = index(out);
    assert!(entries.is_sorted_by_key(|entry| entry.phone));
    assert_eq!(entries.len() as u64, rows.len() as u64 + unchanged);
    let numbers: BTreeSet<u64> = entries.iter().map(|entry| entry.phone).collect();
    for row in rows {
        let phone = row["phone"].as_str().unwrap();
        assert!(numbers.contains(&phone.trim_start_matches('+').parse().unwrap()), "{phone}");
    }
}

/// What was compared adds up, and `gone.csv` lists what is gone.
fn check_since(out: &Path, manifest: &Value, unchanged: u64) {
    let (since, gone) = (&manifest["since"], out.join("gone.csv"));
    assert_eq!(since.is_object(), gone.exists());
    assert_eq!(since.is_object(), manifest["options"]["since"].is_string());
    if since.is_null() {
        return assert_eq!(unchanged, 0);
    }
    let count = |name: &str| since[name].as_u64().unwrap();
    assert_eq!(count("unchanged"), unchanged);
    assert_eq!(count("new") + count("changed"), manifest["counts"]["contacts"].as_u64().unwrap());
    assert_eq!(count("gone"), rows(&gone).len() as u64);
    let numbers: BTreeSet<u64> = index(out).iter().map(|entry| entry.phone).collect();
    for phone in column(&gone, "phone") {
        assert!(!numbers.contains(&phone.trim_start_matches("'+").parse().unwrap()), "{phone}");
    }
}

/// What results that are split must satisfy: each part is a result, and they add up to the run.
fn check_laws_of_split(out: &Path, manifest: &Value) {
    let mut folders = BTreeSet::from(["manifest.json".to_owned()]);
    if manifest["options"]["report"] == true {
        folders.insert("report.html".to_owned());
    }
    let mut sums = serde_json::Map::new();
    let mut seen = BTreeSet::new();
    for part in manifest["parts"].as_array().unwrap() {
        let name = part["folder"].as_str().unwrap();
        assert!(folders.insert(name.to_owned()), "{name} is two parts");
        let folder = out.join(name);
        check_laws(&folder);
        let of_part = self::manifest(&folder);
        assert_eq!(of_part["counts"], part["counts"]);
        assert_eq!(of_part["part"]["value"], part["value"]);
        for (count, number) in part["counts"].as_object().unwrap() {
            let sum = sums.get(count).and_then(Value::as_u64).unwrap_or(0);
            sums.insert(count.clone(), (sum + number.as_u64().unwrap()).into());
        }
        for file in ["rejects.csv", "duplicates.csv", "excluded.csv"] {
            let path = folder.join(file);
            if path.exists() {
                for place in column(&path, "_source").into_iter().zip(column(&path, "_record")) {
                    assert!(seen.insert(place.clone()), "{place:?} stands in two places");
                }
            }
        }
    }
    assert_eq!(manifest["counts"], Value::Object(sums));
    let found: BTreeSet<String> = fs::read_dir(out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(found, folders);
}

fn check_contact(contact: &Value) {
    let keys = |value: &Value| -> Vec<String> {
        let mut keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
        keys.sort_unstable();
        keys
    };
    assert_eq!(keys(contact), ["profile"]);
    assert_eq!(keys(&contact["profile"]), ["userDetails"]);
    let details = &contact["profile"]["userDetails"];
    assert_eq!(keys(details), ["attributes", "contact", "tags", "userProvidedName"]);
    assert!(!details["userProvidedName"].as_str().unwrap().is_empty());
    let reach = &details["contact"];
    assert_eq!(keys(reach), ["email", "phone"]);
    assert!(reach["email"].is_string());
    assert_eq!(keys(&reach["phone"]), ["number", "prefix"]);
    for part in ["number", "prefix"] {
        let digits = reach["phone"][part].as_str().unwrap();
        assert!(!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
    }
    assert!(details["tags"].as_array().unwrap().iter().all(Value::is_string));
    for attribute in details["attributes"].as_array().unwrap() {
        assert_eq!(keys(attribute), ["key", "value"]);
        assert!(!attribute["key"].as_str().unwrap().is_empty());
        assert!(!attribute["value"].as_str().unwrap().is_empty());
    }
}

/// Runs `convert` with 1, 2 and 7 threads and requires the same bytes of every file.
pub(crate) fn check_threads(folder: &Path, arguments: &[String]) {
    let results: Vec<_> = [1, 2, 7]
        .map(|threads| {
            let out = folder.join(format!("out-of-{threads}-threads"));
            let mut all = arguments.to_vec();
            all.extend(["--threads".into(), threads.to_string(), "--out".into()]);
            all.push(out.display().to_string());
            convert(folder, &all);
            let files = files(&out);
            fs::remove_dir_all(&out).unwrap();
            files
        })
        .into();
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "the threads show in the result");
}
