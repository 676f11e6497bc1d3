//! `whippet man` and `whippet completions`: what packagers install, made from the commands themselves.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Command;
use clap_complete::Shell;

use super::Exit;
use super::help;
use super::problem::Problem;
use crate::console::config::SETTINGS;

/// Print the manual page, or write a page for each command into a folder
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// The folder; pages that are there are written over
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// Print what a shell needs to complete the command line
///
/// For bash: `whippet completions bash > ~/.local/share/bash-completion/completions/whippet`
#[derive(Debug, clap::Args)]
pub struct CompletionArgs {
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

pub fn man(arguments: &ManArgs, command: Command, stdout: &mut dyn Write) -> Result<Exit, Problem> {
    match &arguments.folder {
        None => stdout.write_all(&page(&command)?)?,
        Some(folder) => pages(&command, folder)?,
    }
    Ok(Exit::Done)
}

pub fn completions(arguments: &CompletionArgs, mut command: Command, stdout: &mut dyn Write) -> Result<Exit, Problem> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "whippet", &mut text);
    stdout.write_all(&text)?;
    Ok(Exit::Done)
}

/// One page a command, and one for whippet itself.
fn pages(command: &Command, folder: &std::path::Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    clap_mangen::generate_to(command.clone(), folder)?;
    std::fs::write(folder.join("whippet.1"), page(command)?)
}

/// Whippet's own page, with what the tables know.
fn page(command: &Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    writeln!(page, ".SH TOPICS\n.TP\n\\fBwhippet help TOPIC\\fR\nOne of:")?;
    for (name, about) in help::topics() {
        writeln!(page, ".IP \"{}\" 18\n{about}", name.replace('-', "\\-"))?;
    }
    writeln!(page, ".SH \"EXIT STATUS\"")?;
    for exit in Exit::ALL {
        writeln!(page, ".IP {} 4\n{}", exit as u8, exit.meaning())?;
    }
    writeln!(page, ".SH CONFIGURATION\n\\fBwhippet config path\\fR prints the file. Its settings:")?;
    for setting in &SETTINGS {
        writeln!(page, ".IP {} 12\n{}.", setting.name, setting.doc)?;
    }
    writeln!(page, ".SH ENVIRONMENT\n.IP WHIPPET_CONFIG\nThe configuration file, in place of the usual one.")?;
    writeln!(page, ".IP NO_COLOR\nSet and not empty: no colours.")?;
    Ok(page)
}
