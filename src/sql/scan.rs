//! `scan` as a recursive query: one row of memory for each input row, the last one read for the next.

use super::demand::ColumnSet;
use super::expression::{Holds, Nodes as _, Reference, Scope, column_name};
use super::generate::Generator;
use crate::plan::tree::{Expr, ExprKind, NodeKind, ScanMatch, ScanMemory, ScanOutput, ScanStepPlan};

/// The conditions of one step, as SQL over the row at hand (`r`) and the memory before it (`g`).
struct Step<'a> {
    plan: &'a ScanStepPlan,
    handed: Option<String>,
    own: String,
}

impl Step<'_> {
    fn matched(&self) -> String {
        match &self.handed {
            Some(handed) => format!("({handed} OR {})", self.own),
            None => self.own.clone(),
        }
    }
}

impl Generator<'_> {
    pub(super) fn scan(&self, kind: &NodeKind, wanted: &ColumnSet) -> String {
        let NodeKind::Scan { input, number, partition, steps: plans, memory, declared, match_id } = kind else {
            return String::new();
        };
        let of_memory = |one: &ScanMemory| (one.id, value(format!("g.{}", column_name(one.id))));
        let scope = Scope::of(self, "r").with(memory.iter().map(of_memory));
        let steps = conditions(plans, memory, &scope);
        let mut names = vec!["n_".to_owned(), "next_".to_owned()];
        let mut first = vec!["0".to_owned(), "0".to_owned()];
        let number = scope.sql(*number);
        let begins = match steps.first() {
            Some(step) => {
                let cleared = cleared(&steps, 0);
                format!("({} AND NOT (g.{} AND NOT {cleared}))", step.own, column_name(step.plan.active))
            }
            None => "0".to_owned(),
        };
        let mut next = vec![number.clone(), format!("g.next_ + {begins}")];
        for (place, step) in steps.iter().enumerate() {
            let active = column_name(step.plan.active);
            let sequence = column_name(step.plan.sequence);
            names.extend([format!("m{place}_"), active.clone(), sequence.clone()]);
            first.extend(["0".to_owned(), "0".to_owned(), "NULL".to_owned()]);
            next.push(step.matched());
            next.push(format!(
                "CASE WHEN {} THEN 1 WHEN {} THEN 0 ELSE g.{active} END",
                step.matched(),
                cleared(&steps, place)
            ));
            let before = place.checked_sub(1).and_then(|before| steps.get(before));
            next.push(match (before, &step.handed) {
                (Some(before), Some(handed)) => {
                    format!("CASE WHEN {handed} THEN g.{} ELSE g.{sequence} END", column_name(before.plan.sequence))
                }
                _ => format!("CASE WHEN {begins} THEN g.next_ ELSE g.{sequence} END"),
            });
        }
        for one in memory {
            names.push(column_name(one.id));
            first.push(scope.value(&one.empty));
            next.push(remembered(one, memory, &steps, &scope));
        }
        let part = partition.map(|partition| scope.sql(partition));
        let from = self.name(*input);
        let mut on = format!("{number} = g.n_");
        let mut seed = format!("SELECT {}", first.join(", "));
        if let Some(part) = &part {
            names.push("p_".to_owned());
            next.push(part.clone());
            on = format!("{part} IS g.p_ AND {on}");
            seed = format!("SELECT DISTINCT {}, {part} FROM {from} AS r", first.join(", "));
        }
        // One reading of the rows for all steps: each reading would be planned anew.
        let output = |place: usize| steps.get(place).map_or(ScanOutput::None, |step| step.plan.output);
        let shown: Vec<usize> = (0..steps.len()).rev().filter(|place| output(*place) != ScanOutput::None).collect();
        let of_step = |column: &dyn Fn(usize) -> String| match shown.as_slice() {
            [] => "NULL".to_owned(),
            [only] => format!("g.{}", column(*only)),
            several => {
                let cases: Vec<String> =
                    several.iter().map(|place| format!("WHEN {place} THEN g.{}", column(*place))).collect();
                format!("CASE k.column1 {} END", cases.join(" "))
            }
        };
        let mut made = Vec::new();
        for (at, column) in declared.iter().enumerate() {
            let own = |place: usize| {
                let found =
                    memory.iter().find(|one| one.holder == place && one.record == place && one.declared == Some(at));
                found.map_or_else(|| "n_".to_owned(), |one| column_name(one.id))
            };
            made.push((*column, value(of_step(&own))));
        }
        if let Some(match_id) = match_id {
            let sequence =
                |place: usize| steps.get(place).map_or_else(|| "n_".to_owned(), |step| column_name(step.plan.sequence));
            made.push((*match_id, value(of_step(&sequence))));
        }
        let matched = of_step(&|place| match output(place) {
            ScanOutput::Last => format!("l{place}_"),
            _ => format!("m{place}_"),
        });
        let lasts = lasts(&steps, if part.is_some() { "p_, " } else { "" });
        let memories = if lasts.is_empty() { "g".to_owned() } else { format!("(SELECT *{lasts} FROM g) AS g") };
        let list = Self::passing(&Scope::of(self, "r").with(made), wanted);
        let body = match shown.len() {
            0 => format!("SELECT {list} FROM {from} AS r JOIN g ON 0"),
            1 => format!("SELECT {list} FROM {memories} JOIN {from} AS r ON {on} WHERE {matched}"),
            _ => {
                let places: Vec<String> = shown.iter().map(|place| format!("({place})")).collect();
                let places = places.join(", ");
                format!(
                    "SELECT {list} FROM {memories} JOIN {from} AS r ON {on} CROSS JOIN (VALUES {places}) AS k WHERE {matched}"
                )
            }
        };
        format!(
            "WITH RECURSIVE g({}) AS ({seed} UNION ALL SELECT {} FROM g JOIN {from} AS r ON {on} + 1) {body}",
            names.join(", "),
            next.join(", "),
        )
    }
}

