//! What every page has around it: head, navigation, composer, dialogs.

use super::super::identity::Viewer;
use super::super::{HOME, PLATFORM, State as Shared, assets};
use crate::engine::Link;
use axum::response::Html;
use maud::{DOCTYPE, Markup, html};

/// A page to be put together.
pub struct Shell<'a> {
    /// Its title, without the product's name.
    pub title: &'a str,
    /// For the scripts: `channel`, `deployment` or `list`.
    pub kind: &'a str,
    /// The channel the composer speaks in, with its platform.
    pub channel: Option<&'a str>,
    /// The deployment the composer speaks of.
    pub deployment: Option<u64>,
    pub viewer: &'a Viewer,
    pub main: Markup,
}

impl Shell<'_> {
    /// The page.
    pub async fn page(self, state: &Shared) -> Html<String> {
        let channels = names(state).await;
        let here = self.channel.map(short).filter(|_| self.kind == "channel");
        let me = self.viewer.person().filter(|_| self.viewer.is_signed_in());
        let body = html! {
            body data-page=(self.kind) data-channel=[self.channel.map(short)] data-deployment=[self.deployment]
                data-me=[me.map(|p| p.name.as_ref())] data-signs-in=(state.settings.sign_in.is_some()) {
                a class="skip" href="#main" { "Skip to content" }
                header class="top" {
                    a class="brand" href="/" aria-label="Rollcall" { img src=(assets::address("icon.svg")) alt="" width="28" height="28"; span { "Rollcall" } }
                    nav class="nav" aria-label="Channels and deployments" {
                        div class="channels" {
                            @for name in &channels {
                                a href=(format!("/c/{name}")) aria-current=[(here == Some(name.as_str())).then_some("page")] { "#" (name) }
                            }
                        }
                        a href="/deployments" aria-label="All deployments"
                            aria-current=[(self.kind == "list").then_some("page")] { "All" span { " deployments" } }
                    }
                    p class="live" data-live="connecting" role="status" { span data-live-words {} }
                    @if let Some(me) = me {
                        span class="who" { (me.name) }
                        button type="button" class="button small" data-sign-out { "Sign out" }
                    } @else {
                        button type="button" class="button small who" data-who aria-label="Who you act as" { "Who are you?" }
                    }
                }
                @for (platform, why) in &troubled(state) { p class="trouble" role="status" { strong { (platform) } " " (why) } }
                main id="main" tabindex="-1" class=(format!("main {}", self.kind)) { (self.main) }
                (composer(self.kind))
                (dialogs())
                p class="sr" aria-live="polite" data-announce {}
                noscript { p class="noscript" { "This page can be read without JavaScript. To tick and to say something, turn it on." } }
            }
        };
        document(self.title, body)
    }
}

/// The chats that are not connected, and why.
fn troubled(state: &Shared) -> Vec<(&'static str, String)> {
    let why = |(platform, link)| match link {
        Link::Up => None,
        Link::Down(why) | Link::Off(why) => Some((named(platform), why)),
    };
    state.desk.links().into_iter().filter_map(why).collect()
}

/// What people call a platform.
fn named(platform: &'static str) -> &'static str {
    match platform {
        "slack" => "Slack",
        "discord" => "Discord",
        "email" => "E-mail",
        "pagerduty" => "PagerDuty",
        "webhook" => "Webhook",
        "sms" => "Text messages",
        "voice" => "Calls",
        other => other,
    }
}

/// A page without navigation, for what goes wrong and for signing in.
pub fn bare(title: &str, main: Markup) -> Markup {
    let body = html! {
        body data-page="bare" {
            header class="top" {
                a class="brand" href="/" aria-label="Rollcall" { img src=(assets::address("icon.svg")) alt="" width="28" height="28"; span { "Rollcall" } }
            }
            main id="main" class="main bare" { (main) }
        }
    };
    html! { (maud::PreEscaped(document(title, body).0)) }
}

fn document(title: &str, body: Markup) -> Html<String> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-content";
                meta name="color-scheme" content="light dark";
                title { (title) " · Rollcall" }
                link rel="icon" type="image/svg+xml" href=(assets::address("icon.svg"));
                link rel="stylesheet" href=(assets::address("app.css"));
                script type="module" src=(assets::address("app.js")) {}
            }
            (body)
        }
    };
    Html(page.into_string())
}

fn composer(kind: &str) -> Markup {
    html! {
        footer class="dock" {
            div class="replies" data-replies role="region" aria-label="Answers only you see" {}
            form class="composer" data-composer autocomplete="off" {
                p class="context" data-context hidden {
                    span data-context-words {}
                    button type="button" class="button small" data-context-clear aria-label="Speak to the channel instead" { "×" }
                }
                ul id="completions" class="completions" role="listbox" aria-label="Completions" hidden {}
                div class="field" {
                    label class="sr" for="say" { "Say a command" }
                    input id="say" name="text" type="text" maxlength="4000" enterkeyhint="send" autocapitalize="off"
                        autocomplete="off" spellcheck="false" role="combobox" aria-expanded="false" aria-autocomplete="list"
                        aria-controls="completions" aria-describedby="say-state"
                        placeholder=(if kind == "deployment" { "tick 3.2 · note … · status" } else { "/deploy start v1.2.0" });
                    button type="submit" class="button primary" { "Say" }
                }
                p id="say-state" class="say-state" data-say-state role="status" {}
            }
        }
    }
}

fn dialogs() -> Markup {
    html! {
        dialog data-dialog="who" aria-labelledby="who-title" {
            form method="dialog" {
                h2 id="who-title" { "Who are you?" }
                p { "Ticks, notes and decisions are recorded under this name. Another tab may act as somebody else." }
                label for="who-name" { "Your name" }
                input id="who-name" name="name" type="text" maxlength="40" autocomplete="nickname" required;
                p class="error" role="alert" data-error {}
                div class="row end" {
                    button type="button" class="button" data-cancel { "Not now" }
                    button type="submit" class="button primary" { "Act as this person" }
                }
            }
        }
        dialog data-dialog="ask" aria-labelledby="ask-title" {
            form method="dialog" {
                h2 id="ask-title" data-question {}
                p data-confirmation hidden {}
                input id="ask-answer" name="answer" type="text" maxlength="1000" autocomplete="off" aria-labelledby="ask-title";
                p class="says" { "Says " code data-says {} }
                div class="row end" {
                    button type="button" class="button" data-cancel { "Not now" }
                    button type="submit" class="button primary" data-go { "Say it" }
                }
            }
        }
    }
}

/// The channels' names, the one that is always there first.
pub async fn names(state: &Shared) -> Vec<String> {
    let mut names = vec![HOME.to_owned()];
    for channel in state.desk.channels().await {
        let Some(name) = channel.strip_prefix(PLATFORM).and_then(|c| c.strip_prefix(':')) else { continue };
        if !names.iter().any(|n| n == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// A channel's name without its platform.
pub fn short(channel: &str) -> &str {
    channel.split_once(':').map_or(channel, |(_, name)| name)
}
