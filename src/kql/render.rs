//! Diagnostics → text for a terminal, and JSON for programs.
//!
//! The source is untrusted: whatever of it is shown has been through [`visible`].

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::diagnostic::{Diagnostic, Severity};
use super::span::Span;
use super::visible::visible;

/// How wide a source line may be drawn; longer ones are cut around the place that matters.
const WIDTH: usize = 120;
/// How much of a line, in bytes, is kept before a span and from its start on; the rest cannot be drawn in [`WIDTH`].
const KEPT_BEFORE: usize = 400;
const KEPT_FROM: usize = 1600;
/// A span over more lines than this is shown by its first line: its end adds nothing but length.
const MOST_LINES: usize = 4;

/// Whether the text carries ANSI colours. Who writes to the terminal knows whether it wants them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    Plain,
    Ansi,
}

/// Where a byte of the text is: line and column count from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Location {
    pub line: usize,
    pub column: usize,
}

impl Location {
    /// The place of a byte offset; past the end is the end.
    pub fn of(source: &str, offset: usize) -> Self {
        let before = source.get(..offset).unwrap_or(source);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before.get(line_start..).unwrap_or("").chars().count() + 1;
        Self { line: before.matches('\n').count() + 1, column }
    }
}

/// Each diagnostic with its source line and a caret, in source order, one blank line between.
/// `origin` names where the text comes from: a file name, or what it is.
pub fn render(diagnostics: &[Diagnostic], source: &str, origin: &str, colours: Colours) -> String {
    let renderer = match colours {
        Colours::Plain => Renderer::plain(),
        Colours::Ansi => Renderer::styled(),
    };
    let renderer = renderer.term_width(WIDTH);
    let rendered: Vec<String> =
        diagnostics.iter().map(|diagnostic| render_one(&renderer, diagnostic, source, origin, colours)).collect();
    let mut text = rendered.join("\n\n");
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

fn render_one(renderer: &Renderer, diagnostic: &Diagnostic, source: &str, origin: &str, colours: Colours) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let excerpt = Excerpt::of(source, diagnostic.span);
    let annotation = AnnotationKind::Primary.span(excerpt.span.start..excerpt.span.end);
    let annotation = match &diagnostic.label {
        Some(label) => annotation.label(visible(label)),
        None => annotation,
    };
    let snippet = Snippet::source(excerpt.text).line_start(excerpt.first_line).annotation(annotation);
    let title = level.primary_title(visible(&diagnostic.message)).id(diagnostic.code);
    let help = diagnostic.help.iter().map(|line| Level::HELP.message(visible(line)));
    let group: Group = title.element(snippet).elements(help);
    let rendered = renderer.render(&[group]);
    let (title, rest) = rendered.split_once('\n').unwrap_or((&rendered, ""));
    format!("{title}\n{}\n{rest}", place(diagnostic, source, origin, colours))
}

/// The ` --> file:line:column` line. The renderer's own would count columns of the escaped text.
fn place(diagnostic: &Diagnostic, source: &str, origin: &str, colours: Colours) -> String {
    let Location { line, column } = Location::of(source, diagnostic.span.start);
    let (on, off) = match colours {
        Colours::Plain => ("", ""),
        Colours::Ansi => ("\u{1b}[1m\u{1b}[94m", "\u{1b}[0m"),
    };
    let arrow = "-->";
    let indent = Location::of(source, diagnostic.span.end).line.to_string().len();
    format!("{:indent$}{on}{arrow}{off} {}:{line}:{column}", "", visible(origin))
}

/// The lines that a span touches, made displayable, and the span moved along.
struct Excerpt {
    text: String,
    first_line: usize,
    span: Span,
}

