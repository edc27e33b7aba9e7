//! Deployment → Card. The only place that decides what a message shows of a state.

use super::{Block, Button, Card, Fact, ItemLine, Shown, Style, Tone, kinds, page};
use crate::domain::agenda::{self, Ahead};
use crate::domain::checklist::{Branch, CodeBlock, Item, Number};
use crate::domain::command::{Mark, Person};
use crate::domain::deployment::{Closed, Deployment};
use crate::domain::freeze::called;
use crate::domain::react::Occasion;
use crate::domain::status::Status;
use crate::domain::text::{Rich, Span};
use crate::domain::time::{Timestamp, span};
use crate::markdown::substituted;

/// Items that `next` lists.
const NEXT_ITEMS: usize = 5;

/// Moments ahead that the board of a scheduled deployment names.
const MOST_AHEAD: usize = 6;

/// From how many posts in a row on, before which nothing happened, the board says so in their stead.
const QUIET: u32 = 3;

/// People the board names besides the deployer.
const MOST_PEOPLE: usize = 8;

pub(super) fn empty(d: &Deployment, title: Rich, tone: Tone) -> Card {
    Card { title, tone, rehearsal: d.rehearsal, broadcast: false, blocks: Vec::new(), buttons: Vec::new(), page: None }
}

fn bold(text: impl Into<String>) -> Span {
    Span { text: text.into(), bold: true, ..Span::default() }
}

fn plain(text: impl Into<String>) -> Span {
    Span { text: text.into(), ..Span::default() }
}

fn fact(label: &str, value: impl Into<String>) -> Fact {
    Fact { label: label.into(), value: Rich::plain(value), at: None }
}

fn people_fact(label: &str, value: Vec<Span>) -> Fact {
    let mut rich = Rich::default();
    value.into_iter().for_each(|span| rich.push(span));
    Fact { label: label.into(), value: rich, at: None }
}

/// With commas between.
fn joined(parts: impl Iterator<Item = Vec<Span>>) -> Vec<Span> {
    let mut out = Vec::new();
    for part in parts {
        out.extend((!out.is_empty()).then(|| plain(", ")));
        out.extend(part);
    }
    out
}

/// The tone a status is shown in.
pub fn tone(status: Status) -> Tone {
    match status {
        Status::Scheduled | Status::Queued | Status::Cancelled => Tone::Quiet,
        Status::Active => Tone::Active,
        Status::Held | Status::Partial => Tone::Warn,
        Status::RollingBack | Status::RolledBack => Tone::Bad,
        Status::Succeeded => Tone::Good,
    }
}

/// What people call a deployment: `shop v1.2.0 → production`.
pub fn name(d: &Deployment) -> String {
    format!("{} {} → {}", d.service, d.version, d.environment)
}

/// The one message that is edited in place.
pub fn board(d: &Deployment, now: Timestamp) -> Card {
    let mut card = empty(d, Rich::plain(name(d)), tone(d.status));
    let tally = d.tally();
    // A rollback of a page without rollback steps has nothing to measure.
    if tally.total > 0 {
        card.blocks.push(Block::Bar { done: tally.done, total: tally.total });
    }
    card.blocks.push(Block::Facts { facts: board_facts(d, now) });
    for (mark, word) in [(Mark::Fail, "Failed"), (Mark::Block, "Blocked")] {
        let lines: Vec<usize> = d.troubled(mark).collect();
        for &i in lines.iter().take(3) {
            card.blocks.push(Block::Text { text: trouble_line(d, i, word) });
        }
        if lines.len() > 3 {
            let more = format!("+{} more {}", lines.len() - 3, word.to_lowercase());
            card.blocks.push(Block::Context { text: Rich::plain(more) });
        }
    }
    card.blocks.extend(page::board_lines(d).into_iter().map(|text| Block::Text { text }));
    for (channel, why) in &d.undelivered {
        let text = Rich(vec![bold(format!("Not shown in {channel}: ")), plain(why.clone())]);
        card.blocks.push(Block::Text { text });
    }
    card.blocks.extend(kinds::met_lines(d).into_iter().take(3).map(|text| Block::Text { text }));
    let id = format!("#{} · {} · {}", d.id, d.plan.checklist.title, d.status.label());
    card.blocks.push(Block::Context { text: Rich::plain(id) });
    card.buttons = board_buttons(d);
    card
}

