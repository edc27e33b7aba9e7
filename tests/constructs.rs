//! What people really write, one small page for each habit: which items there are, of which sort, and what is said.

use rollcall::domain::checklist::{Checklist, Item, ItemKind, Severity};
use rollcall::markdown::{Reading, read};

fn page(text: &str) -> Reading {
    read("page", text.as_bytes())
}

fn list(text: &str) -> Checklist {
    let reading = page(text);
    reading.checklist.unwrap_or_else(|| panic!("{text}: {:?}", reading.diagnostics))
}

/// Items in one line: `=` a box no renderer draws, `#` a step, `~` a group, `+` ticked, `|` any one of its children,
/// `{notes}`, `$` a command, `(children)`.
fn items(text: &str) -> String {
    fn walk(items: &[Item]) -> String {
        let each = |i: &Item| {
            let sign = match i.kind {
                ItemKind::Task => "",
                ItemKind::Step => "#",
                ItemKind::Group => "~",
                ItemKind::Box => "=",
                ItemKind::Bullet => "*",
            };
            let ticked = if i.checked { "+" } else { "" };
            let state = i.state.map(|s| format!("<{s:?}>")).unwrap_or_default();
            let any = if i.any { "|" } else { "" };
            let notes: Vec<_> = i.notes.iter().map(|n| n.to_plain()).collect();
            let notes = if notes.is_empty() { String::new() } else { format!("{{{}}}", notes.join("; ")) };
            let code: String = i.commands.iter().map(|c| format!("${}", c.code)).collect();
            let below = if i.children.is_empty() { String::new() } else { format!("({})", walk(&i.children)) };
            format!("{sign}{ticked}{state}{}{any}{notes}{code}{below}", i.text.to_plain())
        };
        items.iter().map(each).collect::<Vec<_>>().join(", ")
    }
    let c = list(text);
    let sections: Vec<_> = c.sections().filter(|s| !s.items.is_empty()).map(|s| walk(&s.items)).collect();
    sections.join(" / ")
}

fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(items(text), *expected, "{text}");
        let crlf = text.replace('\n', "\r\n");
        assert_eq!(items(&crlf), *expected, "with CRLF: {text}");
    }
}

/// Something of that severity, at that line, says this.
fn says(text: &str, severity: Severity, line: u32, words: &str) {
    let found = page(text).diagnostics;
    let hit = found.iter().any(|d| d.severity == severity && d.line == line && d.message.contains(words));
    assert!(hit, "{text}\nexpected line {line} {words}, got {found:?}");
}

#[test]
fn boxes_without_a_list() {
    check(&[
        ("-[ ] a\n-[x] b\n", "=a, =+b"),
        ("- [] a\n- [ ] b\n", "=a, b"),
        ("[ ] a\n[x] b\n[ ] c\n", "=a, =+b, =c"),
        ("[ ] a\n\n[ ] b\n", "=a, =b"),
        ("*[ ] a\n+[ ] b\n• [ ] c\n", "=a, =b, =c"),
        ("Before going:\n[ ] a\n[ ] b\n", "=a, =b"),
        ("[ ] a\n  [ ] b\n  [ ] c\n[ ] d\n", "=a(=b, =c), =d"),
        ("[ ] a\n\n    [ ] b\n", "=a(=b)"),
        (
            "-[ ] a\n- Evidence: log\n- Owner: Eve\n\n-[ ] b\n- Evidence: graph\n",
            "=a{Evidence: log; Owner: Eve}, =b{Evidence: graph}",
        ),
        ("-[ ] a\n- why\n-[ ] b\n", "=a{why}, =b"),
        ("-[ ] a\n- [ ] b\n", "=a, b"),
        ("☐ a\n☑ b\n", "=a, =+b"),
        ("- ☐ a\n- ☑ b\n", "=a, =+b"),
        ("- ⬜ a\n- ✅ b\n- ❌ c\n", "=a, =+b, =c"),
        ("1. ☐ a\n2. ☐ b\n", "=a, =b"),
        ("- [ ]a\n", "=a"),
        ("\\[ \\] a\n", "=a"),
        ("> [ ] a\n> [ ] b\n", "=a, =b"),
        ("- Checks:\n  [ ] a\n  [ ] b\n", "~Checks:(=a, =b)"),
        ("- [ ] a\n  [ ] b\n", "a, =b"),
    ]);
    says("x\n\n-[ ] a\n-[ ] b\n", Severity::Warning, 3, "2 box(es)");
}

