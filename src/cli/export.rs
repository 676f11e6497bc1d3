//! `whippet rule export`: a rule's KQL with the analyst's switches and exclusions written in, proven by running it.

use std::io::Write;
use std::path::PathBuf;

use super::Exit;
use super::hunt::View;
use super::problem::Problem;

/// Print a rule's KQL with what is switched off and the exclusions written in, ready to paste.
///
/// The exclusions stand between the rule's `// Begin environment-specific filter.` and `// End …` comments, or as the
/// last stages where it has none. The text is run over the store before it is printed; if its matches are not those
/// that are shown, the status is 1.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The rule, by name.
    name: String,
    /// The store, whose saved switches and exclusions are written in.
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    #[command(flatten)]
    view: View,
}

pub fn run(arguments: &Args, stdout: &mut dyn Write, stderr: &mut dyn Write) -> Result<Exit, Problem> {
    let case = arguments.view.open(&arguments.db, std::slice::from_ref(&arguments.name))?;
    let store = case.reader()?;
    let exported = case.export_rule(&store, &arguments.name)?;
    writeln!(stdout, "{}", exported.query.trim_end())?;
    writeln!(stderr, "{}", exported.verdict())?;
    Ok(if exported.proven { Exit::Done } else { Exit::Failed })
}
