//! What Discord tells, as it tells it, and what is understood.

use rollcall::chat::discord::hear::{self, On, Wants, mentions};
use serde_json::{Value, json};
use serenity::model::application::Interaction;
use serenity::model::channel::Reaction;

fn user() -> Value {
    json!({ "id": "3001", "username": "ana", "global_name": "Ana  Maria", "discriminator": "0", "avatar": null })
}

fn message(components: Value, flags: u64) -> Value {
    json!({
        "id": "6001", "channel_id": "5001", "author": user(), "content": "", "timestamp": "2026-11-21T10:00:30.000000+00:00",
        "edited_timestamp": null, "tts": false, "mention_everyone": false, "mentions": [], "mention_roles": [],
        "attachments": [], "embeds": [], "pinned": false, "type": 0, "flags": flags, "components": components,
    })
}

fn interaction(kind: u8, data: Value, message: Option<Value>) -> hear::Heard {
    let mut it = json!({
        "id": "7001", "application_id": "4001", "type": kind, "token": "secret", "version": 1, "data": data,
        "guild_id": "1001", "channel_id": "5001", "locale": "en-US", "entitlements": [], "attachment_size_limit": 1,
        "channel": { "id": "5001", "type": 11, "parent_id": "2001", "name": "thread" },
        "member": {
            "user": user(), "nick": null, "roles": ["8001"], "joined_at": "2026-01-01T00:00:00.000000+00:00",
            "deaf": false, "mute": false, "flags": 0, "permissions": "0",
        },
    });
    if let Some(message) = message {
        it["message"] = message;
    }
    let read: Interaction = serde_json::from_value(it).unwrap();
    hear::interaction(&read).unwrap()
}

fn deploy(options: Value) -> Value {
    json!({ "id": "9001", "name": "deploy", "type": 1, "options": options })
}

#[test]
fn a_subcommand_is_its_words() {
    let options = json!([{ "type": 1, "name": "fail", "options": [
        { "type": 3, "name": "reason", "value": "502 from <@3002>" }, { "type": 3, "name": "items", "value": "3.2" },
        { "type": 4, "name": "deployment", "value": 12 },
    ] }]);
    let heard = interaction(2, deploy(options), None);
    assert_eq!(heard.wants, Wants::Say("#12 fail 3.2: 502 from <@3002>".into()));
    assert_eq!((heard.id, heard.channel, heard.parent), (7001, 5001, Some(2001)));
    assert_eq!((heard.who.id, heard.who.name.as_str(), heard.who.roles), (3001, "Ana Maria", Some(vec![8001])));
    let more = json!([{ "type": 2, "name": "more", "options": [{ "type": 1, "name": "record", "options": [] }] }]);
    assert_eq!(interaction(2, deploy(more), None).wants, Wants::Say("record".into()));
}

#[test]
fn what_is_being_typed() {
    let options = json!([{ "type": 1, "name": "tick", "options": [
        { "type": 3, "name": "items", "value": "smo", "focused": true },
    ] }]);
    let Wants::Complete(chosen) = interaction(4, deploy(options), None).wants else { panic!() };
    assert_eq!((chosen.name.as_str(), chosen.focused), ("tick", Some(("items".into(), "smo".into()))));
}

#[test]
fn buttons_say_ask_and_make_sure() {
    let row = |id: &str| json!([{ "type": 1, "components": [{ "type": 2, "style": 2, "label": "Roll back", "custom_id": id }] }]);
    let pressed = |id: &str, flags| {
        let data = json!({ "custom_id": id, "component_type": 2 });
        interaction(3, data, Some(message(row(id), flags)))
    };
    assert_eq!(pressed("say:#12 next", 0).wants, Wants::Say("#12 next".into()));
    assert_eq!(pressed("say:#12 next", 64).on, Some(On { message: 6001, ephemeral: true, question: false }));
    assert_eq!(
        pressed("ask:#12 rollback", 0).wants,
        Wants::Ask { words: "#12 rollback".into(), label: "Roll back".into() }
    );
    assert_eq!(
        pressed("sure:#12 finish", 0).wants,
        Wants::Sure { words: "#12 finish".into(), label: "Roll back".into() }
    );
    assert_eq!(pressed("something else", 0).wants, Wants::Unknown);
    let no = pressed("never mind", 0);
    assert!(no.wants == Wants::NeverMind && no.on.is_some_and(|on| on.question));
}

#[test]
fn a_form_completes_the_words() {
    let data = json!({ "custom_id": "ask:#12 rollback", "components": [
        { "type": 1, "components": [{ "type": 4, "custom_id": "answer", "value": " error rate 4% " }] },
    ] });
    assert_eq!(interaction(5, data, None).wants, Wants::Say("#12 rollback error rate 4%".into()));
}

#[test]
fn a_choice_means_what_it_changes() {
    let chosen = |id: &str, values: Value| {
        let options = json!([
            { "label": "3.1", "value": "3.1", "default": true }, { "label": "3.2", "value": "3.2", "default": false },
        ]);
        let row = json!([{ "type": 1, "components": [{ "type": 3, "custom_id": id, "options": options }] }]);
        let data = json!({ "custom_id": id, "component_type": 3, "values": values });
        interaction(3, data, Some(message(row, 0))).wants
    };
    let items = |tick: &[&str], untick: &[&str]| {
        let all = |n: &[&str]| n.iter().map(|n| (*n).to_owned()).collect();
        Wants::Items { deployment: 12, tick: all(tick), untick: all(untick) }
    };
    // What they saw counts, not what the message shows by now.
    assert_eq!(chosen("items:12/3:1,4.2", json!(["3.1", "3.2"])), items(&["3.2"], &["3.4.2"]));
    assert_eq!(chosen("items:12/3:", json!(["3.1"])), items(&["3.1"], &[]));
    assert_eq!(chosen("items:12/3:=4.1", json!([])), items(&[], &["4.1"]));
    assert_eq!(chosen("items:12/3:*", json!(["3.2"])), items(&["3.2"], &["3.1"]));
    assert_eq!(chosen("show:12", json!(["3.2"])), Wants::Say("#12 show 3.2".into()));
    assert_eq!(chosen("items:x/3:1", json!(["3.2"])), Wants::Unknown);
}

#[test]
fn reactions() {
    let react = |emoji: Value| {
        let it = json!({
            "user_id": "3001", "channel_id": "5001", "message_id": "6001", "guild_id": "1001", "emoji": emoji,
            "burst": false, "type": 0, "message_author_id": "4001",
        });
        let read: Reaction = serde_json::from_value(it).unwrap();
        hear::reaction(&read, true)
    };
    let heard = react(json!({ "id": null, "name": "1️⃣" })).unwrap();
    assert_eq!((heard.user, heard.emoji.as_str(), heard.author, heard.present), (3001, "1️⃣", Some(4001), true));
    assert_eq!(react(json!({ "id": "1", "name": "shipit" })), None);
}

#[test]
fn mentions_become_names_the_grammar_knows() {
    let name = |id: u64| if id == 3001 { "ana".to_owned() } else { format!("discord:{id}") };
    for (typed, read) in [
        ("assign 3.2 <@3001>", "assign 3.2 @ana"),
        ("assign 3.2 @<@!3002>", "assign 3.2 @discord:3002"),
        ("follow <#2001>", "follow discord:2001"),
        ("note a < b <@x> <#> <t:1:R> >", "note a < b <@x> <#> <t:1:R> >"),
        ("<", "<"),
    ] {
        assert_eq!(mentions(typed, name), read);
    }
}
