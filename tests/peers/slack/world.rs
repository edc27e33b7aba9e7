//! What a workspace holds, as plain data, and the questions tests ask of it.

use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

pub const TEAM: &str = "T01TEST";
pub const APP: &str = "A01APP";
pub const BOT: &str = "U0BOT";
pub const BOT_ID: &str = "B0BOT";
pub const ALICE: &str = "U01ALICE";
pub const BOB: &str = "U02BOB";
pub const GENERAL: &str = "C01GEN";
pub const DEPLOYS: &str = "C02DEP";

#[derive(Clone, Debug)]
pub struct Channel {
    pub id: String,
    pub name: String,
    pub members: BTreeSet<String>,
    pub archived: bool,
    /// A direct conversation with this person.
    pub with: Option<String>,
}

#[derive(Clone, Debug)]
pub struct User {
    pub id: String,
    pub name: String,
    pub real_name: String,
    pub email: String,
    pub tz: String,
    pub bot: bool,
}

#[derive(Clone, Debug)]
pub struct Message {
    pub channel: String,
    pub ts: String,
    pub user: String,
    /// The app that posted it; another than ours for messages of other apps.
    pub app: Option<String>,
    pub text: String,
    pub blocks: Vec<Value>,
    pub metadata: Option<Value>,
    pub thread_ts: Option<String>,
    pub broadcast: bool,
    /// Only this person sees it.
    pub only_for: Option<String>,
    pub edits: u32,
    pub deleted: bool,
    pub reactions: BTreeMap<String, Vec<String>>,
    /// Titles of its files.
    pub files: Vec<String>,
}

impl Message {
    /// What names it for ever: its metadata, or its first block where no metadata is.
    pub fn key(&self) -> Option<&str> {
        let of_metadata = self.metadata.as_ref().and_then(|m| m["event_payload"]["key"].as_str());
        of_metadata.or_else(|| self.blocks.first()?["block_id"].as_str()?.strip_prefix("key:"))
    }

    /// Every control in it, from top to bottom.
    pub fn controls(&self) -> Vec<Control> {
        controls(&self.blocks)
    }

    /// As the Web API and payloads show it.
    pub fn as_json(&self, with_metadata: bool) -> Value {
        let mut m = Map::new();
        m.insert("type".into(), "message".into());
        m.insert("user".into(), self.user.clone().into());
        m.insert("ts".into(), self.ts.clone().into());
        m.insert("text".into(), self.text.clone().into());
        m.insert("team".into(), TEAM.into());
        if let Some(app) = &self.app {
            let id = if app == APP { BOT_ID } else { "B0OTHER" };
            m.insert("bot_id".into(), id.into());
            m.insert("app_id".into(), app.clone().into());
            let icons = json!({"image_36": "", "image_48": "", "image_72": ""});
            m.insert(
                "bot_profile".into(),
                json!({"id": id, "app_id": app, "user_id": self.user, "name": "rollcall", "icons": icons,
                       "deleted": false, "updated": 1, "team_id": TEAM}),
            );
        }
        if !self.blocks.is_empty() {
            m.insert("blocks".into(), self.blocks.clone().into());
        }
        if let Some(thread) = &self.thread_ts {
            m.insert("thread_ts".into(), thread.clone().into());
        }
        if self.broadcast {
            m.insert("subtype".into(), "thread_broadcast".into());
        }
        if self.edits > 0 {
            m.insert("edited".into(), json!({"user": self.user, "ts": self.ts}));
        }
        if !self.reactions.is_empty() {
            let all = self.reactions.iter();
            let all = all.map(|(name, users)| json!({"name": name, "users": users, "count": users.len()}));
            m.insert("reactions".into(), all.collect());
        }
        if !self.files.is_empty() {
            let all = self.files.iter().map(|f| json!({"id": "F1", "name": f, "title": f, "mimetype": "text/plain"}));
            m.insert("files".into(), all.collect());
        }
        if let Some(metadata) = self.metadata.as_ref().filter(|_| with_metadata) {
            m.insert("metadata".into(), metadata.clone());
        }
        Value::Object(m)
    }
}

/// Something to press, choose from or fill.
#[derive(Clone, Debug, PartialEq)]
pub struct Control {
    pub block: String,
    pub element: Value,
}

impl Control {
    pub fn kind(&self) -> &str {
        self.element["type"].as_str().unwrap_or_default()
    }
    pub fn action(&self) -> &str {
        self.element["action_id"].as_str().unwrap_or_default()
    }
    /// A button's value.
    pub fn value(&self) -> &str {
        self.element["value"].as_str().unwrap_or_default()
    }
    pub fn label(&self) -> &str {
        self.element["text"]["text"].as_str().unwrap_or_default()
    }
    pub fn options(&self) -> Vec<Value> {
        let groups = self.element["option_groups"].as_array().into_iter().flatten();
        let grouped = groups.flat_map(|g| g["options"].as_array().cloned().unwrap_or_default());
        self.element["options"].as_array().into_iter().flatten().cloned().chain(grouped).collect()
    }
    /// The values that are shown as chosen.
    pub fn chosen(&self) -> BTreeSet<String> {
        let some = self.element["initial_options"].as_array().into_iter().flatten();
        some.filter_map(|o| o["value"].as_str().map(str::to_owned)).collect()
    }
}

/// Every control in blocks, from top to bottom.
pub fn controls(blocks: &[Value]) -> Vec<Control> {
    let mut found = Vec::new();
    for block in blocks {
        let id = block["block_id"].as_str().unwrap_or_default();
        let several = block["elements"].as_array().filter(|_| block["type"] == "actions");
        let one = ["accessory", "element"].iter().filter_map(|name| block.get(*name));
        for element in several.into_iter().flatten().chain(one).filter(|e| e["type"] != "image") {
            found.push(Control { block: id.to_owned(), element: element.clone() });
        }
    }
    found
}

