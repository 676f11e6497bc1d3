//! A rule's KQL as it was tuned: switches, parameters and exclusions written in, and proven by running the text.
//!
//! Exclusions go where the rule's author left room for them, between the environment-specific markers. Columns there
//! may be others than in the rule's rows; where the text does not give the same matches, they go to the end.

use super::case::Case;
use super::error::HuntError;
use super::exclusions::check_condition;
use super::matches::{Match, MatchId, RuleStatus};
use super::prepare::{BEGIN_MARKER, END_MARKER, Prepared, parts_of};
use super::rewrite::{Edit, Rewritten};
use super::survey::{self, Survey};
use super::switches::{ExclusionId, OwnExclusion, Switches};
use crate::kql::parse;
use crate::kql::span::Span;
use crate::kql::visible::visible;
use crate::rules::pipeline::RulePipeline;
use crate::rules::rule::Rule;
use crate::store::Store;

/// A rule's query with the analyst's exclusions written in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// What the rule is called.
    pub title: String,
    pub query: String,
    /// Whether the exclusions stand between the markers of the rule's author.
    pub at_marker: bool,
    /// Whether running the text gave the matches that are shown.
    pub proven: bool,
    /// How many matches are shown.
    pub matches: usize,
    /// How many exclusions are written in.
    pub exclusions: usize,
}

impl Exported {
    /// What the proof came to, for people.
    pub fn verdict(&self) -> String {
        let matches = if self.matches == 1 { "1 match".to_owned() } else { format!("{} matches", self.matches) };
        if self.proven {
            format!("checked: the text gives the same {matches}")
        } else {
            format!("NOT the same: the text gives other matches than the {matches} shown, or does not run")
        }
    }
}

impl Case {
    /// The rule's KQL with its units and parameters as set and its enabled exclusions written in: between the author's
    /// environment-specific markers, else as the last stages between markers of their own.
    pub fn export_rule(&self, store: &Store, name: &str) -> Result<Exported, HuntError> {
        let rule = self.rule(name)?;
        let survey = self.survey(store, std::slice::from_ref(&rule.id))?;
        let own = written(self.switches.enabled_for(&rule.id), &survey, &rule.id);
        let shown = survey.shown(&self.switches);
        let matches: Vec<&Match> = shown.runs.iter().flat_map(|run| &run.matches).collect();
        let prepared = Prepared::as_written(&rule.id, parts_of(rule), &self.switches);
        let mut places = vec![(prepared.end(), false)];
        if let Some(marker) = prepared.marker() {
            places.insert(0, (marker, true));
        }
        let mut best = None;
        for (place, at_marker) in places {
            let mut edits = prepared.edits();
            if !own.is_empty() {
                edits.push(Edit::insert(place, at_place(&own, at_marker)));
            }
            let query = Rewritten::of(prepared.source, Span::new(0, prepared.source.len()), &edits).text;
            let proven = self.gives(store, rule, &query, &matches)?;
            let title = rule.title.clone();
            let exported = Exported { title, query, at_marker, proven, matches: matches.len(), exclusions: own.len() };
            if proven {
                return Ok(exported);
            }
            best = Some(exported);
        }
        // Only when neither place gives the same matches; the caller sees that it is not proven.
        best.ok_or_else(|| HuntError::UnknownRule { name: name.to_owned(), nearest: Vec::new() })
    }

    /// Whether a text, run as this rule with nothing switched, gives these matches.
    fn gives(&self, store: &Store, rule: &Rule, text: &str, matches: &[&Match]) -> Result<bool, HuntError> {
        let parsed = parse(text);
        let pipeline = RulePipeline::of(&parsed.query, text);
        let rewritten = Rule {
            query: text.to_owned(),
            tree: parsed.query,
            diagnostics: parsed.diagnostics,
            pipeline,
            ..rule.clone()
        };
        let plain = Self { switches: Switches::default(), ..self.clone() };
        let survey = survey::survey(&plain, store, &[&rewritten])?;
        let given: Vec<&MatchId> = survey.all.runs.iter().flat_map(|run| &run.matches).map(|found| &found.id).collect();
        let ran = survey.all.runs.iter().all(|run| run.status == RuleStatus::Ran);
        Ok(ran && given.iter().copied().eq(matches.iter().map(|found| &found.id)))
    }
}

/// The stages of the exclusions that the rule's rows have the columns for.
fn written<'a>(
    enabled: impl Iterator<Item = (ExclusionId, &'a OwnExclusion)>,
    survey: &Survey,
    rule: &str,
) -> Vec<String> {
    enabled
        .filter(|(id, own)| survey.is_evaluated(*id, rule) && check_condition(&own.condition).is_ok())
        .map(|(id, own)| exclusion_stage(id, own))
        .collect()
}

fn at_place(stages: &[String], at_marker: bool) -> String {
    let stages = stages.concat();
    if at_marker { stages } else { format!("\n{BEGIN_MARKER}\n{stages}{END_MARKER}\n") }
}

/// `| where not(condition)` on lines of its own; who answers for it and why stand before it as a comment.
pub fn exclusion_stage(id: ExclusionId, own: &OwnExclusion) -> String {
    let mut said = format!("// {id}");
    for (word, text) in [("", &own.note), ("owner ", &own.owner)] {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if !text.is_empty() {
            // A line end of any kind would end the comment.
            said.push_str(&format!(" · {word}{}", visible(&text)));
        }
    }
    let condition = own.condition.trim();
    // A comment in the condition would swallow the parenthesis.
    if condition.contains("//") || condition.contains('\n') {
        format!("{said}\n| where not(\n{condition}\n)\n")
    } else {
        format!("{said}\n| where not({condition})\n")
    }
}
