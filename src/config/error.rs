//! What can be wrong with a configuration. Each error is one line that names the place.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// An error at a place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}:{line}:{column}: {message}", file.display())]
pub struct Located {
    pub file: PathBuf,
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// The key, what is wrong with it and what was expected.
    pub message: String,
}

/// Why a configuration was not read.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file can't be opened, or isn't text.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// A key, type or value in the file is wrong.
    #[error(transparent)]
    InFile(#[from] Located),
    /// A variable of the environment is wrong.
    #[error("{variable}: {message}")]
    InVariable {
        variable: String,
        /// What is wrong and what was expected. It never contains a secret.
        message: String,
    },
}
