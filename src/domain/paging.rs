//! Pages: calls to people who must act, which climb until somebody has them.
//!
//! Here is what a page is and what its events add up to; [`super::climb`] has the rules.

use super::checklist::Number;
use super::command::Person;
use super::directory::{Step, Target, Way};
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Pages of one deployment that people may have opened and nobody has resolved.
pub const MAX_PAGES: usize = 100;

/// After the last step, before it is gone through again or said to be unanswered, where that step has no delay of its
/// own, in milliseconds.
pub const LAST_WAIT_MS: i64 = 5 * 60_000;

/// The hour that calls to one person are counted in.
const HOUR_MS: i64 = 3_600_000;

/// How far a page has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageState {
    /// It climbs: nobody has it.
    Open,
    /// Somebody has it.
    Acknowledged,
    /// It is dealt with.
    Resolved,
}

/// How much a page matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// Now, whatever the hour.
    #[default]
    High,
    /// It may wait for office hours.
    Low,
}

impl Urgency {
    fn is_high(&self) -> bool {
        *self == Self::High
    }
}

/// Why there is a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A person asked for it.
    Asked,
    /// A critical item failed.
    Failed(Number),
    /// A rollback criterion is breached.
    Breached(Number),
    /// A window closed with something open in it.
    Closed(Number),
}

/// What happens to a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum PageEvent {
    /// It is there, with all that the configuration says of its climb.
    Opened {
        message: String,
        cause: Cause,
        #[serde(default, skip_serializing_if = "Urgency::is_high")]
        urgency: Urgency,
        /// By name; none: the product's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        policy: Option<String>,
        /// Whom somebody named, first of all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Target>,
        steps: Vec<Step>,
        #[serde(default, skip_serializing_if = "is_zero")]
        repeat: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ack_timeout_ms: Option<i64>,
        /// People are reached in their office hours alone.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        office_hours: bool,
    },
    /// The same again while it is not resolved. Where nobody answered, it climbs anew.
    Again {
        message: String,
    },
    /// A step is called. Steps and rounds from 0.
    Called {
        step: u32,
        round: u32,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        calls: Vec<Call>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        skipped: Vec<Skipped>,
        #[serde(default, skip_serializing_if = "is_none_ms")]
        late_ms: i64,
    },
    /// A message that was held back goes out, and speaks for others to the same person: page and message.
    Released {
        n: u32,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        with: Vec<(u32, u32)>,
        #[serde(default, skip_serializing_if = "is_none_ms")]
        late_ms: i64,
    },
    /// It is held back for longer.
    Postponed {
        n: u32,
        until: Timestamp,
    },
    /// A message has reached its way.
    Delivered {
        n: u32,
    },
    /// It has not.
    Missed {
        n: u32,
        why: String,
    },
    Acknowledged,
    /// Whoever acknowledged it did not resolve it in time: it climbs anew.
    Lapsed {
        #[serde(default, skip_serializing_if = "is_none_ms")]
        late_ms: i64,
    },
    /// Somebody wants the next step at once.
    Escalated,
    /// The climb has ended, and nobody has it.
    Unanswered {
        #[serde(default, skip_serializing_if = "is_none_ms")]
        late_ms: i64,
    },
    Resolved,
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

fn is_none_ms(ms: &i64) -> bool {
    *ms == 0
}

/// Somebody, or something, that a step calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Whom: none for a webhook or a service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Person>,
    /// What the policy says: `rotation:web`.
    pub target: Target,
    /// In the order they are tried: the way, and the channel of the outbox. Never empty.
    pub ways: Vec<(Way, String)>,
    /// Not before, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
}

/// A call that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    pub until: Timestamp,
    pub why: Hold,
}

/// Why a call waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// For the person's office hours.
    OfficeHours,
    /// They were called as often as may be in an hour.
    Limit,
}

/// A target that reaches nobody, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    pub target: Target,
    /// Where it is one person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Person>,
    pub why: Unreached,
}

/// Why a target reaches nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreached {
    /// The person has no way to be reached.
    NoWay,
    /// Nobody has the role, or nobody is on call.
    Nobody,
    /// The configuration knows it no longer.
    Unknown,
    /// More people than one step calls.
    TooMany,
}

