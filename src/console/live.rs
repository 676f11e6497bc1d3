//! The source behind a real store: hands questions to `hunt` and `rules`, and puts their answers in the console's
//! words. Computes nothing itself.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::opening::Shared;
use super::replay::Alerts;
use super::sheets;
use super::sheets::RuleSheet;
use super::source::{
    Answer, Checked, EventsPage, ExportAsked, Exported, Found, HashSeen, Hits, Indicator, NodeFacts, Overview, Preview,
    QueryDone, Question, RuleSummary, Settings, Source, Stop, Trouble, ValueCounts,
};
use super::timeline::Window;
use super::trees::Grove;
use crate::hunt::browse::EventsAsked;
use crate::hunt::chains::{self, Cut};
use crate::hunt::dossier::Dossier;
use crate::hunt::exclusions::{NativeReach, check_condition};
use crate::hunt::moments::{self};
use crate::hunt::query::QueryError;
use crate::hunt::replay::Asked;
use crate::hunt::switches::{ExclusionRef, SwitchAction};
use crate::hunt::timeline::{TimeRange, Timeline};
use crate::hunt::tree::facts;
use crate::hunt::{Case, EventId, HuntError, NodeId, OwnExclusion, Survey, indicators, record};
use crate::kql::values::quote_string;
use crate::plan::Environment;
use crate::rules::predicates::Kind;
use crate::rules::{Facts, Rule};
use crate::schema::Value;
use crate::store::Store;

/// No stage may hold the page up longer than this.
const STAGE_LIMIT: Duration = Duration::from_secs(10);

/// A query may yield more rows; the console keeps so many and says that there are more.
const MOST_ROWS: usize = 10_000;
/// More rows than a person reads in a file; 'whippet query' writes them all.
const MOST_EXPORTED: usize = 100_000;
/// Matches that the preview of an exclusion names.
const EXAMPLES: usize = 8;
/// Events of one process that the tree shows in place.
const NODE_EVENTS: usize = 300;
/// Of a column's values the commonest are shown.
const MOST_VALUES: usize = 200;

/// Answers from one store, over a connection of its own.
pub struct Live {
    shared: Arc<Shared>,
    store: Store,
}

impl Live {
    pub fn new(shared: Arc<Shared>) -> Result<Self, HuntError> {
        let store = shared.case.reader()?;
        Ok(Self { shared, store })
    }

    fn case(&self, settings: &Settings) -> Case {
        let mut case = self.shared.case.clone();
        case.switches = settings.switches.clone();
        if let Some(clock) = settings.clock {
            case.clock = clock;
        }
        case
    }

    /// The survey for these settings: whether exclusions are on, and pins, make no difference to it.
    fn survey(&self, settings: &Settings, stop: &Stop) -> Result<Arc<Survey>, HuntError> {
        self.shared.survey.or_make(settings, stop, || self.case(settings).survey(&self.store, &[]))
    }

    /// What the effects of the rules' own exclusions are counted from, for these settings.
    fn reaches(&self, settings: &Settings, stop: &Stop) -> Result<Arc<Vec<NativeReach>>, HuntError> {
        self.shared.reaches.or_make(settings, stop, || {
            let case = self.case(settings);
            let rules = case.catalog.rules().iter().take_while(|_| !stop.is_raised());
            rules.map(|rule| case.native_reach(&self.store, rule)).collect()
        })
    }

    /// The ids of the events of a table that meet the conditions, in order.
    fn event_ids(&self, settings: &Settings, asked: &EventsAsked) -> Result<Arc<Vec<EventId>>, QueryError> {
        let known = self.shared.events.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((clock, made_for, ids)) = known
            && clock == settings.clock
            && made_for == *asked
        {
            return Ok(ids);
        }
        let ids = Arc::new(self.case(settings).event_ids(&self.store, asked)?);
        let list = (settings.clock, asked.clone(), Arc::clone(&ids));
        *self.shared.events.lock().unwrap_or_else(PoisonError::into_inner) = Some(list);
        Ok(ids)
    }

    fn events(&self, settings: &Settings, asked: &EventsAsked, range: &Range<usize>) -> Result<Answer, QueryError> {
        let case = self.case(settings);
        let (ids, total) = match case.event_window(&self.store, asked, range)? {
            Some(window) => window,
            None => {
                let ids = self.event_ids(settings, asked)?;
                let page = range.start.min(ids.len())..range.end.min(ids.len());
                (ids.get(page).unwrap_or_default().to_vec(), ids.len())
            }
        };
        let start = range.start.min(total);
        let listing = case.event_rows(&self.store, &asked.table, &ids)?;
        Ok(Answer::Events(Box::new(EventsPage { asked: asked.clone(), total, start, listing })))
    }

