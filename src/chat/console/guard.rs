//! What stands before every route: who may call, from where, how much, how long; and the headers of every answer.

use super::form;
use super::identity::{self, Viewer};
use super::refuse::Refusal;
use super::{Settings, State as Shared, limits};
use crate::link;
use axum::extract::{Request, State};
use axum::http::header::{
    self, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN,
};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use std::sync::Arc;

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const OURS: HeaderName = HeaderName::from_static("x-rollcall");

/// Sent with every answer.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

/// Lets a request through, or answers it.
pub(crate) async fn guard(State(state): State<Arc<Shared>>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let head = request.method() == Method::HEAD;
    let mut response = match admit(&state, &request) {
        Err(refusal) => {
            super::body::drain(request.into_body()).await;
            refusal.into_response()
        }
        Ok(Admitted::SignInFirst) => form::sign_in_first(request.uri()),
        Ok(Admitted::As(viewer)) => {
            request.extensions_mut().insert(viewer);
            tokio::time::timeout(limits::REQUEST, next.run(request)).await.unwrap_or_else(|_| {
                Refusal::new(
                    StatusCode::GATEWAY_TIMEOUT,
                    "Rollcall did not answer in time. Send it again: nothing is done twice.",
                )
                .into_response()
            })
        }
    };
    if response.status().is_client_error() || response.status().is_server_error() {
        response = form::in_its_form(response, &path, head);
    }
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

enum Admitted {
    As(Viewer),
    SignInFirst,
}

fn admit(state: &Shared, request: &Request) -> Result<Admitted, Refusal> {
    let (settings, headers, path) = (&state.settings, request.headers(), request.uri().path());
    if path == "/healthz" || path == "/readyz" {
        return Ok(Admitted::As(Viewer::nobody()));
    }
    host_is_ours(settings, request)?;
    size_is_bounded(headers)?;
    if path == "/api/do" {
        return identity::bearer(headers.get(AUTHORIZATION), &settings.token).map(|()| Admitted::As(Viewer::nobody()));
    }
    // Whoever has the link has all it takes: the button comes from a page that any browser may show.
    let linked = path.starts_with(link::PATH);
    if request.method().is_safe() {
        not_embedded(headers)?;
    } else if !linked {
        from_our_own_page(headers)?;
    }
    if linked || path.starts_with("/assets/") {
        return Ok(Admitted::As(Viewer::nobody()));
    }
    match &settings.sign_in {
        None if settings.address.ip().to_canonical().is_loopback() => {
            Ok(Admitted::As(Viewer::picked(headers, |name| state.desk.identify(name))?))
        }
        None => Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "This console is open beyond this machine but nobody is configured to sign in, so it lets nobody in. \
             Add people with key_sha256 to the configuration, or listen on 127.0.0.1.",
        )),
        Some(sign_in) => match state.session(headers, sign_in) {
            Some(person) => Ok(Admitted::As(Viewer::signed_in(person))),
            None if matches!(path, "/sign-in" | "/api/sign-in") => Ok(Admitted::As(Viewer::nobody())),
            None if form::is_read_by_scripts(path) => {
                Err(Refusal::new(StatusCode::UNAUTHORIZED, "Sign in first: your session has ended."))
            }
            None => Ok(Admitted::SignInFirst),
        },
    }
}

/// A page on another site can make a browser resolve its own name to this machine; it cannot make it say our name.
fn host_is_ours(settings: &Settings, request: &Request) -> Result<(), Refusal> {
    let mut named = request.headers().get_all(HOST).iter();
    let host = match (named.next(), named.next()) {
        (Some(one), None) => one.to_str().unwrap_or_default(),
        _ => {
            return Err(Refusal::new(StatusCode::BAD_REQUEST, "The request must carry exactly one Host header."));
        }
    };
    let spoken_to = request.uri().authority().map(|a| a.as_str());
    if [Some(host), spoken_to].into_iter().flatten().all(|h| is_ours(settings, h)) {
        return Ok(());
    }
    Err(Refusal::new(
        StatusCode::MISDIRECTED_REQUEST,
        format!(
            "This console does not answer to that host name. Open http://127.0.0.1:{} or add the name to `hosts` in \
             the configuration.",
            settings.address.port()
        ),
    ))
}

fn is_ours(settings: &Settings, host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let (name, port) = split(&host);
    let listens = settings.address.ip().to_canonical();
    let listened_to = is_loopback(&host) || !listens.is_unspecified() && ip(name) == Some(listens);
    let port_fits = match port {
        Some(port) => port == settings.address.port().to_string(),
        None => settings.address.port() == 80,
    };
    listened_to && port_fits
        || settings.hosts.iter().any(|allowed| {
            let allowed = allowed.to_ascii_lowercase();
            allowed == host || (split(&allowed).1.is_none() && allowed == name)
        })
}

/// Whether this host, with or without a port, is the caller's own machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let name = split(host).0;
    name.eq_ignore_ascii_case("localhost") || ip(name).is_some_and(|ip| ip.is_loopback())
}

fn ip(name: &str) -> Option<IpAddr> {
    name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}

/// `name:port`, where the name may be `[::1]`.
fn split(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    }
}

fn size_is_bounded(headers: &HeaderMap) -> Result<(), Refusal> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > limits::BODY as u64) { Err(super::body::too_large()) } else { Ok(()) }
}

/// Another site may link here, but not hold our streams or pictures open from its own pages.
fn not_embedded(headers: &HeaderMap) -> Result<(), Refusal> {
    let is = |name: HeaderName, value: &str| headers.get(name).is_some_and(|v| v.as_bytes() == value.as_bytes());
    if is(SITE, "cross-site") && !is(MODE, "navigate") {
        return Err(Refusal::new(StatusCode::FORBIDDEN, "Other sites may link to this console, not read it."));
    }
    Ok(())
}

/// Whatever changes something must come from a page of ours. Three checks, each of which would do alone: where the
/// browser says it comes from, a header and a content type that other sites cannot send without being asked first.
fn from_our_own_page(headers: &HeaderMap) -> Result<(), Refusal> {
    let text = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    let host = text(HOST).unwrap_or_default();
    let same_origin = match text(ORIGIN) {
        Some(origin) => ["http://", "https://"]
            .iter()
            .any(|scheme| origin.strip_prefix(scheme).is_some_and(|authority| authority.eq_ignore_ascii_case(host))),
        None => text(SITE) == Some("same-origin"),
    };
    if !same_origin || text(SITE).is_some_and(|site| site != "same-origin") {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "This request did not come from the console's own page, so nothing was done.",
        ));
    }
    let json = text(CONTENT_TYPE)
        .is_some_and(|t| t.split(';').next().is_some_and(|t| t.trim().eq_ignore_ascii_case("application/json")));
    if !json {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Send JSON, with the header Content-Type: application/json.",
        ));
    }
    if text(OURS) != Some("1") {
        return Err(Refusal::new(StatusCode::FORBIDDEN, "The header X-Rollcall: 1 is missing, so nothing was done."));
    }
    Ok(())
}
