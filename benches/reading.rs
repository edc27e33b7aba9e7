//! Reading a page against the bare CommonMark parser, which is the floor: nothing can be read faster than it is parsed.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use pulldown_cmark::{Options, Parser};
use rollcall::markdown::read;
use std::hint::black_box;

/// A page as teams write them, repeated until it is that long.
fn like_a_teams(bytes: usize) -> String {
    let mut out = String::from("# Release\n\nHow we release.\n\n");
    let mut n = 0;
    while out.len() < bytes {
        n += 1;
        out.push_str(&format!(
            "## Part {n}: Service {n}\n\n- [ ] **Backup {n}** taken and checked by `ops-{n}` (if needed)\n  - [ ] Restore \
             tried on a copy\n  - Evidence: [log](https://logs.example/{n})\n- [x] Error rate < 1% for 30 minutes\n\n\
             ```sh\n./deploy --version $VERSION --part {n}\n```\n\n**Deployed by**: ____\n\n| Check | Owner | Done |\n\
             |---|---|---|\n| Latency | Ops | [ ] |\n\nSome words about what happens when this goes wrong, and whom to \
             ask about it.\n\n"
        ));
    }
    out
}

fn parse(text: &str) -> usize {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_GFM;
    Parser::new_ext(text, options).into_offset_iter().count()
}

fn reading(c: &mut Criterion) {
    for (name, bytes) in [("20 kB", 20_000), ("1 MB", 1_000_000)] {
        let text = like_a_teams(bytes);
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Bytes(text.len() as u64)).sample_size(10);
        group.bench_function("bare parser", |b| b.iter(|| parse(black_box(&text))));
        group.bench_function("reading", |b| {
            b.iter_batched(|| text.as_bytes(), |t| read("page", black_box(t)), BatchSize::LargeInput);
        });
        group.finish();
    }
    let items = "- [ ] something to do\n".repeat(100_000);
    let mut group = c.benchmark_group("100,000 items");
    group.sample_size(10);
    group.bench_function("bare parser", |b| b.iter(|| parse(black_box(&items))));
    group.bench_function("reading", |b| b.iter(|| read("page", black_box(items.as_bytes()))));
    group.finish();
}

criterion_group!(benches, reading);
criterion_main!(benches);
