//! What is said for the whole house: freezes, and who covers for whom.

use super::{Reader, Request, dashed};
use crate::domain::command::Person;
use crate::grammar::lex::{Alphabet, Cursor, Token, free_text, name, person};
use crate::grammar::problem::Problem;
use crate::grammar::spec::{Arg, ArgKind, Form};
use crate::grammar::when::When;
use crate::grammar::{LONGEST_NAME, LONGEST_TITLE};

/// Something that is to hold for the whole house, as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    Freeze {
        reason: String,
        until: Option<When>,
        environment: Option<String>,
        service: Option<String>,
    },
    /// None: the only one there is.
    Unfreeze {
        which: Option<String>,
    },
    Cover {
        rotation: String,
        person: Person,
        /// None: from now on.
        from: Option<When>,
        until: When,
    },
    Uncover {
        rotation: String,
    },
}

/// Options told apart from the words around them.
struct Told {
    words: String,
    given: Vec<(&'static Arg, String)>,
}

impl Told {
    fn time(&self, option: &str) -> Result<Option<When>, Problem> {
        self.given.iter().find(|(a, _)| a.name == option).map(|(_, v)| When::parse(v)).transpose()
    }

    fn name(&self, kind: ArgKind, what: &'static str) -> Result<Option<String>, Problem> {
        let said = self.given.iter().find(|(a, _)| a.kind == kind);
        said.map(|(_, v)| name(what, v, LONGEST_NAME, Alphabet::Name)).transpose()
    }
}

impl Reader<'_> {
    pub(super) fn freeze(&mut self) -> Result<Request, Problem> {
        let told = self.told()?;
        let reason = free_text("reason", &told.words)?;
        if reason.is_empty() {
            return Err(Problem::NoReason { command: self.spec.name });
        }
        Ok(Request::Order(Order::Freeze {
            reason,
            until: told.time("until")?,
            environment: told.name(ArgKind::Environment, "environment")?,
            service: told.name(ArgKind::Service, "service")?,
        }))
    }

    pub(super) fn unfreeze(&mut self) -> Result<Request, Problem> {
        let which = self.cursor.token()?.map(Token::text).map(|t| t.trim_start_matches('#').to_owned());
        self.nothing(self.cursor.rest())?;
        let which = which.map(|w| name("freeze", &w, LONGEST_NAME, Alphabet::Name)).transpose()?;
        Ok(Request::Order(Order::Unfreeze { which }))
    }

    pub(super) fn cover(&mut self) -> Result<Request, Problem> {
        let rotation = self.rotation()?;
        let told = self.told()?;
        let mut words = Cursor::new(&told.words);
        if words.peek().starts_with('@') {
            words.skip(1);
        }
        let who = words.token()?.map(Token::text).unwrap_or_default();
        if who.is_empty() {
            return Err(self.missing("a person"));
        }
        self.nothing(words.rest())?;
        let until = told.time("until")?;
        Ok(Request::Order(Order::Cover {
            rotation,
            person: Person::named(&person(who)?),
            from: told.time("from")?,
            until: until.ok_or_else(|| self.missing("an end, `until:TIME`"))?,
        }))
    }

    pub(super) fn uncover(&mut self) -> Result<Request, Problem> {
        let rotation = self.rotation()?;
        self.nothing(self.cursor.rest())?;
        Ok(Request::Order(Order::Uncover { rotation }))
    }

    fn rotation(&mut self) -> Result<String, Problem> {
        let Some(token) = self.cursor.token()? else { return Err(self.missing("a rotation")) };
        name("rotation", token.text(), LONGEST_TITLE, Alphabet::Title)
    }

    /// The reason after `--name`: what stands in quotes, or everything that is left.
    pub(super) fn said_after(&mut self, option: &'static str) -> Result<String, Problem> {
        let said = match self.cursor.quoted()? {
            Some(quoted) => quoted,
            None => {
                let rest = self.cursor.rest();
                self.cursor = Cursor::new("");
                rest
            }
        };
        let said = free_text("reason", said)?;
        if said.is_empty() { Err(Problem::MissingValue { command: self.spec.name, option }) } else { Ok(said) }
    }

    /// Takes the command's options out of what is said; the rest are words, in their order.
    fn told(&mut self) -> Result<Told, Problem> {
        let command = self.spec.name;
        let mut told = Told { words: String::new(), given: Vec::new() };
        while !self.cursor.is_empty() {
            let word = self.cursor.peek();
            let key = word.find([':', '=']).filter(|_| dashed(word).is_none());
            if let Some((at, arg)) = key.and_then(|at| Some((at, self.arg(&word[..at], Form::Option)?))) {
                self.cursor.skip(at + 1);
                let value = self.value(at + 1 == word.len())?;
                let mut value = value.ok_or(Problem::MissingValue { command, option: arg.name })?.to_owned();
                if arg.kind == ArgKind::Time {
                    self.longer_time(&mut value);
                }
                if told.given.iter().any(|(a, _)| a.name == arg.name) {
                    return Err(Problem::Twice { command, option: arg.name });
                }
                told.given.push((arg, value));
                continue;
            }
            // A slip of the pen is asked about: a freeze without its end lasts.
            let slip = key.filter(|&at| at >= 4 && at + 1 < word.len()).map(|at| &word[..at]);
            if let Some(near) = slip.and_then(|key| self.near(key, Form::Option)) {
                let word = format!("{}:", slip.unwrap_or_default());
                return Err(Problem::UnknownOption { command, word, nearest: Some(near) });
            }
            // What stands in quotes keeps them: it may be the whole of the reason, or a part of it.
            let before = self.cursor.rest();
            if matches!(self.cursor.quoted(), Ok(None) | Err(_)) {
                self.cursor.word();
            }
            let taken = before.len() - self.cursor.rest().len();
            told.words.push_str(before.get(..taken).unwrap_or_default());
        }
        Ok(told)
    }
}