impl Excerpt {
    fn of(source: &str, span: Span) -> Self {
        let start = border_at_or_before(source, span.start);
        let mut end = border_at_or_before(source, span.end.max(start));
        let lines_spanned = source.get(start..end).unwrap_or("").matches('\n').count() + 1;
        if lines_spanned > MOST_LINES {
            end = start + source.get(start..end).and_then(|text| text.find(['\n', '\r'])).unwrap_or(0);
        }
        let reach = border_at_or_before(source, start.saturating_add(KEPT_FROM));
        let end = end.min(reach);
        let floor = border_at_or_before(source, start.saturating_sub(KEPT_BEFORE));
        let excerpt_start = source.get(floor..start).unwrap_or("").rfind('\n').map_or(floor, |at| floor + at + 1);
        let after = source.get(end..reach).unwrap_or("");
        let excerpt_end = end + after.find('\n').unwrap_or(after.len());
        let shown = |from: usize, to: usize| visible_lines(source.get(from..to).unwrap_or(""));
        Self {
            text: shown(excerpt_start, excerpt_end),
            first_line: Location::of(source, start).line,
            span: Span::new(shown(excerpt_start, start).len(), shown(excerpt_start, end).len()),
        }
    }
}

/// Escapes line by line, so that line breaks remain.
fn visible_lines(text: &str) -> String {
    let lines: Vec<String> =
        text.split('\n').map(|line| visible(&line.strip_suffix('\r').unwrap_or(line).replace('\t', "    "))).collect();
    lines.join("\n")
}

fn border_at_or_before(source: &str, offset: usize) -> usize {
    let offset = offset.min(source.len());
    (0..=offset).rev().find(|at| source.is_char_boundary(*at)).unwrap_or(0)
}

/// The diagnostics as a JSON array, each with the place where it starts and ends.
pub fn to_json(diagnostics: &[Diagnostic], source: &str, origin: &str) -> serde_json::Value {
    let one = |diagnostic: &Diagnostic| {
        serde_json::json!({
            "severity": diagnostic.severity,
            "class": diagnostic.class,
            "code": diagnostic.code,
            "message": diagnostic.message,
            "origin": origin,
            "start": Location::of(source, diagnostic.span.start),
            "end": Location::of(source, diagnostic.span.end),
            "span": diagnostic.span,
            "label": diagnostic.label,
            "help": diagnostic.help,
        })
    };
    diagnostics.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_shows_its_line_with_hostile_characters_escaped() {
        let source = "let a = 1;\nT\t| where x\u{202e} = \"\u{1b}[31m\"\r\n| take 1";
        let at = source.find("= \"").unwrap();
        let diagnostic = Diagnostic::error("some-code", Span::new(at, at + 1), "it is \u{1b}[31m wrong")
            .with_label("here")
            .with_help("do something else");
        insta::assert_snapshot!(render(&[diagnostic], source, "rules/\u{7}x.kql", Colours::Plain), @r#"
        error[some-code]: it is ^[[31m wrong
         --> rules/^Gx.kql:2:14
          |
        2 | T    | where x<U+202E> = "^[[31m"
          |                        ^ here
          |
          = help: do something else
        "#);
    }

    #[test]
    fn a_long_line_is_cut_around_its_span() {
        let source = format!("{}HERE{}", "é".repeat(100_000), "ü".repeat(100_000));
        let at = source.find("HERE").unwrap();
        let text = render(&[Diagnostic::error("e", Span::new(at, at + 4), "m")], &source, "q", Colours::Plain);
        assert!(text.contains("q:1:100001") && text.contains("HERE"), "{text}");
        assert!(text.chars().count() < 1_000, "{}", text.chars().count());
    }

    #[test]
    fn columns_count_characters() {
        let source = "é\nüber x";
        assert_eq!(Location::of(source, source.len()), Location { line: 2, column: 7 });
        assert_eq!(Location::of(source, 999), Location { line: 2, column: 7 });
    }

    #[test]
    fn any_span_renders() {
        for source in ["", "é", "a\r\nb", "\n\n"] {
            for start in 0..6 {
                for end in start..7 {
                    let diagnostic = Diagnostic::warning("w", Span::new(start, end), "m").with_label("l");
                    assert!(render(&[diagnostic], source, "q", Colours::Ansi).contains('m'));
                }
            }
        }
    }
}
