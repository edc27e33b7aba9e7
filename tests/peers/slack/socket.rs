//! Socket Mode: links that carry envelopes one way and acknowledgements the other.

use super::Slack;
use super::world::APP;
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Message as Frame, Role};

/// What a link is told to do.
enum Order {
    Send(String),
    /// The handshake's way: a close frame.
    Close,
    /// The cable is pulled.
    Cut,
    /// Half open: nothing is read or answered any more, and nobody says so.
    Freeze(Duration),
}

/// Open links and what waits for an acknowledgement.
#[derive(Default)]
pub struct Links {
    tickets: BTreeSet<String>,
    open: BTreeMap<u64, mpsc::UnboundedSender<Order>>,
    waiting: BTreeMap<String, oneshot::Sender<Value>>,
    /// Acknowledgements that get lost.
    pub swallow: u32,
    next: u64,
    turn: u64,
    /// Links that were ever open.
    pub ever: u64,
}

impl Slack {
    /// A ticket for one link.
    pub(crate) fn new_link(&self) -> String {
        let mut links = self.links.lock().unwrap();
        links.next += 1;
        let ticket = format!("ticket-{}", links.next);
        links.tickets.insert(ticket.clone());
        format!("ws://{}/link?ticket={ticket}&app_id={APP}", self.address)
    }

    /// How many links are open, as far as this end knows.
    pub fn open_links(&self) -> usize {
        self.links.lock().unwrap().open.len()
    }

    fn order(&self, order: impl Fn() -> Order) {
        let links = self.links.lock().unwrap();
        links.open.values().for_each(|link| _ = link.send(order()));
    }

    /// Tells the bot to come anew, as Slack does every few hours, and closes the link soon after.
    pub fn disconnect(&self, reason: &str) {
        let frame = json!({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-1"}}).to_string();
        self.order(|| Order::Send(frame.clone()));
        let slack = self.clone();
        let links: Vec<_> = self.links.lock().unwrap().open.keys().copied().collect();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let all = slack.links.lock().unwrap();
            for link in links.iter().filter_map(|id| all.open.get(id)) {
                _ = link.send(Order::Close);
            }
        });
    }

    /// Cuts all links.
    pub fn cut(&self) {
        self.order(|| Order::Cut);
    }

    /// Leaves all links half open for so long, then cuts them.
    pub fn freeze(&self, spell: Duration) {
        self.order(|| Order::Freeze(spell));
    }

    /// So many acknowledgements get lost.
    pub fn swallow(&self, count: u32) {
        self.links.lock().unwrap().swallow += count;
    }

    /// Sends one envelope over one of the links; the acknowledgement's payload, if it came in time.
    pub(crate) async fn over_socket(&self, kind: &str, payload: &Value, attempt: usize) -> Option<Value> {
        let patience = self.settings.patience;
        let envelope = self.world().name("envelope-");
        let mut frame = json!({"envelope_id": envelope, "payload": payload, "type": kind,
                               "accepts_response_payload": kind != "events_api"});
        if kind == "events_api" {
            frame["retry_attempt"] = attempt.into();
            frame["retry_reason"] = if attempt == 0 { "" } else { "timeout" }.into();
        }
        let (answer, answered) = oneshot::channel();
        {
            let mut links = self.links.lock().unwrap();
            links.turn += 1;
            let count = links.open.len().max(1) as u64;
            let place = usize::try_from(links.turn % count).unwrap_or(0);
            let link = links.open.values().nth(place)?.clone();
            links.waiting.insert(envelope.clone(), answer);
            link.send(Order::Send(frame.to_string())).ok()?;
        }
        let answered = tokio::time::timeout(patience, answered).await;
        self.links.lock().unwrap().waiting.remove(&envelope);
        answered.ok()?.ok()
    }

    fn acknowledged(&self, text: &str) {
        let Ok(frame) = serde_json::from_str::<Value>(text) else {
            return self.world().violate("a frame that is no JSON".into());
        };
        let mut links = self.links.lock().unwrap();
        let Some(envelope) = frame["envelope_id"].as_str() else { return };
        if links.swallow > 0 {
            links.swallow -= 1;
            return;
        }
        if let Some(waiting) = links.waiting.remove(envelope) {
            _ = waiting.send(frame["payload"].clone());
        }
    }
}

/// Answers the upgrade, and serves the link from then on.
pub fn upgrade(slack: Slack, mut request: Request<Incoming>) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    let query = super::server::form(request.uri().query().unwrap_or_default());
    let ticket = query.get("ticket").cloned().unwrap_or_default();
    let key = request.headers().get(header::SEC_WEBSOCKET_KEY).cloned();
    let good = slack.links.lock().unwrap().tickets.remove(&ticket);
    let (Some(key), true) = (key, good) else {
        *response.status_mut() = StatusCode::FORBIDDEN;
        return response;
    };
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = derive_accept_key(key.as_bytes()).parse() {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let Ok(upgraded) = upgraded.await else { return };
        let stream = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
        link(slack, stream).await;
    });
    response
}

async fn link(slack: Slack, mut stream: WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>) {
    let (orders, mut ordered) = mpsc::unbounded_channel();
    let (id, count) = {
        let mut links = slack.links.lock().unwrap();
        links.next += 1;
        links.ever += 1;
        let id = links.next;
        (id, links.open.len() + 1)
    };
    let hello = json!({"type": "hello", "num_connections": count, "connection_info": {"app_id": APP},
                       "debug_info": {"host": "applink-1", "build_number": 1, "approximate_connection_time": 18_060}});
    if stream.send(Frame::text(hello.to_string())).await.is_err() {
        return;
    }
    slack.links.lock().unwrap().open.insert(id, orders);
    slack.touch();
    let mut ping = tokio::time::interval(Duration::from_secs(5));
    loop {
        tokio::select! {
            order = ordered.recv() => {
                let sent = match order {
                    Some(Order::Send(text)) => stream.send(Frame::text(text)).await,
                    Some(Order::Close) => stream.close(None).await,
                    Some(Order::Freeze(spell)) => {
                        tokio::time::sleep(spell).await;
                        break;
                    }
                    Some(Order::Cut) | None => break,
                };
                if sent.is_err() {
                    break;
                }
            }
            frame = stream.next() => match frame {
                Some(Ok(Frame::Text(text))) => slack.acknowledged(&text),
                Some(Ok(Frame::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
            _ = ping.tick() => if stream.send(Frame::Ping("ping".into())).await.is_err() {
                break;
            },
        }
    }
    slack.links.lock().unwrap().open.remove(&id);
    slack.touch();
}

impl Links {
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}
