//! Results as text: a table for people, JSON, NDJSON, CSV, and the response of the Kusto v1 query interface.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value as Json;
use unicode_width::UnicodeWidthStr;

use super::json;
use crate::kql::visible::visible;
use crate::schema::{Column, Table, Value, format};

/// The two ways of commands that answer one question: for a reader, or for a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Reading {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Table,
    Json,
    Ndjson,
    Csv,
    Kusto,
}

/// Less than this is kept back: each write to a pipe wakes its reader.
const BUFFER: usize = 1 << 16;

/// Writes a result row by row. Forms that need the whole of it keep the rows until the end.
pub struct Output<'o> {
    output: io::BufWriter<&'o mut dyn Write>,
    table: Table,
    form: Form,
}

enum Form {
    Whole(Format),
    Ndjson { keys: Vec<Vec<u8>>, line: Vec<u8> },
    Csv(Box<csv::Writer<Vec<u8>>>),
}

impl<'o> Output<'o> {
    pub fn new(output: &'o mut dyn Write, columns: Vec<Column>, chosen: Format) -> io::Result<Self> {
        let form = match chosen {
            Format::Ndjson => {
                let key = |column: &Column| {
                    let mut key = Vec::new();
                    json::push_text(&mut key, &column.name)?;
                    key.push(b':');
                    Ok(key)
                };
                Form::Ndjson { keys: columns.iter().map(key).collect::<io::Result<_>>()?, line: Vec::new() }
            }
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(Vec::new());
                writer.write_record(columns.iter().map(|column| cell(&column.name))).map_err(of_csv)?;
                Form::Csv(Box::new(writer))
            }
            whole => Form::Whole(whole),
        };
        let output = io::BufWriter::with_capacity(BUFFER, output);
        Ok(Self { output, table: Table { columns, rows: Vec::new() }, form })
    }

    pub fn row(&mut self, row: Vec<Value>) -> io::Result<()> {
        match &mut self.form {
            Form::Whole(_) => self.table.rows.push(row),
            Form::Ndjson { keys, line } => {
                line.clear();
                write_object(line, keys, &row)?;
                self.output.write_all(line)?;
            }
            Form::Csv(writer) => {
                let cells = row.iter().map(|value| match value {
                    Value::String(text) | Value::Dynamic(text) => cell(text),
                    other => format::text(other),
                });
                writer.write_record(cells).map_err(of_csv)?;
                if writer.get_ref().len() >= BUFFER {
                    let full = std::mem::replace(writer.as_mut(), csv::Writer::from_writer(Vec::new()));
                    self.output.write_all(&full.into_inner().map_err(|error| error.into_error())?)?;
                }
            }
        }
        Ok(())
    }

    /// Ends without writing what was kept back.
    pub fn abandon(self) {
        let _ = self.output.into_parts();
    }

    pub fn finish(mut self) -> io::Result<()> {
        match self.form {
            Form::Whole(Format::Table) => write_table(&mut self.output, &self.table)?,
            Form::Whole(Format::Kusto) => write_kusto(&mut self.output, &self.table)?,
            Form::Whole(_) => {
                let table = &self.table;
                let rows: Vec<Object<'_>> = table.rows.iter().map(|row| Object { table, row }).collect();
                json::write_pretty(&mut self.output, &rows)?;
            }
            Form::Csv(writer) => self.output.write_all(&writer.into_inner().map_err(|error| error.into_error())?)?,
            Form::Ndjson { .. } => {}
        }
        self.output.flush()
    }
}

