//! Reminders: what waits while nobody does anything about it, said to whoever can, in one message, a few times at most.
//!
//! An item somebody was given waits for them, counted from when they last did something here. What nobody was given
//! waits for whoever leads, counted from when anybody last did. The first time people are spoken to, in the thread and
//! by a direct message; from the second time on the channel is. A deployment that is held has reminders of its own.

use super::checklist::Number;
use super::command::Person;
use super::decide::late;
use super::deployment::Deployment;
use super::event::{Event, Waiting};
use super::policy::Policy;
use super::status::Status;
use super::time::Timestamp;
use super::watch::Measure;

/// What the configuration says of reminders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminding {
    /// After how many milliseconds something that waits is reminded of; 0: never, unless the page says when.
    pub after_ms: i64,
    /// How often one thing is, at most.
    pub most: u32,
    /// After how many milliseconds of being held a deployment is, ascending.
    pub held_ms: Vec<i64>,
    /// How long a hold may last, in milliseconds. Nothing ends by itself then: it is said, and whoever leads is called.
    pub hold_expires_ms: Option<i64>,
}

impl Default for Reminding {
    fn default() -> Self {
        const MINUTE: i64 = 60_000;
        Self {
            after_ms: 15 * MINUTE,
            most: 3,
            held_ms: vec![30 * MINUTE, 120 * MINUTE, 480 * MINUTE],
            hold_expires_ms: None,
        }
    }
}

/// The shortest and the longest time after which something may be reminded of, in milliseconds: a minute, a week.
pub const SOONEST_MS: i64 = 60_000;
pub const LATEST_MS: i64 = 7 * 86_400_000;

/// The pause doubles from one reminder to the next, this often at most.
const DOUBLINGS: u32 = 6;

/// Something that waits.
struct Wait {
    of: Number,
    to: Option<Person>,
    due: Timestamp,
    /// It was reminded of before.
    again: bool,
    after_ms: i64,
}

/// When the next reminder is due, if nothing happens until then.
pub fn due(d: &Deployment, policy: &Policy) -> Option<Timestamp> {
    match d.status {
        Status::Held => hold_rounds(d, policy).map(|r| r.due).min(),
        _ => waits(d, policy).iter().map(|w| w.due).min(),
    }
}

/// The reminder that is due, if one is.
pub fn fallen_due(d: &Deployment, at: Timestamp, policy: &Policy) -> Option<Event> {
    if d.status == Status::Held {
        return of_hold(d, at, policy);
    }
    let waits = waits(d, policy);
    let first = waits.iter().filter(|w| w.due <= at).map(|w| w.due).min()?;
    // What would be due soon is said along with it.
    let soon = waits.into_iter().filter(|w| w.due <= at.plus_ms(w.after_ms / 3));
    let waits: Vec<Wait> = soon.collect();
    let mut call: Vec<Person> = Vec::new();
    for wait in &waits {
        let to = wait.to.as_ref().unwrap_or_else(|| d.deployer());
        let new = !policy.off_hours.contains(&*to.id) && !call.iter().any(|p| p.id == to.id);
        if new && call.len() < super::agenda::MOST_CALLED {
            call.push(to.clone());
        }
    }
    let loud = call.is_empty() || waits.iter().any(|w| w.again);
    let waiting = waits.into_iter().map(|w| Waiting { of: w.of, to: w.to }).collect();
    Some(Event::Reminded { waiting, call, loud, late_ms: late(at, first) })
}

