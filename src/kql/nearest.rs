//! The nearest known name to a mistyped one.

/// The candidate closest to `word` by edit distance, ignoring case, where it is close enough to be meant.
/// Of equally close ones the first wins.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let wanted = folded(word);
    let allowed = (wanted.len() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (edit_distance(&wanted, &folded(candidate), allowed), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *candidate != word)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Whether so many slips (a letter more, less, other, or swapped with its neighbour) make one word of the other, ignoring
/// case.
pub fn is_near(word: &str, other: &str, slips: usize) -> bool {
    edit_distance(&folded(word), &folded(other), slips) <= slips
}

/// Up to three candidates, nearest first, that a reader may have meant by `word`: those close to it, and those that
/// hold it whole.
pub fn nearest_few<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Vec<String> {
    let wanted = folded(word);
    let allowed = (wanted.len() / 3).max(1);
    let lowered = word.to_lowercase();
    let mut found: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let is_inside = lowered.len() >= 4 && candidate.to_lowercase().contains(&lowered);
            let limit = if is_inside { usize::MAX / 4 } else { allowed };
            let distance = edit_distance(&wanted, &folded(candidate), limit);
            (distance <= allowed || is_inside).then_some((distance, candidate))
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    // A name that differs in case, or by one slip, is the one that is meant; the rest would be noise.
    let closest = found.first().map_or(0, |(distance, _)| *distance);
    if closest <= 1 {
        found.retain(|(distance, _)| *distance == closest);
    }
    found.into_iter().take(3).map(|(_, candidate)| candidate.to_owned()).collect()
}

fn folded(word: &str) -> Vec<char> {
    word.chars().take(128).flat_map(char::to_lowercase).collect()
}

/// Insertions, deletions, substitutions and swaps of neighbours; anything above `limit` is `limit + 1`.
fn edit_distance(left: &[char], right: &[char], limit: usize) -> usize {
    if left.len().abs_diff(right.len()) > limit {
        return limit + 1;
    }
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    let mut left_before = None;
    for (row, &left_character) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        let mut right_before = None;
        for (column, &right_character) in right.iter().enumerate() {
            let at = |cells: &[usize], index: usize| cells.get(index).copied().unwrap_or(usize::MAX / 2);
            let substituted = at(&last, column) + usize::from(left_character != right_character);
            let mut best = substituted.min(at(&last, column + 1) + 1).min(at(&current, column) + 1);
            if left_before == Some(right_character) && right_before == Some(left_character) {
                best = best.min(at(&before_last, column.wrapping_sub(1)) + 1);
            }
            current.push(best);
            right_before = Some(right_character);
        }
        // A swap reaches two rows back; beyond that, distances only grow.
        let is_near = |cells: &[usize]| cells.iter().any(|distance| *distance <= limit);
        if !is_near(&current) && !is_near(&last) {
            return limit + 1;
        }
        before_last = std::mem::replace(&mut last, current);
        left_before = Some(left_character);
    }
    last.last().copied().unwrap_or(0).min(limit + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_names_are_offered_nearest_first() {
        let names = ["tostring", "tolower", "toupper", "strcat", "strlen", "tolong"];
        assert_eq!(nearest_few("tostrng", names), ["tostring"]);
        assert_eq!(nearest_few("ToLower", names).first().map(String::as_str), Some("tolower"));
        assert_eq!(nearest_few("stcrat", names), ["strcat"]);
        assert!(nearest_few("geo_point", names).is_empty());
    }

    #[test]
    fn a_slip_of_the_finger_finds_its_word() {
        let operators = ["where", "project", "summarize", "extend", "take", "top"];
        for (typed, meant) in [
            ("wehre", Some("where")),
            ("sumarize", Some("summarize")),
            ("summarise", Some("summarize")),
            ("Project", Some("project")),
            ("tpo", Some("top")),
            ("frobnicate", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, operators), meant, "{typed}");
        }
    }
}
