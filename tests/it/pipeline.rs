//! The audio of a call, byte for byte: up, down, and over gaps in its timestamps (PIPE-1, PIPE-2).

use std::time::Duration;

use actors::call_supervisor::CallStatusView;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use frontdesk::world::World;
use practice::openai::{Brain, Record, ResponseFault};
use practice::speech::FRAME_BYTES;
use practice::twilio::{CallerHandle, Dial, Silence};
use protocol::business::MaxOutputTokens;
use protocol::response_gate::GateState;
use serde_json::json;

use crate::support::{brief, number, pause, practice, virtually, within, world};

const APPEND: &str = "input_audio_buffer.append";

/// One minute of audio, each frame its own: its number in the first four bytes, noise after it.
fn numbered_frames(count: u32) -> Vec<[u8; FRAME_BYTES]> {
    let frame = |number: u32| {
        let mut noise = u64::from(number) + 1;
        let mut frame = [0; FRAME_BYTES];
        for byte in &mut frame[4..] {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040);
            *byte = (noise >> 56) as u8;
        }
        frame[..4].copy_from_slice(&number.to_be_bytes());
        frame
    };
    (0..count).map(frame).collect()
}

/// The audio of every append, in order.
fn appended(record: &Record) -> Vec<Vec<u8>> {
    let audio = |body: &serde_json::Value| BASE64_STANDARD.decode(body["audio"].as_str().unwrap());
    record.of_kind(APPEND).map(|event| audio(&event.body).unwrap()).collect()
}

/// Polls the introspection until the only live call satisfies the condition.
async fn status(
    world: &World,
    what: &str,
    looks: impl Fn(&CallStatusView) -> bool,
) -> CallStatusView {
    let asking = async {
        loop {
            if let [call] = world.calls().await.unwrap().as_slice()
                && looks(call)
            {
                return call.clone();
            }
            pause().await;
        }
    };
    within(what, asking).await
}

#[test]
fn pipe_1_pipe_2_trap_twilio_8_a_minute_of_frames_arrives_unchanged_in_order_and_each_once() {
    virtually(async {
        let world = world(|plan| {
            brief(plan);
            plan.keeps_audio = true;
            plan.line_speed = 7.0;
            // More than 5 s of audio: less than the queue holds.
            plan.openai.behaviour.session_updated_after = Duration::from_millis(800);
        })
        .await;
        let caller = world.dial(&number(1));
        let frames = numbered_frames(3000);
        let log = practice(&world).log();
        let early = async {
            caller.until(|view| view.spoken >= 20).await.unwrap();
            log.look(|record| record.count(APPEND))
        };
        let speaking = async { tokio::join!(caller.send_frames(frames.clone()), early) };
        let (spoken, appended_early) = within("the minute", speaking).await;
        spoken.unwrap();
        assert_eq!(appended_early, 0, "the first frames came before the session was ready");
        within("the turn's end", log.wait_for(|record| !record.heard.is_empty())).await;

        let came = log.look(appended);
        let first = came.iter().position(|audio| audio == &frames[0]).expect("the first frame");
        let came: Vec<&[u8]> = came[first..].iter().map(Vec::as_slice).collect();
        for (number, (sent, came)) in frames.iter().zip(&came).enumerate() {
            assert_eq!(came, sent, "frame {number}");
        }
        assert!(came.len() > frames.len(), "the silence after them");
        let rest = &came[frames.len()..];
        assert!(rest.iter().all(|audio| *audio == [0xFF; FRAME_BYTES]), "nothing came twice");

        let status = status(&world, "its status", |_| true).await;
        assert_eq!((status.frames.blocked, status.frames.padded), (0, 0));
        assert_eq!(caller.view().borrow().streams[0].frames_dropped, 0);
        assert_eq!(log.look(|record| record.faults().count()), 0);
        world.close().await;
    });
}

#[test]
fn pipe_1_the_caller_receives_every_delta_unchanged_or_cut_at_whole_frames() {
    virtually(async {
        let world = world(|plan| {
            plan.openai.brain = Brain::Echo;
            plan.keeps_audio = true;
            plan.line_speed = 4.0;
        })
        .await;
        let caller = world.dial(&number(2));
        within("the greeting", caller.hears(&world.business.lines().greeting)).await.unwrap();
        within("the sentence", caller.say("התקנת מנעול חכם בתל אביב")).await.unwrap();
        within("the answer", caller.hears("התקנת מנעול חכם בתל אביב")).await.unwrap();

        let deltas: Vec<Vec<u8>> = practice(&world).log().look(|record| {
            let audio = record.deltas.iter().map(|delta| BASE64_STANDARD.decode(&delta.audio));
            audio.collect::<Result<_, _>>().unwrap()
        });
        let messages = caller.view().borrow().streams[0].audio.clone();
        let mut messages = messages.iter();
        for (number, delta) in deltas.iter().enumerate() {
            let mut rest = delta.as_slice();
            while !rest.is_empty() {
                let message =
                    messages.next().unwrap_or_else(|| panic!("delta {number} was cut off"));
                rest = rest.strip_prefix(message.as_ref()).unwrap_or_else(|| {
                    panic!("{} bytes that delta {number} does not go on with", message.len())
                });
                assert!(rest.is_empty() || message.len() % 480 == 0, "cut at {}", message.len());
            }
        }
        assert_eq!(messages.next(), None, "nothing but the deltas");
        assert!(deltas.iter().any(|delta| delta.len() > 1440), "one was long enough to be cut");
        world.close().await;
    });
}

