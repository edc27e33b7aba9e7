//! Files read to a bound: what stands behind a name may be a device that never ends.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// The first bytes of a file: at most one more than `most`, by which the caller tells that there are too many.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// True where there are more bytes than `most`.
pub fn over(bytes: &[u8], most: u64) -> bool {
    u64::try_from(bytes.len()).is_ok_and(|length| length > most)
}
