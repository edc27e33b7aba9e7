//! The invariants of the house that a scan of its text can check.
//!
//! What counts as code: everything of a file before its `#[cfg(test)]` (a module of tests in files of its own is none
//! of it), without comments and without what stands in quotes. Simple on purpose: a file that wants to fool it can.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Longest file under `src`, in lines.
const LONGEST: usize = 700;
/// Tests are read one by one, not from end to end.
const LONGEST_TESTS: usize = 1_200;

struct Source {
    /// Under `src`, with `/`: `domain/plan.rs`.
    path: String,
    text: String,
    /// What counts as code, line for line as in the file.
    code: Vec<String>,
}

impl Source {
    /// The first part of the path, without ending: `domain`, `ports`.
    fn room(&self) -> &str {
        self.path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
    }

    /// Where this module's `mod tests;` lies, without ending: `store/tests` for `store/mod.rs`, `config/tests` for
    /// `config.rs`.
    fn tests(&self) -> String {
        let module = self.path.trim_end_matches(".rs").trim_end_matches("/mod");
        format!("{module}/tests")
    }

    fn is_in(&self, room: &str) -> bool {
        self.path.starts_with(&format!("{room}/")) || self.path == format!("{room}.rs")
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut waiting = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(dir) = waiting.pop() {
        let mut entries: Vec<PathBuf> = fs::read_dir(&dir).unwrap().map(|e| e.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let parts: Vec<_> = path.strip_prefix(&root).unwrap().iter().map(|p| p.to_str().unwrap()).collect();
                found.push(Source { path: parts.join("/"), code: code(&text), text });
            }
        }
    }
    assert!(found.len() > 15, "sources were not found");
    // A file of tests is no code of the house, where a module declares it as such; nor is what lies below it.
    let declares = "#[cfg(test)]\nmod tests;";
    let declared = found.iter().filter(|s| s.text.contains(declares)).map(|s| s.tests()).collect::<Vec<_>>();
    for source in &mut found {
        let of_tests = |t: &String| source.path == format!("{t}.rs") || source.path.starts_with(&format!("{t}/"));
        if declared.iter().any(of_tests) {
            source.code.clear();
        }
    }
    found
}

/// The file's code up to its tests, comments and quoted text blanked.
fn code(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let blanked = if let Some(tests) = rest.strip_prefix("#[cfg(test)]") {
            // `mod tests;` is in a file of its own, and code may follow it here.
            let declared =
                tests.trim_start().split('\n').next().is_some_and(|l| l.starts_with("mod ") && l.ends_with(';'));
            if !declared {
                break;
            }
            Some("#[cfg(test)]".len())
        } else if rest.starts_with("//") {
            Some(rest.find('\n').unwrap_or(rest.len()))
        } else if rest.starts_with("/*") {
            Some(rest.find("*/").map_or(rest.len(), |end| end + 2))
        } else if rest.starts_with("r\"") || rest.starts_with("r#\"") {
            let end = if after.starts_with('#') { "\"#" } else { "\"" };
            let start = rest.find('"').unwrap_or(0) + 1;
            Some(rest[start..].find(end).map_or(rest.len(), |at| start + at + end.len()))
        } else if c == '"' {
            let mut escaped = false;
            let end = after.find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            Some(end.map_or(rest.len(), |at| at + 2))
        } else if c == '\'' {
            // A character, unless it is a lifetime.
            let mut chars = after.char_indices();
            match (chars.next(), chars.next()) {
                (Some((_, '\\')), _) => after.get(2..).and_then(|a| a.find('\'')).map(|at| at + 4),
                (_, Some((at, '\''))) => Some(at + 2),
                _ => None,
            }
        } else {
            None
        };
        let taken = blanked.unwrap_or(c.len_utf8());
        if blanked.is_none() && c != '\n' {
            lines.last_mut().unwrap().push(c);
        }
        for _ in 0..rest[..taken].matches('\n').count() {
            lines.push(String::new());
        }
        rest = &rest[taken..];
    }
    lines
}

/// True where `word` stands by itself.
fn says(line: &str, word: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let begins_free = !word.starts_with(is_name) || !before.is_some_and(is_name);
        let ends_free = !word.ends_with(is_name) || !after.is_some_and(is_name);
        begins_free && ends_free
    })
}

/// Where in the code of these files one of these words stands: `domain/plan.rs:12 says sqlx`.
fn where_said<'a>(sources: impl Iterator<Item = &'a Source>, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        for (i, line) in source.code.iter().enumerate() {
            for word in words.iter().filter(|w| says(line, w)) {
                found.push(format!("src/{}:{} says {word}", source.path, i + 1));
            }
        }
    }
    found
}

/// Every path into another room that a file names: `use crate::{a, b::c}`, `crate::a::f()`.
fn rooms_named(source: &Source) -> BTreeSet<String> {
    let code = source.code.join(" ");
    let mut named = BTreeSet::new();
    let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    for (at, start) in code.match_indices("crate::") {
        let rest = &code[at + start.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            named.insert(name(rest));
            continue;
        };
        // Only the outermost level of the group names rooms.
        let mut depth = 0;
        let mut entry = true;
        for (i, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => entry = true,
                c if entry && depth == 0 && !c.is_whitespace() => {
                    named.insert(name(&group[i..]));
                    entry = false;
                }
                _ => {}
            }
        }
    }
    named
}

