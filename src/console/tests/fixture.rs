//! A small case in memory: two rules over a dozen processes, with exclusions that really hide.
//!
//! Long, because it is one case: each part agrees with every other, and who changes one reads them all.

mod rule;

use std::sync::Arc;
use std::time::Duration;

use rule::{dossier, explain, funnel, sheet};

use crate::console::format;
use crate::console::replay::Alerts;
use crate::console::source::{
    Answer, Checked, EventsPage, ExportAsked, Exported, Found, HashSeen, Hits, Indicator, NodeFacts, Overview, Placed,
    Preview, QueryDone, Question, RuleSummary, Settings, Source, Stop, Trouble, ValueCounts,
};
use crate::console::timeline::Window;
use crate::hunt::browse::{EventsAsked, Listing};
use crate::hunt::chains::Cut;
use crate::hunt::complete::{Completion, Completions, Kind};
use crate::hunt::exclusions::ExclusionEffect;
use crate::hunt::matches::{MatchSubject, RuleStatus, Severity};
use crate::hunt::moments::{self, Action, Moment};
use crate::hunt::replay::{Alert, Replay};
use crate::hunt::seen::Seen;
use crate::hunt::sightings::Sighting;
use crate::hunt::switches::{ExclusionId, ExclusionRef, OwnExclusion};
use crate::hunt::timeline::{Counts, TimeRange, Timeline};
use crate::hunt::tree::EventCounts;
use crate::hunt::tree::facts::NodeEvent;
use crate::hunt::{Clock, Forest, Hunt, Match, MatchId, Node, NodeId, Process, RuleRun, UnitId};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::span::Span;
use crate::schema::{Column, ScalarType, Value};

pub const SHELL: &str = "sql-spawns-shell";
pub const CHILDREN: &str = "sql-grandchild";
pub const BROKEN: &str = "needs-a-watchlist";

/// 2026-03-02 09:00:00 UTC.
const NINE: i64 = 639_080_388_000_000_000;
const SECOND: i64 = 10_000_000;

/// Name, pid, command line, parent's place, seconds after nine.
const PROCESSES: [(&str, i64, &str, Option<usize>, i64); 12] = [
    ("wininit.exe", 612, "wininit.exe", None, -3597),
    ("services.exe", 748, "C:\\Windows\\system32\\services.exe", Some(0), -3596),
    ("svchost.exe", 1020, "svchost.exe -k netsvcs", Some(1), -3595),
    ("sqlservr.exe", 3312, "\"C:\\Program Files\\Microsoft SQL Server\\sqlservr.exe\" -sMSSQLSERVER", Some(1), -3569),
    ("cmd.exe", 7720, "\"cmd.exe\" /c whoami /all", Some(3), 134),
    ("whoami.exe", 7788, "whoami /all", Some(4), 135),
    ("cmd.exe", 7801, "\"C:\\Windows\\system32\\cmd.exe\" /c powershell -enc \u{1b}[31mSQBFAFgA", Some(3), 179),
    ("powershell.exe", 7833, "powershell -enc SQBFAFgA\u{202e}gpj.exe", Some(6), 180),
    ("cmd.exe", 8120, "\"cmd.exe\" /c sqlagent -maint", Some(3), 240),
    ("net.exe", 8131, "net user /domain", Some(4), 136),
    ("explorer.exe", 5208, "", None, 300),
    ("cmd.exe", 9004, "cmd.exe /c C:\\Veeam\\日本語.cmd", Some(10), 301),
];

const GHOST: usize = 10;

pub struct Fixture;

fn event(position: usize) -> i64 {
    88_200 + i64::try_from(position).unwrap()
}

fn start(position: usize) -> i64 {
    NINE + PROCESSES[position].4 * SECOND
}

