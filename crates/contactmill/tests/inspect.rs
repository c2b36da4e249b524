//! Inspections through the library, without the command.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use contactmill::{ErrorKind, Event, Explain, Input, Inspect, Options, Reading, Region};

const DUMP: &str = "Name,Phone,Email\n\
                    Asha Verma,+91 98765 43210,asha@example.com\n\
                    Ravi,9.19877E+11,\n\
                    Mira,098765 43211,mira@example.com\n";

fn inspect<'i>(dump: &'i str) -> Inspect<'i> {
    Inspect::new([Input::reader("leads", dump.as_bytes())])
}

#[test]
fn a_report_says_what_columns_hold_and_how_records_would_end() {
    let report = inspect(DUMP).run().unwrap();
    let [input] = &report.inputs[..] else { panic!("{report:?}") };
    assert_eq!((input.name.as_str(), input.bytes), ("leads", DUMP.len() as u64));
    let seen = input.seen.as_ref().unwrap();
    assert_eq!((seen.inspection.contacts, seen.inspection.rejected), (1, 2));

    let json = serde_json::to_value(&report).unwrap();
    let input = &json["inputs"][0];
    assert_eq!((&input["format"], &input["records"]), (&"csv".into(), &3.into()));
    assert_eq!(input["columns"][1]["field"], "phone");
    let found = input["columns"][1]["found"].as_array().unwrap();
    let rounded = found.iter().find(|found| found["code"] == "phone_excel_rounded").unwrap();
    assert_eq!((&rounded["count"], &rounded["first_line"]), (&1.into(), &3.into()));
    assert_eq!(input["region_advice"]["regions"][0]["region"], "IN");
}

#[test]
fn options_decide_what_would_become_a_contact() {
    let options = Options { region: Some(Region::IN), ..Options::default() };
    let report = inspect(DUMP).options(options).run().unwrap();
    assert_eq!(report.inputs[0].seen.as_ref().unwrap().inspection.contacts, 2);
}

#[test]
fn examples_are_masked_unless_values_are_asked_for() {
    let text = |run: Inspect<'_>| serde_json::to_string(&run.run().unwrap()).unwrap();
    let masked = text(inspect(DUMP));
    assert!(!masked.contains("Verma") && !masked.contains("9876543210"), "{masked}");
    let shown = text(inspect(DUMP).show_values(true));
    assert!(shown.contains("Asha Verma") && shown.contains("9876543210"), "{shown}");
}

#[test]
fn an_input_without_a_header_row_of_its_own_is_reported() {
    let mut reported = Vec::new();
    let dump = r#"[{"name": "Asha", "phone": "+91 98765 43210"}]"#;
    inspect(dump)
        .reading(Reading { no_header: true, ..Reading::default() })
        .on_event(|event| {
            if let Event::NoHeaderRow { input, format } = event {
                reported.push(format!("{input} is {format}"));
            }
        })
        .run()
        .unwrap();
    assert_eq!(reported, ["leads is json"]);
}

#[test]
fn an_error_says_which_input_it_is_about() {
    let inputs = [DUMP, "Kunde,Ort\nAsha,Pune\n"].map(str::as_bytes);
    let inputs = inputs.into_iter().zip(["a", "b"]).map(|(bytes, name)| Input::reader(name, bytes));
    let error = Inspect::new(inputs).run().unwrap_err();
    assert_eq!((error.kind(), error.source_name()), (ErrorKind::Mapping, Some("b")));
}

#[test]
fn an_explanation_is_an_object_with_the_steps_and_the_outcome() {
    let explain = Explain::phone("+34 0910 123 456", &Options::default());
    let json = serde_json::to_value(&explain).unwrap();
    assert_eq!((&json["field"], &json["outcome"]), (&"phone".into(), &"accepted".into()));
    assert_eq!(json["phone"]["number"], "910123456");
    assert_eq!(json["warnings"][0]["code"], "phone_trunk_zero");
    let json = serde_json::to_value(Explain::phone("9876543210", &Options::default())).unwrap();
    assert_eq!(
        (&json["outcome"], &json["reason"]),
        (&"rejected".into(), &"phone_country_unknown".into())
    );
}
