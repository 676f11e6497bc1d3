//! What the reading thread hands to the writing one: records made ready for insertion, in batches.
//!
//! A batch keeps all its texts in one buffer and refers to them by range, so that a row costs no allocation of its own.

use std::sync::Arc;

use crate::store::Rejection;

/// A range of a batch's text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    start: usize,
    end: usize,
}

/// A value on its way into a physical table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    /// Becomes an id into the dictionary.
    Dictionary(Span),
    /// Stands in the row itself.
    Inline(Span),
}

/// The columns that rows of one shape fill.
#[derive(Debug)]
pub struct RowTemplate {
    pub table: String,
    pub columns: Vec<String>,
}

impl RowTemplate {
    pub fn new(table: &str, columns: Vec<String>) -> Arc<Self> {
        Arc::new(Self { table: table.to_owned(), columns })
    }
}

/// One row of a table.
#[derive(Debug)]
pub struct Row {
    pub template: Arc<RowTemplate>,
    first: usize,
    end: usize,
}

/// The rows of one record, of different tables: nearly always one, which costs no allocation.
#[derive(Debug, Default)]
pub struct Rows {
    first: Option<Row>,
    others: Vec<Row>,
}

impl Rows {
    pub fn push(&mut self, row: Row) {
        if self.first.is_none() {
            self.first = Some(row);
        } else {
            self.others.push(row);
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Row> {
        self.first.iter().chain(&self.others)
    }
}

impl From<Row> for Rows {
    fn from(row: Row) -> Self {
        Self { first: Some(row), others: Vec::new() }
    }
}

/// One record: what `event_record` holds of it, and its rows, if it is mapped.
#[derive(Debug)]
pub struct Record {
    pub number: i64,
    pub time: Option<i64>,
    pub channel: Span,
    pub provider: Span,
    pub computer: Span,
    pub event_id: Option<i64>,
    pub level: Option<i64>,
    pub raw: i64,
    pub identity: [u8; 16],
    pub rows: Rows,
}

/// An account whose SID an event names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Account {
    pub computer: String,
    pub domain: String,
    pub name: String,
    pub sid: String,
}

/// Bytes of text that an empty batch keeps room for: one record may have been of hundreds of megabytes.
const MOST_TEXT: usize = 4 << 20;

#[derive(Debug, Default)]
pub struct Batch {
    text: String,
    cells: Vec<Cell>,
    pub records: Vec<Record>,
    pub rejections: Vec<Rejection>,
    pub accounts: Vec<Account>,
    /// The original records, compressed.
    pub block: Vec<u8>,
    /// How far into its file the batch reaches, in bytes.
    pub reached: u64,
}

impl Batch {
    /// Makes room for so many bytes of records: growing step by step would copy it as often.
    pub fn make_room(&mut self, bytes: usize, records: usize) {
        self.text.reserve(bytes);
        self.cells.reserve(records * 40);
        self.records.reserve(records);
    }

    /// Takes out what is in it, and keeps the room that batches usually need.
    pub fn clear(&mut self) {
        let Self { text, cells, records, rejections, accounts, block, reached } = self;
        text.clear();
        text.shrink_to(MOST_TEXT);
        cells.clear();
        records.clear();
        rejections.clear();
        accounts.clear();
        block.clear();
        *reached = 0;
    }

    pub fn span(&mut self, text: &str) -> Span {
        let start = self.text.len();
        self.text.push_str(text);
        Span { start, end: self.text.len() }
    }

    pub fn text(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// Starts a row; cells pushed from now on belong to it until [`Batch::finish_row`].
    pub fn start_row(&self) -> usize {
        self.cells.len()
    }

    pub fn push(&mut self, cell: Cell) {
        self.cells.push(cell);
    }

    pub fn push_text(&mut self, text: &str) {
        let span = self.span(text);
        self.cells.push(Cell::Dictionary(span));
    }

    pub fn finish_row(&self, template: &Arc<RowTemplate>, first: usize) -> Row {
        Row { template: template.clone(), first, end: self.cells.len() }
    }

    /// The cells of a row, in the order of its template's columns.
    pub fn cells(&self, row: &Row) -> &[Cell] {
        self.cells.get(row.first..row.end).unwrap_or_default()
    }
}