fn forest() -> Forest {
    let nodes = PROCESSES
        .iter()
        .enumerate()
        .map(|(position, (name, pid, command_line, parent, _))| Node {
            id: NodeId(position),
            process: Process {
                device: "WIN-SQL01".to_owned(),
                pid: Some(*pid),
                start: (position != GHOST).then(|| start(position)),
                name: (*name).to_owned(),
                path: format!("C:\\Windows\\System32\\{name}"),
                command_line: (*command_line).to_owned(),
                account: "NT SERVICE\\MSSQLSERVER".to_owned(),
                sha256: if position == GHOST { String::new() } else { format!("9f2c{position:060}") },
                ..Process::default()
            },
            parent: parent.map(NodeId),
            children: (0..PROCESSES.len()).filter(|child| PROCESSES[*child].3 == Some(position)).map(NodeId).collect(),
            ghost: position == GHOST,
            events: if position == GHOST { Vec::new() } else { vec![event(position)] },
            pid_use: (1, 1),
            cut: false,
            counts: EventCounts { processes: 2, network: u64::from(position == 7), ..EventCounts::default() },
        })
        .collect();
    Forest { nodes, roots: vec![NodeId(0), NodeId(GHOST)] }
}

fn columns() -> Arc<[Column]> {
    ["FileName", "ProcessCommandLine", "AccountName"].map(|name| Column::new(name, ScalarType::String)).into()
}

fn matched(rule: &str, title: &str, severity: Severity, position: usize) -> Match {
    let (name, _, command_line, parent, _) = PROCESSES[position];
    let parent = parent.map(|parent| PROCESSES[parent].0).unwrap_or_default();
    Match {
        id: MatchId {
            rule: rule.to_owned(),
            device: "WIN-SQL01".to_owned(),
            time: Some(start(position)),
            subject: MatchSubject::Events(vec![event(position)]),
            ordinal: 0,
        },
        title: title.into(),
        severity,
        subject: format!("{parent}→{name}"),
        columns: columns(),
        values: [name, command_line, "MSSQLSERVER"].map(|text| Value::String(text.to_owned())).into(),
        events: vec![event(position)],
    }
}

fn run(rule: &str, title: &str, severity: Severity, positions: &[usize]) -> RuleRun {
    RuleRun {
        rule: rule.to_owned(),
        title: title.into(),
        severity,
        status: RuleStatus::Ran,
        warnings: Vec::new(),
        columns: columns(),
        matches: positions.iter().map(|position| matched(rule, title, severity, *position)).collect(),
        elapsed: Duration::from_millis(12),
    }
}

fn all(settings: &Settings) -> Hunt {
    let startswith = UnitId { rule: CHILDREN.to_owned(), unit: "3".to_owned() };
    // Without the predicate the grandchild behind the full path is kept too.
    let children: &[usize] = if settings.switches.is_on(&startswith) { &[5, 9] } else { &[5, 7, 9] };
    let mut broken = run(BROKEN, "Accounts on a watchlist", Severity::Medium, &[]);
    let problem =
        Diagnostic::needs_input("missing-watchlist", Span { start: 0, end: 5 }, "no watchlist is called 'vip'")
            .with_help("supply it with: whippet import --watchlist vip FILE.csv");
    broken.status = RuleStatus::NeedsInput(vec![problem]);
    Hunt {
        runs: vec![
            run(SHELL, "SQL Server spawns a shell", Severity::High, &[4, 6, 8]),
            run(CHILDREN, "Suspicious grandchild of SQL Server", Severity::Critical, children),
            broken,
        ],
    }
}

/// `Column has "text"` or `Column =~ "text"`.
fn covers(condition: &str, found: &Match) -> Result<bool, String> {
    let (column, rest) = condition.split_once(' ').ok_or("expected an operator after the column")?;
    let (operator, text) = rest.split_once(' ').ok_or("expected a value after the operator")?;
    let text = text.trim_matches('@').trim_matches('"').to_lowercase();
    let value = match found.value(column) {
        Some(Value::String(value)) => value.to_lowercase(),
        _ => return Err(format!("no column is called '{column}'")),
    };
    match operator {
        "=~" | "==" => Ok(value == text),
        "has" | "contains" => Ok(value.contains(&text)),
        other => Err(format!("the fixture has no operator '{other}'")),
    }
}

fn hides(own: &OwnExclusion, found: &Match) -> bool {
    own.rule.as_ref().is_none_or(|rule| *rule == found.id.rule) && covers(&own.condition, found) == Ok(true)
}

fn shown(settings: &Settings) -> Hunt {
    let mut hunt = all(settings);
    for run in &mut hunt.runs {
        run.matches.retain(|found| !settings.switches.exclusions().any(|(_, own)| own.enabled && hides(own, found)));
    }
    hunt
}

