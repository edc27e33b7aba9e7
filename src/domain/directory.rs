//! The directory: who can be reached how, and whom an escalation policy calls when.

use super::checklist::{Checklist, Diagnostic, Severity};
use super::hours::Hours;
use super::meaning::Contact;
use super::rotation::Rotation;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Calls to one person in an hour, where nothing else is configured. What is over is bundled.
pub const PER_HOUR: usize = 12;

/// Steps of a policy, times it is repeated, targets of a step.
pub const MAX_STEPS: usize = 10;
pub const MAX_REPEAT: u32 = 10;
pub const MAX_TARGETS: usize = 20;

/// Everybody who can be reached, and the policies by which they are.
#[derive(Clone, Debug)]
pub struct Directory {
    /// By id.
    pub people: BTreeMap<String, Entry>,
    /// Role → ids of people and groups of a chat (`discord:8001`), roles within roles resolved.
    pub roles: BTreeMap<String, Vec<String>>,
    pub rotations: BTreeMap<String, Rotation>,
    pub policies: BTreeMap<String, Escalation>,
    /// Names under `[pagerduty]` and `[webhooks]`.
    pub services: BTreeSet<String>,
    pub webhooks: BTreeSet<String>,
    /// Calls to one person in an hour.
    pub per_hour: usize,
    /// Where something stands in the configuration, from 1, by `people.ana`, `rotations.web`, `policies.night`.
    pub lines: BTreeMap<String, usize>,
}

impl Default for Directory {
    fn default() -> Self {
        Self {
            people: BTreeMap::new(),
            roles: BTreeMap::new(),
            rotations: BTreeMap::new(),
            policies: BTreeMap::new(),
            services: BTreeSet::new(),
            webhooks: BTreeSet::new(),
            per_hour: PER_HOUR,
            lines: BTreeMap::new(),
        }
    }
}

/// Somebody who can be reached.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    pub name: String,
    /// Platform → the platform's id of the user.
    pub accounts: BTreeMap<&'static str, String>,
    pub email: Option<String>,
    /// E.164.
    pub phone: Option<String>,
    /// A service under `[pagerduty]`.
    pub pagerduty: Option<String>,
    /// When pages of low urgency may reach them; none: always.
    pub office_hours: Option<Hours>,
    /// In the order they are tried; empty: [`Way::USUAL`].
    pub ways: Vec<Way>,
}

/// A way to reach somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A direct message in a chat.
    Direct,
    /// A message in the deployment's channel that calls them.
    Mention,
    Email,
    Sms,
    Voice,
    Pagerduty,
    /// A request to an address of the configuration; only as a target of its own.
    Webhook,
}

impl Way {
    /// The order where nobody says another.
    pub const USUAL: [Way; 5] = [Way::Direct, Way::Email, Way::Sms, Way::Voice, Way::Pagerduty];
    /// What `ways` may name.
    pub const NAMED: [Way; 6] = [Way::Direct, Way::Mention, Way::Email, Way::Sms, Way::Voice, Way::Pagerduty];

    /// As the configuration writes it.
    pub fn word(self) -> &'static str {
        match self {
            Way::Direct => "direct",
            Way::Mention => "mention",
            Way::Email => "email",
            Way::Sms => "sms",
            Way::Voice => "voice",
            Way::Pagerduty => "pagerduty",
            Way::Webhook => "webhook",
        }
    }

    /// As people read it.
    pub fn label(self) -> &'static str {
        match self {
            Way::Direct => "direct message",
            Way::Mention => "mention in the channel",
            Way::Email => "e-mail",
            Way::Sms => "SMS",
            Way::Voice => "phone call",
            Way::Pagerduty => "PagerDuty",
            Way::Webhook => "webhook",
        }
    }
}

/// Whom a step calls. Written as in the configuration: `ana`, `role:lead`, `rotation:web`, `channel`, `channel:slack:C01`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// By id.
    Person(String),
    Role(String),
    Rotation(String),
    /// A channel with its platform; none: the deployment's own.
    Channel(Option<String>),
    Webhook(String),
    /// A service under `[pagerduty]`.
    Pagerduty(String),
}

