//! The Slack that tests run against, itself tested: what it refuses, how it delivers, and that the client library the
//! bot uses understands every shape it sends.

#![allow(clippy::disallowed_methods, reason = "sockets live in real time")]

#[path = "peers/slack/mod.rs"]
mod slack;

use self::slack::deliver::{self, Kind};
use self::slack::weather::{Fault, Weather};
use self::slack::world::{ALICE, BOB, BOT, DEPLOYS, GENERAL, Message};
use self::slack::{APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, Settings, Slack, limits};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use slack_morphism::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A call of the Web API without any library.
async fn call(slack: &Slack, method: &str, token: &str, args: Value) -> (u16, Value) {
    let body = args.to_string();
    let request = axum::http::Request::post(format!("/api/{method}"))
        .header("host", slack.address.to_string())
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json; charset=utf-8")
        .header("content-length", body.len())
        .body(axum::body::Body::from(body))
        .unwrap();
    match deliver::send(slack.address, request).await {
        Some((status, body)) => (status, serde_json::from_slice(&body).unwrap_or(Value::Null)),
        None => (0, Value::Null),
    }
}

async fn bot(slack: &Slack, method: &str, args: Value) -> Value {
    call(slack, method, BOT_TOKEN, args).await.1
}

fn wrong(blocks: Value) -> String {
    limits::message(&json!({ "text": "x", "blocks": blocks })).join("; ")
}

#[test]
fn limits_of_blocks_are_known() {
    let text = |t: &str| json!({"type": "mrkdwn", "text": t});
    let plain = |t: &str| json!({"type": "plain_text", "text": t});
    let option = |t: &str, v: &str| json!({"text": text(t), "value": v});
    let boxes = |n: usize| -> Vec<Value> { (0..n).map(|i| option("Item", &format!("1.{i}"))).collect() };
    let actions = |e: Value| json!([{"type": "actions", "elements": [e]}]);
    let button = |t: &str, v: &str| json!({"type": "button", "action_id": "say:0", "text": plain(t), "value": v});

    assert_eq!(wrong(json!([{"type": "section", "text": text(&"é".repeat(3_000))}])), "");
    assert_eq!(wrong(actions(json!({"type": "checkboxes", "action_id": "items", "options": boxes(10)}))), "");
    assert_eq!(wrong(actions(button(&"b".repeat(75), &"v".repeat(2_000)))), "");

    for (blocks, says) in [
        (json!([{"type": "section", "text": text(&"a".repeat(3_001))}]), "3001 characters, at most 3000"),
        (json!([{"type": "section", "text": text("")}]), "text is empty"),
        (json!([{"type": "section"}]), "neither text nor fields"),
        (json!([{"type": "section", "fields": [text(&"a".repeat(2_001))]}]), "at most 2000"),
        (json!([{"type": "section", "fields": vec![text("a"); 11]}]), "11 of them; 1 to 10"),
        (json!([{"type": "header", "text": plain(&"a".repeat(151))}]), "at most 150"),
        (json!([{"type": "header", "text": text("a")}]), "mrkdwn"),
        (json!([{"type": "context", "elements": [text(&"a".repeat(3_001))]}]), "at most 3000"),
        (json!([{"type": "context", "elements": vec![text("a"); 11]}]), "11 of them"),
        (json!([{"type": "context", "elements": []}]), "0 of them"),
        (json!([{"type": "divider", "block_id": "i".repeat(256)}]), "at most 255"),
        (json!([{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}]), "a second time"),
        (json!(vec![json!({"type": "divider"}); 51]), "51, at most 50"),
        (json!([{"type": "actions", "elements": [button("a", "b"), button("c", "d")]}]), "action_id say:0 a second"),
        (actions(button(&"b".repeat(76), "v")), "at most 75"),
        (actions(button("b", &"v".repeat(2_001))), "at most 2000"),
        (actions(json!({"type": "button", "text": text("a")})), "mrkdwn"),
        (actions(json!({"type": "button", "text": plain("a"), "style": "warning"})), "style"),
        (actions(json!({"type": "button", "text": plain("a"), "colour": "red"})), "colour is not known"),
        (actions(json!({"type": "checkboxes", "options": boxes(11)})), "11 of them; 1 to 10"),
        (actions(json!({"type": "checkboxes", "options": [option(&"a".repeat(76), "v")]})), "at most 75"),
        (actions(json!({"type": "checkboxes", "options": [option("a", &"v".repeat(151))]})), "at most 150"),
        (actions(json!({"type": "checkboxes", "options": [option("a", "v"), option("b", "v")]})), "value v a second"),
        (
            actions(json!({"type": "checkboxes", "options": boxes(2), "initial_options": []})),
            "initial_options is empty",
        ),
        (
            actions(json!({"type": "checkboxes", "options": boxes(2), "initial_options": [option("Other", "1.0")]})),
            "none of the options",
        ),
        (actions(json!({"type": "overflow", "options": boxes(6)})), "6 of them; 1 to 5"),
        (actions(json!({"type": "overflow", "options": boxes(2)})), "mrkdwn"),
        (actions(json!({"type": "static_select", "options": []})), "0 of them; 1 to 100"),
        (json!([{"type": "table", "rows": []}]), "not known here"),
    ] {
        let found = wrong(blocks.clone());
        assert!(found.contains(says), "{blocks} gave {found:?}, not {says:?}");
    }

    let modal = |title: &str, blocks: Value| {
        limits::view(&json!({"type": "modal", "title": plain(title), "submit": plain("Go"), "blocks": blocks}))
            .join("; ")
    };
    let ask = json!([{"type": "input", "block_id": "a", "label": plain("Why?"),
                      "element": {"type": "plain_text_input", "action_id": "b", "max_length": 3_000}}]);
    assert_eq!(modal("A title of twenty-four c", ask.clone()), "");
    assert!(modal("A title of twenty-five ch", ask.clone()).contains("25 characters, at most 24"));
    let silent = json!({"type": "modal", "title": plain("a"), "blocks": ask});
    assert!(limits::view(&silent).join("; ").contains("input without submit"));
    assert!(limits::message(&json!({"metadata": {"event_type": "a"}})).join("; ").contains("event_payload"));
}

