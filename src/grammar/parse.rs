//! Words → request.

mod page;

use super::lex::{Alphabet, Cursor, Token, free_text, name, person};
use super::problem::Problem;
use super::request::{Parsed, Query, Request, Start};
use super::spec::{ALSO, Arg, ArgKind, COMMANDS, CommandSpec, Form, Verb};
use super::when::When;
use super::{LONGEST_INPUT, LONGEST_NAME, LONGEST_TITLE, LONGEST_VERSION, MOST_ITEMS};
use crate::domain::checklist::Number;
use crate::domain::command::{Command, ItemRef, Mark, Person};
use crate::near::nearest;

mod standing;

pub use standing::Order;

/// Reads what somebody typed, with or without a leading `/deploy` and a deployment's `#12`.
///
/// What the domain still has to do, because it takes the checklist:
/// - [`ItemRef::Words`] that were not quoted are everything after the command, note or reason included; the note is
///   then None (for `evidence`: the text is empty) and the domain splits off what does not belong to the item.
/// - [`Command::Fill`] without a `:` or `=` has everything in `field` and an empty `value`; the domain splits it by
///   the labels it knows.
/// - `skip` by number may come without a reason; only optional items need none.
pub fn parse(text: &str) -> Result<Parsed, Problem> {
    let length = text.chars().count();
    if length > LONGEST_INPUT {
        return Err(Problem::InputTooLong { length, limit: LONGEST_INPUT });
    }
    let mut cursor = Cursor::new(text);
    if ["/deploy", "deploy"].iter().any(|w| cursor.peek().eq_ignore_ascii_case(w)) {
        cursor.word();
    }
    let mut deployment = None;
    if cursor.peek().starts_with('#') {
        let word = cursor.word().unwrap_or("");
        deployment = Some(target(word).ok_or_else(|| Problem::BadTarget { word: word.to_owned() })?);
    }
    let Some(word) = cursor.word() else {
        return match deployment {
            Some(_) => Ok(Parsed { deployment, request: Request::Query(Query::Status) }),
            None => Err(Problem::Empty),
        };
    };
    let spec = CommandSpec::named(word.strip_prefix('/').unwrap_or(word)).ok_or_else(|| unknown(word))?;
    let mut reader = Reader { spec, cursor, deployment };
    let request = reader.request()?;
    if let (false, Some(target)) = (spec.on_deployment, reader.deployment) {
        return Err(Problem::NoTarget { command: spec.name, target });
    }
    Ok(Parsed { deployment: reader.deployment, request })
}

/// `#12`, at most 18 digits, from 1.
fn target(word: &str) -> Option<u64> {
    let digits = word.strip_prefix('#').unwrap_or(word);
    let digits = digits.strip_suffix(':').unwrap_or(digits);
    if digits.is_empty() || digits.len() > 18 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|n| *n > 0)
}

/// `#deploys`, `deploys`, `slack:C0123`: as typed, without the `#`.
fn channel(text: &str) -> Result<String, Problem> {
    name("channel", text.strip_prefix('#').unwrap_or(text), LONGEST_TITLE, Alphabet::Name)
}

fn unknown(word: &str) -> Problem {
    let near = ALSO
        .iter()
        .find(|(theirs, _)| theirs.eq_ignore_ascii_case(word))
        .map(|(_, ours)| *ours)
        .or_else(|| nearest(word, COMMANDS.iter().map(|c| c.name)));
    Problem::UnknownCommand { word: word.to_owned(), nearest: near }
}

struct Reader<'a> {
    spec: &'static CommandSpec,
    cursor: Cursor<'a>,
    deployment: Option<u64>,
}

