//! Looks at the rows of a file before they are read: whether any is known, and which part of their dates is the day.

use std::fs::File;

use serde_json::{Map, Value as Json};

use super::detect::Container;
use super::reader::Stop;
use super::reader::rows::for_each_row;
use super::rows::RowNormaliser;
use super::time::{self, DateOrder};

/// Rows that are looked at to see whether a file has any of a known table.
const PROBED: usize = 100;

/// Says why a file of rows is no event file: none of its first rows is an event or belongs to a known table. Decides
/// the order of day and month, over all rows if any row has a date that needs it. `file` is at its start.
pub fn probe(file: File, container: Container, rows: &mut RowNormaliser<'_>) -> Result<Vec<String>, String> {
    let (mut seen, mut known, mut last) = (0, false, String::new());
    let mut dates = DatesSeen::default();
    let reading = rows.reading.clone();
    let read = for_each_row(file, container, &reading, &mut |placed| {
        seen += 1;
        match placed.row {
            Ok(row) => {
                match rows.event(&row.fields) {
                    Some(Ok(_)) => known = true,
                    Some(Err(reason)) => last = reason,
                    None => match rows.table(&row.fields) {
                        Ok(_) => known = true,
                        Err(reason) => last = reason,
                    },
                }
                if reading.order.is_none() {
                    dates.look(&row.fields, rows);
                }
            }
            Err(reason) => last = reason,
        }
        let enough = (known || seen >= PROBED) && (!dates.any || seen > PROBED && !known);
        if enough { Err(Stop::Cancelled) } else { Ok(()) }
    });
    match read {
        _ if known => {}
        Err(Stop::File(reason)) => return Err(reason),
        _ if seen == 0 => return Err(format!("{} without a record", container.name())),
        _ => return Err(format!("{}, but no event and no record of a known table: {last}", container.name())),
    }
    if !dates.any {
        return Ok(Vec::new());
    }
    let (order, words) = dates.decide()?;
    rows.reading.order = Some(order);
    Ok(vec![words])
}

/// Dates such as `3/4/2025` among the rows of a file.
#[derive(Default)]
struct DatesSeen {
    any: bool,
    day_first: Option<String>,
    month_first: Option<String>,
    example: String,
}

impl DatesSeen {
    fn look(&mut self, fields: &Map<String, Json>, rows: &mut RowNormaliser<'_>) {
        for (name, value) in fields {
            let Some(text) = value.as_str().filter(|text| text.len() < 40) else { continue };
            let Some((first, second)) = time::numeric_parts(text) else { continue };
            if !rows.is_time(fields, name) {
                continue;
            }
            self.any = true;
            self.example = format!("{name} = {text}");
            if first > 12 {
                self.day_first.get_or_insert_with(|| self.example.clone());
            }
            if second > 12 {
                self.month_first.get_or_insert_with(|| self.example.clone());
            }
        }
    }

    fn decide(&self) -> Result<(DateOrder, String), String> {
        match (&self.day_first, &self.month_first) {
            (Some(shown), None) => Ok((DateOrder::DayFirst, format!("dates read day first, because of {shown}"))),
            (None, Some(shown)) => Ok((DateOrder::MonthFirst, format!("dates read month first, because of {shown}"))),
            (None, None) => {
                Err(format!("every date in it can be read two ways ({}): say --dates dmy or --dates mdy", self.example))
            }
            (Some(day), Some(month)) => {
                Err(format!("its dates contradict each other ({day}; {month}): say --dates dmy or --dates mdy"))
            }
        }
    }
}
