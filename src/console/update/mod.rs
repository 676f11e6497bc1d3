//! What happens to the state: one function an input, which yields what is to be done outside.
//!
//! Nothing here draws, waits or computes a result: that is asked for. Every action is answered in one match, where none
//! can be forgotten.

mod answers;
mod asks;
mod browse;
mod columns;
pub mod exclusion_form;
mod filters;
mod importing;
mod indicators;
mod inputs;
mod leaving;
pub mod lessons;
mod moves;
mod overlays;
mod places;
mod playing;
mod recording;
mod replay;
mod rows;
mod rule_page;
mod search;
mod sessions;
mod spoken;
mod switching;
mod timeline;
mod trees;

pub use playing::Playing;

use leaving::save;

use std::time::Duration;

use places::{close, follow, follow_rule, open_rule, remember, show, travel, turn_pane};

use super::action::{Action, View};
use super::exclusion_form::ExclusionForm;
use super::export::Subject;
use super::input::Input;
use super::jobs::Ask;
use super::layout::Layout;
use super::overlay::Overlay;
use super::run::Ending;
use super::source::{Question, Topic};
use super::state::{RuleSide, State};
use super::theme::Theme;
use super::views;
use super::zone::Zone;
use crate::hunt::EventId;

/// What is to be done outside the state.
#[derive(Debug, PartialEq)]
pub enum Effect {
    Ask(Box<Ask>),
    Cancel,
    /// Ends the import that goes on behind the console.
    StopImport,
    Mouse(bool),
    Copy {
        what: &'static str,
        text: String,
    },
    /// Into a new file: one that is there is never written over.
    Write {
        path: String,
        text: String,
        note: String,
    },
    /// A line of the journal.
    Note(String),
    Suspend,
    Retake,
    Redraw,
    End(Ending),
}

/// Work shorter than this shows nothing.
const QUIET: Duration = Duration::from_millis(150);
/// How often the sign of work changes.
const TICK: Duration = Duration::from_millis(250);

pub fn start(state: &mut State) -> Vec<Effect> {
    let mut effects = vec![ask(state, Question::Overview)];
    if state.mouse {
        effects.push(Effect::Mouse(true));
    }
    effects
}

fn ask(state: &mut State, question: Question) -> Effect {
    let epoch = state.board.ask(question.topic(), state.now);
    Effect::Ask(Box::new(Ask { epoch, question }))
}

/// When the screen changes without any input: only while work is going on.
pub fn next_tick(state: &State) -> Option<Duration> {
    let Some((_, since)) = state.board.oldest() else {
        return playing::due(state).or_else(|| lessons::next_minute(state));
    };
    let waited = state.now.saturating_sub(since);
    Some(if waited < QUIET { QUIET.saturating_sub(waited) } else { TICK })
}

/// What is being done and for how long, once it is long enough to be said.
pub fn doing(state: &State) -> Option<(Topic, Duration)> {
    let (topic, since) = state.board.oldest()?;
    let waited = state.now.saturating_sub(since);
    (waited >= QUIET).then_some((topic, waited))
}

/// Time has passed and nothing happened.
pub fn tick(state: &mut State) -> Vec<Effect> {
    let mut effects = playing::tick(state);
    recording::after(state, true, &mut effects);
    effects
}

/// The row and the column of the cursor; `None` where a text scrolls instead.
pub fn cursor(state: &mut State) -> Option<(usize, usize)> {
    moves::cursor(state)
}

pub fn take(state: &mut State, input: Input) -> Vec<Effect> {
    let is_persons = matches!(input, Input::Key(_) | Input::Act(_) | Input::Mouse(_) | Input::Paste(_));
    let mut effects = inputs::taken(state, input);
    lessons::check(state);
    recording::after(state, is_persons, &mut effects);
    if state.plain {
        spoken::say_place(state);
    }
    effects
}

/// Does what a person asked for.
pub fn apply(state: &mut State, action: Action) -> Vec<Effect> {
    recording::around(state, action, act)
}

