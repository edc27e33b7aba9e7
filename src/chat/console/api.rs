//! What pages and the terminal say, and how they are answered.

use super::body::json;
use super::identity::{self, Viewer};
use super::refuse::Refusal;
use super::{PLATFORM, State as Shared, draw, emoji, limits};
use crate::card::Reply;
use crate::domain::command::{Person, Via};
use crate::engine::{Envelope, Input, Link};
use crate::markdown::inline;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize)]
struct Say {
    text: String,
    channel: String,
    deployment: Option<u64>,
    key: String,
}

#[derive(Deserialize)]
struct React {
    message: String,
    emoji: String,
    present: bool,
    key: String,
}

#[derive(Deserialize)]
struct Do {
    text: String,
    channel: String,
    #[serde(rename = "as")]
    name: String,
    deployment: Option<u64>,
    key: Option<String>,
}

/// What a page is answered: the reply drawn, and whether a passing word is enough to show it.
#[derive(Serialize)]
struct Answer {
    ok: bool,
    html: String,
    text: String,
    brief: bool,
    deployment: Option<u64>,
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        let brief = reply.ok && reply.card.is_none() && reply.choices.is_empty() && !reply.text.trim().contains('\n');
        let html = draw::reply(&reply).into_string();
        let text = reply.text.lines().map(|l| inline(l).to_plain()).collect::<Vec<_>>().join(" ");
        Self { ok: reply.ok, html, text, brief, deployment: reply.deployment }
    }
}

/// Words from the composer or a button.
pub(crate) async fn say(
    State(state): State<Arc<Shared>>,
    Extension(viewer): Extension<Viewer>,
    body: Body,
) -> Result<Response, Refusal> {
    let said: Say = json(body).await?;
    let by = viewer.someone()?;
    let envelope = Envelope {
        key: Some(request_key("console", &by, &said.key)?),
        by,
        via: Via::Console,
        channel: channel(&said.channel)?,
        deployment: said.deployment,
        mentioned: Vec::new(),
        input: Input::Say(words(said.text)?),
    };
    Ok(Json(Answer::from(handled(&state, envelope).await?)).into_response())
}

/// A reaction put on or taken off.
pub(crate) async fn react(
    State(state): State<Arc<Shared>>,
    Extension(viewer): Extension<Viewer>,
    body: Body,
) -> Result<Response, Refusal> {
    let reacted: React = json(body).await?;
    let by = viewer.someone()?;
    let Some(message) = state.desk.message(&reacted.message).await.map_err(Refusal::not_now)? else {
        return Err(Refusal::not_found("That message is not there any more."));
    };
    // What stands there already may be joined, and taken off whatever it is.
    if !message.reactions.iter().any(|(there, _)| *there == reacted.emoji) {
        if !emoji::is_one(&reacted.emoji) {
            return Err(Refusal::bad("That is not one emoji."));
        }
        if reacted.present && !emoji::means_something(&reacted.emoji) && message.reactions.len() >= limits::REACTIONS {
            return Err(Refusal::bad("There are as many different emoji on that message as it can show."));
        }
    }
    let envelope = Envelope {
        key: Some(request_key("console", &by, &reacted.key)?),
        by,
        via: Via::Console,
        channel: message.channel,
        deployment: Some(message.deployment),
        mentioned: Vec::new(),
        input: Input::React { message: reacted.message, emoji: reacted.emoji, present: reacted.present },
    };
    Ok(Json(Answer::from(handled(&state, envelope).await?)).into_response())
}

/// Words from the terminal. The guard has looked at its token.
pub(crate) async fn terminal(State(state): State<Arc<Shared>>, body: Body) -> Result<Json<Reply>, Refusal> {
    let said: Do = json(body).await?;
    let name = identity::name(&said.name)?;
    let by = state.desk.identify(&name);
    let envelope = Envelope {
        key: said.key.map(|key| request_key("terminal", &by, &key)).transpose()?,
        by,
        via: Via::Terminal,
        channel: channel(&said.channel)?,
        deployment: said.deployment,
        mentioned: Vec::new(),
        input: Input::Say(words(said.text)?),
    };
    Ok(Json(handled(&state, envelope).await?))
}

#[derive(Deserialize)]
pub(crate) struct Begun {
    channel: String,
    deployment: Option<u64>,
    #[serde(default)]
    text: String,
}

/// How the composer's text could go on.
pub(crate) async fn complete(
    State(state): State<Arc<Shared>>,
    Query(begun): Query<Begun>,
) -> Result<Response, Refusal> {
    if begun.text.len() > limits::BODY {
        return Err(super::body::too_large());
    }
    let found = state.desk.complete(&channel(&begun.channel)?, begun.deployment, &begun.text).await;
    Ok(Json(found).into_response())
}

/// Who the console takes the caller for; a name it cannot use is refused with why.
pub(crate) async fn me(Extension(viewer): Extension<Viewer>) -> Json<serde_json::Value> {
    let name = viewer.person().map(|p| p.name.to_string());
    Json(serde_json::json!({ "name": name, "signed_in": viewer.is_signed_in() }))
}

/// Whether requests can be served.
pub(crate) async fn ready(State(state): State<Arc<Shared>>) -> Response {
    match state.desk.healthy().await {
        // A chat that is away does not stop the rest: it is told, and the console is there.
        Ok(()) => {
            let links = state.desk.links();
            let said = links.iter().map(|(platform, link)| match link {
                Link::Up => format!("\n{platform}: connected"),
                Link::Down(why) | Link::Off(why) => format!("\n{platform}: {why}"),
            });
            format!("ready{}", said.collect::<String>()).into_response()
        }
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, why).into_response(),
    }
}

/// Through the door. On a task of its own: a browser that goes away does not stop what it asked for half way.
async fn handled(state: &Shared, envelope: Envelope) -> Result<Reply, Refusal> {
    let desk = state.desk.clone();
    tokio::spawn(async move { desk.handle(envelope).await }).await.map_err(|error| {
        tracing::error!(%error, "a request broke off inside");
        Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Something broke inside Rollcall while answering; its log says what. Send it again: nothing is done twice.",
        )
    })
}

/// The request's name, within its surface and person: nobody can be answered with somebody else's answer.
fn request_key(surface: &str, by: &Person, key: &str) -> Result<String, Refusal> {
    if !(8..=64).contains(&key.len()) || !key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        return Err(Refusal::bad("`key` must be 8 to 64 letters, digits, - or _, new for every request."));
    }
    Ok(format!("{surface}/{}/{key}", hex::encode(&identity::digest(by.id.as_bytes())[..8])))
}

fn words(text: String) -> Result<String, Refusal> {
    if text.trim().is_empty() { Err(Refusal::bad("Nothing was said. Try: /deploy help")) } else { Ok(text) }
}

/// A channel with its platform, from its name with or without it.
pub(crate) fn channel(name: &str) -> Result<String, Refusal> {
    let name = name.strip_prefix(PLATFORM).and_then(|n| n.strip_prefix(':')).unwrap_or(name);
    let fits = (1..=limits::CHANNEL).contains(&name.len())
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if fits {
        Ok(format!("{PLATFORM}:{name}"))
    } else {
        Err(Refusal::bad("A channel's name has letters, digits, - _ and . only, for instance `deployments`."))
    }
}
