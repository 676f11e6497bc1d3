//! Drawing an import: the files above, what is known of the chosen one and of the whole below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Importing, SeenFile, Stopping, needs_a_look};
use crate::console::format;
use crate::console::layout::SMALLEST;
use crate::console::paint::{Brush, Line};
use crate::console::shown::Shown;
use crate::console::theme::Role;
use crate::console::views::{field, paragraph};
use crate::ingest::{FileReport, ImportReport};

/// Below this height the panes have no frames.
const TALL: u16 = 14;
/// From this width on a bar stands beside the file that is read, and more of what became of each.
const WIDE: usize = 76;
const BAR: usize = 16;

type Hint = (&'static str, &'static str);
const READING: [Hint; 5] =
    [("Enter", "stop & open"), ("b", "behind"), ("j/k", "file"), ("PgDn/PgUp", "read on"), ("Esc", "stop")];
const OVER: [Hint; 4] = [("Enter", "open the store"), ("j/k", "file"), ("PgDn/PgUp", "read on"), ("q", "leave")];
const BACK: [Hint; 4] = [("Enter", "go on"), ("j/k", "file"), ("PgDn/PgUp", "read on"), ("q", "back to the console")];
const FAILED: [Hint; 2] = [("PgDn/PgUp", "read on"), ("q", "leave")];

