//! The ways before stand-ins of those they speak to: a mail server, and receivers of HTTP.

use super::*;
use crate::card::{Block, Card, PageFacts, Tone};
use crate::domain::command::Person;
use crate::domain::paging::Urgency;
use crate::domain::text::Rich;
use crate::domain::time::Timestamp;
use crate::link::Links;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Mutex;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

/// 2026-11-21 10:00:30 UTC.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp(1_795_255_230_000)
    }
}

fn outside(url: Option<&str>) -> Outside {
    Outside { public_url: url.map(str::to_owned), links: Some(Links::new("0123456789abcdef0123456789abcdef")) }
}

fn card(state: PageState) -> Card {
    let title = "🚨 The database is <down> & \"out\"";
    Card {
        title: Rich::plain(title),
        tone: Tone::Bad,
        rehearsal: false,
        broadcast: false,
        blocks: vec![
            Block::Text { text: Rich::plain("web v1.2.0 → production. Paged by Bob.") },
            Block::Context { text: Rich::plain("Ana is called first, then Chidi after 5 min.") },
        ],
        buttons: Vec::new(),
        page: Some(Box::new(PageFacts {
            deployment: 12,
            page: 1,
            state,
            climb: 1,
            past: false,
            urgency: Urgency::High,
            summary: "The database is <down> & \"out\" — web v1.2.0\r\nBcc: evil@example.org".into(),
            to: Some(Person { id: "ana".into(), name: "Ana Müller".into() }),
        })),
    }
}

fn delivery(channel: &str, state: PageState, posted: Option<&str>) -> Delivery {
    Delivery {
        key: format!("12/page/1/1@{channel}"),
        channel: channel.split_once(':').unwrap().1.into(),
        thread: None,
        card: card(state),
        posted: posted.map(str::to_owned),
        uncertain: false,
        only_if_there: false,
        announcement: None,
        file: None,
    }
}

/// What a receiver was sent.
#[derive(Clone, Debug)]
struct Got {
    path: String,
    headers: HeaderMap,
    body: String,
}

impl Got {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
    fn form(&self, name: &str) -> String {
        let field = self.body.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).unwrap();
        percent_encoding::percent_decode_str(field).decode_utf8().unwrap().into_owned()
    }
}

