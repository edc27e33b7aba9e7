//! Windows, announcements, reminders, snoozing and progress: what the clock does, and when.

use crate::dsl::*;
use rollcall::domain::agenda;
use rollcall::domain::command::Timer;
use rollcall::domain::deployment::Deployment;
use rollcall::domain::event::Event;
use rollcall::domain::react::Effect;
use rollcall::domain::remind::Reminding;
use rollcall::domain::time::Timestamp;
use std::sync::Arc;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

const PAGE: &str = "\
# Release
## 1. Deploy
- [ ] Rolled out
- [ ] Monitoring continued for 2 hours
## 2. Post-deployment validation
### First look (0-60 minutes)
- [ ] Pages load
- [ ] Charts read (optional)
### Longer look (2-24 hours)
- [ ] Errors counted
- [ ] Costs read
## 3. Rollback procedure
- [ ] Put back
";

fn at(mut case: Case, ms: i64) -> Case {
    case.now = Timestamp(ms);
    case
}

/// The timer fires at that moment, and what it decides happens then, by Rollcall. Gives it back as a line.
fn fires(case: &mut Case, timer: &str, ms: i64) -> String {
    case.now = Timestamp(ms);
    let decided = case.decide(&command(&format!("due {timer} {ms}")));
    let said = line(&decided);
    if let Ok(decision) = decided {
        let by = std::mem::replace(&mut case.by, rollcall::domain::command::Person::rollcall());
        for event in decision.events {
            case.now = Timestamp(ms - 1_000);
            case.record(event);
        }
        case.by = by;
    }
    said
}

fn follows(case: &Case) -> String {
    agenda::follow_on(&case.d).iter().map(what).collect::<Vec<_>>().join("; ")
}

fn follow_all(case: &mut Case) {
    for event in [agenda::follow_on(&case.d), case.d.follow_on()].concat() {
        case.record(event);
    }
}

/// Deployed at a round moment, an hour into the epoch.
fn succeeded() -> (Case, i64) {
    let case = at(reading(PAGE), HOUR - 2_000).says("tick 1.1").says("finish");
    let ended = case.d.ended_at.unwrap().0;
    (case, ended)
}

#[test]
fn what_is_due_after_the_success_blocks_no_finish() {
    let case = reading(PAGE);
    assert_eq!(case.asks("finish"), "no: required open 1: 1.1");
    let (case, _) = succeeded();
    assert_eq!(case.d.required_open(), Vec::<usize>::new());
    assert!(case.d.next_up().any(|i| case.d.plan.leaves[i].number == number("1.2")), "it is asked for now");
    assert_eq!(case.asks("tick 1.2"), "tick 1.2");
    assert_eq!(reading(PAGE).asks("tick 1.2"), "tick 1.2", "and may be done before");
}

#[test]
fn a_window_opens_once_is_reminded_of_once_and_closes_once() {
    let (mut case, ended) = succeeded();
    assert_eq!(follows(&case), "section 2", "what opens at once comes up at once");
    follow_all(&mut case);
    assert_eq!(follows(&case), "");
    // A quarter of it before the end.
    assert_eq!(case.next_due(Timer::Agenda), Some(Timestamp(ended + 45 * MINUTE)));
    let closing = fires(&mut case, "agenda", ended + 45 * MINUTE);
    assert_eq!(closing, format!("closing 2 at {}, open 2.1, calls Ana", ended + HOUR));
    assert_eq!(fires(&mut case, "agenda", ended + HOUR - 1), "no: stale", "not before its time");
    assert_eq!(fires(&mut case, "agenda", ended + HOUR), "closed 2, open 2.1, calls Ana");
    assert_eq!(fires(&mut case, "agenda", ended + HOUR + 1), "no: stale");
    assert_eq!(case.next_due(Timer::Agenda), Some(Timestamp(ended + 90 * MINUTE)), "1.2, half an hour before");
    case = case.says("tick 1.2");
    assert_eq!(case.next_due(Timer::Agenda), Some(Timestamp(ended + 2 * HOUR)));
    assert_eq!(fires(&mut case, "agenda", ended + 2 * HOUR), "section 4; closed 1.2, open, calls");
    assert!(case.effects().iter().all(|e| !matches!(e, Effect::Remind { .. })), "all done is no message");
    case = case.says("assign 4.1 : Ben");
    assert_eq!(
        fires(&mut case, "agenda", ended + DAY - 22 * HOUR / 4),
        format!("closing 4 at {}, open 4.1 4.2, calls Ben Ana", ended + DAY)
    );
    case = case.says("tick 4.1 4.2");
    assert_eq!(fires(&mut case, "agenda", ended + DAY), "closed 4, open, calls");
    assert_eq!(case.next_due(Timer::Agenda), None);
}

