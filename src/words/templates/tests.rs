use super::*;
use std::fmt::Write;

/// As a reader sees it: without the backslashes that only keep text from being markup.
fn seen(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(next)) if next.is_ascii_punctuation() => out.extend(chars.next()),
            _ => out.push(c),
        }
    }
    out
}
fn one(name: &str, source: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(name.to_owned(), source.to_owned())])
}
fn refused(name: &str, source: &str) -> TemplateProblem {
    match Texts::new(&one(name, source), &BTreeMap::new()) {
        Ok(_) => panic!("{source} was accepted"),
        Err(p) => p,
    }
}

#[test]
fn the_products_texts_read_well() {
    let texts = Texts::default();
    let mut all = String::new();
    for template in Template::ALL {
        let [full, between, bare] = samples(template);
        for (shape, facts) in [("full", full), ("between", between), ("bare", bare)] {
            let _ = write!(all, "---- {} ({shape})\n{}\n\n", template.name(), seen(&texts.render(template, &facts)));
        }
    }
    let quiet = Facts {
        rehearsal: false,
        since: Since { span: "1 h 00 min".into(), ..Since::default() },
        waiting: vec![],
        text: None,
        ..full()
    };
    let complete = Facts { done: 62, percent: 100, next: vec![], ..quiet.clone() };
    let many = Facts {
        since: Since {
            failed: (1..=7).map(|n| Failed { number: format!("3.{n}"), ..full().since.failed[0].clone() }).collect(),
            ..full().since
        },
        waiting: (1..=7).map(|n| Waiting { number: format!("5.{n}"), ..full().waiting[0].clone() }).collect(),
        ..full()
    };
    for (shape, facts) in [("nothing happened", quiet), ("complete", complete), ("much", many)] {
        let _ = write!(all, "---- progress ({shape})\n{}\n\n", seen(&texts.render(Template::Progress, &facts)));
    }
    let vouched = Facts { reason: Some("they belong to v1.3".into()), rehearsal: false, ..full() };
    let clean = Facts { reason: None, done: 62, open: vec![], open_count: 0, follow_up_open: 1, ..vouched.clone() };
    for (shape, facts) in [("vouched", vouched), ("clean", clean)] {
        let _ = write!(all, "---- success ({shape})\n{}\n\n", seen(&texts.render(Template::Success, &facts)));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn what_people_type_stays_text() {
    let facts = Facts {
        reason: Some("**bold** [link](http://x) <@U1> @everyone `code`\n# heading {{ id }} &amp; \u{7}".into()),
        version: "v1_2*".into(),
        ..full()
    };
    insta::assert_snapshot!(Texts::default().render(Template::Hold, &facts), @r"
    ⏸️ **REHEARSAL** · **shop v1\_2\*** on **production** is on hold, 14 of 62 done. No progress is posted until it goes on.

    Ana: \*\*bold\*\* \[link\]\(http\:\/\/x\) \<\@U1\> \@everyone \`code\` \# heading \{\{ id \}\} \&amp\; &#7;
    ");
    let own = Texts::new(&one("hold", "{% if reason %}{{ reason|upper }}{{ '<b>' }}{% endif %}"), &BTreeMap::new());
    let said = own.unwrap().render(Template::Hold, &Facts { reason: Some("*x*".into()), ..full() });
    assert_eq!(said, "\\*X\\*\\<b\\>");
}

#[test]
fn the_checklist_wins_over_the_configuration() {
    let config = BTreeMap::from([("hold".to_owned(), "config".to_owned()), ("resume".to_owned(), "config".to_owned())]);
    let texts = Texts::new(&config, &one("hold", "checklist {{ by }}")).unwrap();
    assert_eq!(texts.render(Template::Hold, &full()), "checklist Ana");
    assert_eq!(texts.render(Template::Resume, &full()), "config");
    assert!(texts.render(Template::Start, &full()).starts_with("🚀"));
}

#[test]
fn mistakes_are_found_when_loading() {
    let long = "x".repeat(LONGEST_TEMPLATE + 1);
    let cases = [
        ("strat", "x"),
        ("banana", "x"),
        ("start", ""),
        ("start", "line one\n{% if version %}"),
        ("start", "{{ version"),
        ("start", "one\n{{ verison }}"),
        ("start", "{{ colour }}"),
        ("start", "{% if rehearsal and late and not late %}{{ hidden }}{% endif %}"),
        ("progress", "{{ since.peple }}"),
        ("progress", "ok\n{% for p in since.people %}{{ p.nam }}{% endfor %}"),
        ("start", "{{ item.number }}"),
        ("start", "{{ next }}"),
        ("start", "{{ version|uper }}"),
        ("start", "{{ version is sparkling }}"),
        ("start", "{{ version ~ service }}"),
        ("start", "{% set x = 1 %}"),
        ("start", "{{ version / 2 }}"),
        ("start", long.as_str()),
        (
            "start",
            "{% for a in version %}{% for b in version %}{% for c in version %}{% for d in version %}{% for e in version %}{% for f in version %}x{% endfor %}{% endfor %}{% endfor %}{% endfor %}{% endfor %}{% endfor %}",
        ),
    ];
    let said: Vec<String> = cases.iter().map(|(name, source)| refused(name, source).to_string()).collect();
    insta::assert_snapshot!(said.join("\n"));
    // What is always there for one text need not be guarded in it.
    assert!(Texts::new(&one("failure", "{{ item.number }}: {{ reason }}"), &BTreeMap::new()).is_ok());
}

#[test]
fn nothing_fails_at_run_time() {
    let texts = Texts::new(&one("failure", "{{ item.number }} broke"), &BTreeMap::new()).unwrap();
    assert_eq!(texts.render(Template::Failure, &full()), "3\\.2 broke");
    let said = texts.render(Template::Failure, &Facts { item: None, rehearsal: false, ..full() });
    assert!(said.starts_with("❌ **shop v1\\.2\\.0** on **production** failed"), "{said}");

    let huge = Facts {
        reason: Some("*".repeat(2_000)),
        open: vec![Entry { number: "1.1".into(), text: "é".repeat(5_000) }; 500],
        open_count: 500,
        next: vec![Entry { number: "1.1".into(), text: "x".repeat(5_000) }; 3],
        since: Since {
            failed: vec![Failed { reason: "#".repeat(2_000), ..Failed::default() }; 300],
            people: vec![Ticker { name: "n".repeat(80), ticked: 1 }; 300],
            ..Since::default()
        },
        ..full()
    };
    for template in Template::ALL {
        let said = texts.render(template, &huge);
        assert!(said.chars().count() <= LONGEST_TEXT, "{}: {}", template.name(), said.chars().count());
        assert!(!said.is_empty());
        assert!(!texts.render(template, &Facts::default()).is_empty());
    }
    let monstrous = Facts { version: "*".repeat(9_000), reason: None, ..full() };
    assert!(texts.render(Template::Start, &monstrous).chars().count() < LONGEST_TEXT);
}
