//! The app's home: what waits for me, what I lead, and the button that starts.

use super::hear::START;
use super::text::plain_object;
use super::{PLATFORM, Slack, show};
use crate::card::fit::{self, slack as limits};
use crate::words::slack as words;
use serde_json::{Value, json};

/// Draws somebody's home anew.
pub(super) async fn publish(slack: &Slack, user: &str) {
    let me = slack.person(user, "").await;
    let card = fit::fit(slack.engine.mine(&me).await, &fit::SLACK);
    let blocks = show::card(&card, slack.clock.now().0, &|id| slack.account(id));
    if let Err(failure) = slack.api.publish_home(user, &view(blocks)).await {
        tracing::warn!(platform = PLATFORM, why = failure.sentence(), "a home was not drawn");
    }
}

fn view(mut blocks: Vec<Value>) -> Value {
    blocks.truncate(limits::VIEW_BLOCKS - 1);
    blocks.push(json!({ "type": "actions", "block_id": "start", "elements": [{
        "type": "button", "action_id": START, "style": "primary",
        "text": plain_object(words::HOME_START, limits::BUTTON_TEXT),
    }] }));
    json!({ "type": "home", "blocks": blocks })
}
