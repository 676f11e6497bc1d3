//! `row_window_session`: the start of the session that the row at hand belongs to, as an aggregate over the rows so far.

use rusqlite::Connection;
use rusqlite::functions::{Aggregate, Context, WindowAggregate};

use super::super::value::{Arguments, Output};

/// The session so far: where it started, and its last time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Session {
    start: Option<i64>,
    last: Option<i64>,
}

struct SessionStart;

impl Aggregate<Session, Output> for SessionStart {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Session> {
        Ok(Session::default())
    }

    fn step(&self, context: &mut Context<'_>, session: &mut Session) -> rusqlite::Result<()> {
        let time = context.integer(0);
        let reaches = |from: Option<i64>, distance: Option<i64>| match (time, from, distance) {
            (Some(time), Some(from), Some(distance)) => time >= from.saturating_add(distance),
            _ => false,
        };
        let starts = session.start.is_none()
            || session.last.is_none()
            || reaches(session.start, context.integer(1))
            || reaches(session.last, context.integer(2));
        if starts {
            session.start = time;
        }
        session.last = time;
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, session: Option<Session>) -> rusqlite::Result<Output> {
        Ok(session.unwrap_or_default().start.into())
    }
}

impl WindowAggregate<Session, Output> for SessionStart {
    fn value(&self, session: Option<&mut Session>) -> rusqlite::Result<Output> {
        Ok(session.and_then(|session| session.start).into())
    }

    /// Never asked for: the frame reaches from the first row to the one at hand.
    fn inverse(&self, _: &mut Context<'_>, _: &mut Session) -> rusqlite::Result<()> {
        Ok(())
    }
}

pub(super) fn add(connection: &Connection, name: &str) -> rusqlite::Result<()> {
    connection.create_window_function(name, 3, super::super::FLAGS, SessionStart)
}
