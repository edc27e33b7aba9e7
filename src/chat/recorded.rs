//! What has just been posted is recorded a moment later. People can be faster than that, and are waited for. They also
//! go on reacting while what stands there is compared with the record: then they are right.

use crate::engine::Engine;
use crate::store::{LiveSection, Message, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Between two looks.
const SETTLES: Duration = Duration::from_millis(250);
/// Looks for a message somebody reacts to; together shorter than a platform waits for an acknowledgement.
const TRIES: u32 = 8;
/// Looks for a message that was found again, whose recording may queue behind others.
const FOUND_TRIES: u32 = 40;

/// The message that stands there. `ours`: it is known to be one of ours, so that it may be waited for.
pub async fn message(engine: &Engine, channel: &str, posted: &str, ours: bool) -> Result<Option<Message>, StoreError> {
    let mut tries = if ours { TRIES } else { 0 };
    loop {
        let found = engine.store().message_posted(channel, posted).await?;
        if found.is_some() || tries == 0 {
            return Ok(found);
        }
        tries -= 1;
        tokio::time::sleep(SETTLES).await;
    }
}

/// A section's message that was found again, once it is recorded that it stands there (`posted`; another that was deleted
/// may be recorded still). Until then reactions to it were reactions to nothing.
pub async fn section(engine: &Engine, platform: &str, key: &str, posted: &str) -> Option<LiveSection> {
    for _ in 0..FOUND_TRIES {
        let live = engine.store().live_sections(platform).await.unwrap_or_default();
        if let Some(section) = live.into_iter().find(|s| s.key == key && s.posted == posted) {
            return Some(section);
        }
        tokio::time::sleep(SETTLES).await;
    }
    None
}

/// Which messages people react to while reactions are compared. What a comparison has found may be older than what was
/// heard meanwhile, and must not have the last word.
#[derive(Default)]
pub struct Meanwhile(Mutex<BTreeMap<u64, BTreeSet<String>>>);

/// A comparison, from before what is recorded was read until it is dropped.
pub struct Comparing<'a> {
    meanwhile: &'a Meanwhile,
    number: u64,
}

impl Meanwhile {
    /// A comparison begins.
    pub fn comparing(&self) -> Comparing<'_> {
        let mut all = self.all();
        let number = all.last_key_value().map_or(0, |(number, _)| number + 1);
        all.insert(number, BTreeSet::new());
        Comparing { meanwhile: self, number }
    }

    /// A reaction to that message was heard: to be said before it is handled, and after it.
    pub fn heard(&self, message: &str) {
        for heard in self.all().values_mut() {
            heard.insert(message.to_owned());
        }
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<u64, BTreeSet<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Comparing<'_> {
    /// Somebody has reacted to that message since it began: it is to be compared again.
    pub fn heard(&self, message: &str) -> bool {
        self.meanwhile.all().get(&self.number).is_some_and(|heard| heard.contains(message))
    }
}

impl Drop for Comparing<'_> {
    fn drop(&mut self) {
        self.meanwhile.all().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_heard_during_a_comparison_is_known_to_it() {
        let meanwhile = Meanwhile::default();
        meanwhile.heard("a");
        let first = meanwhile.comparing();
        assert!(!first.heard("a"), "before it began");
        meanwhile.heard("b");
        let second = meanwhile.comparing();
        meanwhile.heard("c");
        assert_eq!((first.heard("b"), first.heard("c")), (true, true));
        assert_eq!((second.heard("b"), second.heard("c")), (false, true));
        drop(first);
        assert!(second.heard("c") && !second.heard("a"));
        drop(second);
        assert!(meanwhile.all().is_empty(), "nothing is kept for nobody");
    }
}
