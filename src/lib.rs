//! Frontdesk answers a business's telephone. This crate is the application around `protocol` and
//! `actors`: the daemon's start and stop ([`app`]), its listeners ([`http`]), its configuration
//! ([`config`]) and the command line ([`cli`]). With the `practice` feature it also has the simulated
//! providers (`world`), the demo (`demo`), scripted callers (`simulate`) and the bench (`bench`).

pub mod accounts;
mod api_token;
pub mod app;
#[cfg(feature = "practice")]
pub mod bench;
#[cfg(feature = "practice")]
pub mod chaos;
pub mod cli;
pub mod config;
pub mod database;
#[cfg(feature = "practice")]
pub mod demo;
pub mod http;
pub mod live_settings;
mod media_start;
pub mod network;
mod outbox_view;
mod password;
pub mod person_keeper;
pub mod platform;
mod proc;
mod prompt;
pub mod provider;
pub mod receiver;
mod secret_hash;
#[cfg(feature = "practice")]
pub mod simulate;
mod table;
mod telemetry;
mod test_calls;
pub mod tree;
#[cfg(feature = "practice")]
pub mod virtual_time;
#[cfg(feature = "practice")]
pub mod world;
