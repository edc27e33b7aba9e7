//! From what people say to the items they mean.

use super::checklist::{Branch, Number};
use super::command::ItemRef;
use super::deployment::Deployment;
use super::refusal::Refusal;
use std::collections::HashMap;

/// Items one command may change. The largest section met in practice has 40; a thousand is a slip of the hand.
pub const MAX_ITEMS: usize = 500;

/// Words that tell items apart. What follows them is weighed for one item alone, so that a long text costs no more than
/// its length, however many items there are.
const TELLING_WORDS: usize = 12;

/// What item references mean in a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meant {
    /// Indices into the plan's leaves, without repetition, in the order said.
    pub leaves: Vec<usize>,
    /// For each leaf: it was named itself, not as one of several.
    pub by_name: Vec<bool>,
    /// Words that followed the item's.
    pub rest: Option<String>,
}

/// Finds the leaves that references mean.
pub fn items(d: &Deployment, refs: &[ItemRef]) -> Result<Meant, Refusal> {
    let mut meant = Meant::default();
    let mut seen = HashMap::new();
    for r in refs {
        let (mut span, rest): (Vec<usize>, _) = match r {
            ItemRef::Number(n) => (span(d, n)?.collect(), None),
            ItemRef::Range(a, b) => {
                let (from, to) = (span(d, a)?, span(d, b)?);
                // From where the one begins to where the other ends: `3-3.2` ends with 3.2, whatever else 3 has.
                if to.end <= from.start {
                    return Err(Refusal::Backwards { from: a.clone(), to: b.clone() });
                }
                ((from.start..to.end).collect(), None)
            }
            ItemRef::Words(words) => {
                let (leaf, rest) = by_words(d, words)?;
                (vec![leaf], rest)
            }
        };
        // A range says several even where it means one: `3.2-3.2` leaves alone what somebody has marked.
        let by_name = span.len() == 1 && !matches!(r, ItemRef::Range(..));
        // Criteria are noted when they happen: a range that merely passes over them does not say so.
        let is_criterion = |leaf: &usize| d.plan.leaves[*leaf].branch == Branch::Watch;
        if !span.iter().all(is_criterion) {
            span.retain(|leaf| !is_criterion(leaf));
        }
        for leaf in span {
            let place = *seen.entry(leaf).or_insert(meant.leaves.len());
            if place == meant.leaves.len() {
                meant.leaves.push(leaf);
                meant.by_name.push(by_name);
            } else {
                meant.by_name[place] |= by_name;
            }
        }
        meant.rest = joined(meant.rest.as_deref(), rest.as_deref());
    }
    if meant.leaves.len() > MAX_ITEMS {
        return Err(Refusal::TooMany { count: meant.leaves.len() });
    }
    Ok(meant)
}

/// Finds the one leaf a reference means; a parent with several is ambiguous.
pub fn item(d: &Deployment, r: &ItemRef) -> Result<(usize, Option<String>), Refusal> {
    let meant = items(d, std::slice::from_ref(r))?;
    match meant.leaves.as_slice() {
        [one] => Ok((*one, meant.rest)),
        many => Err(ambiguous(d, &said(r), many)),
    }
}

/// The one section whose title has these words; lists on demand before others.
pub fn section(d: &Deployment, words: &str) -> Option<u32> {
    let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
    let has = |number: u32| {
        let title = d.plan.checklist.section(number).map(|s| s.title.to_plain().to_lowercase()).unwrap_or_default();
        words.iter().all(|w| contains_word(&title, w))
    };
    let only = |mut found: Vec<u32>| if found.len() == 1 { found.pop() } else { None };
    let lists = d.on_demand().map(|s| s.number).filter(|n| has(*n)).collect();
    let all = || d.plan.checklist.sections().map(|s| s.number).filter(|n| has(*n)).collect();
    if words.is_empty() { None } else { only(lists).or_else(|| only(all())) }
}

/// Both texts, one after the other, so that no word of either is lost.
fn joined(one: Option<&str>, other: Option<&str>) -> Option<String> {
    let both: Vec<&str> = [one, other].into_iter().flatten().collect();
    (!both.is_empty()).then(|| both.join(" "))
}

