//! Messages to one person, and calls by name, on the Slack and the Discord that tests run against.
#![allow(clippy::disallowed_methods, reason = "sockets live in real time")]

#[path = "peers/discord/mod.rs"]
mod discord;
#[path = "peers/slack/mod.rs"]
mod slack;

use rollcall::card::{Block, Button, Card, Tone};
use rollcall::chat::discord::{Discord, setup::Setup};
use rollcall::chat::slack::{Slack, SlackChat};
use rollcall::config::{Config, SlackSecrets};
use rollcall::domain::command::{Person, Via};
use rollcall::domain::paging::PageState;
use rollcall::domain::text::{Rich, Span};
use rollcall::engine::{Engine, Envelope, Input};
use rollcall::library::Library;
use rollcall::loops::outbox::Outbox;
use rollcall::ports::{Chat, ChatError, Delivery, SystemClock};
use rollcall::store::Store;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

const LONG: Duration = Duration::from_secs(20);

const POLICY: &str = "[policies.all]\nenvironments = [\"production\"]\n[[policies.all.steps]]\ntargets = [\"ana\"]";

struct House {
    engine: Engine,
    stop: watch::Sender<bool>,
    _dir: tempfile::TempDir,
}

/// A Rollcall that knows Ana and walks one deployment.
async fn house(accounts: &str) -> House {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(&dir.path().join("rollcall.db")).await.unwrap());
    let text = format!("[people.ana]\nname = \"Ana\"\n{accounts}\n[people.zoe]\nname = \"Zoe\"\n{POLICY}");
    let config = Arc::new(Config::parse(&text, Path::new("")).unwrap());
    let (engine, _) = Engine::open(store, Arc::new(SystemClock), config, Library::built_in()).await.unwrap();
    let envelope = Envelope {
        key: None,
        by: Person::named("Zoe"),
        via: Via::Console,
        channel: "console:deployments".into(),
        deployment: None,
        mentioned: Vec::new(),
        input: Input::Say("start v1.2.0 checklist:production-service env:production".into()),
    };
    let started = engine.handle(envelope).await;
    assert!(started.ok, "{}", started.text);
    House { engine, stop: watch::channel(false).0, _dir: dir }
}

impl House {
    /// What Zoe says in the deployment.
    async fn say(&self, words: &str) {
        let envelope = Envelope {
            key: None,
            by: Person::named("Zoe"),
            via: Via::Console,
            channel: "console:deployments".into(),
            deployment: Some(1),
            mentioned: Vec::new(),
            input: Input::Say(words.into()),
        };
        let reply = self.engine.handle(envelope).await;
        assert!(reply.ok, "{}", reply.text);
    }

