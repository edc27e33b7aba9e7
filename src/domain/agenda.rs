//! The agenda of a deployment: windows that open and close, and the announcements around it. One timer, whose moment is
//! the first of all that is waited for.
//!
//! A follow-up section comes up when its window opens. Before a window closes, what is open in it is reminded of; when
//! it has closed, what stayed open is said. Each happens once; what fell due while nobody looked happens late, in order.

use super::announce::{self, Announcement, Occurrence};
use super::checklist::{Branch, Number};
use super::command::Person;
use super::decide::{WALKABLE_MS, late};
use super::deployment::Deployment;
use super::event::Event;
use super::meaning::{Anchor, Window};
use super::plan::Windowed;
use super::policy::Policy;
use super::status::Status;
use super::time::Timestamp;
use std::collections::BTreeMap;

/// A reminder comes a quarter of the window before its end, within these bounds, in milliseconds.
const SHORTEST_NOTICE_MS: i64 = 5 * 60_000;
const LONGEST_NOTICE_MS: i64 = 86_400_000;

/// Items an event names; how many there are it says besides.
pub const MOST_NAMED: usize = 50;

/// People one message calls.
pub const MOST_CALLED: usize = 8;

/// From when to when a window is, once what it counts from is known. After the outcome it ends with the walk at the latest.
pub fn span(d: &Deployment, window: &Window, branch: Branch) -> Option<(Timestamp, Timestamp)> {
    let ended = d.ended_at.filter(|_| match branch {
        Branch::AfterRollback => d.status == Status::RolledBack,
        _ => matches!(d.status, Status::Succeeded | Status::Partial),
    });
    let anchor = match window.relative_to {
        Anchor::Scheduled => d.start_at.or(d.started_at),
        Anchor::Start => d.started_at,
        Anchor::Cutover | Anchor::Success => ended,
    }?;
    let last = ended.map_or(Timestamp(i64::MAX), |e| e.plus_ms(WALKABLE_MS - 1));
    Some((anchor.plus_ms(window.from_ms).min(last), anchor.plus_ms(window.to_ms).min(last)))
}

/// When the next thing on the agenda is, as things stand at a moment.
pub fn due(d: &Deployment, at: Timestamp) -> Option<Timestamp> {
    entries(d, at).into_iter().map(|(due, _)| due).min()
}

