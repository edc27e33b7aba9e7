//! The local Discord, held against a client we did not write: serenity decodes all it says, resumes, and is paced by it.

// Everything here runs in real time, as the platform does.
#![allow(clippy::disallowed_methods)]

#[path = "peers/discord/mod.rs"]
mod discord;

use discord::checks::{self, Place};
use discord::faults::Fault;
use discord::rates::{Rates, Take};
use discord::world::{ALICE, BOB, BOT, CHANNEL, GUILD, Out, may};
use discord::{Discord, Settings};
use serde_json::{Value, json};
use serenity::all::{
    ChannelId, ClientBuilder, CommandInteraction, CommandOptionType, ComponentInteraction, Context, CreateActionRow,
    CreateAllowedMentions, CreateAttachment, CreateAutocompleteResponse, CreateButton, CreateCommand,
    CreateCommandOption, CreateEmbed, CreateInputText, CreateInteractionResponse, CreateInteractionResponseFollowup,
    CreateInteractionResponseMessage, CreateMessage, CreateModal, CreateSelectMenu, CreateSelectMenuKind,
    CreateSelectMenuOption, CreateThread, EditInteractionResponse, EditMessage, EditThread, Event, EventHandler,
    GatewayIntents, GetMessages, GuildId, Http, HttpBuilder, InputTextStyle, Interaction, MessageId, ModalInteraction,
    Nonce, ReactionType, Ready,
};
use serenity::async_trait;
use serenity::gateway::CollectorCallback;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A machine under load is slow, not broken.
const PATIENCE: Duration = Duration::from_secs(30);

/// A bot that answers everything in the plainest way, and remembers what it heard.
#[derive(Clone, Default)]
struct Plain {
    heard: Arc<Mutex<Vec<String>>>,
    unknown: Arc<Mutex<Vec<String>>>,
}

fn words(text: impl Into<String>) -> CreateInteractionResponseMessage {
    CreateInteractionResponseMessage::new().content(text)
}

impl Plain {
    async fn command(&self, ctx: &Context, c: CommandInteraction) {
        let message = words(format!("you said {:?}", c.data.options[0].name)).ephemeral(true);
        c.create_response(ctx, CreateInteractionResponse::Message(message)).await.unwrap();
        c.create_followup(ctx, CreateInteractionResponseFollowup::new().content("and more").ephemeral(true))
            .await
            .unwrap();
    }

    async fn autocomplete(&self, ctx: &Context, c: CommandInteraction) {
        let typed = c.data.autocomplete().unwrap().value.to_owned();
        let answer = CreateAutocompleteResponse::new().add_string_choice(format!("{typed} is it"), typed);
        c.create_response(ctx, CreateInteractionResponse::Autocomplete(answer)).await.unwrap();
    }

    async fn component(&self, ctx: &Context, c: ComponentInteraction) {
        match c.data.custom_id.as_str() {
            "ask" => {
                let input = CreateInputText::new(InputTextStyle::Short, "Why?", "reason");
                let modal = CreateModal::new("ask:why", "Why?").components(vec![CreateActionRow::InputText(input)]);
                c.create_response(ctx, CreateInteractionResponse::Modal(modal)).await.unwrap();
            }
            "later" => {
                let promise = CreateInteractionResponse::Defer(words("").ephemeral(true));
                c.create_response(ctx, promise).await.unwrap();
                let edit =
                    EditInteractionResponse::new().content("done").allowed_mentions(CreateAllowedMentions::new());
                c.edit_response(ctx, edit).await.unwrap();
            }
            _ => {
                let update = CreateInteractionResponse::UpdateMessage(words(format!("{:?}", c.data.kind)));
                c.create_response(ctx, update).await.unwrap();
            }
        }
    }

    async fn modal(&self, ctx: &Context, m: ModalInteraction) {
        m.create_response(ctx, CreateInteractionResponse::Message(words("because"))).await.unwrap();
    }
}

