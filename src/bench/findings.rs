//! What the processes of a bench tell each other: the load's plan, and what it has found.

use std::net::SocketAddr;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// What the load is to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct LoadPlan {
    pub(super) calls: u32,
    /// Calls that come and go before anything is measured.
    pub(super) warm_up: u32,
    /// How long is measured, in seconds.
    pub(super) seconds: u32,
    pub(super) coming: Coming,
    /// Calls a second that ring while it is measured, and are too many.
    pub(super) storm: u32,
    pub(super) target: Target,
    /// Certificate and key of the OpenAI side, in PEM. Without them it speaks no TLS.
    pub(super) tls: Option<Identity>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) certificate: String,
    pub(super) key: String,
}

/// When calls begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Coming {
    /// All at once.
    Together,
    /// One begins when another ends. A sample is taken each time that so many seconds have passed.
    AndGoing { sample: u32 },
}

/// Whom the callers call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Target {
    /// Webhooks first.
    Daemon { address: SocketAddr, account: String, auth_token: String, number: String },
    /// Nothing but media sockets. It asks for no responses, so the model speaks by itself.
    Relay { address: SocketAddr },
}

/// A line that the load prints.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum News {
    /// It waits for a line on its standard input.
    Listening {
        openai: SocketAddr,
        rest: SocketAddr,
    },
    /// Some calls came and went, and it waits for another line: the subject is idle.
    Warm,
    /// All calls run: the measuring begins.
    Steady,
    /// A second of it has passed.
    Second,
    /// The time of a sample has passed.
    Sample(Lately),
    Found(Box<Findings>),
}

/// What the load has seen.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Findings {
    /// Calls that were connected.
    pub calls: u32,
    /// Calls that were not.
    pub refused: u32,
    /// Calls of a storm that heard the apology.
    pub shed: u32,
    /// Calls of a storm that were taken, or not answered.
    pub not_shed: u32,
    /// Sessions beyond one a call.
    pub sessions_again: u32,
    /// Streams that closed before the load closed them.
    pub streams_lost: u32,
    pub turns: u32,
    pub responses: u32,
    /// From the caller to the model.
    pub up: Direction,
    /// From the model to the caller.
    pub down: Direction,
    /// From `start` to the first audio, if that was ready; else from the model's first audio.
    pub greeting: Latency,
    /// From the loud frame that completes an interruption to `clear`.
    pub clear: Latency,
}

impl Findings {
    /// Whether all calls were held, and each piece came once, in order and whole.
    #[must_use]
    pub fn is_faithful(&self) -> bool {
        let troubles = [self.refused, self.not_shed, self.sessions_again, self.streams_lost];
        troubles == [0; 4] && self.up.is_faithful() && self.down.is_faithful()
    }
}

/// What the load has seen since the sample before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Lately {
    /// That run now.
    pub calls: u32,
    /// That have ended, from the first to now.
    pub ended: u32,
    /// Microseconds.
    pub up_p99: u64,
    pub down_p99: u64,
    /// Of the calls that have ended, from the first to now.
    pub lost: u64,
    pub doubled: u64,
    pub altered: u64,
}

/// One direction of all calls.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Direction {
    /// How long pieces took, of those sent while it was measured.
    pub latency: Latency,
    /// All pieces sent, before and after too. Up a piece is a frame of 20 ms, down it is up to 60 ms.
    pub sent: u64,
    pub lost: u64,
    pub doubled: u64,
    pub reordered: u64,
    /// With other bytes than were sent.
    pub altered: u64,
    /// Dropped, as they should be, because the caller interrupted.
    pub cut: u64,
    /// Dropped by an interruption, and sent all the same.
    pub stale: u64,
}

impl Direction {
    fn is_faithful(&self) -> bool {
        [self.lost, self.doubled, self.reordered, self.altered, self.stale] == [0; 5]
    }
}

/// A distribution, in microseconds.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Latency {
    pub count: u64,
    pub p50: u64,
    pub p99: u64,
    pub p999: u64,
    pub max: u64,
}

impl Latency {
    pub(super) fn of(histogram: &Histogram<u64>) -> Self {
        Self {
            count: histogram.len(),
            p50: histogram.value_at_quantile(0.5),
            p99: histogram.value_at_quantile(0.99),
            p999: histogram.value_at_quantile(0.999),
            max: histogram.max(),
        }
    }
}
