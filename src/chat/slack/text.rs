//! Styled runs as Slack shows them.
//!
//! Slack's own markup (mrkdwn) has no way to escape `*`, `_`, `~`, `` ` `` or `:name:`, so what people type could turn
//! into markup. A text becomes mrkdwn only where that says exactly the same; everything else becomes `rich_text`, in
//! which characters are only characters.

use crate::card::fit::slack as limits;
use crate::domain::text::{Rich, Span};
use crate::domain::time::Timestamp;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::{Map, Value, json};

/// Somebody's account in this workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Slack's id.
    pub user: String,
    /// Where their profile stands, once Slack has said who we are.
    pub profile: Option<String>,
}

/// Somebody's account, by the house's id for them; none where they have none here.
pub type Profiles<'a> = &'a (dyn Fn(&str) -> Option<Account> + Sync);

/// One run of a text.
#[derive(Clone, Debug, PartialEq)]
pub enum Run {
    Text(Span),
    /// A moment, shown in each reader's own time zone.
    Date(Timestamp),
}

/// Runs in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Runs(pub Vec<Run>);

impl Runs {
    pub fn plain(mut self, text: impl Into<String>) -> Self {
        self.0.push(Run::Text(Span { text: text.into(), ..Span::default() }));
        self
    }
    pub fn bold(mut self, text: impl Into<String>) -> Self {
        self.0.push(Run::Text(Span { text: text.into(), bold: true, ..Span::default() }));
        self
    }
    pub fn rich(mut self, rich: &Rich) -> Self {
        self.0.extend(rich.0.iter().filter(|s| !s.text.is_empty()).cloned().map(Run::Text));
        self
    }
    pub fn date(mut self, at: Timestamp) -> Self {
        self.0.push(Run::Date(at));
        self
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&Rich> for Runs {
    fn from(rich: &Rich) -> Self {
        Self::default().rich(rich)
    }
}

/// A paragraph, or a command to copy.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    Text(Runs),
    Code(String),
    Quote(Runs),
}

/// Parts as one block.
pub fn block(parts: &[Part], at: Profiles<'_>) -> Value {
    match as_mrkdwn(parts, at).filter(|m| m.chars().count() <= limits::TEXT) {
        Some(text) => json!({ "type": "section", "text": mrkdwn_object(text) }),
        None => json!({ "type": "rich_text", "elements": as_rich(parts, at) }),
    }
}

/// Small print; plain where its markup cannot be said exactly.
pub fn small(runs: &Runs, at: Profiles<'_>) -> Value {
    match mrkdwn(runs, at).filter(|m| m.chars().count() <= limits::TEXT) {
        Some(text) => mrkdwn_object(text),
        None => plain_object(&to_plain(runs), limits::TEXT),
    }
}

/// Slack's object for its own markup; nothing in it is turned into links or mentions unasked.
pub fn mrkdwn_object(text: String) -> Value {
    json!({ "type": "mrkdwn", "text": text, "verbatim": true })
}

/// Exactly these characters, at most `max` of them. Slack refuses a text without any.
pub fn plain_object(text: &str, max: usize) -> Value {
    let text = if text.trim().is_empty() { "–" } else { text };
    json!({ "type": "plain_text", "text": crate::card::fit::shortened(text, max), "emoji": false })
}

/// Without styles; moments in UTC.
pub fn to_plain(runs: &Runs) -> String {
    let mut out = String::new();
    for run in &runs.0 {
        match run {
            Run::Text(span) => out.push_str(&span.text),
            Run::Date(at) => out.push_str(&utc(*at)),
        }
    }
    out
}

/// A moment for whoever cannot be shown it in their own time zone.
pub fn utc(at: Timestamp) -> String {
    at.utc().format("%Y-%m-%d %H:%M UTC").to_string()
}

/// `&`, `<` and `>` are all that Slack reads as control characters.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn as_mrkdwn(parts: &[Part], at: Profiles<'_>) -> Option<String> {
    let mut out = String::new();
    for part in parts {
        if !out.is_empty() && !out.ends_with("```") {
            out.push('\n');
        }
        match part {
            Part::Text(runs) => out.push_str(&mrkdwn(runs, at)?),
            Part::Code(code) => {
                if code.contains("```") || code.trim().is_empty() || code.starts_with('`') || code.ends_with('`') {
                    return None;
                }
                out.push_str(&format!("```{}```", escape(code)));
            }
            Part::Quote(_) => return None,
        }
    }
    Some(out)
}

