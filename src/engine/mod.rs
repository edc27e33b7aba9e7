//! The one door: whatever happens comes in as an [`Envelope`], and what is answered is durably recorded.
//!
//! [`Engine`] is what surfaces and loops hold. Requests that may change something go to one task, the [`door`],
//! which decides them in order, commits many together, and only then answers. Questions are answered from what has
//! been committed ([`ask`], [`page`]).

mod ask;
mod door;
mod house;
mod nudge;
mod opening;
mod page;
mod page_test;
mod record;
mod rules;
mod stage;
mod standing;
mod suggest;

pub use crate::grammar::Completion;
pub use record::Format;

use crate::card::page::Out;
use crate::card::{Card, Reply};
use crate::config::Config;
use crate::domain::command::{Command, Person, Timer, Via};
use crate::domain::deployment::Deployment;
use crate::domain::paging::Recent;
use crate::domain::rotation::Cover;
use crate::domain::text::Rich;
use crate::domain::time::Timestamp;
use crate::library::Library;
use crate::ports::{Clock, File};
use crate::store::{Delivered, Message, NewDelivery, Store, StoreError, Summary, Waiting};
use crate::{card, domain};
use futures_util::StreamExt;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, broadcast, mpsc, oneshot};

/// One thing that came in, from whichever surface.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// Names this very request: the same key is the same request, answered the same, done once. At most 200 bytes.
    pub key: Option<String>,
    pub by: Person,
    pub via: Via,
    /// The channel it came from, with its platform: `console:deployments`.
    pub channel: String,
    /// The deployment whose thread or page it came from, if any.
    pub deployment: Option<u64>,
    /// People whom the words name by id (`@slack:U02BOB`), as the surface knows them.
    pub mentioned: Vec<Person>,
    pub input: Input,
}

/// What came in.
#[derive(Clone, Debug)]
pub enum Input {
    /// Words, with or without the leading `/deploy`. A button's press says its words.
    Say(String),
    /// A reaction put on (`present`) or taken off a message, by its key. Emoji as Unicode: `1️⃣` … `🔟`, `✅`.
    React { message: String, emoji: String, present: bool },
    /// A timer fell due.
    Due { deployment: u64, timer: Timer, due: Timestamp },
    /// The clock was set back: what that deployment waits for is to be armed anew.
    SetBack { deployment: u64 },
    /// The bot was invited to the channel: it says hello there, once.
    Joined,
}

/// How a platform is connected. Told by its surface, shown by `/readyz` and the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// Messages come and go.
    Up,
    /// Not now; Rollcall keeps trying. A sentence that says why.
    Down(String),
    /// Not until somebody mends it and starts Rollcall again. A sentence that says what to do.
    Off(String),
}

/// What surfaces are told when something they may be showing has changed.
#[derive(Clone, Debug)]
pub enum Notice {
    /// A message was posted or edited, or its reactions changed.
    Message(Box<Message>),
    /// A deployment changed: pages about it are stale.
    Deployment(u64),
    /// A deployment's messages cannot be shown in a channel.
    Undelivered { deployment: u64, channel: String, why: String },
    /// How a platform is connected has changed.
    Link(&'static str),
}

/// A deployment's page: everything about it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Page {
    pub summary: Summary,
    pub board: Card,
    /// Every section with something in it, in page order; a card holds at most ten items.
    pub sections: Vec<PageSection>,
    /// Newest last. At most 500; `timeline_cut` says how many older ones are not here.
    pub timeline: Vec<TimelineLine>,
    pub timeline_cut: usize,
    pub people: Vec<PagePerson>,
    /// Label, value (none: open), target.
    pub fields: Vec<PageField>,
    /// Messages that could not be shown, with why.
    pub undelivered: Vec<(String, String)>,
    /// Calls to people, in the order they were opened.
    pub pages: Vec<CalledPage>,
}

/// A call to people, with all that became of it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct CalledPage {
    pub number: u32,
    pub message: String,
    pub state: domain::paging::PageState,
    pub urgency: domain::paging::Urgency,
    /// By name; none: the product's own.
    pub policy: Option<String>,
    pub by: String,
    pub at: Timestamp,
    /// How often the same was asked.
    pub count: u32,
    /// Who acknowledged it last, and when.
    pub has: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_since: Option<Timestamp>,
    /// Who resolved it, and when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Timestamp>,
    /// Whom, how, when, delivered or why not: oldest first.
    pub trail: Vec<TrailLine>,
}