#[tokio::test]
async fn messages_are_kept_found_and_edited() {
    let slack = Slack::start(Settings { rates: false, ..Settings::default() }).await;
    let metadata = json!({"event_type": "rollcall_message", "event_payload": {"key": "1/board@slack:C02DEP"}});
    let posted =
        bot(&slack, "chat.postMessage", json!({"channel": DEPLOYS, "text": "Board", "metadata": metadata})).await;
    assert_eq!(posted["ok"], true, "{posted}");
    let ts = posted["ts"].as_str().unwrap();
    let reply = json!({"channel": DEPLOYS, "text": "Section", "thread_ts": ts});
    let reply = bot(&slack, "chat.postMessage", reply).await;
    let broadcast = json!({"channel": DEPLOYS, "text": "Done", "thread_ts": ts, "reply_broadcast": true});
    bot(&slack, "chat.postMessage", broadcast).await;
    slack.foreign(DEPLOYS);

    let history = bot(&slack, "conversations.history", json!({"channel": DEPLOYS, "include_all_metadata": true})).await;
    let texts: Vec<&str> = history["messages"].as_array().unwrap().iter().filter_map(|m| m["text"].as_str()).collect();
    assert_eq!(texts, ["Build 7 passed", "Done", "Board"], "newest first, replies only where they were broadcast");
    assert_eq!(history["messages"][2]["metadata"]["event_payload"]["key"], "1/board@slack:C02DEP");
    let bare = bot(&slack, "conversations.history", json!({"channel": DEPLOYS, "limit": 1})).await;
    assert_eq!((&bare["has_more"], &bare["messages"][0]["metadata"]), (&json!(true), &Value::Null));
    let cursor = bare["response_metadata"]["next_cursor"].clone();
    let second = bot(&slack, "conversations.history", json!({"channel": DEPLOYS, "limit": 1, "cursor": cursor})).await;
    assert_eq!(second["messages"][0]["text"], "Done");
    let replies = bot(&slack, "conversations.replies", json!({"channel": DEPLOYS, "ts": ts})).await;
    assert_eq!(replies["messages"].as_array().unwrap().len(), 3);

    // An edit keeps what it does not name.
    let edit = bot(&slack, "chat.update", json!({"channel": DEPLOYS, "ts": ts, "text": "Board 2"})).await;
    assert_eq!(edit["ok"], true);
    let board = slack.by_key("1/board@slack:C02DEP").unwrap();
    assert_eq!((board.text.as_str(), board.edits), ("Board 2", 1));

    let of = |method: &str, args: Value| {
        let (slack, method) = (slack.clone(), method.to_owned());
        async move { bot(&slack, &method, args).await["error"].as_str().unwrap_or("none").to_owned() }
    };
    slack.person(ALICE).delete(&board);
    assert_eq!(of("chat.update", json!({"channel": DEPLOYS, "ts": ts, "text": "x"})).await, "message_not_found");
    assert_eq!(of("chat.postMessage", json!({"channel": "C0NONE", "text": "x"})).await, "channel_not_found");
    assert_eq!(of("chat.postMessage", json!({"channel": DEPLOYS})).await, "no_text");
    slack.world().add_channel("C03OUT", "out", &[ALICE]);
    assert_eq!(of("chat.postMessage", json!({"channel": "C03OUT", "text": "x"})).await, "not_in_channel");
    slack.world().channels.get_mut(GENERAL).unwrap().archived = true;
    assert_eq!(of("chat.postMessage", json!({"channel": GENERAL, "text": "x"})).await, "is_archived");
    let reaction = json!({"channel": DEPLOYS, "timestamp": reply["ts"], "name": "one"});
    assert_eq!(of("reactions.add", reaction.clone()).await, "none");
    assert_eq!(of("reactions.add", reaction).await, "already_reacted");
    assert!(slack.world().violations.is_empty(), "{:?}", slack.world().violations);

    let bad = json!({"channel": DEPLOYS, "text": "x", "blocks": [{"type": "section"}]});
    assert_eq!(of("chat.postMessage", bad).await, "invalid_blocks");
    assert_eq!(of("chat.postTelegram", json!({})).await, "unknown_method");
    assert_eq!(slack.world().violations.len(), 2);
}

