use super::*;
use proptest::prelude::*;

fn span(text: &str) -> Span {
    Span { text: text.into(), ..Span::default() }
}

fn runs(spans: Vec<Span>) -> Runs {
    Runs(spans.into_iter().map(Run::Text).collect())
}

fn said(spans: Vec<Span>) -> Option<String> {
    mrkdwn(&runs(spans), &|id| {
        (id == "ana").then(|| Account { user: "U1".into(), profile: Some("https://team.slack.com/team/U1".into()) })
    })
}

#[test]
fn what_can_be_said_exactly_is_said_in_mrkdwn() {
    let styled = |text: &str, f: fn(&mut Span)| {
        let mut s = span(text);
        f(&mut s);
        s
    };
    let bold = |t: &str| styled(t, |s| s.bold = true);
    for (spans, expected) in [
        (vec![span("a < b & c > d")], Some("a &lt; b &amp; c &gt; d")),
        (vec![bold("Failed: "), span("3.2 broker")], Some("*Failed:* 3.2 broker")),
        (vec![styled("kubectl get po", |s| s.code = true), span(" runs")], Some("`kubectl get po` runs")),
        (vec![styled("gone", |s| s.strike = true)], Some("~gone~")),
        (vec![styled("both", |s| (s.bold, s.italic) = (true, true))], Some("*_both_*")),
        (vec![span("error_rate and 5*3*2")], Some("error_rate and 5*3*2")),
        (vec![span("mid"), bold("word"), span("bold")], None),
        (vec![span("*loud*")], None),
        (vec![span("_quiet_")], None),
        (vec![span("`code`")], None),
        (vec![span("> quoted")], None),
        (vec![span("fine\n> quoted")], None),
        (vec![span("look :tada: here")], None),
        (vec![span("at 14:03:22")], Some("at 14:03:22")),
        (vec![span("<!channel> <@U1>")], Some("&lt;!channel&gt; &lt;@U1&gt;")),
        (
            vec![styled("docs", |s| s.link = Some("https://x.example/a?b=1&c=|>".into()))],
            Some("<https://x.example/a?b=1&amp;c=%7C%3E|docs>"),
        ),
        (vec![styled("bad", |s| s.link = Some("javascript:alert(1)".into()))], Some("bad")),
        (vec![styled("Ana", |s| s.person = Some("ana".into()))], Some("<https://team.slack.com/team/U1|@Ana>")),
        (vec![styled("Bob", |s| s.person = Some("bob".into()))], Some("Bob")),
        (
            vec![styled("Ana", |s| (s.person, s.call) = (Some("ana".into()), true)), span(": wake up")],
            Some("<@U1>: wake up"),
        ),
        (vec![styled("Bob", |s| (s.person, s.call) = (Some("bob".into()), true))], Some("Bob")),
        (vec![styled("<@U1>", |s| s.call = true)], Some("&lt;@U1&gt;")),
    ] {
        assert_eq!(said(spans.clone()).as_deref(), expected, "{spans:?}");
    }
}

#[test]
fn moments_are_in_the_readers_time() {
    let at = Timestamp(1_795_735_193_000);
    let runs = Runs::default().plain("Started ").date(at);
    assert_eq!(
        mrkdwn(&runs, &|_| None).unwrap(),
        "Started <!date^1795735193^{date_short_pretty} {time}|2026-11-26 23:19 UTC>"
    );
    assert_eq!(to_plain(&runs), "Started 2026-11-26 23:19 UTC");
}

#[test]
fn what_cannot_is_rich_text_and_stays_what_it_is() {
    let block = block(&[Part::Text(runs(vec![span("*not bold* <!here> :tada:")]))], &|_| None);
    insta::assert_json_snapshot!(block);
}

#[test]
fn markdown_keeps_its_meaning() {
    let source = "Ticked **3.2** by *Ana*:\n\n- `a < b`\n- [page](https://x.example/?a=1&b=2)\n\n1. one\n2. two\n\n> said\n\n\
                  ```sh\nls <x>\n```\n\nafter";
    insta::assert_json_snapshot!(
        markdown(source).chunk_by(|_, n| matches!(n, Part::Code(_))).map(|c| block(c, &|_| None)).collect::<Vec<_>>()
    );
}

/// Slack's rules, as far as its documentation goes, read back: what a reader would see as plain characters.
fn read_back(mrkdwn: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = mrkdwn;
    while let Some(c) = rest.chars().next() {
        match c {
            '<' => return None,
            '>' => return None,
            '&' => {
                let (entity, plain) =
                    [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>')].into_iter().find(|(e, _)| rest.starts_with(e))?;
                out.push(plain);
                rest = &rest[entity.len()..];
                continue;
            }
            _ => out.push(c),
        }
        rest = &rest[c.len_utf8()..];
    }
    Some(out)
}

proptest! {
    #[test]
    fn typed_text_is_only_characters(text in "[a-z <>&@#!*_~`:|\\n.-]{0,60}") {
        let plain = runs(vec![span(&text)]);
        if let Some(said) = mrkdwn(&plain, &|_| None) {
            prop_assert_eq!(read_back(&said), Some(text.clone()));
            prop_assert!(!said.contains('`'));
            // No marker opens beside a word's edge.
            let chars: Vec<char> = said.chars().collect();
            for (i, c) in chars.iter().enumerate().filter(|(_, c)| MARKERS.contains(c)) {
                let inside = i > 0 && chars[i - 1].is_alphanumeric() && chars.get(i + 1).is_some_and(|n| n.is_alphanumeric());
                prop_assert!(inside, "{c} at {i} of {said}");
            }
        }
        let block = block(&[Part::Text(plain)], &|_| None);
        if block["type"] == "rich_text" && !text.is_empty() {
            let elements = &block["elements"][0]["elements"];
            prop_assert_eq!(elements.as_array().unwrap().len(), 1);
            prop_assert_eq!(elements[0]["text"].as_str(), Some(text.as_str()));
            prop_assert_eq!(elements[0].get("style"), None);
        }
    }
}
