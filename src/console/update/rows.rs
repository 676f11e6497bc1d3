//! The rows the views show: filtered, sorted, marked.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Effect, browse, follow, timeline};
use crate::console::action::View;
use crate::console::state::{Baseline, Chip, MatchRow, NodeMark, State, TreeShow};
use crate::console::views::{self, SortKey};
use crate::hunt::switches::ExclusionRef;
use crate::hunt::timeline::TimeRange;
use crate::hunt::tree::text::lineage;
use crate::hunt::{Diff, EventId, ExclusionEffect, Forest, NodeId, OwnExclusion, matches as hunt_matches};

/// From here on a whole forest is no overview.
const MANY_ROOTS: usize = 30;
/// A hunt without a match opens no more of its tree than these rows.
const FIRST_ROWS: usize = 40;

/// The list of matches: the hidden ones only where they are asked for.
pub fn matches(state: &mut State) {
    let Some(found) = &state.found else { return };
    let shown = state.shown_ids();
    let mut rows: Vec<MatchRow> = Vec::new();
    for (run, result) in found.all.runs.iter().enumerate() {
        for (position, candidate) in result.matches.iter().enumerate() {
            let hidden = !shown.contains(&candidate.id);
            if hidden && !state.matches.show_hidden {
                continue;
            }
            let kept = state
                .matches
                .chips
                .iter()
                .all(|chip| (views::matches::cell(state, candidate, &chip.column).1 == chip.value) == chip.keep);
            if kept {
                rows.push(MatchRow { run, position, hidden });
            }
        }
    }
    rows.sort_by(|left, right| match (state.match_at(*left), state.match_at(*right)) {
        (Some(left), Some(right)) => hunt_matches::order(left, right),
        _ => std::cmp::Ordering::Equal,
    });
    if let Some((title, falls)) = &state.matches.sort {
        let key = |row: &MatchRow| -> SortKey {
            state.match_at(*row).map(|found| views::matches::cell(state, found, title)).unwrap_or_default()
        };
        if *falls {
            // Rows that are equal here keep their order in time both ways.
            rows.sort_by_cached_key(|row| std::cmp::Reverse(key(row)));
        } else {
            rows.sort_by_cached_key(key);
        }
    }
    let range = state.timeline.range;
    state.timeline.rows = rows.clone();
    timeline::recount(state);
    if let Some(range) = range {
        rows.retain(|row| is_within(state, *row, range));
    }
    state.matches.rows = rows;
}

fn is_within(state: &State, row: MatchRow, range: TimeRange) -> bool {
    state.match_at(row).and_then(|found| found.id.time).is_some_and(|time| range.contains(time))
}

/// Puts the cursor of the list on the focused match, where it is in the list; else it stays, as far as there are rows.
pub fn select_focused(state: &mut State) {
    let focused = state.focus.found.as_ref();
    let is_focused = |row: &MatchRow| state.match_at(*row).is_some_and(|found| Some(&found.id) == focused);
    let last = state.matches.rows.len().saturating_sub(1);
    let position = state.matches.rows.iter().position(is_focused);
    state.matches.table.selected = position.unwrap_or(state.matches.table.selected.min(last));
}

pub fn select_rule(state: &mut State) {
    let Some(rule) = &state.rules.open else { return };
    let rules = views::rules::rows(state);
    if let Some(position) = rules.iter().position(|row| row.name == *rule) {
        state.rules.table.selected = position;
    }
}

/// Puts the cursor of a page that was just opened where the rows end, else on the first stage.
pub fn select_stage(state: &mut State) {
    let stages = || state.rules.page.iter().enumerate().filter_map(|(at, row)| Some((at, row.stage()?)));
    let ends = stages().find(|(_, stage)| stage.ends());
    let first = ends.or_else(|| stages().find(|(_, stage)| !stage.is_section));
    state.rules.stages.selected = first.map_or(0, |(at, _)| at);
}

pub fn diff(state: &mut State) {
    let Some(found) = &state.found else { return };
    let before = match state.exclusions.baseline {
        Baseline::ExclusionsOff => &found.all,
        Baseline::SessionStart => state.session_start.as_ref().unwrap_or(&found.all),
        Baseline::Marked => state.exclusions.marked.as_ref().unwrap_or(&found.all),
    };
    state.exclusions.diff = Diff::between(before, &found.shown);
    // What changed is what one looks for; what stayed follows.
    state.exclusions.diff.rows.sort_by_key(|row| row.change);
}

