//! The audit log (CON-2).

use console::audit::{AuditEntry, AuditPage};
use console::components::Pager;
use console::error::Problem;
use console::shell::Place;
use entities::audit::{self, EntryFilter, EntryRecord};
use uuid::Uuid;

use super::refused::{Answer, Refused};
use super::visit::Visit;

/// Entries of a page.
const MOST_ENTRIES: u32 = 50;

/// The newest entries, or those before `before`.
pub(super) async fn show(visit: Visit<'_>) -> Answer {
    let before = match visit.query.get("before") {
        Some(id) => Some(Uuid::parse_str(id).map_err(|_| Refused(Problem::NotFound))?),
        None => None,
    };
    let search = visit.query.get("q").unwrap_or_default().to_owned();
    let filter = EntryFilter {
        search: Some(search.clone()).filter(|search| !search.is_empty()),
        ..EntryFilter::default()
    };
    let found = audit::list(visit.db(), filter, before, MOST_ENTRIES).await?;
    let businesses = visit.businesses().await?;
    let entry = |entry: EntryRecord| AuditEntry {
        business: businesses
            .iter()
            .find(|business| Some(business.id) == entry.business)
            .map(|business| business.name.clone()),
        at: entry.at,
        by: entry.by.name,
        action: entry.action,
        object: entry.object,
        address: entry.by.address,
    };
    let address = |before: Option<Uuid>| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !search.is_empty() {
            query.append_pair("q", &search);
        }
        if let Some(before) = before {
            query.append_pair("before", &before.to_string());
        }
        format!("?{}", query.finish())
    };
    let page = AuditPage {
        pager: Pager {
            newer: before.map(|_| address(None)),
            older: found.next.map(|next| address(Some(next))),
        },
        entries: found.items.into_iter().map(entry).collect(),
        search: search.clone(),
    };
    visit.page(Place::Audit, &page).await
}
