//! What the rules, the cards and the reader cost, without a disk: `cargo bench --bench pure`.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rollcall::card::{compose, fit};
use rollcall::domain::command::{Command, ItemRef, Mark, Person, Via};
use rollcall::domain::decide::decide;
use rollcall::domain::deployment::Deployment;
use rollcall::domain::event::{Event, Recorded};
use rollcall::domain::plan::Plan;
use rollcall::domain::policy::Policy;
use rollcall::domain::schedule::Compiled;
use rollcall::domain::time::Timestamp;
use rollcall::{grammar, markdown};
use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;

/// A page of `items` checkboxes in sections of ten, every third with a command under it.
fn page(items: usize) -> String {
    let mut text =
        String::from("---\ntitle: Release of the shop\nservice: shop\nenvironment: production\n---\n\n# Release\n");
    for i in 0..items {
        if i % 10 == 0 {
            write!(text, "\n## {}. Stage {0}\n\nWhat stands before the items of a stage.\n\n", i / 10 + 1).unwrap();
        }
        writeln!(text, "- [ ] **Step {i}**: the `service-{i}` answers within 200 ms on every node").unwrap();
        if i % 3 == 0 {
            writeln!(text, "  ```bash\n  kubectl rollout status deployment/service-{i} --timeout=120s\n  ```").unwrap();
        }
    }
    text
}

fn plan(items: usize) -> Arc<Plan> {
    let checklist = markdown::read("release", page(items).as_bytes()).checklist.expect("the page can be read");
    Arc::new(Plan::new(Arc::new(checklist), "0".repeat(64)))
}

/// A walk from start to success with every item ticked: what a replay goes through.
fn log(plan: &Arc<Plan>) -> Vec<Recorded> {
    let people = [Person::named("Ana"), Person::named("Bob"), Person::named("Chidi")];
    let opened = Event::Opened {
        version: "v1.2.0".into(),
        checklist: plan.hash.clone(),
        service: "shop".into(),
        environment: "production".into(),
        channel: "console:deployments".into(),
        rehearsal: false,
        start_at: None,
        expected_ms: Some(3_600_000),
    };
    let mut events = vec![opened, Event::Started { late_ms: 0 }];
    let mut section = 0;
    for leaf in &plan.leaves {
        if leaf.section != section {
            section = leaf.section;
            events.push(Event::SectionOpened { section, late_ms: 0 });
        }
        events.push(Event::Marked { item: leaf.number.clone(), mark: Mark::Tick, note: None, reaction: None });
    }
    let recorded = |(i, event): (usize, Event)| Recorded {
        seq: i as u64 + 1,
        at: Timestamp(1_795_255_230_000 + 1_000 * i as i64),
        by: people[i % people.len()].clone(),
        via: Via::Console,
        event,
    };
    events.into_iter().enumerate().map(recorded).collect()
}

fn replay(plan: &Arc<Plan>, log: &[Recorded]) -> Deployment {
    let mut d = Deployment::open(1, plan.clone(), &log[0]).expect("the first event opens");
    log.iter().for_each(|r| d.evolve(r));
    d
}

fn policy() -> Policy {
    Policy {
        progress: Arc::new(Compiled::hourly(chrono_tz::UTC)),
        may_override: Vec::new(),
        roles: Arc::default(),
        lock_held_by: None,
        directory: Arc::default(),
        covers: Arc::default(),
        recent: Arc::default(),
        frozen: None,
        reminding: Arc::default(),
        off_hours: Arc::default(),
    }
}

fn rules(c: &mut Criterion) {
    for items in [60, 360] {
        let plan = plan(items);
        let log = log(&plan);
        let half = replay(&plan, &log[..log.len() / 2]);
        let (policy, ana) = (policy(), Person::named("Ana"));
        let item = ItemRef::Number(plan.leaves[items - 1].number.clone());
        let tick = Command::Mark { items: vec![item], mark: Mark::Tick, note: None };
        let at = half.at.plus_ms(1_000);
        let words = ItemRef::Words(format!("step {}", items - 1));
        let by_words = Command::Mark { items: vec![words], mark: Mark::Tick, note: None };

        let mut g = c.benchmark_group("decide");
        g.bench_with_input(BenchmarkId::new("tick", items), &half, |b, d| {
            b.iter(|| decide(black_box(d), &tick, &ana, at, &policy, None));
        });
        g.bench_with_input(BenchmarkId::new("tick by words", items), &half, |b, d| {
            b.iter(|| decide(black_box(d), &by_words, &ana, at, &policy, None));
        });
        g.finish();

        let mut g = c.benchmark_group("evolve");
        let next = &log[log.len() - 1];
        g.bench_with_input(BenchmarkId::new("one tick", items), &half, |b, d| {
            b.iter_batched_ref(|| d.clone(), |d| d.evolve(black_box(next)), BatchSize::SmallInput);
        });
        g.throughput(Throughput::Elements(log.len() as u64));
        g.bench_function(BenchmarkId::new("replay", items), |b| b.iter(|| replay(&plan, black_box(&log))));
        g.finish();

        let mut g = c.benchmark_group("card");
        g.bench_with_input(BenchmarkId::new("board", items), &half, |b, d| {
            b.iter(|| fit::fit(compose::board(black_box(d), at), &fit::CONSOLE));
        });
        g.bench_with_input(BenchmarkId::new("section", items), &half, |b, d| {
            b.iter(|| fit::fit(compose::section_part(black_box(d), 3, 1), &fit::CONSOLE));
        });
        let tight = fit::Limits { title: 150, text: 300, total: 900, blocks: 50, ..fit::CONSOLE };
        g.bench_with_input(BenchmarkId::new("section, cut to fit", items), &half, |b, d| {
            b.iter(|| fit::fit(compose::section_part(black_box(d), 3, 1), &tight));
        });
        g.finish();
    }
}

fn reading(c: &mut Criterion) {
    let mut g = c.benchmark_group("markdown");
    let shipped = include_bytes!("../checklists/blue-green-data-transformation.md");
    g.throughput(Throughput::Bytes(shipped.len() as u64));
    g.bench_function("a shipped checklist", |b| {
        b.iter(|| markdown::read("blue-green-data-transformation", black_box(shipped)));
    });
    for items in [9, 170, 360] {
        let text = page(items);
        g.throughput(Throughput::Bytes(text.len() as u64));
        g.bench_with_input(BenchmarkId::new("items", items), &text, |b, text| {
            b.iter(|| markdown::read("release", black_box(text.as_bytes())));
        });
    }
    g.finish();

    let mut g = c.benchmark_group("grammar");
    for said in [
        "#12 tick 3.2",
        "/deploy start v1.2.0 checklist:production-service env:production --queue",
        "fail 2.1 the registry says 503 and nobody knows why",
        "tikc 3.2",
    ] {
        g.bench_with_input(BenchmarkId::from_parameter(said), said, |b, said| {
            b.iter(|| grammar::parse(black_box(said)))
        });
    }
    g.finish();
}

criterion_group!(benches, rules, reading);
criterion_main!(benches);
