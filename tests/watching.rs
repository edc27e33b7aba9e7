//! What was understood, walked: criteria watched and said, lists opened on demand, choices picked, targets judged,
//! sign-offs signed, follow-up after the outcome.

mod world;

use rollcall::card::{Block, Card, Reply, TagKind};
use rollcall::cli::draw;
use rollcall::domain::command::Timer;
use std::fmt::Write as _;
use world::*;

const PAGE: &str = "\
---
service: shop
environment: production
---
# Shop release

## 1. Prepare

- [ ] Backup taken <!-- rollcall: owner=dba -->
- [ ] Caches warmed (optional)
- [ ] Debug port closed <!-- rollcall: environment=production -->
- [ ] Fixtures loaded <!-- rollcall: environment=staging -->
- [ ] GO [ ] NO-GO

## 2. Go or no-go sign-off

- [ ] **Tech lead**: ____ Date: ____

## 3. Key figures

- **Error rate**: ____ % (target: <1%)
- **Downtime**: ____ (target: < 10 minutes)
- **Approach**: Blue-green / Rolling
- [ ] Figures read

## 4. First hours (within 2 hours)

- [ ] Dashboards read

## 5. Rollback criteria

- [ ] Error rate exceeds 5% for more than 5 minutes
- [ ] Deployment stuck > 15 minutes
- [ ] Total duration > 3 hours
- [ ] Customer impact > 10 minutes
- [ ] Data is lost

## 6. Rollback procedure

- [ ] Traffic switched back

## 7. Troubleshooting: the image does not start

- [ ] Read its logs

## 8. Troubleshooting: the database is slow

- [ ] Look for locks

## Environment-specific

### 9. Staging

- [ ] Test data loaded

### 10. Production

- [ ] Change ticket closed
";

/// Says it and insists that it was done.
async fn done(w: &World, who: &str, text: &str) -> Reply {
    let reply = w.say(who, text).await;
    assert!(reply.ok, "{text}: {}", reply.text);
    reply
}

async fn started() -> World {
    let w = World::of(PAGE).await;
    done(&w, "Ana", "start v1.2.0").await;
    w
}

fn breaches(w: &World) -> Vec<Seen> {
    w.messages().into_iter().filter(|m| m.key.contains("/breach@")).collect()
}

fn item_buttons(card: &Card, number: &str) -> Vec<(String, String)> {
    let items = card.blocks.iter().filter_map(|b| match b {
        Block::Item { item } if item.number.to_string() == number => Some(item),
        _ => None,
    });
    items.flat_map(|i| &i.buttons).map(|b| (b.label.clone(), b.command.clone())).collect()
}

async fn watch_timer(w: &World) -> Option<i64> {
    let timers = w.engine().store().timers_of(1).await.unwrap();
    timers.into_iter().find(|(t, _)| *t == Timer::Watch).map(|(_, at)| at.0 - MORNING)
}

#[tokio::test]
async fn criteria_are_there_from_the_start_and_one_press_rolls_back() {
    let w = started().await;
    let watch = w.message("1/section/5");
    assert_eq!(watch.thread.as_deref(), Some("1/start@console:deployments"));
    insta::assert_snapshot!("the_watch_from_the_start", read(&watch.card));
    let happened = item_buttons(&watch.card, "5.1");
    assert!(happened.contains(&("This happened".into(), "#1 rollback 5.1".into())), "{happened:?}");
    let button = watch.card.blocks.iter().find_map(|b| match b {
        Block::Item { item } if item.number.to_string() == "5.1" => item.buttons.get(1).cloned(),
        _ => None,
    });
    let button = button.unwrap();
    assert!(
        button.confirm.as_deref().is_some_and(|c| c.contains("roll back")),
        "it is asked before it is done: {button:?}"
    );
    let called = w.press("Bob", &button, "").await;
    assert!(called.ok && called.text.contains("Rollback announced"), "{}", called.text);
    let board = read(&w.message("1/board").card);
    assert!(board.contains("rolling back: 5.1 Error rate exceeds 5% for more than 5 minutes"), "{board}");
    assert!(board.contains("Rollback criterion: 5.1") && board.contains("Bob said so"), "{board}");
    assert!(read(&w.message("1/section/5").card).contains("1 of 5 happened"));
    assert_eq!(states(&w.message("1/section/6").card), ["6.1 Open"], "the rollback opened");
}

