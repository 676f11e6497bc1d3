//! The journal: what was done, as actions and not as keys, so that it can be done again.
//!
//! A line is an action as a script writes it, with the time since the start; rows are named by what they are (a
//! match, an event, a rule) and only where they are nothing else by their number. What opens a box is not in it: what
//! came of the box is. Undo, the session and the lessons use the same actions.

mod file;
mod spot;

pub use file::{Header, HeaderError, Subject};
pub use spot::Spot;

use super::action::Action;
use super::action_table::ACTIONS;
use super::rule_page::Content;
use super::state::State;
use crate::kql::nearest;
use crate::kql::visible::{harmless_json, visible};

/// What the recording of a console has written last.
#[derive(Debug, Default)]
pub struct Journal {
    pub is_on: bool,
    /// An action may be made of others: only the outermost is written.
    pub depth: usize,
    /// What a switch came to, so that it does the same on another desk.
    pub resolved: Option<Action>,
    spot: Option<Spot>,
    lesson: Option<String>,
}

/// How an action gets into the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It changes nothing that is done again: it opens a box, or is about this terminal.
    Never,
    /// It moves the cursor: where it ends is written.
    Cursor,
    /// What it switched is written.
    Resolved,
    Itself,
}

/// How this action is written, done now.
pub fn kind(state: &State, action: &Action, is_cancelling: bool) -> Kind {
    use crate::console::action::View;
    match action {
        Action::Palette
        | Action::Help
        | Action::Search
        | Action::Exclude
        | Action::NewExclusion
        | Action::Edit
        | Action::Clock
        | Action::Export
        | Action::Import
        | Action::WriteDiff
        | Action::Replay
        | Action::Table
        | Action::Lesson
        | Action::LessonSteps
        | Action::Mouse
        | Action::NextTheme
        | Action::TimeZone
        | Action::Redraw
        | Action::ZoomPane
        | Action::Suspend
        | Action::Quit
        | Action::EditQuery
        | Action::CopyCell
        | Action::CopyRow
        | Action::CopyChain => Kind::Never,
        Action::Close if is_cancelling || state.overlay.is_some() => Kind::Never,
        Action::Open if is_parameter(state) => Kind::Never,
        Action::Toggle if state.view == View::Tree => Kind::Itself,
        // They fold.
        Action::Left | Action::Right if state.view == View::Tree || is_page(state) => Kind::Itself,
        Action::Down
        | Action::Up
        | Action::PageDown
        | Action::PageUp
        | Action::First
        | Action::Last
        | Action::Left
        | Action::Right
        | Action::SearchNext
        | Action::SearchPrevious
        | Action::SortLeft
        | Action::SortRight
        | Action::NextMatch
        | Action::PreviousMatch
        | Action::Parent
        | Action::NextSection
        | Action::PreviousSection
        | Action::NextPane
        | Action::PreviousPane
        | Action::Earlier
        | Action::Later => Kind::Cursor,
        Action::Toggle | Action::Delete | Action::SelectTime | Action::ExportTo(_) | Action::DiffTo(_) => {
            Kind::Resolved
        }
        _ => Kind::Itself,
    }
}

/// Whether the cursor is in the page of a rule.
fn is_page(state: &State) -> bool {
    state.view == crate::console::action::View::Rules && state.rules.open.is_some() && state.pane == 0
}

/// Whether what `Enter` opens is a box to write in.
fn is_parameter(state: &State) -> bool {
    let row = state.rules.page.get(state.rules.stages.selected);
    is_page(state) && row.is_some_and(|row| matches!(row.content, Content::Parameter { .. }))
}

impl Journal {
    /// The line that puts the cursor where it is now, unless the last line left it there.
    pub fn moved(state: &mut State) -> Option<String> {
        let spot = Spot::of(state);
        if state.journal.spot.as_ref() == Some(&spot) {
            return None;
        }
        state.journal.spot = Some(spot.clone());
        line(state, &Action::GoTo(Box::new(spot)))
    }

