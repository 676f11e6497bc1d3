//! Markdown rules: FalconForce's layout, and the like of it where queries stand in fences under a platform's heading.
//!
//! A file may hold several queries, one a platform: they are variants of one rule. A file without any is not a rule.

use super::Draft;
use super::fields;
use crate::rules::rule::{Metadata, Note, Problem, RuleTest};

/// Words of a heading that say a query stands below it.
const QUERY_HEADINGS: &[&str] = &["detection", "query", "defender", "sentinel", "xdr", "hunting"];
const QUERY_TAGS: &[&str] = &["", "kql", "kusto", "c#", "csharp"];

/// A heading with the lines below it, up to the next one.
struct Part<'file> {
    level: usize,
    heading: &'file str,
    lines: Vec<&'file str>,
    fences: Vec<Fence<'file>>,
}

struct Fence<'file> {
    tag: String,
    /// How many lines of its part stand before it.
    before: usize,
    lines: Vec<&'file str>,
    from: usize,
}

pub fn read(file: &str) -> Vec<Draft> {
    let (parts, open_fence) = parts(file);
    let metadata = metadata(&parts);
    let title = parts.iter().find(|part| part.level == 1).map(|part| plain(part.heading));
    let id = parts.iter().flat_map(|part| &part.lines).find_map(|line| labelled(line, "id"));
    let mut drafts = Vec::new();
    let mut problems = metadata.1;
    if let Some(line) = open_fence {
        problems.push(Problem::error("the code fence that starts here is never closed").at(line));
    }
    for part in &parts {
        let heading = part.heading.to_lowercase();
        if !QUERY_HEADINGS.iter().any(|word| heading.contains(word)) {
            continue;
        }
        for fence in part.fences.iter().filter(|fence| QUERY_TAGS.contains(&fence.tag.as_str())) {
            let platform = part
                .lines
                .iter()
                .take(fence.before)
                .rev()
                .find_map(|line| labelled(line, "platform"))
                .unwrap_or_else(|| plain(part.heading));
            drafts.push(Draft {
                id: id.clone(),
                title: title.clone(),
                metadata: metadata.0.clone(),
                query: fence.lines.join("\n"),
                variant: Some(platform),
                from: fence.from,
                problems: problems.clone(),
            });
        }
    }
    single_out(&mut drafts);
    if drafts.is_empty() && !problems.is_empty() {
        drafts.push(Draft { id, title, metadata: metadata.0, problems, ..Draft::default() });
    }
    drafts
}

/// The first variant keeps the rule's id; the others get their label added. A lone query is no variant.
fn single_out(drafts: &mut [Draft]) {
    if let [only] = drafts {
        only.variant = None;
        return;
    }
    for draft in drafts.iter_mut().skip(1) {
        if let (Some(id), Some(variant)) = (&draft.id, &draft.variant) {
            draft.id = Some(format!("{id}:{}", crate::rules::rule::slug(variant)));
        }
    }
}

