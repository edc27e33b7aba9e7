//! Whole evenings, told as conversations.

mod world;

use rollcall::card::{Block, Shown};
use world::*;

const PAGE: &str = "\
# Shop release

## Before

- [ ] Backup taken
- [ ] Notes written (optional)

## Deploy

- [ ] Image pushed
  ```bash
  ./push.sh v1
  ```
- [ ] Pods rolled
  - [ ] First half
  - [ ] Second half

## Rollback criteria

- [ ] Error rate > 5%

## Rollback procedure

- [ ] Traffic switched back
- [ ] Team told

## After success

- [ ] Maintenance page off
";

#[tokio::test]
async fn an_evening_that_ends_well() {
    let w = World::of(PAGE).await;
    let reply = w.say("Ana", "/deploy start v1.2.0").await;
    assert!(reply.ok, "{reply:?}");
    assert!(reply.text.contains("#1"), "{reply:?}");
    let keys: Vec<String> = w.messages().iter().map(|m| m.key.clone()).collect();
    assert_eq!(
        keys,
        [
            "1/start@console:deployments",
            "1/board@console:deployments",
            // What is watched, and then what is walked.
            "1/section/3/1@console:deployments",
            "1/section/1/1@console:deployments"
        ]
    );
    assert_eq!(w.message("1/section/1").thread.as_deref(), Some("1/start@console:deployments"));

    assert!(w.say("Bob", "tick 1.1 restore tried as well").await.ok);
    assert_eq!(states(&w.message("1/section/1").card), ["1.1 Ticked", "1.2 Open"]);
    // What is required in section 1 is settled: section 2 comes up in the thread.
    assert_eq!(states(&w.message("1/section/2").card), ["2.1 Open", "2.2.1 Open", "2.2.2 Open"]);

    let refused = w.say("Ana", "finish").await;
    assert!(!refused.ok && refused.text.contains("3 required items are open"), "{}", refused.text);
    assert!(refused.text.contains("2.2.1"), "{}", refused.text);

    assert!(w.say("Bob", "fail 2.1 registry says 503").await.ok);
    assert!(w.titles().iter().any(|t| t.contains("2.1")), "the failure is announced: {:?}", w.titles());
    assert!(w.say("Bob", "tick 2.1").await.ok);
    assert!(w.say("Ana", "tick 2.2").await.ok);
    let done = w.say("Ana", "finish").await;
    assert!(done.ok, "{}", done.text);
    assert!(read(&w.message("1/board").card).contains("succeeded"));
    // After success its own list opens.
    assert!(w.say("Ana", "tick maintenance page").await.ok);
}

#[tokio::test]
async fn an_evening_that_goes_back() {
    let w = World::of(PAGE).await;
    w.say("Ana", "start v1.2.0").await;
    let early = w.say("Bob", "tick traffic switched").await;
    assert!(!early.ok && early.text.contains("rollback"), "{}", early.text);
    let met = w.say("Bob", "tick 3.1").await;
    assert_eq!(met.choices.len(), 1, "a met criterion proposes the rollback: {met:?}");
    let called = w.press("Bob", &met.choices[0], "").await;
    assert!(called.ok, "{}", called.text);
    assert!(w.titles().iter().any(|t| t.contains("Error rate > 5%") || t.to_lowercase().contains("roll")));
    let closed = w.say("Ana", "tick 1.1").await;
    assert!(!closed.ok && closed.text.contains("rolling back"), "{}", closed.text);
    assert_eq!(states(&w.message("1/section/4").card), ["4.1 Open", "4.2 Open"]);
    assert!(w.say("Ana", "tick 4").await.ok);
    assert!(w.say("Ana", "rolled-back").await.ok);
    assert!(read(&w.message("1/board").card).contains("rolled back"));
}

