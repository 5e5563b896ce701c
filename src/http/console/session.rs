//! Who asks, by the cookie of their session.

use console::error::Problem;
use console::shell::{Role, SignedIn};
use entities::RecordsError;
use entities::users::{UserRecord, UserRole};
use protocol::ids::BusinessId;
use subtle::ConstantTimeEq as _;

use super::cookies;
use super::form::Form;
use super::refused::Refused;
use super::state::ConsoleState;
use crate::http::request::Request;

/// A user who has signed in.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) user: UserRecord,
    pub(super) name: String,
    pub(super) role: Role,
    /// The businesses that they may see; `None`: all.
    pub(super) businesses: Option<Vec<BusinessId>>,
    /// In every form that changes something.
    pub(super) csrf: String,
    /// What the cookie has.
    pub(super) secret: String,
}

impl Session {
    pub(super) fn sees(&self, business: BusinessId) -> bool {
        self.businesses.as_ref().is_none_or(|own| own.contains(&business))
    }

    pub(super) fn may_change(&self) -> bool {
        match self.role {
            Role::Admin | Role::Business => true,
            Role::Viewer => false,
        }
    }

    pub(super) fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }

    /// Refuses a form that was not made for this session (CON-2).
    pub(super) fn guards(&self, form: &Form) -> Result<(), Refused> {
        let given = form.raw("csrf").unwrap_or_default();
        let is_own = self.csrf.as_bytes().ct_eq(given.as_bytes()).into();
        if is_own { Ok(()) } else { Err(Problem::StaleForm.into()) }
    }

    pub(super) fn shown(&self) -> SignedIn {
        SignedIn {
            id: self.user.id,
            name: self.name.clone(),
            role: self.role,
            csrf: self.csrf.clone(),
        }
    }
}

/// The session of the request's cookie.
pub(super) async fn of(
    state: &ConsoleState,
    request: &Request,
) -> Result<Option<Session>, RecordsError> {
    let Some(secret) = cookies::secret(request, cookies::SESSION) else { return Ok(None) };
    let Some(found) = state.accounts.session(secret).await? else { return Ok(None) };
    let sees_all = found.user.role == UserRole::Admin;
    Ok(Some(Session {
        name: found.user.name.clone(),
        role: role(found.user.role),
        businesses: (!sees_all).then(|| found.user.businesses.clone()),
        csrf: found.csrf,
        secret: secret.to_owned(),
        user: found.user,
    }))
}

/// A role as pages have it.
pub(super) fn role(role: UserRole) -> Role {
    match role {
        UserRole::Admin => Role::Admin,
        UserRole::Business => Role::Business,
        UserRole::Viewer => Role::Viewer,
    }
}