/// A view that is open before somebody.
#[derive(Clone, Debug)]
pub struct View {
    pub id: String,
    pub user: String,
    pub view: Value,
}

#[derive(Clone, Debug)]
pub struct File {
    pub id: String,
    pub name: String,
    pub bytes: Vec<u8>,
    pub channel: Option<String>,
    pub thread_ts: Option<String>,
    pub complete: bool,
}

/// A call the bot made, and what it was told.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: String,
    pub args: Value,
    pub at: Instant,
    /// The error's name, a status, or `ok`; with `lost` where the answer never arrived.
    pub outcome: String,
}

/// A place to answer to, for half an hour and five answers.
#[derive(Clone, Debug)]
pub struct ResponseUrl {
    pub user: String,
    pub channel: String,
    /// The message the press was on.
    pub original: Option<String>,
    pub uses: u32,
}

#[derive(Debug, Default)]
pub struct World {
    pub channels: BTreeMap<String, Channel>,
    pub users: BTreeMap<String, User>,
    /// In the order they were posted; ephemeral ones too.
    pub messages: Vec<Message>,
    pub views: Vec<View>,
    /// What each person's home shows.
    pub homes: BTreeMap<String, Value>,
    pub files: BTreeMap<String, File>,
    pub groups: BTreeMap<String, (String, Vec<String>)>,
    pub calls: Vec<Call>,
    pub response_urls: BTreeMap<String, ResponseUrl>,
    /// Triggers given out; each opens one view.
    pub triggers: BTreeMap<String, String>,
    /// What the bot did that Slack would not take, or should not do.
    pub violations: Vec<String>,
    /// Rates are kept (a post a second and channel, tiers).
    pub spent: BTreeMap<String, (Instant, f64)>,
    names: u64,
    last_ts: u64,
}

impl World {
    /// Two people, two channels, a user group, the bot in both channels.
    pub fn new() -> Self {
        let mut world = Self::default();
        for (id, name, real, bot) in [
            (BOT, "rollcall", "Rollcall", true),
            (ALICE, "alice", "Alice Anderson", false),
            (BOB, "bob", "Bob Brown", false),
        ] {
            let user = User {
                id: id.into(),
                name: name.into(),
                real_name: real.into(),
                email: format!("{name}@example.com"),
                tz: "Europe/Berlin".into(),
                bot,
            };
            world.users.insert(id.into(), user);
        }
        for (id, name) in [(GENERAL, "general"), (DEPLOYS, "deploys")] {
            world.add_channel(id, name, &[ALICE, BOB, BOT]);
        }
        world.groups.insert("S01REL".into(), ("release-managers".into(), vec![ALICE.into()]));
        world
    }

    pub fn add_channel(&mut self, id: &str, name: &str, members: &[&str]) {
        let members = members.iter().map(|m| (*m).to_owned()).collect();
        let channel = Channel { id: id.into(), name: name.into(), members, archived: false, with: None };
        self.channels.insert(id.into(), channel);
    }

    /// A name never given before.
    pub fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{:06}", self.names)
    }

    /// A message's time stamp: later than every one before it.
    #[expect(clippy::disallowed_methods, reason = "a real process reads it in real time")]
    pub fn stamp(&mut self) -> String {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros();
        self.last_ts = u64::try_from(now).unwrap().max(self.last_ts + 1);
        format!("{}.{:06}", self.last_ts / 1_000_000, self.last_ts % 1_000_000)
    }

    pub fn message(&self, channel: &str, ts: &str) -> Option<&Message> {
        self.messages.iter().find(|m| m.channel == channel && m.ts == ts && !m.deleted)
    }

    pub fn message_mut(&mut self, channel: &str, ts: &str) -> Option<&mut Message> {
        self.messages.iter_mut().find(|m| m.channel == channel && m.ts == ts && !m.deleted)
    }

    /// The bot's visible messages that everybody in the channel sees, in the order they were posted.
    pub fn posts(&self, channel: &str) -> Vec<&Message> {
        let visible =
            |m: &&Message| m.channel == channel && !m.deleted && m.only_for.is_none() && m.app.as_deref() == Some(APP);
        self.messages.iter().filter(visible).collect()
    }

    /// What only this person was told, oldest first.
    pub fn told(&self, user: &str) -> Vec<&Message> {
        self.messages.iter().filter(|m| m.only_for.as_deref() == Some(user) && !m.deleted).collect()
    }

    /// The view on top of this person's screen.
    pub fn view_before(&self, user: &str) -> Option<&View> {
        self.views.iter().rfind(|v| v.user == user)
    }

    pub fn violate(&mut self, what: String) {
        // Bounded: the first ones tell enough.
        if self.violations.len() < 100 {
            self.violations.push(what);
        }
    }

    /// Takes one from a bucket that fills at `rate` a second up to `burst`; otherwise the seconds to wait.
    pub fn spend(&mut self, bucket: &str, rate: f64, burst: f64) -> Result<(), u64> {
        let now = Instant::now();
        let (at, left) = self.spent.entry(bucket.to_owned()).or_insert((now, burst));
        *left = (*left + now.duration_since(*at).as_secs_f64() * rate).min(burst);
        *at = now;
        if *left >= 1.0 {
            *left -= 1.0;
            Ok(())
        } else {
            Err(((1.0 - *left) / rate).ceil().max(1.0) as u64)
        }
    }
}
