//! What people do reaches the bot: over a link, or as a signed request; and comes again where Slack sends it again.

use super::{SIGNING_SECRET, Slack};
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use hmac::{Hmac, KeyInit as _, Mac as _};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use sha2::Sha256;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// What became of something that was sent to the bot.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// Within the time Slack gives.
    pub acknowledged: bool,
    pub took: Duration,
    /// What the acknowledgement carried; null where it carried nothing.
    pub payload: Value,
    /// Attempts beyond the first.
    pub again: usize,
}

/// What is sent, by the name Socket Mode has for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Command,
    Interaction,
    Event,
}

impl Kind {
    fn envelope(self) -> &'static str {
        match self {
            Self::Command => "slash_commands",
            Self::Interaction => "interactive",
            Self::Event => "events_api",
        }
    }
}

impl Slack {
    /// Sends it, and events again while nobody acknowledges them.
    pub async fn deliver(&self, kind: Kind, payload: &Value) -> Delivered {
        let began = Instant::now();
        let again: &[Duration] = if kind == Kind::Event { &self.settings.again_after } else { &[] };
        let mut attempt = 0;
        loop {
            let request_url = *self.request_url.lock().unwrap();
            let answer = match request_url {
                Some(address) => self.over_http(address, kind, payload, attempt).await,
                None => self.over_socket(kind.envelope(), payload, attempt).await,
            };
            let took = began.elapsed();
            match (answer, again.get(attempt)) {
                (Some(payload), _) => return Delivered { acknowledged: true, took, payload, again: attempt },
                (None, None) => {
                    return Delivered { acknowledged: false, took, payload: Value::Null, again: attempt };
                }
                (None, Some(pause)) => tokio::time::sleep(*pause).await,
            }
            attempt += 1;
        }
    }

    /// A signed request. The answer's body as JSON, if a good one came in time.
    async fn over_http(&self, address: SocketAddr, kind: Kind, payload: &Value, attempt: usize) -> Option<Value> {
        let (kind, body) = body(kind, payload);
        let mut request = signed(address, kind, body, now());
        if attempt > 0 {
            request.headers_mut().insert("x-slack-retry-num", attempt.into());
            request.headers_mut().insert("x-slack-retry-reason", header::HeaderValue::from_static("http_timeout"));
        }
        let answer = tokio::time::timeout(self.settings.patience, send(address, request)).await;
        let (status, body) = answer.ok()??;
        if !(200..300).contains(&status) {
            return None;
        }
        Some(serde_json::from_slice(&body).unwrap_or(Value::Null))
    }
}

/// Content type and body, as Slack writes them.
pub fn body(kind: Kind, payload: &Value) -> (&'static str, String) {
    const FORM: &str = "application/x-www-form-urlencoded";
    match kind {
        Kind::Event => ("application/json", payload.to_string()),
        Kind::Interaction => (FORM, format!("payload={}", escaped(&payload.to_string()))),
        Kind::Command => {
            let pairs = payload.as_object().into_iter().flatten();
            let pairs = pairs.map(|(n, v)| {
                format!("{n}={}", escaped(v.as_str().map_or_else(|| v.to_string(), str::to_owned).as_str()))
            });
            (FORM, pairs.collect::<Vec<_>>().join("&"))
        }
    }
}

fn escaped(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

pub fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

/// `v0=…` over the time and the body.
pub fn signature(at: u64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SIGNING_SECRET.as_bytes()).unwrap();
    mac.update(format!("v0:{at}:").as_bytes());
    mac.update(body.as_bytes());
    format!("v0={}", hex::encode(mac.finalize().into_bytes()))
}

/// A request as Slack signs it.
pub fn signed(address: SocketAddr, kind: &str, body: String, at: u64) -> Request<Body> {
    Request::post("/slack/events")
        .header(header::HOST, address.to_string())
        .header(header::CONTENT_TYPE, kind)
        .header(header::CONTENT_LENGTH, body.len())
        .header(header::USER_AGENT, "Slackbot 1.0 (+https://api.slack.com/robots)")
        .header("x-slack-request-timestamp", at)
        .header("x-slack-signature", signature(at, &body))
        .body(Body::from(body))
        .unwrap()
}

/// Sends a request on a connection of its own: the answer's status and body.
pub async fn send(address: SocketAddr, request: Request<Body>) -> Option<(u16, Vec<u8>)> {
    let stream = TcpStream::connect(address).await.ok()?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request).await.ok()?;
    let status = answer.status().as_u16();
    let body = to_bytes(Body::new(answer.into_body()), 8 << 20).await.ok()?;
    connection.abort();
    Some((status, body.to_vec()))
}