fn as_rich(parts: &[Part], at: Profiles<'_>) -> Vec<Value> {
    let mut out = Vec::new();
    for part in parts {
        out.push(match part {
            Part::Text(runs) => json!({ "type": "rich_text_section", "elements": elements(runs, at) }),
            Part::Quote(runs) => json!({ "type": "rich_text_quote", "elements": elements(runs, at) }),
            Part::Code(code) => {
                // An element's text is never empty.
                let code = if code.is_empty() { " " } else { code };
                json!({ "type": "rich_text_preformatted", "elements": [{ "type": "text", "text": code }] })
            }
        });
    }
    out
}

/// The elements of a `rich_text_section`.
fn elements(runs: &Runs, at: Profiles<'_>) -> Vec<Value> {
    let mut out: Vec<Value> = runs.0.iter().filter_map(|run| element(run, at)).collect();
    if out.is_empty() {
        out.push(json!({ "type": "text", "text": " " }));
    }
    out
}

fn element(run: &Run, at: Profiles<'_>) -> Option<Value> {
    let span = match run {
        Run::Date(moment) => {
            return Some(json!({
                "type": "date", "timestamp": moment.0.div_euclid(1000), "format": FORMAT, "fallback": utc(*moment),
            }));
        }
        Run::Text(span) if span.text.is_empty() => return None,
        Run::Text(span) => span,
    };
    let mut out = Map::new();
    match called(span, at).map_or_else(|| Err(leads_to(span, at)), Ok) {
        Ok(user) => {
            out.insert("type".into(), "user".into());
            out.insert("user_id".into(), user.into());
        }
        Err(leads) => match leads {
            Some((url, text)) => {
                out.insert("type".into(), "link".into());
                out.insert("url".into(), url.into());
                out.insert("text".into(), text.into());
            }
            None => {
                out.insert("type".into(), "text".into());
                out.insert("text".into(), span.text.as_str().into());
            }
        },
    }
    let styles = [("bold", span.bold), ("italic", span.italic), ("strike", span.strike), ("code", span.code)];
    let style: Map<String, Value> =
        styles.into_iter().filter(|(_, on)| *on).map(|(name, _)| (name.to_owned(), true.into())).collect();
    if !style.is_empty() {
        out.insert("style".into(), style.into());
    }
    Some(out.into())
}

/// Whom a run calls, by Slack's id: they are notified.
fn called(span: &Span, at: Profiles<'_>) -> Option<String> {
    at(span.person.as_deref().filter(|_| span.call)?).map(|account| account.user)
}

/// How a moment is written, in each reader's own time zone and language.
const FORMAT: &str = "{date_short_pretty} {time}";

/// Where a run leads, and its words: its link, or the profile of the person it names, whom that does not call.
fn leads_to(span: &Span, at: Profiles<'_>) -> Option<(String, String)> {
    if let Some(id) = &span.person {
        return at(id)?.profile.map(|url| (url, format!("@{}", span.text)));
    }
    let link = span.link.as_deref()?;
    let scheme = link.split(':').next().unwrap_or_default();
    let safe = ["http", "https", "mailto"].iter().any(|s| scheme.eq_ignore_ascii_case(s));
    (safe && link.len() > scheme.len() + 1 && link.chars().count() <= limits::URL)
        .then(|| (link.to_owned(), span.text.clone()))
}