#[test]
fn not_every_bracket_is_a_box() {
    check(&[
        ("- [ ] a\n\nWait [X] minutes, then `[ ]` is drawn.\n", "a"),
        ("- [ ] a\n\nWait up to\n[X] minutes.\n", "a"),
        ("- [ ] a\n\n[X] minutes later:\n", "a"),
        ("- [ ] a\n- [RC1] b\n", "a{[RC1] b}"),
        ("- [ ] a\n- [guide](https://x.example)\n", "a{guide}"),
        ("- [ ] a\n\n✅ done\n\n- ✅ shipped\n", "a"),
        ("1. [RC1] a\n2. [FINAL] b\n", "#[RC1] a, #[FINAL] b"),
        ("- [ ] a\n\n[ ] GO [ ] NO-GO\n", "a"),
        ("- [ ] a\n- `[ ]` means open\n", "a{[ ] means open}"),
    ]);
    assert_eq!(page("- [ ] a\n\nStatus: ☐ Not started / ☐ Done\n").counts.fields, 1);
}

#[test]
fn other_states_and_legends() {
    check(&[
        (
            "- [-] a\n- [~] b\n- [/] c\n- [!] d\n- [?] e\n- [ ] f\n",
            "=<Skipped>a, =<InProgress>b, =<InProgress>c, =<Important>d, =<Unclear>e, f",
        ),
        ("- [OK] a\n- [PART] b\n- [] c\n- [N/A] d\n", "=+a, =<InProgress>b, =c, =<Skipped>d"),
        ("- [✔] a\n- [ X ] b\n- [?] c\n", "=+a, =<Unclear>b, =<Unclear>c"),
        ("Legend: `[-]` in progress, `[>]` skipped\n\n- [-] a\n- [>] b\n", "=<InProgress>a, =<Skipped>b"),
        ("Status:\n- `[ ]` Not started\n- `[-]` In progress\n\n## P\n- [-] a\n", "=<InProgress>a"),
        ("Legend: [W] waiting to be started, [Y] done\n\n- [Y] a\n- [W] b\n- [ ] c\n", "=+a, =<InProgress>b, c"),
    ]);
    says("- [ ] a\n- [-] b\n- [-] c\n", Severity::Note, 2, "`[-]`, here and 2 time(s)");
    says("- [ ] a\n- [?] b\n", Severity::Warning, 2, "unclear");
}

#[test]
fn headings_that_are_items() {
    check(&[
        ("# T\n### [ ] a\nwhy\n\n```\nrun\n```\n### [x] b\n- [ ] c\n- note\n", "=a{why}$run, =+b{note}(c)"),
        ("# T\n## P\n### [ ] a\n#### [ ] a1\n#### [ ] a2\n### [ ] b\n## Q\n### ☐ c\n", "=a(=a1, =a2), =b / =c"),
        ("# T\n## [ ] a\n### Notes\ntext\n- [ ] b\n## Q\n- [ ] c\n", "=a{Notes; text}(b) / c"),
        ("# T\n## P\n### [ ] a\n1. one\n2. two\n", "=a{one; two}"),
    ]);
    says("# T\n### [ ] a\n### [ ] b\n", Severity::Note, 2, "2 heading(s)");
}

#[test]
fn tables_with_boxes() {
    check(&[
        ("| Check | Owner | Ok |\n|--|--|--|\n| Smoke | QA | [ ] |\n| Load | | [x] |\n", "=Smoke{Owner: QA}, =+Load"),
        ("| ☐ | Back up |\n|--|--|\n| ☐ | Announce |\n", "=Back up, =Announce"),
        ("| Step | Dev | Prod |\n|--|--|--|\n| Migrate | ⬜ | ⬜ |\n", "~Migrate(=Dev, =Prod)"),
        ("| What | Done |\n|--|--|\n| Logs | ✅ |\n| Alerts | ⬜ |\n", "=+Logs, =Alerts"),
        (
            "| Done | What |\n|--|--|\n| <input type=\"checkbox\"> | Logs |\n| <input type='checkbox' checked> | Graphs |\n",
            "Logs, +Graphs",
        ),
        ("- [ ] a\n\n  | x | ok |\n  |--|--|\n  | one | [ ] |\n", "a(=one)"),
        ("- [ ] a\n\n| Plan | Free | Paid |\n|--|--|--|\n| SSO | ❌ | ✅ |\n", "a"),
    ]);
    let r = page("| Check | Ok |\n|--|--|\n| Smoke | [ ] |\n| Total | 1 |\n");
    assert_eq!((r.counts.checkboxes, r.counts.boxes), (0, 1));
    assert!(r.diagnostics.iter().any(|d| d.message.contains("in tables")));
    assert!(r.diagnostics.iter().any(|d| d.message.contains("kept as notes")));
    assert_eq!(list("| Check | Ok |\n|--|--|\n| Smoke | [ ] |\n").sections().next().unwrap().items[0].line, 3);
}