/// Status, headers, body.
type Answered = (u16, &'static [(&'static str, &'static str)], Value);
type Script = VecDeque<Answered>;

/// Answers as scripted, and after that as if all were well.
#[derive(Clone, Default)]
struct Peer {
    script: Arc<Mutex<Script>>,
    got: Arc<Mutex<Vec<Got>>>,
}

impl Peer {
    async fn start(script: Vec<Answered>) -> (Self, String) {
        let peer = Self { script: Arc::new(Mutex::new(script.into())), got: Arc::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = axum::Router::new().fallback(Self::take).with_state(peer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (peer, url)
    }

    async fn take(State(peer): State<Self>, uri: Uri, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
        let body = String::from_utf8(body.to_vec()).unwrap();
        peer.got.lock().unwrap().push(Got { path: uri.path().into(), headers, body });
        let (status, extra, said) =
            peer.script.lock().unwrap().pop_front().unwrap_or((202, &[], json!({ "status": "success", "sid": "SM1" })));
        let mut headers = HeaderMap::new();
        extra.iter().for_each(|(name, value)| _ = headers.insert(*name, value.parse().unwrap()));
        (StatusCode::from_u16(status).unwrap(), headers, said.to_string())
    }

    fn got(&self) -> Vec<Got> {
        std::mem::take(&mut *self.got.lock().unwrap())
    }
}

const FINE: &[(&str, &str)] = &[];
const WAIT: &[(&str, &str)] = &[("retry-after", "30")];
const KEY: &str = "R0123456789012345678901234567890";

fn keys(name: &str, key: &str) -> BTreeMap<String, Result<String, String>> {
    BTreeMap::from([(name.to_owned(), Ok(key.to_owned()))])
}

#[tokio::test]
async fn pagerduty_is_told_of_every_state_once() {
    let (peer, url) = Peer::start(Vec::new()).await;
    let http = Http::new().unwrap();
    let out = outside(Some("https://rollcall.example.com"));
    let duty = pagerduty::PagerDuty::new(http, Some(url), keys("web", KEY), out);
    let at = "pagerduty:web";
    for (state, posted) in [
        (PageState::Open, None),
        (PageState::Open, Some("x")),
        (PageState::Acknowledged, Some("x")),
        (PageState::Resolved, Some("x")),
    ] {
        assert_eq!(duty.show(&delivery(at, state, posted)).await, Ok("rollcall/12/page/1".into()));
    }
    let got = peer.got();
    assert!(got.iter().all(|g| g.path == "/v2/enqueue" && g.header("content-type") == "application/json"));
    let actions: Vec<Value> = got.iter().map(|g| g.json()["event_action"].clone()).collect();
    assert_eq!(actions, ["trigger", "acknowledge", "resolve"]);
    insta::assert_json_snapshot!(got.iter().map(Got::json).collect::<Vec<_>>());
    // Nothing goes out of a page somebody has.
    assert!(matches!(duty.show(&delivery(at, PageState::Acknowledged, None)).await, Err(ChatError::Refused { .. })));
    // Unless it may be there although nobody knows: it would climb there by itself.
    for (state, action) in [(PageState::Acknowledged, "acknowledge"), (PageState::Resolved, "resolve")] {
        let lost = Delivery { uncertain: true, ..delivery(at, state, None) };
        assert_eq!(duty.show(&lost).await, Ok("rollcall/12/page/1".into()));
        assert_eq!(peer.got().iter().map(|g| g.json()["event_action"].clone()).collect::<Vec<_>>(), [action]);
    }
    assert!(matches!(
        duty.show(&delivery("pagerduty:db", PageState::Open, None)).await,
        Err(ChatError::Refused { .. })
    ));
    assert!(peer.got().is_empty());
}

/// One whose answer was lost.
fn lost(channel: &str, state: PageState) -> Delivery {
    Delivery { uncertain: true, ..delivery(channel, state, None) }
}

#[tokio::test]
async fn what_may_have_gone_out_is_told_what_became_of_it() {
    let (peer, url) = Peer::start(Vec::new()).await;
    let duty = pagerduty::PagerDuty::new(Http::new().unwrap(), Some(url.clone()), keys("web", KEY), outside(None));
    for state in [PageState::Open, PageState::Acknowledged, PageState::Resolved] {
        assert!(duty.show(&lost("pagerduty:web", state)).await.is_ok());
    }
    let actions: Vec<Value> = peer.got().iter().map(|g| g.json()["event_action"].clone()).collect();
    assert_eq!(actions, ["trigger", "acknowledge", "resolve"]);
    let urls = BTreeMap::from([("ops".to_owned(), url.clone())]);
    let hook =
        webhook::Webhook::new(Http::new().unwrap(), urls, keys("ops", "hunter2"), outside(None), Arc::new(Still));
    for state in [PageState::Open, PageState::Acknowledged, PageState::Resolved] {
        assert!(hook.show(&lost("webhook:ops", state)).await.is_ok());
    }
    let kinds: Vec<Value> = peer.got().iter().map(|g| g.json()["type"].clone()).collect();
    assert_eq!(kinds, ["page.open", "page.acknowledged", "page.resolved"]);
    // Whoever cannot know it again hears nothing.
    let set = crate::config::ways::Twilio { account: "AC1".into(), from: "+4930111".into(), api_url: url };
    let sms = twilio::Twilio::new(twilio::Kind::Sms, &set, "hunter2", Http::new().unwrap(), outside(None));
    assert!(sms.show(&lost("sms:+4915112345678", PageState::Acknowledged)).await.is_err());
    assert!(peer.got().is_empty());
}

#[tokio::test]
async fn each_climb_is_an_incident_of_its_own() {
    let (peer, url) = Peer::start(Vec::new()).await;
    let duty = pagerduty::PagerDuty::new(Http::new().unwrap(), Some(url), keys("web", KEY), outside(None));
    let of = |climb: u32, past: bool, mut d: Delivery| {
        let page = d.card.page.as_mut().unwrap();
        (page.climb, page.past) = (climb, past);
        d
    };
    let at = "pagerduty:web";
    for d in [
        of(2, false, delivery(at, PageState::Open, None)),
        of(1, true, delivery(at, PageState::Open, Some("x"))),
        of(1, true, lost(at, PageState::Open)),
        of(2, false, delivery(at, PageState::Acknowledged, Some("x"))),
    ] {
        assert!(duty.show(&d).await.is_ok());
    }
    let said = |g: &Got, name: &str| g.json()[name].as_str().unwrap().to_owned();
    let got: Vec<(String, String)> =
        peer.got().iter().map(|g| (said(g, "event_action"), said(g, "dedup_key"))).collect();
    let (first, second) = ("rollcall/12/page/1", "rollcall/12/page/1/2");
    let expected = [("trigger", second), ("resolve", first), ("resolve", first), ("acknowledge", second)];
    assert_eq!(got, expected.map(|(action, key)| (action.to_owned(), key.to_owned())));
    assert!(duty.show(&of(1, true, delivery(at, PageState::Open, None))).await.is_err(), "it would call in vain");
    assert_eq!((pagerduty::named(first), pagerduty::named(second)), (Some((12, 1, 1)), Some((12, 1, 2))));
}

#[tokio::test]
async fn pagerduty_says_no_in_its_own_words() {
    let invalid = json!({ "status": "invalid event", "message": "Event object is invalid", "errors": ["Length of 'routing_key' is incorrect (should be 32 characters)"] });
    let (_peer, url) = Peer::start(vec![
        (400, FINE, invalid),
        (429, WAIT, json!({})),
        (429, FINE, json!({})),
        (503, FINE, json!("x")),
    ])
    .await;
    let duty = pagerduty::PagerDuty::new(Http::new().unwrap(), Some(url), keys("web", KEY), outside(None));
    let mut said = Vec::new();
    for _ in 0..5 {
        said.push(duty.show(&delivery("pagerduty:web", PageState::Open, None)).await);
    }
    insta::assert_debug_snapshot!(said);
    assert!(!format!("{said:?}").contains(KEY));
}

#[tokio::test]
async fn a_receiver_can_tell_who_calls_and_what_it_has_heard() {
    let (peer, url) = Peer::start(vec![
        (200, FINE, json!({})),
        (200, FINE, json!({})),
        (301, &[("location", "/x")], json!({})),
        (410, FINE, json!({})),
        (500, FINE, json!({})),
        (429, WAIT, json!({})),
    ])
    .await;
    let urls = BTreeMap::from([("ops".to_owned(), format!("{url}/rollcall"))]);
    let out = outside(Some("https://rollcall.example.com"));
    let hook = webhook::Webhook::new(Http::new().unwrap(), urls, keys("ops", "hunter2"), out, Arc::new(Still));
    let at = "webhook:ops";
    assert_eq!(hook.show(&delivery(at, PageState::Open, None)).await, Ok("12/page/1/1@webhook:ops".into()));
    assert_eq!(hook.show(&delivery(at, PageState::Open, Some("x"))).await, Ok("12/page/1/1@webhook:ops".into()));
    assert!(hook.show(&delivery(at, PageState::Acknowledged, Some("x"))).await.is_ok());
    let got = peer.got();
    assert_eq!(got.len(), 2);
    assert_eq!(got[0].header("idempotency-key"), "12/page/1/1@webhook:ops");
    assert_eq!(got[1].header("idempotency-key"), "12/page/1/1@webhook:ops#acknowledged");
    for g in &got {
        let signed = webhook::signature("hunter2", 1_795_255_230, g.body.as_bytes());
        assert_eq!(g.header(webhook::SIGNATURE), signed);
    }
    insta::assert_json_snapshot!(got.iter().map(Got::json).collect::<Vec<_>>());
    let mut said = Vec::new();
    for _ in 0..4 {
        said.push(hook.show(&delivery(at, PageState::Open, None)).await);
    }
    assert_eq!(peer.got().len(), 4, "no redirect is followed");
    said.push(hook.show(&delivery("webhook:none", PageState::Open, None)).await);
    insta::assert_debug_snapshot!(said);
}

#[test]
fn a_signature_as_openssl_makes_it() {
    // printf '1795255230.{}' | openssl dgst -sha256 -hmac secret
    assert_eq!(
        webhook::signature("secret", 1_795_255_230, b"{}"),
        "t=1795255230,v1=2d619930f2864258ec031b5dd203ecd6c38343acb1afbc2fd6d9d1a40d5ab6d9"
    );
}

#[tokio::test]
async fn text_messages_and_calls() {
    let invalid = json!({ "code": 21211, "message": "Invalid 'To' Phone Number: +4900", "status": 400 });
    let trouble = json!({ "code": 20003, "message": "Authenticate", "status": 401 });
    let (peer, url) = Peer::start(vec![
        (201, FINE, json!({ "sid": "SM7" })),
        (201, FINE, json!({ "sid": "CA7" })),
        (400, FINE, invalid),
        (401, FINE, trouble),
        (429, FINE, json!({})),
        (500, FINE, json!({})),
    ])
    .await;
    let set = crate::config::ways::Twilio { account: "AC1".into(), from: "+4930111".into(), api_url: url };
    let way =
        |kind| twilio::Twilio::new(kind, &set, "hunter2", Http::new().unwrap(), outside(Some("https://r.example")));
    let (sms, voice) = (way(twilio::Kind::Sms), way(twilio::Kind::Voice));
    assert_eq!(sms.show(&delivery("sms:+4915112345678", PageState::Open, None)).await, Ok("SM7".into()));
    assert_eq!(voice.show(&delivery("voice:+4915112345678", PageState::Open, None)).await, Ok("CA7".into()));
    assert_eq!(sms.show(&delivery("sms:+4915112345678", PageState::Resolved, Some("SM7"))).await, Ok("SM7".into()));
    let got = peer.got();
    assert_eq!(
        got.iter().map(|g| g.path.as_str()).collect::<Vec<_>>(),
        ["/2010-04-01/Accounts/AC1/Messages.json", "/2010-04-01/Accounts/AC1/Calls.json"]
    );
    // AC1:hunter2
    assert!(got.iter().all(|g| g.header("authorization") == "Basic QUMxOmh1bnRlcjI="));
    assert!(got.iter().all(|g| g.form("To") == "+4915112345678" && g.form("From") == "+4930111"));
    assert!(got[0].form("Body").chars().count() <= 450);
    insta::assert_snapshot!(format!("{}\n\n{}", got[0].form("Body"), got[1].form("Twiml")));
    let mut said = Vec::new();
    for _ in 0..4 {
        said.push(sms.show(&delivery("sms:+4900", PageState::Open, None)).await);
    }
    insta::assert_debug_snapshot!(said);
}

/// A mail server that speaks as scripted: what it says to `MAIL`, `RCPT` and the end of the text.
async fn mail_server(mail: &'static str, rcpt: &'static str, end: &'static str) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let kept: Arc<Mutex<Vec<String>>> = Arc::default();
    let mails = kept.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            write.write_all(b"220 here ESMTP\r\n").await.unwrap();
            let (mut text, mut in_text) = (String::new(), false);
            while let Ok(Some(line)) = lines.next_line().await {
                let said = if in_text {
                    if line != "." {
                        text.push_str(&line);
                        text.push('\n');
                        continue;
                    }
                    in_text = false;
                    mails.lock().unwrap().push(std::mem::take(&mut text));
                    end
                } else {
                    match line.split([' ', ':']).next().unwrap_or_default().to_uppercase().as_str() {
                        "EHLO" => "250-here\r\n250 8BITMIME",
                        "MAIL" => mail,
                        "RCPT" => rcpt,
                        "DATA" => {
                            in_text = true;
                            "354 go on"
                        }
                        "QUIT" => "221 bye",
                        _ => "250 ok",
                    }
                };
                if write.write_all(format!("{said}\r\n").as_bytes()).await.is_err() {
                    break;
                }
            }
        }
    });
    (port, kept)
}

