//! Where the configuration is read from.

use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::error::CliError;
use crate::config::Config;

/// Where the configuration comes from, to be read again.
pub(super) struct Source {
    pub(super) file: Option<PathBuf>,
    pub(super) environment: Environment,
}

impl Source {
    pub(super) fn read(&self) -> Result<Config, CliError> {
        let config = load(self.file.as_deref(), &self.environment)?;
        config.check().map_err(CliError::Inconsistent)?;
        Ok(config)
    }
}

/// Where a file is looked for that was not named, in this order. The second is the Debian package's.
const USUAL: [&str; 2] = ["config.toml", "/etc/frontdesk/config.toml"];

/// The configuration in `file`, else in the first of the usual places, else the defaults.
pub(super) fn load(file: Option<&Path>, environment: &Environment) -> Result<Config, CliError> {
    let usual = USUAL.map(Path::new);
    let file = file.or_else(|| usual.into_iter().find(|usual| usual.exists()));
    Ok(Config::load(file, environment.variables())?)
}
