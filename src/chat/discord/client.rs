//! Discord's REST API: one request at a time, each with an end, and what went wrong in a form to act on.
//!
//! serenity builds the requests; they are sent here. Its own sender waits without bound where Discord asks for
//! patience, repeats what may have been done, and keeps the wait to itself. Addresses carry interaction tokens: none of
//! them gets into an error.

use super::rates::{Asking, Rates};
use super::setup::Setup;
use crate::ports::{ChatError, File};
use serde_json::{Value, json};
use serenity::builder::CreateAttachment;
use serenity::http::{LightMethod, Multipart, MultipartUpload, Request, Route};
use serenity::model::id::{ApplicationId, ChannelId, GuildId, InteractionId, UserId};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Until a connection stands; until an answer is read as a whole.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(15);
/// Bytes of an answer.
const LARGEST: usize = 8 << 20;
/// What is to be waited is waited here up to this length; more is the caller's business.
const PATIENCE: Duration = Duration::from_secs(2);
/// When a revoked token is tried again, in milliseconds.
const TOKEN_MS: i64 = 60_000;

/// Why a request did not do what it was to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It was not done: too many. Not before so many milliseconds.
    Later { after_ms: i64 },
    /// It may have been done: the connection broke, or Discord failed inside.
    Unsure { why: String },
    /// It was refused, with Discord's own code for why.
    Said { status: u16, code: i64, why: String },
}

/// Discord's codes that mean something here.
pub mod code {
    pub const UNKNOWN_CHANNEL: i64 = 10_003;
    pub const UNKNOWN_MESSAGE: i64 = 10_008;
    pub const UNKNOWN_INTERACTION: i64 = 10_062;
    pub const TOO_MANY_REACTIONS: i64 = 30_010;
    pub const ALREADY_ANSWERED: i64 = 40_060;
    pub const NO_ACCESS: i64 = 50_001;
    pub const NO_DIRECT_MESSAGES: i64 = 50_007;
    pub const NO_PERMISSION: i64 = 50_013;
    pub const ARCHIVED: i64 = 50_083;
    pub const HAS_THREAD: i64 = 160_004;
}

impl Trouble {
    /// Discord's own code, where it gave one.
    pub fn code(&self) -> Option<i64> {
        match self {
            Trouble::Said { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// How long Discord said to wait.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Trouble::Later { after_ms } => Some(Duration::from_millis(u64::try_from(*after_ms).unwrap_or(0))),
            _ => None,
        }
    }

    /// Somebody deleted it.
    pub fn is_gone(&self) -> bool {
        matches!(self.code(), Some(code::UNKNOWN_MESSAGE | code::UNKNOWN_CHANNEL))
    }

    /// In words, for the log and for people.
    pub fn words(&self) -> String {
        match self {
            Trouble::Later { after_ms } => format!("Discord asks to wait for {} s", after_ms / 1000 + 1),
            Trouble::Unsure { why } => why.clone(),
            Trouble::Said { status: 401, .. } => "Discord refuses the bot's token".into(),
            Trouble::Said { code: code::NO_ACCESS, .. } => {
                "the bot may not see the channel: give it View Channel there, or invite it again (deploy/discord.md)"
                    .into()
            }
            Trouble::Said { code: code::NO_PERMISSION, .. } => {
                "the bot lacks a permission in the channel: it needs those of the invite link in deploy/discord.md"
                    .into()
            }
            Trouble::Said { code: code::NO_DIRECT_MESSAGES, .. } => {
                "they take no direct messages from the bot: they must be in a server with it and allow them there"
                    .into()
            }
            Trouble::Said { code: code::UNKNOWN_CHANNEL, .. } => "the channel is not there any more".into(),
            Trouble::Said { code: code::UNKNOWN_MESSAGE, .. } => "the message is not there any more".into(),
            Trouble::Said { status, code, why } => format!("Discord answers {status} ({code}): {why}"),
        }
    }

    /// As a chat's error.
    pub fn shown(self) -> ChatError {
        let why = self.words();
        match self {
            Trouble::Later { after_ms } => ChatError::Retry { after_ms, why },
            Trouble::Unsure { .. } => ChatError::Retry { after_ms: 0, why },
            Trouble::Said { status: 401, .. } => ChatError::Retry { after_ms: TOKEN_MS, why },
            Trouble::Said { .. } => ChatError::Refused { why },
        }
    }
}

/// What a request came to.
pub type Done<T> = Result<T, Trouble>;

/// The way to Discord. Every request ends within some 20 seconds.
pub struct Rest {
    client: reqwest::Client,
    authorization: String,
    rates: Mutex<Rates>,
}

impl Rest {
    /// The error is a sentence for whoever starts the bot.
    pub fn new(setup: &Setup) -> Result<Self, String> {
        let client = http_client(setup)?;
        Ok(Self { client, authorization: format!("Bot {}", setup.token), rates: Mutex::default() })
    }

