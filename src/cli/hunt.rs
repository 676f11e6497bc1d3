//! `whippet hunt`: run the rules over a store and list what they match.

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::journal::Script;
use super::problem::Problem;
use super::query::exit_for;
use super::{Exit, report};
use crate::console::config::Config;
use crate::console::opening::{Opening, Shared};
use crate::console::state::State;
use crate::console::theme::Theme;
use crate::hunt::clock::display_time;
use crate::hunt::exclusions::check_condition;
use crate::hunt::matches::RuleStatus;
use crate::hunt::survey::status_line;
use crate::hunt::switches::{ExclusionId, ExclusionRef, OwnExclusion, Switches};
use crate::hunt::tree::{ancestors, facts, text};
use crate::hunt::{Case, Clock, Hunt, Match, MatchId, SwitchAction, chains};
use crate::kql::values::{datetime_text, parse_datetime};
use crate::kql::visible::visible;
use crate::rules::Catalog;
use crate::schema::format;

/// Run the rules over a store and list what they match.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The store.
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    /// The rules to run, by name; all of them if none is given.
    #[arg(value_name = "RULE")]
    rules_asked: Vec<String>,
    #[command(flatten)]
    view: View,
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Leave cells of CSV as they are; otherwise a quote stops spreadsheets from running them as formulas.
    #[arg(long)]
    raw_cells: bool,
    /// List what the console would show after this script: its switches, exclusions, clock and filters
    #[arg(long, value_name = "FILE", conflicts_with_all = ["off", "exclude", "as_of", "rules_asked", "replay"])]
    script: Option<PathBuf>,
    #[command(flatten)]
    replay: super::replay::Replaying,
}

/// How the rules are looked at: shared by the commands that run them.
#[derive(Debug, clap::Args)]
pub struct View {
    /// A folder of rules in place of the built-in ones.
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// Answer as the rules would have at this time (UTC); without it, over the whole store, with look-back predicates
    /// lifted.
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    /// Switch a predicate or exclusion of a rule off: RULE/UNIT, or UNIT with one RULE. Units are numbered as
    /// `whippet rule funnel` prints them.
    #[arg(long, value_name = "UNIT")]
    off: Vec<String>,
    /// Hide the rows for which this KQL condition holds.
    #[arg(long, value_name = "KQL")]
    exclude: Vec<String>,
    #[command(flatten)]
    library: super::library::LibraryArgs,
}

