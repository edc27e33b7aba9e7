//! Freezes and windows for starting, moment by moment: what holds, until when, and when a start may be.

use rollcall::config::Config;
use rollcall::domain::freeze::Freezes;
use rollcall::domain::time::Timestamp;
use std::path::Path;

fn config(rules: &str) -> Config {
    let text = format!(
        "timezone = \"Europe/Berlin\"\n[people.bob]\nname = \"Bob\"\n[roles]\nlead = [\"bob\"]\nboss = [\"bob\"]\n\
         [rules]\noverride = [\"boss\"]\n{rules}"
    );
    Config::parse(&text, Path::new("")).unwrap_or_else(|e| panic!("{e}"))
}

fn at(text: &str) -> Timestamp {
    text.parse::<chrono::DateTime<chrono::Utc>>().unwrap_or_else(|e| panic!("{text}: {e}")).into()
}

fn said(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "never".into(), |t| t.utc().format("%m-%dT%H:%M").to_string())
}

/// `free`, or the names that hold, and when a start may be, in UTC.
fn asked(config: &Config, service: &str, environment: &str, moment: &str) -> String {
    let freezes = Freezes { rules: &config.freezes, set: &[], may_override: &[] };
    match freezes.frozen(service, environment, at(moment), &[]) {
        None => "free".into(),
        Some(frozen) => {
            let names: Vec<String> =
                frozen.holding.iter().map(|h| format!("{} to {}", h.name, said(h.until))).collect();
            format!("{}; free {}", names.join(", "), said(frozen.free_at))
        }
    }
}

#[track_caller]
fn table(rules: &str, rows: &[(&str, &str)]) {
    let config = config(rules);
    for (moment, expected) in rows {
        assert_eq!(asked(&config, "shop", "production", moment), *expected, "at {moment}");
    }
}

const WEEKEND: &str = "[freezes.weekend]\nstarts = \"0 15 * * FRI\"\nends = \"0 8 * * MON\"\n";

#[test]
fn fridays_from_three_to_monday_at_eight() {
    table(
        WEEKEND,
        &[
            ("2026-11-27T13:59:59Z", "free"),
            ("2026-11-27T14:00:00Z", "weekend to 11-30T07:00; free 11-30T07:00"),
            ("2026-11-29T12:00:00Z", "weekend to 11-30T07:00; free 11-30T07:00"),
            ("2026-11-30T06:59:59.999Z", "weekend to 11-30T07:00; free 11-30T07:00"),
            ("2026-11-30T07:00:00Z", "free"),
            // Over both changes of clocks: eight is eight.
            ("2026-03-28T12:00:00Z", "weekend to 03-30T06:00; free 03-30T06:00"),
            ("2026-03-27T13:59:00Z", "free"),
            ("2026-10-24T12:00:00Z", "weekend to 10-26T07:00; free 10-26T07:00"),
            ("2026-10-23T12:59:00Z", "free"),
            ("2026-10-23T13:00:00Z", "weekend to 10-26T07:00; free 10-26T07:00"),
        ],
    );
}

#[test]
fn further_starts_within_a_span_change_nothing() {
    table(
        "[freezes.night]\nstarts = \"0 18 * * *\"\nends = \"0 8 * * MON-FRI\"\n",
        &[
            ("2026-11-26T16:59:00Z", "free"),
            ("2026-11-26T17:00:00Z", "night to 11-27T07:00; free 11-27T07:00"),
            ("2026-11-27T18:00:00Z", "night to 11-30T07:00; free 11-30T07:00"),
            ("2026-11-28T12:00:00Z", "night to 11-30T07:00; free 11-30T07:00"),
            ("2026-11-29T17:00:00Z", "night to 11-30T07:00; free 11-30T07:00"),
            ("2026-11-30T07:00:00Z", "free"),
        ],
    );
}

#[test]
fn an_hour_that_is_left_out_or_comes_twice() {
    let rule = "[freezes.backup]\nstarts = \"30 2 * * *\"\nends = \"30 3 * * *\"\n";
    table(
        rule,
        &[
            // 29 March: 02:30 is left out; the freeze begins when the clock shows 03:00.
            ("2026-03-29T00:59:00Z", "free"),
            ("2026-03-29T01:00:00Z", "backup to 03-29T01:30; free 03-29T01:30"),
            ("2026-03-29T01:30:00Z", "free"),
            // 25 October: 02:30 comes twice; the first counts, and it lasts two hours.
            ("2026-10-25T00:29:00Z", "free"),
            ("2026-10-25T00:30:00Z", "backup to 10-25T02:30; free 10-25T02:30"),
            ("2026-10-25T01:45:00Z", "backup to 10-25T02:30; free 10-25T02:30"),
            ("2026-10-25T02:30:00Z", "free"),
        ],
    );
}