/// What waits now, with when it is to be reminded of.
fn waits(d: &Deployment, policy: &Policy) -> Vec<Wait> {
    if !matches!(d.status, Status::Active | Status::RollingBack) || d.snoozed_all == Some(None) {
        return Vec::new();
    }
    let mut waits = Vec::new();
    let current = d.current_section();
    let mut nobodys: Option<Wait> = None;
    for section in d.walk() {
        let Some(came_up) = d.opened.get(&section.number) else { continue };
        for i in d.asked(section).filter(|&i| d.is_open(i) && !d.plan.leaves[i].optional) {
            let leaf = &d.plan.leaves[i];
            let given = d.extra(i).and_then(|e| Some((e.assignee.as_ref()?, e.assigned_at)));
            if let Some((to, at)) = given {
                let seen = d.people.iter().find(|p| p.person.id == to.id).map_or(at, |p| p.last_seen);
                let from = at.max(came_up.at).max(seen);
                waits.extend(wait(d, policy, &leaf.number, Some(to), from, leaf.remind_ms));
            } else if current == Some(section.number) && nobodys.is_none() {
                let of = Number::new(vec![section.number]);
                nobodys = wait(d, policy, &of, None, d.active_at.max(came_up.at), leaf.remind_ms);
            }
        }
    }
    waits.extend(nobodys.filter(|w| !said_by_a_criterion(d, w.after_ms)));
    waits
}

fn wait(
    d: &Deployment,
    policy: &Policy,
    of: &Number,
    to: Option<&Person>,
    from: Timestamp,
    own_ms: Option<i64>,
) -> Option<Wait> {
    let after_ms = own_ms.unwrap_or(policy.reminding.after_ms);
    // While it was held, nothing waited.
    let from = from.max(d.going_at);
    let told = d.told.get(of);
    let times = told.map_or(0, |t| t.times);
    if after_ms == 0 || times >= policy.reminding.most {
        return None;
    }
    let from = told.map_or(from, |t| from.max(t.at));
    let mut due = from.plus_ms(after_ms.saturating_mul(1 << times.min(DOUBLINGS)));
    // An item is quiet when its section is.
    let quiet = [d.snoozed_all.as_ref(), d.snoozed.get(of), d.snoozed.get(&Number::new(vec![of.section()]))];
    for until in quiet.into_iter().flatten() {
        due = due.max((*until)?);
    }
    Some(Wait { of: of.clone(), to: to.cloned(), due, again: times > 0, after_ms })
}

/// The page has a criterion for silence that speaks no later: once is enough.
fn said_by_a_criterion(d: &Deployment, after_ms: i64) -> bool {
    let silence = d.plan.own.iter().filter(|own| own.measure == Measure::Silence && d.applies_here(own.leaf));
    d.status == Status::Active
        && silence.into_iter().any(|own| own.limit_ms <= after_ms || d.breach(own.leaf).is_some())
}

/// A moment at which it is said that it is still held.
struct Round {
    number: u32,
    due: Timestamp,
    expires: bool,
}

fn hold_rounds(d: &Deployment, policy: &Policy) -> impl Iterator<Item = Round> {
    let since = d.held_at.unwrap_or(d.at);
    let told = d.hold_told;
    let snoozed = d.snoozed_all;
    let after = policy.reminding.held_ms.iter().zip(1..).filter(move |(_, number)| *number > told);
    let rounds = after.filter_map(move |(ms, number)| {
        let due = since.plus_ms(*ms);
        let due = snoozed.map_or(Some(due), |until| Some(due.max(until?)))?;
        Some(Round { number, due, expires: false })
    });
    // How long a hold may last is the house's word: nobody snoozes it.
    let expires = policy.reminding.hold_expires_ms.filter(|_| !d.hold_expired);
    rounds.chain(expires.map(move |ms| Round { number: told, due: since.plus_ms(ms), expires: true }))
}

/// Several rounds that have come are one reminder.
fn of_hold(d: &Deployment, at: Timestamp, policy: &Policy) -> Option<Event> {
    let due: Vec<Round> = hold_rounds(d, policy).filter(|r| r.due <= at).collect();
    let last = due.iter().map(|r| r.due).max()?;
    let round = due.iter().map(|r| r.number).max()?;
    let expired = due.iter().any(|r| r.expires);
    let off = policy.off_hours.contains(&*d.deployer().id) && !expired;
    let call = if off { Vec::new() } else { vec![d.deployer().clone()] };
    let loud = expired || round > 1 || call.is_empty();
    Some(Event::HoldReminded { round, expired, call, loud, late_ms: late(at, last) })
}
