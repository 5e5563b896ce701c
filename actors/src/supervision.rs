//! What the tree stands on: restart policy, typed exits, the tasks of a generation, and the list of
//! who lives.

pub mod children;
pub mod exit;
pub mod introspection;
pub mod policy;
pub mod tasks;
