//! What stands for the house as a whole: freezes people have set, who covers for whom on call, when each person was last
//! proved to be reachable. It is what the journal of rulings adds up to.

use super::command::{Person, Via};
use super::freeze::Scope;
use super::rotation::Cover;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Freezes set and not lifted at once.
pub const MAX_FREEZES: usize = 50;
/// Covers that have not ended.
pub const MAX_COVERS: usize = 200;
/// People and ways whose last proof is remembered; of more, the oldest is forgotten.
pub const MAX_PROOFS: usize = 10_000;

/// A ruling with where it stands in the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ruled {
    /// From 1, without gaps.
    pub seq: u64,
    /// Never earlier than the one before it, even if the clock was set back.
    pub at: Timestamp,
    pub by: Person,
    pub via: Via,
    pub ruling: Ruling,
}

/// Something that holds for the whole house from now on. Only ever added; the stored shape only grows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Ruling {
    FreezeSet {
        number: u32,
        reason: String,
        /// None: until it is lifted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
        /// None: everywhere.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        environment: Option<String>,
        /// None: every service.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service: Option<String>,
    },
    FreezeLifted {
        number: u32,
    },
    CoverSet {
        cover: Cover,
    },
    /// The cover of that rotation which began or begins then.
    CoverLifted {
        rotation: String,
        from: Timestamp,
    },
    /// Somebody was reached by a test, or was not.
    Proved {
        /// By id.
        person: String,
        /// The way, with the address: `email:ana@example.org`.
        way: String,
        acknowledged: bool,
    },
}

/// A freeze somebody has set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetFreeze {
    pub number: u32,
    pub reason: String,
    pub until: Option<Timestamp>,
    pub environment: Option<String>,
    pub service: Option<String>,
    pub by: Person,
    pub at: Timestamp,
}

impl SetFreeze {
    /// It holds at this moment.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.until.is_none_or(|until| at < until)
    }

    /// Where it holds.
    pub fn scope(&self) -> Scope {
        Scope {
            services: self.service.iter().cloned().collect(),
            environments: self.environment.iter().cloned().collect(),
        }
    }
}

/// What a test of one way to one person came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    pub at: Timestamp,
    pub acknowledged: bool,
}

/// What the journal adds up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The number of the last ruling, and its time.
    pub seq: u64,
    pub at: Timestamp,
    /// Freezes set so far: the next one's number is one more.
    pub numbered: u32,
    freezes: Vec<SetFreeze>,
    covers: Vec<Cover>,
    proofs: BTreeMap<(String, String), Proof>,
}

impl Standing {
    /// The state after a ruling. Total: it cannot fail and knows no rules. What has ended by then is forgotten.
    pub fn evolve(&mut self, ruled: &Ruled) {
        (self.seq, self.at) = (ruled.seq, ruled.at);
        self.freezes.retain(|f| f.holds(ruled.at));
        self.covers.retain(|c| c.until > ruled.at);
        match &ruled.ruling {
            Ruling::FreezeSet { number, reason, until, environment, service } => {
                self.numbered = self.numbered.max(*number);
                self.freezes.push(SetFreeze {
                    number: *number,
                    reason: reason.clone(),
                    until: *until,
                    environment: environment.clone(),
                    service: service.clone(),
                    by: ruled.by.clone(),
                    at: ruled.at,
                });
            }
            Ruling::FreezeLifted { number } => self.freezes.retain(|f| f.number != *number),
            Ruling::CoverSet { cover } => {
                self.covers.push(cover.clone());
                self.covers.sort_by_key(|c| c.from);
            }
            Ruling::CoverLifted { rotation, from } => {
                self.covers.retain(|c| !(c.rotation == *rotation && c.from == *from));
            }
            Ruling::Proved { person, way, acknowledged } => {
                let proof = Proof { at: ruled.at, acknowledged: *acknowledged };
                let known = self.proofs.entry((person.clone(), way.clone())).or_insert(proof);
                // An answer proves more than that the way took the message.
                if *acknowledged || !known.acknowledged {
                    *known = proof;
                }
                if self.proofs.len() > MAX_PROOFS
                    && let Some(oldest) = self.proofs.iter().min_by_key(|(_, p)| p.at).map(|(k, _)| k.clone())
                {
                    self.proofs.remove(&oldest);
                }
            }
        }
    }

    /// Freezes set and not lifted, in order of their numbers. Some may have ended since: [`SetFreeze::holds`].
    pub fn freezes(&self) -> &[SetFreeze] {
        &self.freezes
    }

    /// Covers that hold at this moment or come later, in order of their beginning.
    pub fn covers(&self, at: Timestamp) -> impl Iterator<Item = &Cover> {
        self.covers.iter().filter(move |c| c.until > at)
    }

    /// What the last test of each way to a person came to.
    pub fn proofs<'a>(&'a self, person: &'a str) -> impl Iterator<Item = (&'a str, Proof)> {
        self.proofs.iter().filter(move |((p, _), _)| p == person).map(|((_, way), proof)| (way.as_str(), *proof))
    }
}

/// What somebody wants to hold for the whole house, with every moment worked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    Freeze {
        reason: String,
        until: Option<Timestamp>,
        environment: Option<String>,
        service: Option<String>,
    },
    /// By its number, a rule's name, or none: the only one there is.
    Unfreeze {
        which: Option<String>,
    },
    Cover(Cover),
    /// The cover that holds, else the next.
    Uncover {
        rotation: String,
    },
}

