//! What can be wrong with a configuration: always one line with the place in it.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::located::Located;

/// Why a configuration was not read.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file can't be opened or isn't text.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A key, type or value in the file.
    #[error(transparent)]
    InFile(#[from] Located),
    /// A variable of the environment.
    #[error("{variable}: {message}")]
    InVariable {
        /// The variable's name.
        variable: String,
        /// What is wrong and what was expected; never the value of a secret.
        message: String,
    },
}