impl<'a> Reader<'a> {
    fn request(&mut self) -> Result<Request, Problem> {
        use Command as C;
        Ok(match self.spec.verb {
            Verb::Start => Request::Start(self.start()?),
            Verb::Status => self.about(Query::Status)?,
            Verb::Next => self.about(Query::Next)?,
            Verb::Record => self.about(Query::Record)?,
            Verb::List => self.alone(Request::Query(Query::List))?,
            Verb::Checklists => self.alone(Request::Query(Query::Checklists))?,
            Verb::History => self.alone(Request::Query(Query::History))?,
            Verb::Freezes => self.alone(Request::Query(Query::Freezes))?,
            Verb::Freeze => self.freeze()?,
            Verb::Unfreeze => self.unfreeze()?,
            Verb::Cover => self.cover()?,
            Verb::Uncover => self.uncover()?,
            Verb::Show => {
                let (item, rest) = self.item()?;
                self.nothing(rest)?;
                Request::Query(Query::Show { item })
            }
            Verb::Help => self.help()?,
            Verb::Tick => self.mark(Mark::Tick)?,
            Verb::Untick => self.mark(Mark::Untick)?,
            Verb::Skip => self.mark(Mark::Skip)?,
            Verb::Fail => self.mark(Mark::Fail)?,
            Verb::Block => self.mark(Mark::Block)?,
            Verb::Assign => self.assign()?,
            Verb::Note => Request::Act(C::Note { text: self.required_text("text", "some text")? }),
            Verb::Evidence => self.evidence()?,
            Verb::Fill => self.fill()?,
            Verb::Hold => Request::Act(C::Hold { reason: self.reason()? }),
            Verb::Resume => self.alone(Request::Act(C::Resume))?,
            Verb::Handover => {
                let to = self.person(self.cursor)?;
                Request::Act(C::Handover { to })
            }
            Verb::Progress => {
                let text = free_text("text", self.cursor.rest())?;
                Request::Act(C::Progress { text: (!text.is_empty()).then_some(text) })
            }
            Verb::Follow => Request::Act(C::Follow { channel: self.channel()? }),
            Verb::Unfollow => Request::Act(C::Unfollow { channel: self.channel()? }),
            Verb::Rollback => Request::Act(C::Rollback { reason: self.reason()? }),
            Verb::RolledBack => self.alone(Request::Act(C::RolledBack))?,
            Verb::Finish => self.finish()?,
            Verb::Partial => Request::Act(C::Partial { reason: self.reason()? }),
            Verb::Cancel => Request::Act(C::Cancel { reason: self.reason()? }),
            Verb::Page => self.page()?,
            Verb::Ack => self.of_page(|page| C::Ack { page })?,
            Verb::Resolve => self.of_page(|page| C::Resolve { page })?,
            Verb::Escalate => self.of_page(|page| C::Escalate { page })?,
            Verb::OnCall => {
                let rotation = self.cursor.token()?.map(|t| t.text().to_owned()).filter(|r| !r.is_empty());
                self.nothing(self.cursor.rest())?;
                Request::Query(Query::OnCall { rotation })
            }
            Verb::Reschedule => Request::Reschedule(super::quiet::when(&self.required_text("time", "a time")?)?),
            Verb::Snooze => Request::Act(super::quiet::snooze(self.cursor.rest())?),
        })
    }

    fn missing(&self, what: &'static str) -> Problem {
        Problem::Missing { command: self.spec.name, what }
    }

    fn stray(&self, text: &str) -> Problem {
        Problem::Stray { command: self.spec.name, text: text.to_owned() }
    }

    fn nothing(&self, rest: &str) -> Result<(), Problem> {
        if rest.is_empty() { Ok(()) } else { Err(self.stray(rest)) }
    }

    /// A deployment named after the command.
    fn named(&mut self, id: u64) -> Result<(), Problem> {
        match self.deployment {
            Some(first) if first != id => Err(Problem::TwoTargets { first, second: id }),
            _ => {
                self.deployment = Some(id);
                Ok(())
            }
        }
    }

    /// A command that takes nothing but, where one is concerned, `#12`.
    fn alone(&mut self, request: Request) -> Result<Request, Problem> {
        if self.spec.on_deployment
            && self.cursor.peek().starts_with('#')
            && let Some(id) = target(self.cursor.peek())
        {
            self.cursor.word();
            self.named(id)?;
        }
        self.nothing(self.cursor.rest())?;
        Ok(request)
    }

    /// A question about one deployment: `status 12`, `status #12`.
    fn about(&mut self, query: Query) -> Result<Request, Problem> {
        if let Some(id) = target(self.cursor.peek()) {
            self.cursor.word();
            self.named(id)?;
        } else if self.cursor.peek().starts_with('#') {
            return Err(Problem::BadTarget { word: self.cursor.peek().to_owned() });
        }
        self.nothing(self.cursor.rest())?;
        Ok(Request::Query(query))
    }

    fn help(&mut self) -> Result<Request, Problem> {
        let Some(token) = self.cursor.token()? else {
            return Ok(Request::Query(Query::Help { command: None }));
        };
        let word = token.text();
        let spec = CommandSpec::named(word.strip_prefix('/').unwrap_or(word)).ok_or_else(|| unknown(word))?;
        self.nothing(self.cursor.rest())?;
        Ok(Request::Query(Query::Help { command: Some(spec.name.to_owned()) }))
    }

