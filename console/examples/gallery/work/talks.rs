//! Calls, and the test call.

use std::time::Duration;

use console::call::{
    CallEnd, CallPage, Cost, Direction, Ender, Entry, Outcome, State, ToolUse, What,
};
use console::components::Person;
use console::leads::Status;
use console::notice::{Notice, Tone};
use console::shell::{Place, Role};
use console::test_call::{Speaking, TestCallPage, TestEnd, TestRefusal, TestState};
use protocol::call::EndReason;

use crate::samples::{EVENTS, Sample, World, id, in_minutes, minutes_ago, number, sid};

pub(super) fn all(of: World) -> Vec<Sample> {
    let call = |name, page: CallPage| Sample {
        name,
        shell: of.shell(Place::Calls, Role::Business),
        page: Box::new(page),
    };
    let mut live = full(of);
    (live.state, live.cost, live.outcome) = (State::Live, None, Outcome::default());
    live.entries.truncate(5);
    let mut attack = full(of);
    attack.person.name = Some("<script>alert(1)</script>".to_owned());
    attack.entries = vec![Entry {
        seq: 1,
        at: Duration::ZERO,
        what: What::Caller {
            words: Some("<script>alert(\"2\")</script> & 'x'".to_owned()),
            length: None,
        },
    }];
    attack.outcome.fields =
        vec![("<b>city</b>".to_owned(), "\"><img src=x onerror=alert(3)>".to_owned())];
    let mut silent = full(of);
    silent.person = Person::default();
    silent.entries.clear();
    (silent.greeted_after, silent.cost, silent.outcome) = (None, None, Outcome::default());
    silent.state = State::Over {
        end: CallEnd(EndReason::Refused),
        ended_by: Some(Ender::System),
        duration: None,
    };
    let mut deleted = full(of);
    deleted.entries.clear();
    deleted.words_deleted = true;
    let test = |name, state, speaking, left_today| {
        let mut shell = of.shell(Place::TestCall, Role::Business);
        shell.practice = speaking == Speaking::Typing;
        let page = TestCallPage { state, speaking, has_draft: true, left_today };
        Sample { name, shell, page: Box::new(page) }
    };
    let over = |how| TestState::Over { sid: sid(9), how };
    let entries = full(of).entries;
    let live_test = |entries| TestState::Live { sid: sid(9), entries };
    let mut refused = test("test-call-refused", TestState::Ready, Speaking::Microphone, 12);
    let why = TestRefusal::Full;
    refused.shell.notices.push(Notice::new(Tone::Bad, of.texts().say(why.key())));
    let apology = of.either(
        "מצטערים, יש תקלה. נחזור אליכם.",
        "Sorry, something is wrong. We will call you back.",
    );
    let (target, apology) = (number(), apology.to_owned());
    let mut live = call("call-live", live);
    live.shell.events = Some(EVENTS.to_owned());
    vec![
        call("call", full(of)),
        live,
        call("call-silent", silent),
        call("call-deleted", deleted),
        call("call-attack", attack),
        test("test-call", TestState::Ready, Speaking::Typing, 12),
        test("test-call-speak", TestState::Ready, Speaking::Microphone, 1),
        refused,
        test("test-call-none-left", TestState::Ready, Speaking::Microphone, 0),
        test("test-call-live", live_test(entries), Speaking::Typing, 12),
        test("test-call-spoken", live_test(Vec::new()), Speaking::Microphone, 12),
        test("test-call-over", over(TestEnd::HungUp), Speaking::Typing, 12),
        test("test-call-put-through", over(TestEnd::PutThrough(target)), Speaking::Typing, 12),
        test("test-call-apology", over(TestEnd::Apology(apology)), Speaking::Typing, 12),
        test("test-call-recorded", over(TestEnd::RecordedApology), Speaking::Typing, 12),
    ]
}

