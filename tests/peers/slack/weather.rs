//! What goes wrong between the bot and Slack: by script, or by a seed.

use std::time::{Duration, Instant};

/// SplitMix64: small, and the same everywhere.
#[derive(Clone, Debug)]
pub struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
    pub fn per_cent(&mut self, n: u64) -> bool {
        self.below(100) < n
    }
    pub fn of<'a, T>(&mut self, some: &'a [T]) -> &'a T {
        &some[usize::try_from(self.below(some.len() as u64)).unwrap()]
    }
}

/// One thing that goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429; with the seconds to wait, or without the header.
    Busy(Option<u64>),
    /// A page instead of an answer, with this status. Nothing was done.
    Broken(u16),
    /// Done and answered, but late.
    Slow(Duration),
    /// The connection is cut before anything was done.
    Cut,
    /// It was done; the connection is cut before the answer.
    Lost,
    /// It was done; half of the answer arrives.
    Half,
    /// It was done; the answer is held back until the connection goes.
    Held,
}

/// The faults that are to come.
#[derive(Clone, Debug)]
pub struct Weather {
    chance: Chance,
    /// How many calls of a hundred fare badly.
    pub bad_per_cent: u64,
    storm_until: Option<Instant>,
    /// Faults for the next calls of a method, first come first; they go before chance.
    pub script: Vec<(String, Fault)>,
}

impl Weather {
    pub fn fair() -> Self {
        Self { chance: Chance(0), bad_per_cent: 0, storm_until: None, script: Vec::new() }
    }

    pub fn of_seed(seed: u64, bad_per_cent: u64) -> Self {
        Self { chance: Chance(seed), bad_per_cent, storm_until: None, script: Vec::new() }
    }

    /// What befalls this call.
    pub fn befalls(&mut self, method: &str) -> Option<Fault> {
        if let Some(at) = self.script.iter().position(|(m, _)| m == method) {
            return Some(self.script.remove(at).1);
        }
        let now = Instant::now();
        if self.storm_until.is_some_and(|until| now < until) {
            return Some(Fault::Busy(self.chance.per_cent(50).then_some(1)));
        }
        if !self.chance.per_cent(self.bad_per_cent) {
            return None;
        }
        Some(match self.chance.below(20) {
            0..=1 => {
                // A storm: nobody is served for a while.
                self.storm_until = Some(now + Duration::from_millis(300 + self.chance.below(1_200)));
                Fault::Busy(Some(1))
            }
            2..=3 => Fault::Busy(Some(1)),
            4 => Fault::Busy(None),
            5..=7 => Fault::Broken(*self.chance.of(&[500, 502, 503, 504])),
            8..=10 => Fault::Slow(Duration::from_millis(50 + self.chance.below(900))),
            11..=13 => Fault::Cut,
            14..=17 => Fault::Lost,
            _ => Fault::Half,
        })
    }
}