/// Something on the agenda.
enum Entry<'a> {
    Opens(u32),
    Announcement(u32),
    /// A window is reminded of before its end.
    Closes(Closing<'a>),
    Closed(Closing<'a>),
}

/// Everything on the agenda, with when: what is waited for and what falls due are told from this one list.
fn entries(d: &Deployment, at: Timestamp) -> Vec<(Timestamp, Entry<'_>)> {
    if d.archived {
        return Vec::new();
    }
    let mut all: Vec<_> = opening(d).map(|(section, from)| (from, Entry::Opens(section))).collect();
    all.extend(announce::waited_for(d).map(|(n, _, at)| (at, Entry::Announcement(n))));
    for closing in closing(d) {
        // Nobody is reminded of an end that has passed.
        let notice = closing.notice.filter(|_| closing.to > at);
        match notice {
            Some(notice) => all.push((notice, Entry::Closes(closing))),
            None if closing.closes => all.push((closing.to, Entry::Closed(closing))),
            None => {}
        }
    }
    all
}

/// What has come, in the order in which it was due.
pub fn fallen_due(d: &Deployment, at: Timestamp, policy: &Policy) -> Vec<Event> {
    let mut due: Vec<(Timestamp, Event)> = Vec::new();
    // What ends at one moment is said in one message.
    let mut closed: BTreeMap<Timestamp, Vec<Closing>> = BTreeMap::new();
    let mut closes: BTreeMap<Timestamp, Vec<Closing>> = BTreeMap::new();
    for (moment, entry) in entries(d, at).into_iter().filter(|(due, _)| *due <= at) {
        let late_ms = late(at, moment);
        match entry {
            Entry::Opens(section) => due.push((moment, Event::SectionOpened { section, late_ms })),
            Entry::Announcement(entry) => due.push((moment, Event::Announced { entry, late_ms })),
            Entry::Closes(closing) => closes.entry(closing.to).or_default().push(closing),
            Entry::Closed(closing) => closed.entry(closing.to).or_default().push(closing),
        }
    }
    due.sort_by_key(|(due, event)| (matches!(event, Event::Announced { .. }), *due));
    for (to, all) in closed {
        let (of, open, call) = together(d, &all, policy);
        let count = u32::try_from(open.len()).unwrap_or(u32::MAX);
        let open = named(d, &open);
        due.push((to, Event::WindowClosed { of, open, count, call, late_ms: late(at, to) }));
    }
    for (until, all) in closes {
        let notice = all.iter().filter_map(|c| c.notice).min().unwrap_or(at);
        let (of, open, call) = together(d, &all, policy);
        let count = u32::try_from(open.len()).unwrap_or(u32::MAX);
        let open = named(d, &open);
        due.push((notice, Event::WindowClosing { of, open, count, until, call, late_ms: late(at, notice) }));
    }
    due.sort_by_key(|(due, _)| *due);
    due.into_iter().map(|(_, event)| event).collect()
}

/// Sections whose window has opened by the last event.
pub fn follow_on(d: &Deployment) -> Vec<Event> {
    let mut due: Vec<(u32, Timestamp)> = opening(d).filter(|(_, from)| *from <= d.at).collect();
    due.sort_by_key(|(_, from)| *from);
    let opened = |(section, from)| Event::SectionOpened { section, late_ms: late(d.at, from) };
    due.into_iter().map(opened).collect()
}

/// Something that will happen by itself.
pub enum Ahead<'a> {
    Announcement(&'a Announcement),
    /// A section comes up.
    Section(u32),
}

/// What comes at moments that are known, in their order.
pub fn ahead(d: &Deployment) -> Vec<(Timestamp, Ahead<'_>)> {
    let announced = announce::waited_for(d).map(|(_, a, at)| (at, Ahead::Announcement(a)));
    let mut all: Vec<_> = opening(d).map(|(section, at)| (at, Ahead::Section(section))).chain(announced).collect();
    all.sort_by_key(|(at, _)| *at);
    all
}

/// Announcements whose moment is not known yet.
pub fn later(d: &Deployment) -> impl Iterator<Item = &Announcement> {
    let timeline = d.plan.checklist.timeline.iter();
    timeline.filter(|a| d.status == Status::Scheduled && a.when.of != Occurrence::Scheduled)
}

/// Sections that come up when their window opens, with when. Before the start that is what is to be done before it.
fn opening(d: &Deployment) -> impl Iterator<Item = (u32, Timestamp)> {
    let sections = d.plan.windows.iter().filter(|w| w.of.parts().len() == 1);
    let yet = sections.filter(|w| !d.archived && !d.opened.contains_key(&w.of.section()) && applies(d, w));
    yet.filter_map(|w| {
        let (from, _) = span(d, &w.window, w.branch)?;
        let (comes, from) = match d.status {
            // Scheduled within the week that a section is to be done in, nothing is late.
            Status::Scheduled => (before_the_start(w), from.max(d.planned_at)),
            _ => (w.branch == Branch::FollowUp && d.closed(w.branch).is_none(), from),
        };
        (comes && open(d, w).next().is_some()).then_some((w.of.section(), from))
    })
}

/// It is to be done before the start: "1 week before".
pub fn before_the_start(w: &Windowed) -> bool {
    w.branch == Branch::Forward && w.window.relative_to == Anchor::Scheduled && w.window.from_ms < 0
}

/// A window that will close.
struct Closing<'a> {
    w: &'a Windowed,
    to: Timestamp,
    /// What stayed open then is said. Not of what was to be done before the start: the walk begins with it.
    closes: bool,
    /// When it is reminded of; none where it has been, or nothing is open.
    notice: Option<Timestamp>,
}

