//! What the door has committed, kept in memory for reading: the deployments in use and an index of the open ones.

use crate::domain::deployment::Deployment;
use crate::domain::plan::Plan;
use crate::store::{Hash, Store, StoreError, Summary};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};

/// Deployments that are over and still kept in memory. The rest is replayed when asked for.
const KEPT_OVER: usize = 64;

/// The committed state. Written by the door alone.
pub(super) struct House {
    rooms: RwLock<Rooms>,
}

#[derive(Default)]
struct Rooms {
    deployments: HashMap<u64, (Arc<Deployment>, Hash)>,
    /// Those of them that are over.
    over: BTreeSet<u64>,
    /// Everything that has no outcome yet.
    open: BTreeMap<u64, Summary>,
    /// Deployments of the same checklist share its plan.
    plans: HashMap<String, Weak<Plan>>,
    next_id: u64,
}

impl House {
    /// Reads the index of what is open; deployments themselves are replayed when first needed.
    pub(super) async fn load(store: &Store) -> Result<Self, StoreError> {
        let open = store.under_way().await?.into_iter().map(|s| (s.id, s)).collect();
        let next_id = store.next_id().await?;
        Ok(Self { rooms: RwLock::new(Rooms { open, next_id, ..Rooms::default() }) })
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
        let Some(plan) = self.plan(store, &log.summary.checklist_hash).await? else { return Ok(None) };
        let Some(first) = log.events.first() else { return Ok(None) };
        let Some(mut d) = Deployment::open(id, plan, first) else { return Ok(None) };
        for recorded in &log.events {
            d.evolve(recorded);
        }
        Ok(Some((d, log.head)))
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

    /// Makes committed changes visible.
    pub(super) fn publish(
        &self,
        changed: impl IntoIterator<Item = (Arc<Deployment>, Hash)>,
        summaries: &[Summary],
        next_id: u64,
    ) {
        let mut rooms = self.write();
        rooms.next_id = rooms.next_id.max(next_id);
        for (d, head) in changed {
            if d.status.is_over() {
                rooms.over.insert(d.id);
            } else {
                rooms.over.remove(&d.id);
            }
            rooms.deployments.insert(d.id, (d, head));
        }
        while rooms.over.len() > KEPT_OVER
            && let Some(oldest) = rooms.over.pop_first()
        {
            rooms.deployments.remove(&oldest);
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
        for id in ids {
            rooms.deployments.remove(&id);
        }
    }
}
