//! What pages and the terminal say.

use super::*;
use rollcall::domain::command::Via;
use rollcall::engine::Input;
use serde_json::json;

#[tokio::test]
async fn words_reach_the_desk_with_who_said_them() {
    let world = World::walking();
    let answer = world.post("/api/say", tick()).await;
    assert_eq!(answer.status, 200);
    let reply = answer.json();
    assert_eq!(
        (reply["ok"].as_bool(), reply["deployment"].as_u64(), reply["brief"].as_bool()),
        (Some(true), Some(12), Some(true))
    );
    assert!(reply["html"].as_str().unwrap().contains("<strong>3.4</strong> tick: recorded."));
    let heard = world.desk.heard.lock().unwrap();
    let envelope = &heard[0];
    assert_eq!((&*envelope.by.name, &*envelope.by.id, envelope.via), ("Ana", "ana", Via::Console));
    assert_eq!((envelope.channel.as_str(), envelope.deployment), ("console:deployments", Some(12)));
    let key = envelope.key.clone().unwrap();
    assert!(key.starts_with("console/") && key.ends_with("/key-000001") && key.len() <= 200, "{key}");
    assert!(matches!(&envelope.input, Input::Say(words) if words == "tick 3.4"));
}

#[tokio::test]
async fn the_same_key_is_another_request_for_another_person() {
    let world = World::walking();
    world.post("/api/say", tick()).await;
    world.post("/api/say", tick()).await;
    world.send(but(post("/api/say", &tick().to_string()), "x-rollcall-as", Some("Ben"))).await;
    let keys: Vec<_> = world.desk.heard.lock().unwrap().iter().map(|e| e.key.clone().unwrap()).collect();
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[0], keys[2]);
}

#[tokio::test]
async fn a_reaction_reaches_the_desk_with_its_message() {
    let world = World::walking();
    let body =
        json!({ "message": "12/section/3@console:deployments", "emoji": "4️⃣", "present": true, "key": "key-000002" });
    assert_eq!(world.post("/api/react", body).await.status, 200);
    {
        let heard = world.desk.heard.lock().unwrap();
        assert_eq!((heard[0].deployment, heard[0].channel.as_str()), (Some(12), "console:deployments"));
        assert!(matches!(&heard[0].input, Input::React { emoji, present: true, .. } if emoji == "4️⃣"));
    }
    let gone = json!({ "message": "none", "emoji": "4️⃣", "present": true, "key": "key-000003" });
    assert_eq!(world.post("/api/react", gone).await.status, 404);
}

