//! `/api/slots`: when an appointment can be made. Only read here: what books is CalendarActor.

use entities::appointments;
use http::StatusCode;
use jiff::civil::Date;
use protocol::calendar::{self, Calendar, Taken};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::page::{Cursor, Limit, Listing};
use super::{Answer, Ask, Refusal, query, settings};
use crate::http::request::json;

/// A time that an appointment can take.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Slot {
    /// When it begins, with the business's offset.
    #[schema(format = DateTime, example = "2026-11-22T08:30:00+02:00")]
    start: String,
    /// When it ends.
    #[schema(format = DateTime, example = "2026-11-22T09:15:00+02:00")]
    end: String,
}

impl Slot {
    pub(super) fn shown(slot: &calendar::Slot, calendar: &Calendar<'_>) -> Self {
        Self { start: calendar.written(slot.start), end: calendar.written(slot.end) }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct SlotsQuery {
    /// Whose: the business's slug.
    #[param(required = true)]
    business: Option<String>,
    /// The date, in the business's zone; today unless given.
    #[serde(default, deserialize_with = "query::date")]
    date: Option<Date>,
    /// How many minutes the appointment would last; as long as the business's usually do unless given.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1440)]
    duration_min: Option<Minutes>,
    /// Where the list goes on: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<jiff::Timestamp>>,
    /// How many to show.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
}

/// The free slots of a date
///
/// The first first; none on a day off, before the minimum notice or after the booking horizon.
#[utoipa::path(
    get, path = "/api/slots", operation_id = "listSlots", tag = "appointments",
    params(SlotsQuery),
    responses((status = 200, description = "A page of them", body = Listing<Slot>)),
)]
pub(super) async fn list(ask: Ask<'_>) -> Answer {
    let query: SlotsQuery = ask.query()?;
    let business = ask.business(query.business.as_deref()).await?;
    let settings = settings(&business)?;
    let calendar = Calendar::of(&settings, ask.side.services.clock.wall());
    let length = calendar.length(query.duration_min.map(|minutes| minutes.0)).map_err(|_| {
        Refusal::bad("bad_parameter", "must be from 1 to 1440").about("duration_min")
    })?;
    let date = query.date.unwrap_or_else(|| calendar.today());
    let mut free = match calendar.range(date, date, length) {
        None => Vec::new(),
        Some(Taken { from, until }) => {
            let booked = appointments::between(ask.db(), business.id, from, until).await?;
            let taken: Vec<Taken> = (booked.iter())
                .map(|one| Taken { from: one.starts_at, until: one.busy_until })
                .collect();
            calendar.free_on(date, length, &taken)
        }
    };
    if let Some(Cursor(after)) = query.cursor {
        free.retain(|slot| slot.start > after);
    }
    let limit = query.limit.unwrap_or_default();
    let page = limit.cut(free, |slot| slot.start, |slot| Slot::shown(&slot, &calendar));
    Ok(json(StatusCode::OK, &page))
}

struct Minutes(u64);

impl<'de> Deserialize<'de> for Minutes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|_| D::Error::custom("must be from 1 to 1440"))
    }
}
