//! Measures the console as a person feels it: the real loop and the real worker threads over a store, with ratatui's
//! test backend in place of a terminal.
//!
//! usage: cargo run --release --example console_latency
//!
//! `WHIPPET_BENCH_STORE` names a store to look at; without it one of `WHIPPET_BENCH_PROCESSES` processes (a million) is
//! made of generated events in a temporary folder, which takes minutes and some 5 GB. Nothing is written to the store.

#[path = "generate_sample_data/generator/mod.rs"]
#[allow(dead_code)]
mod generator;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, unbounded};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use whippet::console::config::Config;
use whippet::console::input::Input;
use whippet::console::jobs::{Ask, Jobs};
use whippet::console::live::Live;
use whippet::console::opening::{Opening, Shared};
use whippet::console::run::{self, World};
use whippet::console::script::{self, Step};
use whippet::console::source::{Source, Topic};
use whippet::console::state::State;
use whippet::console::theme::Theme;
use whippet::ingest::{self, Silent};
use whippet::rules::Catalog;
use whippet::store::Store;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What is done with the console, one after the other.
enum Plan {
    /// Keys or actions, each measured to the frame that shows it, without waiting for answers; under this name.
    Hold(&'static str, Vec<Step>),
    /// Steps whose last answer is waited for; the time from the last of them to its frame, and to the last answer's.
    Answered(&'static str, Vec<Step>),
    /// As the other, not measured.
    Prepare(Vec<Step>),
    /// Starts a question, waits so long and cancels it; the time to the frame that says so.
    Cancel(&'static str, Vec<Step>, Duration),
    /// Counts the frames of so long without any input.
    Idle(&'static str, Duration),
}

struct Row {
    name: &'static str,
    times: Vec<Duration>,
}

/// What is going on now.
enum Doing {
    Nothing,
    Holding { name: &'static str, rest: Vec<Step>, since: Instant },
    Waiting { name: Option<&'static str>, since: Instant, is_drawn: bool },
    Running { name: &'static str, until: Instant },
    Cancelling { name: &'static str, since: Instant },
    Resting { name: &'static str, until: Instant, frames: usize },
}

/// The world of the measurements: real workers, keys by plan, and a clock on every frame.
struct Bench {
    started: Instant,
    jobs: Jobs,
    received: Receiver<Input>,
    plan: Vec<Plan>,
    doing: Doing,
    /// Steps of the plan that are still to be pressed before the clock starts.
    before: Vec<Step>,
    open: BTreeSet<(Topic, u64)>,
    rows: Vec<Row>,
    is_first: bool,
}

impl Bench {
    fn note(&mut self, name: &'static str, time: Duration) {
        match self.rows.iter_mut().find(|row| row.name == name) {
            Some(row) => row.times.push(time),
            None => self.rows.push(Row { name, times: vec![time] }),
        }
    }

    fn input(step: Step) -> Input {
        match step {
            Step::Act(action) => Input::Act(action),
            other => other.key().map_or(Input::Resize, Input::Key),
        }
    }

    fn took(&mut self, input: &Input) {
        if let Input::Report(report) = input {
            self.open.remove(&(report.topic, report.epoch));
        }
    }

    /// A frame was drawn: what was waited for may be here now. Yields the next input of the plan.
    fn drawn(&mut self) -> Option<Input> {
        let now = Instant::now();
        if std::mem::take(&mut self.is_first) {
            self.note("start to first frame", self.started.elapsed());
        }
        match std::mem::replace(&mut self.doing, Doing::Nothing) {
            Doing::Nothing => {}
            Doing::Holding { name, mut rest, since } => {
                self.note(name, now - since);
                if let Some(step) = rest.pop() {
                    self.doing = Doing::Holding { name, rest, since: now };
                    return Some(Self::input(step));
                }
            }
            Doing::Waiting { name, since, is_drawn } => {
                if let (Some(name), false) = (name, is_drawn) {
                    self.note(name, now - since);
                }
                if !self.open.is_empty() {
                    self.doing = Doing::Waiting { name, since, is_drawn: true };
                    return None;
                }
                if let Some(name) = name {
                    self.note(answered(name), now - since);
                }
            }
            Doing::Running { name, until } => {
                self.doing = Doing::Running { name, until };
                return None;
            }
            Doing::Cancelling { name, since } => self.note(name, now - since),
            Doing::Resting { name, until, frames } => {
                self.doing = Doing::Resting { name, until, frames: frames + 1 };
                return None;
            }
        }
        self.next()
    }

    fn next(&mut self) -> Option<Input> {
        if !self.open.is_empty() {
            self.doing = Doing::Waiting { name: None, since: Instant::now(), is_drawn: false };
            return None;
        }
        if self.plan.is_empty() {
            return Some(Input::Closed("the plan is done".to_owned()));
        }
        match self.plan.remove(0) {
            Plan::Hold(name, mut steps) => {
                steps.reverse();
                let step = steps.pop()?;
                self.doing = Doing::Holding { name, rest: steps, since: Instant::now() };
                Some(Self::input(step))
            }
            Plan::Answered(name, steps) => self.press(steps, Some(name)),
            Plan::Prepare(steps) => self.press(steps, None),
            Plan::Cancel(name, steps, wait) => {
                let input = self.press(steps, None);
                self.doing = Doing::Running { name, until: Instant::now() + wait };
                input
            }
            Plan::Idle(name, time) => {
                self.doing = Doing::Resting { name, until: Instant::now() + time, frames: 0 };
                None
            }
        }
    }

    fn press(&mut self, mut steps: Vec<Step>, name: Option<&'static str>) -> Option<Input> {
        steps.reverse();
        let first = steps.pop()?;
        self.before = steps;
        self.doing = Doing::Waiting { name, since: Instant::now(), is_drawn: false };
        Some(Self::input(first))
    }

    /// Waits for what the workers say, or for the plan's own times.
    fn receive(&mut self, patience: Option<Duration>) -> Option<Input> {
        let limit = match &self.doing {
            Doing::Running { until, .. } | Doing::Resting { until, .. } => Some(*until),
            _ => None,
        };
        let left = limit.map(|limit| limit.saturating_duration_since(Instant::now()));
        let wait = match (patience, left) {
            (Some(patience), Some(left)) => patience.min(left),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => Duration::from_secs(600),
        };
        match self.received.recv_timeout(wait) {
            Ok(input) => {
                self.took(&input);
                Some(input)
            }
            Err(RecvTimeoutError::Disconnected) => Some(Input::Closed("the workers are gone".to_owned())),
            Err(RecvTimeoutError::Timeout) => match std::mem::replace(&mut self.doing, Doing::Nothing) {
                Doing::Running { name, until } if until <= Instant::now() => {
                    self.doing = Doing::Cancelling { name, since: Instant::now() };
                    Some(Self::input(Step::Act(whippet::console::action::Action::Close)))
                }
                Doing::Resting { name, until, frames } if until <= Instant::now() => {
                    // A count and no time: a frame is a millisecond here.
                    self.note(name, Duration::from_millis(frames as u64));
                    self.next()
                }
                other => {
                    self.doing = other;
                    None
                }
            },
        }
    }
}

fn answered(name: &'static str) -> &'static str {
    match name {
        "first visit, tree" => "first visit, tree, answered",
        "first visit, exclusions" => "first visit, exclusions, answered",
        "first visit, rules" => "first visit, rules, answered",
        "first visit, timeline" => "first visit, timeline, answered",
        "first visit, events" => "first visit, events, answered",
        "first visit, indicators" => "first visit, indicators, answered",
        "first visit, rule page" => "first visit, rule page, answered",
        "view switch" => "view switch, answered",
        _ => "toggle, answered",
    }
}

impl World for Bench {
    fn wait(&mut self, patience: Option<Duration>) -> Option<Input> {
        // The loop waits out the rest of a frame with at most these: nothing was drawn since.
        let is_rest = patience.is_some_and(|patience| patience <= Duration::from_millis(10));
        if let Some(step) = self.before.pop() {
            if let Doing::Waiting { since, .. } = &mut self.doing {
                *since = Instant::now();
            }
            return Some(Self::input(step));
        }
        if !is_rest && let Some(input) = self.drawn() {
            return Some(input);
        }
        self.receive(patience)
    }

    fn poll(&mut self) -> Option<Input> {
        let input = self.received.try_recv().ok()?;
        self.took(&input);
        Some(input)
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn submit(&mut self, ask: Ask) {
        let topic = ask.question.topic();
        // A newer question of a topic takes the place of the older, which may never be reported.
        self.open.retain(|(open, _)| *open != topic);
        self.open.insert((topic, ask.epoch));
        self.jobs.submit(ask);
    }

    fn stop_import(&mut self) {}

    fn cancel(&mut self) {
        self.open.clear();
        self.jobs.cancel();
    }

    fn set_mouse(&mut self, _on: bool) -> std::io::Result<()> {
        Ok(())
    }

    fn copy(&mut self, _text: &str) -> std::io::Result<()> {
        Ok(())
    }

    fn write_new(&mut self, _path: &str, _text: &str) -> std::io::Result<()> {
        Ok(())
    }

    fn note(&mut self, _line: &str) -> std::io::Result<()> {
        Ok(())
    }

    fn suspend(&mut self) -> std::io::Result<()> {
        Ok(())
    }

    fn retake(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Opens a console on the store with these rules, and does the plan.
fn measure(store: &Path, rules: &Path, plan: Vec<Plan>) -> Result<Vec<Row>> {
    let started = Instant::now();
    let opening = Opening { name: "bench".to_owned(), fresh: true, read_only: true, bare: true, ..Opening::default() };
    let shared = Shared::open(store, Catalog::open(Some(rules))?, opening)?;
    let mut sources: Vec<Box<dyn Source>> = Vec::new();
    for _ in 0..3 {
        sources.push(Box::new(Live::new(Arc::clone(&shared))?));
    }
    let (inputs, received) = unbounded();
    let jobs = Jobs::start(sources, &inputs)?;
    let mut state = State::configured(&Config::default(), Theme::Terminal)?;
    let mut terminal = Terminal::new(TestBackend::new(120, 36))?;
    let mut bench = Bench {
        started,
        jobs,
        received,
        plan,
        doing: Doing::Nothing,
        before: Vec::new(),
        open: BTreeSet::new(),
        rows: Vec::new(),
        is_first: true,
    };
    run::run(&mut terminal, &mut state, &mut bench)?;
    let matches = state.all_count();
    writeln!(
        std::io::stdout(),
        "\n{} events, {matches} matches\n",
        state.overview.as_ref().map_or(0, |known| known.events)
    )?;
    Ok(bench.rows)
}

fn print(rows: &[Row], limits: &[(&str, u64)]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "| what | times | p50 | p99 | at most |\n|---|---|---|---|---|")?;
    for row in rows {
        let mut times = row.times.clone();
        times.sort();
        let at =
            |part: usize| times.get((times.len().saturating_sub(1) * part).div_ceil(100)).copied().unwrap_or_default();
        let limit = limits.iter().find(|(name, _)| *name == row.name).map(|(_, limit)| limit.to_string());
        let shown = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1000.0);
        writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            row.name,
            times.len(),
            shown(at(50)),
            shown(at(99)),
            limit.unwrap_or_default()
        )?;
    }
    Ok(())
}

fn steps(text: &str) -> Vec<Step> {
    script::parse(text).unwrap_or_default()
}

fn repeated(text: &str, times: usize) -> Vec<Step> {
    steps(&vec![text; times].join(" "))
}

/// A store of generated events.
fn generated(folder: &Path, processes: usize) -> Result<PathBuf> {
    let events = folder.join("events.ndjson");
    let schema = generator::Schema::load()?;
    let mut file = std::io::BufWriter::new(std::fs::File::create(&events)?);
    for rows in generator::estate(processes, &schema) {
        file.write_all(generator::to_ndjson(&rows?).as_bytes())?;
    }
    file.flush()?;
    let path = folder.join("bench.db");
    let mut store = Store::create_or_open(&path)?;
    ingest::import(&mut store, &[events], &AtomicBool::new(false), &mut Silent)?;
    Ok(path)
}

/// A folder with one rule.
fn rule(folder: &Path, name: &str, query: &str) -> Result<PathBuf> {
    let rules = folder.join(name);
    std::fs::create_dir_all(&rules)?;
    let head = format!("// ---\n// id: {name}\n// title: {name}\n// severity: high\n// ---\n");
    std::fs::write(rules.join(format!("{name}.kql")), format!("{head}{query}\n"))?;
    Ok(rules)
}

fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let store = match std::env::var_os("WHIPPET_BENCH_STORE") {
        Some(store) => PathBuf::from(store),
        None => {
            let processes = std::env::var("WHIPPET_BENCH_PROCESSES").ok().and_then(|text| text.parse().ok());
            generated(folder.path(), processes.unwrap_or(1_000_000))?
        }
    };
    let second = Duration::from_secs(1);
    let many = rule(folder.path(), "many", "DeviceProcessEvents\n| where FileName =~ \"svchost.exe\"\n| take 100000")?;
    let slow = "8 'DeviceProcessEvents | where ProcessCommandLine matches regex \"(a|e).*(i|o).*(z|q)$\" | summarize dcount(ProcessCommandLine) by SHA1' Enter";
    let rows = measure(
        &store,
        &many,
        vec![
            Plan::Idle("frames when idle (not ms)", second),
            Plan::Hold("key to frame, matches", repeated("j j j k PgDn j PgUp k", 30)),
            Plan::Answered("first visit, tree", steps("2")),
            Plan::Answered("first visit, exclusions", steps("4")),
            Plan::Answered("first visit, rules", steps("5")),
            Plan::Answered("first visit, timeline", steps("6")),
            Plan::Answered("first visit, events", steps("7")),
            Plan::Hold("key to frame, events", repeated("j PgDn G g g", 20)),
            Plan::Prepare(steps("1")),
            Plan::Answered("view switch", steps("2")),
            Plan::Hold("key to frame, tree", repeated("j j PgDn m", 20)),
            Plan::Answered("first visit, indicators", steps("3")),
            Plan::Hold("key to frame, indicators", repeated("j k", 20)),
            Plan::Answered("first visit, rule page", steps("5 Enter")),
            Plan::Hold("key to frame, rule page", repeated("j k", 20)),
            Plan::Prepare(steps("q")),
            Plan::Answered("view switch", steps("3")),
            Plan::Answered("view switch", steps("4")),
            Plan::Answered("view switch", steps("5")),
            Plan::Answered("view switch", steps("6")),
            Plan::Answered("view switch", steps("7")),
            Plan::Answered("view switch", steps("1")),
            Plan::Answered("view switch", steps("2")),
            Plan::Answered("view switch", steps("1")),
            Plan::Cancel("cancel", steps(slow), Duration::from_millis(400)),
            Plan::Prepare(steps("1")),
            Plan::Idle("frames when idle (not ms)", second),
        ],
    )?;
    let limits = [
        ("start to first frame", 150),
        ("key to frame, matches", 50),
        ("key to frame, events", 50),
        ("key to frame, tree", 50),
        ("key to frame, indicators", 50),
        ("key to frame, rule page", 50),
        ("view switch", 100),
        ("view switch, answered", 100),
        ("cancel", 200),
        ("frames when idle (not ms)", 0),
    ];
    print(&rows, &limits)?;

    let few = rule(folder.path(), "few", "DeviceProcessEvents\n| where FileName =~ \"cmd.exe\"\n| take 5000")?;
    let mut plan = vec![Plan::Prepare(steps(
        ":add-exclusion='{\"condition\":\"ProcessCommandLine has \\\"a\\\"\",\"note\":\"\",\"rule\":null,\"enabled\":false}'",
    ))];
    plan.extend((0..20).map(|_| Plan::Answered("toggle", steps("Space"))));
    let rows = measure(&store, &few, plan)?;
    print(&rows, &[("start to first frame", 150), ("toggle", 50), ("toggle, answered", 300)])
}
