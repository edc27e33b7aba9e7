use super::chain::{Parts, ROOT};
use super::*;
use crate::card::{Card, Tone};
use crate::domain::command::{Mark, Person, Via};
use crate::domain::event::Event;
use crate::domain::paging::PageEvent;
use proptest::prelude::*;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

mod files;
mod outbox;

type Done = Result<(), StoreError>;

struct House {
    dir: TempDir,
    store: Store,
}

async fn house() -> House {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    House { dir, store }
}

impl House {
    fn file(&self) -> PathBuf {
        self.dir.path().join("rollcall.db")
    }
    /// Somebody with a database tool.
    async fn intruder(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.file()).connect().await.unwrap()
    }
    /// Sets something of the connection that writes.
    async fn pragma(&self, sql: &'static str) -> Done {
        let mut writer = self.store.writer().await?;
        let set = sqlx::query(sql).execute(writer.conn.as_mut().unwrap()).await;
        set.map(drop).map_err(|e| self.store.error(e))
    }
    async fn claim(&self, now: i64) -> Vec<String> {
        self.store.claim(Timestamp(now), 100).await.unwrap().into_iter().map(|w| w.delivery.key).collect()
    }
    async fn tamper(&self, sql: &'static str) {
        let mut conn = self.intruder().await;
        let sql = format!(
            "PRAGMA foreign_keys = OFF; DROP TRIGGER events_are_not_changed; DROP TRIGGER events_are_not_removed;
             DROP TRIGGER checklists_are_not_changed; {sql}"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
    }
    async fn first_fault(&self) -> (u64, u64, Fault) {
        let report = self.store.audit(None).await.unwrap();
        assert_eq!(report.findings.len(), 1, "{report:?}");
        let f = &report.findings[0];
        (f.deployment, f.seq, f.fault)
    }
}

fn list() -> Checklist {
    Checklist { name: "release".into(), title: "Release".into(), ..Checklist::default() }
}

fn summary(id: u64) -> Summary {
    Summary {
        also: Vec::new(),
        id,
        version: format!("v1.{id}"),
        checklist: "release".into(),
        title: "Release".into(),
        checklist_hash: chain::checklist_hash(&list()),
        service: "api".into(),
        environment: "production".into(),
        channel: "console:deployments".into(),
        rehearsal: false,
        status: Status::Active,
        deployer: "Ada".into(),
        opened_at: Timestamp(1001),
        started_at: Some(Timestamp(1002)),
        ended_at: None,
        archived: false,
    }
}

fn event(deployment: u64, prev: Hash, seq: u64) -> NewEvent {
    let event = match seq {
        1 => Event::Opened {
            version: format!("v1.{deployment}"),
            checklist: chain::checklist_hash(&list()),
            service: "api".into(),
            environment: "production".into(),
            channel: "console:deployments".into(),
            rehearsal: false,
            start_at: None,
            expected_ms: None,
        },
        2 => Event::Started { late_ms: 0 },
        _ => Event::Noted { text: format!("“{seq}” wörds") },
    };
    let recorded =
        Recorded { seq, at: Timestamp(1000 + seq as i64), by: Person::named("Ada"), via: Via::Console, event };
    NewEvent { deployment, prev, hash: chain::link(&prev, deployment, &recorded), recorded }
}

fn events(deployment: u64, n: u64) -> Vec<NewEvent> {
    let mut prev = ROOT;
    (1..=n)
        .map(|seq| {
            let e = event(deployment, prev, seq);
            prev = e.hash;
            e
        })
        .collect()
}

/// A deployment with `n` events.
fn opened(id: u64, n: u64) -> Batch {
    Batch {
        checklists: vec![(chain::checklist_hash(&list()), Arc::new(list()))],
        deployments: vec![summary(id)],
        events: events(id, n),
        ..Batch::default()
    }
}

fn card(title: &str) -> Card {
    Card {
        title: title.into(),
        tone: Tone::Plain,
        rehearsal: false,
        broadcast: false,
        blocks: vec![],
        buttons: vec![],
        page: None,
    }
}

fn reply(text: &str) -> Reply {
    Reply { ok: true, text: text.into(), card: None, choices: vec![], deployment: Some(1) }
}

