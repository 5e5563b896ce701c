//! Who has changed what (CON-2).

use jiff::Timestamp;

use crate::components::Pager;
use crate::page::page;

/// An entry of the audit log.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    pub at: Timestamp,
    /// The user, or the admin token.
    pub by: String,
    /// What was done, in the daemon's words, as in `settings.publish`.
    pub action: String,
    pub business: Option<String>,
    /// What it was done to.
    pub object: Option<String>,
    /// Where the request came from.
    pub address: Option<String>,
}

/// The page.
#[derive(Debug, Clone, Default)]
pub struct AuditPage {
    pub search: String,
    pub entries: Vec<AuditEntry>,
    pub pager: Pager,
}

page!(AuditPage, "audit.html");
