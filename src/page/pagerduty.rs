//! PagerDuty, by its Events API v2.

use super::{PAGERDUTY, Turn, say, turn_again};
use crate::card::fit::{self, Limits, shortened};
use crate::card::{Card, PageFacts, plain};
use crate::domain::paging::{PageState, Urgency};
use crate::http::{Answer, Http};
use crate::link::Outside;
use crate::ports::{Chat, ChatError, Delivery, Pending};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// PagerDuty itself.
const PUBLIC: &str = "https://events.pagerduty.com";
/// Characters of a summary, as published; of the details, as we bound them.
const SUMMARY: usize = 1_024;
const DETAILS: usize = 4_000;

/// PagerDuty's services as places pages go to.
pub struct PagerDuty {
    http: Http,
    url: String,
    /// Routing keys by service, or why there is none.
    keys: BTreeMap<String, Result<String, String>>,
    outside: Outside,
}

/// What tells one climb of a page from every other, here and there: of an incident that was acknowledged PagerDuty tells
/// nobody again.
pub fn dedup_key(page: &PageFacts) -> String {
    let key = format!("rollcall/{}/page/{}", page.deployment, page.page);
    if page.climb > 1 { format!("{key}/{}", page.climb) } else { key }
}

/// The deployment, the page and its climb of a key of [`dedup_key`].
pub fn named(key: &str) -> Option<(u64, u32, u32)> {
    let (deployment, page) = key.strip_prefix("rollcall/")?.split_once("/page/")?;
    let (page, climb) = page.split_once('/').unwrap_or((page, "1"));
    Some((deployment.parse().ok()?, page.parse().ok()?, climb.parse().ok()?))
}

impl PagerDuty {
    /// `url`: where the API is, if not where it always is.
    pub fn new(
        http: Http,
        url: Option<String>,
        keys: BTreeMap<String, Result<String, String>>,
        outside: Outside,
    ) -> Self {
        let url = url.unwrap_or_else(|| PUBLIC.into()).trim_end_matches('/').to_owned();
        Self { http, url, keys, outside }
    }

    async fn shown(&self, delivery: &Delivery) -> Result<String, ChatError> {
        let Some(page) = &delivery.card.page else {
            return Err(ChatError::Refused { why: "PagerDuty is told of pages only".into() });
        };
        let action = match turn_again(delivery)? {
            Turn::Out => "trigger",
            // Another key stands for the climb it is in now.
            Turn::Now(_) if page.past => "resolve",
            // It is open there already.
            Turn::Now(PageState::Open) => return Ok(dedup_key(page)),
            Turn::Now(PageState::Acknowledged) => "acknowledge",
            Turn::Now(PageState::Resolved) => "resolve",
        };
        let key = match self.keys.get(&delivery.channel) {
            Some(Ok(key)) => key,
            Some(Err(why)) => return Err(ChatError::Refused { why: why.clone() }),
            None => {
                return Err(ChatError::Refused {
                    why: format!("there is no [pagerduty.{}] in the configuration", delivery.channel),
                });
            }
        };
        let event = self.event(key, action, page, &delivery.card);
        let request = self
            .http
            .post(&format!("{}/v2/enqueue", self.url))
            .header("content-type", "application/json")
            .body(event.to_string());
        let answer = self.http.send("PagerDuty", request).await;
        let answer = answer.map_err(|why| ChatError::Retry { after_ms: 0, why })?;
        if answer.is_ok() { Ok(dedup_key(page)) } else { Err(answer.error("PagerDuty", &words(&answer))) }
    }

    fn event(&self, key: &str, action: &str, page: &PageFacts, card: &Card) -> Value {
        let mut event = json!({ "routing_key": key, "event_action": action, "dedup_key": dedup_key(page) });
        if action != "trigger" {
            return event;
        }
        let severity = match page.urgency {
            Urgency::High => "critical",
            Urgency::Low => "warning",
        };
        let details = shortened(&plain::card(card), DETAILS);
        event["payload"] = json!({
            "summary": shortened(&say::summary(card), SUMMARY), "source": "rollcall", "severity": severity,
            "custom_details": {
                "deployment": page.deployment, "page": page.page, "details": details,
                "acknowledge": format!("Here, or in the chat: {}", say::command(page)),
            },
        });
        event["client"] = "Rollcall".into();
        if let Some(url) = self.outside.deployment(page) {
            event["client_url"] = url.as_str().into();
            event["links"] = json!([{ "href": url, "text": format!("Deployment #{}", page.deployment) }]);
        }
        event
    }
}

/// What PagerDuty says is wrong: `{"message": …, "errors": [...]}`.
fn words(answer: &Answer) -> String {
    let said = answer.json();
    let errors = said["errors"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let all: Vec<&str> = said["message"].as_str().into_iter().chain(errors).take(4).collect();
    all.join("; ")
}

impl Chat for PagerDuty {
    fn platform(&self) -> &'static str {
        PAGERDUTY
    }
    fn limits(&self) -> Limits {
        fit::CONSOLE
    }
    fn show<'a>(&'a self, delivery: &'a Delivery) -> Pending<'a, Result<String, ChatError>> {
        Box::pin(self.shown(delivery))
    }
}
