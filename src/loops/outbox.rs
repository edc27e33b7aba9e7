//! Shows what waits to be shown. A view is drawn at sending time, so that ten ticks make one edit.
//!
//! Every channel has a lane: within it messages keep their order and the platform's pace; lanes do not wait for each
//! other.

use crate::card::fit;
use crate::domain::time::Timestamp;
use crate::engine::Engine;
use crate::ports::{Chat, ChatError, Delivery, Pace};
use crate::store::{Delivered, DeliveryOutcome, NewDelivery, StoreError, Waiting};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Messages looked at in one step.
const STEP: u32 = 128;

/// Of a lane, recorded together: what is ticked meanwhile waits for no more than these.
const TOGETHER: usize = 8;

/// A lane rests between two runs at least: a burst of ticks becomes a few edits, and nobody sees the difference.
const PACE: Duration = Duration::from_millis(40);

/// And so many times as long as the run took: under load people's ticks come first, and edits of the same message
/// grow together while they wait.
const REST: u32 = 5;

/// But no longer than this.
const LONGEST_REST: Duration = Duration::from_secs(1);

/// The longest sleep while nothing waits.
const LOOK: Duration = Duration::from_secs(5);

/// When a message is drawn again whose deployment could not be read, in milliseconds.
const TROUBLE_MS: i64 = 60_000;

/// Pause after the database refused.
const TROUBLE: Duration = Duration::from_secs(1);

/// The longest pause between two attempts, in milliseconds, before its jitter: what waits behind is shown so soon after a
/// platform is back, and one request in half a minute is a burden to none.
const LONGEST_PAUSE_MS: i64 = 30_000;

/// After how long a message that cannot be shown is given up and becomes a visible failure, in milliseconds.
pub const GIVE_UP_MS: i64 = 24 * 3_600_000;

/// Attempts made before anything is given up: the bot itself may have been away for a day.
pub const GIVE_UP_ATTEMPTS: i64 = 10;

/// The places messages can be shown, by platform.
pub type Chats = HashMap<&'static str, Arc<dyn Chat>>;

/// The lanes and what they show. Cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    chats: Chats,
    lanes: Mutex<HashMap<String, Lane>>,
    /// Messages whose first sending began and whose end is not recorded: they may stand there.
    begun: Mutex<HashSet<String>>,
}

/// What is kept of a channel.
#[derive(Default)]
struct Lane {
    busy: bool,
    /// Its last run ended then, and it rests for so long.
    rests: Option<(Instant, Duration)>,
    /// When the messages sent so far would have been sent at the platform's pace (a leaky bucket's level, as a time).
    paid_until: Timestamp,
}

impl Lane {
    /// When the next message may go, as the pace has it.
    fn next(&self, pace: Pace, now: Timestamp) -> Timestamp {
        self.level(pace, now).plus_ms(-ahead(pace))
    }

    /// Nothing is lost when it is forgotten: nobody is in it, and it would go on at once with a whole burst.
    fn idle(&self, now: Timestamp) -> bool {
        let rested = self.rests.is_none_or(|(since, rest)| since.elapsed() >= rest);
        !self.busy && rested && self.paid_until <= now
    }

    fn sent(&mut self, pace: Pace, now: Timestamp) {
        self.paid_until = self.level(pace, now).max(now).plus_ms(pace.every_ms);
    }

    /// A clock that was set back holds a lane no longer than its pace can.
    fn level(&self, pace: Pace, now: Timestamp) -> Timestamp {
        let possible = self.paid_until.since_ms(now) <= ahead(pace).saturating_add(pace.every_ms);
        if possible { self.paid_until } else { now }
    }
}

/// How far ahead of its pace a lane may be, in milliseconds.
fn ahead(pace: Pace) -> i64 {
    pace.every_ms.saturating_mul(pace.burst.saturating_sub(1).max(0))
}