#[tokio::test]
async fn progress_comes_by_itself_and_a_night_of_silence_is_made_good_once() {
    let mut w = World::of(PAGE).await;
    w.say("Ana", "start v1.2.0").await;
    w.say("Ana", "tick 1.1").await;
    w.advance(HOUR).await;
    let progress = |w: &World| w.messages().iter().filter(|m| m.key.contains("/progress@")).count();
    assert_eq!(progress(&w), 1);
    // Down for a night.
    w.jump(9 * HOUR);
    w.restart().await;
    w.settle().await;
    assert_eq!(progress(&w), 2, "what fell due meanwhile is done once");
    let last = w.messages().into_iter().rfind(|m| m.key.contains("/progress@")).unwrap();
    assert!(read(&last.card).contains("late"), "and said to be late: {}", read(&last.card));
    w.advance(HOUR).await;
    assert_eq!(progress(&w), 3);
    assert!(w.say("Ana", "hold waiting for the vendor").await.ok);
    w.advance(3 * HOUR).await;
    assert_eq!(progress(&w), 3, "nothing is posted while held");
    assert!(w.say("Ana", "resume").await.ok);
    w.advance(HOUR).await;
    assert_eq!(progress(&w), 4);
}

#[tokio::test]
async fn two_people_press_the_same_item_at_once() {
    let w = World::of(PAGE).await;
    w.say("Ana", "start v1").await;
    let say = |who: &'static str| w.handle(who, None, rollcall::engine::Input::Say("tick 1.1".into()));
    let (a, b) = tokio::join!(say("Ana"), say("Bob"));
    assert_ne!(a.ok, b.ok, "one ticked, the other is told: {a:?} {b:?}");
    let loser = if a.ok { b } else { a };
    assert!(loser.text.contains("already"), "{}", loser.text);
}

#[tokio::test]
async fn the_same_click_twice_is_one_click_even_across_a_restart() {
    let mut w = World::of(PAGE).await;
    w.say("Ana", "start v1").await;
    let click = || rollcall::engine::Input::Say("#1 tick 1.1".into());
    let first = w.handle("Ana", Some("click-1"), click()).await;
    w.restart().await;
    let again = w.handle("Ana", Some("click-1"), click()).await;
    assert_eq!(first, again);
    assert!(first.ok);
    // The same refusal again, too, though it would succeed by now.
    let refused = w.handle("Ana", Some("click-2"), rollcall::engine::Input::Say("finish".into())).await;
    assert!(!refused.ok);
    w.say("Ana", "tick 2").await;
    let again = w.handle("Ana", Some("click-2"), rollcall::engine::Input::Say("finish".into())).await;
    assert_eq!(refused, again);
}

#[tokio::test]
async fn reactions_tick_and_taking_them_away_unticks() {
    let w = World::of(PAGE).await;
    w.say("Ana", "start v1").await;
    let section = w.message("1/section/1").key;
    assert!(w.react("Bob", &section, "1️⃣", true).await.ok);
    assert_eq!(states(&w.message("1/section/1").card)[0], "1.1 Ticked");
    let other = w.react("Ana", &section, "1️⃣", true).await;
    assert!(!other.ok && other.text.contains("Bob"), "{}", other.text);
    // A refused reaction does not stand.
    let standing = async || w.engine().store().message(&section).await.unwrap().unwrap().reactions;
    assert_eq!(standing().await, [("1️⃣".to_owned(), vec!["Bob".to_owned()])]);
    let not_hers = w.react("Ana", &section, "1️⃣", false).await;
    assert!(!not_hers.ok);
    assert_eq!(states(&w.message("1/section/1").card)[0], "1.1 Ticked");
    assert!(w.react("Bob", &section, "1️⃣", false).await.ok);
    assert!(standing().await.is_empty());
    assert_eq!(states(&w.message("1/section/1").card)[0], "1.1 Open");
    // ✅ asks first.
    let ask = w.react("Ana", &section, "✅", true).await;
    assert_eq!(states(&w.message("1/section/1").card)[0], "1.1 Open");
    assert!(w.press("Ana", &ask.choices[0], "").await.ok);
    assert_eq!(states(&w.message("1/section/1").card), ["1.1 Ticked", "1.2 Ticked"]);
    assert!(!w.react("Ana", &section, "7️⃣", true).await.ok, "there is no seventh item");
    assert!(!w.react("Ana", "1/section/9/9@console:deployments", "1️⃣", true).await.ok);
    assert!(!w.react("Ana", "nonsense", "1️⃣", true).await.ok);
}

