//! Pages, from the word to the person: cards, ways that fail, acknowledgements, restarts, tests of contacts.

mod world;

use rollcall::card::{Card, Reply};
use rollcall::cli::draw;
use rollcall::config::Config;
use rollcall::domain::event::Event;
use rollcall::domain::paging::{PageEvent, PageState};
use rollcall::engine::Format;
use std::path::Path;
use world::*;

const CONFIG: &str = "
timezone = \"Europe/Berlin\"
[people.ana]
name = \"Ana\"
slack = \"U01\"
email = \"ana@example.org\"
[people.ben]
name = \"Ben\"
email = \"ben@example.org\"
phone = \"+49 151 12345678\"
[people.cleo]
name = \"Cleo\"
phone = \"+4915112345679\"
[roles]
lead = [\"cleo\"]
[rotations.web]
[[rotations.web.layers]]
people = [\"ana\", \"ben\"]
handoff = \"0 9 * * Mon\"
starts = 2026-11-16
[policies.night]
environments = [\"production\"]
ack_timeout = \"1h\"
[[policies.night.steps]]
targets = [\"rotation:web\"]
[[policies.night.steps]]
after = \"5m\"
targets = [\"role:lead\"]
[[policies.night.steps]]
after = \"5m\"
targets = [\"channel\", \"ben\"]
";

const PAGE: &str = "\
---
service: shop
environment: production
---
# Shop release

## 1. Deploy

- [ ] Image pushed
- [ ] Schema migrated <!-- rollcall: critical -->

## 2. Rollback criteria

- [ ] Deployment stuck > 15 minutes

## 3. Rollback procedure

- [ ] Traffic switched back
";

async fn world_of(config: &str, ways: &[&'static str]) -> World {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("list.md"), PAGE).unwrap();
    let config = Config::parse(config, Path::new("")).unwrap();
    let mut world = World::with_ways(config, Some(dir.path().into()), ways).await;
    world.kept = Some(dir);
    world
}

async fn started() -> World {
    let w = world_of(CONFIG, &["slack", "email", "sms", "voice"]).await;
    done(&w, "Ana", "start v1.2.0").await;
    w
}

/// Says it and insists that it was done.
async fn done(w: &World, who: &str, text: &str) -> Reply {
    let reply = w.say(who, text).await;
    assert!(reply.ok, "{text}: {}", reply.text);
    reply
}

async fn refused(w: &World, who: &str, text: &str) -> String {
    let reply = w.say(who, text).await;
    assert!(!reply.ok, "{text}: {}", reply.text);
    reply.text
}

/// The page's card in the channel.
fn card(w: &World, page: u32) -> Card {
    w.message(&format!("1/page/{page}@")).card
}

/// What came by a way: the words of each message that is new.
fn calls(w: &World, way: &str) -> Vec<String> {
    w.came(way).iter().map(|m| m.key.clone()).collect()
}

async fn what_happened(w: &World, of: u32) -> Vec<PageEvent> {
    let log = w.engine().store().deployment_log(1).await.unwrap().unwrap();
    log.events
        .into_iter()
        .filter_map(|r| match r.event {
            Event::Page { page, event } => (page == of).then_some(event),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn a_page_reaches_who_is_on_call_and_stops_when_somebody_has_it() {
    let w = started().await;
    let reply = done(&w, "Bob", "page checkout answers 502").await;
    assert_eq!(reply.text, "Page 1 is open. Called: Ana (direct message). It climbs until somebody acknowledges it.");
    let direct = w.came("slack");
    assert_eq!(direct.len(), 1);
    assert_eq!(direct[0].key, "1/page/1/1@slack:@U01");
    insta::assert_snapshot!("a_page_to_a_person", read(&direct[0].card));
    let facts = direct[0].card.page.as_ref().unwrap();
    assert_eq!((facts.deployment, facts.page, facts.state), (1, 1, PageState::Open));
    assert_eq!(facts.words("ack"), "#1 ack 1");
    w.advance(5 * MINUTE).await;
    assert_eq!(calls(&w, "sms"), ["1/page/1/2@sms:+4915112345679"], "then the lead, on time");
    insta::assert_snapshot!("a_page_that_climbs", read(&card(&w, 1)));
    let board = read(&w.message("1/board").card);
    assert!(board.contains("Page 1: checkout answers 502 — Nobody has it yet"), "{board}");
    let ack = w.press("Cleo", &button(&w.came("sms")[0].card, "Acknowledge"), "").await;
    assert_eq!(ack.text, "You have page 1. Nobody else is called. When it is dealt with: /deploy resolve 1.");
    w.advance(30 * MINUTE).await;
    let more = [calls(&w, "email"), calls(&w, "voice")].concat();
    assert!(!more.iter().any(|key| key.starts_with("1/page/1/")), "never a page after its acknowledgement: {more:?}");
    let direct = &w.came("slack")[0];
    assert!(direct.edits > 0 && read(&direct.card).contains("Cleo has it since 10:05 UTC"), "{}", read(&direct.card));
    assert_eq!(direct.card.page.as_ref().unwrap().state, PageState::Acknowledged);
    let taken = refused(&w, "Bob", "ack 1").await;
    assert!(taken.starts_with("Cleo has page 1 since 10:05 UTC (30 min)."), "{taken}");
    done(&w, "Cleo", "resolve 1").await;
    insta::assert_snapshot!("a_page_that_is_resolved", read(&card(&w, 1)));
    assert_eq!(w.came("slack")[0].card.page.as_ref().unwrap().state, PageState::Resolved);
    assert!(!read(&w.message("1/board").card).contains("Page 1"));
    let record = w.engine().record(1, Format::Markdown).await.unwrap().unwrap();
    for line in ["## Pages", "checkout answers 502", "Page 1 acknowledged", "sms", "Cleo (role lead): SMS delivered"] {
        assert!(record.to_lowercase().contains(&line.to_lowercase()), "{line}: {record}");
    }
    let json = w.engine().record(1, Format::Json).await.unwrap().unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["pages"][0]["state"], "resolved", "{json}");
}

#[tokio::test]
async fn ways_that_fail_fall_through_at_once_and_are_seen() {
    let w = started().await;
    w.fault("slack", [Some(Fault::Busy)]);
    w.fault("email", [Some(Fault::Refused)]);
    done(&w, "Bob", "page checkout answers 502").await;
    // Nobody is left in this step: the next one is called at once, and the direct message is tried again.
    assert_eq!(calls(&w, "sms"), ["1/page/1/3@sms:+4915112345679"]);
    let text = read(&card(&w, 1));
    assert!(
        text.contains("Ana (rotation web): direct message failed (429), e-mail failed (no such address)"),
        "{text}"
    );
    w.advance(MINUTE).await;
    let text = read(&card(&w, 1));
    assert!(text.contains("direct message delivered 10:01 UTC"), "what was retried arrived after all: {text}");
    // Acknowledged before it could be retried, it is never sent.
    w.fault("slack", [Some(Fault::Busy), Some(Fault::Busy)]);
    done(&w, "Bob", "page ana look at the queue").await;
    done(&w, "Bob", "ack 2").await;
    let before = calls(&w, "slack").len();
    w.advance(5 * MINUTE).await;
    assert_eq!(calls(&w, "slack").len(), before);
    assert_eq!(w.engine().store().stats().await.unwrap().waiting, 0, "and waits no more");
}

#[tokio::test]
async fn a_call_that_is_tried_again_holds_up_no_other() {
    let config = CONFIG.replace("slack = \"U01\"", "phone = \"+4915112345677\"\nways = [\"email\", \"sms\"]");
    let w = world_of(&config, &["email", "sms"]).await;
    done(&w, "Ana", "start v1.2.0").await;
    // The mail server is down.
    w.fault("email", vec![Some(Fault::Busy); 1_000]);
    done(&w, "Bob", "page checkout answers 502").await;
    assert_eq!(calls(&w, "sms"), ["1/page/1/2@sms:+4915112345677"]);
    done(&w, "Bob", "page ana the queue is long").await;
    assert_eq!(calls(&w, "sms"), ["1/page/1/2@sms:+4915112345677", "1/page/2/2@sms:+4915112345677"]);
    assert!(read(&card(&w, 2)).contains("e-mail failed (429), SMS delivered"), "{}", read(&card(&w, 2)));
    // Each is tried again by itself and stops when somebody has its page.
    done(&w, "Ana", "ack 1").await;
    w.ways["email"].faults.lock().unwrap().clear();
    w.advance(2 * MINUTE).await;
    assert_eq!(calls(&w, "email"), ["1/page/2/1@email:ana@example.org"]);
}

/// A policy that calls a service, and a receiver beside it.
const SERVICE: &str = "
[pagerduty.web]
[webhooks.ops]
url = \"https://hooks.example.com\"
[policies.night]
environments = [\"production\"]
ack_timeout = \"1h\"
[[policies.night.steps]]
targets = [\"pagerduty:web\", \"webhook:ops\"]
";

/// What was said last of a call: the state, its climb and whether that is past.
fn last(w: &World, way: &str, key: &str) -> (PageState, u32, bool) {
    let seen = w.came(way).into_iter().find(|m| m.key.starts_with(key)).unwrap();
    let page = seen.card.page.unwrap();
    (page.state, page.climb, page.past)
}

#[tokio::test]
async fn a_service_whose_answer_was_lost_hears_that_somebody_has_it() {
    for restart in [false, true] {
        let mut w = world_of(SERVICE, &["pagerduty", "webhook"]).await;
        done(&w, "Ana", "start v1.2.0").await;
        w.fault("pagerduty", [Some(Fault::AnswerLost)]);
        w.fault("webhook", [Some(Fault::AnswerLost)]);
        done(&w, "Bob", "page checkout answers 502").await;
        if restart {
            w.restart().await;
        }
        done(&w, "Bob", "ack 1").await;
        w.advance(2 * MINUTE).await;
        assert_eq!(last(&w, "pagerduty", "1/page/1/1"), (PageState::Acknowledged, 1, false));
        assert_eq!(last(&w, "webhook", "1/page/1/2"), (PageState::Acknowledged, 1, false));
        assert!(!read(&card(&w, 1)).contains("delivered"), "{}", read(&card(&w, 1)));
        assert_eq!(w.engine().store().stats().await.unwrap().waiting, 0);
        done(&w, "Bob", "resolve 1").await;
        assert_eq!(last(&w, "pagerduty", "1/page/1/1").0, PageState::Resolved);
    }
}

#[tokio::test]
async fn a_call_that_may_stand_in_a_chat_shows_that_somebody_has_the_page() {
    let w = started().await;
    // One stands there and its answer was lost; another never came.
    w.fault("slack", [Some(Fault::AnswerLost), Some(Fault::Busy)]);
    done(&w, "Bob", "page @ana checkout answers 502").await;
    done(&w, "Bob", "page @ana the queue is long").await;
    done(&w, "Ben", "ack 1").await;
    done(&w, "Ben", "ack 2").await;
    w.advance(5 * MINUTE).await;
    assert_eq!(calls(&w, "slack"), ["1/page/1/1@slack:@U01"]);
    assert_eq!(last(&w, "slack", "1/page/1/1"), (PageState::Acknowledged, 1, false));
    assert_eq!(w.engine().store().stats().await.unwrap().waiting, 0);
}

#[tokio::test]
async fn a_call_found_standing_there_has_come_through_though_it_cannot_be_edited() {
    for taken in [false, true] {
        let w = started().await;
        w.fault("slack", [Some(Fault::AnswerLost), Some(Fault::AnswerLost), Some(Fault::Busy)]);
        done(&w, "Bob", "page @ana checkout answers 502").await;
        w.advance(2_000).await;
        let trail = read(&card(&w, 1));
        assert!(trail.contains("delivered"), "{trail}");
        if taken {
            done(&w, "Ben", "ack 1").await;
        }
        w.advance(10_000).await;
        w.advance(MINUTE).await;
        assert_eq!(calls(&w, "slack"), ["1/page/1/1@slack:@U01"]);
        assert_eq!(last(&w, "slack", "1/page/1/1").0, if taken { PageState::Acknowledged } else { PageState::Open });
        assert_eq!(w.engine().store().stats().await.unwrap().waiting, 0);
    }
}

#[tokio::test]
async fn a_page_that_climbs_anew_is_another_incident() {
    let w = world_of(SERVICE, &["pagerduty", "webhook"]).await;
    done(&w, "Ana", "start v1.2.0").await;
    done(&w, "Bob", "page checkout answers 502").await;
    done(&w, "Bob", "escalate 1").await;
    assert_eq!(last(&w, "pagerduty", "1/page/1/3"), (PageState::Open, 1, false), "nobody has had it");
    done(&w, "Bob", "ack 1").await;
    // Called twice, a receiver is told once how it went on.
    let edits = |n: u32| {
        let key = format!("1/page/1/{n}@");
        let all = [w.came("pagerduty"), w.came("webhook")].concat();
        all.into_iter().find(|m| m.key.starts_with(&key)).map(|m| m.edits)
    };
    assert_eq!([1, 2, 3, 4].map(edits), [Some(2), Some(2), Some(0), Some(0)]);
    w.advance(61 * MINUTE).await;
    assert_eq!(last(&w, "pagerduty", "1/page/1/1"), (PageState::Open, 1, true));
    assert_eq!(last(&w, "pagerduty", "1/page/1/5"), (PageState::Open, 2, false));
    done(&w, "Bob", "ack 1").await;
    done(&w, "Bob", "escalate 1").await;
    assert_eq!(last(&w, "pagerduty", "1/page/1/5"), (PageState::Open, 2, true));
    assert_eq!(last(&w, "pagerduty", "1/page/1/7"), (PageState::Open, 3, false));
}

#[tokio::test]
async fn a_name_alone_is_no_message() {
    let w = started().await;
    let asked = refused(&w, "Bob", "page @ana").await;
    assert!(asked.starts_with("page needs a message."), "{asked}");
    for said in ["page ana", "page Ana:", "page lead", "page web", "page night", "page channel", "page ana --low"] {
        assert_eq!(refused(&w, "Bob", said).await, asked, "{said}");
    }
    assert!(w.came("slack").is_empty());
    done(&w, "Bob", "page anaconda").await;
}

#[tokio::test]
async fn calls_that_are_held_back_are_told_in_the_zone_of_the_house() {
    let hours = "office_hours = { days = \"Mon-Fri\", from = \"09:00\", to = \"17:00\" }\n[people.ben]";
    let w = world_of(&CONFIG.replace("[people.ben]", hours), &["slack"]).await;
    done(&w, "Ana", "start v1.2.0").await;
    let reply = done(&w, "Bob", "page checkout is slow --low").await;
    assert!(reply.text.contains("until Mon 2026-11-23 09:00 CET"), "{}", reply.text);
    let reply = done(&w, "Bob", "snooze 2h").await;
    assert!(reply.text.contains("until Sat 2026-11-21 13:00 CET"), "{}", reply.text);
    done(&w, "Bob", "start v1.3.0 service:api at:18:30").await;
    let reply = done(&w, "Bob", "#2 reschedule 18:30:20").await;
    assert!(reply.text.contains("is scheduled for Sat 2026-11-21 18:30 CET now."), "{}", reply.text);
    let posts: Vec<String> = w.titles().into_iter().chain(w.messages().iter().map(|m| read(&m.card))).collect();
    assert!(!posts.iter().any(|post| post.contains("not at")), "{posts:?}");
    let said = refused(&w, "Bob", "#2 reschedule 18:30:20").await;
    assert!(said.contains("is scheduled for Sat 2026-11-21 18:30 CET already"), "{said}");
}

#[tokio::test]
async fn ways_that_are_not_connected_are_said_to_be() {
    let w = world_of(CONFIG, &[]).await;
    done(&w, "Ana", "start v1.2.0").await;
    done(&w, "Bob", "page checkout answers 502").await;
    let text = read(&card(&w, 1));
    assert!(
        text.contains("no connection to slack is configured") && text.contains("no connection to email is configured"),
        "{text}"
    );
    // Through every step at once, down to the channel.
    let mention = w.message("1/page/1/5@console:deployments");
    assert!(read(&mention.card).contains("Ana: checkout answers 502"), "{}", read(&mention.card));
    let names_and_calls = |c: &Card| {
        let blocks = serde_json::to_string(&c.blocks).unwrap();
        blocks.contains("\"n\":true")
    };
    assert!(names_and_calls(&mention.card), "the deployer is called");
    w.advance(5 * MINUTE).await;
    let loud = w.messages().into_iter().find(|m| m.key.contains("/unanswered@")).unwrap();
    insta::assert_snapshot!("nobody_answers", read(&loud.card));
    assert!(loud.card.broadcast && names_and_calls(&loud.card));
    assert!(read(&card(&w, 1)).contains("Unanswered: nobody has it"));
    w.advance(HOUR).await;
    assert_eq!(w.titles().iter().filter(|t| *t == "Nobody answers page 1").count(), 1, "once");
    let more = w.press("Bob", &button(&loud.card, "Escalate now"), "").await;
    assert!(more.ok, "{}", more.text);
    done(&w, "Bob", "ack 1").await;
}

#[tokio::test]
async fn without_any_contacts_the_channel_is_called_and_told_what_is_missing() {
    let w = World::of(PAGE).await;
    done(&w, "Ana", "start v1.2.0").await;
    let reply = done(&w, "Bob", "page checkout answers 502").await;
    assert!(reply.text.contains("no escalation policy covers production"), "{}", reply.text);
    insta::assert_snapshot!("a_page_without_contacts", read(&card(&w, 1)));
    w.advance(5 * MINUTE).await;
    assert!(w.titles().contains(&"Nobody answers page 1".to_owned()));
    assert!(refused(&w, "Bob", "page test").await.starts_with("Nobody can be reached yet."));
    assert!(done(&w, "Bob", "oncall").await.text.starts_with("No rotation is configured."));
}

#[tokio::test]
async fn restarts_in_the_middle_of_every_step_repeat_and_lose_nothing() {
    let mut w = started().await;
    // The bot dies after the word and before anything went out.
    let envelope = "page checkout answers 502";
    let reply = w.handle("Bob", Some("k1"), rollcall::engine::Input::Say(envelope.into())).await;
    assert!(reply.ok);
    w.restart().await;
    w.settle().await;
    assert_eq!(calls(&w, "slack"), ["1/page/1/1@slack:@U01"]);
    // The answer of the next call is lost, and the bot dies before it can ask again.
    w.fault("sms", [Some(Fault::AnswerLost)]);
    w.advance(5 * MINUTE).await;
    w.restart().await;
    w.advance(MINUTE).await;
    assert_eq!(calls(&w, "sms").len(), 1, "the same message is shown once");
    // It is down while the next step falls due.
    w.jump(20 * MINUTE);
    w.restart().await;
    w.settle().await;
    // What was lost fell through to the phone; then the channel and Ben, late.
    assert_eq!(
        (calls(&w, "voice").len(), calls(&w, "email")),
        (1, vec!["1/page/1/5@email:ben@example.org".to_owned()])
    );
    let text = read(&card(&w, 1));
    assert!(text.contains("Step 3 (16 min late)"), "{text}");
    w.restart().await;
    w.advance(5 * MINUTE).await;
    let happened = what_happened(&w, 1).await;
    let called = happened.iter().filter(|e| matches!(e, PageEvent::Called { .. })).count();
    let ends = happened.iter().filter(|e| matches!(e, PageEvent::Unanswered { .. })).count();
    assert_eq!((called, ends), (3, 1));
    w.restart().await;
    done(&w, "Bob", "ack 1").await;
    w.restart().await;
    // Whoever has it does not resolve it in time: it climbs anew.
    w.advance(61 * MINUTE).await;
    let anew = calls(&w, "slack").iter().filter(|key| key.starts_with("1/page/1/")).count();
    assert_eq!(anew, 2);
    assert!(read(&card(&w, 1)).contains("Not resolved in time: it climbs anew"));
}

#[tokio::test]
async fn what_goes_wrong_pages_by_itself() {
    let w = started().await;
    done(&w, "Bob", "fail 1.1 registry down").await;
    assert_eq!(calls(&w, "slack").len(), 0, "not every failure is a page");
    done(&w, "Bob", "fail 1.2 lock timeout").await;
    assert!(card(&w, 1).title.to_plain().contains("Critical: 1.2 Schema migrated failed (lock timeout)"));
    done(&w, "Ana", "ack").await;
    w.advance(16 * MINUTE).await;
    let stuck = card(&w, 2);
    assert_eq!(stuck.title.to_plain(), "Page 2: Rollback criterion 2.1 is breached: Deployment stuck > 15 minutes");
    assert_eq!(button(&stuck, "Roll back").command, "#1 rollback 2.1");
    done(&w, "Bob", "note looking into it").await;
    assert!(read(&card(&w, 2)).contains("Resolved: the criterion is breached no longer"));
    // A page outlives its deployment.
    done(&w, "Bob", "cancel withdrawn").await;
    assert!(read(&w.message("1/board").card).contains("Page 1: Critical"));
    done(&w, "Bob", "resolve").await;
}

#[tokio::test]
async fn a_rehearsal_says_whom_it_would_call() {
    let w = world_of(CONFIG, &["slack", "email", "sms", "voice"]).await;
    done(&w, "Ana", "start v1.2.0 --rehearse").await;
    let reply = done(&w, "Bob", "page checkout answers 502").await;
    assert!(reply.text.contains("Rehearsal, so nobody is called; it would be Ana (direct message)."), "{}", reply.text);
    w.advance(30 * MINUTE).await;
    assert!(["slack", "email", "sms", "voice"].iter().all(|way| w.came(way).is_empty()));
    insta::assert_snapshot!("a_rehearsed_page", read(&card(&w, 1)));
    assert!(!w.titles().iter().any(|t| t.starts_with("Nobody answers")));
}

#[tokio::test]
async fn who_is_on_call_is_shown_with_who_is_next() {
    let w = world_of(CONFIG, &[]).await;
    let text = done(&w, "Bob", "oncall").await.text;
    assert_eq!(text, "web: Ana. Next: Ben from Mon 2026-11-23 09:00 CET.");
    assert!(done(&w, "Bob", "oncall web").await.text.starts_with("web: Ana."));
    assert!(refused(&w, "Bob", "oncall wbe").await.contains("Did you mean web?"));
}

#[tokio::test]
async fn a_test_proves_each_way_when_it_is_answered() {
    let mut w = world_of(CONFIG, &["slack", "email", "sms", "voice"]).await;
    let shown = done(&w, "Bob", "page test").await;
    insta::assert_snapshot!("contacts_before_any_test", draw::reply(&shown));
    let sent = done(&w, "Bob", "page test ana").await;
    assert!(sent.text.starts_with("2 tests are on the way."), "{}", sent.text);
    assert_eq!((calls(&w, "slack").len(), calls(&w, "email").len()), (1, 1));
    let direct = w.came("slack").remove(0).card;
    insta::assert_snapshot!("a_test", read(&direct));
    assert_eq!(direct.page.as_ref().unwrap().deployment, 0);
    assert!(
        done(&w, "Bob", "page test").await.text.contains("direct message @U01 (delivered 0 s ago, never answered)")
    );
    w.restart().await;
    let button = button(&direct, "Acknowledge");
    let other = refused(&w, "Bob", &button.command).await;
    assert_eq!(other, "That test is for Ana; only Ana can answer it.");
    let thanks = done(&w, "Ana", &button.command).await;
    assert_eq!(thanks.text, "Thank you. It is proven that Ana can be reached at @U01.");
    let resolved = done(&w, "Ana", &button.command.replace("ack", "resolve")).await;
    assert_eq!(resolved.text, thanks.text, "of a test, it says the same");
    w.advance(2 * MINUTE).await;
    assert!(done(&w, "Bob", "page test").await.text.contains("direct message @U01 (answered 2 min ago)"));
    assert!(done(&w, "Bob", "page test all").await.text.starts_with("7 tests"));
    w.fault("email", [Some(Fault::Refused), Some(Fault::Refused)]);
    w.advance(MINUTE).await;
    done(&w, "Bob", "page test all").await;
    assert!(done(&w, "Bob", "page test").await.text.contains("the last test failed: no such address"));
    assert!(refused(&w, "Bob", "page test anna").await.contains("Did you mean ana?"));
    let mut out = String::new();
    for said in [
        "ack",
        "ack 1",
        "ack test",
        "ack test now",
        "ack test 1 thanks",
        "ack test 1.",
        "resolve test",
        "resolve test 1",
        "resolve test 77",
        "escalate test 1",
        "escalate test",
        "page test 1",
    ] {
        out.push_str(&format!("{said}\n  {}\n", w.say("Ana", said).await.text));
    }
    insta::assert_snapshot!("what_may_be_typed_of_a_test", out);
    assert!(refused(&w, "Bob", "ack test 5").await.contains("There is no test 5"));
    assert!(refused(&w, "Bob", "page test the alarm").await.contains("takes one name"));
    assert_eq!(w.engine().store().stats().await.unwrap().deployments, 0);
}

#[tokio::test]
async fn a_test_has_its_number_for_ever() {
    let mut w = world_of(CONFIG, &["slack", "email", "sms", "voice"]).await;
    w.fault("voice", [Some(Fault::Refused), Some(Fault::Refused)]);
    assert!(done(&w, "Bob", "page test all").await.text.starts_with("7 tests"));
    // Up again at once, or with a clock that is behind: what was given ran ahead of it.
    for back in [0, 2 * SECOND, -MINUTE] {
        w.jump(back);
        w.restart().await;
        let before = [calls(&w, "slack"), calls(&w, "email"), calls(&w, "sms")].concat().len();
        done(&w, "Bob", "page test all").await;
        let keys = [calls(&w, "slack"), calls(&w, "email"), calls(&w, "sms"), calls(&w, "voice")].concat();
        assert!(keys.len() > before);
        let tests: std::collections::BTreeSet<&str> = keys.iter().filter_map(|k| k.split('@').next()).collect();
        assert_eq!(tests.len(), keys.len(), "{keys:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_said_with_what_can() {
    let w = started().await;
    let mut out = String::new();
    for said in ["ack", "resolve 3", "page", "page @anna help", "page test x y"] {
        out.push_str(&format!("{said}\n  {}\n", refused(&w, "Bob", said).await));
    }
    done(&w, "Bob", "page checkout answers 502").await;
    done(&w, "Bob", "page @ben the queue is long").await;
    for said in ["ack", "ack 9", "resolve now"] {
        out.push_str(&format!("{said}\n  {}\n", refused(&w, "Bob", said).await));
    }
    let which = w.say("Bob", "ack").await;
    assert_eq!(which.choices.iter().map(|b| b.command.as_str()).collect::<Vec<_>>(), ["#1 ack 1", "#1 ack 2"]);
    out.push_str(&format!("again\n  {}\n", done(&w, "Bob", "page checkout answers 502").await.text));
    done(&w, "Bob", "ack 1").await;
    done(&w, "Bob", "resolve 1").await;
    out.push_str(&format!("resolve 1\n  {}\n", refused(&w, "Bob", "resolve 1").await));
    insta::assert_snapshot!("refusals_of_pages", out);
}

#[tokio::test]
async fn a_checklist_may_name_its_policy() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("list.md"), PAGE.replace("service: shop", "service: shop\nescalation: day"))
        .unwrap();
    let day =
        format!("{CONFIG}\n[policies.day]\nenvironments = [\"day\"]\n[[policies.day.steps]]\ntargets = [\"ben\"]\n");
    for (config, ok) in [(day.as_str(), true), (CONFIG, false)] {
        let config = Config::parse(config, Path::new("")).unwrap();
        let w = World::with_ways(config, Some(dir.path().into()), &["email"]).await;
        let reply = w.say("Ana", "start v1").await;
        assert_eq!(reply.ok, ok, "{}", reply.text);
        if ok {
            assert!(done(&w, "Ana", "page help").await.text.contains("Ben (e-mail)"));
        } else {
            assert!(reply.text.contains("escalation policy day"), "{}", reply.text);
        }
    }
}

#[tokio::test]
async fn asked_again_after_nobody_answered_it_climbs_anew() {
    let w = started().await;
    done(&w, "Bob", "page checkout answers 502").await;
    w.advance(20 * MINUTE).await;
    assert!(read(&card(&w, 1)).contains("Unanswered: nobody has it"));
    let before = calls(&w, "slack").len();
    let again = done(&w, "Bob", "page checkout answers 502").await.text;
    assert_eq!(
        again,
        "Page 1 says that already; it is counted (2 times). Nobody has answered yet: it climbs anew until somebody does."
    );
    assert_eq!(calls(&w, "slack").len(), before + 1, "who is on call is called once more");
    w.advance(20 * MINUTE).await;
    assert_eq!(w.titles().iter().filter(|t| *t == "Nobody answers page 1").count(), 2, "and it is said again");
}

#[tokio::test]
async fn what_is_urgent_is_not_counted_with_what_may_wait() {
    let config = CONFIG.replace("ack_timeout = \"1h\"", "low = \"office-hours\"").replace(
        "phone = \"+4915112345679\"",
        "phone = \"+4915112345679\"\noffice_hours = { days = \"Mon-Fri\", from = \"09:00\", to = \"17:00\" }",
    );
    let w = world_of(&config, &["slack", "email", "sms", "voice"]).await;
    done(&w, "Ana", "start v1.2.0").await;
    let low = done(&w, "Bob", "page @cleo the disk fills --low").await.text;
    assert!(
        low.contains("Nobody is called now") && low.contains("Held back: Cleo (SMS, until Mon 2026-11-23"),
        "{low}"
    );
    assert_eq!(calls(&w, "sms").len(), 0);
    let high = done(&w, "Bob", "page @cleo the disk fills").await.text;
    assert!(high.starts_with("Page 2 is open. Called: Cleo (SMS)."), "{high}");
    assert_eq!(calls(&w, "sms").len(), 1);
    // And what may wait is counted with what is urgent.
    done(&w, "Bob", "resolve 1").await;
    assert!(done(&w, "Bob", "page @cleo the disk fills --low").await.text.starts_with("Page 2 says that already"));
    // Who wants it now does not wait for the office.
    done(&w, "Bob", "page @ana the archive is slow --low").await;
    w.advance(MINUTE).await;
    let more = done(&w, "Bob", "escalate 3").await.text;
    assert!(more.contains("is called now"), "{more}");
    assert_eq!(calls(&w, "slack").len(), 2, "the step after Cleo's calls who is on call");
}

#[tokio::test]
async fn pages_that_climb_in_one_moment_share_the_hour_of_whom_they_call() {
    let mut w = world_of(&format!("{CONFIG}\n[paging]\nper_hour = 3\n"), &["slack", "email", "sms", "voice"]).await;
    done(&w, "Ana", "start v1.2.0").await;
    for n in 1..=3 {
        done(&w, "Bob", &format!("page trouble {n}")).await;
    }
    // Ana was called three times: whoever is next is called at once.
    for n in 4..=6 {
        let told = done(&w, "Bob", &format!("page trouble {n}")).await.text;
        assert!(told.contains("Cleo (SMS)") && told.contains("Held back: Ana (direct message, until"), "{told}");
    }
    assert_eq!((calls(&w, "slack").len(), calls(&w, "sms").len()), (3, 3));
    // It is down over the next step of all six.
    w.jump(6 * MINUTE);
    w.restart().await;
    w.settle().await;
    assert_eq!((calls(&w, "slack").len(), calls(&w, "sms").len()), (3, 3), "nobody is called a fourth time");
    w.advance(HOUR).await;
    let bundle = w.came("slack").into_iter().find(|m| read(&m.card).contains("more pages, to be acknowledged too"));
    let bundle = bundle.expect("what was over the limit comes in one message").card;
    let ack = button(&bundle, "Acknowledge 5");
    let told = done(&w, "Ana", &ack.command).await.text;
    assert!(told.contains("Nobody has pages 1, 2, 3, 4, 6, 7 yet."), "{told}");
}

#[tokio::test]
async fn after_a_storm_what_goes_wrong_is_still_told() {
    let w = world_of(&format!("{CONFIG}\n[paging]\nper_hour = 1\n"), &["slack", "email", "sms", "voice"]).await;
    done(&w, "Ana", "start v1.2.0").await;
    for n in 1..=100 {
        done(&w, "Bob", &format!("page trouble {n}")).await;
    }
    let full = refused(&w, "Bob", "page trouble 101").await;
    assert!(full.starts_with("#1 has 100 pages that nobody has resolved"), "{full}");
    done(&w, "Bob", "fail 1.2 lock timeout").await;
    assert!(card(&w, 101).title.to_plain().contains("Critical: 1.2 Schema migrated failed"));
    done(&w, "Bob", "resolve 3").await;
    done(&w, "Bob", "resolve 4").await;
    done(&w, "Bob", "page trouble 102").await;
}

#[tokio::test]
async fn who_answers_a_page_has_not_mended_anything_yet() {
    let w = started().await;
    w.advance(16 * MINUTE).await;
    assert_eq!(
        card(&w, 1).title.to_plain(),
        "Page 1: Rollback criterion 2.1 is breached: Deployment stuck > 15 minutes"
    );
    done(&w, "Cleo", "ack 1").await;
    done(&w, "Cleo", "snooze 1h").await;
    assert!(read(&card(&w, 1)).contains("Cleo has it"), "still stuck, and still theirs: {}", read(&card(&w, 1)));
    done(&w, "Cleo", "tick 1.1").await;
    assert!(read(&card(&w, 1)).contains("Resolved: the criterion is breached no longer"));
}
