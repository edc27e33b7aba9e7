//! What changed while we were away: reactions on sections that can still be walked are read again and compared with
//! those we know. What differs goes to the engine as if it had just been put on or taken off.

use super::api::{Failure, Found};
use super::{PLATFORM, Slack};
use crate::chat::recorded::{self, Comparing};
use crate::domain::command::{Person, Via};
use crate::engine::{Envelope, Input};
use crate::store::LiveSection;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How often it is looked again in a row while Slack tells nothing, and the pause before the first time; each is twice
/// as long.
const TRIES: u32 = 8;
const AGAIN: Duration = Duration::from_secs(2);

/// Looks at every section that can still be walked, thread by thread, whenever something may have been missed, and again
/// at those that could not be looked at. One look at a time, whoever asks for it.
pub(super) async fn run(slack: &Slack) {
    loop {
        slack.missed.notified().await;
        let (mut compared, mut tries) = (BTreeSet::new(), 0);
        loop {
            let before = compared.len();
            let Some(wait) = rest(slack, &mut compared).await else { break };
            tries = if compared.len() > before { 1 } else { tries + 1 };
            if tries > TRIES {
                tracing::warn!("reactions that could not be compared are compared after the next connection");
                break;
            }
            tokio::select! {
                () = tokio::time::sleep(wait.max(AGAIN * 2_u32.pow(tries - 1))) => {}
                () = slack.missed.notified() => (compared, tries) = (BTreeSet::new(), 0),
            }
        }
    }
}

/// Looks at the sections that are not in `compared` yet. Not all could be compared: how long Slack wants to be left alone.
async fn rest(slack: &Slack, compared: &mut BTreeSet<String>) -> Option<Duration> {
    let comparing = slack.meanwhile.comparing();
    match slack.engine.store().live_sections(PLATFORM).await {
        Ok(mut sections) => {
            sections.retain(|s| !compared.contains(&s.key));
            compare_all(slack, &comparing, &sections, compared).await
        }
        Err(error) => {
            tracing::warn!(%error, "reactions are not compared");
            Some(Duration::ZERO)
        }
    }
}

/// Looks at a section that was found standing there: what people did meanwhile nobody heard.
pub(super) async fn once_recorded(slack: &Slack, key: &str, ts: &str) {
    let comparing = slack.meanwhile.comparing();
    let left = match recorded::section(&slack.engine, PLATFORM, key, ts).await {
        Some(section) => compare_all(slack, &comparing, &[section], &mut BTreeSet::new()).await,
        None => Some(Duration::ZERO),
    };
    if left.is_some() {
        slack.missed.notify_one();
    }
}

/// Notes which sections are compared. Not all could be, and may be later: how long Slack wants to be left alone.
async fn compare_all(
    slack: &Slack,
    comparing: &Comparing<'_>,
    sections: &[LiveSection],
    compared: &mut BTreeSet<String>,
) -> Option<Duration> {
    let mut left = None;
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
        let scanned = scanned.await;
        for (section, message) in found {
            compare(slack, section, &message).await;
            if comparing.heard(&section.key) {
                left = Some(Duration::ZERO);
            } else {
                compared.insert(section.key.clone());
            }
        }
        match scanned {
            Err(failure @ Failure::Later { after_ms, .. }) => {
                tracing::warn!(why = failure.sentence(), "reactions in a thread are not compared yet");
                left = Some(Duration::from_millis(after_ms.unsigned_abs()));
                // Slack wants to be left alone.
                if after_ms > 0 {
                    break;
                }
            }
            // What Slack refuses for good is no better in a minute.
            Err(failure) => {
                tracing::warn!(why = failure.sentence(), "reactions in a thread are not compared");
                compared.extend(sections.iter().map(|s| s.key.clone()));
            }
            Ok(_) => compared.extend(sections.iter().filter(|s| !comparing.heard(&s.key)).map(|s| s.key.clone())),
        }
    }
    left
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
