//! Choosing what to hunt in, before there is a store to show: a list, and beside it what each has.
//!
//! Knows nothing of where the offers come from, nor of what is done with the one that is chosen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::input::{Input, Mouse};
use super::keys::{Code, Key};
use super::layout::SMALLEST;
use super::paint::{Brush, Line};
use super::run::Ending;
use super::shown::Shown;
use super::theme::{Role, Theme};
use super::views::field;
use super::widgets::scrolled::Scrolled;

/// Something to hunt in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub name: String,
    pub title: String,
    /// What it shows.
    pub about: String,
    /// Label and value.
    pub facts: Vec<(String, String)>,
    pub lessons: Vec<OfferedLesson>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedLesson {
    pub title: String,
    pub about: String,
    pub steps: usize,
}

/// How the choosing ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The place of the offer.
    Offer(usize),
    Ended(Ending),
}

/// What an input leads to.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken {
    Stay,
    Suspend,
    Retake,
    Redraw,
    Chosen(Choice),
}

pub struct Chooser {
    offers: Vec<Offer>,
    selected: usize,
    /// What is said of the chosen one.
    said: Scrolled,
    /// One is chosen and not there yet.
    opening: bool,
    /// Where the list was drawn.
    list: Rect,
    pub theme: Theme,
}

/// From this width on the list has what it shows beside it, and not below.
const WIDE: u16 = 100;
/// Below this height the list has no frame.
const TALL: u16 = 14;
const LIST_WIDTH: u16 = 44;
const HINTS: [(&str, &str); 5] =
    [("j/k", "choose"), ("Enter", "open"), ("PgDn/PgUp", "read on"), ("1-9", "open by number"), ("q", "leave")];

impl Chooser {
    pub fn new(offers: Vec<Offer>) -> Self {
        Self {
            offers,
            selected: 0,
            said: Scrolled::default(),
            opening: false,
            list: Rect::default(),
            theme: Theme::default(),
        }
    }

    pub fn take(&mut self, input: Input) -> Taken {
        match input {
            Input::Key(key) => self.key(key),
            Input::Mouse(Mouse::Wheel { down, .. }) => {
                self.choose(if down { self.selected.saturating_add(1) } else { self.selected.saturating_sub(1) })
            }
            Input::Mouse(Mouse::Click { x, y }) if self.list.contains((x, y).into()) => {
                self.choose(usize::from(y.saturating_sub(self.list.y)))
            }
            Input::Background { is_light } => {
                self.theme = self.theme.on(is_light);
                Taken::Stay
            }
            Input::Suspend => Taken::Suspend,
            Input::Continued => Taken::Retake,
            Input::Terminate(signal) => Taken::Chosen(Choice::Ended(Ending::Signal(signal))),
            Input::Closed(why) => Taken::Chosen(Choice::Ended(Ending::Closed(why))),
            Input::Mouse(_) | Input::Resize | Input::Act(_) | Input::Paste(_) | Input::Report(_) | Input::Import(_) => {
                Taken::Stay
            }
        }
    }

    fn key(&mut self, key: Key) -> Taken {
        match (key.code, key.ctrl) {
            (Code::Char('j') | Code::Down | Code::Tab, false) => self.choose(self.selected.saturating_add(1)),
            (Code::Char('k') | Code::Up | Code::BackTab, false) => self.choose(self.selected.saturating_sub(1)),
            (Code::Char('g') | Code::Home, false) => self.choose(0),
            (Code::Char('G') | Code::End, false) => self.choose(self.offers.len()),
            (Code::PageDown, false) | (Code::Char('d'), true) => self.read(Scrolled::down),
            (Code::PageUp, false) | (Code::Char('u'), true) => self.read(Scrolled::up),
            (Code::Enter, _) => self.open(self.selected),
            (Code::Char(digit @ '1'..='9'), false) => {
                let place = digit.to_digit(10).and_then(|digit| usize::try_from(digit).ok()?.checked_sub(1));
                place.map_or(Taken::Stay, |place| self.open(place))
            }
            (Code::Char('q' | 'Q') | Code::Esc, false) | (Code::Char('c'), true) => {
                Taken::Chosen(Choice::Ended(Ending::Quit))
            }
            (Code::Char('z'), true) => Taken::Suspend,
            (Code::Char('l'), true) => Taken::Redraw,
            _ => Taken::Stay,
        }
    }

    fn choose(&mut self, place: usize) -> Taken {
        let place = place.min(self.offers.len().saturating_sub(1));
        if place != self.selected {
            self.selected = place;
            self.said.rewind();
        }
        Taken::Stay
    }

