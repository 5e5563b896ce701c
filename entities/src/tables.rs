//! The tables as SeaORM models, one file each. The crate `migration` creates their columns.

pub(crate) mod appointments;
pub(crate) mod business_numbers;
pub(crate) mod businesses;
pub(crate) mod call_snapshot_entries;
pub(crate) mod call_snapshots;
pub(crate) mod call_turns;
pub(crate) mod calls;
pub(crate) mod conversations;
pub(crate) mod deleted_counts;
pub(crate) mod early_statuses;
pub(crate) mod erasures;
pub(crate) mod lead_changes;
pub(crate) mod leads;
pub(crate) mod messages;
pub(crate) mod node_orders;
pub(crate) mod node_reports;
pub(crate) mod nodes;
pub(crate) mod opt_outs;
pub(crate) mod outbox;
pub(crate) mod prompts;
pub(crate) mod subscriptions;
pub(crate) mod tokens;
pub(crate) mod webhooks;
