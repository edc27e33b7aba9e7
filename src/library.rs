//! The checklists the bot knows: a folder of Markdown files, or the ones built in.

use crate::bounded;
use crate::domain::checklist::{Checklist, Diagnostic, Severity};
use crate::domain::schedule;
use crate::markdown::{self, Reading};
use crate::words::{HASTY, Texts, check_announcement};
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// Files of a folder that are looked at. More is a mistake, not a collection.
const MOST_FILES: usize = 500;

/// The built-in checklists: name and text.
const BUILT_IN: [(&str, &str); 5] = [
    ("application-workflow", include_str!("../checklists/application-workflow.md")),
    ("blue-green-data-transformation", include_str!("../checklists/blue-green-data-transformation.md")),
    ("database-migration", include_str!("../checklists/database-migration.md")),
    ("datastore-data-migration", include_str!("../checklists/datastore-data-migration.md")),
    ("production-service", include_str!("../checklists/production-service.md")),
];

/// Where checklists come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    BuiltIn,
    Folder(PathBuf),
}

/// The checklists the bot knows. A file that cannot be read is listed with what is wrong and takes no other with it.
#[derive(Debug)]
pub struct Library {
    source: Source,
    known: BTreeMap<String, Known>,
}

#[derive(Debug)]
struct Known {
    /// Size and time of the file when it was read.
    stamp: Option<(u64, Option<SystemTime>)>,
    /// Names of files that would be called the same and are not read.
    twins: Vec<String>,
    checklist: Option<Arc<Checklist>>,
    items: usize,
    diagnostics: Vec<Diagnostic>,
}

/// A checklist as lists show it.
#[derive(Clone, Debug)]
pub struct Entry {
    pub name: String,
    /// None: it cannot be used; the diagnostics say why.
    pub title: Option<String>,
    /// Checkboxes and steps.
    pub items: usize,
    pub diagnostics: Vec<Diagnostic>,
}

/// Why there is no library.
#[derive(Clone, Debug)]
pub struct NoLibrary {
    path: PathBuf,
    why: String,
}

impl fmt::Display for NoLibrary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        write!(f, "The checklists folder {path} cannot be read: {}. Name another with --checklists DIR.", self.why)
    }
}

impl Library {
    /// The checklists in the binary.
    pub fn built_in() -> Self {
        let known = BUILT_IN.iter().map(|(name, text)| (name.to_string(), understand(name, text.as_bytes(), None)));
        Self { source: Source::BuiltIn, known: known.collect() }
    }

    /// The Markdown files of a folder.
    pub fn from_dir(path: &Path) -> Result<Self, NoLibrary> {
        let mut library = Self { source: Source::Folder(path.to_owned()), known: BTreeMap::new() };
        library.scan().map_err(|why| NoLibrary { path: path.to_owned(), why })?;
        Ok(library)
    }

    /// Where they come from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Reads what has changed since; cheap where nothing has. What can no longer be listed stays as it was.
    pub fn reload_changed(&mut self) {
        if let Err(why) = self.scan() {
            tracing::warn!(why, "the checklists folder cannot be read; the checklists known so far stay");
        }
    }

    fn scan(&mut self) -> Result<(), String> {
        let Source::Folder(dir) = &self.source else { return Ok(()) };
        let mut found: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for entry in fs::read_dir(dir).map_err(|e| e.to_string())? {
            let path = entry.map_err(|e| e.to_string())?.path();
            let markdown =
                path.extension().is_some_and(|e| e.eq_ignore_ascii_case("md") || e.eq_ignore_ascii_case("markdown"));
            let name = path.file_stem().and_then(|s| s.to_str()).map(str::to_owned);
            if let (true, Some(name)) = (markdown && path.is_file(), name) {
                found.entry(name).or_default().push(path);
            }
            if found.len() > MOST_FILES {
                return Err(format!("it has more than {MOST_FILES} Markdown files"));
            }
        }
        self.known.retain(|name, _| found.contains_key(name));
        for (name, mut paths) in found {
            // `a.md` goes before `a.markdown`, always: what the folder lists first is chance.
            paths.sort_by_key(|p| (p.extension().is_none_or(|e| e != "md"), p.clone()));
            let mut paths = paths.into_iter();
            let Some(path) = paths.next() else { continue };
            let twins: Vec<String> =
                paths.filter_map(|p| p.file_name().map(|n| n.to_string_lossy().into_owned())).collect();
            let stamp = fs::metadata(&path).ok().map(|m| (m.len(), m.modified().ok()));
            if stamp.is_some() && self.known.get(&name).is_some_and(|k| k.stamp == stamp && k.twins == twins) {
                continue;
            }
            let mut known = match read(&path) {
                Ok(bytes) => understand(&name, &bytes, stamp),
                Err(why) => broken(format!("The file cannot be read: {why}.")),
            };
            if !twins.is_empty() {
                let message = format!(
                    "{} would be called {name} too and is not read: rename it, or take it out of the folder.",
                    twins.join(", ")
                );
                known.diagnostics.push(Diagnostic { severity: Severity::Warning, line: 0, message });
                known.diagnostics.sort_by_key(|d| (d.severity, d.line));
            }
            known.twins = twins;
            self.known.insert(name, known);
        }
        Ok(())
    }

