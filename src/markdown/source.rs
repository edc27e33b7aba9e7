//! Bytes of a file to text that is safe to read: UTF-8, one kind of line break, nothing invisible.

use super::mojibake;
use crate::domain::checklist::{Diagnostic, Severity};
use std::borrow::Cow;

/// Larger files are refused: no checklist is this long, and reading must stay quick.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;

/// The text of a page, or why it cannot be read.
pub(super) fn text(bytes: &[u8], diagnostics: &mut Vec<Diagnostic>) -> Option<String> {
    match checked(bytes) {
        Err(e) => {
            diagnostics.push(e);
            None
        }
        Ok(text) => {
            let mended = mojibake::mend(text);
            if let Some(m) = &mended {
                let (line, count) = (m.line, m.count);
                let message = format!(
                    "The file was saved in a wrong encoding: {count} place(s), the first on this line, are shown as they \
                     were meant. The file itself stays as it is; save it anew as UTF-8."
                );
                diagnostics.push(Diagnostic { severity: Severity::Warning, line, message });
            }
            let text = mended.as_ref().map_or(text, |m| m.text.as_str());
            let text = text.strip_prefix('\u{feff}').unwrap_or(text);
            if text.trim().is_empty() {
                diagnostics.push(error(0, "The file is empty."));
                return None;
            }
            Some(visible(&unix(text), diagnostics))
        }
    }
}

fn checked(bytes: &[u8]) -> Result<&str, Diagnostic> {
    if bytes.len() > MAX_BYTES {
        return Err(error(
            0,
            format!("The file is larger than {} MiB; split it into several checklists.", MAX_BYTES / 1024 / 1024),
        ));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| {
        let at = e.valid_up_to();
        error(
            line_at(bytes, at),
            format!("The file is not UTF-8: byte {at} (counted from 0) is wrong. Save it as UTF-8."),
        )
    })?;
    match bytes.iter().position(|b| *b == 0) {
        Some(at) => Err(error(
            line_at(bytes, at),
            format!("The file holds a NUL byte (byte {at}, counted from 0): it is not a text file."),
        )),
        None => Ok(text),
    }
}

fn line_at(bytes: &[u8], at: usize) -> u32 {
    let breaks = bytes.iter().take(at).filter(|b| **b == b'\n').count();
    u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1)
}

fn error(line: u32, message: impl Into<String>) -> Diagnostic {
    Diagnostic { severity: Severity::Error, line, message: message.into() }
}

fn unix(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")) } else { Cow::Borrowed(text) }
}

/// Characters that hide or turn around what stands next to them.
fn is_unseen(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        c => c.is_control(),
    }
}

fn visible(text: &str, diagnostics: &mut Vec<Diagnostic>) -> String {
    let mut first = None;
    let mut count = 0usize;
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        if is_unseen(c) {
            first.get_or_insert(at);
            count += 1;
            out.push(char::REPLACEMENT_CHARACTER);
        } else {
            out.push(c);
        }
    }
    if let Some(at) = first {
        diagnostics.push(Diagnostic {
            severity: Severity::Warning,
            line: line_at(text.as_bytes(), at),
            message: format!(
                "{count} control or text-direction character(s), the first on this line, are shown as \u{fffd}."
            ),
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(bytes: &[u8]) -> (u32, String) {
        let mut d = Vec::new();
        assert_eq!(text(bytes, &mut d), None);
        assert_eq!(d.len(), 1);
        assert_eq!(d[0].severity, Severity::Error);
        (d[0].line, d[0].message.clone())
    }

    #[test]
    fn what_is_no_page_is_refused_with_its_place() {
        assert_eq!(fails(b"").0, 0);
        assert_eq!(fails(b"\xef\xbb\xbf \r\n").0, 0);
        let (line, message) = fails(b"one\ntwo\n\xff\xfe");
        assert_eq!(line, 3);
        assert!(message.contains("byte 8"), "{message}");
        assert_eq!(fails(b"a\nb\0c").0, 2);
        assert!(fails(&vec![b'a'; MAX_BYTES + 1]).1.contains("8 MiB"));
    }

    #[test]
    fn line_breaks_become_one_kind_and_unseen_characters_are_shown() {
        let mut d = Vec::new();
        assert_eq!(text("\u{feff}a\r\nb\rc\u{202e}d\u{7}".as_bytes(), &mut d).unwrap(), "a\nb\nc\u{fffd}d\u{fffd}");
        assert_eq!((d.len(), d[0].line, d[0].severity), (1, 3, Severity::Warning));
    }
}