/// What a look at the outbox started.
struct Began {
    lanes: usize,
    /// The soonest moment at which a lane that was passed over may go on; those that are busy tell by themselves.
    again: Option<Duration>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Outbox {
    /// Lanes that are all free.
    pub fn new(engine: Engine, chats: Chats) -> Self {
        let inner = Inner { engine, chats, lanes: Mutex::default(), begun: Mutex::default() };
        Self { inner: Arc::new(inner) }
    }

    /// Shows what is due, as far as the platforms' pace allows, and waits for it; how many messages were tried.
    pub async fn step(&self) -> Result<usize, StoreError> {
        let mut running = JoinSet::new();
        self.begin(&mut running, false).await?;
        let mut tried = 0;
        while let Some(done) = running.join_next().await {
            tried += done.unwrap_or(Ok(0))?;
        }
        Ok(tried)
    }

    /// Starts the lanes that have something to do and may.
    async fn begin(
        &self,
        running: &mut JoinSet<Result<usize, StoreError>>,
        heed_rests: bool,
    ) -> Result<Began, StoreError> {
        let waiting = self.inner.engine.claim(STEP).await?;
        let now = self.inner.engine.now();
        // Anything can be an address: those that nothing goes to any more are not kept.
        lock(&self.inner.lanes).retain(|_, lane| !lane.idle(now));
        let mut by_lane: Vec<(String, Vec<Waiting>)> = Vec::new();
        let mut index: HashMap<String, usize> = HashMap::new();
        for one in waiting {
            let at = *index.entry(one.delivery.channel.clone()).or_insert_with(|| {
                by_lane.push((one.delivery.channel.clone(), Vec::new()));
                by_lane.len() - 1
            });
            by_lane[at].1.push(one);
        }
        let mut began = Began { lanes: 0, again: None };
        for (channel, messages) in by_lane {
            let pause = {
                let mut lanes = lock(&self.inner.lanes);
                let lane = lanes.entry(channel.clone()).or_default();
                if lane.busy {
                    continue;
                }
                let paced = until(now, lane.next(self.inner.pace(&channel), now));
                let resting =
                    lane.rests.filter(|_| heed_rests).map(|(since, rest)| rest.saturating_sub(since.elapsed()));
                let pause = paced.max(resting.unwrap_or_default());
                lane.busy = pause.is_zero();
                pause
            };
            if !pause.is_zero() {
                began.again = Some(began.again.map_or(pause, |a| a.min(pause)));
                continue;
            }
            began.lanes += 1;
            let this = self.clone();
            running.spawn(async move {
                let free = Free { outbox: &this.inner, channel: &channel, began: Instant::now() };
                let tried = this.inner.lane(&channel, messages).await;
                drop(free);
                tried
            });
        }
        Ok(began)
    }

    /// Runs until told to stop; then shows what is still due, so that a clean end leaves nothing waiting.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let engine = self.inner.engine.clone();
        let mut running = JoinSet::new();
        loop {
            let looked = Instant::now();
            let began = self.begin(&mut running, true).await;
            let rest = (looked.elapsed() * REST).min(PACE);
            let pause = match began {
                // Something was started or passed over: what comes next is known when it ends or may go on.
                Ok(Began { again: Some(again), .. }) => again.min(LOOK),
                Ok(Began { lanes: 1.., .. }) => LOOK,
                Ok(_) if !running.is_empty() => LOOK,
                Ok(_) => match engine.store().next_delivery().await {
                    Ok(next) => next.map_or(LOOK, |t| until(engine.now(), t).max(Duration::from_millis(10)).min(LOOK)),
                    Err(_) => TROUBLE,
                },
                Err(error) => {
                    tracing::warn!(%error, detail = error.detail(), "messages wait");
                    TROUBLE
                }
            };
            let mut ended = None;
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = engine.outbox_changed() => {}
                Some(done) = running.join_next() => ended = done.ok(),
                _ = stop.wait_for(|stop| *stop) => break,
            }
            // Many may have ended meanwhile.
            while let Some(done) = running.try_join_next() {
                ended = done.ok().filter(Result::is_err).or(ended);
            }
            if let Some(Err(error)) = ended {
                tracing::warn!(%error, detail = error.detail(), "messages wait");
                tokio::time::sleep(TROUBLE).await;
            }
            // Under load something changes all the time: looking takes a part of the time only, as lanes do.
            tokio::time::sleep_until(looked + rest).await;
        }
        while running.join_next().await.is_some() {}
        while matches!(self.step().await, Ok(n) if n > 0) {}
    }
}

/// Gives a lane back, however its run ended.
struct Free<'a> {
    outbox: &'a Inner,
    channel: &'a str,
    began: Instant,
}

impl Drop for Free<'_> {
    fn drop(&mut self) {
        if let Some(lane) = lock(&self.outbox.lanes).get_mut(self.channel) {
            lane.busy = false;
            lane.rests = Some((Instant::now(), (self.began.elapsed() * REST).clamp(PACE, LONGEST_REST)));
        }
    }
}

impl Inner {
    fn chat(&self, channel: &str) -> Option<&Arc<dyn Chat>> {
        self.chats.get(platform(channel))
    }

    fn pace(&self, channel: &str) -> Pace {
        self.chat(channel).map_or(Pace::FREE, |chat| chat.pace())
    }

