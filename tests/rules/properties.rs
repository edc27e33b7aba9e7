//! What holds whatever happens.

use crate::dsl::*;
use proptest::prelude::*;
use rollcall::domain::checklist::Number;
use rollcall::domain::command::{Command, ItemRef, Mark, Person, Timer, Via};
use rollcall::domain::decide::Decision;
use rollcall::domain::deployment::Deployment;
use rollcall::domain::event::{Authority, Event, Reaction, Recorded};
use rollcall::domain::plan::{ITEMS_PER_MESSAGE, Plan};
use rollcall::domain::react::react;
use rollcall::domain::refusal::Refusal;
use rollcall::domain::time::Timestamp;
use std::collections::BTreeSet;

fn a_number() -> impl Strategy<Value = Number> {
    prop_oneof![
        8 => (1u32..12, 1u32..4).prop_map(|(s, i)| Number::new(vec![s, i])),
        2 => (1u32..3).prop_map(|i| Number::new(vec![1, 4, i])),
        1 => (0u32..12).prop_map(|s| Number::new(vec![s])),
        1 => prop::collection::vec(any::<u32>(), 0..12).prop_map(Number::new),
    ]
}

fn an_item() -> impl Strategy<Value = ItemRef> {
    prop_oneof![
        6 => a_number().prop_map(ItemRef::Number),
        2 => (a_number(), a_number()).prop_map(|(a, b)| ItemRef::Range(a, b)),
        1 => prop::sample::select(vec!["smoke tests", "back", "error rate watched", "logs", "", "rows counted twice"])
            .prop_map(|w| ItemRef::Words(w.into())),
        1 => ".{0,20}".prop_map(ItemRef::Words),
    ]
}

fn a_mark() -> impl Strategy<Value = Mark> {
    prop::sample::select(vec![Mark::Tick, Mark::Tick, Mark::Tick, Mark::Untick, Mark::Skip, Mark::Fail, Mark::Block])
}

fn a_timer() -> impl Strategy<Value = Timer> {
    prop::sample::select(vec![Timer::Start, Timer::Progress, Timer::Archive, Timer::Watch])
}

fn somebody() -> impl Strategy<Value = Person> {
    prop::sample::select(vec!["Ana", "Ben", "Cleo", "Dov"]).prop_map(Person::named)
}

fn a_command() -> impl Strategy<Value = Command> {
    let text = || prop::sample::select(vec!["", "r", "because"]).prop_map(str::to_owned);
    prop_oneof![
        30 => (prop::collection::vec(an_item(), 0..3), a_mark(), prop::option::of(text()))
            .prop_map(|(items, mark, note)| Command::Mark { items, mark, note }),
        2 => (an_item(), somebody()).prop_map(|(item, to)| Command::Assign { item, to }),
        2 => (an_item(), text()).prop_map(|(item, text)| Command::Evidence { item, text }),
        1 => text().prop_map(|text| Command::Note { text }),
        1 => (".{0,6}", text()).prop_map(|(field, value)| Command::Fill { field, value }),
        2 => text().prop_map(|reason| Command::Hold { reason }),
        3 => Just(Command::Resume),
        1 => somebody().prop_map(|to| Command::Handover { to }),
        1 => prop::option::of(text()).prop_map(|text| Command::Progress { text }),
        1 => text().prop_map(|reason| Command::Rollback { reason }),
        1 => Just(Command::RolledBack),
        1 => prop::option::of(text()).prop_map(|authority| Command::Finish { authority }),
        1 => text().prop_map(|reason| Command::Partial { reason }),
        1 => text().prop_map(|reason| Command::Cancel { reason }),
        4 => (a_timer(), 0i64..9_000_000).prop_map(|(timer, due)| Command::Due { timer, due: Timestamp(due) }),
    ]
}

