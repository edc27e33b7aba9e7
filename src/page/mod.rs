//! Everything that carries a page outside: each file one way, each a [`Chat`] of the outbox.
//!
//! Reading order: [`chats`] puts together what the configuration names; [`mail`], [`pagerduty`], [`webhook`] and
//! [`twilio`] are the ways; [`hook`] is PagerDuty's way back; [`say`] is what they say.
//!
//! A way posts when a page goes out (`posted: None`) and hears of every later state as an edit. What was not certainly
//! sent is sent again: twice is better than not at all, and each way has a mark by which its receiver knows the
//! repetition (a mail's `Message-ID`, PagerDuty's `dedup_key`, a call's `Idempotency-Key`); only short messages and calls
//! have none. A page that somebody has by then goes out no more; only PagerDuty and receivers, which may have it although
//! nobody knows, are told how it ended.

pub mod hook;
pub mod mail;
pub mod pagerduty;
pub mod say;
pub mod twilio;
pub mod webhook;

use crate::card::fit::{self, Limits};
use crate::config::ways::{Ways, problems};
use crate::config::{Config, WaySecrets};
use crate::domain::paging::PageState;
use crate::engine::{Engine, Link};
use crate::http::Http;
use crate::link::Outside;
use crate::ports::{Chat, ChatError, Clock, Delivery, Pending};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The platforms of addresses: `email:ana@example.org`.
pub const EMAIL: &str = "email";
pub const PAGERDUTY: &str = "pagerduty";
pub const WEBHOOK: &str = "webhook";
pub const SMS: &str = "sms";
pub const VOICE: &str = "voice";

/// The ways the configuration names, each as a chat. One that cannot work says so in the log and to whoever looks at
/// the links, and fails what it is given with that sentence. The error is a sentence.
pub fn chats(
    engine: &Engine,
    secrets: &WaySecrets,
    outside: &Outside,
    clock: Arc<dyn Clock>,
) -> Result<Vec<Arc<dyn Chat>>, String> {
    let ways = &engine.config().ways;
    let made = made(ways, secrets, outside, clock)?;
    let mut off: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    for (way, why) in problems(ways, secrets) {
        tracing::error!(way, why, "people cannot be reached this way");
        let platform = way.split(':').next().unwrap_or_default();
        if let Some(chat) = made.iter().find(|chat| chat.platform() == platform) {
            off.entry(chat.platform()).or_default().push(why);
        }
    }
    off.into_iter().for_each(|(platform, why)| engine.link(platform, Link::Off(why.join(" "))));
    Ok(made)
}

fn made(
    ways: &Ways,
    secrets: &WaySecrets,
    outside: &Outside,
    clock: Arc<dyn Clock>,
) -> Result<Vec<Arc<dyn Chat>>, String> {
    let http = Http::new()?;
    let off: BTreeMap<String, String> = problems(ways, secrets).into_iter().collect();
    let mut chats: Vec<Arc<dyn Chat>> = Vec::new();
    if let Some(mail) = &ways.mail {
        let made = match off.get(EMAIL) {
            Some(why) => Err(why.clone()),
            None => mail::Mail::new(mail, secrets.smtp_password.as_deref(), outside.clone(), clock.clone()),
        };
        chats.push(match made {
            Ok(mail) => Arc::new(mail),
            Err(why) => Arc::new(Off { platform: EMAIL, why }),
        });
    }
    let ready = |platform: &str, keys: &BTreeMap<String, String>, names: &mut dyn Iterator<Item = &String>| {
        names
            .map(|name| match (off.get(&format!("{platform}:{name}")), keys.get(name)) {
                (None, Some(key)) => (name.clone(), Ok(key.clone())),
                (why, _) => (name.clone(), Err(why.cloned().unwrap_or_default())),
            })
            .collect()
    };
    if !ways.pagerduty.is_empty() {
        let keys = ready(PAGERDUTY, &secrets.pagerduty, &mut ways.pagerduty.iter());
        let url = secrets.pagerduty_url.clone();
        chats.push(Arc::new(pagerduty::PagerDuty::new(http.clone(), url, keys, outside.clone())));
    }
    if !ways.webhooks.is_empty() {
        let keys = ready(WEBHOOK, &secrets.webhooks, &mut ways.webhooks.keys());
        chats.push(Arc::new(webhook::Webhook::new(http.clone(), ways.webhooks.clone(), keys, outside.clone(), clock)));
    }
    if let Some(twilio) = &ways.twilio {
        for kind in [twilio::Kind::Sms, twilio::Kind::Voice] {
            chats.push(match &secrets.twilio_token {
                Some(token) => Arc::new(twilio::Twilio::new(kind, twilio, token, http.clone(), outside.clone())),
                None => Arc::new(Off {
                    platform: kind.platform(),
                    why: off.get(kind.platform()).cloned().unwrap_or_default(),
                }),
            });
        }
    }
    Ok(chats)
}

