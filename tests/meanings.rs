//! What headings, lines and blanks mean: one small page for each thing people write.

use rollcall::check::json;
use rollcall::domain::checklist::{Branch, Checklist, Item, Severity};
use rollcall::domain::meaning::{FieldKind, SectionKind};
use rollcall::domain::plan::Plan;
use rollcall::markdown::{DEFAULTS_KEYS, FRONT_KEYS, LATER_KEYS, PROGRESS_KEYS, Reading, read};
use std::sync::Arc;

fn page(text: &str) -> Reading {
    read("page", text.as_bytes())
}

fn list(text: &str) -> Checklist {
    let reading = page(text);
    reading.checklist.unwrap_or_else(|| panic!("{text}: {:?}", reading.diagnostics))
}

/// The one item of a section of that heading.
fn item(heading: &str, text: &str) -> Item {
    let c = list(&format!("# T\n## {heading}\n{text}\n"));
    c.sections().next().unwrap().items[0].clone()
}

#[test]
fn kinds_of_sections() {
    use SectionKind::*;
    for (text, kind) in [
        ("## Deploy\n- [ ] a\n", Tasks),
        ("## Rollback criteria\n- [ ] a\n", RollbackCriteria),
        ("## Rollback\n### Triggers for rollback\n- [ ] a\n", RollbackCriteria),
        ("## Rollback plan B\n### Rollback\nRoll back if:\n- [ ] a\n", RollbackCriteria),
        ("## Rollback\n- [ ] a\n", RollbackProcedure),
        ("## Sign-off\n- [ ] a\n", SignOff),
        ("## Gate 1: Pre-deployment approval\n- [ ] a\n", SignOff),
        ("## Go / No-Go\n- [ ] a\n", SignOff),
        ("## 📞 Emergency Contacts\n- [ ] a\n", Contacts),
        ("## Escalation path\n- [ ] a\n", Contacts),
        ("## Environment-specific\n### Staging\n- [ ] a\n", Environment),
        ("## Troubleshooting\n- [ ] a\n", Troubleshooting),
        ("## Done\nIf deployment successful:\n- [ ] a\n", AfterSuccess),
        ("## Rollback completion\n- [ ] a\n", AfterRollback),
        ("## Checks (Day 1-7)\n- [ ] a\n", FollowUp),
        ("## Communication timeline\n- [ ] a\n", Communication),
        ("## Communication timeline\n### Before (1 week before)\n- [ ] a\n", Communication),
        ("## Success criteria\n- [ ] a\n", SuccessCriteria),
        ("## Success criteria\n### Technical\n- [ ] a\n", SuccessCriteria),
        ("## Key Performance Indicators\n- [ ] a\n", Kpis),
        ("## Documentation and Communication\n### Record\n- [ ] a\n", Tasks),
        ("## Sign-off\n### Run\n- **Deployed by**: ____\n## X\n- [ ] a\n", Information),
        ("## Deployment information\n- **Date**: ____\n## X\n- [ ] a\n", Information),
        ("## Background\nWords.\n## X\n- [ ] a\n", Notes),
    ] {
        let c = list(&format!("# T\n{text}"));
        assert_eq!(c.sections().next().unwrap().kind, kind, "{text}");
    }
}

#[test]
fn typed_blanks() {
    use FieldKind::*;
    for (line, kind) in [
        ("**Date**: ____", Date),
        ("Review date: ____", Date),
        ("**Time**: ____", Time),
        ("**Deployer**: ____", Person),
        ("**Reviewed By**: ____", Person),
        ("Migration duration: ____", Duration),
        ("Application downtime: ____ (target: <2 hours)", Duration),
        ("Latency: ____ ms", Duration),
        ("Error rate: ___% (target: <1%)", Percent),
        ("Total keys migrated: ____", Number),
        ("Validation score: ____ (target: >= 80)", Number),
        ("Lessons learned: ____", Text),
        ("**Reviewer**: [Name]", Person),
        ("**Start date**: [YYYY-MM-DD]", Date),
        ("**Ticket**: [Insert link]", Text),
    ] {
        let c = list(&format!("# T\n## P\n- [ ] a\n\n{line}\n"));
        let field = c.fields().next().unwrap_or_else(|| panic!("{line} is no field"));
        assert_eq!(field.kind, kind, "{line}");
    }
    let c = list("# T\n## P\n- [ ] a\n\nDowntime: ____ (target: <2 hours)\n");
    let goal = c.fields().next().unwrap().goal.clone().unwrap();
    assert_eq!((goal.to_string().as_str(), goal.value_ms()), ("Downtime < 2 hours", Some(7_200_000)));
    assert_eq!(list("# T\n- [ ] a\n\n**See**: [docs](https://x.example) and [1]\n").fields().count(), 0);
}