#[test]
fn the_last_days_of_a_month_a_quarter_a_year() {
    table(
        "[freezes.close]\nlast_days = 3\nof = \"quarter\"\n",
        &[
            ("2026-11-30T22:00:00Z", "free"),
            ("2026-12-28T22:59:59Z", "free"),
            ("2026-12-28T23:00:00Z", "close to 12-31T23:00; free 12-31T23:00"),
            ("2026-12-31T22:59:59Z", "close to 12-31T23:00; free 12-31T23:00"),
            ("2026-12-31T23:00:00Z", "free"),
            // The end of March is summer time, the end of September too.
            ("2026-03-28T22:59:59Z", "free"),
            ("2026-03-28T23:00:00Z", "close to 03-31T22:00; free 03-31T22:00"),
            ("2026-09-27T22:00:00Z", "close to 09-30T22:00; free 09-30T22:00"),
        ],
    );
    table(
        "[freezes.close]\nlast_days = 1\nof = \"month\"\ntimezone = \"UTC\"\n",
        &[
            // February, with and without its 29th.
            ("2028-02-28T23:59:59Z", "free"),
            ("2028-02-29T00:00:00Z", "close to 03-01T00:00; free 03-01T00:00"),
            ("2027-02-28T12:00:00Z", "close to 03-01T00:00; free 03-01T00:00"),
            ("2027-04-30T12:00:00Z", "close to 05-01T00:00; free 05-01T00:00"),
            ("2027-05-30T12:00:00Z", "free"),
        ],
    );
    table(
        "[freezes.close]\nlast_days = 14\nof = \"year\"\n",
        &[("2026-12-17T12:00:00Z", "free"), ("2026-12-18T00:00:00Z", "close to 12-31T23:00; free 12-31T23:00")],
    );
}

#[test]
fn a_range_of_days_and_one_of_moments() {
    table(
        "[freezes.holidays]\nfrom = 2026-12-20\nuntil = 2027-01-04\n",
        &[
            ("2026-12-19T22:59:59Z", "free"),
            ("2026-12-19T23:00:00Z", "holidays to 01-04T23:00; free 01-04T23:00"),
            // The last day belongs to it.
            ("2027-01-04T22:59:59Z", "holidays to 01-04T23:00; free 01-04T23:00"),
            ("2027-01-04T23:00:00Z", "free"),
        ],
    );
    table(
        "[freezes.move]\nfrom = 2026-12-20T18:00:00\nuntil = 2026-12-20T20:00:00Z\n",
        &[
            ("2026-12-20T16:59:59Z", "free"),
            ("2026-12-20T17:00:00Z", "move to 12-20T20:00; free 12-20T20:00"),
            ("2026-12-20T20:00:00Z", "free"),
        ],
    );
}

#[test]
fn windows_are_the_only_times_to_start() {
    let rule = "[start_windows.mornings]\nstarts = \"0 9 * * MON-THU\"\nends = \"0 12 * * MON-THU\"\n\
                [start_windows.evenings]\nstarts = \"0 20 * * WED\"\nends = \"0 22 * * WED\"\n";
    table(
        rule,
        &[
            ("2026-11-23T08:00:00Z", "free"),
            ("2026-11-23T11:00:00Z", "mornings to 11-24T08:00; free 11-24T08:00"),
            ("2026-11-25T12:00:00Z", "evenings to 11-25T19:00; free 11-25T19:00"),
            ("2026-11-25T20:00:00Z", "free"),
            ("2026-11-26T11:00:00Z", "mornings to 11-30T08:00; free 11-30T08:00"),
        ],
    );
    // A freeze goes before a window.
    table(
        "[start_windows.mornings]\nstarts = \"0 9 * * *\"\nends = \"0 12 * * *\"\n\
         [freezes.monday]\nstarts = \"0 0 * * MON\"\nends = \"0 10 * * MON\"\n",
        &[
            ("2026-11-22T20:00:00Z", "mornings to 11-23T08:00; free 11-23T09:00"),
            ("2026-11-23T08:30:00Z", "monday to 11-23T09:00; free 11-23T09:00"),
            ("2026-11-22T23:30:00Z", "monday to 11-23T09:00, mornings to 11-23T08:00; free 11-23T09:00"),
        ],
    );
    table(
        "[start_windows.once]\nfrom = 2026-11-20\nuntil = 2026-11-20\n",
        &[
            ("2026-11-19T12:00:00Z", "once to 11-19T23:00; free 11-19T23:00"),
            ("2026-11-21T12:00:00Z", "once to never; free never"),
        ],
    );
}

