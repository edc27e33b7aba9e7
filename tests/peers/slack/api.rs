//! A call of the Web API from its bytes to its answer: arguments, token, scope, rate.

use super::server::{busy, error, form, json_response};
use super::world::Call;
use super::{APP_TOKEN, BOT_TOKEN, Slack, methods};
use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{Response, header};
use serde_json::{Map, Value, json};
use std::time::Instant;

/// The scope a method needs, and how many calls a minute it takes.
fn terms(method: &str) -> Option<(Option<&'static str>, f64)> {
    Some(match method {
        "auth.test" | "apps.connections.open" | "api.test" => (None, 100.0),
        "chat.postMessage" => (Some("chat:write"), 600.0),
        "chat.postEphemeral" => (Some("chat:write"), 100.0),
        "chat.update" | "chat.delete" => (Some("chat:write"), 50.0),
        "chat.getPermalink" => (None, 600.0),
        "conversations.history" | "conversations.replies" => (Some("channels:history"), 50.0),
        "conversations.info" | "conversations.members" => (Some("channels:read"), 50.0),
        "conversations.list" => (Some("channels:read"), 20.0),
        "users.conversations" => (Some("channels:read"), 50.0),
        "conversations.open" => (Some("im:write"), 50.0),
        "conversations.join" => (Some("channels:join"), 50.0),
        "reactions.add" | "reactions.remove" => (Some("reactions:write"), 50.0),
        "reactions.get" => (Some("reactions:read"), 50.0),
        "users.info" => (Some("users:read"), 100.0),
        "users.list" => (Some("users:read"), 20.0),
        "usergroups.list" | "usergroups.users.list" => (Some("usergroups:read"), 20.0),
        "emoji.list" => (Some("emoji:read"), 20.0),
        "team.info" => (None, 50.0),
        "bots.info" => (Some("users:read"), 50.0),
        "views.open" | "views.push" | "views.update" | "views.publish" => (None, 100.0),
        "files.getUploadURLExternal" | "files.completeUploadExternal" => (Some("files:write"), 100.0),
        _ => return None,
    })
}

/// Keeps a call for those who ask.
pub fn note(slack: &Slack, method: &str, args: &Value, outcome: &str) {
    if slack.settings.keeps_calls {
        let call = Call { method: method.into(), args: args.clone(), at: Instant::now(), outcome: outcome.into() };
        slack.world().calls.push(call);
    }
}

pub fn call(slack: &Slack, method: &str, head: &Parts, body: &Bytes) -> Response<Body> {
    let args = match arguments(head, body) {
        Ok(args) => args,
        Err(why) => {
            slack.world().violate(format!("{method}: {why}"));
            return json_response(slack, &error("invalid_json"));
        }
    };
    let answer = decide(slack, method, head, &args);
    let outcome = match &answer {
        Ok(answer) if answer["ok"] == true => "ok".to_owned(),
        Ok(answer) => answer["error"].as_str().unwrap_or_default().to_owned(),
        Err(_) => "429".into(),
    };
    note(slack, method, &args, &outcome);
    match answer {
        Ok(answer) => json_response(slack, &answer),
        Err(seconds) => busy(Some(seconds)),
    }
}

/// The answer, or the seconds to wait.
fn decide(slack: &Slack, method: &str, head: &Parts, args: &Value) -> Result<Value, u64> {
    let Some((scope, a_minute)) = terms(method) else {
        slack.world().violate(format!("{method} is no method known here"));
        return Ok(error("unknown_method"));
    };
    let bearer = head.headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let token = bearer.and_then(|v| v.strip_prefix("Bearer ")).or(args["token"].as_str());
    let wanted = if method == "apps.connections.open" { APP_TOKEN } else { BOT_TOKEN };
    match token {
        None => return Ok(error("not_authed")),
        Some(token) if token == wanted => {}
        Some(BOT_TOKEN | APP_TOKEN) => return Ok(error("not_allowed_token_type")),
        Some(_) => return Ok(error("invalid_auth")),
    }
    if let Some(scope) = scope
        && !slack.settings.scopes.iter().any(|s| s == scope)
    {
        let provided = slack.settings.scopes.join(",");
        return Ok(json!({"ok": false, "error": "missing_scope", "needed": scope, "provided": provided}));
    }
    if slack.settings.rates {
        let mut world = slack.world();
        world.spend(method, a_minute / 60.0, a_minute)?;
        if method == "chat.postMessage" {
            let channel = args["channel"].as_str().unwrap_or_default();
            world.spend(&format!("post in {channel}"), 1.0, 4.0)?;
        }
    }
    Ok(methods::run(slack, method, args))
}

/// From JSON, a form, or the query; what is JSON inside a form is read.
fn arguments(head: &Parts, body: &Bytes) -> Result<Value, String> {
    let kind = head.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let mut args: Map<String, Value> = Map::new();
    let pairs = form(head.uri.query().unwrap_or_default());
    args.extend(pairs.into_iter().map(|(n, v)| (n, Value::String(v))));
    if kind.starts_with("application/json") {
        match serde_json::from_slice::<Value>(body).map_err(|e| e.to_string())? {
            Value::Object(map) => args.extend(map),
            _ => return Err("arguments are no object".into()),
        }
    } else if kind.starts_with("application/x-www-form-urlencoded") {
        let text = std::str::from_utf8(body).map_err(|e| e.to_string())?;
        args.extend(form(text).into_iter().map(|(n, v)| (n, Value::String(v))));
    } else if !body.is_empty() {
        return Err(format!("a body of type {kind:?}"));
    }
    for name in ["blocks", "metadata", "view", "files", "attachments"] {
        if let Some(Value::String(text)) = args.get(name) {
            let read = serde_json::from_str(text).map_err(|e| format!("{name}: {e}"))?;
            args.insert(name.into(), read);
        }
    }
    Ok(Value::Object(args))
}
