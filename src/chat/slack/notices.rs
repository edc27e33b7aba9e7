//! What a deployer must know though they asked for nothing: a channel cannot show their deployment.

use super::api::Post;
use super::{PLATFORM, Slack};
use crate::card::Reply;
use crate::card::compose;
use crate::engine::Notice;
use crate::words::slack as words;
use tokio::sync::broadcast::error::RecvError;

/// Tells deployers, as long as the engine lives.
pub(super) async fn run(slack: &Slack) {
    let mut notices = slack.engine.subscribe();
    loop {
        match notices.recv().await {
            Ok(Notice::Undelivered { deployment, channel, why }) if channel.starts_with("slack:") => {
                tell(slack, deployment, &channel, &why).await;
            }
            // The board and the record say it too.
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
}

async fn tell(slack: &Slack, deployment: u64, channel: &str, why: &str) {
    let Ok(Some(d)) = slack.engine.deployment(deployment).await else { return };
    let Some(user) = slack.engine.config().account(&d.deployer().id, PLATFORM) else { return };
    let name = format!("#{} {}", d.id, compose::name(&d));
    let (text, blocks) = slack.drawn(&Reply::refused(words::undelivered(&name, why)));
    let key = format!("{deployment}/undelivered@{channel}");
    let post = Post { channel: user, thread: None, broadcast: false, text, blocks, key: &key };
    if let Err(failure) = slack.api.post_message(&post).await {
        tracing::warn!(why = failure.sentence(), "a deployer could not be told of a channel that shows nothing");
    }
}
