//! Rotations: who is on call at a moment, who is next and when; hours of a week.

use chrono::{DateTime, Utc};
use rollcall::config::Config;
use rollcall::domain::command::Person;
use rollcall::domain::hours::{self, Hours};
use rollcall::domain::rotation::{Cover, Rotation};
use rollcall::domain::time::Timestamp;
use std::path::Path;

const PEOPLE: &str = "
timezone = \"Europe/Berlin\"
[people.ana]
name = \"Ana\"
email = \"ana@example.org\"
[people.ben]
name = \"Ben\"
email = \"ben@example.org\"
[people.cleo]
name = \"Cleo\"
email = \"cleo@example.org\"
";

fn at(text: &str) -> Timestamp {
    text.parse::<DateTime<Utc>>().unwrap().into()
}

fn show(t: Timestamp) -> String {
    t.utc().format("%Y-%m-%dT%H:%M").to_string()
}

fn rotation(layers: &str) -> Rotation {
    let config = Config::parse(&format!("{PEOPLE}\n{layers}"), Path::new("")).unwrap();
    config.directory.rotations["web"].clone()
}

/// Who is on call, and who is next from when.
fn turn(rotation: &Rotation, covers: &[Cover], t: &str) -> String {
    let turn = rotation.turn("web", at(t), covers);
    let name = |id: &Option<String>| id.clone().unwrap_or_else(|| "nobody".into());
    match &turn.next {
        Some((at, then)) => format!("{}, then {} {}", name(&turn.now), name(then), show(*at)),
        None => format!("{} for good", name(&turn.now)),
    }
}