    /// Names of all, usable or not, in order.
    pub fn names(&self) -> Vec<String> {
        self.known.keys().cloned().collect()
    }

    /// A checklist that can be used.
    pub fn get(&self, name: &str) -> Option<Arc<Checklist>> {
        self.known.get(name)?.checklist.clone()
    }

    /// What reading it had to say, the worst first; empty for one we do not know.
    pub fn problems(&self, name: &str) -> Vec<Diagnostic> {
        self.known.get(name).map(|k| k.diagnostics.clone()).unwrap_or_default()
    }

    /// All of them, for a list.
    pub fn entries(&self) -> Vec<Entry> {
        self.known
            .iter()
            .map(|(name, k)| Entry {
                name: name.clone(),
                title: k.checklist.as_ref().map(|c| c.title.clone()),
                items: k.items,
                diagnostics: k.diagnostics.clone(),
            })
            .collect()
    }
}

/// Reads a file, but no more of it than a checklist may have.
pub fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    bounded::read(path, u64::try_from(markdown::MAX_BYTES).unwrap_or(u64::MAX))
}

/// Reads a page and checks what reading alone cannot: that its schedule comes and its templates render.
pub fn read_page(name: &str, bytes: &[u8]) -> Reading {
    let mut reading = markdown::read(name, bytes);
    let Some(checklist) = &reading.checklist else { return reading };
    let mut wrong = Vec::new();
    match checklist.progress.as_ref().map(|progress| schedule::parse(progress, chrono_tz::UTC)) {
        Some(Err(why)) => wrong.push(format!("In the front matter, `progress`: {why}")),
        Some(Ok(compiled)) if compiled.is_hasty() => {
            let message = format!("In the front matter, `progress`: {HASTY}");
            reading.diagnostics.push(Diagnostic { severity: Severity::Warning, line: 1, message });
        }
        _ => {}
    }
    if let Err(problem) = Texts::new(&BTreeMap::new(), &checklist.templates) {
        wrong.push(format!("In the front matter, `templates`: {problem}"));
    }
    for announcement in &checklist.timeline {
        if let Some(Err(problem)) = announcement.text.as_deref().map(check_announcement) {
            let message = format!("In the front matter, `timeline`: {}", problem.message);
            reading.diagnostics.push(Diagnostic { severity: Severity::Error, line: announcement.line, message });
        }
    }
    if reading.diagnostics.iter().any(|d| d.severity == Severity::Error) {
        reading.checklist = None;
    }
    if !wrong.is_empty() {
        let front = |message| Diagnostic { severity: Severity::Error, line: 1, message };
        reading.diagnostics.splice(0..0, wrong.into_iter().map(front));
        reading.checklist = None;
    }
    reading
}

fn understand(name: &str, bytes: &[u8], stamp: Option<(u64, Option<SystemTime>)>) -> Known {
    let Reading { checklist, counts, mut diagnostics } = read_page(name, bytes);
    diagnostics.sort_by_key(|d| (d.severity, d.line));
    Known {
        stamp,
        twins: Vec::new(),
        checklist: checklist.map(Arc::new),
        items: counts.items + counts.boxes + counts.steps,
        diagnostics,
    }
}

