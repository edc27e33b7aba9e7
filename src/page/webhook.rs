//! Signed calls to receivers of an operator's own.

use super::{Turn, WEBHOOK, say, turn_again};
use crate::card::fit::{self, Limits, shortened};
use crate::card::plain;
use crate::domain::paging::PageState;
use crate::http::Http;
use crate::link::Outside;
use crate::ports::{Chat, ChatError, Clock, Delivery, Pending};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Carries the moment and the signature: `t=1795255230,v1=…`.
pub const SIGNATURE: &str = "x-rollcall-signature";
/// Characters of the text.
const TEXT: usize = 8_000;

/// Receivers as places pages go to.
pub struct Webhook {
    http: Http,
    /// Addresses by receiver.
    urls: BTreeMap<String, String>,
    /// Secrets by receiver, or why there is none.
    secrets: BTreeMap<String, Result<String, String>>,
    outside: Outside,
    clock: Arc<dyn Clock>,
}

impl Webhook {
    pub fn new(
        http: Http,
        urls: BTreeMap<String, String>,
        secrets: BTreeMap<String, Result<String, String>>,
        outside: Outside,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { http, urls, secrets, outside, clock }
    }

    async fn shown(&self, delivery: &Delivery) -> Result<String, ChatError> {
        let state = match turn_again(delivery)? {
            Turn::Out => PageState::Open,
            // It has been told.
            Turn::Now(PageState::Open) => return Ok(delivery.key.clone()),
            Turn::Now(state) => state,
        };
        let name = &delivery.channel;
        let (url, secret) = match (self.urls.get(name), self.secrets.get(name)) {
            (Some(url), Some(Ok(secret))) => (url, secret),
            (Some(_), Some(Err(why))) => return Err(ChatError::Refused { why: why.clone() }),
            _ => return Err(ChatError::Refused { why: format!("there is no [webhooks.{name}] in the configuration") }),
        };
        // Another state is another call: whoever drops repetitions must not drop it.
        let (key, kind) = match state {
            PageState::Open => (delivery.key.clone(), "page.open"),
            PageState::Acknowledged => (format!("{}#acknowledged", delivery.key), "page.acknowledged"),
            PageState::Resolved => (format!("{}#resolved", delivery.key), "page.resolved"),
        };
        let now = self.clock.now();
        let body = self.body(delivery, kind).to_string();
        let request = self
            .http
            .post(url)
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .header(SIGNATURE, signature(secret, now.0.div_euclid(1000), body.as_bytes()))
            .body(body);
        let whom = format!("the receiver {name}");
        let answer = self.http.send(&whom, request).await.map_err(|why| ChatError::Retry { after_ms: 0, why })?;
        if answer.is_ok() { Ok(delivery.key.clone()) } else { Err(answer.error(&whom, "")) }
    }

    fn body(&self, delivery: &Delivery, kind: &str) -> Value {
        let card = &delivery.card;
        let mut body = json!({
            "type": kind, "key": delivery.key, "summary": say::summary(card),
            "text": shortened(&plain::card(card), TEXT),
        });
        if let Some(page) = &card.page {
            body["deployment"] = page.deployment.into();
            body["page"] = page.page.into();
            body["urgency"] = json!(page.urgency);
            body["to"] = page.to.as_ref().map_or(Value::Null, |to| json!({ "id": to.id, "name": to.name }));
            body["url"] = self.outside.deployment(page).into();
            body["acknowledge"] = json!({ "command": say::command(page), "url": self.outside.acknowledges(page) });
        }
        body
    }
}

/// The signature of a body at a moment, in seconds: HMAC-SHA256 over `t.body`.
pub fn signature(secret: &str, t: i64, body: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(t.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    format!("t={t},v1={}", hex::encode(mac.finalize().into_bytes()))
}

impl Chat for Webhook {
    fn platform(&self) -> &'static str {
        WEBHOOK
    }
    fn limits(&self) -> Limits {
        fit::CONSOLE
    }
    fn show<'a>(&'a self, delivery: &'a Delivery) -> Pending<'a, Result<String, ChatError>> {
        Box::pin(self.shown(delivery))
    }
}