/// Characters that style, unless they stand inside a word.
const MARKERS: [char; 4] = ['*', '_', '~', '`'];

/// The runs as mrkdwn, if that says exactly the same.
pub fn mrkdwn(runs: &Runs, at: Profiles<'_>) -> Option<String> {
    let mut out = String::new();
    for (i, run) in runs.0.iter().enumerate() {
        match run {
            Run::Date(moment) => {
                out.push_str(&format!("<!date^{}^{FORMAT}|{}>", moment.0.div_euclid(1000), utc(*moment)));
            }
            Run::Text(span) => {
                let before = runs.0[..i].iter().rev().find_map(|r| edge(r, false));
                let after = runs.0[i + 1..].iter().find_map(|r| edge(r, true));
                out.push_str(&run_as_mrkdwn(span, before, after, at)?);
            }
        }
    }
    (!out.trim().is_empty() && !has_emoji_code(&to_plain(runs))).then_some(out)
}

fn edge(run: &Run, first: bool) -> Option<char> {
    match run {
        Run::Date(_) => Some('0'),
        Run::Text(span) if first => span.text.chars().next(),
        Run::Text(span) => span.text.chars().next_back(),
    }
}

fn run_as_mrkdwn(span: &Span, before: Option<char>, after: Option<char>, at: Profiles<'_>) -> Option<String> {
    if let Some(user) = called(span, at) {
        return Some(format!("<@{user}>"));
    }
    let leads = leads_to(span, at);
    let words = leads.as_ref().map_or(span.text.as_str(), |(_, words)| words.as_str());
    let marks: String = [(span.bold, '*'), (span.italic, '_'), (span.strike, '~'), (span.code, '`')]
        .iter()
        .filter(|(on, _)| *on)
        .map(|(_, mark)| *mark)
        .collect();
    if span.code {
        if words.contains(['`', '\n']) || leads.is_some() {
            return None;
        }
    } else if !is_exact(words, before, after) {
        return None;
    }
    if marks.is_empty() && leads.is_none() {
        return Some(escape(words));
    }
    // Markup must hug its words, and stand free of the words around.
    let inner = words.trim();
    let (lead, trail) = (&words[..words.len() - words.trim_start().len()], &words[words.trim_end().len()..]);
    if inner.is_empty() {
        return Some(words.to_owned());
    }
    let free =
        |c: Option<char>, space: &str| !space.is_empty() || c.is_none_or(|c| c.is_whitespace() || AROUND.contains(c));
    let stands_free = marks.is_empty() || free(before, lead) && free(after, trail);
    if inner.contains('\n') || !stands_free {
        return None;
    }
    let said = match &leads {
        Some((url, _)) => {
            let url = url.replace('<', "%3C").replace('>', "%3E").replace('|', "%7C").replace(' ', "%20");
            format!("<{}|{}>", url.replace('&', "&amp;"), escape(inner))
        }
        None => escape(inner),
    };
    let back: String = marks.chars().rev().collect();
    Some(format!("{lead}{marks}{said}{back}{trail}"))
}

/// What may touch styled words.
const AROUND: &str = "()[]\"“”.,;!?—–…";

/// Whether Slack would show exactly these characters.
fn is_exact(text: &str, before: Option<char>, after: Option<char>) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied();
    let starts_line = before.is_none_or(|c| c == '\n');
    let quotes = |line: &str| line.trim_start().starts_with('>');
    let mut lines = text.split('\n');
    if lines.next().is_some_and(|first| starts_line && quotes(first)) || lines.any(quotes) {
        return false;
    }
    chars.iter().enumerate().all(|(i, c)| {
        let (left, right) = (if i == 0 { before } else { at(i - 1) }, at(i + 1).or(after));
        let in_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        !MARKERS.contains(c) || *c != '`' && in_word(left) && in_word(right)
    })
}

