//! One line that is asked for: the time of the clock, the file to export to.

use tui_input::Input;

use super::{Effect, answers, apply, ask};
use crate::console::action::{Action, View};
use crate::console::export::{self, Format, Subject};
use crate::console::format::TimeStyle;
use crate::console::overlay::Overlay;
use crate::console::source::{ExportAsked, Exported, Question, Topic};
use crate::console::state::State;
use crate::hunt::Clock;
use crate::kql::values::{datetime_text, parse_datetime};

pub fn clock(state: &mut State) -> Vec<Effect> {
    let bucket = state.timeline.bucket().filter(|_| state.view == crate::console::action::View::Timeline);
    let focused = state.focused_match().and_then(|found| found.id.time);
    let focused = bucket.map(|bucket| bucket.until.saturating_sub(1)).or(focused);
    let Some(now) = focused.or(state.overview.as_ref().and_then(|overview| overview.last)) else {
        state.tell("no event has a time: there is nothing to set the clock to");
        return Vec::new();
    };
    let text = state.zone.time(now, TimeStyle::Exact);
    state.overlay = Some(Overlay::Clock { input: Input::new(text) });
    Vec::new()
}

/// The time that is written, moved by some ticks.
pub fn moved(state: &State, text: &str, by: i64) -> Option<String> {
    let ticks = state.zone.parse(text)?.checked_add(by).filter(|ticks| *ticks >= 0)?;
    Some(state.zone.time(ticks, TimeStyle::Exact))
}

/// A time is written in the zone that is shown, and goes into the journal in UTC: that is played anywhere.
pub fn clock_written(state: &mut State, text: &str) -> Vec<Effect> {
    match state.zone.parse(text) {
        Some(ticks) => apply(state, Action::SetClock(datetime_text(ticks))),
        None if matches!(text.trim(), "" | "whole" | "replay") => apply(state, Action::SetClock(text.to_owned())),
        None => {
            state.complain("not a time: write 2026-03-02 09:30, 'whole' for all the data, or 'replay'");
            state.overlay = Some(Overlay::Clock { input: Input::new(text.to_owned()) });
            Vec::new()
        }
    }
}

/// Sees the data as of this time; the whole of it without one.
pub fn set_clock(state: &mut State, text: &str) -> Vec<Effect> {
    let text = text.trim();
    if text == "replay" {
        return super::replay::start(state);
    }
    let as_of = match (text.is_empty() || text == "whole", parse_datetime(text)) {
        (true, _) => None,
        (false, Some(ticks)) => Some(ticks),
        (false, None) => {
            state.complain("not a time: write 2026-03-02 09:30 in UTC, 'whole' for all the data, or 'replay'");
            return Vec::new();
        }
    };
    state.timeline.scrubbing = false;
    turn_clock(state, as_of)
}

/// Sees the data as of a time; the whole of it without one.
pub fn turn_clock(state: &mut State, as_of: Option<i64>) -> Vec<Effect> {
    let Some(overview) = &mut state.overview else { return Vec::new() };
    let last = overview.last.unwrap_or_default();
    overview.clock = Some(as_of.map_or_else(|| Clock::whole(last), Clock::as_of));
    state.events.page = None;
    state.events.hits = None;
    // What they count and compile over changes with the clock.
    state.indicators = None;
    state.indicator.seen = None;
    state.sheets.clear();
    state.events.counts = None;
    state.query.checked = None;
    state.tell(match as_of {
        Some(ticks) => {
            let (time, zone) = (state.zone.time(ticks, TimeStyle::Exact), state.zone.suffix(ticks));
            format!("as of {time} {zone}: later events are not there yet")
        }
        None => "the clock shows the whole data".to_owned(),
    });
    answers::ask_results(state)
}

pub fn export(state: &mut State, what: Subject) -> Vec<Effect> {
    let name = export::file_name(state, what);
    state.overlay = Some(Overlay::Export { input: Input::new(name.to_owned()), what });
    Vec::new()
}

/// What the view still waits for.
fn awaited(state: &State) -> Option<Topic> {
    let topics: &[Topic] = match state.view {
        View::Indicators => &[Topic::Overview, Topic::Indicators],
        View::Exclusions => &[Topic::Overview, Topic::Matches, Topic::Effects],
        View::Events => &[Topic::Overview, Topic::Tables],
        View::Query => &[Topic::Query],
        _ => &[Topic::Overview, Topic::Matches],
    };
    topics.iter().copied().find(|topic| state.board.is_pending(*topic))
}

