//! Files that traces are written to.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use thiserror::Error;

/// Why a trace could not be written.
#[derive(Debug, Error)]
#[error("{file}: the trace can't be written: {cause}")]
pub struct TraceError {
    file: String,
    cause: io::Error,
}

impl TraceError {
    #[must_use]
    pub fn new(file: &Path, cause: io::Error) -> Self {
        Self { file: file.display().to_string(), cause }
    }
}

/// Creates the file of a trace, or empties it.
///
/// # Errors
/// [`TraceError`] if the file can't be created.
pub fn create(file: &Path) -> Result<Box<dyn Write + Send>, TraceError> {
    let created = File::create(file).map_err(|cause| TraceError::new(file, cause))?;
    Ok(Box::new(created))
}
