//! Messages as they were last shown.

use super::open::Store;
use super::read::{json, moment};
use super::{LiveSection, Message, StoreError};
use crate::domain::time::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::collections::HashMap;

/// The most messages of one page, and the most replies (the newest) given with each.
const PAGE: u32 = 200;
const REPLIES: u32 = 500;
/// The most section messages looked at after a surface was away.
const LIVE: u32 = 1000;

/// The columns of [`message`], in its order.
macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, key, deployment, channel, thread, what, card, posted_at, edited_at FROM messages ", $rest)
    };
}

impl Store {
    /// A page of a channel: the newest `limit` messages (older than `before_id`), each followed by its thread. Oldest
    /// first. `before_id` for the next page is the `id` of the first message of this one.
    pub async fn messages(
        &self,
        channel: &str,
        before_id: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let page = async {
            let rows =
                sqlx::query(select!("WHERE channel = ?1 AND thread IS NULL AND id < ?2 ORDER BY id DESC LIMIT ?3"))
                    .bind(channel)
                    .bind(before_id.unwrap_or(i64::MAX))
                    .bind(limit.min(PAGE))
                    .fetch_all(&self.readers)
                    .await?;
            let roots: Vec<Message> = rows.iter().rev().map(message).collect::<Result<_, _>>()?;
            let rows = sqlx::query(
                "SELECT id, key, deployment, channel, thread, what, card, posted_at, edited_at FROM (
                     SELECT *, row_number() OVER (PARTITION BY thread ORDER BY id DESC) AS place FROM messages
                     WHERE thread IS NOT NULL AND thread IN (SELECT value FROM json_each(?1)))
                 WHERE place <= ?2 ORDER BY id",
            )
            .bind(keys(roots.iter().map(|m| m.key.as_str())))
            .bind(REPLIES)
            .fetch_all(&self.readers)
            .await?;
            let mut threads: HashMap<String, Vec<Message>> = HashMap::new();
            for row in &rows {
                let reply = message(row)?;
                threads.entry(reply.thread.clone().unwrap_or_default()).or_default().push(reply);
            }
            let mut page = Vec::with_capacity(roots.len() + rows.len());
            for root in roots {
                let replies = threads.remove(&root.key).unwrap_or_default();
                page.push(root);
                page.extend(replies);
            }
            self.with_reactions(page).await
        };
        page.await.map_err(|e| self.error(e))
    }

    /// The message of that key, if it has been shown.
    pub async fn message(&self, key: &str) -> Result<Option<Message>, StoreError> {
        let row = sqlx::query(select!("WHERE key = ?1")).bind(key).fetch_optional(&self.readers);
        self.one(row.await).await
    }

    /// The message whose key begins so, if it has been shown; the first of several.
    pub async fn message_under(&self, beginning: &str) -> Result<Option<Message>, StoreError> {
        // A range of the key's index. No text that begins so is greater than one with the last of characters behind it.
        let row = sqlx::query(select!("WHERE key >= ?1 AND key < ?1 || char(1114111) ORDER BY key LIMIT 1"));
        self.one(row.bind(beginning).fetch_optional(&self.readers).await).await
    }

    /// The number of the last test of whether somebody can be reached: sent, or still to be. 0: there was none.
    pub async fn last_test(&self) -> Result<u32, StoreError> {
        let last: i64 = sqlx::query_scalar(
            "SELECT coalesce(max(CAST(substr(what, 6) AS INTEGER)), 0) FROM (
                 SELECT what FROM messages WHERE deployment = 0
                 UNION ALL SELECT what FROM outbox WHERE deployment = 0)
             WHERE what GLOB 'page/*/*'",
        )
        .fetch_one(&self.readers)
        .await
        .map_err(|e| self.error(e))?;
        Ok(u32::try_from(last).unwrap_or(u32::MAX))
    }

    /// The messages of those keys that have been shown, in the order they were first shown.
    pub async fn messages_by_key(&self, of: &[String]) -> Result<Vec<Message>, StoreError> {
        let all = async {
            let query = sqlx::query(select!("WHERE key IN (SELECT value FROM json_each(?1)) ORDER BY id"));
            let rows = query.bind(keys(of.iter().map(String::as_str))).fetch_all(&self.readers).await?;
            self.with_reactions(rows.iter().map(message).collect::<Result<_, _>>()?).await
        };
        all.await.map_err(|e| self.error(e))
    }

    /// What its platform calls the message of that key, if it has been shown.
    pub async fn posted(&self, key: &str) -> Result<Option<String>, StoreError> {
        let posted = sqlx::query_scalar("SELECT posted FROM messages WHERE key = ?1").bind(key);
        posted.fetch_optional(&self.readers).await.map_err(|e| self.error(e))
    }

    /// The message that a platform calls by this id.
    pub async fn message_posted(&self, channel: &str, posted: &str) -> Result<Option<Message>, StoreError> {
        let query = sqlx::query(select!("WHERE channel = ?1 AND posted = ?2 ORDER BY id LIMIT 1"));
        let row = query.bind(channel).bind(posted).fetch_optional(&self.readers);
        self.one(row.await).await
    }

    /// The deployment whose message has that id of the platform in that channel; none where it is about no deployment.
    pub async fn deployment_posted(&self, channel: &str, posted: &str) -> Result<Option<u64>, StoreError> {
        let query = sqlx::query_scalar::<_, i64>(
            "SELECT deployment FROM messages WHERE channel = ?1 AND posted = ?2 ORDER BY id LIMIT 1",
        );
        let id = query.bind(channel).bind(posted).fetch_optional(&self.readers).await.map_err(|e| self.error(e))?;
        Ok(id.map(i64::cast_unsigned).filter(|id| *id > 0))
    }

    /// A deployment's messages in the order they were first shown.
    pub async fn deployment_messages(&self, id: u64) -> Result<Vec<Message>, StoreError> {
        let all = async {
            let query = sqlx::query(select!("WHERE deployment = ?1 ORDER BY id"));
            let rows = query.bind(id.cast_signed()).fetch_all(&self.readers).await?;
            self.with_reactions(rows.iter().map(message).collect::<Result<_, _>>()?).await
        };
        all.await.map_err(|e| self.error(e))
    }

    /// The keys of a deployment's messages in the order they were first shown.
    pub async fn shown_keys(&self, id: u64) -> Result<Vec<String>, StoreError> {
        sqlx::query_scalar("SELECT key FROM messages WHERE deployment = ?1 ORDER BY id")
            .bind(id.cast_signed())
            .fetch_all(&self.readers)
            .await
            .map_err(|e| self.error(e))
    }

    /// Whether that person's emoji stands on that message.
    pub async fn has_reaction(&self, message: &str, emoji: &str, person: &str) -> Result<bool, StoreError> {
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM reactions WHERE message = ?1 AND emoji = ?2 AND person_id = ?3)",
        )
        .bind(message)
        .bind(emoji)
        .bind(person)
        .fetch_one(&self.readers)
        .await
        .map_err(|e| self.error(e))
    }

    /// A platform's section messages whose deployments can still be walked, oldest first, at most 1,000.
    pub async fn live_sections(&self, platform: &str) -> Result<Vec<LiveSection>, StoreError> {
        let live = async {
            let rows = sqlx::query(
                "SELECT m.key, m.deployment, m.channel, m.posted, t.posted
                 FROM deployments d JOIN messages m ON m.deployment = d.id LEFT JOIN messages t ON t.key = m.thread
                 WHERE d.archived = 0 AND m.what LIKE 'section/%' AND m.channel LIKE ?1 || ':%' ORDER BY m.id LIMIT ?2",
            )
            .bind(platform)
            .bind(LIVE)
            .fetch_all(&self.readers)
            .await?;
            let mut live = Vec::with_capacity(rows.len());
            for row in &rows {
                live.push(LiveSection {
                    key: row.try_get(0)?,
                    deployment: row.try_get::<i64, _>(1)?.cast_unsigned(),
                    channel: row.try_get(2)?,
                    posted: row.try_get(3)?,
                    thread_posted: row.try_get(4)?,
                    reactions: Vec::new(),
                });
            }
            let rows = sqlx::query(
                "SELECT message, emoji, person_id FROM reactions
                 WHERE message IN (SELECT value FROM json_each(?1)) ORDER BY rowid",
            )
            .bind(keys(live.iter().map(|m| m.key.as_str())))
            .fetch_all(&self.readers)
            .await?;
            for row in &rows {
                let key: &str = row.try_get(0)?;
                if let Some(m) = live.iter_mut().find(|m| m.key == key) {
                    m.reactions.push((row.try_get(1)?, row.try_get(2)?));
                }
            }
            Ok(live)
        };
        live.await.map_err(|e| self.error(e))
    }

    async fn one(&self, row: Result<Option<SqliteRow>, sqlx::Error>) -> Result<Option<Message>, StoreError> {
        let one = async {
            let Some(row) = row? else { return Ok(None) };
            Ok(self.with_reactions(vec![message(&row)?]).await?.pop())
        };
        one.await.map_err(|e| self.error(e))
    }

    async fn with_reactions(&self, mut messages: Vec<Message>) -> Result<Vec<Message>, sqlx::Error> {
        let rows = sqlx::query(
            "SELECT message, emoji, person FROM reactions
             WHERE message IN (SELECT value FROM json_each(?1)) ORDER BY rowid",
        )
        .bind(keys(messages.iter().map(|m| m.key.as_str())))
        .fetch_all(&self.readers)
        .await?;
        let mut found: HashMap<String, Vec<(String, Vec<String>)>> = HashMap::new();
        for row in &rows {
            let (emoji, person): (String, String) = (row.try_get(1)?, row.try_get(2)?);
            let of = found.entry(row.try_get(0)?).or_default();
            match of.iter_mut().find(|(e, _)| *e == emoji) {
                Some((_, people)) => people.push(person),
                None => of.push((emoji, vec![person])),
            }
        }
        for m in &mut messages {
            m.reactions = found.remove(&m.key).unwrap_or_default();
        }
        Ok(messages)
    }
}

/// Texts as one bound value, however many.
pub(super) fn keys<'a>(keys: impl Iterator<Item = &'a str>) -> String {
    serde_json::Value::from_iter(keys).to_string()
}

fn message(row: &SqliteRow) -> Result<Message, sqlx::Error> {
    Ok(Message {
        id: row.try_get(0)?,
        key: row.try_get(1)?,
        deployment: row.try_get::<i64, _>(2)?.cast_unsigned(),
        channel: row.try_get(3)?,
        thread: row.try_get(4)?,
        what: row.try_get(5)?,
        card: json(row.try_get(6)?)?,
        posted_at: Timestamp(row.try_get(7)?),
        edited_at: moment(row, 8)?,
        reactions: Vec::new(),
    })
}
