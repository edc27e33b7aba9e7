//! Text that was saved in a wrong encoding: UTF-8 read as Windows-1252 ("â‰¤") or Mac Roman ("‚â§"), mended where
//! there is no doubt what it was.
//!
//! Only runs of characters beyond ASCII are looked at. A run is certain when its bytes are UTF-8 for characters that
//! people put into such pages (signs, arrows, emoji) or for several characters in a row; letters with an accent
//! ("Ã©") follow where the page holds something certain, or nothing that speaks against it.

/// The characters of Mac Roman from 0x80.
const MAC: &str = "ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø¿¡¬√ƒ≈∆«»… ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\u{f8ff}ÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ";
/// The characters of Windows-1252 from 0x80 to 0x9f; those it does not have are control characters.
const WINDOWS: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";

/// A mended text.
#[derive(Debug, PartialEq)]
pub(super) struct Mended {
    pub(super) text: String,
    /// Line of the first place, from 1.
    pub(super) line: u32,
    /// How many places.
    pub(super) count: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Coding {
    Windows,
    Mac,
}

#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Certainty {
    /// Accented letters only.
    Likely,
    Certain,
}

/// The text as it was meant, or none where nothing is wrong with it. What was saved wrongly twice is mended twice.
pub(super) fn mend(text: &str) -> Option<Mended> {
    let first = once(text)?;
    Some(match once(&first.text) {
        Some(second) => Mended { text: second.text, ..first },
        None => first,
    })
}

fn once(text: &str) -> Option<Mended> {
    // What mangled UTF-8 begins with: all that costs a page in order one look.
    if !text.contains([
        'Ã', 'Â', 'â', 'ð', 'ï', 'Ä', 'Å', 'Î', 'Ð', 'Ñ', 'æ', 'å', 'ç', 'è', 'é', 'ä', 'ã', '‚', '√', '¬', '\u{f8ff}',
        'Ô', 'ü', 'Ë', 'Œ',
    ]) {
        return None;
    }
    let runs = runs(text);
    let (mut certain, mut likely, mut against) = ([0_usize; 2], [0_usize; 2], 0_usize);
    let mut found: Vec<(std::ops::Range<usize>, Coding, Certainty, String)> = Vec::new();
    for run in runs {
        let part = &text[run.clone()];
        match read(part, text, &run) {
            Some((coding, sure, meant)) => {
                let index = usize::from(coding == Coding::Mac);
                if sure == Certainty::Certain {
                    certain[index] += 1
                } else {
                    likely[index] += 1
                }
                found.push((run, coding, sure, meant));
            }
            None if part.chars().any(char::is_alphabetic) => against += 1,
            None => {}
        }
    }
    let mends = |coding: Coding, sure: Certainty| {
        let index = usize::from(coding == Coding::Mac);
        sure == Certainty::Certain || certain[index] > 0 || (against == 0 && likely[index] >= 2)
    };
    let mut out = String::with_capacity(text.len());
    let (mut at, mut first, mut count) = (0, None, 0);
    for (run, coding, sure, meant) in found {
        if !mends(coding, sure) {
            continue;
        }
        first.get_or_insert(run.start);
        count += 1;
        out.push_str(&text[at..run.start]);
        out.push_str(&meant);
        at = run.end;
    }
    out.push_str(&text[at..]);
    let breaks = text[..first?].bytes().filter(|b| *b == b'\n').count();
    Some(Mended { text: out, line: u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1), count })
}

/// Ranges of characters that are not ASCII.
fn runs(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut out: Vec<std::ops::Range<usize>> = Vec::new();
    for (i, b) in text.bytes().enumerate().filter(|(_, b)| !b.is_ascii()) {
        let _ = b;
        match out.last_mut() {
            Some(last) if last.end == i => last.end = i + 1,
            _ => out.push(i..i + 1),
        }
    }
    out
}

fn read(part: &str, text: &str, run: &std::ops::Range<usize>) -> Option<(Coding, Certainty, String)> {
    if let Some(meant) = decoded(part, windows) {
        return judge(part, &meant).map(|sure| (Coding::Windows, sure, meant));
    }
    if let Some(meant) = decoded(part, mac) {
        return judge(part, &meant).map(|sure| (Coding::Mac, sure, meant));
    }
    // The first of an emoji's four is a sign that many programs drop: "üöÄ".
    let alone = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    let before = text[..run.start].chars().next_back();
    let after = text[run.end..].chars().next();
    if part.starts_with('ü') && part.chars().count() >= 3 && alone(before) && alone(after) {
        let meant = decoded(&format!("\u{f8ff}{part}"), mac)?;
        let is_emoji = |c: char| matches!(c, '\u{1f300}'..='\u{1faff}' | '\u{fe0f}' | '\u{200d}');
        return meant.chars().all(is_emoji).then_some((Coding::Mac, Certainty::Certain, meant));
    }
    None
}

