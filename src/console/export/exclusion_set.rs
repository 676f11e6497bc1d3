//! The analyst's exclusions as KQL, ready to stand in rule files.

use super::sheets::surroundings;
use crate::console::state::State;
use crate::hunt::ExclusionEffect;
use crate::hunt::exclusions::check_condition;
use crate::hunt::export::exclusion_stage;
use crate::hunt::switches::{ExclusionId, ExclusionRef, OwnExclusion};
use crate::kql::visible::visible;

/// What ends a line, in Unicode's eyes.
const LINE_ENDS: [char; 7] = ['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];

/// Each exclusion as the stage that it is, under the rule that it is for; what is off or cannot be run stands there as
/// a comment. `None` where there are none.
pub fn exclusion_set(state: &State) -> Option<String> {
    let own = || state.switches.exclusions();
    own().next()?;
    let mut text = "// Exclusions\n".to_owned();
    text.extend(surroundings(state).iter().map(|line| format!("// {}\n", visible(line))));
    let mut scopes: Vec<Option<&str>> = own().map(|(_, own)| own.rule.as_deref()).collect();
    // Those for every rule come first.
    scopes.sort_unstable();
    scopes.dedup();
    for scope in scopes {
        let heading = match scope {
            None => "For every rule that has the columns".to_owned(),
            Some(rule) => format!("For {} ({})", visible(state.rule_title(rule)), visible(rule)),
        };
        text.push_str(&format!("\n// {heading}\n"));
        for (id, own) in own().filter(|(_, own)| own.rule.as_deref() == scope) {
            text.push_str(&stage(state, id, own));
        }
    }
    Some(text)
}

fn stage(state: &State, id: ExclusionId, own: &OwnExclusion) -> String {
    let effect = state.effects.iter().find(|effect| effect.exclusion == ExclusionRef::Own(id));
    let hidden = effect.map(hidden).unwrap_or_default();
    let stage = exclusion_stage(id, own);
    let (said, condition) = stage.split_once('\n').unwrap_or_default();
    let state = if own.enabled { "on" } else { "off" };
    let runs = effect.is_none_or(|effect| effect.problem.is_none()) && check_condition(&own.condition).is_ok();
    if own.enabled && runs {
        format!("{said}\n// {state}{hidden}\n{condition}")
    } else {
        // A line end of any kind would end the comment.
        let lines = condition.trim_end().split(|character| LINE_ENDS.contains(&character));
        let condition: String = lines.map(|line| format!("// {line}\n")).collect();
        format!("{said}\n// {state}{hidden}\n{condition}")
    }
}

fn hidden(effect: &ExclusionEffect) -> String {
    match (&effect.problem, effect.enabled) {
        (Some(problem), _) => format!(" · cannot be run: {}", visible(problem)),
        (None, true) => format!(" · hides here: {} (by it alone: {})", effect.hides, effect.only_by),
        (None, false) => format!(" · would hide here: {} more", effect.hides),
    }
}
