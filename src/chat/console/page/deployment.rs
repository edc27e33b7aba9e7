//! A deployment's page: the whole checklist, who is on it, and what happened.

use super::super::identity::Viewer;
use super::super::refuse::Refusal;
use super::super::text::{rich, time};
use super::super::{PLATFORM, RecordFormat, State as Shared, draw};
use super::shell::{Shell, short};
use crate::domain::command::Via;
use crate::domain::judge::Verdict;
use crate::engine::{Page, PageField, PageSection, TimelineLine};
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};
use std::sync::Arc;

/// The page.
pub(crate) async fn show(
    State(state): State<Arc<Shared>>,
    Extension(viewer): Extension<Viewer>,
    Path(id): Path<String>,
) -> Result<Html<String>, Refusal> {
    let page = find(&state, &id).await?;
    let s = &page.summary;
    let title = format!("#{} {} {}", s.id, s.version, s.title);
    let main = html! { div class="deployment-body" data-fragment=(format!("/d/{}/fragment", s.id)) { (body(&page)) } };
    let channel = if s.channel.starts_with(PLATFORM) { s.channel.as_str() } else { "console:deployments" };
    let shell = Shell {
        title: &title,
        kind: "deployment",
        channel: Some(channel),
        deployment: Some(s.id),
        viewer: &viewer,
        main,
    };
    Ok(shell.page(&state).await)
}

/// The page's changing part.
pub(crate) async fn fragment(
    State(state): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Html<String>, Refusal> {
    Ok(Html(body(&find(&state, &id).await?).into_string()))
}

/// The record to take away.
pub(crate) async fn record(
    State(state): State<Arc<Shared>>,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let (format, kind) = match name.as_str() {
        "record.md" => (RecordFormat::Markdown, "text/markdown; charset=utf-8"),
        "record.json" => (RecordFormat::Json, "application/json"),
        _ => return Err(Refusal::not_found("A record comes as record.md or record.json.")),
    };
    let number = number(&id)?;
    let record = state.desk.record(number, format).await.map_err(Refusal::not_now)?.ok_or_else(|| unknown(&id))?;
    let file = format!("attachment; filename=\"rollcall-{number}-{name}\"");
    Ok(([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, file)], record).into_response())
}

fn number(id: &str) -> Result<u64, Refusal> {
    id.parse().map_err(|_| unknown(id))
}

fn unknown(id: &str) -> Refusal {
    let id: String = id.chars().take(40).collect();
    Refusal::not_found(format!("There is no deployment {id}. All there are stand in the list of deployments."))
}

async fn find(state: &Shared, id: &str) -> Result<Page, Refusal> {
    state.desk.page(number(id)?).await.map_err(Refusal::not_now)?.ok_or_else(|| unknown(id))
}

fn body(page: &Page) -> Markup {
    let s = &page.summary;
    let current = page.sections.iter().find(|s| s.current);
    html! {
        div class="deployment-main" {
            header class="deployment-head" data-key="head" {
                p class="crumbs" {
                    a href=(format!("/c/{}", short(&s.channel))) { "#" (short(&s.channel)) } " · " (s.service) " · " (s.environment)
                }
                h1 { (s.version) " " span class="soft" { (s.title) } }
                p class="row" {
                    (draw::status(s.status))
                    span class="context" { "#" (s.id) " by " (s.deployer) ", opened " (time(s.opened_at)) }
                    @if let Some(at) = s.ended_at { span class="context" { "ended " (time(at)) } }
                }
            }
            @if !page.undelivered.is_empty() {
                section class="card tone-warn undelivered" data-key="undelivered" aria-labelledby="undelivered-title" {
                    h2 id="undelivered-title" class="card-title" { "Not everybody could be told" }
                    ul { @for (what, why) in &page.undelivered { li { strong { (what) } " " (why) } } }
                }
            }
            div data-board data-key="board" { (draw::card(&page.board, 2, true)) }
            details class="jump-phone" data-key="jump-phone" {
                summary { "Sections" @if let Some(c) = current { span class="context" { " now: " (c.number) " " (rich(&c.title)) } } }
                (jump(&page.sections))
            }
            @if page.sections.is_empty() { p class="context" data-key="none" { "This checklist has no items." } }
            @for section in &page.sections { (self::section(section)) }
            (timeline(page))
        }
        aside class="side" aria-label="About this deployment" {
            nav class="jump" aria-labelledby="jump-title" data-key="jump" {
                h2 id="jump-title" { "Sections" }
                (jump(&page.sections))
            }
            (people(page))
            (fields(s.id, &page.fields))
            section class="panel" data-key="record" {
                h2 { "Record" }
                p class="row" {
                    a class="button small" href=(format!("/d/{}/record.md", s.id)) download { "Markdown" }
                    a class="button small" href=(format!("/d/{}/record.json", s.id)) download { "JSON" }
                }
            }
        }
    }
}

