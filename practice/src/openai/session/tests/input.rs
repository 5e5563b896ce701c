//! Input audio: the clock, turns, transcripts.

use super::*;

const TURN: [&str; 5] = [
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "conversation.item.added",
    "conversation.item.done",
];

#[test]
fn prac_3_a_spoken_turn_is_told_in_order_under_an_item_id_that_was_announced() {
    let mut client = Client::ready(Behaviour::default(), Brain::Echo);
    client.silence(1000);
    client.speak("בתל אביב");
    client.run(Duration::from_millis(100));
    assert_eq!(client.types(), TURN, "append is never acknowledged");
    let started = client.one(TURN[0]);
    assert_eq!(started["audio_start_ms"], 700, "300 ms of padding before the first word");
    let length = client.voice.speak("בתל אביב", "he").duration().as_millis() as u64;
    let end = client.one(TURN[1])["audio_end_ms"].as_u64().unwrap();
    assert!((1000 + length + 500..=1000 + length + 560).contains(&end), "{end}");
    for kind in &TURN[..3] {
        assert_eq!(client.one(kind)["item_id"], started["item_id"]);
    }
    let item = &client.one("conversation.item.added")["item"];
    assert_eq!(item["id"], started["item_id"]);
    assert_eq!(item["content"], json!([{"type": "input_audio", "transcript": null}]));
    assert_eq!(client.log.record().heard_texts(), ["בתל אביב"]);
}

#[test]
fn prac_3_the_transcript_comes_later_in_deltas_and_by_item_id() {
    let mut client = Client::ready(Behaviour::default(), Brain::Echo);
    client.speak("בתל אביב");
    client.run(Duration::from_millis(319));
    assert_eq!(client.types(), TURN);
    client.run(Duration::from_millis(1));
    let deltas: String = client
        .all("conversation.item.input_audio_transcription.delta")
        .map(|event| event["delta"].as_str().unwrap())
        .collect();
    let completed = client.one("conversation.item.input_audio_transcription.completed");
    assert_eq!((deltas.as_str(), completed["transcript"].as_str()), ("בתל אביב", Some("בתל אביב")));
    assert_eq!(completed["item_id"], client.one(TURN[2])["item_id"]);
    assert_eq!(completed["usage"]["type"], "tokens");
}

#[test]
fn prac_3_turn_detection_runs_on_the_audio_received_and_not_on_time() {
    let mut client = Client::ready(Behaviour::default(), Brain::Echo);
    for frame in client.voice.speak("בתל אביב", "he").frames() {
        client.append(&frame);
    }
    client.run(Duration::from_secs(15));
    assert_eq!(client.types(), TURN[..1], "without audio the turn never ends");
    client.silence(600);
    client.run(Duration::from_millis(100));
    assert_eq!(client.types(), TURN);
}

#[test]
fn prac_3_a_click_is_no_speech() {
    let mut client = Client::ready(Behaviour::default(), Brain::Echo);
    client.append(&[0x10; FRAME_BYTES]);
    client.silence(1000);
    client.run(Duration::from_secs(1));
    assert!(client.came.is_empty());
}

#[test]
fn prac_3_the_chain_of_previous_items_stays_right_after_a_delete() {
    let mut client = Client::ready(Behaviour::default(), Brain::Echo);
    for words in ["one", "two", "three"] {
        client.speak(words);
    }
    client.run(Duration::from_secs(1));
    let ids: Vec<Value> = client.all(TURN[2]).map(|event| event["item_id"].clone()).collect();
    let chain: Vec<Value> =
        client.all(TURN[2]).map(|event| event["previous_item_id"].clone()).collect();
    assert_eq!(chain, [Value::Null, ids[0].clone(), ids[1].clone()]);
    client.send(json!({"type": "conversation.item.delete", "item_id": ids[2]}));
    client.came.clear();
    client.speak("four");
    client.run(Duration::from_secs(1));
    assert_eq!(client.one(TURN[2])["previous_item_id"], ids[1]);
}

#[test]
fn prac_3_a_commit_needs_100_ms_and_starts_no_response() {
    let mut client = Client::ready(Behaviour::default(), Brain::Echo);
    let off = json!({"type": "realtime", "audio": {"input": {"turn_detection": null}}});
    client.send(json!({"type": "session.update", "session": off}));
    client.send(json!({"type": "input_audio_buffer.commit"}));
    client.run(Duration::from_secs(1));
    let error = client.one("error")["error"].clone();
    assert_eq!(error["code"], "input_audio_buffer_commit_empty");
    assert!(error["message"].as_str().unwrap().contains("only has 0.00ms of audio"));
    assert_eq!(client.log.record().faults().count(), 0, "a crossed commit is no fault");
    client.came.clear();

    client.speak("שלום");
    client.send(json!({"type": "input_audio_buffer.commit"}));
    client.run(Duration::from_millis(100));
    assert_eq!(client.types(), TURN[2..], "no events of turn detection, no response");
    client.came.clear();
    client.speak("שלום");
    client.send(json!({"type": "input_audio_buffer.clear"}));
    client.send(json!({"type": "input_audio_buffer.commit"}));
    client.run(Duration::from_millis(50));
    assert_eq!(client.types(), ["input_audio_buffer.cleared", "error"]);
}

