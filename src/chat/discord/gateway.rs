//! Keeps the connection to the gateway, and carries its events on in the order they came.
//!
//! serenity's handlers run as tasks of their own and lose that order; a collector on the shard sees events one by one.
//! It belongs to one connection of the shard: a new one gets another as soon as it begins to identify itself, and
//! whatever may have slipped through between two is found by the comparison that follows every READY.

use super::client::{self, Trouble, code, snowflake};
use super::hear::{self, Heard, Reacted};
use super::setup::is_gateway;
use super::watch::{self, Watch};
use super::{Discord, PLATFORM, commands, limits};
use crate::engine::Link;
use serenity::all::{Context, EventHandler, GatewayIntents, Ready};
use serenity::gateway::{CollectorCallback, GatewayError, ShardMessenger};
use serenity::http::HttpBuilder;
use serenity::model::event::{Event, GuildCreateEvent};
use serenity::model::permissions::Permissions;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot, watch as signal};

/// How often registering the commands is tried again before it is left to the next connection.
const REGISTER_TRIES: u32 = 8;

/// None of them needs Discord's approval.
const INTENTS: GatewayIntents = GatewayIntents::GUILDS.union(GatewayIntents::GUILD_MESSAGE_REACTIONS);
/// What is needed in a server, by the words Discord uses for it.
pub(super) const NEEDED: [(Permissions, &str); 9] = [
    (Permissions::VIEW_CHANNEL, "View Channels"),
    (Permissions::SEND_MESSAGES, "Send Messages"),
    (Permissions::CREATE_PUBLIC_THREADS, "Create Public Threads"),
    (Permissions::SEND_MESSAGES_IN_THREADS, "Send Messages in Threads"),
    (Permissions::EMBED_LINKS, "Embed Links"),
    (Permissions::ATTACH_FILES, "Attach Files"),
    (Permissions::ADD_REACTIONS, "Add Reactions"),
    (Permissions::MANAGE_MESSAGES, "Manage Messages"),
    (Permissions::READ_MESSAGE_HISTORY, "Read Message History"),
];
/// Between two connections that were ready. Discord allows one identification in five seconds.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// Somebody has just started it and waits: the first pauses are short.
const AT_START: Duration = Duration::from_secs(1);
/// At most, where sessions are begun and do not get ready: a thousand a day may be begun.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);
/// At most, where none is begun: asking whether Discord is back costs one request.
const LONGEST_UNREACHED: Duration = Duration::from_secs(15);
/// At most, whatever Discord says to wait.
const LONGEST_WAIT: Duration = Duration::from_secs(600);
/// Until the client is set up.
const SET_UP: Duration = Duration::from_secs(40);
/// For saying goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// What the connection tells, in order.
pub(super) enum Signal {
    Heard(Box<Heard>),
    Reacted(Box<Reacted>),
    /// All reactions of a message, or all of one emoji, were taken off by a moderator.
    Cleared,
    /// A new session: what happened before it is not told.
    Ready,
    Resumed,
    /// A server, with the permissions the bot lacks there.
    Server {
        name: String,
        lacks: Vec<&'static str>,
    },
    /// An event that could not be read; the interaction it was, if it was one.
    Unread {
        kind: String,
        interaction: Option<(u64, String)>,
    },
}

/// How a connection ended.
enum End {
    Stopped,
    /// It will be the same again until somebody changes something: a sentence.
    Off(String),
    /// To be tried again.
    Again {
        why: String,
        got: Got,
    },
}

/// How far a connection got before it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Got {
    /// No session was begun; how long Discord said to wait, if it did.
    Nowhere { wait: Option<Duration> },
    /// A session may have been begun.
    Begun,
    /// A session was ready.
    Ready,
}

