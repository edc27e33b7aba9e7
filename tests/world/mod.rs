//! A whole Rollcall in a test: a real SQLite file, a channel that remembers what it showed, a hand-wound clock.
//! It runs the same step functions as the real loops.
#![allow(dead_code)]

use rollcall::card::fit::{CONSOLE, Limits};
use rollcall::card::{Block, Button, Card, Reply};
use rollcall::config::Config;
use rollcall::domain::command::{Person, Timer, Via};
use rollcall::domain::paging::PageState;
use rollcall::domain::time::Timestamp;
use rollcall::engine::{Engine, Envelope, Input};
use rollcall::library::Library;
use rollcall::loops::outbox::{Chats, Outbox};
use rollcall::loops::timers;
use rollcall::ports::{Chat, ChatError, Clock, Delivery, Pending};
use rollcall::store::Store;
use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

/// 2026-11-21 10:00:30 UTC, a Saturday.
pub const MORNING: i64 = 1_795_255_230_000;

pub const SECOND: i64 = 1_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// A clock that moves only when told.
pub struct HandClock(AtomicI64);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// One message as people see it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub key: String,
    pub thread: Option<String>,
    pub card: Card,
    pub edits: usize,
}

/// What happens to a delivery.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// Shown, but the answer is lost.
    AnswerLost,
    /// Not shown; try again.
    Busy,
    /// Not shown, and never will be.
    Refused,
}

/// A channel that remembers. Survives restarts, as a chat does.
#[derive(Default)]
pub struct FakeChat {
    /// The prefix of its channels; empty: the console's.
    pub name: &'static str,
    pub seen: Mutex<Vec<Seen>>,
    pub faults: Mutex<VecDeque<Option<Fault>>>,
    pub calls: AtomicI64,
    /// Posts that should not have been: a page somebody has, a message that stood there already.
    pub wrong: Mutex<Vec<String>>,
}

impl Chat for FakeChat {
    fn platform(&self) -> &'static str {
        if self.name.is_empty() { "console" } else { self.name }
    }
    fn limits(&self) -> Limits {
        CONSOLE
    }
    fn show<'a>(&'a self, d: &'a Delivery) -> Pending<'a, Result<String, ChatError>> {
        Box::pin(async move {
            self.calls.fetch_add(1, Ordering::SeqCst);
            let fault = self.faults.lock().unwrap().pop_front().flatten();
            if fault == Some(Fault::Busy) {
                return Err(ChatError::Retry { after_ms: 1_000, why: "429".into() });
            }
            if fault == Some(Fault::Refused) {
                return Err(ChatError::Refused { why: "no such address".into() });
            }
            let mut seen = self.seen.lock().unwrap();
            let stands = seen.iter().any(|s| s.key == d.key);
            let taken = d.card.page.as_ref().is_some_and(|p| p.state != PageState::Open);
            // Services that know a page again are told how it is where they may have heard of it.
            let told = d.uncertain && ["pagerduty", "webhook"].contains(&self.name);
            if d.only_if_there && !stands && !told {
                return Err(ChatError::Gone);
            }
            if d.posted.is_none() && ((stands && !d.uncertain) || (!stands && taken && !told)) {
                self.wrong.lock().unwrap().push(d.key.clone());
            }
            match seen.iter_mut().find(|s| s.key == d.key) {
                Some(message) => {
                    message.card = d.card.clone();
                    message.edits += 1;
                }
                None => seen.push(Seen {
                    key: d.key.clone(),
                    thread: d.thread.as_ref().map(|t| t.0.clone()),
                    card: d.card.clone(),
                    edits: 0,
                }),
            }
            match fault {
                Some(Fault::AnswerLost) => {
                    let lost = ChatError::Retry { after_ms: 1_000, why: "connection lost".into() };
                    // Other ways cannot look for what they sent.
                    let found = stands && d.posted.is_none() && ["", "slack", "discord"].contains(&self.name);
                    Err(if found { lost.of_what_stands(d.key.clone()) } else { lost })
                }
                _ => Ok(d.key.clone()),
            }
        })
    }
}