impl Importing {
    pub fn draw(&mut self, area: Rect, buffer: &mut Buffer) {
        let mut brush = Brush { buffer, theme: self.theme, area, plain: self.plain };
        brush.clear();
        if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
            brush.put(0, 0, Role::Text, &Shown::from("needs 20×5 or more").fit(usize::from(area.width)));
            return;
        }
        let width = usize::from(area.width);
        let header = Line::of(Role::Title, " WHIPPET ").with(Role::Strong, format!(" {}", self.name));
        brush.put_line(0, 0, &header.with(Role::Dim, format!(" · {}", self.how_far())).fit(width));
        let last = area.height.saturating_sub(1);
        brush.put_line(0, last, &self.hints(width));
        let body = Rect { y: area.y.saturating_add(1), height: area.height.saturating_sub(2), ..area };
        let (above, below) = halves(body);
        self.draw_files(&mut brush.within(above));
        self.draw_details(&mut brush.within(below));
    }

    /// While it runs, in a few words.
    pub fn briefly(&self) -> String {
        match &self.stage {
            Some(stage) => stage_words(stage).to_owned(),
            None => format!("importing, {} %", percent(self.reached, self.total)),
        }
    }

    /// The whole import in a line.
    pub fn how_far(&self) -> String {
        let records = format::count(self.records);
        match (&self.outcome, &self.stage) {
            (Some(Err(_)), _) => "the import failed".to_owned(),
            (Some(Ok(report)), _) => {
                let (_, stored, _, rejected) = report.totals();
                let ended = if report.interrupted { "import stopped" } else { "imported" };
                format!("{ended}: {} stored, {} rejected", format::count(stored), format::count(rejected))
            }
            (None, Some(stage)) => format!("{records} records read · {}", stage_words(stage)),
            (None, None) if self.files.is_empty() => "looking for event files".to_owned(),
            (None, None) => {
                let rate = self.records.checked_div(self.now.as_secs());
                let rate = rate.map(|rate| format!(" · {}/s", format::count(rate))).unwrap_or_default();
                let all = self.files.len().saturating_add(self.waiting.len());
                let [file, all] = [self.files.len(), all].map(|count| format::count(count as u64));
                format!(
                    "import: file {file} of {all} · {} % · {records} records{rate}",
                    percent(self.reached, self.total)
                )
            }
        }
    }

    fn draw_files(&mut self, brush: &mut Brush<'_>) {
        let has_frame = brush.area.height >= TALL / 2 && !brush.plain;
        let note = match (&self.outcome, self.stopping) {
            (None, Stopping::Keep) => "stopping: what is complete is kept",
            (None, Stopping::Open) => "stopping, to open what is ready",
            _ => "",
        };
        let inner = if has_frame { brush.frame("Import", note, true) } else { brush.area };
        let mut inner = brush.within(inner);
        let (width, height) = (usize::from(inner.area.width), usize::from(inner.area.height));
        let all = self.files.len().saturating_add(self.waiting.len());
        // Some of those that wait are seen too.
        let below = self.waiting.len().min(height / 3);
        let top = self.selected.saturating_add(below).saturating_sub(height.saturating_sub(1));
        let top = top.min(all.saturating_sub(height)).min(self.selected);
        for (offset, place) in (top..all).take(height).enumerate() {
            let chosen = place == self.selected;
            let row = u16::try_from(offset).unwrap_or(u16::MAX);
            let line = match (self.files.get(place), self.waiting.get(place.saturating_sub(self.files.len()))) {
                (Some(file), _) => self.file_line(file, chosen, self.reading == Some(place), width),
                (None, Some((path, _))) => {
                    let word = if self.outcome.is_some() { "not read" } else { "waiting" };
                    named(path, chosen, Role::Dim, Line::of(Role::Dim, word), width).fit(width)
                }
                (None, None) => Line::new(),
            };
            inner.put_line(0, row, &line);
            if chosen {
                inner.tint_row(row, Role::Selected);
            }
        }
    }

    fn file_line(&self, file: &SeenFile, chosen: bool, is_read: bool, width: usize) -> Line {
        let right = match &file.report {
            Some(report) => became(report, width),
            None if is_read => self.progress(file, width),
            None => Line::of(Role::Text, format!("{} records", format::count(file.records))),
        };
        let took = match file.took {
            Some(took) if width >= WIDE => format!("{:>8}", format!("{:.1} s", took.as_secs_f64())),
            _ => String::new(),
        };
        let line = named(&file.path, chosen, Role::Text, right, width.saturating_sub(took.len()));
        line.with(Role::Dim, took).fit(width)
    }

    /// The file that is being read: a part of it, where its size is known.
    fn progress(&self, file: &SeenFile, width: usize) -> Line {
        let read = self.reached.saturating_sub(self.before.0);
        let records = format!("{} records", format::count(file.records));
        if file.bytes == 0 {
            return Line::of(Role::Strong, format!("{records} …"));
        }
        let percent = percent(read, file.bytes);
        let mut line = Line::new();
        if width >= WIDE && !self.plain {
            let full = BAR * usize::try_from(percent).unwrap_or(0) / 100;
            line.push(Role::Good, "█".repeat(full));
            line.push(Role::Dim, "·".repeat(BAR - full.min(BAR)));
            line.push(Role::Text, " ");
        }
        let [_, known, rejected] = file.counts;
        line.push(Role::Strong, format!("{percent:>3} %  {records}"));
        if known > 0 && width >= WIDE {
            line.push(Role::Dim, format!("  {} known", format::count(known)));
        }
        if rejected > 0 {
            line.push(Role::Warning, format!("  {} rejected", format::count(rejected)));
        }
        line
    }

    fn draw_details(&mut self, brush: &mut Brush<'_>) {
        let title = if self.outcome.is_some() { "What became of it" } else { "How far" };
        let has_frame = brush.area.height >= TALL / 2 && !brush.plain;
        let mut inner = if has_frame {
            let inner = brush.frame(title, "", false);
            brush.within(inner)
        } else {
            let bar = format!("─ {title} {}", "─".repeat(usize::from(brush.area.width)));
            brush.put(0, 0, Role::Border, &Shown::from(bar));
            let area = brush.area;
            brush.within(Rect { y: area.y.saturating_add(1), height: area.height.saturating_sub(1), ..area })
        };
        let lines = self.details(usize::from(inner.area.width));
        self.said.draw(&mut inner, &lines);
        if has_frame {
            self.said.draw_rest(brush);
        }
    }

    fn details(&self, width: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        if let Some(Err(problem)) = &self.outcome {
            paragraph(&mut lines, Role::Bad, problem, width);
            return lines;
        }
        if let Some(file) = self.files.get(self.selected) {
            field(&mut lines, "File", &file.path, width);
            if file.bytes > 0 {
                field(&mut lines, "Size", &format!("{} bytes", format::count(file.bytes)), width);
            }
            match &file.report {
                Some(report) => about(report, width, &mut lines),
                None => {
                    let records = file.counts.iter().sum();
                    field(&mut lines, "So far", &sum(records, file.counts), width);
                }
            }
        } else if let Some((path, bytes)) = self.waiting.get(self.selected.saturating_sub(self.files.len())) {
            field(&mut lines, "File", path, width);
            field(&mut lines, "Size", &format!("{} bytes", format::count(*bytes)), width);
        }
        match &self.outcome {
            Some(Ok(report)) => {
                lines.push(Line::new());
                whole(report, width, &mut lines);
            }
            _ => {
                let of = format!("{} of {} bytes", format::count(self.reached), format::count(self.total));
                field(&mut lines, "All files", &of, width);
                let text = "Esc reads no further and keeps what is finished; Enter opens what is ready. The next import of the same files goes on from there.";
                paragraph(&mut lines, Role::Dim, text, width);
            }
        }
        lines
    }

    fn hints(&self, width: usize) -> Line {
        let hints: &[Hint] = match &self.outcome {
            None => &READING,
            Some(_) if self.is_within => &BACK,
            Some(Ok(_)) => &OVER,
            Some(Err(_)) => &FAILED,
        };
        let room = |hint: &Hint| hint.0.chars().count() + hint.1.chars().count() + 3;
        // The way on and the way out are never what falls off the edge.
        let kept = |place: usize| place == 0 || place + 1 == hints.len();
        let reserved: usize =
            hints.iter().enumerate().filter(|(place, _)| kept(*place)).map(|(_, hint)| room(hint)).sum();
        let mut rest = width.saturating_sub(reserved);
        let mut line = Line::new();
        for (place, hint) in hints.iter().enumerate() {
            if !kept(place) {
                let Some(left) = rest.checked_sub(room(hint)) else { continue };
                rest = left;
            }
            line.push(Role::Key, format!(" {}", hint.0));
            line.push(Role::Dim, format!(" {} ", hint.1));
        }
        line.fit(width)
    }
}

