//! The five documents the order was written from: each, byte for byte, must load as a careful person
//! would understand it. The trees are snapshots, reviewed against the documents.

use rollcall::check::tree;
use rollcall::domain::checklist::{Branch, Checklist, ItemKind, Section, Severity};
use rollcall::markdown::{Counts, Reading, read};

fn seed(name: &str) -> Reading {
    let path = format!("{}/tests/seeds/{name}.md", env!("CARGO_MANIFEST_DIR"));
    read(name, &std::fs::read(path).unwrap())
}

fn checklist(name: &str) -> Checklist {
    seed(name).checklist.unwrap()
}

fn section<'a>(c: &'a Checklist, title: &str) -> &'a Section {
    c.sections().find(|s| s.title.to_plain().contains(title)).unwrap_or_else(|| panic!("no section {title}"))
}

fn labels(s: &Section) -> Vec<&str> {
    s.fields.iter().map(|f| f.label.as_str()).collect()
}

#[test]
fn counts() {
    let expected = |checkboxes, steps, fields, commands| Counts {
        checkboxes,
        items: checkboxes,
        steps,
        fields,
        commands,
        ..Counts::default()
    };
    let people = |c: Counts, signoffs, contacts| Counts { signoffs, contacts, ..c };
    let times = |c: Counts, criteria, windows| Counts { criteria, windows, ..c };
    for (name, counts) in [
        ("blue-green-sqlmesh", times(people(expected(360, 0, 6, 0), 13, 0), 10, 3)),
        ("production", times(people(expected(172, 0, 20, 8), 5, 4), 10, 1)),
        ("migration", times(people(expected(168, 0, 6, 0), 5, 0), 0, 3)),
        ("workflow", times(expected(9, 8, 0, 0), 3, 0)),
        ("redis-om", times(people(expected(160, 0, 15, 5), 4, 4), 5, 6)),
    ] {
        assert_eq!(seed(name).counts, counts, "{name}");
    }
}

/// How many sections of each kind, items with a threshold, and typed blanks each page has.
#[test]
fn kinds_of_everything() {
    let of = |name: &str| {
        let c = checklist(name);
        let mut kinds = std::collections::BTreeMap::new();
        let mut types = std::collections::BTreeMap::new();
        c.sections().for_each(|s| *kinds.entry(s.kind.word()).or_insert(0) += 1);
        c.fields().for_each(|f| *types.entry(f.kind.word()).or_insert(0) += 1);
        let mut thresholds = 0;
        let mut all: Vec<_> = c.sections().flat_map(|s| &s.items).collect();
        while let Some(item) = all.pop() {
            thresholds += usize::from(item.threshold.is_some());
            all.extend(&item.children);
        }
        let show = |m: std::collections::BTreeMap<&str, i32>| {
            m.iter().map(|(k, n)| format!("{k} {n}")).collect::<Vec<_>>().join(", ")
        };
        format!("{}; {thresholds} thresholds; {}", show(kinds), show(types))
    };
    for (name, expected) in [
        (
            "blue-green-sqlmesh",
            "follow_up 2, kpis 1, notes 1, rollback_criteria 1, rollback_procedure 1, sign_off 3, success_criteria 2, tasks 17; 9 thresholds; date 3, person 3",
        ),
        (
            "production",
            "after_rollback 1, after_success 1, communication 2, contacts 1, information 3, notes 1, rollback_criteria 1, sign_off 1, tasks 23; 13 thresholds; date 3, duration 1, person 7, text 7, time 2",
        ),
        (
            "migration",
            "environment 3, follow_up 3, rollback_procedure 1, sign_off 2, tasks 8, troubleshooting 3; 0 thresholds; date 1, person 1, text 4",
        ),
        ("workflow", "communication 1, notes 5, rollback_criteria 1, rollback_procedure 2, tasks 3; 2 thresholds; "),
        (
            "redis-om",
            "communication 3, contacts 1, follow_up 3, information 1, kpis 1, rollback_criteria 1, rollback_procedure 1, sign_off 1, success_criteria 1, tasks 10; 0 thresholds; duration 2, number 1, percent 4, person 4, text 4",
        ),
    ] {
        assert_eq!(of(name), expected, "{name}");
    }
}

