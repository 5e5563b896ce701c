//! Checks the receivers of events (OPS-13): that they may be reached, that there is a secret, and that no
//! event is dead.

use std::time::Duration;

use entities::outbox::{self, OutboxFilter, OutboxState};
use entities::{Database, RecordsError};
use protocol::business::BusinessSettings;
use protocol::ids::BusinessId;
use protocol::webhooks::{check_url, is_public};
use url::Url;

use super::finding::Finding;

const ABOUT: &str = "webhooks";
/// How long a name may take to be resolved.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn check(
    db: &Database,
    business: BusinessId,
    settings: &BusinessSettings,
    allow_private: bool,
) -> Result<Vec<Finding>, RecordsError> {
    let slug = &settings.slug;
    let mut findings = Vec::new();
    if let Some(webhooks) = &settings.webhooks {
        if let Some(wrong) = unreachable(&webhooks.url, allow_private).await {
            findings.push(Finding::warn(ABOUT, format!("{slug}: webhooks.url {wrong}")));
        }
        if !outbox::has_secret(db, slug).await? {
            let text =
                format!("{slug}: no secret is stored, so no event is sent: import its file again");
            findings.push(Finding::warn(ABOUT, text));
        }
    }
    let dead = OutboxFilter { state: Some(OutboxState::Dead), kind: None };
    if !outbox::list(db, business, dead, None, 1).await?.items.is_empty() {
        let text = format!(
            "{slug}: events are dead; `frontdesk webhooks list {slug} --state dead` says why, and \
             `frontdesk webhooks resend {slug} --all` sends them again"
        );
        findings.push(Finding::warn(ABOUT, text));
    }
    Ok(findings)
}

/// Why events can't get there. Nothing is sent.
async fn unreachable(url: &str, allow_private: bool) -> Option<String> {
    if let Err(flaw) = check_url(url, allow_private) {
        return Some(flaw.to_string());
    }
    let url = Url::parse(url).ok()?;
    let host = url.host_str()?.trim_matches(['[', ']']);
    let port = url.port_or_known_default()?;
    let resolving = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((host, port)));
    let mut found = match resolving.await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => {
            return Some(format!("has a host that is not found ({error}): correct it"));
        }
        Err(_) => {
            return Some("has a host that is not found in time: see this machine's DNS".to_owned());
        }
    };
    let reached = allow_private || found.any(|address| is_public(address.ip()));
    (!reached).then(|| {
        "has a host inside this network: set server.allow_private_webhooks = true if that is meant".to_owned()
    })
}
