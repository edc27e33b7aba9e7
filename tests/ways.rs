//! What comes back from outside, and the sign of life, before a whole Rollcall.

mod world;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use hmac::{Hmac, KeyInit, Mac};
use rollcall::domain::paging::PageState;
use rollcall::loops::heartbeat::{Pulse, vitals};
use rollcall::page::hook;
use sha2::Sha256;
use tower::ServiceExt;
use world::{Fault, HOUR, MINUTE, World};

const SECRET: &str = "what PagerDuty signs with";

fn event(id: &str, kind: &str, key: &str) -> String {
    serde_json::json!({ "event": {
        "id": id, "event_type": kind, "resource_type": "incident", "occurred_at": "2026-11-21T10:00:30Z",
        "agent": { "id": "PLH1HKV", "type": "user_reference", "summary": "Ana", "html_url": "https://x.example" },
        "client": null,
        "data": { "id": "PGR0VU2", "type": "incident", "incident_key": key, "status": "acknowledged", "title": "x" },
    } })
    .to_string()
}

async fn called(world: &World, body: &str, signature: &str) -> StatusCode {
    let router = hook::router(world.engine().clone(), vec!["another".into(), SECRET.into()]);
    let request = Request::post(hook::PATH).header(hook::SIGNATURE, signature).body(Body::from(body.to_owned()));
    router.oneshot(request.unwrap()).await.unwrap().status()
}

fn signed(body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    format!("v1=00, v1={}", hex::encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn only_pagerduty_speaks_for_pagerduty() {
    let world = World::new().await;
    assert!(world.say("Ana", "start v1.2.0 checklist:production-service env:production").await.ok);
    let body = event("01A", "incident.acknowledged", "rollcall/1/page/1");
    assert_eq!(called(&world, &body, "v1=00").await, StatusCode::UNAUTHORIZED);
    assert_eq!(called(&world, &body, &signed("{}")).await, StatusCode::UNAUTHORIZED);
    assert_eq!(called(&world, &body, "").await, StatusCode::UNAUTHORIZED);
    // What means nothing here is taken and forgotten; PagerDuty would tell it again and again.
    for nothing in [
        event("01B", "incident.triggered", "rollcall/1/page/1"),
        event("01C", "incident.acknowledged", "of another system"),
        event("01D", "incident.acknowledged", "rollcall/77/page/1"),
        "not even JSON".into(),
    ] {
        assert_eq!(called(&world, &nothing, &signed(&nothing)).await, StatusCode::OK, "{nothing}");
    }
    let long = "x".repeat(300 << 10);
    assert_eq!(called(&world, &long, &signed(&long)).await, StatusCode::PAYLOAD_TOO_LARGE);
}

async fn tells(world: &World, kind: &str, key: &str) -> StatusCode {
    let id: String = format!("{kind}{key}{}", world.now().0).chars().filter(char::is_ascii_alphanumeric).collect();
    let body = event(&id, kind, key);
    called(world, &body, &signed(&body)).await
}

async fn state(world: &World) -> PageState {
    world.engine().deployment(1).await.unwrap().unwrap().pages[0].state
}

#[tokio::test]
async fn an_acknowledgement_there_is_of_one_climb() {
    let world = World::new().await;
    assert!(world.say("Ana", "start v1.2.0 checklist:production-service env:production").await.ok);
    assert!(world.say("Bob", "page checkout answers 502").await.ok);
    assert_eq!(tells(&world, "incident.acknowledged", "rollcall/1/page/1").await, StatusCode::OK);
    assert_eq!(state(&world).await, PageState::Acknowledged);
    world.advance(MINUTE).await;
    assert!(world.say("Bob", "escalate 1").await.ok);
    // What is told of the incident before is not about who is called now.
    for kind in ["incident.acknowledged", "incident.resolved"] {
        assert_eq!(tells(&world, kind, "rollcall/1/page/1").await, StatusCode::OK);
        assert_eq!(state(&world).await, PageState::Open);
    }
    assert_eq!(tells(&world, "incident.acknowledged", "rollcall/1/page/1/2").await, StatusCode::OK);
    assert_eq!(state(&world).await, PageState::Acknowledged);
    assert_eq!(tells(&world, "incident.resolved", "rollcall/1/page/1/2").await, StatusCode::OK);
    assert_eq!(state(&world).await, PageState::Resolved);
}

#[tokio::test]
async fn the_heart_beats_while_timers_fire() {
    let world = World::new().await;
    assert!(world.say("Ana", "start v1.2.0 checklist:production-service env:production").await.ok);
    let mut pulse = Pulse::default();
    assert_eq!(pulse.look(&vitals(world.engine()).await.unwrap()), Ok(()));
    world.advance(3 * HOUR).await;
    assert_eq!(pulse.look(&vitals(world.engine()).await.unwrap()), Ok(()));
    // The loops stand still while the clock goes on.
    world.jump(HOUR + 2 * MINUTE);
    assert!(pulse.look(&vitals(world.engine()).await.unwrap()).unwrap_err().contains("overdue"));
    world.settle().await;
    assert_eq!(pulse.look(&vitals(world.engine()).await.unwrap()), Ok(()));
    // Nothing gets out, though it is tried every minute.
    world.chat.faults.lock().unwrap().extend(vec![Some(Fault::Busy); 10_000]);
    assert!(world.say("Bob", "page checkout answers 502").await.ok);
    world.advance(9 * MINUTE).await;
    assert_eq!(pulse.look(&vitals(world.engine()).await.unwrap()), Ok(()));
    world.advance(2 * MINUTE).await;
    let why = pulse.look(&vitals(world.engine()).await.unwrap()).unwrap_err();
    assert_eq!(why, "A message for console:deployments has failed for 11 min and is tried on.");
    world.chat.faults.lock().unwrap().clear();
    world.advance(2 * MINUTE).await;
    assert_eq!(pulse.look(&vitals(world.engine()).await.unwrap()), Ok(()));
}
