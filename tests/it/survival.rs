//! The daemon's process is killed with -9 in the middle of a call, and the call goes on: in the same daemon, started
//! again (RES-4), or in another one on the same PostgreSQL (RES-9). Twilio and OpenAI are the practice ones, in this
//! process.

pub(crate) mod daemon;

use std::time::Duration;

use entities::appointments::{self, AppointmentFilter};
use entities::call_turns;
use entities::calls::CallFilter;
use entities::leads::{self, LeadFilter};
use frontdesk::platform::Platform;
use practice::openai::{Brain, Rule, ToolCall};
use practice::twilio::{CallOutcome, CallerHandle, EndedBy, WebhookRun};
use serde_json::json;

use crate::support::within;
use daemon::{Daemon, Next, Stage};

pub(crate) const GREETING: &str = "שלום, הגעתם למנעולי תל אביב, במה אפשר לעזור לכם היום בבקשה";
pub(crate) const CLOSING: &str = "תודה רבה שהתקשרתם אלינו היום, יום נעים ולהתראות";
pub(crate) const STORY: &str =
    "אנחנו מחליפים מנעולים בכל רחבי העיר, בבתים, במשרדים ובחנויות, בכל שעה";
pub(crate) const BACK: &str = "אני שוב כאן";
const AGAIN: &str = "סליחה, מה אמרת";
const BOOKED: &str = "קבעתי לך תור";

/// When the process dies, and what the caller hears of the next one.
#[derive(Debug, Clone, Copy)]
enum Dies {
    InTheGreeting,
    WhileTheCallerSpeaks,
    InAnAnswer,
    WhileAToolRuns,
    InTheClosingLine,
    InTheHangUpDelay,
}

/// What the model says and calls.
pub(crate) fn brain() -> Brain {
    let now = Platform::live().clock.wall().to_zoned(jiff::tz::TimeZone::UTC);
    let day = now.date().saturating_add(jiff::Span::new().days(2));
    let book = json!({ "slot_start": format!("{day}T10:00") });
    let end = json!({ "should_end_call": true, "end_reason": "user_goodbye" });
    let calls = |name: &str, arguments| vec![ToolCall { name: name.to_owned(), arguments }];
    let heard = |word: &str| Rule { heard: vec![word.to_owned()], ..Rule::default() };
    let say = |text: &str| Some(text.to_owned());
    let told = |text: &str| Rule { told: Some(text.to_owned()), ..Rule::default() };
    Brain::Scripted(vec![
        Rule { after_tool: say("create_appointment"), say: say(BOOKED), ..Rule::default() },
        Rule { calls: calls("call_control", end), ..heard("ביי") },
        Rule { calls: calls("create_appointment", book), ..heard("לקבוע") },
        Rule { say: say(STORY), ..heard("ספרי") },
        Rule { say: say(AGAIN), ..told("was lost") },
        Rule { say: say(BACK), ..told("cut off") },
        Rule { say: say("כן"), ..Rule::default() },
    ])
}

pub(crate) async fn says(caller: &CallerHandle, text: &str) {
    within("the sentence", caller.say(text)).await.unwrap();
}

pub(crate) async fn hears(caller: &CallerHandle, text: &str) {
    within(text, caller.hears(text)).await.unwrap();
}

/// The caller begins to hear an utterance, and has heard `part` of it.
pub(crate) async fn hears_some(caller: &CallerHandle, part: Duration) {
    let samples = part.as_millis() as u64 * 8;
    let before = caller.view().borrow().samples_heard;
    within("speech", caller.until(|view| view.samples_heard >= before + samples)).await.unwrap();
}

