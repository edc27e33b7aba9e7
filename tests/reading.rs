//! One small page for each thing people write, and what must be understood from it.

use proptest::prelude::*;
use rollcall::domain::checklist::{Branch, Checklist, Item, ItemKind, Severity};
use rollcall::markdown::{Reading, read};

fn page(text: &str) -> Reading {
    read("page", text.as_bytes())
}

fn list(text: &str) -> Checklist {
    let reading = page(text);
    reading.checklist.unwrap_or_else(|| panic!("{text}: {:?}", reading.diagnostics))
}

/// The walk in one line: sections with their number, items with theirs, children in brackets.
fn outline(text: &str) -> String {
    fn walk(items: &[Item]) -> String {
        let each = |i: &Item| {
            let sign = match (i.kind, i.checked) {
                (ItemKind::Task, false) => "",
                (ItemKind::Task, true) => "+",
                (ItemKind::Step, _) => "#",
                (ItemKind::Group, _) => "~",
                (ItemKind::Bullet, _) => "*",
                (ItemKind::Box, false) => "=",
                (ItemKind::Box, true) => "=+",
            };
            let below = if i.children.is_empty() { String::new() } else { format!("({})", walk(&i.children)) };
            format!("{sign}{}{below}", i.text.to_plain())
        };
        items.iter().map(each).collect::<Vec<_>>().join(" ")
    }
    let c = list(text);
    let sections = |p: &rollcall::domain::checklist::Phase| {
        let each = |s: &rollcall::domain::checklist::Section| {
            format!("{} {}: {}", s.number, s.title.to_plain(), walk(&s.items))
        };
        format!("[{}] {}", p.title.to_plain(), p.sections.iter().map(each).collect::<Vec<_>>().join("; "))
    };
    c.phases.iter().map(sections).collect::<Vec<_>>().join(" ").replace(": ;", ":;").trim_end().to_owned()
}

#[test]
fn structure() {
    for (text, expected) in [
        ("# T\n## P\n### S\n- [ ] a\n", "[P] 1 S: a"),
        ("# T\n## P\n- [ ] a\n", "[P] 1 P: a"),
        ("# T\n## P\n- [ ] a\n### S\n- [ ] b\n", "[P] 1 P: a; 2 S: b"),
        ("- [ ] a\n- [ ] b\n", "[page] 1 page: a b"),
        ("# T\n- [ ] a\n## P\n- [ ] b\n", "[T] 1 T: a [P] 2 P: b"),
        ("# A\n- [ ] a\n# B\n## C\n- [ ] b\n", "[A] 1 A: a [B] 2 C: b"),
        ("# T\n### A\n- [ ] a\n## B\n- [ ] b\n", "[T] 1 A: a [B] 2 B: b"),
        ("# T\n## P\n##### D\n- [ ] a\n", "[P] 1 D: a"),
        ("# T\n## P\n### S\n#### U\n- [ ] a\n", "[P] 1 S › U: a"),
        ("# T\n## P\n### S\nx\n#### U\n- [ ] a\n", "[P] 2 S: ; 1 U: a"),
        ("T\n=\n\nP\n-\n* [x] a\n", "[P] 1 P: +a"),
        ("# T\n## Empty\n## P\n- [ ] a\n", "[P] 1 P: a"),
        ("# T\n## Phase 2: Go\n### Step 3 - Do\n1) [ ] a\n", "[Go] 1 Do: a"),
        ("# T\n## P\n### S\n**X (before)**\n- [ ] a\n\n**Y:**\n- [ ] b\n", "[P] 1 S › X (before): a; 2 S › Y: b"),
    ] {
        assert_eq!(outline(text), expected.replace(": ;", ":;"), "{text}");
    }
}

