//! Reading the file: everything that is wrong is told at once.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Config, ConfigError, KEYS, Problem, SETTINGS};
use crate::console::action_table::ACTIONS;
use crate::console::keymap::{Conflict, Overrides};
use crate::console::keys::{self, Code, Key};
use crate::console::theme::Theme;
use crate::console::zone::Zone;
use crate::kql::nearest;

/// Reads a configuration; `file` is its name in errors.
pub fn parse(text: &str, file: &str) -> Result<Config, ConfigError> {
    let mut reading = Reading { text, config: Config::default(), problems: Vec::new(), places: BTreeMap::new() };
    match DeTable::parse(text) {
        Ok(table) => reading.top(table.get_ref()),
        Err(error) => reading.wrong(&error.span().unwrap_or(0..0), error.message().trim().to_owned()),
    }
    if reading.problems.is_empty() {
        reading.conflicts();
    }
    if reading.problems.is_empty() {
        return Ok(reading.config);
    }
    reading.problems.sort_by_key(|problem| (problem.line, problem.column));
    Err(ConfigError { file: file.to_owned(), problems: reading.problems })
}

struct Reading<'t> {
    text: &'t str,
    config: Config,
    problems: Vec<Problem>,
    /// Where the keys of an action are written.
    places: BTreeMap<&'static str, Range<usize>>,
}

impl Reading<'_> {
    fn wrong(&mut self, span: &Range<usize>, message: impl Into<String>) {
        self.problems.push(Problem::at(self.text, span, message));
    }

    fn top(&mut self, table: &DeTable<'_>) {
        for (key, value) in table {
            let span = value.span();
            match (key.get_ref().as_ref(), value.get_ref()) {
                (KEYS, DeValue::Table(keys)) => self.keys(keys),
                (KEYS, _) => self.wrong(&span, "'keys' is a table: write [keys], and below it tree = \"t\""),
                ("theme", DeValue::String(name)) => self.theme(name, &span),
                ("time_zone", DeValue::String(name)) => match Zone::named(name) {
                    Ok(zone) => self.config.zone = zone,
                    Err(problem) => self.wrong(&span, problem.to_string()),
                },
                ("mouse", DeValue::Boolean(on)) => self.config.mouse = *on,
                ("plain", DeValue::Boolean(on)) => self.config.plain = *on,
                (name, _) => self.unknown(name, &key.span(), &span),
            }
        }
    }

    fn unknown(&mut self, name: &str, key: &Range<usize>, value: &Range<usize>) {
        match SETTINGS.iter().find(|setting| setting.name == name) {
            Some(setting) => self.wrong(value, format!("{name} is {}", setting.values)),
            None => {
                let names = SETTINGS.iter().map(|setting| setting.name).chain([KEYS]);
                self.wrong(key, format!("no setting is called '{name}'{}", meant(name, names)));
            }
        }
    }

    fn theme(&mut self, name: &str, span: &Range<usize>) {
        if name == "auto" {
            self.config.theme = None;
            return;
        }
        match Theme::from_name(name) {
            Some(theme) => self.config.theme = Some(theme),
            None => {
                let names = Theme::ALL.iter().map(|theme| theme.name()).chain(["auto"]);
                self.wrong(span, format!("no theme is called '{name}'{}", meant(name, names)));
            }
        }
    }

    fn keys(&mut self, table: &DeTable<'_>) {
        for (name, value) in table {
            let (written, span) = (name.get_ref(), name.span());
            let Some(row) = ACTIONS.iter().find(|row| row.name == written.as_ref()) else {
                let near = meant(written, ACTIONS.iter().map(|row| row.name));
                self.wrong(&span, format!("no action is called '{written}'{near}; 'whippet help keys' lists them"));
                continue;
            };
            let texts: Vec<(&str, Range<usize>)> = match value.get_ref() {
                DeValue::String(text) => vec![(text.as_ref(), value.span())],
                DeValue::Array(items) => items.iter().map(|item| (string(item), item.span())).collect(),
                _ => vec![("", value.span())],
            };
            let mut sequences = Vec::new();
            for (text, span) in texts {
                if let Some(sequence) = self.sequence(text, &span) {
                    sequences.push(sequence);
                }
            }
            self.places.insert(row.name, span);
            self.config.keys.insert(row.name, sequences);
        }
    }

    fn sequence(&mut self, text: &str, span: &Range<usize>) -> Option<Vec<Key>> {
        match keys::sequence(text) {
            Ok(sequence) if sequence.is_empty() => {
                self.wrong(span, "write keys as \"t\" or [\"t\", \"g t\"], and [] for none");
                None
            }
            Ok(sequence) if sequence.contains(&Key { code: Code::Char('c'), ctrl: true }) => {
                self.wrong(span, "Ctrl-c always ends what is running: it cannot be given away");
                None
            }
            Ok(sequence) => Some(sequence),
            Err(error) => {
                self.wrong(span, error.to_string());
                None
            }
        }
    }

    /// Keys that mean two things, told where the file gives them.
    fn conflicts(&mut self) {
        let Ok(keymap) = self.config.keymap() else { return };
        let mut told: Vec<(&str, &str)> = Vec::new();
        for conflict in keymap.conflicts() {
            if told.contains(&(conflict.first, conflict.second)) {
                continue;
            }
            told.push((conflict.first, conflict.second));
            let span = self.places.get(conflict.first).or_else(|| self.places.get(conflict.second)).cloned();
            let message = conflict_message(&conflict, &self.config.keys);
            self.wrong(&span.unwrap_or(0..0), message);
        }
    }
}

