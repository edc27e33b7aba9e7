//! What the outside must do after an event: show a message, arm a timer.

use super::checklist::{Branch, Number};
use super::climb;
use super::command::{Mark, Person, Timer as Kind};
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
    Timer(Kind, Option<Timestamp>),
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
    /// Speak to those who can act: in the channel where it was started if `loud`, else in its thread, and to each by a
    /// direct message.
    Remind { occasion: Occasion, call: Vec<Person>, loud: bool },
    /// An announcement of the communication timeline, counted from 1.
    Announce(u32),
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
    /// The scheduled start moved.
    Rescheduled,
    /// A window closes soon; it has closed with something open.
    Closing,
    Closed,
    /// Something waits.
    Reminder,
    /// It is still held.
    Held,
    /// An announcement of the communication timeline.
    Announcement,
}

/// What follows from an event.
pub fn react(after: &Deployment, recorded: &Recorded, policy: &Policy) -> Vec<Effect> {
    use Effect::*;
    let at = recorded.at;
    match &recorded.event {
        Event::Opened { start_at, .. } => match start_at {
            Some(due) => {
                let mut effects = vec![Say(Occasion::Scheduled), ShowBoard, Timer(Kind::Start, Some(*due))];
                effects.extend(agenda(after));
                effects
            }
            None => vec![],
        },
        Event::Queued { .. } => vec![Say(Occasion::Queued), ShowBoard],
        Event::Started { .. } => {
            let mut effects = vec![Say(Occasion::Start), ShowBoard];
            effects.extend(after.watched().map(|s| ShowSection(s.number)));
            effects.push(Timer(Kind::Start, None));
            effects.push(Timer(Kind::Progress, next_post(policy, at)));
            effects.extend(watching(after));
            effects.extend(agenda(after));
            // A section that was to be done before the start may be open still.
            effects.extend(waiting_anew(after, policy));
            effects
        }
        Event::SectionOpened { section, .. } => {
            let mut effects = vec![ShowSection(*section), ShowBoard];
            effects.extend(waiting_anew(after, policy));
            effects
        }
        Event::Marked { item, mark, .. } => {
            let mut effects = part_of(after, item);
            effects.push(ShowBoard);
            let criterion = after.plan.leaf(item).is_some_and(|i| after.plan.leaves[i].branch == Branch::Watch);
            if *mark == Mark::Fail && !criterion {
                effects.push(Say(Occasion::Failure));
            }
            // Nothing waits on the timer where all was done.
            if *mark == Mark::Untick {
                effects.extend(agenda(after));
                effects.extend(waiting_anew(after, policy));
            } else if after.current_section() != Some(item.section()) {
                // The walk goes on in a section that may have come up long ago.
                effects.extend(waiting_anew(after, policy));
            }
            effects
        }
        Event::Assigned { item, .. } => {
            let mut effects = part_of(after, item);
            effects.push(ShowBoard);
            effects.extend(waiting_anew(after, policy));
            effects
        }
        Event::Evidence { item, .. } => {
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
        Event::Held { .. } => vec![Say(Occasion::Hold), ShowBoard, RefreshSections, reminding(after, policy)],
        Event::Resumed => {
            let mut effects = vec![Say(Occasion::Resume), ShowBoard, RefreshSections];
            effects.extend(watching(after));
            effects.extend(agenda(after));
            effects.push(reminding(after, policy));
            effects
        }
        Event::HandedOver { .. } => vec![Say(Occasion::Handover), ShowBoard],
        // What happens again and again without anything happening, the board says.
        Event::Progress { quiet: QUIET_ON_BOARD.., .. } => vec![ShowBoard],
        Event::Progress { .. } if *recorded.by.id == *Person::rollcall().id => vec![Say(Occasion::Progress), ShowBoard],
        Event::Progress { .. } => {
            let mut effects = vec![Say(Occasion::Progress), ShowBoard];
            let posts = after.status.is_under_way();
            effects.extend(posts.then(|| Timer(Kind::Progress, next_post(policy, at))));
            effects
        }
        Event::RollbackCalled { .. } => {
            let mut effects = vec![
                Say(Occasion::Rollback),
                ShowBoard,
                RefreshSections,
                Timer(Kind::Archive, None),
                Timer(Kind::Progress, next_post(policy, at)),
            ];
            effects.extend(watching(after));
            effects.extend(agenda(after));
            effects.push(reminding(after, policy));
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
            // While it was breached, that was reminder enough.
            effects.extend(waiting_anew(after, policy));
            effects
        }
        Event::Archived => vec![ShowBoard, RefreshSections],
        Event::Page { page, event } => paging(after, *page, event),
        // Said with the announcement of the start, or with that of the moment it is to start.
        Event::FreezeOverridden { .. } if after.start_at.is_some() => vec![Say(Occasion::Scheduled)],
        Event::FreezeOverridden { .. } => vec![],
        Event::Frozen { .. } => vec![Say(Occasion::Frozen), ShowBoard],
        Event::Rescheduled { start_at } => {
            let mut effects = vec![Say(Occasion::Rescheduled), ShowBoard, Timer(Kind::Start, Some(*start_at))];
            effects.extend(agenda(after));
            effects
        }
        Event::Announced { entry, .. } => vec![Announce(*entry), ShowBoard],
        Event::WindowClosing { call, .. } => {
            vec![Remind { occasion: Occasion::Closing, call: call.clone(), loud: false }]
        }
        Event::WindowClosed { open, .. } if open.is_empty() => vec![],
        Event::WindowClosed { call, .. } => {
            vec![Remind { occasion: Occasion::Closed, call: call.clone(), loud: true }, ShowBoard]
        }
        Event::Reminded { call, loud, .. } => {
            vec![Remind { occasion: Occasion::Reminder, call: call.clone(), loud: *loud }]
        }
        Event::HoldReminded { call, loud, .. } => {
            vec![Remind { occasion: Occasion::Held, call: call.clone(), loud: *loud }, ShowBoard]
        }
        Event::ClockSetBack { .. } => {
            let mut effects = vec![ShowBoard, RefreshSections];
            effects.extend(after.pages.iter().flat_map(|p| [ShowPage(p.number), RefreshCalls(p.number)]));
            let timers = super::set_back::timers(after, at, policy).into_iter();
            effects.extend(timers.map(|(timer, due)| Timer(timer, Some(due))));
            effects
        }
        Event::Snoozed { .. } | Event::Unsnoozed { .. } => match after.status.is_under_way() {
            true => vec![reminding(after, policy), ShowBoard],
            false => vec![ShowBoard],
        },
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
    effects.push(Effect::Timer(Kind::Page, climb::due(after)));
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
    (!after.plan.own.is_empty()).then(|| Effect::Timer(Kind::Watch, watch::due(after)))
}

/// Likewise, where something waits that did not before.
fn waiting_anew(after: &Deployment, policy: &Policy) -> Option<Effect> {
    let under_way = after.status.is_under_way();
    super::remind::due(after, policy).filter(|_| under_way).map(|due| Effect::Timer(Kind::Remind, Some(due)))
}

/// From which post in a row on, before which nothing happened, only the board says so.
pub const QUIET_ON_BOARD: u32 = 3;

/// Somebody has just read how it stands: the next post is not sooner than half of the schedule's interval from then, or
/// this many milliseconds.
const JUST_POSTED_MS: i64 = 15 * 60_000;

/// When progress is posted next, after something that says how it stands.
fn next_post(policy: &Policy, at: Timestamp) -> Option<Timestamp> {
    let first = policy.progress.next_after(at)?;
    let interval = policy.progress.next_after(first).map_or(0, |second| second.since_ms(first));
    let rest = (interval / 2).min(JUST_POSTED_MS);
    if first.since_ms(at) >= rest { Some(first) } else { policy.progress.next_after(at.plus_ms(rest)) }
}

/// The timer of windows and announcements, where there are any.
fn agenda(after: &Deployment) -> Option<Effect> {
    let any = !after.plan.windows.is_empty() || !after.plan.checklist.timeline.is_empty();
    any.then(|| Effect::Timer(Kind::Agenda, super::agenda::due(after, after.at)))
}

/// The timer of reminders. What people do does not arm it anew, as with [`watching`].
fn reminding(after: &Deployment, policy: &Policy) -> Effect {
    Effect::Timer(Kind::Remind, super::remind::due(after, policy))
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
        Effect::Timer(Kind::Start, None),
        Effect::Timer(Kind::Progress, None),
        Effect::Timer(Kind::Archive, Some(at.plus_ms(WALKABLE_MS))),
        Effect::ReleaseLock,
    ];
    // What never started has no thread to attach it to, and little to tell.
    effects.extend(after.started_at.map(|_| Effect::AttachRecord));
    effects.extend(watching(after));
    effects.extend(agenda(after));
    effects.push(Effect::Timer(Kind::Remind, None));
    effects
}
