//! Rule files: which format a file is in, by its content, and the rules it holds.
//!
//! A file that cannot be read still gives a rule, with its error: nothing vanishes from a catalog.

mod fields;
mod kql_file;
mod markdown;
mod sentinel;

use super::origin::{Format, Origin, SourceFile};
use super::pipeline::RulePipeline;
use super::rule::{Metadata, Problem, Rule, slug};

/// What a loader found in a file: one query and what is said of it.
#[derive(Debug, Default)]
struct Draft {
    id: Option<String>,
    title: Option<String>,
    metadata: Metadata,
    query: String,
    variant: Option<String>,
    /// Where in the file the query is looked for.
    from: usize,
    problems: Vec<Problem>,
}

/// The rules of one file; none where the file is not a rule at all (a README among the rules).
pub fn rules_of(file: &SourceFile, bytes_replaced: bool) -> Vec<Rule> {
    let format = detect(&file.text);
    let drafts = match format {
        Format::SentinelYaml => sentinel::read(&file.text),
        Format::Markdown => markdown::read(&file.text),
        Format::Kql => kql_file::read(&file.text),
    };
    drafts
        .into_iter()
        .map(|mut draft| {
            if bytes_replaced {
                draft.problems.push(Problem::warning("the file is not valid UTF-8; wrong bytes were replaced"));
            }
            finish(file, format, draft)
        })
        .collect()
}

fn finish(file: &SourceFile, format: Format, draft: Draft) -> Rule {
    let Draft { id, title, metadata, query, variant, from, problems } = draft;
    let title = title.unwrap_or_else(|| file.stem().to_owned());
    let id = id.unwrap_or_else(|| file.stem().to_owned());
    let origin = Origin::new(file, format, variant, &query, from);
    let parsed = crate::kql::parse(&query);
    Rule {
        slug: slug(&title),
        id,
        title,
        metadata,
        pipeline: RulePipeline::of(&parsed.query, &query),
        tree: parsed.query,
        diagnostics: if query.is_empty() { Vec::new() } else { parsed.diagnostics },
        query,
        origin,
        problems,
    }
}

/// The format of a file, by what it holds: names and extensions lie.
fn detect(text: &str) -> Format {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("");
    if first.starts_with("//") {
        return Format::Kql;
    }
    let has_fence = text.lines().any(|line| line.trim_start().starts_with("```"));
    if first.starts_with('#') && (has_fence || first.starts_with("# ")) && !has_yaml_query(text) {
        return Format::Markdown;
    }
    if has_yaml_query(text) || begins_mapping(text) { Format::SentinelYaml } else { Format::Kql }
}

/// Whether the first line is `key:` or `key: value`, as no query's is: a YAML rule that lacks its query is one all the same.
fn begins_mapping(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let first = lines.find(|line| *line != "---").unwrap_or("");
    let Some((key, value)) = first.split_once(':') else { return false };
    let is_key = key.chars().all(|character| character.is_ascii_alphanumeric() || "_-".contains(character));
    is_key && key.starts_with(|first: char| first.is_ascii_alphabetic()) && (value.is_empty() || value.starts_with(' '))
}

/// The ATT&CK technique numbers in a text, in order, each once.
fn techniques_in(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in text.split(|character: char| !character.is_ascii_alphanumeric() && character != '.') {
        let word = word.trim_matches('.');
        let (parent, sub) = word.split_once('.').map_or((word, None), |(parent, sub)| (parent, Some(sub)));
        let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
        let fits =
            parent.strip_prefix('T').is_some_and(|number| digits(number, 4)) && sub.is_none_or(|sub| digits(sub, 3));
        if fits && !found.iter().any(|known| known == word) {
            found.push(word.to_owned());
        }
    }
    found
}

/// A top-level `query:` key, with `name:` or `id:` beside it.
fn has_yaml_query(text: &str) -> bool {
    let key = |wanted: &str| text.lines().any(|line| line.starts_with(wanted));
    (key("query:") && (key("name:") || key("id:"))) || (key("id:") && key("name:") && key("description:"))
}
