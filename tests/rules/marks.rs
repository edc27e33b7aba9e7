//! What can be done to an item, alone, in groups, and by a reaction.

use crate::dsl::*;
use rollcall::domain::command::Mark;

#[test]
fn every_mark_on_every_state() {
    // The item is marked by Ben at 3000; then Ana says the row's word, naming it, and as one of several.
    let table = "
       | open                        | tick                            | skip                            | fail            | block
tick   | tick 1.1                    | no: already tick 1.1 by Ben at 3000 | tick 1.1                    | tick 1.1        | tick 1.1
untick | no: not marked 1.1          | untick 1.1                      | untick 1.1                      | untick 1.1      | untick 1.1
skip   | skip 1.1 : r                | no: already tick 1.1 by Ben at 3000 | no: already skip 1.1 by Ben at 3000 | skip 1.1 : r | skip 1.1 : r
fail   | fail 1.1 : r                | fail 1.1 : r                    | fail 1.1 : r                    | fail 1.1 : r    | fail 1.1 : r
block  | block 1.1 : r               | no: already tick 1.1 by Ben at 3000 | block 1.1 : r               | block 1.1 : r   | block 1.1 : r
";
    let mut rows = table.lines().filter(|l| !l.is_empty()).map(|l| l.split('|').map(str::trim));
    let states: Vec<&str> = rows.next().unwrap().skip(1).collect();
    for row in rows {
        let row: Vec<&str> = row.collect();
        for (state, expected) in states.iter().zip(&row[1..]) {
            let case = walking(PAGE).by("Ben");
            let case = if *state == "open" { case } else { case.says(&format!("{state} 1.1 : b")) }.by("Ana");
            let reason = if matches!(row[0], "tick" | "untick") { "" } else { " : r" };
            assert_eq!(case.asks(&format!("{} 1.1{reason}", row[0])), *expected, "{} on {state}", row[0]);
        }
    }
}

#[test]
fn what_is_said_of_many_overrules_nothing_said_of_one() {
    let case =
        walking(PAGE).by("Ben").says("tick 1.1").says("fail 1.2 : red").says("block 1.4.1 : dba").says("skip 1.3");
    // 1.4.2 is the only open one.
    assert_eq!(
        case.asks("tick 1"),
        "tick 1.4.2 | already tick 1.1 by Ben at 3000; left fail 1.2; left skip 1.3; left block 1.4.1"
    );
    assert_eq!(
        case.asks("skip 1 : later"),
        "skip 1.4.2 : later | already tick 1.1 by Ben at 3000; left fail 1.2; already skip 1.3 by Ben at 6000; left block 1.4.1"
    );
    // A section that fails as a whole loses no tick.
    assert_eq!(
        case.asks("fail 1 : power cut"),
        "fail 1.4.2 : power cut | left tick 1.1; left fail 1.2; left skip 1.3; left block 1.4.1"
    );
    assert_eq!(
        case.asks("block 1 : power cut"),
        "block 1.4.2 : power cut | already tick 1.1 by Ben at 3000; left fail 1.2; left skip 1.3; left block 1.4.1"
    );
    // Taking back is for all of them.
    assert_eq!(case.asks("untick 1"), "untick 1.1; untick 1.2; untick 1.3; untick 1.4.1 | not marked 1.4.2");
    // Named itself, it is meant, also next to a group it belongs to, in either order.
    assert_eq!(case.asks("tick 1.2"), "tick 1.2");
    assert_eq!(case.asks("tick 1.2 1.4.1"), "tick 1.2; tick 1.4.1");
    // A range is said of several even where it means one: what ✅ offers never overrules what came meanwhile.
    assert_eq!(case.asks("tick 1.2 1.4.1-1.4.1"), "tick 1.2 | left block 1.4.1");
    assert_eq!(case.asks("tick 1.1-1.3 1.2"), "tick 1.2 | already tick 1.1 by Ben at 3000; left skip 1.3");
    assert_eq!(case.asks("tick 1.2 1.1-1.3"), "tick 1.2 | already tick 1.1 by Ben at 3000; left skip 1.3");
}

#[test]
fn an_item_said_twice_is_done_once() {
    assert_eq!(walking(PAGE).asks("tick 1.1 1.1 1.1-1.2"), "tick 1.1; tick 1.2");
}

#[test]
fn nothing_left_is_said_as_it_is() {
    let case = walking(PAGE).by("Ben").says("tick 1.1 1.2");
    assert_eq!(case.asks("tick 1.1"), "no: already tick 1.1 by Ben at 3000");
    assert_eq!(case.asks("tick 1.1-1.2"), "no: nothing to do");
    assert_eq!(case.asks("untick 2"), "no: nothing to do");
    assert_eq!(case.asks("tick 6"), "no: closed 6.1 UntilRollback", "all closed for one reason: that reason");
    assert_eq!(case.asks("tick 3.1"), "no: 3.1 is for dev");
    assert_eq!(case.asks("tick 1.1 6.1"), "no: nothing to do");
    assert_eq!(case.asks("tick"), "no: nothing to do");
    assert_eq!(case.asks("tick 2.1 6.1 3.1"), "tick 2.1 | closed 6.1 UntilRollback; 3.1 is for dev");
}

