//! What there is: a guild with channels, threads, people, messages and reactions; interactions; sessions.

use super::Settings;
use super::faults::Faults;
use super::rates::Rates;
use super::shapes;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;

/// A snowflake.
pub type Id = u64;

pub const GUILD: Id = 1_000_000_000_000_000_001;
pub const CHANNEL: Id = 2_000_000_000_000_000_001;
pub const ALICE: Id = 3_000_000_000_000_000_001;
pub const BOB: Id = 3_000_000_000_000_000_002;
/// The bot; its application has the same id.
pub const BOT: Id = 4_000_000_000_000_000_001;

/// Discord's first millisecond.
const EPOCH_MS: u64 = 1_420_070_400_000;
/// Events a session keeps for a resume.
const BUFFER: usize = 20_000;

/// Intents, by what they let through.
pub mod intents {
    pub const GUILDS: u64 = 1;
    pub const GUILD_MESSAGES: u64 = 1 << 9;
    pub const REACTIONS: u64 = 1 << 10;
    pub const DIRECT_MESSAGES: u64 = 1 << 12;
    pub const MESSAGE_CONTENT: u64 = 1 << 15;
    /// Members, presences, content: to be switched on for the application first.
    pub const PRIVILEGED: u64 = 1 << 1 | 1 << 8 | 1 << 15;
    pub const KNOWN: u64 = ((1 << 17) - 1) | 1 << 20 | 1 << 21 | 1 << 24 | 1 << 25;
}

/// Permissions the bot may lack.
pub mod may {
    pub const ADMINISTRATOR: u64 = 1 << 3;
    pub const ADD_REACTIONS: u64 = 1 << 6;
    pub const VIEW: u64 = 1 << 10;
    pub const SEND: u64 = 1 << 11;
    pub const MANAGE_MESSAGES: u64 = 1 << 13;
    pub const EMBED: u64 = 1 << 14;
    pub const ATTACH: u64 = 1 << 15;
    pub const HISTORY: u64 = 1 << 16;
    pub const MANAGE_THREADS: u64 = 1 << 34;
    pub const CREATE_THREADS: u64 = 1 << 35;
    pub const SEND_IN_THREADS: u64 = 1 << 38;
    pub const ALL: u64 = (1 << 50) - 1;
}

#[derive(Clone, Debug)]
pub struct User {
    pub id: Id,
    pub name: String,
    pub bot: bool,
    pub roles: Vec<Id>,
}

#[derive(Clone, Debug)]
pub struct Role {
    pub id: Id,
    pub name: String,
}

/// A text channel, a thread, or a direct one.
#[derive(Clone, Debug)]
pub struct Channel {
    pub id: Id,
    pub name: String,
    /// 0 text, 1 direct, 11 public thread.
    pub kind: u8,
    pub parent: Option<Id>,
    pub owner: Option<Id>,
    pub archived: bool,
    pub locked: bool,
    pub archive_after: u64,
    /// What the bot may do here.
    pub may: u64,
    /// With whom, where it is a direct one.
    pub with: Option<Id>,
}

#[derive(Clone, Debug)]
pub struct Message {
    pub id: Id,
    pub channel: Id,
    pub author: Id,
    /// 0 an ordinary one, 20 an answer to a command, 21 a thread's beginning.
    pub kind: u8,
    pub content: String,
    pub embeds: Value,
    pub components: Value,
    pub attachments: Vec<Attachment>,
    pub nonce: Option<Value>,
    pub flags: u64,
    /// Emoji with who reacted, in the order they came.
    pub reactions: Vec<(String, Vec<Id>)>,
    /// Seen by this person alone.
    pub only_for: Option<Id>,
    /// An answer to this interaction.
    pub interaction: Option<Id>,
    pub created: Instant,
    pub edits: usize,
    pub edited_ms: Option<u64>,
    pub has_thread: bool,
    /// The first message of a thread points to what the thread is about.
    pub about: Option<(Id, Id)>,
}

#[derive(Clone, Debug)]
pub struct Attachment {
    pub id: Id,
    pub name: String,
    pub bytes: Vec<u8>,
}

/// What somebody pressed, typed or chose, and what became of it.
#[derive(Clone, Debug)]
pub struct Interaction {
    pub id: Id,
    pub token: String,
    /// 2 command, 3 component, 4 autocompletion, 5 modal.
    pub kind: u8,
    pub user: Id,
    pub channel: Id,
    /// The message with the component.
    pub message: Option<Id>,
    pub asked: Instant,
    /// Somebody was connected to hear it.
    pub heard: bool,
    /// The callback's type and data, and after how long.
    pub answer: Option<(u8, Value, Duration)>,
    /// The message that answers it.
    pub original: Option<Id>,
    /// An answer was promised and has not come yet.
    pub promised: bool,
    pub followups: Vec<Id>,
}

