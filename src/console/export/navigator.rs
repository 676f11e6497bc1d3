//! The matches as a layer of the ATT&CK Navigator: a technique's score is how many matches are shown of the rules
//! that are tagged with it, its metadata how many there are without the exclusions.
//!
//! Format: Navigator layer 4.5 (github.com/mitre-attack/attack-navigator, layers/spec).

use std::collections::BTreeMap;

use serde_json::json;

use super::Sheet;
use crate::console::state::State;

/// The version of ATT&CK whose names the program knows; see `assets/attack`.
const ATTACK: &str = "19";

#[derive(Default)]
struct Score {
    shown: usize,
    all: usize,
    rules: Vec<String>,
}

/// The layer's text. `about` is said in its description.
pub fn layer(state: &State, about: &Sheet) -> String {
    let mut scores: BTreeMap<&str, Score> = BTreeMap::new();
    let count = |runs: &[crate::hunt::RuleRun], rule: &str| -> usize {
        runs.iter().filter(|run| run.rule == rule).map(|run| run.matches.len()).sum()
    };
    for rule in state.overview.iter().flat_map(|overview| &overview.rules) {
        let (shown, all) = state
            .found
            .as_ref()
            .map_or((0, 0), |found| (count(&found.shown.runs, &rule.name), count(&found.all.runs, &rule.name)));
        for technique in &rule.techniques {
            let score = scores.entry(technique).or_default();
            score.shown = score.shown.saturating_add(shown);
            score.all = score.all.saturating_add(all);
            score.rules.push(format!("{}: {shown} of {all} matches shown", rule.title));
        }
    }
    let most = scores.values().map(|score| score.shown).max().unwrap_or(0).max(1);
    let techniques: Vec<serde_json::Value> = scores
        .into_iter()
        .map(|(technique, score)| {
            json!({
                "techniqueID": technique,
                "score": score.shown,
                "enabled": true,
                "comment": score.rules.join("\n"),
                "metadata": [
                    { "name": "matches shown", "value": score.shown.to_string() },
                    { "name": "matches without exclusions", "value": score.all.to_string() },
                ],
            })
        })
        .collect();
    let layer = json!({
        "name": format!("whippet: {}", state.overview.as_ref().map_or("", |overview| overview.name.as_str())),
        "versions": { "attack": ATTACK, "navigator": "5.1.0", "layer": "4.5" },
        "domain": "enterprise-attack",
        "description": about.about.join("\n"),
        "techniques": techniques,
        "gradient": { "colors": ["#ffffff", "#ff6666"], "minValue": 0, "maxValue": most },
    });
    format!("{layer:#}\n")
}
