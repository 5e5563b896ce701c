//! Frontdesk answers a business's telephone: the application around `protocol` and `actors`. Start-up
//! in order, shutdown in reverse ([`app`]); the HTTP side ([`http`]); the practice world that stands in
//! for both providers (`world`); the demo; and scripted callers (`simulate`).

pub mod app;
pub mod cli;
pub mod config;
#[cfg(feature = "practice")]
pub mod demo;
pub mod http;
pub mod provider;
#[cfg(feature = "practice")]
pub mod simulate;
mod table;
pub mod tree;
#[cfg(feature = "practice")]
pub mod world;
