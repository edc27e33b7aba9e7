//! Every limit of Discord's, held against whatever a deployment may show.

use proptest::prelude::*;
use rollcall::card::fit::{self, discord as most};
use rollcall::card::{Block, Button, Card, Fact, ItemLine, Reply, Shown, Style, Tag, TagKind, Tone, compose};
use rollcall::chat::discord::show;
use rollcall::domain::checklist::{CodeBlock, Number};
use rollcall::domain::command::{Person, Via};
use rollcall::domain::deployment::Deployment;
use rollcall::domain::event::{Event, Recorded};
use rollcall::domain::plan::Plan;
use rollcall::domain::text::{Rich, Span};
use rollcall::domain::time::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

fn length(v: &Value) -> usize {
    v.as_str().unwrap_or_default().encode_utf16().count()
}

fn within(what: &str, v: &Value, least: usize, max: usize) {
    let n = length(v);
    assert!((least..=max).contains(&n), "{what} has {n} of {least}..={max}: {v}");
}

/// A message body holds to every limit.
pub fn check(body: &Value) {
    within("content", &body["content"], 0, most::CONTENT);
    let mut total = 0;
    let embeds = body["embeds"].as_array().cloned().unwrap_or_default();
    assert!(embeds.len() <= 10);
    for e in &embeds {
        for (path, least, max) in [
            ("/title", 1, most::EMBED_TITLE),
            ("/description", 1, most::EMBED_DESCRIPTION),
            ("/author/name", 1, most::EMBED_AUTHOR),
            ("/footer/text", 1, most::EMBED_FOOTER),
        ] {
            if let Some(v) = e.pointer(path) {
                within(path, v, least, max);
                total += length(v);
            }
        }
        let fields = e["fields"].as_array().cloned().unwrap_or_default();
        assert!(fields.len() <= most::FIELDS);
        for f in &fields {
            within("field name", &f["name"], 1, most::FIELD_NAME);
            within("field value", &f["value"], 1, most::FIELD_VALUE);
            total += length(&f["name"]) + length(&f["value"]);
        }
    }
    assert!(total <= most::EMBEDS, "embeds have {total}");
    rows(body);
}

fn rows(body: &Value) {
    let rows = body["components"].as_array().cloned().unwrap_or_default();
    assert!(rows.len() <= most::ROWS, "{} rows", rows.len());
    let mut ids = BTreeSet::new();
    for row in &rows {
        let parts = row["components"].as_array().unwrap();
        assert!((1..=most::BUTTONS_IN_ROW).contains(&parts.len()));
        for part in parts {
            within("custom_id", &part["custom_id"], 1, most::CUSTOM_ID);
            assert!(ids.insert(part["custom_id"].to_string()), "twice: {}", part["custom_id"]);
            match part["type"].as_u64() {
                Some(2) => within("label", &part["label"], 1, most::BUTTON_LABEL),
                Some(3) => select(part, parts.len()),
                other => panic!("{other:?}"),
            }
        }
    }
}

fn select(part: &Value, in_row: usize) {
    assert_eq!(in_row, 1);
    within("placeholder", &part["placeholder"], 1, most::PLACEHOLDER);
    let options = part["options"].as_array().unwrap();
    assert!((1..=most::OPTIONS).contains(&options.len()));
    assert!(part["max_values"].as_u64().unwrap() as usize <= options.len());
    let values: BTreeSet<String> = options.iter().map(|o| o["value"].to_string()).collect();
    assert_eq!(values.len(), options.len(), "values differ");
    for o in options {
        within("option label", &o["label"], 1, most::OPTION);
        within("option value", &o["value"], 1, most::OPTION);
        if let Some(d) = o.get("description") {
            within("option description", d, 1, most::OPTION);
        }
    }
}

fn text(max: usize) -> impl Strategy<Value = String> {
    prop_oneof![
        3 => proptest::collection::vec(any::<char>(), 0..40).prop_map(|c| c.into_iter().collect()),
        2 => (0..max, prop::sample::select(vec!['*', 'a', '\u{1f600}', '`', '<', '\n', '_', ' ', '1', '.', '[']))
            .prop_map(|(n, c)| c.to_string().repeat(n)),
        1 => Just("<@1> @everyone **x** [a](https://e.example) `c` <t:1:R>\n# h\n- l".to_owned()),
    ]
}

