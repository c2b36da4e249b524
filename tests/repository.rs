//! What the repository says of itself, held against what is there.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use contactmill_core::{Reason, WarningCode};
use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The crates that each crate may depend on: the arrows of `docs/architecture.md`.
const ARROWS: &[(&str, &[&str])] = &[
    (
        "contactmill-cli",
        &[
            "contactmill",
            "contactmill-report",
            "contactmill-review",
            "contactmill-upload",
            "contactmill-sandbox",
        ],
    ),
    (
        "contactmill",
        &[
            "contactmill-source",
            "contactmill-emit",
            "contactmill-report",
            "contactmill-core",
            "contactmill-wire",
        ],
    ),
    ("contactmill-report", &["contactmill-core", "contactmill-wire"]),
    ("contactmill-source", &["contactmill-core", "contactmill-wire"]),
    ("contactmill-emit", &["contactmill-core", "contactmill-wire"]),
    ("contactmill-wire", &[]),
    ("contactmill-upload", &["contactmill-wire"]),
    ("contactmill-review", &["contactmill", "contactmill-loopback", "contactmill-wire"]),
    ("contactmill-sandbox", &["contactmill-loopback"]),
    ("contactmill-loopback", &[]),
    ("contactmill-core", &["contactmill-phone"]),
    ("contactmill-phone", &[]),
    ("contactmill-codegen", &["contactmill-phone"]),
    (
        "contactmill-python",
        &[
            "contactmill",
            "contactmill-cli",
            "contactmill-core",
            "contactmill-phone",
            "contactmill-upload",
        ],
    ),
    (
        "contactmill-benches",
        &["contactmill-core", "contactmill-emit", "contactmill-phone", "contactmill-source"],
    ),
    (
        "contactmill-fuzz",
        &[
            "contactmill",
            "contactmill-core",
            "contactmill-phone",
            "contactmill-source",
            "contactmill-upload",
            "contactmill-wire",
        ],
    ),
];

/// The packages of this platform: those of others need not have been downloaded.
fn metadata() -> Value {
    let version = Command::new("rustc").arg("-vV").output().unwrap().stdout;
    let version = String::from_utf8(version).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--filter-platform", host])
        .current_dir(ROOT)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The normal dependencies of every package, by name, as they are resolved.
fn dependencies(metadata: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let packages = metadata["packages"].as_array().unwrap().iter();
    let names: BTreeMap<&str, &str> = packages
        .map(|package| (package["id"].as_str().unwrap(), package["name"].as_str().unwrap()))
        .collect();
    let name = |id: &Value| names[id.as_str().unwrap()].to_owned();
    let is_normal = |dependency: &&Value| {
        dependency["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"].is_null())
    };
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap().iter();
    nodes
        .map(|node| {
            let direct = node["deps"].as_array().unwrap().iter().filter(is_normal);
            (name(&node["id"]), direct.map(|dependency| name(&dependency["pkg"])).collect())
        })
        .collect()
}

#[test]
fn dependencies_point_only_where_the_architecture_says() {
    let dependencies = dependencies(&metadata());
    let ours = |name: &str| name.starts_with("contactmill");
    let found: BTreeSet<&str> =
        dependencies.keys().map(String::as_str).filter(|name| ours(name)).collect();
    let known: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(found, known, "a crate was added or removed: say what it may depend on");
    for (name, allowed) in ARROWS {
        for dependency in dependencies[*name].iter().filter(|dependency| ours(dependency)) {
            assert!(
                allowed.contains(&dependency.as_str()),
                "{name} must not depend on {dependency}"
            );
        }
    }
}

