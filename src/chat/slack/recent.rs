//! What is remembered for a short while, and no longer than there is room.

use crate::card::Card;
use crate::store::Store;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// Requests remembered; people's choices remembered.
const REQUESTS: usize = 4_096;
const CHOICES: usize = 2_048;
/// Messages whose last state is remembered.
const MESSAGES: usize = 256;
/// Threads whose deployment is remembered.
const THREADS: usize = 4_096;
/// Channels drawn in at a time.
const CHANNELS: usize = 1_024;

/// A map that forgets what came first when it is full.
struct Bounded<K, V> {
    map: HashMap<K, V>,
    order: VecDeque<K>,
    most: usize,
}

impl<K: Hash + Eq + Clone, V> Bounded<K, V> {
    fn new(most: usize) -> Self {
        Self { map: HashMap::new(), order: VecDeque::new(), most }
    }

    fn entry(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        if !self.map.contains_key(&key) {
            while self.order.len() >= self.most {
                let Some(oldest) = self.order.pop_front() else { break };
                self.map.remove(&oldest);
            }
            self.order.push_back(key.clone());
        }
        self.map.entry(key).or_insert_with(make)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Requests by their key: the same one delivered again, or over another socket, waits for the first and gets its
/// answer. The engine's own memory of keys reaches further; this one keeps answers from being said twice.
pub struct Once<T> {
    cells: Mutex<Bounded<String, Arc<OnceCell<T>>>>,
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self { cells: Mutex::new(Bounded::new(REQUESTS)) }
    }
}

impl<T: Clone> Once<T> {
    /// The place of that request's answer.
    pub fn cell(&self, key: &str) -> Arc<OnceCell<T>> {
        lock(&self.cells).entry(key.to_owned(), Arc::default).clone()
    }
}

/// What people chose last in a block of boxes. Its id changes when it is drawn anew; until then the next click of the
/// same person starts from what they chose before.
pub struct Chosen {
    last: Mutex<Bounded<(String, String, String), Vec<String>>>,
}

impl Default for Chosen {
    fn default() -> Self {
        Self { last: Mutex::new(Bounded::new(CHOICES)) }
    }
}

impl Chosen {
    /// What that person saw ticked in that block, given what was drawn; and remembers what they chose now.
    pub fn before(&self, user: &str, message: &str, block: &str, drawn: &[String], now: &[String]) -> Vec<String> {
        let key = (user.to_owned(), message.to_owned(), block.to_owned());
        let mut last = lock(&self.last);
        let seen = last.entry(key, || drawn.to_vec());
        std::mem::replace(seen, now.to_vec())
    }
}

/// Which deployment a thread is about, by its channel and first message: that never changes once it is known.
pub struct Threads {
    known: Mutex<Bounded<(String, String), u64>>,
}

impl Default for Threads {
    fn default() -> Self {
        Self { known: Mutex::new(Bounded::new(THREADS)) }
    }
}

impl Threads {
    /// The deployment whose message began that thread.
    pub async fn deployment(&self, store: &Store, channel: &str, thread: &str) -> Option<u64> {
        let key = (channel.to_owned(), thread.to_owned());
        if let Some(known) = lock(&self.known).map.get(&key) {
            return Some(*known);
        }
        let found = store.deployment_posted(channel, thread).await.ok().flatten()?;
        lock(&self.known).entry(key, || found);
        Some(found)
    }
}

/// What a message shows: its key, and the card.
type Shown = (String, Arc<Card>);

/// What messages show, and who may draw in a channel.
pub struct Drawn {
    last: Mutex<Bounded<(String, String), Shown>>,
    lanes: Mutex<Bounded<String, Arc<tokio::sync::Mutex<()>>>>,
}

impl Default for Drawn {
    fn default() -> Self {
        Self { last: Mutex::new(Bounded::new(MESSAGES)), lanes: Mutex::new(Bounded::new(CHANNELS)) }
    }
}

impl Drawn {
    /// The right to draw in a channel.
    pub async fn lane(&self, channel: &str) -> tokio::sync::OwnedMutexGuard<()> {
        let lane = lock(&self.lanes).entry(channel.to_owned(), Arc::default).clone();
        lane.lock_owned().await
    }

    /// A message shows this now.
    pub fn remember(&self, channel: &str, ts: &str, key: &str, card: &Card) {
        let shown = (key.to_owned(), Arc::new(card.clone()));
        let mut last = lock(&self.last);
        let known = last.entry((channel.to_owned(), ts.to_owned()), || shown.clone());
        *known = shown;
    }

    /// What a message showed last, with its key, if that is remembered.
    pub fn last(&self, channel: &str, ts: &str) -> Option<Shown> {
        lock(&self.last).map.get(&(channel.to_owned(), ts.to_owned())).cloned()
    }
}

/// Conversations with one person: their id → the conversation's.
#[derive(Default)]
pub struct Direct(Mutex<HashMap<String, String>>);

impl Direct {
    pub fn get(&self, user: &str) -> Option<String> {
        lock(&self.0).get(user).cloned()
    }

    pub fn put(&self, user: &str, channel: &str) {
        let mut known = lock(&self.0);
        // Beyond that all are asked for anew.
        if known.len() >= CHANNELS {
            known.clear();
        }
        known.insert(user.to_owned(), channel.to_owned());
    }

    pub fn forget(&self, user: &str) {
        lock(&self.0).remove(user);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_starts_from_the_one_before() {
        let chosen = Chosen::default();
        let v = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert_eq!(chosen.before("U1", "m", "b", &v(&["3.1"]), &v(&["3.1", "3.2"])), v(&["3.1"]));
        assert_eq!(chosen.before("U1", "m", "b", &v(&["3.1"]), &v(&["3.1"])), v(&["3.1", "3.2"]));
        // Others saw what was drawn.
        assert_eq!(chosen.before("U2", "m", "b", &v(&["3.1"]), &v(&[])), v(&["3.1"]));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut bounded = Bounded::new(2);
        for key in 0..5 {
            bounded.entry(key, || key);
        }
        assert_eq!((bounded.map.len(), bounded.order.len()), (2, 2));
        assert!(bounded.map.contains_key(&4) && bounded.map.contains_key(&3));
    }
}