fn none(found: Vec<String>, rule: &str) {
    assert!(found.is_empty(), "{rule}\n  {}", found.join("\n  "));
}

#[test]
fn each_library_has_its_room() {
    let sources = sources();
    let outside = |room: &'static str| sources.iter().filter(move |s| !s.is_in(room));
    none(where_said(outside("store"), &["sqlx"]), "only the store says sqlx");
    none(where_said(outside("chat/slack"), &["slack_morphism"]), "only chat/slack says slack_morphism");
    none(where_said(outside("chat/discord"), &["serenity"]), "only chat/discord says serenity");
    none(where_said(outside("page"), &["lettre"]), "only page says lettre");
}

#[test]
fn the_pure_rooms_are_pure() {
    let sources = sources();
    let pure = ["domain", "markdown", "grammar", "card"];
    let impure = [
        "async",
        "await",
        "tokio",
        "sqlx",
        "axum",
        "ureq",
        "getrandom",
        "SystemTime",
        "Instant",
        "Utc::now",
        "Local::now",
        "std::fs",
        "std::net",
        "std::env",
        "std::io",
        "std::process",
        "std::thread",
        "println!",
        "eprintln!",
    ];
    let found = where_said(sources.iter().filter(|s| pure.iter().any(|p| s.is_in(p))), &impure);
    none(found, "domain, markdown, grammar and card know no I/O, clock, randomness or runtime");
}

#[test]
fn rooms_import_in_one_direction() {
    let forbidden: [(&str, &[&str]); 7] = [
        ("domain", &["engine", "store", "chat", "page", "loops", "words", "card", "templates", "config", "ports"]),
        ("markdown", &["engine", "store", "chat", "page", "loops", "words", "card", "config", "ports"]),
        ("grammar", &["engine", "store", "chat", "page", "loops", "words", "config", "ports"]),
        ("card", &["engine", "store", "chat", "page", "loops", "config", "ports"]),
        ("chat", &["page", "loops"]),
        ("page", &["chat", "loops"]),
        ("loops", &["chat", "page"]),
    ];
    let mut found = Vec::new();
    for source in sources() {
        for (room, others) in &forbidden {
            if source.room() == *room {
                let named = rooms_named(&source);
                found.extend(
                    others.iter().filter(|o| named.contains(**o)).map(|o| format!("src/{} imports {o}", source.path)),
                );
            }
        }
    }
    none(found, "rooms meet at engine and ports");
}

#[test]
fn nothing_panics_on_purpose() {
    let words = [
        "unwrap()",
        ".expect(",
        ".unwrap_err()",
        ".expect_err(",
        "panic!",
        "todo!",
        "unimplemented!",
        "unreachable!",
        "dbg!",
    ];
    let sources = sources();
    none(where_said(sources.iter(), &words), "what can fail says so in its type");
}

#[test]
fn no_file_is_too_long_to_read() {
    let most = |path: &str| if path.ends_with("tests.rs") { LONGEST_TESTS } else { LONGEST };
    let lengths = sources().into_iter().map(|s| (s.path.clone(), s.text.lines().count()));
    let long = lengths.filter(|(path, n)| *n > most(path));
    none(long.map(|(path, n)| format!("src/{path} has {n} lines")).collect(), "a file has at most 700 lines");
}

#[test]
fn every_file_is_part_of_the_house() {
    // A module that nobody declares is not compiled, and its tests do not run.
    let sources = sources();
    let mut lost = Vec::new();
    for source in sources.iter().filter(|s| !matches!(s.path.as_str(), "lib.rs" | "main.rs")) {
        let path = source.path.trim_end_matches(".rs").trim_end_matches("/mod");
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let parents = match parent {
            "" => vec!["lib.rs".to_owned(), "main.rs".to_owned()],
            parent => vec![format!("{parent}/mod.rs"), format!("{parent}.rs")],
        };
        let declared = sources.iter().filter(|s| parents.contains(&s.path)).any(|s| {
            // Test modules are declared after the code: look at the whole text.
            s.text.lines().any(|l| says(l, &format!("mod {name};")))
        });
        if !declared {
            lost.push(format!("src/{}", source.path));
        }
    }
    none(lost, "every file is declared by the module above it");
}

#[test]
fn the_scan_itself() {
    let text = "use a; // unwrap()\nlet s = \"panic! \\\" todo!\"; let c = '\"'; fn f<'a>() {}\n/* dbg!\n */ x.unwrap();\n\
                r#\"panic!\"#; b'\\'';\n#[cfg(test)]\nmod t { y.unwrap(); }";
    let scanned = code(text);
    assert_eq!(scanned[..4], ["use a; ", "let s = ; let c = ; fn f<'a>() {}", "", " x.unwrap();"]);
    assert_eq!(scanned[4], "; b;");
    assert!(says("x.unwrap();", "unwrap()") && says("sqlx::query", "sqlx"));
    assert!(!says("unwrap_or(1)", "unwrap()") && !says("is_async", "async") && !says("sqlxx", "sqlx"));
    let source = |text: &str| Source { path: "card/fit.rs".into(), text: String::new(), code: code(text) };
    let named = rooms_named(&source("use crate::{store::{Batch, chat}, words};\nfn f() { crate::engine::go() }"));
    assert_eq!(named.into_iter().collect::<Vec<_>>(), ["engine", "store", "words"]);
    assert!(source("").is_in("card") && !source("").is_in("car") && source("").room() == "card");
}