    /// Waits until it is in the record what the button says.
    async fn noted(&self) {
        let end = std::time::Instant::now() + LONG;
        loop {
            let page = self.engine.page(1, true).await.unwrap().unwrap();
            if page.timeline.iter().any(|line| line.text.to_plain().contains("seen from afar")) {
                return;
            }
            assert!(std::time::Instant::now() < end, "a press in a direct message does what it says: {page:#?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn delivery(key: &str, channel: &str) -> Delivery {
    let ana = Person { id: "ana".into(), name: "Ana".into() };
    let zoe = Person { id: "zoe".into(), name: "Zoe".into() };
    let plain = |text: &str| Span { text: text.into(), ..Span::default() };
    let called = |person: &Person| Span { call: true, ..Span::person(person) };
    let text = vec![called(&ana), plain(" and "), called(&zoe), plain(": the database is down. <@U02BOB> @everyone")];
    Delivery {
        key: key.into(),
        channel: channel.into(),
        thread: None,
        card: Card {
            title: Rich::plain("Page 1"),
            tone: Tone::Bad,
            rehearsal: false,
            broadcast: false,
            blocks: vec![Block::Text { text: Rich(text) }],
            buttons: vec![Button::new("Acknowledge", "#1 note seen from afar")],
            page: None,
        },
        posted: None,
        uncertain: false,
        only_if_there: false,
        announcement: None,
        file: None,
    }
}

#[tokio::test]
async fn slack_writes_to_one_person_and_hears_their_button() {
    let peer = slack::Slack::start(slack::Settings::default()).await;
    let house = house("slack = \"U01ALICE\"").await;
    let secrets = SlackSecrets {
        bot_token: slack::BOT_TOKEN.into(),
        app_token: Some(slack::APP_TOKEN.into()),
        signing_secret: None,
        api_url: Some(peer.api_url()),
    };
    let surface = Slack::new(house.engine.clone(), &secrets, Arc::new(SystemClock)).unwrap();
    let chat = SlackChat(surface.clone());
    let running = tokio::spawn(surface.run(house.stop.subscribe()));

    let mut page = delivery("1/page/1/1@slack:@U01ALICE", "@U01ALICE");
    let ts = chat.show(&page).await.unwrap();
    let there = peer.by_key(&page.key).unwrap();
    assert_eq!(peer.world().channels[&there.channel].with.as_deref(), Some(slack::world::ALICE));
    // Called for real, and nobody else is; whoever has no account is named.
    let text = there.blocks[1]["text"]["text"].as_str().unwrap().to_owned();
    assert_eq!(text, "<@U01ALICE> and Zoe: the database is down. &lt;@U02BOB&gt; @everyone");

    // Edited where it stands; found again where it is not known whether it stands.
    (page.posted, page.card.title) = (Some(ts.clone()), Rich::plain("Page 1: acknowledged"));
    assert_eq!(chat.show(&page).await, Ok(ts.clone()));
    (page.posted, page.uncertain) = (None, true);
    assert_eq!(chat.show(&page).await, Ok(ts));
    let shown = peer.world().messages.iter().filter(|m| m.channel == there.channel).count();
    assert_eq!((shown, peer.by_key(&page.key).unwrap().edits), (1, 2));

    let there = peer.by_key(&page.key).unwrap();
    let button = there.controls().into_iter().find(|c| c.kind() == "button").unwrap();
    peer.until("the socket stands", LONG, |_| (peer.links.lock().unwrap().ever > 0).then_some(())).await.unwrap();
    assert!(peer.person(slack::world::ALICE).press(&there, &button).await.acknowledged);
    house.noted().await;

    assert!(matches!(
        chat.show(&delivery("1/page/1/2@slack:@UNOBODY", "@UNOBODY")).await,
        Err(ChatError::Refused { .. })
    ));
    house.stop.send_replace(true);
    running.await.unwrap();
    assert_eq!(peer.world().violations, Vec::<String>::new());
}

/// The bot on that Discord.
fn on(peer: &discord::Discord, house: &House) -> Arc<Discord> {
    let setup = Setup::from_env(|name| match name {
        "DISCORD_TOKEN" => Some(peer.token()),
        "DISCORD_API_URL" => Some(peer.api_url()),
        "DISCORD_CA_FILE" => Some(peer.ca_file().to_str().unwrap().to_owned()),
        _ => None,
    });
    Discord::new(setup.unwrap().unwrap(), house.engine.clone()).unwrap()
}

/// What these tests are about is not how fast this machine is.
fn unhurried() -> discord::Settings {
    discord::Settings { first_answer: std::time::Duration::from_secs(30), ..discord::Settings::default() }
}

#[tokio::test]
async fn discord_writes_to_one_person() {
    let peer = discord::Discord::start(unhurried()).await;
    let house = house(&format!("discord = \"{}\"", discord::world::ALICE)).await;
    let surface = on(&peer, &house);
    let running = tokio::spawn(surface.clone().run(house.stop.subscribe()));

    let to = format!("@{}", discord::world::ALICE);
    let mut page = delivery(&format!("1/page/1/1@discord:{to}"), &to);
    let posted = surface.show(&page).await.unwrap();
    let channel: u64 = posted.split('/').next().unwrap().parse().unwrap();
    assert_eq!(peer.world().channels[&channel].with, Some(discord::world::ALICE));
    let there = peer.messages(channel)[0].clone();
    // Mentions in an embed call nobody: those called stand before it, and they alone are notified.
    assert_eq!(there.content, format!("<@{}>", discord::world::ALICE));
    (page.posted, page.card.title) = (Some(posted.clone()), Rich::plain("Page 1: acknowledged"));
    assert_eq!(surface.show(&page).await, Ok(posted.clone()));
    (page.posted, page.uncertain) = (None, true);
    assert_eq!(surface.show(&page).await, Ok(posted));
    assert_eq!(peer.messages(channel).len(), 1);

    // A press there comes from a user, in no server.
    let ana = peer.person(discord::world::ALICE);
    let (note, _) = there.buttons("say:")[0].clone();
    let told = ana.press(there.id, &note).await;
    assert!(told.text.contains("oted"), "{}", told.text);
    house.noted().await;
    house.stop.send_replace(true);
    running.await.unwrap();
    assert_eq!(peer.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_page_is_acknowledged_by_its_button_in_a_direct_message_of_discord() {
    let peer = discord::Discord::start(unhurried()).await;
    let house = house(&format!("discord = \"{}\"\nways = [\"direct\"]", discord::world::ALICE)).await;
    let surface = on(&peer, &house);
    let chats = HashMap::from([("discord", surface.clone() as Arc<dyn Chat>)]);
    let outbox = tokio::spawn(Outbox::new(house.engine.clone(), chats).run(house.stop.subscribe()));
    let running = tokio::spawn(surface.run(house.stop.subscribe()));
    peer.eventually("the bot is connected", LONG, |peer| peer.world().connected().then_some(())).await;
    house.say("page the database is down").await;

    let letter = || {
        let channel = peer.world().channels.values().find(|c| c.with == Some(discord::world::ALICE)).map(|c| c.id)?;
        peer.messages(channel).first().cloned()
    };
    let there = peer.eventually("a direct message", LONG, |_| letter()).await;
    let ack = "say:#1 ack 1";
    assert!(there.buttons(ack).iter().any(|(_, label)| label == "Acknowledge"), "{}", there.components);
    let told = peer.person(discord::world::ALICE).press(there.id, ack).await;
    assert!(told.text.contains("You have page 1"), "{}", told.text);
    let d = house.engine.deployment(1).await.unwrap().unwrap();
    let (by, _) = d.pages[0].has.clone().expect("somebody has it");
    assert_eq!((&*by.id, d.pages[0].state), ("ana", PageState::Acknowledged));
    let gone = |_: &discord::Discord| letter().filter(|m| m.buttons(ack).is_empty());
    peer.eventually("nobody can press it any more", LONG, gone).await;

    house.stop.send_replace(true);
    running.await.unwrap();
    outbox.await.unwrap();
    assert_eq!(peer.violations(), Vec::<String>::new());
}
