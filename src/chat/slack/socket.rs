//! Socket Mode: Slack's payloads over a WebSocket that we open.
//!
//! Each envelope is worked on by itself and acknowledged when it may be, so that many can be committed together.
//! A link that has gone quiet is given up; a new one is asked for with growing, jittered pauses; and where Slack
//! announces that it will close one, the next is opened before the old is let go.

use super::api::Failure;
use super::desk::{self, Payload};
use super::{Backoff, Slack};
use crate::engine::Link;
use crate::words::slack as words;
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Until a link stands, and until Slack has said hello on it.
const CONNECT: Duration = Duration::from_secs(10);
/// Between our pings; and how long a link may be silent before it is given up.
const PING: Duration = Duration::from_secs(5);
const SILENT: Duration = Duration::from_secs(12);
/// Until something written is taken.
const WRITE: Duration = Duration::from_secs(5);
/// How long a link that Slack is about to close is still listened to.
const LINGER: Duration = Duration::from_secs(20);
/// Bytes of an envelope.
const LARGEST: usize = 4 << 20;
/// Envelopes worked on at a time; more wait in the socket.
const TOGETHER: usize = 256;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Keeps a link to Slack for ever.
pub(super) async fn run(slack: &Arc<Slack>) {
    let mut pause = Backoff::default();
    loop {
        let ended = match connect(slack).await {
            Ok(socket) => {
                let mut link = Session::new(slack.clone(), socket);
                let ended = link.listen().await;
                if link.greeted {
                    pause = Backoff::default();
                }
                if ended == Ended::Refresh {
                    // Slack will close it soon; what still comes over it is taken.
                    tokio::spawn(async move { timeout(LINGER, link.listen()).await });
                    continue;
                }
                ended
            }
            Err(failure) => Ended::Lost(failure),
        };
        let failure = match ended {
            Ended::Refresh => continue,
            Ended::Lost(failure) => failure,
        };
        slack.link(failure.link());
        tokio::time::sleep(pause.next(&failure)).await;
    }
}

/// How a link ended.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    /// Slack asks for a new one.
    Refresh,
    Lost(Failure),
}

fn lost(why: &str) -> Ended {
    Ended::Lost(Failure::Later { after_ms: 0, why: why.into() })
}

async fn connect(slack: &Slack) -> Result<Socket, Failure> {
    let url = slack.api.socket().await?;
    let config = WebSocketConfig::default().max_message_size(Some(LARGEST)).max_frame_size(Some(LARGEST));
    let opened = tokio_tungstenite::connect_async_with_config(url, Some(config), true);
    match timeout(CONNECT, opened).await {
        Ok(Ok((socket, _))) => Ok(socket),
        _ => Err(Failure::Later { after_ms: 0, why: words::NO_SOCKET.into() }),
    }
}

/// What frames an envelope.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Frame {
    #[serde(rename = "type")]
    kind: Value,
    envelope_id: Value,
    payload: Option<Box<RawValue>>,
    reason: Value,
}

struct Session {
    slack: Arc<Slack>,
    socket: Socket,
    acks: (mpsc::Sender<String>, mpsc::Receiver<String>),
    places: Arc<Semaphore>,
    greeted: bool,
    refreshing: bool,
    heard: Instant,
}

impl Session {
    fn new(slack: Arc<Slack>, socket: Socket) -> Self {
        let places = Arc::new(Semaphore::new(TOGETHER));
        let acks = mpsc::channel(TOGETHER);
        Self { slack, socket, acks, places, greeted: false, refreshing: false, heard: Instant::now() }
    }

    /// Listens until the link ends.
    async fn listen(&mut self) -> Ended {
        let mut pings = tokio::time::interval(PING);
        loop {
            let free = self.places.available_permits() > 0;
            let frame = tokio::select! {
                Some(ack) = self.acks.1.recv() => {
                    if !self.write(Message::text(ack)).await {
                        return lost(words::LINK_LOST);
                    }
                    continue;
                }
                _ = pings.tick() => {
                    let quiet = self.heard.elapsed();
                    if quiet > SILENT || !self.greeted && quiet > CONNECT || !self.write(Message::Ping(Vec::new().into())).await {
                        return lost(words::LINK_SILENT);
                    }
                    continue;
                }
                frame = self.socket.next(), if free => frame,
            };
            self.heard = Instant::now();
            match frame {
                Some(Ok(Message::Text(text))) => {
                    if let Some(ended) = self.take(&text) {
                        return ended;
                    }
                }
                Some(Ok(Message::Close(_))) | None => return lost(words::LINK_CLOSED),
                Some(Ok(_)) => {}
                Some(Err(_)) => return lost(words::LINK_LOST),
            }
        }
    }

    async fn write(&mut self, message: Message) -> bool {
        matches!(timeout(WRITE, self.socket.send(message)).await, Ok(Ok(())))
    }

    fn take(&mut self, text: &str) -> Option<Ended> {
        let Ok(frame) = serde_json::from_str::<Frame>(text) else {
            tracing::info!("Slack sent a frame that is no JSON");
            return None;
        };
        let payload = frame.payload.map(|p| String::from(p.get())).unwrap_or_default();
        let payload = match frame.kind.as_str().unwrap_or_default() {
            "hello" => {
                self.greeted = true;
                self.slack.link(Link::Up);
                // What people did meanwhile nobody heard.
                self.slack.missed.notify_one();
                return None;
            }
            "disconnect" if frame.reason == "link_disabled" => {
                return Some(Ended::Lost(Failure::No { code: "link_disabled".into(), needed: None }));
            }
            "disconnect" if self.refreshing => return None,
            "disconnect" => {
                self.refreshing = true;
                return Some(Ended::Refresh);
            }
            "slash_commands" => Some(Payload::Command(payload)),
            "interactive" => Some(Payload::Interaction(payload)),
            "events_api" => Some(Payload::Event(payload)),
            _ => None,
        };
        let envelope = frame.envelope_id.as_str().map(str::to_owned);
        let Some(payload) = payload else {
            // Acknowledged all the same: it would not mean more when delivered again.
            if let Some(id) = envelope {
                _ = self.acks.0.try_send(json!({ "envelope_id": id }).to_string());
            }
            return None;
        };
        let acknowledged = desk::take(&self.slack, payload);
        let (acks, places) = (self.acks.0.clone(), self.places.clone());
        let place = places.try_acquire_owned();
        tokio::spawn(async move {
            let body = acknowledged.await;
            if let Some(id) = envelope {
                let mut ack = json!({ "envelope_id": id });
                if let Some(body) = body {
                    ack["payload"] = body;
                }
                _ = acks.send(ack.to_string()).await;
            }
            drop(place);
        });
        None
    }
}