fn act(state: &mut State, action: Action) -> Vec<Effect> {
    if state.view == View::Exclusions && state.pane == 1 {
        moves::focus_difference(state);
    }
    match action {
        // Once more from a rule's page is back to the list.
        Action::Show(View::Rules) if state.view == View::Rules && state.rules.open.is_some() => close(state),
        Action::Show(view) => {
            remember(state);
            show(state, view)
        }
        Action::Down => moves::step(state, 1),
        Action::Up => moves::step(state, -1),
        Action::PageDown => moves::page(state, 1),
        Action::PageUp => moves::page(state, -1),
        Action::First => moves::step(state, isize::MIN),
        Action::Last => moves::step(state, isize::MAX),
        Action::Left => moves::sideways(state, -1),
        Action::Right => moves::sideways(state, 1),
        Action::Open => moves::open(state),
        Action::Close => close(state),
        Action::NextPane => turn_pane(state, 1),
        Action::PreviousPane => turn_pane(state, -1),
        Action::ZoomPane => {
            state.zoomed = !state.zoomed;
            Vec::new()
        }
        Action::Back => travel(state, false),
        Action::Forward => travel(state, true),
        Action::Tree => {
            let from_event = views::selected::grid_event(state);
            remember(state);
            if let Some(event) = from_event {
                focus_event(state, event);
            }
            let mut effects = show(state, View::Tree);
            // The process of an event that is not the start of one is known only to the store.
            if let Some(event) = from_event.filter(|event| state.node_of(&[*event]).is_none()) {
                state.notice = None;
                effects.extend(trees::find(state, vec![event]));
            }
            effects
        }
        Action::Why => {
            let Some(rule) = moves::rule_here(state) else {
                state.tell("no rule here: choose a match or a rule first");
                return Vec::new();
            };
            remember(state);
            // On the page it is the way back to the why.
            if state.view == View::Rules {
                (state.rules.side, state.rules.scroll) = (RuleSide::Why, 0);
            }
            if let Some(event) = views::selected::grid_event(state) {
                focus_event(state, event);
                let rule = state.focus.rule.clone().unwrap_or(rule);
                return open_rule(state, rule);
            }
            open_rule(state, rule)
        }
        Action::RuleText => {
            state.rules.side = match state.rules.side {
                // Why is said of an event on the page alone: beside the list the facts come first.
                RuleSide::Why if state.rules.open.is_none() => RuleSide::Text,
                RuleSide::Why => RuleSide::Facts,
                RuleSide::Facts => RuleSide::Text,
                RuleSide::Text => RuleSide::Sql,
                RuleSide::Sql => RuleSide::Why,
            };
            state.rules.scroll = 0;
            Vec::new()
        }
        Action::Toggle => switching::toggle(state),
        Action::Exclude => match state.focused_match() {
            Some(found) => {
                let all = state.run_of(&found.id.rule).map_or(&[][..], |run| &run.matches);
                let form = ExclusionForm::from_match(found, all);
                let values = form.fields.iter().map(|field| (field.column.clone(), field.value.clone())).collect();
                state.overlay = Some(Overlay::Exclusion(Box::new(form)));
                vec![ask(state, Question::LookedFor(values))]
            }
            None => {
                state.tell("no match here: an exclusion is written from a match (m goes to the next in the tree)");
                Vec::new()
            }
        },
        Action::NewExclusion => {
            let form = ExclusionForm::by_hand(state.focus.rule.clone());
            state.overlay = Some(Overlay::Exclusion(Box::new(form)));
            Vec::new()
        }
        Action::Edit if state.view == View::Rules => rule_page::edit(state),
        Action::Edit => switching::edit(state),
        Action::Delete => switching::delete(state),
        Action::Undo => switching::undo(state, false),
        Action::Redo => switching::undo(state, true),
        Action::Switch(action) => switching::switch(state, action),
        Action::AddExclusion(own) => switching::add(state, own),
        Action::Baseline => switching::turn_baseline(state),
        Action::MarkBaseline => switching::mark_baseline(state),
        Action::Diff => switching::show_diff(state),
        Action::WriteDiff => asks::export(state, Subject::Diff),
        Action::DiffTo(path) => asks::export_to(state, &path, Subject::Diff),
        Action::ShowHidden if state.all_count() == state.shown_count() => {
            state.tell("no exclusion hides a match");
            Vec::new()
        }
        Action::ShowHidden => {
            state.matches.show_hidden = !state.matches.show_hidden;
            rows::matches(state);
            follow(state)
        }
        Action::Search => {
            state.overlay = Some(Overlay::Search { input: tui_input::Input::new(state.search.clone()) });
            Vec::new()
        }
        Action::SetSearch(text) => {
            state.search = text;
            search::search(state, true, true)
        }
        Action::SearchNext => search::search(state, true, false),
        Action::SearchPrevious => search::search(state, false, false),
        Action::FilterByCell => filters::changing(state, |state| rows::filter(state, true)),
        Action::FilterOutCell => filters::changing(state, |state| rows::filter(state, false)),
        Action::ClearFilters => filters::changing(state, rows::clear_filters),
        Action::Table => browse::pick_table(state),
        Action::ChooseTable(table) => browse::choose_table(state, table),
        Action::EditQuery => {
            state.pane = 0;
            Vec::new()
        }
        Action::Freeze => columns::freeze(state),
        Action::Columns => columns::pick(state),
        Action::Widen => columns::widen(state, 4),
        Action::Narrow => columns::widen(state, -4),
        Action::ZoomIn if matches!(state.view, View::Events | View::Query) => columns::widen(state, 4),
        Action::ZoomOut if matches!(state.view, View::Events | View::Query) => columns::widen(state, -4),
        Action::Earlier => timeline::step(state, -1),
        Action::Later => timeline::step(state, 1),
        Action::ZoomIn => timeline::zoom(state, true),
        Action::ZoomOut => timeline::zoom(state, false),
        Action::SelectTime => timeline::select(state),
        Action::FilterTime(range) => filters::changing(state, |state| timeline::filter(state, range)),
        Action::Scrub => timeline::scrub(state),
        Action::Annotate => switching::annotate(state),
        Action::Record => match views::selected::grid_event(state).or(state.focus.event) {
            Some(event) => vec![ask(state, Question::Record(event))],
            None => {
                state.tell("no event here: this row sums up several, or none");
                Vec::new()
            }
        },
        Action::Replay => replay::start(state),
        Action::Clock => asks::clock(state),
        Action::SetClock(text) => asks::set_clock(state, &text),
        Action::Export => asks::export(state, Subject::View),
        Action::ExportTo(path) => asks::export_to(state, &path, Subject::View),
        Action::SortLeft => moves::choose_column(state, -1),
        Action::SortRight => moves::choose_column(state, 1),
        Action::Sort => rows::sort(state),
        Action::FoldAll | Action::UnfoldAll if state.view == View::Rules && state.rules.open.is_none() => {
            state.tell("the sections of a rule are on its page: Enter opens it");
            Vec::new()
        }
        Action::FoldAll if state.view == View::Rules => rule_page::fold_all(state, true),
        Action::UnfoldAll if state.view == View::Rules => rule_page::fold_all(state, false),
        Action::NextSection => rule_page::turn_section(state, true),
        Action::PreviousSection => rule_page::turn_section(state, false),
        Action::FoldAll => moves::fold(state, Some(1)),
        Action::UnfoldAll => moves::fold(state, None),
        Action::FoldToLevel(level) => moves::fold(state, Some(level)),
        Action::PathOnly => trees::turn_show(state),
        Action::NextMatch => moves::next_match(state, true),
        Action::PreviousMatch => moves::next_match(state, false),
        Action::Parent => moves::parent(state),
        Action::CopyCell => copy(state, "the cell", views::selected::cell_text(state)),
        Action::CopyRow => copy(state, "the row", views::selected::row_json(state)),
        Action::CopyChain => copy(state, "the chain", views::selected::chain_text(state)),
        Action::GoTo(spot) => sessions::go_to(state, &spot),
        Action::Restore(session) => sessions::restore(state, *session),
        Action::OpenRule(rule) => {
            remember(state);
            open_rule(state, rule)
        }
        Action::RunQuery(text) => browse::run_text(state, text),
        Action::StartLesson(name) => lessons::start_named(state, &name),
        Action::GoToStep(step) => lessons::go_to_step(state, step),
        Action::Lesson => lessons::open(state),
        Action::LessonNext
        | Action::LessonBack
        | Action::LessonHint
        | Action::LessonSteps
        | Action::LessonReset
        | Action::LessonShow
        | Action::LessonLeave => lessons::act(state, &action),
        Action::Palette => {
            state.overlay = Some(Overlay::Palette { input: tui_input::Input::default(), selected: 0 });
            Vec::new()
        }
        Action::Help => {
            state.overlay = Some(Overlay::Help { filter: tui_input::Input::default(), top: 0 });
            Vec::new()
        }
        Action::Mouse => {
            state.mouse = !state.mouse;
            let key = state.keymap.key("mouse");
            state.tell(if state.mouse {
                format!("mouse on: click and wheel work; {key} leaves it to the terminal again")
            } else {
                "mouse off: the terminal selects text".to_owned()
            });
            vec![Effect::Mouse(state.mouse)]
        }
        Action::TimeZone => {
            let other = if state.zone.is_utc() { state.own_zone.clone() } else { Zone::default() };
            state.zone = other;
            state.tell(format!("times are shown in {}", state.zone.name()));
            rows::matches(state);
            Vec::new()
        }
        Action::NextTheme => {
            let next = Theme::ALL.iter().position(|theme| *theme == state.theme).map_or(0, |at| at + 1);
            state.theme = Theme::ALL.get(next).copied().unwrap_or_default();
            state.tell(format!("theme: {}", state.theme.name()));
            Vec::new()
        }
        Action::Redraw => {
            let mut effects = vec![Effect::Redraw];
            (state.timeline.asked, state.timeline.moments_asked) = (None, None);
            effects.extend(answers::ask_results(state));
            effects
        }
        Action::Suspend => vec![Effect::Suspend],
        Action::Import => leaving::ask_for_files(state),
        Action::Quit => leaving::leave(state, Ending::Quit),
    }
}

