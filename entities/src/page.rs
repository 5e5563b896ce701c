//! One page of a list.

/// Some rows of a list, and where the next page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, C> {
    /// The rows, in the list's order.
    pub items: Vec<T>,
    /// What to give as `after` to have the next page; `None` at the end.
    pub next: Option<C>,
}

/// How many rows to ask the database for: one more than the page shows tells whether it ends.
pub(crate) fn rows_for(limit: u32) -> u64 {
    u64::from(limit.max(1)) + 1
}

impl<T, C> Page<T, C> {
    /// Makes a page of at most `limit` rows (at least one) out of what [`rows_for`] asked for.
    pub(crate) fn of(mut rows: Vec<T>, limit: u32, cursor: impl Fn(&T) -> C) -> Self {
        let limit = limit.max(1) as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(cursor);
        Self { items: rows, next }
    }
}