/// A page as its events leave it.
#[derive(Clone, Debug)]
pub struct Page {
    /// Within the deployment, from 1.
    pub number: u32,
    pub message: String,
    pub cause: Cause,
    pub urgency: Urgency,
    pub policy: Option<String>,
    pub to: Option<Target>,
    pub steps: Vec<Step>,
    pub repeat: u32,
    pub ack_timeout_ms: Option<i64>,
    pub office_hours: bool,
    /// Practice: nobody is called.
    pub rehearsal: bool,
    pub by: Person,
    pub at: Timestamp,
    /// How often, and when last.
    pub count: u32,
    pub again_at: Timestamp,
    pub state: PageState,
    /// Who has it, since when.
    pub has: Option<(Person, Timestamp)>,
    /// The last step called, where the climb stands on one.
    pub reached: Option<Reached>,
    /// Since when it climbs.
    pub since: Timestamp,
    /// When it was said that nobody answers; until somebody does, or it climbs anew.
    pub unanswered: Option<Timestamp>,
    /// Message n is the n-th.
    pub messages: Vec<Message>,
    /// Messages below this number are from before it was acknowledged: what has not gone out never does.
    pub live_from: u32,
    pub trail: Vec<Trace>,
}

/// Where a climb stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    pub step: u32,
    pub round: u32,
    /// When its calls went out, or do.
    pub at: Timestamp,
}

/// One message to one address.
#[derive(Clone, Debug)]
pub struct Message {
    pub call: Arc<Call>,
    /// Which of the call's ways.
    pub way: usize,
    pub state: Sent,
    pub at: Timestamp,
    /// The message whose failure it answers.
    pub follows: Option<u32>,
    /// Page and message of others it speaks for.
    pub with: Vec<(u32, u32)>,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    Held(Held),
    /// On its way.
    Waiting,
    Delivered(Timestamp),
    Missed(Timestamp, String),
    /// Another message speaks for it.
    Bundled(u32, u32),
    /// A rehearsal sends nothing.
    Rehearsed,
}

/// A line of a page's trail.
#[derive(Clone, Debug)]
pub struct Trace {
    pub at: Timestamp,
    pub by: Person,
    pub what: Traced,
}

/// What a line of the trail tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Traced {
    Opened,
    Again,
    /// Messages of the step are those from `first` on, `count` of them, and what follows them.
    Called {
        step: u32,
        round: u32,
        first: u32,
        count: u32,
        skipped: Vec<Skipped>,
        late_ms: i64,
    },
    Acknowledged,
    Lapsed,
    Escalated,
    Unanswered,
    Resolved,
}

impl Message {
    /// Where it goes.
    pub fn address(&self) -> &str {
        self.call.ways.get(self.way).map_or("", |(_, address)| address)
    }
    /// How.
    pub fn way(&self) -> Option<Way> {
        self.call.ways.get(self.way).map(|(way, _)| *way)
    }
}

impl Page {
    /// The page its first event opens. None if it is no opening.
    pub fn open(number: u32, rehearsal: bool, event: &PageEvent, by: &Person, at: Timestamp) -> Option<Self> {
        let PageEvent::Opened { message, cause, urgency, policy, to, steps, repeat, ack_timeout_ms, office_hours } =
            event
        else {
            return None;
        };
        Some(Self {
            number,
            message: message.clone(),
            cause: cause.clone(),
            urgency: *urgency,
            policy: policy.clone(),
            to: to.clone(),
            steps: steps.clone(),
            repeat: *repeat,
            ack_timeout_ms: *ack_timeout_ms,
            office_hours: *office_hours,
            rehearsal,
            by: by.clone(),
            at,
            count: 1,
            again_at: at,
            state: PageState::Open,
            has: None,
            reached: None,
            since: at,
            unanswered: None,
            messages: Vec::new(),
            live_from: 1,
            trail: vec![Trace { at, by: by.clone(), what: Traced::Opened }],
        })
    }

