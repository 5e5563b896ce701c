//! The daemon against the practice world: stories, supervision, wire, pipeline, shutdown.

mod stories;
mod supervision;
mod support;
