//! HTTP on a port of this machine: paths to what answers them, and the faults on the way.

use super::weather::Fault;
use super::world::{APP, BOT, Message};
use super::{Slack, api, socket};
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use tokio::net::TcpListener;

/// Bodies longer than this are no API calls.
const LONGEST: usize = 8 << 20;

pub async fn serve(slack: Slack, listener: TcpListener) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        _ = stream.set_nodelay(true);
        let slack = slack.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| answer(slack.clone(), request));
            // Errors here are connections that one of the two cut.
            _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades()
                .await;
        });
    }
}

/// An error cuts the connection.
async fn answer(slack: Slack, request: Request<Incoming>) -> Result<Response<Body>, io::Error> {
    let path = request.uri().path().to_owned();
    if path == "/link" {
        return Ok(socket::upgrade(slack, request));
    }
    let name = path.strip_prefix("/api/").unwrap_or(path.trim_start_matches('/'));
    let name = if name.starts_with("response/") { "response_url" } else { name }.to_owned();
    let (head, body) = request.into_parts();
    let body = to_bytes(Body::new(body), LONGEST).await.map_err(io::Error::other)?;
    let fault = slack.weather.lock().unwrap().befalls(&name);
    let cut = || io::Error::other("cut");
    match fault {
        Some(Fault::Busy(after)) => {
            api::note(&slack, &name, &Value::Null, "429");
            return Ok(busy(after));
        }
        Some(Fault::Broken(status)) => {
            api::note(&slack, &name, &Value::Null, &status.to_string());
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            return Ok(page(status, "<html><body>upstream connect error</body></html>"));
        }
        Some(Fault::Cut) => {
            api::note(&slack, &name, &Value::Null, "cut");
            return Err(cut());
        }
        _ => {}
    }
    let response = if let Some(id) = path.strip_prefix("/response/") {
        response_url(&slack, id, &body)
    } else if let Some(id) = path.strip_prefix("/upload/") {
        upload(&slack, id, &body)
    } else if let Some(method) = path.strip_prefix("/api/") {
        api::call(&slack, method, &head, &body)
    } else {
        page(StatusCode::NOT_FOUND, "not found")
    };
    slack.touch();
    match fault {
        Some(Fault::Slow(delay)) => tokio::time::sleep(delay).await,
        Some(Fault::Lost) => return Err(cut()),
        Some(Fault::Held) => slack.hold().await,
        Some(Fault::Half) => {
            let (head, body) = response.into_parts();
            let body = to_bytes(body, LONGEST).await.map_err(io::Error::other)?;
            // Its head promises all of it.
            let pieces = [Ok(body.slice(..body.len() / 2)), Err(cut())];
            let mut half = Response::from_parts(head, Body::from_stream(futures_util::stream::iter(pieces)));
            half.headers_mut().insert(header::CONTENT_LENGTH, body.len().into());
            return Ok(half);
        }
        _ => {}
    }
    Ok(response)
}

pub fn page(status: StatusCode, text: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(text.to_owned()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// 429, with the header or without.
pub fn busy(after: Option<u64>) -> Response<Body> {
    let mut response = page(StatusCode::TOO_MANY_REQUESTS, r#"{"ok":false,"error":"ratelimited"}"#);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json; charset=utf-8"));
    if let Some(seconds) = after {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// `name=value&…` with its escapes undone.
pub fn form(text: &str) -> BTreeMap<String, String> {
    let read = |s: &str| percent_encoding::percent_decode_str(&s.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = text.split('&').filter(|p| !p.is_empty());
    pairs.map(|p| p.split_once('=').unwrap_or((p, ""))).map(|(n, v)| (read(n), read(v))).collect()
}

fn upload(slack: &Slack, id: &str, body: &Bytes) -> Response<Body> {
    let mut world = slack.world();
    let Some(file) = world.files.get_mut(id) else { return page(StatusCode::NOT_FOUND, "no such upload") };
    file.bytes = body.to_vec();
    page(StatusCode::OK, &format!("OK - {}", body.len()))
}

/// An answer to a command or a press. Ephemeral unless it says otherwise.
fn response_url(slack: &Slack, id: &str, body: &Bytes) -> Response<Body> {
    let refuse = |status, text: &str| page(status, text);
    let Ok(args) = serde_json::from_slice::<Value>(body) else {
        slack.world().violate("response_url: no JSON".into());
        return refuse(StatusCode::BAD_REQUEST, "invalid_payload");
    };
    api::note(slack, "response_url", &args, "ok");
    let mut world = slack.world();
    let Some(url) = world.response_urls.get_mut(id) else { return refuse(StatusCode::NOT_FOUND, "expired_url") };
    if url.uses >= 5 {
        world.violate("response_url: used more than five times".into());
        return refuse(StatusCode::NOT_FOUND, "used_url");
    }
    url.uses += 1;
    let url = url.clone();
    answered(slack, &mut world, &args, &url.user, &url.channel, url.original.as_deref());
    drop(world);
    let mut response = page(StatusCode::OK, "ok");
    let json = header::HeaderValue::from_static("text/html");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// What an answer to a command or a press does to the channel.
pub fn answered(
    slack: &Slack,
    world: &mut super::world::World,
    args: &Value,
    user: &str,
    channel: &str,
    original: Option<&str>,
) {
    if slack.settings.checks {
        for wrong in super::limits::message(args) {
            world.violate(format!("answer: {wrong}"));
        }
    }
    let blocks: Vec<Value> = args["blocks"].as_array().cloned().unwrap_or_default();
    let text = args["text"].as_str().unwrap_or_default().to_owned();
    let original = original.and_then(|ts| world.message_mut(channel, ts));
    if args["delete_original"] == true {
        if let Some(message) = original {
            message.deleted = true;
        }
        return;
    }
    if args["replace_original"] == true
        && let Some(message) = original
    {
        message.text = text;
        message.blocks = blocks;
        message.edits += 1;
        return;
    }
    let only_for = (args["response_type"] != "in_channel").then(|| user.to_owned());
    let ts = world.stamp();
    world.messages.push(Message {
        channel: channel.into(),
        ts,
        user: BOT.into(),
        app: Some(APP.into()),
        text,
        blocks,
        metadata: None,
        thread_ts: args["thread_ts"].as_str().map(str::to_owned),
        broadcast: false,
        only_for,
        edits: 0,
        deleted: false,
        reactions: BTreeMap::new(),
        files: Vec::new(),
    });
}

/// An answer of the Web API.
pub fn json_response(slack: &Slack, answer: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(answer.to_string()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json; charset=utf-8"));
    if let Ok(scopes) = slack.settings.scopes.join(",").parse() {
        headers.insert("x-oauth-scopes", scopes);
    }
    response
}

pub fn error(name: &str) -> Value {
    json!({"ok": false, "error": name})
}
