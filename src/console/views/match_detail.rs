//! Beside the matches: why the chosen one is there, rule line by rule line, and what is known of it.

use super::matches::hidden_by;
use super::{field, severity_role, tree};
use crate::console::format;
use crate::console::paint::Line;
use crate::console::shown::Shown;
use crate::console::state::State;
use crate::console::theme::Role;
use crate::hunt::Match;
use crate::hunt::explain::{Conjunct, Outcome};
use crate::schema::Value;

/// The columns of a hash, the best first.
const HASHES: [&str; 3] = ["SHA256", "SHA1", "MD5"];

/// The hash of what a match is about, where its row has one.
pub fn hash(found: &Match) -> Option<(&'static str, &str)> {
    HASHES.into_iter().find_map(|column| match found.value(column) {
        Some(Value::String(hash)) if !hash.is_empty() => Some((column, hash.as_str())),
        _ => None,
    })
}

pub fn lines(state: &State, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let Some((row, found)) = state.selected_row() else { return lines };
    let head =
        Line::of(severity_role(found.severity), found.severity.word()).with(Role::Strong, format!(" {}", found.title));
    lines.push(head.fit(width));
    if let Some(overview) = &state.overview
        && let Some(rule) = overview.rules.iter().find(|rule| rule.name == found.id.rule)
        && !rule.techniques.is_empty()
    {
        field(&mut lines, "ATT&CK", &rule.techniques.join("  "), width);
    }
    if row.hidden {
        lines.push(Line::of(Role::Warning, format!("hidden by {}", hidden_by(state, found))));
    }
    if let Some(note) = state.switches.note(&found.id) {
        field(&mut lines, "Note", note, width);
    }
    lines.push(Line::of(Role::Title, "why it matched").with(Role::Dim, " (rule line → value)").fit(width));
    why(state, found, width, &mut lines);
    lines.push(Line::new());
    about(state, found, width, &mut lines);
    lines.push(Line::new());
    lines.push(Line::of(Role::Title, "row"));
    for (column, value) in found.columns.iter().zip(found.values.iter()) {
        let value = super::shown_value(state, value);
        if value.is_empty() {
            continue;
        }
        lines.push(Line::of(Role::Dim, column.name.as_str()).fit(width));
        for part in Shown::from(value).wrap(width.saturating_sub(2)) {
            let mut line = Line::text("  ");
            line.0.push((part, Role::Text));
            lines.push(line);
        }
    }
    lines
}

/// The process, its chain and account, the hash and how often it is seen, the events.
fn about(state: &State, found: &Match, width: usize, lines: &mut Vec<Line>) {
    if let Some(ticks) = found.id.time {
        field(lines, "Time", &super::exact_time(state, ticks), width);
    }
    field(lines, "Host", &found.id.device, width);
    let node = state.node_of(&found.events);
    let process = node.and_then(|node| state.forest.as_ref()?.node(node)).map(|node| &node.process);
    let text = |column: &str| match found.value(column) {
        Some(Value::String(text)) if !text.is_empty() => Some(text.as_str()),
        _ => None,
    };
    let command = text("ProcessCommandLine").or(process.map(|process| process.command_line.as_str()));
    field(lines, "Command", command.unwrap_or_default(), width);
    if let Some(node) = node {
        field(lines, "Path", &tree::path_text(state, node), width);
    }
    let account = text("AccountName").or(text("InitiatingProcessAccountName"));
    field(lines, "User", account.or(process.map(|process| process.account.as_str())).unwrap_or_default(), width);
    if let Some((column, hash)) = hash(found) {
        let seen = state.sightings.get(hash).map(|seen| {
            let hosts = if seen.hosts == 1 { "host" } else { "hosts" };
            format!(" · {} on {} {hosts} here", format::events(seen.events), format::count(seen.hosts))
        });
        field(lines, column, &format!("{hash}{}", seen.unwrap_or_default()), width);
    }
    let events: Vec<String> = found.events.iter().take(8).map(|event| format!("#{event}")).collect();
    let more = if found.events.len() > 8 { " …" } else { "" };
    let record = if events.is_empty() { "" } else { "   (r: its record)" };
    field(lines, "Events", &format!("{}{more}{record}", events.join(" ")), width);
}

