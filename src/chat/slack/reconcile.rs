//! What changed while we were away: reactions on sections that can still be walked are read again and compared with
//! those we know.

use super::{PLATFORM, Slack};
use crate::domain::command::Via;
use crate::engine::{Envelope, Input};
use crate::store::LiveSection;
use std::collections::BTreeSet;

/// Looks at every section that can still be walked.
pub(super) async fn run(slack: &Slack) {
    let sections = match slack.engine.store().live_sections(PLATFORM).await {
        Ok(sections) => sections,
        Err(error) => {
            tracing::warn!(%error, "reactions are not compared");
            return;
        }
    };
    for section in &sections {
        one(slack, section).await;
    }
}

async fn one(slack: &Slack, section: &LiveSection) {
    let channel = section.channel.split_once(':').map_or("", |(_, c)| c);
    let found = slack.api.find(channel, section.thread_posted.as_deref(), |m| m.ts == section.posted).await;
    let message = match found {
        Ok(Some(message)) => message,
        Ok(None) => return,
        Err(failure) => {
            tracing::warn!(why = failure.sentence(), "reactions of a message are not compared");
            return;
        }
    };
    let mut there = BTreeSet::new();
    for (name, users) in &message.reactions {
        let Some(emoji) = slack.engine.config().slack.emoji(name) else { continue };
        for user in users.iter().filter(|u| **u != slack.bot()) {
            let person = slack.people.person(&slack.api, slack.engine.config(), user, "").await;
            there.insert((emoji.to_owned(), person.id.to_string(), Some(person)));
        }
    }
    let known: BTreeSet<(String, String)> = section.reactions.iter().cloned().collect();
    for (emoji, id, person) in &there {
        if !known.contains(&(emoji.clone(), id.clone()))
            && let Some(person) = person
        {
            say(slack, section, emoji, person.clone(), true).await;
        }
    }
    for (emoji, id) in &known {
        if !there.iter().any(|(e, i, _)| e == emoji && i == id)
            && let Some(account) = slack.engine.config().account(id, PLATFORM)
        {
            let person = slack.people.person(&slack.api, slack.engine.config(), account, "").await;
            say(slack, section, emoji, person, false).await;
        }
    }
}

async fn say(slack: &Slack, section: &LiveSection, emoji: &str, by: crate::domain::command::Person, present: bool) {
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
