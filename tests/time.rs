//! Time within a deployment, lived through: windows, the communication timeline, reminders, progress, clocks that are
//! changed, restarts in the middle of it.

mod world;

use rollcall::card::Reply;
use rollcall::config::Config;
use rollcall::domain::command::Timer;
use rollcall::domain::time::Timestamp;
use rollcall::engine::Link;
use rollcall::loops::timers;
use rollcall::store::Batch;
use std::path::Path;
use world::*;

const PAGE: &str = "\
---
service: shop
environment: production
---
# Shop release

## 1. Deploy

- [ ] Backup taken
- [ ] Rolled out
- [ ] Monitoring continued for 2 hours

## 2. First hours (within 4 hours)

- [ ] Dashboards read
- [ ] Costs read (optional)

## 3. First week (Day 2-7)

- [ ] Errors counted
- [ ] Customers asked

## 4. Rollback procedure

- [ ] Put back
";

async fn done(w: &World, who: &str, text: &str) -> Reply {
    let reply = w.say(who, text).await;
    assert!(reply.ok, "{text}: {}", reply.text);
    reply
}

/// A world with that page and configuration.
async fn world(page: &str, config: &str) -> World {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("list.md"), page).unwrap();
    let config = Config::parse(config, Path::new("")).unwrap();
    let mut w = World::with(config, Some(dir.path().into())).await;
    w.kept = Some(dir);
    w
}

/// The posts of that occasion, as they are read, oldest first.
fn said(w: &World, occasion: &str) -> Vec<String> {
    let of = format!("/{occasion}@");
    w.messages().iter().filter(|m| m.key.contains(&of)).map(|m| read(&m.card)).collect()
}

fn only(mut texts: Vec<String>) -> String {
    assert_eq!(texts.len(), 1, "{texts:#?}");
    texts.remove(0)
}

async fn finished(w: &World) {
    for said in ["start v1.2.0", "tick 1.1 1.2", "finish"] {
        done(w, "Ana", said).await;
    }
}

#[tokio::test]
async fn windows_are_kept_after_the_outcome() {
    let mut w = World::of(PAGE).await;
    finished(&w).await;
    assert_eq!(states(&w.message("1/section/2").card), ["2.1 Open", "2.2 Open"], "the first hours came up");
    assert!(!w.messages().iter().any(|m| m.key.contains("section/3")), "the week has not begun");
    w.pass(90 * MINUTE).await;
    insta::assert_snapshot!("a_window_closes_soon", only(said(&w, "closing")));
    let closing = w.messages().into_iter().find(|m| m.key.contains("/closing@")).unwrap();
    assert_eq!(closing.thread.as_deref(), Some("1/start@console:deployments"), "to whoever it concerns");
    w.restart().await;
    w.pass(30 * MINUTE).await;
    insta::assert_snapshot!("a_window_has_closed_open", only(said(&w, "closed")));
    done(&w, "Bob", "tick 2.1").await;
    w.pass(3 * HOUR).await;
    assert_eq!(said(&w, "closed").len(), 1, "all done is nothing to say");
    w.pass(DAY).await;
    let week = w.message("1/section/3");
    assert_eq!(states(&week.card), ["3.1 Open", "3.2 Open"]);
    insta::assert_snapshot!("a_section_comes_up_with_its_window", read(&week.card));
    w.restart().await;
    w.pass(5 * DAY).await;
    assert_eq!(said(&w, "closing").len(), 2);
    insta::assert_snapshot!("a_section_closes_soon", said(&w, "closing")[1]);
    done(&w, "Cleo", "tick 3").await;
    w.pass(40 * DAY).await;
    assert_eq!((said(&w, "closing").len(), said(&w, "closed").len()), (2, 1));
    let page = w.engine().page(1, true).await.unwrap().unwrap();
    assert!(page.summary.archived);
    let times: Vec<String> = page.timeline.iter().map(|l| l.text.to_plain()).filter(|l| l.contains("indow")).collect();
    assert_eq!(
        times,
        ["Window closed — 1.3 with 1 open", "Window closed — 2, all done", "Window closed — 3, all done"],
        "and the record has it"
    );
}