fn rich(max: usize) -> impl Strategy<Value = Rich> {
    let span =
        (text(max), any::<[bool; 4]>(), prop::option::of(text(60)), any::<bool>()).prop_map(|(text, b, link, p)| {
            Span {
                text,
                bold: b[0],
                italic: b[1],
                code: b[2],
                strike: b[3],
                link: link.map(|l| format!("https://e.example/{l}")),
                person: p.then(|| "ana".to_owned()),
                call: false,
            }
        });
    proptest::collection::vec(span, 0..4).prop_map(Rich)
}

fn a_button() -> impl Strategy<Value = Button> {
    (text(120), text(130), 0..3_u8, 0..3_u8).prop_map(|(label, words, style, kind)| Button {
        label,
        command: format!("#12 {words}"),
        style: [Style::Plain, Style::Primary, Style::Danger][usize::from(style)],
        ask: (kind == 1).then(|| "Why?".to_owned()),
        confirm: (kind == 2).then(|| "Really?".to_owned()),
    })
}

fn an_item() -> impl Strategy<Value = Block> {
    let state = prop::sample::select(vec![
        Shown::Open,
        Shown::Ticked,
        Shown::Skipped,
        Shown::Failed,
        Shown::Blocked,
        Shown::Closed,
    ]);
    (
        (1..u32::MAX, prop::collection::vec(1..u32::MAX, 1..8), 1..11_u8, rich(3_000), state),
        (any::<bool>(), 0..20_u8, prop::option::of(text(60)), prop::collection::vec(rich(2_500), 0..6)),
        (prop::collection::vec(text(3_000), 0..3), any::<bool>()),
    )
        .prop_map(|((section, parts, keycap, text, state), (optional, depth, who, details), (commands, open))| {
            let number = Number::new([vec![section], parts].concat());
            Block::Item {
                item: Box::new(ItemLine {
                    buttons: if open { vec![Button::new("Tick", format!("#12 tick {number}"))] } else { vec![] },
                    number,
                    keycap,
                    text,
                    state,
                    optional,
                    tags: if optional {
                        vec![Tag { kind: TagKind::Owner, text: "for *dba* ".repeat(8) }]
                    } else {
                        vec![]
                    },
                    depth,
                    who: who.map(|w| Person::named(&w)),
                    at: Some(Timestamp(1_795_255_230_000)),
                    details,
                    commands: commands.into_iter().map(|code| CodeBlock { language: None, code }).collect(),
                }),
            }
        })
}

fn a_block() -> impl Strategy<Value = Block> {
    prop_oneof![
        rich(5_000).prop_map(|text| Block::Text { text }),
        rich(5_000).prop_map(|text| Block::Context { text }),
        (any::<u32>(), any::<u32>()).prop_map(|(done, total)| Block::Bar { done, total }),
        prop::collection::vec((text(300), rich(2_000)), 0..40).prop_map(|facts| Block::Facts {
            facts: facts
                .into_iter()
                .map(|(label, value)| Fact { label: format!("F{label}"), value, at: None })
                .collect(),
        }),
        text(5_000).prop_map(|code| Block::Code { code: CodeBlock { language: None, code } }),
        (rich(1_000), any::<u32>()).prop_map(|(text, n)| Block::Group {
            number: Number::new(vec![1, n]),
            text,
            done: n,
            total: n
        }),
        an_item(),
        an_item(),
    ]
}

fn a_card() -> impl Strategy<Value = Card> {
    let tone = prop::sample::select(vec![Tone::Plain, Tone::Active, Tone::Good, Tone::Warn, Tone::Bad, Tone::Quiet]);
    let items = prop::collection::vec(an_item(), 0..11);
    (
        rich(400),
        tone,
        any::<bool>(),
        prop::collection::vec(a_block(), 0..20),
        items,
        prop::collection::vec(a_button(), 0..8),
    )
        .prop_map(|(title, tone, rehearsal, blocks, items, buttons)| Card {
            title,
            tone,
            rehearsal,
            broadcast: false,
            blocks: [blocks, items].concat(),
            buttons,
            page: None,
        })
}