fn effect(settings: &Settings, id: ExclusionId, own: &OwnExclusion) -> ExclusionEffect {
    let hunt = all(settings);
    let others: Vec<OwnExclusion> = settings
        .switches
        .exclusions()
        .filter(|(other, own)| *other != id && own.enabled)
        .map(|(_, own)| own.clone())
        .collect();
    let covered: Vec<&Match> =
        hunt.runs.iter().flat_map(|run| &run.matches).filter(|found| hides(own, found)).collect();
    let only: Vec<&&Match> = covered.iter().filter(|found| !others.iter().any(|other| hides(other, found))).collect();
    ExclusionEffect {
        exclusion: ExclusionRef::Own(id),
        rule: own.rule.clone(),
        condition: own.condition.clone(),
        note: own.note.clone(),
        owner: own.owner.clone(),
        enabled: own.enabled,
        hides: if own.enabled { covered.len() } else { only.len() } as u64,
        only_by: only.len() as u64,
        pinned: covered
            .iter()
            .filter(|found| settings.switches.is_pinned(&found.id))
            .map(|found| found.id.clone())
            .collect(),
        problem: None,
    }
}

/// One run an hour: what came since, alert by alert, the third silenced.
fn replayed(settings: &Settings) -> Alerts {
    let hour = 3600 * SECOND;
    let hunt = all(settings);
    let replays = hunt.runs.iter().map(|run| {
        let alert = |time: i64, found: &[Match]| Alert {
            time,
            after: time - hour,
            rows: found.len(),
            matches: found.iter().map(|found| found.id.clone()).collect(),
        };
        let (first, rest) = run.matches.split_at(run.matches.len().min(2));
        Replay {
            rule: run.rule.clone(),
            title: Arc::clone(&run.title),
            severity: run.severity,
            timetable: None,
            status: run.status.clone(),
            warnings: Vec::new(),
            steps: 2,
            runs: 2,
            empty: 0,
            alerts: if first.is_empty() { Vec::new() } else { vec![alert(NINE + hour, first)] },
            suppressed: if rest.is_empty() { Vec::new() } else { vec![alert(NINE + 2 * hour, rest)] },
            found: run.matches.clone(),
        }
    });
    Alerts::new(replays.collect())
}

fn node_facts(node: NodeId) -> NodeFacts {
    let event = |event, table: &str, summary: &str, seconds| NodeEvent {
        event,
        table: table.to_owned(),
        time: Some(start(node.0) + seconds * SECOND),
        action: "FileCreated".to_owned(),
        summary: summary.to_owned(),
    };
    let events = if node == NodeId(7) {
        vec![
            event(901, "DeviceFileEvents", "C:\\Users\\Public\\gpj\u{202e}.exe", 1),
            event(902, "DeviceNetworkEvents", "Tcp 203.0.113.7 443", 2),
        ]
    } else {
        Vec::new()
    };
    NodeFacts { node, events, cut: false, hash: Some(HashSeen { starts: 3, hosts: 1, profile: String::new() }) }
}

/// What exclusions hide beside a pinned match on its chain: here every match hangs on one chain.
fn cuts(settings: &Settings) -> Vec<Cut> {
    let hunt = all(settings);
    let matches: Vec<&Match> = hunt.runs.iter().flat_map(|run| &run.matches).collect();
    let mut cuts = Vec::new();
    for (exclusion, own) in settings.switches.exclusions() {
        let hidden: Vec<MatchId> =
            matches.iter().filter(|found| hides(own, found)).map(|found| found.id.clone()).collect();
        let pinned = matches.iter().find(|found| settings.switches.is_pinned(&found.id) && !hides(own, found));
        if let Some(pinned) = pinned.filter(|_| !hidden.is_empty()) {
            cuts.push(Cut { exclusion, pinned: pinned.id.clone(), hidden });
        }
    }
    cuts
}