fn jump(sections: &[PageSection]) -> Markup {
    html! {
        @for phase in sections.chunk_by(|a, b| a.phase == b.phase) {
            @if let Some(first) = phase.first() { @if !first.phase.is_empty() { p class="phase" { (first.phase) } } }
            ol class="jump-list" role="list" {
                @for s in phase {
                    li class=(if s.closed.is_some() { "closed" } else if s.total > 0 && s.done == s.total { "done" } else { "" }) {
                        a href=(format!("#s{}", s.number)) aria-current=[s.current.then_some("step")] {
                            span class="num" { (s.number) }
                            span class="words" { (rich(&s.title)) }
                            @if s.total > 0 {
                                span class="count" aria-label=(format!("{} of {} done", s.done, s.total)) { (s.done) "/" (s.total) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn section(s: &PageSection) -> Markup {
    html! {
        section class=(if s.closed.is_some() { "section closed" } else { "section" }) id=(format!("s{}", s.number))
            data-section=(s.number) data-key=(format!("section {}", s.number)) aria-labelledby=(format!("s{}-title", s.number)) {
            div class="section-head" {
                h2 id=(format!("s{}-title", s.number)) {
                    span class="num" { (s.number) } " " (rich(&s.title))
                    @if s.current { " " span class="tag now" { "now" } }
                    @for kind in &s.kinds { " " span class=(format!("tag kind {}", kind.replace(' ', "-"))) { (kind) } }
                }
                @if s.total > 0 {
                    span class="count" aria-label=(format!("{} of {} done", s.done, s.total)) { (s.done) "/" (s.total) }
                }
            }
            @for c in &s.cards { (draw::card(c, 3, false)) }
        }
    }
}

fn people(page: &Page) -> Markup {
    html! {
        section class="panel" data-key="people" aria-labelledby="people-title" {
            h2 id="people-title" { "People" }
            @if page.people.is_empty() { p class="context" { "Nobody has done anything yet." } }
            ul class="people" role="list" {
                @for p in &page.people {
                    li data-person=(p.name) {
                        strong { (p.name) } @if p.deployer { " " span class="tag" { "deployer" } }
                        span class="context" {
                            (p.ticked) " ticked" @if p.assigned > 0 { ", " (p.assigned) " assigned" }
                            " · " (time(p.last_seen))
                        }
                    }
                }
            }
        }
    }
}

fn fields(id: u64, fields: &[PageField]) -> Markup {
    html! {
        @if !fields.is_empty() {
            section class="panel" data-key="fields" aria-labelledby="fields-title" {
                h2 id="fields-title" { "Fields" }
                dl class="fields" {
                    @for f in fields {
                        div data-field=(f.label) data-verdict=[f.verdict.map(Verdict::word)] {
                            dt { (f.label) @if let Some(t) = &f.target { " " span class="context" { "target " (t) } } }
                            dd {
                                @match &f.value {
                                    Some(value) => {
                                        (value)
                                        @if let Some(v) = f.verdict { " " span class=(format!("tag {}", v.word())) { (v.word()) } }
                                    }
                                    None if f.automatic => span class="context" { "fills itself" },
                                    None if !f.choices.is_empty() => div class="row" {
                                        @for c in &f.choices {
                                            button type="button" class="button small" data-label=(c)
                                                data-command=(format!("#{id} fill \"{}\" {c}", f.label.replace('"', ""))) { (c) }
                                        }
                                    },
                                    None => button type="button" class="button small"
                                        data-fill=(format!("/deploy fill \"{}\" ", f.label.replace('"', ""))) { "Fill" },
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn timeline(page: &Page) -> Markup {
    html! {
        section class="timeline-section" data-key="timeline" aria-labelledby="timeline-title" {
            h2 id="timeline-title" { "What happened" }
            @if page.timeline_cut > 0 {
                p class="context" { (page.timeline_cut) " earlier entries stand in the record." }
            }
            ol class="timeline" role="list" { @for line in page.timeline.iter().rev() { (entry(line)) } }
        }
    }
}

fn entry(line: &TimelineLine) -> Markup {
    let via = match line.via {
        Via::Console => None,
        Via::Terminal => Some("in the terminal"),
        Via::Timer => Some("on time"),
        Via::Slack => Some("in Slack"),
        Via::Discord => Some("in Discord"),
        Via::Pager => Some("by pager"),
    };
    html! {
        li data-key=(line.seq) data-seq=(line.seq) {
            (time(line.at))
            span { strong { (line.who) } " " (rich(&line.text)) @if let Some(via) = via { span class="context" { " " (via) } } }
        }
    }
}
