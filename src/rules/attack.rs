//! MITRE ATT&CK® names: techniques, tactics, their former names and retired numbers.
//!
//! Facts of ATT&CK version 19, in which Defense Evasion became Stealth and Defense Impairment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::rule::Metadata;

const TECHNIQUES: &str = include_str!("../../assets/attack/techniques.json");
const TACTICS: &str = include_str!("../../assets/attack/tactics.json");
const RETIRED: &str = include_str!("../../assets/attack/retired.json");

#[derive(Debug, Clone)]
pub struct Attack {
    techniques: BTreeMap<String, Technique>,
    tactics: Vec<Tactic>,
    former: Vec<FormerTactic>,
    retired: BTreeMap<String, Retired>,
}

#[derive(Debug, Clone, Deserialize)]
struct Technique {
    name: String,
    tactics: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Tactic {
    pub key: String,
    pub id: String,
    pub name: String,
}

#[derive(Debug, Clone, Deserialize)]
struct TacticFile {
    tactics: Vec<Tactic>,
    former: Vec<FormerTactic>,
}

#[derive(Debug, Clone, Deserialize)]
struct FormerTactic {
    key: String,
    name: String,
    now: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Retired {
    name: String,
    tactics: Vec<String>,
    now: Vec<String>,
    certain: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("the ATT&CK names are not readable: {0}")]
pub struct AttackError(#[from] serde_json::Error);

/// One row of a rule's coverage: a tactic, and the techniques of the rule that serve it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CoverageRow {
    pub tactic: String,
    /// `T1505.001 Server Software Component: SQL Stored Procedures`; empty where the rule names the tactic alone.
    pub techniques: Vec<String>,
}

impl Attack {
    pub fn load() -> Result<Self, AttackError> {
        let TacticFile { tactics, former } = serde_json::from_str(TACTICS)?;
        Ok(Self {
            techniques: serde_json::from_str(TECHNIQUES)?,
            tactics,
            former,
            retired: serde_json::from_str(RETIRED)?,
        })
    }

    /// The full name of a technique: `Parent: Child` for a sub-technique.
    pub fn technique_name(&self, id: &str) -> Option<String> {
        let technique = self.techniques.get(id)?;
        let parent = id.split_once('.').and_then(|(parent, _)| self.techniques.get(parent));
        Some(match parent {
            Some(parent) => format!("{}: {}", parent.name, technique.name),
            None => technique.name.clone(),
        })
    }

    /// The number that stands today for a technique number of any age, with a note where it changed or is unknown.
    pub fn current(&self, id: &str) -> (String, Option<String>) {
        let id = id.trim().to_uppercase();
        if self.techniques.contains_key(&id) {
            return (id, None);
        }
        if let Some(retired) = self.retired.get(&id)
            && let Some(now) = retired.now.first()
        {
            let certainly = if retired.certain { "is now" } else { "is most likely now" };
            let note = format!("{id} {} {certainly} {now}", retired.name);
            return (now.clone(), Some(note));
        }
        // T0xxx numbers are of the industrial matrix, which is not loaded.
        let note = if id.starts_with("T0") {
            format!("{id} is not of the enterprise matrix")
        } else {
            format!("{id} is not a known technique")
        };
        (id, Some(note))
    }

    /// The tactics of today that a tactic's name stands for, however it is spelt (`CommandAndControl`,
    /// `command-and-control`, `Command & Control`, `TA0011`).
    pub fn tactics(&self, name: &str) -> Vec<&Tactic> {
        let wanted = folded(name);
        let direct = self.tactics.iter().find(|tactic| {
            folded(&tactic.key) == wanted || folded(&tactic.name) == wanted || folded(&tactic.id) == wanted
        });
        if let Some(tactic) = direct {
            return vec![tactic];
        }
        let former = self.former.iter().find(|former| folded(&former.key) == wanted || folded(&former.name) == wanted);
        let now = former.map(|former| former.now.as_slice()).unwrap_or_default();
        self.tactics.iter().filter(|tactic| now.contains(&tactic.key)).collect()
    }

