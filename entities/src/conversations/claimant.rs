//! Who claims conversations, and which are free to be claimed.

use jiff::Timestamp;
use sea_orm::{ColumnTrait, Condition};
use uuid::Uuid;

use crate::column;
use crate::tables::conversations::Column;

/// Who claims a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimant {
    pub owner: Uuid,
    /// Owners that have died: what they have claimed is free.
    pub dead: Vec<Uuid>,
}

/// One who knows of no dead owner.
impl From<Uuid> for Claimant {
    fn from(owner: Uuid) -> Self {
        Self { owner, dead: Vec::new() }
    }
}

impl Claimant {
    /// Whose claims do not keep this one from working: those of the dead, and its own.
    #[must_use]
    pub fn passes_over(mut self) -> Vec<Uuid> {
        self.dead.push(self.owner);
        self.dead
    }
}

/// Rows that nobody has claimed, or whose claim has ended or is one of these owners'.
pub(super) fn is_free(now: Timestamp, passed_over: Vec<Uuid>) -> Condition {
    Condition::any()
        .add(Column::LeaseUntil.is_null())
        .add(Column::LeaseUntil.lt(column::from_instant(now)))
        .add(Column::LeaseOwner.is_in(passed_over))
}
