//! PagerDuty's way back: it calls us when somebody acknowledges or resolves there.

use super::pagerduty;
use crate::config::Config;
use crate::domain::command::{Person, Via};
use crate::engine::{Engine, Envelope, Input};
use crate::store::StoreError;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq;

/// Where PagerDuty calls.
pub const PATH: &str = "/pagerduty";
/// Carries `v1=…`, one for each of the secrets in use there, separated by commas.
pub const SIGNATURE: &str = "x-pagerduty-signature";

/// Bytes of a call's body; until it has arrived; signatures looked at.
const LARGEST: usize = 256 << 10;
const ARRIVES: Duration = Duration::from_secs(5);
const SIGNATURES: usize = 10;
/// What an agent is that is a person.
const USER: &str = "user_reference";
/// Characters of somebody's name there.
const NAME: usize = 60;

/// What stands before the engine.
struct Gate {
    engine: Engine,
    secrets: Vec<String>,
}

/// The route PagerDuty calls. It guards itself: it stands outside the console's guard.
pub fn router(engine: Engine, secrets: Vec<String>) -> Router {
    Router::new().route(PATH, post(called)).with_state(Arc::new(Gate { engine, secrets }))
}

async fn called(State(gate): State<Arc<Gate>>, headers: HeaderMap, body: Body) -> StatusCode {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|bytes| bytes > LARGEST) {
        return StatusCode::PAYLOAD_TOO_LARGE;
    }
    let body = match tokio::time::timeout(ARRIVES, axum::body::to_bytes(body, LARGEST)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return StatusCode::PAYLOAD_TOO_LARGE,
        Err(_) => return StatusCode::REQUEST_TIMEOUT,
    };
    let signatures = headers.get(SIGNATURE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if !gate.secrets.iter().any(|secret| is_signed(secret, signatures, &body)) {
        tracing::warn!("a call to {PATH} was not signed by PagerDuty and was refused");
        return StatusCode::UNAUTHORIZED;
    }
    let Some(heard) = heard(&body) else { return StatusCode::OK };
    match is_of_now(&gate.engine, &heard).await {
        Ok(true) => {}
        Ok(false) => return StatusCode::OK,
        Err(error) => {
            tracing::warn!(%error, detail = error.detail(), "what PagerDuty tells cannot be looked up");
            return StatusCode::SERVICE_UNAVAILABLE;
        }
    }
    let by = somebody(gate.engine.config(), heard.who.as_deref());
    let reply = gate
        .engine
        .handle(Envelope {
            key: Some(format!("pagerduty/{}", heard.id)),
            by,
            via: Via::Pager,
            channel: "pagerduty:".into(),
            deployment: (heard.deployment > 0).then_some(heard.deployment),
            mentioned: Vec::new(),
            input: Input::Say(heard.words()),
        })
        .await;
    // Somebody was faster, or it is over: nothing to repeat. What could not be recorded PagerDuty tells again.
    if !reply.ok && gate.engine.healthy().is_err() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
}

/// Whether it is about the climb the page is in: who had it before did not end it, and others are called since.
async fn is_of_now(engine: &Engine, heard: &Heard) -> Result<bool, StoreError> {
    if heard.deployment == 0 {
        return Ok(true);
    }
    let found = engine.deployment(heard.deployment).await?;
    let page = found.as_ref().and_then(|d| d.pages.iter().find(|p| p.number == heard.page));
    Ok(page.is_some_and(|page| page.climb() == heard.climb))
}

/// Whether one of the signatures is of this secret, on this body.
fn is_signed(secret: &str, signatures: &str, body: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(body);
    let ours = mac.finalize().into_bytes();
    let given = signatures.split(',').take(SIGNATURES).filter_map(|s| hex::decode(s.trim().strip_prefix("v1=")?).ok());
    let fits = given.fold(0_u8, |fits, given| fits | ours.as_slice().ct_eq(&given).unwrap_u8());
    fits == 1 && !secret.is_empty()
}

/// Something PagerDuty tells of a page of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Heard {
    /// Names this event for ever.
    id: String,
    deployment: u64,
    page: u32,
    climb: u32,
    verb: &'static str,
    /// What somebody is called there.
    who: Option<String>,
}

impl Heard {
    fn words(&self) -> String {
        match self.deployment {
            0 => format!("{} test {}", self.verb, self.page),
            id => format!("#{id} {} {}", self.verb, self.page),
        }
    }
}