#[tokio::test]
async fn tokens_scopes_and_rates() {
    let mut settings = Settings::default();
    settings.scopes.retain(|s| s != "reactions:read");
    let slack = Slack::start(settings).await;
    let post = |n: u32| json!({"channel": DEPLOYS, "text": format!("{n}")});
    assert_eq!(call(&slack, "auth.test", "xoxb-other", json!({})).await.1["error"], "invalid_auth");
    assert_eq!(call(&slack, "auth.test", APP_TOKEN, json!({})).await.1["error"], "not_allowed_token_type");
    assert_eq!(bot(&slack, "apps.connections.open", json!({})).await["error"], "not_allowed_token_type");
    let missing = bot(&slack, "reactions.get", json!({"channel": DEPLOYS, "timestamp": "1.0"})).await;
    assert_eq!((&missing["error"], &missing["needed"]), (&json!("missing_scope"), &json!("reactions:read")));
    // A burst, then one a second for this channel; others are served.
    let mut statuses = Vec::new();
    for n in 0..6 {
        statuses.push(call(&slack, "chat.postMessage", BOT_TOKEN, post(n)).await.0);
    }
    assert_eq!(statuses, [200, 200, 200, 200, 429, 429]);
    assert_eq!(bot(&slack, "chat.postMessage", json!({"channel": GENERAL, "text": "x"})).await["ok"], true);
}

#[tokio::test]
async fn faults_do_what_they_say() {
    let slack = Slack::start(Settings::default()).await;
    let post = json!({"channel": DEPLOYS, "text": "x"});
    let posts = || slack.world().posts(DEPLOYS).len();
    for (fault, status, posted) in [
        (Fault::Busy(Some(1)), 429, 0),
        (Fault::Busy(None), 429, 0),
        (Fault::Broken(503), 503, 0),
        (Fault::Cut, 0, 0),
        (Fault::Lost, 0, 1),
        (Fault::Half, 0, 2),
        (Fault::Slow(Duration::from_millis(5)), 200, 3),
    ] {
        slack.next("chat.postMessage", fault);
        let (was, answer) = call(&slack, "chat.postMessage", BOT_TOKEN, post.clone()).await;
        assert_eq!((was, posts()), (status, posted), "{fault:?}: {answer}");
    }
    slack.next("chat.postMessage", Fault::Held);
    let held = tokio::spawn({
        let (slack, post) = (slack.clone(), post.clone());
        async move { call(&slack, "chat.postMessage", BOT_TOKEN, post).await }
    });
    assert!(slack.holds(Duration::from_secs(5)).await);
    assert_eq!((posts(), held.is_finished()), (4, false), "done, and not answered");
    held.abort();
    // A seed is a schedule: the same again.
    let of = |seed| {
        let mut weather = Weather::of_seed(seed, 50);
        (0..50)
            .map(|_| format!("{:?}", weather.befalls("x").filter(|f| !matches!(f, Fault::Busy(_)))))
            .collect::<Vec<_>>()
    };
    assert!(of(1) != of(2));
}

