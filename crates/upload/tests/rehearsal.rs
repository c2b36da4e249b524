//! Uploads to the sandbox, over real connections.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "a test tells what it measured")]

mod loopback;

use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use contactmill_sandbox::{AnswerStyle, Options, Sandbox};
use contactmill_upload::{Ended, Service, Target, UploadOptions};
use loopback::{Run, contact, folder, write_folder};

fn sandbox(options: Options) -> Sandbox {
    Sandbox::start(Options { port: 0, ..options }).unwrap()
}

/// A sandbox whose limit is never reached.
fn unlimited() -> Options {
    Options { rate: NonZeroU32::new(1_000_000).unwrap(), ..Options::default() }
}

fn to(sandbox: &Sandbox) -> Run {
    let options = UploadOptions { retries: 8, ..UploadOptions::default() };
    Run { options, ..Run::to(&format!("http://{}", sandbox.address())) }
}

/// Every contact is stored as it is in the folder, and no other.
#[track_caller]
fn check_stored(sandbox: &Sandbox, numbers: impl Iterator<Item = usize>) {
    let stored = sandbox.contacts();
    let mut expected = 0;
    for number in numbers {
        let key =
            contactmill_sandbox::Key { prefix: "91".to_owned(), number: format!("98{number:08}") };
        assert_eq!(stored.get(&key).map(|one| &one.contact), Some(&contact(number)));
        expected += 1;
    }
    assert_eq!(stored.len(), expected);
}

#[test]
fn answers_of_200_that_store_nothing_are_counted_apart() {
    let faults = "lie=1..3,html=3..4,truncate=4..5,500=5..6".parse().unwrap();
    let sandbox = sandbox(Options { faults, ..unlimited() });
    let (report, _) = to(&sandbox).upload(folder(3, 2).path());
    assert_eq!((report.ended, report.acknowledged), (Ended::Finished, 6));
    let stats = sandbox.stats();
    let apart: Vec<_> = stats.behind_200.into_iter().collect();
    assert_eq!(apart, [("html", 1), ("lie", 2), ("truncate", 1)]);
    assert_eq!(stats.answers[&500], 1);
    assert_eq!(stats.answers.values().sum::<u64>(), stats.requests);
    // Three arrays, one of which came again, as its answer was cut short.
    assert_eq!((stats.answers[&200], stats.contacts, stats.updated), (4 + 3, 6, 2));
}

#[test]
fn every_contact_arrives_in_both_styles_and_through_faults() {
    for (answers, faults) in [
        (AnswerStyle::A, ""),
        (AnswerStyle::B, ""),
        (
            AnswerStyle::A,
            "500=0.05,503=0.03,reset=0.05,drop-after-apply=0.05,truncate=0.05,lie=0.02,html=0.02",
        ),
    ] {
        let faults = faults.parse().unwrap();
        let sandbox = sandbox(Options { answers, faults, ..unlimited() });
        let made = folder(30, 20);
        let (report, _) = to(&sandbox).upload(made.path());
        assert_eq!((report.ended, report.acknowledged), (Ended::Finished, 600));
        check_stored(&sandbox, 0..600);
        assert!(!made.path().join("refused.csv").exists());
    }
}

#[test]
fn one_bad_contact_among_500_is_found_and_the_others_are_stored() {
    for place in [0, 124, 250, 333, 499] {
        let sandbox = sandbox(Options { max_bytes: 1 << 20, ..unlimited() });
        let made = tempfile::tempdir().unwrap();
        let mut contacts: Vec<_> = (0..500).map(contact).collect();
        *contacts[place].pointer_mut("/profile/userDetails/contact/email").unwrap() =
            "canary-without-at".into();
        write_folder(made.path(), &[contacts]);
        let (report, _) = to(&sandbox).upload(made.path());
        assert_eq!((report.acknowledged, report.refused), (499, 1));
        let requests = sandbox.stats().requests;
        println!("place {place}: {requests} requests");
        assert!(requests <= 18, "{requests} requests");
        check_stored(&sandbox, (0..500).filter(|number| *number != place));
        let table = std::fs::read_to_string(made.path().join("refused.csv")).unwrap();
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 2, "{table}");
        assert!(lines[1].contains(&format!("import-000001.json,{},1,,status_400", place + 1)));
        assert!(lines[1].ends_with("email must be an address or empty."), "{table}");
        let journal = loopback::journal(made.path());
        assert!(!journal.to_lowercase().contains("canary"), "{journal}");
    }
}

