//! A rule as it is to be run: which units are off or lifted, where more stages go. What the clock holds back is no
//! matter of the text: [`super::query::Asker`] binds it to every table.
//!
//! Knows nothing of running.

use std::collections::BTreeSet;

use super::clock::ClockMode;
use super::funnel::UnitState;
use super::rewrite::{Edit, Rewritten};
use super::switches::Switches;
use crate::kql::span::Span;
use crate::kql::syntax::{Expr, ExprKind, OperatorKind, Query, StatementKind};
use crate::rules::pipeline::{LetBinding, LetKind, Role, RulePipeline, Section, SectionKind, Stage, Unit};
use crate::rules::rule::Rule;
use crate::rules::walk;

/// Between these comments the authors of rules leave room for what only one environment needs.
pub(super) const BEGIN_MARKER: &str = "// Begin environment-specific filter.";
pub(super) const END_MARKER: &str = "// End environment-specific filter.";

/// A rule's query under a state of the switches and the clock.
#[derive(Debug, Clone)]
pub struct Prepared<'rule> {
    pub source: &'rule str,
    pub tree: &'rule Query,
    pub pipeline: &'rule RulePipeline,
    off: BTreeSet<String>,
    /// Parameters with another value than the rule's own, and what else is written in another way.
    written: Vec<Edit>,
    lifted: BTreeSet<String>,
    /// Columns that say what each exclusion does, where they are asked for.
    noted: Vec<Edit>,
}

/// A rule's text, its tree, and the tree taken apart.
pub type Parts<'rule> = (&'rule str, &'rule Query, &'rule RulePipeline);

pub fn parts_of(rule: &Rule) -> Parts<'_> {
    (&rule.query, &rule.tree, &rule.pipeline)
}

impl<'rule> Prepared<'rule> {
    pub fn new(rule: &str, parts: Parts<'rule>, switches: &Switches, mode: ClockMode) -> Self {
        let mut prepared = Self::as_written(rule, parts, switches);
        if mode == ClockMode::Whole {
            let pipeline = prepared.pipeline;
            let lifted = pipeline.units().filter(|unit| looks_back(unit, &pipeline.lets));
            prepared.lifted = lifted.map(|unit| unit.id.clone()).collect();
        }
        prepared
    }

    /// The rule with units off and nothing done for the clock.
    pub fn as_written(rule: &str, (source, tree, pipeline): Parts<'rule>, switches: &Switches) -> Self {
        Self {
            source,
            tree,
            pipeline,
            off: switches.off_units(rule).map(str::to_owned).collect(),
            written: parameters(rule, pipeline, switches),
            lifted: BTreeSet::new(),
            noted: Vec::new(),
        }
    }

    /// The same with one more unit off.
    #[must_use]
    pub fn with_off(&self, unit: &str) -> Self {
        let mut changed = self.clone();
        changed.off.insert(unit.to_owned());
        changed
    }

    /// The same with one more change of the text.
    #[must_use]
    pub fn with_edit(&self, edit: Edit) -> Self {
        let mut changed = self.clone();
        changed.written.push(edit);
        changed
    }

    /// The same with one unit on, and not lifted either.
    #[must_use]
    pub fn with_on(&self, unit: &str) -> Self {
        let mut changed = self.clone();
        changed.off.remove(unit);
        changed
    }

    /// The same with every exclusion off and a column for each that says whether the row passes it, so that one run
    /// answers for all. `None` where a stage after the first of them does more than choose among rows: then a row
    /// that an exclusion takes away may change others.
    pub fn with_exclusions_noted(&self) -> Option<(Self, Vec<&'rule Unit>)> {
        let [section] = self.pipeline.main.as_slice() else { return None };
        let excludes = |stage: &&Stage| stage.units.iter().any(|unit| unit.role == Role::Exclusion);
        let first = section.stages.iter().position(|stage| excludes(&stage))?;
        let stages = section.stages.get(first..)?;
        let keeps = |stage: &Stage| matches!(stage.keyword.as_str(), "where" | "filter" | "extend" | "project");
        let total = self.pipeline.units().filter(|unit| unit.role == Role::Exclusion).count();
        if section.kind != SectionKind::Whole || !stages.iter().all(keeps) {
            return None;
        }
        let mut changed = self.clone();
        let mut units: Vec<&Unit> = Vec::new();
        let inner = self.edits();
        for stage in stages {
            if stage.keyword == "project" && !units.is_empty() {
                let names: String = (0..units.len()).map(|place| format!(", {}", noted_name(place))).collect();
                changed.noted.push(Edit::insert(stage.span.end, names));
            }
            let mut columns = Vec::new();
            for unit in stage.units.iter().filter(|unit| unit.role == Role::Exclusion) {
                // The unit's own edit would hide it; only what lies inside it is changed.
                let inner: Vec<Edit> = inner.iter().filter(|edit| edit.span != unit.span).cloned().collect();
                let text = Rewritten::of(self.source, unit.span, &inner).text;
                columns.push(format!("{} = (\n{text}\n)", noted_name(units.len())));
                changed.off.insert(unit.id.clone());
                units.push(unit);
            }
            if !columns.is_empty() {
                changed.noted.push(Edit::insert(stage.span.start, format!("extend {}\n| ", columns.join(", "))));
            }
        }
        (units.len() == total).then_some((changed, units))
    }

