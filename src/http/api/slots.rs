//! `/api/slots`: the free slots of a date. CalendarActor books them.

use entities::appointments;
use http::StatusCode;
use jiff::civil::Date;
use protocol::calendar::{Calendar, TimeRange};
use serde::Deserialize;
use utoipa::IntoParams;

use super::error::{ApiError, ApiResult};
use super::page::{Cursor, Limit, Listing};
use super::query;
use super::request::{ApiRequest, settings};
use super::slot::Slot;
use crate::http::response::json;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct SlotsQuery {
    /// The business's slug.
    #[param(required = true)]
    business: Option<String>,
    /// The date in the business's time zone. Default: today.
    #[serde(default, deserialize_with = "query::date")]
    date: Option<Date>,
    /// The appointment's length in minutes. Default: the business's usual length.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1440)]
    #[serde(default, deserialize_with = "query::minutes")]
    duration_min: Option<u64>,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<jiff::Timestamp>>,
    /// The most rows to show.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    #[serde(default)]
    limit: Limit,
}

/// The free slots of a date
///
/// Earliest first. There are none on a day off, within the minimum notice or past the booking horizon.
#[utoipa::path(
    get, path = "/api/slots", operation_id = "listSlots", tag = "appointments",
    params(SlotsQuery),
    responses((status = 200, description = "A page of them", body = Listing<Slot>)),
)]
pub(super) async fn list(request: ApiRequest<'_>) -> ApiResult {
    let query: SlotsQuery = request.query()?;
    let business = request.business(query.business.as_deref()).await?;
    let settings = settings(&business)?;
    let calendar = Calendar::of(&settings, request.now());
    let length = calendar.length(query.duration_min).map_err(|_| {
        ApiError::bad_request("bad_parameter", query::MINUTES_EXPECTED).at("duration_min")
    })?;
    let date = query.date.unwrap_or_else(|| calendar.today());
    let mut free = match calendar.range(date, date, length) {
        None => Vec::new(),
        Some(TimeRange { from, until }) => {
            let booked = appointments::between(request.db(), business.id, from, until).await?;
            let taken: Vec<TimeRange> = (booked.iter())
                .map(|one| TimeRange { from: one.starts_at, until: one.busy_until })
                .collect();
            calendar.free_on(date, length, &taken)
        }
    };
    if let Some(Cursor(after)) = query.cursor {
        free.retain(|slot| slot.start > after);
    }
    let page = query.limit.paginate(free, |slot| slot.start, |slot| Slot::new(&slot, &calendar));
    Ok(json(StatusCode::OK, &page))
}
