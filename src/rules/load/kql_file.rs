//! Plain query files, with a header in comments: YAML between two `// ---` lines, or a free comment block.

use serde_json::Value;

use super::Draft;
use super::fields;
use crate::rules::rule::{Metadata, Problem};

pub fn read(file: &str) -> Vec<Draft> {
    vec![match header(file) {
        Some((yaml, body)) => with_header(&yaml, body, file),
        None => plain(file),
    }]
}

/// The YAML of the header, and where the query starts.
fn header(file: &str) -> Option<(String, usize)> {
    let mut yaml = String::new();
    let mut at: usize = 0;
    let mut open = false;
    for line in file.split_inclusive('\n') {
        at = at.checked_add(line.len())?;
        let line = line.trim_end();
        if line.is_empty() && !open {
            continue;
        }
        let content = line.strip_prefix("//")?;
        let content = content.strip_prefix(' ').unwrap_or(content);
        match (content == "---", open) {
            (true, true) => return Some((yaml, at)),
            (true, false) => open = true,
            (false, true) => {
                yaml.push_str(content);
                yaml.push('\n');
            }
            (false, false) => return None,
        }
    }
    None
}

fn with_header(yaml: &str, body: usize, file: &str) -> Draft {
    let rest = file.get(body..).unwrap_or("");
    let query = rest.trim_start_matches(['\r', '\n']);
    let from = body.saturating_add(rest.len().saturating_sub(query.len()));
    let mut draft = Draft { query: query.to_owned(), from, ..Draft::default() };
    match fields::documents(yaml).map(|documents| documents.into_iter().next()) {
        Ok(Some(Value::Object(found))) => {
            draft.id = fields::text(&found, "id");
            draft.title = fields::text(&found, "title");
            fields::apply_header(&mut draft.metadata, &found, &mut draft.problems);
        }
        Ok(_) => draft.problems.push(Problem::error("the header is not a mapping of keys to values").at(1)),
        // The header's first line is the file's second.
        Err(problem) => {
            let line = problem.line.map(|line| line.saturating_add(1));
            draft.problems.push(Problem { line, ..problem });
        }
    }
    if draft.query.trim().is_empty() {
        draft.problems.push(Problem::error("the rule has no query"));
    }
    draft
}

/// A query without our header: the first comment line is its title, the rest of the block its description, and
/// technique numbers anywhere in the comments are taken as such.
fn plain(file: &str) -> Draft {
    let mut comment = Vec::new();
    for line in file.lines().map(str::trim).skip_while(|line| line.is_empty()) {
        let Some(content) = line.strip_prefix("//") else { break };
        comment.push(content.trim_start_matches('/').trim());
    }
    let title = comment.first().filter(|line| !line.is_empty()).map(|line| (*line).to_owned());
    let description = comment.get(1..).unwrap_or_default().join("\n").trim().to_owned();
    let comments: String =
        file.lines().filter_map(|line| line.split_once("//")).map(|(_, text)| format!("{text}\n")).collect();
    let metadata = Metadata { description, techniques: super::techniques_in(&comments), ..Metadata::default() };
    let mut draft = Draft { title, metadata, query: file.to_owned(), ..Draft::default() };
    if crate::rules::text::without_comments(file).is_empty() {
        draft.problems.push(Problem::error("the file holds no query"));
    }
    draft
}
