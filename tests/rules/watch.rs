//! Criteria a deployment evaluates itself, what happened said by people, lists on demand, choices.

use crate::dsl::*;
use rollcall::domain::command::Timer as Kind;
use rollcall::domain::react::Effect::{self, *};
use rollcall::domain::react::Occasion;
use rollcall::domain::time::Timestamp;
use rollcall::domain::watch::{Measure, due, follow_on};

const MINUTE: i64 = 60_000;
/// When [`PAGE`] was started.
const START: i64 = 2_000;

const PAGE: &str = "\
# Release
## 1. Deploy
- [ ] Rolled out
- [ ] GO [ ] NO-GO
## 2. Rollback criteria
- [ ] Error rate > 5%
- [ ] Deployment stuck > 15 minutes
- [ ] Total duration exceeds 2 hours
- [ ] Customer impact > 10 minutes
- [ ] No activity for 20 minutes (staging only)
## 3. Rollback procedure
- [ ] Put back
## 4. Troubleshooting
- [ ] Logs read
";

fn at(mut case: Case, ms: i64) -> Case {
    case.now = Timestamp(ms);
    case
}

/// The watch's timer fires at that moment.
fn fires(case: Case, ms: i64) -> (String, Case) {
    let case = at(case, ms);
    let said = case.asks(&format!("due watch {ms}"));
    (said, case)
}

/// It fires, and what it decides happens, by Rollcall at that very moment.
fn breaches(case: Case, ms: i64) -> Case {
    let mut case = at(case, ms).by("Rollcall");
    for event in case.decide(&command(&format!("due watch {ms}"))).unwrap().events {
        case.now = Timestamp(ms - 1_000);
        case.record(event);
    }
    case.by("Ana")
}

impl Case {
    fn follows(&self) -> String {
        follow_on(&self.d).iter().map(what).collect::<Vec<_>>().join("; ")
    }

    fn timers(&self) -> Vec<Option<Timestamp>> {
        let watch = |e: Effect| if let Timer(Kind::Watch, due) = e { Some(due) } else { None };
        self.effects().into_iter().filter_map(watch).collect()
    }
}

#[test]
fn a_page_says_what_can_be_evaluated() {
    let case = reading(PAGE);
    let own: Vec<_> = case
        .d
        .plan
        .own
        .iter()
        .map(|o| (case.d.plan.leaves[o.leaf].number.to_string(), o.measure, o.limit_ms / MINUTE))
        .collect();
    let own: Vec<_> = own.iter().map(|(n, m, l)| (n.as_str(), *m, *l)).collect();
    assert_eq!(
        own,
        [
            ("2.2", Measure::Silence, 15),
            ("2.3", Measure::Duration, 120),
            ("2.4", Measure::Impact, 10),
            ("2.5", Measure::Silence, 20)
        ]
    );
    let labels: Vec<&str> = case.d.plan.fields().map(|f| f.label.as_str()).collect();
    assert_eq!(labels, ["Customer impact"], "what a criterion needs and the page has no blank for");
    let with_blank =
        reading("# R\n## Facts\n- **Downtime**: ____\n## Rollback criteria\n- [ ] Customer impact > 10 minutes\n");
    let labels: Vec<&str> = with_blank.d.plan.fields().map(|f| f.label.as_str()).collect();
    assert_eq!(labels, ["Downtime"], "the page's own blank is it");
}

#[test]
fn nothing_is_evaluated_that_needs_metrics_or_is_no_time() {
    for line in [
        "Error rate > 5%",
        "Response time > 3x baseline",
        "Query time > 500 ms",
        "Downtime < 10 minutes",
        "Stuck pods > 3",
        "Replication lag > 10 seconds",
        "No traffic for 10 minutes",
        "Downtime > 2x baseline",
    ] {
        let case = reading(&format!("# R\n## Rollback criteria\n- [ ] {line}\n"));
        assert_eq!(case.d.plan.own, [], "{line}");
        assert_eq!(case.timers(), []);
    }
    // Elsewhere the same words are a step, not a criterion.
    assert_eq!(reading("# R\n## Deploy\n- [ ] Deployment stuck > 15 minutes\n").d.plan.own, []);
}

