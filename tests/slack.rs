//! Whatever a card holds, what becomes of it fits Slack: every limit its documentation names, checked on the blocks
//! themselves.

use proptest::prelude::*;
use rollcall::card::fit::{self, slack as limits};
use rollcall::card::{Block, Button, Card, Fact, ItemLine, Reply, Shown, Style, Tag, TagKind, Tone};
use rollcall::chat::slack::modal::{self, Question, Wants};
use rollcall::chat::slack::show;
use rollcall::chat::slack::text::Account;
use rollcall::domain::checklist::{CodeBlock, Number};
use rollcall::domain::command::Person;
use rollcall::domain::text::{Rich, Span};
use rollcall::domain::time::Timestamp;
use rollcall::grammar::Vocabulary;
use serde_json::Value;
use std::collections::BTreeSet;

/// A text object of Slack's, at most so long.
fn check_text(v: &Value, most: usize, plain_only: bool) {
    let text = v["text"].as_str().unwrap_or_else(|| panic!("no text: {v}"));
    let n = text.chars().count();
    assert!((1..=most).contains(&n), "{n} characters, at most {most}: {v}");
    match v["type"].as_str().unwrap() {
        "plain_text" => {}
        "mrkdwn" => assert!(!plain_only, "{v}"),
        other => panic!("{other}"),
    }
}

fn check_id(v: &Value, ids: &mut BTreeSet<String>) {
    let id = v.as_str().unwrap_or_else(|| panic!("an id: {v}"));
    assert!((1..=limits::ID).contains(&id.chars().count()), "{id}");
    assert!(ids.insert(id.to_owned()), "twice: {id}");
}

fn check_options(options: &Value, most: usize) -> Vec<Value> {
    let options = options.as_array().unwrap();
    assert!((1..=most).contains(&options.len()), "{}", options.len());
    for option in options {
        check_text(&option["text"], 75, false);
        let value = option["value"].as_str().unwrap();
        assert!((1..=150).contains(&value.chars().count()), "{value}");
        if let Some(description) = option.get("description") {
            check_text(description, 75, false);
        }
    }
    options.clone()
}

fn check_element(e: &Value, ids: &mut BTreeSet<String>) {
    check_id(&e["action_id"], ids);
    match e["type"].as_str().unwrap() {
        "button" => {
            check_text(&e["text"], 75, true);
            if let Some(value) = e.get("value") {
                assert!(value.as_str().unwrap().chars().count() <= 2_000);
            }
            if let Some(confirm) = e.get("confirm") {
                check_text(&confirm["title"], 100, true);
                check_text(&confirm["text"], 300, false);
                check_text(&confirm["confirm"], 30, true);
                check_text(&confirm["deny"], 30, true);
            }
        }
        "checkboxes" => {
            let options = check_options(&e["options"], 10);
            let values: BTreeSet<&str> = options.iter().map(|o| o["value"].as_str().unwrap()).collect();
            assert_eq!(values.len(), options.len(), "values tell apart");
            if let Some(initial) = e.get("initial_options") {
                let initial = initial.as_array().unwrap();
                assert!(!initial.is_empty() && initial.iter().all(|i| options.contains(i)));
            }
        }
        "static_select" => {
            if let Some(placeholder) = e.get("placeholder") {
                check_text(placeholder, 150, true);
            }
            match e.get("option_groups") {
                Some(groups) => {
                    let groups = groups.as_array().unwrap();
                    assert!((1..=100).contains(&groups.len()));
                    for group in groups {
                        check_text(&group["label"], 75, true);
                        for option in check_options(&group["options"], 100) {
                            assert_eq!(option["text"]["type"], "plain_text");
                        }
                    }
                }
                None => {
                    let options = check_options(&e["options"], 100);
                    assert!(e.get("initial_option").is_none_or(|i| options.contains(i)));
                }
            }
        }
        "plain_text_input" => {
            assert!(e["max_length"].as_u64().unwrap() <= 3_000);
            if let Some(placeholder) = e.get("placeholder") {
                check_text(placeholder, 150, true);
            }
        }
        "users_select" | "conversations_select" | "multi_conversations_select" => {}
        other => panic!("{other}"),
    }
}

