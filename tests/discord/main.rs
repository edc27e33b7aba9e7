//! The Discord surface without Discord: what is heard, what is shown, and that whatever is shown fits.

mod fits;
mod hear;
mod show;