#[test]
fn choices_are_one_choice() {
    for (line, label, choices) in [
        ("Status: ☐ Not started / ☐ Done", "Status", &["Not started", "Done"][..]),
        ("**Decision**: [ ] GO [ ] NO-GO", "Decision", &["GO", "NO-GO"]),
        ("[ ] GO [ ] NO-GO", "GO / NO-GO", &["GO", "NO-GO"]),
    ] {
        let c = list(&format!("# T\n## P\n- [ ] a\n\n{line}\n"));
        let field = c.fields().next().unwrap_or_else(|| panic!("{line} is no field"));
        assert_eq!(
            (field.label.as_str(), field.choices.as_slice()),
            (label, &choices.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>()[..])
        );
        assert!(c.sections().next().unwrap().notes.is_empty(), "{line}");
    }
    for text in ["- [ ] GO [ ] NO-GO", "- [ ] Decision: [ ] GO [ ] NO-GO"] {
        assert_eq!(item("P", text).choices, ["GO", "NO-GO"], "{text}");
    }
    assert!(item("P", "- [ ] Fill the [ ] box of the form").choices.is_empty());
}

#[test]
fn sign_offs() {
    for (heading, text, role) in [
        ("X", "- [ ] **Developer**: ____ Signature: ____", Some("Developer")),
        ("X", "- [ ] **Technical Lead**: ____ Date: ____", Some("Technical Lead")),
        ("Sign-off", "- [ ] **QA**: ____", Some("QA")),
        ("Sign-off", "- [ ] Backend engineer review", Some("Backend engineer")),
        ("X", "- [ ] Backend engineer review", None),
        ("X", "- [ ] Product owner sign-off received", Some("Product owner")),
        ("Sign-off", "- [ ] Product owner notified", None),
        ("X", "- [ ] Anything <!-- rollcall: kind=sign_off owner=cto -->", Some("cto")),
    ] {
        assert_eq!(item(heading, text).role.as_deref(), role, "{text}");
    }
    let reading = page("# T\n## P\n- [ ] a\n\n**Owner Signature**: ____ **Date**: ____\n");
    let c = reading.checklist.unwrap();
    let roles: Vec<_> = c.fields().map(|f| (f.kind, f.role.as_deref())).collect();
    assert_eq!(roles, [(FieldKind::Person, Some("Owner")), (FieldKind::Date, None)]);
    assert_eq!(reading.counts.signoffs, 1);
    let table =
        "# T\n## Sign-off\n| Role | Name | Signature |\n|-|-|-|\n| QA lead | | |\n| CTO | Ann | |\n## X\n- [ ] a\n";
    assert_eq!(page(table).counts.signoffs, 2);
}

#[test]
fn contacts() {
    let reading = page(
        "# T\n## X\n- [ ] a\n## Contacts\n- **Lead**: [Name, Contact]\n- **DBA**: Bo Lee, +49 30 123456, bo@example.com\n\n| Role | Name | Slack |\n|-|-|-|\n| SRE | Ann | @ann |\n",
    );
    let c = reading.checklist.unwrap();
    let contacts: Vec<_> = c.contacts.iter().map(|c| (c.role.as_str(), c.name.as_deref(), c.ways.len())).collect();
    assert_eq!(contacts, [("Lead", None, 1), ("DBA", Some("Bo Lee"), 2), ("SRE", Some("Ann"), 1)]);
    assert_eq!((reading.counts.contacts, c.contacts[0].line), (3, 5));
}

#[test]
fn bullets_of_criteria_are_items() {
    let reading = page(
        "# T\n## X\n- [ ] a\n## Rollback\n### Criteria for rollback\n- Error rate > 1%.\n- Something else\n### How\n1. back\n",
    );
    assert_eq!((reading.counts.criteria, reading.counts.steps, reading.counts.items), (2, 1, 1));
    let c = reading.checklist.unwrap();
    let watch = c.sections().find(|s| s.branch == Branch::Watch).unwrap();
    assert_eq!(watch.items.len(), 2);
    assert!(watch.items[0].threshold.is_some() && watch.items[1].threshold.is_none());
    // Where there are boxes, bullets stay notes; blanks stay blanks.
    let boxes = page("# T\n## X\n- [ ] a\n## Rollback criteria\n- [ ] b\n- plain\n");
    assert_eq!(boxes.counts.criteria, 1);
    let blanks = page("# T\n## X\n- [ ] a\n## Success criteria\n- Error rate: ____%\n- Users are happy\n");
    let c = blanks.checklist.unwrap();
    let success = c.sections().last().unwrap();
    assert_eq!((success.fields.len(), success.items.len()), (1, 1));
}