/// The source files below a folder, with the path of the module of each.
fn modules(folder: &Path, above: &[String]) -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mut module = above.to_vec();
        match path.file_stem().unwrap().to_str().unwrap() {
            "lib" | "main" | "tests" => continue,
            "mod" => {}
            name => module.push(name.to_owned()),
        }
        if path.is_dir() {
            found.extend(modules(&path, &module));
        } else {
            found.push((module, fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

/// The modules at the top of the crate that a file of this module names by `crate::` or `super::`.
fn named_modules(module: &[String], text: &str) -> BTreeSet<String> {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap();
    let lines = text.lines().map(|line| line.split("//").next().unwrap());
    let code: String = lines.collect::<Vec<_>>().join("\n");
    let first_word = |path: &str| -> String {
        path.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let mut named = BTreeSet::new();
    for (at, _) in code.match_indices("crate::").chain(code.match_indices("super::")) {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ':')) {
            continue;
        }
        let mut rest = &code[at..];
        let mut steps = module.len();
        while let Some(behind) = rest.strip_prefix("super::") {
            (rest, steps) = (behind, steps - 1);
        }
        match rest.strip_prefix("crate::") {
            Some(behind) => rest = behind,
            // Within one module at the top.
            None if steps > 0 => continue,
            None => {}
        }
        match rest.strip_prefix('{') {
            // `use crate::{one, other::{Name, Another}};`
            Some(list) => {
                let (mut depth, mut start) = (0, 0);
                for (at, c) in list.char_indices() {
                    if depth == 0 && matches!(c, ',' | '}') {
                        named.insert(first_word(&list[start..at]));
                        start = at + 1;
                    }
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        _ => {}
                    }
                }
            }
            None => {
                named.insert(first_word(rest));
            }
        }
    }
    named.remove("");
    named
}

/// A way from a module back to itself, if there is one.
fn cycle(imports: &BTreeMap<String, BTreeSet<String>>, way: &mut Vec<String>) -> bool {
    for next in &imports[way.last().unwrap()] {
        if way[0] == *next {
            way.push(next.clone());
            return true;
        }
        if !way.contains(next) {
            way.push(next.clone());
            if cycle(imports, way) {
                return true;
            }
            way.pop();
        }
    }
    false
}

#[test]
fn folders_of_core_and_source_import_in_one_direction() {
    for name in ["core", "source"] {
        let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (module, text) in modules(&Path::new(ROOT).join("crates").join(name).join("src"), &[]) {
            let own = &module[0];
            let named = named_modules(&module, &text).into_iter().filter(|other| other != own);
            imports.entry(own.clone()).or_default().extend(named);
        }
        for (module, named) in &imports {
            for other in named {
                // A name that `lib.rs` exports would hide where it comes from.
                assert!(imports.contains_key(other), "{name}: {module} names crate::{other}");
            }
            let mut way = vec![module.clone()];
            assert!(!cycle(&imports, &mut way), "{name}: {}", way.join(" imports "));
        }
    }
    let order = order_of_columns();
    let place = |name: &str| order.iter().position(|other| other == name);
    for (module, text) in modules(&Path::new(ROOT).join("crates/core/src/columns"), &[]) {
        let Some(own) = module.first() else { continue };
        let code = text.split("#[cfg(test)]\nmod ").next().unwrap();
        for rest in code.split("use crate::columns::").skip(1) {
            let other = rest.split([':', ';']).next().unwrap();
            let is_before = place(other).is_some() && place(other) < place(own);
            assert!(is_before, "docs/architecture.md lists {own} before {other}, which it imports");
        }
    }
    // What this test finds is found.
    let named = |text: &str| named_modules(&["records".into(), "table".into()], text);
    assert_eq!(
        named("use crate::{input::{error, text}, records::x};\nsuper::super::formats::csv()"),
        ["formats", "input", "records"].map(String::from).into()
    );
    assert!(named("// crate::formats\nuse super::window;\n#[cfg(test)]\nmod tests").is_empty());
    let edge = |to: &str| BTreeSet::from([to.to_owned()]);
    let circle = BTreeMap::from([("a".to_owned(), edge("b")), ("b".to_owned(), edge("a"))]);
    let mut way = vec!["a".to_owned()];
    assert!(cycle(&circle, &mut way) && way == ["a", "b", "a"]);
}

/// The modules of `columns` as the page on the architecture lists them.
fn order_of_columns() -> Vec<String> {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/architecture.md")).unwrap();
    let row = page.lines().find(|line| line.starts_with("| `columns` |")).unwrap();
    let names = row.split("; ").map(|entry| entry.rsplit("`: ").nth(1).unwrap_or_default());
    names.filter_map(|entry| Some(entry.rsplit('`').next()?.to_owned())).collect()
}

#[test]
fn the_core_pulls_in_no_json_http_terminal_or_async() {
    let dependencies = dependencies(&metadata());
    let mut reached = BTreeSet::new();
    let mut next = vec!["contactmill-core".to_owned()];
    while let Some(name) = next.pop() {
        if reached.insert(name.clone()) {
            next.extend(dependencies.get(&name).into_iter().flatten().cloned());
        }
    }
    for unwanted in ["serde_json", "ureq", "clap", "tokio", "indicatif"] {
        assert!(!reached.contains(unwanted), "contactmill-core reaches {unwanted}");
    }
}

/// The lines of the Rust files below a folder that are no comments, each with its file.
fn code_lines(folder: &Path) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            lines.extend(code_lines(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            lines.extend(code.map(|line| (path.display().to_string(), line.to_owned())));
        }
    }
    lines
}

