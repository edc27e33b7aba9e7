//! What is shown, as snapshots.

use crate::fits::started;
use rollcall::card::{Button, Reply, compose};
use rollcall::chat::discord::{commands, show};
use rollcall::domain::command::{Mark, Person, Via};
use rollcall::domain::event::{Event, Recorded};
use rollcall::domain::time::Timestamp;

fn accounts(person: &str) -> Option<String> {
    (person == "ana").then(|| "3000000000000000001".to_owned())
}

#[test]
fn a_board() {
    let d = started("production");
    insta::assert_json_snapshot!(show::message(&compose::board(&d, d.at), "12/board@discord:2", &accounts));
}

#[test]
fn a_section() {
    let mut d = started("workflow");
    let first = d.plan.leaves[d.plan.sections[0].leaves.start].number.clone();
    let by = Person { id: "ana".into(), name: "Ana *the* <@1>".into() };
    let event = Event::Marked { item: first, mark: Mark::Tick, note: Some("twice @everyone".into()), reaction: None };
    d.evolve(&Recorded { seq: 3, at: Timestamp(1_795_255_260_000), by, via: Via::Discord, event });
    let card = compose::section_part(&d, d.plan.sections[0].number, 1);
    insta::assert_json_snapshot!(show::message(&card, "12/section/1/1@discord:2", &accounts));
    insta::assert_json_snapshot!(show::reactions(&card));
}

#[test]
fn a_reply_with_choices() {
    let mut why = Button::new("skip 3.2", "#12 skip 3.2");
    why.ask = Some("Why skip 3.2?".into());
    let reply = Reply::refused("3.2 *Smoke \\*tests\\* pass* needs a reason.")
        .with_choices(vec![why, Button::new("long", format!("#12 rollback {}", "x".repeat(90)))]);
    insta::assert_json_snapshot!(show::reply(&reply, &accounts));
}

#[test]
fn a_form() {
    insta::assert_json_snapshot!(show::modal("#12 hold", "Hold", "Why hold?"));
}

#[test]
fn the_commands() {
    let command = commands::registration();
    let mut lines = Vec::new();
    let mut all = vec![(String::from("/deploy"), command)];
    while let Some((path, v)) = all.pop() {
        let mut options = Vec::new();
        for o in v["options"].as_array().into_iter().flatten().rev() {
            let name = o["name"].as_str().unwrap();
            match o["type"].as_u64() {
                Some(1 | 2) => all.push((format!("{path} {name}"), o.clone())),
                kind => {
                    let required = if o["required"] == true { "" } else { "?" };
                    let kind = match kind {
                        Some(3) => "text",
                        Some(4) => "number",
                        Some(5) => "flag",
                        _ => "other",
                    };
                    let more = if o["autocomplete"] == true { " (completed)" } else { "" };
                    options.push(format!("{name}{required}: {kind}{more}"));
                }
            }
        }
        options.reverse();
        if path.contains(' ') {
            lines.push(format!("{path} [{}] {}", options.join(", "), v["description"].as_str().unwrap()));
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}
