//! iCalendar files: events once and again, in zones, whole days, with exceptions.

use rollcall::ics;

fn spans(events: &str) -> Result<Vec<String>, String> {
    let text = format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}\r\nEND:VCALENDAR\r\n");
    let spans = ics::read(&text, chrono_tz::Europe::Berlin)?;
    let said = |t: rollcall::domain::time::Timestamp| t.utc().format("%y-%m-%dT%H:%M").to_string();
    Ok(spans
        .iter()
        .map(|(s, name)| format!("{} {} {name}", said(s.from), said(s.until)).trim_end().to_owned())
        .collect())
}

fn event(lines: &str) -> String {
    format!("BEGIN:VEVENT\r\nUID:1\r\n{lines}\r\nEND:VEVENT")
}

#[track_caller]
fn reads(lines: &str, expected: &[&str]) {
    assert_eq!(spans(&event(lines)), Ok(expected.iter().map(|s| (*s).to_owned()).collect()), "{lines}");
}

#[test]
fn events_once() {
    reads(
        "SUMMARY:Inventory\\, all\r\nDTSTART:20261124T150000Z\r\nDTEND:20261124T170000Z",
        &["26-11-24T15:00 26-11-24T17:00 Inventory, all"],
    );
    reads("DTSTART;TZID=America/New_York:20261124T090000\r\nDURATION:PT1H30M", &["26-11-24T14:00 26-11-24T15:30"]);
    // Without a zone, the house's.
    reads("DTSTART:20261124T090000\r\nDTEND:20261124T100000", &["26-11-24T08:00 26-11-24T09:00"]);
    // Whole days: the end is the first day that is no longer in it, and without one it is one day.
    reads("DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227", &["26-12-23T23:00 26-12-26T23:00"]);
    reads("DTSTART;VALUE=DATE:20261224", &["26-12-23T23:00 26-12-24T23:00"]);
    reads("DTSTART;VALUE=DATE:20260329", &["26-03-28T23:00 26-03-29T22:00"]);
    reads("DTSTART:20261124T\r\n 150000Z\r\nDURATION:P1W", &["26-11-24T15:00 26-12-01T15:00"]);
    reads("STATUS:CANCELLED\r\nDTSTART;VALUE=DATE:20261224", &[]);
    reads("TRANSP:TRANSPARENT\r\nDTSTART;VALUE=DATE:20261224", &[]);
}

#[test]
fn events_again_and_again() {
    // Nine in Berlin is nine in summer and in winter.
    reads(
        "DTSTART;TZID=Europe/Berlin:20261019T090000\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY;COUNT=3",
        &["26-10-19T07:00 26-10-19T08:00", "26-10-26T08:00 26-10-26T09:00", "26-11-02T08:00 26-11-02T09:00"],
    );
    reads(
        "DTSTART;TZID=Europe/Berlin:20260327T023000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;UNTIL=20260330T003000Z",
        // 29 March: half past two is left out, and it begins at three.
        &[
            "26-03-27T01:30 26-03-27T02:30",
            "26-03-28T01:30 26-03-28T02:30",
            "26-03-29T01:00 26-03-29T01:30",
            "26-03-30T00:30 26-03-30T01:30",
        ],
    );
    // UNTIL as a day: the whole of it.
    reads(
        "DTSTART;VALUE=DATE:20261230\r\nRRULE:FREQ=DAILY;INTERVAL=2;UNTIL=20270103",
        &["26-12-29T23:00 26-12-30T23:00", "26-12-31T23:00 27-01-01T23:00", "27-01-02T23:00 27-01-03T23:00"],
    );
    // The last Friday of the month, without one of them.
    reads(
        "DTSTART;TZID=Europe/Berlin:20261030T150000\r\nDURATION:PT2H\r\nRRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=3\r\n\
         EXDATE;TZID=Europe/Berlin:20261127T150000",
        &["26-10-30T14:00 26-10-30T16:00", "26-12-25T14:00 26-12-25T16:00"],
    );
    // A leap day comes when there is one.
    let leap = spans(&event("DTSTART;VALUE=DATE:20240229\r\nRRULE:FREQ=YEARLY;COUNT=2")).unwrap();
    assert_eq!(leap, ["24-02-28T23:00 24-02-29T23:00", "28-02-28T23:00 28-02-29T23:00"]);
    reads(
        "DTSTART;VALUE=DATE:20261201\r\nRDATE;VALUE=DATE:20261205,20261210",
        &["26-11-30T23:00 26-12-01T23:00", "26-12-04T23:00 26-12-05T23:00", "26-12-09T23:00 26-12-10T23:00"],
    );
    // Without an end they reach to the end of the century.
    let ever = spans(&event("DTSTART;VALUE=DATE:20200101\r\nRRULE:FREQ=YEARLY")).unwrap();
    assert_eq!((ever.len(), ever.last().unwrap().as_str()), (80, "98-12-31T23:00 99-01-01T23:00"));
}

