//! The understanding of a page as data, for programs.

use super::applies;
use crate::domain::checklist::{CodeBlock, Item, Phase, Section};
use crate::domain::text::Rich;
use crate::markdown::{Reading, placeholders};
use serde_json::{Value, json};

/// The readings as data, one object per file. What another environment walks is marked `left_out`.
pub fn json(readings: &[(String, Reading)], environment: Option<&str>) -> Value {
    Value::Array(readings.iter().map(|(file, r)| file_json(file, r, environment)).collect())
}

fn file_json(file: &str, r: &Reading, environment: Option<&str>) -> Value {
    let phases: Vec<Value> = r.checklist.iter().flat_map(|c| &c.phases).map(|p| phase_json(p, environment)).collect();
    let c = r.checklist.as_ref();
    json!({
        "file": file,
        "title": c.map(|c| &c.title),
        "description": c.and_then(|c| c.description.as_ref()),
        "service": c.and_then(|c| c.service.as_ref()),
        "environment": c.and_then(|c| c.environment.as_ref()),
        "counts": r.counts,
        "contacts": c.map(|c| c.contacts.as_slice()).unwrap_or_default(),
        "phases": phases,
        "diagnostics": r.diagnostics,
    })
}

fn phase_json(phase: &Phase, environment: Option<&str>) -> Value {
    let sections: Vec<Value> = phase.sections.iter().map(|s| section_json(s, environment)).collect();
    json!({ "title": phase.title.to_plain(), "label": phase.label, "kind": phase.kind, "sections": sections })
}

fn section_json(s: &Section, environment: Option<&str>) -> Value {
    json!({
        "number": s.number,
        "title": s.title.to_plain(),
        "label": s.label,
        "kind": s.kind,
        "branch": s.branch,
        "environment": s.environment,
        "left_out": !applies(s.environment.as_deref(), environment),
        "window": s.window,
        "line": s.line,
        "notes": s.notes.iter().map(Rich::to_plain).collect::<Vec<_>>(),
        "commands": s.commands.iter().map(command_json).collect::<Vec<_>>(),
        "fields": s.fields,
        "items": s.items.iter().map(|i| item_json(i, s.environment.as_deref(), environment)).collect::<Vec<_>>(),
    })
}

/// `bound`: the environment that what stands above the item is for.
fn item_json(item: &Item, bound: Option<&str>, environment: Option<&str>) -> Value {
    let bound = item.environment.as_deref().or(bound);
    json!({
        "number": item.number,
        "id": item.id,
        "text": item.text.to_plain(),
        "kind": item.kind,
        "checked": item.checked,
        "state": item.state,
        "any": item.any,
        "optional": item.optional,
        "condition": item.condition,
        "environment": bound,
        "left_out": !applies(bound, environment),
        "window": item.window,
        "threshold": item.threshold,
        "role": item.role,
        "owner": item.owner,
        "choices": item.choices,
        "line": item.line,
        "notes": item.notes.iter().map(Rich::to_plain).collect::<Vec<_>>(),
        "commands": item.commands.iter().map(command_json).collect::<Vec<_>>(),
        "children": item.children.iter().map(|c| item_json(c, bound, environment)).collect::<Vec<_>>(),
    })
}

fn command_json(code: &CodeBlock) -> Value {
    json!({ "language": code.language, "code": code.code, "placeholders": placeholders(&code.code) })
}
