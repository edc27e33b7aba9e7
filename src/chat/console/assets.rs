//! What pages load besides themselves: embedded, named by content.

use super::identity::digest;
use super::refuse::Refusal;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, IF_NONE_MATCH};
use axum::response::{IntoResponse, Response};
use std::sync::LazyLock;

struct Asset {
    name: &'static str,
    kind: &'static str,
    content: &'static str,
}

const SCRIPT: &str = "text/javascript; charset=utf-8";

const ASSETS: [Asset; 7] = [
    Asset { name: "app.js", kind: SCRIPT, content: include_str!("assets/app.js") },
    Asset { name: "composer.js", kind: SCRIPT, content: include_str!("assets/composer.js") },
    Asset { name: "live.js", kind: SCRIPT, content: include_str!("assets/live.js") },
    Asset { name: "morph.js", kind: SCRIPT, content: include_str!("assets/morph.js") },
    Asset { name: "speak.js", kind: SCRIPT, content: include_str!("assets/speak.js") },
    Asset { name: "app.css", kind: "text/css; charset=utf-8", content: include_str!("assets/app.css") },
    Asset { name: "icon.svg", kind: "image/svg+xml", content: include_str!("assets/icon.svg") },
];

/// One tag over all of them: a page never runs one version's script with another's parts.
static TAG: LazyLock<String> = LazyLock::new(|| {
    let all: String = ASSETS.iter().map(|a| a.content).collect();
    hex::encode(&digest(all.as_bytes())[..8])
});

/// The address of an asset, which changes with its content.
pub fn address(name: &str) -> String {
    format!("/assets/{name}?v={}", *TAG)
}

/// Answers with an asset.
pub async fn serve(Path(name): Path<String>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|a| a.name == name) else {
        return Refusal::not_found("There is no such file.").into_response();
    };
    let tag = format!("\"{}\"", *TAG);
    // A module's imports carry no version: those are asked for anew each time, and answered in a few bytes.
    let cache = if query.as_deref().and_then(|q| q.strip_prefix("v=")) == Some(TAG.as_str()) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let keep = [(CACHE_CONTROL, cache.to_owned()), (ETAG, tag.clone())];
    let known = headers.get(IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|k| k.trim().trim_start_matches("W/") == tag)) {
        return (StatusCode::NOT_MODIFIED, keep).into_response();
    }
    (keep, [(CONTENT_TYPE, asset.kind)], asset.content).into_response()
}
