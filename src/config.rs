//! The configuration: one TOML file, every part of it optional, checked as a whole when it is loaded.
//!
//! Secrets do not stand in it: people's keys are there as SHA-256 digests, and even those are never printed.

mod freezes;
mod people;
mod policies;
mod read;
mod rotations;
mod slack;
mod time;
pub mod ways;

pub use slack::{Slack, SlackSecrets};
pub use ways::{WaySecrets, Ways};

use crate::bounded;
use crate::domain::checklist::Schedule;
use crate::domain::command::Person;
use crate::domain::deployment::same_environment;
use crate::domain::directory::Directory;
use crate::domain::freeze::Rule;
use crate::domain::remind::Reminding;
use crate::domain::schedule::Compiled;
use chrono_tz::Tz;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;
/// The schedule of progress posts where nothing else is said: every hour.
pub const HOURLY: &str = "0 0 * * * *";
const CONSOLE: &str = "console";
/// The chats people and channels can be on.
pub const CHATS: [&str; 2] = ["slack", "discord"];
/// The console channel there is where none is configured.
pub const DEFAULT_CHANNEL: &str = "deployments";

/// Everything an operator can set.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the console and the API listen.
    pub listen: SocketAddr,
    /// The folder of the database.
    pub data: PathBuf,
    /// The folder of the checklists, where one is named.
    pub checklists: Option<PathBuf>,
    /// The zone of times people type and of schedules that name none.
    pub timezone: Tz,
    pub progress: Progress,
    /// Texts that replace the product's, by name; already checked.
    pub templates: BTreeMap<String, String>,
    /// The console's channels by name; never empty.
    pub channels: BTreeMap<String, Channel>,
    /// Channels of the chats, by `slack:C0123` or `discord:1234`.
    pub elsewhere: BTreeMap<String, Channel>,
    /// By id.
    pub people: BTreeMap<String, PersonEntry>,
    /// Role → ids of people, and groups of a chat: `discord:8001`.
    pub roles: BTreeMap<String, Vec<String>>,
    /// Who can be reached how, rotations and escalation policies.
    pub directory: Arc<Directory>,
    pub rules: Rules,
    pub console: Console,
    pub slack: Slack,
    pub log: Log,
    /// When nothing may be started, and windows in which something may.
    pub freezes: Vec<Rule>,
    /// When what waits is reminded of.
    pub reminding: Reminding,
    /// What holds in one environment.
    pub environments: BTreeMap<String, Environment>,
    pub ways: Ways,
}

/// When progress is posted, where neither checklist nor channel says otherwise.
#[derive(Clone, Debug)]
pub struct Progress {
    /// As written, with its zone if it names one.
    pub schedule: Schedule,
    /// Ready to be asked.
    pub compiled: Compiled,
}

/// A channel of the console and what `start` takes from it.
#[derive(Clone, Debug, Default)]
pub struct Channel {
    pub checklist: Option<String>,
    pub service: Option<String>,
    pub environment: Option<String>,
    /// When progress is posted here.
    pub progress: Option<Progress>,
    /// Channels that show what is started here too, with their platform.
    pub follow: Vec<String>,
}

/// What holds in one environment.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// When progress is posted.
    pub progress: Option<Progress>,
}

/// Somebody Rollcall knows.
#[derive(Clone, Debug)]
pub struct PersonEntry {
    pub name: String,
    /// The digest of the key they sign in with.
    pub key: Option<KeyDigest>,
    /// Who they are on the chats: platform → the platform's id of the user.
    pub accounts: BTreeMap<&'static str, String>,
}

/// The SHA-256 digest of a sign-in key. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyDigest(pub [u8; 32]);

impl fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyDigest(…)")
    }
}

/// Who may do what only some may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Roles that may finish over open items, and start in freezes that name no others. Empty: nobody.
    pub override_: Vec<String>,
    /// Roles that may freeze, and lift what others have frozen. Empty: anybody may freeze, and only they lift it.
    pub freeze: Vec<String>,
}

/// The web console.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Console {
    /// Host names it answers to besides loopback and the address it listens on.
    pub hosts: Vec<String>,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Log {
    pub format: LogFormat,
    pub level: LogLevel,
}

/// The shape of a line of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    #[default]
    Human,
    Json,
}

/// From which level on the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

impl LogLevel {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            LogLevel::Error => "error",
            LogLevel::Warn => "warn",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
            LogLevel::Trace => "trace",
        }
    }
}

/// Why a configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The file, where there is one.
    pub file: Option<PathBuf>,
    /// Line in it, from 1.
    pub line: Option<usize>,
    /// What is wrong and what to do, in a sentence or two.
    pub message: String,
}

impl std::error::Error for ConfigProblem {}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}", file.display())?;
            if let Some(line) = self.line {
                write!(f, ", line {line}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.message)
    }
}

impl Default for Config {
    /// What holds without a file.
    fn default() -> Self {
        Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            data: "data".into(),
            checklists: None,
            timezone: Tz::UTC,
            progress: Progress {
                schedule: Schedule { cron: HOURLY.into(), timezone: None },
                compiled: Compiled::hourly(Tz::UTC),
            },
            templates: BTreeMap::new(),
            channels: BTreeMap::from([(DEFAULT_CHANNEL.to_owned(), Channel::default())]),
            elsewhere: BTreeMap::new(),
            people: BTreeMap::new(),
            roles: BTreeMap::new(),
            directory: Arc::default(),
            rules: Rules::default(),
            console: Console::default(),
            slack: Slack::default(),
            log: Log::default(),
            freezes: Vec::new(),
            reminding: Reminding::default(),
            environments: BTreeMap::new(),
            ways: Ways::default(),
        }
    }
}

