use super::*;
use proptest::prelude::*;

fn n(text: &str) -> Number {
    text.parse().unwrap()
}
fn num(text: &str) -> ItemRef {
    ItemRef::Number(n(text))
}
fn range_of(from: &str, to: &str) -> ItemRef {
    ItemRef::Range(n(from), n(to))
}
fn words(text: &str) -> ItemRef {
    ItemRef::Words(text.into())
}
fn act(text: &str) -> Command {
    match parse(text) {
        Ok(Parsed { request: Request::Act(c), .. }) => c,
        other => panic!("{text}: {other:?}"),
    }
}
fn query(text: &str) -> (Option<u64>, Query) {
    match parse(text) {
        Ok(Parsed { request: Request::Query(q), deployment }) => (deployment, q),
        other => panic!("{text}: {other:?}"),
    }
}
fn start(text: &str) -> Start {
    match parse(text) {
        Ok(Parsed { request: Request::Start(s), .. }) => s,
        other => panic!("{text}: {other:?}"),
    }
}
fn plain(version: &str) -> Start {
    Start {
        version: version.into(),
        checklist: None,
        environment: None,
        service: None,
        at: None,
        follow: Vec::new(),
        queue: false,
        rehearse: false,
        override_: None,
    }
}
fn wrong(text: &str) -> Problem {
    match parse(text) {
        Err(p) => p,
        Ok(p) => panic!("{text}: {p:?}"),
    }
}

#[test]
fn starts() {
    for text in ["start v1.2.0", "/deploy start v1.2.0", "deploy START v1.2.0", "  start \u{a0} “v1.2.0” "] {
        assert_eq!(start(text), plain("v1.2.0"), "{text}");
    }
    for version in ["1", "v1.2.0-rc.1+build~7", "feature/login_page", "registry.example.com/shop:1.2", "2026-11-21"] {
        assert_eq!(start(&format!("start {version}")), plain(version));
    }
    let full = Start {
        checklist: Some("web shop".into()),
        environment: Some("production".into()),
        service: Some("shop".into()),
        at: Some(When::parse("18:30").unwrap()),
        queue: true,
        rehearse: true,
        ..plain("v1")
    };
    for text in [
        "start v1 checklist:\"web shop\" env:production service:shop at:18:30 --queue --rehearse",
        "start --rehearse env:production checklist:“web shop” v1 at:\"18:30\" service:shop —queue",
        "start v1 Checklist: „web shop“ ENVIRONMENT=production service: shop At:18:30 –queue —Rehearse",
    ] {
        assert_eq!(start(text), full, "{text}");
    }
    for text in ["start v1 at:\"in 30 min\"", "start at:in 30 min v1", "start v1 at: +30 min"] {
        assert_eq!(start(text).at, Some(When::In(1_800_000)), "{text}");
    }
    let tomorrow = When::parse("tomorrow 18:30").ok();
    for text in ["start v1 at:tomorrow 18:30 env:x", "start at:18:30 tomorrow v1", "start v1 at:tomorrow at 18:30"] {
        assert_eq!(start(text).at, tomorrow, "{text}");
    }
}

#[test]
fn questions_and_targets() {
    for (text, deployment, expected) in [
        ("status", None, Query::Status),
        ("status 12", Some(12), Query::Status),
        ("Status #12", Some(12), Query::Status),
        ("#12 status", Some(12), Query::Status),
        ("#12 status 12", Some(12), Query::Status),
        ("#12", Some(12), Query::Status),
        ("/deploy #12 next", Some(12), Query::Next),
        ("next #12", Some(12), Query::Next),
        ("record 12", Some(12), Query::Record),
        ("list", None, Query::List),
        ("checklists", None, Query::Checklists),
        ("history", None, Query::History),
        ("show 3.2", None, Query::Show { item: num("3.2") }),
        ("#4 show smoke tests", Some(4), Query::Show { item: words("smoke tests") }),
        ("show \"smoke tests\"", None, Query::Show { item: words("smoke tests") }),
        ("help", None, Query::Help { command: None }),
        ("help TICK", None, Query::Help { command: Some("tick".into()) }),
        ("help /tick", None, Query::Help { command: Some("tick".into()) }),
    ] {
        assert_eq!(query(text), (deployment, expected), "{text}");
    }
    assert_eq!(parse("#12 tick 3.2").unwrap().deployment, Some(12));
    assert_eq!(parse("resume #12").unwrap().deployment, Some(12));
    assert_eq!(parse("finish #12").unwrap().deployment, Some(12));
}

