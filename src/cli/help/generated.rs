//! The parts of the help that tables write.

use crate::cli::Exit;
use crate::console::action_table::{ACTIONS, When};
use crate::console::config::SETTINGS;
use crate::console::keymap::Keymap;
use crate::plan::functions::{self, FunctionKind};
use crate::rules::Catalog;

/// Every action with the keys of the table, where it can be done, and its name for scripts and the palette.
pub fn keys() -> String {
    let Ok(keymap) = Keymap::standard() else { return String::new() };
    let mut text =
        "Keys of your own stand in the configuration file ('whippet help config'), by the names at the right.\n\
                    Ctrl-c and Esc end what is running; neither ever quits.\n\n"
            .to_owned();
    for row in ACTIONS {
        let keys = keymap.keys_of(row).join(" ");
        let place = match row.when {
            When::Anywhere => String::new(),
            When::In(views) => {
                let names: Vec<&str> = views.iter().map(|view| view.title()).collect();
                format!(" ({})", names.join(", "))
            }
        };
        text.push_str(&format!("  {keys:<18} {}{place}  :{}\n", row.doc, row.name));
    }
    text
}

pub fn settings() -> String {
    let mut text = String::new();
    for setting in &SETTINGS {
        text.push_str(&format!("\n  {}\n      {}.\n      {}\n", setting.name, setting.doc, setting.values));
    }
    text.push_str(
        "\n  [keys]\n      Keys in place of an action's own: tree = \"Ctrl-t\", why = [\"w\", \"g w\"], redraw = [] for none.\n      \
         The names of the actions: whippet help keys.\n",
    );
    text
}

/// The functions that run, by kind.
pub fn functions() -> String {
    let mut text = String::new();
    for (kind, title) in [
        (FunctionKind::Scalar, "Functions"),
        (FunctionKind::Aggregate, "Aggregates"),
        (FunctionKind::Window, "Functions over sorted rows"),
    ] {
        let mut names: Vec<&str> = functions::rows().filter(|row| row.kind == kind).map(|row| row.name).collect();
        names.sort_unstable();
        text.push_str(&format!("{title} that run:\n\n"));
        let mut line = String::new();
        for name in names {
            if line.len() + name.len() + 1 > 110 {
                text.push_str(&format!("  {}\n", line.trim_end()));
                line.clear();
            }
            line.push_str(name);
            line.push(' ');
        }
        text.push_str(&format!("  {}\n\n", line.trim_end()));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

pub fn rules() -> String {
    let mut text = "The rules that come with whippet:\n\n".to_owned();
    for rule in Catalog::built_in().rules() {
        text.push_str(&format!("  {}\n      {}\n", rule.title, rule.slug));
    }
    text
}

pub fn exits() -> String {
    let mut text = "The status of a command is part of its interface:\n\n".to_owned();
    for exit in Exit::ALL {
        text.push_str(&format!("  {}  {}\n", exit as u8, exit.meaning()));
    }
    text.push_str("\nA signal ends a command as it ends any other: 128 and its number, as a shell tells it.\n");
    text
}
