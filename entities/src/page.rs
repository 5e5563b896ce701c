//! One page of a list.

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, C> {
    pub items: Vec<T>,
    /// The `after` of the next page; `None` on the last page.
    pub next: Option<C>,
}

/// The number of rows to query for a page: one more than it shows, to know whether another follows.
pub(crate) fn rows_for(limit: u32) -> u64 {
    u64::from(limit.max(1)) + 1
}

impl<T, C> Page<T, C> {
    /// Makes a page of at most `limit` rows (at least one) from the rows that [`rows_for`] queried.
    pub(crate) fn of(mut rows: Vec<T>, limit: u32, cursor: impl Fn(&T) -> C) -> Self {
        let limit = limit.max(1) as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(cursor);
        Self { items: rows, next }
    }
}