#[test]
fn trees_and_templates_in_fences() {
    check(&[
        (
            "## P\n```\nMUST:\n├─ [ ] a\n│  ├─ [x] a1\n│  └─ [ ] a2\n└─ [ ] b\n\nLATER:\n└─ [ ] c\n```\n",
            "~MUST:(=a(=+a1, =a2), =b), ~LATER:(=c)",
        ),
        ("Copy this:\n\n```markdown\n## Release\n- [ ] a\n  - [ ] b\n### After\n- [ ] c\n```\n", "=a(=b) / =c"),
        ("```\n[ ] a\n-[ ] b\n```\n", "=a, =b"),
        ("- [ ] real\n\n```\n- [ ] shown\n```\n", "real"),
        ("1. copy:\n   ```\n   # T\n   - [ ] a\n   ```\n", "~copy:{T}(=a)"),
    ]);
    says("x\n\n```\n├─ [ ] a\n└─ [ ] b\n```\n", Severity::Warning, 3, "2 box(es) of trees");
    says("x\n\n```md\n- [ ] a\n```\n", Severity::Warning, 3, "no boxes but the 1 in code blocks");
    says("- [ ] a\n\n```yaml\n- [ ] b\n```\n", Severity::Note, 3, "text, not items");
    assert_eq!(page("- [ ] a\n\n```yaml\n- [ ] b\n```\n").counts.hidden, 1);
    let r = page("~~~md\n- [ ] a\n~~~\n");
    assert_eq!((r.counts.checkboxes, r.counts.items, r.counts.boxes, r.counts.hidden), (0, 0, 1, 0));
}

#[test]
fn what_comments_hide_is_counted() {
    for (text, line, hidden) in [
        ("- [ ] a\n\n<!--\n## Old\n\n- [ ] b\n- [x] c\n-->\n", 3, 2),
        ("- [ ] a\n\n[//]: # (- [ ] b)\n[//]: # (- [ ] c)\n", 3, 2),
        ("- [ ] a\n\n[//]: # \"- [ ] b\"\n", 3, 1),
        ("- [ ] a\n\n[comment]: # (## Old heading)\n", 3, 0),
        ("- [ ] a <!-- - [ ] b -->\n", 1, 1),
        ("- [ ] a\n\n<details>\n<!-- - [ ] b -->\n</details>\n", 4, 1),
    ] {
        assert_eq!(items(text), "a", "{text}");
        assert_eq!(page(text).counts.hidden, hidden, "{text}");
        says(text, Severity::Note, line, if hidden == 0 { "1 heading" } else { "hide" });
    }
    assert_eq!(page("- [ ] a\n\n```\n[//]: # (- [ ] b)\n```\n").diagnostics, []);
}

#[test]
fn legends_are_notes() {
    let r = page("Status legend:\n- `[ ]` Not started\n- `[x]` Done\n\n## P\n- [ ] a\n");
    assert_eq!(r.diagnostics, []);
    assert_eq!(r.checklist.unwrap().description, None);
}

#[test]
fn a_tick_beside_an_open_box() {
    check(&[("- [ ] ✅ a\n", "✅ a"), ("- ✅ [ ] a\n- [ ] b\n", "=a, b"), ("# T\n## ✅ P\n- [ ] a\n", "a")]);
    says("- [x] z\n- [ ] ✅ a\n", Severity::Warning, 2, "the box counts");
    says("# T\n## ✅ P\n- [ ] a\n", Severity::Warning, 2, "the boxes count");
    assert_eq!(page("# T\n## ✅ P\n- [x] a\n").diagnostics, []);
}

