//! `whippet help`: topics to read, and the help of every command.
//!
//! What a table knows (actions, settings, functions, exit statuses) is printed from that table.

mod generated;

use std::io::Write;

use super::Exit;
use crate::cli::problem::Problem;
use crate::kql::nearest;

/// Read about a topic, or about a command
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The topic or the command; without one, the list of both
    #[arg(value_name = "TOPIC")]
    topic: Vec<String>,
}

struct Topic {
    name: &'static str,
    about: &'static str,
    text: &'static str,
    /// What a table adds.
    more: Option<fn() -> String>,
}

const TOPICS: [Topic; 12] = [
    Topic {
        name: "getting-started",
        about: "the first five minutes",
        text: include_str!("../../../assets/help/getting-started.txt"),
        more: None,
    },
    Topic {
        name: "import",
        about: "event files into a store",
        text: include_str!("../../../assets/help/import.txt"),
        more: None,
    },
    Topic {
        name: "hunting",
        about: "running the rules, and the clock",
        text: include_str!("../../../assets/help/hunting.txt"),
        more: None,
    },
    Topic {
        name: "tuning",
        about: "exclusions, pins and the proof",
        text: include_str!("../../../assets/help/tuning.txt"),
        more: None,
    },
    Topic {
        name: "rules",
        about: "detection rules: pages, checks, export",
        text: include_str!("../../../assets/help/rules.txt"),
        more: Some(generated::rules),
    },
    Topic {
        name: "kql",
        about: "the query language, and the functions that run",
        text: include_str!("../../../assets/help/kql.txt"),
        more: Some(generated::functions),
    },
    Topic { name: "tree", about: "the process tree", text: include_str!("../../../assets/help/tree.txt"), more: None },
    Topic {
        name: "walkthroughs",
        about: "lessons in the console, and teaching with them",
        text: include_str!("../../../assets/help/walkthroughs.txt"),
        more: None,
    },
    Topic {
        name: "scripts",
        about: "recording, playing, and scripts of actions",
        text: include_str!("../../../assets/help/scripts.txt"),
        more: None,
    },
    Topic { name: "keys", about: "every action of the console with its keys", text: "", more: Some(generated::keys) },
    Topic {
        name: "config",
        about: "settings and keys of the console",
        text: include_str!("../../../assets/help/config.txt"),
        more: Some(generated::settings),
    },
    Topic { name: "exit-codes", about: "how a command ends", text: "", more: Some(generated::exits) },
];

pub fn run(arguments: &Args, stdout: &mut dyn Write) -> Result<Exit, Problem> {
    let asked = arguments.topic.join("-").to_lowercase();
    let text = match (asked.as_str(), find(&asked), super::command_help(&asked)) {
        ("", ..) => overview(),
        (_, Some(topic), command) => page(topic, command.as_deref()),
        (_, None, Some(command)) => command,
        (_, None, None) => {
            let names: Vec<&str> = TOPICS.iter().map(|topic| topic.name).collect();
            let commands = super::command_names();
            let known = names.iter().copied().chain(commands.iter().map(String::as_str));
            let near = nearest(&asked, known).map(|near| format!("; did you mean '{near}'?")).unwrap_or_default();
            let (asked, names) = (arguments.topic.join(" "), names.join(", "));
            let message = format!("there is no topic or command '{asked}'{near}\nthe topics are {names}");
            return Err(Problem::Arguments(message));
        }
    };
    stdout.write_all(text.as_bytes())?;
    Ok(Exit::Done)
}

fn find(name: &str) -> Option<&'static Topic> {
    TOPICS.iter().find(|topic| topic.name == name)
}

/// A topic, with the help of the command of the same name.
fn page(topic: &Topic, command: Option<&str>) -> String {
    let mut text = format!("{}: {}\n\n{}", topic.name, topic.about, topic.text);
    if let Some(more) = topic.more {
        if !topic.text.is_empty() {
            text.push('\n');
        }
        text.push_str(&more());
    }
    if let Some(command) = command {
        text.push_str(&format!("\nThe command:\n\n{command}"));
    }
    text
}

fn overview() -> String {
    let mut text = "Topics, as in 'whippet help tuning':\n\n".to_owned();
    for topic in &TOPICS {
        text.push_str(&format!("  {:<16} {}\n", topic.name, topic.about));
    }
    text.push_str("\nCommands, as in 'whippet help import':\n\n");
    for (name, about) in super::commands() {
        text.push_str(&format!("  {name:<16} {about}\n"));
    }
    text
}

/// The topics as the manual page has them.
pub fn topics() -> impl Iterator<Item = (&'static str, &'static str)> {
    TOPICS.iter().map(|topic| (topic.name, topic.about))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help(topic: &[&str]) -> (Exit, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let topic = topic.iter().map(|word| (*word).to_owned()).collect();
        let exit = crate::cli::problem::report(run(&Args { topic }, &mut out), &mut err);
        (exit, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    #[test]
    fn every_topic_is_there_and_fits_a_terminal() {
        for topic in &TOPICS {
            let (exit, text, _) = help(&[topic.name]);
            assert_eq!(exit, Exit::Done);
            assert!(text.lines().count() > 3, "{}", topic.name);
            for line in topic.text.lines() {
                assert!(line.chars().count() <= 120, "{}: {line}", topic.name);
            }
            assert!(help(&[]).1.contains(topic.name));
        }
        assert_eq!(help(&["getting", "started"]).1, help(&["getting-started"]).1);
    }

    #[test]
    fn tables_speak_for_themselves() {
        assert!(help(&["keys"]).1.contains("Show the process tree at this match"));
        assert!(help(&["config"]).1.contains("time_zone"));
        assert!(help(&["kql"]).1.contains("has_any_ipv4"));
        assert!(help(&["exit-codes"]).1.contains("3  An input is missing"));
        assert!(help(&["rules"]).1.contains("SQL stored procedure persistence"));
        // A topic and a command of one name are on one page.
        assert!(help(&["import"]).1.contains("Usage: whippet import"));
        assert!(help(&["explain"]).1.contains("Usage: whippet explain"));
    }

    #[test]
    fn a_slip_names_the_nearest() {
        let (exit, _, said) = help(&["tunning"]);
        assert_eq!(exit, Exit::Invalid);
        assert!(said.contains("no topic or command 'tunning'; did you mean 'tuning'?"), "{said}");
        assert!(help(&["imprt"]).2.contains("did you mean 'import'?"));
    }
}
