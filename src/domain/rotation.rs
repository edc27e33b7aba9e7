//! Rotations: who is on call when. Pure functions of the rules and a moment.

use super::command::Person;
use super::hours::Hours;
use super::schedule::Compiled;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};

/// Somebody stands in for whoever a rotation names, for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cover {
    /// The rotation's name.
    pub rotation: String,
    pub person: Person,
    pub from: Timestamp,
    /// From this moment on the rotation holds again.
    pub until: Timestamp,
}

/// People who take turns. Of its layers the last one that holds counts.
#[derive(Clone, Debug, Default)]
pub struct Rotation {
    pub layers: Vec<Layer>,
}

/// One row of people who take turns.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Ids, in the order of their turns; never empty.
    pub people: Vec<String>,
    /// When the next one takes over.
    pub handoff: Compiled,
    /// The first one's turn begins; before it the layer holds nobody.
    pub starts: Timestamp,
    /// It holds in these hours only.
    pub only: Option<Hours>,
    /// Handoffs counted before: a memory that never changes an answer.
    counted: Arc<Mutex<Counted>>,
}

/// Handoffs counted before, so that no question counts from the start again.
#[derive(Debug, Default)]
struct Counted {
    /// Every so-manieth handoff, from the start on without a gap.
    marks: Vec<Timestamp>,
    /// The last one counted, with its number: the next question is mostly about a little later.
    last: Option<(Timestamp, usize)>,
}

/// From one handoff that is kept in mind to the next: so many are counted at most for a moment asked about before.
const STRIDE: usize = 64;

/// Changes looked at to find who is next: a layer with office hours changes ten times a week.
const LOOKS: usize = 500;

/// Who is on call, and who is next and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The person's id; none: nobody.
    pub now: Option<String>,
    /// The next change, where there is one.
    pub next: Option<(Timestamp, Option<String>)>,
}

impl Layer {
    /// A layer whose first turn begins at that moment.
    pub fn new(people: Vec<String>, handoff: Compiled, starts: Timestamp, only: Option<Hours>) -> Self {
        Self { people, handoff, starts, only, counted: Arc::default() }
    }

    /// Whose turn it is, where the layer holds.
    fn holder(&self, t: Timestamp) -> Option<&str> {
        if t < self.starts || self.only.is_some_and(|hours| !hours.hold(t)) {
            return None;
        }
        let turns = self.handoffs(t);
        self.people.get(turns.checked_rem(self.people.len())?).map(String::as_str)
    }

    /// Handoffs after the start, up to and including `t`.
    fn handoffs(&self, t: Timestamp) -> usize {
        self.count(t).0
    }

    /// The same, with how many were counted for it.
    fn count(&self, t: Timestamp) -> (usize, usize) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let marks = counted.marks.partition_point(|at| *at <= t);
        let mark = marks.checked_sub(1).and_then(|i| counted.marks.get(i)).map(|at| (*at, marks * STRIDE));
        let last = counted.last.filter(|(at, _)| *at <= t);
        let (mut at, from) = mark.max(last).unwrap_or((self.starts, 0));
        let mut count = from;
        while let Some(next) = self.handoff.next_after(at).filter(|next| *next <= t) {
            (at, count) = (next, count + 1);
            if count == (counted.marks.len() + 1) * STRIDE {
                counted.marks.push(at);
            }
        }
        counted.last = Some((at, count));
        (count, count - from)
    }

    /// The next moment at which it may hold somebody else.
    fn next_change(&self, t: Timestamp) -> Option<Timestamp> {
        if t < self.starts {
            return Some(self.starts);
        }
        [self.handoff.next_after(t), self.only.and_then(|hours| hours.next_edge(t))].into_iter().flatten().min()
    }
}

impl Rotation {
    /// The id of who is on call, covers before layers.
    pub fn on_call(&self, name: &str, t: Timestamp, covers: &[Cover]) -> Option<String> {
        let cover = covers.iter().rev().find(|c| c.rotation == name && c.from <= t && t < c.until);
        match cover {
            Some(cover) => Some(cover.person.id.to_string()),
            None => self.layers.iter().rev().find_map(|layer| layer.holder(t)).map(str::to_owned),
        }
    }

    /// Who is on call now, who is next, and when.
    pub fn turn(&self, name: &str, t: Timestamp, covers: &[Cover]) -> Turn {
        let now = self.on_call(name, t, covers);
        let mut at = t;
        for _ in 0..LOOKS {
            let layers = self.layers.iter().filter_map(|layer| layer.next_change(at));
            let mine = covers.iter().filter(|c| c.rotation == name);
            let edges = mine.flat_map(|c| [c.from, c.until]).filter(|edge| *edge > at);
            let Some(next) = layers.chain(edges).min() else { break };
            let then = self.on_call(name, next, covers);
            if then != now {
                return Turn { now, next: Some((next, then)) };
            }
            at = next;
        }
        Turn { now, next: None }
    }

    /// Everybody who may ever be on call by its layers.
    pub fn people(&self) -> impl Iterator<Item = &str> {
        self.layers.iter().flat_map(|layer| &layer.people).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::checklist::Schedule;
    use crate::domain::schedule;

    const HOUR: i64 = 3_600_000;

    #[test]
    fn no_question_counts_from_the_start_again() {
        let hourly = schedule::parse(&Schedule { cron: "0 * * * *".into(), timezone: None }, chrono_tz::UTC).unwrap();
        let layer = |people: &[&str]| {
            Layer::new(people.iter().map(|p| (*p).to_owned()).collect(), hourly.clone(), Timestamp(0), None)
        };
        let now = Timestamp(20_000 * HOUR);
        // One person: whoever is next is looked for as far as may be.
        let rotation = Rotation { layers: vec![layer(&["ana"])] };
        assert_eq!(rotation.turn("web", now, &[]).next, None);
        for ms in [0, HOUR, -HOUR, 500 * HOUR, -3_000 * HOUR, 1] {
            let t = now.plus_ms(ms);
            let (count, counted) = rotation.layers[0].count(t);
            assert_eq!(i64::try_from(count).unwrap(), t.0 / HOUR, "{ms}");
            assert!(counted <= STRIDE, "{counted} were counted anew for {ms}");
        }
        // Whatever was asked before, the answer is the same.
        let asked = layer(&["ana", "ben", "cleo"]);
        for hours in [100, 3, 64, 63, 65, 128, 500, 0, 127, 449] {
            let t = Timestamp(hours * HOUR + 1);
            assert_eq!(asked.holder(t), layer(&["ana", "ben", "cleo"]).holder(t), "{hours}");
        }
    }
}
