//! Puts the checklist together from headings and what stands below them.

use super::blocks::{Kind, blocks};
use super::items::{Content, Draft, content};
use super::numbers::{Candidate, numbers};
use super::outline::{Outline, outline};
use super::{Counts, front, kinds};
use crate::domain::checklist::{
    Branch, Checklist, Diagnostic, Field, Item, ItemKind, Number, Phase, Section, Severity,
};
use crate::domain::text::{Rich, Span};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};

/// Items one checklist may have.
const MAX_ITEMS: usize = 20_000;

/// Characters of the description taken from the first paragraph.
const DESCRIPTION: usize = 300;

/// Reads the text of a page.
pub(super) fn checklist(name: &str, text: &str, diagnostics: &mut Vec<Diagnostic>) -> (Option<Checklist>, Counts) {
    let (front, body, first_line) = front::split(text, diagnostics);
    let blocks = blocks(body, first_line);
    let mut counts = Counts {
        checkboxes: blocks.iter().filter(|b| matches!(b.kind, Kind::Item { checkbox: Some(_), .. })).count(),
        ..Counts::default()
    };
    let outline = outline(blocks, front.title.is_some());
    let title = front.title.or_else(|| outline.title.as_ref().map(Rich::to_plain)).filter(|t| !t.trim().is_empty());
    let (phases, lead) = phases(outline, diagnostics);
    let mut checklist = Checklist {
        name: name.to_owned(),
        title: title.unwrap_or_else(|| name.to_owned()),
        description: front.description.or(lead),
        service: front.service,
        environment: front.environment,
        progress: front.progress,
        templates: front.templates,
        phases,
    };
    unique_labels(&mut checklist);
    count(&checklist, &mut counts);
    if counts.items + counts.steps == 0 {
        diagnostics.push(Diagnostic {
            severity: Severity::Error,
            line: 0,
            message: "There is nothing to tick: no task list (`- [ ] …`) and no numbered steps under a heading.".into(),
        });
    }
    if counts.items + counts.steps > MAX_ITEMS {
        diagnostics.push(Diagnostic {
            severity: Severity::Error,
            line: 0,
            message: format!(
                "The checklist has {} items; at most {MAX_ITEMS} can be walked. Split it into several files.",
                counts.items + counts.steps
            ),
        });
    }
    (Some(checklist), counts)
}

fn phases(outline: Outline, diagnostics: &mut Vec<Diagnostic>) -> (Vec<Phase>, Option<String>) {
    let Outline { title, mut parts, top } = outline;
    let paths: Vec<Vec<usize>> = (0..parts.len())
        .map(|mut i| {
            let mut path = vec![i];
            while let Some(parent) = parts[i].parent {
                path.push(parent);
                i = parent;
            }
            path.reverse();
            path
        })
        .collect();
    let titles: Vec<String> = parts.iter().map(|p| p.title.to_plain()).collect();
    let mut lead = None;
    let mut contents: Vec<(usize, Content)> = Vec::new();
    for i in 0..parts.len() {
        let headings: Vec<&str> = paths[i].iter().map(|&p| titles[p].as_str()).collect();
        let blocks = std::mem::take(&mut parts[i].blocks);
        let found = content(blocks, kinds::is_reference(&headings), diagnostics);
        if i == 0 {
            lead.clone_from(&found.lead);
        }
        if !found.is_empty() {
            contents.push((i, found));
        }
    }
    let candidates: Vec<Candidate> =
        contents.iter().map(|(part, c)| Candidate { part: *part, has_items: !c.drafts.is_empty() }).collect();
    let numbers = numbers(&parts, &candidates);
    let mut ids = Ids::default();
    let mut phases: Vec<(Option<usize>, Phase)> = Vec::new();
    for ((part, content), number) in contents.into_iter().zip(numbers) {
        let headings: Vec<&str> = paths[part].iter().map(|&p| titles[p].as_str()).collect();
        // What stands above all headings is a phase of its own, named as the page.
        let phase =
            (part != 0).then(|| paths[part].iter().copied().find(|&p| parts[p].level <= top).unwrap_or(paths[part][0]));
        if phases.last().is_none_or(|(p, _)| *p != phase) {
            let (title, label) = match phase {
                Some(p) => (parts[p].title.clone(), parts[p].label.clone()),
                None => (title.clone().unwrap_or_else(|| "Checklist".into()), None),
            };
            phases.push((phase, Phase { title, label, sections: Vec::new() }));
        }
        let section = Section {
            number,
            title: if part == 0 {
                title.clone().unwrap_or_else(|| "Checklist".into())
            } else {
                section_title(&parts, &paths[part], top)
            },
            label: parts[part].label.clone(),
            branch: if part == 0 { Branch::Forward } else { kinds::branch(&headings, content.lead.as_deref()) },
            environment: kinds::environment(&headings).map(str::to_owned),
            notes: content.notes,
            commands: content.commands,
            fields: content.fields,
            items: tree(content.drafts, number, &headings, &mut ids),
            line: parts[part].line,
        };
        if let Some((_, last)) = phases.last_mut() {
            last.sections.push(section);
        }
    }
    let lead = lead.map(|l| l.chars().take(DESCRIPTION).collect());
    (phases.into_iter().map(|(_, p)| p).collect(), lead)
}

