//! What kind of thing a line, a section or a blank is, so that it is recognised at a glance; and what each offers to
//! press besides.

use super::compose::{closed_words, name};
use super::{Block, Button, Fact, Style, Tag, TagKind};
use crate::domain::agenda;
use crate::domain::checklist::{Branch, Field, Item, Section};
use crate::domain::command::Mark;
use crate::domain::deployment::Deployment;
use crate::domain::event::Event;
use crate::domain::fields::{automatic, is_automatic};
use crate::domain::judge::{Verdict, judge};
use crate::domain::meaning::{SectionKind, Window};
use crate::domain::status::Status;
use crate::domain::text::{Rich, Span};
use crate::domain::time::{Timestamp, span};
use crate::domain::watch::Measure;

/// Lists on demand, or choices, offered beside something else: more would bury it.
const OFFERED: usize = 4;

/// Buttons for blanks below one section.
const BLANKS: usize = 8;

/// Characters of a tag.
const TAG: usize = 80;

/// Bytes of a button's words.
const COMMAND: usize = 100;

/// What kind of line an item is.
pub fn tags(d: &Deployment, i: usize, item: &Item) -> Vec<Tag> {
    let leaf = &d.plan.leaves[i];
    let mut tags = Vec::new();
    let mut tag = |kind, text: String| tags.push(Tag { kind, text: text.chars().take(TAG).collect() });
    if leaf.branch == Branch::Watch {
        // What the line says itself is not said again.
        let said = item.text.to_plain().to_lowercase();
        let parsed = item.threshold.as_ref().map(ToString::to_string).filter(|p| !said.contains(&p.to_lowercase()));
        let own = d.plan.own.iter().any(|own| own.leaf == i).then(|| "Rollcall watches this".to_owned());
        let mut words = parsed.into_iter().chain(own).peekable();
        if words.peek().is_none() {
            tag(TagKind::Criterion, "criterion".into());
        }
        words.for_each(|words| tag(TagKind::Criterion, words));
    }
    if let Some(role) = &item.role {
        tag(TagKind::SignOff, format!("sign-off: {role}"));
    }
    if !item.choices.is_empty() {
        tag(TagKind::Choice, "choose one".into());
    }
    if let Some(window) = &item.window {
        tag(TagKind::Due, due(d, window, leaf.branch));
    }
    if let Some(environment) = &item.environment {
        tag(TagKind::Environment, format!("{environment} only"));
    }
    if let Some(owner) = &item.owner {
        tag(TagKind::Owner, format!("for {owner}"));
    }
    tags
}

/// `within 2 hours after success, by 2026-11-21 15:42 UTC`.
fn due(d: &Deployment, window: &Window, branch: Branch) -> String {
    match agenda::span(d, window, branch) {
        Some((_, at)) => format!("{window}, by {}", at.utc().format("%Y-%m-%d %H:%M UTC")),
        None => window.to_string(),
    }
}

/// What kind of section it is, in a few words; empty for the plain way forward.
pub fn section_words(section: &Section) -> Vec<String> {
    let mut words = Vec::new();
    let by_branch = match section.branch {
        Branch::Forward | Branch::FollowUp if section.kind != SectionKind::Tasks => section.kind.label(),
        branch => super::compose::branch_word(branch),
    };
    // What is only for one environment says which.
    if !by_branch.is_empty() && section.kind != SectionKind::Environment {
        words.push(by_branch.to_owned());
    }
    words.extend(section.environment.as_ref().map(|e| format!("{e} only")));
    words
}

