//! Why a command of webhooks can't be carried out.

use std::io;
use std::net::SocketAddr;

use protocol::ids::Slug;
use thiserror::Error;

use crate::cli::id_part::IdPart;

/// Why a command of webhooks can't be carried out.
#[derive(Debug, Error)]
pub enum WebhooksError {
    #[error(
        "{1} has no dead event {0}, or more than one: `frontdesk webhooks list {1} --state dead --csv` shows whole ids"
    )]
    NotDead(IdPart, Slug),
    #[error("can't listen on {0}: {1}; choose another address with --on")]
    Listen(SocketAddr, #[source] io::Error),
}