/// A line of a call's trail.
#[derive(Clone, Debug, serde::Serialize)]
pub struct TrailLine {
    pub at: Timestamp,
    pub text: String,
}

/// A section of a deployment's page.
#[derive(Clone, Debug, serde::Serialize)]
pub struct PageSection {
    pub number: u32,
    pub phase: String,
    pub title: Rich,
    /// `rollback`, `follow-up` … or empty for the forward walk; and why it is closed, if it is.
    pub branch: String,
    /// What kind it is, for people: `rollback criteria`, `sign-off`, `production only` …
    pub kinds: Vec<String>,
    pub closed: Option<String>,
    pub done: u32,
    pub total: u32,
    /// It is the section the walk stands in.
    pub current: bool,
    pub notes: Vec<Rich>,
    pub cards: Vec<Card>,
}

/// One line of the record.
#[derive(Clone, Debug, serde::Serialize)]
pub struct TimelineLine {
    pub seq: u64,
    pub at: Timestamp,
    pub who: String,
    pub via: Via,
    pub text: Rich,
}

/// Somebody's part in a deployment.
#[derive(Clone, Debug, serde::Serialize)]
pub struct PagePerson {
    pub name: String,
    /// Items they ticked and that stand.
    pub ticked: u32,
    /// Open items assigned to them.
    pub assigned: u32,
    pub deployer: bool,
    pub last_seen: Timestamp,
}

/// A blank of the page and what stands in it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct PageField {
    pub label: String,
    pub value: Option<String>,
    pub target: Option<String>,
    /// How the value stands to the target, where that can be told.
    pub verdict: Option<domain::judge::Verdict>,
    pub choices: Vec<String>,
    /// Filled by Rollcall itself (date, deployer, version …).
    pub automatic: bool,
}

/// How far back calls to people are counted, in milliseconds.
const HOUR_MS: i64 = 3_600_000;

/// Requests that may wait at the door. Beyond that a surface waits in turn: nothing is dropped.
const QUEUE: usize = 4096;

/// Deployments read from the store side by side.
const READ_TOGETHER: usize = 8;

/// Notices a slow listener may fall behind before it must look anew.
const NOTICES: usize = 1024;

/// What surfaces and loops hold. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    config: Arc<Config>,
    library: Mutex<Library>,
    /// What has been committed, for reading.
    house: house::House,
    door: mpsc::Sender<Job>,
    notices: broadcast::Sender<Notice>,
    /// Held from before a commit until what it changed can be read in `house`.
    publishing: tokio::sync::Mutex<()>,
    /// Something may be waiting to be shown.
    outbox: Notify,
    /// A timer was armed or taken away.
    timers: Notify,
    /// Why the last commit failed, until one succeeds.
    trouble: Mutex<Option<String>>,
    /// How the platforms are connected.
    links: Arc<Mutex<rules::Links>>,
    /// What pages know beyond their deployment.
    paged: Mutex<stage::Paged>,
    /// Groups of the chats that people are in.
    groups: Arc<Mutex<rules::Groups>>,
}

/// Work for the door.
enum Job {
    Request { envelope: Box<Envelope>, wanted: Box<ask::Wanted>, answer: oneshot::Sender<Reply> },
    Delivered { delivered: Vec<(NewDelivery, Delivered)>, answer: oneshot::Sender<Result<(), StoreError>> },
}

/// Locks a mutex whose data stays whole even if a holder panicked.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    /// Who stands in for whom in the rotations.
    fn covers(&self) -> Arc<Vec<Cover>> {
        Arc::new(self.house.standing_with_head().0.covers(self.clock.now()).cloned().collect())
    }

    /// What pages know beyond their deployment, for a unit of work.
    fn paged(&self) -> stage::Paged {
        stage::Paged { covers: self.covers(), ..lock(&self.paged).clone() }
    }
}

