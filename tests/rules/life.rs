//! Which command is taken in which status, how a deployment starts, and how it ends.

use crate::dsl::*;
use rollcall::domain::command::Timer;
use rollcall::domain::decide::{LATE_MS, MAX_EVENTS, MAX_EVENTS_POSTING, WALKABLE_MS};
use rollcall::domain::deployment::{Deployment, lock_key, same_environment};
use rollcall::domain::event::Event;
use rollcall::domain::status::Status;
use rollcall::domain::time::Timestamp;

/// A deployment in every status, and archived.
fn lives() -> Vec<(&'static str, Case)> {
    let reason = || "r".to_owned();
    let active = walking(PAGE);
    let rolling = active.clone().given(Event::RollbackCalled { reason: reason() });
    let succeeded = active.clone().given(Event::Succeeded { authority: None, open: vec![] });
    vec![
        ("scheduled", scheduled(PAGE)),
        ("queued", scheduled(PAGE).given(Event::Queued { behind: 7 })),
        ("active", active.clone()),
        ("held", active.clone().given(Event::Held { reason: reason() })),
        ("rolling", rolling.clone()),
        ("succeeded", succeeded.clone()),
        ("partial", active.clone().given(Event::Partial { reason: reason() })),
        ("rolledback", rolling.given(Event::RolledBack)),
        ("cancelled", active.given(Event::Cancelled { reason: reason() })),
        ("archived", succeeded.given(Event::Archived)),
    ]
}

/// `+` for taken, else the refusal's first telling word.
fn cell(case: &Case, said: &str) -> String {
    let line = case.asks(said);
    let Some(refusal) = line.strip_prefix("no: ") else { return "+".into() };
    let words: Vec<&str> = refusal.split(' ').collect();
    match words[0] {
        "closed" => words[2].to_owned(),
        "on" => "hold".into(),
        "required" => "required".into(),
        "stale" => "stale".into(),
        _ if refusal.ends_with("does not follow") => "nofollow".into(),
        _ if Status::ALL.iter().any(|s| refusal.starts_with(s.label())) => "status".into(),
        _ => refusal.to_owned(),
    }
}

#[test]
fn every_command_in_every_status() {
    let table = "
command             | scheduled  queued     active         held           rolling        succeeded partial rolledback cancelled archived
tick 1.1            | NotStarted NotStarted +              hold           ByRollback     Over      Over    Over       Over      Archived
skip 1.1 : r        | NotStarted NotStarted +              hold           ByRollback     Over      Over    Over       Over      Archived
fail 1.1 : r        | NotStarted NotStarted +              +              ByRollback     Over      Over    Over       Over      Archived
block 1.1 : r       | NotStarted NotStarted +              +              ByRollback     Over      Over    Over       Over      Archived
assign 1.1 : Ben    | +          +          +              +              ByRollback     Over      Over    Over       Over      Archived
evidence 1.1 : e    | NotStarted NotStarted +              +              ByRollback     Over      Over    Over       Over      Archived
tick 5.1            | NotStarted NotStarted +              +              +              +         +       Over       Over      Archived
tick 6.1            | NotStarted NotStarted UntilRollback  UntilRollback  +              Over      Over    Over       Over      Archived
tick 7.1            | NotStarted NotStarted UntilSuccess   UntilSuccess   ByRollback     +         +       Over       Over      Archived
tick 8.1            | NotStarted NotStarted UntilRolledBack UntilRolledBack UntilRolledBack Over   Over    +          Over      Archived
tick 9.1            | NotStarted NotStarted +              hold           ByRollback     +         +       Over       Over      Archived
tick 10.1           | NotStarted NotStarted +              +              +              +         +       +          Over      Archived
note n              | +          +          +              +              +              +         +       +          +         status
hold r              | status     status     +              hold           status         status    status  status     status    status
resume              | status     status     status         +              status         status    status  status     status    status
handover Ben        | +          +          +              +              +              status    status  status     status    status
progress            | status     status     +              +              +              status    status  status     status    status
rollback r          | status     status     +              +              status         +         +       status     status    status
rolled-back         | status     status     status         status         +              status    status  status     status    status
finish              | status     status     required       hold           status         status    status  status     status    status
partial r           | status     status     +              +              status         status    status  status     status    status
cancel r            | +          +          +              +              status         status    status  status     status    status
follow slack:C1     | +          +          +              +              +              +         +       +          +         status
unfollow slack:C1   | nofollow   nofollow   nofollow       nofollow       nofollow       nofollow  nofollow nofollow  nofollow  nofollow
due start 60000     | +          +          stale          stale          stale          stale     stale   stale      stale     stale
due progress 60000  | stale      stale      +              stale          +              stale     stale   stale      stale     stale
due archive 60000   | stale      stale      stale          stale          stale          +         +       +          +         stale
";
    let lives = lives();
    let mut rows = table.lines().filter(|l| !l.is_empty()).map(|l| l.split_once('|').unwrap());
    let (_, heads) = rows.next().unwrap();
    assert_eq!(heads.split_whitespace().collect::<Vec<_>>(), lives.iter().map(|(n, _)| *n).collect::<Vec<_>>());
    for (said, cells) in rows {
        let found: Vec<String> = lives.iter().map(|(_, case)| cell(case, said.trim())).collect();
        assert_eq!(found, cells.split_whitespace().collect::<Vec<_>>(), "{said}");
    }
}

