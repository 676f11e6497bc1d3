//! Where a text stands among the events of a list, whichever of them are on the screen.

use std::collections::{HashMap, HashSet};

use super::browse::EventsAsked;
use super::case::Case;
use super::matches::EventId;
use super::query::QueryError;
use crate::kql::values::{quote_name, quote_string};
use crate::schema::{ScalarType, TableSchema};
use crate::sql;
use crate::store::Store;

impl Case {
    /// The places in a list of events of those that have the text in any column, upper or lower case.
    pub fn places_of(
        &self,
        store: &Store,
        asked: &EventsAsked,
        list: &[EventId],
        text: &str,
    ) -> Result<Vec<usize>, QueryError> {
        let Some(condition) = store.schema().table(&asked.table).and_then(|table| anywhere(table, text)) else {
            return Ok(Vec::new());
        };
        let query = format!("{}\n| where {condition}\n| project Row = 0", asked.query(store));
        let compiled = self.compiled(store, &query, true)?;
        let mut found: HashSet<EventId> = HashSet::new();
        sql::for_each_row(store.connection(), &compiled, &sql::Limits::default(), |row| {
            found.extend(row.lineage);
            true
        })?;
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let places: HashMap<EventId, usize> =
            list.iter().enumerate().filter(|(_, id)| found.contains(id)).map(|(place, id)| (*id, place)).collect();
        let mut places: Vec<usize> = places.into_values().collect();
        places.sort_unstable();
        Ok(places)
    }
}

/// A condition that holds where any column has the text: numbers and times are looked at where it could be in one.
fn anywhere(table: &TableSchema, text: &str) -> Option<String> {
    let is_numeric = text.chars().all(|character| character.is_ascii_digit() || matches!(character, '-' | '.'));
    let is_timely = text.chars().all(|character| character.is_ascii_digit() || "-:. TZ".contains(character));
    let wanted = quote_string(text);
    let parts = table.columns.iter().filter_map(|column| {
        let name = quote_name(&column.name);
        match column.scalar_type {
            ScalarType::String => Some(format!("{name} contains {wanted}")),
            ScalarType::Dynamic | ScalarType::Guid => Some(format!("tostring({name}) contains {wanted}")),
            ScalarType::Datetime if is_timely => {
                Some(format!("format_datetime({name}, 'yyyy-MM-dd HH:mm:ss.fff') contains {wanted}"))
            }
            ScalarType::Int | ScalarType::Long | ScalarType::Real | ScalarType::Decimal if is_numeric => {
                Some(format!("tostring({name}) contains {wanted}"))
            }
            _ => None,
        }
    });
    let parts: Vec<String> = parts.collect();
    (!parts.is_empty() && !text.is_empty()).then(|| parts.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::super::testing::browsed;
    use super::*;

    #[test]
    fn places_are_those_of_the_list_in_its_order() {
        let (case, store) = browsed();
        let asked = EventsAsked {
            table: "DeviceProcessEvents".to_owned(),
            sort: Some(("Timestamp".to_owned(), true)),
            ..EventsAsked::default()
        };
        let list = case.event_ids(&store, &asked).unwrap();
        let places = |text: &str| case.places_of(&store, &asked, &list, text).unwrap();
        assert_eq!(list, [1, 3, 2]);
        assert_eq!((places("CMD.e"), places("who"), places("nothing")), (vec![0, 1], vec![2], vec![]));
        // Times as they are shown, and text that would be a quote or an operator.
        assert_eq!(places("2022-09-28 "), [0, 1, 2]);
        assert_eq!(places("\" or true //"), Vec::<usize>::new());
        let narrowed = EventsAsked { conditions: vec!["FileName == \"cmd.exe\"".to_owned()], ..asked.clone() };
        let list = case.event_ids(&store, &narrowed).unwrap();
        assert_eq!(case.places_of(&store, &narrowed, &list, "exe").unwrap(), [0, 1]);
    }
}
