//! Finding why a rule keeps or drops one event.
//!
//! Each leg of the rule is run over the one event with every unit off, so that the event arrives at each stage
//! whatever dropped it before, and each conjunct is projected there with the value it looks at. Sub-queries and the
//! `let`s beside keep all their rows. After an operator that does not keep rows (`summarize`, `join`, …) a single
//! event no longer has a row of its own; conjuncts there are evaluated on what its row alone would give, and said
//! to be so.

use std::collections::BTreeMap;

use super::case::Case;
use super::clock::ClockMode;
use super::conjunct::{Comparison, comparisons};
use super::error::HuntError;
use super::explain::{Conjunct, ExplainedStage, Explanation, Leg, Outcome, Part};
use super::funnel::{UnitState, first_message};
use super::matches::{EventId, RuleStatus};
use super::nearest::{Nearest, matching};
use super::prepare::Prepared;
use super::query::{Asker, QueryError};
use super::rewrite::{Edit, Rewritten};
use super::survey::{Survey, status_line};
use super::switches::UnitId;
use crate::kql::span::Span;
use crate::plan::DataRange;
use crate::rules::pipeline::{Section, SectionKind, Stage, Unit};
use crate::rules::rule::Rule;
use crate::schema::Value;
use crate::sql::layout::{layout, raw_bit};
use crate::store::Store;

impl Case {
    /// Why the rule keeps or drops the event.
    pub fn explain(&self, store: &Store, name: &str, event: EventId) -> Result<Explanation, HuntError> {
        self.explain_with(store, name, event, None)
    }

    /// As [`Self::explain`], where the rule, perhaps among others, may have been run as it is switched: then it is
    /// not run again.
    pub fn explain_with(
        &self,
        store: &Store,
        name: &str,
        event: EventId,
        known: Option<&Survey>,
    ) -> Result<Explanation, HuntError> {
        let rule = self.rule(name)?;
        let tables = tables_of(store, event)?;
        let Some(home) = tables.iter().find(|table| raw_bit(table).is_none()).or(tables.first()) else {
            return Err(HuntError::UnknownEvent(event));
        };
        let prepared = self.prepare(rule);
        let (time, subject) = self.summary(store, home, event)?;
        // An event that the clock holds back is explained all the same, as if it were there.
        let is_later = self.clock.mode == ClockMode::AsOf && time.is_some_and(|time| time > self.clock.now);
        let range = if is_later { DataRange::ALL } else { self.clock.range() };
        let asker = Asker { range, ..self.asker(store) };
        let explainer = Explainer { asker, rule, prepared: &prepared, event, tables: &tables };
        let legs = explainer.legs()?;
        let own;
        let survey = match known {
            Some(known) => known,
            None => {
                own = self.survey(store, std::slice::from_ref(&rule.id))?;
                &own
            }
        };
        let hit = matching(survey, &rule.id, event);
        let hidden_by = hit.iter().flat_map(|subject| survey.hidden_by(&self.switches, subject)).collect::<Vec<_>>();
        let matched = hit.iter().any(|subject| survey.hidden_by(&self.switches, subject).is_empty());
        let mut notes = Vec::new();
        for run in survey.all.runs.iter().filter(|run| run.rule == rule.id && run.status != RuleStatus::Ran) {
            notes.push(format!("the rule does not run: {}", status_line(&run.status)));
        }
        if !legs.iter().any(|leg| leg.reads_event) {
            let read: Vec<&str> = legs.iter().map(|leg| leg.table.as_str()).collect();
            notes.push(format!("the event is in {}; the rule reads {}", tables.join(", "), read.join(", ")));
        }
        let Nearest { off: nearest, relaxed } = match hit.is_empty() {
            true => self.nearest(store, rule, event, &legs, survey)?,
            false => Nearest::default(),
        };
        let failing = legs.iter().flat_map(|leg| &leg.stages).flat_map(|stage| &stage.conjuncts);
        let failing = failing.filter(|conjunct| conjunct.outcome == Outcome::Fails).count();
        if hit.is_empty() && nearest.is_empty() && failing > 1 {
            notes.push(format!("{failing} conjuncts fail, so no single switch keeps the event"));
        }
        if is_later {
            notes.push("the event is later than the time of the clock, so the rule does not see it".to_owned());
        }
        Ok(Explanation {
            rule: rule.id.clone(),
            title: rule.title.clone(),
            event,
            table: home.clone(),
            time,
            subject,
            matched,
            legs,
            nearest,
            relaxed,
            hidden_by,
            notes,
        })
    }

