//! The process tree: where a match sits, what started it and what it started.

use super::{edge, field, severity_role};
use crate::console::format;
use crate::console::layout::Layout;
use crate::console::paint::{Brush, Line};
use crate::console::shown::Shown;
use crate::console::source::Topic;
use crate::console::state::{State, TreeShow};
use crate::console::theme::Role;
use crate::console::widgets::tree::TreeRow;
use crate::hunt::chains::Cut;
use crate::hunt::{Match, Node, NodeId};

/// The process that the focus is about.
pub fn node_in_focus(state: &State) -> Option<NodeId> {
    if state.view == super::View::Tree {
        return state.tree.tree.selected();
    }
    let mut events: Vec<i64> = state.focus.event.into_iter().collect();
    if let Some(found) = state.focused_match() {
        events.extend(&found.events);
    }
    state.node_of(&events)
}

/// `X4 would cut the chain of ★ 09:02:14 Title: sqlservr.exe › cmd.exe`. Raw text.
pub fn cut_text(state: &State, cut: &Cut) -> String {
    let verb =
        if state.switches.exclusion(cut.exclusion).is_some_and(|own| own.enabled) { "cuts" } else { "would cut" };
    let time = cut.pinned.time.map(|ticks| state.time(ticks)).unwrap_or_default();
    let title = state.rule_title(&cut.pinned.rule);
    let hunt = state.found.as_ref().map(|found| &found.all);
    let node = hunt.and_then(|hunt| state.node_of(&hunt.find(&cut.pinned)?.events));
    let chain = node.map(|node| format!(": {}", path_text(state, node))).unwrap_or_default();
    let hidden = match cut.hidden.len() {
        1 => "1 match".to_owned(),
        count => format!("{count} matches"),
    };
    format!("{verb} the chain of ★ {time} {title} ({hidden} on it){chain}")
}

/// The matches that came from this process, worst first.
pub fn matches_of(state: &State, node: NodeId) -> Vec<&Match> {
    if !state.marks.contains_key(&node) {
        return Vec::new();
    }
    let runs = state.found.as_ref().map_or(&[][..], |found| &found.all.runs);
    let places = state.matches_at.get(&node).into_iter().flatten();
    let mut result: Vec<&Match> = places.filter_map(|(run, at)| runs.get(*run)?.matches.get(*at)).collect();
    result.sort_by_key(|found| std::cmp::Reverse(found.severity));
    result
}

/// `services.exe › sqlservr.exe › cmd.exe`. Raw text.
pub fn path_text(state: &State, node: NodeId) -> String {
    let Some(forest) = &state.forest else { return String::new() };
    let names: Vec<&str> =
        forest.path(node).into_iter().filter_map(|id| forest.node(id)).map(|node| name(&node.process.name)).collect();
    names.join(" › ")
}

fn name(name: &str) -> &str {
    if name.is_empty() { "(no name)" } else { name }
}

pub fn draw(state: &State, brush: &mut Brush<'_>, layout: &Layout) {
    let Some(pane) = layout.panes.first() else { return };
    let rows = &state.tree.tree.rows;
    let note = format!("node {}/{}", state.tree.tree.list.selected.saturating_add(1).min(rows.len()), rows.len());
    let focused = state.pane == 0;
    let mut list = edge(brush, pane, "Process tree", &note, focused);
    if rows.is_empty() {
        let text = if state.forest.is_none() {
            if state.board.is_pending(Topic::Forest) {
                "Building the tree…"
            } else {
                "No tree yet; Ctrl-l asks again."
            }
        } else if state.tree.show == TreeShow::Chains {
            "No process has a match; o shows all processes."
        } else {
            "No process was logged in this store."
        };
        list.put(1, 0, Role::Dim, &Shown::from(text));
    }
    let top = state.tree.tree.list.top;
    let path = selected_path(state);
    for offset in 0..list.area.height {
        let index = top.saturating_add(usize::from(offset));
        let Some(row) = rows.get(index) else { break };
        draw_row(state, &mut list, offset, row, &path);
        if index == state.tree.tree.list.selected {
            list.tint_row(offset, if focused { Role::Selected } else { Role::SelectedElsewhere });
            list.put(0, offset, Role::Focus, &Shown::from("▶"));
        }
    }
    let Some(pane) = layout.panes.get(1) else { return };
    let mut detail = edge(brush, pane, "Node", super::zoom_note(state), state.pane == 1);
    let width = usize::from(detail.area.width);
    detail.put_lines(&self::detail(state, width), state.tree.scroll);
}

