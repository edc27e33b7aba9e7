//! The console's routes before a desk that plays the engine: who is let in, what is refused and how, and that
//! nothing somebody typed becomes markup.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod ack;
mod desk;
mod guard;
mod live;
mod pages;
mod say;
mod sign_in;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use desk::FakeDesk;
use rollcall::chat::console::{Console, Settings, SignIn};
use rollcall::domain::time::Timestamp;
use rollcall::ports::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tower::ServiceExt;

pub const TOKEN: &str = "the-terminal-token";
pub const HOST: &str = "127.0.0.1:8080";

/// A clock wound by hand.
#[derive(Default)]
pub struct HandClock(AtomicI64);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

/// A console with its desk.
pub struct World {
    pub desk: Arc<FakeDesk>,
    pub console: Console,
    pub router: Router,
    pub clock: Arc<HandClock>,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e} in {}", self.text))
    }
    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }
}

impl World {
    pub fn new(desk: FakeDesk) -> Self {
        Self::with(desk, |_| ())
    }
    pub fn walking() -> Self {
        Self::new(FakeDesk::walking())
    }
    pub fn with(desk: FakeDesk, change: impl FnOnce(&mut Settings)) -> Self {
        let (desk, clock) = (Arc::new(desk), Arc::new(HandClock::default()));
        let mut settings = Settings {
            hosts: vec!["rollcall.example.org".into()],
            address: HOST.parse().unwrap(),
            sign_in: None::<SignIn>,
            token: TOKEN.into(),
            clock: clock.clone(),
            links: None,
        };
        change(&mut settings);
        let console = Console::new(desk.clone(), settings);
        Self { router: console.router(), desk, console, clock }
    }
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }
    pub async fn get(&self, path: &str) -> Answer {
        self.send(get(path)).await
    }
    pub async fn post(&self, path: &str, body: serde_json::Value) -> Answer {
        self.send(post(path, &body.to_string())).await
    }
}

pub fn get(path: &str) -> Request<Body> {
    Request::get(path).header("host", HOST).body(Body::empty()).unwrap()
}

/// As the page's own script posts.
pub fn post(path: &str, body: &str) -> Request<Body> {
    Request::post(path)
        .header("host", HOST)
        .header("origin", format!("http://{HOST}"))
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/json")
        .header("x-rollcall", "1")
        .header("x-rollcall-as", "Ana")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

/// The same request with one header changed, or with none of that name.
pub fn but(mut request: Request<Body>, name: &'static str, value: Option<&str>) -> Request<Body> {
    request.headers_mut().remove(name);
    if let Some(value) = value {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    request
}

pub fn tick() -> serde_json::Value {
    serde_json::json!({ "text": "tick 3.4", "channel": "deployments", "deployment": 12, "key": "key-000001" })
}