const WEEKLY: &str = "
[[rotations.web.layers]]
people = [\"ana\", \"ben\", \"cleo\"]
handoff = \"0 9 * * Mon\"
starts = 2026-03-02
";

#[test]
fn turns_go_round_at_their_hour_also_when_clocks_change() {
    let web = rotation(WEEKLY);
    assert_eq!(turn(&web, &[], "2026-03-01T12:00:00Z"), "nobody, then ana 2026-03-02T08:00");
    // It starts at the handoff of that day.
    assert_eq!(turn(&web, &[], "2026-03-02T08:00:00Z"), "ana, then ben 2026-03-09T08:00");
    assert_eq!(turn(&web, &[], "2026-03-09T08:00:00Z"), "ben, then cleo 2026-03-16T08:00");
    // Clocks go forward on 29 March: nine in Berlin is then seven in UTC.
    assert_eq!(turn(&web, &[], "2026-03-28T12:00:00Z"), "ana, then ben 2026-03-30T07:00");
    assert_eq!(turn(&web, &[], "2026-03-30T06:59:00Z"), "ana, then ben 2026-03-30T07:00");
    // And back on 25 October.
    assert_eq!(turn(&web, &[], "2026-10-20T12:00:00Z"), "ana, then ben 2026-10-26T08:00");
    // Asked for the past after the future, the answer is the same.
    assert_eq!(turn(&web, &[], "2026-03-02T08:00:00Z"), "ana, then ben 2026-03-09T08:00");
}

#[test]
fn leap_days_and_month_ends_are_days_like_others() {
    let daily = rotation(
        "[[rotations.web.layers]]\npeople = [\"ana\", \"ben\"]\nhandoff = \"0 0 * * *\"\ntimezone = \"UTC\"\nstarts = \"2028-02-28\"\n",
    );
    assert_eq!(turn(&daily, &[], "2028-02-28T12:00:00Z"), "ana, then ben 2028-02-29T00:00");
    assert_eq!(turn(&daily, &[], "2028-02-29T12:00:00Z"), "ben, then ana 2028-03-01T00:00");
    assert_eq!(turn(&daily, &[], "2028-03-01T00:00:00Z"), "ana, then ben 2028-03-02T00:00");
    let monthly = rotation(
        "[[rotations.web.layers]]\npeople = [\"ana\", \"ben\"]\nhandoff = \"0 0 31 * *\"\ntimezone = \"UTC\"\nstarts = 2027-01-01\n",
    );
    assert_eq!(turn(&monthly, &[], "2027-02-15T00:00:00Z"), "ben, then ana 2027-03-31T00:00");
}

#[test]
fn the_last_layer_that_holds_wins_and_a_cover_wins_over_all() {
    let web = rotation(&format!(
        "{WEEKLY}\n[[rotations.web.layers]]\npeople = [\"cleo\"]\nhandoff = \"0 9 * * Mon\"\nstarts = 2026-03-02\n\
         only = {{ days = \"Sat,Sun\", from = \"08:00\", to = \"20:00\" }}\n"
    ));
    assert_eq!(turn(&web, &[], "2026-03-06T12:00:00Z"), "ana, then cleo 2026-03-07T07:00");
    assert_eq!(turn(&web, &[], "2026-03-07T12:00:00Z"), "cleo, then ana 2026-03-07T19:00");
    let cover = Cover {
        rotation: "web".into(),
        person: Person { id: "ana".into(), name: "Ana".into() },
        from: at("2026-03-07T10:00:00Z"),
        until: at("2026-03-07T14:00:00Z"),
    };
    let covers = [cover.clone(), Cover { rotation: "other".into(), ..cover }];
    assert_eq!(turn(&web, &covers, "2026-03-07T09:00:00Z"), "cleo, then ana 2026-03-07T10:00");
    assert_eq!(turn(&web, &covers, "2026-03-07T10:00:00Z"), "ana, then cleo 2026-03-07T14:00");
    assert_eq!(turn(&web, &covers, "2026-03-07T14:00:00Z"), "cleo, then ana 2026-03-07T19:00");
    let alone = rotation("[[rotations.web.layers]]\npeople = [\"ana\"]\nhandoff = \"@weekly\"\nstarts = 2026-03-02\n");
    assert_eq!(turn(&alone, &[], "2026-06-01T00:00:00Z"), "ana for good");
}

#[test]
fn hours_of_a_week() {
    let berlin = |days: &str, from: u16, until: u16| Hours {
        days: hours::days(days).unwrap(),
        from,
        until,
        timezone: chrono_tz::Europe::Berlin,
    };
    let office = berlin("Mon-Fri", 9 * 60, 17 * 60);
    // Friday evening: Monday at nine, an hour earlier in UTC once clocks have gone forward.
    assert_eq!(office.opening(at("2026-03-27T18:00:00Z")).map(show).unwrap(), "2026-03-30T07:00");
    assert_eq!(office.opening(at("2026-10-23T18:00:00Z")).map(show).unwrap(), "2026-10-26T08:00");
    assert!(office.hold(at("2026-03-27T15:59:00Z")) && !office.hold(at("2026-03-27T16:00:00Z")));
    let night = berlin("Fri", 22 * 60, 6 * 60);
    assert!(night.hold(at("2026-11-20T22:00:00Z")) && night.hold(at("2026-11-21T04:59:00Z")));
    assert!(!night.hold(at("2026-11-21T05:00:00Z")) && !night.hold(at("2026-11-21T22:00:00Z")));
    // Half past two is left out that night: the moment after.
    let gap = berlin("Sun", 2 * 60 + 30, 4 * 60);
    assert_eq!(gap.opening(at("2026-03-28T12:00:00Z")).map(show).unwrap(), "2026-03-29T01:00");
    assert_eq!(hours::days("Fri-Mon").unwrap(), [true, false, false, false, true, true, true]);
    for wrong in ["", "Moon", "Mon-", "Mon-Funday"] {
        assert!(hours::days(wrong).is_err(), "{wrong}");
    }
    assert_eq!((hours::minute("09:30"), hours::minute("24:00")), (Ok(570), Ok(1440)));
    assert!(["9", "25:00", "09:60", "24:01", ""].iter().all(|t| hours::minute(t).is_err()));
}
