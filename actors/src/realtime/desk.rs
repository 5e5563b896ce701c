//! What RealtimeActor works on, and what outlives it: the response gate, the session's state, and
//! the reports that the call has not taken yet.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::call::{Call, CallSetup, Event, FunctionCall, SessionFault};
use protocol::ids::{ItemId, ResponseId};
use protocol::openai::client_event::{ClientEvent, Metadata, NewItem, ResponseSettings};
use protocol::openai::fault::{ErrorClass, ErrorEvent, FailureClass};
use protocol::openai::item::{ItemKind, Role};
use protocol::openai::response_done::{ResponseDone, ResponseStatus};
use protocol::openai::scripted::{scripted_by_meaning, scripted_instructions};
use protocol::openai::server_event::ServerEvent;
use protocol::openai::session::SessionSettings;
use protocol::openai::usage::Usage;
use protocol::response_gate::{
    Ask, GateCommand, GateState, Outcome, RequestNumber, ResponseGate, Wording,
};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::history::{history, item};
use super::session::{LastHeard, Outgoing};
use super::settings::session_settings;
use super::RealtimeOrder;
use crate::uplink::Uplink;