/// The path down to the process under the cursor.
fn selected_path(state: &State) -> Vec<NodeId> {
    let selected = state.tree.tree.selected();
    state.forest.as_ref().and_then(|forest| Some(forest.path(selected?))).unwrap_or_default()
}

/// A thing that a process did, in place below it.
fn draw_event(state: &State, brush: &mut Brush<'_>, y: u16, row: &TreeRow, position: usize) {
    let Some(facts) = state.tree.facts.get(&row.node) else { return };
    let Some(event) = facts.events.get(position) else { return };
    let width = usize::from(brush.area.width);
    let mut lines: String = row.guides.iter().skip(1).map(|goes_on| if *goes_on { "│  " } else { "   " }).collect();
    lines.push_str(if row.last { "   " } else { "│  " });
    let mut line = Line::of(Role::Border, lines);
    line.push(Role::Key, format!("· {:<8} ", event_word(&event.table)));
    line.push(Role::Dim, event.summary.as_str());
    if event.summary.is_empty() {
        line.push(Role::Dim, event.action.as_str());
    }
    if facts.cut && position.saturating_add(1) == facts.events.len() {
        line.push(Role::Warning, " … and more (6 lists them)");
    }
    let style = state.time_style();
    let time_width = if width >= 60 { usize::from(style.width()) + 1 } else { 0 };
    let marks_width = if width >= 60 { 12 } else { 0 };
    let label_width = width.saturating_sub(2 + time_width + marks_width + 1);
    brush.put_line(3, y, &line.fit(label_width.saturating_sub(1)));
    if let (true, Some(ticks)) = (time_width > 0, event.time) {
        let x = u16::try_from(2 + label_width + 1).unwrap_or(u16::MAX);
        brush.put(x, y, Role::Dim, &Shown::from(state.time(ticks)));
    }
}

fn event_word(table: &str) -> &'static str {
    match table {
        "DeviceFileEvents" => "file",
        "DeviceRegistryEvents" => "registry",
        "DeviceNetworkEvents" => "network",
        "DeviceImageLoadEvents" => "image",
        "DeviceLogonEvents" => "logon",
        "DeviceProcessEvents" => "process",
        _ => "other",
    }
}

fn draw_row(state: &State, brush: &mut Brush<'_>, y: u16, row: &TreeRow, path: &[NodeId]) {
    if let Some(position) = row.event {
        draw_event(state, brush, y, row, position);
        return;
    }
    let Some(node) = state.forest.as_ref().and_then(|forest| forest.node(row.node)) else { return };
    let width = usize::from(brush.area.width);
    let marks = marks(state, node);
    let style = state.time_style();
    // Marks end at the edge, the time stands before them where there is room for it.
    let marks_width = if width >= 60 { 12 } else { marks.width() };
    let time = node.process.start.map(|ticks| state.time(ticks)).unwrap_or_default();
    let time_width = if width >= 60 { usize::from(style.width()) + 1 } else { 0 };
    let label_width = width.saturating_sub(2 + time_width + marks_width + 1);
    // The way down to the cursor is numbered, so that it shows without colour.
    let step = path.iter().position(|at| *at == node.id);
    if let Some(step) = step.and_then(|step| u32::try_from(step.saturating_add(1) % 10).ok()) {
        brush.put(1, y, Role::Key, &Shown::from(step.to_string()));
    }
    brush.put_line(3, y, &label(state, node, row, step.is_some()).fit(label_width.saturating_sub(1)));
    let column = |cells: usize| u16::try_from(cells).unwrap_or(u16::MAX);
    if time_width > 0 {
        brush.put(column(2 + label_width + 1), y, Role::Dim, &Shown::from(time));
    }
    brush.put_line(column(width.saturating_sub(marks_width)), y, &marks);
}