#[tokio::test]
async fn windows_that_passed_while_the_bot_was_down_are_made_good_once() {
    let mut w = World::of(PAGE).await;
    finished(&w).await;
    w.jump(30 * HOUR);
    w.restart().await;
    w.settle().await;
    let closed = said(&w, "closed");
    assert_eq!(closed.len(), 2, "{closed:#?}");
    assert!(closed[0].contains("1.3") && closed[0].contains("1 d 4 h late"), "{}", closed[0]);
    insta::assert_snapshot!("a_section_has_closed_open", closed[1]);
    assert_eq!(said(&w, "closing").len(), 0, "it is too late to remind");
    let week = read(&w.message("1/section/3").card);
    assert!(week.contains("Follow-up · came up 6 h 00 min late."), "{week}");
    w.restart().await;
    w.settle().await;
    assert_eq!(said(&w, "closed").len(), 2);
}

const PLANNED: &str = "\
---
service: shop
environment: production
timeline:
  - at: -7d
  - at: -1h
    text: \"**{{ service }}** starts in an hour, {{ deployer }} leads.\"
    channel: console:news
  - at: start
  - at: +1d after success
  - at: rollback
---
# Shop release

## 1. One week before

- [ ] Customers told

## 2. Deploy

- [ ] Rolled out

## 3. Rollback procedure

- [ ] Put back
";
const CHANNELS: &str = "[channels.deployments]\n[channels.news]\n";

#[tokio::test]
async fn the_timeline_is_announced_and_moves_with_the_start() {
    let mut w = world(PLANNED, CHANNELS).await;
    done(&w, "Ana", "start v1.2.0 at:2026-12-21T09:00Z").await;
    insta::assert_snapshot!("the_board_of_a_scheduled_start", read(&w.message("1/board").card));
    w.pass(23 * DAY).await;
    insta::assert_snapshot!("a_week_before", only(said(&w, "announcement")));
    assert_eq!(states(&w.message("1/section/1").card), ["1.1 Open"], "what is to be done before it came up");
    done(&w, "Bob", "tick 1.1").await;
    let moved = done(&w, "Ana", "reschedule 2027-01-11T09:00Z").await;
    assert_eq!(moved.text, "#1 is scheduled for Mon 2027-01-11 09:00 UTC now. Announced.");
    insta::assert_snapshot!("a_start_moves", only(said(&w, "rescheduled")));
    w.restart().await;
    w.pass(20 * DAY).await;
    assert_eq!(w.engine().deployment(1).await.unwrap().unwrap().started_at, None, "not at the old time");
    assert_eq!(said(&w, "announcement").len(), 1);
    w.pass(9 * DAY).await;
    let announced = w.messages();
    let news: Vec<&Seen> = announced.iter().filter(|m| m.key.ends_with("announcement@console:news")).collect();
    assert_eq!(news.len(), 1, "a week before the new time again; the hour before it only there");
    assert_eq!(news[0].card.title.to_plain(), "shop starts in an hour, Ana leads.");
    let here = said(&w, "announcement");
    assert_eq!(here.len(), 4, "{here:#?}");
    insta::assert_snapshot!("the_start_is_announced", here[3]);
    done(&w, "Ana", "tick 2.1").await;
    done(&w, "Ana", "finish").await;
    w.jump(26 * HOUR);
    w.restart().await;
    w.settle().await;
    insta::assert_snapshot!("the_day_after_late", said(&w, "announcement")[4]);
    w.pass(40 * DAY).await;
    assert_eq!(said(&w, "announcement").len(), 5, "and no more");
}