#[test]
fn reasons() {
    let case = walking(PAGE);
    for mark in ["skip", "fail", "block"] {
        assert_eq!(case.asks(&format!("{mark} 1.1")), format!("no: reason needed {mark} 1.1"));
        assert_eq!(
            case.asks(&format!("{mark} 1.1 : ")),
            format!("no: reason needed {mark} 1.1"),
            "an empty one is none"
        );
    }
    assert_eq!(case.asks("skip 1.3"), "skip 1.3", "optional: no reason is asked");
    assert_eq!(case.asks("fail 1.3"), "no: reason needed fail 1.3");
    assert_eq!(case.asks("skip 1.3 1.1"), "no: reason needed skip 1.1", "none is skipped while one lacks its reason");
    assert_eq!(case.asks("tick 1.1 : took 5 min"), "tick 1.1 : took 5 min");
    assert_eq!(case.asks("tick 1.1 : "), "tick 1.1");
}

#[test]
fn who_and_when_are_kept_of_the_last_mark() {
    let case = walking(PAGE).by("Ben").says("fail 1.1 : red").by("Cleo").says("tick 1.1 : rerun");
    let marked = case.d.marked(0).unwrap();
    assert_eq!((marked.mark, case.d.person(marked.by).name.as_ref(), marked.at.0), (Mark::Tick, "Cleo", 4_000));
    assert_eq!(marked.note.as_deref(), Some("rerun"));
    let open = case.says("untick 1.1");
    assert!(open.d.marked(0).is_none());
    assert_eq!(open.asks("untick 1.1"), "no: not marked 1.1");
}

#[test]
fn two_people_ticking_at_once_make_one_event() {
    let first = walking(PAGE).by("Ben").says("tick 1.1");
    assert_eq!(first.by("Cleo").asks("tick 1.1"), "no: already tick 1.1 by Ben at 3000");
}

#[test]
fn a_reaction_takes_back_only_what_it_did() {
    let by_hand = walking(PAGE).by("Ben").says("tick 1.1");
    assert_eq!(by_hand.clone().reacting("m1 1 ben").asks("untick 1.1"), "no: not by this reaction 1.1, Ben at 3000");
    let by_key = walking(PAGE).by("Ben").reacting("m1 1 ben").says("tick 1.1");
    assert_eq!(by_key.d.marked(0).unwrap().reaction.as_ref().map(|r| &*r.person), Some("ben"));
    assert_eq!(by_key.asks("untick 1.1"), "untick 1.1");
    assert_eq!(by_key.clone().reacting("m2 1 ben").asks("untick 1.1"), "no: not by this reaction 1.1, Ben at 3000");
    assert_eq!(by_key.clone().by("Cleo").reacting("m1 1 cleo").asks("tick 1.1"), "no: already tick 1.1 by Ben at 3000");
    assert_eq!(by_key.clone().reacting("").asks("untick 1.1"), "untick 1.1", "words take back everything");
    // Ticked by reaction, failed by hand: taking the reaction away does not hide the failure.
    let failed = by_key.reacting("").says("fail 1.1 : red");
    assert_eq!(failed.reacting("m1 1 ben").asks("untick 1.1"), "no: not by this reaction 1.1, Ben at 4000");
}

#[test]
fn a_reaction_names_its_item_and_so_overrules_a_failure() {
    let case = walking(PAGE).says("fail 1.1 : red").reacting("m1 1 ana");
    assert_eq!(case.asks("tick 1.1"), "tick 1.1 by <m1 1 ana>");
}

#[test]
fn environment_bound_sections() {
    assert_eq!(walking(PAGE).asks("tick 4.1"), "tick 4.1", "prod is production");
    assert_eq!(walking(PAGE).asks("tick 3.1"), "no: 3.1 is for dev");
    let dev = scheduled_in("Development", PAGE).given(rollcall::domain::event::Event::Started { late_ms: 0 });
    assert_eq!(dev.asks("tick 3.1"), "tick 3.1");
    assert_eq!(dev.asks("tick 4.1"), "no: 4.1 is for production");
    assert_eq!(dev.asks("finish"), "no: required open 7: 1.1 1.2 1.4.1 1.4.2 2.1 2.2 3.1");
    assert_eq!(dev.asks("assign 4.1 : Ben"), "no: 4.1 is for production");
}

#[test]
fn criteria_are_never_ticked_in_passing() {
    let case = walking(PAGE);
    assert_eq!(case.asks("tick 4.1-6.1"), "tick 4.1 | closed 6.1 UntilRollback", "5.1 and 5.2 did not happen");
    assert_eq!(case.asks("tick 5.1"), "tick 5.1");
    assert_eq!(case.asks("tick 5"), "tick 5.1; tick 5.2", "named as a section they are meant");
    assert_eq!(case.asks("tick 5.1-5.2"), "tick 5.1; tick 5.2");
    assert_eq!(case.asks("tick 4.1-6.1 5.2"), "tick 4.1; tick 5.2 | closed 6.1 UntilRollback");
}