pub fn export_to(state: &mut State, path: &str, what: Subject) -> Vec<Effect> {
    let path = path.trim().to_owned();
    let again = |state: &mut State, why: String| {
        state.complain(why);
        state.overlay = Some(Overlay::Export { input: Input::new(path.clone()), what });
        Vec::new()
    };
    let Some(chosen) = Format::of(&path) else {
        return again(state, export::FORMATS.to_owned());
    };
    if let Some(topic) = awaited(state) {
        // Half a list in a file would be taken for the whole.
        return again(state, format!("not written yet: still {}; Enter again when it is done", topic.doing()));
    }
    state.journal.resolved =
        Some(if what == Subject::Diff { Action::DiffTo(path.clone()) } else { Action::ExportTo(path.clone()) });
    let settings = state.settings();
    if chosen == Format::Kql {
        return kql(state, &path, what).unwrap_or_else(|why| again(state, why.to_owned()));
    }
    if state.view == View::Events && chosen != Format::Layer {
        let asked = state.events.asked.clone();
        return vec![ask(state, Question::Export(settings, path, ExportAsked::Events(asked)))];
    }
    let sheet = if what == Subject::Diff { Some(export::diff(state)) } else { export::sheet(state) };
    match sheet {
        Some(sheet) if chosen == Format::Layer && is_of_matches(state.view) => {
            let text = export::layer(state, &sheet);
            let note = "a layer for the ATT&CK Navigator, scored by the matches that are shown".to_owned();
            vec![Effect::Write { path, text, note }]
        }
        Some(sheet) => write(state, path, &sheet, chosen),
        None => again(state, "this view has no rows to write yet".to_owned()),
    }
}

/// What the view has for rule files: the query, the exclusions, or the rule at hand.
fn kql(state: &mut State, path: &str, what: Subject) -> Result<Vec<Effect>, &'static str> {
    let (text, note) = match state.view {
        _ if what == Subject::Diff => return Err("a difference is rows: write it as .csv, .jsonl, .md, .html or .txt"),
        View::Query => (export::rule_file(path, state.query.editor.text()), "the query as a rule".to_owned()),
        View::Exclusions => {
            let text =
                export::exclusion_set(state).ok_or("no exclusion of yours yet: a rule's own stand in the rule")?;
            let count = state.switches.exclusions().count();
            (text, format!("{count} {}", if count == 1 { "exclusion" } else { "exclusions" }))
        }
        _ => {
            let rule = super::moves::rule_here(state).ok_or("no rule here: choose a match or a rule first")?;
            let question = Question::Export(state.settings(), path.to_owned(), ExportAsked::Rule(rule));
            return Ok(vec![ask(state, question)]);
        }
    };
    Ok(vec![Effect::Write { path: path.to_owned(), text, note }])
}

/// Whether a view's rows are about the matches, which a layer of techniques is made of.
const fn is_of_matches(view: View) -> bool {
    matches!(view, View::Matches | View::Exclusions | View::Rules)
}

/// What the worker made is ready to be written.
pub fn exported(state: &mut State, path: String, made: Exported) -> Vec<Effect> {
    match made {
        Exported::Rule(exported) => {
            let noun = if exported.exclusions == 1 { "exclusion" } else { "exclusions" };
            // The verdict comes first: a narrow screen has no room for all.
            let note = format!("{}; {} with {} {noun}", exported.verdict(), exported.title, exported.exclusions);
            vec![Effect::Write { path, text: format!("{}\n", exported.query.trim_end()), note }]
        }
        Exported::Rows { query, listing } => {
            let mut sheet = export::listed(state, &state.events.asked.table, &listing);
            sheet.about.extend(query.lines().map(|line| format!("    {line}")));
            let chosen = Format::of(&path).unwrap_or(Format::Csv);
            write(state, path, &sheet, chosen)
        }
    }
}

fn write(state: &mut State, path: String, sheet: &export::Sheet, chosen: Format) -> Vec<Effect> {
    match export::text(sheet, chosen) {
        Ok(text) => {
            let rows = sheet.rows.len();
            let about = format!("{path}.about.txt");
            let mut effects = vec![Effect::Write { path, text, note: format!("{rows} rows") }];
            if !chosen.has_header() {
                let note = "what filters and exclusions were on".to_owned();
                effects.push(Effect::Write { path: about, text: export::about(sheet), note });
            }
            effects
        }
        Err(problem) => {
            state.complain(format!("not exported: {problem}"));
            Vec::new()
        }
    }
}
