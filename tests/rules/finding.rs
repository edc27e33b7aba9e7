//! From what people say to the items they mean.

use crate::dsl::*;
use rollcall::domain::resolve::MAX_ITEMS;

#[test]
fn numbers_of_every_level() {
    let case = walking(PAGE);
    assert_eq!(case.asks("tick 1.4.1"), "tick 1.4.1");
    assert_eq!(case.asks("tick 1.4"), "tick 1.4.1; tick 1.4.2", "a parent is its leaves");
    assert_eq!(case.asks("tick 1"), "tick 1.1; tick 1.2; tick 1.3; tick 1.4.1; tick 1.4.2", "a section is its leaves");
    assert_eq!(case.asks("tick 01.04.1"), "tick 1.4.1");
}

#[test]
fn what_does_not_exist_is_answered_with_what_does() {
    let case = walking(PAGE);
    assert_eq!(case.asks("tick 1.9"), "no: no item 1.9, near 1.1 1.2 1.3");
    assert_eq!(case.asks("tick 1.4.9"), "no: no item 1.4.9, near 1.4.1 1.4.2");
    assert_eq!(case.asks("tick 2.1.1"), "no: no item 2.1.1, near 2.1 2.2");
    assert_eq!(case.asks("tick 99"), "no: no item 99, near");
    assert_eq!(case.asks("tick 1.1 1.9"), "no: no item 1.9, near 1.1 1.2 1.3", "a slip in one stops all");
    assert_eq!(case.asks("tick 1.1-1.9"), "no: no item 1.9, near 1.1 1.2 1.3");
}

#[test]
fn ranges() {
    let case = walking(PAGE);
    assert_eq!(case.asks("tick 1.2-1.4.1"), "tick 1.2; tick 1.3; tick 1.4.1");
    assert_eq!(case.asks("tick 1.3-1.4"), "tick 1.3; tick 1.4.1; tick 1.4.2", "both ends whole");
    assert_eq!(case.asks("tick 1.4.2-2.1"), "tick 1.4.2; tick 2.1", "across sections, in walk order");
    assert_eq!(case.asks("tick 1.1-1.1"), "tick 1.1");
    assert_eq!(case.asks("tick 1.2-1.1"), "no: backwards 1.2-1.1");
    assert_eq!(case.asks("tick 2-1"), "no: backwards 2-1");
    // One end inside the other: from where it begins, to where it ends, and nothing beyond.
    assert_eq!(case.asks("tick 1-1.2"), "tick 1.1; tick 1.2");
    assert_eq!(case.asks("tick 1.4-1.4.1"), "tick 1.4.1");
    assert_eq!(case.asks("tick 1.4.1-1"), "tick 1.4.1; tick 1.4.2");
}

#[test]
fn one_command_has_its_limit() {
    let many = |n: usize| format!("## 1 Many\n{}", "- item\n".repeat(n));
    assert_eq!(walking(&many(MAX_ITEMS)).asks("tick 1").split(';').count(), MAX_ITEMS);
    assert_eq!(walking(&many(MAX_ITEMS + 1)).asks("tick 1"), "no: too many 501");
}

#[test]
fn words_that_match_one_item() {
    let case = walking(PAGE);
    for (said, follows) in [
        ("backup", "tick 1.1"),
        ("BACKUP taken", "tick 1.1"),
        ("taken backup", "tick 1.1"),
        ("smoke tests flaky on arm", "tick 1.2 : flaky on arm"),
        ("back", "no: <back> means 2: 1.1 6.1"),
        ("migr", "tick 1.4.1"),
        ("igrated", "no: no match <igrated>"),
        ("nothing like it", "no: no match <nothing like it>"),
        ("", "no: no match <>"),
    ] {
        // `back` begins "Backup" and stands in "Traffic back", which is closed: what is reachable is preferred.
        let follows = if said == "back" { "tick 1.1" } else { follows };
        assert_eq!(case.asks(&format!("tick \"{said}\"")), follows, "{said}");
    }
    assert_eq!(case.asks("tick \"error\""), "no: <error> means 2: 2.2 5.1");
    assert_eq!(case.asks("tick \"error rate watched\""), "tick 2.2");
    assert_eq!(case.asks("tick \"error rate\""), "no: <error rate> means 2: 2.2 5.1");
    assert_eq!(
        case.asks("tick \"old version\""),
        "no: closed 6.2 UntilRollback",
        "nothing reachable: why it is closed"
    );
    assert_eq!(case.asks("tick \"debug port\""), "no: 3.1 is for dev");
    assert_eq!(case.asks("tick \"database\""), "no: no match <database>", "a parent's words name no leaf");
}

