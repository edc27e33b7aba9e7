//! What people read, as plain text: boards, sections, posts, and every refusal. To be read like a page, not like code.

mod world;

use rollcall::card::Reply;
use rollcall::cli::draw;
use rollcall::config::Config;
use rollcall::domain::checklist::Number;
use rollcall::domain::command::{Mark, Person};
use rollcall::domain::deployment::Closed;
use rollcall::domain::refusal::Refusal;
use rollcall::words::refusals;
use std::fmt::Write as _;
use world::*;

const PAGE: &str = "\
---
service: shop
---
# Shop release

- **Lead**: ____
- **Change ticket**: ____
- **Deployer**: ____

## Before

- [ ] Backup taken
- [ ] Notes written (optional)
- [ ] On-call told
- [ ] Load test run

## Deploy

Watch the dashboard while you do this.

- [ ] Image pushed
  ```bash
  ./push.sh v1
  ```
- [ ] Pods rolled
  - [ ] First half
  - [ ] Second half
- [ ] Health checked

## Rollback criteria

- [ ] Error rate above 5 %

## Rollback procedure

- [ ] Traffic switched back
- [ ] Team told

## After success

- [ ] Maintenance page off
";

async fn shop() -> World {
    let config = Config::parse(
        "[people.ana]\nname = \"Ana\"\n[roles]\nrelease-manager = [\"ana\"]\n[rules]\noverride = [\"release-manager\"]\n",
        std::path::Path::new(""),
    )
    .unwrap();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("shop.md"), PAGE).unwrap();
    let mut w = World::with(config, Some(dir.path().into())).await;
    w.kept = Some(dir);
    w
}

/// Says it and insists that it was done.
async fn done(w: &World, who: &str, text: &str) -> Reply {
    let reply = w.say(who, text).await;
    assert!(reply.ok, "{text}: {}", reply.text);
    reply
}

fn board(w: &World, id: u64) -> String {
    read(&w.message(&format!("{id}/board")).card)
}

#[tokio::test]
async fn boards() {
    let mut out = String::new();
    let mut add = |what: &str, w: &World, id: u64| _ = writeln!(out, "== {what}\n{}", board(w, id));
    let w = shop().await;
    done(&w, "Ana", "start v1.2.0").await;
    add("active, just started", &w, 1);
    w.advance(25 * MINUTE).await;
    done(&w, "Bob", "tick 1.1").await;
    done(&w, "Cleo", "fail 1.3 nobody picks up").await;
    done(&w, "Cleo", "block 1.4 the load generator is down").await;
    done(&w, "Ana", "assign 2.1 @Bob").await;
    add("active, in trouble", &w, 1);
    done(&w, "Bob", "start v1.3.0 --queue").await;
    add("queued", &w, 2);
    done(&w, "Bob", "start v1.4.0 env:staging at:+3h").await;
    add("scheduled", &w, 3);
    done(&w, "Ana", "#1 hold waiting for the on-call").await;
    add("held", &w, 1);
    done(&w, "Ana", "#1 rollback error rate at 7 %").await;
    add("rolling back", &w, 1);
    done(&w, "Ana", "#1 tick 4").await;
    done(&w, "Ana", "#1 rolled-back").await;
    add("rolled back", &w, 1);
    done(&w, "Bob", "#3 cancel wrong week").await;
    add("cancelled", &w, 3);
    done(&w, "Bob", "#2 tick 1").await;
    done(&w, "Bob", "#2 skip 2.1 image is the same").await;
    done(&w, "Bob", "#2 tick 2.2-2.3").await;
    add("active, ready to finish", &w, 2);
    w.advance(65 * MINUTE).await;
    done(&w, "Bob", "#2 finish").await;
    add("succeeded", &w, 2);
    done(&w, "Cleo", "start v2 --rehearse").await;
    done(&w, "Cleo", "#4 tick 1.1").await;
    done(&w, "Cleo", "#4 partial enough practised").await;
    add("partial, a rehearsal", &w, 4);
    insta::assert_snapshot!(out);
}

#[tokio::test]
async fn sections_with_items_in_all_states() {
    let w = shop().await;
    done(&w, "Ana", "start v1.2.0").await;
    done(&w, "Bob", "tick 1.1 restored as a trial, too").await;
    done(&w, "Bob", "evidence 1.1 https://ci.example/118").await;
    done(&w, "Bob", "skip 1.2").await;
    done(&w, "Cleo", "fail 1.3 nobody picks up").await;
    done(&w, "Cleo", "block 1.4 the load generator is down").await;
    done(&w, "Cleo", "assign 1.3 @Ana").await;
    let mut out = format!("{}\n", read(&w.message("1/section/1").card));
    done(&w, "Cleo", "tick 1.3 1.4").await;
    done(&w, "Bob", "tick 2.2.1").await;
    _ = writeln!(out, "{}", read(&w.message("1/section/2").card));
    for question in ["next", "show 2.1", "show 2.2", "show 4", "list", "status", "history", "record", "checklists"] {
        _ = writeln!(out, "== {question}\n{}", draw::reply(&w.say("Ana", question).await));
    }
    done(&w, "Ana", "rollback errors").await;
    _ = writeln!(out, "== rolling back\n{}", read(&w.message("1/section/2").card));
    _ = writeln!(out, "{}", read(&w.message("1/section/4").card));
    insta::assert_snapshot!(out);
}