    /// The channel named, or nothing for the one here.
    fn channel(&mut self) -> Result<String, Problem> {
        let named = self.cursor.token()?.map(Token::text).unwrap_or_default();
        self.nothing(self.cursor.rest())?;
        if named.is_empty() { Ok(String::new()) } else { channel(named) }
    }

    fn reason(&mut self) -> Result<String, Problem> {
        let text = free_text("reason", self.cursor.rest())?;
        if text.is_empty() { Err(Problem::NoReason { command: self.spec.name }) } else { Ok(text) }
    }

    fn required_text(&mut self, what: &'static str, need: &'static str) -> Result<String, Problem> {
        let text = free_text(what, self.cursor.rest())?;
        if text.is_empty() { Err(self.missing(need)) } else { Ok(text) }
    }

    /// `@ana`, `ana`, `@"Ana Maria"`, with nothing after it.
    fn person(&self, mut cursor: Cursor<'_>) -> Result<Person, Problem> {
        if cursor.peek().eq_ignore_ascii_case("to") {
            cursor.word();
        }
        if cursor.peek().starts_with('@') {
            cursor.skip(1);
        }
        let text = match cursor.token()? {
            Some(Token::Quoted(text)) => text,
            Some(Token::Word(text)) => text.trim_end_matches([',', ';']),
            None => "",
        };
        if text.is_empty() {
            return Err(self.missing("a person"));
        }
        self.nothing(cursor.rest())?;
        Ok(Person::named(&person(text)?))
    }