fn overview() -> Overview {
    let summary = |name: &str, title: &str, severity, technique: &str| RuleSummary {
        name: name.to_owned(),
        title: title.to_owned(),
        severity,
        tactics: vec!["DefenseEvasion".to_owned()],
        techniques: vec![technique.to_owned()],
    };
    Overview {
        name: "mssql-01".to_owned(),
        devices: vec!["WIN-SQL01".to_owned()],
        events: 142_816,
        first: Some(start(0)),
        last: Some(start(11)),
        clock: Some(Clock::whole(start(11))),
        rules: vec![
            summary(SHELL, "SQL Server spawns a shell", Severity::High, "T1059.003"),
            summary(CHILDREN, "Suspicious grandchild of SQL Server", Severity::Critical, "T1505.001"),
            summary(BROKEN, "Accounts on a watchlist", Severity::Medium, "T1078"),
        ],
        ..Overview::default()
    }
}

fn indicators() -> Vec<Indicator> {
    let row = |field: &str, kind: &str, value: &str, corpus, hits| Indicator {
        rule: CHILDREN.to_owned(),
        rule_title: "Suspicious grandchild of SQL Server".to_owned(),
        field: field.to_owned(),
        kind: kind.to_owned(),
        value: value.to_owned(),
        corpus,
        by_source: format!("{corpus} ({corpus} kusto)"),
        tables: vec!["DeviceProcessEvents".to_owned()],
        condition: (kind != "lt").then(|| format!("{field} == \"{value}\"")),
        hits,
    };
    vec![
        row("FileName", "in", "whoami.exe", 41, Some(9)),
        row("FileName", "in", "nltest.exe", 12, Some(0)),
        row("InitiatingProcessParentFileName", "eq", "sqlservr.exe", 7, Some(31)),
        row("GlobalPrevalence", "lt", "250", 1, None),
    ]
}

/// What the table of processes holds: a column of it is always empty.
fn listing(positions: impl Iterator<Item = usize>) -> Listing {
    let string = |name: &str| Column::new(name, ScalarType::String);
    let mut listing = Listing {
        columns: vec![
            Column::new("Timestamp", ScalarType::Datetime),
            string("ActionType"),
            string("FileName"),
            Column::new("ProcessId", ScalarType::Long),
            string("MD5"),
            string("ProcessCommandLine"),
        ],
        ..Listing::default()
    };
    for position in positions {
        let (name, pid, command_line, _, _) = PROCESSES[position];
        let text = |text: &str| Value::String(text.to_owned());
        listing.rows.push(vec![
            Value::Datetime(start(position)),
            text("ProcessCreated"),
            text(name),
            Value::Long(pid),
            text(""),
            text(command_line),
        ]);
        listing.lineage.push(vec![event(position)]);
    }
    listing
}

fn events(asked: &EventsAsked, range: std::ops::Range<usize>) -> EventsPage {
    // `FileName == "…"` is the only condition it knows.
    let kept: Vec<usize> = (0..PROCESSES.len())
        .filter(|position| {
            let wanted = format!("FileName == \"{}\"", PROCESSES[*position].0);
            let is_within = asked.range.is_none_or(|range| range.contains(start(*position)));
            is_within && asked.conditions.iter().all(|condition| *condition == wanted)
        })
        .collect();
    let start = range.start.min(kept.len());
    let listing = listing(kept[start..range.end.min(kept.len())].iter().copied());
    EventsPage { asked: asked.clone(), total: kept.len(), start, listing }
}

/// Each process but the ghost is an event at its start, and an hour of quiet lies on either side.
fn timeline(window: Window) -> Timeline {
    let (from, width, buckets) = match window {
        Window::Whole { .. } => (NINE - 3600 * SECOND, 300 * SECOND, 14),
        Window::Part { from, width, buckets } => (from, width, buckets),
    };
    let range = TimeRange { from, until: from + width * i64::try_from(buckets).unwrap() };
    let timeline = Timeline { range, width, events: Counts { buckets: vec![0; buckets], ..Counts::default() } };
    let times = (0..PROCESSES.len()).filter(|position| *position != GHOST).map(|position| Some(start(position)));
    let mut events = timeline.count(times.chain([None]));
    if let Window::Whole { .. } = window {
        // 1601 and 1970.
        events.before = 2;
    }
    Timeline { events, ..timeline }
}

