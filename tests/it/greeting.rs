//! How a call begins (GREET-1, CALL-2): spoken by the session, played by Twilio, or not at all.

use std::time::Duration;

use entities::calls::CallStatus;
use frontdesk::world::{Plan, World};
use practice::twilio::{CallerHandle, Dial, EndedBy};
use protocol::business::GreetingMode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{brief, nothing_left, number, pause, practice, within, world};

const CREATE: &str = "response.create";
const ITEM: &str = "conversation.item.create";

/// Serves a recording of one second, and returns its URL.
pub(crate) async fn recording() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hello.ulaw", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let head = "HTTP/1.1 200 OK\r\ncontent-type: audio/basic\r\ncontent-length: 8000\r\n\
                        connection: close\r\n\r\n";
            let _ = stream.write_all(&[head.as_bytes(), &[0xFF; 8000]].concat()).await;
        }
    });
    url
}

/// A world whose business greets by a recording.
async fn with_a_recording() -> World {
    let url = recording().await;
    world(|plan| {
        brief(plan);
        plan.business.greeting.mode = GreetingMode::Play;
        plan.business.greeting.audio_url = Some(url);
    })
    .await
}

/// Waits until Twilio plays the recording.
async fn recording_plays(caller: &CallerHandle) {
    within("the recording", caller.until(|view| !view.verbs.is_empty())).await.unwrap();
}

async fn ends(world: World, caller: &CallerHandle) {
    caller.hang_up();
    let outcome = within("the end", caller.ended()).await;
    assert_eq!(outcome.view.violations, []);
    nothing_left(&world).await;
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn greet_1_after_a_recording_the_session_opens_with_the_stream_and_waits_for_the_caller() {
    let world = with_a_recording().await;
    let greeting = world.business.greeting.text.clone().unwrap();
    let caller = world.dial(&number(1));
    recording_plays(&caller).await;
    let log = practice(&world).log();
    assert_eq!(log.look(|record| record.connections), 0, "no session while the recording plays");
    within("the stream", caller.stream_opened()).await.unwrap();
    within("the session", log.wait_for(|record| record.sessions == 1)).await;
    within("its history", log.wait_for(|record| record.count(ITEM) == 1)).await;
    log.look(|record| {
        let told = record.of_kind(ITEM).next().unwrap();
        assert_eq!(told.body["item"]["role"], "assistant");
        assert_eq!(told.body["item"]["content"][0]["text"], greeting.as_str());
        assert_eq!(record.count(CREATE), 0, "nothing is said before the caller has spoken");
    });
    within("the sentence", caller.say("בתל אביב")).await.unwrap();
    within("the answer", caller.hears("בתל אביב")).await.unwrap();
    assert_eq!(log.look(|record| record.count(CREATE)), 1);
    let heard = caller.view().borrow().heard.len();
    assert_eq!(heard, 1, "one voice has greeted: the recording's");
    ends(world, &caller).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn greet_1_without_a_greeting_the_agent_waits_for_the_caller() {
    let silent: [fn(&mut Plan); 2] = [
        |plan| plan.business.greeting.mode = GreetingMode::None,
        |plan| plan.business.greeting.bot_speaks_first = false,
    ];
    for change in silent {
        let world = world(|plan| {
            brief(plan);
            change(plan);
        })
        .await;
        let caller = world.dial(&number(2));
        let log = practice(&world).log();
        within("the stream", caller.stream_opened()).await.unwrap();
        within("the session", log.wait_for(|record| record.sessions == 1)).await;
        within("the sentence", caller.say("בתל אביב")).await.unwrap();
        within("the answer", caller.hears("בתל אביב")).await.unwrap();
        assert_eq!(log.look(|record| record.count(CREATE)), 1);
        assert_eq!(caller.view().borrow().heard.len(), 1);
        ends(world, &caller).await;
    }
}

/// The caller hangs up before any stream has opened: only the record and the lead are left.
async fn gone_before_the_stream(world: World, caller: CallerHandle) {
    caller.hang_up();
    let outcome = within("the end", caller.ended()).await;
    assert_eq!(outcome.ended_by, EndedBy::CallerHangUp);
    assert_eq!(outcome.view.hang_up_requests, 0, "Twilio knows already");
    nothing_left(&world).await;
    let database = &world.app.services().database;
    let record = async {
        loop {
            let found = entities::calls::get(database, world.business_id, caller.call_sid()).await;
            let found = found.unwrap().filter(|call| call.ended_at.is_some());
            if let Some(record) = found.filter(|call| call.lead_id.is_some()) {
                return record;
            }
            pause().await;
        }
    };
    let record = within("the record", record).await;
    assert_eq!(record.status, CallStatus::Completed);
    assert_eq!(record.end_reason.as_deref(), Some("not_connected"));
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_2_a_caller_who_hangs_up_during_the_recording_leaves_only_a_lead_and_a_record() {
    let world = with_a_recording().await;
    let caller = world.dial(&number(3));
    recording_plays(&caller).await;
    let log = practice(&world).log().clone();
    gone_before_the_stream(world, caller).await;
    assert_eq!(log.look(|record| record.connections), 0, "there was nothing to hear");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_2_a_caller_who_hangs_up_before_the_stream_opens_leaves_no_session_behind() {
    let world = world(brief).await;
    let mut dial = Dial::new(number(4).as_str(), world.business.phone_numbers[0].as_str());
    dial.line.start_delay = Duration::from_secs(30);
    let caller = world.carrier.dial(&dial);
    let log = practice(&world).log().clone();
    let greeted = log.wait_for(|record| record.said.len() == 1);
    within("the greeting, made and not yet heard", greeted).await;
    assert_eq!(caller.view().borrow().heard, []);
    gone_before_the_stream(world, caller).await;
}
