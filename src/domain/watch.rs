//! Rollback criteria that a deployment can tell of itself: nobody does anything, it takes too long, customers have felt
//! it for too long. They need no metrics, only the log and the clock.
//!
//! A breach stands until what it measures is back on the right side, and is said once each time.

use super::checklist::Item;
use super::deployment::Deployment;
use super::event::Event;
use super::meaning::{Comparison, Relative};
use super::status::Status;
use super::time::{Timestamp, parse_span};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// How long nobody has done anything. Not while it is held: that is waiting on purpose.
    Silence,
    /// How long it has been under way.
    Duration,
    /// How long customers have felt it, as somebody filled it in.
    Impact,
}

/// A criterion the deployment evaluates itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    pub leaf: usize,
    pub measure: Measure,
    /// In milliseconds; breached beyond it.
    pub limit_ms: i64,
    /// The field somebody fills it into; empty for what nobody has to fill in.
    pub field: String,
}

/// A criterion that is breached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breach {
    pub at: Timestamp,
    /// What was measured then, in milliseconds.
    pub measured_ms: i64,
}

/// Criteria one deployment evaluates itself: pages have one or two.
pub const MAX_OWN: usize = 50;

/// Phrases of a measure, in lower case, and what they measure.
const PHRASES: &[(Measure, &[&str])] = &[
    (
        Measure::Silence,
        &[
            "stuck",
            "stalled",
            "no activity",
            "no progress",
            "without progress",
            "without activity",
            "inactive",
            "inactivity",
        ],
    ),
    (
        Measure::Impact,
        &[
            "customer impact",
            "user impact",
            "customers affected",
            "users affected",
            "downtime",
            "outage",
            "impact on customers",
        ],
    ),
    (
        Measure::Duration,
        &[
            "total duration",
            "total time",
            "deployment duration",
            "deployment time",
            "deployment takes",
            "deployment lasts",
            "duration of the deployment",
            "release takes",
            "rollout takes",
            "migration takes",
        ],
    ),
];

/// What the words measure of the deployment itself, if anything.
pub fn measure(words: &str) -> Option<Measure> {
    let words = words.to_lowercase();
    PHRASES.iter().find(|(_, phrases)| phrases.iter().any(|p| words.contains(p))).map(|(measure, _)| *measure)
}

/// The criterion an item of the watch is, where the deployment can evaluate it.
pub fn own(item: &Item, leaf: usize) -> Option<Own> {
    let threshold = item.threshold.as_ref().filter(|t| t.relative == Relative::Absolute)?;
    let measure = measure(&threshold.measure)?;
    let limit_ms = match threshold.comparison {
        Comparison::Above => threshold.value_ms()?,
        // From here on is beyond the moment before.
        Comparison::AtLeast => threshold.value_ms()? - 1,
        _ => return None,
    };
    let field = if measure == Measure::Impact { threshold.measure.trim().to_owned() } else { String::new() };
    Some(Own { leaf, measure, limit_ms, field })
}

/// When the first criterion that is not breached will be, if nothing happens until then.
pub fn due(d: &Deployment) -> Option<Timestamp> {
    waited_for(d).map(|(_, due)| due).min()
}

/// The criteria that are breached at this moment and have not been said to be.
pub fn fallen_due(d: &Deployment, at: Timestamp) -> Vec<Event> {
    let due = waited_for(d).filter(|(_, due)| *due <= at);
    due.filter_map(|(own, due)| breached(d, own, at, at.since_ms(due))).collect()
}

/// What follows from the last event without any waiting: impact entered by a person, and breaches that are over.
pub fn follow_on(d: &Deployment) -> Vec<Event> {
    let judged = d.plan.own.iter().filter_map(|own| {
        let beyond = measured(d, own, d.at)? > own.limit_ms;
        match d.breach(own.leaf) {
            Some(_) if !beyond => Some(Event::Cleared { item: d.plan.leaves[own.leaf].number.clone() }),
            None if beyond && own.measure == Measure::Impact => breached(d, own, d.at, 0),
            _ => None,
        }
    });
    judged.collect()
}

/// Criteria that time alone will breach, with when.
fn waited_for(d: &Deployment) -> impl Iterator<Item = (&Own, Timestamp)> {
    let open = d.plan.own.iter().filter(|own| d.breach(own.leaf).is_none() && d.applies_here(own.leaf));
    open.filter_map(|own| {
        let from = match (own.measure, d.status) {
            (Measure::Silence, Status::Active) => Some(d.active_at),
            (Measure::Duration, Status::Active | Status::Held) => d.started_at,
            _ => None,
        };
        // The limit itself is not beyond it.
        Some((own, from?.plus_ms(own.limit_ms.saturating_add(1))))
    })
}

fn breached(d: &Deployment, own: &Own, at: Timestamp, late_ms: i64) -> Option<Event> {
    let measured_ms = measured(d, own, at)?;
    let late_ms = if late_ms >= super::decide::LATE_MS { late_ms } else { 0 };
    Some(Event::Breached { item: d.plan.leaves[own.leaf].number.clone(), measured_ms, late_ms })
}

/// What the criterion measures at this moment, in milliseconds. None: it does not apply now, or nobody said.
fn measured(d: &Deployment, own: &Own, at: Timestamp) -> Option<i64> {
    if !d.applies_here(own.leaf) {
        return None;
    }
    match (own.measure, d.status) {
        (Measure::Silence, Status::Active | Status::Held) => Some(at.since_ms(d.active_at)),
        (Measure::Duration, Status::Active | Status::Held) => d.started_at.map(|s| at.since_ms(s)),
        (Measure::Impact, Status::Active | Status::Held | Status::Succeeded | Status::Partial) => {
            let said = d.fields.iter().find(|(label, _)| is_field(own, label)).map(|(_, value)| value)?;
            parse_span(said, own.limit_unit_ms(d))
        }
        _ => None,
    }
}

/// The field of that label is where the criterion's measure is filled in.
pub fn is_field(own: &Own, label: &str) -> bool {
    own.measure == Measure::Impact && measure(label) == Some(Measure::Impact)
}

impl Own {
    /// The unit a plain number is meant in: the criterion's own.
    fn limit_unit_ms(&self, d: &Deployment) -> i64 {
        let item = d.plan.checklist.item(&d.plan.leaves[self.leaf].number);
        let unit = item.and_then(|i| i.threshold.as_ref()?.unit.clone());
        unit.and_then(|u| super::meaning::unit_ms(&u)).unwrap_or(60_000)
    }
}