    fn open(&mut self, place: usize) -> Taken {
        if place >= self.offers.len() {
            return Taken::Stay;
        }
        self.opening = true;
        self.selected = place;
        self.said.rewind();
        Taken::Chosen(Choice::Offer(place))
    }

    fn read(&mut self, on: fn(&mut Scrolled)) -> Taken {
        on(&mut self.said);
        Taken::Stay
    }

    pub fn draw(&mut self, area: Rect, buffer: &mut Buffer) {
        let mut brush = Brush { buffer, theme: self.theme, area, plain: false };
        brush.clear();
        if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
            brush.put(0, 0, Role::Text, &Shown::from("needs 20×5 or more").fit(usize::from(area.width)));
            return;
        }
        let width = usize::from(area.width);
        let chosen = self.offers.get(self.selected).filter(|_| self.opening);
        let says =
            chosen.map_or("demo: hunt in which scenario?".to_owned(), |offer| format!("opening {}…", offer.name));
        let header = Line::of(Role::Title, " WHIPPET ").with(Role::Dim, format!(" {says}"));
        brush.put_line(0, 0, &header.fit(width));
        brush.within(Rect { y: area.bottom().saturating_sub(1), height: 1, ..area }).put_line(0, 0, &hints(width));
        let body = Rect { y: area.y.saturating_add(1), height: area.height.saturating_sub(2), ..area };
        let (list, detail) = if area.width >= WIDE { beside(body) } else { below(body, self.offers.len()) };
        self.draw_list(&mut brush.within(list));
        self.draw_offer(&mut brush.within(detail));
    }

    fn draw_list(&mut self, brush: &mut Brush<'_>) {
        // In few rows a frame would take the room of what is in it.
        let has_frame = usize::from(brush.area.height) > self.offers.len();
        let inner = if has_frame { brush.frame("Scenarios", "", true) } else { brush.area };
        self.list = inner;
        let mut inner = brush.within(inner);
        let names = self.offers.iter().map(|offer| Shown::from(&offer.name).width()).max().unwrap_or(0);
        for (place, offer) in self.offers.iter().enumerate() {
            let chosen = place == self.selected;
            let mut line = Line::of(Role::Focus, if chosen { "▶ " } else { "  " });
            line.push(Role::Key, format!("{} ", place.saturating_add(1)));
            line.push(
                if chosen { Role::Strong } else { Role::Text },
                Shown::from(&offer.name).fit_left(names).as_str(),
            );
            let lessons = offer.lessons.len();
            line.push(Role::Dim, format!("  {lessons} {}", if lessons == 1 { "lesson" } else { "lessons" }));
            let row = u16::try_from(place).unwrap_or(u16::MAX);
            inner.put_line(0, row, &line.fit(usize::from(inner.area.width)));
            if chosen {
                inner.tint_row(row, Role::Selected);
            }
        }
    }

    fn draw_offer(&mut self, brush: &mut Brush<'_>) {
        let Some(offer) = self.offers.get(self.selected) else { return };
        let inner = brush.frame(&offer.name, "", false);
        let mut inner = brush.within(inner);
        let lines = described(offer, usize::from(inner.area.width));
        self.said.draw(&mut inner, &lines);
        self.said.draw_rest(brush);
    }
}

fn beside(body: Rect) -> (Rect, Rect) {
    let list = Rect { width: LIST_WIDTH, ..body };
    (list, Rect { x: body.x.saturating_add(LIST_WIDTH), width: body.width.saturating_sub(LIST_WIDTH), ..body })
}

fn below(body: Rect, offers: usize) -> (Rect, Rect) {
    let rows = u16::try_from(offers).unwrap_or(u16::MAX);
    let rows = if body.height < TALL { rows } else { rows.saturating_add(2) };
    // Some of what the chosen one shows stays in sight where there are many.
    let height = rows.min(body.height.saturating_sub(3)).max(1);
    let rest = Rect { y: body.y.saturating_add(height), height: body.height.saturating_sub(height), ..body };
    (Rect { height, ..body }, rest)
}

fn described(offer: &Offer, width: usize) -> Vec<Line> {
    let mut lines = Line::of(Role::Strong, &offer.title).wrap(width);
    lines.push(Line::new());
    lines.extend(Line::text(&offer.about).wrap(width));
    lines.push(Line::new());
    for (label, value) in &offer.facts {
        field(&mut lines, label, value, width);
    }
    for lesson in &offer.lessons {
        lines.push(Line::new());
        let steps = format!("  lesson of {} steps", lesson.steps);
        lines.extend(Line::of(Role::Strong, &lesson.title).with(Role::Dim, steps).wrap(width));
        lines.extend(Line::text(&lesson.about).wrap(width));
    }
    lines
}

