//! What a section's lines mean, once it is known what they are: thresholds, windows, roles, conditions, typed blanks.

use super::annotations::Annotation;
use super::inline::masked;
use super::words::{self, any};
use super::{Counts, fields, kinds, roles, threshold, windows};
use crate::domain::checklist::{Branch, Checklist, Diagnostic, Field, Item, Section, Severity};
use crate::domain::meaning::{FieldKind, SectionKind, Threshold};
use crate::domain::text::Rich;
use std::collections::{BTreeMap, HashSet};

/// Reads what a section's items and blanks say.
pub(super) fn understand(section: &mut Section) {
    let signing = section.kind == SectionKind::SignOff;
    let watch = section.branch == Branch::Watch;
    for item in &mut section.items {
        understand_item(item, signing, watch);
    }
    for field in &mut section.fields {
        understand_field(field);
    }
    roles::mark_signatures(&mut section.fields, signing);
}

fn understand_item(item: &mut Item, signing: bool, watch: bool) {
    let text = item.text.to_plain();
    let said = masked(&item.text);
    item.threshold = threshold::threshold(&text, &said, watch);
    if watch && item.threshold.is_none() {
        item.threshold = of_columns(&text, &item.notes);
    }
    item.window = if watch { None } else { windows::of_item(&said) };
    item.condition = kinds::condition(&said);
    item.optional |= item.condition.is_some() || kinds::is_optional(&said);
    item.environment = kinds::item_environment(&text).map(str::to_owned);
    item.choices = fields::choices_of_item(&text).unwrap_or_default();
    item.owner = roles::owner(&text, &item.notes);
    if item.children.is_empty() && item.choices.is_empty() && !watch {
        let label = item.text.0.first().filter(|s| signing && s.bold).map(|s| s.text.trim());
        item.role = roles::sign_off(&text, signing).or_else(|| label.and_then(roles::role_label));
    }
    if item.children.is_empty() {
        return;
    }
    // "Technical Approval", "Sign-off and Approval": what stands below signs off.
    let below = signing || kinds::signs(&text);
    for child in &mut item.children {
        understand_item(child, below, watch);
    }
}

/// The threshold of a row whose other columns say how much and for how long: "Error rate | > 5% | 5 minutes".
fn of_columns(text: &str, notes: &[Rich]) -> Option<Threshold> {
    let column = |labels: &[&str]| {
        notes.iter().map(Rich::to_plain).find_map(|note| {
            let (label, value) = note.split_once(':')?;
            labels.contains(&label.trim().to_lowercase().as_str()).then(|| value.trim().to_owned())
        })
    };
    let mut line = format!("{text} {}", column(words::COLUMN_LIMIT)?);
    if let Some(time) = column(words::COLUMN_DURATION) {
        line.push_str(" for ");
        line.push_str(time.strip_prefix("for ").unwrap_or(&time));
    }
    threshold::threshold(&line, &line, true)
}

fn understand_field(field: &mut Field) {
    let target = field.target.as_deref();
    field.goal = target.and_then(|t| threshold::goal(&field.label, t, field.unit.as_deref()));
    if field.kind != FieldKind::Text || !field.choices.is_empty() {
        return;
    }
    let unit = field.unit.as_deref().or_else(|| field.goal.as_ref().and_then(|g| g.unit.as_deref()));
    let label = field.label.rsplit(" – ").next().unwrap_or(&field.label).to_lowercase();
    let time = |unit: &str| crate::domain::meaning::unit_ms(&unit.to_lowercase()).is_some();
    field.kind = match unit {
        Some("%" | "‰") => FieldKind::Percent,
        Some(unit) if time(unit) => FieldKind::Duration,
        Some(_) => FieldKind::Number,
        None if field.goal.is_some() => FieldKind::Number,
        None => {
            let by_words = words::FIELD_KINDS.iter().find(|(_, w)| any(&label, w));
            let role = label.split_whitespace().last().is_some_and(roles::is_role_end);
            by_words.map_or(if role { FieldKind::Person } else { FieldKind::Text }, |(kind, _)| *kind)
        }
    };
}