/// Reads a call's body; none: it is about nothing that concerns us.
fn heard(body: &Bytes) -> Option<Heard> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let event = &body["event"];
    let verb = match event["event_type"].as_str()? {
        "incident.acknowledged" => "ack",
        "incident.resolved" => "resolve",
        _ => return None,
    };
    // A person there, by hand: not a rule, a service that closes what is old, or what we have told PagerDuty ourselves.
    if event["agent"]["type"].as_str() != Some(USER) {
        return None;
    }
    let (deployment, page, climb) = pagerduty::named(event["data"]["incident_key"].as_str()?)?;
    let id: String = event["id"].as_str()?.chars().filter(char::is_ascii_alphanumeric).take(100).collect();
    let who = event["agent"]["summary"].as_str().map(|name| {
        let name: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).take(NAME).collect();
        name.split_whitespace().collect::<Vec<_>>().join(" ")
    });
    let who = who.filter(|name| !name.is_empty());
    (!id.is_empty()).then_some(Heard { id, deployment, page, climb, verb, who })
}

/// The directory's person of that name, else somebody of that name whom PagerDuty knows.
fn somebody(config: &Config, name: Option<&str>) -> Person {
    let Some(name) = name else { return Person::named("PagerDuty") };
    let person = config.identify(name);
    if config.people.contains_key(&*person.id) { person } else { Person::named(&format!("{name} (PagerDuty)")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn only_the_secrets_in_use_sign() {
        // From PagerDuty's documentation of the format: several signatures while secrets are exchanged.
        let sign = |secret: &str, body: &[u8]| {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
            mac.update(body);
            format!("v1={}", hex::encode(mac.finalize().into_bytes()))
        };
        let both = format!("{}, {}", sign("old", b"{}"), sign("new", b"{}"));
        assert!(is_signed("old", &both, b"{}") && is_signed("new", &both, b"{}"));
        for (secret, given, body) in [
            ("other", both.as_str(), &b"{}"[..]),
            ("old", &both, b"{ }"),
            ("old", "", b"{}"),
            ("old", "v1=", b"{}"),
            ("old", "v1=zz", b"{}"),
            ("", &sign("", b"{}"), b"{}"),
            ("old", &both.replace("v1", "v2"), b"{}"),
        ] {
            assert!(!is_signed(secret, given, body), "{secret} {given}");
        }
    }

    #[test]
    fn what_is_heard() {
        let event = |kind: &str, key: &str, agent: &str| {
            Bytes::from(format!(
                r#"{{"event":{{"id":"01ABC","event_type":"{kind}","resource_type":"incident","agent":{agent},"data":{{"type":"incident","incident_key":"{key}","status":"x"}}}}}}"#
            ))
        };
        let ana = r#"{"summary":"Ana\nMaria ","type":"user_reference"}"#;
        let acked = heard(&event("incident.acknowledged", "rollcall/12/page/3", ana)).unwrap();
        assert_eq!((acked.words().as_str(), acked.who.as_deref()), ("#12 ack 3", Some("Ana Maria")));
        assert_eq!((acked.page, acked.climb), (3, 1));
        let nameless = r#"{"type":"user_reference"}"#;
        let resolved = heard(&event("incident.resolved", "rollcall/12/page/3/2", nameless)).unwrap();
        assert_eq!((resolved.words().as_str(), resolved.climb, resolved.who), ("#12 resolve 3", 2, None));
        let machine = |kind: &str| format!(r#"{{"summary":"Ana","type":"{kind}"}}"#);
        for nothing in [
            event("incident.triggered", "rollcall/12/page/3", ana),
            event("incident.reopened", "rollcall/12/page/3", ana),
            event("incident.acknowledged", "somebody else's", ana),
            event("incident.acknowledged", "rollcall/x/page/3", ana),
            event("incident.acknowledged", "rollcall/12/page/3/x", ana),
            // Nobody, and machines: a rule, a service that closes what is old, our own word come back.
            event("incident.acknowledged", "rollcall/12/page/3", "null"),
            event("incident.resolved", "rollcall/12/page/3", &machine("service_reference")),
            event("incident.acknowledged", "rollcall/12/page/3", &machine("inbound_integration_reference")),
            event("incident.acknowledged", "rollcall/12/page/3", &machine("event_rule_reference")),
            event("incident.acknowledged", "rollcall/12/page/3", r#"{"summary":"Ana"}"#),
            Bytes::from("not JSON"),
            Bytes::from("[]"),
            Bytes::from(r#"{"event":{"event_type":"pagey.ping"}}"#),
        ] {
            assert_eq!(heard(&nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn who_it_was() {
        let config = Config::parse("[people.ana]\nname = \"Ana Maria\"", Path::new("")).unwrap();
        assert_eq!(&*somebody(&config, Some("ana  maria")).id, "ana");
        assert_eq!(&*somebody(&config, Some("Bob")).name, "Bob (PagerDuty)");
        assert_eq!(&*somebody(&config, None).name, "PagerDuty");
    }
}
