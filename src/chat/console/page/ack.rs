//! The page behind the link of a mail: a question and a button. Looking at it does nothing, because programs that look
//! through mails follow links. Whoever has the link may acknowledge that page as the person it was sent to; nobody needs
//! to be signed in.

use super::super::refuse::Refusal;
use super::super::{State as Shared, identity};
use super::shell;
use crate::card::PageFacts;
use crate::domain::command::{Person, Via};
use crate::domain::paging::{PageState, Urgency};
use crate::engine::{Envelope, Input};
use crate::link::Grant;
use crate::markdown;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// What the page's own button sends along.
#[derive(Deserialize)]
pub(crate) struct Press {
    /// Names this press: pressed twice, it is one.
    once: Option<String>,
}

/// Asks.
pub(crate) async fn show(State(state): State<Arc<Shared>>, Path(token): Path<String>) -> Result<Response, Refusal> {
    let (grant, person) = granted(&state, &token)?;
    let about = match grant.deployment {
        0 => "This is a test of whether you can be reached. Nothing is the matter.".to_owned(),
        id => match state.desk.page(id).await.map_err(Refusal::not_now)? {
            Some(page) => {
                let s = page.summary;
                format!("#{id} {} {} → {}, page {}", s.service, s.version, s.environment, grant.page)
            }
            None => return Err(Refusal::not_found(format!("There is no deployment #{id} any more."))),
        },
    };
    let mut once = [0_u8; 12];
    getrandom::fill(&mut once).map_err(|_| Refusal::not_now("The machine gives no random numbers."))?;
    let action = format!("?once={}", hex::encode(once));
    Ok(Html(
        shell::bare(
            "Acknowledge",
            notice(html! {
                h1 { "Acknowledge this page?" }
                p { (about) }
                p { "You have it then, as " strong { (person.name) } ", and nobody else is called." }
                form method="post" action=(action) { button type="submit" class="button primary" { "Acknowledge" } }
            }),
        )
        .into_string(),
    )
    .into_response())
}

/// Acknowledges.
pub(crate) async fn press(
    State(state): State<Arc<Shared>>,
    Path(token): Path<String>,
    Query(press): Query<Press>,
) -> Result<Response, Refusal> {
    let (grant, person) = granted(&state, &token)?;
    let once =
        press.once.filter(|once| (8..=64).contains(&once.len()) && once.bytes().all(|b| b.is_ascii_alphanumeric()));
    let once = once.ok_or_else(|| Refusal::bad("Open the link again and press its button. Nothing was done."))?;
    let seal = hex::encode(&identity::digest(token.as_bytes())[..8]);
    let facts = PageFacts {
        deployment: grant.deployment,
        page: grant.page,
        state: PageState::Open,
        climb: 1,
        past: false,
        urgency: Urgency::High,
        summary: String::new(),
        to: None,
    };
    let reply = state
        .desk
        .handle(Envelope {
            key: Some(format!("link/{seal}/{once}")),
            by: person,
            via: Via::Pager,
            channel: "link:".into(),
            deployment: (grant.deployment > 0).then_some(grant.deployment),
            mentioned: Vec::new(),
            input: Input::Say(facts.words("ack")),
        })
        .await;
    let said: Vec<String> = reply.text.lines().map(|line| markdown::inline(line).to_plain()).collect();
    if !reply.ok {
        return Err(Refusal::new(StatusCode::CONFLICT, said.join(" ")));
    }
    let main = notice(html! {
        h1 { "Acknowledged" }
        @for line in said.iter().filter(|line| !line.is_empty()) { p { (line) } }
        @if grant.deployment > 0 {
            p class="row" { a class="button" href=(format!("/d/{}", grant.deployment)) { "See the deployment" } }
        }
    });
    Ok(Html(shell::bare("Acknowledged", main).into_string()).into_response())
}

/// What the link may do, and as whom.
fn granted(state: &Shared, token: &str) -> Result<(Grant, Person), Refusal> {
    let grant = state.settings.links.as_ref().and_then(|links| links.read(token)).ok_or_else(|| {
        Refusal::not_found(
            "This link is none that Rollcall made, or was cut short. Acknowledge in the chat or the console: \
             /deploy ack.",
        )
    })?;
    let person = state.desk.identify(&grant.person);
    Ok((grant, person))
}

fn notice(inner: Markup) -> Markup {
    html! { section class="notice" { (inner) } }
}
