//! What a turn costs the call's core, early and late in a call, and what an answer costs the response gate:
//! `cargo bench -p benches --bench call`.
//!
//! Each event is handled as `CallActor` does it: the core takes it, a copy of the call is
//! published, the commands are handed over. The copy of the event before is dropped. A call's
//! length must not show in these figures.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actors::clock::Clock;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use protocol::business::BusinessSettings;
use protocol::call::{Call, CallSetup, Command, Event, LeadFacts, Moment, Now, SessionAges};
use protocol::ids::{
    BusinessId, CallSid, InvalidId, ItemId, PhoneNumber, ResponseId, Slug, StreamSid,
};
use protocol::openai::usage::Usage;
use protocol::response_gate::{
    Ask, AskNumber, GateOutput, Manner, Outcome, Reply, ResponseGate, Want,
};
use protocol::twilio::forms::{Direction, Party};

const SAID: &str = "The lock of our front door is broken and I would like somebody to come today.";
const ANSWER: [&str; 8] = [
    "I am ",
    "sorry to ",
    "hear that. ",
    "We can ",
    "be there ",
    "between four ",
    "and five ",
    "today.",
];

/// A call, and what is published of it.
#[derive(Clone)]
struct Talk {
    call: Call,
    published: Arc<Call>,
    now: Now,
    turns: u32,
    asked: Option<AskNumber>,
}

impl Talk {
    fn new(clock: &Clock) -> Result<Self, InvalidId> {
        let now = Now { at: Moment::ZERO, wall: clock.wall() };
        let call = Call::new(setup()?, now);
        let published = Arc::new(call.clone());
        let mut talk = Self { call, published, now, turns: 0, asked: None };
        talk.happens(Event::StreamOpened { stream: StreamSid::parse(&format!("MZ{:032x}", 1))? });
        talk.happens(Event::SessionConfigured { session: 1 });
        talk.speaks("greeting")?;
        Ok(talk)
    }

    fn after(clock: &Clock, turns: u32) -> Result<Self, InvalidId> {
        let mut talk = Self::new(clock)?;
        for _ in 0..turns {
            talk.turn()?;
        }
        Ok(talk)
    }

    /// The caller says something, and the agent answers. Returns the number of events.
    fn turn(&mut self) -> Result<u64, InvalidId> {
        self.turns += 1;
        let turn = ItemId::parse(&format!("item_caller_{:08}", self.turns))?;
        self.happens(Event::SpeechStarted);
        self.happens(Event::SpeechStopped);
        self.happens(Event::TurnCommitted { item: turn.clone() });
        self.happens(Event::TurnTranscribed { item: turn, text: Some(SAID.to_owned()) });
        let events = self.speaks(&format!("{:08}", self.turns))?;
        Ok(4 + events)
    }

    fn speaks(&mut self, name: &str) -> Result<u64, InvalidId> {
        let response = ResponseId::parse(&format!("resp_{name}"))?;
        let item = ItemId::parse(&format!("item_agent_{name}"))?;
        let asks: Vec<AskNumber> = self.asked.take().into_iter().collect();
        let text = ANSWER.concat();
        let began = [
            Event::ResponseStarted { response: response.clone(), asks: asks.clone() },
            Event::AgentItem { response: response.clone(), item: item.clone() },
            Event::AgentBegan { response: response.clone(), item: item.clone() },
            Event::ItemPlaying {
                response: response.clone(),
                item: item.clone(),
                added: Duration::ZERO,
            },
        ];
        let words =
            ANSWER.map(|delta| Event::AgentText { item: item.clone(), delta: delta.to_owned() });
        let ended = [
            Event::AgentAudioDone { item: item.clone(), came_ms: 2_000 },
            Event::AgentTextDone { item: item.clone(), text },
            Event::ItemQueued { item: item.clone(), plays_until: self.now.at },
            Event::ResponseEnded {
                response: Some(response.clone()),
                asks,
                outcome: Outcome::Completed,
                calls: Vec::new(),
                usage: Usage::default(),
            },
            Event::ItemPlayed { response, item },
        ];
        let events = began.into_iter().chain(words).chain(ended);
        Ok(events.map(|event| self.happens(event)).sum())
    }

    /// As `CallActor` handles an event.
    fn happens(&mut self, event: Event) -> u64 {
        self.call.handle(event, self.now);
        self.published = Arc::new(self.call.clone());
        let commands: Vec<(u64, Command)> =
            self.call.outbox().map(|(number, command)| (number, command.clone())).collect();
        for (number, command) in commands {
            if let Command::Ask(ask) = &command {
                self.asked = Some(ask.number);
            }
            black_box(command);
            self.call.delivered(number);
        }
        1
    }
}

fn setup() -> Result<CallSetup, InvalidId> {
    let number = PhoneNumber::parse("+97231234567")?;
    let mut settings = BusinessSettings::new(Slug::parse("locks")?, "Locks", vec![number.clone()]);
    settings.ending.max_duration = Duration::from_secs(24 * 3600);
    Ok(CallSetup {
        call_sid: CallSid::parse(&format!("CA{:032x}", 1))?,
        business: BusinessId(Default::default()),
        lines: Arc::new(settings.lines()),
        opening: settings.opening(),
        settings: Arc::new(settings),
        direction: Direction::Inbound,
        person: Party::Withheld,
        business_number: number,
        prompt_version: 1,
        instructions: "answer".into(),
        lead: LeadFacts::default(),
        transfer: None,
        upstream_patience: Duration::from_secs(10),
        stream_patience: Duration::from_secs(15),
        session_ages: SessionAges::default(),
        is_test: false,
    })
}

fn turns(criterion: &mut Criterion) {
    let clock = Clock::start();
    let mut group = criterion.benchmark_group("call");
    for turns in [10, 1_000] {
        let Ok(talk) = Talk::after(&clock, turns) else { return };
        let Ok(events) = talk.clone().turn() else { return };
        group.throughput(Throughput::Elements(events));
        group.bench_function(format!("a turn after {turns} turns"), |bencher| {
            bencher.iter_batched(
                || talk.clone(),
                |mut talk| {
                    let _ = black_box(talk.turn());
                    talk
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

/// An answer at the gate: asked for, begun and done.
fn answers(criterion: &mut Criterion) {
    let (clock, mut number) = (Clock::start(), 0);
    let mut gate = ResponseGate::default();
    criterion.bench_function("gate: an answer", |bencher| {
        bencher.iter(|| {
            number += 1;
            answer(&mut gate, number, clock.now()).ok()
        });
    });
}

fn answer(gate: &mut ResponseGate, number: u64, now: Instant) -> Result<(), InvalidId> {
    let turn = ItemId::parse(&format!("item_{number}"))?;
    let response = ResponseId::parse(&format!("resp_{number}"))?;
    gate.turn_committed(turn.clone());
    let want = Want::Answer(Reply::Turn(turn));
    gate.trigger(Ask { number: AskNumber(number), want, manner: Manner::default() }, now);
    let mut asked = None;
    while let Some(output) = gate.poll_output() {
        if let GateOutput::Create { request, .. } = black_box(output) {
            asked = Some(request);
        }
    }
    gate.created(response.clone(), asked, now);
    gate.progressed(true, now);
    gate.done(&response, asked, Outcome::Completed, now);
    while gate.poll_output().map(black_box).is_some() {}
    Ok(())
}

criterion_group!(call, turns, answers);
criterion_main!(call);