    pub fn state(&self, unit: &Unit) -> UnitState {
        if self.lifted.contains(&unit.id) {
            UnitState::Lifted
        } else if self.off.contains(&unit.id) {
            UnitState::Off
        } else {
            UnitState::On
        }
    }

    /// The edits that the switches and the clock make.
    pub fn edits(&self) -> Vec<Edit> {
        self.edits_with(&|_| false)
    }

    /// As [`Self::edits`], with the units that `also_off` names off as well.
    pub fn edits_with(&self, also_off: &dyn Fn(&Unit) -> bool) -> Vec<Edit> {
        let units = self.pipeline.units().filter(|unit| self.state(unit) != UnitState::On || also_off(unit));
        let units = units.map(|unit| Edit::replace(unit.span, "true"));
        units.chain(self.written.iter().cloned()).chain(self.noted.iter().cloned()).collect()
    }

    /// The whole rule, with `addition` (stages, each with its `|`) after the last one.
    pub fn whole(&self, addition: &str) -> Rewritten {
        let mut edits = self.edits();
        if !addition.is_empty() {
            edits.push(Edit::insert(self.end(), format!("\n{addition}")));
        }
        Rewritten::of(self.source, Span::new(0, self.source.len()), &edits)
    }

    /// The rows that leave a stage, with some more units off, and `addition` after it. `None` for stages that
    /// cannot be run by themselves.
    pub fn prefix(
        &self,
        section: &Section,
        stage: &Stage,
        also_off: &dyn Fn(&Unit) -> bool,
        addition: &str,
    ) -> Option<Rewritten> {
        let body = stage.prefix?;
        let edits = self.edits_with(also_off);
        let mut text = Rewritten::of(self.source, Span::new(0, section.statement.start), &edits);
        text.append(self.source, body, &edits);
        if !addition.is_empty() {
            text.push_text(&format!("\n{addition}"), body.end);
        }
        Some(text)
    }

    /// Where a last stage goes: after the last operator that shapes rows, before a `render`.
    pub fn end(&self) -> usize {
        let last = self.tree.statements.iter().rev().find_map(|statement| match &statement.kind {
            StatementKind::Expression(expr) => Some(expr),
            _ => None,
        });
        let Some(expr) = last else { return self.source.len() };
        match &expr.kind {
            ExprKind::Pipeline(pipeline)
                if matches!(
                    pipeline.operators.last().map(|operator| &operator.kind),
                    Some(OperatorKind::Render { .. })
                ) =>
            {
                let before = pipeline.operators.iter().rev().nth(1);
                before.map_or(pipeline.source.span.end, |operator| operator.span.end)
            }
            _ => expr.span.end,
        }
    }

    /// Where an exclusion is written for others to read: just before the end marker, if the rule has both markers.
    pub fn marker(&self) -> Option<usize> {
        let begin = self.source.find(BEGIN_MARKER)?;
        let after = begin + BEGIN_MARKER.len();
        let end = after + self.source.get(after..)?.find(END_MARKER)?;
        // At the start of the marker's line, so that the filter stands on lines of its own.
        let line = self.source.get(..end)?.rfind('\n').map_or(end, |newline| newline + 1);
        let only_blanks = self.source.get(line..end)?.trim().is_empty();
        Some(if only_blanks { line } else { end })
    }
}

/// The edits that give parameters their values. One that the rule no longer has, or that is no value, is left alone.
fn parameters(rule: &str, pipeline: &RulePipeline, switches: &Switches) -> Vec<Edit> {
    let set = switches.parameters_of(rule).filter_map(|(name, value)| {
        let binding = pipeline.binding(name).filter(|binding| binding.kind == LetKind::Scalar)?;
        // The line break ends a comment at the end of the value.
        let end = if value.contains("//") { "\n" } else { "" };
        Some(Edit::replace(binding.value.span, format!("{value}{end}")))
    });
    set.collect()
}

/// The column that says whether a row passes the exclusion at a place of [`Prepared::with_exclusions_noted`].
pub fn noted_name(place: usize) -> String {
    format!("whippet_passes_{place}")
}

/// Whether a time filter moves with the clock: it compares with `ago()` or `now()`, perhaps through a `let`. A
/// comparison with a fixed time means that time.
fn looks_back(unit: &Unit, lets: &[LetBinding]) -> bool {
    unit.role == Role::TimeFilter && moves(&unit.expression, lets)
}

