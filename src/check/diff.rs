//! What a change to a page means for the walk, by the ids of its items.

use crate::domain::checklist::{Checklist, Item, Section};
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

/// Texts this much alike, in the same place, are one item reworded.
const ALIKE: f64 = 0.55;
/// Pairs compared for likeness, at most: a page rewritten whole is said to be that.
const MOST_COMPARED: usize = 200_000;

/// An item with where it stands.
struct Placed<'a> {
    item: &'a Item,
    section: &'a Section,
    text: String,
    parent: bool,
}

fn placed(checklist: &Checklist) -> Vec<Placed<'_>> {
    fn walk<'a>(items: &'a [Item], section: &'a Section, out: &mut Vec<Placed<'a>>) {
        for item in items {
            let text = item.text.to_plain().split_whitespace().collect::<Vec<_>>().join(" ");
            out.push(Placed { item, section, text, parent: !item.children.is_empty() });
            walk(&item.children, section, out);
        }
    }
    let mut out = Vec::new();
    for section in checklist.sections() {
        walk(&section.items, section, &mut out);
    }
    out
}

/// The difference as lines for people, one change each; empty where the walk is the same.
pub fn diff(old: &Checklist, new: &Checklist) -> Vec<String> {
    let (before, after) = (placed(old), placed(new));
    let by_id: HashMap<&str, usize> = after.iter().enumerate().map(|(i, p)| (p.item.id.as_str(), i)).collect();
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    let mut gone: Vec<usize> = Vec::new();
    for (i, p) in before.iter().enumerate() {
        match by_id.get(p.item.id.as_str()) {
            Some(j) => pairs.push((i, *j)),
            None => gone.push(i),
        }
    }
    let taken: HashSet<usize> = pairs.iter().map(|(_, j)| *j).collect();
    let mut fresh: Vec<usize> = (0..after.len()).filter(|j| !taken.contains(j)).collect();
    let mut out: Vec<(u32, String)> = Vec::new();
    same_words(&before, &after, &mut gone, &mut fresh, &mut pairs);
    reworded(&before, &after, &mut gone, &mut fresh, &mut pairs);
    for i in gone {
        let p = &before[i];
        out.push((p.item.line, format!("removed    {} {}", p.item.number, p.text)));
    }
    for j in fresh {
        let p = &after[j];
        let required = if p.item.optional || p.parent { "" } else { "  (required)" };
        out.push((p.item.line, format!("added      {} {}{required}", p.item.number, p.text)));
    }
    for (i, j) in pairs {
        let line = after[j].item.line;
        out.extend(changes(&before[i], &after[j]).into_iter().map(|c| (line, c)));
    }
    out.extend(sections(old, new));
    out.sort_by_key(|(line, _)| *line);
    out.into_iter().map(|(_, text)| text).collect()
}

/// Pairs items that say the same in another place.
fn same_words(
    a: &[Placed],
    b: &[Placed],
    gone: &mut Vec<usize>,
    fresh: &mut Vec<usize>,
    pairs: &mut Vec<(usize, usize)>,
) {
    let mut waiting: HashMap<&str, Vec<usize>> = HashMap::new();
    for j in fresh.iter().rev() {
        waiting.entry(&b[*j].text).or_default().push(*j);
    }
    gone.retain(|i| match waiting.get_mut(a[*i].text.as_str()).and_then(Vec::pop) {
        Some(j) => {
            pairs.push((*i, j));
            false
        }
        None => true,
    });
    let taken: HashSet<usize> = pairs.iter().map(|(_, j)| *j).collect();
    fresh.retain(|j| !taken.contains(j));
}

/// Pairs items of the same section whose words are much alike.
fn reworded(
    a: &[Placed],
    b: &[Placed],
    gone: &mut Vec<usize>,
    fresh: &mut Vec<usize>,
    pairs: &mut Vec<(usize, usize)>,
) {
    if gone.len().saturating_mul(fresh.len()) > MOST_COMPARED {
        return;
    }
    gone.retain(|i| {
        let old = &a[*i];
        let title = old.section.title.to_plain();
        let near = fresh
            .iter()
            .enumerate()
            .filter(|(_, j)| b[**j].section.title.to_plain() == title && b[**j].parent == old.parent)
            .map(|(at, j)| (strsim::normalized_damerau_levenshtein(&short(&old.text), &short(&b[*j].text)), at))
            .filter(|(alike, _)| *alike >= ALIKE)
            .max_by(|x, y| x.0.total_cmp(&y.0));
        match near {
            Some((_, at)) => {
                pairs.push((*i, fresh.remove(at)));
                false
            }
            None => true,
        }
    });
}

fn short(text: &str) -> String {
    text.chars().take(200).collect()
}