#[tokio::test]
async fn reactions_are_emoji_and_not_endless() {
    let world = World::walking();
    let react = async |emoji: &str, present: bool| {
        let message = "12/section/3@console:deployments";
        let body = json!({ "message": message, "emoji": emoji, "present": present, "key": "key-000003" });
        world.post("/api/react", body).await.status.as_u16()
    };
    for words in ["APPROVED", "x", "\u{202E}🎉", "🎉🎉", "", " ", &"x".repeat(40)] {
        assert_eq!(react(words, true).await, 400, "{words:?}");
        assert_eq!(react(words, false).await, 400, "{words:?}");
    }
    // Three kinds stand there from the start.
    for n in 0..17 {
        assert_eq!(react(&char::from_u32(0x1F600 + n).unwrap().to_string(), true).await, 200);
    }
    assert_eq!(react("🚀", true).await, 400);
    // Joining one, taking one off and ticking always work.
    assert_eq!(react("🎉", true).await, 200);
    assert_eq!(react("4️⃣", true).await, 200);
    assert_eq!(react("🎉", false).await, 200);
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_with_a_sentence() {
    let world = World::walking();
    for (what, body) in [
        ("not JSON", "tick 3.4".to_owned()),
        ("no key", json!({ "text": "tick 3.4", "channel": "deployments" }).to_string()),
        ("short key", json!({ "text": "tick 3.4", "channel": "deployments", "key": "1" }).to_string()),
        ("odd key", json!({ "text": "tick 3.4", "channel": "deployments", "key": "12345678/90" }).to_string()),
        ("odd channel", json!({ "text": "tick 3.4", "channel": "a b", "key": "key-000001" }).to_string()),
        ("other platform", json!({ "text": "tick 3.4", "channel": "slack:ops", "key": "key-000001" }).to_string()),
        ("nothing said", json!({ "text": " \n", "channel": "deployments", "key": "key-000001" }).to_string()),
        ("an array", "[]".to_owned()),
        ("empty", String::new()),
        ("not UTF-8", "\u{FFFD}".to_owned()),
    ] {
        let answer = world.send(post("/api/say", &body)).await;
        assert_eq!(answer.status, 400, "{what}");
        assert!(!answer.error().is_empty(), "{what}");
    }
    assert!(world.desk.heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn names_are_cleaned_or_refused() {
    let world = World::walking();
    for (given, name) in [
        ("Ana", "Ana"),
        ("%20Ana%20%20Maria%09", "Ana Maria"),
        ("Jos%C3%A9", "José"),
        ("A%E2%80%AEna%00%0D%0A", "Ana"),
        ("%3Cscript%3E", "<script>"),
        (&"x".repeat(40), &"x".repeat(40)),
    ] {
        let answer = world.send(but(get("/api/me"), "x-rollcall-as", Some(given))).await;
        assert_eq!(answer.json()["name"], name, "{given}");
    }
    for given in ["", "%20", "%E2%80%8B", "!!!", "rollcall", "Roll%E2%80%8Bcall", &"x".repeat(41)] {
        let answer = world.send(but(get("/api/me"), "x-rollcall-as", Some(given))).await;
        assert_eq!(answer.status, 400, "{given}");
    }
    let nobody = world.send(but(post("/api/say", &tick().to_string()), "x-rollcall-as", None)).await;
    assert_eq!(nobody.status, 400);
    assert!(nobody.error().contains("who you are"));
    assert!(world.desk.heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_terminal_needs_its_token() {
    let world = World::walking();
    let body = json!({ "text": "tick 3.4", "channel": "deployments", "as": "Chidi", "key": "key-000009" }).to_string();
    let bare = |authorization: Option<&str>| {
        let mut request = Request::post("/api/do").header("host", HOST);
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        request.body(Body::from(body.clone())).unwrap()
    };
    for wrong in [
        None,
        Some(""),
        Some("Bearer"),
        Some("Bearer "),
        Some("Bearer nope"),
        Some("Basic the-terminal-token"),
        Some(TOKEN),
        Some("Bearer the-terminal-token2"),
    ] {
        let answer = world.send(bare(wrong)).await;
        assert_eq!(answer.status, 401, "{wrong:?}");
        assert!(answer.error().contains("token"), "{}", answer.text);
    }
    assert!(world.desk.heard.lock().unwrap().is_empty());
    let answer = world.send(bare(Some(&format!("Bearer {TOKEN}")))).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["text"], "**3.4** tick: recorded.");
    let heard = world.desk.heard.lock().unwrap();
    assert_eq!((&*heard[0].by.name, heard[0].via), ("Chidi", Via::Terminal));
}

#[tokio::test]
async fn an_empty_token_lets_nobody_in() {
    let world = World::with(FakeDesk::walking(), |s| s.token = String::new());
    let request = Request::post("/api/do").header("host", HOST).header("authorization", "Bearer ");
    assert_eq!(world.send(request.body(Body::from("{}")).unwrap()).await.status, 401);
}

#[tokio::test]
async fn completions_come_from_the_desk() {
    let world = World::walking();
    let answer = world.get("/api/complete?channel=deployments&deployment=12&text=%2Fdeploy%20ti").await.json();
    assert_eq!(answer[0]["text"], "/deploy tick 3.4");
    for bad in ["/api/complete", "/api/complete?channel=a%20b&text=x", "/api/complete?channel=d&deployment=x"] {
        let answer = world.get(bad).await;
        assert_eq!(answer.status, 400, "{bad}");
        assert!(!answer.error().is_empty());
    }
}

#[tokio::test]
async fn choices_and_refusals_are_drawn() {
    let world = World::walking();
    let mut body = tick();
    body["text"] = "/deploy start v1.2.0".into();
    let reply = world.post("/api/say", body.clone()).await.json();
    let html = reply["html"].as_str().unwrap();
    assert!(html.contains("data-command=\"start v1.2.0 checklist:production\""), "{html}");
    assert_eq!(reply["brief"], false);
    body["text"] = "<script>alert(1)</script>".into();
    let reply = world.post("/api/say", body).await.json();
    assert_eq!(reply["ok"], false);
    assert!(!reply["html"].as_str().unwrap().contains("<script"));
}