pub struct World {
    dir: tempfile::TempDir,
    /// A folder to be taken away with the world.
    pub kept: Option<tempfile::TempDir>,
    pub clock: Arc<HandClock>,
    pub chat: Arc<FakeChat>,
    /// Other chats, and ways to reach people, by prefix.
    pub ways: HashMap<&'static str, Arc<FakeChat>>,
    /// Another chat, for direct messages.
    pub direct: Arc<FakeChat>,
    has_direct: bool,
    pub config: Arc<Config>,
    checklists: Option<PathBuf>,
    running: Option<(Engine, tokio::task::JoinHandle<()>, Arc<Store>)>,
    outbox: Option<Outbox>,
    pub channel: String,
}

impl World {
    /// A fresh world with the built-in checklists and default configuration.
    pub async fn new() -> Self {
        Self::with(Config::default(), None).await
    }

    /// A world whose one checklist is this page.
    pub async fn of(page: &str) -> Self {
        let dir = folder();
        std::fs::write(dir.path().join("list.md"), page).unwrap();
        let mut world = Self::with(Config::default(), Some(dir.path().into())).await;
        world.kept = Some(dir);
        world
    }

    pub async fn with(config: Config, checklists: Option<PathBuf>) -> Self {
        Self::made(config, checklists, &[], true).await
    }

