//! What the console asks of the house behind it.

use crate::card::Reply;
use crate::domain::command::Person;
use crate::engine::{Completion, Envelope, Link, Notice, Page};
use crate::ports::Pending;
use crate::store::{Message, Summary};
use tokio::sync::broadcast;

/// What a look-up found, or a sentence that says why it failed.
pub type Looked<'a, T> = Pending<'a, Result<T, String>>;

/// The other side of the console's counter: the engine, or in tests something that plays it.
///
/// Contract: a look-up that failed says so in a sentence; it never claims that there is nothing. `channel` is always given with its platform (`console:deployments`). [`Desk::handle`] answers only what
/// is durably recorded, and is not cut short when the browser goes away.
pub trait Desk: Send + Sync + 'static {
    /// Who a picked name means: the directory's person of that id or name, else somebody of that name. Never asked for
    /// people who signed in: they are who their key says.
    fn identify(&self, name: &str) -> Person;
    /// The one door. Whoever the envelope names acts.
    fn handle(&self, envelope: Envelope) -> Pending<'_, Reply>;
    /// The newest `limit` messages of a channel with an id below `before`, oldest first, thread messages among them.
    fn messages<'a>(&'a self, channel: &'a str, before: Option<i64>, limit: usize) -> Looked<'a, Vec<Message>>;
    /// One message by its key.
    fn message<'a>(&'a self, key: &'a str) -> Looked<'a, Option<Message>>;
    /// A deployment's page.
    fn page(&self, id: u64) -> Looked<'_, Option<Page>>;
    /// Active deployments, and a page of past ones (newest first) with an id below `before`.
    fn list(&self, before: Option<u64>) -> Looked<'_, Listing>;
    /// How `text` could go on, best first.
    fn complete<'a>(&'a self, channel: &'a str, deployment: Option<u64>, text: &'a str)
    -> Pending<'a, Vec<Completion>>;
    /// The record to take away.
    fn record(&self, id: u64, format: RecordFormat) -> Looked<'_, Option<String>>;
    /// The channels there are, with their platform.
    fn channels(&self) -> Pending<'_, Vec<String>>;
    /// Whether requests can be served; otherwise a sentence that says what is wrong.
    fn healthy(&self) -> Pending<'_, Result<(), String>>;
    /// The chats that are configured, and how each is connected.
    fn links(&self) -> Vec<(&'static str, Link)>;
    /// Everything that changes from now on.
    fn subscribe(&self) -> broadcast::Receiver<Notice>;
}

/// Deployments for the list.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Not archived and without an outcome, newest first.
    pub active: Vec<Summary>,
    /// The rest, newest first, one page of it.
    pub past: Vec<Summary>,
}

/// How the record is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordFormat {
    Markdown,
    Json,
}
