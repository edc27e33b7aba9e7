//! What may be put on a message as a reaction: one emoji, and never words or what hides among them.

/// Characters one emoji is made of, at most: a family of four with skin tones has eleven.
const LONGEST: usize = 12;

const JOINER: char = '\u{200D}';
const AS_PICTURE: char = '\u{FE0F}';
const KEYCAP: char = '\u{20E3}';

/// Whether this is one emoji.
pub fn is_one(text: &str) -> bool {
    let chars: Vec<char> = text.chars().take(LONGEST + 1).collect();
    match chars.as_slice() {
        [] => false,
        _ if chars.len() > LONGEST => false,
        ['0'..='9' | '#' | '*', KEYCAP] | ['0'..='9' | '#' | '*', AS_PICTURE, KEYCAP] => true,
        // A flag is two letters of its own kind.
        [a, b] if is_flag_letter(*a) && is_flag_letter(*b) => true,
        _ => chars.split(|c| *c == JOINER).all(is_picture),
    }
}

/// Whether it ticks: `1️⃣` … `🔟`, and `✅` for all.
pub fn means_something(text: &str) -> bool {
    let plain: Vec<char> = text.chars().filter(|c| *c != AS_PICTURE).collect();
    matches!(plain.as_slice(), ['1'..='9', KEYCAP] | ['🔟'] | ['✅'])
}

/// A picture, maybe with a skin tone, maybe marked as a picture.
fn is_picture(chars: &[char]) -> bool {
    match chars {
        [base] => is_base(*base),
        [base, AS_PICTURE] | [base, '\u{1F3FB}'..='\u{1F3FF}'] | [base, '\u{1F3FB}'..='\u{1F3FF}', AS_PICTURE] => {
            is_base(*base)
        }
        _ => false,
    }
}

fn is_flag_letter(c: char) -> bool {
    matches!(c, '\u{1F1E6}'..='\u{1F1FF}')
}

/// The blocks pictures come from, without their letters and flag letters.
fn is_base(c: char) -> bool {
    matches!(c,
        '\u{00A9}' | '\u{00AE}' | '\u{203C}' | '\u{2049}' | '\u{2122}' | '\u{2139}'
        | '\u{2194}'..='\u{2199}' | '\u{21A9}' | '\u{21AA}'
        | '\u{231A}' | '\u{231B}' | '\u{2328}' | '\u{23CF}' | '\u{23E9}'..='\u{23FA}'
        | '\u{25AA}' | '\u{25AB}' | '\u{25B6}' | '\u{25C0}' | '\u{25FB}'..='\u{25FE}'
        | '\u{2600}'..='\u{27BF}' | '\u{2934}' | '\u{2935}'
        | '\u{2B05}'..='\u{2B07}' | '\u{2B1B}' | '\u{2B1C}' | '\u{2B50}' | '\u{2B55}'
        | '\u{1F004}' | '\u{1F0CF}' | '\u{1F18E}' | '\u{1F191}'..='\u{1F19A}'
        | '\u{1F300}'..='\u{1F64F}' | '\u{1F680}'..='\u{1F6FF}' | '\u{1F7E0}'..='\u{1F7F0}'
        | '\u{1F900}'..='\u{1F9FF}' | '\u{1FA70}'..='\u{1FAFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_emoji_and_nothing_else() {
        for emoji in ["1️⃣", "1⃣", "🔟", "✅", "🎉", "👍🏽", "❤️", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "🕵🏽‍♀️", "⚠️"]
        {
            assert!(is_one(emoji), "{emoji}");
        }
        for other in [
            "",
            "a",
            "1",
            "APPROVED",
            "✅✅",
            "🎉 ",
            "é",
            "\u{202E}🎉",
            "🎉\u{202E}",
            "\u{200D}",
            "🎉\u{200D}",
            "\u{FE0F}",
            "🇩",
            "🇩🇪🇫🇷",
            "\0",
            "🎉\n",
            "<b>",
            "🄰",
            "1️⃣2️⃣",
            "\u{1F3F4}\u{E0067}\u{E007F}",
            &"🎉\u{200D}".repeat(40),
        ] {
            assert!(!is_one(other), "{other:?}");
        }
        assert!(["1️⃣", "9⃣", "🔟", "✅"].into_iter().all(means_something));
        assert!(["0️⃣", "🎉", "1", ""].into_iter().all(|e| !means_something(e)));
    }
}