#[test]
fn no_text_of_the_library_names_an_option_of_the_command() {
    let mut checked = 0;
    let libraries =
        ["contactmill", "core", "emit", "phone", "report", "sandbox", "source", "upload", "wire"];
    for name in libraries {
        for (file, line) in code_lines(&Path::new(ROOT).join("crates").join(name).join("src")) {
            let mut words = line.split("--").skip(1);
            let is_option = |word: &str| word.starts_with(|c: char| c.is_ascii_lowercase());
            assert!(!words.any(is_option), "{file}: {line}");
            checked += 1;
        }
    }
    assert!(checked > 10_000, "{checked}");
}

/// The codes in the tables of a Markdown page, in order: first cells in backquotes.
fn codes_in(page: &str, heading: &str) -> Vec<String> {
    let section = page.split(&format!("\n## {heading}\n")).nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_page_of_reasons_lists_the_codes_there_are_and_no_other() {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/reasons.md")).unwrap();
    let reasons: Vec<&str> = Reason::ALL.iter().map(|reason| reason.code()).collect();
    assert_eq!(codes_in(&page, "Reasons"), reasons);
    let warnings: Vec<&str> = WarningCode::ALL.iter().map(|code| code.code()).collect();
    assert_eq!(codes_in(&page, "Warnings"), warnings);
}

/// The words of a name in Rust: `told` and `apart` of `ToldApart` and `told_apart`.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in name.chars() {
        if (c.is_uppercase() || c == '_') && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if c != '_' {
            words.last_mut().unwrap().extend(c.to_lowercase());
        }
    }
    words
}

/// The public types, functions and modules of a file.
fn public_names(source: &str) -> impl Iterator<Item = &str> {
    const KINDS: [&str; 9] =
        ["const", "enum", "fn", "mod", "static", "struct", "trait", "type", "union"];
    let declared = source.lines().filter_map(|line| {
        let declaration = line.trim_start().strip_prefix("pub ")?;
        let (kind, name) = declaration
            .strip_prefix("const fn ")
            .map_or_else(|| declaration.split_once(' '), |name| Some(("fn", name)))?;
        KINDS.contains(&kind).then_some(name)
    });
    declared.filter_map(|name| name.split(|c: char| !c.is_alphanumeric() && c != '_').next())
}

#[test]
fn no_public_name_has_a_word_that_the_glossary_replaces() {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/glossary.md")).unwrap();
    let table = page.split("\n## Words not to use\n").nth(1).unwrap();
    let replaced: Vec<Vec<&str>> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next())
        .filter(|cell| *cell != "not" && !cell.starts_with("---"))
        .flat_map(|cell| cell.split(", "))
        .map(|term| term.split(' ').collect())
        .collect();
    assert!(replaced.len() > 10, "{replaced:?}");
    let mut checked = 0;
    for path in sources_of(&Path::new(ROOT).join("crates")) {
        let source = fs::read_to_string(&path).unwrap();
        for name in public_names(&source) {
            let words = words_of(name);
            checked += 1;
            for term in &replaced {
                let has_term = words.windows(term.len()).any(|some| some == term.as_slice());
                assert!(!has_term, "{}: {name}: see docs/glossary.md", path.display());
            }
        }
    }
    assert!(checked > 300, "{checked}");
}