/// All exclusions: the analyst's own, then those in the rules' texts.
pub fn exclusions(state: &mut State) {
    let counted: Vec<&ExclusionEffect> = state.found.iter().flat_map(|found| &found.own).collect();
    // Which there are and which are on is known at once: a key meant for a new row must not switch its neighbour.
    let own = state.switches.exclusions().map(|(id, own)| {
        let exclusion = ExclusionRef::Own(id);
        let known = counted.iter().find(|effect| effect.exclusion == exclusion).map(|effect| (*effect).clone());
        let effect = known.unwrap_or_else(|| uncounted(exclusion, own));
        ExclusionEffect {
            enabled: own.enabled,
            condition: own.condition.clone(),
            note: own.note.clone(),
            owner: own.owner.clone(),
            ..effect
        }
    });
    let native = state.native.iter().cloned().map(|effect| match &effect.exclusion {
        ExclusionRef::Native(unit) => ExclusionEffect { enabled: state.switches.is_on(unit), ..effect },
        ExclusionRef::Own(_) => effect,
    });
    state.effects = own.chain(native).collect();
}

fn uncounted(exclusion: ExclusionRef, own: &OwnExclusion) -> ExclusionEffect {
    ExclusionEffect {
        exclusion,
        rule: own.rule.clone(),
        condition: String::new(),
        note: String::new(),
        owner: String::new(),
        enabled: false,
        hides: 0,
        only_by: 0,
        pinned: Vec::new(),
        problem: Some("being counted".to_owned()),
    }
}

/// Which processes have matches.
pub fn marks(state: &mut State) {
    let (Some(found), Some(forest)) = (&state.found, &state.forest) else { return };
    let node_of = |event: &EventId| state.started.get(event).or_else(|| state.places.get(event)).copied();
    let shown = state.shown_ids();
    let mut marks: BTreeMap<NodeId, NodeMark> = BTreeMap::new();
    let mut matches_at: HashMap<NodeId, Vec<(usize, usize)>> = HashMap::new();
    let range = state.timeline.range;
    let is_looked_at = |time: Option<i64>| range.is_none_or(|range| time.is_some_and(|time| range.contains(time)));
    let all = found.all.runs.iter().enumerate();
    let all = all.flat_map(|(run, found)| found.matches.iter().enumerate().map(move |(at, found)| ((run, at), found)));
    for (place, candidate) in all {
        let mut nodes: Vec<NodeId> = candidate.events.iter().filter_map(node_of).collect();
        nodes.sort_unstable();
        nodes.dedup();
        let hidden = !shown.contains(&candidate.id);
        for node in nodes {
            matches_at.entry(node).or_default().push(place);
            if is_looked_at(candidate.id.time) {
                let mark = marks.entry(node).or_insert(NodeMark { hidden: true, ..NodeMark::default() });
                mark.severity = mark.severity.max(candidate.severity);
                mark.count = mark.count.saturating_add(1);
                mark.hidden &= hidden;
                mark.pinned |= state.switches.is_pinned(&candidate.id);
            }
        }
    }
    let first = state.marks.is_empty() && !marks.is_empty();
    let is_unseen = state.tree.tree.rows.is_empty();
    let roots = forest.roots.len();
    state.marks = marks;
    state.matches_at = matches_at;
    if first {
        // In a forest of hundreds of roots the chains with matches are what one comes for.
        if !state.tree.is_chosen {
            state.tree.show = if roots > MANY_ROOTS { TreeShow::Chains } else { TreeShow::All };
        }
        open_marked(state);
    } else if is_unseen && state.all_count() == 0 {
        open_first(state);
    }
    tree(state);
}

/// Without a match nothing says where to look: whole levels from the roots on are open, as many as a screen takes.
fn open_first(state: &mut State) {
    let Some(forest) = state.forest.clone() else { return };
    let mut level = forest.roots.clone();
    let mut count = level.len();
    loop {
        let nodes = level.iter().filter_map(|node| forest.node(*node));
        let below: Vec<NodeId> = nodes.flat_map(|node| node.children.iter().copied()).collect();
        count = count.saturating_add(below.len());
        if below.is_empty() || count > FIRST_ROWS {
            return;
        }
        state.tree.tree.open.extend(level);
        level = below;
    }
}

/// Opens the chains that have matches; all else starts folded.
pub fn open_marked(state: &mut State) {
    let Some(forest) = state.forest.clone() else { return };
    let parents = state.marks.keys().filter_map(|node| forest.node(*node)?.parent);
    state.tree.tree.open.extend(with_parents(&forest, parents));
    tree(state);
}

/// Nodes, and all that are above them. Each is gone up from once, however many chains it is part of.
fn with_parents(forest: &Forest, nodes: impl Iterator<Item = NodeId>) -> BTreeSet<NodeId> {
    let mut found = BTreeSet::new();
    for node in nodes {
        let mut at = Some(node);
        while let Some(id) = at.filter(|id| found.insert(*id)) {
            at = forest.node(id).and_then(|node| node.parent);
        }
    }
    found
}

/// The nodes that are shown, where not all are.
pub fn chains(state: &State) -> Option<BTreeSet<NodeId>> {
    let forest = state.forest.as_ref()?;
    match state.tree.show {
        TreeShow::All => None,
        TreeShow::Chains => Some(with_parents(forest, state.marks.keys().copied())),
        TreeShow::Path(node) => Some(lineage(forest, node)),
    }
}

