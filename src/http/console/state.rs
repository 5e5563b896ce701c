//! What the console's handlers share.

use std::sync::Arc;

use crate::config::PublicUrl;
use crate::http::admin::AdminState;

/// What the console's handlers share.
pub struct ConsoleState {
    /// What the API's functions need.
    pub operator: Arc<AdminState>,
    /// The address at which browsers reach the console; `None`: that of its listener.
    pub public_url: Option<PublicUrl>,
    /// Whether a simulated model answers.
    pub practice: bool,
}
