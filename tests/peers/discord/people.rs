//! What people do: type commands, press, choose, answer, react. A person can do only what their client would let them.

use super::Discord;
use super::rest;
use super::shapes;
use super::threads;
use super::world::{Id, Interaction, Message, World, str_of};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long a person waits for an answer to come, or a promised one to be completed.
pub const PATIENCE: Duration = Duration::from_secs(20);

const SUB: u64 = 1;
const GROUP: u64 = 2;
const USER: u64 = 6;

/// What the person who asked is shown.
#[derive(Clone, Debug)]
pub struct Reply {
    pub interaction: Id,
    /// Until the first answer.
    pub after: Duration,
    /// Type of the callback.
    pub kind: u8,
    /// The answer as a message; none for an acknowledged press, a modal, choices.
    pub message: Option<Message>,
    /// What is asked for.
    pub modal: Option<Value>,
    /// What an autocompletion offers: name and value.
    pub choices: Vec<(String, String)>,
    /// All the words of the answer and of what follows it.
    pub text: String,
}

/// Somebody in the guild.
#[derive(Clone)]
pub struct Person {
    pub discord: Discord,
    pub id: Id,
}

impl Discord {
    pub fn person(&self, id: Id) -> Person {
        Person { discord: self.clone(), id }
    }
}

/// Words of a command on their way: `("reason", "error rate 4%")`.
pub type Words<'a> = &'a [(&'a str, &'a str)];

impl Person {
    fn ask(&self, kind: u8, channel: Id, message: Option<Id>, data: &Value) -> Id {
        let mut world = self.discord.world();
        let id = world.id();
        let interaction = Interaction {
            id,
            token: format!("token-of-{id}"),
            kind,
            user: self.id,
            channel,
            message,
            asked: Instant::now(),
            heard: false,
            answer: None,
            original: None,
            promised: false,
            followups: Vec::new(),
        };
        let told = shapes::interaction(&world, &interaction, data);
        world.interactions.insert(id, interaction);
        let heard = world.dispatch("INTERACTION_CREATE", None, &told);
        if let Some(interaction) = world.interactions.get_mut(&id) {
            interaction.heard = heard;
        }
        id
    }

    /// `/deploy SUB …`, with what the registered command demands. Not waiting for the answer.
    pub fn send_slash(&self, channel: Id, sub: &str, words: Words) -> Id {
        let (command, chain, options) = self.discord.subcommand(sub);
        let mut resolved = json!({});
        let world = self.discord.world();
        let mut given: Vec<Value> = Vec::new();
        for (name, value) in words {
            let option = options.iter().find(|o| str_of(&o["name"]) == *name);
            let option = option.unwrap_or_else(|| panic!("/deploy {sub} has no option {name}: {options:?}"));
            given.push(
                json!({ "name": name, "type": option["type"], "value": typed(&world, option, value, &mut resolved) }),
            );
        }
        drop(world);
        for option in options.iter().filter(|o| o["required"] == true) {
            let there = words.iter().any(|(name, _)| *name == str_of(&option["name"]));
            assert!(there, "the client would not send /deploy {sub} without {}", option["name"]);
        }
        let mut data = command_data(&command, chain, given);
        if resolved != json!({}) {
            data["resolved"] = resolved;
        }
        self.ask(2, channel, None, &data)
    }

    pub async fn slash(&self, channel: Id, sub: &str, words: Words<'_>) -> Reply {
        let id = self.send_slash(channel, sub, words);
        self.answer(id).await
    }

    /// What is offered for the option `focused`, of which `partial` has been typed.
    pub async fn autocomplete(
        &self,
        channel: Id,
        sub: &str,
        words: Words<'_>,
        focused: &str,
        partial: &str,
    ) -> Vec<(String, String)> {
        let (command, chain, options) = self.discord.subcommand(sub);
        let mut given: Vec<Value> = words.iter().map(|(n, v)| json!({ "name": n, "type": 3, "value": v })).collect();
        let option = options.iter().find(|o| str_of(&o["name"]) == focused).cloned();
        let option = option.unwrap_or_else(|| panic!("/deploy {sub} has no option {focused}"));
        assert_eq!(option["autocomplete"], true, "the client would not ask for {focused} of /deploy {sub}");
        given.push(json!({ "name": focused, "type": option["type"], "value": partial, "focused": true }));
        let id = self.ask(4, channel, None, &command_data(&command, chain, given));
        self.answer(id).await.choices
    }