fn broken(message: String) -> Known {
    let diagnostics = vec![Diagnostic { severity: Severity::Error, line: 0, message }];
    Known { stamp: None, twins: Vec::new(), checklist: None, items: 0, diagnostics }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_with_a_schedule_or_template_that_cannot_work_is_refused_when_it_is_read() {
        let page = |front: &str| format!("---\n{front}\n---\n# T\n- [ ] a\n");
        for (front, said) in [
            ("progress: \"0 0 30 2 *\"", "never comes"),
            ("progress: {cron: \"@hourly\", timezone: Europe/Berln}", "Europe/Berlin"),
            ("templates: {start: \"{{ versoin }}\"}", "version"),
            ("templates: {strat: x}", "start"),
        ] {
            let reading = read_page("t", page(front).as_bytes());
            assert!(reading.checklist.is_none(), "{front}");
            assert!(reading.diagnostics[0].message.contains(said), "{front}: {:?}", reading.diagnostics);
        }
        let often = read_page("t", page("progress: \"*/5 * * * * *\"").as_bytes());
        assert!(often.checklist.is_some() && often.diagnostics[0].message.contains("more than once a minute"));
        assert!(read_page("t", page("progress: \"30 */5 * * * *\"").as_bytes()).diagnostics.is_empty());
    }

    #[test]
    fn the_five_built_in_can_all_be_started() {
        let library = Library::built_in();
        assert_eq!(library.names().len(), 5);
        for entry in library.entries() {
            assert!(entry.title.is_some() && entry.items > 0, "{entry:?}");
        }
        assert_eq!(library.source(), &Source::BuiltIn);
    }

    #[test]
    fn a_bad_file_is_listed_and_harms_no_other() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("good.md"), "# Good\n- [ ] a\n").unwrap();
        fs::write(dir.path().join("bad.markdown"), b"\xff").unwrap();
        fs::write(dir.path().join("other.txt"), "- [ ] a").unwrap();
        fs::create_dir(dir.path().join("dir.md")).unwrap();
        let library = Library::from_dir(dir.path()).unwrap();
        assert_eq!(library.names(), ["bad", "good"]);
        assert!(library.get("bad").is_none() && library.get("none").is_none() && library.get("good").is_some());
        assert!(library.problems("bad")[0].message.contains("UTF-8"));
        assert!(library.problems("none").is_empty());
        let entries = library.entries();
        assert_eq!((entries[0].title.as_deref(), entries[1].items), (None, 1));
    }

    #[test]
    fn two_files_of_one_name_are_said() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.markdown"), "# Old\n- [ ] a\n").unwrap();
        fs::write(dir.path().join("a.md"), "# New\n- [ ] a\n").unwrap();
        let mut library = Library::from_dir(dir.path()).unwrap();
        assert_eq!(library.get("a").unwrap().title, "New");
        assert!(library.problems("a")[0].message.starts_with("a.markdown would be called a too"));
        fs::remove_file(dir.path().join("a.markdown")).unwrap();
        library.reload_changed();
        assert!(library.problems("a").is_empty());
    }

    #[test]
    fn what_changed_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let a = dir.path().join("a.md");
        fs::write(&a, "# A\n- [ ] a\n").unwrap();
        let mut library = Library::from_dir(dir.path()).unwrap();
        let before = library.get("a").unwrap();
        library.reload_changed();
        assert!(Arc::ptr_eq(&before, &library.get("a").unwrap()));
        fs::write(&a, "# A\n- [ ] a\n- [ ] b\n").unwrap();
        fs::write(dir.path().join("b.md"), "- [ ] b\n").unwrap();
        library.reload_changed();
        assert_eq!(library.names(), ["a", "b"]);
        assert_eq!(library.entries()[0].items, 2);
        assert_eq!(before.sections().map(|s| s.items.len()).sum::<usize>(), 1);
        fs::remove_file(&a).unwrap();
        library.reload_changed();
        assert_eq!(library.names(), ["b"]);
    }

    #[test]
    fn a_missing_folder_is_said_in_a_sentence() {
        let error = Library::from_dir(Path::new("no/such/place")).unwrap_err();
        assert!(error.to_string().starts_with("The checklists folder no/such/place cannot be read"));
    }
}
