//! What a page says where there are no cards.

use crate::card::fit::shortened;
use crate::card::{Card, PageFacts, plain};
use crate::link::Outside;

/// Characters of a mail's subject.
const SUBJECT: usize = 180;
/// Characters of a text message, its link included: three of the network's own at most.
const SMS: usize = 450;
/// Characters that are read to somebody.
const SPOKEN: usize = 600;

/// The words that acknowledge a page, where commands are typed.
pub fn command(page: &PageFacts) -> String {
    format!("/deploy {}", page.words("ack"))
}

/// One line: what it is about.
pub fn summary(card: &Card) -> String {
    let said = match &card.page {
        Some(page) => page.summary.clone(),
        None => card.title.to_plain(),
    };
    let line: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() { "Rollcall pages you".into() } else { line }
}

/// A mail's subject.
pub fn subject(card: &Card) -> String {
    let about = card.page.as_ref().filter(|page| page.deployment > 0).map(|page| format!(" (#{})", page.deployment));
    let about = about.unwrap_or_default();
    format!("{}{about}", shortened(&summary(card), SUBJECT - about.len()))
}

/// How to acknowledge, in a line or two.
pub fn how(page: &PageFacts, outside: &Outside) -> String {
    match outside.acknowledges(page) {
        Some(link) => format!("Acknowledge: {link}\nOr in the chat or the console: {}", command(page)),
        None => format!("Acknowledge in the chat or the console: {}", command(page)),
    }
}

/// A mail's text.
pub fn text(card: &Card, outside: &Outside) -> String {
    let mut out = plain::card(card);
    if let Some(page) = &card.page {
        out.push_str(&format!("\n{}\n", how(page, outside)));
        if let Some(url) = outside.deployment(page) {
            out.push_str(&format!("The deployment: {url}\n"));
        }
        // A test calls nobody else.
        if page.deployment > 0 {
            out.push_str("\nRollcall goes on to the next person until somebody acknowledges.\n");
        }
    }
    out
}

/// A mail as a page: the same words, and a button.
pub fn html(card: &Card, outside: &Outside) -> String {
    let link = card.page.as_ref().and_then(|page| outside.acknowledges(page));
    let page = maud::html! {
        (maud::DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { (summary(card)) } }
            body style="font-family: sans-serif; font-size: 16px; line-height: 1.4" {
                @if let Some(link) = &link {
                    p { a href=(link) style="display: inline-block; padding: 12px 20px; background: #b91c1c; color: #ffffff; text-decoration: none; border-radius: 6px; font-weight: bold" { "Acknowledge" } }
                }
                pre style="font-family: inherit; white-space: pre-wrap" { (text(card, outside)) }
            }
        }
    };
    page.into_string()
}

/// A text message.
pub fn sms(card: &Card, outside: &Outside) -> String {
    let end = match &card.page {
        Some(page) => match outside.acknowledges(page) {
            Some(link) => format!("\nAcknowledge: {link}"),
            None => format!("\nAcknowledge: {}", command(page)),
        },
        None => String::new(),
    };
    let room = SMS.saturating_sub(end.chars().count()).max(100);
    format!("{}{end}", shortened(&format!("Rollcall: {}", summary(card)), room))
}

/// What a telephone reads aloud, in Twilio's language: twice, for whoever has just woken.
pub fn twiml(card: &Card) -> String {
    let said = format!(
        "This is Rollcall. {}. Acknowledge in the chat, or by the link in your messages.",
        summary(card).trim_end_matches('.')
    );
    let mut escaped = String::with_capacity(said.len());
    for c in shortened(&said, SPOKEN).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            c => escaped.push(c),
        }
    }
    format!("<Response><Say>{escaped}</Say><Pause length=\"1\"/><Say>{escaped}</Say></Response>")
}