/// The Rust files under the `src` folders of the crates.
fn sources_of(crates: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut next: Vec<_> = fs::read_dir(crates)
        .unwrap()
        .map(|entry| entry.unwrap().path().join("src"))
        .filter(|path| path.exists())
        .collect();
    while let Some(folder) = next.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                next.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
}

#[test]
fn the_sample_is_what_the_generator_writes() {
    let mut generated = Vec::new();
    contactmill_benches::contacts::write(&mut generated, 300, 1).unwrap();
    let sample = fs::read(Path::new(ROOT).join("tests/data/contacts.csv")).unwrap();
    assert!(sample == generated, "make-contacts 300 --seed 1 -o tests/data/contacts.csv");
}

#[test]
fn links_between_the_pages_lead_somewhere() {
    let is_page = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "md");
    let files_in = |folder: &Path| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let root = Path::new(ROOT);
    let crates = files_in(&root.join("crates")).map(|path| path.join("README.md"));
    let pages = files_in(root).chain(files_in(&root.join("docs"))).filter(is_page);
    let pages: Vec<PathBuf> = pages.chain(crates.filter(|path| path.exists())).collect();
    assert!(pages.len() > 20, "{pages:?}");
    for path in pages {
        let page = path.display();
        let text = fs::read_to_string(&path).unwrap();
        for target in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            let file = target.split('#').next().unwrap();
            if !file.is_empty() && !file.contains("://") {
                assert!(path.parent().unwrap().join(file).exists(), "{page} links to {target}");
            }
        }
    }
}

#[test]
fn every_crate_that_is_published_holds_the_licences() {
    for package in metadata()["packages"].as_array().unwrap() {
        let manifest = Path::new(package["manifest_path"].as_str().unwrap());
        let crates = Path::new(ROOT).join("crates").canonicalize().unwrap();
        let is_published = package["publish"].is_null();
        let Some(folder) = manifest.parent().filter(|it| is_published && it.starts_with(&crates))
        else {
            continue;
        };
        for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
            let own = fs::read(folder.join(licence)).unwrap_or_default();
            let whole = fs::read(Path::new(ROOT).join(licence)).unwrap();
            assert!(own == whole, "{}: {licence} is missing", folder.display());
        }
    }
}

/// What `deny.toml` says.
fn rules() -> toml::Table {
    fs::read_to_string(Path::new(ROOT).join("deny.toml")).unwrap().parse().unwrap()
}

/// A list of texts in `deny.toml`.
fn texts(list: &toml::Value) -> BTreeSet<&str> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

#[test]
fn every_package_has_a_licence_that_may_be_used() {
    let (metadata, rules) = (metadata(), rules());
    let licenses = &rules["licenses"];
    let allowed = texts(&licenses["allow"]);
    let exceptions: BTreeMap<&str, BTreeSet<&str>> = licenses["exceptions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|exception| (exception["crate"].as_str().unwrap(), texts(&exception["allow"])))
        .collect();
    let mut used = BTreeSet::new();
    let mut excepted = BTreeSet::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let license =
            package["license"].as_str().unwrap_or_else(|| panic!("{name} has no licence"));
        let license = spdx::Expression::parse_mode(license, spdx::ParseMode::LAX).unwrap();
        let may = |needed: &spdx::LicenseReq| {
            let needed = needed.to_string();
            if let Some(&known) = allowed.get(needed.as_str()) {
                used.insert(known.to_owned());
                return true;
            }
            let is_excepted = exceptions.get(name).is_some_and(|of| of.contains(needed.as_str()));
            if is_excepted {
                excepted.insert(name);
            }
            is_excepted
        };
        assert!(license.evaluate(may), "{name}: {license} is not allowed by deny.toml");
    }
    assert!(allowed.iter().all(|license| used.contains(*license)), "{used:?} is all there is");
    assert_eq!(excepted, exceptions.keys().copied().collect(), "an exception is not needed");
}

