//! What a URL says of a SQLite database, and how long a statement on it waits.

use std::path::PathBuf;
use std::time::Duration;

use sea_orm::sqlx::sqlite::SqliteConnectOptions;

/// How long a SQLite statement waits for another writer.
pub const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The pages that each SQLite connection keeps, in KiB. SQLite's own default is 2,000. With ten
/// connections that grows by 20 MB in an hour of calls, and the system keeps the file in memory anyway.
pub(super) const SQLITE_CACHE_KIB: u32 = 512;

/// The path of a SQLite database that is not in memory.
#[must_use]
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    if !url.starts_with("sqlite:") || is_in_memory(url) {
        return None;
    }
    Some(url.parse::<SqliteConnectOptions>().ok()?.get_filename().to_owned())
}

pub(super) fn is_in_memory(url: &str) -> bool {
    url.starts_with("sqlite:") && (url.contains(":memory:") || url.contains("mode=memory"))
}
