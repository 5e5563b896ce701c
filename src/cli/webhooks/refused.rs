//! Why a command of webhooks can't be carried out.

use std::io;
use std::net::SocketAddr;

use protocol::ids::Slug;
use thiserror::Error;
use uuid::Uuid;

/// Why a command of webhooks can't be carried out.
#[derive(Debug, Error)]
pub enum WebhooksError {
    #[error("{1} has no dead event {0}: `frontdesk webhooks list {1} --state dead` shows them")]
    NotDead(Uuid, Slug),
    #[error("can't listen on {0}: {1}; choose another address with --on")]
    Listen(SocketAddr, #[source] io::Error),
}
