//! The engine at the desk.

use super::desk::{Desk, Listing, RecordFormat};
use crate::card::Reply;
use crate::domain::command::Person;
use crate::engine::{Completion, Engine, Envelope, Format, Notice, Page};
use crate::ports::Pending;
use crate::store::{Message, Past, StoreError};
use tokio::sync::broadcast;

/// Past deployments on one page of the list.
const PAGE: u32 = 50;

/// A look-up that failed shows as nothing there; the log says why, and readiness says it to whoever watches.
fn found<T>(looked_up: Result<Option<T>, StoreError>) -> Option<T> {
    looked_up.unwrap_or_else(|error| {
        tracing::warn!(%error, "a look-up failed");
        None
    })
}

impl Desk for Engine {
    fn identify(&self, name: &str) -> Person {
        self.config().identify(name)
    }

    fn handle(&self, envelope: Envelope) -> Pending<'_, Reply> {
        let engine = self.clone();
        // A task of its own: a browser that goes away does not take the answer's recording with it.
        let handled = tokio::spawn(async move { Engine::handle(&engine, envelope).await });
        Box::pin(async move {
            handled.await.unwrap_or_else(|_| {
                Reply::refused(
                    "Rollcall is shutting down. It is not certain that this was recorded; look before repeating.",
                )
            })
        })
    }

    fn messages<'a>(
        &'a self,
        channel: &'a str,
        before: Option<i64>,
        limit: usize,
    ) -> Pending<'a, Result<Vec<Message>, String>> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        Box::pin(async move { self.store().messages(channel, before, limit).await.map_err(|e| e.to_string()) })
    }

    fn message<'a>(&'a self, key: &'a str) -> Pending<'a, Option<Message>> {
        Box::pin(async move { found(self.store().message(key).await) })
    }

    fn page(&self, id: u64) -> Pending<'_, Option<Page>> {
        Box::pin(async move { found(Engine::page(self, id, false).await) })
    }

    fn list(&self, before: Option<u64>) -> Pending<'_, Listing> {
        Box::pin(async move {
            let past = self.store().list(Past::Over { before_id: before, limit: PAGE }).await;
            Listing { active: self.open_deployments(), past: found(past.map(Some)).unwrap_or_default() }
        })
    }

    fn complete<'a>(
        &'a self,
        channel: &'a str,
        deployment: Option<u64>,
        text: &'a str,
    ) -> Pending<'a, Vec<Completion>> {
        Box::pin(Engine::complete(self, channel, deployment, text))
    }

    fn record(&self, id: u64, format: RecordFormat) -> Pending<'_, Option<String>> {
        let format = match format {
            RecordFormat::Markdown => Format::Markdown,
            RecordFormat::Json => Format::Json,
        };
        Box::pin(async move { found(Engine::record(self, id, format).await) })
    }

    fn channels(&self) -> Pending<'_, Vec<String>> {
        let channels = self.config().channels.keys().map(|name| format!("console:{name}")).collect();
        Box::pin(std::future::ready(channels))
    }

    fn healthy(&self) -> Pending<'_, Result<(), String>> {
        Box::pin(std::future::ready(Engine::healthy(self)))
    }

    fn subscribe(&self) -> broadcast::Receiver<Notice> {
        Engine::subscribe(self)
    }
}