fn conflict_message(conflict: &Conflict, written: &Overrides) -> String {
    let Conflict { keys, first, second, second_keys, view } = conflict;
    let view = view.title();
    // Whose keys come from the table is the one that must give way by name.
    let other = if written.contains_key(second) { first } else { second };
    let clash = if keys == second_keys {
        format!("'{keys}' is '{first}' and '{second}' in {view}")
    } else {
        format!("'{keys}' is '{first}' and begins '{second_keys}', which is '{second}', in {view}")
    };
    format!("{clash}: give one of them other keys, or none with {other} = []")
}

fn string<'a>(value: &'a Spanned<DeValue<'_>>) -> &'a str {
    match value.get_ref() {
        DeValue::String(text) => text,
        _ => "",
    }
}

fn meant<'a>(name: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(name, known.clone()) {
        Some(near) => format!("; did you mean '{near}'?"),
        None => {
            let known: Vec<&str> = known.into_iter().collect();
            if known.len() > 12 { String::new() } else { format!("; there are {}", known.join(", ")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let error = parse(text, "config.toml").unwrap_err();
        error.to_string().lines().map(str::to_owned).collect()
    }

    #[test]
    fn settings_and_keys_are_read() {
        let text = "theme = 'light'\nmouse = true\ntime_zone = 'Europe/Berlin'\n\n[keys]\ntree = 'Ctrl-t'\n\
                    why = ['w', 'g w']\nredraw = []\n";
        let config = parse(text, "").unwrap();
        assert_eq!((config.theme, config.mouse, config.plain), (Some(Theme::Light), true, false));
        assert_eq!(config.zone, Zone::named("Europe/Berlin").unwrap());
        let keymap = config.keymap().unwrap();
        assert_eq!((keymap.key("tree"), keymap.key("redraw")), ("Ctrl-t".to_owned(), ":redraw".to_owned()));
        assert_eq!(parse("", "").unwrap(), Config::default());
        assert_eq!(parse("theme = 'auto'", "").unwrap(), Config::default());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place_and_the_nearest() {
        let text = "them = 'dark'\nmouse = 'on'\n  theme = 'drak'\n[keys]\ntre = 't'\ntree = ['Hyper-x', 'Ctrl-c']\n";
        insta::assert_snapshot!(problems(text).join("\n"), @r"
        config.toml:1:1: no setting is called 'them'; did you mean 'theme'?
        config.toml:2:9: mouse is true or false
        config.toml:3:11: no theme is called 'drak'; did you mean 'dark'?
        config.toml:5:1: no action is called 'tre'; did you mean 'tree'?; 'whippet help keys' lists them
        config.toml:6:9: 'Hyper-x' is not a key: write a character, Ctrl-x, F1 or one of Space Enter Esc Tab BackTab Backspace Delete Up Down Left Right Home End PgUp PgDn
        config.toml:6:20: Ctrl-c always ends what is running: it cannot be given away
        ");
        assert!(problems("theme = ").first().unwrap().starts_with("config.toml:1:9: "));
        assert!(problems("time_zone = 'Mars/Olympus'").first().unwrap().contains("Mars/Olympus"));
    }

    #[test]
    fn keys_that_mean_two_things_are_told_where_they_are_given() {
        assert_eq!(
            problems("[keys]\n\ntree = 'H'\n"),
            ["config.toml:3:1: 'H' is 'tree' and 'show-hidden' in Matches: give one of them other keys, or none with \
                 show-hidden = []"]
        );
        let text = problems("[keys]\ntree = 'g'\n").join("\n");
        assert!(text.contains("'g' is 'tree' and begins 'gg', which is 'first', in Matches"), "{text}");
        // A swap is no conflict.
        assert!(parse("[keys]\ntree = 'D'\ndiff = 't'\n", "").is_ok());
    }
}
