//! What the outside is told to do after each event.

use crate::dsl::*;
use rollcall::domain::command::Timer as Kind;
use rollcall::domain::decide::WALKABLE_MS;
use rollcall::domain::event::Event;
use rollcall::domain::react::Effect::{self, *};
use rollcall::domain::react::{Occasion, react};
use rollcall::domain::time::Timestamp;

fn after(case: &Case, event: Event) -> Vec<Effect> {
    case.clone().given(event).effects()
}

#[test]
fn opening_arms_the_start() {
    let case = scheduled(PAGE);
    let start = Timer(Kind::Start, Some(Timestamp(60_000)));
    assert_eq!(case.effects(), [Say(Occasion::Scheduled), ShowBoard, start]);
    let mut at_once = case.log[0].clone();
    at_once.event = opened("prod", None);
    assert_eq!(react(&case.d, &at_once, &case.policy), [], "the start itself speaks");
}

#[test]
fn starting_and_queueing() {
    let case = scheduled(PAGE);
    assert_eq!(after(&case, Event::Queued { behind: 7 }), [Say(Occasion::Queued), ShowBoard]);
    assert_eq!(
        after(&case, Event::Started { late_ms: 0 }),
        [
            Say(Occasion::Start),
            ShowBoard,
            ShowSection(5),
            Timer(Kind::Start, None),
            Timer(Kind::Progress, Some(Timestamp(3_600_000)))
        ]
    );
    assert_eq!(after(&case, Event::SectionOpened { section: 1, late_ms: 0 }), [ShowSection(1), ShowBoard]);
}

#[test]
fn a_mark_refreshes_its_message_and_the_board() {
    let case = walking(&format!("## 1 One\n{}## 2 Watch @watch\n- bad\n", "- item\n".repeat(11)));
    assert_eq!(case.clone().says("tick 1.10").effects(), [RefreshPart(1, 1), ShowBoard]);
    assert_eq!(case.clone().says("tick 1.11").effects(), [RefreshPart(1, 2), ShowBoard]);
    assert_eq!(case.clone().says("fail 1.1 : red").effects(), [RefreshPart(1, 1), ShowBoard, Say(Occasion::Failure)]);
    assert_eq!(case.clone().says("block 1.1 : x").effects(), [RefreshPart(1, 1), ShowBoard]);
    assert_eq!(case.clone().says("fail 2.1 : no").effects(), [RefreshPart(2, 1), ShowBoard], "a criterion is no step");
    assert_eq!(case.clone().says("assign 1.1 : Ben").effects(), [RefreshPart(1, 1), ShowBoard]);
    assert_eq!(case.clone().says("evidence 1.11 : e").effects(), [RefreshPart(1, 2), ShowBoard]);
    assert_eq!(after(&case, marked("9.9", rollcall::domain::command::Mark::Tick)), [ShowBoard], "an unknown item");
}

#[test]
fn what_is_announced_once() {
    let case = walking("## 1 One\nOwner\n- a\n");
    assert_eq!(case.clone().says("note n").effects(), [ShowBoard], "notes make no noise");
    assert_eq!(case.clone().says("fill Owner = me").effects(), [RefreshPart(1, 1), ShowBoard], "where it stands");
    let held = case.clone().says("hold r");
    let remind = |due| Timer(Kind::Remind, due);
    let in_half_an_hour = remind(Some(held.now.plus_ms(1_800_000)));
    assert_eq!(held.effects(), [Say(Occasion::Hold), ShowBoard, RefreshSections, in_half_an_hour]);
    assert_eq!(
        case.clone().says("hold r").says("resume").effects(),
        [Say(Occasion::Resume), ShowBoard, RefreshSections, remind(None)]
    );
    assert_eq!(case.clone().says("handover Ben").effects(), [Say(Occasion::Handover), ShowBoard]);
    let next = Timer(Kind::Progress, Some(Timestamp(3_600_000)));
    assert_eq!(case.clone().says("progress").effects(), [Say(Occasion::Progress), ShowBoard, next]);
    let posted = case.clone().by("Rollcall").says("progress");
    assert_eq!(posted.effects(), [Say(Occasion::Progress), ShowBoard], "what the timer posts, the timer goes on from");
    assert_eq!(
        case.clone().says("rollback r").effects(),
        [
            Say(Occasion::Rollback),
            ShowBoard,
            RefreshSections,
            Timer(Kind::Archive, None),
            Timer(Kind::Progress, Some(Timestamp(3_600_000))),
            remind(None)
        ]
    );
}

#[test]
fn an_outcome_frees_the_lock_and_stops_the_clocks() {
    let case = walking("## 1 One\n- a\n").says("tick 1.1");
    for (said, occasion) in
        [("finish", Occasion::Success), ("partial r", Occasion::Partial), ("cancel r", Occasion::Cancelled)]
    {
        let over = case.clone().says(said);
        let archive = Timer(Kind::Archive, Some(over.now.plus_ms(WALKABLE_MS)));
        let clocks = [Timer(Kind::Start, None), Timer(Kind::Progress, None), archive];
        let mut expected = vec![Say(occasion), ShowBoard, RefreshSections];
        expected.extend(clocks);
        expected.extend([ReleaseLock, AttachRecord, Timer(Kind::Remind, None)]);
        assert_eq!(over.effects(), expected);
    }
    let back = case.says("rollback r").says("rolled-back");
    assert_eq!(back.effects()[0], Say(Occasion::RolledBack));
    assert!(back.effects().contains(&ReleaseLock));
    assert_eq!(after(&back, Event::Archived), [ShowBoard, RefreshSections]);
}

#[test]
fn a_post_of_each_occasion_has_its_event() {
    use std::collections::BTreeSet;
    let active = walking(PAGE);
    let cases = [
        scheduled(PAGE),
        scheduled(PAGE).given(Event::Queued { behind: 1 }),
        active.clone(),
        active.clone().says("progress"),
        active.clone().says("fail 1.1 : r"),
        active.clone().says("hold r"),
        active.clone().says("hold r").says("resume"),
        active.clone().says("handover Ben"),
        active.clone().says("rollback r"),
        active.clone().says("rollback r").says("rolled-back"),
        active.clone().says("tick 1 2 4").says("finish"),
        active.clone().says("partial r"),
        active.given(Event::Breached { item: number("5.1"), measured_ms: 1, late_ms: 0 }),
        walking(PAGE).says("cancel r"),
    ];
    let said: BTreeSet<Occasion> =
        cases.iter().flat_map(Case::effects).filter_map(|e| if let Say(o) = e { Some(o) } else { None }).collect();
    assert_eq!(said.len(), cases.len());
}
