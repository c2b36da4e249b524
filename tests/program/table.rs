//! Tables of contacts, of any form, as rows.

use std::fs;
use std::path::Path;

use contactmill_core::columns::CONTACT_COLUMNS;
use contactmill_wire::csv_cell::unescape;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use serde_json::{Value, json};

/// The rows of the table of a result; `None` if it holds import arrays.
pub(crate) fn of(out: &Path) -> Option<Vec<Value>> {
    let to = super::manifest(out)["options"]["to"].as_str()?.to_owned();
    Some(rows_of(&out.join(format!("contacts.{to}"))))
}

/// The rows of a table, with attributes as pairs in the order of their keys.
pub(crate) fn rows_of(path: &Path) -> Vec<Value> {
    let mut rows: Vec<Value> = match path.extension().unwrap().to_str().unwrap() {
        "csv" => csv_rows(path),
        "ndjson" => {
            let text = fs::read_to_string(path).unwrap();
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        }
        _ => parquet_rows(fs::read(path).unwrap()).iter().map(parquet_row).collect(),
    };
    for row in &mut rows {
        let attributes = row["attributes"].as_array_mut().unwrap();
        attributes.sort_by_key(|attribute| attribute["key"].to_string());
    }
    rows
}

fn csv_rows(path: &Path) -> Vec<Value> {
    let row = |row: csv::StringRecord| {
        let cell = |index: usize| unescape(&row[index]).to_owned();
        let optional = |index| Some(cell(index)).filter(|text| !text.is_empty());
        let number = |index| cell(index).parse::<u64>().unwrap();
        let tags: Vec<String> = cell(7).split("; ").map(str::to_owned).collect();
        let object = optional(8).map(|object| serde_json::from_str::<Value>(&object).unwrap());
        let pairs = object.as_ref().and_then(Value::as_object).into_iter().flatten();
        json!({
            "name": cell(0), "phone": cell(1), "calling_code": number(2),
            "national_number": cell(3), "region": optional(4), "line_type": cell(5),
            "email": optional(6), "tags": if cell(7).is_empty() { Vec::new() } else { tags },
            "attributes": pairs.map(|(key, value)| json!({"key": key, "value": value}))
                .collect::<Vec<_>>(),
            "source": cell(9), "record": number(10), "line": number(11),
        })
    };
    super::rows(path).into_iter().map(row).collect()
}

fn parquet_rows(bytes: Vec<u8>) -> Vec<Row> {
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    reader.get_row_iter(None).unwrap().map(Result::unwrap).collect()
}

/// The rows of a Parquet file, one a line.
pub(crate) fn parquet_text(bytes: Vec<u8>) -> String {
    parquet_rows(bytes).iter().map(|row| format!("{row}\n")).collect()
}

fn parquet_row(row: &Row) -> Value {
    let column = |(name, field): (&String, &Field)| (name.clone(), value(field));
    Value::Object(row.get_column_iter().map(column).collect())
}

fn value(field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Str(text) => text.as_str().into(),
        Field::Int(number) => (*number).into(),
        Field::Long(number) => (*number).into(),
        Field::ListInternal(list) => list.elements().iter().map(value).collect(),
        Field::MapInternal(map) => {
            let pairs = map.entries().iter();
            pairs.map(|(key, of)| json!({"key": value(key), "value": value(of)})).collect()
        }
        other => panic!("no column holds {other}"),
    }
}

/// What every row must satisfy.
pub(crate) fn check_row(row: &Value) {
    let mut columns = CONTACT_COLUMNS;
    columns.sort_unstable();
    let mut keys: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, columns);
    let text = |column: &str| row[column].as_str().unwrap();
    assert_eq!(text("phone"), format!("+{}{}", row["calling_code"], text("national_number")));
    assert!(!text("name").is_empty() && !text("line_type").is_empty());
    assert!(row["record"].as_u64().unwrap() > 0 && row["line"].as_u64().unwrap() > 0);
    for optional in ["region", "email"] {
        assert!(row[optional].is_null() || !text(optional).is_empty());
    }
    for tag in row["tags"].as_array().unwrap() {
        assert!(!tag.as_str().unwrap().is_empty());
    }
    for attribute in row["attributes"].as_array().unwrap() {
        assert!(!attribute["key"].as_str().unwrap().is_empty());
        assert!(!attribute["value"].as_str().unwrap().is_empty());
    }
}

/// The contact of a row, as it is in an import array.
pub(crate) fn imported(row: &Value) -> Value {
    let phone =
        json!({"number": row["national_number"], "prefix": row["calling_code"].to_string()});
    json!({"profile": {"userDetails": {
        "userProvidedName": row["name"],
        "contact": {"email": row["email"].as_str().unwrap_or_default(), "phone": phone},
        "tags": row["tags"],
        "attributes": row["attributes"],
    }}})
}
