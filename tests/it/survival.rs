//! The daemon's process is killed with -9 in the middle of a call, and the call goes on: in the same daemon, started
//! again (RES-4), or in another one on the same PostgreSQL (RES-9). Twilio and OpenAI are the practice ones, in this
//! process. `virtually` has the same in virtual time.

pub(crate) mod daemon;
mod virtually;

pub(crate) use virtually::plan as as_in_virtual_time;

use std::time::Duration;

use entities::appointments::{self, AppointmentFilter};
use entities::calls::{CallFilter, CallRecord};
use entities::leads::{self, LeadFilter};
use entities::{Database, call_turns};
use frontdesk::platform::Platform;
use jiff::Timestamp;
use practice::openai::{Brain, Log, Rule, ToolCall};
use practice::twilio::{CallOutcome, CallOver, CallerHandle, Done, EndedBy, WebhookRun};
use protocol::business::{BusinessSettings, Transfer};
use protocol::ids::{BusinessId, PhoneNumber};
use serde_json::json;
use tokio::task::JoinHandle;

use crate::support::within;
use daemon::{Daemon, Next, Stage, has_written, snapshot_is_gone};

pub(crate) const GREETING: &str = "שלום, הגעתם למנעולי תל אביב, במה אפשר לעזור לכם היום בבקשה";
pub(crate) const CLOSING: &str = "תודה רבה שהתקשרתם אלינו היום, יום נעים ולהתראות";
pub(crate) const STORY: &str =
    "אנחנו מחליפים מנעולים בכל רחבי העיר, בבתים, במשרדים ובחנויות, בכל שעה";
pub(crate) const BACK: &str = "אני שוב כאן";
const AGAIN: &str = "סליחה, מה אמרת";
pub(crate) const BOOKED: &str = "קבעתי לך תור";
const FAREWELL: &str = "רגע, מעבירים אותך לדנה";
const PERSON: &str = "+972501112233";

/// When the process dies, and what the caller hears of the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dies {
    InTheGreeting,
    WhileTheCallerSpeaks,
    InAnAnswer,
    WhileAToolRuns,
    InTheClosingLine,
    InTheHangUpDelay,
    /// The caller and the person to whom the call was transferred talk with each other.
    InATransfer,
}

/// The speaking of a caller that goes on when the process dies.
type Speaking = Option<JoinHandle<Result<(), CallOver>>>;

/// What the model says and calls.
pub(crate) fn brain() -> Brain {
    brain_at(Platform::live().clock.wall())
}

fn brain_at(now: Timestamp) -> Brain {
    let now = now.to_zoned(jiff::tz::TimeZone::UTC);
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
        Rule { calls: calls("transfer_call", json!({})), ..heard("נציג") },
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
        let speaking = self.leads_to(&caller).await;
        for word in self.is_known() {
            within(word, has_written(&stage.database, caller.call_sid(), word)).await;
        }
        let second = match other {
            Some(second) => {
                stage.turn_to(1);
                first.kill();
                second
            }
            None => {
                stage.hold();
                first.kill();
                let again = stage.start(0).await;
                stage.turn_to(0);
                again
            }
        };
        (self.goes_on(&caller, speaking).await, second)
    }

    /// Leads the call to where the process dies.
    async fn leads_to(self, caller: &CallerHandle) -> Speaking {
        let some = Duration::from_millis(900);
        if self == Self::InTheGreeting {
            hears_some(caller, Duration::from_millis(800)).await;
            return None;
        }
        hears(caller, GREETING).await;
        match self {
            Self::InTheGreeting => {}
            Self::WhileTheCallerSpeaks => {
                let speaker = caller.clone();
                let text = "אני צריך להחליף את המנעול בדלת הכניסה של הבית שלי ברחוב הראשי";
                let speaking = tokio::spawn(async move { speaker.say(text).await });
                tokio::time::sleep(some).await;
                return Some(speaking);
            }
            Self::InAnAnswer => {
                says(caller, "ספרי לי").await;
                hears_some(caller, some).await;
            }
            Self::WhileAToolRuns => says(caller, "אני רוצה לקבוע תור").await,
            Self::InTheClosingLine => {
                says(caller, "ביי").await;
                hears_some(caller, some).await;
            }
            Self::InTheHangUpDelay => {
                says(caller, "ביי").await;
                hears(caller, CLOSING).await;
            }
            Self::InATransfer => {
                says(caller, "תנו לי נציג").await;
                hears(caller, FAREWELL).await;
                let dialled = Done::Dialled { number: PERSON.to_owned() };
                let rung = caller.until(|view| view.verbs.iter().any(|verb| verb.what == dialled));
                within("the ringing", rung).await.unwrap();
            }
        }
        None
    }

    /// Leads the call from the next process to its end.
    async fn goes_on(self, caller: &CallerHandle, speaking: Speaking) -> CallOutcome {
        if let Some(speaking) = speaking {
            within("the rest of the sentence", speaking).await.unwrap().unwrap();
        }
        match self {
            Self::InTheGreeting => hears(caller, BACK).await,
            Self::WhileTheCallerSpeaks => hears_any(caller, &[AGAIN, "כן"]).await,
            Self::InAnAnswer => hears_any(caller, &[STORY, BACK]).await,
            Self::WhileAToolRuns => hears(caller, BOOKED).await,
            Self::InTheClosingLine => hears(caller, CLOSING).await,
            Self::InTheHangUpDelay | Self::InATransfer => {}
        }
        if caller.view().borrow().ended.is_none() && !self.is_ending() {
            says(caller, "ביי").await;
            hears(caller, CLOSING).await;
        }
        within("the end", caller.ended()).await
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
            Self::InATransfer => &["\"handing_over\""],
        }
    }

    fn is_ending(self) -> bool {
        matches!(self, Self::InTheClosingLine | Self::InTheHangUpDelay | Self::InATransfer)
    }

    /// What of the conversation must be in the transcript.
    fn was_said(self) -> &'static [&'static str] {
        match self {
            Self::InTheGreeting | Self::WhileTheCallerSpeaks => &[],
            Self::InAnAnswer => &["ספרי לי"],
            Self::WhileAToolRuns => &["אני רוצה לקבוע תור", BOOKED],
            Self::InTheClosingLine | Self::InTheHangUpDelay => &["ביי"],
            Self::InATransfer => &["תנו לי נציג", FAREWELL],
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
    let heard = within("the agent again", heard).await;
    heard.unwrap_or_else(|over| panic!("{over:?}: {:?}", caller.view().borrow().requests));
}

fn business(business: &mut BusinessSettings) {
    business.greeting.text = Some(GREETING.to_owned());
    business.ending.closing_text = Some(CLOSING.to_owned());
    // The process dies in it, on a slow machine too.
    business.ending.hangup_delay = Duration::from_secs(8);
    business.silence.timeout = Duration::from_secs(60);
    let number = PhoneNumber::parse(PERSON).unwrap();
    business.transfer = Some(Transfer { number, text: Some(FAREWELL.to_owned()) });
}

async fn survives(dies: Dies, next: Next) {
    let Some(stage) = Stage::open(next, brain(), business).await else { return };
    let (outcome, second) = dies.play(next, &stage).await;
    let record = stage.ended(&outcome.view.call_sid).await;
    let (database, business) = (&stage.database, stage.business_id);
    dies.has_left(&outcome, &record, Left { database, business, log: stage.log() }).await;
    drop(second);
    stage.close().await;
}

/// Where it is looked what a call has left.
struct Left<'a> {
    database: &'a Database,
    business: BusinessId,
    log: &'a Log,
}

