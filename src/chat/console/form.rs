//! Refusals in the form their reader can use: JSON where scripts read them, a page where people do; and the way on.

use super::page::shell;
use super::refuse::Refusal;
use axum::Json;
use axum::body::Body;
use axum::http::header::{self, HeaderValue, LOCATION};
use axum::http::{StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use maud::html;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

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

/// A redirect that a browser follows with GET.
pub(crate) fn see_other(to: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(value) = HeaderValue::from_str(to) {
        response.headers_mut().insert(LOCATION, value);
    }
    response
}
