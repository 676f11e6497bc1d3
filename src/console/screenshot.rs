//! A frame as an SVG: a grid of monospace text on the theme's background.
//!
//! The same frame gives the same bytes. Knows nothing of how the frame came about.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

use super::theme::{Role, Theme};

/// A cell, in pixels.
const CELL: (usize, usize) = (8, 17);
const FONT_SIZE: usize = 13;
/// Around the grid.
const MARGIN: usize = 8;
/// From the top of a cell to its base line.
const BASE: usize = 13;

/// What a cell looks like, once reversal and faintness are worked out.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Look {
    text: u32,
    ground: Option<u32>,
    bold: bool,
    italic: bool,
    underlined: bool,
}

/// Colours that a cell without its own has.
struct Page {
    text: u32,
    ground: u32,
}

pub fn svg(buffer: &Buffer, theme: Theme, title: &str) -> String {
    let page = Page::of(theme);
    let (columns, rows) = (usize::from(buffer.area.width), usize::from(buffer.area.height));
    let (width, height) = (columns * CELL.0 + 2 * MARGIN, rows * CELL.1 + 2 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\">\n<title>{}</title>\n<rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"#{:06x}\"/>\n<g \
         font-family=\"'DejaVu Sans Mono','Cascadia Mono',Menlo,Consolas,monospace\" font-size=\"{FONT_SIZE}\" \
         xml:space=\"preserve\">\n",
        escaped(title),
        page.ground,
    );
    let cells = buffer.content();
    for (row, line) in cells.chunks(columns.max(1)).enumerate() {
        for run in runs(line, &page) {
            draw(&mut out, row, &run);
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

/// Neighbouring cells that look the same.
struct Run {
    column: usize,
    cells: usize,
    text: String,
    look: Look,
}

fn runs(line: &[Cell], page: &Page) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut covered = 0usize;
    for (column, cell) in line.iter().enumerate() {
        // The cells after a wide character belong to it.
        if covered > 0 {
            covered -= 1;
            continue;
        }
        let cells = cell.symbol().width().max(1);
        covered = cells - 1;
        let look = page.look(cell);
        // What is not plain ASCII may be as wide as its font likes: it gets a place of its own.
        let is_plain = cell.symbol().is_ascii();
        match runs.last_mut() {
            Some(run) if run.look == look && is_plain && run.text.is_ascii() => {
                run.text.push_str(cell.symbol());
                run.cells += cells;
            }
            Some(run)
                if run.look == look && !is_plain && run.text.ends_with(cell.symbol()) && is_bar(cell.symbol()) =>
            {
                run.text.push_str(cell.symbol());
                run.cells += cells;
            }
            _ => runs.push(Run { column, cells, text: cell.symbol().to_owned(), look }),
        }
    }
    runs
}

fn is_bar(symbol: &str) -> bool {
    symbol == "─"
}

fn draw(out: &mut String, row: usize, run: &Run) {
    let (x, y) = (MARGIN + run.column * CELL.0, MARGIN + row * CELL.1);
    let width = run.cells * CELL.0;
    if let Some(ground) = run.look.ground {
        let _ =
            writeln!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{}\" fill=\"#{ground:06x}\"/>", CELL.1);
    }
    if run.text.trim().is_empty() && !run.look.underlined {
        return;
    }
    if run.text.chars().all(|character| character == '─') {
        // A line of the font's own would have gaps where a reader's font is narrower than a cell.
        let middle = y + CELL.1 / 2;
        let colour = run.look.text;
        let _ = writeln!(out, "<rect x=\"{x}\" y=\"{middle}\" width=\"{width}\" height=\"1\" fill=\"#{colour:06x}\"/>");
        return;
    }
    // The grid holds whatever the width of the reader's font.
    let trimmed = run.text.trim_end();
    let (text, cells) = if run.look.underlined {
        (run.text.as_str(), run.cells)
    } else {
        (trimmed, run.cells.saturating_sub(run.text.len() - trimmed.len()))
    };
    let mut style = String::new();
    for (on, attribute) in [
        (run.look.bold, " font-weight=\"bold\""),
        (run.look.italic, " font-style=\"italic\""),
        (run.look.underlined, " text-decoration=\"underline\""),
    ] {
        if on {
            style.push_str(attribute);
        }
    }
    let _ = writeln!(
        out,
        "<text x=\"{x}\" y=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"#{:06x}\"{style}>{}</text>",
        y + BASE,
        cells * CELL.0,
        run.look.text,
        escaped(text)
    );
}

impl Page {
    fn of(theme: Theme) -> Self {
        let style = theme.style(Role::Text);
        // A theme without colours of its own is shown on paper.
        Self { text: style.fg.and_then(rgb).unwrap_or(0x1a_1a1a), ground: style.bg.and_then(rgb).unwrap_or(0xff_ffff) }
    }

    fn look(&self, cell: &Cell) -> Look {
        let is = |modifier: Modifier| cell.modifier.contains(modifier);
        let mut text = rgb(cell.fg).unwrap_or(self.text);
        let mut ground = rgb(cell.bg).filter(|ground| *ground != self.ground);
        if is(Modifier::DIM) {
            text = mixed(text, self.ground);
        }
        if is(Modifier::REVERSED) {
            (text, ground) = (ground.unwrap_or(self.ground), Some(text));
        }
        Look {
            text,
            ground,
            bold: is(Modifier::BOLD),
            italic: is(Modifier::ITALIC),
            underlined: is(Modifier::UNDERLINED),
        }
    }
}

/// Three parts of the one and one of the other.
fn mixed(text: u32, ground: u32) -> u32 {
    [16, 8, 0].iter().fold(0, |mixed, shift| {
        let part = |colour: u32| (colour >> shift) & 0xff;
        mixed | (((part(text) * 3 + part(ground)) / 4) << shift)
    })
}

/// The terminal's own sixteen are shown in the colours that xterm gives them.
fn rgb(colour: Color) -> Option<u32> {
    Some(match colour {
        Color::Rgb(red, green, blue) => u32::from_be_bytes([0, red, green, blue]),
        Color::Black => 0x00_0000,
        Color::Red => 0xcd_0000,
        Color::Green => 0x00_8b00,
        Color::Yellow => 0x8b_7500,
        Color::Blue => 0x00_00ee,
        Color::Magenta => 0xcd_00cd,
        Color::Cyan => 0x00_8b8b,
        Color::LightRed => 0xff_4500,
        Color::White => 0xff_ffff,
        _ => return None,
    })
}

/// Text of an event may hold anything; what XML cannot hold was written out before it was drawn.
fn escaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => result.push_str("&amp;"),
            '<' => result.push_str("&lt;"),
            '>' => result.push_str("&gt;"),
            '"' => result.push_str("&quot;"),
            other if other.is_control() => result.push('\u{fffd}'),
            other => result.push(other),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    #[test]
    fn text_is_escaped_and_keeps_its_cells() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        buffer.set_string(0, 0, "<a href=\"&\">", Style::new());
        let svg = svg(&buffer, Theme::Light, "a<b");
        assert!(svg.contains("&lt;a href=&quot;&amp;&quot;&gt;</text>"), "{svg}");
        assert!(svg.contains("<title>a&lt;b</title>"), "{svg}");
        assert!(svg.contains("textLength=\"96\""), "{svg}");
    }

    #[test]
    fn a_reversed_cell_has_a_ground_and_a_wide_one_two_cells() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 1));
        buffer.set_string(0, 0, "日x", Style::new().fg(Color::Rgb(1, 2, 3)).add_modifier(Modifier::REVERSED));
        let svg = svg(&buffer, Theme::Dark, "");
        assert!(svg.contains("<rect x=\"8\" y=\"8\" width=\"16\" height=\"17\" fill=\"#010203\"/>"), "{svg}");
        assert!(svg.contains("<text x=\"24\""), "{svg}");
    }
}