/// Name, version and source of everything in `Cargo.lock`, for all platforms.
fn locked() -> Vec<(String, String, Option<String>)> {
    let lock = fs::read_to_string(Path::new(ROOT).join("Cargo.lock")).unwrap();
    let lock: toml::Table = lock.parse().unwrap();
    let text = |package: &toml::Value, key: &str| {
        package.get(key).map(|value| value.as_str().unwrap().to_owned())
    };
    let packages = lock["package"].as_array().unwrap().iter();
    packages
        .map(|package| {
            let (name, version) = (text(package, "name"), text(package, "version"));
            (name.unwrap(), version.unwrap(), text(package, "source"))
        })
        .collect()
}

#[test]
fn packages_come_from_the_sources_that_are_allowed() {
    let rules = rules();
    let allowed = texts(&rules["sources"]["allow-registry"]);
    let denied: BTreeSet<&str> = rules["bans"]["deny"]
        .as_array()
        .unwrap()
        .iter()
        .map(|ban| ban["crate"].as_str().unwrap())
        .collect();
    for (name, version, source) in locked() {
        match source {
            Some(source) => {
                let registry = source.strip_prefix("registry+").unwrap_or(&source);
                assert!(allowed.contains(registry), "{name} {version} is from {source}");
            }
            None => assert!(name.starts_with("contactmill"), "{name} {version} is from a folder"),
        }
        assert!(!denied.contains(name.as_str()), "{name} is banned by deny.toml");
    }
}

#[test]
fn a_second_version_of_a_crate_has_a_reason() {
    let rules = rules();
    // `2` is any 2.x, `0.4` any 0.4.x.
    let skips = rules["bans"]["skip"].as_array().unwrap().iter().map(|skip| {
        assert!(!skip["reason"].as_str().unwrap().is_empty());
        skip["crate"].as_str().unwrap().split_once(':').unwrap()
    });
    let skips: BTreeSet<(&str, &str)> = skips.collect();
    let is_of = |version: &str, skipped: &str| {
        version.strip_prefix(skipped).is_some_and(|rest| rest.starts_with('.'))
    };
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, version, _) in locked() {
        versions.entry(name).or_default().insert(version);
    }
    let mut needed = BTreeSet::new();
    for (name, versions) in versions.iter().filter(|(_, versions)| versions.len() > 1) {
        let skipped = |version: &&String| {
            let skip = skips.iter().find(|(of, skip)| of == name && is_of(version, skip));
            needed.extend(skip.copied());
            skip.is_none()
        };
        let left: Vec<_> = versions.iter().filter(skipped).collect();
        assert!(
            left.len() <= 1,
            "{name} is there several times: {left:?}; deny.toml has no reason"
        );
    }
    assert_eq!(needed, skips, "a reason in deny.toml is not needed any more");
}

/// The crates in the first cells of a table of `docs/sources.md`.
fn crates_in(page: &str, heading: &str) -> BTreeSet<String> {
    let section = page.split(&format!("\n### {heading}\n")).nth(1).unwrap();
    let section = section.split("\n### ").next().unwrap();
    let cells = section.lines().filter_map(|line| line.strip_prefix("| `")?.split(" |").next());
    let crates = cells.flat_map(|cell| cell.split(", "));
    crates.map(|name| name.trim_matches('`').to_owned()).collect()
}

