//! Where the walk stands, what is next, and which sections come up when.

use crate::dsl::*;
use rollcall::domain::deployment::Tally;

fn next(case: &Case) -> String {
    let numbers: Vec<String> = case.d.next_up().map(|i| case.d.plan.leaves[i].number.to_string()).collect();
    numbers.join(" ")
}

const WALK: &str = "
## 1 First
- a
- b ?
## 2 If needed
- c ?
## 3 Third
- d
## 4 Last, if needed
- e ?
";

#[test]
fn nothing_is_walked_before_the_start() {
    let mut case = scheduled(WALK);
    assert_eq!((case.d.current_section(), next(&case), case.follow()), (None, String::new(), vec![]));
}

#[test]
fn required_items_lead_the_walk_and_optional_ones_are_seen_in_passing() {
    let mut case = walking(WALK);
    assert_eq!(case.d.current_section(), Some(1));
    assert_eq!(next(&case), "1.1 3.1 1.2 2.1 4.1");
    assert_eq!(case.follow(), [1]);
    assert_eq!(case.follow(), [0; 0], "once");
    case = case.says("tick 1.1");
    assert_eq!(case.d.current_section(), Some(3));
    assert_eq!(case.follow(), [2, 3], "what is only needed sometimes is shown before the walk goes on, in its place");
    case = case.says("tick 3.1");
    assert_eq!(case.d.current_section(), Some(1), "then what is left");
    assert_eq!(next(&case), "1.2 2.1 4.1");
    assert_eq!(case.follow(), [0; 0]);
    case = case.says("skip 1.2 2.1");
    assert_eq!(case.follow(), [4]);
    case = case.says("tick 4.1");
    assert_eq!((case.d.current_section(), next(&case)), (None, String::new()));
}

#[test]
fn optional_sections_settled_beforehand_do_not_come_up() {
    let mut case = walking(WALK).says("skip 2.1").says("tick 1.1");
    assert_eq!(case.follow(), [1, 3]);
}

#[test]
fn failed_and_blocked_do_not_stop_the_walk_but_it_comes_back_to_them() {
    let mut case = walking("## 1 One\n- a\n## 2 Two\n- b\n- c ?\n");
    assert_eq!(case.follow(), [1]);
    case = case.says("fail 1.1 : red");
    assert_eq!(case.follow(), [2], "others can go on");
    assert_eq!(next(&case), "2.1 2.2");
    case = case.says("tick 2.1");
    assert_eq!(case.d.current_section(), Some(1), "failed comes before optional");
    assert_eq!(next(&case), "2.2");
    let blocked = case.clone().says("block 1.1 : dba");
    assert_eq!(blocked.d.current_section(), Some(1));
    assert_eq!(case.says("tick 1.1").d.current_section(), Some(2));
}

#[test]
fn a_section_is_announced_once_even_if_the_walk_comes_back() {
    let mut case = walking("## 1 One\n- a\n## 2 Two\n- b\n");
    assert_eq!(case.follow(), [1]);
    case = case.says("tick 1.1");
    assert_eq!(case.follow(), [2]);
    case = case.says("untick 1.1");
    assert_eq!((case.d.current_section(), case.follow()), (Some(1), vec![]));
    // Done ahead, then taken back: it comes up after all.
    let mut case = walking("## 1 One\n- a\n## 2 Two\n- b\n## 3 Three\n- c\n").says("tick 2.1").says("tick 1.1");
    assert_eq!(case.follow(), [1, 3].into_iter().skip(1).collect::<Vec<_>>());
    case = case.says("untick 2.1");
    assert_eq!(case.follow(), [2]);
}

#[test]
fn other_environments_are_passed_over() {
    let mut case = walking(PAGE).says("tick 1 2");
    assert_eq!(case.follow(), [4]);
}

#[test]
fn the_walk_changes_with_the_status() {
    let case = walking(PAGE);
    let numbers = |case: &Case| case.d.walk().map(|s| s.number).collect::<Vec<_>>();
    assert_eq!(numbers(&case), [1, 2, 4]);
    assert_eq!(numbers(&case.clone().says("hold r")), [1, 2, 4]);
    assert_eq!(numbers(&case.clone().says("rollback r")), [6]);
    assert_eq!(numbers(&case.clone().says("rollback r").says("rolled-back")), [8]);
    assert_eq!(numbers(&case.clone().says("partial r")), [7, 9]);
    assert_eq!(numbers(&case.clone().says("cancel r")), [0; 0]);
}

#[test]
fn the_count_is_of_the_walk_that_led_here() {
    let case = walking(PAGE);
    assert_eq!(case.d.tally(), Tally { done: 0, total: 8 });
    let case = case.says("tick 1.1").says("skip 1.3").says("fail 1.2 : red").says("tick 9.1 10.1 5.1");
    assert_eq!(case.d.tally(), Tally { done: 2, total: 8 }, "ticked or skipped, of the forward walk here");
    assert_eq!(case.clone().says("partial r").d.tally(), Tally { done: 2, total: 8 });
    let back = case.says("rollback r").says("tick 6.1");
    assert_eq!(back.d.tally(), Tally { done: 1, total: 2 });
    assert_eq!(back.says("rolled-back").d.tally(), Tally { done: 1, total: 2 });
    let section = walking(PAGE).says("tick 1.4.1");
    assert_eq!(section.d.tally_of(section.d.plan.span(&number("1.4")).unwrap()), Tally { done: 1, total: 2 });
}

#[test]
fn trouble_is_listed_in_page_order() {
    let case = walking(PAGE).says("fail 2.1 : x").says("fail 1.1 : y").says("block 1.2 : z");
    use rollcall::domain::command::Mark;
    assert_eq!(case.d.troubled(Mark::Fail).collect::<Vec<_>>(), [0, 5]);
    assert_eq!(case.d.troubled(Mark::Block).collect::<Vec<_>>(), [1]);
}
