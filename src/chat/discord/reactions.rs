//! Keycaps under a section's message: put on for people to tap, heeded when they do, compared after an absence.

use super::client::{Done, Trouble, code, snowflake};
use super::gateway::Signal;
use super::hear::{self, Reacted, Who};
use super::post::{place_of, posted};
use super::{Discord, PLATFORM, show};
use crate::card::Reply;
use crate::card::fit::discord as most;
use crate::chat::recorded;
use crate::domain::command::{Person, Via};
use crate::engine::{Envelope, Input};
use crate::ports::Delivery;
use crate::store::LiveSection;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How often one reaction is tried, and the pause before it is tried again.
const TRIES: u32 = 6;
/// How often what stands there is asked for in one pass over all sections: reactions that come wait for it, and the
/// pass is repeated.
const PASS_TRIES: u32 = 2;
/// A pass is broken off after so many sections that could not be compared: Discord is not there.
const PASS_TROUBLES: usize = 3;
const AGAIN: Duration = Duration::from_secs(1);
/// The longest pause that is waited for one request here.
const LONGEST: Duration = Duration::from_secs(60);
/// Before what stands there is compared again, at first; at most `LONGEST`.
const COMPARE_AGAIN: Duration = Duration::from_secs(2);
/// How long words for one person stand in a thread: an explanation, a question.
const EXPLAINED: Duration = Duration::from_secs(30);
const ASKED: Duration = Duration::from_secs(60);
/// Pages of a hundred people read for one emoji of one message.
const PAGES: usize = 10;

/// A message whose reactions are to be put on.
pub struct Seed {
    channel: u64,
    message: u64,
    emoji: Vec<String>,
    /// The key of a section's message that stood there before it was known: people may have reacted meanwhile.
    compare: Option<String>,
}

/// Whether an emoji can mean anything here.
pub fn means_something(emoji: &str) -> bool {
    emoji == show::ALL || keycaps().any(|keycap| bare(&keycap) == bare(emoji))
}

fn keycaps() -> impl Iterator<Item = String> {
    (1..=10).filter_map(show::keycap)
}

/// Some clients leave the variation selector away.
fn bare(emoji: &str) -> String {
    emoji.chars().filter(|c| *c != '\u{fe0f}').collect()
}

impl Discord {
    /// Has the reactions put on that a message needs and does not have.
    pub(super) fn seed(&self, delivery: &Delivery, on: &str) {
        if delivery.key.contains("/section/")
            && let Some((channel, message)) = place_of(on)
        {
            let compare = (delivery.uncertain && delivery.posted.is_none()).then(|| delivery.key.clone());
            self.seed_with(channel, message, &show::reactions(&delivery.card), compare);
        }
    }

    fn seed_with(&self, channel: u64, message: u64, wanted: &[String], compare: Option<String>) {
        let have = self.seeded.get(&posted(channel, message)).unwrap_or_default();
        let emoji: Vec<String> = wanted.iter().filter(|e| !have.contains(e)).cloned().collect();
        if !emoji.is_empty() || compare.is_some() {
            // Full: they are put on after the next connection.
            _ = self.seeds.try_send(Seed { channel, message, emoji, compare });
        }
    }