#[test]
fn items_and_their_notes() {
    let note = |t: &str| Some(t.to_owned());
    for (text, items, note) in [
        ("tick 3.2", vec![num("3.2")], None),
        ("tick 3.2.", vec![num("3.2")], None),
        ("tick 3", vec![num("3")], None),
        ("tick 3.2 3.3", vec![num("3.2"), num("3.3")], None),
        ("tick 3.2, 3.3 , 3.4", vec![num("3.2"), num("3.3"), num("3.4")], None),
        ("tick 3.2,3.3,4", vec![num("3.2"), num("3.3"), num("4")], None),
        ("tick 3 4", vec![num("3"), num("4")], None),
        ("tick 3, 4 all good", vec![num("3"), num("4")], note("all good")),
        ("tick 3.1-3.5", vec![range_of("3.1", "3.5")], None),
        ("tick 3.1–3.5 3.7", vec![range_of("3.1", "3.5"), num("3.7")], None),
        ("tick 3.1—3.5", vec![range_of("3.1", "3.5")], None),
        ("tick 3.1..3.5 fine", vec![range_of("3.1", "3.5")], note("fine")),
        ("tick 3.1...3.5", vec![range_of("3.1", "3.5")], None),
        ("tick 3.1 – 3.5 fine", vec![range_of("3.1", "3.5")], note("fine")),
        ("tick 3-5", vec![range_of("3", "5")], None),
        ("tick 3.2-3.2", vec![range_of("3.2", "3.2")], None),
        ("tick 3.2.1 done by hand", vec![num("3.2.1")], note("done by hand")),
        ("tick 3.2: done", vec![num("3.2")], note("done")),
        ("tick 3.2 500 rows moved", vec![num("3.2")], note("500 rows moved")),
        ("tick 3.2 10.0.0.5 answered", vec![num("3.2")], note("10.0.0.5 answered")),
        ("tick 3.2 2026-11-21 backup", vec![num("3.2")], note("2026-11-21 backup")),
        ("tick 3.2 \"quoted note\"", vec![num("3.2")], note("quoted note")),
        ("tick smoke tests pass", vec![words("smoke tests pass")], None),
        ("tick \"smoke tests\" all of them", vec![words("smoke tests")], note("all of them")),
        ("tick “smoke tests”: fine", vec![words("smoke tests")], note("fine")),
        ("tick 3rd party check", vec![words("3rd party check")], None),
        ("tick 2 replicas up", vec![num("2")], note("replicas up")),
    ] {
        assert_eq!(act(text), Command::Mark { items, mark: Mark::Tick, note }, "{text}");
    }
    for (text, mark, reason) in [
        ("untick 3.2", Mark::Untick, None),
        ("skip 3.2", Mark::Skip, None),
        ("skip 3.2 not needed", Mark::Skip, note("not needed")),
        ("FAIL 3.2 error 502", Mark::Fail, note("error 502")),
        ("fail 3.2: 1.5 s latency", Mark::Fail, note("1.5 s latency")),
        ("block 3.2 by\nthe\tdatabase", Mark::Block, note("by the database")),
    ] {
        assert_eq!(act(text), Command::Mark { items: vec![num("3.2")], mark, note: reason }, "{text}");
    }
    assert_eq!(
        act("fail smoke tests return 502"),
        Command::Mark { items: vec![words("smoke tests return 502")], mark: Mark::Fail, note: None }
    );
}