    /// What an event is about, in its own columns.
    fn summary(&self, store: &Store, table: &str, event: EventId) -> Result<(Option<i64>, String), HuntError> {
        let text = format!("{table}\n| where event_id() == {event}");
        let asker = Asker { range: DataRange::ALL, ..self.asker(store) };
        let rows = asker.rows(&text).map_err(|error| error.of("the event", &text))?;
        let time = store.schema().table(table).and_then(|schema| schema.time_column()).map(|column| &column.name);
        let Some(row) = rows.rows.first() else { return Ok((None, String::new())) };
        let at = time.and_then(|time| rows.columns.iter().position(|column| column.name == *time));
        let time = at.and_then(|at| row.get(at)).and_then(|value| match value {
            Value::Datetime(ticks) => Some(*ticks),
            _ => None,
        });
        Ok((time, super::rows::subject_line(&rows.columns, row)))
    }
}

/// The tables that show an event: the one it was normalised into, and the raw ones.
fn tables_of(store: &Store, event: EventId) -> Result<Vec<String>, HuntError> {
    let mut found = Vec::new();
    for schema in store.event_tables()? {
        let layout = layout(schema);
        let sql = format!("SELECT EXISTS(SELECT 1 FROM {} WHERE {} = ?1)", layout.from, layout.event_id);
        if store.connection().query_row(&sql, [event], |row| row.get(0))? {
            found.push(schema.name.clone());
        }
    }
    Ok(found)
}

struct Explainer<'a> {
    asker: Asker<'a>,
    rule: &'a Rule,
    prepared: &'a Prepared<'a>,
    event: EventId,
    tables: &'a [String],
}

/// How the one event reaches a section.
#[derive(Clone)]
struct Stream {
    /// KQL that yields the event's row as it leaves the last section, all its units off.
    text: String,
    /// Whether a row still stands for the event alone.
    keeps_rows: bool,
}

