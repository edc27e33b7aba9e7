use super::*;
use crate::grammar::parse;

#[test]
fn the_list_is_the_one_agreed() {
    let names: Vec<_> = COMMANDS.iter().map(|c| c.name).collect();
    assert_eq!(
        names.join(" "),
        "start status list next show tick untick skip fail block assign note evidence fill hold resume handover \
         progress reschedule snooze follow unfollow page ack escalate resolve oncall rollback rolled-back finish partial \
         cancel freeze unfreeze freezes cover uncover checklists history record help"
    );
    for (_, ours) in ALSO {
        assert!(CommandSpec::named(ours).is_some(), "{ours}");
    }
}

#[test]
fn every_example_works_and_every_line_begins_with_its_command() {
    for c in COMMANDS {
        assert!(parse(c.example).is_ok(), "{}: {:?}", c.example, parse(c.example));
        for line in [c.usage, c.example] {
            assert_eq!(line.split(' ').next(), Some(c.name));
        }
        assert!(c.summary.ends_with('.') && c.summary.len() <= 100, "{}", c.summary);
        let required: Vec<_> = c.args.iter().map(|a| a.required || a.form != Form::Place).collect();
        assert!(
            !required.windows(2).any(|w| !w[0] && w[1]) || matches!(c.verb, Verb::Start | Verb::Page),
            "{}",
            c.name
        );
    }
}