#[test]
fn conditions_and_environments_of_items() {
    for (text, condition, optional) in [
        ("- [ ] a (if database changes)", Some("if database changes"), true),
        ("- [ ] a if rollback required", Some("if rollback required"), true),
        ("- [ ] a (if successful)", Some("if successful"), true),
        ("- [ ] a if needed", Some("if needed"), true),
        ("- [ ] If the schema changed, run the backfill", Some("if the schema changed"), true),
        ("- [ ] a (optional)", None, true),
        ("- [ ] a (recommended)", None, true),
        ("- [ ] Check if the site is up", None, false),
        ("- [ ] a <!-- rollcall: optional -->", None, true),
        ("- [ ] a (if needed) <!-- rollcall: required -->", Some("if needed"), false),
    ] {
        let item = item("P", text);
        assert_eq!((item.condition.as_deref(), item.optional), (condition, optional), "{text}");
    }
    for (text, environment) in [
        ("- [ ] a (production only)", Some("production")),
        ("- [ ] a (for staging)", Some("staging")),
        ("- [ ] a (production)", None),
        ("- [ ] a <!-- rollcall: environment=qa -->", Some("qa")),
    ] {
        assert_eq!(item("P", text).environment.as_deref(), environment, "{text}");
    }
}

#[test]
fn an_item_for_another_environment_is_not_walked() {
    let c = list("# T\n## P\n- [ ] a (production only)\n- [ ] b\n");
    let plan = Plan::new(Arc::new(c), "h".into());
    let of: Vec<_> = plan.leaves.iter().map(|l| l.environment.as_deref()).collect();
    assert_eq!(of, [Some("production"), None]);
}

#[test]
fn annotations_say_where_they_are_wrong() {
    let mistakes = |text: &str| {
        let r = page(text);
        assert!(r.checklist.is_none(), "{text}");
        r.diagnostics.into_iter().find(|d| d.severity == Severity::Error).map(|d| (d.line, d.message)).unwrap()
    };
    let (line, message) = mistakes("# T\n- [ ] a\n- [ ] b <!-- rollcall: optinal -->\n");
    assert!(line == 3 && message.contains("`optional`"), "{message}");
    let (line, message) = mistakes("- [ ] a <!-- rollcall: id=x -->\n- [ ] b <!-- rollcall: id=x -->\n");
    assert!(line == 2 && message.contains("given twice"), "{message}");
    let c =
        list("# T\n## Odd <!-- rollcall: kind=rollback_procedure -->\n- [ ] a <!-- rollcall: id=back owner=dba -->\n");
    let s = c.sections().next().unwrap();
    assert_eq!((s.branch, s.kind), (Branch::Rollback, SectionKind::RollbackProcedure));
    assert_eq!((s.items[0].id.as_str(), s.items[0].owner.as_deref()), ("back", Some("dba")));
}

#[test]
fn front_matter() {
    let c = list(
        "---\ndefaults:\n  service: web\n  environment: qa\n  fields:\n    Reviewer: Ann\nservice: shop\n---\n# T\n- [ ] a\n\n**Reviewer**: ____\n",
    );
    assert_eq!((c.service.as_deref(), c.environment.as_deref()), (Some("shop"), Some("qa")));
    assert_eq!(c.fields().next().unwrap().value.as_deref(), Some("Ann"));
    for key in LATER_KEYS {
        let r = page(&format!("---\n{key}:\n  - a: 1\n---\n- [ ] a\n"));
        assert!(r.checklist.is_some());
        assert!(
            r.diagnostics
                .iter()
                .any(|d| d.line == 2 && d.severity == Severity::Note && d.message.contains("not used yet"))
        );
    }
    let r = page("---\nescalaton: x\n---\n- [ ] a\n");
    assert!(r.diagnostics[0].message.contains("did you mean `escalation`"), "{:?}", r.diagnostics);
}

