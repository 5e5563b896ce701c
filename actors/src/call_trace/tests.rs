use protocol::call::EndedBy;
use protocol::ids::BusinessId;
use protocol::twilio::forms::Party;
use uuid::Uuid;

use super::*;
use crate::call_clock::CallClock;
use crate::testing;

struct Stage {
    setup: CallSetup,
    call: Call,
    clock: Clock,
    metrics: Metrics,
}

impl Stage {
    fn open() -> Self {
        let setup = testing::setup(BusinessId(Uuid::nil()), Party::Withheld);
        let clock = Clock::start();
        let call = Call::new(setup.clone(), CallClock::start(clock).now());
        Self { setup, call, clock, metrics: Metrics::default() }
    }

    fn over(&self, trace: &TraceOfCall, reason: Option<EndReason>) {
        trace.over(&self.setup, &self.call, reason, self.clock, &self.metrics);
    }

    fn dropped(&self) -> u64 {
        self.metrics.traces.of("dropped").unwrap().get()
    }
}

#[test]
fn ops_3_a_trace_is_given_away_once_with_its_ending() {
    let (traces, mut heard) = CallTraces::heard();
    let (mut stage, trace) = (Stage::open(), traces.of_call());
    let before = stage.call.clone();
    stage.call.finish(EndReason::Operator, EndedBy::Operator);
    trace.changed(&before, &stage.call, stage.clock);
    stage.over(&trace, Some(EndReason::Operator));
    stage.over(&trace, Some(EndReason::Internal));
    let told = heard.try_recv().unwrap();
    assert_eq!((told.reason, told.direction), (Some(EndReason::Operator), "inbound"));
    assert_eq!(told.call, stage.setup.call_sid);
    let kinds: Vec<PartKind> = told.parts.iter().map(|part| part.kind).collect();
    assert_eq!(kinds, [PartKind::Ending(EndReason::Operator)]);
    assert!(heard.try_recv().is_err(), "once");
}

#[test]
fn ops_3_a_listener_that_takes_nothing_costs_traces_and_no_time() {
    let (traces, _heard) = CallTraces::heard();
    let stage = Stage::open();
    for _ in 0..MAX_WAITING + 3 {
        stage.over(&traces.of_call(), None);
    }
    assert_eq!(stage.dropped(), 3);
    let nobody = CallTraces::default();
    stage.over(&nobody.of_call(), None);
    assert_eq!(stage.dropped(), 3, "nobody listens: nothing is dropped");
}

#[test]
fn ops_3_parts_beyond_the_limit_are_counted() {
    let (traces, mut heard) = CallTraces::heard();
    let (stage, trace) = (Stage::open(), traces.of_call());
    {
        let mut noted = trace.0.as_ref().unwrap().lock().unwrap();
        for _ in 0..MAX_PARTS + 7 {
            noted.ended(PartKind::Turn, Duration::from_secs(1), stage.clock.wall());
        }
    }
    stage.over(&trace, Some(EndReason::UserGoodbye));
    let told = heard.try_recv().unwrap();
    assert_eq!((told.parts.len(), told.left_out), (MAX_PARTS, 7));
}
