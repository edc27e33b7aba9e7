//! Every length and count a surface can show, and how a card is made to fit.
//!
//! The order of giving way: notes of settled items, then details, then long code, then small print, then long texts,
//! and last the tail of the text. The line and tick of a message's ten items, and the card's buttons are never dropped.

use super::{Block, Card, ItemLine, Shown};
use crate::domain::text::Rich;

/// What a surface can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Characters of the title.
    pub title: usize,
    /// Characters of one text, detail or command.
    pub text: usize,
    /// Characters of the whole card.
    pub total: usize,
    /// Blocks of a card.
    pub blocks: usize,
    /// As how many of them an item counts.
    pub item: usize,
    /// Characters of a button.
    pub label: usize,
    /// Buttons of a card.
    pub buttons: usize,
}

/// The console's own page: bounded so that one message stays readable and cheap to send.
pub const CONSOLE: Limits =
    Limits { title: 300, text: 4_000, total: 40_000, blocks: 120, item: 1, label: 200, buttons: 50 };

/// A Slack message: of its 50 blocks the title, rows of buttons and the choice for items take some; an item may need a
/// box of its own and a block below it. The title leaves room for its sign and the word REHEARSAL.
pub const SLACK: Limits =
    Limits { title: 130, text: 2_800, total: 11_000, blocks: 44, item: 2, label: slack::BUTTON_TEXT, buttons: 25 };

/// What parts of Slack's messages and views hold, in characters unless something else is said.
pub mod slack {
    /// Blocks of a message.
    pub const BLOCKS: usize = 50;
    /// All texts of a message's blocks, as Slack counts them: escaped. With an answer before it, a card still fits.
    pub const ALL: usize = 12_000;
    /// A header.
    pub const HEADER: usize = 150;
    /// A text in Slack's markup.
    pub const TEXT: usize = 3_000;
    /// The text that stands for the blocks in notifications.
    pub const FALLBACK: usize = 2_500;
    /// What somebody is told, with a card or alone.
    pub const ANSWER_WITH_CARD: usize = 1_200;
    pub const ANSWER: usize = 12_000;
    /// Texts in one block of small print.
    pub const CONTEXT: usize = 10;
    /// Buttons and the like in one block.
    pub const ACTIONS: usize = 25;
    /// Boxes in one element.
    pub const CHECKBOXES: usize = 10;
    /// Options of a choice; groups of options.
    pub const OPTIONS: usize = 100;
    pub const OPTION_TEXT: usize = 75;
    pub const OPTION_VALUE: usize = 150;
    pub const PLACEHOLDER: usize = 150;
    pub const BUTTON_TEXT: usize = 75;
    pub const CONFIRM_TITLE: usize = 100;
    pub const CONFIRM_TEXT: usize = 300;
    pub const CONFIRM_BUTTON: usize = 30;
    /// Ids of blocks and actions.
    pub const ID: usize = 255;
    /// A link's address.
    pub const URL: usize = 3_000;
    /// A modal's title, and its buttons.
    pub const MODAL_TITLE: usize = 24;
    /// Above an input.
    pub const LABEL: usize = 2_000;
    /// Below an input.
    pub const HINT: usize = 2_000;
    /// What people write into an input.
    pub const INPUT: usize = 3_000;
    /// A refusal inside a modal.
    pub const ERROR: usize = 1_000;
    /// What a modal carries unseen.
    pub const METADATA: usize = 3_000;
    /// Blocks of a view.
    pub const VIEW_BLOCKS: usize = 100;
}

/// A message on Discord, before what it takes to draw it there: drawn, it is made to fit [`discord`].
pub const DISCORD: Limits =
    Limits { title: 200, text: 1_000, total: 3_400, blocks: 60, item: 1, label: discord::BUTTON_LABEL, buttons: 25 };

/// What Discord takes, in UTF-16 code units where it is text. Its own library checks few of these.
pub mod discord {
    pub const CONTENT: usize = 2_000;
    pub const EMBED_TITLE: usize = 256;
    pub const EMBED_DESCRIPTION: usize = 4_096;
    pub const EMBED_AUTHOR: usize = 256;
    pub const EMBED_FOOTER: usize = 2_048;
    pub const FIELDS: usize = 25;
    pub const FIELD_NAME: usize = 256;
    pub const FIELD_VALUE: usize = 1_024;
    /// Title, description, author, footer and fields of all embeds of a message together.
    pub const EMBEDS: usize = 6_000;
    pub const ROWS: usize = 5;
    pub const BUTTONS_IN_ROW: usize = 5;
    pub const BUTTON_LABEL: usize = 80;
    pub const CUSTOM_ID: usize = 100;
    pub const OPTIONS: usize = 25;
    /// Label, value and description of an option; name and value of a choice.
    pub const OPTION: usize = 100;
    pub const PLACEHOLDER: usize = 150;
    pub const MODAL_TITLE: usize = 45;
    pub const INPUT_LABEL: usize = 45;
    pub const INPUT_PLACEHOLDER: usize = 100;
    /// Different emoji on one message.
    pub const REACTIONS: usize = 20;
    pub const NONCE: usize = 25;
    pub const THREAD_NAME: usize = 100;
    /// Subcommands and groups of a command, subcommands of a group, options of a subcommand, choices of an option.
    pub const SUBCOMMANDS: usize = 25;
    pub const COMMAND_NAME: usize = 32;
    pub const COMMAND_DESCRIPTION: usize = 100;
    /// Names, descriptions and choices of a whole command.
    pub const COMMAND: usize = 8_000;
}

