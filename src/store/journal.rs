//! The journal of what holds for the whole house: written in the same unit of work as everything else, linked as a
//! deployment's events are. It is the log of the number 0, which no deployment has.

use super::audit::Fault;
use super::chain::{self, Parts};
use super::open::Store;
use super::read::json;
use super::{Hash, StoreError, names};
use crate::domain::command::Person;
use crate::domain::standing::{Ruled, Ruling};
use crate::domain::time::Timestamp;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use tokio_stream::StreamExt;

/// The number of the journal where deployments have theirs.
pub(super) const HOUSE: u64 = 0;

/// The head moves on from exactly where the batch takes it to stand.
pub(super) const HEAD: &str = "
UPDATE meta SET value = j.value ->> 1 FROM json_each(?) AS j
WHERE meta.key = 'journal' AND meta.value = j.value ->> 0;";

pub(super) const RULINGS: &str = "
INSERT INTO journal (seq, at, by_id, by_name, via, body, prev, hash)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, unhex(value ->> 6),
    unhex(value ->> 7)
FROM json_each(?);";

/// A ruling as it is added.
#[derive(Clone, Debug)]
pub struct NewRuling {
    pub ruled: Ruled,
    /// The link of the ruling before it (zeroes for the first).
    pub prev: Hash,
    /// Its own link: `link(prev, ruled)`.
    pub hash: Hash,
}

impl NewRuling {
    /// The ruling that follows the one with the link `prev`.
    pub fn after(prev: Hash, ruled: Ruled) -> Self {
        let body = body(&ruled.ruling).unwrap_or_default();
        let hash = chain::link_parts(&prev, &parts(&ruled, &body));
        Self { ruled, prev, hash }
    }
}

fn body(ruling: &Ruling) -> Result<String, serde_json::Error> {
    serde_json::to_string(ruling)
}

fn parts<'a>(ruled: &'a Ruled, body: &'a str) -> Parts<'a> {
    Parts {
        deployment: HOUSE,
        seq: ruled.seq,
        at: ruled.at.0,
        by_id: ruled.by.id.as_bytes(),
        by_name: ruled.by.name.as_bytes(),
        via: names::via(ruled.via).as_bytes(),
        body: body.as_bytes(),
    }
}

/// The head's value in `meta`.
fn head(seq: u64, hash: &Hash) -> String {
    format!("{seq} {}", hex::encode(hash))
}

/// Where the head stands before and after, and the rows. The error says what does not link up.
pub(super) fn rows(
    rulings: &[NewRuling],
) -> Result<(Option<(String, String)>, Vec<impl serde::Serialize + use<>>), String> {
    let mut rows = Vec::with_capacity(rulings.len());
    let mut last: Option<(u64, Hash)> = None;
    for new in rulings {
        let body = body(&new.ruled.ruling).map_err(|e| e.to_string())?;
        let (seq, expected) = (new.ruled.seq, last.unwrap_or((new.ruled.seq.saturating_sub(1), new.prev)));
        let links = chain::link_parts(&new.prev, &parts(&new.ruled, &body)) == new.hash;
        if !links || expected != (seq.saturating_sub(1), new.prev) {
            return Err(format!("ruling {seq} does not link up"));
        }
        last = Some((seq, new.hash));
        let r = &new.ruled;
        let (id, name) = (r.by.id.to_string(), r.by.name.to_string());
        let (prev, hash) = (hex::encode(new.prev), hex::encode(new.hash));
        rows.push((seq.cast_signed(), r.at.0, id, name, names::via(r.via), body, prev, hash));
    }
    let from = rulings.first().map(|first| head(first.ruled.seq.saturating_sub(1), &first.prev));
    let to = last.map(|(seq, hash)| head(seq, &hash));
    Ok((from.zip(to), rows))
}

impl Store {
    /// Every ruling in order, and the link of the last.
    pub async fn journal(&self) -> Result<(Vec<Ruled>, Hash), StoreError> {
        let read = async {
            let rows = sqlx::query("SELECT seq, at, by_id, by_name, via, body, hash FROM journal ORDER BY seq")
                .fetch_all(&self.readers)
                .await?;
            let head = rows.last().map(|r| r.try_get::<&[u8], _>(6)).transpose()?;
            let head = head.and_then(|h| h.try_into().ok()).unwrap_or(chain::ROOT);
            Ok((rows.iter().map(ruled).collect::<Result<_, sqlx::Error>>()?, head))
        };
        read.await.map_err(|e| self.error(e))
    }
}

fn ruled(row: &SqliteRow) -> Result<Ruled, sqlx::Error> {
    let via: &str = row.try_get(4)?;
    Ok(Ruled {
        seq: row.try_get::<i64, _>(0)?.cast_unsigned(),
        at: Timestamp(row.try_get(1)?),
        by: Person { id: row.try_get::<&str, _>(2)?.into(), name: row.try_get::<&str, _>(3)?.into() },
        via: names::via_named(via).ok_or_else(|| sqlx::Error::Decode(format!("unknown surface {via:?}").into()))?,
        ruling: json(row.try_get(5)?)?,
    })
}

/// Goes through the journal link by link: how many rulings there are, and the first that does not fit.
pub(super) async fn walk(moment: &mut SqliteConnection) -> Result<(u64, Option<(u64, Fault)>), sqlx::Error> {
    let says: Option<String> =
        sqlx::query_scalar("SELECT value FROM meta WHERE key = 'journal'").fetch_optional(&mut *moment).await?;
    let (mut count, mut at, mut fault) = (0, (0_u64, chain::ROOT), None);
    {
        let mut rows = sqlx::query("SELECT seq, at, by_id, by_name, via, body, hash, prev FROM journal ORDER BY seq")
            .fetch(&mut *moment);
        while let Some(row) = rows.next().await {
            let row = row?;
            count += 1;
            if fault.is_some() {
                continue;
            }
            let seq = row.try_get::<i64, _>(0)?.cast_unsigned();
            let (stored, prev): (&[u8], &[u8]) = (row.try_get(6)?, row.try_get(7)?);
            let parts = Parts {
                deployment: HOUSE,
                seq,
                at: row.try_get(1)?,
                by_id: row.try_get(2)?,
                by_name: row.try_get(3)?,
                via: row.try_get(4)?,
                body: row.try_get(5)?,
            };
            let own = chain::link_parts(&prev.try_into().unwrap_or(chain::ROOT), &parts);
            fault = match () {
                () if seq != at.0 + 1 => Some((at.0 + 1, Fault::Missing)),
                () if prev != at.1 => Some((seq, Fault::Unlinked)),
                () if stored != own => Some((seq, Fault::Changed)),
                () if ruled(&row).is_err() => Some((seq, Fault::Unreadable)),
                () => None,
            };
            at = (seq, own);
        }
    }
    let told = says.as_deref().and_then(|s| s.split_once(' '));
    let last: u64 = told.and_then(|(seq, _)| seq.parse().ok()).unwrap_or(0);
    let end = match () {
        () if at.0 < last => Some((at.0 + 1, Fault::CutShort)),
        () if says.as_deref() != Some(&head(at.0, &at.1)) => Some((at.0, Fault::Added)),
        () => None,
    };
    Ok((count, fault.or(end)))
}

#[cfg(test)]
mod tests;