impl Target {
    /// What is written. None: nothing such could be meant.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (kind, name) = text.split_once(':').unwrap_or((text, ""));
        Some(match (kind, name) {
            ("", _) => return None,
            ("channel", "") => Self::Channel(None),
            (_, "") if text.contains(':') => return None,
            ("channel", channel) => Self::Channel(Some(channel.to_owned())),
            ("role", name) if !name.is_empty() => Self::Role(name.to_owned()),
            ("rotation", name) if !name.is_empty() => Self::Rotation(name.to_owned()),
            ("webhook", name) if !name.is_empty() => Self::Webhook(name.to_owned()),
            ("pagerduty", name) if !name.is_empty() => Self::Pagerduty(name.to_owned()),
            // An account of a chat is a person's id too: `slack:U02BOB`.
            _ => Self::Person(text.to_owned()),
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(id) => f.write_str(id),
            Self::Role(name) => write!(f, "role:{name}"),
            Self::Rotation(name) => write!(f, "rotation:{name}"),
            Self::Channel(None) => f.write_str("channel"),
            Self::Channel(Some(channel)) => write!(f, "channel:{channel}"),
            Self::Webhook(name) => write!(f, "webhook:{name}"),
            Self::Pagerduty(name) => write!(f, "pagerduty:{name}"),
        }
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("no target"))
    }
}

/// A step of a climb.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// After the step before it, in milliseconds.
    pub after_ms: i64,
    pub targets: Vec<Target>,
    /// In place of the people's own; empty: their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ways: Vec<Way>,
}

/// How pages of low urgency are carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Low {
    /// People are reached in their office hours.
    #[default]
    OfficeHours,
    /// In the deployment's channel alone.
    Channel,
    /// As those of high urgency.
    AsHigh,
}

/// An escalation policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Escalation {
    /// It is the policy of these environments; empty: of those that have none of their own.
    pub environments: Vec<String>,
    /// Never empty.
    pub steps: Vec<Step>,
    /// How often it is gone through again while nobody answers.
    pub repeat: u32,
    /// Who has acknowledged and does not resolve within this is asked again.
    pub ack_timeout_ms: Option<i64>,
    pub low: Low,
}

/// Whether anybody of the directory stands behind a contact of a checklist: by role, name, mail or number.
pub fn stands_behind(directory: &Directory, contact: &Contact) -> bool {
    let known = |name: &str| {
        let name = folded(name);
        directory.person(&name).is_some()
            || directory.roles.keys().chain(directory.rotations.keys()).any(|k| folded(k) == name)
    };
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let way = |value: &str| {
        directory.people.values().any(|p| {
            p.email.as_ref().is_some_and(|email| email.eq_ignore_ascii_case(value))
                || p.phone.as_ref().is_some_and(|phone| !digits(value).is_empty() && digits(phone) == digits(value))
        })
    };
    known(&contact.role)
        || contact.name.as_deref().is_some_and(known)
        || contact.ways.iter().filter_map(|w| w.value.as_deref()).any(|v| known(v.trim_start_matches('@')) || way(v))
}

/// What a checklist asks of a directory that it does not have: contacts nobody stands behind, a policy there is not.
pub fn missing(directory: &Directory, checklist: &Checklist) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if let Some(name) = checklist.escalation.as_ref().filter(|name| !directory.policies.contains_key(*name)) {
        let hint = match crate::near::nearest(name, directory.policies.keys().map(String::as_str)) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => format!("Add `[policies.{name}]` to the configuration."),
        };
        let message = format!("The configuration has no escalation policy `{name}`. {hint}");
        found.push(Diagnostic { severity: Severity::Error, line: 1, message });
    }
    // Where nobody is listed at all, that is no fault of the page.
    let listed = !directory.people.is_empty();
    for contact in checklist.contacts.iter().filter(|c| listed && !stands_behind(directory, c)) {
        let who = contact.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        let message = format!(
            "Nobody in the configuration stands behind the contact “{}”{who}: it cannot be paged. Name a person, role or \
             rotation of the configuration, or add one.",
            contact.role
        );
        found.push(Diagnostic { severity: Severity::Warning, line: contact.line, message });
    }
    found
}

/// What is wrong with a directory, for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line of the configuration, from 1; 0 where there is none.
    pub line: usize,
    /// What is wrong and what to do.
    pub message: String,
}

impl Directory {
    /// The policy of an environment: one that names it, else one that names none. By name.
    pub fn policy_of(&self, environment: &str) -> Option<&str> {
        let same = |e: &String| super::deployment::same_environment(e, environment);
        let named = self.policies.iter().find(|(_, p)| p.environments.iter().any(same));
        let other = || self.policies.iter().find(|(_, p)| p.environments.is_empty());
        named.or_else(other).map(|(name, _)| name.as_str())
    }

    /// The person of that id or name, by id.
    pub fn person(&self, said: &str) -> Option<&str> {
        let folded = folded(said);
        let known = |(id, entry): &(&String, &Entry)| **id == folded || self::folded(&entry.name) == folded;
        self.people.iter().find(known).map(|(id, _)| id.as_str())
    }