fn moves(expr: &Expr, lets: &[LetBinding]) -> bool {
    let mut found = false;
    walk::visit(expr, &mut |part| {
        match &part.kind {
            ExprKind::Call { function, .. } => found |= matches!(function.text.as_str(), "ago" | "now"),
            ExprKind::Name(name) => {
                // Only earlier bindings are visible from a `let`, so the walk ends.
                let at = lets.iter().position(|binding| binding.name == name.text);
                if let Some((binding, earlier)) = at.and_then(|at| Some((lets.get(at)?, lets.get(..at)?))) {
                    found |= moves(&binding.value, earlier);
                }
            }
            _ => {}
        }
        true
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hunt::switches::{SwitchAction, UnitId};
    use crate::rules::Catalog;

    fn seed() -> Rule {
        Catalog::built_in().find("sql-server-spawning-suspicious-child-process").unwrap().clone()
    }

    fn prepared<'rule>(rule: &'rule Rule, switches: &Switches, mode: ClockMode) -> Prepared<'rule> {
        Prepared::new(&rule.id, parts_of(rule), switches, mode)
    }

    fn in_one_line(text: &str) -> String {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn unit<'rule>(rule: &'rule Rule, text: &str) -> &'rule Unit {
        rule.pipeline.units().find(|unit| unit.text.contains(text)).unwrap()
    }

    #[test]
    fn the_whole_clock_lifts_what_looks_back_and_nothing_else() {
        let rule = seed();
        let prepared = prepared(&rule, &Switches::default(), ClockMode::Whole);
        let lifted: Vec<&str> = rule
            .pipeline
            .units()
            .filter(|unit| prepared.state(unit) == UnitState::Lifted)
            .map(|unit| unit.text.as_str())
            .collect();
        assert_eq!(lifted, ["ingestion_time() >= ago(timeframe)"]);
        let text = in_one_line(&prepared.whole("").text);
        assert!(text.contains("DeviceProcessEvents | where true | where ActionType"), "{text}");
    }

    #[test]
    fn a_fixed_time_is_not_a_look_back() {
        let source = "DeviceProcessEvents | where Timestamp > datetime(2020-01-01) and Timestamp > ago(1d)";
        let tree = crate::kql::parse(source).query;
        let pipeline = RulePipeline::of(&tree, source);
        let prepared = Prepared::new("r", (source, &tree, &pipeline), &Switches::default(), ClockMode::Whole);
        assert_eq!(
            prepared.whole("| count").text,
            "DeviceProcessEvents | where Timestamp > datetime(2020-01-01) and true\n| count"
        );
    }

    #[test]
    fn a_unit_that_is_off_is_true_and_the_rest_stays_as_written() {
        let rule = seed();
        let mut switches = Switches::default();
        let off = unit(&rule, "InitiatingProcessCommandLine startswith");
        let id = UnitId { rule: rule.id.clone(), unit: off.id.clone() };
        switches.apply(SwitchAction::Unit { unit: id, on: false });
        let text = Prepared::as_written(&rule.id, parts_of(&rule), &switches).whole("").text;
        assert_eq!(text, rule.query.replace(&off.text, "true"));
    }

    #[test]
    fn a_prefix_ends_after_its_stage() {
        let rule = seed();
        let prepared = prepared(&rule, &Switches::default(), ClockMode::Whole);
        let section = rule.pipeline.main.first().unwrap();
        let stage = section.stages.get(3).unwrap();
        let text = prepared.prefix(section, stage, &|_| false, "| count").unwrap().text;
        assert!(
            in_one_line(&text).ends_with(
                "DeviceProcessEvents | where true | where ActionType =~ \"ProcessCreated\" \
                 | where InitiatingProcessParentFileName =~ \"sqlservr.exe\" | count"
            ),
            "{text}"
        );
        assert!(!crate::kql::parse(&text).has_errors());
    }

    #[test]
    fn an_addition_goes_after_the_last_stage_and_before_a_render() {
        let rule = seed();
        let place = prepared(&rule, &Switches::default(), ClockMode::Whole).end();
        assert!(rule.query.get(..place).unwrap().ends_with("| join kind=leftouter allSuspiciousHashes on SHA1"));
        let source = "T | where a | render timechart";
        let tree = crate::kql::parse(source).query;
        let pipeline = RulePipeline::of(&tree, source);
        let prepared = Prepared::as_written("r", (source, &tree, &pipeline), &Switches::default());
        assert_eq!(prepared.whole("| count").text, "T | where a\n| count | render timechart");
    }

    #[test]
    fn exclusions_go_between_the_markers() {
        let rule = seed();
        let place = prepared(&rule, &Switches::default(), ClockMode::Whole).marker().unwrap();
        assert!(rule.query.get(..place).unwrap().ends_with(&format!("{BEGIN_MARKER}\n")));
        assert!(rule.query.get(place..).unwrap().starts_with(END_MARKER));
    }
}
