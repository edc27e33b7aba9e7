//! One deployment in several channels, on several chats: what follows, what cannot be shown, what is posted anew.

mod world;

use rollcall::card::fit::{CONSOLE, Limits};
use rollcall::config::Config;
use rollcall::domain::command::Person;
use rollcall::engine::{Envelope, Input, Link, Notice};
use rollcall::loops::outbox::{Chats, Outbox};
use rollcall::ports::{Chat, ChatError, Delivery, Pace, Pending};
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use world::*;

/// A chat with a pace, that can lose its answers, close a channel, and lose messages to somebody's delete key.
#[derive(Default)]
struct Slow {
    posts: Mutex<Vec<Posted>>,
    closed: AtomicBool,
    lose: AtomicBool,
    looked: Mutex<Vec<String>>,
}

#[derive(Clone, Debug)]
struct Posted {
    key: String,
    title: String,
    file: Option<String>,
    broadcast: bool,
    announcement: Option<String>,
    deleted: bool,
}

impl Chat for Slow {
    fn platform(&self) -> &'static str {
        "slack"
    }
    fn limits(&self) -> Limits {
        CONSOLE
    }
    fn pace(&self) -> Pace {
        Pace { every_ms: 1_000, burst: 4 }
    }
    fn takes_files(&self) -> bool {
        true
    }
    fn show<'a>(&'a self, d: &'a Delivery) -> Pending<'a, Result<String, ChatError>> {
        Box::pin(std::future::ready(self.now(d)))
    }
}

impl Slow {
    fn now(&self, d: &Delivery) -> Result<String, ChatError> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(ChatError::Refused { why: "Rollcall is not in this channel: invite it with /invite".into() });
        }
        let mut posts = self.posts.lock().unwrap();
        let place = match &d.posted {
            Some(id) => {
                let n: usize = id.parse().unwrap();
                if posts[n].deleted {
                    return Err(ChatError::Gone);
                }
                n
            }
            None => {
                if d.uncertain {
                    self.looked.lock().unwrap().push(d.key.clone());
                }
                let there = posts.iter().position(|p| d.uncertain && p.key == d.key && !p.deleted);
                there.unwrap_or(posts.len())
            }
        };
        let posted = Posted {
            key: d.key.clone(),
            title: d.card.title.to_plain(),
            file: d.file.as_ref().map(|f| f.name.clone()),
            broadcast: d.card.broadcast,
            announcement: d.announcement.clone(),
            deleted: false,
        };
        if place < posts.len() {
            posts[place] = posted;
        } else {
            posts.push(posted);
        }
        if self.lose.swap(false, Ordering::SeqCst) {
            return Err(ChatError::Retry { after_ms: 0, why: "no answer".into() });
        }
        Ok(place.to_string())
    }
    fn keys(&self) -> Vec<String> {
        self.posts.lock().unwrap().iter().filter(|p| !p.deleted).map(|p| p.key.clone()).collect()
    }
    fn of(&self, key: &str) -> Posted {
        let posts = self.posts.lock().unwrap();
        let found: Vec<_> = posts.iter().filter(|p| p.key == key && !p.deleted).collect();
        assert_eq!(found.len(), 1, "{key}: {posts:#?}");
        found[0].clone()
    }
}

struct Two {
    w: World,
    slack: Arc<Slow>,
    outbox: Option<Outbox>,
}

impl Two {
    async fn new(config: &str) -> Self {
        let config = Config::parse(config, Path::new("")).unwrap();
        let mut w = World::with(config, None).await;
        let slack = Arc::new(Slow::default());
        let outbox = Some(w.chats(slack.clone()));
        Self { w, slack, outbox }
    }

    /// Lets everything happen that is due within so long.
    async fn settle(&self, seconds: i64) {
        for _ in 0..=seconds {
            self.show().await;
            self.w.jump(SECOND);
        }
    }

    async fn restart(&mut self) {
        self.outbox = None;
        self.w.restart().await;
        self.outbox = Some(self.w.chats(self.slack.clone()));
    }

    /// Shows what may be shown now.
    async fn show(&self) {
        while self.outbox.as_ref().unwrap().step().await.unwrap() > 0 {}
    }

    async fn say(&self, channel: &str, text: &str) -> String {
        let envelope = Envelope {
            key: None,
            by: Person::named("Ana"),
            via: rollcall::domain::command::Via::Slack,
            channel: channel.into(),
            deployment: None,
            mentioned: vec![Person { id: "slack:U02BOB".into(), name: "Bob Brown".into() }],
            input: Input::Say(text.into()),
        };
        self.w.engine().handle(envelope).await.text
    }
}

impl World {
    fn chats(&mut self, slack: Arc<Slow>) -> Outbox {
        let chats: Chats =
            HashMap::from([("console", self.chat.clone() as Arc<dyn Chat>), ("slack", slack as Arc<dyn Chat>)]);
        Outbox::new(self.engine().clone(), chats)
    }
}

