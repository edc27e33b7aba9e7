//! The commands about pages: what is understood of them, what a change means, a page to start from.

use super::{DONE, End, REFUSED, WRONG, print, print_error};
use crate::check;
use crate::config::Config;
use crate::domain::checklist::{Checklist, Severity};
use crate::domain::directory;
use crate::library;
use crate::markdown::Reading;
use crate::ports::{Clock as _, SystemClock};
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

/// The page `rollcall new` writes.
const STARTER: &str = include_str!("starter.md");
/// Where it is written without a name.
const STARTER_FILE: &str = "deployment.md";

/// What `rollcall check` was asked.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// Markdown files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// As JSON, for machines
    #[arg(long)]
    json: bool,
    /// Mark what is left out in this environment
    #[arg(long, value_name = "ENV")]
    env: Option<String>,
    /// Exit with 1 where there are warnings
    #[arg(long)]
    strict: bool,
    /// Say what the change from the first file to the second means for the walk
    #[arg(long)]
    diff: bool,
}

/// Shows what is understood of pages; exit code 0, 1 (warnings, when strict) or 2 (errors).
pub fn check(asked: &Check, config: Option<&Config>) -> Result<u8, End> {
    let (mut read_all, mut unread) = (Vec::new(), None);
    for file in &asked.files {
        match read(file) {
            Ok(reading) => read_all.push(reading),
            // One that cannot be read takes no other with it.
            Err(end) => {
                if let Some(End { message, .. }) = unread.replace(end) {
                    print_error(&message);
                }
            }
        }
    }
    if let Some(config) = config {
        for (_, reading) in &mut read_all {
            let missing = reading.checklist.as_ref().map(|list| directory::missing(&config.directory, list));
            reading.diagnostics.extend(missing.unwrap_or_default());
        }
    }
    if asked.diff {
        return unread.map_or_else(|| difference(&read_all), Err);
    }
    let shown = show(asked, &read_all);
    let unreached = config.map(|config| unreached(asked, config)).unwrap_or_default();
    let shown = if unreached && asked.strict && shown == DONE { REFUSED } else { shown };
    unread.map_or(Ok(shown), Err)
}

fn show(asked: &Check, read: &[(String, Reading)]) -> u8 {
    if asked.json {
        print(&serde_json::to_string_pretty(&check::json(read, asked.env.as_deref())).unwrap_or_default());
    } else {
        let color = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        for (file, reading) in read {
            print(&check::tree(file, reading, asked.env.as_deref(), color));
        }
    }
    let worst = read.iter().flat_map(|(_, r)| &r.diagnostics).map(|d| d.severity).min();
    match worst {
        Some(Severity::Error) => WRONG,
        Some(Severity::Warning) if asked.strict => REFUSED,
        _ => DONE,
    }
}

/// Says what the configuration does not do for people; whether there was anything to say.
fn unreached(asked: &Check, config: &Config) -> bool {
    let problems = directory::problems(&config.directory, SystemClock.now(), &[]);
    let said = problems.iter().map(|p| match p.line {
        0 => format!("configuration: warning: {}", p.message),
        line => format!("configuration, line {line}: warning: {}", p.message),
    });
    for said in said {
        // What machines read is about pages alone.
        if asked.json { print_error(&said) } else { print(&said) }
    }
    !problems.is_empty()
}

fn read(file: &Path) -> Result<(String, Reading), End> {
    let bytes = library::read(file).map_err(|e| End::new(WRONG, format!("{} cannot be read: {e}.", file.display())))?;
    let name = file.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    Ok((file.display().to_string(), library::read_page(&name, &bytes)))
}

fn difference(read: &[(String, Reading)]) -> Result<u8, End> {
    let [old, new] = read else {
        return Err(End::new(WRONG, "`--diff` takes two files: rollcall check --diff OLD NEW"));
    };
    let changes = check::diff(walkable(old)?, walkable(new)?);
    if changes.is_empty() {
        print("The walk is the same.");
    } else {
        print(&changes.join("\n"));
    }
    Ok(DONE)
}