    /// Presses a button that stands on the message. Not waiting for the answer.
    pub fn send_press(&self, message: Id, custom_id: &str) -> Id {
        let found = self.part(message, custom_id);
        assert_eq!(found.1["type"], 2, "{custom_id} is no button");
        self.ask(3, found.0, Some(message), &json!({ "custom_id": custom_id, "component_type": 2, "id": 2 }))
    }

    pub async fn press(&self, message: Id, custom_id: &str) -> Reply {
        let id = self.send_press(message, custom_id);
        self.answer(id).await
    }

    /// Leaves a select with these values chosen.
    pub async fn select(&self, message: Id, custom_id: &str, values: &[String]) -> Reply {
        let (channel, part) = self.part(message, custom_id);
        let known: Vec<&str> = part["options"].as_array().into_iter().flatten().map(|o| str_of(&o["value"])).collect();
        for value in values {
            assert!(known.contains(&value.as_str()), "{custom_id} does not offer {value:?}: {known:?}");
        }
        let bound = |name: &str| part[name].as_u64().unwrap_or(1) as usize;
        assert!(
            (bound("min_values")..=bound("max_values")).contains(&values.len()),
            "{custom_id} takes no {}",
            values.len()
        );
        let data = json!({ "custom_id": custom_id, "component_type": 3, "values": values, "id": 2 });
        let id = self.ask(3, channel, Some(message), &data);
        self.answer(id).await
    }

    /// Answers a modal: every input gets this text.
    pub async fn submit(&self, asked: &Reply, text: &str) -> Reply {
        let modal = asked.modal.as_ref().expect("a modal was opened");
        let (channel, message) = {
            let world = self.discord.world();
            let i = &world.interactions[&asked.interaction];
            (i.channel, i.message)
        };
        let mut rows = Vec::new();
        for (n, row) in modal["components"].as_array().into_iter().flatten().enumerate() {
            let input = &row["components"][0];
            let most = input["max_length"].as_u64().unwrap_or(4000) as usize;
            assert!(text.chars().count() <= most, "the client lets nobody type more than {most} here");
            assert!(!text.is_empty() || input["required"] == false, "the client demands an answer");
            let input = json!({ "type": 4, "id": 2 * n + 2, "custom_id": input["custom_id"], "value": text });
            rows.push(json!({ "type": 1, "id": 2 * n + 1, "components": [input] }));
        }
        let data = json!({ "custom_id": modal["custom_id"], "components": rows });
        let id = self.ask(5, channel, message, &data);
        self.answer(id).await
    }

    /// Puts a reaction on a message. True: somebody was there to hear of it.
    pub fn react(&self, message: Id, emoji: &str) -> bool {
        rest::reaction(&mut self.discord.world(), message, emoji, self.id, true)
    }

    pub fn unreact(&self, message: Id, emoji: &str) -> bool {
        rest::reaction(&mut self.discord.world(), message, emoji, self.id, false)
    }

    /// The channel of a message this person can see, and the component with that id on it.
    fn part(&self, message: Id, custom_id: &str) -> (Id, Value) {
        let world = self.discord.world();
        let m = world.messages.get(&message).unwrap_or_else(|| panic!("there is no message {message}"));
        assert!(m.only_for.is_none_or(|who| who == self.id), "somebody else's message");
        let part = m.parts().into_iter().find(|c| c["custom_id"] == custom_id);
        let part = part.unwrap_or_else(|| panic!("{custom_id:?} is not on the message: {}", m.components));
        assert!(part["disabled"] != true, "{custom_id} is disabled");
        (m.channel, part)
    }

    /// The answer to an interaction, complete.
    pub async fn answer(&self, id: Id) -> Reply {
        self.answer_within(id, PATIENCE).await.unwrap_or_else(|| panic!("interaction {id} was not answered"))
    }

