//! Parts and their contents to a checklist: phases, sections, numbers, ids.

use super::blocks::{Block, Kind, Page};
use super::front::Front;
use super::items::{Content, Draft, Steps, content};
use super::numbers::{Candidate, numbers};
use super::outline::{Outline, Part, outline};
use super::without_boxes::{self, Way};
use super::{Counts, MAX_ITEMS, criteria, fields, kinds, meaning, roles, words};
use crate::domain::checklist::{Branch, Checklist, Diagnostic, Item, ItemKind, Number, Phase, Section, Severity};
use crate::domain::meaning::SectionKind;
use crate::domain::text::Rich;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};

/// A first paragraph up to this many characters is the checklist's description.
const MAX_DESCRIPTION: usize = 400;

/// Makes the checklist; counts and diagnostics are filled on the way.
pub(super) fn checklist(
    name: &str,
    front: Front,
    page: Page,
    counts: &mut Counts,
    diagnostics: &mut Vec<Diagnostic>,
) -> Checklist {
    let Page { blocks, hidden, inputs, diagnostics: found } = page;
    diagnostics.extend(found);
    (counts.hidden, counts.checkboxes) = (hidden, inputs);
    count_blocks(&blocks, counts);
    let Outline { title, mut parts, top } = outline(blocks, front.title.is_some());
    // Several headings side by side, and none above them: the first of them names only itself.
    let alone = parts.iter().filter(|p| p.level == top).count() == 1;
    let first_heading = parts.get(1).filter(|p| alone || p.level == 1).map(|p| p.title.to_plain());
    let title = front
        .title
        .or_else(|| title.map(|t| t.to_plain()))
        .or(first_heading)
        .filter(|t| !t.trim().is_empty())
        .unwrap_or_else(|| name.to_owned());

    let paths: Vec<Vec<String>> = (0..parts.len()).map(|i| path(&parts, i)).collect();
    let references: Vec<bool> = paths.iter().map(|p| kinds::is_reference(&strs(p))).collect();
    // Bullets that are criteria are items whatever else the page has; how to walk it, the rest of it says.
    let found: Vec<criteria::Found> =
        parts.iter_mut().zip(&paths).map(|(p, path)| criteria::to_items(&strs(path), &mut p.blocks)).collect();
    let bullets: Vec<bool> = found.iter().map(|f| f.items).collect();
    empty_headings(&parts, diagnostics);
    for (part, path) in parts.iter().zip(&paths).filter(|(part, _)| part.level > 0) {
        let unread = kinds::unread(&strs(path));
        diagnostics.extend(unread.map(|message| Diagnostic { severity: Severity::Warning, line: part.line, message }));
    }
    let way = without_boxes::way(&parts, &references, &bullets);
    let mut contacts = Vec::new();
    let mut bullet_count = 0;
    let mut tables: Vec<u32> = Vec::new();
    let mut contents: Vec<Content> = Vec::with_capacity(parts.len());
    for (i, part) in parts.iter_mut().enumerate() {
        let headings = paths.get(i).map(|p| strs(p)).unwrap_or_default();
        let mut blocks = std::mem::take(&mut part.blocks);
        let bulleted = bullets.get(i) == Some(&true);
        let by_words = kinds::kind(&headings, Branch::Forward, false, None);
        if by_words == SectionKind::Contacts {
            contacts.extend(roles::contacts(headings.last().copied().unwrap_or_default(), &blocks));
        }
        let signatures = roles::table_signatures(&mut blocks, by_words == SectionKind::SignOff);
        let steps = match way {
            _ if bulleted => Steps::Numbered,
            _ if references.get(i) == Some(&true) => Steps::None,
            Way::Bullets => Steps::Bullets,
            Way::Usual | Way::Headings => Steps::Numbered,
        };
        let mut content = content(blocks, steps, diagnostics);
        if bulleted {
            content.drafts.iter_mut().for_each(|d| d.kind = ItemKind::Bullet);
            bullet_count += content.drafts.len();
        }
        content.fields.extend(signatures);
        content.watch = found.get(i).is_some_and(|f| f.watch);
        tables.append(&mut content.tables);
        counts.hidden += content.hidden;
        contents.push(content);
    }
    without_boxes::apply(way, &parts, &references, &mut contents, diagnostics);
    if let Some(line) = tables.first() {
        let message = format!("{} table(s) without boxes, the first on this line, are kept as notes.", tables.len());
        diagnostics.push(Diagnostic { severity: Severity::Note, line: *line, message });
    }
    let description = front.description.or_else(|| contents.first_mut().and_then(describe));
    if let Some(first) = parts.first_mut() {
        first.title = Rich::plain(title.clone());
    }

    let candidates: Vec<Candidate> = contents
        .iter()
        .enumerate()
        .filter(|(_, c)| !c.is_empty())
        // Plain bullets of criteria take no number from the page's steps.
        .map(|(part, c)| Candidate { part, has_items: c.drafts.iter().any(|d| d.kind != ItemKind::Bullet) })
        .collect();
    let section_numbers = numbers(&parts, &candidates);
    let titles = section_titles(&parts, &contents, top);
    let mut builder = Builder { ids: Ids::default(), labels: Labels::default(), counts };
    let mut phases: Vec<Phase> = Vec::new();
    let mut phase_part = None;
    for (candidate, number) in candidates.iter().zip(section_numbers) {
        let (Some(part), Some(content)) = (parts.get(candidate.part), contents.get_mut(candidate.part)) else {
            continue;
        };
        let content = std::mem::take(content);
        let home = phase_of(&parts, candidate.part, top);
        if phase_part != Some(home) || phases.is_empty() {
            phase_part = Some(home);
            let (title, label) = parts.get(home).map_or_else(Default::default, |p| (p.title.clone(), p.label.clone()));
            let kind = kinds::phase_kind(&title.to_plain());
            phases.push(Phase { title, label, kind, sections: Vec::new() });
        }
        let headings = paths.get(candidate.part).map(Vec::as_slice).unwrap_or_default();
        let title = titles.get(candidate.part).cloned().unwrap_or_default();
        let section = builder.section(part, title, number, headings, content);
        if let Some(phase) = phases.last_mut() {
            phase.sections.push(section);
        }
    }
    judge_counts(counts, bullet_count, diagnostics);
    Checklist {
        name: name.to_owned(),
        title,
        description,
        service: front.service,
        environment: front.environment,
        progress: front.progress,
        escalation: front.escalation,
        templates: front.templates,
        timeline: front.timeline,
        contacts,
        phases,
    }
}

