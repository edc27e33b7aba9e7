//! Slack's Web API: every call there is, each bounded in time, each failure with what it means.
//!
//! Answers are read with structs of our own: one field of one message that cannot be decoded must not hide the others.

use crate::engine::Link;
use crate::ports::ChatError;
use crate::words::slack as words;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use slack_morphism::errors::SlackClientError;
use slack_morphism::hyper_tokio::SlackClientHyperConnector;
use slack_morphism::{SlackApiToken, SlackClientApiCallContext, SlackClientHttpConnector};
use std::time::Duration;

type Connector =
    SlackClientHyperConnector<hyper_rustls::HttpsConnector<hyper_util::client::legacy::connect::HttpConnector>>;

/// Until a connection stands; until a call is answered.
const CONNECT: Duration = Duration::from_secs(5);
const CALL: Duration = Duration::from_secs(10);
/// Until a file is uploaded.
const UPLOAD: Duration = Duration::from_secs(60);
/// Where Slack says no more than that there were too many calls.
const SOME_TIME_MS: i64 = 5_000;
/// Messages of one page of a search, and pages at most.
const PAGE: usize = 200;
const PAGES: usize = 5;

/// Slack itself.
pub const PUBLIC: &str = "https://slack.com/api";

/// Why a call did not do what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It may work later, not before this many milliseconds; whether it was done is not certain.
    Later { after_ms: i64, why: String },
    /// Slack says no, with its word for it; and the scope it misses.
    No { code: String, needed: Option<String> },
}

impl Failure {
    fn later(why: &str) -> Self {
        Self::Later { after_ms: 0, why: why.into() }
    }

    /// A sentence on what is wrong and what to do.
    pub fn sentence(&self) -> String {
        match self {
            Self::Later { why, .. } => why.clone(),
            Self::No { code, needed } => words::no(code, needed.as_deref()),
        }
    }

    /// What it means for the connection.
    pub fn link(&self) -> Link {
        match self {
            Self::Later { why, .. } => Link::Down(why.clone()),
            Self::No { .. } => Link::Off(self.sentence()),
        }
    }
}

impl From<Failure> for ChatError {
    fn from(failure: Failure) -> Self {
        match &failure {
            Failure::Later { after_ms, why } => Self::Retry { after_ms: *after_ms, why: why.clone() },
            Failure::No { code, .. } if code == "message_not_found" => Self::Gone,
            Failure::No { .. } => Self::Refused { why: failure.sentence() },
        }
    }
}

/// Slack's words for troubles of its own that pass.
const PASSING: [&str; 7] = [
    "fatal_error",
    "internal_error",
    "ratelimited",
    "rate_limited",
    "request_timeout",
    "service_unavailable",
    "team_added_to_org",
];

/// Who the bot is.
#[derive(Clone, Debug, Deserialize)]
pub struct Me {
    pub user_id: String,
    /// The workspace's address, with a slash at the end.
    #[serde(default)]
    pub url: String,
    #[serde(default)]
    pub team: String,
}

/// A message as a search finds it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    pub ts: String,
    /// The key it carries, in its metadata or its first block.
    pub key: Option<String>,
    /// The names of its files.
    pub files: Vec<String>,
    /// Reactions by name, with people's ids.
    pub reactions: Vec<(String, Vec<String>)>,
}

/// A message to be posted, or what it becomes.
pub struct Post<'a> {
    pub channel: &'a str,
    pub thread: Option<&'a str>,
    /// Seen in the channel too, though it belongs in a thread.
    pub broadcast: bool,
    pub text: String,
    pub blocks: Vec<Value>,
    pub key: &'a str,
}

/// The Web API with a bot's token.
pub struct Api {
    connector: Connector,
    bot: SlackApiToken,
    app: Option<SlackApiToken>,
}

fn token(value: &str) -> SlackApiToken {
    SlackApiToken::new(value.to_owned().into())
}