#[test]
fn an_array_that_is_too_large_is_halved_until_it_is_taken() {
    let sandbox = sandbox(Options { max_bytes: 4_000, ..unlimited() });
    let made = folder(4, 100);
    let (report, _) = to(&sandbox).upload(made.path());
    assert_eq!((report.acknowledged, report.refused), (400, 0));
    check_stored(&sandbox, 0..400);
    assert!(sandbox.stats().answers[&413] <= 4 * 7, "{:?}", sandbox.stats().answers);
}

#[test]
fn a_tag_is_on_every_contact_that_arrives() {
    let sandbox = sandbox(unlimited());
    let made = folder(2, 5);
    let mut run = to(&sandbox);
    run.options.tag = Some("spring".to_owned());
    let (report, _) = run.upload(made.path());
    assert_eq!(report.acknowledged, 10);
    for stored in sandbox.contacts().values() {
        let tags = stored.contact.pointer("/profile/userDetails/tags").unwrap();
        assert_eq!(*tags, serde_json::json!(["lead", "spring"]));
    }
}

/// 20 requests at 100 a minute, each of which takes a second.
#[test]
fn ten_thousand_contacts_take_what_the_limit_allows() {
    let faults = "slow=1s".parse().unwrap();
    let sandbox = sandbox(Options { faults, max_bytes: 1 << 20, ..Options::default() });
    let made = folder(20, 500);
    let run = Run {
        target: Target::at(&format!("http://{}", sandbox.address())).unwrap(),
        ..to(&sandbox)
    };
    let (report, _) = run.upload(made.path());
    assert_eq!((report.acknowledged, report.requests), (10_000, 20));
    let allowed = contactmill_upload::least_time(run.target.rate(), 20) + Duration::from_secs(1);
    println!("{:?}, and {allowed:?} is the least", report.took);
    let stats = sandbox.stats();
    assert_eq!((stats.peak_minute, stats.answers.get(&429)), (20, None));
    check_stored(&sandbox, 0..10_000);
}

/// The sandbox takes the headers of every published service.
#[test]
fn every_service_gets_the_headers_that_the_api_asks_for() {
    let sandbox = sandbox(unlimited());
    for service in Service::ALL {
        let target = Target::service(*service);
        let origin = target.headers().into_iter().find(|(name, _)| *name == "Origin");
        let mut run = to(&sandbox);
        if let Some((_, origin)) = origin {
            run.target = run.target.with_origin(&origin).unwrap();
        }
        assert_eq!(run.target.headers(), target.headers(), "{service}");
        let made = folder(1, 2);
        let (report, _) = run.upload(made.path());
        assert_eq!(report.acknowledged, 2, "{service}");
    }
}

#[test]
fn the_journal_reveals_no_contact() {
    let sandbox = sandbox(unlimited());
    let made = folder(3, 5);
    to(&sandbox).upload(made.path());
    let journal = loopback::journal(made.path());
    assert_eq!(journal.lines().count(), 1 + 2 * 3);
    assert!(!journal.to_lowercase().contains("canary"), "{journal}");
    let (report, events) = to(&sandbox).upload(made.path());
    assert_eq!((report.acknowledged_before, report.requests, events.len()), (15, 0, 0));
    assert!(Path::new(&made.path().join("upload.journal")).exists());
}
