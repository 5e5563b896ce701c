//! What an event costs early and late in a call, counted in allocations.

use allocation_counter::{AllocationInfo, measure};

use super::*;

/// A call whose copy is published after every event, as `CallActor` does it.
struct Talk {
    call: Call,
    published: Arc<Call>,
    now: Now,
    asked: Option<AskNumber>,
    turns: usize,
    events: u64,
}

impl Talk {
    fn new() -> Self {
        let stage = Stage::open_with(|settings| settings.ending.decider = Decider::Both);
        let published = Arc::new(stage.call.clone());
        Self { call: stage.call, published, now: stage.now, asked: None, turns: 0, events: 0 }
    }

    fn happens(&mut self, event: Event) {
        self.events += 1;
        self.call.handle(event, self.now);
        self.published = Arc::new(self.call.clone());
        let commands: Vec<(u64, Command)> =
            self.call.outbox().map(|(number, command)| (number, command.clone())).collect();
        for (number, command) in commands {
            if let Command::Ask(ask) = command {
                self.asked = Some(ask.number);
            }
            self.call.delivered(number);
        }
    }

    /// The caller says something, the agent answers and calls a tool.
    fn turn(&mut self) {
        self.turns += 1;
        let (turn, answer) =
            (item(&format!("u{:06}", self.turns)), item(&format!("a{:06}", self.turns)));
        let response = resp(&format!("r{:06}", self.turns));
        self.happens(Event::SpeechStarted);
        self.happens(Event::SpeechStopped);
        self.happens(Event::TurnCommitted { item: turn.clone() });
        let asks: Vec<AskNumber> = self.asked.take().into_iter().collect();
        self.happens(Event::ResponseStarted { response: response.clone(), asks: asks.clone() });
        self.happens(Event::TurnTranscribed { item: turn, text: Some("a new lock".to_owned()) });
        self.happens(Event::AgentItem { response: response.clone(), item: answer.clone() });
        self.happens(Event::AgentBegan { response: response.clone(), item: answer.clone() });
        let (added, of) = (Duration::ZERO, response.clone());
        self.happens(Event::ItemPlaying { response: of, item: answer.clone(), added });
        for _ in 0..4 {
            let delta = "Which city? ".to_owned();
            self.happens(Event::AgentText { item: answer.clone(), delta });
        }
        let text = "Which city?".to_owned();
        self.happens(Event::AgentTextDone { item: answer.clone(), text });
        self.happens(Event::AgentAudioDone { item: answer.clone(), came_ms: 2_000 });
        self.happens(Event::ItemQueued { item: answer.clone(), plays_until: self.now.at });
        let call = ToolCallId::parse(&format!("c{:06}", self.turns)).unwrap();
        let (name, arguments) = ("update_lead_details".to_owned(), "{}".to_owned());
        self.happens(Event::ResponseEnded {
            response: Some(response.clone()),
            asks,
            outcome: Outcome::Completed,
            calls: vec![FunctionCall { call: call.clone(), name, arguments }],
            usage: Usage::default(),
        });
        self.happens(Event::ItemPlayed { response, item: answer });
        let outcome = ToolOutcome::new("{}".to_owned(), true);
        self.happens(Event::ToolFinished { call, outcome });
    }

    /// What 16 turns cost, so that what happens every few turns counts in each figure.
    fn cost(&mut self) -> AllocationInfo {
        measure(|| (0..16).for_each(|_| self.turn()))
    }
}

#[test]
fn an_event_in_the_thousandth_turn_costs_what_it_costs_in_the_tenth() {
    let mut talk = Talk::new();
    // What is remembered up to a bound is full by then.
    (0..32).for_each(|_| talk.turn());
    let early = talk.cost();
    (0..1_000).for_each(|_| talk.turn());
    let late = talk.cost();
    assert_eq!(talk.call.conversation.len(), 1 + 4 * talk.turns);
    // The map of the entries is a level deeper by now.
    assert!(late.bytes_total < early.bytes_total * 5 / 4, "{early:?} {late:?}");
    assert!(late.count_total < early.count_total * 5 / 4, "{early:?} {late:?}");
}

/// Each copy is published, and shares with the one before what did not change.
#[test]
fn an_event_allocates_twelve_times_on_average() {
    let mut talk = Talk::new();
    (0..32).for_each(|_| talk.turn());
    let events = talk.events;
    let cost = talk.cost();
    let each = cost.count_total as f64 / (talk.events - events) as f64;
    assert!(each <= 12.0, "{each} for an event: {cost:?}");
}