#[async_trait]
impl EventHandler for Plain {
    async fn ready(&self, ctx: Context, _: Ready) {
        let mine = self.clone();
        ctx.shard.add_collector(CollectorCallback(Box::new(move |event: &Event| {
            match event {
                Event::Unknown(u) => mine.unknown.lock().unwrap().push(u.kind.clone()),
                Event::ReactionAdd(r) => {
                    mine.heard.lock().unwrap().push(format!("+{}", r.reaction.emoji));
                }
                Event::ReactionRemove(r) => {
                    mine.heard.lock().unwrap().push(format!("-{}", r.reaction.emoji));
                }
                other => mine.heard.lock().unwrap().extend(other.name()),
            }
            true
        })));
        self.heard.lock().unwrap().push("connected".into());
    }

    async fn interaction_create(&self, ctx: Context, interaction: Interaction) {
        match interaction {
            Interaction::Command(c) => self.command(&ctx, c).await,
            Interaction::Autocomplete(c) => self.autocomplete(&ctx, c).await,
            Interaction::Component(c) => self.component(&ctx, c).await,
            Interaction::Modal(m) => self.modal(&ctx, m).await,
            _ => {}
        }
    }
}

/// The seam a bot uses: `discord.com` on loopback, with a root certificate of its own.
fn http(discord: &Discord, token: &str) -> Http {
    let root = reqwest::Certificate::from_pem(&std::fs::read(discord.ca_file()).unwrap()).unwrap();
    let client = reqwest::Client::builder().use_rustls_tls().no_proxy().resolve("discord.com", discord.api());
    let client = client.add_root_certificate(root).build().unwrap();
    HttpBuilder::new(token)
        .client(client)
        .application_id(BOT.into())
        .default_allowed_mentions(CreateAllowedMentions::new())
        .build()
}

async fn bot(
    discord: &Discord,
    intents: GatewayIntents,
) -> (Plain, tokio::task::JoinHandle<Result<(), serenity::Error>>) {
    let plain = Plain::default();
    let http = http(discord, &discord.token());
    let mut client = ClientBuilder::new_with_http(http, intents).event_handler(plain.clone()).await.unwrap();
    let task = tokio::spawn(async move { client.start().await });
    discord.eventually("the bot is connected", PATIENCE, |_| plain.has("connected").then_some(())).await;
    (plain, task)
}

impl Plain {
    fn has(&self, what: &str) -> bool {
        self.heard.lock().unwrap().iter().any(|h| h == what)
    }
    fn reactions(&self) -> Vec<String> {
        self.heard.lock().unwrap().iter().filter(|h| h.starts_with(['+', '-'])).cloned().collect()
    }
}

fn deploy() -> Vec<CreateCommand> {
    let option = |name: &str| CreateCommandOption::new(CommandOptionType::String, name, "what it is");
    let tick = CreateCommandOption::new(CommandOptionType::SubCommand, "tick", "Ticks.")
        .add_sub_option(option("items").required(true).set_autocomplete(true))
        .add_sub_option(CreateCommandOption::new(CommandOptionType::User, "person", "who"));
    let list = CreateCommandOption::new(CommandOptionType::SubCommand, "list", "Lists.");
    let group = CreateCommandOption::new(CommandOptionType::SubCommandGroup, "look", "Looks.").add_sub_option(list);
    vec![CreateCommand::new("deploy").description("Deploys.").add_option(tick).add_option(group)]
}