fn ask(key: &str, channel: &str, due: i64) -> NewDelivery {
    NewDelivery {
        key: key.into(),
        deployment: 1,
        channel: channel.into(),
        thread: None,
        what: "board".into(),
        card: None,
        due: Timestamp(due),
        only_if_shown: false,
    }
}

fn asks(asks: Vec<NewDelivery>) -> Batch {
    Batch { outbox: asks, ..Batch::default() }
}

fn became(key: &str, generation: i64, at: i64, outcome: DeliveryOutcome) -> Batch {
    let delivered = vec![Delivered { key: key.into(), generation, at: Timestamp(at), outcome }];
    Batch { delivered, ..Batch::default() }
}

fn shown(title: &str) -> DeliveryOutcome {
    DeliveryOutcome::Shown { posted: format!("id of {title}"), card: Arc::new(card(title)), reposted: false }
}

fn retry(due: i64) -> DeliveryOutcome {
    DeliveryOutcome::Retry { due: Timestamp(due), why: "429".into() }
}

fn failed() -> DeliveryOutcome {
    DeliveryOutcome::Failed { why: "channel is gone".into() }
}

fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

#[tokio::test]
async fn what_is_written_is_read_again_after_opening_anew() -> Done {
    let h = house().await;
    let mut batch = opened(1, 3);
    batch.locks = vec![(1, Some("api/production".into()))];
    batch.timers = vec![(1, Timer::Progress, Some(Timestamp(50))), (1, Timer::Start, Some(Timestamp(40)))];
    batch.inbox = vec![("click 1".into(), Timestamp(7), reply("Ticked."))];
    batch.outbox = vec![NewDelivery { card: Some(card("Hello")), ..ask("1/board", "console:deployments", 5) }];
    h.store.commit(&batch).await?;
    h.store.close().await?;
    assert_eq!(h.store.commit(&batch).await, Err(StoreError::Closed));
    assert!(!h.dir.path().join("rollcall.db-wal").exists(), "closing leaves one file");

    let s = Store::open(&h.file()).await?;
    let log = s.deployment_log(1).await?.unwrap();
    assert_eq!(log.summary, summary(1));
    assert_eq!(log.events, batch.events.iter().map(|e| e.recorded.clone()).collect::<Vec<_>>());
    assert_eq!(log.head, batch.events[2].hash);
    assert_eq!(s.deployment_log(2).await?, None);
    assert_eq!(s.checklist(&batch.checklists[0].0).await?.unwrap(), list());
    assert_eq!(s.checklist("?").await?, None);
    let answered = s.answered(&["click 0".into(), "click 1".into()]).await?;
    assert_eq!(answered.into_iter().collect::<Vec<_>>(), [("click 1".to_owned(), reply("Ticked."))]);
    assert_eq!(s.lock_holder("api/production").await?, Some(1));
    assert_eq!(s.next_id().await?, 2);
    assert_eq!(s.next_timer().await?, Some(Timestamp(40)));
    assert_eq!(s.due_timers(Timestamp(45), 9).await?, [(1, Timer::Start, Timestamp(40))]);
    assert_eq!(s.timers_of(1).await?.len(), 2);
    let waiting = s.claim(Timestamp(5), 9).await?;
    assert_eq!(waiting[0].delivery, batch.outbox[0]);
    assert_eq!((waiting[0].posted.clone(), waiting[0].attempts), (None, 0));
    s.commit(&Batch { timers: vec![(1, Timer::Start, None)], ..Batch::default() }).await?;
    assert_eq!(s.next_timer().await?, Some(Timestamp(50)));
    let stats = s.stats().await?;
    assert_eq!((stats.deployments, stats.open, stats.events, stats.waiting, stats.inbox), (1, 1, 3, 1, 1));
    assert!(s.audit(None).await?.is_sound());
    Ok(())
}

