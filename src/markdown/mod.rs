//! stub
mod html;
mod inline;
use crate::domain::{
    checklist::{Checklist, Diagnostic},
    text::Rich,
};
pub use inline::{escape, inline};
pub struct Reading {
    pub checklist: Option<Checklist>,
    pub diagnostics: Vec<Diagnostic>,
}
pub fn read(_name: &str, _b: &[u8]) -> Reading {
    Reading { checklist: None, diagnostics: vec![] }
}
pub fn lines(_t: &str) -> Vec<Rich> {
    vec![]
}