    /// A world in which people can also be reached by these ways.
    pub async fn with_ways(config: Config, checklists: Option<PathBuf>, ways: &[&'static str]) -> Self {
        Self::made(config, checklists, ways, false).await
    }

    async fn made(config: Config, checklists: Option<PathBuf>, ways: &[&'static str], has_direct: bool) -> Self {
        let way = |name: &&'static str| (*name, Arc::new(FakeChat { name, ..FakeChat::default() }));
        let mut world = Self {
            dir: folder(),
            kept: None,
            clock: Arc::new(HandClock(AtomicI64::new(MORNING))),
            chat: Arc::default(),
            ways: ways.iter().map(way).collect(),
            direct: Arc::default(),
            has_direct,
            config: Arc::new(config),
            checklists,
            running: None,
            outbox: None,
            channel: "console:deployments".into(),
        };
        world.start().await;
        world
    }

    fn library(&self) -> Library {
        match &self.checklists {
            Some(dir) => Library::from_dir(dir).unwrap(),
            None => Library::built_in(),
        }
    }

    async fn start(&mut self) {
        let store = Arc::new(Store::open(&self.db()).await.unwrap());
        let (engine, task) =
            Engine::open(store.clone(), self.clock.clone(), self.config.clone(), self.library()).await.unwrap();
        let mut chats: Chats = HashMap::from([("console", self.chat.clone() as Arc<dyn Chat>)]);
        if self.has_direct {
            chats.insert("slack", self.direct.clone());
        }
        chats.extend(self.ways.iter().map(|(name, way)| (*name, way.clone() as Arc<dyn Chat>)));
        self.outbox = Some(Outbox::new(engine.clone(), chats));
        self.running = Some((engine, task, store));
    }

    pub fn db(&self) -> PathBuf {
        self.dir.path().join("rollcall.db")
    }

    pub fn engine(&self) -> &Engine {
        &self.running.as_ref().unwrap().0
    }

    /// Stops and starts again. Whatever was not recorded is gone.
    pub async fn restart(&mut self) {
        self.outbox = None;
        if let Some((engine, task, store)) = self.running.take() {
            drop(engine);
            task.await.unwrap();
            drop(store);
        }
        self.start().await;
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Winds the clock and lets everything that falls due happen, minute by minute.
    pub async fn advance(&self, ms: i64) {
        let end = self.clock.0.load(Ordering::SeqCst) + ms;
        while self.clock.0.load(Ordering::SeqCst) < end {
            let left = end - self.clock.0.load(Ordering::SeqCst);
            self.clock.0.fetch_add(left.min(MINUTE), Ordering::SeqCst);
            self.settle().await;
        }
    }

    /// Winds the clock from one moment at which something is due to the next: as [`World::advance`], for long times.
    pub async fn pass(&self, ms: i64) {
        let end = self.clock.0.load(Ordering::SeqCst) + ms;
        loop {
            let next = self.engine().store().next_timer().await.unwrap().map_or(end, |t| t.0);
            let now = self.clock.0.load(Ordering::SeqCst);
            self.clock.0.store(next.clamp(now, end), Ordering::SeqCst);
            self.settle().await;
            if next >= end {
                return;
            }
        }
    }

    /// Sets the clock to a moment, `2026-11-21T10:00:30Z`.
    pub fn set(&self, moment: &str) {
        let at: chrono::DateTime<chrono::Utc> = moment.parse().unwrap();
        self.clock.0.store(at.timestamp_millis(), Ordering::SeqCst);
    }

    /// Winds the clock without letting anything happen: the bot was down, or the clock was set.
    pub fn jump(&self, ms: i64) {
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
    }

    /// Runs the loops until nothing is due.
    pub async fn settle(&self) {
        let outbox = self.outbox.as_ref().unwrap();
        for _ in 0..1_000 {
            let before = self.due().await;
            let fired = timers::step(self.engine()).await.unwrap().len();
            let after = self.due().await;
            let idle = before.iter().find(|due| after.contains(due));
            assert_eq!(idle, None, "a timer fired, nothing came of it, and it is due again");
            let shown = outbox.step().await.unwrap();
            if fired + shown == 0 {
                return;
            }
        }
        panic!("the loops never come to rest");
    }

    /// Timers that are due, with how much has happened to their deployments.
    async fn due(&self) -> Vec<(u64, Timer, u64)> {
        let mut due = Vec::new();
        for (id, timer, _) in self.engine().store().due_timers(self.now(), 256).await.unwrap() {
            let d = self.engine().deployment(id).await.unwrap().unwrap();
            due.push((id, timer, d.seq));
        }
        due
    }

    /// The reply's words are given as people read them, without Markdown.
    pub async fn handle(&self, who: &str, key: Option<&str>, input: Input) -> Reply {
        let mut reply = self
            .engine()
            .handle(Envelope {
                key: key.map(str::to_owned),
                by: Person::named(who),
                via: Via::Console,
                channel: self.channel.clone(),
                deployment: None,
                mentioned: Vec::new(),
                input,
            })
            .await;
        reply.text =
            reply.text.lines().map(|l| rollcall::markdown::inline(l).to_plain()).collect::<Vec<_>>().join("\n");
        reply
    }

    /// Somebody types a command; everything it causes is shown.
    pub async fn say(&self, who: &str, text: &str) -> Reply {
        let reply = self.handle(who, None, Input::Say(text.into())).await;
        self.settle().await;
        reply
    }

    /// Somebody presses a button; with `ask`, this is the answer.
    pub async fn press(&self, who: &str, button: &Button, answer: &str) -> Reply {
        self.say(who, format!("{} {answer}", button.command).trim()).await
    }

    pub async fn react(&self, who: &str, message: &str, emoji: &str, present: bool) -> Reply {
        let input = Input::React { message: message.into(), emoji: emoji.into(), present };
        let reply = self.handle(who, None, input).await;
        self.settle().await;
        reply
    }

    pub fn messages(&self) -> Vec<Seen> {
        self.chat.seen.lock().unwrap().clone()
    }

    /// What has come by one of the ways, in order.
    pub fn came(&self, way: &str) -> Vec<Seen> {
        self.ways[way].seen.lock().unwrap().clone()
    }

    /// What happens to the next deliveries by a way.
    pub fn fault(&self, way: &str, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.ways[way].faults.lock().unwrap().extend(faults);
    }

    /// The message whose key begins so.
    pub fn message(&self, key: &str) -> Seen {
        let found: Vec<Seen> = self.messages().into_iter().filter(|m| m.key.starts_with(key)).collect();
        assert_eq!(found.len(), 1, "messages beginning {key:?}: {found:#?}");
        found.into_iter().next().unwrap()
    }

    /// Posts of the channel as titles, oldest first.
    pub fn titles(&self) -> Vec<String> {
        self.messages().iter().map(|m| m.card.title.to_plain()).collect()
    }
}

/// Where the database is: in memory where there is such a disk, because what a sync costs is not what is tested.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// A card in plain words.
pub fn read(card: &Card) -> String {
    rollcall::cli::draw::card(card)
}

/// The items of a card: number and state.
pub fn states(card: &Card) -> Vec<String> {
    card.blocks
        .iter()
        .filter_map(|b| match b {
            Block::Item { item } => Some(format!("{} {:?}", item.number, item.state)),
            _ => None,
        })
        .collect()
}

/// The button of that label on a card.
pub fn button(card: &Card, label: &str) -> Button {
    card.buttons.iter().find(|b| b.label == label).unwrap_or_else(|| panic!("no button {label} in {card:#?}")).clone()
}