    /// Where somebody is reached, in the order their ways are tried: `ways`, or their own.
    pub fn addresses(&self, person: &str, ways: &[Way], channel: &str) -> Vec<(Way, String)> {
        let entry = self.people.get(person);
        let own = entry.map(|e| e.ways.as_slice()).filter(|own| !own.is_empty());
        let order = if ways.is_empty() { own.unwrap_or(&Way::USUAL) } else { ways };
        let mut out = Vec::new();
        for &way in order {
            match way {
                Way::Direct => out.extend(accounts(person, entry).into_iter().map(|address| (way, address))),
                Way::Mention => out.extend((!channel.is_empty()).then(|| (way, channel.to_owned()))),
                Way::Webhook => {}
                Way::Email => out.extend(entry.and_then(|e| e.email.as_ref()).map(|a| (way, format!("email:{a}")))),
                Way::Sms => out.extend(entry.and_then(|e| e.phone.as_ref()).map(|a| (way, format!("sms:{a}")))),
                Way::Voice => out.extend(entry.and_then(|e| e.phone.as_ref()).map(|a| (way, format!("voice:{a}")))),
                Way::Pagerduty => {
                    out.extend(entry.and_then(|e| e.pagerduty.as_ref()).map(|a| (way, format!("pagerduty:{a}"))));
                }
            }
        }
        out
    }

    /// The people of a role that can be told without asking a chat.
    pub fn role_people(&self, role: &str) -> impl Iterator<Item = &str> {
        let named = self.roles.get(role).into_iter().flatten();
        named.map(String::as_str).filter(|id| self.people.contains_key(*id))
    }

    /// The target can reach somebody at some time, as far as the directory alone can tell.
    pub fn may_reach(&self, target: &Target) -> bool {
        let way = |id: &str| !self.addresses(id, &[], "channel").is_empty();
        match target {
            Target::Person(id) => way(id),
            Target::Role(role) => {
                let groups = self.roles.get(role).is_some_and(|ids| ids.iter().any(|id| id.contains(':')));
                groups || self.role_people(role).any(way)
            }
            Target::Rotation(name) => self.rotations.get(name).is_some_and(|r| r.people().any(way)),
            Target::Channel(_) | Target::Webhook(_) | Target::Pagerduty(_) => true,
        }
    }
}

/// A person's direct messages: their accounts, or the one their id is made of.
fn accounts(person: &str, entry: Option<&Entry>) -> Vec<String> {
    match (entry, person.split_once(':')) {
        (Some(entry), _) => entry.accounts.iter().map(|(chat, account)| format!("{chat}:@{account}")).collect(),
        (None, Some((chat, account))) => vec![format!("{chat}:@{account}")],
        (None, None) => Vec::new(),
    }
}

/// A name as names are compared: in lower case, with single spaces.
pub fn folded(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// People, rotations and policies that will not do what they seem to: nobody of a policy can be reached, somebody it
/// counts on has no way.
pub fn problems(directory: &Directory) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut wrong = |place: String, message: String| {
        problems.push(Problem { line: directory.lines.get(&place).copied().unwrap_or(0), message });
    };
    for (id, asked_by) in counted_on(directory) {
        if directory.addresses(id, &[], "").is_empty() {
            let message = format!(
                "`{id}` cannot be reached, yet {asked_by} counts on them. Add `email`, `phone`, `slack` or `discord` \
                 under `[people.{id}]`."
            );
            wrong(format!("people.{id}"), message);
        }
    }
    for (name, policy) in &directory.policies {
        if !policy.steps.iter().flat_map(|s| &s.targets).any(|t| directory.may_reach(t)) {
            let message = format!(
                "The policy `{name}` reaches nobody: none of its targets has a way to be reached. Add contacts, or the \
                 target \"channel\"."
            );
            wrong(format!("policies.{name}"), message);
            continue;
        }
        for (n, step) in policy.steps.iter().enumerate() {
            if !step.targets.iter().any(|t| directory.may_reach(t)) {
                let message = format!("Step {} of the policy `{name}` reaches nobody and will be skipped.", n + 1);
                wrong(format!("policies.{name}"), message);
            }
        }
    }
    problems
}

/// People whom a policy or rotation names, each once, with what names them.
fn counted_on(directory: &Directory) -> Vec<(&str, String)> {
    let mut found: Vec<(&str, String)> = Vec::new();
    for (name, policy) in &directory.policies {
        for target in policy.steps.iter().flat_map(|s| &s.targets) {
            match target {
                Target::Person(id) => found.push((id, format!("the policy `{name}`"))),
                Target::Role(role) => {
                    found.extend(directory.role_people(role).map(|id| (id, format!("the policy `{name}`"))));
                }
                _ => {}
            }
        }
    }
    for (name, rotation) in &directory.rotations {
        found.extend(rotation.people().map(|id| (id, format!("the rotation `{name}`"))));
    }
    let mut seen = BTreeSet::new();
    found.retain(|(id, _)| seen.insert(*id));
    found
}