#[tokio::test]
async fn noting_that_it_happened_offers_the_rollback_by_click_and_by_reaction() {
    let w = started().await;
    let noted = done(&w, "Bob", "tick 5.5").await;
    assert!(noted.text.contains("A rollback criterion is met") && noted.text.contains("Nothing is rolled back yet"));
    assert_eq!(noted.choices[0].command, "#1 rollback 5.5");
    assert!(read(&w.message("1/board").card).contains("Rollback criterion: 5.5 Data is lost"));
    done(&w, "Bob", "untick 5.5").await;
    assert!(!read(&w.message("1/board").card).contains("Rollback criterion"));
    let by_keycap = w.react("Cleo", "1/section/5/1@console:deployments", "5️⃣", true).await;
    assert_eq!(by_keycap.choices[0].command, "#1 rollback 5.5");
    let all = w.react("Cleo", "1/section/5/1@console:deployments", "✅", true).await;
    assert!(!all.ok && all.text.contains("one by one"), "{}", all.text);
    let called = w.press("Cleo", &by_keycap.choices[0], "").await;
    assert!(called.ok && read(&w.message("1/board").card).contains("rolling back: 5.5 Data is lost"));
}

#[tokio::test]
async fn silence_is_said_once_cleared_by_doing_and_said_again() {
    let mut w = started().await;
    assert_eq!(watch_timer(&w).await, Some(15 * MINUTE + 1));
    w.advance(10 * MINUTE).await;
    done(&w, "Bob", "tick 1.1").await;
    w.advance(15 * MINUTE).await;
    assert_eq!(breaches(&w).len(), 0, "counted from the last thing somebody did");
    w.advance(MINUTE).await;
    let said = breaches(&w);
    assert_eq!(said.len(), 1);
    insta::assert_snapshot!("a_breach_is_said", read(&said[0].card));
    assert_eq!(button(&said[0].card, "Roll back").command, "#1 rollback 5.2");
    assert!(said[0].thread.is_none(), "in the channel, for everybody");
    let watch = read(&w.message("1/section/5").card);
    assert!(watch.contains("Breached: nothing done since 10:10 UTC") && watch.contains("1 of 5 happened"), "{watch}");
    assert!(
        read(&w.message("1/board").card)
            .contains("Rollback criterion: 5.2 Deployment stuck > 15 minutes — nothing done since 10:10 UTC")
    );
    w.restart().await;
    w.advance(40 * MINUTE).await;
    assert_eq!(breaches(&w).len(), 1, "a restart repeats nothing, and it is said once");
    done(&w, "Bob", "note back from lunch").await;
    assert!(read(&w.message("1/section/5").card).contains("none of 5 has happened"));
    w.advance(17 * MINUTE).await;
    assert_eq!(breaches(&w).len(), 2, "and again at the next breach");
    // Pressing what was offered is an activity like any other.
    let called = w.press("Ana", &button(&breaches(&w)[1].card, "Roll back"), "").await;
    assert!(called.ok, "{}", called.text);
    assert_eq!(watch_timer(&w).await, None, "a rollback ends the watch");
    w.advance(60 * MINUTE).await;
    assert_eq!(breaches(&w).len(), 2);
}

#[tokio::test]
async fn what_fell_due_while_the_bot_was_down_is_said_once_and_late() {
    let mut w = started().await;
    w.jump(60 * MINUTE);
    w.restart().await;
    w.settle().await;
    let said = breaches(&w);
    assert_eq!(said.len(), 1);
    let text = read(&said[0].card);
    assert!(text.contains("nothing done for 1 h 00 min") && text.contains("44 min late"), "{text}");
}

#[tokio::test]
async fn a_hold_is_no_silence_and_the_whole_has_its_limit() {
    let w = started().await;
    done(&w, "Ana", "hold the vendor calls back").await;
    w.advance(2 * HOUR + 59 * MINUTE).await;
    assert_eq!(breaches(&w).len(), 0);
    w.advance(2 * MINUTE).await;
    let said: Vec<String> = breaches(&w).iter().map(|m| read(&m.card)).collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].contains("5.3 Total duration > 3 hours") && said[0].contains("under way for 3 h 01 min"),
        "{said:?}"
    );
    done(&w, "Ana", "resume").await;
    assert!(read(&w.message("1/section/5").card).contains("over 3 h 00 min since"), "it stays so");
}