/// A file was written: a lesson may have asked for it.
pub fn written(state: &mut State, path: &str, text: &str) {
    /// A lesson asks for what is near the top of a file.
    const KEPT: usize = 64 * 1024;
    if state.walkthrough.is_some() {
        let text = text.chars().take(KEPT).collect();
        state.exported.push((path.to_owned(), text));
        lessons::check(state);
    }
}

/// An event becomes what all views are about, with the match it is in.
fn focus_event(state: &mut State, event: EventId) {
    let found = state.found.as_ref().and_then(|found| {
        found.all.runs.iter().flat_map(|run| &run.matches).find(|found| found.events.contains(&event))
    });
    let id = found.map(|found| found.id.clone());
    if let Some(id) = &id {
        state.focus.rule = Some(id.rule.clone());
    }
    state.focus.found = id;
    state.focus.event = Some(event);
}

fn copy(state: &mut State, what: &'static str, text: Option<String>) -> Vec<Effect> {
    match text {
        Some(text) if !text.is_empty() => vec![Effect::Copy { what, text }],
        _ => {
            state.tell("nothing to copy here");
            Vec::new()
        }
    }
}

/// Puts windows and scroll positions where the size allows, before a frame; asks for what this size shows.
pub fn settle(state: &mut State) -> Vec<Effect> {
    let layout = Layout::of(state);
    state.pane = state.pane.min(layout.panes.len().saturating_sub(1));
    moves::settle(state, &layout);
    timeline::follow_screen(state, &layout)
}