/// Draws a card, with ever less of it until what was drawn is one that `fits`; the last try is given back as it is.
pub fn draw<T>(card: &Card, limits: &Limits, draw: impl Fn(&Card) -> T, fits: impl Fn(&T) -> bool) -> T {
    let mut drawn = draw(card);
    let mut limits = *limits;
    for _ in 0..12 {
        if fits(&drawn) {
            break;
        }
        limits = Limits { text: limits.text * 3 / 4, total: limits.total * 3 / 4, ..limits };
        drawn = draw(&fit(card.clone(), &limits));
    }
    drawn
}

/// At most `max` UTF-16 code units, in whole characters; what was cut shows as `…`.
pub fn cut(text: &str, max: usize) -> String {
    if text.encode_utf16().count() <= max {
        return text.to_owned();
    }
    let mut left = max.saturating_sub(1);
    let mut out = String::new();
    for c in text.chars() {
        let Some(rest) = left.checked_sub(c.len_utf16()) else { break };
        left = rest;
        out.push(c);
    }
    out.push('…');
    out
}

/// Makes a card fit. A card that fits is returned as it is.
pub fn fit(mut card: Card, limits: &Limits) -> Card {
    card.title = shorten(&card.title, limits.title);
    for block in &mut card.blocks {
        cut_texts(block, limits.text);
    }
    card.buttons.truncate(limits.buttons);
    let of_items = items(&mut card).map(|i| &mut i.buttons).collect::<Vec<_>>();
    for button in of_items.into_iter().flatten() {
        button.label = shortened(&button.label, limits.label);
    }
    card.buttons.iter_mut().for_each(|b| b.label = shortened(&b.label, limits.label));
    let steps: [fn(&mut Card, usize); 5] =
        [quiet_settled, one_detail, short_code, no_small_print, |card, total| short_texts(card, total)];
    for step in steps {
        if fits(&card, limits) {
            return card;
        }
        step(&mut card, limits.total);
    }
    cut_tail(&mut card, limits);
    card
}

fn fits(card: &Card, limits: &Limits) -> bool {
    height(card, limits) <= limits.blocks && size(card) <= limits.total
}

/// The blocks it takes.
fn height(card: &Card, limits: &Limits) -> usize {
    card.blocks.iter().map(|b| if matches!(b, Block::Item { .. }) { limits.item } else { 1 }).sum()
}

/// The characters of a card.
pub fn size(card: &Card) -> usize {
    chars(&card.title)
        + card.blocks.iter().map(block_size).sum::<usize>()
        + card.buttons.iter().map(|b| b.label.chars().count()).sum::<usize>()
}

fn block_size(block: &Block) -> usize {
    match block {
        Block::Text { text } | Block::Context { text } => chars(text),
        Block::Bar { .. } => 0,
        Block::Facts { facts } => facts.iter().map(|f| f.label.chars().count() + chars(&f.value)).sum(),
        Block::Group { text, .. } => chars(text) + 12,
        Block::Item { item } => item_size(item),
        Block::Code { code } => code.code.chars().count(),
    }
}

fn item_size(item: &ItemLine) -> usize {
    chars(&item.text)
        + 12
        + item.who.as_ref().map_or(0, |w| w.name.chars().count())
        // A moment, and what parts it from its neighbours.
        + item.at.map_or(0, |_| 26)
        + item.tags.iter().map(|t| t.text.chars().count() + 3).sum::<usize>()
        + item.details.iter().map(chars).sum::<usize>()
        + item.commands.iter().map(|c| c.code.chars().count()).sum::<usize>()
}

fn chars(rich: &Rich) -> usize {
    rich.0.iter().map(|s| s.text.chars().count()).sum()
}