impl Api {
    /// `url`: where the API is, without a slash at the end.
    pub fn new(url: &str, bot: &str, app: Option<&str>) -> Result<Self, String> {
        // The WebSocket's TLS takes the process's provider; with two in the tree there is none until one is named.
        _ = rustls::crypto::ring::default_provider().install_default();
        let mut http = hyper_util::client::legacy::connect::HttpConnector::new();
        http.enforce_http(false);
        http.set_connect_timeout(Some(CONNECT));
        http.set_nodelay(true);
        let https = hyper_rustls::HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
            .map_err(|e| format!("This machine's certificates cannot be read, so Slack cannot be trusted: {e}."))?
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let connector = SlackClientHyperConnector::with_connector(https).with_slack_api_url(url);
        Ok(Self { connector, bot: token(bot), app: app.map(token) })
    }

    /// Whether Slack is to be called for what comes in.
    pub fn has_app_token(&self) -> bool {
        self.app.is_some()
    }

    /// Who the bot is.
    pub async fn me(&self) -> Result<Me, Failure> {
        self.say("auth.test", &json!({})).await
    }

    /// Where Socket Mode is spoken, once.
    pub async fn socket(&self) -> Result<String, Failure> {
        #[derive(Deserialize)]
        struct Opened {
            url: String,
        }
        let Some(app) = &self.app else { return Err(no("not_authed")) };
        let opened: Opened = self.post("apps.connections.open", &json!({}), app).await?;
        Ok(opened.url)
    }

    /// Posts a message; the id Slack gives it.
    pub async fn post_message(&self, post: &Post<'_>) -> Result<String, Failure> {
        let mut body = self.body(post);
        if let Some(thread) = post.thread {
            body["thread_ts"] = thread.into();
            if post.broadcast {
                body["reply_broadcast"] = true.into();
            }
        }
        body["unfurl_links"] = false.into();
        body["unfurl_media"] = false.into();
        Ok(self.say::<Posted>("chat.postMessage", &body).await?.ts)
    }

    /// Edits a message.
    pub async fn update(&self, ts: &str, post: &Post<'_>) -> Result<(), Failure> {
        let mut body = self.body(post);
        body["ts"] = ts.into();
        self.say::<Value>("chat.update", &body).await.map(drop)
    }

    fn body(&self, post: &Post<'_>) -> Value {
        json!({
            "channel": post.channel, "text": post.text, "blocks": post.blocks, "parse": "none", "link_names": false,
            "metadata": { "event_type": EVENT_TYPE, "event_payload": { "key": post.key } },
        })
    }

    /// Tells one person something where they are.
    pub async fn ephemeral(
        &self,
        channel: &str,
        thread: Option<&str>,
        user: &str,
        text: &str,
        blocks: &[Value],
    ) -> Result<(), Failure> {
        let mut body = json!({
            "channel": channel, "user": user, "text": text, "blocks": blocks, "parse": "none", "link_names": false,
        });
        if let Some(thread) = thread {
            body["thread_ts"] = thread.into();
        }
        self.say::<Value>("chat.postEphemeral", &body).await.map(drop)
    }

    /// Tells one person something by the address their request came with. `replace`: instead of what they pressed.
    pub async fn respond(&self, url: &str, replace: bool, text: &str, blocks: &[Value]) -> Result<(), Failure> {
        let body = json!({
            "response_type": "ephemeral", "replace_original": replace, "text": text, "blocks": blocks,
        });
        let Ok(url) = url.parse() else { return Err(no("invalid_response_url")) };
        let context = context(None);
        let sent = async {
            match self.connector.http_post_uri::<Value, Value>(url, &body, context).await {
                // Taken is taken: what comes back is a word, or nothing.
                Err(SlackClientError::ProtocolError(_)) => Ok(Value::Null),
                other => other,
            }
        };
        self.timed(CALL, sent).await.map(drop)
    }

    /// Opens a modal for whoever pressed; `over` the one they pressed in.
    pub async fn open_view(&self, trigger: &str, over: bool, view: &Value) -> Result<(), Failure> {
        let method = if over { "views.push" } else { "views.open" };
        self.say::<Value>(method, &json!({ "trigger_id": trigger, "view": view })).await.map(drop)
    }

