//! The stored shape of events is a promise: what was ever written is read for ever, and written the same.
//!
//! `tests/golden/events.jsonl` only grows. A line that no longer reads is a database that no longer opens.

use crate::dsl::*;
use rollcall::domain::command::{Mark, Via};
use rollcall::domain::deployment::Deployment;
use rollcall::domain::event::{Event, Recorded};
use serde_json::Value;
use std::collections::BTreeSet;

const GOLDEN: &str = include_str!("../golden/events.jsonl");

/// Names every variant with its members that may be left out. A new variant does not compile until it stands here,
/// and then fails until the golden file has it in every shape.
macro_rules! events {
    ($($variant:ident $kind:literal [$($member:literal)*],)*) => {
        fn kind(event: &Event) -> &'static str {
            match event {
                $(Event::$variant { .. } => $kind,)*
            }
        }
        const SHAPES: &[(&str, &[&str])] = &[$(($kind, &[$($member),*]),)*];
    };
}

events! {
    Opened "opened" ["rehearsal" "start_at" "expected_ms"],
    Queued "queued" [],
    Started "started" ["late_ms"],
    SectionOpened "section_opened" ["late_ms"],
    Marked "marked" ["note" "reaction"],
    Assigned "assigned" [],
    Noted "noted" [],
    Evidence "evidence" [],
    Filled "filled" [],
    Held "held" [],
    Resumed "resumed" [],
    HandedOver "handed_over" [],
    Progress "progress" ["text" "late_ms" "quiet"],
    RollbackCalled "rollback_called" [],
    RolledBack "rolled_back" [],
    Succeeded "succeeded" ["authority" "open"],
    Partial "partial" [],
    Cancelled "cancelled" [],
    Archived "archived" [],
    Followed "followed" [],
    Unfollowed "unfollowed" [],
    Undelivered "undelivered" [],
    Redelivered "redelivered" [],
    Breached "breached" ["late_ms"],
    Cleared "cleared" [],
    Page "page" [],
    FreezeOverridden "freeze_overridden" [],
    Frozen "frozen" ["until"],
    Rescheduled "rescheduled" [],
    Announced "announced" ["late_ms"],
    WindowClosing "window_closing" ["call" "late_ms"],
    WindowClosed "window_closed" ["open" "count" "call" "late_ms"],
    Reminded "reminded" ["call" "loud" "late_ms"],
    HoldReminded "hold_reminded" ["expired" "call" "loud" "late_ms"],
    Snoozed "snoozed" ["item" "until"],
    Unsnoozed "unsnoozed" ["item"],
    ClockSetBack "clock_set_back" [],
}

fn lines() -> impl Iterator<Item = (usize, &'static str)> {
    GOLDEN.lines().enumerate().map(|(i, l)| (i + 1, l))
}

fn read(line: &str) -> Recorded {
    serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))
}

#[test]
fn every_line_is_read_and_written_the_same() {
    for (n, line) in lines() {
        let recorded = read(line);
        // To the byte: the hash chain is made of what is written.
        assert_eq!(serde_json::to_string(&recorded).unwrap(), line, "line {n}");
        assert_eq!(serde_json::to_value(&recorded.event).unwrap()["kind"], kind(&recorded.event), "line {n}");
    }
}

#[test]
fn every_event_is_there_in_every_shape() {
    let events: Vec<Value> =
        lines().map(|(_, line)| serde_json::from_str::<Value>(line).unwrap()["event"].clone()).collect();
    for (kind, members) in SHAPES {
        let of_kind: Vec<&Value> = events.iter().filter(|e| e["kind"] == *kind).collect();
        assert!(!of_kind.is_empty(), "no line of {kind}");
        for member in *members {
            assert!(of_kind.iter().any(|e| e.get(member).is_some()), "{kind} with {member}");
            assert!(of_kind.iter().any(|e| e.get(member).is_none()), "{kind} without {member}");
        }
    }
}

#[test]
fn every_mark_and_every_surface_is_there() {
    let mut marks = BTreeSet::new();
    let mut surfaces = BTreeSet::new();
    for (_, line) in lines() {
        let recorded = read(line);
        // A new one does not compile until it is counted.
        surfaces.insert(match recorded.via {
            Via::Console => 0,
            Via::Terminal => 1,
            Via::Timer => 2,
            Via::Slack => 3,
            Via::Discord => 4,
            Via::Pager => 5,
        });
        if let Event::Marked { mark, .. } = recorded.event {
            marks.insert(match mark {
                Mark::Tick => 0,
                Mark::Untick => 1,
                Mark::Skip => 2,
                Mark::Fail => 3,
                Mark::Block => 4,
            });
        }
    }
    assert_eq!((marks.len(), surfaces.len()), (5, 6));
}

#[test]
fn the_golden_log_still_adds_up_to_the_same_state() {
    // The file is also one life, in order: what its events mean must not change either.
    let mut log = lines().map(|(_, line)| read(line));
    let first = log.next().unwrap();
    let mut d = Deployment::open(1, page(PAGE), &first).unwrap();
    let mut states = Vec::new();
    for recorded in log {
        d.evolve(&recorded);
        let case = Case { d: d.clone(), log: vec![], policy: policy(), now: d.at, by: ana(), reaction: None };
        states.push(format!(
            "{} {} {} {}/{} [{}] {}",
            d.seq,
            kind(&recorded.event),
            d.status.label(),
            d.tally().done,
            d.tally().total,
            case.marks(),
            d.reason.as_deref().unwrap_or("-")
        ));
    }
    let expected = include_str!("../golden/states.txt");
    let found = states.join("\n") + "\n";
    assert_eq!(found, expected, "found:\n{found}");
    let people: Vec<&str> = d.people.iter().map(|p| &*p.person.name).collect();
    assert_eq!(people, ["Ana", "Rollcall", "Ben", "Cleo Ünal"]);
    assert_eq!(d.fields.get("Error rate").map(String::as_str), Some("0.2 %"));
    assert!(d.archived);
}