fn walkable((file, reading): &(String, Reading)) -> Result<&Checklist, End> {
    reading.checklist.as_ref().ok_or_else(|| {
        let why = reading.diagnostics.iter().find(|d| d.severity == Severity::Error);
        let why = why.map(|d| format!(" Line {}: {}", d.line, d.message)).unwrap_or_default();
        End::new(WRONG, format!("{file} cannot be walked.{why}"))
    })
}

/// Writes the starter page; an existing file stays as it is.
pub fn new(file: Option<&Path>) -> Result<u8, End> {
    let file = file.unwrap_or(Path::new(STARTER_FILE));
    let created = std::fs::OpenOptions::new().write(true).create_new(true).open(file);
    let written = created.and_then(|mut f| f.write_all(STARTER.as_bytes()));
    match written {
        Ok(()) => {
            let shown = file.display();
            print(&format!("Wrote {shown}. Make it yours, then see what is understood: rollcall check {shown}"));
            Ok(DONE)
        }
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(End::new(REFUSED, format!("{} is there already and is not overwritten.", file.display())))
        }
        Err(e) => Err(End::new(WRONG, format!("{} cannot be written: {e}.", file.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_starter_reads_without_a_word() {
        let reading = crate::markdown::read("deployment", STARTER.as_bytes());
        assert_eq!(reading.diagnostics, []);
        let counts = reading.counts;
        assert!(counts.signoffs >= 2 && counts.contacts >= 2 && counts.criteria >= 3 && counts.windows >= 1);
    }

    #[test]
    fn exit_codes() {
        let dir = tempfile::tempdir().unwrap();
        let page = |text: &str| {
            let file = dir.path().join("page.md");
            std::fs::write(&file, text).unwrap();
            file
        };
        let code = |file: PathBuf, strict: bool| {
            let asked = Check { files: vec![file], json: true, env: Some("qa".into()), strict, diff: false };
            check(&asked, None).unwrap_or_else(|e| e.code)
        };
        let warned = "- [ ] a\n- [ ]\n";
        assert_eq!((code(page("- [ ] a\n"), true), code(page(warned), false)), (DONE, DONE));
        assert_eq!((code(page(warned), true), code(page("words\n"), false)), (REFUSED, WRONG));
        assert_eq!(code(dir.path().join("missing.md"), false), WRONG);
    }

    #[test]
    fn contacts_nobody_stands_behind_are_warned_about() {
        let page = "---\nescalation: nigth\n---\n# R\n- [ ] a\n## Contacts\n- **DBA**: Ana, +49 151 12345678\n\
                    - **Lead**: [Name, Contact]\n- **Vendor**: Zoe, zoe@vendor.example\n- **Ops**: ben@example.org\n";
        let text = "[people.ana]\nname = \"Anastasia\"\nphone = \"+4915112345678\"\n[people.ben]\nname = \"Ben\"\n\
                    email = \"ben@example.org\"\n[roles]\nlead = [\"ana\"]\n[policies.night]\n\
                    [[policies.night.steps]]\ntargets = [\"ana\"]";
        let config = Config::parse(text, Path::new("")).unwrap();
        let list = crate::markdown::read("page", page.as_bytes()).checklist.unwrap();
        let said: Vec<_> =
            directory::missing(&config.directory, &list).into_iter().map(|d| (d.line, d.message)).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].1.contains("no escalation policy `nigth`. Did you mean `night`?"), "{said:?}");
        assert!(said[1].0 == 9 && said[1].1.contains("“Vendor” (Zoe)"), "{said:?}");
    }

    #[test]
    fn nothing_is_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x.md");
        assert_eq!(new(Some(&file)).ok(), Some(DONE));
        std::fs::write(&file, "mine").unwrap();
        assert_eq!(new(Some(&file)).err().map(|e| e.code), Some(REFUSED));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    }
}