fn trouble_line(d: &Deployment, i: usize, word: &str) -> Rich {
    let leaf = &d.plan.leaves[i];
    let mut text = Rich(vec![bold(format!("{word}: ")), plain(format!("{} {}", leaf.number, leaf.text))]);
    if let Some(m) = d.marked(i) {
        let note = m.note.clone().unwrap_or_default();
        text.push(plain(format!(" — {note} (")));
        text.push(Span::person(d.person(m.by)));
        text.push(plain(")"));
    }
    text
}

fn board_facts(d: &Deployment, now: Timestamp) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut status = d.status.label().to_owned();
    if let (Some(reason), false) = (&d.reason, d.status == Status::Succeeded) {
        status = format!("{status}: {reason}");
    }
    facts.push(fact("Status", status));
    if let Some(section) = d.current_section() {
        facts.push(fact("Section", section_name(d, section)));
    }
    match d.status {
        Status::Scheduled => {
            facts.extend(d.start_at.map(|at| Fact { label: "Starts".into(), value: Rich::default(), at: Some(at) }));
            facts.extend(ahead_facts(d));
        }
        Status::Queued => facts.extend(d.behind.map(|b| fact("Waits for", format!("#{b}")))),
        _ => {}
    }
    if let Some(wait) = &d.frozen {
        let reason = if wait.reason.is_empty() { String::new() } else { format!(": {}", wait.reason) };
        let until = if wait.until.is_some() { ", until" } else { "" };
        let value = Rich::plain(format!("{}{reason}{until}", called(&wait.freeze)));
        facts.push(Fact { label: "Frozen by".into(), value, at: wait.until });
    }
    if let Some(at) = d.started_at {
        facts.push(Fact { label: "Started".into(), value: Rich::default(), at: Some(at) });
        let label = if d.status.is_over() { "Took" } else { "Elapsed" };
        facts.push(fact(label, span(d.elapsed_ms(now))));
    }
    if let (Some(ms), false) = (d.expected_ms, d.status.is_over()) {
        facts.push(fact("Usually takes", span(ms)));
    }
    if d.quiet >= QUIET {
        facts.push(Fact { label: "Quiet".into(), value: "nothing has happened since".into(), at: Some(d.active_at) });
    }
    facts.push(people_fact("Deployer", vec![Span::person(d.deployer())]));
    let others = || d.people.iter().filter(|p| p.person.id != d.deployer().id && &*p.person.id != "rollcall");
    let mut with = joined(others().take(MOST_PEOPLE).map(|p| vec![Span::person(&p.person)]));
    if !with.is_empty() {
        let more = others().count().saturating_sub(MOST_PEOPLE);
        with.extend((more > 0).then(|| plain(format!(" and {more} more"))));
        facts.push(people_fact("With", with));
    }
    if let Some(i) = d.next_up().next() {
        facts.push(fact("Next", line(d, i)));
    }
    let waiting = joined(
        d.assigned()
            .filter(|(i, _)| can_change(d, *i))
            .take(3)
            .map(|(i, to)| vec![Span::person(to), plain(format!(" ({})", d.plan.leaves[i].number))]),
    );
    if !waiting.is_empty() && !d.status.is_over() {
        facts.push(people_fact("Waiting on", waiting));
    }
    facts
}

/// What lies ahead of a scheduled start, and after it as far as that is known.
fn ahead_facts(d: &Deployment) -> Vec<Fact> {
    let ahead = agenda::ahead(d);
    let fact = |(at, what): &(Timestamp, Ahead<'_>)| {
        let (label, value) = match what {
            Ahead::Announcement(a) => ("Announced", a.when.to_string()),
            Ahead::Section(section) => ("Comes up", section_name(d, *section)),
        };
        Fact { label: label.into(), value: Rich::plain(format!("{value},")), at: Some(*at) }
    };
    let mut facts: Vec<Fact> = ahead.iter().take(MOST_AHEAD).map(fact).collect();
    if ahead.len() > MOST_AHEAD {
        let more = format!("{} more", ahead.len() - MOST_AHEAD);
        facts.push(Fact { label: "And".into(), value: Rich::plain(more), at: None });
    }
    // What counts from the start or the outcome has no moment yet.
    let later: Vec<String> = agenda::later(d).map(|a| a.when.to_string()).collect();
    if !later.is_empty() {
        facts.push(Fact { label: "Announced".into(), value: Rich::plain(later.join("; ")), at: None });
    }
    facts
}