#[tokio::test]
async fn posts() {
    let mut w = shop().await;
    done(&w, "Ana", "start v1.2.0").await;
    done(&w, "Bob", "start v1.3.0 --queue").await;
    done(&w, "Cleo", "start v1.4.0 env:staging at:+2h").await;
    w.advance(20 * MINUTE).await;
    done(&w, "Bob", "#1 tick 1.1-1.3").await;
    done(&w, "Cleo", "#1 fail 1.4 p99 at 4 s").await;
    done(&w, "Cleo", "#1 block 2.1 registry is down").await;
    done(&w, "Cleo", "#1 assign 2.3 @Deniz").await;
    w.advance(41 * MINUTE).await;
    done(&w, "Ana", "#1 progress the vendor is on the phone").await;
    done(&w, "Ana", "#1 hold waiting for the vendor").await;
    w.advance(10 * MINUTE).await;
    done(&w, "Ana", "#1 resume").await;
    done(&w, "Ana", "#1 handover @Bob").await;
    // The bot is away while a start falls due.
    w.jump(2 * HOUR);
    w.restart().await;
    w.settle().await;
    done(&w, "Bob", "#1 rollback error rate at 7 %").await;
    done(&w, "Bob", "#1 tick 4.1").await;
    done(&w, "Bob", "#1 rolled-back").await;
    done(&w, "Bob", "#2 tick 1").await;
    done(&w, "Bob", "#2 partial the pods can wait until Monday").await;
    done(&w, "Cleo", "#3 tick 1").await;
    done(&w, "Cleo", "#3 tick 2").await;
    done(&w, "Cleo", "#3 finish").await;
    done(&w, "Ana", "start v2 --rehearse").await;
    done(&w, "Ana", "#4 finish --override seen it with my own eyes").await;
    done(&w, "Ana", "start v2.1 --rehearse").await;
    done(&w, "Ana", "#5 cancel practice is over").await;
    let mut out = String::new();
    for message in w.messages() {
        let name = message.key.split('@').next().unwrap_or_default();
        if !name.contains("board") && !name.contains("section") {
            _ = writeln!(out, "== {name}\n{}", read(&message.card));
        }
    }
    insta::assert_snapshot!(out);
}

#[tokio::test]
async fn refusals_met() {
    let w = shop().await;
    let mut out = String::new();
    macro_rules! no {
        ($who:expr, $text:expr) => {{
            let reply = w.say($who, $text).await;
            assert!(!reply.ok, "{} was done: {}", $text, reply.text);
            _ = writeln!(out, "> {}\n{}", $text, draw::reply(&reply));
        }};
    }
    no!("Ana", "tick 1.1");
    no!("Ana", "#7 tick 1.1");
    no!("Ana", "start v1 checklist:shp");
    done(&w, "Ana", "start v1.2.0").await;
    w.advance(5 * MINUTE).await;
    no!("Bob", "start v1.3.0");
    no!("Bob", "tick 1.9");
    no!("Bob", "tick 9.1");
    no!("Bob", "tick the unicorn");
    no!("Bob", "tick half");
    no!("Bob", "fail 1.1");
    no!("Bob", "skip 1.1");
    no!("Bob", "untick 1.1");
    done(&w, "Bob", "tick 1.1").await;
    w.advance(12 * MINUTE).await;
    no!("Ana", "tick 1.1");
    no!("Ana", "block 1.1 hm");
    no!("Ana", "tick 4.1");
    no!("Ana", "tick 5.1");
    no!("Ana", "fill Colour: red");
    no!("Ana", "fill Lead");
    no!("Ana", "fill Deployer: Bob");
    no!("Ana", "evidence 1.1");
    no!("Ana", "handover @Ana");
    no!("Ana", "resume");
    no!("Ana", "rolled-back");
    no!("Bob", "finish");
    no!("Bob", "finish --override trust me");
    done(&w, "Ana", "hold waiting for the vendor").await;
    w.advance(3 * MINUTE).await;
    no!("Bob", "tick 1.2");
    no!("Bob", "finish");
    no!("Bob", "hold again");
    done(&w, "Ana", "rollback errors").await;
    no!("Bob", "tick 1.2");
    no!("Bob", "tick 5.1");
    no!("Bob", "finish");
    done(&w, "Ana", "rolled-back").await;
    w.advance(2 * DAY).await;
    no!("Bob", "tick 1.2");
    no!("Bob", "note too late?".replace("note too late?", "finish").as_str());
    no!("Bob", "hold on");
    done(&w, "Bob", "start v2 at:+2h").await;
    no!("Bob", "#2 tick 1.1");
    no!("Bob", "#2 resume");
    done(&w, "Bob", "start v3").await;
    done(&w, "Bob", "start v4 --queue").await;
    no!("Bob", "#4 resume");
    done(&w, "Bob", "start v5 env:staging").await;
    no!("Bob", "tick 1.1");
    insta::assert_snapshot!(out);
}

