//! Shows one message: posts it, finds it again, or edits it; opens what must be open for that.

use super::client::{Done, Trouble, code, snowflake};
use super::{Discord, PLATFORM, Place, show};
use crate::card::compose;
use crate::card::fit::cut;
use crate::card::fit::discord as most;
use crate::ports::{ChatError, Delivery};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Pages of a hundred messages that are searched for one that may stand there.
const PAGES: usize = 5;
/// When ids of Discord begin to count, in milliseconds since 1970.
const EPOCH_MS: i64 = 1_420_070_400_000;
/// Clocks may differ by so much, in milliseconds.
const SKEW_MS: i64 = 60_000;

/// A message's id in the house: the channel or thread it stands in, and its own.
pub fn posted(channel: u64, message: u64) -> String {
    format!("{channel}/{message}")
}

/// Reads an id of [`posted`].
pub fn place_of(posted: &str) -> Option<(u64, u64)> {
    let (channel, message) = posted.split_once('/')?;
    let id = |text: &str| text.parse().ok().filter(|id| *id > 0);
    Some((id(channel)?, id(message)?))
}

/// When Discord made this id, in milliseconds since 1970.
fn made_ms(id: u64) -> i64 {
    (id >> 22).cast_signed().saturating_add(EPOCH_MS)
}

impl Discord {
    /// Shows a message; its id.
    pub(super) async fn deliver(&self, delivery: &Delivery) -> Result<String, ChatError> {
        let body = show::message(&delivery.card, &delivery.key, &|person| self.account(person));
        match &delivery.posted {
            Some(posted) => self.edit(delivery, posted, &body).await,
            None if delivery.only_if_there => self.edit_found(delivery, &body).await?.ok_or(ChatError::Gone),
            None => self.post(delivery, &body).await,
        }
    }

    async fn edit(&self, delivery: &Delivery, posted: &str, body: &Value) -> Result<String, ChatError> {
        let Some((channel, message)) = place_of(posted) else { return Err(ChatError::Gone) };
        let mut done = self.rest.edit(channel, message, body).await;
        if done.as_ref().is_err_and(|t| t.code() == Some(code::ARCHIVED)) {
            self.rest.reopen(channel).await.map_err(Trouble::shown)?;
            done = self.rest.edit(channel, message, body).await;
        }
        match done {
            Ok(()) => Ok(posted.to_owned()),
            // A channel that is gone cannot be posted to either; a thread can be begun anew.
            Err(trouble)
                if trouble.is_gone()
                    && (delivery.thread.is_some() || trouble.code() == Some(code::UNKNOWN_MESSAGE)) =>
            {
                self.gone.put(delivery.key.clone(), posted.to_owned());
                if trouble.code() == Some(code::UNKNOWN_CHANNEL) {
                    self.forget_thread(delivery);
                }
                Err(ChatError::Gone)
            }
            Err(trouble) => Err(trouble.shown()),
        }
    }

    /// Edits the message if it stands there.
    async fn edit_found(&self, delivery: &Delivery, body: &Value) -> Result<Option<String>, ChatError> {
        let channel = self.room(delivery).await.map_err(Trouble::shown)?;
        let Some(found) = self.find(channel, delivery).await.map_err(Trouble::shown)? else { return Ok(None) };
        let stands = posted(channel, found);
        match self.rest.edit(channel, found, body).await {
            Ok(()) => Ok(Some(stands)),
            Err(trouble) => Err(trouble.shown().of_what_stands(stands)),
        }
    }

    async fn post(&self, delivery: &Delivery, body: &Value) -> Result<String, ChatError> {
        if delivery.uncertain
            && let Some(found) = self.edit_found(delivery, body).await?
        {
            return Ok(found);
        }
        self.post_new(delivery, body).await.map_err(Trouble::shown)
    }

    async fn post_new(&self, delivery: &Delivery, body: &Value) -> Done<String> {
        let mut channel = self.room(delivery).await?;
        let nonce = self.nonce(&delivery.key);
        let mut done = self.rest.post(channel, body, Some(&nonce), delivery.file.as_ref()).await;
        match done.as_ref().err().and_then(Trouble::code) {
            Some(code::ARCHIVED) => {
                self.rest.reopen(channel).await?;
                done = self.rest.post(channel, body, Some(&nonce), delivery.file.as_ref()).await;
            }
            // The thread was deleted since it was last seen.
            Some(code::UNKNOWN_CHANNEL) if delivery.thread.is_some() => {
                self.forget_thread(delivery);
                channel = self.room(delivery).await?;
                done = self.rest.post(channel, body, Some(&nonce), delivery.file.as_ref()).await;
            }
            _ => {}
        }
        done.map(|message| posted(channel, message))
    }