#[test]
fn the_other_commands() {
    let ana = || Person::named("ana");
    for (text, expected) in [
        ("assign 3.2 @ana", Command::Assign { item: num("3.2"), to: ana() }),
        ("assign 3.2 to @ana,", Command::Assign { item: num("3.2"), to: ana() }),
        ("assign 3.2 ana", Command::Assign { item: num("3.2"), to: ana() }),
        ("assign smoke tests @ana", Command::Assign { item: words("smoke tests"), to: ana() }),
        ("assign smoke tests to ana", Command::Assign { item: words("smoke tests"), to: ana() }),
        ("assign \"tell @everyone\" @ana", Command::Assign { item: words("tell @everyone"), to: ana() }),
        ("assign 3.2 @“Ana Maria”", Command::Assign { item: num("3.2"), to: Person::named("Ana Maria") }),
        ("handover @ana", Command::Handover { to: ana() }),
        ("handover to ana", Command::Handover { to: ana() }),
        ("note cache warmed", Command::Note { text: "cache warmed".into() }),
        ("note “it said \"no\"”", Command::Note { text: "“it said \"no\"”".into() }),
        (
            "evidence 3.2 https://x.example/1",
            Command::Evidence { item: num("3.2"), text: "https://x.example/1".into() },
        ),
        ("evidence 3.2: 12 green", Command::Evidence { item: num("3.2"), text: "12 green".into() }),
        (
            "evidence smoke tests https://x.example/1",
            Command::Evidence { item: words("smoke tests"), text: "https://x.example/1".into() },
        ),
        ("evidence smoke tests: all green", Command::Evidence { item: words("smoke tests"), text: "all green".into() }),
        (
            "evidence \"smoke tests\" all green",
            Command::Evidence { item: words("smoke tests"), text: "all green".into() },
        ),
        ("evidence smoke tests green", Command::Evidence { item: words("smoke tests green"), text: String::new() }),
        ("fill Error rate: 0.2 %", Command::Fill { field: "Error rate".into(), value: "0.2 %".into() }),
        ("fill Error rate=0.2 %", Command::Fill { field: "Error rate".into(), value: "0.2 %".into() }),
        ("fill \"Error rate\" 0.2 %", Command::Fill { field: "Error rate".into(), value: "0.2 %".into() }),
        ("fill “Odd: label”: x:y", Command::Fill { field: "Odd: label".into(), value: "x:y".into() }),
        ("fill Cut-over 18:30", Command::Fill { field: "Cut-over 18:30".into(), value: String::new() }),
        ("fill Cut-over: 18:30", Command::Fill { field: "Cut-over".into(), value: "18:30".into() }),
        ("fill Link http://a: b", Command::Fill { field: "Link http://a".into(), value: "b".into() }),
        ("fill Error rate 0.2", Command::Fill { field: "Error rate 0.2".into(), value: String::new() }),
        ("hold latency", Command::Hold { reason: "latency".into() }),
        ("resume", Command::Resume),
        ("progress", Command::Progress { text: None }),
        ("progress half way", Command::Progress { text: Some("half way".into()) }),
        ("rollback error rate > 5 %", Command::Rollback { reason: "error rate > 5 %".into() }),
        ("Rolled-Back", Command::RolledBack),
        ("finish", Command::Finish { authority: None }),
        ("finish --override \"next release\"", Command::Finish { authority: Some("next release".into()) }),
        ("finish —override next release", Command::Finish { authority: Some("next release".into()) }),
        ("finish --override: next", Command::Finish { authority: Some("next".into()) }),
        ("finish --override=next", Command::Finish { authority: Some("next".into()) }),
        ("partial two of three", Command::Partial { reason: "two of three".into() }),
        ("cancel withdrawn", Command::Cancel { reason: "withdrawn".into() }),
    ] {
        assert_eq!(act(text), expected, "{text}");
    }
}

