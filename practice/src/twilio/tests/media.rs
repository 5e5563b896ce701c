//! Media sockets: the handshake, the frames, the playout and refused messages.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::daemon::{Daemon, Media};
use super::{TOKEN, carrier, dial, settings, within};
use crate::speech::{Decoded, FRAME_BYTES, Fault, SILENCE, SpeechDecoder, Voice};
use crate::twilio::signature::sign;
use crate::twilio::{
    CallView, CallerHandle, Carrier, CarrierSettings, Dial, EndedBy, LineQuality, Silence,
    TwilioError, Violation,
};

/// A call with an open stream, and its two ends.
struct Open {
    _carrier: Carrier,
    caller: CallerHandle,
    media: Media,
}

async fn open(daemon: &Daemon, line: LineQuality) -> Open {
    daemon.twiml("/voice", &daemon.connect());
    let carrier = carrier(daemon).await;
    let caller = carrier.dial(&Dial { line, ..dial() });
    let media = daemon.socket().await.started().await;
    Open { _carrier: carrier, caller, media }
}

fn timestamp(media: &serde_json::Value) -> u64 {
    media["media"]["timestamp"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_handshake_has_twilios_headers_and_no_others_and_is_signed_without_the_query() {
    let daemon = Daemon::start().await;
    let url = daemon.media_url();
    daemon.twiml("/voice", &format!("<Connect><Stream url=\"{url}?token=1\"/></Connect>"));
    let carrier = carrier(&daemon).await;
    let caller = carrier.dial(&dial());
    let media = daemon.socket().await;
    let mut lines = media.head.trim_end().split("\r\n");
    assert_eq!(lines.next(), Some("GET /media HTTP/1.1"));
    let headers: Vec<_> = lines.map(|line| line.split_once(": ").unwrap()).collect();
    let mut names: Vec<_> = headers.iter().map(|(name, _)| name.to_lowercase()).collect();
    names.sort();
    assert_eq!(
        names,
        [
            "connection",
            "host",
            "sec-websocket-key",
            "sec-websocket-version",
            "upgrade",
            "user-agent",
            "x-twilio-signature"
        ]
    );
    let signature = sign(TOKEN, &url, &[]);
    assert!(headers.contains(&("x-twilio-signature", &signature)), "{headers:?}");
    within(
        caller.until(|view| view.violations == [Violation::StreamQuery(format!("{url}?token=1"))]),
    )
    .await
    .unwrap();
}

#[tokio::test]
async fn connected_and_start_come_first_then_silent_frames_on_the_clock_with_counters_as_text() {
    let daemon = Daemon::start().await;
    daemon.twiml("/voice", &daemon.connect());
    let carrier = carrier(&daemon).await;
    let caller = carrier.dial(&dial());
    let mut media = daemon.socket().await;
    let connected = media.next().await.unwrap();
    assert_eq!(connected, json!({"event":"connected","protocol":"Call","version":"1.0.0"}));
    let start = media.next().await.unwrap();
    assert_eq!(start["event"], "start");
    assert_eq!(start["sequenceNumber"], "1");
    assert_eq!(start["start"]["callSid"], caller.call_sid().as_str());
    assert_eq!(start["start"]["customParameters"], json!({"token": "t&1"}));
    for n in 0..4_u64 {
        let frame = media.next().await.unwrap();
        assert_eq!(frame["sequenceNumber"], (n + 2).to_string());
        assert_eq!(frame["media"]["chunk"], (n + 1).to_string());
        assert_eq!(timestamp(&frame), 150 + 20 * n);
        assert_eq!(frame["media"]["payload"], STANDARD.encode(SILENCE));
    }
}

#[tokio::test]
async fn frames_keep_the_absolute_clock_at_four_times_its_speed() {
    let daemon = Daemon::start().await;
    daemon.twiml("/voice", &daemon.connect());
    let fast = CarrierSettings { clock_speed: 4.0, ..settings(&daemon) };
    let carrier = Carrier::start(fast).await.unwrap();
    let caller = carrier.dial(&dial());
    let mut media = daemon.socket().await.started().await;
    let mut last = 0;
    for _ in 0..50 {
        last = timestamp(&media.event("media").await);
    }
    assert_eq!(last, 150 + 49 * 20);
    // No frame is sent before it is due on the line's clock.
    assert!(caller.elapsed() >= Duration::from_millis(last));
}

#[tokio::test]
async fn marks_are_echoed_at_once_when_nothing_is_buffered_else_when_the_audio_was_played() {
    let daemon = Daemon::start().await;
    let Open { _carrier, caller, mut media } = open(&daemon, LineQuality::default()).await;
    media.mark("g1:first").await;
    media.play(&[0x55; 800]).await;
    media.mark("g1:after").await;
    for name in ["g1:first", "g1:after"] {
        assert_eq!(media.event("mark").await["mark"], json!({ "name": name }));
    }
    let view = caller.view().borrow().clone();
    let [first, after] = &view.streams[0].echoes[..] else { panic!("{view:?}") };
    assert!(after.at - first.at >= Duration::from_millis(99), "{first:?} {after:?}");
    assert!(first.played && after.played);
    assert_eq!(view.samples_heard, 800);
    assert_eq!(view.violations, []);
}

#[tokio::test]
async fn barge_3_clear_echoes_every_pending_mark_and_the_rest_is_never_heard() {
    let daemon = Daemon::start().await;
    let Open { _carrier, caller, mut media } = open(&daemon, LineQuality::default()).await;
    let utterance = Voice::built_in().speak("a rather long sentence that is cut off", "en");
    media.play(utterance.ulaw()).await;
    media.mark("a").await;
    media.mark("b").await;
    within(caller.until(|view| view.samples_heard > 3 * 160)).await.unwrap();
    media.clear().await;
    assert_eq!(media.event("mark").await["mark"]["name"], "a");
    assert_eq!(media.event("mark").await["mark"]["name"], "b");
    let view = caller.view().borrow().clone();
    assert!(view.streams[0].echoes.iter().all(|echo| !echo.played));
    assert_eq!(view.streams[0].cleared_at.len(), 1);
    assert!(view.samples_heard < utterance.ulaw().len() as u64);
    caller.hang_up();
    let heard = within(caller.ended()).await.view.heard;
    assert_eq!(heard[0].flaw, Some(Fault::CutOff));
    assert!("a rather long sentence that is cut off".starts_with(&heard[0].text));
}

#[tokio::test]
async fn prac_2_what_the_daemon_says_is_heard_and_what_the_caller_says_arrives_whole() {
    let daemon = Daemon::start().await;
    let Open { _carrier, caller, mut media } = open(&daemon, LineQuality::default()).await;
    media.play(Voice::built_in().speak("שלום, במה לעזור?", "he").ulaw()).await;
    let speaking = {
        let caller = caller.clone();
        tokio::spawn(async move { caller.say("התקנת מנעול").await })
    };
    let mut decoder = SpeechDecoder::new();
    let text = loop {
        let frame = media.event("media").await;
        let ulaw = STANDARD.decode(frame["media"]["payload"].as_str().unwrap()).unwrap();
        if let Some(Decoded::Utterance { text, .. }) = decoder.decode(&ulaw).pop() {
            break text;
        }
    };
    assert_eq!(text, "התקנת מנעול");
    within(speaking).await.unwrap().unwrap();
    let heard = within(caller.hears("במה")).await.unwrap();
    assert_eq!((heard.text.as_str(), heard.flaw), ("שלום, במה לעזור?", None));
    let recording = caller.recording();
    let agent = recording.agent.ulaw();
    let from = (heard.from.as_micros() / 125) as usize;
    let until = (heard.to.as_micros() / 125) as usize;
    assert_eq!(decoded(&agent[from..until]), ["שלום, במה לעזור?"]);
    assert_eq!(decoded(&recording.caller.ulaw()), ["התקנת מנעול"]);
    caller.forget_recording();
    assert_eq!(caller.recording().agent.0, []);
}

fn decoded(ulaw: &[u8]) -> Vec<String> {
    let texts = SpeechDecoder::new().decode(ulaw).into_iter().filter_map(|event| match event {
        Decoded::Utterance { text, .. } => Some(text),
        Decoded::Started { .. } | Decoded::Broken { .. } => None,
    });
    texts.collect()
}

#[tokio::test]
async fn call_8_pressed_keys_arrive_as_dtmf_in_order() {
    let daemon = Daemon::start().await;
    let Open { _carrier, caller, mut media } = open(&daemon, LineQuality::default()).await;
    let pressing = tokio::spawn(async move { caller.press("5#").await });
    for digit in ["5", "#"] {
        let dtmf = media.event("dtmf").await;
        assert_eq!(dtmf["dtmf"], json!({"track": "inbound_track", "digit": digit}));
    }
    within(pressing).await.unwrap().unwrap();
}

#[tokio::test]
async fn pipe_2_frames_arrive_as_they_were_given_each_once_and_in_order() {
    let daemon = Daemon::start().await;
    let line = LineQuality { burst: 3, ..LineQuality::default() };
    let Open { _carrier, caller, mut media } = open(&daemon, line).await;
    let given: Vec<[u8; FRAME_BYTES]> = (1..=9).map(|n| [n; FRAME_BYTES]).collect();
    let frames = given.clone();
    let sending = tokio::spawn(async move { caller.send_frames(frames).await });
    let mut arrived = Vec::new();
    while arrived.len() < given.len() {
        let frame = media.event("media").await;
        let ulaw = STANDARD.decode(frame["media"]["payload"].as_str().unwrap()).unwrap();
        if ulaw != SILENCE {
            arrived.push(ulaw);
        }
    }
    assert_eq!(arrived, given);
    within(sending).await.unwrap().unwrap();
}

#[tokio::test]
async fn pipe_2_where_silence_is_skipped_the_timestamps_jump() {
    let daemon = Daemon::start().await;
    let line = LineQuality { silence: Silence::Skipped, ..LineQuality::default() };
    let Open { _carrier, caller, mut media } = open(&daemon, line).await;
    within(caller.noise(500, Duration::from_millis(20))).await.unwrap();
    let first = timestamp(&media.event("media").await);
    media.play(&[0x55; 800]).await;
    media.mark("100 ms later").await;
    assert_eq!(media.next().await.unwrap()["event"], "mark");
    within(caller.noise(500, Duration::from_millis(20))).await.unwrap();
    let second = media.event("media").await;
    assert_eq!(second["media"]["chunk"], "2");
    let jump = timestamp(&second) - first;
    assert!(jump >= 80 && jump.is_multiple_of(20), "{jump}");
}

#[tokio::test]
async fn what_is_not_exactly_a_message_is_a_violation_and_the_stream_goes_on() {
    let daemon = Daemon::start().await;
    let Open { _carrier, caller, mut media } = open(&daemon, LineQuality::default()).await;
    let sid = media.sid.clone();
    media.send_raw(Message::binary(vec![1, 2, 3])).await;
    media.send_raw(Message::text("{")).await;
    media.send(json!({"event": "clear", "stream_sid": sid})).await;
    media.send(json!({"event": "clear", "streamSid": "MZ00000000000000000000000000000009"})).await;
    media.play(b"RIFF\x24\x00\x00\x00WAVE").await;
    media.play(&vec![0xFF; 30_000]).await;
    media.mark("still here").await;
    media.clear().await;
    assert_eq!(media.event("mark").await["mark"]["name"], "still here");
    let violations = caller.view().borrow().violations.clone();
    let codes: Vec<_> = violations.iter().map(Violation::code).collect();
    assert_eq!(codes, [31950, 31951, 31951, 31951, 0, 0]);
    assert_eq!(violations[4], Violation::WavHeader);
    assert!(matches!(violations[5], Violation::Oversized(_)));
}

#[tokio::test]
async fn a_message_before_start_is_a_violation() {
    let daemon = Daemon::start().await;
    daemon.twiml("/voice", &daemon.connect());
    let carrier = carrier(&daemon).await;
    let line = LineQuality { start_delay: Duration::from_secs(60), ..LineQuality::default() };
    let caller = carrier.dial(&Dial { line, ..dial() });
    let mut media = daemon.socket().await;
    media.clear().await;
    within(caller.until(|view| view.violations == [Violation::BeforeStart])).await.unwrap();
    assert_eq!(media.next().await.unwrap()["event"], "connected");
}

#[tokio::test]
async fn a_stalled_reader_takes_nothing_until_it_reads_on() {
    let daemon = Daemon::start().await;
    let Open { _carrier, caller, mut media } = open(&daemon, LineQuality::default()).await;
    caller.stall_reader(true).unwrap();
    // The frame after the stall was noticed shows that nothing is read any more.
    media.event("media").await;
    media.event("media").await;
    media.mark("late").await;
    for _ in 0..3 {
        assert_eq!(media.next().await.unwrap()["event"], "media");
    }
    caller.stall_reader(false).unwrap();
    assert_eq!(media.event("mark").await["mark"]["name"], "late");
}

#[tokio::test]
async fn a_daemon_that_reads_too_slowly_loses_frames_and_the_call_can_still_be_ended() {
    let daemon = Daemon::start().await;
    daemon.twiml("/voice", &daemon.connect());
    // The buffers between hold some minutes of frames: at this speed a second or two.
    let fast = CarrierSettings { clock_speed: 200.0, ..settings(&daemon) };
    let carrier = Carrier::start(fast).await.unwrap();
    let caller = carrier.dial(&dial());
    let _unread = daemon.socket().await;
    let dropped = |view: &CallView| view.streams.iter().any(|stream| stream.frames_dropped > 0);
    within(caller.until(dropped)).await.unwrap();
    assert!(caller.view().borrow().errors.contains(&TwilioError::Slow));
    caller.hang_up();
    assert_eq!(within(caller.ended()).await.ended_by, EndedBy::CallerHangUp);
}
