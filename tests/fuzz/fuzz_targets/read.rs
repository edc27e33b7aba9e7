//! Reading and showing any bytes: no panic, and what is shown agrees with what was counted.
//!
//! `cargo fuzz run --fuzz-dir tests/fuzz --sanitizer none read` from the top of the repository; without a nightly
//! toolchain with `RUSTC_BOOTSTRAP=1` in front.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rollcall::check;
use rollcall::domain::checklist::{Item, ItemKind, Severity};
use rollcall::markdown::{escape, inline, read};

fuzz_target!(|bytes: &[u8]| {
    let reading = read("page", bytes);
    let errors = reading.diagnostics.iter().any(|d| d.severity == Severity::Error);
    assert_eq!(reading.checklist.is_none(), errors);
    check::tree("page", &reading, Some("qa"), true);
    if let Some(checklist) = &reading.checklist {
        assert!(check::diff(checklist, checklist).is_empty());
        let mut all: Vec<&Item> = checklist.sections().flat_map(|s| &s.items).collect();
        let mut count = 0;
        while let Some(item) = all.pop() {
            count += usize::from(!matches!(item.kind, ItemKind::Group | ItemKind::Bullet));
            all.extend(&item.children);
        }
        assert_eq!(count, reading.counts.items + reading.counts.boxes + reading.counts.steps);
    }
    check::json(&[("page".to_owned(), reading)], None);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let line = text.replace(['\r', '\n', '\0'], " ");
        assert_eq!(inline(&escape(&line)).to_plain(), line);
    }
});