impl Engine {
    /// Opens the door on a store. The returned task ends when every clone of the engine is gone.
    pub async fn open(
        store: Arc<Store>,
        clock: Arc<dyn Clock>,
        config: Arc<Config>,
        library: Library,
    ) -> Result<(Self, tokio::task::JoinHandle<()>), StoreError> {
        let house = house::House::load(&store).await?;
        let mut recent = Recent::default();
        for (at, event) in store.paged_since(clock.now().plus_ms(-HOUR_MS)).await? {
            recent.learn(&event, at);
        }
        let last_test = store.last_test().await?;

        recent.set_back(clock.now());
        // Counted here, before anybody waits at the door.
        for (name, rotation) in &config.directory.rotations {
            rotation.on_call(name, clock.now(), &[]);
        }
        let (door, jobs) = mpsc::channel(QUEUE);
        let inner = Arc::new(Inner {
            store,
            clock,
            config,
            library: Mutex::new(library),
            house,
            door,
            notices: broadcast::channel(NOTICES).0,
            publishing: tokio::sync::Mutex::new(()),
            outbox: Notify::new(),
            timers: Notify::new(),
            trouble: Mutex::new(None),
            links: Arc::default(),
            paged: Mutex::new(stage::Paged { recent: Arc::new(recent), last_test, ..stage::Paged::default() }),
            groups: Arc::default(),
        });
        let task = tokio::spawn(door::run(Arc::downgrade(&inner), jobs));
        Ok((Self { inner }, task))
    }

    /// Handles one request. What it answers with `ok` has been recorded.
    pub async fn handle(&self, mut envelope: Envelope) -> Reply {
        let mut wanted = match ask::understand(&envelope, &self.inner.config) {
            Ok(wanted) => wanted,
            Err(reply) => return reply,
        };
        ask::name_by_what_it_says(&mut envelope);
        if let ask::Wanted::Answer { target, query } = wanted {
            match self.answer(&envelope, target, query).await {
                ask::Answered::Reply(reply) => return *reply,
                // To show a list on demand is to open it.
                ask::Answered::Open { id, section } => {
                    wanted = ask::Wanted::Act { target: Some(id), command: Command::Open { section } };
                }
            }
        }
        let (answer, reply) = oneshot::channel();
        if self
            .inner
            .door
            .send(Job::Request { envelope: Box::new(envelope), wanted: Box::new(wanted), answer })
            .await
            .is_err()
        {
            return Reply::refused("Rollcall is shutting down. Nothing was recorded; try again in a moment.");
        }
        reply.await.unwrap_or_else(|_| {
            Reply::refused(
                "Rollcall is shutting down. It is not certain that this was recorded; look before repeating.",
            )
        })
    }

    /// Records what became of messages that were claimed.
    pub async fn delivered(&self, delivered: Vec<(NewDelivery, Delivered)>) -> Result<(), StoreError> {
        let (answer, done) = oneshot::channel();
        if self.inner.door.send(Job::Delivered { delivered, answer }).await.is_err() {
            return Err(StoreError::Closed);
        }
        done.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Messages waiting to be shown, which [`Engine::draw`] then draws no older than what asked for them: whoever reads
    /// a row between its commit and its publication would draw the past and be taken at their word.
    pub async fn claim(&self, limit: u32) -> Result<Vec<Waiting>, StoreError> {
        let waiting = self.inner.store.claim(self.now(), limit).await?;
        drop(self.inner.publishing.lock().await);
        Ok(waiting)
    }

    /// What a waiting message shows now. None: there is nothing to show any more. `uncertain`: it may stand there although
    /// nothing is known of it.
    pub async fn draw(&self, waiting: &Waiting, uncertain: bool) -> Result<Option<Drawn>, StoreError> {
        let wanted = &waiting.delivery;
        if let Some(card) = &wanted.card {
            return Ok(Some(Drawn { card: card.clone(), file: None }));
        }
        let Some(d) = self.deployment(wanted.deployment).await? else { return Ok(None) };
        if wanted.what == RECORD {
            let Some(text) = self.record(d.id, Format::Markdown).await? else { return Ok(None) };
            let file = File { name: format!("record-{}.md", d.id), bytes: text.into_bytes() };
            return Ok(Some(Drawn { card: card::compose::record(&d), file: Some(file) }));
        }
        let out = match (&waiting.posted, uncertain) {
            (Some(_), _) => Out::Yes,
            (None, true) => Out::Perhaps,
            (None, false) => Out::No,
        };
        let mut card = view(&d, &wanted.what, out, self.now());
        if let Some(card) = card.as_mut().filter(|_| wanted.what == BOARD) {
            self.add_freeze(&d, card);
        }
        Ok(card.map(|card| Drawn { card, file: None }))
    }

    /// Tells in which groups of a platform (its ids) a person is now; `[roles]` may name them: `discord:8001`.
    pub fn belongs(&self, platform: &str, person: &Person, groups: impl IntoIterator<Item = String>) {
        let groups = groups.into_iter().map(|group| format!("{platform}:{group}")).collect();
        lock(&self.inner.groups).see(platform, &person.id, groups);
    }

    /// Tells how a platform is connected.
    pub fn link(&self, platform: &'static str, link: Link) {
        let before = lock(&self.inner.links).insert(platform, link.clone());
        if before.as_ref() != Some(&link) {
            // Nobody may be listening.
            _ = self.inner.notices.send(Notice::Link(platform));
        }
    }

    /// How the platforms are connected; those that are not configured are not among them.
    pub fn links(&self) -> BTreeMap<&'static str, Link> {
        lock(&self.inner.links).clone()
    }