    /// The rule's coverage in the order of the matrix, and what there is to say about its tags.
    pub fn coverage(&self, metadata: &Metadata) -> (Vec<CoverageRow>, Vec<String>) {
        let mut notes = Vec::new();
        let mut claimed: Vec<(&Tactic, bool)> = Vec::new();
        for name in &metadata.tactics {
            let found = self.tactics(name);
            if found.is_empty() {
                notes.push(format!("'{name}' is not a known tactic"));
            }
            let split = found.len() > 1;
            claimed.extend(found.into_iter().map(|tactic| (tactic, split)));
        }
        let mut placed: Vec<(String, Vec<String>)> = Vec::new();
        for written in &metadata.techniques {
            let (id, note) = self.current(written);
            notes.extend(note);
            let own: Vec<String> =
                self.techniques.get(&id).map(|technique| technique.tactics.clone()).unwrap_or_default();
            let label = match self.technique_name(&id) {
                Some(name) => format!("{id} {name}"),
                None => id,
            };
            placed.push((label, own));
        }
        let mut rows = Vec::new();
        for tactic in &self.tactics {
            let Some((_, split)) = claimed.iter().find(|(known, _)| *known == tactic) else { continue };
            let techniques: Vec<String> =
                placed.iter().filter(|(_, own)| own.contains(&tactic.key)).map(|(label, _)| label.clone()).collect();
            // Of a tactic that was split, only the halves that a technique speaks for are claimed.
            if techniques.is_empty() && *split && !placed.is_empty() {
                continue;
            }
            rows.push(CoverageRow { tactic: tactic.name.clone(), techniques });
        }
        // Techniques that none of the rule's tactics claims stand under the tactics ATT&CK gives them.
        for (label, own) in &placed {
            if rows.iter().any(|row| row.techniques.contains(label)) {
                continue;
            }
            let names: Vec<String> = self
                .tactics
                .iter()
                .filter(|tactic| own.contains(&tactic.key))
                .map(|tactic| tactic.name.clone())
                .collect();
            let names = if names.is_empty() { vec!["No tactic".to_owned()] } else { names };
            for tactic in names {
                match rows.iter_mut().find(|row| row.tactic == tactic) {
                    Some(row) => row.techniques.push(label.clone()),
                    None => rows.push(CoverageRow { tactic, techniques: vec![label.clone()] }),
                }
            }
        }
        let order = |name: &str| self.tactics.iter().position(|tactic| tactic.name == name).unwrap_or(usize::MAX);
        rows.sort_by_key(|row| order(&row.tactic));
        (rows, notes)
    }

    /// The tactics a retired technique was listed under.
    pub fn former_tactics(&self, id: &str) -> &[String] {
        self.retired.get(id).map(|retired| retired.tactics.as_slice()).unwrap_or_default()
    }
}

fn folded(name: &str) -> String {
    name.replace('&', "and")
        .chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coverage(tactics: &[&str], techniques: &[&str]) -> (Vec<(String, Vec<String>)>, Vec<String>) {
        let owned = |list: &[&str]| list.iter().map(|item| (*item).to_owned()).collect();
        let metadata = Metadata { tactics: owned(tactics), techniques: owned(techniques), ..Metadata::default() };
        let (rows, notes) = Attack::load().unwrap().coverage(&metadata);
        (rows.into_iter().map(|row| (row.tactic, row.techniques)).collect(), notes)
    }

    fn row(tactic: &str, techniques: &[&str]) -> (String, Vec<String>) {
        (tactic.to_owned(), techniques.iter().map(|item| (*item).to_owned()).collect())
    }

    #[test]
    fn rows_follow_the_matrix_and_not_the_file() {
        let (rows, notes) = coverage(&["PrivilegeEscalation", "Persistence"], &["T1611", "T1505.001"]);
        let wanted = [
            row("Persistence", &["T1505.001 Server Software Component: SQL Stored Procedures"]),
            row("Privilege Escalation", &["T1611 Escape to Host"]),
        ];
        assert_eq!((rows.as_slice(), notes.len()), (wanted.as_slice(), 0));
    }

    #[test]
    fn spellings_old_names_and_retired_numbers_are_understood() {
        let (rows, notes) = coverage(&["DefenseEvasion", "Command & Control"], &["T1562.001"]);
        let wanted = [row("Defense Impairment", &["T1685 Disable or Modify Tools"]), row("Command and Control", &[])];
        assert_eq!(rows, wanted);
        assert_eq!(notes, ["T1562.001 Disable or Modify Tools is now T1685"]);
    }

    #[test]
    fn unknown_tags_are_named() {
        let (rows, notes) = coverage(&["Execution", "Sabotage"], &["T0866", "T9999"]);
        assert_eq!(rows, [row("Execution", &[]), row("No tactic", &["T0866", "T9999"])]);
        assert_eq!(notes.len(), 3);
    }
}
