//! The checklists the bot knows: a directory of Markdown files, or the five built in.
//!
//! A bad file is listed with its errors and cannot be started; it never takes the others down.

use crate::domain::checklist::{Checklist, Diagnostic, Severity};
use crate::markdown::read;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

const BUILT_IN: [(&str, &str); 5] = [
    ("application-workflow", include_str!("../checklists/application-workflow.md")),
    ("blue-green-data-transformation", include_str!("../checklists/blue-green-data-transformation.md")),
    ("database-migration", include_str!("../checklists/database-migration.md")),
    ("datastore-data-migration", include_str!("../checklists/datastore-data-migration.md")),
    ("production-service", include_str!("../checklists/production-service.md")),
];

/// More than the reader accepts, so that a file too large is refused there with its sentence and yet
/// never read whole.
const READ_AT_MOST: u64 = 9 * 1024 * 1024;

/// Where the checklists come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Embedded in the program.
    BuiltIn,
    /// The `.md` and `.markdown` files of a directory.
    Dir(PathBuf),
}

/// Why a directory cannot be a library. Its text is a sentence for the operator.
#[derive(Debug)]
pub struct LibraryError {
    /// The directory.
    pub path: PathBuf,
    /// What the system said.
    pub cause: std::io::Error,
}

impl fmt::Display for LibraryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match self.cause.kind() {
            std::io::ErrorKind::NotFound => write!(f, "There is no directory {path} to read checklists from."),
            std::io::ErrorKind::NotADirectory => write!(f, "{path} is not a directory, so it holds no checklists."),
            _ => write!(f, "The checklists in {path} cannot be read: {}.", self.cause),
        }
    }
}

impl std::error::Error for LibraryError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

/// One line of the list of checklists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The word people name it by.
    pub name: String,
    /// Its title; the name where the file cannot be read.
    pub title: String,
    /// How many boxes and steps it has.
    pub items: usize,
    /// True when it can be started.
    pub usable: bool,
    /// What reading it had to say.
    pub diagnostics: Vec<Diagnostic>,
}

/// What tells whether a file has changed since it was read.
type Stamp = (u64, Option<SystemTime>);

#[derive(Clone, Debug)]
struct Known {
    /// The file it was read from; none for what is built in.
    file: Option<PathBuf>,
    stamp: Option<Stamp>,
    checklist: Option<Arc<Checklist>>,
    items: usize,
    diagnostics: Vec<Diagnostic>,
}

/// The checklists the bot knows, by name.
#[derive(Clone, Debug)]
pub struct Library {
    source: Source,
    known: BTreeMap<String, Known>,
    /// What concerns the directory as a whole: entries that were passed over.
    passed_over: Vec<Diagnostic>,
}

impl Library {
    /// The five checklists that come with the program.
    pub fn built_in() -> Self {
        let known = BUILT_IN
            .iter()
            .map(|(name, text)| ((*name).to_owned(), understand(name, text.as_bytes(), None, None)))
            .collect();
        Self { source: Source::BuiltIn, known, passed_over: Vec::new() }
    }

    /// The checklists of a directory: its `.md` and `.markdown` files, not those of directories in it.
    pub fn from_dir(path: impl AsRef<Path>) -> Result<Self, LibraryError> {
        let path = path.as_ref();
        let mut library =
            Self { source: Source::Dir(path.to_owned()), known: BTreeMap::new(), passed_over: Vec::new() };
        library.reload_changed()?;
        Ok(library)
    }

    /// Where the checklists come from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// All names in order, also of files that cannot be started.
    pub fn names(&self) -> Vec<&str> {
        self.known.keys().map(String::as_str).collect()
    }

    /// The checklist of that name, if its file could be read without errors.
    pub fn get(&self, name: &str) -> Option<Arc<Checklist>> {
        self.known.get(name)?.checklist.clone()
    }

    /// What reading that checklist had to say; nothing for names that are not known.
    pub fn problems(&self, name: &str) -> &[Diagnostic] {
        self.known.get(name).map_or(&[], |k| &k.diagnostics)
    }

    /// What was passed over in the directory: symbolic links, files of one name, entries that vanished.
    pub fn passed_over(&self) -> &[Diagnostic] {
        &self.passed_over
    }

    /// The list of checklists, by name.
    pub fn entries(&self) -> Vec<Entry> {
        self.known
            .iter()
            .map(|(name, known)| Entry {
                name: name.clone(),
                title: known.checklist.as_ref().map_or_else(|| name.clone(), |c| c.title.clone()),
                items: known.items,
                usable: known.checklist.is_some(),
                diagnostics: known.diagnostics.clone(),
            })
            .collect()
    }

    /// A library that is up to date with the directory; this one where nothing has changed.
    pub fn fresh(&self) -> Result<Self, LibraryError> {
        let mut copy = self.clone();
        copy.reload_changed()?;
        Ok(copy)
    }

    /// Reads again what has changed in size or time, takes in new files and forgets those that are gone.
    /// Returns the names that changed. If the directory itself cannot be read, what is known stays.
    pub fn reload_changed(&mut self) -> Result<Vec<String>, LibraryError> {
        let Source::Dir(dir) = &self.source else { return Ok(Vec::new()) };
        let (files, passed_over) = list(dir).map_err(|cause| LibraryError { path: dir.clone(), cause })?;
        let mut changed: Vec<String> = self.known.keys().filter(|n| !files.contains_key(*n)).cloned().collect();
        self.known.retain(|name, _| files.contains_key(name));
        for (name, (file, stamp)) in files {
            let same = self
                .known
                .get(&name)
                .is_some_and(|k| k.file.as_ref() == Some(&file) && k.stamp.is_some() && k.stamp == stamp);
            if !same {
                let known = load(&name, file, stamp);
                self.known.insert(name.clone(), known);
                changed.push(name);
            }
        }
        self.passed_over = passed_over;
        Ok(changed)
    }
}