#[test]
fn what_fell_due_while_nobody_looked_comes_once_in_order_and_late() {
    let (mut case, ended) = succeeded();
    let closed = HOUR;
    assert_eq!(
        fires(&mut case, "agenda", ended + 3 * HOUR),
        format!(
            "section 2 late {}; closed 2, open 2.1, calls Ana late {}; section 4 late {closed}; closed 1.2, open 1.2, \
             calls Ana late {closed}",
            3 * HOUR,
            2 * HOUR
        ),
    );
    assert_eq!(fires(&mut case, "agenda", ended + 3 * HOUR + 1), "no: stale");
    assert_eq!(case.d.opened.get(&4).unwrap().late_ms, HOUR);
}

#[test]
fn windows_end_with_the_walk_and_a_rollback_takes_them_back() {
    let page = "# R\n## Deploy\n- [ ] a\n## Verification (Month 2-12)\n- [ ] b\n";
    let mut case = at(reading(page), HOUR).says("tick 1.1").says("finish");
    let ended = case.d.ended_at.unwrap();
    assert_eq!(agenda::due(&case.d, case.d.at), Some(ended.plus_ms(30 * DAY)));
    fires(&mut case, "agenda", ended.0 + 30 * DAY);
    let last = ended.plus_ms(rollcall::domain::decide::WALKABLE_MS - 1);
    assert_eq!(fires(&mut case, "agenda", last.0), "closed 2, open 2.1, calls Ana", "before it is archived");
    let (case, _) = succeeded();
    let back = case.says("rollback r");
    assert_eq!(agenda::due(&back.d, back.d.at), None);
    let back = back.says("rolled-back");
    assert_eq!(agenda::due(&back.d, back.d.at), None);
    let archived = succeeded().0.given(Event::Archived);
    assert_eq!(agenda::due(&archived.d, archived.d.at), None);
}

#[test]
fn short_windows_have_no_reminder_and_long_ones_a_day() {
    for (heading, length, before) in [
        ("Look (within 10 minutes)", 10 * MINUTE, Some(5 * MINUTE)),
        ("Look (within 5 minutes)", 5 * MINUTE, None),
        ("Look (within 1 hour)", HOUR, Some(15 * MINUTE)),
        ("Look (within 1 month)", 30 * DAY, Some(DAY)),
    ] {
        let page = format!("# R\n## Deploy\n- [ ] a\n## {heading} <!-- rollcall: kind=follow_up -->\n- [ ] b\n");
        let mut case = at(reading(&page), HOUR).says("tick 1.1").says("finish");
        follow_all(&mut case);
        let ended = case.d.ended_at.unwrap().0;
        assert_eq!(agenda::due(&case.d, case.d.at), Some(Timestamp(ended + length - before.unwrap_or(0))), "{heading}");
    }
}

const PLANNED: &str = "\
---
timeline:
  - at: -7d
  - at: -1h
  - at: start
  - at: +1d after success
---
# Release
## 1 week before
- [ ] Everybody told
- [ ] Cake ordered (optional)
## Deploy
- [ ] Rolled out
";

/// Scheduled at an hour into the epoch, for then.
fn planned(start: i64) -> Case {
    let read = rollcall::markdown::read("page", PLANNED.as_bytes());
    let plan = rollcall::domain::plan::Plan::new(Arc::new(read.checklist.unwrap()), "hash".into());
    let mut case = scheduled("");
    case.log[0].event = opened("prod", Some(Timestamp(start)));
    case.log[0].at = Timestamp(HOUR);
    let d = Deployment::open(1, Arc::new(plan), &case.log[0]).unwrap();
    at(Case { d, ..case }, HOUR)
}