/// Three fifths for the files.
fn halves(body: Rect) -> (Rect, Rect) {
    let above = (u32::from(body.height) * 3 / 5).max(1);
    let above = u16::try_from(above).unwrap_or(body.height);
    let below = Rect { y: body.y.saturating_add(above), height: body.height.saturating_sub(above), ..body };
    (Rect { height: above, ..body }, below)
}

fn percent(part: u64, whole: u64) -> u64 {
    part.saturating_mul(100).checked_div(whole).unwrap_or(100).min(100)
}

fn stage_words(stage: &str) -> &str {
    match stage {
        "indexes" => "building indexes",
        "parents" => "finding the parents of processes",
        other => other,
    }
}

/// The end of a path, where there is no room for all of it.
fn tail(path: &str, width: usize) -> Shown {
    let shown = Shown::from(path);
    if shown.width() <= width {
        return shown;
    }
    let graphemes: Vec<(&str, usize)> = shown.graphemes().map(|(text, cells, _)| (text, cells)).collect();
    let mut used = 1;
    let fits = graphemes.iter().rev().take_while(|(_, cells)| {
        used += cells;
        used <= width
    });
    let start = graphemes.len().saturating_sub(fits.count());
    let end: String = graphemes.iter().skip(start).map(|(text, _)| *text).collect();
    Shown::from(format!("…{end}"))
}

