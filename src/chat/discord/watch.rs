//! Notices when the connection to the gateway is dead although nobody says so.
//!
//! After the close codes 4003, 4010 and 4011, and after a close without a code, serenity reads on from a connection that
//! has ended and keeps a core busy with it. A ping on such a connection fails, and ends what reads there.

use serenity::gateway::{ConnectionStage, ShardManager, ShardMessenger};
use serenity::model::id::ShardId;
use serenity_tungstenite::tungstenite::Message;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Between two looks.
const LOOK: Duration = Duration::from_secs(1);
/// Every so many looks the connection is pinged.
const PING: u32 = 5;
/// Without anybody reading for so long, nobody will: serenity itself is back sooner after a broken connection.
const NOBODY: Duration = Duration::from_secs(20);
/// Until the first session is ready.
const READY: Duration = Duration::from_secs(30);
/// Without any stage of being connected for so long, it is better begun anew.
const NOT_CONNECTED: Duration = Duration::from_secs(90);
/// Between two looks for the first connection.
const SOON: Duration = Duration::from_millis(1);
const SHARD: ShardId = ShardId(0);

/// Watches one client's connection.
pub(super) struct Watch<F> {
    manager: Arc<ShardManager>,
    /// Whether somebody reads from the connection.
    is_read: F,
}

impl<F: Fn() -> bool> Watch<F> {
    pub(super) fn new(manager: Arc<ShardManager>, is_read: F) -> Self {
        Self { manager, is_read }
    }

    /// Resolves when the connection is dead, with why. `tell` hears at every look whether it stands.
    pub(super) async fn dead(&mut self, tell: impl Fn(bool), is_ready: impl Fn() -> bool) -> String {
        let began = Instant::now();
        let (mut read, mut connected) = (began, began);
        let mut looks: u32 = 0;
        loop {
            tokio::time::sleep(LOOK).await;
            looks = looks.wrapping_add(1);
            let now = Instant::now();
            if (self.is_read)() {
                read = now;
            }
            let shard = self.manager.runners.lock().await.get(&SHARD).map(|r| (r.stage, r.runner_tx.clone()));
            let up = shard.as_ref().is_some_and(|(stage, _)| *stage == ConnectionStage::Connected);
            if up {
                connected = now;
            }
            tell(up && read == now);
            if let Some((_, shard)) = shard.filter(|_| looks.is_multiple_of(PING)) {
                shard.websocket_message(Message::Ping(Vec::new()));
            }
            if !is_ready() && now - began > READY {
                return "Discord's gateway does not become ready.".into();
            }
            if now - read > NOBODY {
                return "Discord closed the connection.".into();
            }
            if now - connected > NOT_CONNECTED {
                return "Discord's gateway cannot be reached.".into();
            }
        }
    }
}

/// The first connection of a client, as soon as it stands.
pub(super) async fn first_shard(manager: &ShardManager) -> Option<ShardMessenger> {
    let began = Instant::now();
    while began.elapsed() < READY {
        if let Some(runner) = manager.runners.lock().await.get(&SHARD) {
            return Some(runner.runner_tx.clone());
        }
        tokio::time::sleep(SOON).await;
    }
    None
}