#[test]
fn untick_follows_the_branch_too() {
    // An item ticked while its branch was open cannot be taken back once it is closed: the record stands.
    let ticked = walking(PAGE).says("tick 1.1");
    assert_eq!(ticked.clone().says("hold r").asks("untick 1.1"), "untick 1.1");
    assert_eq!(ticked.clone().says("rollback r").asks("untick 1.1"), "no: closed 1.1 ByRollback");
    assert_eq!(ticked.says("partial r").asks("untick 1.1"), "no: closed 1.1 Over");
}

#[test]
fn a_wrong_status_says_since_when_and_why() {
    let active = walking(PAGE); // started at 2000
    assert_eq!(scheduled(PAGE).asks("resume"), "no: scheduled since 60000");
    assert_eq!(scheduled(PAGE).given(Event::Queued { behind: 7 }).asks("resume"), "no: queued");
    assert_eq!(active.asks("resume"), "no: active since 2000");
    assert_eq!(
        active.clone().says("hold db is slow").asks("rolled-back"),
        "no: on hold since 3000 : db is slow".replace("on hold", "held")
    );
    // Not since the start: since the rollback was called.
    let rolling = active.clone().says("tick 1.1").says("hold wait").says("rollback errors");
    assert_eq!(rolling.asks("hold r"), "no: rolling back since 5000 : errors");
    assert_eq!(rolling.clone().says("rolled-back").asks("hold r"), "no: rolled back since 6000 : errors");
    assert_eq!(active.clone().says("partial no").asks("finish"), "no: partial since 3000 : no");
    assert_eq!(active.says("cancel no").asks("finish"), "no: cancelled since 3000 : no");
}

#[test]
fn hold_stops_ticking_and_resume_goes_on() {
    let held = walking(PAGE).by("Ben").says("hold latency");
    assert_eq!(held.d.status, Status::Held);
    assert_eq!((held.d.reason.as_deref(), held.d.held_at), (Some("latency"), Some(Timestamp(3_000))));
    assert_eq!(held.asks("hold again"), "no: on hold since 3000 : latency");
    assert_eq!(held.asks("tick 1.1-1.3"), "no: on hold since 3000 : latency");
    assert_eq!(held.asks("skip 1.3"), "no: on hold since 3000 : latency");
    assert_eq!(held.asks("finish"), "no: on hold since 3000 : latency");
    assert_eq!(held.asks("fail 1.1 : broken"), "fail 1.1 : broken");
    assert_eq!(held.asks("note calm"), "noted calm");
    let on = held.says("resume");
    assert_eq!((on.d.status, on.d.reason.clone(), on.d.held_at), (Status::Active, None, None));
    assert_eq!(on.asks("tick 1.1"), "tick 1.1");
}

#[test]
fn handover_changes_who_leads() {
    let case = walking(PAGE);
    assert_eq!(case.d.deployer(), &ana());
    assert_eq!(case.asks("handover ANA"), "no: ANA leads already");
    let case = case.says("handover Ben");
    assert_eq!(&*case.d.deployer().name, "Ben");
    assert_eq!(case.asks("handover ben"), "no: ben leads already");
    assert_eq!(case.asks("handover Ana"), "handed to Ana");
}

