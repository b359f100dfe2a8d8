//! The grammar of messages: "did you mean", lists and plurals.

/// The candidate that is most like `word`, if one is like enough to be what was meant: at most a third of its letters
/// differ. Ties go to the first.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let (length, other) = (word.chars().count(), candidate.chars().count());
        let allowed = length.max(other).div_ceil(3);
        // Each letter that one has more than the other is a difference.
        if length.abs_diff(other) > allowed {
            continue;
        }
        let away = distance(&word, &candidate.to_lowercase());
        if away <= allowed && best.is_none_or(|(least, _)| away < least) {
            best = Some((away, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// What to do about a word that is none of these: the one that was meant, where one is like enough, else all of them.
pub fn which_was_meant<'a>(word: &str, words: impl IntoIterator<Item = &'a str> + Clone) -> String {
    closest(word, words.clone())
        .map_or_else(|| format!("there are {}", list_or(words)), |near| format!("did you mean `{near}`?"))
}

/// Insertions, deletions, substitutions and swaps of neighbours between two words (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut least = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = least;
        }
    }
    rows[a.len()][b.len()]
}

/// "`a`", "`a` or `b`", "`a`, `b` or `c`".
pub fn list_or<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// "1 row", "2 rows".
pub fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_word_is_suggested_and_a_far_one_is_not() {
        assert_eq!(closest("cta", ["ct", "mri"]), Some("ct"));
        assert_eq!(closest("strok-primary", ["stroke-primary", "trauma-1"]), Some("stroke-primary"));
        assert_eq!(closest("helipad", ["ct", "mri"]), None);
    }

    #[test]
    fn lists_end_in_or() {
        assert_eq!(list_or(["a"]), "`a`");
        assert_eq!(list_or(["a", "b", "c"]), "`a`, `b` or `c`");
        assert_eq!((plural(1, "row"), plural(3, "row")), ("1 row".to_owned(), "3 rows".to_owned()));
    }
}