#[tokio::test]
async fn lists_find_their_deployments() -> Done {
    let h = house().await;
    let s = &h.store;
    for id in 1..=6 {
        let mut batch = opened(id, 1);
        batch.deployments[0].status = match id {
            1 | 2 => Status::Succeeded,
            3 => Status::Active,
            _ => Status::Queued,
        };
        if id == 6 {
            batch.deployments[0].channel = "slack:C1".into();
        }
        batch.deployments[0].version = if id < 3 { "v1".into() } else { format!("v{id}") };
        s.commit(&batch).await?;
    }
    let ids = |v: Vec<Summary>| v.into_iter().map(|s| s.id).collect::<Vec<_>>();
    let here = "console:deployments";
    assert_eq!(ids(s.open_in_channel(here).await?), [5, 4, 3]);
    assert_eq!(ids(s.recent_in_channel(here, 4).await?), [5, 4, 3, 2]);
    assert_eq!(ids(s.under_way().await?), [3, 4, 5, 6]);
    assert_eq!(ids(s.list(Past::Open).await?), [6, 5, 4, 3]);
    assert_eq!(ids(s.list(Past::Over { before_id: None, limit: 1 }).await?), [2]);
    assert_eq!(ids(s.list(Past::Over { before_id: Some(2), limit: 5 }).await?), [1]);
    assert_eq!(s.queued_for("api/production").await?, [4, 5, 6]);
    assert_eq!(s.used_versions(here, 3).await?, ["v5", "v4", "v3"]);
    assert_eq!(s.used_versions(here, 9).await?, ["v5", "v4", "v3", "v1"]);
    assert_eq!(s.summary(4).await?.map(|s| s.version), Some("v4".into()));
    Ok(())
}

#[tokio::test]
async fn nothing_of_a_batch_is_written_when_one_row_clashes() -> Done {
    let h = house().await;
    let mut first = opened(1, 2);
    first.locks = vec![(1, Some("api/production".into()))];
    first.inbox = vec![("k".into(), Timestamp(1), reply("first"))];
    h.store.commit(&first).await?;

    let whole = |tail: Batch| Batch {
        timers: vec![(2, Timer::Progress, Some(Timestamp(1)))],
        outbox: vec![ask("2/board", "c", 1)],
        ..tail
    };
    let again = Batch { events: vec![event(1, first.events[0].hash, 2)], ..opened(2, 40) };
    let gap = Batch { events: vec![event(1, first.events[1].hash, 4)], ..opened(2, 0) };
    let fork = Batch { events: vec![event(1, [7; 32], 3)], ..opened(2, 0) };
    let lock = Batch { locks: vec![(2, Some("api/production".into()))], ..opened(2, 40) };
    let key = Batch { inbox: vec![("k".into(), Timestamp(2), reply("second"))], ..opened(2, 40) };
    let key_twice =
        Batch { inbox: ["a", "a"].map(|k| (k.into(), Timestamp(2), reply("twice"))).into(), ..opened(2, 40) };
    for (batch, clash) in [
        (again, Clash::Event),
        (gap, Clash::Event),
        (fork, Clash::Event),
        (lock, Clash::Lock),
        (key, Clash::Request),
        (key_twice, Clash::Request),
    ] {
        assert_eq!(h.store.commit(&whole(batch)).await, Err(StoreError::Conflict(clash)));
        assert_eq!(h.store.deployment_log(2).await?, None);
        assert_eq!((h.store.next_timer().await?, h.store.next_delivery().await?), (None, None));
    }
    let mut forged = opened(2, 1);
    forged.events[0].hash = [1; 32];
    assert!(matches!(h.store.commit(&forged).await, Err(StoreError::Other { .. })));
    let mut rootless = opened(2, 1);
    rootless.deployments[0].checklist_hash = "unknown".into();
    assert!(matches!(h.store.commit(&rootless).await, Err(StoreError::Other { .. })), "no checklist, no deployment");

    let mut misnamed = opened(2, 1);
    misnamed.checklists[0].0 = "abc".into();
    assert!(matches!(h.store.commit(&misnamed).await, Err(StoreError::Other { .. })));

    // A lock changes hands within one batch, in whichever order.
    h.store.commit(&opened(2, 40)).await?;
    let swap = vec![(2, Some("api/production".to_owned())), (1, None)];
    h.store.commit(&Batch { locks: swap, ..Batch::default() }).await?;
    assert_eq!(h.store.lock_holder("api/production").await?, Some(2));
    let third = event(1, first.events[1].hash, 3);
    h.store.commit(&Batch { events: vec![third], ..Batch::default() }).await?;
    assert_eq!(h.store.deployment_log(2).await?.unwrap().events.len(), 40);
    assert!(h.store.audit(None).await?.is_sound());
    Ok(())
}

