//! Shows what waits to be shown. A view is drawn at sending time, so that ten ticks make one edit.

use crate::card::fit;
use crate::domain::time::Timestamp;
use crate::engine::Engine;
use crate::ports::{Chat, ChatError, Delivery};
use crate::store::{Delivered, DeliveryOutcome, StoreError, Waiting};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Messages shown in one step.
const STEP: u32 = 128;

/// Of them, recorded together: what is ticked meanwhile waits for no more than these.
const TOGETHER: usize = 8;

/// Between two steps at least: a burst of ticks becomes a few edits, and nobody sees the difference.
const PACE: Duration = Duration::from_millis(40);

/// And so many times as long as the step took: under load people's ticks come first, and edits of the same message
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

/// After how long a message that cannot be shown is given up and becomes a visible failure, in milliseconds.
pub const GIVE_UP_MS: i64 = 24 * 3_600_000;

/// Attempts made before anything is given up: the bot itself may have been away for a day.
pub const GIVE_UP_ATTEMPTS: i64 = 10;

/// The places messages can be shown, by platform.
pub type Chats = HashMap<&'static str, Arc<dyn Chat>>;

/// Shows what is due; how many messages were tried.
pub async fn step(engine: &Engine, chats: &Chats) -> Result<usize, StoreError> {
    let waiting = engine.claim(STEP).await?;
    let mut count = 0;
    // A channel whose message must be tried again waits with it: what was said first is shown first.
    let mut waits: HashSet<&str> = HashSet::new();
    for some in waiting.chunks(TOGETHER) {
        let mut delivered = Vec::with_capacity(some.len());
        for one in some {
            if waits.contains(one.delivery.channel.as_str()) {
                continue;
            }
            // One that cannot be drawn waits; the others are shown.
            let outcome = match show(engine, chats, one).await {
                Ok(outcome) => outcome,
                Err(error) => retry(one, engine.now(), TROUBLE_MS, error.to_string()),
            };
            if matches!(outcome, DeliveryOutcome::Retry { .. }) {
                waits.insert(&one.delivery.channel);
            }
            delivered.push(Delivered {
                key: one.delivery.key.clone(),
                generation: one.generation,
                at: engine.now(),
                outcome,
            });
        }
        count += delivered.len();
        if !delivered.is_empty() {
            engine.delivered(delivered).await?;
        }
    }
    Ok(count)
}

async fn show(engine: &Engine, chats: &Chats, one: &Waiting) -> Result<DeliveryOutcome, StoreError> {
    let (platform, channel) = one.delivery.channel.split_once(':').unwrap_or(("", &one.delivery.channel));
    let Some(chat) = chats.get(platform) else {
        return Ok(DeliveryOutcome::Failed { why: format!("no connection to {platform} is configured") });
    };
    let Some(card) = engine.draw(one).await? else {
        return Ok(DeliveryOutcome::Failed { why: "there is nothing to show".into() });
    };
    let card = fit::fit(card, &chat.limits());
    let delivery = Delivery {
        key: one.delivery.key.clone(),
        channel: channel.to_owned(),
        thread: one.delivery.thread.clone().zip(one.thread_posted.clone()),
        card,
        posted: one.posted.clone(),
    };
    Ok(match chat.show(&delivery).await {
        Ok(posted) => DeliveryOutcome::Shown { posted, card: Arc::new(delivery.card) },
        Err(ChatError::Retry { after_ms, why }) => retry(one, engine.now(), after_ms, why),
        Err(ChatError::Refused { why }) => DeliveryOutcome::Failed { why },
    })
}

fn retry(one: &Waiting, now: Timestamp, after_ms: i64, why: String) -> DeliveryOutcome {
    let failing_ms = one.failing_since.map_or(0, |since| now.since_ms(since));
    if failing_ms >= GIVE_UP_MS && one.attempts >= GIVE_UP_ATTEMPTS {
        return DeliveryOutcome::Failed { why };
    }
    // Doubling from a second to a minute, never sooner than the platform asked.
    let backoff = 1_000_i64 << one.attempts.clamp(0, 6);
    DeliveryOutcome::Retry { due: now.plus_ms(after_ms.max(backoff.min(60_000))), why }
}

/// Runs until told to stop; then shows what is still due, so that a clean end leaves nothing waiting.
pub async fn run(engine: Engine, chats: Chats, mut stop: watch::Receiver<bool>) {
    loop {
        let began = Instant::now();
        let (pause, heed) = match step(&engine, &chats).await {
            Ok(0) => match engine.store().next_delivery().await {
                Ok(next) => (wait(engine.now(), next), true),
                Err(_) => (TROUBLE, true),
            },
            // Whatever comes meanwhile comes with the next step.
            Ok(_) => ((began.elapsed() * REST).clamp(PACE, LONGEST_REST), false),
            Err(error) => {
                tracing::warn!(%error, detail = error.detail(), "messages wait");
                (TROUBLE, true)
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = engine.outbox_changed(), if heed => {}
            _ = stop.wait_for(|stop| *stop) => break,
        }
    }
    while matches!(step(&engine, &chats).await, Ok(n) if n > 0) {}
}

fn wait(now: Timestamp, next: Option<Timestamp>) -> Duration {
    next.map_or(LOOK, |t| Duration::from_millis(u64::try_from(t.since_ms(now)).unwrap_or(0).max(10)).min(LOOK))
}
