//! How a page is cut into messages and keycaps.

use crate::dsl::*;
use rollcall::domain::checklist::Number;
use rollcall::domain::deployment::Tally;
use rollcall::domain::plan::Plan;

/// `1:1-10 2:1-3`: each message with its keycaps.
fn parts(plan: &Plan, section: u32) -> String {
    let stretch = plan.stretch(section).unwrap();
    let part = |p| {
        let leaves = &plan.leaves[plan.part(section, p)];
        let caps: Vec<u8> = leaves.iter().map(|l| l.keycap).collect();
        assert_eq!(caps, (1..=u8::try_from(caps.len()).unwrap()).collect::<Vec<_>>());
        caps.len().to_string()
    };
    (1..=stretch.parts).map(part).collect::<Vec<_>>().join(" ")
}

fn items(n: usize) -> String {
    "- item\n".repeat(n)
}

fn group(n: usize) -> String {
    format!("- group\n{}", "  - item\n".repeat(n))
}

fn cut(body: &str) -> String {
    parts(&page(&format!("## 1 One\n{body}")), 1)
}

#[test]
fn ten_a_message() {
    for (n, expected) in [(1, "1"), (9, "9"), (10, "10"), (11, "10 1"), (20, "10 10"), (23, "10 10 3")] {
        assert_eq!(cut(&items(n)), expected);
    }
}

#[test]
fn parents_stay_with_their_children() {
    assert_eq!(cut(&format!("{}{}", items(8), group(3))), "8 3");
    assert_eq!(cut(&format!("{}{}", items(7), group(3))), "10");
    assert_eq!(cut(&format!("{}{}", group(10), items(1))), "10 1");
    assert_eq!(cut(&format!("{}{}{}", items(1), group(10), items(1))), "1 10 1");
    assert_eq!(cut(&group(23)), "10 10 3");
    assert_eq!(cut(&format!("{}{}{}", items(3), group(23), items(2))), "3 10 10 5");
    assert_eq!(cut(&format!("{}{}", group(23), group(8))), "10 10 3 8");
    // Within a group too large for one message, the groups in it stay together too.
    let inner = |n: usize| format!("  - inner\n{}", "    - item\n".repeat(n));
    assert_eq!(cut(&format!("- outer\n{}{}", inner(6), inner(6))), "6 6");
    assert_eq!(cut(&format!("- outer\n{}{}", inner(6), inner(4))), "10");
}

#[test]
fn keycaps_name_one_leaf() {
    let plan = page(&format!("## 1 One\n{}## 2 Two\n{}", items(11), items(2)));
    assert_eq!(plan.by_keycap(1, 1, 1), Some(0));
    assert_eq!(plan.by_keycap(1, 1, 10), Some(9));
    assert_eq!(plan.by_keycap(1, 2, 1), Some(10));
    assert_eq!(plan.by_keycap(2, 1, 2), Some(12));
    for (section, part, keycap) in [(1, 2, 2), (1, 3, 1), (1, 0, 1), (1, 1, 0), (1, 1, 11), (9, 1, 1), (2, 1, 3)] {
        assert_eq!(plan.by_keycap(section, part, keycap), None);
        assert!(plan.part(9, part).is_empty());
    }
}

#[test]
fn an_optional_parent_makes_its_children_optional() {
    let case = walking("## 1 One\n- If needed ?\n  - a\n  - deeper\n    - b\n- c\n");
    let optional: Vec<bool> = case.d.plan.leaves.iter().map(|l| l.optional).collect();
    assert_eq!(optional, [true, true, false]);
    assert_eq!(case.asks("skip 1.1"), "skip 1.1.1; skip 1.1.2.1");
    assert_eq!(case.asks("finish"), "no: required open 1: 1.2");
}

#[test]
fn sections_without_items_are_not_walked() {
    let case = walking("## 1 Notes\n## 2 Work\n- a\n");
    assert_eq!(case.d.plan.sections.len(), 1);
    assert!(case.d.plan.stretch(1).is_none());
    assert_eq!(case.d.current_section(), Some(2));
    assert_eq!(case.asks("tick 1"), "no: no item 1, near");
    let empty = walking("");
    assert_eq!((empty.d.current_section(), empty.d.tally().percent()), (None, 100));
    assert_eq!(empty.asks("finish"), "succeeded");
}

#[test]
fn texts_and_leaves_by_number() {
    let plan = page(PAGE);
    assert_eq!(plan.text(&number("1.4")), "Database");
    assert_eq!(plan.text(&number("1.4.2")), "Rows counted");
    assert_eq!(plan.text(&number("1.9")), "");
    assert_eq!(plan.leaf(&number("1.4")), None, "a parent is not a leaf");
    assert_eq!(page("## 1 One\n- only\n").leaf(&number("1")), None, "nor is a section of one item");
    assert_eq!(page("## 1 One\n- parent\n  - only\n").leaf(&number("1.1")), None);
}

#[test]
fn numbers_are_read_as_they_are_shown() {
    for text in ["3", "3.2", "0.1", "3.2.1", "1.2.3.4.5.6.7.8.9.10.11.12", "4294967295.1"] {
        let number: Number = text.parse().unwrap();
        assert_eq!(number.to_string(), text);
        let json = serde_json::to_string(&number).unwrap();
        assert_eq!(serde_json::from_str::<Number>(&json).unwrap(), number, "a deep item's events can be read back");
    }
    for text in ["", ".", "3.", ".3", "3..2", "3.x", "-3", "+3", "3 .2", "4294967296", "٣", "99999999999"] {
        assert_eq!(text.parse::<Number>(), Err(()), "{text}");
    }
    assert!(number("3.2.1").is_within(&number("3.2")));
    assert!(number("3.2").is_within(&number("3.2")));
    assert!(!number("3.21").is_within(&number("3.2")));
}

#[test]
fn a_hundred_percent_means_all() {
    for (done, total, percent) in
        [(0, 0, 100), (0, 3, 0), (1, 3, 33), (2, 3, 66), (3, 3, 100), (199, 200, 99), (359, 360, 99), (1, 1000, 0)]
    {
        assert_eq!(Tally { done, total }.percent(), percent);
    }
    assert_eq!(Tally { done: u32::MAX, total: u32::MAX }.percent(), 100);
}