fn count_blocks(blocks: &[Block], counts: &mut Counts) {
    for block in blocks {
        match block.kind {
            Kind::Item { checkbox: Some(mark), .. } if mark.kind == ItemKind::Task => counts.checkboxes += 1,
            Kind::Code { .. } => counts.commands += 1,
            _ => {}
        }
    }
}

fn judge_counts(counts: &Counts, bullets: usize, diagnostics: &mut Vec<Diagnostic>) {
    let items = match counts.items + counts.boxes + counts.steps {
        0 => 0,
        items => items + bullets,
    };
    let message = if items == 0 {
        "There is nothing to tick on this page. Items are task-list lines (`- [ ] text`), or numbered steps \
         (`1. text`) in a section without boxes."
            .to_owned()
    } else if items > MAX_ITEMS {
        format!("The page has {items} items; at most {MAX_ITEMS} can be walked. Split it into several checklists.")
    } else {
        return;
    };
    diagnostics.push(Diagnostic { severity: Severity::Error, line: 0, message });
}

/// Says which headings have nothing below them: they are not shown.
fn empty_headings(parts: &[Part], diagnostics: &mut Vec<Diagnostic>) {
    let mut holds = vec![false; parts.len()];
    for (i, part) in parts.iter().enumerate().rev() {
        let full = part.plain.is_some() || !part.blocks.is_empty() || holds.get(i) == Some(&true);
        if let (true, Some(parent)) = (full, part.parent)
            && let Some(above) = holds.get_mut(parent)
        {
            *above = true;
        }
        if let Some(held) = holds.get_mut(i) {
            *held = full;
        }
    }
    let empty: Vec<&Part> = parts.iter().zip(holds).filter(|(p, held)| p.level > 0 && !held).map(|(p, _)| p).collect();
    if let Some(first) = empty.first() {
        let title: String = first.title.to_plain().chars().take(60).collect();
        let more = match empty.len() {
            1 => "is not shown".to_owned(),
            n => format!("and {} more are not shown", n - 1),
        };
        let message = format!("Nothing stands below the heading “{title}”: it {more}.");
        diagnostics.push(Diagnostic { severity: Severity::Note, line: first.line, message });
    }
}

