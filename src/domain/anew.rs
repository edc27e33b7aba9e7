//! How often a page has climbed. Whoever had it may not have ended it: it climbs anew then, and what was told outside of
//! the climb before is not about this one.

use super::directory::Way;
use super::paging::{Message, Page, Sent, Trace, Traced};

impl Page {
    /// The climb it is in, or was in last: the first, and one more whenever it went on although somebody had had it.
    pub fn climb(&self) -> u32 {
        self.climbs().last().map_or(1, |(climb, _)| climb)
    }

    /// The climb in which a message was called for.
    pub fn climb_of(&self, n: u32) -> u32 {
        let mut root = n;
        // What answers a failure belongs to the call that failed. Always an earlier one.
        while let Some(before) = self.message(root).and_then(|m| m.follows).filter(|before| *before < root) {
            root = before;
        }
        let called = |trace: &Trace| match trace.what {
            Traced::Called { first, count, .. } => (first..first.saturating_add(count)).contains(&root),
            _ => false,
        };
        self.climbs().find(|(_, trace)| called(trace)).map_or_else(|| self.climb(), |(climb, _)| climb)
    }

    /// Whether a receiver outside is told by this message how the page goes on: of those of one climb that came, the first
    /// one tells it. To people each message shows it.
    pub fn tells(&self, n: u32) -> bool {
        let Some(message) = self.message(n).filter(|m| matches!(m.way(), Some(Way::Pagerduty | Way::Webhook))) else {
            return true;
        };
        let came = |other: &&Message| {
            other.address() == message.address()
                && matches!(other.state, Sent::Delivered(_))
                && other.way() == message.way()
        };
        let before = (1..n).filter(|m| self.message(*m).as_ref().is_some_and(came));
        !before.into_iter().any(|m| self.climb_of(m) == self.climb_of(n))
    }

    fn climbs(&self) -> impl Iterator<Item = (u32, &Trace)> {
        let (mut climb, mut had) = (1_u32, false);
        self.trail.iter().map(move |trace| {
            match trace.what {
                Traced::Acknowledged => had = true,
                Traced::Lapsed | Traced::Escalated if had => (climb, had) = (climb.saturating_add(1), false),
                _ => {}
            }
            (climb, trace)
        })
    }
}