#[test]
fn free_text_loses_what_does_harm_and_keeps_the_rest() {
    let Command::Hold { reason } = act("hold a\r\nb\u{7}c\u{202e}d <@U1> *e* 日本 👩‍💻") else { panic!() };
    assert_eq!(reason, "a b\u{fffd}c\u{fffd}d <@U1> *e* 日本 👩‍💻");
    assert!(matches!(wrong(&format!("hold {}", "é".repeat(2001))), Problem::TooLong { length: 2001, .. }));
    assert!(parse(&format!("hold {}", "é".repeat(2000))).is_ok());
    assert!(matches!(wrong(&"é".repeat(4001)), Problem::InputTooLong { length: 4001, .. }));
}

#[test]
fn every_problem_says_what_to_do() {
    let long = format!("start {}", "9".repeat(101));
    let many = format!("tick {}", vec!["1.1"; 101].join(","));
    let cases = [
        "",
        "/deploy",
        "tik 3.2",
        "done 3.2",
        "approve",
        "banana",
        "#x tick",
        "#0 tick 3",
        "#12 status 13",
        "#12 list",
        "#12 start v1",
        "status abc",
        "status #",
        "list all",
        "resume now please",
        "finish because",
        "finish --overide x",
        "finish --override",
        "help tock",
        "help tick me",
        "start",
        "start \"\"",
        "start env:production",
        "start v1 chekclist:x",
        "start chekclist:x v1",
        "start v1 enviroment:x",
        "start v1 colour:red",
        "start v1 --queu",
        "start v1 --now",
        "start v1 env:",
        "start v1 env: --queue",
        "start v1 env:\"\"",
        "start v1 env:a env:b",
        "start v1 --queue —queue",
        "start v1 v2",
        "start v1 checklist:\"web",
        "start \"v1 2\"",
        "start \"v1\n2\"",
        "start v1\u{7}",
        "start v1\u{202e}",
        "start v1\u{200b}",
        "start <@U123>",
        "start @everyone",
        "start v*1*",
        "start v1`x",
        "start -v1",
        "start é",
        "start v1 env:a,b",
        "start v1 service:@here",
        "start v1 at:soon",
        "start v1 at:25:00",
        "start v1 at:tomorrow",
        "start v1 at:18:30 soon",
        &long,
        "tick",
        "tick ,",
        "tick 3.0",
        "tick 3.5-3.1",
        "tick 3.1-5",
        "tick \"smoke",
        "fail 3.2",
        "block 3.2, 3.3",
        "fail \"smoke tests\"",
        "assign",
        "assign 3.2",
        "assign 3.2 @",
        "assign @ana",
        "assign 3.2 @ana and bob",
        "handover",
        "handover @a*b*",
        "note",
        "evidence",
        "evidence 3.2",
        "fill",
        "fill Error rate:",
        "fill \"Error rate\"",
        "hold",
        "rollback",
        "partial",
        "cancel \"\"",
        "show",
        "show 3.2 now",
        &many,
    ];
    let said: Vec<String> = cases
        .iter()
        .map(|text| {
            let problem = wrong(text).to_string();
            let shown: String = text.chars().take(40).collect();
            format!("{}\n    {problem}", shown.escape_debug())
        })
        .collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn hints_in_problems_work() {
    for text in ["tick 3.5-3.1", "tick 3.1-5"] {
        let said = wrong(text).to_string();
        let hint = said.rsplit('`').nth(1).unwrap().to_owned();
        assert!(parse(&format!("tick {hint}")).is_ok(), "{said}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn reading_never_panics(text in "(/deploy )?(#[0-9]{0,3} )?[a-z-]{0,9} ?[ -~“”—é\u{202e}@#]{0,60}") {
        if let Err(p) = parse(&text) {
            prop_assert!(!p.to_string().is_empty());
        }
        crate::grammar::complete(&text, &crate::grammar::Vocabulary::default());
    }
    #[test]
    fn commands_with_anything_after_them(i in 0..COMMANDS.len(), text in "[ -~“”„—–…é\u{a0}\n@#0-9.,:=\"-]{0,40}") {
        if let Err(p) = parse(&format!("{} {text}", COMMANDS[i].name)) {
            let said = p.to_string();
            prop_assert!(said.chars().count() < 500);
            prop_assert_eq!(said.matches('`').count() % 2, 0, "{}", said);
        }
    }
}