/// Takes the page's first paragraph as its description, if it is short, stands above all headings and does not only
/// lead to a list.
fn describe(content: &mut Content) -> Option<String> {
    let first = content.notes.first()?;
    // "**Version**: 1.2" tells a fact, and not what the page is.
    let labelled = first.0.first().is_some_and(|s| s.bold)
        && first.to_plain().split_once([':', '：']).is_some_and(|(label, _)| label.chars().count() <= 30);
    let first = first.to_plain();
    let is_lead = content.lead.as_deref().is_some_and(|lead| first.starts_with(lead));
    if labelled
        || !is_lead
        || first.chars().count() > MAX_DESCRIPTION
        || first.trim_end().ends_with([':', '\u{ff1a}'])
        || first.starts_with("..")
    {
        return None;
    }
    content.notes.remove(0);
    Some(first)
}

/// The headings from the phase's down to the part's own, without their numbering.
fn path(parts: &[Part], part: usize) -> Vec<String> {
    let mut out = Vec::new();
    let mut at = Some(part);
    while let Some(p) = at.and_then(|i| parts.get(i)) {
        out.push(p.title.to_plain());
        at = p.parent;
    }
    out.reverse();
    out
}

fn strs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

/// The part whose heading is the phase: the part itself or the one above it on the top level. What
/// stands under no such heading is in a phase named as the page.
fn phase_of(parts: &[Part], part: usize, top: u8) -> usize {
    let mut at = part;
    while let Some(p) = parts.get(at) {
        if p.level == top {
            return at;
        }
        match p.parent {
            Some(parent) => at = parent,
            None => break,
        }
    }
    0
}

/// Each part's title as a section. One below a section is called "Section › Own" where its own title
/// would not tell it apart, or where the section above it is not shown itself.
fn section_titles(parts: &[Part], contents: &[Content], top: u8) -> Vec<Rich> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for part in parts {
        *seen.entry(part.title.to_plain().to_lowercase()).or_default() += 1;
    }
    parts
        .iter()
        .map(|part| {
            let above = part.parent.filter(|p| parts.get(*p).is_some_and(|above| above.level > top));
            let Some((above, parent)) = above.and_then(|i| Some((i, parts.get(i)?))) else {
                return part.title.clone();
            };
            let twin = seen.get(&part.title.to_plain().to_lowercase()).is_some_and(|n| *n > 1);
            if !twin && contents.get(above).is_some_and(|c| !c.is_empty()) {
                return part.title.clone();
            }
            let mut title = parent.title.clone();
            for span in Rich::plain(" › ").0.into_iter().chain(part.title.0.iter().cloned()) {
                title.push(span);
            }
            title
        })
        .collect()
}

struct Builder<'a> {
    ids: Ids,
    labels: Labels,
    counts: &'a mut Counts,
}