    /// Shows somebody their home.
    pub async fn publish_home(&self, user: &str, view: &Value) -> Result<(), Failure> {
        self.say::<Value>("views.publish", &json!({ "user_id": user, "view": view })).await.map(drop)
    }

    /// What somebody is called.
    pub async fn name_of(&self, user: &str) -> Result<Option<String>, Failure> {
        let answer: Value = self.ask("users.info", &[("user", user)]).await?;
        let user = &answer["user"];
        let names =
            [&user["profile"]["display_name"], &user["profile"]["real_name"], &user["real_name"], &user["name"]];
        Ok(names.iter().filter_map(|n| n.as_str()).map(str::trim).find(|n| !n.is_empty()).map(str::to_owned))
    }

    /// The conversation with one person, opened if it is not.
    pub async fn direct(&self, user: &str) -> Result<String, Failure> {
        let opened: Value = self.say("conversations.open", &json!({ "users": user })).await?;
        opened["channel"]["id"].as_str().map(str::to_owned).ok_or_else(|| Failure::later(words::NO_JSON))
    }

    /// Looks for a message among the newest of a channel, or among those of a thread.
    pub async fn find(
        &self,
        channel: &str,
        thread: Option<&str>,
        wanted: impl Fn(&Found) -> bool,
    ) -> Result<Option<Found>, Failure> {
        let mut there = None;
        self.scan(channel, thread, |message| {
            there = Some(message).filter(&wanted);
            there.is_none()
        })
        .await?;
        Ok(there)
    }

