//! All deployments: those under way, and those past, a page at a time.

use super::super::identity::Viewer;
use super::super::refuse::Refusal;
use super::super::text::time;
use super::super::{HOME, Listing, PLATFORM, State as Shared, draw};
use super::shell::Shell;
use crate::store::Summary;
use axum::Extension;
use axum::extract::{Query, State};
use axum::response::Html;
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Deserialize)]
pub(crate) struct Place {
    before: Option<u64>,
}

/// The page.
pub(crate) async fn show(
    State(state): State<Arc<Shared>>,
    Extension(viewer): Extension<Viewer>,
    Query(place): Query<Place>,
) -> Result<Html<String>, Refusal> {
    let listing = state.desk.list(place.before).await.map_err(Refusal::not_now)?;
    let address = match place.before {
        Some(id) => format!("/deployments/fragment?before={id}"),
        None => "/deployments/fragment".into(),
    };
    let main = html! { div data-fragment=(address) { (body(&listing, place.before)) } };
    let channel = format!("{PLATFORM}:{HOME}");
    let shell =
        Shell { title: "Deployments", kind: "list", channel: Some(&channel), deployment: None, viewer: &viewer, main };
    Ok(shell.page(&state).await)
}

/// The page's changing part.
pub(crate) async fn fragment(
    State(state): State<Arc<Shared>>,
    Query(place): Query<Place>,
) -> Result<Html<String>, Refusal> {
    let listing = state.desk.list(place.before).await.map_err(Refusal::not_now)?;
    Ok(Html(body(&listing, place.before).into_string()))
}

fn body(listing: &Listing, before: Option<u64>) -> Markup {
    html! {
        h1 { "Deployments" }
        @if before.is_none() {
            section aria-labelledby="active-title" data-key="active" {
                h2 id="active-title" { "Under way and waiting" }
                @if listing.active.is_empty() {
                    div class="notice empty" {
                        p { "Nothing is under way. One line starts a deployment:" }
                        p class="row" { button type="button" class="button primary" data-fill="/deploy start v1.2.0" { "/deploy start v1.2.0" } }
                    }
                }
                (rows(&listing.active))
            }
        }
        section aria-labelledby="past-title" data-key="past" {
            h2 id="past-title" { "Past" }
            @if listing.past.is_empty() { p class="context" { "None yet. Finished deployments stay here with their record." } }
            (rows(&listing.past))
            p class="row" {
                @if before.is_some() { a class="button small" href="/deployments" { "Newest" } }
                @if let Some(last) = listing.past.last() {
                    a class="button small" rel="next" href=(format!("/deployments?before={}", last.id)) { "Older" }
                }
            }
        }
    }
}

fn rows(deployments: &[Summary]) -> Markup {
    html! {
        @if !deployments.is_empty() {
            ul class="deployments" role="list" {
                @for d in deployments {
                    li data-key=(d.id) data-deployment=(d.id) {
                        a class="deployment" href=(format!("/d/{}", d.id)) {
                            span class="soft num" { "#" (d.id) }
                            strong { (d.version) }
                            span class="words" { (d.title) " · " (d.service) " · " (d.environment) }
                            @if d.rehearsal { span class="tag rehearsal" { "REHEARSAL" } }
                            (draw::status(d.status))
                        }
                        span class="context" {
                            (d.deployer) ", " (time(d.started_at.unwrap_or(d.opened_at)))
                            @if let (Some(start), Some(end)) = (d.started_at, d.ended_at) {
                                " · took " (crate::domain::time::span(end.since_ms(start)))
                            }
                        }
                    }
                }
            }
        }
    }
}
