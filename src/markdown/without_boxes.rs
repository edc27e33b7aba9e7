//! Pages without a single box: what a person would walk through all the same.
//!
//! Numbered lists are steps anyway. Where there are next to none, numbered headings are ("### 2. Update the
//! changelog"), or else plain bullets.

use super::blocks::Kind;
use super::items::{Content, Draft};
use super::outline::Part;
use super::{marks, words};
use crate::domain::checklist::{Diagnostic, ItemKind, Severity};
use std::collections::BTreeMap;

/// What makes the steps of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Boxes, and numbered lists where a section has none.
    Usual,
    /// Also headings with a number and nothing to tick below them.
    Headings,
    /// Also plain bullets.
    Bullets,
}

/// Bullets are steps only where they are this many times as many as numbered lines.
const FAR_MORE: usize = 5;

/// Judges a page by all its blocks; `references` says of each part whether it is only for reading, `criteria` whether
/// its bullets are items anyway.
pub(super) fn way(parts: &[Part], references: &[bool], criteria: &[bool]) -> Way {
    let (mut numbered, mut bullets) = (0_usize, 0_usize);
    for ((part, reference), _) in parts.iter().zip(references).zip(criteria).filter(|(_, criteria)| !**criteria) {
        for block in &part.blocks {
            match block.kind {
                Kind::Item { checkbox: Some(_), .. } => return Way::Usual,
                Kind::Item { ordered: true, .. } if !reference => numbered += 1,
                Kind::Item { ordered: false, .. } if !reference && block.depth == 1 && part.level > 0 => bullets += 1,
                _ => {}
            }
        }
    }
    let headings = parts.iter().filter(|p| is_numbered_step(p, references)).count();
    if headings >= 2 {
        Way::Headings
    } else if bullets >= 3 && bullets > numbered * FAR_MORE {
        Way::Bullets
    } else {
        Way::Usual
    }
}

/// Makes steps of numbered headings, and says what was made of the page.
pub(super) fn apply(
    way: Way,
    parts: &[Part],
    references: &[bool],
    contents: &mut [Content],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let message = match way {
        Way::Usual => return commanded(parts, references, contents, diagnostics),
        Way::Bullets => {
            let mut made = Vec::new();
            commands_alone(parts, references, contents, &mut made);
            "The page has no boxes and hardly a numbered list: its plain bullets are read as steps."
        }
        Way::Headings => {
            // A heading with steps somewhere below it is no step itself.
            let mut holds: Vec<bool> = contents.iter().map(|c| !c.drafts.is_empty()).collect();
            for i in (0..parts.len()).rev() {
                if holds.get(i) == Some(&true)
                    && let Some(parent) = parts.get(i).and_then(|p| p.parent)
                    && let Some(above) = holds.get_mut(parent)
                {
                    *above = true;
                }
                let is_step = parts.get(i).is_some_and(|p| is_numbered_step(p, references));
                if is_step && holds.get(i) == Some(&false) {
                    make(parts, i, contents);
                    if let Some(held) = holds.get_mut(i) {
                        *held = true;
                    }
                    if let Some(above) = parts.get(i).and_then(|p| p.parent).and_then(|p| holds.get_mut(p)) {
                        *above = true;
                    }
                }
            }
            let mut made = Vec::new();
            commands_alone(parts, references, contents, &mut made);
            "The page has no boxes: its numbered headings are read as steps where nothing below them is one."
        }
    };
    diagnostics.push(Diagnostic {
        severity: Severity::Warning,
        line: 0,
        message: format!("{message} Write them as \"- [ ] text\" to have checkboxes."),
    });
}

/// A heading with a number, not below one that is only for reading; its own words do not matter: "3. Update the
/// changelog" is something to do.
fn is_numbered_step(part: &Part, references: &[bool]) -> bool {
    part.plain.is_some() && !part.parent.and_then(|p| references.get(p)).is_some_and(|r| *r)
}

