//! What a piece of text is for, and the style that says so.
//!
//! Views name roles, never colours. Every role differs from plain text by a modifier or by words too, so that the
//! screen reads the same without colour.

use ratatui::style::{Color, Modifier, Style};

/// What a piece of text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    Text,
    /// Less important: labels, counts, folded things.
    Dim,
    Title,
    Border,
    /// Shapes that are no text: bars, brackets.
    Drawn,
    /// The border of the pane that has the keys.
    Focus,
    /// The row under the cursor.
    Selected,
    /// The row under the cursor in a pane that has not the keys.
    SelectedElsewhere,
    Header,
    /// A key in a hint.
    Key,
    /// Bytes that were written out.
    Escape,
    Strong,
    Critical,
    High,
    Medium,
    Low,
    Good,
    Bad,
    Warning,
    /// Words of a query language.
    Keyword,
    Literal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// The sixteen colours of the terminal's own palette on its own background.
    #[default]
    Terminal,
    /// The same on a light background, without those that are hard to read there.
    TerminalLight,
    Dark,
    Light,
    HighContrast,
    /// `NO_COLOR`: modifiers only.
    Plain,
}

impl Theme {
    pub const ALL: [Self; 6] =
        [Self::Terminal, Self::TerminalLight, Self::Dark, Self::Light, Self::HighContrast, Self::Plain];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::TerminalLight => "terminal-light",
            Self::Dark => "dark",
            Self::Light => "light",
            Self::HighContrast => "high-contrast",
            Self::Plain => "plain",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == name)
    }

    /// The theme for a background that is known only now. One that brings its own, or has no colours, stays.
    #[must_use]
    pub const fn on(self, is_light: bool) -> Self {
        match (self, is_light) {
            (Self::Terminal, true) => Self::TerminalLight,
            (Self::TerminalLight, false) => Self::Terminal,
            (other, _) => other,
        }
    }

    pub fn style(self, role: Role) -> Style {
        let style = Style::new().add_modifier(modifier(role));
        match self {
            Self::Plain => style,
            Self::Terminal => style.fg(sixteen(role)),
            Self::TerminalLight => style.fg(on_light(sixteen(role))),
            Self::Dark => style.fg(rgb(role, DARK)).bg(Color::Rgb(0x16, 0x18, 0x1d)),
            Self::Light => style.fg(rgb(role, LIGHT)).bg(Color::Rgb(0xfb, 0xfa, 0xf7)),
            Self::HighContrast => style.fg(rgb(role, CONTRAST)).bg(Color::Black),
        }
    }
}

/// The part of a role's style that every theme keeps.
const fn modifier(role: Role) -> Modifier {
    match role {
        Role::Title | Role::Strong | Role::Key | Role::Critical | Role::High | Role::Bad => Modifier::BOLD,
        Role::Dim | Role::Border => Modifier::DIM,
        Role::Selected => Modifier::REVERSED,
        Role::SelectedElsewhere | Role::Escape => Modifier::UNDERLINED,
        Role::Header => Modifier::BOLD.union(Modifier::UNDERLINED),
        Role::Warning => Modifier::ITALIC,
        _ => Modifier::empty(),
    }
}

const fn sixteen(role: Role) -> Color {
    match role {
        Role::Focus | Role::Key => Color::Cyan,
        Role::Escape => Color::Magenta,
        Role::Critical | Role::Bad => Color::Red,
        Role::High => Color::LightRed,
        Role::Medium | Role::Warning => Color::Yellow,
        Role::Low => Color::Blue,
        Role::Good | Role::Literal => Color::Green,
        Role::Keyword => Color::Cyan,
        _ => Color::Reset,
    }
}

/// Bright colours and yellow vanish on white.
const fn on_light(colour: Color) -> Color {
    match colour {
        Color::Yellow => Color::Magenta,
        Color::LightRed => Color::Red,
        Color::Cyan => Color::Blue,
        other => other,
    }
}

/// The colours of a full-colour theme.
#[derive(Clone, Copy)]
struct Palette {
    text: u32,
    dim: u32,
    accent: u32,
    escape: u32,
    red: u32,
    orange: u32,
    yellow: u32,
    blue: u32,
    green: u32,
}

