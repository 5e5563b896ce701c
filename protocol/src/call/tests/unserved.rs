//! Asks that stay unserved. The table of docs/asks.md is walked cell by cell.

use super::*;
use crate::response_gate::Manner;

const DOCUMENT: &str = include_str!("../../../../docs/asks.md");
const PATIENCE: Duration = Duration::from_secs(10);

/// A call with one turn, and what happened to the ask for its answer.
struct Asked {
    stage: Stage,
    ask: AskNumber,
    responses: u32,
    session: u32,
}

impl Asked {
    fn new() -> Self {
        let mut stage = Stage::open_without_a_person();
        let ask = stage.turn("u1");
        Self { stage, ask, responses: 0, session: 1 }
    }

    fn ends(&mut self, outcome: Outcome) {
        self.responses += 1;
        let response = format!("r{}", self.responses);
        self.stage.ends_unserved(&response, vec![self.ask], outcome);
    }

    /// It ends so, and is asked for again.
    fn ends_again(&mut self, outcome: Outcome, pause: u64) {
        self.ends(outcome);
        self.stage.waits(Duration::from_millis(pause));
        assert_eq!(self.stage.asks().last().unwrap().number, self.ask);
    }

    fn next_session(&mut self) {
        self.stage.loses_session(SessionFault::Passing);
        self.session += 1;
        self.stage.does(Event::SessionConfigured { session: self.session });
    }

    fn manner(&self) -> Manner {
        self.stage.asks().last().unwrap().manner
    }

    /// How often the ask was made since `before` commands.
    fn made(&self, before: usize) -> usize {
        let is_it =
            |command: &&Command| matches!(command, Command::Ask(ask) if ask.number == self.ask);
        self.stage.sent[before..].iter().filter(is_it).count()
    }
}

/// The columns.
fn reached(column: &str) -> Asked {
    let mut asked = Asked::new();
    match column {
        "nothing" => {}
        "unspoken once" => asked.ends_again(Outcome::Unspoken, 0),
        "unspoken twice" => (0..2).for_each(|_| asked.ends_again(Outcome::Unspoken, 0)),
        "unspoken, new session" => {
            (0..2).for_each(|_| asked.ends_again(Outcome::Unspoken, 0));
            asked.ends(Outcome::Unspoken);
            asked.next_session();
        }
        "failed once" => asked.ends_again(Outcome::Failed, 500),
        "failed twice" => {
            asked.ends_again(Outcome::Failed, 500);
            asked.ends_again(Outcome::Failed, 2_000);
        }
        other => panic!("no such column: {other}"),
    }
    asked
}

/// The rows.
fn happens(asked: &mut Asked, row: &str) {
    let asks = vec![asked.ask];
    match row {
        "`Completed`, and it spoke" => asked.stage.speaks("r-last", "a-last", asks),
        "`Called`" => {
            asked
                .stage
                .does(Event::ResponseStarted { response: resp("r-last"), asks: asks.clone() });
            asked.stage.ends("r-last", asks, calls("update_lead_details", "{}"));
        }
        "`Incomplete`, after some speech" => {
            asked.stage.begins("r-last", "a-last", asks.clone());
            asked.stage.does(Event::ResponseEnded {
                response: Some(resp("r-last")),
                asks,
                outcome: Outcome::Incomplete,
                calls: Vec::new(),
                usage: Usage::default(),
            });
        }
        "`Cancelled`" => asked.ends(Outcome::Cancelled),
        "`Unspoken`" => asked.ends(Outcome::Unspoken),
        "`OutOfTokens`" => asked.ends(Outcome::OutOfTokens),
        "`Filtered`" => asked.ends(Outcome::Filtered),
        "`Failed`" => asked.ends(Outcome::Failed),
        "its session is lost" => asked.stage.loses_session(SessionFault::Passing),
        other => panic!("no such row: {other}"),
    }
}