fn check_blocks(blocks: &[Value], most: usize) {
    assert!((1..=most).contains(&blocks.len()), "{} blocks", blocks.len());
    let mut ids = BTreeSet::new();
    let mut characters = 0;
    for b in blocks {
        if let Some(id) = b.get("block_id") {
            check_id(id, &mut ids);
        }
        match b["type"].as_str().unwrap() {
            "divider" => {}
            "header" => check_text(&b["text"], 150, true),
            "section" => check_text(&b["text"], 3_000, false),
            "context" => {
                let elements = b["elements"].as_array().unwrap();
                assert!((1..=10).contains(&elements.len()));
                elements.iter().for_each(|e| check_text(e, 3_000, false));
                characters += elements.iter().map(|e| e["text"].as_str().unwrap().chars().count()).sum::<usize>();
            }
            "actions" => {
                let elements = b["elements"].as_array().unwrap();
                assert!((1..=25).contains(&elements.len()));
                let mut actions = BTreeSet::new();
                elements.iter().for_each(|e| check_element(e, &mut actions));
            }
            "input" => {
                check_text(&b["label"], 2_000, true);
                if let Some(hint) = b.get("hint") {
                    check_text(hint, 2_000, true);
                }
                check_element(&b["element"], &mut BTreeSet::new());
            }
            "rich_text" => {
                for part in b["elements"].as_array().unwrap() {
                    for e in part["elements"].as_array().unwrap() {
                        let text = e["text"].as_str().or(e["fallback"].as_str()).unwrap();
                        assert!(!text.is_empty());
                        characters += text.chars().count();
                        assert!(e.get("url").is_none_or(|u| u.as_str().unwrap().chars().count() <= 3_000));
                    }
                }
            }
            other => panic!("{other}"),
        }
        characters += b["text"]["text"].as_str().unwrap_or_default().chars().count();
    }
    assert!(characters <= 13_200, "{characters} characters in all");
}

fn check_view(view: &Value) {
    check_text(&view["title"], 24, true);
    check_text(&view["submit"], 24, true);
    check_text(&view["close"], 24, true);
    assert!(view["private_metadata"].as_str().unwrap().chars().count() <= 3_000);
    check_blocks(view["blocks"].as_array().unwrap(), 100);
}

fn text(longest: usize) -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zA-Z0-9 ]{0,40}",
        2 => "[ -~\\n]{0,80}",
        1 => ".{0,60}",
        1 => "[&<>]{0,40}",
        1 => ("[a-z *&_:]{1,40}", 1..longest / 20).prop_map(|(s, n)| s.repeat(n)),
    ]
}

fn rich(longest: usize) -> impl Strategy<Value = Rich> {
    let span =
        (text(longest), any::<[bool; 4]>(), 0..6u8).prop_map(|(text, [bold, italic, code, strike], link)| Span {
            text,
            bold,
            italic,
            code,
            strike,
            link: (link == 0).then(|| "https://x.example/a b|c>".to_owned()),
            person: (link == 1).then(|| "ana".to_owned()),
            call: false,
        });
    prop::collection::vec(span, 0..5).prop_map(|spans| {
        let mut rich = Rich::default();
        spans.into_iter().for_each(|s| rich.push(s));
        rich
    })
}

fn button() -> impl Strategy<Value = Button> {
    let label = text(400).prop_map(|t| if t.trim().is_empty() { "Go".to_owned() } else { t });
    let ask = || prop::option::of(text(600).prop_map(|t| if t.is_empty() { "Why?".into() } else { t }));
    let style = prop::sample::select(vec![Style::Plain, Style::Primary, Style::Danger]);
    (label, "#12 [a-z]{3,8} [0-9.]{1,30}", style, ask(), ask())
        .prop_map(|(label, command, style, ask, confirm)| Button { label, command, style, ask, confirm })
}

fn item() -> impl Strategy<Value = ItemLine> {
    let state = prop::sample::select(vec![
        Shown::Open,
        Shown::Ticked,
        Shown::Skipped,
        Shown::Failed,
        Shown::Blocked,
        Shown::Closed,
    ]);
    let number = prop::collection::vec(0u32..99_999, 1..12).prop_map(Number::new);
    let who = prop::option::of(text(200).prop_map(|t| Person { id: "ana".into(), name: t.into() }));
    let rest = (
        prop::collection::vec(rich(3_000), 0..4),
        prop::collection::vec(text(5_000), 0..3),
        prop::collection::vec(button(), 0..7),
        any::<bool>(),
    );
    (number, 0..12u8, rich(4_000), state, who, prop::option::of(any::<i32>()), any::<bool>(), rest).prop_map(
        |(number, keycap, text, state, who, at, optional, (details, commands, mut buttons, ticks))| {
            if ticks {
                let word = if state == Shown::Ticked { "untick" } else { "tick" };
                buttons.insert(0, Button::new("Tick", format!("#12 {word} {number}")));
            }
            let code = |code| CodeBlock { language: None, code };
            ItemLine {
                number,
                keycap,
                text,
                tags: if optional { vec![Tag { kind: TagKind::Owner, text: "for <dba> ".repeat(30) }] } else { vec![] },
                state,
                optional,
                depth: 0,
                who,
                at: at.map(|at| Timestamp(i64::from(at) * 1000)),
                details,
                commands: commands.into_iter().map(code).collect(),
                buttons,
            }
        },
    )
}