fn mail(port: u16, tls: &str, public_url: Option<&str>) -> mail::Mail {
    let text = format!(
        "[mail]\nserver = \"127.0.0.1\"\nport = {port}\ntls = \"{tls}\"\nfrom = \"Rollcall <rollcall@example.org>\""
    );
    let set = Config::parse(&text, Path::new("")).unwrap().ways.mail.unwrap();
    mail::Mail::new(&set, None, outside(public_url), Arc::new(Still)).unwrap()
}

#[tokio::test]
async fn a_mail_says_what_is_the_matter_and_has_a_link() {
    let (port, kept) = mail_server("250 ok", "250 ok", "250 kept").await;
    let way = mail(port, "none", Some("https://rollcall.example.com"));
    let first = way.show(&delivery("email:ana@example.org", PageState::Open, None)).await.unwrap();
    let again = way.show(&delivery("email:ana@example.org", PageState::Open, None)).await.unwrap();
    assert_eq!(first, again, "the same message has the same id");
    assert!(way.show(&delivery("email:ana@example.org", PageState::Acknowledged, Some(&first))).await.is_ok());
    let mails = kept.lock().unwrap().clone();
    assert_eq!(mails.len(), 2, "nothing is sent of a page that somebody has");
    assert!(mails[0].contains(&format!("Message-ID: {first}")), "{}", mails[0]);
    assert!(!mails[0].lines().any(|l| l.starts_with("Bcc:")), "no header can be smuggled in");
    let (boundary, steady) = (mails[0].split("boundary=\"").nth(1).unwrap().split('"').next().unwrap(), &mails[0]);
    insta::assert_snapshot!(steady.replace(boundary, "BOUNDARY"));
    insta::assert_snapshot!(
        "mail_text",
        say::text(&card(PageState::Open), &outside(Some("https://rollcall.example.com")))
    );
    insta::assert_snapshot!("mail_text_without_address", say::text(&card(PageState::Open), &outside(None)));
    insta::assert_snapshot!(
        "mail_html",
        say::html(&card(PageState::Open), &outside(Some("https://rollcall.example.com")))
    );
}