#[test]
fn items() {
    for (text, expected) in [
        ("- [ ] a\n  - [x] b\n    - [X] c\n- [ ] d\n", "a(+b(+c)) d"),
        ("+ [ ] a\n\n+ [ ] b\n", "a b"),
        ("1. [ ] a\n2. [ ] b\n", "a b"),
        ("- [ ] a\n\t- [ ] b\n", "a(b)"),
        ("- [ ] one\n  two\n", "one two"),
        ("- Group\n  - [ ] a\n  - [ ] b\n", "~Group(a b)"),
        ("- - [ ] a\n", "a"),
        ("> - [ ] a\n>   - [ ] b\n", "a(b)"),
        ("- [ ] a\n- plain\n- [ ] b\n", "a b"),
        ("- [ ] a\n  1. one\n  2. two\n", "a"),
        ("1. a\n   1. b\n2. c\n", "#a(#b) #c"),
        ("1. a\n   - note\n2. c\n", "#a #c"),
        ("- A\n  1. a\n", "~A(#a)"),
        ("- [ ] a\n\n1. not a step\n", "a"),
        ("- [ ] [link](https://x.example) `code`\n", "link code"),
        ("```\n- [ ] no\n```\n- [ ] a\n<!-- \n- [ ] no\n-->\n", "a"),
    ] {
        assert_eq!(outline(text), format!("[page] 1 page: {expected}"), "{text}");
        let r = page(text);
        assert_eq!(r.counts.items, r.counts.checkboxes, "{text}");
    }
}

#[test]
fn deep_nesting_is_flattened_with_a_warning() {
    let text: String = (0..9).map(|i| format!("{}- [ ] i{i}\n", "  ".repeat(i))).collect();
    let r = page(&text);
    assert_eq!(r.counts.items, 9);
    assert!(r.diagnostics.iter().any(|d| d.severity == Severity::Warning && d.message.contains("deeper")));
    assert!(outline(&text).ends_with("i0(i1(i2(i3(i4(i5(i6 i7 i8))))))"));
}

#[test]
fn notes_and_commands_find_their_place() {
    let c = list(
        "Intro.\n\n## P\nWhy\n\n```sh\nsection\n```\n- [ ] a\n  - note\n\n  para\n\n  ```sh\n  mine\n  ```\n- plain\n- [ ] Run this:\n```\nasked\n```\n\nEnd\n",
    );
    assert_eq!(c.description.as_deref(), Some("Intro."));
    let s = c.sections().next().unwrap();
    let notes = |n: &[rollcall::domain::text::Rich]| n.iter().map(|r| r.to_plain()).collect::<Vec<_>>().join("|");
    assert_eq!(notes(&s.notes), "Why|End");
    assert_eq!((s.commands.len(), s.commands[0].code.as_str()), (1, "section"));
    assert_eq!(notes(&s.items[0].notes), "note|para|plain");
    assert_eq!(
        (s.items[0].commands[0].language.as_deref(), s.items[0].commands[0].code.as_str()),
        (Some("sh"), "mine")
    );
    assert_eq!(s.items[1].commands[0].code, "asked");
}

#[test]
fn numbered_lists_for_reading_are_notes() {
    let c = list("# T\n## Do\n1. a\n## Important Notes\n1. b\n## Appendix\n### More\n1. c\n");
    let kinds: Vec<_> = c.sections().map(|s| (s.items.len(), s.notes.len())).collect();
    assert_eq!(kinds, [(1, 0), (0, 1), (0, 1)]);
}

#[test]
fn fields_of_many_shapes() {
    let text = "# T\n## P\n- [ ] a\n  - Error rate: ___% (target: <1%)\n\n- **Date**: ____\n- **Environment**: Production\n- **Outcome**: Good / Bad\n\n**Notes**:\n_____\n_____\n\nDate: ____\n";
    let c = list(text);
    let labels: Vec<_> = c.fields().map(|f| f.label.as_str()).collect();
    assert_eq!(labels, ["Error rate", "Date", "Environment", "Outcome", "Notes", "Date (2)"]);
    assert_eq!(c.sections().next().unwrap().items[0].notes[0].to_plain(), "Error rate: ___% (target: <1%)");
    let c = list("- [ ] **Lead**: ____ Signature: ____\n\n**Goal**: Speed\n");
    assert_eq!(c.fields().count(), 0);
    assert_eq!(c.sections().next().unwrap().items.len(), 1);
}

