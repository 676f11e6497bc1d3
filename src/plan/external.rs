//! Binding externaldata: rows of local files that the analyst mapped to the URIs. The network is never touched.

use super::binder::{Binder, Context};
use super::join::option_word;
use super::tree::{Expr, Field, NodeId};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::span::Span;
use crate::kql::syntax::{self, ColumnDeclaration, NamedOption};
use crate::schema::{ScalarType, Value};

impl Binder<'_> {
    pub fn external_data(
        &mut self,
        columns: &[ColumnDeclaration],
        uris: &[syntax::Expr],
        options: &[NamedOption],
        span: Span,
    ) -> NodeId {
        let fields = self.declared_fields(columns);
        let mut rows = Vec::new();
        for uri in uris {
            let Some(Value::String(address)) = self.scalar(uri, &mut Context::default()).as_constant().cloned() else {
                self.error("external-uri", uri.span, "the address must be a constant string");
                continue;
            };
            // What follows ';' is a secret for the service.
            let address = address.split(';').next().unwrap_or_default().to_owned();
            let Some(text) = self.environment.inputs.external_data(&address) else {
                self.diagnostics.push(
                    Diagnostic::needs_input(
                        "externaldata",
                        uri.span,
                        format!("externaldata reads '{address}', which is not mapped to a local file"),
                    )
                    .with_help(format!("supply it with --input '{address}=FILE'")),
                );
                continue;
            };
            let format = option_word(options, "format").map(|(word, _)| word.to_lowercase());
            let format = format.unwrap_or_else(|| format_of(&address).to_owned());
            let skip = option_word(options, "ignoreFirstRecord").is_some_and(|(word, _)| word == "true");
            match read(&text, &format, skip, &fields) {
                Ok(read) => rows.extend(read),
                Err(reason) => self.diagnostics.push(
                    Diagnostic::needs_input("externaldata", uri.span, format!("'{address}' as {format}: {reason}"))
                        .with_help("formats read here: csv, tsv, psv, txt, json, multijson"),
                ),
            }
        }
        let rows = rows
            .into_iter()
            .map(|row| {
                row.into_iter()
                    .zip(&fields)
                    .map(|(cell, field)| {
                        let cell = match cell {
                            Cell::Text(text) if field.scalar_type == ScalarType::Dynamic => {
                                self.registered("parse_json", vec![Expr::string(text)], span)
                            }
                            Cell::Text(text) => Expr::string(text),
                            Cell::Json(json) => Expr::constant(Value::Dynamic(json), ScalarType::Dynamic),
                            Cell::Missing => Expr::null(field.scalar_type),
                        };
                        self.cast(cell, field.scalar_type)
                    })
                    .collect()
            })
            .collect();
        self.rows_node(fields, rows, span, "externaldata")
    }
}

enum Cell {
    Text(String),
    Json(String),
    Missing,
}

fn format_of(address: &str) -> &'static str {
    let path = address.split(['?', '#']).next().unwrap_or_default().to_lowercase();
    let path = path.trim_end_matches(".gz").trim_end_matches(".zip");
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("tsv") => "tsv",
        Some("psv") => "psv",
        Some("txt") => "txt",
        Some("json") => "multijson",
        _ => "csv",
    }
}

fn read(text: &str, format: &str, skip: bool, fields: &[Field]) -> Result<Vec<Vec<Cell>>, String> {
    match format {
        "txt" | "raw" => {
            let lines: Vec<&str> = if format == "raw" { vec![text] } else { text.lines().collect() };
            Ok(lines
                .into_iter()
                .skip(usize::from(skip))
                .map(|line| {
                    std::iter::once(Cell::Text(line.to_owned()))
                        .chain(fields.iter().skip(1).map(|_| Cell::Missing))
                        .collect()
                })
                .collect())
        }
        "csv" | "tsv" | "psv" => {
            let delimiter = match format {
                "tsv" => b'\t',
                "psv" => b'|',
                _ => b',',
            };
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(skip)
                .flexible(true)
                .delimiter(delimiter)
                .from_reader(text.as_bytes());
            reader
                .records()
                .map(|record| {
                    let record = record.map_err(|error| error.to_string())?;
                    Ok((0..fields.len())
                        .map(|place| record.get(place).map_or(Cell::Missing, |cell| Cell::Text(cell.to_owned())))
                        .collect())
                })
                .collect()
        }
        "json" | "multijson" => {
            let mut rows = Vec::new();
            for value in serde_json::Deserializer::from_str(text).into_iter::<serde_json::Value>() {
                match value.map_err(|error| error.to_string())? {
                    serde_json::Value::Array(members) => rows.extend(members),
                    other => rows.push(other),
                }
            }
            Ok(rows
                .into_iter()
                .map(|row| {
                    fields
                        .iter()
                        .map(|field| match row.get(&field.name) {
                            None | Some(serde_json::Value::Null) => Cell::Missing,
                            Some(value) => Cell::Json(value.to_string()),
                        })
                        .collect()
                })
                .collect())
        }
        _ => Err("this format is not read".to_owned()),
    }
}