fn closing(d: &Deployment) -> impl Iterator<Item = Closing<'_>> {
    let yet = d.plan.windows.iter().filter(|w| !d.lapsed.contains(&w.of) && applies(d, w));
    yet.filter_map(|w| {
        let (from, to) = span(d, &w.window, w.branch)?;
        let going = match d.status {
            // While nothing may be done nobody is told to do it.
            Status::Held | Status::Queued => false,
            Status::Scheduled => before_the_start(w) && d.opened.contains_key(&w.of.section()),
            _ => d.closed(w.branch).is_none() && d.started_at.is_some_and(|started| to > started),
        };
        if !going {
            return None;
        }
        // A week before a start that was planned an hour ahead is an hour.
        let from = if d.status == Status::Scheduled { from.max(d.planned_at) } else { from };
        let length = to.since_ms(from);
        let before = (length / 4).clamp(SHORTEST_NOTICE_MS, LONGEST_NOTICE_MS);
        let wanted = !d.closing.contains(&w.of) && before < length && open(d, w).next().is_some();
        let closes = d.status != Status::Scheduled;
        Some(Closing { w, to, closes, notice: wanted.then(|| to.plus_ms(-before)) })
    })
}

/// A window that closed and still has something open.
pub struct Left<'a> {
    pub of: &'a Number,
    /// When it closed.
    pub since: Timestamp,
    /// How long it was open, in milliseconds.
    pub length_ms: i64,
    /// What is open, in page order.
    pub open: Vec<usize>,
}

/// Windows that closed with something open that is open still.
pub fn left_open(d: &Deployment) -> impl Iterator<Item = Left<'_>> {
    let lapsed = d.plan.windows.iter().filter(|w| !d.archived && d.lapsed.contains(&w.of));
    lapsed.filter_map(|w| {
        let (from, since) = span(d, &w.window, w.branch)?;
        let open: Vec<usize> = open(d, w).collect();
        (!open.is_empty()).then(|| Left { of: &w.of, since, length_ms: since.since_ms(from), open })
    })
}

fn applies(d: &Deployment, w: &Windowed) -> bool {
    w.leaves.clone().any(|i| d.applies_here(i))
}

/// What is required in a window and not done.
fn open<'a>(d: &'a Deployment, w: &'a Windowed) -> impl Iterator<Item = usize> + 'a {
    let required = move |i: &usize| d.applies_here(*i) && !d.plan.leaves[*i].optional && !d.is_done(*i);
    // What has its own time is due at that.
    let own = move |i: &usize| w.of.parts().len() > 1 || d.plan.leaves[*i].window.is_none();
    w.leaves.clone().filter(required).filter(own)
}

fn together(d: &Deployment, all: &[Closing<'_>], policy: &Policy) -> (Vec<Number>, Vec<usize>, Vec<Person>) {
    let of = all.iter().map(|c| c.w.of.clone()).collect();
    let mut open: Vec<usize> = all.iter().flat_map(|c| open(d, c.w)).collect();
    open.sort_unstable();
    open.dedup();
    let call = called(d, &open, policy);
    (of, open, call)
}

fn named(d: &Deployment, leaves: &[usize]) -> Vec<Number> {
    leaves.iter().take(MOST_NAMED).map(|&i| d.plan.leaves[i].number.clone()).collect()
}

/// Who is called for some open items: those they were given to, and whoever leads for the rest. Nobody outside their
/// office hours.
pub fn called(d: &Deployment, open: &[usize], policy: &Policy) -> Vec<Person> {
    let mut call: Vec<Person> = Vec::new();
    for &i in open {
        let to = d.extra(i).and_then(|e| e.assignee.as_ref()).unwrap_or_else(|| d.deployer());
        if call.len() < MOST_CALLED && !policy.off_hours.contains(&*to.id) && !call.iter().any(|p| p.id == to.id) {
            call.push(to.clone());
        }
    }
    call
}
