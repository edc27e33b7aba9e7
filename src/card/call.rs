//! Whom a card calls: people it names who are to be notified where they have an account.

use super::{Block, Card};
use crate::domain::command::Person;
use crate::domain::text::{Rich, Span};

impl Card {
    /// Makes the first mention of somebody's name a call; where the card does not say it, a line of its own does.
    pub fn call(&mut self, person: &Person) {
        let called = Span { call: true, ..Span::person(person) };
        let texts = self.blocks.iter_mut().filter_map(|b| match b {
            Block::Text { text } | Block::Context { text } => Some(text),
            _ => None,
        });
        // A title is drawn without mentions: what stands below it comes first.
        let done = texts.chain([&mut self.title]).any(|text| replace(text, &called));
        if !done {
            self.blocks.push(Block::Context { text: Rich(vec![called]) });
        }
    }

    /// The ids of those it calls, each once, in order.
    pub fn called(&self) -> Vec<&str> {
        let mut texts: Vec<&Rich> = vec![&self.title];
        for block in &self.blocks {
            match block {
                Block::Text { text } | Block::Context { text } | Block::Group { text, .. } => texts.push(text),
                Block::Facts { facts } => texts.extend(facts.iter().map(|f| &f.value)),
                Block::Item { item } => {
                    texts.push(&item.text);
                    texts.extend(&item.details);
                }
                Block::Bar { .. } | Block::Code { .. } => {}
            }
        }
        let mut ids: Vec<&str> = Vec::new();
        for id in texts.iter().flat_map(|t| &t.0).filter(|s| s.call).filter_map(|s| s.person.as_deref()) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids
    }
}

/// Splits the run that says the name. Code and links stay what they are.
fn replace(text: &mut Rich, called: &Span) -> bool {
    let free = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    for (i, span) in text.0.iter().enumerate() {
        if span.code || span.link.is_some() || called.text.is_empty() {
            continue;
        }
        let found = span.text.match_indices(&called.text).find(|(at, name)| {
            free(span.text[..*at].chars().next_back()) && free(span.text[at + name.len()..].chars().next())
        });
        let Some((at, name)) = found else { continue };
        let part = |text: &str| Span { text: text.to_owned(), ..span.clone() };
        let parts = [
            part(&span.text[..at]),
            Span { bold: span.bold, italic: span.italic, strike: span.strike, ..called.clone() },
            part(&span.text[at + name.len()..]),
        ];
        text.0.splice(i..=i, parts.into_iter().filter(|s| !s.text.is_empty()));
        return true;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::Tone;

    fn card(title: &str, text: &str) -> Card {
        Card {
            title: title.into(),
            tone: Tone::Plain,
            rehearsal: false,
            broadcast: false,
            blocks: vec![Block::Text { text: text.into() }],
            buttons: Vec::new(),
            page: None,
        }
    }

    #[test]
    fn a_name_that_is_said_becomes_the_call() {
        let ana = Person { id: "ana".into(), name: "Ana".into() };
        let mut said = card("Handed over", "Anastasia gives it to Ana, and Ana leads.");
        said.call(&ana);
        let Block::Text { text } = &said.blocks[0] else { panic!() };
        assert_eq!(text.to_plain(), "Anastasia gives it to Ana, and Ana leads.");
        let calls: Vec<(&str, bool)> = text.0.iter().map(|s| (s.text.as_str(), s.call)).collect();
        assert_eq!(calls, [("Anastasia gives it to ", false), ("Ana", true), (", and Ana leads.", false)]);
        assert_eq!((said.called(), said.blocks.len()), (vec!["ana"], 1));
        let mut in_title = card("Ana leads", "");
        in_title.call(&ana);
        assert_eq!((in_title.called(), in_title.blocks.len()), (vec!["ana"], 1));
        let mut unsaid = card("Handed over", "Somebody leads.");
        unsaid.call(&ana);
        assert_eq!((unsaid.called(), unsaid.blocks.len()), (vec!["ana"], 2));
    }
}
