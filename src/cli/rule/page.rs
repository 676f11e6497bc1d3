//! A rule's page as text.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use crate::kql::diagnostic::Severity;
use crate::kql::visible::visible;
use crate::rules::Rule;
use crate::rules::compile::EmittedColumn;
use crate::rules::facts::{Exclusion, Facts, SectionFacts};
use crate::rules::indicators::IndicatorValue;
use crate::rules::pipeline::{Case, LetKind, Role};

const WIDTH: usize = 100;

/// `columns` are those of the rule's rows, where it compiles.
pub fn write(rule: &Rule, facts: &Facts, columns: Option<&[EmittedColumn]>, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { out };
    head(&mut page, rule, facts)?;
    coverage(&mut page, facts)?;
    bindings(&mut page, facts)?;
    for section in &facts.sections {
        stages(&mut page, section)?;
    }
    exclusions(&mut page, facts)?;
    indicators(&mut page, facts)?;
    outputs(&mut page, facts, columns)?;
    tail(&mut page, rule)
}

/// Writes lines; nothing of a rule reaches the terminal but through [`Page::line`].
struct Page<'out> {
    out: &'out mut dyn Write,
}

impl Page<'_> {
    fn line(&mut self, indent: usize, text: &str) -> io::Result<()> {
        for line in text.split('\n') {
            writeln!(self.out, "{}{}", " ".repeat(indent), visible(line.trim_end_matches('\r')))?;
        }
        Ok(())
    }

    fn heading(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "\n{}", visible(text))
    }

    /// Prose, wrapped at word borders; its own line breaks are kept.
    fn prose(&mut self, indent: usize, first: &str, text: &str) -> io::Result<()> {
        let mut lead = first.to_owned();
        for line in text.lines() {
            let mut row = std::mem::replace(&mut lead, " ".repeat(first.width()));
            let mut is_empty = true;
            for word in line.split_whitespace() {
                let word = visible(word);
                if !is_empty && row.width() + word.width() + indent >= WIDTH {
                    writeln!(self.out, "{}{}", " ".repeat(indent), row.trim_end())?;
                    row = " ".repeat(first.width());
                }
                row.push_str(&word);
                row.push(' ');
                is_empty = false;
            }
            writeln!(self.out, "{}", format!("{}{row}", " ".repeat(indent)).trim_end())?;
        }
        Ok(())
    }

    /// Items side by side, each kept whole, wrapped between them.
    fn items(&mut self, indent: usize, items: &[String]) -> io::Result<()> {
        let mut row = String::new();
        for item in items {
            let item = visible(item);
            if !row.is_empty() && indent + row.width() + 2 + item.width() > WIDTH {
                writeln!(self.out, "{}{row}", " ".repeat(indent))?;
                row.clear();
            }
            if !row.is_empty() {
                row.push_str("  ");
            }
            row.push_str(&item);
        }
        writeln!(self.out, "{}{row}", " ".repeat(indent))
    }

    fn list(&mut self, heading: &str, items: &[String]) -> io::Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        self.heading(heading)?;
        items.iter().try_for_each(|item| self.prose(2, "- ", item))
    }

    /// Rows of cells, aligned by their columns.
    fn table(&mut self, rows: &[Vec<String>]) -> io::Result<()> {
        let shown: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| visible(cell)).collect()).collect();
        let columns = shown.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| shown.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0))
            .collect();
        for row in &shown {
            let mut line = "  ".to_owned();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.push_str(&" ".repeat(width.saturating_sub(cell.width()).saturating_add(2)));
            }
            writeln!(self.out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

fn head(page: &mut Page<'_>, rule: &Rule, facts: &Facts) -> io::Result<()> {
    page.line(0, &rule.title)?;
    let header = &facts.header;
    let mut parts = Vec::new();
    let mut add = |word: &str, value: Option<&str>| {
        if let Some(value) = value {
            parts.push(format!("{word} {value}"));
        }
    };
    add("severity", header.severity.map(crate::rules::rule::Severity::name));
    add("confidence", header.confidence.map(crate::rules::rule::Confidence::name));
    add("status", header.status.as_deref());
    add("kind", header.kind.as_deref());
    add("version", header.version.as_deref());
    add("time window", header.time_window.as_deref());
    let group_by = header.group_by.join(", ");
    add("group by", (!group_by.is_empty()).then_some(group_by.as_str()));
    add("variant", rule.origin.variant.as_deref());
    page.line(0, &parts.join(" · "))?;
    let mut rows = vec![
        vec!["id".to_owned(), rule.id.clone()],
        vec!["file".to_owned(), format!("{}:{}", rule.origin.path, rule.origin.line)],
        vec!["sha256".to_owned(), rule.origin.sha256.clone()],
    ];
    for (word, value) in [("author", &header.author), ("licence", &header.license), ("source", &header.source)] {
        rows.extend(value.iter().map(|value| vec![word.to_owned(), value.clone()]));
    }
    if !rule.metadata.tags.is_empty() {
        rows.push(vec!["tags".to_owned(), rule.metadata.tags.join(", ")]);
    }
    page.table(&rows)?;
    if !rule.metadata.description.is_empty() {
        page.line(0, "")?;
        page.prose(0, "", &rule.metadata.description)?;
    }
    if !rule.is_readable() {
        page.heading("This rule cannot be read")?;
        for problem in rule.problems.iter().filter(|problem| problem.severity == Severity::Error) {
            page.prose(2, "- ", &problem.message)?;
        }
        for finding in rule.diagnostics.iter().filter(|finding| finding.is_error()) {
            page.prose(2, "- ", &finding.message)?;
        }
        page.line(2, "whippet rule check shows where.")?;
    }
    Ok(())
}

fn coverage(page: &mut Page<'_>, facts: &Facts) -> io::Result<()> {
    if !facts.attack.is_empty() {
        page.heading("MITRE ATT&CK")?;
        let mut rows = Vec::new();
        for row in &facts.attack {
            let mut tactic = row.tactic.clone();
            for technique in &row.techniques {
                rows.push(vec![std::mem::take(&mut tactic), technique.clone()]);
            }
            if row.techniques.is_empty() {
                rows.push(vec![tactic, "No specific technique".to_owned()]);
            }
        }
        page.table(&rows)?;
    }
    for note in &facts.attack_notes {
        page.prose(2, "note: ", note)?;
    }
    if !facts.events.is_empty() {
        page.heading("Event coverage")?;
        let rows: Vec<Vec<String>> =
            facts.events.iter().map(|row| vec![row.provider.clone(), row.event.clone(), row.title.clone()]).collect();
        page.table(&rows)?;
    }
    Ok(())
}

fn bindings(page: &mut Page<'_>, facts: &Facts) -> io::Result<()> {
    if !facts.parameters.is_empty() {
        page.heading("Parameters")?;
        for binding in &facts.parameters {
            page.line(2, &format!("let {} = {};", binding.name, binding.text))?;
        }
    }
    for binding in &facts.bindings {
        page.heading(&format!("Let binding: {}", binding.name))?;
        match (binding.kind, binding.members) {
            (LetKind::List, Some(members)) => page.line(2, &format!("a list of {members} values, under Indicators"))?,
            _ => page.line(2, &format!("let {} = {};", binding.name, binding.text))?,
        }
        if !binding.derived_from.is_empty() {
            page.line(2, &format!("Derived from {}.", binding.derived_from.join(", ")))?;
        }
    }
    Ok(())
}

fn stages(page: &mut Page<'_>, section: &SectionFacts) -> io::Result<()> {
    page.heading(section.caption.as_deref().unwrap_or("Stages"))?;
    for stage in &section.stages {
        page.line(2, &format!("Stage {}: {}", stage.id, stage.keyword))?;
        let mark = if matches!(stage.keyword.as_str(), "source") || stage.hoisted { "" } else { "| " };
        page.line(4, &format!("{mark}{}", stage.text))?;
        for unit in &stage.units {
            let role = match unit.role {
                Role::Predicate => None,
                Role::TimeFilter => Some("time filter"),
                Role::Exclusion => Some("exclusion"),
            };
            let case = match unit.case {
                Case::Sensitive => Some("looks at case"),
                Case::Mixed => Some("looks at case in part"),
                Case::None | Case::Insensitive => None,
            };
            let marks: Vec<&str> = role.into_iter().chain(case).collect();
            if stage.units.len() > 1 || !marks.is_empty() {
                let marks = if marks.is_empty() { String::new() } else { format!("  [{}]", marks.join(", ")) };
                let text = unit.text.split_whitespace().collect::<Vec<_>>().join(" ");
                page.line(6, &format!("{text}{marks}"))?;
            }
        }
        if !stage.references.is_empty() {
            page.line(6, &format!("References {}.", stage.references.join(", ")))?;
        }
    }
    Ok(())
}

fn exclusions(page: &mut Page<'_>, facts: &Facts) -> io::Result<()> {
    if facts.exclusions.is_empty() {
        return Ok(());
    }
    page.heading("Exclusions")?;
    let mut rows = Vec::new();
    for exclusion in &facts.exclusions {
        let mut stage = exclusion.stage.clone();
        for text in excluded(exclusion) {
            rows.push(vec![std::mem::take(&mut stage), text]);
        }
    }
    page.table(&rows)
}

fn excluded(exclusion: &Exclusion) -> Vec<String> {
    let mark = if exclusion.by_operator { "  [by its operator]" } else { "" };
    if exclusion.alternatives.is_empty() {
        return vec![format!("{}{mark}", exclusion.text.split_whitespace().collect::<Vec<_>>().join(" "))];
    }
    exclusion
        .alternatives
        .iter()
        .map(|leaves| {
            let leaves: Vec<String> = leaves
                .iter()
                .map(|leaf| format!("{} {} {}", leaf.field, leaf.kind, leaf.values.join(", ")).trim_end().to_owned())
                .collect();
            format!("{}{mark}", leaves.join(" and "))
        })
        .collect()
}

fn indicators(page: &mut Page<'_>, facts: &Facts) -> io::Result<()> {
    if facts.indicators.is_empty() {
        return Ok(());
    }
    page.heading(
        "Indicators (in brackets: how many rules of the catalog look for the same, where it is not this one alone)",
    )?;
    for row in &facts.indicators {
        let values: Vec<String> = row.values.iter().map(indicator_value).collect();
        let head = format!("{} {}", row.field, row.kind);
        page.line(2, &head)?;
        page.items(4, &values)?;
    }
    Ok(())
}

fn indicator_value(value: &IndicatorValue) -> String {
    let text = if value.resolved { value.value.clone() } else { format!("<{}>", value.value) };
    match &value.corpus {
        Some(corpus) if corpus.alike.total > 1 => format!("{text} [{}]", corpus.alike.total),
        _ => text,
    }
}

fn outputs(page: &mut Page<'_>, facts: &Facts, columns: Option<&[EmittedColumn]>) -> io::Result<()> {
    if facts.outputs.is_empty() && columns.is_none() {
        return Ok(());
    }
    page.heading("Output fields (named by the rule)")?;
    let rows: Vec<Vec<String>> = facts
        .outputs
        .iter()
        .map(|field| vec![field.name.clone(), field.source.clone(), field.mapped.join(", ")])
        .collect();
    page.table(&rows)?;
    if let Some(columns) = columns {
        page.heading("Columns of its rows (+ made by the rule)")?;
        let columns: Vec<String> = columns
            .iter()
            .map(|column| {
                let mark = if column.added { "+" } else { "" };
                format!("{mark}{}:{}", column.name, column.scalar_type.name())
            })
            .collect();
        page.items(2, &columns)?;
    }
    Ok(())
}

fn tail(page: &mut Page<'_>, rule: &Rule) -> io::Result<()> {
    let metadata = &rule.metadata;
    if !metadata.tests.is_empty() {
        page.heading("Tests")?;
        for (index, test) in metadata.tests.iter().enumerate() {
            page.prose(2, &format!("{}. ", index.saturating_add(1)), &test.name)?;
            if !test.description.is_empty() {
                page.prose(5, "", &test.description)?;
            }
            test.expected.iter().try_for_each(|signal| page.prose(5, "- ", signal))?;
        }
    }
    page.list("False positives", &metadata.false_positives)?;
    page.list("Response", &metadata.response)?;
    page.list("Blind spots", &metadata.blind_spots)?;
    page.list("Data sources", &metadata.data_sources)?;
    for note in &metadata.notes {
        page.heading(&note.heading)?;
        page.prose(2, "", &note.text)?;
    }
    page.list("References", &metadata.references)
}