    /// Puts reactions on until told to stop: channels side by side, in a channel one after the other.
    pub(super) async fn put_on(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let waiting = self.waiting_seeds.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut waiting) = waiting else { return };
        let mut lanes: HashMap<u64, VecDeque<Seed>> = HashMap::new();
        let mut running: JoinSet<u64> = JoinSet::new();
        loop {
            let free = tokio::select! {
                Some(seed) = waiting.recv() => {
                    let channel = seed.channel;
                    let lane = lanes.entry(channel).or_default();
                    lane.push_back(seed);
                    // Otherwise its lane is under way.
                    (lane.len() == 1).then_some(channel)
                }
                Some(done) = running.join_next() => {
                    let channel = done.unwrap_or_default();
                    let more = lanes.get_mut(&channel).is_some_and(|lane| { lane.pop_front(); !lane.is_empty() });
                    if !more {
                        lanes.remove(&channel);
                    }
                    more.then_some(channel)
                }
                _ = stop.wait_for(|stop| *stop) => return,
            };
            if let Some(seed) = free.and_then(|c| lanes.get(&c)?.front()) {
                let (this, channel, message, emoji) = (self.clone(), seed.channel, seed.message, seed.emoji.clone());
                let compare = seed.compare.clone();
                running.spawn(async move {
                    if let Some(key) = compare {
                        this.compare_once_recorded(&key, &posted(channel, message)).await;
                    }
                    this.put_all(channel, message, &emoji).await;
                    channel
                });
            }
        }
    }

    async fn put_all(&self, channel: u64, message: u64, emoji: &[String]) {
        let key = posted(channel, message);
        for one in emoji {
            if self.seeded.get(&key).is_some_and(|have| have.contains(one)) {
                continue;
            }
            if let Err(trouble) = patiently(TRIES, || self.rest.react(channel, message, one)).await {
                // Deleted meanwhile, full of other people's reactions, or not allowed: items are ticked without it.
                if !(trouble.is_gone() || trouble.code() == Some(code::TOO_MANY_REACTIONS)) {
                    tracing::warn!(why = trouble.words(), "reactions cannot be put on");
                }
                return;
            }
            let mut have = self.seeded.get(&key).unwrap_or_default();
            have.push(one.clone());
            self.seeded.put(key.clone(), have);
        }
    }

    /// Heeds a reaction: what it means is the engine's, what is refused is taken off again.
    pub(super) async fn react(self: &Arc<Self>, reacted: Reacted) {
        let mine = self.me.get().map(|me| me.user);
        let ours = reacted.author.is_none() || reacted.author == mine;
        if Some(reacted.user) == mine || !ours || !means_something(&reacted.emoji) {
            return;
        }
        let on = posted(reacted.channel, reacted.message);
        let known_ours = reacted.author.is_some() && reacted.author == mine;
        let found = match self.placed(reacted.channel, None).await {
            Ok(place) => {
                recorded::message(&self.engine, &place.channel, &on, known_ours).await.map(|m| m.map(|m| (place, m)))
            }
            // Where it is cannot be told now; it is not let go.
            Err(_) => return self.missed.notify_one(),
        };
        let Ok(found) = found else { return self.missed.notify_one() };
        let Some((place, message)) = found else {
            if known_ours {
                self.missed.notify_one();
            }
            return;
        };
        let by = match &reacted.who {
            Some(who) => self.acting(who),
            None => self.known(reacted.user, message.deployment).await,
        };
        let (key, person) = (&message.key, by.id.clone());
        let reply = self.handle_reaction(key, &place.channel, by, &reacted.emoji, reacted.present).await;
        if !reacted.present {
            self.refused.remove(&on_refusal(&reacted));
            if !reply.ok && self.still_recorded(key, &reacted.emoji, &person).await {
                self.missed.notify_one();
            }
        }
        self.after_reaction(&reacted, reply).await;
    }

    /// Whether a reaction that was taken off stands in the record all the same: it could not be written.
    async fn still_recorded(&self, message: &str, emoji: &str, person: &str) -> bool {
        self.engine.store().has_reaction(message, emoji, person).await.unwrap_or(true)
    }

    async fn handle_reaction(&self, key: &str, channel: &str, by: Person, emoji: &str, present: bool) -> Reply {
        // Reactions have no id of their own: one that is heard of and found by comparison is one to the engine.
        let envelope = Envelope {
            key: None,
            by,
            via: Via::Discord,
            channel: channel.to_owned(),
            deployment: None,
            mentioned: Vec::new(),
            input: Input::React { message: key.to_owned(), emoji: emoji.to_owned(), present },
        };
        self.meanwhile.heard(key);
        let reply = self.engine.handle(envelope).await;
        self.meanwhile.heard(key);
        reply
    }

    async fn after_reaction(self: &Arc<Self>, reacted: &Reacted, reply: Reply) {
        if !reacted.present {
            return;
        }
        let (this, reacted) = (self.clone(), reacted.clone());
        if !reply.ok {
            tokio::spawn(async move { this.take_off(&reacted, &reply).await });
        } else if !reply.choices.is_empty() {
            tokio::spawn(async move { this.ask(&reacted, &reply).await });
        }
    }

    /// A refused reaction would show a tick that never was. One that cannot be taken off is found again whenever
    /// reactions are compared: whoever put it on is told once.
    async fn take_off(&self, r: &Reacted, reply: &Reply) {
        let told = self.refused.get(&on_refusal(r)).is_some();
        self.refused.put(on_refusal(r), ());
        match patiently(TRIES, || self.rest.unreact(r.channel, r.message, &r.emoji, r.user)).await {
            Err(trouble) if !trouble.is_gone() => {
                tracing::warn!(why = trouble.words(), "a refused reaction cannot be taken off");
            }
            _ => self.refused.remove(&on_refusal(r)),
        }
        if !told {
            self.tell(r.user, r.channel, Some(r.message), reply).await;
        }
    }

    /// Tells somebody something: in a direct message, or where they stand, for a while.
    pub(super) async fn tell(&self, user: u64, channel: u64, about: Option<u64>, reply: &Reply) {
        let body = show::reply(reply, &|person| self.account(person));
        let direct = match self.rest.direct(user).await {
            Ok(direct) => self.rest.post(direct, &body, None, None).await,
            Err(trouble) => Err(trouble),
        };
        if direct.is_err() {
            self.say_for_a_while(user, channel, about, body, EXPLAINED).await;
        }
    }

    /// ✅ ticks all that is open after a question, which stands in the thread for a minute.
    async fn ask(&self, r: &Reacted, reply: &Reply) {
        let mut body = show::reply(reply, &|person| self.account(person));
        let no = json!({ "type": 2, "style": 2, "label": "Never mind", "custom_id": show::NEVER_MIND });
        if let Some(row) =
            body["components"][0]["components"].as_array_mut().filter(|row| row.len() < most::BUTTONS_IN_ROW)
        {
            row.push(no);
        }
        self.say_for_a_while(r.user, r.channel, Some(r.message), body, ASKED).await;
    }

    async fn say_for_a_while(&self, user: u64, channel: u64, about: Option<u64>, mut body: Value, long: Duration) {
        let text = format!("<@{user}> {}", body["content"].as_str().unwrap_or_default());
        body["content"] = crate::card::fit::cut(&text, most::CONTENT).into();
        if let Some(message) = about {
            body["message_reference"] = json!({ "message_id": message.to_string(), "fail_if_not_exists": false });
        }
        match self.rest.post(channel, &body, None, None).await {
            Ok(message) => {
                tokio::time::sleep(long).await;
                // Whoever answered it has taken it away already.
                _ = self.rest.delete(channel, message).await;
            }
            Err(trouble) => tracing::warn!(why = trouble.words(), "somebody cannot be told why"),
        }
    }

    /// Somebody of whom Discord tells only the id.
    async fn known(&self, user: u64, deployment: u64) -> Person {
        let account = user.to_string();
        let person = self.engine.config().member(PLATFORM, &account, "");
        if !person.name.is_empty() {
            return person;
        }
        let here = self.engine.deployment(deployment).await.ok().flatten();
        let seen = here.and_then(|d| d.people.iter().find(|p| p.person.id == person.id).map(|p| p.person.clone()));
        if let Some(seen) = seen {
            return seen;
        }
        let name = self.rest.user_name(user).await.unwrap_or(account);
        self.person(&Who { id: user, name: hear::clean(&name), roles: None })
    }

    /// Heeds reactions in the order they came, and compares what stands there where some may have been missed: after an
    /// absence, and again where one could not be heeded or compared.
    pub(super) async fn carry_reactions(self: Arc<Self>, mut waiting: mpsc::Receiver<Signal>) {
        let (mut again, mut pause) = (None, COMPARE_AGAIN);
        let mut pass = Pass::default();
        loop {
            let due = async {
                match again {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                signal = waiting.recv() => match signal {
                    None => return,
                    Some(Signal::Reacted(reacted)) => {
                        self.react(*reacted).await;
                        continue;
                    }
                    // Reactions that come meanwhile wait: what was found is older than what they say.
                    Some(Signal::Ready | Signal::Cleared) => pass = Pass::default(),
                    Some(_) => continue,
                },
                () = self.missed.notified() => {
                    pass = Pass::default();
                    again = again.or_else(|| Some(Instant::now() + pause));
                    continue;
                }
                // What waits is older than what would be found.
                () = due, if waiting.is_empty() => {}
            }
            (again, pause) = match self.reconcile(&mut pass).await {
                true => (None, COMPARE_AGAIN),
                false => (Some(Instant::now() + pause), (pause * 2).min(LONGEST)),
            };
        }
    }

    /// Reactions put on and taken off meanwhile are heeded, and ours that are missing put on, where they have not been
    /// compared in this pass yet. False: not all could be compared.
    async fn reconcile(self: &Arc<Self>, pass: &mut Pass) -> bool {
        let mut live = match self.engine.store().live_sections(PLATFORM).await {
            Ok(live) => live,
            Err(error) => {
                tracing::warn!(%error, detail = error.detail(), "reactions are not compared");
                return false;
            }
        };
        live.retain(|section| !pass.compared.contains(&section.key));
        // What made trouble before keeps nothing else waiting.
        live.sort_by_key(|section| pass.troubled.contains(&section.key));
        let mut troubles = 0;
        for section in live {
            match self.compare(&section, PASS_TRIES).await {
                Ok(true) => _ = pass.compared.insert(section.key),
                Ok(false) => troubles += 1,
                // What Discord refuses for good is no better in a minute.
                Err(trouble @ Trouble::Said { .. }) => {
                    if !trouble.is_gone() {
                        tracing::warn!(why = trouble.words(), "a section's reactions are not compared");
                    }
                    pass.compared.insert(section.key);
                }
                Err(trouble) => {
                    tracing::warn!(why = trouble.words(), "a section's reactions are not compared yet");
                    pass.troubled.insert(section.key);
                    troubles += 1;
                }
            }
            if troubles >= PASS_TROUBLES {
                break;
            }
        }
        troubles == 0
    }

    /// A message that was found again has been standing there; what people did meanwhile nobody heard.
    async fn compare_once_recorded(self: &Arc<Self>, key: &str, posted: &str) {
        let comparing = self.meanwhile.comparing();
        let Some(section) = recorded::section(&self.engine, PLATFORM, key, posted).await else {
            return self.missed.notify_one();
        };
        let whole = self.compare(&section, TRIES).await;
        if let Err(trouble) = &whole {
            tracing::warn!(why = trouble.words(), "a section's reactions are not compared");
        }
        // Unlike a pass over all sections this keeps no reaction waiting: what it found may be older than what was heard.
        if !matches!(whole, Ok(true)) || comparing.heard(key) {
            self.missed.notify_one();
        }
    }

    /// Compares one section's message with what is recorded. False: a reaction that is gone could not be taken out of
    /// the record.
    async fn compare(self: &Arc<Self>, section: &LiveSection, tries: u32) -> Done<bool> {
        let Some((channel, message)) = place_of(&section.posted) else { return Ok(true) };
        let mut whole = true;
        let there = patiently(tries, || self.rest.message(channel, message)).await?;
        let reactions = there["reactions"].as_array().cloned().unwrap_or_default();
        let name = |r: &Value| r["emoji"]["name"].as_str().filter(|_| r["emoji"]["id"].is_null()).map(str::to_owned);
        let own: Vec<String> = reactions.iter().filter(|r| r["me"] == true).filter_map(name).collect();
        self.seeded.put(section.posted.clone(), own);
        for emoji in keycaps() {
            let count = reactions.iter().find(|r| name(r).is_some_and(|n| bare(&n) == bare(&emoji)));
            let others = count.map_or(0, |r| r["count"].as_u64().unwrap_or(1) - u64::from(r["me"] == true));
            let people =
                if others == 0 { Vec::new() } else { self.who_reacted(channel, message, &emoji, tries).await? };
            let recorded = |person: &str| section.reactions.iter().any(|(e, p)| bare(e) == bare(&emoji) && p == person);
            for who in &people {
                let by = self.person(who);
                if !recorded(&by.id) {
                    let reply = self.handle_reaction(&section.key, &section.channel, by, &emoji, true).await;
                    let reacted = Reacted {
                        channel,
                        message,
                        user: who.id,
                        who: Some(who.clone()),
                        author: None,
                        emoji: emoji.clone(),
                        present: true,
                    };
                    self.after_reaction(&reacted, reply).await;
                }
            }
            let there: Vec<Person> = people.iter().map(|who| self.person(who)).collect();
            for (e, person) in &section.reactions {
                if bare(e) == bare(&emoji) && !there.iter().any(|p| *p.id == **person) {
                    let by = self.by_id(person, section.deployment).await;
                    let reply = self.handle_reaction(&section.key, &section.channel, by, e, false).await;
                    whole &= reply.ok || !self.still_recorded(&section.key, e, person).await;
                }
            }
        }
        if let Ok(Some(shown)) = self.engine.store().message(&section.key).await {
            self.seed_with(channel, message, &show::reactions(&shown.card), None);
        }
        Ok(whole)
    }

    async fn who_reacted(&self, channel: u64, message: u64, emoji: &str, tries: u32) -> Done<Vec<Who>> {
        let mut people = Vec::new();
        let mut after = None;
        for _ in 0..PAGES {
            let page = patiently(tries, || self.rest.reacted(channel, message, emoji, after)).await?;
            for user in &page {
                let Some(id) = snowflake(&user["id"]).filter(|_| user["bot"] != true) else { continue };
                let name = user["global_name"].as_str().or(user["username"].as_str()).unwrap_or_default();
                people.push(Who { id, name: hear::clean(name), roles: None });
            }
            after = page.last().and_then(|u| snowflake(&u["id"]));
            if page.len() < 100 {
                break;
            }
        }
        Ok(people)
    }

    async fn by_id(&self, id: &str, deployment: u64) -> Person {
        if let Some(person) = self.engine.config().person(id) {
            return person;
        }
        let here = self.engine.deployment(deployment).await.ok().flatten();
        let seen = here.and_then(|d| d.people.iter().find(|p| *p.person.id == *id).map(|p| p.person.clone()));
        seen.unwrap_or_else(|| Person { id: id.into(), name: id.into() })
    }
}

/// A pass over all sections: what is compared already, and what could not be at first.
#[derive(Default)]
struct Pass {
    compared: BTreeSet<String>,
    troubled: BTreeSet<String>,
}

fn on_refusal(r: &Reacted) -> (u64, String, u64) {
    (r.message, bare(&r.emoji), r.user)
}

/// Tries what may be repeated, at most so often, with pauses as Discord asks for them.
async fn patiently<T, F: Future<Output = Done<T>>>(most: u32, mut request: impl FnMut() -> F) -> Done<T> {
    let mut pause = AGAIN;
    let mut tries = 0;
    loop {
        let trouble = match request().await {
            Ok(done) => return Ok(done),
            Err(trouble) => trouble,
        };
        tries += 1;
        let wait = match &trouble {
            Trouble::Said { .. } => return Err(trouble),
            Trouble::Later { after_ms } => Duration::from_millis(after_ms.unsigned_abs()),
            Trouble::Unsure { .. } => pause,
        };
        if tries >= most || wait > LONGEST {
            return Err(trouble);
        }
        tokio::time::sleep(wait).await;
        pause *= 2;
    }
}
