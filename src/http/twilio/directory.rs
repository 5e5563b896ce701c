//! The businesses by their numbers, in memory: what a webhook needs while the database is away (OPS-9).

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use entities::businesses::{self, BusinessRecord, Standing};
use entities::{Database, RecordsError};
use protocol::business::BusinessSettings;
use protocol::ids::{BusinessId, PhoneNumber};

/// How often it is read again.
const REFRESH: Duration = Duration::from_secs(30);
/// How long one look at the database may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Further numbers are not kept: their callers hear the apology of a business that is not known.
const MAX_NUMBERS: usize = 50_000;
const PAGE: u32 = 200;

/// A business as it was read last.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    pub(super) id: BusinessId,
    pub(super) settings: Arc<BusinessSettings>,
}

/// Clones share the map.
#[derive(Debug, Clone, Default)]
pub struct Directory(Arc<RwLock<Map>>);

type Map = BTreeMap<PhoneNumber, Listed>;

impl Directory {
    pub(super) fn find(&self, number: &PhoneNumber) -> Option<Listed> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(number).cloned()
    }

    /// The settings that were read for a call to this number. The calls of a business share them, as long
    /// as they do not change.
    pub(super) fn share(
        &self,
        number: &PhoneNumber,
        settings: BusinessSettings,
    ) -> Arc<BusinessSettings> {
        match self.find(number) {
            Some(listed) if *listed.settings == settings => listed.settings,
            Some(_) | None => Arc::new(settings),
        }
    }

    /// Remembers what was read for a call to this number.
    pub(super) fn learn(&self, number: &PhoneNumber, listed: Listed) {
        let mut map = self.0.write().unwrap_or_else(PoisonError::into_inner);
        insert(&mut map, number.clone(), listed);
    }

    /// Reads all businesses now, and again and again. What is known stays while they can't be read.
    pub(crate) async fn keep_fresh(self, database: Database) {
        loop {
            match tokio::time::timeout(PATIENCE, read(&database)).await {
                Ok(Ok(map)) => *self.0.write().unwrap_or_else(PoisonError::into_inner) = map,
                Ok(Err(error)) => tracing::warn!(%error, "the businesses could not be read"),
                Err(_) => tracing::warn!("reading the businesses took too long"),
            }
            tokio::time::sleep(REFRESH).await;
        }
    }
}

async fn read(database: &Database) -> Result<Map, RecordsError> {
    let (mut map, mut after) = (Map::new(), None);
    loop {
        let page = businesses::list(database, after.as_ref(), PAGE).await?;
        let have_numbers =
            page.items.into_iter().filter(|business| business.standing != Standing::Removed);
        have_numbers.for_each(|business| add(&mut map, business));
        after = page.next;
        if after.is_none() || map.len() >= MAX_NUMBERS {
            return Ok(map);
        }
    }
}

fn add(map: &mut Map, business: BusinessRecord) {
    match BusinessSettings::from_json(business.settings) {
        Ok(settings) => {
            let listed = Listed { id: business.id, settings: Arc::new(settings) };
            for number in &listed.settings.phone_numbers {
                insert(map, number.clone(), listed.clone());
            }
        }
        Err(error) => {
            tracing::error!(%error, business = %business.slug, "settings can't be read");
        }
    }
}

fn insert(map: &mut Map, number: PhoneNumber, listed: Listed) {
    if map.len() < MAX_NUMBERS || map.contains_key(&number) {
        map.insert(number, listed);
    }
}
