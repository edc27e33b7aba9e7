//! Section numbers: those of the page where it has them, and others that disturb nothing.

use super::outline::Part;
use std::collections::{BTreeSet, HashMap, HashSet};

/// A section to be numbered: its part, and whether it has items.
pub(super) struct Candidate {
    pub(super) part: usize,
    pub(super) has_items: bool,
}

/// A number for each section, all different.
///
/// A plain number of the page ("21.") is its section's; if that section has no items it goes to the
/// first section below it that has. Every other section with items gets the smallest free number
/// above its predecessor's, and sections without items come after all the others.
pub(super) fn numbers(parts: &[Part], sections: &[Candidate]) -> Vec<u32> {
    let owners = owners(parts, sections);
    let mut used: HashSet<u32> = owners.values().copied().collect();
    let mut out = vec![0; sections.len()];
    let mut free = Free::default();
    let mut previous = 0;
    for (i, section) in sections.iter().enumerate() {
        if let Some(n) = owners.get(&i) {
            out[i] = *n;
        } else if section.has_items {
            out[i] = free.above(previous, &used);
            used.insert(out[i]);
        }
        if section.has_items {
            previous = out[i];
        }
    }
    let mut last = used.iter().copied().max().unwrap_or(0);
    for n in out.iter_mut().filter(|n| **n == 0) {
        last = last.saturating_add(1);
        *n = last;
    }
    out
}

/// Which section owns which of the page's numbers.
fn owners(parts: &[Part], sections: &[Candidate]) -> HashMap<usize, u32> {
    let mut owners = HashMap::new();
    let page: Vec<(usize, u32)> = parts.iter().enumerate().filter_map(|(i, p)| p.plain.map(|n| (i, n))).collect();
    // A page that starts over ("1." in each phase) numbers for its own ends: its numbers cannot name sections.
    let lowest = page.iter().map(|(_, n)| *n).min();
    if page.iter().filter(|(_, n)| Some(*n) == lowest).count() > 1 {
        return owners;
    }
    let by_part: HashMap<usize, usize> = sections.iter().enumerate().map(|(i, s)| (s.part, i)).collect();
    // For each numbered part the sections with items in its care: below it, no numbered part in between.
    let mut below: HashMap<usize, Vec<usize>> = HashMap::new();
    for (i, section) in sections.iter().enumerate().filter(|(_, s)| s.has_items) {
        let mut at = Some(section.part);
        while let Some(part) = at {
            match parts.get(part) {
                Some(p) if p.plain.is_some() => {
                    below.entry(part).or_default().push(i);
                    break;
                }
                Some(p) => at = p.parent,
                None => break,
            }
        }
    }
    // Numbers of chapters with several sections each name chapters, not sections.
    let own_items = |part: usize| by_part.get(&part).and_then(|i| sections.get(*i)).is_some_and(|s| s.has_items);
    let chapters = below.values().filter(|b| b.len() > 1).count();
    if chapters > 1 || (chapters > 0 && !page.iter().any(|(part, _)| own_items(*part))) {
        return owners;
    }
    let mut taken = HashSet::new();
    for (part, number) in page {
        let heir = below.get(&part).and_then(|b| b.first()).or_else(|| by_part.get(&part));
        if let Some(section) = heir.copied()
            && taken.insert(number)
        {
            owners.insert(section, number);
        }
    }
    // Numbers of nothing but words enumerate; the walk has its own.
    if !owners.keys().any(|i| sections.get(*i).is_some_and(|s| s.has_items)) {
        owners.clear();
    }
    owners
}

/// Finds free numbers without looking at the same ones again.
#[derive(Default)]
struct Free {
    /// Ranges known to be used, as start → first number after; kept small by joining on the way.
    next: HashMap<u32, u32>,
}

impl Free {
    fn above(&mut self, previous: u32, used: &HashSet<u32>) -> u32 {
        let start = previous.saturating_add(1);
        let mut at = start;
        let mut passed = BTreeSet::new();
        while used.contains(&at) {
            passed.insert(at);
            at = self.next.get(&at).copied().unwrap_or_else(|| at.saturating_add(1));
        }
        for p in passed {
            self.next.insert(p, at);
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::super::blocks::{Kind, blocks};
    use super::super::outline::outline;
    use super::*;

    fn numbered(text: &str) -> Vec<(String, u32)> {
        let o = outline(blocks(text, 1), false);
        let sections: Vec<Candidate> = o
            .parts
            .iter()
            .enumerate()
            .filter(|(_, p)| !p.blocks.is_empty())
            .map(|(part, p)| Candidate {
                part,
                has_items: p.blocks.iter().any(|b| matches!(b.kind, Kind::Item { .. })),
            })
            .collect();
        let n = numbers(&o.parts, &sections);
        sections.iter().map(|s| o.parts[s.part].title.to_plain()).zip(n).collect()
    }

    fn check(text: &str, expected: &[(&str, u32)]) {
        let got = numbered(text);
        let got: Vec<_> = got.iter().map(|(t, n)| (t.as_str(), *n)).collect();
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn without_numbers_in_page_order_and_notes_last() {
        check("# T\n## A\nnote\n## B\n- x\n## C\n- x\n", &[("A", 3), ("B", 1), ("C", 2)]);
    }

    #[test]
    fn the_pages_own_numbers_hold() {
        let text =
            "# T\n## Info\nx\n## P\n### 1. A\n- x\n### 2. B\n- x\n## Criteria\n- x\n## Q\n### 3. C\n- x\n## End\n- x\n";
        check(text, &[("Info", 6), ("A", 1), ("B", 2), ("Criteria", 4), ("C", 3), ("End", 5)]);
    }

    #[test]
    fn a_section_inherits_a_number_nobody_uses() {
        let text = "# T\n## 1. A\n- x\n## 2. Strategy\ngoal\n### Process\n- x\n### Alternative\nx\n## 3. Notes\nx\n## 4. Rollback\ngoal\n### When\nx\n### How\n- x\n";
        check(
            text,
            &[
                ("A", 1),
                ("Strategy", 5),
                ("Process", 2),
                ("Alternative", 6),
                ("Notes", 3),
                ("Rollback", 7),
                ("When", 8),
                ("How", 4),
            ],
        );
    }

    #[test]
    fn numbers_that_start_over_or_count_chapters_are_only_labels() {
        check("# T\n## P\n### 1. A\n- x\n### 2. B\n- x\n## Q\n### 1. C\n- x\n", &[("A", 1), ("B", 2), ("C", 3)]);
        check("# T\n## 1. P\n### A\n- x\n### B\n- x\n## 2. Q\n### C\n- x\n", &[("A", 1), ("B", 2), ("C", 3)]);
        let text =
            "# T\n## 1. A\n- x\n## 2. P\n### B\n- x\n### C\n- x\n## 3. Q\n### D\n- x\n### E\n- x\n## 4. F\n- x\n";
        check(text, &[("A", 1), ("B", 2), ("C", 3), ("D", 4), ("E", 5), ("F", 6)]);
        check("# T\n## P\n### 1. A\n- x\n### 7. B\n- x\n### 7. C\n- x\n", &[("A", 1), ("B", 7), ("C", 8)]);
    }
}
