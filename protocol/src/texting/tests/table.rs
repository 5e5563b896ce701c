//! Walks the tables of docs/texting.md: every event in every phase, and everything that a job can bring.

use super::*;

const DOCUMENT: &str = include_str!("../../../../docs/texting.md");

type Reach = fn() -> Conversation;
type Act = fn(&mut Conversation);

const PHASES: [(&str, Reach); 9] = [
    ("idle", idle_who_wrote),
    ("settling", settling),
    ("on a call", on_a_call),
    ("preparing", preparing),
    ("asking", asking),
    ("running", running),
    ("clearing", clearing),
    ("sending", sending),
    ("pausing", pausing),
];

/// The person has written, and has been answered.
fn idle_who_wrote() -> Conversation {
    let mut conversation = sending();
    done(&mut conversation, sent(), after(5));
    conversation.take_records();
    conversation
}

fn deadline(conversation: &mut Conversation) {
    if let Some((at, _)) = conversation.poll_timeout() {
        conversation.handle_timeout(at);
    }
}

const EVENTS: [(&str, Act); 10] = [
    ("a text comes", |it| it.handle(text(50, "And on Friday?", after(6)), after(6))),
    ("`STOP` comes", |it| it.handle(text(50, "Stop!", after(6)), after(6))),
    ("an operator writes", |it| it.handle(by_hand(60), after(6))),
    ("a call begins", |it| it.handle(Event::CallBegan, after(6))),
    ("a call ends, and none is followed by a message", |it| {
        let mut settings = settings();
        settings.whatsapp.after_call = AfterCall::Off;
        it.rules = Rules::of(Arc::new(settings));
        it.handle(Event::CallEnded { call: call_sid() }, after(6));
    }),
    ("a call ends that may be followed by a message", |it| {
        it.handle(Event::CallEnded { call: call_sid() }, after(6));
    }),
    ("a delivery fails", |it| it.handle(Event::DeliveryFailed { code: None }, after(6))),
    ("another process takes it up", |it| {
        *it = Conversation::new(it.rules.clone(), it.state.clone());
        it.resume(after(6));
    }),
    ("its deadline comes", deadline),
    ("its deadline comes during a call", |it| {
        it.handle(Event::CallBegan, after(6));
        deadline(it);
    }),
];

fn long(units: usize) -> ModelReply {
    reply(&"x".repeat(units))
}

fn replied(conversation: &mut Conversation, reply: ModelReply) {
    done(conversation, JobResult::Replied(reply), after(5));
}

fn claims() -> ModelReply {
    ending_reply("Bye.", EndClaim::LeadComplete)
}

/// A row: its phase, what the job brings, how that phase is reached, and how it is brought.
const RESULTS: [(&str, &str, Reach, Act); 28] = [
    ("preparing", "no call goes on", preparing, |it| done(it, prepared(false), after(5))),
    ("preparing", "a call goes on", preparing, |it| done(it, prepared(true), after(5))),
    ("preparing", "only media has come", only_media, |it| done(it, prepared(false), after(5))),
    ("preparing", "a call that earns no message", after_a_call, |it| {
        let JobResult::Prepared(prepared) = prepared(false) else { unreachable!() };
        let prepared = Prepared { call_earns_message: false, ..prepared };
        done(it, JobResult::Prepared(prepared), after(5));
    }),
    ("preparing", "a tool had not returned", interrupted_tool, |it| {
        done(it, prepared(false), after(5));
    }),
    ("asking", "a reply", asking, |it| replied(it, reply("At nine."))),
    ("asking", "a reply during a call", asking, |it| {
        it.handle(Event::CallBegan, after(5));
        replied(it, reply("At nine."));
    }),
    ("asking", "a reply of more than 1,600 units", asking, |it| replied(it, long(1601))),
    ("asking", "a fourth such reply", long_thrice, |it| replied(it, long(1601))),
    ("asking", "a control that is refused", asking, |it| replied(it, claims())),
    ("asking", "a second such control", refused_once, |it| replied(it, claims())),
    ("asking", "a tool call", asking, |it| {
        done(it, called(vec![tool_call("call_1", true)]), after(5));
    }),
    ("asking", "a tool call that is refused", asking, |it| {
        done(it, called(vec![tool_call("call_1", false)]), after(5));
    }),
    ("asking", "no answer", asking, |it| done(it, JobResult::NoAnswer, after(5))),
    ("running", "the last output", running, |it| done(it, tool_finished(), after(5))),
    ("running", "an output, and another call waits", two_tools, |it| {
        done(it, tool_finished(), after(5));
    }),
    ("clearing", "no call", clearing, |it| {
        done(it, JobResult::Looked { on_call: false }, after(5));
    }),
    ("clearing", "a call", clearing, |it| done(it, JobResult::Looked { on_call: true }, after(5))),
    ("clearing", "no call, after the window", clearing, |it| {
        done(it, JobResult::Looked { on_call: false }, NOON + WINDOW);
    }),
    ("sending", "sent", sending, |it| done(it, sent(), after(5))),
    ("sending", "sent, with an end", sending_the_last, |it| done(it, sent(), after(5))),
    ("sending", "sent, and a text has come", sending, |it| {
        it.handle(text(50, "And on Friday?", after(5)), after(5));
        done(it, sent(), after(5));
    }),
    ("sending", "the apology is sent", apologising, |it| done(it, sent(), after(5))),
    ("sending", "not taken", sending, |it| {
        done(it, JobResult::SendFailed(SendFault::NotTaken), after(5));
    }),
    ("sending", "unknown", sending, |it| {
        done(it, JobResult::SendFailed(SendFault::Unknown), after(5));
    }),
    ("sending", "not there", sending, |it| done(it, JobResult::NotThere, after(5))),
    ("sending", "refused", sending, |it| {
        done(it, JobResult::SendFailed(SendFault::Refused { code: Some(63_016) }), after(5));
    }),
    ("sending", "refused: opted out", sending, |it| {
        done(it, JobResult::SendFailed(SendFault::Refused { code: Some(21_610) }), after(5));
    }),
];

