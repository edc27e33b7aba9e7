//! What the engine asks of the outside: a clock, and places to show cards. And what looking at the outside finds.

use crate::card::Card;
use crate::domain::time::Timestamp;
use std::future::Future;
use std::pin::Pin;

/// Where the time comes from. The only place that may ask the system is [`SystemClock`].
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine for the time")]
    fn now(&self) -> Timestamp {
        chrono::Utc::now().into()
    }
}

/// A message to be shown.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Names the message for ever: the same key is the same message. Posting twice with one key shows it once.
    pub key: String,
    /// The channel within the platform, without the platform's prefix.
    pub channel: String,
    /// The key of the message whose thread it belongs in, with the platform's id for it.
    pub thread: Option<(String, String)>,
    /// What it shows.
    pub card: Card,
    /// The platform's id of the message, when it has been posted already: edit it.
    pub posted: Option<String>,
    /// It may stand there although nothing is known of it (an answer was lost, or the bot died): look before posting.
    pub uncertain: bool,
    /// It calls somebody who need not be called any more: where it stands it is edited, and where it does not nothing is
    /// posted, and it is [`ChatError::Gone`]. A service that knows what it was told by a key is told how it is now.
    pub only_if_there: bool,
    /// The platform's id of the deployment's announcement in this channel, once it stands.
    pub announcement: Option<String>,
    /// To be attached.
    pub file: Option<File>,
}

/// A file that goes with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Why a message could not be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatError {
    /// Try again, not before this many milliseconds.
    Retry { after_ms: i64, why: String },
    /// It was found standing there, and could not be brought up to date: it is to be edited, not before this many
    /// milliseconds. Until that is recorded, what people do with it is done with nothing.
    Stands { posted: String, after_ms: i64, why: String },
    /// Trying again cannot help.
    Refused { why: String },
    /// Somebody deleted the message that was to be edited.
    Gone,
}

impl ChatError {
    /// The same, of a message that was found standing there. Where an edit was refused it may be for good; but that it
    /// stands there is known first.
    pub fn of_what_stands(self, posted: String) -> Self {
        match self {
            ChatError::Retry { after_ms, why } => ChatError::Stands { posted, after_ms, why },
            ChatError::Refused { why } => ChatError::Stands { posted, after_ms: 0, why },
            other => other,
        }
    }
}

/// How many messages a channel of a platform takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// One every so many milliseconds in the long run; 0: as many as there are.
    pub every_ms: i64,
    /// After a pause, so many at once.
    pub burst: i64,
}

impl Pace {
    /// As many as there are.
    pub const FREE: Self = Self { every_ms: 0, burst: 1 };
}

/// A boxed future: what an object-safe async method gives back.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A place with channels, threads and messages.
///
/// Contract: `show` with `posted: None` posts, and with `uncertain` looks for the key's message first; with
/// `posted: Some` it edits. Returns the platform's id of the message. It answers within a bounded time whatever the
/// platform does, and is called for one message of a channel at a time.
pub trait Chat: Send + Sync + 'static {
    /// The prefix of its channels: `console` in `console:deployments`.
    fn platform(&self) -> &'static str;
    /// What one of its messages can hold.
    fn limits(&self) -> crate::card::fit::Limits;
    /// Messages and edits a channel takes.
    fn pace(&self) -> Pace {
        Pace::FREE
    }
    /// Whether files can be attached to its messages.
    fn takes_files(&self) -> bool {
        false
    }
    /// Shows one message.
    fn show<'a>(&'a self, delivery: &'a Delivery) -> Pending<'a, Result<String, ChatError>>;
}

/// How something is that was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    Good,
    /// It works, and somebody should look at it.
    Warn,
    /// It does not work.
    Bad,
}

/// What was found when something was looked at. No secret is ever in it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    pub health: Health,
    /// What was looked at, in a word or two.
    pub what: String,
    /// How it is, in a sentence.
    pub says: String,
    /// What to do; empty where there is nothing to do.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub todo: String,
}

impl Finding {
    /// It is well.
    pub fn good(what: impl Into<String>, says: impl Into<String>) -> Self {
        Self { health: Health::Good, what: what.into(), says: says.into(), todo: String::new() }
    }
    /// It works, but.
    pub fn warn(what: impl Into<String>, says: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { health: Health::Warn, todo: todo.into(), ..Self::good(what, says) }
    }
    /// It does not work.
    pub fn bad(what: impl Into<String>, says: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { health: Health::Bad, todo: todo.into(), ..Self::good(what, says) }
    }
}

/// What looking at a platform found, and what time it is there, where it told.
#[derive(Clone, Debug, Default)]
pub struct Examined {
    pub findings: Vec<Finding>,
    pub their_now: Option<Timestamp>,
}
