//! Why a token is not made or revoked.

use thiserror::Error;

use crate::cli::id_part::IdPart;

/// Why a token is not made or revoked.
#[derive(Debug, Error)]
pub enum TokenError {
    #[error("a token with role business is for one business: name it with --business SLUG")]
    NoBusiness,
    #[error(
        "a token with role admin is for all businesses: leave --business out, or choose role business"
    )]
    AdminOfOne,
    #[error("the token's name {0}")]
    Name(String),
    #[error(
        "there is no token {0}, or more than one: `frontdesk token list --csv` shows whole ids"
    )]
    Unknown(IdPart),
}