/// A line of the list: the file, and at its right what is said of it.
fn named(path: &str, chosen: bool, role: Role, right: Line, width: usize) -> Line {
    let room = width.saturating_sub(right.width() + 4).max(8);
    let role = if chosen { Role::Strong } else { role };
    let mut line = Line::of(Role::Focus, if chosen { "▶ " } else { "  " });
    line.push(role, tail(path, room).fit_left(room).as_str());
    line.push(Role::Text, "  ");
    line.0.extend(right.0);
    line
}

/// Where the records of a file went.
fn sum(records: u64, counts: [u64; 3]) -> String {
    let records = format::count(records);
    let [stored, known, rejected] = counts.map(format::count);
    format!("{records} = {stored} stored + {known} known already + {rejected} rejected")
}

/// What became of a file, in a few words.
fn became(report: &FileReport, width: usize) -> Line {
    let Some(kind) = &report.kind else { return Line::of(Role::Warning, "left out") };
    let mut line = Line::new();
    if width >= WIDE {
        line.push(Role::Dim, format!("{kind}  "));
    }
    line.push(Role::Text, format!("{} stored", format::count(report.stored)));
    if report.duplicates > 0 && width >= WIDE {
        line.push(Role::Dim, format!("  {} known", format::count(report.duplicates)));
    }
    if report.rejected > 0 {
        line.push(Role::Warning, format!("  {} rejected", format::count(report.rejected)));
    }
    if report.problem.is_some() {
        line.push(Role::Warning, "  not whole");
    }
    line
}

/// What became of a file, in full.
fn about(report: &FileReport, width: usize, lines: &mut Vec<Line>) {
    if let Some(kind) = &report.kind {
        let sum = sum(report.records, [report.stored, report.duplicates, report.rejected]);
        field(lines, "Records", &format!("{sum} ({kind})"), width);
    }
    if let Some(problem) = &report.problem {
        let what = if report.kind.is_some() { "Not whole" } else { "Left out" };
        field(lines, what, problem, width);
    }
    for note in &report.notes {
        field(lines, "Note", note, width);
    }
    for rejection in &report.rejections {
        field(lines, "Rejected", &format!("{}: {}", rejection.place, rejection.reason), width);
    }
    let unlisted = report.rejected.saturating_sub(report.rejections.len() as u64);
    if unlisted > 0 {
        field(lines, "", &format!("and {} more", format::count(unlisted)), width);
    }
}

/// What the import comes to.
fn whole(report: &ImportReport, width: usize, lines: &mut Vec<Line>) {
    let event_files = report.event_files().count();
    let left_out = report.files.len().saturating_sub(event_files);
    let looks = report.event_files().filter(|file| needs_a_look(file)).count();
    let noun = if event_files == 1 { "file" } else { "files" };
    let mut files = format!("{} event {noun}", format::count(event_files as u64));
    if looks > 0 {
        files.push_str(&format!(", {} of them not all in the store", format::count(looks as u64)));
    }
    if left_out > 0 {
        files.push_str(&format!("; {} left out", format::count(left_out as u64)));
    }
    field(lines, "All files", &files, width);
    if report.interrupted {
        let noun = if report.remaining == 1 { "file" } else { "files" };
        let rest = format!("{} {noun}; importing them again goes on from here", format::count(report.remaining as u64));
        field(lines, "Remaining", &rest, width);
    }
    if let (Some(oldest), Some(newest)) = (&report.oldest, &report.newest) {
        field(lines, "Time", &format!("{oldest} to {newest}"), width);
    }
    if report.processes > 0 {
        let (resolved, all) = (format::count(report.parents_resolved), format::count(report.processes));
        field(lines, "Parents", &format!("known of {resolved} of {all} processes"), width);
    }
    let tables: Vec<String> =
        report.tables.iter().map(|(table, rows)| format!("{table} {}", format::count(*rows))).collect();
    field(lines, "Tables", &tables.join(" · "), width);
}
