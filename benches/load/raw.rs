//! What the disk can do by itself: the limit beside which the product's figures stand.

use crate::Done;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Instant;

const PAGE: [u8; 4096] = [7; 4096];

/// 4 KiB written over existing blocks and synced, one after the other; a second.
pub fn syncs(home: &Path, count: usize) -> Done<f64> {
    let path = home.join("raw.bin");
    let mut file = File::create(&path)?;
    for _ in 0..count {
        file.write_all(&PAGE)?;
    }
    file.sync_all()?;
    file.seek(SeekFrom::Start(0))?;
    let from = Instant::now();
    for _ in 0..count {
        file.write_all(&PAGE)?;
        file.sync_data()?;
    }
    let rate = count as f64 / from.elapsed().as_secs_f64();
    std::fs::remove_file(path)?;
    Ok(rate)
}

/// One-row commits as durable as the product's, through the same library, one after the other; a second.
pub async fn commits(home: &Path, count: usize) -> Done<f64> {
    let path = home.join("raw.db");
    let mut conn = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .disable_statement_logging()
        .connect()
        .await?;
    sqlx::query("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, body TEXT NOT NULL)").execute(&mut conn).await?;
    let from = Instant::now();
    for _ in 0..count {
        sqlx::query("INSERT INTO t (body) VALUES (?1)").bind("one row, as small as a tick").execute(&mut conn).await?;
    }
    let rate = count as f64 / from.elapsed().as_secs_f64();
    conn.close().await?;
    Ok(rate)
}