fn moments_in(range: TimeRange) -> Vec<Moment> {
    let within: Vec<i64> = (0..PROCESSES.len())
        .filter(|position| *position != GHOST)
        .map(start)
        .filter(|time| range.contains(*time))
        .collect();
    let Some(first) = within.iter().min().copied() else { return Vec::new() };
    let moment = |table: &str, action: &str, count: usize, total: u64| Moment {
        kind: moments::Kind { table: table.to_owned(), action: Action::Named(action.to_owned()) },
        count: count as u64,
        first,
        total,
    };
    vec![
        moment("DeviceEvents", "ServiceInstalled", 1, 1),
        moment("DeviceProcessEvents", "ProcessCreated", within.len(), 11),
    ]
}

/// A query that names a `Nonsense` column is wrong; a word may become `FileName`.
fn check(text: &str, cursor: usize) -> Checked {
    let wrong = text.find("Nonsense").map(|at| {
        Diagnostic::error("unknown-column", Span { start: at, end: at + 8 }, "no column is called 'Nonsense'")
            .with_help("did you mean 'FileName'?")
    });
    let before = text.get(..cursor).unwrap();
    let word = before.rfind(|c: char| !c.is_alphanumeric()).map_or(0, |at| at + 1);
    let item = |text: &str, kind, note: &str| Completion { text: text.to_owned(), kind, note: note.to_owned() };
    let items = [
        item("FileName", Kind::Column, "string"),
        item("FileSize", Kind::Column, "long"),
        item("DeviceProcessEvents", Kind::Table, "84 columns"),
    ];
    let typed = before.get(word..).unwrap();
    let items = items.into_iter().filter(|item| item.text.starts_with(typed) && item.text != typed).collect();
    Checked {
        text: text.to_owned(),
        cursor,
        diagnostics: wrong.into_iter().collect(),
        completions: Completions { from: word, items },
    }
}