#[test]
fn one_time_is_moved_and_overlaps_are_one() {
    let moved = format!(
        "{}\r\n{}",
        event("SUMMARY:Sale\r\nDTSTART;VALUE=DATE:20261201\r\nRRULE:FREQ=WEEKLY;COUNT=2"),
        event("SUMMARY:Sale\r\nRECURRENCE-ID;VALUE=DATE:20261208\r\nDTSTART;VALUE=DATE:20261209"),
    );
    assert_eq!(spans(&moved).unwrap(), ["26-11-30T23:00 26-12-01T23:00 Sale", "26-12-08T23:00 26-12-09T23:00 Sale"]);
    let two = format!(
        "{}\r\n{}",
        event("SUMMARY:Holidays\r\nDTSTART;VALUE=DATE:20261220\r\nDTEND;VALUE=DATE:20270105"),
        event("SUMMARY:Christmas\r\nDTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227"),
    );
    assert_eq!(spans(&two).unwrap(), ["26-12-19T23:00 27-01-04T23:00 Holidays"]);
    // Alarms and zones in the file are passed over.
    let nested = event("DTSTART;VALUE=DATE:20261224\r\nBEGIN:VALARM\r\nTRIGGER:-PT15M\r\nDURATION:PT5M\r\nEND:VALARM");
    assert_eq!(spans(&nested).unwrap(), ["26-12-23T23:00 26-12-24T23:00"]);
}

#[test]
fn what_cannot_be_read_is_said_with_its_line() {
    for (lines, part) in [
        ("DTSTART:20261340", "line 5: `20261340` is no moment"),
        ("DTSTART;TZID=Atlantis:20261124T090000", "There is no time zone `Atlantis`"),
        ("SUMMARY:x", "line 3: this event has no DTSTART"),
        ("DTSTART:20261124T090000Z", "ends when it begins"),
        ("DTSTART:20261124T090000Z\r\nDTEND:20261124T080000Z", "ends before it begins"),
        ("DTSTART:20261124T090000Z\r\nDTEND:20281124T080000Z", "longer than a year"),
        ("DTSTART:20261124T090000Z\r\nDURATION:soon", "`soon` is no length of time"),
        ("DTSTART;VALUE=DATE:20261124\r\nRRULE:FREQ=SOMETIMES", "line 6: `FREQ=SOMETIMES` is no recurrence rule"),
        ("DTSTART:20261124T090000Z\r\nDURATION:PT1M\r\nRRULE:FREQ=HOURLY", "more often than daily"),
        ("DTSTART;VALUE=DATE:20261124\r\nEXRULE:FREQ=DAILY", "EXRULE is not understood"),
        ("nonsense", "line 5 is not `NAME:value`"),
    ] {
        let said = spans(&event(lines)).unwrap_err();
        assert!(said.contains(part), "{lines}: {said}");
    }
    for (text, part) in [
        ("", "no iCalendar file"),
        ("hello: world", "no iCalendar file"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR", "line 3 ends a VCALENDAR that was not begun"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\n", "line 2 begins a VEVENT that never ends"),
    ] {
        let said = ics::read(text, chrono_tz::UTC).unwrap_err();
        assert!(said.contains(part), "{text}: {said}");
    }
}