#[test]
fn any_one_of_several() {
    check(&[
        ("- [ ] a\n  - [ ] b OR\n  - [ ] c OR\n  - [ ] d\n", "a|(b OR, c OR, d)"),
        ("- [ ] a\n  - [ ] b, or\n  - [ ] c\n", "a|(b, or, c)"),
        ("- [ ] a\n  - [ ] b\n  - OR\n  - [ ] c\n", "a|(b{OR}, c)"),
        ("- [ ] One of the following:\n  - [ ] b\n  - [ ] c\n", "One of the following:|(b, c)"),
        ("- Choose one:\n  - [ ] b\n  - [ ] c\n", "~Choose one:|(b, c)"),
        ("Choose one:\n- [ ] b\n- [ ] c\n\nThen:\n- [ ] d\n", "~Choose one:|(b, c), d"),
        ("- [ ] ALL of these must be green\n  - [ ] b\n  - [ ] c\n", "ALL of these must be green(b, c)"),
        ("- [ ] a\n  - [ ] b OR\n  - [ ] c\n  - [ ] d\n", "a(b OR, c, d)"),
        ("- [ ] Check one of the following\n", "Check one of the following"),
    ]);
    says("- [ ] a\n  - [ ] b OR\n  - [ ] c\n  - [ ] d\n", Severity::Warning, 1, "each is asked for");
    says("- [ ] a OR\n- [ ] b\n", Severity::Warning, 1, "stand below no other item");
}

#[test]
fn lines_about_an_item() {
    let c = list("- [ ] a\n  - Evidence: the log\n  - Owner: Eve\n  - See also: b\n");
    let item = &c.sections().next().unwrap().items[0];
    let labels: Vec<_> = item.notes.iter().map(|n| n.0[0].bold.then_some(n.0[0].text.as_str())).collect();
    assert_eq!(labels, [Some("Evidence:"), Some("Owner:"), None]);
    assert_eq!(item.notes[0].to_plain(), "Evidence: the log");
}

#[test]
fn pages_of_html() {
    check(&[
        (
            "<h2>Before</h2>\n<ul>\n<li><input type=\"checkbox\"> a</li>\n<li><input type=\"checkbox\" checked> b\n<ul><li><input type=\"checkbox\"> c</li></ul></li>\n</ul>\n",
            "a, +b(c)",
        ),
        ("<input type=\"checkbox\"> a<br>\n<input type=\"checkbox\"> b\n", "a, b"),
        ("<p>\n<label><input type=checkbox> a</label>\n<input type=checkbox><label>b</label>\n</p>\n", "a, b"),
        ("<table><tr><td><input type=\"checkbox\"></td><td>a</td></tr></table>\n", "a"),
        ("<details>\n<summary>More</summary>\n- [ ] a\n- [ ] b\n</details>\n", "=a, =b"),
        ("<details>\n<summary>More</summary>\n\n- [ ] a\n\n</details>\n", "a"),
        ("<ol><li>a</li><li>b</li></ol>\n", "#a, #b"),
    ]);
    let c = list(
        "<h1>Go live</h1>\n\n<h2>A</h2>\n<ul><li><input type=\"checkbox\"> a</li></ul>\n\n<h2>B</h2>\n<ul><li><input type=\"checkbox\"> b</li></ul>\n",
    );
    assert_eq!((c.title.as_str(), c.phases.len()), ("Go live", 2));
    // A box in running text is a box to a renderer, and said to be none here.
    let r = page("- [ ] a\n\nYes <input type=\"checkbox\"> No <input type=\"checkbox\">\n");
    assert_eq!((r.counts.checkboxes, r.counts.items), (3, 1));
}

#[test]
fn task_items_as_renderers_count_them() {
    for (text, count) in [
        ("- [ ] a\n* [x] b\n+ [X] c\n1. [ ] d\n2) [x] e\n", 5),
        ("- - [ ] a\n", 1),
        ("> - [ ] a\n> > - [ ] b\n", 2),
        ("- [ ]\n- [ ]x\n- []\n-[ ] b\n", 0),
        ("- [ ]\tb\n-\t[ ] c\n-   [ ] d\n", 3),
        ("-     [ ] code\n", 0),
        ("    - [ ] code\n", 0),
        ("-\n  [ ] a\n", 1),
        ("- a\n\n  - [ ] b\n\n    - [ ] c\n", 2),
        ("- [ ] **a**\n- [ ] [l](http://x.example)\n- [x] `c`\n", 3),
        ("<div>\n- [ ] a\n</div>\n", 0),
        ("text\n- [ ] a\n", 1),
        ("text\n2. [ ] a\n", 0),
        ("* * *\n- [ ] a\n---\n", 1),
    ] {
        assert_eq!(page(text).counts.checkboxes, count, "{text}");
    }
}