#[tokio::test]
async fn what_is_marked_between_the_question_and_the_answer_stays() {
    let w = World::of(PAGE).await;
    w.say("Ana", "start v1").await;
    w.say("Ana", "tick 1.1").await;
    let section = w.message("1/section/1").key;
    let ask = w.react("Ana", &section, "✅", true).await;
    assert_eq!(ask.choices.len(), 1, "{ask:?}");
    assert!(w.say("Bob", "fail 1.2 the notes are about another version").await.ok);
    let pressed = w.press("Ana", &ask.choices[0], "").await;
    assert!(!pressed.ok && pressed.text.contains("left"), "{pressed:?}");
    assert_eq!(states(&w.message("1/section/1").card)[1], "1.2 Failed");
}

#[tokio::test]
async fn one_deployment_a_service_and_environment_and_a_queue_behind_it() {
    let w = World::of(PAGE).await;
    w.say("Ana", "start v1").await;
    w.advance(5 * MINUTE).await;
    let refused = w.say("Bob", "start v2").await;
    assert!(!refused.ok && refused.text.contains("Ana") && refused.text.contains("5 min"), "{}", refused.text);
    assert!(w.say("Bob", "start v3 env:staging").await.ok, "another environment is free");
    let queued = w.press("Bob", &refused.choices[0], "").await;
    assert!(queued.ok && queued.text.contains("behind #1"), "{}", queued.text);
    assert!(w.say("Cleo", "start v4 --rehearse").await.ok, "a rehearsal is in nobody's way");
    assert!(w.say("Ana", "#1 cancel wrong build").await.ok);
    assert!(read(&w.message("3/board").card).contains("active"), "{}", read(&w.message("3/board").card));
    let rehearsal = w.message("4/start").card;
    assert!(rehearsal.rehearsal);
}

#[tokio::test]
async fn a_scheduled_start_comes_at_its_time_and_says_when_it_is_late() {
    let mut w = World::of(PAGE).await;
    let reply = w.say("Ana", "start v1 at:+2h").await;
    assert!(reply.ok && reply.text.contains("12:00"), "{}", reply.text);
    let early = w.say("Ana", "tick 1.1").await;
    assert!(!early.ok && early.text.contains("scheduled"), "{}", early.text);
    w.jump(3 * HOUR);
    w.restart().await;
    w.settle().await;
    let start = read(&w.message("1/start").card);
    assert!(start.contains("late"), "{start}");
    assert!(w.say("Ana", "tick 1.1").await.ok);
}

#[tokio::test]
async fn a_clock_set_back_changes_nothing_that_happened() {
    let w = World::of(PAGE).await;
    w.say("Ana", "start v1").await;
    w.jump(-2 * HOUR);
    assert!(w.say("Ana", "tick 1.1").await.ok);
    assert!(w.say("Ana", "finish").await.text.contains("required"));
    w.settle().await;
    let progress = w.messages().iter().filter(|m| m.key.contains("/progress@")).count();
    assert_eq!(progress, 0);
    let page = w.engine().page(1, true).await.unwrap().unwrap();
    let says = |text: &str| text.starts_with("The clock was set back — from 2026-11-21 10:00 UTC");
    let ordered = |p: &[rollcall::engine::TimelineLine]| p[0].at <= p[1].at || says(&p[1].text.to_plain());
    assert!(page.timeline.windows(2).all(ordered), "the record runs backwards only where it says so");
    assert_eq!(page.timeline.iter().filter(|l| says(&l.text.to_plain())).count(), 1);
    w.advance(4 * HOUR).await;
    let progress = w.messages().iter().filter(|m| m.key.contains("/progress@")).count();
    assert!((1..=4).contains(&progress), "neither flooded nor starved: {progress}");
}

