//! What the door has committed, kept in memory for reading: the deployments in use and an index of the open ones.

use crate::domain::deployment::Deployment;
use crate::domain::event::{Event, Recorded};
use crate::domain::plan::Plan;
use crate::domain::standing::Standing;
use crate::store::{Hash, Store, StoreError, Summary};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};

/// Deployments that are over and still kept in memory. The rest is replayed when asked for.
const KEPT_OVER: usize = 64;

/// The committed state. Changed by the door alone; what others replay to read it is kept as well.
pub(super) struct House {
    rooms: RwLock<Rooms>,
}

#[derive(Default)]
struct Rooms {
    deployments: HashMap<u64, (Arc<Deployment>, Hash)>,
    /// Those of them that are over, the longest kept first.
    over: VecDeque<u64>,
    /// How often deployments were changed or forgotten: what was read before may be stale after.
    changes: u64,
    /// Everything that has no outcome yet.
    open: BTreeMap<u64, Summary>,
    /// Deployments of the same checklist share its plan.
    plans: HashMap<String, Weak<Plan>>,
    next_id: u64,
    /// What holds for the whole house, and the link of its last ruling.
    standing: (Arc<Standing>, Hash),
}

impl House {
    /// Reads the index of what is open; deployments themselves are replayed when first needed.
    pub(super) async fn load(store: &Store) -> Result<Self, StoreError> {
        let open = store.under_way().await?.into_iter().map(|s| (s.id, s)).collect();
        let next_id = store.next_id().await?;
        let standing = told_of(store).await?;
        Ok(Self { rooms: RwLock::new(Rooms { open, next_id, standing, ..Rooms::default() }) })
    }

    /// Reads the index anew, after a commit of which it is not certain what became of it.
    pub(super) async fn reload(&self, store: &Store) -> Result<(), StoreError> {
        let open = store.under_way().await?.into_iter().map(|s| (s.id, s)).collect();
        let next_id = store.next_id().await?;
        let standing = told_of(store).await?;
        let mut rooms = self.write();
        (rooms.open, rooms.next_id, rooms.standing) = (open, next_id, standing);
        Ok(())
    }

