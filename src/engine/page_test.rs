//! `page test`: proves that people can be reached, way by way. About no deployment.

use super::ask;
use super::stage::{By, Stage};
use super::{Envelope, Inner};
use crate::card::{Button, Reply};
use crate::config::Config;
use crate::domain::command::{Person, Via};
use crate::domain::directory::Way;
use crate::domain::standing::{Ruling, Standing};
use crate::domain::time::Timestamp;
use crate::store::{NewDelivery, StoreError, Undelivered};
use crate::words::paging as words;
use std::sync::Arc;

/// People one `page test` calls; people it lists.
const MOST: usize = 50;

/// Buttons offered to test one person.
const OFFERED: usize = 10;

/// The ways of everybody in the directory, with how long ago each was proven.
pub(super) async fn overview(inner: &Inner, now: Timestamp) -> Result<Reply, StoreError> {
    let directory = &inner.config.directory;
    let people: Vec<Person> = directory.people.keys().filter_map(|id| inner.config.person(id)).collect();
    if people.is_empty() {
        return Ok(Reply::refused(words::NO_CONTACTS));
    }
    let failed = inner.store.failed_deliveries(Some(0)).await?;
    let standing = inner.house.standing();
    let lines: Vec<String> = people.iter().take(MOST).map(|p| line(inner, &standing, p, now, &failed)).collect();
    let reachable = |p: &&Person| !ways(&inner.config, p).is_empty();
    let test = |p: &Person| Button::new(format!("Test {}", p.name), format!("page test {}", p.id));
    let mut choices: Vec<Button> = people.iter().filter(reachable).take(OFFERED).map(test).collect();
    if choices.len() > 1 {
        let mut all = Button::new("Test everybody", "page test all");
        all.confirm = Some(format!("Send a test through every way of {} people?", people.len().min(MOST)));
        choices.push(all);
    }
    Ok(Reply::ok(words::overview(&lines, people.len().saturating_sub(MOST))).with_choices(choices))
}

fn ways(config: &Config, person: &Person) -> Vec<(Way, String)> {
    // Every way there is, not only those somebody put in their order.
    config.directory.addresses(&person.id, &Way::USUAL, "")
}

/// `failed`: messages about no deployment that could not be shown.
fn line(inner: &Inner, standing: &Standing, person: &Person, now: Timestamp, failed: &[Undelivered]) -> String {
    let ways: Vec<_> = ways(&inner.config, person)
        .into_iter()
        .map(|(way, address)| {
            let proof = standing.proofs(&person.id).find(|(way, _)| *way == address).map(|(_, proof)| proof);
            let tests = failed.iter().rev().filter(|f| f.what.starts_with("page/") && f.channel == address);
            // One that got through since then is what counts.
            let failure = tests.take(1).find(|f| proof.as_ref().is_none_or(|p| f.failing_since > Some(p.at)));
            let why = failure.map(|f| f.why.clone());
            (way, address, proof.map(|p| (now.since_ms(p.at), p.acknowledged)), why)
        })
        .collect();
    words::contact(person, &ways)
}

/// How the key of a test begins; the address follows.
fn key(test: u32) -> String {
    format!("0/page/{test}/1@")
}

/// Sends a test through each way of those named.
pub(super) fn send(inner: &Inner, stage: &mut Stage<'_>, envelope: &Envelope, said: &str) -> Reply {
    let config = &inner.config;
    let people = match meant(inner, stage, envelope, said) {
        Ok(people) => people,
        Err(reply) => return reply,
    };
    let now = stage.now();
    let mut lines = Vec::new();
    let mut sent = 0;
    for person in people.iter().take(MOST) {
        lines.push(line(inner, &stage.standing(), person, now, &[]));
        for (_, address) in ways(config, person) {
            let number = stage.next_test();
            let card = words::test_card(person, &envelope.by, number);
            stage.post_as(&address, format!("{}{address}", key(number)), format!("page/{number}/1"), card);
            sent += 1;
        }
    }
    if sent == 0 {
        return Reply::refused(words::unreachable(&people));
    }
    Reply::ok(words::sent(sent, &lines, people.len().saturating_sub(MOST)))
}

fn meant(inner: &Inner, stage: &Stage<'_>, envelope: &Envelope, said: &str) -> Result<Vec<Person>, Reply> {
    let config = &inner.config;
    let directory = &config.directory;
    let listed = |ids: Vec<String>| ids.iter().map(|id| ask::person_by_id(config, id)).collect::<Vec<_>>();
    let name = said.trim().trim_start_matches('@');
    if name.eq_ignore_ascii_case("all") {
        return match listed(directory.people.keys().cloned().collect()) {
            none if none.is_empty() => Err(Reply::refused(words::NO_CONTACTS)),
            people => Ok(people),
        };
    }
    if name.eq_ignore_ascii_case("me") {
        return Ok(vec![envelope.by.clone()]);
    }
    if let Some(person) = envelope.mentioned.iter().find(|p| p.id.eq_ignore_ascii_case(name)) {
        return Ok(vec![person.clone()]);
    }
    if let Some(id) = directory.person(name) {
        return Ok(listed(vec![id.to_owned()]));
    }
    let role = name.strip_prefix("role:").unwrap_or(name);
    if directory.roles.contains_key(role) {
        return Ok(listed(directory.role_people(role).map(str::to_owned).collect()));
    }
    let rotation = name.strip_prefix("rotation:").unwrap_or(name);
    if let Some(found) = directory.rotations.get(rotation) {
        let on_call = found.on_call(rotation, stage.now(), &stage.covers());
        return Ok(listed(on_call.into_iter().collect()));
    }
    let known = directory.people.keys().chain(directory.roles.keys()).chain(directory.rotations.keys());
    let near = crate::near::nearest(name, known.map(String::as_str));
    Err(Reply::refused(words::nobody_named(name, near)))
}

/// A test got to its way, which proves less than an answer.
pub(super) fn delivered(stage: &mut Stage<'_>, of: &NewDelivery) {
    let to = of.card.as_ref().and_then(|c| c.page.as_ref()).and_then(|p| p.to.clone());
    if let Some(person) = to {
        let rollcall = Person::rollcall();
        let by = By { person: &rollcall, via: Via::Pager, reaction: None };
        let way = of.channel.clone();
        stage.rule(Ruling::Proved { person: person.id.to_string(), way, acknowledged: false }, &by);
    }
}

/// Somebody answered a test: that way reaches them.
pub(super) async fn heard(
    inner: &Arc<Inner>,
    stage: &mut Stage<'_>,
    envelope: &Envelope,
    test: u32,
) -> Result<Reply, StoreError> {
    let Some(message) = inner.store.message_under(&key(test)).await? else {
        return Ok(Reply::refused(words::no_such_test(test)));
    };
    let Some(person) = message.card.page.and_then(|p| p.to) else {
        return Ok(Reply::refused(words::no_such_test(test)));
    };
    // A link in a mail is pressed by whoever has the mail; in a chat it is known who it is.
    if envelope.via != Via::Pager && person.id != envelope.by.id {
        return Ok(Reply::refused(words::others_test(&person)));
    }
    let text = words::proven(&person, &message.channel);
    let by = By { person: &envelope.by, via: envelope.via, reaction: None };
    stage.rule(Ruling::Proved { person: person.id.to_string(), way: message.channel, acknowledged: true }, &by);
    Ok(Reply::ok(text))
}