    /// The state after an event. Total.
    pub fn evolve(&mut self, event: &PageEvent, by: &Person, at: Timestamp) {
        match event {
            PageEvent::Opened { .. } => {}
            PageEvent::Again { .. } => {
                self.count = self.count.saturating_add(1);
                self.again_at = at;
                if self.unanswered.take().is_some() {
                    (self.reached, self.since) = (None, at);
                }
                self.trace(Traced::Again, by, at);
            }
            PageEvent::Called { step, round, calls, skipped, late_ms } => {
                let first = self.next_message();
                let what = Traced::Called {
                    step: *step,
                    round: *round,
                    first,
                    count: count(calls.len()),
                    skipped: skipped.clone(),
                    late_ms: *late_ms,
                };
                self.trace(what, by, at);
                // While all that is called waits for office hours, so does the climb.
                let waits = |c: &Call| c.held.filter(|h| h.why == Hold::OfficeHours).map(|h| h.until);
                let opens = calls.iter().map(waits).collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().min());
                self.reached = Some(Reached { step: *step, round: *round, at: opens.unwrap_or(at) });
                for call in calls {
                    let state = match call.held {
                        _ if self.rehearsal => Sent::Rehearsed,
                        Some(held) => Sent::Held(held),
                        None => Sent::Waiting,
                    };
                    let call = Arc::new(call.clone());
                    self.messages.push(Message { call, way: 0, state, at, follows: None, with: Vec::new() });
                }
            }
            PageEvent::Released { n, with, .. } => {
                if let Some(message) = self.message_mut(*n) {
                    (message.state, message.at) = (Sent::Waiting, at);
                    message.with.clone_from(with);
                }
            }
            PageEvent::Postponed { n, until } => {
                if let Some(message) = self.message_mut(*n) {
                    message.state = Sent::Held(Held { until: *until, why: Hold::Limit });
                }
            }
            PageEvent::Delivered { n } => {
                if let Some(message) = self.message_mut(*n) {
                    message.state = Sent::Delivered(at);
                }
            }
            PageEvent::Missed { n, why } => self.missed(*n, why, at),
            PageEvent::Acknowledged => {
                (self.state, self.has, self.unanswered) = (PageState::Acknowledged, Some((by.clone(), at)), None);
                self.live_from = self.next_message();
                self.trace(Traced::Acknowledged, by, at);
            }
            PageEvent::Lapsed { .. } => {
                (self.state, self.has, self.reached, self.since) = (PageState::Open, None, None, at);
                self.trace(Traced::Lapsed, by, at);
            }
            PageEvent::Escalated => {
                if self.next().is_none() {
                    self.reached = None;
                }
                // Who wants it now does not wait for anybody's office hours.
                self.office_hours = false;
                (self.state, self.has, self.since, self.unanswered) = (PageState::Open, None, at, None);
                self.trace(Traced::Escalated, by, at);
            }
            PageEvent::Unanswered { .. } => {
                self.unanswered = Some(at);
                self.trace(Traced::Unanswered, by, at);
            }
            PageEvent::Resolved => {
                (self.state, self.unanswered) = (PageState::Resolved, None);
                self.live_from = self.next_message();
                self.trace(Traced::Resolved, by, at);
            }
        }
    }

    /// A way failed: the next one is tried, while the page waits for somebody.
    fn missed(&mut self, n: u32, why: &str, at: Timestamp) {
        let goes_on = self.state == PageState::Open && n >= self.live_from;
        let Some(message) = self.message_mut(n) else { return };
        message.state = Sent::Missed(at, why.to_owned());
        if !goes_on || message.way + 1 >= message.call.ways.len() {
            return;
        }
        let (call, way, with) = (message.call.clone(), message.way + 1, message.with.clone());
        self.messages.push(Message { call, way, state: Sent::Waiting, at, follows: Some(n), with });
    }

    fn trace(&mut self, what: Traced, by: &Person, at: Timestamp) {
        self.trail.push(Trace { at, by: by.clone(), what });
    }

    /// The number the next message gets.
    pub fn next_message(&self) -> u32 {
        count(self.messages.len()).saturating_add(1)
    }

    /// A message by its number.
    pub fn message(&self, n: u32) -> Option<&Message> {
        self.messages.get(usize::try_from(n).ok()?.checked_sub(1)?)
    }

    fn message_mut(&mut self, n: u32) -> Option<&mut Message> {
        self.messages.get_mut(usize::try_from(n).ok()?.checked_sub(1)?)
    }

    /// Another message speaks for that one.
    pub fn bundled(&mut self, n: u32, page: u32, by: u32) {
        if let Some(message) = self.message_mut(n) {
            message.state = Sent::Bundled(page, by);
        }
    }

    /// The message that was sent because that one failed.
    pub fn after(&self, n: u32) -> Option<u32> {
        self.messages.iter().position(|m| m.follows == Some(n)).map(|i| count(i).saturating_add(1))
    }

    /// The last one sent for a call: it, or what followed its failures.
    pub fn latest(&self, n: u32) -> u32 {
        let mut n = n;
        while let Some(next) = self.after(n) {
            n = next;
        }
        n
    }

    /// A message that has not gone out may still.
    pub fn may_go(&self, n: u32) -> bool {
        self.state == PageState::Open && n >= self.live_from
    }

    /// The step that is called next, with its round. None: all have been.
    pub fn next(&self) -> Option<(u32, u32)> {
        match self.reached {
            None => Some((0, 0)),
            Some(r) if r.step + 1 < count(self.steps.len()) => Some((r.step + 1, r.round)),
            Some(r) if r.round < self.repeat => Some((0, r.round + 1)),
            Some(_) => None,
        }
    }

    /// When the climb goes on, while it does: the next step, or the word that nobody answers.
    pub fn climbs_at(&self) -> Option<Timestamp> {
        if self.state != PageState::Open || self.unanswered.is_some() {
            return None;
        }
        let Some(reached) = self.reached else { return Some(self.since) };
        let next = self.next();
        // What failed altogether waits for nobody; but it is not tried again at once.
        if let Some(failed) = self.failed_at().filter(|_| !matches!(next, Some((0, _)))) {
            return Some(failed);
        }
        let step = match next {
            Some((step, _)) if step > 0 => self.steps.get(usize::try_from(step).unwrap_or(0)),
            _ => self.steps.last(),
        };
        let wait = step.map(|s| s.after_ms).filter(|ms| *ms > 0).unwrap_or(LAST_WAIT_MS);
        Some(reached.at.plus_ms(wait))
    }

    /// When the last way of the last step's calls failed, if all of them did.
    fn failed_at(&self) -> Option<Timestamp> {
        let called = self.trail.iter().rev().find_map(|t| match &t.what {
            Traced::Called { first, count, .. } => Some((*first, *count)),
            _ => None,
        });
        let (first, count) = called?;
        let ends = (first..first.saturating_add(count)).map(|n| match self.message(self.latest(n)).map(|m| &m.state) {
            Some(Sent::Missed(at, _)) => Some(*at),
            _ => None,
        });
        ends.collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().max())
    }

    /// When whoever has it is asked again.
    pub fn lapses_at(&self) -> Option<Timestamp> {
        let (_, since) = self.has.as_ref().filter(|_| self.state == PageState::Acknowledged)?;
        self.ack_timeout_ms.map(|ms| since.plus_ms(ms))
    }

    /// Messages held back that may still go out, with when.
    pub fn held(&self) -> impl Iterator<Item = (u32, Held)> {
        let all = self.messages.iter().zip(1u32..);
        all.filter(|(_, n)| self.may_go(*n)).filter_map(|(m, n)| match m.state {
            Sent::Held(held) => Some((n, held)),
            _ => None,
        })
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Calls to people in the last hour, over all deployments.
#[derive(Clone, Debug, Default)]
pub struct Recent {
    of: BTreeMap<String, VecDeque<Timestamp>>,
}

impl Recent {
    /// Notes that somebody is called.
    pub fn note(&mut self, person: &str, at: Timestamp) {
        let calls = self.of.entry(person.to_owned()).or_default();
        calls.push_back(at);
        calls.retain(|c| at.since_ms(*c) < HOUR_MS);
    }

    /// The clock was set back: nobody was called later than now.
    pub fn set_back(&mut self, now: Timestamp) {
        self.of.values_mut().flatten().for_each(|at| *at = now.min(*at));
    }

    /// Notes what an event calls.
    pub fn learn(&mut self, event: &PageEvent, at: Timestamp) {
        if let PageEvent::Called { calls, .. } = event {
            for call in calls.iter().filter(|c| c.held.is_none()) {
                if let Some(person) = counted(call) {
                    self.note(&person.id, at);
                }
            }
        }
    }

    /// When one more call is within the limit, if it is not now.
    pub fn free_at(&self, person: &str, at: Timestamp, limit: usize) -> Option<Timestamp> {
        let calls = self.of.get(person)?;
        let mut within: Vec<Timestamp> = calls.iter().copied().filter(|c| at.since_ms(*c) < HOUR_MS).collect();
        within.sort_unstable();
        // As many as are over must have left the hour.
        let over = within.len().checked_sub(limit)?;
        within.get(over).map(|c| c.plus_ms(HOUR_MS))
    }
}

/// The person whose hour a call counts in: a mention in a channel disturbs nobody by itself.
pub fn counted(call: &Call) -> Option<&Person> {
    call.to.as_ref().filter(|_| !matches!(call.ways.first(), Some((Way::Mention, _))))
}
