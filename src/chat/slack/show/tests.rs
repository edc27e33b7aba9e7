use super::super::text::Account;
use super::*;
use crate::card::fit;
use crate::domain::checklist::{CodeBlock, Number};
use crate::domain::command::Person;
use crate::domain::text::{Rich, Span};
use crate::domain::time::Timestamp;

const AT: Timestamp = Timestamp(1_795_735_193_000);

fn item(number: &str, keycap: u8, text: &str, state: Shown) -> ItemLine {
    let word = if state == Shown::Ticked { "untick" } else { "tick" };
    let mut fail = Button::new("Fail", format!("#12 fail {number}"));
    fail.ask = Some(format!("What failed at {number}?"));
    ItemLine {
        number: number.parse::<Number>().unwrap(),
        keycap,
        text: text.into(),
        state,
        optional: false,
        tags: Vec::new(),
        depth: 0,
        who: (state != Shown::Open).then(|| Person::named("Ana *loud*")),
        at: (state != Shown::Open).then_some(AT),
        details: Vec::new(),
        commands: Vec::new(),
        buttons: vec![Button::new("Tick", format!("#12 {word} {number}")), fail],
    }
}

fn card_of(blocks: Vec<Block>) -> Card {
    Card {
        title: "3. Build — 1 of 4 done".into(),
        tone: Tone::Plain,
        rehearsal: false,
        broadcast: false,
        blocks,
        buttons: vec![],
        page: None,
    }
}

fn boxed(item: ItemLine) -> Block {
    Block::Item { item: Box::new(item) }
}

#[test]
fn a_section_is_boxes_with_what_belongs_below() {
    let mut with_more = item(
        "3.3",
        3,
        "Deploy with <all> the flags that a long sentence about deploying could ever name, and more",
        Shown::Failed,
    );
    with_more
        .details
        .push(Rich(vec![Span { text: "For ".into(), ..Span::default() }, Span::person(&Person::named("Bob"))]));
    with_more.commands.push(CodeBlock { language: None, code: "kubectl apply -f <file>".into() });
    let mut closed = item("3.5", 5, "Rollback only", Shown::Closed);
    closed.buttons.clear();
    let card = card_of(vec![
        Block::Context { text: "Before you begin".into() },
        boxed(item("3.1", 1, "Tests are green", Shown::Ticked)),
        boxed(item("3.2", 2, "`make` *is* run", Shown::Open)),
        boxed(with_more),
        boxed(item("3.4", 4, "Last", Shown::Open)),
        boxed(closed),
    ]);
    insta::assert_json_snapshot!(message(&card, "12/section/3/1@slack:C1", 7, &|id| Some(Account {
        user: id.to_owned(),
        profile: Some(format!("https://t.slack.com/team/{id}"))
    })));
}

#[test]
fn what_was_ticked_names_the_block() {
    let ids = |state: Shown| -> Vec<String> {
        let card = card_of(vec![boxed(item("3.1", 1, "a", state)), boxed(item("3.2", 2, "b", Shown::Ticked))]);
        let blocks = message(&card, "k", 7, &|_| None);
        blocks.iter().map(|b| b["block_id"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(ids(Shown::Open)[..2], ["key:k", "items:12:1:7:3.2"]);
    assert_eq!(ids(Shown::Ticked)[..2], ["key:k", "items:12:1:7:3.1,3.2"]);
}

#[test]
fn a_board_and_an_answer_look_so() {
    let mut roll_back = Button::new("Roll back", "#12 rollback");
    (roll_back.ask, roll_back.style) = (Some("Why roll back?".into()), Style::Danger);
    let mut finish = Button::new("Finish", "#12 finish");
    (finish.confirm, finish.style) = (Some("Finish shop v1 as a success?".into()), Style::Primary);
    let board = Card {
        title: "shop v1.2.0 → production".into(),
        tone: Tone::Active,
        rehearsal: true,
        broadcast: false,
        blocks: vec![
            Block::Bar { done: 7, total: 20 },
            Block::Facts {
                facts: vec![
                    Fact { label: "Status".into(), value: "under way: *why*".into(), at: None },
                    Fact { label: "Started".into(), value: Rich::default(), at: Some(AT) },
                ],
            },
            Block::Context { text: "#12 · Production · under way".into() },
        ],
        buttons: vec![Button::new("Next", "#12 next"), finish, roll_back],
        page: None,
    };
    let blocks = message(&board, "12/board@slack:C1", 7, &|_| None);
    let said = Reply::refused("Not yet: **3.2** is open.\n\n```\ncode\n```")
        .with_choices(vec![Button::new("Yes", "#12 tick 3.1-3.4")]);
    insta::assert_json_snapshot!((blocks, reply(&said, 7, &|_| None), fallback(&board)));
}

#[test]
fn an_untitled_message_still_has_its_key() {
    let mut card = card_of(vec![boxed(item("3.1", 1, "a", Shown::Open))]);
    card.title = Rich::default();
    let blocks = message(&card, "k", 7, &|_| None);
    assert_eq!((blocks[0]["type"].as_str(), blocks[0]["block_id"].as_str()), (Some("divider"), Some("key:k")));
    assert!(message(&fit::fit(card, &fit::SLACK), "k", 7, &|_| None).len() > 1);
}

#[test]
fn what_kind_of_line_it_is_stands_below_it_until_something_is_done() {
    use crate::card::{Tag, TagKind};
    let tagged = |state| {
        let mut item = item("5.1", 1, "Error rate exceeds 5%", state);
        item.tags.push(Tag { kind: TagKind::Criterion, text: "Error rate > 5% for 5 <minutes>".into() });
        item
    };
    let described = |item: &ItemLine| option(item, true, &|_| None)["description"]["text"].clone();
    assert_eq!(described(&tagged(Shown::Open)), "Error rate &gt; 5% for 5 &lt;minutes&gt;");
    assert!(described(&tagged(Shown::Ticked)).as_str().is_some_and(|d| d.starts_with("Ana")));
    assert_eq!(described(&item("5.1", 1, "Plain", Shown::Open)), Value::Null, "an empty one is refused");
}