#[test]
fn silence_is_breached_once_and_clears_when_somebody_does_something() {
    let case = reading(PAGE);
    assert_eq!(case.timers(), [Some(Timestamp(START + 15 * MINUTE + 1))]);
    assert_eq!(fires(case.clone(), START + 15 * MINUTE).0, "no: stale", "at the limit it is not beyond it");
    let (said, case) = fires(case, START + 15 * MINUTE + 1);
    assert_eq!(said, "breached 2.2 at 900001");
    let case = breaches(case, START + 15 * MINUTE + 1);
    assert!(case.effects().contains(&Say(Occasion::Breach)));
    assert!(case.effects().contains(&RefreshPart(2, 1)) && case.effects().contains(&ShowBoard));
    assert_eq!(case.follows(), "", "it stands");
    assert_eq!(fires(case.clone(), START + 60 * MINUTE).0, "no: stale", "said once");
    assert_eq!(case.next_due(Kind::Watch), Some(Timestamp(START + 120 * MINUTE + 1)), "the next thing to wait for");
    // Rollcall's own posts are no activity.
    let posted = case.clone().by("Rollcall").says("progress").by("Ana");
    assert_eq!(posted.follows(), "");
    let case = at(case, START + 30 * MINUTE).says("note looking at it");
    assert_eq!(case.follows(), "cleared 2.2");
    let cleared = follow_on(&case.d).remove(0);
    let case = case.by("Rollcall").given(cleared);
    assert_eq!(case.timers(), [Some(Timestamp(START + 45 * MINUTE + 1_000 + 1))], "counted from what was done");
}

#[test]
fn activity_moves_the_moment_without_arming_anew() {
    let case = at(reading(PAGE), START + 10 * MINUTE - 1_000).says("tick 1.1");
    assert_eq!(case.timers(), [], "no timer is written for every tick");
    let (said, case) = fires(case, START + 15 * MINUTE + 1);
    assert_eq!(said, "no: stale");
    assert_eq!(case.next_due(Kind::Watch), Some(Timestamp(START + 25 * MINUTE + 1)));
}

#[test]
fn holding_is_waiting_on_purpose() {
    let case = at(reading(PAGE), START + 5 * MINUTE).says("hold vendor");
    assert_eq!(due(&case.d), Some(Timestamp(START + 120 * MINUTE + 1)), "the clock of the whole goes on");
    assert_eq!(fires(case.clone(), START + 60 * MINUTE).0, "no: stale");
    let case = at(case, START + 60 * MINUTE).says("resume");
    assert_eq!(case.timers(), [Some(Timestamp(START + 60 * MINUTE + 1_000 + 15 * MINUTE + 1))]);
    // A breach ends with the hold, since somebody has done something.
    let breached = breaches(reading(PAGE), START + 16 * MINUTE).says("hold vendor");
    assert_eq!(breached.follows(), "cleared 2.2");
}

#[test]
fn total_duration_stays_breached() {
    let mut case = reading(PAGE);
    for tick in 1..=12 {
        case = at(case, START + tick * 10 * MINUTE - 1_000).says("note still at it");
    }
    let case = breaches(case, START + 120 * MINUTE + 1);
    assert_eq!(what(&case.log.last().unwrap().event), "breached 2.3 at 7200001");
    let case = case.says("note on it");
    assert_eq!(case.follows(), "");
    assert!(case.d.breached().count() == 1);
    assert_eq!(case.says("rollback 2.3").timers(), [None], "a rollback ends the watch");
}

#[test]
fn impact_is_what_somebody_fills_in() {
    let case = reading(PAGE);
    let filled = |value: &str| case.clone().says(&format!("fill Customer impact = {value}"));
    assert_eq!(filled("10 min").follows(), "");
    assert_eq!(filled("12").follows(), "breached 2.4 at 720000", "in the criterion's unit");
    assert_eq!(filled("0:11").follows(), "breached 2.4 at 660000");
    assert_eq!(filled("not known").follows(), "");
    let breached = filled("1 h");
    let event = follow_on(&breached.d).remove(0);
    let corrected = breached.given(event).says("fill Customer impact = 5 min");
    assert_eq!(corrected.follows(), "cleared 2.4");
}

