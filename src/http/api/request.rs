//! A request to the API, and what handlers read from it.

use entities::Database;
use entities::businesses::{BusinessRecord, find_by_slug};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use protocol::business::BusinessSettings;
use protocol::ids::{CallSid, Slug};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::error::ApiError;
use super::query::{self, BusinessQuery, NoQuery};
use crate::http::admin::Access;
use crate::http::admin::state::AdminState;
use crate::http::request::Request;

/// A request to the API.
#[derive(Clone, Copy)]
pub(in crate::http) struct ApiRequest<'a> {
    pub(super) state: &'a AdminState,
    access: Access,
    request: &'a Request,
    parameter: &'a str,
}

impl<'a> ApiRequest<'a> {
    /// `parameter` is the value of the parameter in the path; empty if the route has none.
    pub(super) fn new(
        state: &'a AdminState,
        access: Access,
        request: &'a Request,
        parameter: &'a str,
    ) -> Self {
        Self { state, access, request, parameter }
    }

    /// What the request's token may.
    pub(super) fn access(&self) -> Access {
        self.access
    }

    pub(super) fn db(&self) -> &'a Database {
        &self.state.services.database
    }

    /// The time on the wall clock.
    pub(super) fn now(&self) -> Timestamp {
        self.state.services.clock.wall()
    }

    /// The query's parameters.
    pub(super) fn query<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        query::read(self.request.query.as_deref())
    }

    /// Fails if the query has any parameter.
    pub(super) fn no_query(&self) -> Result<(), ApiError> {
        self.query::<NoQuery>().map(|NoQuery {}| ())
    }

    /// The body, read as JSON.
    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        if self.request.header("transfer-encoding").is_some() {
            let message = "send the body in one piece, with its Content-Length";
            return Err(ApiError::new(StatusCode::LENGTH_REQUIRED, "length_required", message));
        }
        query::body(&self.request.body)
    }

    pub(super) fn headers(&self) -> &'a HeaderMap {
        &self.request.headers
    }

    /// The UUID in the path.
    pub(super) fn id(&self) -> Result<Uuid, ApiError> {
        Uuid::parse_str(self.parameter).map_err(|_| {
            ApiError::bad_request("bad_id", "is no UUID: take it from a list").at("id")
        })
    }

    /// The call's SID in the path.
    pub(super) fn call_sid(&self) -> Result<CallSid, ApiError> {
        CallSid::parse(self.parameter).map_err(|invalid| {
            ApiError::bad_request("bad_call_sid", invalid.to_string()).at("call_sid")
        })
    }

    /// The business whose slug is in the path.
    pub(super) async fn business_in_path(&self) -> Result<BusinessRecord, ApiError> {
        self.find_business(self.parameter).await
    }

    /// The business that the query names, where that is all it says.
    pub(super) async fn business_in_query(&self) -> Result<BusinessRecord, ApiError> {
        let query: BusinessQuery = self.query()?;
        self.business(query.business.as_deref()).await
    }

    /// The business with this slug; an error if there is no slug. Rows are only read in the name of a
    /// business (LEAD-3).
    pub(super) async fn business(&self, slug: Option<&str>) -> Result<BusinessRecord, ApiError> {
        let missing = || {
            ApiError::bad_request("bad_parameter", "is missing: give the business's slug")
                .at("business")
        };
        self.find_business(slug.ok_or_else(missing)?).await
    }

    async fn find_business(&self, slug: &str) -> Result<BusinessRecord, ApiError> {
        let found = match Slug::parse(slug) {
            Ok(slug) => find_by_slug(self.db(), &slug).await?,
            Err(_) => None,
        };
        // Another business's is no business for this token.
        let found = found.filter(|business| self.access.sees(business.id));
        found.ok_or_else(|| {
            let message = "there is no such business; GET /api/businesses lists all";
            ApiError::not_found("no_such_business", message).at("business")
        })
    }
}

/// The settings in a business's row.
pub(in crate::http) fn settings(business: &BusinessRecord) -> Result<BusinessSettings, ApiError> {
    BusinessSettings::from_json(business.settings.clone()).map_err(|error| {
        ApiError::internal(&format!("the settings of {} can't be read: {error}", business.slug))
    })
}
