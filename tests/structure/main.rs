//! What holds of the sources themselves. Each module reads the repository's files and compiles none
//! of them.

#![allow(clippy::unwrap_used, reason = "a test may stop at a surprise")]

mod bounds;
mod chance;
mod circles;
mod code_marks;
mod manifests;
mod requirements;
mod single_owners;
mod sources;