#[tokio::test]
async fn what_cannot_be_announced_is_refused_at_the_start_and_by_check() {
    let w = world(PLANNED, "[channels.deployments]\n").await;
    let refused = w.say("Ana", "start v1.2.0").await;
    assert!(!refused.ok && refused.text.contains("its timeline: There is no channel “news”"), "{}", refused.text);
    let page = "---\ntimeline:\n  - at: -7d\n    text: \"{{ versoin }}\"\n---\n- [ ] a\n";
    let reading = rollcall::library::read_page("t", page.as_bytes());
    assert!(reading.checklist.is_none());
    assert_eq!(reading.diagnostics[0].line, 3);
    assert!(reading.diagnostics[0].message.contains("Did you mean `version`?"), "{:?}", reading.diagnostics);
    let tree = rollcall::check::tree("t.md", &rollcall::library::read_page("t", PLANNED.as_bytes()), None, false);
    assert!(tree.contains("announced 1 week before the scheduled start: the product's text"), "{tree}");
    assert!(tree.contains("announced 1 hour before the scheduled start, in console:news: **{{ service }}**"), "{tree}");
    assert!(tree.contains("announced 1 day after success") && tree.contains("announced at a rollback"), "{tree}");
    for (said, says) in [
        ("reschedule", "needs a time"),
        ("reschedule lunch", "no time I can read"),
        ("reschedule 2020-01-01T00:00Z", "has passed"),
        ("reschedule +800d", "more than a year ahead"),
    ] {
        let w = world(PLANNED, CHANNELS).await;
        done(&w, "Ana", "start v1.2.0 at:+2h").await;
        let refused = w.say("Ana", said).await;
        assert!(!refused.ok && refused.text.contains(says), "{said}: {}", refused.text);
    }
}

const PEOPLE: &str = "[people.ana]\nname = \"Ana\"\nslack = \"U0ANA\"\n[people.bob]\nname = \"Bob\"\n";

#[tokio::test]
async fn people_are_reminded_first_and_the_channel_later() {
    let mut w = world(PAGE, PEOPLE).await;
    w.engine().link("slack", Link::Up);
    done(&w, "Ana", "start v1.2.0").await;
    done(&w, "Ana", "assign 1.1 @bob").await;
    w.advance(14 * MINUTE).await;
    assert_eq!(said(&w, "reminder").len(), 0);
    w.advance(2 * MINUTE).await;
    insta::assert_snapshot!("what_waits", only(said(&w, "reminder")));
    let reminder = w.messages().into_iter().find(|m| m.key.contains("/reminder@")).unwrap();
    assert_eq!(reminder.thread.as_deref(), Some("1/start@console:deployments"));
    let called: Vec<_> = reminder.card.blocks.iter().flat_map(spans).filter(|s| s.call).map(|s| s.text).collect();
    assert_eq!(called, ["Bob", "Ana"], "both are notified");
    let direct: Vec<String> = w.direct.seen.lock().unwrap().iter().map(|m| m.key.clone()).collect();
    assert_eq!(direct.len(), 1, "{direct:?}");
    assert!(direct[0].ends_with("/reminder@slack:@U0ANA"), "Bob has no account: {direct:?}");
    let snoozed = w.press("Bob", &button(&reminder.card, "Snooze 30 min"), "").await;
    assert!(
        snoozed.ok && snoozed.text.starts_with("No reminders in #1 until Sat 2026-11-21 10:46 UTC"),
        "{}",
        snoozed.text
    );
    w.restart().await;
    w.advance(29 * MINUTE).await;
    assert_eq!(said(&w, "reminder").len(), 1, "snoozed for everybody");
    w.advance(40 * MINUTE).await;
    let reminded = w.messages().into_iter().filter(|m| m.key.contains("/reminder@")).collect::<Vec<_>>();
    assert_eq!(reminded[1].thread, None, "for everybody in the channel");
    w.advance(10 * HOUR).await;
    let times = said(&w, "reminder").len();
    assert!((2..=4).contains(&times), "three times at most for each: {times}");
    w.advance(DAY).await;
    assert_eq!(said(&w, "reminder").len(), times, "and then no more");
    done(&w, "Ana", "snooze stop").await;
    let again = w.say("Ana", "snooze 99.9 off").await;
    assert!(!again.ok);
}