#[test]
fn broken_encodings_are_mended_and_said() {
    let text = "# ðŸš€ Go\n\n- [ ] latency â‰¤ 5 ms\n- [ ] citÃ\u{a0} piÃ¹\n";
    let c = list(text);
    assert_eq!(c.title, "🚀 Go");
    assert_eq!(items(text), "latency ≤ 5 ms, cità più");
    says(text, Severity::Warning, 1, "wrong encoding: 4 place(s)");
    assert_eq!(page(text).diagnostics.len(), 1);
    assert_eq!(list("# T\n\n- [ ] üöÄ go ‚úÖ\n").sections().next().unwrap().items[0].text.to_plain(), "🚀 go ✅");
    let r = read("x", b"# T\n- [ ] a\n- [ ] b\xe9\n");
    assert_eq!((r.diagnostics[0].severity, r.diagnostics[0].line), (Severity::Error, 3));
    assert!(r.diagnostics[0].message.contains("byte 19"), "{:?}", r.diagnostics);
}

#[test]
fn template_code_is_kept_and_said() {
    for text in [
        "- [ ] Deploy <%= version %>\n",
        "{{#if prod}}\n- [ ] Deploy\n{{/if}}\n",
        "{% if prod %}\n- [ ] Deploy\n{% endif %}\n",
        "- [ ] {{ if .Prod }}Deploy{{ end }}\n",
    ] {
        assert_eq!(page(text).counts.checkboxes, 1, "{text}");
        says(text, Severity::Warning, 1, "code of a template");
    }
    assert_eq!(page("- [ ] Deploy {{version}} with 5% of ${{ secrets.X }}\n").diagnostics, []);
}

#[test]
fn pages_without_a_box() {
    check(&[
        ("# T\n## 1. Pull\n```\ngit pull\n```\n## 2. Push\nCarefully.\n", "#Pull$git pull / #Push{Carefully.}"),
        ("# T\n## Do\n- a\n- b\n  - c\n## Tell\n- d\n## References\n- e\n", "#a, #b(#c) / #d"),
        ("# T\n## Do\n1. a\n2. b\n## Notes\n- c\n- d\n- e\n", "#a, #b"),
    ]);
    check(&[
        ("# T\n## P\n- [x] z\n## Q\n### 1. A\n```\na\n```\n### 2. B\n```\nb\n```\n", "+z / #A$a / #B$b"),
        ("# T\n## P\n- [ ] z\n## Kinds\n### 1. A\nwords\n### 2. B\nwords\n", "z"),
    ]);
    says("# T\n## Do\n- a\n- b\n- c\n", Severity::Warning, 0, "plain bullets are read as steps");
}

#[test]
fn headings_of_every_kind() {
    for (text, titles) in [
        ("One\n===\n- [ ] a\n\nTwo\n===\n- [ ] b\n", &["One", "Two"][..]),
        ("# T #\n## A ##\n- [ ] a\n## A\n- [ ] b\n", &["A", "A"]),
        ("#### Deep\n- [ ] a\n## Up\n- [ ] b\n", &["Deep", "Up"]),
        ("- [ ] a\n", &["page"]),
        ("# [T](http://x.example) `v1`\n## **A** ![x](y)\n- [ ] a\n", &["A x"]),
    ] {
        let c = list(text);
        let got: Vec<_> = c.sections().filter(|s| !s.items.is_empty()).map(|s| s.title.to_plain()).collect();
        assert_eq!(got, titles, "{text}");
    }
}

#[test]
fn text_of_every_kind() {
    check(&[
        ("- [ ] one\n      two\nthree\n", "one two three"),
        ("- [ ] see [a][1] ![pic](p.png)[^n]\n\n[1]: https://x.example\n[^n]: note\n", "see a pic[^n]"),
        ("* [ ] a\n\n    * [ ] b\n\n\t* [ ] c\n* [ ] d\n", "a(b, c), d"),
        ("- [ ] same\n- [ ] same\n- [ ] same\n", "same, same, same"),
        ("- [ ] a:\n\n```\nrun\n```\n\n- [ ] b\n", "a:$run, b"),
        ("- [ ] a\n  > quoted\n", "a{quoted}"),
    ]);
}

