//! A sign of life for whoever watches the watchman: a call goes out as long as timers fire and messages get out. When it
//! stops, the receiver raises the alarm, however this process has failed or is cut off.

use crate::config::ways::Heartbeat;
use crate::domain::time::{Timestamp, span};
use crate::engine::Engine;
use crate::http::Http;
use crate::store::{StoreError, Waiting};
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::watch;

/// How long after its moment a timer may fire, and how long the first message of a channel may stand unattempted, before
/// something is wrong, in milliseconds. Sending one message takes less.
const TIMER_MS: i64 = 60_000;
const MESSAGE_MS: i64 = 120_000;
/// How long a message may be tried again and again, in milliseconds: a busy platform or a greylisting mail server is no
/// alarm, and whoever waits to be paged cannot wait for longer.
const FAILING_MS: i64 = 600_000;
/// Messages looked at.
const LOOKED_AT: u32 = 128;

/// What is looked at.
#[derive(Debug)]
pub struct Vitals {
    pub now: Timestamp,
    /// Whether changes are recorded.
    pub door: Result<(), String>,
    /// The moment of the timer that is due first.
    pub timer: Option<Timestamp>,
    /// The first message that may be shown of every channel: channel, and what changes with every attempt at it.
    pub messages: Vec<(String, Mark)>,
    /// Since when the message has been failing that fails longest and is still tried, and its channel.
    pub failing: Option<(Timestamp, String)>,
}

/// A message and the attempts at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub key: String,
    pub generation: i64,
    pub attempts: i64,
    pub failing_since: Option<Timestamp>,
}

/// What is remembered between two looks: since when a channel's first message stands as it does.
#[derive(Debug, Default)]
pub struct Pulse {
    standing: HashMap<String, (Mark, Timestamp)>,
}

impl Pulse {
    /// Whether all is well; otherwise a sentence on what is not.
    pub fn look(&mut self, vitals: &Vitals) -> Result<(), String> {
        let before = std::mem::take(&mut self.standing);
        for (channel, mark) in &vitals.messages {
            let since = match before.get(channel) {
                Some((same, since)) if same == mark && *since <= vitals.now => *since,
                _ => vitals.now,
            };
            self.standing.insert(channel.clone(), (mark.clone(), since));
        }
        vitals.door.clone()?;
        let late = vitals.timer.map_or(0, |due| vitals.now.since_ms(due));
        if late > TIMER_MS {
            return Err(format!("A timer is overdue by {}.", span(late)));
        }
        let stuck = self.standing.iter().map(|(channel, (_, since))| (vitals.now.since_ms(*since), channel)).max();
        if let Some((ms, channel)) = stuck.filter(|(ms, _)| *ms > MESSAGE_MS) {
            return Err(format!("A message for {channel} has not been tried for {}.", span(ms)));
        }
        // Tried is not delivered.
        let failing = vitals.failing.as_ref().map(|(since, channel)| (vitals.now.since_ms(*since), channel));
        match failing.filter(|(ms, _)| *ms > FAILING_MS) {
            Some((ms, channel)) => Err(format!("A message for {channel} has failed for {} and is tried on.", span(ms))),
            None => Ok(()),
        }
    }
}

/// Looks at the engine.
pub async fn vitals(engine: &Engine) -> Result<Vitals, StoreError> {
    let now = engine.now();
    let mut messages: Vec<(String, Mark)> = Vec::new();
    for Waiting { delivery, generation, attempts, failing_since, .. } in engine.store().claim(now, LOOKED_AT).await? {
        if !messages.iter().any(|(channel, _)| *channel == delivery.channel) {
            messages.push((delivery.channel, Mark { key: delivery.key, generation, attempts, failing_since }));
        }
    }
    let (timer, failing) = (engine.store().next_timer().await?, engine.store().longest_failing().await?);
    Ok(Vitals { now, door: engine.healthy(), timer, messages, failing })
}

