//! What pages by itself: rollback criteria that are breached, critical items that fail, windows that close with something
//! open; and what settles such a page again.

use super::agenda;
use super::checklist::{Branch, Number};
use super::climb::{Whom, open, policy_name, wrap};
use super::command::{Mark, Person};
use super::decide::MAX_EVENTS;
use super::deployment::Deployment;
use super::event::Event;
use super::paging::{Cause, PageEvent, PageState, Urgency};
use super::policy::Policy;
use super::time::Timestamp;

/// How long something that went wrong is news, in milliseconds.
const NEWS_MS: i64 = 3_600_000;

/// Characters of an item in a page's message.
const LONGEST_ITEM: usize = 160;

/// Pages that what has happened asks for, and those it has settled. Told from the state: whatever led to it.
pub fn follow_on(d: &Deployment, policy: &Policy) -> Vec<Event> {
    // What is archived is looked after by nobody; a page that is open in it stays open.
    if d.started_at.is_none() || d.archived {
        return Vec::new();
    }
    let at = d.at;
    let mut events = Vec::new();
    for page in d.pages.iter().filter(|p| p.state != PageState::Resolved) {
        let over = match &page.cause {
            Cause::Breached(item) => d.plan.leaf(item).is_some_and(|leaf| d.breach(leaf).is_none()),
            Cause::Closed(of) => !agenda::left_open(d).any(|left| left.of == of),
            Cause::Asked | Cause::Failed(_) => false,
        };
        if over {
            events.extend(wrap(page.number, vec![PageEvent::Resolved]));
        }
    }
    if d.seq >= MAX_EVENTS {
        return events;
    }
    let number = |leaf: usize| d.plan.leaves[leaf].number.clone();
    // A log from before there were pages may hold what everybody has known for long.
    let is_news = |since: Timestamp| at.since_ms(since) <= NEWS_MS;
    let breached = d.breached().filter_map(|leaf| {
        let cause = Cause::Breached(number(leaf));
        Some((d.breach(leaf)?.at, message(d, leaf, &cause), cause, Urgency::High))
    });
    let failed = critical_failed(d).map(|(leaf, at)| {
        let cause = Cause::Failed(number(leaf));
        (at, message(d, leaf, &cause), cause, Urgency::High)
    });
    let happened = breached.chain(failed).filter(|(since, ..)| is_news(*since));
    // The post about it calls people already: more than that is what somebody wrote a policy for.
    let has_policy = policy_name(d, policy).is_some();
    let closed = agenda::left_open(d).filter(|_| has_policy).map(|left| {
        let urgency = if left.length_ms <= URGENT_WINDOW_MS { Urgency::High } else { Urgency::Low };
        (left.since, left_open(d, &left), Cause::Closed(left.of.clone()), urgency)
    });
    let wanted: Vec<_> = happened.chain(closed).collect();
    // One at a time: each is numbered after the one before. What follows from it asks again.
    for (since, message, cause, urgency) in wanted {
        let known = d.pages.iter().any(|p| p.cause == cause && p.again_at >= since);
        if known {
            continue;
        }
        let by = Person::rollcall();
        if let Ok(more) = open(d, &cause, &message, urgency, &Whom::Usual, &by, at, policy) {
            events.extend(more);
            return events;
        }
    }
    events
}

/// Items that failed and are critical, with when.
fn critical_failed(d: &Deployment) -> impl Iterator<Item = (usize, Timestamp)> {
    let leaves = 0..d.plan.leaves.len();
    leaves.filter_map(|leaf| {
        let marked = d.marked(leaf)?;
        let critical = || is_critical(d, leaf);
        let fails = match marked.mark {
            Mark::Fail => d.plan.leaves[leaf].branch == Branch::Watch || critical(),
            // A criterion that somebody says has happened, where the page calls it critical.
            Mark::Tick => d.plan.leaves[leaf].branch == Branch::Watch && critical(),
            _ => false,
        };
        fails.then_some((leaf, marked.at))
    })
}

/// The page calls it critical, or what it stands under.
fn is_critical(d: &Deployment, leaf: usize) -> bool {
    let parts = d.plan.leaves[leaf].number.parts();
    let above = (2..=parts.len()).map(|depth| Number::new(parts[..depth].to_vec()));
    above.into_iter().any(|number| d.plan.checklist.item(&number).is_some_and(|i| i.critical))
}

/// A window up to a day long is about the night of the release: what stayed open in it does not wait for the office.
const URGENT_WINDOW_MS: i64 = 86_400_000;

/// What a page about a closed window says.
fn left_open(d: &Deployment, left: &agenda::Left<'_>) -> String {
    let section = d.plan.checklist.section(left.of.section()).map(|s| s.title.to_plain()).unwrap_or_default();
    let text = if left.of.parts().len() > 1 { d.plan.text(left.of) } else { section };
    let text: String = text.chars().take(LONGEST_ITEM).collect();
    let first = left.open.first().map(|&i| d.plan.leaves[i].number.to_string()).unwrap_or_default();
    match left.open.len() {
        _ if left.of.parts().len() > 1 => format!("{} {text}: its time is over, and it is open", left.of),
        1 => format!("The window of {} {text} closed with {first} open", left.of),
        n => format!("The window of {} {text} closed with {n} items open, from {first} on", left.of),
    }
}

/// What a page says that nobody wrote.
fn message(d: &Deployment, leaf: usize, cause: &Cause) -> String {
    let text: String = d.plan.leaves[leaf].text.chars().take(LONGEST_ITEM).collect();
    let number = &d.plan.leaves[leaf].number;
    match cause {
        Cause::Breached(_) => format!("Rollback criterion {number} is breached: {text}"),
        _ => {
            let note = d.marked(leaf).and_then(|m| m.note.as_deref()).map(|n| format!(" ({n})")).unwrap_or_default();
            let note: String = note.chars().take(LONGEST_ITEM).collect();
            let word = if d.mark(leaf) == Some(Mark::Tick) { "happened" } else { "failed" };
            format!("Critical: {number} {text} {word}{note}")
        }
    }
}
