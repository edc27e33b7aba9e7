//! Slack: hear and show, nothing else.
//!
//! Reading order: [`hear`] turns payloads into what they ask for; [`desk`] carries it to the engine and the answer back;
//! [`show`] turns cards into Block Kit, with [`text`] for words, [`boxes`] for checkboxes, [`modal`] and [`home`] for
//! views; [`api`] is every call there is. [`socket`] and [`http`] are the two ways payloads come in; [`reconcile`] looks
//! what changed while we were away.
//!
//! # What slack-morphism is used for, and what not
//!
//! Its Web API client carries every call. Its payload models are not used: they decode all or nothing, and one field of
//! an unexpected type would lose a click. Its Socket Mode client is not used: it handles one envelope at a time, so
//! that acknowledging only what is on the disk would cap a workspace at one commit after the other; it reconnects
//! after a fixed pause, without limits in time, and tells nobody. [`socket`] acknowledges out of order as commits
//! come in, watches for half-open links, and comes back with growing, jittered pauses.

mod api;
pub mod boxes;
mod desk;
pub mod examine;
mod hear;
mod home;
pub mod http;
pub mod modal;
mod notices;
mod people;
mod recent;
mod reconcile;
pub mod show;
mod socket;
pub mod text;

use crate::card::Card;
use crate::card::fit::{self, Limits};
use crate::chat::recorded::Meanwhile;
use crate::config::SlackSecrets;
use crate::engine::{Engine, Link};
use crate::ports::{Chat, ChatError, Clock, Delivery, File, Pace, Pending};
use crate::words::slack as words;
use api::{Api, Failure, Me, Post};
use desk::Ack;
use people::People;
use recent::{Chosen, Direct, Drawn, Once, Threads};
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;
use tokio::sync::Notify;

/// The platform's prefix of its channels.
pub const PLATFORM: &str = "slack";

/// A channel takes a message a second in the long run, and some more after a pause.
const PACE: Pace = Pace { every_ms: 1_000, burst: 4 };

/// What everything here shares.
pub struct Slack {
    engine: Engine,
    api: Api,
    clock: Arc<dyn Clock>,
    me: RwLock<Option<Me>>,
    people: People,
    /// Requests under way or done not long ago.
    once: Once<Ack>,
    /// Which deployments threads are about.
    threads: Threads,
    /// What people chose last in boxes that have not been drawn anew since.
    chosen: Chosen,
    /// What messages show.
    drawn: Drawn,
    /// Conversations with one person, by their id.
    direct: Direct,
    /// Somebody may have reacted and not been heard: what stands there is compared.
    missed: Notify,
    /// What was heard while something is compared.
    meanwhile: Meanwhile,
    /// It was said that files cannot be attached.
    no_files: AtomicBool,
}

impl Slack {
    /// The error is a sentence.
    pub fn new(engine: Engine, secrets: &SlackSecrets, clock: Arc<dyn Clock>) -> Result<Arc<Self>, String> {
        let url = secrets.api_url.as_deref().unwrap_or(api::PUBLIC);
        let api = Api::new(url, &secrets.bot_token, secrets.app_token.as_deref())?;
        Ok(Arc::new(Self {
            engine,
            api,
            clock,
            me: RwLock::new(None),
            people: People::default(),
            once: Once::default(),
            threads: Threads::default(),
            chosen: Chosen::default(),
            drawn: Drawn::default(),
            direct: Direct::default(),
            missed: Notify::new(),
            meanwhile: Meanwhile::default(),
            no_files: AtomicBool::new(false),
        }))
    }

    /// Our own id; empty until Slack has said it.
    fn bot(&self) -> String {
        self.me.read().map(|me| me.as_ref().map(|m| m.user_id.clone()).unwrap_or_default()).unwrap_or_default()
    }

    /// Asks Slack who we are, and remembers it.
    async fn introduce(&self) -> Result<Me, Failure> {
        let me = self.api.me().await?;
        if let Ok(mut known) = self.me.write() {
            *known = Some(me.clone());
        }
        Ok(me)
    }

    /// The person behind one of Slack's ids. `called` is what the payload calls them.
    async fn person(&self, id: &str, called: &str) -> crate::domain::command::Person {
        self.people.person(&self.api, self.engine.config(), id, called).await
    }

    /// The account of a person of ours. Naming them leads to their profile, without calling them.
    fn account(&self, person: &str) -> Option<text::Account> {
        let user = self.engine.config().account(person, PLATFORM)?.to_owned();
        let me = self.me.read().ok()?;
        let url = me.as_ref().map(|m| m.url.as_str()).filter(|u| u.starts_with("https://") || u.starts_with("http://"));
        let profile = url.map(|url| format!("{url}team/{user}"));
        Some(text::Account { user, profile })
    }

