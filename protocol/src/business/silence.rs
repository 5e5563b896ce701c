//! What happens when nobody speaks.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::duration_text;

/// The silence settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Silence {
    /// How long a caller may be silent.
    #[serde(with = "duration_text")]
    pub timeout: Duration,
    /// How many times a silent caller is asked before the call ends.
    pub warnings: u8,
    /// What is asked, one per warning, the last repeated; the language's defaults where missing.
    pub texts: Option<Vec<String>>,
}

impl Default for Silence {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(7), warnings: 2, texts: None }
    }
}
