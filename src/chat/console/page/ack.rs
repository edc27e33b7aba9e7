//! The page behind the link of a mail: a question and a button, or who has the page by now. Looking at it does nothing,
//! because programs that look through mails follow links. Whoever has the link may acknowledge that page as the person it
//! was sent to; nobody needs to be signed in.

use super::super::refuse::Refusal;
use super::super::{State as Shared, identity};
use super::shell;
use crate::card::PageFacts;
use crate::domain::command::{Person, Via};
use crate::domain::paging::{PageState, Urgency};
use crate::engine::{CalledPage, Envelope, Input};
use crate::link::Grant;
use crate::markdown;
use crate::words::link as words;
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

/// Asks, or says who has it.
pub(crate) async fn show(State(state): State<Arc<Shared>>, Path(token): Path<String>) -> Result<Response, Refusal> {
    let (grant, person) = granted(&state, &token)?;
    let (about, matter) = match grant.deployment {
        0 => (words::TEST.to_owned(), None),
        id => {
            let page = state.desk.page(id).await.map_err(Refusal::not_now)?;
            let page = page.ok_or_else(|| Refusal::not_found(words::no_deployment(id)))?;
            let called = page.pages.iter().find(|called| called.number == grant.page);
            let called = called.ok_or_else(|| Refusal::not_found(words::no_page(id, grant.page)))?;
            let s = &page.summary;
            let about = words::about(id, &s.service, &s.version, &s.environment, grant.page);
            if let Some((title, said)) = settled(called) {
                let main = notice(html! {
                    h1 { (title) }
                    p { strong { (called.message) } }
                    p { (about) }
                    p { (said) }
                    (see(id))
                });
                return Ok(Html(shell::bare(&title, main).into_string()).into_response());
            }
            (about, Some(called.message.clone()))
        }
    };
    let mut once = [0_u8; 12];
    getrandom::fill(&mut once).map_err(|_| Refusal::not_now("The machine gives no random numbers."))?;
    let action = format!("?once={}", hex::encode(once));
    let main = notice(html! {
        h1 { (words::ASK) }
        @if let Some(matter) = &matter { p { strong { (matter) } } }
        p { (about) }
        @if matter.is_some() { p { (words::THEN) strong { (person.name) } "." } }
        form method="post" action=(action) { button type="submit" class="button primary" { (words::ACKNOWLEDGE) } }
    });
    Ok(Html(shell::bare(words::ACKNOWLEDGE, main).into_string()).into_response())
}

/// What is said of a page that waits for nobody, where a button would do nothing.
fn settled(page: &CalledPage) -> Option<(String, String)> {
    match page.state {
        PageState::Open => None,
        PageState::Acknowledged => Some(words::taken(page.has.as_deref(), page.has_since)),
        PageState::Resolved => {
            Some(words::resolved(page.resolved_by.as_deref(), page.resolved_at, page.has.as_deref()))
        }
    }
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
    let once = once.ok_or_else(|| Refusal::bad(words::PRESS_ANEW))?;
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
        let main = notice(html! { h1 { (words::NOTHING) } p { (said.join(" ")) } });
        let page = Html(shell::bare(words::NOTHING, main).into_string());
        return Ok((StatusCode::CONFLICT, page).into_response());
    }
    let main = notice(html! {
        h1 { (words::ACKNOWLEDGED) }
        @for line in said.iter().filter(|line| !line.is_empty()) { p { (line) } }
        @if grant.deployment > 0 { (see(grant.deployment)) }
    });
    Ok(Html(shell::bare(words::ACKNOWLEDGED, main).into_string()).into_response())
}

/// What the link may do, and as whom.
fn granted(state: &Shared, token: &str) -> Result<(Grant, Person), Refusal> {
    let grant = state
        .settings
        .links
        .as_ref()
        .and_then(|links| links.read(token))
        .ok_or_else(|| Refusal::not_found(words::NO_LINK))?;
    let person = state.desk.identify(&grant.person);
    Ok((grant, person))
}

fn see(id: u64) -> Markup {
    html! { p class="row" { a class="button" href=(format!("/d/{id}")) { (words::SEE) } } }
}

fn notice(inner: Markup) -> Markup {
    html! { section class="notice" { (inner) } }
}