fn an_event() -> impl Strategy<Value = Event> {
    let text = || ".{0,5}".prop_map(String::from);
    prop_oneof![
        Just(opened("prod", None)),
        any::<u64>().prop_map(|behind| Event::Queued { behind }),
        any::<i64>().prop_map(|late_ms| Event::Started { late_ms }),
        (any::<u32>(), any::<i64>()).prop_map(|(section, late_ms)| Event::SectionOpened { section, late_ms }),
        (a_number(), a_mark(), prop::option::of(text()), prop::option::of(a_reaction()))
            .prop_map(|(item, mark, note, reaction)| Event::Marked { item, mark, note, reaction }),
        (a_number(), somebody()).prop_map(|(item, to)| Event::Assigned { item, to }),
        text().prop_map(|text| Event::Noted { text }),
        (a_number(), text()).prop_map(|(item, text)| Event::Evidence { item, text }),
        (text(), text()).prop_map(|(field, value)| Event::Filled { field, value }),
        text().prop_map(|reason| Event::Held { reason }),
        Just(Event::Resumed),
        somebody().prop_map(|to| Event::HandedOver { to }),
        (prop::option::of(text()), any::<i64>(), any::<u32>()).prop_map(|(text, late_ms, quiet)| Event::Progress {
            text,
            late_ms,
            quiet
        }),
        text().prop_map(|reason| Event::RollbackCalled { reason }),
        Just(Event::RolledBack),
        (prop::option::of(an_authority()), prop::collection::vec(a_number(), 0..3))
            .prop_map(|(authority, open)| Event::Succeeded { authority, open }),
        text().prop_map(|reason| Event::Partial { reason }),
        text().prop_map(|reason| Event::Cancelled { reason }),
        Just(Event::Archived),
        text().prop_map(|channel| Event::Followed { channel }),
        text().prop_map(|channel| Event::Unfollowed { channel }),
        (text(), text()).prop_map(|(channel, why)| Event::Undelivered { channel, why }),
        text().prop_map(|channel| Event::Redelivered { channel }),
        any::<i64>().prop_map(|was| Event::ClockSetBack { was: Timestamp(was) }),
    ]
}

fn a_reaction() -> impl Strategy<Value = Reaction> {
    ("[a-z/]{0,6}", "[0-9]", "[a-z ]{0,6}").prop_map(|(message, emoji, person)| Reaction { message, emoji, person })
}

fn an_authority() -> impl Strategy<Value = Authority> {
    (".{0,6}", ".{0,6}").prop_map(|(role, reason)| Authority { role, reason })
}

/// Everything that reads the state.
fn look(d: &Deployment) {
    let _ = (d.tally().percent(), d.required_open(), d.current_section(), d.follow_on(), d.next_up().count());
    let _ = (d.deployer(), d.lock(), d.elapsed_ms(Timestamp(i64::MIN)), d.assigned().count(), d.walk().count());
    for i in 0..d.plan.leaves.len() {
        if let Some(m) = d.marked(i) {
            assert_ne!(m.mark, Mark::Untick);
            let _ = d.person(m.by);
        }
    }
}

/// The deployment its log adds up to.
fn replay(case: &Case) -> Deployment {
    let mut d = Deployment::open(case.d.id, case.d.plan.clone(), &case.log[0]).unwrap();
    for recorded in &case.log[1..] {
        // As the store does it: through JSON.
        let json = serde_json::to_string(recorded).unwrap();
        d.evolve(&serde_json::from_str(&json).unwrap());
    }
    d
}

/// A page of groups: each number is an item of so many children, in three levels.
fn a_page() -> impl Strategy<Value = String> {
    let group = prop::collection::vec(0usize..14, 0..4);
    prop::collection::vec(prop::collection::vec(group, 0..8), 0..5).prop_map(|sections| {
        let mut text = String::new();
        for (s, groups) in sections.iter().enumerate() {
            text += &format!("## {} Section\n", s + 1);
            for group in groups {
                text += "- group\n";
                for inner in group {
                    text += "  - inner\n";
                    text += &"    - leaf\n".repeat(*inner);
                }
            }
        }
        text
    })
}

fn check_plan(plan: &Plan) {
    let mut seen = BTreeSet::new();
    for (i, leaf) in plan.leaves.iter().enumerate() {
        assert!((1..=10).contains(&leaf.keycap));
        assert!(seen.insert((leaf.section, leaf.part, leaf.keycap)), "{} twice", leaf.number);
        assert_eq!(plan.by_keycap(leaf.section, leaf.part, leaf.keycap), Some(i));
        assert_eq!(plan.leaf(&leaf.number), Some(i));
        assert_eq!(plan.span(&leaf.number), Some(i..i + 1));
        for depth in 1..leaf.number.parts().len() {
            let above = Number::new(leaf.number.parts()[..depth].to_vec());
            let span = plan.span(&above).unwrap();
            assert!(span.contains(&i));
            assert_eq!(plan.leaf(&above), None);
            assert!(plan.leaves[span].iter().all(|l| l.number.is_within(&above)));
        }
    }
    let mut next = 0;
    for section in &plan.sections {
        assert_eq!(section.leaves.start, next, "sections lie one after the other");
        next = section.leaves.end;
        let mut inside = section.leaves.start;
        for part in 1..=section.parts {
            let range = plan.part(section.number, part);
            assert!(!range.is_empty() && range.len() <= ITEMS_PER_MESSAGE);
            assert_eq!(range.start, inside, "messages lie one after the other");
            inside = range.end;
        }
        assert_eq!(inside, section.leaves.end);
    }
    assert_eq!(next, plan.leaves.len());
}

