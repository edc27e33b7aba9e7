//! What pages hear: every change, as Server-Sent Events, drawn once for all who listen.

use super::page::channel::post_shell;
use super::refuse::Refusal;
use super::{State as Shared, api, draw, limits};
use crate::engine::Notice;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};
use tokio_stream::wrappers::ReceiverStream;

/// A change, ready to be sent.
#[derive(Clone, Debug)]
enum Change {
    Message {
        channel: Arc<str>,
        data: Arc<str>,
    },
    Deployment(u64),
    /// Something was missed: read anew.
    Resync,
}

/// Draws each change once and hands it to every stream. Runs from the first stream on.
#[derive(Default)]
pub(crate) struct Relay(OnceLock<broadcast::Sender<Change>>);

impl Relay {
    fn subscribe(&self, state: &Arc<Shared>) -> broadcast::Receiver<Change> {
        let sender = self.0.get_or_init(|| {
            let sender = broadcast::channel(limits::BEHIND).0;
            tokio::spawn(relay(state.desk.subscribe(), sender.clone(), state.closing.subscribe()));
            sender
        });
        sender.subscribe()
    }
}

async fn relay(
    mut notices: broadcast::Receiver<Notice>,
    changes: broadcast::Sender<Change>,
    mut closing: tokio::sync::watch::Receiver<bool>,
) {
    loop {
        let notice = tokio::select! {
            notice = notices.recv() => notice,
            _ = closing.wait_for(|closed| *closed) => return,
        };
        let change = match notice {
            Ok(_) if changes.receiver_count() == 0 => continue,
            Ok(Notice::Undelivered { .. } | Notice::Link(_)) => continue,
            Ok(Notice::Deployment(id)) => Change::Deployment(id),
            Ok(Notice::Message(m)) => {
                let html = match m.thread {
                    Some(_) => draw::message(&m, 3),
                    None => post_shell(&m, &[]),
                };
                let data = serde_json::json!({
                    "key": m.key, "id": m.id, "thread": m.thread, "deployment": m.deployment,
                    "html": html.into_string(), "says": m.card.title.to_plain(), "edited": m.edited_at.is_some(),
                });
                Change::Message { channel: m.channel.into(), data: data.to_string().into() }
            }
            Err(RecvError::Lagged(missed)) => {
                tracing::debug!(missed, "the console's relay fell behind");
                Change::Resync
            }
            Err(RecvError::Closed) => return,
        };
        // Nobody listening is fine.
        let _ = changes.send(change);
    }
}

/// What a stream is about. Both left out: deployments only, all of them.
#[derive(Deserialize)]
pub(crate) struct About {
    channel: Option<String>,
    deployment: Option<u64>,
}

/// A live stream.
pub(crate) async fn events(State(state): State<Arc<Shared>>, Query(about): Query<About>) -> Result<Response, Response> {
    let channel = about.channel.as_deref().map(api::channel).transpose().map_err(IntoResponse::into_response)?;
    let Ok(place) = state.streams.clone().try_acquire_owned() else {
        let mut full = Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            format!(
                "{} pages are listening already, which is as many as the console serves. Close some, or reload by hand.",
                limits::STREAMS
            ),
        )
        .into_response();
        full.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("30"));
        return Err(full);
    };
    let mut changes = state.relay.subscribe(&state);
    let mut closing = state.closing.subscribe();
    let (sender, receiver) = mpsc::channel::<Result<Event, Infallible>>(16);
    tokio::spawn(async move {
        let _place = place;
        if sender.send(Ok(Event::default().event("hello").data("{}").retry(RETRY))).await.is_err() {
            return;
        }
        let end = tokio::time::sleep(limits::STREAM);
        tokio::pin!(end);
        loop {
            let change = tokio::select! {
                change = changes.recv() => change,
                _ = closing.wait_for(|closed| *closed) => return,
                () = sender.closed() => return,
                () = &mut end => return,
            };
            let event = match change {
                Ok(Change::Message { channel: at, data }) if channel.as_deref() == Some(&*at) => {
                    Event::default().event("message").data(&*data)
                }
                Ok(Change::Deployment(id)) if about.deployment.is_none_or(|wanted| wanted == id) => {
                    Event::default().event("deployment").data(id.to_string())
                }
                Ok(Change::Resync) | Err(RecvError::Lagged(_)) => Event::default().event("resync").data("{}"),
                Ok(_) => continue,
                Err(RecvError::Closed) => return,
            };
            if sender.send(Ok(event)).await.is_err() {
                return;
            }
        }
    });
    let keep_alive = KeepAlive::new().interval(limits::KEEP_ALIVE).text("still here");
    let mut response = Sse::new(ReceiverStream::new(receiver)).keep_alive(keep_alive).into_response();
    // Proxies must pass events on as they come.
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

const RETRY: std::time::Duration = std::time::Duration::from_secs(1);