/// Whether the cell's word is what the call does.
fn is_done(asked: &mut Asked, word: &str, before: usize) -> bool {
    let at_once = asked.made(before);
    let apologised = asked.stage.count(&Command::Apologise) > 0;
    let renewed = asked
        .stage
        .count(&Command::RenewSession { session: asked.session, why: Renewal::SaysNothing });
    let line = asked.stage.lines().iter().any(|(line, _)| *line == ScriptedLine::NoAnswer);
    let quiet = (at_once, apologised, renewed, line) == (0, false, 0, false);
    let mut later = |ms: u64| {
        asked.stage.waits(Duration::from_millis(ms - 1));
        let early = asked.made(before);
        asked.stage.waits(Duration::from_millis(1));
        quiet && (early, asked.made(before)) == (0, 1)
    };
    match word {
        "served" | "not again" => {
            asked.session += 1;
            asked.stage.loses_session(SessionFault::Passing);
            asked.stage.does(Event::SessionConfigured { session: asked.session });
            quiet && asked.made(before) == 0
        }
        "at once" => at_once == 1 && !apologised && renewed == 0,
        "after 0.5 s" => later(500),
        "after 2 s" => later(2_000),
        "new session" => (at_once, apologised, renewed, line) == (0, false, 1, false),
        "next session" => {
            asked.stage.does(Event::SessionConfigured { session: 9 });
            quiet && asked.made(before) == 1
        }
        "apology line" => line && at_once == 0 && !apologised,
        "apology" => apologised && at_once == 0,
        other => panic!("no such word: {other}"),
    }
}

fn cells(line: &str) -> Option<Vec<&str>> {
    let cells = line.strip_prefix('|')?.strip_suffix('|')?;
    Some(cells.split('|').map(str::trim).collect())
}

#[test]
fn pipe_9_pipe_10_an_unserved_ask_becomes_what_the_documented_table_says() {
    let (_, section) = DOCUMENT.split_once("\n## The table\n").unwrap();
    let table = section.split("\n\n").find(|part| part.starts_with("| |")).unwrap();
    let mut lines = table.lines().filter_map(cells).filter(|cells| !cells[0].starts_with("---"));
    let columns = lines.next().unwrap();
    let mut wrong = Vec::new();
    let mut walked = 0;
    for line in lines {
        assert_eq!(line.len(), columns.len(), "{line:?}");
        for (column, word) in columns.iter().zip(&line).skip(1) {
            let mut asked = reached(column);
            let before = asked.stage.sent.len();
            happens(&mut asked, line[0]);
            if !is_done(&mut asked, word, before) {
                wrong.push(format!("{}, {column}: not {word}", line[0]));
            }
            walked += 1;
        }
    }
    assert_eq!((wrong, walked), (Vec::<String>::new(), 9 * 6));
}

#[test]
fn pipe_9_an_answer_without_a_word_is_asked_for_again_with_an_order_to_speak() {
    let mut asked = Asked::new();
    assert_eq!(asked.manner(), Manner::default());
    asked.ends(Outcome::Unspoken);
    assert_eq!(asked.manner(), Manner { attempt: 1, must_speak: true, unlimited: false });
    asked.ends(Outcome::OutOfTokens);
    assert_eq!(asked.manner(), Manner { attempt: 2, must_speak: true, unlimited: true });
}

#[test]
fn pipe_9_words_that_were_only_written_are_no_words_of_the_transcript() {
    let mut asked = Asked::new();
    let asks = vec![asked.ask];
    asked.stage.does(Event::ResponseStarted { response: resp("r1"), asks });
    asked.stage.does(Event::AgentItem { response: resp("r1"), item: item("a1") });
    asked.stage.does(Event::AgentText { item: item("a1"), delta: "never heard".to_owned() });
    asked.ends(Outcome::Unspoken);
    asked.stage.does(Event::AgentTextDone { item: item("a1"), text: "never heard".to_owned() });
    let texts = asked.stage.call.conversation.entries().filter_map(|entry| entry.text());
    assert!(!texts.into_iter().any(|text| text.contains("never")));
}

#[test]
fn pipe_10_five_failures_in_a_row_are_within_the_patience_and_the_sixth_is_heard() {
    let mut asked = Asked::new();
    asked.ends_again(Outcome::Failed, 500);
    asked.ends_again(Outcome::Failed, 2_000);
    asked.ends(Outcome::Failed);
    asked.next_session();
    asked.ends_again(Outcome::Failed, 500);
    asked.ends_again(Outcome::Failed, 2_000);
    let asks = vec![asked.ask];
    asked.stage.begins("r-last", "a-last", asks);
    asked.stage.waits(PATIENCE);
    assert_eq!(asked.stage.reason(), None, "what is heard ends the clock");
}