impl Dies {
    /// The call was heard, hung up and written down as if no process had died.
    async fn has_left(self, outcome: &CallOutcome, record: &CallRecord, left: Left<'_>) {
        let (dies, view) = (self, &outcome.view);
        let Left { database: db, business, log } = left;
        assert!(view.violations.is_empty(), "{dies:?}: {:?}", view.violations);
        let whole = |text: &str| {
            let whole = view.heard.iter().filter(|speech| speech.flaw.is_none());
            whole.filter(|speech| speech.text.contains(text)).count()
        };
        let is_transferred = dies == Self::InATransfer;
        assert_eq!(whole(GREETING), usize::from(dies != Self::InTheGreeting), "{:?}", view.heard);
        // If the delay is over by the resume, the answer to that can come before the request.
        let by_webhook = outcome.ended_by == EndedBy::HangupVerb;
        let (asked, ended_by) = (view.hang_up_requests, outcome.ended_by);
        let is_asked = asked == 1 && !is_transferred;
        assert!(is_asked || (asked == 0 && by_webhook), "{dies:?}: {asked}, {ended_by:?}");
        assert_eq!(whole(CLOSING), usize::from(!is_transferred), "{dies:?}: {:?}", view.heard);

        let reason = if is_transferred { "transferred" } else { "user_goodbye" };
        assert_eq!(record.end_reason.as_deref(), Some(reason), "{dies:?}");
        assert!(record.duration.is_some(), "{dies:?}");
        let calls = entities::calls::list(db, business, CallFilter::default(), None, 9)
            .await
            .unwrap()
            .items;
        assert_eq!(calls.len(), 1, "{dies:?}");
        let leads = leads::list(db, business, LeadFilter::default(), None, 9).await.unwrap().items;
        let lead = leads.first().map(|lead| lead.id);
        assert_eq!((leads.len(), record.lead_id), (1, lead), "{dies:?}");
        let all = AppointmentFilter::default();
        let booked = appointments::list(db, business, all, None, 9).await.unwrap().items;
        assert_eq!(booked.len(), usize::from(dies == Self::WhileAToolRuns), "{dies:?}");

        let turns = call_turns::of_call(db, business, &view.call_sid).await.unwrap();
        let texts: Vec<&str> = turns.iter().filter_map(|turn| turn.text.as_deref()).collect();
        let is_greeting = |text: &&&str| !text.is_empty() && GREETING.starts_with(**text);
        assert_eq!(texts.iter().filter(is_greeting).count(), 1, "{dies:?}: {texts:?}");
        for said in dies.was_said() {
            assert!(texts.iter().any(|text| text.contains(said)), "{dies:?}: {said}: {texts:?}");
        }
        within("the end of the snapshot", snapshot_is_gone(db, &view.call_sid)).await;
        log.look(|record| {
            assert_eq!(record.most_alive, 1, "{dies:?}");
            // What the caller says while no daemon lives reaches nobody.
            let speaks = dies == Self::WhileTheCallerSpeaks;
            let faults: Vec<_> =
                record.faults().filter(|fault| !(speaks && fault.code == "broken_audio")).collect();
            assert!(faults.is_empty(), "{dies:?}: {faults:?}");
        });
        // In virtual time: `res_9_a_resume_is_answered_within_3_s_however_slow_the_database_is`.
        let path = if is_transferred { "/twilio/voice/transfer" } else { "/twilio/voice/resume" };
        let answered =
            |webhook: &WebhookRun| webhook.url.contains(path) && webhook.status == Some(200);
        assert!(view.requests.iter().any(answered), "{dies:?}: {:?}", view.requests);
    }
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