#[test]
fn assigning_and_evidence() {
    let case = walking(PAGE);
    assert_eq!(case.asks("assign 1.1 : Ben"), "1.1 to Ben");
    assert_eq!(case.asks("assign 1.4 : Ben"), "no: <1.4> means 2: 1.4.1 1.4.2");
    assert_eq!(case.asks("assign \"smoke tests\" : Ben"), "1.2 to Ben");
    assert_eq!(case.asks("assign \"smoke tests please\" : Ben"), "no: no match <smoke tests please>");
    assert_eq!(case.asks("evidence 1.1 : https://ci/1"), "evidence 1.1 : https://ci/1");
    assert_eq!(case.asks("evidence 1.1"), "no: 1.1 needs a value");
    assert_eq!(case.asks("evidence \"smoke tests build 118 green\""), "evidence 1.2 : build 118 green");
    assert_eq!(case.asks("evidence \"smoke tests\" : https://ci/1"), "evidence 1.2 : https://ci/1");
    assert_eq!(case.asks("evidence \"smoke tests arm\" : https://ci/1"), "no: no match <smoke tests arm>");
    let case =
        case.says("assign 1.1 : Ben").says("assign 1.2 : Cleo").says("evidence 1.1 : e").says("evidence 1.1 : f");
    let assigned: Vec<_> = case.d.assigned().map(|(i, p)| (i, p.name.to_string())).collect();
    assert_eq!(assigned, [(0, "Ben".into()), (1, "Cleo".into())]);
    assert_eq!(case.d.extra(0).unwrap().evidence, ["e", "f"]);
    let case = case.says("tick 1.1").says("assign 1.2 : Ben");
    let assigned: Vec<_> = case.d.assigned().map(|(i, p)| (i, p.name.to_string())).collect();
    assert_eq!(assigned, [(1, "Ben".into())], "what is settled waits on nobody");
}

#[test]
fn what_happened_since_the_last_progress() {
    let case = walking(PAGE).says("tick 1.1").by("Ben").says("fail 1.2 : red").says("untick 1.1");
    assert_eq!(case.d.since.marks, [(1, Mark::Fail, 1), (0, Mark::Untick, 1)], "each item once, by the last");
    let case = case.says("progress");
    assert_eq!((case.d.since.at, case.d.since.marks.len()), (case.now, 0));
}

const FIELDS: &str = "
## 1 Fields
Error
Error rate
Result: [Success/Rollback]
Größe
ΠΌΛΗ: [Αθήνα/ΒΌΛΟΣ]
Error rate (p99)
";

#[test]
fn fields_are_filled_by_the_longest_label_that_fits() {
    let case = walking(FIELDS);
    for (said, follows) in [
        ("fill Error rate = 0.2 %", "Error rate = 0.2 %"),
        ("fill Error rate: 0.2 %", "Error rate = 0.2 %"),
        ("fill error RATE 0.2 %", "Error rate = 0.2 %"),
        ("fill error rate (P99): 3", "Error rate (p99) = 3"),
        ("fill Error: none", "Error = none"),
        ("fill Error ratings: none", "Error = ratings: none"),
        ("fill Error = rate of three", "Error = rate of three"),
        (
            "fill Errors: none",
            "no: no field <Errors: none>, but Error, Error rate, Result, Größe, ΠΌΛΗ, Error rate (p99)",
        ),
        ("fill Error", "no: Error needs a value"),
        ("fill Error rate", "no: Error rate needs a value"),
        ("fill Error rate :", "no: Error rate needs a value"),
        ("fill Error -3", "Error = -3"),
        ("fill GRÖSSE 3", "no: no field <GRÖSSE 3>, but Error, Error rate, Result, Größe, ΠΌΛΗ, Error rate (p99)"),
        ("fill GRÖßE 3", "Größe = 3"),
        ("fill result = success", "Result = Success"),
        ("fill result success", "Result = Success"),
        ("fill result = maybe", "no: Result is one of Success, Rollback"),
        ("fill πόλη αθήνα", "ΠΌΛΗ = Αθήνα"),
        ("fill Πόλη: βόλος", "ΠΌΛΗ = ΒΌΛΟΣ"),
    ] {
        assert_eq!(case.asks(said), follows, "{said}");
    }
    assert_eq!(walking("## 1 F\nVersion\n").asks("fill Version = 9"), "no: Version is automatic");
    let case = case.says("fill Error = a").says("fill Error = b");
    assert_eq!(case.d.fields.get("Error").map(String::as_str), Some("b"), "the last value stands");
    assert_eq!(scheduled(FIELDS).asks("fill Error = x"), "Error = x", "before the start");
    assert_eq!(case.says("cancel r").asks("fill Error = x"), "Error = x", "and after the end");
}
