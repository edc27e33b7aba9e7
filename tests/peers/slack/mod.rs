//! A Slack of our own for tests: a Web API, Socket Mode, signed HTTP delivery, people who type and press, Slack's
//! limits, rates and refusals, and the misfortunes of a network, all on 127.0.0.1 in this process.
//!
//! It is written from Slack's public documentation and is no proof of what the service does: the end-to-end suite runs
//! the same bot against a local Slack that others wrote.

#![allow(dead_code, clippy::disallowed_methods, reason = "each test uses its part; a real process lives in real time")]

pub mod api;
pub mod deliver;
pub mod limits;
pub mod methods;
pub mod people;
pub mod server;
pub mod socket;
pub mod weather;
pub mod world;

use self::socket::Links;
use self::weather::{Fault, Weather};
use self::world::{APP, Message, World};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::watch;

pub const BOT_TOKEN: &str = "xoxb-test-token";
pub const APP_TOKEN: &str = "xapp-test-token";
pub const SIGNING_SECRET: &str = "test-signing-secret";

/// What the app was granted.
pub const SCOPES: [&str; 16] = [
    "app_mentions:read",
    "channels:history",
    "channels:join",
    "channels:read",
    "chat:write",
    "commands",
    "emoji:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:write",
    "reactions:read",
    "reactions:write",
    "usergroups:read",
    "users:read",
    "users:read.email",
];

/// How this Slack behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Rates are kept: a post a second and channel after a burst, and the tiers.
    pub rates: bool,
    /// Payloads are held against Slack's limits.
    pub checks: bool,
    /// Calls are kept with their arguments.
    pub keeps_calls: bool,
    pub scopes: Vec<String>,
    /// How long an answer to a delivery is waited for: Slack's three seconds.
    pub patience: Duration,
    /// Pauses before an event that nobody acknowledged comes again.
    pub again_after: Vec<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rates: true,
            checks: true,
            keeps_calls: true,
            scopes: SCOPES.map(str::to_owned).to_vec(),
            patience: Duration::from_secs(3),
            // Slack's are: at once, a minute, five minutes.
            again_after: [10, 1_000, 3_000].map(Duration::from_millis).to_vec(),
        }
    }
}

pub struct Inner {
    pub settings: Settings,
    pub address: SocketAddr,
    world: Mutex<World>,
    changed: watch::Sender<u64>,
    pub links: Mutex<Links>,
    pub weather: Mutex<Weather>,
    /// Where commands, interactions and events are sent in HTTP mode.
    pub request_url: Mutex<Option<SocketAddr>>,
    /// Answers that are being held back.
    held: watch::Sender<u64>,
}

/// A running Slack; it ends with its runtime.
#[derive(Clone)]
pub struct Slack(pub Arc<Inner>);

impl std::ops::Deref for Slack {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Slack {
    pub async fn start(settings: Settings) -> Self {
        Self::start_at("127.0.0.1:0", settings).await
    }

    pub async fn start_at(address: &str, settings: Settings) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let slack = Self(Arc::new(Inner {
            settings,
            address: listener.local_addr().unwrap(),
            world: Mutex::new(World::new()),
            changed: watch::Sender::new(0),
            links: Mutex::default(),
            weather: Mutex::new(Weather::fair()),
            request_url: Mutex::default(),
            held: watch::Sender::new(0),
        }));
        tokio::spawn(server::serve(slack.clone(), listener));
        slack
    }

    /// What the bot is given as `SLACK_API_URL`.
    pub fn api_url(&self) -> String {
        format!("http://{}/api", self.address)
    }

    /// Everything there is. Held only for a moment.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Says that something has changed.
    pub(crate) fn touch(&self) {
        self.changed.send_modify(|n| *n += 1);
    }

    /// Waits until the world is so; the error is `what`.
    pub async fn until<T>(
        &self,
        what: &str,
        within: Duration,
        mut so: impl FnMut(&World) -> Option<T>,
    ) -> Result<T, String> {
        let mut changed = self.changed.subscribe();
        let end = Instant::now() + within;
        loop {
            changed.mark_unchanged();
            if let Some(found) = so(&self.world()) {
                return Ok(found);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || tokio::time::timeout(left, changed.changed()).await.is_err() {
                return Err(format!("{what}: not within {within:?}"));
            }
        }
    }

    /// The bot's message of that key, whichever channel it is in.
    pub fn by_key(&self, key: &str) -> Option<Message> {
        let world = self.world();
        let ours = |m: &&Message| m.key() == Some(key) && m.app.as_deref() == Some(APP) && !m.deleted;
        world.messages.iter().find(ours).cloned()
    }

    /// The next call of this method fares so.
    pub fn next(&self, method: &str, fault: Fault) {
        self.weather.lock().unwrap().script.push((method.into(), fault));
    }

    /// From now on all is well.
    pub fn calm(&self) {
        *self.weather.lock().unwrap() = Weather::fair();
        self.links.lock().unwrap().swallow = 0;
    }

    /// Waits until an answer is held back ([`Fault::Held`]).
    pub async fn holds(&self, within: Duration) -> bool {
        let mut held = self.held.subscribe();
        tokio::time::timeout(within, held.wait_for(|n| *n > 0)).await.is_ok()
    }

    pub(crate) async fn hold(&self) {
        self.held.send_modify(|n| *n += 1);
        std::future::pending::<()>().await;
    }
}
