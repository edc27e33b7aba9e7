//! Signing in, staying so, and not guessing.

use super::*;
use rollcall::chat::console::Account;
use serde_json::json;
use sha2::{Digest, Sha256};

fn guarded(loopback: bool) -> World {
    let account = |id: &str, name: &str, key: &str| Account {
        id: id.into(),
        name: name.into(),
        key_sha256: Sha256::digest(key).into(),
    };
    World::with(FakeDesk::walking(), |s| {
        s.address = if loopback { HOST } else { "192.168.1.5:8080" }.parse().unwrap();
        s.sign_in = Some(SignIn {
            people: vec![account("ana", "Ana Lima", "correct horse"), account("ben", "Ben", "battery staple")],
            secret: vec![7; 32],
        });
    })
}

async fn try_key(world: &World, person: &str, key: &str) -> Answer {
    world.post("/api/sign-in", json!({ "person": person, "key": key })).await
}

/// The cookie as a browser sends it back.
fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn nothing_is_seen_before_signing_in() {
    let world = guarded(true);
    for (path, next) in [
        ("/c/deployments", "%2Fc%2Fdeployments"),
        ("/deployments?before=3", "%2Fdeployments%3Fbefore%3D3"),
        ("/d/12/record.md", "%2Fd%2F12%2Frecord%2Emd"),
    ] {
        let answer = world.get(path).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("location")),
            (303, format!("/sign-in?next={next}").as_str())
        );
        assert_eq!(answer.text, "");
    }
    for path in [
        "/events?channel=deployments",
        "/api/complete?channel=deployments",
        "/api/me",
        "/d/12/fragment",
        "/c/deployments/fragment",
    ] {
        let answer = world.get(path).await;
        assert_eq!(answer.status, 401, "{path}");
        assert!(answer.error().contains("Sign in"));
    }
    // A picked name is no sign-in.
    assert_eq!(world.post("/api/say", tick()).await.status, 401);
    assert_eq!(world.get("/assets/app.css").await.status, 200);
    assert_eq!(world.get("/healthz").await.status, 200);
    assert!(world.desk.heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_key_opens_a_session_of_twelve_hours() {
    let world = guarded(true);
    assert_eq!(world.get("/sign-in").await.status, 200);
    let entered = try_key(&world, " Ana ", "correct horse").await;
    assert_eq!(entered.status, 200);
    let set = entered.header("set-cookie");
    for part in ["rollcall_session=", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"] {
        assert!(set.contains(part), "{part} in {set}");
    }
    assert!(!set.contains("Secure"));
    let cookie = cookie(&entered);
    let page = world.send(but(get("/c/deployments"), "cookie", Some(&format!("a=b; {cookie}")))).await;
    assert!(page.text.contains("Ana Lima") && page.text.contains("data-sign-out"));
    // The session says who it is, whatever the page claims.
    let said = but(but(post("/api/say", &tick().to_string()), "cookie", Some(&cookie)), "x-rollcall-as", Some("Ben"));
    assert_eq!(world.send(said).await.status, 200);
    assert_eq!(&*world.desk.heard.lock().unwrap()[0].by.id, "ana");
    let again = world.send(but(get("/sign-in?next=/d/12"), "cookie", Some(&cookie))).await;
    assert_eq!(again.header("location"), "/d/12");
    world.clock.0.store(12 * 3600 * 1000 - 1, Ordering::Relaxed);
    assert_eq!(world.send(but(get("/d/12"), "cookie", Some(&cookie))).await.status, 200);
    world.clock.0.store(12 * 3600 * 1000, Ordering::Relaxed);
    assert_eq!(world.send(but(get("/d/12"), "cookie", Some(&cookie))).await.status, 303);
}

/// A sign-in from a page at this origin.
async fn try_from(world: &World, origin: Option<&str>, host: &str) -> Answer {
    let body = json!({ "person": "ben", "key": "battery staple" }).to_string();
    world.send(but(but(post("/api/sign-in", &body), "origin", origin), "host", Some(host))).await
}

#[tokio::test]
async fn the_cookie_is_secure_where_the_page_came_over_https() {
    for world in [guarded(true), guarded(false)] {
        for (origin, host, secure) in [
            (Some("https://rollcall.example.org"), "rollcall.example.org", true),
            (Some("https://127.0.0.1:8080"), "127.0.0.1:8080", true),
            (None, "rollcall.example.org", true),
            (Some("http://127.0.0.1:8080"), "127.0.0.1:8080", false),
            (Some("http://localhost:8080"), "localhost:8080", false),
            (Some("http://[::1]:8080"), "[::1]:8080", false),
        ] {
            let entered = try_from(&world, origin, host).await;
            assert_eq!(entered.status, 200, "{origin:?} {}", entered.text);
            assert_eq!(entered.header("set-cookie").ends_with("; Secure"), secure, "{origin:?}");
        }
    }
    let world = guarded(false);
    let entered = try_from(&world, Some("https://rollcall.example.org"), "rollcall.example.org").await;
    let left = world.send(but(post("/api/sign-out", "{}"), "cookie", Some(&cookie(&entered)))).await;
    assert!(left.header("set-cookie").starts_with("rollcall_session=; Path=/; Max-Age=0"));
}

#[tokio::test]
async fn over_plain_http_from_elsewhere_nobody_can_sign_in_and_is_told_so() {
    let world = guarded(false);
    for host in ["rollcall.example.org", "192.168.1.5:8080"] {
        let answer = try_from(&world, Some(&format!("http://{host}")), host).await;
        assert_eq!(answer.status, 403, "{host}");
        assert!(answer.error().contains("https://"), "{}", answer.text);
        assert!(answer.header("set-cookie").is_empty());
    }
}

#[tokio::test]
async fn forged_cookies_open_nothing() {
    let world = guarded(true);
    let good = cookie(&try_key(&world, "ana", "correct horse").await);
    let parts: Vec<&str> = good.trim_start_matches("rollcall_session=").split('|').collect();
    let ben = hex::encode("ben");
    for forged in [
        format!("{ben}|{}|{}", parts[1], parts[2]),
        format!("{}|{}|{}", parts[0], "99999999999999", parts[2]),
        format!("{}|{}|{}", parts[0], parts[1], "00".repeat(32)),
        format!("{}|{}|", parts[0], parts[1]),
        format!("{}|{}|{}|", parts[0], parts[1], parts[2]),
        format!("{}|{}", parts[0], parts[1]),
        String::new(),
    ] {
        let answer = world.send(but(get("/d/12"), "cookie", Some(&format!("rollcall_session={forged}")))).await;
        assert_eq!(answer.status, 303, "{forged}");
    }
    // Another secret, or another key of the same person, ends the session.
    let other = World::with(FakeDesk::walking(), |s| {
        let people =
            vec![Account { id: "ana".into(), name: "Ana".into(), key_sha256: Sha256::digest("new key").into() }];
        s.sign_in = Some(SignIn { people, secret: vec![7; 32] });
    });
    assert_eq!(other.send(but(get("/d/12"), "cookie", Some(&good))).await.status, 303);
}

#[tokio::test(start_paused = true)]
async fn guessing_is_bounded() {
    let world = guarded(true);
    for n in 0..10 {
        for person in [if n % 2 == 0 { "ana" } else { " ANA" }, "nobody"] {
            let answer = try_key(&world, person, &format!("guess {n}")).await;
            assert_eq!(answer.status, 401);
            assert!(answer.header("set-cookie").is_empty());
            // The answer is the same whether there is such a person.
            assert!(answer.error().contains("Name and key"));
        }
    }
    // Guessing at one person keeps out nobody else, and does not tell who there is.
    assert_eq!(try_key(&world, "nobody", "guess").await.status, 429);
    assert_eq!(try_key(&world, "ben", "battery staple").await.status, 200);
    let refused = try_key(&world, "ana", "correct horse").await;
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").parse::<u64>().unwrap() <= 61);
    assert!(refused.error().contains("Too many"));
    tokio::time::advance(std::time::Duration::from_secs(60)).await;
    assert_eq!(try_key(&world, "ana", "correct horse").await.status, 200);
    // Those who know their key may come as often as they like.
    for _ in 0..30 {
        assert_eq!(try_key(&world, "ben", "battery staple").await.status, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn guessing_at_many_names_locks_out_only_those() {
    let world = guarded(true);
    for n in 0..300 {
        assert_eq!(try_key(&world, &format!("name-{n}"), "guess").await.status, 401);
    }
    assert_eq!(try_key(&world, "name-7", "guess").await.status, 429);
    assert_eq!(try_key(&world, "ben", "battery staple").await.status, 200);
}

#[tokio::test]
async fn nobody_is_sent_elsewhere_after_signing_in() {
    let world = guarded(true);
    for next in
        ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/%0d%0aSet-Cookie:x", ""]
    {
        let answer = world.get(&format!("/sign-in?next={next}")).await;
        assert!(answer.text.contains("data-next=\"/\""), "{next}");
    }
    assert!(world.get("/sign-in?next=%2Fd%2F12").await.text.contains("data-next=\"/d/12\""));
}

#[tokio::test]
async fn the_terminal_acts_as_the_configured_person() {
    let world = guarded(true);
    let body = json!({ "text": "tick 3.4", "channel": "deployments", "as": "Dana.K" }).to_string();
    let request = Request::post("/api/do").header("host", HOST).header("authorization", format!("Bearer {TOKEN}"));
    assert_eq!(world.send(request.body(Body::from(body)).unwrap()).await.status, 200);
    assert_eq!(&*world.desk.heard.lock().unwrap()[0].by.name, "Dana Kay");
}

#[tokio::test]
async fn a_picked_name_is_looked_up_and_a_session_is_not() {
    let world = World::walking();
    world.send(but(post("/api/say", &tick().to_string()), "x-rollcall-as", Some("dana%20kay"))).await;
    assert_eq!(&*world.desk.heard.lock().unwrap()[0].by.id, "dana.k");
    // Whoever signed in is who the key says, whatever else is called the same.
    let world = guarded(true);
    let cookie = cookie(&try_key(&world, "ana", "correct horse").await);
    world.send(but(post("/api/say", &tick().to_string()), "cookie", Some(&cookie))).await;
    let reaction =
        json!({ "message": "12/section/3@console:deployments", "emoji": "4️⃣", "present": true, "key": "key-000002" });
    world.send(but(post("/api/react", &reaction.to_string()), "cookie", Some(&cookie))).await;
    let heard = world.desk.heard.lock().unwrap();
    assert_eq!(heard.iter().map(|e| (&*e.by.id, &*e.by.name)).collect::<Vec<_>>(), [("ana", "Ana Lima"); 2]);
}
