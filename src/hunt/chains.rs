//! Exclusions that cut the chain of processes of a pinned match: they hide what led to it or what came of it.
//!
//! What an exclusion does to a pinned match itself is [`super::ExclusionEffect::pinned`].

use std::collections::BTreeMap;

use super::matches::{Match, MatchId};
use super::survey::Survey;
use super::switches::{ExclusionId, Switches};
use super::tree::{Forest, NodeId};

/// A pinned match, and what an exclusion hides of its chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    pub exclusion: ExclusionId,
    pub pinned: MatchId,
    /// In the total order of matches.
    pub hidden: Vec<MatchId>,
}

/// The cuts that the own exclusions make, on or off, by exclusion and then by pinned match. `node_of` says which
/// process a match is about. A pinned match that the exclusion hides itself is no cut but gone, and is left out.
pub fn cuts(
    survey: &Survey,
    switches: &Switches,
    forest: &Forest,
    node_of: &mut dyn FnMut(&Match) -> Option<NodeId>,
) -> Vec<Cut> {
    let matches = survey.all.matches();
    let pinned: Vec<(&Match, NodeId)> = matches
        .iter()
        .filter(|found| switches.is_pinned(&found.id))
        .filter_map(|found| Some((*found, node_of(found)?)))
        .collect();
    if pinned.is_empty() {
        return Vec::new();
    }
    let above: Vec<Vec<NodeId>> = pinned.iter().map(|(_, node)| forest.path(*node)).collect();
    let mut nodes: BTreeMap<&MatchId, Option<NodeId>> = BTreeMap::new();
    let mut cuts = Vec::new();
    for (exclusion, _) in switches.exclusions() {
        let covered: Vec<&&Match> = matches.iter().filter(|found| survey.covers(exclusion, &found.id)).collect();
        let mut hidden_of: BTreeMap<usize, Vec<MatchId>> = BTreeMap::new();
        for found in covered {
            let Some(node) = *nodes.entry(&found.id).or_insert_with(|| node_of(found)) else { continue };
            let path = forest.path(node);
            for (place, ((_, pin), above)) in pinned.iter().zip(&above).enumerate() {
                if path.contains(pin) || above.contains(&node) {
                    hidden_of.entry(place).or_default().push(found.id.clone());
                }
            }
        }
        for (place, hidden) in hidden_of {
            if let Some((found, _)) = pinned.get(place).filter(|(found, _)| !survey.covers(exclusion, &found.id)) {
                cuts.push(Cut { exclusion, pinned: found.id.clone(), hidden });
            }
        }
    }
    cuts
}