#[test]
fn late_is_said_and_other_environments_are_not_watched() {
    let (said, _) = fires(reading(PAGE), START + 60 * MINUTE);
    assert_eq!(said, format!("breached 2.2 at {} late {}", 60 * MINUTE, 45 * MINUTE - 1));
    // 2.5 is for staging; this goes to production.
    assert_eq!(due(&reading(PAGE).d), Some(Timestamp(START + 15 * MINUTE + 1)));
}

#[test]
fn after_the_outcome_nothing_waits() {
    let case = reading(PAGE);
    for said in ["cancel r", "partial r", "rollback r"] {
        assert_eq!(case.clone().says(said).timers(), [None], "{said}");
        assert_eq!(fires(case.clone().says(said), START + 60 * MINUTE).0, "no: stale", "{said}");
    }
    assert_eq!(walking(crate::dsl::PAGE).says("partial r").timers(), [], "no page without such criteria has the timer");
}

#[test]
fn a_rollback_that_names_a_criterion_says_it_happened() {
    let case = reading(PAGE);
    for (said, follows) in [
        ("rollback 2.1", "tick 2.1; rollback : 2.1 Error rate > 5%"),
        ("rollback 2.1: 7 % since noon", "tick 2.1; rollback : 2.1 Error rate > 5%: 7 % since noon"),
        ("rollback 2.1 Error rate > 5%", "tick 2.1; rollback : 2.1 Error rate > 5%"),
        ("rollback 1.1 is broken", "rollback : 1.1 is broken"),
        ("rollback 2.5", "rollback : 2.5"),
        ("rollback 5 errors a second", "rollback : 5 errors a second"),
    ] {
        assert_eq!(case.asks(said), follows, "{said}");
    }
    assert_eq!(case.says("tick 2.1").asks("rollback 2.1"), "rollback : 2.1 Error rate > 5%", "noted already");
}

#[test]
fn lists_on_demand_open_when_asked_for() {
    let case = reading(PAGE);
    assert_eq!(case.asks("open 4"), "section 4");
    assert_eq!(case.clone().says("open 4").asks("open 4"), "", "it is there");
    assert_eq!(case.asks("open 1"), "no: no list 1");
    assert_eq!(case.asks("open 9"), "no: no list 9");
    assert_eq!(case.clone().says("cancel r").asks("open 4"), "no: no list 4");
    assert_eq!(case.clone().says("rollback r").asks("open 4"), "section 4");
    let case = case.says("open 4");
    assert_eq!(case.effects(), [ShowSection(4), ShowBoard]);
    let required: Vec<_> = case.d.required_open();
    assert!(required.iter().all(|&i| case.d.plan.leaves[i].section == 1), "opened, it still blocks nothing");
}

#[test]
fn a_choice_is_made_not_ticked() {
    let case = reading(PAGE);
    for (said, follows) in [
        ("tick 1.2", "no: 1.2 is one of GO, NO-GO"),
        ("tick 1.2 : later", "no: 1.2 is one of GO, NO-GO"),
        ("tick 1.2 : GOOD", "no: 1.2 is one of GO, NO-GO"),
        ("tick 1.2 : go", "tick 1.2 : GO"),
        ("tick 1.2 : NO-GO, the board says", "tick 1.2 : NO-GO: the board says"),
        ("tick 1", "tick 1.1 | 1.2 is one of GO, NO-GO"),
        ("skip 1.2 : no board today", "skip 1.2 : no board today"),
    ] {
        assert_eq!(case.asks(said), follows, "{said}");
    }
    let case = case.says("tick 1.2 : GO");
    assert!(case.asks("tick 1.2 : GO").starts_with("no: already"));
    assert_eq!(case.asks("tick 1.2 : NO-GO"), "tick 1.2 : NO-GO", "minds may change");
}
