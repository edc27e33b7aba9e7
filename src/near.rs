//! The nearest known word to a misspelt one.

/// How many slips a word of this length may contain and still be recognised.
fn slips(length: usize) -> usize {
    match length {
        0..=2 => 0,
        3..=5 => 1,
        6..=8 => 2,
        _ => 3,
    }
}

/// The known word that `said` most likely meant, if any is near enough.
///
/// Case does not matter. A word that `said` begins (at least three letters of it) counts as near; otherwise letters
/// left out, added, exchanged or swapped are counted, and few enough of them are forgiven.
pub fn nearest<'a>(said: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let said: String = said.chars().take(80).flat_map(char::to_lowercase).collect();
    let length = said.chars().count();
    let mut best: Option<(usize, &'a str)> = None;
    for word in known {
        let lower = word.to_lowercase();
        let distance = if lower == said {
            0
        } else if length >= 3 && lower.starts_with(&said) {
            1
        } else {
            let distance = strsim::damerau_levenshtein(&said, &lower);
            if distance > slips(length.max(lower.chars().count())) || distance >= length.max(1) {
                continue;
            }
            distance
        };
        if best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, word));
        }
    }
    best.map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let known = ["start", "status", "tick", "untick", "rollback", "rolled-back", "checklist", "at"];
        for (said, expected) in [
            ("tikc", Some("tick")),
            ("TICK", Some("tick")),
            ("strat", Some("start")),
            ("statu", Some("status")),
            ("rollbak", Some("rollback")),
            ("rolledback", Some("rolled-back")),
            ("chekclist", Some("checklist")),
            ("che", Some("checklist")),
            ("x", None),
            ("banana", None),
            ("", None),
        ] {
            assert_eq!(nearest(said, known), expected, "{said}");
        }
    }

    #[test]
    fn an_endless_word_costs_little() {
        assert_eq!(nearest(&"é".repeat(1_000_000), ["start"]), None);
    }
}
