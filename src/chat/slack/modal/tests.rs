use super::*;

fn values(pairs: &[(&str, &[&str])]) -> HashMap<String, Vec<String>> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), v.iter().map(|v| (*v).to_owned()).collect())).collect()
}

fn carried(words: &str) -> Carried {
    Carried { words: words.into(), channel: "C1".into(), thread: Some("4.4".into()), message: Some("5.5".into()) }
}

fn asking(words: &str, text: &str) -> Question {
    let mut button = Button::new("x", words);
    button.ask = Some(text.into());
    Question::of(&button, false).unwrap()
}

#[test]
fn what_a_list_cannot_ask_is_asked() {
    let mut button = Button::new("This happened", "#12 rollback 9.1");
    button.confirm = Some("9.1 Error rate: roll back?".into());
    assert_eq!(Question::of(&button, false), None, "Slack asks");
    let question = Question::of(&button, true).unwrap();
    assert_eq!(question.wants, Wants::Yes);
    let view = ask(&question, &carried("#12 rollback 9.1"));
    assert_eq!(view["blocks"][0]["text"]["text"], "9.1 Error rate: roll back?");
    assert_eq!(said(ASK, &carried("#12 rollback 9.1"), &values(&[])).unwrap().text, "#12 rollback 9.1");
    // What a page calls its blanks is no markup either.
    let said = said(ASK, &carried("#12 fill \"Latency <1s\""), &values(&[("answer", &["0.4s"])])).unwrap();
    assert_eq!(super::super::hear::spoken(&said.text).text, "#12 fill \"Latency <1s\" 0.4s");
}

#[test]
fn an_answer_completes_the_words() {
    let carried = carried("#12 fail 3.2");
    let said = said(ASK, &carried, &values(&[("answer", &["a <b> & *c*"])])).unwrap();
    assert_eq!(said.text, "#12 fail 3.2 a &lt;b&gt; &amp; *c*");
    assert_eq!(super::super::hear::spoken(&said.text).text, "#12 fail 3.2 a <b> & *c*");
    assert_eq!(Carried::read(&carried.written()), carried);
    assert_eq!(Carried::read("nonsense"), Carried::default());
}

#[test]
fn people_are_picked() {
    let question = asking("#12 assign 3.2", "Who should do 3.2?");
    assert_eq!(question.wants, Wants::Person);
    let view = ask(&question, &carried("#12 assign 3.2"));
    assert_eq!(view["blocks"][0]["element"]["type"], "users_select");
    let said = said(ASK, &carried("#12 assign 3.2"), &values(&[("answer", &["U02BOB"])])).unwrap();
    assert_eq!(said.text, "#12 assign 3.2 <@U02BOB>");
}

#[test]
fn what_needs_an_answer_is_asked_for() {
    for (words, asked) in [
        ("#12 hold", Some(Wants::Text)),
        ("#12 fail 3.2", Some(Wants::Text)),
        ("#12 skip 3.2", Some(Wants::OptionalText)),
        ("#12 evidence 3.2", Some(Wants::Text)),
        ("#12 handover", Some(Wants::Person)),
        ("#12 tick 3.2", None),
        ("#12 untick 3.2", None),
        ("#12 next", None),
        ("#12 resume", None),
        ("#12 nonsense", None),
    ] {
        let wants = Question::completing(words).map(|q| q.wants);
        assert_eq!(wants, asked, "{words}");
    }
}

#[test]
fn a_start_says_what_could_be_typed() {
    let all = values(&[
        ("version", &["v1.2.0 rc"]),
        ("checklist", &["production-service"]),
        ("env", &["production"]),
        ("service", &["the \"shop\""]),
        ("at", &["tomorrow 18:30"]),
        ("follow", &["C2", "C3"]),
        ("how", &["--queue", "--odd"]),
    ]);
    let said = said(START, &carried(""), &all).unwrap();
    assert_eq!(
        said.text,
        "start \"v1.2.0 rc\" checklist:production-service env:production service:\"the 'shop'\" at:\"tomorrow 18:30\" \
         follow:slack:C2,slack:C3 --queue"
    );
    assert_eq!((&*said.channel, said.block), ("C1", "version"));
    let home = super::said(START, &Carried::default(), &values(&[("version", &["v1"]), ("channel", &["C9"])])).unwrap();
    assert_eq!((&*home.text, &*home.channel), ("start v1", "C9"));
    assert_eq!(super::said(START, &Carried::default(), &values(&[("version", &["v1"])])), None);
    assert_eq!(super::said("other", &carried(""), &all), None);
}

#[test]
fn a_refusal_stands_where_it_can_be_mended() {
    let said = said(START, &carried(""), &values(&[("version", &["v1"]), ("checklist", &["a"])])).unwrap();
    let refused = |command: &str| Reply::refused("?").with_choices(vec![Button::new("x", command)]);
    assert_eq!(said.wants(&refused("start v1 checklist:a env:production")), "env");
    assert_eq!(said.wants(&refused("start v1 checklist:a --queue")), "version");
    assert_eq!(said.wants(&Reply::refused("?")), "version");
}

#[test]
fn views_look_so() {
    let vocabulary = Vocabulary {
        checklists: vec!["migration".into(), "production-service".into()],
        environments: vec!["production".into(), "staging".into()],
        services: vec!["shop".into()],
        versions: vec!["v1.1.0".into()],
        ..Vocabulary::default()
    };
    let defaults = Channel { checklist: Some("migration".into()), ..Channel::default() };
    insta::assert_json_snapshot!(
        "start",
        start(&vocabulary, Some(&defaults), &Carried { channel: "C1".into(), ..Carried::default() })
    );
    insta::assert_json_snapshot!("start_from_home", start(&Vocabulary::default(), None, &Carried::default()));
    let question = asking("#12 fail 3.2", "What failed at 3.2?");
    insta::assert_json_snapshot!("ask", ask(&question, &carried("#12 fail 3.2")));
}

#[test]
fn only_a_bare_start_opens_the_modal() {
    assert!(wants_start("start") && wants_start("  /deploy START ") && !wants_start("start v1") && !wants_start(""));
}
