//! What pages hear.

use super::*;
use axum::body::BodyDataStream;
use rollcall::card::Shown;
use rollcall::engine::Notice;
use std::time::Duration;
use tokio_stream::StreamExt;

/// A stream as a browser reads it.
struct Ear {
    stream: BodyDataStream,
    heard: String,
}

impl Ear {
    async fn open(world: &World, path: &str) -> Self {
        let response = world.router.clone().oneshot(get(path)).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-cache");
        let mut ear = Self { stream: response.into_body().into_data_stream(), heard: String::new() };
        assert!(ear.next().await.unwrap().contains("event: hello"));
        ear
    }
    /// The next event; none when the stream ended.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.heard.find("\n\n") {
                let event = self.heard[..end].to_owned();
                self.heard.drain(..end + 2);
                return Some(event);
            }
            let chunk = tokio::time::timeout(Duration::from_secs(60), self.stream.next()).await.expect("an event")?;
            self.heard.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }
    async fn expect(&mut self, kind: &str) -> String {
        loop {
            let event = self.next().await.expect("the stream is open");
            if event.contains(&format!("event: {kind}")) {
                return event;
            }
            assert!(event.starts_with("event: deployment") || event.starts_with(':'), "{event}");
        }
    }
}

#[tokio::test]
async fn changes_arrive_drawn() {
    let world = World::walking();
    let mut channel = Ear::open(&world, "/events?channel=deployments").await;
    let mut other = Ear::open(&world, "/events?channel=release-train").await;
    let mut page = Ear::open(&world, "/events?deployment=12").await;
    let mut another = Ear::open(&world, "/events?deployment=13").await;
    world.post("/api/say", tick()).await;
    let event = channel.expect("message").await;
    let data: serde_json::Value =
        serde_json::from_str(event.lines().find_map(|l| l.strip_prefix("data: ")).unwrap()).unwrap();
    assert_eq!(data["key"], "12/board@console:deployments");
    assert!(data["html"].as_str().unwrap().contains("<progress value=\"9\""));
    let section = channel.expect("message").await;
    assert!(
        section.contains("12/section/3@")
            && section.contains(r#"data-item=\"3.4\" data-key=\"3.4\" data-state=\"ticked\""#)
    );
    assert_eq!(page.next().await.unwrap(), "event: deployment\ndata: 12");
    assert_eq!(other.next().await.unwrap(), "event: deployment\ndata: 12");
    world.desk.notices.send(Notice::Deployment(13)).unwrap();
    assert_eq!(another.next().await.unwrap(), "event: deployment\ndata: 13");
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_told_to_read_anew() {
    let world = World::walking();
    let mut ear = Ear::open(&world, "/events?channel=deployments").await;
    for _ in 0..1000 {
        world.desk.mark("3.4", Shown::Ticked, "Ben", None);
        tokio::task::yield_now().await;
    }
    let mut heard = Vec::new();
    loop {
        let event = ear.next().await.unwrap();
        if event.contains("event: resync") {
            break;
        }
        heard.push(event);
    }
    assert!(heard.len() < 1000);
}

#[tokio::test(start_paused = true)]
async fn quiet_streams_show_signs_of_life_and_end_in_time() {
    let world = World::walking();
    let mut ear = Ear::open(&world, "/events").await;
    assert_eq!(ear.next().await.unwrap(), ": still here");
    let mut signs = 1;
    while ear.next().await.is_some() {
        signs += 1;
    }
    assert!((200..=240).contains(&signs), "an hour's signs: {signs}");
}

#[tokio::test]
async fn closing_ends_streams() {
    let world = World::walking();
    let mut ear = Ear::open(&world, "/events").await;
    world.console.close();
    assert_eq!(ear.next().await, None);
}

#[tokio::test]
async fn streams_are_bounded_and_given_back() {
    let world = World::walking();
    let mut ears = Vec::new();
    for _ in 0..200 {
        ears.push(Ear::open(&world, "/events").await);
    }
    let full = world.get("/events").await;
    assert_eq!((full.status.as_u16(), full.header("retry-after")), (503, "30"));
    assert!(full.error().contains("200 pages"));
    ears.clear();
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    Ear::open(&world, "/events").await;
}
