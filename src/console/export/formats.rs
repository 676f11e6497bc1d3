//! A sheet as text, escaped for each format: nothing that an event says is acted on by what opens the file.

use serde_json::{Map, Value as Json};
use unicode_width::UnicodeWidthStr;

use super::{Format, Sheet};
use crate::kql::visible::visible;

/// A spreadsheet takes a cell that starts so for a formula (CWE-1236).
const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Cells of a plain table are cut here: a command line may be thousands of characters long.
const WIDEST: usize = 80;

/// The file's text. CSV and JSON lines have no place for what is to say; it stands in a file beside them.
pub fn text(sheet: &Sheet, chosen: Format) -> Result<String, String> {
    match chosen {
        Format::Csv => csv_text(sheet),
        Format::Ndjson => Ok(ndjson(sheet)),
        Format::Markdown => Ok(markdown(sheet)),
        Format::Html => Ok(html(sheet)),
        Format::Text => Ok(plain(sheet)),
        Format::Layer => {
            Err("an ATT&CK layer is made of matches: write it from the matches, rules or exclusions".to_owned())
        }
        Format::Kql => Err("rows are written as .csv, .jsonl, .md, .html or .txt".to_owned()),
    }
}

/// What there is to say, for a file of its own.
pub fn about(sheet: &Sheet) -> String {
    let lines: Vec<String> = sheet.about.iter().map(|line| visible(line)).collect();
    format!("{}\n{}\n", visible(&sheet.title), lines.join("\n"))
}

fn csv_text(sheet: &Sheet) -> Result<String, String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: &dyn std::fmt::Display| error.to_string();
    writer.write_record(sheet.columns.iter().map(|name| cell(name))).map_err(|error| failed(&error))?;
    for row in &sheet.rows {
        writer.write_record(row.iter().map(|text| cell(text))).map_err(|error| failed(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    String::from_utf8(bytes).map_err(|error| failed(&error))
}

/// A cell that neither a spreadsheet nor a terminal acts on. Line ends stay: CSV quotes them.
fn cell(text: &str) -> String {
    let shown: Vec<String> = text.split('\n').map(visible).collect();
    let shown = shown.join("\n");
    if text.starts_with(FORMULA_STARTS) { format!("'{shown}") } else { shown }
}

fn ndjson(sheet: &Sheet) -> String {
    let object = |row: &Vec<String>| {
        let members = sheet.columns.iter().zip(row);
        let members: Map<String, Json> =
            members.map(|(name, text)| (name.clone(), Json::from(text.as_str()))).collect();
        format!("{}\n", Json::Object(members))
    };
    sheet.rows.iter().map(object).collect()
}

/// Text that Markdown shows as it is: no emphasis, link, image, markup or table cell, and no address made clickable.
fn markdown_escape(text: &str) -> String {
    let mut escaped = String::new();
    for character in visible(text).chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' | '#' => {
                escaped.push('\\');
                escaped.push(character);
            }
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            _ => escaped.push(character),
        }
    }
    escaped.replace("://", ":&#47;/").replace("www.", "www&#46;")
}

fn markdown(sheet: &Sheet) -> String {
    let mut text = format!("# {}\n\n", markdown_escape(&sheet.title));
    for said in &sheet.about {
        text.push_str(&format!("- {}\n", markdown_escape(said)));
    }
    markdown_table(sheet, &mut text);
    for more in &sheet.more {
        text.push_str(&format!("\n## {}\n", markdown_escape(&more.title)));
        for said in &more.about {
            text.push_str(&format!("\n{}\n", markdown_escape(said)));
        }
        markdown_table(more, &mut text);
    }
    text
}

fn markdown_table(sheet: &Sheet, text: &mut String) {
    if sheet.columns.is_empty() {
        return;
    }
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    text.push('\n');
    text.push_str(&line(sheet.columns.iter().map(|name| markdown_escape(name)).collect()));
    text.push_str(&line(sheet.columns.iter().map(|_| "---".to_owned()).collect()));
    for row in &sheet.rows {
        text.push_str(&line(row.iter().map(|cell| markdown_escape(cell)).collect()));
    }
}