#[test]
fn one_word_of_several_is_asked_back() {
    let case = walking("## 1 One\n- Restart the API\n- All backups verified\n- Drain\n");
    assert_eq!(case.asks("tick \"restart workers\""), "no: <restart> means 1: 1.1");
    assert_eq!(case.asks("tick \"all tests passed\""), "no: <all> means 1: 1.2");
    assert_eq!(case.asks("fail \"restart timed out\""), "no: <restart> means 1: 1.1");
    assert_eq!(case.asks("tick \"restart api slowly\""), "tick 1.1 : slowly");
    assert_eq!(case.asks("tick \"drain slowly\""), "tick 1.3 : slowly", "all that the item says");
    assert_eq!(case.asks("tick \"restart\""), "tick 1.1", "all that was said");
}

#[test]
fn the_whole_text_is_surer_than_a_part() {
    let case = walking("## 1 One\n- Deploy\n- Deploy canary\n- Deploy canary again\n");
    assert_eq!(case.asks("tick \"deploy\""), "tick 1.1");
    assert_eq!(case.asks("tick \"Deploy Canary\""), "tick 1.2");
    assert_eq!(case.asks("tick \"deploy canary done by hand\""), "tick 1.2 : done by hand");
    assert_eq!(case.asks("tick \"deploy ag\""), "tick 1.3");
}

#[test]
fn at_most_ten_are_named() {
    let case = walking(&format!("## 1 Many\n{}", "- same\n".repeat(12)));
    assert_eq!(case.asks("tick \"same\""), "no: <same> means 12: 1.1 1.2 1.3 1.4 1.5 1.6 1.7 1.8 1.9 1.10");
}

#[test]
fn no_word_said_is_lost() {
    let case = walking(PAGE);
    assert_eq!(case.asks("fail \"smoke tests on arm\""), "fail 1.2 : on arm", "what follows is the reason");
    assert_eq!(case.asks("fail \"smoke tests\" : on arm"), "fail 1.2 : on arm");
    // The reason was told apart, so all of the words must be the item's.
    assert_eq!(case.asks("fail \"smoke tests arm\" : 502"), "no: no match <smoke tests arm>");
    assert_eq!(case.asks("skip \"smoke tests\""), "no: reason needed skip 1.2");
}

#[test]
fn a_long_text_is_no_longer_work_than_its_length() {
    let items: String = (1..=2000).map(|n| format!("- a step with some words like alpha and amber {n}\n")).collect();
    let case = walking(&format!("## 1 Many\n{items}- Zoo closed\n"));
    let said = "a ".repeat(1000);
    let from = std::time::Instant::now();
    assert!(case.asks(&format!("tick \"{said}\"")).starts_with("no: <a a a"));
    assert!(case.asks(&format!("tick \"{said} zzz\"")).starts_with("no: <a a a"));
    assert!(case.asks(&format!("tick \"zoo closed {said}\"")).starts_with("tick 1.2001 : a a"));
    // Seconds, even here without optimization, where it took minutes.
    assert!(from.elapsed().as_secs() < 5, "{:?}", from.elapsed());
}

#[test]
fn an_item_of_many_words_is_found_by_all_of_them() {
    let long = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen";
    let case = walking(&format!("## 1 One\n- {long}\n- {long} fifteen sixteen\n- {long} fifteen seventeen\n- b\n"));
    assert_eq!(case.asks(&format!("tick \"{long}\"")), "tick 1.1", "the whole text");
    assert_eq!(case.asks(&format!("tick \"{long} fifteen sixteen\"")), "tick 1.2");
    let alone = walking(&format!("## 1 One\n- {long}\n- b\n"));
    assert_eq!(alone.asks(&format!("fail \"{long} red\"")), "fail 1.1 : red");
}

#[test]
fn words_in_other_alphabets() {
    let case = walking("## 1 Eins\n- Größe prüfen\n- Überwachung an\n- 确认 备份\n");
    assert_eq!(case.asks("tick \"überw\""), "tick 1.2");
    assert_eq!(case.asks("tick \"PRÜFEN größe\""), "tick 1.1");
    assert_eq!(case.asks("tick \"备份\""), "tick 1.3");
}