/// The heading; below a section (`### A` › `#### B`) with the one above it, so that it is understood alone.
fn section_title(parts: &[super::outline::Part], path: &[usize], top: u8) -> Rich {
    let Some((&own, above)) = path.split_last() else { return Rich::default() };
    let mut title = Rich::default();
    if let Some(&parent) = above.last()
        && parts[parent].level > top
    {
        parts[parent].title.0.iter().for_each(|s| title.push(s.clone()));
        title.push(Span { text: " › ".into(), ..Span::default() });
    }
    parts[own].title.0.iter().for_each(|s| title.push(s.clone()));
    title
}

/// Counts twins, so that the same words many times are still different items.
#[derive(Default)]
struct Ids(HashMap<[u8; 32], u32>);

impl Ids {
    fn id(&mut self, path: &[&str], text: &str) -> String {
        let mut sha = Sha256::new();
        for part in path.iter().chain([&text]) {
            sha.update((part.len() as u64).to_be_bytes());
            sha.update(part);
        }
        let twin: [u8; 32] = sha.finalize().into();
        let count = self.0.entry(twin).or_insert(0);
        *count += 1;
        let mut sha = Sha256::new();
        sha.update(twin);
        sha.update(count.to_be_bytes());
        hex::encode(sha.finalize()).chars().take(10).collect()
    }
}

/// Drafts in page order, parents before children, to a tree with numbers and ids.
fn tree(drafts: Vec<Draft>, section: u32, headings: &[&str], ids: &mut Ids) -> Vec<Item> {
    let root = Number::new(vec![section]);
    let mut children = vec![0_u32; drafts.len()];
    let mut top = 0;
    let mut items: Vec<(Option<usize>, Item)> = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let number = match draft.parent {
            Some(p) => {
                children[p] += 1;
                items[p].1.number.child(children[p])
            }
            None => {
                top += 1;
                root.child(top)
            }
        };
        let text = draft.text.to_plain();
        let parent_id = draft.parent.map(|p| items[p].1.id.clone()).unwrap_or_default();
        let mut path = headings.to_vec();
        path.push(&parent_id);
        let item = Item {
            id: ids.id(&path, &text),
            number,
            optional: kinds::is_optional(&text),
            text: draft.text,
            kind: draft.kind,
            checked: draft.checked,
            notes: draft.notes,
            commands: draft.commands,
            children: Vec::new(),
            line: draft.line,
        };
        items.push((draft.parent, item));
    }
    // From the last to the first, each goes under its parent, which stands before it.
    let mut roots = Vec::new();
    while let Some((parent, mut item)) = items.pop() {
        item.children.reverse();
        match parent.and_then(|p| items.get_mut(p)) {
            Some((_, parent)) => parent.children.push(item),
            None => roots.push(item),
        }
    }
    roots.reverse();
    roots
}

fn unique_labels(checklist: &mut Checklist) {
    let mut seen: HashSet<String> = HashSet::new();
    let fields = checklist.phases.iter_mut().flat_map(|p| &mut p.sections).flat_map(|s| &mut s.fields);
    for Field { label, .. } in fields {
        let base = label.clone();
        let mut n = 2;
        while !seen.insert(label.to_lowercase()) {
            *label = format!("{base} ({n})");
            n += 1;
        }
    }
}

fn count(checklist: &Checklist, counts: &mut Counts) {
    fn walk(items: &[Item], counts: &mut Counts) {
        for item in items {
            match item.kind {
                ItemKind::Task => counts.items += 1,
                ItemKind::Step => counts.steps += 1,
                ItemKind::Group => {}
            }
            counts.commands += item.commands.len();
            walk(&item.children, counts);
        }
    }
    for section in checklist.sections() {
        counts.fields += section.fields.len();
        counts.commands += section.commands.len();
        walk(&section.items, counts);
    }
}