/// Whether a row is the last of those that follow each other in one sequence's step, as a column for each step that
/// shows no other.
fn lasts(steps: &[Step<'_>], part: &str) -> String {
    let mut columns = String::new();
    for (place, step) in steps.iter().enumerate().filter(|(_, step)| step.plan.output == ScanOutput::Last) {
        let sequence = column_name(step.plan.sequence);
        columns.push_str(&format!(
            ", m{place}_ AND lead({sequence}) OVER (PARTITION BY {part}m{place}_ ORDER BY n_) IS NOT {sequence} AS l{place}_"
        ));
    }
    columns
}

fn value(sql: String) -> Reference {
    Reference { sql, holds: Holds::Value }
}

fn conditions<'a>(plans: &'a [ScanStepPlan], memory: &[ScanMemory], scope: &Scope<'_>) -> Vec<Step<'a>> {
    let is_true = |one: &ScanMatch, scope: &Scope<'_>| format!("(({}) IS 1)", scope.condition(&one.condition));
    let handed: Vec<Option<String>> = plans
        .iter()
        .enumerate()
        .map(|(place, plan)| {
            let before = place.checked_sub(1).and_then(|before| plans.get(before))?;
            let one = plan.handed.as_ref()?;
            Some(format!("(g.{} AND {})", column_name(before.active), is_true(one, scope)))
        })
        .collect();
    plans
        .iter()
        .enumerate()
        .map(|(place, plan)| {
            let taken = handed.get(place + 1).cloned().flatten();
            let own = match (handed.get(place).cloned().flatten(), taken) {
                (None, None) => is_true(&plan.own, scope),
                // The state went on to the next step with this row: the first step starts from an empty one.
                (None, Some(taken)) => is_true(&plan.own, &emptied(place, memory, scope, &taken)),
                (Some(handed), taken) => {
                    let taken = taken.map(|taken| format!(" AND NOT {taken}")).unwrap_or_default();
                    let active = column_name(plan.active);
                    format!("(g.{active}{taken} AND NOT {handed} AND {})", is_true(&plan.own, scope))
                }
            };
            Step { plan, handed: handed.get(place).cloned().flatten(), own }
        })
        .collect()
}

/// The scope in which a step's state is empty where `taken` holds.
fn emptied<'a>(holder: usize, memory: &[ScanMemory], scope: &Scope<'a>, taken: &str) -> Scope<'a> {
    let emptied = memory.iter().filter(|one| one.holder == holder).map(|one| {
        let sql = format!("CASE WHEN {taken} THEN {} ELSE g.{} END", scope.value(&one.empty), column_name(one.id));
        (one.id, value(format!("({sql})")))
    });
    scope.with(emptied)
}

/// Whether the next step takes this one's state with this row.
fn cleared(steps: &[Step<'_>], place: usize) -> String {
    steps.get(place + 1).and_then(|next| next.handed.clone()).unwrap_or_else(|| "0".to_owned())
}

/// What a column of the memory is after the row at hand.
fn remembered(one: &ScanMemory, memory: &[ScanMemory], steps: &[Step<'_>], scope: &Scope<'_>) -> String {
    let Some(step) = steps.get(one.holder) else { return "NULL".to_owned() };
    let name = column_name(one.id);
    let mut cases = Vec::new();
    if one.record == one.holder {
        let of_row = |found: &ScanMatch, scope: &Scope<'_>| match (one.declared, one.source) {
            (Some(place), _) => found.values.get(place).map_or_else(|| "NULL".to_owned(), |value| scope.value(value)),
            (None, Some(source)) => scope.value(&Expr::new(ExprKind::Column(source), one.empty.scalar_type)),
            (None, None) => "NULL".to_owned(),
        };
        if let (Some(condition), Some(found)) = (&step.handed, &step.plan.handed) {
            cases.push(format!("WHEN {condition} THEN {}", of_row(found, scope)));
        }
        let taken = cleared(steps, one.holder);
        let own = match taken.as_str() {
            "0" => of_row(&step.plan.own, scope),
            _ => of_row(&step.plan.own, &emptied(one.holder, memory, scope, &taken)),
        };
        cases.push(format!("WHEN {} THEN {own}", step.own));
    } else if let Some(condition) = &step.handed {
        let before = memory.iter().find(|other| {
            other.holder + 1 == one.holder
                && (other.record, other.declared, other.source) == (one.record, one.declared, one.source)
        });
        let before = before.map_or_else(|| "NULL".to_owned(), |other| format!("g.{}", column_name(other.id)));
        cases.push(format!("WHEN {condition} THEN {before}"));
    }
    let taken = cleared(steps, one.holder);
    if taken != "0" {
        cases.push(format!("WHEN {taken} THEN {}", scope.value(&one.empty)));
    }
    format!("CASE {} ELSE g.{name} END", cases.join(" "))
}