fn only_media() -> Conversation {
    let mut conversation = idle();
    let voice_note = Text { id: id(1), at: NOON, content: Content::Media };
    conversation.handle(Event::TextCame(voice_note), NOON);
    conversation.handle_timeout(after(2));
    conversation
}

fn after_a_call() -> Conversation {
    let mut conversation = idle_who_wrote();
    conversation.handle(Event::CallEnded { call: call_sid() }, after(5));
    conversation
}

fn interrupted_tool() -> Conversation {
    let before = running();
    let mut conversation = Conversation::new(before.rules.clone(), before.state.clone());
    conversation.resume(after(5));
    conversation
}

fn long_thrice() -> Conversation {
    let mut conversation = asking();
    for _ in 0..3 {
        replied(&mut conversation, long(1601));
    }
    conversation
}

fn refused_once() -> Conversation {
    let mut conversation = asking();
    replied(&mut conversation, claims());
    conversation
}

fn two_tools() -> Conversation {
    let mut conversation = asking();
    let calls = vec![tool_call("call_1", true), tool_call("call_2", true)];
    done(&mut conversation, called(calls), after(5));
    conversation
}

fn sending_the_last() -> Conversation {
    let mut conversation = asking();
    replied(&mut conversation, ending_reply("Bye.", EndClaim::UserGoodbye));
    done(&mut conversation, JobResult::Looked { on_call: false }, after(5));
    conversation.take_records();
    conversation
}

fn apologising() -> Conversation {
    let mut conversation = asking();
    done(&mut conversation, JobResult::NoAnswer, after(5));
    done(&mut conversation, JobResult::Looked { on_call: false }, after(5));
    conversation.take_records();
    conversation
}

/// The rows of the table whose heading begins with this cell, as cells.
fn rows_of(first: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let lines = DOCUMENT.lines().map(str::trim);
    let mut table = lines.skip_while(|line| !line.starts_with(first)).take_while(|l| !l.is_empty());
    let heading = cells(table.next().expect("the table is in the document"));
    std::iter::once(heading).chain(table.skip(1).map(cells)).collect()
}

#[test]
fn every_event_in_every_phase_does_what_the_table_says() {
    let rows = rows_of("| event |");
    let phases: Vec<&str> = rows[0][1..].iter().map(String::as_str).collect();
    assert_eq!(phases, PHASES.map(|(name, _)| name));
    let events: Vec<&str> = rows[1..].iter().map(|row| &*row[0]).collect();
    assert_eq!(events, EVENTS.map(|(name, _)| name));
    for (row, (event, act)) in rows[1..].iter().zip(EVENTS) {
        for (cell, (name, reach)) in row[1..].iter().zip(PHASES) {
            let mut conversation = reach();
            assert_eq!(conversation.state().phase().as_str(), name, "how {name} is reached");
            act(&mut conversation);
            let expected = if cell == "–" { name } else { cell };
            assert_eq!(conversation.state().phase().as_str(), expected, "{event}, while {name}");
        }
    }
}

#[test]
fn all_that_a_job_can_bring_does_what_the_table_says() {
    let rows = rows_of("| phase | the job brings |");
    let written: Vec<(&str, &str)> = rows[1..].iter().map(|row| (&*row[0], &*row[1])).collect();
    assert_eq!(written, RESULTS.map(|(phase, brings, ..)| (phase, brings)));
    for (row, (phase, brings, reach, act)) in rows[1..].iter().zip(RESULTS) {
        let mut conversation = reach();
        conversation.take_records();
        assert_eq!(conversation.state().phase().as_str(), phase, "before {brings}");
        act(&mut conversation);
        let records: Vec<String> = (conversation.take_records().iter())
            .map(|record| format!("`{}`", name_of(record)))
            .collect();
        let records = if records.is_empty() { "–".to_owned() } else { records.join(", ") };
        let job = name_of_job(&conversation);
        let job = if job == "–" { job.to_owned() } else { format!("`{job}`") };
        let then = conversation.state().phase().as_str();
        let (then_, job_, records_) = (&*row[2], &row[3], &row[4]);
        assert_eq!((then, &job, &records), (then_, job_, records_), "{phase}: {brings}");
    }
}
