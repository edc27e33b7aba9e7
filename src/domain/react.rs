//! What the outside must do after an event: show a message, arm a timer.

use super::checklist::{Branch, Number};
use super::climb;
use super::command::{Mark, Timer};
use super::decide::WALKABLE_MS;
use super::deployment::Deployment;
use super::event::{Event, Recorded};
use super::paging::{PageEvent, Sent};
use super::policy::Policy;
use super::time::Timestamp;
use super::watch;
use std::collections::BTreeSet;

/// Something to do outside the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Post the text of that occasion in the channel, once.
    Say(Occasion),
    /// The board, posted the first time and edited from then on.
    ShowBoard,
    /// All messages of a section, posted the first time.
    ShowSection(u32),
    /// One message of a section, edited if it has been posted.
    RefreshPart(u32, u32),
    /// Every section message that has been posted: what can be done in them has changed.
    RefreshSections,
    /// All there is, in a channel that follows from now on.
    ShowAllIn(String),
    /// The record as a file, where files can be attached.
    AttachRecord,
    /// Arm a timer, or take it away.
    Timer(Timer, Option<Timestamp>),
    /// The lock is free: the next in the queue may start.
    ReleaseLock,
    /// A page's card, posted the first time and edited from then on.
    ShowPage(u32),
    /// One message of a page, to where it is addressed.
    CallPage(u32, u32),
    /// Every message of a page that has gone out or is about to: its state is another.
    RefreshCalls(u32),
    /// Say in the channel that nobody answers a page.
    TellUnanswered(u32),
}

/// What a text is about. Each has its template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Occasion {
    Scheduled,
    Queued,
    Start,
    Progress,
    Failure,
    Hold,
    Resume,
    Handover,
    Rollback,
    RolledBack,
    Success,
    Partial,
    Cancelled,
    /// A rollback criterion the deployment evaluates itself is breached.
    Breach,
    /// Its turn has come, but a freeze holds.
    Frozen,
}

/// What follows from an event.
pub fn react(after: &Deployment, recorded: &Recorded, policy: &Policy) -> Vec<Effect> {
    use Effect::*;
    let at = recorded.at;
    match &recorded.event {
        Event::Opened { start_at, .. } => match start_at {
            Some(due) => vec![Say(Occasion::Scheduled), ShowBoard, Timer(super::command::Timer::Start, Some(*due))],
            None => vec![],
        },
        Event::Queued { .. } => vec![Say(Occasion::Queued), ShowBoard],
        Event::Started { .. } => {
            let mut effects = vec![Say(Occasion::Start), ShowBoard];
            effects.extend(after.watched().map(|s| ShowSection(s.number)));
            effects.push(Timer(super::command::Timer::Start, None));
            effects.push(Timer(super::command::Timer::Progress, policy.progress.next_after(at)));
            effects.extend(watching(after));
            effects
        }
        Event::SectionOpened { section } => vec![ShowSection(*section), ShowBoard],
        Event::Marked { item, mark, .. } => {
            let mut effects = part_of(after, item);
            effects.push(ShowBoard);
            let criterion = after.plan.leaf(item).is_some_and(|i| after.plan.leaves[i].branch == Branch::Watch);
            if *mark == Mark::Fail && !criterion {
                effects.push(Say(Occasion::Failure));
            }
            effects
        }
        Event::Assigned { item, .. } | Event::Evidence { item, .. } => {
            let mut effects = part_of(after, item);
            effects.push(ShowBoard);
            effects
        }
        Event::Noted { .. } => vec![ShowBoard],
        Event::Filled { field, .. } => {
            let mut effects = parts_with(after, field);
            effects.push(ShowBoard);
            effects
        }
        Event::Held { .. } => vec![Say(Occasion::Hold), ShowBoard, RefreshSections],
        Event::Resumed => {
            let mut effects = vec![Say(Occasion::Resume), ShowBoard, RefreshSections];
            effects.extend(watching(after));
            effects
        }
        Event::HandedOver { .. } => vec![Say(Occasion::Handover), ShowBoard],
        Event::Progress { .. } => vec![Say(Occasion::Progress), ShowBoard],
        Event::RollbackCalled { .. } => {
            let mut effects = vec![
                Say(Occasion::Rollback),
                ShowBoard,
                RefreshSections,
                Timer(super::command::Timer::Archive, None),
                Timer(super::command::Timer::Progress, policy.progress.next_after(at)),
            ];
            effects.extend(watching(after));
            effects
        }
        Event::RolledBack => ended(after, Occasion::RolledBack, at),
        Event::Succeeded { .. } => ended(after, Occasion::Success, at),
        Event::Partial { .. } => ended(after, Occasion::Partial, at),
        Event::Cancelled { .. } => ended(after, Occasion::Cancelled, at),
        Event::Followed { channel } => vec![ShowAllIn(channel.clone()), ShowBoard],
        Event::Unfollowed { .. } | Event::Undelivered { .. } | Event::Redelivered { .. } => vec![ShowBoard],
        Event::Breached { item, .. } => {
            let mut effects = part_of(after, item);
            effects.extend([ShowBoard, Say(Occasion::Breach)]);
            effects
        }
        Event::Cleared { item } => {
            let mut effects = part_of(after, item);
            effects.push(ShowBoard);
            effects.extend(watching(after));
            effects
        }
        Event::Archived => vec![ShowBoard, RefreshSections],
        Event::Page { page, event } => paging(after, *page, event),
        // Said with the announcement of the start, or with that of the moment it is to start.
        Event::FreezeOverridden { .. } if after.start_at.is_some() => vec![Say(Occasion::Scheduled)],
        Event::FreezeOverridden { .. } => vec![],
        Event::Frozen { .. } => vec![Say(Occasion::Frozen), ShowBoard],
    }
}

