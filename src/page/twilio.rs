//! Short messages and calls, by Twilio's API or one that speaks its language.

use super::{SMS, Turn, VOICE, say, turn};
use crate::card::fit::{self, Limits};
use crate::config::ways;
use crate::http::{Answer, Http};
use crate::link::Outside;
use crate::ports::{Chat, ChatError, Delivery, Pending};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// What it is that reaches somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sms,
    Voice,
}

impl Kind {
    /// The platform of its addresses.
    pub fn platform(self) -> &'static str {
        match self {
            Self::Sms => SMS,
            Self::Voice => VOICE,
        }
    }
}

/// The provider as a place pages go to, in one of its two kinds.
pub struct Twilio {
    kind: Kind,
    set: ways::Twilio,
    token: String,
    http: Http,
    outside: Outside,
}

/// What Twilio calls numbers that cannot be reached, whatever is done.
const NO_NUMBER: [u64; 4] = [21_211, 21_214, 21_217, 21_614];

impl Twilio {
    pub fn new(kind: Kind, set: &ways::Twilio, token: &str, http: Http, outside: Outside) -> Self {
        Self { kind, set: set.clone(), token: token.to_owned(), http, outside }
    }

    async fn shown(&self, delivery: &Delivery) -> Result<String, ChatError> {
        if let (Turn::Now(_), Some(posted)) = (turn(delivery)?, &delivery.posted) {
            return Ok(posted.clone());
        }
        let (resource, what, text) = match self.kind {
            Kind::Sms => ("Messages", "Body", say::sms(&delivery.card, &self.outside)),
            Kind::Voice => ("Calls", "Twiml", say::twiml(&delivery.card)),
        };
        let form = form(&[("To", &delivery.channel), ("From", &self.set.from), (what, &text)]);
        let request = self
            .http
            .post(&account(&self.set, &format!("/{resource}.json")))
            .basic_auth(&self.set.account, Some(&self.token))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let answer = self.http.send(WHOM, request).await.map_err(|why| ChatError::Retry { after_ms: 0, why })?;
        if !answer.is_ok() {
            return Err(failed(&answer, &delivery.channel));
        }
        Ok(answer.json()["sid"].as_str().map_or_else(|| delivery.key.clone(), crate::http::repeated))
    }
}

/// Who is called, in errors.
const WHOM: &str = "the telephone provider";

fn account(set: &ways::Twilio, rest: &str) -> String {
    format!("{}/2010-04-01/Accounts/{}{rest}", set.api_url, set.account)
}

fn form(fields: &[(&str, &str)]) -> String {
    let said = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    fields.iter().map(|(name, value)| format!("{name}={}", said(value))).collect::<Vec<_>>().join("&")
}

fn failed(answer: &Answer, number: &str) -> ChatError {
    let said = answer.json();
    if said["code"].as_u64().is_some_and(|code| NO_NUMBER.contains(&code)) {
        return ChatError::Refused {
            why: format!("{} cannot be reached: {}", crate::http::repeated(number), words(&said)),
        };
    }
    answer.error(WHOM, &words(&said))
}

fn words(said: &serde_json::Value) -> String {
    let message = crate::http::repeated(said["message"].as_str().unwrap_or_default());
    match said["code"].as_u64() {
        Some(code) => format!("{message} ({code})"),
        None => message,
    }
}

/// Asks for the account, and reaches nobody.
pub async fn probe(set: &ways::Twilio, token: &str, http: &Http) -> Result<String, String> {
    let request = http.get(&account(set, ".json")).basic_auth(&set.account, Some(token));
    let answer = http.send(WHOM, request).await.map_err(|why| format!("Nobody can be called: {why}."))?;
    match (answer.status, answer.json()["status"].as_str()) {
        (200, None | Some("active")) => Ok("the account is active".into()),
        (200, Some(status)) => {
            Err(format!("The account is {}, and nobody can be called.", crate::http::repeated(status)))
        }
        (401 | 403, _) => {
            Err(format!("The provider does not know the account by that token: check {}.", ways::TWILIO_TOKEN))
        }
        (status, _) => Err(format!("The telephone provider answers {status}; nobody can be called.")),
    }
}

impl Chat for Twilio {
    fn platform(&self) -> &'static str {
        self.kind.platform()
    }
    fn limits(&self) -> Limits {
        fit::CONSOLE
    }
    fn show<'a>(&'a self, delivery: &'a Delivery) -> Pending<'a, Result<String, ChatError>> {
        Box::pin(self.shown(delivery))
    }
}
