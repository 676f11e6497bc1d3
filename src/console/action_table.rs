//! The one table of actions: the name, what it does in a sentence, its keys, the views it is for, and its place among the
//! hints. Hint row, help, palette and the manual only read it.

use super::action::{Action, View};

/// Where an action makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Anywhere,
    In(&'static [View]),
}

/// One row of the table.
#[derive(Debug)]
pub struct ActionRow {
    pub action: Action,
    /// Stable: keymap files, scripts and journals use it.
    pub name: &'static str,
    /// One sentence for help and palette.
    pub doc: &'static str,
    /// The default keys.
    pub keys: &'static [&'static str],
    pub when: When,
    /// The word in the hint row, and how early it comes there (smaller is earlier); `None` is never.
    pub hint: Option<(u8, &'static str)>,
}

const TABLES: When = When::In(&[View::Matches, View::Indicators, View::Rules, View::Events, View::Query]);
const FILTERED: When = When::In(&[View::Matches, View::Indicators, View::Events, View::Query]);
const CLEARED: When = When::In(&[View::Matches, View::Indicators, View::Timeline, View::Events, View::Query]);
const TIMED: When = When::In(&[View::Matches, View::Timeline]);
const PANES: When =
    When::In(&[View::Matches, View::Tree, View::Indicators, View::Exclusions, View::Rules, View::Events, View::Query]);
const IN_TIMELINE: When = When::In(&[View::Timeline]);
const LISTS: When = When::In(&[View::Matches, View::Events, View::Query]);
const ZOOMED: When = When::In(&[View::Matches, View::Timeline, View::Events, View::Query]);
const RECORDED: When = When::In(&[View::Matches, View::Tree, View::Rules, View::Timeline, View::Events, View::Query]);
const EVENTS: When = When::In(&[View::Matches, View::Tree]);
const IN_TREE: When = When::In(&[View::Tree]);
const IN_RULES: When = When::In(&[View::Rules]);
const FOLDED: When = When::In(&[View::Tree, View::Rules]);
const IN_EXCLUSIONS: When = When::In(&[View::Exclusions]);

const fn row(
    action: Action,
    name: &'static str,
    doc: &'static str,
    keys: &'static [&'static str],
    when: When,
    hint: Option<(u8, &'static str)>,
) -> ActionRow {
    ActionRow { action, name, doc, keys, when, hint }
}