#[test]
fn branches_are_inherited() {
    let c = list(
        "# T\n## Rollback\n### When: Rollback Criteria\n- [ ] a\n### How\n- [ ] b\n## End\n### X\nIf deployment successful:\n- [ ] c\n",
    );
    let branches: Vec<_> = c.sections().map(|s| s.branch).collect();
    assert_eq!(branches, [Branch::Watch, Branch::Rollback, Branch::AfterSuccess]);
}

#[test]
fn ids_survive_edits_elsewhere() {
    let ids =
        |text: &str| -> Vec<String> { list(text).sections().flat_map(|s| &s.items).map(|i| i.id.clone()).collect() };
    let before = ids("# T\n## 1. A\n- [ ] x\n- [ ] x\n## 2. B\n- [ ] x\n");
    let after = ids("# Title\n## 1. New\n- [ ] x\n## 2. A\n- [x] x\n- [ ] new\n- [ ] x\n## 3. B\nNote\n- [ ] x\n");
    assert_eq!(after[1], before[0]);
    assert_eq!(after[3], before[1]);
    assert_eq!(after[4], before[2]);
    assert!(before.iter().all(|i| i.len() == 10 && i.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))));
    let unique: std::collections::HashSet<_> = after.iter().collect();
    assert_eq!(unique.len(), after.len());
}

#[test]
fn line_endings_and_bom_change_nothing() {
    let text = "---\ntitle: X\n---\n# T\n\n## P\n- [ ] a\n  - [ ] b\n\n**D**: ____\n";
    let unix = page(text);
    assert_eq!(page(&text.replace('\n', "\r\n")), unix);
    assert_eq!(page(&format!("\u{feff}{text}")), unix);
    let c = unix.checklist.unwrap();
    assert_eq!((c.title.as_str(), c.sections().next().unwrap().items[0].line), ("X", 7));
}

#[test]
fn what_is_not_understood_is_said() {
    for (text, line, says) in [
        ("- [ ] a\n\n| x |\n|---|\n| [ ] y |\n", 5, "in tables"),
        ("- [ ] a\n\n```\n- [ ] b\n```\n", 3, "code block"),
        ("- [ ] a\n\n<!--\n- [ ] b\n-->\n", 3, "comment"),
        ("- [ ] a\n\n[ ] b\n", 3, "no renderer draws"),
        ("- [ ] a\n\n[ ] everything of the first service [ ] c\n", 3, "a choice"),
        ("- [ ] a\n\n<div>words</div>\n", 3, "kept as a note"),
    ] {
        let r = page(text);
        assert!(r.checklist.is_some());
        assert!(
            r.diagnostics.iter().any(|d| d.line == line && d.message.contains(says)),
            "{text}: {:?}",
            r.diagnostics
        );
    }
}

#[test]
fn errors() {
    let error = |bytes: &[u8]| {
        let r = read("x", bytes);
        assert!(r.checklist.is_none());
        r.diagnostics.into_iter().find(|d| d.severity == Severity::Error).unwrap().message
    };
    assert!(error(b"").contains("empty"));
    assert!(error(b"# Only words\n").contains("nothing to tick"));
    assert!(error("- [ ] a\n".repeat(20_001).as_bytes()).contains("20001 items"));
    assert!(error(b"---\ntitel: x\n---\n- [ ] a\n").contains("`title`"));
}

