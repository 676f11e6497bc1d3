//! Which hosts' process trees are read, and where the matches are in them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Effect, ask, moves, rows};
use crate::console::action::View;
use crate::console::source::{NodeFacts, Placed, Question, Topic};
use crate::console::state::{State, TreeShow};
use crate::console::trees::starts;
use crate::hunt::tree::facts::NodeEvent;
use crate::hunt::{EventId, Forest};

/// In a store of no more events than this, the trees of all hosts are read at once.
const SMALL_STORE: u64 = 50_000;
/// Else only those of so many hosts, the ones with the most matches first; others are read when one goes there.
const FEW_HOSTS: usize = 8;

/// Asks for the trees of the hosts that the matches are on, where they are not here.
pub fn wanted(state: &mut State) -> Vec<Effect> {
    let Some(overview) = &state.overview else { return Vec::new() };
    let mut devices = state.tree.devices.clone();
    let mut add = |device: &String| {
        if !device.is_empty() && !devices.iter().any(|known| known.eq_ignore_ascii_case(device)) {
            devices.push(device.clone());
        }
    };
    if overview.events <= SMALL_STORE {
        overview.devices.iter().for_each(&mut add);
    } else {
        hosts_of_matches(state).iter().for_each(&mut add);
        // With no match at all there is still a tree to be looked at.
        if devices.is_empty() {
            devices.extend(overview.devices.iter().take(FEW_HOSTS).cloned());
        }
    }
    read(state, devices)
}

/// The hosts with the most matches.
fn hosts_of_matches(state: &State) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for found in state.found.iter().flat_map(|found| &found.all.runs).flat_map(|run| &run.matches) {
        let count = counts.entry(&found.id.device).or_default();
        *count = count.saturating_add(1);
    }
    let mut hosts: Vec<(&str, usize)> = counts.into_iter().collect();
    hosts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    hosts.into_iter().take(FEW_HOSTS).map(|(host, _)| host.to_owned()).collect()
}

fn read(state: &mut State, devices: Vec<String>) -> Vec<Effect> {
    let is_new = state.forest.is_none() || devices != state.tree.devices;
    if !is_new || devices.is_empty() {
        return Vec::new();
    }
    vec![ask(state, Question::Forest(devices))]
}

/// The trees are here.
pub fn arrived(state: &mut State, devices: Vec<String>, forest: Arc<Forest>) -> Vec<Effect> {
    // Hosts that are added leave the places of all processes as they are; another order does not.
    if !devices.starts_with(&state.tree.devices) {
        state.places.clear();
        state.tree.facts.clear();
        state.tree.unrolled.clear();
    }
    state.started = starts(&forest);
    state.tree.lost.clear();
    state.tree.devices = devices;
    state.forest = Some(forest);
    rows::marks(state);
    rows::open_marked(state);
    if state.view == View::Tree {
        moves::tree_to_focus(state);
    }
    let mut effects = place(state);
    effects.extend(cuts(state));
    effects
}

/// Where events are is known, or which hosts would have to be read.
pub fn placed(state: &mut State, placed: Placed) -> Vec<Effect> {
    state.places.extend(placed.nodes);
    state.tree.lost.extend(placed.lost);
    rows::marks(state);
    if state.view == View::Tree {
        moves::tree_to_focus(state);
    }
    let here = state.tree.devices.len();
    let mut devices = state.tree.devices.clone();
    let is_small = state.overview.as_ref().is_some_and(|overview| overview.events <= SMALL_STORE);
    let asked_for: Option<EventId> = state.focus.event.filter(|_| state.view == View::Tree);
    let is_lost = asked_for.is_some_and(|event| state.node_of(&[event]).is_none());
    for device in placed.devices {
        if is_small || is_lost || devices.len() < FEW_HOSTS {
            devices.push(device);
        }
    }
    if devices.len() > here { read(state, devices) } else { Vec::new() }
}

