//! The record of a deployment, to keep: Markdown for people, JSON for machines.

use super::{Engine, Page, TrailLine};
use crate::card::{Block, ItemLine, Shown};
use crate::domain::paging::PageState;
use crate::domain::text::Rich;
use crate::domain::time::{Timestamp, span};
use crate::store::StoreError;
use std::fmt::Write as _;

/// How a record is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Markdown,
    Json,
}

impl Engine {
    /// The record of a deployment. None: there is no such deployment.
    pub async fn record(&self, id: u64, format: Format) -> Result<Option<String>, StoreError> {
        Ok(self.page(id, true).await?.map(|page| write(&page, format)))
    }
}

/// Writes a page as a record.
pub(super) fn write(page: &Page, format: Format) -> String {
    match format {
        Format::Markdown => markdown(page),
        Format::Json => serde_json::to_string_pretty(&json(page)).unwrap_or_default(),
    }
}

/// Text in the middle of a line, so that it is shown as it is and can still be searched: only what has a meaning there
/// is escaped.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' | '@' | '$' => out.extend(['\\', c]),
            // No address becomes a link by itself.
            ':' if rest.peek() == Some(&'/') => out.push_str("\\:"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

fn moment(at: Timestamp) -> String {
    at.utc().format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn markdown(page: &Page) -> String {
    let s = &page.summary;
    let mut out = String::new();
    let rehearsal = if s.rehearsal { " (REHEARSAL)" } else { "" };
    // Writing to a String cannot fail.
    _ = writeln!(out, "# {} {} → {}{rehearsal}\n", escape(&s.service), escape(&s.version), escape(&s.environment));
    _ = writeln!(out, "- Deployment: #{}", s.id);
    _ = writeln!(out, "- Outcome: {}", s.status.label());
    _ = writeln!(out, "- Checklist: {} (`{}`)", escape(&s.title), s.checklist_hash);
    _ = writeln!(out, "- Deployer: {}", escape(&s.deployer));
    _ = writeln!(out, "- Opened: {}", moment(s.opened_at));
    if let Some(at) = s.started_at {
        _ = writeln!(out, "- Started: {}", moment(at));
    }
    if let Some(at) = s.ended_at {
        _ = writeln!(out, "- Ended: {}", moment(at));
    }
    if let (Some(from), Some(to)) = (s.started_at, s.ended_at) {
        _ = writeln!(out, "- Took: {}", span(to.since_ms(from)));
    }
    if !page.fields.is_empty() {
        _ = writeln!(out, "\n## Fields\n\n| Field | Value | Target |\n| --- | --- | --- |");
        for f in &page.fields {
            let (value, target) = (f.value.as_deref().unwrap_or("—"), f.target.as_deref().unwrap_or(""));
            let verdict = f.verdict.map(|v| format!(" ({})", v.word())).unwrap_or_default();
            _ = writeln!(out, "| {} | {} | {}{verdict} |", cell(&f.label), cell(value), cell(target));
        }
    }
    _ = writeln!(out, "\n## People\n");
    for p in &page.people {
        let role = if p.deployer { ", deployer" } else { "" };
        _ = writeln!(out, "- {}{role}: {} ticked", escape(&p.name), p.ticked);
    }
    _ = writeln!(out, "\n## Items");
    for section in &page.sections {
        // What has nothing to do stands under Fields.
        if section.total == 0 && section.cards.iter().flat_map(|c| &c.blocks).all(|b| !matches!(b, Block::Item { .. }))
        {
            continue;
        }
        let closed = section.closed.as_deref().map(|c| format!(" — {c}")).unwrap_or_default();
        _ = writeln!(
            out,
            "\n### {}. {} ({} of {}){closed}\n",
            section.number,
            escape(&section.title.to_plain()),
            section.done,
            section.total
        );
        for block in section.cards.iter().flat_map(|c| &c.blocks) {
            match block {
                Block::Item { item } => item_line(&mut out, item),
                Block::Group { number, text, done, total } => {
                    _ = writeln!(out, "- {number} {} ({done} of {total})", escape(&text.to_plain()));
                }
                _ => {}
            }
        }
    }
    if !page.pages.is_empty() {
        _ = writeln!(out, "\n## Pages");
    }
    for p in &page.pages {
        let has = p.has.as_deref().map(|who| format!(", acknowledged by {}", escape(who))).unwrap_or_default();
        let state = match p.state {
            PageState::Open => "open",
            PageState::Acknowledged => "acknowledged",
            PageState::Resolved => "resolved",
        };
        let times = if p.count > 1 { format!(", asked {} times", p.count) } else { String::new() };
        _ = writeln!(out, "\n### Page {}: {} ({state}{has}{times})\n", p.number, escape(&p.message));
        p.trail.iter().for_each(|line| _ = writeln!(out, "- {}", escape(line.text.trim_start_matches("— "))));
    }
    _ = writeln!(out, "\n## Timeline\n");
    for line in &page.timeline {
        _ = writeln!(out, "- {} {}: {}", moment(line.at), escape(&line.who), rich(&line.text));
    }
    out
}

fn cell(text: &str) -> String {
    escape(text)
}

fn rich(text: &Rich) -> String {
    text.0.iter().map(|s| if s.bold { format!("**{}**", escape(&s.text)) } else { escape(&s.text) }).collect()
}

fn item_line(out: &mut String, item: &ItemLine) {
    let indent = "  ".repeat(usize::from(item.depth));
    let tick = if item.state == Shown::Ticked { "x" } else { " " };
    let state = match item.state {
        Shown::Skipped => " **skipped**",
        Shown::Failed => " **failed**",
        Shown::Blocked => " **blocked**",
        Shown::Open | Shown::Ticked | Shown::Closed => "",
    };
    let who = match (&item.who, item.at) {
        (Some(who), Some(at)) => format!(" — {}, {}", escape(&who.name), moment(at)),
        _ => String::new(),
    };
    _ = writeln!(out, "{indent}- [{tick}] {} {}{state}{who}", item.number, escape(&item.text.to_plain()));
    for detail in &item.details {
        _ = writeln!(out, "{indent}  - {}", escape(&detail.to_plain()));
    }
}

fn json(page: &Page) -> serde_json::Value {
    let items: Vec<serde_json::Value> = page
        .sections
        .iter()
        .flat_map(|s| s.cards.iter().map(move |c| (s, c)))
        .flat_map(|(s, c)| c.blocks.iter().map(move |b| (s, b)))
        .filter_map(|(s, block)| match block {
            Block::Item { item } => Some(serde_json::json!({
                "number": item.number,
                "section": s.number,
                "text": item.text.to_plain(),
                "state": item.state,
                "optional": item.optional,
                "by": item.who.as_ref().map(|w| &w.name),
                "at": item.at.map(|t| t.utc().to_rfc3339()),
                "details": item.details.iter().map(Rich::to_plain).collect::<Vec<_>>(),
            })),
            _ => None,
        })
        .collect();
    let timeline: Vec<serde_json::Value> = page
        .timeline
        .iter()
        .map(|l| {
            serde_json::json!({
                "seq": l.seq,
                "at": l.at.utc().to_rfc3339(),
                "by": l.who,
                "via": l.via,
                "text": l.text.to_plain(),
            })
        })
        .collect();
    let pages: Vec<serde_json::Value> = page
        .pages
        .iter()
        .map(|p| {
            let line = |l: &TrailLine| serde_json::json!({ "at": l.at.utc().to_rfc3339(), "text": l.text });
            serde_json::json!({
                "number": p.number,
                "message": p.message,
                "state": p.state,
                "urgency": p.urgency,
                "policy": p.policy,
                "by": p.by,
                "at": p.at.utc().to_rfc3339(),
                "count": p.count,
                "acknowledged_by": p.has,
                "trail": p.trail.iter().map(line).collect::<Vec<_>>(),
            })
        })
        .collect();
    let s = &page.summary;
    serde_json::json!({
        "id": s.id,
        "version": s.version,
        "service": s.service,
        "environment": s.environment,
        "status": s.status,
        "rehearsal": s.rehearsal,
        "deployer": s.deployer,
        "checklist": { "name": s.checklist, "title": s.title, "hash": s.checklist_hash },
        "opened_at": s.opened_at.utc().to_rfc3339(),
        "started_at": s.started_at.map(|t| t.utc().to_rfc3339()),
        "ended_at": s.ended_at.map(|t| t.utc().to_rfc3339()),
        "fields": page.fields,
        "people": page.people,
        "items": items,
        "pages": pages,
        "timeline": timeline,
    })
}