#[tokio::test]
async fn a_section_of_several_messages_counts_in_each_what_it_shows() {
    let children: String = (1..=12).map(|n| format!("  - [ ] Child {n}\n")).collect();
    let w = World::of(&format!("# Long\n\n## Many\n\n- [ ] Alone\n- [ ] Together\n{children}")).await;
    w.say("Ana", "start v1").await;
    assert!(w.say("Ana", "tick 1.1").await.ok);
    assert!(w.say("Ana", "tick 1.2.12").await.ok);
    let text = |part: u32| read(&w.message(&format!("1/section/1/{part}@")).card);
    assert!(text(1).contains("1 of 1 done"), "{}", text(1));
    // The parent reaches over two messages and says the same in both.
    assert!(text(2).contains("0 of 10 done") && text(2).contains("Together (1 of 12)"), "{}", text(2));
    assert!(text(3).contains("1 of 2 done") && text(3).contains("Together (1 of 12)"), "{}", text(3));
}

#[tokio::test]
async fn a_message_that_failed_before_a_day_of_absence_is_not_given_up() {
    let mut w = World::of(PAGE).await;
    w.chat.faults.lock().unwrap().push_back(Some(Fault::Busy));
    w.say("Ana", "start v1").await;
    w.jump(2 * DAY);
    w.restart().await;
    w.chat.faults.lock().unwrap().push_back(Some(Fault::Busy));
    w.settle().await;
    w.advance(2 * MINUTE).await;
    w.message("1/start");
    w.message("1/section/1");
}

/// Its answer was lost, and then it could not even be looked for: given up, and asked for anew, it is looked for again.
#[tokio::test]
async fn what_may_stand_there_is_looked_for_even_after_it_was_given_up() {
    let w = World::of(PAGE).await;
    w.chat.faults.lock().unwrap().extend([None, None, None, Some(Fault::AnswerLost), Some(Fault::Refused)]);
    w.say("Ana", "start v1").await;
    w.advance(MINUTE).await;
    let lost = w.engine().store().failed_deliveries(Some(1)).await.unwrap();
    assert_eq!(lost.iter().map(|l| l.what.as_str()).collect::<Vec<_>>(), ["section/1/1"]);
    assert!(w.say("Ana", "tick 1.1").await.ok);
    w.advance(MINUTE).await;
    assert!(read(&w.message("1/section/1").card).contains("1 of"), "{}", read(&w.message("1/section/1").card));
    assert_eq!(*w.chat.wrong.lock().unwrap(), Vec::<String>::new(), "posted without a look");
}

#[tokio::test]
async fn where_a_checklist_must_be_chosen_there_is_a_picker() {
    let w = World::new().await;
    let pick = w.say("Ana", "start v1.2.0 --rehearse").await;
    assert_eq!(pick.choices.len(), 5, "{pick:?}");
    let started = w.press("Ana", &pick.choices[0], "").await;
    let started = if started.ok { started } else { w.press("Ana", &started.choices[0], "").await };
    assert!(started.ok, "{started:?}");
    assert!(w.message("1/start").card.rehearsal);
}

#[tokio::test]
async fn what_people_type_never_becomes_markup() {
    let w = World::of(PAGE).await;
    w.say("Ana", "start v1").await;
    w.say("<script>alert(1)</script>", "hold *bold* <!channel> @everyone [x](https://evil.example) `code`").await;
    let post = w.messages().into_iter().find(|m| m.key.contains("/hold@")).unwrap();
    let all = post.card.blocks.iter().filter_map(|b| match b {
        Block::Text { text } => Some(text.clone()),
        _ => None,
    });
    let spans: Vec<_> = all.chain([post.card.title.clone()]).flat_map(|r| r.0).collect();
    assert!(spans.iter().all(|s| s.link.is_none() && !s.code), "{spans:?}");
    assert!(
        spans.iter().any(|s| s.text.contains("*bold* <!channel> @everyone [x](https://evil.example) `code`")),
        "{spans:?}"
    );
}