    /// Option or flag by its name as typed; `environment` is `env`.
    fn arg(&self, name: &str, form: Form) -> Option<&'static Arg> {
        let name = if name.eq_ignore_ascii_case("environment") { "env" } else { name };
        self.spec.arg(name).filter(|a| a.form == form)
    }

    fn near(&self, name: &str, form: Form) -> Option<&'static str> {
        nearest(name, self.spec.args.iter().filter(|a| a.form == form).map(|a| a.name))
            .or_else(|| (form == Form::Option && nearest(name, ["environment"]).is_some()).then_some("env"))
    }

    fn start(&mut self) -> Result<Start, Problem> {
        let command = self.spec.name;
        let mut version: Option<&str> = None;
        let mut given: Vec<(&'static Arg, String)> = Vec::new();
        while !self.cursor.is_empty() {
            if let Some(quoted) = self.cursor.quoted()? {
                if version.replace(quoted).is_some() {
                    return Err(self.stray(quoted));
                }
                continue;
            }
            let word = self.cursor.peek();
            if let Some(flag) = dashed(word) {
                let arg = self.arg(flag, Form::Dashes).ok_or_else(|| Problem::UnknownFlag {
                    command,
                    word: word.to_owned(),
                    nearest: self.near(flag, Form::Dashes),
                })?;
                self.cursor.word();
                if given.iter().any(|(a, _)| a.name == arg.name) {
                    return Err(Problem::Twice { command, option: arg.name });
                }
                let said = if arg.kind == ArgKind::Text { self.said_after(arg.name)? } else { String::new() };
                given.push((arg, said));
                continue;
            }
            if let Some(at) = word.find([':', '=']) {
                let key = &word[..at];
                if let Some(arg) = self.arg(key, Form::Option) {
                    self.cursor.skip(at + 1);
                    let value = self.value(at + 1 == word.len())?;
                    let mut value = value.ok_or(Problem::MissingValue { command, option: arg.name })?.to_owned();
                    if arg.kind == ArgKind::Time {
                        self.longer_time(&mut value);
                    }
                    if given.iter().any(|(a, _)| a.name == arg.name) {
                        return Err(Problem::Twice { command, option: arg.name });
                    }
                    given.push((arg, value));
                    continue;
                }
                let near = self.near(key, Form::Option);
                let like_a_word = !key.is_empty() && key.chars().all(char::is_alphabetic);
                if like_a_word && (version.is_some() || near.is_some() && key.chars().count() >= 4) {
                    return Err(Problem::UnknownOption { command, word: format!("{key}:"), nearest: near });
                }
            }
            self.cursor.word();
            if version.replace(word).is_some() {
                return Err(self.stray(word));
            }
        }
        let version = version.ok_or_else(|| self.missing("a version"))?;
        let version = name("version", version, LONGEST_VERSION, Alphabet::Version)?;
        let mut start = Start {
            version,
            checklist: None,
            environment: None,
            service: None,
            at: None,
            follow: Vec::new(),
            queue: false,
            rehearse: false,
            override_: None,
        };
        for (arg, value) in given {
            match arg.kind {
                ArgKind::Checklist => {
                    start.checklist = Some(name("checklist", &value, LONGEST_TITLE, Alphabet::Title)?);
                }
                ArgKind::Environment => {
                    start.environment = Some(name("environment", &value, LONGEST_NAME, Alphabet::Name)?);
                }
                ArgKind::Service => start.service = Some(name("service", &value, LONGEST_NAME, Alphabet::Name)?),
                ArgKind::Channel => {
                    for one in value.split(',').filter(|c| !c.is_empty()) {
                        start.follow.push(channel(one)?);
                    }
                }
                ArgKind::Time => start.at = Some(When::parse(&value)?),
                ArgKind::Text => start.override_ = Some(value),
                _ if arg.name == "queue" => start.queue = true,
                _ => start.rehearse = true,
            }
        }
        Ok(start)
    }

    /// The value after `name:`. With a space after the colon the next word counts, unless it is an option itself.
    fn value(&mut self, spaced: bool) -> Result<Option<&'a str>, Problem> {
        if spaced {
            let next = self.cursor.peek();
            let option = next.find([':', '=']).is_some_and(|i| self.arg(&next[..i], Form::Option).is_some());
            if next.is_empty() || dashed(next).is_some() || option {
                return Ok(None);
            }
        }
        Ok(self.cursor.token()?.map(Token::text).filter(|t| !t.is_empty()))
    }

    /// `at:tomorrow 18:30` and `at:in 30 min` without quotes: the words after it that still make a time belong to it.
    fn longer_time(&mut self, value: &mut String) {
        let mut ahead = self.cursor;
        let mut longer = value.clone();
        for _ in 0..3 {
            let Some(word) = ahead.word() else { return };
            longer.push(' ');
            longer.push_str(word);
            if When::parse(&longer).is_ok() {
                value.clone_from(&longer);
                self.cursor = ahead;
            }
        }
    }

    fn finish(&mut self) -> Result<Request, Problem> {
        let word = self.cursor.peek();
        let Some(flag) = dashed(word) else {
            return self.alone(Request::Act(Command::Finish { authority: None }));
        };
        let command = self.spec.name;
        let flag_name = flag.split([':', '=']).next().unwrap_or(flag);
        if self.arg(flag_name, Form::Dashes).is_none() {
            return Err(Problem::UnknownFlag {
                command,
                word: word.to_owned(),
                nearest: self.near(flag_name, Form::Dashes),
            });
        }
        let glued = if flag.len() > flag_name.len() { 1 } else { 0 };
        self.cursor.skip(word.len() - flag.len() + flag_name.len() + glued);
        let reason = free_text("reason", self.cursor.rest())?;
        if reason.is_empty() {
            return Err(Problem::MissingValue { command, option: "override" });
        }
        Ok(Request::Act(Command::Finish { authority: Some(reason) }))
    }

    fn mark(&mut self, mark: Mark) -> Result<Request, Problem> {
        let (items, by_words, rest) = self.items()?;
        let what = if matches!(mark, Mark::Tick | Mark::Untick) { "note" } else { "reason" };
        let note = Some(free_text(what, rest)?).filter(|n| !n.is_empty());
        if note.is_none() && !by_words && matches!(mark, Mark::Fail | Mark::Block) {
            return Err(Problem::NoReason { command: self.spec.name });
        }
        Ok(Request::Act(Command::Mark { items, mark, note }))
    }

    /// The items, whether they are unquoted words, and what is left as a note.
    fn items(&mut self) -> Result<(Vec<ItemRef>, bool, &'a str), Problem> {
        if let Some(quoted) = self.cursor.quoted()? {
            return Ok((vec![self.words(quoted)?], false, after_items(self.cursor.rest())));
        }
        if self.cursor.is_empty() {
            return Err(self.missing("an item"));
        }
        let mut items = Vec::new();
        // A comma stood after the last one: whatever number comes next is one more.
        let mut comma = false;
        while !self.cursor.is_empty() {
            let word = self.cursor.peek();
            if word.chars().all(|c| c == ',') {
                self.cursor.word();
                comma = true;
                continue;
            }
            // `1.1, 1.2 and 1.3`: the last number is an item, not the beginning of a note.
            if !items.is_empty() && matches!(word, "and" | "&" | "+") {
                let mut ahead = self.cursor;
                ahead.word();
                let next = ahead.peek();
                if !(next.contains('.') && like_items(next)) {
                    break;
                }
                self.cursor = ahead;
                comma = true;
                continue;
            }
            if !like_items(word) {
                break;
            }
            let whole = word.bytes().all(|b| b.is_ascii_digit() || b == b',');
            if !items.is_empty() && whole && !comma && !self.cursor.rest().split_whitespace().all(like_items) {
                break;
            }
            let parts = word.trim_end_matches(':').split(',').filter(|p| !p.is_empty());
            match parts.map(item_number).collect::<Result<Vec<_>, _>>() {
                Ok(more) => items.extend(more),
                // An address or a date that begins the note: `fail 3.2 10.0.0.5 is down`.
                Err(Problem::BadNumber { .. }) if !items.is_empty() && !comma => break,
                Err(problem) => return Err(problem),
            }
            comma = word.ends_with(',');
            let ends = word.ends_with(':');
            self.cursor.word();
            self.spaced_range(&mut items)?;
            if items.len() > MOST_ITEMS {
                return Err(Problem::TooManyItems { limit: MOST_ITEMS });
            }
            if ends {
                break;
            }
        }
        if items.is_empty() {
            let rest = self.cursor.rest();
            return Ok((vec![self.words(rest)?], true, ""));
        }
        Ok((items, false, after_items(self.cursor.rest())))
    }

    /// `3.1 – 3.5`, as phones write it.
    fn spaced_range(&mut self, items: &mut [ItemRef]) -> Result<(), Problem> {
        if !matches!(self.cursor.peek(), "-" | "–" | "—" | "..") {
            return Ok(());
        }
        let mut ahead = self.cursor;
        ahead.word();
        let word = ahead.peek().trim_end_matches([',', ':']);
        if let (Some(ItemRef::Number(from)), Ok(to), true) = (items.last().cloned(), word.parse(), word.contains('.'))
            && let Some(last) = items.last_mut()
        {
            *last = range(from, to)?;
            ahead.skip(ahead.peek().len());
            self.cursor = ahead;
        }
        Ok(())
    }

    fn words(&self, text: &str) -> Result<ItemRef, Problem> {
        let words = free_text("text", text)?;
        if words.is_empty() { Err(self.missing("an item")) } else { Ok(ItemRef::Words(words)) }
    }

    /// One item, and what follows it. Unquoted words take everything.
    fn item(&mut self) -> Result<(ItemRef, &'a str), Problem> {
        if let Some(quoted) = self.cursor.quoted()? {
            return Ok((self.words(quoted)?, after_items(self.cursor.rest())));
        }
        let word = self.cursor.peek();
        if word.is_empty() {
            return Err(self.missing("an item"));
        }
        if like_items(word) {
            self.cursor.word();
            return Ok((item_number(word.trim_end_matches([',', ':']))?, after_items(self.cursor.rest())));
        }
        let rest = self.cursor.rest();
        Ok((self.words(rest)?, ""))
    }

    fn assign(&mut self) -> Result<Request, Problem> {
        let (item, rest) = if like_items(self.cursor.peek()) {
            self.item()?
        } else if let Some(quoted) = self.cursor.quoted()? {
            (self.words(quoted)?, self.cursor.rest())
        } else {
            // Words: the person is the last one, or the last that begins with @.
            let rest = self.cursor.rest();
            if rest.is_empty() {
                return Err(self.missing("an item"));
            }
            let start = last_mention(rest)
                .or_else(|| rest.rfind(char::is_whitespace).map(|i| i + next_len(rest, i)))
                .ok_or_else(|| self.missing("a person"))?;
            let before = rest[..start].trim();
            let before = before.strip_suffix(" to").unwrap_or(before);
            if before.is_empty() {
                return Err(self.missing("an item before the person"));
            }
            (self.words(before)?, &rest[start..])
        };
        let to = self.person(Cursor::new(rest))?;
        Ok(Request::Act(Command::Assign { item, to }))
    }

    fn evidence(&mut self) -> Result<Request, Problem> {
        let mut ahead = self.cursor;
        if like_items(self.cursor.peek()) || !matches!(ahead.quoted(), Ok(None)) {
            let (item, rest) = self.item()?;
            let text = free_text("text", rest)?;
            if text.is_empty() {
                return Err(self.missing("an address or some words"));
            }
            return Ok(Request::Act(Command::Evidence { item, text }));
        }
        let rest = self.cursor.rest();
        if rest.is_empty() {
            return Err(self.missing("an item"));
        }
        let lower = rest.to_ascii_lowercase();
        let address = [" https://", " http://"].iter().filter_map(|p| lower.find(p)).min();
        let split = address.map(|i| (i, i)).or_else(|| rest.find(": ").map(|i| (i, i + 1)));
        let (words, text) = match split {
            Some((end, begin)) => (&rest[..end], free_text("text", &rest[begin..])?),
            None => (rest, String::new()),
        };
        let item = self.words(words.trim().trim_end_matches(':'))?;
        Ok(Request::Act(Command::Evidence { item, text }))
    }

    fn fill(&mut self) -> Result<Request, Problem> {
        let (field, value) = if let Some(quoted) = self.cursor.quoted()? {
            let rest = self.cursor.rest();
            let value = rest.strip_prefix([':', '=']).unwrap_or(rest);
            if value.trim().is_empty() {
                return Err(self.missing("a value"));
            }
            (quoted, value)
        } else {
            let rest = self.cursor.rest();
            match label_end(rest) {
                Some(i) => {
                    let value = &rest[i + 1..];
                    if value.trim().is_empty() {
                        return Err(self.missing("a value"));
                    }
                    (&rest[..i], value)
                }
                None => (rest, ""),
            }
        };
        let field = free_text("field", field)?;
        if field.is_empty() {
            return Err(self.missing("a field"));
        }
        Ok(Request::Act(Command::Fill { field, value: free_text("value", value)? }))
    }
}