impl Dies {
    /// Leads the call to where the process dies, and from the next one to its end.
    async fn play(self, next: Next, stage: &Stage) -> (CallOutcome, Daemon) {
        let mut first = stage.start(0).await;
        let other = match next {
            Next::Restarted => None,
            Next::OtherNode => Some(stage.start(1).await),
        };
        let caller = stage.dial();
        if matches!(self, Self::InTheGreeting) {
            hears_some(&caller, Duration::from_millis(800)).await;
        } else {
            hears(&caller, GREETING).await;
        }
        let some = Duration::from_millis(900);
        let mut speaking = None;
        match self {
            Self::InTheGreeting => {}
            Self::WhileTheCallerSpeaks => {
                let speaker = caller.clone();
                let text = "אני צריך להחליף את המנעול בדלת הכניסה של הבית שלי ברחוב הראשי";
                speaking = Some(tokio::spawn(async move { speaker.say(text).await }));
                tokio::time::sleep(some).await;
            }
            Self::InAnAnswer => {
                says(&caller, "ספרי לי").await;
                hears_some(&caller, some).await;
            }
            Self::WhileAToolRuns => says(&caller, "אני רוצה לקבוע תור").await,
            Self::InTheClosingLine => {
                says(&caller, "ביי").await;
                hears_some(&caller, some).await;
            }
            Self::InTheHangUpDelay => {
                says(&caller, "ביי").await;
                hears(&caller, CLOSING).await;
            }
        }
        for word in self.is_known() {
            within(word, stage.has_written(caller.call_sid(), word)).await;
        }
        stage.turn_to_the_second();
        first.kill();
        let second = match other {
            Some(second) => second,
            None => stage.start(0).await,
        };
        if let Some(speaking) = speaking {
            within("the rest of the sentence", speaking).await.unwrap().unwrap();
        }
        match self {
            Self::InTheGreeting => hears(&caller, BACK).await,
            Self::WhileTheCallerSpeaks => hears_any(&caller, &[AGAIN, "כן"]).await,
            Self::InAnAnswer => hears_any(&caller, &[STORY, BACK]).await,
            Self::WhileAToolRuns => hears(&caller, BOOKED).await,
            Self::InTheClosingLine => hears(&caller, CLOSING).await,
            Self::InTheHangUpDelay => {}
        }
        if caller.view().borrow().ended.is_none() && !self.is_ending() {
            says(&caller, "ביי").await;
            hears(&caller, CLOSING).await;
        }
        (within("the end", caller.ended()).await, second)
    }

    /// What the snapshot has before the process dies: on a slow machine it is written later than the caller hears of
    /// it. The words of a turn come apart from its answer.
    fn is_known(self) -> &'static [&'static str] {
        match self {
            Self::InTheGreeting => &["\"greeting\":\"playing\""],
            Self::WhileTheCallerSpeaks => &["\"caller_speaks\":true"],
            Self::InAnAnswer => &["ספרי לי"],
            Self::WhileAToolRuns => &["לקבוע", "create_appointment"],
            Self::InTheClosingLine => &["ביי", "\"closing\""],
            Self::InTheHangUpDelay => &["ביי", "\"pausing\""],
        }
    }

    fn is_ending(self) -> bool {
        matches!(self, Self::InTheClosingLine | Self::InTheHangUpDelay)
    }

    /// What of the conversation must be in the transcript.
    fn was_said(self) -> &'static [&'static str] {
        match self {
            Self::InTheGreeting | Self::WhileTheCallerSpeaks => &[],
            Self::InAnAnswer => &["ספרי לי"],
            Self::WhileAToolRuns => &["אני רוצה לקבוע תור", BOOKED],
            Self::InTheClosingLine | Self::InTheHangUpDelay => &["ביי"],
        }
    }
}

/// Which one it is depends on how much had come.
pub(crate) async fn hears_any(caller: &CallerHandle, texts: &[&str]) {
    let before = caller.view().borrow().heard.len();
    let heard = caller.until(|view| {
        let new = view.heard.iter().skip(before);
        let mut whole = new.filter(|speech| speech.flaw.is_none());
        whole.any(|speech| texts.iter().any(|text| speech.text.contains(text)))
    });
    within("the agent again", heard).await.unwrap();
}