/// `3.2 Smoke tests passed`.
pub fn line(d: &Deployment, leaf: usize) -> String {
    let leaf = &d.plan.leaves[leaf];
    format!("{} {}", leaf.number, leaf.text)
}

/// `3. Build and Release`, or the title alone where the section has none.
pub fn section_name(d: &Deployment, section: u32) -> String {
    match d.plan.checklist.section(section) {
        Some(s) => format!("{}. {}", section, s.title.to_plain()),
        None => section.to_string(),
    }
}

fn say(d: &Deployment, words: impl std::fmt::Display) -> String {
    format!("#{} {words}", d.id)
}

fn button(d: &Deployment, label: &str, words: impl std::fmt::Display) -> Button {
    Button { label: label.into(), command: say(d, words), style: Style::Plain, ask: None, confirm: None }
}

fn asking(mut b: Button, question: &str) -> Button {
    b.ask = Some(question.into());
    b
}

fn styled(mut b: Button, style: Style) -> Button {
    b.style = style;
    b
}

fn board_buttons(d: &Deployment) -> Vec<Button> {
    let next = button(d, "Next", "next");
    let page = || asking(button(d, "Page", "page"), "What is the matter? Begin with a name to call somebody first.");
    let roll_back = || styled(asking(button(d, "Roll back", "rollback"), "Why roll back?"), Style::Danger);
    match d.status {
        Status::Active => {
            let mut buttons = vec![next];
            if d.required_open().is_empty() {
                let mut finish = styled(button(d, "Finish", "finish"), Style::Primary);
                finish.confirm = Some(format!("Finish {} as a success?", name(d)));
                buttons.push(finish);
            }
            buttons.push(asking(button(d, "Hold", "hold"), "Why hold?"));
            buttons.push(page());
            buttons.push(roll_back());
            buttons
        }
        Status::Held => vec![styled(button(d, "Resume", "resume"), Style::Primary), page(), roll_back()],
        Status::RollingBack => {
            let mut done = styled(button(d, "Rolled back", "rolled-back"), Style::Primary);
            done.confirm = Some(format!("Is {} back on the version before {}?", d.service, d.version));
            vec![next, page(), done]
        }
        Status::Scheduled | Status::Queued => {
            vec![styled(asking(button(d, "Cancel", "cancel"), "Why cancel?"), Style::Danger)]
        }
        _ if d.next_up().next().is_some() => vec![next],
        _ => Vec::new(),
    }
}

/// One message of a section: at most ten items.
pub fn section_part(d: &Deployment, section: u32, part: u32) -> Card {
    let mut card = empty(d, Rich::plain(section_name(d, section)), Tone::Quiet);
    let Some(s) = d.plan.checklist.section(section) else { return card };
    let stretch = d.plan.stretch(section);
    let parts = stretch.map_or(1, |s| s.parts);
    if let Some(stretch) = stretch {
        // What this message shows, and no more: a tick then changes no other message.
        let tally = d.tally_of(d.plan.part(section, part));
        let of = if parts > 1 { format!(" ({part} of {parts})") } else { String::new() };
        let done = match stretch.branch {
            Branch::Watch => kinds::met_of(d, d.plan.part(section, part)),
            _ => format!("{} of {} done", tally.done, tally.total),
        };
        // Of what is for another environment, nothing is done here.
        if tally.total > 0 {
            card.title = Rich::plain(format!("{}{of} — {done}", section_name(d, section)));
        }
        card.tone = match (d.closed_in(section, stretch.branch), stretch.branch) {
            (Some(_), _) => Tone::Quiet,
            _ if tally.total == 0 => Tone::Quiet,
            (None, Branch::Watch) if d.plan.part(section, part).any(|i| d.breach(i).is_some()) => Tone::Bad,
            (None, Branch::Watch) => Tone::Plain,
            (None, _) if tally.done == tally.total => Tone::Good,
            _ => Tone::Plain,
        };
    }
    if part == 1 {
        card.blocks.extend(kinds::section_head(d, s));
        card.blocks.extend(s.notes.iter().map(|n| Block::Context { text: n.clone() }));
        card.blocks.extend(commands(d, &s.commands).into_iter().map(|code| Block::Code { code }));
    }
    let range = d.plan.part(section, part);
    for item in &s.items {
        add_item(d, item, 0, &range, &mut card.blocks);
    }
    if part == parts {
        card.blocks.extend(kinds::blanks(d, s));
        card.buttons = kinds::blank_buttons(d, s);
    }
    card
}