fn parts(file: &str) -> (Vec<Part<'_>>, Option<usize>) {
    let mut parts = vec![Part { level: 0, heading: "", lines: Vec::new(), fences: Vec::new() }];
    let mut fence: Option<(Fence<'_>, usize)> = None;
    let mut at: usize = 0;
    for (number, whole) in file.split_inclusive('\n').enumerate() {
        at = at.saturating_add(whole.len());
        let line = whole.trim_end_matches(['\n', '\r']);
        let Some(part) = parts.last_mut() else { break };
        if let Some(mark) = line.trim_start().strip_prefix("```") {
            match fence.take() {
                Some((closed, _)) => part.fences.push(closed),
                None => {
                    let opened = Fence {
                        tag: mark.trim().to_lowercase(),
                        before: part.lines.len(),
                        lines: Vec::new(),
                        from: at,
                    };
                    fence = Some((opened, number.saturating_add(1)));
                }
            }
            continue;
        }
        if let Some((open, _)) = &mut fence {
            open.lines.push(line);
            continue;
        }
        let level = line.chars().take_while(|character| *character == '#').count();
        match line.get(level..).and_then(|rest| rest.strip_prefix(' ')) {
            Some(heading) if (1..=6).contains(&level) => {
                parts.push(Part { level, heading: heading.trim(), lines: Vec::new(), fences: Vec::new() });
            }
            _ => part.lines.push(line),
        }
    }
    (parts, fence.map(|(_, line)| line))
}

fn metadata(parts: &[Part<'_>]) -> (Metadata, Vec<Problem>) {
    let mut metadata = Metadata::default();
    let mut problems = Vec::new();
    let lines = || parts.iter().flat_map(|part| &part.lines);
    let value = |label: &str| lines().find_map(|line| labelled(line, label));
    metadata.author = value("author");
    metadata.license = value("license");
    metadata.source = value("source");
    metadata.status = value("status");
    metadata.severity = value("severity").and_then(|word| fields::severity(&word, &mut problems));
    metadata.confidence = value("confidence").and_then(|word| fields::confidence(&word, &mut problems));
    metadata.tags =
        value("tags").map(|tags| tags.split(',').map(|tag| tag.trim().to_owned()).collect()).unwrap_or_default();
    let mut tests = false;
    for part in parts {
        let heading = part.heading.to_lowercase();
        if tests && part.level >= 3 {
            metadata.tests.push(test(part));
            continue;
        }
        tests = heading == "tests";
        if part.level < 2 || tests {
            continue;
        }
        if heading.contains("att&ck") {
            attack(part, &mut metadata);
        } else if heading.contains("data source") {
            metadata.data_sources = data_sources(part);
        } else if heading.contains("description") && !heading.contains("attack") {
            metadata.description = paragraphs(part).join("\n\n");
        } else if heading.contains("false positive") {
            metadata.false_positives = items(part);
        } else if heading.contains("response") {
            metadata.response = items(part);
        } else if heading.contains("blind spot") {
            metadata.blind_spots = items(part);
        } else if heading == "references" {
            metadata.references = items(part);
        } else if heading.contains("version") {
            metadata.version = rows(part).get(1).and_then(|row| row.first().cloned());
        } else if part.fences.is_empty() && heading != "metadata" {
            let text = paragraphs(part).join("\n\n");
            if !text.is_empty() {
                metadata.notes.push(Note { heading: plain(part.heading), text });
            }
        }
    }
    if metadata.techniques.is_empty() {
        let all: Vec<&str> = lines().copied().collect();
        metadata.techniques = super::techniques_in(&all.join("\n"));
    }
    (metadata, problems)
}

fn test(part: &Part<'_>) -> RuleTest {
    let (expected, description): (Vec<String>, Vec<String>) = items(part).into_iter().partition(|item| {
        part.lines
            .iter()
            .any(|line| line.trim_start().strip_prefix(['-', '*']).is_some_and(|rest| plain(rest) == *item))
    });
    RuleTest { name: plain(part.heading), description: description.join("\n\n"), expected }
}

/// FalconForce's table: `TA0003 - Persistence | T1505 | 001 | name`.
fn attack(part: &Part<'_>, metadata: &mut Metadata) {
    for row in rows(part).iter().skip(1) {
        let [tactic, technique, rest @ ..] = row.as_slice() else { continue };
        let tactic = tactic.split_once(" - ").map_or(tactic.as_str(), |(_, name)| name).trim();
        if !tactic.is_empty() && !metadata.tactics.iter().any(|known| known == tactic) {
            metadata.tactics.push(tactic.to_owned());
        }
        let sub = rest.first().map_or("", |sub| sub.trim_start_matches('.'));
        let is_sub = sub.len() == 3 && sub.bytes().all(|byte| byte.is_ascii_digit());
        let technique = if is_sub { format!("{technique}.{sub}") } else { technique.clone() };
        let ids = super::techniques_in(&technique);
        metadata.techniques.extend(ids.into_iter().filter(|id| !metadata.techniques.contains(id)).collect::<Vec<_>>());
    }
}

fn data_sources(part: &Part<'_>) -> Vec<String> {
    rows(part)
        .iter()
        .skip(1)
        .map(|row| row.iter().filter(|cell| !cell.is_empty()).cloned().collect::<Vec<_>>().join(" / "))
        .filter(|row| !row.is_empty())
        .collect()
}

/// The cells of the table rows of a part, without the rule under its head.
fn rows(part: &Part<'_>) -> Vec<Vec<String>> {
    part.lines
        .iter()
        .filter_map(|line| line.trim().strip_prefix('|'))
        .map(|line| line.strip_suffix('|').unwrap_or(line).split('|').map(plain).collect::<Vec<_>>())
        .filter(|row: &Vec<String>| {
            !row.iter().all(|cell| cell.chars().all(|character| matches!(character, '-' | ':' | ' ')))
        })
        .collect()
}

/// The list items of a part, or its paragraphs where it has no list.
fn items(part: &Part<'_>) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    let mut open = false;
    for line in &part.lines {
        let trimmed = line.trim();
        if let Some(item) = trimmed.strip_prefix("- ").or_else(|| trimmed.strip_prefix("* ")) {
            items.push(plain(item));
            open = true;
        } else if trimmed.is_empty() || trimmed == "---" {
            open = false;
        } else if let (true, Some(last)) = (open, items.last_mut()) {
            last.push(' ');
            last.push_str(&plain(trimmed));
        } else {
            items.push(plain(trimmed));
            open = true;
        }
    }
    items
}

fn paragraphs(part: &Part<'_>) -> Vec<String> {
    let text = part.lines.iter().map(|line| line.trim()).filter(|line| *line != "---").collect::<Vec<_>>().join("\n");
    text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty()).map(str::to_owned).collect()
}

/// The value of `**Label:** value`.
fn labelled(line: &str, label: &str) -> Option<String> {
    let (name, value) = line.trim().strip_prefix("**")?.split_once(":**")?;
    let value = plain(value);
    (name.eq_ignore_ascii_case(label) && !value.is_empty()).then_some(value)
}

fn plain(text: &str) -> String {
    text.trim().trim_matches('*').trim().to_owned()
}
