//! Pages: whom a step calls, how it climbs, what ends it.

use crate::dsl::*;
use rollcall::config::Config;
use rollcall::domain::command::{Mark, Person, Timer};
use rollcall::domain::deployment::Deployment;
use rollcall::domain::event::Event;
use rollcall::domain::paging::{Call, Hold, PageEvent, PageState, Sent};
use rollcall::domain::react::Effect;
use rollcall::domain::time::Timestamp;
use rollcall::domain::{causes, climb};
use std::path::Path;
use std::sync::Arc;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

const CONFIG: &str = "
[people.ana]
name = \"Ana\"
slack = \"U01\"
email = \"ana@example.org\"
phone = \"+4915112345678\"
[people.ben]
name = \"Ben\"
email = \"ben@example.org\"
office_hours = { days = \"Mon-Fri\", from = \"09:00\", to = \"17:00\" }
[people.cleo]
name = \"Cleo\"
[people.dan]
name = \"Dan\"
phone = \"+4915112345679\"
ways = [\"voice\", \"sms\"]
[roles]
lead = [\"ana\", \"ben\"]
empty = [\"cleo\"]
none = []
[rotations.web]
[[rotations.web.layers]]
people = [\"dan\", \"ben\"]
handoff = \"0 9 * * Mon\"
starts = 2026-01-05
[policies.night]
environments = [\"production\"]
repeat = 1
ack_timeout = \"30m\"
[[policies.night.steps]]
targets = [\"rotation:web\"]
[[policies.night.steps]]
after = \"5m\"
targets = [\"role:lead\", \"ana\"]
[[policies.night.steps]]
after = \"10m\"
targets = [\"ana\", \"channel\"]
ways = [\"voice\"]
[policies.nobody]
environments = [\"nowhere\"]
[[policies.nobody.steps]]
targets = [\"role:empty\", \"role:none\"]
[[policies.nobody.steps]]
after = \"5m\"
targets = [\"channel\"]
";

/// Started to production, on Wednesday 2026-01-07 at noon, with contacts.
fn paged() -> Case {
    with(CONFIG)
}

fn with(config: &str) -> Case {
    let config = Config::parse(config, Path::new("")).unwrap();
    let mut case = walking(PAGE);
    case.policy.directory = config.directory.clone();
    let people = |ids: &Vec<String>| ids.iter().cloned().collect();
    case.policy.roles = Arc::new(config.roles.iter().map(|(role, ids)| (role.clone(), people(ids))).collect());
    case.now = Timestamp(NOON);
    case
}

/// 2026-01-07 12:00 UTC.
const NOON: i64 = 1_767_787_200_000;

fn at(mut case: Case, ms: i64) -> Case {
    case.now = Timestamp(NOON + ms);
    case
}

/// An event of a page in a few words.
pub fn what(event: &PageEvent) -> String {
    let late = |ms: i64| if ms == 0 { String::new() } else { format!(" late {ms}") };
    let call = |c: &Call| {
        let ways: Vec<&str> = c.ways.iter().map(|(_, address)| address.as_str()).collect();
        let held = c.held.map(|h| match h.why {
            Hold::OfficeHours => format!(" at {}", h.until.utc().format("%a %H:%M")),
            Hold::Limit => format!(" not before {}", h.until.0 - NOON),
        });
        format!("{}<{}>{}", c.to.as_ref().map_or("-", |p| &p.name), ways.join(" "), held.unwrap_or_default())
    };
    match event {
        PageEvent::Opened { message, policy, urgency, .. } => {
            format!("opened [{message}] {urgency:?} by {}", policy.as_deref().unwrap_or("-"))
        }
        PageEvent::Again { message } => format!("again [{message}]"),
        PageEvent::Called { step, round, calls, skipped, late_ms } => {
            let calls: Vec<String> = calls.iter().map(call).collect();
            let skipped: String = skipped.iter().map(|s| format!(" -{} {:?}", s.target, s.why)).collect();
            format!("step {step}.{round} {}{skipped}{}", calls.join(", "), late(*late_ms))
        }
        PageEvent::Released { n, with, late_ms } => format!("released {n} with {with:?}{}", late(*late_ms)),
        PageEvent::Postponed { n, until } => format!("postponed {n} to {}", until.0 - NOON),
        PageEvent::Delivered { n } => format!("delivered {n}"),
        PageEvent::Missed { n, why } => format!("missed {n} ({why})"),
        PageEvent::Acknowledged => "acknowledged".into(),
        PageEvent::Lapsed { late_ms } => format!("lapsed{}", late(*late_ms)),
        PageEvent::Escalated => "escalated".into(),
        PageEvent::Unanswered { late_ms } => format!("unanswered{}", late(*late_ms)),
        PageEvent::Resolved => "resolved".into(),
    }
}

impl Case {
    /// At this moment the timer fires and what it decides happens; what that was.
    fn fires(&mut self, ms: i64) -> String {
        self.now = Timestamp(NOON + ms);
        let decided = self.decide(&command(&format!("due page {}", self.now.0)));
        let said = line(&decided);
        if let Ok(decision) = decided {
            let by = std::mem::replace(&mut self.by, Person::rollcall());
            for event in decision.events {
                self.happens(event);
            }
            self.by = by;
        }
        said
    }

    /// Happens now, to the millisecond.
    fn happens(&mut self, event: Event) {
        self.now = self.now.plus_ms(-1_000);
        self.record(event);
    }

    /// Somebody says it now.
    #[track_caller]
    fn now_says(&mut self, said: &str) -> String {
        let decision = self.decide(&command(said));
        let Ok(decision) = decision else { panic!("{said}: {}", line(&decision)) };
        let told = line(&Ok(decision.clone()));
        decision.events.into_iter().for_each(|event| self.happens(event));
        told
    }

    /// What became of message n of page 1.
    fn reached(&mut self, n: u32, became: Result<(), &str>) {
        let event = climb::witnessed(&self.d, 1, n, became).expect("news");
        self.happens(event);
    }

    /// In minutes after noon.
    fn page_due(&self) -> Option<i64> {
        climb::due(&self.d).map(|t| (t.0 - NOON) / MINUTE)
    }

    fn follows_pages(&self) -> String {
        causes::follow_on(&self.d, &self.policy).iter().map(crate::dsl::what).collect::<Vec<_>>().join("; ")
    }
}

fn page(d: &Deployment, n: usize) -> &rollcall::domain::paging::Page {
    &d.pages[n - 1]
}

#[test]
fn a_page_climbs_step_by_step_until_it_is_said_that_nobody_answers() {
    let mut c = paged();
    let said = c.now_says("page checkout is down");
    assert_eq!(
        said,
        "page 1 opened [checkout is down] High by night; page 1 step 0.0 Dan<voice:+4915112345679 sms:+4915112345679>"
    );
    assert_eq!(c.page_due(), Some(5));
    assert_eq!(c.fires(5 * MINUTE - 1), "no: stale", "never early");
    // A role's people each once, whoever names them.
    let step = c.fires(5 * MINUTE);
    assert_eq!(
        step,
        "page 1 step 1.0 Ana<slack:@U01 email:ana@example.org sms:+4915112345678 voice:+4915112345678>, \
         Ben<email:ben@example.org>"
    );
    assert_eq!(c.page_due(), Some(15));
    assert_eq!(
        c.fires(15 * MINUTE),
        "page 1 step 2.0 Ana<voice:+4915112345678>, Ana<console:deployments>",
        "the step's own ways; the channel, where whoever leads is called"
    );
    // The last step's delay passes before it is gone through again.
    assert_eq!(c.page_due(), Some(25));
    assert!(c.fires(25 * MINUTE).starts_with("page 1 step 0.1 Dan"));
    assert!(c.fires(30 * MINUTE).starts_with("page 1 step 1.1 Ana"));
    assert!(c.fires(40 * MINUTE).starts_with("page 1 step 2.1 Ana"));
    assert_eq!(c.fires(50 * MINUTE), "page 1 unanswered");
    assert!(c.effects().contains(&Effect::TellUnanswered(1)), "never a silent end");
    assert_eq!(c.page_due(), None);
    assert_eq!(page(&c.d, 1).state, PageState::Open, "somebody may still take it");
    assert_eq!(c.now_says("ack"), "page 1 acknowledged");
    assert_eq!(c.page_due(), Some(80), "and must resolve it in time");
}

#[test]
fn an_acknowledgement_stops_the_climb_and_may_time_out() {
    let mut c = paged();
    c.now_says("page checkout is down");
    let mut c = at(c, MINUTE).by("Ben");
    assert_eq!(c.now_says("ack"), "page 1 acknowledged");
    let effects = c.effects();
    assert!(effects.contains(&Effect::RefreshCalls(1)) && effects.contains(&Effect::ShowPage(1)), "{effects:?}");
    assert_eq!(c.asks("ack 1"), format!("no: page 1 taken by Ben at {}", NOON + MINUTE));
    assert_eq!(c.fires(20 * MINUTE), "no: stale");
    assert_eq!(c.page_due(), Some(31));
    let again = c.fires(31 * MINUTE);
    assert!(again.starts_with("page 1 lapsed; page 1 step 0.0 Dan"), "{again}");
    assert_eq!(page(&c.d, 1).state, PageState::Open);
    assert_eq!(page(&c.d, 1).message(1).map(|m| m.state.clone()), Some(Sent::Waiting));
    assert!(!page(&c.d, 1).may_go(1) && page(&c.d, 1).may_go(2), "what did not go out before never does");
    assert_eq!(c.now_says("resolve 1"), "page 1 resolved");
    assert_eq!(c.page_due(), None);
    for said in ["ack 1", "resolve", "escalate 1"] {
        assert_eq!(c.asks(said), "no: page 1 is over", "{said}");
    }
}

#[test]
fn what_fell_due_while_nobody_looked_is_called_once_and_late() {
    let mut c = paged();
    c.now_says("page checkout is down");
    let late = c.fires(2 * HOUR);
    assert!(late.starts_with("page 1 step 1.0 Ana") && late.ends_with("late 6900000"), "{late}");
    assert_eq!(c.page_due(), Some(130), "the next step waits its time from then");
}

#[test]
fn a_way_that_fails_falls_through_and_a_step_that_fails_is_left_at_once() {
    let mut c = paged();
    c.now_says("page checkout is down");
    c.reached(1, Err("busy"));
    assert!(c.effects().contains(&Effect::CallPage(1, 2)), "{:?}", c.effects());
    assert_eq!(page(&c.d, 1).message(2).unwrap().address(), "sms:+4915112345679");
    assert_eq!(c.page_due(), Some(5));
    assert_eq!(climb::witnessed(&c.d, 1, 1, Err("busy")), None, "a way fails once");
    c = at(c, MINUTE);
    c.reached(2, Err("no credit"));
    assert_eq!(c.page_due(), Some(1), "nobody is left to wait for");
    assert!(c.fires(MINUTE).starts_with("page 1 step 1.0 Ana"));
    // What was retried may still arrive.
    c.reached(1, Ok(()));
    assert!(matches!(page(&c.d, 1).message(1).unwrap().state, Sent::Delivered(_)));
    assert_eq!(climb::witnessed(&c.d, 1, 1, Ok(())), None);
    c.now_says("ack");
    c.reached(3, Err("closed"));
    assert_eq!(page(&c.d, 1).next_message(), 5, "after the acknowledgement no other way is tried");
}

#[test]
fn a_step_that_reaches_nobody_is_skipped_at_once() {
    let mut c = paged();
    let said = c.now_says("page nobody : help");
    assert_eq!(
        said,
        "page 1 opened [help] High by nobody; page 1 step 0.0  -cleo NoWay -role:none Nobody; \
         page 1 step 1.0 Ana<console:deployments>"
    );
    let mut c = paged();
    assert!(
        c.now_says("page cleo : help").contains("step 0.0  -cleo NoWay; page 1 step 1.0 Dan"),
        "and the policy goes on"
    );
    // A configuration that lost everybody since the page was opened.
    let mut c = paged();
    c.now_says("page checkout is down");
    c.policy.directory = Arc::default();
    c.policy.roles = Arc::default();
    let ended = c.fires(5 * MINUTE);
    assert_eq!(
        ended,
        "page 1 step 1.0  -role:lead Unknown -ana NoWay; page 1 step 2.0 Ana<console:deployments> -ana NoWay"
    );
}

#[test]
fn who_is_named_comes_first_and_words_may_name_somebody() {
    for (said, first) in [
        ("page ana : db is slow", "Ana<slack"),
        ("page @ana : db is slow", "Ana<slack"),
        ("page ana db is slow", "Ana<slack"),
        ("page Ana: db is slow", "Ana<slack"),
        ("page lead db is slow", "Ana<slack:@U01 email:ana@example.org sms:+4915112345678 voice:+4915112345678>, Ben"),
        ("page role:lead : db is slow", "Ana<slack"),
        ("page web db is slow", "Dan<voice"),
        ("page slack:U77 : db is slow", "slack:U77<slack:@U77>"),
        ("page channel db is slow", "Ana<console:deployments>"),
    ] {
        let mut c = paged();
        let told = c.now_says(said);
        assert!(
            told.contains("opened [db is slow] High by night; page 1 step 0.0 ") && told.contains(first),
            "{said}: {told}"
        );
        assert!(c.fires(5 * MINUTE).starts_with("page 1 step 1.0 Dan"), "then the policy: {said}");
    }
    let c = paged();
    assert_eq!(c.asks("page anna : help"), "no: nobody <anna>, near ana");
    assert_eq!(c.asks("page zzzzzz : help"), "no: nobody <zzzzzz>, near -");
    assert!(c.asks("page anna help").contains("opened [anna help]"), "words that name nobody are the message");
    assert_eq!(c.asks("page ana"), "no: no message", "a name alone says nothing");
}

#[test]
fn the_same_page_twice_is_one_with_a_count() {
    let mut c = paged();
    c.now_says("page checkout is down");
    assert_eq!(c.now_says("page Checkout  is down"), "page 1 again [Checkout  is down]");
    assert_eq!(page(&c.d, 1).count, 2);
    assert!(c.now_says("page ana : checkout is down").contains("page 2 opened"), "somebody else is meant");
    assert!(c.now_says("page the db is slow").contains("page 3 opened"));
    assert_eq!(c.asks("ack"), "no: which page of [1, 2, 3]");
    assert_eq!(c.asks("ack 7"), "no: no page 7 of [1, 2, 3]");
    c.now_says("ack 1");
    assert_eq!(c.now_says("page checkout is down"), "page 1 again [checkout is down]", "whoever has it has it");
    c.now_says("resolve 1");
    assert!(c.now_says("page checkout is down").contains("page 4 opened"));
    assert_eq!(paged().asks("ack"), "no: no pages");
}

#[test]
fn escalating_calls_the_next_step_and_begins_anew_at_the_end() {
    let mut c = paged();
    c.now_says("page checkout is down");
    assert!(c.now_says("escalate").starts_with("page 1 escalated; page 1 step 1.0 Ana"));
    assert_eq!(c.page_due(), Some(10));
    c.now_says("ack");
    let on = c.now_says("escalate 1");
    assert!(on.starts_with("page 1 escalated; page 1 step 2.0 Ana"), "whoever has it wants more: {on}");
    assert_eq!(page(&c.d, 1).state, PageState::Open);
    for _ in 0..3 {
        c.now_says("escalate");
    }
    assert!(c.now_says("escalate").contains("step 0.0 Dan"), "after the last step, the first");
}

#[test]
fn low_urgency_waits_for_office_hours_and_so_does_the_climb() {
    // Ben is on call from Monday the 12th on; it is Friday evening, the 16th.
    let friday = 9 * 24 * HOUR + 8 * HOUR;
    let mut c = at(paged(), friday);
    let said = c.now_says("page ben : the report looks odd");
    assert!(said.ends_with("Ben<email:ben@example.org>"), "high urgency knows no hours: {said}");
    let mut c = at(paged(), friday);
    let said = c.now_says("page-low the report looks odd");
    assert!(said.contains("Low by night; page 1 step 0.0 Ben<email:ben@example.org> at Mon 09:00"), "{said}");
    let monday = 11 * 24 * HOUR + 21 * HOUR;
    assert_eq!(c.page_due(), Some(monday / MINUTE));
    let out = c.fires(monday);
    assert_eq!(out, "page 1 released 1 with []");
    assert!(c.effects().contains(&Effect::CallPage(1, 1)));
    assert_eq!(c.page_due(), Some(monday / MINUTE + 5));
    let channel = CONFIG.replace("repeat = 1", "low = \"channel\"");
    let mut c = at(with(&channel), friday);
    assert!(c.now_says("page-low odd").ends_with("step 0.0 Ana<console:deployments>"));
}

#[test]
fn a_storm_buries_nobody_and_what_is_over_is_bundled() {
    let config = format!("{CONFIG}\n[paging]\nper_hour = 2\n");
    let mut c = with(&config);
    c.d.environment = "nowhere".into();
    let mut told = Vec::new();
    for n in 0..5 {
        c = at(c, n * MINUTE);
        let said = format!("page ana : trouble {n}");
        let decision = c.decide(&command(&said)).unwrap();
        told.push(line(&Ok(decision.clone())));
        for event in decision.events {
            if let Event::Page { event, .. } = &event {
                let mut recent = (*c.policy.recent).clone();
                recent.learn(event, c.now);
                c.policy.recent = Arc::new(recent);
            }
            c.happens(event);
        }
    }
    assert!(!told[1].contains("not before") && told[2].contains(&format!("not before {HOUR}")), "{told:?}");
    // The climb goes on to others at once: only this person waits.
    assert!(told[2].contains("page 3 step 2.0 Ana<console:deployments>"), "{}", told[2]);
    assert!(c.fires(20 * MINUTE).contains("page 3 unanswered"));
    let out = c.fires(HOUR);
    assert!(out.contains("page 3 released 1 with [(4, 1), (5, 1)]"), "{out}");
    assert_eq!(page(&c.d, 4).message(1).unwrap().state, Sent::Bundled(3, 1));
}

#[test]
fn a_rehearsal_calls_nobody() {
    let mut c = paged();
    c.d.rehearsal = true;
    c.now_says("page checkout is down");
    assert_eq!(page(&c.d, 1).message(1).unwrap().state, Sent::Rehearsed);
    assert!(!c.effects().iter().any(|e| matches!(e, Effect::CallPage(..))));
    for minutes in [5, 15, 25, 30, 40, 50] {
        c.fires(minutes * MINUTE);
    }
    assert!(page(&c.d, 1).unanswered.is_some() && !c.effects().contains(&Effect::TellUnanswered(1)));
}

#[test]
fn without_a_policy_the_channel_is_called() {
    let mut c = at(walking(PAGE), 0);
    assert_eq!(
        c.now_says("page checkout is down"),
        "page 1 opened [checkout is down] High by -; page 1 step 0.0 Ana<console:deployments>"
    );
    assert_eq!(c.fires(5 * MINUTE), "page 1 unanswered");
    // A policy that names no environment is for all that have none of their own.
    let house = "[policies.house]\n[[policies.house.steps]]\ntargets = [\"channel\"]\n";
    let mut c = with(&format!("{CONFIG}\n{house}"));
    assert!(c.now_says("page x").contains("by night"), "environments are one whatever their spelling");
    c.d.environment = "staging".into();
    assert!(c.now_says("page y").contains("by house"));
}

const CRITICAL: &str = "\
# Release
## 1. Deploy
- [ ] Migrate <!-- rollcall: critical -->
- [ ] Warm caches
- [ ] Cut over <!-- rollcall: critical -->
  - [ ] Shift traffic
## 2. Rollback criteria
- [ ] Error rate > 5%
- [ ] Data is lost <!-- rollcall: critical -->
- [ ] Deployment stuck > 15 minutes
## 3. Rollback procedure
- [ ] Put back
";

fn critical() -> Case {
    let mut case = reading(CRITICAL);
    case.policy.directory = paged().policy.directory;
    case
}

#[test]
fn critical_items_that_fail_page_somebody() {
    let fail =
        |item: &str| Event::Marked { item: number(item), mark: Mark::Fail, note: Some("why".into()), reaction: None };
    for (event, message) in [
        (fail("1.1"), "Critical: 1.1 Migrate failed (why)"),
        (fail("1.3.1"), "Critical: 1.3.1 Shift traffic failed (why)"),
        (fail("2.1"), "Critical: 2.1 Error rate > 5% failed (why)"),
        (marked("2.2", Mark::Tick), "Critical: 2.2 Data is lost happened"),
    ] {
        let mut case = critical().given(event);
        assert!(case.follows_pages().contains(&format!("page 1 opened [{message}]")), "{}", case.follows_pages());
        for event in causes::follow_on(&case.d, &case.policy) {
            case.happens(event);
        }
        assert_eq!(case.follows_pages(), "", "said once");
    }
    for event in [fail("1.2"), marked("2.1", Mark::Tick), marked("1.1", Mark::Tick)] {
        assert_eq!(critical().given(event).follows_pages(), "");
    }
    // It fails again while its page is open: counted.
    let mut case = critical().given(fail("1.1"));
    causes::follow_on(&case.d, &case.policy).into_iter().for_each(|event| case.happens(event));
    let case = case.given(marked("1.1", Mark::Untick)).given(fail("1.1"));
    assert_eq!(case.follows_pages(), "page 1 again [Critical: 1.1 Migrate failed (why)]");
}

#[test]
fn a_log_from_before_there_were_pages_calls_nobody_for_what_is_known() {
    let failed = || critical().given(marked("1.1", Mark::Fail));
    let later = |ms: i64| {
        let case = failed();
        let now = case.d.at.0 - NOON + ms;
        at(case, now).given(Event::Noted { text: "back".into() })
    };
    assert!(later(HOUR - MINUTE).follows_pages().contains("page 1 opened"), "it may have failed this very night");
    assert_eq!(later(HOUR + MINUTE).follows_pages(), "");
    let over = failed().given(Event::Cancelled { reason: "withdrawn".into() }).given(Event::Archived);
    assert_eq!(over.follows_pages(), "", "nobody looks after what is archived");
}

#[test]
fn a_breach_pages_and_is_resolved_when_it_is_none_any_more() {
    let breached = Event::Breached { item: number("2.3"), measured_ms: 900_001, late_ms: 0 };
    let mut case = critical().given(breached.clone());
    let opened = case.follows_pages();
    assert!(
        opened.contains("page 1 opened [Rollback criterion 2.3 is breached: Deployment stuck > 15 minutes]"),
        "{opened}"
    );
    causes::follow_on(&case.d, &case.policy).into_iter().for_each(|event| case.happens(event));
    assert_eq!(case.follows_pages(), "");
    let case = case.given(Event::Cleared { item: number("2.3") });
    assert_eq!(case.follows_pages(), "page 1 resolved");
    let mut case = case;
    causes::follow_on(&case.d, &case.policy).into_iter().for_each(|event| case.happens(event));
    assert!(case.given(breached).follows_pages().contains("page 2 opened"), "and pages again the next time");
}

#[test]
fn pages_outlive_the_deployment_and_are_bounded() {
    let mut c = paged();
    c.now_says("page checkout is down");
    let mut c = c.given(Event::Cancelled { reason: "withdrawn".into() }).given(Event::Archived);
    assert!(c.page_due().is_some(), "the end of the deployment does not end an open page");
    assert!(c.asks("page more").starts_with("no: "));
    c.now_says("ack");
    c.now_says("resolve");
    let mut c = paged();
    for n in 0..100 {
        c.now_says(&format!("page trouble {n}"));
    }
    assert_eq!(c.asks("page one more"), "no: too many pages 100");
    assert_eq!(c.next_due(Timer::Page), climb::due(&c.d));
}

#[test]
fn every_event_of_a_page_is_in_the_golden_log_in_every_shape() {
    let golden = include_str!("../golden/events.jsonl");
    let shapes: &[(&str, &[&str])] = &[
        ("opened", &["urgency", "policy", "to", "repeat", "ack_timeout_ms", "office_hours"]),
        ("again", &[]),
        ("called", &["calls", "skipped", "late_ms"]),
        ("released", &["with", "late_ms"]),
        ("postponed", &[]),
        ("delivered", &[]),
        ("missed", &[]),
        ("acknowledged", &[]),
        ("lapsed", &["late_ms"]),
        ("escalated", &[]),
        ("unanswered", &["late_ms"]),
        ("resolved", &[]),
    ];
    let pages: Vec<serde_json::Value> = golden
        .lines()
        .map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap()["event"]["event"].clone())
        .filter(|e| !e.is_null())
        .collect();
    for (what, members) in shapes {
        let of: Vec<_> = pages.iter().filter(|e| e["what"] == *what).collect();
        assert!(!of.is_empty(), "no line of {what}");
        for member in *members {
            assert!(of.iter().any(|e| e.get(member).is_some()), "{what} with {member}");
            assert!(of.iter().any(|e| e.get(member).is_none()), "{what} without {member}");
        }
    }
    // A new one does not compile until it stands here.
    let known = |e: &PageEvent| match e {
        PageEvent::Opened { .. } | PageEvent::Again { .. } | PageEvent::Called { .. } | PageEvent::Released { .. } => {}
        PageEvent::Postponed { .. } | PageEvent::Delivered { .. } | PageEvent::Missed { .. } => {}
        PageEvent::Acknowledged | PageEvent::Lapsed { .. } | PageEvent::Escalated => {}
        PageEvent::Unanswered { .. } | PageEvent::Resolved => {}
    };
    pages.into_iter().for_each(|e| known(&serde_json::from_value(e).unwrap()));
}
