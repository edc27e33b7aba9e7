//! Proofs that somebody was reached: when a message last got to them, and when they last answered one.

use super::lock;
use crate::domain::command::Person;
use crate::domain::time::Timestamp;
use crate::store::NewDelivery;
use std::sync::Mutex;

/// Proofs remembered; the oldest make room.
const KEPT: usize = 10_000;

/// Somebody was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    pub(super) person: Person,
    /// Where: `email:ana@example.org`.
    pub(super) address: String,
    pub(super) at: Timestamp,
    /// They answered; else the way took the message, which proves less.
    pub(super) acknowledged: bool,
}

/// The proofs there are.
#[derive(Default)]
pub(super) struct Proofs {
    kept: Mutex<Vec<Proof>>,
}

impl Proofs {
    /// Keeps a proof.
    pub(super) fn keep(&self, proof: Proof) {
        let mut kept = lock(&self.kept);
        kept.retain(|p| {
            (&p.person.id, &p.address, p.acknowledged) != (&proof.person.id, &proof.address, proof.acknowledged)
        });
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push(proof);
    }

    /// A message of a test got to its way.
    pub(super) fn delivered(&self, of: &NewDelivery, at: Timestamp) {
        let to = of.card.as_ref().and_then(|c| c.page.as_ref()).and_then(|p| p.to.clone());
        if let Some(person) = to {
            self.keep(Proof { person, address: of.channel.clone(), at, acknowledged: false });
        }
    }

    /// The best and newest proof for somebody's address: an answer before a mere delivery.
    pub(super) fn last(&self, person: &str, address: &str) -> Option<Proof> {
        let kept = lock(&self.kept);
        let mine = kept.iter().filter(|p| *p.person.id == *person && p.address == address);
        mine.max_by_key(|p| (p.acknowledged, p.at)).cloned()
    }
}