#[tokio::test]
async fn what_a_mail_server_says_is_heeded() {
    let mut said = Vec::new();
    for (from, rcpt, end, tls, to) in [
        ("250 ok", "550 no such user here", "250 kept", "none", "ana@example.org"),
        ("250 ok", "451 greylisted, try later", "250 kept", "none", "ana@example.org"),
        ("250 ok", "250 ok", "552 too much", "none", "ana@example.org"),
        ("421 going down", "250 ok", "250 kept", "none", "ana@example.org"),
        ("250 ok", "250 ok", "250 kept", "starttls", "ana@example.org"),
        ("250 ok", "250 ok", "250 kept", "tls", "ana@example.org"),
        ("250 ok", "250 ok", "250 kept", "none", "nobody"),
    ] {
        let (port, kept) = mail_server(from, rcpt, end).await;
        let shown = mail(port, tls, None).show(&delivery(&format!("email:{to}"), PageState::Open, None)).await;
        assert!(kept.lock().unwrap().is_empty() || end.starts_with("552"), "nothing is said in the clear");
        said.push(format!("{shown:?}").replace(&port.to_string(), "PORT"));
    }
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    said.push(format!(
        "{:?}",
        mail(port, "none", None).show(&delivery("email:a@x.example", PageState::Open, None)).await
    ));
    insta::assert_snapshot!(said.join("\n"));
}