#[test]
fn prac_3_audio_before_the_settings_is_read_in_the_default_format_and_noted() {
    let mut client = Client::with_brain(Behaviour::default(), Brain::Echo);
    client.speak("שלום");
    client.run(Duration::from_secs(1));
    assert!(client.log.record().heard.is_empty(), "mu-law taken for PCM is noise at best");
    assert!(client.log.record().faults().any(|fault| fault.code == "append_before_update"));
}

#[test]
fn prac_2_a_frame_lost_on_the_way_breaks_the_transcript_and_is_a_violation() {
    let mut client = Client::ready(Behaviour::default(), Brain::Echo);
    for (n, frame) in client.voice.speak("התקנת מנעול חכם", "he").frames().enumerate()
    {
        if n != 20 {
            client.append(&frame);
        }
    }
    client.silence(600);
    client.run(Duration::from_secs(1));
    let completed = client.one("conversation.item.input_audio_transcription.completed");
    assert!(completed["transcript"].as_str().unwrap().starts_with("⟨broken: lost⟩"));
    let record = client.log.record();
    assert_eq!(
        record.faults().map(|fault| fault.code.as_str()).collect::<Vec<_>>(),
        ["broken_audio"]
    );
}

#[test]
fn prac_3_transcripts_fail_are_missing_or_come_out_of_order_as_planned() {
    let transcripts = |transcription| {
        let behaviour = Behaviour { transcription, ..Behaviour::default() };
        let mut client = Client::ready(behaviour, Brain::Echo);
        client.speak("one");
        client.speak("two");
        client.run(Duration::from_secs(1));
        ["completed", "failed"].map(|kind| {
            let kind = format!("conversation.item.input_audio_transcription.{kind}");
            client
                .all(&kind)
                .map(|e| e["transcript"].as_str().map(str::to_owned))
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(transcripts(Transcription::Never), [vec![], vec![]]);
    assert_eq!(transcripts(Transcription::Failed), [vec![], vec![None, None]]);
    let [completed, _] = transcripts(Transcription::OutOfOrder);
    assert_eq!(completed, [Some("two".to_owned()), Some("one".to_owned())]);
    assert_eq!(transcripts(Transcription::AfterResponse), [vec![], vec![]]);
}

#[test]
fn prac_3_a_transcript_can_come_after_the_response() {
    let behaviour =
        Behaviour { transcription: Transcription::AfterResponse, ..Behaviour::default() };
    let mut client = Client::ready(behaviour, Brain::Echo);
    client.speak("one");
    client.send(json!({"type": "response.create"}));
    client.run(Duration::from_secs(5));
    let at = |kind: &str| client.types().iter().position(|other| *other == kind).unwrap();
    let completed = at("conversation.item.input_audio_transcription.completed");
    assert!(completed > at("response.done"));
}

#[test]
fn prac_3_semantic_detection_waits_for_a_sentence_that_was_cut() {
    let mut client = Client::ready(Behaviour::default(), Brain::Echo);
    let semantic = json!({"type": "realtime", "audio": {"input": {"turn_detection": {
        "type": "semantic_vad", "eagerness": "high", "create_response": false,
        "interrupt_response": false}}}});
    client.send(json!({"type": "session.update", "session": semantic}));
    client.run(Duration::from_secs(1));
    client.came.clear();
    for frame in client.voice.speak("I would like to", "en").frames().take(30) {
        client.append(&frame);
    }
    client.silence(1500);
    client.run(Duration::from_millis(100));
    assert_eq!(client.types(), TURN[..1]);
    client.silence(600);
    client.run(Duration::from_millis(100));
    assert_eq!(client.types(), TURN);
    client.came.clear();
    client.speak("a whole sentence");
    client.run(Duration::from_millis(100));
    assert_eq!(client.types(), TURN);
}

#[test]
fn prac_3_the_server_answers_and_interrupts_by_itself_if_configured() {
    let mut client = Client::ready(Behaviour::default(), Brain::Echo);
    let by_itself = json!({"type": "realtime", "audio": {"input": {"turn_detection": {
        "type": "server_vad", "create_response": true, "interrupt_response": true}}}});
    client.send(json!({"type": "session.update", "session": by_itself}));
    client.speak("tell me something long enough to be interrupted");
    client.run(Duration::from_millis(250));
    assert_eq!(client.all("response.created").count(), 1, "nobody asked for it");
    client.speak("stop");
    client.run(Duration::from_millis(100));
    let done = &client.one("response.done")["response"];
    assert_eq!(done["status"], "cancelled");
    assert_eq!(done["status_details"], json!({"type": "cancelled", "reason": "turn_detected"}));
}

#[test]
fn prac_3_audio_that_is_no_base64_is_refused() {
    let mut client = Client::ready(Behaviour::default(), Brain::Echo);
    client.send(json!({"type": "input_audio_buffer.append", "audio": "%%%"}));
    assert_eq!(client.error_code(), "invalid_value");
    client.send(json!({"type": "input_audio_buffer.append"}));
    assert_eq!(client.error_code(), "missing_required_parameter");
}