#[test]
fn pipe_10_the_patience_runs_from_the_first_failure_of_an_ask_over_all_sessions() {
    let mut asked = Asked::new();
    asked.ends(Outcome::Failed);
    for _ in 0..9 {
        asked.stage.waits(Duration::from_millis(1_100));
        asked.next_session();
    }
    assert_eq!(asked.stage.count(&Command::Apologise), 0);
    asked.stage.waits(Duration::from_millis(100));
    assert_eq!(asked.stage.reason(), Some(EndReason::UpstreamFailed));
}

#[test]
fn pipe_3_an_ask_whose_response_comes_after_all_is_not_asked_for_again() {
    let mut asked = Asked::new();
    let (response, asks) = (None, vec![asked.ask]);
    let (outcome, calls, usage) = (Outcome::Failed, Vec::new(), Usage::default());
    asked.stage.does(Event::ResponseEnded { response, asks, outcome, calls, usage });
    let before = asked.stage.sent.len();
    asked.stage.begins("r1", "a1", vec![asked.ask]);
    asked.stage.waits(Duration::from_secs(3));
    assert_eq!(asked.made(before), 0);
}

#[test]
fn pipe_10_an_ask_that_did_not_fail_does_not_count() {
    let mut asked = Asked::new();
    asked.stage.waits(PATIENCE * 3);
    assert_eq!(asked.stage.count(&Command::Apologise), 0, "the gate tells when it has stalled");
}

#[test]
fn pipe_10_what_came_and_is_about_to_be_heard_is_in_no_trouble() {
    let mut asked = Asked::new();
    asked.ends_again(Outcome::Failed, 500);
    let (asks, response) = (vec![asked.ask], resp("r-last"));
    asked.stage.does(Event::ResponseStarted { response: response.clone(), asks });
    asked.stage.does(Event::AgentBegan { response, item: item("a-last") });
    asked.stage.waits(PATIENCE * 2);
    assert_eq!(asked.stage.count(&Command::Apologise), 0, "another answer is still being played");
    asked
        .stage
        .does(Event::SessionLost { fault: SessionFault::Passing, unplayed: vec![resp("r-last")] });
    asked.stage.waits(Duration::ZERO);
    assert_eq!(asked.stage.count(&Command::Apologise), 1, "it will never be heard");
}

#[test]
fn pipe_10_the_time_of_tools_does_not_count_and_their_answer_goes_on_with_the_clock() {
    let mut asked = Asked::new();
    asked.ends_again(Outcome::Failed, 500);
    asked.stage.waits(Duration::from_secs(4));
    let asks = vec![asked.ask];
    asked.stage.does(Event::ResponseStarted { response: resp("r-last"), asks: asks.clone() });
    asked.stage.ends("r-last", asks, calls("update_lead_details", "{}"));
    asked.stage.waits(Duration::from_secs(9));
    let outcome = ToolOutcome::new("{}".to_owned(), true);
    let call = ToolCallId::parse("call_1").unwrap();
    asked.stage.does(Event::ToolFinished { call, outcome });
    let ask = asked.stage.asks().last().unwrap().clone();
    assert_eq!(ask.want, Want::Answer(Reply::ToolOutput));
    asked.stage.waits(Duration::from_secs(5));
    assert_eq!(asked.stage.count(&Command::Apologise), 0);
    asked.stage.waits(Duration::from_secs(1));
    assert_eq!(asked.stage.count(&Command::Apologise), 1);
}

#[test]
fn pipe_10_a_fault_that_no_retry_mends_brings_the_apology_at_once() {
    let mut asked = Asked::new();
    asked.stage.loses_session(SessionFault::Lasting(FatalCause::Quota));
    assert_eq!(asked.stage.reason(), Some(EndReason::UpstreamFailed));
    assert_eq!(asked.stage.count(&Command::Apologise), 1);
}

#[test]
fn pipe_9_a_filtered_apology_line_is_not_said_once_more() {
    let mut asked = Asked::new();
    asked.ends(Outcome::Filtered);
    asked.ask = asked.stage.asks().last().unwrap().number;
    let asks = asked.stage.asks().len();
    asked.ends(Outcome::Filtered);
    assert_eq!((asked.stage.asks().len(), asked.stage.reason()), (asks, None));
    asked.stage.waits(Duration::from_secs(8));
    let (line, _) = asked.stage.lines().last().unwrap().clone();
    assert_eq!(line, ScriptedLine::SilenceCheck, "the call goes on");
}