/// The schema that editors are given and the reader know the same keys.
#[test]
fn the_schema_agrees_with_the_reader() {
    let path = format!("{}/deploy/checklist.schema.json", env!("CARGO_MANIFEST_DIR"));
    let schema: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let keys = |v: &serde_json::Value| {
        let mut keys: Vec<String> = v["properties"].as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    };
    let sorted = |known: &[&str]| {
        let mut known: Vec<String> = known.iter().map(|k| (*k).to_owned()).collect();
        known.sort();
        known
    };
    assert_eq!(keys(&schema), sorted(&[FRONT_KEYS, LATER_KEYS].concat()));
    assert_eq!(keys(&schema["properties"]["progress"]["oneOf"][1]), sorted(PROGRESS_KEYS));
    assert_eq!(keys(&schema["properties"]["defaults"]), sorted(DEFAULTS_KEYS));
    // Every key the schema has is taken, and one it has not is refused.
    for key in keys(&schema) {
        let value = match key.as_str() {
            "templates" | "defaults" => "{}",
            "timeline" => "[]",
            _ => "x",
        };
        let r = page(&format!("---\n{key}: {value}\n---\n- [ ] a\n"));
        assert!(r.checklist.is_some(), "{key}: {:?}", r.diagnostics);
    }
    assert!(schema["additionalProperties"] == false && page("---\nxyz: 1\n---\n- [ ] a\n").checklist.is_none());
}

#[test]
fn data_for_programs() {
    let reading = page(
        "# T\n## Rollback criteria\n- [ ] Error rate > 5% (production only)\n## P (Day 1-7)\n- [ ] a\n  ```\n  x <VERSION>\n  ```\n",
    );
    let value = json(&[("t.md".to_owned(), reading)], Some("staging"));
    let phase = &value[0]["phases"][0];
    assert_eq!(phase["kind"], "rollback_criteria");
    let item = &phase["sections"][0]["items"][0];
    for key in [
        "number",
        "id",
        "text",
        "kind",
        "checked",
        "optional",
        "environment",
        "window",
        "threshold",
        "commands",
        "children",
    ] {
        assert!(item.get(key).is_some(), "{key}");
    }
    assert_eq!((&item["left_out"], &item["environment"]), (&true.into(), &"production".into()));
    assert_eq!((&item["threshold"]["value"], &item["threshold"]["comparison"]), (&5.into(), &"above".into()));
    let section = &value[0]["phases"][1]["sections"][0];
    assert_eq!(
        (&section["window"]["to_ms"], &section["window"]["relative_to"]),
        (&604_800_000.into(), &"success".into())
    );
    assert_eq!(section["items"][0]["commands"][0]["placeholders"][0]["stands_for"], "version");
    for key in ["checkboxes", "items", "steps", "fields", "signoffs", "contacts", "criteria", "commands", "windows"] {
        assert!(value[0]["counts"].get(key).is_some(), "{key}");
    }
}

/// What was stored before these meanings were read is still a checklist.
#[test]
fn an_older_checklist_is_still_one() {
    let old = r#"{"name":"x","title":"X","phases":[{"title":[],"sections":[{"number":1,"title":[],"items":[{"id":"a","number":"1.1","text":[]}],"fields":[{"label":"Date"}]}]}]}"#;
    let c: Checklist = serde_json::from_str(old).unwrap();
    assert_eq!(c.sections().next().unwrap().kind, SectionKind::Tasks);
    let now = list(
        "# T\n## Rollback criteria\n- [ ] Error rate > 0.5% for 2h\n## P (within 1 hour)\n- [ ] **QA lead**: ____ Date: ____\n",
    );
    let json = serde_json::to_string(&now).unwrap();
    assert_eq!(serde_json::from_str::<Checklist>(&json).unwrap(), now);
}

/// Where each section of a page belongs: `walk kind title: items`.
fn walks(text: &str) -> String {
    let c = list(text);
    let each = |s: &rollcall::domain::checklist::Section| format!("{:?} {}", s.branch, s.title.to_plain());
    c.sections().filter(|s| !s.items.is_empty()).map(each).collect::<Vec<_>>().join("; ")
}