#[tokio::test]
async fn customer_impact_is_filled_in_by_a_person() {
    let w = started().await;
    // The page has a blank for it: Downtime.
    let small = done(&w, "Bob", "fill Downtime: 4 min").await;
    assert!(small.text.contains("Within the target") && small.choices.is_empty(), "{}", small.text);
    let grown = done(&w, "Bob", "fill Downtime: 12 min").await;
    assert!(grown.text.contains("The target is missed") && grown.text.contains("A rollback criterion is met: 5.4"));
    assert_eq!(grown.choices[0].command, "#1 rollback 5.4");
    assert!(read(&breaches(&w)[0].card).contains("12 min so far"));
    done(&w, "Bob", "fill Downtime: 9 min").await;
    assert!(read(&w.message("1/section/5").card).contains("none of 5 has happened"), "a correction takes it back");
}

#[tokio::test]
async fn lists_on_demand_are_offered_where_something_fails_and_opened_by_number_or_words() {
    let w = started().await;
    let shown = |w: &World| w.messages().iter().filter(|m| m.key.starts_with("1/section/7/")).count();
    let failed = done(&w, "Bob", "fail 1.1 disk full").await;
    let offered: Vec<&str> = failed.choices.iter().map(|b| b.command.as_str()).collect();
    assert_eq!(offered, ["#1 show 7", "#1 show 8"]);
    let post = w.messages().into_iter().find(|m| m.key.contains("/failure@")).unwrap();
    assert_eq!(button(&post.card, "Open 7. Troubleshooting: the image does not start").command, "#1 show 7");
    let item = item_buttons(&w.message("1/section/1").card, "1.1");
    assert!(item.iter().any(|(_, command)| command == "#1 show 8"), "{item:?}");
    assert_eq!(shown(&w), 0);
    let opened = w.press("Bob", &failed.choices[0], "").await;
    assert!(opened.ok && opened.text.contains("Opened 7. Troubleshooting"), "{}", opened.text);
    assert_eq!(states(opened.card.as_ref().unwrap()), ["7.1 Open"]);
    assert_eq!(shown(&w), 1);
    assert_eq!(w.message("1/section/7").thread.as_deref(), Some("1/start@console:deployments"));
    let again = w.say("Cleo", "show 7").await;
    assert!(again.ok && shown(&w) == 1, "shown again, not posted again");
    let by_words = w.say("Cleo", "show database is slow").await;
    assert!(by_words.ok && by_words.text.contains("Opened 8."), "{}", by_words.text);
    done(&w, "Cleo", "tick 7.1").await;
    assert_eq!(states(&w.message("1/section/7").card), ["7.1 Ticked"]);
    // Shown, not opened: what is walked or for another environment.
    for section in ["show 2", "show 9", "show 5", "show 6"] {
        let reply = w.say("Cleo", section).await;
        assert!(reply.ok && reply.text.is_empty() && reply.card.is_some(), "{section}: {reply:?}");
    }
    assert!(w.say("Cleo", "show nothing of the kind").await.choices.is_empty());
}

#[tokio::test]
async fn choices_are_pickers() {
    let w = started().await;
    let asked = w.say("Ana", "tick 1.5").await;
    assert!(!asked.ok && asked.text.contains("one of GO, NO-GO"), "{}", asked.text);
    let offered: Vec<&str> = asked.choices.iter().map(|b| b.command.as_str()).collect();
    assert_eq!(offered, ["#1 tick 1.5 GO", "#1 tick 1.5 NO-GO"]);
    let refused = w.react("Ana", "1/section/1/1@console:deployments", "5️⃣", true).await;
    assert!(!refused.ok && refused.choices.len() == 2, "a reaction cannot say which: {refused:?}");
    done(&w, "Ana", "tick 1.5 no-go, the board is still out").await;
    assert!(read(&w.message("1/section/1").card).contains("NO-GO: the board is still out"));
    let chosen = w.press("Ana", &asked.choices[0], "").await;
    assert!(chosen.ok, "{}", chosen.text);
    // A field of choices asks back the same way.
    let asked = w.say("Ana", "fill Approach").await;
    assert_eq!(
        asked.choices.iter().map(|b| b.label.as_str()).collect::<Vec<_>>(),
        ["Approach: Blue-green", "Approach: Rolling"]
    );
    let wrong = w.say("Ana", "fill Approach: big bang").await;
    assert!(!wrong.ok && wrong.choices.len() == 2, "{wrong:?}");
    assert!(w.press("Ana", &wrong.choices[1], "").await.text.contains("Approach is Rolling"));
}