fn accounts(person: &str) -> Option<String> {
    (person == "ana").then(|| "3000000000000000001".to_owned())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_card_holds_fits(card in a_card(), words in text(5_000), choices in prop::collection::vec(a_button(), 0..30)) {
        let fitted = fit::fit(card.clone(), &fit::DISCORD);
        let message = show::message(&fitted, "12/section/3/1@discord:2", &accounts);
        check(&message);
        prop_assert!(show::reactions(&fitted).len() <= most::REACTIONS);
        check(&show::reply(&Reply::ok(words.clone()).with_card(card).with_choices(choices), &accounts));
        let modal = show::modal("#12 hold", &words, &words);
        within("modal title", &modal["title"], 0, most::MODAL_TITLE);
        let input = &modal["components"][0]["components"][0];
        within("input label", &input["label"], 0, most::INPUT_LABEL);
        within("input placeholder", &input["placeholder"], 0, most::INPUT_PLACEHOLDER);
        check(&show::sure(&words, "#12 finish", "Finish"));
    }
}

fn deployment(name: &str) -> Deployment {
    let path = format!("{}/tests/seeds/{name}.md", env!("CARGO_MANIFEST_DIR"));
    let checklist = rollcall::markdown::read(name, &std::fs::read(path).unwrap()).checklist.unwrap();
    let plan = Arc::new(Plan::new(Arc::new(checklist), "hash".into()));
    let by = Person { id: "ana".into(), name: "Ana".into() };
    let record = |seq, event| Recorded {
        seq,
        at: Timestamp(1_795_255_230_000 + i64::try_from(seq).unwrap() * 1_000),
        by: by.clone(),
        via: Via::Discord,
        event,
    };
    let opened = record(
        1,
        Event::Opened {
            version: "v1.2.0".into(),
            checklist: "hash".into(),
            service: "shop".into(),
            environment: "production".into(),
            channel: "discord:2".into(),
            rehearsal: false,
            start_at: None,
            expected_ms: None,
        },
    );
    let mut d = Deployment::open(12, plan, &opened).unwrap();
    d.evolve(&record(2, Event::Started { late_ms: 0 }));
    d
}

/// Nothing of what a page of a customer's shows is cut away here: every item is there with its line and can be ticked.
#[test]
fn the_five_seeds_fit_whole() {
    for name in ["blue-green-sqlmesh", "migration", "production", "redis-om", "workflow"] {
        let d = deployment(name);
        check(&show::message(&compose::board(&d, d.at), "12/board@discord:2", &accounts));
        for s in &d.plan.sections {
            for part in 1..=s.parts {
                let card = fit::fit(compose::section_part(&d, s.number, part), &fit::DISCORD);
                let message = show::message(&card, "12/section/1/1@discord:2", &accounts);
                check(&message);
                let description = message["embeds"][0]["description"].as_str().unwrap();
                let options = message["components"][0]["components"][0]["options"].as_array().map_or(0, Vec::len);
                let items = d.plan.part(s.number, part);
                for i in items.clone() {
                    let number = format!("**{}**", d.plan.leaves[i].number);
                    assert!(description.contains(&number), "{name}: {number} is cut away\n{description}");
                }
                let open = items.filter(|i| compose::can_change(&d, *i)).count();
                assert!(open <= 1 || options == open, "{name} {}/{part}: {options} of {open}", s.number);
            }
        }
        for i in 0..d.plan.leaves.len() {
            let card = fit::fit(compose::show(&d, &d.plan.leaves[i].number), &fit::DISCORD);
            check(&show::reply(&Reply::ok("").with_card(card), &accounts));
        }
        check(&show::reply(&Reply::ok("").with_card(compose::next(&d)), &accounts));
    }
}

pub fn started(name: &str) -> Deployment {
    deployment(name)
}
