//! What changed while we were away: reactions on sections that can still be walked are read again and compared with
//! those we know. What differs goes to the engine as if it had just been put on or taken off.

use super::api::{Failure, Found};
use super::{PLATFORM, Slack};
use crate::chat::recorded;
use crate::domain::command::{Person, Via};
use crate::engine::{Envelope, Input};
use crate::store::LiveSection;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How often it is looked again while Slack does not tell, and the pause before the first time; each is twice as long.
const TRIES: u32 = 8;
const AGAIN: Duration = Duration::from_secs(2);

/// Looks at every section that can still be walked, thread by thread, and again while not all could be looked at.
pub(super) async fn run(slack: &Slack) {
    for again in 0..TRIES {
        if every(slack).await {
            return;
        }
        tokio::time::sleep(AGAIN * 2_u32.pow(again)).await;
    }
}

/// False: not all could be compared.
async fn every(slack: &Slack) -> bool {
    match slack.engine.store().live_sections(PLATFORM).await {
        Ok(sections) => compare_all(slack, &sections).await,
        Err(error) => {
            tracing::warn!(%error, "reactions are not compared");
            false
        }
    }
}

/// Looks at a section that was found standing there: what people did meanwhile nobody heard.
pub(super) async fn once_recorded(slack: &Slack, key: &str) {
    let whole = match recorded::section(&slack.engine, PLATFORM, key).await {
        Some(section) => compare_all(slack, &[section]).await,
        None => false,
    };
    if !whole {
        run(slack).await;
    }
}

/// False: not all could be compared, and may be later.
async fn compare_all(slack: &Slack, sections: &[LiveSection]) -> bool {
    let mut whole = true;
    let mut threads: BTreeMap<(&str, Option<&str>), Vec<&LiveSection>> = BTreeMap::new();
    for section in sections {
        let channel = section.channel.split_once(':').map_or("", |(_, channel)| channel);
        threads.entry((channel, section.thread_posted.as_deref())).or_default().push(section);
    }
    for ((channel, thread), sections) in threads {
        let mut found: Vec<(&LiveSection, Found)> = Vec::with_capacity(sections.len());
        let scanned = slack.api.scan(channel, thread, |message| {
            found.extend(sections.iter().find(|s| s.posted == message.ts).map(|s| (*s, message)));
            found.len() < sections.len()
        });
        if let Err(failure) = scanned.await {
            tracing::warn!(why = failure.sentence(), "reactions in a thread are not compared");
            // What Slack refuses for good is no better in a minute.
            whole &= matches!(failure, Failure::No { .. });
        }
        for (section, message) in found {
            compare(slack, section, &message).await;
        }
    }
    whole
}

async fn compare(slack: &Slack, section: &LiveSection, message: &Found) {
    let bot = slack.bot();
    let mut there: Vec<(&str, Person)> = Vec::new();
    for (name, users) in &message.reactions {
        let Some(emoji) = slack.engine.config().slack.emoji(name) else { continue };
        for user in users.iter().filter(|u| **u != bot) {
            there.push((emoji, slack.person(user, "").await));
        }
    }
    let known: BTreeSet<(&str, &str)> = section.reactions.iter().map(|(e, id)| (e.as_str(), id.as_str())).collect();
    for (emoji, id) in &known {
        let gone = !there.iter().any(|(e, person)| e == emoji && *person.id == **id);
        if let Some(account) = slack.engine.config().account(id, PLATFORM).filter(|_| gone) {
            say(slack, section, emoji, slack.person(account, "").await, false).await;
        }
    }
    for (emoji, person) in there {
        if !known.contains(&(emoji, &*person.id)) {
            say(slack, section, emoji, person, true).await;
        }
    }
}

async fn say(slack: &Slack, section: &LiveSection, emoji: &str, by: Person, present: bool) {
    let envelope = Envelope {
        key: None,
        by,
        via: Via::Slack,
        channel: section.channel.clone(),
        deployment: Some(section.deployment),
        mentioned: Vec::new(),
        input: Input::React { message: section.key.clone(), emoji: emoji.to_owned(), present },
    };
    slack.engine.handle(envelope).await;
}
