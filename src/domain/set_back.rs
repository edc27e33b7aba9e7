//! A clock that was set back. What counts from a moment that is yet to come would wait for it: as long as the clock was
//! wrong. So whatever was recorded as later than now is taken to have happened now, and what waits for a while from then
//! waits for the rest of it. What people have set by the clock (a start, its windows, office hours) stays where it is.

use super::command::Timer;
use super::decide::next_due;
use super::deployment::Deployment;
use super::paging::{Hold, Page, Sent};
use super::policy::Policy;
use super::time::Timestamp;
use std::sync::Arc;

/// From how far on a clock that was set back is taken note of, in milliseconds. Below it the log waits for the clock.
pub const SET_BACK_MS: i64 = 60_000;

/// From the moment last recorded to the present.
#[derive(Clone, Copy)]
struct Back {
    was: Timestamp,
    now: Timestamp,
}

impl Back {
    /// What has happened.
    fn past(self, at: &mut Timestamp) {
        *at = self.now.min(*at);
    }

    /// What is waited for: what is left of the wait stays the same.
    fn ahead(self, until: &mut Timestamp) {
        let left = until.since_ms(self.was);
        *until = if left > 0 { self.now.plus_ms(left) } else { self.now.min(*until) };
    }
}

impl Deployment {
    /// Everything that counts from a moment yet to come counts from now. Before the last moment itself is changed.
    pub(super) fn set_back(&mut self, now: Timestamp) {
        let back = Back { was: self.at, now };
        let times = [&mut self.started_at, &mut self.ended_at, &mut self.held_at, &mut self.rollback_at];
        times.into_iter().flatten().for_each(|at| back.past(at));
        let times = [&mut self.opened_at, &mut self.going_at, &mut self.active_at, &mut self.planned_at];
        times.into_iter().chain([&mut self.since.at]).for_each(|at| back.past(at));
        self.opened.values_mut().for_each(|came_up| back.past(&mut came_up.at));
        self.people.iter_mut().for_each(|presence| back.past(&mut presence.last_seen));
        self.told.values_mut().for_each(|told| back.past(&mut told.at));
        self.breaches.values_mut().for_each(|breach| back.past(&mut breach.at));
        self.slots.iter_mut().filter_map(|s| s.extra.as_mut()).for_each(|extra| back.past(&mut extra.assigned_at));
        let snoozed = self.snoozed.values_mut().chain(&mut self.snoozed_all);
        snoozed.flatten().for_each(|until| back.ahead(until));
        self.pages.iter_mut().for_each(|page| Arc::make_mut(page).set_back(back.was, now));
    }
}

impl Page {
    /// The same for a page.
    pub fn set_back(&mut self, was: Timestamp, now: Timestamp) {
        let back = Back { was, now };
        let times = [&mut self.at, &mut self.again_at, &mut self.since];
        let has = self.has.as_mut().map(|(_, since)| since);
        times.into_iter().chain(has).chain(&mut self.unanswered).for_each(|at| back.past(at));
        // A step yet to come waits for office hours.
        let reached = self.reached.as_mut().map(|r| &mut r.at).filter(|at| **at <= back.was);
        reached.into_iter().for_each(|at| back.past(at));
        for message in &mut self.messages {
            back.past(&mut message.at);
            match &mut message.state {
                Sent::Missed(at, _) | Sent::Delivered(at) => back.past(at),
                Sent::Held(held) if held.why == Hold::Limit => back.ahead(&mut held.until),
                _ => {}
            }
        }
    }
}

/// The timers of a deployment after the clock was set back, with their moments. One that is not among them is right as
/// it is, or finds out when it falls due.
pub fn timers(d: &Deployment, now: Timestamp, policy: &Policy) -> Vec<(Timer, Timestamp)> {
    use Timer::{Agenda, Archive, Page, Progress, Remind, Watch};
    // What was recorded a moment ahead of the clock has happened.
    let now = now.max(d.at);
    let all = [Progress, Archive, Watch, Page, Agenda, Remind].into_iter();
    let mut armed: Vec<_> = all.filter_map(|t| Some((t, next_due(d, t, now, policy)?))).collect();
    // Whoever waits for a freeze looks again at once; a start itself is when it is.
    armed.extend(d.frozen.as_ref().map(|_| (Timer::Start, now)));
    armed
}