impl Got {
    /// How long to wait before the next connection. `last`: the pause before this one; a wait that Discord named is not
    /// lengthened, and lengthens none after it.
    fn pause(self, last: &mut Duration) -> Duration {
        *last = match self {
            Got::Nowhere { wait: Some(wait) } => return wait.clamp(AT_START, LONGEST_WAIT),
            Got::Nowhere { wait: None } => (*last * 2).min(LONGEST_UNREACHED),
            Got::Begun => (*last * 2).min(LONGEST_PAUSE),
            Got::Ready => FIRST_PAUSE,
        };
        *last
    }
}

/// Where the shard's events go.
pub(super) struct Line {
    signals: mpsc::Sender<Signal>,
    /// Told where there was no room for an event.
    missed: Arc<Notify>,
    /// Counts collectors: the newest one hears, an older one on the same connection goes.
    newest: AtomicU64,
    /// Sessions that became ready, as collectors heard and as the handler did: where it is ahead, one heard nothing.
    ready: AtomicU64,
    /// The connection that was listened to is gone.
    gone: Notify,
}

/// Goes with the connection its collector belongs to.
struct Gone {
    line: Arc<Line>,
    number: u64,
}

impl Drop for Gone {
    fn drop(&mut self) {
        if self.line.newest.load(Ordering::Acquire) == self.number {
            self.line.gone.notify_one();
        }
    }
}

impl Line {
    fn tell(&self, signal: Signal) {
        if self.signals.try_send(signal).is_err() {
            tracing::warn!("Discord tells more than can be taken; reactions are compared later");
            self.missed.notify_one();
        }
    }

    fn listen(self: &Arc<Self>, shard: &ShardMessenger) {
        let number = self.newest.load(Ordering::Acquire) + 1;
        let gone = Gone { line: self.clone(), number };
        shard.add_collector(CollectorCallback(Box::new(move |event| {
            let line = &gone.line;
            if line.newest.load(Ordering::Acquire) > number {
                return false;
            }
            if let Some(signal) = signal(event) {
                if matches!(signal, Signal::Ready) {
                    line.ready.fetch_add(1, Ordering::AcqRel);
                }
                line.tell(signal);
            }
            true
        })));
        self.newest.store(number, Ordering::Release);
    }
}

/// What an event means here.
fn signal(event: &Event) -> Option<Signal> {
    match event {
        Event::InteractionCreate(e) => hear::interaction(&e.interaction).map(|h| Signal::Heard(Box::new(h))),
        Event::ReactionAdd(e) => hear::reaction(&e.reaction, true).map(|r| Signal::Reacted(Box::new(r))),
        Event::ReactionRemove(e) => hear::reaction(&e.reaction, false).map(|r| Signal::Reacted(Box::new(r))),
        Event::ReactionRemoveAll(_) | Event::ReactionRemoveEmoji(_) => Some(Signal::Cleared),
        Event::Ready(_) => Some(Signal::Ready),
        Event::Resumed(_) => Some(Signal::Resumed),
        Event::GuildCreate(e) => Some(server(e)),
        Event::Unknown(e) if heeded(&e.kind) => {
            let token = e.value.get("token").and_then(|t| t.as_str()).map(str::to_owned);
            let interaction =
                e.value.get("id").and_then(snowflake).zip(token).filter(|_| e.kind == "INTERACTION_CREATE");
            Some(Signal::Unread { kind: e.kind.clone(), interaction })
        }
        _ => None,
    }
}

/// How the kinds of events about reactions begin.
const REACTIONS: &str = "MESSAGE_REACTION_";

/// Kinds of events that are acted on: one of them that cannot be read is missed.
fn heeded(kind: &str) -> bool {
    kind == "INTERACTION_CREATE" || kind == "GUILD_CREATE" || kind.starts_with(REACTIONS)
}

fn server(e: &GuildCreateEvent) -> Signal {
    // Of a server's members only the bot comes with this event, as long as no others are asked for.
    let has = e.guild.members.values().find(|m| m.user.bot).map(|me| e.guild.member_permissions(me));
    let lacks = |has: Permissions| NEEDED.iter().filter(|(p, _)| !has.contains(*p)).map(|(_, word)| *word).collect();
    Signal::Server { name: hear::clean(&e.guild.name), lacks: has.map(lacks).unwrap_or_default() }
}