/// Runs until told to stop.
pub async fn run(engine: Engine, set: Heartbeat, http: Http, mut stop: watch::Receiver<bool>) {
    let every = Duration::from_millis(u64::try_from(set.every_ms).unwrap_or(60_000));
    let (mut pulse, mut said) = (Pulse::default(), String::new());
    loop {
        let well = match vitals(&engine).await {
            Ok(vitals) => pulse.look(&vitals),
            Err(error) => Err(error.to_string()),
        };
        let beaten = match well {
            Ok(()) => beat(&http, &set.url).await,
            Err(why) => Err(format!("no heartbeat goes out: {why}")),
        };
        // Said when it changes, not at every beat.
        let now = beaten.err().unwrap_or_default();
        match (now.is_empty(), now == said) {
            (_, true) => {}
            (true, _) => tracing::info!("the heartbeat goes out again"),
            (false, _) => tracing::warn!(why = now, "the heartbeat is missing"),
        }
        said = now;
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

async fn beat(http: &Http, url: &str) -> Result<(), String> {
    let answer = http.send("the heartbeat's receiver", http.get(url)).await?;
    if answer.is_ok() { Ok(()) } else { Err(format!("the heartbeat's receiver answers {}", answer.status)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_255_230_000;

    fn vitals(after_ms: i64, timer: Option<i64>, messages: &[(&str, &str, i64)]) -> Vitals {
        let mark = |key: &str, attempts| Mark { key: key.into(), generation: 1, attempts, failing_since: None };
        Vitals {
            now: Timestamp(NOW + after_ms),
            door: Ok(()),
            timer: timer.map(|ms| Timestamp(NOW + ms)),
            failing: None,
            messages: messages.iter().map(|(channel, key, n)| ((*channel).to_owned(), mark(key, *n))).collect(),
        }
    }

    #[test]
    fn well_as_long_as_timers_fire_and_changes_are_recorded() {
        let mut pulse = Pulse::default();
        for (after, timer) in [(0, None), (0, Some(3_600_000)), (60_000, Some(0))] {
            assert_eq!(pulse.look(&vitals(after, timer, &[])), Ok(()));
        }
        assert_eq!(pulse.look(&vitals(60_001, Some(0), &[])), Err("A timer is overdue by 1 min.".into()));
        let closed = Vitals { door: Err("The disk is full.".into()), ..vitals(0, None, &[]) };
        assert_eq!(pulse.look(&closed), Err("The disk is full.".into()));
    }

    #[test]
    fn a_message_that_is_tried_in_vain_is_no_sign_of_life() {
        let mut pulse = Pulse::default();
        let failing = |after_ms: i64| Vitals {
            failing: Some((Timestamp(NOW), "sms:+49301".into())),
            ..vitals(after_ms, None, &[("sms:+49301", "12/page/1/1@sms:+49301", after_ms)])
        };
        assert_eq!(pulse.look(&failing(FAILING_MS)), Ok(()));
        let cut_off = Err("A message for sms:+49301 has failed for 10 min and is tried on.".to_owned());
        assert_eq!(pulse.look(&failing(FAILING_MS + 1)), cut_off);
        assert_eq!(pulse.look(&failing(-9_000_000)), Ok(()), "a clock that was set back");
        assert_eq!(pulse.look(&vitals(FAILING_MS + 2, None, &[])), Ok(()));
    }

    #[test]
    fn a_message_that_nobody_tries_is_no_sign_of_life() {
        let mut pulse = Pulse::default();
        let one = [("slack:C1", "12/board@slack:C1", 0)];
        assert_eq!(pulse.look(&vitals(0, None, &one)), Ok(()));
        assert_eq!(pulse.look(&vitals(MESSAGE_MS, None, &one)), Ok(()));
        let stuck = Err("A message for slack:C1 has not been tried for 2 min.".to_owned());
        assert_eq!(pulse.look(&vitals(MESSAGE_MS + 1, None, &one)), stuck);
        // Tried, or another one: the channel moves.
        let tried = [("slack:C1", "12/board@slack:C1", 1)];
        assert_eq!(pulse.look(&vitals(MESSAGE_MS + 2, None, &tried)), Ok(()));
        assert_eq!(pulse.look(&vitals(2 * MESSAGE_MS, None, &[("slack:C1", "13/board@slack:C1", 1)])), Ok(()));
        // A clock that was set back holds nothing against anybody.
        assert_eq!(pulse.look(&vitals(-9_000_000, None, &[("slack:C1", "13/board@slack:C1", 1)])), Ok(()));
        assert_eq!(pulse.look(&vitals(9_000_000, None, &[])), Ok(()));
    }
}
