//! The names closest to a misspelt one, for messages.

/// Up to three of `names`, nearest first, that a reader may have meant by `name`.
pub fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let folded = name.to_lowercase();
    let limit = (folded.chars().count() / 3).max(1);
    let mut found: Vec<(usize, &str)> = names
        .filter_map(|candidate| {
            let lowered = candidate.to_lowercase();
            let distance = edit_distance(&folded, &lowered);
            let is_inside = folded.len() >= 4 && lowered.contains(&folded);
            (distance <= limit || is_inside).then_some((distance, candidate))
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

/// Insertions, deletions, replacements and swaps of neighbours that turn one text into the other.
pub fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    let mut last = None;
    for (row, from) in left.chars().enumerate() {
        let mut current = vec![row + 1];
        for (column, to) in right.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX - 1);
            let replaced = at(&previous, column) + usize::from(from != *to);
            let mut best = replaced.min(at(&previous, column + 1) + 1).min(at(&current, column) + 1);
            let swapped = column > 0 && last == Some(*to) && right.get(column - 1) == Some(&from);
            if swapped {
                best = best.min(at(&before, column - 1) + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut previous, current);
        last = Some(from);
    }
    previous.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let names = ["tostring", "tolower", "toupper", "strcat", "strlen", "tolong"];
        assert_eq!(nearest("tostrng", names.into_iter()), ["tostring"]);
        assert_eq!(nearest("ToLower", names.into_iter()).first().map(String::as_str), Some("tolower"));
        assert_eq!(nearest("stcrat", names.into_iter()), ["strcat"]);
        assert!(nearest("geo_point", names.into_iter()).is_empty());
        assert_eq!(edit_distance("", "abc"), 3);
    }
}