#[tokio::test]
async fn finishing_with_open_items_takes_a_role() {
    let config = rollcall::config::Config::parse(
        "[people.ana]\nname = \"Ana\"\n[roles]\nrelease-manager = [\"ana\"]\n[rules]\noverride = [\"release-manager\"]\n",
        std::path::Path::new(""),
    )
    .unwrap();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("list.md"), PAGE).unwrap();
    let w = World::with(config, Some(dir.path().into())).await;
    w.say("Ana", "start v1").await;
    let no = w.say("Bob", "finish --override trust me").await;
    assert!(!no.ok && no.text.contains("release-manager"), "{}", no.text);
    let yes = w.say("Ana", "finish --override verified by hand").await;
    assert!(yes.ok, "{}", yes.text);
}

#[tokio::test]
async fn a_checklist_that_changes_or_disappears_leaves_a_running_deployment_alone() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("list.md"), PAGE).unwrap();
    let mut w = World::with(Default::default(), Some(dir.path().into())).await;
    w.say("Ana", "start v1").await;
    std::fs::write(dir.path().join("list.md"), "# Other\n\n- [ ] Something else\n").unwrap();
    assert!(w.say("Ana", "tick backup taken").await.ok);
    assert!(w.say("Ana", "start v2 env:staging").await.ok);
    assert!(w.say("Ana", "#2 show something else").await.ok, "a new deployment takes the new page");
    std::fs::write(dir.path().join("list.md"), [0xff, 0xfe, 0x00]).unwrap();
    let refused = w.say("Ana", "start v3 env:qa checklist:list").await;
    assert!(!refused.ok && refused.text.contains("UTF-8"), "{}", refused.text);
    std::fs::remove_file(dir.path().join("list.md")).unwrap();
    w.restart().await;
    assert!(w.say("Ana", "#1 tick 2.1").await.ok);
    assert_eq!(states(&w.message("1/section/1").card)[0], "1.1 Ticked");
}

#[tokio::test]
async fn items_show_who_and_when() {
    let w = World::of(PAGE).await;
    w.say("Ana", "start v1").await;
    w.say("Bob", "assign 2.1 @cleo").await;
    w.say("Bob", "evidence 2.1 https://ci.example/42").await;
    w.say("Bob", "tick 2.1 pushed twice").await;
    w.say("Bob", "tick 1.1").await;
    let card = w.message("1/section/2").card;
    let Some(Block::Item { item }) = card.blocks.iter().find(|b| matches!(b, Block::Item { .. })) else { panic!() };
    assert_eq!((item.state, item.who.as_ref().map(|w| &*w.name)), (Shown::Ticked, Some("Bob")));
    let details: Vec<String> = item.details.iter().map(|d| d.to_plain()).collect();
    assert_eq!(details, ["pushed twice", "Evidence: https://ci.example/42"]);
    assert_eq!(item.commands[0].code, "./push.sh v1");
}

#[tokio::test]
async fn a_start_and_its_end_in_one_unit_of_work_leave_the_place_free() {
    let mut w = World::of(PAGE).await;
    let say = |text: &'static str| w.handle("Ana", None, rollcall::engine::Input::Say(text.into()));
    let (start, cancel, next) = tokio::join!(say("start v1"), say("#1 cancel wrong build"), say("start v2"));
    assert!(start.ok && cancel.ok && next.ok, "{start:?} {cancel:?} {next:?}");
    w.settle().await;
    assert!(w.say("Ana", "#2 cancel again").await.ok);
    w.restart().await;
    assert!(w.say("Ana", "start v3").await.ok);
}

