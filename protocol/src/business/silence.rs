//! `[silence]`: what happens when the caller is silent.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::duration_text;

/// Silence checks and their end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Silence {
    /// How long the caller may be silent before a check, and after each.
    #[serde(with = "duration_text")]
    pub timeout: Duration,
    /// Number of checks before the call ends.
    pub warnings: u8,
    /// The questions, one per check, the last one repeated; `None`: the language's defaults.
    pub texts: Option<Vec<String>>,
}

impl Default for Silence {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(7), warnings: 2, texts: None }
    }
}
