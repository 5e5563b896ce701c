//! Frontdesk's actors: thin shells over `protocol`, and the supervision they stand under.
//!
//! [`supervisor`] is the root; under it stands a [`call_supervisor`] per call with [`call`],
//! [`twilio_io`], [`realtime`] and [`lead`], and the shared [`calendar`], [`messaging`] and [`journal`].

mod alarm;
mod bell;
pub mod calendar;
pub mod call;
pub mod call_parts;
pub mod call_supervisor;
pub mod clock;
pub mod downlink;
pub mod journal;
pub mod lead;
pub mod lease;
pub mod link;
pub mod loudness;
pub mod messaging;
pub mod port;
pub mod realtime;
pub mod supervision;
pub mod supervisor;
pub mod twilio_io;
pub mod twilio_rest;
pub mod uplink;