/// One request of the bot.
#[derive(Clone, Debug)]
pub struct Call {
    pub at: Instant,
    pub method: String,
    /// Below `/api/v10`, without the query.
    pub path: String,
    pub query: String,
    pub body: Value,
    pub status: u16,
}

/// What a session's connection is told to do.
pub enum Out {
    Text(String),
    /// A close frame; without a code it has none.
    Close(Option<u16>),
    /// The connection is reset.
    Reset,
    /// The connection ends without a word.
    End,
}

/// A gateway session; outlives its connection, so that it can be resumed.
pub struct Session {
    pub id: String,
    pub intents: u64,
    pub seq: u64,
    pub buffer: Vec<(u64, String)>,
    pub line: Option<mpsc::UnboundedSender<Out>>,
}

pub struct World {
    pub settings: Settings,
    pub gateway: SocketAddr,
    last_id: Id,
    pub users: BTreeMap<Id, User>,
    pub roles: Vec<Role>,
    pub channels: BTreeMap<Id, Channel>,
    pub messages: BTreeMap<Id, Message>,
    pub global_commands: Vec<Value>,
    pub guild_commands: Vec<Value>,
    pub interactions: BTreeMap<Id, Interaction>,
    pub sessions: HashMap<String, Session>,
    pub last_identify: Option<Instant>,
    /// Connections of the gateway and new sessions, ever.
    pub connections: usize,
    pub identifies: usize,
    pub resumes: usize,
    pub violations: Vec<String>,
    pub calls: Vec<Call>,
    pub rates: Rates,
    pub faults: Faults,
}

impl World {
    pub fn new(settings: Settings, gateway: SocketAddr) -> Self {
        let user = |id, name: &str, bot| (id, User { id, name: name.into(), bot, roles: Vec::new() });
        let mut world = Self {
            settings,
            gateway,
            last_id: 0,
            users: BTreeMap::from([user(ALICE, "alice", false), user(BOB, "bob", false), user(BOT, "rollcall", true)]),
            roles: vec![Role { id: GUILD, name: "@everyone".into() }],
            channels: BTreeMap::new(),
            messages: BTreeMap::new(),
            global_commands: Vec::new(),
            guild_commands: Vec::new(),
            interactions: BTreeMap::new(),
            sessions: HashMap::new(),
            last_identify: None,
            connections: 0,
            identifies: 0,
            resumes: 0,
            violations: Vec::new(),
            calls: Vec::new(),
            rates: Rates::default(),
            faults: Faults::default(),
        };
        world.add_channel(CHANNEL, "deploys");
        world
    }

    /// A new snowflake of this moment.
    pub fn id(&mut self) -> Id {
        let ms = now_ms().saturating_sub(EPOCH_MS);
        self.last_id = (ms << 22).max(self.last_id + 1);
        self.last_id
    }

    pub fn broke(&mut self, what: impl Into<String>) {
        self.violations.push(what.into());
    }

    /// A text channel in the guild.
    pub fn add_channel(&mut self, id: Id, name: &str) {
        let channel = Channel {
            id,
            name: name.into(),
            kind: 0,
            parent: None,
            owner: None,
            archived: false,
            locked: false,
            archive_after: 1440,
            may: may::ALL,
            with: None,
        };
        self.channels.insert(id, channel);
    }

    /// Somebody more, in the guild.
    pub fn add_user(&mut self, name: &str) -> Id {
        let id = ALICE + self.users.len() as u64 + 100;
        self.users.insert(id, User { id, name: name.into(), bot: false, roles: Vec::new() });
        id
    }

    /// A role, which these people have.
    pub fn add_role(&mut self, name: &str, people: &[Id]) -> Id {
        let id = GUILD + 1000 + self.roles.len() as u64;
        self.roles.push(Role { id, name: name.into() });
        for person in people {
            if let Some(user) = self.users.get_mut(person) {
                user.roles.push(id);
            }
        }
        id
    }

    /// What happened goes to every session that wants it, connected or not. True: a connection was there.
    pub fn dispatch(&mut self, kind: &str, intent: Option<u64>, data: &Value) -> bool {
        let mut heard = false;
        for session in self.sessions.values_mut() {
            if intent.is_some_and(|i| session.intents & i == 0) {
                continue;
            }
            heard |= session.say(kind, data);
        }
        heard
    }

    /// Tells every connection.
    pub fn tell_gateway(&mut self, mut out: impl FnMut() -> Out) {
        for session in self.sessions.values_mut() {
            if let Some(line) = &session.line {
                _ = line.send(out());
            }
        }
    }

