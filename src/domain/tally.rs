//! How far something is.

/// Done and to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub done: u32,
    pub total: u32,
}

impl Tally {
    /// In whole percent, rounded down so that 100 means all.
    pub fn percent(self) -> u32 {
        (u64::from(self.done) * 100).checked_div(u64::from(self.total)).map_or(100, |p| u32::try_from(p).unwrap_or(100))
    }
}