/// Nothing may cost more than in proportion to its length; a page that does would run for minutes.
#[test]
fn hostile_pages_are_read_in_time() {
    let start = std::time::Instant::now();
    for text in [
        "- ".repeat(100_000) + "[ ] a",
        "> ".repeat(100_000) + "- [ ] a",
        "<".repeat(200_000),
        "<!--".repeat(50_000),
        "[".repeat(100_000),
        "**a ".repeat(50_000),
        "_".repeat(200_000) + ": ___",
        "a: ___ ".repeat(30_000),
        "[ ] a ".repeat(30_000),
        "# h\n".repeat(20_000),
        "# 1. Roll back\n- [ ] a\n".repeat(3_000),
        "**b**\n- [ ] a\n\n".repeat(4_000),
        "- [ ] same\n".repeat(19_000),
        "X: ____\n\n".repeat(8_000),
        "X:\n- a\n\n".repeat(5_000),
        "- [ ] a > 5% for 5 minutes ".repeat(5_000),
        "## Rollback criteria\n\n- Error rate > 5% for 10 minutes\n\n".repeat(1_500),
        "```\n".to_owned() + &"├─ [ ] a\n".repeat(9_000),
        "â‰¤ ".repeat(20_000),
        "[//]: # (- [ ] b)\n".repeat(9_000),
        "| a ".repeat(50_000) + "\n" + &"|-".repeat(50_000),
        (0..1500).map(|i| format!("{}- [ ] i\n", "  ".repeat(i))).collect(),
    ] {
        page(&text);
    }
    assert!(start.elapsed() < std::time::Duration::from_secs(60), "{:?}", start.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        read("x", &bytes);
    }

    #[test]
    fn any_text(text in any::<String>()) {
        holds(&text)?;
    }

    #[test]
    fn markdown_soup(text in proptest::collection::vec(proptest::sample::select(vec![
        "# ", "## ", "### ", "###### ", "- ", "- [ ] ", "* [x] ", "1. ", "2) [ ] ", "> ", "  ", "    ", "\t", "\n", "\n\n",
        "```\n", "~~~", "<!--", "-->", "<div>", "| a | b |\n|---|---|\n", "**", "_", "____", ": ", "**Label**: ____",
        "~~", "☐ ", "[-] ", "[OK] ", "├─ [ ] ", "Roll back if:\n", "- Owner:", "OR", "> 5% for 5 minutes", "Step 1: ", "T-7",
        "<li>", "<input type=\"checkbox\">", "[//]: # (", ")", "| Trigger | x |\n|-|-|\n", "| [ ] | ____ |\n", "承認", "(optional)",
        "[ ] ", "(if needed)", "---\n", "+++\n", "title: x\n", "words", "Rollback", "21. ", "Phase 2: ", "[^1]", "[^1]: ",
        "\\", "&amp;", "\u{202e}", "é", "🚀", "![a](b)", "[a](http://b)", "\r\n", "Within 1 hour",
    ]), 0..60)) {
        holds(&text.concat())?;
    }
}

/// What is true of every page.
fn holds(text: &str) -> Result<(), TestCaseError> {
    let r = page(text);
    let errors = r.diagnostics.iter().any(|d| d.severity == Severity::Error);
    prop_assert_eq!(r.checklist.is_none(), errors);
    let last = u32::try_from(text.lines().count()).unwrap();
    prop_assert!(r.diagnostics.iter().all(|d| d.line <= last + 1));
    rollcall::check::tree("x", &r, Some("qa"), true);
    let data = rollcall::check::json(&[("x".to_owned(), r.clone())], None);
    prop_assert_eq!(&data[0]["counts"]["checkboxes"], r.counts.checkboxes);
    if let Some(c) = &r.checklist {
        // A checkbox of HTML in running text is one to a renderer and no item here.
        if text.contains("<input") {
            prop_assert!(r.counts.items <= r.counts.checkboxes);
        } else {
            prop_assert_eq!(r.counts.items, r.counts.checkboxes);
        }
        prop_assert!(rollcall::check::diff(c, c).is_empty());
        let mut count = 0;
        let mut all: Vec<&Item> = c.sections().flat_map(|s| &s.items).collect();
        while let Some(item) = all.pop() {
            count += usize::from(!matches!(item.kind, ItemKind::Group | ItemKind::Bullet));
            prop_assert_eq!(c.item(&item.number).map(|i| &i.id), Some(&item.id));
            all.extend(&item.children);
        }
        prop_assert_eq!(count, r.counts.items + r.counts.boxes + r.counts.steps);
    }
    Ok(())
}
