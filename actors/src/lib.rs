//! Frontdesk's actors. They perform what `protocol` decides.
//!
//! [`supervisor`] is the root. Under it stand a [`call_supervisor`] per call and the shared
//! [`calendar`], `messaging` and [`journal`]. Under a call supervisor stand [`call`],
//! `twilio_io`, `realtime` and [`lead`]. They share [`call_parts`] and send each other
//! [`messages`].

pub mod audio;
pub mod calendar;
pub mod call;
pub mod call_clock;
mod call_locks;
pub mod call_parts;
pub mod call_span;
pub mod call_supervisor;
pub mod call_trace;
pub mod carrier;
pub mod chance;
pub mod clock;
pub mod cluster;
pub mod dialer;
pub mod http_client;
pub mod introspection;
pub mod journal;
pub mod lead;
pub mod link;
pub mod messages;
mod messaging;
pub mod metrics;
mod mistake;
mod outage;
pub mod outbox;
pub mod provider;
mod realtime;
pub mod reported;
mod reports;
mod saved;
pub mod stored_call;
pub mod supervisor;
pub mod test_records;
#[cfg(test)]
#[cfg_attr(
    not(feature = "mistakes"),
    expect(dead_code, reason = "most tests of actors are built with the feature")
)]
mod testing;
pub mod text_model;
pub mod trace;
pub mod transcriptions;
mod twilio_io;
pub mod twilio_rest;
pub mod written;
