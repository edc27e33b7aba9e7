//! Reading the commands about pages.

use super::super::LONGEST_TITLE;
use super::super::lex::{Alphabet, Token, free_text, name};
use super::super::problem::Problem;
use super::super::spec::Verb;
use super::{Query, Reader, Request, dashed, target};
use crate::domain::command::Command;

/// What may stand before a colon and a name, to say whom.
const WHOM: [&str; 4] = ["person", "role", "rotation", "policy"];

impl Reader<'_> {
    /// `page [WHO] message [--low]`, the flag anywhere; `page test [WHO]`. Whom unquoted words begin with is for the
    /// domain to tell.
    pub(super) fn page(&mut self) -> Result<Request, Problem> {
        if self.cursor.peek().eq_ignore_ascii_case("test") {
            return self.page_test();
        }
        let mut low = self.low();
        let whom = if self.cursor.peek().starts_with('@') {
            let quoted = self.cursor.rest()[1..].starts_with(['"', '“', '„', '«']);
            if quoted {
                self.cursor.skip(1);
            }
            self.cursor.token()?.map(|t| t.text().trim_end_matches([':', ',']).to_owned())
        } else if self
            .cursor
            .peek()
            .split_once(':')
            .is_some_and(|(kind, name)| WHOM.contains(&kind) && !name.is_empty())
        {
            self.cursor.word().map(str::to_owned)
        } else {
            let mut ahead = self.cursor;
            // One quoted text alone is the message.
            match ahead.quoted()? {
                Some(quoted) if !ahead.is_empty() && dashed(ahead.peek()).is_none() => {
                    self.cursor = ahead;
                    Some(quoted.to_owned())
                }
                _ => None,
            }
        };
        let mut words = String::new();
        while !self.cursor.is_empty() {
            if self.low() {
                low = true;
                continue;
            }
            // What stands in quotes is said, flags and all.
            let before = self.cursor.rest();
            if matches!(self.cursor.quoted(), Ok(None) | Err(_)) {
                self.cursor.word();
            }
            let taken = before.len() - self.cursor.rest().len();
            words.push_str(before.get(..taken).unwrap_or_default());
        }
        let message = free_text("message", &words)?;
        if message.is_empty() {
            return Err(self.missing("a message"));
        }
        if let Some(whom) = &whom {
            name("name", whom.trim_start_matches('@'), LONGEST_TITLE, Alphabet::Title)?;
        }
        Ok(Request::Act(Command::Page { whom, message, low }))
    }

    fn low(&mut self) -> bool {
        let low = dashed(self.cursor.peek()).is_some_and(|flag| flag.eq_ignore_ascii_case("low"));
        if low {
            self.cursor.word();
        }
        low
    }

    fn page_test(&mut self) -> Result<Request, Problem> {
        self.cursor.word();
        if self.cursor.rest().split_whitespace().any(|word| dashed(word).is_some_and(|w| w.eq_ignore_ascii_case("low")))
        {
            return Err(Problem::LowTest);
        }
        // A test is about no deployment, wherever it is asked for.
        self.deployment = None;
        if self.cursor.is_empty() {
            return Ok(Request::Query(Query::Contacts));
        }
        let quoted = self.cursor.rest().strip_prefix('@').is_some_and(|r| r.starts_with(['"', '“', '„', '«']));
        if quoted {
            self.cursor.skip(1);
        }
        let whom = self.cursor.token()?.map(Token::text).unwrap_or_default().to_owned();
        // More words would be a message, and a test must not be taken for one, nor one for a test.
        self.nothing(self.cursor.rest())?;
        name("name", whom.trim_start_matches('@'), LONGEST_TITLE, Alphabet::Title)?;
        Ok(Request::Test { whom })
    }

    /// A page's number, or nothing for the only one: `ack`, `ack 2`, `ack page 2`; `ack test 17` answers a test.
    pub(super) fn of_page(&mut self, command: impl Fn(Option<u32>) -> Command) -> Result<Request, Problem> {
        let test = self.cursor.peek().eq_ignore_ascii_case("test");
        if test || self.cursor.peek().eq_ignore_ascii_case("page") {
            self.cursor.word();
        }
        if self.cursor.peek().starts_with('#')
            && let Some(id) = target(self.cursor.peek())
        {
            self.cursor.word();
            self.named(id)?;
        }
        let word = self.cursor.peek();
        let number = word.trim_end_matches('.').parse::<u32>().ok().filter(|n| *n > 0);
        if test {
            return self.of_test(number);
        }
        if word.is_empty() {
            return Ok(Request::Act(command(None)));
        }
        let Some(number) = number else { return Err(self.missing("a page's number")) };
        self.cursor.word();
        self.nothing(self.cursor.rest())?;
        Ok(Request::Act(command(Some(number))))
    }

    /// `ack test 17`; `resolve` says the same of a test, and there is nowhere for it to climb.
    fn of_test(&mut self, number: Option<u32>) -> Result<Request, Problem> {
        self.cursor.word();
        let climbs = self.spec.verb == Verb::Escalate;
        let Some(test) = number.filter(|_| self.cursor.is_empty() && !climbs) else {
            return Err(Problem::OfTest { test: number, climbs });
        };
        self.deployment = None;
        Ok(Request::Heard { test })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::parse;

    #[test]
    fn low_may_stand_anywhere_but_in_quotes_and_before_a_test() {
        let page = |text: &str| match parse(text).map(|p| p.request) {
            Ok(Request::Act(Command::Page { whom, message, low })) => (whom, message, low),
            other => panic!("{text}: {other:?}"),
        };
        let ana = || Some("ana".to_owned());
        for text in
            ["page --low @ana low one", "page @ana --low low one", "page @ana low --low one", "page @ana low one --LOW"]
        {
            let (whom, message, low) = page(text);
            assert!(whom.is_some_and(|w| w.ends_with("ana")) && message == "low one" && low, "{text}");
        }
        assert_eq!(page("page ana --low low one"), (None, "ana low one".into(), true));
        assert!(!page("page \"ana\" \"low --low one\" twice").2);
        assert_eq!(page("page \"tries --low now\""), (None, "tries --low now".into(), false));
        assert_eq!(page("page \"ana\" fails --low"), (ana(), "fails".into(), true));
        assert_eq!(page("page it is \"slow --low"), (None, "it is \"slow".into(), true));
        assert!(matches!(parse("page @ana --low"), Err(Problem::Missing { what: "a message", .. })));
        for text in ["page test --low", "page test ana --low", "page test --low ana"] {
            assert_eq!(parse(text), Err(Problem::LowTest), "{text}");
        }
    }

    #[test]
    fn what_is_needed_comes_with_an_example_that_works() {
        let said = |text: &str| parse(text).unwrap_err().to_string();
        assert_eq!(said("#1 ack two"), "`ack` needs a page's number. For instance: `ack 1`.");
        assert_eq!(said("resolve now"), "`resolve` needs a page's number. For instance: `resolve 1`.");
        assert!(said("snooze 2y").starts_with("Reminders are snoozed for a minute to a week"));
        assert!(said("page test --low").contains("`--low` does not belong to it"));
    }
}
