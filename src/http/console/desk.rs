//! A business at one moment, as its pages read it: its settings, its days, its rows and its live calls.

use std::collections::BTreeMap;

use entities::businesses::BusinessRecord;
use entities::calls::CallRecord;
use entities::leads::{self, LeadRecord};
use entities::{Database, RecordsError};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use protocol::business::BusinessSettings;
use protocol::ids::{BusinessId, LeadId};

use super::refused::Refused;
use super::state::ConsoleState;
use crate::http::admin::AdminState;
use crate::http::api::request::settings;

pub(super) struct Desk<'a> {
    pub(super) operator: &'a AdminState,
    pub(super) record: &'a BusinessRecord,
    pub(super) settings: BusinessSettings,
    pub(super) now: Timestamp,
}

impl<'a> Desk<'a> {
    /// # Errors
    /// The settings in the business's row can't be read.
    pub(super) fn of(state: &'a ConsoleState, record: &'a BusinessRecord) -> Result<Self, Refused> {
        let operator = &*state.operator;
        let now = operator.services.clock.wall();
        Ok(Self { operator, record, settings: settings(record)?, now })
    }

    pub(super) fn db(&self) -> &'a Database {
        &self.operator.services.database
    }

    pub(super) fn id(&self) -> BusinessId {
        self.record.id
    }

    pub(super) fn zone(&self) -> &TimeZone {
        self.settings.timezone.rules()
    }

    /// The date at the business.
    pub(super) fn today(&self) -> Date {
        self.now.to_zoned(self.zone().clone()).date()
    }

    /// The first moment of a date at the business.
    pub(super) fn begin(&self, date: Date) -> Timestamp {
        let zoned = date.to_zoned(self.zone().clone());
        zoned.map_or(self.now, |zoned| zoned.timestamp())
    }

    /// The first moment after a date at the business.
    pub(super) fn end(&self, date: Date) -> Timestamp {
        self.begin(date.saturating_add(1.day()))
    }

    /// The leads of these calls.
    pub(super) async fn leads_of(
        &self,
        calls: &[CallRecord],
    ) -> Result<BTreeMap<LeadId, LeadRecord>, RecordsError> {
        let ids = calls.iter().filter_map(|call| call.lead_id).collect();
        leads::some(self.db(), self.id(), ids).await
    }
}