impl Config {
    /// Reads and checks a file; without one, everything is as by default. Paths in it are relative to its folder.
    pub fn load(path: Option<&Path>) -> Result<Config, ConfigProblem> {
        let Some(path) = path else { return Self::parse("", Path::new("")) };
        let problem = |message: String| ConfigProblem { file: Some(path.to_owned()), line: None, message };
        let unreadable = |e: std::io::Error| problem(format!("The configuration cannot be read: {e}."));
        let bytes = bounded::read(path, LARGEST).map_err(unreadable)?;
        if bounded::over(&bytes, LARGEST) {
            return Err(problem(format!("The configuration is longer than {LARGEST} bytes; no more are read.")));
        }
        let text = String::from_utf8(bytes).map_err(|e| {
            let line = 1 + e.as_bytes()[..e.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count();
            ConfigProblem { line: Some(line), ..problem("The configuration is not UTF-8 text.".into()) }
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, folder).map_err(|p| ConfigProblem { file: Some(path.to_owned()), ..p })
    }

    /// Reads and checks the text of a configuration; paths in it are relative to `folder`.
    pub fn parse(text: &str, folder: &Path) -> Result<Config, ConfigProblem> {
        read::read(text, folder)
    }

    /// What a channel says of itself; `console:deployments` and `deployments` are the same.
    pub fn channel(&self, channel: &str) -> Option<&Channel> {
        match channel.split_once(':') {
            Some((CONSOLE, name)) => self.channels.get(name),
            Some(_) => self.elsewhere.get(channel),
            None => self.channels.get(channel),
        }
    }

    /// The ids of a chat's channels that the configuration names, each once, in order.
    pub fn channels_on(&self, platform: &str) -> Vec<String> {
        let followed = self.channels.values().chain(self.elsewhere.values()).flat_map(|c| &c.follow);
        let of = |channel: &String| channel.strip_prefix(platform)?.strip_prefix(':').map(str::to_owned);
        let all: BTreeSet<String> = self.elsewhere.keys().chain(followed).filter_map(of).collect();
        all.into_iter().collect()
    }

    /// What is set for an environment, however it is spelled.
    pub fn environment(&self, name: &str) -> Option<&Environment> {
        self.environments.iter().find(|(known, _)| same_environment(known, name)).map(|(_, e)| e)
    }

    /// The person behind an account of a chat: the directory's, else somebody of the name their profile has.
    pub fn member(&self, platform: &str, account: &str, name: &str) -> Person {
        let known = self.people.iter().find(|(_, p)| p.accounts.get(platform).is_some_and(|a| a == account));
        match known {
            Some((id, entry)) => Person { id: id.as_str().into(), name: entry.name.as_str().into() },
            None => Person { id: format!("{platform}:{account}").into(), name: name.into() },
        }
    }

    /// The account on a chat of the person of that id.
    pub fn account<'a>(&'a self, person: &'a str, platform: &str) -> Option<&'a str> {
        match person.split_once(':') {
            Some((of, account)) if of == platform => Some(account),
            _ => self.people.get(person)?.accounts.get(platform).map(String::as_str),
        }
    }

    /// Who somebody of this name or id is: the directory's person, else a person of that name.
    pub fn identify(&self, name: &str) -> Person {
        let name_folded = read::folded(name);
        let known =
            |(id, entry): &(&String, &PersonEntry)| **id == name_folded || read::folded(&entry.name) == name_folded;
        let found = self.people.iter().find(known).and_then(|(id, _)| self.person(id));
        found.unwrap_or_else(|| Person::named(name))
    }

    /// The person of that id.
    pub fn person(&self, id: &str) -> Option<Person> {
        let (id, entry) = self.people.get_key_value(id)?;
        Some(Person { id: id.as_str().into(), name: entry.name.as_str().into() })
    }

    /// True when that person has that role.
    pub fn has_role(&self, person: &str, role: &str) -> bool {
        self.roles.get(role).is_some_and(|ids| ids.iter().any(|id| id == person))
    }

    /// True when that person may finish over open items.
    pub fn may_override(&self, person: &str) -> bool {
        self.rules.override_.iter().any(|role| self.has_role(person, role))
    }
}

/// Refuses to listen where others can reach it while nobody has to sign in. The error is a sentence.
///
/// Loading calls it; call it again where the address comes from somewhere else, such as the command line.
pub fn check_listen(listen: SocketAddr, people: &BTreeMap<String, PersonEntry>) -> Result<(), String> {
    let local = match listen.ip() {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(v6.is_loopback(), |v4| v4.is_loopback()),
        IpAddr::V4(v4) => v4.is_loopback(),
    };
    if local || people.values().any(|p| p.key.is_some()) {
        return Ok(());
    }
    Err(format!(
        "Listening on {listen} lets others in, and nobody has a key to sign in with. Listen on 127.0.0.1:{}, or give \
         at least one person a `key_sha256` under `[people.ID]`.",
        listen.port()
    ))
}

#[cfg(test)]
mod tests;