    fn hits(&self, settings: &Settings, asked: &EventsAsked, text: &str) -> Result<Answer, QueryError> {
        let list = self.event_ids(settings, asked)?;
        let places = self.case(settings).places_of(&self.store, asked, &list, text)?;
        Ok(Answer::Hits(Box::new(Hits { asked: asked.clone(), text: text.to_owned(), places })))
    }

    fn query(&self, settings: &Settings, text: &str) -> Result<Answer, QueryError> {
        let result = match self.case(settings).list(&self.store, text, MOST_ROWS) {
            Ok(listing) => Ok(listing),
            Err(QueryError::Diagnostics(diagnostics)) => Err(diagnostics),
            Err(other) => return Err(other),
        };
        Ok(Answer::Query(Box::new(QueryDone { text: text.to_owned(), result })))
    }

    fn counts(&self, settings: &Settings, asked: &EventsAsked, column: &str) -> Result<Answer, QueryError> {
        let values = self.case(settings).value_counts(&self.store, &asked.query(&self.store), column, MOST_VALUES)?;
        Ok(Answer::Counts(Box::new(ValueCounts { asked: asked.clone(), column: column.to_owned(), values })))
    }

    fn timeline(&self, window: Window) -> Result<Answer, HuntError> {
        let shown = match window {
            Window::Whole { buckets } => Timeline::of(&self.store, None, buckets)?,
            Window::Part { from, width, buckets } => {
                let length = width.saturating_mul(i64::try_from(buckets).unwrap_or(i64::MAX));
                Timeline::with_width(&self.store, TimeRange { from, until: from.saturating_add(length) }, width)?
            }
        };
        Ok(Answer::Timeline(window, shown.map(Box::new)))
    }