#[test]
fn rules_hold_where_they_say() {
    let config = config(
        "[freezes.shop]\nfrom = 2026-12-01\nuntil = 2026-12-02\nservices = [\"Shop\"]\nenvironments = [\"prod\"]\n\
         override = [\"lead\"]\n[freezes.all]\nfrom = 2026-12-02\nuntil = 2026-12-02\n",
    );
    let noon = "2026-12-01T12:00:00Z";
    assert_eq!(asked(&config, "shop", "production", noon), "shop to 12-02T23:00; free 12-02T23:00");
    assert_eq!(asked(&config, "SHOP", "live", noon), "shop to 12-02T23:00; free 12-02T23:00");
    assert_eq!(asked(&config, "api", "production", noon), "free");
    assert_eq!(asked(&config, "shop", "staging", noon), "free");
    assert_eq!(asked(&config, "api", "staging", "2026-12-02T12:00:00Z"), "all to 12-02T23:00; free 12-02T23:00");
    let roles: Vec<&[String]> = config.freezes.iter().map(|r| r.may_override.as_slice()).collect();
    assert_eq!(roles, [["boss"], ["lead"]], "where a rule names none, the house's count");
}

#[test]
fn a_free_moment_is_looked_for_within_bounds() {
    // Two rules that hand over to each other without a gap.
    let config = config(
        "[freezes.day]\nstarts = \"0 8 * * *\"\nends = \"0 20 * * *\"\n\
         [freezes.night]\nstarts = \"0 20 * * *\"\nends = \"0 8 * * *\"\n",
    );
    let said = asked(&config, "shop", "production", "2026-11-23T12:00:00Z");
    assert_eq!(said, "day to 11-23T19:00; free never");
}

#[test]
fn what_is_coming() {
    let config = config(&format!("{WEEKEND}[freezes.close]\nlast_days = 3\nof = \"month\"\nreason = \"books\"\n"));
    let freezes = Freezes { rules: &config.freezes, set: &[], may_override: &[] };
    let coming = freezes.coming(at("2026-11-21T10:00:00Z"), at("2026-12-05T10:00:00Z"), 5);
    let lines: Vec<String> =
        coming.iter().map(|c| format!("{} {} {}", c.name, said(Some(c.from)), said(Some(c.until)))).collect();
    // The one that holds now is not coming.
    assert_eq!(
        lines,
        ["weekend 11-27T14:00 11-30T07:00", "close 11-27T23:00 11-30T23:00", "weekend 12-04T14:00 12-07T07:00"]
    );
}

#[test]
fn hopeless_rules_are_refused_with_their_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("torn.ics"), "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:2026\n").unwrap();
    std::fs::write(folder.path().join("empty.ics"), "BEGIN:VCALENDAR\nEND:VCALENDAR\n").unwrap();
    let mut all = String::new();
    for (name, rule) in [
        ("x", ""),
        ("x", "starts = \"0 15 * * FRI\""),
        ("x", "last_days = 3"),
        ("x", "of = \"quarter\""),
        ("x", "from = 2026-12-20"),
        ("x", "until = 2026-12-20"),
        ("x", "last_days = 3\nof = \"month\"\nfrom = 2026-12-20\nuntil = 2026-12-21"),
        ("x", "starts = \"0 0 30 2 *\"\nends = \"0 8 * * MON\""),
        ("x", "starts = \"0 15 * * FRI\"\nends = \"0 15 * * FRI\""),
        ("x", "starts = \"0 0 1 1 *\"\nends = \"0 0 29 2 *\""),
        ("x", "starts = \"0 15 * * FRI\"\nends = \"0 8 * * MON\"\ntimezone = \"Europe/Berln\""),
        ("x", "from = 2027-01-04\nuntil = 2026-12-20"),
        ("x", "from = 2026-01-04\nuntil = 2028-12-20"),
        ("x", "from = \"2026-01-04\"\nuntil = 2026-12-20"),
        ("x", "from = 08:00:00\nuntil = 2026-12-20"),
        ("x", "last_days = 0\nof = \"month\""),
        ("x", "last_days = 30\nof = \"month\""),
        ("x", "last_days = 3\nof = \"quater\""),
        ("x", "from = 2026-12-20\nuntil = 2026-12-21\noverride = [\"nobody\"]"),
        ("x", "from = 2026-12-20\nuntil = 2026-12-21\nreson = \"x\""),
        ("12", "from = 2026-12-20\nuntil = 2026-12-21"),
        ("X", "from = 2026-12-20\nuntil = 2026-12-21\n[start_windows.x]\nfrom = 2026-12-20\nuntil = 2026-12-21"),
        ("x", "ics = \"torn.ics\""),
        ("x", "ics = \"empty.ics\""),
        ("x", "ics = \"none.ics\""),
    ] {
        let text = format!("[freezes.{name}]\n{rule}\n");
        let problem = match Config::parse(&text, folder.path()) {
            Ok(_) => panic!("{rule} was accepted"),
            Err(problem) => problem,
        };
        let said = problem.message.replace(&folder.path().display().to_string(), "FOLDER");
        all.push_str(&format!("{}\n  line {}: {said}\n\n", rule.replace('\n', " ; "), problem.line.unwrap_or(0)));
    }
    insta::assert_snapshot!(all);
}