/// Why a section's items cannot be changed, as its message says it.
pub fn closed_words(why: Closed) -> &'static str {
    match why {
        Closed::NotStarted => "Opens when the deployment starts.",
        Closed::UntilRollback => "Opens when a rollback is called.",
        Closed::UntilSuccess => "Opens after success.",
        Closed::UntilRolledBack => "Opens when the rollback is through.",
        Closed::ByRollback => "Closed by the rollback.",
        Closed::Over => "Closed: the deployment is over.",
        Closed::Archived => "Closed: the deployment is archived.",
    }
}

fn add_item(d: &Deployment, item: &Item, depth: u8, range: &std::ops::Range<usize>, out: &mut Vec<Block>) {
    let Some(span) = d.plan.span(&item.number) else { return };
    if span.start >= range.end || span.end <= range.start {
        return;
    }
    if item.children.is_empty() {
        out.push(Block::Item { item: Box::new(item_line(d, span.start, item, depth)) });
        return;
    }
    let tally = d.tally_of(span);
    out.push(Block::Group {
        number: item.number.clone(),
        text: item.text.clone(),
        done: tally.done,
        total: tally.total,
    });
    out.extend(item.notes.iter().map(|n| Block::Context { text: n.clone() }));
    out.extend(commands(d, &item.commands).into_iter().map(|code| Block::Code { code }));
    for child in &item.children {
        add_item(d, child, depth.saturating_add(1), range, out);
    }
}

/// An item's branch is open and applies here.
pub fn can_change(d: &Deployment, leaf: usize) -> bool {
    d.applies_here(leaf) && d.closed_leaf(leaf).is_none()
}

/// How an item is shown.
pub fn shown(d: &Deployment, leaf: usize) -> Shown {
    match d.mark(leaf) {
        Some(Mark::Tick) => Shown::Ticked,
        Some(Mark::Skip) => Shown::Skipped,
        Some(Mark::Fail) => Shown::Failed,
        Some(Mark::Block) => Shown::Blocked,
        _ if can_change(d, leaf) => Shown::Open,
        _ => Shown::Closed,
    }
}

fn item_line(d: &Deployment, i: usize, item: &Item, depth: u8) -> ItemLine {
    let leaf = &d.plan.leaves[i];
    let marked = d.marked(i);
    let mut details = Vec::new();
    details.extend(kinds::breach_words(d, i).map(|words| Rich(vec![bold("Breached: "), plain(words)])));
    if let Some(note) = marked.and_then(|m| m.note.as_deref()) {
        details.push(Rich::plain(note));
    }
    if let Some(extra) = d.extra(i) {
        if let Some(to) = extra.assignee.as_ref().filter(|_| !d.is_settled(i)) {
            details.push(Rich(vec![plain("For "), Span { bold: true, ..Span::person(to) }]));
        }
        details.extend(extra.evidence.iter().map(|e| evidence(e)));
    }
    details.extend(item.notes.iter().cloned());
    ItemLine {
        number: leaf.number.clone(),
        keycap: leaf.keycap,
        text: item.words(),
        state: shown(d, i),
        optional: leaf.optional,
        tags: kinds::tags(d, i, item),
        depth,
        who: marked.map(|m| d.person(m.by).clone()),
        at: marked.map(|m| m.at),
        details,
        commands: commands(d, &item.commands),
        buttons: item_buttons(d, i),
    }
}