    fn moments(&self, range: TimeRange) -> Result<Answer, HuntError> {
        let known = self.shared.totals.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let totals = match known {
            Some(totals) => totals,
            None => {
                let totals = Arc::new(moments::totals(&self.store)?);
                *self.shared.totals.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&totals));
                totals
            }
        };
        Ok(Answer::Moments(range, moments::moments(&self.store, range, &totals)?))
    }

    fn export(&self, settings: &Settings, path: &str, asked: &ExportAsked) -> Result<Answer, HuntError> {
        let case = self.case(settings);
        let made = match asked {
            ExportAsked::Events(asked) => {
                let query = asked.ordered(&self.store);
                let listing = case.list(&self.store, &query, MOST_EXPORTED);
                let listing = listing.map_err(|error| error.of("the export", &query))?;
                Exported::Rows { query, listing }
            }
            ExportAsked::Rule(rule) => {
                let exported = case.export_rule(&self.store, rule)?;
                Exported::Rule(exported)
            }
        };
        Ok(Answer::Export(path.to_owned(), Box::new(made)))
    }

    fn check(&self, settings: &Settings, text: &str, cursor: usize) -> Answer {
        let case = self.case(settings);
        Answer::Check(Box::new(Checked {
            text: text.to_owned(),
            cursor,
            diagnostics: case.check(&self.store, text),
            completions: case.complete(&self.store, text, cursor),
        }))
    }

    fn overview(&self) -> Result<Overview, HuntError> {
        let range = self.store.time_range()?;
        let shared = &self.shared;
        Ok(Overview {
            name: shared.name.clone(),
            devices: facts::devices(&self.store)?,
            events: self.store.event_count()?,
            first: range.map(|(first, _)| first),
            last: range.map(|(_, last)| last),
            clock: Some(shared.case.clock),
            rules: shared.case.catalog.rules().iter().map(summary).collect(),
            switches: shared.case.switches.clone(),
            session: shared.session.clone().map(Box::new),
            read_only: shared.read_only,
            lesson: shared.lesson.clone(),
        })
    }

    fn found(&self, settings: &Settings, stop: &Stop) -> Result<Found, HuntError> {
        let survey = self.survey(settings, stop)?;
        let shown = survey.shown(&settings.switches);
        let hidden_by = survey
            .all
            .runs
            .iter()
            .flat_map(|run| &run.matches)
            .map(|found| (found.id.clone(), survey.hidden_by(&settings.switches, &found.id)))
            .filter(|(_, ids)| !ids.is_empty())
            .collect();
        let own = survey.effects(&settings.switches);
        Ok(Found { shown: Arc::new(shown), all: Arc::clone(&survey.all), hidden_by, own })
    }

    fn node(&self, devices: &[String], id: NodeId) -> Result<NodeFacts, HuntError> {
        let grove = self.shared.trees.of(&self.store, devices)?;
        let mut events = facts::node_events(&self.store, &grove.forest, id, NODE_EVENTS + 1)?;
        let cut = events.len() > NODE_EVENTS;
        events.truncate(NODE_EVENTS);
        let process = grove.forest.node(id).map(|node| &node.process);
        let hash = process.and_then(|process| self.hash_seen(&process.sha1, &process.sha256));
        Ok(NodeFacts { node: id, events, cut, hash })
    }

    /// Where an image was seen in the store; what cannot be asked is not said.
    fn hash_seen(&self, sha1: &str, sha256: &str) -> Option<HashSeen> {
        let (column, hash) = if sha1.is_empty() { ("SHA256", sha256) } else { ("SHA1", sha1) };
        if hash.is_empty() {
            return None;
        }
        let hash = quote_string(hash);
        let case = &self.shared.case;
        let query = format!(
            "DeviceProcessEvents | where {column} == {hash} | summarize Starts=count(), Hosts=dcount(DeviceName)"
        );
        let listing = case.list(&self.store, &query, 1).ok()?;
        let number = |at: usize| match listing.rows.first().and_then(|row| row.get(at)) {
            Some(Value::Long(number)) => number.unsigned_abs(),
            _ => 0,
        };
        let profile = format!(
            "print Hash={hash} | invoke FileProfile(Hash, 1) | where ProfileAvailability =~ 'Available' \
             | project strcat(SignatureState, ', seen on ', tostring(GlobalPrevalence), ' machines worldwide')"
        );
        let profile = case.list(&self.store, &profile, 1).ok().and_then(|listing| {
            let row = listing.rows.into_iter().next()?;
            row.first().map(crate::console::format::value)
        });
        Some(HashSeen { starts: number(0), hosts: number(1), profile: profile.unwrap_or_default() })
    }

    fn replay(&self, settings: &Settings, rule: Option<&str>, stop: &Stop) -> Result<Answer, Trouble> {
        let case = self.case(settings);
        let rules: Vec<String> = rule.map(str::to_owned).into_iter().collect();
        let mut replays = Vec::new();
        for rule in case.rules(&rules).map_err(trouble)? {
            stop.check()?;
            let replayed = case.replay(&self.store, &rule.id, &Asked::default(), &mut |_, _| !stop.is_raised());
            replays.push(replayed.map_err(trouble)?);
        }
        Ok(Answer::Replay(Box::new(Alerts::new(replays))))
    }

    fn cuts(&self, settings: &Settings, devices: &[String], stop: &Stop) -> Result<Vec<Cut>, HuntError> {
        let (survey, grove) = (self.survey(settings, stop)?, self.shared.trees.of(&self.store, devices)?);
        Ok(cuts_of(&self.store, &survey, settings, &grove))
    }

    fn preview(&self, settings: &Settings, own: &OwnExclusion) -> Result<Preview, HuntError> {
        let fails = |problem: String| Preview {
            exclusion: own.clone(),
            effect: Err(problem),
            examples: Vec::new(),
            cuts: Vec::new(),
        };
        if let Err(problem) = check_condition(&own.condition) {
            return Ok(fails(problem));
        }
        let mut settings = settings.clone();
        let id = settings.switches.next_exclusion_id();
        let exclusion = Some(OwnExclusion { enabled: false, ..own.clone() });
        settings.switches.apply(SwitchAction::Exclusion { id, exclusion });
        let rules: Vec<String> = own.rule.iter().cloned().collect();
        let survey = self.case(&settings).survey(&self.store, &rules)?;
        let effects = survey.effects(&settings.switches);
        let Some(effect) = effects.into_iter().find(|effect| effect.exclusion == ExclusionRef::Own(id)) else {
            return Ok(fails("it could not be counted".to_owned()));
        };
        if own.rule.is_some()
            && let Some(problem) = &effect.problem
        {
            return Ok(fails(problem.clone()));
        }
        let examples = survey
            .all
            .runs
            .iter()
            .flat_map(|run| &run.matches)
            .filter(|found| survey.covers(id, &found.id))
            .take(EXAMPLES)
            .map(|found| (found.id.time, format!("{} {}", found.title, found.subject)))
            .collect();
        let cuts = cuts_of(&self.store, &survey, &settings, &self.shared.trees.known());
        let cuts = cuts.into_iter().filter(|cut| cut.exclusion == id).collect();
        Ok(Preview { exclusion: own.clone(), effect: Ok(effect), examples, cuts })
    }

    /// How many rules look for each value in its column, whichever of the processes it is of.
    fn looked_for(&self, values: &[(String, String)]) -> Vec<u64> {
        let rules = |(column, value): &(String, String)| {
            let alike = |is_parent| self.shared.corpus.rules_alike(column, Kind::Eq, value, is_parent);
            let rules: BTreeSet<&str> = [true, false].into_iter().flat_map(alike).collect();
            rules.len() as u64
        };
        values.iter().map(rules).collect()
    }

    fn native(&self, settings: &Settings, stop: &Stop) -> Result<Answer, Trouble> {
        let survey = self.survey(settings, stop).map_err(trouble)?;
        let reaches = self.reaches(settings, stop).map_err(trouble)?;
        let effects = reaches.iter().flat_map(|reach| reach.effects(&settings.switches, &survey));
        Ok(Answer::Effects(effects.collect()))
    }

    fn sheet(&self, settings: &Settings, name: &str) -> Result<RuleSheet, HuntError> {
        let rule = self.shared.case.rule(name)?;
        let known = Facts::of(rule, &self.shared.attack, Some(&self.shared.corpus));
        let clock = self.case(settings).clock;
        let environment = Environment::new(self.store.schema(), clock.now)
            .with_range(clock.range())
            .with_library(&self.shared.case.catalog.library);
        Ok(sheets::sheet(rule, &known, severity(rule), &environment))
    }

    fn dossier(&self, name: &str) -> Result<Dossier, HuntError> {
        let case = &self.shared.case;
        let known = Facts::of(case.rule(name)?, &self.shared.attack, Some(&self.shared.corpus));
        case.dossier(&self.store, name, &known.events, &known.indicators)
    }

    fn indicators(&self, settings: &Settings, stop: &Stop) -> Result<Answer, Trouble> {
        let mut rows = Vec::new();
        let case = self.case(settings);
        for rule in self.shared.case.catalog.rules() {
            stop.check()?;
            let known = Facts::of(rule, &self.shared.attack, Some(&self.shared.corpus));
            let hits = indicators::hits(&case, &self.store, rule, &known.indicators).map_err(trouble)?;
            for hit in hits {
                rows.push(Indicator {
                    rule: rule.id.clone(),
                    rule_title: rule.title.clone(),
                    field: hit.field,
                    kind: hit.kind,
                    value: hit.value,
                    corpus: hit.corpus,
                    by_source: hit.by_source,
                    tables: hit.tables,
                    condition: hit.condition,
                    hits: hit.events,
                });
            }
        }
        Ok(Answer::Indicators(rows))
    }
}

