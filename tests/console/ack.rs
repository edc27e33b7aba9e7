//! The link of a mail: looked at by whoever, pressed by whom it was sent to, signed in or not.

use super::{HOST, World, but, get};
use crate::desk::{FakeDesk, START};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use rollcall::chat::console::{Account, SignIn};
use rollcall::domain::command::Via;
use rollcall::domain::paging::{PageState, Urgency};
use rollcall::domain::time::Timestamp;
use rollcall::engine::{CalledPage, Input};
use rollcall::link::{Grant, Links};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Page 1 as the engine tells it.
fn called(state: PageState) -> CalledPage {
    CalledPage {
        number: 1,
        message: "the database is down".into(),
        state,
        urgency: Urgency::High,
        policy: None,
        by: "Zoe".into(),
        at: Timestamp(START),
        count: 1,
        has: None,
        has_since: None,
        resolved_by: None,
        resolved_at: None,
        trail: vec![],
    }
}

fn world() -> World {
    let desk = FakeDesk::walking();
    *desk.pages.lock().unwrap() = vec![called(PageState::Open)];
    World::with(desk, |settings| {
        settings.links = Some(Links::new(SECRET));
        settings.address = "0.0.0.0:8080".parse().unwrap();
        let ana = Account { id: "ana".into(), name: "Ana".into(), key_sha256: [1; 32] };
        settings.sign_in = Some(SignIn { people: vec![ana], secret: SECRET.into() });
    })
}

fn path(deployment: u64, person: &str) -> String {
    let grant = Grant { deployment, page: 1, person: person.into() };
    format!("/ack/{}", Links::new(SECRET).token(&grant))
}

/// As a browser sends the page's form.
fn press(path: &str) -> Request<Body> {
    Request::post(path)
        .header("host", HOST)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", "null")
        .body(Body::empty())
        .unwrap()
}

/// Where the page's button leads.
fn action(page: &str) -> String {
    page.split("action=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn looking_does_nothing_and_pressing_acknowledges() {
    let world = world();
    let path = path(12, "ana");
    let page = world.get(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("Acknowledge this page?") && page.text.contains("#12"), "{}", page.text);
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    assert_eq!(page.header("referrer-policy"), "same-origin", "the link goes nowhere else");
    assert!(page.header("cache-control").contains("no-store"));
    assert!(world.desk.heard.lock().unwrap().is_empty(), "programs that look through mails follow links");
    let action = action(&page.text);
    let done = world.send(press(&format!("{path}{action}"))).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert!(done.text.contains("You have page 1. Nobody else is called."), "{}", done.text);
    world.send(press(&format!("{path}{action}"))).await;
    let heard = world.desk.heard.lock().unwrap().clone();
    assert!(matches!(&heard[0].input, Input::Say(words) if words == "#12 ack 1"), "{heard:?}");
    assert_eq!((&*heard[0].by.id, heard[0].via), ("ana", Via::Pager));
    assert_eq!(heard[0].key, heard[1].key, "pressed twice, it is one");
    // Asked anew, it is another: the page may have come again.
    let again = world.get(&path).await;
    world.send(press(&format!("{path}{}", self::action(&again.text)))).await;
    let heard = world.desk.heard.lock().unwrap().clone();
    assert_ne!(heard[0].key, heard[2].key);
    assert!(heard[0].key.as_ref().unwrap().len() <= 150);
}

#[tokio::test]
async fn where_somebody_has_it_the_link_says_who_and_offers_no_button() {
    let world = world();
    let path = path(12, "ben");
    assert_eq!(world.get(&path).await.text.matches("<button").count(), 1);
    let at = |minutes: i64| Some(Timestamp(START + minutes * 60_000));
    let taken = CalledPage { has: Some("Ana <b>".into()), has_since: at(5), ..called(PageState::Acknowledged) };
    let resolved = CalledPage {
        state: PageState::Resolved,
        resolved_by: Some("Cleo".into()),
        resolved_at: at(24 * 60),
        ..taken.clone()
    };
    let itself = CalledPage { resolved_by: Some("Rollcall".into()), has: None, has_since: None, ..resolved.clone() };
    for (page, title, said) in [
        (
            taken,
            "Ana &lt;b&gt; has this page",
            "Ana &lt;b&gt; has it since 2026-03-05 14:05 UTC. Nobody else is called.",
        ),
        (
            resolved,
            "This page is resolved",
            "Resolved by Cleo, 2026-03-06 14:00 UTC. Ana &lt;b&gt; had it. Nobody is called.",
        ),
        (itself, "This page is resolved", "Resolved by Rollcall, 2026-03-06 14:00 UTC. Nobody is called."),
    ] {
        *world.desk.pages.lock().unwrap() = vec![page];
        let shown = world.get(&path).await;
        assert_eq!(shown.status, StatusCode::OK);
        assert!(shown.text.contains(title) && shown.text.contains(said), "{}", shown.text);
        assert!(shown.text.contains("page 1") && shown.text.contains("/d/12"), "{}", shown.text);
        assert!(!shown.text.contains("<form") && !shown.text.contains("<button"), "{}", shown.text);
    }
    // It climbs anew: asked again.
    *world.desk.pages.lock().unwrap() = vec![called(PageState::Open)];
    assert!(world.get(&path).await.text.contains("Acknowledge this page?"));
    world.desk.pages.lock().unwrap().clear();
    let none = world.get(&path).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND, "{}", none.text);
    assert!(world.desk.heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_test_of_reaching_somebody_is_answered_alike() {
    let world = world();
    let path = path(0, "ana");
    let page = world.get(&path).await;
    assert!(page.text.contains("Nothing is the matter"), "{}", page.text);
    world.send(press(&format!("{path}{}", action(&page.text)))).await;
    let heard = world.desk.heard.lock().unwrap().clone();
    assert!(matches!(&heard[0].input, Input::Say(words) if words == "ack test 1"));
}

#[tokio::test]
async fn what_is_no_link_of_ours_does_nothing() {
    let world = world();
    let whole = path(12, "ana");
    let forged = whole.replace("ana", "bob");
    for wrong in [&whole[..whole.len() - 2], "/ack/12-1-ana-00", "/ack/x", &forged, &path(99, "ana")] {
        let page = world.get(wrong).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{wrong}");
        assert!(page.header("content-security-policy").contains("default-src 'none'"));
    }
    assert_eq!(world.send(press(&format!("{forged}?once=0123456789ab"))).await.status, StatusCode::NOT_FOUND);
    for wrong in ["", "?once=", "?once=short", "?once=no%20word%20at%20all"] {
        assert_eq!(world.send(press(&format!("{whole}{wrong}"))).await.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    let elsewhere = world.send(but(get(&whole), "host", Some("evil.example"))).await;
    assert_eq!(elsewhere.status, StatusCode::MISDIRECTED_REQUEST);
    assert!(world.desk.heard.lock().unwrap().is_empty());
    let none = World::walking();
    assert_eq!(none.get(&whole).await.status, StatusCode::NOT_FOUND);
}
