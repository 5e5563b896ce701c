//! Why a bench failed.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

#[derive(Debug, Error)]
pub enum BenchError {
    #[error("{what}: {error}")]
    Io { what: &'static str, error: io::Error },
    /// `/proc` has no such file, or another one than Linux's.
    #[error("{} can't be read: bench needs Linux's /proc", .0.display())]
    NoProc(PathBuf),
    #[error("the load ended before it was done; its last words: {0}")]
    LoadEnded(String),
    #[error("stopped by a signal")]
    Stopped,
    #[error("the load said what can't be read: {0}")]
    LoadUnclear(#[from] serde_json::Error),
    #[error("the {who} did not start: {why}")]
    NotStarted { who: &'static str, why: String },
    #[error("no call was connected; the daemon's last words:\n{0}")]
    NoCalls(String),
    #[error("no certificate could be made: {0}")]
    Certificate(String),
    #[error(transparent)]
    Tls(#[from] rustls::Error),
}

impl BenchError {
    /// What was being done when an I/O error came.
    pub(super) fn io(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Io { what, error }
    }
}