proptest! {
    #[test]
    fn evolve_is_total(events in prop::collection::vec((an_event(), somebody(), any::<u64>(), any::<i64>()), 0..60)) {
        let mut d = scheduled(PAGE).d;
        for (event, by, seq, at) in events {
            let recorded = Recorded { seq, at: Timestamp(at), by, via: Via::Console, event };
            d.evolve(&recorded);
            look(&d);
            let _ = react(&d, &recorded, &policy());
        }
    }

    #[test]
    fn the_log_is_the_state(commands in prop::collection::vec((a_command(), somebody(), prop::option::of(0u8..3)), 0..80)) {
        let mut case = scheduled(PAGE);
        for (command, by, reaction) in commands {
            case.by = by;
            case.reaction = reaction.map(|r| format!("m{r}"));
            let before = format!("{:?}", case.d);
            let decided = case.decide(&command);
            prop_assert_eq!(&before, &format!("{:?}", case.d), "deciding changes nothing");
            let Ok(Decision { events, .. }) = decided else { continue };
            prop_assert!(!events.is_empty(), "accepted, and nothing happened: {:?}", command);
            for event in events {
                case.record(event);
            }
            // The same again changes no item: what stands is refused or, for a new reason, said anew.
            if let Command::Mark { mark: mark @ (Mark::Tick | Mark::Untick | Mark::Skip), .. } = &command {
                let again = case.decide(&command);
                prop_assert!(again.is_err(), "{:?} twice: {:?}", mark, again);
            }
            if matches!(command, Command::Due { timer: Timer::Start | Timer::Archive, .. }) {
                prop_assert_eq!(case.decide(&command), Err(Refusal::Stale));
            }
            if let Command::Hold { .. } | Command::Resume | Command::Handover { .. } | Command::Rollback { .. }
                | Command::RolledBack | Command::Finish { .. } | Command::Partial { .. } | Command::Cancel { .. } = &command {
                prop_assert!(case.decide(&command).is_err(), "{:?} twice", command);
            }
            case.follow();
            look(&case.d);
        }
        prop_assert_eq!(format!("{:?}", replay(&case)), format!("{:?}", case.d));
    }

    #[test]
    fn a_tick_is_never_lost(commands in prop::collection::vec((a_command(), somebody()), 0..60)) {
        // Only what names an item, or takes back, ends a tick: never a group, a hold, an outcome or a timer.
        let mut case = walking(PAGE);
        for (command, by) in commands {
            case.by = by;
            let ticked: Vec<usize> = (0..case.d.plan.leaves.len()).filter(|i| case.d.mark(*i) == Some(Mark::Tick)).collect();
            let Ok(decision) = case.decide(&command) else { continue };
            for event in decision.events {
                case.record(event);
            }
            for leaf in ticked.into_iter().filter(|i| case.d.mark(*i) != Some(Mark::Tick)) {
                let number = &case.d.plan.leaves[leaf].number;
                let named = match &command {
                    Command::Mark { mark: Mark::Untick, .. } => true,
                    Command::Mark { items, mark: Mark::Fail, .. } => items.iter().any(|r| match r {
                        ItemRef::Number(n) => case.d.plan.span(n).is_some_and(|s| s == (leaf..leaf + 1)),
                        ItemRef::Range(a, b) => {
                            // A range of one is that one.
                            let ends = (case.d.plan.span(a), case.d.plan.span(b));
                            matches!(ends, (Some(a), Some(b)) if (a.start..b.end) == (leaf..leaf + 1))
                        }
                        ItemRef::Words(_) => true,
                    }),
                    _ => false,
                };
                prop_assert!(named, "{:?} took the tick of {}", command, number);
            }
        }
    }

    #[test]
    fn every_leaf_has_one_keycap(text in a_page()) {
        check_plan(&page(&text));
    }

    #[test]
    fn numbers_come_back(parts in prop::collection::vec(any::<u32>(), 1..20)) {
        let number = Number::new(parts);
        prop_assert_eq!(number.to_string().parse::<Number>(), Ok(number));
    }
}

#[test]
fn the_test_page_is_sound() {
    check_plan(&page(PAGE));
}