/// Commands as the page has them, each followed by itself with this deployment's values where it has places for them:
/// offered and marked, never put in its stead.
fn commands(d: &Deployment, page: &[CodeBlock]) -> Vec<CodeBlock> {
    let known = [("version", &*d.version), ("environment", &*d.environment), ("service", &*d.service)];
    let mut out = Vec::with_capacity(page.len());
    for code in page {
        out.push(code.clone());
        if let Some(filled) = substituted(&code.code, &known) {
            let text = format!("# with {}:\n{filled}", d.version);
            out.push(CodeBlock { language: code.language.clone(), code: text });
        }
    }
    out
}

fn evidence(text: &str) -> Rich {
    let link = (text.starts_with("https://") || text.starts_with("http://")) && !text.contains(char::is_whitespace);
    Rich(vec![plain("Evidence: "), Span { text: text.into(), link: link.then(|| text.to_owned()), ..Span::default() }])
}

fn item_buttons(d: &Deployment, i: usize) -> Vec<Button> {
    let leaf = &d.plan.leaves[i];
    if !can_change(d, i) {
        return Vec::new();
    }
    let n = &leaf.number;
    let say = |label: &str, word: &str| button(d, label, format!("{word} {n}"));
    let evidence = || asking(say("Add evidence", "evidence"), &format!("Evidence for {n}: a link or text"));
    // What happened cannot be skipped, fail or be assigned.
    if leaf.branch == Branch::Watch {
        let noted = d.mark(i) == Some(Mark::Tick);
        let main = if noted { say("Take back", "untick") } else { say("Note that it happened", "tick") };
        let happened = kinds::happened_button(d, i, if noted { "Roll back" } else { "This happened" });
        return [Some(main), happened, Some(evidence())].into_iter().flatten().collect();
    }
    match d.mark(i) {
        Some(Mark::Tick) => {
            let mut buttons = vec![say("Untick", "untick")];
            buttons.extend(kinds::choice_buttons(d, i));
            buttons.push(asking(say("Fail", "fail"), &format!("What failed at {n}?")));
            buttons.push(evidence());
            buttons
        }
        Some(Mark::Skip) => vec![say("Tick", "tick"), say("Take back", "untick")],
        mark => {
            let signs = d.plan.checklist.item(n).is_some_and(|item| item.role.is_some());
            let tick = say(if signs { "Sign off" } else { "Tick" }, "tick");
            let mut buttons = vec![styled(tick, Style::Primary)];
            buttons.extend(kinds::choice_buttons(d, i));
            if mark.is_some() {
                buttons.push(say("Take back", "untick"));
            }
            buttons.push(if leaf.optional {
                say("Skip", "skip")
            } else {
                asking(say("Skip", "skip"), &format!("Why skip {n}?"))
            });
            buttons.push(asking(say("Fail", "fail"), &format!("What failed at {n}?")));
            if mark != Some(Mark::Block) {
                buttons.push(asking(say("Block", "block"), &format!("What blocks {n}?")));
            }
            buttons.push(asking(say("Assign", "assign"), &format!("Who should do {n}?")));
            buttons.push(evidence());
            if mark == Some(Mark::Fail) {
                buttons.extend(kinds::help_buttons(d));
            }
            buttons
        }
    }
}

/// The button that offers these words about a deployment now: what it asks for, or asks first.
pub fn offered(d: &Deployment, words: &str) -> Option<Button> {
    // Nearly always the words name their item: its buttons alone are composed.
    let named = words.split(' ').filter_map(|word| d.plan.leaf(&word.parse().ok()?));
    let of = |i: usize| item_buttons(d, i).into_iter();
    let says = |b: &Button| b.command == words;
    named
        .flat_map(of)
        .find(says)
        .or_else(|| board_buttons(d).into_iter().find(says))
        .or_else(|| (0..d.plan.leaves.len()).flat_map(of).find(says))
}