#[tokio::test]
async fn what_fails_together_is_announced_once() {
    let w = World::of(PAGE).await;
    w.say("Ana", "start v1").await;
    assert!(w.say("Ana", "fail 2 power cut").await.ok);
    let failures = |w: &World| w.messages().iter().filter(|m| m.key.contains("/failure@")).count();
    assert_eq!(failures(&w), 1);
    let post = w.messages().into_iter().find(|m| m.key.contains("/failure@")).unwrap();
    assert!(read(&post.card).contains("2.1 to 2.2.2 (3 items)"), "{}", read(&post.card));
    assert!(w.say("Ana", "fail 2.1 power cut").await.ok);
    assert_eq!(failures(&w), 1, "the same again is no news");
    assert!(w.say("Ana", "fail 2.1 and the spare is gone").await.ok);
    assert_eq!(failures(&w), 2);
}

#[tokio::test]
async fn what_a_picker_offers_says_what_was_asked() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["Web shop.md", "other.md"] {
        std::fs::write(dir.path().join(name), PAGE).unwrap();
    }
    let w = World::with(Default::default(), Some(dir.path().into())).await;
    let pick = w.say("Ana", "start v1 at:+1d2h30m service:shop --rehearse").await;
    let choice = pick.choices.iter().find(|c| c.command.contains("Web shop")).unwrap();
    let started = w.press("Ana", choice, "").await;
    assert!(started.ok && started.text.contains("2026-11-22 12:30"), "{started:?}");
    let refused = w.say("Ana", "start v1 checklist:\"Web shap\"").await;
    assert!(refused.text.contains("Web shop") && !refused.choices.is_empty(), "{refused:?}");
}

#[tokio::test]
async fn a_channel_that_is_not_there_is_said_to_be_missing() {
    let mut w = World::of(PAGE).await;
    w.channel = "console:deploymnets".into();
    let refused = w.say("Ana", "start v1").await;
    assert!(!refused.ok && refused.text.contains("deployments"), "{refused:?}");
}

#[tokio::test]
async fn a_used_key_with_other_words_is_another_request() {
    let w = World::of(PAGE).await;
    w.say("Ana", "start v1").await;
    let say = |text: &str| rollcall::engine::Input::Say(text.into());
    assert!(w.handle("Ana", Some("k"), say("tick 1.1")).await.text.contains("1.1"));
    let other = w.handle("Ana", Some("k"), say("tick 2.1")).await;
    assert!(other.ok && other.text.contains("2.1"), "{other:?}");
    w.settle().await;
    assert!(states(&w.message("1/section/2").card)[0].contains("Ticked"));
    assert!(!w.say("Ana", "handover @everyone").await.ok);
}

#[tokio::test]
async fn the_record_is_told_from_the_events_whatever_stands_beside_them() {
    use rollcall::engine::Format;
    use sqlx::{ConnectOptions as _, Connection as _};
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("list.md"), PAGE).unwrap();
    let mut w = World::with(Default::default(), Some(dir.path().into())).await;
    w.say("Ana", "start v1").await;
    w.say("Ana", "tick 1.1").await;
    std::fs::write(dir.path().join("list.md"), "# Other\n\n- [ ] Approved by the board\n").unwrap();
    w.say("Bob", "start v2 env:staging").await;
    let record = async |w: &World| w.engine().record(1, Format::Markdown).await.unwrap().unwrap();
    let before = record(&w).await;

    let file = sqlx::sqlite::SqliteConnectOptions::new().filename(w.db());
    let mut hand = file.connect().await.unwrap();
    sqlx::raw_sql(
        "UPDATE deployments SET deployer = 'Mallory', version = 'v9',
             checklist_hash = (SELECT checklist_hash FROM deployments WHERE id = 2) WHERE id = 1",
    )
    .execute(&mut hand)
    .await
    .unwrap();
    hand.close().await.unwrap();
    for _ in 0..2 {
        assert_eq!(record(&w).await, before);
        w.restart().await;
    }
    let audit = w.engine().store().audit(None).await.unwrap().to_string();
    assert!(audit.starts_with("NOT SOUND") && audit.contains("#1: what lists say of it"), "{audit}");
    // It goes on as what it is.
    assert!(w.say("Ana", "#1 tick 2.1").await.ok);
    assert_eq!(states(&w.message("1/section/1").card)[0], "1.1 Ticked");
}