/// On any page: neighbouring headings with numbers, nothing to tick below any of them, and commands below most: that
/// is a procedure, a step each; criteria among them are none of it. So is a heading that calls itself a step, and one
/// over nothing but commands.
fn commanded(parts: &[Part], references: &[bool], contents: &mut [Content], diagnostics: &mut Vec<Diagnostic>) {
    let mut families: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    let criteria = |i: usize| contents.get(i).is_some_and(|c| c.drafts.iter().any(|d| d.kind == ItemKind::Bullet));
    for (i, part) in parts.iter().enumerate().filter(|(i, p)| is_numbered_step(p, references) && !criteria(*i)) {
        families.entry(part.parent).or_default().push(i);
    }
    let holds = holds(parts, contents);
    let mut made = Vec::new();
    for family in families.into_values().filter(|f| f.len() > 1) {
        let run = family.iter().filter(|i| contents.get(**i).is_some_and(|c| !c.commands.is_empty())).count();
        if run * 2 > family.len() && !family.iter().any(|i| holds.get(*i) == Some(&true)) {
            for i in family {
                make(parts, i, contents);
                made.push(i);
            }
        }
    }
    for (i, part) in parts.iter().enumerate() {
        let word = part.label.as_deref().and_then(|l| l.split_whitespace().next()).unwrap_or_default().to_lowercase();
        let has_fields = contents.get(i).is_some_and(|c| !c.fields.is_empty());
        if words::STEPS.contains(&word.as_str()) && holds.get(i) == Some(&false) && !made.contains(&i) && !has_fields {
            make(parts, i, contents);
            made.push(i);
        }
    }
    commands_alone(parts, references, contents, &mut made);
    if let Some(first) = made.iter().min().and_then(|i| parts.get(*i)) {
        let n = made.len();
        let message = format!("{n} heading(s) with nothing to tick below, the first on this line, are read as steps.");
        diagnostics.push(Diagnostic { severity: Severity::Note, line: first.line, message });
    }
}

/// For every part whether something to tick stands in it or below.
fn holds(parts: &[Part], contents: &[Content]) -> Vec<bool> {
    let mut holds: Vec<bool> = contents.iter().map(|c| !c.drafts.is_empty()).collect();
    for i in (0..parts.len()).rev() {
        if holds.get(i) == Some(&true)
            && let Some(above) = parts.get(i).and_then(|p| p.parent).and_then(|p| holds.get_mut(p))
        {
            *above = true;
        }
    }
    holds
}

/// Makes steps of headings over commands of a shell and few words, no heading below them.
fn commands_alone(parts: &[Part], references: &[bool], contents: &mut [Content], made: &mut Vec<usize>) {
    let mut leaf = vec![true; parts.len()];
    for parent in parts.iter().filter_map(|p| p.parent) {
        if let Some(above) = leaf.get_mut(parent) {
            *above = false;
        }
    }
    for (i, part) in parts.iter().enumerate().filter(|(i, p)| p.level > 0 && leaf.get(*i) == Some(&true)) {
        let Some(content) = contents.get(i).filter(|_| references.get(i) == Some(&false)) else { continue };
        let shell = content.commands.iter().all(|c| {
            let language = c.language.as_deref().unwrap_or("sh").to_ascii_lowercase();
            let drawn = c.language.is_none() && c.code.contains(|c: char| matches!(c, '\u{2500}'..='\u{257f}'));
            SHELLS.contains(&language.as_str()) && !drawn && marks::count_lines(&c.code) == 0
        });
        let few = content.notes.len() <= content.commands.len() + 2;
        let only = content.drafts.is_empty() && content.fields.is_empty() && content.tables.is_empty();
        if shell && few && only && !content.commands.is_empty() && !part.title.is_empty() {
            make(parts, i, contents);
            made.push(i);
        }
    }
}

/// Languages of commands to run.
const SHELLS: &[&str] = &[
    "sh",
    "bash",
    "shell",
    "zsh",
    "fish",
    "console",
    "terminal",
    "powershell",
    "ps1",
    "pwsh",
    "cmd",
    "bat",
    "shell-session",
    "sql",
];

fn make(parts: &[Part], i: usize, contents: &mut [Content]) {
    let (Some(part), Some(content)) = (parts.get(i), contents.get_mut(i)) else { return };
    let draft = Draft {
        depth: 1,
        text: part.title.clone(),
        kind: ItemKind::Step,
        notes: std::mem::take(&mut content.notes),
        commands: std::mem::take(&mut content.commands),
        line: part.line,
        ..Draft::default()
    };
    content.drafts.push(draft);
}