/// `■ HIGH ×2`, `★` for a pinned one, `·` where all are hidden.
fn marks(state: &State, node: &Node) -> Line {
    let Some(mark) = state.marks.get(&node.id) else { return Line::new() };
    let sign = match (mark.pinned, mark.hidden) {
        (true, _) => "★",
        (_, true) => "·",
        _ => "■",
    };
    let role = if mark.hidden { Role::Dim } else { severity_role(mark.severity) };
    let times = if mark.count > 1 { format!(" ×{}", mark.count) } else { String::new() };
    Line::of(role, format!("{sign} {}{times}", mark.severity.word()))
}

fn label(state: &State, node: &Node, row: &TreeRow, on_path: bool) -> Line {
    let mut lines = String::new();
    // The roots stand at the edge: their own lines would only push everything to the right.
    for goes_on in row.guides.iter().skip(1) {
        lines.push_str(if *goes_on { "│  " } else { "   " });
    }
    if !row.guides.is_empty() {
        lines.push_str(if row.last { "└─ " } else { "├─ " });
    }
    let mut line = Line::of(Role::Border, lines);
    match row.open {
        Some(true) => line.push(Role::Dim, if state.plain { "- " } else { "▾ " }),
        Some(false) => line.push(Role::Dim, if state.plain { "+ " } else { "▸ " }),
        None => {}
    }
    let on_path = on_path || state.marks.contains_key(&node.id);
    if node.ghost {
        line.push(Role::Dim, "(ghost) ");
    }
    line.push(if on_path { Role::Strong } else { Role::Text }, name(&node.process.name));
    if let Some(pid) = node.process.pid {
        line.push(Role::Dim, format!(" {pid}"));
    }
    if node.pid_use.1 > 1 {
        line.push(Role::Warning, format!(" (pid use {}/{})", node.pid_use.0, node.pid_use.1));
    }
    if node.cut {
        line.push(Role::Warning, " (cycle cut)");
    }
    if row.folded > 0 {
        line.push(Role::Dim, format!(" (+{})", row.folded));
    }
    let arguments = format::arguments(&node.process.command_line);
    if !arguments.is_empty() {
        line.push(Role::Text, format!("  {arguments}"));
    }
    let several = state.overview.as_ref().is_some_and(|overview| overview.devices.len() > 1);
    if row.guides.is_empty() && several {
        line.push(Role::Dim, format!("  on {}", node.process.device));
    }
    line
}

