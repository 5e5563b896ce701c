//! Tests of the whole daemon against the practice providers.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at a surprise")]

mod api;
mod barge_in;
mod bench;
mod booking;
mod cluster;
mod conduct;
mod database_away;
mod database_file;
mod door;
mod edge;
mod endings;
mod greeting;
mod greeting_lost;
mod http;
mod journal;
mod leads;
mod media;
mod metrics;
mod outbound;
mod pipeline;
mod polite_endings;
mod postgres;
mod presence;
mod provider;
mod put_through;
mod reconnect;
mod reload;
mod renewal;
mod replay;
mod resume;
mod scenarios;
mod secrecy;
mod shutdown;
mod stories;
mod supervision;
mod support;
mod survival;
mod systemd;
mod trace;
mod transfer;
mod turns;
mod unstorable;
mod webhook;
mod wire;
