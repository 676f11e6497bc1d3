//! The form of a lesson: `steps.toml` in a scenario's folder.

use serde::Deserialize;

use super::goal::Goal;
use crate::console::action_table::ACTIONS;
use crate::console::keymap::Keymap;
use crate::console::script::{self, ScriptError};

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// Stable: commands name a lesson by it.
    pub name: String,
    pub title: String,
    /// One sentence for the list of lessons.
    pub about: String,
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub title: String,
    /// What to do. Here, and in all that is told of a step, `{tree}` is the key of the action `tree`.
    pub text: String,
    /// Why it matters: shown once it is done.
    pub why: String,
    pub hints: Vec<String>,
    /// For whoever teaches it.
    #[serde(default)]
    pub notes: String,
    /// What goes wrong here when it does; for whoever teaches it.
    #[serde(default)]
    pub trap: String,
    /// A script that reaches the goals from where the step begins, in keys of the standard keymap.
    pub solve: String,
    #[serde(rename = "goal")]
    pub goals: Vec<Goal>,
}

impl Lesson {
    /// The lesson with the keys of this keymap where its texts name actions.
    #[must_use]
    pub fn with_keys(mut self, keymap: &Keymap) -> Self {
        for step in &mut self.steps {
            let told = [&mut step.text, &mut step.why, &mut step.notes, &mut step.trap];
            for text in told.into_iter().chain(&mut step.hints) {
                *text = with_keys(text, keymap);
            }
        }
        self
    }
}

#[derive(Debug, thiserror::Error)]
pub enum LessonError {
    #[error("the lessons cannot be read: {0}")]
    Form(#[from] toml::de::Error),
    #[error("lesson '{lesson}': it has no steps")]
    NoSteps { lesson: String },
    #[error("lesson '{lesson}', step {step}: {problem}")]
    Step { lesson: String, step: usize, problem: String },
    #[error("lesson '{lesson}', step {step}: the solving script: {error}")]
    Script { lesson: String, step: usize, error: ScriptError },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    lesson: Vec<Lesson>,
}

/// Reads the lessons of a scenario, and refuses those that could never be done.
pub fn parse(text: &str) -> Result<Vec<Lesson>, LessonError> {
    let File { lesson: lessons } = toml::from_str(text)?;
    for lesson in &lessons {
        let name = || lesson.name.clone();
        if lesson.steps.is_empty() {
            return Err(LessonError::NoSteps { lesson: name() });
        }
        for (position, step) in lesson.steps.iter().enumerate() {
            let number = position.saturating_add(1);
            let wrong = |problem: &str| LessonError::Step { lesson: name(), step: number, problem: problem.to_owned() };
            if step.goals.is_empty() {
                return Err(wrong("it has no goal"));
            }
            if step.goals.iter().any(Goal::is_empty) {
                return Err(wrong("a goal asks for nothing"));
            }
            let told = [&step.text, &step.why, &step.notes, &step.trap].into_iter().chain(&step.hints);
            let actions = told.flat_map(|text| places(text)).filter_map(|(_, place)| place);
            if let Some(name) = actions.into_iter().find(|name| ACTIONS.iter().all(|row| row.name != *name)) {
                let near = crate::kql::nearest(name, ACTIONS.iter().map(|row| row.name));
                let near = near.map(|near| format!("; did you mean '{{{near}}}'?")).unwrap_or_default();
                return Err(wrong(&format!("it names the key of '{{{name}}}', and no action is called so{near}")));
            }
            script::parse(&step.solve).map_err(|error| LessonError::Script { lesson: name(), step: number, error })?;
        }
    }
    Ok(lessons)
}

/// A text of a lesson with the keys of this keymap where it names actions: `{tree}` is the key that shows the tree.
pub fn with_keys(text: &str, keymap: &Keymap) -> String {
    let part = |(before, name): (&str, Option<&str>)| {
        format!("{before}{}", name.map_or(String::new(), |name| keymap.key(name)))
    };
    places(text).into_iter().map(part).collect()
}

/// The text before each `{name}`, and the name; at last the rest.
fn places(text: &str) -> Vec<(&str, Option<&str>)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { break };
        found.push((before, Some(name)));
        rest = after;
    }
    found.push((rest, None));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const LESSON: &str = r#"
[[lesson]]
name = "one"
title = "One"
about = "About it"
[[lesson.step]]
title = "Go"
text = "Go there."
why = "Because."
hints = []
solve = "SOLVE"
[[lesson.step.goal]]
say = "the tree is shown"
GOAL
"#;

    fn with(solve: &str, goal: &str) -> Result<Vec<Lesson>, LessonError> {
        parse(&LESSON.replace("SOLVE", solve).replace("GOAL", goal))
    }

    #[test]
    fn a_lesson_is_read_and_one_that_cannot_be_done_is_refused() {
        assert_eq!(with("t", "view = 'tree'").unwrap()[0].steps[0].goals.len(), 1);
        let said = |lessons: Result<Vec<Lesson>, LessonError>| lessons.unwrap_err().to_string();
        assert_eq!(said(with("t", "")), "lesson 'one', step 1: a goal asks for nothing");
        assert!(said(with("Hyper", "view = 'tree'")).contains("step 1: the solving script: 'Hyper' is not a key"));
        assert!(said(with("t", "veiw = 'tree'")).contains("unknown field `veiw`"));
        assert!(said(with("t", "view = 'trees'")).contains("unknown variant `trees`"));
        let wrong_key =
            parse(&LESSON.replace("Go there.", "Press {tre}.").replace("SOLVE", "t").replace("GOAL", "view = 'tree'"));
        assert_eq!(
            said(wrong_key),
            "lesson 'one', step 1: it names the key of '{tre}', and no action is called so; did you mean '{tree}'?"
        );
    }

    #[test]
    fn a_text_names_the_keys_of_the_keymap_in_use() {
        let text = "Press {tree}, then {first}; a { stays.";
        assert_eq!(with_keys(text, &Keymap::standard().unwrap()), "Press t, then gg; a { stays.");
        let other = crate::console::keys::sequence("Ctrl-t").unwrap();
        let keymap = Keymap::with(&crate::console::keymap::Overrides::from([("tree", vec![other]), ("first", vec![])]));
        assert_eq!(with_keys(text, &keymap.unwrap()), "Press Ctrl-t, then :first; a { stays.");
    }
}