impl View {
    /// Opens the case as the arguments say.
    pub fn open(&self, db: &std::path::Path, rules: &[String]) -> Result<Case, Problem> {
        let mut catalog = Catalog::open(self.rules.as_deref())?;
        self.library.add_to(&mut catalog)?;
        let mut case = Case::open(db, catalog.into())?;
        if let Some(time) = &self.as_of {
            let ticks = parse_datetime(time).ok_or_else(|| {
                Problem::Arguments(format!(
                    "--as-of '{time}' is no time; write it as 2019-11-03 or 2019-11-03T13:51:56Z"
                ))
            })?;
            case.clock = Clock::as_of(ticks);
        }
        for text in &self.off {
            let unit = case.find_unit(text, rules)?;
            case.switches.apply(SwitchAction::Unit { unit, on: false });
        }
        for condition in &self.exclude {
            check_condition(condition)
                .map_err(|reason| Problem::Arguments(format!("--exclude '{condition}': {reason}")))?;
            let id: ExclusionId = case.switches.next_exclusion_id();
            let exclusion = OwnExclusion { condition: condition.clone(), enabled: true, ..OwnExclusion::default() };
            case.switches.apply(SwitchAction::Exclusion { id, exclusion: Some(exclusion) });
        }
        Ok(case)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Table,
    Json,
    Ndjson,
    Csv,
}

/// Plays a script on the case's store, and gives the case what it switched; yields the matches that its filters keep,
/// where it filters.
fn scripted(
    case: &mut Case,
    path: &Path,
    rules: Option<&Path>,
    stderr: &mut dyn Write,
) -> Result<Option<HashSet<MatchId>>, Problem> {
    let script = Script::read(path).map_err(|error| Problem::Arguments(format!("--script: {error}")))?;
    let opening = Opening { name: String::new(), fresh: true, read_only: true, ..Opening::default() };
    let shared = Shared::open(&case.store, Catalog::open(rules)?, opening)?;
    let state = State::configured(&Config::default(), Theme::Plain)?;
    let state = script.perform(&shared, state, Some(Path::new(".")))?;
    if !state.complaints.is_empty() {
        for problem in &state.complaints {
            writeln!(stderr, "{}: {}", path.display(), visible(problem))?;
        }
        return Err(Problem::Arguments(format!("--script {}: not all of it could be done", path.display())));
    }
    let settings = state.settings();
    case.switches = settings.switches;
    if let Some(clock) = settings.clock {
        case.clock = clock;
    }
    let rows = state.matches.rows.iter().filter_map(|row| Some(state.match_at(*row)?.id.clone()));
    Ok((!state.matches.chips.is_empty()).then(|| rows.collect()))
}

pub fn run(arguments: &Args, stdout: &mut dyn Write, stderr: &mut dyn Write) -> Result<Exit, Problem> {
    let mut case = arguments.view.open(&arguments.db, &arguments.rules_asked)?;
    let listed = match &arguments.script {
        Some(script) => scripted(&mut case, script, arguments.view.rules.as_deref(), stderr)?,
        None => None,
    };
    let store = case.reader()?;
    if arguments.replay.replay {
        let (what, how) = ((&case, &store, arguments.rules_asked.as_slice()), (arguments.format, arguments.raw_cells));
        return super::replay::answer(&arguments.replay, what, how, stdout, stderr);
    }
    let survey = case.survey(&store, &arguments.rules_asked)?;
    let mut hunt = survey.shown(&case.switches);
    if let Some(listed) = &listed {
        hunt.runs.iter_mut().for_each(|run| run.matches.retain(|found| listed.contains(&found.id)));
    }
    match arguments.format {
        Format::Table => {
            // What is hidden may be a link in the chain of what is pinned.
            let has_pins = case.switches.pins().next().is_some();
            let found = if has_pins { survey.all.matches() } else { hunt.matches() };
            let first: Vec<i64> = found.iter().filter_map(|found| found.events.first().copied()).collect();
            let forest = ancestors::forest_above(&store, &first)?;
            write_table(&hunt, &forest, stdout)?;
            let cuts = chains::cuts(&survey, &case.switches, &forest, &mut |found| {
                found.events.first().and_then(|event| facts::locate(&store, &forest, *event).ok().flatten())
            });
            for effect in survey.effects(&case.switches) {
                let state = if effect.enabled { "hides" } else { "would hide" };
                write!(stdout, "{}  {state} {}", visible(&effect.condition), effect.hides)?;
                match &effect.problem {
                    Some(problem) => writeln!(stdout, ": {}", visible(problem))?,
                    None => writeln!(stdout, " (only by it: {})", effect.only_by)?,
                }
                for pinned in &effect.pinned {
                    writeln!(stdout, "  ! it covers {}, which is pinned", visible(&pinned.name()))?;
                }
                for cut in cuts.iter().filter(|cut| effect.exclusion == ExclusionRef::Own(cut.exclusion)) {
                    let hidden: Vec<String> = cut.hidden.iter().map(|one| visible(&one.name())).collect();
                    let pinned = visible(&cut.pinned.name());
                    writeln!(stdout, "  ! it cuts the chain of {pinned}, which is pinned: {}", hidden.join(" "))?;
                }
            }
        }
        Format::Json => super::json::write_pretty(stdout, &hunt_json(&case, &hunt))?,
        Format::Ndjson => {
            for found in hunt.matches() {
                super::json::write_line(stdout, &match_json(found, &case.switches))?;
            }
        }
        Format::Csv => write_csv(&hunt, arguments.raw_cells, stdout)?,
    }
    let mut exit = Exit::Done;
    for run in hunt.runs.iter().filter(|run| run.status != RuleStatus::Ran) {
        writeln!(stderr, "{} did not run: {}", visible(&run.title), visible(&status_line(&run.status)))?;
        if let RuleStatus::Invalid(found) | RuleStatus::NeedsInput(found) = &run.status {
            let query = case.rule(&run.rule).map(|rule| rule.query.as_str()).unwrap_or_default();
            report::write(stderr, &run.title, query, found)?;
            // The others have been answered; only a rule that was asked for by name decides the status.
            if !arguments.rules_asked.is_empty() {
                exit = exit_for(found);
            }
        }
    }
    Ok(exit)
}

/// The matches in columns, the rules with their counts, and the chains of processes that matched.
pub fn write_table(hunt: &Hunt, forest: &crate::hunt::Forest, stdout: &mut dyn Write) -> Result<(), Problem> {
    let matches = hunt.matches();
    if !matches.is_empty() {
        writeln!(stdout, "{:<23}  {:<4}  {:<32}  {:<44}  MATCH", "TIME", "SEV", "RULE", "SUBJECT")?;
    }
    for found in &matches {
        writeln!(
            stdout,
            "{:<23}  {:<4}  {}  {}  {}",
            found.id.time.map(display_time).unwrap_or_else(|| "-".to_owned()),
            found.severity.word(),
            padded(&visible(&found.title), 32),
            padded(&visible(&found.subject), 44),
            visible(&found.id.name()),
        )?;
    }
    if !matches.is_empty() {
        writeln!(stdout)?;
    }
    for run in &hunt.runs {
        let outcome = match &run.status {
            RuleStatus::Ran if run.matches.len() == 1 => "1 match".to_owned(),
            RuleStatus::Ran => format!("{} matches", run.matches.len()),
            RuleStatus::NeedsInput(_) => format!("needs input: {}", visible(&status_line(&run.status))),
            RuleStatus::Invalid(_) | RuleStatus::Failed(_) => {
                format!("does not run: {}", visible(&status_line(&run.status)))
            }
        };
        writeln!(stdout, "{}  {outcome}", padded(&visible(&run.title), 56))?;
        for (chain, count) in chains(run.matches.iter(), forest) {
            writeln!(stdout, "  {count:>5} × {chain}")?;
        }
    }
    Ok(())
}

/// The chains of the processes behind some matches, with how many matches each has, in the order of the first.
fn chains<'a>(matches: impl Iterator<Item = &'a Match>, forest: &crate::hunt::Forest) -> Vec<(String, usize)> {
    let by_event: std::collections::HashMap<i64, crate::hunt::NodeId> =
        forest.nodes.iter().flat_map(|node| node.events.iter().map(|event| (*event, node.id))).collect();
    let mut found: Vec<(String, usize)> = Vec::new();
    for one in matches {
        let Some(node) = one.events.first().and_then(|event| by_event.get(event)) else { continue };
        let names =
            forest.path(*node).into_iter().filter_map(|id| forest.node(id)).map(|node| visible(&text::name(node)));
        let chain = names.collect::<Vec<_>>().join(" → ");
        match found.iter_mut().find(|(known, _)| *known == chain) {
            Some((_, count)) => *count += 1,
            None => found.push((chain, 1)),
        }
    }
    found
}