#[tokio::test]
async fn history_knows_what_ended_however_much_is_open() {
    let w = World::of(PAGE).await;
    w.say("Ana", "start v1 service:first").await;
    w.say("Ana", "cancel withdrawn").await;
    for n in 1..=20 {
        assert!(w.say("Ana", &format!("start v1 service:s{n}")).await.ok);
    }
    let reply = w.say("Ana", "history").await;
    assert!(reply.card.is_some_and(|card| read(&card).contains("first v1")), "{}", reply.text);
}

#[tokio::test]
async fn what_is_looked_at_after_a_restart_goes_on_from_there() {
    let mut w = World::of(PAGE).await;
    for n in 1..=3 {
        w.say("Ana", &format!("start v1 service:s{n}")).await;
    }
    w.say("Ana", "#1 cancel withdrawn").await;
    w.restart().await;
    for id in [3, 1, 2] {
        // Looked at twice, the same is kept; what is written then is seen.
        let first = w.engine().deployment(id).await.unwrap().unwrap();
        let again = w.engine().deployment(id).await.unwrap().unwrap();
        assert!(std::sync::Arc::ptr_eq(&first, &again));
        assert!(w.say("Ana", &format!("#{id} note seen")).await.ok);
        let after = w.engine().deployment(id).await.unwrap().unwrap();
        assert_eq!((after.notes, after.seq), (1, first.seq + 1));
    }
}

#[tokio::test]
async fn people_are_called_as_they_call_themselves() {
    let w = World::of(PAGE).await;
    w.say("Ana", "start v1").await;
    w.say("Cleo", "note here I am").await;
    w.say("Bob", "assign 1.1 @cleo").await;
    assert!(read(&w.message("1/section/1").card).contains("For Cleo"), "{}", read(&w.message("1/section/1").card));
    w.say("Ana", "handover @cleo").await;
    assert!(w.titles().iter().any(|t| t.contains("Cleo")), "{:?}", w.titles());
}

#[tokio::test]
async fn a_rollback_without_steps_measures_nothing() {
    let w = World::of("# List\n\n## Do\n\n- [ ] One\n- [ ] Two\n").await;
    w.say("Ana", "start v1").await;
    assert!(w.say("Ana", "rollback it broke").await.ok);
    let board = w.message("1/board").card;
    assert!(!board.blocks.iter().any(|b| matches!(b, Block::Bar { .. })), "{}", read(&board));
}

#[tokio::test]
async fn items_are_counted_up_as_people_do() {
    let w = World::of(PAGE).await;
    w.say("Ana", "start v1").await;
    assert!(w.say("Ana", "tick 1.1, 2.1 and 2.2.1").await.text.contains("3 items"));
    let noted = w.say("Ana", "tick 2.2.2 and all is well").await;
    assert!(noted.ok, "{noted:?}");
    let page = w.engine().page(1, true).await.unwrap().unwrap();
    assert!(page.timeline.iter().any(|l| l.text.to_plain().ends_with("and all is well")));
}

#[tokio::test]
async fn an_item_that_ends_its_own_sentence_gets_no_second_full_stop() {
    let w = World::of("# Release\n\n## One\n\n- [ ] Login works.\n- [ ] Search works!\n- [ ] Cart works\n").await;
    w.say("Ana", "start v1").await;
    let reply = w.say("Ana", "tick 1.1").await;
    assert!(reply.text.ends_with("1.1 Login works. 1 of 3 done. Next: 1.2 Search works!"), "{}", reply.text);
    let reply = w.say("Ana", "tick 1.2").await;
    assert!(reply.text.ends_with("1.2 Search works! 2 of 3 done. Next: 1.3 Cart works."), "{}", reply.text);
}
