//! The directory: who can be reached how, and whom an escalation policy calls when.

use super::checklist::{Checklist, Diagnostic, Severity};
use super::hours::Hours;
use super::meaning::Contact;
use super::rotation::Rotation;
use super::time::Timestamp;
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
    /// Ways nobody has set up: no mail goes out without `[mail]`, nothing to a phone without `[twilio]`.
    pub unset: BTreeSet<Way>,
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
            unset: BTreeSet::new(),
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

/// People, rotations and policies that will not do what they seem to at that moment: nobody of a policy can be reached,
/// somebody has no way, a way is not set up, a rotation has not begun. `absent`: chats known not to be set up.
pub fn problems(directory: &Directory, at: Timestamp, absent: &[&str]) -> Vec<Problem> {
    let look = Look { directory, at, absent };
    let mut problems = Vec::new();
    let mut wrong = |place: String, message: String| {
        problems.push(Problem { line: directory.lines.get(&place).copied().unwrap_or(0), message });
    };
    let counted_on = counted_on(directory);
    for id in directory.people.keys().filter(|id| directory.addresses(id, &[], SOMEWHERE).is_empty()) {
        let asked_by = counted_on.get(id.as_str()).map(|by| format!(", yet {by} counts on them")).unwrap_or_default();
        let message = format!(
            "`{id}` cannot be reached{asked_by}. Add `email`, `phone`, `slack` or `discord` under `[people.{id}]`."
        );
        wrong(format!("people.{id}"), message);
    }
    for (ways, needs) in look.needs() {
        let people = look.wanting(&ways);
        let Some(first) = people.first() else { continue };
        let are = if people.len() == 1 { "is" } else { "are" };
        let message = format!("{} {are} to be reached by {needs}, or give them another way.", listed(&people));
        wrong(format!("people.{first}"), message);
    }
    for (name, rotation) in directory.rotations.iter().filter(|(_, rotation)| !look.has_begun(rotation)) {
        let begins = rotation.layers.iter().map(|layer| layer.starts).min();
        let begins = begins.map(|at| format!(" before {}", at.utc().format("%Y-%m-%d %H:%M UTC"))).unwrap_or_default();
        let message = format!("By the rotation `{name}` nobody is on call{begins}. Give a layer an earlier `starts`.");
        wrong(format!("rotations.{name}"), message);
    }
    for (name, policy) in &directory.policies {
        let place = || format!("policies.{name}");
        if !policy.steps.iter().any(|step| look.reaches(step)) {
            let message = format!(
                "The policy `{name}` reaches nobody as things stand: none of its targets has a way that works. Add \
                 contacts, or the target \"channel\"."
            );
            wrong(place(), message);
        }
        for (n, step) in policy.steps.iter().enumerate() {
            let n = n + 1;
            if !look.reaches(step) && policy.steps.iter().any(|step| look.reaches(step)) {
                wrong(place(), format!("Step {n} of the policy `{name}` reaches nobody and will be skipped."));
            }
            let people = look.replaced(step);
            if !people.is_empty() {
                let ways = step.ways.iter().map(|way| way.label()).collect::<Vec<_>>().join(" or ");
                let message = format!(
                    "Step {n} of the policy `{name}` calls {} by {ways}, which is no way to reach them: their own ways \
                     are tried instead. Add the contact, or change `ways`.",
                    listed(&people)
                );
                wrong(place(), message);
            }
        }
    }
    problems.sort_by_key(|p| p.line);
    problems
}

/// Any channel: where somebody can be mentioned.
const SOMEWHERE: &str = "channel";

/// People a sentence names.
const NAMED: usize = 5;

/// `ana`, `ben` and 3 more.
fn listed(people: &[&str]) -> String {
    let named: Vec<String> = people.iter().take(NAMED).map(|id| format!("`{id}`")).collect();
    match people.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// A directory at a moment, with what is known to be missing around it.
struct Look<'a> {
    directory: &'a Directory,
    at: Timestamp,
    absent: &'a [&'a str],
}

impl<'a> Look<'a> {
    /// Something can go out by a way to an address.
    fn works(&self, way: Way, address: &str) -> bool {
        let chat = address.split_once(':').map_or("", |(chat, _)| chat);
        let absent = way == Way::Direct && self.absent.contains(&chat);
        !absent && !self.directory.unset.contains(&way)
    }

