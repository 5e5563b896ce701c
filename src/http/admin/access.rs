//! Who asks, and what they may: the token of the configuration may all, the others what their role says
//! (OPS-14).

use entities::RecordsError;
use entities::tokens::{self, TokenRole};
use http::{Method, StatusCode};
use protocol::ids::BusinessId;
use warp::reply::Response;

use super::state::AdminState;
use crate::api_token::ApiToken;
use crate::http::request::Request;
use crate::http::response::error;

/// What a request may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) struct Access {
    role: TokenRole,
    /// The business whose rows it may see; `None`: those of all.
    business: Option<BusinessId>,
}

impl Access {
    const ALL: Self = Self { role: TokenRole::Admin, business: None };

    /// The one business of the token; `None`: any.
    pub(in crate::http) fn business(self) -> Option<BusinessId> {
        self.business
    }

    /// Whether it may do everything.
    pub(in crate::http) fn is_admin(self) -> bool {
        self.role == TokenRole::Admin
    }

    /// Whether it may see the rows of this business.
    pub(in crate::http) fn sees(self, business: BusinessId) -> bool {
        self.business.is_none_or(|own| own == business)
    }

    /// Refuses a change by a token that reads alone.
    pub(super) fn refused_in_api(self, method: &Method) -> Option<Response> {
        match self.role {
            TokenRole::Admin | TokenRole::Business => None,
            TokenRole::Read if method.is_safe() => None,
            TokenRole::Read => Some(forbidden("this token may only read")),
        }
    }

    /// Refuses what shows or changes the whole daemon.
    pub(super) fn refused_in_system(self, method: &Method) -> Option<Response> {
        match (self.role, self.business) {
            (TokenRole::Admin, _) => None,
            (TokenRole::Read, None) if method.is_safe() => None,
            (TokenRole::Read, None) => Some(forbidden("this token may only read")),
            (TokenRole::Business | TokenRole::Read, _) => {
                Some(forbidden("this token is for the API of one business"))
            }
        }
    }
}

fn forbidden(message: &str) -> Response {
    error(StatusCode::FORBIDDEN, "forbidden", message)
}

/// What the request may; `None` if it has no token that is known.
pub(super) async fn of(
    state: &AdminState,
    request: &Request,
) -> Result<Option<Access>, RecordsError> {
    let authorization = request.header("authorization");
    if state.live.admin_token().is_some_and(|token| token.admits(authorization)) {
        return Ok(Some(Access::ALL));
    }
    let bearer = authorization.and_then(|value| value.strip_prefix("Bearer "));
    let Some(token) = bearer.and_then(ApiToken::parse) else { return Ok(None) };
    let found = tokens::find(&state.services.database, token.id).await?;
    let known = found.filter(|(_, hash)| token.is(hash));
    Ok(known.map(|(record, _)| Access { role: record.role, business: record.business }))
}