    /// The line of an action that was done; the cursor is where doing it again will leave it.
    pub fn done(state: &mut State, action: &Action) -> Option<String> {
        let spot = Spot::of(state);
        state.journal.spot = Some(spot);
        line(state, action)
    }

    /// How far the lesson is, for whoever watches: a comment, as doing the actions again leads there by itself.
    pub fn lesson(state: &mut State) -> Option<String> {
        let fact = LessonFact::of(state).map(|fact| fact.line());
        if fact == state.journal.lesson {
            return None;
        }
        state.journal.lesson.clone_from(&fact);
        fact.or_else(|| Some(format!("{LESSON_MARK} left")))
    }
}

fn line(state: &State, action: &Action) -> Option<String> {
    Some(format!("@{:.3} {}", state.now.as_secs_f64(), written(action)?))
}

/// What a line about the lesson begins with.
const LESSON_MARK: &str = "#lesson";

/// How far a lesson is.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct LessonFact {
    pub lesson: String,
    /// The first is 1.
    pub step: usize,
    pub done: bool,
    pub hints: usize,
    pub shown: bool,
    pub steps_done: usize,
    pub hints_used: usize,
    /// Which goals hold now.
    pub goals: Vec<bool>,
    /// When the lesson and the step were begun.
    pub began: u64,
    pub step_began: u64,
}

impl LessonFact {
    fn of(state: &State) -> Option<Self> {
        let walkthrough = state.walkthrough.as_ref()?;
        let step = walkthrough.state();
        Some(Self {
            lesson: walkthrough.lesson.name.clone(),
            step: walkthrough.step.saturating_add(1),
            done: step.done,
            hints: step.hints,
            shown: step.shown,
            steps_done: walkthrough.states.iter().filter(|step| step.done).count(),
            hints_used: walkthrough.hints_used(),
            goals: walkthrough.goals.clone(),
            began: walkthrough.began.as_secs(),
            step_began: walkthrough.step_began.as_secs(),
        })
    }

    fn line(&self) -> String {
        format!("{LESSON_MARK} {}", serde_json::to_string(self).unwrap_or_default())
    }

    /// Reads a line of the journal: `None` is no line about a lesson, `Some(None)` that it was left.
    pub fn read(line: &str) -> Option<Option<Self>> {
        let text = line.strip_prefix(LESSON_MARK)?.trim();
        Some(serde_json::from_str(text).ok())
    }
}

/// An action as a script writes it: `:tree`, `:set-search='whoami'`, `:switch='{"pin":…}'`.
pub fn written(action: &Action) -> Option<String> {
    if let Some(row) = ACTIONS.iter().find(|row| row.action == *action) {
        return Some(format!(":{}", row.name));
    }
    let value = serde_json::to_value(action).ok()?;
    let (name, argument) = match &value {
        serde_json::Value::String(name) => return Some(format!(":{name}")),
        serde_json::Value::Object(fields) => fields.iter().next()?,
        _ => return None,
    };
    let text = match argument {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    // A file is read line by line: what would end the line, or act on a terminal, is written out by JSON.
    let is_plain = argument.is_string() && visible(&text) == text && !text.starts_with(['"', '{', '[']);
    let text = if is_plain { text } else { harmless_json(&argument.to_string()).into_owned() };
    Some(format!(":{name}='{}'", text.replace('\'', "''")))
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error("no action is called '{name}'{}", near.as_ref().map(|near| format!("; did you mean '{near}'?")).unwrap_or_default())]
    Unknown { name: String, near: Option<String> },
    #[error("'{name}' is about something: write it as :{name}='…'")]
    NeedsArgument { name: String },
    #[error("':{name}': {problem}")]
    Argument { name: String, problem: String },
}