#[test]
fn pipe_2_trap_openai_16_a_gap_in_the_lines_timestamps_is_filled_with_silence_and_the_turn_ends() {
    virtually(async {
        let world = world(|plan| {
            brief(plan);
            plan.keeps_audio = true;
        })
        .await;
        let caller = dial_over_a_line_without_silence(&world);
        let log = practice(&world).log();
        for said in ["בתל אביב", "תודה"] {
            within("the sentence", caller.say(said)).await.unwrap();
            // No frame follows: without the added silence the server would never end the turn.
            within("the turn's end", log.wait_for(|r| r.heard_texts().last() == Some(&said))).await;
            within("the answer", caller.hears(said)).await.unwrap();
        }
        assert_eq!(log.look(|record| record.faults().count()), 0, "{:?}", log.record().violations);

        // From the first word to the last, OpenAI received the line's whole time, with its gaps filled.
        let track = caller.recording().caller;
        let (first, _) = &track.0[0];
        let line = track.ulaw().split_off(usize::try_from(*first).unwrap());
        let came = log.look(appended);
        let after = came.concat().split_off(line.len());
        assert_eq!(came.concat()[..line.len()], line);
        assert!(after.iter().all(|sample| *sample == 0xFF), "silence, until the turn was over");

        let frames = status(&world, "its status", |call| call.frames.queue_depth == 0).await.frames;
        assert_eq!(frames.sent, track.0.len() as u64);
        assert_eq!(frames.sent + frames.padded, came.len() as u64);
        let hole = line.len() / FRAME_BYTES - track.0.len();
        assert!(hole > 0 && frames.padded > hole as u64, "{hole} of {}", frames.padded);
        world.close().await;
    });
}

fn dial_over_a_line_without_silence(world: &World) -> CallerHandle {
    let business = &world.business;
    let mut dial = Dial::new(number(3).as_str(), business.phone_numbers[0].as_str());
    dial.line.silence = Silence::Skipped;
    world.carrier.dial(&dial)
}

#[test]
fn pipe_7_the_status_shows_sent_blocked_queue_and_gate() {
    virtually(async {
        let world = world(|plan| {
            brief(plan);
            plan.line_speed = 8.0;
            // 16 s of audio: more than the queue holds.
            plan.openai.behaviour.session_updated_after = Duration::from_secs(2);
            plan.openai.behaviour.first_audio_after = Duration::from_millis(500);
        })
        .await;
        let caller = world.dial(&number(4));
        let full = status(&world, "a full queue", |call| call.frames.blocked > 0).await;
        assert_eq!((full.frames.sent, full.frames.queue_depth), (0, 500), "10 s, the newest");
        assert_eq!(full.realtime.gate, GateState::Idle);
        assert_eq!(full.realtime.session, "configuring");
        assert!(!full.call.agent_speaks && !full.call.caller_has_spoken);

        // While the caller's side does not read, no mark comes back.
        caller.stall_reader(true).unwrap();
        let asked = status(&world, "the gate", |call| call.realtime.gate != GateState::Idle).await;
        assert_eq!(asked.realtime.session, "live");
        status(&world, "the queue sent", |call| call.frames.sent > 500).await;
        status(&world, "the agent's voice", |call| call.call.agent_speaks).await;
        caller.stall_reader(false).unwrap();
        within("the greeting", caller.hears(&world.business.lines().greeting)).await.unwrap();
        let idle = |call: &CallStatusView| {
            call.realtime.gate == GateState::Idle && !call.call.agent_speaks
        };
        let heard = status(&world, "an idle gate", idle).await;
        assert!(!heard.call.caller_has_spoken);
        assert!(heard.frames.blocked >= full.frames.blocked && heard.frames.padded == 0);
        within("the sentence", caller.say("בתל אביב")).await.unwrap();
        status(&world, "the caller's turn", |call| call.call.caller_has_spoken).await;
        world.close().await;
    });
}

#[test]
fn prompt_4_a_cut_answer_is_counted_and_shown_and_a_scripted_line_has_no_limit() {
    virtually(async {
        let world = world(|plan| {
            brief(plan);
            plan.business.agent.max_output_tokens = MaxOutputTokens::limit(200).unwrap();
        })
        .await;
        let caller = world.dial(&number(5));
        within("the greeting", caller.hears(&world.business.lines().greeting)).await.unwrap();
        let reason = "max_output_tokens".to_owned();
        let cut = ResponseFault::Incomplete { reason, after: Duration::from_millis(200) };
        practice(&world).faults().fault_next_response(cut);
        within("the sentence", caller.say("בתל אביב")).await.unwrap();
        status(&world, "the cut answer", |call| call.call.incomplete == 1).await;
        within("the next sentence", caller.say("כן")).await.unwrap();
        within("its answer", caller.hears("כן")).await.unwrap();
        let shown = status(&world, "its end", |call| call.call.responses == 3).await;
        assert_eq!(shown.call.incomplete, 1);

        let record = practice(&world).log().record();
        let limits = |kind: &str, within: &str| -> Vec<_> {
            record.of_kind(kind).map(|e| e.body[within].get("max_output_tokens").cloned()).collect()
        };
        assert_eq!(limits("session.update", "session"), [Some(json!(200))]);
        let of_responses = limits("response.create", "response");
        assert_eq!(
            of_responses,
            [Some(json!("inf")), None, None],
            "the greeting, then two answers"
        );
        world.close().await;
    });
}