/// Cut or filled to a width in terminal cells.
pub fn padded(text: &str, width: usize) -> String {
    use unicode_segmentation::UnicodeSegmentation;
    use unicode_width::UnicodeWidthStr;
    let mut kept = String::new();
    let mut used = 0;
    let full = text.width();
    for piece in text.graphemes(true) {
        let cells = piece.width();
        let room = if full > width { width.saturating_sub(1) } else { width };
        if used + cells > room {
            kept.push('…');
            used += 1;
            break;
        }
        kept.push_str(piece);
        used += cells;
    }
    kept.push_str(&" ".repeat(width.saturating_sub(used)));
    kept
}

fn match_json(found: &Match, switches: &Switches) -> serde_json::Value {
    let values: serde_json::Map<String, serde_json::Value> = found
        .columns
        .iter()
        .zip(found.values.iter())
        .map(|(column, value)| (column.name.clone(), format::json(value)))
        .collect();
    serde_json::json!({
        "match": found.id.name(),
        "rule": found.id.rule,
        "title": &*found.title,
        "severity": found.severity,
        "time": found.id.time.map(datetime_text),
        "device": found.id.device,
        "subject": found.subject,
        "events": found.events,
        "pinned": switches.is_pinned(&found.id),
        "note": switches.note(&found.id),
        "values": values,
    })
}