/// The actions that take an argument, for the nearest name to a slip.
const WITH_ARGUMENT: [&str; 15] = [
    "show",
    "fold-to-level",
    "set-search",
    "switch",
    "set-clock",
    "export-to",
    "diff-to",
    "choose-table",
    "add-exclusion",
    "go-to",
    "open-rule",
    "run-query",
    "start-lesson",
    "go-to-step",
    "restore",
];

/// The action that was written.
pub fn read(name: &str, argument: Option<&str>) -> Result<Action, ReadError> {
    let Some(argument) = argument else {
        if let Some(row) = ACTIONS.iter().find(|row| row.name == name) {
            return Ok(row.action.clone());
        }
        if WITH_ARGUMENT.contains(&name) {
            return Err(ReadError::NeedsArgument { name: name.to_owned() });
        }
        let names = ACTIONS.iter().map(|row| row.name).chain(WITH_ARGUMENT);
        return Err(ReadError::Unknown { name: name.to_owned(), near: nearest(name, names).map(str::to_owned) });
    };
    let with = |value: serde_json::Value| -> Result<Action, serde_json::Error> {
        let mut fields = serde_json::Map::new();
        fields.insert(name.to_owned(), value);
        serde_json::from_value(serde_json::Value::Object(fields))
    };
    let as_json = serde_json::from_str(argument).ok().and_then(|value| with(value).ok());
    if let Some(action) = as_json {
        return Ok(action);
    }
    with(serde_json::Value::from(argument)).map_err(|error| {
        let problem = error.to_string();
        if problem.contains("unknown variant") {
            let names = ACTIONS.iter().map(|row| row.name).chain(WITH_ARGUMENT);
            return ReadError::Unknown { name: name.to_owned(), near: nearest(name, names).map(str::to_owned) };
        }
        ReadError::Argument { name: name.to_owned(), problem }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::action::View;
    use crate::console::script::{self, Step};
    use crate::hunt::switches::ExclusionId;
    use crate::hunt::{OwnExclusion, SwitchAction};

    fn back(action: &Action) -> Action {
        let text = written(action).unwrap();
        assert!(!text.chars().any(char::is_control), "{text:?}");
        match script::parse(&text).unwrap().as_slice() {
            [Step::Act(action)] => action.clone(),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn every_action_is_read_as_it_was_written() {
        let own = OwnExclusion {
            rule: Some("r".to_owned()),
            condition: "ProcessCommandLine has 'it''s \"x\"\n\u{1b}[2J'".to_owned(),
            enabled: true,
            ..OwnExclusion::default()
        };
        let switch = SwitchAction::Exclusion { id: ExclusionId(3), exclusion: Some(own.clone()) };
        let mut actions: Vec<Action> = ACTIONS.iter().map(|row| row.action.clone()).collect();
        let texts = ["whoami", "it's", "", "a\nb\u{202e}\u{9b}c", "{\"a\":1}", "5", "null", "\"q\"", "true"];
        for text in texts.map(str::to_owned) {
            actions.extend([Action::SetSearch(text.clone()), Action::RunQuery(text.clone()), Action::OpenRule(text)]);
        }
        actions.extend([
            Action::AddExclusion(own),
            Action::Switch(switch),
            Action::GoToStep(4),
            Action::Show(View::Tree),
            Action::GoTo(Box::new(Spot { row: 5, rule: Some("it's".to_owned()), ..Spot::default() })),
            Action::Restore(Box::default()),
        ]);
        for action in actions {
            assert_eq!(back(&action), action, "{:?}", written(&action));
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let said = |text: &str| script::parse(text).unwrap_err().to_string();
        assert_eq!(said(":tre"), "no action is called 'tre'; did you mean 'tree'?");
        assert_eq!(said(":set-serch='x'"), "no action is called 'set-serch'; did you mean 'set-search'?");
        assert_eq!(said(":set-search"), "'set-search' is about something: write it as :set-search='…'");
        assert!(said(":go-to-step='two'").starts_with("':go-to-step': invalid type"), "{}", said(":go-to-step='two'"));
    }
}
