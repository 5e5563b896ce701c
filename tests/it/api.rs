//! The operator's API over the real admin listener (OPS-4).

mod booking;
mod document;
mod leads;
mod lists;
mod moving;
pub(crate) mod operator;
mod refusals;
mod roles;
pub(crate) mod rows;
mod tenancy;
