//! Why a user of the console is not made, changed or removed.

use entities::RecordsError;
use entities::users::UserError;
use thiserror::Error;

use crate::password::{PasswordError, PasswordFlaw};

/// Why a user is not made, changed or removed.
#[derive(Debug, Error)]
pub enum AccountError {
    #[error("the user's name {0}")]
    Name(String),
    #[error(
        "there is a user {0} already, perhaps in another case: `frontdesk user list` shows all"
    )]
    NameTaken(String),
    #[error("there is no user {0}: `frontdesk user list` shows all")]
    Unknown(String),
    #[error("a user with role {0} needs a business: name one or more with --business SLUG")]
    NoBusiness(&'static str),
    #[error(
        "a user with role admin sees all businesses: leave --business out, or choose another role"
    )]
    AdminOfOne,
    #[error(
        "{0} is the last user with role admin; make another one first: `frontdesk user add NAME --role admin`"
    )]
    LastAdmin(String),
    /// Nobody removes themselves.
    #[error("this is your own user")]
    Oneself,
    #[error("there are too many users: remove some first")]
    TooMany,
    #[error("the password {0}")]
    Password(#[from] PasswordFlaw),
    #[error("the link was used before, or is too old")]
    StaleLink,
    #[error(transparent)]
    Hashing(#[from] PasswordError),
    #[error(transparent)]
    Records(#[from] RecordsError),
}

impl AccountError {
    /// What the records say of the user with this name.
    pub(super) fn of(name: &str, error: UserError) -> Self {
        match error {
            UserError::NameTaken => Self::NameTaken(name.to_owned()),
            UserError::Unknown => Self::Unknown(name.to_owned()),
            UserError::LastAdmin => Self::LastAdmin(name.to_owned()),
            UserError::TooMany => Self::TooMany,
            UserError::Records(error) => Self::Records(error),
        }
    }
}