    fn read(&self) -> RwLockReadGuard<'_, Rooms> {
        self.rooms.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Rooms> {
        self.rooms.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// A deployment in memory.
    pub(super) fn get(&self, id: u64) -> Option<Arc<Deployment>> {
        self.read().deployments.get(&id).map(|(d, _)| d.clone())
    }

    /// A deployment in memory with the link of its last event.
    pub(super) fn get_with_head(&self, id: u64) -> Option<(Arc<Deployment>, Hash)> {
        self.read().deployments.get(&id).cloned()
    }

    /// Replays a deployment from its log.
    pub(super) async fn replay(&self, store: &Store, id: u64) -> Result<Option<(Deployment, Hash)>, StoreError> {
        let Some(log) = store.deployment_log(id).await? else { return Ok(None) };
        Ok(Some((self.told(store, id, &log.events).await?, log.head)))
    }

    /// A deployment to read: from memory, or replayed and then kept.
    pub(super) async fn look_at(&self, store: &Store, id: u64) -> Result<Option<Arc<Deployment>>, StoreError> {
        if let Some(d) = self.get(id) {
            return Ok(Some(d));
        }
        let changes = self.read().changes;
        let Some((d, head)) = self.replay(store, id).await? else { return Ok(None) };
        let d = Arc::new(d);
        let mut rooms = self.write();
        // The door knows better: what it changed or gave up meanwhile is not overwritten with what was read before.
        if rooms.changes == changes && !rooms.deployments.contains_key(&id) {
            rooms.keep(d.clone(), head);
        }
        Ok(Some(d))
    }

    /// What a deployment's events add up to. The checklist is the one its first event names: that the chain holds,
    /// whatever stands beside it.
    pub(super) async fn told(&self, store: &Store, id: u64, log: &[Recorded]) -> Result<Deployment, StoreError> {
        let unreadable =
            |why: &str| StoreError::Unreadable { path: store.path().to_path_buf(), detail: format!("#{id} {why}") };
        let Some(first) = log.first() else { return Err(unreadable("has no events")) };
        let Event::Opened { checklist, .. } = &first.event else {
            return Err(unreadable("does not begin with its opening"));
        };
        let Some(plan) = self.plan(store, checklist).await? else { return Err(unreadable("has lost its checklist")) };
        let mut d = Deployment::open(id, plan, first).ok_or_else(|| unreadable("cannot be opened"))?;
        for recorded in log {
            d.evolve(recorded);
        }
        Ok(d)
    }

    /// The plan of a checklist by its content hash, shared.
    pub(super) async fn plan(&self, store: &Store, hash: &str) -> Result<Option<Arc<Plan>>, StoreError> {
        if let Some(plan) = self.known_plan(hash) {
            return Ok(Some(plan));
        }
        let Some(checklist) = store.checklist(hash).await? else { return Ok(None) };
        Ok(Some(self.keep_plan(Plan::new(Arc::new(checklist), hash.to_owned()))))
    }

    /// A plan some deployment in memory uses.
    pub(super) fn known_plan(&self, hash: &str) -> Option<Arc<Plan>> {
        self.read().plans.get(hash).and_then(Weak::upgrade)
    }

    /// Keeps a plan for as long as somebody uses it.
    pub(super) fn keep_plan(&self, plan: Plan) -> Arc<Plan> {
        let plan = Arc::new(plan);
        let mut rooms = self.write();
        rooms.plans.retain(|_, p| p.strong_count() > 0);
        rooms.plans.insert(plan.hash.clone(), Arc::downgrade(&plan));
        plan
    }

    /// The open deployments, oldest first, that pass a test.
    pub(super) fn open(&self, test: impl Fn(&Summary) -> bool) -> Vec<Summary> {
        self.read().open.values().filter(|s| test(s)).cloned().collect()
    }

    /// How many are open.
    pub(super) fn open_count(&self) -> usize {
        self.read().open.len()
    }

    /// The number the next deployment gets.
    pub(super) fn next_id(&self) -> u64 {
        self.read().next_id
    }

    /// What holds for the whole house.
    pub(super) fn standing(&self) -> Arc<Standing> {
        self.read().standing.0.clone()
    }

    /// The same with the link of the last ruling.
    pub(super) fn standing_with_head(&self) -> (Arc<Standing>, Hash) {
        self.read().standing.clone()
    }

    /// Makes committed changes visible.
    pub(super) fn publish(
        &self,
        changed: impl IntoIterator<Item = (Arc<Deployment>, Hash)>,
        summaries: &[Summary],
        next_id: u64,
        standing: Option<(Arc<Standing>, Hash)>,
    ) {
        let mut rooms = self.write();
        if let Some(standing) = standing {
            rooms.standing = standing;
        }
        rooms.next_id = rooms.next_id.max(next_id);
        rooms.changes += 1;
        for (d, head) in changed {
            rooms.keep(d, head);
        }
        for s in summaries {
            if s.status.is_over() {
                rooms.open.remove(&s.id);
            } else {
                rooms.open.insert(s.id, s.clone());
            }
        }
    }

    /// Forgets deployments whose changes were not committed.
    pub(super) fn forget(&self, ids: impl IntoIterator<Item = u64>) {
        let mut rooms = self.write();
        rooms.changes += 1;
        for id in ids {
            rooms.deployments.remove(&id);
            rooms.over.retain(|over| *over != id);
        }
    }
}

/// What the journal adds up to.
async fn told_of(store: &Store) -> Result<(Arc<Standing>, Hash), StoreError> {
    let (journal, head) = store.journal().await?;
    let mut standing = Standing::default();
    journal.iter().for_each(|ruled| standing.evolve(ruled));
    Ok((Arc::new(standing), head))
}

impl Rooms {
    fn keep(&mut self, d: Arc<Deployment>, head: Hash) {
        self.over.retain(|over| *over != d.id);
        if d.status.is_over() {
            self.over.push_back(d.id);
        }
        self.deployments.insert(d.id, (d, head));
        while self.over.len() > KEPT_OVER
            && let Some(oldest) = self.over.pop_front()
        {
            self.deployments.remove(&oldest);
        }
    }
}