/// The characters whose UTF-8 bytes these characters stand for.
fn decoded(part: &str, byte: impl Fn(char) -> Option<u8>) -> Option<String> {
    let bytes: Option<Vec<u8>> = part.chars().map(byte).collect();
    let meant = String::from_utf8(bytes?).ok()?;
    let fits = meant.chars().all(|c| !c.is_control() && c != char::REPLACEMENT_CHARACTER);
    (fits && meant.chars().count() < part.chars().count()).then_some(meant)
}

fn judge(part: &str, meant: &str) -> Option<Certainty> {
    let sign = |c: char| matches!(c, '\u{2000}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}' | '\u{fe0f}' | '\u{feff}' | '\u{e0020}'..='\u{e007f}' );
    // Several characters in a row, each of three letters or more, do not come about by chance.
    let long = meant.chars().count() >= 2 && part.chars().count() >= 3 * meant.chars().count();
    if meant.chars().any(sign) || long {
        return Some(Certainty::Certain);
    }
    meant.chars().all(|c| u32::from(c) < 0x800).then_some(Certainty::Likely)
}

fn windows(c: char) -> Option<u8> {
    match u32::from(c) {
        n @ 0xa0..=0xff => u8::try_from(n).ok(),
        _ => position(WINDOWS, c).map(|n| 0x80 + n),
    }
}

fn mac(c: char) -> Option<u8> {
    position(MAC, c).map(|n| 0x80 + n)
}

fn position(table: &str, c: char) -> Option<u8> {
    u8::try_from(table.chars().position(|t| t == c)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mangled(text: &str, table: &dyn Fn(u8) -> char) -> String {
        text.bytes().map(|b| if b.is_ascii() { char::from(b) } else { table(b) }).collect()
    }

    fn as_windows(b: u8) -> char {
        if b >= 0xa0 { char::from(b) } else { WINDOWS.chars().nth(usize::from(b - 0x80)).unwrap() }
    }

    fn as_mac(b: u8) -> char {
        MAC.chars().nth(usize::from(b - 0x80)).unwrap()
    }

    #[test]
    fn the_tables_are_whole() {
        assert_eq!((MAC.chars().count(), WINDOWS.chars().count()), (128, 32));
    }

    #[test]
    fn what_was_mangled_comes_back() {
        for text in
            ["🚀 Deploy", "latency ≤ 5 ms → go", "✅ done — “quoted” ⚠️", "日本語の手順", "≤", "Приёмка готова • ok"]
        {
            for table in [&as_windows as &dyn Fn(u8) -> char, &as_mac] {
                let broken = mangled(text, table);
                assert_eq!(mend(&broken).map(|m| m.text).as_deref(), Some(text), "{broken}");
            }
        }
        // Accents alone: two of them, or one beside something certain.
        assert_eq!(mend("piÃ¹ e continuitÃ\u{a0}").map(|m| m.text).as_deref(), Some("più e continuità"));
        assert_eq!(mend("ðŸš€ piÃ¹").map(|m| m.text).as_deref(), Some("🚀 più"));
        assert_eq!(mend("# üöÄ Deploy").map(|m| m.text).as_deref(), Some("# 🚀 Deploy"));
        let twice = mangled(&mangled("Don’t go: ≤ 5", &as_windows), &as_windows);
        assert_eq!(mend(&twice).map(|m| m.text).as_deref(), Some("Don’t go: ≤ 5"));
        let mended = mend("a\nb â‰¤ 5\nc â‰¤ 6\n").unwrap();
        assert_eq!((mended.line, mended.count), (2, 2));
    }

    #[test]
    fn what_is_right_stays() {
        for text in [
            "Überprüfung der Änderungen, größer als 5 µm",
            "l’été… «déjà» — naïve façade, Ça va, château",
            "Instalação São João, coração, Ação",
            "手順 🚀 ≤ 5 — “ok” ✅",
            "CAFÉ» und «É»",
            "Ærø, Ångström, Ñandú, ¿Qué?",
            "Приёмка",
            "naïve ü ö Ä",
        ] {
            assert_eq!(mend(text), None, "{text}");
        }
    }
}