#[test]
fn every_item_has_its_own_number_and_id() {
    for name in ["blue-green-sqlmesh", "production", "migration", "workflow", "redis-om"] {
        let reading = seed(name);
        assert!(reading.diagnostics.iter().all(|d| d.severity != Severity::Error), "{name}");
        let c = reading.checklist.unwrap();
        let mut ids = std::collections::HashSet::new();
        let mut numbers = std::collections::HashSet::new();
        let mut all: Vec<_> = c.sections().flat_map(|s| &s.items).collect();
        let mut count = 0;
        while let Some(item) = all.pop() {
            count += usize::from(!matches!(item.kind, ItemKind::Group | ItemKind::Bullet));
            assert!(ids.insert(&item.id) && numbers.insert(&item.number), "{name} {}", item.number);
            assert_eq!(c.item(&item.number), Some(item));
            all.extend(&item.children);
        }
        assert_eq!(count, reading.counts.items + reading.counts.steps, "{name}");
        let sections: std::collections::HashSet<_> = c.sections().map(|s| s.number).collect();
        assert_eq!(sections.len(), c.sections().count(), "{name}");
    }
}

#[test]
fn blue_green() {
    let c = checklist("blue-green-sqlmesh");
    let branch = |title: &str| section(&c, title).branch;
    assert_eq!(branch("Immediate Validation"), Branch::Forward);
    assert_eq!(branch("Extended Validation"), Branch::FollowUp);
    assert_eq!(branch("Long-Term Validation"), Branch::FollowUp);
    assert_eq!(branch("Rollback Decision Criteria"), Branch::Watch);
    assert_eq!(branch("Rollback Execution"), Branch::Rollback);
    assert_eq!(branch("Technical Success Metrics"), Branch::Forward);
    let gate = section(&c, "Production Cutover Authorization");
    assert_eq!(gate.label.as_deref(), Some("Gate 3:"));
    assert!(gate.items[1].children[2].optional);
    let signatures: Vec<_> = c.fields().map(|f| f.label.as_str()).collect();
    assert_eq!(signatures[..2], ["Deployment Manager Signature", "Deployment Manager Signature date"]);
    assert_eq!(c.section(1).unwrap().title.to_plain(), "Environment Readiness");
}

#[test]
fn production() {
    let c = checklist("production");
    assert_eq!(c.title, "Production Deployment Checklist");
    assert!(c.description.as_deref().unwrap().starts_with("This checklist ensures"));
    for n in 1..=25 {
        let section = c.section(n).unwrap();
        assert_eq!(section.label.as_deref(), Some(format!("{n}.").as_str()));
        assert!(!section.items.is_empty());
    }
    assert_eq!(c.section(26).unwrap().branch, Branch::Watch);
    assert_eq!(section(&c, "Deployment Approvals").number, 27);
    assert_eq!(c.section(13).unwrap().branch, Branch::Forward);
    assert_eq!(c.section(21).unwrap().branch, Branch::AfterSuccess);
    assert_eq!(c.section(22).unwrap().branch, Branch::AfterRollback);
    let info = section(&c, "Deployment Information");
    assert_eq!(labels(info), ["Date", "Time", "Deployer", "Reviewer", "Deployment ID", "Version/Tag", "Environment"]);
    assert_eq!(info.fields[6].value.as_deref(), Some("Production"));
    let run = c.sections().filter(|s| s.title.to_plain() == "Deployment Execution").last().unwrap();
    assert_eq!(run.fields[4].choices, ["Success", "Rollback"]);
    assert_eq!(c.section(11).unwrap().commands.len(), 1);
    assert_eq!(section(&c, "Quick Reference").commands.len(), 5);
    let notes = section(&c, "Important Notes");
    assert!(notes.items.is_empty() && notes.notes.len() >= 5);
    let optional: Vec<bool> = c.section(1).unwrap().items.iter().map(|i| i.optional).collect();
    assert_eq!(optional, [false, false, false, false, true, true]);
}

#[test]
fn migration() {
    let c = checklist("migration");
    let environments: Vec<_> =
        c.sections().filter_map(|s| Some((s.title.to_plain(), s.environment.clone()?))).collect();
    assert_eq!(
        environments,
        [
            ("Development".into(), "development".into()),
            ("Staging".into(), "staging".into()),
            ("Production".into(), "production".to_string())
        ]
    );
    for (title, branch) in [
        ("Immediate Checks", Branch::FollowUp),
        ("Short-term Monitoring", Branch::FollowUp),
        ("Long-term Tasks", Branch::FollowUp),
        ("Migration Fails", Branch::OnDemand),
        ("Data Integrity Issues", Branch::OnDemand),
        ("If Rollback Needed", Branch::Rollback),
        ("Staging Environment", Branch::Forward),
    ] {
        assert_eq!(section(&c, title).branch, branch, "{title}");
    }
    let end = section(&c, "Completion");
    let expected = ["Deployment Date", "Deployed By", "Environment", "Migration Version", "Status", "Notes"];
    assert_eq!(labels(end), expected);
    assert_eq!(end.fields[2].choices, ["Development", "Staging", "Production"]);
    assert_eq!(end.fields[3].value.as_deref(), Some("00001 through 00010"));
    assert_eq!(end.fields[4].choices, ["Success", "Partial", "Rolled Back"]);
}

