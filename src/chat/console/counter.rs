//! The engine at the desk.

use super::desk::{Desk, Listing, Looked, RecordFormat};
use crate::card::Reply;
use crate::domain::command::Person;
use crate::engine::{Completion, Engine, Envelope, Format, Link, Notice, Page};
use crate::ports::Pending;
use crate::store::{Message, Past, StoreError};
use tokio::sync::broadcast;

/// Past deployments on one page of the list.
const PAGE: u32 = 50;

/// A look-up that failed, as the sentence for whoever asked; the log has it too.
fn told<T>(looked_up: Result<T, StoreError>) -> Result<T, String> {
    looked_up.map_err(|error| {
        tracing::warn!(%error, detail = error.detail(), "a look-up failed");
        error.to_string()
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

    fn messages<'a>(&'a self, channel: &'a str, before: Option<i64>, limit: usize) -> Looked<'a, Vec<Message>> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        Box::pin(async move { told(self.store().messages(channel, before, limit).await) })
    }

    fn message<'a>(&'a self, key: &'a str) -> Looked<'a, Option<Message>> {
        Box::pin(async move { told(self.store().message(key).await) })
    }

    fn page(&self, id: u64) -> Looked<'_, Option<Page>> {
        Box::pin(async move { told(Engine::page(self, id, false).await) })
    }

    fn list(&self, before: Option<u64>) -> Looked<'_, Listing> {
        Box::pin(async move {
            let past = told(self.store().list(Past::Over { before_id: before, limit: PAGE }).await)?;
            Ok(Listing { active: self.open_deployments(), past })
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

    fn record(&self, id: u64, format: RecordFormat) -> Looked<'_, Option<String>> {
        let format = match format {
            RecordFormat::Markdown => Format::Markdown,
            RecordFormat::Json => Format::Json,
        };
        Box::pin(async move { told(Engine::record(self, id, format).await) })
    }

    fn channels(&self) -> Pending<'_, Vec<String>> {
        let channels = self.config().channels.keys().map(|name| format!("console:{name}")).collect();
        Box::pin(std::future::ready(channels))
    }

    fn healthy(&self) -> Pending<'_, Result<(), String>> {
        Box::pin(std::future::ready(Engine::healthy(self)))
    }

    fn links(&self) -> Vec<(&'static str, Link)> {
        Engine::links(self).into_iter().collect()
    }

    fn subscribe(&self) -> broadcast::Receiver<Notice> {
        Engine::subscribe(self)
    }
}
