//! Draws what goes wrong: only what the daemon claims to stand.

use std::time::Duration;

use actors::introspection::ActorKind;
use entities::DatabaseFault;
use practice::openai::{ConnectRefusal, LinkFault, ResponseFault};
use practice::twilio::{CallbackDelivery, RestFault, RestKind};

use super::chance::Chance;
use crate::chaos::story::{Caller, Fault, LinkTrouble, Moment, Peer, Trouble};

/// Trouble comes until so long after the last caller has dialled.
const LASTS: Duration = Duration::from_secs(45);
/// The most trace points of an actor before it is killed.
const TRACE_POINTS: u64 = 400;

pub(super) fn draw(chance: &mut Chance, callers: &[Caller]) -> Vec<Trouble> {
    let last = callers.iter().map(|caller| caller.dials_at).max().unwrap_or_default();
    let until = u64::try_from((last + LASTS).as_millis()).unwrap_or(u64::MAX);
    let mut troubles: Vec<_> = (0..chance.weighted(&COUNTS))
        .map(|_| {
            let kind = chance.weighted(&KINDS);
            trouble(chance, kind, callers.len(), until)
        })
        .collect();
    troubles.sort_by_key(|trouble| match trouble.at {
        Moment::At(at) => at,
        Moment::TracePoint { .. }
        | Moment::Published { .. }
        | Moment::Ordered { .. }
        | Moment::Scene { .. } => Duration::ZERO,
    });
    troubles
}

/// How many troubles one run has.
const COUNTS: [(u64, u64); 5] = [(15, 0), (20, 1), (25, 2), (25, 4), (15, 8)];

#[derive(Debug, Clone, Copy)]
enum Kind {
    Crash,
    Network,
    Sessions,
    Refused,
    NextResponse,
    SessionsExpire,
    Rest,
    Callbacks,
    CutOff,
    MediaSocketCut,
    MediaSocketStalls,
    Database,
    WebhookAgain,
}

const KINDS: [(u64, Kind); 13] = [
    (35, Kind::Crash),
    (12, Kind::Network),
    (8, Kind::Sessions),
    (5, Kind::Refused),
    (6, Kind::NextResponse),
    (3, Kind::SessionsExpire),
    (8, Kind::Rest),
    (6, Kind::Callbacks),
    (3, Kind::CutOff),
    (5, Kind::MediaSocketCut),
    (4, Kind::MediaSocketStalls),
    (8, Kind::Database),
    (4, Kind::WebhookAgain),
];

const OF_A_CALL: [ActorKind; 4] =
    [ActorKind::Call, ActorKind::TwilioIo, ActorKind::Realtime, ActorKind::Lead];

