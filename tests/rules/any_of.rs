//! Items of which any one is enough.

use crate::dsl::*;
use rollcall::domain::deployment::Tally;

const PAGE: &str = "
## 1 One
- Reviewed |
  - by two people
  - by the lead
  - outside
    - report read
    - report signed
- Backup taken
## 2 Two
- Started
";

fn open(case: &Case) -> String {
    let numbers: Vec<_> =
        case.d.required_open().into_iter().map(|i| case.d.plan.leaves[i].number.to_string()).collect();
    numbers.join(" ")
}

#[test]
fn one_completes_the_parent_and_spares_the_others() {
    let case = walking(PAGE);
    assert_eq!(open(&case), "1.1.1 1.1.2 1.1.3.1 1.1.3.2 1.2 2.1");
    let ticked = case.clone().says("tick 1.1.2");
    assert_eq!(open(&ticked), "1.2 2.1");
    assert_eq!(ticked.d.tally(), Tally { done: 4, total: 6 });
    assert_eq!(ticked.d.tally_of(ticked.d.plan.span(&number("1.1")).unwrap()), Tally { done: 4, total: 4 });
    let next: Vec<_> = ticked.d.next_up().map(|i| ticked.d.plan.leaves[i].number.to_string()).collect();
    assert_eq!(next, ["1.2", "2.1"]);
    assert_eq!(ticked.clone().says("tick 1.2").d.current_section(), Some(2));
    assert!(ticked.says("tick 1.2 2.1").asks("finish").starts_with("succe"));
}

#[test]
fn taking_it_back_asks_for_all_again() {
    let case = walking(PAGE).says("tick 1.1.2").says("untick 1.1.2");
    assert_eq!(open(&case), "1.1.1 1.1.2 1.1.3.1 1.1.3.2 1.2 2.1");
    let failed = walking(PAGE).says("fail 1.1.1 : no time").says("tick 1.1.2");
    assert_eq!(open(&failed), "1.2 2.1", "what failed is not needed any more");
}

#[test]
fn a_child_with_children_completes_it_when_they_are_done() {
    let case = walking(PAGE).says("tick 1.1.3.1");
    assert!(open(&case).starts_with("1.1.1 1.1.2 1.1.3.2"));
    assert_eq!(open(&case.clone().says("tick 1.1.3.2")), "1.2 2.1");
    assert_eq!(open(&case.says("skip 1.1.3.2 : n/a")), "1.2 2.1");
}

#[test]
fn skipping_completes_nothing() {
    let case = walking(PAGE).says("skip 1.1.1 : no");
    assert!(open(&case).starts_with("1.1.2 1.1.3.1"));
    let all = case.says("skip 1.1.2 : no").says("skip 1.1.3.1 1.1.3.2 : no");
    assert_eq!(open(&all), "1.2 2.1", "but all may be skipped");
}

#[test]
fn choices_within_choices() {
    let page = "
## 1 One
- Outer |
  - Inner |
    - a
    - b
  - c
- Other |
  - d
  - e
";
    assert_eq!(open(&walking(page).says("tick 1.1.1.2")), "1.2.1 1.2.2");
    assert_eq!(open(&walking(page).says("tick 1.1.2")), "1.2.1 1.2.2");
    assert_eq!(open(&walking(page).says("tick 1.2.1")), "1.1.1.1 1.1.1.2 1.1.2");
    // All of an inner group with a choice in it.
    let mixed = "## 1 One\n- Outer |\n  - All\n    - Inner |\n      - a\n      - b\n    - c\n  - d\n";
    assert_eq!(open(&walking(mixed).says("tick 1.1.1.1.1")), "1.1.1.2 1.1.2");
    assert_eq!(open(&walking(mixed).says("tick 1.1.1.1.1").says("tick 1.1.1.2")), "");
}