    /// Shows a channel's messages in their order, until one must be tried again or the pace says to wait. What may go
    /// although that one waits is claimed anew: a call that came up meanwhile is not behind all that fails slowly.
    async fn lane(&self, channel: &str, messages: Vec<Waiting>) -> Result<usize, StoreError> {
        let pace = self.pace(channel);
        let mut tried = 0;
        let mut done: Vec<(NewDelivery, Delivered)> = Vec::with_capacity(TOGETHER);
        for one in &messages {
            let now = self.engine.now();
            if lock(&self.lanes).get(channel).is_some_and(|lane| lane.next(pace, now) > now) {
                break;
            }
            // One that cannot be drawn waits; the others are shown.
            let outcome = match self.show(one).await {
                Ok(outcome) => outcome,
                Err(error) => retry(one, self.engine.now(), TROUBLE_MS, error.to_string()),
            };
            tried += 1;
            let again = matches!(outcome, DeliveryOutcome::Retry { .. } | DeliveryOutcome::Stands { .. });
            if let Some(lane) = lock(&self.lanes).get_mut(channel).filter(|_| outcome != DeliveryOutcome::Dropped) {
                lane.sent(pace, self.engine.now());
            }
            let became =
                Delivered { key: one.delivery.key.clone(), generation: one.generation, at: self.engine.now(), outcome };
            done.push((one.delivery.clone(), became));
            // A platform that paces us is slow: what stands there is recorded at once.
            if done.len() >= TOGETHER || pace != Pace::FREE {
                self.record(std::mem::take(&mut done)).await?;
            }
            // What was said first is shown first.
            if again {
                break;
            }
        }
        self.record(done).await?;
        Ok(tried)
    }

    async fn record(&self, done: Vec<(NewDelivery, Delivered)>) -> Result<(), StoreError> {
        if done.is_empty() {
            return Ok(());
        }
        let keys: Vec<String> = done.iter().map(|(of, _)| of.key.clone()).collect();
        self.engine.delivered(done).await?;
        let mut begun = lock(&self.begun);
        keys.iter().for_each(|key| _ = begun.remove(key));
        Ok(())
    }

    async fn show(&self, one: &Waiting) -> Result<DeliveryOutcome, StoreError> {
        let Some(chat) = self.chat(&one.delivery.channel) else {
            let why = format!("no connection to {} is configured", platform(&one.delivery.channel));
            return Ok(DeliveryOutcome::Failed { why });
        };
        let first = one.posted.is_none();
        let begun_before = first && lock(&self.begun).contains(&one.delivery.key);
        let uncertain = first && (begun_before || one.from_before || one.attempts > 0);
        let Some(drawn) = self.engine.draw(one, uncertain).await? else {
            // Somebody has the page, or it is over: its call need not go out any more.
            if one.call {
                return Ok(DeliveryOutcome::Dropped);
            }
            return Ok(DeliveryOutcome::Failed { why: "there is nothing to show".into() });
        };
        if drawn.file.is_some() && !chat.takes_files() {
            return Ok(DeliveryOutcome::Dropped);
        }
        if first {
            lock(&self.begun).insert(one.delivery.key.clone());
        }
        let calls_nobody = drawn.card.page.as_ref().is_some_and(|page| !page.calls());
        let mut delivery = Delivery {
            key: one.delivery.key.clone(),
            channel: one.delivery.channel.split_once(':').map_or("", |(_, channel)| channel).to_owned(),
            thread: one.delivery.thread.clone().zip(one.thread_posted.clone()),
            card: fit::fit(drawn.card, &chat.limits()),
            posted: one.posted.clone(),
            uncertain,
            only_if_there: uncertain && calls_nobody,
            announcement: one.announcement.clone(),
            file: drawn.file,
        };
        let mut shown = chat.show(&delivery).await;
        if calls_nobody && shown == Err(ChatError::Gone) {
            return Ok(DeliveryOutcome::Dropped);
        }
        let mut reposted = false;
        if shown == Err(ChatError::Gone) && !one.reposted {
            // Deleted by somebody: once it is posted anew. An earlier attempt at that may have come through.
            (delivery.posted, delivery.uncertain, reposted) = (None, one.attempts > 0 || one.from_before, true);
            shown = chat.show(&delivery).await;
        }
        Ok(match shown {
            Ok(posted) => DeliveryOutcome::Shown { posted, card: Arc::new(delivery.card), reposted },
            Err(ChatError::Retry { after_ms, why }) => retry(one, self.engine.now(), after_ms, why),
            Err(ChatError::Stands { posted, after_ms, why }) => {
                // That it stands there is the end of what failed before.
                let due = due(&one.delivery.key, 0, self.engine.now(), after_ms);
                DeliveryOutcome::Stands { posted, card: Arc::new(delivery.card), reposted, due, why }
            }
            Err(ChatError::Refused { why }) => DeliveryOutcome::Failed { why },
            Err(ChatError::Gone) => DeliveryOutcome::Failed { why: "somebody deleted the message, twice".into() },
        })
    }
}

