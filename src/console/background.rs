//! What a terminal says of its background, when it says so after nobody waits for it any more.
//!
//! `ESC ] 11 ; rgb:RRRR/GGGG/BBBB` and `BEL` or `ESC \` arrive as `Alt-]`, characters, and `Ctrl-g` or `Alt-\`. None
//! of them is a key that somebody pressed. What belongs to the answer is told by what it says and not by when it came:
//! over a slow line it comes in pieces.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

/// What an event was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// Nothing of an answer.
    Other,
    /// A part of one.
    Part,
    /// The end of one, which says whether the background is light.
    Background { is_light: bool },
}

/// The part of an answer that has come.
#[derive(Debug, Default)]
pub struct LateAnswer(Option<String>);

impl LateAnswer {
    pub fn read(&mut self, event: &Event) -> Read {
        let Event::Key(KeyEvent { code: KeyCode::Char(character), modifiers, .. }) = *event else { return Read::Other };
        let (alt, ctrl) = (modifiers.contains(KeyModifiers::ALT), modifiers.contains(KeyModifiers::CONTROL));
        if alt && character == ']' {
            self.0 = Some(String::new());
            return Read::Part;
        }
        let Some(mut said) = self.0.take() else { return Read::Other };
        if (alt && character == '\\') || (ctrl && character == 'g') {
            return light(&said).map_or(Read::Part, |is_light| Read::Background { is_light });
        }
        said.push(character);
        if alt || ctrl || !begins_answer(&said) {
            return Read::Other;
        }
        self.0 = Some(said);
        Read::Part
    }
}

/// What stands before the parts of the colour.
const BEFORE: &str = "11;rgb:";
/// Three parts of up to four digits.
const LONGEST: usize = BEFORE.len() + 14;

fn begins_answer(said: &str) -> bool {
    match said.strip_prefix(BEFORE) {
        Some(colour) => said.len() <= LONGEST && colour.chars().all(|c| c.is_ascii_hexdigit() || c == '/'),
        None => BEFORE.starts_with(said),
    }
}

/// Whether the colour is nearer to white, as bright as an eye sees it (ITU-R BT.601).
fn light(said: &str) -> Option<bool> {
    let parts: Vec<f64> = said.strip_prefix(BEFORE)?.split('/').map(part).collect::<Option<_>>()?;
    let [red, green, blue] = parts.as_slice() else { return None };
    Some(0.299 * red + 0.587 * green + 0.114 * blue > 0.5)
}

/// A part of a colour between 0 and 1, however many digits it has (`XParseColor`).
fn part(digits: &str) -> Option<f64> {
    let most = 16_u32.checked_pow(u32::try_from(digits.len()).ok()?)?.checked_sub(1).filter(|most| *most > 0)?;
    Some(f64::from(u32::from_str_radix(digits, 16).ok()?) / f64::from(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events that a terminal's bytes become: `^]` an escape and `]`, `^\` an escape and `\`, `^g` a bell.
    fn read(answer: &mut LateAnswer, text: &str) -> Vec<Read> {
        let mut read = Vec::new();
        let mut characters = text.chars();
        while let Some(mut character) = characters.next() {
            let mut modifiers = KeyModifiers::NONE;
            if character == '^' {
                character = characters.next().unwrap();
                modifiers = if character == 'g' { KeyModifiers::CONTROL } else { KeyModifiers::ALT };
            }
            read.push(answer.read(&Event::Key(KeyEvent::new(KeyCode::Char(character), modifiers))));
        }
        read
    }

    #[test]
    fn an_answer_is_no_key_and_says_what_the_background_is() {
        let mut answer = LateAnswer::default();
        assert_eq!(read(&mut answer, "Q"), [Read::Other]);
        for (text, is_light) in [
            ("^]11;rgb:ffff/ffff/ffff^g", true),
            ("^]11;rgb:ff/f0/dd^\\", true),
            ("^]11;rgb:0000/0000/0000^\\", false),
            ("^]11;rgb:2e/34/40^g", false),
        ] {
            let said = read(&mut answer, text);
            let (last, before) = said.split_last().unwrap();
            assert_eq!(*last, Read::Background { is_light }, "{text}");
            assert!(before.iter().all(|read| *read == Read::Part), "{text}");
            assert_eq!(read(&mut answer, "Q"), [Read::Other]);
        }
    }

    #[test]
    fn keys_after_something_that_only_begins_like_an_answer_are_keys() {
        let mut answer = LateAnswer::default();
        // Somebody who really presses Alt-] loses no more than that.
        assert_eq!(read(&mut answer, "^]j1"), [Read::Part, Read::Other, Read::Other]);
        assert_eq!(read(&mut answer, "^]1j"), [Read::Part, Read::Part, Read::Other]);
        assert_eq!(read(&mut answer, "^]11;rgb:x").last(), Some(&Read::Other));
        assert_eq!(read(&mut answer, "^]11;rgb:ffff/ffff/ffffff").last(), Some(&Read::Other));
        // An answer that says nothing is swallowed.
        assert_eq!(read(&mut answer, "^]11;rgb:/^g").last(), Some(&Read::Part));
    }
}
