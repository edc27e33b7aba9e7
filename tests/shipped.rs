//! The checklists that come with the product: read without a word, carrying every fact of the documents they were
//! written from in words of our own, and each walked to success and to a rollback.

mod world;

use rollcall::domain::checklist::{Branch, Checklist, Item};
use rollcall::domain::status::Status;
use rollcall::markdown;
use std::collections::BTreeSet;
use world::*;

/// Each with the document it was written from.
const SHIPPED: [(&str, &str); 5] = [
    ("application-workflow", "workflow"),
    ("blue-green-data-transformation", "blue-green-sqlmesh"),
    ("database-migration", "migration"),
    ("datastore-data-migration", "redis-om"),
    ("production-service", "production"),
];

fn file(folder: &str, name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/{folder}/{name}.md", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn shipped(name: &str) -> Checklist {
    let reading = markdown::read(name, &file("checklists", name));
    let loud: Vec<_> =
        reading.diagnostics.iter().filter(|d| d.severity != rollcall::domain::checklist::Severity::Note).collect();
    assert!(loud.is_empty(), "{name}: {loud:?}");
    reading.checklist.unwrap()
}

fn all_items(checklist: &Checklist) -> Vec<&Item> {
    fn walk<'a>(items: &'a [Item], out: &mut Vec<&'a Item>) {
        for item in items {
            out.push(item);
            walk(&item.children, out);
        }
    }
    let mut out = Vec::new();
    checklist.sections().for_each(|s| walk(&s.items, &mut out));
    out
}

/// What a machine can hold a deployment to: thresholds, windows, targets, roles, in page order.
fn facts(checklist: &Checklist) -> Vec<String> {
    let mut out = Vec::new();
    for section in checklist.sections() {
        out.extend(section.window.map(|w| format!("due {w}")));
        out.extend(section.environment.as_ref().map(|e| format!("{e} only")));
        out.extend(section.fields.iter().filter_map(|f| f.target.as_ref().map(|t| format!("{}: {t}", f.label))));
    }
    for item in all_items(checklist) {
        out.extend(item.threshold.as_ref().map(|t| t.to_string()));
        out.extend(item.window.map(|w| format!("due {w}")));
        out.extend(item.role.as_ref().map(|r| format!("signed by {r}")));
        out.extend((item.choices.len() > 1).then(|| item.choices.join(" or ")));
    }
    out.extend(checklist.contacts.iter().map(|c| format!("reach {}", c.role)));
    out
}

#[test]
fn every_figure_window_and_role_is_there() {
    for (name, _) in SHIPPED {
        insta::assert_snapshot!(name, facts(&shipped(name)).join("\n"));
    }
}