/// What was said, for an answer to name it.
pub(super) fn said(r: &ItemRef) -> String {
    match r {
        ItemRef::Number(n) => n.to_string(),
        ItemRef::Range(a, b) => format!("{a}-{b}"),
        ItemRef::Words(w) => w.clone(),
    }
}

fn span(d: &Deployment, n: &Number) -> Result<std::ops::Range<usize>, Refusal> {
    d.plan.span(n).ok_or_else(|| Refusal::NoSuchItem { said: n.to_string(), near: near(d, n) })
}

/// Up to three numbers of the same parent, or section, that do exist and stand closest.
fn near(d: &Deployment, n: &Number) -> Vec<Number> {
    let parts = n.parts();
    let last = i64::from(parts.last().copied().unwrap_or(0));
    let family = |leaf: &&Number| {
        leaf.parts().len() == parts.len() && leaf.parts().split_last().map(|l| l.1) == parts.split_last().map(|p| p.1)
    };
    let mut found: Vec<Number> = d.plan.leaves.iter().map(|l| &l.number).filter(family).cloned().collect();
    if found.is_empty() {
        found = d.plan.leaves.iter().map(|l| &l.number).filter(|l| l.section() == n.section()).cloned().collect();
    }
    found.sort_by_key(|l| (i64::from(l.parts().last().copied().unwrap_or(0)) - last).abs());
    found.truncate(3);
    found.sort();
    found
}

/// Words that match one item. What does not belong to the item follows it and is given back:
/// `smoke tests flaky on arm` matches "Smoke tests passed" with "smoke tests" and gives back "flaky on arm".
///
/// One word out of several is too little to change an item by: `restart workers` must not tick "Restart the API"
/// where no item has both words. It is asked back, unless the word is all the item says.
fn by_words(d: &Deployment, said: &str) -> Result<(usize, Option<String>), Refusal> {
    let words: Vec<&str> = said.split_whitespace().collect();
    let wanted: Vec<String> = words.iter().map(|w| w.to_lowercase()).collect();
    let telling = &wanted[..wanted.len().min(TELLING_WORDS)];
    let lower: Vec<String> = d.plan.leaves.iter().map(|l| l.text.to_lowercase()).collect();
    // How many of the first words each item has, without a gap; those with the most are meant.
    let has: Vec<usize> = lower.iter().map(|text| leading(text, telling)).collect();
    let taken = has.iter().copied().max().unwrap_or(0);
    if taken == 0 {
        return Err(Refusal::NoMatch { said: said.to_owned() });
    }
    let matches: Vec<usize> = (0..lower.len()).filter(|&i| has[i] == taken).collect();
    // The whole text said is surer than its parts; what can be changed now is likelier than what cannot.
    let (whole, phrase) = (wanted.join(" "), wanted[..taken].join(" "));
    let exact: Vec<usize> = matches.iter().copied().filter(|&i| lower[i] == whole || lower[i] == phrase).collect();
    let matches = if exact.is_empty() { matches } else { exact };
    let reachable: Vec<usize> = matches.iter().copied().filter(|&i| reachable(d, i)).collect();
    let matches = if reachable.is_empty() { matches } else { reachable };
    let sure = taken > 1 || words.len() == 1;
    match matches.as_slice() {
        [one] if sure || lower[*one] == phrase => {
            let taken = if taken < telling.len() { taken } else { leading(&lower[*one], &wanted) };
            Ok((*one, (taken < words.len()).then(|| words[taken..].join(" "))))
        }
        many => Err(ambiguous(d, &words[..taken].join(" "), many)),
    }
}

/// How many of the words, from the first on, the text has.
fn leading(text: &str, words: &[String]) -> usize {
    words.iter().take_while(|w| contains_word(text, w)).count()
}

fn contains_word(text: &str, word: &str) -> bool {
    // A word counts where it begins a word of the item: "back" finds "backup", not "rollback".
    text.match_indices(word)
        .any(|(at, _)| text[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric()))
}

fn reachable(d: &Deployment, i: usize) -> bool {
    d.applies_here(i) && d.closed_leaf(i).is_none()
}

fn ambiguous(d: &Deployment, said: &str, many: &[usize]) -> Refusal {
    Refusal::Ambiguous {
        said: said.to_owned(),
        matches: many.iter().take(10).map(|&i| d.plan.leaves[i].number.clone()).collect(),
        count: many.len(),
    }
}