/// Asks where the matches are that are not about the start of a process.
pub fn place(state: &mut State) -> Vec<Effect> {
    let (Some(found), Some(_)) = (&state.found, &state.forest) else { return Vec::new() };
    let events: BTreeSet<EventId> = found
        .all
        .runs
        .iter()
        .flat_map(|run| &run.matches)
        // One event of a match tells its place; a sum over thousands has none worth asking for.
        .filter_map(|found| found.events.first())
        .filter(|event| !state.started.contains_key(event) && !state.places.contains_key(event))
        .filter(|event| !state.tree.lost.contains(event))
        .copied()
        .collect();
    find(state, events.into_iter().collect())
}

/// Asks which processes some events belong to.
pub fn find(state: &mut State, events: Vec<EventId>) -> Vec<Effect> {
    if events.is_empty() {
        return Vec::new();
    }
    let devices = state.tree.devices.clone();
    vec![ask(state, Question::Places(devices, events))]
}

/// Asks which exclusions cut the chain of a pinned match; without pins there is none.
pub fn cuts(state: &mut State) -> Vec<Effect> {
    let has_pins = state.switches.pins().next().is_some();
    if !has_pins || state.forest.is_none() || state.switches.exclusions().next().is_none() {
        state.cuts.clear();
        return Vec::new();
    }
    if state.board.is_pending(Topic::Forest) {
        return Vec::new();
    }
    let (settings, devices) = (state.settings(), state.tree.devices.clone());
    vec![ask(state, Question::Cuts(settings, devices))]
}

/// All processes, the chains with matches, the path of the one under the cursor.
pub fn turn_show(state: &mut State) -> Vec<Effect> {
    let here = state.tree.tree.selected();
    state.tree.show = match (state.tree.show, here) {
        (TreeShow::Chains, Some(node)) => TreeShow::Path(node),
        (TreeShow::All, _) => TreeShow::Chains,
        (TreeShow::Chains | TreeShow::Path(_), _) => TreeShow::All,
    };
    state.tree.is_chosen = true;
    if let (TreeShow::Path(node), Some(forest)) = (state.tree.show, state.forest.clone()) {
        let mut path = forest.path(node);
        path.pop();
        state.tree.tree.open.extend(path);
    }
    rows::tree(state);
    let key = state.keymap.key("path-only");
    state.tell(format!("showing {}; {key} goes on", state.tree.show.words()));
    follow(state)
}

/// Asks what the process under the cursor did, where that is not known.
pub fn follow(state: &mut State) -> Vec<Effect> {
    let Some(node) = state.tree.tree.selected() else { return Vec::new() };
    if state.tree.facts.contains_key(&node) {
        return Vec::new();
    }
    let devices = state.tree.devices.clone();
    vec![ask(state, Question::Node(devices, node))]
}

/// The tree comes on the screen: with the trees it needs, and what its cursor is on.
pub fn shown(state: &mut State) -> Vec<Effect> {
    let mut effects = Vec::new();
    if state.forest.is_none() && !state.board.is_pending(Topic::Forest) {
        effects.extend(wanted(state));
    }
    effects.extend(follow(state));
    effects
}

pub fn learned(state: &mut State, facts: NodeFacts) {
    let is_unrolled = state.tree.unrolled.contains(&facts.node);
    state.tree.facts.insert(facts.node, facts);
    if is_unrolled {
        rows::tree(state);
    }
}

/// Shows what the process did in place, or no longer.
pub fn unroll(state: &mut State) -> Vec<Effect> {
    let Some(node) = state.tree.tree.selected() else { return Vec::new() };
    if !state.tree.unrolled.remove(&node) {
        state.tree.unrolled.insert(node);
        if state.tree.facts.get(&node).is_some_and(|facts| facts.events.is_empty()) {
            state.tell("nothing else that this process did was logged");
        }
    }
    rows::tree(state);
    follow(state)
}

/// The event whose line the cursor is on.
pub fn selected_event(state: &State) -> Option<&NodeEvent> {
    let row = state.tree.tree.rows.get(state.tree.tree.list.selected)?;
    state.tree.facts.get(&row.node)?.events.get(row.event?)
}

/// Opens the event under the cursor in full.
pub fn open_event(state: &mut State) -> Vec<Effect> {
    let Some((table, event)) = selected_event(state).map(|event| (event.table.clone(), event.event)) else {
        return Vec::new();
    };
    state.focus.event = Some(event);
    let settings = state.settings();
    vec![ask(state, Question::Row(settings, table, event))]
}