fn trouble(chance: &mut Chance, kind: Kind, calls: usize, until: u64) -> Trouble {
    let call = chance.index(calls);
    let what = match kind {
        Kind::Crash => {
            let kind = chance.one_of(&OF_A_CALL);
            let points = if kind == ActorKind::Lead { 12 } else { TRACE_POINTS };
            let nth = u32::try_from(chance.from(1, points)).unwrap_or(1);
            return Trouble { at: Moment::TracePoint { call, kind, nth }, what: Fault::Crash };
        }
        Kind::Network => Fault::Network {
            to: chance.one_of(&[Peer::OpenAi, Peer::TwilioApi, Peer::Daemon]),
            trouble: link_trouble(chance),
            lasts: chance.ms(50, 6_000),
        },
        Kind::Sessions => Fault::Sessions(link_fault(chance)),
        Kind::Refused => Fault::Refused {
            refusal: chance.one_of(&[
                ConnectRefusal::Http(429),
                ConnectRefusal::Http(500),
                ConnectRefusal::Http(503),
                ConnectRefusal::ServerError,
            ]),
            times: chance.index(3) + 1,
        },
        Kind::NextResponse => Fault::NextResponse(response(chance)),
        Kind::SessionsExpire => Fault::SessionsExpire,
        Kind::Rest => Fault::Rest {
            kind: chance.one_of(&[RestKind::HangUp, RestKind::HangUp, RestKind::Redirect]),
            fault: chance.one_of(&[
                RestFault::TooManyRequests,
                RestFault::ServerError,
                RestFault::AcceptedThenError,
                RestFault::AcceptedThenSilence,
            ]),
            times: u32::try_from(chance.from(1, 2)).unwrap_or(1),
        },
        Kind::Callbacks => Fault::Callbacks(match chance.from(0, 3) {
            0 => CallbackDelivery::Duplicated(2),
            1 => CallbackDelivery::Delayed(chance.ms(100, 10_000)),
            2 => CallbackDelivery::Lost,
            _ => CallbackDelivery::Swapped,
        }),
        Kind::CutOff => Fault::CutOff { lasts: chance.ms(500, 10_000) },
        Kind::MediaSocketCut => Fault::MediaSocketCut { call },
        Kind::MediaSocketStalls => Fault::MediaSocketStalls { call, lasts: chance.ms(100, 5_000) },
        Kind::Database => {
            // A moment, or an outage that outlasts calls.
            let lasts = if chance.percent(75) {
                chance.ms(100, 20_000)
            } else {
                chance.ms(60_000, 240_000)
            };
            let fault = match chance.from(0, 5) {
                0 | 1 => DatabaseFault::Slow(chance.ms(5, 900)),
                2 => DatabaseFault::Locked,
                3 => DatabaseFault::Gone,
                4 => DatabaseFault::Full,
                _ => DatabaseFault::CommitLost,
            };
            Fault::Database { fault, lasts }
        }
        Kind::WebhookAgain => Fault::WebhookAgain { call, times: chance.index(3) + 1 },
    };
    Trouble { at: Moment::At(chance.ms(0, until)), what }
}

fn link_trouble(chance: &mut Chance) -> LinkTrouble {
    match chance.from(0, 4) {
        0 | 1 => LinkTrouble::Delay(chance.ms(20, 1_500)),
        2 => LinkTrouble::Stall,
        3 => LinkTrouble::BlackHole,
        _ => LinkTrouble::Reset,
    }
}

/// How the server lets go of a session.
pub(super) fn link_fault(chance: &mut Chance) -> LinkFault {
    match chance.from(0, 5) {
        0 => LinkFault::Closed(1000),
        1 => LinkFault::Closed(1001),
        2 => LinkFault::Closed(1011),
        3 => LinkFault::Dropped,
        4 => LinkFault::BlackHole,
        _ => LinkFault::Stalled(chance.ms(200, 12_000)),
    }
}

/// A fault of one response that the daemon claims to stand.
pub(super) fn response(chance: &mut Chance) -> ResponseFault {
    let incomplete = |reason: &str, after_ms| {
        let after = Duration::from_millis(after_ms);
        ResponseFault::Incomplete { reason: reason.to_owned(), after }
    };
    match chance.from(0, 16) {
        0 => ResponseFault::None,
        1 => ResponseFault::CreatedLate(chance.ms(50, 2_000)),
        2 => ResponseFault::DoneLate(chance.ms(50, 2_000)),
        3 | 4 => failed(),
        5 => ResponseFault::TextOnly,
        6 => ResponseFault::Empty,
        7 => incomplete("max_output_tokens", chance.one_of(&[0, 1_000])),
        8 => incomplete("content_filter", chance.one_of(&[0, 1_000])),
        9 => ResponseFault::StalledAfterCreated,
        10 => ResponseFault::StalledAfter(chance.ms(100, 2_000)),
        11 => ResponseFault::server_error(),
        12 => ResponseFault::ErrorFirst(chance.ms(0, 2_000)),
        13 if chance.percent(40) => ResponseFault::no_quota(),
        _ => ResponseFault::Lost {
            after: chance.percent(70).then(|| chance.ms(0, 3_000)),
            by: link_fault(chance),
        },
    }
}

pub(super) fn failed() -> ResponseFault {
    ResponseFault::Failed {
        kind: "server_error".to_owned(),
        code: None,
        message: Some("The server had an error while processing your request.".to_owned()),
    }
}