async fn survives(dies: Dies, next: Next) {
    let stage = Stage::open(next, brain(), |business| {
        business.greeting.text = Some(GREETING.to_owned());
        business.ending.closing_text = Some(CLOSING.to_owned());
        business.ending.hangup_delay = Duration::from_secs(4);
        business.silence.timeout = Duration::from_secs(60);
    })
    .await;
    let Some(stage) = stage else { return };
    let (outcome, second) = dies.play(next, &stage).await;
    let view = &outcome.view;
    assert!(view.violations.is_empty(), "{dies:?}: {:?}", view.violations);
    let whole = |text: &str| {
        let whole = view.heard.iter().filter(|speech| speech.flaw.is_none());
        whole.filter(|speech| speech.text.contains(text)).count()
    };
    let greeted = usize::from(!matches!(dies, Dies::InTheGreeting));
    assert_eq!(whole(GREETING), greeted, "{dies:?}: {:?}", view.heard);
    // If the delay is over by the resume, the answer to that can come before the request.
    let by_webhook = outcome.ended_by == EndedBy::HangupVerb;
    let (asked, ended_by) = (view.hang_up_requests, outcome.ended_by);
    assert!(asked == 1 || (asked == 0 && by_webhook), "{dies:?}: {asked}, {ended_by:?}");
    assert_eq!(whole(CLOSING), 1, "{dies:?}: {:?}", view.heard);

    let record = stage.ended(&view.call_sid).await;
    assert_eq!(record.end_reason.as_deref(), Some("user_goodbye"), "{dies:?}");
    assert!(record.duration.is_some(), "{dies:?}");
    let (db, business) = (&stage.database, stage.business_id);
    let calls =
        entities::calls::list(db, business, CallFilter::default(), None, 9).await.unwrap().items;
    assert_eq!(calls.len(), 1, "{dies:?}");
    let leads = leads::list(db, business, LeadFilter::default(), None, 9).await.unwrap().items;
    assert_eq!((leads.len(), record.lead_id), (1, leads.first().map(|lead| lead.id)), "{dies:?}");
    let booked = appointments::list(db, business, AppointmentFilter::default(), None, 9)
        .await
        .unwrap()
        .items;
    assert_eq!(booked.len(), usize::from(matches!(dies, Dies::WhileAToolRuns)), "{dies:?}");

    let turns = call_turns::of_call(db, business, &view.call_sid).await.unwrap();
    let texts: Vec<&str> = turns.iter().filter_map(|turn| turn.text.as_deref()).collect();
    let greeting =
        texts.iter().filter(|text| !text.is_empty() && GREETING.starts_with(**text)).count();
    assert_eq!(greeting, 1, "{dies:?}: {texts:?}");
    for said in dies.was_said() {
        assert!(texts.iter().any(|text| text.contains(said)), "{dies:?}: {said}: {texts:?}");
    }
    assert!(stage.snapshot_is_gone(&view.call_sid).await, "{dies:?}");
    stage.log().look(|record| {
        assert_eq!(record.most_alive, 1, "{dies:?}");
        // What the caller says while no daemon lives reaches nobody.
        let speaks = matches!(dies, Dies::WhileTheCallerSpeaks);
        let faults: Vec<_> =
            record.faults().filter(|fault| !(speaks && fault.code == "broken_audio")).collect();
        assert!(faults.is_empty(), "{dies:?}: {faults:?}");
    });
    // In virtual time: `res_9_a_resume_is_answered_within_3_s_however_slow_the_database_is`.
    let answered = |webhook: &WebhookRun| {
        webhook.url.contains("/twilio/voice/resume") && webhook.status == Some(200)
    };
    assert!(view.requests.iter().any(answered), "{dies:?}: {:?}", view.requests);
    drop(second);
    stage.close().await;
}

macro_rules! scenes {
    ($($dies:ident: $again:ident, $elsewhere:ident;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $again() {
            survives(Dies::$dies, Next::Restarted).await;
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $elsewhere() {
            survives(Dies::$dies, Next::OtherNode).await;
        }
    )*};
}

scenes! {
    InTheGreeting:
        res_4_invariant_17_a_call_goes_on_after_kill_9_in_the_greeting,
        res_9_another_node_goes_on_after_kill_9_in_the_greeting;
    WhileTheCallerSpeaks:
        res_4_invariant_17_a_call_goes_on_after_kill_9_while_the_caller_speaks,
        res_9_another_node_goes_on_after_kill_9_while_the_caller_speaks;
    InAnAnswer:
        res_4_invariant_17_a_call_goes_on_after_kill_9_in_an_answer,
        res_9_another_node_goes_on_after_kill_9_in_an_answer;
    WhileAToolRuns:
        res_4_invariant_17_a_call_goes_on_after_kill_9_while_a_tool_runs,
        res_9_another_node_goes_on_after_kill_9_while_a_tool_runs;
    InTheClosingLine:
        res_4_invariant_17_a_call_goes_on_after_kill_9_in_the_closing_line,
        res_9_another_node_goes_on_after_kill_9_in_the_closing_line;
    InTheHangUpDelay:
        res_4_invariant_17_a_call_goes_on_after_kill_9_in_the_hang_up_delay,
        res_9_another_node_goes_on_after_kill_9_in_the_hang_up_delay;
}