#[test]
fn people_are_listed_once_and_seen_when_they_act() {
    let mut case = walking(PAGE).by("Ben").says("tick 1.1").by("BEN").says("tick 1.2").by("Ana").says("handover Cleo");
    let people: Vec<_> = case.d.people.iter().map(|p| (p.person.name.to_string(), p.last_seen.0)).collect();
    assert_eq!(people, [("Ana".into(), 5_000), ("Ben".into(), 4_000), ("Cleo".into(), 5_000)]);
    // Being handed the lead is nothing that Ben did.
    case = case.says("handover Ben");
    assert_eq!(case.d.people[1].last_seen, Timestamp(4_000));
    assert_eq!(case.d.deployer, 1);
    assert_eq!(&*case.d.person(1).name, "Ben");
    assert_eq!(&*case.d.person(9).name, "Cleo", "an index out of range is the last person, not a panic");
}

#[test]
fn a_start_waits_for_its_turn() {
    let mut case = scheduled(PAGE);
    case.now = Timestamp(60_000);
    assert_eq!(case.asks("due start 60000"), "started");
    case.policy.lock_held_by = Some(7);
    assert_eq!(case.asks("due start 60000"), "queued behind 7");
    let mut case = case.says("due start 60000");
    assert_eq!((case.d.status, case.d.behind), (Status::Queued, Some(7)));
    assert_eq!(case.asks("due start 60000"), "no: stale", "its turn has not come");
    case.policy.lock_held_by = None;
    case.now = Timestamp(9_000_000);
    assert_eq!(case.asks("due start 60000"), "started", "out of the queue nothing is late");
    let case = case.says("due start 60000");
    assert_eq!((case.d.status, case.d.behind, case.d.started_at), (Status::Active, None, Some(case.now)));
    assert_eq!(case.asks("due start 60000"), "no: stale", "the same timer twice starts once");
}

#[test]
fn what_is_late_is_said_to_be_late() {
    let mut case = scheduled(PAGE);
    for (after, said) in [(0, "started"), (LATE_MS - 1, "started"), (LATE_MS, "started late 60000")] {
        case.now = Timestamp(60_000 + after);
        assert_eq!(case.asks("due start 60000"), said);
    }
    case.now = Timestamp(0);
    assert_eq!(case.asks("due start 60000"), "started", "a clock set back is not late");
    let mut case = walking(PAGE);
    case.now = Timestamp(3_600_000 + 2 * LATE_MS);
    assert_eq!(case.asks("due progress 3600000"), "progress late 120000 quiet 1");
    assert_eq!(case.asks("progress all well"), "progress : all well");
}

#[test]
fn progress_goes_on_while_under_way_and_rests_on_hold() {
    let case = walking(PAGE);
    let next = Some(Timestamp(3_600_000));
    assert_eq!(case.next_due(Timer::Progress), next);
    assert_eq!(case.next_due(Timer::Start), None);
    assert_eq!(case.next_due(Timer::Archive), None);
    let held = case.clone().says("hold r");
    assert_eq!(held.asks("due progress 5"), "no: stale");
    assert!(held.next_due(Timer::Progress).is_some(), "kept for when it goes on");
    assert!(case.clone().says("rollback r").next_due(Timer::Progress).is_some());
    assert_eq!(case.says("partial r").next_due(Timer::Progress), None);
    assert_eq!(scheduled(PAGE).next_due(Timer::Progress), None);
}

#[test]
fn finish_needs_what_is_required() {
    let case = walking(PAGE);
    assert_eq!(case.asks("finish"), "no: required open 7: 1.1 1.2 1.4.1 1.4.2 2.1 2.2 4.1");
    // Failed and blocked are open; skipped is settled; optional, other environments and other branches do not count.
    let case = case.says("tick 1.1 1.2 2").says("skip 1.4.1 : none").says("fail 1.4.2 : bad").says("block 4.1 : board");
    assert_eq!(case.asks("finish"), "no: required open 2: 1.4.2 4.1");
    let case = case.says("tick 1.4.2 4.1");
    assert_eq!(case.asks("finish"), "succeeded");
    assert_eq!(case.says("finish").d.status, Status::Succeeded);
    // At most ten are named.
    let many: String =
        std::iter::once("## 1 Many\n".to_owned()).chain((0..12).map(|i| format!("- item {i}\n"))).collect();
    assert_eq!(walking(&many).asks("finish"), "no: required open 12: 1.1 1.2 1.3 1.4 1.5 1.6 1.7 1.8 1.9 1.10");
}