#[test]
fn criteria_wherever_they_stand() {
    for (text, expected) in [
        ("## Rollback criteria\n### Critical (immediate rollback)\n- [ ] a\n", "Watch Critical (immediate rollback)"),
        ("## Rollback triggers\n### Rollback steps\n- [ ] a\n", "Rollback Rollback steps"),
        ("## Triggers\nRoll back if any of these occur:\n- a\n", "Watch Triggers"),
        ("## Now or never\n- [ ] a\n\n**No-go triggers**:\n- b\n", "Forward Now or never; Watch No-go triggers"),
        ("## Deploy\nRoll back if needed:\n- [ ] a\n", "Rollback Roll back if needed"),
        ("## Rollback plan\n1. Revert\n2. Tell\n", "Rollback Rollback plan"),
        ("## Rollback plan\n- [ ] Documented\n- [ ] Tested in staging\n", "Forward Rollback plan"),
        ("## Rollback\n### Now\nExecute if any of these occur:\n- [ ] a\n", "Watch Now"),
        (
            "## Exit\n### Failure\n- [ ] a\n### Partial success\n- [ ] b\n",
            "AfterRollback Failure; OnDemand Partial success",
        ),
        ("## Iterate on successive candidates\n- [ ] a\n", "Forward Iterate on successive candidates"),
    ] {
        let all = walks(&format!("# T\n## Z\n- [ ] z\n{text}"));
        assert_eq!(all.strip_prefix("Forward Z; "), Some(expected), "{text}");
    }
    let reading = page(
        "# T\n## X\n- [ ] a\n## Rollback plan\n| Trigger | Action |\n|-|-|\n| Error rate > 1% | Back out |\n| Data lost | Call |\n",
    );
    assert_eq!(reading.counts.criteria, 2);
    let c = reading.checklist.unwrap();
    let watch = c.sections().find(|s| s.branch == Branch::Watch).unwrap();
    assert_eq!(watch.items[0].notes[0].to_plain(), "Action: Back out");
    assert!(watch.items[0].threshold.is_some() && watch.window.is_none());
}

#[test]
fn forms_and_tables_of_blanks() {
    for (text, labels) in [
        ("- Planned date:\n- Commander:\n- Target: `main`\n", &["Planned date", "Commander", "Target"][..]),
        ("- Build:\n  - a\n  - b\n- Test:\n  - c\n", &[]),
        ("- One: x\n- Two: y\n- Three:\n", &[]),
        ("| Metric | Need | Actual | Ok |\n|-|-|-|-|\n| [ ] | AUC | ≥ 0.6 | ____ | ☐ |\n", &["AUC – Actual"]),
    ] {
        let c = list(&format!("# T\n## X\n- [ ] a\n## F\n{text}"));
        let got: Vec<_> = c.fields().map(|f| f.label.as_str()).collect();
        assert_eq!(got, labels, "{text}");
    }
    let c = list("# T\n## F\n| Metric | Need | Actual |\n|-|-|-|\n| [ ] | AUC | ≥ 0.6 | ____ |\n");
    let field = c.fields().next().unwrap();
    assert_eq!((field.target.as_deref(), field.kind), (Some("≥ 0.6"), FieldKind::Number));
    // A table of signatures is said once, as blanks.
    let r = page("# T\n## X\n- [ ] a\n## Signatures\n| Role | Name | Signature |\n|-|-|-|\n| CTO | | |\n");
    assert_eq!((r.counts.signoffs, r.diagnostics.len()), (1, 0));
    assert_eq!(
        r.checklist.unwrap().sections().last().map(|s| (s.kind, s.notes.len())),
        Some((SectionKind::SignOff, 0))
    );
}

#[test]
fn who_does_it() {
    for (text, owner) in [
        ("- [ ] **Backup.** Owner: Platform. Verify: it is there.", Some("Platform")),
        ("- [ ] a\n  - Owner: Eve", Some("Eve")),
        ("- [ ] a\n  - Owner:", None),
        ("- [ ] a\n  - Verantwortlich: Eva", Some("Eva")),
        ("- [ ] a\n  - 负责人：小王", Some("小王")),
        ("- [ ] The owner is told: all of it", None),
    ] {
        assert_eq!(item("P", text).owner.as_deref(), owner, "{text}");
    }
    let c = list("# T\n| Check | Owner | Ok |\n|-|-|-|\n| Smoke | QA | [ ] |\n");
    assert_eq!(c.sections().next().unwrap().items[0].owner.as_deref(), Some("QA"));
    assert_eq!(item("Sign-off", "- [ ] **QA lead**: Test plan executed").role.as_deref(), Some("QA lead"));
}