fn hunt_json(case: &Case, hunt: &Hunt) -> serde_json::Value {
    let rules: Vec<_> = hunt
        .runs
        .iter()
        .map(|run| {
            let (status, diagnostics) = match &run.status {
                RuleStatus::Ran => ("ran", run.warnings.clone()),
                RuleStatus::Invalid(found) => ("invalid", found.clone()),
                RuleStatus::NeedsInput(found) => ("needs-input", found.clone()),
                RuleStatus::Failed(_) => ("failed", Vec::new()),
            };
            serde_json::json!({
                "rule": run.rule,
                "title": &*run.title,
                "severity": run.severity,
                "status": status,
                "reason": (run.status != RuleStatus::Ran).then(|| status_line(&run.status)),
                "matches": run.matches.len(),
                "diagnostics": diagnostics,
            })
        })
        .collect();
    let matches: Vec<_> = hunt.matches().into_iter().map(|found| match_json(found, &case.switches)).collect();
    serde_json::json!({
        "clock": { "mode": case.clock.mode, "now": datetime_text(case.clock.now) },
        "rules": rules,
        "matches": matches,
    })
}

fn write_csv(hunt: &Hunt, raw_cells: bool, stdout: &mut dyn Write) -> Result<(), Problem> {
    let mut writer = csv::Writer::from_writer(stdout);
    // The rules' columns side by side, each name once, in the order they come.
    let mut names: Vec<&str> = Vec::new();
    for column in hunt.runs.iter().filter(|run| !run.matches.is_empty()).flat_map(|run| run.columns.iter()) {
        if !names.contains(&column.name.as_str()) {
            names.push(&column.name);
        }
    }
    let fixed = ["Match", "Rule", "Severity", "Time", "Device", "Subject", "Events"];
    writer.write_record(fixed.iter().copied().chain(names.iter().copied()))?;
    for found in hunt.matches() {
        let events: Vec<String> = found.events.iter().map(ToString::to_string).collect();
        let mut cells = vec![
            found.id.name(),
            found.title.to_string(),
            found.severity.word().to_owned(),
            found.id.time.map(datetime_text).unwrap_or_default(),
            found.id.device.clone(),
            found.subject.clone(),
            events.join(" "),
        ];
        cells.extend(names.iter().map(|name| found.value(name).map(format::text).unwrap_or_default()));
        writer.write_record(cells.into_iter().map(|cell| if raw_cells { cell } else { super::format::cell(&cell) }))?;
    }
    writer.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_cut_by_width_and_made_harmless() {
        assert_eq!(padded("abc", 5), "abc  ");
        assert_eq!(padded("abcdef", 5), "abcd…");
        assert_eq!(padded("日本語", 5), "日本…");
        assert_eq!(padded("abcde", 5), "abcde");
        assert_eq!(super::super::format::cell("=1+1"), "'=1+1");
        assert_eq!(super::super::format::cell("1=1\n\u{1b}"), "1=1\n^[");
    }
}
