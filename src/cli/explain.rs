//! `whippet explain`: why a rule keeps or drops one event.

use std::io::Write;
use std::path::PathBuf;

use super::Exit;
use super::format::Reading;
use super::hunt::View;
use super::problem::Problem;
use crate::hunt::clock::display_time;
use crate::hunt::explain::{Conjunct, Explanation, Outcome, Part};
use crate::kql::visible::visible;
use crate::schema::{Value, format};

/// Say why a rule keeps or drops one event: each predicate with the value wanted and the value found.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The rule, by name.
    name: String,
    /// The event's id, as `whippet hunt` and `whippet tree --format json` print it, or `event_id()` in a query.
    #[arg(long, value_name = "ID")]
    event: i64,
    /// The store.
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    #[command(flatten)]
    view: View,
    #[arg(long, value_enum, default_value_t = Reading::Text)]
    format: Reading,
}

/// Longer values and lists are cut in the text; JSON has them whole.
const LONGEST_TEXT: usize = 160;

pub fn run(arguments: &Args, stdout: &mut dyn Write) -> Result<Exit, Problem> {
    let case = arguments.view.open(&arguments.db, std::slice::from_ref(&arguments.name))?;
    let store = case.reader()?;
    // A record that shares its row with another is explained by that row.
    let event = store.merged_into(arguments.event)?.unwrap_or(arguments.event);
    let explanation = case.explain(&store, &arguments.name, event)?;
    match arguments.format {
        Reading::Text => write_text(&explanation, stdout)?,
        Reading::Json => super::json::write_pretty(stdout, &json(&explanation))?,
    }
    Ok(Exit::Done)
}

fn shown(text: &str) -> String {
    let text = visible(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    cut(&text)
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST_TEXT {
        return text.to_owned();
    }
    let kept: String = text.chars().take(LONGEST_TEXT).collect();
    format!("{kept}…")
}

fn found_text(found: Option<&Value>) -> String {
    match found {
        None => "(not evaluated)".to_owned(),
        Some(Value::Null) => "(null)".to_owned(),
        Some(Value::String(text)) if text.is_empty() => "(empty)".to_owned(),
        Some(value) => cut(&visible(&format::text(value))),
    }
}

fn write_text(explanation: &Explanation, out: &mut dyn Write) -> Result<(), Problem> {
    let verdict = match (explanation.matched, explanation.hidden_by.is_empty()) {
        (true, _) => "matches",
        (false, false) => "matches, but an exclusion hides it",
        (false, true) => "does not match",
    };
    writeln!(
        out,
        "event #{} {}  {}  {}",
        explanation.event,
        explanation.table,
        explanation.time.map(display_time).unwrap_or_default(),
        visible(&explanation.subject)
    )?;
    writeln!(out, "{verdict}: {}", visible(&explanation.title))?;
    for leg in &explanation.legs {
        writeln!(out)?;
        let name = leg.name.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
        if !leg.reads_event {
            writeln!(out, "{}reads {}, not this event's table", visible(&name), visible(&leg.table))?;
            continue;
        }
        writeln!(out, "{}{}", visible(&name), visible(&leg.table))?;
        for stage in leg.stages.iter().filter(|stage| stage.kind != "source") {
            if stage.conjuncts.is_empty() {
                let mark = match stage.kept {
                    Some(true) => "·",
                    Some(false) => " ",
                    None => "?",
                };
                writeln!(
                    out,
                    "  {mark} {:>4}  {} {}",
                    visible(&stage.number),
                    stage.kind,
                    rest_of(&stage.text, &stage.kind)
                )?;
            }
            for conjunct in &stage.conjuncts {
                write_conjunct(conjunct, &stage.number, out)?;
            }
        }
    }
    for way in &explanation.relaxed {
        writeln!(out, "\nnearest change: {}", visible(&way.in_short()))?;
        writeln!(out, "            in place of {}", shown(&way.written))?;
        writeln!(out, "            found   {}", found_text(Some(&way.found)))?;
        writeln!(out, "            the rule then gives {}", rows(way.rows))?;
    }
    for change in &explanation.nearest {
        writeln!(
            out,
            "\n{}switch off {}",
            if explanation.relaxed.is_empty() { "nearest change: " } else { "or " },
            shown(&change.text)
        )?;
        writeln!(out, "  --off {}   the rule then gives {}", visible(&place(&change.unit.unit)), rows(change.rows))?;
    }
    for id in &explanation.hidden_by {
        writeln!(out, "hidden by exclusion {id}")?;
    }
    for note in &explanation.notes {
        writeln!(out, "{}", visible(note))?;
    }
    Ok(())
}

fn rows(count: u64) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{count} rows") }
}