#[test]
fn workflow() {
    let c = checklist("workflow");
    assert_eq!(c.description.as_deref(), Some("Procedures for safe and reliable application deployment"));
    let with_items: Vec<_> = c
        .sections()
        .filter(|s| !s.items.is_empty() && s.branch != Branch::Watch)
        .map(|s| (s.number, s.title.to_plain()))
        .collect();
    let expected = [(1, "Pre-Deployment Checklist"), (2, "Process"), (4, "Execution"), (5, "Smoke Tests")];
    assert_eq!(with_items, expected.map(|(n, t)| (n, t.to_owned())));
    assert_eq!(c.section(2).unwrap().items.len(), 5);
    assert!(c.section(2).unwrap().items.iter().all(|i| i.kind == ItemKind::Step && i.text.0[0].bold));
    assert_eq!(c.section(4).unwrap().branch, Branch::Rollback);
    let triggers = section(&c, "Triggers for Rollback");
    assert_eq!((triggers.branch, triggers.notes.len(), triggers.items.len()), (Branch::Watch, 0, 3));
    assert!(triggers.items.iter().all(|i| i.kind == ItemKind::Bullet));
    let thresholds: Vec<_> = triggers.items.iter().map(|i| i.threshold.as_ref().map(|t| t.to_string())).collect();
    let expected = [Some("Error Rate > 1%"), Some("Latency spike > baseline + 200%"), None];
    assert_eq!(thresholds, expected.map(|t| t.map(str::to_owned)));
    assert!(c.section(1).unwrap().items[4].optional);
}

#[test]
fn redis_om() {
    let c = checklist("redis-om");
    assert_eq!(section(&c, "Rollback Decision Criteria").branch, Branch::Watch);
    let rollback = section(&c, "Rollback Execution");
    assert_eq!(rollback.branch, Branch::Rollback);
    assert_eq!(rollback.items[0].commands.len(), 1);
    assert!(rollback.items[1].optional && rollback.items[1].commands[0].code.contains("FLUSHALL"));
    let index = section(&c, "Schema Migration");
    assert_eq!(index.items[0].commands[0].language.as_deref(), Some("bash"));
    assert_eq!(index.items[0].children.len(), 4);
    let timeline: Vec<_> =
        c.sections().filter(|s| s.title.to_plain().contains("Timeline ›")).map(|s| (s.branch, s.items.len())).collect();
    assert_eq!(timeline, [(Branch::Forward, 3), (Branch::Forward, 3), (Branch::FollowUp, 3)]);
    let kpi = section(&c, "Key Performance Indicators");
    let targets: Vec<_> =
        kpi.fields.iter().map(|f| (f.label.as_str(), f.unit.as_deref(), f.target.as_deref())).collect();
    assert_eq!(targets.len(), 7);
    assert_eq!(targets[2], ("Error rate", Some("%"), Some("<1%")));
    assert_eq!(targets[4], ("Application downtime", None, Some("<2 hours")));
    assert_eq!(kpi.items[0].notes.len(), 4);
    for title in ["Immediate Actions", "Short-term Actions", "Long-term Actions"] {
        assert_eq!(section(&c, title).branch, Branch::FollowUp, "{title}");
    }
    let sign_off = section(&c, "Approval and Sign-off");
    assert_eq!((sign_off.items.len(), sign_off.fields.len()), (4, 0));
    let last = section(&c, "Final Notes");
    assert_eq!(last.fields[0].choices, ["Yes", "No"]);
    assert_eq!(last.fields.len(), 4);
}

#[test]
fn trees() {
    for name in ["blue-green-sqlmesh", "production", "migration", "workflow", "redis-om"] {
        insta::assert_snapshot!(name, tree(&format!("{name}.md"), &seed(name), None, false));
    }
}