/// What the library's callbacks heard.
type Heard = Arc<Mutex<Vec<String>>>;
type Client = Arc<SlackClient<SlackClientHyperConnector<HttpConnector>>>;

async fn heard(states: SlackClientEventsUserState, what: String) {
    let states = states.read().await;
    let heard: &Heard = states.get_user_state().unwrap();
    heard.lock().unwrap().push(what);
}

async fn on_command(
    event: SlackCommandEvent,
    _client: Client,
    states: SlackClientEventsUserState,
) -> UserCallbackResult<SlackCommandEventResponse> {
    heard(states, format!("{} {}", event.command.0, event.text.unwrap_or_default())).await;
    Ok(SlackCommandEventResponse::new(SlackMessageContent::new().with_text("Understood.".into())))
}

async fn on_interaction(
    event: SlackInteractionEvent,
    _client: Client,
    states: SlackClientEventsUserState,
) -> UserCallbackResult<SlackInteractionResponse> {
    let what = match event {
        SlackInteractionEvent::BlockActions(e) => {
            let action = e.actions.unwrap_or_default().remove(0);
            let options = action.selected_options.unwrap_or_default();
            let options: Vec<String> = options.into_iter().map(|o| o.value).collect();
            format!("pressed {} {} {}", action.action_id.0, action.value.unwrap_or_default(), options.join(","))
        }
        SlackInteractionEvent::ViewSubmission(e) => format!("submitted {:?}", e.view.state_params.state.is_some()),
        _ => "something else".into(),
    };
    heard(states, what).await;
    Ok(SlackInteractionResponse::Empty)
}