/// At most `max` characters; what was cut shows as `…`.
pub fn shorten(rich: &Rich, max: usize) -> Rich {
    if chars(rich) <= max {
        return rich.clone();
    }
    let mut left = max.saturating_sub(1);
    let mut out = Rich::default();
    for span in &rich.0 {
        let mut span = span.clone();
        span.text = span.text.chars().take(left).collect();
        left -= span.text.chars().count();
        out.push(span);
        if left == 0 {
            break;
        }
    }
    out.push(crate::domain::text::Span { text: "…".into(), ..Default::default() });
    out
}

/// At most `max` characters; what was cut shows as `…`.
pub fn shortened(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    text.chars().take(max.saturating_sub(1)).chain(['…']).collect()
}

fn shorten_code(code: &mut String, max: usize) {
    *code = shortened(code, max);
}

/// Characters of a tag: a few words.
const TAG: usize = 60;

fn cut_texts(block: &mut Block, max: usize) {
    match block {
        Block::Text { text } | Block::Context { text } | Block::Group { text, .. } => *text = shorten(text, max),
        Block::Facts { facts } => facts.iter_mut().for_each(|f| f.value = shorten(&f.value, max)),
        Block::Code { code } => shorten_code(&mut code.code, max),
        Block::Item { item } => {
            item.text = shorten(&item.text, max);
            item.tags.iter_mut().for_each(|t| t.text = shortened(&t.text, max.min(TAG)));
            item.details.iter_mut().for_each(|d| *d = shorten(d, max));
            item.commands.iter_mut().for_each(|c| shorten_code(&mut c.code, max));
        }
        Block::Bar { .. } => {}
    }
}

fn items(card: &mut Card) -> impl Iterator<Item = &mut ItemLine> {
    card.blocks.iter_mut().filter_map(|b| match b {
        Block::Item { item } => Some(&mut **item),
        _ => None,
    })
}

fn quiet_settled(card: &mut Card, _: usize) {
    for item in items(card).filter(|i| matches!(i.state, Shown::Ticked | Shown::Skipped | Shown::Closed)) {
        item.details.truncate(1);
        item.commands.clear();
    }
}

fn one_detail(card: &mut Card, _: usize) {
    items(card).for_each(|i| i.details.truncate(1));
}

fn short_code(card: &mut Card, total: usize) {
    let max = (total / 20).max(40);
    for block in &mut card.blocks {
        match block {
            Block::Code { code } => shorten_code(&mut code.code, max),
            Block::Item { item } => item.commands.iter_mut().for_each(|c| shorten_code(&mut c.code, max)),
            _ => {}
        }
    }
}

fn no_small_print(card: &mut Card, _: usize) {
    card.blocks.retain(|b| !matches!(b, Block::Context { .. }));
}

fn short_texts(card: &mut Card, total: usize) {
    let max = (total / 25).max(30);
    card.blocks.iter_mut().for_each(|b| cut_texts(b, max));
}

fn cut_tail(card: &mut Card, limits: &Limits) {
    let mut dropped = 0;
    while !fits(card, limits) || (dropped > 0 && height(card, limits) >= limits.blocks) {
        let giving_way = |b: &Block| !matches!(b, Block::Item { .. } | Block::Bar { .. });
        // A section's message has ten items at most; only who asks for more of them at once gets fewer.
        let Some(at) = card.blocks.iter().rposition(giving_way).or(card.blocks.len().checked_sub(1)) else { break };
        card.blocks.remove(at);
        dropped += 1;
    }
    if dropped > 0 {
        card.blocks.push(Block::Context { text: Rich::plain(format!("+{dropped} more in the console")) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::Tone;

    fn card(blocks: Vec<Block>) -> Card {
        Card {
            title: "t".into(),
            tone: Tone::Plain,
            rehearsal: false,
            broadcast: false,
            blocks,
            buttons: vec![],
            page: None,
        }
    }

    #[test]
    fn what_fits_is_left_alone() {
        let c = card(vec![Block::Text { text: "short".into() }]);
        assert_eq!(fit(c.clone(), &CONSOLE), c);
    }

    #[test]
    fn a_long_text_is_cut_with_a_sign() {
        assert_eq!(shorten(&"abcdef".into(), 4).to_plain(), "abc…");
        assert_eq!(shorten(&"abcd".into(), 4).to_plain(), "abcd");
    }

    #[test]
    fn the_tail_gives_way_and_says_so() {
        let limits = Limits { title: 10, text: 50, total: 200, blocks: 5, ..CONSOLE };
        let many = (0..40).map(|_| Block::Text { text: Rich::plain("x".repeat(60)) }).collect();
        let fitted = fit(card(many), &limits);
        assert!(fitted.blocks.len() <= 5 && size(&fitted) <= 200, "{fitted:?}");
        assert!(
            matches!(fitted.blocks.last(), Some(Block::Context { text }) if text.to_plain().contains("more in the console"))
        );
    }
}