impl Source for Fixture {
    fn answer(&mut self, question: &Question, _stop: &Stop) -> Result<Answer, Trouble> {
        Ok(match question {
            Question::Overview => Answer::Overview(Box::new(overview())),
            Question::Matches(settings) => {
                let hidden_by = all(settings)
                    .runs
                    .iter()
                    .flat_map(|run| &run.matches)
                    .map(|found| {
                        let ids = settings.switches.exclusions().filter(|(_, own)| own.enabled && hides(own, found));
                        (found.id.clone(), ids.map(|(id, _)| id).collect::<Vec<_>>())
                    })
                    .filter(|(_, ids)| !ids.is_empty())
                    .collect();
                let own = settings.switches.exclusions().map(|(id, own)| effect(settings, id, own)).collect();
                let (shown, all) = (Arc::new(shown(settings)), Arc::new(all(settings)));
                Answer::Matches(Found { shown, all, hidden_by, own })
            }
            Question::Effects(settings) => {
                let native = UnitId { rule: CHILDREN.to_owned(), unit: "4.2".to_owned() };
                let native = ExclusionEffect {
                    enabled: settings.switches.is_on(&native),
                    exclusion: ExclusionRef::Native(native),
                    rule: Some(CHILDREN.to_owned()),
                    condition: "not(AccountName =~ \"backup\")".to_owned(),
                    note: String::new(),
                    owner: String::new(),
                    hides: 0,
                    only_by: 0,
                    pinned: Vec::new(),
                    problem: None,
                };
                Answer::Effects(vec![native])
            }
            Question::Preview(settings, own) => {
                let problem = all(settings).runs.iter().flat_map(|run| &run.matches).find_map(|found| {
                    own.rule
                        .as_ref()
                        .is_none_or(|rule| *rule == found.id.rule)
                        .then(|| covers(&own.condition, found).err())?
                });
                let effect = match problem {
                    Some(problem) => Err(problem),
                    None => Ok(effect(settings, settings.switches.next_exclusion_id(), own)),
                };
                Answer::Preview(Box::new(Preview {
                    exclusion: own.clone(),
                    effect,
                    examples: all(settings)
                        .matches()
                        .into_iter()
                        .filter(|found| hides(own, found))
                        .map(|found| (found.id.time, format!("{} {}", found.title, found.subject)))
                        .collect(),
                    cuts: Vec::new(),
                }))
            }
            Question::Check(_, text, cursor) => Answer::Check(Box::new(check(text, *cursor))),
            Question::Events(_, asked, range) => Answer::Events(Box::new(events(asked, range.clone()))),
            Question::Query(_, text) => {
                let wrong = check(text, 0).diagnostics;
                let result = if wrong.is_empty() { Ok(listing(0..PROCESSES.len())) } else { Err(wrong) };
                Answer::Query(Box::new(QueryDone { text: text.clone(), result }))
            }
            Question::LookedFor(values) => {
                let rules = |value: &str| if value == "cmd.exe" { 4 } else { 0 };
                Answer::LookedFor(values.iter().map(|(_, value)| rules(value)).collect())
            }
            Question::Timeline(window) => Answer::Timeline(*window, Some(Box::new(timeline(*window)))),
            Question::Sightings(_, _, hash) => Answer::Sightings(hash.clone(), Sighting { events: 3, hosts: 1 }),
            Question::Seen(_, tables, condition) => {
                let seen = |table: &String| Seen {
                    table: table.clone(),
                    events: 9,
                    first: Some(start(0)),
                    last: Some(start(11)),
                };
                Answer::Seen(condition.clone(), tables.iter().map(seen).collect())
            }
            Question::Hits(_, asked, text) => {
                let all = events(asked, 0..PROCESSES.len()).listing.rows;
                let has = |row: &Vec<Value>| row.iter().any(|value| format::value(value).to_lowercase().contains(text));
                let places = (0..all.len()).filter(|place| has(&all[*place])).collect();
                Answer::Hits(Box::new(Hits { asked: asked.clone(), text: text.clone(), places }))
            }
            Question::Record(event) => {
                Answer::Record(*event, format!("file     Security.evtx\n\n<Event>{event}\u{1b}]52;c;\u{7}</Event>"))
            }
            Question::Moments(range) => Answer::Moments(*range, moments_in(*range)),
            Question::Counts(_, asked, column) => Answer::Counts(Box::new(ValueCounts {
                asked: asked.clone(),
                column: column.clone(),
                values: match column.as_str() {
                    "Timestamp" => (4..10).map(|position| (Value::Datetime(start(position)), 1)).collect(),
                    _ => vec![(Value::String("cmd.exe".to_owned()), 4), (Value::String(String::new()), 1)],
                },
            })),
            Question::Tables => {
                Answer::Tables(vec![("DeviceProcessEvents".to_owned(), 12), ("DeviceEvents".to_owned(), 99)])
            }
            Question::Explain(settings, rule, event) => Answer::Explain(Box::new(explain(settings, rule, *event)?)),
            Question::Funnel(settings, rule) => Answer::Funnel(Box::new(funnel(settings, rule))),
            Question::Forest(devices) => Answer::Forest(devices.clone(), Arc::new(forest())),
            Question::Places(..) => Answer::Places(Placed::default()),
            Question::Node(_, node) => Answer::Node(Box::new(node_facts(*node))),
            Question::Row(_, table, _) => Answer::Row(format!("Event of {table}"), Box::new(listing(0..1))),
            Question::Replay(settings, _) => Answer::Replay(Box::new(replayed(settings))),
            Question::Cuts(settings, _) => Answer::Cuts(cuts(settings)),
            Question::Dossier(rule) => Answer::Dossier(Box::new(dossier(rule))),
            Question::Sheet(_, rule) => Answer::Sheet(Box::new(sheet(rule))),
            Question::Indicators(_) => Answer::Indicators(indicators()),
            Question::Save(_) => Answer::Saved,
            Question::Export(_, path, asked) => {
                let made = match asked {
                    ExportAsked::Events(asked) => Exported::Rows { query: asked.table.clone(), listing: listing(0..2) },
                    ExportAsked::Rule(rule) => Exported::Rule(crate::hunt::export::Exported {
                        title: rule.clone(),
                        query: format!("// {rule}\nT"),
                        at_marker: true,
                        proven: true,
                        matches: 4,
                        exclusions: 1,
                    }),
                };
                Answer::Export(path.clone(), Box::new(made))
            }
        })
    }

    fn interrupter(&self) -> Box<dyn Fn() + Send + Sync> {
        Box::new(|| {})
    }
}