const HOME: &str = "slack:C02DEP";
const START: &str = "start v1.2.0 checklist:production-service env:production";

#[tokio::test]
async fn one_deployment_is_seen_and_ticked_in_two_places() {
    let t = Two::new("").await;
    t.say(HOME, &format!("{START} follow:deployments")).await;
    t.settle(20).await;
    assert!(t.slack.keys().contains(&"1/board@slack:C02DEP".to_owned()));
    assert_eq!(t.w.message("1/board@console").edits, 0);
    // Said in the one, seen in the other; no number is needed in either.
    assert!(t.say("console:deployments", "tick 2.1").await.starts_with("Ticked"));
    t.settle(5).await;
    assert!(t.slack.of("1/section/2/1@slack:C02DEP").title.contains("1 of"), "{:?}", t.slack.posts);
    assert!(t.say("slack:C99NEW", "status").await.contains("Nothing is being deployed"));
    // Another channel comes to it, and sees all there is.
    assert_eq!(t.say("slack:C99NEW", "#1 follow").await, "#1 is shown in `slack:C99NEW` too.");
    assert_eq!(t.say("slack:C99NEW", "follow").await, "#1 is shown in `slack:C99NEW` already.");
    t.settle(20).await;
    assert!(t.slack.of("1/start@slack:C99NEW").title.ends_with("is followed here"));
    assert!(t.slack.of("1/section/2/1@slack:C99NEW").title.contains("1 of"));
    assert_eq!(t.say("slack:C99NEW", "unfollow").await, "#1 is no longer shown in `slack:C99NEW`.");
    assert_eq!(t.say(HOME, "unfollow").await, "#1 was started here, and here it stays.");
    assert!(t.say(HOME, "follow pigeon:7").await.contains("is no channel"));
    assert!(t.say(HOME, "follow elsewhere").await.contains("There is no channel"));
}

#[tokio::test]
async fn the_outcome_reaches_everybody_and_the_record_goes_with_it() {
    let t = Two::new("[channels.\"slack:C02DEP\"]\nchecklist = \"production-service\"\nenvironment = \"production\"\nfollow = [\"console:deployments\"]").await;
    t.say(HOME, "start v1.2.0").await;
    t.settle(20).await;
    t.say(HOME, "rollback error rate 4 %").await;
    t.say(HOME, "rolled-back").await;
    t.settle(40).await;
    let posts = t.slack.posts.lock().unwrap().clone();
    let outcome = posts.iter().find(|p| p.key.contains("/rolled-back@")).unwrap();
    assert!(outcome.broadcast && outcome.announcement.is_some(), "{outcome:?}");
    let record = posts.iter().find(|p| p.key == "1/record@slack:C02DEP").unwrap();
    assert_eq!(record.file.as_deref(), Some("record-1.md"));
    assert!(t.w.messages().iter().all(|m| !m.key.contains("/record@")), "the console has a page for it");
    assert!(!posts.iter().find(|p| p.key.contains("/start@")).unwrap().broadcast);
}

#[tokio::test]
async fn a_channel_keeps_its_pace_and_holds_up_no_other() {
    let t = Two::new("").await;
    for n in 0..8 {
        t.say(HOME, &format!("start v1.{n} checklist:production-service env:staging service:s{n} follow:deployments"))
            .await;
    }
    t.show().await;
    assert_eq!(t.slack.keys().len(), 4, "a burst");
    assert!(t.w.messages().len() >= 24, "the console waits for nobody");
    t.w.jump(SECOND);
    t.show().await;
    assert_eq!(t.slack.keys().len(), 5, "then one a second");
    t.settle(60).await;
    let keys = t.slack.keys();
    assert_eq!(keys.iter().filter(|k| k.contains("/start@")).count(), 8);
    assert!(keys.iter().position(|k| k.starts_with("1/start")) < keys.iter().position(|k| k.starts_with("2/start")));
}

#[tokio::test]
async fn a_lost_answer_is_looked_for_and_so_is_what_was_under_way_when_the_bot_died() {
    let mut t = Two::new("").await;
    t.say(HOME, START).await;
    t.slack.lose.store(true, Ordering::SeqCst);
    t.settle(30).await;
    let all = t.slack.keys();
    let once: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(all.len(), once.len(), "{all:?}");
    assert_eq!(t.slack.looked.lock().unwrap().first().map(String::as_str), Some("1/start@slack:C02DEP"));
    // Sent, and killed before it was recorded.
    t.slack.looked.lock().unwrap().clear();
    t.say(HOME, "hold waiting").await;
    t.restart().await;
    t.settle(5).await;
    assert!(t.slack.looked.lock().unwrap().iter().any(|k| k.contains("/hold@")), "{:?}", t.slack.looked);
}