/// The name after two dashes, or after the long dash that phones make of them.
fn dashed(word: &str) -> Option<&str> {
    word.strip_prefix("--").or_else(|| word.strip_prefix(['—', '–'])).filter(|w| !w.is_empty())
}

/// What follows the items, without the colon or dash that led it in.
fn after_items(rest: &str) -> &str {
    rest.trim_start_matches([':', ',']).trim()
}

/// Made of digits, dots, dashes and commas, beginning with a digit, as item numbers and ranges are.
pub(super) fn like_items(word: &str) -> bool {
    let word = word.strip_suffix(':').unwrap_or(word);
    let mut parts = word.split(',').filter(|p| !p.is_empty()).peekable();
    parts.peek().is_some()
        && parts.all(|p| {
            p.starts_with(|c: char| c.is_ascii_digit())
                && p.ends_with(|c: char| c.is_ascii_digit() || c == '.')
                && p.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '–' | '—' | '…'))
        })
}

pub(super) fn item_number(part: &str) -> Result<ItemRef, Problem> {
    let bad = || Problem::BadNumber { word: part.to_owned() };
    let number = |text: &str| -> Result<Number, Problem> {
        let text = text.strip_suffix('.').unwrap_or(text);
        let number: Number = text.parse().map_err(|()| bad())?;
        if number.parts().contains(&0) { Err(bad()) } else { Ok(number) }
    };
    for sign in ["..", "…", "-", "–", "—"] {
        if let Some((from, to)) = part.split_once(sign) {
            let to = if sign == ".." { to.trim_start_matches('.') } else { to };
            return range(number(from)?, number(to)?);
        }
    }
    Ok(ItemRef::Number(number(part)?))
}