    /// The present, by the engine's clock.
    pub fn now(&self) -> domain::time::Timestamp {
        self.inner.clock.now()
    }

    /// The store, for reading.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// The configuration it runs with.
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// Tells what has changed from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Notice> {
        self.inner.notices.subscribe()
    }

    /// Resolves when something may be waiting to be shown.
    pub async fn outbox_changed(&self) {
        self.inner.outbox.notified().await;
    }

    /// Resolves when a timer was armed or taken away.
    pub async fn timers_changed(&self) {
        self.inner.timers.notified().await;
    }

    /// Everything that has no outcome yet, newest first.
    pub fn open_deployments(&self) -> Vec<Summary> {
        let mut open = self.inner.house.open(|_| true);
        open.reverse();
        open
    }

    /// What concerns one person: items that wait for them, and the deployments they take part in.
    pub async fn mine(&self, person: &Person) -> Card {
        let mut open = Vec::new();
        for summary in self.open_deployments().iter().take(card::mine::LOOKED_AT) {
            // What cannot be read now is left out: a home is a view, not the record.
            open.extend(self.deployment(summary.id).await.ok().flatten());
        }
        card::mine::mine(&open, &person.id, self.now())
    }

    /// Whether changes are being recorded; the sentence that says why not.
    pub fn healthy(&self) -> Result<(), String> {
        if self.inner.door.is_closed() {
            return Err("Rollcall records nothing more: it is ending, or has failed inside. Start it again.".into());
        }
        lock(&self.inner.trouble).clone().map_or(Ok(()), Err)
    }

    /// Looks whether recording works again after it has failed, so that readiness does not wait for somebody's command.
    pub async fn recover(&self) {
        if self.healthy().is_err() && self.inner.store.probe().await.is_ok() {
            *lock(&self.inner.trouble) = None;
        }
    }

    /// Reads deployments that are not in memory, several at once: what follows at the door need not wait for each in
    /// turn. What cannot be read is left to whoever needs it.
    pub async fn warm(&self, ids: impl IntoIterator<Item = u64>) {
        let read = ids.into_iter().map(|id| self.deployment(id));
        let read: Vec<_> = futures_util::stream::iter(read).buffer_unordered(READ_TOGETHER).collect().await;
        drop(read);
    }

    /// The state of a deployment as committed, from memory or replayed.
    pub async fn deployment(&self, id: u64) -> Result<Option<Arc<Deployment>>, StoreError> {
        self.inner.house.look_at(&self.inner.store, id).await
    }
}

/// The page and the message that a view is of: `page/1/3`; message 0 is the page's own card: `page/1`.
fn page_named(what: &str) -> Option<(u32, u32)> {
    let rest = what.strip_prefix("page/")?;
    let (page, n) = rest.split_once('/').unwrap_or((rest, "0"));
    Some((page.parse().ok()?, n.parse().ok()?))
}

/// The name of the view that is edited in place.
const BOARD: &str = "board";

/// The name of the view that is a file.
const RECORD: &str = "record";

/// What a message shows, and what goes with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    pub card: Card,
    pub file: Option<File>,
}

/// Draws a view by its name: `board`, `section/3/1`, `page/1`, `page/1/3`.
fn view(d: &Deployment, what: &str, out: Out, now: domain::time::Timestamp) -> Option<Card> {
    if what == BOARD {
        return Some(card::compose::board(d, now));
    }
    if let Some((page, n)) = page_named(what) {
        return if n == 0 { card::page::card(d, page) } else { card::page::message(d, page, n, out) };
    }
    let (section, part) = what.strip_prefix("section/")?.split_once('/')?;
    Some(card::compose::section_part(d, section.parse().ok()?, part.parse().ok()?))
}
