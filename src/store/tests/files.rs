//! The file: disks that are full, locks, files that are not ours, versions, permissions, interruptions.

use super::*;

#[tokio::test]
async fn a_full_disk_loses_nothing_and_passes() -> Done {
    let h = house().await;
    h.store.commit(&opened(1, 2)).await?;
    h.store.limit_pages(Some(1)).await?;
    let mut big = opened(2, 400);
    big.inbox = vec![("k".into(), Timestamp(1), reply("big"))];
    let error = h.store.commit(&big).await.unwrap_err();
    assert_eq!(error, StoreError::Full { path: h.file() });
    assert!(error.is_transient() && error.to_string().contains("is full"), "{error}");
    assert_eq!(h.store.deployment_log(2).await?, None);
    assert!(h.store.answered(&["k".into()]).await?.is_empty());
    h.store.limit_pages(None).await?;
    h.store.commit(&big).await?;
    assert_eq!(h.store.deployment_log(2).await?.unwrap().events.len(), 400);
    assert!(h.store.audit(None).await?.is_sound());
    Ok(())
}

#[tokio::test]
async fn a_lock_of_another_program_is_waited_for_and_then_told() -> Done {
    let h = house().await;
    h.pragma("PRAGMA busy_timeout = 1").await?;
    let mut other = h.intruder().await;
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
    let error = h.store.commit(&opened(1, 1)).await.unwrap_err();
    assert_eq!(error, StoreError::Busy { path: h.file() });
    assert!(error.is_transient());
    assert_eq!(h.store.deployment_log(1).await?, None, "reading goes on");
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    h.store.commit(&opened(1, 1)).await
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_told() -> Done {
    let h = house().await;
    h.pragma("PRAGMA query_only = ON").await?;
    assert_eq!(h.store.commit(&opened(1, 1)).await, Err(StoreError::ReadOnly { path: h.file() }));
    h.store.close().await?;
    let mut rights = std::fs::metadata(h.file()).unwrap().permissions();
    rights.set_readonly(true);
    std::fs::set_permissions(h.file(), rights).unwrap();
    // The superuser may write all the same.
    if std::fs::OpenOptions::new().append(true).open(h.file()).is_err() {
        assert_eq!(Store::open(&h.file()).await.unwrap_err(), StoreError::ReadOnly { path: h.file() });
    }
    Ok(())
}

#[tokio::test]
async fn files_that_are_not_ours_are_refused_and_left_alone() -> Done {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.db");
    for garbage in [&b"x"[..], b"# Not a database\n", &[7; 5000]] {
        std::fs::write(&path, garbage).unwrap();
        assert_eq!(Store::open(&path).await.unwrap_err(), StoreError::Foreign { path: path.clone() });
        assert_eq!(Store::open_existing(&path).await.unwrap_err(), StoreError::Foreign { path: path.clone() });
        assert_eq!(bytes(&path), garbage);
    }
    std::fs::remove_file(&path).unwrap();
    let mut other = SqliteConnectOptions::new().filename(&path).create_if_missing(true).connect().await.unwrap();
    sqlx::query("CREATE TABLE theirs (x)").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    let before = bytes(&path);
    assert_eq!(Store::open(&path).await.unwrap_err(), StoreError::Foreign { path: path.clone() });
    assert_eq!(bytes(&path), before);

    let missing = dir.path().join("no/such.db");
    assert_eq!(Store::open(&missing).await.unwrap_err(), StoreError::MissingFolder { path: missing.clone() });
    assert_eq!(Store::open_existing(&missing).await.unwrap_err(), StoreError::MissingFile { path: missing });
    let absent = dir.path().join("absent.db");
    assert_eq!(Store::open_existing(&absent).await.unwrap_err(), StoreError::MissingFile { path: absent.clone() });
    assert!(!absent.exists());

    // An empty file is a database nobody has begun; half of one is damaged.
    std::fs::write(&absent, b"").unwrap();
    let s = Store::open(&absent).await?;
    s.commit(&opened(1, 200)).await?;
    s.close().await?;
    let whole = bytes(&absent);
    std::fs::write(&absent, &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(Store::open(&absent).await, Err(StoreError::Damaged { .. })));
    assert_eq!(bytes(&absent).len(), whole.len() / 2);
    Ok(())
}

#[tokio::test]
async fn deployments_from_before_there_were_windows_and_reminders_get_their_timers() -> Done {
    let h = house().await;
    let mut batch = opened(1, 1);
    batch.timers = vec![(1, Timer::Remind, Some(Timestamp(40)))];
    h.store.commit(&batch).await?;
    for (id, archived) in [(2, false), (3, true)] {
        let mut batch = opened(id, 1);
        batch.deployments[0].status = Status::Succeeded;
        batch.deployments[0].archived = archived;
        h.store.commit(&batch).await?;
    }
    h.store.close().await?;
    let mut conn = SqliteConnectOptions::new().filename(h.file()).connect().await.unwrap();
    sqlx::raw_sql(include_str!("../../../migrations/0004_time.sql")).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    let s = Store::open(&h.file()).await?;
    assert_eq!(s.timers_of(1).await?, [(Timer::Agenda, Timestamp(0)), (Timer::Remind, Timestamp(40))]);
    assert_eq!(s.timers_of(2).await?, [(Timer::Agenda, Timestamp(0))]);
    assert_eq!(s.timers_of(3).await?, []);
    Ok(())
}

#[tokio::test]
async fn other_versions_are_told_apart_and_left_alone() -> Done {
    let h = house().await;
    h.store.commit(&opened(1, 1)).await?;
    h.store.close().await?;
    for (sql, newer, altered, older) in [
        ("INSERT INTO _sqlx_migrations VALUES (9999, 'later', 0, 1, x'00', 0)", true, false, false),
        ("UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1", false, true, false),
        ("UPDATE _sqlx_migrations SET success = 0 WHERE version = 1", false, true, false),
        ("DELETE FROM _sqlx_migrations", false, false, true),
    ] {
        let path = h.dir.path().join("copy.db");
        std::fs::copy(h.file(), &path).unwrap();
        let mut conn = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
        sqlx::query(sql).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        let before = bytes(&path);
        let error = Store::open_existing(&path).await.unwrap_err();
        assert_eq!(matches!(error, StoreError::Newer { .. }), newer, "{error}");
        assert_eq!(matches!(error, StoreError::Altered { .. }), altered, "{error}");
        assert_eq!(matches!(error, StoreError::Older { .. }), older, "{error}");
        if !older {
            assert_eq!(Store::open(&path).await.unwrap_err(), error);
        }
        assert_eq!(bytes(&path), before, "{error}");
        std::fs::remove_file(&path).unwrap();
        let _ = std::fs::remove_file(h.dir.path().join("copy.db-wal"));
        let _ = std::fs::remove_file(h.dir.path().join("copy.db-shm"));
    }
    Ok(())
}

#[tokio::test]
async fn making_a_database_that_was_interrupted_is_taken_up_again() -> Done {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rollcall.db");
    let mut conn = SqliteConnectOptions::new().filename(&path).create_if_missing(true).connect().await.unwrap();
    sqlx::query(
        "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMP \
         NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL, execution_time BIGINT)",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    conn.close().await.unwrap();
    Store::open(&path).await?.commit(&opened(1, 1)).await
}

#[tokio::test]
async fn a_file_cut_off_in_the_middle_of_a_change_is_made_whole() -> Done {
    let h = house().await;
    h.store.commit(&opened(1, 50)).await?;
    let (copy, torn) = (h.dir.path().join("copy.db"), h.dir.path().join("torn.db"));
    h.store.backup(&copy).await?;
    let mut conn = SqliteConnectOptions::new().filename(&copy).connect().await.unwrap();
    sqlx::raw_sql("PRAGMA cache_size = 1; BEGIN; UPDATE deployments SET title = hex(randomblob(200000))")
        .execute(&mut conn)
        .await
        .unwrap();
    std::fs::copy(&copy, &torn).unwrap();
    std::fs::copy(h.dir.path().join("copy.db-journal"), h.dir.path().join("torn.db-journal")).unwrap();
    let s = Store::open(&torn).await?;
    assert_eq!(s.deployment_log(1).await?.unwrap().summary, summary(1));
    s.commit(&opened(2, 1)).await
}

#[tokio::test]
async fn what_was_committed_survives_a_process_that_ended_without_a_word() -> Done {
    let h = house().await;
    for id in 1..=20 {
        h.store.commit(&opened(id, 5)).await?;
    }
    // The files as a power cut would leave them: what is in the log beside the file counts, half a write does not.
    let file = h.dir.path().join("after.db");
    std::fs::copy(h.file(), &file).unwrap();
    let log = bytes(&h.dir.path().join("rollcall.db-wal"));
    for kept in [log.len(), log.len() - 100] {
        std::fs::write(h.dir.path().join("after.db-wal"), &log[..kept]).unwrap();
        let s = Store::open_existing(&file).await?;
        let report = s.audit(None).await?;
        assert!(report.is_sound(), "{report:?}");
        assert_eq!(report.deployments, if kept == log.len() { 20 } else { 19 });
        s.close().await?;
        let _ = std::fs::remove_file(h.dir.path().join("after.db-shm"));
    }
    Ok(())
}

#[tokio::test]
async fn a_command_reads_beside_the_bot_and_writes_nothing() -> Done {
    let h = house().await;
    let beside = Store::open_existing(h.dir.path()).await?;
    h.store.commit(&opened(1, 2)).await?;
    assert_eq!(beside.deployment_log(1).await?.unwrap().events.len(), 2);
    assert_eq!(beside.commit(&opened(2, 1)).await, Err(StoreError::ForReading { path: h.file() }));
    beside.close().await
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_the_files() -> Done {
    use std::os::unix::fs::PermissionsExt;
    let h = house().await;
    h.store.commit(&opened(1, 1)).await?;
    h.store.backup(&h.dir.path().join("copy.db")).await?;
    for file in std::fs::read_dir(h.dir.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
    Ok(())
}

#[test]
fn what_was_looked_at_is_counted_in_words() {
    let one = AuditReport { deployments: 1, events: 1, rulings: 1, ..AuditReport::default() };
    assert_eq!(one.to_string(), "Sound: 1 event of 1 deployment and 1 ruling of the house: all as recorded.\n");
    let two = AuditReport { deployments: 2, events: 7, ..AuditReport::default() };
    assert_eq!(two.to_string(), "Sound: 7 events of 2 deployments: all as recorded.\n");
    let bad = AuditReport { more: 1, ..two }.to_string();
    assert!(bad.starts_with("NOT SOUND. Looked at 7 events of 2 deployments.\n  and 1 more deployment"), "{bad}");
}