fn hints(width: usize) -> Line {
    let (leave, others) = HINTS.split_last().map_or((("", ""), HINTS.as_slice()), |(last, others)| (*last, others));
    let room = |(key, word): (&str, &str)| key.chars().count() + word.chars().count() + 3;
    let mut line = Line::new();
    // The way out is never what falls off the edge.
    for hint in others.iter().copied().filter(|hint| !hint.0.is_empty()) {
        if line.width() + room(hint) + room(leave) <= width {
            line.push(Role::Key, format!(" {}", hint.0));
            line.push(Role::Dim, format!(" {} ", hint.1));
        }
    }
    line.push(Role::Key, format!(" {}", leave.0));
    line.with(Role::Dim, format!(" {} ", leave.1)).fit(width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers() -> Vec<Offer> {
        let lesson =
            |title: &str, about: &str, steps| OfferedLesson { title: title.into(), about: about.into(), steps };
        let offer = |name: &str, title: &str, about: &str, lessons| Offer {
            name: name.into(),
            title: title.into(),
            about: about.into(),
            facts: vec![("events".into(), "314".into()), ("matches".into(), "23 of sql stored procedures".into())],
            lessons,
        };
        let long = "Between 08:58 and 09:17 somebody works on it; the administrators do things that look much the \
                    same. The lesson is to tell the two apart without hiding the first behind the second.";
        vec![
            offer(
                "xp-cmdshell",
                "From a guessed password to a task",
                long,
                vec![lesson("The chain", "Follow one match.", 5), lesson("Tuning", "Prove that it hides nothing.", 6)],
            ),
            offer("quiet", "A day on which nothing happens", "日本語 \u{202e}gpj\u{1b}[31m", vec![]),
        ]
    }

    fn screen(chooser: &mut Chooser, width: u16, height: u16) -> String {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        chooser.draw(area, &mut buffer);
        let rows = buffer.content().chunks(usize::from(width));
        let lines = rows.map(|cells| cells.iter().map(ratatui::buffer::Cell::symbol).collect::<String>());
        lines.map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
    }

    fn press(chooser: &mut Chooser, keys: &str) -> Taken {
        let keys = crate::console::keys::sequence(keys).unwrap();
        keys.into_iter().map(|key| chooser.take(Input::Key(key))).last().unwrap()
    }

    #[test]
    fn what_each_has_is_seen_at_every_size() {
        for (width, height) in [(120, 36), (80, 24), (40, 10)] {
            let mut chooser = Chooser::new(offers());
            insta::assert_snapshot!(format!("{width}x{height}"), screen(&mut chooser, width, height));
        }
        let mut chooser = Chooser::new(offers());
        screen(&mut chooser, 40, 10);
        press(&mut chooser, "PgDn PgDn PgDn PgDn PgDn");
        insta::assert_snapshot!("read_on_40x10", screen(&mut chooser, 40, 10));
        for size in 1..60 {
            let text = screen(&mut chooser, size * 3, size);
            assert!(!text.contains(['\u{202e}', '\u{1b}']));
        }
    }

    #[test]
    fn keys_choose_open_and_leave() {
        let mut chooser = Chooser::new(offers());
        assert_eq!(press(&mut chooser, "j j"), Taken::Stay);
        assert_eq!(press(&mut chooser, "Enter"), Taken::Chosen(Choice::Offer(1)));
        assert!(screen(&mut chooser, 80, 24).contains("opening quiet…"));
        assert_eq!(press(&mut chooser, "k Enter"), Taken::Chosen(Choice::Offer(0)));
        assert_eq!(press(&mut chooser, "2"), Taken::Chosen(Choice::Offer(1)));
        assert_eq!(press(&mut chooser, "9"), Taken::Stay);
        for keys in ["q", "Esc", "Ctrl-c"] {
            assert_eq!(press(&mut chooser, keys), Taken::Chosen(Choice::Ended(Ending::Quit)), "{keys}");
        }
        assert_eq!(press(&mut chooser, "Ctrl-z"), Taken::Suspend);
        assert_eq!(chooser.take(Input::Terminate(15)), Taken::Chosen(Choice::Ended(Ending::Signal(15))));
        screen(&mut chooser, 120, 36);
        chooser.take(Input::Mouse(Mouse::Click { x: 5, y: 3 }));
        assert_eq!(press(&mut chooser, "Enter"), Taken::Chosen(Choice::Offer(1)));
        let mut none = Chooser::new(Vec::new());
        assert_eq!(press(&mut none, "j Enter"), Taken::Stay);
        assert!(screen(&mut none, 80, 24).contains("q leave"));
    }
}