/// What stands above a section's items: what kind it is, why it is closed, when it is due.
pub fn section_head(d: &Deployment, section: &Section) -> Vec<Block> {
    let title = section.title.to_plain().to_lowercase();
    let mut words = section_words(section);
    words.retain(|w| !title.contains(w.as_str()));
    match &section.environment {
        Some(environment) if !d.applies(Some(environment)) => {
            words.push(format!("not walked: this goes to {}", d.environment));
        }
        _ => match (d.closed_in(section.number, section.branch), section.branch) {
            (Some(why), _) => words.push(closed_words(why).trim_end_matches('.').to_owned()),
            (None, Branch::Watch) => words.push("say so if one happens".into()),
            (None, Branch::OnDemand) => words.push("never required".into()),
            _ => {}
        },
    }
    if let Some(late) = d.opened.get(&section.number).filter(|o| o.late_ms > 0) {
        words.push(format!("came up {} late", span(late.late_ms)));
    }
    if let Some(first) = words.first_mut() {
        *first = capital(first);
    }
    let mut blocks = Vec::new();
    if !words.is_empty() {
        blocks.push(Block::Context { text: Rich::plain(format!("{}.", words.join(" · "))) });
    }
    if let Some(window) = &section.window {
        let (value, at) = (Rich::plain(window.to_string()), agenda::span(d, window, section.branch).map(|(_, to)| to));
        let value = if at.is_some() { Rich::plain(format!("{window}, by")) } else { value };
        blocks.push(Block::Facts { facts: vec![Fact { label: "Due".into(), value, at }] });
    }
    blocks
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// A section's blanks and what stands in them.
pub fn blanks(d: &Deployment, section: &Section) -> Option<Block> {
    let facts: Vec<Fact> = section.fields.iter().map(|f| blank(d, f)).collect();
    (!facts.is_empty()).then_some(Block::Facts { facts })
}

/// What fills itself stands on the board and on the page: here it would change without anything happening here.
fn blank(d: &Deployment, field: &Field) -> Fact {
    let itself = is_automatic(&field.label);
    let value = d.fields.get(&field.label).or(field.value.as_ref()).filter(|_| !itself);
    let mut rich = match &value {
        Some(value) => Rich::plain(value.to_string()),
        None if itself => Rich::plain("fills itself"),
        None => Rich::plain("____"),
    };
    let plain = |text: String| Span { text, ..Span::default() };
    if value.is_none() && !itself && !field.choices.is_empty() {
        rich.push(plain(format!(" {}", field.choices.join(" · "))));
    }
    if let Some(target) = &field.target {
        rich.push(plain(format!(" · target {target}")));
    }
    if let Some(verdict) = value.and_then(|v| judge(field, v)) {
        rich.push(Span { bold: verdict == Verdict::Missed, ..plain(format!(" {}", verdict.word())) });
    }
    Fact { label: field.label.clone(), value: rich, at: None }
}

/// What stands in a field: what it fills in itself, what somebody filled in, what the page says.
pub fn value(d: &Deployment, field: &Field, now: Timestamp) -> Option<String> {
    automatic(d, &field.label, now).or_else(|| d.fields.get(&field.label).cloned()).or_else(|| field.value.clone())
}

/// Buttons for a section's open blanks: a picker where there is something to choose from.
pub fn blank_buttons(d: &Deployment, section: &Section) -> Vec<Button> {
    if d.archived {
        return Vec::new();
    }
    let open = |f: &&Field| !is_automatic(&f.label) && f.value.is_none() && !d.fields.contains_key(&f.label);
    let buttons = section.fields.iter().filter(open).flat_map(|f| fill_buttons(d, f));
    buttons.take(BLANKS).collect()
}

/// What to press to fill a blank.
pub fn fill_buttons(d: &Deployment, field: &Field) -> Vec<Button> {
    // Quoting knows no way to write a quote.
    if field.label.contains('"') {
        return Vec::new();
    }
    let fill = |label: String, value: &str| {
        Button::new(label, format!("#{} fill \"{}\" {value}", d.id, field.label).trim_end())
    };
    let mut buttons: Vec<Button> = field.choices.iter().map(|c| fill(format!("{}: {c}", field.label), c)).collect();
    if buttons.is_empty() {
        let mut button = fill(format!("Fill {}", field.label), "");
        let target = field.target.as_ref().map(|t| format!(" (target {t})")).unwrap_or_default();
        button.ask = Some(format!("{}{target}", field.label));
        buttons.push(button);
    }
    buttons.retain(|b| b.command.len() <= COMMAND);
    buttons
}

/// What an item with choices can be ticked with.
pub fn choice_buttons(d: &Deployment, i: usize) -> Vec<Button> {
    let leaf = &d.plan.leaves[i];
    let taken = d.marked(i).filter(|m| m.mark == Mark::Tick).and_then(|m| m.note.as_deref());
    let other = leaf.choices.iter().filter(|c| taken != Some(c.as_str()));
    let button = |c: &String| styled(Button::new(c, format!("#{} tick {} {c}", d.id, leaf.number)), Style::Primary);
    other.map(button).filter(|b| b.command.len() <= COMMAND).collect()
}

/// A criterion's own button: it happened, so roll back.
pub fn happened_button(d: &Deployment, i: usize, label: &str) -> Option<Button> {
    if !matches!(d.status, Status::Active | Status::Held | Status::Succeeded | Status::Partial) {
        return None;
    }
    let leaf = &d.plan.leaves[i];
    let mut button = styled(Button::new(label, format!("#{} rollback {}", d.id, leaf.number)), Style::Danger);
    let text: String = leaf.text.chars().take(120).collect();
    button.confirm = Some(format!("{} {text}: roll back {}?", leaf.number, name(d)));
    Some(button)
}

/// Lists on demand, to be opened where something has gone wrong.
pub fn help_buttons(d: &Deployment) -> Vec<Button> {
    let titled = |number: u32| {
        let label: String = format!("Open {}", super::compose::section_name(d, number)).chars().take(75).collect();
        Button::new(label, format!("#{} show {number}", d.id))
    };
    d.on_demand().take(OFFERED).map(|s| titled(s.number)).collect()
}

/// What a post offers to press.
pub fn post_buttons(d: &Deployment, event: &Event) -> Vec<Button> {
    match event {
        Event::Breached { item, .. } => {
            d.plan.leaf(item).and_then(|i| happened_button(d, i, "Roll back")).into_iter().collect()
        }
        Event::Marked { mark: Mark::Fail, .. } => help_buttons(d),
        Event::Reminded { .. } => vec![
            Button::new("Next", format!("#{} next", d.id)),
            Button::new("Snooze 30 min", format!("#{} snooze 30m", d.id)),
        ],
        Event::HoldReminded { expired, .. } => {
            let mut buttons = vec![styled(Button::new("Resume", format!("#{} resume", d.id)), Style::Primary)];
            buttons.extend((!expired).then(|| Button::new("Snooze 2 h", format!("#{} snooze 2h", d.id))));
            buttons
        }
        _ => Vec::new(),
    }
}

/// How a criterion the deployment evaluates itself is breached: `nothing done since 10:15 UTC`.
pub fn breach_words(d: &Deployment, i: usize) -> Option<String> {
    let breach = d.breach(i)?;
    let clock = |at: Timestamp| at.utc().format("%H:%M UTC").to_string();
    let own = d.plan.own.iter().find(|own| own.leaf == i)?;
    Some(match own.measure {
        Measure::Silence => format!("nothing done since {}", clock(breach.at.plus_ms(-breach.measured_ms))),
        Measure::Duration => format!("over {} since {}", span(own.limit_ms), clock(breach.at)),
        Measure::Impact => format!("{} so far", span(breach.measured_ms)),
    })
}

/// The criteria that are breached or that somebody said happened, each as a line for the board.
pub fn met_lines(d: &Deployment) -> Vec<Rich> {
    let watched = d.watched().flat_map(|s| s.leaves.clone());
    let met = watched.filter(|&i| d.breach(i).is_some() || d.mark(i) == Some(Mark::Tick));
    met.map(|i| {
        let how = match (breach_words(d, i), d.marked(i)) {
            (_, Some(m)) if m.mark == Mark::Tick => format!(" — {} said so", d.person(m.by).name),
            (Some(words), _) => format!(" — {words}"),
            (None, _) => String::new(),
        };
        let bold = Span { text: "Rollback criterion: ".into(), bold: true, ..Span::default() };
        Rich(vec![bold, Span { text: format!("{}{how}", super::compose::line(d, i)), ..Span::default() }])
    })
    .collect()
}

/// How many criteria of some leaves happened, of how many.
pub fn met_of(d: &Deployment, leaves: impl Iterator<Item = usize>) -> String {
    let here: Vec<usize> = leaves.filter(|&i| d.applies_here(i)).collect();
    let met = here.iter().filter(|&&i| d.breach(i).is_some() || d.mark(i) == Some(Mark::Tick)).count();
    match (met, here.len()) {
        (0, n) => format!("none of {n} has happened"),
        (met, n) => format!("{met} of {n} happened"),
    }
}

fn styled(mut b: Button, style: Style) -> Button {
    b.style = style;
    b
}