#[test]
fn pipe_9_a_last_line_without_a_word_is_asked_for_again_while_it_is_waited_for() {
    let mut stage = Stage::open();
    stage.turn("u1");
    let ask = stage.asks().last().unwrap().number;
    stage.does(Event::ResponseStarted { response: resp("r1"), asks: vec![ask] });
    stage.ends("r1", vec![ask], control(GOODBYE));
    let line = stage.asks().last().unwrap().number;
    stage.ends_unserved("r2", vec![line], Outcome::Unspoken);
    assert_eq!(stage.asks().last().unwrap().number, line);
    stage.last_line_is_heard("closing");
    stage.waits(Duration::from_secs(2));
    assert_eq!((stage.count(&Command::HangUp), stage.reason()), (1, Some(EndReason::UserGoodbye)));
}

#[test]
fn greet_2_a_greeting_of_which_nothing_went_to_twilio_is_asked_for_again_whole() {
    let mut stage = Stage::new(|_| {});
    stage.does(Event::SessionConfigured { session: 1 });
    let asks = vec![AskNumber(1)];
    stage.does(Event::ResponseStarted { response: resp("r1"), asks });
    stage.does(Event::AgentBegan { response: resp("r1"), item: item("a1") });
    stage.does(Event::AgentText { item: item("a1"), delta: "half".to_owned() });
    stage.sent.clear();
    let unplayed = vec![resp("r1")];
    stage.does(Event::SessionLost { fault: SessionFault::Passing, unplayed });
    stage.does(Event::SessionConfigured { session: 2 });
    let asked: Vec<AskNumber> = stage.asks().into_iter().map(|ask| ask.number).collect();
    assert_eq!((asked, stage.lines().len()), (vec![AskNumber(1)], 1));
    let replays = stage.sent.iter().filter_map(|command| {
        let Command::Replay { history, .. } = command else { return None };
        Some(history.clone())
    });
    let told = replays.flatten().filter_map(|entry| entry.text()).collect::<String>();
    assert_eq!(told, "", "the model has said nothing");
}

#[test]
fn greet_2_a_greeting_that_is_being_played_is_finished_and_not_begun_again() {
    let mut stage = Stage::new(|_| {});
    stage.does(Event::SessionConfigured { session: 1 });
    stage.begins("r1", "a1", vec![AskNumber(1)]);
    stage.sent.clear();
    stage.loses_session(SessionFault::Passing);
    stage.does(Event::SessionConfigured { session: 2 });
    assert!(matches!(&stage.asks()[..], [Ask { want: Want::Answer(Reply::Resume), .. }]));
}

#[test]
fn pipe_12_one_answer_follows_arguments_that_cannot_be_read_and_then_it_was_unserved() {
    let mut asked = Asked::new();
    let mut ask = asked.ask;
    for round in 1..=4 {
        let response = format!("r{round}");
        asked.stage.does(Event::ResponseStarted { response: resp(&response), asks: vec![ask] });
        asked.stage.ends(&response, vec![ask], calls("call_control", "{\"should"));
        let last = asked.stage.asks().last().unwrap().clone();
        assert_eq!(last.want, Want::Answer(Reply::ToolOutput), "{round}");
        // The second and the third are asked for at once, as what they are: unserved.
        assert_eq!(last.manner.must_speak, (2..=3).contains(&round) || round == 4, "{round}");
        ask = last.number;
    }
    assert_eq!(
        asked.stage.count(&Command::RenewSession { session: 1, why: Renewal::SaysNothing }),
        1
    );
}

#[test]
fn pipe_12_a_tool_gets_its_arguments_as_a_plain_object() {
    let mut asked = Asked::new();
    let asks = vec![asked.ask];
    asked.stage.does(Event::ResponseStarted { response: resp("r1"), asks: asks.clone() });
    let wrapped = serde_json::json!(r#"{"fields":{"city":"חיפה"}}<|im_end|>"#).to_string();
    asked.stage.ends("r1", asks, calls("update_lead_details", &wrapped));
    let given = asked.stage.sent.iter().find_map(|command| {
        let Command::UpdateLead(call) = command else { return None };
        Some(call.arguments.clone())
    });
    assert_eq!(given.as_deref(), Some(r#"{"fields":{"city":"חיפה"}}"#));
}