const DARK: Palette = Palette {
    text: 0xd8_dce2,
    dim: 0x8b_93a1,
    accent: 0x5f_c9d8,
    escape: 0xd7_87d7,
    red: 0xff_6b6b,
    orange: 0xff_a05c,
    yellow: 0xe5_c76b,
    blue: 0x7a_a8ff,
    green: 0x7f_d18b,
};
const LIGHT: Palette = Palette {
    text: 0x22_2222,
    dim: 0x6a_6a6a,
    accent: 0x00_6a7a,
    escape: 0x8a_1f8a,
    red: 0xb0_0020,
    orange: 0xa0_4a00,
    yellow: 0x7a_5c00,
    blue: 0x1f_4fb0,
    green: 0x1c_6b2a,
};
const CONTRAST: Palette = Palette {
    text: 0xff_ffff,
    dim: 0xc8_c8c8,
    accent: 0x00_ffff,
    escape: 0xff_80ff,
    red: 0xff_5050,
    orange: 0xff_a000,
    yellow: 0xff_ff00,
    blue: 0x80_c0ff,
    green: 0x50_ff50,
};

const fn rgb(role: Role, palette: Palette) -> Color {
    Color::from_u32(match role {
        Role::Dim | Role::Border => palette.dim,
        Role::Focus | Role::Key | Role::Keyword => palette.accent,
        Role::Escape => palette.escape,
        Role::Critical | Role::Bad => palette.red,
        Role::High => palette.orange,
        Role::Medium | Role::Warning => palette.yellow,
        Role::Low => palette.blue,
        Role::Good | Role::Literal => palette.green,
        _ => palette.text,
    })
}

/// What the environment says of colour: `NO_COLOR` set and not empty (no-color.org), or a terminal without any.
/// `is_light` asks the terminal for its background, and is called only where the answer matters.
pub fn from_environment(variable: impl Fn(&str) -> Option<String>, is_light: impl FnOnce() -> bool) -> Theme {
    let set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    let term = variable("TERM");
    match term.as_deref() {
        _ if set("NO_COLOR") => Theme::Plain,
        Some("dumb") => Theme::Plain,
        // The Linux console is black, and answers no question.
        Some("linux") => Theme::Terminal,
        _ if variable("COLORFGBG").as_deref().and_then(is_light_pair).unwrap_or_else(is_light) => Theme::TerminalLight,
        _ => Theme::Terminal,
    }
}

/// What some terminals say of their colours without being asked: `0;15` is black on white (rxvt's `COLORFGBG`).
fn is_light_pair(pair: &str) -> Option<bool> {
    let ground: u8 = pair.rsplit(';').next()?.parse().ok()?;
    Some(ground == 7 || (9..=15).contains(&ground))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_themes() {
        assert!(Theme::ALL.into_iter().all(|theme| Theme::from_name(theme.name()) == Some(theme)));
        assert_eq!(Theme::from_name("mauve"), None);
    }

    #[test]
    fn without_colour_the_selection_is_still_marked() {
        let style = Theme::Plain.style(Role::Selected);
        assert_eq!((style.fg, style.bg), (None, None));
        assert!(style.add_modifier.contains(Modifier::REVERSED));
    }

    #[test]
    fn the_environment_decides_on_colour() {
        let with = |name: &'static str, value: &'static str| {
            from_environment(move |asked| (asked == name).then(|| value.to_owned()), || name == "light")
        };
        assert_eq!(with("NO_COLOR", "1"), Theme::Plain);
        assert_eq!(with("NO_COLOR", ""), Theme::Terminal);
        assert_eq!(with("TERM", "dumb"), Theme::Plain);
        assert_eq!(with("TERM", "xterm"), Theme::Terminal);
        assert_eq!(with("light", ""), Theme::TerminalLight);
        assert_eq!(with("COLORFGBG", "0;15"), Theme::TerminalLight);
        assert_eq!(with("COLORFGBG", "15;default;0"), Theme::Terminal);
        let never = || panic!("this terminal must not be asked");
        for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb"), ("TERM", "linux")] {
            from_environment(|asked| (asked == name).then(|| value.to_owned()), never);
        }
    }
}