fn why(state: &State, found: &Match, width: usize, lines: &mut Vec<Line>) {
    if found.events.is_empty() {
        super::paragraph(lines, Role::Dim, "This row sums up many events; none of them alone says why.", width);
        return;
    }
    // Of this match: the focus may already be, or still be, another.
    let explanation = state.explanation_of(&found.id.rule).filter(|known| found.events.contains(&known.event));
    let Some(explanation) = explanation else {
        lines.push(Line::of(Role::Dim, "asking…"));
        return;
    };
    let matched: Vec<_> =
        explanation.legs.iter().filter(|leg| leg.reads_event && leg.first_failure().is_none()).collect();
    for leg in matched {
        if explanation.legs.len() > 1 {
            let name = leg.name.as_deref().unwrap_or("outer");
            lines.push(Line::of(Role::Dim, format!("{name} · {}", leg.table)).fit(width));
        }
        for stage in &leg.stages {
            for conjunct in &stage.conjuncts {
                conjunct_lines(&conjunct.line.to_string(), conjunct, width, lines);
            }
        }
    }
    for note in &explanation.notes {
        super::paragraph(lines, Role::Dim, note, width);
    }
}

/// One conjunct behind its line or stage: whether it holds, what it wants, what the event has.
pub fn conjunct_lines(label: &str, conjunct: &Conjunct, width: usize, lines: &mut Vec<Line>) {
    let (sign, role) = match &conjunct.outcome {
        Outcome::Holds => ("✓", Role::Good),
        Outcome::Fails => ("✗", Role::Bad),
        Outcome::Lifted => ("~", Role::Dim),
        Outcome::Off => ("○", Role::Dim),
        Outcome::NotEvaluated(_) => ("?", Role::Warning),
    };
    let number = Shown::from(format!("{label:>3} "));
    let room = width.saturating_sub(number.width() + 2);
    // A list over several lines reads as one; the indents between them say nothing.
    let text: Vec<&str> = conjunct.text.lines().map(str::trim).collect();
    let wrapped = Shown::from(text.join(" ")).wrap(room);
    // A list of a hundred names says less than its first lines.
    let cut = wrapped.len() > 3;
    for (position, part) in wrapped.into_iter().take(3).enumerate() {
        let mut line = if position == 0 {
            Line::of(Role::Dim, number.as_str()).with(role, format!("{sign} "))
        } else {
            Line::text(" ".repeat(number.width() + 2))
        };
        let part = if cut && position == 2 {
            Shown::from(format!("{} …", part.fit(room.saturating_sub(2)).as_str().trim_end()))
        } else {
            part
        };
        line.0.push((part, Role::Text));
        lines.push(line);
    }
    let found = match &conjunct.outcome {
        Outcome::Lifted => Some("lifted: the clock takes the whole store".to_owned()),
        Outcome::Off => Some("switched off".to_owned()),
        Outcome::NotEvaluated(reason) => Some(reason.clone()),
        _ => conjunct.found.as_ref().map(|value| {
            let text = format::value(value);
            if text.is_empty() { "was empty".to_owned() } else { format!("was {text}") }
        }),
    };
    if let Some(found) = found {
        let value_role = if conjunct.outcome == Outcome::Fails { Role::Bad } else { Role::Good };
        let value_role =
            if matches!(conjunct.outcome, Outcome::Holds | Outcome::Fails) { value_role } else { Role::Dim };
        for part in Shown::from(found).wrap(room) {
            let mut line = Line::text(" ".repeat(number.width() + 2));
            line.0.push((part, value_role));
            lines.push(line);
        }
    }
    // Which side of an `or` it was.
    for part in &conjunct.parts {
        let (sign, role) = match part.holds {
            Some(true) => ("✓", Role::Good),
            Some(false) => ("✗", Role::Dim),
            None => ("?", Role::Dim),
        };
        let found = part.found.as_ref().map(|value| {
            let text = format::value(value);
            if text.is_empty() { " was empty".to_owned() } else { format!(" was {text}") }
        });
        let found = found.unwrap_or_default();
        let line = Line::text(" ".repeat(number.width() + 2))
            .with(role, format!("{sign} "))
            .with(Role::Text, format!("{}{found}", part.subject));
        lines.push(line.fit(width));
    }
}