    /// Goes through the newest messages of a channel, or those of a thread, until `visit` says that it is enough.
    pub async fn scan(
        &self,
        channel: &str,
        thread: Option<&str>,
        mut visit: impl FnMut(Found) -> bool,
    ) -> Result<(), Failure> {
        let mut cursor = String::new();
        let limit = PAGE.to_string();
        for _ in 0..PAGES {
            let mut params = vec![("channel", channel), ("limit", limit.as_str()), ("include_all_metadata", "true")];
            if !cursor.is_empty() {
                params.push(("cursor", cursor.as_str()));
            }
            let method = if thread.is_some() { "conversations.replies" } else { "conversations.history" };
            params.extend(thread.map(|ts| ("ts", ts)));
            let page: Value = match self.ask(method, &params).await {
                // A thread whose first message is gone has no replies either.
                Err(Failure::No { code, .. }) if code == "thread_not_found" => return Ok(()),
                other => other?,
            };
            let messages = page["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
            if !messages.iter().map(found).all(&mut visit) {
                return Ok(());
            }
            cursor = page["response_metadata"]["next_cursor"].as_str().unwrap_or_default().to_owned();
            if cursor.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Uploads a file into a channel or thread; the file's id.
    pub async fn upload(
        &self,
        channel: &str,
        thread: Option<&str>,
        name: &str,
        bytes: &[u8],
        comment: &str,
    ) -> Result<String, Failure> {
        #[derive(Deserialize)]
        struct Place {
            upload_url: String,
            file_id: String,
        }
        let length = bytes.len().to_string();
        let place: Place = self.ask("files.getUploadURLExternal", &[("filename", name), ("length", &length)]).await?;
        let Ok(url) = place.upload_url.parse() else { return Err(no("invalid_upload_url")) };
        let sent =
            self.connector.http_post_uri_binary::<Value>(url, "application/octet-stream".into(), bytes, context(None));
        self.timed(UPLOAD, sent).await?;
        let mut body = json!({
            "files": [{ "id": place.file_id, "title": name }], "channel_id": channel, "initial_comment": comment,
        });
        if let Some(thread) = thread {
            body["thread_ts"] = thread.into();
        }
        self.say::<Value>("files.completeUploadExternal", &body).await?;
        Ok(place.file_id)
    }

    async fn say<T: DeserializeOwned + Send>(&self, method: &str, body: &Value) -> Result<T, Failure> {
        self.post(method, body, &self.bot).await
    }

    async fn post<T: DeserializeOwned + Send>(
        &self,
        method: &str,
        body: &Value,
        token: &SlackApiToken,
    ) -> Result<T, Failure> {
        self.timed(CALL, self.connector.http_post(method, body, context(Some(token)))).await
    }

    /// Methods that read take their arguments in the address.
    async fn ask<T: DeserializeOwned + Send>(&self, method: &str, params: &[(&str, &str)]) -> Result<T, Failure> {
        let params: Vec<(&str, Option<&str>)> = params.iter().map(|(k, v)| (*k, Some(*v))).collect();
        self.timed(CALL, self.connector.http_get(method, &params, context(Some(&self.bot)))).await
    }

    async fn timed<T>(
        &self,
        limit: Duration,
        call: impl Future<Output = Result<T, SlackClientError>>,
    ) -> Result<T, Failure> {
        match tokio::time::timeout(limit, call).await {
            Ok(answer) => answer.map_err(failure),
            Err(_) => Err(Failure::later(words::NO_ANSWER)),
        }
    }
}

#[derive(Deserialize)]
struct Posted {
    ts: String,
}

/// What our messages are called in their metadata.
const EVENT_TYPE: &str = "rollcall_message";

fn no(code: &str) -> Failure {
    Failure::No { code: code.into(), needed: None }
}

/// Addresses carry what opens doors (response and upload addresses): none is logged.
fn context(token: Option<&SlackApiToken>) -> SlackClientApiCallContext<'_> {
    static QUIET: std::sync::LazyLock<tracing::Span> = std::sync::LazyLock::new(tracing::Span::none);
    SlackClientApiCallContext { rate_control_params: None, token, tracing_span: &QUIET, is_sensitive_url: true }
}

/// What an error means. Its own words hold bodies and addresses, and are never repeated.
fn failure(error: SlackClientError) -> Failure {
    match error {
        SlackClientError::ApiError(e) if PASSING.contains(&&*e.code) => Failure::Later {
            after_ms: if e.code.contains("limited") { SOME_TIME_MS } else { 0 },
            why: words::passing(&e.code),
        },
        SlackClientError::ApiError(e) => {
            let body: Value = e.http_response_body.and_then(|b| serde_json::from_str(&b).ok()).unwrap_or_default();
            Failure::No { needed: body["needed"].as_str().map(str::to_owned), code: e.code }
        }
        SlackClientError::RateLimitError(e) => {
            let asked = e.retry_after.map(|d| i64::try_from(d.as_millis()).unwrap_or(SOME_TIME_MS));
            Failure::Later { after_ms: asked.unwrap_or(SOME_TIME_MS), why: words::TOO_MANY.into() }
        }
        SlackClientError::HttpError(e) if e.status_code.is_server_error() || e.status_code.as_u16() == 408 => {
            Failure::Later { after_ms: 0, why: words::http(e.status_code.as_u16()) }
        }
        SlackClientError::HttpError(e) => no(&format!("http_{}", e.status_code.as_u16())),
        SlackClientError::ProtocolError(_) => Failure::later(words::NO_JSON),
        _ => Failure::later(words::NO_CONNECTION),
    }
}

fn found(message: &Value) -> Found {
    let named = |v: &Value| v.as_str().map(str::to_owned);
    let metadata = &message["metadata"];
    let key = (metadata["event_type"] == EVENT_TYPE).then(|| named(&metadata["event_payload"]["key"])).flatten();
    let first = || message["blocks"][0]["block_id"].as_str()?.strip_prefix(super::show::KEY).map(str::to_owned);
    let list = |v: &Value| v.as_array().cloned().unwrap_or_default();
    Found {
        ts: named(&message["ts"]).unwrap_or_default(),
        key: key.or_else(first),
        files: list(&message["files"]).iter().filter_map(|f| named(&f["title"]).or(named(&f["name"]))).collect(),
        reactions: list(&message["reactions"])
            .iter()
            .filter_map(|r| Some((named(&r["name"])?, list(&r["users"]).iter().filter_map(named).collect::<Vec<_>>())))
            .collect(),
    }
}

#[cfg(test)]
mod tests;