pub fn tree(state: &mut State) {
    let Some(forest) = state.forest.clone() else { return };
    let shown = chains(state);
    let facts = &state.tree.facts;
    let details = state.tree.unrolled.iter().filter_map(|node| Some((*node, facts.get(node)?.events.len())));
    state.tree.tree.details = details.collect();
    state.tree.tree.rebuild(&forest, shown.as_ref());
}

pub fn indicators(state: &mut State) {
    let Some(indicators) = &state.indicators else { return };
    let mut rows: Vec<usize> = (0..indicators.len())
        .filter(|position| {
            indicators.get(*position).is_some_and(|indicator| {
                state
                    .indicator
                    .chips
                    .iter()
                    .all(|chip| (views::indicators::titled(indicator, &chip.column).1 == chip.value) == chip.keep)
            })
        })
        .collect();
    let sort = state.indicator.table.sort;
    // What is seen here comes first, then what few other rules look for.
    rows.sort_by_cached_key(|position| {
        let indicator = indicators.get(*position);
        match sort {
            Some(sort) => indicator.map(|known| views::indicators::cell(known, sort.column)).unwrap_or_default(),
            None => indicator
                .map(|known| {
                    (i64::try_from(known.hits.unwrap_or(0)).unwrap_or(i64::MAX).saturating_neg(), known.value.clone())
                })
                .unwrap_or_default(),
        }
    });
    if sort.is_some_and(|sort| sort.descending) {
        rows.reverse();
    }
    state.indicator.rows = rows;
}

pub fn sort(state: &mut State) -> Vec<Effect> {
    match state.view {
        View::Matches => {
            let Some(title) = views::matches::chosen(state).map(str::to_owned) else { return Vec::new() };
            let falls = state.matches.sort.as_ref().is_some_and(|(by, falls)| *by == title && !falls);
            state.matches.sort = Some((title, falls));
            matches(state);
            select_focused(state);
        }
        View::Indicators => {
            state.indicator.table.sort_by_chosen();
            indicators(state);
        }
        View::Events | View::Query => return browse::sort(state),
        View::Rules if state.rules.open.is_none() => {
            state.rules.table.sort_by_chosen();
        }
        _ => state.tell("stages keep the rule's order"),
    }
    Vec::new()
}

/// Keeps or leaves out the rows with the value of the cell under the cursor.
pub fn filter(state: &mut State, keep: bool) -> Vec<Effect> {
    if matches!(state.view, View::Events | View::Query) {
        return browse::filter(state, keep);
    }
    let (column, value) = match state.view {
        View::Matches => {
            let Some(column) = views::matches::chosen(state).map(str::to_owned) else { return Vec::new() };
            match state.selected_row() {
                Some((_, found)) if column == "TIME" => return filter_time(state, found.id.time, keep),
                Some((_, found)) => {
                    let value = views::matches::cell(state, found, &column).1;
                    (column, value)
                }
                None => return Vec::new(),
            }
        }
        _ => {
            let column = views::indicators::COLUMNS.get(state.indicator.table.column);
            let column = column.map_or("", |column| column.title).to_owned();
            match views::indicators::selected(state) {
                Some(indicator) => {
                    let value = views::indicators::titled(indicator, &column).1;
                    (column, value)
                }
                None => return Vec::new(),
            }
        }
    };
    let chip = Chip { column, value, keep };
    let chips = if state.view == View::Matches { &state.matches.chips } else { &state.indicator.chips };
    if chips.contains(&chip) {
        return Vec::new();
    }
    if state.view == View::Matches {
        state.matches.chips.push(chip);
        matches(state);
        select_focused(state);
        follow(state)
    } else {
        state.indicator.chips.push(chip);
        indicators(state);
        Vec::new()
    }
}

/// A time is a stretch of it: of the second that is shown.
fn filter_time(state: &mut State, time: Option<i64>, keep: bool) -> Vec<Effect> {
    const SECOND: i64 = 10_000_000;
    let (Some(time), true) = (time, keep) else {
        state.tell("times are filtered by a range: v begins one on the timeline");
        return Vec::new();
    };
    let from = time.div_euclid(SECOND).saturating_mul(SECOND);
    timeline::filter(state, Some(TimeRange { from, until: from.saturating_add(SECOND) }))
}

pub fn clear_filters(state: &mut State) -> Vec<Effect> {
    let has_range = state.timeline.range.is_some();
    let is_any = match state.view {
        View::Matches | View::Timeline => has_range || !state.matches.chips.is_empty(),
        View::Events => has_range || state.events.asked.range.is_some() || !state.events.asked.conditions.is_empty(),
        View::Indicators => !state.indicator.chips.is_empty(),
        _ => true,
    };
    if !is_any {
        state.tell("no filter is on");
        return Vec::new();
    }
    if matches!(state.view, View::Events | View::Query) {
        return browse::clear_filters(state);
    }
    if matches!(state.view, View::Matches | View::Timeline) {
        state.matches.chips.clear();
        timeline::filter(state, None)
    } else {
        state.indicator.chips.clear();
        indicators(state);
        Vec::new()
    }
}