#[tokio::test]
async fn a_call_dropped_half_way_leaves_a_usable_store() -> Done {
    let h = house().await;
    h.store.commit(&opened(1, 1)).await?;
    for polls in 1..30_u32 {
        let seq = h.store.deployment_log(1).await?.unwrap().events.len() as u64;
        let head = h.store.deployment_log(1).await?.unwrap().head;
        let batch = Batch { events: vec![event(1, head, seq + 1)], ..Batch::default() };
        {
            let mut work = Box::pin(h.store.commit(&batch));
            for _ in 0..polls {
                let once = std::future::poll_fn(|cx| std::task::Poll::Ready(work.as_mut().poll(cx).is_ready()));
                if once.await {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        // Written or not, the next one knows where it stands.
        let after = match h.store.commit(&batch).await {
            Ok(()) => true,
            Err(StoreError::Conflict(Clash::Event)) => false,
            Err(e) => panic!("{e:?}"),
        };
        let log = h.store.deployment_log(1).await?.unwrap();
        assert_eq!(log.events.len() as u64, seq + 1, "polls {polls}, written by the second: {after}");
    }
    assert!(h.store.audit(None).await?.is_sound());
    Ok(())
}

#[tokio::test]
async fn the_log_can_only_grow() -> Done {
    let h = house().await;
    h.store.commit(&opened(1, 3)).await?;
    let mut tool = h.intruder().await;
    for sql in [
        "UPDATE events SET body = '{}'",
        "DELETE FROM events",
        "INSERT OR REPLACE INTO events SELECT * FROM events",
        "UPDATE checklists SET body = '{}'",
        "DELETE FROM checklists",
        "DELETE FROM deployments",
    ] {
        assert!(sqlx::query(sql).execute(&mut tool).await.is_err(), "{sql}");
    }
    assert!(h.store.audit(None).await?.is_sound());
    Ok(())
}

#[tokio::test]
async fn an_audit_finds_what_was_done_behind_our_back() -> Done {
    for (sql, expected) in [
        ("UPDATE events SET body = replace(body, '5', '6') WHERE deployment = 2 AND seq = 5", (2, 5, Fault::Changed)),
        ("UPDATE events SET by_name = 'Eve' WHERE deployment = 2 AND seq = 1", (2, 1, Fault::Changed)),
        ("UPDATE events SET at = at + 1 WHERE deployment = 2 AND seq = 9", (2, 9, Fault::Changed)),
        ("UPDATE events SET prev = zeroblob(32) WHERE deployment = 2 AND seq = 4", (2, 4, Fault::Unlinked)),
        ("DELETE FROM events WHERE deployment = 2 AND seq = 5", (2, 5, Fault::Missing)),
        ("DELETE FROM events WHERE deployment = 2 AND seq = 1", (2, 1, Fault::Missing)),
        ("DELETE FROM events WHERE deployment = 2 AND seq > 7", (2, 8, Fault::CutShort)),
        ("DELETE FROM events WHERE deployment = 2", (2, 1, Fault::CutShort)),
        ("UPDATE deployments SET head_seq = 8 WHERE id = 2", (2, 9, Fault::Added)),
        ("UPDATE deployments SET head_hash = zeroblob(32) WHERE id = 2", (2, 9, Fault::Added)),
        ("DELETE FROM deployments WHERE id = 2", (2, 1, Fault::Orphan)),
        ("DELETE FROM deployments WHERE id = 3", (3, 1, Fault::Orphan)),
        (
            "DELETE FROM events WHERE deployment = 2 AND seq = 4;
             UPDATE events SET seq = seq - 1 WHERE deployment = 2 AND seq > 4",
            (2, 4, Fault::Unlinked),
        ),
    ] {
        let h = house().await;
        for id in 1..=3 {
            h.store.commit(&opened(id, 9)).await?;
        }
        h.tamper(sql).await;
        assert_eq!(h.first_fault().await, expected, "{sql}");
        assert!(h.store.audit(Some(1)).await?.is_sound());
        assert!(!h.store.audit(Some(expected.0)).await?.is_sound());
    }
    Ok(())
}

#[tokio::test]
async fn an_audit_tells_the_row_anew_from_the_events() -> Done {
    let other = Checklist { name: "other".into(), ..Checklist::default() };
    let hash = chain::checklist_hash(&other);
    let h = house().await;
    for id in 1..=2 {
        h.store.commit(&opened(id, 4)).await?;
    }
    h.store.commit(&Batch { checklists: vec![(hash.clone(), Arc::new(other))], ..Batch::default() }).await?;
    assert!(h.store.audit(None).await?.is_sound());
    for (column, value, true_value) in [
        ("status", "'succeeded'", "'active'"),
        ("status", "'splendid'", "'active'"),
        ("over", "1", "0"),
        ("version", "'v9'", "'v1.2'"),
        ("service", "'shop'", "'api'"),
        ("environment", "'staging'", "'production'"),
        ("channel", "'console:other'", "'console:deployments'"),
        ("rehearsal", "1", "0"),
        ("deployer", "'Mallory'", "'Ada'"),
        ("opened_at", "5", "1001"),
        ("started_at", "NULL", "1002"),
        ("ended_at", "7", "NULL"),
        ("archived", "1", "0"),
        ("checklist", "'other'", "'release'"),
        ("title", "'Other'", "'Release'"),
        ("checklist_hash", &format!("'{hash}'"), &format!("'{}'", chain::checklist_hash(&list()))),
    ] {
        let set = async |value: &str| {
            let sql = format!("UPDATE deployments SET {column} = {value} WHERE id = 2");
            let mut conn = h.intruder().await;
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
            conn.close().await.unwrap();
        };
        set(value).await;
        assert_eq!(h.first_fault().await, (2, 4, Fault::Summary), "{column} = {value}");
        set(true_value).await;
        assert!(h.store.audit(None).await?.is_sound(), "{column} = {true_value}");
    }
    // An event in its place that nobody understands.
    h.tamper("").await;
    let mut one = event(2, h.store.deployment_log(2).await?.unwrap().head, 5);
    let parts = Parts {
        deployment: 2,
        seq: 5,
        at: 1005,
        by_id: b"ada",
        by_name: b"Ada",
        via: b"console",
        body: br#"{"kind":"danced"}"#,
    };
    let forged = chain::link_parts(&one.prev, &parts);
    h.store.commit(&Batch { events: vec![one.clone()], ..Batch::default() }).await?;
    one.hash = forged;
    let sql = format!(
        "UPDATE events SET body = '{{\"kind\":\"danced\"}}', hash = x'{0}' WHERE deployment = 2 AND seq = 5;
         UPDATE deployments SET head_hash = x'{0}' WHERE id = 2",
        hex::encode(one.hash)
    );
    let mut conn = h.intruder().await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
    assert_eq!(h.first_fault().await, (2, 5, Fault::Unreadable));
    Ok(())
}

#[tokio::test]
async fn history_is_not_hidden_by_what_is_open() -> Done {
    let h = house().await;
    let mut over = opened(1, 2);
    over.deployments[0].status = Status::Cancelled;
    h.store.commit(&over).await?;
    for id in 2..=30 {
        h.store.commit(&opened(id, 2)).await?;
    }
    let ids = |past: Vec<Summary>| past.iter().map(|s| s.id).collect::<Vec<_>>();
    assert_eq!(ids(h.store.ended_in_channel("console:deployments", 20).await?), [1]);
    assert_eq!(ids(h.store.ended_in_channel("console:other", 20).await?), [0; 0]);
    Ok(())
}

#[tokio::test]
async fn an_audit_finds_a_checklist_that_was_changed() -> Done {
    let h = house().await;
    h.store.commit(&opened(1, 1)).await?;
    h.tamper("UPDATE checklists SET body = replace(body, 'release', 'relaxed')").await;
    for which in [None, Some(1)] {
        let report = h.store.audit(which).await?;
        assert_eq!((report.is_sound(), report.checklists), (false, vec![chain::checklist_hash(&list())]));
    }
    Ok(())
}

/// Every call may be made from a task of a runtime with several threads.
#[test]
fn the_store_may_be_shared_between_threads() {
    fn sent<T: Send>(_: impl FnOnce(&'static Store) -> T) {}
    fn shared<T: Send + Sync>() {}
    shared::<Store>();
    sent(|s| s.commit(Box::leak(Box::default())));
    sent(|s| s.deployment_log(1));
    sent(|s| s.audit(None));
    sent(|s| s.backup(Path::new("x")));
    sent(|s| s.messages("a", None, 1));
    sent(|s| s.claim(Timestamp(1), 1));
    sent(|s| s.close());
    sent(|_| Store::open(Path::new("x")));
    sent(|_| Store::open_existing(Path::new("x")));
    sent(|s| s.limit_pages(None));
    sent(|s| s.prune(Timestamp(1)));
}

#[tokio::test]
async fn an_audit_goes_through_more_than_one_portion() -> Done {
    let h = house().await;
    let mut all = Batch { checklists: opened(1, 0).checklists, ..Batch::default() };
    for id in 1..=600 {
        let one = opened(id, 2);
        all.deployments.extend(one.deployments);
        all.events.extend(one.events);
    }
    h.store.commit(&all).await?;
    let report = h.store.audit(None).await?;
    assert_eq!((report.deployments, report.events, report.is_sound()), (600, 1200, true));
    h.tamper("DELETE FROM events WHERE deployment IN (256, 257, 600) AND seq = 2").await;
    let report = h.store.audit(None).await?;
    assert_eq!(report.findings.iter().map(|f| f.deployment).collect::<Vec<_>>(), [256, 257, 600]);
    Ok(())
}

#[tokio::test]
async fn pages_hold_messages_with_threads_and_reactions() -> Done {
    let h = house().await;
    let s = &h.store;
    for (key, thread) in [("1", None), ("2", None), ("1a", Some("1")), ("3", None), ("1b", Some("1"))] {
        s.commit(&asks(vec![NewDelivery { thread: thread.map(String::from), ..ask(key, "a", 1) }])).await?;
        let generation = s.claim(Timestamp(1), 1).await?.remove(0).generation;
        s.commit(&became(key, generation, 2, shown(key))).await?;
    }
    let react = |person: &str, emoji: &str, present| Reaction {
        message: "1a".into(),
        emoji: emoji.into(),
        person: crate::domain::command::Person::named(person),
        present,
        at: Timestamp(5),
    };
    let reactions = vec![
        react("Zoe", "✅", true),
        react("Ada", "1️⃣", true),
        react("Ada", "✅", true),
        react("Zoe", "✅", true),
        react("Bob", "✅", true),
        react("Bob", "✅", false),
    ];
    s.commit(&Batch { reactions, ..Batch::default() }).await?;
    let keys = |page: &[Message]| page.iter().map(|m| m.key.clone()).collect::<Vec<_>>();
    let page = s.messages("a", None, 2).await?;
    assert_eq!(keys(&page), ["2", "3"]);
    let page = s.messages("a", Some(page[0].id), 2).await?;
    assert_eq!(keys(&page), ["1", "1a", "1b"]);
    let people = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(page[1].reactions, [("✅".into(), people(&["Zoe", "Ada"])), ("1️⃣".into(), people(&["Ada"]))]);
    assert_eq!(keys(&s.messages("a", None, 9).await?), ["1", "1a", "1b", "2", "3"]);
    assert_eq!(keys(&s.deployment_messages(1).await?), ["1", "2", "1a", "3", "1b"]);
    assert_eq!(s.shown_keys(1).await?, ["1", "2", "1a", "3", "1b"]);
    assert_eq!(s.message("?").await?, None);
    assert_eq!(s.message("1a").await?.unwrap().reactions.len(), 2);
    Ok(())
}

#[tokio::test]
async fn old_answers_are_forgotten_in_bounded_portions() -> Done {
    let h = house().await;
    let day = 24 * 60 * 60 * 1000;
    let inbox = (0..1500).map(|i| (format!("k{i}"), Timestamp(i64::from(i) % 2 * 5 * day), reply("r"))).collect();
    h.store.commit(&Batch { inbox, ..Batch::default() }).await?;
    assert_eq!(h.store.prune(Timestamp(8 * day)).await?, 750);
    let later = Timestamp(30 * day);
    assert_eq!((h.store.prune(later).await?, h.store.prune(later).await?), (750, 0));
    let inbox = (0..1001).map(|i| (format!("k{i}"), Timestamp(0), reply("r"))).collect();
    h.store.commit(&Batch { inbox, ..Batch::default() }).await?;
    assert_eq!((h.store.prune(later).await?, h.store.prune(later).await?), (1000, 1));
    Ok(())
}

#[tokio::test]
async fn a_backup_taken_while_writing_is_whole() -> Done {
    let h = house().await;
    h.store.commit(&opened(1, 500)).await?;
    let copy = h.dir.path().join("copy.db");
    let writing = async {
        for id in 2..=40 {
            h.store.commit(&opened(id, 20)).await?;
        }
        Ok::<_, StoreError>(())
    };
    let (written, copied) = tokio::join!(writing, h.store.backup(&copy));
    written.and(copied)?;
    assert_eq!(h.store.backup(&copy).await, Err(StoreError::Exists { path: copy.clone() }));
    assert_eq!(h.store.backup(&h.file()).await, Err(StoreError::Exists { path: h.file() }));
    let nowhere = h.dir.path().join("no/copy.db");
    assert_eq!(h.store.backup(&nowhere).await, Err(StoreError::MissingFolder { path: nowhere }));
    let left = std::fs::read_dir(h.dir.path())
        .unwrap()
        .filter(|f| f.as_ref().is_ok_and(|f| f.file_name().to_string_lossy().contains("partial")));
    assert_eq!(left.count(), 0);

    let beside = Store::open_existing(&copy).await?;
    let report = beside.audit(None).await?;
    assert!(report.is_sound() && report.events >= 500, "{report:?}");
    beside.close().await?;
    let restored = Store::open(&copy).await?;
    let next = restored.next_id().await?;
    restored.commit(&opened(next, 1)).await?;
    // Beside the bot, by a command.
    Store::open_existing(h.dir.path()).await?.backup(&h.dir.path().join("second.db")).await
}

#[tokio::test]
async fn the_writer_writes_durably() -> Done {
    let h = house().await;
    for again in [false, true] {
        let mut writer = h.store.writer().await?;
        if again {
            // A connection that is not trusted any more is replaced by one of the same kind.
            writer.dirty = true;
            drop(writer);
            writer = h.store.writer().await?;
        }
        let conn = writer.conn.as_mut().unwrap();
        for (sql, expected) in [
            ("SELECT journal_mode = 'wal' FROM pragma_journal_mode", 1),
            ("PRAGMA synchronous", 2),
            ("PRAGMA foreign_keys", 1),
            ("PRAGMA busy_timeout", 2000),
        ] {
            let value: i64 = sqlx::query_scalar(sql).fetch_one(&mut *conn).await.map_err(|e| h.store.error(e))?;
            assert_eq!(value, expected, "{sql}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn look_ups_use_their_indexes() -> Done {
    let h = house().await;
    let mut conn = h.intruder().await;
    for sql in [
        "SELECT * FROM deployments INDEXED BY deployments_open WHERE over = 0 AND channel = ? ORDER BY id DESC",
        "SELECT * FROM deployments WHERE channel = ? ORDER BY id DESC",
        "SELECT id FROM deployments WHERE status = 'queued' AND service || '/' || environment = ? ORDER BY id",
        "SELECT id FROM deployments WHERE lock = ?",
        "SELECT * FROM events WHERE deployment = ? ORDER BY seq",
        "SELECT deployment FROM timers WHERE due <= ? ORDER BY due",
        "SELECT min(due) FROM timers",
        "SELECT * FROM messages WHERE channel = ? AND thread IS NULL AND id < ? ORDER BY id DESC",
        "SELECT * FROM messages WHERE thread IS NOT NULL AND thread IN (SELECT value FROM json_each(?))",
        "SELECT * FROM messages WHERE channel = ? AND posted = ? ORDER BY id",
        "SELECT * FROM inbox WHERE key IN (SELECT value FROM json_each(?))",
        "SELECT * FROM reactions WHERE message IN (SELECT value FROM json_each(?))",
        "SELECT 1 FROM outbox WHERE channel = ? AND failed = 0 AND due > ?",
        "SELECT * FROM outbox WHERE deployment = ?",
        "SELECT rowid FROM inbox WHERE at < ? ORDER BY at LIMIT 5",
    ] {
        let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")));
        let rows = plan.fetch_all(&mut conn).await.map_err(|e| h.store.error(e))?;
        let steps: Vec<String> = rows.iter().map(|r| sqlx::Row::get(r, 3)).collect();
        let slow = |s: &String| s.starts_with("SCAN") && !s.contains("VIRTUAL") || s.contains("TEMP B-TREE");
        assert!(!steps.iter().any(slow) || sql.contains("min(due)"), "{sql}: {steps:?}");
    }
    Ok(())
}

#[test]
fn the_encoding_of_a_link_never_changes() {
    let parts = Parts {
        deployment: 12,
        seq: 3,
        at: -4,
        by_id: b"ada",
        by_name: "Ada Løv".as_bytes(),
        via: b"slack",
        body: b"{}",
    };
    assert_eq!(
        hex::encode(chain::link_parts(&ROOT, &parts)),
        "1061ca0d2437f5430c23977c658c8a587b95e42536a3ddc4ded0646e111c5515"
    );
}

#[test]
fn a_recorded_event_links_as_its_stored_bytes() {
    let event = Event::Marked { item: "3.2".parse().unwrap(), mark: Mark::Tick, note: None, reaction: None };
    let recorded = Recorded { seq: 1, at: Timestamp(5), by: Person::named("Ada"), via: Via::Terminal, event };
    let body = serde_json::to_string(&recorded.event).unwrap();
    let parts =
        Parts { deployment: 9, seq: 1, at: 5, by_id: b"ada", by_name: b"Ada", via: b"terminal", body: body.as_bytes() };
    assert_eq!(chain::link(&ROOT, 9, &recorded), chain::link_parts(&ROOT, &parts));
}

#[test]
fn words_of_the_database_are_read_again() {
    for via in [Via::Console, Via::Terminal, Via::Timer, Via::Slack, Via::Discord, Via::Pager] {
        assert_eq!(names::via_named(names::via(via)), Some(via));
        assert_eq!(serde_json::to_value(via).unwrap(), names::via(via));
    }
    for timer in [Timer::Start, Timer::Progress, Timer::Archive] {
        assert_eq!(names::timer_named(names::timer(timer)), Some(timer));
        assert_eq!(serde_json::to_value(timer).unwrap(), names::timer(timer));
    }
}

type Fields = (u64, u64, i64, [Vec<u8>; 4]);

fn link_of(prev: &Hash, (deployment, seq, at, [by_id, by_name, via, body]): &Fields) -> Hash {
    chain::link_parts(prev, &Parts { deployment: *deployment, seq: *seq, at: *at, by_id, by_name, via, body })
}

proptest! {
    #[test]
    fn different_rows_have_different_links(a: (Hash, Fields), b: (Hash, Fields)) {
        prop_assert_eq!(link_of(&a.0, &a.1) == link_of(&b.0, &b.1), a == b);
    }

    /// Moving the border between two texts changes the link, although the bytes in a row are the same.
    #[test]
    fn borders_between_texts_count(text in "[a-c]{1,12}", cut in 0_usize..12, other in 0_usize..12) {
        let at = |cut: usize| {
            let (a, b) = text.split_at(cut.min(text.len()));
            (1, 1, 1, [a.into(), b.into(), vec![], vec![]])
        };
        let same = cut.min(text.len()) == other.min(text.len());
        prop_assert_eq!(link_of(&ROOT, &at(cut)) == link_of(&ROOT, &at(other)), same);
    }
}

#[test]
fn every_error_is_a_sentence() {
    let path = || PathBuf::from("/srv/rollcall.db");
    let detail = || String::from("code 1: near \"SELECT\"");
    let all = [
        StoreError::Newer { path: path() },
        StoreError::Older { path: path() },
        StoreError::Altered { path: path() },
        StoreError::Foreign { path: path() },
        StoreError::Damaged { path: path(), detail: detail() },
        StoreError::ReadOnly { path: path() },
        StoreError::ForReading { path: path() },
        StoreError::Busy { path: path() },
        StoreError::Full { path: path() },
        StoreError::Denied { path: path() },
        StoreError::MissingFolder { path: path() },
        StoreError::MissingFile { path: path() },
        StoreError::Exists { path: path() },
        StoreError::Conflict(Clash::Event),
        StoreError::Conflict(Clash::Lock),
        StoreError::Conflict(Clash::Request),
        StoreError::Unreadable { path: path(), detail: detail() },
        StoreError::Io { path: path(), detail: detail() },
        StoreError::Unsure { path: path(), detail: detail() },
        StoreError::Closed,
        StoreError::Other { path: path(), detail: detail() },
    ];
    for error in all {
        let said = error.to_string();
        assert!(said.ends_with('.') && !said.contains("SELECT") && !said.to_lowercase().contains("sql"), "{said}");
        let local = matches!(error, StoreError::Conflict(_) | StoreError::Closed);
        assert_eq!(said.contains("/srv/rollcall.db"), !local, "{said}");
    }
}