/// What a page's event asks of the outside.
fn paging(after: &Deployment, number: u32, event: &PageEvent) -> Vec<Effect> {
    use Effect::{CallPage, RefreshCalls, ShowBoard, ShowPage, TellUnanswered};
    let Some(page) = after.pages.iter().find(|p| p.number == number) else { return Vec::new() };
    let goes = |n: u32| page.message(n).filter(|m| m.state == Sent::Waiting).map(|_| CallPage(number, n));
    let mut effects = vec![ShowPage(number)];
    match event {
        PageEvent::Opened { .. } | PageEvent::Again { .. } => effects.push(ShowBoard),
        PageEvent::Called { calls, .. } => {
            let next = page.next_message();
            let first = next.saturating_sub(u32::try_from(calls.len()).unwrap_or(0));
            effects.extend((first..next).filter_map(goes));
        }
        PageEvent::Released { n, with, .. } => {
            effects.extend(goes(*n));
            effects.extend(with.iter().map(|(page, _)| ShowPage(*page)));
        }
        PageEvent::Missed { n, .. } => effects.extend(page.after(*n).and_then(goes)),
        PageEvent::Delivered { .. } | PageEvent::Postponed { .. } => {}
        PageEvent::Unanswered { .. } => {
            effects.push(ShowBoard);
            effects.extend((!after.rehearsal).then_some(TellUnanswered(number)));
        }
        PageEvent::Acknowledged | PageEvent::Lapsed { .. } | PageEvent::Escalated | PageEvent::Resolved => {
            effects.extend([RefreshCalls(number), ShowBoard]);
        }
    }
    effects.push(Effect::Timer(Timer::Page, climb::due(after)));
    effects
}

/// The message of an item, and the others its parents reach into: they show how far those are.
fn part_of(d: &Deployment, item: &Number) -> Vec<Effect> {
    let Some(leaf) = d.plan.leaf(item) else { return Vec::new() };
    let parts = item.parts();
    let topmost = Number::new(parts.iter().take(2).copied().collect());
    let span = d.plan.span(&topmost).unwrap_or(leaf..leaf + 1);
    let messages: BTreeSet<(u32, u32)> = span.map(|i| (d.plan.leaves[i].section, d.plan.leaves[i].part)).collect();
    messages.into_iter().map(|(section, part)| Effect::RefreshPart(section, part)).collect()
}

/// The timer of the criteria it evaluates itself, where there are any. A person's doing does not arm it anew: it
/// finds out when it falls due, and waits on.
fn watching(after: &Deployment) -> Option<Effect> {
    (!after.plan.own.is_empty()).then(|| Effect::Timer(Timer::Watch, watch::due(after)))
}

/// The messages a blank stands in: the last of its section's.
fn parts_with(d: &Deployment, field: &str) -> Vec<Effect> {
    let has = |number: u32| d.plan.checklist.section(number).is_some_and(|s| s.fields.iter().any(|f| f.label == field));
    let sections = d.plan.sections.iter().filter(|s| has(s.number));
    sections.map(|s| Effect::RefreshPart(s.number, s.parts)).collect()
}

fn ended(after: &Deployment, occasion: Occasion, at: Timestamp) -> Vec<Effect> {
    let mut effects = vec![
        Effect::Say(occasion),
        Effect::ShowBoard,
        Effect::RefreshSections,
        Effect::Timer(Timer::Start, None),
        Effect::Timer(Timer::Progress, None),
        Effect::Timer(Timer::Archive, Some(at.plus_ms(WALKABLE_MS))),
        Effect::ReleaseLock,
    ];
    // What never started has no thread to attach it to, and little to tell.
    effects.extend(after.started_at.map(|_| Effect::AttachRecord));
    effects.extend(watching(after));
    effects
}