/// Notices a session whose connection got no collector before its READY.
pub(super) struct Ear {
    line: Arc<Line>,
    sessions: AtomicU64,
}

#[serenity::async_trait]
impl EventHandler for Ear {
    async fn ready(&self, ctx: Context, _: Ready) {
        // A collector hears of it before this does; what came before it listens is compared.
        let sessions = self.sessions.fetch_add(1, Ordering::AcqRel) + 1;
        if self.line.ready.load(Ordering::Acquire) < sessions {
            self.line.listen(&ctx.shard);
            self.line.ready.store(sessions, Ordering::Release);
            self.line.tell(Signal::Ready);
        }
    }
}

impl Discord {
    /// Keeps the connection until told to stop. Whatever happens to it, the rest of Rollcall runs on.
    pub async fn run(self: Arc<Self>, mut stop: signal::Receiver<bool>) {
        self.engine.link(PLATFORM, Link::Down("Connecting to Discord.".into()));
        let (signals, heard) = mpsc::channel(limits::EVENTS);
        let reactions = tokio::spawn(self.clone().put_on(stop.clone()));
        let heeding = tokio::spawn(self.clone().carry(heard));
        let mut last = AT_START;
        loop {
            let pause = match self.connection(&signals, &mut stop).await {
                End::Stopped => break,
                End::Off(sentence) => {
                    tracing::error!(sentence, "Discord is off");
                    self.engine.link(PLATFORM, Link::Off(sentence));
                    _ = stop.wait_for(|stop| *stop).await;
                    break;
                }
                End::Again { why, got } => {
                    let pause = got.pause(&mut last);
                    tracing::warn!(why, seconds = pause.as_secs(), "no connection to Discord; it is tried again");
                    self.engine.link(PLATFORM, Link::Down(format!("{why} Rollcall tries again.")));
                    pause
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
        drop(signals);
        _ = tokio::time::timeout(GOODBYE, heeding).await;
        _ = reactions.await;
    }

    async fn connection(self: &Arc<Self>, signals: &mpsc::Sender<Signal>, stop: &mut signal::Receiver<bool>) -> End {
        let mut client = tokio::select! {
            prepared = self.prepare(signals) => match prepared {
                Ok(prepared) => prepared,
                Err(end) => return end,
            },
            () = tokio::time::sleep(SET_UP) => return nowhere("Discord does not answer in time.".into()),
            _ = stop.wait_for(|stop| *stop) => return End::Stopped,
        };
        let (manager, line, ear) = (client.serenity.shard_manager.clone(), client.line.clone(), client.ear.clone());
        let alone = Arc::strong_count(&ear);
        let mut watch = Watch::new(manager.clone(), move || Arc::strong_count(&ear) > alone);
        // Every connection gets its collector as soon as it stands.
        let listening = {
            let (manager, line) = (manager.clone(), line.clone());
            tokio::spawn(async move {
                while let Some(shard) = watch::first_shard(&manager).await {
                    line.listen(&shard);
                    drop(shard);
                    line.gone.notified().await;
                }
            })
        };
        let end = tokio::select! {
            end = client.serenity.start() => match end {
                Err(serenity::Error::Gateway(GatewayError::InvalidAuthentication)) => End::Off(wrong_token()),
                Err(serenity::Error::Gateway(
                    GatewayError::DisallowedGatewayIntents | GatewayError::InvalidGatewayIntents,
                )) => End::Off(
                    "Discord does not let the bot hear of servers and reactions (close code 4013 or 4014). Both are open \
                     to every bot: look at the application's Bot page, then start Rollcall again."
                        .into(),
                ),
                _ => End::Again { why: "Discord ended the connection.".into(), got: got(&line) },
            },
            why = watch.dead(|up| self.connected(up && is_ready(&line)), || is_ready(&line)) => {
                End::Again { why, got: got(&line) }
            }
            _ = stop.wait_for(|stop| *stop) => End::Stopped,
        };
        listening.abort();
        // Its parts end with a shard that says goodbye, or after a while.
        let goodbye = async move {
            _ = tokio::time::timeout(Duration::from_secs(10), manager.shutdown_all()).await;
            drop(client);
        };
        match end {
            End::Stopped => _ = tokio::time::timeout(GOODBYE, goodbye).await,
            _ => _ = tokio::spawn(goodbye),
        }
        end
    }

    /// Looks whether everything is as it must be, and sets a client up.
    async fn prepare(self: &Arc<Self>, signals: &mpsc::Sender<Signal>) -> Result<Client, End> {
        let again = |t: Trouble| match t {
            Trouble::Said { status: 401, .. } => End::Off(wrong_token()),
            other => {
                let wait = other.wait();
                End::Again { why: format!("{}.", other.words()), got: Got::Nowhere { wait } }
            }
        };
        let me = self.me().await.map_err(again)?;
        let gateway = self.rest.gateway().await.map_err(again)?;
        let strange = |gateway: &str| {
            let host: String = gateway.split(['?', '#']).next().unwrap_or_default().chars().take(80).collect();
            End::Off(format!(
                "Discord names {host} as its gateway, which is none of its own. Nothing was sent there. Is something \
                 between Rollcall and Discord? Then start Rollcall again."
            ))
        };
        if !is_gateway(&gateway, self.setup.instead.is_some()) {
            return Err(strange(&gateway));
        }
        // Who knows the commands already need not wait for this; Discord may fail inside for a while.
        let this = self.clone();
        tokio::spawn(async move { this.register(me.application).await });
        let http = HttpBuilder::new(&self.setup.token)
            .client(client::http_client(&self.setup).map_err(nowhere)?)
            .ratelimiter_disabled(true)
            .build();
        let line = Arc::new(Line {
            signals: signals.clone(),
            missed: self.missed.clone(),
            newest: AtomicU64::new(0),
            ready: AtomicU64::new(0),
            gone: Notify::new(),
        });
        let ear = Arc::new(Ear { line: line.clone(), sessions: AtomicU64::new(0) });
        let serenity =
            serenity::client::ClientBuilder::new_with_http(http, INTENTS).event_handler_arc(ear.clone()).await;
        let serenity = serenity.map_err(|_| nowhere("The connection to Discord cannot be set up.".into()))?;
        // serenity asks for the address itself, and takes another where it gets no answer: this one was looked at.
        *serenity.ws_url.lock().await = gateway;
        Ok(Client { serenity, line, ear })
    }

    /// Makes the commands known where they are not, or not as they are now, and tries again while Discord is busy or fails.
    async fn register(&self, application: u64) {
        let ours = commands::registration();
        let guild = self.setup.guild;
        let mut tried = 0;
        let registered = loop {
            let known = self.rest.commands(application, guild).await;
            let registered = match &known {
                Ok(known) if matches!(known.as_slice(), [theirs] if commands::same(&ours, theirs)) => return,
                _ => self.rest.register(application, guild, &ours).await,
            };
            let pause = match &registered {
                Err(later @ Trouble::Later { .. }) => later.wait().unwrap_or_default(),
                Err(Trouble::Unsure { .. }) => Duration::from_secs(1 << tried),
                _ => break registered,
            };
            tried += 1;
            if tried > REGISTER_TRIES {
                break registered;
            }
            tokio::time::sleep(pause.clamp(Duration::from_millis(250), Duration::from_secs(60))).await;
        };
        match registered {
            Ok(()) => tracing::info!("Discord knows the commands"),
            Err(trouble) if trouble.code() == Some(code::NO_ACCESS) => tracing::error!(
                "/deploy cannot be registered in the server of DISCORD_GUILD_ID: invite the bot there with the link of \
                 deploy/discord.md (scopes bot and applications.commands), then start Rollcall again"
            ),
            Err(trouble) => tracing::error!(why = trouble.words(), "/deploy cannot be registered with Discord"),
        }
    }

    fn connected(&self, up: bool) {
        let link =
            if up { Link::Up } else { Link::Down("The connection to Discord broke. Rollcall tries again.".into()) };
        self.engine.link(PLATFORM, link);
    }

    /// Carries what is told to whoever acts on it: what one person wants in the order they wanted it, reactions in the
    /// order they came.
    async fn carry(self: Arc<Self>, mut heard: mpsc::Receiver<Signal>) {
        let (reactions, waiting) = mpsc::channel(limits::EVENTS);
        let reacting = tokio::spawn(self.clone().carry_reactions(waiting));
        let mut before: HashMap<u64, oneshot::Receiver<()>> = HashMap::new();
        while let Some(signal) = heard.recv().await {
            match signal {
                Signal::Heard(heard) => {
                    let (done, after) = oneshot::channel();
                    if before.len() >= limits::KEPT {
                        before.retain(|_, last| matches!(last.try_recv(), Err(oneshot::error::TryRecvError::Empty)));
                    }
                    let last = before.insert(heard.who.id, after);
                    let this = self.clone();
                    tokio::spawn(async move {
                        this.heed(*heard, last).await;
                        drop(done);
                    });
                }
                Signal::Unread { kind, interaction } => {
                    let count = self.unread.fetch_add(1, Ordering::Relaxed) + 1;
                    tracing::warn!(kind, count, "an event of Discord's cannot be read");
                    if kind.starts_with(REACTIONS) {
                        self.missed.notify_one();
                    }
                    if let Some((id, token)) = interaction {
                        let this = self.clone();
                        tokio::spawn(async move { this.unread(id, &token).await });
                    }
                }
                Signal::Server { name, lacks } if !lacks.is_empty() => tracing::error!(
                    server = name,
                    lacks = lacks.join(", "),
                    "the bot lacks permissions: invite it again with the link of deploy/discord.md"
                ),
                Signal::Server { .. } => {}
                other => {
                    if reactions.try_send(other).is_err() {
                        tracing::warn!("reactions come faster than they can be recorded; they are compared later");
                        self.missed.notify_one();
                    }
                }
            }
        }
        drop(reactions);
        _ = reacting.await;
    }
}

/// A client, and how its events come.
struct Client {
    serenity: serenity::Client,
    line: Arc<Line>,
    ear: Arc<Ear>,
}

fn is_ready(line: &Line) -> bool {
    line.ready.load(Ordering::Acquire) > 0
}

fn got(line: &Line) -> Got {
    if is_ready(line) { Got::Ready } else { Got::Begun }
}

/// Before a session was begun.
fn nowhere(why: String) -> End {
    End::Again { why, got: Got::Nowhere { wait: None } }
}

fn wrong_token() -> String {
    "Discord refuses DISCORD_TOKEN. Copy the token from the application's Bot page (Reset Token makes a new one) and start \
     Rollcall again."
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(ends: &[Got]) -> Vec<u64> {
        let mut last = AT_START;
        ends.iter().map(|end| end.pause(&mut last).as_secs()).collect()
    }

    #[test]
    fn it_is_back_soon_after_discord_is() {
        const DOWN: Got = Got::Nowhere { wait: None };
        let told = |seconds| Got::Nowhere { wait: Some(Duration::from_secs(seconds)) };
        assert_eq!(pauses(&[DOWN, DOWN, DOWN, DOWN, DOWN]), [2, 4, 8, 15, 15]);
        assert_eq!(pauses(&[told(30), DOWN, told(30), DOWN]), [30, 2, 30, 4], "a wait that was named lengthens none");
        assert_eq!(pauses(&[told(0), told(86_400)]), [1, 600]);
        assert_eq!(pauses(&[Got::Begun; 8]), [2, 4, 8, 16, 32, 64, 120, 120], "a thousand sessions a day");
        assert_eq!(pauses(&[Got::Begun, Got::Begun, Got::Ready, Got::Begun]), [2, 4, 5, 10]);
        assert_eq!(pauses(&[Got::Ready, DOWN, DOWN, DOWN]), [5, 10, 15, 15]);
    }
}