/// Asks every configured way, without reaching anybody, whether it would work: way, and what it is or a sentence on what
/// is wrong. Bounded in time.
pub async fn probe(config: &Config, secrets: &WaySecrets) -> Vec<(String, Result<String, String>)> {
    let ways = &config.ways;
    let off: BTreeMap<String, String> = problems(ways, secrets).into_iter().collect();
    let mut found = Vec::new();
    let mut tell = |way: String, said: Result<String, String>| {
        let said = off.get(&way).map_or(said, |why| Err(why.clone()));
        found.push((way, said));
    };
    if let Some(mail) = &ways.mail {
        let asked = match off.contains_key(EMAIL) {
            true => Err(String::new()),
            false => mail::probe(mail, secrets.smtp_password.as_deref()).await,
        };
        tell(EMAIL.into(), asked);
    }
    for name in &ways.pagerduty {
        tell(format!("{PAGERDUTY}:{name}"), Ok("there is a routing key; `page test` shows whether it is right".into()));
    }
    for name in ways.webhooks.keys() {
        tell(format!("{WEBHOOK}:{name}"), Ok("there is a secret; `page test` shows whether it is right".into()));
    }
    if let Some(twilio) = &ways.twilio {
        let asked = match (&secrets.twilio_token, Http::new()) {
            (Some(token), Ok(http)) => twilio::probe(twilio, token, &http).await,
            (_, made) => Err(made.err().unwrap_or_default()),
        };
        tell(SMS.into(), asked.clone());
        tell(VOICE.into(), asked);
    }
    found
}

/// A way that is configured but cannot work.
struct Off {
    platform: &'static str,
    why: String,
}

impl Chat for Off {
    fn platform(&self) -> &'static str {
        self.platform
    }
    fn limits(&self) -> Limits {
        fit::CONSOLE
    }
    fn show<'a>(&'a self, _: &'a Delivery) -> Pending<'a, Result<String, ChatError>> {
        Box::pin(std::future::ready(Err(ChatError::Refused { why: self.why.clone() })))
    }
}

/// What a way is to do with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// It goes out.
    Out,
    /// It went out; now it is so.
    Now(PageState),
}

/// Nothing goes out of a page that somebody has by now, or had when it was called for.
fn turn(delivery: &Delivery) -> Result<Turn, ChatError> {
    let page = delivery.card.page.as_ref();
    match &delivery.posted {
        Some(_) => Ok(Turn::Now(page.map_or(PageState::Open, |page| page.state))),
        None if page.is_none_or(|page| page.calls()) => Ok(Turn::Out),
        None => Err(ChatError::Refused { why: "somebody had the page before it went out".into() }),
    }
}

/// The same for receivers that know a page again: one that may have heard of it hears how it is now.
fn turn_again(delivery: &Delivery) -> Result<Turn, ChatError> {
    match (turn(delivery), &delivery.card.page) {
        (Err(_), Some(page)) if delivery.uncertain => Ok(Turn::Now(page.state)),
        (turn, _) => turn,
    }
}

#[cfg(test)]
mod tests;