#[test]
fn the_timeline_is_announced_around_a_scheduled_start() {
    let start = 20 * DAY;
    let mut case = planned(start);
    assert_eq!(case.next_due(Timer::Agenda), Some(Timestamp(start - 7 * DAY)));
    assert_eq!(case.asks("tick 1.1"), "no: closed 1.1 NotStarted", "too early");
    assert_eq!(fires(&mut case, "agenda", start - 7 * DAY), "section 1; announced 1");
    assert_eq!(fires(&mut case, "agenda", start - 7 * DAY + 1), "no: stale");
    assert_eq!(case.asks("tick 1.1"), "tick 1.1", "what is to be done before the start can be done");
    assert_eq!(case.asks("tick 2.1"), "no: closed 2.1 NotStarted");
    // A day before the start the week before it ends.
    assert_eq!(fires(&mut case, "agenda", start - DAY), format!("closing 1 at {start}, open 1.1, calls Ana"));
    assert_eq!(fires(&mut case, "agenda", start - HOUR), "announced 2");
    let mut case = at(case, start - 1_000).given(Event::Started { late_ms: 0 });
    assert_eq!(case.next_due(Timer::Agenda), Some(Timestamp(start)), "the start is announced at once");
    assert_eq!(fires(&mut case, "agenda", start + 1), "announced 3");
    assert_eq!(case.asks("finish"), "no: required open 2: 1.1 2.1", "what was not done before is still to be done");
    let mut case = at(case, start + HOUR).says("tick 1.1 2.1").says("finish");
    let ended = case.d.ended_at.unwrap().0;
    assert_eq!(fires(&mut case, "agenda", ended + DAY + HOUR), format!("announced 4 late {HOUR}"));
    assert_eq!(case.next_due(Timer::Agenda), None);
}

#[test]
fn what_would_have_been_before_the_plan_was_made_is_not_announced() {
    let start = HOUR + DAY;
    let mut case = planned(start);
    assert_eq!(follows(&case), "section 1", "the week before it has begun, and nothing is late");
    follow_all(&mut case);
    // Of the day that is left of the week before, the last quarter.
    assert_eq!(case.next_due(Timer::Agenda), Some(Timestamp(start - 6 * HOUR)), "the end of the week before");
    fires(&mut case, "agenda", start - 6 * HOUR + 2_000);
    assert_eq!(fires(&mut case, "agenda", start - HOUR), "announced 2", "only what is still to come");
    // Started at once there is nothing before it.
    let mut now = planned(HOUR);
    now.d.start_at = None;
    let now = now.given(Event::Started { late_ms: 0 });
    assert_eq!(now.next_due(Timer::Agenda), now.d.started_at);
}

#[test]
fn a_start_that_moves_takes_its_announcements_along() {
    let start = 20 * DAY;
    let mut case = planned(start);
    fires(&mut case, "agenda", start - 7 * DAY);
    let moved = start + 30 * DAY;
    assert_eq!(case.asks(&format!("reschedule {start}")), format!("no: starts at {start} already"));
    case = case.says(&format!("reschedule {moved}"));
    assert!(case.effects().contains(&Effect::Timer(Timer::Start, Some(Timestamp(moved)))));
    assert!(case.effects().contains(&Effect::Timer(Timer::Agenda, Some(Timestamp(moved - 7 * DAY)))));
    assert_eq!(fires(&mut case, "agenda", start - HOUR), "no: stale", "not at the old time");
    assert_eq!(fires(&mut case, "agenda", moved - 7 * DAY), "announced 1", "a week before the new start, again");
    // Moved within the week, it has been announced.
    case = case.says(&format!("reschedule {}", moved + HOUR));
    assert_eq!(case.next_due(Timer::Agenda), Some(Timestamp(moved + HOUR - DAY)));
    let started = case.given(Event::Started { late_ms: 0 });
    assert!(started.asks(&format!("reschedule {moved}")).starts_with("no: active"));
}

#[test]
fn cancelled_nothing_is_announced() {
    let case = planned(20 * DAY).says("cancel r");
    assert_eq!(case.next_due(Timer::Agenda), None);
    assert!(case.effects().contains(&Effect::Timer(Timer::Agenda, None)));
}

const WALK: &str = "## 1 Prepare\n- Backup taken\n- Tests passed\n- Warm ?\n## 2 Deploy\n- Rolled out\n";

fn walk() -> Case {
    let mut case = at(walking(WALK), HOUR).says("note here");
    case.follow();
    case
}

#[test]
fn what_nobody_has_waits_for_whoever_leads_three_times_at_most() {
    let mut case = walk();
    let first = case.d.active_at.0 + 15 * MINUTE;
    assert_eq!(case.next_due(Timer::Remind), Some(Timestamp(first)));
    assert_eq!(fires(&mut case, "remind", first - 1), "no: stale");
    assert_eq!(fires(&mut case, "remind", first), "reminded of 1, calls Ana");
    assert_eq!(
        fires(&mut case, "remind", first + 30 * MINUTE),
        "reminded of 1, calls Ana loud",
        "to the channel later"
    );
    assert_eq!(fires(&mut case, "remind", first + 90 * MINUTE), "reminded of 1, calls Ana loud");
    assert_eq!(case.next_due(Timer::Remind), None, "and no more");
    let mut next = case.says("tick 1.1 1.2");
    next.follow();
    assert!(next.next_due(Timer::Remind).is_some(), "the next section is another matter");
}

