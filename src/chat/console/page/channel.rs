//! A channel: posts, each with its thread, oldest first.

use super::super::identity::Viewer;
use super::super::refuse::Refusal;
use super::super::{HOME, State as Shared, api, draw, form, limits};
use super::shell::{Shell, names, short};
use crate::store::Message;
use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::{Html, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// The front door leads to the channel that is always there.
pub(crate) async fn home() -> Response {
    form::see_other(&format!("/c/{HOME}"))
}

/// The page of a channel.
pub(crate) async fn show(
    State(state): State<Arc<Shared>>,
    Extension(viewer): Extension<Viewer>,
    Path(name): Path<String>,
) -> Result<Html<String>, Refusal> {
    let channel = known(&state, &name).await?;
    let feed = feed(&state, &channel, None, limits::MESSAGES).await?;
    let title = format!("#{}", short(&channel));
    let main = html! {
        div class="channel-head" {
            h1 { (title) }
            button type="button" class="button small" data-to-board hidden { "Go to the board" }
        }
        div class="feed" data-feed { (feed) }
    };
    let shell =
        Shell { title: &title, kind: "channel", channel: Some(&channel), deployment: None, viewer: &viewer, main };
    Ok(shell.page(&state).await)
}

#[derive(Deserialize)]
pub(crate) struct Part {
    before: Option<i64>,
    limit: Option<usize>,
}

/// Part of a channel: what came before what a page has, or the newest again.
pub(crate) async fn fragment(
    State(state): State<Arc<Shared>>,
    Path(name): Path<String>,
    Query(part): Query<Part>,
) -> Result<Html<String>, Refusal> {
    let channel = known(&state, &name).await?;
    let limit = part.limit.unwrap_or(limits::MESSAGES).clamp(1, limits::MESSAGES_MOST);
    Ok(Html(feed(&state, &channel, part.before, limit).await?.into_string()))
}

async fn known(state: &Shared, name: &str) -> Result<String, Refusal> {
    let channel = api::channel(name).map_err(|_| unknown(name))?;
    if names(state).await.iter().any(|n| n == short(&channel)) { Ok(channel) } else { Err(unknown(name)) }
}

fn unknown(name: &str) -> Refusal {
    let name: String = name.chars().take(40).collect();
    Refusal::not_found(format!("There is no channel “{name}” here. Channels are named in the configuration."))
}

/// A post with what was said in its thread.
struct Post {
    root: Message,
    replies: Vec<Message>,
}

async fn feed(state: &Shared, channel: &str, before: Option<i64>, limit: usize) -> Result<Markup, Refusal> {
    let messages = state.desk.messages(channel, before, limit).await.map_err(Refusal::not_now)?;
    let older = messages.first().filter(|_| messages.len() >= limit).map(|m| m.id);
    let posts = posts(state, messages).await?;
    Ok(html! {
        @if let Some(id) = older {
            button type="button" class="button small older" data-older=(id) data-key="older" { "Show older posts" }
        }
        @if posts.is_empty() && before.is_none() { (nothing_yet()) }
        @for post in &posts { (post_shell(&post.root, &post.replies)) }
    })
}

/// Puts replies to their posts; a post older than this part is fetched, so that no reply stands alone.
async fn posts(state: &Shared, messages: Vec<Message>) -> Result<Vec<Post>, Refusal> {
    let (roots, replies): (Vec<_>, Vec<_>) = messages.into_iter().partition(|m| m.thread.is_none());
    let mut posts: Vec<Post> = roots.into_iter().map(|root| Post { root, replies: Vec::new() }).collect();
    for reply in replies {
        let thread = reply.thread.clone().unwrap_or_default();
        let at = match posts.iter().position(|p| p.root.key == thread) {
            Some(at) => Some(at),
            None => state.desk.message(&thread).await.map_err(Refusal::not_now)?.map(|root| {
                posts.push(Post { root, replies: Vec::new() });
                posts.len() - 1
            }),
        };
        match at.and_then(|at| posts.get_mut(at)) {
            Some(post) => post.replies.push(reply),
            None => posts.push(Post { root: reply, replies: Vec::new() }),
        }
    }
    posts.sort_by_key(|p| p.root.id);
    Ok(posts)
}

/// A post with its thread, which may still be empty.
pub(crate) fn post_shell(root: &Message, replies: &[Message]) -> Markup {
    let n = replies.len();
    let id = format!("thread-{}", root.id);
    html! {
        div class="post" data-post=(root.key) data-key=(root.key) data-id=(root.id) data-deployment=(root.deployment) {
            (draw::message(root, 2))
            button type="button" class="button small thread-open" data-open-thread aria-expanded="false" aria-controls=(id)
                hidden[n == 0] { span { "Open the thread (" span data-thread-count { (n) } ")" } }
            section class="thread" id=(id) data-thread=(root.key) aria-label=(format!("Thread of #{}", root.deployment)) {
                div class="thread-head" {
                    h2 tabindex="-1" { "Thread · #" (root.deployment) }
                    a class="button small" href=(format!("/d/{}", root.deployment)) { "Whole checklist" }
                    button type="button" class="button small" data-close-thread aria-label="Close the thread" { "×" }
                }
                div class="thread-list" data-thread-list { @for m in replies { (draw::message(m, 3)) } }
            }
        }
    }
}

fn nothing_yet() -> Markup {
    html! {
        section class="notice empty" data-empty data-key="empty" {
            h2 { "Nothing has been deployed here yet" }
            p {
                "Rollcall walks your team through the Markdown checklist you already keep: it announces, asks, ticks, "
                "times and writes the record. Start with one line:"
            }
            div class="row" {
                button type="button" class="button primary" data-fill="/deploy start v1.2.0" { "/deploy start v1.2.0" }
                button type="button" class="button" data-fill="/deploy start v1.2.0 --rehearse" { "rehearse it first" }
                button type="button" class="button" data-fill="/deploy checklists" { "/deploy checklists" }
                button type="button" class="button" data-fill="/deploy help" { "/deploy help" }
            }
            p class="context" { "A button puts the words below; nothing is said until you press Enter." }
        }
    }
}
