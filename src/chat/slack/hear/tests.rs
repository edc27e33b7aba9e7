use super::*;
use serde_json::{Value, json};

fn command(payload: Value) -> Result<Heard, Unknown> {
    super::command(&payload.to_string())
}

fn interaction(payload: Value) -> Result<Heard, Unknown> {
    super::interaction(&payload.to_string())
}

fn event(payload: Value, bot: &str) -> Result<Option<Heard>, Unknown> {
    super::event(&payload.to_string(), bot)
}

fn click(action: Value) -> Value {
    json!({
        "type": "block_actions", "trigger_id": "1.2.abc", "user": { "id": "U1", "username": "ana" },
        "channel": { "id": "C1" }, "container": { "message_ts": "5.5", "thread_ts": "4.4", "channel_id": "C1" },
        "message": { "ts": "5.5", "metadata": { "event_payload": { "n": 1, "deep": { "x": [] } } }, "blocks": 7 },
        "response_url": "https://hooks.example/x", "actions": [action],
    })
}

#[test]
fn a_click_survives_whatever_stands_around_it() {
    let heard = interaction(click(json!({ "action_id": "say:3", "value": "#12 hold", "action_ts": 4 }))).unwrap();
    assert_eq!(
        heard.what,
        What::Pressed { words: "#12 hold".into(), listed: false, message: Some("5.5".into()), ephemeral: false }
    );
    assert_eq!((&*heard.user, &*heard.name, &*heard.channel, &*heard.key), ("U1", "ana", "C1", "slack/1.2.abc"));
    assert_eq!(heard.thread.as_deref(), Some("4.4"));
    let option = json!({ "action_id": "say:more", "selected_option": { "value": "#12 fail 3.2", "text": 5 } });
    assert!(matches!(interaction(click(option)).unwrap().what, What::Pressed { words, .. } if words == "#12 fail 3.2"));
    let mut odd = click(json!({ "action_id": "say:3", "value": "#12 hold" }));
    odd["channel"] = json!("C1");
    odd["message"] = Value::Null;
    let heard = interaction(odd).unwrap();
    assert_eq!((&*heard.channel, heard.thread.as_deref()), ("C1", Some("4.4")));
}

#[test]
fn boxes_say_what_was_seen_and_what_was_chosen() {
    let action = json!({
        "action_id": "items", "block_id": "items:12:3:7:3.1,3.4",
        "selected_options": [{ "value": "3.1" }, { "value": "3.2" }],
    });
    let What::Boxes { seen, chosen, message } = interaction(click(action)).unwrap().what else { panic!() };
    assert_eq!((seen.words(&chosen), &*message), (vec!["#12 tick 3.2".to_owned(), "#12 untick 3.4".to_owned()], "5.5"));
}

#[test]
fn modals_are_read_by_action() {
    let heard = interaction(json!({
        "type": "view_submission", "user": { "id": "U1" }, "trigger_id": "9.9",
        "view": { "id": "V1", "callback_id": "ask", "private_metadata": "{}", "state": { "values": {
            "answer": { "answer": { "type": "plain_text_input", "value": "broker down" } },
            "follow": { "follow": { "selected_conversations": ["C1", "C2"] } },
            "odd": 5,
        } } },
    }))
    .unwrap();
    // One odd value takes the others with it nowhere.
    let What::Submitted { callback, values, .. } = heard.what else { panic!() };
    assert_eq!(callback, "ask");
    assert_eq!(values["answer"], ["broker down"]);
    assert_eq!(values["follow"], ["C1", "C2"]);
}

#[test]
fn events_that_are_not_ours_are_left() {
    let event = |e: Value| event(json!({ "type": "event_callback", "event_id": "Ev1", "event": e }), "U0BOT");
    let reaction = |user: &str, kind: &str| {
        event(json!({ "type": kind, "user": user, "reaction": "one", "item": { "channel": "C1", "ts": "5.5" } }))
    };
    assert_eq!(
        reaction("U1", "reaction_removed").unwrap().unwrap().what,
        What::Reacted { emoji: "one".into(), message: "5.5".into(), present: false, ours: false }
    );
    assert_eq!(reaction("U0BOT", "reaction_added"), Ok(None));
    let mention = event(json!({ "type": "app_mention", "user": "U1", "text": "<@U0BOT> status", "channel": "C1" }));
    assert_eq!(mention.unwrap().unwrap().what, What::Said { text: "  status".into() });
    let joined = |user: &str| event(json!({ "type": "member_joined_channel", "user": user, "channel": "C1" }));
    assert_eq!(joined("U0BOT").unwrap().unwrap().what, What::Joined);
    assert_eq!(joined("U1"), Ok(None));
    assert_eq!(event(json!({ "type": "team_join<", "user": "U1" })), Err(Unknown("event team_join".into())));
    assert!(super::event("5", "U0BOT").is_err());
}

#[test]
fn words_are_read_back_as_people_typed_them() {
    for (slack, text) in [
        ("tick 3.2 a &lt; b &amp;&amp; c", "tick 3.2 a < b && c"),
        ("assign 3.2 <@U02BOB|bob>", "assign 3.2 @slack:U02BOB"),
        ("assign 3.2 <@U02BOB>", "assign 3.2 @slack:U02BOB"),
        ("follow <#C02DEP|deploys>", "follow slack:C02DEP"),
        ("evidence 3.2 <https://x.example/?a=1&amp;b=2>", "evidence 3.2 https://x.example/?a=1&b=2"),
        ("evidence 3.2 <https://x.example|x.example>", "evidence 3.2 https://x.example"),
        ("note mail <mailto:a@b.example|a@b.example>", "note mail a@b.example"),
        ("note <!here> and <!subteam^S1|@ops>", "note !here and @ops"),
        ("note a < b", "note a < b"),
        ("", ""),
    ] {
        assert_eq!(spoken(slack).text, text, "{slack}");
    }
    assert_eq!(spoken("handover <@U02BOB|bob>").people, [("U02BOB".to_owned(), Some("bob".to_owned()))]);
}

#[test]
fn nonsense_is_named_and_never_repeated() {
    assert!(command(json!({ "text": "secret" })).is_err());
    assert_eq!(interaction(json!({ "type": "shortcut", "user": "x" })), Err(Unknown("interaction shortcut".into())));
    let other = interaction(click(json!({ "action_id": "theirs", "value": "secret" }))).unwrap_err();
    assert!(!other.0.contains("secret"));
}