/// What is known of the process under the cursor, its matches, and its chain as text.
pub fn detail(state: &State, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let Some(forest) = &state.forest else { return lines };
    let Some(node) = state.tree.tree.selected().and_then(|id| forest.node(id)) else { return lines };
    let process = &node.process;
    let pid = process.pid.map(|pid| format!("  pid {pid}")).unwrap_or_default();
    lines.push(Line::of(Role::Strong, name(&process.name)).with(Role::Text, pid).fit(width));
    if node.ghost {
        let text = "Ghost: named by its children, never logged itself. What stands here is what they say.";
        super::paragraph(&mut lines, Role::Warning, text, width);
    }
    let mut by_rule: Vec<(&Match, usize)> = Vec::new();
    for found in matches_of(state, node.id) {
        match by_rule.iter_mut().find(|(first, _)| first.id.rule == found.id.rule) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => by_rule.push((found, 1)),
        }
    }
    for (found, count) in by_rule {
        let times = if count > 1 { format!(" ×{count}") } else { String::new() };
        let line = Line::of(severity_role(found.severity), format!("■ {}{times}", found.severity.word()))
            .with(Role::Text, format!(" {}", found.title));
        lines.push(line.fit(width));
    }
    field(&mut lines, "command", &process.command_line, width);
    field(&mut lines, "image", &process.path, width);
    field(&mut lines, "user", &process.account, width);
    let exact = |ticks: i64| state.zone.time(ticks, format::TimeStyle::Exact);
    field(&mut lines, "start", &process.start.map(exact).unwrap_or_default(), width);
    field(&mut lines, "end", &process.end.map(exact).unwrap_or_default(), width);
    if let Some(parent) = node.parent.and_then(|parent| forest.node(parent)) {
        let gap = match (parent.process.start, process.start) {
            (Some(before), Some(after)) => format!(" ({} after it)", format::span(after.saturating_sub(before))),
            _ => String::new(),
        };
        let pid = parent.process.pid.map(|pid| format!(" {pid}")).unwrap_or_default();
        field(&mut lines, "parent", &format!("{}{pid}{gap}", name(&parent.process.name)), width);
    }
    field(&mut lines, "integrity", &process.integrity, width);
    field(&mut lines, "host", &process.device, width);
    field(&mut lines, "sha256", &process.sha256, width);
    field(&mut lines, "sha1", &process.sha1, width);
    if let Some(seen) = state.tree.facts.get(&node.id).and_then(|facts| facts.hash.as_ref()) {
        let hosts = state.overview.as_ref().map_or(0, |overview| overview.devices.len() as u64);
        let (starts, on) = (format::count(seen.starts), format::count(seen.hosts));
        field(
            &mut lines,
            "hash seen",
            &format!("{starts} starts on {on} of {} hosts here", format::count(hosts)),
            width,
        );
        field(&mut lines, "profile", &seen.profile, width);
    }
    field(&mut lines, "identity", &process.unique_id, width);
    let counts = node.counts;
    let counted: Vec<String> = [
        ("process", counts.processes),
        ("file", counts.files),
        ("registry", counts.registry),
        ("network", counts.network),
        ("image", counts.images),
        ("logon", counts.logons),
        ("other", counts.other),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .map(|(word, count)| format!("{word} {}", format::count(count)))
    .collect();
    field(&mut lines, "did", &counted.join("  "), width);
    lines.push(Line::new());
    lines.push(Line::of(Role::Title, "chain (gy copies it)"));
    let path = forest.path(node.id);
    for (depth, at) in path.iter().filter_map(|id| forest.node(*id)).enumerate() {
        let indent = "  ".repeat(depth.min(width / 4));
        let arguments = format::arguments(&at.process.command_line);
        let text = format!("{indent}{} {arguments}", name(&at.process.name));
        let role = if at.id == node.id { Role::Strong } else { Role::Text };
        lines.push(Line::of(role, text.trim_end()).fit(width));
    }
    let starts: Vec<i64> = path.iter().filter_map(|id| forest.node(*id)?.process.start).collect();
    if let (Some(first), Some(last)) = (starts.first(), starts.last())
        && starts.len() > 1
    {
        let text = format!("elapsed {}   depth {}", format::span(last.saturating_sub(*first)), path.len());
        lines.push(Line::of(Role::Dim, text));
    }
    let tactics = tactics(state, &path);
    if !tactics.is_empty() {
        super::paragraph(&mut lines, Role::Dim, &format!("tactics: {}", tactics.join(", ")), width);
    }
    lines
}

/// The tactics of the rules that match on a path, in words, each once.
pub fn tactics(state: &State, path: &[NodeId]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for matched in path.iter().flat_map(|node| matches_of(state, *node)) {
        let rules = state.overview.iter().flat_map(|overview| &overview.rules);
        for tactic in rules.filter(|rule| rule.name == matched.id.rule).flat_map(|rule| &rule.tactics) {
            let mut words = String::new();
            for character in tactic.chars() {
                if character.is_uppercase() && !words.is_empty() {
                    words.push(' ');
                }
                words.extend(character.to_lowercase());
            }
            if !found.contains(&words) {
                found.push(words);
            }
        }
    }
    found
}

pub fn status(state: &State) -> Line {
    let Some(forest) = &state.forest else { return Line::new() };
    let processes = forest.nodes.iter().filter(|node| !node.ghost).count();
    // `(+3)` in a row counts what a fold or this choice leaves out below it.
    let what = state.tree.show.words();
    let hosts = state.overview.as_ref().map_or(0, |overview| overview.devices.len());
    let here = state.tree.devices.len();
    let hosts = if here < hosts { format!(" of {here} of {hosts} hosts") } else { String::new() };
    let ghosts = forest.ghosts();
    let cuts = forest.cuts();
    Line::of(
        Role::Dim,
        format!(
            " {} processes{hosts} · o: {what} · {} with matches · ghosts {ghosts} · cycles cut {cuts}",
            format::count(processes as u64),
            state.marks.len()
        ),
    )
}