#[tokio::test]
async fn a_deleted_message_comes_back_once() {
    let t = Two::new("").await;
    t.say(HOME, START).await;
    t.settle(20).await;
    let delete = || {
        let mut posts = t.slack.posts.lock().unwrap();
        posts.iter_mut().filter(|p| p.key == "1/board@slack:C02DEP").for_each(|p| p.deleted = true);
    };
    delete();
    t.say(HOME, "tick 2.1").await;
    t.settle(5).await;
    t.slack.of("1/board@slack:C02DEP");
    delete();
    t.say(HOME, "tick 2.2").await;
    t.settle(5).await;
    assert!(!t.slack.keys().contains(&"1/board@slack:C02DEP".to_owned()));
    let page = t.w.engine().page(1, false).await.unwrap().unwrap();
    assert!(page.undelivered.iter().any(|(key, why)| key.contains("board") && why.contains("twice")), "{page:?}");
}

#[tokio::test]
async fn where_it_cannot_be_shown_is_said_once_and_taken_back() {
    let t = Two::new("").await;
    let mut told = t.w.engine().subscribe();
    t.slack.closed.store(true, Ordering::SeqCst);
    t.say(HOME, &format!("{START} follow:deployments")).await;
    t.settle(5).await;
    let board = read(&t.w.message("1/board@console").card);
    assert!(board.contains("Not shown in slack:C02DEP: Rollcall is not in this channel"), "{board}");
    let mut notices = 0;
    while let Ok(notice) = told.try_recv() {
        notices += usize::from(matches!(notice, Notice::Undelivered { deployment: 1, .. }));
    }
    assert_eq!(notices, 1, "for all its messages together");
    t.slack.closed.store(false, Ordering::SeqCst);
    t.say(HOME, "tick 2.1").await;
    t.settle(20).await;
    let board = read(&t.w.message("1/board@console").card);
    assert!(!board.contains("Not shown"), "{board}");
    let log = t.w.engine().record(1, rollcall::engine::Format::Markdown).await.unwrap().unwrap();
    assert_eq!((log.matches("Not shown").count(), log.matches("Shown again").count()), (1, 1), "{log}");
}

#[tokio::test]
async fn people_are_the_same_everywhere() {
    let config = "[people.ana]\nname = \"Ana\"\nslack = \"U01ANA\"\ndiscord = \"300\"\n[people.bo]\nname = \"Bo\"";
    let t = Two::new(config).await;
    let c = t.w.engine().config();
    assert_eq!(&*c.member("slack", "U01ANA", "Ana from the profile").id, "ana");
    assert_eq!(&*c.member("discord", "300", "x").name, "Ana");
    assert_eq!(&*c.member("slack", "U7", "Zoe").id, "slack:U7");
    assert_eq!((c.account("ana", "slack"), c.account("slack:U7", "slack")), (Some("U01ANA"), Some("U7")));
    assert_eq!((c.account("bo", "slack"), c.account("slack:U7", "discord")), (None, None));
    t.say(HOME, START).await;
    assert!(t.say(HOME, "assign 2.1 @slack:U02BOB").await.contains("Bob Brown"));
    // Nor does a text carry what only a machine reads.
    t.say(HOME, "hold @slack:U02BOB looks at the broker").await;
    let held = t.say(HOME, "tick 2.1").await;
    assert!(held.contains("@Bob Brown looks at the broker") && !held.contains("U02BOB"), "{held}");
    t.w.engine().link("slack", Link::Down("no answer".into()));
    assert_eq!(t.w.engine().links().len(), 1);
}

#[tokio::test]
async fn hello_is_said_once_for_ever() {
    let mut t = Two::new("").await;
    for _ in 0..2 {
        for _ in 0..2 {
            let envelope = Envelope {
                key: None,
                by: Person::named("Ana"),
                via: rollcall::domain::command::Via::Slack,
                channel: HOME.into(),
                deployment: None,
                mentioned: vec![],
                input: Input::Joined,
            };
            assert!(t.w.engine().handle(envelope).await.ok);
            t.settle(3).await;
        }
        t.restart().await;
    }
    assert_eq!(t.slack.keys(), ["hello@slack:C02DEP"]);
}

#[tokio::test]
async fn a_reaction_told_twice_is_one() {
    let t = Two::new("").await;
    t.say("console:deployments", START).await;
    t.settle(20).await;
    let message = t.w.message("1/section/2/1@console").key;
    for _ in 0..2 {
        let reply = t.w.react("Bob", &message, "1️⃣", true).await;
        assert!(reply.ok, "{reply:?}");
    }
    assert!(t.w.react("Bob", &message, "1️⃣", false).await.ok, "and one taken off takes it back");
    assert!(states(&t.w.message("1/section/2/1@console").card)[0].ends_with("Open"));
    assert!(t.w.react("Bob", &message, "1️⃣", true).await.ok);
    assert!(states(&t.w.message("1/section/2/1@console").card)[0].ends_with("Ticked"));
}
