//! What has just been posted is recorded a moment later. People can be faster than that, and are waited for.

use crate::engine::Engine;
use crate::store::{LiveSection, Message, StoreError};
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