    async fn call(&self, method: LightMethod, route: Route<'_>, body: Option<&Value>) -> Done<Value> {
        self.send(method, route, body, &[], None).await
    }

    async fn send(
        &self,
        method: LightMethod,
        route: Route<'_>,
        body: Option<&Value>,
        query: &[(&'static str, String)],
        file: Option<&File>,
    ) -> Done<Value> {
        let asking = Asking::new(method, &route);
        self.wait(&asking).await?;
        let mut request = Request::new(route, method);
        if !query.is_empty() {
            request = request.params(Some(query.to_vec()));
        }
        let json = body.map(Value::to_string);
        request = match file {
            Some(file) => request.multipart(Some(Multipart {
                upload: MultipartUpload::Attachments(vec![CreateAttachment::bytes(file.bytes.clone(), &file.name)]),
                payload_json: json,
                fields: Vec::new(),
            })),
            None => request.body(json.map(String::into_bytes)),
        };
        let unbuildable = |_| Trouble::Said { status: 0, code: 0, why: "the request could not be built".into() };
        let request = request.build(&self.client, &self.authorization, None).map_err(unbuildable)?;
        let mut response = request.send().await.map_err(|e| broken(&e))?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        self.rates().heed(&asking, &headers);
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| broken(&e))? {
            if bytes.len() + chunk.len() > LARGEST {
                return Err(Trouble::Unsure { why: format!("Discord's answer is longer than {LARGEST} bytes") });
            }
            bytes.extend_from_slice(&chunk);
        }
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        match status {
            200..=299 => Ok(answer),
            429 => {
                let (after, global) = (answer["retry_after"].as_f64(), answer["global"] == true);
                Err(Trouble::Later { after_ms: millis(self.rates().too_many(&asking, &headers, after, global)) })
            }
            500..=599 | 408 => Err(Trouble::Unsure { why: format!("Discord fails inside ({status})") }),
            _ => Err(Trouble::Said {
                status,
                code: answer["code"].as_i64().unwrap_or(0),
                why: answer["message"].as_str().unwrap_or("no reason given").chars().take(200).collect(),
            }),
        }
    }

    fn rates(&self) -> MutexGuard<'_, Rates> {
        self.rates.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until it may be asked. Others may be told meanwhile to wait longer.
    async fn wait(&self, asking: &Asking) -> Done<()> {
        let end = Instant::now() + PATIENCE;
        loop {
            let Some(wait) = self.rates().wait(asking) else { return Ok(()) };
            if Instant::now() + wait > end {
                return Err(Trouble::Later { after_ms: millis(wait) });
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// The bot's own user id.
    pub async fn me(&self) -> Done<u64> {
        id(&self.call(LightMethod::Get, Route::UserMe, None).await?)
    }

    /// The application's id.
    pub async fn application(&self) -> Done<u64> {
        id(&self.call(LightMethod::Get, Route::Oauth2ApplicationCurrent, None).await?)
    }

    /// The gateway's address.
    pub async fn gateway(&self) -> Done<String> {
        let answer = self.call(LightMethod::Get, Route::Gateway, None).await?;
        answer["url"].as_str().map(str::to_owned).ok_or_else(unreadable)
    }

    /// Posts a message; its id. `nonce`: asked twice within minutes, Discord posts it once.
    pub async fn post(&self, channel: u64, body: &Value, nonce: Option<&str>, file: Option<&File>) -> Done<u64> {
        let mut body = silent(body);
        if let Some(nonce) = nonce {
            body["nonce"] = nonce.into();
            body["enforce_nonce"] = true.into();
        }
        if let Some(file) = file {
            body["attachments"] = json!([{ "id": "0", "filename": file.name }]);
        }
        let route = Route::ChannelMessages { channel_id: ChannelId::new(channel) };
        id(&self.send(LightMethod::Post, route, Some(&body), &[], file).await?)
    }

    /// Edits a message.
    pub async fn edit(&self, channel: u64, message: u64, body: &Value) -> Done<()> {
        let route = Route::ChannelMessage { channel_id: channel.into(), message_id: message.into() };
        self.call(LightMethod::Patch, route, Some(&silent(body))).await.map(drop)
    }

    /// Takes a message away.
    pub async fn delete(&self, channel: u64, message: u64) -> Done<()> {
        let route = Route::ChannelMessage { channel_id: channel.into(), message_id: message.into() };
        self.call(LightMethod::Delete, route, None).await.map(drop)
    }

    /// One message.
    pub async fn message(&self, channel: u64, message: u64) -> Done<Value> {
        let route = Route::ChannelMessage { channel_id: channel.into(), message_id: message.into() };
        self.call(LightMethod::Get, route, None).await
    }

    /// A hundred messages, the newest first, older than `before`.
    pub async fn messages(&self, channel: u64, before: Option<u64>) -> Done<Vec<Value>> {
        let route = Route::ChannelMessages { channel_id: channel.into() };
        let mut query = vec![("limit", "100".to_owned())];
        query.extend(before.map(|id| ("before", id.to_string())));
        list(self.send(LightMethod::Get, route, None, &query, None).await?)
    }

    /// A channel or thread.
    pub async fn channel(&self, channel: u64) -> Done<Value> {
        self.call(LightMethod::Get, Route::Channel { channel_id: channel.into() }, None).await
    }

    /// Begins a thread on a message; its id. One that is there already is as good.
    pub async fn thread(&self, channel: u64, message: u64, name: &str) -> Done<u64> {
        let route = Route::ChannelMessageThreads { channel_id: channel.into(), message_id: message.into() };
        // A week: the longest there is.
        let body = json!({ "name": name, "auto_archive_duration": 10_080 });
        match self.call(LightMethod::Post, route, Some(&body)).await {
            Ok(thread) => id(&thread),
            Err(trouble) if trouble.code() == Some(code::HAS_THREAD) => {
                let there = self.message(channel, message).await?;
                // Where the message does not tell, a thread has the id of the message it begins on.
                Ok(snowflake(&there["thread"]["id"]).unwrap_or(message))
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// Opens an archived thread again.
    pub async fn reopen(&self, thread: u64) -> Done<()> {
        let route = Route::Channel { channel_id: thread.into() };
        self.call(LightMethod::Patch, route, Some(&json!({ "archived": false }))).await.map(drop)
    }

    /// Puts our reaction on a message.
    pub async fn react(&self, channel: u64, message: u64, emoji: &str) -> Done<()> {
        let reaction = &encoded(emoji);
        let route =
            Route::ChannelMessageReactionMe { channel_id: channel.into(), message_id: message.into(), reaction };
        self.call(LightMethod::Put, route, None).await.map(drop)
    }

    /// Takes somebody's reaction off a message.
    pub async fn unreact(&self, channel: u64, message: u64, emoji: &str, user: u64) -> Done<()> {
        let route = Route::ChannelMessageReaction {
            channel_id: channel.into(),
            message_id: message.into(),
            user_id: UserId::new(user),
            reaction: &encoded(emoji),
        };
        self.call(LightMethod::Delete, route, None).await.map(drop)
    }

    /// Who reacted with an emoji: a hundred of them after `after`.
    pub async fn reacted(&self, channel: u64, message: u64, emoji: &str, after: Option<u64>) -> Done<Vec<Value>> {
        let reaction = &encoded(emoji);
        let route =
            Route::ChannelMessageReactionEmoji { channel_id: channel.into(), message_id: message.into(), reaction };
        let mut query = vec![("limit", "100".to_owned())];
        query.extend(after.map(|id| ("after", id.to_string())));
        list(self.send(LightMethod::Get, route, None, &query, None).await?)
    }

    /// The first answer to an interaction; one it had already is as good.
    pub async fn answer(&self, interaction: u64, token: &str, body: &Value) -> Done<()> {
        let mut body = body.clone();
        if body.get("data").is_some_and(|d| d.get("content").is_some()) {
            body["data"] = silent(&body["data"]);
        }
        let route = Route::InteractionResponse { interaction_id: InteractionId::new(interaction), token };
        match self.call(LightMethod::Post, route, Some(&body)).await {
            Err(trouble) if trouble.code() != Some(code::ALREADY_ANSWERED) => Err(trouble),
            _ => Ok(()),
        }
    }

    /// What follows a deferred answer.
    pub async fn edit_answer(&self, application: u64, token: &str, body: &Value) -> Done<()> {
        let application_id = ApplicationId::new(application);
        let route = Route::WebhookOriginalInteractionResponse { application_id, token };
        self.call(LightMethod::Patch, route, Some(&silent(body))).await.map(drop)
    }

    /// Another answer to the same interaction.
    pub async fn follow_up(&self, application: u64, token: &str, body: &Value) -> Done<()> {
        let application_id = ApplicationId::new(application);
        let route = Route::WebhookFollowupMessages { application_id, token };
        self.call(LightMethod::Post, route, Some(&silent(body))).await.map(drop)
    }

    /// A server's roles.
    pub async fn roles(&self, guild: u64) -> Done<Vec<Value>> {
        list(self.call(LightMethod::Get, Route::GuildRoles { guild_id: GuildId::new(guild) }, None).await?)
    }

    /// Somebody in a server.
    pub async fn member(&self, guild: u64, user: u64) -> Done<Value> {
        let route = Route::GuildMember { guild_id: GuildId::new(guild), user_id: UserId::new(user) };
        self.call(LightMethod::Get, route, None).await
    }

    /// What somebody is called.
    pub async fn user_name(&self, user: u64) -> Done<String> {
        let answer = self.call(LightMethod::Get, Route::User { user_id: UserId::new(user) }, None).await?;
        let name = answer["global_name"].as_str().or(answer["username"].as_str());
        name.map(str::to_owned).ok_or_else(unreadable)
    }

    /// The channel of direct messages with somebody.
    pub async fn direct(&self, user: u64) -> Done<u64> {
        let body = json!({ "recipient_id": user.to_string() });
        id(&self.call(LightMethod::Post, Route::UserMeDmChannels, Some(&body)).await?)
    }

    /// The commands Discord knows, of a server or everywhere.
    pub async fn commands(&self, application: u64, guild: Option<u64>) -> Done<Vec<Value>> {
        list(self.call(LightMethod::Get, commands(application, guild), None).await?)
    }

    /// Makes this the one command Discord knows.
    pub async fn register(&self, application: u64, guild: Option<u64>, command: &Value) -> Done<()> {
        self.call(LightMethod::Put, commands(application, guild), Some(&json!([command]))).await.map(drop)
    }
}

fn commands(application: u64, guild: Option<u64>) -> Route<'static> {
    let application_id = ApplicationId::new(application);
    match guild {
        Some(guild) => Route::GuildCommands { application_id, guild_id: GuildId::new(guild) },
        None => Route::Commands { application_id },
    }
}

/// Nobody is notified by a text somebody typed: only whom a card calls, by list.
fn silent(body: &Value) -> Value {
    let mut body = body.clone();
    let called = body["allowed_mentions"]["users"].take();
    body["allowed_mentions"] = json!({ "parse": [] });
    if called.is_array() {
        body["allowed_mentions"]["users"] = called;
    }
    body
}

fn encoded(emoji: &str) -> String {
    percent_encoding::utf8_percent_encode(emoji, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn id(answer: &Value) -> Done<u64> {
    snowflake(&answer["id"]).ok_or_else(unreadable)
}

/// An id as Discord writes it.
pub fn snowflake(value: &Value) -> Option<u64> {
    value.as_str()?.parse().ok().filter(|id| *id > 0)
}

fn list(answer: Value) -> Done<Vec<Value>> {
    match answer {
        Value::Array(all) => Ok(all),
        _ => Err(unreadable()),
    }
}

fn unreadable() -> Trouble {
    Trouble::Unsure { why: "Discord's answer cannot be read".into() }
}

fn broken(error: &reqwest::Error) -> Trouble {
    let why = if error.is_timeout() {
        "Discord does not answer in time"
    } else if error.is_connect() {
        "Discord cannot be reached"
    } else {
        "the connection to Discord broke"
    };
    Trouble::Unsure { why: why.into() }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The client every request goes through, the gateway's own look-up included.
pub fn http_client(setup: &Setup) -> Result<reqwest::Client, String> {
    let mut builder = reqwest::Client::builder()
        .use_rustls_tls()
        .connect_timeout(CONNECT)
        .timeout(ANSWER)
        .redirect(reqwest::redirect::Policy::none());
    if let Some(there) = &setup.instead {
        builder = builder.no_proxy().resolve("discord.com", there.address);
        for pem in &there.roots {
            let root = reqwest::Certificate::from_pem(pem)
                .map_err(|_| "DISCORD_CA_FILE holds no certificate in PEM form.".to_owned())?;
            builder = builder.add_root_certificate(root);
        }
    }
    builder.build().map_err(|_| "The connection to Discord cannot be set up: TLS does not start.".into())
}
