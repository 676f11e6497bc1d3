//! Which keys do what: the table's own keys, and those that a person put in their place.

use std::collections::{BTreeMap, BTreeSet};

use super::action::{Action, View};
use super::action_table::{ACTIONS, ActionRow};
use super::keys::{self, Key, UnknownKey};

/// What a sequence of keys means so far.
#[derive(Debug, PartialEq)]
pub enum Lookup<'a> {
    Act(&'a Action),
    /// More keys are to come; these could be next, with what they would do.
    Prefix(Vec<(Key, &'static str)>),
    Nothing,
}

/// Keys by the name of their action, in place of the table's. No keys: the palette alone leads there.
pub type Overrides = BTreeMap<&'static str, Vec<Vec<Key>>>;

/// Two actions of one view that the same keys begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    pub keys: String,
    pub first: &'static str,
    /// The keys of this one are the same, or begin with the same.
    pub second: &'static str,
    pub second_keys: String,
    pub view: View,
}

/// Which keys do what, in which views.
#[derive(Debug, Clone)]
pub struct Keymap {
    bindings: Vec<(Vec<Key>, &'static ActionRow)>,
}

impl Keymap {
    /// The keys of the table.
    pub fn standard() -> Result<Self, UnknownKey> {
        Self::with(&Overrides::new())
    }

    pub fn with(overrides: &Overrides) -> Result<Self, UnknownKey> {
        let mut bindings = Vec::new();
        for row in ACTIONS {
            match overrides.get(row.name) {
                Some(sequences) => bindings.extend(sequences.iter().map(|sequence| (sequence.clone(), row))),
                None => {
                    for text in row.keys {
                        bindings.push((keys::sequence(text)?, row));
                    }
                }
            }
        }
        Ok(Self { bindings })
    }

    pub fn lookup(&self, view: View, typed: &[Key]) -> Lookup<'_> {
        let mut next = Vec::new();
        for (sequence, row) in self.bindings.iter().filter(|(_, row)| row.is_for(view)) {
            match sequence.strip_prefix(typed) {
                Some([]) => return Lookup::Act(&row.action),
                Some([key, ..]) => next.push((*key, row.doc)),
                None => {}
            }
        }
        if next.is_empty() { Lookup::Nothing } else { Lookup::Prefix(next) }
    }

    /// The keys that do this, as shown.
    pub fn keys_of(&self, row: &ActionRow) -> Vec<String> {
        self.bindings
            .iter()
            .filter(|(_, bound)| bound.name == row.name)
            .map(|(sequence, _)| keys::show(sequence))
            .collect()
    }

    /// The first key of an action, to be named in a sentence; where it has none, the way through the palette.
    pub fn key(&self, name: &str) -> String {
        let bound = self.bindings.iter().find(|(_, row)| row.name == name);
        bound.map_or_else(|| format!(":{name}"), |(sequence, _)| keys::show(sequence))
    }

    /// Keys that mean two things in one view: whoever is looked up first would hide the other.
    pub fn conflicts(&self) -> Vec<Conflict> {
        let mut found = Vec::new();
        let mut told = BTreeSet::new();
        for view in View::ALL {
            let bound: Vec<_> = self.bindings.iter().filter(|(_, row)| row.is_for(view)).collect();
            for (position, (sequence, row)) in bound.iter().enumerate() {
                for (other, (longer, second)) in bound.iter().enumerate() {
                    // Equal sequences begin each other: they are told once.
                    let begins = longer.starts_with(sequence) && (longer != sequence || position < other);
                    if position != other && begins && told.insert((row.name, second.name, sequence)) {
                        found.push(Conflict {
                            keys: keys::show(sequence),
                            first: row.name,
                            second: second.name,
                            second_keys: keys::show(longer),
                            view,
                        });
                    }
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_means_one_thing_in_a_view() {
        assert_eq!(Keymap::standard().unwrap().conflicts(), []);
    }

    #[test]
    fn a_prefix_says_what_may_follow() {
        let keymap = Keymap::standard().unwrap();
        let typed = |text: &str| keys::sequence(text).unwrap();
        assert_eq!(keymap.lookup(View::Matches, &typed("j")), Lookup::Act(&Action::Down));
        assert_eq!(keymap.lookup(View::Matches, &typed("g y")), Lookup::Act(&Action::CopyChain));
        assert_eq!(keymap.lookup(View::Rules, &typed("g y")), Lookup::Nothing);
        let Lookup::Prefix(next) = keymap.lookup(View::Tree, &typed("z")) else { panic!("z is a prefix") };
        assert!(next.contains(&("M".parse().unwrap(), "Fold the whole tree, or all sections of a rule")));
    }

    #[test]
    fn other_keys_take_the_place_of_the_tables_and_conflicts_are_found() {
        let typed = |text: &str| keys::sequence(text).unwrap();
        let keymap = Keymap::with(&Overrides::from([("tree", vec![typed("Ctrl-t")]), ("redraw", vec![])])).unwrap();
        assert_eq!(keymap.lookup(View::Matches, &typed("Ctrl-t")), Lookup::Act(&Action::Tree));
        assert_eq!(keymap.lookup(View::Matches, &typed("t")), Lookup::Nothing);
        assert_eq!((keymap.key("tree"), keymap.key("redraw")), ("Ctrl-t".to_owned(), ":redraw".to_owned()));
        assert_eq!(keymap.conflicts(), []);

        let keymap = Keymap::with(&Overrides::from([("tree", vec![typed("g")]), ("why", vec![typed("j")])])).unwrap();
        let pairs: Vec<_> = keymap.conflicts().iter().map(|conflict| (conflict.first, conflict.second)).collect();
        assert_eq!(pairs, [("down", "why"), ("tree", "first"), ("tree", "copy-chain")]);
    }
}