fn full(of: World) -> CallPage {
    let mut talk = Talk { entries: Vec::new(), at: Duration::ZERO };
    let seconds = Duration::from_millis;
    talk.agent(
        of.either(
            "שלום, הגעתם למנעולי תל אביב. איך אפשר לעזור?",
            "Hello, this is Tel Aviv Locks. How can I help?",
        ),
        3600,
        None,
        false,
    );
    talk.caller(
        Some(of.either(
            "היי, נתקע לי המפתח בדלת ברחוב דיזנגוף 99",
            "Hi, my key is stuck in the door at 99 Dizengoff St",
        )),
        3100,
    );
    talk.tool(
        "update_lead_details",
        r#"{"fields":{"problem_description":"המפתח תקוע בצילינדר"}}"#,
        Some(r#"{"saved":["problem_description"]}"#),
        false,
    );
    talk.agent(
        of.either("הבנתי. באיזו עיר, ובאיזו קומה?", "I see. Which city, and which floor?"),
        2100,
        Some(seconds(820)),
        false,
    );
    talk.caller(
        Some(
            of.either("תל אביב, קומה 3. אפשר מחר ב־9:30?", "Tel Aviv, floor 3. Tomorrow at 9:30?"),
        ),
        2600,
    );
    talk.tool(
        "create_appointment",
        r#"{"slot_start":"2026-11-30T09:30:00+02:00"}"#,
        Some(r#"{"refused":"taken","free":["2026-11-30T12:00:00+02:00"]}"#),
        true,
    );
    talk.agent(
        of.either(
            "ב־9:30 כבר תפוס. ב־12:00 פנוי, והטכנאי",
            "9:30 is taken. 12:00 is free, and the technician",
        ),
        2300,
        Some(seconds(2400)),
        true,
    );
    talk.caller(None, 700);
    talk.note(of.either("המתקשר הקיש 5", "The caller pressed 5"));
    talk.caller(Some(of.either("12:00 מצוין, תודה", "12:00 is fine, thanks")), 1500);
    talk.tool(
        "create_appointment",
        r#"{"slot_start":"2026-11-30T12:00:00+02:00"}"#,
        Some(r#"{"booked":"2026-11-30T12:00:00+02:00"}"#),
        false,
    );
    talk.agent(
        of.either(
            "קבעתי ל־30 בנובמבר בשעה 12:00. תודה ולהתראות!",
            "Booked for 30 November at 12:00. Thank you, goodbye!",
        ),
        4000,
        Some(seconds(1100)),
        false,
    );
    talk.tool(
        "call_control",
        r#"{"should_end_call":true,"end_reason":"user_goodbye"}"#,
        None,
        false,
    );
    CallPage {
        sid: sid(1),
        person: of.person(1),
        direction: Direction::Inbound,
        started_at: minutes_ago(130),
        state: State::Over {
            end: CallEnd(EndReason::UserGoodbye),
            ended_by: Some(Ender::Agent),
            duration: Some(Duration::from_secs(48)),
        },
        is_test: false,
        outcome: Outcome {
            lead: Some(Status::Complete),
            visit: Some((id(1), in_minutes(25 * 60 + 30))),
            fields: vec![
                (of.either("עיר", "city").to_owned(), of.either("תל אביב", "Tel Aviv").to_owned()),
                (
                    "problem_description".to_owned(),
                    of.either("המפתח תקוע בצילינדר", "The key is stuck").to_owned(),
                ),
            ],
        },
        greeted_after: Some(seconds(640)),
        interruptions: 1,
        entries: talk.entries,
        prompt_version: 7,
        cost: Some(Cost {
            micro_usd: Some(81_300),
            text_in: 5210,
            text_out: 312,
            audio_in: 1480,
            audio_out: 902,
            cached: 4096,
            transcribed: Duration::from_secs(11),
        }),
        words_deleted: false,
    }
}

/// A conversation that is being made up.
struct Talk {
    entries: Vec<Entry>,
    at: Duration,
}

impl Talk {
    fn push(&mut self, what: What) {
        let seq = u32::try_from(self.entries.len()).unwrap_or_default() + 1;
        self.entries.push(Entry { seq, at: self.at, what });
    }

    fn caller(&mut self, words: Option<&str>, millis: u64) {
        let length = Duration::from_millis(millis);
        self.push(What::Caller { words: words.map(str::to_owned), length: Some(length) });
        self.at += length;
    }

    fn agent(&mut self, words: &str, millis: u64, waited: Option<Duration>, cut: bool) {
        let heard = Duration::from_millis(millis);
        self.at += waited.unwrap_or_default();
        self.push(What::Agent { words: Some(words.to_owned()), heard: Some(heard), cut, waited });
        self.at += heard + Duration::from_millis(400);
    }

    fn tool(&mut self, name: &str, arguments: &str, output: Option<&str>, refused: bool) {
        self.push(What::Tool(ToolUse {
            name: name.to_owned(),
            arguments: arguments.to_owned(),
            output: output.map(str::to_owned),
            took: output.map(|_| Duration::from_millis(40)),
            refused,
        }));
    }

    fn note(&mut self, text: &str) {
        self.push(What::Note(text.to_owned()));
    }
}