async fn on_event(
    event: SlackPushEventCallback,
    _client: Client,
    states: SlackClientEventsUserState,
) -> UserCallbackResult<()> {
    let what = match event.event {
        SlackEventCallbackBody::ReactionAdded(e) => format!("reacted {}", e.reaction.0),
        SlackEventCallbackBody::ReactionRemoved(e) => format!("took off {}", e.reaction.0),
        SlackEventCallbackBody::AppMention(e) => format!("mentioned {}", e.content.text.unwrap_or_default()),
        SlackEventCallbackBody::AppHomeOpened(_) => "home".into(),
        SlackEventCallbackBody::MemberJoinedChannel(_) => "joined".into(),
        _ => "something else".into(),
    };
    heard(states, what).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_library_understands_all_of_it() {
    let slack = Slack::start(Settings { patience: Duration::from_millis(500), ..Settings::default() }).await;
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    let connector = SlackClientHyperConnector::with_connector(http).with_slack_api_url(&slack.api_url());
    let client = Arc::new(SlackClient::new(connector));
    let all = Heard::default();
    let environment = Arc::new(
        SlackClientEventsListenerEnvironment::new(client.clone())
            .with_error_handler(|e, _, _| {
                panic!("the library does not understand: {e}");
            })
            .with_user_state(all.clone()),
    );
    let callbacks = SlackSocketModeListenerCallbacks::new()
        .with_command_events(on_command)
        .with_interaction_events(on_interaction)
        .with_push_events(on_event);
    let config = SlackClientSocketModeConfig::new().with_max_connections_count(1).with_reconnect_timeout_in_seconds(1);
    let listener = SlackClientSocketModeListener::new(&config, environment, callbacks);
    listener.listen_for(&SlackApiToken::new(APP_TOKEN.into())).await.unwrap();
    let running = tokio::spawn(async move { listener.serve().await });
    let linked = |count: u64| {
        let slack = slack.clone();
        async move {
            slack
                .until("a link", Duration::from_secs(10), |_| {
                    let links = slack.links.lock().unwrap();
                    (links.ever >= count && !links.is_empty()).then_some(())
                })
                .await
        }
    };
    linked(1).await.unwrap();

    let token = SlackApiToken::new(BOT_TOKEN.into());
    let session = client.open_session(&token);
    assert_eq!(session.auth_test().await.unwrap().user_id.0, BOT);
    let boxes = json!([{"type": "actions", "block_id": "shown", "elements": [
        {"type": "checkboxes", "action_id": "items", "options": [
            {"text": {"type": "mrkdwn", "text": "*1.1* Backup"}, "value": "1.1"},
            {"text": {"type": "mrkdwn", "text": "*1.2* Notes"}, "value": "1.2"}]},
        {"type": "button", "action_id": "say:0", "value": "#1 next", "text": {"type": "plain_text", "text": "Next"}}]}]);
    let posted = bot(&slack, "chat.postMessage", json!({"channel": DEPLOYS, "text": "x", "blocks": boxes})).await;
    let message: Message = slack.world().message(DEPLOYS, posted["ts"].as_str().unwrap()).unwrap().clone();
    let (alice, bob) = (slack.person(ALICE), slack.person(BOB));

    let answered = alice.command(DEPLOYS, "/deploy", "start v1.2.0").await;
    assert!(answered.acknowledged);
    assert_eq!(slack.world().told(ALICE)[0].text, "Understood.");
    let [boxes, next] = &message.controls()[..] else { panic!("two controls") };
    assert!(alice.press(&message, next).await.acknowledged);
    assert!(bob.check(&message, boxes, &BTreeSet::from(["1.2".into()])).await.acknowledged);
    assert!(bob.react(&message, "keycap_ten", true).await.acknowledged);
    assert!(bob.react(&message, "keycap_ten", false).await.acknowledged);
    assert!(bob.mention(DEPLOYS, "status").await.acknowledged);
    assert!(bob.open_home().await.acknowledged);
    assert!(slack.invite(GENERAL, ALICE).await.acknowledged);
    let pressed = alice.action_payload(&message, next, json!({}));
    let modal = json!({"type": "modal", "title": {"type": "plain_text", "text": "Why?"},
        "submit": {"type": "plain_text", "text": "Go"}, "blocks": [{"type": "input", "block_id": "answer",
            "label": {"type": "plain_text", "text": "Why?"},
            "element": {"type": "plain_text_input", "action_id": "answer"}}]});
    let open = json!({"trigger_id": pressed["trigger_id"], "view": modal});
    assert_eq!(bot(&slack, "views.open", open.clone()).await["ok"], true);
    assert_eq!(bot(&slack, "views.open", open).await["error"], "expired_trigger_id", "a trigger is good for one view");
    assert!(alice.submit(&BTreeMap::from([("answer", json!("because"))])).await.acknowledged);
    assert!(slack.world().view_before(ALICE).is_none());

    assert_eq!(
        *all.lock().unwrap(),
        [
            "/deploy start v1.2.0",
            "pressed say:0 #1 next ",
            "pressed items  1.2",
            "reacted keycap_ten",
            "took off keycap_ten",
            "mentioned <@U0BOT> status",
            "home",
            "joined",
            "submitted true",
        ]
    );

    // A lost acknowledgement: the event comes again; a command does not.
    slack.swallow(1);
    let again = bob.react(&message, "one", true).await;
    assert!(again.acknowledged && again.again == 1);
    slack.swallow(1);
    assert!(!alice.command(DEPLOYS, "/deploy", "status").await.acknowledged);
    // A link that Slack ends is opened anew.
    slack.disconnect("refresh_requested");
    linked(2).await.unwrap();
    assert!(alice.command(DEPLOYS, "/deploy", "status").await.acknowledged);
    assert!(slack.world().violations.is_empty(), "{:?}", slack.world().violations);
    running.abort();
}

#[tokio::test]
async fn requests_are_signed_as_slack_signs_them() {
    let slack = Slack::start(Settings::default()).await;
    let payload = slack.person(ALICE).command_payload(DEPLOYS, "/deploy", "start v1.2.0 & more = 100%");
    let (kind, body) = deliver::body(Kind::Command, &payload);
    assert_eq!(kind, "application/x-www-form-urlencoded");
    let at = deliver::now();
    let verifier =
        slack_morphism::signature_verifier::SlackEventSignatureVerifier::new(&SIGNING_SECRET.to_owned().into());
    verifier.verify(&deliver::signature(at, &body), &body, &at.to_string()).unwrap();
    assert!(verifier.verify(&deliver::signature(at, &body), "other", &at.to_string()).is_err());
    let read = slack::server::form(&body);
    assert_eq!(read["text"], "start v1.2.0 & more = 100%");
}
