//! Words of a command that stand for a value: `<VERSION>`, `{{version}}`, `$VERSION`, `vX.Y.Z`, `v0.5.0`.
//!
//! They are found and offered filled in, next to the command as written; nothing is replaced silently.

use super::words::{PLACEHOLDERS, Pattern, pattern};
use serde::Serialize;
use std::sync::LazyLock;

static FOUND: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r"<(?P<angle>[A-Za-z][A-Za-z0-9 _-]{0,40})>|\{\{\s*(?P<curly>[A-Za-z][A-Za-z0-9_.-]{0,40})\s*\}\}|\$\{(?P<braced>[A-Za-z_][A-Za-z0-9_]{0,40})\}|\$(?P<dollar>[A-Z][A-Z0-9_]{1,40})\b|\b(?P<letters>[vV]?[XxYyZzNn0-9]{1,3}\.[XYZxyzNn]\.[XYZxyzNn])\b|\b(?P<literal>v\d{1,4}\.\d{1,4}(?:\.\d{1,4})?(?:-[A-Za-z0-9.]{1,20})?)\b",
    )
});

/// A word that stands for a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Placeholder {
    /// As written.
    pub text: String,
    /// `version`, `environment`, `service`, or the word itself in small letters.
    pub stands_for: String,
    /// It is a value itself (`v0.5.0`), perhaps that of an earlier deployment.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub example: bool,
}

/// The placeholders of a command, each once, in order.
pub fn placeholders(code: &str) -> Vec<Placeholder> {
    let mut out: Vec<Placeholder> = Vec::new();
    for (_, placeholder) in found(code) {
        if !out.contains(&placeholder) {
            out.push(placeholder);
        }
    }
    out
}

/// The command with what is known put in; `None` where that changes nothing.
///
/// `known` names values: `("version", "v1.2.0")`.
pub fn substituted(code: &str, known: &[(&str, &str)]) -> Option<String> {
    let mut out = String::with_capacity(code.len());
    let mut at = 0;
    for (range, placeholder) in found(code) {
        let Some((_, value)) = known.iter().find(|(name, _)| *name == placeholder.stands_for) else { continue };
        out.push_str(&code[at..range.start]);
        out.push_str(value);
        at = range.end;
    }
    out.push_str(&code[at..]);
    (out != code).then_some(out)
}

fn found(code: &str) -> impl Iterator<Item = (std::ops::Range<usize>, Placeholder)> {
    FOUND.captures_iter(code).filter_map(|c| {
        let whole = c.get(0)?;
        let name = ["angle", "curly", "braced", "dollar"].iter().find_map(|n| c.name(n));
        let (stands_for, example) = match name {
            Some(name) => (meaning(name.as_str()), false),
            // "0.x.x" is some version, but not the one that is deployed.
            None if c.name("letters").is_some_and(|l| l.as_str().starts_with(|d: char| d.is_ascii_digit())) => {
                ("other version".to_owned(), false)
            }
            None => ("version".to_owned(), c.name("literal").is_some()),
        };
        Some((whole.range(), Placeholder { text: whole.as_str().to_owned(), stands_for, example }))
    })
}

fn meaning(name: &str) -> String {
    let word = name.trim().to_lowercase().replace([' ', '-'], "_");
    let known = PLACEHOLDERS.iter().find(|(_, names)| names.contains(&word.as_str()));
    known.map_or_else(|| word.replace('_', " "), |(meaning, _)| (*meaning).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling() {
        for (code, text, stands_for, example) in [
            ("deploy --tag v0.5.0", "v0.5.0", "version", true),
            ("deploy <VERSION>", "<VERSION>", "version", false),
            ("deploy {{ version }}", "{{ version }}", "version", false),
            ("deploy $VERSION now", "$VERSION", "version", false),
            ("deploy ${IMAGE_TAG}", "${IMAGE_TAG}", "version", false),
            ("git tag vX.Y.Z", "vX.Y.Z", "version", false),
            ("pip install redis-om-python==0.x.x", "0.x.x", "other version", false),
            ("git revert <COMMIT>", "<COMMIT>", "commit", false),
            ("run <ENV>", "<ENV>", "environment", false),
        ] {
            let got = placeholders(code);
            let expected = Placeholder { text: text.into(), stands_for: stands_for.into(), example };
            assert_eq!(got, [expected], "{code}");
        }
        for code in ["om migrate run --verbose", "cat < file > other", "echo $? $1", "a <b", "curl http://10.0.0.1/x"] {
            assert_eq!(placeholders(code), [], "{code}");
        }
    }

    #[test]
    fn only_what_is_known_is_put_in() {
        let known = [("version", "v1.2.0")];
        assert_eq!(substituted("a <VERSION> b <COMMIT>", &known).as_deref(), Some("a v1.2.0 b <COMMIT>"));
        assert_eq!(substituted("a --image-tag v0.5.0", &known).as_deref(), Some("a --image-tag v1.2.0"));
        assert_eq!(substituted("a v1.2.0", &known), None);
        assert_eq!(substituted("pip install x==0.x.x", &known), None);
    }
}