impl Explainer<'_> {
    /// One leg for each section of the main line that starts from a table, with the outer stages after it.
    fn legs(&self) -> Result<Vec<Leg>, HuntError> {
        let mut legs: Vec<Leg> = Vec::new();
        let mut streams: BTreeMap<String, (usize, Option<Stream>)> = BTreeMap::new();
        for section in &self.rule.pipeline.main {
            match &section.kind {
                SectionKind::Outer { over } => {
                    for name in over {
                        let Some((at, Some(stream))) = streams.get(name).cloned() else { continue };
                        let Some(leg) = legs.get_mut(at) else { continue };
                        let (stages, _) = self.stages(section, Some(stream), &mut leg.stages)?;
                        leg.stages.extend(stages);
                    }
                }
                kind => {
                    let name = match kind {
                        SectionKind::Leg { name: None, position } => format!("leg {position}"),
                        _ => section.binding().unwrap_or_default().to_owned(),
                    };
                    let (leg, stream) = self.leg(section)?;
                    streams.insert(name, (legs.len(), stream));
                    legs.push(leg);
                }
            }
        }
        Ok(legs)
    }

    fn leg(&self, section: &Section) -> Result<(Leg, Option<Stream>), HuntError> {
        let source = section.stages.first();
        let table = source.map(|stage| stage.text.clone()).unwrap_or_default();
        let reads_event = self.tables.contains(&table);
        let mut leg = Leg { name: section.binding().map(str::to_owned), table, reads_event, stages: Vec::new() };
        if !reads_event {
            return Ok((leg, None));
        }
        let mut before = Vec::new();
        let (stages, stream) = self.stages(section, None, &mut before)?;
        leg.stages = stages;
        Ok((leg, stream))
    }

    /// Explains a section's stages. `stream` is what flows in, where the section does not start from a table.
    fn stages(
        &self,
        section: &Section,
        stream: Option<Stream>,
        before: &mut [ExplainedStage],
    ) -> Result<(Vec<ExplainedStage>, Option<Stream>), HuntError> {
        let mut stages: Vec<ExplainedStage> = Vec::new();
        let mut alive = before.iter().all(|stage| stage.kept != Some(false));
        let mut keeps_rows = stream.as_ref().is_none_or(|stream| stream.keeps_rows);
        let mut previous: Option<&Stage> = None;
        for stage in &section.stages {
            let mut conjuncts = Vec::new();
            if !stage.units.is_empty() {
                conjuncts = self.conjuncts(section, stage, previous, stream.as_ref(), keeps_rows)?;
            }
            let fails = conjuncts.iter().any(|conjunct| conjunct.outcome == Outcome::Fails);
            let unknown = conjuncts.iter().any(|conjunct| matches!(conjunct.outcome, Outcome::NotEvaluated(_)));
            keeps_rows &= keeps_each_row(&stage.keyword);
            let kept = match (alive, fails, unknown || !keeps_rows) {
                (false, _, _) | (true, true, _) => Some(false),
                (true, false, true) => None,
                (true, false, false) => Some(true),
            };
            alive &= kept != Some(false);
            stages.push(ExplainedStage {
                number: stage.id.clone(),
                kind: stage.keyword.clone(),
                text: stage.text.clone(),
                kept,
                conjuncts,
            });
            previous = Some(stage);
        }
        let text = section.stages.last().and_then(|last| self.event_text(section, last, stream.as_ref()));
        Ok((stages, text.map(|text| Stream { text: body_of(&text), keeps_rows })))
    }

    /// The query that brings the event's row to the end of a stage with every unit of the leg off.
    fn event_text(&self, section: &Section, stage: &Stage, stream: Option<&Stream>) -> Option<EventText> {
        let body = stage.prefix?;
        let within = |unit: &Unit| section.stages.iter().any(|stage| stage.id == unit.stage);
        let mut edits = self.prepared.edits_with(&|unit| within(unit));
        let source = self.source_span(section, body)?;
        let restricted = match stream {
            Some(stream) => format!("({})", stream.text),
            None => {
                let table = source.slice(self.prepared.source);
                format!("({table} | where event_id() == {})", self.event)
            }
        };
        // In the body only: sub-queries of the same table elsewhere keep all their rows.
        edits.retain(|edit| edit.span != source);
        let prelude =
            Rewritten::of(self.prepared.source, Span::new(0, section.statement.start), &self.prepared.edits());
        edits.push(Edit::replace(source, restricted));
        let body = Rewritten::of(self.prepared.source, body, &edits);
        Some(EventText { prelude: prelude.text, body: body.text })
    }

    /// The name that the section's pipeline starts from.
    fn source_span(&self, section: &Section, body: Span) -> Option<Span> {
        let first = section.stages.first()?;
        if first.keyword == "source" {
            return Some(first.span);
        }
        // The outer pipeline starts from a `let`'s name or a union of them, which is no stage of its own.
        let end = match section.stages.iter().find(|stage| stage.keyword != "union") {
            Some(stage) => {
                let text = Span::new(body.start, stage.span.start).slice(self.prepared.source);
                body.start + text.rfind('|')?
            }
            None => body.end,
        };
        let text = Span::new(body.start, end).slice(self.prepared.source);
        Some(Span::new(body.start, body.start + text.trim_end().len()))
    }

    fn conjuncts(
        &self,
        section: &Section,
        stage: &Stage,
        previous: Option<&Stage>,
        stream: Option<&Stream>,
        keeps_rows: bool,
    ) -> Result<Vec<Conjunct>, HuntError> {
        let arriving = match (previous, stream) {
            (Some(previous), _) => self.event_text(section, previous, stream),
            // The first stage of an outer pipeline: what flows in, as it is.
            (None, Some(stream)) => {
                let prelude = Span::new(0, section.statement.start);
                let prelude = Rewritten::of(self.prepared.source, prelude, &self.prepared.edits());
                Some(EventText { prelude: prelude.text, body: format!("({})", stream.text) })
            }
            (None, None) => None,
        };
        let mut conjuncts = Vec::new();
        for unit in &stage.units {
            conjuncts.push(self.conjunct(unit, arriving.as_ref(), keeps_rows)?);
        }
        Ok(conjuncts)
    }

    fn conjunct(&self, unit: &Unit, arriving: Option<&EventText>, keeps_rows: bool) -> Result<Conjunct, HuntError> {
        let source = self.prepared.source;
        let parts = comparisons(&unit.expression, source);
        let answers = match arriving {
            Some(arriving) => self.evaluate(unit, &parts, arriving)?,
            None => Err("the stage cannot be run by itself".to_owned()),
        };
        let outcome = match (self.prepared.state(unit), &answers) {
            (UnitState::Lifted, _) => Outcome::Lifted,
            (UnitState::Off, _) => Outcome::Off,
            (UnitState::On, Err(reason)) => Outcome::NotEvaluated(reason.clone()),
            (UnitState::On, Ok(answers)) => match answers.whole {
                Some(true) => Outcome::Holds,
                _ if !keeps_rows => {
                    Outcome::NotEvaluated("the row is made of several events here; this one alone fails it".to_owned())
                }
                _ => Outcome::Fails,
            },
        };
        let values = answers.map(|answers| answers.parts).unwrap_or_default();
        let found = |at: usize| values.get(at).and_then(|(value, _)| value.clone());
        let (subject, wanted) = match parts.as_slice() {
            [only] => (only.subject.slice(source).to_owned(), only.wanted.clone()),
            _ => (unit.text.clone(), String::new()),
        };
        let several = parts.len() > 1;
        Ok(Conjunct {
            unit: UnitId { rule: self.rule.id.clone(), unit: unit.id.clone() },
            text: unit.text.clone(),
            span: unit.span,
            line: line_of(source, unit.span.start),
            outcome,
            subject,
            wanted,
            found: if several { None } else { found(0) },
            parts: if several {
                parts.iter().enumerate().map(|(at, part)| self.part(part, found(at), values.get(at))).collect()
            } else {
                Vec::new()
            },
        })
    }

    fn part(&self, part: &Comparison, found: Option<Value>, value: Option<&(Option<Value>, Option<bool>)>) -> Part {
        let source = self.prepared.source;
        Part {
            text: part.whole.slice(source).to_owned(),
            subject: part.subject.slice(source).to_owned(),
            wanted: part.wanted.clone(),
            found,
            holds: value.and_then(|(_, holds)| *holds),
        }
    }

    /// Evaluates a conjunct and its comparisons on the arriving row.
    fn evaluate(
        &self,
        unit: &Unit,
        parts: &[Comparison],
        arriving: &EventText,
    ) -> Result<Result<Answers, String>, HuntError> {
        let edits = self.prepared.edits_with(&|_| false);
        // The unit's own edit would hide it: only what lies inside (a sub-query's units) is changed.
        let inner: Vec<Edit> = edits.into_iter().filter(|edit| edit.span != unit.span).collect();
        let text = |span: Span| Rewritten::of(self.prepared.source, span, &inner).text;
        let mut columns = vec![format!("whippet_whole = (\n{}\n)", text(unit.span))];
        for (at, part) in parts.iter().enumerate() {
            columns.push(format!("whippet_part_{at} = (\n{}\n)", text(part.whole)));
            columns.push(format!("whippet_value_{at} = (\n{}\n)", text(part.subject)));
        }
        let query = format!("{}{}\n| project {}", arriving.prelude, arriving.body, columns.join(", "));
        let rows = match self.asker.rows(&query) {
            Ok(rows) => rows,
            Err(QueryError::Cancelled) => return Err(HuntError::Cancelled),
            Err(QueryError::TimedOut) => return Ok(Err("it took too long".to_owned())),
            Err(QueryError::Failed(reason)) => return Ok(Err(reason)),
            Err(QueryError::Diagnostics(found)) => return Ok(Err(first_message(&found))),
        };
        let Some(row) = rows.rows.first() else {
            return Ok(Err("the event has no row here".to_owned()));
        };
        let flag = |at: usize| match row.get(at) {
            Some(Value::Bool(value)) => Some(*value),
            _ => None,
        };
        let parts = (0..parts.len()).map(|at| (row.get(at * 2 + 2).cloned(), flag(at * 2 + 1))).collect();
        Ok(Ok(Answers { whole: flag(0), parts }))
    }
}

/// The line of a place in a text, from 1.
fn line_of(source: &str, at: usize) -> usize {
    source.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

struct Answers {
    whole: Option<bool>,
    /// The value looked at, and whether the comparison holds.
    parts: Vec<(Option<Value>, Option<bool>)>,
}

struct EventText {
    prelude: String,
    body: String,
}

fn body_of(text: &EventText) -> String {
    text.body.clone()
}

/// Whether an operator gives one row for each row it keeps, so that a row goes on standing for one event.
fn keeps_each_row(keyword: &str) -> bool {
    matches!(
        keyword,
        "source"
            | "where"
            | "filter"
            | "extend"
            | "project"
            | "project-away"
            | "project-keep"
            | "project-rename"
            | "project-reorder"
            | "sort"
            | "order"
            | "parse"
            | "parse-where"
            | "parse-kv"
            | "serialize"
            | "as"
            | "union"
            | "lookup"
            | "mv-expand"
            | "render"
    )
}
