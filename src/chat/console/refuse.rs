//! Answers that say no: a sentence, as JSON where scripts read it and as a page where people do.

use super::guard::see_other;
use super::page::shell;
use axum::Json;
use axum::body::Body;
use axum::http::{StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use maud::html;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Why a request is not served.
#[derive(Clone, Debug)]
pub struct Refusal {
    status: StatusCode,
    words: String,
}

impl Refusal {
    /// With a sentence that says what to do.
    pub fn new(status: StatusCode, words: impl Into<String>) -> Self {
        Self { status, words: words.into() }
    }
    /// There is no such page.
    pub fn not_found(words: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, words)
    }
    /// What was sent cannot be used.
    pub fn bad(words: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, words)
    }
}

impl IntoResponse for Refusal {
    /// Without a body: [`in_its_form`] gives it one.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives a refusal the form its reader can use.
pub fn in_its_form(response: Response, path: &str, head: bool) -> Response {
    if path == "/readyz" {
        return response;
    }
    let status = response.status();
    let refusal = response
        .extensions()
        .get::<Refusal>()
        .cloned()
        .unwrap_or_else(|| Refusal::new(status, format!("The request could not be served ({}).", status.as_u16())));
    let kept: Vec<_> = [header::RETRY_AFTER, header::ALLOW]
        .into_iter()
        .filter_map(|name| response.headers().get(&name).cloned().map(|value| (name, value)))
        .collect();
    let mut answer = if is_read_by_scripts(path) {
        (status, Json(serde_json::json!({ "error": refusal.words }))).into_response()
    } else {
        (status, Html(page(&refusal).into_string())).into_response()
    };
    for (name, value) in kept {
        answer.headers_mut().insert(name, value);
    }
    if head {
        *answer.body_mut() = Body::empty();
    }
    answer
}

/// Whether answers to this path are read by scripts rather than people.
pub fn is_read_by_scripts(path: &str) -> bool {
    path.starts_with("/api/") || path == "/events" || path.ends_with("/fragment")
}

/// Sends a person to the sign-in page, and back to where they wanted to go after it.
pub fn sign_in_first(wanted: &Uri) -> Response {
    let next = wanted.path_and_query().map_or("/", |p| p.as_str());
    see_other(&format!("/sign-in?next={}", utf8_percent_encode(next, NON_ALPHANUMERIC)))
}

/// For paths that lead nowhere.
pub async fn not_found() -> Refusal {
    Refusal::not_found("There is nothing at this address. Maybe the link was cut short.")
}

/// For paths that are asked in a way they do not answer.
pub async fn wrong_method() -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "This address cannot be asked that way.")
}

fn page(refusal: &Refusal) -> maud::Markup {
    let title = match refusal.status {
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::FORBIDDEN | StatusCode::MISDIRECTED_REQUEST => "Not from here",
        s if s.is_server_error() => "Not just now",
        _ => "That did not work",
    };
    shell::bare(
        title,
        html! {
            section class="notice" {
                p class="notice-code" aria-hidden="true" { (refusal.status.as_u16()) }
                h1 { (title) }
                p { (refusal.words) }
                p class="row" {
                    a class="button primary" href="/" { "Go to the channel" }
                    a class="button" href="/deployments" { "See all deployments" }
                }
            }
        },
    )
}