/// All actions that a key or the palette may start.
pub static ACTIONS: &[ActionRow] = &[
    row(Action::Down, "down", "Move down one row", &["j", "Down"], When::Anywhere, Some((1, "move"))),
    row(Action::Up, "up", "Move up one row", &["k", "Up"], When::Anywhere, None),
    row(Action::PageDown, "page-down", "Move down one page", &["Ctrl-d", "PgDn"], When::Anywhere, None),
    row(Action::PageUp, "page-up", "Move up one page", &["Ctrl-u", "PgUp"], When::Anywhere, None),
    row(Action::First, "first", "Go to the first row", &["g g", "Home"], When::Anywhere, None),
    row(Action::Last, "last", "Go to the last row", &["G", "End"], When::Anywhere, None),
    row(
        Action::Left,
        "left",
        "Move a column left; in the tree, fold or go to the parent; on the timeline, a bucket back",
        &["h", "Left"],
        When::Anywhere,
        None,
    ),
    row(
        Action::Right,
        "right",
        "Move a column right; in the tree, unfold; on the timeline, a bucket on",
        &["l", "Right"],
        When::Anywhere,
        None,
    ),
    row(Action::Open, "open", "Open what is under the cursor", &["Enter"], When::Anywhere, Some((2, "open"))),
    row(
        Action::Close,
        "close",
        "Close what is open, or cancel the running work; never quits",
        &["q", "Esc"],
        When::Anywhere,
        None,
    ),
    row(
        Action::Toggle,
        "toggle",
        "Switch the exclusion or predicate; pin the match; in the tree, show what the process did",
        &["Space"],
        When::In(&[View::Matches, View::Tree, View::Exclusions, View::Rules]),
        Some((3, "toggle")),
    ),
    row(Action::Tree, "tree", "Show the process tree at this match", &["t"], When::Anywhere, Some((4, "tree"))),
    row(
        Action::Exclude,
        "exclude",
        "Write an exclusion from this row, with a preview of what it hides",
        &["x"],
        EVENTS,
        Some((5, "exclude…")),
    ),
    row(
        Action::Annotate,
        "annotate",
        "Write a note beside the match; it is saved in the store and exported",
        &["a"],
        When::In(&[View::Matches]),
        Some((6, "note")),
    ),
    row(
        Action::Record,
        "record",
        "Show the event as it was recorded, and in which file",
        &["r"],
        RECORDED,
        Some((13, "record")),
    ),
    row(Action::NewExclusion, "new-exclusion", "Write an exclusion by hand", &["a"], IN_EXCLUSIONS, Some((6, "add"))),
    row(
        Action::Edit,
        "edit",
        "Edit the exclusion: condition, reason, owner, scope; in a rule, give the parameter another value",
        &["i"],
        When::In(&[View::Exclusions, View::Rules]),
        Some((6, "edit")),
    ),
    row(
        Action::Delete,
        "delete",
        "Delete the exclusion (u brings it back)",
        &["d"],
        IN_EXCLUSIONS,
        Some((7, "delete")),
    ),
    row(
        Action::Undo,
        "undo",
        "Take back the last switch, pin, note, exclusion or filter",
        &["u"],
        When::Anywhere,
        Some((8, "undo")),
    ),
    row(Action::Redo, "redo", "Do again what was taken back", &["U"], When::Anywhere, None),
    row(
        Action::Baseline,
        "baseline",
        "Compare with: all exclusions off, the start of the session, or what B marked",
        &["b"],
        IN_EXCLUSIONS,
        Some((9, "baseline")),
    ),
    row(
        Action::MarkBaseline,
        "mark-baseline",
        "Compare with the matches as they are shown now",
        &["B"],
        IN_EXCLUSIONS,
        None,
    ),
    row(Action::Diff, "diff", "Show what the exclusions change, match by match", &["D"], When::Anywhere, None),
    row(
        Action::WriteDiff,
        "write-diff",
        "Write what the exclusions change to a file",
        &["w"],
        IN_EXCLUSIONS,
        Some((8, "write diff")),
    ),
    row(
        Action::ShowHidden,
        "show-hidden",
        "Show or leave out the matches that exclusions hide",
        &["H"],
        When::In(&[View::Matches]),
        Some((9, "hidden")),
    ),
    row(Action::Search, "search", "Search in this view", &["/"], When::Anywhere, Some((10, "search"))),
    row(Action::SearchNext, "search-next", "Go to the next hit of the search", &["n"], When::Anywhere, None),
    row(
        Action::SearchPrevious,
        "search-previous",
        "Go to the previous hit of the search",
        &["N"],
        When::Anywhere,
        None,
    ),
    row(
        Action::FilterByCell,
        "filter",
        "Keep only rows with this cell's value",
        &["f"],
        FILTERED,
        Some((11, "filter")),
    ),
    row(Action::FilterOutCell, "filter-out", "Leave out rows with this cell's value", &["!"], FILTERED, None),
    row(Action::ClearFilters, "clear-filters", "Take all filters away", &["F"], CLEARED, None),
    row(Action::SortLeft, "sort-left", "Choose the column to the left", &["<"], TABLES, None),
    row(Action::SortRight, "sort-right", "Choose the column to the right", &[">"], TABLES, None),
    row(Action::Sort, "sort", "Sort by the chosen column; again reverses", &["s"], TABLES, Some((12, "sort"))),
    row(
        Action::Table,
        "choose-table",
        "Choose the table whose events are listed",
        &["o"],
        When::In(&[View::Events]),
        Some((3, "table")),
    ),
    row(Action::EditQuery, "edit-query", "Write the query", &["i"], When::In(&[View::Query]), Some((3, "edit"))),
    row(Action::Freeze, "freeze", "Keep the columns up to this one at the left", &["z"], LISTS, Some((15, "freeze"))),
    row(Action::Columns, "columns", "Choose the columns that are shown", &["C"], LISTS, Some((16, "columns"))),
    row(Action::Widen, "widen", "Make the column wider", &["}"], LISTS, None),
    row(Action::Narrow, "narrow", "Make the column narrower", &["{"], LISTS, None),
    row(Action::Earlier, "earlier", "Go to the bucket before on the timeline", &["["], TIMED, None),
    row(Action::Later, "later", "Go to the next bucket on the timeline", &["]"], TIMED, None),
    row(
        Action::ZoomIn,
        "zoom-in",
        "Zoom the timeline in on the cursor; in Events and Query, widen the column",
        &["+"],
        ZOOMED,
        None,
    ),
    row(
        Action::ZoomOut,
        "zoom-out",
        "Zoom the timeline out; in Events and Query, narrow the column",
        &["-"],
        ZOOMED,
        None,
    ),
    row(
        Action::SelectTime,
        "select-time",
        "Choose a range on the timeline; again takes it as a filter",
        &["v"],
        TIMED,
        Some((12, "time range")),
    ),
    row(
        Action::Scrub,
        "scrub",
        "See the data as of the timeline's cursor, or all of it again",
        &["Space"],
        IN_TIMELINE,
        Some((3, "as of here")),
    ),
    row(Action::FoldAll, "fold-all", "Fold the whole tree, or all sections of a rule", &["z M"], FOLDED, None),
    row(
        Action::UnfoldAll,
        "unfold-all",
        "Unfold the whole tree, or all sections of a rule",
        &["z R"],
        FOLDED,
        Some((9, "unfold all")),
    ),
    row(
        Action::NextSection,
        "next-section",
        "Go to the next section of the rule",
        &["]"],
        IN_RULES,
        Some((4, "section")),
    ),
    row(Action::PreviousSection, "previous-section", "Go to the section before", &["["], IN_RULES, None),
    row(Action::FoldToLevel(1), "fold-level-1", "Show one level of the tree", &["z 1"], IN_TREE, None),
    row(Action::FoldToLevel(2), "fold-level-2", "Show two levels of the tree", &["z 2"], IN_TREE, None),
    row(Action::FoldToLevel(3), "fold-level-3", "Show three levels of the tree", &["z 3"], IN_TREE, None),
    row(Action::FoldToLevel(4), "fold-level-4", "Show four levels of the tree", &["z 4"], IN_TREE, None),
    row(Action::FoldToLevel(5), "fold-level-5", "Show five levels of the tree", &["z 5"], IN_TREE, None),
    row(Action::FoldToLevel(6), "fold-level-6", "Show six levels of the tree", &["z 6"], IN_TREE, None),
    row(Action::FoldToLevel(7), "fold-level-7", "Show seven levels of the tree", &["z 7"], IN_TREE, None),
    row(Action::FoldToLevel(8), "fold-level-8", "Show eight levels of the tree", &["z 8"], IN_TREE, None),
    row(Action::FoldToLevel(9), "fold-level-9", "Show nine levels of the tree", &["z 9"], IN_TREE, None),
    row(
        Action::PathOnly,
        "path-only",
        "Show all processes, the chains with matches, or only the path of this process",
        &["o"],
        IN_TREE,
        Some((3, "path only")),
    ),
    row(
        Action::NextMatch,
        "next-match",
        "Go to the next process with a match",
        &["f", "m"],
        IN_TREE,
        Some((3, "next match")),
    ),
    row(Action::PreviousMatch, "previous-match", "Go to the previous process with a match", &["F", "'"], IN_TREE, None),
    row(Action::Parent, "parent", "Go to the parent process", &["p"], IN_TREE, Some((3, "parent"))),
    row(
        Action::Why,
        "why",
        "Open the rule of this match: why it matched, stage by stage",
        &["w"],
        When::In(&[
            View::Matches,
            View::Tree,
            View::Rules,
            View::Indicators,
            View::Timeline,
            View::Events,
            View::Query,
        ]),
        Some((4, "why")),
    ),
    row(
        Action::RuleText,
        "rule-text",
        "Next page about the rule: why, facts, KQL, SQL",
        &["K"],
        When::In(&[View::Rules]),
        Some((5, "why/facts/KQL/SQL")),
    ),
    row(Action::Why, "open-rule", "Open the page of the exclusion's rule", &["K"], IN_EXCLUSIONS, None),
    row(
        Action::CopyCell,
        "copy-cell",
        "Copy the cell to the clipboard (OSC 52)",
        &["y"],
        When::Anywhere,
        Some((14, "copy")),
    ),
    row(Action::CopyRow, "copy-row", "Copy the row as JSON", &["Y"], When::Anywhere, None),
    row(Action::CopyChain, "copy-chain", "Copy the process chain as text", &["g y"], EVENTS, None),
    row(Action::NextPane, "next-pane", "Go to the next pane", &["Tab"], PANES, Some((13, "pane"))),
    row(Action::PreviousPane, "previous-pane", "Go to the previous pane", &["BackTab"], PANES, None),
    row(Action::ZoomPane, "zoom-pane", "Give the pane the whole screen, or share it again", &["="], PANES, None),
    row(Action::Back, "back", "Go back to where you were", &["Ctrl-o", "Backspace"], When::Anywhere, None),
    // Ctrl-I is the Tab key to a terminal, so the way forward has a key of its own.
    row(Action::Forward, "forward", "Go forward again", &["Ctrl-n"], When::Anywhere, None),
    row(Action::Show(View::Matches), "matches", "Show the matches of all rules", &["1"], When::Anywhere, None),
    row(Action::Show(View::Tree), "process-tree", "Show the process tree", &["2"], When::Anywhere, None),
    row(
        Action::Show(View::Indicators),
        "indicators",
        "Show the indicators of the rules and their hits here",
        &["3"],
        When::Anywhere,
        None,
    ),
    row(
        Action::Show(View::Exclusions),
        "exclusions",
        "Show the exclusions and what they change",
        &["4"],
        When::Anywhere,
        None,
    ),
    row(Action::Show(View::Rules), "rules", "Show the rules", &["5"], When::Anywhere, None),
    row(
        Action::Show(View::Timeline),
        "timeline",
        "Show events and matches over time, and what happens in a bucket",
        &["6"],
        When::Anywhere,
        None,
    ),
    row(Action::Show(View::Events), "events", "Show the events of a table", &["7"], When::Anywhere, None),
    row(Action::Show(View::Query), "query", "Ask the store in KQL", &["8"], When::Anywhere, None),
    row(
        Action::Replay,
        "replay",
        "Replay the schedules: the alerts that the rules would have raised, and the rows behind each",
        &["R"],
        When::Anywhere,
        None,
    ),
    row(Action::Clock, "clock", "See the data as of a time, or all of it", &["c"], When::Anywhere, None),
    row(
        Action::Export,
        "export",
        "Write this view to a file: .csv .jsonl .md .html .txt .json (ATT&CK layer); rule, query or exclusions as .kql",
        &["e"],
        When::Anywhere,
        Some((17, "export")),
    ),
    row(
        Action::Import,
        "import",
        "Read more event files into this store, and go on where you are; while files are read, how far that is",
        &["I"],
        When::Anywhere,
        None,
    ),
    row(
        Action::Lesson,
        "lessons",
        "Choose a lesson of the demonstration; during one, read its step in full",
        &["L"],
        When::Anywhere,
        None,
    ),
    row(Action::LessonNext, "lesson-next", "Go to the next step of the lesson", &[", n"], When::Anywhere, None),
    row(Action::LessonBack, "lesson-back", "Go to the step before", &[", p"], When::Anywhere, None),
    row(Action::LessonHint, "lesson-hint", "Show a hint for this step", &[", h"], When::Anywhere, None),
    row(Action::LessonReset, "lesson-reset", "Go back to how the step began", &[", r"], When::Anywhere, None),
    row(Action::LessonSteps, "lesson-steps", "Go to any step of the lesson", &[", j"], When::Anywhere, None),
    row(Action::LessonShow, "lesson-show", "Show how the step is done, slowly", &[", s", "."], When::Anywhere, None),
    row(Action::LessonLeave, "lesson-leave", "Leave the lesson", &[", q"], When::Anywhere, None),
    row(
        Action::Palette,
        "palette",
        "Find an action by name, description or key",
        &[":"],
        When::Anywhere,
        Some((20, "palette")),
    ),
    row(Action::Help, "help", "List the keys", &["?", "F1"], When::Anywhere, Some((21, "help"))),
    row(
        Action::Mouse,
        "mouse",
        "Take the mouse, or leave it to the terminal for selecting text",
        &["M"],
        When::Anywhere,
        None,
    ),
    row(Action::NextTheme, "theme", "Change the colours", &[], When::Anywhere, None),
    row(
        Action::TimeZone,
        "time-zone",
        "Show times in UTC, or in your own time zone",
        &["T", "Z"],
        When::Anywhere,
        None,
    ),
    row(Action::Redraw, "redraw", "Draw the screen anew", &["Ctrl-l"], When::Anywhere, None),
    row(
        Action::Suspend,
        "suspend",
        "Stop whippet and go back to the shell (fg continues)",
        &["Ctrl-z"],
        When::Anywhere,
        None,
    ),
    row(Action::Quit, "quit", "Leave whippet", &["Q"], When::Anywhere, Some((22, "quit"))),
];

impl ActionRow {
    pub fn is_for(&self, view: View) -> bool {
        match self.when {
            When::Anywhere => true,
            When::In(views) => views.contains(&view),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_documented() {
        let names: BTreeSet<&str> = ACTIONS.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), ACTIONS.len());
        for row in ACTIONS {
            assert!(row.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{}", row.name);
            assert!(!row.doc.is_empty() && !row.doc.ends_with('.'), "{}", row.name);
        }
    }
}
