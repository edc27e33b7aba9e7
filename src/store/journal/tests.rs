use super::super::*;
use super::*;
use crate::domain::command::Via;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

fn ruled(seq: u64) -> Ruled {
    let (at, number) = (Timestamp(1_000 + seq.cast_signed()), u32::try_from(seq).unwrap());
    let ruling = Ruling::FreezeSet { number, reason: format!("{seq}"), until: None, environment: None, service: None };
    Ruled { seq, at, by: Person::named("Ana"), via: Via::Console, ruling }
}

fn batch(rulings: Vec<NewRuling>) -> Batch {
    Batch { rulings, ..Batch::default() }
}

/// A journal of three.
async fn written(store: &Store) -> Hash {
    let first = NewRuling::after(chain::ROOT, ruled(1));
    let second = NewRuling::after(first.hash, ruled(2));
    let third = NewRuling::after(second.hash, ruled(3));
    let head = third.hash;
    store.commit(&batch(vec![first, second])).await.unwrap();
    store.commit(&batch(vec![third])).await.unwrap();
    head
}

async fn tamper(store: &Store, sql: &'static str) {
    let mut conn = SqliteConnectOptions::new().filename(store.path()).connect().await.unwrap();
    let sql = format!("DROP TRIGGER journal_is_not_changed; DROP TRIGGER journal_is_not_removed; {sql}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}

#[tokio::test]
async fn what_is_written_is_read_and_links_up() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    assert_eq!(store.journal().await.unwrap(), (Vec::new(), chain::ROOT));
    let head = written(&store).await;
    assert_eq!(store.journal().await.unwrap(), (vec![ruled(1), ruled(2), ruled(3)], head));
    assert_eq!(store.newest_at().await.unwrap(), Some(Timestamp(1_003)));
    let report = store.audit(None).await.unwrap();
    assert!(report.is_sound() && report.rulings == 3, "{report}");
    // A place that is taken, one that is left out, and a link to something else.
    let again = store.commit(&batch(vec![NewRuling::after(chain::ROOT, ruled(1))])).await;
    assert_eq!(again, Err(StoreError::Conflict(Clash::Event)));
    let gap = store.commit(&batch(vec![NewRuling::after(head, ruled(5))])).await;
    assert_eq!(gap, Err(StoreError::Conflict(Clash::Event)));
    let mut wrong = NewRuling::after(head, ruled(4));
    wrong.ruled.by = Person::named("Mallory");
    assert!(matches!(store.commit(&batch(vec![wrong])).await, Err(StoreError::Other { .. })));
    // Nothing of it was done.
    assert_eq!(store.journal().await.unwrap().0.len(), 3);
    store.commit(&batch(vec![NewRuling::after(head, ruled(4))])).await.unwrap();
}

#[tokio::test]
async fn nobody_changes_it_unnoticed() {
    for (sql, seq, fault) in [
        ("UPDATE journal SET at = at + 1 WHERE seq = 2", 2, Fault::Changed),
        ("UPDATE journal SET by_id = 'bob' WHERE seq = 1", 1, Fault::Changed),
        ("DELETE FROM journal WHERE seq = 2", 2, Fault::Missing),
        ("DELETE FROM journal WHERE seq = 3", 3, Fault::CutShort),
        ("DELETE FROM journal", 1, Fault::CutShort),
        ("DELETE FROM meta WHERE key = 'journal'", 3, Fault::Added),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).await.unwrap();
        written(&store).await;
        tamper(&store, sql).await;
        let report = store.audit(None).await.unwrap();
        assert_eq!(report.findings, [Finding { deployment: HOUSE, seq, fault }], "{sql}");
        assert!(report.to_string().contains("the house's journal, ruling"), "{report}");
    }
    // The database itself keeps honest people honest.
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    written(&store).await;
    let mut conn = SqliteConnectOptions::new().filename(store.path()).connect().await.unwrap();
    for sql in ["UPDATE journal SET at = 1", "DELETE FROM journal", "REPLACE INTO journal SELECT * FROM journal"] {
        assert!(sqlx::raw_sql(sql).execute(&mut conn).await.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn an_older_database_gets_a_journal_and_keeps_all_else() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    let path = store.path().to_path_buf();
    store.close().await.unwrap();
    let mut conn = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    let older = "DROP TABLE journal; DELETE FROM meta WHERE key = 'journal';
                 DELETE FROM _sqlx_migrations WHERE version >= 3;
                 INSERT INTO inbox (key, at, reply) VALUES ('kept', 1, '{\"ok\":true,\"text\":\"\"}')";
    sqlx::raw_sql(older).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    assert!(matches!(Store::open_existing(&path).await, Err(StoreError::Older { .. })));
    let store = Store::open(&path).await.unwrap();
    written(&store).await;
    assert_eq!(store.answered(&["kept".to_owned()]).await.unwrap().len(), 1);
}
