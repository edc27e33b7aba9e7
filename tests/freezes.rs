//! Freezes, from the configuration and by command, as a team meets them: starts refused, waiting, let through; over
//! restarts and clocks that jump.

mod world;

use rollcall::card::Reply;
use rollcall::config::Config;
use std::path::Path;
use world::*;

const PAGE: &str = "\
---
service: shop
environment: production
---
# Shop release

## 1. Prepare

- [ ] Backup taken
- [ ] Smoke tests passed
";

/// Two rotations to be covered.
const ROTATIONS: &str = "\
[people.ben]
name = \"Ben\"
email = \"ben@example.org\"
[people.dora]
name = \"Dora\"
[[rotations.primary.layers]]
people = [\"ben\"]
handoff = \"0 9 * * Mon\"
starts = 2026-11-16
[[rotations.\"night shift\".layers]]
people = [\"ben\"]
handoff = \"0 9 * * Mon\"
starts = 2026-11-16
";

/// Frozen every weekend; Bob leads. The world's clock begins on a Saturday at 11:00 in Berlin.
const WEEKEND: &str = "\
timezone = \"Europe/Berlin\"
[people.bob]
name = \"Bob\"
[roles]
lead = [\"bob\"]
[freezes.weekend]
starts = \"0 15 * * FRI\"
ends = \"0 8 * * MON\"
reason = \"nobody is there to help\"
environments = [\"production\"]
override = [\"lead\"]
";

/// Until Monday at eight, from when the clock begins.
const TO_MONDAY: i64 = 44 * HOUR + 59 * MINUTE + 30 * SECOND;

async fn world(config: &str) -> World {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("list.md"), PAGE).unwrap();
    let config = Config::parse(config, Path::new("")).unwrap_or_else(|e| panic!("{e}"));
    let mut world = World::with(config, Some(dir.path().into())).await;
    world.kept = Some(dir);
    world
}

async fn done(w: &World, who: &str, text: &str) -> Reply {
    let reply = w.say(who, text).await;
    assert!(reply.ok, "{text}: {}", reply.text);
    reply
}

/// What is said: replies with what they offer to press, and posts.
fn told(reply: &Reply) -> String {
    let buttons: Vec<String> = reply.choices.iter().map(|b| format!("[{}] {}", b.label, b.command)).collect();
    format!("{}\n{}", reply.text, buttons.join("\n")).trim_end().to_owned()
}

fn posts(w: &World, name: &str) -> Vec<String> {
    let found = w.messages().into_iter().filter(|m| m.key.contains(&format!("/{name}@")));
    found.map(|m| read(&m.card).trim_end().to_owned()).collect()
}

fn board(w: &World, id: u64) -> String {
    read(&w.message(&format!("{id}/board@")).card)
}

#[tokio::test]
async fn a_start_in_a_freeze_is_refused_with_when_it_may_be() {
    let w = world(WEEKEND).await;
    let refused = w.say("Ana", "start v1.2.0").await;
    assert!(!refused.ok);
    insta::assert_snapshot!("refused_in_a_freeze", told(&refused));
    assert!(w.messages().is_empty(), "nothing was recorded");
    // The button that is offered works.
    let scheduled = w.press("Ana", &refused.choices[0], "").await;
    assert!(scheduled.ok && scheduled.text.contains("2026-11-23 08:00 CET"), "{}", scheduled.text);
    assert!(board(&w, 1).contains("scheduled"), "{}", board(&w, 1));
    w.advance(TO_MONDAY).await;
    assert!(board(&w, 1).contains("active"), "{}", board(&w, 1));
    // Elsewhere nothing is frozen, and practice never is.
    let w = world(WEEKEND).await;
    done(&w, "Ana", "start v1.2.0 env:staging").await;
    done(&w, "Ana", "start v1.2.0 --rehearse").await;
}

#[tokio::test]
async fn a_start_for_a_moment_in_a_known_freeze_is_refused_too() {
    let w = world(WEEKEND).await;
    done(&w, "Ana", "start v1.0.0 at:\"2026-11-27 14:59\"").await;
    let refused = w.say("Ana", "start v1.1.0 at:\"2026-11-28 12:00\" follow:deployments").await;
    insta::assert_snapshot!("refused_for_a_moment", told(&refused));
}

#[tokio::test]
async fn a_role_lets_it_through_and_says_so() {
    let w = world(WEEKEND).await;
    let refused = w.say("Ana", "start v1.2.0 --override \"checkout is down\"").await;
    assert_eq!((refused.ok, w.messages().len()), (false, 0));
    insta::assert_snapshot!("nobodys_to_override", told(&refused));
    let asked = w.say("Bob", "start v1.2.0").await;
    let button = asked.choices.iter().find(|b| b.label == "Start all the same").unwrap();
    assert!(button.ask.is_some());
    let reply = w.press("Bob", button, "checkout is down").await;
    assert!(reply.ok, "{}", reply.text);
    insta::assert_snapshot!("started_in_a_freeze", posts(&w, "start").join("\n"));
    let record = w.engine().record(1, rollcall::engine::Format::Markdown).await.unwrap().unwrap();
    let line = record.lines().find(|l| l.contains("Freeze overridden")).unwrap();
    assert!(line.contains("Bob") && line.contains("weekend: checkout is down (as lead)"), "{line}");
    // Where nothing is frozen there is nothing to override.
    let reply = done(&w, "Ana", "start v1.2.0 env:staging --override because").await;
    assert!(reply.text.ends_with("No freeze holds then, so nothing was overridden."), "{}", reply.text);
}

#[tokio::test]
async fn a_scheduled_start_that_falls_into_a_freeze_waits_and_goes_at_its_end() {
    let mut w = world("timezone = \"Europe/Berlin\"").await;
    done(&w, "Ana", "start v1.2.0 at:+2h").await;
    done(&w, "Bob", "freeze incident 4711 until:+6h env:prod").await;
    w.advance(2 * HOUR).await;
    insta::assert_snapshot!("a_start_that_waits", format!("{}\n\n{}", posts(&w, "frozen").join("\n"), board(&w, 1)));
    // Once is enough, also over a restart and hours of looking again.
    w.restart().await;
    w.advance(3 * HOUR).await;
    assert_eq!(posts(&w, "frozen").len(), 1);
    assert_eq!(posts(&w, "start").len(), 0);
    w.advance(HOUR).await;
    let start = posts(&w, "start");
    assert_eq!(start.len(), 1, "{:?}", w.titles());
    assert!(!start[0].contains("late"), "{start:?}");
    assert!(board(&w, 1).contains("active"));
}

#[tokio::test]
async fn what_waited_while_the_bot_was_down_goes_late_and_says_so() {
    let mut w = world("").await;
    done(&w, "Ana", "start v1.2.0 at:+1h").await;
    done(&w, "Bob", "freeze incident until:+2h").await;
    w.advance(HOUR).await;
    assert_eq!(posts(&w, "frozen").len(), 1);
    w.jump(3 * HOUR);
    w.restart().await;
    w.settle().await;
    let start = posts(&w, "start");
    assert_eq!(start.len(), 1);
    assert!(start[0].contains("2 h 00 min late"), "{start:?}");
}

#[tokio::test]
async fn a_clock_set_back_into_a_freeze_neither_starts_nor_says_it_twice() {
    let w = world("").await;
    done(&w, "Ana", "start v1.2.0 at:+1h").await;
    done(&w, "Bob", "freeze incident until:+2h").await;
    w.advance(HOUR).await;
    w.jump(-30 * MINUTE);
    w.settle().await;
    w.advance(20 * MINUTE).await;
    assert_eq!((posts(&w, "frozen").len(), posts(&w, "start").len()), (1, 0));
    w.advance(2 * HOUR).await;
    assert_eq!((posts(&w, "frozen").len(), posts(&w, "start").len()), (1, 1));
}

#[tokio::test]
async fn a_queued_start_whose_turn_comes_in_a_freeze_waits_until_it_is_lifted() {
    let mut w = world("").await;
    done(&w, "Ana", "start v1.0.0").await;
    done(&w, "Ana", "start v1.1.0 --queue").await;
    done(&w, "Ana", "start v1.2.0 --queue").await;
    done(&w, "Ana", "start v2.0.0 at:+20h").await;
    done(&w, "Bob", "freeze incident 4711 is being looked into").await;
    // It never touches what is under way, but the board says so.
    assert!(board(&w, 1).contains("Frozen by freeze 1 (incident 4711 is being looked into), until it is lifted: new starts wait; this one goes on."), "{}", board(&w, 1));
    done(&w, "Ana", "tick 1.1").await;
    done(&w, "Ana", "#1 cancel withdrawn").await;
    insta::assert_snapshot!("a_turn_that_waits", posts(&w, "frozen").join("\n"));
    w.restart().await;
    w.advance(5 * HOUR).await;
    assert_eq!(posts(&w, "frozen").len(), 1);
    let lifted = w.say("Ana", "unfreeze").await;
    assert!(!lifted.ok && lifted.text.contains("was set by Bob"), "{}", lifted.text);
    done(&w, "Bob", "unfreeze").await;
    assert!(board(&w, 2).contains("active"), "{}", board(&w, 2));
    assert!(board(&w, 3).contains("queued"), "its turn has not come: {}", board(&w, 3));
    assert!(board(&w, 4).contains("scheduled"), "what is for later stays for later: {}", board(&w, 4));
    assert!(!board(&w, 2).contains("Frozen"));
}

/// Bob may start in a freeze.
const LEAD: &str = "\
[people.bob]
name = \"Bob\"
[roles]
lead = [\"bob\"]
[rules]
override = [\"lead\"]
";

#[tokio::test]
async fn whoever_may_queues_through_a_freeze() {
    let w = world(LEAD).await;
    done(&w, "Ana", "start v1.0.0").await;
    let idle = done(&w, "Ana", "start v1.1.0 --queue --override because").await;
    assert!(idle.text.ends_with("No freeze holds now, so nothing was overridden."), "{}", idle.text);
    done(&w, "Ana", "freeze incident 4711").await;
    let refused = w.say("Ana", "start v1.2.0 --queue --override hotfix").await;
    assert!(!refused.ok, "it is not Ana's to override: {}", refused.text);
    let queued = done(&w, "Bob", "start v1.2.0 --queue --override hotfix").await;
    assert!(queued.text.starts_with("Queued #3") && !queued.text.contains("nothing"), "{}", queued.text);
    let record = w.engine().record(3, rollcall::engine::Format::Markdown).await.unwrap().unwrap();
    assert!(record.contains("Freeze overridden"), "{record}");
    done(&w, "Ana", "#1 cancel withdrawn").await;
    assert!(board(&w, 2).contains("queued"), "the freeze holds for it: {}", board(&w, 2));
    assert!(board(&w, 3).contains("active"), "and not for this one: {}", board(&w, 3));
    done(&w, "Ana", "#3 cancel withdrawn").await;
    done(&w, "Ana", "unfreeze").await;
    assert!(board(&w, 2).contains("active"), "{}", board(&w, 2));
}

#[tokio::test]
async fn what_waits_for_a_freeze_is_in_nobodys_way_who_may_start_in_it() {
    let mut w = world(LEAD).await;
    done(&w, "Ana", "start v1.0.0").await;
    done(&w, "Ana", "start v1.1.0 --queue").await;
    done(&w, "Ana", "freeze incident 4711").await;
    done(&w, "Ana", "#1 cancel withdrawn").await;
    w.restart().await;
    let refused = w.say("Ana", "start v1.2.0").await;
    assert!(!refused.ok && refused.text.contains("is taken: #2 v1.1.0 by Ana, queued."), "{}", refused.text);
    let started = done(&w, "Bob", "start v1.2.0 --override hotfix").await;
    assert!(started.text.starts_with("Started #3"), "{}", started.text);
    done(&w, "Bob", "#3 cancel withdrawn").await;
    assert!(board(&w, 2).contains("queued"), "{}", board(&w, 2));
    done(&w, "Ana", "unfreeze").await;
    assert!(board(&w, 2).contains("active"), "{}", board(&w, 2));
}

#[tokio::test]
async fn what_is_to_be_done_before_a_start_that_waits_keeps_no_timer_busy() {
    let page = PAGE.replace("## 1. Prepare", "## 1. Before (T-30min)\n\n- [ ] Customers told\n\n## 2. Prepare");
    for untick in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("list.md"), &page).unwrap();
        let mut w = World::with(Config::default(), Some(dir.path().into())).await;
        done(&w, "Ana", "start v1.2.0 at:+1h").await;
        done(&w, "Bob", "freeze incident").await;
        w.advance(35 * MINUTE).await;
        assert_eq!(states(&w.message("1/section/1").card), ["1.1 Open"]);
        if untick {
            done(&w, "Ana", "tick 1.1").await;
        }
        // Down across the reminder and the start.
        w.jump(40 * MINUTE);
        w.restart().await;
        w.settle().await;
        if untick {
            done(&w, "Ana", "untick 1.1").await;
        }
        w.advance(MINUTE).await;
        assert_eq!(w.engine().store().due_timers(w.now(), 9).await.unwrap(), []);
        assert_eq!(posts(&w, "frozen").len(), 1);
        done(&w, "Bob", "unfreeze").await;
        assert!(board(&w, 1).contains("active"), "{}", board(&w, 1));
    }
}

#[tokio::test]
async fn an_override_holds_for_the_freezes_it_named() {
    let w = world(WEEKEND).await;
    done(&w, "Bob", "start v1.2.0 at:+1h --override \"checkout is down\"").await;
    insta::assert_snapshot!("scheduled_in_a_freeze", posts(&w, "scheduled").join("\n"));
    done(&w, "Ana", "freeze incident until:+90m").await;
    w.advance(HOUR).await;
    assert_eq!((posts(&w, "frozen").len(), posts(&w, "start").len()), (1, 0), "the incident was not overridden");
    w.advance(30 * MINUTE).await;
    assert_eq!(posts(&w, "start").len(), 1, "the weekend was");
}

#[tokio::test]
async fn freezes_lists_what_holds_and_what_comes() {
    let w = world(&format!(
        "{WEEKEND}[freezes.close]\nlast_days = 3\nof = \"month\"\nservices = [\"shop\"]\n\
         [start_windows.mornings]\nstarts = \"0 9 * * MON-THU\"\nends = \"0 12 * * MON-THU\"\nenvironments = [\"staging\"]\n"
    ))
    .await;
    done(&w, "Ana", "freeze \"incident 4711\" until:+4h env:staging service:api").await;
    let said = done(&w, "Ana", "freezes").await;
    insta::assert_snapshot!("freezes", said.text);
    let w = world("").await;
    assert_eq!(
        done(&w, "Ana", "freezes").await.text,
        "Nothing is frozen now.\n\nNo freeze begins in the next 14 days."
    );
}

#[tokio::test]
async fn what_the_channel_and_the_asker_are_told() {
    let w = world(&format!("timezone = \"Europe/Berlin\"\n[rules]\n{ROTATIONS}")).await;
    let mut all = String::new();
    for (who, text) in [
        ("Ana", "freeze"),
        ("Ana", "freeze until:+4h"),
        ("Ana", "freeze incident 4711 until:+4h env:production service:shop"),
        ("Ana", "freeze incident 4711 until:yesterday"),
        ("Ana", "freeze incident 4711 until:09:00"),
        ("Ana", "freeze incident 4711 until:+500d"),
        ("Ana", "freeze incident 4711 util:+4h"),
        ("Ana", "freeze the books are being closed"),
        ("Bob", "unfreeze"),
        ("Bob", "unfreeze 9"),
        ("Bob", "unfreeze 2"),
        ("Ana", "unfreeze 2"),
        ("Ana", "cover"),
        ("Ana", "cover primary"),
        ("Ana", "cover primary @Ben"),
        ("Ana", "cover primary @Cleo until:+8h"),
        ("Ana", "cover primary @Benn until:+8h"),
        ("Ana", "cover primary @Dora until:+8h"),
        ("Ana", "cover primary me until:+8h"),
        ("Ana", "cover primary @Ben until:+8h"),
        ("Ben", "cover \"night shift\" me from:\"tomorrow 20:00\" until:\"2026-11-23 06:00\""),
        ("Ana", "cover primary @Ben from:+1h until:+2h"),
        ("Ana", "cover primary @Ben from:+10h until:+9h"),
        ("Ana", "uncover \"night shift\""),
        ("Ana", "uncover tertiary"),
        ("Ana", "#1 freezes"),
    ] {
        let reply = w.say(who, text).await;
        all.push_str(&format!("{who}: {text}\n{} {}\n\n", if reply.ok { "✓" } else { "✗" }, told(&reply)));
    }
    all.push_str("Posts:\n");
    w.messages().iter().for_each(|m| all.push_str(&read(&m.card)));
    insta::assert_snapshot!("orders", all);
}

#[tokio::test]
async fn the_moment_that_is_proposed_is_free() {
    let w = world("timezone = \"Europe/Berlin\"\n").await;
    // People begin at any second, and clocks count in milliseconds.
    w.jump(12_345);
    done(&w, "Ana", "start v1.2.0 at:+1h").await;
    done(&w, "Bob", "freeze incident until:+150s").await;
    let refused = w.say("Ana", "#1 reschedule +1m").await;
    assert!(refused.text.contains("The next free moment is Sat 2026-11-21 11:04 CET."), "{}", refused.text);
    let [move_to] = refused.choices.as_slice() else { panic!("{refused:?}") };
    assert_eq!(move_to.label, "Move to Sat 2026-11-21 11:04 CET");
    let moved = w.press("Ana", move_to, "").await;
    assert!(moved.ok, "{}", moved.text);
    let refused = w.say("Ana", "start v1.3.0 service:api").await;
    let start = &refused.choices[0];
    assert_eq!(start.label, "Start Sat 2026-11-21 11:04 CET");
    let started = w.press("Ana", start, "").await;
    assert!(started.ok, "{}", started.text);
}

#[tokio::test]
async fn a_freeze_that_is_lifted_says_what_still_holds() {
    let w = world(WEEKEND).await;
    done(&w, "Ana", "freeze incident env:production").await;
    done(&w, "Ana", "freeze stocktaking until:+4h env:staging").await;
    done(&w, "Ana", "freeze books until:+4h service:shop").await;
    let mut all = String::new();
    for number in [1, 2, 3] {
        all.push_str(&format!("{}\n", done(&w, "Ana", &format!("unfreeze {number}")).await.text));
    }
    w.messages().iter().for_each(|m| all.push_str(&read(&m.card)));
    insta::assert_snapshot!("lifted_while_others_hold", all);
}

#[tokio::test]
async fn the_journal_is_part_of_the_audit_and_of_a_backup() {
    let mut w = world(ROTATIONS).await;
    done(&w, "Ana", "freeze incident").await;
    done(&w, "Ana", "cover primary @Ben until:+8h").await;
    let report = w.engine().store().audit(None).await.unwrap();
    assert!(report.is_sound() && report.rulings == 2, "{report}");
    let copy = w.db().with_file_name("copy.db");
    w.engine().store().backup(&copy).await.unwrap();
    w.restart().await;
    assert_eq!(w.engine().standing().freezes().len(), 1);
    assert_eq!(w.engine().standing().covers(w.now()).count(), 1);
    assert!(!w.say("Ana", "start v1.2.0").await.ok, "it still holds");
    let store = rollcall::store::Store::open(&copy).await.unwrap();
    assert_eq!(store.journal().await.unwrap().0.len(), 2);
}
