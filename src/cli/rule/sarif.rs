//! Findings as a SARIF 2.1.0 log, the form in which code hosts take what a checker says.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::finding::Finding;
use super::report;
use crate::kql::diagnostic::Severity;
use crate::rules::lint::CHECKS;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// A log of one run.
pub fn log(findings: &[Finding<'_>]) -> Value {
    // The codes in use, with what is known of each; results name them by their place in this list.
    let mut codes: BTreeMap<&str, usize> = findings.iter().map(|finding| (finding.code(), 0)).collect();
    for (place, index) in codes.values_mut().enumerate() {
        *index = place;
    }
    let rules: Vec<Value> = codes
        .keys()
        .map(|code| {
            let mut rule = json!({ "id": code });
            let check = CHECKS.iter().find(|check| check.code == *code);
            if let (Some(check), Value::Object(fields)) = (check, &mut rule) {
                fields.insert("shortDescription".to_owned(), json!({ "text": check.summary }));
                fields.insert("defaultConfiguration".to_owned(), json!({ "level": "warning" }));
            }
            rule
        })
        .collect();
    let results: Vec<Value> = findings
        .iter()
        .map(|finding| {
            json!({
                "ruleId": finding.code(),
                "ruleIndex": codes.get(finding.code()),
                "level": match finding.severity() {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                },
                "message": { "text": text(finding) },
                "locations": [location(finding)],
            })
        })
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": env!("CARGO_PKG_NAME"),
                    "version": env!("CARGO_PKG_VERSION"),
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": rules,
                }
            },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

/// The message as sentences, with what helps.
fn text(finding: &Finding<'_>) -> String {
    let (message, help) = match finding {
        Finding::Query { diagnostic, .. } => (diagnostic.message.as_str(), diagnostic.help.as_slice()),
        Finding::File { message, .. } => (*message, [].as_slice()),
    };
    std::iter::once(message).chain(help.iter().map(String::as_str)).map(sentence).collect::<Vec<_>>().join(" ")
}

fn sentence(text: &str) -> String {
    let end = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{text}{end}")
}

fn location(finding: &Finding<'_>) -> Value {
    let (path, region) = match finding {
        Finding::Query { rule, diagnostic } => {
            let region = match report::region(rule, diagnostic) {
                Some((start, end)) => json!({
                    "startLine": start.line,
                    "startColumn": start.column,
                    "endLine": end.line,
                    "endColumn": end.column,
                }),
                // The file wraps or escapes the query: where it starts is known.
                None => json!({ "startLine": rule.origin.line }),
            };
            (rule.origin.path.as_str(), Some(region))
        }
        Finding::File { path, line, .. } => (*path, line.map(|line| json!({ "startLine": line }))),
    };
    let mut physical = json!({ "artifactLocation": { "uri": uri(path) } });
    if let (Value::Object(fields), Some(region)) = (&mut physical, region) {
        fields.insert("region".to_owned(), region);
    }
    json!({ "physicalLocation": physical })
}

/// A path as a URI reference: relative paths stay so.
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let drive = path.as_bytes().get(1) == Some(&b':');
    let start = match (path.starts_with('/'), drive) {
        (true, _) => "file://",
        (false, true) => "file:///",
        (false, false) => "",
    };
    let escaped: String = path
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => char::from(byte).to_string(),
            b':' if drive => ":".to_owned(),
            other => format!("%{other:02X}"),
        })
        .collect();
    format!("{start}{escaped}")
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_become_uri_references() {
        assert_eq!(uri("rules/a b#1.kql"), "rules/a%20b%231.kql");
        assert_eq!(uri("/tmp/é.kql"), "file:///tmp/%C3%A9.kql");
        assert_eq!(uri(r"C:\rules\a.kql"), "file:///C:/rules/a.kql");
    }
}
