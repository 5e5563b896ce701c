//! The tables as SeaORM sees them, one file each; their columns are described by `migration`.

pub(crate) mod appointments;
pub(crate) mod business_numbers;
pub(crate) mod businesses;
pub(crate) mod call_turns;
pub(crate) mod calls;
pub(crate) mod lead_changes;
pub(crate) mod leads;
pub(crate) mod messages;
pub(crate) mod prompts;