fn block() -> impl Strategy<Value = Block> {
    let fact = ("[a-z ]{1,30}", rich(3_000), prop::option::of(any::<i32>())).prop_map(|(label, value, at)| Fact {
        label,
        value,
        at: at.map(|at| Timestamp(i64::from(at) * 1000)),
    });
    prop_oneof![
        2 => rich(6_000).prop_map(|text| Block::Text { text }),
        2 => rich(6_000).prop_map(|text| Block::Context { text }),
        1 => (any::<u32>(), any::<u32>()).prop_map(|(done, total)| Block::Bar { done, total }),
        1 => prop::collection::vec(fact, 0..25).prop_map(|facts| Block::Facts { facts }),
        1 => (prop::collection::vec(0u32..99, 1..5), rich(500), any::<u32>(), any::<u32>())
            .prop_map(|(n, text, done, total)| Block::Group { number: Number::new(n), text, done, total }),
        6 => item().prop_map(|item| Block::Item { item: Box::new(item) }),
        1 => text(8_000).prop_map(|code| Block::Code { code: CodeBlock { language: None, code } }),
    ]
}

fn card() -> impl Strategy<Value = Card> {
    let tone = prop::sample::select(vec![Tone::Plain, Tone::Active, Tone::Good, Tone::Warn, Tone::Bad, Tone::Quiet]);
    (rich(800), tone, any::<bool>(), prop::collection::vec(block(), 0..60), prop::collection::vec(button(), 0..40))
        .prop_map(|(title, tone, rehearsal, mut blocks, buttons)| {
            // A number means one item.
            for (i, block) in (0..).zip(&mut blocks) {
                let Block::Item { item } = block else { continue };
                item.number = Number::new([item.number.parts(), &[i]].concat());
                if let Some(main) = item.buttons.first_mut().filter(|b| b.label == "Tick") {
                    main.command = format!("#12 tick {}", item.number);
                }
            }
            Card { title, tone, rehearsal, broadcast: false, blocks, buttons, page: None }
        })
}

fn profile(id: &str) -> Option<Account> {
    let profile = Some("https://team.slack.com/team/U1".to_owned());
    (id == "ana").then(|| Account { user: "U1".into(), profile })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn any_card_fits(card in card()) {
        let card = fit::fit(card, &fit::SLACK);
        check_blocks(&show::message(&card, "12/section/3/1@slack:C0123456789", 1_795_735_193_000, &profile), 50);
        prop_assert!(show::fallback(&card).chars().count() <= 4 * 2_500);
    }

    #[test]
    fn any_answer_fits(card in prop::option::of(card()), said in text(9_000), choices in prop::collection::vec(button(), 0..12)) {
        let mut reply = Reply::ok(said).with_choices(choices);
        reply.card = card.map(|c| Box::new(fit::fit(c, &fit::SLACK)));
        let blocks = show::reply(&reply, 1_795_735_193_000, &profile);
        if !blocks.is_empty() {
            check_blocks(&blocks, 50);
        }
    }

    #[test]
    fn any_modal_fits(
        question in text(4_000).prop_filter("never empty", |t| !t.is_empty()),
        words in "#[0-9]{1,3} [a-z]{3,9} [0-9.]{1,60}",
        names in prop::collection::vec("[a-z-]{1,120}", 0..150),
    ) {
        let carried = modal::Carried { words, channel: "C1".into(), thread: Some("5.5".into()), message: None };
        for wants in [Wants::Text, Wants::OptionalText, Wants::Person, Wants::Yes] {
            check_view(&modal::ask(&Question { text: question.clone(), wants }, &carried));
        }
        let vocabulary = Vocabulary {
            checklists: names.clone(), environments: names.clone(), services: names.clone(), versions: names,
            ..Vocabulary::default()
        };
        check_view(&modal::start(&vocabulary, None, &carried));
        check_view(&modal::start(&vocabulary, None, &modal::Carried::default()));
    }
}
