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

/// The configuration in `file`, else in ./config.toml, else the defaults.
pub(super) fn load(file: Option<&Path>, environment: &Environment) -> Result<Config, CliError> {
    let usual = Path::new("config.toml");
    let file = file.or_else(|| usual.exists().then_some(usual));
    Ok(Config::load(file, environment.variables())?)
}