    /// Shows a message where it belongs: what is for one person, in the conversation with them.
    async fn show_there(self: &Arc<Self>, d: &Delivery) -> Result<String, ChatError> {
        let Some(user) = d.channel.strip_prefix('@') else { return self.shown(d).await };
        let known = self.direct.get(user);
        let channel = match known {
            Some(channel) => channel,
            None => {
                let channel = self.api.direct(user).await?;
                self.direct.put(user, &channel);
                channel
            }
        };
        let shown = self.shown(&Delivery { channel, ..d.clone() }).await;
        if matches!(shown, Err(ChatError::Refused { .. })) {
            self.direct.forget(user);
        }
        shown
    }

    /// Says how we are connected, in the log only when it changes.
    fn link(&self, link: Link) {
        if self.engine.links().get(PLATFORM) != Some(&link) {
            match &link {
                Link::Up => tracing::info!("connected to Slack"),
                Link::Down(why) => tracing::warn!(why, "not connected to Slack"),
                Link::Off(why) => tracing::error!(why, "Slack is off"),
            }
        }
        self.engine.link(PLATFORM, link);
    }

    /// Whatever happens in the background; ends when told to stop.
    pub async fn run(self: Arc<Self>, mut stop: tokio::sync::watch::Receiver<bool>) {
        tokio::select! {
            () = self.live() => {}
            () = notices::run(&self) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    async fn live(self: &Arc<Self>) {
        let me = self.known().await;
        tracing::info!(team = me.team, "Slack knows this bot");
        let hear = async {
            if self.api.has_app_token() {
                socket::run(self).await;
            } else {
                self.link(Link::Up);
                self.missed.notify_one();
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = hear => {}
            () = reconcile::run(self) => {}
        }
    }

    /// Who we are, however long it takes Slack to say so.
    async fn known(&self) -> Me {
        let mut pause = Backoff::default();
        loop {
            match self.introduce().await {
                Ok(me) => return me,
                Err(failure) => {
                    self.link(failure.link());
                    tokio::time::sleep(pause.next(&failure)).await;
                }
            }
        }
    }

    async fn shown(self: &Arc<Self>, d: &Delivery) -> Result<String, ChatError> {
        if let Some(file) = &d.file
            && !self.no_files.load(Ordering::Relaxed)
        {
            match self.attached(d, file).await {
                Err(Failure::No { code, needed }) if code == "missing_scope" || code == "not_allowed_token_type" => {
                    self.no_files.store(true, Ordering::Relaxed);
                    tracing::warn!("{}", words::no_files(needed.as_deref()));
                }
                other => return Ok(other?),
            }
        }
        // Nobody draws an older state over this one meanwhile: see `redraw`.
        let _lane = self.drawn.lane(&d.channel).await;
        let mut blocks = self.blocks(&d.card, &d.key);
        if d.file.is_some() {
            blocks.push(serde_json::json!({ "type": "context", "elements": [text::mrkdwn_object(words::FILE_NOT_HERE.into())] }));
        }
        let thread = match (&d.announcement, &d.thread) {
            (Some(announcement), _) if d.card.broadcast => Some(announcement.as_str()),
            (_, Some((_, posted))) => Some(posted.as_str()),
            _ => None,
        };
        let post = Post {
            channel: &d.channel,
            thread,
            broadcast: d.card.broadcast,
            text: show::fallback(&d.card),
            blocks,
            key: &d.key,
        };
        let there = match &d.posted {
            Some(ts) if ts.starts_with(FILE) => return Ok(ts.clone()),
            Some(ts) => Some(ts.clone()),
            None if d.uncertain => {
                let found = match self.api.find(&d.channel, thread, |m| m.key.as_deref() == Some(&*d.key)).await {
                    // A call to somebody that may go out twice is better than one that does not.
                    Err(Failure::No { code, .. }) if code == "missing_scope" && d.channel.starts_with(DIRECT) => None,
                    other => other?,
                };
                let found = found.map(|m| m.ts);
                if let Some(ts) = found.clone().filter(|_| d.key.contains("/section/")) {
                    let (this, key) = (self.clone(), d.key.clone());
                    tokio::spawn(async move { reconcile::once_recorded(&this, &key, &ts).await });
                }
                found
            }
            None => None,
        };
        let ts = match there {
            Some(ts) => match self.api.update(&ts, &post).await {
                Ok(()) => ts,
                Err(failure) if d.posted.is_none() => return Err(ChatError::from(failure).of_what_stands(ts)),
                Err(failure) => return Err(failure.into()),
            },
            None if d.only_if_there => return Err(ChatError::Gone),
            None => self.api.post_message(&post).await?,
        };
        self.drawn.remember(&d.channel, &ts, &d.key, &d.card);
        Ok(ts)
    }

    fn blocks(&self, card: &Card, key: &str) -> Vec<Value> {
        show::message(card, key, self.clock.now().0, &|id| self.account(id))
    }

    /// Draws a message as it was drawn last: whoever chose something there that came to nothing sees again what holds.
    async fn redraw(&self, channel: &str, ts: &str) {
        let _lane = self.drawn.lane(channel).await;
        let last = match self.drawn.last(channel, ts) {
            Some(last) => Some(last),
            None => {
                let found = self.engine.store().message_posted(&format!("{PLATFORM}:{channel}"), ts).await;
                found.ok().flatten().map(|m| (m.key, Arc::new(m.card)))
            }
        };
        let Some((key, card)) = last else { return };
        let blocks = self.blocks(&card, &key);
        let post = Post { channel, thread: None, broadcast: false, text: show::fallback(&card), blocks, key: &key };
        if let Err(failure) = self.api.update(ts, &post).await {
            tracing::info!(why = failure.sentence(), "a message was not drawn again");
        }
    }

    /// A message that is a file. Files carry no key: its name is looked for.
    async fn attached(&self, d: &Delivery, file: &File) -> Result<String, Failure> {
        if let Some(posted) = &d.posted {
            return Ok(posted.clone());
        }
        let thread = d.announcement.as_deref().or(d.thread.as_ref().map(|(_, posted)| posted.as_str()));
        if d.uncertain
            && let Some(there) = self.api.find(&d.channel, thread, |m| m.files.contains(&file.name)).await?
        {
            return Ok(format!("{FILE}{}", there.ts));
        }
        let comment = text::escape(&d.card.title.to_plain());
        let id = self.api.upload(&d.channel, thread, &file.name, &file.bytes, &comment).await?;
        Ok(format!("{FILE}{id}"))
    }

    /// Blocks and words for one person's eyes.
    fn drawn(&self, reply: &crate::card::Reply) -> (String, Vec<Value>) {
        let mut reply = reply.clone();
        if let Some(card) = &mut reply.card {
            **card = fit::fit((**card).clone(), &fit::SLACK);
        }
        let mut said: Vec<String> = text::markdown(&reply.text)
            .iter()
            .map(|p| match p {
                text::Part::Text(runs) | text::Part::Quote(runs) => text::escape(&text::to_plain(runs)),
                text::Part::Code(code) => text::escape(code),
            })
            .collect();
        said.extend(reply.card.as_deref().map(show::fallback));
        let text = fit::shortened(&said.join("\n"), fit::slack::FALLBACK);
        (text, show::reply(&reply, self.clock.now().0, &|id| self.account(id)))
    }
}

/// Pauses between attempts to connect: growing, and jittered so that many do not come back together.
#[derive(Default)]
struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// The shortest and the longest pause; and the one where only a person can help.
    const FIRST: Duration = Duration::from_millis(500);
    const LONGEST: Duration = Duration::from_secs(60);
    const HOPELESS: Duration = Duration::from_secs(300);

    fn next(&mut self, failure: &Failure) -> Duration {
        let pause = match failure {
            Failure::No { .. } => Self::HOPELESS,
            Failure::Later { after_ms, .. } => {
                let grown = (Self::FIRST * 2_u32.saturating_pow(self.attempts.min(8))).min(Self::LONGEST);
                grown.max(Duration::from_millis(u64::try_from(*after_ms).unwrap_or(0)))
            }
        };
        self.attempts = self.attempts.saturating_add(1);
        let mut random = [0_u8; 1];
        // Without random numbers there is no jitter, and nothing worse.
        _ = getrandom::fill(&mut random);
        pause + pause / 4 * u32::from(random[0]) / 255
    }
}

/// What Slack's ids of conversations with one person begin with.
const DIRECT: char = 'D';

/// Before what stands for the id of a message that is a file.
const FILE: &str = "file:";

/// Slack as a place where messages are shown.
pub struct SlackChat(pub Arc<Slack>);

impl Chat for SlackChat {
    fn platform(&self) -> &'static str {
        PLATFORM
    }
    fn limits(&self) -> Limits {
        fit::SLACK
    }
    fn pace(&self) -> Pace {
        PACE
    }
    fn takes_files(&self) -> bool {
        true
    }
    fn show<'a>(&'a self, delivery: &'a Delivery) -> Pending<'a, Result<String, ChatError>> {
        Box::pin(self.0.show_there(delivery))
    }
}
