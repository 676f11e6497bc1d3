//! The committed sample data is what the generator makes, and keeps to what its README promises.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

#[path = "../examples/generate_sample_data/generator/mod.rs"]
mod generator;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::Value;

/// Made once for all tests of this file.
static FILES: LazyLock<Vec<generator::File>> = LazyLock::new(|| generator::files().unwrap());

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data")
}

/// Every record of the generated files as text by column, CSV and NDJSON alike.
fn records(files: &[generator::File]) -> Vec<BTreeMap<String, String>> {
    let mut records = Vec::new();
    for (name, text) in files {
        if name.ends_with(".ndjson") {
            for line in text.lines() {
                let Value::Object(row) = serde_json::from_str(line).unwrap() else { panic!("{name}: not an object") };
                records.push(row.into_iter().map(|(column, value)| (column, plain(&value))).collect());
            }
        } else if name.ends_with("Events.csv") {
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            records.extend(reader.deserialize::<BTreeMap<String, String>>().map(Result::unwrap));
        }
    }
    records
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[test]
fn generating_again_gives_the_committed_bytes() {
    for (name, text) in FILES.iter() {
        let committed = fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(committed == *text, "{name} differs: run `cargo run --example generate_sample_data`");
    }
}

#[test]
fn a_scenario_has_a_lesson_and_its_expectations() {
    let scenarios: BTreeSet<&str> = FILES.iter().filter_map(|(name, _)| Some(name.split_once('/')?.0)).collect();
    assert_eq!(scenarios, BTreeSet::from(["baseline", "java-sysrv", "xp-cmdshell"]));
    for scenario in scenarios {
        let lesson = fs::read_to_string(folder().join(scenario).join("lesson.md")).unwrap();
        assert!(lesson.starts_with("# "), "{scenario}: a lesson starts with its title");
        let expected = fs::read_to_string(folder().join(scenario).join("expected.json")).unwrap();
        let expected: Value = serde_json::from_str(&expected).unwrap();
        let matches = |rule: &Value| rule["matches"].as_array().unwrap().len();
        let total: usize = expected["rules"].as_object().unwrap().values().map(matches).sum();
        assert_eq!(total == 0, scenario == "baseline");
    }
}

#[test]
fn a_file_has_the_same_hashes_wherever_it_appears() {
    let mut hashes: BTreeMap<String, BTreeSet<[String; 3]>> = BTreeMap::new();
    for record in records(&FILES) {
        let value = |column: &str| record.get(column).cloned().unwrap_or_default();
        for prefix in ["", "InitiatingProcess"] {
            let path = value(&format!("{prefix}FolderPath"));
            if !path.is_empty() {
                let of = |kind: &str| value(&format!("{prefix}{kind}"));
                hashes.entry(path).or_default().insert([of("SHA1"), of("SHA256"), of("MD5")]);
            }
        }
    }
    assert!(hashes.len() > 100);
    for (path, seen) in hashes {
        assert_eq!(seen.len(), 1, "{path}");
        let lengths: Vec<usize> = seen.first().unwrap().iter().map(String::len).collect();
        assert_eq!(lengths, [40, 64, 32], "{path}");
    }
}

#[test]
fn no_address_is_anybodys() {
    let documentation = [[192, 0, 2], [198, 51, 100], [203, 0, 113]];
    let mut outside = 0;
    for record in records(&FILES) {
        for column in ["RemoteIP", "LocalIP", "PublicIP", "FileOriginIP"] {
            let Some(address) = record.get(column).filter(|address| !address.is_empty()) else { continue };
            let octets = address.parse::<Ipv4Addr>().unwrap().octets();
            let is_documentation = documentation.iter().any(|network| octets.starts_with(network));
            outside += usize::from(is_documentation);
            assert!(is_documentation || octets.starts_with(&[10, 20]), "{address}");
        }
        for column in ["DeviceName", "RemoteUrl", "RemoteDeviceName", "AccountUpn"] {
            let Some(name) = record.get(column).filter(|name| !name.is_empty()) else { continue };
            let reserved = [".example", "example.com", "example.net", "example.org"];
            let is_address = name.parse::<Ipv4Addr>().is_ok();
            assert!(is_address || reserved.iter().any(|end| name.ends_with(end)), "{name}");
        }
    }
    assert!(outside > 0);
}

#[test]
fn every_action_type_is_one_that_the_table_has() {
    let known: BTreeMap<String, Vec<String>> =
        serde_json::from_str(include_str!("../assets/schema/actiontypes.json")).unwrap();
    let mut seen = BTreeSet::new();
    for record in records(&FILES) {
        if let Some(action) = record.get("ActionType") {
            assert!(known[&record["Type"]].contains(action), "{}: {action}", record["Type"]);
            seen.insert(action.clone());
        }
    }
    assert!(seen.len() > 15, "{seen:?}");
}

#[test]
fn every_process_but_the_kernel_has_its_own_event() {
    for scenario in ["baseline", "java-sysrv", "xp-cmdshell"] {
        let of_scenario: Vec<_> = FILES.iter().filter(|(name, _)| name.starts_with(scenario)).cloned().collect();
        let records = records(&of_scenario);
        let created: BTreeSet<(&str, &str)> = records
            .iter()
            .filter(|record| record["Type"] == "DeviceProcessEvents")
            .map(|record| (record["ProcessId"].as_str(), record["ProcessCreationTime"].as_str()))
            .collect();
        assert!(created.len() > 50, "{scenario}");
        for record in &records {
            let Some(actor) = record.get("InitiatingProcessId") else { continue };
            let known = created.contains(&(actor.as_str(), record["InitiatingProcessCreationTime"].as_str()));
            assert!(known || actor == "4", "{scenario}: {record:?}");
            if record["Type"] == "DeviceProcessEvents" {
                assert!(record["InitiatingProcessCreationTime"] <= record["ProcessCreationTime"], "{record:?}");
            }
        }
    }
}

#[test]
fn an_estate_has_as_many_processes_as_asked_for_and_a_tenth_of_the_rest() {
    let schema = generator::Schema::load().unwrap();
    let text = |processes| -> String {
        generator::estate(processes, &schema).map(|rows| generator::to_ndjson(&rows.unwrap())).collect()
    };
    let estate = text(3_000);
    assert_eq!(estate, text(3_000));
    let of = |table: &str| estate.lines().filter(|line| line.contains(&format!("\"Type\":\"{table}\""))).count();
    let processes = of("DeviceProcessEvents");
    assert!((3_000..4_500).contains(&processes), "{processes}");
    for table in ["DeviceFileEvents", "DeviceRegistryEvents", "DeviceNetworkEvents"] {
        let share = of(table) * 100 / processes;
        assert!((7..=13).contains(&share), "{table}: {share} %");
    }
}
