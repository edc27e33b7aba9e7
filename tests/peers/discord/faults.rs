//! What goes wrong: single faults by hand, or many by seed.

use std::time::Duration;
use tokio::sync::mpsc;

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// 429 with all its headers.
    TooMany { after: f64, global: bool },
    /// 429 as the edge in front of Discord says it: HTML, and no headers at all.
    TooManyBare,
    /// A server error; nothing was done.
    Status(u16),
    /// The connection is cut before anything was done.
    Cut,
    /// Everything was done, and the answer is lost.
    Lost,
    /// Everything was done; a server error is answered all the same.
    DoneAndStatus(u16),
    /// The answer takes longer.
    Slow(Duration),
    /// Everything was done, nothing is answered, and whoever listens on [`super::Discord::kills`] kills the bot.
    Kill,
}

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
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let at = self.below(from.len() as u64);
        &from[usize::try_from(at).unwrap_or(0)]
    }
}

/// A fault that waits for its request.
struct Waiting {
    method: &'static str,
    path: &'static str,
    fault: Fault,
    times: usize,
}

#[derive(Default)]
pub struct Faults {
    waiting: Vec<Waiting>,
    seeded: Option<Seeded>,
    pub tell_kill: Option<mpsc::UnboundedSender<()>>,
    /// Heartbeats are not acknowledged.
    pub mute_heartbeats: bool,
    /// Sessions are not resumed.
    pub refuse_resume: bool,
    /// New connections of the gateway are closed at once.
    pub refuse_gateway: bool,
    /// What went wrong so far, in order.
    pub happened: Vec<String>,
}

struct Seeded {
    chance: Chance,
    /// Of a thousand requests.
    rate: u64,
    left: usize,
}

impl Faults {
    /// The next `times` requests of that method whose path contains `path` meet this fault.
    pub fn on(&mut self, method: &'static str, path: &'static str, fault: Fault, times: usize) {
        self.waiting.push(Waiting { method, path, fault, times });
    }

    /// From now on `rate` of a thousand requests meet a fault, `most` of them at most.
    pub fn seed(&mut self, seed: u64, rate: u64, most: usize) {
        self.seeded = Some(Seeded { chance: Chance(seed), rate, left: most });
    }

    /// Nothing goes wrong any more.
    pub fn calm(&mut self) {
        self.waiting.clear();
        self.seeded = None;
        self.mute_heartbeats = false;
        self.refuse_resume = false;
        self.refuse_gateway = false;
    }

    /// What happens to this request.
    pub fn meet(&mut self, method: &str, path: &str) -> Option<Fault> {
        let fault = self.by_hand(method, path).or_else(|| self.by_seed())?;
        self.happened.push(format!("{fault:?} on {method} {path}"));
        Some(fault)
    }

    fn by_hand(&mut self, method: &str, path: &str) -> Option<Fault> {
        let at = self.waiting.iter().position(|w| w.method == method && path.contains(w.path))?;
        let fault = self.waiting[at].fault;
        self.waiting[at].times -= 1;
        if self.waiting[at].times == 0 {
            self.waiting.remove(at);
        }
        Some(fault)
    }

    fn by_seed(&mut self) -> Option<Fault> {
        let seeded = self.seeded.as_mut()?;
        if seeded.left == 0 || seeded.chance.below(1000) >= seeded.rate {
            return None;
        }
        seeded.left -= 1;
        Some(match seeded.chance.below(10) {
            0 => Fault::TooMany { after: *seeded.chance.pick(&[0.3, 0.7, 1.2, 1.9, 3.5]), global: false },
            1 => Fault::TooMany { after: 1.9, global: true },
            2 => Fault::TooManyBare,
            3 => Fault::Status(500),
            4 => Fault::Status(*seeded.chance.pick(&[502, 503, 504])),
            5 => Fault::Cut,
            6 | 7 => Fault::Lost,
            8 => Fault::DoneAndStatus(502),
            _ => Fault::Slow(Duration::from_millis(200 + seeded.chance.below(1500))),
        })
    }
}