fn range(from: Number, to: Number) -> Result<ItemRef, Problem> {
    if to.parts().len() == 1 && from.parts().len() == 2 {
        let (from, to, section) = (from.to_string(), to.to_string(), from.section());
        return Err(Problem::UnclearRange { from, to, section });
    }
    // `3.2-3.2` stays a range: it says several, and leaves alone what somebody has marked.
    if from > to && !from.is_within(&to) {
        return Err(Problem::BackwardRange { from: from.to_string(), to: to.to_string() });
    }
    Ok(ItemRef::Range(from, to))
}

/// Where the last word that begins with `@` begins.
fn last_mention(text: &str) -> Option<usize> {
    text.match_indices('@').map(|(i, _)| i).rfind(|i| *i > 0 && text[..*i].ends_with(char::is_whitespace) || *i == 0)
}

fn next_len(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(0, char::len_utf8)
}

/// Where a label ends: the first `:` or `=` that is not part of a clock time or an address.
fn label_end(text: &str) -> Option<usize> {
    text.match_indices([':', '=']).map(|(i, _)| i).find(|&i| {
        let digit_before = text[..i].ends_with(|c: char| c.is_ascii_digit());
        let after = &text[i + 1..];
        let clock = digit_before && after.starts_with(|c: char| c.is_ascii_digit());
        !(clock || after.starts_with("//"))
    })
}

#[cfg(test)]
mod tests;