/// The cuts in the chains of pinned matches. A match that cannot be placed cuts nothing.
fn cuts_of(store: &Store, survey: &Survey, settings: &Settings, grove: &Grove) -> Vec<Cut> {
    chains::cuts(survey, &settings.switches, &grove.forest, &mut |found| {
        found.events.first().and_then(|event| grove.node_of(store, *event).ok().flatten())
    })
}

fn summary(rule: &Rule) -> RuleSummary {
    RuleSummary {
        name: rule.id.clone(),
        title: rule.title.clone(),
        severity: severity(rule),
        tactics: rule.metadata.tactics.clone(),
        techniques: rule.metadata.techniques.clone(),
    }
}

fn severity(rule: &Rule) -> crate::hunt::matches::Severity {
    rule.metadata.severity.into()
}

fn trouble(error: HuntError) -> Trouble {
    match error {
        HuntError::Cancelled => Trouble::Cancelled,
        HuntError::Query { what, diagnostics, .. } => {
            let reasons: Vec<String> = diagnostics.iter().map(|found| found.message.clone()).collect();
            Trouble::Failed(format!("{what} cannot be run: {}", reasons.join("; ")))
        }
        other => Trouble::Failed(other.to_string()),
    }
}

impl Source for Live {
    fn answer(&mut self, question: &Question, stop: &Stop) -> Result<Answer, Trouble> {
        let answer = match question {
            Question::Overview => self.overview().map(|overview| Answer::Overview(Box::new(overview))),
            Question::Matches(settings) => self.found(settings, stop).map(Answer::Matches),
            Question::Effects(settings) => return self.native(settings, stop),
            Question::Preview(settings, own) => {
                self.preview(settings, own).map(|preview| Answer::Preview(Box::new(preview)))
            }
            Question::LookedFor(values) => Ok(Answer::LookedFor(self.looked_for(values))),
            Question::Check(settings, text, cursor) => Ok(self.check(settings, text, *cursor)),
            Question::Events(settings, asked, range) => {
                let answer = self.events(settings, asked, range);
                answer.map_err(|error| error.of("the list of events", &asked.query(&self.store)))
            }
            Question::Query(settings, text) => self.query(settings, text).map_err(|error| error.of("the query", text)),
            Question::Counts(settings, asked, column) => {
                let answer = self.counts(settings, asked, column);
                answer.map_err(|error| error.of("counting", &asked.query(&self.store)))
            }
            Question::Timeline(window) => self.timeline(*window),
            Question::Moments(range) => self.moments(*range),
            Question::Sightings(settings, column, value) => {
                let seen = self.case(settings).sightings(&self.store, column, value);
                seen.map(|seen| Answer::Sightings(value.clone(), seen))
            }
            Question::Seen(settings, tables, condition) => {
                let seen = self.case(settings).seen(&self.store, tables, condition);
                seen.map(|seen| Answer::Seen(condition.clone(), seen))
            }
            Question::Hits(settings, asked, text) => {
                let hits = self.hits(settings, asked, text);
                hits.map_err(|error| error.of("the search", &asked.query(&self.store)))
            }
            Question::Record(event) => record::text(&self.store, *event).map(|text| Answer::Record(*event, text)),
            Question::Tables => self.store.table_counts().map(Answer::Tables).map_err(HuntError::from),
            Question::Explain(settings, rule, event) => {
                // The rules have mostly been run by now; else this one alone is.
                let known = self.shared.survey.made_for(settings);
                let explained = self.case(settings).explain_with(&self.store, rule, *event, known.as_deref());
                explained.map(|explanation| Answer::Explain(Box::new(explanation)))
            }
            Question::Funnel(settings, rule) => {
                let funnel = self.case(settings).funnel(&self.store, rule, STAGE_LIMIT);
                funnel.map(|funnel| Answer::Funnel(Box::new(funnel)))
            }
            Question::Forest(devices) => {
                let grove = self.shared.trees.of(&self.store, devices);
                grove.map(|grove| Answer::Forest(devices.clone(), Arc::clone(&grove.forest)))
            }
            Question::Places(devices, events) => {
                return self.shared.trees.places(&self.store, devices, events, stop).map(Answer::Places);
            }
            Question::Node(devices, node) => self.node(devices, *node).map(|facts| Answer::Node(Box::new(facts))),
            Question::Row(settings, table, event) => {
                let listing = self.case(settings).event_rows(&self.store, table, &[*event]);
                let listing = listing.map_err(|error| error.of("the event", table));
                listing.map(|listing| Answer::Row(format!("Event #{event} of {table}"), Box::new(listing)))
            }
            Question::Replay(settings, rule) => return self.replay(settings, rule.as_deref(), stop),
            Question::Cuts(settings, devices) => self.cuts(settings, devices, stop).map(Answer::Cuts),
            Question::Sheet(settings, rule) => self.sheet(settings, rule).map(|sheet| Answer::Sheet(Box::new(sheet))),
            Question::Dossier(rule) => self.dossier(rule).map(|dossier| Answer::Dossier(Box::new(dossier))),
            Question::Indicators(settings) => return self.indicators(settings, stop),
            Question::Export(settings, path, asked) => self.export(settings, path, asked),
            Question::Save(kept) => self.shared.save(kept).map(|()| Answer::Saved),
        };
        answer.map_err(trouble)
    }

    fn interrupter(&self) -> Box<dyn Fn() + Send + Sync> {
        let handle = self.store.interrupt_handle();
        Box::new(move || handle.interrupt())
    }
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