    /// Ways that do not work, each by what it needs to.
    fn needs(&self) -> Vec<(Vec<(Way, &'a str)>, String)> {
        let tables: [(&[Way], &str); 2] = [
            (&[Way::Email], "e-mail, but there is no `[mail]`: no mail goes out. Add `[mail]`"),
            (&[Way::Sms, Way::Voice], "phone, but there is no `[twilio]`: nothing goes out. Add `[twilio]`"),
        ];
        let unset = tables.into_iter().filter(|(ways, _)| ways.iter().any(|way| self.directory.unset.contains(way)));
        let mut needs: Vec<_> =
            unset.map(|(ways, says)| (ways.iter().map(|way| (*way, "")).collect(), says.to_owned())).collect();
        for &chat in self.absent {
            let name = chat[..1].to_uppercase() + &chat[1..];
            let says = format!("direct message in {name}, which is not set up: nothing reaches them there. Set it up");
            needs.push((vec![(Way::Direct, chat)], says));
        }
        needs
    }

    /// People who are to be reached by one of these ways (and, of a chat, there) that do not work.
    fn wanting(&self, ways: &[(Way, &str)]) -> Vec<&'a str> {
        let of = |way: Way, address: &str| ways.iter().any(|(w, chat)| *w == way && address.starts_with(chat));
        let asked = |id: &str| {
            self.directory.policies.values().flat_map(|p| &p.steps).any(|step| {
                let people = step.targets.iter().flat_map(|target| self.people(target));
                let addresses =
                    people.filter(|other| *other == id).flat_map(|id| self.directory.addresses(id, &step.ways, ""));
                !step.ways.is_empty() && addresses.into_iter().any(|(way, address)| of(way, &address))
            })
        };
        let own = |id: &str| self.directory.addresses(id, &[], "").iter().any(|(way, address)| of(*way, address));
        self.directory.people.keys().map(String::as_str).filter(|id| own(id) || asked(id)).collect()
    }

    fn has_begun(&self, rotation: &Rotation) -> bool {
        rotation.layers.iter().any(|layer| layer.starts <= self.at)
    }

    /// The people of the directory a target may mean at this moment.
    fn people(&self, target: &'a Target) -> Vec<&'a str> {
        let known = |id: &&str| self.directory.people.contains_key(*id);
        match target {
            Target::Person(id) => [id.as_str()].into_iter().filter(known).collect(),
            Target::Role(role) => self.directory.role_people(role).collect(),
            Target::Rotation(name) => {
                let begun = self.directory.rotations.get(name).filter(|rotation| self.has_begun(rotation));
                begun.into_iter().flat_map(Rotation::people).filter(known).collect()
            }
            Target::Channel(_) | Target::Webhook(_) | Target::Pagerduty(_) => Vec::new(),
        }
    }

    fn reaches(&self, step: &'a Step) -> bool {
        step.targets.iter().any(|target| {
            let elsewhere = match target {
                Target::Person(_) | Target::Rotation(_) => false,
                // Who is in a group of a chat, that chat knows.
                Target::Role(role) => {
                    self.directory.roles.get(role).is_some_and(|ids| ids.iter().any(|id| id.contains(':')))
                }
                Target::Channel(_) | Target::Webhook(_) | Target::Pagerduty(_) => true,
            };
            elsewhere
                || self.people(target).iter().any(|id| {
                    let asked = self.directory.addresses(id, &step.ways, SOMEWHERE);
                    let ways = if asked.is_empty() { self.directory.addresses(id, &[], SOMEWHERE) } else { asked };
                    ways.iter().any(|(way, address)| self.works(*way, address))
                })
        })
    }

    /// People a step would reach by ways they do not have: their own take their place.
    fn replaced(&self, step: &'a Step) -> Vec<&'a str> {
        let people: BTreeSet<&str> = step.targets.iter().flat_map(|target| self.people(target)).collect();
        let lacks = |id: &&str| {
            self.directory.addresses(id, &step.ways, SOMEWHERE).is_empty()
                && !self.directory.addresses(id, &[], SOMEWHERE).is_empty()
        };
        people.into_iter().filter(|id| !step.ways.is_empty() && lacks(id)).collect()
    }
}

/// People whom a policy or rotation names, each with the first that does.
fn counted_on(directory: &Directory) -> BTreeMap<&str, String> {
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
    // The last one put in stays: the first is to be named.
    found.into_iter().rev().collect()
}