    /// None: it never came, or Discord said "This interaction failed" after its 3 seconds.
    pub async fn answer_within(&self, id: Id, within: Duration) -> Option<Reply> {
        let end = Instant::now() + within;
        loop {
            {
                let world = self.discord.world();
                let i = world.interactions.get(&id)?;
                if i.answer.is_some() && !i.promised {
                    return Some(reply(&world, i));
                }
                if i.answer.is_none() && i.asked.elapsed() > world.settings.first_answer {
                    return None;
                }
            }
            if Instant::now() > end {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }
}

fn reply(world: &World, i: &Interaction) -> Reply {
    let (kind, data, after) = i.answer.clone().unwrap_or_default();
    let mut seen: Vec<&Message> = i.followups.iter().filter_map(|m| world.messages.get(m)).collect();
    let original = i.original.filter(|_| matches!(kind, 4 | 5 | 7)).and_then(|m| world.messages.get(&m));
    seen.extend(original);
    let choice = |c: &Value| {
        let value = c["value"].as_str().map_or_else(|| c["value"].to_string(), str::to_owned);
        (str_of(&c["name"]).to_owned(), value)
    };
    Reply {
        interaction: i.id,
        after,
        kind,
        // A press that was only acknowledged is answered by what follows it.
        message: original.or_else(|| seen.first().copied()).cloned(),
        modal: (kind == 9).then(|| data.clone()),
        choices: data["choices"].as_array().into_iter().flatten().map(choice).collect(),
        text: seen.iter().map(|m| m.text()).collect::<Vec<_>>().join("\n"),
    }
}

fn command_data(command: &Value, chain: Vec<(String, u64)>, given: Vec<Value>) -> Value {
    let mut options = given;
    for (name, kind) in chain.into_iter().rev() {
        options = vec![json!({ "name": name, "type": kind, "options": options })];
    }
    let mut data = json!({ "id": command["id"], "name": command["name"], "type": 1, "options": options });
    if !command["guild_id"].is_null() {
        data["guild_id"] = command["guild_id"].clone();
    }
    data
}

/// What a person typed, in the option's type.
fn typed(world: &World, option: &Value, text: &str, resolved: &mut Value) -> Value {
    match option["type"].as_u64() {
        Some(4) => json!(text.parse::<i64>().expect("a number")),
        Some(5) => json!(text == "true"),
        Some(USER) => {
            let user =
                world.users.values().find(|u| u.name == text || u.id.to_string() == text).expect("somebody here");
            resolved["users"][user.id.to_string()] = shapes::user(user);
            let mut member = shapes::member(world, user.id, false);
            member["permissions"] = json!("2248473465835073");
            resolved["members"][user.id.to_string()] = member;
            json!(user.id.to_string())
        }
        _ => {
            let most = option["max_length"].as_u64().unwrap_or(6000) as usize;
            assert!(text.chars().count() <= most, "the client lets nobody type more than {most} here");
            let choices = option["choices"].as_array().cloned().unwrap_or_default();
            assert!(
                choices.is_empty() || choices.iter().any(|c| c["value"] == text),
                "{text:?} is no choice: {choices:?}"
            );
            json!(text)
        }
    }
}

impl Discord {
    /// The command with that subcommand, the way to it, and its options.
    fn subcommand(&self, sub: &str) -> (Value, Vec<(String, u64)>, Vec<Value>) {
        let list = |v: &Value| v["options"].as_array().cloned().unwrap_or_default();
        let commands = self.commands();
        for command in &commands {
            for option in list(command) {
                if option["type"] == SUB && option["name"] == sub {
                    return (command.clone(), vec![(sub.to_owned(), SUB)], list(&option));
                }
                if option["type"] == GROUP
                    && let Some(inner) = list(&option).iter().find(|o| o["name"] == sub)
                {
                    let chain = vec![(str_of(&option["name"]).to_owned(), GROUP), (sub.to_owned(), SUB)];
                    return (command.clone(), chain, list(inner));
                }
            }
        }
        let names: Vec<&Value> = commands.iter().map(|c| &c["name"]).collect();
        panic!("no subcommand {sub} is registered, of {names:?}");
    }

    /// Nobody wrote in the thread for long.
    pub fn archive(&self, thread: Id) {
        threads::archive(&mut self.world(), thread);
    }
}
