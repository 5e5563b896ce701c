//! Sessions are replaced before OpenAI ends them, and the caller notices nothing (RES-3).

use std::time::Duration;

use frontdesk::world::{Plan, World};
use practice::openai::{Behaviour, Record};
use practice::twilio::CallerHandle;
use protocol::call::SessionAges;

use crate::support::{
    brief, ended_record, nothing_left, number, practice, virtually, within, world,
};

const MINUTE: Duration = Duration::from_mins(1);

/// A business whose calls may be long.
fn long_calls(plan: &mut Plan) {
    brief(plan);
    plan.business.silence.timeout = Duration::from_mins(10 * 60);
    plan.business.ending.max_duration = Duration::from_mins(4 * 60);
}

/// The caller says something, and the agent repeats it.
async fn says(caller: &CallerHandle, text: &str) {
    within("the sentence", caller.say(text)).await.unwrap();
    within("its answer", caller.hears(text)).await.unwrap();
}

/// Waits until the call has lasted so long.
async fn at(caller: &CallerHandle, when: Duration) {
    tokio::time::sleep(when.saturating_sub(caller.elapsed())).await;
}

/// When each session was opened, since the first.
fn opened(record: &Record) -> Vec<Duration> {
    let all: Vec<Duration> = record.of_kind("session.update").map(|event| event.at).collect();
    all.iter().map(|at| *at - all[0]).collect()
}

/// Hangs up, and checks what holds of every call here.
async fn nothing_was_noticed(world: World, caller: CallerHandle, sentences: &[&str]) -> Record {
    caller.hang_up();
    let outcome = within("the end", caller.ended()).await;
    assert_eq!(outcome.view.violations, []);
    assert_eq!(outcome.view.streams.len(), 1, "Twilio noticed nothing");
    nothing_left(&world).await;
    let record = practice(&world).log().record();
    // Words are in the frames, which are numbered: one that is lost or doubled breaks them.
    assert_eq!(record.heard_texts(), sentences);
    let said: Vec<&str> = ["שלום"].iter().chain(sentences).copied().collect();
    assert_eq!(record.said_texts(), said, "one greeting, one answer each, and nothing else");
    assert_eq!(record.most_alive, 1, "two sessions were alive at once");
    assert_eq!(record.faults().count(), 0, "{:?}", record.violations);
    let reason = ended_record(&world, &caller).await.end_reason;
    assert_eq!(reason.as_deref(), Some("caller_hung_up"));
    world.close().await;
    record
}

/// In a call of three hours the session is replaced three times, and nobody notices. A minute takes
/// `minute` here.
fn three_hours(minute: Duration) {
    virtually(async {
        let world = world(|plan| {
            long_calls(plan);
            let [quiet, between_answers, last] = [50, 58, 59].map(|age| age * minute);
            plan.config.server.patience.sessions = SessionAges { quiet, between_answers, last };
            plan.openai.behaviour.session_length = 60 * minute;
        })
        .await;
        let caller = world.dial(&number(1));
        within("the greeting", caller.hears("שלום")).await.unwrap();
        says(&caller, "בתל אביב").await;
        // Speaks just when the first session is to be replaced: it waits.
        at(&caller, 50 * minute - Duration::from_millis(300)).await;
        says(&caller, "התקנת מנעול חכם").await;
        // Speaks while there is no session.
        let log = practice(&world).log();
        at(&caller, 99 * minute).await;
        let between = log.wait_for(|record| record.sessions == 2 && record.alive == 0);
        tokio::time::timeout(8 * minute, between).await.unwrap();
        says(&caller, "אני צריך מנעול לדלת").await;
        // Says nothing when the third is to be replaced.
        at(&caller, 140 * minute).await;
        says(&caller, "ביום ראשון בבוקר").await;
        at(&caller, 180 * minute).await;
        says(&caller, "כן").await;
        let sentences =
            ["בתל אביב", "התקנת מנעול חכם", "אני צריך מנעול לדלת", "ביום ראשון בבוקר", "כן"];
        let record = nothing_was_noticed(world, caller, &sentences).await;
        assert_eq!(record.sessions, 4);
        let opened = opened(&record);
        for (number, at) in opened.iter().enumerate().skip(1) {
            let late = *at - opened[number - 1] - 50 * minute;
            assert!(late < Duration::from_secs(10), "session {} came {late:?} late", number + 1);
        }
        let told = |session: u64| {
            let items = record.of_kind("conversation.item.create");
            items.filter(|event| event.session == session).count()
        };
        assert_eq!([2, 3, 4].map(told), [5, 5, 9], "each is told all that was said");
    });
}

#[test]
fn res_3_sessions_are_replaced_in_time_and_nobody_notices() {
    three_hours(Duration::from_secs(1));
}

#[test]
#[ignore = "takes a minute or two: .ci/run simulation plays it"]
fn res_3_in_three_hours_the_session_is_replaced_each_50_minutes_and_nobody_notices() {
    assert_eq!(MINUTE * 60, Behaviour::default().session_length);
    three_hours(MINUTE);
}

#[test]
fn res_3_a_caller_who_never_pauses_does_not_hold_a_session_past_58_minutes() {
    virtually(async {
        let world = world(|plan| {
            long_calls(plan);
            // The same in short: 50, 58 and 59 minutes are 20, 24 and 40 s here.
            let [quiet, between_answers, last] = [20, 24, 40].map(Duration::from_secs);
            plan.config.server.patience.sessions = SessionAges { quiet, between_answers, last };
        })
        .await;
        let caller = world.dial(&number(1));
        within("the greeting", caller.hears("שלום")).await.unwrap();
        at(&caller, Duration::from_secs(19)).await;
        // Sound without words, from before the one age to after the other.
        within("the noise", caller.noise(2_000, Duration::from_secs(8))).await.unwrap();
        let log = practice(&world).log();
        assert_eq!(log.look(|record| record.sessions), 2);
        says(&caller, "בתל אביב").await;
        let record = log.record();
        let late = opened(&record)[1];
        assert!((Duration::from_secs(23)..Duration::from_secs(26)).contains(&late), "{late:?}");
        assert_eq!(record.most_alive, 1);
        assert_eq!(record.faults().count(), 0, "{:?}", record.violations);
        world.close().await;
    });
}

#[test]
fn res_3_an_agent_who_never_pauses_is_finished_in_the_next_session() {
    const LONG: &str = "אני צריך התקנת מנעול חכם לדלת הכניסה בתל אביב ביום ראשון בבוקר";
    virtually(async {
        let world = world(|plan| {
            long_calls(plan);
            // Speech comes hardly faster than it is heard.
            plan.openai.behaviour.speed = 1.0;
            let [quiet, between_answers, last] = [10, 11, 12].map(Duration::from_secs);
            plan.config.server.patience.sessions = SessionAges { quiet, between_answers, last };
        })
        .await;
        let caller = world.dial(&number(1));
        within("the greeting", caller.hears("שלום")).await.unwrap();
        at(&caller, Duration::from_secs(5)).await;
        within("the sentence", caller.say(LONG)).await.unwrap();
        let log = practice(&world).log();
        within("the next session", log.wait_for(|record| record.sessions == 2)).await;
        within("the rest", log.wait_for(|record| record.responses == 3)).await;
        assert_eq!(log.look(|record| record.most_alive), 1);
        world.close().await;
    });
}