/// Every refusal there is, also those that are hard to bring about.
#[tokio::test]
async fn every_refusal() {
    let w = shop().await;
    done(&w, "Ana", "start v1.2.0").await;
    let d = w.engine().deployment(1).await.unwrap().unwrap();
    let n = |text: &str| -> Number { text.parse().unwrap() };
    let bob = || Person::named("Bob");
    let at = w.now();
    w.jump(25 * HOUR);
    let all = [
        Refusal::NoSuchItem { said: "1.9".into(), near: vec![n("1.3"), n("1.4")] },
        Refusal::NoSuchItem { said: "9".into(), near: vec![] },
        Refusal::NoMatch { said: "the *unicorn*".into() },
        Refusal::Ambiguous { said: "half".into(), matches: vec![n("2.2.1"), n("2.2.2")], count: 14 },
        Refusal::Backwards { from: n("2.3"), to: n("2.1") },
        Refusal::TooMany { count: 612 },
        Refusal::Already { item: n("1.1"), mark: Mark::Tick, by: bob(), at },
        Refusal::NotMarked { item: n("1.1") },
        Refusal::NotByThisReaction { item: n("1.1"), by: bob(), at },
        Refusal::LeftAsIs { item: n("1.1"), mark: Mark::Fail },
        Refusal::Closed { item: n("1.1"), why: Closed::NotStarted },
        Refusal::Closed { item: n("4.1"), why: Closed::UntilRollback },
        Refusal::Closed { item: n("5.1"), why: Closed::UntilSuccess },
        Refusal::Closed { item: n("5.1"), why: Closed::UntilRolledBack },
        Refusal::Closed { item: n("1.1"), why: Closed::ByRollback },
        Refusal::Closed { item: n("1.1"), why: Closed::Over },
        Refusal::Closed { item: n("1.1"), why: Closed::Archived },
        Refusal::OtherEnvironment { item: n("1.1"), environment: "staging".into() },
        Refusal::NothingToDo,
        Refusal::ReasonNeeded { mark: Mark::Skip, item: n("1.1") },
        Refusal::OnHold { reason: "waiting for the vendor".into(), since: at },
        Refusal::RequiredOpen { items: vec![n("1.1"), n("1.3")], count: 12 },
        Refusal::RequiredOpen { items: vec![n("1.1")], count: 1 },
        Refusal::NoAuthority { roles: vec![] },
        Refusal::NoAuthority { roles: vec!["release-manager".into(), "lead".into()] },
        Refusal::NoSuchField { said: "Colour".into(), fields: vec![] },
        Refusal::NoSuchField { said: "Colour".into(), fields: vec!["Lead".into(), "Change ticket".into()] },
        Refusal::NotAChoice { field: "Risk".into(), choices: vec!["low".into(), "high".into()] },
        Refusal::ValueNeeded { field: "Lead".into(), choices: vec![] },
        Refusal::ValueNeeded { field: "Risk".into(), choices: vec!["low".into(), "high".into()] },
        Refusal::ChoiceNeeded { item: n("1.1"), choices: vec!["GO".into(), "NO-GO".into()] },
        Refusal::NotOnDemand { section: 9 },
        Refusal::AutomaticField { field: "Deployer".into() },
        Refusal::AlreadyLeads { to: bob() },
        Refusal::LockTaken { holder: 7 },
        Refusal::StartsThen { at },
        Refusal::NotSnoozed { item: None },
        Refusal::NotSnoozed { item: Some(n("1.1")) },
        Refusal::Stale,
        Refusal::LogFull { limit: 10_000 },
    ];
    let mut out = String::new();
    for refusal in all {
        let name: String = format!("{refusal:?}").chars().take_while(|c| c.is_alphanumeric()).collect();
        let reply = Reply::refused(refusals::refusal(&d, &refusal, w.now(), chrono_tz::UTC));
        _ = writeln!(out, "{name}: {}", draw::reply(&reply));
    }
    insta::assert_snapshot!(out);
}