#[tokio::test(flavor = "multi_thread")]
async fn serenity_hears_and_does_everything() {
    let discord = Discord::start(Settings::default()).await;
    let (plain, task) = bot(
        &discord,
        GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGE_REACTIONS | GatewayIntents::GUILD_MESSAGES,
    )
    .await;
    let http = http(&discord, &discord.token());
    let (channel, guild) = (ChannelId::new(CHANNEL), GuildId::new(GUILD));
    let registered = guild.set_commands(&http, deploy()).await.unwrap();
    assert_eq!(registered.len(), 1);
    assert_eq!(guild.get_commands(&http).await.unwrap()[0].options.len(), 2);
    assert_eq!(http.get_current_user().await.unwrap().id.get(), BOT);
    assert_eq!(http.get_current_application_info().await.unwrap().id.get(), BOT);
    assert_eq!(http.get_guild(guild).await.unwrap().roles.len(), 1);
    assert_eq!(http.get_member(guild, ALICE.into()).await.unwrap().user.name, "alice");

    // A message with everything, posted twice under one nonce, is there once.
    let select = CreateSelectMenu::new(
        "items:1",
        CreateSelectMenuKind::String {
            options: vec![
                CreateSelectMenuOption::new("1.1 First", "1.1"),
                CreateSelectMenuOption::new("1.2 Second", "1.2"),
            ],
        },
    );
    let message = CreateMessage::new()
        .nonce(Nonce::String("key".into()))
        .enforce_nonce(true)
        .embed(CreateEmbed::new().title("Section").description("1. First").field("a", "b", false))
        .components(vec![
            CreateActionRow::SelectMenu(select.min_values(0).max_values(2)),
            CreateActionRow::Buttons(vec![
                CreateButton::new("ask").label("Ask"),
                CreateButton::new("later").label("Later"),
            ]),
        ]);
    let first = channel.send_message(&http, message.clone()).await.unwrap();
    let again = channel.send_message(&http, message).await.unwrap();
    assert_eq!(first.id, again.id);
    assert_eq!(discord.messages(CHANNEL).len(), 1);

    // People.
    let alice = discord.person(ALICE);
    let said = alice.slash(CHANNEL, "tick", &[("items", "3.2"), ("person", "bob")]).await;
    assert!(said.text.contains("you said \"tick\""), "{}", said.text);
    assert!(discord.messages(CHANNEL).len() == 1, "nobody else sees it");
    assert!(alice.slash(CHANNEL, "list", &[]).await.text.contains("you said \"look\""));
    let offered = alice.autocomplete(CHANNEL, "tick", &[], "items", "3").await;
    assert_eq!(offered, [("3 is it".to_owned(), "3".to_owned())]);
    let asked = alice.press(first.id.get(), "ask").await;
    assert!(alice.submit(&asked, "no reason").await.text.contains("because"));
    assert!(alice.press(first.id.get(), "later").await.text.contains("done"));
    let chosen = alice.select(first.id.get(), "items:1", &["1.2".to_owned()]).await;
    assert!(chosen.text.contains("1.2"), "{}", chosen.text);

    // Reactions, threads, files, reading.
    let cap = ReactionType::Unicode("1️⃣".into());
    first.react(&http, cap.clone()).await.unwrap();
    for _ in 0..3 {
        assert!(alice.react(first.id.get(), "1️⃣"));
        assert!(alice.unreact(first.id.get(), "1️⃣"));
    }
    let thread = channel.create_thread_from_message(&http, first.id, CreateThread::new("Steps")).await.unwrap();
    discord.archive(thread.id.get());
    let file = CreateAttachment::bytes(b"the record".to_vec(), "record.md");
    let with_file = CreateMessage::new().content("the record").add_file(file);
    let posted = thread.id.send_message(&http, with_file).await.unwrap();
    assert_eq!(discord.world().messages[&posted.id.get()].attachments[0].bytes, b"the record");
    discord.archive(thread.id.get());
    let edit = |text: &str| EditMessage::new().content(text.to_owned());
    assert!(thread.id.edit_message(&http, posted.id, edit("x")).await.is_err(), "it is archived");
    thread.id.edit_thread(&http, EditThread::new().archived(false)).await.unwrap();
    thread.id.edit_message(&http, posted.id, edit("x")).await.unwrap();
    let read = channel.messages(&http, GetMessages::new().limit(50)).await.unwrap();
    let mine = read.iter().find(|m| m.id == first.id).unwrap();
    assert!(mine.nonce.is_none(), "only told when it is made");
    assert_eq!(channel.reaction_users(&http, first.id, cap.clone(), None, None).await.unwrap().len(), 1);
    http.delete_reaction(channel, first.id, ALICE.into(), &cap).await.unwrap();
    assert_eq!(thread.id.messages(&http, GetMessages::new()).await.unwrap().len(), 2);

    discord.eventually("all reactions are heard", PATIENCE, |_| (plain.reactions().len() >= 7).then_some(())).await;
    let caps: Vec<String> = ["+1️⃣", "+1️⃣", "-1️⃣", "+1️⃣", "-1️⃣", "+1️⃣", "-1️⃣"].map(str::to_owned).into();
    assert_eq!(plain.reactions(), caps);
    assert_eq!(*plain.unknown.lock().unwrap(), Vec::<String>::new(), "everything was decoded");
    assert_eq!(discord.world().unkept(), Vec::<String>::new());
    task.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_survives_its_connection() {
    let discord = Discord::start(Settings::default()).await;
    let (plain, task) = bot(&discord, GatewayIntents::GUILD_MESSAGE_REACTIONS).await;
    let http = http(&discord, &discord.token());
    let message = ChannelId::new(CHANNEL).say(&http, "here").await.unwrap().id.get();
    let bob = discord.person(BOB);
    let ends: [fn() -> Out; 4] = [
        || Out::Text(json!({ "op": 7, "d": null }).to_string()),
        || Out::Reset,
        || Out::End,
        || Out::Close(Some(4000)),
    ];
    for (n, end) in ends.into_iter().enumerate() {
        discord.world().tell_gateway(end);
        assert!(bob.discord.world().sessions.len() == 1);
        bob.react(message, "1️⃣");
        bob.unreact(message, "1️⃣");
        discord.eventually("it resumes", PATIENCE, |d| (d.world().resumes > n).then_some(())).await;
        discord
            .eventually("nothing is missed", PATIENCE, |_| (plain.reactions().len() == 2 * n + 2).then_some(()))
            .await;
    }
    assert_eq!(discord.world().identifies, 1);
    // Not resumable: a new session, which hears nothing of the past.
    discord.world().faults.refuse_resume = true;
    discord.world().tell_gateway(|| Out::Reset);
    discord.eventually("a new session", PATIENCE, |d| (d.world().identifies == 2).then_some(())).await;
    task.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_connect_is_told_why() {
    let discord = Discord::start(Settings::default()).await;
    let start = async |token: &str, intents| {
        let http = http(&discord, token);
        let mut client = ClientBuilder::new_with_http(http, intents).await.unwrap();
        tokio::time::timeout(PATIENCE, client.start()).await.unwrap().unwrap_err().to_string()
    };
    assert!(start("wrong", GatewayIntents::GUILDS).await.to_lowercase().contains("auth"));
    assert!(start(&discord.token(), GatewayIntents::GUILD_MEMBERS).await.to_lowercase().contains("intents"));
    let refused = http(&discord, "wrong").get_current_user().await.unwrap_err();
    assert!(refused.to_string().contains("401"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rates_are_held_and_faults_happen() {
    let discord = Discord::start(Settings { old_message: Duration::from_millis(200), ..Settings::default() }).await;
    let http = http(&discord, &discord.token());
    let channel = ChannelId::new(CHANNEL);
    let edit = EditMessage::new().content("other");
    // Done, and the answer lost: the message is there.
    discord.world().faults.on("POST", "/messages", Fault::Lost, 1);
    assert!(channel.say(&http, "once").await.is_err());
    assert_eq!(discord.messages(CHANNEL).len(), 1);
    let id = MessageId::new(discord.messages(CHANNEL)[0].id);
    for (fault, done) in
        [(Fault::Cut, 0), (Fault::Status(503), 0), (Fault::TooManyBare, 0), (Fault::DoneAndStatus(502), 1)]
    {
        let before = discord.messages(CHANNEL)[0].edits;
        discord.world().faults.on("PATCH", "/messages", fault, 1);
        assert!(channel.edit_message(&http, id, edit.clone()).await.is_err(), "{fault:?}");
        assert_eq!(discord.messages(CHANNEL)[0].edits, before + done, "{fault:?}");
    }
    // A limited request is repeated by the client after the time it was told.
    discord.world().faults.on("PATCH", "/messages", Fault::TooMany { after: 0.5, global: true }, 1);
    channel.edit_message(&http, id, edit.clone()).await.unwrap();
    // The old message's own rate is below the channel's.
    tokio::time::sleep(Duration::from_millis(5_100)).await;
    for _ in 0..4 {
        channel.edit_message(&http, id, edit.clone()).await.unwrap();
    }
    assert!(discord.world().rates.earned.iter().any(|e| e.contains("old edit")), "{:?}", discord.world().rates.earned);
    // What the bot may not.
    for (bits, status, code) in [(may::ALL & !may::SEND, 403, 50013), (may::ALL & !may::VIEW, 403, 50001)] {
        discord.world().channels.get_mut(&CHANNEL).unwrap().may = bits;
        let error = channel.say(&http, "x").await.unwrap_err();
        let serenity::Error::Http(serenity::http::HttpError::UnsuccessfulRequest(response)) = error else { panic!() };
        assert_eq!((response.status_code.as_u16(), response.error.code), (status, code));
    }
    assert!(ChannelId::new(5).say(&http, "x").await.unwrap_err().to_string().contains("Unknown Channel"));
}

#[test]
fn who_is_told_to_wait_waits_on_every_route_it_knows_to_share_the_bucket() {
    let began = Instant::now();
    let mut rates = Rates::default();
    let ask = |rates: &mut Rates, route: &str, ms: u64, heard: bool| {
        let now = began + Duration::from_millis(ms);
        match rates.take("read", 2, Duration::from_secs(4), &Take { route, at: now, now, heard }) {
            Ok(_) => "done",
            Err(limited) if limited.hammering => "hammering",
            Err(_) => "too many",
        }
    };
    assert_eq!((ask(&mut rates, "one", 0, true), ask(&mut rates, "one", 0, true)), ("done", "done"));
    assert_eq!(ask(&mut rates, "one", 10, false), "too many", "and the answer is lost");
    assert_eq!(ask(&mut rates, "one", 900, true), "too many", "told now");
    assert_eq!(ask(&mut rates, "one", 1_500, true), "too many", "on its way");
    assert_eq!(ask(&mut rates, "one", 1_700, true), "hammering");
    assert_eq!(ask(&mut rates, "all", 1_800, true), "too many", "nobody could know");
    assert_eq!(ask(&mut rates, "all", 2_400, true), "too many", "on its way");
    assert_eq!(ask(&mut rates, "all", 2_600, true), "hammering", "now it could");
    rates.late = Duration::from_secs(2);
    assert_eq!(ask(&mut rates, "one", 3_000, true), "too many", "a machine that late judges nobody");
    assert_eq!(ask(&mut rates, "all", 4_000, true), "done");
}

#[test]
fn what_a_fault_told_is_held_too() {
    let began = Instant::now();
    let at = |ms| began + Duration::from_millis(ms);
    let mut rates = Rates::default();
    rates.tell("one", began, 2.0, false);
    rates.tell("all", began, 1.0, true);
    assert!(!rates.ignored("one", at(700), false), "on its way");
    assert!(rates.ignored("other", at(800), false) && !rates.ignored("other", at(800), true));
    assert!(!rates.ignored("other", at(1_000), false));
    assert!(rates.ignored("one", at(1_500), true) && !rates.ignored("one", at(2_000), false));
    rates.forget();
    assert!(!rates.ignored("one", at(1_500), false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breach_is_refused_and_kept() {
    let discord = Discord::start(Settings::default()).await;
    discord.lenient();
    let http = http(&discord, &discord.token());
    let unsaid = json!({ "content": "no word on mentions" });
    assert!(http.send_message(CHANNEL.into(), Vec::new(), &unsaid).await.is_err());
    assert!(discord.violations()[0].contains("allowed_mentions"), "{:?}", discord.violations());
    assert!(discord.messages(CHANNEL).is_empty());
    // Nobody is connected who could answer; then somebody answers too late.
    let alice = discord.person(ALICE);
    discord.world().guild_commands =
        vec![json!({ "id": "1", "name": "deploy", "options": [{ "type": 1, "name": "list" }] })];
    let id = alice.send_slash(CHANNEL, "list", &[]);
    discord.world().interactions.get_mut(&id).unwrap().asked -= Duration::from_secs(4);
    let late = CreateInteractionResponse::Message(words("late"));
    let error = http.create_interaction_response(id.into(), &format!("token-of-{id}"), &late, Vec::new()).await;
    assert!(error.unwrap_err().to_string().contains("Unknown interaction"));
}

/// Each limit by a body that just breaks it, and one that just holds it.
#[test]
fn every_limit_is_checked() {
    let text = |n: usize| "x".repeat(n);
    let with = |mut body: Value| {
        body["allowed_mentions"] = json!({ "parse": [] });
        body
    };
    let button = |label: &str, id: &str| json!({ "type": 2, "style": 1, "label": label, "custom_id": id });
    let row = |c: Vec<Value>| json!({ "type": 1, "components": c });
    let options =
        |n: usize| (0..n).map(|i| json!({ "label": format!("o{i}"), "value": format!("v{i}") })).collect::<Vec<_>>();
    let select = |n: usize, most: usize| json!({ "type": 3, "custom_id": "s", "options": options(n), "min_values": 0, "max_values": most });
    let embed = |e: Value| json!({ "embeds": [e] });
    let fields = |n: usize, len: usize| (0..n).map(|_| json!({ "name": "n", "value": text(len) })).collect::<Vec<_>>();
    let fine = [
        json!({ "content": text(2000), "nonce": text(25) }),
        embed(json!({ "title": text(256), "description": text(4096), "fields": fields(1, 1024) })),
        json!({ "components": [row(vec![button(&text(80), &text(100))]), row(vec![select(25, 25)])] }),
    ];
    for body in fine {
        assert_eq!(checks::message(&with(body.clone()), Place::Create, 0), Vec::<String>::new(), "{body}");
    }
    let broken = [
        json!({ "content": text(2001) }),
        json!({ "content": "x", "nonce": text(26) }),
        json!({ "content": "x", "reactions": [] }),
        json!({ "content": "" }),
        embed(json!({ "title": text(257) })),
        embed(json!({ "title": "" })),
        embed(json!({ "description": text(4097) })),
        embed(json!({ "title": "t", "footer": { "text": text(2049) } })),
        embed(json!({ "title": "t", "fields": fields(26, 1) })),
        embed(json!({ "title": "t", "fields": fields(1, 1025) })),
        embed(json!({ "description": text(4096), "fields": fields(2, 1000) })),
        embed(json!({ "title": "t", "url": "rollcall://x" })),
        json!({ "components": vec![row(vec![button("a", "a")]); 6] }),
        json!({ "components": [row((0..6).map(|i| button("a", &i.to_string())).collect())] }),
        json!({ "components": [row(vec![button(&text(81), "a")])] }),
        json!({ "components": [row(vec![button("a", &text(101))])] }),
        json!({ "components": [row(vec![button("a", "same")]), row(vec![button("b", "same")])] }),
        json!({ "components": [row(vec![select(26, 1)])] }),
        json!({ "components": [row(vec![select(2, 3)])] }),
        json!({ "components": [row(vec![select(2, 1), button("a", "a")])] }),
    ];
    for body in broken {
        assert_ne!(checks::message(&with(body.clone()), Place::Create, 0), Vec::<String>::new(), "{body}");
    }
    for mentions in [Value::Null, json!({ "parse": ["everyone"] }), json!({ "users": ["1"] })] {
        let body = json!({ "content": "x", "allowed_mentions": mentions });
        assert_ne!(checks::message(&body, Place::Edit, 0), Vec::<String>::new(), "{body}");
    }
    let modal = |title: usize, label: usize| {
        let input = json!({ "type": 4, "style": 1, "custom_id": "i", "label": text(label) });
        json!({ "title": text(title), "custom_id": "m", "components": [row(vec![input])] })
    };
    assert_eq!(checks::modal(&modal(45, 45)), Vec::<String>::new());
    assert!(!checks::modal(&modal(46, 45)).is_empty() && !checks::modal(&modal(45, 46)).is_empty());
    let choices = |n: usize, len: usize| json!({ "choices": (0..n).map(|_| json!({ "name": text(len), "value": "v" })).collect::<Vec<_>>() });
    assert_eq!(checks::choices(&choices(25, 100)), Vec::<String>::new());
    assert!(!checks::choices(&choices(26, 1)).is_empty() && !checks::choices(&choices(1, 101)).is_empty());
    let subs = |n: usize| {
        json!([{ "name": "deploy", "description": "d",
        "options": (0..n).map(|i| json!({ "type": 1, "name": format!("s{i}"), "description": "d" })).collect::<Vec<_>>() }])
    };
    assert_eq!(checks::commands(&subs(25)), Vec::<String>::new());
    assert!(!checks::commands(&subs(26)).is_empty());
    assert!(!checks::thread(&json!({ "name": text(101) })).is_empty());
}