#[test]
fn finish_by_authority() {
    let mut case = walking("## 1 One\n- a\n- b ?\n");
    assert_eq!(case.asks("finish board said so"), "no: no authority []", "no role may: nobody may");
    case = case.role("lead", &["ben"]);
    assert_eq!(case.asks("finish board said so"), "no: no authority []", "a role alone gives no right");
    case.policy.may_override = vec!["owner".into(), "lead".into()];
    assert_eq!(case.asks("finish board said so"), "no: no authority [owner, lead]");
    let case = case.by("Ben");
    assert_eq!(case.asks("finish board said so"), "succeeded by board said so as lead, open 1.1");
    assert_eq!(case.asks("finish"), "no: required open 1: 1.1", "the right must be used by name");
    let done = case.clone().says("finish board said so");
    assert_eq!((done.d.status, done.d.reason.as_deref()), (Status::Succeeded, Some("board said so")));
    // Where nothing is open no authority is needed, and none is recorded.
    assert_eq!(case.says("tick 1.1").by("Zoe").asks("finish board said so"), "succeeded");
}

#[test]
fn partial_and_cancel_end_it_with_a_reason() {
    for (said, status) in
        [("partial region b left out", Status::Partial), ("cancel region b left out", Status::Cancelled)]
    {
        let over = walking(PAGE).says("tick 1.1").says(said);
        assert_eq!(over.d.status, status);
        assert_eq!(over.d.reason.as_deref(), Some("region b left out"));
        assert_eq!(over.d.ended_at, Some(over.now));
        assert_eq!(over.marks(), "1.1 tick", "what was ticked stays ticked");
        assert_eq!(over.d.elapsed_ms(Timestamp(i64::MAX)), 2_000, "the time stops with the outcome");
    }
    assert_eq!(scheduled(PAGE).says("cancel no").d.elapsed_ms(Timestamp(99)), 0);
    let held = walking(PAGE).says("hold h").says("partial p");
    assert_eq!((held.d.reason.as_deref(), held.d.held_at), (Some("p"), None));
}

#[test]
fn a_rollback_closes_the_forward_walk_and_opens_its_own() {
    let mut case = walking(PAGE).says("tick 1.1");
    case.follow();
    case = case.says("rollback errors at 4 %");
    assert_eq!(case.d.rollback_at, Some(case.now));
    assert_eq!(case.asks("tick 1.2"), "no: closed 1.2 ByRollback");
    assert_eq!(case.follow(), [6]);
    assert_eq!(case.asks("tick 6"), "tick 6.1; tick 6.2");
    let over = case.says("tick 6.1").says("rolled-back");
    assert_eq!(over.d.status, Status::RolledBack, "not every step of the rollback is asked for");
    assert_eq!(over.d.reason.as_deref(), Some("errors at 4 %"), "the outcome keeps why");
    assert_eq!(over.asks("tick 6.2"), "no: closed 6.2 Over");
    assert_eq!(over.asks("tick 8.1"), "tick 8.1");
}

#[test]
fn follow_up_goes_on_after_success_until_the_archive() {
    let mut case = walking(PAGE).says("tick 1 2 4.1").says("finish");
    assert_eq!(case.follow(), [7], "after the outcome comes what was for after it");
    case = case.says("tick 7.1");
    assert_eq!(case.follow(), [9]);
    case = case.says("tick 9.1").says("note all quiet");
    assert_eq!(case.follow(), [0; 0]);
    let archived = case.says("due archive 60000");
    assert!(archived.d.archived);
    assert_eq!(archived.d.status, Status::Succeeded, "the outcome stays");
    assert_eq!(archived.asks("untick 9.1"), "no: closed 9.1 Archived");
    assert_eq!(archived.asks("due archive 60000"), "no: stale");
    assert!(archived.asks("note late").starts_with("no: succeeded"));
    assert!(archived.asks("fill Owner = x").starts_with("no: succeeded"));
    assert!(archived.d.walk().next().is_none());
    const { assert!(WALKABLE_MS > 30 * 86_400_000, "a month's window fits") };
}