fn rest_of(text: &str, keyword: &str) -> String {
    shown(text.strip_prefix(keyword).unwrap_or(text).trim_start())
}

/// A unit's id without the digest of its text.
fn place(unit: &str) -> String {
    unit.rsplit_once('-').map_or(unit, |(place, _)| place).to_owned()
}

fn write_conjunct(conjunct: &Conjunct, stage: &str, out: &mut dyn Write) -> Result<(), Problem> {
    let (mark, reason) = match &conjunct.outcome {
        Outcome::Holds => ("✓", String::new()),
        Outcome::Fails => ("✗", String::new()),
        Outcome::Lifted => ("~", "  lifted".to_owned()),
        Outcome::Off => ("-", "  switched off".to_owned()),
        Outcome::NotEvaluated(reason) => ("?", format!("  {}", visible(reason))),
    };
    writeln!(out, "  {mark} {:>4}  {}{reason}", visible(stage), shown(&conjunct.text))?;
    if matches!(conjunct.outcome, Outcome::Lifted | Outcome::Off | Outcome::NotEvaluated(_)) {
        return Ok(());
    }
    if conjunct.parts.is_empty() {
        if conjunct.outcome == Outcome::Fails {
            writeln!(out, "            wanted  {}", shown(&conjunct.wanted))?;
        }
        writeln!(out, "            found   {}", found_text(conjunct.found.as_ref()))?;
    }
    for part in &conjunct.parts {
        let mark = match part.holds {
            Some(true) => "✓",
            Some(false) => "✗",
            None => "?",
        };
        writeln!(out, "          {mark} {} {}", shown(&part.subject), shown(&part.wanted))?;
        writeln!(out, "            found   {}", found_text(part.found.as_ref()))?;
    }
    Ok(())
}

fn json(explanation: &Explanation) -> serde_json::Value {
    let part = |part: &Part| {
        serde_json::json!({
            "text": part.text, "subject": part.subject, "wanted": part.wanted,
            "found": part.found.as_ref().map(format::json), "holds": part.holds,
        })
    };
    let conjunct = |conjunct: &Conjunct| {
        let (outcome, reason) = match &conjunct.outcome {
            Outcome::Holds => ("holds", None),
            Outcome::Fails => ("fails", None),
            Outcome::Lifted => ("lifted", None),
            Outcome::Off => ("off", None),
            Outcome::NotEvaluated(reason) => ("not-evaluated", Some(reason)),
        };
        serde_json::json!({
            "unit": conjunct.unit.unit, "text": conjunct.text, "outcome": outcome, "reason": reason,
            "subject": conjunct.subject, "wanted": conjunct.wanted,
            "found": conjunct.found.as_ref().map(format::json),
            "parts": conjunct.parts.iter().map(part).collect::<Vec<_>>(),
        })
    };
    let legs: Vec<_> = explanation
        .legs
        .iter()
        .map(|leg| {
            let stages: Vec<_> = leg
                .stages
                .iter()
                .map(|stage| {
                    serde_json::json!({
                        "stage": stage.number, "kind": stage.kind, "text": stage.text, "kept": stage.kept,
                        "conjuncts": stage.conjuncts.iter().map(conjunct).collect::<Vec<_>>(),
                    })
                })
                .collect();
            serde_json::json!({
                "name": leg.name, "table": leg.table, "reads_event": leg.reads_event, "stages": stages,
            })
        })
        .collect();
    let nearest: Vec<_> = explanation
        .nearest
        .iter()
        .map(|change| serde_json::json!({ "unit": change.unit.unit, "text": change.text, "rows": change.rows }))
        .collect();
    let relaxed: Vec<_> = explanation
        .relaxed
        .iter()
        .map(|way| {
            serde_json::json!({
                "unit": way.unit.unit, "written": way.written, "text": way.text, "wanted": way.wanted,
                "found": format::json(&way.found), "rows": way.rows,
            })
        })
        .collect();
    serde_json::json!({
        "rule": explanation.rule,
        "event": explanation.event,
        "table": explanation.table,
        "time": explanation.time.map(crate::kql::values::datetime_text),
        "subject": explanation.subject,
        "matched": explanation.matched,
        "hidden_by": explanation.hidden_by,
        "legs": legs,
        "nearest": nearest,
        "relaxed": relaxed,
        "notes": explanation.notes,
    })
}