#[test]
fn doing_something_is_an_answer() {
    let case = walk();
    let due = case.next_due(Timer::Remind).unwrap().0;
    let mut case = at(case, due - MINUTE).says("tick 1.1");
    assert_eq!(case.effects().len(), 2, "no timer is written for a tick");
    assert_eq!(fires(&mut case, "remind", due), "no: stale");
    assert_eq!(case.next_due(Timer::Remind), Some(case.d.active_at.plus_ms(15 * MINUTE)));
}

#[test]
fn what_somebody_was_given_waits_for_them_in_one_message() {
    let case = walk().says("assign 1.1 : Ben").says("assign 1.2 : Cleo").says("assign 2.1 : Ben");
    let given = case.d.extra(0).unwrap().assigned_at.0;
    let mut case = case.says("note others do something else");
    let said = fires(&mut case, "remind", given + 15 * MINUTE);
    assert_eq!(
        said, "reminded of 1.1 for Ben 1.2 for Cleo, calls Ben Cleo",
        "what is due soon along with it; 2 not yet"
    );
    // Ben does something: he is spoken to later, Cleo in time.
    let mut case = at(case, given + 40 * MINUTE).by("Ben").says("note on it").by("Ana");
    assert_eq!(fires(&mut case, "remind", given + 45 * MINUTE), "reminded of 1.2 for Cleo, calls Cleo loud");
    // Given to somebody else, it is another matter.
    case = case.says("assign 1.2 : Dan");
    let given = case.d.extra(1).unwrap().assigned_at.0;
    let said = fires(&mut case, "remind", given + 15 * MINUTE);
    assert!(said.contains("1.2 for Dan"), "{said}");
}

#[test]
fn nobody_is_called_outside_their_office_hours() {
    let mut case = walk();
    case.policy.off_hours = Arc::new(["ana".to_owned()].into());
    let due = case.next_due(Timer::Remind).unwrap().0;
    assert_eq!(fires(&mut case, "remind", due), "reminded of 1, calls loud", "the channel reads it instead");
}

#[test]
fn the_page_and_the_configuration_say_when() {
    let page = "# R\n## A <!-- rollcall: remind=2h -->\n- [ ] a\n- [ ] b <!-- rollcall: remind=5m -->\n## B <!-- rollcall: remind=off -->\n- [ ] c\n";
    let mut case = at(reading(page), HOUR).says("note here");
    case.follow();
    let from = case.d.opened.get(&1).unwrap().at.0;
    assert_eq!(case.next_due(Timer::Remind), Some(Timestamp(from + 2 * HOUR)));
    let case = case.says("assign 1.2 : Ben");
    assert_eq!(case.next_due(Timer::Remind), Some(case.now.plus_ms(5 * MINUTE)));
    let mut case = case.says("tick 1.1 1.2");
    case.follow();
    assert_eq!(case.next_due(Timer::Remind), None, "off is off");
    let mut case = walk();
    let reminding = |after_ms, most| Arc::new(Reminding { after_ms, most, ..Reminding::default() });
    case.policy.reminding = reminding(0, 3);
    assert_eq!(case.next_due(Timer::Remind), None);
    case.policy.reminding = reminding(MINUTE, 1);
    let due = case.next_due(Timer::Remind).unwrap().0;
    assert_eq!(fires(&mut case, "remind", due), "reminded of 1, calls Ana");
    assert_eq!(case.next_due(Timer::Remind), None);
}

#[test]
fn a_criterion_for_silence_speaks_in_place_of_the_reminder() {
    let page = |limit: &str| format!("# R\n## A\n- [ ] a\n## Rollback criteria\n- [ ] Deployment stuck > {limit}\n");
    let due = |limit: &str| {
        let mut case = at(reading(&page(limit)), HOUR).says("note here");
        case.follow();
        case.next_due(Timer::Remind).is_some()
    };
    assert!(!due("15 minutes") && !due("5 minutes"));
    assert!(due("1 hour"), "the reminder comes first");
}

