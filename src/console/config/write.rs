//! A configuration as a file: what is in force, or all there is to set.

use std::fmt::Write as _;

use super::{Config, SETTINGS};
use crate::console::action_table::{ACTIONS, ActionRow};
use crate::console::keys::{self, UnknownKey};

/// A setting's value as TOML.
fn value(config: &Config, name: &str) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    match name {
        "theme" => quoted(config.theme.map_or("auto", |theme| theme.name())),
        "time_zone" => quoted(&config.zone.name()),
        "mouse" => config.mouse.to_string(),
        _ => config.plain.to_string(),
    }
}

/// The settings in force. Reading the text gives them back.
pub fn text(config: &Config) -> Result<String, UnknownKey> {
    let mut text = String::new();
    for setting in &SETTINGS {
        let _ = writeln!(
            text,
            "# {}: {}.\n{} = {}\n",
            setting.doc,
            setting.values,
            setting.name,
            value(config, setting.name)
        );
    }
    text.push_str("# Keys by the name of their action; [] is none, the palette (:) still leads there.\n[keys]\n");
    for row in ACTIONS {
        let mark = if config.keys.contains_key(row.name) { "  # changed" } else { "" };
        let _ = writeln!(text, "{} = {}{mark}", row.name, sequences(config, row)?);
    }
    Ok(text)
}

/// A file that sets nothing: each setting is there to be uncommented.
pub fn defaults() -> Result<String, UnknownKey> {
    let all = text(&Config::default())?;
    let lines = all.lines().map(|line| match line {
        "" | "[keys]" => line.to_owned(),
        comment if comment.starts_with('#') => comment.to_owned(),
        setting => format!("# {setting}"),
    });
    Ok(lines.map(|line| line + "\n").collect())
}

fn sequences(config: &Config, row: &ActionRow) -> Result<String, UnknownKey> {
    let written = match config.keys.get(row.name) {
        Some(sequences) => sequences.clone(),
        None => row.keys.iter().map(|text| keys::sequence(text)).collect::<Result<_, _>>()?,
    };
    let texts: Vec<String> = written
        .iter()
        .map(|sequence| sequence.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        .map(|text| toml::Value::from(text).to_string())
        .collect();
    Ok(match texts.as_slice() {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::config::parse;

    #[test]
    fn what_is_written_is_read_back() {
        let config =
            parse("theme = 'dark'\ntime_zone = 'Asia/Tokyo'\n[keys]\ntree = 'g t'\nredraw = []\n", "").unwrap();
        let text = text(&config).unwrap();
        assert!(text.contains("tree = \"g t\"  # changed\n") && text.contains("redraw = []  # changed\n"), "{text}");
        let again = parse(&text, "").unwrap();
        assert_eq!((again.theme, &again.zone), (config.theme, &config.zone));
        assert_eq!(again.keymap().unwrap().key("tree"), "gt");
        assert_eq!(again.keymap().unwrap().key("redraw"), ":redraw");
        assert_eq!(parse(&defaults().unwrap(), "").unwrap(), Config::default());
    }
}
