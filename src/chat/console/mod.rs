//! The web console: channels as in a chat, in the browser, embedded in the binary.
//!
//! Reading order: [`desk`] is what it needs from the house; [`router`] puts the routes together; [`guard`] stands
//! before every route; [`identity`] says who is asking; `page/` draws whole pages and [`draw`] their parts; [`api`]
//! is what pages and the terminal say; [`live`] is what pages hear.
//!
//! Pages work from plain HTML drawn here. The scripts in `assets/` only put newer HTML of the same making in place,
//! so there is one place that draws a card.

pub mod api;
mod assets;
mod body;
mod counter;
pub mod desk;
mod draw;
mod emoji;
mod form;
pub mod guard;
pub mod identity;
mod live;
mod page;
mod refuse;
mod serve;
mod session;
mod text;

pub use desk::{Desk, Listing, Looked, RecordFormat};
pub use serve::{listen, serve};

use crate::card::fit::{self, Limits};
use crate::link::Links;
use crate::ports::{Chat, ChatError, Clock, Delivery, Pending};
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};

/// The bounds of everything the console accepts or holds.
pub mod limits {
    use std::time::Duration;

    /// Bytes of a request's body.
    pub const BODY: usize = 16 * 1024;
    /// Bytes of an oversized body that are read and thrown away, so that its sender gets to read the answer.
    pub const DRAIN: usize = 1024 * 1024;
    /// Until a request is answered.
    pub const REQUEST: Duration = Duration::from_secs(15);
    /// Until a request's head has arrived.
    pub const HEAD: Duration = Duration::from_secs(10);
    /// Connections at a time; more wait to be accepted.
    pub const CONNECTIONS: usize = 1024;
    /// Live streams at a time.
    pub const STREAMS: usize = 200;
    /// How long one lives before the page must ask for another, and be let in again.
    pub const STREAM: Duration = Duration::from_secs(3600);
    /// Changes a slow reader may be behind before it is told to read anew.
    pub const BEHIND: usize = 256;
    /// Between signs of life on a live stream.
    pub const KEEP_ALIVE: Duration = Duration::from_secs(15);
    /// Messages of a channel on one page, and at most when a page catches up.
    pub const MESSAGES: usize = 80;
    pub const MESSAGES_MOST: usize = 500;
    /// Different emoji on one message, besides those that tick.
    pub const REACTIONS: usize = 20;
    /// Characters of a person's name.
    pub const NAME: usize = 40;
    /// Bytes of a channel's name.
    pub const CHANNEL: usize = 80;
    /// How long a sign-in lasts.
    pub const SESSION_MS: i64 = 12 * 60 * 60 * 1000;
    /// Failed sign-ins a minute under one name.
    pub const FAILED_SIGN_INS: usize = 10;
    /// Failed sign-ins a minute under all names together; from then on one failure is enough for a name to wait.
    pub const FAILED_SIGN_INS_ALL: usize = 300;
    /// Failed sign-ins that are remembered at most.
    pub const FAILED_SIGN_INS_KEPT: usize = 4096;
}

/// The platform's prefix of the console's channels.
pub const PLATFORM: &str = "console";
/// The channel that is always there.
pub const HOME: &str = "deployments";

/// How the console is set up.
#[derive(Clone)]
pub struct Settings {
    /// Host names it may be called by besides loopback's, with or without a port.
    pub hosts: Vec<String>,
    /// Where it listens.
    pub address: SocketAddr,
    /// Who may sign in; none: on loopback people pick a name, elsewhere everything is refused.
    pub sign_in: Option<SignIn>,
    /// What the terminal shows to be let in.
    pub token: String,
    /// Where sessions get the time from.
    pub clock: Arc<dyn Clock>,
    /// Reads the links that acknowledge a page; none: no link leads anywhere.
    pub links: Option<Links>,
}

/// Sign-in as configured.
#[derive(Clone)]
pub struct SignIn {
    pub people: Vec<Account>,
    /// Seals session cookies. Random, at least 32 bytes, kept over restarts if sessions should survive them.
    pub secret: Vec<u8>,
}

/// Somebody who may sign in.
#[derive(Clone, Debug)]
pub struct Account {
    /// The configuration's key, lower case: `ana`.
    pub id: String,
    /// As shown.
    pub name: String,
    /// SHA-256 of the key.
    pub key_sha256: [u8; 32],
}

/// The console: routes, and the means to end its live streams.
#[derive(Clone)]
pub struct Console {
    state: Arc<State>,
}

/// What every route can see.
pub(crate) struct State {
    desk: Arc<dyn Desk>,
    settings: Settings,
    streams: Arc<Semaphore>,
    relay: live::Relay,
    failures: session::Failures,
    closing: watch::Sender<bool>,
}

impl Console {
    /// A console before this desk.
    pub fn new(desk: Arc<dyn Desk>, settings: Settings) -> Self {
        let state = State {
            desk,
            settings,
            streams: Arc::new(Semaphore::new(limits::STREAMS)),
            relay: live::Relay::default(),
            failures: session::Failures::default(),
            closing: watch::channel(false).0,
        };
        Self { state: Arc::new(state) }
    }

    /// Ends the live streams, which would otherwise keep a server from shutting down.
    pub fn close(&self) {
        self.state.closing.send_replace(true);
    }

    /// The routes, guarded.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/", get(page::channel::home))
            .route("/c/{name}", get(page::channel::show))
            .route("/c/{name}/fragment", get(page::channel::fragment))
            .route("/d/{id}", get(page::deployment::show))
            .route("/d/{id}/fragment", get(page::deployment::fragment))
            .route("/d/{id}/{record}", get(page::deployment::record))
            .route("/deployments", get(page::list::show))
            .route("/deployments/fragment", get(page::list::fragment))
            .route("/sign-in", get(page::sign_in::show))
            .route("/ack/{token}", get(page::ack::show).post(page::ack::press))
            .route("/events", get(live::events))
            .route("/api/say", post(api::say))
            .route("/api/react", post(api::react))
            .route("/api/do", post(api::terminal))
            .route("/api/complete", get(api::complete))
            .route("/api/me", get(api::me))
            .route("/api/sign-in", post(page::sign_in::enter))
            .route("/api/sign-out", post(page::sign_in::leave))
            .route("/assets/{name}", get(assets::serve))
            .route("/healthz", get(|| async { "ok" }))
            .route("/readyz", get(api::ready))
            .fallback(refuse::not_found)
            .method_not_allowed_fallback(refuse::wrong_method)
            .layer(from_fn_with_state(self.state.clone(), guard::guard))
            .with_state(self.state.clone())
    }
}

/// The console's routes, where nothing needs to be closed.
pub fn router(desk: Arc<dyn Desk>, settings: Settings) -> Router {
    Console::new(desk, settings).router()
}

/// The console as a place where messages are shown.
///
/// What was shown is what the store holds, and the engine tells of it after its commit: there is nothing to send, and
/// a message's key is its id.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConsoleChat;

impl Chat for ConsoleChat {
    fn platform(&self) -> &'static str {
        PLATFORM
    }
    fn limits(&self) -> Limits {
        fit::CONSOLE
    }
    fn show<'a>(&'a self, delivery: &'a Delivery) -> Pending<'a, Result<String, ChatError>> {
        // What stands here is what the store holds: nothing does that it does not know of.
        let shown = if delivery.only_if_there { Err(ChatError::Gone) } else { Ok(delivery.key.clone()) };
        Box::pin(std::future::ready(shown))
    }
}