/// Who may what, and what the configuration fixes.
#[derive(Clone, Debug, Default)]
pub struct Rights {
    /// Roles that may freeze and lift what others have frozen. Empty: anybody may freeze, and only they lift it.
    pub freeze: Vec<String>,
    /// The names of the configuration's rules.
    pub rules: BTreeSet<String>,
    /// The roles of whoever asks.
    pub has: BTreeSet<String>,
}

impl Rights {
    fn may_freeze(&self) -> bool {
        self.freeze.iter().any(|role| self.has.contains(role))
    }
}

/// Why a wish is refused. The words are in `words::standing`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Only these roles may freeze.
    NotYoursToFreeze { roles: Vec<String> },
    /// As many freezes are set as may be.
    TooManyFreezes,
    /// The same freeze is set already.
    AlreadyFrozen { number: u32 },
    /// Nothing is set that could be lifted.
    NothingSet,
    /// Several are set: at most ten.
    WhichFreeze { numbers: Vec<u32> },
    /// No freeze of that number or name.
    NoSuchFreeze { said: String, numbers: Vec<u32> },
    /// It stands in the configuration.
    InConfiguration { name: String },
    /// Somebody else set it, and only they or these roles lift it.
    NotYoursToLift { number: u32, by: Person, roles: Vec<String> },
    /// The cover ends before it begins.
    EndsBeforeItBegins,
    /// Somebody covers then already.
    Covered { cover: Cover },
    /// As many covers stand as may.
    TooManyCovers,
    /// Nobody covers that rotation; who does elsewhere: at most ten rotations.
    NoCover { rotation: String, others: Vec<String> },
}

/// What a wish means as things stand: a ruling, or why it is refused.
pub fn decide(s: &Standing, wish: &Wish, by: &Person, at: Timestamp, rights: &Rights) -> Result<Ruling, Refusal> {
    match wish {
        Wish::Freeze { reason, until, environment, service } => {
            if !rights.freeze.is_empty() && !rights.may_freeze() {
                return Err(Refusal::NotYoursToFreeze { roles: rights.freeze.clone() });
            }
            let standing = || s.freezes.iter().filter(|f| f.holds(at));
            let same = |f: &&SetFreeze| {
                f.reason == *reason && f.until == *until && f.environment == *environment && f.service == *service
            };
            if let Some(same) = standing().find(same) {
                return Err(Refusal::AlreadyFrozen { number: same.number });
            }
            if standing().count() >= MAX_FREEZES {
                return Err(Refusal::TooManyFreezes);
            }
            Ok(Ruling::FreezeSet {
                number: s.numbered.saturating_add(1),
                reason: reason.clone(),
                until: *until,
                environment: environment.clone(),
                service: service.clone(),
            })
        }
        Wish::Unfreeze { which } => {
            let freeze = meant(s, which.as_deref(), at, rights)?;
            if freeze.by.id != by.id && !rights.may_freeze() {
                let roles = rights.freeze.clone();
                return Err(Refusal::NotYoursToLift { number: freeze.number, by: freeze.by.clone(), roles });
            }
            Ok(Ruling::FreezeLifted { number: freeze.number })
        }
        Wish::Cover(cover) => {
            if cover.until <= cover.from {
                return Err(Refusal::EndsBeforeItBegins);
            }
            let overlaps = |c: &&Cover| c.rotation == cover.rotation && c.from < cover.until && cover.from < c.until;
            if let Some(other) = s.covers(at).find(overlaps) {
                return Err(Refusal::Covered { cover: other.clone() });
            }
            if s.covers(at).count() >= MAX_COVERS {
                return Err(Refusal::TooManyCovers);
            }
            Ok(Ruling::CoverSet { cover: cover.clone() })
        }
        Wish::Uncover { rotation } => {
            let folded = rotation.to_lowercase();
            match s.covers(at).find(|c| c.rotation.to_lowercase() == folded) {
                Some(cover) => Ok(Ruling::CoverLifted { rotation: cover.rotation.clone(), from: cover.from }),
                None => {
                    let others: BTreeSet<String> = s.covers(at).map(|c| c.rotation.clone()).collect();
                    Err(Refusal::NoCover { rotation: rotation.clone(), others: others.into_iter().take(10).collect() })
                }
            }
        }
    }
}

fn meant<'a>(s: &'a Standing, which: Option<&str>, at: Timestamp, rights: &Rights) -> Result<&'a SetFreeze, Refusal> {
    let standing: Vec<&SetFreeze> = s.freezes.iter().filter(|f| f.holds(at)).collect();
    let numbers = || standing.iter().map(|f| f.number).take(10).collect();
    let Some(said) = which else {
        return match standing.as_slice() {
            [] => Err(Refusal::NothingSet),
            [one] => Ok(one),
            _ => Err(Refusal::WhichFreeze { numbers: numbers() }),
        };
    };
    if let Some(name) = rights.rules.iter().find(|name| name.eq_ignore_ascii_case(said)) {
        return Err(Refusal::InConfiguration { name: name.clone() });
    }
    let number = said.parse::<u32>().ok();
    let found = standing.iter().find(|f| Some(f.number) == number);
    found.copied().ok_or_else(|| Refusal::NoSuchFreeze { said: said.to_owned(), numbers: numbers() })
}