fn platform(channel: &str) -> &str {
    channel.split_once(':').map_or("", |(platform, _)| platform)
}

fn retry(one: &Waiting, now: Timestamp, after_ms: i64, why: String) -> DeliveryOutcome {
    let failing_ms = one.failing_since.map_or(0, |since| now.since_ms(since));
    if failing_ms >= GIVE_UP_MS && one.attempts >= GIVE_UP_ATTEMPTS {
        return DeliveryOutcome::Failed { why };
    }
    DeliveryOutcome::Retry { due: due(&one.delivery.key, one.attempts, now, after_ms), why }
}

/// When it is tried again: pauses double from a second to [`LONGEST_PAUSE_MS`], never sooner than the platform asked, and
/// then up to a quarter later: many that failed together do not come back together.
fn due(key: &str, attempts: i64, now: Timestamp, after_ms: i64) -> Timestamp {
    let backoff = (1_000_i64 << attempts.clamp(0, 6)).min(LONGEST_PAUSE_MS);
    let jitter = backoff / 4 * spread(key, attempts) / 100;
    now.plus_ms(after_ms.max(backoff).saturating_add(jitter))
}

/// A number below 100 that differs from message to message and from attempt to attempt, and is the same in every run.
fn spread(key: &str, attempts: i64) -> i64 {
    let mixed = key.bytes().fold(attempts.cast_unsigned(), |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3).rotate_left(7)
    });
    (mixed % 100).cast_signed()
}

fn until(now: Timestamp, then: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(then.since_ms(now)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::library::Library;
    use crate::ports::SystemClock;
    use crate::store::Store;

    const SLACK: Pace = Pace { every_ms: 1_000, burst: 3 };

    #[test]
    fn a_lane_takes_a_burst_and_then_one_by_one() {
        let mut lane = Lane::default();
        let mut sent = Vec::new();
        for now in (0..6_000).step_by(250).map(|ms| Timestamp(1_000_000 + ms)) {
            while lane.next(SLACK, now) <= now {
                lane.sent(SLACK, now);
                sent.push(now.0 - 1_000_000);
            }
        }
        assert_eq!(sent, [0, 0, 0, 1_000, 2_000, 3_000, 4_000, 5_000]);
    }

    #[test]
    fn a_clock_set_back_holds_no_lane() {
        let mut lane = Lane::default();
        lane.sent(SLACK, Timestamp(9_000_000));
        assert!(lane.next(SLACK, Timestamp(1_000)) <= Timestamp(1_000));
        lane.sent(SLACK, Timestamp(1_000));
        assert_eq!(lane.paid_until, Timestamp(2_000));
        assert_eq!(Lane::default().next(Pace::FREE, Timestamp(5)).0, 0);
    }

    #[test]
    fn a_lane_is_forgotten_when_that_changes_nothing() {
        let mut lane = Lane::default();
        assert!(lane.idle(Timestamp(5)));
        lane.sent(SLACK, Timestamp(1_000));
        assert!(!lane.idle(Timestamp(1_999)) && lane.idle(Timestamp(2_000)), "its burst is whole again");
        lane.busy = true;
        assert!(!lane.idle(Timestamp(9_000)));
        (lane.busy, lane.rests) = (false, Some((Instant::now(), Duration::from_secs(3_600))));
        assert!(!lane.idle(Timestamp(9_000)));
        lane.rests = Some((Instant::now(), Duration::ZERO));
        assert!(lane.idle(Timestamp(9_000)));
    }

    #[tokio::test]
    async fn lanes_are_not_kept_for_addresses_of_old() {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(dir.path()).await.unwrap());
        let (config, library) = (Arc::new(Config::default()), Library::built_in());
        let (engine, _door) = Engine::open(store, Arc::new(SystemClock), config, library).await.unwrap();
        let outbox = Outbox::new(engine, Chats::new());
        {
            let mut lanes = lock(&outbox.inner.lanes);
            (0..1_000).for_each(|n| _ = lanes.insert(format!("slack:@U{n}"), Lane::default()));
            lanes.insert("slack:@busy".into(), Lane { busy: true, ..Lane::default() });
        }
        outbox.step().await.unwrap();
        assert_eq!(lock(&outbox.inner.lanes).keys().collect::<Vec<_>>(), ["slack:@busy"]);
    }

    #[test]
    fn pauses_differ_and_stay_within_a_quarter() {
        let all: HashSet<i64> = (0..50).map(|n| spread(&format!("{n}/board@slack:C1"), 1)).collect();
        assert!(all.len() > 25 && all.iter().all(|s| (0..100).contains(s)), "{all:?}");
    }
}