    /// The channel or thread a message belongs in; the thread is begun where it is not there yet.
    async fn room(&self, delivery: &Delivery) -> Done<u64> {
        let unreadable =
            || Trouble::Said { status: 0, code: code::UNKNOWN_CHANNEL, why: "that is no channel of Discord".into() };
        if let Some(user) = delivery.channel.strip_prefix('@') {
            let user: u64 = user.parse().ok().filter(|id| *id > 0).ok_or_else(unreadable)?;
            if let Some(channel) = self.direct.get(&user) {
                return Ok(channel);
            }
            let channel = self.rest.direct(user).await?;
            self.direct.put(user, channel);
            return Ok(channel);
        }
        let home: u64 = delivery.channel.parse().ok().filter(|id| *id > 0).ok_or_else(unreadable)?;
        let Some((parent, first)) = delivery.thread.as_ref().and_then(|(_, posted)| place_of(posted)) else {
            return Ok(home);
        };
        if let Some(thread) = self.threads.get(&first) {
            return Ok(thread);
        }
        match self.rest.thread(parent, first, &self.thread_name(&delivery.key).await).await {
            Ok(thread) => {
                let place = Place { channel: format!("{PLATFORM}:{home}"), deployment: deployment_of(&delivery.key) };
                self.places.put(thread, place);
                self.threads.put(first, thread);
                Ok(thread)
            }
            // Somebody deleted the announcement, and with it the place of a thread.
            Err(trouble) if trouble.code() == Some(code::UNKNOWN_MESSAGE) => Ok(home),
            Err(trouble) => Err(trouble),
        }
    }

    fn forget_thread(&self, delivery: &Delivery) {
        if let Some((_, first)) = delivery.thread.as_ref().and_then(|(_, posted)| place_of(posted)) {
            self.threads.remove(&first);
        }
    }

    async fn thread_name(&self, key: &str) -> String {
        let id = deployment_of(key).unwrap_or(0);
        match self.engine.deployment(id).await {
            Ok(Some(d)) => cut(&format!("#{id} {}", compose::name(&d)), most::THREAD_NAME),
            _ => format!("#{id}"),
        }
    }

    /// A message of ours with this key, among the newest there.
    async fn find(&self, channel: u64, delivery: &Delivery) -> Done<Option<u64>> {
        let me = self.me().await?.user;
        // Of an earlier life of this number, before its database was replaced, none is meant.
        let since = match self.engine.deployment(deployment_of(&delivery.key).unwrap_or(0)).await {
            Ok(Some(d)) => d.opened_at.0 - SKEW_MS,
            _ => 0,
        };
        let mut before = None;
        for _ in 0..PAGES {
            let messages = self.rest.messages(channel, before).await?;
            for message in &messages {
                let Some(id) = snowflake(&message["id"]) else { continue };
                if made_ms(id) < since {
                    return Ok(None);
                }
                let ours = snowflake(&message["author"]["id"]) == Some(me);
                let footer = message["embeds"][0]["footer"]["text"].as_str().unwrap_or_default();
                if ours && show::key_of(footer) == Some(show::short(&delivery.key)) {
                    return Ok(Some(id));
                }
            }
            before = messages.last().and_then(|m| snowflake(&m["id"]));
            if messages.len() < 100 || before.is_none() {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// The same for the same message, another once somebody has deleted it.
    fn nonce(&self, key: &str) -> String {
        let before = self.gone.get(key).unwrap_or_default();
        let digest = Sha256::digest(format!("{key} {before}"));
        let mut nonce = hex::encode(&digest[..12]);
        nonce.truncate(most::NONCE);
        nonce
    }
}

/// The deployment a message is about.
fn deployment_of(key: &str) -> Option<u64> {
    key.split('/').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written() {
        assert_eq!(place_of(&posted(20, 30)), Some((20, 30)));
        for wrong in ["", "20", "20/", "a/1", "0/1"] {
            assert_eq!(place_of(wrong), None, "{wrong}");
        }
        // Discord's own example.
        assert_eq!(made_ms(175_928_847_299_117_063), 1_462_015_105_796);
        assert_eq!(deployment_of("12/section/3/1@discord:2"), Some(12));
    }
}