/// How many `unsafe` blocks, functions and implementations stand below a folder, tests left out.
#[cfg(target_os = "linux")]
fn count_unsafe(folder: &Path) -> usize {
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            let is_left_out = matches!(name.as_str(), "tests" | "benches" | "examples" | "fuzz");
            count += if is_left_out { 0 } else { count_unsafe(&path) };
        } else if name.ends_with(".rs") {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            let kinds = ["unsafe {", "unsafe fn ", "unsafe impl"];
            count += kinds.iter().map(|kind| text.matches(kind).count()).sum::<usize>();
        }
    }
    count
}

/// Number of uses from which on a crate is named.
#[cfg(target_os = "linux")]
const MUCH_UNSAFE: usize = 100;

#[cfg(target_os = "linux")]
#[test]
fn native_code_and_much_unsafe_are_named_with_their_reason() {
    let metadata = metadata();
    let dependencies = dependencies(&metadata);
    let mut reached = BTreeSet::new();
    let mut next = vec!["contactmill-cli".to_owned()];
    let is_macro = |package: &Value| {
        package["targets"]
            .as_array()
            .unwrap()
            .iter()
            .any(|target| target["kind"][0] == "proc-macro")
    };
    let packages = metadata["packages"].as_array().unwrap();
    let macros: BTreeSet<&str> = packages
        .iter()
        .filter(|package| is_macro(package))
        .map(|package| package["name"].as_str().unwrap())
        .collect();
    while let Some(name) = next.pop() {
        // Macros run at compile time, and so does what they are made of.
        if !macros.contains(name.as_str()) && reached.insert(name.clone()) {
            next.extend(dependencies.get(&name).into_iter().flatten().cloned());
        }
    }
    let mut found = BTreeSet::new();
    for package in packages {
        let name = package["name"].as_str().unwrap();
        if !reached.contains(name) || package["source"].is_null() {
            continue;
        }
        let is_native = package["dependencies"].as_array().unwrap().iter().any(|dependency| {
            let is_compiler = dependency["name"] == "cc" || dependency["name"] == "cmake";
            is_compiler && dependency["kind"] == "build" && dependency["optional"] == false
        });
        let folder = Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap();
        if is_native || count_unsafe(folder) >= MUCH_UNSAFE {
            found.insert(name.to_owned());
        }
    }
    let page = fs::read_to_string(Path::new(ROOT).join("docs/sources.md")).unwrap();
    assert_eq!(crates_in(&page, "Native code and `unsafe`"), found);
}

#[test]
fn every_library_is_listed_once_on_the_page_of_sources() {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/sources.md")).unwrap();
    let section = page.split("\n## Libraries\n").nth(1).unwrap().split("\n### ").next().unwrap();
    let rows: Vec<&str> = section.lines().filter(|line| line.starts_with("| `")).collect();
    let known: BTreeSet<&&str> = rows.iter().collect();
    assert_eq!(known.len(), rows.len());
    let firsts: Vec<&str> = rows.iter().filter_map(|row| row.split(" | ").next()).collect();
    assert_eq!(firsts.iter().collect::<BTreeSet<_>>().len(), firsts.len(), "{firsts:?}");
    let manifest = fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let dependencies = manifest["workspace"]["dependencies"].as_table().unwrap();
    for name in dependencies.keys().filter(|name| !name.starts_with("contactmill")) {
        assert!(page.contains(&format!("`{name}`")), "docs/sources.md does not say why {name}");
    }
}

#[test]
fn every_file_of_tests_is_run_by_a_crate() {
    let metadata = metadata();
    let targets = metadata["packages"].as_array().unwrap().iter().flat_map(|package| {
        let targets = package["targets"].as_array().unwrap();
        targets.iter().filter(|target| target["kind"][0] == "test")
    });
    let run: BTreeSet<_> = targets
        .filter_map(|target| fs::canonicalize(target["src_path"].as_str().unwrap()).ok())
        .collect();
    for entry in fs::read_dir(Path::new(ROOT).join("tests")).unwrap() {
        let path = fs::canonicalize(entry.unwrap().path()).unwrap();
        if path.extension().is_some_and(|extension| extension == "rs") {
            assert!(run.contains(&path), "{} is no test target of any crate", path.display());
        }
    }
}