    /// Any session has a connection now.
    pub fn connected(&self) -> bool {
        self.sessions.values().any(|s| s.line.as_ref().is_some_and(|l| !l.is_closed()))
    }

    /// Shows a message to those who may know.
    pub fn tell_message(&mut self, kind: &str, id: Id) {
        let Some(message) = self.messages.get(&id) else { return };
        if message.only_for.is_some() {
            return;
        }
        let (direct, theirs) =
            (self.channels.get(&message.channel).is_some_and(|c| c.kind == 1), message.author != BOT);
        let mut data = shapes::message(self, message, kind == "MESSAGE_CREATE");
        if !direct {
            data["guild_id"] = json!(GUILD.to_string());
            data["member"] = shapes::member(self, message.author, false);
        }
        let intent = if direct { intents::DIRECT_MESSAGES } else { intents::GUILD_MESSAGES };
        for session in self.sessions.values_mut().filter(|s| s.intents & intent != 0) {
            let mut data = data.clone();
            if theirs && !direct && session.intents & intents::MESSAGE_CONTENT == 0 {
                for (key, empty) in [
                    ("content", json!("")),
                    ("embeds", json!([])),
                    ("components", json!([])),
                    ("attachments", json!([])),
                ] {
                    data[key] = empty;
                }
            }
            session.say(kind, &data);
        }
    }

    /// What Discord would say at the end: promises that were not kept, interactions nobody answered in time.
    pub fn unkept(&self) -> Vec<String> {
        let name = |i: &Interaction| format!("interaction {} of type {} by {}", i.id, i.kind, self.users[&i.user].name);
        let waited = |i: &Interaction| i.asked.elapsed() > self.settings.first_answer;
        let mut all = Vec::new();
        for i in self.interactions.values() {
            if i.answer.is_none() && i.heard && waited(i) {
                all.push(format!("{} was not answered within {:?}", name(i), self.settings.first_answer));
            } else if i.promised && waited(i) {
                all.push(format!("{} was promised an answer that never came", name(i)));
            }
        }
        all
    }
}

impl Session {
    /// One event, numbered and kept. True: a connection was there.
    pub fn say(&mut self, kind: &str, data: &Value) -> bool {
        self.seq += 1;
        let text = json!({ "op": 0, "t": kind, "s": self.seq, "d": data }).to_string();
        let heard = self.line.as_ref().is_some_and(|line| line.send(Out::Text(text.clone())).is_ok());
        self.buffer.push((self.seq, text));
        if self.buffer.len() > BUFFER {
            self.buffer.drain(..BUFFER / 2);
        }
        heard
    }
}

pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// ISO 8601, as Discord writes it.
pub fn moment(ms: u64) -> String {
    let at = chrono::DateTime::from_timestamp_millis(i64::try_from(ms).unwrap_or(0)).unwrap_or_default();
    at.format("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string()
}

/// When a snowflake was made.
pub fn made_ms(id: Id) -> u64 {
    (id >> 22) + EPOCH_MS
}

impl Message {
    /// All its text: content, then every part of its embeds.
    pub fn text(&self) -> String {
        let mut text = self.content.clone();
        for embed in self.embeds.as_array().into_iter().flatten() {
            let field = |f: &Value| format!("\n{}\n{}", str_of(&f["name"]), str_of(&f["value"]));
            for part in [&embed["author"]["name"], &embed["title"], &embed["description"]] {
                text.push('\n');
                text.push_str(str_of(part));
            }
            text.extend(embed["fields"].as_array().into_iter().flatten().map(field));
            text.push('\n');
            text.push_str(str_of(&embed["footer"]["text"]));
        }
        text
    }

    /// Its buttons and selects.
    pub fn parts(&self) -> Vec<Value> {
        let rows = self.components.as_array().into_iter().flatten();
        rows.flat_map(|row| row["components"].as_array().cloned().unwrap_or_default()).collect()
    }

    /// The buttons whose id begins so, with their labels.
    pub fn buttons(&self, prefix: &str) -> Vec<(String, String)> {
        let id = |c: &Value| (str_of(&c["custom_id"]).to_owned(), str_of(&c["label"]).to_owned());
        let all = self.parts();
        all.iter().filter(|c| c["type"] == 2 && str_of(&c["custom_id"]).starts_with(prefix)).map(id).collect()
    }

    /// Its select, if it has one.
    pub fn select(&self) -> Option<Value> {
        self.parts().into_iter().find(|c| c["type"] == 3)
    }

    /// Who reacted so.
    pub fn reacted(&self, emoji: &str) -> &[Id] {
        self.reactions.iter().find(|(e, _)| e == emoji).map_or(&[], |(_, who)| who)
    }
}

pub fn str_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