#[tokio::test]
async fn a_probe_reaches_nobody_and_says_what_is_wrong() {
    let (port, kept) = mail_server("250 ok", "250 ok", "250 kept").await;
    let (peer, url) = Peer::start(vec![(200, FINE, json!({ "status": "active" })), (401, FINE, json!({}))]).await;
    let text = format!(
        "[mail]\nserver = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"r@example.org\"\n[pagerduty.web]\n\
         [webhooks.ops]\nurl = \"https://h.example\"\n[twilio]\naccount = \"AC1\"\nfrom = \"+4930111\"\napi_url = \"{url}\""
    );
    let config = Config::parse(&text, Path::new("")).unwrap();
    let secrets = WaySecrets::from(&config.ways, |name| {
        Some(if name.contains("PAGERDUTY_KEY") { KEY.into() } else { "hunter2".into() })
    });
    let mut secrets_without_url = secrets.clone();
    secrets_without_url.pagerduty_url = None;
    let well = probe(&config, &secrets_without_url).await;
    let ill = probe(&config, &WaySecrets { twilio_token: Some("wrong".into()), ..WaySecrets::default() }).await;
    let said = |found: Vec<(String, Result<String, String>)>| {
        found
            .iter()
            .map(|(way, said)| format!("{way}: {said:?}\n"))
            .collect::<String>()
            .replace(&port.to_string(), "PORT")
    };
    insta::assert_snapshot!(format!("{}\n{}", said(well), said(ill)));
    assert!(kept.lock().unwrap().is_empty());
    assert!(peer.got().iter().all(|g| g.path == "/2010-04-01/Accounts/AC1.json"));
}

#[tokio::test]
async fn a_way_without_its_secret_fails_with_that_sentence() {
    let text = "[mail]\nserver = \"s.example\"\nfrom = \"r@example.org\"\nuser = \"r\"\n[pagerduty.web]\n[webhooks.ops]\n\
                url = \"https://h.example\"\n[twilio]\naccount = \"AC1\"\nfrom = \"+4930111\"";
    let config = Config::parse(text, Path::new("")).unwrap();
    let made = made(&config.ways, &WaySecrets::default(), &outside(None), Arc::new(Still)).unwrap();
    let mut said = Vec::new();
    for chat in &made {
        let to = match chat.platform() {
            EMAIL => "email:a@example.org",
            PAGERDUTY => "pagerduty:web",
            WEBHOOK => "webhook:ops",
            SMS => "sms:+4915112345678",
            _ => "voice:+4915112345678",
        };
        said.push(format!("{to} {:?}", chat.show(&delivery(to, PageState::Open, None)).await));
    }
    insta::assert_snapshot!(said.join("\n"));
}