#[test]
fn sections_that_may_be_left_out() {
    for text in [
        "## Extra (optional)\n- [ ] a\n",
        "## Extra\nIf so, skip this section.\n\n- [ ] a\n",
        "## Prüfung (bei Bedarf)\n- [ ] a\n",
    ] {
        assert!(list(&format!("# T\n{text}")).sections().next().unwrap().items[0].optional, "{text}");
    }
}

#[test]
fn code_says_nothing() {
    let a = item("P", "- [ ] Run `deploy #if needed`");
    let b = item("P", "- [ ] Node is `>=22 <23`");
    assert!(!a.optional && a.condition.is_none() && b.threshold.is_none());
}

/// The lists of other languages, a heading for each walk.
#[test]
fn other_languages() {
    use SectionKind::*;
    for (heading, kind) in [
        ("Rollback-Kriterien", RollbackCriteria),
        ("Ansprechpartner", Contacts),
        ("Freigabe durch die Leitung", SignOff),
        ("Fehlerbehebung", Troubleshooting),
        ("Critères de rollback", RollbackCriteria),
        ("Retour arrière", RollbackProcedure),
        ("Aprobaciones", SignOff),
        ("Solución de problemas", Troubleshooting),
        ("Critérios de rollback", RollbackCriteria),
        ("Comunicação", Communication),
        ("Criteri di successo", SuccessCriteria),
        ("Критерии отката", RollbackCriteria),
        ("Откат", RollbackProcedure),
        ("ロールバック手順", RollbackProcedure),
        ("切り戻し条件", RollbackCriteria),
        ("緊急連絡先", Contacts),
        ("回滚步骤", RollbackProcedure),
        ("触发条件", RollbackCriteria),
        ("审批", SignOff),
        ("Sonstiges", Tasks),
        ("準備", Tasks),
    ] {
        let c = list(&format!("# T\n## {heading}\n- [ ] a\n"));
        assert_eq!(c.sections().next().unwrap().kind, kind, "{heading}");
    }
}

#[test]
fn front_matter_of_other_tools() {
    let r = page("---\nlayout: post\ntags: [a]\nmine: 1\n---\n- [ ] a\n");
    assert!(r.checklist.is_some());
    assert_eq!((r.diagnostics.len(), r.diagnostics[0].severity, r.diagnostics[0].line), (1, Severity::Note, 2));
}

#[test]
fn tables_of_criteria_with_a_column_for_the_threshold() {
    let table = "| Metric | Threshold | Duration | Action |\n|---|---|---|---|\n| Error rate | > 5% | 5 minutes | Roll back |\n\
                 | Backlog | > 100k | | Call |\n| Data loss | any | | Roll back |\n";
    let c = list(&format!("# T\n## Rollback triggers\n{table}\n## Deploy\n- [ ] a\n"));
    let shown: Vec<Option<String>> =
        c.sections().next().unwrap().items.iter().map(|i| i.threshold.as_ref().map(|t| t.to_string())).collect();
    assert_eq!(shown, [Some("Error rate > 5% for 5 minutes".to_owned()), Some("Backlog > 100000".to_owned()), None]);
}

#[test]
fn times_in_german() {
    let shown = |text: &str| item("Rollback-Kriterien", text).threshold.map(|t| t.to_string());
    assert_eq!(
        shown("- [ ] Fehlerrate > 5 % für mehr als 10 Minuten").as_deref(),
        Some("Fehlerrate > 5% for 10 minutes")
    );
    assert_eq!(item("Rollback-Kriterien", "- [ ] Antwortzeit > 2 Sekunden").threshold.unwrap().value_ms(), Some(2000));
    // A unit nobody knows is no plain number.
    assert_eq!(shown("- [ ] Latency > 3foo"), None);
    let c = list("# T\n## Nachbereitung (innerhalb von 24 Stunden)\n- [ ] a\n");
    let section = c.sections().next().unwrap();
    assert_eq!((section.branch, section.window.map(|w| w.to_ms)), (Branch::FollowUp, Some(86_400_000)));
}

#[test]
fn what_newcomers_wrote() {
    assert_eq!(item("Decide", "- [ ] [ ] GO [ ] NO-GO").choices, ["GO", "NO-GO"]);
    let c = list("# T\n## If something goes wrong\n- [ ] Restart\n");
    assert_eq!(c.sections().next().unwrap().branch, Branch::OnDemand);
    let r = page("---\nescalation_policy: x\n---\n- [ ] a\n");
    assert!(r.diagnostics[0].message.contains("did you mean `escalation`"), "{:?}", r.diagnostics);
}