fn spans(block: &rollcall::card::Block) -> Vec<rollcall::domain::text::Span> {
    match block {
        rollcall::card::Block::Text { text } => text.0.clone(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn a_rehearsal_and_followers_are_left_in_peace() {
    let w = world(PAGE, &format!("{PEOPLE}{CHANNELS}")).await;
    w.engine().link("slack", Link::Up);
    done(&w, "Ana", "start v1.2.0 follow:console:news --rehearse").await;
    w.advance(20 * MINUTE).await;
    let reminders: Vec<String> =
        w.messages().into_iter().filter(|m| m.key.contains("/reminder@")).map(|m| m.key).collect();
    assert_eq!(reminders.len(), 1, "{reminders:?}");
    assert!(reminders[0].ends_with("@console:deployments") && only(said(&w, "reminder")).contains("REHEARSAL"));
    assert!(w.direct.seen.lock().unwrap().is_empty(), "nobody is written to for practice");
}

#[tokio::test]
async fn a_forgotten_hold_is_said_and_nothing_ends_by_itself() {
    let config = format!("{PEOPLE}[holds]\nremind = [\"30m\", \"2h\"]\nexpire = \"6h\"\n");
    let mut w = world(PAGE, &config).await;
    done(&w, "Ana", "start v1.2.0").await;
    done(&w, "Ana", "hold the vendor calls back").await;
    w.advance(31 * MINUTE).await;
    insta::assert_snapshot!("still_held", only(said(&w, "still-held")));
    w.restart().await;
    w.advance(90 * MINUTE).await;
    assert_eq!(said(&w, "still-held").len(), 2);
    w.jump(5 * HOUR);
    w.restart().await;
    w.settle().await;
    let held = said(&w, "still-held");
    assert_eq!(held.len(), 3);
    insta::assert_snapshot!("held_for_too_long", held[2]);
    w.advance(2 * DAY).await;
    assert_eq!((said(&w, "still-held").len(), said(&w, "reminder").len(), said(&w, "progress").len()), (3, 0, 0));
    let d = w.engine().deployment(1).await.unwrap().unwrap();
    assert_eq!(d.status, rollcall::domain::status::Status::Held);
    done(&w, "Ana", "resume").await;
}

#[tokio::test]
async fn progress_says_what_happened_and_is_quiet_where_nothing_did() {
    let w = World::of(PAGE).await;
    done(&w, "Ana", "start v1.2.0").await;
    for text in ["assign 1.2 @cleo", "tick 1.1", "snooze stop"] {
        done(&w, "Bob", text).await;
    }
    w.advance(HOUR).await;
    w.advance(HOUR).await;
    w.advance(2 * HOUR).await;
    let posts = said(&w, "progress");
    assert_eq!(posts.len(), 3, "{posts:#?}");
    insta::assert_snapshot!("progress_posts", posts.join("\n----\n"));
    let board = read(&w.message("1/board").card);
    assert!(board.contains("Quiet") && board.contains("nothing has happened since"), "{board}");
    // Somebody posts ten minutes before the hour: the hour is left out.
    w.advance(50 * MINUTE).await;
    done(&w, "Ana", "progress back at it").await;
    w.advance(20 * MINUTE).await;
    assert_eq!(said(&w, "progress").len(), 4);
    w.advance(HOUR).await;
    assert_eq!(said(&w, "progress").len(), 5);
    assert!(!read(&w.message("1/board").card).contains("Quiet"));
}

#[tokio::test]
async fn progress_estimates_from_what_it_took_before() {
    let w = World::of(PAGE).await;
    done(&w, "Ana", "start v1.1.0").await;
    w.pass(90 * MINUTE).await;
    done(&w, "Ana", "tick 1.1 1.2").await;
    done(&w, "Ana", "finish").await;
    done(&w, "Ana", "start v1.2.0").await;
    done(&w, "Ana", "tick 1.1").await;
    w.pass(30 * MINUTE).await;
    done(&w, "Ana", "progress").await;
    let soon = said(&w, "progress").pop().unwrap();
    assert!(soon.contains("30 min of about 1 h 30 min, about 1 h 00 min to go."), "{soon}");
    w.pass(80 * MINUTE).await;
    done(&w, "Ana", "progress").await;
    let over = said(&w, "progress").pop().unwrap();
    assert!(over.contains("1 h 50 min of about 1 h 30 min, 20 min longer than usual."), "{over}");
}

#[tokio::test]
async fn the_environment_says_when_progress_is_posted() {
    let page = PAGE.replace("environment: production\n", "");
    let config =
        "[environments.production]\nprogress = \"*/20 * * * *\"\n[environments.staging]\nprogress = \"0 12 * * *\"\n";
    let w = world(&page, config).await;
    done(&w, "Ana", "start v1.2.0 env:prod").await;
    done(&w, "Ana", "start v1.2.0 env:staging").await;
    w.advance(HOUR).await;
    let of = |id: u64| {
        w.messages().iter().filter(|m| m.key.starts_with(&format!("{id}/")) && m.key.contains("/progress@")).count()
    };
    assert_eq!((of(1), of(2)), (2, 0), "every twenty minutes, twice where nothing happens; at noon");
    w.advance(2 * HOUR).await;
    assert_eq!(of(2), 1);
}

/// Moments at which progress was posted by itself, in UTC.
async fn posted(w: &World) -> Vec<String> {
    let log = w.engine().store().deployment_log(1).await.unwrap().unwrap();
    let progress = log.events.iter().filter(|r| matches!(r.event, rollcall::domain::event::Event::Progress { .. }));
    progress.map(|r| r.at.utc().format("%m-%dT%H:%M").to_string()).collect()
}

#[tokio::test]
async fn changes_of_clocks_neither_skip_nor_double() {
    for (zone, cron, from, hours, expected) in [
        // Hourly follows real time, through both changes.
        ("Europe/Berlin", "0 * * * *", "2027-03-28T00:30:00Z", 3, "03-28T01:00 03-28T02:00 03-28T03:00"),
        ("Europe/Berlin", "0 * * * *", "2026-10-24T23:30:00Z", 4, "10-25T00:00 10-25T01:00 10-25T02:00 10-25T03:00"),
        ("America/New_York", "30 * * * *", "2026-11-01T05:00:00Z", 3, "11-01T05:30 11-01T06:30 11-01T07:30"),
        // Half an hour: the wall shows the half hours of one hour twice.
        ("Australia/Lord_Howe", "0 * * * *", "2027-04-03T13:45:00Z", 3, "04-03T14:00 04-03T15:30 04-03T16:30"),
        // By the wall: an hour that is left out counts when it is over, one that comes twice counts once.
        ("Europe/Berlin", "30 2 * * *", "2027-03-27T12:00:00Z", 48, "03-28T01:00 03-29T00:30"),
        ("Europe/Berlin", "30 2 * * *", "2026-10-24T12:00:00Z", 48, "10-25T00:30 10-26T01:30"),
        ("America/New_York", "30 1 * * *", "2026-10-31T12:00:00Z", 48, "11-01T05:30 11-02T06:30"),
        // A leap day, and the end of a month.
        ("UTC", "0 9 29 2 *", "2028-02-28T12:00:00Z", 48, "02-29T09:00"),
        ("UTC", "0 9 31 * *", "2027-03-30T12:00:00Z", 24 * 62, "03-31T09:00 05-31T09:00"),
    ] {
        let config = format!("[progress]\ncron = \"{cron}\"\ntimezone = \"{zone}\"\n[reminders]\nafter = \"off\"\n");
        let mut w = world(PAGE, &config).await;
        w.set(from);
        done(&w, "Ana", "start v1.2.0").await;
        for _ in 0..4 {
            w.pass(hours * HOUR / 4).await;
            w.restart().await;
        }
        assert_eq!(posted(&w).await.join(" "), expected, "{zone} {cron} {from}");
    }
}

#[tokio::test]
async fn starts_are_kept_through_changes_of_clocks_and_downtime() {
    let w = world(PAGE, "timezone = \"Europe/Berlin\"\n").await;
    w.set("2027-03-27T12:00:00Z");
    let gap = w.say("Ana", "start v1.2.0 at:\"tomorrow 02:30\"").await;
    assert!(!gap.ok && gap.text.contains("does not exist"), "{}", gap.text);
    done(&w, "Ana", "start v1.2.0 at:\"tomorrow 03:30\"").await;
    let mut w = w;
    w.set("2027-03-28T03:00:00Z");
    w.restart().await;
    w.settle().await;
    let start = read(&w.message("1/start").card);
    assert!(start.contains("Due 2027-03-28 01:30 UTC, posted 1 h 30 min late."), "{start}");
    w.restart().await;
    w.settle().await;
    assert_eq!(w.messages().iter().filter(|m| m.key == "1/start@console:deployments").count(), 1);
    // In a place that is taken, it queues, and starts when its turn comes: that is not late.
    done(&w, "Ana", "start v1.3.0 at:+1h").await;
    w.jump(3 * HOUR);
    w.restart().await;
    w.settle().await;
    assert_eq!(w.engine().deployment(2).await.unwrap().unwrap().status.word(), "queued");
    done(&w, "Ana", "#1 cancel enough").await;
    assert!(!read(&w.message("2/start").card).contains("late"), "{}", read(&w.message("2/start").card));
}

#[tokio::test]
async fn a_clock_that_jumps_neither_floods_nor_starves() {
    let mut w = World::of(PAGE).await;
    done(&w, "Ana", "start v1.2.0").await;
    done(&w, "Ana", "snooze stop").await;
    w.advance(HOUR).await;
    let before = w.messages().len();
    // A year ahead: one of each, not one for every hour.
    w.jump(365 * DAY);
    w.settle().await;
    assert!(w.messages().len() <= before + 2, "{} and {before}", w.messages().len());
    // And back.
    w.jump(-365 * DAY);
    w.settle().await;
    assert_eq!(timers::set_back(w.engine()).await.unwrap(), 1);
    let posts = posted(&w).await.len();
    w.advance(3 * HOUR).await;
    assert!(posted(&w).await.len() >= posts + 2, "progress goes on by the clock: {:?}", posted(&w).await);
    w.restart().await;
    w.advance(2 * HOUR).await;
    assert!(posted(&w).await.len() >= posts + 4);
}

const STUCK: &str = "\
---
service: shop
environment: production
---
# Shop release

## 1. Deploy

- [ ] Backup taken
- [ ] Rolled out

## 2. Rollback criteria

- [ ] Deployment stuck > 25 minutes

## 3. Rollback procedure

- [ ] Put back
";

const CALLED: &str = "\
[people.ana]
name = \"Ana\"
phone = \"+4915112345678\"
[people.ben]
name = \"Ben\"
phone = \"+4915112345679\"
[policies.house]
environments = [\"production\"]
[[policies.house.steps]]
targets = [\"ana\"]
[[policies.house.steps]]
after = \"5m\"
targets = [\"ben\"]
[paging]
per_hour = 1
";

#[tokio::test]
async fn whatever_waits_goes_on_by_a_clock_that_was_set_back() {
    // Noticed while it runs; noticed after a restart by the first thing that is recorded.
    for (back, noticed) in [(HOUR, true), (DAY, true), (DAY, false)] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("list.md"), STUCK).unwrap();
        let config = Config::parse(CALLED, Path::new("")).unwrap();
        let mut w = World::with_ways(config, Some(dir.path().into()), &["sms"]).await;
        for text in ["start v1.2.0", "assign 1.1 @bob", "page checkout is down", "page search is down"] {
            done(&w, "Cleo", text).await;
        }
        let called = |w: &World| w.came("sms").iter().map(|m| m.key.clone()).collect::<Vec<_>>();
        // The second waits for Ana's hour, and Ben is called in her place.
        assert_eq!(called(&w), ["1/page/1/1@sms:+4915112345678", "1/page/2/2@sms:+4915112345679"]);
        w.advance(2 * MINUTE).await;
        w.jump(-back);
        if noticed {
            assert_eq!(timers::set_back(w.engine()).await.unwrap(), 1);
        } else {
            w.restart().await;
            done(&w, "Cleo", "note the clock was wrong").await;
        }
        let d = w.engine().deployment(1).await.unwrap().unwrap();
        assert!(d.at <= w.now(), "recorded by the clock as it is");
        for (timer, due) in w.engine().store().timers_of(1).await.unwrap() {
            assert!(due.since_ms(w.now()) <= HOUR, "{timer:?} waits for {} ms", due.since_ms(w.now()));
        }
        w.advance(6 * MINUTE).await;
        let d = w.engine().deployment(1).await.unwrap().unwrap();
        assert_eq!(d.pages[0].reached.map(|r| r.step), Some(1), "Ben's step came, and waits for his hour");
        w.advance(11 * MINUTE).await;
        assert_eq!(said(&w, "reminder").len(), 1, "{back}");
        assert_eq!(said(&w, "breach").len(), 0);
        w.advance(10 * MINUTE).await;
        assert_eq!(said(&w, "breach").len(), 1, "{back}");
        w.advance(35 * MINUTE).await;
        for key in ["1/page/2/1@sms:+4915112345678", "1/page/1/2@sms:+4915112345679"] {
            assert!(called(&w).contains(&key.into()), "{key}: {:?}", called(&w));
        }
        let log = w.engine().store().deployment_log(1).await.unwrap().unwrap().events;
        let set_back = |r: &&rollcall::domain::event::Recorded| {
            matches!(r.event, rollcall::domain::event::Event::ClockSetBack { .. })
        };
        assert_eq!(log.iter().filter(set_back).count(), 1, "said once");
        assert!(w.engine().store().audit(None).await.unwrap().is_sound());
        w.restart().await;
        let again = w.engine().deployment(1).await.unwrap().unwrap();
        assert_eq!(again.at, log.last().unwrap().at);
    }
}

#[tokio::test]
async fn what_waits_is_reminded_of_again_once_nothing_is_breached() {
    let w = World::of(STUCK).await;
    for text in ["start v1.2.0", "snooze 30m"] {
        done(&w, "Ana", text).await;
    }
    w.advance(40 * MINUTE).await;
    assert_eq!((said(&w, "breach").len(), said(&w, "reminder").len()), (1, 0), "once is enough");
    done(&w, "Ana", "note on it").await;
    w.advance(16 * MINUTE).await;
    assert_eq!((said(&w, "breach").len(), said(&w, "reminder").len()), (1, 1));
}

/// What `migrations/0004_time.sql` does for deployments that were under way before there were these timers.
#[tokio::test]
async fn timers_that_an_upgrade_adds_find_out_what_they_wait_for() {
    let w = World::of(PAGE).await;
    done(&w, "Ana", "start v1.2.0").await;
    let timers = || async { w.engine().store().timers_of(1).await.unwrap() };
    let is = |all: &[(Timer, Timestamp)], timer| all.iter().any(|(t, due)| *t == timer && *due > w.now());
    assert!(is(&timers().await, Timer::Remind));
    let set = |due: Option<Timestamp>| Batch {
        timers: vec![(1, Timer::Agenda, due), (1, Timer::Remind, due)],
        ..Batch::default()
    };
    w.engine().store().commit(&set(None)).await.unwrap();
    w.engine().store().commit(&set(Some(Timestamp(0)))).await.unwrap();
    w.settle().await;
    assert!(is(&timers().await, Timer::Remind));
    assert!(!timers().await.iter().any(|(t, _)| *t == Timer::Agenda), "no window counts from the start");
    for text in ["tick 1.1 1.2", "finish"] {
        done(&w, "Ana", text).await;
    }
    w.engine().store().commit(&set(None)).await.unwrap();
    w.engine().store().commit(&set(Some(Timestamp(0)))).await.unwrap();
    w.settle().await;
    assert!(is(&timers().await, Timer::Agenda) && !timers().await.iter().any(|(t, _)| *t == Timer::Remind));
}

#[test]
fn the_configuration_says_what_is_wrong_and_where() {
    for (text, line, says) in [
        ("[reminders]\nafter = \"0m\"", 2, "`after` lies between 1 minute and 7 days"),
        ("[reminders]\nafter = \"1 year\"", 2, "`after` lies between 1 minute and 7 days"),
        ("[reminders]\nafter = \"15\"", 2, "`after` is a time with its unit"),
        ("[reminders]\nafter = \"soon\"", 2, "`after` is a time with its unit"),
        ("[reminders]\nmost = 0", 2, "`most` lies between 1 and 10; `after = \"off\"`"),
        ("[reminders]\nmots = 1", 2, "Did you mean `most`?"),
        ("[holds]\nremind = [\"1h\", \"30m\"]", 2, "must ascend"),
        ("[holds]\nremind = [\"1m\",\"2m\",\"3m\",\"4m\",\"5m\",\"6m\"]", 2, "5 times at most"),
        ("[holds]\nexpire = \"2 years\"", 2, "`expire` lies between 1 minute and 31 days"),
        ("[environments.production]\nprogress = \"0 0 30 2 *\"", 2, "never comes"),
        ("[environments.production]\nprogress = \"hourly\"", 2, "five"),
        ("[environments.production]\n[environments.prod]\n", 1, "the same environment"),
        ("[environments.\" \"]\n", 1, "This environment is empty"),
        ("[environments.x]\npage = 1", 2, "There is no setting `page` here"),
    ] {
        let problem = Config::parse(text, Path::new("")).unwrap_err();
        assert_eq!(problem.line, Some(line), "{text}: {problem}");
        assert!(problem.message.contains(says), "{text}: {problem}");
    }
    let text = "[reminders]\nafter = \"10m\"\nmost = 2\n[holds]\nremind = [\"1h\"]\nexpire = \"12h\"\n[environments.PROD]\nprogress = \"0 12 * * *\"\n";
    let config = Config::parse(text, Path::new("")).unwrap();
    assert_eq!((config.reminding.after_ms, config.reminding.most), (10 * MINUTE, 2));
    assert_eq!((config.reminding.held_ms, config.reminding.hold_expires_ms), (vec![HOUR], Some(12 * HOUR)));
    assert!(config.environments.contains_key("prod"));
    assert_eq!(Config::parse("[reminders]\nafter = \"off\"", Path::new("")).unwrap().reminding.after_ms, 0);
}

const WEEK_BEFORE: &str = "\
# Shop release

## 1. A week before (1 week before)

- [ ] Customers told

## 2. Deploy

- [ ] Rolled out
";

#[tokio::test]
async fn what_was_planned_a_moment_ago_is_not_late() {
    let w = world(WEEK_BEFORE, "").await;
    done(&w, "Ana", "start v1.2.0 at:10:02").await;
    w.advance(20 * SECOND).await;
    done(&w, "Ana", "reschedule 10:04").await;
    w.advance(30 * SECOND).await;
    assert_eq!(said(&w, "closing"), Vec::<String>::new(), "a week that is a minute long needs no reminder");
    // Planned in good time, it is reminded of once, and on time.
    done(&w, "Ana", "start v1.3.0 service:api at:2026-11-22T10:00").await;
    w.advance(25 * HOUR).await;
    let closing: Vec<String> = said(&w, "closing");
    assert_eq!(closing.len(), 1, "{closing:?}");
    assert!(!closing[0].contains("late"), "{closing:?}");
}

#[tokio::test]
async fn what_is_open_from_before_a_scheduled_start_is_reminded_of() {
    let w = world(WEEK_BEFORE, "[reminders]\nafter = \"5m\"\nmost = 2\n").await;
    done(&w, "Ana", "start v1.2.0 at:10:02").await;
    w.advance(20 * MINUTE).await;
    assert_eq!(said(&w, "reminder").len(), 2, "{:?}", w.titles());
}
