//! What the fake desk has to show.

use super::{CHANNEL, START};
use rollcall::card::{Block, Button, Card, ItemLine, Shown, Style, Tone};
use rollcall::domain::checklist::{CodeBlock, Number};
use rollcall::domain::status::Status;
use rollcall::domain::text::{Rich, Span};
use rollcall::domain::time::Timestamp;
use rollcall::store::{Message, Summary};

pub fn styled(text: &str, bold: bool, code: bool) -> Span {
    Span { text: text.into(), bold, code, ..Span::default() }
}

pub fn button(label: &str, command: &str) -> Button {
    Button { label: label.into(), command: command.into(), style: Style::Plain, ask: None, confirm: None }
}

pub fn item(number: &str, text: Rich, state: Shown) -> ItemLine {
    let number: Number = number.parse().unwrap();
    let n = number.to_string();
    let asked = |label: &str, verb: &str, ask: &str| Button {
        ask: Some(ask.into()),
        ..button(label, &format!("#12 {verb} {n}"))
    };
    let main = if state == Shown::Ticked {
        button("Untick", &format!("#12 untick {n}"))
    } else {
        button("Tick", &format!("#12 tick {n}"))
    };
    let settled = state != Shown::Open;
    ItemLine {
        keycap: *number.parts().last().unwrap() as u8,
        depth: number.parts().len() as u8 - 2,
        text,
        state,
        tags: vec![],
        optional: false,
        who: settled.then(|| rollcall::domain::command::Person::named("Ana")),
        at: settled.then_some(Timestamp(START + 1_260_000)),
        details: vec![],
        commands: vec![],
        buttons: if state == Shown::Closed {
            vec![]
        } else {
            vec![
                main,
                asked("Skip…", "skip", &format!("Why is {n} skipped?")),
                asked("Fail…", "fail", &format!("What failed in {n}?")),
                asked("Block…", "block", &format!("What blocks {n}?")),
                asked("Assign…", "assign", &format!("Who does {n}?")),
                asked("Evidence…", "evidence", &format!("Link or words that prove {n}")),
            ]
        },
        number,
    }
}

pub fn card(title: &str, tone: Tone, blocks: Vec<Block>, buttons: Vec<Button>) -> Card {
    Card { title: title.into(), tone, rehearsal: false, broadcast: false, blocks, buttons, page: None }
}

pub fn text(words: &str) -> Block {
    Block::Text { text: words.into() }
}

pub fn message(id: i64, key: &str, thread: Option<&str>, what: &str, card: Card) -> Message {
    Message {
        key: format!("{key}@{CHANNEL}"),
        id,
        deployment: 12,
        channel: CHANNEL.into(),
        thread: thread.map(|t| format!("{t}@{CHANNEL}")),
        what: what.into(),
        card,
        posted_at: Timestamp(START + id * 60_000),
        edited_at: None,
        reactions: vec![],
    }
}

pub fn count<'a>(items: impl Iterator<Item = &'a ItemLine>) -> (u32, u32) {
    items.fold((0, 0), |(done, total), i| {
        (done + u32::from(matches!(i.state, Shown::Ticked | Shown::Skipped)), total + 1)
    })
}

pub fn section_card(n: usize, title: &str, items: &[ItemLine]) -> Card {
    let (done, total) = count(items.iter());
    let tone = if done == total { Tone::Quiet } else { Tone::Active };
    let mut blocks = vec![Block::Context { text: format!("{done} of {total} done").as_str().into() }];
    for (at, i) in items.iter().enumerate() {
        if i.number.to_string() == "3.6.1" {
            blocks.push(Block::Group {
                number: "3.6".parse().unwrap(),
                text: "Switch traffic".into(),
                done: 0,
                total: 2,
            });
        }
        blocks.push(Block::Item { item: Box::new(ItemLine { keycap: at as u8 + 1, ..i.clone() }) });
    }
    card(&format!("{n} · {title}"), tone, blocks, vec![])
}

pub fn sections() -> Vec<(String, Vec<ItemLine>)> {
    let t = |s: &str| Rich::plain(s);
    let mut failed = item("3.3", t("Error rate below 1 % for five minutes"), Shown::Failed);
    failed.details = vec![
        t("0.8 % on checkout, climbing"),
        Rich(vec![
            styled("evidence: ", false, false),
            Span {
                text: "dashboard".into(),
                link: Some("https://grafana.example/d/abc?from=now-1h&to=now".into()),
                ..Span::default()
            },
        ]),
    ];
    let mut warm = item(
        "3.4",
        Rich(vec![
            styled("Warm the caches", true, false),
            styled(" with ", false, false),
            styled("warm.sh", false, true),
        ]),
        Shown::Open,
    );
    warm.commands = vec![CodeBlock {
        language: Some("sh".into()),
        code: "kubectl exec deploy/payments -- ./warm.sh --all\nkubectl rollout status deploy/payments --timeout=120s"
            .into(),
    }];
    warm.details = vec![t("assigned to Ben")];
    let mut optional = item("3.5", t("Invalidate the edge cache"), Shown::Open);
    optional.optional = true;
    let mut skipped = item("2.3", t("Notify the partner bank of the maintenance window"), Shown::Skipped);
    skipped.details = vec![t("not needed for a patch release")];
    let mut blocked = item("3.6.2", t("Move 100 % of traffic"), Shown::Blocked);
    blocked.details = vec![t("waits for the network team")];
    vec![
        (
            "Before you start".into(),
            vec![
                item("1.1", t("Release notes reviewed"), Shown::Ticked),
                item("1.2", t("All required approvals are there"), Shown::Ticked),
                item("1.3", t("On-call knows"), Shown::Ticked),
            ],
        ),
        (
            "Backup".into(),
            vec![
                item(
                    "2.1",
                    t("Snapshot of the primary database taken and its restore tried on a scratch instance"),
                    Shown::Ticked,
                ),
                item("2.2", t("Snapshot id noted"), Shown::Ticked),
                skipped,
            ],
        ),
        (
            "Deployment".into(),
            vec![
                item("3.1", t("Image v1.2.0 present in the registry"), Shown::Ticked),
                item("3.2", t("Migrations applied"), Shown::Ticked),
                failed,
                warm,
                optional,
                item("3.6.1", t("Move 10 % of traffic"), Shown::Open),
                blocked,
            ],
        ),
        (
            "After success".into(),
            vec![
                item("4.1", t("Remove the old image"), Shown::Open),
                item("4.2", t("Close the change ticket"), Shown::Open),
            ],
        ),
        (
            "Rollback procedure".into(),
            vec![
                item("5.1", t("Route traffic back"), Shown::Closed),
                item("5.2", t("Restore the snapshot"), Shown::Closed),
            ],
        ),
    ]
}

pub fn summary(id: u64, version: &str, status: Status) -> Summary {
    Summary {
        also: Vec::new(),
        id,
        version: version.into(),
        checklist: "production-service".into(),
        title: "Production service".into(),
        checklist_hash: "00".into(),
        service: "payments".into(),
        environment: "production".into(),
        channel: CHANNEL.into(),
        rehearsal: id == 11,
        status,
        deployer: "Ana".into(),
        opened_at: Timestamp(START),
        started_at: Some(Timestamp(START)),
        ended_at: status.is_over().then_some(Timestamp(START + 2_880_000)),
        archived: false,
    }
}
