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
    /// Handoffs counted up to a moment: the next question is mostly about a little later.
    counted: Counted,
}

/// A moment and the handoffs before it; a memory that never changes an answer.
type Counted = Arc<Mutex<Option<(Timestamp, usize)>>>;

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
        Self { people, handoff, starts, only, counted: Counted::default() }
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
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut at, mut count) = counted.filter(|(at, _)| *at <= t).unwrap_or((self.starts, 0));
        while let Some(next) = self.handoff.next_after(at).filter(|next| *next <= t) {
            (at, count) = (next, count + 1);
        }
        *counted = Some((at, count));
        count
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
