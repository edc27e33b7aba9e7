//! Signing in and out.

use super::super::State as Shared;
use super::super::body::json;
use super::super::form::see_other;
use super::super::identity::Viewer;
use super::super::refuse::Refusal;
use super::super::session::{self, Way};
use super::shell;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::{HeaderMap, HeaderValue, RETRY_AFTER, SET_COOKIE};
use axum::response::{Html, IntoResponse, Response};
use axum::{Extension, Json};
use maud::html;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Deserialize)]
pub(crate) struct Wish {
    next: Option<String>,
}

/// The page. Where nobody needs to sign in, there is none.
pub(crate) async fn show(
    State(state): State<Arc<Shared>>,
    Extension(viewer): Extension<Viewer>,
    Query(wish): Query<Wish>,
) -> Response {
    let next = wish.next.filter(|n| is_local(n)).unwrap_or_else(|| "/".into());
    if state.settings.sign_in.is_none() || viewer.is_signed_in() {
        return see_other(&next);
    }
    let main = html! {
        form class="notice sign-in" data-sign-in data-next=(next) method="post" {
            h1 { "Sign in" }
            p { "With your name in Rollcall's configuration and the key you were given." }
            label for="person" { "Name" }
            input id="person" name="person" type="text" autocomplete="username" autocapitalize="off" spellcheck="false" required autofocus;
            label for="key" { "Key" }
            input id="key" name="key" type="password" autocomplete="current-password" required;
            p class="error" role="alert" data-error {}
            button type="submit" class="button primary" { "Sign in" }
            noscript { p { "Signing in needs JavaScript." } }
        }
    };
    Html(shell::bare("Sign in", main).into_string()).into_response()
}

#[derive(Deserialize)]
struct Credentials {
    person: String,
    key: String,
}

/// Looks at the key and opens a session.
pub(crate) async fn enter(
    State(state): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Response> {
    let way = Way::of(&headers);
    let given: Credentials = json(body).await.map_err(IntoResponse::into_response)?;
    let Some(sign_in) = &state.settings.sign_in else {
        return Err(Refusal::not_found("Nobody needs to sign in here: pick a name.").into_response());
    };
    if way == Way::Open {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "Nobody can sign in over plain HTTP from another machine: browsers do not keep the sign-in, and others on \
             the network can read your key. Open this console by https://, behind a proxy that speaks TLS.",
        )
        .into_response());
    }
    let attempt = state.failures.begin(&given.person).map_err(|wait| {
        let seconds = wait.as_secs() + 1;
        let words = format!("Too many failed sign-ins under this name. Try again in {seconds} seconds.");
        let mut response = Refusal::new(StatusCode::TOO_MANY_REQUESTS, words).into_response();
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        response
    })?;
    let cookie = session::account(sign_in, &given.person, &given.key)
        .and_then(|account| Some((account, state.session_cookie(account, sign_in, way)?)));
    match cookie {
        Some((account, cookie)) => {
            state.failures.forgive(&attempt);
            tracing::info!(person = %account.id, "signed in to the console");
            Ok(([(SET_COOKIE, cookie)], Json(serde_json::json!({ "ok": true, "name": account.name }))).into_response())
        }
        None => {
            tracing::warn!("a sign-in to the console failed");
            Err(Refusal::new(
                StatusCode::UNAUTHORIZED,
                "Name and key do not fit. Both are in the configuration's [people].",
            )
            .into_response())
        }
    }
}

/// Ends the session in this browser.
pub(crate) async fn leave(headers: HeaderMap) -> Response {
    let mut response = Json(serde_json::json!({ "ok": true })).into_response();
    if let Some(cookie) = session::no_cookie(Way::of(&headers)) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

/// A path on this console, not an address elsewhere.
fn is_local(next: &str) -> bool {
    next.starts_with('/') && !next.starts_with("//") && next.chars().all(|c| !c.is_control() && c != '\\')
}