/// `:name:` would become a picture.
fn has_emoji_code(text: &str) -> bool {
    let mut rest = text;
    while let Some(start) = rest.find(':') {
        rest = &rest[start + 1..];
        let name =
            rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '\''))).unwrap_or(rest.len());
        if name > 0 && rest[name..].starts_with(':') && rest[..name].contains(|c: char| !c.is_ascii_digit()) {
            return true;
        }
    }
    false
}

/// The small Markdown of replies, as parts.
pub fn markdown(source: &str) -> Vec<Part> {
    let mut reader = Reader::default();
    for event in Parser::new_ext(source, Options::ENABLE_STRIKETHROUGH) {
        reader.take(event);
    }
    reader.end_paragraph();
    reader.parts
}

#[derive(Default)]
struct Reader {
    parts: Vec<Part>,
    now: Rich,
    style: Span,
    /// Lists around, each with the number of its next item if it counts.
    lists: Vec<Option<u64>>,
    quotes: usize,
    code: Option<String>,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => match &mut self.code {
                Some(code) => code.push_str(&text),
                None => self.push(text.into_string(), false),
            },
            Event::Code(text) => self.push(text.into_string(), true),
            Event::SoftBreak => self.push(" ".into(), false),
            Event::HardBreak => self.push("\n".into(), false),
            _ => {}
        }
    }

    fn push(&mut self, text: String, code: bool) {
        self.now.push(Span { text, code, ..self.style.clone() });
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Strong => self.style.bold = true,
            Tag::Emphasis => self.style.italic = true,
            Tag::Strikethrough => self.style.strike = true,
            Tag::Link { dest_url, .. } => self.style.link = Some(dest_url.into_string()),
            Tag::Heading { .. } => self.style.bold = true,
            Tag::CodeBlock(_) => {
                self.end_paragraph();
                self.code = Some(String::new());
            }
            Tag::BlockQuote(_) => {
                self.end_paragraph();
                self.quotes += 1;
            }
            Tag::List(first) => self.lists.push(first),
            Tag::Item => {
                if !self.now.is_empty() {
                    self.push("\n".into(), false);
                }
                let indent = "    ".repeat(self.lists.len().saturating_sub(1));
                let mark = match self.lists.last_mut() {
                    Some(Some(n)) => {
                        *n += 1;
                        format!("{}. ", *n - 1)
                    }
                    _ => "• ".into(),
                };
                self.push(format!("{indent}{mark}"), false);
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Strong => self.style.bold = false,
            TagEnd::Emphasis => self.style.italic = false,
            TagEnd::Strikethrough => self.style.strike = false,
            TagEnd::Link => self.style.link = None,
            TagEnd::Heading(_) => {
                self.style.bold = false;
                self.end_paragraph();
            }
            TagEnd::CodeBlock => {
                let code = self.code.take().unwrap_or_default();
                self.parts.push(Part::Code(code.trim_end_matches('\n').to_owned()));
            }
            TagEnd::BlockQuote(_) => {
                self.end_paragraph();
                self.quotes = self.quotes.saturating_sub(1);
            }
            TagEnd::List(_) => {
                self.lists.pop();
                if self.lists.is_empty() {
                    self.end_paragraph();
                }
            }
            TagEnd::Paragraph if self.lists.is_empty() => self.end_paragraph(),
            _ => {}
        }
    }

    /// A text that follows a text joins it, so that only code and quotes stand apart.
    fn end_paragraph(&mut self) {
        let rich = std::mem::take(&mut self.now);
        if rich.is_empty() {
            return;
        }
        if self.quotes > 0 {
            self.parts.push(Part::Quote(Runs::from(&rich)));
        } else if let Some(Part::Text(runs)) = self.parts.last_mut() {
            *runs = std::mem::take(runs).plain("\n\n").rich(&rich);
        } else {
            self.parts.push(Part::Text(Runs::from(&rich)));
        }
    }
}

#[cfg(test)]
mod tests;
