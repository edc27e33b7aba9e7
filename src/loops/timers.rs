//! Fires what has fallen due, through the one door.

use crate::domain::command::{Person, Timer, Via};
use crate::domain::set_back::SET_BACK_MS;
use crate::domain::time::Timestamp;
use crate::engine::{Engine, Envelope, Input};
use crate::store::StoreError;
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::watch;

/// Timers fired in one step.
const STEP: u32 = 256;

/// The longest sleep. The machine's clock may be set while we sleep; this bounds how late we notice.
const LOOK: Duration = Duration::from_secs(2);

/// Between two times that old answers are forgotten: while there are any, and when there were none.
const FORGET_ON_MS: i64 = 5_000;
const FORGET_MS: i64 = 3_600_000;

/// Between two steps while there is more: a timer that cannot be decided must not keep a core busy.
const AGAIN: Duration = Duration::from_millis(5);

/// Pause after the database refused.
const TROUBLE: Duration = Duration::from_secs(1);

/// Fires what is due now; gives back what was fired.
pub async fn step(engine: &Engine) -> Result<Vec<(u64, Timer, Timestamp)>, StoreError> {
    let due = engine.store().due_timers(engine.now(), STEP).await?;
    let of: BTreeSet<u64> = due.iter().map(|(deployment, ..)| *deployment).collect();
    engine.warm(of).await;
    // Handed in together, so that what falls due together is committed together; and in this order, because each is
    // polled in turn and the door takes it at once.
    let fired = due
        .iter()
        .map(|&(deployment, timer, due)| engine.handle(envelope(deployment, Input::Due { deployment, timer, due })));
    join_all(fired).await;
    Ok(due)
}

fn envelope(deployment: u64, input: Input) -> Envelope {
    Envelope {
        key: None,
        by: Person::rollcall(),
        via: Via::Timer,
        channel: String::new(),
        deployment: Some(deployment),
        mentioned: Vec::new(),
        input,
    }
}

/// After the clock was set back, what is waited for was armed for a time that is far away now: it is armed anew. Gives
/// back how many deployments were looked at.
pub async fn set_back(engine: &Engine) -> Result<usize, StoreError> {
    let waiting = engine.store().waiting_for_time().await?;
    for some in waiting.chunks(STEP as usize) {
        engine.warm(some.iter().copied()).await;
        join_all(some.iter().map(|&id| engine.handle(envelope(id, Input::SetBack { deployment: id })))).await;
    }
    Ok(waiting.len())
}

/// The latest moment anything was recorded at: the clock may have been set back while the bot was down.
async fn recorded(engine: &Engine) -> Timestamp {
    engine.store().newest_at().await.ok().flatten().unwrap_or_default()
}

/// Runs until told to stop.
pub async fn run(engine: Engine, mut stop: watch::Receiver<bool>) {
    let mut forget_at = engine.now();
    let mut before = Vec::new();
    let mut latest = engine.now().max(recorded(&engine).await);
    loop {
        engine.recover().await;
        if latest.since_ms(engine.now()) >= SET_BACK_MS {
            tracing::warn!("the clock was set back; what is waited for is armed anew");
            match set_back(&engine).await {
                Ok(_) => (latest, forget_at) = (engine.now(), engine.now()),
                Err(error) => tracing::warn!(%error, detail = error.detail(), "timers stay as they were"),
            }
        }
        latest = latest.max(engine.now());
        if engine.now() >= forget_at {
            let forgotten = engine.store().prune(engine.now()).await;
            forget_at = engine.now().plus_ms(if matches!(forgotten, Ok(1..)) { FORGET_ON_MS } else { FORGET_MS });
        }
        let pause = match step(&engine).await {
            Ok(fired) if fired.is_empty() => match engine.store().next_timer().await {
                Ok(next) => until(engine.now(), next),
                Err(_) => TROUBLE,
            },
            Ok(fired) => {
                // What is due again unchanged could not be recorded: it is tried again, but in no hurry.
                let stuck = fired.iter().all(|f| before.contains(f));
                before = fired;
                if stuck { TROUBLE } else { AGAIN }
            }
            Err(error) => {
                tracing::warn!(%error, detail = error.detail(), "timers wait");
                TROUBLE
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = engine.timers_changed() => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

fn until(now: Timestamp, next: Option<Timestamp>) -> Duration {
    next.map_or(LOOK, |t| Duration::from_millis(u64::try_from(t.since_ms(now)).unwrap_or(0)).min(LOOK))
}
