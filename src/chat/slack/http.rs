//! HTTP mode: Slack calls one path of ours with commands, interactions and events, and signs every call.

use super::Slack;
use super::desk::{self, Payload};
use crate::domain::time::Timestamp;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use subtle::ConstantTimeEq;

/// Where Slack calls.
pub const PATH: &str = "/slack/events";

/// Bytes of a call's body; until it has arrived.
const LARGEST: usize = 1 << 20;
const ARRIVES: Duration = Duration::from_secs(2);
/// A call's age, either way, in seconds.
const OLDEST_S: i64 = 300;
/// Calls remembered so that none is taken twice. Beyond that the oldest are forgotten.
const REMEMBERED: usize = 100_000;

/// What stands before the desk.
struct Gate {
    slack: Arc<Slack>,
    secret: String,
    seen: Mutex<Seen>,
}

/// Signatures taken within the window.
#[derive(Default)]
struct Seen {
    known: HashSet<[u8; 16]>,
    order: VecDeque<(Timestamp, [u8; 16])>,
}

impl Seen {
    /// False if it has been taken before.
    fn take(&mut self, signature: [u8; 16], now: Timestamp) -> bool {
        let over = |at: Timestamp| now.since_ms(at) > 2 * OLDEST_S * 1000;
        while self.order.front().is_some_and(|(at, _)| over(*at)) || self.order.len() >= REMEMBERED {
            let Some((_, oldest)) = self.order.pop_front() else { break };
            self.known.remove(&oldest);
        }
        if !self.known.insert(signature) {
            return false;
        }
        self.order.push_back((now, signature));
        true
    }
}

/// The route Slack calls. It guards itself: it stands outside the console's guard.
pub fn router(slack: Arc<Slack>, signing_secret: &str) -> Router {
    let gate = Gate { slack, secret: signing_secret.to_owned(), seen: Mutex::default() };
    Router::new().route(PATH, post(called)).with_state(Arc::new(gate))
}

async fn called(State(gate): State<Arc<Gate>>, headers: HeaderMap, body: Body) -> Response {
    let refused = |status: StatusCode| status.into_response();
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|bytes| bytes > LARGEST) {
        return refused(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let body = match tokio::time::timeout(ARRIVES, axum::body::to_bytes(body, LARGEST)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return refused(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => return refused(StatusCode::REQUEST_TIMEOUT),
    };
    let now = gate.slack.clock.now();
    let Some(signature) = verified(&gate.secret, &headers, &body, now) else {
        tracing::warn!("a call to {PATH} was not signed by Slack and was refused");
        return refused(StatusCode::UNAUTHORIZED);
    };
    let json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|t| t.trim_start().starts_with("application/json"));
    let payload = if json { event(&body) } else { form(&body) };
    let payload = match payload {
        Some(Called::Payload(payload)) => payload,
        // Asked again by its owner whenever the address is entered: nothing comes of a repetition.
        Some(Called::Challenge(challenge)) => return axum::Json(json!({ "challenge": challenge })).into_response(),
        None => {
            tracing::info!("Slack sent a body that could not be read");
            return StatusCode::OK.into_response();
        }
    };
    if !gate.seen.lock().unwrap_or_else(PoisonError::into_inner).take(signature, now) {
        tracing::warn!("a call to {PATH} was repeated word for word and was refused");
        return refused(StatusCode::CONFLICT);
    }
    match desk::take(&gate.slack, payload).await {
        Some(answer) => axum::Json(answer).into_response(),
        None => StatusCode::OK.into_response(),
    }
}

/// The signature's first half if it is Slack's, on this body, now.
fn verified(secret: &str, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Option<[u8; 16]> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let (at, signature) = (text("x-slack-request-timestamp")?, text("x-slack-signature")?);
    let age = (now.0 / 1000).checked_sub(at.parse::<i64>().ok()?)?;
    let given = hex::decode(signature.strip_prefix("v0=")?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(b"v0:");
    mac.update(at.as_bytes());
    mac.update(b":");
    mac.update(body);
    let ours = mac.finalize().into_bytes();
    let same = !secret.is_empty() && bool::from(ours.as_slice().ct_eq(&given));
    (same && age.unsigned_abs() <= OLDEST_S.unsigned_abs()).then(|| given[..16].try_into().ok())?
}

enum Called {
    Payload(Payload),
    Challenge(String),
}

/// The question whether the address is ours.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Asked {
    #[serde(rename = "type")]
    kind: Value,
    challenge: Value,
}

fn event(body: &Bytes) -> Option<Called> {
    let text = std::str::from_utf8(body).ok()?;
    let asked: Asked = serde_json::from_str(text).ok()?;
    if asked.kind == "url_verification" {
        return Some(Called::Challenge(asked.challenge.as_str()?.to_owned()));
    }
    Some(Called::Payload(Payload::Event(text.to_owned())))
}

/// A command's fields, or an interaction's `payload`.
fn form(body: &Bytes) -> Option<Called> {
    let body = std::str::from_utf8(body).ok()?;
    let mut fields = serde_json::Map::new();
    for pair in body.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        fields.insert(decoded(name)?, Value::String(decoded(value)?));
    }
    Some(Called::Payload(match fields.remove("payload") {
        Some(Value::String(payload)) => {
            _ = serde_json::from_str::<IgnoredAny>(&payload).ok()?;
            Payload::Interaction(payload)
        }
        _ => Payload::Command(Value::Object(fields).to_string()),
    }))
}

fn decoded(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8().ok().map(|t| t.into_owned())
}

#[cfg(test)]
mod tests;
