//! stub
use crate::domain::checklist::{Checklist, Diagnostic};
use std::path::Path;
use std::sync::Arc;
pub struct Library;
pub struct Entry {
    pub name: String,
    pub title: Option<String>,
    pub items: usize,
    pub diagnostics: Vec<Diagnostic>,
}
#[derive(Debug)]
pub struct Problem;
impl std::fmt::Display for Problem {
    fn fmt(&self, _f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}
impl Library {
    pub fn built_in() -> Self {
        Self
    }
    pub fn from_dir(_p: &Path) -> Result<Self, Problem> {
        Ok(Self)
    }
    pub fn names(&self) -> Vec<String> {
        vec![]
    }
    pub fn get(&self, _n: &str) -> Option<Arc<Checklist>> {
        None
    }
    pub fn problems(&self, _n: &str) -> Vec<Diagnostic> {
        vec![]
    }
    pub fn entries(&self) -> Vec<Entry> {
        vec![]
    }
    pub fn reload_changed(&mut self) {}
}
