//! One finding of `whippet rule check`: of a rule's query, or of the file around it.

use serde_json::{Value, json};

use super::report;
use crate::kql::diagnostic::{Class, Diagnostic, Severity};
use crate::rules::catalog::Skipped;
use crate::rules::{Problem, Rule};

pub enum Finding<'rule> {
    Query { rule: &'rule Rule, diagnostic: Diagnostic },
    File { path: &'rule str, rule: Option<&'rule str>, line: Option<usize>, severity: Severity, message: &'rule str },
}

/// The code of what is wrong with a file rather than with its query.
pub const FILE_CODE: &str = "rule-file";

impl<'rule> Finding<'rule> {
    pub fn of_query(rule: &'rule Rule, diagnostic: Diagnostic) -> Self {
        Self::Query { rule, diagnostic }
    }

    pub fn of_file(rule: &'rule Rule, problem: &'rule Problem) -> Self {
        Self::File {
            path: &rule.origin.path,
            rule: Some(&rule.id),
            line: problem.line,
            severity: problem.severity,
            message: &problem.message,
        }
    }

    pub fn of_skipped(skipped: &'rule Skipped) -> Self {
        Self::File { path: &skipped.path, rule: None, line: None, severity: Severity::Error, message: &skipped.reason }
    }

    pub fn severity(&self) -> Severity {
        match self {
            Self::Query { diagnostic, .. } => diagnostic.severity,
            Self::File { severity, .. } => *severity,
        }
    }

    pub fn class(&self) -> Class {
        match self {
            Self::Query { diagnostic, .. } => diagnostic.class,
            Self::File { .. } => Class::Invalid,
        }
    }

    pub fn code(&self) -> &'static str {
        match self {
            Self::Query { diagnostic, .. } => diagnostic.code,
            Self::File { .. } => FILE_CODE,
        }
    }

    pub fn json(&self) -> Value {
        match self {
            Self::Query { rule, diagnostic } => report::json(rule, diagnostic),
            Self::File { path, rule, line, severity, message } => {
                let mut record = json!({
                    "origin": path,
                    "severity": severity,
                    "code": FILE_CODE,
                    "message": message,
                });
                if let (Value::Object(fields), Some(rule)) = (&mut record, rule) {
                    fields.insert("rule".to_owned(), json!(rule));
                    fields.insert("start".to_owned(), json!(line.map(|line| json!({ "line": line, "column": 1 }))));
                }
                record
            }
        }
    }
}
