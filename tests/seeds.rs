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
    let counts = |name: &str| {
        let Counts { checkboxes, items, steps, fields, commands, .. } = seed(name).counts;
        (checkboxes, items, steps, fields, commands)
    };
    assert_eq!(counts("blue-green-sqlmesh"), (360, 360, 0, 6, 0));
    assert_eq!(counts("production"), (172, 172, 0, 16, 8));
    assert_eq!(counts("migration"), (168, 168, 0, 6, 0));
    assert_eq!(counts("workflow"), (9, 9, 8, 0, 0));
    assert_eq!(counts("redis-om"), (160, 160, 0, 11, 5));
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
            count += usize::from(item.kind != ItemKind::Group);
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
    let with_items: Vec<_> =
        c.sections().filter(|s| !s.items.is_empty()).map(|s| (s.number, s.title.to_plain())).collect();
    let expected = [(1, "Pre-Deployment Checklist"), (2, "Process"), (4, "Execution"), (5, "Smoke Tests")];
    assert_eq!(with_items, expected.map(|(n, t)| (n, t.to_owned())));
    assert_eq!(c.section(2).unwrap().items.len(), 5);
    assert!(c.section(2).unwrap().items.iter().all(|i| i.kind == ItemKind::Step && i.text.0[0].bold));
    assert_eq!(c.section(4).unwrap().branch, Branch::Rollback);
    let triggers = section(&c, "Triggers for Rollback");
    assert_eq!((triggers.branch, triggers.notes.len()), (Branch::Watch, 3));
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
        insta::assert_snapshot!(name, tree(&format!("{name}.md"), &seed(name), false));
    }
}