/// A row as a JSON object on a line; the keys are JSON already, as each row repeats them.
fn write_object(line: &mut Vec<u8>, keys: &[Vec<u8>], row: &[Value]) -> io::Result<()> {
    line.push(b'{');
    for (place, (key, value)) in keys.iter().zip(row).enumerate() {
        if place > 0 {
            line.push(b',');
        }
        line.extend_from_slice(key);
        match value {
            Value::String(text) => json::push_text(line, text)?,
            Value::Datetime(_) | Value::Timespan(_) => json::push_text(line, &format::text(value))?,
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Long(_) => {
                serde_json::to_writer(&mut *line, &format::json(value))?;
            }
            value => json::push(line, &format::json(value))?,
        }
    }
    line.extend_from_slice(b"}\n");
    Ok(())
}

/// A row as a JSON object, written member by member: an object in memory would hold every name again.
struct Object<'a> {
    table: &'a Table,
    row: &'a [Value],
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(Some(self.row.len()))?;
        for (column, value) in self.table.columns.iter().zip(self.row) {
            match value {
                Value::String(text) => members.serialize_entry(&column.name, text)?,
                value => members.serialize_entry(&column.name, &format::json(value))?,
            }
        }
        members.end()
    }
}

/// Cells are cut here: a command line may be thousands of characters long.
const WIDEST: usize = 120;

fn write_table(output: &mut dyn Write, table: &Table) -> io::Result<()> {
    let header: Vec<String> = table.columns.iter().map(|column| visible(&column.name)).collect();
    let rows: Vec<Vec<String>> =
        table.rows.iter().map(|row| row.iter().map(|value| cut(visible(&format::text(value)))).collect()).collect();
    let mut widths: Vec<usize> = header.iter().map(|name| columns_of(name)).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(columns_of(cell));
        }
    }
    write_line(output, &header, &widths)?;
    let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    write_line(output, &rules, &widths)?;
    for row in &rows {
        write_line(output, row, &widths)?;
    }
    let count = rows.len();
    writeln!(output, "({count} {})", if count == 1 { "row" } else { "rows" })
}

fn write_line(output: &mut dyn Write, cells: &[String], widths: &[usize]) -> io::Result<()> {
    let mut line = Vec::new();
    for (cell, width) in cells.iter().zip(widths) {
        if !line.is_empty() {
            line.extend_from_slice(b"  ");
        }
        line.extend_from_slice(cell.as_bytes());
        line.resize(line.len() + width.saturating_sub(columns_of(cell)), b' ');
    }
    output.write_all(line.trim_ascii_end())?;
    output.write_all(b"\n")
}

/// The columns that displayable text takes. ASCII takes one each, and nearly all of it is ASCII.
fn columns_of(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

fn cut(text: String) -> String {
    if columns_of(&text) <= WIDEST {
        return text;
    }
    let mut kept = String::new();
    for character in text.chars() {
        if kept.width() + 2 > WIDEST {
            break;
        }
        kept.push(character);
    }
    kept.push('…');
    kept
}

/// A spreadsheet would run a cell that begins with one of these as a formula.
const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The error that writing ended with, whose kind the conversion of the CSV writer would hide.
fn of_csv(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// A cell of a CSV file that neither a spreadsheet (CWE-1236) nor a terminal acts on. Line ends stay: CSV quotes them.
pub(super) fn cell(text: &str) -> String {
    let shown: Vec<String> = text.split('\n').map(visible).collect();
    let shown = shown.join("\n");
    if text.starts_with(FORMULA_STARTS) { format!("'{shown}") } else { shown }
}

fn write_kusto(output: &mut dyn Write, table: &Table) -> io::Result<()> {
    let columns: Vec<Json> = table
        .columns
        .iter()
        .map(|column| {
            serde_json::json!({
                "ColumnName": column.name,
                "DataType": column.scalar_type.clr_name(),
                "ColumnType": column.scalar_type.name(),
            })
        })
        .collect();
    let rows: Vec<Json> = table.rows.iter().map(|row| Json::Array(row.iter().map(format::json).collect())).collect();
    let response = serde_json::json!({"Tables": [{"TableName": "Table_0", "Columns": columns, "Rows": rows}]});
    json::write_line(output, &response)
}