/// What changed about one item.
fn changes(old: &Placed, new: &Placed) -> Vec<String> {
    let (a, b) = (old.item, new.item);
    let mut out = Vec::new();
    let named = format!("{} {}", b.number, new.text);
    if old.section.title.to_plain() != new.section.title.to_plain() {
        let to = new.section.title.to_plain();
        out.push(format!("moved      {} → {named}  (to “{to}”)", a.number));
    } else if a.number != b.number {
        out.push(format!("renumbered {} → {named}", a.number));
    }
    if old.text != new.text {
        out.push(format!("reworded   {} “{}” → “{}”", b.number, old.text, new.text));
    }
    let mut say = |what: &str| out.push(format!("{what} {named}"));
    match (a.optional, b.optional) {
        (false, true) => say("optional  "),
        (true, false) => say("required  "),
        _ => {}
    }
    if a.commands != b.commands {
        say(match (a.commands.is_empty(), b.commands.is_empty()) {
            (true, false) => "command added  ",
            (false, true) => "command removed",
            _ => "command changed",
        });
    }
    if a.threshold != b.threshold && old.text == new.text {
        say("threshold changed");
    }
    if a.role != b.role && old.text == new.text {
        say("sign-off changed");
    }
    if a.environment != b.environment {
        say("environment changed");
    }
    out
}

/// Every section by its title, twins by their count.
fn named(checklist: &Checklist) -> impl Iterator<Item = ((String, usize), &Section)> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    checklist.sections().map(move |s| {
        let title = s.title.to_plain();
        let nth = seen.entry(title.clone()).or_default();
        *nth += 1;
        ((title, *nth), s)
    })
}

/// What changed about sections that both pages have, by title, and about blanks.
fn sections(old: &Checklist, new: &Checklist) -> Vec<(u32, String)> {
    let mut out = Vec::new();
    let before: HashMap<(String, usize), &Section> = named(old).collect();
    for ((title, nth), s) in named(new) {
        let Some(was) = before.get(&(title.clone(), nth)) else { continue };
        let mut text = String::new();
        if was.branch != s.branch || was.kind != s.kind {
            let _ = write!(text, " is now {} (was {})", s.kind.label(), was.kind.label());
        }
        if was.environment != s.environment {
            let name = |e: &Option<String>| e.clone().unwrap_or_else(|| "every environment".to_owned());
            let _ = write!(text, " is now for {} (was for {})", name(&s.environment), name(&was.environment));
        }
        if was.window != s.window {
            let name = |w: &Option<_>| {
                w.as_ref()
                    .map_or_else(|| "at no set time".to_owned(), |w: &crate::domain::meaning::Window| w.to_string())
            };
            let _ = write!(text, " is now due {} (was {})", name(&s.window), name(&was.window));
        }
        if !text.is_empty() {
            out.push((s.line, format!("section    “{title}”{text}")));
        }
    }
    let labels = |c: &Checklist| c.fields().map(|f| (f.label.clone(), f.line)).collect::<Vec<_>>();
    let (a, b) = (labels(old), labels(new));
    let lost = a.iter().filter(|(l, _)| !b.iter().any(|(m, _)| m == l));
    out.extend(lost.map(|(l, line)| (*line, format!("removed    field {l}"))));
    let gained = b.iter().filter(|(l, _)| !a.iter().any(|(m, _)| m == l));
    out.extend(gained.map(|(l, line)| (*line, format!("added      field {l}"))));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::read;

    fn between(old: &str, new: &str) -> Vec<String> {
        let page = |text: &str| read("t", text.as_bytes()).checklist.unwrap();
        diff(&page(old), &page(new))
    }

    #[test]
    fn every_change_is_said_once() {
        let twins =
            "# T\n## A\n- [ ] one\n## A (day 1-7)\nx\n## B\n### Same\n- [ ] b\n## Rollback\n### Same\n- [ ] c\n";
        assert!(between(twins, twins).is_empty());
        const OLD: &str = "# T\n## A\n- [ ] one is done\n- [ ] two is done\n## B\n- [ ] three\n";
        for (new, expected) in [
            (OLD, &[][..]),
            (
                "# T\n## A\n- [ ] one is done\n- [ ] two is done\n- [ ] new\n## B\n- [ ] three\n",
                &["added      1.3 new  (required)"],
            ),
            ("# T\n## A\n- [ ] one is done\n## B\n- [ ] three\n", &["removed    1.2 two is done"]),
            (
                "# T\n## A\n- [ ] two is done\n- [ ] one is done\n## B\n- [ ] three\n",
                &["renumbered 1.2 → 1.1 two is done", "renumbered 1.1 → 1.2 one is done"],
            ),
            (
                "# T\n## A\n- [ ] one was done\n- [ ] two is done\n## B\n- [ ] three\n",
                &["reworded   1.1 “one is done” → “one was done”"],
            ),
            (
                "# T\n## A\n- [ ] one is done\n## B\n- [ ] two is done\n- [ ] three\n",
                &["moved      1.2 → 2.1 two is done  (to “B”)", "renumbered 2.1 → 2.2 three"],
            ),
            (
                "# T\n## A\n- [ ] one is done <!-- rollcall: optional -->\n- [ ] two is done\n  ```\n  x\n  ```\n## B\n- [ ] three\n",
                &["optional   1.1 one is done", "command added   1.2 two is done"],
            ),
            (
                "# T\n## A\n- [ ] one is done\n- [ ] two is done\n## B\n- [ ] three\n\nDate: ____\n",
                &["added      field Date"],
            ),
        ] {
            assert_eq!(between(OLD, new), expected, "{new}");
        }
    }
}