#[test]
fn the_sentences_are_our_own() {
    let plain = |text: &str| -> String {
        let words: String =
            text.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    for (ours, theirs) in SHIPPED {
        let theirs = markdown::read(theirs, &file("tests/seeds", theirs)).checklist.unwrap();
        let theirs: BTreeSet<String> = all_items(&theirs)
            .iter()
            .filter(|i| i.role.is_none() && i.threshold.is_none())
            .map(|i| plain(&i.text.to_plain()))
            .filter(|t| t.split(' ').count() > 3)
            .collect();
        let ours = shipped(ours);
        let copied: Vec<String> =
            all_items(&ours).iter().map(|i| plain(&i.text.to_plain())).filter(|t| theirs.contains(t)).collect();
        assert!(copied.is_empty(), "{}: {copied:?}", ours.name);
    }
}

async fn says(w: &World, text: &str) -> String {
    let reply = w.say("Ana", text).await;
    assert!(reply.ok, "{text}: {}", reply.text);
    reply.text
}

/// Does what is next until nothing is, and gives how many items that were. What comes next is always before people.
async fn walk(w: &World) -> usize {
    let mut done = 0;
    loop {
        let d = w.engine().deployment(1).await.unwrap().unwrap();
        let Some(i) = d.next_up().next() else { return done };
        let leaf = &d.plan.leaves[i];
        let message = w.message(&format!("1/section/{}/{}@", leaf.section, leaf.part));
        assert!(
            states(&message.card).iter().any(|s| *s == format!("{} Open", leaf.number)),
            "{} is not shown",
            leaf.number
        );
        says(w, format!("tick {} {}", leaf.number, leaf.choices.first().map_or("", String::as_str)).trim()).await;
        done += 1;
        assert!(done < 1_000, "the walk does not end");
    }
}

/// Every blank takes a value, and those with a target say how it stands.
async fn fill(w: &World) {
    let d = w.engine().deployment(1).await.unwrap().unwrap();
    for field in d.plan.fields().filter(|f| !rollcall::domain::fields::is_automatic(&f.label)) {
        let value = field.choices.first().map_or("0", String::as_str);
        let said = says(w, &format!("fill \"{}\": {value}", field.label)).await;
        let judged = said.contains("Within the target") || said.contains("The target is missed");
        assert_eq!(judged, field.target.is_some(), "{}: {said}", field.label);
    }
}

#[tokio::test]
async fn each_is_walked_to_success() {
    for (name, _) in SHIPPED {
        for environment in ["production", "staging"] {
            let w = World::new().await;
            says(&w, &format!("start v1.2.0 checklist:{name} env:{environment}")).await;
            let required = w.engine().deployment(1).await.unwrap().unwrap().required_open().len();
            let refused = w.say("Ana", "finish").await;
            assert!(!refused.ok && refused.text.contains(&required.to_string()), "{name}: {}", refused.text);
            fill(&w).await;
            // Lists on demand open, and stay out of the way.
            let lists: Vec<u32> =
                w.engine().deployment(1).await.unwrap().unwrap().on_demand().map(|s| s.number).collect();
            for list in lists {
                assert!(says(&w, &format!("show {list}")).await.contains("Opened"), "{name} {list}");
            }
            let walked = walk(&w).await;
            assert!(walked >= 10, "{name} in {environment}: {walked}");
            says(&w, "finish").await;
            walk(&w).await;
            // Sections with a window come up when it opens.
            for _ in 0..4 {
                w.pass(7 * DAY).await;
                walk(&w).await;
            }
            let d = w.engine().deployment(1).await.unwrap().unwrap();
            assert_eq!(d.status, Status::Succeeded, "{name}");
            for branch in [Branch::Forward, Branch::AfterSuccess, Branch::FollowUp] {
                let open: Vec<String> =
                    d.leaves_of(branch).filter(|(i, _)| !d.is_done(*i)).map(|(_, l)| l.number.to_string()).collect();
                assert!(open.is_empty(), "{name} in {environment}, {branch:?}: {open:?}");
            }
            let open = |b| d.leaves_of(b).any(|(i, _)| d.mark(i).is_some());
            assert!(!open(Branch::Rollback) && !open(Branch::AfterRollback), "{name}");
        }
    }
}

#[tokio::test]
async fn each_is_walked_to_a_rollback() {
    for (name, _) in SHIPPED {
        let w = World::new().await;
        says(&w, &format!("start v1.2.0 checklist:{name} env:production")).await;
        let d = w.engine().deployment(1).await.unwrap().unwrap();
        for _ in 0..3 {
            let d = w.engine().deployment(1).await.unwrap().unwrap();
            let next = d.next_up().next().unwrap();
            says(&w, &format!("tick {}", d.plan.leaves[next].number)).await;
        }
        let criterion = d.leaves_of(Branch::Watch).next().map(|(_, l)| (l.number.clone(), l.text.clone(), l.section));
        let reason = match &criterion {
            Some((number, _, section)) => {
                let watch = w.message(&format!("1/section/{section}/1@"));
                assert!(read(&watch.card).contains("has happened"), "{name}");
                number.to_string()
            }
            None => "the data looks wrong".into(),
        };
        says(&w, &format!("rollback {reason}")).await;
        if let Some((number, text, _)) = criterion {
            let board = read(&w.message("1/board").card);
            assert!(board.contains(&format!("rolling back: {number} {text}")), "{name}: {board}");
        }
        let steps = walk(&w).await;
        assert!(steps >= 3, "{name}: {steps}");
        says(&w, "rolled-back").await;
        walk(&w).await;
        let d = w.engine().deployment(1).await.unwrap().unwrap();
        assert_eq!(d.status, Status::RolledBack, "{name}");
        for branch in [Branch::Rollback, Branch::AfterRollback] {
            assert!(d.leaves_of(branch).all(|(i, _)| d.is_done(i)), "{name} {branch:?}");
        }
    }
}

/// A deployment of the production page that nobody touches is noticed.
#[tokio::test]
async fn a_stuck_production_deployment_is_noticed() {
    let w = World::new().await;
    says(&w, "start v1.2.0 checklist:production-service").await;
    w.advance(16 * MINUTE).await;
    let said: Vec<Seen> = w.messages().into_iter().filter(|m| m.key.contains("/breach@")).collect();
    assert_eq!(said.len(), 1);
    assert!(
        read(&said[0].card).contains("Deployment stuck > 15 minutes: nothing done for 16 min"),
        "{}",
        read(&said[0].card)
    );
}