#[test]
fn snoozing_is_for_everybody() {
    let case = walk();
    assert_eq!(case.asks("snooze : off"), "no: not snoozed");
    let until = case.now.plus_ms(2 * HOUR);
    let mut case = case.says(&format!("snooze : {}", 2 * HOUR));
    assert_eq!(case.next_due(Timer::Remind), Some(until));
    assert_eq!(fires(&mut case, "remind", until.0), "reminded of 1, calls Ana");
    let case = case.says("snooze : stop");
    assert_eq!(case.next_due(Timer::Remind), None);
    assert!(case.clone().says("snooze : off").next_due(Timer::Remind).is_some());
    // Of one item, the others wait all the same.
    let case = walk().says("assign 1.1 : Ben").says("snooze 1.1 : stop");
    let mut case = at(case, 2 * HOUR);
    assert!(fires(&mut case, "remind", 2 * HOUR).starts_with("reminded of 1, calls Ana"));
    assert_eq!(case.asks("snooze 1.2 : off"), "no: not snoozed 1.2");
    assert_eq!(case.asks("snooze 1.1 : off"), "unsnoozed 1.1");
    assert_eq!(case.asks("snooze 9.9 : off"), "no: no item 9.9, near");
    assert!(case.says("partial r").asks("snooze : stop").starts_with("no: partial"));
}

#[test]
fn a_hold_is_reminded_of_and_never_ended() {
    let case = walk().says("hold vendor");
    let held = case.now.0;
    let mut case = case;
    assert_eq!(case.next_due(Timer::Remind), Some(Timestamp(held + 30 * MINUTE)));
    assert_eq!(fires(&mut case, "remind", held + 30 * MINUTE), "still held 1, calls Ana");
    assert_eq!(fires(&mut case, "remind", held + 31 * MINUTE), "no: stale");
    assert_eq!(fires(&mut case, "remind", held + 2 * HOUR), "still held 2, calls Ana loud");
    assert_eq!(fires(&mut case, "remind", held + 8 * HOUR), "still held 3, calls Ana loud");
    assert_eq!(case.next_due(Timer::Remind), None);
    // Missed ones are one.
    let mut case = walk().says("hold vendor");
    let held = case.now.0;
    assert_eq!(
        fires(&mut case, "remind", held + 3 * HOUR),
        format!("still held 2, calls Ana loud late {HOUR}"),
        "the last of them"
    );
    let mut case = walk().says("hold vendor").says("snooze : stop");
    case.policy.reminding = Arc::new(Reminding { hold_expires_ms: Some(HOUR), ..Reminding::default() });
    let held = case.d.held_at.unwrap().0;
    case.policy.off_hours = Arc::new(["ana".to_owned()].into());
    assert_eq!(fires(&mut case, "remind", held + HOUR), "still held 0 expired, calls Ana loud", "whatever is snoozed");
    assert_eq!(case.next_due(Timer::Remind), None);
    assert_eq!(case.d.status, rollcall::domain::status::Status::Held, "nothing ends by itself");
    let again = case.says("resume").says("hold r");
    assert!(again.next_due(Timer::Remind).is_some(), "another hold is another matter");
    // What was held did not wait.
    let given = walk().says("assign 1.1 : Ben").says("hold vendor");
    let given = at(given, 5 * HOUR).says("resume");
    assert_eq!(given.next_due(Timer::Remind), Some(given.now.plus_ms(15 * MINUTE)));
}

#[test]
fn progress_where_nothing_happened_is_one_line_twice_and_then_the_board() {
    let mut case = walk();
    let shown = |case: &Case| case.effects().iter().any(|e| matches!(e, Effect::Say(_)));
    assert_eq!(fires(&mut case, "progress", 2 * HOUR), "progress");
    assert_eq!(fires(&mut case, "progress", 3 * HOUR), "progress quiet 1");
    assert_eq!(fires(&mut case, "progress", 4 * HOUR), "progress quiet 2");
    assert!(shown(&case));
    assert_eq!(fires(&mut case, "progress", 5 * HOUR), "progress quiet 3");
    assert!(!shown(&case), "the board says it");
    let mut case = case.says("note back");
    assert_eq!(fires(&mut case, "progress", 6 * HOUR), "progress");
    assert!(shown(&case));
}

#[test]
fn after_somebody_posted_the_next_regular_moment_counts() {
    for (said_at, next) in [(HOUR + 30 * MINUTE, 2 * HOUR), (2 * HOUR - 10 * MINUTE, 3 * HOUR)] {
        let case = at(walk(), said_at).says("progress all well");
        let armed = case.effects().into_iter().find_map(|e| match e {
            Effect::Timer(Timer::Progress, due) => due,
            _ => None,
        });
        assert_eq!(armed, Some(Timestamp(next)), "{said_at}");
    }
    let held = at(walk(), HOUR + MINUTE).says("hold r");
    assert_eq!(held.asks(&format!("due progress {}", 2 * HOUR)), "no: stale", "the hold has said so");
}