fn understand(name: &str, bytes: &[u8], file: Option<PathBuf>, stamp: Option<Stamp>) -> Known {
    let reading = read(name, bytes);
    Known {
        file,
        stamp,
        checklist: reading.checklist.map(Arc::new),
        items: reading.counts.items + reading.counts.steps,
        diagnostics: reading.diagnostics,
    }
}

fn load(name: &str, file: PathBuf, stamp: Option<Stamp>) -> Known {
    let mut bytes = Vec::new();
    match std::fs::File::open(&file).and_then(|f| f.take(READ_AT_MOST).read_to_end(&mut bytes)) {
        Ok(_) => understand(name, &bytes, Some(file), stamp),
        Err(cause) => Known {
            // Without a stamp it is tried again the next time.
            stamp: None,
            checklist: None,
            items: 0,
            diagnostics: vec![diagnostic(
                Severity::Error,
                format!("The file {} cannot be read: {cause}.", shown(&file)),
            )],
            file: Some(file),
        },
    }
}

fn diagnostic(severity: Severity, message: String) -> Diagnostic {
    Diagnostic { severity, line: 0, message }
}

fn shown(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

type Files = BTreeMap<String, (PathBuf, Option<Stamp>)>;

/// The checklist files of a directory by name, and what was passed over.
fn list(dir: &Path) -> std::io::Result<(Files, Vec<Diagnostic>)> {
    let mut paths: Vec<PathBuf> = Vec::new();
    let mut passed_over = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        match entry {
            Ok(entry) => paths.push(entry.path()),
            Err(e) => passed_over.push(diagnostic(Severity::Warning, format!("An entry cannot be read: {e}."))),
        }
    }
    paths.sort();
    let mut files = Files::new();
    for path in paths {
        let ending = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
        if !matches!(ending.as_deref(), Some("md" | "markdown")) || shown(&path).starts_with('.') {
            continue;
        }
        let mut pass = |why: String| passed_over.push(diagnostic(Severity::Warning, why));
        let Some(name) = path.file_stem().and_then(|s| s.to_str()) else {
            pass(format!("The file {} is passed over: its name is not UTF-8.", shown(&path)));
            continue;
        };
        match std::fs::symlink_metadata(&path) {
            Err(e) => pass(format!("The file {} is passed over: {e}.", shown(&path))),
            Ok(m) if m.file_type().is_symlink() => {
                pass(format!("{} is passed over: it is a symbolic link.", shown(&path)));
            }
            Ok(m) if !m.is_file() => pass(format!("{} is passed over: it is not a file.", shown(&path))),
            Ok(m) if !files.contains_key(name) => {
                let stamp = Some((m.len(), m.modified().ok()));
                files.insert(name.to_owned(), (path.clone(), stamp));
            }
            Ok(_) => pass(format!("The file {} is passed over: another file has the same name.", shown(&path))),
        }
    }
    Ok((files, passed_over))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_five_that_come_along_can_all_be_started() {
        let library = Library::built_in();
        assert_eq!(library.names().len(), 5);
        for entry in library.entries() {
            assert!(entry.usable && entry.items > 0, "{entry:?}");
        }
        assert_eq!(library.source(), &Source::BuiltIn);
        assert_eq!(library.fresh().unwrap().names(), library.names());
    }

    #[test]
    fn a_bad_file_is_listed_and_harms_no_other() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("good.md"), "# Good\n- [ ] a\n").unwrap();
        fs::write(dir.path().join("bad.markdown"), b"\xff").unwrap();
        fs::write(dir.path().join("other.txt"), "- [ ] a").unwrap();
        fs::write(dir.path().join("good.markdown"), "- [ ] twin").unwrap();
        fs::create_dir(dir.path().join("dir.md")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(dir.path().join("good.md"), dir.path().join("link.md")).unwrap();
        let library = Library::from_dir(dir.path()).unwrap();
        assert_eq!(library.names(), ["bad", "good"]);
        assert!(library.get("bad").is_none() && library.get("none").is_none());
        assert!(library.get("good").is_some());
        assert!(library.problems("bad")[0].message.contains("UTF-8"));
        assert!(library.problems("none").is_empty());
        let entries = library.entries();
        assert_eq!((entries[0].usable, entries[1].items), (false, 1));
        assert!(library.passed_over().len() >= 2);
    }

    #[test]
    fn what_changed_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let a = dir.path().join("a.md");
        fs::write(&a, "# A\n- [ ] a\n").unwrap();
        let mut library = Library::from_dir(dir.path()).unwrap();
        let before = library.get("a").unwrap();
        assert!(library.reload_changed().unwrap().is_empty());
        assert!(Arc::ptr_eq(&before, &library.get("a").unwrap()));
        fs::write(&a, "# A\n- [ ] a\n- [ ] b\n").unwrap();
        fs::write(dir.path().join("b.md"), "- [ ] b\n").unwrap();
        assert_eq!(library.reload_changed().unwrap(), ["a", "b"]);
        assert_eq!(library.entries()[0].items, 2);
        assert_eq!(before.sections().map(|s| s.items.len()).sum::<usize>(), 1);
        fs::remove_file(&a).unwrap();
        assert_eq!(library.fresh().unwrap().names(), ["b"]);
    }

    #[test]
    fn a_missing_directory_is_said_in_a_sentence() {
        let error = Library::from_dir("no/such/place").unwrap_err();
        assert_eq!(error.to_string(), "There is no directory no/such/place to read checklists from.");
    }
}