fn html_escape(text: &str) -> String {
    let mut escaped = String::new();
    for character in visible(text).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// The page runs nothing and fetches nothing, whatever might slip through.
const HTML_HEAD: &str = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n";

const HTML_STYLE: &str = "<style>\n\
body { font-family: sans-serif; margin: 2em; color: #222; background: #fff; }\n\
table { border-collapse: collapse; margin: 1em 0; }\n\
th, td { border: 1px solid #bbb; padding: 0.25em 0.5em; text-align: left; vertical-align: top; }\n\
td { font-family: monospace; font-size: 90%; overflow-wrap: anywhere; white-space: pre-wrap; }\n\
th { background: #eee; }\n\
</style>\n";

fn html(sheet: &Sheet) -> String {
    let title = html_escape(&sheet.title);
    let mut text = format!("{HTML_HEAD}<title>{title}</title>\n{HTML_STYLE}</head>\n<body>\n<h1>{title}</h1>\n<ul>\n");
    for said in &sheet.about {
        text.push_str(&format!("<li>{}</li>\n", html_escape(said)));
    }
    text.push_str("</ul>\n");
    html_table(sheet, &mut text);
    for more in &sheet.more {
        text.push_str(&format!("<h2>{}</h2>\n", html_escape(&more.title)));
        for said in &more.about {
            text.push_str(&format!("<p>{}</p>\n", html_escape(said)));
        }
        html_table(more, &mut text);
    }
    text.push_str("</body>\n</html>\n");
    text
}

fn html_table(sheet: &Sheet, text: &mut String) {
    if sheet.columns.is_empty() {
        return;
    }
    let row = |tag: &str, cells: &[String]| {
        let cells: String = cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", html_escape(cell))).collect();
        format!("<tr>{cells}</tr>\n")
    };
    text.push_str("<table>\n");
    text.push_str(&row("th", &sheet.columns));
    for cells in &sheet.rows {
        text.push_str(&row("td", cells));
    }
    text.push_str("</table>\n");
}

fn plain(sheet: &Sheet) -> String {
    let mut text = about(sheet);
    text.push('\n');
    match &sheet.plain {
        Some(plain) => plain.lines().for_each(|line| text.push_str(&format!("{}\n", visible(line)))),
        None => plain_table(sheet, &mut text),
    }
    for more in &sheet.more {
        text.push_str(&format!("\n{}\n", visible(&more.title)));
        for said in &more.about {
            text.push_str(&format!("{}\n", visible(said)));
        }
        plain_table(more, &mut text);
    }
    text
}

fn plain_table(sheet: &Sheet, text: &mut String) {
    let shown = |row: &Vec<String>| -> Vec<String> { row.iter().map(|cell| cut(&visible(cell))).collect() };
    let rows: Vec<Vec<String>> = std::iter::once(&sheet.columns).chain(&sheet.rows).map(shown).collect();
    let columns = sheet.columns.len();
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0))
        .collect();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width.saturating_sub(cell.width()).saturating_add(2)));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

fn cut(text: &str) -> String {
    crate::console::shown::Shown::from(text).fit(WIDEST).as_str().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn example(subject: &str) -> Sheet {
        Sheet {
            title: "Matches".to_owned(),
            about: vec!["filters: none".to_owned()],
            columns: vec!["Rule".to_owned(), "Subject".to_owned()],
            rows: vec![vec!["=HYPERLINK(1)".to_owned(), subject.to_owned()]],
            ..Sheet::default()
        }
    }

    #[test]
    fn no_format_lets_a_text_act() {
        let sheet = example("a|b\u{1b}[31m \"c\" <script> http://x");
        let csv = "Rule,Subject\n'=HYPERLINK(1),\"a|b^[[31m \"\"c\"\" <script> http://x\"\n";
        assert_eq!(text(&sheet, Format::Csv).unwrap(), csv);
        assert_eq!(
            text(&sheet, Format::Ndjson).unwrap(),
            "{\"Rule\":\"=HYPERLINK(1)\",\"Subject\":\"a|b\\u001b[31m \\\"c\\\" <script> http://x\"}\n"
        );
        let row = "| =HYPERLINK(1) | a\\|b^\\[\\[31m \"c\" &lt;script&gt; http:&#47;/x |\n";
        let markdown = format!("# Matches\n\n- filters: none\n\n| Rule | Subject |\n| --- | --- |\n{row}");
        assert_eq!(text(&sheet, Format::Markdown).unwrap(), markdown);
        let html = text(&sheet, Format::Html).unwrap();
        assert!(html.contains("<td>a|b^[[31m &quot;c&quot; &lt;script&gt; http://x</td>"), "{html}");
        let plain = text(&sheet, Format::Text).unwrap();
        assert!(
            plain.ends_with("Rule           Subject\n=HYPERLINK(1)  a|b^[[31m \"c\" <script> http://x\n"),
            "{plain}"
        );
        assert!(text(&sheet, Format::Kql).is_err() && text(&sheet, Format::Layer).is_err());
    }

    proptest! {
        #[test]
        fn no_cell_leaves_its_place(subject in any::<String>()) {
            let sheet = example(&subject);
            for format in [Format::Csv, Format::Markdown, Format::Html, Format::Text] {
                let written = text(&sheet, format).unwrap();
                prop_assert!(!written.chars().any(|c| c.is_control() && c != '\n'), "{written:?}");
            }
            let html = text(&sheet, Format::Html).unwrap();
            prop_assert_eq!(html.matches('<').count(), text(&example(""), Format::Html).unwrap().matches('<').count());
            let markdown = text(&sheet, Format::Markdown).unwrap();
            prop_assert_eq!(markdown.lines().count(), 7);
            let csv = text(&sheet, Format::Csv).unwrap();
            let records: Vec<_> = csv::Reader::from_reader(csv.as_bytes()).into_records().collect();
            prop_assert_eq!(records.len(), 1);
        }
    }
}