impl Builder<'_> {
    fn section(&mut self, part: &Part, title: Rich, number: u32, headings: &[String], content: Content) -> Section {
        let headings = strs(headings);
        let environment = kinds::environment(&headings).map(str::to_owned);
        let acts = kinds::about_rollback(&headings) && kinds::acts(content.drafts.iter().map(|d| d.text.to_plain()));
        let branch = match content.watch {
            true => Branch::Watch,
            false => kinds::branch(&headings, content.lead.as_deref(), acts),
        };
        let only = match (content.drafts.is_empty(), content.fields.is_empty(), content.commands.is_empty()) {
            (true, false, _) => Some(SectionKind::Information),
            (true, true, true) => Some(SectionKind::Notes),
            _ => None,
        };
        let mut kind = kinds::kind(&headings, branch, environment.is_some(), only);
        if kind == SectionKind::Information && content.fields.iter().any(|f| f.role.is_some()) {
            kind = SectionKind::SignOff;
        }
        let mut fields = content.fields;
        if kind == SectionKind::Contacts {
            fields.extend(content.drafts.iter().flat_map(|d| fields::of_item(&d.text, d.line)));
            // "Name: ____" below "Primary on-call" is the name of that one.
            for field in fields.iter_mut().filter(|f| words::ON_CARD.contains(&f.label.to_lowercase().as_str())) {
                field.label = format!("{} – {}", part.title.to_plain(), field.label);
            }
        }
        for field in &mut fields {
            field.label = self.labels.unique(&field.label);
        }
        self.counts.fields += fields.len();
        let mut section = Section {
            number,
            title,
            label: part.label.clone(),
            branch,
            kind,
            // What a rollback is due by counts from no moment of the way forward.
            window: kinds::due(&headings).filter(|_| !matches!(branch, Branch::Watch | Branch::Rollback)),
            environment,
            remind_ms: None,
            notes: content.notes,
            commands: content.commands,
            fields,
            items: self.items(number, &headings.join("\u{1f}"), content.drafts),
            line: part.line,
        };
        meaning::understand(&mut section);
        let skipped = section.notes.iter().any(|n| n.to_plain().to_lowercase().contains("skip this section"));
        if skipped || headings.iter().any(|h| kinds::is_optional(h)) {
            section.items.iter_mut().for_each(|i| i.optional = true);
        }
        section
    }

    /// Drafts to items. Parents stand before their children, so one walk numbers and names them, and
    /// a second one, backwards, puts them into each other.
    fn items(&mut self, section: u32, path: &str, drafts: Vec<Draft>) -> Vec<Item> {
        let mut items: Vec<Item> = Vec::with_capacity(drafts.len());
        let mut parents: Vec<Option<usize>> = Vec::with_capacity(drafts.len());
        let mut paths: Vec<[u8; 32]> = Vec::with_capacity(drafts.len());
        let mut children: HashMap<Option<usize>, u32> = HashMap::new();
        let root: [u8; 32] = Sha256::digest(path.as_bytes()).into();
        for draft in drafts {
            let index = children.entry(draft.parent).or_default();
            *index += 1;
            let above = draft.parent.and_then(|p| items.get(p)).map(|p: &Item| &p.number);
            let number = above.map_or_else(|| Number::new(vec![section, *index]), |n| n.child(*index));
            let plain = draft.text.to_plain();
            let words = plain.split_whitespace().collect::<Vec<_>>().join(" ");
            let above = draft.parent.and_then(|p| paths.get(p)).unwrap_or(&root);
            let key = digest(above, words.as_bytes());
            match draft.kind {
                ItemKind::Task => self.counts.items += 1,
                ItemKind::Step => self.counts.steps += 1,
                ItemKind::Box => self.counts.boxes += 1,
                ItemKind::Group | ItemKind::Bullet => {}
            }
            paths.push(key);
            parents.push(draft.parent);
            items.push(Item {
                id: self.ids.unique(key),
                number,
                text: draft.text,
                kind: draft.kind,
                checked: draft.checked,
                state: draft.state,
                any: draft.any,
                notes: draft.notes,
                commands: draft.commands,
                line: draft.line,
                ..Item::default()
            });
        }
        let mut top = Vec::new();
        for parent in parents.into_iter().rev() {
            let Some(mut item) = items.pop() else { break };
            item.children.reverse();
            match parent.and_then(|p| items.get_mut(p)) {
                Some(parent) => parent.children.push(item),
                None => top.push(item),
            }
        }
        top.reverse();
        top
    }
}

fn digest(above: &[u8], text: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(above);
    hash.update([0x1f]);
    hash.update(text);
    hash.finalize().into()
}

/// Gives every item an id of its own.
#[derive(Default)]
struct Ids {
    twins: HashMap<[u8; 32], u64>,
    given: HashSet<String>,
}

impl Ids {
    fn unique(&mut self, key: [u8; 32]) -> String {
        let twin = self.twins.entry(key).or_default();
        loop {
            *twin += 1;
            let hash = digest(&key, &twin.to_be_bytes());
            let id = hex::encode(&hash[..5]);
            if self.given.insert(id.clone()) {
                return id;
            }
        }
    }
}

/// Gives every field a label of its own.
#[derive(Default)]
struct Labels {
    given: HashSet<String>,
    next: HashMap<String, u32>,
}

impl Labels {
    fn unique(&mut self, label: &str) -> String {
        if self.given.insert(label.to_lowercase()) {
            return label.to_owned();
        }
        let next = self.next.entry(label.to_lowercase()).or_insert(1);
        loop {
            *next += 1;
            let label = format!("{label} ({next})");
            if self.given.insert(label.to_lowercase()) {
                return label;
            }
        }
    }
}