/// Puts the page's annotations where they stand: on the heading of that line, or on the item it is part of.
pub(super) fn annotate(checklist: &mut Checklist, annotations: Vec<Annotation>, diagnostics: &mut Vec<Diagnostic>) {
    let mut taken: HashSet<String> = HashSet::new();
    for annotation in annotations {
        let line = annotation.line;
        let mut wrong = |message: String| diagnostics.push(Diagnostic { severity: Severity::Error, line, message });
        let Some(section) = section_at(checklist, line) else {
            wrong("This annotation stands beside no heading and no item.".to_owned());
            continue;
        };
        let item = item_at(&mut section.items, line);
        match item {
            Some(item) => {
                if let Some(kind) = annotation.kind {
                    match kind {
                        SectionKind::SignOff => {
                            let words = item.text.to_plain();
                            let label = words.split([':', '：']).next().unwrap_or(&words).trim().to_owned();
                            item.role = Some(annotation.owner.clone().unwrap_or(label));
                        }
                        SectionKind::Tasks => (item.role, item.threshold) = (None, None),
                        _ => wrong(format!(
                            "An item's kind is `sign_off` or `tasks`; `{}` is for headings.",
                            kind.word()
                        )),
                    }
                }
                item.critical |= annotation.critical;
                if let Some(optional) = annotation.optional {
                    item.optional = optional;
                }
                if let Some(id) = annotation.id {
                    if taken.insert(id.clone()) {
                        item.id = id;
                    } else {
                        wrong(format!("The id `{id}` is given twice; each item needs its own."));
                    }
                }
                item.owner = annotation.owner.or(item.owner.take());
                item.environment = annotation.environment.or(item.environment.take());
                item.remind_ms = annotation.remind_ms.or(item.remind_ms);
            }
            None => {
                if annotation.id.is_some() || annotation.owner.is_some() {
                    wrong("`id` and `owner` are for items; this annotation stands beside a heading.".to_owned());
                }
                if annotation.critical {
                    section.items.iter_mut().for_each(|i| i.critical = true);
                }
                if let Some(optional) = annotation.optional {
                    section.items.iter_mut().for_each(|i| i.optional = optional);
                }
                if let Some(kind) = annotation.kind {
                    section.kind = kind;
                    section.branch = kinds::branch_of(kind, section.branch);
                }
                section.environment = annotation.environment.or(section.environment.take());
                section.remind_ms = annotation.remind_ms.or(section.remind_ms);
            }
        }
    }
}

/// The last section that starts on that line or above it.
fn section_at(checklist: &mut Checklist, line: u32) -> Option<&mut Section> {
    let sections = checklist.phases.iter_mut().flat_map(|p| &mut p.sections);
    sections.filter(|s| s.line <= line || s.items.first().is_some_and(|i| i.line <= line)).last()
}

/// The last item that starts on that line or above it, at any depth.
fn item_at(items: &mut [Item], line: u32) -> Option<&mut Item> {
    let at = items.iter().rposition(|i| i.line <= line)?;
    let item = items.get_mut(at)?;
    if item.children.iter().any(|c| c.line <= line) { item_at(&mut item.children, line) } else { Some(item) }
}

/// Puts the front matter's values into the blanks of those labels.
pub(super) fn fill(checklist: &mut Checklist, values: &BTreeMap<String, String>, diagnostics: &mut Vec<Diagnostic>) {
    for (label, value) in values {
        let mut fields = checklist.phases.iter_mut().flat_map(|p| &mut p.sections).flat_map(|s| &mut s.fields);
        match fields.find(|f| f.label.eq_ignore_ascii_case(label)) {
            Some(field) => field.value = Some(value.clone()),
            None => {
                let message = format!("`defaults` names a field “{label}” that the page does not have.");
                diagnostics.push(Diagnostic { severity: Severity::Warning, line: 1, message });
            }
        }
    }
}

/// Counts what was understood.
pub(super) fn count(checklist: &Checklist, counts: &mut Counts) {
    counts.contacts = checklist.contacts.len();
    for section in checklist.sections() {
        counts.windows += usize::from(section.window.is_some());
        counts.signoffs += section.fields.iter().filter(|f| f.role.is_some()).count();
        if section.branch == Branch::Watch {
            counts.criteria += section.leaves().len();
        }
        let mut all: Vec<&Item> = section.items.iter().collect();
        while let Some(item) = all.pop() {
            counts.signoffs += usize::from(item.role.is_some());
            counts.windows += usize::from(item.window.is_some());
            all.extend(&item.children);
        }
    }
}