/// A post: the text of an occasion, one block a line. `lines` are Markdown already read.
pub fn post(d: &Deployment, occasion: Occasion, lines: Vec<Rich>) -> Card {
    let tone = match occasion {
        Occasion::Start | Occasion::Resume => Tone::Active,
        Occasion::Success => Tone::Good,
        Occasion::Hold | Occasion::Partial | Occasion::Frozen | Occasion::Closed => Tone::Warn,
        Occasion::Failure | Occasion::Rollback | Occasion::RolledBack | Occasion::Breach => Tone::Bad,
        Occasion::Closing | Occasion::Reminder | Occasion::Held => Tone::Quiet,
        Occasion::Scheduled
        | Occasion::Queued
        | Occasion::Progress
        | Occasion::Handover
        | Occasion::Cancelled
        | Occasion::Rescheduled
        | Occasion::Announcement => Tone::Plain,
    };
    let mut lines = lines.into_iter();
    let mut card = empty(d, lines.next().unwrap_or_default(), tone);
    card.blocks = lines.map(|text| Block::Text { text }).collect();
    card.broadcast = matches!(
        occasion,
        Occasion::Rollback | Occasion::RolledBack | Occasion::Success | Occasion::Partial | Occasion::Cancelled
    );
    card
}

/// A line that calls people.
pub fn calling(people: &[Person]) -> Block {
    let one = |p: &Person| vec![Span { call: true, ..Span::person(p) }];
    let mut text = Rich::default();
    joined(people.iter().map(one)).into_iter().for_each(|span| text.push(span));
    Block::Text { text }
}

/// A post of one line.
pub fn notice(d: &Deployment, title: String) -> Card {
    empty(d, Rich::plain(title), Tone::Plain)
}

/// What goes with the record where it is attached.
pub fn record(d: &Deployment) -> Card {
    empty(d, Rich::plain(format!("Record of #{} {}", d.id, name(d))), Tone::Quiet)
}

/// What to do now: a few items, ready to tick.
pub fn next(d: &Deployment) -> Card {
    let title = match d.current_section() {
        Some(section) => format!("Next in {}", section_name(d, section)),
        None => "Nothing is left to do here".into(),
    };
    let mut card = empty(d, Rich::plain(title), Tone::Plain);
    let up: Vec<usize> = d.next_up().collect();
    for &i in up.iter().take(NEXT_ITEMS) {
        card.blocks.extend(leaf_block(d, i));
    }
    if up.len() > NEXT_ITEMS {
        let more = format!("+{} more after these", up.len() - NEXT_ITEMS);
        card.blocks.push(Block::Context { text: Rich::plain(more) });
    }
    if up.is_empty() {
        let text = match d.status {
            Status::Active if d.required_open().is_empty() => "Everything required is settled: finish.",
            Status::Active => "Only failed or blocked items are left; see the board.",
            Status::RollingBack => "When the earlier version runs again, say rolled-back.",
            Status::Held => "On hold: resume first.",
            Status::Scheduled | Status::Queued => "It has not started yet.",
            _ => "The deployment is over.",
        };
        card.blocks.push(Block::Text { text: Rich::plain(text) });
        card.buttons = board_buttons(d).into_iter().filter(|b| b.label != "Next").collect();
    }
    card
}

pub(super) fn leaf_block(d: &Deployment, i: usize) -> Option<Block> {
    let item = d.plan.checklist.item(&d.plan.leaves[i].number)?;
    Some(Block::Item { item: Box::new(item_line(d, i, item, 0)) })
}

/// One item in full, a parent with all below it, or a section.
pub fn show(d: &Deployment, number: &Number) -> Card {
    let mut card = empty(d, Rich::plain(format!("{number} in {}", name(d))), Tone::Plain);
    let Some(item) = d.plan.checklist.item(number) else {
        return section_part(d, number.section(), 1);
    };
    let all = 0..d.plan.leaves.len();
    add_item(d, item, 0, &all, &mut card.blocks);
    if let Some(s) = d.plan.checklist.section(number.section()) {
        let where_ = format!("{} · line {} of {}", section_name(d, s.number), item.line, d.plan.checklist.name);
        card.blocks.push(Block::Context { text: Rich::plain(where_) });
    }
    card
}

/// The board with what is next, for the one who asked.
pub fn status(d: &Deployment, now: Timestamp) -> Card {
    board(d, now)
}

/// The word for a branch on the page; empty for the forward walk.
pub fn branch_word(branch: Branch) -> &'static str {
    match branch {
        Branch::Forward => "",
        Branch::Watch => "rollback criteria",
        Branch::Rollback => "rollback",
        Branch::AfterSuccess => "after success",
        Branch::AfterRollback => "after a rollback",
        Branch::FollowUp => "follow-up",
        Branch::OnDemand => "on demand",
    }
}
