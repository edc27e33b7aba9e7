//! A local Discord: REST v10 over TLS for `discord.com`, the gateway as a WebSocket, people who press and type.
//!
//! It lives on loopback, inside the test's process. It is stricter than Discord: whatever breaks a limit or a habit of
//! the platform is answered as Discord would and kept in [`Discord::violations`], which fails the test when it is
//! dropped. Faults come from a plan ([`faults`]): single ones by hand, or many by seed.
//!
//! Reading order: [`world`] is what there is, [`rest`] what a bot asks of it, [`gateway`] what it hears, [`people`] what
//! people do; [`checks`] holds the platform's limits, [`rates`] its rates, [`shapes`] the JSON it speaks.

// The platform runs in real time, and so does the bot it is held against. Not every user of this module needs all of it.
#![allow(clippy::disallowed_methods, dead_code)]

pub mod checks;
mod commands;
pub mod faults;
mod form;
mod gateway;
mod interactions;
pub mod people;
pub mod rates;
mod rest;
mod shapes;
mod threads;
mod tls;
pub mod world;

use serde_json::Value;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use world::{Id, Message, World};

/// What can be set, with Discord's own values as the default.
#[derive(Clone, Debug)]
pub struct Settings {
    pub token: String,
    /// Until an interaction must have its first answer.
    pub first_answer: Duration,
    /// How long an interaction's token lives.
    pub token_life: Duration,
    /// How long `enforce_nonce` remembers.
    pub nonce_window: Duration,
    /// From this age on, edits of a message have their own small rate.
    pub old_message: Duration,
    /// Between heartbeats.
    pub heartbeat: Duration,
    /// Rates are held. A benchmark of the bot's own speed turns them off.
    pub rates: bool,
    /// What the gateway says of itself; the WebSocket's address unless a test wants to mislead.
    pub gateway: Option<String>,
    /// Privileged intents that were switched on for the application.
    pub privileged: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            token: "local-discord-token".into(),
            first_answer: Duration::from_secs(3),
            token_life: Duration::from_secs(15 * 60),
            nonce_window: Duration::from_secs(5 * 60),
            old_message: Duration::from_secs(60 * 60),
            heartbeat: Duration::from_millis(41_250),
            rates: true,
            gateway: None,
            privileged: 0,
        }
    }
}

/// A running local Discord. Cheap to clone; ends with its runtime.
#[derive(Clone)]
pub struct Discord {
    inner: Arc<Inner>,
}

struct Inner {
    world: Mutex<World>,
    api: SocketAddr,
    gateway: SocketAddr,
    ca: tempfile::TempDir,
    lenient: std::sync::atomic::AtomicBool,
}

/// How late this machine is, now or some seconds ago.
async fn measure_lateness(inner: Weak<Inner>) {
    const EVERY: Duration = Duration::from_millis(50);
    while let Some(strong) = inner.upgrade() {
        {
            let (now, rates) = (std::time::Instant::now(), &mut lock(&strong.world).rates);
            rates.late = rates.late(now).mul_f64(0.98);
            rates.wakes = Some(now + EVERY);
        }
        drop(strong);
        tokio::time::sleep(EVERY).await;
    }
}

impl Discord {
    /// Starts one with these settings: a guild, the channel `deploys`, the people alice and bob, and the bot.
    pub async fn start(settings: Settings) -> Self {
        let identity = tls::Identity::new();
        let ca = tempfile::tempdir().unwrap();
        std::fs::write(ca.path().join("ca.pem"), &identity.ca_pem).unwrap();
        let api = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let inner = Inner {
            api: api.local_addr().unwrap(),
            gateway: gateway.local_addr().unwrap(),
            world: Mutex::new(World::new(settings, gateway.local_addr().unwrap())),
            ca,
            lenient: false.into(),
        };
        let discord = Self { inner: Arc::new(inner) };
        tokio::spawn(rest::serve(Arc::downgrade(&discord.inner), api, identity));
        tokio::spawn(gateway::serve(Arc::downgrade(&discord.inner), gateway));
        tokio::spawn(measure_lateness(Arc::downgrade(&discord.inner)));
        discord
    }

    /// What `DISCORD_API_URL` is set to.
    pub fn api_url(&self) -> String {
        format!("https://discord.com:{}", self.inner.api.port())
    }

    /// Where the REST interface listens.
    pub fn api(&self) -> SocketAddr {
        self.inner.api
    }

    /// What `DISCORD_CA_FILE` is set to.
    pub fn ca_file(&self) -> PathBuf {
        self.inner.ca.path().join("ca.pem")
    }

    /// What `DISCORD_TOKEN` is set to.
    pub fn token(&self) -> String {
        self.world().settings.token.clone()
    }

    /// All there is, for looking and for changing by hand. Not to be held over an `await`.
    pub fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.inner.world)
    }

    /// The messages of a channel or thread everybody sees, oldest first.
    pub fn messages(&self, channel: Id) -> Vec<Message> {
        self.world().messages.values().filter(|m| m.channel == channel && m.only_for.is_none()).cloned().collect()
    }

    /// Every limit or habit that was broken so far.
    pub fn violations(&self) -> Vec<String> {
        self.world().violations.clone()
    }

    /// The test is about a breach: nothing is held against the bot at the end.
    pub fn lenient(&self) {
        self.inner.lenient.store(true, std::sync::atomic::Ordering::SeqCst);
    }

    /// Fails where something was broken, and says what.
    #[track_caller]
    pub fn assert_clean(&self) {
        let broken = self.violations();
        assert!(broken.is_empty(), "broken on Discord:\n  {}", broken.join("\n  "));
    }

    /// Waits until it holds; `what` names it where it does not within `within`.
    pub async fn eventually<T>(&self, what: &str, within: Duration, mut test: impl FnMut(&Self) -> Option<T>) -> T {
        let end = std::time::Instant::now() + within;
        loop {
            if let Some(found) = test(self) {
                return found;
            }
            assert!(std::time::Instant::now() < end, "{what}: not within {within:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Where the plan says that the bot is to be killed: comes once for each time, after the work was done.
    pub fn kills(&self) -> mpsc::UnboundedReceiver<()> {
        let (tell, told) = mpsc::unbounded_channel();
        self.world().faults.tell_kill = Some(tell);
        told
    }

    /// The commands as registered: those of the guild, else the global ones.
    pub fn commands(&self) -> Vec<Value> {
        let world = self.world();
        if world.guild_commands.is_empty() { world.global_commands.clone() } else { world.guild_commands.clone() }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let broken = &lock(&self.world).violations;
        let lenient = self.lenient.load(std::sync::atomic::Ordering::SeqCst);
        if !lenient && !std::thread::panicking() && !broken.is_empty() {
            panic!("broken on Discord:\n  {}", broken.join("\n  "));
        }
    }
}

/// Locks a mutex whose data stays whole even if a holder panicked.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
