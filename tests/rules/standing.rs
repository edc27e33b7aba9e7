//! What stands for the whole house: who may freeze and lift, whose cover counts, and the stored shape of it all.

use rollcall::domain::command::{Person, Via};
use rollcall::domain::rotation::Cover;
use rollcall::domain::standing::*;
use rollcall::domain::time::Timestamp;

const GOLDEN: &str = include_str!("../golden/rulings.jsonl");

/// A house in which people say things.
#[derive(Default)]
struct House {
    s: Standing,
    now: i64,
    rights: Rights,
}

impl House {
    /// What follows, in a few words; it happens.
    fn says(&mut self, who: &str, wish: Wish) -> String {
        self.now += 1_000;
        let (by, at) = (Person::named(who), Timestamp(self.now));
        match decide(&self.s, &wish, &by, at, &self.rights) {
            Ok(ruling) => {
                let said = format!("{ruling:?}").split(['{', ' ']).next().unwrap_or_default().to_owned();
                self.s.evolve(&Ruled { seq: self.s.seq + 1, at, by, via: Via::Console, ruling });
                said
            }
            Err(refusal) => format!("no: {refusal:?}"),
        }
    }
}

fn freeze(reason: &str, until: Option<i64>) -> Wish {
    Wish::Freeze { reason: reason.into(), until: until.map(Timestamp), environment: None, service: None }
}

fn lift(which: &str) -> Wish {
    Wish::Unfreeze { which: (!which.is_empty()).then(|| which.to_owned()) }
}

fn cover(rotation: &str, who: &str, from: i64, until: i64) -> Wish {
    let (from, until) = (Timestamp(from), Timestamp(until));
    Wish::Cover(Cover { rotation: rotation.into(), person: Person::named(who), from, until })
}

#[test]
fn anybody_freezes_and_whoever_froze_lifts() {
    let mut h = House::default();
    assert_eq!(h.says("Ana", lift("")), "no: NothingSet");
    assert_eq!(h.says("Ana", freeze("incident", None)), "FreezeSet");
    assert_eq!(h.says("Bob", freeze("incident", None)), "no: AlreadyFrozen { number: 1 }");
    assert!(h.says("Bob", lift("")).contains("NotYoursToLift { number: 1"));
    assert_eq!(h.says("Bob", freeze("audit", Some(60_000))), "FreezeSet");
    assert_eq!(h.says("Ana", lift("")), "no: WhichFreeze { numbers: [1, 2] }");
    assert_eq!(h.says("Ana", lift("7")), "no: NoSuchFreeze { said: \"7\", numbers: [1, 2] }");
    assert_eq!(h.says("Ana", lift("1")), "FreezeLifted");
    // The other one ends by itself, and its number is not used again.
    h.now = 60_000;
    assert_eq!(h.says("Bob", lift("2")), "no: NoSuchFreeze { said: \"2\", numbers: [] }");
    assert_eq!(h.says("Bob", freeze("third", None)), "FreezeSet");
    assert_eq!(h.s.freezes()[0].number, 3);
}

#[test]
fn a_role_freezes_and_lifts_for_all() {
    let mut h = House::default();
    h.rights.freeze = vec!["lead".into()];
    assert_eq!(h.says("Ana", freeze("incident", None)), "no: NotYoursToFreeze { roles: [\"lead\"] }");
    h.rights.has = ["lead".to_owned()].into();
    h.rights.rules = ["weekend".to_owned()].into();
    assert_eq!(h.says("Ana", freeze("incident", None)), "FreezeSet");
    assert_eq!(h.says("Bob", lift("Weekend")), "no: InConfiguration { name: \"weekend\" }");
    assert_eq!(h.says("Bob", lift("1")), "FreezeLifted");
}

#[test]
fn covers_do_not_overlap_and_end_by_themselves() {
    let mut h = House::default();
    assert_eq!(h.says("Ana", cover("primary", "Ben", 5_000, 5_000)), "no: EndsBeforeItBegins");
    assert_eq!(h.says("Ana", cover("primary", "Ben", 10_000, 20_000)), "CoverSet");
    assert!(
        h.says("Ana", cover("primary", "Cleo", 19_999, 30_000))
            .contains("Covered { cover: Cover { rotation: \"primary\"")
    );
    assert_eq!(h.says("Ana", cover("primary", "Cleo", 20_000, 30_000)), "CoverSet");
    assert_eq!(h.says("Ana", cover("secondary", "Cleo", 10_000, 30_000)), "CoverSet");
    let who = |h: &House, at| h.s.covers(Timestamp(at)).map(|c| c.person.name.to_string()).collect::<Vec<_>>();
    assert_eq!(who(&h, 15_000), ["Ben", "Cleo", "Cleo"]);
    assert_eq!(who(&h, 20_000), ["Cleo", "Cleo"]);
    assert!(
        h.says("Ana", Wish::Uncover { rotation: "tertiary".into() }).contains("others: [\"primary\", \"secondary\"]")
    );
    // The soonest goes first.
    assert_eq!(h.says("Ana", Wish::Uncover { rotation: "Primary".into() }), "CoverLifted");
    assert_eq!(who(&h, 15_000), ["Cleo", "Cleo"]);
}

#[test]
fn there_are_bounds() {
    let mut h = House::default();
    for n in 0..MAX_FREEZES {
        assert_eq!(h.says("Ana", freeze(&format!("{n}"), None)), "FreezeSet");
    }
    assert_eq!(h.says("Ana", freeze("one more", None)), "no: TooManyFreezes");
    for n in 0..MAX_COVERS {
        let from = 1_000_000 * i64::try_from(n + 1).unwrap();
        assert_eq!(h.says("Ana", cover("primary", "Ben", from, from + 1_000)), "CoverSet");
    }
    assert_eq!(h.says("Ana", cover("secondary", "Ben", 1_000_000_000, 1_000_001_000)), "no: TooManyCovers");
}

#[test]
fn every_ruling_is_read_and_written_the_same() {
    let mut s = Standing::default();
    let mut kinds = std::collections::BTreeSet::new();
    for line in GOLDEN.lines() {
        let ruled: Ruled = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        // To the byte: the chain is made of what is written.
        assert_eq!(serde_json::to_string(&ruled).unwrap(), line);
        // A new one does not compile until it is counted.
        kinds.insert(match ruled.ruling {
            Ruling::FreezeSet { .. } => 0,
            Ruling::FreezeLifted { .. } => 1,
            Ruling::CoverSet { .. } => 2,
            Ruling::CoverLifted { .. } => 3,
            Ruling::Proved { .. } => 4,
        });
        s.evolve(&ruled);
    }
    assert_eq!(kinds.len(), 5);
    assert_eq!(s.freezes().iter().map(|f| f.number).collect::<Vec<_>>(), [2]);
    assert_eq!(s.covers(s.at).map(|c| c.rotation.clone()).collect::<Vec<_>>(), ["primary"]);
    let proofs: Vec<_> = s.proofs("ben").map(|(way, p)| (way.to_owned(), p.acknowledged)).collect();
    assert_eq!(proofs, [("email".to_owned(), true)]);
}