#[test]
fn fences_beside_a_task_are_its_commands() {
    check(&[
        ("- [ ] a\n```\nrun\n```\n- [ ] b\n", "a$run, b"),
        ("- [ ] a\n<!-- if old -->\n```\none\n```\n<!-- else -->\n```\ntwo\n```\n- [ ] b\n", "a$one$two, b"),
        ("- [ ] a\n\n```\nrun\n```\n\n- [ ] b\n", "a, b"),
    ]);
}

#[test]
fn lines_over_lists_are_headings_where_they_lead_elsewhere() {
    for (text, titles) in [
        ("# T\n## A\nBlocking\n- [ ] a\n\nMinor\n- [ ] b\n", &["Blocking", "Minor"][..]),
        ("# T\n## A\nManual checks:\n- [ ] a\n", &["A"]),
        (
            "# T\n## Rollback criteria\nRoll back if:\n- a\n\n**Rollback process:**\n1. b\n",
            &["Rollback criteria", "Rollback process"],
        ),
        ("# T\n## Go\n- [ ] a\n\n**Roll back if:**\n- b\n", &["Go", "Roll back if"]),
        ("# T\n## A\nYes.\n- [ ] a\n\nNo.\n- [ ] b\n", &["A"]),
    ] {
        let c = list(text);
        let got: Vec<_> = c.sections().filter(|s| !s.items.is_empty()).map(|s| s.title.to_plain()).collect();
        assert_eq!(got, titles, "{text}");
    }
}

#[test]
fn commands_alone_are_steps() {
    check(&[
        ("# T\n## Step 1: Merge\n```sh\ngit merge\n```\n## Step 2: Check\n- [ ] a\n", "#Merge$git merge / a"),
        ("# T\n## Go\n- [ ] a\n## Publish\nOnce:\n```bash\npublish\n```\n", "a / #Publish{Once:}$publish"),
        ("# T\n## Step 1: Import\n1. a\n## Step 2: Set up\n- x\n", "#a / #Set up{x}"),
        ("# T\n## Go\n- [ ] a\n## Layout\n```json\n{}\n```\n", "a"),
        ("# T\n## Go\n- [ ] a\n## Reference\n```sh\nls\n```\n", "a"),
    ]);
    says("# T\n## Go\n- [ ] a\n## P\n```sh\nls\n```\n", Severity::Note, 4, "1 heading(s) with nothing to tick");
}

#[test]
fn titles_of_pages() {
    for (text, title) in [
        ("# T\n## A\n- [ ] a\n", "T"),
        ("# T\nWords.\n\n# A\n- [ ] a\n# B\n- [ ] b\n", "T"),
        ("# A\n- [ ] a\n# B\n- [ ] b\n", "A"),
        ("## A\n- [ ] a\n## B\n- [ ] b\n", "page"),
        ("### A\n- [ ] a\n", "A"),
        ("- [ ] a\n", "page"),
    ] {
        assert_eq!(list(text).title, title, "{text}");
    }
    // Facts about the page are not what it is.
    assert_eq!(list("# T\n**Version**: 1.2\n**Date**: today\n\n## A\n- [ ] a\n").description, None);
}

#[test]
fn headings_without_anything_are_said() {
    says("# T\n## A\n- [ ] a\n## Later\n## Last\n", Severity::Note, 4, "“Later”: it and 1 more are not shown");
    assert_eq!(page("# T\n## A\n### B\n- [ ] a\n").diagnostics, []);
}

#[test]
fn struck_out_lines() {
    check(&[("- [ ] ~~a~~\n- [ ] b\n", "<Skipped>a, b"), ("1. ~~a~~ (done)\n2. b\n", "#+a (done), #b")]);
}

#[test]
fn marks_are_said_once() {
    assert_eq!(page("- [ ] a\n- [-] b\n- [-] c\n").diagnostics.len(), 1);
    says("- [OK] a\n- [ ] b\n", Severity::Note, 1, "1 mark(s) in place of a box");
    says("- [ ] a\n-[ ] b\n", Severity::Warning, 2, "no renderer draws");
}