#[test]
fn posts_on_schedule_leave_room_for_people() {
    let mut case = walking("## 1 One\n- a\n");
    case.d.seq = MAX_EVENTS_POSTING - 1;
    assert!(case.asks("due progress 5").starts_with("progress"));
    assert!(case.next_due(Timer::Progress).is_some());
    case.d.seq = MAX_EVENTS_POSTING;
    assert_eq!(case.asks("due progress 5"), "no: stale");
    assert_eq!(case.next_due(Timer::Progress), None);
    assert_eq!(case.asks("progress"), "progress", "asked for, it is posted");
    assert_eq!(case.asks("tick 1.1"), "tick 1.1");
}

#[test]
fn a_full_log_can_still_be_ended() {
    let mut case = walking("## 1 One\n- a\n");
    case.d.seq = MAX_EVENTS - 1;
    assert_eq!(case.asks("tick 1.1"), "tick 1.1");
    case.d.seq = MAX_EVENTS;
    for said in ["tick 1.1", "note n", "hold r", "progress", "handover Ben", "assign 1.1 : Ben", "fill x = y"] {
        assert_eq!(case.asks(said), "no: full 10000", "{said}");
    }
    for said in ["rollback r", "partial r", "cancel r"] {
        assert!(!case.asks(said).starts_with("no"), "{said}");
    }
    assert_eq!(case.asks("finish"), "no: required open 1: 1.1");
    // Held when it became full: it can go on to its end.
    case.d.seq = MAX_EVENTS - 2;
    let mut held = case.says("tick 1.1").says("hold r");
    assert!(held.d.seq >= MAX_EVENTS);
    held = held.says("resume").says("finish");
    assert_eq!(held.asks("due archive 5"), "archived");
}

#[test]
fn one_lock_for_one_place() {
    assert_eq!(lock_key("Shop", "prod", false), lock_key("shop ", "Production", false));
    assert_ne!(lock_key("shop", "prod", false), lock_key("shop", "prod", true), "a rehearsal locks only rehearsals");
    assert_ne!(lock_key("shop", "prod", false), lock_key("shop", "staging", false));
    assert_ne!(lock_key("shop", "prod", false), lock_key("till", "prod", false));
    assert_eq!(walking(PAGE).d.lock(), lock_key("shop", "production", false));
}

#[test]
fn environments_have_short_names() {
    for (a, b) in [
        ("prod", "Production"),
        ("live", "PROD"),
        ("stage", "staging"),
        ("stg", "stage"),
        ("DEV", "development"),
        (" qa", "QA "),
    ] {
        assert!(same_environment(a, b), "{a} {b}");
    }
    for (a, b) in [("prod", "staging"), ("production", "preproduction"), ("dev", "devel"), ("eu", "us")] {
        assert!(!same_environment(a, b), "{a} {b}");
    }
}

#[test]
fn only_an_opening_opens() {
    let first = &walking(PAGE).log[1];
    assert!(Deployment::open(1, page(PAGE), first).is_none());
    let d = scheduled(PAGE).d;
    assert_eq!(
        (d.status, d.seq, d.opened_at, d.start_at),
        (Status::Scheduled, 1, Timestamp(1_000), Some(Timestamp(60_000)))
    );
}

#[test]
fn a_rollback_after_the_outcome_needs_the_place_to_be_free() {
    let mut case = walking("## 1 A\n- a\n## 2 Back @rollback\n- back\n").says("tick 1.1").says("finish");
    case.policy.lock_held_by = Some(9);
    assert_eq!(case.asks("rollback r"), "no: taken by 9");
    case.policy.lock_held_by = None;
    let back = case.says("rollback r");
    assert_eq!((back.d.status, back.d.ended_at), (Status::RollingBack, None));
    assert_eq!(back.says("rolled-back").d.status, Status::RolledBack);
}
