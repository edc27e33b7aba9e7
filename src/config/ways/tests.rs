use super::*;
use crate::config::Config;
use std::path::Path;

fn read(text: &str) -> Ways {
    Config::parse(text, Path::new("")).unwrap().ways
}

#[test]
fn everything_that_can_be_set() {
    let ways = read(
        "public_url = \"https://rollcall.example.com/\"\n\
         [mail]\nserver = \"smtp.example.com\"\nfrom = \"Rollcall <rollcall@example.com>\"\nuser = \"rollcall\"\n\
         [pagerduty.web]\n[pagerduty.data-base]\n\
         [webhooks.ops]\nurl = \"https://hooks.example.com/rollcall?team=1\"\n\
         [twilio]\naccount = \"AC0123\"\nfrom = \"+4915112345678\"\n\
         [heartbeat]\nurl = \"https://beats.example.com/x\"\nevery = \"90 s\"\n",
    );
    insta::assert_debug_snapshot!(ways);
    assert_eq!(read(""), Ways::default());
    let near = read("[mail]\nserver = \"127.0.0.1\"\ntls = \"none\"\nport = 2525\nfrom = \"rollcall@localhost\"");
    assert_eq!(near.mail.as_ref().map(|m| (m.port, m.tls)), Some((2525, Tls::None)));
    assert_eq!(read("[mail]\nserver = \"s.example\"\ntls = \"tls\"\nfrom = \"r@x.example\"").mail.unwrap().port, 465);
    let here = read("public_url = \"http://127.0.0.1:8080\"\n[heartbeat]\nurl = \"http://[::1]:1/\"");
    assert_eq!(here.public_url.as_deref(), Some("http://127.0.0.1:8080"));
    assert_eq!(here.heartbeat.map(|h| h.every_ms), Some(60_000));
}

#[test]
fn mistakes_are_named_with_their_line() {
    let mail = |line: &str| format!("[mail]\nserver = \"smtp.example.com\"\nfrom = \"r@example.com\"\n{line}");
    let hook = |url: &str| format!("[webhooks.ops]\nurl = \"{url}\"");
    let twilio = |line: &str| format!("[twilio]\naccount = \"AC1\"\n{line}");
    let beat = |every: &str| format!("[heartbeat]\nurl = \"https://beats.example.com\"\nevery = \"{every}\"");
    let cases = [
        "public_url = \"http://rollcall.example.com\"".to_owned(),
        "public_url = \"https://rollcall.example.com/deploys\"".into(),
        "public_url = \"rollcall\"".into(),
        "[mail]\nserver = \"smtp.example.com\"".into(),
        mail("tls = \"ssl\""),
        mail("tls = \"none\""),
        mail("port = 0"),
        mail("port = 70000"),
        mail("password = \"hunter2\""),
        mail("user = \"\""),
        "[mail]\nserver = \"smtp.example.com:587\"\nfrom = \"r@example.com\"".into(),
        "[mail]\nserver = \"smtp.example.com\"\nfrom = \"Rollcall\"".into(),
        "[mail]\nserver = \"smtp.example.com\"\nfrom = \"a@b@c\"".into(),
        "[mail]\nserver = \"smtp.example.com\"\nfrom = \"X\\r\\nBcc: <a@b.example>\"".into(),
        "[pagerduty]\nweb = \"hunter2\"".into(),
        "[pagerduty.web]\nrouting_key = \"hunter2\"".into(),
        "[pagerduty.\"web site\"]".into(),
        "[pagerduty.web]\n[pagerduty.WEB]".into(),
        "[pagerduty.web]\nseverity = \"critical\"".into(),
        "[webhooks.ops]".into(),
        hook("http://hooks.example.com/x"),
        hook("ftp://hooks.example.com/x"),
        hook("https://ana:hunter2@hooks.example.com/"),
        hook("hooks.example.com"),
        "[webhooks.ops]\nurl = \"https://hooks.example.com\"\nsecret = \"hunter2\"".into(),
        twilio("from = \"0151 12345678\""),
        twilio("from = \"+1\""),
        twilio("from = \"+4915112345678\"\napi_url = \"http://sms.example.com\""),
        twilio("from = \"+4915112345678\"\ntoken = \"hunter2\""),
        "[twilio]\naccount = \"AC/../x\"\nfrom = \"+4915112345678\"".into(),
        beat("0"),
        beat("1"),
        beat("9 s"),
        beat("1 year"),
        beat("often"),
    ];
    let said: Vec<String> = cases
        .iter()
        .map(|text| match Config::parse(text, Path::new("")) {
            Ok(_) => panic!("{text} was accepted"),
            Err(p) => format!("{}: {}", p.line.unwrap_or_default(), p.message),
        })
        .collect();
    let said = said.join("\n");
    assert!(!said.contains("hunter2"), "{said}");
    insta::assert_snapshot!(said);
}

#[test]
fn secrets_come_from_the_environment_and_what_is_missing_is_said() {
    let ways = read(
        "[mail]\nserver = \"s.example\"\nfrom = \"r@x.example\"\nuser = \"r\"\n[pagerduty.web-site]\n\
         [webhooks.ops]\nurl = \"https://h.example\"\n[twilio]\naccount = \"AC1\"\nfrom = \"+4915112345678\"",
    );
    let none = WaySecrets::from(&ways, |_| None);
    let said: Vec<String> = problems(&ways, &none).iter().map(|(way, why)| format!("{way}: {why}")).collect();
    insta::assert_snapshot!(said.join("\n"));
    let all = WaySecrets::from(&ways, |name| {
        Some(match name {
            "ROLLCALL_PAGERDUTY_KEY_WEB_SITE" => " R0123456789012345678901234567890\n".to_owned(),
            "ROLLCALL_PAGERDUTY_WEBHOOK_SECRET" => "one, two".into(),
            "PAGERDUTY_API_URL" => "http://127.0.0.1:1/".into(),
            other => format!("secret of {other}"),
        })
    });
    assert_eq!(problems(&ways, &all), []);
    assert_eq!(all.pagerduty_webhook, ["one", "two"]);
    assert!(!format!("{all:?}").contains("secret"), "{all:?}");
    let mut short = all.clone();
    short.pagerduty.insert("web-site".into(), "hunter2".into());
    let mut astray = all;
    astray.pagerduty_url = Some("http://evil.example".into());
    for secrets in [short, astray] {
        let found = problems(&ways, &secrets);
        assert_eq!(found.len(), 1);
        assert!(!found[0].1.contains("hunter2"), "{found:?}");
    }
    assert_eq!(problems(&Ways::default(), &none), []);
}
