//! Frontdesk answers a business's telephone: the application around `protocol` and `actors`. Start-up
//! in order, shutdown in reverse ([`app`]); the HTTP side ([`http`]); the practice world that stands in
//! for both providers ([`practice`]); the demo; and scripted callers ([`simulate`]).

pub mod app;
pub mod cli;
pub mod config;
pub mod demo;
pub mod http;
pub mod practice;
pub mod simulate;