#[tokio::test]
async fn targets_are_judged_in_the_reply_on_the_page_and_in_the_record() {
    let w = started().await;
    for (said, says) in [
        ("fill Error rate: 0.4 %", "Error rate is 0.4 %. Within the target (<1%)."),
        ("fill Error rate: 3", "Error rate is 3. The target is missed (<1%)."),
        ("fill Error rate: normal", "Error rate is normal."),
        ("fill Error rate: 2 %", "Error rate is 2 %. The target is missed (<1%)."),
    ] {
        assert_eq!(done(&w, "Bob", said).await.text, says);
    }
    // Sections of blanks show them, and what to press for those that are empty.
    done(&w, "Ana", "tick 1.1 1.3").await;
    done(&w, "Ana", "tick 1.5 GO").await;
    done(&w, "Ana", "tick 2").await;
    let figures = w.message("1/section/3").card;
    assert!(read(&figures).contains("target <1% missed"), "{}", read(&figures));
    assert_eq!(button(&figures, "Approach: Rolling").command, "#1 fill \"Approach\" Rolling");
    let ask = button(&figures, "Fill Downtime");
    assert!(w.press("Bob", &ask, "5 min").await.ok);
    assert!(read(&w.message("1/section/3").card).contains("5 min · target < 10 minutes met"));
    let page = w.engine().page(1, true).await.unwrap().unwrap();
    let field = page.fields.iter().find(|f| f.label == "Error rate").unwrap();
    assert_eq!(serde_json::to_value(field.verdict).unwrap(), "missed");
    let record = w.engine().record(1, rollcall::engine::Format::Markdown).await.unwrap().unwrap();
    assert!(record.contains("| Error rate | 2 % | \\<1% (missed) |"), "{record}");
    assert!(record.contains("target \\<1% missed"), "{record}");
    // A missed target is a fact, not a block.
    done(&w, "Ana", "tick 3 10").await;
    done(&w, "Ana", "finish").await;
}

#[tokio::test]
async fn each_kind_is_recognised_and_only_what_applies_is_asked_for() {
    let w = started().await;
    let mut out = String::new();
    for number in [1, 2, 3, 4, 7, 9, 10] {
        let reply = w.say("Ana", &format!("show {number}")).await;
        _ = writeln!(out, "{}", draw::reply(&reply));
    }
    insta::assert_snapshot!("sections_of_every_kind", out);
    let card = w.message("1/section/1").card;
    let kinds: Vec<TagKind> = card
        .blocks
        .iter()
        .filter_map(|b| if let Block::Item { item } = b { Some(&item.tags) } else { None })
        .flatten()
        .map(|t| t.kind)
        .collect();
    assert_eq!(kinds, [TagKind::Owner, TagKind::Environment, TagKind::Environment, TagKind::Choice]);
    assert!(read(&card).contains("0 of 4 done"), "what is for staging is not counted: {}", read(&card));
    let other = w.say("Bob", "tick 9.1").await;
    assert!(!other.ok && other.text.contains("staging only"), "{}", other.text);
    let signed = w.say("Ana", "show 2").await;
    assert!(item_buttons(signed.card.as_ref().unwrap(), "2.1").contains(&("Sign off".into(), "#1 tick 2.1".into())));
}

#[tokio::test]
async fn follow_up_stays_walkable_after_the_outcome() {
    let w = started().await;
    for said in ["tick 1.1 1.3", "tick 1.5 GO", "tick 2 3 10", "finish"] {
        done(&w, "Ana", said).await;
    }
    let follow_up = w.message("1/section/4").card;
    assert!(read(&follow_up).contains("Follow-up") && read(&follow_up).contains("within 2 hours after success, by"));
    assert!(read(&follow_up).contains("2026-11-21 12:00 UTC"), "{}", read(&follow_up));
    w.advance(HOUR).await;
    done(&w, "Bob", "tick 4.1").await;
    // What happened can still be said, and rolls back.
    let late = done(&w, "Bob", "rollback 5.5 a customer called").await;
    assert!(late.text.contains("Rollback announced"));
    assert!(read(&w.message("1/board").card).contains("5.5 Data is lost: a customer called"));
}
